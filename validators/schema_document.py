"""The Table Schema document of a user: what frictionless would crash on, misread or ignore is put right here or refused with a sentence."""

import hashlib
import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from dcat.errors import ConfigError
from dcat.message import Message
from validators.patterns import grouped, problem

MAX_FIELDS = 2000
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTHS = ("minLength", "maxLength")
_ALLOWED: dict[str, tuple[str, ...]] = {
    "any": ("required", "enum"),
    "array": ("required", *_LENGTHS, "enum"),
    "boolean": ("required", "enum"),
    "date": ("required", *_BOUNDS, "enum"),
    "datetime": ("required", *_BOUNDS, "enum"),
    "duration": ("required", "enum"),
    "geojson": ("required", "enum"),
    "geopoint": ("required", "enum"),
    "integer": ("required", *_BOUNDS, "enum"),
    "list": ("required", *_LENGTHS, "enum"),
    "number": ("required", *_BOUNDS, "enum"),
    "object": ("required", *_LENGTHS, "enum"),
    "string": ("required", "pattern", *_LENGTHS, "enum"),
    "time": ("required", *_BOUNDS, "enum"),
    "year": ("required", *_BOUNDS, "enum"),
    "yearmonth": ("required", *_BOUNDS, "enum"),
}
_STRING_FORMATS = ("default", "email", "uri", "binary", "uuid", "wkt")
_IGNORED = ("uniqueKeys", "categories", "categoriesOrdered")


def normalised(loaded: Any) -> dict[str, Any]:
    """Give the document with every key we rely on present and well formed, or raise ConfigError with a sentence."""
    document = _object(loaded, Message("Die Schema-Datei", "The schema file"))
    fields = document.get("fields")
    if not isinstance(fields, list) or not fields or len(fields) > MAX_FIELDS:
        raise _refused(
            f"Die Schema-Datei beschreibt keine Spalten: „fields“ muss eine Liste mit 1 bis {MAX_FIELDS} Einträgen sein.",
            f"The schema file describes no columns: “fields” must be a list with 1 to {MAX_FIELDS} entries.",
        )
    for key in _IGNORED:
        if key in document:
            raise _ignored(key)
    result = dict(document)
    result["fields"] = [_field(entry) for entry in fields]
    names = [field["name"] for field in result["fields"]]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise _refused(
            f"Die Spalte „{doubled[0]}“ steht zweimal im Schema.", f"The column “{doubled[0]}” occurs twice."
        )
    result["name"] = _name(document)
    result["missingValues"] = _missing_values(document.get("missingValues", [""]))
    result["primaryKey"] = _names(document.get("primaryKey", []), "primaryKey")
    result["foreignKeys"] = [_foreign_key(entry) for entry in _list(document.get("foreignKeys", []), "foreignKeys")]
    return result


def _name(document: dict[str, Any]) -> str:
    name = document.get("name")
    if isinstance(name, str) and re.fullmatch(r"[a-z0-9._/-]{1,100}", name):
        return name
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return f"schema-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _field(loaded: Any) -> dict[str, Any]:
    field = dict(_object(loaded, Message("Ein Eintrag unter „fields“", "An entry of “fields”")))
    name = field.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 200:
        raise _refused("Eine Spalte im Schema hat keinen Namen.", "A column of the schema has no name.")
    kind = field.setdefault("type", "string")
    if not isinstance(kind, str) or kind not in _ALLOWED:
        known = ", ".join(_ALLOWED)
        raise _wrong(
            name, f"der Typ „{kind}“ ist unbekannt; es gibt: {known}", f"unknown type “{kind}”; known: {known}"
        )
    for key in _IGNORED:
        if key in field:
            raise _ignored(key)
    if kind == "integer" and "groupChar" in field:
        raise _ignored("groupChar")
    field["format"] = _format(name, kind, field.get("format") or "default")
    for key in ("decimalChar", "groupChar"):
        if key in field and (not isinstance(field[key], str) or len(field[key]) > 1):
            raise _wrong(name, f"„{key}“ muss ein einzelnes Zeichen sein", f"“{key}” must be a single character")
    for key in ("trueValues", "falseValues", "missingValues"):
        if key in field:
            field[key] = _names(field[key], key)
    if "constraints" in field:
        field["constraints"] = _constraints(field, name, kind)
    # frictionless refuses a whole schema over an example in a field's own notation; ours are tested where they are kept.
    if "example" in field and not isinstance(field["example"], str):
        field["example"] = str(field["example"])
    return field


def _format(name: str, kind: str, given: Any) -> str:
    if not isinstance(given, str):
        raise _wrong(name, "„format“ muss ein Text sein", "“format” must be text")
    form = given.removeprefix("fmt:")
    if form == "any" and kind in ("date", "datetime", "time"):
        raise _wrong(
            name,
            "das Format „any“ liest 03.04.2024 als 4. März; bitte das Format angeben, zum Beispiel %d.%m.%Y",
            "the format “any” reads 03.04.2024 as 4 March; give the format, for example %d.%m.%Y",
        )
    if kind == "string" and form not in _STRING_FORMATS:
        raise _wrong(name, f"das Format „{form}“ ist unbekannt", f"unknown format “{form}”")
    return form


