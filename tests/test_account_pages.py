"""Signing in and out, one's own account, tokens and passwords in the browser; and what an attacker would try."""

import asyncio
import datetime
import re
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import homes
import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from catalog import account_links, accounts, audit, tokens
from catalog.access import Actor, Capacity, Scope
from catalog.app import create_app
from catalog.db import now
from catalog.instance import Instance
from catalog.web import account_pages, sessions
from catalog.web.doorstep import Doorstep
from dcat.states import PENDING

BASE = "https://daten.example.org"
NAME, PASSWORD, OTHER = "erika", "ein langes Kennwort", "ein ganz anderes Kennwort"


@pytest.fixture
def app(instance: Instance) -> Flask:
    with instance.database.writing() as session:
        accounts.add(session, NAME, PASSWORD, email="erika@example.org", fullname="Erika Beispiel", admin=True)
    return create_app(instance)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def get(client: FlaskClient, path: str, status: int = 200, **headers: str) -> TestResponse:
    answer = client.get(path, base_url=BASE, headers=headers)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
    return answer


def form_token(client: FlaskClient, path: str = "/user/login") -> str:
    found = html.document_fromstring(client.get(path, base_url=BASE).text).xpath("//input[@name='csrf_token']/@value")
    assert found
    return str(found[0])


def post(client: FlaskClient, path: str, status: int = 200, page: str = "/user/me", **fields: object) -> TestResponse:
    data = {"csrf_token": form_token(client, page), **fields}
    answer = client.post(path, base_url=BASE, data=data)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
    return answer


def sign_in(client: FlaskClient, status: int = 303, name: str = NAME, password: str = PASSWORD) -> TestResponse:
    return post(client, "/user/login", status, page="/user/login", name=name, password=password)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("offenbar", domain="daten.example.org")
    return found.value if found else ""


def say(answer: TestResponse) -> str:
    return " ".join(html.document_fromstring(answer.text).xpath("//main")[0].text_content().split())


