"""OGC SensorThings 1.0 and 1.1: one dataset for each observed property, with all that measures it; never one for each sensor."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from dcat import iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import DataService, Dataset, Distribution, Period, Problem, Reading, Text
from harvesters import areas, json_answers
from harvesters.base import Batch, Harvester, Item, Page, Value
from harvesters.distributions import distribution
from harvesters.json_answers import count, members, number, objects, text
from harvesters.source import Source

PAGE_SIZE = 50
MAX_SERIES = 100
NEWEST = 1000
_PROPERTIES = "/ObservedProperties"
_SERIES = f"Datastreams($select=unitOfMeasurement,observedArea,phenomenonTime;$top={MAX_SERIES};$count=true)"
_NEWEST = "Observations($select=phenomenonTime,result;$orderby=phenomenonTime desc;$top=1)"
_STANDARD = "http://www.opengis.net/spec/iot_sensing"
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)T\S*", re.ASCII)
_YES = ("true", "yes", "ja", "1")


def pages(source: Source) -> tuple[str, ...]:
    """Ask for the observed properties, each with a sample of its datastreams and their number."""
    return (_address(source.url.rstrip("/"), 0),)


def split(page: Page, source: Source) -> Batch:
    """Cut a page into observed properties. The next page begins after those that really came, whatever the server's link says."""
    content = members(json_answers.read(page))
    if not isinstance(content.get("value"), list):
        raise json_answers.unexpected(
            page, "ist keine Antwort einer SensorThings-API (value)", "is no SensorThings answer"
        )
    found = list(objects(content["value"]))[: json_answers.MAX_ITEMS]
    skipped = count(dict(parse_qsl(urlsplit(page.url).query)).get("$skip")) or 0
    total, reached = count(content.get("@iot.count")), skipped + len(content["value"])
    more = bool(content.get("@iot.nextLink")) if total is None else reached < total
    problems: list[Problem] = []
    if more and not content["value"]:
        problems.append(_cut_short(page, reached, total))
    root = _root(page.url)
    return Batch(
        items=_items(root, found),
        following=(_address(root, reached),) if more and content["value"] else (),
        total=total,
        problems=tuple(problems),
        whole=not problems,
    )


def read(item: Item, source: Source) -> Reading:
    """Describe one observed property."""
    root, found = item.content
    name = text(found.get("name"), 500)
    if not name or item.remote_id.startswith("?"):
        raise UnreadableError(
            Message(
                f"Die Messgröße „{name or item.remote_id}“ in {root} hat keinen Namen (name) oder keine Kennung (@iot.id).",
                f"The observed property “{name or item.remote_id}” in {root} has no name or no @iot.id.",
            )
        )
    series = list(objects(found.get("Datastreams")))
    number_of_series = count(found.get("Datastreams@iot.count"))
    # What only some of the series say is not true of all of them.
    whole = number_of_series == len(series)
    units = {unit for each in series if (unit := _unit(each))}
    positions = [point for each in series for point in areas.of_geojson(each.get("observedArea"))] if whole else []
    definition = iri.cleaned(text(found.get("definition"), iri.MAX_LENGTH))
    dataset = Dataset(
        identifier=(f"{source.id}/{item.remote_id}",),
        title=(Text(name, "de"),),
        description=_described(found, number_of_series, units if whole else set()),
        keyword=(Text(name, "de"),),
        spatial=areas.place(positions),
        temporal=_period(series) if whole else (),
        page=(definition,) if iri.is_web(definition) else (),
        distribution=tuple(_distributions(root, found["@iot.id"], name, source)),
    )
    return Reading(dataset=dataset)


def is_live(url: str) -> bool:
    """Tell whether an address gives datastreams with their newest observation."""
    return url.partition("?")[0].endswith("/Datastreams") and "Observations($" in url


def live(page: Page) -> tuple[Value, ...]:
    """Read the newest observation of each datastream whose result is a number."""
    content = members(json_answers.read(page))
    if not isinstance(content.get("value"), list):
        raise json_answers.unexpected(
            page, "ist keine Antwort einer SensorThings-API (value)", "is no SensorThings answer"
        )
    found = []
    for series in objects(content["value"][: json_answers.MAX_ITEMS]):
        known = text(series.get("@iot.id"), 150)
        name = text(members(series.get("Thing")).get("name"), 200) or text(series.get("name"), 200)
        for newest in list(objects(series.get("Observations")))[:1]:
            # A value that was measured over a while counts from its end.
            at = text(newest.get("phenomenonTime"), 100).rsplit("/", 1)[-1]
            value = None if isinstance(newest.get("result"), str) else number(newest.get("result"))
            if known and at and value is not None:
                found.append(Value(series=known, at=at, value=value, unit=_unit(series), label=name))
    return tuple(found)


