"""Nobody does what others may: every writing action is called by whoever stands below those who may, and nothing changes by it.

Each action has a caller for whom it succeeds, so that a refusal is one of the person and not of the arguments.
"""

import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import partial
from typing import Any

import action_api
import homes
import pytest
import sqlalchemy as sa
from action_api import Caller, People
from source_site import Site

from catalog import accounts, audit, tokens
from catalog.access import Capacity, Scope
from catalog.api.action import ACTIONS
from catalog.app import create_app
from catalog.db import Base, now
from catalog.instance import Instance
from catalog.models import FileRow
from dcat.states import ACTIVE

PASSWORD = "Linde-2026-Allee"


class Rank(IntEnum):
    """Who may do something: whoever stands here or above."""

    NOBODY = 0
    KNOWN = 1
    MEMBER = 2
    EDITOR = 3
    OFFICE_ADMIN = 4
    SITE_ADMIN = 5
    NO_ONE = 6


class World:
    """An organisation with its people and what they work on, another organisation with its own, and tokens that can little."""

    def __init__(self, instance: Instance) -> None:
        self.instance = dataclasses.replace(
            instance, config=dataclasses.replace(instance.config, ckan_collaborators=True)
        )
        self.people: People = action_api.people(self.instance)
        people, admin = self.people, self.people.admin
        self.office, self.other = people.office("amt"), people.office("anderes")
        self.group = admin.result("group_create", name="gruppe")["id"]
        roles = ((Rank.MEMBER, Capacity.MEMBER), (Rank.EDITOR, Capacity.EDITOR), (Rank.OFFICE_ADMIN, Capacity.ADMIN))
        self.callers = {Rank.NOBODY: people.nobody, Rank.SITE_ADMIN: admin}
        for rank, capacity in roles:
            self.callers[rank] = caller = people.editor(f"amt-{capacity}", self.office, capacity)
            self.grant(self.group, caller, capacity)
        self.strangers = [people.add("fremd"), people.editor("fremd-chef", self.other, Capacity.ADMIN)]
        self.callers[Rank.KNOWN] = self.strangers[0]
        self.victim = people.add("opfer")
        self.numbers = itertools.count()
        self.tokens: dict[tuple[str, frozenset[Scope]], Caller] = {}

    def grant(self, holder: str, caller: Caller, capacity: Capacity) -> None:
        with self.instance.database.writing() as session:
            accounts.give_role(session, holder, caller.id, capacity)

    def package(self, **given: Any) -> dict[str, Any]:
        name = f"datensatz-{next(self.numbers)}"
        made: dict[str, Any] = self.people.admin.result(
            "package_create", **{"name": name, "owner_org": self.office, **given}
        )
        return made

    def resource(self) -> str:
        return str(
            self.people.admin.result(
                "resource_create", package_id=self.package()["id"], url="https://example.org/a.csv"
            )["id"]
        )

    def picture(self) -> dict[str, Any]:
        """Make a dataset with a picture; gives it."""
        return self.package(resources=[{"url": "https://example.org/a.png", "format": "PNG"}])

    def view(self) -> dict[str, Any]:
        """Make a view of a resource; gives it."""
        given = {"resource_id": self.resource(), "view_type": "image_view", "title": "x"}
        return dict(self.people.admin.result("resource_view_create", **given))

    def related(self, *, made: bool = True) -> dict[str, str]:
        """Make two datasets, and say how they relate where that shall be `made`; gives what names it."""
        given = {"subject": self.package()["id"], "type": "child_of", "object": self.package()["id"]}
        if made:
            self.people.admin.result("package_relationship_create", **given)
        return given

    def table(self) -> str:
        given = {"resource": {"package_id": self.package()["id"]}, "records": [{"a": 1}], "fields": [{"id": "a"}]}
        return str(self.people.admin.result("datastore_create", **given, primary_key="a")["resource_id"])

    def holder(self, kind: str, **given: Any) -> str:
        """Found an organisation or group in which everybody has the role that they have in the first one."""
        made = str(self.people.admin.result(f"{kind}_create", name=f"{kind}-{next(self.numbers)}", **given)["id"])
        for rank, capacity in ((Rank.MEMBER, "member"), (Rank.EDITOR, "editor"), (Rank.OFFICE_ADMIN, "admin")):
            self.grant(made, self.callers[rank], Capacity(capacity))
        return made

    def member(self, kind: str) -> dict[str, str]:
        made = self.holder(kind)
        self.grant(made, self.victim, Capacity.MEMBER)
        return {"id": made, "username": "opfer"}

    def vocabulary(self) -> str:
        name = f"liste-{next(self.numbers)}"
        return str(self.people.admin.result("vocabulary_create", name=name, tags=[{"name": "eins"}])["id"])

    def shared(self) -> dict[str, str]:
        package = self.package()["id"]
        self.people.admin.result("package_collaborator_create", id=package, user_id="opfer", capacity="editor")
        return {"id": package, "user_id": "opfer"}

    def account(self) -> str:
        return self.people.add(f"konto-{next(self.numbers)}").id

    def token(self) -> str:
        return str(self.people.admin.result("api_token_create", user="opfer", name="x")["id"])

    def scoped(self, *scopes: Scope, name: str = "leitung") -> Caller:
        """Call with a token of an account that has these scopes only."""
        wanted = (name, frozenset(scopes))
        if wanted not in self.tokens:
            self.tokens[wanted] = self._scoped(*scopes, name=name)
        return self.tokens[wanted]

    def _scoped(self, *scopes: Scope, name: str) -> Caller:
        with self.instance.database.writing() as session:
            account = accounts.require(session, name)
            text = tokens.create(session, account, scopes=scopes).text
        return Caller(self.people.nobody.client, text, account.id, {"Authorization": text})

    def kept(self) -> dict[str, list[tuple[Any, ...]]]:
        """Read everything that is kept, the last use of tokens aside."""
        found = {}
        with self.instance.database.reading() as session:
            for table in Base.metadata.sorted_tables:
                columns = [column for column in table.columns if column.name != "used_at"]
                rows = session.execute(sa.select(*columns)).all()
                found[table.name] = sorted((tuple(row) for row in rows), key=repr)
        return found


