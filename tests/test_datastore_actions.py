"""CKAN's DataStore actions as clients call them: spellings of arguments, pages, forms, dumps, and who is told nothing."""

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import datastore_calls
import desks
import homes
import orjson
import pytest
from datastore_calls import rows
from desk_people import ask as call
from desk_people import refusal as refused
from flask.testing import FlaskClient

from catalog import datastore_forms, desk_rows
from catalog.access import ANONYMOUS
from catalog.api.action import ACTIONS
from catalog.app import create_app
from catalog.datastore_types import Column
from catalog.instance import Instance

ORTE = [f"Straße {n}" if n % 2 else f'Weg, "{n}"' for n in range(1, 251)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, str]]:
    """A catalogue with one public table of 250 rows, checked; no test changes it."""
    with homes.home(tmp_path_factory.mktemp("datastore") / "home") as instance:
        office = desks.office(instance)
        found = datastore_calls.resource(instance, office)
        records = [{"nr": n, "ort": ort, "wahr": n % 3 == 0, "leer": None} for n, ort in enumerate(ORTE, 1)]
        call(instance, "datastore_create", desks.ADMIN, resource_id=found, records=records, aliases=["orte"])
        desks.check_files(instance)
        yield instance, found


@pytest.fixture
def client(filled: tuple[Instance, str]) -> FlaskClient:
    return create_app(filled[0]).test_client()


