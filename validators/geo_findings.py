"""What can be wrong with geometries and their coordinates, in sentences for people."""

from collections.abc import Mapping
from dataclasses import dataclass

from dcat.message import Message
from validators.coordinates import SYSTEMS
from validators.geometry import Count, Tally
from validators.report import MAX_EXAMPLES, Finding, Severity
from validators.wording import counted, listed

# Names of coordinate systems in degrees that count as the one of GeoJSON.
DEGREES = ("EPSG:4326", "EPSG:4258", "OGC:CRS84")
_WHY_DEGREES = Message(
    "Karten erwarten Länge und Breite in Grad (WGS 84, EPSG:4326).",
    "Maps expect longitude and latitude in degrees (WGS 84, EPSG:4326).",
)
_REPROJECT = Message(
    "Exportieren Sie die Ebene im GIS noch einmal in EPSG:4326.", "Export the layer in the GIS again in EPSG:4326."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Oddity:
    """What can be wrong with features; `…` stands for how many they are."""

    severity: Severity
    code: str
    what: Message
    why: Message
    fix: Message


_NO_FEATURE = _Oddity(
    severity=Severity.BLOCKS,
    code="no-feature",
    what=Message("…: kein GeoJSON-Feature.", "…: no GeoJSON feature."),
    why=Message(
        "Jeder Eintrag braucht „type“, „properties“ und „geometry“ (RFC 7946).",
        "Each entry needs “type”, “properties” and “geometry” (RFC 7946).",
    ),
    fix=Message("Prüfen Sie den Export dieser Einträge.", "Check the export of these entries."),
)
_DOUBLED_ID = _Oddity(
    severity=Severity.WARNING,
    code="doubled-feature-id",
    what=Message("… mit einer „id“, die schon vergeben ist.", "… with an “id” that is taken already."),
    why=Message("Objekte lassen sich dann nicht unterscheiden.", "Features cannot be told apart then."),
    fix=Message("Geben Sie jedem Objekt eine eigene „id“.", "Give each feature an “id” of its own."),
)
_SWAPPED = _Oddity(
    severity=Severity.BLOCKS,
    code="swapped-axes",
    what=Message("…: Länge und Breite sind vertauscht.", "…: longitude and latitude are swapped."),
    why=Message(
        "Die Länge steht zuerst; auf der Karte lägen die Objekte vor Afrika.",
        "Longitude comes first; on a map the features would lie off Africa.",
    ),
    fix=Message(
        "Exportieren Sie mit der Reihenfolge Länge, Breite (in QGIS: nach EPSG:4326 mit „RFC 7946“).",
        "Export in the order longitude, latitude (in QGIS: to EPSG:4326 with “RFC 7946”).",
    ),
)
_OUTSIDE = _Oddity(
    severity=Severity.WARNING,
    code="outside-region",
    what=Message("… außerhalb von Rhein-Main.", "… outside Rhein-Main."),
    why=Message(
        "Erwartet werden Längen von 7,7 bis 9,5 und Breiten von 49,3 bis 50,8 Grad.",
        "Longitudes from 7.7 to 9.5 and latitudes from 49.3 to 50.8 degrees are expected.",
    ),
    fix=Message("Prüfen Sie die Koordinaten dieser Objekte.", "Check the coordinates of these features."),
)
_TOO_FINE = _Oddity(
    severity=Severity.HINT,
    code="excess-digits",
    what=Message("… mit mehr als neun Nachkommastellen.", "… with more than nine decimal places."),
    why=Message(
        "Sieben Stellen sind ein Zentimeter; mehr macht die Datei nur größer.",
        "Seven places are a centimetre; more only make the file larger.",
    ),
    fix=Message("Stellen Sie beim Export sieben Nachkommastellen ein.", "Set seven decimal places for the export."),
)
_BAD = _Oddity(
    severity=Severity.BLOCKS,
    code="bad-geometry",
    what=Message("… mit einer Geometrie, die nicht lesbar ist.", "… with a geometry that cannot be read."),
    why=Message(
        "Eine Position besteht aus zwei oder drei Zahlen, und ihre Verschachtelung richtet sich nach dem Typ.",
        "A position has two or three numbers, and the type decides how they are nested.",
    ),
    fix=Message(
        "Reparieren Sie die Geometrien im GIS und exportieren Sie neu.",
        "Repair the geometries in the GIS and export again.",
    ),
)
_OPEN_RING = _Oddity(
    severity=Severity.BLOCKS,
    code="open-ring",
    what=Message("… mit einer Fläche, deren Rand nicht geschlossen ist.", "… with an area whose ring is not closed."),
    why=Message(
        "Ein Ring hat mindestens vier Positionen, und die letzte ist die erste.",
        "A ring has at least four positions, and the last is the first.",
    ),
    fix=Message(
        "Reparieren Sie die Geometrien im GIS (in QGIS: „Geometrien reparieren“).",
        "Repair the geometries in the GIS (in QGIS: “Fix geometries”).",
    ),
)
_EMPTY = _Oddity(
    severity=Severity.WARNING,
    code="empty-geometry",
    what=Message("… ohne Geometrie.", "… without geometry."),
    why=Message("Auf der Karte fehlen sie.", "They are missing on the map."),
    fix=Message("Ergänzen Sie die Lage, oder löschen Sie die Objekte.", "Add the location, or delete the features."),
)
_RING_ORDER = _Oddity(
    severity=Severity.HINT,
    code="ring-order",
    what=Message("… mit einem Rand in falscher Drehrichtung.", "… with a ring that turns the wrong way."),
    why=Message(
        "RFC 7946 verlangt äußere Ringe gegen, innere im Uhrzeigersinn; manche Karten füllen sonst die ganze Welt.",
        "RFC 7946 wants outer rings against and inner rings with the clock; some maps fill the whole world otherwise.",
    ),
    fix=Message(
        "Exportieren Sie im GIS mit der Einstellung „RFC 7946“.",
        "Export in the GIS with the setting “RFC 7946”.",
    ),
)


def geo_findings(tally: Tally, system: str = "", *, geojson: bool = True) -> list[Finding]:
    """Say what a tally of geometries shows; `system` is the coordinate system the file names, such as EPSG:25832.

    GeoJSON must be in degrees, its rings must turn in one way; other formats are free to differ.
    """
    found = _system(tally, system, Severity.BLOCKS if geojson else Severity.WARNING)
    degrees = not system or system in DEGREES
    seen = [(tally.swapped, _SWAPPED), (tally.outside, _OUTSIDE)] if degrees else []
    seen += [(tally.too_fine, _TOO_FINE)] if degrees and not tally.planar.number else []
    seen += [(tally.bad, _BAD), (tally.open_rings, _OPEN_RING), (tally.empty, _EMPTY)]
    found += [_at(count, oddity) for count, oddity in seen if count.number]
    if len({kind.removeprefix("Multi") for kind in tally.kinds}) > 1:
        found.append(_mixed(tally.kinds))
    if tally.wrong_turn.number and geojson:
        found.append(_at(tally.wrong_turn, _RING_ORDER))
    return found


def no_features(count: Count) -> Finding:
    """Say that some entries are no features."""
    return _at(count, _NO_FEATURE)


def doubled_ids(count: Count) -> Finding:
    """Say that features share an id."""
    return _at(count, _DOUBLED_ID)


def geometry_left_out() -> Finding:
    """Say that the schema has no column for geometries."""
    return Finding(
        severity=Severity.HINT,
        code="geometry-left-out",
        what=Message(
            "Die Geometrie wird nicht mit dem Schema verglichen.", "The geometry is not compared with the schema."
        ),
        why=Message("Das Schema hat keine Spalte für sie.", "The schema has no column for it."),
        fix=Message("Nichts zu tun: In der Datei bleibt sie erhalten.", "Nothing to do: it stays in the file."),
    )


def _objects(number: int) -> Message:
    return counted(number, ("Objekt", "Objekte"), ("feature", "features"))


def _system(tally: Tally, system: str, severity: Severity) -> list[Finding]:
    """Name the system: the one the file names, or the one its numbers look like."""
    if system and system not in DEGREES:
        german, english = "ein unbekanntes Koordinatensystem", "an unknown coordinate system"
        if system.startswith("EPSG:"):
            german, english = f"das Koordinatensystem {_named(system)}", f"the coordinate system {_named(system)}"
        return [_wrong_system(Message(f"nennt {german}", f"names {english}"), tally, severity)]
    if not tally.planar.number:
        return []
    if tally.systems:
        system = max(tally.systems, key=lambda code: tally.systems[code].number)
        name = _named(system)
        return [_wrong_system(Message(f"sieht nach {name} aus", f"looks like {name}"), tally, severity)]
    return [
        _wrong_system(
            Message("hat Koordinaten, die keine Grad sind", "has coordinates that are no degrees"), tally, severity
        )
    ]


def _wrong_system(what: Message, tally: Tally, severity: Severity) -> Finding:
    count = tally.planar
    number = _objects(count.number or tally.features)
    return Finding(
        severity=severity,
        code="wrong-crs",
        what=Message(f"Die Datei {what.de} ({number.de}).", f"The file {what.en} ({number.en})."),
        why=_WHY_DEGREES,
        fix=_REPROJECT,
        count=count.number or tally.features,
        rows=tuple(count.rows),
        examples=tuple(count.examples[:MAX_EXAMPLES]),
    )


def _named(code: str) -> str:
    return f"{code} ({SYSTEMS[code].name})" if code in SYSTEMS else code


def _at(count: Count, oddity: _Oddity) -> Finding:
    """Say how many features show an oddity, and where."""
    number = _objects(count.number)
    return Finding(
        severity=oddity.severity,
        code=oddity.code,
        what=Message(oddity.what.de.replace("…", number.de), oddity.what.en.replace("…", number.en)),
        why=oddity.why,
        fix=oddity.fix,
        count=count.number,
        rows=tuple(count.rows),
        examples=tuple(count.examples[:MAX_EXAMPLES]),
    )


def _mixed(kinds: Mapping[str, int]) -> Finding:
    shown = listed([f"{kind}: {number}" for kind, number in sorted(kinds.items())])
    return Finding(
        severity=Severity.WARNING,
        code="mixed-geometries",
        what=Message(
            f"Die Datei mischt Geometrietypen ({shown.de}).", f"The file mixes types of geometry ({shown.en})."
        ),
        why=Message("Viele Programme lesen nur einen Typ je Datei.", "Many programs read one type per file only."),
        fix=Message("Teilen Sie die Ebene nach Typen.", "Split the layer by type."),
        count=len(kinds),
    )
