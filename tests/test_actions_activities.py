"""Activities: the public learns what is public now and never who did it; those inside see the log of the desk, once each."""

import datetime
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import action_api
import databases
import desks
import histories
import homes
import orjson
import pytest
import sqlalchemy as sa
from action_api import Caller
from histories import History
from source_site import Site

from catalog import access, accounts, audit, desk_purge, desk_rows, jobs, search, search_sources, store
from catalog.access import ANONYMOUS, Actor, Capacity, Scope
from catalog.api.actions import activities, activity_log
from catalog.api.actions.activities import ACTIONS
from catalog.api.actions.activity_log import CHANGED, DELETED, NEW
from catalog.api.actions.call import ActionError, Call
from catalog.db import now
from catalog.instance import Instance
from catalog.models import Change
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskDataset
from dcat.model import Text

LISTS = ("package_activity_list", "organization_activity_list", "group_activity_list", "recently_changed_packages_activity_list")  # fmt: skip
Entry = dict[str, Any]


def ask(instance: Instance, action: str, actor: Actor = ANONYMOUS, **arguments: Any) -> Any:
    call = Call(instance, arguments, actor)
    try:
        return orjson.loads(orjson.dumps(ACTIONS[action].run(call)))
    finally:
        call.renew()


def status(instance: Instance, action: str, actor: Actor = ANONYMOUS, **arguments: Any) -> int:
    with pytest.raises(ActionError) as caught:
        ask(instance, action, actor, **arguments)
    return caught.value.status


def recent(instance: Instance, actor: Actor = ANONYMOUS, **arguments: Any) -> list[Entry]:
    found: list[Entry] = ask(instance, "recently_changed_packages_activity_list", actor, **arguments)
    return found


def kinds(found: list[Entry]) -> list[str]:
    return [entry["activity_type"].removesuffix(" package") for entry in found]


def about(found: list[Entry]) -> set[str]:
    return {entry["data"]["package"]["name"] for entry in found}


