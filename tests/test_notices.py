"""Notices: what is news of a source, who is told, by mail and web, once each; and what stands in the feed for everybody."""

import asyncio
import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import homes
import pytest
import sqlalchemy as sa
import trustme
from aiosmtpd.smtp import SMTP as SmtpServer
from aiosmtpd.smtp import AuthResult
from lxml import etree
from source_site import Site, entries

from catalog import jobs, mail, notice_delivery, notices, organizations, workers
from catalog.app import create_app
from catalog.db import now
from catalog.instance import Instance
from catalog.models import NoticeRow, Run, SourceState
from dcat.errors import ConfigError, StateError
from harvesters.source import Source

ATOM = "{http://www.w3.org/2005/Atom}"
ALL = ["failing", "held", "recovered", "conflict"]
COUNTS = {"seen": 9, "created": 1, "updated": 2, "missing": 3, "quarantined": 4}


@pytest.fixture
def source(instance: Instance, site: Site) -> Source:
    return known(instance, homes.define(instance, site))


def known(instance: Instance, source: Source) -> Source:
    with instance.database.writing() as session:
        organizations.register(session, source, instance.config.city(source.city))
    return source


def ended(instance: Instance, source: Source, *statuses: str, **fields: Any) -> None:
    """Let runs end one after the other, as the last step of a run tells it."""
    for status in statuses:
        with instance.database.writing() as session:
            run = Run(
                source_id=source.id, phase="finished", started_at=now(), revision="", cursor=[], counts=COUNTS,
                reason=[], status=status, **fields,
            )  # fmt: skip
            session.add(run)
            session.flush()
            notices.after_run(session, run)


def kinds(instance: Instance) -> list[str]:
    query = sa.select(NoticeRow.kind).where(NoticeRow.kind != "digest").order_by(NoticeRow.id)
    with instance.database.reading() as session:
        return list(session.scalars(query))


def state(instance: Instance, source: Source) -> tuple[str, int]:
    with instance.database.reading() as session:
        found = session.get_one(SourceState, source.id)
        return found.state, found.failures


@pytest.mark.parametrize(
    ("statuses", "expected", "news"),
    [
        (["applied", "unchanged"], ("ok", 0), []),
        (["failed"], ("new", 1), []),
        (["applied", "failed"], ("ok", 1), []),
        (["applied", "failed", "applied", "failed"], ("ok", 1), []),
        (["applied", "failed", "failed"], ("failing", 2), ["failing"]),
        (["failed", "failed", "failed", "partial"], ("failing", 4), ["failing"]),
        (["partial", "partial", "unchanged"], ("ok", 0), ["failing", "recovered"]),
        (["applied", "held", "superseded", "held"], ("held", 0), ["held"]),
        (["applied", "held", "applied"], ("ok", 0), ["held", "recovered"]),
        (["applied", "held", "failed"], ("held", 1), ["held"]),
        (["applied", "held", "failed", "failed", "held"], ("held", 0), ["held", "failing", "held"]),
        (["applied", "held", "rejected", "held"], ("held", 0), ["held", "held"]),
        (["applied", "held", "expired"], ("ok", 0), ["held"]),
        (["applied", "planned", "superseded"], ("ok", 0), []),
    ],
)
def test_only_a_change_of_state_is_news(
    instance: Instance, source: Source, statuses: list[str], expected: tuple[str, int], news: list[str]
) -> None:
    ended(instance, source, *statuses)
    assert (state(instance, source), kinds(instance)) == (expected, news)


def test_a_dry_run_is_no_news(instance: Instance, source: Source) -> None:
    ended(instance, source, "failed", "failed", dry=True)
    assert (state(instance, source), kinds(instance)) == (("new", 0), [])


