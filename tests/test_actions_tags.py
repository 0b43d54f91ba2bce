"""CKAN's actions about keywords, closed lists, members and collaborators, and about the site itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import homes
import pytest
from desk_people import ask, person, refusal, refused

from catalog.access import ANONYMOUS, Actor
from catalog.api.action import ACTIONS
from catalog.api.actions import following
from catalog.api.actions import site as site_actions
from catalog.instance import Instance


@pytest.fixture
def root(instance: Instance) -> Actor:
    return person(instance, "verwaltung", admin=True)


@pytest.fixture
def sharing(tmp_path: Path) -> Iterator[Instance]:
    """A site whose datasets can be shared."""
    with homes.home(tmp_path / "home"):
        settings = {
            "site": {"url": "https://daten.example.org"},
            "cities": homes.CITIES,
            "ckan": {"collaborators": True},
        }
        (tmp_path / "home" / "offenbar.yaml").write_text(json.dumps(settings), encoding="utf-8")
        with homes.opened(tmp_path / "home") as instance:
            yield instance


def test_free_keywords_are_those_of_public_datasets(catalogue: Instance) -> None:
    names = ask(catalogue, "tag_list")
    facet = ask(catalogue, "package_search", **{"facet.field": ["tags"], "facet.limit": -1, "rows": 0})["facets"][
        "tags"
    ]
    assert names == sorted(facet) and len(names) > 10
    full = ask(catalogue, "tag_list", all_fields=True)
    assert [tag["name"] for tag in full] == names
    assert set(full[0]) == {"id", "name", "display_name", "state", "vocabulary_id"}
    part = names[3][1:4]
    fitting = [name for name in names if part.lower() in name.lower()]
    assert ask(catalogue, "tag_list", query=part) == fitting
    assert ask(catalogue, "tag_autocomplete", q=part) == fitting
    searched = ask(catalogue, "tag_search", query=part.upper(), limit=1)
    assert (searched["count"], [tag["name"] for tag in searched["results"]]) == (len(fitting), fitting[:1])
    assert ask(catalogue, "tag_search") == {"count": 0, "results": []}
    for name in names[:3]:
        shown = ask(catalogue, "tag_show", id=name, include_datasets="true")
        assert len(shown["packages"]) == facet[name]
        assert all(name in [tag["name"] for tag in one["tags"]] for one in shown["packages"])
    assert "packages" not in ask(catalogue, "tag_show", id=names[0])
    assert refused(catalogue, "tag_show", id="gibt-es-nicht") == 404
    assert refused(catalogue, "tag_show", id="x" * 5000) == 404
    assert "csv" in ask(catalogue, "format_autocomplete", q="CS")


def test_keywords_of_what_is_not_public_stay_inside(instance: Instance, root: Actor) -> None:
    owner = ask(instance, "organization_create", root, name="amt")["id"]
    for name, more in (("offen", {}), ("geheim", {"private": True}), ("entwurf", {"state": "draft"})):
        given = {"owner_org": owner, "notes": "x", "tags": [{"name": f"wort-{name}"}],
                 "resources": [{"url": f"https://a.example/{name}", "format": {"offen": "CSV"}.get(name, "GeoJSON")}]}  # fmt: skip
        ask(instance, "package_create", root, name=name, title=name, **given, **more)
    for actor in (ANONYMOUS, root):
        assert ask(instance, "tag_list", actor) == ask(instance, "tag_autocomplete", actor, q="wort") == ["wort-offen"]
        assert refused(instance, "tag_show", actor, id="wort-geheim") == 404
        assert ask(instance, "format_autocomplete", actor, q="s") == ["csv"]
    ask(instance, "package_patch", root, id="offen", private=True)
    assert ask(instance, "tag_list") == []


def test_closed_lists(instance: Instance, root: Actor) -> None:
    made = ask(instance, "vocabulary_create", root, name="Stadtteile", tags=[{"name": "Nord"}, {"name": "Süd"}])
    assert [tag["name"] for tag in made["tags"]] == ["Nord", "Süd"]
    assert {tag["vocabulary_id"] for tag in made["tags"]} == {made["id"]}
    assert ask(instance, "vocabulary_list") == [made] == [ask(instance, "vocabulary_show", id="Stadtteile")]
    west = ask(instance, "tag_create", root, name="West", vocabulary_id="Stadtteile")
    assert ask(instance, "tag_list", vocabulary_id=made["id"]) == ["Nord", "Süd", "West"]
    assert (
        ask(instance, "tag_show", id="West", vocabulary_id="Stadtteile")
        == west
        == ask(instance, "tag_show", id=west["id"])
    )
    assert refused(instance, "tag_create", root, name="West", vocabulary_id="Stadtteile") == 409
    assert refused(instance, "vocabulary_create", root, name="Stadtteile") == 409
    changed = ask(instance, "vocabulary_update", root, id=made["id"], tags=[{"name": "Ost"}, {"name": "West"}])
    assert [tag["name"] for tag in changed["tags"]] == ["Ost", "West"] and changed["tags"][1] == west
    renamed = ask(instance, "vocabulary_update", root, id=made["id"], name="Bezirke")
    assert renamed == {**changed, "name": "Bezirke"}
    ask(instance, "tag_delete", root, id="Ost", vocabulary_id="Bezirke")
    assert ask(instance, "tag_list", vocabulary_id="Bezirke") == ["West"]
    ask(instance, "vocabulary_delete", root, id="Bezirke")
    assert ask(instance, "vocabulary_list") == [] and refused(instance, "tag_show", id=west["id"]) == 404
    assert refused(instance, "tag_list", vocabulary_id="Bezirke") == 404


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("vocabulary_create", {}, 409),
        ("vocabulary_create", {"name": "x"}, 409),
        ("vocabulary_create", {"name": "x" * 101}, 409),
        ("vocabulary_create", {"name": "Liste", "tags": [{"name": "a/b"}]}, 409),
        ("vocabulary_create", {"name": "Liste", "tags": [{"name": f"wort{n}"} for n in range(1001)]}, 409),
        ("vocabulary_create", {"name": "Liste", "tags": "Nord"}, 409),
        ("tag_create", {"name": "Wort"}, 409),
        ("tag_create", {"name": "Wort", "vocabulary_id": "nirgends"}, 409),
        ("tag_create", {"name": "Wort", "id": "x", "vocabulary_id": "nirgends"}, 409),
        ("vocabulary_create", {"name": "Liste", "id": "x"}, 409),
        ("vocabulary_create", {"name": "Liste", "tags": None}, 400),
        ("tag_delete", {"id": "nirgends"}, 404),
        ("vocabulary_update", {"id": "nirgends", "name": "Neu"}, 404),
        ("vocabulary_delete", {"id": "nirgends"}, 404),
    ],
)
def test_lists_that_cannot_be_kept(
    instance: Instance, root: Actor, action: str, fields: dict[str, Any], status: int
) -> None:
    assert refused(instance, action, root, **fields) == status
    assert refused(instance, action, person(instance, "fremde"), **fields) == 403
    assert refused(instance, action, **fields) == 403
    assert ask(instance, "vocabulary_list") == []


def test_members(instance: Instance, root: Actor) -> None:
    ask(instance, "organization_create", root, name="amt")
    ask(instance, "group_create", root, name="gruppe")
    member, stranger = person(instance, "mitglied"), person(instance, "fremde")
    for kind, holder in (("organization", "amt"), ("group", "gruppe")):
        made = ask(instance, f"{kind}_member_create", root, id=holder, username="mitglied", role="editor")
        assert (made["table_name"], made["table_id"], made["capacity"]) == ("user", member.id, "editor")
        ask(instance, "member_create", root, id=holder, object="mitglied", object_type="user", capacity="member")
        member = person(instance, "mitglied")
        assert [member.id, "user", "Member"] in ask(instance, "member_list", member, id=holder, object_type="user")
        admins = ask(instance, "member_list", root, id=holder, object_type="user", capacity="admin")
        assert admins == [[root.id, "user", "Admin"]]
        for actor in (ANONYMOUS, stranger):
            assert refused(instance, "member_list", actor, id=holder, object_type="user") == 403
            assert ask(instance, "member_list", actor, id=holder) == []
        for actor in (ANONYMOUS, stranger, member):
            given = {"id": holder, "username": "fremde", "role": "admin"}
            assert refused(instance, f"{kind}_member_create", actor, **given) == 403
            assert refused(instance, f"{kind}_member_delete", actor, id=holder, username="verwaltung") == 403
        given = {"id": holder, "username": "mitglied"}
        assert refused(instance, f"{kind}_member_create", root, **given, role="kaiser") == 409
        assert refused(instance, f"{kind}_member_create", root, id=holder, username="niemand", role="member") == 404
        assert ask(instance, f"{kind}_member_delete", root, **given) is None
        assert ask(instance, f"{kind}_member_delete", root, **given) is None
        for missing in ({"id": "nirgends", "role": "member"}, {"id": "nirgends", "username": "mitglied"}):
            assert refused(instance, f"{kind}_member_create", root, **missing) == 409
        assert not person(instance, "mitglied").roles
        member = person(instance, "mitglied")
    assert refused(instance, "group_member_create", root, id="envi", username="mitglied", role="member") == 403
    assert refused(instance, "member_create", root, id="amt", object="mitglied", object_type="unfug") == 409
    assert [one["value"] for one in ask(instance, "member_roles_list")] == ["admin", "editor", "member"]
    assert [one["value"] for one in ask(instance, "member_roles_list", group_type="group")] == ["admin", "member"]


def test_datasets_in_groups(instance: Instance, root: Actor) -> None:
    owner = ask(instance, "organization_create", root, name="amt")["id"]
    ask(instance, "group_create", root, name="gruppe")
    for name, more in (("offen", {}), ("geheim", {"private": True})):
        ask(instance, "package_create", root, name=name, title=name, owner_org=owner, notes="x", **more)
    person(instance, "sammlerin")
    ask(instance, "group_member_create", root, id="gruppe", username="sammlerin", role="member")
    collector = person(instance, "sammlerin")
    given = {"id": "gruppe", "object": "offen", "object_type": "package", "capacity": "public"}
    for actor in (ANONYMOUS, person(instance, "fremde")):
        assert refused(instance, "member_create", actor, **given) == 403
    assert refused(instance, "member_create", collector, **{**given, "object": "geheim"}) == 404
    assert refused(instance, "member_create", collector, **{**given, "id": "envi"}) == 403
    made = ask(instance, "member_create", collector, **given)
    assert ask(instance, "member_list", id="gruppe") == [[made["table_id"], "package", "public"]]
    assert [one["name"] for one in ask(instance, "package_show", id="offen")["groups"]] == ["gruppe"]
    ask(instance, "member_create", collector, **given)
    assert len(ask(instance, "package_show", id="offen")["groups"]) == 1
    ask(instance, "member_create", root, **{**given, "id": "envi"})
    assert [one["name"] for one in ask(instance, "group_package_show", id="envi")] == ["offen"]
    ask(instance, "member_create", root, **{**given, "object": "geheim"})
    assert ask(instance, "group_show", id="gruppe")["package_count"] == 1
    assert ask(instance, "group_show", root, id="gruppe")["package_count"] == 1
    assert ask(instance, "group_show", collector, id="gruppe")["package_count"] == 1
    assert [one["name"] for one in ask(instance, "group_package_show", collector, id="gruppe")] == ["offen"]
    assert ask(instance, "member_delete", collector, id="gruppe", object="offen", object_type="package") is None
    assert ask(instance, "group_package_show", id="gruppe") == []
    assert ask(instance, "member_delete", collector, id="gruppe", object="offen", object_type="package") is None
    packages = [{"name": "offen"}, {"name": "geheim"}]
    assert ask(instance, "group_patch", root, id="gruppe", packages=packages)["package_count"] == 1
    assert ask(instance, "group_patch", root, id="gruppe", title="Neu")["package_count"] == 1
    assert ask(instance, "group_patch", root, id="gruppe", packages=[])["package_count"] == 0
    # What the group never shows stays in it.
    held = ask(instance, "member_list", root, id="gruppe", object_type="package")
    assert [ask(instance, "package_show", root, id=one[0])["name"] for one in held] == ["geheim"]
    other = ask(instance, "organization_create", root, name="anderes-amt")["id"]
    assert refused(instance, "member_create", collector, **{**given, "id": "anderes-amt"}) == 403
    ask(instance, "member_create", root, **{**given, "id": "anderes-amt"})
    assert ask(instance, "package_show", id="offen")["owner_org"] == other
    assert ask(instance, "group_create", root, name="zweite", packages=packages[:1])["package_count"] == 1
    assert refused(instance, "group_create", root, name="dritte", packages=[{"name": "nirgends"}]) == 404
    assert "dritte" not in ask(instance, "group_list")
    shown = ask(instance, "group_show", root, id="zweite", include_datasets=True)
    assert ask(instance, "group_update", root, **shown)["package_count"] == 1
    tagged = ask(instance, "package_patch", root, id="offen", tags=[{"name": "Baum"}, {"name": "Hecke"}])
    ask(instance, "tag_delete", root, id=tagged["tags"][0]["id"])
    assert [one["name"] for one in ask(instance, "package_show", id="offen")["tags"]] == ["Hecke"]
    assert ask(instance, "tag_list") == ["Hecke"]
    vocabulary = ask(instance, "vocabulary_create", root, name="Liste", tags=[{"name": "Nord"}])
    tagged = ask(instance, "package_patch", root, id="offen", tags=vocabulary["tags"])
    assert tagged["tags"] == vocabulary["tags"]


def test_a_harvested_dataset_is_put_into_no_group(history: Any, instance: Instance, root: Actor) -> None:
    history.publish(1)
    ask(instance, "group_create", root, name="gruppe")
    (name,) = ask(instance, "package_list")
    status, details = refusal(instance, "member_create", root, id="gruppe", object=name, object_type="package")
    assert status == 409 and "harvested" in details["object"][0]


def test_collaborators(sharing: Instance) -> None:
    root = person(sharing, "verwaltung", admin=True)
    owner = ask(sharing, "organization_create", root, name="amt")["id"]
    ask(sharing, "package_create", root, name="geheim", title="Geheim", owner_org=owner, private=True)
    helper, stranger = person(sharing, "hilfe"), person(sharing, "fremde")
    given = {"id": "geheim", "user_id": "hilfe", "capacity": "editor"}
    for actor in (ANONYMOUS, stranger, helper):
        assert refused(sharing, "package_collaborator_create", actor, **given) == 404
    made = ask(sharing, "package_collaborator_create", root, **given)
    assert (made["user_id"], made["capacity"]) == (helper.id, "editor") and len(made["modified"]) == 26
    helper = person(sharing, "hilfe")
    assert ask(sharing, "package_patch", helper, id="geheim", title="Neu")["title"] == "Neu"
    assert refused(sharing, "package_collaborator_create", helper, **{**given, "user_id": "fremde"}) == 403
    assert refused(sharing, "package_collaborator_list", helper, id="geheim") == 403
    assert ask(sharing, "package_collaborator_list", root, id="geheim") == [made]
    assert ask(sharing, "package_collaborator_list", root, id="geheim", capacity="member") == []
    mine = ask(sharing, "package_collaborator_list_for_user", helper, id="hilfe")
    assert [(one["package_id"], one["capacity"]) for one in mine] == [(made["package_id"], "editor")]
    assert refused(sharing, "package_collaborator_list_for_user", stranger, id="hilfe") == 403
    assert refused(sharing, "package_collaborator_list_for_user", id="hilfe") == 403
    assert refused(sharing, "package_collaborator_create", root, **{**given, "capacity": "admin"}) == 409
    assert ask(sharing, "package_collaborator_delete", root, id="geheim", user_id="hilfe") is None
    assert refused(sharing, "package_collaborator_delete", root, id="geheim", user_id="hilfe") == 404
    assert refused(sharing, "package_patch", person(sharing, "hilfe"), id="geheim", title="Nein") == 403


def test_collaborators_are_off_unless_the_site_allows_them(instance: Instance, root: Actor) -> None:
    for action in ("create", "delete", "list"):
        given = {"id": "x", "user_id": "y", "capacity": "editor"}
        assert refused(instance, f"package_collaborator_{action}", root, **given) == 409
    assert refused(instance, "package_collaborator_list_for_user", root, id="verwaltung") == 409


def test_the_site(instance: Instance, root: Actor) -> None:
    status = ask(instance, "status_show")
    assert status["ckan_version"].startswith("2.11") and status["offenbar_version"]
    licences = {one["id"]: one for one in ask(instance, "license_list")}
    assert licences["dl-by-de/2.0"]["uri"] == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert ask(instance, "site_read") is True
    assert "organisations" in ask(instance, "help_show", name="organization_list")
    assert refused(instance, "help_show", name="unfug") == 404
    assert (
        refused(instance, "config_option_list") == refused(instance, "config_option_show", key="ckan.site_url") == 403
    )
    for key in ask(instance, "config_option_list", root):
        assert homes.SECRET not in str(ask(instance, "config_option_show", root, key=key))
    assert refused(instance, "config_option_show", root, key="secret_key") == 409
    assert refused(instance, "config_option_update", root) == 409


def test_what_there_is_nothing_of_is_answered_empty(instance: Instance, root: Actor) -> None:
    for name, action in site_actions.ACTIONS.items():
        about = ACTIONS[name].about
        assert about.de and about.en and about.de.endswith(".") and about.en.endswith(".")
        if name in following.ACTIONS:
            continue
        if action.writes and name != "config_option_update":
            assert refused(instance, name, id="x") == 403
            assert not ask(instance, name, root, id="x") or name.endswith("_many")
    assert refused(instance, "resource_view_show", id="x") == refused(instance, "task_status_show", id="x") == 404
