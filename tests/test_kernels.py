"""A kernel never proves a cell that frictionless finds fault with; what it does prove is what most cells are."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columnar import BOUNDS, CELLS, FORMS, PATTERNS

from validators import kernels, tables
from validators.report import TableProfile

MORE = {
    "integer": ["0x1F", "0X1f", "-0", "00", "999999999999999999", "9223372036854775808", "1e3", "１２"],
    "number": ["0", "-0.0", "1e-99999999999999999999", "1E5", "infinity", "1.", ".5", "0x1p3", "1.5000000000000001"],
    "german": ["1.5", "1,5,5", "60,00000000000000001", "1..000", "1.000.000,5", "-3", "0,0"],
    "geopoint": ["179.9,89.9", "180.1,10", "10,90.1", "1,2,3", "8.65,49.87 ", "-179,-89", "999,1", "18 0,1", "8,99"],
    "date": ["2024-04-31", "2024-02-28", "2024-12-31", "2024-06-30", "1000-01-01", "0000-01-01", "2024-01-31 "],
    "german date": ["31.04.2024", "28.02.2024", "00.01.2024", "12.13.2024", "1.01.2024"],
    "datetime": ["2024-04-31T00:00:00", "2024-01-01T23:59:60", "2024-01-01T00:00:00+14:00", "2024-01-01t00:00:00"],
    "time": ["23:59:59", "23:59:60", "00:00:00 "],
    "uuid": ["123e4567e89b12d3a456426614174000", "g23e4567-e89b-12d3-a456-426614174000"],
}


def reading(kind, constraints, missing=("",), tmp_path=None):
    entry = FORMS.get(kind, {"type": kind})
    descriptor = {"fields": [{"name": "x", **entry, "constraints": constraints}], "missingValues": list(missing)}
    path = tmp_path / "t.csv"
    path.write_text("x\n", encoding="utf-8")
    profile = TableProfile(encoding="utf-8", delimiter=",", header_row=1, header=("x",))
    return tables.layout_of(path, profile, descriptor).columns[0]


def checked(column, cells):
    """Ask the kernel about cells, alone and together; give those it proves together."""
    kernel = kernels.kernel(column)
    if kernel is None:
        return []
    alone = [cell for cell in cells if kernel(pa.array([cell]))[0].as_py()]
    # Beside cells that are no numbers, fewer forms of numbers may be proven.
    mask = kernel(pa.array(cells, pa.string())).to_pylist()
    together = [cell for cell, sure in zip(cells, mask, strict=True) if sure]
    for cell in [*alone, *together]:
        value, rules = column.read(cell)
        assert (cell, rules) == (cell, ())
        assert value is not None
    return together


@pytest.mark.parametrize("kind", sorted(CELLS.keys() - {"wkt"}))
def test_no_kernel_proves_a_faulty_cell(kind, tmp_path):
    cells = [*CELLS[kind], *MORE.get(kind, []), *(cell for cells in CELLS.values() for cell in cells)]
    variants = [{}, {"required": True}]
    names = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    variants += [{name: bound} for bound in BOUNDS.get(kind, []) for name in names]
    if kind == "string":
        variants += [{"pattern": pattern} for pattern in PATTERNS] + [{"minLength": 2}, {"maxLength": 2}]
    for constraints in variants:
        checked(reading(kind, constraints, tmp_path=tmp_path), cells)
        checked(reading(kind, constraints, missing=("7", "a", "1,5", "", "2024-01-31"), tmp_path=tmp_path), cells)


@pytest.mark.parametrize(
    ("kind", "constraints", "cells"),
    [
        ("string", {"pattern": "[A-Z]{2}-[0-9]+", "maxLength": 5}, ["DA-1", "FF-22"]),
        ("integer", {"minimum": "1"}, ["1", "999", "007"]),
        ("number", {"minimum": "0"}, ["1.5", "60", "1e3"]),
        ("german", {"maximum": "9999"}, ["1.234,50", "0,5", "12"]),
        ("date", {"minimum": "2000-01-01"}, ["2024-01-31", "2001-12-30"]),
        ("german date", {"minimum": "01.01.2000"}, ["05.06.2001", "28.02.2024"]),
        ("datetime", {}, ["2024-01-31T10:00:00+01:00", "2024-01-31T10:00:00Z", "2024-01-31T10:00:00"]),
        ("time", {}, ["10:00:00", "23:59:59"]),
        ("geopoint", {}, ["8.65,49.87", "-8,-4"]),
        ("uuid", {}, ["123e4567-e89b-12d3-a456-426614174000"]),
    ],
)
def test_usual_cells_are_proven(kind, constraints, cells, tmp_path):
    assert checked(reading(kind, constraints, tmp_path=tmp_path), cells) == cells


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_kernel_proves_a_cell_that_was_tampered_with(data, tmp_path_factory):
    kind = data.draw(st.sampled_from(sorted(set(CELLS) & {*MORE, "string"})))
    known = st.sampled_from([*CELLS[kind], *MORE.get(kind, [])])
    signs = st.sampled_from("0123456789.,-+:TZeExX_ \t\n\u00a0٣äabn")

    def tamper(cell, sign, at, instead):
        at = min(at, len(cell))
        return cell[:at] + sign + cell[at + instead :]

    cells = st.builds(tamper, known, signs, st.integers(0, 12), st.integers(0, 1))
    drawn = data.draw(st.lists(cells, min_size=1, max_size=8))
    constraints = {}
    if kind in BOUNDS and data.draw(st.booleans()):
        constraints = {"minimum": data.draw(st.sampled_from(BOUNDS[kind]))}
    checked(reading(kind, constraints, tmp_path=tmp_path_factory.mktemp("t")), drawn)