def actions(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return [entry.action for entry, _ in reversed(audit.entries(session))]


# In and out


def test_somebody_signs_in_and_out(instance: Instance, client: FlaskClient) -> None:
    assert get(client, "/user/me", 303).location == "/user/login"
    answer = sign_in(client)
    assert answer.location == "/user/me"
    assert "erika@example.org" in get(client, "/user/me").text
    assert get(client, "/user/login", 303).location == "/user/me"
    post(client, "/user/logout", 303)
    get(client, "/user/me", 303)
    assert actions(instance) == ["account.login", "account.logout"]


def test_the_e_mail_address_is_a_name_too(client: FlaskClient) -> None:
    sign_in(client, name=" Erika@Example.org ")


@pytest.mark.parametrize(
    ("name", "password"),
    [(NAME, "falsch"), (NAME, ""), ("niemand", PASSWORD), ("", ""), ("\0", "\0"), (NAME, "x" * 5000), ("a@b", "\ud800"),
     (NAME, PASSWORD + " "), ("' OR 1=1 --", "x"), ("erika\nroot", PASSWORD)],
)  # fmt: skip
def test_whatever_is_wrong_the_answer_is_the_same(client: FlaskClient, name: str, password: str) -> None:
    data = {"csrf_token": form_token(client), "name": name, "password": password.encode("utf-8", "surrogatepass")}
    answer = client.post("/user/login", base_url=BASE, data=data)
    assert answer.status_code == 403
    assert "Name oder Kennwort stimmen nicht." in say(answer)
    get(client, "/user/me", 303)


def test_the_cookie_is_for_this_site_and_no_script(client: FlaskClient) -> None:
    sent = sign_in(client).headers["Set-Cookie"]
    assert "Secure" in sent and "HttpOnly" in sent and "SameSite=Lax" in sent and "Path=/" in sent


def test_below_a_path_the_cookie_is_for_that_path(instance: Instance) -> None:
    with instance.database.writing() as session:
        accounts.add(session, NAME, PASSWORD)
    config = replace(instance.config, site_url="https://example.org/daten")
    client = create_app(replace(instance, config=config)).test_client()
    answer = client.get("/daten/user/login", base_url="https://example.org")
    assert "Path=/daten" in answer.headers["Set-Cookie"]


def test_a_session_given_before_signing_in_is_worth_nothing(app: Flask, client: FlaskClient) -> None:
    """CVE-2025-64100: an attacker who sets the cookie first does not share the session."""
    form_token(client)
    planted = cookie(client)
    sign_in(client)
    assert cookie(client) != planted
    attacker = app.test_client()
    attacker.set_cookie("offenbar", planted, domain="daten.example.org")
    get(attacker, "/user/me", 303)


def test_every_sign_in_makes_a_new_session(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    first = cookie(client)
    with client.session_transaction(base_url=BASE) as found:
        one = found["id"]
    post(client, "/user/logout", 303)
    sign_in(client)
    with client.session_transaction(base_url=BASE) as found:
        assert found["id"] != one
    stolen = app.test_client()
    stolen.set_cookie("offenbar", first, domain="daten.example.org")
    get(stolen, "/user/me", 303)


def test_a_session_is_over_after_twelve_hours(client: FlaskClient) -> None:
    sign_in(client)
    with client.session_transaction(base_url=BASE) as found:
        found["since"] -= int(sessions.LASTS.total_seconds()) - 5
    get(client, "/user/me")
    with client.session_transaction(base_url=BASE) as found:
        found["since"] -= 10
    get(client, "/user/me", 303)


@pytest.mark.parametrize("field", ["account", "key", "since"])
def test_a_session_with_odd_values_is_none(client: FlaskClient, field: str) -> None:
    sign_in(client)
    for value in (None, "", [], {"a": 1}, 10**30, "x"):
        with client.session_transaction(base_url=BASE) as found:
            kept = dict(found)
            found[field] = value
        get(client, "/user/me", 303)
        with client.session_transaction(base_url=BASE) as found:
            found.update(kept)
    get(client, "/user/me")


def test_a_deleted_account_is_out_at_once(instance: Instance, client: FlaskClient) -> None:
    sign_in(client)
    with instance.database.writing() as session:
        accounts.add(session, "zweite", PASSWORD, admin=True)
        accounts.delete(session, accounts.require(session, NAME))
    get(client, "/user/me", 303)
    sign_in(client, 403)


def test_somebody_goes_on_only_within_the_site(client: FlaskClient) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil", "steward\n"):
        page = get(client, "/user/login?next=" + target.replace("\n", "%0a"))
        assert "evil" not in say(page) and 'value=""' in page.text
    answer = post(client, "/user/login", 303, page="/user/login", name=NAME, password=PASSWORD, next="//evil.example")
    assert answer.location == "/user/me"
    post(client, "/user/logout", 303)
    answer = post(client, "/user/login", 303, page="/user/login", name=NAME, password=PASSWORD, next="steward")
    assert answer.location == "/steward"


# Guessing


def test_wrong_passwords_make_a_pause_that_even_the_right_one_waits_for(
    instance: Instance, client: FlaskClient
) -> None:
    for _ in range(5):
        sign_in(client, 403, password="falsch")
    assert "Name oder Kennwort stimmen nicht." in say(sign_in(client, 403))
    with instance.database.writing() as session:
        account = accounts.require(session, NAME)
        assert account.failures == 5 and account.locked_until is not None
        account.locked_until = now()
    sign_in(client)
    with instance.database.reading() as session:
        assert accounts.require(session, NAME).failures == 0
    assert "account.pause" in actions(instance)


def test_a_network_gets_so_many_attempts(client: FlaskClient) -> None:
    for number in range(account_pages.BURST):
        sign_in(client, 403, name=f"niemand{number}")
    answer = sign_in(client, 429, name="noch-jemand")
    assert int(answer.headers["Retry-After"]) > 0
    assert "zu viele" in say(answer)


def test_the_attempts_of_a_network_are_those_at_all_web_workers(
    instance: Instance, app: Flask, client: FlaskClient
) -> None:
    other = create_app(instance).test_client()
    for number in range(account_pages.BURST):
        sign_in((client, other)[number % 2], 403, name=f"niemand{number}")
    for one in (client, other):
        assert int(sign_in(one, 429, name="noch-jemand").headers["Retry-After"]) > 0
    kept = Path(app.extensions["offenbar.doorstep"].file)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and b"127.0.0.1" not in kept.read_bytes()
    kept.write_bytes(b"half of i")
    sign_in(client, 403, name="und-noch-jemand")


def test_attempts_come_back_with_time_and_are_forgotten(tmp_path: Path) -> None:
    first, second = (Doorstep(tmp_path / "doorstep", "geheim", burst=2, refill=3.0) for _ in range(2))
    assert [first.wait("a", 100.0), second.wait("a", 100.0), first.wait("a", 100.0)] == [0, 0, 3.0]
    assert second.wait("b", 100.0) == 0
    assert first.wait("a", 102.0) == pytest.approx(1.0) and second.wait("a", 103.0) == 0
    assert first.wait("a", 103.0) > 0
    assert 0 < second.wait("a", 50.0) <= 3.0, "the clock was put back"
    assert first.wait("c", 1000.0) == 0 and len(orjson.loads((tmp_path / "doorstep").read_bytes())) == 1


def test_many_at_once_get_no_more_attempts(tmp_path: Path) -> None:
    steps = [Doorstep(tmp_path / "doorstep", "geheim", burst=10, refill=60.0) for _ in range(4)]
    granted: list[float] = []
    threads = [
        threading.Thread(target=lambda step=step: granted.extend(step.wait("a", 100.0) for _ in range(10)))
        for step in steps
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(granted) == 40 and granted.count(0.0) == 10


# Forms of others


@pytest.mark.parametrize(
    "path",
    ["/user/login", "/user/logout", "/user/me", "/user/me/password", "/user/me/sessions", "/user/me/tokens",
     "/user/me/tokens/0b8c5a52-4f0e-4a0c-9a0e-1d2c3b4a5f60", "/user/reset", "/user/reset/x"],
)  # fmt: skip
def test_a_form_that_is_not_ours_does_nothing(instance: Instance, app: Flask, client: FlaskClient, path: str) -> None:
    """CVE-2026-41255: each request is looked at, also after one that was fine, or an anonymous one."""
    stranger = app.test_client()
    get(stranger, "/user/login")
    sign_in(client)
    before = actions(instance)
    data = {
        "name": NAME,
        "password": PASSWORD,
        "new": OTHER,
        "again": OTHER,
        "label": "x",
        "scope": "read",
        "days": "30",
    }
    for given in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": form_token(stranger)}, {}):
        answer = client.post(path, base_url=BASE, data=data | given)
        assert answer.status_code == 400
        assert "Formular gilt nicht mehr" in say(answer)
    assert actions(instance) == before
    get(client, "/user/me")


def test_a_form_of_an_earlier_session_is_over(client: FlaskClient) -> None:
    old = form_token(client)
    sign_in(client)
    answer = client.post("/user/me/sessions", base_url=BASE, data={"csrf_token": old})
    assert answer.status_code == 400


# One's own account


def test_the_name_is_changed_and_written_in_one_line(instance: Instance, client: FlaskClient) -> None:
    sign_in(client)
    page = post(client, "/user/me", fullname="Erika\r\nINFO root logged in\u202e <b>x</b>")
    assert "&lt;b&gt;" in page.text and "<b>x" not in page.text
    with instance.database.reading() as session:
        assert accounts.require(session, NAME).fullname == "Erika INFO root logged in <b>x</b>"


def test_a_new_password_ends_every_other_session(app: Flask, instance: Instance, client: FlaskClient) -> None:
    elsewhere = app.test_client()
    sign_in(client)
    sign_in(elsewhere)
    before = cookie(client)
    post(client, "/user/me/password", password=PASSWORD, new=OTHER, again=OTHER)
    assert cookie(client) != before
    get(client, "/user/me")
    get(elsewhere, "/user/me", 303)
    sign_in(elsewhere, 403)
    sign_in(elsewhere, password=OTHER)
    assert actions(instance).count("account.password") == 1


@pytest.mark.parametrize(
    ("password", "new", "again"),
    [("falsch", OTHER, OTHER), (PASSWORD, OTHER, OTHER + "x"), (PASSWORD, "kurz", "kurz"), (PASSWORD, "", ""),
     (PASSWORD, "ä" * 501, "ä" * 501), (PASSWORD, "aaaaaaaaaa", "aaaaaaaaaa")],
)  # fmt: skip
def test_a_password_is_not_changed_without_the_old_one_or_to_a_bad_one(
    client: FlaskClient, password: str, new: str, again: str
) -> None:
    sign_in(client)
    answer = post(client, "/user/me/password", 400, password=password, new=new, again=again)
    assert "Das ging nicht" in say(answer) and password not in say(answer)
    sign_in(client.application.test_client())


def test_guessing_the_old_password_counts(instance: Instance, client: FlaskClient) -> None:
    sign_in(client)
    post(client, "/user/me/password", 400, password="falsch", new=OTHER, again=OTHER)
    with instance.database.reading() as session:
        assert accounts.require(session, NAME).failures == 1


def test_all_other_browsers_are_signed_out(app: Flask, client: FlaskClient) -> None:
    elsewhere = app.test_client()
    sign_in(client)
    sign_in(elsewhere)
    post(client, "/user/me/sessions")
    get(client, "/user/me")
    get(elsewhere, "/user/me", 303)


def test_a_token_is_shown_once_and_revoked(instance: Instance, client: FlaskClient) -> None:
    sign_in(client)
    page = post(client, "/user/me/tokens", label="Ladeprogramm", scope=["read", "datasets"], days="30")
    (text,) = re.findall(r"offenbar_[A-Za-z0-9_-]{40}", page.text)
    assert page.headers["Cache-Control"] == "no-store"
    again = get(client, "/user/me").text
    assert text not in again and "Ladeprogramm" in again
    with instance.database.reading() as session:
        found = tokens.actor_from(instance, session, {"Authorization": text})
        assert found.name == NAME and found.scopes == {Scope.READ, Scope.DATASETS}
        ((token, _),) = tokens.tokens(session)
        assert token.expires_at is not None
        assert datetime.timedelta(days=29) < token.expires_at - now() < datetime.timedelta(days=31)
    post(client, f"/user/me/tokens/{token.id}")
    with instance.database.reading() as session:
        assert not tokens.actor_from(instance, session, {"Authorization": text}).known
    assert text not in str([(e.name, e.details) for e, _ in _entries(instance)])


def _entries(instance: Instance) -> list[tuple[audit.AuditEntry, str]]:
    with instance.database.reading() as session:
        return audit.entries(session)


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "read"},
        {"days": "30"},
        {"scope": "x", "days": "30"},
        {"scope": "read", "days": "9" * 30},
        {"scope": "read", "days": "²"},
    ],
)
def test_a_token_needs_scopes_and_an_end(client: FlaskClient, fields: dict[str, str]) -> None:
    sign_in(client)
    post(client, "/user/me/tokens", 400, label="x", **fields)


