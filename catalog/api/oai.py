"""OAI-PMH 2.0 (http://www.openarchives.org/OAI/openarchivesprotocol.html): requests, the six verbs, errors, resumption tokens.

A list goes by sequence number and keeps nothing on the server. What changes while it is read comes at its end, so a list that is
read to the end holds every dataset. Deleted records stay for ever (section 2.5.1: persistent).
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import orjson
from sqlalchemy.orm import Session

from catalog import organizations, scopes, store
from catalog.api import activity, dublin_core
from catalog.api.activity import Activity
from catalog.api.markup import DECLARATION, cleaned, element, text
from catalog.config import Config
from catalog.db import now
from dcat import rdf
from dcat.errors import OffenbarError
from dcat.message import Message

MEDIA_TYPE = "text/xml"
PAGES = {"ListRecords": 100, "ListIdentifiers": 1_000}
MAX_ARGUMENTS = 10
MAX_LENGTH = 1_000
SECOND = datetime.timedelta(seconds=1)
_ROOT = {
    "xmlns": "http://www.openarchives.org/OAI/2.0/",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": "http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd",
}
# Verb -> the arguments it must have, and those it may have; resumptionToken stands alone.
_ARGUMENTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset(), frozenset({"identifier"})),
    "ListSets": (frozenset(), frozenset()),
    "GetRecord": (frozenset({"identifier", "metadataPrefix"}), frozenset()),
    "ListIdentifiers": (frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"})),
    "ListRecords": (frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"})),
}
_RESUMED = frozenset({"ListSets", "ListIdentifiers", "ListRecords"})
_SET = re.compile(r"[A-Za-z0-9_.!~*'()-]+(:[A-Za-z0-9_.!~*'()-]+)*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", re.ASCII)


class ProtocolError(OffenbarError):
    """A request that OAI-PMH answers with an error; `code` is the protocol's (section 3.6)."""

    def __init__(self, code: str, message: Message) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Format:
    """A metadata format: its name in requests, its schema and its namespace."""

    prefix: str
    schema: str
    namespace: str


