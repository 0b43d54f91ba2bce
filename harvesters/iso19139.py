"""ISO 19139 metadata to a Dataset, in substance as GeoDCAT-AP and its transformation do (SEMIC, iso-19139-to-dcat-ap)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from dcat import iri
from dcat.message import Message
from dcat.model import DataService, Dataset, Distribution, Identifier, Problem, Provenance, Reading, Text
from harvesters import iso_extent, iso_keywords, iso_links, iso_parties, iso_rights, kvp, xml
from harvesters.iso_links import Link
from harvesters.iso_rights import Rights, Statement
from harvesters.iso_values import Languages, code, each, first, href, plain, text
from harvesters.stated import MAX_KEYWORDS, MAX_WORD, Stated

MAX_COUPLED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupled:
    """A service as the datasets it serves need it: how to reach it, and its licence."""

    link: Link
    service: DataService
    rights: Rights


def identification(metadata: Any) -> Any:
    """Give the part of a record that describes the data or the service; None where it has none."""
    return first(metadata, "identificationInfo/*")


def is_service(metadata: Any) -> bool:
    """Tell whether a record describes a service."""
    about = identification(metadata)
    return about is not None and xml.local(about) == "SV_ServiceIdentification"


def keys(metadata: Any) -> tuple[str, ...]:
    """List what others may call a record or its resource by: file identifier and resource identifiers."""
    about = identification(metadata)
    found = [text(metadata, "fileIdentifier")]
    for one in each(about, "citation/CI_Citation/identifier/*") if about is not None else ():
        found += [_notation(one), text(one, "code"), href(first(one, "code"))]
    return tuple(dict.fromkeys(key for key in found if key))


def operates_on(metadata: Any) -> tuple[str, ...]:
    """List the keys of the datasets a service serves: of their records, resources, or the addresses of either."""
    found: list[str] = []
    for one in each(metadata, "identificationInfo/*/operatesOn"):
        link = href(one)
        found += [
            str(one.get("uuidref") or "").strip(),
            link,
            kvp.parameter(link, "id"),
            link.rpartition("/")[2].rpartition("#")[2],
        ]
    return tuple(dict.fromkeys(key for key in found if key))


def coupled(metadata: Any) -> Coupled | None:
    """Describe a service for its datasets; None where it says nowhere how to reach it."""
    languages = Languages(metadata)
    about = identification(metadata)
    rights = _rights(about)
    return next(iter(_services(about, _links(metadata, about, languages).found, languages, rights)), None)


def read(metadata: Any, services: tuple[Coupled, ...] = ()) -> Reading:
    """Map one record; `services` are those that say they operate on it."""
    languages = Languages(metadata)
    stated = Stated(languages.own)
    about = identification(metadata)
    title = languages.texts(first(about, "citation/CI_Citation/title"))
    rights = _rights(about)
    links = _links(metadata, about, languages)
    own = _services(about, links.found, languages, rights) if is_service(metadata) else ()
    distributions = _distributions(metadata, title, links.found, rights, (*own, *services[:MAX_COUPLED]))
    dates = _dates(about, stated)
    parties = iso_parties.read(each(about, "pointOfContact/CI_ResponsibleParty"), languages, stated)
    places = iso_extent.places(about, languages, stated)
    dataset = Dataset(
        identifier=tuple(filter(None, [text(metadata, "fileIdentifier")])),
        other_identifier=tuple(Identifier(notation=key) for key in _resource_ids(about)),
        title=title,
        description=languages.texts(first(about, "abstract")),
        publisher=parties.publisher,
        contact_point=parties.contact,
        creator=parties.creator,
        contributor=parties.contributor,
        originator=parties.originator,
        custodian=parties.custodian,
        keyword=tuple(stated.cut(list(iso_keywords.keywords(about, languages)), "keyword", MAX_KEYWORDS)),
        theme=iso_keywords.themes(about),
        hvd_category=iso_keywords.hvd_categories(about),
        spatial=places.spatial,
        political_geocoding=places.geocoding,
        political_geocoding_level=tuple(dict.fromkeys((*places.levels, *iso_keywords.scopes(about)))),
        temporal=iso_extent.periods(about, stated),
        spatial_resolution=iso_extent.resolution(about, stated),
        access_rights=rights.access,
        frequency=_frequency(about, stated),
        issued=dates.get("publication", ""),
        modified=dates.get("revision", ""),
        language=stated.many("concept", [_core(code_) for code_ in _codes(about, "language")], "language", "language"),
        landing_page=tuple(link.url for link in links.found if not link.leads_to_data and not link.function),
        page=_pages(about, links.found),
        conforms_to=iso_extent.reference_systems(metadata),
        provenance=tuple(
            Provenance(label=label)
            for one in each(metadata, "dataQualityInfo/*/lineage/LI_Lineage/statement")
            if (label := languages.texts(one))
        ),
        version=text(about, "citation/CI_Citation/edition")[:MAX_WORD],
        relation=tuple(key for key in operates_on(metadata) if iri.is_web(key))[:MAX_KEYWORDS],
        distribution=distributions,
    )
    problems = (*stated.problems, *rights.problems, *links.problems, *_no_protocol(links.found, distributions))
    return Reading(dataset=dataset, problems=problems[:MAX_KEYWORDS])


def _codes(about: Any, name: str) -> Iterator[str]:
    for one in each(about, f"{name}/*"):
        yield str(one.get("codeListValue") or xml.text(one)).strip()


def _core(language: str) -> str:
    """`eng; CAN` names a country besides the language."""
    return language.split(";")[0].strip()


def _notation(identifier: Any) -> str:
    """Write a resource identifier: its code, behind its code space where it has one (INSPIRE, TG Requirement 1.3)."""
    value, space = text(identifier, "code"), text(identifier, "codeSpace")
    if not space or not value or iri.is_web(value) or value.startswith(space):
        return value
    return f"{space}{'' if space.endswith(('/', '#', ':')) else '/'}{value}"


def _resource_ids(about: Any) -> tuple[str, ...]:
    """List the resource identifiers; some programs put whole documents there."""
    found = (_notation(one) for one in each(about, "citation/CI_Citation/identifier/*"))
    return tuple(dict.fromkeys(key for key in found if key and len(key) <= iri.MAX_LENGTH and key[0] != "{"))[:100]


def _dates(about: Any, stated: Stated) -> dict[str, str]:
    """Give the latest date of each type."""
    found: dict[str, str] = {}
    for one in each(about, "citation/CI_Citation/date/CI_Date"):
        kind = code(one, "dateType").lower()
        if kind in ("publication", "revision"):
            field = "issued" if kind == "publication" else "modified"
            found[kind] = max(found.get(kind, ""), stated.one("date", text(one, "date"), field))
    return found


def _frequency(about: Any, stated: Stated) -> str:
    stated_code = code(about, "resourceMaintenance/MD_MaintenanceInformation/maintenanceAndUpdateFrequency")
    return stated.one("concept", stated_code, "frequency", "frequency")


def _rights(about: Any) -> Rights:
    return iso_rights.read(_statements(about), "distribution.license")


def _statements(about: Any) -> Iterator[Statement]:
    for group in each(about, "resourceConstraints/*"):
        for name in ("otherConstraints", "useLimitation"):
            for one in each(group, name):
                yield Statement(text=plain(one), link=href(one))


def _links(metadata: Any, about: Any, languages: Languages) -> iso_links.Links:
    """Read all online resources; of a service, also where it takes requests."""

    def parts() -> Iterable[Any]:
        for start in ("transferOptions", "distributor/MD_Distributor/distributorTransferOptions"):
            yield from each(
                metadata,
                f"distributionInfo/MD_Distribution/{start}/MD_DigitalTransferOptions/onLine/CI_OnlineResource",
            )
        for operation in each(about, "containsOperations/SV_OperationMetadata"):
            if text(operation, "operationName").lower() == "getcapabilities":
                yield from each(operation, "connectPoint/CI_OnlineResource")

    links = iso_links.read(iter(parts()), languages)
    if is_service(metadata):
        links.found[:] = _told_by_type(about, links.found)
    return links


def _told_by_type(about: Any, links: list[Link]) -> list[Link]:
    """Mark what leads to a service although it does not say so itself: where it takes requests."""
    type_text = f"{text(about, 'serviceType')} {' '.join(plain(one) for one in each(about, 'serviceTypeVersion'))}"
    told = iso_links.told(type_text)
    points = {
        iri.cleaned(text(one, "linkage"))
        for one in each(about, "containsOperations/SV_OperationMetadata/connectPoint/CI_OnlineResource")
    }
    return [
        replace(link, is_service=True, service=link.service or told[1], file_type=link.file_type or told[0])
        if link.url in points and link.function not in ("information", "search")
        else link
        for link in links
    ]


def _services(about: Any, links: list[Link], languages: Languages, rights: Rights) -> tuple[Coupled, ...]:
    """Describe the service of a service record, by each address it is reached at."""
    title = languages.texts(first(about, "citation/CI_Citation/title"))
    parties = iso_parties.read(each(about, "pointOfContact/CI_ResponsibleParty"), languages, Stated())
    found: dict[str, Coupled] = {}
    for link in links:
        base = iso_links.endpoint(link.url)
        if link.is_service and link.leads_to_data and base not in found:
            service = replace(
                iso_links.service(link, title, rights),
                title=title,
                description=languages.texts(first(about, "abstract")),
                publisher=parties.publisher,
                contact_point=parties.contact,
            )
            found[base] = Coupled(link=link, service=service, rights=rights)
    return tuple(found.values())[:MAX_COUPLED]


def _distributions(
    metadata: Any, title: tuple[Text, ...], links: list[Link], rights: Rights, services: tuple[Coupled, ...]
) -> tuple[Distribution, ...]:
    """Make distributions of all ways to the data; services that are known better than by a link replace it."""
    formats = iso_links.formats(first(metadata, "distributionInfo"))
    made: list[Distribution] = []
    known = {iso_links.endpoint(one.link.url).lower().rstrip("?/"): one for one in services}
    seen: set[str] = set()
    for link in links:
        if not link.leads_to_data:
            continue
        one = iso_links.distribution(link, title, formats, rights)
        base = iso_links.endpoint(link.url).lower().rstrip("?/")
        if link.is_service and base in known:
            if base in seen and is_service(metadata):
                continue
            one = replace(one, access_service=(known[base].service,))
        seen.add(base)
        made.append(one)
    for base, coupled_one in known.items():
        if base not in seen:
            terms = rights if rights.license else coupled_one.rights
            one = iso_links.distribution(coupled_one.link, coupled_one.service.title, (), terms)
            made.append(replace(one, title=coupled_one.service.title, access_service=(coupled_one.service,)))
    return tuple(made)


def _pages(about: Any, links: list[Link]) -> tuple[str, ...]:
    """Give the pages to read about the data, and the picture of them."""
    pictures = (iri.cleaned(text(one, "fileName")) for one in each(about, "graphicOverview/MD_BrowseGraphic"))
    read_on = (link.url for link in links if not link.leads_to_data and link.function)
    return tuple(dict.fromkeys(url for url in (*read_on, *pictures) if iri.is_web(url)))


def _no_protocol(links: list[Link], distributions: tuple[Distribution, ...]) -> tuple[Problem, ...]:
    if distributions or not links:
        return ()
    message = Message(
        "Kein Verweis sagt, dass er zu den Daten führt; alle gelten als Seiten."
        " Nächster Schritt: in der Quelle Protokoll oder Funktion (download) angeben.",
        "No link says that it leads to the data; all are taken for pages."
        " Next step: state protocol or function (download) in the source.",
    )
    return (Problem(path="distribution", code="no-distribution", value=links[0].url[:500], message=message),)
