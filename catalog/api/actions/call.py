"""What every action of CKAN's API is given and how it fails: its arguments, who asks, and the errors of CKAN's table."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import IO, Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.access import ANONYMOUS, Actor
from catalog.instance import Instance
from catalog.memory import Memory
from dcat.ckan_values import NO, YES, Refused
from dcat.digits import natural
from dcat.errors import ConfigError, StateError
from dcat.message import Message

_T = TypeVar("_T")


class ActionError(Exception):
    """An answer of CKAN's error table: status, `__type`, and a message or the fields that are wrong."""

    def __init__(self, status: int, kind: str, details: Mapping[str, Any]) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.details = details


def not_found(what: str = "") -> ActionError:
    """The thing named does not exist, or whoever asks may not see it."""
    return ActionError(404, "Not Found Error", {"message": f"Not found: {what}" if what else "Not found"})


def denied(why: str = "") -> ActionError:
    """Whoever asks may not do this."""
    return ActionError(403, "Authorization Error", {"message": f"Access denied: {why}" if why else "Access denied"})


def invalid(**fields: str) -> ActionError:
    """Arguments are missing or wrong."""
    return ActionError(409, "Validation Error", {name: [text] for name, text in fields.items()})


def impossible(why: str) -> ActionError:
    """Nothing is wrong with the arguments, but this cannot be done here, or not now."""
    return ActionError(409, "Validation Error", {"message": why})


def refused(found: Refused) -> ActionError:
    """What a client wrote is wrong, field by field."""
    return ActionError(409, "Validation Error", found.errors)


def accepted(found: _T | Refused) -> _T:
    """Give what was read of the arguments, or what is wrong with them as an answer."""
    if isinstance(found, Refused):
        raise refused(found)
    return found


@contextmanager
def explained(field: str = "message") -> Iterator[None]:
    """Say at a field why accounts or tokens refuse something."""
    try:
        yield
    except (ConfigError, StateError) as error:
        raise invalid(**{field: error.message.en}) from error


def _plain(name: str, value: Any) -> str:
    """Read text, a number or a truth value; the NUL character is none that a database takes."""
    if not isinstance(value, str | int | float) or "\0" in str(value):
        raise invalid(**{name: "Must be plain text"})
    return str(value)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that came with a call, still to be read."""

    name: str
    media_type: str
    stream: IO[bytes]


@dataclass(slots=True)
class Call:
    """One call of an action: the catalogue, who asks, the arguments as they came, the files, and the version that If-Match names.

    The session is of one moment; `renew` begins another, so that what was just written can be read. The first session is opened when
    it is needed and closed with the call.
    """

    instance: Instance
    arguments: Mapping[str, Any]
    actor: Actor = ANONYMOUS
    files: Mapping[str, Sent] = field(default_factory=lambda: MappingProxyType({}))
    if_match: str = ""
    etag: str = ""
    """set by an action whose answer has a version"""
    memory: Memory = field(default_factory=lambda: Memory(0))
    """answers to the same question before"""
    _opened: Any = None
    _session: Session | None = None

    @property
    def session(self) -> Session:
        """A session for reading."""
        if self._session is None:
            self._opened = self.instance.database.reading()
            self._session = self._opened.__enter__()
        return self._session

    @contextmanager
    def asking(self) -> Iterator[Session | sa.Connection]:
        """Ask one question about tables: in the session where there is one, else without."""
        if self._session is not None:
            yield self._session
            return
        with self.instance.database.asking() as connection:
            yield connection

    def renew(self) -> None:
        """Let the next reading see what has been written since."""
        opened, self._opened, self._session = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Write in one transaction; whatever is read afterwards sees it."""
        self.renew()
        with self.instance.database.writing() as session:
            yield session

    def text(self, name: str, default: str = "") -> str:
        """Read a text argument."""
        value = self.arguments.get(name)
        return default if value is None else _plain(name, value)

    def required(self, *names: str) -> str:
        """Read an argument that must be there, under any of its names."""
        for name in names:
            if value := self.text(name):
                return value
        raise invalid(**{names[0]: "Missing value"})

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Read a natural number."""
        value = self.arguments.get(name)
        if value in (None, ""):
            return default
        found = natural(_plain(name, value))
        if found is None:
            raise invalid(**{name: "Must be a natural number"})
        return found if most is None else min(found, most)

    def flag(self, name: str, default: bool = False) -> bool:
        """Read a truth value in CKAN's spellings."""
        value = self.arguments.get(name)
        if value is None:
            return default
        text = _plain(name, value).lower()
        if text and text not in YES + NO:
            raise invalid(**{name: "Must be true or false"})
        return text in YES

    def listed(self, name: str) -> list[str]:
        """Read a list: JSON, repeated, or a bare word."""
        value = self.arguments.get(name)
        if isinstance(value, str) and value.startswith("["):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                raise invalid(**{name: "Must be a JSON list"}) from None
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return [_plain(name, item) for item in items]


class Raw(bytes):
    """A result that is JSON already."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an action, for its help: name, JSON type (string, integer, boolean, array, object, file), and what it says."""

    name: str
    type: str
    about: Message
    required: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its function, what it is for, its arguments, whether it writes (and so cannot be called by GET), and an example.

    `example` are arguments that work on the demonstration's catalogue; None for an action that has none to show.
    """

    run: Callable[[Call], Any]
    about: Message
    arguments: tuple[Argument, ...] = ()
    writes: bool = False
    example: Mapping[str, Any] | None = None