def result(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    body = orjson.loads(answer.data)
    assert body["success"]
    return body["result"]


def test_a_get_with_texts_and_a_post_with_json_find_the_same(filled: tuple[Instance, str], client: FlaskClient) -> None:
    _, found = filled
    address = "/api/3/action/datastore_search"
    asked = {
        "resource_id": found,
        "filters": '{"wahr": true, "nr": {"gt": 10, "lte": "100"}}',
        "q": '{"ort": "strasse"}',
        "fields": "nr,ort",
        "sort": "nr desc",
        "limit": "3",
        "include_total": "True",
    }
    by_get = orjson.loads(client.get(address, query_string=asked).data)["result"]
    posted = {
        **asked,
        "filters": {"wahr": True, "nr": {"gt": 10, "lte": 100}},
        "q": {"ort": "strasse"},
        "fields": ["nr", "ort"],
        "limit": 3,
        "include_total": True,
    }
    by_post = orjson.loads(client.post(address, json=posted).data)["result"]
    assert by_get["records"] == by_post["records"] == [{"nr": n, "ort": f"Straße {n}"} for n in (99, 93, 87)]
    assert by_get["total"] == by_post["total"] == 15
    assert by_get["fields"] == [{"id": "nr", "type": "int4"}, {"id": "ort", "type": "text"}]


def test_the_answer_has_the_keys_clients_read(filled: tuple[Instance, str], client: FlaskClient) -> None:
    _, found = filled
    answer = client.get(f"/api/action/datastore_search?resource_id={found}")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    body = orjson.loads(answer.data)["result"]
    assert len(body["records"]) == 100
    keys = {
        "fields",
        "include_next_page",
        "include_total",
        "limit",
        "offset",
        "records",
        "records_format",
        "resource_id",
        "total",
    }
    assert keys <= body.keys()
    assert "next_page" not in body, "only who names a limit goes through pages"
    assert body["fields"][0] == {"id": "_id", "type": "int"}
    assert orjson.loads(client.get("/api/action/datastore_info?id=orte").data)["result"]["meta"]["count"] == 250


def test_links_and_next_pages_lead_through_all_rows(filled: tuple[Instance, str], client: FlaskClient) -> None:
    instance, found = filled
    asked = {"resource_id": found, "limit": 60, "filters": {"wahr": False}}
    address, by_link = (
        "/api/3/action/datastore_search?" + f"resource_id={found}&limit=60&filters=" + '{"wahr":false}',
        [],
    )
    while page := (shown := result(client, address))["records"]:
        by_link += [row["_id"] for row in page]
        address = shown["_links"]["next"]
    by_page, pages = [], 0
    while True:
        shown, pages = call(instance, "datastore_search", **asked), pages + 1
        by_page += [row["_id"] for row in shown["records"]]
        if "next_page" not in shown:
            break
        asked = shown["next_page"]
    assert by_link == by_page == [n for n in range(1, 251) if n % 3]
    assert pages == 3
    assert dict(parse_qsl(urlsplit(shown["_links"]["start"]).query))["resource_id"] == found
    for filters in (
        {"_id": {"lt": 9}},
        [{"nr": 1}, {"nr": {"gt": 200}}],
        {"_id": {"gt": 3}, "$or": [{"nr": 7}, {"nr": 9}]},
    ):
        asked, seen = {"resource_id": found, "limit": 1, "filters": filters}, []
        while asked and len(seen) < 60:
            shown = call(instance, "datastore_search", **asked)
            seen += [row["_id"] for row in shown["records"]]
            asked = shown.get("next_page")
        assert seen == [row["_id"] for row in rows(instance, found, filters=filters)]


def test_forms_of_records(filled: tuple[Instance, str]) -> None:
    instance, found = filled
    asked = {"resource_id": found, "limit": 2}
    lists = call(instance, "datastore_search", records_format="lists", **asked)["records"]
    assert lists == [[1, 1, "Straße 1", False, None], [2, 2, 'Weg, "2"', False, None]]
    text = call(instance, "datastore_search", records_format="csv", **asked)["records"]
    assert text == '1,1,Straße 1,false,\n2,2,"Weg, ""2""",false,\n'
    assert call(instance, "datastore_search", records_format="tsv", **asked)["records"].startswith(
        "1\t1\tStraße 1\tfalse\t\n"
    )
    assert call(instance, "datastore_search", resource_id=found, limit=0)["records"] == []
    assert "total" not in call(instance, "datastore_search", resource_id=found, include_total=False)


def test_wrong_arguments_are_named(filled: tuple[Instance, str]) -> None:
    instance, found = filled
    for arguments, blamed in (
        ({"limit": -1}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"offset": "1.5"}, "offset"),
        ({"filters": "{"}, "filters"),
        ({"filters": '"text"'}, "filters"),
        ({"filters": {"fehlt": 1}}, "filters"),
        ({"fields": "nr,fehlt"}, "fields"),
        ({"fields": "nr\nort"}, "fields"),
        ({"filters": "[" * 300 + "]" * 300}, "filters"),
        ({"sort": "fehlt desc"}, "sort"),
        ({"sort": "nr desc; DROP TABLE x"}, "sort"),
        ({"sort": "(SELECT 1)"}, "sort"),
        ({"q": {"fehlt": "x"}}, "q"),
        ({"q": "a |", "plain": False}, "q"),
        ({"q": "(a)", "plain": False}, "q"),
        ({"q": {"ort": ["a"]}}, "q"),
        ({"q": ["a"]}, "q"),
        ({"records_format": "xml"}, "records_format"),
        ({"distinct": "maybe"}, "distinct"),
    ):
        status, details = refused(instance, "datastore_search", resource_id=found, **arguments)
        assert (status, list(details)) == (409, [blamed]), arguments
    for limit, said in (("x", "Invalid integer"), (-1, "Must be a natural number")):
        assert refused(instance, "datastore_search", resource_id=found, limit=limit) == (409, {"limit": [said]})
    assert refused(instance, "datastore_search") == (409, {"resource_id": ["Missing value"]})
    assert len(rows(instance, found, q="weg:* & 248", plain=False)) == 1
    assert len(rows(instance, found, q="248 | 249 | 250", plain=False)) == 3
    assert len(rows(instance, found, q={"nr": "24:*"}, plain=False)) == 11
    assert len(rows(instance, found, q={"ort": "24 & !weg"}, plain=False)) == 5


@pytest.mark.parametrize("argument", ["filters", "q", "total_estimation_threshold", "unfug"])
def test_what_is_nested_too_deeply_is_refused(filled: tuple[Instance, str], client: FlaskClient, argument: str) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = f'{{"resource_id": "{filled[1]}", "{argument}": {opening * 300}1{closing * 300}}}'
        answer = client.post("/api/action/datastore_search", data=body, content_type="application/json")
        assert answer.status_code == 400 and "nested too deeply" in answer.get_json()


