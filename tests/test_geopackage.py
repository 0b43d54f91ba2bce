"""Layers of a GeoPackage become tables, and a hostile database does nothing but fail."""

import csv
import sqlite3
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples_tables import geopackage, point, polygon
from test_json_tables import codes

from validators import geopackage as module
from validators import schemas
from validators.intake import Limits, opened
from validators.report import Severity
from validators.wkb import BadWkbError, from_geopackage, read


def table(path, schema=None, **more):
    with opened(path, schema, **more) as found:
        if not found.profile.readable:
            return None, found.profile
        with found.path.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text)), found.profile


def test_points(tmp_path):
    path = geopackage(
        tmp_path / "x.csv",
        {"bäume": [{"name": "ä", "geom": point(8.65, 49.87), "z": 1.5}, {"name": None, "geom": None}]},
    )
    rows, profile = table(path)
    assert rows == [["fid", "name", "z", "lon", "lat"], ["1", "ä", "1.5", "8.65", "49.87"], ["2", "", "", "", ""]]
    assert (profile.kind, profile.part, profile.records) == ("geopackage", "bäume", 3)
    assert codes(profile) == ["empty-geometry"]
    assert profile.findings[0].rows == (3,)


def test_areas_in_another_system(tmp_path):
    ring = [(475000, 5524000), (475010, 5524000), (475010, 5524010), (475000, 5524000)]
    path = geopackage(tmp_path / "f", {"f": [{"geom": polygon(ring, 25832)}]}, system=25832, kind="POLYGON")
    rows, profile = table(path)
    assert rows[1][1] == "POLYGON ((475000 5524000, 475010 5524000, 475010 5524010, 475000 5524000))"
    assert [(f.code, f.severity) for f in profile.findings] == [("wrong-crs", Severity.WARNING)]
    assert "EPSG:25832" in profile.findings[0].what.de
    unnamed = geopackage(tmp_path / "g", {"f": [{"geom": point(475000, 5524000, 0)}]}, system=0)
    assert "EPSG:25832" in table(unnamed)[1].findings[0].what.de


def test_the_layer_that_fits(tmp_path):
    path = geopackage(tmp_path / "f", {"a": [{"x": 1}], "b": [{"name": "n", "nummer": 2}]})
    wanted = schemas.read(b'{"fields": [{"name": "nummer", "type": "integer"}, {"name": "name"}]}')
    rows, profile = table(path, wanted)
    assert rows == [["nummer", "name"], ["2", "n"]]
    assert (profile.part, codes(profile)) == ("b", ["parts-left-out"])
    assert table(path, part="A")[1].part == "a"
    assert codes(table(path, part="c")[1]) == ["no-such-part"]


def test_values(tmp_path):
    path = geopackage(
        tmp_path / "f",
        {"a": [{"t": "2024-03-04T12:30:00.000Z", "u": "2024-03-04T12:30:00.250Z", "b": b"\0\1", "n": -5}]},
    )
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE a ADD COLUMN ja BOOLEAN DEFAULT 1")
        database.execute("UPDATE a SET n = CAST(x'ff41' AS TEXT)")
    database.close()
    assert table(path)[0][1] == ["1", "2024-03-04T12:30:00Z", "2024-03-04T12:30:00.250Z", "AAE=", "\ufffdA", "true"]


def changed(path, script):
    with sqlite3.connect(path) as database:
        database.executescript(script)
    database.close()
    return path


@pytest.fixture
def path(tmp_path):
    return geopackage(tmp_path / "f", {"a": [{"name": "x"}]})


@pytest.mark.slow
def test_an_endless_view_is_stopped(path, monkeypatch):
    monkeypatch.setattr(module, "MAX_SECONDS", 1.0)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n"
    changed(path, f"DROP TABLE a; CREATE VIEW a AS {endless}")
    start = time.monotonic()
    assert codes(table(path)[1]) == ["reading-stopped"]
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "call",
    ["load_extension('x')", "randomblob(1000000000)", "zeroblob(10)", "readfile('/etc/passwd')", "writefile('x', 'y')"],
)
def test_a_view_cannot_call_anything_dangerous(path, call):
    changed(path, "DROP TABLE a; CREATE VIEW a AS SELECT 1 AS i")
    changed(
        path,
        f"PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = 'CREATE VIEW a AS SELECT {call.replace(chr(39), chr(39) * 2)} AS i' WHERE name = 'a'",
    )
    assert codes(table(path)[1]) == ["damaged-file"]


