"""Copies of tables for programs: what a type reads becomes a value, however it is spelled; what it does not read leaves the column text."""

import csv
import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators import intake, schemas, typed_copy
from validators.check import check_table
from validators.schemas import TableSchema

TRUE, FALSE = ["ja"], ["nein"]


def schema(fields: list[dict[str, Any]], **more: Any) -> TableSchema:
    return schemas.read(json.dumps({"name": "probe", "fields": fields, **more}).encode())


def written(
    folder: Path, body: str | bytes, of: TableSchema | None = None, about: dict[str, str] | None = None
) -> tuple[pa.Table, list[list[str]]]:
    """Write both copies and read them back."""
    path = folder / "table"
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    parquet, plain = folder / "copy.parquet", folder / "copy.csv"
    with intake.opened(path, of) as table:
        assert table.profile.readable
        rows = typed_copy.write(table.path, table.profile, of, parquet, plain, about or {})
    with plain.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    found = pq.read_table(parquet)
    assert found.num_rows == rows == len(lines) - 1
    assert found.column_names == lines[0]
    return found, lines[1:]


@pytest.mark.parametrize(
    ("field", "cells", "type_", "values", "texts"),
    [
        ({"type": "integer"}, ["1", "-2", " 7 ", "1_000", "+12", "007", "٣"], pa.int64(), [1, -2, 7, 1000, 12, 7, 3],
         ["1", "-2", "7", "1000", "12", "7", "3"]),
        ({"type": "number", "decimalChar": ",", "groupChar": "."}, ["1.234,50", "0,5", "-3", "12345,6"], pa.float64(),
         [1234.5, 0.5, -3.0, 12345.6], ["1234.50", "0.5", "-3", "12345.6"]),
        ({"type": "number"}, ["1e3", "NaN", "2.50"], pa.float64(), None, ["1000", "NaN", "2.50"]),
        ({"type": "number"}, ["1e999999", "2"], pa.float64(), None, ["1E+999999", "2"]),
        ({"type": "date", "format": "%d.%m.%Y"}, ["31.05.2026", "1.2.2024"], pa.date32(),
         [datetime.date(2026, 5, 31), datetime.date(2024, 2, 1)], ["2026-05-31", "2024-02-01"]),
        ({"type": "datetime"}, ["2026-05-31T10:00:00+02:00", "2026-05-31T08:00:00Z"], pa.timestamp("us", "UTC"),
         [datetime.datetime(2026, 5, 31, 8, tzinfo=datetime.UTC)] * 2, ["2026-05-31T08:00:00Z"] * 2),
        ({"type": "boolean", "trueValues": TRUE, "falseValues": FALSE}, ["ja", "nein"], pa.bool_(), [True, False],
         ["true", "false"]),
        ({"type": "year"}, ["1999", "2024"], pa.int64(), [1999, 2024], ["1999", "2024"]),
        ({"type": "string"}, ["007", " ä "], pa.string(), ["007", " ä "], ["007", " ä "]),
        ({"type": "time"}, ["10:30:00", "11:00:00"], pa.string(), ["10:30:00", "11:00:00"], ["10:30:00", "11:00:00"]),
    ],
    ids=["integer", "german", "number", "huge", "date", "datetime", "boolean", "year", "string", "time"],
)  # fmt: skip
def test_values_have_the_type_of_their_field(
    tmp_path: Path,
    field: dict[str, Any],
    cells: list[str],
    type_: pa.DataType,
    values: list[Any] | None,
    texts: list[str],
) -> None:
    of = schema([{"name": "id", "type": "integer"}, {"name": "wert", **field}])
    body = "id;wert\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells))
    table, lines = written(tmp_path, body, of)
    assert table.schema.field("wert").type == type_
    if values is not None:
        assert table.column("wert").to_pylist() == values
    assert [line[1] for line in lines] == texts


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ({"type": "integer"}, "x"),
        ({"type": "integer"}, "9" * 30),
        ({"type": "number"}, "1,5"),
        ({"type": "date"}, "2024-02-30"),
        ({"type": "datetime"}, "2024-02-01T10:00:00"),
        ({"type": "boolean"}, "jein"),
    ],
)
def test_a_column_with_a_cell_of_another_type_stays_text(tmp_path: Path, field: dict[str, Any], odd: str) -> None:
    of = schema([{"name": "id", "type": "integer"}, {"name": "wert", **field}])
    table, lines = written(tmp_path, f"id,wert\n1,\n2,{json.dumps(odd)}\n", of)
    assert table.schema.field("wert").type == pa.string() and table.schema.field("id").type == pa.int64()
    assert table.column("wert").to_pylist() == [None, odd]
    assert lines == [["1", ""], ["2", odd]]


def test_a_broken_constraint_leaves_the_value(tmp_path: Path) -> None:
    of = schema([{"name": "a", "type": "integer", "constraints": {"maximum": 3}}, {"name": "b", "type": "string"}])
    table, _ = written(tmp_path, "a,b\n9,x\n", of)
    assert table.column("a").to_pylist() == [9]


