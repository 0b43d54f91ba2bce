"""Carries out what a table wants, one dataset after the other, and keeps what takes it back: a file per batch, readable for its owner only.

A line is written before each change and one after it, so that an interruption at any moment leaves a batch that can be taken back.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from catalog import saved_sites, site_errors
from catalog.bulk import Change, Difference, Fault, Known, Plan
from catalog.db import now
from catalog.private_files import write_private
from catalog.site_errors import SiteError
from catalog.sites import Site
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_LARGEST = 200_000_000
# So many batches can be taken back; the oldest go.
KEPT = 100


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a plan: how many datasets were changed, what could not be, and the id that takes the batch back."""

    applied: int
    faults: tuple[Fault, ...]
    undo: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch that can be taken back: its id, when and where it was carried out, and how many datasets it changed."""

    id: str
    at: str
    address: str
    changes: int


@dataclass(slots=True)
class _Step:
    """One change of a batch as the file tells it; `after` is when the dataset was changed by it, empty where the run broke off."""

    id: str
    name: str
    created: bool
    before: Mapping[str, Any]
    wanted: Mapping[str, Any]
    modified: str
    after: str = ""


@dataclass(slots=True)
class _Log:
    """The file of a batch that is being carried out."""

    path: Path

    def add(self, value: Mapping[str, Any]) -> None:
        """Write a line, and see that it is on disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(orjson.dumps(value) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def finder(site: Site) -> Callable[[str], Known | None]:
    """Make what finds the datasets of a site, each with its version."""

    def find(name_or_id: str) -> Known | None:
        try:
            answer = site.ask("package_show", {"id": name_or_id})
        except SiteError as error:
            if error.kind in (site_errors.NOT_FOUND, site_errors.DENIED):
                return None
            raise
        return Known(answer.result, answer.etag)

    return find


def apply(site: Site, plan: Plan, tick: Callable[[int], None] = lambda done: None) -> Done:
    """Carry out a plan; a dataset that somebody else changed meanwhile is left as it is and told as a conflict."""
    if not plan.changes:
        return Done(0, (), "")
    batch = f"{now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    for old in batches(site)[KEPT - 1 :]:
        (_folder(site) / f"{old.id}.jsonl").unlink(missing_ok=True)
    log = _Log(_folder(site) / f"{batch}.jsonl")
    log.add({"batch": batch, "at": now().isoformat(timespec="seconds"), "address": site.address})
    faults: list[Fault] = []
    applied = 0
    for number, change in enumerate(plan.changes, 1):
        try:
            _carry_out(site, change, log)
            applied += 1
        except SiteError as error:
            faults.append(Fault(change.row, change.name, error.message, conflict=error.kind == site_errors.CHANGED))
        tick(number)
    return Done(applied, tuple(faults), batch)


def plan_back(site: Site, batch: str) -> Plan:
    """Plan what takes a batch back; datasets that were changed since are conflicts."""
    find = finder(site)
    changes: list[Change] = []
    faults: list[Fault] = []
    unchanged = 0
    # Backwards, as names may have been handed on.
    for number, step in reversed(list(enumerate(_steps(site, batch), 1))):
        known = find(step.id or step.name)
        outcome = _back(number, step, known)
        if isinstance(outcome, Fault):
            faults.append(outcome)
        elif outcome is not None:
            changes.append(outcome)
        else:
            unchanged += 1
    return Plan(tuple(changes), tuple(faults), unchanged)


def batches(site: Site) -> list[Batch]:
    """List the batches that can be taken back, the newest first."""
    folder = _folder(site)
    found = []
    for file in sorted(folder.glob("*.jsonl"), reverse=True) if folder.is_dir() else ():
        head, *lines = _lines(file)
        if head.get("address") == site.address:
            found.append(Batch(file.stem, head["at"], head["address"], sum("done" in line for line in lines)))
    return found


def forget(site: Site, dataset_id: str) -> None:
    """Erase what batches keep of a dataset: it was purged."""
    for one in batches(site):
        file = _folder(site) / f"{one.id}.jsonl"
        head, *lines = _lines(file)
        kept: list[dict[str, Any]] = []
        dropped = False
        for line in lines:
            # What follows a change, that it was done or failed, belongs to it.
            if "wanted" in line:
                dropped = line["id"] == dataset_id
            if not dropped and line.get("done") == dataset_id:
                kept.pop()
            elif not dropped:
                kept.append(line)
        if kept != lines:
            write_private(file, b"".join(orjson.dumps(line) + b"\n" for line in (head, *kept)))


def _carry_out(site: Site, change: Change, log: _Log) -> None:
    step = {"id": change.id, "name": change.name, "before": change.before, "wanted": change.arguments}
    log.add({**step, "modified": change.modified})
    try:
        if change.id:
            answer = site.ask("package_patch", {**change.arguments, "id": change.id}, if_match=change.etag)
        else:
            answer = site.ask("package_create", change.arguments)
    except SiteError:
        log.add({"failed": change.name})
        raise
    log.add({"done": answer.result["id"], "after": answer.result["metadata_modified"]})


def _back(number: int, step: _Step, known: Known | None) -> Change | Fault | None:
    if known is None:
        # What was to be created and is not there needs nothing.
        return None if step.created else Fault(number, step.name, Message("gibt es nicht mehr", "is gone"))
    package = known.package
    name, modified = str(package["name"]), package["metadata_modified"]
    if not step.after and not step.created and modified == step.modified:
        # The run broke off before anything was changed.
        return None
    if modified != step.after:
        why = Message("seither geändert; bleibt, wie es ist", "changed since; stays as it is")
        return Fault(number, name, why, conflict=True)
    arguments = {"state": "deleted"} if step.created else dict(step.before)
    differences = tuple(
        Difference(field, _shown(package.get(field)), _shown(value)) for field, value in arguments.items()
    )
    return Change(
        row=number,
        id=package["id"],
        name=name,
        etag=known.etag,
        modified=modified,
        differences=differences,
        arguments=arguments,
        before={"state": package["state"]} if step.created else dict(step.wanted),
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


def _steps(site: Site, batch: str) -> Iterable[_Step]:
    file = _folder(site) / f"{batch}.jsonl"
    if not _ID.fullmatch(batch) or not file.is_file():
        raise NotFoundError(
            Message(
                f"Eine Änderung „{batch[:40]}“ ist hier nicht verzeichnet. Nächster Schritt: offenbar dataset undo --list",
                f"There is no change “{batch[:40]}” on record here. Next step: offenbar dataset undo --list",
            )
        )
    head, *lines = _lines(file)
    if head.get("address") != site.address:
        raise ConfigError(
            Message(
                f"Diese Änderung geschah auf {head.get('address')}. Nächster Schritt: --site angeben",
                f"This change was made on {head.get('address')}. Next step: give --site",
            )
        )
    steps: list[_Step] = []
    for line in lines:
        if "wanted" in line:
            created = not line["id"]
            steps.append(_Step(line["id"], line["name"], created, line["before"], line["wanted"], line["modified"]))
        elif "failed" in line:
            steps.pop()
        else:
            steps[-1].id, steps[-1].after = line["done"], line["after"]
    return steps


def _lines(file: Path) -> list[dict[str, Any]]:
    """Read a batch; a last line that was cut off was never acted upon."""
    if file.stat().st_size > _LARGEST:
        raise _damaged(file)
    found: list[dict[str, Any]] = []
    for line in file.read_bytes().splitlines():
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            break
    if not found:
        raise _damaged(file)
    return found


def _damaged(file: Path) -> ConfigError:
    return ConfigError(Message(f"{file} ist nicht zu verstehen.", f"{file} cannot be understood."))


def _folder(site: Site) -> Path:
    return (site.instance.config.home if site.instance else saved_sites.folder()) / "undo"
