"""CKAN packages: what the flat form can hold comes back, clients find every key, and no package of others makes us fail."""

import re
from typing import Any

import builders
import orjson
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_files import shared

from dcat import ckan, iri
from dcat.model import Dataset, Text
from dcat.profile import profile

# standards/ckan-action-api.md, section 1.5
PACKAGE_KEYS = set(
    re.findall(
        r"\w+",
        """id name title notes url version author author_email maintainer maintainer_email license_id license_title
    license_url isopen private state type owner_org organization creator_user_id metadata_created metadata_modified
    num_resources num_tags tags groups extras relationships_as_subject relationships_as_object resources""",
    )
)
TAG_KEYS = {"id", "name", "display_name", "state", "vocabulary_id"}
GROUP_KEYS = {"id", "name", "title", "display_name", "description", "image_display_url"}
RESOURCE_KEYS = set(
    re.findall(
        r"\w+",
        """id package_id name description url url_type format mimetype mimetype_inner hash size state position created
    last_modified metadata_modified resource_type cache_url cache_last_updated datastore_active""",
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
DATASET_KEYS = sorted(
    {"title", "notes", "title_translated", "notes_translated", "url", "version", "tags", "extras", "resources"}
    | {"license_id", "maintainer", "maintainer_email"}
)
EXTRA_KEYS = sorted(
    {prop.ckan.removeprefix("extra:") for prop in profile()["Dataset"].properties if prop.ckan.startswith("extra:")}
    | {
        f"{role}_{part}"
        for role in ("publisher", "contact", "creator")
        for part in ("name", "uri", "email", "type", "url")
    }
    | {"temporal_start", "temporal_end", "spatial_text", "contact_telephone"}
)
RESOURCE_FIELDS = sorted(
    {prop.ckan for prop in profile()["Distribution"].properties} | {"url", "uri", "hash_algorithm"}
)


def written(dataset: Dataset) -> dict[str, Any]:
    """The package as a client receives it."""
    package = builders.package(resources=len(dataset.distribution))
    answer: dict[str, Any] = orjson.loads(orjson.dumps(ckan.write(dataset, package)))
    return answer


def extras(package: dict[str, Any]) -> dict[str, str]:
    return {extra["key"]: extra["value"] for extra in package["extras"]}


@given(strategies.ckan_datasets())
@settings(max_examples=100, deadline=None)
def test_round_trip(dataset: Dataset) -> None:
    reading = ckan.read(written(dataset))
    assert reading.dataset == dataset
    assert reading.problems == ()


def test_round_trip_of_every_property() -> None:
    full = builders.full_dataset()
    read = ckan.read(written(full)).dataset
    lost = {prop.field for prop in profile()["Dataset"].properties if not getattr(read, prop.field)}
    # The flat form has no key for nodes such as these; they are in the RDF.
    assert lost == {"in_series", "qualified_relation", "qualified_attribution", "was_generated_by", "sample"}
    assert lost == {prop.field for prop in profile()["Dataset"].properties if not prop.ckan}
    lost = {
        p.field
        for p in profile()["Distribution"].properties
        if getattr(read.distribution[0], p.field) in (None, "", ())
    }
    assert lost == {"access_service"} == {p.field for p in profile()["Distribution"].properties if not p.ckan}


def test_identifiers_and_provenance_are_extras() -> None:
    found = extras(written(builders.full_dataset()))
    assert orjson.loads(found["alternate_identifier"]) == ["DOI 10.1000/182"]
    assert found["provenance"] == "Vor Ort aufgenommen."
    assert (found["spatial_resolution_in_meters"], found["temporal_resolution"]) == ("0.5", "P1Y")
    assert found["legal_basis"] == "§ 12a EGovG", "what a release only reads still has its place in a package"


@pytest.mark.parametrize("dataset", [builders.full_dataset(), Dataset()], ids=["full", "empty"])
def test_every_key_is_there(dataset: Dataset) -> None:
    package = written(dataset)
    assert package.keys() >= PACKAGE_KEYS
    assert all(tag.keys() >= TAG_KEYS for tag in package["tags"])
    assert all(group.keys() >= GROUP_KEYS for group in package["groups"])
    assert all(resource.keys() >= RESOURCE_KEYS for resource in package["resources"])
    assert all(extra.keys() == {"key", "value"} and isinstance(extra["value"], str) for extra in package["extras"])
    assert package["num_resources"] == len(package["resources"]) == len(dataset.distribution)
    assert package["num_tags"] == len(package["tags"]) == len(dataset.keyword)


def test_words_of_ckan() -> None:
    package = written(builders.full_dataset())
    assert package["title"] == "Baumkataster"
    assert package["title_translated"] == {"de": "Baumkataster", "en": "Tree register"}
    assert package["name"] == "baumkataster"
    assert (package["license_id"], package["isopen"]) == ("dl-zero-de/2.0", True)
    assert [group["name"] for group in package["groups"]] == ["envi", "regi"]
    assert extras(package)["publisher_name"] == "Grünflächenamt"
    assert extras(package)["contact_email"] == "offenedaten@darmstadt.example"
    [resource] = package["resources"]
    assert (resource["format"], resource["mimetype"], resource["size"]) == ("CSV", "text/csv", 0)
    assert resource["url"] == "https://opendata.darmstadt.example/baeume.csv"


def test_licences_carry_the_short_ids() -> None:
    licenses = {entry["id"]: entry for entry in ckan.licenses()}
    assert licenses["dl-zero-de/2.0"]["od_conformance"] == "approved"
    assert licenses["other-closed"]["od_conformance"] == "not reviewed"


def test_package_of_the_railway() -> None:
    reading = ckan.read(orjson.loads(shared("corpus", "ckan", "package_bahn.json").read_bytes()))
    dataset = reading.dataset
    assert dataset.title == (Text("Reisezentren"),)
    assert dataset.keyword == (Text("Koordinaten"),)
    [distribution] = dataset.distribution
    assert distribution.license == "http://dcat-ap.de/def/licenses/cc-by"
    assert distribution.format.endswith("/file-type/CSV")
    assert distribution.byte_size == 10325
    assert distribution.access_url == (
        "http://download-data.deutschebahn.com/static/datasets/reisezentren/VSRz201703.csv",
    )
    assert reading.problems == ()


def test_a_value_that_does_not_fit_is_reported() -> None:
    package = {"extras": [{"key": "modified", "value": "neulich"}], "resources": [{"url": "gibt es nicht"}]}
    problems = {(problem.path, problem.code, problem.value) for problem in ckan.read(package).problems}
    assert problems == {("modified", "date", "neulich"), ("resources[0].url", "uri", "gibt es nicht")}


def test_texts_in_brackets_are_no_lists() -> None:
    notes = (Text("[1]"),)
    assert ckan.read(written(Dataset(version_notes=notes))).dataset.version_notes == notes


def test_titles_by_language_in_the_title_itself() -> None:
    read = ckan.read({"title": {"de": "Bäume", "en_GB": "Trees", "??": "?", "fr": None}}).dataset
    assert read.title == (Text("Bäume", "de"), Text("Trees", "en-gb"), Text("?"))


def test_characters_no_xml_can_hold_are_left_out() -> None:
    package = {
        "title": "Bäu\x00me",
        "notes": "<p>Alle\x0b B&auml;ume</p>",
        "tags": [{"name": "\x01"}, {"name": None}, {"name": "Baum\ud800"}],
        "maintainer": "A\x02mt",
        "extras": [{"key": "publisher_name", "value": "Amt\ufffe"}, {"key": "identifier", "value": "a\x03"}],
    }
    read = ckan.read(package).dataset
    assert (read.title, read.description) == ((Text("Bäume"),), (Text("Alle Bäume"),))
    assert read.keyword == (Text("Baum"),)
    assert read.contact_point[0].name == "Amt"
    assert read.publisher is not None
    assert read.publisher.name == (Text("Amt"),)
    assert read.identifier == ("a",)


@given(
    package=st.dictionaries(st.sampled_from(DATASET_KEYS), JSON),
    extra_values=st.dictionaries(st.sampled_from(EXTRA_KEYS), JSON, max_size=5),
    resource=st.dictionaries(st.sampled_from(RESOURCE_FIELDS), JSON, max_size=5),
)
@settings(max_examples=300, deadline=None)
def test_hostile_packages_never_raise(package: dict[str, Any], extra_values: Any, resource: Any) -> None:
    package.setdefault("extras", [{"key": key, "value": value} for key, value in extra_values.items()])
    package.setdefault("resources", [resource])
    read = ckan.read(package).dataset
    for distribution in read.distribution:
        assert all(iri.is_iri(url) for url in distribution.access_url)


@pytest.mark.parametrize(
    "value", [None, 7, 1.5, True, "x", "[", "[[]]", [], [None], {}, {"a": {}}, [[1]], "\ud800", "http://x.de/\ud800"]
)
def test_wrong_types_everywhere_never_raise(value: Any) -> None:
    everywhere = dict.fromkeys(DATASET_KEYS, value)
    ckan.read(everywhere)
    ckan.read(
        everywhere
        | {
            "tags": [value, {"name": value}],
            "extras": [value, {"key": value, "value": value}, *({"key": key, "value": value} for key in EXTRA_KEYS)],
            "resources": [value, dict.fromkeys(RESOURCE_FIELDS, value)],
        }
    )
