"""What frictionless accepts or cannot explain: German spellings, swapped coordinates, cells that only look filled. One pass, any size."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dcat.message import Message
from validators.report import MAX_EXAMPLES, MAX_ROWS, Finding, Severity, TableProfile, column_letter
from validators.schemas import Field, TableSchema
from validators.sniff import records
from validators.wording import rows, times

_DECIMAL_COMMA = re.compile(r"\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+\s*")
_GERMAN_DATE = re.compile(r"\s*\d{1,2}\.\d{1,2}\.\d{2,4}(?:[ ,T]+\d{1,2}:\d\d(?::\d\d)?)?\s*")
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?|[+-]?\d+(?:,\d+)?")
_YES_NO = frozenset(("ja", "nein", "j", "n", "wahr", "falsch", "yes", "no", "x", "true", "false"))
_MEMO = 20_000
# A box around Germany, wide enough for every city and too narrow for swapped axes.
_LON, _LAT = (5.0, 16.0), (47.0, 56.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Precheck:
    """One look at a single cell, with cells it must and must not find, each with the type of its column."""

    code: str
    severity: Severity
    finds: Callable[[Field, str], bool]
    what: Message
    why: Message
    fix: Message
    found: tuple[tuple[str, str], ...]
    passed: tuple[tuple[str, str], ...]


def _decimal_comma(column: Field, cell: str) -> bool:
    return column.type in ("number", "integer") and column.decimal_char != "," and bool(_DECIMAL_COMMA.fullmatch(cell))


def _english_decimal(column: Field, cell: str) -> bool:
    german = column.type == "number" and column.decimal_char == "," and column.group_char == "."
    return german and "." in cell and not _GROUPED.fullmatch(cell.strip())


def _german_date(column: Field, cell: str) -> bool:
    return column.type in ("date", "datetime") and column.format == "default" and bool(_GERMAN_DATE.fullmatch(cell))


def _no_zone(column: Field, cell: str) -> bool:
    if column.type != "datetime" or column.format != "default" or not _NO_ZONE.fullmatch(cell):
        return False
    return not (cell.endswith("Z") and "T" in cell and cell.count(":") == 2 and "." not in cell)


def _yes_no(column: Field, cell: str) -> bool:
    known = (*column.true_values, *column.false_values)
    return column.type == "boolean" and cell.strip().casefold() in _YES_NO and cell not in known


def _looks_empty(column: Field, cell: str) -> bool:
    return column.required and cell != "" and not cell.strip("\u00a0\u200b \t\r\n")


def _odd_number(column: Field, cell: str) -> bool:
    if column.type not in ("number", "integer") or column.decimal_char != "." or _PLAIN_NUMBER.fullmatch(cell):
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _line_break(column: Field, cell: str) -> bool:
    return bool(column.pattern) and cell.endswith(("\n", "\r"))


PRECHECKS = (
    Precheck(
        code="decimal-comma",
        severity=Severity.WARNING,
        finds=_decimal_comma,
        what=Message("In {column} steht {times} ein Dezimalkomma.", "In {column} a decimal comma is used {times}."),
        why=Message("Das Schema erwartet einen Punkt: 12.5 statt 12,5.", "The schema expects a point: 12.5, not 12,5."),
        fix=Message(
            "Ersetzen Sie in dieser Spalte das Komma durch einen Punkt (in Excel: Suchen und Ersetzen).",
            "Replace the comma by a point in this column (in Excel: find and replace).",
        ),
        found=(("number", "12,5"), ("number", "1.234,50"), ("integer", "-3,0")),
        passed=(("number", "12.5"), ("number", "1,2,3"), ("string", "12,5"), ("number", "")),
    ),
    Precheck(
        code="english-decimal",
        severity=Severity.WARNING,
        finds=_english_decimal,
        what=Message(
            "In {column} sieht {times} eine Zahl englisch geschrieben aus: 1.5 wird als 15 gelesen.",
            "In {column} a number looks English {times}: 1.5 is read as 15.",
        ),
        why=Message("Der Punkt gilt hier als Tausenderpunkt.", "The point counts as thousands mark here."),
        fix=Message("Schreiben Sie das Dezimalzeichen als Komma.", "Write the decimal mark as a comma."),
        found=(("german", "1.5"), ("german", "12.34"), ("german", "1.2.3,4")),
        passed=(("german", "1.234"), ("german", "1.234.567,89"), ("german", "12,5"), ("number", "1.5")),
    ),
    Precheck(
        code="german-date",
        severity=Severity.WARNING,
        finds=_german_date,
        what=Message(
            "In {column} steht {times} ein deutsch geschriebenes Datum.",
            "In {column} a date is written in German form {times}.",
        ),
        why=Message(
            "Das Schema erwartet JJJJ-MM-TT: 2024-12-31 statt 31.12.2024.",
            "The schema expects YYYY-MM-DD: 2024-12-31, not 31.12.2024.",
        ),
        fix=Message(
            "Formatieren Sie die Spalte in Excel als „JJJJ-MM-TT“ und exportieren Sie neu.",
            "Format the column as “YYYY-MM-DD” in Excel and export again.",
        ),
        found=(("date", "31.12.2024"), ("date", "1.2.24"), ("datetime", "31.12.2024 10:30")),
        passed=(("date", "2024-12-31"), ("string", "31.12.2024"), ("date", "49.87")),
    ),
    Precheck(
        code="datetime-without-zone",
        severity=Severity.WARNING,
        finds=_no_zone,
        what=Message(
            "In {column} fehlt {times} die Zeitzone oder die Sekunde.",
            "In {column} the time zone or the seconds are missing {times}.",
        ),
        why=Message(
            "Ohne Zeitzone ist die Stunde der Zeitumstellung doppelt.",
            "Without a zone the hour of the clock change is double.",
        ),
        fix=Message(
            "Schreiben Sie zum Beispiel 2026-03-01T08:15:00+01:00.", "Write for example 2026-03-01T08:15:00+01:00."
        ),
        found=(("datetime", "2026-03-01T08:15:00"), ("datetime", "2026-03-01 08:15")),
        passed=(
            ("datetime", "2026-03-01T08:15:00+01:00"),
            ("datetime", "2026-03-01T08:15:00Z"),
            ("date", "2026-03-01"),
        ),
    ),
    Precheck(
        code="yes-no",
        severity=Severity.WARNING,
        finds=_yes_no,
        what=Message(
            "In {column} ist ja oder nein {times} so geschrieben, wie das Schema es nicht kennt.",
            "In {column} yes or no is spelled {times} in a way the schema does not know.",
        ),
        why=Message("Programme lesen nur die vereinbarten Wörter.", "Programs read the agreed words only."),
        fix=Message(
            "Ersetzen Sie die Werte durch die Wörter des Schemas.", "Replace the values by the words of the schema."
        ),
        found=(("boolean", "ja"), ("boolean", "NEIN"), ("boolean", "x")),
        passed=(("boolean", "true"), ("boolean", "0"), ("string", "ja"), ("boolean", "vielleicht")),
    ),
    Precheck(
        code="looks-empty",
        severity=Severity.WARNING,
        finds=_looks_empty,
        what=Message(
            "In der Pflichtspalte {column} stehen {times} nur Leerzeichen.",
            "In the mandatory column {column} there are {times} blanks only.",
        ),
        why=Message("Die Zelle gilt als ausgefüllt, sagt aber nichts.", "The cell counts as filled but says nothing."),
        fix=Message("Tragen Sie einen Wert ein.", "Enter a value."),
        found=(("required", " "), ("required", "\u00a0")),
        passed=(("required", "x"), ("required", ""), ("string", " ")),
    ),
    Precheck(
        code="odd-number",
        severity=Severity.HINT,
        finds=_odd_number,
        what=Message(
            "In {column} steht {times} eine Zahl in ungewöhnlicher Schreibweise.",
            "In {column} a number has an unusual spelling {times}.",
        ),
        why=Message(
            "Leerzeichen, Pluszeichen oder „NaN“ lesen andere Programme anders.",
            "Other programs read blanks, plus signs or “NaN” differently.",
        ),
        fix=Message("Schreiben Sie nur Ziffern und einen Punkt.", "Write digits and a point only."),
        found=(("number", " 51.9"), ("integer", "1_000"), ("number", "NaN"), ("integer", "+12")),
        passed=(("number", "51.9"), ("integer", "-3"), ("number", "abc"), ("string", " 7")),
    ),
    Precheck(
        code="line-break",
        severity=Severity.WARNING,
        finds=_line_break,
        what=Message(
            "In {column} endet {times} ein Wert mit einem Zeilenumbruch.",
            "In {column} a value ends with a line break {times}.",
        ),
        why=Message(
            "Der Umbruch ist unsichtbar, macht den Wert aber zu einem anderen.",
            "The break is invisible but makes the value a different one.",
        ),
        fix=Message("Löschen Sie den Umbruch am Ende der Zelle.", "Delete the break at the end of the cell."),
        found=(("pattern", "06411000\n"),),
        passed=(("pattern", "06411000"), ("string", "Text\n")),
    ),
)


@dataclass(slots=True)
class _Tally:
    """Where one check fired in one column."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def add(self, row: int, cell: str) -> None:
        self.count += 1
        if len(self.rows) < MAX_ROWS:
            self.rows.append(row)
        if len(self.examples) < MAX_EXAMPLES and cell not in self.examples:
            self.examples.append(cell[:200])


