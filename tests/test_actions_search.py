"""Finding datasets and resources as clients of CKAN do: fields, facets, states, proposals."""

import time
from dataclasses import replace
from typing import Any

import action_api
import desks
import pytest
from action_api import People

from catalog.access import Capacity
from catalog.api.actions import search_fields
from catalog.instance import Instance


def names(found: dict[str, Any]) -> list[str]:
    return sorted(each["name"] for each in found["results"])


@pytest.mark.parametrize("fields", [["title", "name"], "title,name", "title name", '["title", "name"]'])
def test_single_fields_of_what_is_found(people: People, office: str, fields: Any) -> None:
    people.admin.result("package_create", name="brunnen", title="Trinkbrunnen", owner_org=office)
    found = people.nobody.result("package_search", q="Trinkbrunnen", fl=fields)
    assert found["results"] == [{"title": "Trinkbrunnen", "name": "brunnen"}]


def test_fields_as_the_search_engine_names_them(people: People, office: str) -> None:
    made = people.admin.result(
        "package_create", name="brunnen", owner_org=office, tags=[{"name": "wasser"}], extras=[{"key": "quartier", "value": "Mitte"}],
        resources=[{"url": "https://example.org/a.csv", "name": "Liste"}, {"url": "https://example.org/b"}],
    )  # fmt: skip
    wanted = "id,tags,groups,organization,res_format,res_url,extras_quartier,dataset_type,capacity,author,metadata_created,resources"
    (found,) = people.nobody.result("package_search", fl=wanted)["results"]
    assert found == {
        "id": made["id"],
        "tags": ["wasser"],
        "organization": "amt",
        "res_format": ["CSV"],
        "res_url": ["https://example.org/a.csv", "https://example.org/b"],
        "extras_quartier": "Mitte",
        "dataset_type": "dataset",
        "capacity": "public",
        "metadata_created": made["metadata_created"][:23] + "Z",
    }
    (whole,) = people.nobody.result("package_search", fl="*")["results"]
    assert whole == people.nobody.result("package_show", id="brunnen")


def test_no_name_of_a_field_makes_it_fail() -> None:
    package = {"id": "1", "extras": [], "tags": [], "groups": [], "resources": [], "organization": None}
    assert search_fields.chosen(package, search_fields.read(["id, organization,,x", "extras_", "tags"])) == {"id": "1"}


def test_facets_are_called_as_people_call_them(people: People, office: str) -> None:
    people.admin.result("group_create", name="sport", title="Sport und Spiel")
    for name in ("bolzplatz", "freibad"):
        people.admin.result("package_create", name=name, owner_org=office, groups=[{"name": "sport"}])
    found = people.nobody.result("package_search", **{"facet.field": ["organization", "groups"]})
    assert found["search_facets"] == {
        "organization": {
            "title": "organization",
            "items": [{"name": "amt", "display_name": "Amt amt", "count": 2}],
        },
        "groups": {"title": "groups", "items": [{"name": "sport", "display_name": "Sport und Spiel", "count": 2}]},
    }


def test_a_bare_word_is_a_facet_only_where_it_is_a_field(people: People) -> None:
    assert "tags" in people.nobody.result("package_search", **{"facet.field": "tags"})["facets"]
    status, error = people.nobody.error("package_search", **{"facet.field": "unfug"})
    assert (status, error["__type"]) == (409, "Validation Error")


def test_a_filter_alone_leads_to_nothing_hidden(people: People, office: str) -> None:
    editor = people.editor("autorin", office)
    for name, more in (
        ("offen", {}),
        ("entwurf", {"state": "draft"}),
        ("geheim", {"private": True}),
        ("weg", {"state": "deleted"}),
    ):
        editor.result("package_create", name=name, owner_org=office, **more)
    for caller in (people.nobody, editor, people.admin):
        for wanted in ("state:draft", "capacity:private", "private:true", "state:deleted"):
            assert names(caller.result("package_search", fq=wanted)) == []
            assert names(caller.result("package_search", q=wanted)) == []
    for caller in (editor, people.admin):
        assert names(caller.result("package_search", fq="+state:draft")) == ["entwurf"]
        assert names(caller.result("package_search", fq="(name:entwurf AND +state:draft)")) == ["entwurf"]
        assert names(caller.result("package_search", fq_list=["+state:(active OR deleted)"])) == ["offen", "weg"]
        assert names(caller.result("package_search", fq="capacity:private", include_private=True)) == ["geheim"]
    assert names(people.nobody.result("package_search", fq="+state:draft", include_drafts=True)) == []


def test_administrators_list_private_datasets_as_well(people: People, office: str) -> None:
    editor = people.editor("autorin", office)
    for name, more in (("erster", {}), ("zweiter", {"private": True}), ("dritter", {"state": "draft"})):
        editor.result("package_create", name=name, owner_org=office, **more)
    listed = people.admin.result("current_package_list_with_resources")
    assert [each["name"] for each in listed] == ["zweiter", "erster"]
    assert [each["name"] for each in people.admin.result("current_package_list_with_resources", offset=1)] == ["erster"]
    for caller in (people.nobody, editor):
        assert [each["name"] for each in caller.result("current_package_list_with_resources")] == ["erster"]


