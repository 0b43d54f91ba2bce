"""Accounts, roles, passwords and the log of who did what: on both databases where that may differ."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import homes
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url

from catalog import accounts, audit, passwords, signing_in, tokens
from catalog.access import ANONYMOUS, Capacity
from catalog.db import now
from catalog.instance import Instance
from catalog.models_accounts import Account, AuditEntry, Collaborator, Role, Token
from dcat.errors import ConfigError, NotFoundError, StateError
from dcat.states import DELETED, PENDING

PASSWORD = "ein langes Kennwort"


@pytest.fixture(params=KINDS)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    with database_url(request.param, tmp_path) as url, homes.home(tmp_path / "home", url) as opened:
        yield opened


def test_an_account_gets_an_id_of_ours(either: Instance) -> None:
    """CVE-2022-43685: there is no way to choose the id, and no name that looks like one."""
    with either.database.writing() as session:
        account = accounts.add(session, "amt-1", PASSWORD, email=" Amt@Example.ORG ", fullname="Amt\n für  Daten")
        assert len(account.id) == 36 and account.email == "amt@example.org" and account.fullname == "Amt für Daten"
        assert account.password.startswith("$argon2id$") and PASSWORD not in account.password
        assert accounts.find(session, "amt-1") is account is accounts.find(session, account.id)
        assert accounts.find_by_email(session, "AMT@example.org") is account
        with pytest.raises(ConfigError):
            accounts.add(session, account.id)


@pytest.mark.parametrize(
    "name", ["", "a", "A", "Amt", "ä", "a b", "a/b", "../x", "amt\n", "amt\0", "x" * 101, "a.b", "\u202eamt"]
)
def test_names_are_those_ckan_takes(instance: Instance, name: str) -> None:
    with instance.database.writing() as session:
        with pytest.raises(ConfigError):
            accounts.add(session, name)
        assert accounts.find(session, name) is None
        with pytest.raises(NotFoundError):
            accounts.require(session, name)


@pytest.mark.parametrize("email", ["a", "a@", "@b", "a b@c", "a@b\nBcc: x@y", "a@b\0", "a@b,c@d", "a" * 65 + "@b", "a@" + "b." * 200, "ä@b.de", "<a@b>"])  # fmt: skip
def test_addresses_that_are_none_are_refused(instance: Instance, email: str) -> None:
    with instance.database.writing() as session:
        with pytest.raises(ConfigError):
            accounts.add(session, "amt", email=email)
        assert accounts.find_by_email(session, email) is None


@pytest.mark.parametrize("password", ["", "kurz", "1234567", "aaaaaaaaaaaa", "        ", "ä" * 501, "x" * 1001])
def test_passwords_are_neither_too_short_nor_too_long(password: str) -> None:
    with pytest.raises(ConfigError):
        passwords.hashed(password)


def test_a_password_fits_its_own_hash_only() -> None:
    stored = passwords.hashed("pässwörter \N{SNOWMAN}")
    assert passwords.fits(stored, "pässwörter \N{SNOWMAN}")
    assert stored != passwords.hashed("pässwörter \N{SNOWMAN}"), "salted"
    assert not passwords.outdated(stored)
    for wrong in ("", "pässwörter", "x" * 1_000_000, "\0", "\ud800"):
        assert not passwords.fits(stored, wrong)
    for broken in ("", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"):
        assert not passwords.fits(broken, "x")


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    seconds = [int(passwords.pause(failures).total_seconds()) for failures in (0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 10**6)]
    assert seconds == [0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]


def test_nobody_has_the_name_or_address_of_another(either: Instance) -> None:
    with either.database.writing() as session:
        accounts.add(session, "amt", email="amt@example.org")
        with pytest.raises(StateError):
            accounts.add(session, "amt")
        with pytest.raises(StateError):
            accounts.add(session, "amt2", email="AMT@example.org")
        other = accounts.add(session, "amt3")
        with pytest.raises(StateError):
            accounts.administer(session, other, email="amt@EXAMPLE.org")
        assert accounts.administer(session, other, email="") == []


def test_people_change_what_is_theirs(instance: Instance) -> None:
    with instance.database.writing() as session:
        account = accounts.add(session, "amt")
        assert accounts.change(
            account, fullname="Neu\r\nINFO x", about="a\0b", image_url="https://example.org/x.png"
        ) == [
            "fullname",
            "about",
            "image_url",
        ]
        assert account.fullname == "Neu INFO x" and account.about == "ab"
        assert accounts.change(account, fullname="Neu INFO x") == []
        for image in ("javascript:alert(1)", "data:text/html,x", "http://", "https://e.org/" + "x" * 2000):
            with pytest.raises(ConfigError):
                accounts.change(account, image_url=image)


def test_roles_and_collaborations_make_the_actor(either: Instance) -> None:
    with either.database.writing() as session:
        account = accounts.add(session, "amt")
        accounts.give_role(session, "org-1", account.id, Capacity.MEMBER)
        accounts.give_role(session, "org-1", account.id, Capacity.EDITOR)
        accounts.give_role(session, "org-2", account.id, Capacity.ADMIN)
        accounts.share(session, "set-1", account.id, Capacity.MEMBER)
    with either.database.reading() as session:
        found = accounts.actor(session, accounts.require(session, "amt"))
        assert found.roles == {"org-1": Capacity.EDITOR, "org-2": Capacity.ADMIN}
        assert found.shared == {"set-1": Capacity.MEMBER} and not found.admin and found.known
        assert [(one.name, capacity) for one, capacity in accounts.members(session, "org-1")] == [("amt", "editor")]
        assert [one.account_id for one in accounts.collaborators(session, "set-1")] == [account.id]
        assert [one.dataset_id for one in accounts.shared_with(session, account.id)] == ["set-1"]
    with either.database.writing() as session:
        assert accounts.take_role(session, "org-1", account.id) and not accounts.take_role(session, "org-1", account.id)
        assert accounts.unshare(session, "set-1", account.id) and not accounts.unshare(session, "set-1", account.id)
    with either.database.reading() as session:
        assert accounts.actor(session, account).roles == {"org-2": Capacity.ADMIN}


def test_an_actor_costs_one_query_however_many_roles(instance: Instance) -> None:
    with instance.database.writing() as session:
        account = accounts.add(session, "amt")
        for number in range(50):
            accounts.give_role(session, f"org-{number}", account.id, Capacity.MEMBER)
            accounts.share(session, f"set-{number}", account.id, Capacity.MEMBER)
    asked: list[str] = []
    with instance.database.reading() as session:
        session.connection()
        sa.event.listen(instance.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        assert len(accounts.actor(session, account).roles) == 50
    assert len(asked) == 1


def test_a_deleted_account_leaves_its_name_and_nothing_else(either: Instance) -> None:
    with either.database.writing() as session:
        accounts.add(session, "chefin", admin=True)
        account = accounts.add(session, "amt", PASSWORD, email="amt@example.org", fullname="Amt", admin=True)
        accounts.change(account, about="über mich")
        made = tokens.create(session, account)
        accounts.give_role(session, "org-1", account.id, Capacity.ADMIN)
        accounts.share(session, "set-1", account.id, Capacity.ADMIN)
        key = account.session_key
        accounts.delete(session, account)
    with either.database.reading() as session:
        row = session.get_one(Account, account.id)
        assert (row.fullname, row.email, row.about, row.password, row.admin) == ("", "", "", "", False)
        assert row.state == DELETED and row.session_key != key
        for table in (Token, Role, Collaborator):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert not tokens.actor_from(either, session, {"Authorization": made.text}).known
        assert [one.name for one in accounts.accounts(session)] == ["chefin"]
        assert [one.name for one in accounts.accounts(session, deleted=True)] == ["amt", "chefin"]
    assert signing_in.sign_in(either.database, "amt", PASSWORD) is None
    with either.database.writing() as session, pytest.raises(StateError):
        accounts.add(session, "amt")


def test_the_last_administrator_stays(instance: Instance) -> None:
    with instance.database.writing() as session:
        account = accounts.add(session, "chefin", admin=True)
        accounts.add(session, "eingeladen", admin=True, state=PENDING)
        with pytest.raises(StateError):
            accounts.delete(session, account)
        with pytest.raises(StateError):
            accounts.administer(session, account, admin=False)
        accounts.add(session, "zweite", admin=True)
        assert accounts.administer(session, account, admin=False) == ["admin"]


# Coming in


def test_failures_pause_and_success_forgets(either: Instance) -> None:
    database = either.database
    with database.writing() as session:
        accounts.add(session, "amt", PASSWORD)
    for _ in range(passwords.FREE_FAILURES):
        assert signing_in.sign_in(database, "amt", "falsch") is None
    found = signing_in.sign_in(database, "amt", PASSWORD)
    assert found is not None and found.failures == 0, "some failures are free"
    for _ in range(passwords.FREE_FAILURES + 3):
        assert signing_in.sign_in(database, "amt", "falsch") is None
    with database.reading() as session:
        account = accounts.require(session, "amt")
        assert account.failures == passwords.FREE_FAILURES + 1, "attempts in a pause do not make it longer"
        assert account.locked_until is not None
        assert now() < account.locked_until <= now() + datetime.timedelta(seconds=15)
    assert signing_in.sign_in(database, "amt", PASSWORD) is None
    with database.writing() as session:
        accounts.set_password(accounts.require(session, "amt"), "ein neues Kennwort")
    assert signing_in.sign_in(database, "amt", "ein neues Kennwort") is not None, "a new password ends the pause"


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(instance: Instance) -> None:
    with instance.database.writing() as session:
        accounts.add(session, "amt", PASSWORD)
    guesses = [Thread(target=signing_in.sign_in, args=(instance.database, "amt", "falsch")) for _ in range(12)]
    for guess in guesses:
        guess.start()
    for guess in guesses:
        guess.join()
    with instance.database.reading() as session:
        assert accounts.require(session, "amt").failures == passwords.FREE_FAILURES + 1


def test_unknown_names_cost_as_much_as_known_ones(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = passwords._HASHER

    class Counting:
        def verify(self, stored: str, given: bytes) -> bool:
            seen.append(stored.rsplit("$", 2)[0])
            return real.verify(stored, given)

        hash = staticmethod(real.hash)

    with instance.database.writing() as session:
        accounts.add(session, "amt", PASSWORD)
        accounts.add(session, "nur-oidc")
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    for name in ("amt", "niemand", "nur-oidc", "", "niemand@example.org"):
        assert signing_in.sign_in(instance.database, name, "falsch") is None
    assert len(seen) == 5 and len(set(seen)) == 1, "the same parameters each time"


def test_an_old_hash_is_made_anew_at_the_door(instance: Instance) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with instance.database.writing() as session:
        accounts.add(session, "amt").password = weak
    assert signing_in.sign_in(instance.database, "amt", PASSWORD) is not None
    with instance.database.reading() as session:
        stored = accounts.require(session, "amt").password
    assert stored != weak and not passwords.outdated(stored) and passwords.fits(stored, PASSWORD)


# The log


def test_the_log_is_part_of_the_deed(either: Instance) -> None:
    with pytest.raises(ZeroDivisionError), either.database.writing() as session:
        audit.note(session, ANONYMOUS, "dataset.create", "x")
        raise ZeroDivisionError
    with either.database.reading() as session:
        assert audit.entries(session) == []


def test_nothing_in_the_log_looks_like_another_entry(either: Instance) -> None:
    """CVE-2024-27097: line ends and directions in names and user agents."""
    bad = "amt\r\n2026-11-22 INFO root logged in\u2028\u202e\x1b[31m\0\x85end"
    with either.database.writing() as session:
        audit.note(session, ANONYMOUS, bad, bad, bad, agent=bad, fields=[bad, 1, None], **{"a\nb": {"x": bad}})
    with either.database.reading() as session:
        ((entry, who),) = audit.entries(session)
    written = [entry.action, entry.object_id, entry.name, *map(str, entry.details), entry.details["agent"], *map(str, entry.details["fields"]), entry.details["a b"]]  # fmt: skip
    assert all(text.isprintable() for text in written)
    assert entry.details["fields"][1:] == [1, None] and who == ""


def test_large_details_are_cut(instance: Instance) -> None:
    with instance.database.writing() as session:
        audit.note(session, ANONYMOUS, "x", name="y" * 10**6, many=list(range(10**5)), text="z" * 10**6)
        ((entry, _),) = audit.entries(session)
    assert len(entry.name) == 500 and len(entry.details["many"]) == 50 and len(entry.details["text"]) == 500


@pytest.mark.parametrize("name", ["password", "token", "secret", "hash", "session_key"])
def test_secrets_are_not_logged(instance: Instance, name: str) -> None:
    with instance.database.writing() as session, pytest.raises(ValueError, match="secret"):
        audit.note(session, ANONYMOUS, "x", **{name: "x"})


def test_the_log_is_read_by_object_account_and_page(either: Instance) -> None:
    with either.database.writing() as session:
        actor = accounts.actor(session, accounts.add(session, "amt"))
        for number in range(5):
            audit.note(session, actor if number % 2 else ANONYMOUS, "dataset.update", f"set-{number % 3}")
            session.flush()
    with either.database.reading() as session:

        def listed(**wanted: object) -> list[str]:
            return [entry.object_id for entry, _ in audit.entries(session, **wanted)]  # type: ignore[arg-type]

        assert listed() == ["set-1", "set-0", "set-2", "set-1", "set-0"]
        assert listed(object_id="set-0") == ["set-0", "set-0"]
        assert listed(account_id=actor.id) == ["set-0", "set-1"]
        assert listed(action="nothing") == []
        first = audit.entries(session, limit=2)
        assert listed(before=first[-1][0].seq) == ["set-2", "set-1", "set-0"]
        assert {name for _, name in audit.entries(session, account_id=actor.id)} == {"amt"}
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 5
