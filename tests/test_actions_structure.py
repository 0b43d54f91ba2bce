"""CKAN's actions about organisations and groups: who may found, change, see, delete and erase them, and what everybody gets."""

import dataclasses
import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import homes
import ports
import pytest
import sqlalchemy as sa
from desk_people import ask, person, refusal, refused
from source_site import Entry, Site
from sqlalchemy import event

import cli
from catalog import accounts, desk, desk_source, held, holders, jobs, tokens
from catalog.access import ANONYMOUS, Actor, Scope
from catalog.api.actions import structure
from catalog.app import create_app
from catalog.holders import Kind
from catalog.instance import Instance
from catalog.models import Organization
from catalog.models_accounts import AuditEntry, Role

THEMES = 13


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Instance]:
    with homes.home(tmp_path / "home"):
        settings = {"site": {"url": "https://daten.example.org"}, "cities": []}
        (tmp_path / "home" / "offenbar.yaml").write_text(json.dumps(settings), encoding="utf-8")
        with homes.opened(tmp_path / "home") as instance:
            yield instance


@pytest.fixture
def root(instance: Instance) -> Actor:
    return person(instance, "verwaltung", admin=True)


def test_found_show_change_delete_purge(instance: Instance, root: Actor) -> None:
    given = {"name": "amt-x", "title": "Amt X", "description": "Was es tut.", "extras": [{"key": "raum", "value": "7"}],
             "abteilung": {"nr": 3}}  # fmt: skip
    made = ask(instance, "organization_create", root, **given)
    assert (made["name"], made["title"], made["type"], made["state"]) == ("amt-x", "Amt X", "organization", "active")
    assert made["extras"] == [{"key": "raum", "value": "7"}] and made["abteilung"] == {"nr": 3}
    assert [(one["name"], one["capacity"]) for one in made["users"]] == [("verwaltung", "admin")]
    assert ask(instance, "organization_show", root, id="amt-x") == made
    assert ask(instance, "organization_show", id=made["id"])["users"] == []
    patched = ask(instance, "organization_patch", root, id="amt-x", title="Amt Y")
    assert patched == {**made, "title": "Amt Y", "display_name": "Amt Y"}
    assert ask(instance, "organization_update", root, **patched) == patched
    replaced = ask(instance, "organization_update", root, id="amt-x", name="amt-y")
    assert (replaced["name"], replaced["title"], replaced["extras"]) == ("amt-y", "amt-y", [])
    assert replaced["users"] == made["users"]
    assert ask(instance, "organization_delete", root, id="amt-y") is None
    assert refused(instance, "organization_show", id="amt-y") == 404
    assert ask(instance, "organization_show", root, id="amt-y")["state"] == "deleted"
    assert ask(instance, "organization_list", root) == []
    assert refused(instance, "organization_create", root, name="amt-y") == 409
    assert ask(instance, "organization_patch", root, id="amt-y", state="active")["state"] == "active"
    assert ask(instance, "organization_purge", root, id="amt-y") is None
    assert refused(instance, "organization_show", root, id="amt-y") == 404
    with instance.database.reading() as session:
        assert session.scalar(sa.select(Role.holder_id)) is None
        assert session.scalar(sa.select(Organization.id).where(Organization.name == "amt-y")) is None
        noted = list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.seq)))
    kept = [one for one in noted if one.startswith("organization.")]
    assert kept == ["organization.create", *["organization.update"] * 3, "organization.delete", "organization.update",
                    "organization.purge"]  # fmt: skip