def test_nobody_revokes_the_token_of_somebody_else(instance: Instance, client: FlaskClient) -> None:
    with instance.database.writing() as session:
        other = accounts.add(session, "andere")
        made = tokens.create(session, other)
    sign_in(client)
    post(client, f"/user/me/tokens/{made.token.id}", 404)
    with instance.database.reading() as session:
        assert tokens.actor_from(instance, session, {"Authorization": made.text}).known


# What others see


def test_pages_of_accounts_are_kept_by_nobody(client: FlaskClient) -> None:
    for path in ("/user/login", "/user/reset", "/user/me", "/user/reset/x"):
        answer = client.get(path, base_url=BASE)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "path", ["/", "/dataset", "/organization", "/sources", "/requests", "/check", "/dashboard", "/schema"]
)
def test_public_pages_are_the_same_for_everybody(app: Flask, client: FlaskClient, path: str) -> None:
    anybody = get(app.test_client(), path)
    sign_in(client)
    mine = get(client, path)
    assert mine.data == anybody.data
    assert "Set-Cookie" not in mine.headers and "erika" not in mine.text.lower()


def test_names_of_people_are_on_no_public_page(instance: Instance, app: Flask) -> None:
    client = app.test_client()
    for path in ("/user/erika", "/user", "/user/", "/user/edit/erika", "/users"):
        assert client.get(path, base_url=BASE).status_code == 404
    for path in ("/", "/dataset", "/organization", "/api/3/action/status_show", "/catalog.ttl", "/sitemap.xml"):
        answer = client.get(path, base_url=BASE)
        assert "erika" not in answer.text.lower() and "Beispiel, Erika" not in answer.text


