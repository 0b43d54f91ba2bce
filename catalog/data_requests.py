"""Requests for data: what people wished for and did not find, what stewards answer, and the dataset that came of it. Nothing of who asked."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import audit, search_misses, store
from catalog.access import Actor, may_answer_requests
from catalog.db import now
from catalog.drafts import PUBLISHED
from catalog.models import DatasetRow
from catalog.models_desk import DataRequest
from catalog.steward_acts import ForbiddenError
from dcat.errors import NotFoundError, StateError
from dcat.message import Message
from dcat.printable import one_line, printable

LONGEST_TITLE = 200
LONGEST_ANSWER = 2_000
MOST = 5_000
PAGE = 50
# Of the address of a dataset that a steward copied; names are shorter.
_LONGEST_NAME = 500


class State(StrEnum):
    """What became of a request so far."""

    OPEN = "open"
    PLANNED = "planned"
    PUBLISHED = "published"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Answering:
    """The public dataset that answers a request."""

    name: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request as it is shown; `lost` says that the dataset which answered it is no longer public, and nothing else of it."""

    id: str
    title: str
    words: str
    state: State
    answer: str
    dataset: Answering | None
    lost: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Requests, those changed last first, with the number of all by state; `following` is the number of the next page, or 0."""

    wishes: tuple[Wish, ...]
    states: dict[State, int]
    following: int


def open_request(session: Session, actor: Actor, *, title: str = "", words: str = "") -> str:
    """Keep a request and give its id; the words it came from are no longer listed as a miss.

    The same words, or without words the same title, are one request. StateError says why there is none.
    """
    _require(actor)
    said = search_misses.normalised(words)
    if not (written := _title(title) or said):
        raise StateError(
            Message(
                "Nennen Sie, welche Daten gewünscht werden; Wörter mit @ oder langen Nummern führen wir nicht.",
                "Say which data are wished for; words with an @ or long numbers are not kept.",
            )
        )
    if said:
        search_misses.forget_misses(session, said)
    same = DataRequest.words == said if said else DataRequest.title == written
    found = session.scalar(sa.select(DataRequest).where(same).order_by(DataRequest.created_at).limit(1))
    row = found or _new(session, written, said)
    audit.note(session, actor, "request.open", row.id, row.title, words=said, again=found is not None)
    return row.id


def answer(
    session: Session,
    actor: Actor,
    request_id: str,
    *,
    state: str,
    text: str | None = None,
    dataset: str | None = None,
    title: str | None = None,
) -> None:
    """Answer a request: its state, a text, and the public dataset by name, id or address. What is None stays; StateError says why not."""
    _require(actor)
    row = session.get(DataRequest, request_id) or _unknown(request_id)
    if state not in set(State):
        raise StateError(Message("Wählen Sie einen Stand.", "Choose a state."))
    said = row.answer if text is None else _answer(text)
    answering = row.dataset_id if dataset is None else _public(session, dataset)
    if state == State.PUBLISHED and not _shown(session, answering):
        raise StateError(
            Message(
                "Veröffentlicht ist ein Datenwunsch mit einem öffentlichen Datensatz: Nennen Sie ihn.",
                "A request is published with a public dataset: name it.",
            )
        )
    row.title = row.title if title is None else _title(title) or row.title
    row.state, row.answer, row.dataset_id, row.changed_at = state, said, answering, now()
    # The dataset by its id: the name goes when it is erased.
    audit.note(session, actor, "request.answer", row.id, row.title, state=state, dataset=answering)


def listed(session: Session, state: str = "", page: int = 1) -> Wishes:
    """List a page of requests, of one state where asked."""
    query = _QUERY.where(DataRequest.state == state) if state else _QUERY
    ordered = query.order_by(DataRequest.changed_at.desc(), DataRequest.id)
    rows = session.execute(ordered.offset((page - 1) * PAGE).limit(PAGE + 1)).all()
    return Wishes(
        wishes=tuple(_wish(*row) for row in rows[:PAGE]),
        states=_counts(session),
        following=page + 1 if len(rows) > PAGE else 0,
    )


def find(session: Session, request_id: str) -> Wish:
    """Find a request; NotFoundError when there is none."""
    row = session.execute(_QUERY.where(DataRequest.id == request_id)).first() or _unknown(request_id)
    return _wish(*row)


def as_json(wish: Wish) -> dict[str, Any]:
    """Write a request as stewards' programs read it."""
    return {
        "id": wish.id,
        "title": wish.title,
        "words": wish.words,
        "state": wish.state,
        "answer": wish.answer,
        "dataset": wish.dataset.name if wish.dataset else None,
        "created_at": wish.created_at.isoformat(),
        "changed_at": wish.changed_at.isoformat(),
    }


