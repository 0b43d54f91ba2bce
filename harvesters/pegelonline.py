"""PEGELONLINE, the gauges of the federal waterways (REST API v2): one dataset per water and quantity, its stations as files."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import DataService, Dataset, Distribution, Problem, Reading, Text
from dcat.vocabularies import concepts
from harvesters import areas, json_answers
from harvesters.base import Batch, Harvester, Item, Page, Value
from harvesters.distributions import distribution
from harvesters.json_answers import count, number, objects, text
from harvesters.source import Source

MAX_STATIONS = 200
WINDOW = "P15D"
_LIST = "/stations.json"
_QUANTITIES = {
    "W": "Wasserstand",
    "Q": "Abfluss",
    "WT": "Wassertemperatur",
    "LT": "Lufttemperatur",
    "LF": "Leitfähigkeit",
    "DFH": "Durchfahrtshöhe",
    "VA": "Fließgeschwindigkeit",
    "WV": "Wasserstandsvorhersage",
}
_SMALL = re.compile(r"(?<=\s)(Am|An|Auf|Bei|Der|Des|Im|Ob|Und|Vor)(?=\s)")
_FREQUENCIES = {1: "1MIN", 5: "5MIN", 10: "10MIN", 15: "15MIN", 30: "30MIN", 60: "HOURLY", 1440: "DAILY"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series of one station. `equidistance` is the distance of its values in minutes, 0 where it is not stated."""

    key: str
    station: str
    quantity: str
    unit: str
    equidistance: int
    position: areas.Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All series of one quantity on one water; `root` is the address of the API."""

    root: str
    water: str
    water_name: str
    code: str
    series: tuple[Series, ...]


def pages(source: Source) -> tuple[str, ...]:
    """Ask for the stations with their series, without the values of the moment: they would make every answer a new one."""
    parts = urlsplit(source.url)
    path = parts.path.rstrip("/")
    path = path if path.endswith(_LIST) else path + _LIST
    asked = {key: value for key, value in parse_qsl(parts.query) if not key.startswith("include")}
    asked |= {"includeTimeseries": "true", "prettyprint": "false"}
    return (urlunsplit((parts.scheme, parts.netloc, path, urlencode(asked, safe=","), "")),)


def split(page: Page, source: Source) -> Batch:
    """Group the series of all stations by water and quantity."""
    content = json_answers.read(page)
    if not isinstance(content, list):
        raise json_answers.unexpected(page, "ist keine Liste von Messstellen", "is no list of stations")
    root = page.url.split("?")[0].removesuffix(_LIST)
    waters: dict[str, str] = {}
    found: defaultdict[tuple[str, str], list[Series]] = defaultdict(list)
    for station in objects(content[: json_answers.MAX_ITEMS]):
        water = json_answers.members(station.get("water"))
        code = text(water.get("shortname"), 100)
        waters.setdefault(code, text(water.get("longname"), 200))
        for series in objects(station.get("timeseries")):
            found[code, text(series.get("shortname"), 40)].append(_series(station, series))
    groups = (
        Group(root=root, water=water, water_name=waters[water], code=code, series=tuple(series))
        for (water, code), series in sorted(found.items())
    )
    whole = len(content) <= json_answers.MAX_ITEMS
    problems = () if whole else (json_answers.too_many("stations", len(content), json_answers.MAX_ITEMS),)
    return Batch(items=_items(groups), whole=whole, problems=problems)


def read(item: Item, source: Source) -> Reading:
    """Describe one quantity of one water."""
    group: Group = item.content
    series = tuple(each for each in group.series if each.key)
    if item.remote_id.startswith("?") or not series:
        raise UnreadableError(
            Message(
                f"Zu „{group.water_name or group.water}“ ({group.code}) fehlt die Kennung des Gewässers, der Messgröße oder der Messstelle.",
                f"“{group.water_name or group.water}” ({group.code}) lacks the id of the water, the quantity or the station.",
            )
        )
    quantity, name = series[0].quantity, _name(group.water_name or group.water)
    problems: list[Problem] = []
    if len(series) > MAX_STATIONS:
        problems.append(json_answers.too_many("stations", len(series), MAX_STATIONS))
    steps = {each.equidistance for each in series}
    step = steps.pop() if len(steps) == 1 else 0
    dataset = Dataset(
        identifier=(f"{source.id}/{item.remote_id}",),
        title=(Text(f"{name}: {quantity}", "de"),),
        description=(Text(_description(name, quantity, series), "de"),),
        keyword=(Text(name, "de"), Text(quantity, "de")),
        spatial=areas.place((each.position for each in series if each.position), name),
        frequency="".join(concepts("frequency", (_FREQUENCIES.get(step, ""),))),
        temporal_resolution=f"PT{step}M" if step else "",
        distribution=tuple(_distributions(group, name, quantity, series[:MAX_STATIONS])),
    )
    return Reading(dataset=dataset, problems=tuple(problems))


def is_live(url: str) -> bool:
    """Tell whether an address is a list of stations with the measurement of the moment."""
    path, _, query = url.partition("?")
    return path.endswith(_LIST) and "includeCurrentMeasurement=true" in query


def live(page: Page) -> tuple[Value, ...]:
    """Read the measurement of the moment of each station."""
    content = json_answers.read(page)
    if not isinstance(content, list):
        raise json_answers.unexpected(page, "ist keine Liste von Messstellen", "is no list of stations")
    found = []
    for station in objects(content[: json_answers.MAX_ITEMS]):
        for entry in objects(station.get("timeseries")):
            series = _series(station, entry)
            current = json_answers.members(entry.get("currentMeasurement"))
            value, at = number(current.get("value")), text(current.get("timestamp"), 40)
            if series.key and value is not None and at:
                code = text(entry.get("shortname"), 40)
                found.append(
                    Value(series=f"{series.key}/{code}", at=at, value=value, unit=series.unit, label=series.station)
                )
    return tuple(found)


PEGELONLINE = Harvester(
    type="pegelonline", accept="application/json", pages=pages, split=split, map=read, is_live=is_live, live=live
)


def _series(station: dict[str, Any], series: dict[str, Any]) -> Series:
    code = text(series.get("shortname"), 40)
    name = text(series.get("longname"), 100).replace("_", " ").capitalize()
    return Series(
        key=text(station.get("uuid"), 100) or text(station.get("number"), 100),
        station=_name(text(station.get("longname"), 255) or text(station.get("shortname"), 100)),
        quantity=_QUANTITIES.get(code) or name or code,
        unit=text(series.get("unit"), 60),
        equidistance=count(series.get("equidistance")) or 0,
        position=areas.position(station.get("longitude"), station.get("latitude")),
    )


def _items(groups: Iterator[Group]) -> Iterator[Item]:
    for group in groups:
        known = f"{group.water}/{group.code}" if group.water and group.code else f"?{group.water_name or group.water}"
        yield Item(remote_id=known, content=group, stamp=repr(group).encode())


def _distributions(group: Group, name: str, quantity: str, series: tuple[Series, ...]) -> Iterator[Distribution]:
    service = DataService(title=(Text("PEGELONLINE REST-API", "de"),), endpoint_url=(group.root,))
    asked = {
        "waters": group.water,
        "timeseries": group.code,
        "hasTimeseries": group.code,
        "includeTimeseries": "true",
        "includeCurrentMeasurement": "true",
    }
    yield distribution(
        f"{group.root}{_LIST}?{urlencode(asked)}",
        f"{name}: {quantity}, alle Messstellen mit dem aktuellen Wert",
        "JSON",
        services=(service,),
    )
    for each in series:
        yield distribution(
            f"{group.root}/stations/{quote(each.key, safe='')}/{quote(group.code, safe='')}/measurements.csv?start={WINDOW}",
            f"{each.station or each.key}: {quantity} der letzten 15 Tage",
            "CSV",
            description=f"Zeitpunkt (Ortszeit) und Wert{f' in {each.unit}' if each.unit else ''}, durch Semikolon getrennt.",
            download=True,
        )


def _description(name: str, quantity: str, series: tuple[Series, ...]) -> str:
    units = sorted({each.unit for each in series if each.unit})
    stations = ", ".join(dict.fromkeys(each.station for each in series[:MAX_STATIONS] if each.station))
    stelle = "an einer Messstelle" if len(series) == 1 else f"an {len(series)} Messstellen"
    return (
        f"{quantity}{f' in {units[0]}' if len(units) == 1 else ''} {stelle} des Gewässers {name}, "
        f"laufend gemessene Rohdaten aus PEGELONLINE{f': {stations}' if stations else ''}."
    )


def _name(value: str) -> str:
    """Write a name in capitals as people write it; others stay."""
    return _SMALL.sub(lambda word: word[0].lower(), value.title()) if value.isupper() else value
