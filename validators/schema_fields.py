"""A column of a schema that somebody brings along: its type, its notation, its rules, its example."""

import json
import re
from typing import Any

from dcat.message import Message
from validators.patterns import grouped, problem
from validators.schema_faults import INSTEAD, Faults, missing_values, refuse_ignored, refuse_key, texts
from validators.schema_values import DEFAULTS, FALSE_VALUES, TRUE_VALUES, order, value

LOWER = ("minimum", "exclusiveMinimum")
UPPER = ("maximum", "exclusiveMaximum")
_BOUNDS = (*LOWER, *UPPER)
_LENGTHS = ("minLength", "maxLength")
ALLOWED: dict[str, tuple[str, ...]] = {
    "any": ("required", "enum"),
    "array": ("required", *_LENGTHS, "enum"),
    "boolean": ("required", "enum"),
    "date": ("required", *_BOUNDS, "enum"),
    "datetime": ("required", *_BOUNDS, "enum"),
    "duration": ("required", "enum"),
    "geojson": ("required", "enum"),
    "geopoint": ("required", "enum"),
    "integer": ("required", *_BOUNDS, "enum"),
    "list": ("required", *_LENGTHS),
    "number": ("required", *_BOUNDS, "enum"),
    "object": ("required", *_LENGTHS, "enum"),
    "string": ("required", "pattern", *_LENGTHS, "enum"),
    "time": ("required", *_BOUNDS, "enum"),
    "year": ("required", *_BOUNDS, "enum"),
    "yearmonth": ("required", *_BOUNDS, "enum"),
}
_STRING_FORMATS = ("default", "email", "uri", "binary", "uuid", "wkt")
_GEOPOINT_FORMATS = ("default", "array", "object")
_CONSTRAINTS = frozenset({"required", "unique", "pattern", "enum", *_BOUNDS, *_LENGTHS})
_WRITING = Message(
    "Schreiben Sie ein Datum als JJJJ-MM-TT, eine Zahl mit Punkt, Text in Anführungszeichen.",
    "Write dates as YYYY-MM-DD, numbers with a point, text in quotation marks.",
)


def field_of(loaded: Any, faults: Faults) -> dict[str, Any] | None:
    """Give a column as far as it can be put right; nothing when it has no name or no known type."""
    name = loaded.get("name") if isinstance(loaded, dict) else None
    if not isinstance(name, str) or not name.strip() or len(name) > 200:
        faults.refuse(
            "field-name",
            "Eine Spalte im Schema hat keinen Namen. Geben Sie jedem Eintrag unter „fields“ einen „name“.",
            "A column of the schema has no name. Give each entry of “fields” a “name”.",
        )
        return None
    field = dict(loaded)
    kind = field.setdefault("type", "string")
    if not isinstance(kind, str) or kind not in ALLOWED:
        known = ", ".join(ALLOWED)
        de, en = (
            f"der Typ „{kind!s:.100}“ ist unbekannt; es gibt: {known}.",
            f"unknown type “{kind!s:.100}”; known: {known}.",
        )
        faults.refuse("type", de, en, name)
        return None
    refuse_ignored(
        field, ("categories", "categoriesOrdered", *(["groupChar"] if kind == "integer" else [])), faults, name
    )
    field["format"] = _format(name, kind, field.get("format") or "default", faults)
    _notation(field, name, faults)
    if misplaced := sorted(_CONSTRAINTS & set(field)):
        first = misplaced[0]
        faults.warn(
            "misplaced",
            f"„{first}“ steht neben „constraints“ und wird nicht beachtet. Setzen Sie es hinein.",
            f"“{first}” stands beside “constraints” and is not heeded. Put it inside.",
            name,
        )
    if "constraints" in field:
        field["constraints"] = _constraints(field, name, kind, faults)
    if "example" in field:
        _example(field, name, faults)
    return field


