"""Activities as CKAN's actions, slim: what happened, when, to which dataset; who did it only for those who read it anyway."""

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from catalog import access, accounts, desk_rows, store
from catalog.access import ANONYMOUS
from catalog.api.actions import activity_log, named, people
from catalog.api.actions.activity_log import TYPES, Chosen, Entry, Title, Window
from catalog.api.actions.call import Action, Argument, Call, denied, impossible, invalid, not_found
from catalog.drafts import PUBLISHED
from catalog.holders import Kind
from catalog.models import Change, DatasetRow, Membership
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskDataset
from catalog.renditions import naive
from catalog.store import VISIBLE
from dcat.message import Message

SHOWN, MOST, DEEPEST = 31, 100, 10_000
# What an activity is about, and where it stands in its data.
_KEYS = {"package": "package", "organization": "group", "group": "group", "user": "user"}


def package_activity_list(call: Call) -> list[dict[str, Any]]:
    """List what happened to one dataset."""
    dataset_id = _dataset(call, call.required("id"))
    return _listed(call, Chosen(Change.dataset_id == dataset_id, AuditEntry.object_id == dataset_id))


def organization_activity_list(call: Call) -> list[dict[str, Any]]:
    """List what happened to an organisation and its datasets."""
    found = named.holder(call, Kind.ORGANIZATION)
    members = sa.select(DatasetRow.id).where(DatasetRow.organization_id == found.id, VISIBLE)
    changes = activity_log.among(call.session, members, DatasetRow.id)
    return _listed(call, Chosen(changes, DeskDataset.organization_id == found.id, AuditEntry.object_id == found.id))


def group_activity_list(call: Call) -> list[dict[str, Any]]:
    """List what happened to a group and its public datasets."""
    found = named.holder(call, Kind.GROUP)
    members = sa.select(Membership.dataset_id).where(Membership.scope == found.scope, Membership.until.is_(None))
    changes = activity_log.among(call.session, members, Membership.dataset_id)
    return _listed(call, Chosen(changes, DeskDataset.id.in_(members), AuditEntry.object_id == found.id))


def user_activity_list(call: Call) -> list[dict[str, Any]]:
    """List what somebody did with datasets, organisations and groups, and what happened to the account."""
    people.require_known(call)
    account = accounts.find(call.session, call.required("id"))
    if account is None:
        raise not_found()
    if not access.may_see_account(call.actor, account.id):
        raise denied()
    return _listed(call, _by(account.id))


def recently_changed_packages_activity_list(call: Call) -> list[dict[str, Any]]:
    """List what happened in the whole catalogue."""
    return _listed(call, Chosen(sa.true(), sa.true()))


def activity_show(call: Call) -> dict[str, Any]:
    """Show one activity."""
    entry, title = _one(call)
    return _described(entry, title)


def activity_data_show(call: Call) -> dict[str, Any]:
    """Show what an activity is about."""
    data: dict[str, Any] = activity_show(call)["data"]
    wanted = call.text("object_type")
    key = _KEYS.get(wanted, wanted)
    if key and key not in data:
        raise invalid(object_type=f"Must be {' or '.join(data)}")
    return data[key] if key else data


def activity_diff(call: Call) -> dict[str, Any]:
    """Name the fields that an activity changed."""
    entry, title = _one(call)
    if call.text("object_type", entry.kind) not in (entry.kind, _KEYS[entry.kind]):
        raise invalid(object_type=f"Must be {entry.kind}")
    return {
        "diff": "\n".join(activity_log.fields(call.session, entry)),
        "diff_type": "fields",
        "activities": [_described(entry, title)],
    }


def activity_create(call: Call) -> None:
    """Refuse: the catalogue writes its logs itself."""
    raise denied("the catalogue writes the log of activities itself, with every change")


def activity_delete(call: Call) -> None:
    """Refuse: what happened stays in the log."""
    raise denied("the log of activities is never shortened by hand")


def send_email_notifications(call: Call) -> None:
    """Refuse: the catalogue sends no mail about activities."""
    if not access.may_oversee(call.actor):
        raise denied()
    raise impossible("ckan.activity_streams_email_notifications is not enabled in config")


