"""Signing in through a provider of OpenID Connect that really runs, and every way in which what it says can be wrong."""

import http.client
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider
import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from oidc_provider import CALLBACK, CLIENT, SECRET, Provider
from werkzeug.test import TestResponse

from catalog import accounts, audit, oidc
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models_accounts import Account
from dcat.errors import ConfigError

BASE = "https://daten.example.org"
PERSON = {
    "sub": "4711",
    "email": "Erika@Example.org",
    "email_verified": True,
    "preferred_username": "Erika.B",
    "name": "Erika B",
}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("OIDC_TEST_SECRET", SECRET)
    with oidc_provider.running(dict(PERSON)) as running:
        yield running


def site(instance: Instance, provider: Provider, **settings: Any) -> FlaskClient:
    given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": "env:OIDC_TEST_SECRET"}
    return create_app(replace(instance, config=replace(instance.config, **given | settings))).test_client()


def add(instance: Instance, name: str = "erika", email: str = "erika@example.org", **fields: Any) -> Account:
    with instance.database.writing() as session:
        return accounts.add(session, name, email=email, **fields)


def begun(client: FlaskClient, following: str = "") -> str:
    answer = client.get(f"/user/oidc?next={following}", base_url=BASE)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def at_the_provider(address: str) -> str:
    """Follow the browser to the provider, where the person is signed in already; gives where it is sent back to."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        assert answer.status == 302
        return answer.headers["Location"]
    finally:
        connection.close()


def back(client: FlaskClient, address: str) -> TestResponse:
    assert address.startswith(CALLBACK + "?")
    return client.get(address.removeprefix(BASE), base_url=BASE)


def enter(client: FlaskClient, following: str = "") -> TestResponse:
    return back(client, at_the_provider(begun(client, following)))


def refused(client: FlaskClient, answer: TestResponse, status: int = 403) -> None:
    assert answer.status_code == status, answer.location
    assert "127.0.0.1" not in answer.text and "Traceback" not in answer.text
    assert client.get("/user/me", base_url=BASE).status_code == 303


def test_a_verified_address_leads_to_the_account_that_is_there(instance: Instance, provider: Provider) -> None:
    account = add(instance)
    client = site(instance, provider)
    assert "/user/oidc" in client.get("/user/login", base_url=BASE).text
    assert enter(client).location == "/user/me"
    assert "erika@example.org" in client.get("/user/me", base_url=BASE).text
    with instance.database.reading() as session:
        found = session.get_one(Account, account.id)
        assert found.subject == f"{provider.issuer} 4711" and found.seen_at is not None
        assert [entry.action for entry, _ in audit.entries(session)] == ["account.login", "account.link"]


def test_afterwards_the_subject_counts_and_not_the_address(instance: Instance, provider: Provider) -> None:
    account = add(instance)
    client = site(instance, provider)
    enter(client)
    provider.person |= {"email": "neu@example.org", "email_verified": False}
    other = site(instance, provider)
    assert enter(other, "steward").location == "/steward"
    provider.person |= {"sub": "4712", "email": "erika@example.org", "email_verified": True}
    refused(third := site(instance, provider), enter(third))
    with instance.database.reading() as session:
        assert session.get_one(Account, account.id).subject == f"{provider.issuer} 4711"


def test_nobody_gets_an_account_unless_settings_say_so(instance: Instance, provider: Provider) -> None:
    client = site(instance, provider)
    answer = enter(client)
    refused(client, answer)
    assert "kein Konto" in answer.text
    with instance.database.reading() as session:
        assert accounts.accounts(session) == []


def test_new_people_get_an_account_where_settings_say_so(instance: Instance, provider: Provider) -> None:
    add(instance, "erika-b", "andere@example.org")
    provider.person["name"] = "Erika\r\nINFO B"
    client = site(instance, provider, oidc_create=True)
    assert enter(client).status_code == 303
    with instance.database.reading() as session:
        found = accounts.find_by_email(session, "erika@example.org")
        assert found is not None and found.name == "erika-b-2" and found.fullname == "Erika INFO B"
        assert not found.admin and not found.password


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_leads_nowhere(
    instance: Instance, provider: Provider, verified: object
) -> None:
    account = add(instance)
    provider.person["email_verified"] = verified
    client = site(instance, provider)
    refused(client, enter(client))
    with instance.database.reading() as session:
        assert session.get_one(Account, account.id).subject is None


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": "another", "azp": CLIENT},
        {"aud": None},
        {"azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 4711},
        {"sub": "x" * 300},
        {"at_hash": "AAAA"},
    ],
)
def test_a_token_that_says_something_wrong_is_refused(
    instance: Instance, provider: Provider, claims: dict[str, object]
) -> None:
    add(instance)
    provider.claims = claims
    client = site(instance, provider, oidc_create=True)
    refused(client, enter(client))


def test_a_token_signed_by_somebody_else_or_nobody_is_refused(instance: Instance, provider: Provider) -> None:
    add(instance)
    provider.signing = RSAKey.generate_key(2048, {"kid": "one"})
    refused(client := site(instance, provider), enter(client))
    provider.signing, provider.unsigned = None, True
    refused(client := site(instance, provider), enter(client))
    provider.metadata = {"id_token_signing_alg_values_supported": ["RS256", "none"]}
    refused(client := site(instance, provider), enter(client))
    provider.unsigned, provider.without_id_token = False, True
    refused(client := site(instance, provider), enter(client))
    provider.without_id_token = False
    assert enter(site(instance, provider)).status_code == 303


def test_an_answer_to_another_browser_is_refused(instance: Instance, provider: Provider) -> None:
    """The attacker's own answer, sent to somebody else, signs nobody in as the attacker."""
    add(instance)
    attacker, victim = site(instance, provider), site(instance, provider)
    address = at_the_provider(begun(attacker))
    refused(victim, back(victim, address))
    begun(victim)
    refused(victim, back(victim, address))


