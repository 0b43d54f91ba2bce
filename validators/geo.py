"""Reads GeoJSON as a table: the properties of the features, and their geometry where the schema has a place for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validators import json_cells
from validators.columns import match
from validators.file_findings import too_many_columns
from validators.geo_findings import DEGREES, doubled_ids, geo_findings, geometry_left_out, no_features
from validators.geometry import KINDS, Count, Tally, lon_lat, number, wkt
from validators.kind_findings import no_table
from validators.report import Finding, TableProfile
from validators.schemas import TableSchema
from validators.text_table import Limits, RefusedError, TextTable

_AT_ONCE = 2_000
_SYSTEM = re.compile(r"(?:EPSG|OGC)\W.*?(\d+|CRS84)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The columns that geometries are written to: longitude and latitude, or one of well-known text; both empty when there is none."""

    lon: str = ""
    lat: str = ""
    wkt: str = ""

    @property
    def labels(self) -> list[str]:
        """The names of the columns."""
        return [label for label in (self.lon, self.lat, self.wkt) if label]

    def cells(self, geometry: Any, *, usable: bool) -> dict[str, str]:
        """Write one geometry into its columns."""
        if not usable:
            return {}
        if self.wkt:
            return {self.wkt: wkt(geometry)}
        place = lon_lat(geometry)
        return {self.lon: number(place[0]), self.lat: number(place[1])} if place and self.lon else {}


def is_geojson(document: Any) -> bool:
    """Tell whether a JSON document says that it is GeoJSON."""
    if not isinstance(document, dict):
        return False
    kind = document.get("type")
    if kind == "FeatureCollection":
        return "features" in document
    return (kind == "Feature" and "geometry" in document) or (
        isinstance(kind, str) and kind in KINDS and ("coordinates" in document or "geometries" in document)
    )


def read(document: dict[str, Any], target: Path, schema: TableSchema | None, limits: Limits) -> TableProfile:
    """Write the features as CSV; the record of a feature is its number plus one, for the header."""
    features = _features(document)
    tally, strange, taken, ids = Tally(), Count(), Count(), set[str]()
    labels: dict[str, None] = {}
    usable: list[bool] = []
    for row, feature in enumerate(features, 2):
        sound = isinstance(feature, dict) and feature.get("type") == "Feature"
        properties = feature.get("properties") if sound else None
        if not sound or not isinstance(properties, dict | None):
            strange.add(row)
        if isinstance(properties, dict):
            labels.update(dict.fromkeys(properties))
        usable.append(tally.add(row, feature.get("geometry")) if sound else False)
        if sound and (name := feature.get("id")) is not None:
            if str(name) in ids:
                taken.add(row, str(name)[:60])
            ids.add(str(name))
        if len(labels) > limits.columns:
            raise RefusedError(too_many_columns(row, len(labels), limits.columns))
    if ids and "id" not in labels and _has_room(schema, "id"):
        labels = {"id": None, **labels}
    points = set(tally.kinds) <= {"Point"}
    places, about_places = placed(list(labels), schema, points=points and bool(tally.kinds))
    header = in_order([*labels, *places.labels], schema)
    if not header:
        raise RefusedError(no_table("geojson"))
    cells = json_cells.Cells(header, schema)
    with TextTable(target, limits) as table:
        table.write([header])
        for at in range(0, len(features), _AT_ONCE):
            some = zip(features[at : at + _AT_ONCE], usable[at : at + _AT_ONCE], strict=True)
            table.write([cells.row(_values(feature, places, usable=good)) for feature, good in some])
    findings = geo_findings(tally, _system(document)) + about_places
    findings += [no_features(strange)] if strange.number else []
    findings += [doubled_ids(taken)] if taken.number else []
    return table.profile(1, kind="geojson", findings=(*findings, *cells.findings()))


def placed(labels: list[str], schema: TableSchema | None, *, points: bool) -> tuple[Places, list[Finding]]:
    """Decide where geometries are written: the schema's columns for them; without a schema lon and lat, or geometry."""
    if schema is None:
        if points and "lon" not in labels and "lat" not in labels:
            return Places(lon="lon", lat="lat"), []
        return (Places(wkt="geometry"), []) if "geometry" not in labels else (Places(), [])
    names = {field.name for field in schema.fields}
    if {"lon", "lat"} <= names and points:
        # Properties called so win: they are what the department keeps.
        return (Places() if {"lon", "lat"} & set(labels) else Places(lon="lon", lat="lat")), []
    texts = [f.name for f in schema.fields if f.name not in labels and (f.format == "wkt" or f.name == "geometry")]
    return (Places(wkt=texts[0]), []) if texts else (Places(), [geometry_left_out()])


def in_order(labels: list[str], schema: TableSchema | None) -> list[str]:
    """Put columns into the order of the schema: keys of an object have none of their own."""
    if schema is None:
        return labels
    position = {field.name: at for at, field in enumerate(schema.fields)}
    matched = match(tuple(labels), schema)
    ranked = sorted(range(len(labels)), key=lambda at: (position.get(matched.fields[at], len(position)), at))
    return [labels[at] for at in ranked]


def _features(document: dict[str, Any]) -> list[Any]:
    if document["type"] == "FeatureCollection":
        features = document["features"]
        if not isinstance(features, list) or not features:
            raise RefusedError(no_table("geojson"))
        return features
    return [document if document["type"] == "Feature" else {"type": "Feature", "geometry": document, "properties": {}}]


def _has_room(schema: TableSchema | None, name: str) -> bool:
    return schema is None or schema.field(name) is not None


def _values(feature: Any, places: Places, *, usable: bool) -> Mapping[str, Any]:
    if not isinstance(feature, dict):
        return {}
    properties = feature.get("properties")
    values = dict(properties) if isinstance(properties, dict) else {}
    if feature.get("id") is not None:
        values.setdefault("id", feature["id"])
    return values | places.cells(feature.get("geometry"), usable=usable)


def _system(document: dict[str, Any]) -> str:
    """Read the old member `crs`, which RFC 7946 has dropped and many programs still write."""
    crs = document.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        return ""
    found = _SYSTEM.search(name.strip()[:200])
    if found is None:
        return name.strip()[:60]
    code = f"OGC:{found[1].upper()}" if found[1].upper() == "CRS84" else f"EPSG:{found[1]}"
    return code if code not in DEGREES else "EPSG:4326"
