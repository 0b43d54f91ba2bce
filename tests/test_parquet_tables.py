"""Parquet becomes a text table."""

import csv
import datetime as dt
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_json_tables import codes

from validators import parquet_tables, schemas
from validators.intake import Limits, opened


def table(path, columns=None, schema=None, limits=None, **more):
    if columns is not None:
        pq.write_table(pa.table(columns), path, **more)
    with opened(path, schema, limits) as found:
        if not found.profile.readable:
            return None, found.profile
        with found.path.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text)), found.profile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.csv"


def test_values(path):
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, 250_000, tzinfo=dt.UTC)
    rows, profile = table(
        path,
        {
            "ganz": [1, None], "zahl": [1.0, 0.1], "klein": pa.array([8.3, None], pa.float32()), "geld": [decimal.Decimal("1.50"), None],
            "text": ["ä,\"x\"", ""], "ja": [True, None], "tag": [moment.date(), None], "zeit": pa.array([moment, None], pa.timestamp("ns", "UTC")),
            "ort": pa.array([moment.replace(tzinfo=None), None], pa.timestamp("s"), safe=False), "uhr": [dt.time(1, 2, 3), None], "bytes": [b"\0\1", None], "liste": [[1, 2], None], "objekt": [{"a": dt.date(2024, 1, 1)}, None],
            "kat": pa.array(["x", None]).dictionary_encode(), "leer": pa.nulls(2), "dauer": pa.array([dt.timedelta(hours=30), None]),
        },
    )  # fmt: skip
    assert rows[1] == [
        "1", "1", "8.3", "1.50", 'ä,"x"', "true", "2024-01-02", "2024-01-02T03:04:05.250000Z", "2024-01-02T03:04:05", "01:02:03",
        "AAE=", "[1,2]", '{"a":"2024-01-01"}', "x", "", "30:00:00",
    ]  # fmt: skip
    assert rows[2] == ["", "0.1", *[""] * 14]
    assert (profile.kind, profile.records, codes(profile)) == ("parquet", 3, ["nested-values"])
    assert profile.findings[0].count == 2


def test_the_schema_decides_how_values_are_written(path):
    fields = [
        {"name": "z", "type": "number", "decimalChar": ","},
        {"name": "j", "type": "boolean", "trueValues": ["j"], "falseValues": ["n"]},
        {"name": "d", "type": "date", "format": "%d.%m.%Y"},
    ]
    wanted = schemas.read(json.dumps({"fields": fields}).encode())
    assert table(path, {"z": [1.5], "j": [False], "d": [dt.date(2024, 3, 4)]}, wanted)[0][1] == [
        "1,5",
        "n",
        "04.03.2024",
    ]


def test_many_row_groups(path):
    rows, _ = table(path, {"a": list(range(12_000)), "b": [f"b{n}" for n in range(12_000)]}, row_group_size=1000)
    assert rows[1:] == [[str(n), f"b{n}"] for n in range(12_000)]


@pytest.mark.slow
def test_one_long_text_in_every_row(path):
    """A few kilobytes stand for gigabytes, and are refused before they are written."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 100_000])).cast(
        pa.dictionary(pa.int32(), pa.string())
    )
    pq.write_table(pa.table({"a": column, "b": list(range(200_000))}), path, store_schema=False)
    assert path.stat().st_size < 5_000_000
    assert codes(table(path, limits=Limits(bytes=60_000_000))[1]) == ["too-much-inside"]
    assert codes(table(path, limits=Limits(cell=50_000))[1]) == ["cell-too-long"]


def test_limits(path, monkeypatch):
    assert codes(table(path, {f"c{n}": [1] for n in range(150)}, limits=Limits(columns=100))[1]) == ["too-many-columns"]
    monkeypatch.setattr(parquet_tables, "MAX_CELLS", 1000)
    assert codes(table(path, {"a": list(range(2000))})[1]) == ["too-much-inside"]
    monkeypatch.undo()
    monkeypatch.setattr(parquet_tables, "MAX_GROUP", 1000)
    assert codes(table(path, {"a": list(range(2000))})[1]) == ["too-much-inside"]


def test_nothing_inside(path):
    assert codes(table(path, {})[1]) == ["no-table"]
    rows, profile = table(path, {"a": pa.array([], pa.string())})
    assert (rows, profile.records) == ([["a"]], 1)


@pytest.mark.slow
def test_broken_files(path):
    table(path, {"a": [f"x{n}" for n in range(3000)], "b": list(range(3000))})
    whole = path.read_bytes()
    for length in (4, 100, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:length])
        assert codes(table(path)[1]) == ["damaged-file"]
    for at in range(4, len(whole), max(len(whole) // 60, 1)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        table(path)


def test_text_that_is_no_utf8(path):
    """Bytes that claim to be text are refused with a sentence."""
    bad = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())
    assert codes(table(path, {"a": bad})[1]) == ["damaged-file"]
