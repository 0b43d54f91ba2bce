"""A dataset's or file's metadata as rows for reading: labels come from the property table, values from the vocabularies."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask

from catalog.web.formatting import date, number
from catalog.web.language import Shown, best, say
from catalog.web.links import href
from dcat.dates import datatype
from dcat.message import Message
from dcat.model import Agent, Checksum, Contact, Dataset, Distribution, Period, Place, Text
from dcat.profile import Property, profile
from dcat.vocabularies import vocabulary

# These stand elsewhere on the page, in a form of their own.
ELSEWHERE = {
    "Dataset": {"title", "description", "keyword", "contact_point", "distribution", "publisher"},
    "Distribution": {"title", "description", "license", "format", "byte_size", "download_url", "access_url"},
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value for reading, with an address where it has one."""

    text: Shown
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One property with its values; `term` is its name in DCAT."""

    label: Message
    term: str
    values: tuple[Value, ...]


def register(app: Flask) -> None:
    """Give templates the rows."""
    app.jinja_env.globals.update(metadata_rows=rows)


def rows(node: Dataset | Distribution) -> tuple[Row, ...]:
    """List what is known, in the order of the property table."""
    name = type(node).__name__
    found = []
    for prop in profile()[name].properties:
        if prop.field not in ELSEWHERE[name] and (values := tuple(_values(prop, getattr(node, prop.field)))):
            found.append(Row(prop.label, prop.curie, values))
    return tuple(found)


def _values(prop: Property, content: Any) -> Iterator[Value]:
    if isinstance(content, tuple) and content and isinstance(content[0], Text):
        yield Value(best(content))
        return
    for item in content if isinstance(content, tuple) else (content,):
        value = _value(prop, item) if item not in (None, "") else None
        if value and value.text:
            yield value


def _value(prop: Property, item: Any) -> Value:
    match item:
        case Agent():
            return Value(best(item.name), href(item.homepage))
        case Contact():
            return Value(Shown(item.name or item.email), href(item.url))
        case Place():
            label = best(item.label) or Shown(say(vocabulary("place").label(item.uri)) if item.uri else "")
            return Value(label, href(item.uri))
        case Period():
            return Value(Shown(_period(item)))
        case Checksum():
            return Value(Shown(f"{item.algorithm.rpartition('_')[2]}: {item.value}"))
        case int():
            return Value(Shown(number(item)))
    text = str(item)
    if prop.vocabulary and text in vocabulary(prop.vocabulary):
        return Value(Shown(say(vocabulary(prop.vocabulary).label(text))))
    if datatype(text) and prop.field in ("issued", "modified"):
        return Value(Shown(date(text)))
    return Value(Shown(text), href(text))


def _period(period: Period) -> str:
    start, end = date(period.start), date(period.end)
    if start and end:
        return f"{start} – {end}"
    if start:
        return say(Message(f"ab {start}", f"from {start}"))
    return say(Message(f"bis {end}", f"until {end}")) if end else ""