def dashboard_activity_list(call: Call) -> list[dict[str, Any]]:
    """List what whoever asks did, none of which is news."""
    people.require_known(call)
    return [{**one, "is_new": False} for one in _listed(call, _by(call.actor.id))]


def dashboard_new_activities_count(call: Call) -> int:
    """Count no news."""
    people.require_known(call)
    return 0


def dashboard_mark_activities_old(call: Call) -> None:
    """Take note that somebody has seen the news, of which there are none."""
    people.require_known(call)


def _listed(call: Call, chosen: Chosen) -> list[dict[str, Any]]:
    found = activity_log.entries(call.session, call.actor, chosen, _window(call))
    titles = activity_log.titles(call.session, found) if found else {}
    return [_described(entry, titles[entry.id]) for entry in found]


def _by(account_id: str) -> Chosen:
    """Choose what an account did, and what happened to it."""
    own = sa.and_(AuditEntry.object_id == account_id, AuditEntry.action.startswith("account."))
    deed = sa.and_(AuditEntry.account_id == account_id, sa.not_(AuditEntry.action.startswith("account.")))
    return Chosen(None, AuditEntry.account_id == account_id, sa.or_(own, deed))


def _one(call: Call) -> tuple[Entry, Title]:
    chosen = activity_log.chosen_by_id(call.required("id"))
    if chosen is None:
        raise not_found()
    # A change that is public is the same for everybody.
    actor = ANONYMOUS if chosen.deeds is None else call.actor
    found = activity_log.entries(call.session, actor, chosen, Window(1))
    if not found:
        raise not_found()
    return found[0], activity_log.titles(call.session, found)[found[0].id]


def _described(entry: Entry, title: Title) -> dict[str, Any]:
    return {
        "id": entry.id,
        "timestamp": naive(entry.at.isoformat()),
        "user_id": entry.account_id or None,
        "object_id": entry.object_id,
        "activity_type": entry.type,
        "data": {_KEYS[entry.kind]: _thing(entry, title)},
    }


def _thing(entry: Entry, title: Title) -> dict[str, str]:
    named = {"id": entry.object_id, "name": title.name}
    return named if entry.kind == "user" else {**named, "title": title.title}


def _dataset(call: Call, wanted: str) -> str:
    """Find a dataset that is public, or that somebody may read whatever its state."""
    row = store.find_row(call.session, wanted)
    if row is not None and row.state == PUBLISHED:
        return row.id
    written = desk_rows.find(call.session, wanted)
    if written is None:
        raise not_found()
    if not access.may_read(call.actor, replace(desk_rows.holding(written), private=True)):
        raise denied()
    return written.id


def _window(call: Call) -> Window:
    offset = call.number("offset", 0)
    if offset > DEEPEST:
        raise invalid(offset=f"Must not be above {DEEPEST}; use before with the timestamp of the last entry")
    return Window(
        limit=call.number("limit", SHOWN, MOST),
        offset=offset,
        before=_moment(call, "before"),
        after=_moment(call, "after"),
        types=_types(call),
    )


def _types(call: Call) -> tuple[str, ...]:
    wanted, unwanted = call.listed("activity_types"), call.listed("exclude_activity_types")
    if wanted and unwanted:
        raise invalid(activity_types="Cannot be used together with exclude_activity_types")
    return tuple(one for one in TYPES if one not in unwanted and (not wanted or one in wanted))


def _moment(call: Call, name: str) -> datetime.datetime | None:
    """Read an instant: seconds since 1970, or ISO 8601, in UTC where it names no zone."""
    text = call.text(name).strip()
    if not text:
        return None
    try:
        if text.replace(".", "", 1).isdigit() and text.isascii():
            return datetime.datetime.fromtimestamp(float(text), datetime.UTC)
        found = datetime.datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid(**{name: "Must be seconds since 1970 or an ISO 8601 date and time"}) from None


def _arguments(*first: Argument) -> tuple[Argument, ...]:
    return (*first, *_WINDOW)


