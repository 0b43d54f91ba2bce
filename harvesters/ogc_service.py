"""What the capabilities of WFS and WMS say of the service itself: names, provider, terms, how to reach it (OWS Common; WMS 1.3.0, 7.2.4)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dcat import iri
from dcat.model import Agent, Contact, DataService, Dataset, Distribution, Place, Text
from dcat.spellings import find
from harvesters import iso_rights, kvp, xml
from harvesters.areas import place, position
from harvesters.iso_extent import number
from harvesters.iso_rights import Rights, Statement
from harvesters.iso_values import each, first, href, text
from harvesters.stated import Stated

MAX_NAMED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: its title and terms, who provides it, and the addresses of the service and of its capabilities."""

    kind: str
    version: str
    title: tuple[Text, ...]
    description: tuple[Text, ...]
    keyword: tuple[Text, ...]
    publisher: Agent | None
    contact: tuple[Contact, ...]
    rights: Rights
    endpoint: str
    capabilities: str
    stamp: bytes

    def described(self) -> DataService:
        """Describe the service for the distributions of its datasets."""
        return DataService(
            title=self.title or (Text(self.kind, "de"),),
            description=self.description,
            endpoint_url=(self.endpoint,),
            endpoint_description=(self.capabilities,),
            publisher=self.publisher,
            contact_point=self.contact,
            keyword=self.keyword,
            license=self.rights.license,
            access_rights=self.rights.access,
        )

    def distribution(self, title: tuple[Text, ...]) -> Distribution:
        """Describe the service as the way to the data."""
        form = find(self.kind, "format")
        return Distribution(
            title=title,
            access_url=(self.capabilities,),
            license=self.rights.license,
            license_attribution=tuple(Text(value, "de") for value in self.rights.attribution),
            format=form.uri if form else "",
            access_service=(self.described(),),
        )

    def dataset(
        self, parts: list[tuple[str, str]], spatial: tuple[Place, ...], conforms_to: tuple[str, ...]
    ) -> Dataset:
        """Describe the service as one dataset that names its parts (name and title) in its description."""
        return Dataset(
            identifier=(self.endpoint,),
            title=self.title,
            description=_with_parts(self.description, parts),
            keyword=self.keyword,
            publisher=self.publisher,
            contact_point=self.contact,
            spatial=spatial,
            access_rights=self.rights.access,
            conforms_to=conforms_to,
            distribution=(self.distribution(self.title),),
        )


def read(root: Any, kind: str, url: str, stated: Stated) -> Service:
    """Read what capabilities from `url` say of their service."""
    about = first(root, "ServiceIdentification")
    about = first(root, "Service") if about is None else about
    about = root if about is None else about
    provider = first(root, "ServiceProvider")
    provider = first(about, "ContactInformation") if provider is None else provider
    terms = [Statement(text=text(about, name)) for name in ("Fees", "AccessConstraints")]
    endpoint = kvp.without(url) or url
    return Service(
        kind=kind,
        version=str(root.get("version") or "")[:20],
        title=stated.texts(text(about, "Title")),
        description=stated.texts(text(about, "Abstract")),
        keyword=stated.keywords(keywords(about), "keyword"),
        publisher=_publisher(provider, stated),
        contact=_contact(provider, stated),
        rights=iso_rights.read([one for one in terms if one.text], "distribution.license"),
        endpoint=endpoint,
        capabilities=kvp.asked(url, {"service": kind, "request": "GetCapabilities"}) or url,
        stamp=_stamp(root),
    )


def keywords(about: Any) -> list[str]:
    """List keywords: one an element, or one element with commas (WFS 1.0)."""
    found = [xml.text(one) for name in ("Keywords/Keyword", "KeywordList/Keyword") for one in each(about, name)]
    if not found and (plain := first(about, "Keywords")) is not None:
        found = [word.strip() for word in (plain.text or "").split(",")]
    return [word for word in found if word]


def operation(root: Any, name: str) -> tuple[Any, str]:
    """Give an operation by its name, and the address for GET it is reached at; None and empty where there is none."""
    for one in each(root, "OperationsMetadata/Operation"):
        if str(one.get("name") or "").lower() == name.lower():
            return one, iri.web(href(first(one, "DCP/HTTP/Get")))
    one = first(root, f"Capability/Request/{name}")
    if one is None:
        return None, ""
    get = first(one, "DCPType/HTTP/Get")
    address = "" if get is None else str(get.get("onlineResource") or "") or href(first(get, "OnlineResource"))
    return one, iri.web(address)


