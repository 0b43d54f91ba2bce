"""The area that positions cover, as a place with a rectangle in WKT; nothing is said of positions that nobody stated."""

from collections.abc import Iterable
from typing import Any

from dcat.model import Place, Text
from harvesters.json_answers import entries, members, number

Position = tuple[float, float]
MAX_POSITIONS = 20_000
_MAX_DEPTH = 6


def position(longitude: Any, latitude: Any) -> Position | None:
    """Give a position in WGS84, longitude first; None for what is none."""
    x, y = number(longitude), number(latitude)
    return (x, y) if x is not None and y is not None and abs(x) <= 180 and abs(y) <= 90 else None


def of_geojson(value: Any) -> tuple[Position, ...]:
    """Give the positions of a GeoJSON geometry; none for one that is not to be believed."""
    geometry = members(value)
    found: list[Position] = []
    pending: list[tuple[Any, int]] = [(geometry.get("coordinates"), 0)]
    while pending and len(found) < MAX_POSITIONS:
        each, depth = pending.pop()
        inner = entries(each)
        if len(inner) >= 2 and (point := position(inner[0], inner[1])):
            found.append(point)
        elif depth < _MAX_DEPTH:
            pending += [(part, depth + 1) for part in inner[:MAX_POSITIONS] if isinstance(part, list)]
    return tuple(found)


def place(positions: Iterable[Position], label: str = "") -> tuple[Place, ...]:
    """Give the place that some positions cover: a rectangle, or a point where they are all the same."""
    points = list(positions)
    labels = (Text(label, "de"),) if label else ()
    if not points:
        return (Place(label=labels),) if label else ()
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    if west == east and south == north:
        return (Place(label=labels, centroid=f"POINT ({_at(west)} {_at(south)})"),)
    w, e, s, n = _at(west), _at(east), _at(south), _at(north)
    return (Place(label=labels, bbox=f"POLYGON (({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} {s}))"),)


def _at(degrees: float) -> str:
    """Write degrees to the tenth of a metre."""
    return f"{degrees:.6f}".rstrip("0").rstrip(".")
