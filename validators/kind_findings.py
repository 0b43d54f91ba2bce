"""What can be wrong with a spreadsheet, an archive or another file that is read as a table, in sentences for people."""

from collections.abc import Sequence
from dataclasses import replace

from dcat.message import Message
from validators.file_findings import blocking
from validators.report import MAX_ROWS, Finding, Severity
from validators.wording import amount, cells, counted, listed, rows

_EXPORT = Message(
    "Speichern Sie die Tabelle in ihrem Programm neu, am besten als „CSV UTF-8“, und laden Sie diese Datei.",
    "Save the table again in its program, best as “CSV UTF-8”, and upload that file.",
)
_NAMES = {
    "xlsx": Message("Excel-Arbeitsmappe", "Excel workbook"),
    "xls": Message("alte Excel-Datei", "old Excel file"),
    "ods": Message("LibreOffice-Tabelle", "LibreOffice spreadsheet"),
    "geojson": Message("GeoJSON-Datei", "GeoJSON file"),
    "json": Message("JSON-Datei", "JSON file"),
    "geopackage": Message("GeoPackage-Datei", "GeoPackage file"),
    "parquet": Message("Parquet-Datei", "Parquet file"),
    "zip": Message("ZIP-Datei", "ZIP file"),
    "gzip": Message("gzip-Datei", "gzip file"),
}


def _name(kind: str) -> Message:
    return _NAMES.get(kind, Message("Datei", "file"))


def _said(reason: str) -> Message:
    said = reason[:300].rstrip(" .")
    return Message(f"Der Leser meldet: {said}.", f"The reader says: {said}.")


def damaged(kind: str, reason: str = "") -> Finding:
    """Say that a file of this kind is broken; `reason` is what the reader reported, in its own words."""
    name = _name(kind)
    return blocking(
        "damaged-file",
        Message(
            f"Die Datei ist als {name.de} nicht lesbar: Sie ist beschädigt oder unvollständig.",
            f"The file cannot be read as {name.en}: it is damaged or incomplete.",
        ),
        _said(reason) if reason else Message("Programme können sie nicht öffnen.", "Programs cannot open it."),
        _EXPORT,
    )


def password(kind: str) -> Finding:
    """Say that a file is encrypted."""
    name = _name(kind)
    return blocking(
        "password",
        Message(f"Die {name.de} ist mit einem Kennwort geschützt.", f"The {name.en} is protected by a password."),
        Message("Niemand kann sie ohne das Kennwort lesen.", "Nobody can read it without the password."),
        Message(
            "Speichern Sie die Datei ohne Kennwort und laden Sie sie neu.",
            "Save the file without a password and upload it again.",
        ),
    )


def too_much_inside(kind: str, what: Message) -> Finding:
    """Say that a file holds more than is read; `what` completes the sentence, such as „mehr als 1000 MB entpackt“."""
    name = _name(kind)
    return blocking(
        "too-much-inside",
        Message(f"Die {name.de} enthält {what.de}.", f"The {name.en} holds {what.en}."),
        Message("So große Inhalte werden nicht gelesen.", "Contents of this size are not read."),
        Message(
            "Teilen Sie die Daten, zum Beispiel nach Jahren, oder stellen Sie sie als CSV bereit.",
            "Split the data, for example by year, or provide them as CSV.",
        ),
    )


def megabytes(number: int) -> Message:
    """Complete the sentence of `too_much_inside` with a size."""
    return Message(f"entpackt mehr als {number // 1_000_000} MB", f"more than {number // 1_000_000} MB unpacked")


def too_large(kind: str, most: int) -> Finding:
    """Say that a file of this kind has more bytes than are read of it."""
    what = Message(f"mehr als {most // 1_000_000} MB", f"more than {most // 1_000_000} MB")
    return too_much_inside(kind, what)


def too_many_cells(kind: str, most: int) -> Finding:
    """Say that a reader would hold too many cells in memory; programs fill them although they look empty."""
    what = Message(
        f"ein Blatt, dessen belegter Bereich mehr als {most // 1_000_000} Millionen Zellen umfasst",
        f"a sheet whose used range has more than {most // 1_000_000} million cells",
    )
    return too_much_inside(kind, what)


