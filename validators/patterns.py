"""Regular expressions of a table schema: which ones are too dangerous to run on strange cells, and how to read the others as meant."""

import re
from dataclasses import dataclass

from dcat.message import Message

MAX_LENGTH = 200
MAX_OPEN = 3
MAX_WAYS = 100_000
# RE2 writes counts out and refuses more than 1,000 copies, or too large a whole.
MAX_COPIES = 1_000
MAX_SIZE = 10_000
_LARGE = 100
_FEW = 4
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[imsxauL-]+\)|:|P<\w+>|P=\w+\)|#[^)]*\)|<?[=!]|\(\w+\)|>|[imsxauL-]+:)?"
    r"|[()|]|[*+?][?+]?|\{\d*(?:,\d*)?\}\??|.",
    re.DOTALL,
)
# Escapes that RE2 does not know or Python reads otherwise; sets that Python may read differently one day.
_ESCAPE = re.compile(r"\\(?:[ZuUN0]|[^\x00-\x7f])")
_SET = re.compile(r"\[\^?\[|--|&&|~~|\|\||\\[bBA1-9]")
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
# More words of a list: a separator, then one word of several, again and again, as in (?:[|](?:bus|bahn))*
_WORDS = re.compile(r"(?<!\\)\(\?:(?:\[([|,;/ ])\]|\\([|,;/])|([,;/ ]))\(\?:(\w+(?:\|\w+)*)\)\)([*+])")


@dataclass(slots=True)
class _Group:
    """What a group holds: repetitions (1 bounded, 2 open-ended) and alternatives."""

    repeats: int = 0
    branches: bool = False


def problem(pattern: str) -> Message | None:
    """Say why a pattern is refused, or nothing: it does not compile, is too long, or can take endless time on one cell."""
    if len(pattern) > MAX_LENGTH:
        return Message(f"es ist länger als {MAX_LENGTH} Zeichen", f"it is longer than {MAX_LENGTH} characters")
    if (strange := _strange(_TOKEN.findall(pattern))) is not None:
        return strange
    try:
        # Alone as well: "a)(?:b" is whole only inside the group.
        re.compile(pattern)
        re.compile(f"^(?:{pattern})$")
    except (re.error, OverflowError, RecursionError):
        return Message("es ist kein gültiger regulärer Ausdruck", "it is not a valid regular expression")
    if _written_out(_TOKEN.findall(pattern)):
        return Message(
            f"seine Zähler ergeben mehr als {MAX_COPIES} Wiederholungen",
            f"its counts come to more than {MAX_COPIES} repetitions",
        )
    return _danger(_TOKEN.findall(_WORDS.sub(_as_one, pattern)))


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


def _strange(parts: list[str]) -> Message | None:
    """What Python understands and RE2, with which large tables are checked, does not, or otherwise."""
    before = ""
    for part in parts:
        again = part[0] in "*+?{" and _quantifies(part)
        if _ESCAPE.search(part) or (part[0] == "[" and len(part) > 1 and _SET.search(part)):
            return Message(f"„{part:.40}“ lesen Programme verschieden", f"programs read “{part:.40}” differently")
        if re.match(r"\(\?(?:#|[a-zA-Z-]*[aLux])", part) and not part.startswith("(?P<"):
            return Message(f"„{part:.40}“ ist nicht erlaubt", f"“{part:.40}” is not allowed")
        if part == "[":
            return Message("eine eckige Klammer bleibt offen", "a square bracket is not closed")
        if part.startswith("{,"):
            return Message(
                f"„{part:.40}“ braucht eine Untergrenze wie in {{0,3}}", "a count needs a lower limit as in {0,3}"
            )
        if again and (part in ("*+", "++", "?+") or _quantifies(before)):
            return Message("eine Wiederholung steht hinter einer Wiederholung", "a repetition follows a repetition")
        before = part
    return None


def _quantifies(part: str) -> bool:
    return part[:1] in ("*", "+", "?") or (_COUNT.match(part) is not None and part not in ("{}", "{,}"))


def _written_out(parts: list[str]) -> bool:
    """Whether a pattern becomes too large when its counts are written out, as RE2 does."""
    sizes, copies = [0], [1]
    size = copied = 1
    for part in parts:
        if part.startswith("(") and not part.endswith(")"):
            sizes.append(0)
            copies.append(1)
        elif part == ")" and len(sizes) > 1:
            size, copied = sizes.pop(), copies.pop()
            sizes[-1] += size
        elif (bounds := _bounds(part)) is not None:
            times = max(bounds[0], min(bounds[1], MAX_COPIES + 1) if part[0] == "{" and "," in part else 1, 1)
            copied *= times
            sizes[-1] += size * (times - 1)
        else:
            size = copied = 1
            sizes[-1] += 1
        copies[-1] = max(copies[-1], copied)
    return max(copies) > MAX_COPIES or sizes[0] > MAX_SIZE


def _as_one(found: re.Match[str]) -> str:
    """A list of different words can be read in one way only, because no word holds the separator: like one repeated sign."""
    words = found[4].split("|")
    return f"x{found[5]}" if len(set(words)) == len(words) else found[0]


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