def test_an_answer_counts_once(instance: Instance, provider: Provider) -> None:
    add(instance)
    client = site(instance, provider)
    address = at_the_provider(begun(client))
    assert back(client, address).status_code == 303
    other = site(instance, provider)
    refused(other, back(other, address))


def test_a_stolen_code_is_worth_nothing_without_its_verifier(instance: Instance, provider: Provider) -> None:
    add(instance)
    client, thief = site(instance, provider), site(instance, provider)
    code = parse_qs(urlsplit(at_the_provider(begun(client))).query)["code"][0]
    state = parse_qs(urlsplit(begun(thief)).query)["state"][0]
    refused(thief, back(thief, f"{CALLBACK}?code={code}&state={state}"))


@pytest.mark.parametrize(
    "query", ["", "error=access_denied&error_description=%3Cb%3Ex", "code=x", "state=x", "code=%00&state=%00"]
)
def test_an_answer_without_what_it_needs_is_refused(instance: Instance, provider: Provider, query: str) -> None:
    client = site(instance, provider)
    begun(client)
    answer = back(client, f"{CALLBACK}?{query}")
    refused(client, answer)
    assert "<b>x" not in answer.text


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"issuer": None}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": "ftp://x"},
     {"authorization_endpoint": "javascript:alert(1)"}, {"jwks_uri": None}],
)  # fmt: skip
def test_a_provider_that_names_itself_or_its_addresses_wrongly_is_not_used(
    instance: Instance, provider: Provider, metadata: dict[str, object]
) -> None:
    provider.metadata = metadata
    client = site(instance, provider)
    refused(client, client.get("/user/oidc", base_url=BASE), 503)


def test_a_provider_that_does_not_answer_is_not_waited_for(
    instance: Instance, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "PATIENCE", 0.2)
    provider.pause = 1.0
    client = site(instance, provider)
    refused(client, client.get("/user/oidc", base_url=BASE), 503)
    client = site(instance, provider, oidc_issuer="http://127.0.0.1:9")
    refused(client, client.get("/user/oidc", base_url=BASE), 503)


def test_a_deleted_account_stays_closed(instance: Instance, provider: Provider) -> None:
    add(instance, "chefin", "chefin@example.org", admin=True)
    account = add(instance)
    assert enter(site(instance, provider)).status_code == 303
    with instance.database.writing() as session:
        accounts.delete(session, session.get_one(Account, account.id))
    refused(client := site(instance, provider), enter(client))


def test_the_provider_says_who_administers_where_settings_say_so(instance: Instance, provider: Provider) -> None:
    add(instance, "chefin", "chefin@example.org", admin=True)
    account = add(instance)

    def admin_after(groups: object) -> bool:
        provider.person["groups"] = groups
        assert enter(site(instance, provider, oidc_admin_claim="groups=datenteam")).status_code == 303
        with instance.database.reading() as session:
            return session.get_one(Account, account.id).admin

    assert admin_after(["datenteam", "x"])
    assert not admin_after(["datenteam-x"])
    assert admin_after("datenteam")
    assert not admin_after(None)


def test_the_last_administrator_stays_one(instance: Instance, provider: Provider) -> None:
    account = add(instance, admin=True)
    assert enter(site(instance, provider, oidc_admin_claim="groups=datenteam")).status_code == 303
    with instance.database.reading() as session:
        assert session.get_one(Account, account.id).admin


@pytest.mark.parametrize(
    "settings",
    [{"oidc_issuer": "http://anmeldung.example.org"}, {"oidc_issuer": "ftp://x"}, {"oidc_client_secret": "klartext"},
     {"oidc_client_secret": "env:NOT_THERE_AT_ALL"}, {"oidc_client_id": ""}],
)  # fmt: skip
def test_settings_that_cannot_be_used_stop_the_start(
    instance: Instance, provider: Provider, settings: dict[str, str]
) -> None:
    with pytest.raises(ConfigError):
        site(instance, provider, **settings)


def test_without_a_provider_there_are_no_such_pages(instance: Instance) -> None:
    client = create_app(instance).test_client()
    assert client.get("/user/oidc", base_url=BASE).status_code == 404
    assert "/user/oidc" not in client.get("/user/login", base_url=BASE).text