FORMATS = {
    each.prefix: each
    for each in (
        Format("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", dublin_core.NAMESPACE),
        Format("dcat", "http://www.openarchives.org/OAI/2.0/rdf.xsd", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How far a list has come: after which sequence number it goes on and up to which, how many records were given."""

    verb: str
    prefix: str
    set: str = ""
    after: int = 0
    upto: int = activity.LAST
    cursor: int = 0
    total: int = 0


def answer(session: Session, config: Config, pairs: Sequence[tuple[str, str]]) -> bytes:
    """Answer a request, given as the pairs of its query or form; every error of the protocol is an answer, too."""
    heeded: dict[str, str] = {}
    try:
        arguments = _arguments(pairs)
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


def _arguments(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    given = dict(pairs)
    verb = given.get("verb", "")
    if verb not in _ARGUMENTS or [name for name, _ in pairs].count("verb") > 1:
        raise ProtocolError(
            "badVerb",
            Message(
                f"verb muss einmal stehen: {', '.join(_ARGUMENTS)}", f"verb must stand once: {', '.join(_ARGUMENTS)}"
            ),
        )
    required, optional = _ARGUMENTS[verb]
    names = given.keys() - {"verb"}
    if len(given) < len(pairs) or len(pairs) > MAX_ARGUMENTS or max(map(len, given.values())) > MAX_LENGTH:
        raise _argument(
            "Jedes Argument darf einmal stehen und hat eine Länge.", "Each argument may stand once and has its length."
        )
    if verb in _RESUMED and "resumptionToken" in names:
        if names != {"resumptionToken"}:
            raise _argument("resumptionToken steht allein.", "resumptionToken stands alone.")
        return given
    if not required <= names or not names <= required | optional:
        expected = ", ".join([*sorted(required), *(f"[{name}]" for name in sorted(optional))]) or "-"
        raise _argument(f"{verb} nimmt diese Argumente: {expected}", f"{verb} takes these arguments: {expected}")
    return given


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
        raise _bad_token()
    found = [("city", "Kommunen / cities"), *((f"city:{city.slug}", city.name) for city in config.cities)]
    found.append(("organization", "Ämter / departments"))
    found += [(f"organization:{each.name}", each.title) for each, _ in organizations.with_counts(session)]
    found.append(("hvd", "Hochwertige Datensätze / high-value datasets"))
    return _inside(
        "ListSets",
        *(element("set", element("setSpec", spec) + element("setName", text(name))) for spec, name in found),
    )


def _get_record(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    prefix = _format(arguments["metadataPrefix"])
    found = _find(session, config, arguments["identifier"])
    return _inside("GetRecord", *_records(session, config, [found], prefix))


def _list(session: Session, config: Config, arguments: Mapping[str, str]) -> str:
    """Give one part of a list, and the token that leads to the next (section 3.5)."""
    if "resumptionToken" in arguments:
        listing = _read_token(config, arguments["verb"], arguments["resumptionToken"])
    else:
        listing = _begin(session, arguments)
    scope, size = _scope(listing.set), PAGES[listing.verb]
    found = activity.after(session, listing.after, size + 1, scope, listing.upto)
    more, found = len(found) > size, found[:size]
    if not found:
        raise _no_match()
    if more and not listing.total:
        listing = replace(listing, total=activity.count_after(session, listing.after, scope, listing.upto))
    write = _records if listing.verb == "ListRecords" else _headers
    return _inside(listing.verb, *write(session, config, found, listing.prefix), _token(config, listing, found, more))


def _begin(session: Session, arguments: Mapping[str, str]) -> Listing:
    since, until, chosen = arguments.get("from", ""), arguments.get("until", ""), arguments.get("set", "")
    if since and until and len(since) != len(until):
        raise _argument("from und until müssen gleich genau sein.", "from and until must have the same granularity.")
    start, end = _instant(since, "from"), _instant(until, "until")
    if start and end and start > end:
        raise _argument("from liegt nach until.", "from is later than until.")
    if chosen and not _SET.fullmatch(chosen):
        raise _argument("set ist kein setSpec.", "set is no setSpec.")
    listing = Listing(verb=arguments["verb"], prefix=_format(arguments["metadataPrefix"]), set=chosen)
    if start:
        listing = replace(listing, after=activity.first_since(session, start) - 1)
    if end:
        # until includes its second or its day; one that is not over bounds nothing yet.
        whole = SECOND if "T" in until else datetime.timedelta(days=1)
        if end <= now() - whole:
            listing = replace(listing, upto=activity.first_since(session, end + whole) - 1)
    return listing


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
    raise _no_match()


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


def _format(prefix: str) -> str:
    if prefix not in FORMATS:
        known = ", ".join(FORMATS)
        raise ProtocolError("cannotDisseminateFormat", Message(f"Formate hier: {known}", f"Formats here: {known}"))
    return prefix


def _instant(value: str, name: str) -> datetime.datetime | None:
    if not value:
        return None
    try:
        if not _DATE.fullmatch(value):
            raise ValueError(value)
        return datetime.datetime.fromisoformat(value).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise _argument(
            f"{name} ist kein Tag (JJJJ-MM-TT) und keine Sekunde in UTC (JJJJ-MM-TTThh:mm:ssZ).",
            f"{name} is no day (YYYY-MM-DD) and no second in UTC (YYYY-MM-DDThh:mm:ssZ).",
        ) from None


def _token(config: Config, listing: Listing, found: list[Activity], more: bool) -> str:
    """Lead to the next part; the last of several parts says so by an empty token."""
    if not more and not listing.cursor:
        return ""
    given = listing.cursor + len(found)
    # An estimate that is put right at the end (section 3.5): the list may have grown.
    total = max(listing.total, given + 1) if more else given
    attributes = {"completeListSize": str(total), "cursor": str(listing.cursor)}
    following = replace(listing, after=found[-1].seq, cursor=given, total=total)
    return element("resumptionToken", _write_token(config, following) if more else "", attributes)


def _write_token(config: Config, listing: Listing) -> str:
    values = [listing.verb, listing.prefix, listing.set, listing.after, listing.upto, listing.cursor, listing.total]
    body = orjson.dumps(values)
    return base64.urlsafe_b64encode(_signature(config, body) + body).decode().rstrip("=")


def _read_token(config: Config, verb: str, token: str) -> Listing:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _bad_token() from None
    signature, body = raw[:16], raw[16:]
    if not hmac.compare_digest(signature, _signature(config, body)):
        raise _bad_token()
    names = ("verb", "prefix", "set", "after", "upto", "cursor", "total")
    listing = Listing(**dict(zip(names, orjson.loads(body), strict=True)))
    if listing.verb != verb:
        raise _bad_token()
    return listing


def _signature(config: Config, body: bytes) -> bytes:
    return hmac.new(config.secret_key.encode(), b"oai-pmh" + body, hashlib.sha256).digest()[:16]


def _stamp(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _inside(verb: str, *parts: str) -> str:
    return element(verb, "\n".join(["", *(part for part in parts if part), ""]))


def _argument(de: str, en: str) -> ProtocolError:
    return ProtocolError("badArgument", Message(de, en))


def _bad_token() -> ProtocolError:
    return ProtocolError(
        "badResumptionToken",
        Message(
            "Dieses resumptionToken gilt hier nicht; die Liste neu beginnen.",
            "This resumptionToken is not valid here; begin the list anew.",
        ),
    )


def _no_match() -> ProtocolError:
    return ProtocolError("noRecordsMatch", Message("Dazu gibt es keine Datensätze.", "There are no datasets for this."))


_VERBS: Mapping[str, Callable[[Session, Config, Mapping[str, str]], str]] = {
    "Identify": _identify,
    "ListMetadataFormats": _list_metadata_formats,
    "ListSets": _list_sets,
    "GetRecord": _get_record,
    "ListIdentifiers": _list,
    "ListRecords": _list,
}