def test_pages_speak_english(client: FlaskClient) -> None:
    assert "Sign in" in say(get(client, "/user/login?lang=en"))
    sign_in(client)
    assert "My account" in say(get(client, "/user/me?lang=en"))


# The link to a new password


class Postbox:
    """A mail server on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.mails.append(envelope.content)  # type: ignore[attr-defined]
        return "250 OK"

    def links(self, count: int) -> list[str]:
        until = now() + datetime.timedelta(seconds=10)
        while len(self.mails) < count and now() < until:
            asyncio.run(asyncio.sleep(0.02))
        assert len(self.mails) == count
        texts = [message_from_bytes(mail).get_payload(decode=True).decode() for mail in self.mails]
        return [re.findall(r"https://daten\.example\.org(/user/reset/\S+)", text)[0] for text in texts]


@pytest.fixture
def postbox(instance: Instance) -> Iterator[tuple[Postbox, Instance]]:
    from aiosmtpd.controller import Controller

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    config = replace(instance.config, mail_server=f"smtp://127.0.0.1:{port}", mail_from="katalog@example.org")
    yield box, replace(instance, config=config)
    controller.stop()


@pytest.fixture
def mailing(postbox: tuple[Postbox, Instance], app: Flask) -> FlaskClient:
    return create_app(postbox[1]).test_client()


def ask(client: FlaskClient, name: str, status: int = 200) -> TestResponse:
    return post(client, "/user/reset", status, page="/user/reset", name=name)


def test_a_forgotten_password_is_replaced_once(postbox: tuple[Postbox, Instance], mailing: FlaskClient) -> None:
    signed_in = mailing.application.test_client()
    sign_in(signed_in)
    ask(mailing, NAME)
    (link,) = postbox[0].links(1)
    assert NAME in say(get(mailing, link))
    post(mailing, link, 400, page=link, new="kurz", again="kurz")
    assert post(mailing, link, 303, page=link, new=OTHER, again=OTHER).location == "/user/login"
    get(signed_in, "/user/me", 303)
    assert "gilt nicht mehr" in say(get(mailing, link, 400))
    post(mailing, link, 400, page="/user/login", new=PASSWORD, again=PASSWORD)
    sign_in(mailing, password=OTHER)


def test_asking_tells_nothing_about_accounts(postbox: tuple[Postbox, Instance], mailing: FlaskClient) -> None:
    answers = {
        say(ask(mailing, name)) for name in (NAME, "erika@example.org", "niemand", "niemand@example.org", "\0", "")
    }
    assert len(answers) == 1
    postbox[0].links(2)


def test_nobody_is_flooded_with_links(postbox: tuple[Postbox, Instance], mailing: FlaskClient) -> None:
    for _ in range(account_links.MAILS + 3):
        ask(mailing, NAME)
    postbox[0].links(account_links.MAILS)
    assert actions(postbox[1]).count(account_links.ASKED) == account_links.MAILS


def test_the_link_leads_to_this_site_whatever_the_request_says(
    postbox: tuple[Postbox, Instance], mailing: FlaskClient
) -> None:
    page = mailing.get("/user/reset", base_url=BASE)
    token = html.document_fromstring(page.text).xpath("//input[@name='csrf_token']/@value")[0]
    headers = {"X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    data = {"csrf_token": token, "name": NAME}
    assert mailing.post("/user/reset", base_url=BASE, headers=headers, data=data).status_code == 200
    (_link,) = postbox[0].links(1)
    assert "evil" not in postbox[0].mails[0].decode()


def test_a_link_holds_for_an_hour_and_for_one_account(instance: Instance, app: Flask, client: FlaskClient) -> None:
    config, at = instance.config, now()
    with instance.database.writing() as session:
        account = accounts.require(session, NAME)
        link = account_links.address(config, account, account_links.RESET, at)
        proof = link.rsplit("/", 1)[-1]
        assert account_links.opened(session, config, proof, at) is account
        assert account_links.opened(session, config, proof, at + datetime.timedelta(minutes=61)) is None
        for wrong in (proof[:-1], proof + "x", "x", "", "\0", proof.replace(".", "", 1), "W10.x"):
            assert account_links.opened(session, config, wrong, at) is None
        accounts.administer(session, account, email="neu@example.org")
        assert account_links.opened(session, config, proof, at) is None
    get(client, f"/user/reset/{proof}", 400)
    assert instance.config.site_url in link


def test_without_a_mail_server_the_page_says_so(client: FlaskClient) -> None:
    assert "keine E-Mails" in say(ask(client, NAME, 503))


def test_an_invited_person_sets_the_first_password(postbox: tuple[Postbox, Instance], mailing: FlaskClient) -> None:
    box, instance = postbox
    with instance.database.writing() as session:
        account = accounts.add(session, "neu", email="neu@example.org", state=PENDING)
    account_links.invite(instance.config, account)
    (link,) = box.links(1)
    sign_in(mailing, 403, name="neu", password="")
    post(mailing, link, 303, page=link, new=OTHER, again=OTHER)
    sign_in(mailing, name="neu", password=OTHER)
    get(mailing, "/user/me")


# Interfaces called from a browser


def actor_of(app: Flask, client: FlaskClient, **headers: str) -> Actor:
    value = cookie(client)
    environ = {"HTTP_COOKIE": f"offenbar={value}"} if value else {}
    with app.test_request_context(
        "/api/3/action/x", base_url=BASE, method="POST", headers=headers, environ_overrides=environ
    ):
        instance: Instance = app.extensions["offenbar"]
        with instance.database.reading() as session:
            return sessions.actor(session)


def test_a_session_reads_but_only_our_own_pages_write(app: Flask, client: FlaskClient) -> None:
    """Calls with a cookie alone never write: any site could make a browser send them."""
    assert not actor_of(app, client).known
    sign_in(client)
    token = form_token(client, "/user/me")
    assert actor_of(app, client).scopes == {Scope.READ}
    assert actor_of(app, client, **{"X-CSRFToken": "x"}).scopes == {Scope.READ}
    assert actor_of(app, client, **{"X-CSRFToken": token}).scopes == set(Scope)
    assert actor_of(app, client).scopes == {Scope.READ}, "nothing is remembered of a call that was fine"


def test_the_action_api_takes_a_session_for_reading_only_without_our_form(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    token = form_token(client, "/user/me")
    arguments = {"name": "amt-fuer-beispiele", "title": "Amt für Beispiele"}

    def call(action: str, **headers: str) -> TestResponse:
        return client.post(f"/api/3/action/{action}", base_url=BASE, json=arguments, headers=headers)

    for headers in ({}, {"X-CSRFToken": "x"}, {"Origin": "https://evil.example"}, {"X-CSRFToken": ""}):
        answer = call("organization_create", **headers)
        assert answer.status_code == 403 and answer.json["error"]["__type"] == "Authorization Error"
        assert client.get("/api/3/action/organization_create?name=amt2", base_url=BASE).status_code in (400, 403)
    form = client.post("/api/3/action/organization_create", base_url=BASE, data=arguments | {"csrf_token": token})
    assert form.status_code == 403, "the header only: other sites cannot set it"
    answer = call("organization_create", **{"X-CSRFToken": token})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-store" and "Cookie" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_token_goes_before_the_session(instance: Instance, app: Flask, client: FlaskClient) -> None:
    with instance.database.writing() as session:
        other = accounts.add(session, "programm")
        accounts.give_role(session, "o-1", other.id, Capacity.EDITOR)
        made = tokens.create(session, other, scopes={Scope.DATASETS})
    sign_in(client)
    found = actor_of(app, client, Authorization=made.text)
    assert found.name == "programm" and found.scopes == {Scope.DATASETS} and found.roles == {"o-1": Capacity.EDITOR}
    assert not actor_of(app, client, Authorization="offenbar_" + "x" * 40).known


def test_on_postgresql_too(tmp_path: Path) -> None:
    from databases import database_url

    with database_url("postgresql", tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        with instance.database.writing() as session:
            accounts.add(session, NAME, PASSWORD, admin=True)
        client = create_app(instance).test_client()
        sign_in(client, 403, password="falsch")
        sign_in(client)
        post(client, "/user/me/tokens", label="x", scope="read", days="30")
        post(client, "/user/logout", 303)