def test_a_decision_or_a_replay_does_not_say_that_the_source_answers(instance: Instance, source: Source) -> None:
    ended(instance, source, "applied", "held", "failed", "failed")
    ended(instance, source, "applied", decision="approved")
    ended(instance, source, "applied", replay_of=1)
    assert state(instance, source) == ("failing", 2)
    ended(instance, source, "held")
    ended(instance, source, "applied", decision="approved")
    assert (state(instance, source)[0], kinds(instance)[-1]) == ("ok", "recovered")


def test_a_source_that_left_is_news_once_and_again_when_it_is_back(instance: Instance, source: Source) -> None:
    ended(instance, source, "applied")
    for _ in range(2):
        with instance.database.writing() as session:
            notices.left(session, source.id)
    assert (state(instance, source), kinds(instance)) == (("left", 0), ["left"])
    ended(instance, source, "unchanged")
    assert kinds(instance) == ["left", "recovered"]


def test_all_conflicts_of_a_run_are_one_notice(instance: Instance, source: Source) -> None:
    ended(instance, source, "applied")
    with instance.database.writing() as session:
        notices.conflict(session, source.id, 7, "a", ("title", "description"))
        notices.conflict(session, source.id, 7, "b", ("title",))
        notices.conflict(session, source.id, 8, "b", ("title",))
    with instance.database.reading() as session:
        texts = list(session.scalars(sa.select(NoticeRow.text).order_by(NoticeRow.id)))
    assert [text[2:] for text in texts] == [[2, 3], [1, 1]]
    assert "3 edited fields of 2 datasets" in texts[0][1]


def test_harvests_that_fail_are_news_and_their_source_is_asked_again_soon(instance: Instance, site: Site) -> None:
    source = homes.define(instance, site)
    for _ in range(2):
        assert jobs.harvest(instance, source).status == "failed"
    assert (state(instance, source), kinds(instance)) == (("failing", 2), ["failing"])
    with instance.database.writing() as session:
        session.execute(sa.update(Run).values(finished_at=now() - datetime.timedelta(minutes=12)))
    assert workers.due(instance, (source,)) == [source]
    site.put_catalogue([entries(1)])
    assert jobs.harvest(instance, source).status == "applied"
    assert (state(instance, source), kinds(instance)) == (("ok", 0), ["failing", "recovered"])
    assert workers.due(instance, (source,)) == []


def test_one_harvest_a_week_asks_for_everything(instance: Instance, site: Site) -> None:
    source = homes.define(instance, site)
    site.put_catalogue([entries(1)])
    asked = []
    for days in (0, 0, 5, 6):
        with instance.database.writing() as session:
            session.execute(sa.update(SourceState).values(read_at=now() - datetime.timedelta(days=days)))
        jobs.harvest(instance, source)
        asked += site.statuses()
    assert asked == [200, 304, 304, 200]
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Run.full, Run.status).order_by(Run.id)).all()
    assert [tuple(row) for row in rows] == [
        (True, "applied"), (False, "unchanged"), (False, "unchanged"), (True, "unchanged")
    ]  # fmt: skip


# Mail


