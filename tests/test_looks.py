"""Looking at every cell in blocks finds what looking row by row finds; pieces and lines of a file are those of the reader."""

import csv
import io
import re

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from validators.blocks import blocks
from validators.looks import MAX_VALUES, Look, Overview, look_over
from validators.pieces import flat, pieces, rows_of
from validators.report import TableProfile
from validators.searching import Column, over_lines
from validators.sniff import records, sniff
from validators.structure import lines_of

LOOKS = (
    Look(code="at", positions=(0,), finds=lambda cell: "@" in cell, prefilter="@"),
    Look(code="words", positions=(1,), finds=lambda cell: not re.search("[0-9]", cell), prefilter="^[^0-9]*$"),
    Look(code="ends", positions=(1,), finds=lambda cell: cell.endswith("\n"), prefilter=r"\n\z"),
    Look(code="long", positions=(2,), finds=lambda cell: len(cell) > 3),
    Look(code="same", positions=(0, 2), finds=lambda one, other: one == other > "Z", prefilter="[^A-Z]"),
    Look(code="pair", positions=(2, 1), finds=lambda one, other: one > other),
    Look(code="beyond", positions=(7,), finds=lambda cell: True),
)
CELLS = ["", "a", "a@b", "12", "a1", "ab\n", "x y", "lang genug", '"', ";", "ä", "\0", "\r"]


def tallied(overview):
    return [(tally.count, tally.asked, tally.rows, list(tally.values.items())) for tally in overview]


@st.composite
def files(draw):
    """Bytes of a table with three columns, often in order, and the size of the pieces it is read in."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(["a", "b", "c"])
    for _ in range(draw(st.integers(0, 12))):
        if draw(st.integers(0, 8)) == 0:
            text.write(
                draw(st.sampled_from(["\n", ";;\n", "1;2\n", 'x"y;1;2\n', '"a"b;1;2\n', "1;2;3;4\r", "\ufeffa;b;c\n"]))
            )
        else:
            writer.writerow(draw(st.lists(st.sampled_from(CELLS), min_size=3, max_size=3)))
    data = text.getvalue()
    return (data if draw(st.booleans()) else data.rstrip("\r\n")).encode(), draw(st.sampled_from([20, 60, 1_000_000]))


def profile_of(data, encoding="utf-8"):
    return TableProfile(encoding=encoding, delimiter=";", header_row=1, header=("a", "b", "c"), bytes=len(data))


@given(file=files())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_looks_in_blocks_find_what_single_rows_show(tmp_path_factory, file):
    data, size = file
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(data)
    profile = profile_of(data)
    quick, slow = Overview(LOOKS), Overview(LOOKS)
    for block in blocks(path, profile, size):
        quick.take(block)
    for number, row in records(path, profile):
        slow.ask(number, row)
    assert tallied(quick.tallies) == tallied(slow.tallies) == tallied(look_over(path, profile, LOOKS))


def test_a_long_column_is_searched_and_not_read(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"wert {number};{number}" for number in range(20_000)] + ["a@b;1", "a@b;2"]
    path.write_text("\n".join(["text;zahl", *rows]), encoding="utf-8")
    seen = []

    def finds(cell):
        seen.append(cell)
        return "@" in cell

    (tally,) = look_over(path, sniff(path), [Look(code="at", positions=(0,), finds=finds, prefilter="@")])
    assert (tally.count, tally.asked, tally.rows) == (2, 20_002, [20_002, 20_003])
    assert seen == ["a@b"]


def test_only_so_many_values_are_remembered(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a;b", *(f"x{number};1" for number in range(MAX_VALUES + 500))]), encoding="utf-8")
    (tally,) = look_over(path, sniff(path), [Look(code="all", positions=(0,), finds=lambda cell: True)])
    assert (tally.count, len(tally.values)) == (MAX_VALUES + 500, MAX_VALUES)


@given(file=files())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_pieces_hold_the_records_of_the_reader(tmp_path_factory, file):
    data, size = file
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(data)
    profile = profile_of(data)
    cut = list(pieces(path, profile, size))
    whole = list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=";"))
    assert [row for piece in cut for _, row in rows_of(piece, profile)] == whole
    assert sum(piece.cut.records for piece in cut) == len(whole)
    assert sum(piece.cut.lines for piece in cut) == len(io.StringIO(data.decode(), newline="").readlines())
    assert b"".join(piece.raw for piece in cut) == data
    for piece in cut:
        if piece.cut.regular:
            assert len(flat(piece, profile).splitlines()) >= piece.cut.records
            assert flat(piece, profile).rstrip(b"\n").count(b"\n") <= piece.cut.records


@given(file=files())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_lines_are_where_records_begin(tmp_path_factory, file):
    data, _ = file
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(data)
    expected, at = {}, 0
    lines = io.StringIO(data.decode(), newline="").readlines()
    taken = iter(lines)
    used = [0]

    def counted():
        for line in taken:
            used[0] += 1
            yield line

    for number, _row in enumerate(csv.reader(counted(), delimiter=";"), start=1):
        expected[number] = at + 1
        at = used[0]
    assert lines_of(path, profile_of(data), expected) == expected


@pytest.mark.parametrize(
    ("pattern", "cell"),
    [
        ("^[^0-9]*$", "abc"),
        (r"\A-", "-5"),
        (r"[.]\z", "5."),
        (r"[^a\]]", "b"),
        ("[]x]", "]"),
        (r"\\A", r"\A"),
        ("@", "a@b"),
    ],
)
def test_an_expression_for_cells_also_finds_them_among_lines(pattern, cell):
    column = Column(pa.array([f"0{number}a" for number in range(50)] + [cell]))
    assert column.varied
    assert over_lines(pattern)
    assert column.may_hold([pattern])


def test_what_no_cell_has_is_not_found_among_lines():
    column = Column(pa.array([f"{number}" for number in range(50)]))
    assert not column.may_hold(["^[^0-9]*$", "[^0-9]", r"[.]\z", "@"])
    assert column.may_hold(["(?=x)"])
