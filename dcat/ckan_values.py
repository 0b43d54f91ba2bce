"""Fields of what clients of CKAN's Action API write: read one by one, what is wrong kept in the shape of CKAN's validation errors.

Limits: texts 100,000 characters, values of extras 250,000, lists 1,000 entries, 500 further fields, JSON 20 levels deep with 10,000
values. What no database or JSON can hold (NUL, lone surrogates, numbers beyond 64 bits, NaN) is an error of its field.
"""

import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dcat.digits import natural
from dcat.kinds import KINDS

MAX_TEXT = 100_000
MAX_VALUE = 250_000
MAX_ENTRIES = 1_000
MAX_OTHERS = 500
MAX_KEY = 200
MAX_DEPTH = 20
MAX_VALUES = 10_000
# orjson writes 254 levels.
_DEEPEST = 200
MAX_NAME = 100
MAX_EMAIL = 254
JUNK = "__junk"
RESERVED_NAMES = ("new", "edit", "search")
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
_NAME = re.compile(r"[a-z0-9_-]+", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
YES = ("true", "1", "yes", "on", "t", "y")
NO = ("false", "0", "no", "off", "f", "n")

Errors = dict[str, Any]
"""Field -> sentences, or for a list of objects one such mapping for each of them, empty where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What a client wrote cannot be kept: the fields of CKAN's validation error."""

    errors: Errors


class Fields:
    """Reads the fields of one JSON object and keeps what is wrong with each. A missing field and null are the same."""

    def __init__(self, given: Any) -> None:
        self.errors: Errors = {}
        if isinstance(given, Mapping):
            self.given: Mapping[Any, Any] = given
        else:
            self.given = {}
            self.wrong(JUNK, "Must be an object")

    def __contains__(self, name: str) -> bool:
        return self.given.get(name) is not None

    def wrong(self, name: str, sentence: str) -> None:
        """Keep a sentence about a field."""
        self.errors.setdefault(name, []).append(sentence)

    def text(self, name: str, most: int = MAX_TEXT) -> str | None:
        """Read a text as it stands; a number is one too."""
        value = self.given.get(name)
        if value is None:
            return None
        text = str(value) if _is_number(value) else value
        if sentence := text_misfit(text, most):
            self.wrong(name, sentence)
            return None
        return str(text)

    def stripped(self, name: str, most: int = MAX_TEXT) -> str:
        """Read a text without the blanks around it; empty where there is none."""
        return (self.text(name, most) or "").strip()

    def name(self, name: str, kept: str = "") -> str:
        """Read the name of a dataset, group or account, as it stands in addresses; `kept` where none is given, else an error."""
        if _is_number(self.given.get(name)):
            self.wrong(name, "Must be text")
        text = self.text(name)
        if name in self.errors:
            return kept
        if not text:
            if not kept:
                self.wrong(name, "Missing value")
            return kept
        if not 2 <= len(text) <= MAX_NAME:
            self.wrong(name, f"Must be 2 to {MAX_NAME} characters long")
        elif _NAME.fullmatch(text) is None:
            self.wrong(name, "May hold only lower-case letters a to z, digits, hyphen and underscore")
        elif text in RESERVED_NAMES:
            self.wrong(name, "This name is reserved")
        return text

    def word(self, name: str, default: str, choice: tuple[str, ...] = ()) -> str:
        """Read one of a few words, or any word of the letters of names."""
        text = self.text(name)
        if not text:
            return default
        if choice and text not in choice:
            self.wrong(name, f"Must be one of: {', '.join(choice)}")
        elif not choice and (len(text) > MAX_NAME or _NAME.fullmatch(text) is None):
            self.wrong(name, "May hold only lower-case letters a to z, digits, hyphen and underscore")
        return text

    def flag(self, name: str, default: bool) -> bool:
        """Read a truth value in any spelling. Unlike in CKAN an unknown one is an error: it would make a private dataset public."""
        value = self.given.get(name)
        if value is None or value == "":
            return default
        word = str(value).strip().lower() if isinstance(value, str | bool) or value in (0, 1) else ""
        if word not in YES + NO:
            self.wrong(name, "Must be true or false")
        return word in YES

    def number(self, name: str) -> int | None:
        """Read a natural number below 2^63."""
        value = self.given.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and (read := natural(value.strip(), 19)) is not None:
            value = read
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
            self.wrong(name, "Must be a natural number")
            return None
        return value

    def moment(self, name: str) -> str | None:
        """Read an ISO 8601 date or time as CKAN writes it: naive, in UTC, to the second or with microseconds as it was given."""
        text = self.stripped(name)
        if not text:
            return None
        try:
            moment = datetime.datetime.fromisoformat(text)
            naive = moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except (ValueError, OverflowError):
            self.wrong(name, "Must be an ISO 8601 date or time")
            return None
        return naive.isoformat(timespec="microseconds" if "." in text else "seconds")

    def email(self, name: str) -> str | None:
        """Read an e-mail address; an empty text is none."""
        text = self.text(name)
        address = (text or "").strip()
        if address and (len(address) > MAX_EMAIL or _email(address) != address):
            self.wrong(name, "Must be an e-mail address")
        return address if text is not None else None

    def uuid(self, name: str) -> str:
        """Read an id; empty where there is none. Anything but a UUID is refused, as paths are made of ids (CVE-2023-32321)."""
        text = self.text(name) or ""
        if text and not is_uuid(text):
            self.wrong(name, "Must be a UUID")
        return text.lower()

    def entries(self, name: str, most: int = MAX_ENTRIES) -> list["Fields"]:
        """Read a list of objects; hand their errors over with `gather`."""
        value = self.given.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list | tuple):
            self.wrong(name, "Must be a list of objects")
            return []
        if len(value) > most:
            self.wrong(name, f"Must not have more than {most} entries")
            return []
        return [Fields(item) for item in value]

    def gather(self, name: str, entries: list["Fields"]) -> None:
        """Keep what is wrong with the entries of a list, one mapping for each."""
        if any(entry.errors for entry in entries):
            self.errors[name] = [entry.errors for entry in entries]

    def others(self, known: frozenset[str]) -> dict[str, Any]:
        """Read the fields that are none of the known ones: any JSON value within limits."""
        # Counted first: a body may hold millions of keys.
        if len(self.given) > len(known) + MAX_OTHERS:
            self.wrong(JUNK, f"Must not have more than {MAX_OTHERS} further fields")
            return {}
        found = {}
        for key, value in self.given.items():
            if key in known:
                continue
            if not isinstance(key, str) or not key or text_misfit(key, MAX_KEY):
                self.wrong(JUNK, f"The name of a field must be a text of 1 to {MAX_KEY} characters")
            elif sentence := misfit(value):
                self.wrong(key, sentence)
            else:
                found[key] = value
        return found


