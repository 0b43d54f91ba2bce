"""The CKAN Action API on a real catalogue: transport, envelope, error table, every action, and input nobody meant well."""

import re
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from demo_home import DATASETS, IN_CITIES
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from catalog.api.action import ACTIONS
from catalog.api.actions.datasets import MAX_ROWS
from catalog.api.actions.facets import FACETS

SITE = "http://127.0.0.1:5000"
TREES = "baumkataster-darmstadt"
PACKAGE_KEYS = [
    "id", "name", "title", "notes", "url", "version", "author", "author_email", "maintainer", "maintainer_email",
    "license_id", "license_title", "isopen", "private", "state", "type", "owner_org", "organization",
    "creator_user_id", "metadata_created", "metadata_modified", "num_resources", "num_tags", "tags", "groups",
    "extras", "relationships_as_subject", "relationships_as_object", "resources",
]  # fmt: skip
RESOURCE_KEYS = [
    "id", "package_id", "name", "description", "url", "url_type", "format", "mimetype", "mimetype_inner", "hash",
    "size", "state", "position", "created", "last_modified", "metadata_modified", "resource_type", "cache_url",
    "cache_last_updated", "datastore_active",
]  # fmt: skip
ORGANIZATION_KEYS = [
    "id", "name", "title", "type", "description", "image_url", "created", "is_organization", "approval_status",
    "state",
]  # fmt: skip
READING = [name for name, action in ACTIONS.items() if not action.writes]
WRITING = [name for name, action in ACTIONS.items() if action.writes]
# Whose answers nobody sees without a token.
_FOLLOWED = ("user", "dataset", "group", "organization")
FOR_ACCOUNTS = {
    "followee_count", "followee_list", "user_follower_count", "user_follower_list",
    *(f"{kind}_followee_{what}" for kind in _FOLLOWED for what in ("count", "list")),
    *(f"am_following_{kind}" for kind in _FOLLOWED[:3]),
    "api_token_list", "config_option_list", "config_option_show", "dashboard_activity_list",
    "dashboard_new_activities_count", "group_list_authz", "harvest_log_list", "job_list", "job_show",
    "user_activity_list", "user_autocomplete", "user_list", "user_show",
}  # fmt: skip


def result(answer: TestResponse) -> Any:
    content = answer.get_json()
    assert answer.status_code == 200 and content["success"] is True, content
    return content["result"]


def error(answer: TestResponse) -> tuple[int, str]:
    content = answer.get_json()
    assert content["success"] is False and content["help"].startswith(f"{SITE}/api/3/action/help_show?name=")
    return answer.status_code, content["error"]["__type"]


def search(client: FlaskClient, **arguments: Any) -> Any:
    return result(client.post("/api/action/package_search", json=arguments))


def names(found: Any) -> list[str]:
    return [package["name"] for package in found["results"]]


@pytest.mark.parametrize("name", READING)
def test_every_action_that_reads_answers_in_the_envelope(public: FlaskClient, name: str) -> None:
    arguments = ACTIONS[name].example or {}
    answers = [
        answer
        for path in ("/api/action", "/api/3/action")
        for answer in (
            public.post(f"{path}/{name}", json=arguments),
            public.get(f"{path}/{name}", query_string=arguments),
        )
    ]
    assert len({answer.data for answer in answers}) == len({answer.status_code for answer in answers}) == 1
    content = answers[0].get_json()
    assert content["help"] == f"{SITE}/api/3/action/help_show?name={name}"
    assert answers[0].mimetype == "application/json"
    if ACTIONS[name].example is not None:
        result(answers[0])
    elif content["success"]:
        assert set(content) == {"help", "success", "result"}
    else:
        assert set(content) == {"help", "success", "error"}
        assert answers[0].status_code in (403, 404, 409)


def test_which_actions_read_for_accounts_only(public: FlaskClient) -> None:
    denied = {name for name in READING if public.post(f"/api/action/{name}", json={}).status_code == 403}
    assert denied == FOR_ACCOUNTS
    assert not {name for name in denied if ACTIONS[name].example is not None}