def test_who_may_do_what(instance: Instance, root: Actor) -> None:
    first = ask(instance, "organization_create", root, name="amt-a")["id"]
    ask(instance, "organization_create", root, name="amt-b")
    names = ("leitung", "redaktion", "mitglied", "fremde")
    leader, editor, member, stranger = (person(instance, name) for name in names)
    users = [{"name": "leitung", "capacity": "admin"}, {"name": "redaktion", "capacity": "editor"},
             {"id": member.id, "capacity": "member"}]  # fmt: skip
    ask(instance, "organization_patch", root, id=first, users=users)
    leader, editor, member, stranger = (person(instance, name) for name in names)
    writes = {
        "organization_update": {"id": "amt-a", "name": "amt-a"},
        "organization_patch": {"id": "amt-a", "title": "Neu"},
        "organization_delete": {"id": "amt-a"},
        "organization_purge": {"id": "amt-a"},
        "organization_create": {"name": "amt-c"},
        "group_create": {"name": "gruppe-c"},
    }
    for action, arguments in writes.items():
        for actor in (ANONYMOUS, stranger, member, editor):
            assert refused(instance, action, actor, **arguments) == 403, (action, actor.name)
    for action in ("organization_create", "group_create", "organization_purge"):
        assert refused(instance, action, leader, **writes[action]) == 403
    assert refused(instance, "organization_patch", leader, id="amt-b", title="Fremd") == 403
    assert ask(instance, "organization_patch", leader, id="amt-a", title="Neu")["title"] == "Neu"
    reading = Actor(id=leader.id, name=leader.name, roles=leader.roles, scopes=frozenset({Scope.READ}))
    assert refused(instance, "organization_patch", reading, id="amt-a", title="Nein") == 403
    for actor, seen in ((ANONYMOUS, 0), (stranger, 0), (member, 3), (editor, 3), (leader, 3), (root, 3)):
        for action, arguments in (("organization_show", {"id": "amt-a"}),
                                  ("organization_list", {"all_fields": True, "include_users": True, "organizations": "amt-a"})):  # fmt: skip
            shown = ask(instance, action, actor, **arguments)
            users = (shown[0] if isinstance(shown, list) else shown)["users"]
            assert len(users) == seen and "@" not in str(users), (action, actor.name)
    assert "users" not in ask(instance, "organization_show", root, id="amt-a", include_users="false")
    mine = ask(instance, "organization_list_for_user", editor, permission="create_dataset")
    assert [(one["name"], one["capacity"]) for one in mine] == [("amt-a", "editor")]
    assert ask(instance, "organization_list_for_user", member, permission="create_dataset") == []
    assert [one["name"] for one in ask(instance, "organization_list_for_user", member)] == ["amt-a"]
    assert len(ask(instance, "organization_list_for_user", root)) == 2
    assert ask(instance, "organization_list_for_user") == []
    assert [one["name"] for one in ask(instance, "organization_list_for_user", root, id="mitglied")] == ["amt-a"]
    assert refused(instance, "organization_list_for_user", editor, id="mitglied") == 403
    for permission in ("alles", "", " ", 27.3, None):
        assert ask(instance, "organization_list_for_user", editor, permission=permission) == []
    assert len(ask(instance, "organization_list_for_user", leader, permission="alles")) == 1
    assert ask(instance, "organization_delete", leader, id="amt-a") is None
    assert not person(instance, "leitung").roles
    assert refused(instance, "organization_show", person(instance, "leitung"), id="amt-a") == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "name"),
        ({"name": "Amt X"}, "name"),
        ({"name": "a"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "new"}, "name"),
        ({"name": "schon-da"}, "name"),
        ({"name": "gruppe"}, "name"),
        ({"name": "envi"}, "name"),
        ({"name": "amt-x", "id": "../../etc"}, "id"),
        ({"name": "amt-x", "id": "4b7d6c0e-0000-4000-8000-000000000001"}, "id"),
        ({"name": "amt-x", "users": [{"name": "niemand"}]}, "users"),
        ({"name": "amt-x", "users": [{"name": "verwaltung", "capacity": "kaiser"}]}, "users"),
        ({"name": "amt-x", "groups": [{"name": "nirgends"}]}, "groups"),
        ({"name": "amt-x", "groups": [{"name": "schon-da"}, {"name": "schon-da-2"}]}, "groups"),
        ({"name": "amt-x", "extras": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, "extras_validation"),
        ({"name": "amt-x", "extras": [{"key": "title", "value": "1"}]}, "extras"),
        ({"name": "amt-x", "image_url": "javascript:alert(1)"}, "image_url"),
        ({"name": "amt-x", "image_url": "bild.svg"}, "image_url"),
        ({"name": "amt-x", "title": "NUL\0"}, "title"),
        ({"name": "amt-x", "city": "atlantis"}, "city"),
        ({"name": "amt-x", "city": {"slug": "darmstadt"}}, "city"),
        ({"name": "amt-x", "state": "internal"}, "state"),
    ],
)
def test_what_is_wrong_is_said_by_field(instance: Instance, root: Actor, fields: dict[str, Any], wrong: str) -> None:
    ask(instance, "organization_create", root, name="schon-da", id="4b7d6c0e-0000-4000-8000-000000000001")
    ask(instance, "organization_create", root, name="schon-da-2")
    ask(instance, "group_create", root, name="gruppe")
    status, details = refusal(instance, "organization_create", root, **fields)
    assert (status, list(details)) == (409, [wrong])
    assert ask(instance, "organization_list") == ["schon-da", "schon-da-2"]


