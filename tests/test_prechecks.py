"""The looks at single cells: each on its own examples, with a prefilter that misses nothing."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcat.message import Message
from validators import schemas
from validators.cell_checks import PRECHECKS
from validators.schema_values import FALSE_VALUES, TRUE_VALUES
from validators.spellings import NO, YES, swapped, without_unit

NAMED = {
    "required": {"type": "string", "required": True},
    "pattern": {"type": "string", "pattern": "a"},
    "boolean": {"type": "boolean", "true_values": ("true", "1"), "false_values": ("0",)},
    "german": {"type": "number", "decimal_char": ",", "group_char": "."},
    "metres": {"type": "number", "unit": "m"},
    "american": {"type": "date", "format": "%m.%d.%Y"},
    "slashes": {"type": "date", "format": "%d/%m/%Y"},
}
TYPES = ("string", "number", "integer", "boolean", "date", "datetime", "time", "year", "geopoint")


def column(kind: str) -> schemas.Field:
    text = Message("x", "x")
    return schemas.Field(name="x", title=text, description=text, **NAMED.get(kind, {"type": kind}))


def asked(check, field) -> bool:
    return not check.types or field.type in check.types


@pytest.mark.parametrize("check", PRECHECKS, ids=lambda check: check.code)
def test_every_check_carries_its_examples(check):
    assert check.found
    assert check.passed
    for kind, cell in check.found:
        assert asked(check, column(kind)), kind
        assert check.finds(column(kind), cell), (kind, cell)
    for kind, cell in check.passed:
        assert not (asked(check, column(kind)) and check.finds(column(kind), cell)), (kind, cell)


@pytest.mark.parametrize("check", PRECHECKS, ids=lambda check: check.code)
def test_words(check):
    for message in (check.what, check.why, check.fix):
        assert message.de.endswith(".")
        assert message.en.endswith(".")
        assert message.de != message.en
    for placeholder in ("{column}", "{times}"):
        assert placeholder in check.what.de
        assert placeholder in check.what.en


def matches(prefilter: str, cell: str) -> bool:
    return pc.match_substring_regex(pa.array([cell]), prefilter)[0].as_py()


@pytest.mark.parametrize("check", [check for check in PRECHECKS if check.prefilter], ids=lambda check: check.code)
def test_prefilters_let_all_examples_through(check):
    assert all(matches(check.prefilter, cell) for _, cell in check.found)
    assert not all(matches(check.prefilter, cell) for cell in ("Linde", "12", "2024-12-31", "2024-01-01T08:15:00Z"))


CELLS = st.one_of(
    st.text(alphabet="0123456789.,-+/:_ €%m'kAaNneE?–#\u00a0\u200b\u202f\x00\x07\n\rjJx", max_size=10),
    st.sampled_from([cell for check in PRECHECKS for _, cell in (*check.found, *check.passed)]),
    st.text(max_size=4),
)


@settings(max_examples=400, deadline=None)
@given(cell=CELLS, kind=st.sampled_from([*NAMED, *TYPES]))
def test_prefilters_miss_nothing(cell, kind):
    field = column(kind)
    for check in PRECHECKS:
        if check.prefilter and cell and asked(check, field) and check.finds(field, cell):
            assert matches(check.prefilter, cell), (check.code, cell)


def test_yes_and_no_are_told_apart():
    assert not YES & NO
    assert {value.casefold() for value in TRUE_VALUES} <= YES | {"wahr"}
    assert {value.casefold() for value in FALSE_VALUES} <= NO | {"falsch"}


@pytest.mark.parametrize(
    ("kind", "cell", "rest"),
    [
        ("metres", "12 m", "12"),
        ("metres", "12 M", "12"),
        ("metres", "12 cm", ""),
        ("number", "12 m", ""),
        ("metres", "m", ""),
    ],
)
def test_units(kind, cell, rest):
    assert without_unit(column(kind), cell) == rest


def test_the_name_of_a_column_tells_its_unit():
    text = Message("x", "x")
    field = schemas.Field(name="umfang_cm", type="integer", title=text, description=text)
    assert without_unit(field, "120 cm") == "120"
    assert without_unit(field, "1,2 m") == ""


@pytest.mark.parametrize(
    ("lon", "lat", "answer"),
    [
        ("49.87", "8.65", True),
        ("49,87", "8,65", True),
        ("8.65", "49.87", False),
        ("x", "8", False),
        ("", "", False),
        ("nan", "8", False),
    ],
)
def test_swapped(lon, lat, answer):
    assert swapped(lon, lat) is answer


@pytest.mark.slow
def test_hostile_cells_take_no_time():
    fields = [column(kind) for kind in (*NAMED, *TYPES)]
    for cell in (" " * 1_000_000, "1" * 100_000, "1." * 100_000, "1 " * 100_000, "," * 100_000, "\x00" * 100_000):
        for check in PRECHECKS:
            for field in fields:
                check.finds(field, cell)
