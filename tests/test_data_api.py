"""The data API on a real catalogue: rows, pages, encodings, validators, and what it does not give."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from demo_home import DemoHome
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from catalog import store
from catalog.app import create_app
from catalog.instance import Instance
from catalog.public import PublicFile
from examples import server


def files(catalogue: Instance) -> list[PublicFile]:
    with catalogue.database.reading() as session:
        names = ["baumkataster-darmstadt", "baumkataster-frankfurt-am-main", "baumkontrollen-2026-in-frankfurt-am-main",
                 "baumpatenschaften-in-frankfurt-am-main", "fledermausquartiere-in-frankfurt-am-main",
                 "gewerbean-und-abmeldungen-nach-wirtschaftszweigen", "gruenanlagen-in-frankfurt-am-main-nach-groesse",
                 "notwasserbrunnen-in-wiesbaden", "rheinpegel-wiesbaden-biebrich"]  # fmt: skip
        found = [store.find_public(session, name) for name in names]
        assert all(found)
        return [file for shown in found if shown for file in shown.files]


def file(catalogue: Instance, name: str) -> PublicFile:
    return next(file for file in files(catalogue) if file.name == name)


def original(name: str, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    path = next(server.ROOT.rglob(name))
    return list(csv.DictReader(io.StringIO(path.read_text(encoding), newline=""), delimiter=delimiter))


def everything(client: FlaskClient, address: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        rows += answer.get_json()["records"]
        address = (answer.get_json()["next"] or "").removeprefix("http://127.0.0.1:5000")
    return rows


def test_a_conforming_table(public: FlaskClient, catalogue: Instance) -> None:
    trees = file(catalogue, "baeume.csv")
    content: dict[str, Any] = public.get(f"/api/data/{trees.id}?limit=3").get_json()
    assert content["distribution"] == trees.id
    assert content["schema"] == "http://127.0.0.1:5000/schema/baumkataster" and content["conforms"] is True
    assert content["fields"] == list(trees.header)
    assert [list(row) for row in content["records"]] == [list(trees.header)] * 3
    assert len(public.get(f"/api/data/{trees.id}").get_json()["records"]) == 100


@pytest.mark.parametrize(
    ("name", "limit"), [("baeume.csv", 97), ("pegel_biebrich.csv", 1000), ("baumkontrolle_2026.csv", 7)]
)
def test_all_pages_give_all_rows_once(public: FlaskClient, catalogue: Instance, name: str, limit: int) -> None:
    found = file(catalogue, name)
    delimiter = (found.report or {})["sniffed"]["delimiter"]
    assert everything(public, f"/api/data/{found.id}?limit={limit}") == original(name, delimiter=delimiter)


def test_windows_characters_and_semicolons(public: FlaskClient, catalogue: Instance) -> None:
    parks = file(catalogue, "Grünanlagen Größe 2025.csv")
    assert (parks.report or {})["sniffed"]["encoding"] == "cp1252"
    assert everything(public, f"/api/data/{parks.id}") == original(parks.name, "cp1252", ";")


def test_no_byte_order_mark_in_the_first_column(public: FlaskClient, catalogue: Instance) -> None:
    for each in files(catalogue):
        if each.served:
            fields = public.get(f"/api/data/{each.id}?limit=1").get_json()["fields"]
            assert fields == list(each.header) and not any("\ufeff" in field for field in fields)


def test_the_list_of_tables(public: FlaskClient) -> None:
    tables, address = [], "/api/data?limit=3"
    while address:
        page = public.get(address).get_json()
        tables += page["tables"]
        address = (page["next"] or "").removeprefix("http://127.0.0.1:5000")
    names = [table["name"] for table in tables]
    assert {"baeume.csv", "Grünanlagen Größe 2025.csv", "notwasserbrunnen.csv"} <= set(names)
    assert not {"baumpaten.csv", "fledermausquartiere.csv", "notwasserbrunnen.geojson"} & set(names)
    assert tables == public.get("/api/data").get_json()["tables"]
    for table in tables:
        answer = public.get(table["url"].removeprefix("http://127.0.0.1:5000"))
        assert answer.get_json()["distribution"] == table["distribution"]
    assert public.get("/api/data?unfug=1").status_code == 400


@pytest.mark.parametrize(
    "name",
    ["baumpaten.csv", "fledermausquartiere.csv", "notwasserbrunnen.geojson", "gewerbeanmeldungen_2024.csv"],
)  # fmt: skip
def test_what_is_kept_back_or_no_table_is_not_there(public: FlaskClient, catalogue: Instance, name: str) -> None:
    for ending in ("", ".csv", ".parquet", "/changes"):
        answer = public.get(f"/api/data/{file(catalogue, name).id}{ending}")
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
        assert set(answer.get_json()) == {"type", "title", "status", "detail", "instance"}


def test_a_file_of_another_kind_is_a_table_too(public: FlaskClient, catalogue: Instance) -> None:
    trees = file(catalogue, "baumkataster.geojson")
    features = json.loads(next(server.ROOT.rglob("baumkataster.geojson")).read_text("utf-8"))["features"]
    records = everything(public, f"/api/data/{trees.id}?limit=1000")
    assert len(records) == len(features) and set(features[0]["properties"]) <= set(records[0])
    assert public.get(f"/api/data/{trees.id}.csv").text.count("\n") > len(features)
    assert public.get(f"/api/data/{trees.id}.parquet").data[:4] == b"PAR1"


@pytest.mark.parametrize("path", ["nirgends", "00000000-0000-4000-8000-000000000000", "..", "%00", ""])
def test_unknown_files(public: FlaskClient, path: str) -> None:
    assert public.get(f"/api/data/{path}").status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=x", "limit=1.5", "limit=%C2%B2", "cursor=-1", "cursor=x", "cursor=9999999999999",
              "hoehe_m__gt=3", "select=art"]
)  # fmt: skip
def test_bad_parameters(public: FlaskClient, catalogue: Instance, query: str) -> None:
    assert public.get(f"/api/data/{file(catalogue, 'baeume.csv').id}?{query}").status_code == 400


def test_limits_and_ends(public: FlaskClient, catalogue: Instance) -> None:
    address = f"/api/data/{file(catalogue, 'baeume.csv').id}"
    count = len(original("baeume.csv"))
    assert len(public.get(f"{address}?limit=0").get_json()["records"]) == 1
    assert len(public.get(f"{address}?limit=999999").get_json()["records"]) == min(count, 10_000)
    past = public.get(f"{address}?cursor={count}").get_json()
    assert (past["records"], past["next"]) == ([], None)
    last = public.get(f"{address}?cursor={count - 1}&limit=1").get_json()
    assert len(last["records"]) == 1 and last["next"] is None


@pytest.fixture(scope="module")
def trees(catalogue: Instance) -> tuple[FlaskClient, str]:
    return create_app(catalogue).test_client(), f"/api/data/{file(catalogue, 'baeume.csv').id}"


@given(st.dictionaries(st.sampled_from(["limit", "cursor", "x"]), st.text(max_size=20), max_size=3))
def test_no_parameter_makes_us_fail(trees: tuple[FlaskClient, str], query: dict[str, str]) -> None:
    client, address = trees
    assert client.get(address, query_string=query).status_code in (200, 400)


def test_validators_cors_and_head(public: FlaskClient, catalogue: Instance) -> None:
    address = f"/api/data/{file(catalogue, 'baeume.csv').id}?limit=2"
    answer = public.get(address)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = public.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = public.get(address.replace("limit=2", "limit=3"))
    assert other.headers["ETag"] != answer.headers["ETag"]
    head = public.head(address)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])
    assert public.post(address).status_code == 405


def test_a_withdrawn_dataset_has_no_rows(demo: DemoHome, tmp_path: Path) -> None:
    instance = demo.copy(tmp_path / "home").open()
    client = create_app(instance).test_client()
    address = f"/api/data/{file(instance, 'baumkataster.csv').id}"
    assert client.get(address).status_code == 200
    with instance.database.writing() as session:
        row = store.find_row(session, "baumkataster-frankfurt-am-main")
        assert row is not None
        store.withdraw(session, [row.id], "test")
    assert client.get(address).status_code == 404
    instance.database.close()
