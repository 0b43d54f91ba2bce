"""CKAN's actions about following: users, datasets, groups and organisations. Numbers are public; names are for administrators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from catalog import access, accounts, desk_rows, followers, held, holders, store
from catalog.api.actions import named, packages, people, structure
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found
from catalog.api.actions.structure import Extent
from catalog.drafts import PUBLISHED
from catalog.followers import DATASET, GROUP, USER
from catalog.holders import Holder, Kind
from catalog.renditions import naive
from dcat.message import Message
from dcat.states import ACTIVE, DELETED

# Of a kind, by one account: they are shown whole, all at once.
MAX_FOLLOWED = 1000
_KINDS = (USER, DATASET, GROUP)
# The lists are of groups and organisations apart, which are followed alike.
_LISTED = (USER, DATASET, GROUP, "organization")


@dataclass(frozen=True, slots=True)
class Followee:
    """What somebody follows: its type and name, and what its own action shows of it."""

    type: str
    display_name: str
    shown: Any


def _follow(kind: str) -> Callable[[Call], dict[str, Any]]:
    def follow(call: Call) -> dict[str, Any]:
        _require_writing(call)
        object_id = _object(call, kind, refuse=True)
        if object_id == call.actor.id:
            raise invalid(message="You cannot follow yourself")
        if followers.follows(call.session, call.actor.id, kind, object_id):
            raise invalid(message=f"You are already following {call.text('id')}")
        if len(followers.followed(call.session, call.actor.id, kind)) >= MAX_FOLLOWED:
            raise invalid(message=f"Nobody follows more than {MAX_FOLLOWED} of a kind")
        with call.writing() as session:
            since = followers.follow(session, call.actor.id, kind, object_id)
        return {"follower_id": call.actor.id, "object_id": object_id, "datetime": naive(since.isoformat())}

    return follow


def _unfollow(kind: str) -> Callable[[Call], None]:
    def unfollow(call: Call) -> None:
        _require_writing(call)
        object_id = _object(call, kind)
        with call.writing() as session:
            if not followers.unfollow(session, call.actor.id, kind, object_id):
                raise not_found(f"You are not following {call.text('id')[:100]}")

    return unfollow


def _am_following(kind: str) -> Callable[[Call], bool]:
    def am_following(call: Call) -> bool:
        _require_known(call)
        return followers.follows(call.session, call.actor.id, kind, _object(call, kind))

    return am_following


def _follower_count(kind: str) -> Callable[[Call], int]:
    def count(call: Call) -> int:
        object_id = _object(call, kind)
        return followers.counts(call.session, kind, [object_id]).get(object_id, 0)

    return count


def _follower_list(kind: str) -> Callable[[Call], list[dict[str, Any]]]:
    def listed(call: Call) -> list[dict[str, Any]]:
        object_id = _object(call, kind)
        if not access.may_oversee(call.actor):
            raise denied("only an administrator of the site sees who follows")
        return [named.person(account) for account in followers.followers(call.session, kind, object_id)]

    return listed


def _followee_count(kind: str) -> Callable[[Call], int]:
    return lambda call: len(_followees(call, (kind,)))


def _followee_list(kind: str) -> Callable[[Call], list[Any]]:
    return lambda call: [one.shown for one in _followees(call, (kind,))]


def followee_count(call: Call) -> int:
    """Count what somebody follows."""
    return len(_followees(call, _LISTED))


def followee_list(call: Call) -> list[dict[str, Any]]:
    """List what somebody follows; `q` is how its name begins."""
    begins = call.text("q").strip().lower()
    found = [one for one in _followees(call, _LISTED) if one.display_name.lower().startswith(begins)]
    return [{"type": one.type, "display_name": one.display_name, "dict": one.shown} for one in found]


def _followees(call: Call, types: tuple[str, ...]) -> list[Followee]:
    """Read what somebody follows and whoever asks may still see; for oneself and administrators."""
    _require_known(call)
    account_id = _object(call, USER)
    if not access.may_see_account(call.actor, account_id):
        raise denied()
    found: list[Followee] = []
    if USER in types:
        known = (accounts.present(call.session, one) for one in followers.followed(call.session, account_id, USER))
        found += [Followee(USER, one.name, people.name_only(one.id, one.name)) for one in known if one is not None]
    if DATASET in types:
        ids = followers.followed(call.session, account_id, DATASET)
        bodies = packages.bodies(call, ids)
        read = [orjson.loads(bodies[one]) for one in ids if one in bodies]
        found += [Followee(DATASET, one.get("title") or one["name"], one) for one in read if one["state"] == ACTIVE]
    kinds = [kind for kind in Kind if str(kind) in types]
    return found + (_followed_groups(call, account_id, kinds) if kinds else [])


def _followed_groups(call: Call, account_id: str, kinds: list[Kind]) -> list[Followee]:
    ids = followers.followed(call.session, account_id, GROUP)
    found = [one for wanted in ids if (one := _holder(call, wanted)) is not None and one.kind in kinds]
    counts = held.counts(call.instance, call.session, found) if found else {}
    shown = structure.records(call, found, counts, Extent())
    return [Followee(str(one.kind), one.title or one.name, record) for one, record in zip(found, shown, strict=True)]


def _object(call: Call, kind: str, *, refuse: bool = False) -> str:
    """Find what an id or name is of, if whoever asks may see it; CKAN's answer to any other is a validation error.

    With `refuse` who may not read a dataset is told so, as by `package_show`.
    """
    if kind == USER:
        _require_known(call)
    wanted = call.text("id").strip()
    if not wanted:
        raise invalid(id="Missing value")
    if kind == USER:
        account = accounts.present(call.session, wanted)
        found = account.id if account is not None else ""
    elif kind == GROUP:
        holder = _holder(call, wanted)
        found = holder.id if holder is not None else ""
    else:
        found = _dataset(call, wanted, refuse=refuse)
    if not found:
        raise invalid(id=f"Not found: {kind.capitalize()}")
    return found


def _holder(call: Call, wanted: str) -> Holder | None:
    return holders.find_active(call.session, call.instance.config, wanted)


def _dataset(call: Call, wanted: str, *, refuse: bool) -> str:
    row = desk_rows.find(call.session, wanted)
    if row is not None and row.state != DELETED:
        readable = access.may_read(call.actor, desk_rows.holding(row))
        if refuse and not readable:
            raise denied()
        return row.id if readable else ""
    public = store.find_row(call.session, wanted)
    return public.id if public is not None and public.state == PUBLISHED else ""


def _require_known(call: Call) -> None:
    if not access.may_see_people(call.actor):
        raise denied("this needs the token of an account")


def _require_writing(call: Call) -> None:
    _require_known(call)
    if not access.may_change_account(call.actor, call.actor.id):
        raise denied("what an account follows is changed by a token with the scope accounts")


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True)
_WHO = Argument("id", "string", Message("Konto: Kennung oder Name", "account: id or name"), required=True)
_WORDS: Mapping[str, tuple[str, str]] = {
    USER: ("einem Konto", "an account"),
    DATASET: ("einem Datensatz", "a dataset"),
    GROUP: ("einer Gruppe oder Organisation", "a group or organisation"),
    "organization": ("einer Organisation", "an organisation"),
}
_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    DATASET: {"id": "baumkataster-darmstadt"},
    GROUP: {"id": "envi"},
    "organization": {"id": "wiesbaden-umweltamt"},
}


def _of_kind(kind: str) -> dict[str, Action]:
    de, en = _WORDS[kind]
    return {
        f"follow_{kind}": Action(
            _follow(kind), Message(f"{de} folgen.".capitalize(), f"Follow {en}."), (_ID,), writes=True
        ),
        f"unfollow_{kind}": Action(
            _unfollow(kind),
            Message(f"{de} nicht mehr folgen.".capitalize(), f"Follow {en} no longer."),
            (_ID,),
            writes=True,
        ),
        f"am_following_{kind}": Action(
            _am_following(kind), Message(f"Ob man {de} folgt.", f"Whether one follows {en}."), (_ID,)
        ),
    }


def _followers_of(kind: str) -> dict[str, Action]:
    (de, en), of = _WORDS[kind], GROUP if kind == "organization" else kind
    return {
        f"{kind}_follower_count": Action(
            _follower_count(of),
            Message(f"Wie viele {de} folgen.", f"How many follow {en}."),
            (_ID,),
            example=_EXAMPLES.get(kind),
        ),
        f"{kind}_follower_list": Action(
            _follower_list(of),
            Message(f"Wer {de} folgt; nur Administratoren.", f"Who follows {en}; administrators only."),
            (_ID,),
        ),
        f"{kind}_followee_count": Action(
            _followee_count(kind),
            Message("Wie vielen davon jemand folgt.", "How many of them somebody follows."),
            (_WHO,),
        ),
        f"{kind}_followee_list": Action(
            _followee_list(kind), Message("Welchen davon jemand folgt.", "Which of them somebody follows."), (_WHO,)
        ),
    }


ACTIONS: Mapping[str, Action] = {
    **{name: action for kind in _KINDS for name, action in _of_kind(kind).items()},
    **{name: action for kind in _LISTED for name, action in _followers_of(kind).items()},
    "followee_count": Action(
        followee_count, Message("Wie vielem jemand folgt.", "How much somebody follows."), (_WHO,)
    ),
    "followee_list": Action(
        followee_list,
        Message(
            "Wem und was jemand folgt; für sich selbst und Administratoren.",
            "What somebody follows; for oneself and administrators.",
        ),
        (_WHO, Argument("q", "string", Message("wie der Name beginnt", "how its name begins"))),
    ),
}
