"""package_revise: match, filter and update by CKAN's path language, on a copy, with errors that name the path."""

import copy
import time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples_ckan_input import FIRST, RICH, SECOND, document, errors, shown
from test_ckan_input import JSON

from dcat import ckan_change
from dcat.ckan_package import PackageDocument
from dcat.ckan_revise import MAX_WILDCARDS, Revision, included, read, revise
from dcat.ckan_show import show
from dcat.ckan_values import Refused

BEFORE = document()
PACKAGE: dict[str, Any] = show(BEFORE, shown(BEFORE))
MATCH = {"name": "baumkataster"}


def revision(**arguments: Any) -> Revision:
    found = read({"match": MATCH} | arguments)
    assert isinstance(found, Revision), found
    return found


def revised(**arguments: Any) -> dict[str, Any]:
    found = revise(PACKAGE, revision(**arguments))
    assert isinstance(found, dict), found
    return found


@pytest.mark.parametrize(
    "match",
    [
        {"match": MATCH},
        {"match": {"id": PACKAGE["id"], "notes": "Alle Bäume."}},
        {"match": '{"name": "baumkataster"}'},
        {"match": None, "match__name": "baumkataster", "match__resources__0__id": FIRST},
        {"match": MATCH | {"resources": [{"id": FIRST}], "resources__1f9ac__name": "Bäume", "private": False}},
        {"match": MATCH | {"resources__-1__id": SECOND, "resources": {"0__size": 12}}},
    ],
)
def test_matches(match: dict[str, Any]) -> None:
    assert revised(**match) == PACKAGE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("notes", "Andere."),
        ("nothing", 1),
        ("private", 0),
        ("resources__2__id", SECOND),
        ("resources__1f9a", {}),
        ("resources__1f9ac__name", "Baum"),
        ("resources", [{}, {}, {}]),
        ("title__0", "B"),
        ("extras", {"": "x"}),
    ],
)
def test_what_does_not_match_is_named(path: str, value: Any) -> None:
    assert errors(revise(PACKAGE, revision(match=MATCH | {path: value}))) == {"match": [path]}


def test_an_id_that_several_have_means_none() -> None:
    update = {"update__resources__1f9a0__name": "x"}
    assert "no entry 1f9a0" in errors(revise(PACKAGE, revision(**update)))["update"][0]
    twins = PACKAGE | {"resources": [{"id": FIRST}, {"id": FIRST}]}
    assert "several" in errors(revise(twins, revision(**{"update__resources__1f9ab__name": "x"})))["update"][0]


def test_updates_of_the_documentation() -> None:
    after = revised(update={"notes": "Neu", "title_translated": {"en": "Tree register"}})
    assert (after["notes"], after["title"]) == ("Neu", "Baumkataster")
    assert after["title_translated"] == {"de": "Baumkataster", "en": "Tree register"}, "objects are merged"
    after = revised(update__resources__0={"name": "Erste"})
    assert after["resources"][0] == PACKAGE["resources"][0] | {"name": "Erste"}
    after = revised(update__resources__1f9ac={"description": "die andere"})
    assert after["resources"][1] == PACKAGE["resources"][1] | {"description": "die andere"}
    after = revised(update={"resources": [{"name": "A"}]})
    assert [one["name"] for one in after["resources"]] == ["A", "Bäume"]
    after = revised(**{"update__resources__-1__name": "Z"})
    assert [one["name"] for one in after["resources"]] == [None, "Z"]


@pytest.mark.parametrize(
    "update",
    [
        {"update__resources__extend": [{"url": "https://a.example/x"}]},
        {"update__resources__extend": '[{"url": "https://a.example/x"}]'},
        {"update": {"resources__extend": [{"url": "https://a.example/x"}]}},
        {"update": {"resources": {"extend": [{"url": "https://a.example/x"}]}}},
    ],
)
def test_lists_are_extended(update: dict[str, Any]) -> None:
    found = revise(PACKAGE, revision(**update))
    assert isinstance(found, dict)
    assert found["resources"] == [*PACKAGE["resources"], {"url": "https://a.example/x"}]
    after = ckan_change.updated(BEFORE, found)
    assert isinstance(after, PackageDocument)
    assert [one.id for one in after.resources] == [FIRST, SECOND, ""]
    assert after.resources[2].url == "https://a.example/x"


def test_a_new_resource_is_known_by_its_place() -> None:
    after = revised(update__resources__extend=[{"url": "x"}], **{"update__resources__2__name": "Neu"})
    assert after["resources"][2] == {"url": "x", "name": "Neu"}


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ([f"-resources__{FIRST}"], [SECOND]),
        (["-resources__1f9ab"], [SECOND]),
        (["resources__0"], [SECOND]),
        ("-resources__0,-resources__1", []),
        (["-resources__-1"], [FIRST]),
        (["-resources"], []),
        (["-resources__*"], []),
        (["+resources__1", "-resources__*"], [SECOND]),
        (["-resources__*", "+resources__1"], []),
        (["-resources__7", "-resources__abcdef", "-title__0", "-nothing"], [FIRST, SECOND]),
    ],
)
def test_filters_take_resources_away(patterns: Any, left: list[str]) -> None:
    after = revised(filter=patterns)
    assert [one["id"] for one in after["resources"]] == left
    assert after["title"] == "Baumkataster"


