"""Guesses from an answer which type of source it is: a pure function on address, media type and bytes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from dcat.message import Message
from harvesters.decode import decode

# So much of a text is looked at; JSON is read whole, within this.
_START = 200_000
_LARGEST = 20_000_000
_RDF = ("text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json", "text/n3")
_FILES = (".csv", ".json", ".geojson", ".xlsx", ".zip", ".xml", ".gpkg")


@dataclass(frozen=True, slots=True)
class Guess:
    """A type of source (harvesters/source.py), the address to enter where another one is better, and why; `type` is empty where nothing fits."""

    type: str
    why: Message
    url: str = ""


def guess(url: str, media_type: str, body: bytes) -> Guess:
    """Say what an address seems to be."""
    by_address = _by_address(url)
    if by_address is not None:
        return by_address
    if body[:4] == b"PK\x03\x04":
        return _archive(body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and len(body) <= _LARGEST:
        try:
            return _json(url, orjson.loads(body.removeprefix(b"\xef\xbb\xbf")))
        except orjson.JSONDecodeError:
            return _nothing("JSON mit Fehlern", "JSON with errors")
    if b"\0" in body[:_START] and body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return _nothing("Bytes, die kein Text sind", "bytes that are no text")
    text = decode(body[:_START]).text
    return _text(url, media_type, text)


def _by_address(url: str) -> Guess | None:
    """Services known by their address alone."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path
    if host.endswith("pegelonline.wsv.de"):
        return _found("pegelonline", "der Dienst PEGELONLINE", "the service PEGELONLINE")
    if host.endswith("mobilithek.info"):
        return _found("mobilithek", "die Mobilithek", "the Mobilithek")
    if re.fullmatch(r".*/s/[A-Za-z0-9]{6,64}/?", path):
        return _found("webdav", "eine Freigabe von Nextcloud oder ownCloud", "a share of Nextcloud or ownCloud")
    if "/remote.php/dav" in path or "/remote.php/webdav" in path or "/public.php/dav" in path:
        return _found("webdav", "ein Ordner in Nextcloud oder ownCloud", "a folder in Nextcloud or ownCloud")
    return None


def _archive(body: bytes) -> Guess:
    if b"stops.txt" in body[:_START] or b"stops.txt" in body[-_START:]:
        return _found("gtfs", "ein Archiv mit stops.txt", "an archive with stops.txt")
    return _nothing("ein Archiv oder eine Tabelle", "an archive or a table")


def _json(url: str, value: Any) -> Guess:
    if not isinstance(value, dict):
        return _nothing("JSON ohne Katalog", "JSON without a catalogue")
    for matches, found in _JSON:
        if matches(value):
            return found(url) if callable(found) else found
    return _nothing("JSON, das keinen bekannten Katalog enthält", "JSON that holds no known catalogue")


def _found(type_: str, de: str, en: str, url: str = "") -> Guess:
    return Guess(type_, Message(de, en), url)


def _nothing(de: str, en: str) -> Guess:
    return Guess("", Message(de, en))


def _ckan(url: str) -> Guess:
    root = re.split(r"/api/(?:3/)?action(?:/|$)", url)[0]
    return _found(
        "ckan", "eine Antwort der CKAN-Schnittstelle", "an answer of the CKAN interface", root.rstrip("/") + "/"
    )


def _has(*keys: str) -> Callable[[dict[str, Any]], bool]:
    return lambda value: all(key in value for key in keys)


def _starts(key: str, beginning: str) -> Callable[[dict[str, Any]], bool]:
    return lambda value: str(value.get(key, "")).startswith(beginning)


def _is_data_json(value: dict[str, Any]) -> bool:
    about = str(value.get("conformsTo", "")) + str(value.get("@context", ""))[:500]
    return isinstance(value.get("dataset"), list) and (
        "project-open-data" in about or not ("dcterms" in about or "@graph" in value)
    )


def _is_linked(value: dict[str, Any]) -> bool:
    return "@graph" in value or ("@context" in value and ("@type" in value or "@id" in value))


def _is_gbfs(value: dict[str, Any]) -> bool:
    data = value.get("data")
    return "last_updated" in value and isinstance(data, dict) and "feeds" in str(data)[:5000]


def _is_sensor_things(value: dict[str, Any]) -> bool:
    entries = value.get("value")
    names = {entry.get("name") for entry in entries if isinstance(entry, dict)} if isinstance(entries, list) else set()
    return {"Things", "Datastreams"} <= names or (
        isinstance(entries, list) and "Datastreams@iot" in str(entries)[:5000]
    )