def test_ids_of_a_client(instance: Instance, root: Actor) -> None:
    wanted = str(uuid.uuid4())
    assert ask(instance, "group_create", root, name="gruppe", id=wanted)["id"] == wanted
    assert refused(instance, "organization_create", root, name="amt-x", id=wanted) == 409


def test_an_organisation_below_another(instance: Instance, root: Actor) -> None:
    ask(instance, "organization_create", root, name="dezernat", title="Dezernat")
    made = ask(instance, "organization_create", root, name="amt", groups=[{"name": "dezernat"}], city="darmstadt")
    assert [one["name"] for one in made["groups"]] == ["dezernat"] and made["city"] == "darmstadt"
    assert refused(instance, "organization_patch", root, id="dezernat", groups=[{"name": "amt"}]) == 409
    assert refused(instance, "organization_patch", root, id="amt", groups=[{"name": "amt"}]) == 409
    assert refused(instance, "organization_delete", root, id="dezernat") == 409
    same = ask(instance, "organization_update", root, id="amt", title="Amt")
    assert [one["name"] for one in same["groups"]] == ["dezernat"] and same["city"] == "darmstadt"
    assert ask(instance, "organization_patch", root, id="amt", groups=[])["groups"] == []
    ask(instance, "organization_delete", root, id="dezernat")


def test_themes_stand_as_groups(catalogue: Instance) -> None:
    listed = ask(catalogue, "group_list", all_fields=True)
    assert len(listed) == THEMES and ask(catalogue, "group_list") == [one["name"] for one in listed]
    counts = {one["name"]: one["package_count"] for one in listed}
    found = ask(catalogue, "package_search", **{"facet.field": ["groups"], "rows": 0, "facet.limit": -1})
    assert {name: number for name, number in counts.items() if number} == found["facets"]["groups"]
    for name in ("envi", "tran"):
        shown = ask(catalogue, "group_show", id=name, include_datasets=True)
        assert shown["package_count"] == len(shown["packages"]) == counts[name]
        assert ask(catalogue, "group_package_show", id=name) == shown["packages"]
        assert all(name in [group["name"] for group in one["groups"]] for one in shown["packages"])
    assert len(ask(catalogue, "group_package_show", id="tran", limit=1)) == 1
    largest = ask(catalogue, "group_list", sort="package_count desc")
    assert counts[largest[0]] == max(counts.values())


def test_the_index_counts_as_the_tables_do(catalogue: Instance) -> None:
    with catalogue.database.reading() as session:
        for kind in Kind:
            found = holders.active(session, catalogue.config, kind)
            counted = {one: number for one, number in held.counts(catalogue, session, found).items() if number}
            assert counted == holders.public_counts(session, found) and len(counted) > 5
            for one in found[:5]:
                number = counted.get(one.id, 0)
                assert held.count(catalogue, session, ANONYMOUS, one) == holders.public_count(session, one) == number
                ids = held.ids(catalogue, session, ANONYMOUS, one, 1000)
                assert ids == holders.public_ids(session, one) and len(ids) == number


def test_themes_cannot_be_written(instance: Instance, root: Actor) -> None:
    for action in ("group_update", "group_patch", "group_delete", "group_purge"):
        assert refused(instance, action, root, id="envi", name="envi", title="Meins") == 403