def test_a_number_is_a_word_of_its_own_and_rows_say_how_well_they_fit(filled: tuple[Instance, str]) -> None:
    instance, found = filled
    assert [row["nr"] for row in rows(instance, found, q={"nr": "4"})] == [4]
    shown = call(instance, "datastore_search", resource_id=found, q="straße 7", fields="nr,rank")
    assert shown["fields"][1] == {"id": "rank", "type": "float"}
    ranks = {row["nr"]: row["rank"] for row in shown["records"]}
    assert ranks[7] > ranks[17] > 0 and all(rank < 1 for rank in ranks.values())
    assert "rank ort" in rows(instance, found, q={"ort": "weg"})[0]
    assert "rank" not in rows(instance, found)[0]


def test_totals_may_be_called_estimates_and_all_public_tables_are_listed(filled: tuple[Instance, str]) -> None:
    instance, found = filled
    for asked, estimated in (
        ({}, False),
        ({"total_estimation_threshold": 100}, True),
        ({"total_estimation_threshold": 0}, True),
        ({"total_estimation_threshold": 1000}, False),
        ({"total_estimation_threshold": 1, "filters": {"nr": 3}}, False),
    ):
        shown = call(instance, "datastore_search", resource_id=found, **asked)
        assert shown["total_was_estimated"] is estimated, asked
    listed = call(instance, "datastore_search", resource_id="_table_metadata")
    assert [(one["name"], one["alias_of"]) for one in listed["records"]] == [(found, None), ("orte", found)]
    assert call(instance, "datastore_info", id="orte")["fields"][0]["schema"]["native_type"] == "integer"


def test_more_rows_than_allowed_are_not_given(filled: tuple[Instance, str]) -> None:
    instance, found = filled
    assert call(instance, "datastore_search", resource_id=found, limit=10**9)["limit"] == 32_000


def test_there_is_no_sql_and_there_are_no_functions(client: FlaskClient) -> None:
    for name in (
        "datastore_search_sql",
        "datastore_function_create",
        "datastore_function_delete",
        "datastore_run_triggers",
    ):
        assert name not in ACTIONS
        answer = client.post(f"/api/3/action/{name}", json={"sql": "SELECT 1"})
        assert (answer.status_code, "not known" in answer.text) == (400, True)
    for name in ("datastore_create", "datastore_upsert", "datastore_delete", "datastore_records_delete"):
        assert client.get(f"/api/3/action/{name}?resource_id=x").status_code == 400
        assert client.post(f"/api/3/action/{name}", json={"resource_id": "x"}).status_code in (403, 404)


@pytest.mark.parametrize("name", ["nein", "../../etc/passwd", "%00", "' OR 1=1", "_tables", "%", "0" * 5000])
def test_names_of_nothing(filled: tuple[Instance, str], client: FlaskClient, name: str) -> None:
    instance, _ = filled
    if "%00" not in name:
        assert refused(instance, "datastore_search", resource_id=name)[0] == 404
    assert client.get("/datastore/dump/" + name.replace("/", "%2F")).status_code == 404


def test_dumps_hold_all_rows_in_every_format(filled: tuple[Instance, str], client: FlaskClient) -> None:
    _, found = filled
    answer = client.get(f"/datastore/dump/{found}?bom=true")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{found}.csv"'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    read = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["ort"] for row in read] == ORTE and read[2] == {
        "_id": "3",
        "nr": "3",
        "ort": "Straße 3",
        "wahr": "true",
        "leer": "",
    }
    tabs = client.get(f"/datastore/dump/{found}?format=tsv").data.decode().splitlines()
    assert (len(tabs), tabs[0]) == (251, "_id\tnr\tort\twahr\tleer")
    body = orjson.loads(client.get("/datastore/dump/orte?format=json").data)
    assert [row[2] for row in body["records"]] == ORTE and body["fields"][1] == {"id": "nr", "type": "int4"}
    tree = ET.fromstring(client.get(f"/datastore/dump/{found}?format=xml").data)
    assert [row.findtext("ort") for row in tree] == ORTE and tree[0].get("_id") == "1"
    nil = "{http://www.w3.org/2001/XMLSchema-instance}nil"
    assert tree[0].find("leer").get(nil) == "true"  # type: ignore[union-attr]


