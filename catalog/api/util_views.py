"""The JSON beside CKAN's actions: what forms of older clients ask while somebody types, under /api/util, /api/1/util and /api/2/util."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Response, request

from catalog import tokens
from catalog.access import ANONYMOUS, Actor
from catalog.api.action import ACTIONS
from catalog.api.actions.call import ActionError, Call
from catalog.api.answers import instance
from dcat import naming
from dcat.digits import natural

MOST = 100
utilities = Blueprint("utilities", __name__)


@dataclass(frozen=True, slots=True)
class _Proposals:
    """One list of proposals: the action that makes it, the parameter with what was typed, how many, and how it is wrapped."""

    action: str
    typed: str
    wrapped: Callable[[list[Any]], Any]
    rows: int = 10


def _result_set(found: list[Any]) -> Any:
    return {"ResultSet": {"Result": found}}


_PROPOSALS: Mapping[str, _Proposals] = {
    "dataset/autocomplete": _Proposals("package_autocomplete", "incomplete", _result_set),
    "tag/autocomplete": _Proposals(
        "tag_autocomplete", "incomplete", lambda found: _result_set([{"Name": name} for name in found])
    ),
    "resource/format_autocomplete": _Proposals(
        "format_autocomplete", "incomplete", lambda found: _result_set([{"Format": name} for name in found]), 5
    ),
    "user/autocomplete": _Proposals("user_autocomplete", "q", list, 20),
    "group/autocomplete": _Proposals("group_autocomplete", "q", list, 20),
    "organization/autocomplete": _Proposals("organization_autocomplete", "q", list, 20),
}
# Where a name is made of what somebody wrote: the parameters it may stand in.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "dataset/munge_name": ("name",),
    "dataset/munge_title_to_name": ("name", "title"),
    "tag/munge": ("tag", "name"),
}


@utilities.get("/api/util/<path:name>")
@utilities.get("/api/<any('1','2'):version>/util/<path:name>")
def proposals(name: str, version: str = "") -> Response:
    """Propose what begins as somebody has typed, or a name made of it; nothing for nothing."""
    if name in _NAMES:
        written = next(filter(None, (request.args.get(one, "").strip() for one in _NAMES[name])), "")
        return _json(naming.slug(written) if written else "")
    if name == "status":
        return _json(_ran("status_show"))
    wanted = _PROPOSALS.get(name)
    if wanted is None:
        return _json("Not found", 404)
    typed = request.args.get(wanted.typed, "").strip()
    limit = natural(request.args.get("limit", ""))
    rows = wanted.rows if limit is None else min(limit, MOST)
    if not typed or not rows:
        return _json(wanted.wrapped([]))
    call = Call(instance=instance(), arguments={"q": typed, "limit": rows}, actor=_actor())
    try:
        found = ACTIONS[wanted.action].run(call)
    except ActionError as error:
        return _json({"__type": error.kind, **error.details}, error.status)
    finally:
        call.renew()
    return _json(wanted.wrapped(found), private=call.actor.known)


def _ran(action: str) -> Any:
    """Run an action for nobody in particular; older clients read the version here."""
    call = Call(instance=instance(), arguments={})
    try:
        return ACTIONS[action].run(call)
    finally:
        call.renew()


def _actor() -> Actor:
    if not tokens.given(request.headers):
        return ANONYMOUS
    with instance().database.reading() as session:
        return tokens.actor_from(instance(), session, request.headers)


def _json(value: Any, status: int = 200, *, private: bool = False) -> Response:
    answer = Response(orjson.dumps(value), status=status, content_type="application/json;charset=utf-8")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    if private:
        answer.headers["Cache-Control"] = "private, no-store"
    return answer
