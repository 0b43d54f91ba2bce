"""Loads what `ckanapi dump` writes, one package, organisation or group per line, into a catalogue by its actions.

A second run changes nothing: each line is compared with what is there. Ids are kept where whoever loads may choose them.
"""

import gzip
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import orjson

from catalog import site_errors
from catalog.site_errors import SiteError
from catalog.sites import Answer, Site
from dcat.ckan_input import STATES
from dcat.ckan_values import is_uuid
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.printable import one_line
from dcat.vocabularies import vocabulary

MAX_LINE = 20_000_000
_GZIP = b"\x1f\x8b"
_NO_CHOICE = "Only an administrator of the site may choose the id of a dataset"
# Resources whose bytes or rows lie at the other site; here they are links to it.
_ELSEWHERE = ("upload", "datastore", "tabledesigner")
_HELD = ("name", "title", "description", "image_url", "type", "extras")


class Outcome(StrEnum):
    """What came of one line."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    HARVESTED = "harvested"
    """it is here already, from a source of ours, and stays as that says"""


class LineError(Exception):
    """A line cannot be loaded; says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.en)
        self.message = message


@dataclass(slots=True)
class Importer:
    """Loads lines into a site; remembers what is there, so that each organisation and group is looked up once."""

    site: Site
    keeps_ids: bool = True
    _known: dict[tuple[str, str], str] = field(default_factory=dict)

    def load(self, line: bytes) -> tuple[str, Outcome]:
        """Load one line; gives the name of what it describes and what came of it. LineError and SiteError say why not."""
        try:
            given = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise LineError(Message(f"kein JSON ({error})", f"no JSON ({error})")) from error
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise LineError(Message("kein Objekt mit einem Namen", "no object with a name"))
        name = one_line(given["name"], 100)
        if given.get("is_organization") is True or (given.get("type") == "organization" and "resources" not in given):
            return name, self._holder("organization", given)
        if "resources" not in given and ("is_organization" in given or given.get("type") == "group"):
            return name, self._holder("group", given)
        return name, self._package(given)

    def _package(self, given: Mapping[str, Any]) -> Outcome:
        package = dict(given)
        package["owner_org"] = self._owner(given)
        package["groups"] = [{"name": self._group(one)} for one in _objects(given.get("groups"))]
        present = self._present(given)
        there = {one["id"]: one for one in present.result["resources"]} if present else {}
        named = _with_ids(_objects(given.get("resources")), there.values())
        package["resources"] = [_linked(one, there) for one in named]
        if package.get("state") not in STATES:
            package["state"] = "active"
        if present is not None:
            return self._update(package, present)
        self._create(package)
        return Outcome.CREATED

    def _update(self, package: dict[str, Any], present: Answer) -> Outcome:
        if not present.etag:
            return Outcome.HARVESTED
        package["id"] = present.result["id"]
        changed = self.site.ask("package_update", package, if_match=present.etag)
        return Outcome.UNCHANGED if changed.etag == present.etag else Outcome.UPDATED

    def _create(self, package: dict[str, Any]) -> None:
        if not self.keeps_ids or not is_uuid(str(package.get("id"))):
            package.pop("id", None)
        try:
            self.site.call("package_create", **package)
        except SiteError as error:
            if not error.concerns("id", _NO_CHOICE):
                raise
            self.keeps_ids = False
            package.pop("id")
            self.site.call("package_create", **package)

    def _present(self, given: Mapping[str, Any]) -> Answer | None:
        """Find the dataset that a package describes: by its id, else by its name."""
        for key in (given.get("id"), given["name"]):
            if isinstance(key, str) and key and (found := self._shown("package_show", key)):
                return found
        return None

    def _owner(self, given: Mapping[str, Any]) -> str:
        """Find the organisation of a package, or create it as the package describes it."""
        described = given.get("organization")
        if isinstance(described, Mapping) and isinstance(described.get("name"), str):
            return self._found("organization", described)
        return str(given.get("owner_org") or "")

    def _group(self, described: Mapping[str, Any]) -> str:
        name = described.get("name")
        if not isinstance(name, str):
            return str(described.get("id") or "")
        # The data themes of the EU are groups that are always there.
        return name if vocabulary("theme").find(name.upper()) else self._found("group", described)

    def _found(self, kind: str, described: Mapping[str, Any]) -> str:
        """Give the id of an organisation or group that packages name, as it is here."""
        name = described["name"]
        if (kind, name) not in self._known:
            present = self._shown(f"{kind}_show", name)
            if present is None:
                self._create_holder(kind, described)
            else:
                self._known[kind, name] = present.result["id"]
        return self._known[kind, name]

    def _holder(self, kind: str, given: Mapping[str, Any]) -> Outcome:
        """Load an organisation or group that stands in a line of its own."""
        present = self._shown(f"{kind}_show", given["name"])
        if present is None:
            self._create_holder(kind, given)
            return Outcome.CREATED
        self._known[kind, given["name"]] = present.result["id"]
        wanted = {key: value for key, value in _described(given).items() if present.result.get(key) != value}
        if not wanted:
            return Outcome.UNCHANGED
        self.site.call(f"{kind}_patch", id=present.result["id"], **wanted)
        return Outcome.UPDATED

    def _create_holder(self, kind: str, described: Mapping[str, Any]) -> None:
        arguments = _described(described)
        if self.keeps_ids and is_uuid(str(described.get("id"))):
            arguments["id"] = described["id"]
        made = self.site.call(f"{kind}_create", **arguments)
        self._known[kind, described["name"]] = made["id"]

    def _shown(self, action: str, key: str) -> Answer | None:
        try:
            return self.site.ask(action, {"id": key})
        except SiteError as error:
            if error.kind == site_errors.NOT_FOUND:
                return None
            raise


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file of lines, packed by gzip or not; `-` is standard input."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked  # type: ignore[misc]


def lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Read line after line with its number, empty ones left out; UnreadableError when one has no end, or the file is damaged."""
    number = 0
    while True:
        try:
            line = file.readline(MAX_LINE + 1)
        except (EOFError, OSError) as error:
            raise _damaged(number + 1, str(error)) from error
        if not line:
            return
        number += 1
        if len(line) > MAX_LINE:
            raise _damaged(number, f"> {MAX_LINE} Bytes")
        if line.strip():
            yield number, line


def _described(given: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a description what an organisation or group is made of; without members, who are accounts of the other site."""
    found = {key: given[key] for key in _HELD if given.get(key) not in (None, "", [])}
    if "extras" in found:
        found["extras"] = [{"key": one.get("key"), "value": one.get("value")} for one in _objects(found["extras"])]
    return found


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise LineError(Message("eine Liste von Objekten fehlt", "a list of objects is missing"))
    return value


def _with_ids(resources: list[Mapping[str, Any]], there: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Give resources that come without an id that of the same one here, by address and name: loaded again, they are no new ones."""
    given = {one.get("id") for one in resources}
    free = [one for one in there if one["id"] not in given]
    for resource in resources:
        same = None
        if not resource.get("id"):
            alike = (one for one in free if all(one.get(key) == resource.get(key) for key in ("url", "name")))
            same = next(alike, None)
        if same is not None:
            free.remove(same)
        # The format of a new resource is guessed from its address, that of a known one is not.
        yield resource if same is None else {"format": same["format"], **resource, "id": same["id"]}


def _linked(resource: Mapping[str, Any], there: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Make of a file that lies at another site a link to it; one that lies here already stays."""
    here = there.get(str(resource.get("id")), {})
    if resource.get("url_type") in _ELSEWHERE and here.get("url_type") != resource.get("url_type"):
        return {**resource, "url_type": None}
    return dict(resource)


def _damaged(number: int, why: str) -> UnreadableError:
    said = one_line(why, 200)
    return UnreadableError(
        Message(
            f"Ab Zeile {number} ist die Datei nicht zu lesen ({said}).",
            f"The file cannot be read from line {number} on ({said}).",
        )
    )
