"""Staging: items become rows one by one; one that breaks our program does not stop the others, one that is as it was is not read."""

import logging
from typing import Any

import builders
import pytest

from catalog.ingest import staging
from dcat.message import Message
from dcat.model import Dataset, Reading
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.source import Identity, Source

URIS = ("https://amt.example/1", "https://amt.example/falle", "https://amt.example/3")


def split(page: Page, source: Source) -> Batch:
    return Batch(items=(Item(remote_id=uri, content=uri, stamp=uri.encode()) for uri in page.body.decode().split()))


def read(item: Item, source: Source) -> Reading:
    return Reading(dataset=builders.dataset(uri=item.content))


SIMPLE = Harvester(type="dcat", accept="*/*", split=split, map=read)


def judge(remote_id: str, digest: str, dataset: Dataset) -> tuple[str, Message] | None:
    if "falle" in dataset.uri:
        raise ZeroDivisionError
    if "offen" in dataset.uri:
        return "profile", Message("unvollständig", "incomplete")
    return None


def rows(*uris: str, revision: str = "1", **fields: Any) -> list[dict[str, Any]]:
    known = fields.pop("known", {})
    source = builders.source(type="dcat", **fields)
    reader = staging.Reader(harvester=SIMPLE, source=source, revision=revision, judge=judge, known=known)
    return list(reader.rows(split(builders.page(" ".join(uris)), source), 1, "https://amt.example/"))


def test_a_record_that_breaks_our_program_goes_to_quarantine_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = rows(*URIS)
    assert [bool(row["document"]) for row in found] == [True, False, True]
    assert found[1]["failure"][0] == "internal" and "ZeroDivisionError" in caplog.text


def test_a_mapping_that_fails_stops_its_own_record_only(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Harvester(type="dcat", accept="*/*", split=split, map=lambda item, source: 1 / ("3" in item.content))  # type: ignore[arg-type,return-value]
    monkeypatch.setitem(globals(), "SIMPLE", broken)
    assert [row["failure"][0] for row in rows(URIS[0])] == ["internal"]


def test_what_the_gate_refuses_keeps_its_document_for_a_steward() -> None:
    (row,) = rows("https://amt.example/offen")
    assert row["failure"] == ["profile", "unvollständig", "incomplete"] and row["document"] and row["hash"]


def test_a_record_that_is_word_for_word_as_it_was_is_neither_read_nor_judged() -> None:
    first = rows(URIS[0])[0]
    known = {URIS[0]: (first["stamp"], first["hash"])}
    again = rows(URIS[0], known=known)[0]
    assert (again["hash"], again["document"], again["failure"]) == (first["hash"], None, None)
    assert rows(URIS[0], known=known, revision="2")[0]["document"], "other rules: read anew"


def test_an_identity_rule_makes_an_unsteady_id_steady() -> None:
    identity = Identity(dataset="strip-suffix:_[0-9]+")
    assert [r["remote_id"] for r in rows("a/baeume_0", "a/wege_12", identity=identity)] == ["a/baeume", "a/wege"]