def _notation(field: dict[str, Any], name: str, faults: Faults) -> None:
    """The keys that say how values are written."""
    for key in ("decimalChar", "groupChar"):
        if key in field and (not isinstance(field[key], str) or len(field[key]) > 1):
            faults.refuse(
                "notation", f"„{key}“ muss ein einzelnes Zeichen sein.", f"“{key}” must be one character.", name
            )
            del field[key]
    if field.get("groupChar") and field["groupChar"] == field.get("decimalChar", "."):
        faults.refuse(
            "notation",
            "Dezimalzeichen und Tausenderzeichen sind dasselbe. Deutsche Zahlen haben „decimalChar“ Komma und „groupChar“ Punkt.",
            "Decimal mark and grouping are the same. German numbers have “decimalChar” comma and “groupChar” point.",
            name,
        )
    for key in ("trueValues", "falseValues"):
        if key in field:
            field[key] = texts(field[key], key, faults, name)
    if field["type"] == "boolean":
        both = set(field.get("trueValues", TRUE_VALUES)) & set(field.get("falseValues", FALSE_VALUES))
        if both:
            word = min(both)
            faults.refuse(
                "notation",
                f"„{word}“ steht unter „trueValues“ und unter „falseValues“. Streichen Sie es an einer Stelle.",
                f"“{word}” stands among “trueValues” and “falseValues”. Remove it from one of them.",
                name,
            )
    if "missingValues" in field:
        field["missingValues"] = missing_values(field["missingValues"], faults, name)


def _format(name: str, kind: str, given: Any, faults: Faults) -> str:
    if not isinstance(given, str):
        faults.refuse("format", "„format“ muss ein Text sein.", "“format” must be text.", name)
        return "default"
    form = given.removeprefix("fmt:")
    if form == "any" and kind in ("date", "datetime", "time"):
        faults.refuse(
            "any-date",
            "das Format „any“ liest 03.04.2024 als 4. März; bitte das Format angeben, zum Beispiel %d.%m.%Y.",
            "the format “any” reads 03.04.2024 as 4 March; give the format, for example %d.%m.%Y.",
            name,
        )
        return "default"
    known = {"string": _STRING_FORMATS, "geopoint": _GEOPOINT_FORMATS}.get(kind)
    if known and form not in known:
        listed = ", ".join(known)
        de, en = (
            f"das Format „{form:.100}“ ist unbekannt; es gibt: {listed}.",
            f"unknown format “{form:.100}”; known: {listed}.",
        )
        faults.refuse("format", de, en, name)
        return "default"
    return form


def _constraints(field: dict[str, Any], name: str, kind: str, faults: Faults) -> dict[str, Any]:
    if not isinstance(field["constraints"], dict):
        faults.refuse("constraints", "„constraints“ ist kein JSON-Objekt.", "“constraints” is not a JSON object.", name)
        return {}
    result = dict(field["constraints"])
    for key in [key for key in result if key != "unique" and key not in ALLOWED[kind]]:
        del result[key]
        if key in INSTEAD or (kind == "duration" and key in _BOUNDS):
            refuse_key(key, faults, name, INSTEAD.get(key, INSTEAD["duration"]))
            continue
        known = ", ".join((*ALLOWED[kind], "unique"))
        de = f"die Regel „{key:.100}“ gibt es nicht für den Typ {kind}; es gibt: {known}."
        faults.refuse("constraint", de, f"type {kind} has no constraint “{key:.100}”; known: {known}.", name)
    for key in ("required", "unique"):
        if key in result and not isinstance(result[key], bool):
            de, en = f"„{key}“ muss true oder false sein, ohne Anführungszeichen.", f"“{key}” must be true or false."
            faults.refuse("constraint", de, en, name)
            del result[key]
    for key in _LENGTHS:
        if key in result and (not isinstance(result[key], int) or isinstance(result[key], bool) or result[key] < 0):
            faults.refuse("constraint", f"„{key}“ muss eine ganze Zahl sein.", f"“{key}” must be a whole number.", name)
            del result[key]
    if "pattern" in result:
        result["pattern"] = _pattern(name, result["pattern"], faults)
    if "enum" in result:
        result["enum"] = _enum(field, name, result["enum"], faults)
    if field["type"] in ("datetime", "time") and field["format"] == "default" and any(key in result for key in _BOUNDS):
        # Cells with and without zone are both read then, and frictionless fails on comparing the one with the other.
        form = DEFAULTS[field["type"]]
        faults.refuse(
            "bound-zone",
            f"Grenzen brauchen hier ein festes Format. Setzen Sie „format“ auf {form}, oder ohne %z für Werte ohne Zeitzone.",
            f"bounds need a fixed format here. Set “format” to {form}, or without %z for values without a time zone.",
            name,
        )
        result = {key: rule for key, rule in result.items() if key not in _BOUNDS}
    for key in (key for key in _BOUNDS if key in result):
        result[key] = _bound(field, name, result[key], faults)
    _range(field, name, result, faults)
    return {key: content for key, content in result.items() if content is not None}


