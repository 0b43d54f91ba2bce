"""Reads geometries in binary form (WKB of ISO and of PostGIS, with the header of GeoPackage) into the form of GeoJSON."""

import struct
from typing import Any

_KINDS = {
    1: "Point",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
_ENVELOPES = (0, 32, 48, 48, 64)
_MAX_DEPTH = 6


class BadWkbError(ValueError):
    """Bytes are no geometry in this form; the text says why."""


def from_geopackage(blob: bytes) -> tuple[int, dict[str, Any] | None]:
    """Give the number of the coordinate system and the geometry, None for an empty one."""
    if len(blob) < 8 or blob[:2] != b"GP":
        raise BadWkbError("no GeoPackage header")
    flags = blob[3]
    envelope = (flags >> 1) & 7
    if envelope >= len(_ENVELOPES) or flags & 0x20:
        raise BadWkbError("unknown form of GeoPackage geometry")
    system = int(struct.unpack_from("<i" if flags & 1 else ">i", blob, 4)[0])
    if flags & 0x10:
        return system, None
    return system, read(blob[8 + _ENVELOPES[envelope] :])


def read(data: bytes) -> dict[str, Any]:
    """Read a geometry; a point of NaN, which means an empty one, has no coordinates."""
    try:
        geometry, _ = _geometry(data, 0, 0)
    except struct.error as error:
        raise BadWkbError("too short") from error
    return geometry


def _geometry(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    if depth > _MAX_DEPTH:
        raise BadWkbError("too deep")
    order = "<" if struct.unpack_from("B", data, at)[0] == 1 else ">"
    code = int(struct.unpack_from(f"{order}I", data, at + 1)[0])
    at += 5
    # PostGIS sets bits for height, measure and system; ISO adds thousands for height and measure.
    if code & 0x20000000:
        at += 4
    thousands, kind = divmod(code & 0x0FFFFFFF, 1000)
    name = _KINDS.get(kind)
    if name is None or thousands > 3:
        raise BadWkbError(f"unknown type {code}")
    width = 2 + (thousands in (1, 3) or bool(code & 0x80000000)) + (thousands in (2, 3) or bool(code & 0x40000000))
    height = thousands in (1, 3) or bool(code & 0x80000000)
    if name == "Point":
        position, at = _positions(data, at, order, 1, width, height)
        return {"type": name, "coordinates": [] if position[0][0] != position[0][0] else position[0]}, at
    count, at = _count(data, at, order)
    if name == "LineString":
        coordinates, at = _positions(data, at, order, count, width, height)
        return {"type": name, "coordinates": coordinates}, at
    if name == "Polygon":
        rings = []
        for _ in range(count):
            number, at = _count(data, at, order)
            ring, at = _positions(data, at, order, number, width, height)
            rings.append(ring)
        return {"type": name, "coordinates": rings}, at
    parts = []
    for _ in range(count):
        part, at = _geometry(data, at, depth + 1)
        parts.append(part)
    if name == "GeometryCollection":
        return {"type": name, "geometries": parts}, at
    if any(part["type"] != name.removeprefix("Multi") for part in parts):
        raise BadWkbError(f"{name} of other types")
    return {"type": name, "coordinates": [part["coordinates"] for part in parts]}, at


def _count(data: bytes, at: int, order: str) -> tuple[int, int]:
    """Read how many parts follow; each takes four bytes at least, so a lie shows at once."""
    number = int(struct.unpack_from(f"{order}I", data, at)[0])
    if number > (len(data) - at) // 4:
        raise BadWkbError("too short")
    return number, at + 4


def _positions(data: bytes, at: int, order: str, count: int, width: int, height: bool) -> tuple[list[list[float]], int]:
    values = struct.unpack_from(f"{order}{count * width}d", data, at)
    kept = 3 if height else 2
    rows = [list(values[n : n + kept]) for n in range(0, count * width, width)]
    return rows, at + count * width * 8
