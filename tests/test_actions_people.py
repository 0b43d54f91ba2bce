"""Accounts, tokens and invitations through CKAN's actions: who sees what of whom, and that nobody gets more than they have."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import databases
import desks
import histories
import homes
import orjson
import ports
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from catalog import access, accounts, audit, passwords, signing_in, tokens
from catalog.access import ANONYMOUS, Actor, Capacity, Scope
from catalog.api.actions import api_tokens, invitations, people, people_write
from catalog.api.actions.call import Action, ActionError, Call
from catalog.instance import Instance
from catalog.models_accounts import Account, AuditEntry, Role, Token
from catalog.models_desk import Group

ACTIONS = {**people.ACTIONS, **people_write.ACTIONS, **api_tokens.ACTIONS, **invitations.ACTIONS}
PASSWORD = "Linde-2026-Allee"
NAMED = {"id", "name", "display_name"}


@dataclass
class People:
    """A catalogue with an administrator, two others, and a way to call actions as any of them."""

    instance: Instance
    ids: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, **fields: Any) -> None:
        with self.instance.database.writing() as session:
            account = accounts.add(session, name, PASSWORD, **{"email": f"{name}@amt.example", **fields})
        self.ids[name] = account.id

    def actor(self, name: str, *scopes: Scope) -> Actor:
        if not name:
            return ANONYMOUS
        with self.instance.database.reading() as session:
            found = accounts.actor(session, accounts.require(session, name))
        return replace(found, scopes=frozenset(scopes)) if scopes else found

    def ask(self, by: str | Actor, action: str, **arguments: Any) -> Any:
        actor = self.actor(by) if isinstance(by, str) else by
        call = Call(self.instance, arguments, actor)
        try:
            return orjson.loads(orjson.dumps(ACTIONS[action].run(call)))
        finally:
            call.renew()

    def refused(self, by: str | Actor, action: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
        with pytest.raises(ActionError) as caught:
            self.ask(by, action, **arguments)
        return caught.value.status, dict(caught.value.details)

    def account(self, name: str) -> Account:
        with self.instance.database.reading() as session:
            found = accounts.find(session, name)
            assert found is not None
            return found

    def log(self, name: str) -> list[tuple[str, str, dict[str, Any]]]:
        with self.instance.database.reading() as session:
            found = audit.entries(session, object_id=self.ids[name])
            return [(entry.action, by, entry.details) for entry, by in found]


@pytest.fixture
def folk(instance: Instance) -> People:
    made = People(instance)
    made.add("leitung", admin=True)
    made.add("amt", fullname="Amt für Bäume")
    made.add("zweit", fullname="Zweites Amt")
    return made


# Who sees what


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {"user_create"}))
def test_who_is_not_signed_in_gets_403_whatever_there_is(folk: People, action: str) -> None:
    every = {"id": "amt", "q": "a", "user": "amt", "user_id": "amt", "name": "x", "token": "x", "role": "member"}
    for given in (every, every | {"id": "nobody", "user": "nobody", "user_id": "nobody"}):
        arguments = {"email": "x@amt.example", "group_id": "amt", **given}
        assert folk.refused("", action, **arguments)[0] == 403
        assert folk.refused(replace(ANONYMOUS, id=""), action, **arguments)[0] == 403


def test_oneself_and_administrators_see_an_account_others_its_name(folk: People) -> None:
    own, full = folk.ask("amt", "user_show"), folk.ask("leitung", "user_show", id=folk.ids["amt"])
    assert own == full
    assert (own["email"], own["fullname"], own["sysadmin"]) == ("amt@amt.example", "Amt für Bäume", False)
    assert own["last_active"] is None and len(own["created"]) == 26
    assert folk.ask("zweit", "user_show", id="amt") == {"id": folk.ids["amt"], "name": "amt", "display_name": "amt"}
    for one in (own, full):
        assert not {key for key in one if "hash" in key or "password" in key} and one["apikey"] is None
    assert folk.ask("leitung", "user_show", id="amt", include_password_hash=True) == full
    assert folk.refused("zweit", "user_show", id="nobody")[0] == 404


def test_a_token_that_may_not_read_sees_nobody(folk: People) -> None:
    assert folk.refused(folk.actor("leitung", Scope.DATASETS), "user_list")[0] == 403


def test_what_an_account_made_is_counted_and_shown_to_who_may_read_it(folk: People) -> None:
    office = desks.office(folk.instance)
    maker = folk.actor("amt")
    for name, fields in (("offen", {}), ("geheim", {"private": True}), ("entwurf", {"state": "draft"})):
        desks.write(folk.instance, office, maker, name=name, **fields)
    shown = folk.ask("amt", "user_show", include_datasets=True)
    assert shown["number_created_packages"] == 3
    assert [package["name"] for package in shown["datasets"]] == ["entwurf", "offen"]
    full = folk.ask("leitung", "user_show", id="amt", include_datasets=True)
    assert [package["name"] for package in full["datasets"]] == ["entwurf", "geheim", "offen"]
    assert "datasets" not in folk.ask("zweit", "user_show", id="amt", include_datasets=True)


def test_lists_show_names_and_to_administrators_all(folk: People) -> None:
    assert folk.ask("zweit", "user_list", all_fields=False) == ["amt", "leitung", "zweit"]
    assert all(set(one) == NAMED for one in folk.ask("zweit", "user_list"))
    assert [one["email"] for one in folk.ask("leitung", "user_list", q="BÄUME".lower())] == ["amt@amt.example"]
    # Whoever sees names only cannot find people by anything else.
    for words in ("Bäume", "amt.example", "Zweites"):
        assert folk.ask("zweit", "user_list", q=words) == []
        assert folk.ask("zweit", "user_autocomplete", q=words) == []
    assert folk.refused("zweit", "user_list", email="amt@amt.example")[0] == 403
    assert folk.ask("leitung", "user_list", email="AMT@amt.example", all_fields=False) == ["amt"]
    assert folk.ask("leitung", "user_list", all_fields=False, limit=1, offset=1) == ["leitung"]


def test_autocomplete(folk: People) -> None:
    assert folk.ask("zweit", "user_autocomplete", q="MT") == [{"id": folk.ids["amt"], "name": "amt", "fullname": None}]
    assert [one["fullname"] for one in folk.ask("leitung", "user_autocomplete", q="amt")] == [
        "Amt für Bäume", "", "Zweites Amt",
    ]  # fmt: skip
    assert [one["name"] for one in folk.ask("leitung", "user_autocomplete", q="leitung@AMT.ex")] == ["leitung"]
    assert folk.ask("zweit", "user_autocomplete", q="t", limit=1) == folk.ask("zweit", "user_autocomplete", q="mt")
    assert [one["name"] for one in folk.ask("zweit", "user_autocomplete", q="t", ignore_self="yes")] == [
        "amt",
        "leitung",
    ]
    assert folk.ask("zweit", "user_autocomplete", q="%") == [] == folk.ask("zweit", "user_autocomplete", q="_")
    assert folk.refused("zweit", "user_autocomplete")[1] == {"q": ["Missing value"]}


def test_lists_cost_the_same_for_many(folk: People) -> None:
    def tables(action: str) -> int:
        actor = folk.actor("leitung")
        with histories.tables_read(folk.instance) as read:
            folk.ask(actor, action, q="a")
        return len(read)

    few = [tables(action) for action in ("user_list", "user_autocomplete")]
    with folk.instance.database.writing() as session:
        for number in range(20):
            accounts.add(session, f"amt-{number}")
    assert [tables(action) for action in ("user_list", "user_autocomplete")] == few


# Making and changing


def test_administrators_make_accounts(folk: People) -> None:
    made = folk.ask("leitung", "user_create", name="neu", email="Neu@amt.example", password=PASSWORD, about="Baumamt")
    assert (made["name"], made["email"], made["about"], made["sysadmin"]) == (
        "neu",
        "neu@amt.example",
        "Baumamt",
        False,
    )
    folk.ids["neu"] = made["id"]
    assert folk.log("neu") == [("account.create", "leitung", {"admin": False})]
    assert signing_in.sign_in(folk.instance.database, "neu", PASSWORD) is not None
    for by in ("amt", ""):
        assert folk.refused(by, "user_create", name="x1", email="x@y.example", password=PASSWORD)[0] == 403
    bound = folk.actor("leitung", Scope.READ, Scope.STRUCTURE)
    assert folk.refused(bound, "user_create", name="x1", email="x@y.example", password=PASSWORD)[0] == 403


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"id": "../amt"}, {"id"}),
        ({"name": "amt"}, {"name"}),
        ({"name": "Groß Buchstaben"}, {"name"}),
        ({"name": "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40002"}, {"name"}),
        ({"email": "amt@amt.example"}, {"email"}),
        ({"email": "AMT@amt.example"}, {"email"}),
        ({"email": "nichts"}, {"email"}),
        ({"password": "aaaaaaaaaaa"}, {"password"}),
        ({"password": "kurz"}, {"password"}),
        ({"password": 12345678}, {"password"}),
        ({"fullname": "x" * 201, "about": "y" * 2001}, {"fullname", "about"}),
        ({"name": "amt", "email": "amt@amt.example", "password": "aaaaaaaaaaa"}, {"name", "email", "password"}),
        ({"name": None}, {"name"}),
        ({"email": {"a": 1}}, {"email"}),
    ],
)
def test_what_no_account_can_be(folk: People, given: dict[str, Any], wrong: set[str]) -> None:
    fields = {"name": "neu", "email": "neu@amt.example", "password": PASSWORD} | given
    status, details = folk.refused("leitung", "user_create", **fields)
    assert (status, set(details)) == (409, wrong)
    assert all(isinstance(text, str) for texts in details.values() for text in texts)
    assert folk.ask("leitung", "user_list", all_fields=False) == ["amt", "leitung", "zweit"]


def test_what_is_missing_is_named_in_ckans_words(folk: People) -> None:
    missing = {name: ["Missing value"] for name in ("name", "email", "password")}
    assert folk.refused("leitung", "user_create") == (409, missing)
    short = folk.refused("leitung", "user_create", name="neu", email="neu@amt.example", password="abc")
    assert short == (409, {"password": ["Your password must be 8 characters or longer"]})
    for given in ({"name": ""}, {"email": ""}, {"password": None}, {"password": False}, {"password": 30.7}):
        fields = {"id": "amt", "email": "amt@amt.example", **given}
        assert folk.refused("leitung", "user_update", **fields)[1].keys() == given.keys()
    assert folk.refused("leitung", "user_update", id="amt", fullname="x")[1] == {"email": ["Missing value"]}
    assert folk.ask("leitung", "user_update", id="amt", email="amt@amt.example", password="")["name"] == "amt"


def test_an_administrator_may_choose_an_id_that_none_has(folk: People) -> None:
    chosen, fields = "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40002", {"password": PASSWORD}
    made = folk.ask("leitung", "user_create", name="neu", email="neu@amt.example", id=chosen, **fields)
    assert made["id"] == chosen
    folk.ask("leitung", "user_delete", id="neu")
    other = folk.ask("leitung", "user_create", name="neuer", email="neuer@amt.example", id=chosen, **fields)
    assert other["id"] != chosen and folk.account(chosen).name == "neu"
    # What the command line writes is nobody's with an account.
    for number, reserved in enumerate((access.LOCAL.id, access.UNOWNED)):
        given = {"name": f"keine-{number}", "email": f"keine-{number}@amt.example", "id": reserved}
        assert folk.ask("leitung", "user_create", **given)["id"] != reserved


def test_an_account_without_a_password_and_one_with_a_token(folk: People) -> None:
    made = folk.ask("leitung", "user_create", name="neu", email="neu@amt.example", with_apitoken=True)
    assert held(folk, made["token"]).name == "neu" and "token" not in folk.ask("leitung", "user_show", id="neu")
    assert signing_in.sign_in(folk.instance.database, "neu", "") is None
    plain = folk.ask("leitung", "user_create", name="ohne", email="ohne@amt.example", password=PASSWORD)
    assert "token" not in plain and folk.ask("leitung", "api_token_list", user_id="ohne") == []
    bound = folk.actor("leitung", Scope.READ, Scope.ACCOUNTS)
    less = folk.ask(bound, "user_create", name="eng", email="eng@amt.example", with_apitoken=True)
    assert held(folk, less["token"]).scopes == {Scope.READ, Scope.ACCOUNTS}


def test_administrators_say_the_state_of_an_account_others_do_in_vain(folk: People) -> None:
    made = folk.ask("leitung", "user_create", name="neu", email="neu@amt.example", password=PASSWORD, state="pending")
    assert made["state"] == "pending" and signing_in.sign_in(folk.instance.database, "neu", PASSWORD) is None
    assert folk.ask("leitung", "user_patch", id="neu", state="active")["state"] == "active"
    assert signing_in.sign_in(folk.instance.database, "neu", PASSWORD) is not None
    assert folk.ask("amt", "user_patch", id="amt", state="deleted")["state"] == "active"
    assert (
        folk.ask(folk.actor("leitung", Scope.READ, Scope.ACCOUNTS), "user_patch", id="amt", state="deleted")["state"]
        == "active"
    )
    assert folk.ask("leitung", "user_patch", id="neu", state="deleted")["email"] == ""
    assert folk.refused("leitung", "user_patch", id="leitung", state="pending")[0] == 409
    gone = folk.ask("leitung", "user_create", name="fort", email="fort@amt.example", state="deleted")
    assert gone["state"] == "deleted" and "fort" not in folk.ask("leitung", "user_list", all_fields=False)


def test_what_programs_keep_with_an_account_is_for_administrators(folk: People) -> None:
    kept = {"karte": {"ebene": [1, 2]}}
    made = folk.ask("leitung", "user_create", name="neu", email="neu@amt.example", plugin_extras=kept)
    assert made["plugin_extras"] == kept and "plugin_extras" not in folk.ask("leitung", "user_show", id="neu")
    assert "plugin_extras" not in folk.ask("neu", "user_patch", id="neu", plugin_extras={"karte": 1})
    assert "plugin_extras" not in folk.ask("neu", "user_show", include_plugin_extras=True)
    assert folk.ask("leitung", "user_show", id="neu", include_plugin_extras=True)["plugin_extras"] == kept
    changed = folk.ask("leitung", "user_patch", id="neu", plugin_extras={"karte": {"ebene": [3]}})
    assert changed["plugin_extras"] == {"karte": {"ebene": [3]}}
    assert folk.ask("leitung", "user_show", id="amt", include_plugin_extras=True)["plugin_extras"] is None
    assert folk.refused("leitung", "user_patch", id="neu", plugin_extras="x")[0] == 409
    folk.ask("leitung", "user_delete", id="neu")
    assert folk.account("neu").plugin_extras is None


def test_the_order_of_accounts_is_by_what_whoever_asks_may_see(folk: People) -> None:
    folk.add("zz", fullname="Aue")

    def order(by: str, wanted: str) -> list[str]:
        return list(folk.ask(by, "user_list", order_by=wanted, all_fields=False))

    assert order("leitung", "display_name") == ["amt", "zz", "leitung", "zweit"]
    assert order("leitung", "fullname") == ["leitung", "amt", "zz", "zweit"]
    assert order("zweit", "fullname") == order("zweit", "display_name") == ["amt", "leitung", "zweit", "zz"]
    desks.write(folk.instance, desks.office(folk.instance), folk.actor("amt"), name="offen")
    assert order("leitung", "number_created_packages")[-1] == "amt"
    assert folk.refused("leitung", "user_list", order_by="edits")[0] == 409


def test_the_picture_of_an_account(folk: People) -> None:
    shown = folk.ask("amt", "user_patch", id="amt", image_url="https://bilder.example/baum.png")
    assert shown["image_url"] == shown["image_display_url"] == "https://bilder.example/baum.png"
    # The name of a file that is not here leads nowhere.
    shown = folk.ask("amt", "user_patch", id="amt", image_url="baum.jpg")
    assert (shown["image_url"], shown["image_display_url"]) == ("baum.jpg", "")
    for wrong in ("javascript:alert(1)", "../baum.png", "baum.svg"):
        assert folk.refused("amt", "user_patch", id="amt", image_url=wrong)[0] == 409


def test_who_is_invited_is_called_by_the_address(folk: People) -> None:
    with folk.instance.database.reading() as session:
        assert accounts.free_name(session, "Nutzer$%+abc@example.org") == "nutzer---abc"
        assert accounts.free_name(session, "Amt@example.org") == "amt-2"


def test_people_change_themselves(folk: People) -> None:
    patched = folk.ask("amt", "user_patch", id="amt", about="Wir pflegen Bäume.")
    assert (patched["about"], patched["fullname"]) == ("Wir pflegen Bäume.", "Amt für Bäume")
    replaced = folk.ask("amt", "user_update", id=folk.ids["amt"], email="amt@amt.example", fullname="Baumamt")
    assert (replaced["about"], replaced["fullname"], replaced["name"]) == ("", "Baumamt", "amt")
    assert folk.log("amt")[0] == ("account.update", "amt", {"fields": ["fullname", "about"]})


def test_a_new_password_ends_sessions(folk: People) -> None:
    before = folk.account("amt").session_key
    folk.ask("amt", "user_patch", id="amt", about="nur dies")
    assert folk.account("amt").session_key == before
    folk.ask("amt", "user_patch", id="amt", password="Eiche-2027-Gasse")
    after = folk.account("amt")
    assert after.session_key != before and passwords.fits(after.password, "Eiche-2027-Gasse")
    assert folk.log("amt")[0] == ("account.password", "amt", {"way": "api"})
    assert "Eiche" not in repr(folk.log("amt"))


def test_nobody_changes_others_nor_gives_oneself_rights(folk: People) -> None:
    for action in ("user_patch", "user_update"):
        assert folk.refused("zweit", action, id="amt", fullname="Gekapert")[0] == 403
        assert folk.refused("zweit", action, id="amt", password=PASSWORD)[0] == 403
        own = {"id": "zweit", "email": "zweit@amt.example"}
        assert folk.refused("zweit", action, **own, sysadmin=True)[0] == 403
        assert folk.refused("zweit", action, id="zweit", email="leitung2@amt.example")[0] == 403
        assert folk.refused(folk.actor("zweit", Scope.READ, Scope.DATASETS), action, id="zweit", fullname="x")[0] == 403
        assert folk.refused("leitung", action, id="nobody", fullname="x")[0] == 404
        assert folk.refused("leitung", action)[0] == 409
    assert folk.account("amt").fullname == "Amt für Bäume"
    assert (folk.account("zweit").admin, folk.account("zweit").email) == (False, "zweit@amt.example")


def test_a_taken_address_is_no_secret_found_by_trying(folk: People) -> None:
    tried = [folk.refused("zweit", "user_patch", id="zweit", email=f"{name}@amt.example") for name in ("amt", "frei")]
    assert tried[0] == tried[1]


def test_administrators_change_addresses_and_rights_but_never_lose_the_last(folk: People) -> None:
    changed = folk.ask("leitung", "user_patch", id="amt", email="baum@amt.example", sysadmin="true")
    assert (changed["email"], changed["sysadmin"]) == ("baum@amt.example", True)
    folk.ask("leitung", "user_patch", id="amt", sysadmin=False)
    for action, given in (("user_patch", {"sysadmin": False}), ("user_delete", {})):
        status, details = folk.refused("leitung", action, id="leitung", **given)
        assert status == 409 and "only administrator" in str(details)
    assert folk.account("leitung").admin


def test_a_name_stays(folk: People) -> None:
    assert set(folk.refused("amt", "user_patch", id="amt", name="anders")[1]) == {"name"}


def test_an_account_without_an_address_can_be_changed(folk: People) -> None:
    folk.add("still", email="")
    assert folk.ask("still", "user_patch", id="still", about="Ohne Adresse")["about"] == "Ohne Adresse"


def test_a_deleted_account_is_gone_for_all_but_administrators(folk: People) -> None:
    assert folk.refused("amt", "user_delete", id="zweit")[0] == 403
    folk.ask("leitung", "user_delete", id="zweit")
    assert folk.refused("amt", "user_show", id="zweit")[0] == 404
    left = folk.ask("leitung", "user_show", id="zweit")
    assert (left["state"], left["fullname"], left["email"]) == ("deleted", "", "")
    assert folk.ask("amt", "user_list", all_fields=False) == ["amt", "leitung"]
    assert folk.refused("leitung", "user_patch", id="zweit", about="x")[0] == 404
    taken = folk.refused("leitung", "user_create", name="zweit", email="z@amt.example", password=PASSWORD)
    assert set(taken[1]) == {"name"}


# Tokens


def held(folk: People, text: str) -> Actor:
    with folk.instance.database.reading() as session:
        return tokens.actor_from(folk.instance, session, {"Authorization": text})


def test_a_token_is_shown_once(folk: People) -> None:
    made = folk.ask("amt", "api_token_create", user="amt", name="Skript", expires_in=30)
    assert set(made) == {"token", "id"}
    assert held(folk, made["token"]).name == "amt"
    (listed,) = folk.ask("amt", "api_token_list", user_id="amt")
    assert (listed["id"], listed["name"], listed["user_id"]) == (made["id"], "Skript", folk.ids["amt"])
    assert listed["scopes"] == sorted(Scope)
    assert made["token"] not in repr(listed) and not {"token", "hash"} & set(listed)
    with folk.instance.database.reading() as session:
        (kept,) = session.scalars(sa.select(Token))
        assert kept.expires_at is not None and (kept.expires_at - kept.created_at).days == 30
        assert made["token"] not in repr([entry.details for entry in session.scalars(sa.select(AuditEntry))])


@pytest.mark.parametrize("own", [set(some) for n in range(1, 5) for some in itertools.combinations(Scope, n)])
def test_no_token_makes_one_that_can_more(folk: People, own: set[Scope]) -> None:
    maker = replace(folk.actor("leitung"), scopes=frozenset(own))
    may = {Scope.READ, Scope.ACCOUNTS} <= own
    for some in (set(each) for n in range(1, 5) for each in itertools.combinations(Scope, n)):
        wanted = {"user": "amt", "name": "x", "scopes": sorted(some)}
        if may and some <= own:
            assert set(held(folk, folk.ask(maker, "api_token_create", **wanted)["token"]).scopes) == some
        else:
            assert folk.refused(maker, "api_token_create", **wanted)[0] == 403
    if may:
        made = folk.ask(maker, "api_token_create", user="amt", name="ohne Angabe")
        assert set(held(folk, made["token"]).scopes) == own


def test_tokens_of_others(folk: People) -> None:
    own = folk.ask("amt", "api_token_create", name="eigener")
    for action, given in (("api_token_create", {"user": "amt", "name": "x"}), ("api_token_list", {"user_id": "amt"}),
                          ("api_token_revoke", {"token": own["token"]}), ("api_token_revoke", {"jti": own["id"]})):  # fmt: skip
        assert folk.refused("zweit", action, **given)[0] == 403
    assert [one["name"] for one in folk.ask("leitung", "api_token_list", user="amt")] == ["eigener"]
    assert held(folk, own["token"]).known


@pytest.mark.parametrize("by", ["amt", "leitung"])
@pytest.mark.parametrize("name", ["token", "jti"])
def test_a_revoked_token_is_nobody(folk: People, by: str, name: str) -> None:
    made = folk.ask("amt", "api_token_create", name="x")
    assert folk.ask(by, "api_token_revoke", **{name: made["token"] if name == "token" else made["id"]}) is None
    assert not held(folk, made["token"]).known
    assert folk.refused(by, "api_token_revoke", token=made["token"])[0] == (404 if by == "leitung" else 403)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, "name"),
        ({"name": "x", "scopes": ["alles"]}, "scopes"),
        ({"name": "x", "expires_in": "bald"}, "expires_in"),
        ({"name": "x", "expires_in": 0}, "message"),
        ({"name": "x", "expires_in": 10**14, "unit": 10**14}, "message"),
        ({"name": {"a": 1}}, "name"),
    ],
)
def test_tokens_that_cannot_be(folk: People, given: dict[str, Any], wrong: str) -> None:
    status, details = folk.refused("amt", "api_token_create", **given)
    assert (status, set(details)) == (409, {wrong})


# Invitations


@dataclass
class Postbox:
    """A mail server that keeps what it is sent."""

    mails: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 OK"


@contextmanager
def posting(folk: People) -> Iterator[Postbox]:
    box, port = Postbox(), ports.free()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    config = replace(folk.instance.config, mail_server=f"smtp://127.0.0.1:{port}", mail_from="katalog@example.org")
    before, folk.instance = folk.instance, replace(folk.instance, config=config)
    try:
        yield box
    finally:
        folk.instance = before
        controller.stop()
        asyncio.set_event_loop(None)


def admin_of(folk: People, name: str, holder_id: str) -> None:
    with folk.instance.database.writing() as session:
        accounts.give_role(session, holder_id, folk.ids[name], Capacity.ADMIN)


def test_an_admin_invites_to_the_own_organisation_only(folk: People) -> None:
    mine, other = desks.office(folk.instance), desks.office(folk.instance, "fremd")
    admin_of(folk, "amt", mine.id)
    invitation = {"email": "Neue.Kollegin@amt.example", "role": "editor"}
    with posting(folk) as box:
        assert folk.refused("amt", "user_invite", group_id=other.id, **invitation)[0] == 403
        assert folk.refused("zweit", "user_invite", group_id=mine.id, **invitation)[0] == 403
        assert folk.refused("amt", "user_invite", group_id="nirgends", **invitation)[0] == 404
        assert box.mails == []
        made = folk.ask("amt", "user_invite", group_id=mine.name, **invitation)
        assert folk.refused("amt", "user_invite", group_id=mine.name, **invitation)[0] == 409
    assert (made["name"], made["state"], made["email"]) == ("neue-kollegin", "pending", "neue.kollegin@amt.example")
    (sent,) = box.mails
    body = message_from_bytes(sent).get_payload(decode=True)
    assert isinstance(body, bytes) and b"https://daten.example.org/user/reset/" in body
    actor = folk.actor("neue-kollegin")
    assert dict(actor.roles) == {mine.id: Capacity.EDITOR}


def test_invitations_to_groups_and_names_that_are_taken(folk: People) -> None:
    group = Group(id="0" * 36, name="baeume", title="Bäume", extras=[], created_at=folk.account("amt").created_at)
    with folk.instance.database.writing() as session:
        session.add(group)
    with posting(folk):
        made = folk.ask("leitung", "user_invite", email="amt@anderswo.example", group_id="baeume", role="member")
    assert made["name"].startswith("amt-") and made["name"] != "amt"
    assert folk.refused("leitung", "user_invite", email="a@b.example", group_id="envi", role="member")[0] == 403


@pytest.mark.parametrize(("given", "wrong"), [({"role": "könig"}, "role"), ({"email": "nichts"}, "email"), ({"email": None}, "email")])  # fmt: skip
def test_invitations_that_cannot_be(folk: People, given: dict[str, Any], wrong: str) -> None:
    fields = {"email": "x@amt.example", "role": "member", "group_id": "amt"} | given
    status, details = folk.refused("leitung", "user_invite", **fields)
    assert (status, set(details)) == (409, {wrong})


def test_without_mail_there_is_no_account(folk: People) -> None:
    office = desks.office(folk.instance)
    status, details = folk.refused("leitung", "user_invite", email="x@amt.example", group_id=office.id, role="member")
    assert status == 409 and "could not be sent" in str(details)
    assert folk.ask("leitung", "user_list", all_fields=False) == ["amt", "leitung", "zweit"]
    with folk.instance.database.reading() as session:
        assert session.scalars(sa.select(Role)).all() == []
    with posting(folk):
        assert folk.ask("leitung", "user_invite", email="x@amt.example", group_id=office.id, role="member")["id"]


# Every action


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_actions_are_described(name: str) -> None:
    action: Action = ACTIONS[name]
    assert action.about.de and action.about.en
    assert action.writes == name.endswith(("create", "invite", "update", "patch", "delete", "revoke"))
    assert len({argument.name for argument in action.arguments}) == len(action.arguments)


@pytest.mark.parametrize("kind", databases.KINDS)
def test_on_both_databases(tmp_path: Path, kind: str) -> None:
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        folk = People(instance)
        folk.add("leitung", admin=True)
        folk.ask("leitung", "user_create", name="neu", email="neu@amt.example", password=PASSWORD, fullname="Neu")
        assert [one["name"] for one in folk.ask("leitung", "user_list", q="NEU")] == ["neu"]
        assert folk.ask("neu", "user_patch", id="neu", about="hier")["number_created_packages"] == 0
        made = folk.ask("neu", "api_token_create", name="x")
        assert [one["id"] for one in folk.ask("neu", "api_token_list")] == [made["id"]]
        for hostile in ("\x00", "\ud800", "'; --", "x" * 5000):
            assert folk.refused("neu", "user_show", id=hostile)[0] in (404, 409)
