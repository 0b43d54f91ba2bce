"""Texts in the place of descriptions, and geometries: whatever is made of them can be written and read again."""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcat import dates, geometry
from dcat.kinds import KINDS
from dcat.node_texts import meaning
from dcat.profile import CLASSES, profile

TEXTS = st.text(max_size=40) | st.from_regex(
    r"[0-9./ :TZ-]{0,40}|ENVELOPE\([0-9., -]{0,30}\)|\{[^\ud800-\udfff]{0,30}", fullmatch=True
)


@pytest.mark.parametrize("node", sorted(CLASSES))
@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_what_a_text_means_fits_the_class(node: str, text: str) -> None:
    for field, value in meaning(node, text).items():
        if field != "uri":
            kind = profile()[node].property(field).kind
            assert kind is not None
            assert kind.check(value, "") is None
            assert kind.read(kind.write(value), "") == value


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_geometries_stay_as_they_are(text: str) -> None:
    once = geometry.wkt(text)
    assert geometry.wkt(once) == once or not text.isascii() or once.startswith(("<", "SRID", "{"))


@pytest.mark.parametrize(
    "value", ["POINT(" + " " * 2_000_000, "ENVELOPE(" + "1," * 500_000, "{" + "[" * 500_000, "<" * 900_000]
)
def test_long_texts_take_no_time(value: str) -> None:
    assert not isinstance(KINDS["wkt"].read(ox.Literal(value), ""), str)
    assert geometry.has_heights(value) is False


@pytest.mark.parametrize(
    "value", ["1" * 100_000, "1." * 50_000, " " * 100_000 + "/", "2020" + "-" * 100_000, "1.1.2020 " * 20_000]
)
def test_long_texts_are_no_dates(value: str) -> None:
    assert dates.cleaned(value) == ""
    assert meaning("Period", value) == {}


@pytest.mark.parametrize(
    "kind, name", [("concept", "media-type"), ("concept", "language"), ("concept-or-uri", "license")]
)
@pytest.mark.parametrize(
    "value", [" " * 500_000 + "de", "text/csv" + " " * 500_000, "a; " * 200_000, "text/csv;" + " " * 500_000 + "x"]
)
def test_long_spellings_take_no_time(kind: str, name: str, value: str) -> None:
    term = ox.Literal(value)
    read = KINDS[kind].read(term, name)
    if isinstance(read, str):
        KINDS[kind].remark(term, read)
