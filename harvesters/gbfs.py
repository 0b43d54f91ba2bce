"""GBFS 2.x and 3.x (gbfs.org): a system of shared vehicles becomes one dataset, each of its feeds a distribution.

The discovery file names the feeds, system_information the system. What the first says is handed on to the second in the
fragment of its address, which no server sees.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

import orjson

from dcat import dates, iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Problem, Reading, Text
from dcat.spellings import find
from harvesters import json_answers
from harvesters.base import Batch, Harvester, Item, Page, Value
from harvesters.distributions import distribution
from harvesters.json_answers import count, entries, members, objects, text
from harvesters.source import Source

MAX_FEEDS = 100
_INFORMATION = "system_information"
_HANDED_ON = "#gbfs="
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_TITLES = {
    "gbfs": "Verzeichnis aller Feeds (Einstieg)",
    "gbfs_versions": "Verfügbare Versionen",
    "manifest": "Verzeichnis aller Systeme des Anbieters",
    _INFORMATION: "Angaben zum System",
    "vehicle_types": "Fahrzeugarten",
    "station_information": "Stationen",
    "station_status": "Belegung der Stationen",
    "free_bike_status": "Freie Fahrzeuge",
    "vehicle_status": "Freie Fahrzeuge",
    "vehicle_availability": "Verfügbarkeit der Fahrzeuge",
    "system_hours": "Betriebszeiten",
    "system_calendar": "Betriebstage",
    "system_regions": "Regionen",
    "system_pricing_plans": "Tarife",
    "system_alerts": "Störungen",
    "geofencing_zones": "Gebiete mit besonderen Regeln",
}
_FREQUENCIES = {
    **{60: "1MIN", 300: "5MIN", 600: "10MIN", 900: "15MIN", 1800: "30MIN"},
    **{3600: "HOURLY", 86400: "DAILY", 604800: "WEEKLY"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What the discovery file says: its own address, the version, the languages, and the feeds by name."""

    url: str
    version: str = ""
    languages: tuple[str, ...] = ()
    feeds: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system as its system_information describes it. `ttl` is how long an answer holds, in seconds."""

    url: str
    information: dict[str, Any]
    version: str = ""
    ttl: int | None = None
    discovery: Discovery = field(default_factory=lambda: Discovery(url=""))


def split(page: Page, source: Source) -> Batch:
    """Cut a discovery file into the address of its system_information, and that into its one system."""
    content = members(json_answers.read(page))
    data = members(content.get("data"))
    if "feeds" in data or any("feeds" in members(part) for part in data.values()):
        if _HANDED_ON in page.url:
            # A list that leads to a list would never end: each hands a longer address on.
            raise json_answers.unexpected(page, f"ist kein {_INFORMATION}", f"is no {_INFORMATION}")
        return _discovered(page, content, data)
    if not any(key in data for key in ("system_id", "name", "timezone")):
        raise json_answers.unexpected(page, "ist kein GBFS (data.feeds)", "is no GBFS (data.feeds)")
    handed = page.url.partition(_HANDED_ON)
    system = System(
        url=handed[0],
        information=data,
        version=text(content.get("version"), 20),
        ttl=count(content.get("ttl")),
        discovery=_handed_on(handed[2]) or Discovery(url=source.url),
    )
    known = text(data.get("system_id"), 200) or f"?{_names(data.get('name'), '')[0].value if data.get('name') else '?'}"
    return Batch(items=iter([Item(remote_id=known, content=system, stamp=_stamp(system))]))


def read(item: Item, source: Source) -> Reading:
    """Describe one system."""
    system: System = item.content
    data = system.information
    lang = _language(data.get("language")) or next(iter(system.discovery.languages), "")
    title = _names(data.get("name"), lang)
    if not title or item.remote_id.startswith("?"):
        raise UnreadableError(
            Message(
                f"{system.url} nennt keinen Namen (name) oder keine Kennung (system_id).",
                f"{system.url} names no name or no system_id.",
            )
        )
    problems: list[Problem] = []
    license_uri = _license(data, problems)
    operator = _names(data.get("operator"), lang)
    languages = [_language(each) for each in (*entries(data.get("languages")), data.get("language"))]
    spoken = [concept.uri for each in (*languages, *system.discovery.languages) if (concept := find(each, "language"))]
    dataset = Dataset(
        identifier=(f"{source.id}/{item.remote_id}",),
        title=title,
        description=_described(system),
        publisher=Agent(name=operator, homepage=_address(data.get("url"))) if operator else None,
        contact_point=_contact(data, operator),
        landing_page=tuple(filter(None, [_address(data.get("url"))])),
        page=tuple(filter(None, [_address(data.get("terms_url"))])),
        language=tuple(dict.fromkeys(spoken)),
        frequency=_frequency(system.ttl),
        issued=dates.cleaned(text(data.get("start_date"), 40)),
        conforms_to=_standard(system.version or system.discovery.version),
        distribution=tuple(_distributions(system, license_uri)),
    )
    return Reading(dataset=dataset, problems=tuple(problems))


def is_live(url: str) -> bool:
    """Tell whether an address is that of the status of stations or vehicles."""
    return _name(url) in ("station_status", "free_bike_status", "vehicle_status")


def live(page: Page) -> tuple[Value, ...]:
    """Sum up what a system has to offer at the moment: vehicles, docks, stations."""
    content = members(json_answers.read(page))
    data = members(content.get("data"))
    at = _moment(content.get("last_updated"))
    if not at:
        raise json_answers.unexpected(page, "nennt keinen Zeitpunkt (last_updated)", "names no time (last_updated)")
    if isinstance(data.get("stations"), list):
        return tuple(_of_stations(list(objects(data["stations"])), at))
    vehicles = list(objects(data.get("vehicles") if "vehicles" in data else data.get("bikes")))
    free = sum(not _is(each, "is_disabled") and not _is(each, "is_reserved") for each in vehicles)
    return (Value(series="vehicles", at=at, value=free, label="Freie Fahrzeuge"),)


GBFS = Harvester(type="gbfs", accept="application/json", split=split, map=read, is_live=is_live, live=live)


def _discovered(page: Page, content: dict[str, Any], data: dict[str, Any]) -> Batch:
    """Take the feeds of one language: German, English, else the first (2.x); 3.x has no languages here."""
    languages = tuple(key for key, part in data.items() if _language(key) and "feeds" in members(part))[:50]
    chosen = next((lang for lang in ("de", "en") if lang in languages), next(iter(languages), ""))
    listed = entries(data.get("feeds") if "feeds" in data else members(data.get(chosen)).get("feeds"))
    problems = [json_answers.too_many("feeds", len(listed), MAX_FEEDS)] if len(listed) > MAX_FEEDS else []
    feeds = []
    for feed in objects(listed[:MAX_FEEDS]):
        name, url = text(feed.get("name"), 60), iri.joined(page.url, text(feed.get("url"), iri.MAX_LENGTH))
        if name and iri.is_web(url):
            feeds.append((name, url))
    information = dict(feeds).get(_INFORMATION)
    if information is None:
        raise json_answers.unexpected(page, f"nennt kein {_INFORMATION}", f"names no {_INFORMATION}")
    discovery = Discovery(
        url=page.url, version=text(content.get("version"), 20), languages=languages, feeds=tuple(feeds)
    )
    following = information.partition("#")[0] + _HANDED_ON + quote(orjson.dumps(discovery).decode(), safe="")
    return Batch(items=iter(()), following=(following,), problems=tuple(problems))


def _handed_on(fragment: str) -> Discovery | None:
    """Read what the discovery file said from the fragment of an address; None where it got lost."""
    try:
        found = orjson.loads(unquote(fragment))
        feeds = tuple((str(name), str(url)) for name, url in found["feeds"] if iri.is_web(str(url)))
        languages = tuple(map(str, found["languages"]))
        return Discovery(url=str(found["url"]), version=str(found["version"]), languages=languages, feeds=feeds)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _stamp(system: System) -> bytes:
    return json_answers.stamp([system.information, system.version, system.ttl, repr(system.discovery), system.url])


def _distributions(system: System, license_uri: str) -> Iterator[Distribution]:
    attribution = _names(system.information.get("attribution_organization_name"), "")
    feeds = {"gbfs": system.discovery.url, _INFORMATION: system.url} | dict(system.discovery.feeds)
    for name, url in feeds.items():
        title = _TITLES.get(name, name)
        feed = distribution(url, title, "JSON", description=f"GBFS-Feed {name}", license_uri=license_uri, download=True)
        yield replace(feed, license_attribution=attribution)


def _standard(version: str) -> tuple[str, ...]:
    if not re.fullmatch(r"[0-9][.][0-9]{1,2}(-RC[0-9]{0,2})?", version, re.ASCII):
        return ()
    return (f"https://github.com/MobilityData/gbfs/blob/v{version}/gbfs.md",)


def _described(system: System) -> tuple[Text, ...]:
    operator = "".join(each.value for each in _names(system.information.get("operator"), "")[:1])
    zone = text(system.information.get("timezone"), 60)
    feeds = ", ".join(title for name, title in _TITLES.items() if name in dict(system.discovery.feeds))
    sentences = (
        f"Sharing-Angebot{f' von {operator}' if operator else ''} im Format GBFS.",
        f"Feeds: {feeds}." if feeds else "",
        f"Zeitzone: {zone}." if zone else "",
    )
    return (Text(" ".join(filter(None, sentences)), "de"),)


def _license(data: dict[str, Any], problems: list[Problem]) -> str:
    """Find the licence that is stated: by its SPDX name (license_id), else by the address of its text."""
    for key in ("license_id", "license_url"):
        stated = text(data.get(key), 500)
        if stated and (concept := find(stated, "license")):
            return concept.uri
        if stated:
            problems.append(json_answers.unknown(key, "license", stated))
    return ""


def _contact(data: dict[str, Any], operator: tuple[Text, ...]) -> tuple[Contact, ...]:
    """Give the office that answers: the one for questions about the feeds first."""
    email = text(data.get("feed_contact_email"), 200) or text(data.get("email"), 200)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        return ()
    return (Contact(name=operator[0].value if operator else "", email=email, url=_address(data.get("url"))),)


def _names(value: Any, lang: str) -> tuple[Text, ...]:
    """Read a name: a text (2.x), or texts by language (3.x)."""
    if isinstance(value, list):
        texts = [Text(text(each.get("text"), 500), _language(each.get("language"))) for each in objects(value[:50])]
        by_language = {each.lang: each for each in texts if each.value}
        return tuple(by_language.values())
    found = text(value, 500)
    return (Text(found, lang.lower()),) if found else ()


def _language(value: Any) -> str:
    found = text(value, 20).replace("_", "-")
    return found.lower() if _LANGUAGE.fullmatch(found) else ""


def _address(value: Any) -> str:
    found = iri.cleaned(text(value, iri.MAX_LENGTH))
    return found if iri.is_web(found) else ""


def _frequency(ttl: int | None) -> str:
    """Give the frequency that a time to live means, where the list has one of exactly that length."""
    concept = find(_FREQUENCIES[ttl], "frequency") if ttl in _FREQUENCIES else None
    return concept.uri if concept else ""


def _name(url: str) -> str:
    return url.split("?")[0].rstrip("/").rsplit("/", 1)[-1].removesuffix(".json")


def _moment(value: Any) -> str:
    """Give an instant as ISO 8601: 2.x counts seconds since 1970, 3.x writes RFC 3339."""
    # Ten digits: everything else is no present moment.
    if isinstance(value, int) and 10**9 <= value < 10**10:
        return dates.cleaned(str(value * 1000))
    return text(value, 40) if isinstance(value, str) else ""


def _of_stations(stations: list[dict[str, Any]], at: str) -> Iterator[Value]:
    sums = (
        ("vehicles", "Verfügbare Fahrzeuge", ("num_vehicles_available", "num_bikes_available")),
        ("docks", "Freie Stellplätze", ("num_docks_available",)),
    )
    for series, label, keys in sums:
        found = [next((n for key in keys if (n := count(each.get(key))) is not None), None) for each in stations]
        known = [number for number in found if number is not None]
        if known:
            yield Value(series=series, at=at, value=sum(known), label=label)
    renting = sum(_is(each, "is_renting") for each in stations)
    yield Value(series="stations", at=at, value=renting, label="Stationen in Betrieb")


def _is(entry: dict[str, Any], key: str) -> bool:
    """Read a truth value; some systems of the first version write 0 and 1."""
    return entry.get(key) in (True, 1)
