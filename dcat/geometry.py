"""Geometries as others write them, turned into WKT in WGS84, longitude first."""

import re
from typing import Any

import orjson

_WGS84 = re.compile(r"^(<[^>]*(CRS84|/4326|:4326)>|SRID\s*=\s*4326\s*;)\s*", re.IGNORECASE)
_NUMBER = r"\s*([-+]?\d{1,3}(?:\.\d{1,15})?)\s*"
# As CKAN, Solr and CSW write a box: west, east, north, south.
_ENVELOPE = re.compile(rf"ENVELOPE\s*\({_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\)", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z]+(?=\s*(Z\s*)?\()")
# WKT with numbers and nothing else below its name, and in it each position's longitude and latitude.
_NAMED = re.compile(r"[A-Za-z]+\s*(?:ZM?|M)?\s*\([-+0-9.,eE()\s]+\)")
_DECIMAL = r"[-+]?\d{1,3}(?:\.\d{0,30})?(?:[eE][-+]?\d{1,2})?"
_POINT = re.compile(rf"(?:^[A-Za-z\s]*|,)[\s(]*({_DECIMAL})\s+({_DECIMAL})(?=[\s),])")
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


def extent(value: str) -> tuple[float, float, float, float] | None:
    """Give the west, south, east and north of WKT in WGS84; None where it is none, or in other coordinates."""
    if len(value) > MAX_LENGTH or _NAMED.fullmatch(value) is None:
        return None
    points = [(float(point[1]), float(point[2])) for point in _POINT.finditer(value)]
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    if not points or max(map(abs, longitudes)) > 180 or max(map(abs, latitudes)) > 90:
        return None
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)
