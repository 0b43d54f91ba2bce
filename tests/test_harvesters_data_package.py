"""Data packages: what is right becomes one dataset, what is wrong a problem or a failure with the next step."""

from typing import Any

import builders
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcat.model import Agent, Contact, Dataset, Reading, Text
from harvesters.base import Record
from harvesters.data_package import MAX_RESOURCES
from harvesters.files import FILES

URL = "https://amt.example/ablage/baumkataster/datapackage.json"
FOLDER = "https://amt.example/ablage/baumkataster"
CSV = {"path": "baeume.csv"}


def read_package(package: Any) -> Record:
    body = package if isinstance(package, bytes) else orjson.dumps(package)
    page = builders.page(body, URL, media_type="application/json")
    (record,) = builders.read_page(FILES, page, builders.source("https://amt.example/ablage/", id="da-amt")).records
    return record


def reading(**package: Any) -> Reading:
    record = read_package({"resources": [CSV]} | package)
    assert record.reading is not None and record.failure is None
    return record.reading


def dataset(**package: Any) -> Dataset:
    return reading(**package).dataset


def test_a_whole_package() -> None:
    found = dataset(
        name="baumkataster",
        title="Baumkataster",
        description="Alle Bäume.",
        keywords=["Baum", "Straße"],
        theme=["ENVI"],
        frequency="ANNUAL",
        hvd_category="c_ac64a52d",
        created="2020-01-31",
        updated="2026-05-31T12:00:00Z",
        version="2.1",
        homepage="https://amt.example/baeume",
        licenses=[{"name": "dl-by-de/2.0"}],
        contributors=[{"title": "Grünflächenamt", "role": "publisher", "email": "gruen@amt.example"}],
        resources=[{"path": "baeume.csv", "title": "Bäume", "description": "Eine Zeile je Baum."}],
    )
    assert found.identifier == ("da-amt/baumkataster",)
    assert found.title == (Text("Baumkataster", "de"),)
    assert found.keyword == (Text("Baum", "de"), Text("Straße", "de"))
    assert found.theme == (f"{builders.AUTHORITY}/data-theme/ENVI",)
    assert found.frequency == f"{builders.AUTHORITY}/frequency/ANNUAL"
    assert found.hvd_category == ("http://data.europa.eu/bna/c_ac64a52d",)
    assert (found.issued, found.modified, found.version) == ("2020-01-31", "2026-05-31T12:00:00Z", "2.1")
    assert found.landing_page == ("https://amt.example/baeume",)
    assert found.publisher == Agent(name=(Text("Grünflächenamt", "de"),))
    assert found.contact_point == (Contact(name="Grünflächenamt", email="gruen@amt.example"),)
    (distribution,) = found.distribution
    assert distribution.download_url == (f"{FOLDER}/baeume.csv",)
    assert distribution.title == (Text("Bäume", "de"),)
    assert distribution.description == (Text("Eine Zeile je Baum.", "de"),)
    assert distribution.license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert distribution.format.endswith("/file-type/CSV")


def test_nothing_is_invented() -> None:
    found = dataset()
    assert found == Dataset(
        identifier=("da-amt/baumkataster",),
        title=(Text("baumkataster", "de"),),
        distribution=found.distribution,
    )
    assert found.distribution[0].license == ""


@pytest.mark.parametrize(
    "title, texts",
    [
        ({"de": "Bäume", "en": "Trees", "fr": ""}, (Text("Bäume", "de"), Text("Trees", "en"))),
        ("  Bäume ", (Text("Bäume", "de"),)),
        ("", (Text("baum-kataster", "de"),)),
        (7, (Text("baum-kataster", "de"),)),
        (None, (Text("baum-kataster", "de"),)),
    ],
)
def test_titles(title: Any, texts: tuple[Text, ...]) -> None:
    assert dataset(title=title, name="baum-kataster").title == texts


def test_its_own_id_is_kept() -> None:
    assert dataset(id="urn:uuid:7").identifier == ("urn:uuid:7",)


@pytest.mark.parametrize(
    "licenses, uri",
    [
        ([{"name": "dl-zero-de/2.0"}], "dl-zero-de/2.0"),
        ([{"path": "https://www.govdata.de/dl-de/by-2-0"}], "dl-by-de/2.0"),
        ([{"name": "eigene"}, {"name": "dl-by-de/2.0"}], "dl-by-de/2.0"),
        ({"name": "dl-by-de/2.0"}, "dl-by-de/2.0"),
        (["dl-by-de/2.0"], ""),
        ([{"name": "eigene Bedingungen"}], ""),
        ("frei", ""),
    ],
)
def test_licences(licenses: Any, uri: str) -> None:
    expected = f"http://dcat-ap.de/def/licenses/{uri}" if uri else ""
    assert dataset(licenses=licenses).distribution[0].license == expected


def test_a_resource_may_have_a_licence_of_its_own() -> None:
    resources = [CSV | {"licenses": [{"name": "dl-zero-de/2.0"}]}, {"path": "b.csv"}]
    found = dataset(licenses=[{"name": "dl-by-de/2.0"}], resources=resources)
    assert [d.license.rsplit("/", 2)[1] for d in found.distribution] == ["dl-zero-de", "dl-by-de"]


