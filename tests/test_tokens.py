"""Keys for programs, and who comes with a request."""

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import homes
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url

from catalog import accounts, tokens
from catalog.access import ALL_SCOPES, ANONYMOUS, Actor, Capacity, Scope
from catalog.db import now
from catalog.instance import Instance
from catalog.models_accounts import Account, Token
from dcat.errors import ConfigError, NotFoundError, StateError
from dcat.states import DELETED, PENDING


@pytest.fixture(params=KINDS)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    with database_url(request.param, tmp_path) as url, homes.home(tmp_path / "home", url) as opened:
        yield opened


def made(instance: Instance, of: str = "amt", **fields: object) -> tokens.Made:
    with instance.database.writing() as session:
        account = accounts.find(session, of) or accounts.add(session, of)
        return tokens.create(session, account, **fields)  # type: ignore[arg-type]


def who(instance: Instance, **headers: str) -> Actor:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with instance.database.reading() as session:
        return tokens.actor_from(instance, session, given)


def test_a_token_is_its_account_within_its_scopes(either: Instance) -> None:
    one = made(either, name="Ladeprogramm\n2", scopes={Scope.DATASETS, Scope.READ})
    with either.database.writing() as session:
        accounts.give_role(session, "org-1", one.token.account_id, Capacity.EDITOR)
    found = who(either, Authorization=one.text)
    assert (found.id, found.name, found.token_id) == (one.token.account_id, "amt", one.token.id)
    assert found.scopes == {Scope.DATASETS, Scope.READ} and found.roles == {"org-1": Capacity.EDITOR}
    assert one.token.name == "Ladeprogramm 2"


def test_only_the_hash_is_kept(instance: Instance) -> None:
    one = made(instance)
    assert len(one.text) == len(tokens.PREFIX) + 40 and one.text not in repr(one)
    with instance.database.reading() as session:
        kept = [str(value) for row in session.execute(sa.text("SELECT * FROM token")) for value in row]
    assert not any(one.text in value or one.text[9:] in value for value in kept)
    assert one.text.encode() not in (instance.config.home / "offenbar.db").read_bytes()


def test_headers_as_the_programs_of_ckan_send_them(instance: Instance) -> None:
    text = made(instance).text
    for value in (text, f"Bearer {text}", f"bearer  {text} ", f" {text}"):
        assert who(instance, Authorization=value).known
        assert who(instance, X_CKAN_API_Key=value).known
    assert who(instance, Authorization="Basic YTpi", X_CKAN_API_Key=text).known
    assert who(instance, Authorization=text, X_CKAN_API_Key=text).known


@pytest.mark.parametrize(
    "value",
    ["", "x", "Bearer", "Bearer ", "offenbar_", "offenbar_" + "x" * 40, "offenbar_" + "x" * 10**6, "Basic YTpi", "\0", "' OR 1=1 --",
     "offenbar_" + "ä" * 40, "offenbar_" + "%" * 40],
)  # fmt: skip
def test_a_wrong_token_is_nobody_and_no_error(instance: Instance, value: str) -> None:
    made(instance)
    assert who(instance, Authorization=value) is ANONYMOUS
    assert who(instance, X_CKAN_API_Key=value) is ANONYMOUS


def test_nobody_costs_no_query_and_somebody_two(instance: Instance) -> None:
    text = made(instance).text
    who(instance, Authorization=text)
    asked: list[str] = []
    sa.event.listen(instance.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    who(instance)
    who(instance, Authorization="wrong")
    assert [sql for sql in asked if sql.startswith("SELECT")] == []
    who(instance, Authorization=text)
    assert len([sql for sql in asked if not sql.startswith("BEGIN")]) == 2


def test_a_token_ends(either: Instance) -> None:
    one = made(either, days=1)
    assert who(either, Authorization=one.text).known
    with either.database.writing() as session:
        session.get_one(Token, one.token.id).expires_at = now() - datetime.timedelta(seconds=1)
    assert who(either, Authorization=one.text) is ANONYMOUS


@pytest.mark.parametrize("state", [PENDING, DELETED])
def test_the_token_of_an_account_that_is_not_active_is_nobody(instance: Instance, state: str) -> None:
    one = made(instance)
    with instance.database.writing() as session:
        session.get_one(Account, one.token.account_id).state = state
    assert who(instance, Authorization=one.text) is ANONYMOUS
    with instance.database.writing() as session, pytest.raises(StateError):
        tokens.create(session, session.get_one(Account, one.token.account_id))


def test_tokens_are_listed_and_revoked_by_id_or_text(either: Instance) -> None:
    first, second, other = made(either), made(either), made(either, "anderes")
    with either.database.writing() as session:
        assert {token.id for token, _ in tokens.tokens(session, first.token.account_id)} == {
            first.token.id,
            second.token.id,
        }
        assert {name for _, name in tokens.tokens(session)} == {"amt", "anderes"}
        tokens.revoke(session, tokens.require(session, first.token.id))
        tokens.revoke(session, tokens.require(session, second.text))
        for wrong in (first.token.id, second.text, "", "\0", "x" * 10**5):
            with pytest.raises(NotFoundError) as told:
                tokens.require(session, wrong)
            assert not wrong or wrong not in told.value.message.de
    assert who(either, Authorization=first.text) is who(either, Authorization=second.text) is ANONYMOUS
    assert who(either, Authorization=other.text).known


def test_no_token_gives_more_than_its_maker_has(instance: Instance) -> None:
    narrow = frozenset({Scope.ACCOUNTS})
    with instance.database.writing() as session:
        account = accounts.add(session, "amt", admin=True)
        for wanted in (ALL_SCOPES, {Scope.DATASETS}, {Scope.ACCOUNTS, Scope.READ}, ()):
            with pytest.raises(ConfigError):
                tokens.create(session, account, scopes=wanted, within=narrow)
        assert tokens.create(session, account, scopes=narrow, within=narrow).token.scopes == ["accounts"]


@pytest.mark.parametrize("days", [0, -1, tokens.MOST_DAYS + 1, 10**12])
def test_every_token_ends_some_day(instance: Instance, days: int) -> None:
    with pytest.raises(ConfigError):
        made(instance, days=days)


def test_an_account_has_so_many_tokens(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 3)
    found = [made(instance) for _ in range(3)]
    with pytest.raises(StateError):
        made(instance)
    with instance.database.writing() as session:
        session.get_one(Token, found[0].token.id).expires_at = now() - datetime.timedelta(seconds=1)
    made(instance)
    with instance.database.reading() as session:
        assert session.get(Token, found[0].token.id) is None, "those that are over are let go"


def test_the_last_use_is_noted_once_an_hour(either: Instance) -> None:
    one = made(either)

    def used() -> datetime.datetime | None:
        with either.database.reading() as session:
            return session.get_one(Token, one.token.id).used_at

    assert used() is None
    who(either, Authorization=one.text)
    first = used()
    assert first is not None
    who(either, Authorization=one.text)
    assert used() == first
    with either.database.writing() as session:
        session.get_one(Token, one.token.id).used_at = first - tokens.NOTED
    who(either, Authorization=one.text)
    assert used() not in (first, first - tokens.NOTED)


def test_within_a_write_nobody_waits_for_themselves(either: Instance) -> None:
    one = made(either)
    done = threading.Event()

    def write() -> None:
        with either.database.writing() as session:
            session.execute(sa.update(Token).values(name="x"))
            assert tokens.actor_from(either, session, {"Authorization": one.text}).known
        done.set()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    assert done.wait(10)
    thread.join()