SENSORTHINGS = Harvester(
    type="sensorthings",
    accept="application/json",
    pages=pages,
    split=split,
    map=read,
    options=("csv",),
    is_live=is_live,
    live=live,
)


def _address(root: str, skip: int) -> str:
    skipped = f"&$skip={skip}" if skip else ""
    return f"{root}{_PROPERTIES}?$count=true&$top={PAGE_SIZE}{skipped}&$orderby=id&$expand={_SERIES}"


def _root(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rsplit(_PROPERTIES, 1)[0], "", ""))


def _items(root: str, found: list[dict[str, Any]]) -> Iterator[Item]:
    for each in found:
        name = text(each.get("name"), 200)
        known = text(each.get("@iot.id"), 200) or f"?{name}"
        yield Item(remote_id=known, content=(root, each), stamp=json_answers.stamp([root, _steady(each)]))


def _steady(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what every new measurement changes: of the end of the series the month is kept."""
    series = [
        each | {"phenomenonTime": [repr(p) for p in _period([each])]} for each in objects(found.get("Datastreams"))
    ]
    return found | {"Datastreams": series}


def _cut_short(page: Page, reached: int, total: int | None) -> Problem:
    message = Message(
        f"{page.url} ist leer, obwohl erst {reached} von {total if total is not None else '?'} Messgrößen gelesen sind.",
        f"{page.url} is empty, though only {reached} of {total if total is not None else '?'} properties have been read.",
    )
    return Problem(path="value", code="incomplete", value=str(reached), message=message)


def _unit(series: dict[str, Any]) -> str:
    unit = members(series.get("unitOfMeasurement"))
    return text(unit.get("symbol"), 60) or text(unit.get("name"), 60)


def _described(found: dict[str, Any], number_of_series: int | None, units: set[str]) -> tuple[Text, ...]:
    sentences = [text(found.get("description"))]
    if number_of_series is not None:
        sentences.append("Eine Messreihe." if number_of_series == 1 else f"{number_of_series} Messreihen.")
    if len(units) == 1:
        sentences.append(f"Einheit: {units.pop()}.")
    written = "\n\n".join(filter(None, [sentences[0], " ".join(sentences[1:])]))
    return (Text(written, "de"),) if written else ()


def _period(series: list[dict[str, Any]]) -> tuple[Period, ...]:
    """Give the time that some series cover: from a day to a month, since the last day moves with every measurement."""
    times = [text(each.get("phenomenonTime"), 100).partition("/") for each in series]
    starts = [day[1] for start, _, _ in times if (day := _DAY.fullmatch(start.strip()))]
    ends = [day[1] for start, _, end in times if (day := _DAY.fullmatch((end or start).strip()))]
    return (Period(start=min(starts), end=max(ends)[:7]),) if starts and ends else ()


def _distributions(root: str, known: Any, name: str, source: Source) -> Iterator[Distribution]:
    key = str(known) if isinstance(known, int) else "'" + str(known).replace("'", "''") + "'"
    path = quote(key, safe="'")
    service = DataService(
        title=(Text("SensorThings-Schnittstelle", "de"),), endpoint_url=(root,), conforms_to=(_standard(root),)
    )
    series = f"{root}{_PROPERTIES}({path})/Datastreams"
    yield distribution(
        f"{series}?$count=true&$top={MAX_SERIES}&$expand=Thing($select=name),{quote(_NEWEST, safe='$=(),;')}",
        f"{name}: Messreihen mit dem neuesten Messwert",
        "JSON",
        services=(service,),
    )
    yield distribution(f"{series}?$expand=Thing($expand=Locations)", f"{name}: Messreihen und Standorte", "JSON")
    newest = f"$filter=Datastream/ObservedProperty/id eq {key}&$orderby=phenomenonTime desc&$top={NEWEST}"
    query = quote(newest, safe="$=&/'")
    if source.option("csv").casefold() in _YES:
        url, form, words = f"{root}/Observations?{query}&$resultFormat=csv", "CSV", "als Tabelle"
    else:
        url, form, words = f"{root}/Observations?{query}", "JSON", "als JSON"
    yield distribution(url, f"{name}: die neuesten Messwerte {words}", form, download=form == "CSV")


def _standard(root: str) -> str:
    version = re.search(r"/v(1[.][01])$", root)
    return f"{_STANDARD}/{version[1] if version else '1.1'}"
