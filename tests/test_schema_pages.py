"""The pages of the shared schemas: what stands on them, the files beside them, and who follows each."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
import web_sample
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from catalog import schema_usage, store
from catalog.instance import Instance
from catalog.public import FileState
from catalog.schema_usage import Standing, standing
from catalog.web import schema_words
from validators import schemas
from validators.check import check_table

NEAR = "Thematisch nah, nicht verpflichtend"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return web_sample.create(tmp_path_factory.mktemp("home"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def page(client: FlaskClient, address: str) -> html.HtmlElement:
    response = client.get(address)
    assert response.status_code == 200
    return html.document_fromstring(response.get_data(as_text=True))


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


@pytest.mark.parametrize("schema_id", schemas.IDS)
@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_schema_has_a_page_in_both_languages(client: FlaskClient, schema_id: str, lang: str) -> None:
    schema = schemas.load(schema_id)
    found = page(client, f"/schema/{schema_id}?lang={lang}")
    text = words(found)
    for message in (schema.title, schema.description, schema.purpose, schema.provider, schema.hvd_note):
        assert " ".join(message.in_(lang).split()) in text  # type: ignore[arg-type]
    assert schema_words.DUTIES[schema.hvd_duty].label.in_(lang) in text  # type: ignore[arg-type]
    rows = found.xpath("//section[@aria-labelledby='columns']//tbody/tr")
    assert [row.xpath("./th//code/text()")[0] for row in rows] == [field.name for field in schema.fields]
    for row, field in zip(rows, schema.fields, strict=True):
        cells = words(row)
        assert field.description.in_(lang) in cells  # type: ignore[arg-type]
        assert schema_words.cut(field.example) in row.text_content()
        assert all(standard in cells for standard in schema_words.standards(field.aligned_with))
        assert not field.unit or field.unit in cells


def test_keys_are_named_and_lead_to_the_other_table(client: FlaskClient) -> None:
    keys = page(client, "/schema/pegel_messwert").xpath("//section[@aria-labelledby='keys']")[0]
    assert keys.xpath(".//a/@href") == ["#messstelle_id", "#parameter", "#art", "#zeitpunkt", "/schema/messstelle"]
    assert "der Tabelle selbst" in words(page(client, "/schema/haltestelle"))


def test_the_category_and_the_model_dataset_are_linked(client: FlaskClient) -> None:
    who = page(client, "/schema/baumkataster").xpath("//section[@aria-labelledby='who']")[0]
    assert "http://data.europa.eu/bna/c_b7f6a4f3" in who.xpath(".//a/@href")
    assert "Erhaltung der Natur und der biologischen Vielfalt" in words(who)
    nothing = page(client, "/schema/oeffentlicher_ort").xpath("//section[@aria-labelledby='who']")[0]
    assert nothing.xpath(".//a") == []
    assert "keine" in words(nothing)


def test_the_files_beside_a_page_are_there(client: FlaskClient, tmp_path: Path) -> None:
    for schema_id in schemas.IDS:
        found = page(client, f"/schema/{schema_id}")
        files = found.xpath(
            "//section[@aria-labelledby='files']//a/@href | //section[@aria-labelledby='versions']//a/@href"
        )
        assert files == [
            f"/schema/{schema_id}{end}" for end in ("/template.csv", "/example.csv", ".json", "/1.0.0.json")
        ]
        template, example, present, first = (client.get(address) for address in files)
        assert {response.status_code for response in (template, example, present, first)} == {200}
        assert template.data == schemas.template(schemas.load(schema_id))
        assert example.content_type == template.content_type == "text/csv; charset=utf-8"
        assert f"{schema_id}-beispiel.csv" in example.headers["Content-Disposition"]
        assert present.json == first.json == schemas.load(schema_id).descriptor()
        assert {
            response.headers["Access-Control-Allow-Origin"] for response in (template, example, present, first)
        } == {"*"}
    (tmp_path / "t.csv").write_bytes(client.get("/schema/baustelle/example.csv").data)
    assert check_table(tmp_path / "t.csv", schemas.load("baustelle")).conforms


def test_the_first_rows_of_the_example_are_shown(client: FlaskClient) -> None:
    table = page(client, "/schema/bebauungsplan").xpath("//section[@aria-labelledby='sample']//table")[0]
    first = next(csv.DictReader(io.StringIO(schemas.example("bebauungsplan").decode("utf-8"))))
    assert [words(cell) for cell in table.xpath(".//thead//th")] == list(first)
    assert [words(cell) for cell in table.xpath(".//tbody/tr")[0]] == [
        schema_words.cut(cell) for cell in first.values()
    ]
    assert len(table.xpath(".//tbody/tr")) == schema_words.ROWS


def test_the_list_has_all_schemas_by_category(client: FlaskClient) -> None:
    found = page(client, "/schema")
    sections = {words(s.xpath(".//h2")[0]): s.xpath(".//h3/a/@href") for s in found.xpath("//section")}
    assert list(sections) == [
        "Georaum",
        "Erdbeobachtung und Umwelt",
        "Meteorologie",
        "Statistik",
        "Mobilität",
        "Ohne Kategorie",
    ]
    assert sections["Meteorologie"] == ["/schema/wetter_messwert"]
    assert sections["Ohne Kategorie"] == ["/schema/oeffentlicher_ort"]
    assert sorted(address for group in sections.values() for address in group) == [f"/schema/{i}" for i in schemas.IDS]
    trees = words(found.xpath("//a[@href='/schema/baumkataster']/ancestor::li")[0])
    assert "Frankfurt am Main: 1 von 2 Datensätzen halten es ein" in trees
    assert NEAR in trees
    assert "Noch kein Datensatz" in words(found.xpath("//a[@href='/schema/adresse']/ancestor::li")[0])


def test_datasets_stand_under_their_city_with_their_verdict(client: FlaskClient) -> None:
    usage = page(client, "/schema/baumkataster").xpath("//section[@aria-labelledby='usage']")[0]
    assert [words(city) for city in usage.xpath(".//h3")] == ["Frankfurt am Main"]
    assert usage.xpath(".//li/a/@href") == ["/dataset/strassenbaeume-frankfurt"]
    assert "Schema eingehalten" in words(usage)
    assert "Noch keiner." in words(page(client, "/schema/adresse"))


def test_standing_is_that_of_the_best_visible_file() -> None:
    trees = web_sample.TREES
    (file,) = [file for file in trees.files if file.schema_id == "baumkataster" and file.valid][:1]

    def with_files(*files: object) -> Standing | None:
        return standing(replace(trees, files=files), "baumkataster")  # type: ignore[arg-type]

    bad, waiting, other = replace(file, valid=False), replace(file, valid=None), replace(file, schema_id="messstelle")
    assert with_files(bad, file, waiting) is Standing.CONFORMS
    assert with_files(bad, waiting) is Standing.VIOLATES
    assert with_files(waiting) is Standing.UNCHECKED
    assert with_files(other) is None
    assert with_files(replace(file, state=FileState.HELD)) is None


def test_counts_agree_with_what_the_public_sees(catalogue: Instance) -> None:
    with catalogue.database.reading() as session:
        counted = schema_usage.counts(session)
        assert counted
        for schema_id, cities in counted.items():
            shown = schema_usage.datasets(session, schema_id)
            assert {c.city: c.declaring for c in cities} == {
                city: len([p for p in shown if p.city == city]) for city in {p.city for p in shown}
            }
            for count in cities:
                good = [p for p in shown if p.city == count.city and standing(p, schema_id) is Standing.CONFORMS]
                assert count.conforming == len(good)
            for public in shown:
                seen = store.find_public(session, public.id)
                assert seen is not None
                assert any(file.schema_id == schema_id for file in seen.files)
        assert schema_usage.datasets(session, "no-such-schema") == ()