@pytest.mark.parametrize(
    "path, address",
    [
        ("baeume.csv", f"{FOLDER}/baeume.csv"),
        ("./unter/baeume.csv", f"{FOLDER}/unter/baeume.csv"),
        ("Größe 1.csv", f"{FOLDER}/Gr%C3%B6%C3%9Fe%201.csv"),
        ("a..b.csv", f"{FOLDER}/a..b.csv"),
        ("https://fremd.example/baeume.csv", "https://fremd.example/baeume.csv"),
        (["baeume.csv"], f"{FOLDER}/baeume.csv"),
    ],
)
def test_paths(path: Any, address: str) -> None:
    found = reading(resources=[{"path": path}])
    assert [d.download_url for d in found.dataset.distribution] == [(address,)]
    assert found.problems == ()


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"data": [1, 2]},
        {"path": ""},
        {"path": "  "},
        {"path": None},
        {"path": 7},
        {"path": []},
        {"path": [7]},
        {"path": {"de": "a.csv"}},
        {"path": "../geheim/a.csv"},
        {"path": "unter/../../a.csv"},
        {"path": "%2e%2e/a.csv"},
        {"path": "..\\a.csv"},
        {"path": "/etc/passwd"},
        {"path": "//fremd.example/a.csv"},
        {"path": "file:///etc/passwd"},
        {"path": "ftp://amt.example/a.csv"},
        {"path": "javascript:alert(1)"},
        {"path": "http://[kaputt"},
        "baeume.csv",
        None,
        ["baeume.csv"],
    ],
)
def test_a_resource_without_usable_path_is_reported_and_left_out(resource: Any) -> None:
    found = reading(resources=[resource, CSV])
    assert [d.download_url for d in found.dataset.distribution] == [(f"{FOLDER}/baeume.csv",)]
    (problem,) = found.problems
    assert problem.code == "no-path"
    assert problem.message.de == f"Eine Ressource in {URL} hat keinen brauchbaren „path“."


def test_a_file_in_parts_is_linked_by_its_first_part_and_reported() -> None:
    found = reading(resources=[{"path": ["teil1.csv", "teil2.csv"]}])
    assert [d.download_url for d in found.dataset.distribution] == [(f"{FOLDER}/teil1.csv",)]
    assert [problem.code for problem in found.problems] == ["parts"]
    assert "teil2.csv" in found.problems[0].value


def test_a_hundred_thousand_resources() -> None:
    found = reading(resources=[{"path": f"{number}.csv"} for number in range(100_000)])
    assert len(found.dataset.distribution) == MAX_RESOURCES
    (problem,) = found.problems
    assert (problem.code, problem.value) == ("too-many", "100000")


@pytest.mark.parametrize(
    "package",
    [
        b"",
        b"{",
        b"<html>Anmeldung</html>",
        b"\xff\xfe\x00",
        b"[" * 5000,
        [],
        7,
        "resources",
        {},
        {"resources": {"path": "a.csv"}},
        {"resources": None},
        {"resources": "a.csv"},
    ],
)
def test_what_is_no_package_fails_with_the_next_step(package: Any) -> None:
    record = read_package(package)
    assert record.reading is None and record.failure is not None and record.remote_id == "baumkataster"
    assert record.failure.de.startswith(f"{URL} ist kein Datenpaket: ")
    assert record.failure.de.endswith("Nächster Schritt: JSON mit „resources“ ablegen.")


def test_a_package_without_resources_is_a_dataset_without_files() -> None:
    assert dataset(resources=[]).distribution == ()


@pytest.mark.parametrize(
    "contributors, publisher, mail",
    [
        ([{"title": "Amt", "roles": ["publisher"]}], "Amt", ""),
        ([{"title": "Amt", "role": "author", "email": "amt@amt.example"}], "", "amt@amt.example"),
        ([{"role": "publisher"}], "", ""),
        ([{"title": "Amt", "role": "publisher", "email": "keine Adresse"}], "Amt", ""),
        (["Amt"], "", ""),
        ("Amt", "", ""),
        ({"title": "Amt", "role": "publisher"}, "Amt", ""),
    ],
)
def test_contributors(contributors: Any, publisher: str, mail: str) -> None:
    found = dataset(contributors=contributors)
    assert (found.publisher.name[0].value if found.publisher else "") == publisher
    assert (found.contact_point[0].email if found.contact_point else "") == mail


def test_dates_that_are_none_are_left_out() -> None:
    found = dataset(created="gestern", updated="31.05.2026", homepage="keine")
    assert (found.issued, found.modified, found.landing_page) == ("", "2026-05-31", ())


def test_a_byte_order_mark_and_utf16_are_no_obstacle() -> None:
    text = '{"title": "Bäume", "resources": []}'
    for body in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        record = read_package(body)
        assert record.reading is not None and record.reading.dataset.title == (Text("Bäume", "de"),)


def test_a_package_is_named_after_its_folder() -> None:
    source = builders.source("https://amt.example/ablage/")
    (record,) = builders.read_page(FILES, builders.page('{"resources": []}', URL), source).records
    assert record.remote_id == "baumkataster"
    root = builders.page('{"resources": []}', "https://amt.example/ablage/datapackage.json")
    (record,) = builders.read_page(FILES, root, source).records
    assert record.remote_id == "ablage"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "id",
    "name",
    "title",
    "description",
    "keywords",
    "theme",
    "frequency",
    "hvd_category",
    "created",
    "updated",
    "version",
    "homepage",
    "licenses",
    "contributors",
    "path",
    "role",
    "roles",
    "email",
]


@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.dictionaries(st.sampled_from(KEYS), JSON))
@example({"licenses": [[]], "contributors": [{"role": [], "roles": {}, "title": {}}]}, {"path": "//["})
@settings(max_examples=300, deadline=None)
def test_odd_values_never_stop_the_harvest(package: dict[str, Any], resource: dict[str, Any]) -> None:
    found = reading(**package | {"resources": [resource], "contributors": [resource], "licenses": [package]})
    assert found.dataset.title
    assert len(found.dataset.distribution) + len([p for p in found.problems if p.code == "no-path"]) == 1
