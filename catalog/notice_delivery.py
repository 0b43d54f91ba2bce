"""Notices on their way: by mail and to web addresses, each address once, again after a growing pause, given up after some days.

A process that ends between sending and noting it repeats that one message.
"""

import datetime
import hashlib
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import definitions, mail, notice_texts, notices
from catalog.config import Config
from catalog.db import now
from catalog.instance import Instance
from catalog.models import NoticeRow, SourceState
from catalog.schedule import BERLIN
from dcat import dates
from dcat.errors import ConfigError, FetchError, OffenbarError, StateError
from dcat.message import Message
from harvesters.fetch import Fetcher
from harvesters.network import FetchLimits, Network
from harvesters.source import Source

log = logging.getLogger(__name__)

BATCH = 50
SECONDS = 30.0
# Whoever takes a notice has it so long; another goes on when its process ends.
TAKEN = datetime.timedelta(minutes=10)
FIRST_PAUSE = datetime.timedelta(minutes=5)
LONGEST_PAUSE = datetime.timedelta(hours=12)
GIVEN_UP = datetime.timedelta(days=3)
LIMITS = FetchLimits(connect=4, read=6, total=8, max_bytes=100_000, retries=0, connections=1)
_MAIL, _WEBHOOK = "mail", "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One notice for one address. `address` is a mail address or a web address, by its channel."""

    notice: int
    kind: str
    source: str
    at: datetime.datetime
    title: Message
    text: Message
    channel: str
    address: str


def deliver(
    instance: Instance, *, stop: Callable[[], bool] = lambda: False, authorities: ssl.SSLContext | None = None
) -> int:
    """Send the notices that are due, and give how many messages went out. `authorities` are those a mail server must show."""
    with instance.database.reading() as session:
        due = session.scalar(sa.select(NoticeRow.id).where(NoticeRow.next_at <= now()).limit(1))
        weekly = notices.digest_due(session, now())
    if weekly:
        with instance.database.writing() as session:
            notices.weekly(session, now())
    elif due is None:
        return 0
    with instance.database.writing() as session:
        letters = _take(session, instance.config)
    sent, until = 0, time.monotonic() + SECONDS
    failed: dict[int, str] = {}
    with ExitStack() as opened:
        doors = _Doors(instance, opened, authorities)
        for letter in letters:
            if stop() or time.monotonic() > until:
                failed.setdefault(letter.notice, "")
                continue
            try:
                doors.send(letter)
            except OffenbarError as error:
                failed[letter.notice] = error.code if isinstance(error, FetchError) else error.message.en
            else:
                sent += 1
                with instance.database.writing() as session:
                    _sent(session, letter)
    with instance.database.writing() as session:
        for number in dict.fromkeys(letter.notice for letter in letters):
            _settle(session, number, failed.get(number))
    return sent


class _Doors:
    """The ways out, each opened when the first message needs it; a mail server that cannot be used is not tried again at once."""

    def __init__(self, instance: Instance, opened: ExitStack, authorities: ssl.SSLContext | None) -> None:
        self._instance = instance
        self._opened = opened
        self._authorities = authorities
        self._post: mail.Post | OffenbarError | None = None
        self._fetcher: Fetcher | None = None

    def send(self, letter: Letter) -> None:
        """Send one message; an OffenbarError says why it did not go."""
        if letter.channel == _WEBHOOK:
            self._web().post(letter.address, _payload(self._instance.config, letter), media_type="application/json")
        else:
            self._mail().send(_message(self._instance.config, letter))

    def _mail(self) -> mail.Post:
        if self._post is None:
            try:
                self._post = self._opened.enter_context(mail.opened(self._instance.config, self._authorities))
            except OffenbarError as error:
                self._post = error
        if isinstance(self._post, OffenbarError):
            raise self._post
        return self._post

    def _web(self) -> Fetcher:
        if self._fetcher is None:
            # Any public host, and of private ones those that the operator names: a definition cannot open them.
            network = Network(allow=self._instance.config.webhooks, anywhere=True)
            source = Source(id="", city="", department="", type="dcat", url="", network=network, limits=LIMITS)
            self._fetcher = self._opened.enter_context(self._instance.fetcher(source))
        return self._fetcher