def _pattern(name: str, given: Any, faults: Faults) -> str | None:
    if not isinstance(given, str):
        faults.refuse("pattern", "„pattern“ muss ein Text sein.", "“pattern” must be text.", name)
        return None
    if (reason := problem(given)) is not None:
        faults.refuse(
            "pattern",
            f"das Muster wird abgelehnt: {reason.de}. Schreiben Sie es einfacher, zum Beispiel [0-9]{{5}}.",
            f"the pattern is refused: {reason.en}. Write it more simply, such as [0-9]{{5}}.",
            name,
        )
        return None
    if (whole := grouped(given)) != given:
        faults.hint(
            "alternatives",
            f"das Muster wird als „{whole}“ gelesen, damit jede Möglichkeit für den ganzen Wert gilt.",
            f"the pattern is read as “{whole}”, so that each alternative stands for the whole value.",
            name,
        )
    return whole


def _enum(field: dict[str, Any], name: str, given: Any, faults: Faults) -> list[Any] | None:
    if not isinstance(given, list) or not given:
        faults.refuse("enum", "„enum“ muss eine Liste mit Werten sein.", "“enum” must be a list of values.", name)
        return None
    result = []
    for each in given:
        try:
            result.append(value(field, each))
        except (ValueError, OverflowError):
            faults.refuse(
                "enum",
                f"der erlaubte Wert „{each!s:.100}“ ist selbst kein Wert vom Typ {field['type']}. {_WRITING.de}",
                f"the permitted value “{each!s:.100}” is itself no value of type {field['type']}. {_WRITING.en}",
                name,
            )
            return None
    return result


def _bound(field: dict[str, Any], name: str, given: Any, faults: Faults) -> Any:
    """frictionless parses bounds with the field's own format and crashes when that fails: so they are put into it."""
    try:
        result = value(field, given)
    except (ValueError, OverflowError):
        faults.refuse(
            "bound",
            f"die Grenze „{given!s:.100}“ ist kein Wert vom Typ {field['type']}. {_WRITING.de}",
            f"the bound “{given!s:.100}” is no value of type {field['type']}. {_WRITING.en}",
            name,
        )
        return None
    if isinstance(result, str) and result != given:
        de, en = (
            f"die Grenze „{given!s:.100}“ wird als „{result}“ gelesen.",
            f"the bound “{given!s:.100}” is read as “{result}”.",
        )
        faults.hint("bound-rewritten", de, en, name)
    return result


def _range(field: dict[str, Any], name: str, found: dict[str, Any], faults: Faults) -> None:
    """Bounds that no value can keep."""
    low = [order(field, found[key]) for key in LOWER if found.get(key) is not None]
    high = [order(field, found[key]) for key in UPPER if found.get(key) is not None]
    try:
        crossed = bool(low and high) and max(low) > min(high)
    except TypeError:
        # One with and one without time zone: frictionless would fail on the comparison with a cell as well.
        crossed = True
    if crossed or found.get("minLength", 0) > found.get("maxLength", float("inf")):
        faults.refuse(
            "range",
            "kein Wert kann beide Grenzen einhalten. Vertauschen oder berichtigen Sie sie.",
            "no value can keep both bounds. Swap or correct them.",
            name,
        )


def _example(field: dict[str, Any], name: str, faults: Faults) -> None:
    # frictionless refuses a whole schema over an example in a field's own notation, so it never sees them.
    if not isinstance(field["example"], str):
        field["example"] = json.dumps(field["example"], ensure_ascii=False)
    try:
        read, rules = value(field, field["example"]), field.get("constraints", {})
        valid = not (pattern := rules.get("pattern")) or re.fullmatch(pattern, field["example"]) is not None
        valid &= not rules.get("enum") or read in rules["enum"]
    except (ValueError, OverflowError):
        valid = False
    if not valid:
        faults.warn(
            "example",
            f"das Beispiel „{field['example'][:100]}“ hält die Regeln der Spalte nicht ein. Zeigen Sie einen gültigen Wert.",
            f"the example “{field['example'][:100]}” does not keep the rules of the column. Show a valid value.",
            name,
        )