def precheck(path: Path, profile: TableProfile, schema: TableSchema, fields: tuple[str, ...]) -> list[Finding]:
    """Run all checks over the whole file; `fields` names the schema field of each column, empty where there is none."""
    columns = [(position, found) for position, name in enumerate(fields) if name and (found := schema.field(name))]
    at = {found.name: position for position, found in columns}
    axes = (at["lon"], at["lat"]) if "lon" in at and "lat" in at else None
    tallies: dict[tuple[int, int], _Tally] = {}
    memo: list[dict[str, tuple[int, ...]]] = [{} for _ in fields]
    swapped = _Tally()
    for number, row in records(path, profile):
        for position, column in columns:
            if position >= len(row) or not (cell := row[position]):
                continue
            known = memo[position]
            if (hits := known.get(cell)) is None:
                hits = tuple(index for index, check in enumerate(PRECHECKS) if check.finds(column, cell))
                if len(known) < _MEMO:
                    known[cell] = hits
            for index in hits:
                tallies.setdefault((position, index), _Tally()).add(number, cell)
        if axes and max(axes) < len(row) and _swapped(row[axes[0]], row[axes[1]]):
            swapped.add(number, f"{row[axes[0]]} / {row[axes[1]]}")
    names = dict(columns)
    findings = [
        _finding(PRECHECKS[index], names[position], position, tally)
        for (position, index), tally in sorted(tallies.items())
    ]
    if swapped.count and axes:
        findings.insert(0, _swapped_finding(swapped, *axes))
    return findings


