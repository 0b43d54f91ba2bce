"""CSW 2.0.2 (OGC 07-006r1) with ISO 19139 records, by GET: GetRecords page after page, GetRecordById, or a document of records.

A page that is no well-formed XML is asked for again in two halves, down to the one record that spoils it.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem, Reading
from harvesters import csw_requests, iso19139, xml
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.iso_values import first, text
from harvesters.json_answers import text as shortened
from harvesters.json_answers import too_many
from harvesters.source import Source

MAX_ITEMS = 10_000
_ANSWER = re.compile(rb"<(?:\w+:)?GetRecordsResponse\b")
_MATCHED = re.compile(rb"""\bnumberOfRecordsMatched\s*=\s*["'](\d{1,9})["']""")
_METADATA = ("MD_Metadata", "MI_Metadata")
_ENVELOPES = ("GetRecordsResponse", "SearchResults", "GetRecordByIdResponse")


def pages(source: Source) -> tuple[str, ...]:
    """Ask for the first page; an address that asks for single records, or is that of a document, is taken as it is."""
    if csw_requests.is_document(source.url):
        return (source.url,)
    return (csw_requests.page(source.url, 1, csw_requests.rows_of(source), source),)


def split(page: Page, source: Source) -> Batch:
    """Cut an answer into metadata records, with the services that say they operate on each."""
    try:
        document = xml.parse(page.body[:], page.charset, url=page.url)
    except xml.DocumentError as error:
        halves = _halves(page, source, error)
        if halves is None:
            raise
        return halves
    root = document.root
    if xml.local(root) in ("ExceptionReport", "ServiceExceptionReport"):
        raise refusal(root, page.url)
    results = first(root, "SearchResults") if xml.local(root) == "GetRecordsResponse" else root
    if xml.local(root) not in (*_METADATA, *_ENVELOPES) or results is None:
        raise UnreadableError(
            Message(
                f"{page.url} ist weder eine Antwort eines CSW noch ein ISO-19139-Dokument, sondern „{xml.local(root)[:60]}“."
                " Nächster Schritt: die Adresse des CSW-Dienstes eintragen.",
                f"{page.url} is neither an answer of a CSW nor an ISO 19139 document but “{xml.local(root)[:60]}”."
                " Next step: enter the address of the CSW service.",
            )
        )
    found = [root] if xml.local(root) in _METADATA else list(results)
    if xml.local(root) != "GetRecordsResponse":
        return _batch(found, document.problems, page)
    return _results(results, found, document.problems, page, source)


def read(item: Item, source: Source) -> Reading:
    """Read one record; UnreadableError without identifier or title, or where it is no ISO 19139."""
    metadata, services = item.content
    if metadata is None or xml.local(metadata) not in _METADATA:
        name = item.remote_id.removeprefix("?")
        raise UnreadableError(
            Message(
                f"„{name}“ ist nicht als ISO 19139 lesbar. Nächster Schritt: diesen Eintrag im Katalog der Quelle prüfen.",
                f"“{name}” cannot be read as ISO 19139. Next step: check this entry in the source's catalogue.",
            )
        )
    if item.remote_id.startswith("?"):
        name = item.remote_id[1:]
        raise UnreadableError(
            Message(f"„{name}“ hat keinen fileIdentifier.", f"“{name}” has no fileIdentifier."),
        )
    if iso19139.identification(metadata) is None:
        raise UnreadableError(
            Message(f"{item.remote_id} hat keine identificationInfo.", f"{item.remote_id} has no identificationInfo.")
        )
    reading = iso19139.read(metadata, tuple(filter(None, map(iso19139.coupled, services))))
    if not reading.dataset.title:
        raise UnreadableError(Message(f"{item.remote_id} hat keinen Titel.", f"{item.remote_id} has no title."))
    return reading


CSW = Harvester(
    type="csw",
    accept="application/xml, text/xml;q=0.9",
    pages=pages,
    split=split,
    map=read,
    options=("constraint", "keyword", "rows"),
)


def refusal(report: Any, url: str) -> UnreadableError:
    """Say what an exception report says (OWS Common, ExceptionReport; WMS, ServiceExceptionReport)."""
    said = [
        text(one, "ExceptionText") or xml.text(one) or str(one.get("exceptionCode") or one.get("code") or "")
        for one in report
    ]
    told = shortened(" ".join(filter(None, said)), 500) or "?"
    return UnreadableError(
        Message(
            f"{url} antwortet mit einer Fehlermeldung: „{told}“. Nächster Schritt: Adresse und Optionen der Quelle prüfen.",
            f"{url} answers with an exception: “{told}”. Next step: check address and options of the source.",
        )
    )


def _halves(page: Page, source: Source, error: UnreadableError) -> Batch | None:
    """Ask for the records of a page that cannot be parsed again, in halves; None where it is no page of records."""
    if not _ANSWER.search(page.body[:5000]):
        return None
    at = csw_requests.position(page.url, source)
    problem = Problem(path=page.url, code="broken-page", value=str(at.start), message=error.message)
    after = at.start + at.rows
    following = (
        (csw_requests.page(page.url, after, at.whole, source),) if at.rows >= at.whole and _goes_on(page, after) else ()
    )
    if at.rows == 1:
        item = Item(remote_id=f"?Position {at.start}", content=(None, ()))
        return Batch(items=iter([item]), following=following, problems=(problem,), whole=False)
    half = at.rows // 2
    parts = ((at.start, half), (at.start + half, at.rows - half))
    halves = tuple(csw_requests.page(page.url, start, rows, source) for start, rows in parts if _goes_on(page, start))
    return Batch(items=iter(()), following=(*halves, *following), problems=(problem,))


def _goes_on(page: Page, start: int) -> bool:
    """Tell whether there can be a record at a position, as far as a broken page still says how many there are."""
    matched = _MATCHED.search(page.body[:20_000])
    return matched is None or start <= int(matched[1])


def _results(results: Any, found: list[Any], problems: tuple[Problem, ...], page: Page, source: Source) -> Batch:
    """Cut a page of results, and compute the next from what came: servers give fewer records than asked for."""
    at = csw_requests.position(page.url, source)
    matched, returned, following_record = (
        _count(results, name) for name in ("numberOfRecordsMatched", "numberOfRecordsReturned", "nextRecord")
    )
    # Some servers count records they then leave out; the positions are used up all the same.
    came = max(len(found), min(returned or 0, at.rows))
    after = at.start + came
    ended = after > matched if matched is not None else not following_record
    whole = returned is None or returned <= len(found)
    told = list(problems)
    following: tuple[str, ...] = ()
    if not came and not ended:
        whole = False
        told.append(_missing(page.url, at.start, matched or 0))
    elif not whole:
        told.append(_missing(page.url, at.start + len(found), returned or 0))
    if came and not ended:
        is_part = at.rows < at.whole
        left = at.start + at.rows - after if is_part else at.rows
        following = (csw_requests.page(page.url, after, left, source),) if left > 0 else ()
    batch = _batch(found, tuple(told), page)
    return Batch(
        items=batch.items,
        following=following,
        total=matched,
        problems=batch.problems,
        whole=whole and batch.whole,
    )


def _count(results: Any, name: str) -> int | None:
    value = str(results.get(name) or "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _missing(url: str, start: int, claimed: int) -> Problem:
    message = Message(
        f"{url}: ab Position {start} fehlen Einträge, die der Dienst zählt ({claimed}).",
        f"{url}: from position {start} on records are missing that the service counts ({claimed}).",
    )
    return Problem(path=url, code="incomplete", value=str(claimed), message=message)


def _batch(found: list[Any], problems: tuple[Problem, ...], page: Page) -> Batch:
    whole = len(found) <= MAX_ITEMS
    if not whole:
        problems = (*problems, too_many(page.url, len(found), MAX_ITEMS))
    return Batch(items=_items(found[:MAX_ITEMS]), problems=problems, whole=whole)


def _items(found: list[Any]) -> Iterator[Item]:
    """Give each record with the services of the page that say they operate on it."""
    services: dict[str, list[Any]] = {}
    stamps: dict[Any, bytes] = {}
    for metadata in found:
        if xml.local(metadata) in _METADATA and iso19139.is_service(metadata):
            stamps[metadata] = hashlib.sha256(xml.canonical(metadata)).digest()
            for key in iso19139.operates_on(metadata):
                services.setdefault(key, []).append(metadata)
    for metadata in found:
        if xml.local(metadata) not in _METADATA:
            yield Item(remote_id=f"?{shortened(xml.text(metadata), 80) or xml.local(metadata)}", content=(metadata, ()))
            continue
        own = dict.fromkeys(one for key in iso19139.keys(metadata) for one in services.get(key, ()))
        coupled = tuple(one for one in own if one is not metadata)[: iso19139.MAX_COUPLED]
        stamp = xml.canonical(metadata) + b"".join(stamps[one] for one in coupled)
        yield Item(remote_id=_remote_id(metadata), content=(metadata, coupled), stamp=stamp)


def _remote_id(metadata: Any) -> str:
    identifier = text(metadata, "fileIdentifier")
    if identifier and len(identifier) <= 500:
        return identifier
    about = iso19139.identification(metadata)
    return f"?{shortened(text(about, 'citation/CI_Citation/title'), 200) if about is not None else '?'}"
