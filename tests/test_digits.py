"""Numbers as headers, addresses and forms carry them."""

import pytest

from dcat.digits import natural


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("1" * 15, 111_111_111_111_111)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert natural(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "1e3", "²", "٣", "1_000", "1" * 16, "1" * 5000])
def test_anything_else_is_none(text: str) -> None:
    assert natural(text) is None


def test_longer_numbers_are_read_where_they_are_expected() -> None:
    assert natural("1" * 19, 19) == 1_111_111_111_111_111_111
    assert natural("1" * 20, 19) is None
