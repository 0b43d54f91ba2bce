"""OGC services: capabilities of WFS and WMS, and ATOM feeds of INSPIRE download services, told apart by the document itself.

A WFS becomes a dataset for each feature type, a WMS one dataset that names its layers; the option `datasets` (layers, service)
turns it the other way. A dataset of a feature type or layer keeps the identifier of the metadata record it names.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Reading
from harvesters import atom_feed, iso_links, kvp, ogc_service, wfs, wms, xml
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.csw import refusal
from harvesters.json_answers import too_many
from harvesters.source import Source
from harvesters.stated import Stated

MAX_ITEMS = 10_000
_CAPABILITIES = {"WFS_Capabilities": "wfs", "WMS_Capabilities": "wms", "WMT_MS_Capabilities": "wms"}
_BY_DEFAULT = {"wfs": "layers", "wms": "service"}


def pages(source: Source) -> tuple[str, ...]:
    """Ask the service for its capabilities; feeds, and addresses that tell no kind of service, are taken as they are."""
    kind = source.option("service").lower() or kvp.parameter(source.url, "service").lower() or _told(source.url)
    if kind not in ("wfs", "wms") or _is_file(source.url):
        return (source.url,)
    return (kvp.asked(source.url, {"request": "GetCapabilities"}, {"service": kind.upper()}) or source.url,)


def split(page: Page, source: Source) -> Batch:
    """Cut capabilities or a feed into datasets."""
    if page.body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        raise _json(page)
    document = xml.parse(page.body[:], page.charset, url=page.url, skip_doctype=True)
    root, name = document.root, xml.local(document.root)
    if name in ("ExceptionReport", "ServiceExceptionReport"):
        raise refusal(root, page.url)
    if name == "feed":
        batch = atom_feed.split(root, page.url)
        return Batch(
            items=batch.items,
            following=batch.following,
            problems=(*document.problems, *batch.problems),
            whole=batch.whole,
        )
    kind = _CAPABILITIES.get(name)
    if kind is None:
        raise _unknown(page, name)
    protocol = wfs if kind == "wfs" else wms
    if source.option("datasets", _BY_DEFAULT[kind]) == "service":
        return Batch(items=iter([_whole(root, kind, page.url)]), problems=document.problems)
    found = list(islice(protocol.items(root, page.url), MAX_ITEMS + 1))
    problems = document.problems
    if len(found) > MAX_ITEMS:
        problems = (*problems, too_many(page.url, len(found), MAX_ITEMS))
    return Batch(items=iter(found[:MAX_ITEMS]), problems=problems, whole=len(found) <= MAX_ITEMS)


def read(item: Item, source: Source) -> Reading:
    """Read a feature type, a layer, a service or a feed; UnreadableError without name or title."""
    kind, content, shared, more = item.content
    if kind == "atom":
        return atom_feed.read(content, shared, item.remote_id, more)
    if item.remote_id.startswith("?"):
        name = item.remote_id[1:]
        raise UnreadableError(
            Message(f"Der Objektart „{name}“ fehlt der Name.", f"The feature type “{name}” has no name.")
        )
    reading = _service(content, shared) if kind == "service" else _part(kind, content, shared)
    if not reading.dataset.title:
        raise UnreadableError(Message(f"{item.remote_id} hat keinen Titel.", f"{item.remote_id} has no title."))
    return Reading(dataset=reading.dataset, problems=(*more, *reading.problems))


OGC = Harvester(
    type="ogc",
    accept="application/xml, text/xml;q=0.9, application/atom+xml;q=0.9",
    pages=pages,
    split=split,
    map=read,
    options=("datasets", "service"),
    crossing=True,
)


def _told(url: str) -> str:
    return "" if "atom" in url.lower() else iso_links.told(url.replace("_", " "))[1].lower()


def _is_file(url: str) -> bool:
    try:
        return urlsplit(url).path.lower().endswith((".xml", ".atom"))
    except ValueError:
        return False


def _whole(root: Any, kind: str, url: str) -> Item:
    """Make the service as a whole one item, whose id is its kind: a source is one service."""
    stated = Stated()
    service = ogc_service.read(root, kind.upper(), url, stated)
    parts = list(islice(_parts(root, kind), MAX_ITEMS))
    top = wms.top(root) if kind == "wms" else None
    extent = (top.spatial, top.systems) if top else ((), ())
    stamp = service.stamp + repr((parts, extent)).encode()
    return Item(remote_id=kind, content=("service", service, (parts, extent), tuple(stated.problems)), stamp=stamp)


def _parts(root: Any, kind: str) -> Iterator[tuple[str, str]]:
    yield from (wfs.parts(root) if kind == "wfs" else wms.parts(root))


def _service(service: ogc_service.Service, content: Any) -> Reading:
    parts, (spatial, systems) = content
    return Reading(dataset=service.dataset(parts, spatial, systems), problems=service.rights.problems)


def _part(kind: str, content: Any, shared: Any) -> Reading:
    return wfs.read(content, shared) if kind == "wfs" else wms.read(content, shared)


def _json(page: Page) -> UnreadableError:
    return UnreadableError(
        Message(
            f"{page.url} antwortet mit JSON statt mit XML, wohl eine OGC-API."
            " Nächster Schritt: in der Quelle »type: ogc-api« eintragen.",
            f"{page.url} answers with JSON instead of XML, probably an OGC API."
            ' Next step: enter "type: ogc-api" in the source.',
        )
    )


def _unknown(page: Page, name: str) -> UnreadableError:
    return UnreadableError(
        Message(
            f"{page.url} ist weder ein WFS noch ein WMS noch ein ATOM-Feed, sondern „{name[:60]}“."
            " Nächster Schritt: Adresse und »service« der Quelle prüfen.",
            f"{page.url} is neither a WFS nor a WMS nor an ATOM feed but “{name[:60]}”."
            ' Next step: check address and "service" of the source.',
        )
    )
