"""A file that somebody shows us to have it checked: what is asked of the process that checks it, and what it answers, as lines of JSON."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from catalog.table_orders import BROKEN, FAILURES, MB, Order, failed_answer
from dcat.message import Message
from validators import changes, report
from validators.changes import ChangeLog
from validators.report import Report

_NONE = Message("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One file to look at: against a shared schema (its id), one brought along (its text), or with `recognise` the one it looks like.

    A repaired copy goes to `copy`, however long that takes if `repair` asks for it. `seconds` are for everything, `bytes` for the file
    once it is unpacked.
    """

    path: Path
    copy: Path
    schema_id: str = ""
    schema: str = ""
    recognise: bool = False
    repair: bool = False
    seconds: float = 25.0
    bytes: int = 100 * MB


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of the file as it stands there: its record number, its line in a text editor (0 if that is the same or there is none)."""

    number: int
    line: int = 0
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A faulty cell: record number, position of the column from 0 (-1 for the whole row), and which finding of the report speaks of it."""

    row: int
    column: int
    finding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Some rows around errors. `columns` are the positions of the columns shown, from 0; `header` their names."""

    columns: tuple[int, ...]
    header: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """A shared schema that a file looks like, and the sentence that says so."""

    schema_id: str
    title: Message
    sentence: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A column of a file that looks like no shared schema: what it seems to hold."""

    name: str
    type: str
    note: Message = _NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What a repaired copy changes, and which columns it leaves out. Without a `report` of the copy none was made, for want of time."""

    log: ChangeLog
    dropped: tuple[str, ...] = ()
    report: Report | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that the visitor is told. `document` is the JSON of a schema proposed for a file that looks like none of ours."""

    report: Report
    likely: tuple[Likely, ...] = ()
    proposed: tuple[Proposed, ...] = ()
    document: str = ""
    excerpts: tuple[Excerpt, ...] = ()
    repair: Repair | None = None


def write_visit(visit: Visit) -> bytes:
    """Write what is asked as one line of JSON; the key `visit` tells it from other orders."""
    asked = {field.name: getattr(visit, field.name) for field in dataclasses.fields(visit)}
    return orjson.dumps({"visit": asked | {"path": str(visit.path), "copy": str(visit.copy)}})


def read_visit(content: Mapping[str, Any]) -> Visit:
    """Read what is asked, from under its key."""
    return Visit(**{**content, "path": Path(content["path"]), "copy": Path(content["copy"])})


def write_shown(shown: Shown) -> bytes:
    """Write the answer as one line of JSON."""
    repair = shown.repair
    return orjson.dumps(
        {
            "report": report.to_json(shown.report),
            "likely": shown.likely,
            "proposed": shown.proposed,
            "document": shown.document,
            "excerpts": shown.excerpts,
            "repair": None
            if repair is None
            else {
                "log": repair.log.to_json(),
                "dropped": repair.dropped,
                "report": report.to_json(repair.report) if repair.report else None,
            },
        }
    )


def read_shown(content: Mapping[str, Any], visit: Visit) -> Shown:
    """Read an answer, or that there is none."""
    if failure := content.get("failed"):
        return failed(visit, FAILURES.get(failure, BROKEN))
    return Shown(
        report=report.from_json(content["report"]),
        likely=tuple(
            Likely(schema_id=one["schema_id"], title=Message(**one["title"]), sentence=Message(**one["sentence"]))
            for one in content["likely"]
        ),
        proposed=tuple(Proposed(**{**one, "note": Message(**one["note"])}) for one in content["proposed"]),
        document=content["document"],
        excerpts=tuple(map(_excerpt, content["excerpts"])),
        repair=_repair(content["repair"]) if content["repair"] else None,
    )


def failed(visit: Visit, what: Message) -> Shown:
    """Say that a check came to no end."""
    return Shown(report=failed_answer(Order(path=visit.path, schema_id=visit.schema_id), what).report)


def _excerpt(content: Mapping[str, Any]) -> Excerpt:
    return Excerpt(
        columns=tuple(content["columns"]),
        header=tuple(content["header"]),
        rows=tuple(ShownRow(**{**row, "cells": tuple(row["cells"])}) for row in content["rows"]),
        remarks=tuple(Remark(**one) for one in content["remarks"]),
    )


def _repair(content: Mapping[str, Any]) -> Repair:
    return Repair(
        log=changes.from_json(content["log"]),
        dropped=tuple(content["dropped"]),
        report=report.from_json(content["report"]) if content["report"] else None,
    )
