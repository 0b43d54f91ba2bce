"""Staging: records become rows one by one, and one that breaks our program does not stop the others."""

import logging

import builders
import pytest

from catalog.ingest import staging
from dcat.message import Message
from dcat.model import Dataset, Reading
from harvesters.base import Batch, Record


def judge(dataset: Dataset) -> tuple[str, Message] | None:
    if "falle" in dataset.uri:
        raise ZeroDivisionError
    return None


def test_a_record_that_breaks_our_program_goes_to_quarantine_alone(caplog: pytest.LogCaptureFixture) -> None:
    uris = ("https://amt.example/1", "https://amt.example/falle", "https://amt.example/3")
    records = (Record(remote_id=uri, reading=Reading(dataset=builders.dataset(uri=uri))) for uri in uris)
    with caplog.at_level(logging.ERROR):
        rows = staging.rows(Batch(records=records), 1, "https://amt.example/", judge)
    assert [bool(row["document"]) for row in rows] == [True, False, True]
    assert rows[1]["failure"][0] == "internal" and "ZeroDivisionError" in caplog.text
