"""Extent in space and time, resolution and reference systems of ISO 19139."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dcat import iri, node_texts
from dcat.model import Period, Place
from harvesters.iso_values import Languages, each, first, href, plain, text
from harvesters.stated import Stated

MAX_PLACES = 200
# The regional key of the whole country.
GERMANY = "000000000000"
CRS = "http://www.opengis.net/def/crs/EPSG/0/"
_EPSG = re.compile(r"EPSG[^0-9]{0,12}(?:/[0-9.]{1,6}/|:[0-9.]{0,6}:|:|\s|/)?\s*([0-9]{4,6})\b", re.IGNORECASE)
_BOX = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
_LEVEL = "http://dcat-ap.de/def/politicalGeocoding/Level"
_LEVELS = {"municipalityKey": "municipality", "districtKey": "administrativeDistrict", "stateKey": "state"}
_METRES = {
    "m": 1.0,
    "metre": 1.0,
    "meter": 1.0,
    "meters": 1.0,
    "metres": 1.0,
    "9001": 1.0,
    "km": 1000.0,
    "cm": 0.01,
    "dm": 0.1,
}
_NUMBER = re.compile(r"[-+]?[0-9]{1,9}(?:[.][0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the data belong: geometries and names, and the keys of municipalities, districts and states with their levels."""

    spatial: tuple[Place, ...] = ()
    geocoding: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()


def places(about: Any, languages: Languages, stated: Stated) -> Places:
    """Read rectangles and geographic identifiers; official keys become political geocoding where they are known."""
    found: list[Place] = []
    geocoding: list[str] = []
    levels: list[str] = []
    for extent in stated.cut(list(each(about, "extent/EX_Extent")), "spatial", MAX_PLACES):
        label = languages.texts(first(extent, "description"))
        boxes = [box for one in _some(extent, "EX_GeographicBoundingBox") for box in _box(one, stated)]
        found += [Place(label=label, bbox=box.bbox, centroid=box.centroid) for box in boxes]
        for one in _some(extent, "EX_GeographicDescription"):
            identifier = first(one, "geographicIdentifier/*/code")
            name, link = plain(identifier), href(identifier)
            key = _key(name) or _key(link.rpartition("/")[2])
            if key:
                geocoding.append(key)
            elif name == GERMANY:
                levels.append(f"{_LEVEL}/federal")
            elif (name and not name.isdigit()) or iri.is_web(link):
                found.append(Place(uri=link if iri.is_web(link) else "", label=languages.texts(identifier)))
        if label and not boxes:
            found.append(Place(label=label))
    kinds = [uri.rsplit("/", 2)[1] for uri in geocoding]
    levels += [f"{_LEVEL}/{_LEVELS[kind]}" for kind in kinds if kind in _LEVELS]
    return Places(
        spatial=tuple(dict.fromkeys(found)),
        geocoding=tuple(dict.fromkeys(geocoding)),
        levels=tuple(dict.fromkeys(levels)),
    )


def _some(extent: Any, name: str) -> Iterator[Any]:
    for number, one in enumerate(each(extent, f"geographicElement/{name}")):
        if number == MAX_PLACES:
            return
        yield one


def _box(element: Any, stated: Stated) -> tuple[Place, ...]:
    numbers = [number(text(element, name)) for name in _BOX]
    return stated.box(numbers)


def _key(value: str) -> str:
    """Give the URI of an official key of a municipality (AGS, ARS), district or state; empty for all that is none."""
    digits = re.sub(r"[\s/-]", "", value)
    return str(node_texts.meaning("Place", digits).get("uri", "")) if re.fullmatch(r"[0-9]{2,12}", digits) else ""


def number(value: str) -> float | None:
    """Read a decimal number; None for anything else."""
    return float(value) if _NUMBER.fullmatch(value) else None


def periods(about: Any, stated: Stated) -> tuple[Period, ...]:
    """Read periods and instants; an end that is »now« or unknown stays open."""
    found: list[Period] = []
    for one in stated.cut(list(each(about, "extent/EX_Extent/temporalElement/*/extent/*")), "temporal", MAX_PLACES):
        instant = text(one, "timePosition")
        start = text(one, "beginPosition") or text(one, "begin/TimeInstant/timePosition") or instant
        end = text(one, "endPosition") or text(one, "end/TimeInstant/timePosition") or instant
        period = Period(start=_date(start, stated), end=_date(end, stated))
        if period != Period():
            found.append(period)
    return tuple(dict.fromkeys(found))


def _date(value: str, stated: Stated) -> str:
    return "" if value.lower() in ("now", "unknown", "") else stated.one("date", value, "temporal")


def resolution(about: Any, stated: Stated) -> str:
    """Give the ground distance in metres, the finest of several; scales have no place in DCAT-AP."""
    found: list[float] = []
    for one in each(about, "spatialResolution/MD_Resolution/distance/*"):
        value, unit = number(plain(one)), str(one.get("uom") or "").rstrip("/").lower()
        metres = _METRES.get(re.split(r"[#:/]", unit)[-1])
        if value is None or metres is None:
            stated.one("decimal", f"{plain(one)} {unit}".strip(), "spatial_resolution")
        elif 0 < value < 1e7:
            found.append(value * metres)
    return f"{min(found):f}".rstrip("0").rstrip(".") if found else ""


def reference_systems(metadata: Any) -> tuple[str, ...]:
    """List the coordinate reference systems as URIs of OGC, where their code says which of EPSG they are."""
    found: list[str] = []
    for one in each(metadata, "referenceSystemInfo/*/referenceSystemIdentifier/*"):
        identifier = first(one, "code")
        space = text(one, "codeSpace")
        found.append(crs(f"{href(identifier)} {space} {plain(identifier)}"))
    return tuple(dict.fromkeys(uri for uri in found if uri))[:MAX_PLACES]


def crs(value: str) -> str:
    """Give the URI of a coordinate reference system named in any of the usual ways; empty for others than those of EPSG."""
    known = _EPSG.search(value[:500])
    return f"{CRS}{known[1]}" if known else ""
