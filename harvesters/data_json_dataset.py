"""One dataset of a data.json in our words (Project Open Data 1.1, https://project-open-data.cio.gov/v1.1/schema)."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from dcat import dates, iri, node_texts, spellings
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Period, Place, Problem, Reading
from dcat.plain_values import MAX_DISTRIBUTIONS, Values, mappings, shown, texts, written
from dcat.profile import Property, profile
from dcat.vocabularies import NON_PUBLIC, PUBLIC, vocabulary
from harvesters import areas
from harvesters.json_answers import members

RESTRICTED = "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"
MAX_GEOMETRY = 200_000
MAX_NAME = 1_000
_ACCESS = {"public": PUBLIC, "restricted public": RESTRICTED, "non-public": NON_PUBLIC}
# Keys whose values need no more than their kind.
_FIELDS = {
    "title": "title",
    "description": "description",
    "keyword": "keyword",
    "issued": "issued",
    "modified": "modified",
    "language": "language",
    "theme": "theme",
    "landingPage": "landing_page",
    "references": "references",
    "conformsTo": "conforms_to",
    "describedBy": "page",
    "isPartOf": "relation",
    "version": "version",
}
_DISTRIBUTION_FIELDS = {
    "title": "title",
    "description": "description",
    "accessURL": "access_url",
    "downloadURL": "download_url",
    "mediaType": "media_type",
    "format": "format",
    "license": "license",
    "issued": "issued",
    "modified": "modified",
    "byteSize": "byte_size",
    "describedBy": "page",
    "conformsTo": "conforms_to",
    "language": "language",
    "rights": "rights",
}
_ELSEWHERE = (
    *("identifier", "publisher", "contactPoint", "accessLevel", "license", "rights", "spatial", "temporal"),
    *("accrualPeriodicity", "distribution"),
)
# What JSON-LD and the offices of the United States keep for themselves.
_INTERNAL = (
    *("@type", "@id", "@context", "bureauCode", "programCode", "primaryITInvestmentUII", "systemOfRecords"),
    *("dataQuality", "describedByType"),
)
_REPEATING = re.compile(r"R\d{0,6}/(?:[^/]{4,30}/)?(P[0-9A-Z.]{1,20})", re.ASCII)
_SINCE = re.compile(r"(?:R\d{0,6}/)?([^/]{4,30})/P[0-9A-Z.]{1,20}", re.ASCII)
_NUMBER = r"\s*([-+]?\d{1,3}(?:\.\d{1,15})?)\s*"
_BOX = re.compile(rf"{_NUMBER}[,; ]{_NUMBER}[,; ]{_NUMBER}[,; ]{_NUMBER}", re.ASCII)
# What is meant as an area, and is no name of a place even where it cannot be read.
_AREA = re.compile(
    r"[-+.,;\d\s]+$|\{|(MULTI)?(POINT|POLYGON|LINESTRING)\s*(Z\s*)?\(|ENVELOPE\s*\(", re.ASCII | re.IGNORECASE
)
# The periods of the standard's list that EU's list writes otherwise.
_PERIODS = {
    "P0.33M": "MONTHLY_3",
    "P0.33W": "WEEKLY_3",
    "P0.5M": "MONTHLY_2",
    "P12M": "ANNUAL",
    "P14D": "BIWEEKLY",
    "P3.5D": "WEEKLY_2",
    "P7D": "WEEKLY",
    "PT1S": "UPDATE_CONT",
}


def read_dataset(record: Mapping[str, Any]) -> Reading:
    """Describe one dataset; what is stated and has no place here becomes a Problem."""
    reader = _Reader()
    dataset = reader.dataset(record)
    return Reading(dataset=dataset, problems=tuple(reader.problems))


class _Reader(Values):
    def dataset(self, record: Mapping[str, Any]) -> Dataset:
        values = self._plain("Dataset", {**record, **_words(record)}, "")
        identifier = self.one("string", _id(record.get("identifier")), "identifier")
        access = self._access(record.get("accessLevel"))
        values |= {
            "uri": _web(record.get("@id")) or _web(identifier),
            "identifier": (identifier,) if identifier else (),
            "publisher": self._agent(record.get("publisher")),
            "contact_point": self._contacts(record.get("contactPoint")),
            "access_rights": access,
            "spatial": self._places(record.get("spatial")),
            "temporal": self._periods(record.get("temporal")),
            "frequency": self._frequency(record.get("accrualPeriodicity"), record.get("modified")),
            "distribution": self._distributions(record, access),
        }
        for key, raw in record.items():
            if key not in _FIELDS and key not in _ELSEWHERE and _is_told(key, raw):
                self.dropped(key, raw)
        return Dataset(**{field: value for field, value in values.items() if value not in (None, "", ())})

    def _plain(self, cls: str, record: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Read the values of the keys that a record has, by field."""
        told = ((key, prop, record[key]) for key, prop in _properties(cls) if key in record)
        return {
            prop.field: self.read(prop, _plainer(raw), f"{path}{key}")
            for key, prop, raw in told
            if raw not in (None, "")
        }

    def _access(self, raw: Any) -> str:
        if raw in (None, ""):
            return ""
        known = _ACCESS.get(written(raw).strip().lower())
        return known or self.read(profile()["Dataset"].property("access_rights"), raw, "accessLevel") or ""

    def _agent(self, raw: Any) -> Agent | None:
        node = next(iter(_nodes(raw, "name")), {})
        if node.get("subOrganizationOf"):
            self.dropped("publisher.subOrganizationOf", members(node["subOrganizationOf"]).get("name") or "…")
        agent = Agent(
            uri=_web(node.get("@id")),
            name=texts(node.get("name")),
            email=self.one("email", _id(node.get("mbox")), "publisher.mbox"),
            homepage=self.one("uri", _id(node.get("homepage")), "publisher.homepage"),
        )
        return agent if agent.name or agent.uri else None

    def _contacts(self, raw: Any) -> tuple[Contact, ...]:
        nodes = self.limited(_nodes(raw, "fn"), "contactPoint")
        contacts = (
            Contact(
                uri=_web(node.get("@id")),
                name=self.one("string", node.get("fn"), "contactPoint.fn"),
                email=self.one("email", _id(node.get("hasEmail")), "contactPoint.hasEmail"),
                url=self.one("uri", _id(node.get("hasURL")), "contactPoint.hasURL"),
                telephone=self.one("telephone", _id(node.get("hasTelephone")), "contactPoint.hasTelephone"),
            )
            for node in nodes
        )
        return tuple(contact for contact in contacts if contact != Contact())

    def _places(self, raw: Any) -> tuple[Place, ...]:
        places = (self._place(one) for one in self.limited(_several(raw), "spatial"))
        return tuple(dict.fromkeys(place for place in places if place))

    def _place(self, raw: Any) -> Place | None:
        """Read an address, a rectangle, a geometry, an official key, or the name of a place."""
        if isinstance(raw, Mapping):
            found = self.one("wkt", shown(raw, MAX_GEOMETRY), "spatial")
            return Place(geometry=found) if found else None
        said = written(raw).strip()
        if address := _web(said):
            return Place(uri=address)
        if meant := node_texts.meaning("Place", said[:MAX_GEOMETRY]):
            return Place(**meant)
        if box := _BOX.fullmatch(said[:200]):
            west, south, east, north = box.groups()
            corners = areas.position(west, south), areas.position(east, north)
            if corners[0] and corners[1] and corners[0] <= corners[1]:
                return next(iter(areas.place([corners[0], corners[1]])))
        if _AREA.match(said) or len(said) > MAX_NAME:
            self._unclear("spatial", said, "ist kein Gebiet, das eine Deutung hat", "is no area with a single meaning")
            return None
        return Place(label=texts(said)) if texts(said) else None

    def _periods(self, raw: Any) -> tuple[Period, ...]:
        periods = (self._period(one) for one in self.limited(_several(raw), "temporal"))
        return tuple(dict.fromkeys(period for period in periods if period))

    def _period(self, raw: Any) -> Period | None:
        if isinstance(raw, Mapping):
            ends = {end: self.one("date", _id(raw.get(f"{end}Date")), "temporal") for end in ("start", "end")}
            return Period(**ends) if any(ends.values()) else None
        said = written(raw).strip()
        if meant := node_texts.meaning("Period", said):
            return Period(**meant)
        # From a day on for a span, once or again and again: the day is stated, the end is not.
        if (since := _SINCE.fullmatch(said)) and (start := dates.cleaned(since[1])):
            self._unclear("temporal", said, f"wurde als „ab {start}“ übernommen", f"was taken as “from {start}”")
            return Period(start=start)
        if said:
            self._unclear("temporal", said, "ist kein Zeitraum wie 2020/2021", "is no period such as 2020/2021")
        return None

    def _frequency(self, raw: Any, modified: Any) -> str:
        """Read how often the data change; `modified` may say so in its place (R/P1D)."""
        said = written(raw).strip()
        if not said and isinstance(modified, str) and _REPEATING.fullmatch(modified):
            said = modified
        if not said:
            return ""
        repeating = _REPEATING.fullmatch(said)
        code = _by_period().get(repeating[1] if repeating else said, "")
        if code and spellings.find(said, "frequency") is None:
            said = code
        return self.read(profile()["Dataset"].property("frequency"), said, "accrualPeriodicity") or ""

    def _distributions(self, record: Mapping[str, Any], access: str) -> tuple[Distribution, ...]:
        raw = record.get("distribution")
        nodes = self.limited(mappings(raw if isinstance(raw, list) else [raw]), "distribution", MAX_DISTRIBUTIONS)
        rights = record.get("rights")
        stated = _web(rights)
        if rights and not stated:
            self.dropped("rights", rights)
        # A level that nobody knows is not taken for public.
        if nodes and record.get("accessLevel") and access != PUBLIC:
            self._withheld(len(nodes))
            return ()
        license_uri = self.read(profile()["Distribution"].property("license"), _id(record.get("license")), "license")
        given = {"license": license_uri, "rights": stated}
        return tuple(
            self._distribution(node, f"distribution[{position}].", given) for position, node in enumerate(nodes)
        )

    def _distribution(self, node: Mapping[str, Any], path: str, given: Mapping[str, Any]) -> Distribution:
        """Read a file; what is given for all of them counts where it says nothing itself."""
        values = self._plain("Distribution", node, path)
        values["uri"] = _web(node.get("@id")) or _web(node.get("identifier"))
        values |= {field: value for field, value in given.items() if not values.get(field)}
        # DCAT-AP demands an access URL; the address of the file is one.
        values["access_url"] = values.get("access_url") or values.get("download_url")
        for key, raw in node.items():
            if key not in _DISTRIBUTION_FIELDS and key != "identifier" and _is_told(key, raw):
                self.dropped(f"{path}{key}", raw)
        return Distribution(**{field: value for field, value in values.items() if value not in (None, "", ())})

    def _withheld(self, count: int) -> None:
        # Without the addresses: what is not public at the source is not made so by a report.
        message = Message(
            f"Der Datensatz ist an der Quelle nicht öffentlich; seine {count} Dateien werden nicht weitergegeben.",
            f"The dataset is not public at the source; its {count} files are not passed on.",
        )
        self.problems.append(Problem(path="distribution", code="not-public", value=str(count), message=message))

    def _unclear(self, path: str, said: str, de: str, en: str) -> None:
        self.report(path, path, said, Message(f"„{said[:80]}“ {de}.", f"“{said[:80]}” {en}."))


