"""The gate at the door of the catalogue: gaps that can be filled do not matter, what stays missing does."""

from dataclasses import replace

import builders

from catalog import gate
from catalog.config import City
from dcat.message import Message
from dcat.model import Contact, Dataset, Text
from harvesters.source import Defaults

DARMSTADT = City("darmstadt", "Darmstadt", "06411000")
SITE = "https://daten.example"


def refusal(dataset: Dataset, defaults: Defaults | None = None) -> tuple[str, Message] | None:
    source = replace(builders.source(), defaults=defaults or Defaults())
    return gate.refusal(dataset, source, DARMSTADT, ours=False, site_url=SITE)


def test_a_valid_dataset_comes_in() -> None:
    assert refusal(builders.full_dataset()) is None


def test_what_the_source_definition_fills_is_not_missing() -> None:
    bare = Dataset(uri="https://amt.example/d/1", title=(Text("Bäume"),))
    refused = refusal(bare)
    assert refused is not None and refused[0] == "profile" and "dcterms:description" in refused[1].de
    assert refusal(bare, Defaults(description=(Text("Bäume der Stadt", "de"),))) is None


def test_what_breaks_the_profile_is_left_out_and_does_not_refuse_the_rest() -> None:
    odd = builders.dataset(issued="irgendwann", contact_point=(Contact(name="ohne Adresse"),))
    assert refusal(odd) is None


def test_our_own_datasets_do_not_come_back() -> None:
    refused = refusal(builders.dataset(uri=f"{SITE}/dataset/1"))
    assert refused is not None and refused[0] == "echo"


def test_what_high_value_datasets_lack_does_not_keep_them_out() -> None:
    service = builders.service(page=(), contact_point=())
    hvd = builders.dataset(
        hvd_category=(builders.GEODATA,), distribution=(builders.distribution(access_service=(service,)),)
    )
    assert refusal(hvd) is None


def test_a_series_or_service_that_is_not_described_is_left_out_and_the_rest_comes_in() -> None:
    assert refusal(builders.dataset(in_series=(builders.full_series(title=()),))) is None
    service = builders.full_service(endpoint_url=())
    assert refusal(builders.dataset(distribution=(builders.distribution(access_service=(service,)),))) is None