# A dataset that is not public is not there for requests.
_QUERY = sa.select(DataRequest, DatasetRow.name, DatasetRow.title, DatasetRow.title_en).outerjoin(
    DatasetRow, sa.and_(DatasetRow.id == DataRequest.dataset_id, store.VISIBLE)
)


def _wish(row: DataRequest, name: str | None, title: str | None, title_en: str | None) -> Wish:
    return Wish(
        id=row.id,
        title=row.title,
        words=row.words,
        state=State(row.state),
        answer=row.answer,
        dataset=Answering(name, title or name, title_en or "") if name else None,
        lost=bool(row.dataset_id) and not name,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _counts(session: Session) -> dict[State, int]:
    grouped = sa.select(DataRequest.state, sa.func.count()).group_by(DataRequest.state)
    found = dict(session.execute(grouped).all())
    return {state: found.get(state, 0) for state in State}


def _new(session: Session, title: str, words: str) -> DataRequest:
    if (session.scalar(sa.select(sa.func.count()).select_from(DataRequest)) or 0) >= MOST:
        raise StateError(
            Message(
                f"Es sind schon {MOST} Datenwünsche; mehr werden nicht geführt.",
                f"There are {MOST} requests already; no more are kept.",
            )
        )
    at = now()
    row = DataRequest(
        id=str(uuid.uuid4()),
        title=title,
        words=words,
        state=State.OPEN,
        answer="",
        dataset_id="",
        created_at=at,
        changed_at=at,
    )
    session.add(row)
    session.flush()
    return row


def _title(text: str) -> str:
    """Write a title in one line; StateError for one that is too long."""
    said = one_line(text, LONGEST_TITLE + 1)
    _require_length(said, LONGEST_TITLE)
    return said


def _answer(text: str) -> str:
    """Write an answer without control characters; StateError for one that is too long."""
    said = printable(text).strip()
    _require_length(said, LONGEST_ANSWER)
    return said


def _require_length(text: str, most: int) -> None:
    if len(text) > most:
        raise StateError(
            Message(f"Das ist zu lang: höchstens {most} Zeichen.", f"That is too long: {most} characters at the most.")
        )


def _public(session: Session, dataset: str) -> str:
    """Give the id of a public dataset; of one that is hidden nobody learns here that it exists."""
    if not (name := one_line(dataset, _LONGEST_NAME).rstrip("/").rpartition("/")[2]):
        return ""
    row = store.find_row(session, name)
    if row is None or row.state != PUBLISHED:
        raise StateError(
            Message(
                f"Kein öffentlicher Datensatz hat den Namen oder die Kennung „{name}“.",
                f"No public dataset has the name or id “{name}”.",
            )
        )
    return row.id


def _shown(session: Session, dataset_id: str) -> bool:
    return (
        bool(dataset_id)
        and session.scalar(sa.select(sa.exists().where(DatasetRow.id == dataset_id, store.VISIBLE))) is True
    )


def _require(actor: Actor) -> None:
    if not may_answer_requests(actor):
        raise ForbiddenError(
            Message(
                "Datenwünsche führt, wer für eine Organisation bearbeitet oder diese Website verwaltet.",
                "Requests for data are kept by those who edit for an organisation, or administer this site.",
            )
        )


def _unknown(request_id: str) -> Any:
    raise NotFoundError(
        Message(
            f"Den Datenwunsch „{one_line(request_id, 40)}“ gibt es nicht. Nächster Schritt: offenbar request list",
            f"There is no request “{one_line(request_id, 40)}”. Next step: offenbar request list",
        )
    )