@functools.cache
def _properties(cls: str) -> tuple[tuple[str, Property], ...]:
    fields = _FIELDS if cls == "Dataset" else _DISTRIBUTION_FIELDS
    return tuple((key, profile()[cls].property(field)) for key, field in fields.items())


@functools.cache
def _by_period() -> Mapping[str, str]:
    """Give the code of each ISO 8601 period that only one frequency has."""
    found: dict[str, list[str]] = {}
    for concept in vocabulary("frequency").concepts.values():
        found.setdefault(concept.extra["iso8601_period"], []).append(concept.code)
    return {period: codes[0] for period, codes in found.items() if period and len(codes) == 1} | _PERIODS


def _words(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give what must be put differently to be read: keywords in one text, a rhythm in the place of a day."""
    changed: dict[str, Any] = {}
    if isinstance(words := record.get("keyword"), str):
        changed["keyword"] = [word.strip() for word in re.split(r"[,;]", words)]
    if isinstance(modified := record.get("modified"), str) and _REPEATING.fullmatch(modified):
        changed["modified"] = None
    return changed


def _plainer(raw: Any) -> Any:
    """Give the address of a JSON-LD reference, alone or in a list; anything else as it is."""
    return [_id(one) for one in raw] if isinstance(raw, list) else _id(raw)


def _id(raw: Any) -> Any:
    return raw.get("@id") or raw.get("@value") if isinstance(raw, Mapping) else raw


def _web(raw: Any) -> str:
    found = iri.cleaned(raw) if isinstance(raw, str) else ""
    return found if iri.is_web(found) else ""


def _several(raw: Any) -> list[Any]:
    return [one for one in (raw if isinstance(raw, list) else [raw]) if one not in (None, "", {}, [])]


def _nodes(raw: Any, name: str) -> list[Mapping[str, Any]]:
    """Give descriptions; older files have a name in their place."""
    return [one if isinstance(one, Mapping) else {name: one} for one in _several(raw)]


def _is_told(key: str, raw: Any) -> bool:
    """Tell whether a key states something beyond what JSON-LD and Drupal keep for themselves."""
    return raw not in (None, "", [], {}) and key not in _INTERNAL and not key.startswith("%")