def test_missing_values_are_null(tmp_path: Path) -> None:
    of = schema([{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}], missingValues=["", "k. A."])
    table, lines = written(tmp_path, "a,b\nk. A.,k. A.\n1,\n", of)
    assert table.to_pylist() == [{"a": None, "b": None}, {"a": 1, "b": None}]
    assert lines == [["", ""], ["1", ""]]


def test_without_a_schema_all_is_text_and_every_column_has_a_name(tmp_path: Path) -> None:
    table, lines = written(tmp_path, "a;a;;a_2\n1;2;3;4\nx;;;\n")
    assert table.column_names == ["a", "a_3", "spalte_3", "a_2"]
    assert set(table.schema.types) == {pa.string()}
    assert lines == [["1", "2", "3", "4"], ["x", "", "", ""]]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("Titel der Tabelle;;\na;b;c\n1;2;3\n", [["1", "2", "3"]]),
        ("a;b;c\n1;2\n1;2;3;4\n\n5;6;7\n", [["1", "2", ""], ["1", "2", "3"], ["5", "6", "7"]]),
        ('a;b;c\n"x;1";"y\nz";"""q"""\n', [["x;1", "y\nz", '"q"']]),
        ("a;b;c\nä;ö;€\n".encode("cp1252"), [["ä", "ö", "€"]]),
        ("\ufeffa;b;c\r\n1;2;3\r\n", [["1", "2", "3"]]),
    ],
    ids=["title", "ragged", "quotes", "cp1252", "bom"],
)
def test_the_csv_has_one_form(tmp_path: Path, body: str | bytes, rows: list[list[str]]) -> None:
    table, lines = written(tmp_path, body)
    assert table.column_names == ["a", "b", "c"] and lines == rows
    raw = (tmp_path / "copy.csv").read_bytes()
    assert raw.startswith(b"a,b,c\n") and b"\r" not in raw


def test_a_table_of_one_column_has_no_empty_lines(tmp_path: Path) -> None:
    _, lines = written(tmp_path, "a;b\n1;\n;\n2;\n", None)
    assert lines == [["1", ""], ["", ""], ["2", ""]]
    of = schema([{"name": "a", "type": "string"}], missingValues=["", "-"])
    table, lines = written(tmp_path, "a\nx\n-\ny\n", of)
    assert table.column("a").to_pylist() == ["x", None, "y"] and lines == [["x"], [""], ["y"]]


def test_what_the_parquet_file_says_of_itself(tmp_path: Path) -> None:
    written(tmp_path, "a;b\n1;2\n", about={"offenbar.schema": "probe", "offenbar.source_sha256": "0" * 64})
    found = pq.read_metadata(tmp_path / "copy.parquet")
    assert found.metadata[b"offenbar.schema"] == b"probe"
    assert found.row_group(0).column(0).compression == "ZSTD"


def test_many_rows_are_written_in_groups(tmp_path: Path) -> None:
    of = schema([{"name": "id", "type": "integer"}, {"name": "wert", "type": "number"}])
    body = "id,wert\n" + "".join(f"{n},{n}.5\n" for n in range(120_000))
    table, lines = written(tmp_path, body + "x,1\n", of)
    assert table.schema.field("id").type == pa.string(), "one cell in the last group is enough"
    assert table.schema.field("wert").type == pa.float64()
    assert pq.read_metadata(tmp_path / "copy.parquet").num_row_groups == 3
    assert lines[-2:] == [["119999", "119999.5"], ["x", "1"]]


CELLS = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.decimals(-(10**6), 10**6, places=3).map(lambda d: f"{d:.3f}".replace(".", ",")),
    st.sampled_from(["", "-", "ja", "nein", "1.234,5", " 7 ", "007", "1_0", "31.05.2026", "x", "1e5", "Inf", "ü"]),
)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=8),
    kinds=st.lists(st.sampled_from(["integer", "number", "boolean", "date", "string"]), min_size=4, max_size=4),
)
def test_the_csv_copy_means_what_the_file_means(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], kinds: list[str]
) -> None:
    """A column that frictionless reads is read from the copy by the plain type, with the same values as in Parquet."""
    folder = tmp_path_factory.mktemp("copy")
    extra = {
        "number": {"decimalChar": ",", "groupChar": "."},
        "boolean": {"trueValues": TRUE, "falseValues": FALSE},
        "date": {"format": "%d.%m.%Y"},
    }
    of = schema([{"name": f"s{n}", "type": kind, **extra.get(kind, {})} for n, kind in enumerate(kinds)])
    body = "s0;s1;s2;s3\n" + "".join(";".join(row) + "\n" for row in rows)
    table, _ = written(folder, body, of)
    types = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "date": pa.date32()}
    typed = {name: kind for name, kind in zip(table.column_names, kinds, strict=True)
             if kind in types and table.schema.field(name).type == types[kind]}  # fmt: skip
    plain = schema([{"name": name, "type": typed.get(name, "string")} for name in table.column_names])
    report = check_table(folder / "copy.csv", plain)
    assert not [one for one in report.findings if one.code == "type-error"]
    again, _ = written(folder, (folder / "copy.csv").read_bytes(), plain)
    assert repr(again.to_pylist()) == repr(table.to_pylist())
