"""The OpenAPI document: valid, complete, and true of what the server answers."""

import io
import shutil
from collections.abc import Iterator
from typing import Any

import action_api
import pytest
from action_api import People
from demo_home import DemoHome
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from catalog.api.action import ACTIONS, SUBJECTS
from catalog.api.actions.call import Action
from catalog.api.openapi import BASE
from catalog.api.openapi_schemas import RESULTS
from catalog.web.api_pages import TYPES

READING = {name: action for name, action in ACTIONS.items() if not action.writes}
# There is nothing of that kind, whatever the id.
EMPTY = {"task_status_show"}
CALLABLE = {
    name: dict(action.example or {})
    for name, action in READING.items()
    if action.example is not None or not any(argument.required for argument in action.arguments)
} | {name: {"id": "nichts"} for name in EMPTY}
SITE = "http://127.0.0.1:5000"
TREES = "baumkataster-darmstadt"
# What stands for {name} in the addresses beside the actions, by how they begin.
NAMES = {
    "/feeds/organization/": "wiesbaden-umweltamt",
    "/feeds/group/": "envi",
    "/schema/": "baumkataster",
    "/dataset/": TREES,
    "/": "darmstadt",
}


@pytest.fixture(scope="module")
def document(application: Flask) -> dict[str, Any]:
    found: dict[str, Any] = application.test_client().get("/openapi.json").get_json()
    return found


@pytest.fixture(scope="module")
def staff(demo: DemoHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The demonstration with accounts: a copy, since accounts are written."""
    home = demo.copy(tmp_path_factory.mktemp("staff") / "home")
    instance = home.open()
    yield action_api.people(instance)
    instance.database.close()
    shutil.rmtree(home.path)


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Judge by a schema of the document, whose references lead into the document."""
    return Draft202012Validator(schema | {"components": document["components"]})


def operation(document: dict[str, Any], name: str, method: str = "post") -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][f"{BASE}{name}"][method]
    return found


def answer_schema(document: dict[str, Any], name: str, status: int) -> dict[str, Any]:
    answer = operation(document, name)["responses"][str(status)]
    if reference := answer.get("$ref"):
        answer = document["components"]["responses"][reference.rpartition("/")[2]]
    found: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return found


@pytest.mark.slow
def test_the_document_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_a_broken_document_would_be_found(document: dict[str, Any]) -> None:
    twice = {"post": operation(document, "site_read")}
    assert list(OpenAPIV31SpecValidator({**document, "paths": {"/a": twice, "/b": twice}}).iter_errors())


def test_it_is_for_everybody_and_costs_nothing_twice(public: FlaskClient) -> None:
    answer = public.get("/openapi.json")
    assert (answer.mimetype, answer.headers["Access-Control-Allow-Origin"]) == ("application/json", "*")
    assert answer.get_json()["servers"] == [{"url": SITE}]
    again = public.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    compressed = public.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip" and len(compressed.data) * 5 < len(answer.data)


def test_every_action_stands_in_it(document: dict[str, Any]) -> None:
    described = {
        path.removeprefix(BASE): set(item) for path, item in document["paths"].items() if path.startswith(BASE)
    }
    assert described == {name: {"post"} if action.writes else {"get", "post"} for name, action in ACTIONS.items()}
    ids = [
        item["operationId"]
        for path in document["paths"].values()
        for method, item in path.items()
        if method in ("get", "post")
    ]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in document["tags"]}
    assert {operation(document, name)["tags"][0] for name in ACTIONS} <= tags


@pytest.mark.parametrize("name", ACTIONS)
def test_arguments(document: dict[str, Any], name: str) -> None:
    action, content = ACTIONS[name], operation(document, name)["requestBody"]["content"]
    plain = {argument.name for argument in action.arguments if argument.type != "file"}
    assert set(content["application/json"]["schema"]["properties"]) == plain
    files = {argument.name for argument in action.arguments} - plain
    assert ("multipart/form-data" in content) == bool(files)
    required = {argument.name for argument in action.arguments if argument.required}
    assert set(content["application/json"]["schema"].get("required", ())) == required
    if action.writes:
        assert operation(document, name)["security"] == [{"token": []}]
    else:
        asked = operation(document, name, "get").get("parameters", [])
        assert {one["name"]: one["required"] for one in asked} == {one: one in required for one in plain}


def test_subjects_hold_each_action_once() -> None:
    names = [name for subject in SUBJECTS for name in subject.actions]
    assert len(names) == len(set(names)) == len(ACTIONS)
    assert len({subject.id for subject in SUBJECTS}) == len(SUBJECTS)
    assert all(subject.title.de and subject.title.en for subject in SUBJECTS)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_and_argument_is_explained_in_both_languages(name: str) -> None:
    action: Action = ACTIONS[name]
    for text in (action.about, *(argument.about for argument in action.arguments)):
        assert text.de.strip() and text.en.strip()
    assert action.about.de != action.about.en
    assert {argument.type for argument in action.arguments} <= set(TYPES)
    names = [argument.name for argument in action.arguments]
    assert len(names) == len(set(names))
    assert set(action.example or {}) <= set(names)


@pytest.mark.parametrize("name", CALLABLE)
def test_what_reading_answers_is_as_described(document: dict[str, Any], staff: People, name: str) -> None:
    arguments = CALLABLE[name]
    request = operation(document, name)["requestBody"]["content"]["application/json"]["schema"]
    if ACTIONS[name].example is not None:
        validator(document, request).validate(arguments)
    answer = staff.nobody.post(name, **arguments)
    if answer.status_code == 403:
        # What only those read who have an account.
        validator(document, answer_schema(document, name, 403)).validate(answer.get_json())
        answer = staff.admin.post(name, **arguments)
    assert answer.status_code == (404 if name in EMPTY else 200), answer.text
    validator(document, answer_schema(document, name, answer.status_code)).validate(answer.get_json())


