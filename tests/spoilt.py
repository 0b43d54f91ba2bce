"""Answers in JSON as broken programs and bad lines make them: bytes that are wrong or missing, values of another kind anywhere."""

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

_VALUES = [
    None,
    [],
    {},
    "",
    0,
    -1,
    1e300,
    True,
    [[[[]]]],
    {"a": [None]},
    "x" * 3000,
    ["a", 1, None, {}],
    "http://",
    "2026-13-45",
]


def answers(whole: Sequence[bytes], random: Random, count: int) -> Iterator[bytes]:
    """Spoil whole answers, half of them in their bytes and half in their values."""
    for number in range(count):
        body = bytearray(random.choice(whole))
        if number % 2:
            body[random.randrange(len(body))] = random.randrange(256)
            yield bytes(body[: random.choice([len(body), random.randrange(len(body))])])
        else:
            yield json.dumps(_replaced(json.loads(body), random)).encode()


def _replaced(value: Any, random: Random) -> Any:
    """Put something else in the place of one value, wherever it stands."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        return value | {key: _replaced(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.9:
        place = random.randrange(len(value))
        return [*value[:place], _replaced(value[place], random), *value[place + 1 :]]
    return random.choice(_VALUES)