def test_names_cannot_break_out_of_their_quotes(tmp_path):
    name = 'a" UNION SELECT sql FROM sqlite_master --'
    path = tmp_path / "f"
    geopackage(path, {"b": [{"x": 1}]})
    quoted = name.replace('"', '""')
    changed(
        path,
        f'CREATE TABLE "{quoted}" ("x""; DROP" TEXT); INSERT INTO "{quoted}" VALUES (\'ok\'); DELETE FROM gpkg_contents;',
    )
    changed(path, f"INSERT INTO gpkg_contents VALUES ('{name}', 'attributes')")
    assert table(path)[0] == [['x"; DROP'], ["ok"]]


def test_the_file_is_not_written_and_no_journal_is_played(path):
    before = path.read_bytes()
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 600)
    assert table(path)[0][1] == ["1", "x"]
    assert path.read_bytes() == before
    assert journal.exists()


@pytest.mark.slow
def test_other_databases_and_broken_ones(path, tmp_path):
    other = changed(tmp_path / "o", "CREATE TABLE t (x)")
    assert codes(table(other)[1]) == ["no-table"]
    whole = path.read_bytes()
    for length in (100, 5000, len(whole) // 2):
        path.write_bytes(whole[:length])
        assert not table(path)[1].readable
    for at in range(0, len(whole), 151):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        table(path)
    missing = changed(
        tmp_path / "m",
        "CREATE TABLE gpkg_contents (table_name, data_type); INSERT INTO gpkg_contents VALUES ('weg', 'features')",
    )
    assert codes(table(missing)[1]) == ["no-table"]


def test_too_many_columns(tmp_path):
    path = geopackage(tmp_path / "f", {"a": [{f"c{n}": n for n in range(150)}]})
    assert codes(table(path, limits=Limits(columns=100))[1]) == ["too-many-columns"]


WKB = {
    "Point": ("0101000000000000000000f03f0000000000000040", [1.0, 2.0]),
    "Point Z": ("01e9030000000000000000f03f00000000000000400000000000000840", [1.0, 2.0, 3.0]),
    "PostGIS Point with system": ("0101000020e6100000000000000000f03f0000000000000040", [1.0, 2.0]),
    "big endian": ("00000000013ff00000000000004000000000000000", [1.0, 2.0]),
    "measured": ("01d1070000000000000000f03f00000000000000400000000000000840", [1.0, 2.0]),
    "MultiPoint": ("0104000000010000000101000000000000000000f03f0000000000000040", [[1.0, 2.0]]),
}


@pytest.mark.parametrize("name", WKB)
def test_binary_geometries(name):
    text, coordinates = WKB[name]
    assert read(bytes.fromhex(text))["coordinates"] == coordinates


def test_empty_and_nested_geometries():
    nan = struct.pack("<BIdd", 1, 1, float("nan"), float("nan"))
    assert read(nan) == {"type": "Point", "coordinates": []}
    assert from_geopackage(b"GP\0\x11" + struct.pack("<i", 4326)) == (4326, None)
    deep = nan
    for _ in range(50):
        deep = struct.pack("<BII", 1, 7, 1) + deep
    with pytest.raises(BadWkbError, match="deep"):
        read(deep)
    with pytest.raises(BadWkbError, match="short"):
        read(struct.pack("<BII", 1, 2, 4_000_000_000))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_geometry_or_refused(data):
    for blob in (data, b"GP\0\x01\0\0\0\0" + data, b"\x01\x06\0\0\0" + data):
        for reader in (read, from_geopackage):
            try:
                reader(blob)
            except BadWkbError as error:
                assert str(error)
