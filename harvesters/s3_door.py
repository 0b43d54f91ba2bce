"""The door to a bucket that speaks S3 (ListObjectsV2 and GetObject): requests signed by botocore, sent by the fetcher."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode

from dcat.digits import natural
from dcat.errors import ConfigError, UnreadableError
from dcat.message import Message
from harvesters import drop_listing, places, secrets, xml
from harvesters.addresses import read_address
from harvesters.doors import Hall, Write, hand_over_listing
from harvesters.drop_listing import Entry
from harvesters.response import Response, Validators
from harvesters.source import Login

try:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:  # an optional extra
    S3SigV4Auth = None

_SAFE = "-_.~"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of ListObjectsV2: entries of the folder, and the token that gives the next page, if there is one."""

    entries: tuple[Entry, ...]
    token: str


class S3Door:
    """Leads into the folder at `url` (`s3://bucket/prefix`); without a login it asks anonymously."""

    scheme = "s3"

    def __init__(self, hall: Hall, url: str, *, endpoint: str, region: str, login: Login) -> None:
        self._hall = hall
        self._home = places.folder_of(url)
        self._endpoint = read_address(endpoint).url.rstrip("/")
        self._region = region
        self._keys = _keys(login)

    def close(self) -> None:
        """The connections are the fetcher's."""

    def fetch(self, url: str, asked: Validators, write: Write, limit: int) -> Response:
        """Hand over an object, or the listing of a folder, which is read in as many pages as it takes."""
        place = places.inside(url, self._home)
        if place.is_folder:
            return hand_over_listing(url, drop_listing.write(self._entries(url, place)), asked, write, limit)
        address = self._address(place)
        response = self._hall.ask(address, self._signed("GET", address), asked, write, limit)
        return replace(response, url=url, moved_to="")

    def look(self, url: str) -> Response:
        """Tell whether an object is there."""
        address = self._address(places.inside(url, self._home))
        return replace(self._hall.look(address, self._signed("HEAD", address)), url=url, moved_to="")

    def _entries(self, url: str, place: places.Place) -> Iterator[Entry]:
        prefix, token, count = place.path[1:], "", 0
        seen: set[str] = set()
        while token not in seen:
            seen.add(token)
            listed = read_listing(self._page(place.holder, prefix, token), url, prefix)
            count += len(listed.entries)
            if count > drop_listing.MAX_ENTRIES:
                raise drop_listing.crowded(url)
            yield from listed.entries
            token = listed.token
            if not token:
                return
        raise UnreadableError(
            Message(
                f"Die Seiten der Liste von {url} führen im Kreis; bitte dem Betreiber des Speichers melden.",
                f"The pages of the listing of {url} lead in a circle; please tell the operator of the storage.",
            )
        )

    def _page(self, bucket: str, prefix: str, token: str) -> bytes:
        query = {"delimiter": "/", "encoding-type": "url", "list-type": "2", "max-keys": "1000", "prefix": prefix}
        query |= {"continuation-token": token} if token else {}
        address = f"{self._endpoint}/{bucket}?{urlencode(sorted(query.items()), safe=_SAFE, quote_via=quote)}"
        body = bytearray()
        headers = self._signed("GET", address)
        self._hall.ask(address, headers, Validators(), body.extend, self._hall.limits.max_bytes)
        return bytes(body)

    def _address(self, place: places.Place) -> str:
        return f"{self._endpoint}/{place.holder}{quote(place.path, safe='/' + _SAFE, errors='surrogateescape')}"

    def _signed(self, method: str, address: str) -> Mapping[str, str]:
        """Give the headers of a signed request (AWS Signature Version 4); none without a login."""
        if self._keys is None:
            return {}
        request: Any = AWSRequest(method=method, url=address)
        S3SigV4Auth(self._keys, "s3", self._region).add_auth(request)
        return {str(name): str(value) for name, value in request.headers.items()}


def read_listing(body: bytes, url: str, prefix: str) -> Listed:
    """Read one page of ListObjectsV2; names below `prefix`, as S3 lists them with the delimiter /."""
    root = xml.parse(body, "utf-8", url=url).root
    if xml.local(root) != "ListBucketResult":
        raise UnreadableError(
            Message(
                f"{url} antwortet nicht mit einer Liste von S3 (ListBucketResult). Nächster Schritt: »endpoint« prüfen.",
                f'{url} does not answer with a listing of S3 (ListBucketResult). Next step: check "endpoint".',
            )
        )
    encoded = xml.text(_child(root, "EncodingType")) == "url"
    entries: list[Entry] = []
    for element in root:
        name = xml.local(element)
        if name == "Contents":
            key = _key(_child(element, "Key"), encoded)
            entries.append(
                Entry(
                    name=key.removeprefix(prefix),
                    size=natural(xml.text(_child(element, "Size"))),
                    modified=xml.text(_child(element, "LastModified"))[:40],
                )
            )
        elif name == "CommonPrefixes":
            entries.append(Entry(name=_key(_child(element, "Prefix"), encoded).removeprefix(prefix)))
    more = xml.text(_child(root, "IsTruncated")).lower() == "true"
    token = xml.text(_child(root, "NextContinuationToken")) if more else ""
    if more and not token:
        raise UnreadableError(
            Message(
                f"Die Liste von {url} ist unvollständig und nennt keine Fortsetzung; bitte dem Betreiber des Speichers melden.",
                f"The listing of {url} is incomplete and names no continuation; please tell the operator of the storage.",
            )
        )
    # The folder itself may be listed, as an object without a name.
    return Listed(tuple(entry for entry in entries if entry.name), token)


def _keys(login: Login) -> Any:
    """Read the login; None for anonymous access. ConfigError where half of it or the library is missing."""
    if not (login.key or login.secret):
        return None
    if S3SigV4Auth is None:
        raise ConfigError(
            Message(
                "Für angemeldete Zugriffe auf S3 fehlt die Bibliothek botocore; bitte installieren: pip install 'offenbar[s3]'",
                "For signed requests to S3 the library botocore is missing; please install it: pip install 'offenbar[s3]'",
            )
        )
    return Credentials(secrets.read(login.key), secrets.read(login.secret))


def _child(element: Any, name: str) -> Any:
    return next((child for child in element if xml.local(child) == name), None)


def _key(element: Any, encoded: bool) -> str:
    # Blanks at the ends of a key are part of it.
    text = "".join(element.itertext()) if element is not None else ""
    return unquote_plus(text, errors="surrogateescape") if encoded else text