def _is_number(value: Any) -> bool:
    """Tell whether a value is a number that JSON can hold; truth values are none."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return isinstance(value, float) and math.isfinite(value)


def is_uuid(value: str) -> bool:
    """Tell whether a text is a UUID in its usual form."""
    return _UUID.fullmatch(value) is not None


def text_misfit(value: Any, most: int = MAX_TEXT) -> str:
    """Say why a value is no text that can be kept; empty when it is one."""
    if not isinstance(value, str):
        return "Must be text"
    if len(value) > most:
        return f"Must not be longer than {most} characters"
    return "Holds characters that are no text" if _UNFIT.search(value) else ""


def misfit(value: Any) -> str:
    """Say why a value cannot be kept as JSON; empty when it can."""
    waiting = [(value, 1)]
    seen = size = 0
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH:
            return f"Must not be nested more than {MAX_DEPTH} levels deep"
        if isinstance(item, list | tuple | dict):
            inner: list[Any] = [*item.keys(), *item.values()] if isinstance(item, dict) else list(item)
            if seen + len(waiting) + len(inner) > MAX_VALUES:
                return f"Must not hold more than {MAX_VALUES} values"
            if isinstance(item, dict) and not all(isinstance(key, str) for key in item):
                return "Names of fields must be text"
            waiting += [(one, depth + 1) for one in inner]
        elif isinstance(item, str):
            size += len(item)
            if sentence := text_misfit(item, MAX_VALUE) or (size > MAX_VALUE and "Must not hold more text"):
                return sentence
        elif not (item is None or isinstance(item, bool) or _is_number(item)):
            return "Must be JSON with numbers of at most 64 bits"
    return ""


def is_deep(value: Any) -> bool:
    """Tell whether JSON is nested deeper than can be written again, whatever it is put into."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, list | dict)
        ]
        if not level:
            return False
    return True


def as_text(value: Any) -> str:
    """Write the value of an extra: texts as they stand, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _email(value: str) -> Any:
    return KINDS["email"].read(KINDS["string"].write(value), "")
