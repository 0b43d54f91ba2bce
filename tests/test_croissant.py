"""Croissant: what version 1.1 requires, fields from schema and header, any column name, and the addresses that give it."""

import csv
import hashlib
import io
from typing import Any

import builders
import orjson
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import datasets

from catalog import schema_org_input
from catalog.public import FileState, PublicDataset, PublicFile
from dcat import croissant
from dcat.model import Dataset, Text
from dcat.schema_org import Column, Page, Table
from validators import schemas

# The specification, section "Dataset-level information", required.
REQUIRED = {
    "@context",
    "@type",
    "conformsTo",
    "description",
    "license",
    "name",
    "url",
    "creator",
    "datePublished",
    "distribution",
}
CR = "http://mlcommons.org/croissant/"
SCHEMA = "https://schema.org/"
BASE = "https://daten.example.org/dataset/1.jsonld"
NAMES = st.text(st.characters(codec="utf-8") | st.sampled_from('ab_1 /.:#?%\\"<\n'), max_size=12) | st.sampled_from(
    ("..", "column-1", "@id", "a/b", "ä", "x:y", "1", "__proto__")
)


def page(*tables: Table) -> Page:
    site = builders.SITE
    return Page(
        url=f"{site}/dataset/baeume", name="baeume", catalog=f"{site}/catalog", homepage=f"{site}/", tables=tables,
        published="2026-02-01T08:15:00Z",
    )  # fmt: skip


def table(*names: str, **fields: Any) -> Table:
    given = {"id": "b1", "name": "baeume.csv", "distribution": builders.full_distribution(), "sha256": "ab" * 32}
    return Table(**{"columns": tuple(Column(name=name) for name in names), **given, **fields})


def read(document: dict[str, Any]) -> list[ox.Quad]:
    return list(ox.parse(orjson.dumps(document), ox.RdfFormat.JSON_LD, base_iri=BASE))


def fields(document: dict[str, Any], number: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["recordSet"][number]["field"]
    return found


def test_a_full_dataset() -> None:
    document = croissant.write(builders.full_dataset(), page(table("baum_id", "Höhe in m", key=("baum_id",))))
    assert document.keys() >= REQUIRED and document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert document["license"] == "https://www.govdata.de/dl-de/zero-2-0"
    assert document["citeAs"] == (
        "Grünflächenamt der Stadt Darmstadt (2020): Baumkataster. https://daten.example.org/dataset/baeume"
    )
    [file] = document["distribution"]
    assert file["contentUrl"] == "https://opendata.darmstadt.example/baeume.csv"
    assert (file["encodingFormat"], file["sha256"], file["name"]) == ("text/csv", "ab" * 32, "baeume.csv")
    first, second = fields(document)
    assert first["@id"] == "b1/rows/baum_id" and second["@id"] == "b1/rows/column-2"
    assert second["source"] == {"fileObject": {"@id": "b1"}, "extract": {"column": "Höhe in m"}}
    assert document["recordSet"][0]["key"] == {"@id": "b1/rows/baum_id"} and first["dataType"] == "sc:Text"


def test_without_tables_there_is_nothing() -> None:
    assert croissant.write(builders.full_dataset(), page()) == {}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("integer", "Integer"),
        ("number", "Float"),
        ("boolean", "Boolean"),
        ("date", "Date"),
        ("datetime", "DateTime"),
        ("time", "Time"),
        ("year", "Integer"),
        ("string", "Text"),
        ("geopoint", "Text"),
        ("unbekannt", "Text"),
    ],
)
def test_types_of_table_schema_have_their_counterpart(kind: str, expected: str) -> None:
    columns = (Column(name="wert", type=kind),)
    document = croissant.write(builders.dataset(), page(table(columns=columns)))
    found = [q.object for q in read(document) if q.predicate.value == f"{CR}dataType"]
    assert found == [ox.NamedNode(f"{SCHEMA}{expected}")]


@settings(max_examples=60, deadline=None)
@given(datasets(), st.lists(NAMES, max_size=8))
def test_any_dataset_and_any_header_can_be_read_back(dataset: Dataset, names: list[str]) -> None:
    document = croissant.write(dataset, page(table(*names), table(*names, id="b2")))
    assert orjson.loads(orjson.dumps(document)) == document and document["url"] and document["name"]
    quads = read(document)
    wanted = {name for name in names if name}
    for kind, number in (("FileObject", 2), ("RecordSet", 2), ("Field", 2 * len(wanted))):
        node = ox.NamedNode(f"{CR}{kind}")
        found = {q.subject.value for q in quads if q.predicate.value.endswith("#type") and q.object == node}
        assert len(found) == number and all(uri.startswith("https://daten.example.org/dataset/b") for uri in found)
    assert {q.object.value for q in quads if q.predicate.value == f"{CR}column"} == wanted
    assert not any(
        character.isspace() for part in document["recordSet"] for f in part.get("field", []) for character in f["@id"]
    )


def test_the_language_is_that_of_the_title() -> None:
    english = builders.dataset(title=(Text("Trees", "en"),))
    assert croissant.write(english, page(table("a")))["@context"]["@language"] == "en"
    assert croissant.write(builders.dataset(), page(table("a")))["@context"]["@language"] == "de"


def shown(header: tuple[str, ...], **changes: Any) -> PublicDataset:
    given = {
        "state": FileState.PUBLIC,
        "name": "baeume.csv",
        "schema_id": "baumkataster",
        "valid": True,
        "copy": "ab" * 32,
    }
    file = PublicFile(id="b1", distribution=builders.full_distribution(), header=header, **given | changes)
    around = {"city": "darmstadt", "organization": "amt", "organization_title": "Amt", "source": "da"}
    return PublicDataset(id="1", name="baeume", dataset=builders.dataset(), files=(file,), **around)