def _take(session: Session, config: Config) -> list[Letter]:
    """Take the notices that are due, for this process alone, and look up who is to have them."""
    query = sa.select(NoticeRow).where(NoticeRow.next_at <= now()).order_by(NoticeRow.next_at, NoticeRow.id)
    rows = session.scalars(query.limit(BATCH)).all()
    known = definitions.present(config.sources) if rows else definitions.Definitions({})
    letters = []
    for row in rows:
        row.next_at = now() + TAKEN
        if row.waiting == notices.EVERYBODY:
            if row.source_id not in known.sources and known.unreadable and row.kind != "left":
                # The definition that cannot be read just now may be the one that names the recipients.
                continue
            row.waiting = _recipients(config, known.sources, row)
        letters += [
            Letter(
                notice=row.id,
                kind=row.kind,
                source=row.source_id,
                at=row.at,
                title=notice_texts.title(row.kind, row.source_id),
                text=_text(session, config, known.sources, row, address),
                channel=channel,
                address=address,
            )
            for channel, address in row.waiting
        ]
        if not row.waiting:
            row.next_at = None
    return letters


def _recipients(config: Config, sources: Mapping[str, Source], row: NoticeRow) -> list[list[str]]:
    """List the addresses of a notice: those that the definition names for its kind, and the operator's."""
    found = [[_MAIL, config.mail_to]] if config.mail_to else []
    for source in sources.values():
        for each in source.notify:
            if source.id == row.source_id and row.kind in each.on:
                found += [[_MAIL, each.mail], [_WEBHOOK, each.webhook]]
            elif row.kind == "digest":
                found.append([_MAIL, each.mail])
    return [list(pair) for pair in dict.fromkeys(map(tuple, found)) if pair[1]]


def _text(session: Session, config: Config, sources: Mapping[str, Source], row: NoticeRow, address: str) -> Message:
    if row.kind != "digest":
        return Message(row.text[0], row.text[1])
    mine = {
        source.id
        for source in sources.values()
        if address == config.mail_to or any(each.mail == address for each in source.notify)
    }
    states = {
        source_id: state
        for source_id, state in session.execute(sa.select(SourceState.id, SourceState.state).order_by(SourceState.id))
        if source_id in mine
    }
    waiting = {state: [name for name in states if states[name] == state] for state in ("failing", "held")}
    return notice_texts.digest(list(states.values()).count("ok"), waiting)


def _sent(session: Session, letter: Letter) -> None:
    row = session.get(NoticeRow, letter.notice)
    if row is not None:
        row.waiting = [pair for pair in row.waiting if pair != [letter.channel, letter.address]]


def _settle(session: Session, number: int, failure: str | None) -> None:
    """Close a notice, or put it off; after some days it is given up."""
    row = session.get(NoticeRow, number)
    if row is None:
        return
    if not row.waiting:
        row.next_at = None
        return
    row.attempts += 1
    left = ", ".join(channel for channel, _ in row.waiting)
    if now() - row.at > GIVEN_UP:
        log.error("notice %s (%s, %s) is given up, not sent by %s: %s", row.id, row.kind, row.source_id, left, failure)
        row.waiting, row.next_at = [], None
        return
    log.warning("notice %s (%s, %s) waits, not sent by %s: %s", row.id, row.kind, row.source_id, left, failure)
    row.next_at = now() + min(FIRST_PAUSE * 2 ** min(row.attempts - 1, 20), LONGEST_PAUSE)


def _payload(config: Config, letter: Letter) -> bytes:
    return orjson.dumps(
        {
            "id": letter.notice,
            "kind": letter.kind,
            "source": letter.source,
            "at": dates.stamp(letter.at),
            "title": {"de": letter.title.de, "en": letter.title.en},
            "text": {"de": letter.text.de, "en": letter.text.en},
            "site": config.site_url,
        }
    )


def _message(config: Config, letter: Letter) -> EmailMessage:
    if not config.mail_from:
        raise ConfigError(
            Message(
                "Für Nachrichten fehlt der Absender. Nächster Schritt: mail.from in offenbar.yaml setzen.",
                "Notices have no sender. Next step: set mail.from in offenbar.yaml.",
            )
        )
    message = EmailMessage()
    digest = hashlib.sha256(letter.address.encode()).hexdigest()[:12]
    # The same when it is sent again, so that a reader can tell.
    message["Message-ID"] = f"<notice-{letter.notice}-{digest}@{urlsplit(config.site_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Date"] = format_datetime(letter.at)
    try:
        message["From"], message["To"] = config.mail_from, letter.address
        message["Subject"] = " ".join(f"[{config.title.de}] {letter.title.de}".split())
    except ValueError as error:
        raise StateError(
            Message("Absender oder Empfänger ist keine Mailadresse.", "Sender or recipient is no mail address.")
        ) from error
    at = letter.at.astimezone(BERLIN)
    message.set_content(
        f"{letter.text.de}\n\n{letter.text.en}\n\n{at:%d.%m.%Y, %H:%M} Uhr\n{config.site_url}/\n",
        cte="quoted-printable",
    )
    return message
