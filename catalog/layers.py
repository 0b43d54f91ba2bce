"""The layers of a dataset: what the source said, and what we computed where it said nothing. Every computed field names its rule."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from catalog import overlay
from catalog.config import City
from catalog.overlay import Edit
from catalog.policy import LOCAL_AUTHORITY, spelling
from dcat.message import Message
from dcat.model import Agent, DataService, Dataset, DatasetSeries, Distribution, Place, Text
from dcat.namespaces import HVD_REGULATION
from dcat.vocabularies import PUBLIC, concepts, vocabulary
from harvesters.source import Source

UNKNOWN_LICENSE = "http://dcat-ap.de/def/licenses/other-closed"
MUNICIPALITY = "http://dcat-ap.de/def/politicalGeocoding/Level/municipality"

RULES = {
    "source-default": Message("steht in der Quelldefinition", "stands in the source definition"),
    "source-department": Message("Amt und Stadt der Quelle", "department and city of the source"),
    "city-contributor": Message("Datenbereitsteller der Stadt", "contributor of the city"),
    "desk-organization": Message("die Organisation, die ihn schreibt", "the organisation that writes it"),
    "no-description": Message("keine Beschreibung angegeben", "no description given"),
    "city-place": Message("kein Ort angegeben: gilt für die Stadt", "no place given: covers the city"),
    "published-here": Message("die Daten gibt es hier für alle", "the data are here for everybody"),
    "sample-dataset": Message(
        "Musterdatensatz des gemeinsamen Schemas (Musterdatenkatalog)",
        "sample dataset of the shared schema (Musterdatenkatalog)",
    ),
    "own-identifier": Message("die URI des Datensatzes", "the URI of the dataset"),
    "license-unknown": Message("keine Lizenz angegeben", "no licence given"),
    "download-url": Message("Adresse der Datei", "address of the file"),
    "language": Message("Sprache des Datensatzes", "language of the dataset"),
    "same-place": Message("dieselbe Kommune, als Ort genannt", "the same municipality, named as a place"),
    "place-name": Message("Name der Kommune zu ihrem Schlüssel", "name of the municipality by its key"),
    "publisher-table": Message("Tabelle der Schreibweisen der Stadt", "table of spellings of the city"),
    "steward": Message("von der Datenstelle eingetragen", "entered by the data steward"),
    "dataset": Message("Angabe des Datensatzes", "stated by the dataset"),
    "hvd": Message("hochwertiger Datensatz nach EU 2023/138", "high-value dataset under EU 2023/138"),
}

# Nobody wrote the definition of a desk (catalog/desk_source.py): what its defaults say follows from these.
DESK = "desk"
_AT_A_DESK = {"publisher": "desk-organization", "description": "no-description"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of one field comes from: the layer, and the rule of the computed layer."""

    field: str
    layer: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Layered:
    """A dataset with the gaps filled, and the origin of each field that has a value."""

    dataset: Dataset
    origins: tuple[Origin, ...]


def layered(
    upstream: Dataset,
    source: Source,
    city: City,
    *,
    ours: bool,
    edits: tuple[Edit, ...] = (),
    publishers: Mapping[str, Agent] = MappingProxyType({}),
) -> Layered:
    """Put a steward's edits over what the source said, and fill what is missing from the source definition and the city.

    `ours` tells that the files become public through us only; `publishers` are the city's, by each of their spellings.
    """
    rules: dict[str, str] = {}
    policies = dict(source.fields)
    dataset, touched = overlay.edited(upstream, edits, policies)
    dataset = _with_language(dataset, source, rules)
    gaps = _gaps(dataset, source, city, {f: p for f, p in policies.items() if f not in touched}, ours=ours)
    named = _AT_A_DESK if source.type == DESK else {}
    rules |= {field: named.get(field, rule) for field, (_, rule) in gaps.items()}
    dataset = replace(dataset, **{field: value for field, (value, _) in gaps.items()})
    dataset = _with_publisher(dataset, publishers, rules, touched)
    dataset = _with_places(dataset, rules)
    dataset = replace(
        dataset,
        distribution=tuple(_distribution(d, dataset, source, rules, touched) for d in dataset.distribution),
        in_series=tuple(_series(one, dataset, rules) for one in dataset.in_series),
    )
    if dataset.hvd_category:
        dataset = _with_regulation(dataset, rules)
    fields = (f.name for f in dataclasses.fields(dataset) if getattr(dataset, f.name) not in (None, "", ()))
    origins = [_origin(f, rules, touched) for f in fields]
    origins += [_origin(f, rules, touched) for f in sorted({*rules, *touched}) if "." in f]
    return Layered(dataset, tuple(origins))


def _origin(field: str, rules: Mapping[str, str], touched: frozenset[str]) -> Origin:
    if field in touched:
        return Origin(field, "overlay", "steward")
    return Origin(field, "computed", rules[field]) if field in rules else Origin(field, "upstream")


