"""GeoJSON becomes a table of properties and places, and its coordinates are looked at."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators import schemas
from validators.check import check_table
from validators.coordinates import recognised
from validators.geometry import Tally, wkt
from validators.intake import Limits, opened
from validators.report import Severity

RING = [[8.6, 49.8], [8.7, 49.8], [8.7, 49.9], [8.6, 49.8]]


def feature(geometry, properties=None, **more):
    return {
        "type": "Feature",
        "properties": {"n": "x"} if properties is None else properties,
        "geometry": geometry,
        **more,
    }


def point(*position):
    return feature({"type": "Point", "coordinates": list(position)})


def area(*rings, kind="Polygon"):
    return feature({"type": kind, "coordinates": list(rings)})


def table(tmp_path, document, schema=None, **more):
    """The records of a document's table as lists, and its profile."""
    path = tmp_path / "f"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    with opened(path, schema, **more) as found:
        if not found.profile.readable:
            return None, found.profile
        with found.path.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text)), found.profile


def collection(*features, **more):
    return {"type": "FeatureCollection", "features": list(features), **more}


def found(profile):
    return {finding.code: finding for finding in profile.findings}


def schema(*fields):
    return schemas.read(json.dumps({"name": "t", "fields": [{"type": "string", **one} for one in fields]}).encode())


def test_points_have_their_place_in_two_columns(tmp_path):
    rows, profile = table(tmp_path, collection(point(8.65, 49.87), point(8.5, 50)))
    assert rows == [["n", "lon", "lat"], ["x", "8.65", "49.87"], ["x", "8.5", "50"]]
    assert (profile.kind, profile.header_row, profile.records, profile.findings) == ("geojson", 1, 3, ())


def test_other_geometries_are_well_known_text(tmp_path):
    line = feature({"type": "MultiLineString", "coordinates": [[[8.6, 49.8, 120], [8.7, 49.9, 121]]]}, id=7)
    rows, _ = table(tmp_path, collection(line))
    assert rows == [["id", "n", "geometry"], ["7", "x", "MULTILINESTRING Z ((8.6 49.8 120, 8.7 49.9 121))"]]


def test_a_single_feature_and_a_bare_geometry(tmp_path):
    assert table(tmp_path, point(8.65, 49.87))[0][1] == ["x", "8.65", "49.87"]
    assert table(tmp_path, point(8.65, 49.87)["geometry"])[0] == [["lon", "lat"], ["8.65", "49.87"]]


def test_columns_stand_as_in_the_schema(tmp_path):
    """Keys of an object have no order, and properties with the names of the schema win over the geometry."""
    wanted = schema({"name": "a"}, {"name": "lon", "type": "number"}, {"name": "lat", "type": "number"}, {"name": "b"})
    document = collection(feature({"type": "Point", "coordinates": [8.65, 49.87]}, {"z": 1, "b": "B", "a": "A"}))
    assert table(tmp_path, document, wanted)[0] == [["a", "lon", "lat", "b", "z"], ["A", "8.65", "49.87", "B", "1"]]
    document = collection(
        feature({"type": "Point", "coordinates": [1, 2]}, {"lon": 8.6, "lat": 49.8, "b": "B", "a": "A"})
    )
    rows, profile = table(tmp_path, document, wanted)
    assert rows[1] == ["A", "8.6", "49.8", "B"]
    assert "geometry-left-out" not in found(profile)


def test_a_schema_without_place_for_geometries(tmp_path):
    rows, profile = table(tmp_path, collection(point(8.65, 49.87)), schema({"name": "n"}))
    assert rows == [["n"], ["x"]]
    assert found(profile)["geometry-left-out"].severity is Severity.HINT
    rows, profile = table(tmp_path, collection(area(RING)), schema({"name": "n"}, {"name": "flaeche", "format": "wkt"}))
    assert rows[1] == ["x", "POLYGON ((8.6 49.8, 8.7 49.8, 8.7 49.9, 8.6 49.8))"]


