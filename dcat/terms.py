"""RDF terms for what a catalogue says beside its descriptions, in feeds, pages and measurements: numbers, truth, instants."""

import datetime

import pyoxigraph as ox

from dcat import dates
from dcat.kinds import named
from dcat.namespaces import expand


def integer(value: int) -> ox.Literal:
    """Write a whole number."""
    return ox.Literal(str(value), datatype=named(expand("xsd:integer")))


def boolean(*, value: bool) -> ox.Literal:
    """Write true or false."""
    return ox.Literal("true" if value else "false", datatype=named(expand("xsd:boolean")))


def instant(at: datetime.datetime) -> ox.Literal:
    """Write an instant, in UTC."""
    return ox.Literal(dates.stamp(at), datatype=named(expand("xsd:dateTime")))
