"""What one fetch brings back, and what has to be remembered to ask again later."""

from collections.abc import Mapping
from dataclasses import dataclass

from harvesters.bodies import Body
from harvesters.headers import read_content_type, read_filename


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us to ask later whether anything changed."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. `url` is the final address, `moved_to` where the one asked for has moved for good.

    Size and hash are those of the unpacked body, which is empty after a download. Status 304 has no body.
    """

    url: str
    status: int
    media_type: str = ""
    charset: str = ""
    validators: Validators = Validators()
    date: str = ""
    size: int = 0
    sha256: str = ""
    body: Body = b""
    moved_to: str = ""
    filename: str = ""


def request_headers(agent: str, contact: str, accept: str, validators: Validators) -> dict[str, str]:
    """Give the headers of a request: who asks (`contact` is a mail address, RFC 9110, 10.1.2) and for what; with validators it is conditional."""
    headers = {"User-Agent": agent, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
    if contact:
        headers["From"] = contact
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def unchanged(url: str, headers: Mapping[str, str], asked: Validators) -> Response:
    """Describe a 304, which may repeat or replace the validators it was asked with."""
    kept = Validators(headers.get("etag") or asked.etag, headers.get("last-modified") or asked.last_modified)
    return Response(url=url, status=304, validators=kept, date=headers.get("date", ""))


def received(url: str, status: int, headers: Mapping[str, str], size: int, sha256: str) -> Response:
    """Describe an answer whose body has arrived."""
    media_type, charset = read_content_type(headers.get("content-type", ""))
    return Response(
        url=url,
        status=status,
        media_type=media_type,
        charset=charset,
        validators=Validators(headers.get("etag", ""), headers.get("last-modified", "")),
        date=headers.get("date", ""),
        size=size,
        sha256=sha256,
        filename=read_filename(headers.get("content-disposition", "")),
    )
