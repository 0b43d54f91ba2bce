"""One table in an archive is read; everything else in archives is refused in a sentence."""

import csv
import gzip
import json
import zipfile

import pytest
from samples_tables import geopackage, xlsx, zipped, zipped_bytes
from test_json_tables import codes

from validators import archives, schemas, zip_parts
from validators.intake import Limits, opened

CSV = b"id;n\na;1\n"


def table(path, schema=None, **more):
    with opened(path, schema, **more) as found:
        if not found.profile.readable:
            return None, found.profile
        with found.path.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text, delimiter=found.profile.delimiter)), found.profile


def test_the_table_inside(tmp_path):
    path = zipped(
        tmp_path / "x.csv",
        {"ordner/daten.csv": CSV, "ordner/liesmich.txt": b"Hallo", "__MACOSX/._daten.csv": b"x", "bild.png": b""},
    )
    rows, profile = table(path)
    assert rows == [["id", "n"], ["a", "1"]]
    assert (profile.kind, profile.part, profile.bytes, codes(profile)) == (
        "zip+csv",
        "ordner/daten.csv",
        path.stat().st_size,
        [],
    )


def test_every_kind_inside(tmp_path):
    book = xlsx(tmp_path / "b", {"Blatt": [["id", "n"], ["a", 1.0]]}).read_bytes()
    layer = geopackage(tmp_path / "g", {"ebene": [{"id": "a", "n": 1}]}).read_bytes()
    document = json.dumps([{"id": "a", "n": 1}]).encode()
    for name, data, kind, part in (
        ("t.xlsx", book, "xlsx", "t.xlsx: Blatt"),
        ("t.gpkg", layer, "geopackage", "t.gpkg: ebene"),
        ("t.json", document, "json", "t.json"),
    ):
        rows, profile = table(zipped(tmp_path / "z", {name: data}))
        assert rows[-1][-2:] == ["a", "1"]
        assert (profile.kind, profile.part) == (f"zip+{kind}", part)


def test_gzip(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(gzip.compress(CSV))
    rows, profile = table(path)
    assert (rows, profile.kind, profile.part) == ([["id", "n"], ["a", "1"]], "gzip+csv", "")
    path.write_bytes(gzip.compress(CSV * 1000)[:-20])
    assert codes(table(path)[1]) == ["damaged-file"]


def test_several_tables(tmp_path):
    path = zipped(tmp_path / "z", {"1.csv": CSV, "2.csv": b"name;art\nx;y\n"})
    _, profile = table(path)
    assert codes(profile) == ["several-tables"]
    assert profile.findings[0].examples == ("1.csv", "2.csv")
    wanted = schemas.read(b'{"fields": [{"name": "name"}, {"name": "art"}]}')
    rows, profile = table(path, wanted)
    assert (rows[1], profile.part, codes(profile)) == (["x", "y"], "2.csv", ["parts-left-out"])
    assert table(path, part="1.csv")[1].part == "1.csv"
    assert codes(table(path, part="3.csv")[1]) == ["no-such-part"]
    beside = zipped(tmp_path / "x", {"daten.csv": CSV, "hinweise.txt": b"Stand: heute", "leer.csv": b""})
    assert table(beside)[1].part == "daten.csv"
    twice = zipped(tmp_path / "y", {"1.csv": b"name;art\nx;y\n", "2.csv": b"name;art\nx;y\n"})
    assert codes(table(twice, wanted)[1]) == ["several-tables"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"a.shp": b"", "a.dbf": b"", "a.csv": CSV}, "shapefile"),
        ({"a.zip": zipped_bytes({"a.csv": CSV})}, "archive-in-archive"),
        ({"a.csv": zipped_bytes({"a.csv": CSV})}, "archive-in-archive"),
        ({"a.csv": gzip.compress(CSV)}, "archive-in-archive"),
        ({"bild.png": b"x"}, "no-table"),
        ({}, "damaged-file"),
        ({"a.csv": b"%PDF-1.7"}, "not-a-table"),
        ({"a.csv": b""}, "empty-file"),
    ],
)  # fmt: skip
def test_what_is_not_read(tmp_path, members, code):
    path = zipped(tmp_path / "z", members)
    if not members:
        path.write_bytes(b"PK\x03\x04")
    _, profile = table(path)
    assert (profile.readable, codes(profile)) == (False, [code])


def test_names_inside_lead_nowhere(tmp_path):
    table(zipped(tmp_path / "z", {"../../../weg.csv": CSV, "/etc/weg.csv": CSV}))
    assert [path.name for path in tmp_path.iterdir()] == ["z"]


@pytest.mark.slow
def test_bombs(tmp_path, monkeypatch):
    zeros = zipped(tmp_path / "z", {"a.csv": b"a;b\n" + b"0" * 30_000_000})
    assert zeros.stat().st_size < 100_000
    assert codes(table(zeros, limits=Limits(bytes=10_000_000))[1]) == ["too-much-inside"]
    packed = tmp_path / "g"
    packed.write_bytes(gzip.compress(b"0" * 30_000_000))
    assert codes(table(packed, limits=Limits(bytes=10_000_000))[1]) == ["too-much-inside"]
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1_000_000)
    assert codes(table(zeros)[1]) == ["too-much-inside"]
    assert codes(table(packed)[1]) == ["too-much-inside"]


def test_a_member_longer_than_it_says(tmp_path):
    path = zipped(tmp_path / "z", {"a.csv": b"a;b\n" + b"0;1\n" * 100_000})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (8).to_bytes(4, "little")
    path.write_bytes(data)
    assert codes(table(path)[1]) == ["damaged-file"]


def test_too_many_members(tmp_path, monkeypatch):
    path = zipped(tmp_path / "z", {f"{n}.csv": CSV for n in range(60)})
    monkeypatch.setattr(zip_parts, "MAX_MEMBERS", 50)
    assert codes(table(path)[1]) in (["too-much-inside"], ["damaged-file"])
    monkeypatch.undo()
    monkeypatch.setattr(zip_parts, "_MAX_LIST", 1000)
    assert codes(table(path)[1]) == ["damaged-file"]


def test_encrypted_members(tmp_path):
    path = zipped(tmp_path / "z", {"a.csv": CSV})
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + place] |= 1
    path.write_bytes(data)
    assert codes(table(path)[1]) == ["password"]


def test_unusual_compression(tmp_path):
    with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_LZMA) as target:
        target.writestr("a.csv", CSV)
    assert codes(table(tmp_path / "z")[1]) == ["damaged-file"]


@pytest.mark.slow
def test_flipped_bytes_never_end_in_a_traceback(tmp_path):
    path = zipped(tmp_path / "z", {"a.csv": CSV * 20, "b.csv": CSV})
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        table(path)