@dataclass
class Inbox:
    """A mail server of the test's: what it has taken, and what it refuses."""

    port: int = 0
    mails: list[Any] = field(default_factory=list)
    refuse: str = ""
    users: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, session.ssl is not None, parsed))
        return "250 OK"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def presented(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@contextmanager
def serving(
    inbox: Inbox, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Inbox]:
    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        inbox.users.append(data.login)
        return AuthResult(success=data.password == b"geheim")

    def session() -> SmtpServer:
        return SmtpServer(
            inbox, hostname="localhost", tls_context=starttls, require_starttls=bool(starttls), authenticator=login,
            auth_require_tls=False, loop=loop,
        )  # fmt: skip

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opening = asyncio.run_coroutine_threadsafe(loop.create_server(session, "127.0.0.1", 0, ssl=tls), loop)
    server = opening.result(10)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        asyncio.run_coroutine_threadsafe(ended_all(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def ended_all(server: asyncio.Server) -> None:
    """Close the server, and let its sessions come to their end."""
    server.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def posting(instance: Instance, inbox: Inbox | None, **fields: Any) -> Instance:
    server = f"smtp://localhost:{inbox.port}" if inbox else ""
    given = {"mail_server": server, "mail_from": "katalog@stadt.example", **fields}
    return replace(instance, config=replace(instance.config, **given))


def failing_source(instance: Instance, site: Site, *notify: dict[str, Any]) -> Source:
    source = known(instance, homes.define(instance, site, notify=list(notify)))
    ended(instance, source, "applied", "failed", "failed")
    return source


def test_a_mail_says_what_happened_in_two_languages_over_tls(
    instance: Instance, site: Site, authority: trustme.CA
) -> None:
    failing_source(instance, site, {"mail": "amt@stadt.example", "on": ALL})
    with serving(Inbox(), starttls=presented(authority)) as inbox:
        sent = notice_delivery.deliver(posting(instance, inbox), authorities=trusting(authority))
        again = notice_delivery.deliver(posting(instance, inbox), authorities=trusting(authority))
    assert (sent, again) == (1, 0)
    ((recipients, encrypted, message),) = inbox.mails
    assert (recipients, encrypted) == (["amt@stadt.example"], True)
    assert message["Subject"] == "[Offene Daten Rhein-Main] Quelle amt ist gestört"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "konnte 2-mal nacheinander nicht vollständig gelesen werden" in text
    assert "Next step: offenbar harvest plan amt" in text


def test_each_address_gets_what_it_asked_for_once(instance: Instance, site: Site, authority: trustme.CA) -> None:
    source = failing_source(
        instance,
        site,
        {"mail": "alles@stadt.example", "on": ALL},
        {"mail": "alles@stadt.example", "on": ["failing"]},
        {"mail": "pläne@stadt.example".replace("ä", "ae"), "on": ["held"]},
    )
    ended(instance, source, "held")
    with serving(Inbox(), starttls=presented(authority)) as inbox:
        boss = posting(instance, inbox, mail_to="edv@stadt.example")
        notice_delivery.deliver(boss, authorities=trusting(authority))
    told = sorted((mail[0][0], str(mail[2]["Subject"]).partition("] ")[2]) for mail in inbox.mails)
    assert told == [
        ("alles@stadt.example", "Quelle amt ist gestört"),
        ("alles@stadt.example", "Quelle amt: ein Plan wartet"),
        ("edv@stadt.example", "Quelle amt ist gestört"),
        ("edv@stadt.example", "Quelle amt: ein Plan wartet"),
        ("plaene@stadt.example", "Quelle amt: ein Plan wartet"),
    ]


def test_a_server_with_tls_from_the_start_and_a_login(
    instance: Instance, site: Site, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_source(instance, site, {"mail": "amt@stadt.example", "on": ALL})
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "geheim")
    with serving(Inbox(), tls=presented(authority)) as inbox:
        address = f"smtps://post%40stadt@localhost:{inbox.port}"
        given = posting(instance, inbox, mail_server=address, mail_password="env:TEST_MAIL_PASSWORD")
        assert notice_delivery.deliver(given, authorities=trusting(authority)) == 1
    assert (len(inbox.mails), inbox.users) == (1, [b"post@stadt"])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["a stranger's certificate", "another host's certificate"])
def test_a_wrong_certificate_is_refused(instance: Instance, authority: trustme.CA, scheme: str, fault: str) -> None:
    stranger = fault == "a stranger's certificate"
    shown = presented(trustme.CA() if stranger else authority, "localhost" if stranger else "other.example")
    ways = {"starttls": shown} if scheme == "smtp" else {"tls": shown}
    with serving(Inbox(), **ways) as inbox:
        given = posting(instance, inbox, mail_server=f"{scheme}://localhost:{inbox.port}").config
        with pytest.raises(StateError), mail.opened(given, trusting(authority)):
            pass
    assert inbox.mails == []


def test_without_tls_only_this_machine_is_given_mail_and_nobody_a_password(instance: Instance) -> None:
    with serving(Inbox()) as inbox:
        with mail.opened(posting(instance, inbox).config):
            pass
        address = f"smtp://post:geheim@localhost:{inbox.port}"
        with pytest.raises(StateError), mail.opened(posting(instance, inbox, mail_server=address).config):
            pass
    assert inbox.users == []


@pytest.mark.parametrize(
    "url", ["", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://a:b:c", "smtps://a/x"]
)
def test_a_server_must_be_an_address(url: str) -> None:
    with pytest.raises(ConfigError):
        mail.read_server(url)


def test_a_password_is_a_reference_and_never_shown() -> None:
    with pytest.raises(ConfigError) as failure:
        mail.read_server("smtp://post@mail.example", "sesamöffnedich")
    assert "sesam" not in str(failure.value)
    server = mail.read_server("smtp://post:sesam@mail.example")
    assert (server.port, server.password) == (587, "sesam")
    assert "sesam" not in repr(server)


def test_what_cannot_be_sent_waits_longer_each_time_and_is_given_up(
    instance: Instance, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    failing_source(instance, site, {"mail": "amt@stadt.example", "on": ALL})
    with serving(Inbox(refuse="550 nein")) as inbox:
        given, pauses = posting(instance, inbox), []
        for _ in range(3):
            assert notice_delivery.deliver(given) == 0
            with instance.database.writing() as session:
                row = session.scalars(sa.select(NoticeRow).where(NoticeRow.kind == "failing")).one()
                assert row.next_at is not None
                pauses.append(row.next_at - now())
                row.next_at = now()
        assert [round(pause.total_seconds() / 60) for pause in pauses] == [5, 10, 20]
        with instance.database.writing() as session:
            session.execute(sa.update(NoticeRow).values(at=now() - datetime.timedelta(days=4)))
        notice_delivery.deliver(given)
        with instance.database.reading() as session:
            row = session.scalars(sa.select(NoticeRow).where(NoticeRow.kind == "failing")).one()
        assert (row.waiting, row.next_at) == ([], None)
    assert "given up" in caplog.text
    assert "amt@stadt.example" not in caplog.text


def test_a_process_that_ends_before_it_sends_leaves_the_notice_to_another(instance: Instance, site: Site) -> None:
    failing_source(instance, site, {"mail": "amt@stadt.example", "on": ALL})
    with serving(Inbox()) as inbox:
        given = posting(instance, inbox)
        assert notice_delivery.deliver(given, stop=lambda: True) == 0
        assert inbox.mails == []
        with instance.database.writing() as session:
            session.execute(sa.update(NoticeRow).values(next_at=now()))
        assert notice_delivery.deliver(given) == 1


def test_the_digest_names_what_waits_for_its_reader_each_monday(instance: Instance, site: Site) -> None:
    failing_source(instance, site, {"mail": "amt@stadt.example", "on": ["held"]})
    other = known(instance, homes.define(instance, site, id="fremd", notify=[{"mail": "b@stadt.example", "on": ALL}]))
    ended(instance, other, "applied")
    with serving(Inbox()) as inbox:
        given = posting(instance, inbox, mail_to="edv@stadt.example")
        notice_delivery.deliver(given)
        first = len(inbox.mails)
        with instance.database.writing() as session:
            long_ago = now() - datetime.timedelta(days=8)
            session.execute(sa.update(NoticeRow).where(NoticeRow.kind == "digest").values(at=long_ago))
        notice_delivery.deliver(given)
        notice_delivery.deliver(given)
    assert first == 1, "a new catalogue has no week behind it"
    told = {mail[0][0]: mail[2].get_content().replace("\r\n", "\n") for mail in inbox.mails[first:]}
    assert set(told) == {"amt@stadt.example", "b@stadt.example", "edv@stadt.example"}
    assert "0 Quellen ohne Befund, 1 gestört, 0 mit wartendem Plan.\namt: gestört" in told["amt@stadt.example"]
    assert "1 sources without findings, 0 failing" in told["b@stadt.example"]
    assert "1 Quellen ohne Befund, 1 gestört" in told["edv@stadt.example"]


# Webhooks


@dataclass
class Hook:
    """A web address that notices are posted to."""

    url: str = ""
    status: int = 204
    bodies: list[Any] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.bodies.append((self.headers["Content-Type"], self.path, json.loads(body)))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}/meldung"
        yield found
        server.shutdown()


def test_a_webhook_gets_json_where_the_operator_opens_the_private_host(
    instance: Instance, site: Site, hook: Hook
) -> None:
    failing_source(instance, site, {"webhook": hook.url, "on": ALL})
    given = posting(instance, None)
    assert notice_delivery.deliver(given) == 0
    assert hook.bodies == [], "a definition alone opens no private address"
    with instance.database.writing() as session:
        session.execute(sa.update(NoticeRow).values(next_at=now()))
    given = posting(instance, None, webhooks=(hook.url.split("/")[2],))
    assert notice_delivery.deliver(given) == 1
    ((media_type, path, body),) = hook.bodies
    assert (media_type, path) == ("application/json", "/meldung")
    assert (body["kind"], body["source"], body["site"]) == ("failing", "amt", "https://daten.example.org")
    assert body["title"]["en"] == "Source amt is failing"


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_webhook_that_does_not_take_it_is_asked_again_later(
    instance: Instance, site: Site, hook: Hook, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    hook.url += "?token=sesam"
    failing_source(instance, site, {"webhook": hook.url, "on": ALL})
    given = posting(instance, None, webhooks=(hook.url.split("/")[2],))
    hook.status = status
    assert notice_delivery.deliver(given) == 0
    assert len(hook.bodies) == 1
    hook.status = 200
    with instance.database.writing() as session:
        session.execute(sa.update(NoticeRow).values(next_at=now()))
    assert notice_delivery.deliver(given) == 1
    assert "sesam" not in caplog.text


# The feed


def test_the_feed_shows_everybody_what_is_public(instance: Instance, site: Site) -> None:
    source = failing_source(instance, site, {"webhook": "https://user:geheim@hook.example/x?token=geheim", "on": ALL})
    ended(instance, source, "held")
    public = create_app(instance).test_client()
    answer = public.get("/feeds/notices.atom")
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    root = etree.fromstring(answer.data)
    titles = [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")]
    assert titles == ["Quelle amt: ein Plan wartet", "Quelle amt ist gestört"]
    assert b"geheim" not in answer.data and site.host.encode() not in answer.data
    assert b"1 neu, 2 ge\xc3\xa4ndert, 3 fehlen, 4 in Quarant\xc3\xa4ne" in answer.data
    assert public.get("/feeds/notices.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    english = public.get("/feeds/notices.atom?lang=en").data
    assert b"Source amt is failing" in english
    ended(instance, source, "applied")
    assert public.get("/feeds/notices.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_the_feed_is_paged(instance: Instance, source: Source) -> None:
    for _ in range(60):
        ended(instance, source, "failed", "failed", "applied")
    public, found, url = create_app(instance).test_client(), [], "/feeds/notices.atom"
    while url:
        root = etree.fromstring(public.get(url.removeprefix("https://daten.example.org")).data)
        found += [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
        links = [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "next"]
        url = links[0] if links else ""
    assert len(found) == len(set(found)) == 120


def test_the_feed_of_a_new_catalogue_is_empty(instance: Instance) -> None:
    answer = create_app(instance).test_client().get("/feeds/notices.atom")
    assert etree.fromstring(answer.data).findall(f"{ATOM}entry") == []
