"""Online resources of ISO 19139 (CI_OnlineResource): which are ways to the data, which are services, which are pages to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dcat import iri
from dcat.message import Message
from dcat.model import DataService, Distribution, Problem, Text
from dcat.spellings import find
from harvesters import kvp
from harvesters.dropped_file import distribution as dropped_file
from harvesters.iso_rights import Rights
from harvesters.iso_values import Languages, code, first, href, plain, text

MAX_LINKS = 5_000
# By what protocol, profile or address a service shows itself, the file type that stands for it, and its name in requests.
_SERVICES = (
    (re.compile(r"\bwfs\b|featureserver/wfs|wfsserver", re.I), "WFS_SRVC", "WFS"),
    (re.compile(r"\bwms\b|wmsserver", re.I), "WMS_SRVC", "WMS"),
    (re.compile(r"\bwmts\b", re.I), "", "WMTS"),
    (re.compile(r"\bwcs\b|wcsserver", re.I), "", "WCS"),
    (re.compile(r"\bsos\b", re.I), "", "SOS"),
    (re.compile(r"\bcsw\b", re.I), "", "CSW"),
    (re.compile(r"\batom\b|rfc4287", re.I), "ATOM", ""),
    (re.compile(r"ogc[ :-]?api|ogcapi|/collections\b", re.I), "", ""),
    (re.compile(r"sensorthings|/arcgis/rest/", re.I), "", ""),
)
_TO_DATA = ("download", "offlineaccess", "order", "accesspoint")
_TO_READ = ("information", "search", "kontakt", "contact")
_ZIP = re.compile(r"\s*[+ ](zip|gzip)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One online resource: where it leads, what it says of itself, and the service it belongs to, if it is one."""

    url: str
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    function: str = ""
    protocol: str = ""
    service: str = ""
    file_type: str = ""
    is_service: bool = False

    @property
    def leads_to_data(self) -> bool:
        """Whether this is a way to the data rather than a page about them."""
        if self.function in _TO_READ:
            return False
        ways = ("download", "ftp", "file")
        return (
            self.is_service
            or self.function in _TO_DATA
            or any(way in self.protocol.lower() for way in ways)
            or bool(dropped_file(self.url).format)
        )


@dataclass(slots=True)
class Links:
    """All online resources of a record, and the problems met on the way."""

    found: list[Link] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(parts: Iterator[Any], languages: Languages) -> Links:
    """Read online resources, each address and name once."""
    links = Links()
    known: set[tuple[str, tuple[Text, ...]]] = set()
    for number, part in enumerate(parts):
        if number == MAX_LINKS:
            links.problems.append(
                _problem(
                    "too-many", str(MAX_LINKS), "Nur so viele Verweise werden gelesen", "Only so many links are read"
                )
            )
            break
        stated = text(part, "linkage")
        url = iri.cleaned(stated)
        if not stated:
            continue
        if not iri.is_web(url):
            links.problems.append(
                _problem("no-address", stated[:500], "Ein Verweis ist keine Web-Adresse", "A link is no web address")
            )
            continue
        link = _link(url, part, languages)
        if (url, link.title) not in known:
            known.add((url, link.title))
            links.found.append(link)
    return links


def _link(url: str, part: Any, languages: Languages) -> Link:
    protocol = first(part, "protocol")
    said = [plain(protocol), href(protocol), text(part, "applicationProfile"), kvp.parameter(url, "service")]
    # The name of a service in its path counts last: a page about a WFS has it there, too.
    told = next((one for one in _SERVICES if any(one[0].search(word) for word in said if word)), None)
    if told is None and (kvp.parameter(url, "request").lower() == "getcapabilities" or not said[0]):
        told = (
            next((one for one in _SERVICES if one[0].search(url.replace("_", " "))), None)
            if _is_interface(url)
            else None
        )
    return Link(
        url=url,
        title=languages.texts(first(part, "name")),
        description=languages.texts(first(part, "description")),
        function=(code(part, "function") or text(part, "applicationProfile")).lower(),
        protocol=said[0],
        service=told[2] if told else "",
        file_type=told[1] if told else "",
        is_service=told is not None,
    )