@pytest.mark.parametrize("name", WRITING)
def test_nobody_writes_without_a_token_and_nothing_is_written_by_get(public: FlaskClient, name: str) -> None:
    arguments = {argument.name: "wiesbaden-umweltamt" for argument in ACTIONS[name].arguments}
    got = public.get(f"/api/3/action/{name}", query_string=arguments)
    assert got.status_code == 400 and got.get_json().startswith(f"Bad request: {name} changes something")
    assert error(public.post(f"/api/3/action/{name}", json=arguments))[0] in (403, 404, 409)
    assert error(public.post(f"/api/3/action/{name}", json={}))[0] in (403, 409)


@pytest.mark.parametrize(("path", "version"), [("/api/1", 1), ("/api/2", 2), ("/api/3", 3)])
def test_version(public: FlaskClient, path: str, version: int) -> None:
    assert public.get(path).get_json() == {"version": version}


@pytest.mark.parametrize("method", ["get", "post"])
def test_unknown_action(public: FlaskClient, method: str) -> None:
    answer = getattr(public, method)("/api/3/action/unfug")
    assert (answer.status_code, answer.get_json()) == (400, "Bad request: Action name not known: unfug")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"3", b"null", b"\xff\xfe", b'{"id": NaN}', b'{"a": "\\ud800"}'])
def test_what_is_no_json_object(public: FlaskClient, body: bytes) -> None:
    answer = public.post("/api/3/action/package_show", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json().startswith("Bad request: JSON Error: ")


def test_error_table(public: FlaskClient) -> None:
    ask = public.post
    assert error(ask("/api/action/package_show", json={"id": "nirgends"})) == (404, "Not Found Error")
    assert error(ask("/api/action/organization_show", json={"id": "nirgends"})) == (404, "Not Found Error")
    assert error(ask("/api/action/help_show", json={"name": "nirgends"})) == (404, "Not Found Error")
    assert error(ask("/api/action/package_show")) == (409, "Validation Error")
    assert ask("/api/action/package_show").get_json()["error"]["id"] == ["Missing value"]
    assert error(ask("/api/action/package_search", json={"sort": "unfug asc"})) == (400, "Search Query Error")
    assert error(ask("/api/action/package_search", json={"unfug": 1})) == (400, "Search Query Error")
    assert error(ask("/api/action/package_search", json={"rows": -1})) == (409, "Validation Error")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b'{"id": "%s"}' % TREES.encode(), "application/json"),
        (b'{"id": "%s"}' % TREES.encode(), "text/plain"),
        (b'{"id": "%s"}' % TREES.encode(), None),
        (b'{"id": "%s"}' % TREES.encode(), "application/x-www-form-urlencoded"),
        (quote(f'{{"id": "{TREES}"}}').encode() + b"=1", "application/x-www-form-urlencoded"),
        (b'{"id": "%s", "x": "a=b&c"}' % TREES.encode(), "application/x-www-form-urlencoded"),
        (b"id=%s" % TREES.encode(), "application/x-www-form-urlencoded"),
        (b"id=%s&use_default_schema=true" % TREES.encode(), "application/x-www-form-urlencoded"),
    ],
)
def test_ways_to_post(public: FlaskClient, data: bytes, content_type: str | None) -> None:
    assert result(public.post("/api/3/action/package_show", data=data, content_type=content_type))["name"] == TREES


def test_multipart(public: FlaskClient) -> None:
    assert result(public.post("/api/action/package_show", data={"id": TREES, "x": (b"", "")}))["name"] == TREES


@pytest.mark.parametrize("headers", [{}, {"Authorization": "unfug"}, {"Authorization": "Bearer unfug"}])
def test_a_wrong_token_is_an_anonymous_call(public: FlaskClient, headers: dict[str, str]) -> None:
    assert result(public.post("/api/action/package_show", json={"id": TREES}, headers=headers))["name"] == TREES


def test_cors(public: FlaskClient) -> None:
    ask = {"Origin": "https://app.example", "Access-Control-Request-Headers": "content-type"}
    for answer in (public.options("/api/3/action/package_search", headers=ask), public.get("/api/3/action/status_show"),
                   public.get("/api/3/action/package_show"), public.get("/api/3/action/unfug")):  # fmt: skip
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_other_methods(public: FlaskClient) -> None:
    for method in (public.put, public.delete, public.patch):
        assert method("/api/3/action/package_show").status_code == 405
    assert public.head(f"/api/3/action/package_show?id={TREES}").status_code == 200


