"""Tokens as CKAN's actions: a new one is shown once, lists never show any, and none can do more than its maker."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from catalog import access, audit, tokens
from catalog.access import Scope
from catalog.api.actions import people
from catalog.api.actions.call import Action, Argument, Call, denied, explained, invalid, not_found
from catalog.models_accounts import Account, Token
from catalog.renditions import naive
from dcat.message import Message

_DAY = 86_400


def api_token_create(call: Call) -> dict[str, str]:
    """Make a token; its text is in this answer only."""
    people.require_known(call)
    wanted, name = call.text("user") or call.actor.id, call.required("name")
    scopes, days = _scopes(call), _days(call)
    with call.writing() as session:
        account = people.present(session, wanted)
        if not access.may_change_account(call.actor, account.id):
            raise denied()
        with explained():
            made = issued(call, session, account, name, scopes, days)
        return {"token": made.text, "id": made.token.id}


def issued(
    call: Call, session: Session, account: Account, name: str, scopes: frozenset[Scope], days: int = tokens.DAYS
) -> tokens.Made:
    """Make a token of an account that can do no more than whoever asks; ConfigError and StateError say why there is none."""
    made = tokens.create(session, account, name=name, scopes=scopes, days=days, within=call.actor.scopes)
    audit.note(
        session, call.actor, "token.create", made.token.id, made.token.name, scopes=made.token.scopes, of=account.name
    )
    return made


def api_token_list(call: Call) -> list[dict[str, Any]]:
    """List the tokens of an account, the newest first, without their texts."""
    people.require_known(call)
    account = people.present(call.session, call.text("user_id") or call.text("user") or call.actor.id)
    if not access.may_see_account(call.actor, account.id):
        raise denied()
    return [_described(account, token) for token, _ in tokens.tokens(call.session, account.id)]


def api_token_revoke(call: Call) -> None:
    """Let a token end, named by its text or its id."""
    people.require_known(call)
    wanted = call.required("token", "jti", "id")
    with call.writing() as session:
        token = tokens.find(session, wanted)
        if token is None and access.may_administer(call.actor, Scope.ACCOUNTS):
            raise not_found()
        # Others do not learn whether there is such a token.
        if token is None or not access.may_change_account(call.actor, token.account_id):
            raise denied()
        tokens.revoke(session, token)
        audit.note(session, call.actor, "token.revoke", token.id, token.name)


def _described(account: Account, token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "user_id": account.id,
        "created_at": naive(token.created_at.isoformat()),
        "last_access": naive(token.used_at.isoformat()) if token.used_at else None,
        "expires_at": naive(token.expires_at.isoformat()) if token.expires_at else None,
        "scopes": token.scopes,
    }


def _scopes(call: Call) -> frozenset[Scope]:
    """Read the scopes that are wanted; without any all that the maker has."""
    named = call.listed("scopes")
    unknown = sorted(set(named).difference(Scope))
    if unknown:
        raise invalid(scopes=f"Must be among: {', '.join(Scope)}")
    wanted = frozenset(map(Scope, named)) or call.actor.scopes
    if not wanted <= call.actor.scopes:
        raise denied("a token gives no scope that its maker does not have")
    return wanted


def _days(call: Call) -> int:
    """Read how long a token is valid: `expires_in` in units of so many seconds, by default days; rounded up to days."""
    if call.arguments.get("expires_in") in (None, ""):
        return tokens.DAYS
    return -(-call.number("expires_in", 0) * call.number("unit", _DAY) // _DAY)


_OF = Message(
    "Konto: Kennung oder Anmeldename; ohne Angabe das eigene", "account: id or user name; one's own if not given"
)

ACTIONS: Mapping[str, Action] = {
    "api_token_create": Action(
        api_token_create,
        Message(
            "Einen Token ausstellen. Sein Text steht nur in dieser Antwort.",
            "Make a token. Its text is in this answer only.",
        ),
        (
            Argument("user", "string", _OF),
            Argument("name", "string", Message("wofür er ist", "what it is for"), required=True),
            Argument(
                "scopes",
                "array",
                Message(
                    "Bereiche: read, datasets, structure, accounts; ohne Angabe die eigenen",
                    "scopes: read, datasets, structure, accounts; one's own if not given",
                ),
            ),
            Argument("expires_in", "integer", Message("Gültigkeit, üblich 365", "validity, usually 365")),
            Argument(
                "unit", "integer", Message("Sekunden je Einheit, üblich 86400", "seconds in a unit, usually 86400")
            ),
        ),
        writes=True,
    ),
    "api_token_list": Action(
        api_token_list,
        Message("Die Tokens eines Kontos, ohne ihren Text.", "The tokens of an account, without their texts."),
        (Argument("user_id", "string", _OF), Argument("user", "string", _OF)),
    ),
    "api_token_revoke": Action(
        api_token_revoke,
        Message("Einen Token widerrufen.", "Revoke a token."),
        (
            Argument("token", "string", Message("Text des Tokens", "the token's text")),
            Argument("jti", "string", Message("Kennung des Tokens", "the token's id")),
        ),
        writes=True,
    ),
}
