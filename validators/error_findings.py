"""Turns frictionless' errors into few sentences: one finding per kind of error, column and broken rule."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dcat.message import Message
from validators.report import MAX_EXAMPLES, MAX_ROWS, Finding, Severity, column_letter
from validators.schemas import Field, TableSchema
from validators.wording import cells, listed, rows

_NOTE = re.compile(r'constraint "(\w+)" is ')
_KINDS = {
    "boolean": ("kein Ja oder Nein", "neither yes nor no"),
    "date": ("kein Datum", "not a date"),
    "datetime": ("kein Zeitpunkt mit Zeitzone", "not a time with time zone"),
    "integer": ("keine ganze Zahl", "not a whole number"),
    "number": ("keine Zahl", "not a number"),
    "time": ("keine Uhrzeit", "not a time of day"),
    "year": ("kein Jahr", "not a year"),
    "yearmonth": ("kein Jahr mit Monat", "not a year with month"),
    "geopoint": ("kein Punkt", "not a point"),
    "email": ("keine E-Mail-Adresse", "not an e-mail address"),
    "uri": ("keine vollständige Internetadresse", "not a complete web address"),
    "uuid": ("keine UUID", "not a UUID"),
}
_FORMS = {
    "date": ("JJJJ-MM-TT", "YYYY-MM-DD"),
    "datetime": ("JJJJ-MM-TTThh:mm:ss+01:00", "YYYY-MM-DDThh:mm:ss+01:00"),
    "integer": ("nur Ziffern, ohne Tausenderpunkt", "digits only, no thousands mark"),
    "number": ("Ziffern mit Dezimalpunkt, ohne Einheit", "digits with a decimal point, no unit"),
    "year": ("vier Ziffern", "four digits"),
    "uri": ("mit https:// am Anfang", "beginning with https://"),
}
_WHY_SCHEMA = Message(
    "Die Datei entspricht sonst nicht dem gemeinsamen Schema und fehlt in der gemeinsamen Tabelle der Städte.",
    "Otherwise the file does not conform to the shared schema and is left out of the cities' joint table.",
)


def grouped(errors: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], list[Mapping[str, Any]]]:
    """Group row and cell errors by type, field and broken constraint, in order of appearance."""
    blank = {error["rowNumber"] for error in errors if error["type"] == "blank-row"}
    short = {(error["rowNumber"], error["fieldName"]) for error in errors if error["type"] == "missing-cell"}
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for error in errors:
        kind = error["type"]
        rule = ""
        if kind == "constraint-error" and (note := _NOTE.match(error["note"])):
            rule = note[1]
            # A cell that is not there cannot also be called empty.
            if rule == "required" and (error["rowNumber"], error["fieldName"]) in short:
                continue
        elif kind == "primary-key":
            # A blank row has no key either; saying so twice helps nobody.
            if error["rowNumber"] in blank:
                continue
            rule = "empty" if "None" in error["note"] else "double"
        name = error.get("fieldName", "") if kind != "extra-cell" else ""
        name = "" if kind == "missing-cell" else name
        groups.setdefault((kind, name, rule), []).append(error)
    return groups


def error_findings(
    errors: Sequence[Mapping[str, Any]], schema: TableSchema | None, severity: Severity
) -> list[Finding]:
    """Give one finding for each group of errors below the header."""
    found: list[Finding] = []
    for (kind, name, rule), group in grouped(errors).items():
        if kind == "primary-key" and rule == "empty" and schema and _key_required(schema):
            continue
        field = schema.field(name) if schema else None
        numbers = sorted({error["rowNumber"] for error in group if "rowNumber" in error})
        letter = column_letter(group[0]["fieldNumber"]) if name else ""
        what, fix = _words(kind, name, rule, letter, len(group), len(numbers), field, schema)
        values = dict.fromkeys(str(error["cell"])[:200] for error in group if error.get("cell") and rule != "required")
        found.append(
            Finding(
                severity=severity,
                code=kind,
                what=what,
                why=_WHY_SCHEMA if schema else _why_structure(kind),
                fix=fix,
                count=len(numbers) if kind in ("missing-cell", "extra-cell") else len(group),
                rows=tuple(numbers[:MAX_ROWS]),
                field=name,
                column=letter,
                address=f"{letter or 'A'}{group[0]['rowNumber']}" if numbers else "",
                examples=tuple(values)[:MAX_EXAMPLES],
            )
        )
    return found


def _key_required(schema: TableSchema) -> bool:
    return all((field := schema.field(name)) and field.required for name in schema.primary_key)


def _words(
    kind: str,
    name: str,
    rule: str,
    letter: str,
    count: int,
    lines: int,
    field: Field | None,
    schema: TableSchema | None,
) -> tuple[Message, Message]:
    """What is wrong and how to put it right. Labels of the file are named by letter only, as they may be data."""
    place = (
        Message(f"„{name}“ (Spalte {letter})", f"“{name}” (column {letter})")
        if field
        else Message(f"Spalte {letter}", f"column {letter}")
    )
    number, of_rows = cells(count), rows(lines)
    be, are = ("ist" if count == 1 else "sind"), ("is" if count == 1 else "are")
    match kind:
        case "type-error":
            german, english = _kind(field)
            return (
                Message(f"In {place.de} {be} {number.de} {german}.", f"In {place.en} {number.en} {are} {english}."),
                _write_like(field),
            )
        case "constraint-error":
            return _constraint(rule, place, number, count, field)
        case "unique-error":
            return (
                Message(f"In {place.de} {be} {number.de} doppelt.", f"In {place.en} {number.en} {are} repeated."),
                Message("Jeder Wert darf nur einmal vorkommen.", "Every value may occur only once."),
            )
        case "primary-key":
            key = listed(schema.primary_key if schema else ())
            if rule == "empty":
                return (
                    Message(
                        f"In {of_rows.de} fehlt der Schlüssel ({key.de}).",
                        f"{of_rows.en} without a key ({key.en}).",
                    ),
                    Message("Geben Sie jeder Zeile eine Kennung.", "Give every row an identifier."),
                )
            return (
                Message(
                    f"{of_rows.de} {'wiederholt' if lines == 1 else 'wiederholen'} einen Schlüssel ({key.de}), der schon vorkam.",
                    f"{of_rows.en} {'repeats' if lines == 1 else 'repeat'} a key ({key.en}) that occurred before.",
                ),
                Message(
                    "Löschen Sie doppelte Zeilen oder vergeben Sie eigene Kennungen.",
                    "Delete doubled rows or give them identifiers of their own.",
                ),
            )
        case "blank-row":
            return (
                Message(
                    f"{of_rows.de} {'ist' if lines == 1 else 'sind'} leer.",
                    f"{of_rows.en} {'is' if lines == 1 else 'are'} empty.",
                ),
                Message(
                    "Löschen Sie die leeren Zeilen, oft am Ende der Datei.",
                    "Delete the empty rows, often at the end of the file.",
                ),
            )
        case "missing-cell" | "extra-cell":
            few = kind == "missing-cell"
            return (
                Message(
                    f"{of_rows.de} {'hat' if lines == 1 else 'haben'} {'weniger' if few else 'mehr'} Zellen als die Kopfzeile.",
                    f"{of_rows.en} {'has' if lines == 1 else 'have'} {'fewer' if few else 'more'} cells than the header.",
                ),
                Message(
                    "Prüfen Sie dort Trennzeichen, Anführungszeichen und Zeilenumbrüche.",
                    "Check delimiters, quotation marks and line breaks there.",
                ),
            )
        case "blank-label" | "duplicate-label":
            none = kind == "blank-label"
            return (
                Message(
                    "Eine Spalte hat keinen Namen." if none else "Ein Spaltenname kommt mehrfach vor.",
                    "A column has no name." if none else "A column name occurs more than once.",
                ),
                Message("Geben Sie jeder Spalte einen eigenen Namen.", "Give every column a name of its own."),
            )
    return (
        Message("Die Tabelle lässt sich nicht prüfen.", "The table cannot be checked."),
        Message("Exportieren Sie die Tabelle neu als CSV in UTF-8.", "Export the table again as CSV in UTF-8."),
    )


def _constraint(rule: str, place: Message, number: Message, count: int, field: Field | None) -> tuple[Message, Message]:
    are_de, are_en = ("liegt" if count == 1 else "liegen"), ("is" if count == 1 else "are")
    match rule:
        case "required":
            return (
                Message(
                    f"In der Pflichtspalte {place.de} {'fehlt' if count == 1 else 'fehlen'} {number.de}.",
                    f"In the mandatory column {place.en} {number.en} {are_en} missing.",
                ),
                _write_like(field, "Tragen Sie die fehlenden Werte ein", "Enter the missing values"),
            )
        case "enum":
            allowed = listed(field.enum if field else ())
            return (
                Message(
                    f"In {place.de} {'steht' if count == 1 else 'stehen'} {number.de} nicht auf der Liste der erlaubten Wörter.",
                    f"In {place.en} {number.en} {are_en} not on the list of allowed words.",
                ),
                Message(f"Erlaubt sind: {allowed.de}.", f"Allowed are: {allowed.en}."),
            )
        case "minimum" | "exclusiveMinimum":
            limit = field.minimum if field else ""
            return (
                Message(
                    f"In {place.de} {are_de} {number.de} unter {limit}.",
                    f"In {place.en} {number.en} {are_en} below {limit}.",
                ),
                _range(field),
            )
        case "maximum" | "exclusiveMaximum":
            limit = field.maximum if field else ""
            return (
                Message(
                    f"In {place.de} {are_de} {number.de} über {limit}.",
                    f"In {place.en} {number.en} {are_en} above {limit}.",
                ),
                _range(field),
            )
        case "maxLength" | "minLength":
            long = rule == "maxLength"
            limit = str((field.max_length if long else field.min_length) if field else "")
            return (
                Message(
                    f"In {place.de} {'ist' if count == 1 else 'sind'} {number.de} zu {'lang' if long else 'kurz'}.",
                    f"In {place.en} {number.en} {are_en} too {'long' if long else 'short'}.",
                ),
                Message(
                    f"{'Höchstens' if long else 'Mindestens'} {limit} Zeichen sind möglich.",
                    f"{'At most' if long else 'At least'} {limit} characters.",
                ),
            )
    return (
        Message(
            f"In {place.de} {'hat' if count == 1 else 'haben'} {number.de} nicht die verlangte Form.",
            f"In {place.en} {number.en} {'does' if count == 1 else 'do'} not have the form demanded.",
        ),
        _write_like(field),
    )


def _kind(field: Field | None) -> tuple[str, str]:
    if field is None:
        return "vom falschen Typ", "of the wrong type"
    key = field.format if field.type == "string" else field.type
    return _KINDS.get(key, ("vom falschen Typ", "of the wrong type"))


def _write_like(field: Field | None, de: str = "", en: str = "") -> Message:
    """Advice with the form and a valid example from the schema."""
    if field is None:
        return Message("Prüfen Sie die Werte.", "Check the values.")
    key = field.format if field.type == "string" else field.type
    form = _FORMS.get(key) if field.format == "default" or field.type == "string" else None
    if field.type == "boolean":
        form = (listed(field.true_values[:1] + field.false_values[:1]).de,) * 2
    parts_de, parts_en = [de or "Schreiben Sie"], [en or "Write"]
    if form and not de:
        parts_de.append(form[0])
        parts_en.append(form[1])
    if field.example:
        parts_de.append(f"zum Beispiel {field.example}")
        parts_en.append(f"for example {field.example}")
    if len(parts_de) == 1 and not de:
        return Message("Prüfen Sie die Werte.", "Check the values.")
    first_de, *rest_de = parts_de
    first_en, *rest_en = parts_en
    joint = ", " if de else " "
    return Message(
        f"{first_de}{joint if rest_de else ''}{', '.join(rest_de)}.",
        f"{first_en}{joint if rest_en else ''}{', '.join(rest_en)}.",
    )


def _range(field: Field | None) -> Message:
    if field is None or not (field.minimum or field.maximum):
        return Message("Prüfen Sie die Werte.", "Check the values.")
    if field.minimum and field.maximum:
        return Message(
            f"Erwartet wird ein Wert von {field.minimum} bis {field.maximum}; prüfen Sie Einheit und Spalte.",
            f"A value from {field.minimum} to {field.maximum} is expected; check unit and column.",
        )
    return Message(
        f"Erwartet wird {'mindestens ' + field.minimum if field.minimum else 'höchstens ' + field.maximum}.",
        f"Expected is {'at least ' + field.minimum if field.minimum else 'at most ' + field.maximum}.",
    )


def _why_structure(kind: str) -> Message:
    if kind in ("missing-cell", "extra-cell"):
        return Message("Die Werte rutschen in falsche Spalten.", "The values slip into wrong columns.")
    return Message("Programme stolpern beim Einlesen darüber.", "Programs stumble over it on reading.")