def test_a_dataset_has_every_key_clients_expect(public: FlaskClient) -> None:
    for package in search(public, rows=100)["results"]:
        assert set(PACKAGE_KEYS) <= set(package)
        assert set(ORGANIZATION_KEYS) <= set(package["organization"])
        assert package["num_resources"] == len(package["resources"]) and package["num_tags"] == len(package["tags"])
        assert (package["private"], package["state"], package["type"]) == (False, "active", "dataset")
        for place, resource in enumerate(package["resources"]):
            assert set(RESOURCE_KEYS) <= set(resource)
            assert (resource["position"], resource["package_id"]) == (place, package["id"])
        for tag in package["tags"]:
            assert {"id", "name", "display_name", "state", "vocabulary_id"} <= set(tag)
        for group in package["groups"]:
            assert {"id", "name", "title", "display_name", "description", "image_display_url"} <= set(group)
        keys = [extra["key"] for extra in package["extras"]]
        assert len(keys) == len(set(keys))
        for time in ("metadata_created", "metadata_modified"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", package[time])


def test_show_by_id_by_name_and_by_the_old_argument(public: FlaskClient) -> None:
    by_name = result(public.get(f"/api/action/package_show?id={TREES}"))
    assert by_name == result(public.get(f"/api/action/package_show?id={by_name['id']}"))
    assert by_name == result(public.get(f"/api/action/package_show?name_or_id={TREES}"))


def test_package_list(public: FlaskClient) -> None:
    everything = result(public.get("/api/action/package_list"))
    assert len(everything) == DATASETS and everything == sorted(everything)
    assert result(public.get("/api/action/package_list?limit=5&offset=15")) == everything[15:20]
    assert result(public.get("/api/action/package_list?offset=99")) == []
    assert error(public.get("/api/action/package_list?limit=x"))[0] == 409


def test_search_finds_german_words(public: FlaskClient) -> None:
    found = search(public, q="Baum")
    assert {TREES, "baumkataster-frankfurt-am-main"} <= set(names(found))
    assert found["count"] == len(found["results"]) < DATASETS
    assert search(public, q="gibtesnicht")["count"] == 0


def test_rows_start_and_their_ends(public: FlaskClient) -> None:
    everything = names(search(public, rows=100, sort="name asc"))
    assert everything == sorted(everything) and len(everything) == DATASETS
    parts = [names(search(public, rows=5, start=start, sort="name asc")) for start in range(0, DATASETS, 5)]
    assert [name for part in parts for name in part] == everything
    assert len(names(search(public))) == 10
    assert names(search(public, rows=0)) == [] and search(public, rows=0)["count"] == DATASETS
    assert names(search(public, start=DATASETS)) == [] and search(public, start=9999)["count"] == DATASETS
    assert len(names(search(public, rows=5 * MAX_ROWS))) == DATASETS
    assert names(search(public, start=10**14)) == [] and search(public, start=10**14)["count"] == DATASETS
    assert error(public.get("/api/action/package_search?start=-1"))[0] == 409


def test_the_cap_on_rows_is_silent(public: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.api.actions.datasets.MAX_ROWS", 3)
    assert len(names(search(public, rows=1000))) == 3


@pytest.mark.parametrize(
    "sort", ["name asc", "id asc", "title asc", "title_string asc", "metadata_modified desc", "metadata_created desc",
             "score desc", "score desc, metadata_modified desc", " name   ASC "]
)  # fmt: skip
def test_sorts_that_clients_use(public: FlaskClient, sort: str) -> None:
    assert search(public, sort=sort)["count"] == DATASETS


@pytest.mark.parametrize("fields", [["organization", "tags"], '["organization", "tags"]'])
def test_facets(public: FlaskClient, fields: Any) -> None:
    found = search(public, rows=0, **{"facet.field": fields, "facet.limit": -1})
    assert found["facets"]["organization"]["wiesbaden-umweltamt"] == 7
    items = found["search_facets"]["organization"]["items"]
    assert {item["name"]: item["count"] for item in items} == found["facets"]["organization"]
    shown = [item["display_name"] for item in items]
    assert shown == sorted(shown, reverse=True)
    for name in found["facets"]["organization"]:
        filtered = search(public, fq=f"organization:{name}", rows=0)
        assert filtered["count"] == found["facets"]["organization"][name]


def test_facets_by_get(public: FlaskClient) -> None:
    for value in ("organization", '["organization"]'):
        query = {"facet.field": value, "facet.limit": "1", "facet.mincount": "2"}
        found = result(public.get("/api/action/package_search", query_string=query))
        assert found["facets"]["organization"] == {"darmstadt-amt-fuer-wirtschaft-und-stadtentwicklung": 7}
    query = "facet.field=organization&facet.field=groups"
    assert set(result(public.get(f"/api/action/package_search?{query}"))["facets"]) == {"organization", "groups"}
    assert error(public.get("/api/action/package_search?facet.field=[x"))[0] == 409


def test_every_facet_value_leads_to_its_datasets(public: FlaskClient) -> None:
    fields = list(FACETS)
    for field, values in search(public, rows=0, **{"facet.field": fields, "facet.limit": -1})["facets"].items():
        assert values or field in ("owner_org", "private")
        for value, count in values.items():
            assert search(public, rows=0, fq=f'{field}:"{value}"')["count"] == count, (field, value)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({"fq": "organization:wiesbaden-umweltamt"}, 7),
        ({"q": "organization:wiesbaden-umweltamt"}, 7),
        ({"fq": '+organization:"wiesbaden-umweltamt"'}, 7),
        ({"fq": "city:wiesbaden groups:heal"}, 2),
        ({"fq": "city:wiesbaden AND groups:HEAL"}, 2),
        ({"fq_list": ["city:wiesbaden", "groups:heal"]}, 2),
        ({"fq": ["city:wiesbaden", "groups:heal"]}, 2),
        ({"q": "*:*", "fq": "dataset_type:dataset state:active capacity:public"}, DATASETS),
        ({"q": ""}, DATASETS),
        ({"q": None}, DATASETS),
        ({"fq": f"name:{TREES}"}, 1),
        ({"fq": "res_format:GeoJSON city:wiesbaden"}, 7),
        ({"fq": 'tags:"Kühler Ort"'}, 1),
        ({"fq": "organization:nirgends"}, 0),
        ({"fq": "organization:wiesbaden-umweltamt OR organization:nirgends"}, 7),
        ({"fq": "-organization:wiesbaden-umweltamt"}, DATASETS - 7),
        ({"fq": "NOT organization:wiesbaden-umweltamt"}, DATASETS - 7),
        ({"fq": "city:wiesbaden -organization:wiesbaden-umweltamt"}, IN_CITIES["wiesbaden"] - 7),
        ({"fq": "(city:wiesbaden OR city:darmstadt)"}, IN_CITIES["wiesbaden"] + IN_CITIES["darmstadt"]),
        ({"fq": "city:(wiesbaden OR darmstadt)"}, IN_CITIES["wiesbaden"] + IN_CITIES["darmstadt"]),
        ({"q": "title:Baum*"}, 5),
        ({"fq": "title:Baum*"}, 5),
        ({"fq": "metadata_modified:[2026-01-01T00:00:00Z TO *]"}, DATASETS),
        ({"fq": "metadata_modified:[* TO 2026-01-01T00:00:00Z]"}, 0),
        # A field that we do not know is the key of an extra, in q also two words.
        ({"fq": "unfug:x"}, 0),
        ({"q": "unfug:x"}, 0),
        ({"q": "("}, DATASETS),
    ],
)
def test_filters(public: FlaskClient, arguments: dict[str, Any], count: int) -> None:
    assert search(public, **arguments)["count"] == count