def _is_opendatasoft(value: dict[str, Any]) -> bool:
    return "total_count" in value and "dataset_id" in str(value.get("results"))[:5000]


def _is_ogc_api(value: dict[str, Any]) -> bool:
    return "links" in value and ("collections" in value or "conformsTo" in value or "service-desc" in str(value)[:5000])


# What JSON of each type has; the first that fits counts.
_JSON: tuple[tuple[Callable[[dict[str, Any]], bool], Guess | Callable[[str], Guess]], ...] = (
    (_has("help", "success"), _ckan),
    (_has("success", "result"), _ckan),
    (_starts("type", "https://schema.oparl.org/"), _found("oparl", "ein Ratsinformationssystem", "a council system")),
    (_is_gbfs, _found("gbfs", "eine Liste von GBFS-Dateien", "a list of GBFS files")),
    (_is_sensor_things, _found("sensorthings", "ein Sensordienst", "a sensor service")),
    (
        _is_opendatasoft,
        _found("opendatasoft", "die Liste eines Opendatasoft-Portals", "the list of an Opendatasoft portal"),
    ),
    (_is_data_json, _found("data-json", "ein Katalog nach DCAT-US (data.json)", "a catalogue by DCAT-US (data.json)")),
    (_has("currentVersion", "services"), _found("arcgis", "ein ArcGIS-Server", "an ArcGIS server")),
    (_is_ogc_api, _found("ogc-api", "eine OGC-API", "an OGC API")),
    (_is_linked, _found("dcat", "JSON-LD", "JSON-LD")),
)


def _text(url: str, media_type: str, text: str) -> Guess:
    start = text[:20_000]
    root = re.search(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s>/]", re.sub(r"<[?!][^>]{0,1000}>", " ", start))
    name = root[2] if root else ""
    if "www.opengis.net/cat/csw" in start:
        return _found("csw", "ein Katalogdienst (CSW)", "a catalogue service (CSW)", url.partition("?")[0])
    if name in ("WFS_Capabilities", "WMS_Capabilities", "WMT_MS_Capabilities", "WMTS_Capabilities") or (
        name == "Capabilities" and "www.opengis.net/" in start
    ):
        return _found("ogc", "ein Karten- oder Geodatendienst", "a map or geodata service")
    if name == "multistatus":
        return _found("webdav", "ein WebDAV-Ordner", "a WebDAV folder")
    if "w3id.org/ldes#" in text or "w3id.org/tree#" in text:
        return _found("ldes", "ein Strom von Änderungen (LDES)", "a stream of changes (LDES)")
    if media_type in _RDF or name == "RDF" or "www.w3.org/ns/dcat#" in text:
        return _found("dcat", "ein Katalog in DCAT", "a catalogue in DCAT")
    if name.lower() == "html" or "<!doctype html" in start.lower() or media_type == "text/html":
        return _page(url, text.lower())
    if media_type == "text/plain" and re.match(
        r"(?:\s*#[^\n]*\n|\s*\n)*\s*(?:https?://|[\w./%-]+\.\w{2,5}\s*(?:\n|$))", text
    ):
        return _found("files", "eine Liste von Dateien", "a list of files")
    return _nothing("eine einzelne Datei", "a single file")


def _page(url: str, low: str) -> Guess:
    if re.search(r"<(?:title|h1)[^<>]{0,300}>\s{0,50}(?:index of|verzeichnis|directory listing)", low):
        return _found("files", "das Verzeichnis eines Webservers", "a web server's listing of a folder")
    generators = [tag for tag in re.findall(r"<meta\s[^<>]{0,300}>", low) if "generator" in tag]
    if "data-site-root=" in low or any("ckan" in tag for tag in generators):
        return _found("ckan", "die Seite eines CKAN-Portals", "the page of a CKAN portal", _root(url))
    if "nextcloud" in low or "owncloud" in low:
        return _found("webdav", "eine Seite von Nextcloud oder ownCloud", "a page of Nextcloud or ownCloud")
    targets = re.findall(r"""href=["']?([^"'>\s]{1,500})""", low)
    links = [target for target in targets if re.split("[?#]", target)[0].endswith(_FILES)]
    if "<form" in low and "password" in low and not links:
        return _nothing("eine Anmeldeseite", "a login page")
    if links:
        return _found("files", f"eine Seite mit {len(links)} Dateien", f"a page with {len(links)} files")
    return _nothing("eine Webseite ohne Daten", "a web page without data")


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