def test_proposals_tell_of_private_datasets_to_those_inside(people: People, office: str) -> None:
    people.admin.result("package_create", name="a1", title="Öffentliches Bad", owner_org=office)
    people.admin.result("package_create", name="b2", title='Kleines "Bad"', owner_org=office, private=True)
    people.admin.result("package_create", name="c3", title="Bad im Entwurf", owner_org=office, state="draft")
    member = people.editor("mitglied", office, Capacity.MEMBER)
    stranger = people.editor("fremd", desks.office(people.instance, "anderes").id)
    for caller, found in (
        (people.nobody, ["a1"]),
        (stranger, ["a1"]),
        (member, ["a1", "b2"]),
        (people.admin, ["a1", "b2"]),
    ):
        assert [one["name"] for one in caller.result("package_autocomplete", q="bad")] == found
    assert member.result("package_autocomplete", q='s "ba') == [
        {"name": "b2", "title": 'Kleines "Bad"', "match_field": "title", "match_displayed": 'Kleines "Bad" (b2)'}
    ]
    assert member.result("package_autocomplete", q="notes") == []
    assert len(member.result("package_autocomplete", q="bad", limit=1)) == 1


@pytest.fixture
def listed(people: People, office: str) -> dict[str, Any]:
    people.admin.result("package_create", name="bad", owner_org=office)
    add = people.admin
    add.result(
        "resource_create", package_id="bad", url="https://example.org/a/b.txt", name="Übersicht", format="CSV", size=10
    )
    add.result(
        "resource_create", package_id="bad", url="https://example.org/c/d.txt", name="100 % Wasser", hash="abc-1"
    )
    made: dict[str, Any] = add.result(
        "resource_create",
        package_id="bad",
        url="https://example.org/e",
        mimetype="text/csv",
        size=9,
        resource_type="api",
    )
    return made


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("name:", 3),
        ("name:übersicht", 1),
        ("name:ÜBER", 1),
        ("name:100%", 0),
        ("name:%", 1),
        ("url:a b", 1),
        ("url:/ example", 3),
        (["url:example", "format:csv"], 1),
        ("size:10", 1),
        ("size:1", 0),
        ("position:2", 1),
        ("mimetype:csv", 1),
        ("resource_type:AP", 1),
        ("hash:abc", 1),
        ("hash:1", 0),
    ],
)
def test_resources_by_their_fields(people: People, listed: dict[str, Any], query: Any, count: int) -> None:
    found = people.nobody.result("resource_search", query=query)
    assert (found["count"], len(found["results"])) == (count, count)


def test_resources_by_time_and_in_order(people: People, listed: dict[str, Any]) -> None:
    found = people.nobody.result("resource_search", query=f"created:{listed['created']}")
    assert listed["id"] in [one["id"] for one in found["results"]]
    sizes = people.nobody.result("resource_search", query="url:example", order_by="size")["results"]
    assert [one["size"] for one in sizes] == [None, 9, 10]
    for wrong in ({"query": "unfug:x"}, {"query": "wort"}, {}, {"query": "url:x", "order_by": "unfug"}):
        assert people.nobody.refused("resource_search", **wrong) == 409


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zeppelin", ["zeppelin-7"]),
        ("Musterfrau", ["zeppelin-7"]),
        ("Flussufer", ["zeppelin-7"]),
        ("author:musterfrau", ["zeppelin-7"]),
        ('author:"Vera Musterfrau"', ["zeppelin-7"]),
        ("author:Muster*", ["zeppelin-7"]),
        ("extras_ort:Flussufer", ["zeppelin-7"]),
        ("extras_ort:*fluss*", ["zeppelin-7"]),
        ("name:*ppel*", ["zeppelin-7"]),
        ("name:?eppelin-7", ["zeppelin-7"]),
        ("title:*rink*", ["zeppelin-7"]),
        ("tags:*er", ["zeppelin-7"]),
        ("license_id:other-open", ["zeppelin-7"]),
        ("license_id:*", ["zeppelin-7"]),
        ("name:z.ppelin-7", []),
        ("author:Muster", []),
    ],
)
def test_what_a_client_wrote_is_found_by_its_words(people: People, office: str, query: str, found: list[str]) -> None:
    people.admin.result("package_create", name="anderes", title="Etwas", owner_org=office)
    people.admin.result("package_create", name="zeppelin-7", title="Trinkbrunnen", author="Vera Musterfrau", owner_org=office,
                        tags=[{"name": "wasser"}], license_id="other-open", extras=[{"key": "ort", "value": "Am Flussufer"}])  # fmt: skip
    assert names(people.nobody.result("package_search", q=query)) == found
    assert names(people.nobody.result("package_search", fq=query)) == found