HEADER = tuple(field.name for field in schemas.load("baumkataster").fields)


def test_a_table_that_follows_its_schema_has_its_types_and_key() -> None:
    [found] = schema_org_input.page(shown(HEADER), builders.SITE).tables
    kinds = {column.name: column.type for column in found.columns}
    assert kinds["hoehe_m"] == "number" and kinds["pflanzjahr"] in ("integer", "year") and kinds["baum_id"] == "string"
    # ja and nein are no Boolean to other programs.
    assert kinds["naturdenkmal"] == "string"
    assert found.key == schemas.load("baumkataster").primary_key and found.key
    hoehe = next(column for column in found.columns if column.name == "hoehe_m")
    assert hoehe.unit == "m" and hoehe.title is not None and hoehe.title.en


@pytest.mark.parametrize("valid", [False, None])
def test_a_table_that_does_not_follow_its_schema_has_texts(valid: bool | None) -> None:
    [found] = schema_org_input.page(shown((*HEADER, "bemerkung"), valid=valid), builders.SITE).tables
    assert {column.type for column in found.columns} == {"string"} and found.key == ()
    assert found.columns[-1] == Column(name="bemerkung") and found.columns[0].description is not None


@pytest.mark.parametrize("changes", [{"state": FileState.HELD}, {"copy": ""}, {"header": ()}])
def test_what_is_not_served_is_no_table(changes: dict[str, Any]) -> None:
    given = {"header": HEADER} | changes
    assert schema_org_input.page(shown(given.pop("header"), **given), builders.SITE).tables == ()


# The addresses


def address(client: FlaskClient, name: str, ending: str = "jsonld") -> str:
    found = client.get("/api/3/action/package_show", query_string={"id": name}).json["result"]["id"]
    return f"/dataset/{found}.{ending}?profile=croissant"


def test_a_checked_table_is_described_by_its_columns(public: FlaskClient) -> None:
    answer = public.get(address(public, "rheinpegel-wiesbaden-biebrich"))
    assert answer.status_code == 200
    assert answer.content_type == 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"'
    assert answer.headers["Content-Profile"] == "<http://mlcommons.org/croissant/1.1>"
    document = orjson.loads(answer.data)
    assert document.keys() >= REQUIRED
    columns = [field["source"]["extract"]["column"] for field in fields(document)]
    shown_id = document["distribution"][0]["@id"]
    rows = public.get(f"/api/data/{shown_id}?limit=1").json
    assert columns == rows["fields"]
    assert next(f for f in fields(document) if f["name"] == "zeitpunkt")["dataType"] == "sc:DateTime"


def test_our_copy_has_the_columns_and_the_checksum(public: FlaskClient) -> None:
    document = orjson.loads(public.get(address(public, "trinkbrunnen-in-wiesbaden")).data)
    assert {file["name"].rpartition(".")[2] for file in document["distribution"]} == {"csv", "geojson"}
    for file, records in zip(document["distribution"], document["recordSet"], strict=True):
        assert file["contentUrl"].startswith("http://127.0.0.1:5000/"), "the demonstration publishes these files itself"
        body = public.get(file["contentUrl"].removeprefix("http://127.0.0.1:5000")).data
        assert file["encodingFormat"] == "text/csv", "of the other kind the CSV made of it is described"
        assert hashlib.sha256(body).hexdigest() == file["sha256"]
        header = next(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        assert header == [field["source"]["extract"]["column"] for field in records["field"]]


def test_every_table_of_the_demonstration_has_what_is_required(public: FlaskClient) -> None:
    tables = public.get("/api/data").json["tables"]
    names = public.get("/api/3/action/package_list").json["result"]
    described = [orjson.loads(a.data) for a in (public.get(address(public, n)) for n in names) if a.status_code == 200]
    assert sum(len(document["recordSet"]) for document in described) == len(tables) > 10
    assert all(document.keys() >= REQUIRED for document in described)


def test_without_a_checked_table_there_is_no_croissant(public: FlaskClient) -> None:
    assert public.get(address(public, "fledermausquartiere-in-frankfurt-am-main")).status_code == 404
    assert public.head(address(public, "fledermausquartiere-in-frankfurt-am-main")).status_code == 404
    assert "profile=croissant" not in public.get("/dataset/fledermausquartiere-in-frankfurt-am-main").text
    assert "profile=croissant" in public.get("/dataset/trinkbrunnen-in-wiesbaden").text


@pytest.mark.parametrize("uri", ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/1.0"])
def test_the_profile_is_negotiated(public: FlaskClient, uri: str) -> None:
    plain = address(public, "trinkbrunnen-in-wiesbaden").partition("?")[0]
    answer = public.get(plain, headers={"Accept-Profile": f"<{uri}>"})
    assert orjson.loads(answer.data)["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert public.get(plain, query_string={"profile": uri}).data == answer.data


def test_other_formats_and_catalogues_are_refused(public: FlaskClient) -> None:
    for ending in ("ttl", "rdf", "nt"):
        assert public.get(address(public, "trinkbrunnen-in-wiesbaden", ending)).status_code == 406
    for path in ("/catalog.jsonld", "/dump.jsonld", "/city/wiesbaden/catalog.jsonld"):
        assert public.get(f"{path}?profile=croissant").status_code == 406
