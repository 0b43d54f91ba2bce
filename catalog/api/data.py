"""The data API in its first form: a checked table as JSON, page by page, as a whole as Parquet and CSV, and how a derived one was made.

Nothing is converted here: the copies were written when the file was checked (catalog/tables.py).
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from catalog import store
from catalog.api import answers, parameters
from catalog.api.answers import instance
from catalog.public import PublicFile

LIMIT = 100
MAX_LIMIT = 10_000
MAX_CHARACTERS = 5_000_000
# A filter that is not known must not look as if it had been applied.
PARAMETERS = frozenset({"limit", "cursor"})
data = Blueprint("data", __name__)


@data.get("/api/data")
def tables() -> Response:
    """List the tables that are served, `limit` datasets at a time; `next` leads to the following ones."""
    if request.args.keys() - PARAMETERS:
        raise BadRequest
    limit, cursor = (
        min(max(parameters.number("limit", LIMIT, least=0), 1), LIMIT),
        parameters.number("cursor", 0, least=0),
    )
    site = instance().config.site_url
    with instance().database.reading() as session:
        found = store.served(session, cursor, limit + 1)
    listed = [
        {
            "distribution": file.id,
            "dataset": shown.dataset.uri,
            "title": [{"value": text.value, "lang": text.lang} for text in shown.dataset.title],
            "name": file.name,
            "schema": f"{site}/schema/{file.schema_id}" if file.schema_id else None,
            "conforms": file.valid,
            "url": f"{site}/api/data/{file.id}",
            "parquet": f"{site}/api/data/{file.id}.parquet" if file.table else None,
            "csv": f"{site}/api/data/{file.id}.csv" if file.csv else None,
            "changes": f"{site}/api/data/{file.id}/changes" if file.log else None,
        }
        for shown in found[:limit]
        for file in shown.files
        if file.served
    ]
    following = f"{site}/api/data?limit={limit}&cursor={cursor + limit}" if len(found) > limit else None
    answer = Response(orjson.dumps({"tables": listed, "next": following}), content_type="application/json")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@data.get("/api/data/<uuid:file_id>")
def rows(file_id: object) -> Response:
    """Give rows of a table: `limit` of them from `cursor` on; `next` leads to the following ones."""
    if request.args.keys() - PARAMETERS:
        raise BadRequest
    limit, cursor = parameters.number("limit", LIMIT, least=0), parameters.number("cursor", 0, least=0)
    limit = min(max(limit, 1), MAX_LIMIT)
    file = _served(file_id)
    if not instance().files.has(_readable(file)):
        raise NotFound
    records = _records(file)
    header = next(records, [])
    found, more = _part(islice(records, cursor, None), limit)
    address = f"{instance().config.site_url}/api/data/{file_id}"
    body: dict[str, Any] = {
        "distribution": file.id,
        "schema": f"{instance().config.site_url}/schema/{file.schema_id}" if file.schema_id else None,
        "conforms": file.valid,
        "fields": header,
        "records": [dict(zip(header, row, strict=False)) for row in found],
        "next": f"{address}?limit={limit}&cursor={cursor + len(found)}" if more else None,
    }
    answer = Response(orjson.dumps(body), content_type="application/json")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.set_etag(store.digest(f"{file.copy} {file.valid} {limit} {cursor}"))
    answer.make_conditional(request)
    return answer


@data.get("/api/data/<uuid:file_id>.parquet")
def parquet(file_id: object) -> Response:
    """Give a whole table as Parquet, typed by its schema."""
    file = _served(file_id)
    return _copy(file, file.table, "application/vnd.apache.parquet", "parquet")


@data.get("/api/data/<uuid:file_id>.csv")
def plain_csv(file_id: object) -> Response:
    """Give a whole table as CSV in its one form: UTF-8, comma, decimal dot, ISO dates."""
    file = _served(file_id)
    return _copy(file, file.csv, "text/csv; charset=utf-8", "csv")


@data.get("/api/data/<uuid:file_id>/changes")
def changes(file_id: object) -> Response:
    """List what a mapping changed to make a derived table, as JSON."""
    file = _served(file_id)
    return _copy(file, file.log, "application/json", "json")


def _served(file_id: object) -> PublicFile:
    """Find a table that the public may have; 404 for all others."""
    with instance().database.reading() as session:
        file = store.public_table(session, str(file_id))
    if file is None:
        raise NotFound
    return file


def _copy(file: PublicFile, digest: str, content_type: str, ending: str) -> Response:
    """Give out a stored copy of a table, as an attachment."""
    if not digest or not instance().files.has(digest):
        raise NotFound
    answer = answers.in_pieces(instance().files.stream(digest), instance().files.size(digest), content_type)
    name = f"{PurePosixPath(file.name).stem or file.id}.{ending}"
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.set_etag(digest)
    answer.make_conditional(request)
    return answer


def _part(rows: Iterator[list[str]], limit: int) -> tuple[list[list[str]], bool]:
    """Take rows, fewer than asked for when their cells are huge; also tells whether more follow."""
    taken: list[list[str]] = []
    size = 0
    for row in rows:
        size += sum(map(len, row))
        if len(taken) == limit or (taken and size > MAX_CHARACTERS):
            return taken, True
        taken.append(row)
    return taken, False


def _readable(file: PublicFile) -> str:
    """Choose the copy whose rows are given: the file as the department wrote it if it is CSV, else the CSV made of it."""
    kind = (file.report or {}).get("sniffed", {}).get("kind", "csv")
    return file.copy if kind == "csv" else file.csv


def _records(file: PublicFile) -> Iterator[list[str]]:
    """Read the table as the check found it: its encoding, its delimiter, from its header row on."""
    copy = _readable(file)
    # The CSV made of another kind of file begins with its header and is UTF-8 with commas.
    facts = (file.report or {}).get("sniffed", {}) if copy == file.copy else {}
    encoding = facts.get("encoding") or "utf-8"
    text = io.TextIOWrapper(
        io.BufferedReader(_Stream(instance().files.stream(copy))), encoding=encoding, errors="replace", newline=""
    )
    reader = csv.reader(text, delimiter=facts.get("delimiter") or ",", quotechar=facts.get("quote") or '"')
    for number, row in enumerate(reader, 1):
        if number == max(1, facts.get("header_row") or 1):
            row = [row[0].lstrip("\ufeff"), *row[1:]] if row else row
        if number >= max(1, facts.get("header_row") or 1) and row:
            yield row


class _Stream(io.RawIOBase):
    """Pieces of bytes as a readable stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
