"""The controlled vocabularies: complete, unambiguous, and found by whatever the world writes."""

import csv
from importlib import resources

import pytest

from dcat import iri
from dcat.vocabularies import NAMES, Concept, spelling, vocabulary


def find(name: str, value: str) -> Concept:
    concept = vocabulary(name).find(value)
    assert concept is not None, value
    return concept


def rows(name: str) -> list[dict[str, str]]:
    table = resources.files("dcat") / "vocabularies" / f"{name}.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def twin(uri: str) -> str:
    return uri.replace("https://", "http://", 1) if uri.startswith("https") else uri.replace("http://", "https://", 1)


def test_every_table_is_named() -> None:
    folder = resources.files("dcat") / "vocabularies"
    assert sorted(f"{name}.csv" for name in NAMES) == sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_table(name: str) -> None:
    uris = [row["uri"] for row in rows(name)]
    assert len(uris) == len(set(uris)) == len(vocabulary(name).concepts) > 0
    assert all(iri.is_web(uri) for uri in uris)
    codes = [row["code"] for row in rows(name)]
    assert all(codes)
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", NAMES)
def test_labels_in_both_languages(name: str) -> None:
    for concept in vocabulary(name).concepts.values():
        assert concept.label.de.strip(), concept.uri
        assert concept.label.en.strip(), concept.uri
        assert vocabulary(name).label(concept.uri) == concept.label


@pytest.mark.parametrize("name", NAMES)
def test_concepts_are_found_by_uri_code_and_twin(name: str) -> None:
    for concept in vocabulary(name).concepts.values():
        assert concept.uri in vocabulary(name)
        for value in (concept.uri, concept.code, twin(concept.uri), f" {concept.code.upper()} ", concept.uri + "/"):
            assert find(name, value) == concept, value


@pytest.mark.parametrize("name", NAMES)
def test_every_alias_is_found(name: str) -> None:
    for row in rows(name):
        for alias in filter(None, row["aliases"].split("|")):
            assert find(name, alias).uri == row["uri"], alias


@pytest.mark.parametrize("name", NAMES)
def test_labels_lead_to_a_concept_of_that_name_or_code(name: str) -> None:
    for concept in vocabulary(name).concepts.values():
        for label in (concept.label.de, concept.label.en):
            found = find(name, label)
            words = {spelling(word) for word in (found.label.de, found.label.en, found.code, found.uri)}
            assert found == concept or spelling(label) in words | aliases(name, found.uri), label


def aliases(name: str, uri: str) -> set[str]:
    return {spelling(alias) for row in rows(name) if row["uri"] == uri for alias in row["aliases"].split("|")}


def test_labels_of_formats_lead_back() -> None:
    # dcat/ckan.py writes a format by its English label.
    for concept in vocabulary("format").concepts.values():
        assert find("format", concept.label.en) == concept


@pytest.mark.parametrize("value", ["", " ", "http://", "https://", "/", "gibt es nicht", "https://example.org/nichts"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_there_is_not_found(name: str, value: str) -> None:
    assert vocabulary(name).find(value) is None


def test_an_unknown_uri_stands_for_itself() -> None:
    assert vocabulary("theme").label("https://example.org/x").de == "https://example.org/x"
    assert "https://example.org/x" not in vocabulary("theme")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("06411000", "Darmstadt, Wissenschaftsstadt"),
        ("06412000", "Frankfurt am Main, Stadt"),
        ("06414000", "Wiesbaden, Landeshauptstadt"),
    ],
)
def test_the_three_cities(key: str, name: str) -> None:
    place = find("place", key)
    assert place.uri == f"http://dcat-ap.de/def/politicalGeocoding/municipalityKey/{key}"
    assert place.label.de == name
    assert find("place", f"http://dcat-ap.de/def/politicalGeocoding/regionalKey/{key[:5]}0000{key[5:]}") == place
    assert 8 < float(place.extra["lon"]) < 9
    assert 49 < float(place.extra["lat"]) < 51


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("license", "dl-zero-de/2.0", "dl-zero-de/2.0"),
        ("license", "http://dcat-ap.de/def/licenses/dl-zero-de/2_0", "dl-zero-de/2.0"),
        ("license", "https://www.govdata.de/dl-de/zero-2-0", "dl-zero-de/2.0"),
        ("license", "http://www.govdata.de/dl-de/by-2-0/", "dl-by-de/2.0"),
        ("license", "CC BY 4.0", "cc-by/4.0"),
        ("license", "https://creativecommons.org/licenses/by/4.0/", "cc-by/4.0"),
        ("theme", "http://publications.europa.eu/resource/authority/data-theme/ENVI", "ENVI"),
        ("theme", "Umwelt", "ENVI"),
        ("language", "de", "DEU"),
        ("language", "http://publications.europa.eu/resource/authority/language/GER", "DEU"),
        ("format", "application/geo+json", "GEOJSON"),
        ("format", "geojson", "GEOJSON"),
        ("media-type", "text/csv", "text/csv"),
        ("media-type", "http://www.iana.org/assignments/media-types/text/csv", "text/csv"),
        ("frequency", "jährlich", "ANNUAL"),
        ("frequency", "annual", "ANNUAL"),
        ("availability", "http://dcat-ap.de/def/plannedAvailability/stable", "STABLE"),
        ("distribution-status", "http://purl.org/adms/status/Completed", "COMPLETED"),
        ("access-right", "öffentlich", "PUBLIC"),
        ("hvd-category", "http://data.europa.eu/bna/c_ac64a52d", "c_ac64a52d"),
        ("checksum-algorithm", "http://spdx.org/rdf/terms#checksumAlgorithm_sha256", "sha256"),
        ("checksum-algorithm", "http://dcat-ap.de/def/hashAlgorithms/sha/256", "sha256"),
        ("geocoding-level", "municipality", "municipality"),
    ],
)
def test_spellings_of_the_world(name: str, value: str, code: str) -> None:
    assert find(name, value).code == code


def test_the_theme_that_must_not_be_used_is_not_there() -> None:
    assert len(vocabulary("theme").concepts) == 13
    assert vocabulary("theme").find("OP_DATPRO") is None


def test_licences_say_whether_they_are_open() -> None:
    assert {concept.extra["open"] for concept in vocabulary("license").concepts.values()} <= {"yes", "no"}
    assert find("license", "dl-zero-de/2.0").extra["open"] == "yes"
    assert find("license", "other-closed").extra["open"] == "no"