Arguments = Callable[[World], dict[str, Any]]
EDITOR, ADMIN, SITE = Rank.EDITOR, Rank.OFFICE_ADMIN, Rank.SITE_ADMIN
NEW = {"email": "neu@amt.example", "password": PASSWORD}
# Who may call each action, and with what it succeeds. What changes nothing for anybody is not here.
TABLE: dict[str, tuple[Rank, Arguments]] = {
    "package_create": (EDITOR, lambda w: {"name": f"neu-{next(w.numbers)}", "owner_org": w.office}),
    "package_update": (EDITOR, lambda w: {"id": w.package()["id"], "title": "x", "owner_org": w.office}),
    "package_patch": (EDITOR, lambda w: {"id": w.package()["name"], "title": "x"}),
    "package_revise": (EDITOR, lambda w: {"match": {"id": w.package()["id"]}, "update": {"title": "x"}}),
    "package_delete": (EDITOR, lambda w: {"id": w.package()["id"]}),
    "dataset_purge": (SITE, lambda w: {"id": w.package()["id"]}),
    "package_owner_org_update": (SITE, lambda w: {"id": w.package()["id"], "organization_id": w.other}),
    "bulk_update_private": (EDITOR, lambda w: {"datasets": [w.package()["id"]], "org_id": w.office}),
    "bulk_update_public": (EDITOR, lambda w: {"datasets": [w.package(private=True)["id"]], "org_id": w.office}),
    "bulk_update_delete": (EDITOR, lambda w: {"datasets": [w.package()["id"]], "org_id": w.office}),
    "resource_create": (EDITOR, lambda w: {"package_id": w.package()["id"], "url": "https://example.org/x.csv"}),
    "resource_update": (EDITOR, lambda w: {"id": w.resource(), "url": "https://example.org/y.csv"}),
    "resource_patch": (EDITOR, lambda w: {"id": w.resource(), "name": "x"}),
    "resource_delete": (EDITOR, lambda w: {"id": w.resource()}),
    "package_resource_reorder": (
        EDITOR,
        lambda w: {
            "id": (p := w.package(resources=[{"url": "https://a.example/1"}, {"url": "https://a.example/2"}]))["id"],
            "order": [p["resources"][1]["id"]],
        },
    ),
    "resource_view_create": (EDITOR, lambda w: {"resource_id": w.resource(), "view_type": "image_view", "title": "x"}),
    "resource_view_update": (EDITOR, lambda w: {"id": w.view()["id"], "title": "y"}),
    "resource_view_delete": (EDITOR, lambda w: {"id": w.view()["id"]}),
    "resource_view_reorder": (EDITOR, lambda w: {"id": (v := w.view())["resource_id"], "order": [v["id"]]}),
    "resource_view_clear": (SITE, lambda w: {"view_types": [w.view()["view_type"]]}),
    "resource_create_default_resource_views": (EDITOR, lambda w: {"resource": w.picture()["resources"][0]}),
    "package_create_default_resource_views": (EDITOR, lambda w: {"package": w.picture()}),
    "package_relationship_create": (EDITOR, lambda w: w.related(made=False)),
    "package_relationship_update": (EDITOR, lambda w: {**w.related(), "comment": "x"}),
    "package_relationship_delete": (EDITOR, lambda w: w.related()),
    "offenbar_dataset_withdraw": (EDITOR, lambda w: {"id": w.package()["id"], "reason": "x"}),
    "datastore_create": (EDITOR, lambda w: {"resource": {"package_id": w.package()["id"]}, "records": [{"a": 1}]}),
    "datastore_upsert": (EDITOR, lambda w: {"resource_id": w.table(), "records": [{"a": 2}]}),
    "datastore_delete": (EDITOR, lambda w: {"resource_id": w.table()}),
    "datastore_records_delete": (EDITOR, lambda w: {"resource_id": w.table(), "filters": {"a": 1}}),
    "organization_create": (SITE, lambda w: {"name": f"amt-{next(w.numbers)}"}),
    "group_create": (SITE, lambda w: {"name": f"gruppe-{next(w.numbers)}"}),
    "organization_update": (ADMIN, lambda w: {"id": w.holder("organization"), "title": "x"}),
    "group_update": (ADMIN, lambda w: {"id": w.holder("group"), "title": "x"}),
    "organization_patch": (ADMIN, lambda w: {"id": w.holder("organization"), "title": "x"}),
    "group_patch": (ADMIN, lambda w: {"id": w.holder("group"), "title": "x"}),
    "organization_delete": (ADMIN, lambda w: {"id": w.holder("organization")}),
    "group_delete": (ADMIN, lambda w: {"id": w.holder("group")}),
    "organization_purge": (SITE, lambda w: {"id": w.holder("organization")}),
    "group_purge": (SITE, lambda w: {"id": w.holder("group")}),
    "member_create": (
        ADMIN,
        lambda w: {"id": w.holder("group"), "object": "opfer", "object_type": "user", "capacity": "admin"},
    ),
    "member_delete": (ADMIN, lambda w: {"id": w.member("group")["id"], "object": "opfer", "object_type": "user"}),
    "organization_member_create": (
        ADMIN,
        lambda w: {"id": w.holder("organization"), "username": "opfer", "role": "admin"},
    ),
    "group_member_create": (ADMIN, lambda w: {"id": w.holder("group"), "username": "opfer", "role": "admin"}),
    "organization_member_delete": (ADMIN, lambda w: w.member("organization")),
    "group_member_delete": (ADMIN, lambda w: w.member("group")),
    "tag_create": (SITE, lambda w: {"name": "zwei", "vocabulary_id": w.vocabulary()}),
    "tag_delete": (SITE, lambda w: {"id": "eins", "vocabulary_id": w.vocabulary()}),
    "vocabulary_create": (SITE, lambda w: {"name": f"wl-{next(w.numbers)}"}),
    "vocabulary_update": (SITE, lambda w: {"id": w.vocabulary(), "name": f"wl-{next(w.numbers)}"}),
    "vocabulary_delete": (SITE, lambda w: {"id": w.vocabulary()}),
    "user_create": (SITE, lambda w: {"name": "neu", **NEW}),
    "user_update": (SITE, lambda w: {"id": w.account(), "email": "neu2@amt.example", "fullname": "x"}),
    "user_patch": (SITE, lambda w: {"id": w.account(), "fullname": "x"}),
    "user_delete": (SITE, lambda w: {"id": w.account()}),
    "package_collaborator_create": (
        ADMIN,
        lambda w: {"id": w.package()["id"], "user_id": "opfer", "capacity": "editor"},
    ),
    "package_collaborator_delete": (ADMIN, lambda w: w.shared()),
    "api_token_create": (SITE, lambda w: {"user": "opfer", "name": "x"}),
    "api_token_revoke": (SITE, lambda w: {"jti": w.token()}),
}
# Sends mail: test_actions_people has the server for it.
ELSEWHERE = {
    "user_invite",
    *(f"{how}_{kind}" for how in ("follow", "unfollow") for kind in ("user", "dataset", "group")),
}
# What these answer changes nothing, whoever calls them.
UNKEPT = {name for name, action in ACTIONS.items() if action.writes} - set(TABLE) - ELSEWHERE
SCOPES = {
    **dict.fromkeys(TABLE, Scope.DATASETS),
    **{
        name: Scope.STRUCTURE
        for name in TABLE
        if name.startswith(("organization_", "group_", "member_", "tag_", "vocabulary_"))
    },
    **{name: Scope.ACCOUNTS for name in TABLE if name.startswith(("user_", "api_token_"))},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with homes.home(tmp_path_factory.mktemp("world") / "home") as instance:
        yield World(instance)


@pytest.mark.parametrize("action", sorted(TABLE))
def test_who_stands_below_is_refused_and_changes_nothing(world: World, action: str) -> None:
    rank, arguments = TABLE[action]
    given = arguments(world)
    below = [(str(one), caller) for one, caller in world.callers.items() if one < rank]
    outside = [(caller.token, caller) for caller in world.strangers]
    wanted = {Scope.READ, SCOPES[action]}
    little = [(f"without {scope}", world.scoped(*set(Scope) - {scope})) for scope in wanted - {Scope.READ}]
    before = world.kept()
    for name, caller in (*below, *outside, *little):
        answer = caller.post(action, **given)
        assert answer.status_code in (403, 404), (name, answer.text)
        assert world.kept() == before, name
    answer = world.callers[rank].post(action, **given)
    assert answer.status_code == 200, answer.text
    assert world.kept() != before


@pytest.mark.parametrize("action", sorted(UNKEPT))
def test_what_is_not_kept_changes_nothing_for_anybody(world: World, action: str) -> None:
    package = world.package()
    before = world.kept()
    for caller in (*world.callers.values(), *world.strangers):
        assert caller.post(action, id=package["id"], resource_id=package["id"]).status_code < 500
    assert world.kept() == before
    assert world.people.nobody.refused(action, id=package["id"]) == 403


# Tokens


def test_a_token_of_accounts_alone_does_not_become_everything(world: World) -> None:
    """A password, an address that lets somebody in, and a new administrator each give all scopes."""
    target = world.account()
    with world.instance.database.reading() as session:
        before = dataclasses.asdict(Secrets.of(session.get_one(accounts.Account, target)))
    for missing in Scope:
        little = world.scoped(*set(Scope) - {missing})
        for arguments in ({"password": PASSWORD}, {"email": "ich@amt.example"}, {"sysadmin": True}):
            for action in ("user_patch", "user_update"):
                assert little.refused(action, id=target, **arguments) == 403
        assert little.refused("user_create", name="ich", **NEW, sysadmin=True) == 403
        own = world.scoped(*set(Scope) - {missing}, name="opfer")
        assert own.refused("user_patch", id="opfer", password=PASSWORD) == 403
    with world.instance.database.reading() as session:
        assert dataclasses.asdict(Secrets.of(session.get_one(accounts.Account, target))) == before
    assert world.scoped(Scope.READ, Scope.ACCOUNTS).result("user_patch", id=target, fullname="x")["fullname"] == "x"
    assert world.scoped(*Scope).post("user_patch", id=target, password=PASSWORD).status_code == 200


@dataclasses.dataclass(frozen=True)
class Secrets:
    """By what an account is entered."""

    password: str
    email: str
    admin: bool
    session_key: str

    @classmethod
    def of(cls, account: accounts.Account) -> "Secrets":
        return cls(account.password, account.email, account.admin, account.session_key)


@pytest.mark.parametrize("end", ["revoked", "over", "deleted"])
def test_a_token_that_has_ended_writes_nothing(world: World, end: str) -> None:
    caller = world.people.editor(f"ende-{end}", world.office)
    with world.instance.database.writing() as session:
        row = tokens.find(session, caller.token)
        assert row is not None
        if end == "revoked":
            tokens.revoke(session, row)
        elif end == "over":
            row.expires_at = now()
        else:
            accounts.delete(session, accounts.require(session, f"ende-{end}"))
    prepared = {action: arguments(world) for action, (_, arguments) in TABLE.items() if action.startswith("package_")}
    before = world.kept()
    for action, given in prepared.items():
        assert caller.refused(action, **given) in (403, 404, 409)
    assert world.kept() == before


# Datasets that are somebody else's


def test_who_works_along_does_not_take_a_dataset_away(world: World) -> None:
    package = world.package()["id"]
    along = world.people.editor(f"mit-{next(world.numbers)}", world.other)
    world.people.admin.result("package_collaborator_create", id=package, user_id=along.id, capacity="editor")
    assert along.post("package_patch", id=package, title="darf ich").status_code == 200
    assert along.refused("package_owner_org_update", id=package, organization_id=world.other) == 409
    assert along.refused("package_patch", id=package, owner_org="anderes") == 409
    assert along.refused("package_revise", match={"id": package}, update={"owner_org": world.other}) == 409
    assert along.refused("package_collaborator_create", id=package, user_id=along.id, capacity="admin") == 403
    assert world.people.admin.result("package_show", id=package)["owner_org"] == world.office


def test_nobody_is_called_by_the_id_of_somebody_else(world: World) -> None:
    chief = world.strangers[1]
    for hidden in ({}, {"private": True}, {"state": "draft"}):
        assert chief.error("package_create", name=world.package(**hidden)["id"], owner_org=world.other)[1]["name"]
    assert chief.error("organization_patch", id=world.other, name=world.office)[1]["name"]
    assert world.people.admin.error("group_create", name=world.office)[1]["name"]
    assert world.people.admin.error("organization_create", name=world.group)[1]["name"]
    assert world.people.nobody.result("organization_show", id=world.office)["name"] == "amt"


def test_a_resource_is_not_a_file_of_a_harvested_dataset(instance: Instance, site: Site) -> None:
    rows = "".join(f"{number};Linde\n" for number in range(30))
    site.put_folder("/ablage/", {"baeume.csv": f"nr;art\n{rows}"})
    homes.harvest_and_check(instance, homes.define_drop(instance, site))
    with instance.database.reading() as session:
        file_id, dataset_id = session.execute(sa.select(FileRow.id, FileRow.dataset_id)).one()
    people = action_api.people(instance)
    office = people.office("amt")
    editor = people.editor("amt-editor", office)
    taken = {"id": file_id, "url": "https://example.org/x.csv"}
    for hidden in ({}, {"private": True}, {"state": "draft"}):
        given = {"name": "fremd", "owner_org": office, **hidden}
        assert editor.error("package_create", **given, resources=[taken])[1]["resources"]
    package = editor.result("package_create", name="eigen", owner_org=office)["id"]
    assert editor.error("resource_create", package_id=package, **taken)[1]["resources"]
    assert editor.error("package_create", name=dataset_id, owner_org=office)[1]["name"]
    with instance.database.reading() as session:
        assert session.execute(sa.select(FileRow.dataset_id)).scalars().all() == [dataset_id]


@pytest.mark.parametrize("if_match", ["*", 'W/"x"', '"x", "y"', '"', "\x7f", "," * 5000, '"x"' * 5000])
def test_if_match_is_no_way_around(world: World, if_match: str) -> None:
    package = world.package()["id"]
    assert world.strangers[1].post("package_patch", id=package, title="x", if_match=if_match).status_code == 403
    answer = world.callers[EDITOR].post("package_patch", id=package, title="x", if_match=if_match)
    assert answer.status_code == (200 if if_match.strip(", ") in ("*", "") else 412)


def test_a_list_of_datasets_ends(world: World) -> None:
    package, editor = world.package(), world.callers[EDITOR]
    assert editor.error("bulk_update_private", org_id=world.office, datasets=[package["id"]] * 5000)[1]["datasets"]
    assert (
        editor.post("bulk_update_private", org_id=world.office, datasets=[package["id"], package["name"]]).status_code
        == 200
    )


# Many at once


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Do several things at the same moment."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(begin, call) for call in calls]]


def fresh(world: World, caller: Caller) -> Caller:
    return dataclasses.replace(caller, client=create_app(world.instance).test_client())


def test_a_name_is_given_once_however_many_want_it(world: World) -> None:
    callers = [fresh(world, world.callers[EDITOR]) for _ in range(6)]
    name = f"begehrt-{next(world.numbers)}"
    wanted = [lambda one=one: one.post("package_create", name=name, owner_org=world.office) for one in callers]
    assert sorted(answer.status_code for answer in at_once(*wanted)) == [200, *[409] * 5]
    wanted = [lambda one=one: one.post("organization_create", name=name + "x") for one in _admins(world)]
    assert sorted(answer.status_code for answer in at_once(*wanted)) == [200, *[409] * 3]
    given = {"name": name[:50] + "y", "email": f"{name}@amt.example", "password": PASSWORD}
    wanted = [lambda one=one: one.post("user_create", **given) for one in _admins(world)]
    assert sorted(answer.status_code for answer in at_once(*wanted)) == [200, *[409] * 3]


@pytest.mark.parametrize("end", ["package_delete", "dataset_purge"])
def test_deleting_purging_and_writing_at_once_leave_something_whole(world: World, end: str) -> None:
    for _ in range(4):
        package = world.package(resources=[{"url": "https://example.org/a.csv"}])["id"]
        added = {"package_id": package, "url": "https://example.org/b.csv"}
        calls = [
            (end, {"id": package}),
            ("resource_create", added),
            ("package_show", {"id": package}),
            ("package_patch", {"id": package, "title": "neu"}),
        ]
        pairs = zip(_admins(world), calls, strict=True)
        answers = at_once(*(partial(caller.post, action, **given) for caller, (action, given) in pairs))
        assert {answer.status_code for answer in answers} <= {200, 404, 409}, [answer.text for answer in answers]
        shown = world.people.nobody.post("package_show", id=package)
        assert shown.status_code in ((404,) if end == "dataset_purge" else (403, 404))


def test_the_last_administrator_stays_however_many_delete(instance: Instance) -> None:
    people = action_api.people(instance)
    people.admin.result("user_create", name="zweite", email="z@amt.example", password=PASSWORD, sysadmin=True)
    second = people.admin.result("api_token_create", user="zweite", name="x")["token"]
    first, other = (
        Caller(create_app(instance).test_client(), token, "", {"Authorization": token})
        for token in (people.admin.token, second)
    )
    at_once(
        lambda: first.post("user_patch", id="zweite", sysadmin=False),
        lambda: other.post("user_patch", id="leitung", sysadmin=False),
    )
    with instance.database.reading() as session:
        found = [one for one in accounts.accounts(session) if one.admin and one.state == ACTIVE]
        assert len(found) >= 1
        assert all(entry.action for entry, _ in audit.entries(session))


def _admins(world: World) -> list[Caller]:
    return [fresh(world, world.people.admin) for _ in range(4)]