def test_a_site_without_cities_begins_empty(empty_site: Instance) -> None:
    assert ask(empty_site, "group_list") == ask(empty_site, "organization_list") == []
    admin = person(empty_site, "verwaltung", admin=True)
    assert ask(empty_site, "group_create", admin, name="envi", title="Umwelt")["title"] == "Umwelt"


def test_lists_are_sorted_chosen_and_capped(instance: Instance, root: Actor) -> None:
    for number in range(30):
        title = f"{'Ä' if number == 7 else 'B'} Titel {number:02}"
        ask(instance, "group_create", root, name=f"g{29 - number:02}", title=title, description=f"Nummer {number}")
    groups = [f"g{29 - number:02}" for number in range(30)]
    ours = {"groups": groups}
    listed = ask(instance, "group_list", **ours)
    assert listed[0] == "g22" and listed[1:] == [name for name in groups if name != "g22"]
    assert ask(instance, "group_list", sort="title desc", **ours) == listed[::-1]
    assert ask(instance, "group_list", sort="name asc", **ours) == sorted(groups)
    assert ask(instance, "group_list", order_by="name", **ours) == sorted(groups)
    assert ask(instance, "group_list", sort="name", limit="2", offset="3", **ours) == ["g03", "g04"]
    assert ask(instance, "group_list", q="NUMMER 12") == ["g17"]
    assert len(ask(instance, "group_list", all_fields="true")) == structure.MAX_FULL
    assert len(ask(instance, "group_list", all_fields=True, limit=1000)) == structure.MAX_FULL
    assert ask(instance, "group_list", type="thema") == []
    for sort in ("preis", "name quer", "name asc title"):
        assert refused(instance, "group_list", sort=sort) == 409
    assert refused(instance, "group_list", limit=-1) == 409
    assert {"extras", "users", "groups"}.isdisjoint(ask(instance, "group_list", all_fields=True)[0])
    assert "package_count" not in ask(instance, "group_list", all_fields=True, include_dataset_count=False)[0]
    found = ask(instance, "group_autocomplete", q="titel 07")
    assert [(one["name"], one["title"]) for one in found] == [("g22", "Ä Titel 07")]


