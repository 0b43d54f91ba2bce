"""OAI-PMH 2.0 (http://www.openarchives.org/OAI/openarchivesprotocol.html): the six verbs and what they answer.

A list goes by sequence number and keeps nothing on the server. What changes while it is read comes at its end, so a list that is
read to the end holds every dataset. Deleted records stay for ever (section 2.5.1: persistent).
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import scopes, store
from catalog.api import activity, dublin_core, oai_requests
from catalog.api.activity import Activity
from catalog.api.oai_requests import FORMATS, Listing, ProtocolError
from catalog.api.safe_xml import DECLARATION, cleaned, element, text
from catalog.config import Config
from catalog.db import now
from catalog.models import Organization
from dcat import rdf
from dcat.message import Message

MEDIA_TYPE = "text/xml"
PAGES = {"ListRecords": 100, "ListIdentifiers": 1_000}
_ROOT = {
    "xmlns": "http://www.openarchives.org/OAI/2.0/",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": "http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd",
}


def answer(session: Session, config: Config, pairs: Sequence[tuple[str, str]]) -> bytes:
    """Answer a request, given as the pairs of its query or form; every error of the protocol is an answer, too."""
    heeded: dict[str, str] = {}
    try:
        arguments = oai_requests.read(pairs)
        heeded = arguments
        body = _VERBS[arguments["verb"]](session, config, arguments)
    except ProtocolError as error:
        # What was not understood is not repeated (section 3.2).
        heeded = {} if error.code in ("badVerb", "badArgument") else heeded
        body = element("error", text(f"{error.message.de} / {error.message.en}"), {"code": error.code})
    parts = [
        "",
        element("responseDate", _stamp(now())),
        element("request", text(f"{config.site_url}/oai"), heeded),
        body,
        "",
    ]
    return cleaned((DECLARATION + element("OAI-PMH", "\n".join(parts), _ROOT)).encode())


def _identify(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    first = activity.times(session, [1]).get(1) or now()
    return _inside(
        "Identify",
        element("repositoryName", text(config.title.de)),
        element("baseURL", text(f"{config.site_url}/oai")),
        element("protocolVersion", "2.0"),
        # An address must be given; every mail domain has this one (RFC 5321, section 4.5.1).
        element("adminEmail", text(config.contact or f"postmaster@{_host(config)}")),
        element("earliestDatestamp", _stamp(first)),
        element("deletedRecord", "persistent"),
        element("granularity", "YYYY-MM-DDThh:mm:ssZ"),
        element("compression", "gzip"),
    )


def _list_metadata_formats(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    if "identifier" in arguments:
        _find(session, config, arguments["identifier"])
    return _inside(
        "ListMetadataFormats",
        *(
            element(
                "metadataFormat",
                element("metadataPrefix", each.prefix)
                + element("schema", each.schema)
                + element("metadataNamespace", each.namespace),
            )
            for each in FORMATS.values()
        ),
    )


def _list_sets(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    if "resumptionToken" in arguments:
        raise oai_requests.bad_token()
    found = [("city", "Kommunen / cities"), *((f"city:{city.slug}", city.name) for city in config.cities)]
    found.append(("organization", "Ämter / departments"))
    offices = session.execute(sa.select(Organization.name, Organization.title).order_by(Organization.name))
    found += [(f"organization:{name}", title) for name, title in offices]
    found.append(("hvd", "Hochwertige Datensätze / high-value datasets"))
    return _inside(
        "ListSets",
        *(element("set", element("setSpec", spec) + element("setName", text(name))) for spec, name in found),
    )


def _get_record(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    prefix = oai_requests.known_format(arguments["metadataPrefix"])
    found = _find(session, config, arguments["identifier"])
    return _inside("GetRecord", *_records(session, config, [found], prefix))


def _list(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    """Give one part of a list, and the token that leads to the next (section 3.5)."""
    if "resumptionToken" in arguments:
        listing = oai_requests.read_token(config, arguments["verb"], arguments["resumptionToken"])
    else:
        listing = oai_requests.begin(session, arguments)
    scope, size = _scope(listing.set), PAGES[listing.verb]
    found = activity.after(session, listing.after, size + 1, scope, listing.upto)
    more, found = len(found) > size, found[:size]
    if not found:
        raise oai_requests.no_match()
    if more and not listing.total:
        listing = replace(listing, total=activity.count_after(session, listing.after, scope, listing.upto))
    write = _records if listing.verb == "ListRecords" else _headers
    return _inside(listing.verb, *write(session, config, found, listing.prefix), _token(config, listing, found, more))


def _scope(chosen: str) -> str:
    """Find the part of the catalogue that a set is; `city` and `organization` are the roots of their hierarchies."""
    family, _, name = chosen.partition(":")
    if chosen in ("", "city", "organization"):
        return scopes.ALL
    if chosen == "hvd":
        return scopes.HVD
    if family == "city":
        return scopes.city(name)
    if family == "organization":
        return scopes.organization(name)
    raise oai_requests.no_match()


def _records(session: Session, config: Config, found: list[Activity], prefix: str) -> list[str]:
    write = _dublin_core if prefix == "oai_dc" else _dcat
    metadata = write(session, config, found)
    return [
        element("record", _header(config, one) + (element("metadata", metadata[one.id]) if one.visible else ""))
        for one in found
    ]


def _headers(session: Session, config: Config, found: list[Activity], prefix: str) -> list[str]:
    return [_header(config, one) for one in found]


def _header(config: Config, one: Activity) -> str:
    specs = [f"city:{one.city}", f"organization:{one.organization}"] + ["hvd"] * one.hvd
    parts = [element("identifier", text(_identifier(config, one.id))), element("datestamp", _stamp(one.at))]
    parts += [element("setSpec", spec) for spec in specs]
    return element("header", "".join(parts), {} if one.visible else {"status": "deleted"})


def _dublin_core(session: Session, config: Config, found: list[Activity]) -> dict[str, str]:
    return {key: dublin_core.write(shown, config.site_url) for key, shown in activity.views(session, found).items()}


def _dcat(session: Session, config: Config, found: list[Activity]) -> dict[str, str]:
    opening = rdf.header("rdf").partition(b"\n")[2]
    bodies = activity.payloads(session, found, "rdf")
    return {key: b"".join([b"\n", opening, *pieces, rdf.footer("rdf")]).decode() for key, pieces in bodies.items()}


def _find(session: Session, config: Config, identifier: str) -> Activity:
    start = _identifier(config, "")
    dataset_id = identifier.removeprefix(start)
    known = identifier.startswith(start) and store.UUID.fullmatch(dataset_id)
    found = activity.find(session, dataset_id) if known else None
    if found is None:
        raise ProtocolError(
            "idDoesNotExist",
            Message(
                f"Einen Datensatz mit diesem identifier gibt es nicht; er beginnt mit {start}",
                f"There is no dataset with this identifier; it begins with {start}",
            ),
        )
    return found


def _identifier(config: Config, dataset_id: str) -> str:
    return f"oai:{_host(config)}:{dataset_id}"


def _host(config: Config) -> str:
    return urlsplit(config.site_url).hostname or "localhost"


def _token(config: Config, listing: Listing, found: list[Activity], more: bool) -> str:
    """Lead to the next part; the last of several parts says so by an empty token."""
    if not more and not listing.cursor:
        return ""
    given = listing.cursor + len(found)
    # An estimate that is put right at the end (section 3.5): the list may have grown.
    total = max(listing.total, given + 1) if more else given
    attributes = {"completeListSize": str(total), "cursor": str(listing.cursor)}
    following = replace(listing, after=found[-1].seq, cursor=given, total=total)
    return element("resumptionToken", oai_requests.write_token(config, following) if more else "", attributes)


def _stamp(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _inside(verb: str, *parts: str) -> str:
    return element(verb, "\n".join(["", *(part for part in parts if part), ""]))


_VERBS: Mapping[str, Callable[[Session, Config, Mapping[str, str]], str]] = {
    "Identify": _identify,
    "ListMetadataFormats": _list_metadata_formats,
    "ListSets": _list_sets,
    "GetRecord": _get_record,
    "ListIdentifiers": _list,
    "ListRecords": _list,
}
