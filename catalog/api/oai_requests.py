"""What can be asked of OAI-PMH 2.0: arguments and their errors, lists and the resumption tokens that hold how far they have come."""

import base64
import binascii
import datetime
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from sqlalchemy.orm import Session

from catalog.api import activity, dublin_core
from catalog.config import Config
from catalog.db import now
from dcat.errors import OffenbarError
from dcat.message import Message

MAX_ARGUMENTS = 10
MAX_LENGTH = 1_000
SECOND = datetime.timedelta(seconds=1)
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


def read(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Read the arguments of a request; ProtocolError when a verb does not take them."""
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
            f"Jedes Argument darf nur einmal stehen und hat höchstens {MAX_LENGTH} Zeichen.",
            f"Each argument may stand once only and has at most {MAX_LENGTH} characters.",
        )
    if verb in _RESUMED and "resumptionToken" in names:
        if names != {"resumptionToken"}:
            raise _argument("resumptionToken steht allein.", "resumptionToken stands alone.")
        return given
    if not required <= names or not names <= required | optional:
        expected = ", ".join([*sorted(required), *(f"[{name}]" for name in sorted(optional))]) or "-"
        raise _argument(f"{verb} nimmt diese Argumente: {expected}", f"{verb} takes these arguments: {expected}")
    if "" in given.values():
        raise _argument("Ein Argument ist leer.", "An argument is empty.")
    return given


def known_format(prefix: str) -> str:
    """Give a metadata prefix back if there is such a format."""
    if prefix not in FORMATS:
        known = ", ".join(FORMATS)
        raise ProtocolError("cannotDisseminateFormat", Message(f"Formate hier: {known}", f"Formats here: {known}"))
    return prefix


def begin(session: Session, arguments: Mapping[str, str]) -> Listing:
    """Begin a list; times become sequence numbers (section 2.7.1)."""
    since, until, chosen = arguments.get("from", ""), arguments.get("until", ""), arguments.get("set", "")
    if since and until and len(since) != len(until):
        raise _argument("from und until müssen gleich genau sein.", "from and until must have the same granularity.")
    start, end = _instant(since, "from"), _instant(until, "until")
    if start and end and start > end:
        raise _argument("from liegt nach until.", "from is later than until.")
    if chosen and not _SET.fullmatch(chosen):
        raise _argument("set ist kein setSpec.", "set is no setSpec.")
    listing = Listing(verb=arguments["verb"], prefix=known_format(arguments["metadataPrefix"]), set=chosen)
    if start:
        listing = replace(listing, after=activity.first_since(session, start) - 1)
    if end:
        # until includes its second or its day; one that is not over bounds nothing yet.
        whole = SECOND if "T" in until else datetime.timedelta(days=1)
        if end <= now() - whole:
            listing = replace(listing, upto=activity.first_since(session, end + whole) - 1)
    return listing


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


def write_token(config: Config, listing: Listing) -> str:
    """Write how far a list has come, signed, so that only what we wrote is read."""
    values = [listing.verb, listing.prefix, listing.set, listing.after, listing.upto, listing.cursor, listing.total]
    body = orjson.dumps(values)
    return base64.urlsafe_b64encode(_signature(config, body) + body).decode().rstrip("=")


def read_token(config: Config, verb: str, token: str) -> Listing:
    """Read a token; ProtocolError for one that is not ours or belongs to another verb."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise bad_token() from None
    signature, body = raw[:16], raw[16:]
    if not hmac.compare_digest(signature, _signature(config, body)):
        raise bad_token()
    names = ("verb", "prefix", "set", "after", "upto", "cursor", "total")
    listing = Listing(**dict(zip(names, orjson.loads(body), strict=True)))
    if listing.verb != verb:
        raise bad_token()
    return listing


def _signature(config: Config, body: bytes) -> bytes:
    return hmac.new(config.secret_key.encode(), b"oai-pmh" + body, hashlib.sha256).digest()[:16]


def _argument(de: str, en: str) -> ProtocolError:
    return ProtocolError("badArgument", Message(de, en))


def bad_token() -> ProtocolError:
    """Say that a token is of no use."""
    return ProtocolError(
        "badResumptionToken",
        Message(
            "Dieses resumptionToken gilt hier nicht; die Liste neu beginnen.",
            "This resumptionToken is not valid here; begin the list anew.",
        ),
    )


def no_match() -> ProtocolError:
    """Say that a list is empty, which the protocol counts as an error."""
    return ProtocolError("noRecordsMatch", Message("Dazu gibt es keine Datensätze.", "There are no datasets for this."))