def took_too_long(kind: str, seconds: float) -> Finding:
    """Say that reading was stopped."""
    name = _name(kind)
    return blocking(
        "reading-stopped",
        Message(
            f"Das Lesen der {name.de} wurde nach {seconds:.0f} Sekunden abgebrochen.",
            f"Reading the {name.en} was stopped after {seconds:.0f} seconds.",
        ),
        Message("So aufwendige Dateien werden nicht gelesen.", "Files that take this much work are not read."),
        _EXPORT,
    )


def no_table(kind: str) -> Finding:
    """Say that there is no table in a file."""
    name = _name(kind)
    return blocking(
        "no-table",
        Message(f"In der {name.de} steht keine Tabelle.", f"There is no table in the {name.en}."),
        Message("Es gibt nichts zu prüfen.", "There is nothing to check."),
        Message(
            "Prüfen Sie, ob die richtige Datei geladen wurde; Diagramme und Bilder allein sind keine Daten.",
            "Check whether the right file was uploaded; charts and pictures alone are no data.",
        ),
    )


def no_such_part(kind: str, part: str, names: Sequence[str]) -> Finding:
    """Say that the sheet, layer or file that was asked for is not there."""
    name, there = _name(kind), listed(names)
    return blocking(
        "no-such-part",
        Message(f"In der {name.de} gibt es „{part}“ nicht.", f"The {name.en} has no “{part}”."),
        Message(f"Vorhanden sind: {there.de}.", f"It has: {there.en}."),
        Message(
            "Nennen Sie eines davon, oder benennen Sie das gemeinte um.", "Name one of these, or rename the one meant."
        ),
    )


def left_out(kind: str, others: Sequence[str]) -> Finding:
    """Say that there are sheets, layers or files that are not read. Their names are examples, which only the department gets to see."""
    what = {
        "geopackage": (("weitere Ebene", "weitere Ebenen"), ("other layer", "other layers")),
        "zip": (("weitere Datei", "weitere Dateien"), ("other file", "other files")),
    }.get(kind, (("weiteres Blatt", "weitere Blätter"), ("other sheet", "other sheets")))
    number = counted(len(others), *what)
    return Finding(
        severity=Severity.HINT,
        code="parts-left-out",
        what=Message(
            f"{number.de} {'wird' if len(others) == 1 else 'werden'} nicht gelesen.",
            f"{number.en} {'is' if len(others) == 1 else 'are'} not read.",
        ),
        why=Message("Eine Tabelle ist eine Datei.", "One table is one file."),
        fix=Message(
            "Stellen Sie weitere Tabellen als eigene Dateien bereit.", "Provide further tables as files of their own."
        ),
        count=len(others),
        examples=tuple(others[:MAX_ROWS]),
    )


def several_tables(kind: str, names: Sequence[str]) -> Finding:
    """Say that an archive holds several tables and none of them is the one meant."""
    number = amount(len(names))
    return replace(
        blocking(
            "several-tables",
            Message(
                f"Im Archiv sind {number.de} Dateien, die Tabellen sein können.",
                f"The archive holds {number.en} files that may be tables.",
            ),
            Message("Welche gemeint ist, lässt sich nicht erkennen.", "Which one is meant cannot be told."),
            Message(
                "Laden Sie jede Tabelle als eigene Datei, ungepackt oder einzeln gepackt.",
                "Upload each table as a file of its own, plain or packed one by one.",
            ),
        ),
        count=len(names),
        examples=tuple(names[:MAX_ROWS]),
    )


