"""The official shapes, offline, in the combinations that work."""

import pytest
from shared_files import shared

from dcat.errors import ConfigError, UnreadableError
from validators import shacl
from validators.shacl import Combination, Engine, ShaclResult, ShaclSeverity, check

TITLE = 'dcterms:title "Datensatz Nummer 0 mit Umlauten äöü"@de, "Dataset number 0"@en ;'


@pytest.fixture(params=list(Engine))
def judged(request):
    shapes = shared("standards", "shapes")
    vocabularies = shared("standards", "vocabularies", "shacl-vocabularies.ttl")
    return lambda data, combination: check(data.encode(), combination, shapes, vocabularies, request.param)


def example(name: str, *changes: tuple[str, str]) -> str:
    text = shared("standards", "shapes", "examples", name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def broken(results: tuple[ShaclResult, ...]) -> set[tuple[str, str]]:
    return {(result.constraint, result.path.rpartition("/")[2].rpartition("#")[2]) for result in results}


@pytest.mark.parametrize("combination", list(Combination))
@pytest.mark.parametrize("name", ["catalogue-1-dataset.ttl", "hvd-1-dataset.ttl"])
def test_examples_conform(judged, name, combination):
    assert judged(example(name), combination) == ()


@pytest.mark.parametrize("combination", [Combination.GERMAN, Combination.EUROPEAN])
def test_seeded_errors_are_found(judged, combination):
    data = example("catalogue-1-dataset.ttl", (TITLE, ""), ("data-theme/TRAN", "data-theme/UNSINN"))
    results = judged(data, combination)
    assert ("MinCountConstraintComponent", "title") in broken(results)
    assert any("UNSINN" in result.value + result.focus for result in results)
    assert {result.severity for result in results} == {ShaclSeverity.VIOLATION}
    assert all(result.message for result in results)


def test_data_service_does_not_stop_the_european_shapes(judged):
    data = example(
        "hvd-1-dataset.ttl", ("dcat:endpointURL <https://daten.example-rheinmain.de/dataset/0/api/v1> ;", "")
    )
    assert broken(judged(data, Combination.EUROPEAN)) == {("MinCountConstraintComponent", "endpointURL")}


def test_only_the_german_shapes_know_the_licence_list(judged):
    data = example(
        "catalogue-1-dataset.ttl", ("http://dcat-ap.de/def/licenses/dl-by-de/2.0", "https://example.org/lizenz")
    )
    results = judged(data, Combination.GERMAN)
    assert {result.severity for result in results} == {ShaclSeverity.WARNING}


def test_hvd_rules(judged):
    data = example(
        "hvd-1-dataset.ttl",
        ("dcatap:hvdCategory <http://data.europa.eu/bna/c_4b74ea13> ; dcat:landingPage", "dcat:landingPage"),
        ("foaf:page <https://daten.example-rheinmain.de/dataset/0/api/doku> ;", ""),
    )
    assert broken(judged(data, Combination.HVD)) == {
        ("MinCountConstraintComponent", "hvdCategory"),
        ("MinCountConstraintComponent", "page"),
    }


def test_hvd_rules_leave_other_datasets_alone(judged):
    mixed = example("catalogue-1-dataset.ttl") + example("hvd-1-dataset.ttl", ("dataset/0", "dataset/9"))
    assert judged(mixed, Combination.HVD) == ()
    spoiled = mixed.replace("foaf:page <https://daten.example-rheinmain.de/dataset/9/api/doku> ;", "")
    assert {result.focus for result in judged(spoiled, Combination.HVD)} == {
        "https://daten.example-rheinmain.de/dataset/9/api"
    }


def test_imports_are_never_loaded(judged):
    data = (
        example("catalogue-1-dataset.ttl")
        + "\n<urn:x> <http://www.w3.org/2002/07/owl#imports> <http://127.0.0.1:9/x> ."
    )
    assert judged(data, Combination.EUROPEAN) == ()


def test_what_is_no_graph_is_refused(judged):
    with pytest.raises(UnreadableError):
        judged("<html>", Combination.GERMAN)


def test_missing_shapes_are_named(tmp_path):
    vocabularies = tmp_path / "v.ttl"
    vocabularies.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check(b"", Combination.GERMAN, tmp_path, vocabularies)
    assert "class-hierarchy.ttl" in caught.value.message.de


def test_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shacl, "pyshacl", None)
    with pytest.raises(ConfigError) as caught:
        check(b"", Combination.GERMAN, tmp_path, tmp_path)
    assert "offenbar[shacl]" in caught.value.message.de