def _gaps(
    dataset: Dataset, source: Source, city: City, policies: Mapping[str, str], *, ours: bool
) -> dict[str, tuple[Any, str]]:
    defaults = source.defaults
    gaps: dict[str, tuple[Any, str]] = {}

    def fill(field: str, value: Any, rule: str = "source-default") -> None:
        if not value or field in gaps:
            return
        # What the definition says follows its own rule for the field; what we know otherwise fills gaps only.
        policy = policies.get(field, overlay.FILL) if rule == "source-default" else overlay.FILL
        said = getattr(dataset, field)
        if (result := overlay.merged(said, value, policy)) != said:
            gaps[field] = (result, rule)

    if dataset.publisher is None or not dataset.publisher.name or policies.get("publisher") == overlay.LOCAL:
        if defaults.publisher is not None:
            gaps["publisher"] = (_tagged_agent(defaults.publisher), "source-default")
        else:
            name = f"{city.name}, {source.department}"
            gaps["publisher"] = (Agent(name=(Text(name, "de"),), type=LOCAL_AUTHORITY), "source-department")
    fill("contact_point", (defaults.contact,) if defaults.contact else ())
    fill("description", _tagged(defaults.description))
    fill("keyword", _tagged(defaults.keywords))
    fill("theme", concepts("theme", defaults.theme))
    fill("frequency", "".join(concepts("frequency", (defaults.frequency,))))
    fill("language", concepts("language", defaults.language))
    fill("hvd_category", concepts("hvd-category", defaults.hvd_category))
    fill("applicable_legislation", defaults.applicable_legislation)
    fill("availability", "".join(concepts("availability", (defaults.availability,))))
    fill("access_rights", "".join(concepts("access-right", (defaults.access_rights,))))
    fill("contributor_id", _contributors(defaults.contributor))
    fill("contributor_id", _contributors(city.contributor), "city-contributor")
    fill("references", defaults.references)
    fill("political_geocoding", defaults.political_geocoding)
    fill("political_geocoding_level", defaults.political_geocoding_level)
    if ours:
        fill("political_geocoding", (city.place,), "city-place")
        fill("political_geocoding_level", (MUNICIPALITY,), "city-place")
        fill("spatial", (Place(uri=city.place),), "city-place")
        fill("access_rights", PUBLIC, "published-here")
    return gaps


def _with_publisher(
    dataset: Dataset, publishers: Mapping[str, Agent], rules: dict[str, str], touched: frozenset[str]
) -> Dataset:
    """Merge the spellings of a publisher: the city's table says who is meant."""
    if not publishers or dataset.publisher is None or "publisher" in touched:
        return dataset
    known = (publishers.get(spelling(text.value)) for text in dataset.publisher.name)
    agent = next((found for found in known if found is not None), None)
    if agent is None or agent == dataset.publisher:
        return dataset
    rules["publisher"] = "publisher-table"
    return replace(dataset, publisher=agent)


def _with_places(dataset: Dataset, rules: dict[str, str]) -> Dataset:
    """A municipality key stands in dcterms:spatial too, which DCAT-AP.de 3.0 still writes, and a known key brings its name."""
    there = {place.uri for place in dataset.spatial}
    added = tuple(Place(uri=uri) for uri in dataset.political_geocoding if uri not in there)
    if added:
        rules["spatial"] = "same-place"
    places = []
    for place in (*dataset.spatial, *added):
        concept = vocabulary("place").find(place.uri) if place.uri and not place.label else None
        if concept is not None and concept.uri == place.uri:
            place = replace(place, label=(Text(concept.label.de, "de"),))
            rules["spatial.label"] = "place-name"
        places.append(place)
    return replace(dataset, spatial=tuple(places))


def _series(series: DatasetSeries, dataset: Dataset, rules: dict[str, str]) -> DatasetSeries:
    """A series without publisher has its dataset's: DCAT-AP.de 3.0 demands one."""
    if series.publisher is None:
        rules["in_series.publisher"] = "dataset"
        series = replace(series, publisher=dataset.publisher)
    return series


def _service(service: DataService, dataset: Dataset, rules: dict[str, str]) -> DataService:
    """A service without publisher or contact has its dataset's: DCAT-AP.de 3.0 and the HVD profile demand them."""
    gaps: dict[str, Any] = {}
    if service.publisher is None:
        gaps["publisher"] = dataset.publisher
    if not service.contact_point and dataset.contact_point:
        gaps["contact_point"] = dataset.contact_point
    rules.update({f"distribution.access_service.{field}": "dataset" for field in gaps})
    return replace(service, **gaps) if gaps else service


