"""Examines an address for `offenbar doctor`: names, certificates, robots.txt, the answer, what it might be. Nothing is kept."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal

from dcat.errors import FetchError, UnreadableError
from dcat.message import Message
from harvesters import source, tls
from harvesters.addresses import Address, judge, read_address
from harvesters.base import Batch, Harvester, Page
from harvesters.certificates import Certificate, last_of
from harvesters.connections import Resolve, resolve_name
from harvesters.fetch import Fetcher
from harvesters.guess import guess
from harvesters.network import entry_for
from harvesters.registry import HARVESTERS
from harvesters.response import Response, Validators
from harvesters.robots import LISTINGS
from harvesters.source import TYPES, Source
from harvesters.tls_look import look

State = Literal["ok", "hint", "bad"]

# What servers with several forms of the same catalogue should choose from.
ACCEPT = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.9, application/json;q=0.8, application/xml;q=0.7, */*;q=0.5"
_SOON = timedelta(days=21)
# Records looked at on each page.
_MOST_RECORDS = 1000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what it showed."""

    name: str
    state: State
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All checks in their order; `definition` is a source definition to begin with, empty where no type fits."""

    url: str
    checks: tuple[Check, ...]
    type: str = ""
    definition: str = ""


def examine(
    url: str, fetcher: Fetcher, *, ca: str = "", city: str = "", resolve: Resolve = resolve_name
) -> Examination:
    """Look at everything about an address. FetchError when it is no web address.

    The fetcher must be one that may reach it; `ca` is a file of further authorities, `city` stands in the definition.
    """
    address = read_address(url)
    ips, name_check = _name(address, resolve)
    checks = [name_check]
    private = any(judge(ip) == "private" for ip in ips)
    if name_check.state != "bad" and address.scheme == "https":
        checks += _certificates(address, ips, ca)
    if any(check.state == "bad" for check in checks):
        return Examination(url=address.url, checks=tuple(checks))
    try:
        response = fetcher.get(url, accept=ACCEPT)
    except FetchError as error:
        checks.append(Check("answer", "bad", error.message))
        return Examination(url=address.url, checks=tuple(checks))
    checks += _answer(address, response)
    checks += _conditional(fetcher, response)
    found = guess(response.url, response.media_type, response.body[:])
    checks += _robots(fetcher, read_address(response.url), listing=found.type in LISTINGS)
    checks.append(_type(found.type, found.why))
    source_url = found.url or response.moved_to or address.url
    definition = _definition(found.type, source_url, city, private) if found.type in TYPES else ""
    if definition:
        checks.append(_paging(fetcher, source.read(definition.encode(), "doctor")))
    return Examination(url=address.url, checks=tuple(checks), type=found.type, definition=definition)


def _name(address: Address, resolve: Resolve) -> tuple[tuple[str, ...], Check]:
    """Look the host up, and tell which of its addresses would be reached."""
    try:
        ips = tuple(resolve(address.host, address.port))
    except (OSError, UnicodeError):
        ips = ()
    if not ips:
        text = Message(
            f"Zu {address.host} gibt es keine Adresse; bitte die Schreibweise prüfen.",
            f"There is no address for {address.host}; please check the spelling.",
        )
        return ips, Check("dns", "bad", text)
    verdicts = {ip: judge(ip) for ip in ips}
    shown = ", ".join(ips[:8])
    if "never" in verdicts.values():
        text = Message(
            f"{address.host} führt zu {shown}; darunter ist eine Adresse, die nie abgerufen wird.",
            f"{address.host} leads to {shown}; one of them is never fetched.",
        )
        return ips, Check("dns", "bad", text)
    if "private" in verdicts.values():
        line = f'network: {{allow: ["{entry_for(address)}"]}}'
        text = Message(
            f"{address.host} führt zu {shown}, also in ein internes Netz; die Quelle braucht die Zeile {line}",
            f"{address.host} leads to {shown}, a private network; the source needs the line {line}",
        )
        return ips, Check("dns", "hint", text)
    return ips, Check("dns", "ok", Message(f"{address.host} führt zu {shown}.", f"{address.host} leads to {shown}."))


def _certificates(address: Address, ips: tuple[str, ...], ca: str) -> Iterator[Check]:
    try:
        found = look(address, ips, 10.0, tls.Trust(ca=ca))
    except OSError as error:
        text = error.strerror or "timeout"
        yield Check("tls", "bad", Message(f"Keine Verbindung: {text}.", f"No connection: {text}."))
        return
    for position, certificate in enumerate(found.chain):
        yield _certificate(certificate, position)
    if found.reason:
        yield Check("tls", "bad", tls.failure(address, found.reason, found.number).message)
        last = last_of(found.chain)
        if last is not None and found.number in tls.NO_ISSUER:
            yield _missing(last)
        return
    yield Check(
        "tls",
        "ok",
        Message(f"Die Verbindung ist in Ordnung ({found.version}).", f"The connection is in order ({found.version})."),
    )


def _certificate(certificate: Certificate, position: int) -> Check:
    until = certificate.ends.date().isoformat()
    names = f" ({', '.join(certificate.names[:6])})" if certificate.names else ""
    soon = certificate.ends - datetime.now(UTC) < _SOON
    return Check(
        "certificate",
        "hint" if soon else "ok",
        Message(
            f"Zertifikat {position + 1}: {certificate.subject}{names}, ausgestellt von {certificate.issuer}, gültig bis {until}.",
            f"Certificate {position + 1}: {certificate.subject}{names}, issued by {certificate.issuer}, valid until {until}.",
        ),
    )


def _missing(last: Certificate) -> Check:
    where = (
        (f" Es liegt unter {last.issuer_url}.", f" It can be had at {last.issuer_url}.")
        if last.issuer_url
        else ("", "")
    )
    return Check(
        "tls",
        "bad",
        Message(
            f"Der Server schickt das Zertifikat „{last.issuer}“ nicht mit, das „{last.subject}“ ausgestellt hat.{where[0]}",
            f"The server does not send the certificate “{last.issuer}”, which issued “{last.subject}”.{where[1]}",
        ),
    )


def _answer(address: Address, response: Response) -> Iterator[Check]:
    kind = response.media_type or "-"
    yield Check(
        "answer",
        "ok" if response.size else "bad",
        Message(
            f"Status {response.status}, {kind}, {response.size} Bytes von {response.url}",
            f"Status {response.status}, {kind}, {response.size} bytes from {response.url}",
        ),
    )
    if response.moved_to:
        yield Check(
            "moved",
            "hint",
            Message(
                f"Die Adresse ist endgültig umgezogen; bitte {response.moved_to} eintragen.",
                f"The address has moved for good; please enter {response.moved_to}.",
            ),
        )
    if read_address(response.url).host != address.host:
        yield Check(
            "moved",
            "hint",
            Message(
                f"Die Antwort kommt von einem anderen Rechner ({response.url}); er gehört in »network: {{allow: [...]}}«.",
                f'The answer comes from another host ({response.url}); it belongs in "network: {{allow: [...]}}".',
            ),
        )


def _conditional(fetcher: Fetcher, response: Response) -> Iterator[Check]:
    """Whether an unchanged catalogue costs one short answer, or all of it each time."""
    asked = response.validators
    if asked == Validators():
        yield Check(
            "unchanged",
            "hint",
            Message(
                "Der Server nennt weder ETag noch Last-Modified; jeder Lauf lädt alles neu.",
                "The server names neither ETag nor Last-Modified; every run fetches everything again.",
            ),
        )
        return
    names = " + ".join(name for name, value in (("ETag", asked.etag), ("Last-Modified", asked.last_modified)) if value)
    status = 0
    with suppress(FetchError):
        status = fetcher.get(response.url, accept=ACCEPT, validators=asked).status
    if status == 304:
        yield Check(
            "unchanged",
            "ok",
            Message(
                f"Der Server nennt {names} und antwortet mit 304, solange sich nichts ändert.",
                f"The server names {names} and answers 304 while nothing changes.",
            ),
        )
        return
    yield Check(
        "unchanged",
        "hint",
        Message(
            f"Der Server nennt {names}, antwortet aber auch auf Nachfrage nicht mit 304; jeder Lauf lädt alles neu.",
            f"The server names {names} but does not answer 304 when asked; every run fetches everything again.",
        ),
    )


def _robots(fetcher: Fetcher, address: Address, *, listing: bool) -> Iterator[Check]:
    rules = fetcher.rules(address)
    rule = rules.forbidding(address.target)
    if rule is None:
        delay = f" (Crawl-delay: {rules.delay:g})" if rules.delay else ""
        yield Check(
            "robots", "ok", Message(f"robots.txt erlaubt die Adresse.{delay}", f"robots.txt allows the address.{delay}")
        )
        return
    if listing:
        de = "die Quelle wird so nicht gelesen; wenn das Amt einverstanden ist: network: {robots: false}"
        en = "the source will not be read; if the department agrees: network: {robots: false}"
    else:
        de, en = "für Schnittstellen gilt das nicht.", "for interfaces that does not count."
    yield Check(
        "robots",
        "bad" if listing else "ok",
        Message(
            f"robots.txt verbietet die Adresse (Zeile {rule.number}: {rule.line}): {de}",
            f"robots.txt forbids the address (line {rule.number}: {rule.line}): {en}",
        ),
    )


def _type(name: str, why: Message) -> Check:
    if not name:
        return Check(
            "type",
            "bad",
            Message(
                f"Das ist {why.de}, kein Katalog, der gelesen werden kann.",
                f"This is {why.en}, no catalogue that can be read.",
            ),
        )
    if name not in TYPES:
        return Check(
            "type",
            "bad",
            Message(
                f"Das ist {why.de} (Art {name}); diese Art ist noch nicht eingebaut.",
                f"This is {why.en} (type {name}); this type is not built in yet.",
            ),
        )
    return Check("type", "ok", Message(f"Das ist {why.de}: Art {name}.", f"This is {why.en}: type {name}."))


def _paging(fetcher: Fetcher, definition: Source) -> Check:
    """Read the first page as a harvest would, and the one that follows: whether it comes, and brings something new."""
    harvester = HARVESTERS[definition.type]
    try:
        first, batch = _page(fetcher, harvester, definition, harvester.pages(definition)[0])
        number = len(first)
        if not batch.following:
            return _single(number, batch)
        second, _ = _page(fetcher, harvester, definition, batch.following[0])
    except (FetchError, UnreadableError) as error:
        text = Message(
            f"Eine Seite lässt sich nicht lesen: {error.message.de}", f"A page cannot be read: {error.message.en}"
        )
        return Check("paging", "bad", text)
    twice = len(first & second)
    text = Message(
        f"Die erste Seite hat {number} Einträge, die zweite {len(second)}, davon {twice} schon auf der ersten.",
        f"The first page has {number} records, the second {len(second)}, {twice} of them on the first already.",
    )
    return Check("paging", "bad" if second and twice == len(second) else "hint" if twice else "ok", text)


def _page(fetcher: Fetcher, harvester: Harvester, definition: Source, url: str) -> tuple[frozenset[str], Batch]:
    """Fetch and split one page; gives the ids of its records, so many at the most."""
    method = "GET" if harvester.plain(url) else harvester.method
    response = fetcher.get(url, accept=harvester.accept, method=method, headers=dict(harvester.headers))
    page = Page(url=response.url, body=response.body, media_type=response.media_type, charset=response.charset)
    batch = harvester.split(page, definition)
    return frozenset(item.remote_id for item in islice(batch.items, _MOST_RECORDS)), batch


def _single(number: int, batch: Batch) -> Check:
    if batch.total is not None and number < min(batch.total, _MOST_RECORDS):
        text = Message(
            f"Der Server spricht von {batch.total} Einträgen, nennt {number} und keine weitere Seite.",
            f"The server speaks of {batch.total} records, names {number}, and no further page.",
        )
        return Check("paging", "hint", text)
    text = Message(
        f"Alles steht auf einer Seite: {number} Einträge.", f"All of it stands on one page: {number} records."
    )
    return Check("paging", "ok", text)


def _definition(type_: str, url: str, city: str, private: bool) -> str:
    """Write the shortest definition that works. JSON strings are YAML strings."""
    address = read_address(url)
    lines = [
        f"id: {city[:2] or 'xx'}-neue-quelle",
        f"city: {city or 'stadt'}",
        "department: Amt",
        f"type: {type_}",
        f"url: {json.dumps(url, ensure_ascii=False)}",
    ]
    if private:
        lines.append(f"network: {{allow: [{json.dumps(entry_for(address))}]}}")
    return "\n".join(lines) + "\n"