def test_the_number_of_queries_does_not_grow(instance: Instance, root: Actor) -> None:
    def queries(action: str, **arguments: Any) -> int:
        seen: list[str] = []
        listen = (instance.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
        event.listen(*listen)
        try:
            ask(instance, action, root, **arguments)
        finally:
            event.remove(*listen)
        return len(seen)

    full = {"all_fields": True, "include_users": True, "include_groups": True, "include_extras": True}
    ask(instance, "organization_create", root, name="oben")
    ask(instance, "organization_create", root, name="o0", groups=[{"name": "oben"}])
    before = queries("organization_list", **full), queries("group_list", **full)
    for number in range(1, 15):
        ask(instance, "organization_create", root, name=f"o{number}", groups=[{"name": "oben"}])
        ask(instance, "group_create", root, name=f"g{number}")
    # The first question after a change finds the index behind.
    queries("organization_list", **full)
    assert queries("organization_list", **full) == before[0] and before[0] <= 9
    assert queries("group_list", **full) <= before[1] + 1


def test_private_datasets_count_for_members_only(instance: Instance, root: Actor) -> None:
    owner = ask(instance, "organization_create", root, name="amt")["id"]
    group = ask(instance, "group_create", root, name="gruppe")["id"]
    member = person(instance, "mitglied")
    ask(instance, "organization_patch", root, id=owner, users=[{"name": "mitglied", "capacity": "member"}])
    ask(instance, "group_patch", root, id=group, users=[{"name": "mitglied", "capacity": "member"}])
    member, stranger = person(instance, "mitglied"), person(instance, "fremde")
    given = {"owner_org": owner, "groups": [{"name": "gruppe"}, {"name": "envi"}], "notes": "x"}
    for name, more in (("offen", {}), ("geheim", {"private": True}), ("entwurf", {"state": "draft"})):
        ask(instance, "package_create", root, name=name, title=name, **given, **more)
    ask(instance, "package_create", root, name="weg", title="weg", **given)
    ask(instance, "package_delete", root, id="weg")
    for actor, names in ((ANONYMOUS, ["offen"]), (stranger, ["offen"]), (member, ["geheim", "offen"]),
                         (root, ["geheim", "offen"])):  # fmt: skip
        for action, wanted in (("organization_show", "amt"), ("group_show", "gruppe")):
            shown = ask(instance, action, actor, id=wanted, include_datasets=True)
            # What is private is so for its organisation, whatever group it is in.
            seen = names if action == "organization_show" else ["offen"]
            assert [one["name"] for one in shown["packages"]] == seen, (action, actor.name)
            assert shown["package_count"] == len(seen)
        assert [one["name"] for one in ask(instance, "group_package_show", actor, id="gruppe")] == ["offen"]
        for wanted in ("amt", "gruppe"):
            ids = [one[0] for one in ask(instance, "member_list", actor, id=wanted, object_type="package")]
            assert [ask(instance, "package_show", root, id=one)["name"] for one in ids] == sorted(names, reverse=True)
        for action in ("organization_list", "group_list"):
            listed = ask(instance, action, actor, all_fields=True, sort="package_count desc")
            assert {one["name"]: one["package_count"] for one in listed if one["package_count"]} == (
                {"amt": 1} if action == "organization_list" else {"gruppe": 1, "envi": 1}
            )
    assert ask(instance, "group_show", stranger, id="envi")["package_count"] == 1


def test_an_organisation_with_datasets_stays(instance: Instance, root: Actor) -> None:
    owner = ask(instance, "organization_create", root, name="amt", title="Altes Amt")["id"]
    ask(instance, "package_create", root, name="entwurf", title="Entwurf", owner_org=owner, state="draft")
    ask(instance, "package_create", root, name="offen", title="Offen", owner_org=owner, notes="x")
    for action in ("organization_delete", "organization_purge"):
        status, details = refusal(instance, action, root, id="amt")
        assert status == 409 and "datasets" in details["message"]
    assert refused(instance, "organization_patch", root, id="amt", state="deleted") == 409
    ask(instance, "organization_patch", root, id="amt", title="Neues Amt", name="neu")
    jobs.refresh(instance, desk_source.with_desks(instance)[desk_source.source_id(owner)])
    shown = ask(instance, "package_show", id="offen")
    assert (shown["organization"]["title"], shown["organization"]["name"]) == ("Neues Amt", "neu")
    assert ask(instance, "package_search", fq="organization:neu")["count"] == 1
    for name in ("offen", "entwurf"):
        ask(instance, "package_delete", root, id=name)
    ask(instance, "organization_delete", root, id="neu")
    ask(instance, "organization_purge", root, id="neu")
    assert refused(instance, "organization_show", root, id=owner) == 404
    left = ask(instance, "package_show", root, id="offen")
    assert (left["state"], left["organization"]) == ("deleted", None)
    ask(instance, "dataset_purge", root, id="offen")


def test_a_group_that_is_renamed_or_deleted_shows_in_its_datasets(instance: Instance, root: Actor) -> None:
    owner = ask(instance, "organization_create", root, name="amt")["id"]
    ask(instance, "group_create", root, name="gruppe", title="Gruppe")
    ask(
        instance,
        "package_create",
        root,
        name="offen",
        title="Offen",
        owner_org=owner,
        notes="x",
        groups=[{"name": "gruppe"}],
    )

    def groups() -> list[str]:
        jobs.refresh(instance, desk_source.with_desks(instance)[desk_source.source_id(owner)])
        return [one["title"] for one in ask(instance, "package_show", id="offen")["groups"]]

    hidden = {"owner_org": owner, "groups": [{"name": "gruppe"}], "private": True}
    ask(instance, "package_create", root, name="geheim", title="Geheim", **hidden)
    assert groups() == ["Gruppe"]
    assert ask(instance, "group_show", root, id="gruppe")["package_count"] == 1
    ask(instance, "group_patch", root, id="gruppe", title="Neuer Titel", name="neu")
    assert ask(instance, "group_show", id="neu")["package_count"] == 1
    assert groups() == ["Neuer Titel"]
    assert ask(instance, "group_show", root, id="neu")["package_count"] == 1
    assert ask(instance, "package_search", root, q="groups:neu", include_private=True)["count"] == 2
    assert ask(instance, "package_search", q="groups:gruppe")["count"] == 0
    ask(instance, "group_delete", root, id="neu")
    assert groups() == []
    assert refused(instance, "group_show", id="neu") == 404 and "neu" not in ask(instance, "group_list")
    ask(instance, "group_purge", root, id="neu")
    assert refused(instance, "group_show", root, id="neu") == 404


def test_a_harvested_department_stays_where_it_is(instance: Instance, site: Site, root: Actor) -> None:
    site.put_catalogue([[Entry("baeume", "Bäume", uri="https://daten.amt.example/dataset/baeume")]])
    source = homes.define(instance, site)
    jobs.harvest(instance, source)
    (name,) = ask(instance, "organization_list")
    for action, arguments in (("organization_delete", {}), ("organization_purge", {}),
                              ("organization_patch", {"name": "anders"}), ("organization_patch", {"state": "deleted"})):  # fmt: skip
        status, details = refusal(instance, action, root, id=name, **arguments)
        assert status == 409 and "source" in details["message"], action
    ask(instance, "organization_patch", root, id=name, title="Amt für neue Titel")
    jobs.refresh(instance, source)
    (package,) = ask(instance, "organization_show", id=name, include_datasets=True)["packages"]
    assert package["organization"]["title"] == "Amt für neue Titel"


def test_what_stands_in_for_no_organisation_is_never_shown(instance: Instance, root: Actor) -> None:
    nobody = desk.no_organization(instance)
    assert (
        ask(instance, "organization_list", root)
        == ask(instance, "organization_autocomplete", root, q=nobody.title)
        == []
    )
    for actor in (ANONYMOUS, root):
        assert refused(instance, "organization_show", actor, id=nobody.id) == 404
    assert refused(instance, "organization_patch", root, id=nobody.id, title="x") == 404


def test_groups_belong_to_groups_and_organisations_too(instance: Instance, root: Actor) -> None:
    upper = ask(instance, "group_create", root, name="oben", title="Oben")
    ask(instance, "organization_create", root, name="amt")
    below = ask(instance, "group_create", root, name="unten", groups=[{"name": "oben"}])
    office = ask(instance, "organization_create", root, name="abteilung", groups=[{"name": "oben"}, {"name": "amt"}])
    assert [one["name"] for one in below["groups"]] == ["oben"]
    assert [one["name"] for one in office["groups"]] == ["amt", "oben"]
    for kind, name, count in (("group", "unten", 1), ("organization", "abteilung", 2)):
        assert len(ask(instance, f"{kind}_update", root, id=name)["groups"]) == count
        assert ask(instance, f"{kind}_update", root, id=name, groups=[])["groups"] == []
        listed = ask(
            instance, f"{kind}_list", all_fields=True, include_groups=True, **{f"{kind}s": f"amt, {name} ,oben"}
        )
        assert len(listed) == 2 and not any(one["groups"] for one in listed)
    leader = person(instance, "leitung")
    ask(instance, "group_member_create", root, id="unten", username="leitung", role="admin")
    leader = person(instance, "leitung")
    given = {"object_type": "group", "capacity": "parent"}
    ask(instance, "member_create", leader, id="unten", object="oben", **given)
    assert ask(instance, "member_list", id="unten") == [[upper["id"], "group", "parent"]]
    assert refused(instance, "member_create", leader, id="oben", object="unten", **given) == 403
    # A circle is none.
    assert refused(instance, "member_create", root, id="oben", object="unten", **given) == 409
    assert refused(instance, "group_patch", root, id="oben", groups=[{"name": "oben"}]) == 409
    assert refused(instance, "group_patch", root, id="oben", groups=[{"name": "amt"}]) == 409
    ask(instance, "group_purge", root, id="oben")
    assert ask(instance, "group_show", id="unten")["groups"] == []


def test_where_datasets_need_no_organisation_one_may_go(tmp_path: Path) -> None:
    with homes.home(tmp_path / "home"):
        settings = {"site": {"url": "https://daten.example.org"}, "cities": [], "ckan": {"unowned_datasets": True}}
        (tmp_path / "home" / "offenbar.yaml").write_text(json.dumps(settings), encoding="utf-8")
        with homes.opened(tmp_path / "home") as site:
            root = person(site, "verwaltung", admin=True)
            for number, action in enumerate(("organization_delete", "organization_purge")):
                owner = ask(site, "organization_create", root, name=f"amt-{number}")["id"]
                below = ask(site, "organization_create", root, name=f"unten-{number}", groups=[{"id": owner}])
                for name, more in ((f"offen-{number}", {}), (f"geheim-{number}", {"private": True})):
                    ask(site, "package_create", root, name=name, title=name, owner_org=owner, notes="x", **more)
                if action == "organization_delete":
                    assert refused(site, action, root, id=owner) == 409
                    assert ask(site, "package_show", id="offen-0")["owner_org"] == owner
                    ask(site, "organization_purge", root, id=below["id"])
                ask(site, action, root, id=owner)
                assert ask(site, "package_show", id=f"offen-{number}")["owner_org"] is None
                assert refused(site, "package_show", id=f"geheim-{number}") == 403
                assert ask(site, "package_search", q=f"name:offen-{number}")["results"][0]["organization"] is None
            assert ask(site, "organization_show", id="unten-1")["groups"] == []


@pytest.mark.parametrize("unowned", [False, True])
@pytest.mark.parametrize("stays", [False, True])
def test_who_left_an_organisation_gets_nothing_when_it_goes(
    instance: Instance, root: Actor, unowned: bool, stays: bool
) -> None:
    site = dataclasses.replace(instance, config=dataclasses.replace(instance.config, ckan_unowned_datasets=unowned))
    owner = ask(site, "organization_create", root, name="amt")["id"]
    person(site, "autorin")
    ask(site, "organization_member_create", root, id="amt", username="autorin", role="editor")
    author = person(site, "autorin")
    ask(site, "package_create", author, name="geheim", owner_org=owner, notes="x", private=True)
    if not stays:
        ask(site, "organization_member_delete", root, id="amt", username="autorin")
    if not unowned:
        ask(site, "package_delete", root, id="geheim")
    ask(site, "organization_purge", root, id="amt")
    author = person(site, "autorin")
    assert not author.roles
    if stays:
        assert ask(site, "package_show", author, id="geheim")["name"] == "geheim"
        return
    for action, more in (("package_show", {}), ("package_patch", {"state": "active", "private": False})):
        assert refused(site, action, author, id="geheim", **more) == 403
    assert ask(site, "package_show", root, id="geheim")["organization"] is None


def test_a_purged_group_goes_from_its_datasets_at_once(instance: Instance, root: Actor) -> None:
    owner = ask(instance, "organization_create", root, name="amt")["id"]
    ask(instance, "group_create", root, name="gruppe")
    given = {"owner_org": owner, "notes": "x", "groups": [{"name": "gruppe"}]}
    for name, more in (("offen", {}), ("geheim", {"private": True})):
        ask(instance, "package_create", root, name=name, title=name, **given, **more)
    ask(instance, "group_purge", root, id="gruppe")
    for name in ("offen", "geheim"):
        assert ask(instance, "package_show", root, id=name)["groups"] == []


def test_what_a_list_shows_is_what_was_made_without_what_was_not_asked_for(instance: Instance, root: Actor) -> None:
    for kind in ("organization", "group"):
        made = ask(instance, f"{kind}_create", root, name=f"neu-{kind}", image_url="logo.png")
        (shown,) = ask(instance, f"{kind}_list", root, all_fields=True, **{f"{kind}s": [made["name"]]})
        assert shown == {key: made[key] for key in made.keys() - {"users", "tags", "extras", "groups"}}
        assert made["image_display_url"] == "" and made["image_url"] == "logo.png"
        assert refused(instance, f"{kind}_update", root, id=made["id"], type="andere") == 409
        chosen = refusal(instance, f"{kind}_create", root, name="zweite", id=made["id"])
        assert chosen[1] == {"id": ["Id already exists"]}
        member = person(instance, "mitglied")
        given = {"users": [{"name": "mitglied", "capacity": "editor"}], "state": "deleted"}
        gone = ask(instance, f"{kind}_create", root, name=f"weg-{kind}", **given)
        member = person(instance, "mitglied")
        assert ask(instance, f"{kind}_show", member, id=gone["id"])["state"] == "deleted"
        assert refused(instance, f"{kind}_show", person(instance, "fremde"), id=gone["id"]) == 404


def test_over_http(instance: Instance, root: Actor) -> None:
    with instance.database.writing() as session:
        token = tokens.create(session, accounts.require(session, "verwaltung")).text
    client = create_app(instance).test_client()
    headers = {"Authorization": token}
    made = client.post("/api/action/organization_create", json={"name": "amt-x"}, headers=headers)
    assert made.status_code == 200 and made.get_json()["result"]["name"] == "amt-x"
    assert client.get("/api/action/organization_create?name=amt-y", headers=headers).status_code == 400
    assert client.post("/api/action/organization_create", json={"name": "amt-y"}).status_code == 403
    assert client.get("/api/3/action/organization_show?id=amt-x").get_json()["result"]["users"] == []
    listed = client.get("/api/3/action/organization_list?all_fields=True&include_users=yes", headers=headers)
    assert listed.headers["Cache-Control"] == "private, no-store"
    assert [one["name"] for one in listed.get_json()["result"][0]["users"]] == ["verwaltung"]
    error = client.post("/api/action/organization_create", json={"name": "amt-x"}, headers=headers).get_json()["error"]
    assert error == {"__type": "Validation Error", "name": ["Group name already exists in database"]}


@pytest.mark.slow
def test_what_ckanapi_loads_it_dumps_again(instance: Instance, root: Actor, tmp_path: Path) -> None:
    with instance.database.writing() as session:
        token = tokens.create(session, accounts.require(session, "verwaltung")).text
    person(instance, "leitung")
    site = f"http://127.0.0.1:{ports.free()}"
    command = [sys.executable, str(Path(cli.__file__)), "serve", "--no-jobs", "--port", site.rpartition(":")[2]]
    server = subprocess.Popen(command, env=os.environ | homes.environment(instance.config.home), cwd=tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def ckanapi(*arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ckanapi"), *arguments, "-r", site, "-a", token],
            env=os.environ | {"PATH": path},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    try:
        for _ in range(150):
            with suppress(OSError), closing(http.client.HTTPConnection(site.removeprefix("http://"), timeout=5)) as one:
                one.request("GET", "/ready")
                break
            time.sleep(0.2)
        lines = [
            {"name": f"amt-{number}", "title": f"Amt {number}", "extras": [{"key": "nr", "value": str(number)}],
             "users": [{"name": "leitung", "capacity": "editor"}]}
            for number in range(3)
        ]  # fmt: skip
        for kind in ("organizations", "groups"):
            single = kind[:-1]
            mine = [line | {"name": f"{single}-{line['name']}"} for line in lines]
            ckanapi("load", kind, given="\n".join(json.dumps(line) for line in mine))
            dumped = ckanapi("dump", kind, *(line["name"] for line in mine))
            records = [json.loads(line) for line in dumped.splitlines()]
            assert [one["title"] for one in records] == ["Amt 0", "Amt 1", "Amt 2"]
            ckanapi("load", kind, given=dumped)
            for one in records:
                users = ask(instance, f"{single}_show", root, id=one["id"])["users"]
                assert [(user["name"], user["capacity"]) for user in users] == [
                    ("leitung", "editor"),
                    ("verwaltung", "admin"),
                ]
            assert ckanapi("dump", kind, *(line["name"] for line in mine)) == dumped
            ckanapi("delete", kind, *(line["name"] for line in mine))
            assert not [name for name in ask(instance, f"{single}_list") if name.startswith(single)]
    finally:
        server.terminate()
        server.wait(30)
