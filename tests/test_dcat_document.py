"""The JSON document of a dataset gives the dataset back exactly."""

from typing import Any

import builders
import orjson
import pytest
import strategies
from hypothesis import given, settings

from dcat import document
from dcat.errors import UnreadableError
from dcat.model import Dataset, Distribution


@given(strategies.datasets())
@settings(max_examples=100, deadline=None)
def test_round_trip_through_bytes(dataset: Dataset) -> None:
    assert document.read(orjson.loads(orjson.dumps(document.write(dataset)))) == dataset


@given(strategies.nodes("Distribution"))
@settings(max_examples=50, deadline=None)
def test_round_trip_of_a_distribution(distribution: Distribution) -> None:
    assert (
        document.read_distribution(orjson.loads(orjson.dumps(document.write_distribution(distribution))))
        == distribution
    )


def test_full_dataset() -> None:
    written = document.write(builders.full_dataset())
    assert document.read(written) == builders.full_dataset()
    assert written["title"] == [{"value": "Baumkataster", "lang": "de"}, {"value": "Tree register", "lang": "en"}]
    assert written["distribution"][0]["byte_size"] == 0
    assert written["publisher"]["email"] == "gruen@darmstadt.example"


def test_missing_values_are_left_out() -> None:
    assert document.write(Dataset()) == {}
    assert document.read({}) == Dataset()


@pytest.mark.parametrize(
    "foreign",
    [[], "dataset", 7, None, {"title": "Baumkataster"}, {"title": [{"value": "ohne Sprache"}]}, {"publisher": "Amt"}],
)
def test_other_documents_are_refused(foreign: Any) -> None:
    with pytest.raises(UnreadableError):
        document.read(foreign)
