"""What the index holds of a public dataset: its view, its CKAN package and its score as one flat entry. Pure."""

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from catalog.index_entry import IndexEntry
from catalog.layers import UNKNOWN_LICENSE
from catalog.public import PublicDataset
from dcat import dates, geometry, naming, quality
from dcat.model import Dataset, Period, Text
from dcat.vocabularies import vocabulary

# What conditions name by CKAN's word, and where it stands in a package.
_MAIN = ("author", "author_email", "maintainer", "maintainer_email", "version", "url")
_PEOPLE = ("author", "maintainer")
_RESOURCE = {"res_id": "id", "res_url": "url", "res_type": "resource_type"}


def entry_of(
    shown: PublicDataset,
    package: Mapping[str, Any],
    *,
    owner: str = "",
    creator: str = "",
    total: int | None = None,
) -> IndexEntry:
    """Make the entry of a public dataset; `owner` is its organisation's id, `creator` who made it, `total` the points of its score."""
    dataset = shown.dataset
    publisher = (shown.organization_title, *_said(dataset.publisher.name if dataset.publisher else ()))
    formats = {d.format for d in dataset.distribution if d.format}
    licenses = {d.license for d in dataset.distribution if d.license}
    if shown.written is not None:
        # What stands in for a licence that nobody named is none.
        licenses = (licenses - {UNKNOWN_LICENSE}) | {str(package.get("license_id") or "")} - {""}
    owned = package.get("organization") is not None
    start, end = _covered(dataset.temporal)
    extras = {str(each["key"]): str(each["value"]) for each in package.get("extras") or ()}
    return IndexEntry(
        id=shown.id,
        name=shown.name,
        title=_said(dataset.title),
        keyword=_said(dataset.keyword),
        publisher=tuple(dict.fromkeys(publisher)),
        text=(*_texts(shown), *(_written(shown, package) if shown.written is not None else ())),
        city=shown.city,
        organization=shown.organization if owned or not package else "",
        groups=tuple(str(group["name"]) for group in package.get("groups") or ()),
        theme=_codes("theme", dataset.theme),
        tag=tuple(sorted(set(_said(dataset.keyword)))),
        format=_codes("format", formats),
        license=_codes("license", licenses),
        schema=tuple(sorted({file.schema_id for file in shown.files if file.schema_id})),
        hvd=_codes("hvd-category", dataset.hvd_category),
        validation=_validation(shown),
        quality="" if total is None else quality.band(total).name,
        frequency=next(iter(_codes("frequency", (dataset.frequency,) if dataset.frequency else ())), ""),
        kind=str(package.get("type") or "dataset"),
        creator=creator,
        owner=owner if owned or not package else "",
        extras=extras,
        values=_values(package),
        created=_instant(shown.published_at),
        modified=_instant(shown.modified_at),
        starts=start,
        ends=end,
        box=_box_of(dataset),
    )


def _box_of(dataset: Dataset) -> tuple[float, float, float, float] | None:
    """Give the box around everything that a dataset covers; None where it does not say so in WGS84."""
    written = (place.bbox or place.geometry or place.centroid for place in dataset.spatial)
    boxes = [found for text in written if text and (found := geometry.extent(text))]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _texts(shown: PublicDataset) -> Iterable[str]:
    dataset = shown.dataset
    yield from _said(dataset.description)
    for uri in dataset.theme:
        label = vocabulary("theme").label(uri)
        yield from (label.de, label.en)
    for file in shown.files:
        yield from _said(file.distribution.title)
        yield from _said(file.distribution.description)
    for place in dataset.spatial:
        yield from _said(place.label)


def _written(shown: PublicDataset, package: Mapping[str, Any]) -> Iterable[str]:
    """What else a client wrote that words find: its extras and people, and a name of its own, which is not made of the title."""
    yield from (str(package[name]) for name in _PEOPLE if package.get(name))
    yield from (str(each["value"]) for each in package.get("extras") or ())
    title = next(iter(_said(shown.dataset.title)), "")
    own = set(re.split("[-_]+", shown.name)) - set(naming.slug(title).split("-"))
    if any(not word.isdecimal() for word in own):
        yield shown.name.replace("_", " ")


def _said(texts: Iterable[Text]) -> tuple[str, ...]:
    return tuple(text.value for text in texts)


def _codes(name: str, uris: Iterable[str]) -> tuple[str, ...]:
    known = (vocabulary(name).find(uri) for uri in uris)
    return tuple(sorted(concept.code if concept else uri for uri, concept in zip(uris, known, strict=True)))


def _validation(shown: PublicDataset) -> str:
    checked = [file.valid for file in shown.files if file.schema_id and file.valid is not None]
    return "" if not checked else "valid" if all(checked) else "invalid"


def _values(package: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {name: (str(package[name]),) for name in _MAIN if package.get(name)}
    resources = package.get("resources") or ()
    for name, key in _RESOURCE.items():
        if listed := tuple(str(each[key]) for each in resources if each.get(key)):
            found[name] = listed
    if isinstance(package.get("isopen"), bool):
        found["isopen"] = ("true" if package["isopen"] else "false",)
    return found | {"num_resources": (str(len(resources)),)}


def _covered(periods: Iterable[Period]) -> tuple[int | None, int | None]:
    """The first and the last second of the time that a dataset covers."""
    starts = [found for period in periods if (found := _day(period.start, last=False)) is not None]
    ends = [found for period in periods if (found := _day(period.end, last=True)) is not None]
    return min(starts, default=None), max(ends, default=None)


def _day(value: str, *, last: bool) -> int | None:
    """Read a date of any length as its first or last second, in UTC."""
    kind = dates.datatype(value)
    if kind == "xsd:dateTime":
        return _seconds(value)
    if not kind:
        return None
    year, month, day = (int(part) if part else 0 for part in (value[:4], value[5:7], value[8:10]))
    if not 1 <= year <= 9998:
        return None
    if not last:
        moment = datetime.datetime(year, month or 1, day or 1, tzinfo=datetime.UTC)
    elif day:
        moment = datetime.datetime(year, month, day, tzinfo=datetime.UTC) + datetime.timedelta(days=1, seconds=-1)
    else:
        year, following = (year, month + 1) if 0 < month < 12 else (year + 1, 1)
        moment = datetime.datetime(year, following, 1, tzinfo=datetime.UTC) - datetime.timedelta(seconds=1)
    return int(moment.timestamp())


def _seconds(time: str) -> int:
    return int(_instant(time))


def _instant(time: str) -> float:
    moment = datetime.datetime.fromisoformat(time)
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
