"""OParl 1.0 and 1.1 (oparl.org), the interface of council information systems: one dataset for each list of a body.

Only the system and its list of bodies are read: what stands in the lists, persons above all, is left where it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dcat import dates, iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, DataService, Dataset, Place, Problem, Reading, Text
from dcat.spellings import find
from harvesters import areas, json_answers
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.distributions import distribution
from harvesters.json_answers import entries, members, objects, text
from harvesters.source import Source

_SYSTEM = re.compile(r"https?://schema\.oparl\.org/1\.[0-9]/System")
_BODY = re.compile(r"https?://schema\.oparl\.org/1\.[0-9]/Body")
# The lists of a body by the property that names them (Body, OParl 1.1): what they are called, and what each holds.
_LISTS = {
    "organization": ("Gremien und Fraktionen", "Gremien, Fraktionen und andere Gruppierungen"),
    "person": (
        "Mandatsträgerinnen und Mandatsträger",
        "Mitglieder der Gremien, wie das Ratsinformationssystem sie nennt",
    ),
    "meeting": ("Sitzungen", "Sitzungen der Gremien mit Ort, Zeit und Tagesordnung"),
    "paper": ("Vorlagen und Drucksachen", "Vorlagen, Anträge, Anfragen und andere Drucksachen mit Beratungsfolge"),
    "legislativeTermList": ("Legislaturperioden", "Legislaturperioden der Körperschaft"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectList:
    """One list of a body: the property that names it, its address, and the body's description."""

    name: str
    address: str
    body: dict[str, Any]


def split(page: Page, source: Source) -> Batch:
    """Cut the system into the address of its bodies, and a page of bodies into their lists."""
    content = members(json_answers.read(page))
    kind = text(content.get("type"), 200)
    if _SYSTEM.fullmatch(kind):
        bodies = iri.joined(page.url, text(content.get("body"), iri.MAX_LENGTH)) if content.get("body") else ""
        if not iri.is_web(bodies):
            raise json_answers.unexpected(
                page, "nennt keine Liste von Körperschaften (body)", "names no list of bodies"
            )
        return Batch(items=iter(()), following=(bodies,))
    if _BODY.fullmatch(kind):
        return Batch(items=_items([content], page.url))
    if not isinstance(content.get("data"), list):
        raise json_answers.unexpected(
            page,
            "ist weder ein OParl-System noch eine Liste von Körperschaften",
            "is neither an OParl system nor a list of bodies",
        )
    following = text(members(content.get("links")).get("next"), iri.MAX_LENGTH)
    found = entries(content["data"])
    problems = []
    if len(found) > json_answers.MAX_ITEMS:
        problems.append(json_answers.too_many("data", len(found), json_answers.MAX_ITEMS))
    bodies_read = list(objects(found[: json_answers.MAX_ITEMS]))
    address = iri.joined(page.url, following) if following else ""
    return Batch(
        items=_items(bodies_read, page.url),
        following=(address,) if iri.is_web(address) else (),
        problems=tuple(problems),
        whole=not problems,
    )


def read(item: Item, source: Source) -> Reading:
    """Describe one list of a body."""
    if not isinstance(item.content, ObjectList):
        raise UnreadableError(
            Message(
                f"Die Körperschaft „{item.remote_id[1:]}“ hat keine Kennung (id), keinen Namen oder keine Listen.",
                f"The body “{item.remote_id[1:]}” has no id, no name or no lists.",
            )
        )
    name, about = _LISTS[item.content.name]
    body = item.content.body
    problems: list[Problem] = []
    license_uri = _license(body, problems)
    body_name = text(body.get("name"), 300)
    email = text(body.get("contactEmail"), 200)
    contact = Contact(
        name=text(body.get("contactName"), 300), email=email if re.fullmatch(r"[^@\s]+@[^@\s]+", email) else ""
    )
    website = iri.cleaned(text(body.get("website"), iri.MAX_LENGTH))
    service = DataService(
        title=(Text("OParl-Schnittstelle", "de"),),
        endpoint_url=(source.url,),
        conforms_to=tuple(filter(None, [_version(body)])),
    )
    dataset = Dataset(
        identifier=(item.remote_id,),
        title=(Text(f"{name}: {body_name}", "de"),),
        description=(Text(f"{about}, aus dem Ratsinformationssystem von {body_name} (OParl).", "de"),),
        keyword=(Text("OParl", "de"), Text(name, "de")),
        publisher=Agent(name=(Text(body_name, "de"),), homepage=website if iri.is_web(website) else ""),
        contact_point=(contact,) if contact.email else (),
        spatial=_place(body),
        landing_page=(website,) if iri.is_web(website) else (),
        issued=dates.cleaned(text(body.get("oparlSince"), 40)),
        conforms_to=tuple(filter(None, [_version(body)])),
        distribution=(
            distribution(item.content.address, f"{name} (JSON)", "JSON", license_uri=license_uri, services=(service,)),
        ),
    )
    return Reading(dataset=dataset, problems=tuple(problems))


OPARL = Harvester(type="oparl", accept="application/json", split=split, map=read)


def _items(bodies: list[dict[str, Any]], url: str) -> Iterator[Item]:
    for body in bodies:
        known, name = iri.cleaned(text(body.get("id"), iri.MAX_LENGTH)), text(body.get("name"), 300)
        lists = [
            ObjectList(name=key, address=address, body=body)
            for key in _LISTS
            if isinstance(body.get(key), str)
            and iri.is_web(address := iri.joined(url, text(body[key], iri.MAX_LENGTH)))
        ]
        # A body that was deleted keeps its id and nothing else (OParl 1.1, section 2.10).
        if body.get("deleted") is True:
            continue
        if not known or not name or not lists:
            yield Item(remote_id=f"?{name or known}", content=None)
            continue
        for each in lists:
            yield Item(remote_id=f"{known}#{each.name}", content=each, stamp=_stamp(each))


def _stamp(listed: ObjectList) -> bytes:
    """Leave out the legislative terms and the times of change, of which a list's description says nothing."""
    body = {key: value for key, value in listed.body.items() if key not in ("legislativeTerm", "modified")}
    return json_answers.stamp([listed.name, listed.address, body])


def _license(body: dict[str, Any], problems: list[Problem]) -> str:
    stated = text(body.get("license"), iri.MAX_LENGTH)
    concept = find(stated, "license") if stated else None
    if stated and concept is None:
        problems.append(json_answers.unknown("license", "license", stated))
    return concept.uri if concept else ""


def _place(body: dict[str, Any]) -> tuple[Place, ...]:
    """Give the place of the official keys that a body states (ags, rgs), else its location's rectangle."""
    for key in ("ags", "rgs"):
        stated = re.sub(r"\s", "", text(body.get(key), 40))
        if (place := find(stated, "place") if re.fullmatch(r"\d{8}", stated, re.ASCII) else None) is not None:
            return (Place(uri=place.uri),)
    return areas.place(areas.of_geojson(members(members(body.get("location")).get("geojson")).get("geometry")))


def _version(body: dict[str, Any]) -> str:
    found = re.fullmatch(r"(https?://schema\.oparl\.org/1\.[0-9])/Body", text(body.get("type"), 200))
    return f"{found[1]}/" if found else ""