def test_dumps_of_a_part(filled: tuple[Instance, str], client: FlaskClient) -> None:
    _, found = filled
    asked = (
        f"/datastore/dump/{found}?limit=2&offset=1&fields=nr,ort&q=strasse&filters=" + '{"nr":{"gt":10}}&sort=nr desc'
    )
    assert client.get(asked).data.decode() == "nr,ort\r\n247,Straße 247\n245,Straße 245\n"
    for wrong in ("format=html", "fields=fehlt", "limit=x", "filters=5", 'filters={"x":1}', "sort=a b"):
        assert client.get(f"/datastore/dump/{found}?{wrong}").status_code == 400, wrong
    tag = client.get(f"/datastore/dump/{found}").headers["ETag"]
    assert client.get(f"/datastore/dump/{found}", headers={"If-None-Match": tag}).status_code == 304
    head = client.head(f"/datastore/dump/{found}?format=json")
    assert (head.status_code, head.data, head.content_type) == (200, b"", "application/json")


def test_hostile_cells_and_names_stay_text_in_every_form(instance: Instance) -> None:
    office = desks.office(instance)
    found = datastore_calls.resource(instance, office)
    names = ["ok", "<b>", "a&b", "1x", "xml", "ä b"]
    cells = ["<img onerror=alert(1)>", "&amp;", "a\tb", "]]>", "=cmd()|' /C calc'!A0", 'x"\n,y']
    records = [dict(zip(names, cells, strict=True))]
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, records=records)
    desks.check_files(instance)
    client = create_app(instance).test_client()
    tree = ET.fromstring(client.get(f"/datastore/dump/{found}?format=xml").data)
    assert [one.tag for one in tree[0]] == ["ok", "b", "ab", "x", "value", "ä_b"]
    assert [one.text for one in tree[0]] == cells
    read = list(csv.reader(io.StringIO(client.get(f"/datastore/dump/{found}").data.decode(), newline="")))
    assert read[0][1:] == names and read[1][1:] == cells
    assert client.get(f"/datastore/dump/{found}?format=xml").headers["Content-Disposition"].startswith("attachment")


def test_xml_holds_no_character_that_it_must_not() -> None:
    names = ("\x00<a>", "a", "1 a", "xml", "", "liste")
    columns = (Column("_id", "int"), *(Column(name, "json" if name == "liste" else "text") for name in names))
    form = datastore_forms.form("xml", columns)
    cells = ("\x01\x0b\ufffe", None, "x", "y", "z", '["a", {"<b>": "\\u0001"}]')
    tree = ET.fromstring(form.start + form.rows([(1, *cells)]) + form.end)
    assert [one.tag for one in tree[0]] == ["a", "a_0", "a_1", "value", "value_0", "liste"]
    assert [one.text for one in tree[0]][:5] == ["\ufffd\ufffd\ufffd", None, "x", "y", "z"]
    assert [(one.get("key"), one.text) for one in tree.iter("value") if one.get("key")] == [
        ("0", "a"),
        ("1", None),
        ("<b>", "\ufffd"),
    ]


@pytest.mark.parametrize("hidden", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_leaves_the_public_is_not_there_any_more(instance: Instance, hidden: dict[str, Any]) -> None:
    office = desks.office(instance)
    found = datastore_calls.resource(instance, office)
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, records=[{"a": 1}], aliases="tabelle")
    desks.check_files(instance)
    client = create_app(instance).test_client()
    assert client.get(f"/datastore/dump/{found}").status_code == 200
    with instance.database.reading() as session:
        row = desk_rows.find(session, "baeume")
    assert row is not None
    desks.change(instance, row, **hidden)
    for name in (found, "tabelle"):
        assert client.get(f"/datastore/dump/{name}").status_code == 404
        for action in ("datastore_search", "datastore_info"):
            assert refused(instance, action, ANONYMOUS, resource_id=name, id=name)[0] == 404
    if "deleted" in hidden.values():
        assert refused(instance, "datastore_search", desks.editor(office), resource_id=found)[0] == 404
    else:
        assert rows(instance, found, desks.editor(office)) == [{"_id": 1, "a": 1}]