@pytest.fixture(params=databases.KINDS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """A fresh catalogue on each database."""
    with databases.database_url(request.param, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        yield instance


# What everybody sees


def test_the_shape_of_an_entry(history: History) -> None:
    history.publish(1)
    history.publish(1)
    newest, first = recent(history.instance)
    assert set(newest) == {"id", "timestamp", "user_id", "object_id", "activity_type", "data"}
    assert (first["activity_type"], newest["activity_type"]) == (NEW, CHANGED)
    assert newest["user_id"] is None and newest["object_id"] == history.id(1)
    assert set(newest["data"]["package"]) == {"id", "name", "title"}
    assert newest["data"]["package"]["title"] == "Datensatz 1, Fassung 2"
    assert datetime.datetime.strptime(newest["timestamp"], "%Y-%m-%dT%H:%M:%S.%f").tzinfo is None  # noqa: DTZ007
    at = histories.at(history.instance, 2).removesuffix("+00:00")
    assert newest["timestamp"] == at


def test_lists_of_a_dataset_an_organisation_and_a_theme(history: History) -> None:
    history.publish(1, 2, theme=(histories.THEMES[0],))
    history.publish(3, theme=(histories.THEMES[1],))
    history.publish(1)
    instance = history.instance
    name = next(iter(about(ask(instance, "package_activity_list", id=history.id(1)))))
    assert kinds(ask(instance, "package_activity_list", id=name)) == ["changed", "new"]
    office = "frankfurt-stadtwerk-soehne"
    listed = ask(instance, "organization_activity_list", id=office)
    assert {one["object_id"] for one in listed} == {history.id(1), history.id(3)}
    assert kinds(listed) == ["changed", "new", "new"]
    theme = ask(instance, "group_activity_list", id="heal")
    assert {one["object_id"] for one in theme} >= {history.id(3)}
    assert {one["object_id"] for one in recent(instance)} == {history.id(n) for n in (1, 2, 3)}


def test_what_was_withdrawn_tells_nothing_and_what_came_back_its_story(history: History) -> None:
    history.publish(1, 2)
    history.withdraw(1)
    assert status(history.instance, "package_activity_list", id=history.id(1)) == 404
    assert {one["object_id"] for one in recent(history.instance)} == {history.id(2)}
    history.publish(1)
    story = ask(history.instance, "package_activity_list", id=history.id(1))
    assert [one["activity_type"] for one in story] == [CHANGED, DELETED, NEW]


@pytest.mark.parametrize("action", [*LISTS, "user_activity_list", "activity_show"])
def test_what_is_not_there(instance: Instance, action: str) -> None:
    for wanted in ("nirgends", "0" * 36, "ä" * 2000, "../etc/passwd", "6f0ffe0b-a1a5-8c1e-8000-0000000000ff"):
        if action != "recently_changed_packages_activity_list":
            expected = 403 if action == "user_activity_list" else 404
            assert status(instance, action, id=wanted) == expected
    if action != "recently_changed_packages_activity_list":
        assert status(instance, action) == (403 if action == "user_activity_list" else 409)
        assert status(instance, action, desks.ADMIN, id="a\0b") == 409


# The desk: private, draft, deleted


def everywhere(instance: Instance, actor: Actor, row: DeskDataset, office: str) -> list[str]:
    """Gather everything that any list tells somebody of a dataset, and what single entries do."""
    found = [
        *recent(instance, actor, limit=100),
        *ask(instance, "organization_activity_list", actor, id=office, limit=100),
    ]
    found += ask(instance, "group_activity_list", actor, id="envi", limit=100)
    with instance.database.reading() as session:
        last = store.last_seq(session)
    for log, number in itertools.product((0, 1), range(1, last + 30)):
        entry = activity_log.Entry(log, number, datetime.datetime.now(datetime.UTC), NEW, row.id, "")
        try:
            found.append(ask(instance, "activity_show", actor, id=entry.id))
        except ActionError as error:
            assert error.status == 404
    return [one["id"] for one in found if one["object_id"] == row.id or one["data"]["package"]["name"] == row.name]


@pytest.mark.parametrize("end", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_is_no_longer_public_shows_nothing_to_the_public(instance: Instance, end: dict[str, Any]) -> None:
    office, other = desks.office(instance), desks.office(instance, "fremd")
    inside, outside = desks.editor(office), desks.editor(other)
    row = desks.write(instance, office, inside, title="Baumkataster", groups=[{"name": "envi"}])
    assert everywhere(instance, ANONYMOUS, row, office.id)
    desks.change(instance, row, inside, **end)
    for actor in (ANONYMOUS, outside, replace(inside, scopes=frozenset({Scope.DATASETS}))):
        assert everywhere(instance, actor, row, office.id) == []
        assert status(instance, "package_activity_list", actor, id=row.id) in (403, 404)
        assert status(instance, "package_activity_list", actor, id=row.name) in (403, 404)
    for actor in (inside, desks.editor(office, Capacity.MEMBER), desks.ADMIN):
        assert everywhere(instance, actor, row, office.id)
        story = ask(instance, "package_activity_list", actor, id=row.name)
        assert kinds(story) == ["changed", "new"]
        assert {one["user_id"] for one in story} == {inside.id}
        assert story[0]["data"]["package"] == {"id": row.id, "name": row.name, "title": "Baumkataster"}


def test_who_did_it_is_for_those_inside_only_and_nothing_is_told_twice(instance: Instance) -> None:
    office, other = desks.office(instance), desks.office(instance, "fremd")
    inside = desks.editor(office)
    row = desks.write(instance, office, inside)
    desks.change(instance, row, inside, title="Neuer Titel")
    for actor in (ANONYMOUS, desks.editor(other)):
        for action, given in (("package_activity_list", row.id), ("organization_activity_list", office.name)):
            listed = ask(instance, action, actor, id=given)
            assert kinds(listed) == ["changed", "new"]
            assert {one["user_id"] for one in listed} == {None}
        assert inside.id not in repr(recent(instance, actor))
    for actor in (inside, desks.ADMIN):
        for action, given in (("package_activity_list", row.id), ("organization_activity_list", office.name)):
            listed = ask(instance, action, actor, id=given)
            assert kinds(listed) == ["changed", "new"]
            assert {one["user_id"] for one in listed} == {inside.id}


def test_what_others_see_of_a_harvested_dataset_changes_for_nobody(history: History) -> None:
    history.publish(1)
    office = desks.office(history.instance)
    desks.write(history.instance, office)
    assert kinds(recent(history.instance, desks.ADMIN)) == ["new", "new"]
    assert len(recent(history.instance)) == 2


def test_who_works_along_is_no_change_of_a_dataset(instance: Instance) -> None:
    office = desks.office(instance)
    row = desks.write(instance, office)
    with instance.database.writing() as session:
        audit.note(session, desks.ADMIN, "collaborator.create", row.id, row.name)
    assert kinds(ask(instance, "package_activity_list", desks.ADMIN, id=row.id)) == ["new"]


ROLES = (None, *Capacity)
STATES = (("active", False), ("active", True), ("draft", False), ("draft", True), ("deleted", False))


def test_the_condition_of_the_database_is_the_rule(both: Instance) -> None:
    """Whoever may read a dataset whatever its state gets it from the database, and nobody else."""
    office = desks.office(both)
    maker = str(desks.ADMIN.id)
    rows = [
        desks.write(both, office, name=f"satz-{number}", state=state, private=private)
        for number, (state, private) in enumerate(STATES)
    ]
    scopes = (frozenset(Scope), frozenset({Scope.DATASETS}))
    for role, shared, admin, own, scope in itertools.product(ROLES, ROLES, (False, True), (False, True), scopes):
        actor = Actor(
            id=maker if own else "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40002",
            name="x",
            admin=admin,
            roles={office.id: role} if role else {},
            shared={rows[1].id: shared} if shared else {},
            scopes=scope,
        )
        condition = desk_rows.readable(actor)
        with both.database.reading() as session:
            query = sa.select(DeskDataset.id).where(sa.false() if condition is None else condition)
            found = set(session.scalars(query))
            stored = list(session.scalars(sa.select(DeskDataset)))
            inside = {row.id for row in stored if access.may_read(actor, replace(desk_rows.holding(row), private=True))}
        assert found == inside, actor


# People


def test_what_somebody_did_is_for_that_account_and_administrators(instance: Instance) -> None:
    office = desks.office(instance)
    with instance.database.writing() as session:
        account, other = accounts.add(session, "amt"), accounts.add(session, "zweit")
        accounts.give_role(session, office.id, account.id, Capacity.EDITOR)
    with instance.database.reading() as session:
        actor, stranger = accounts.actor(session, account), accounts.actor(session, other)
    row = desks.write(instance, office, actor, private=True)
    desks.write(instance, office, desks.ADMIN, name="andere")
    for by in (actor, desks.ADMIN):
        listed = ask(instance, "user_activity_list", by, id="amt")
        assert [(one["object_id"], one["user_id"]) for one in listed] == [(row.id, account.id)]
    assert status(instance, "user_activity_list", id="amt") == 403
    assert status(instance, "user_activity_list", stranger, id="amt") == 403
    assert status(instance, "user_activity_list", stranger, id="nobody") == 404
    # Whoever has left the organisation no longer reads what happened inside.
    assert ask(instance, "user_activity_list", replace(actor, roles={}), id="amt") == []


# Pages


def story(history: History, length: int) -> list[str]:
    for _ in range(length):
        history.publish(1)
    found = recent(history.instance, limit=100)
    return [one["id"] for one in found]


def test_limits(history: History) -> None:
    everything = story(history, 35)
    assert len(recent(history.instance)) == 31
    assert [one["id"] for one in recent(history.instance, limit="5", offset=3)] == everything[3:8]
    assert len(everything) == 35 and recent(history.instance, offset=35) == []
    assert activities.MOST == 100
    for wrong in ({"limit": -1}, {"limit": "viele"}, {"offset": activities.DEEPEST + 1}, {"offset": 10**40}):
        assert status(history.instance, "recently_changed_packages_activity_list", **wrong) == 409


def test_pages_by_time(history: History) -> None:
    everything = story(history, 12)
    whole = recent(history.instance)
    read, before = [], ""
    while page := recent(history.instance, limit=5, before=before):
        read += [one["id"] for one in page]
        before = page[-1]["timestamp"]
    assert read == everything
    # After an instant come those next to it, still the newest first.
    middle = whole[6]["timestamp"]
    assert [one["id"] for one in recent(history.instance, limit=3, after=middle)] == everything[3:6]
    assert [one["id"] for one in recent(history.instance, after=middle, before=whole[2]["timestamp"])] == everything[
        3:6
    ]
    assert recent(history.instance, after=whole[0]["timestamp"]) == []
    assert [one["id"] for one in recent(history.instance, after="1970-01-01")] == everything
    seconds = datetime.datetime.fromisoformat(f"{middle}+00:00").timestamp()
    assert len(recent(history.instance, before=seconds)) in (5, 6)
    assert recent(history.instance, before="0") == []


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize(
    "wrong", ["gestern", "1e400", "9" * 40, "nan", "-1", "0001-01-01T00:00:00+14:00", "2026-13-01"]
)
def test_instants_that_are_none(instance: Instance, name: str, wrong: str) -> None:
    assert status(instance, "recently_changed_packages_activity_list", **{name: wrong}) == 409


def test_types(history: History) -> None:
    history.publish(1, 2)
    history.publish(1)
    only = recent(history.instance, activity_types=["changed package"])
    assert kinds(only) == ["changed"]
    assert kinds(recent(history.instance, exclude_activity_types="changed package")) == ["new", "new"]
    assert recent(history.instance, activity_types=["new user"]) == []
    wrong = {"activity_types": ["new package"], "exclude_activity_types": ["changed package"]}
    assert status(history.instance, "recently_changed_packages_activity_list", **wrong) == 409


# Single entries


def test_one_entry(history: History) -> None:
    history.publish(1)
    history.publish(1, title=(Text("Anders", "de"),))
    newest = recent(history.instance)[0]
    assert ask(history.instance, "activity_show", id=newest["id"]) == newest
    assert ask(history.instance, "activity_data_show", id=newest["id"]) == newest["data"]
    assert (
        ask(history.instance, "activity_data_show", id=newest["id"], object_type="package") == newest["data"]["package"]
    )
    assert status(history.instance, "activity_data_show", id=newest["id"], object_type="group") == 409
    diff = ask(history.instance, "activity_diff", id=newest["id"], object_type="package")
    assert "title" in diff["diff"].split("\n") and diff["activities"] == [newest]


def test_an_entry_of_the_desk_names_its_fields(instance: Instance) -> None:
    office = desks.office(instance)
    row = desks.write(instance, office)
    desks.change(instance, row, title="Neu")
    newest = recent(instance, desks.ADMIN)[0]
    assert ask(instance, "activity_diff", desks.ADMIN, id=newest["id"])["diff"] == "title"
    assert status(instance, "activity_show", id=newest["id"]) == 404
    public = recent(instance)[0]
    assert ask(instance, "activity_show", desks.ADMIN, id=public["id"]) == public


# The cost


@pytest.mark.parametrize("action", LISTS)
@pytest.mark.parametrize("actor", [ANONYMOUS, desks.ADMIN, Actor(id="x", name="x", roles={"y": Capacity.MEMBER})])
def test_the_cost_does_not_grow(history: History, action: str, actor: Actor) -> None:
    instance = history.instance
    office = desks.office(instance)
    row = desks.write(instance, office, groups=[{"name": "envi"}])
    history.publish(1, theme=(histories.THEMES[0],))
    wanted = {"package_activity_list": row.id, "organization_activity_list": office.id, "group_activity_list": "envi"}
    given = {"id": wanted[action]} if action in wanted else {}

    def cost() -> int:
        with histories.tables_read(instance) as read:
            ask(instance, action, actor, limit=100, **given)
        return len(read)

    ask(instance, action, actor, **given)
    few = cost()
    for number in range(5):
        desks.change(instance, row, title=f"Fassung {number}")
        desks.write(instance, office, name=f"satz-{number}", groups=[{"name": "envi"}])
    history.publish(*range(1, 9), theme=(histories.THEMES[0],))
    assert cost() == few


def test_many_members_are_found_by_going_along_the_log(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.publish(*range(1, 9), theme=(histories.THEMES[0],))
    office = "frankfurt-stadtwerk-soehne"
    few = [
        ask(history.instance, "organization_activity_list", id=office),
        ask(history.instance, "group_activity_list", id="envi"),
    ]
    monkeypatch.setattr(activity_log, "SMALL", 1)
    many = [
        ask(history.instance, "organization_activity_list", id=office),
        ask(history.instance, "group_activity_list", id="envi"),
    ]
    assert few == many and few[0] and few[1]


# What CKAN has besides


def test_the_dashboard_is_empty_and_the_log_is_nobodys_to_write(instance: Instance) -> None:
    assert ask(instance, "dashboard_activity_list", desks.ADMIN) == []
    assert ask(instance, "dashboard_new_activities_count", desks.ADMIN) == 0
    assert ask(instance, "dashboard_mark_activities_old", desks.ADMIN) is None
    for action in ("dashboard_activity_list", "dashboard_new_activities_count", "dashboard_mark_activities_old"):
        assert status(instance, action) == 403
    for action in ("activity_create", "activity_delete"):
        assert ACTIONS[action].writes and status(instance, action, desks.ADMIN) == 403


def test_on_both_databases(both: Instance, site: Site) -> None:
    office = desks.office(both)
    inside = desks.editor(office)
    row = desks.write(both, office, inside, groups=[{"name": "envi"}])
    histories.begin(both, site).publish(1, 2)
    desks.change(both, row, inside, private=True)
    assert kinds(recent(both)) == ["new", "new"]
    assert kinds(recent(both, inside)) == ["changed", "new", "new", "new"]
    assert kinds(recent(both, inside, activity_types=["changed package"])) == ["changed"]
    after = recent(both, inside, after=recent(both, inside)[-1]["timestamp"], limit=2)
    assert kinds(after) == ["new", "new"]
    assert (
        ask(both, "package_activity_list", inside, id=row.id)
        and ask(both, "organization_activity_list", id=office.id) == []
    )
    with both.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Change)) == 4


# Organisations, groups and accounts


def seen(caller: Caller, action: str, **arguments: Any) -> list[tuple[str, str, str | None]]:
    found = caller.result(action, **arguments)
    return [(one["activity_type"], next(iter(one["data"].values())).get("title", ""), one["user_id"]) for one in found]


@pytest.mark.parametrize("kind", ["organization", "group"])
def test_the_story_of_an_organisation_and_a_group(instance: Instance, kind: str) -> None:
    site = action_api.people(instance)
    made = site.admin.result(f"{kind}_create", name="gruenflaechen", title="Grünflächenamt")
    site.admin.result(f"{kind}_patch", id=made["id"], title="Amt für Stadtgrün")
    list_of, admin = f"{kind}_activity_list", site.admin.id
    assert seen(site.admin, list_of, id=made["name"]) == [
        (f"changed {kind}", "Amt für Stadtgrün", admin),
        (f"new {kind}", "Grünflächenamt", admin),
    ]
    # The others learn neither who it was nor what it was called before.
    stranger = site.add("fremd")
    for caller in (site.nobody, stranger):
        assert {one[1:] for one in seen(caller, list_of, id=made["id"])} == {("Amt für Stadtgrün", None)}
        assert admin not in caller.post(list_of, id=made["id"]).get_data(as_text=True)
    member = site.add("mitglied", **{made["id"].replace("-", "_"): Capacity.MEMBER})
    assert seen(member, list_of, id=made["id"])[1] == (f"new {kind}", "Grünflächenamt", admin)
    assert kinds(site.nobody.result(list_of, id=made["id"], activity_types=[f"new {kind}"])) == [f"new {kind}"]
    newest = site.nobody.result(list_of, id=made["id"])[0]
    assert newest["object_id"] == made["id"] and set(newest["data"]["group"]) == {"id", "name", "title"}
    assert site.nobody.result("activity_show", id=newest["id"]) == newest
    for object_type in (kind, "group"):
        shown = site.nobody.result("activity_data_show", id=newest["id"], object_type=object_type)
        assert shown == newest["data"]["group"]
    assert site.nobody.refused("activity_data_show", id=newest["id"], object_type="package") == 409
    assert site.nobody.result("activity_diff", id=newest["id"], object_type=kind)["diff"] == "title"
    assert site.nobody.result("recently_changed_packages_activity_list") == []


@pytest.mark.parametrize("kind", ["organization", "group"])
@pytest.mark.parametrize("way", ["delete", "update"])
def test_what_was_deleted_tells_its_story_to_administrators_only(instance: Instance, kind: str, way: str) -> None:
    site = action_api.people(instance)
    made = site.admin.result(f"{kind}_create", name="alt", title="Altes Amt")
    entry = site.nobody.result(f"{kind}_activity_list", id="alt")[0]["id"]
    site.admin.result(f"{kind}_{way}", **{**made, "state": "deleted"})
    story = site.admin.result(f"{kind}_activity_list", id="alt")
    assert [one["activity_type"] for one in story] == [f"deleted {kind}", f"new {kind}"]
    for caller in (site.nobody, site.add("fremd")):
        assert caller.refused(f"{kind}_activity_list", id="alt") == 404
        assert [caller.refused("activity_show", id=one) for one in (entry, story[0]["id"])] == [404, 404]


def test_the_story_of_an_account(instance: Instance) -> None:
    site = action_api.people(instance)
    made = site.admin.result("user_create", name="neu", email="neu@amt.example", password="ein langes Kennwort")
    site.admin.result("user_patch", id="neu", about="Bäume")
    told = site.admin.result("user_activity_list", id="neu")
    assert [one["activity_type"] for one in told] == ["changed user", "new user"]
    # Who made it is nobody's business; as CKAN has it, the account did.
    assert {(one["user_id"], one["object_id"]) for one in told} == {(made["id"], made["id"])}
    assert told[0]["data"] == {"user": {"id": made["id"], "name": "neu"}}
    stranger = site.add("fremd")
    for caller in (site.nobody, stranger):
        assert caller.refused("user_activity_list", id="neu") == 403
        assert caller.refused("activity_show", id=told[0]["id"]) == 404
    # What the administrator did with accounts is in the story of these.
    assert seen(site.admin, "user_activity_list", id="leitung") == []


def test_what_somebody_did_with_organisations(instance: Instance) -> None:
    site = action_api.people(instance)
    office = site.office("gruenflaechen", title="Grünflächenamt")
    editor = site.editor("amt", office, Capacity.ADMIN)
    editor.result("organization_patch", id=office, title="Amt für Stadtgrün")
    editor.result("package_create", name="baeume", title="Bäume", owner_org=office)
    told = [("new package", "Bäume", editor.id), ("changed organization", "Amt für Stadtgrün", editor.id)]
    assert seen(editor, "user_activity_list", id=editor.id) == told
    assert seen(editor, "dashboard_activity_list", limit=1) == told[:1]
    assert [one["is_new"] for one in editor.result("dashboard_activity_list")] == [False, False]
    assert editor.result("dashboard_new_activities_count") == 0
    story = [one[0] for one in seen(site.nobody, "organization_activity_list", id=office)]
    assert story == ["new package", "changed organization", "new organization"]
    assert story == [one[0] for one in seen(editor, "organization_activity_list", id=office)]


def test_a_title_that_the_log_names_is_for_those_inside(instance: Instance) -> None:
    office = desks.office(instance)
    row = desks.write(instance, office, title="Bäume")
    with instance.database.writing() as session:
        audit.note(session, desks.ADMIN, "dataset.update", row.id, row.name, title="Bäume, alt")
    told = ask(instance, "package_activity_list", desks.ADMIN, id=row.id)
    assert told[0]["data"]["package"] == {"id": row.id, "name": row.name, "title": "Bäume, alt"}
    public = ask(instance, "package_activity_list", id=row.id)
    assert {one["data"]["package"]["title"] for one in public} == {"Bäume"}


def test_no_mail_is_sent_about_activities(instance: Instance) -> None:
    site = action_api.people(instance)
    assert site.nobody.refused("send_email_notifications") == 403
    assert site.admin.refused("send_email_notifications") == 409


# How long the desk's log is kept


def noted(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return [entry.action for entry, _ in reversed(audit.entries(session, limit=1000))]


def test_what_is_too_old_goes_but_for_what_lists_and_the_index_read(
    both: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_BATCH", 2)
    office, people = desks.office(both), action_api.people(both)
    ask_admin = people.admin.result
    kept = desks.write(both, office, name="bleibt", title="Geheimwort", private=True)
    gone = desks.write(both, office, name="geht", private=True)
    desk_purge.purge(both, desks.ADMIN, gone.id)
    with both.database.writing() as session:
        for action, about in (("organization.create", office.id), ("member.create", office.id), ("account.login", "x"),
                              ("collaborator.create", kept.id), ("group.update", "gone"), ("account.login", "y")):  # fmt: skip
            audit.note(session, desks.ADMIN, action, about, "name", title="Titel")
    before = noted(both)
    assert before[-7:] == ["dataset.purge", "organization.create", "member.create", "account.login", "collaborator.create",
                           "group.update", "account.login"]  # fmt: skip

    def seen() -> tuple[Any, ...]:
        search.rebuild(both)
        found = ask_admin("package_search", q="Geheimwort", include_private=True)["count"]
        lists = [ask_admin("organization_activity_list", id="amt"), ask_admin("package_activity_list", id=kept.id)]
        with both.database.reading() as session:
            return found, lists, search_sources.newest(session)

    told = seen()
    assert told[0] == 1 and [len(entries) for entries in told[1]] == [2, 1]
    with both.database.writing() as session:
        session.execute(sa.update(AuditEntry).values(at=now() - datetime.timedelta(days=1096)))
    told = seen()
    jobs.keep_house(replace(both, config=replace(both.config, audit_days=0)))
    jobs.keep_house(replace(both, config=replace(both.config, audit_days=1097)))
    assert noted(both) == before
    jobs.keep_house(both)
    assert noted(both) == ["dataset.create", "organization.create", "account.login"]
    assert seen() == told
    jobs.keep_house(both)
    assert len(noted(both)) == 3
    assert people.nobody.result("package_search", q="Geheimwort")["count"] == 0
