"""CKAN package -> Dataset, driven by the profile table: ours and those of other portals; what does not fit is reported."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dcat import ckan_dialects, iri, spellings
from dcat.model import (
    Agent,
    Checksum,
    Contact,
    DataService,
    Dataset,
    Distribution,
    Identifier,
    Period,
    Place,
    Provenance,
    Reading,
    Text,
)
from dcat.plain_values import MAX_DISTRIBUTIONS, MAX_VALUES, Values, items, mappings, shown, texts, written
from dcat.profile import Property, profile
from dcat.vocabularies import concepts, vocabulary

MAX_GEOMETRY = 200_000
_LICENSE_KEYS = ("license_id", "license_url", "license_title")
# How CKANs say that no licence was chosen.
_NO_LICENSE = ("notspecified", "none", "None", "-")


def read(package: Mapping[str, Any], *, site: str = "") -> Reading:
    """Read a CKAN package, ours or another's; what does not fit is reported.

    `site` is the root address of the CKAN it comes from: what has no name of its own gets the one that this CKAN's DCAT gives it,
    and the organisation is the publisher where the package names none.
    """
    reader = _Reader(site.rstrip("/"))
    extras = ckan_dialects.extras(package)
    values = {prop.field: reader.dataset_value(prop, package, extras) for prop in profile()["Dataset"].properties}
    values["uri"] = iri.cleaned(written(extras.get("uri")))
    given = {
        "license": reader.license(package),
        "license_attribution": texts(extras.get("license_attribution_by_text")),
    }
    resources = reader.limited(mappings(package.get("resources")), "resources", MAX_DISTRIBUTIONS)
    values["distribution"] = tuple(
        reader.resource(ckan_dialects.resource(resource), f"resources[{position}]", given, package)
        for position, resource in enumerate(resources)
    )
    if site:
        values |= reader.named_by_site(package, extras, values)
    for key, value in ckan_dialects.unknown(package).items():
        reader.dropped(key, value)
    kept = {field: value for field, value in values.items() if value not in (None, "", ())}
    return Reading(dataset=Dataset(**kept), problems=tuple(reader.problems))


class _Reader(Values):
    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site

    def dataset_value(self, prop: Property, package: Mapping[str, Any], extras: Mapping[str, Any]) -> Any:
        place, _, key = prop.ckan.partition(":")
        if place in ("title", "notes"):
            return texts(package.get(f"{place}_translated")) or texts(package.get(place))
        if place == "tags":
            return self.keywords(package)
        if place == "version":
            return self.read(prop, package.get(place), place)
        if place == "url":
            pages = [package.get(place), extras.get("metadata_original_html")]
            return tuple(dict.fromkeys(page for raw in pages for page in self.read(prop, raw, place)))
        if place == "agent":
            agents = self.agents(key, package, extras)
            return agents if prop.many else next(iter(agents), None)
        if place == "contact":
            return self.contacts(package, extras)
        if key == "temporal":
            return self.periods(package, extras)
        if key == "spatial_uri":
            return self.places(package, extras)
        if key == "theme":
            return tuple(dict.fromkeys((*self.read(prop, extras.get(key), key), *_group_themes(package))))
        if key == "alternate_identifier":
            return tuple(Identifier(notation=item) for item in dict.fromkeys(map(written, items(extras.get(key)))))
        if key == "provenance":
            said = texts(extras.get(key))
            return (Provenance(label=said),) if said else ()
        return self.read(prop, extras.get(key), key) if place == "extra" else ()

    def keywords(self, package: Mapping[str, Any]) -> tuple[Text, ...]:
        translated = package.get("tags_translated")
        if not isinstance(translated, Mapping):
            return texts([tag.get("name") for tag in self.limited(mappings(package.get("tags")), "tags")])
        pairs = [(lang, word) for lang, words in translated.items() for word in items(words)]
        return tuple(dict.fromkeys(text for lang, word in self.limited(pairs, "tags") for text in texts({lang: word})))

    def agents(self, key: str, package: Mapping[str, Any], extras: Mapping[str, Any]) -> tuple[Agent, ...]:
        nodes = ckan_dialects.nodes(key, package, extras)
        if key == "creator" and not any(node.get("name") or node.get("uri") for node in nodes):
            nodes = [{**nodes[0], "name": package.get("author"), "email": package.get("author_email")}]
        return tuple(agent for node in self.limited(nodes, key) if (agent := self.agent(key, node)))

    def agent(self, key: str, node: Mapping[str, Any]) -> Agent | None:
        name = texts(node.get("name"))
        uri = iri.cleaned(written(node.get("uri")))
        if not name and not uri:
            return None
        kind = vocabulary("publisher-type").find(written(node.get("type")))
        return Agent(
            uri=uri,
            name=name,
            type=kind.uri if kind else "",
            email=self.one("email", node.get("email"), f"{key}_email"),
            homepage=self.one("uri", node.get("url"), f"{key}_url"),
        )

    def contacts(self, package: Mapping[str, Any], extras: Mapping[str, Any]) -> tuple[Contact, ...]:
        nodes = ckan_dialects.nodes("contact", package, extras)
        if not any(node.get("name") or node.get("email") for node in nodes):
            maintainer = {"name": package.get("maintainer"), "email": package.get("maintainer_email")}
            known = {"url": extras.get("maintainer_url"), "telephone": extras.get("maintainer_tel")}
            nodes = [{**known, **nodes[0], **maintainer}]
        elif len(nodes) == 1:
            maintainer = {"name": package.get("maintainer"), "email": package.get("maintainer_email")}
            nodes = [maintainer | {key: value for key, value in nodes[0].items() if value}]
        contacts = [self.contact(node) for node in self.limited(nodes, "contact")]
        return tuple(contact for contact in contacts if contact != Contact())

    def contact(self, node: Mapping[str, Any]) -> Contact:
        return Contact(
            uri=iri.cleaned(written(node.get("uri"))),
            name=self.one("string", node.get("name"), "contact_name"),
            email=self.one("email", node.get("email"), "contact_email"),
            url=self.one("uri", node.get("url"), "contact_url"),
            telephone=self.one("telephone", node.get("telephone"), "contact_telephone"),
        )

    def periods(self, package: Mapping[str, Any], extras: Mapping[str, Any]) -> tuple[Period, ...]:
        flat = {end: extras.get(f"temporal_{end}") for end in ("start", "end")}
        nodes = self.limited(mappings(package.get("temporal_coverage")) or [flat], "temporal")
        ends = [{end: self.one("date", node.get(end), f"temporal_{end}") for end in ("start", "end")} for node in nodes]
        return tuple(Period(**each) for each in ends if any(each.values()))

    def places(self, package: Mapping[str, Any], extras: Mapping[str, Any]) -> tuple[Place, ...]:
        nested = mappings(package.get("spatial_coverage"))
        flat = {part: extras.get(f"spatial_{part}") for part in ("text", "geom", "bbox", "centroid")}
        uris = self.limited(items(extras.get("spatial_uri")), "spatial_uri")
        nodes = self.limited(nested, "spatial") or [
            {**flat, "uri": next(iter(uris), None)},
            *({"uri": uri} for uri in uris[1:]),
        ]
        return tuple(place for node in nodes if (place := self.place(node)) != Place())

    def place(self, node: Mapping[str, Any]) -> Place:
        return Place(
            uri=self.one("uri", node.get("uri"), "spatial_uri"),
            label=texts(node.get("text")),
            geometry=self.geometry(node.get("geom"), "spatial"),
            bbox=self.geometry(node.get("bbox"), "spatial_bbox"),
            centroid=self.geometry(node.get("centroid"), "spatial_centroid"),
        )

    def geometry(self, raw: Any, path: str) -> str:
        return self.one("wkt", shown(raw, MAX_GEOMETRY) if isinstance(raw, Mapping) else raw, path)

    def license(self, holder: Mapping[str, Any]) -> str:
        """Find the licence of a package: what its id, address or title mean; any address that is none of ours stands for itself."""
        said = [text for key in _LICENSE_KEYS if isinstance(text := holder.get(key), str) and text.strip()]
        concepts = (spellings.find(text, "license") for text in said)
        if concept := next(filter(None, concepts), None):
            return concept.uri
        addresses = [address for text in said if iri.is_web(address := iri.cleaned(text))]
        if said and not addresses and said[0] not in _NO_LICENSE:
            self.read(profile()["Distribution"].property("license"), said[0], "license_id")
        return next(iter(addresses), "")

    def resource(
        self, resource: Mapping[str, Any], path: str, given: Mapping[str, Any], package: Mapping[str, Any]
    ) -> Distribution:
        """Read a resource; what is given for all of them counts where it says nothing itself."""
        values: dict[str, Any] = {"uri": iri.cleaned(written(resource.get("uri")))}
        for prop in profile()["Distribution"].properties:
            if prop.kind is not None and prop.ckan:
                values[prop.field] = self.read(prop, resource.get(prop.ckan), f"{path}.{prop.ckan}")
        address = self.one("uri", resource.get("url"), f"{path}.url")
        if address and not values["access_url"]:
            values["access_url"] = (address,)
        values["license"] = values["license"] or self.license(resource)
        values |= {field: value for field, value in given.items() if not values[field]}
        values["access_service"] = self.services(resource.get("access_services"), f"{path}.access_services")
        digest = self.one("hex", resource.get("hash"), f"{path}.hash")
        algorithm = vocabulary("checksum-algorithm").find(written(resource.get("hash_algorithm")))
        if digest and algorithm:
            values["checksum"] = Checksum(algorithm=algorithm.uri, value=digest)
        if self._site and not values["uri"]:
            values["uri"] = self._address("dataset", package.get("id"), "resource", resource.get("id"))
        kept = {field: value for field, value in values.items() if value not in (None, "", ())}
        return Distribution(**kept)

    def services(self, raw: Any, path: str) -> tuple[DataService, ...]:
        """Read the services that ckanext-dcat keeps as JSON in a resource, by the names of the fields."""
        found = []
        for position, node in enumerate(self.limited(mappings(items(raw)), path)):
            values = {
                prop.field: self.read(prop, node.get(prop.field), f"{path}[{position}].{prop.field}")
                for prop in profile()["DataService"].properties
                if prop.kind is not None
            }
            values["uri"] = iri.cleaned(written(node.get("uri")))
            kept = {field: value for field, value in values.items() if value not in (None, "", ())}
            found += [DataService(**kept)] if kept else []
        return tuple(found)

    def named_by_site(
        self, package: Mapping[str, Any], extras: Mapping[str, Any], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Name what the package leaves without a name as ckanext-dcat does on the same site."""
        named: dict[str, Any] = {"uri": values["uri"] or self._address("dataset", package.get("id"))}
        if not values["identifier"]:
            known = self.one("string", extras.get("guid") or package.get("id"), "id")
            named["identifier"] = (known,) if known else ()
        publisher, organization = values["publisher"], package.get("organization")
        if (publisher is None or not publisher.name) and isinstance(organization, Mapping):
            name = texts(organization.get("title_translated")) or texts(organization.get("title"))
            uri = publisher.uri if publisher else self._address("organization", organization.get("id"))
            named["publisher"] = Agent(uri=uri, name=name) if name else publisher
        return named

    def _address(self, *steps: Any) -> str:
        """Give an address of the site; empty where a step is missing."""
        if not all(isinstance(step, str) and step for step in steps):
            return ""
        return iri.cleaned("/".join((self._site, *(quote(step, safe="") for step in steps))))


def _group_themes(package: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the EU's data themes among the groups; a portal may have any others."""
    groups = mappings(package.get("groups"))[:MAX_VALUES]
    return concepts("theme", (written(group.get(key)) for group in groups for key in ("name", "id", "title")))