@pytest.mark.parametrize("query", ['tags:"x', "organization:[a TO", "city:(a OR", "tags:x )", "city:", "x" * 40_000])
def test_what_we_do_not_understand_is_said_and_not_guessed(public: FlaskClient, query: str) -> None:
    for name in ("q", "fq", "fq_list"):
        assert error(public.post("/api/action/package_search", json={name: query})) == (409, "Search Error")


@pytest.mark.parametrize("query", ["(", '"', "{a TO"])
def test_a_filter_of_words_is_read_strictly_too(public: FlaskClient, query: str) -> None:
    assert error(public.post("/api/action/package_search", json={"fq": query})) == (409, "Search Error")


def test_organizations(public: FlaskClient) -> None:
    listed = result(public.get("/api/action/organization_list"))
    assert len(listed) == 17  # fourteen departments, and the three divisions some of them belong to
    full = result(public.get("/api/action/organization_list?all_fields=true"))
    assert [each["name"] for each in full] == listed
    assert sum(each["package_count"] for each in full) == DATASETS
    assert result(public.get("/api/action/organization_list?limit=1&offset=1")) == listed[1:2]
    counted = result(public.get("/api/action/organization_list?sort=package_count%20desc&all_fields=true"))
    counts = [each["package_count"] for each in counted]
    assert counts == sorted(counts, reverse=True) and counts[0] == 7
    query = "organizations=wiesbaden-umweltamt"
    assert result(public.get(f"/api/action/organization_list?{query}")) == ["wiesbaden-umweltamt"]
    shown = result(public.get("/api/action/organization_show?id=wiesbaden-umweltamt&include_datasets=True"))
    assert set(ORGANIZATION_KEYS) <= set(shown)
    assert shown["users"] == [] and shown["package_count"] == len(shown["packages"]) == 7
    assert "packages" not in result(public.get("/api/action/organization_show?id=wiesbaden-umweltamt"))


