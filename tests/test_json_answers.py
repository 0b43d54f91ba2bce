"""Answers in JSON: half a character in one record costs nobody else anything."""

import builders
import pytest

from dcat.errors import UnreadableError
from harvesters import json_answers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'["a\ud83d", "b"]', ["a\ufffd", "b"]),
        (rb'["\udc00a", "b"]', ["\ufffda", "b"]),
        (rb'["\ud83d\ude00", "\uD83D"]', ["\U0001f600", "\ufffd"]),
    ],
)
def test_half_a_character_is_replaced_and_the_rest_is_read(body: bytes, expected: list[str]) -> None:
    assert json_answers.read(builders.page(body, media_type="application/json")) == expected


def test_what_is_broken_stays_broken() -> None:
    with pytest.raises(UnreadableError):
        json_answers.read(builders.page(b'["a", ', media_type="application/json"))
