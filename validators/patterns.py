"""Regular expressions of a table schema: which ones are too dangerous to run on strange cells, and how to read the others as meant."""

import re
from dataclasses import dataclass

from dcat.message import Message

MAX_LENGTH = 200
MAX_OPEN = 3
MAX_WAYS = 100_000
_LARGE = 100
_FEW = 4
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[imsxauL-]+\)|:|P<\w+>|P=\w+\)|#[^)]*\)|<?[=!]|\(\w+\)|>|[imsxauL-]+:)?"
    r"|[()|]|[*+?][?+]?|\{\d*(?:,\d*)?\}\??|.",
    re.DOTALL,
)
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")


@dataclass(slots=True)
class _Group:
    """What a group holds: repetitions (1 bounded, 2 open-ended) and alternatives."""

    repeats: int = 0
    branches: bool = False


def problem(pattern: str) -> Message | None:
    """Say why a pattern is refused, or nothing: it does not compile, is too long, or can take endless time on one cell."""
    if len(pattern) > MAX_LENGTH:
        return Message(f"es ist länger als {MAX_LENGTH} Zeichen", f"it is longer than {MAX_LENGTH} characters")
    try:
        re.compile(f"^(?:{pattern})$")
    except (re.error, OverflowError, RecursionError):
        return Message("es ist kein gültiger regulärer Ausdruck", "it is not a valid regular expression")
    return _danger(_TOKEN.findall(pattern))


def grouped(pattern: str) -> str:
    """Put alternatives into a group, because frictionless writes ^ and $ around the pattern as it stands."""
    depth = 0
    for part in _TOKEN.findall(pattern):
        if part.startswith("(") and not part.endswith(")"):
            depth += 1
        elif part == ")":
            depth -= 1
        elif part == "|" and depth == 0:
            return f"(?:{pattern})"
    return pattern


def _danger(parts: list[str]) -> Message | None:
    """Nested or many repetitions make backtracking explode; look-around and back references have no linear engine."""
    stack = [_Group()]
    last = _Group()
    open_ended, ways = 0, 1
    for part in parts:
        if re.match(r"\(\?(?:P=|<?[=!]|\(|>)|\\[1-9]", part):
            return Message(
                "Rückbezüge und Vorausschau sind nicht erlaubt", "back references and look-around are not allowed"
            )
        if part.startswith("(") and not part.endswith(")"):
            stack.append(_Group())
        elif part == ")":
            last = stack.pop() if len(stack) > 1 else _Group()
            stack[-1].repeats = max(stack[-1].repeats, last.repeats)
            stack[-1].branches |= last.branches
        elif part == "|":
            stack[-1].branches = True
        elif (bounds := _bounds(part)) is not None:
            low, high = bounds
            if (high > 1 and last.repeats == 2) or (high > _FEW and (last.repeats or last.branches)):
                return Message(
                    "eine Wiederholung steht in einer Wiederholung, wie in (a+)+",
                    "a repetition stands inside a repetition, as in (a+)+",
                )
            if high > _LARGE:
                open_ended += 1
                stack[-1].repeats = 2
            elif high > low:
                ways *= high - low + 1
                stack[-1].repeats = max(stack[-1].repeats, 1)
            last = _Group()
        else:
            last = _Group()
    if open_ended > MAX_OPEN or ways > MAX_WAYS:
        return Message(
            "es hat zu viele Wiederholungen veränderlicher Länge", "it has too many repetitions of variable length"
        )
    return None


def _bounds(part: str) -> tuple[int, int] | None:
    """How often a quantifier repeats at least and at most; nothing for any other part."""
    if part[0] in "*+":
        return 0, _LARGE + 1
    if part[0] == "?":
        return 0, 1
    if (count := _COUNT.match(part)) is None:
        return None
    low, comma, high = count.groups()
    if not comma:
        return (int(low), int(low)) if low else None
    return int(low or 0), int(high) if high else _LARGE + 1
