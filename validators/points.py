"""Reads a point out of the text of one cell."""

import json
import re
from typing import Literal

PointForm = Literal["wkt", "lat,lon", "lon,lat", "geojson"]
_LONGEST = 500
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_WKT = re.compile(
    rf"(?:SRID=[0-9]{{1,6}};)?\s*POINT\s*(?:ZM?|M)?\s*\(\s*({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER}){{0,2}}\s*\)", re.I
)
_PAIR = re.compile(rf"[\[(]?\s*({_NUMBER})\s*[,;\s]\s*({_NUMBER})\s*[\])]?")
_GERMAN_PAIR = re.compile(r"[\[(]?\s*([+-]?[0-9]+,[0-9]+)\s*(?:[;/]|\s)\s*([+-]?[0-9]+,[0-9]+)\s*[\])]?")


def read_point(form: PointForm, cell: str) -> tuple[float, float] | None:
    """Read a point as x and y, in the order of its form; nothing where it is none."""
    text = cell.strip()
    if len(text) > _LONGEST:
        return None
    if form == "geojson":
        return _geojson_pair(text)
    if form == "wkt":
        found = _WKT.fullmatch(text)
        return (float(found[1]), float(found[2])) if found else None
    if (found := _GERMAN_PAIR.fullmatch(text) or _PAIR.fullmatch(text)) is None:
        return None
    first, second = (float(number.replace(",", ".")) for number in found.groups())
    return (first, second) if form == "lon,lat" else (second, first)


def _geojson_pair(text: str) -> tuple[float, float] | None:
    try:
        x, y, *_ = json.loads(text)["coordinates"]
        return float(x), float(y)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