def told(value: str) -> tuple[str, str]:
    """Give the file type and the name of the service a text speaks of, such as `OGC:WFS 2.0`; both empty for unknown ones."""
    known = next((one for one in _SERVICES if one[0].search(value)), None)
    return (known[1], known[2]) if known else ("", "")


def _is_interface(url: str) -> bool:
    """An address that asks for something or ends in a question mark; pages about services have neither."""
    return bool(kvp.parameter(url, "request")) or url.endswith(("?", "/WFSServer", "/WMSServer"))


def distribution(link: Link, title: tuple[Text, ...], formats: tuple[str, ...], rights: Rights) -> Distribution:
    """Describe a way to the data; `formats` are those stated of the whole dataset, which count where there is one only."""
    made = Distribution(
        title=link.title or link.description or title,
        description=link.description if link.title else (),
        access_url=(link.url,),
        license=rights.license,
        license_attribution=tuple(Text(value, "de") for value in rights.attribution),
    )
    if link.is_service:
        form = find(link.file_type, "format") if link.file_type else None
        return replace(made, format=form.uri if form else "", access_service=(service(link, title, rights),))
    file = dropped_file(link.url)
    form_uri, media_type = file.format, file.media_type
    if not form_uri:
        form_uri, media_type = _stated(link, formats)
    is_file = bool(file.format) or link.function == "download" or "download" in link.protocol.lower()
    return replace(made, download_url=(link.url,) if is_file else (), format=form_uri, media_type=media_type)


def service(link: Link, title: tuple[Text, ...], rights: Rights) -> DataService:
    """Describe the service behind a link."""
    return DataService(
        title=link.title or title,
        description=link.description,
        endpoint_url=(endpoint(link.url),),
        endpoint_description=(capabilities(link),) if link.service else (),
        license=rights.license,
        access_rights=rights.access,
    )


def endpoint(url: str) -> str:
    """Give the address of the service behind a request to it."""
    return kvp.without(url) or url


def capabilities(link: Link) -> str:
    """Give the address at which a service describes itself."""
    return kvp.asked(link.url, {"request": "GetCapabilities"}, {"service": link.service}) or link.url


def formats(distribution_info: Any) -> tuple[str, ...]:
    """List the formats stated of all files of a dataset, as URIs of file types."""
    names = (
        [text(one, "name") for one in distribution_info.iter("{*}MD_Format")] if distribution_info is not None else []
    )
    return tuple(dict.fromkeys(uri for name in names[:100] if (uri := format_uri(name))))


def format_uri(name: str) -> str:
    """Give the file type a format's name means, with or without its version and packing; empty for unknown ones."""
    core = _ZIP.sub("", name.strip())
    for spelling in (name, core, re.split(r"[\s,;(]", core)[0], core.removeprefix("application/").removesuffix("+xml")):
        if (
            spelling
            and len(spelling) <= 200
            and (concept := find(_OWN_NAMES.get(spelling.casefold(), spelling), "format"))
        ):
            return concept.uri
    return ""


_OWN_NAMES = {
    "gml+xml": "GML",
    "shape": "SHP",
    "shp": "SHP",
    "esri": "SHP",
    "esri-shape": "SHP",
    "shapefile": "SHP",
    "geotif": "GeoTIFF",
    "ascii": "TXT",
    "excel": "XLSX",
}


def _stated(link: Link, formats: tuple[str, ...]) -> tuple[str, str]:
    """Find the format of a link by its name, else by the only one stated of the dataset."""
    named = next((uri for one in (*link.title, *link.description) if (uri := _exact(one.value))), "")
    uri = named or (formats[0] if len(formats) == 1 else "")
    concept = find(uri, "format") if uri else None
    media_type = find(concept.extra["media_type"], "media-type") if concept and concept.extra["media_type"] else None
    return uri, media_type.uri if media_type else ""


def _exact(name: str) -> str:
    """Find the format where a name is one and nothing else, such as »CSV«."""
    concept = find(name, "format") if len(name) <= 20 else None
    return concept.uri if concept else ""


def _problem(code_: str, value: str, de: str, en: str) -> Problem:
    return Problem(
        path="distribution", code=code_, value=value, message=Message(f"{de}: „{value}“.", f"{en}: “{value}”.")
    )