def test_what_was_written_in_one_second_keeps_its_order(people: People, office: str) -> None:
    for name in ("b", "c", "a"):
        people.admin.result("package_create", name=f"brunnen-{name}", owner_org=office)
    for field in ("metadata_created", "metadata_modified"):
        found = people.nobody.result("package_search", sort=f"{field} desc")["results"]
        assert [each["name"][-1] for each in found] == ["a", "c", "b"]


def test_datasets_of_no_organisation_have_none_in_the_search(instance: Instance) -> None:
    config = replace(instance.config, ckan_unowned_datasets=True)
    admin = action_api.people(replace(instance, config=config)).admin
    for more in ({}, {"state": "draft"}):
        made = admin.result("package_create", name=f"frei{len(more)}", **more)
        asked = {"include_drafts": True, "facet.field": ["organization", "owner_org"]}
        found = admin.result("package_search", fq=f"id:{made['id']} -organization:* -owner_org:*", **asked)
        assert (found["count"], found["facets"]) == (1, {"organization": {}, "owner_org": {}})


def test_what_somebody_wrote_is_found_by_those_who_have_an_account(people: People, office: str) -> None:
    editor = people.editor("autorin", office)
    for name, more in (("offen", {}), ("entwurf", {"state": "draft"})):
        editor.result("package_create", name=name, owner_org=office, **more)
    wanted = f"creator_user_id:{editor.id}"
    stranger = people.editor("fremd", desks.office(people.instance, "anderes").id)
    assert names(stranger.result("package_search", fq=wanted, include_drafts=True)) == ["offen"]
    assert names(editor.result("package_search", fq=wanted, include_drafts=True)) == ["entwurf", "offen"]
    for given in ({"q": wanted}, {"fq": wanted}, {"fq_list": [wanted]}):
        assert names(people.nobody.result("package_search", **given)) == []


def test_an_answer_as_a_script_tells_what_everybody_may_know(people: People, office: str) -> None:
    people.admin.result("package_create", name="geheim", owner_org=office, private=True)
    client, headers = people.admin.client, people.admin.headers
    plain = client.get("/api/3/action/package_list").data
    answer = client.get("/api/3/action/package_list?callback=meine.antwort&include_private=true", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "application/javascript")
    assert answer.data == b"meine.antwort(" + plain + b");"
    refused = client.get("/api/3/action/package_show?id=geheim&callback=x", headers=headers)
    assert (refused.status_code, refused.mimetype) == (403, "application/json")
    for wrong in ("alert(1)", "a;b", "<b>", "1a", "a" * 101, "ä"):
        assert client.get("/api/3/action/package_list", query_string={"callback": wrong}).status_code == 400
    assert client.post("/api/3/action/package_list?callback=x", json={}).get_json()["success"]


@pytest.mark.parametrize(
    ("hiding", "arguments"),
    [
        ("package_patch", {"private": True}),
        ("package_patch", {"state": "draft"}),
        ("package_delete", {}),
        ("dataset_purge", {}),
    ],
)
def test_what_was_found_before_is_forgotten_when_it_is_hidden(
    people: People, office: str, hiding: str, arguments: dict[str, Any]
) -> None:
    people.admin.result("package_create", name="brunnen", title="Trinkbrunnen", owner_org=office)
    asked = {"q": "Trinkbrunnen", "facet.field": ["organization"]}
    before = people.nobody.result("package_search", **asked)
    assert (before["count"], names(before)) == (1, ["brunnen"])
    assert people.nobody.result("package_search", **asked) == before
    people.admin.result(hiding, id="brunnen", **arguments)
    after = people.nobody.result("package_search", **asked)
    assert (after["count"], after["results"], after["facets"]) == (0, [], {"organization": {}})


def test_what_was_found_before_is_shown_as_it_is_now(people: People, office: str) -> None:
    people.admin.result("package_create", name="brunnen", title="Trinkbrunnen", owner_org=office)
    assert people.nobody.result("package_search")["results"][0]["title"] == "Trinkbrunnen"
    people.admin.result("package_patch", id="brunnen", title="Brunnen zum Trinken")
    assert people.nobody.result("package_search")["results"][0]["title"] == "Brunnen zum Trinken"
    people.admin.result("package_create", name="bolzplatz", owner_org=office)
    assert people.nobody.result("package_search")["count"] == 2


def test_what_those_who_are_known_find_is_not_remembered_for_others(people: People, office: str) -> None:
    people.admin.result("package_create", name="geheim", title="Trinkbrunnen", owner_org=office, private=True)
    asked = {"q": "Trinkbrunnen", "include_private": True}
    assert people.admin.result("package_search", **asked)["count"] == 1
    assert people.nobody.result("package_search", **asked)["count"] == 0
    assert people.admin.result("package_search", **asked)["count"] == 1


def test_a_question_about_now_is_asked_anew(people: People, office: str) -> None:
    people.admin.result("package_create", name="brunnen", owner_org=office)
    just_now = {"fq": "metadata_modified:[NOW-1SECOND TO *]"}
    assert people.nobody.result("package_search", **just_now)["count"] == 1
    time.sleep(2.1)
    assert people.nobody.result("package_search", **just_now)["count"] == 0