def test_licences_and_status(public: FlaskClient) -> None:
    licences = {each["id"]: each for each in result(public.get("/api/action/license_list"))}
    used = {package["license_id"] for package in search(public, rows=100)["results"]} - {None}
    assert used <= set(licences) and {"dl-zero-de/2.0", "dl-by-de/2.0", "cc-by/4.0"} <= set(licences)
    status = result(public.get("/api/action/status_show"))
    assert status["site_url"] == SITE and status["ckan_version"].startswith("2.")


def test_every_action_explains_itself(public: FlaskClient) -> None:
    for name in ACTIONS:
        assert len(result(public.get(f"/api/action/help_show?name={name}"))) > 20


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_huge_bodies_are_refused(public: FlaskClient, content_type: str) -> None:
    answer = public.post("/api/action/package_show", data=b"x" * 1_000_001, content_type=content_type)
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"


# Beyond about a thousand the reader of JSON refuses, whatever the action.
@pytest.mark.parametrize("depth", [2, 200, 900, 5000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_json(public: FlaskClient, opening: str, closing: str, depth: int) -> None:
    for action in ACTIONS if depth < 1000 else ("package_show", "package_create"):
        for argument in [argument.name for argument in ACTIONS[action].arguments] or ["unfug"]:
            arguments = dict(ACTIONS[action].example or {}) | {argument: "DEEP"}
            body = orjson.dumps(arguments).replace(b'"DEEP"', f"{opening * depth}1{closing * depth}".encode())
            answer = public.post(f"/api/action/{action}", data=body, content_type="application/json")
            assert answer.status_code < 500, (action, argument)
            assert depth < 1000 or (answer.status_code == 400 and "JSON Error" in answer.get_json())


@pytest.fixture(scope="module")
def client(application: Flask) -> FlaskClient:
    return application.test_client()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["", "\0", "²", "--5", "1e9", "[", "[{}]", "*:*", "9" * 30]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NAMES = st.sampled_from(
    sorted({argument.name for action in ACTIONS.values() for argument in action.arguments} | {"name_or_id", "ext_x", "fl"})
) | st.text(max_size=10)  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(sorted(ACTIONS)), st.dictionaries(NAMES, JSON, max_size=4))
def test_no_json_makes_us_fail(client: FlaskClient, action: str, arguments: dict[str, Any]) -> None:
    try:
        body = orjson.dumps(arguments)
    except (TypeError, orjson.JSONEncodeError):
        body = repr(arguments).encode("utf-8", "replace")
    answer = client.post(f"/api/3/action/{action}", data=body, content_type="application/json")
    assert answer.status_code < 500
    assert answer.get_json() is not None


@settings(deadline=None)
@given(st.sampled_from(sorted(ACTIONS)), st.lists(st.tuples(NAMES, st.text(max_size=30)), max_size=4))
def test_no_query_string_makes_us_fail(client: FlaskClient, action: str, arguments: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in arguments)
    form = "application/x-www-form-urlencoded"
    for answer in (client.get(f"/api/3/action/{action}?{query}"), client.post(f"/api/3/action/{action}", data=query, content_type=form)):  # fmt: skip
        assert answer.status_code < 500
        assert answer.get_json() is not None


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_searched_for(client: FlaskClient, text: str) -> None:
    for name in ("q", "fq"):
        assert client.get("/api/3/action/package_search", query_string={name: text}).status_code in (200, 400, 409)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_posted(client: FlaskClient, body: bytes) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.post("/api/3/action/package_search", data=body, content_type=content_type)
        assert answer.status_code < 500
