"""Geometries as GeoJSON names them: checks their structure, counts what is odd about their coordinates, writes them as WKT."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from validators.coordinates import in_rhein_main, recognised
from validators.report import MAX_ROWS

# How many lists of positions lie inside each other.
_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
KINDS = (*_DEPTH, "GeometryCollection")
# 1e-7 degrees are about a centimetre; more digits than nine are below the size of a hair.
_TOO_FINE = 9
_MAX_NESTED = 4

Position = Sequence[float]


class BadGeometryError(ValueError):
    """A geometry is not built as its type says; the text says how."""


@dataclass(slots=True)
class Count:
    """How often something was seen, and the records where it was first."""

    number: int = 0
    rows: list[int] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def add(self, row: int, example: str = "") -> None:
        """Count one more."""
        self.number += 1
        if len(self.rows) < MAX_ROWS:
            self.rows.append(row)
            if example and example not in self.examples:
                self.examples.append(example)


@dataclass(slots=True)
class Tally:
    """What was seen of the geometries of one table; every feature counts once for each kind of oddity."""

    features: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    systems: dict[str, Count] = field(default_factory=dict)
    bad: Count = field(default_factory=Count)
    empty: Count = field(default_factory=Count)
    swapped: Count = field(default_factory=Count)
    planar: Count = field(default_factory=Count)
    outside: Count = field(default_factory=Count)
    open_rings: Count = field(default_factory=Count)
    wrong_turn: Count = field(default_factory=Count)
    too_fine: Count = field(default_factory=Count)

    def add(self, row: int, geometry: Any) -> bool:
        """Look at the geometry of one record; tells whether it is one that can be written."""
        self.features += 1
        if geometry is None:
            self.empty.add(row)
            return False
        try:
            positions = list(_positions(geometry, 0))
        except BadGeometryError as error:
            self.bad.add(row, str(error))
            return False
        kind = geometry["type"]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if not positions:
            self.empty.add(row)
            return False
        self._place(row, positions)
        rings = list(_rings(geometry))
        if any(len(ring) < 4 or tuple(ring[0]) != tuple(ring[-1]) for _, ring in rings):
            self.open_rings.add(row)
        elif any((_area(ring) > 0) is not outer for outer, ring in rings if _area(ring)):
            self.wrong_turn.add(row)
        return True

    def _place(self, row: int, positions: list[Position]) -> None:
        """The first position says where a geometry lies; the others are only asked whether they are degrees at all."""
        x, y = positions[0][:2]
        if any(abs(p[0]) > 180 or abs(p[1]) > 90 for p in positions):
            self.planar.add(row, f"{x:g}, {y:g}")
            if system := recognised(x, y):
                self.systems.setdefault(system, Count()).add(row)
        elif not in_rhein_main(x, y):
            (self.swapped if in_rhein_main(y, x) else self.outside).add(row, f"{x:g}, {y:g}")
        if any(_digits(value) > _TOO_FINE for value in positions[0][:2]):
            self.too_fine.add(row, repr(x))


def lon_lat(geometry: Any) -> tuple[float, float] | None:
    """Give the two coordinates of a point, if it is one."""
    if isinstance(geometry, dict) and geometry.get("type") == "Point" and len(geometry.get("coordinates") or ()) >= 2:
        x, y = geometry["coordinates"][:2]
        return x, y
    return None


def wkt(geometry: Any) -> str:
    """Write a geometry, which must have passed `Tally.add`, as well-known text."""
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return f"GEOMETRYCOLLECTION ({', '.join(wkt(part) for part in geometry['geometries'])})"
    coordinates = geometry["coordinates"]
    z = " Z" if _has_height(coordinates) else ""
    body = _text(coordinates)
    return f"{kind.upper()}{z} ({body})" if kind == "Point" else f"{kind.upper()}{z} {body}"


def number(value: float) -> str:
    """Write a coordinate in the shortest way that reads back the same, without an exponent."""
    text = repr(value)
    if "e" in text:
        return f"{value:.10f}".rstrip("0").rstrip(".")
    return text.removesuffix(".0")


def _positions(geometry: Any, depth: int) -> Iterator[Position]:
    """Walk through all positions; BadGeometryError where the structure is not that of the type."""
    if not isinstance(geometry, dict) or not isinstance(kind := geometry.get("type"), str) or kind not in KINDS:
        raise BadGeometryError("unknown type")
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list) or depth > _MAX_NESTED:
            raise BadGeometryError("GeometryCollection: geometries")
        for part in parts:
            yield from _positions(part, depth + 1)
        return
    coordinates = geometry.get("coordinates")
    if kind == "Point" and coordinates == []:
        return
    yield from _flat(kind, coordinates, _DEPTH[kind])


def _flat(kind: str, value: Any, depth: int) -> Iterator[Position]:
    if not isinstance(value, list):
        raise BadGeometryError(f"{kind}: coordinates")
    if depth:
        for part in value:
            yield from _flat(kind, part, depth - 1)
        return
    numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
    if not 2 <= len(value) <= 4 or not numbers or not all(abs(part) < math.inf for part in value):
        raise BadGeometryError(f"{kind}: {str(value)[:60]}")
    yield value


def _rings(geometry: Any) -> Iterator[tuple[bool, list[Position]]]:
    """Give the rings of all polygons, each with whether it is an outer one."""
    match geometry["type"]:
        case "Polygon":
            yield from ((at == 0, ring) for at, ring in enumerate(geometry["coordinates"]))
        case "MultiPolygon":
            for polygon in geometry["coordinates"]:
                yield from ((at == 0, ring) for at, ring in enumerate(polygon))
        case "GeometryCollection":
            for part in geometry["geometries"]:
                yield from _rings(part)


def _area(ring: list[Position]) -> float:
    """Twice the area, positive when the ring turns against the clock; counted from its first corner to keep small areas exact."""
    x0, y0 = ring[0][:2]
    pairs = pairwise(ring)
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairs)


def _digits(value: float) -> int:
    text = repr(value)
    return len(text) - text.index(".") - 1 if "." in text and "e" not in text else 0


def _has_height(coordinates: Any) -> bool:
    while coordinates and isinstance(coordinates[0], list):
        coordinates = coordinates[0]
    return len(coordinates) > 2


def _text(value: Any) -> str:
    if value and not isinstance(value[0], list):
        return " ".join(number(part) for part in value[:3])
    return f"({', '.join(_text(part) for part in value)})"
