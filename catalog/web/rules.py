"""The columns of a table schema in words: what may stand in them."""

from flask import Flask

from dcat.message import Message
from validators.schemas import Field, TableSchema

TYPES = {
    "string": Message("Text", "text"),
    "integer": Message("ganze Zahl", "whole number"),
    "number": Message("Zahl", "number"),
    "boolean": Message("ja oder nein", "yes or no"),
    "date": Message("Datum", "date"),
    "datetime": Message("Zeitpunkt", "date and time"),
    "time": Message("Uhrzeit", "time of day"),
    "year": Message("Jahr", "year"),
    "yearmonth": Message("Monat", "month"),
    "geopoint": Message("Koordinate", "coordinate"),
    "geojson": Message("Geometrie", "geometry"),
}
TIMES = {"date", "datetime", "time", "year", "yearmonth"}
FORMATS = {
    "email": Message("E-Mail-Adresse", "e-mail address"),
    "uri": Message("Internetadresse", "web address"),
    "uuid": Message("UUID", "UUID"),
}


def register(app: Flask) -> None:
    """Give templates the words for columns."""
    app.jinja_env.globals.update(type_words=type_words, rules=rules)


def type_words(field: Field) -> Message:
    """Name the type of a column."""
    return FORMATS.get(field.format) or TYPES.get(field.type) or Message(field.type, field.type)


def rules(schema: TableSchema, field: Field) -> tuple[Message, ...]:
    """List what a value must keep, one sentence each."""
    found = []
    if field.name in schema.primary_key and len(schema.primary_key) == 1:
        found.append(Message("Schlüssel: in jeder Zeile ein anderer Wert", "key: a different value in each row"))
    elif field.name in schema.primary_key:
        found.append(Message("Teil des Schlüssels", "part of the key"))
    elif field.unique:
        found.append(Message("jeder Wert nur einmal", "each value only once"))
    if field.required:
        found.append(Message("muss ausgefüllt sein", "must be filled in"))
    if field.enum:
        found.append(Message(f"einer von: {', '.join(field.enum)}", f"one of: {', '.join(field.enum)}"))
    found += _range(field)
    if field.pattern:
        found.append(Message(f"Muster: {field.pattern}", f"pattern: {field.pattern}"))
    for key in schema.foreign_keys:
        if field.name in key.fields and key.schema:
            found.append(Message(f"verweist auf {key.schema}", f"refers to {key.schema}"))
    return tuple(found)


def _range(field: Field) -> list[Message]:
    found = []
    if field.minimum and field.maximum:
        found.append(Message(f"von {field.minimum} bis {field.maximum}", f"from {field.minimum} to {field.maximum}"))
    elif field.minimum:
        words = ("frühestens", "not before") if field.type in TIMES else ("mindestens", "at least")
        found.append(Message(f"{words[0]} {field.minimum}", f"{words[1]} {field.minimum}"))
    elif field.maximum:
        words = ("spätestens", "not after") if field.type in TIMES else ("höchstens", "at most")
        found.append(Message(f"{words[0]} {field.maximum}", f"{words[1]} {field.maximum}"))
    if field.min_length is not None:
        found.append(Message(f"mindestens {field.min_length} Zeichen", f"at least {field.min_length} characters"))
    if field.max_length is not None:
        found.append(Message(f"höchstens {field.max_length} Zeichen", f"at most {field.max_length} characters"))
    return found