CASES = [
    ("swapped-axes", Severity.BLOCKS, [point(49.87, 8.65)]),
    ("outside-region", Severity.WARNING, [point(13.4, 52.5)]),
    ("excess-digits", Severity.HINT, [point(8.6512345678, 49.87)]),
    ("wrong-crs", Severity.BLOCKS, [point(475_000.5, 5_524_000.5)]),
    ("wrong-crs", Severity.BLOCKS, [point(99_999_999, 1)]),
    ("empty-geometry", Severity.WARNING, [feature(None)]),
    ("empty-geometry", Severity.WARNING, [area(kind="MultiPolygon")]),
    ("bad-geometry", Severity.BLOCKS, [point("8.6", 49.8)]),
    ("bad-geometry", Severity.BLOCKS, [point(8.6)]),
    ("bad-geometry", Severity.BLOCKS, [point(True, 49.8)]),
    ("bad-geometry", Severity.BLOCKS, [area(8.6, 49.8)]),
    ("bad-geometry", Severity.BLOCKS, [feature({"type": "Kreis", "coordinates": []})]),
    ("bad-geometry", Severity.BLOCKS, [feature({"type": ["Point"], "coordinates": []})]),
    ("bad-geometry", Severity.BLOCKS, [feature(5)]),
    ("bad-geometry", Severity.BLOCKS, [feature({"type": "GeometryCollection", "geometries": [None]})]),
    ("open-ring", Severity.BLOCKS, [area(RING[:3])]),
    ("open-ring", Severity.BLOCKS, [area([RING[0], RING[1], RING[2], [8.61, 49.8]])]),
    ("ring-order", Severity.HINT, [area(RING[::-1])]),
    ("ring-order", Severity.HINT, [area(RING, RING)]),
    ("mixed-geometries", Severity.WARNING, [area(RING), point(8.65, 49.87)]),
    ("no-feature", Severity.BLOCKS, [5, point(8.65, 49.87)]),
    ("no-feature", Severity.BLOCKS, [{"type": "Feature", "properties": [1], "geometry": None}, point(8.65, 49.87)]),
    ("doubled-feature-id", Severity.WARNING, [{**point(8.65, 49.87), "id": 1}, {**point(8.65, 49.87), "id": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "severity", "features"), CASES)
def test_what_is_wrong_is_named(tmp_path, code, severity, features):
    _, profile = table(tmp_path, collection(point(8.65, 49.87), *features))
    finding = found(profile)[code]
    assert finding.severity is severity
    assert finding.count >= 1
    assert finding.what.de.endswith(".")
    sound = {**found(table(tmp_path, collection(point(8.65, 49.87), point(8.5, 50.1)))[1])}
    assert code not in sound


def test_one_finding_for_many_features(tmp_path):
    _, profile = table(tmp_path, collection(*[point(round(49.8 + n / 1000, 3), 8.65) for n in range(300)]))
    (finding,) = profile.findings
    assert (finding.code, finding.count, finding.rows) == ("swapped-axes", 300, tuple(range(2, 12)))
    assert "300 Objekte" in finding.what.de


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("urn:ogc:def:crs:EPSG::25832", "EPSG:25832"), ("EPSG:31467", "EPSG:31467"), ("urn:ogc:def:crs:EPSG:9.6:3857", "EPSG:3857"),
        ("Mein System", "ein unbekanntes Koordinatensystem"),
    ],
)  # fmt: skip
def test_the_file_names_its_system(tmp_path, name, code):
    crs = {"type": "name", "properties": {"name": name}}
    finding = found(table(tmp_path, collection(point(8.65, 49.87), crs=crs))[1])["wrong-crs"]
    assert code in finding.what.de
    assert "EPSG:4326" in finding.fix.de


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4258"])
def test_degrees_are_right_whatever_their_name(tmp_path, name):
    crs = {"type": "name", "properties": {"name": name}}
    assert not table(tmp_path, collection(point(8.65, 49.87), crs=crs))[1].findings


@pytest.mark.parametrize(
    ("x", "y", "system"),
    [(475_000, 5_524_000, "EPSG:25832"), (3_475_000, 5_526_000, "EPSG:31467"), (963_000, 6_420_000, "EPSG:3857"), (32_475_000, 5_524_000, "EPSG:4647")],
)  # fmt: skip
def test_coordinates_show_their_system(tmp_path, x, y, system):
    assert recognised(x, y) == system
    assert system in found(table(tmp_path, collection(point(x, y)))[1])["wrong-crs"].what.de


POSITIONS = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=4)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["Point", "Polygon", "", "Feature"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometries", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_no_geometry_is_too_strange_to_be_counted(geometry):
    tally = Tally()
    if tally.add(2, geometry):
        assert wkt(geometry)
    assert tally.features == 1


@given(st.sampled_from(["LineString", "MultiPoint"]), POSITIONS)
def test_well_known_text_has_every_number(kind, positions):
    text = wkt({"type": kind, "coordinates": [list(position) for position in positions]})
    numbers = [float(number) for number in text.partition(" ")[2].strip("()").replace(",", " ").split()]
    assert numbers == pytest.approx([number for position in positions for number in position], abs=1e-9)


def test_deep_nesting_ends_in_a_sentence(tmp_path):
    deep = {"type": "Point", "coordinates": [8.6, 49.8]}
    for _ in range(300):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    assert "bad-geometry" in found(table(tmp_path, collection(feature(deep)))[1])
    opened_lists = b'{"type":"FeatureCollection","features":' + b"[" * 100_000
    assert list(found(table(tmp_path, opened_lists)[1])) == ["bad-json"]


def test_no_features_and_no_list(tmp_path):
    assert list(found(table(tmp_path, collection())[1])) == ["no-table"]
    assert list(found(table(tmp_path, {"type": "FeatureCollection", "features": {}})[1])) == ["no-table"]


def test_too_many_properties(tmp_path):
    features = [feature(None, {f"a{n}-{m}": 1 for m in range(20)}) for n in range(20)]
    assert list(found(table(tmp_path, collection(*features), limits=Limits(columns=100))[1])) == ["too-many-columns"]


def test_a_conforming_file(tmp_path):
    path = tmp_path / "orte.geojson"
    path.write_text(json.dumps(collection(point(8.65, 49.87), point(8.5, 50.0))))
    wanted = schema(
        {"name": "n"},
        {"name": "lon", "type": "number", "constraints": {"maximum": 8.6}},
        {"name": "lat", "type": "number"},
    )
    report = check_table(path, wanted)
    assert [
        (error["rowNumber"], error["fieldName"]) for task in report.frictionless["tasks"] for error in task["errors"]
    ] == [(2, "lon")]
    assert report.sniffed.kind == "geojson"