def test_everything_but_what_is_kept_is_filtered() -> None:
    after = revised(filter=["+resources", "-*"], update={"name": "neuanfang", "title": "Neuanfang"})
    assert after == {
        "id": PACKAGE["id"],
        "type": "dataset",
        "groups": [],
        "resources": PACKAGE["resources"],
        "name": "neuanfang",
        "title": "Neuanfang",
    }
    found = ckan_change.updated(BEFORE, after)
    assert isinstance(found, PackageDocument)
    assert (found.name, found.title, found.notes, found.extras) == ("neuanfang", "Neuanfang", None, ())
    assert len(found.resources) == 2


def test_all_fields_of_a_resource_are_replaced() -> None:
    after = revised(
        filter=["+resources__1f9ab__id", "-resources__1f9ab__*"], update__resources__1f9ab={"name": "Neu", "url": "y"}
    )
    assert after["resources"] == [{"id": FIRST, "name": "Neu", "url": "y"}, PACKAGE["resources"][1]]
    after = revised(filter=["-resources__*__name", "-resources__*__schema"])
    assert not any({"name", "schema"} & one.keys() for one in after["resources"])


def test_what_was_given_stays_as_it_is() -> None:
    before = copy.deepcopy(PACKAGE)
    value = [{"name": "gut"}]
    call = revision(update={"tags": value, "resources__0__name": "x"}, filter=["-extras"])
    revise(PACKAGE, call)
    assert before == PACKAGE
    assert value == [{"name": "gut"}]


def test_what_is_included_in_the_answer() -> None:
    assert included(PACKAGE, revision()) == {"package": PACKAGE}
    assert included(PACKAGE, revision(include=["-*"])) == {}
    assert included(PACKAGE, revision(include=["+package__id", "-package"])) == {"package": {"id": PACKAGE["id"]}}
    ids = included(PACKAGE, revision(include="+package__resources__*__id,-*"))
    assert ids == {"package": {"resources": [{"id": FIRST}, {"id": SECOND}]}}


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({}, "match"),
        ({"match": {}}, "match"),
        ({"match": {"notes": "x"}}, "match"),
        ({"match": "baumkataster"}, "match"),
        ({"match": ["x"]}, "match"),
        ({"match": {"name": 1}}, "match"),
        ({"match": MATCH | {"": 1}}, "match"),
        ({"match": MATCH | {"a____b": 1}}, "match"),
        ({"match": MATCH | {"a\0": 1}}, "match"),
        ({"match": MATCH | {"__".join("a" * 30): 1}}, "match"),
        ({"match": MATCH, "update": {"x": 2**70}}, "update"),
        ({"match": MATCH, "update": "{"}, "update"),
        ({"match": MATCH, "update__": 1}, "update"),
        ({"match": MATCH, "filter": {"a": 1}}, "filter"),
        ({"match": MATCH, "filter": [1]}, "filter"),
        ({"match": MATCH, "filter": ["-"]}, "filter"),
        ({"match": MATCH, "filter": ["a"] * 2000}, "filter"),
        ({"match": MATCH, "filter": [f"-{n}__*" for n in range(MAX_WILDCARDS + 1)]}, "filter"),
        ({"match": MATCH, "include": True}, "include"),
        ({f"update__{number}": 1 for number in range(10**5)}, "update"),
        (None, "__junk"),
    ],
)
def test_calls_that_are_refused(arguments: Any, wrong: str) -> None:
    assert list(errors(read(arguments))) == [wrong]


@pytest.mark.parametrize(
    "update",
    [
        {"update__resources__9__name": "x"},
        {"update__title__extend": ["x"]},
        {"update__resources__extend": {"url": "x"}},
        {"update__extend": []},
        {"update__name__x": 1},
        {"update": {"extras": {"____": 1}}},
        {"update": {"resources": {"abc": 1}}},
        {"update__resources__extended": 1},
    ],
)
def test_paths_that_lead_nowhere_are_named(update: dict[str, Any]) -> None:
    assert list(errors(revise(PACKAGE, revision(**update)))) == ["update"]


STEPS = st.sampled_from(["resources", "0", "-1", "1f9ab", "extend", "*", "name", "tags", "extras", "id", "x", "groups"])
PATHS = st.lists(STEPS, min_size=1, max_size=4).map("__".join)
PATTERNS = st.lists(st.builds("{}{}".format, st.sampled_from(["", "+", "-"]), PATHS), max_size=5)


@given(st.dictionaries(PATHS, JSON, max_size=4), PATTERNS, PATTERNS, st.dictionaries(PATHS, JSON, max_size=2))
@settings(max_examples=300, deadline=None)
def test_hostile_calls_never_raise(update: Any, patterns: Any, include: Any, match: Any) -> None:
    before = orjson.dumps(PACKAGE)
    for arguments in ({"match": MATCH | match}, {"match": MATCH}):
        call = read(arguments | {"update": update, "filter": patterns, "include": include})
        if isinstance(call, Revision):
            found = revise(PACKAGE, call)
            assert orjson.dumps(PACKAGE) == before
            included(PACKAGE, call)
            if not isinstance(found, Refused):
                orjson.dumps(found)
                ckan_change.updated(BEFORE, found)
            else:
                errors(found)


def test_many_patterns_on_many_resources_stay_quick() -> None:
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1000)]
    large = PACKAGE | {"resources": [{"id": each, **{f"f{n}": n for n in range(20)}} for each in ids]}
    patterns = [f"-resources__{each}" for each in ids[:900]] + [f"-*__*__x{n}" for n in range(MAX_WILDCARDS)]
    started = time.process_time()
    found = revise(large, revision(filter=patterns))
    assert time.process_time() - started < 5
    assert isinstance(found, dict)
    assert len(found["resources"]) == 100


def test_the_rich_package_is_rich() -> None:
    assert PACKAGE.keys() >= RICH.keys()
