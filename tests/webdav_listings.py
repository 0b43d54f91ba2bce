"""Listings of WebDAV folders as the usual servers write them (Nextcloud, Apache)."""

from collections.abc import Iterable
from urllib.parse import quote


def nextcloud(path: str, names: Iterable[str]) -> bytes:
    """Write what Nextcloud answers to PROPFIND with Depth 1: the folder itself, then what lies in it; folders end in a slash."""
    return (
        '<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" '
        'xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">'
        + "".join(_nextcloud(path + quote(name)) for name in ("", *names))
        + "</d:multistatus>"
    ).encode()


def _nextcloud(path: str) -> str:
    of_folders = "<d:quota-used-bytes>4711</d:quota-used-bytes><d:quota-available-bytes>-3</d:quota-available-bytes>"
    of_files = "<d:getcontentlength>19</d:getcontentlength><d:getcontenttype>text/csv</d:getcontenttype>"
    kind = "<d:resourcetype><d:collection/></d:resourcetype>" if path.endswith("/") else "<d:resourcetype/>"
    return (
        f"<d:response><d:href>{path}</d:href><d:propstat><d:prop>"
        f"<d:getlastmodified>Sun, 31 May 2026 12:00:00 GMT</d:getlastmodified>{kind}"
        f"{of_folders if path.endswith('/') else of_files}<d:getetag>&quot;6a1c{len(path)}&quot;</d:getetag></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def apache(origin: str, path: str, names: Iterable[str]) -> bytes:
    """Write what Apache's mod_dav answers: whole addresses behind some proxies, two propstats, folders with a slash or without."""
    responses = "".join(_apache(f"{origin}{path}{quote(name)}") for name in ("", *names))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n{responses}</D:multistatus>\n'.encode()


def _apache(href: str) -> str:
    kind = "<lp1:resourcetype><D:collection/></lp1:resourcetype>" if href.endswith("/") else "<lp1:resourcetype/>"
    return (
        '<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">\n'
        f"<D:href>{href.rstrip('/') if href.count('/') > 4 else href}</D:href>\n<D:propstat>\n<D:prop>\n{kind}\n"
        "<lp1:getlastmodified>Sun, 31 May 2026 12:00:00 GMT</lp1:getlastmodified>\n</D:prop>\n"
        "<D:status>HTTP/1.1 200 OK</D:status>\n</D:propstat>\n<D:propstat><D:prop><lp1:checked-in/></D:prop>"
        "<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>\n"
    )