def test_results_stated_are_of_actions_that_exist_and_do_not_fit_everything(document: dict[str, Any]) -> None:
    assert set(RESULTS) <= set(ACTIONS)
    for name, schema in RESULTS.items():
        assert not validator(document, schema).is_valid(None), name
    assert not validator(document, {"$ref": "#/components/schemas/Dataset"}).is_valid({"id": "x"})


def test_tables_and_resources(document: dict[str, Any], public: FlaskClient) -> None:
    package = public.post("/api/action/package_show", json={"id": TREES}).get_json()["result"]
    table = next(resource["id"] for resource in package["resources"] if resource["datastore_active"])
    for name, arguments in (
        ("resource_show", {"id": table}),
        ("datastore_info", {"id": table}),
        ("datastore_search", {"resource_id": table, "limit": 2}),
        ("datastore_search", {"resource_id": table, "limit": 2, "records_format": "csv"}),
        ("datastore_search", {"resource_id": table, "limit": 2, "records_format": "lists"}),
        ("organization_list", {"all_fields": True}),
        ("organization_show", {"id": package["organization"]["id"], "include_datasets": True}),
    ):
        answer = public.post(f"/api/action/{name}", json=arguments).get_json()
        validator(document, answer_schema(document, name, 200)).validate(answer)


def test_errors_are_as_described(document: dict[str, Any], staff: People) -> None:
    client = staff.nobody.client
    for status, answer in (
        (400, client.post("/api/3/action/unfug")),
        (400, client.post("/api/3/action/package_show", data=b"{")),
        (400, client.get("/api/3/action/package_create")),
        (400, staff.nobody.post("package_search", unfug=1)),
        (403, staff.nobody.post("package_create", name="unfug")),
        (404, staff.nobody.post("package_show", id="nirgends")),
        (409, staff.nobody.post("package_show")),
        (409, staff.admin.post("package_create", name="A B")),
    ):
        assert answer.status_code == status, answer.text
        validator(document, answer_schema(document, "package_patch", status)).validate(answer.get_json())
    assert not validator(document, answer_schema(document, "package_patch", 404)).is_valid("Not found")


def test_a_version_that_is_no_longer(document: dict[str, Any], staff: People) -> None:
    office = staff.office("brunnenamt")
    made = staff.admin.result("package_create", name="brunnen", owner_org=office)
    assert "412" not in operation(document, "package_create")["responses"]
    for name in ("package_patch", "package_update", "package_delete", "resource_create"):
        answer = staff.admin.post(name, id=made["id"], package_id=made["id"], if_match='"alt"')
        assert answer.status_code == 412, answer.text
        validator(document, answer_schema(document, name, 412)).validate(answer.get_json())
        assert operation(document, name)["parameters"][0]["name"] == "If-Match"


@pytest.mark.slow
def test_the_other_addresses_answer_as_described(document: dict[str, Any], public: FlaskClient) -> None:
    package = public.post("/api/action/package_show", json={"id": TREES}).get_json()["result"]
    table = next(resource for resource in package["resources"] if resource["datastore_active"])
    queries = {"/sparql": {"query": "ASK {}"}, "/oai": {"verb": "Identify"}, "/api/suggest": {"q": "baum"}}
    values = {"ending": "ttl", "kind": "city", "id": table["id"], "dataset": package["id"], "file": "baeume.csv"}
    tried = 0
    for path, item in document["paths"].items():
        if path.startswith(BASE) or "get" not in item or path.endswith("/download/{file}"):
            continue
        name = next(value for start, value in NAMES.items() if path.startswith(start))
        address = path.format(**values, name=name)
        answer = public.get(address, query_string=queries.get(path, {}), follow_redirects=True)
        assert answer.status_code == 200, (address, answer.text[:200])
        assert answer.mimetype in item["get"]["responses"]["200"]["content"], (address, answer.mimetype)
        tried += 1
    assert tried >= 15


def test_a_download_is_as_described(document: dict[str, Any], public: FlaskClient) -> None:
    packages = public.get("/api/action/package_search?rows=1000").get_json()["result"]["results"]
    urls = [resource["url"] for package in packages for resource in package["resources"]]
    ours = next(url.removeprefix(SITE) for url in urls if url.startswith(SITE) and "/download/" in url)
    answer = public.get(ours)
    assert answer.status_code == 200
    described = document["paths"]["/dataset/{dataset}/resource/{id}/download/{file}"]["get"]
    assert answer.mimetype in described["responses"]["200"]["content"]
    names = ours.strip("/").split("/")
    assert [one["name"] for one in described["parameters"]] == ["dataset", "id", "file"]
    assert (names[0], names[2], names[4]) == ("dataset", "resource", "download")


@pytest.mark.slow
def test_a_check_is_as_described(document: dict[str, Any], public: FlaskClient) -> None:
    described = document["paths"]["/check"]["post"]
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    for output in form["properties"]["output"]["enum"]:
        sent = {"file": (io.BytesIO(b"a,b\n1,2\n"), "a.csv"), "schema": "none", "output": output}
        answer = public.post("/check", data=sent)
        if answer.status_code == 422:
            # There is no repaired copy of what needs none.
            assert output == "repaired"
            continue
        assert answer.status_code == 200, (output, answer.text[:200])
        assert answer.mimetype in described["responses"]["200"]["content"], (output, answer.mimetype)