def box(element: Any) -> tuple[Place, ...]:
    """Give the rectangle of a feature type or layer in longitude and latitude, in any of its four forms."""
    if (corners := first(element, "WGS84BoundingBox")) is not None:
        numbers = [number(part) for name in ("LowerCorner", "UpperCorner") for part in text(corners, name).split()[:2]]
    elif (edges := first(element, "EX_GeographicBoundingBox")) is not None:
        names = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
        numbers = [number(text(edges, name)) for name in names]
    else:
        found = next((one for name in ("LatLongBoundingBox", "LatLonBoundingBox") for one in each(element, name)), None)
        numbers = (
            [number(str(found.get(name) or "")) for name in ("minx", "miny", "maxx", "maxy")]
            if found is not None
            else []
        )
    if len(numbers) != 4:
        return ()
    corners_known = [one for one in (position(*numbers[:2]), position(*numbers[2:])) if one]
    # A map that covers the world says nothing of where its data are.
    if len(corners_known) < 2 or corners_known == [(-180.0, -90.0), (180.0, 90.0)]:
        return ()
    return place(corners_known)


def metadata_ids(element: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the identifiers of the metadata records a feature type or layer names, and their addresses."""
    addresses: list[str] = []
    for one in each(element, "MetadataURL"):
        address = iri.web(href(one) or href(first(one, "OnlineResource")) or xml.text(one))
        if address:
            addresses.append(address)
    found = (record_id(address) for address in addresses)
    return tuple(dict.fromkeys(one for one in found if one)), tuple(dict.fromkeys(addresses))[:20]


def record_id(address: str) -> str:
    """Give the identifier of the metadata record that an address asks for (CSW GetRecordById, GeoNetwork); empty without."""
    return next(filter(None, (kvp.parameter(address, name) for name in ("id", "uuid", "fileidentifier"))), "")[:500]


def _publisher(provider: Any, stated: Stated) -> Agent | None:
    if provider is None:
        return None
    name = text(provider, "ProviderName") or text(provider, "ContactPersonPrimary/ContactOrganization")
    if not name:
        return None
    site = iri.web(href(first(provider, "ProviderSite")))
    return Agent(name=stated.texts(name), homepage=site)


def _contact(provider: Any, stated: Stated) -> tuple[Contact, ...]:
    if provider is None:
        return ()
    info = "ServiceContact/ContactInfo"
    email = text(provider, f"{info}/Address/ElectronicMailAddress") or text(provider, "ContactElectronicMailAddress")
    phone = text(provider, f"{info}/Phone/Voice") or text(provider, "ContactVoiceTelephone")
    names = ("ProviderName", "ContactPersonPrimary/ContactOrganization", "ServiceContact/PositionName")
    contact = Contact(
        name=next(filter(None, (text(provider, name) for name in names)), "")[:500],
        email=stated.one("email", email, "contact_point.email"),
        telephone=stated.one("telephone", phone, "contact_point.telephone"),
    )
    return (contact,) if contact.email or contact.telephone else ()


def _with_parts(description: tuple[Text, ...], parts: list[tuple[str, str]]) -> tuple[Text, ...]:
    """Name the parts below the description; those beyond MAX_NAMED are counted."""
    if not parts:
        return description
    shown = [(name[:200], title[:200]) for name, title in parts[:MAX_NAMED]]
    lines = [f"- {title or name}" + (f" ({name})" if title and title != name else "") for name, title in shown]
    lines += [f"- und {len(parts) - MAX_NAMED} weitere"] if len(parts) > MAX_NAMED else []
    before = description[0].value + "\n\n" if description else ""
    return (Text(before + "Ebenen:\n" + "\n".join(lines), description[0].lang if description else "de"),)


def _stamp(root: Any) -> bytes:
    """Give what all datasets of a service depend on: all but the lists of feature types and layers."""
    return hashlib.sha256(b"".join(xml.canonical(part) for part in _common(root))).digest()


def _common(root: Any) -> Iterator[Any]:
    for part in root:
        if xml.local(part) == "Capability":
            yield from (one for one in part if xml.local(one) != "Layer")
        elif xml.local(part) != "FeatureTypeList":
            yield part