def _swapped(lon: str, lat: str) -> bool:
    try:
        x, y = float(lon.replace(",", ".")), float(lat.replace(",", "."))
    except ValueError:
        return False
    return _LAT[0] <= x <= _LAT[1] and _LON[0] <= y <= _LON[1]


def _finding(check: Precheck, column: Field, position: int, tally: _Tally) -> Finding:
    letter = column_letter(position + 1)
    often = times(tally.count)
    return Finding(
        severity=check.severity,
        code=check.code,
        what=Message(
            check.what.de.format(column=f"„{column.name}“ (Spalte {letter})", times=often.de),
            check.what.en.format(column=f"“{column.name}” (column {letter})", times=often.en),
        ),
        why=check.why,
        fix=check.fix,
        count=tally.count,
        rows=tuple(tally.rows),
        field=column.name,
        column=letter,
        address=f"{letter}{tally.rows[0]}",
        examples=tuple(tally.examples),
    )


def _swapped_finding(tally: _Tally, lon: int, lat: int) -> Finding:
    number = rows(tally.count)
    east, north = column_letter(lon + 1), column_letter(lat + 1)
    return Finding(
        severity=Severity.WARNING,
        code="swapped-coordinates",
        what=Message(
            f"In {number.de} sind Länge (lon, Spalte {east}) und Breite (lat, Spalte {north}) vertauscht.",
            f"In {number.en} longitude (lon, column {east}) and latitude (lat, column {north}) are swapped.",
        ),
        why=Message(
            "Die Orte lägen vor der Küste Ostafrikas statt in Deutschland: Hier ist die Breite rund 50, die Länge rund 8.",
            "The places would lie off East Africa, not in Germany: here latitude is about 50 and longitude about 8.",
        ),
        fix=Message("Vertauschen Sie die Namen der beiden Spalten.", "Swap the names of the two columns."),
        count=tally.count,
        rows=tuple(tally.rows),
        field="lon",
        column=east,
        address=f"{east}{tally.rows[0]}",
        examples=tuple(tally.examples),
    )