def _distribution(
    distribution: Distribution, dataset: Dataset, source: Source, rules: dict[str, str], touched: frozenset[str]
) -> Distribution:
    changes: dict[str, Any] = {}
    if distribution.access_service:
        changes["access_service"] = tuple(_service(one, dataset, rules) for one in distribution.access_service)
    if not distribution.access_url and distribution.download_url:
        changes["access_url"] = distribution.download_url[:1]
        rules["distribution.access_url"] = "download-url"
    local = dict(source.fields).get("distribution.license") == overlay.LOCAL and source.defaults.license
    if not distribution.license or (local and "distribution.license" not in touched):
        concept = vocabulary("license").find(source.defaults.license) if source.defaults.license else None
        changes["license"] = concept.uri if concept else UNKNOWN_LICENSE
        rules["distribution.license"] = "source-default" if concept else "license-unknown"
    if source.defaults.license_attribution and not distribution.license_attribution:
        changes["license_attribution"] = _tagged(source.defaults.license_attribution)
        rules["distribution.license_attribution"] = "source-default"
    return replace(distribution, **changes) if changes else distribution


def _with_regulation(dataset: Dataset, rules: dict[str, str]) -> Dataset:
    """A high-value dataset names its regulation, and so does each of its distributions (DCAT-AP HVD 3.0.0)."""
    if HVD_REGULATION not in dataset.applicable_legislation:
        dataset = replace(dataset, applicable_legislation=(*dataset.applicable_legislation, HVD_REGULATION))
        rules["applicable_legislation"] = "hvd"
    distributions = []
    for distribution in dataset.distribution:
        if HVD_REGULATION not in distribution.applicable_legislation:
            legislation = (*distribution.applicable_legislation, HVD_REGULATION)
            distribution = replace(distribution, applicable_legislation=legislation)
            rules["distribution.applicable_legislation"] = "hvd"
        services = (
            _regulated(one, dataset, "distribution.access_service", rules) for one in distribution.access_service
        )
        distributions.append(replace(distribution, access_service=tuple(services)))
    series = tuple(_regulated(one, dataset, "in_series", rules) for one in dataset.in_series)
    return replace(dataset, distribution=tuple(distributions), in_series=series)


def _regulated(node: Any, dataset: Dataset, path: str, rules: dict[str, str]) -> Any:
    """What belongs to a high-value dataset names the regulation, and its categories where it names none of its own."""
    if HVD_REGULATION not in node.applicable_legislation:
        node = replace(node, applicable_legislation=(*node.applicable_legislation, HVD_REGULATION))
        rules[f"{path}.applicable_legislation"] = "hvd"
    if not node.hvd_category:
        node = replace(node, hvd_category=dataset.hvd_category)
        rules[f"{path}.hvd_category"] = "hvd"
    return node


def _with_language(dataset: Dataset, source: Source, rules: dict[str, str]) -> Dataset:
    """Tag every untagged text with the one language of the dataset, else of the source, else German; without a tag for it they stay bare."""
    stated = {_two_letters(uri) for uri in dataset.language} or {
        _two_letters(code) for code in source.defaults.language
    }
    lang = stated.pop() if len(stated) == 1 else "de"
    tagged = _tag(dataset, lang)
    changed = [f.name for f in dataclasses.fields(dataset) if getattr(tagged, f.name) != getattr(dataset, f.name)]
    rules.update({f"{field}.lang": "language" for field in changed})
    assert isinstance(tagged, Dataset), "tagging keeps the class"
    return tagged


def _tag(node: Any, lang: str) -> Any:
    if isinstance(node, Text):
        return node if node.lang else Text(node.value, lang)
    if isinstance(node, tuple):
        return tuple(_tag(one, lang) for one in node) if node and not isinstance(node[0], str) else node
    if isinstance(node, str | int | None):
        return node
    changes = {
        name: new
        for name in node.__slots__
        if (old := getattr(node, name)) and (new := _tag(old, lang)) is not old and new != old
    }
    return replace(node, **changes) if changes else node


def _tagged(texts: tuple[Text, ...]) -> tuple[Text, ...]:
    return tuple(Text(text.value, text.lang or "de") for text in texts)


def _tagged_agent(agent: Agent) -> Agent:
    return replace(agent, name=_tagged(agent.name), type=agent.type or LOCAL_AUTHORITY)


def _contributors(value: str) -> tuple[str, ...]:
    if not value:
        return ()
    concept = vocabulary("contributor").find(value)
    return (concept.uri,) if concept else (value,) if ":" in value else (f"http://dcat-ap.de/def/contributors/{value}",)


_TWO_LETTERS = {
    "DEU": "de",
    "ENG": "en",
    "FRA": "fr",
    "ITA": "it",
    "SPA": "es",
    "TUR": "tr",
    "POL": "pl",
    "NLD": "nl",
    "UKR": "uk",
}


def _two_letters(language: str) -> str:
    concept = vocabulary("language").find(language)
    return _TWO_LETTERS.get(concept.code, "") if concept else ""