def _constraints(field: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    what = Message(f"Spalte „{name}“: „constraints“", f"Column “{name}”: “constraints”")
    result = dict(_object(field["constraints"], what))
    for key in result:
        if key != "unique" and key not in _ALLOWED[kind]:
            raise _wrong(
                name, f"die Regel „{key}“ gibt es nicht für den Typ {kind}", f"type {kind} has no constraint “{key}”"
            )
    for key in ("required", "unique"):
        if key in result and not isinstance(result[key], bool):
            raise _wrong(name, f"„{key}“ muss true oder false sein", f"“{key}” must be true or false")
    for key in _LENGTHS:
        if key in result and (not isinstance(result[key], int) or isinstance(result[key], bool) or result[key] < 0):
            raise _wrong(name, f"„{key}“ muss eine ganze Zahl sein", f"“{key}” must be a whole number")
    if "enum" in result and (not isinstance(result["enum"], list) or not result["enum"]):
        raise _wrong(name, "„enum“ muss eine Liste mit Werten sein", "“enum” must be a list of values")
    if "pattern" in result:
        result["pattern"] = _pattern(name, result["pattern"])
    for key in _BOUNDS:
        if key in result:
            result[key] = _bound(field, name, kind, result[key])
    return result


def _pattern(name: str, given: Any) -> str:
    if not isinstance(given, str):
        raise _wrong(name, "„pattern“ muss ein Text sein", "“pattern” must be text")
    if (reason := problem(given)) is not None:
        raise _wrong(name, f"das Muster wird abgelehnt: {reason.de}", f"the pattern is refused: {reason.en}")
    return grouped(given)


def _bound(field: dict[str, Any], name: str, kind: str, given: Any) -> Any:
    """Give the bound as frictionless will read it: it parses bounds with the field's own format and crashes otherwise."""
    try:
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError
        if kind == "number":
            return _number(given, field.get("decimalChar", "."), field.get("groupChar", ""))
        if kind in ("integer", "year"):
            number = _number(given, ".", "")
            if number != int(number):
                raise ValueError
            return int(number)
        if kind == "yearmonth":
            return datetime.strptime(str(given), "%Y-%m").strftime("%Y-%m")  # noqa: DTZ007
        return _moment(kind, field["format"], str(given))
    except (ValueError, OverflowError) as error:
        raise _wrong(
            name,
            f"die Grenze „{given}“ ist kein Wert vom Typ {kind} (Datum bitte als JJJJ-MM-TT, Zahl mit Punkt)",
            f"the bound “{given}” is no value of type {kind} (write dates as YYYY-MM-DD, numbers with a point)",
        ) from error


def _number(given: str | int | float, decimal: str, group: str) -> int | float:
    if not isinstance(given, str):
        number: int | float = given
    else:
        text = given.strip()
        if decimal != "." and decimal in text:
            text = (text.replace(group, "") if group else text).replace(decimal, ".")
        number = int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _moment(kind: str, form: str, given: str) -> str:
    default = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%dT%H:%M:%S%z", "time": "%H:%M:%S%z"}[kind]
    wanted = default if form == "default" else form
    try:
        datetime.strptime(given, wanted)  # noqa: DTZ007
    except ValueError:
        readers: dict[str, Callable[[str], date | time]] = {
            "date": date.fromisoformat,
            "datetime": datetime.fromisoformat,
            "time": time.fromisoformat,
        }
        written = readers[kind](given).strftime(wanted)
        datetime.strptime(written, wanted)  # noqa: DTZ007
        return written
    return given


def _foreign_key(loaded: Any) -> dict[str, Any]:
    entry = _object(loaded, Message("Ein Eintrag unter „foreignKeys“", "An entry of “foreignKeys”"))
    reference = _object(
        entry.get("reference"), Message("„reference“ eines Fremdschlüssels", "“reference” of a foreign key")
    )
    resource = reference.get("resource", "")
    if not isinstance(resource, str):
        raise _refused(
            "„resource“ eines Fremdschlüssels muss ein Text sein.", "“resource” of a foreign key must be text."
        )
    fields, target = _names(entry.get("fields"), "fields"), _names(reference.get("fields"), "reference.fields")
    if not fields or len(fields) != len(target):
        raise _refused(
            "Ein Fremdschlüssel muss auf beiden Seiten gleich viele Spalten nennen.",
            "A foreign key must name as many columns on either side.",
        )
    return {"fields": fields, "reference": {"resource": resource, "fields": target}}


def _missing_values(given: Any) -> list[str]:
    values = [entry.get("value") if isinstance(entry, dict) else entry for entry in _list(given, "missingValues")]
    return _names(values, "missingValues")


def _names(given: Any, key: str) -> list[str]:
    values = [given] if isinstance(given, str) else _list(given, key)
    if not all(isinstance(value, str) for value in values):
        raise _refused(f"„{key}“ darf nur Texte enthalten.", f"“{key}” may hold texts only.")
    return list(values)


def _list(given: Any, key: str) -> list[Any]:
    if not isinstance(given, list):
        raise _refused(f"„{key}“ muss eine Liste sein.", f"“{key}” must be a list.")
    return given


def _object(given: Any, what: Message) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _refused(f"{what.de} ist kein JSON-Objekt.", f"{what.en} is not a JSON object.")
    return given


def _ignored(key: str) -> ConfigError:
    return _refused(
        f"„{key}“ würde bei der Prüfung nicht beachtet und ist deshalb nicht erlaubt.",
        f"“{key}” would be ignored by the check and is therefore not allowed.",
    )


def _wrong(name: str, de: str, en: str) -> ConfigError:
    return _refused(f"Spalte „{name}“: {de}.", f"Column “{name}”: {en}.")


def _refused(de: str, en: str) -> ConfigError:
    return ConfigError(Message(de, en))
