"""data.json of DKAN and others (Project Open Data 1.1, DCAT-US 1.1): one file for a whole catalogue, read dataset by dataset."""

import codecs
import json
from collections.abc import Iterator
from typing import Any

import orjson

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Reading
from harvesters import json_answers, json_slices
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.bodies import Body
from harvesters.data_json_dataset import read_dataset
from harvesters.decode import decode
from harvesters.json_answers import members, text
from harvesters.source import Source

_KEY = b"dataset"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def split(page: Page, source: Source) -> Batch:
    """Cut the file into its datasets; each is parsed when its turn comes, so that one of them is in memory at a time."""
    body, start = _as_ascii_based(page)
    if body[start : start + 2000].lstrip()[:1] == b"<":
        raise json_answers.unexpected(
            page, "antwortet mit einer Webseite statt mit JSON", "answers with a web page instead of JSON"
        )
    slices = json_slices.elements(body, _KEY, start)
    if slices is None:
        raise json_answers.unexpected(
            page, "ist JSON, aber ohne die Liste „dataset“", "is JSON, but without the list “dataset”"
        )
    return Batch(items=_items(json_slices.bytes_of(body, slices), page.charset))


def read(item: Item, source: Source) -> Reading:
    """Describe one dataset; UnreadableError without an id or a title, or where its JSON is broken."""
    if isinstance(item.content, Message):
        raise UnreadableError(item.content)
    if item.remote_id.startswith("?"):
        title = item.remote_id[1:]
        raise UnreadableError(
            Message(f"Der Datensatz „{title}“ hat keinen „identifier“.", f"The dataset “{title}” has no “identifier”.")
        )
    reading = read_dataset(item.content)
    if not reading.dataset.title:
        raise UnreadableError(Message(f"{item.remote_id} hat keinen Titel.", f"{item.remote_id} has no title."))
    return reading


DATA_JSON = Harvester(type="data-json", accept="application/json", split=split, map=read)


def _as_ascii_based(page: Page) -> tuple[Body, int]:
    """Give the bytes in a charset in which JSON's own signs are ASCII, and where the text begins."""
    head = page.body[:4]
    if head.startswith(_UTF_16) or b"\0" in head:
        return decode(page.body, page.charset).text.encode("utf-8", "replace"), 0
    return page.body, len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0


def _items(records: Iterator[bytes], charset: str) -> Iterator[Item]:
    for position, raw in enumerate(records, 1):
        content = _parsed(raw, charset, position)
        if isinstance(content, Message):
            yield Item(remote_id=f"?{position}", content=content)
        else:
            known = _identifier(content) or f"?{text(content.get('title'), 200) or position}"
            yield Item(remote_id=known, content=content, stamp=json_answers.stamp(content))


def _identifier(record: dict[str, Any]) -> str:
    said = record.get("identifier") or record.get("@id")
    return text(said, 500) or text(members(said).get("@id"), 500)


def _parsed(raw: bytes, charset: str, position: int) -> dict[str, Any] | Message:
    """Parse one dataset; what is none is told in a sentence, and leaves the others as they are."""
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            # Half characters and raw line ends in texts are no reason to lose a dataset.
            record = json.loads(decode(raw, charset).text, strict=False)
        except (ValueError, RecursionError) as error:
            reason = str(error)[:200]
            return Message(
                f"Der {position}. Eintrag ist kein lesbares JSON: {reason}",
                f"Entry {position} is no readable JSON: {reason}",
            )
    if isinstance(record, dict):
        return record
    return Message(f"Der {position}. Eintrag ist kein Datensatz.", f"Entry {position} is no dataset.")
