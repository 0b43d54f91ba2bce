"""Geometries as others write them, turned into WKT in WGS84, longitude first."""

import re
from typing import Any

import orjson

_WGS84 = re.compile(r"^(<[^>]*(CRS84|/4326|:4326)>|SRID\s*=\s*4326\s*;)\s*", re.IGNORECASE)
_NUMBER = r"\s*([-+]?\d{1,3}(?:\.\d{1,15})?)\s*"
# As CKAN, Solr and CSW write a box: west, east, north, south.
_ENVELOPE = re.compile(rf"ENVELOPE\s*\({_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\)", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z]+(?=\s*(Z\s*)?\()")
MAX_LENGTH = 1_000_000


def wkt(value: str) -> str:
    """Turn WKT, an envelope or GeoJSON into WKT; what is none of them comes back as it was, or empty."""
    value = _WGS84.sub("", value.strip())
    if len(value) > MAX_LENGTH:
        return ""
    if value.startswith("{"):
        return _of_geojson(value)
    if box := _ENVELOPE.fullmatch(value):
        west, east, north, south = box.groups()
        return f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    return re.sub(r"\s+", " ", _NAME.sub(lambda name: name[0].upper(), value))


def has_heights(value: str) -> bool:
    """Tell whether a GeoJSON geometry has positions of three numbers, of which WKT keeps two."""
    number = r"-?[\d.eE+-]+"
    return value.lstrip().startswith("{") and bool(re.search(rf"\[\s*{number}\s*,\s*{number}\s*,\s*{number}", value))


def _of_geojson(value: str) -> str:
    try:
        found = orjson.loads(value)
        found = found["geometry"] if found["type"] == "Feature" else found
        name, written = found["type"].upper(), _coordinates(found["coordinates"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return f"POINT ({written})" if name == "POINT" else f"{name} {written}"


def _coordinates(value: Any) -> str:
    if value and isinstance(value[0], int | float):
        return " ".join(str(number) for number in value[:2])
    return f"({', '.join(_coordinates(part) for part in value)})"