SHAPEFILE = blocking(
    "shapefile",
    Message("Das Archiv enthält ein Shapefile.", "The archive holds a shapefile."),
    Message(
        "Shapefiles kürzen Spaltennamen auf zehn Zeichen und lassen Zeichensatz und Einheiten offen.",
        "Shapefiles cut column names to ten characters and leave character set and units open.",
    ),
    Message(
        "Exportieren Sie die Ebene im GIS als GeoPackage oder als GeoJSON in EPSG:4326.",
        "Export the layer in the GIS as GeoPackage, or as GeoJSON in EPSG:4326.",
    ),
)
XLSB = blocking(
    "xlsb",
    Message(
        "Die Datei ist eine Excel-Binärarbeitsmappe (.xlsb); diese Art wird nicht gelesen.",
        "The file is an Excel binary workbook (.xlsb); this kind is not read.",
    ),
    Message("Nur wenige Programme können sie öffnen.", "Few programs can open it."),
    Message("Speichern Sie sie in Excel als „.xlsx“ oder „CSV UTF-8“.", "Save it in Excel as “.xlsx” or “CSV UTF-8”."),
)
OTHER_OFFICE = blocking(
    "no-spreadsheet",
    Message(
        "Die Datei ist ein Dokument aus einem Büroprogramm, aber keine Tabelle.",
        "The file is an office document, but no spreadsheet.",
    ),
    Message("Nur Tabellen können geprüft werden.", "Only tables can be checked."),
    Message(
        "Speichern Sie die Tabelle darin als eigene Datei: „.xlsx“, „.ods“ oder „CSV UTF-8“.",
        "Save the table in it as a file of its own: “.xlsx”, “.ods” or “CSV UTF-8”.",
    ),
)
ARCHIVE_IN_ARCHIVE = blocking(
    "archive-in-archive",
    Message("Im Archiv steckt ein weiteres Archiv.", "The archive holds another archive."),
    Message("Ausgepackt wird nur einmal.", "Unpacking is done once only."),
    Message(
        "Packen Sie die Tabelle selbst, oder laden Sie sie ungepackt.", "Pack the table itself, or upload it plain."
    ),
)
NOT_TABULAR = Finding(
    severity=Severity.HINT,
    code="not-tabular",
    what=Message(
        "Das JSON ist keine Tabelle: Es ist keine Liste gleichartiger Objekte.",
        "The JSON is no table: it is no list of objects of one kind.",
    ),
    why=Message(
        "Geprüft werden kann nur, was Zeilen und Spalten hat.", "Only what has rows and columns can be checked."
    ),
    fix=Message(
        "Soll es eine Tabelle sein: eine Liste von Objekten, allein oder unter „data“ oder „records“.",
        "If it shall be a table: a list of objects, alone or under “data” or “records”.",
    ),
)


def bad_json(reason: str) -> Finding:
    """Say that a JSON document cannot be read, and why."""
    return blocking(
        "bad-json",
        Message("Die JSON-Datei ist kein gültiges JSON.", "The JSON file is no valid JSON."),
        _said(reason),
        Message(
            "Exportieren Sie die Datei neu; NaN, Infinity, Kommentare und überzählige Kommas gibt es in JSON nicht.",
            "Export the file again; JSON has no NaN, no Infinity, no comments and no surplus commas.",
        ),
    )


def nested(labels: Sequence[str], count: int) -> Finding:
    """Say that there are lists or objects inside cells of these columns."""
    number = cells(count)
    return Finding(
        severity=Severity.HINT,
        code="nested-values",
        what=Message(
            f"{number.de} {'ist eine Liste oder ein Objekt' if count == 1 else 'sind Listen oder Objekte'}, kein einfacher Wert.",
            f"{number.en} {'is a list or object' if count == 1 else 'are lists or objects'}, no plain value.",
        ),
        why=Message("In einer Tabelle stehen sie als JSON-Text.", "In a table they stand as JSON text."),
        fix=Message(
            "Besser sind eigene Spalten, oder mehrere Werte getrennt durch |.",
            "Columns of their own are better, or several values separated by |.",
        ),
        count=count,
        field=labels[0] if len(labels) == 1 else "",
        examples=tuple(labels[:MAX_ROWS]),
    )


def not_objects(count: int, at: Sequence[int]) -> Finding:
    """Say that some entries of a list are no objects."""
    number = rows(count)
    return replace(
        blocking(
            "bad-entry",
            Message(
                f"{number.de} {'ist' if count == 1 else 'sind'} kein JSON-Objekt und {'bleibt' if count == 1 else 'bleiben'} leer.",
                f"{number.en} {'is' if count == 1 else 'are'} no JSON object and {'stays' if count == 1 else 'stay'} empty.",
            ),
            Message("Nur Objekte haben benannte Werte.", "Only objects have named values."),
            Message("Prüfen Sie den Export dieser Einträge.", "Check the export of these entries."),
        ),
        count=count,
        rows=tuple(at[:MAX_ROWS]),
    )
