"""What somebody plants in texts, in order to run in the browsers of others; and finding it in an answer again."""

from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from lxml import etree, html
from werkzeug.test import TestResponse

BASE = "https://daten.example.org"
WORD = "geklaut"
CELL = f"<img src=x onerror={WORD}()>"
# Whoever takes elements out once leaves one behind.
NESTED = f"<<i>/script><<i>x-{WORD} onload={WORD}()>"
BODY = f"\"'><x-{WORD} onmouseover={WORD}()></script></title></textarea>{CELL}{NESTED}</script/x"
MARKDOWN = (
    f"Markdown [a](javascript:{WORD}()) [b](JaVa&#x0A;Script:{WORD}()) [c](data:text/html,<script>{WORD}()</script>) "
    f'![d](x" onerror="{WORD}()) <script>{WORD}()</script> <a href=javascript:{WORD}()>e</a> <svg onload={WORD}()> '
    f"<javascript:{WORD}()> [f]: javascript:{WORD}() <x-{WORD}> [g](https://example.org \"t' onclick='{WORD}()\")"
)
QUOTED = quote(BODY)
_SCHEMES = ("javascript:", "vbscript:", "data:text")
_ADDRESSES = {"href", "src", "action", "formaction", "srcset", "data", "poster", "background"}
# What only somebody sees who sees inside: files, statements, programs.
_INSIDE = (b"traceback", b"sqlalchemy", b"sqlite3", b"psycopg", b"/tmp/", b'.py"', b"connection refused")


def scripts(answer: TestResponse) -> list[str]:
    """Name what would run, or was made an element, of what was planted."""
    if answer.mimetype == "text/html":
        return _in_html(answer.text)
    if answer.mimetype.endswith("xml") and answer.data:
        return _in_xml(answer.data)
    return []


def betrays(body: bytes) -> bool:
    """Tell whether an answer shows something of how it was made."""
    text = body.lower()
    return any(word in text for word in _INSIDE)


def form_token(client: FlaskClient, path: str) -> str:
    """Read the token of the form on a page."""
    found = html.document_fromstring(client.get(path, base_url=BASE).text).xpath("//input[@name='csrf_token']/@value")
    return str(found[0])


def post(client: FlaskClient, path: str, page: str, **fields: Any) -> TestResponse:
    """Send a form that stands on a page."""
    return client.post(path, base_url=BASE, data={"csrf_token": form_token(client, page), **fields})


def sign_in(client: FlaskClient, name: str, password: str) -> None:
    """Sign in at the door."""
    assert post(client, "/user/login", "/user/login", name=name, password=password).status_code == 303


def _in_html(page: str) -> list[str]:
    found = []
    for element in html.document_fromstring(page or "<p>").iter(etree.Element):
        tag = str(element.tag)
        if WORD in tag or (tag == "script" and "json" not in element.get("type", "") and WORD in (element.text or "")):
            found.append(tag)
        for name, value in element.attrib.items():
            plain = "".join(str(value).split()).lower()
            if str(name).startswith("on") or WORD in str(name) or (name == "src" and value == "x"):
                found.append(f"{tag} {name}={value[:60]}")
            if name in _ADDRESSES and plain.startswith(_SCHEMES):
                found.append(f"{tag} {name}={value[:60]}")
    return found


def _in_xml(body: bytes) -> list[str]:
    """Look at elements and addresses, and at what a reader of feeds takes for HTML."""
    found = []
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for element in etree.fromstring(body, parser).iter(etree.Element):
        tag = etree.QName(element).localname
        if WORD in tag or tag == "script":
            found.append(tag)
        if element.get("type") in ("html", "xhtml", "text/html"):
            found += _in_html(element.text or "")
        for name, value in element.attrib.items():
            if etree.QName(name).localname in ("href", "src") and str(value).lower().startswith(_SCHEMES):
                found.append(f"{tag} {name}={value[:60]}")
    return found
