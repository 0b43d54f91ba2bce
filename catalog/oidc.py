"""The door for OpenID Connect: the browser is sent to the city's provider, and what comes back signed becomes an account.

Authlib does the protocol: state, nonce and PKCE (RFC 7636), discovery, and the checks of the ID token (OpenID Connect Core 1.0,
section 3.1.3.7). Nothing is asked of any other address than the provider's own.
"""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, session
from joserfc.errors import JoseError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from catalog import accounts, audit
from catalog.access import ANONYMOUS
from catalog.config import Config
from catalog.models_accounts import Account
from dcat.errors import ConfigError, OffenbarError, StateError
from dcat.message import Message
from dcat.printable import one_line
from dcat.states import ACTIVE, PENDING
from harvesters import secrets

# Seconds that the provider may take for each answer, and that its clock may differ.
PATIENCE, LEEWAY = 10.0, 60
# Signatures that only the provider can make: neither "none" nor keys that both sides know, whatever it says it supports.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_SUPPORTED = "id_token_signing_alg_values_supported"
_NAME = "provider"
_NEXT = "next"
_LONGEST = 255
# What can go wrong with what a provider sends: no answer, no JSON, no such key, no such claim.
_FAULTS = (OSError, AuthlibBaseError, JoseError, RuntimeError, LookupError, ValueError, TypeError, AttributeError)
_FAILED = Message(
    "Die Anmeldung über das Dienstkonto ist nicht gelungen. Versuchen Sie es noch einmal oder melden Sie sich mit Kennwort an.",
    "Signing in with the office account did not work. Try again, or sign in with your password.",
)
_UNKNOWN = Message(
    "Zu diesem Dienstkonto gibt es hier kein Konto. Bitten Sie die Verwaltung dieser Website um eines.",
    "There is no account here for this office account. Ask the administrators of this site for one.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the provider vouches for; `email` is empty unless the provider has verified it."""

    subject: str
    email: str
    name: str
    fullname: str
    admin: bool


def register(app: Flask, config: Config) -> None:
    """Prepare the client of the configured provider; nothing is asked yet. ConfigError says which setting cannot be used."""
    if not config.oidc_client_id:
        raise ConfigError(Message("oidc.client_id fehlt.", "oidc.client_id is missing."))
    if not _safe(config.oidc_issuer):
        raise ConfigError(
            Message("oidc.issuer muss mit https:// beginnen.", "oidc.issuer has to begin with https://."),
        )
    OAuth(app).register(
        _NAME,
        client_id=config.oidc_client_id,
        client_secret=_secret(config.oidc_client_secret),
        server_metadata_url=f"{config.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
            # The provider is where the settings say, not where somebody sends us.
            "max_redirects": 0,
        },
    )


def begin(app: Flask, config: Config, following: str) -> Response:
    """Send the browser to the provider; `following` is where to go on afterwards. StateError when the provider cannot be used."""
    client = _client(app)
    # What was begun before is over: one browser goes one way.
    for name in [name for name in session if name.startswith("_state_")]:
        del session[name]
    session[_NEXT] = following[:20]
    try:
        _require_provider(client, config)
        answer: Response = client.authorize_redirect(f"{config.site_url}/user/oidc/back")
    except _FAULTS as error:
        raise StateError(_FAILED) from error
    return answer


def finish(app: Flask, config: Config) -> tuple[Person, str]:
    """Take the provider's answer from the present request; gives the person and where to go on. StateError for all that is wrong."""
    client, following = _client(app), str(session.pop(_NEXT, ""))
    expected = {
        "iss": {"essential": True, "value": config.oidc_issuer},
        "sub": {"essential": True},
        "aud": {"essential": True, "value": config.oidc_client_id},
    }
    try:
        _require_provider(client, config)
        claims = client.authorize_access_token(claims_options=expected, leeway=LEEWAY)["userinfo"]
        return _person(claims, config), following
    except _FAULTS as error:
        raise StateError(_FAILED) from error


def enter(database: Session, config: Config, person: Person) -> Account:
    """Find the account of a person: by subject, else by verified e-mail, else a new one where settings allow; StateError without."""
    account = accounts.find_by_subject(database, person.subject) or _linked(database, person)
    if account is None and config.oidc_create:
        account = accounts.add(
            database, accounts.free_name(database, person.name), email=person.email, fullname=person.fullname
        )
        account.subject = person.subject
        audit.note(database, ANONYMOUS, "account.create", account.id, account.name, way="oidc")
    if account is None or account.state != ACTIVE:
        raise StateError(_UNKNOWN)
    if config.oidc_admin_claim and account.admin != person.admin:
        # The last administrator stays one.
        with suppress(StateError):
            accounts.administer(database, account, admin=person.admin)
            audit.note(database, ANONYMOUS, "account.admin", account.id, account.name, admin=person.admin, way="oidc")
    return account


def _linked(database: Session, person: Person) -> Account | None:
    """Link the account of a verified e-mail address, unless it belongs to somebody else of the provider."""
    account = accounts.find_by_email(database, person.email)
    if account is None or account.subject:
        return None
    account.subject = person.subject
    if account.state == PENDING:
        account.state = ACTIVE
    audit.note(database, ANONYMOUS, "account.link", account.id, account.name, way="oidc")
    return account


def _person(claims: dict[str, Any], config: Config) -> Person:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
        raise ValueError("no subject")
    email = str(claims.get("email") or "") if claims.get("email_verified") is True else ""
    return Person(
        subject=f"{config.oidc_issuer} {one_line(subject, _LONGEST)}",
        email="" if accounts.email_fault(email) else email,
        name=str(claims.get("preferred_username") or email.split("@")[0] or "person"),
        fullname=str(claims.get("name") or ""),
        admin=_says(claims, config.oidc_admin_claim),
    )


def _says(claims: dict[str, Any], wanted: str) -> bool:
    """Tell whether the provider says `name=value` of a person."""
    name, _, value = wanted.partition("=")
    found = claims.get(name) if name and value else None
    return value in found if isinstance(found, list) else bool(value) and found == value


def _require_provider(client: Any, config: Config) -> None:
    """Refuse a provider that names itself differently (OpenID Connect Discovery 1.0, section 4.3), or would be asked in the clear.

    Of the signatures it offers, only those are taken that nobody else can make.
    """
    metadata = client.load_server_metadata()
    if metadata.get("issuer") != config.oidc_issuer:
        raise ValueError("another issuer")
    if not all(_safe(str(metadata[name])) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")):
        raise ValueError("an address without TLS")
    offered = metadata.get(_SUPPORTED) or ["RS256"]
    metadata[_SUPPORTED] = [name for name in offered if name in ALGORITHMS]
    if not metadata[_SUPPORTED]:
        raise ValueError("no signature that can be checked")


def _safe(address: str) -> bool:
    """Tell whether an address is asked with TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" or (parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback)
    except ValueError:
        return False


def _client(app: Flask) -> Any:
    return app.extensions["authlib.integrations.flask_client"].create_client(_NAME)


def _secret(reference: str) -> str:
    try:
        return secrets.read(reference) if reference else ""
    except OffenbarError as error:
        raise ConfigError(
            Message(
                "oidc.client_secret ist nicht zu lesen. Nächster Schritt: dort env:NAME oder file:/pfad eintragen, nie das "
                "Geheimnis selbst, und Variable oder Datei prüfen.",
                "oidc.client_secret cannot be read. Next step: enter env:NAME or file:/path there, never the secret itself, and "
                "check the variable or file.",
            )
        ) from error