_WINDOW = (
    Argument("limit", "integer", Message("üblich 31, höchstens 100", "usually 31, at the most 100")),
    Argument("offset", "integer", Message("ab dem wievielten", "how many to skip")),
    Argument(
        "before",
        "string",
        Message("nur ältere: Zeitpunkt oder Sekunden seit 1970", "older ones only: instant or seconds since 1970"),
    ),
    Argument(
        "after",
        "string",
        Message("nur neuere: Zeitpunkt oder Sekunden seit 1970", "newer ones only: instant or seconds since 1970"),
    ),
    Argument("activity_types", "array", Message(f"nur {', '.join(TYPES)}", f"only {', '.join(TYPES)}")),
    Argument("exclude_activity_types", "array", Message("ohne diese", "without these")),
)
_DATASET = Argument("id", "string", Message("Kennung oder Kurzname", "id or name"), required=True)
_ACTIVITY = Argument("id", "string", Message("Kennung der Aktivität", "id of the activity"), required=True)
_TYPE = Argument(
    "object_type", "string", Message("package, organization, group oder user", "package, organization, group or user")
)

ACTIONS: Mapping[str, Action] = {
    "package_activity_list": Action(
        package_activity_list,
        Message(
            "Was mit einem Datensatz geschah; wer es tat, sehen nur die, die ihn auch unveröffentlicht lesen dürfen.",
            "What happened to a dataset; who did it is for those who may read it unpublished, too.",
        ),
        _arguments(_DATASET),
        example={"id": "baumkataster-darmstadt"},
    ),
    "organization_activity_list": Action(
        organization_activity_list,
        Message(
            "Was mit einer Organisation und ihren Datensätzen geschah.",
            "What happened to an organisation and its datasets.",
        ),
        _arguments(_DATASET),
        example={"id": "wiesbaden-umweltamt"},
    ),
    "group_activity_list": Action(
        group_activity_list,
        Message(
            "Was mit einer Gruppe und ihren öffentlichen Datensätzen geschah.",
            "What happened to a group and its public datasets.",
        ),
        _arguments(_DATASET),
        example={"id": "envi"},
    ),
    "user_activity_list": Action(
        user_activity_list,
        Message(
            "Was ein Konto mit Datensätzen, Organisationen und Gruppen tat; nur für dieses Konto und Administratoren.",
            "What an account did with datasets, organisations and groups; for that account and administrators only.",
        ),
        _arguments(_DATASET),
    ),
    "recently_changed_packages_activity_list": Action(
        recently_changed_packages_activity_list,
        Message("Was zuletzt im Katalog geschah.", "What happened in the catalogue of late."),
        _arguments(),
        example={"limit": 5},
    ),
    "activity_show": Action(activity_show, Message("Eine Aktivität zeigen.", "Show an activity."), (_ACTIVITY,)),
    "activity_data_show": Action(
        activity_data_show,
        Message("Zeigen, wovon eine Aktivität handelt.", "Show what an activity is about."),
        (_ACTIVITY, _TYPE),
    ),
    "activity_diff": Action(
        activity_diff,
        Message("Die Felder nennen, die eine Aktivität geändert hat.", "Name the fields that an activity changed."),
        (_ACTIVITY, _TYPE),
    ),
    "activity_create": Action(
        activity_create,
        Message("Nicht möglich: der Katalog schreibt selbst mit.", "Not possible: the catalogue keeps the log itself."),
        writes=True,
    ),
    "activity_delete": Action(
        activity_delete,
        Message("Nicht möglich: was geschah, bleibt stehen.", "Not possible: what happened stays in the log."),
        writes=True,
    ),
    "send_email_notifications": Action(
        send_email_notifications,
        Message(
            "Nicht möglich: über Aktivitäten verschickt der Katalog keine Mails.",
            "Not possible: the catalogue sends no mail about activities.",
        ),
        writes=True,
    ),
    "dashboard_activity_list": Action(
        dashboard_activity_list,
        Message("Was man selbst tat; neu ist davon nichts.", "What you did yourself; none of it is news."),
        _arguments(),
    ),
    "dashboard_new_activities_count": Action(
        dashboard_new_activities_count,
        Message("Immer 0: hier folgt niemand etwas.", "Always 0: nobody follows anything here."),
    ),
    "dashboard_mark_activities_old": Action(
        dashboard_mark_activities_old,
        Message("Ohne Wirkung: hier folgt niemand etwas.", "Without effect: nobody follows anything here."),
        writes=True,
    ),
}
