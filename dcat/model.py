"""What a dataset is: frozen values in the words of DCAT. Every field may be missing, so that bad metadata can be held and reported."""

from dataclasses import dataclass

from dcat.message import Message


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A language-tagged text; `lang` is a BCP 47 tag such as `de`, empty when the source gave none."""

    value: str
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a source's metadata that has no single meaning; the original value is kept, never dropped silently."""

    path: str
    code: str
    value: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An organisation or person: publisher, creator, originator (foaf:Agent)."""

    uri: str = ""
    name: tuple[Text, ...] = ()
    type: str = ""
    email: str = ""
    homepage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask (vcard:Kind): an office rather than a person. Telephone numbers are tel: URIs, addresses plain."""

    uri: str = ""
    name: str = ""
    email: str = ""
    url: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A named place, or geometry as WKT in WGS84, longitude first (dcterms:Location)."""

    uri: str = ""
    label: tuple[Text, ...] = ()
    bbox: str = ""
    centroid: str = ""
    geometry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period of time (dcterms:PeriodOfTime); either end may be open. Dates as in Dataset."""

    uri: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """A checksum in lower-case hexadecimal (spdx:Checksum); `algorithm` is an SPDX URI."""

    uri: str = ""
    algorithm: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier somebody else gave the dataset (adms:Identifier); it is passed on unchanged."""

    uri: str = ""
    notation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the data come from and what happened to them, in words (dcterms:ProvenanceStatement)."""

    uri: str = ""
    label: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What made the data: a survey, a measurement, a registration (prov:Activity)."""

    uri: str = ""
    label: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A role in making the data that no property of its own names (prov:Attribution); roles are URIs."""

    uri: str = ""
    agent: tuple[Agent, ...] = ()
    role: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """How another resource relates to the dataset, with the role it plays (dcat:Relationship); both are URIs."""

    uri: str = ""
    relation: tuple[str, ...] = ()
    role: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSeries:
    """Datasets published one after another, such as one a year (dcat:DatasetSeries); they name it, it does not list them."""

    uri: str = ""
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    publisher: Agent | None = None
    contact_point: tuple[Contact, ...] = ()
    spatial: tuple[Place, ...] = ()
    temporal: tuple[Period, ...] = ()
    applicable_legislation: tuple[str, ...] = ()
    hvd_category: tuple[str, ...] = ()
    frequency: str = ""
    issued: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataService:
    """An interface to the data of datasets (dcat:DataService); `serves_dataset` holds the URIs of the datasets.

    `page` says which quality of service can be expected (DCAT-AP HVD 3.0, DataService).
    """

    uri: str = ""
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    endpoint_url: tuple[str, ...] = ()
    endpoint_description: tuple[str, ...] = ()
    publisher: Agent | None = None
    contact_point: tuple[Contact, ...] = ()
    page: tuple[str, ...] = ()
    keyword: tuple[Text, ...] = ()
    theme: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    landing_page: tuple[str, ...] = ()
    license: str = ""
    rights: str = ""
    access_rights: str = ""
    availability: str = ""
    applicable_legislation: tuple[str, ...] = ()
    hvd_category: tuple[str, ...] = ()
    serves_dataset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One way to get a dataset's data (dcat:Distribution): a file or an address."""

    uri: str = ""
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    access_url: tuple[str, ...] = ()
    download_url: tuple[str, ...] = ()
    license: str = ""
    license_attribution: tuple[Text, ...] = ()
    format: str = ""
    media_type: str = ""
    availability: str = ""
    issued: str = ""
    modified: str = ""
    byte_size: int | None = None
    checksum: Checksum | None = None
    status: str = ""
    language: tuple[str, ...] = ()
    rights: str = ""
    conforms_to: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    applicable_legislation: tuple[str, ...] = ()
    access_service: tuple[DataService, ...] = ()
    compress_format: str = ""
    package_format: str = ""
    spatial_resolution: str = ""
    temporal_resolution: str = ""
    has_policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset as a department describes it (dcat:Dataset).

    Dates are lexical forms of xsd:gYear, gYearMonth, date or dateTime; vocabulary values and links are URIs;
    resolutions are a decimal number of metres and an xsd:duration.
    """

    uri: str = ""
    identifier: tuple[str, ...] = ()
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    publisher: Agent | None = None
    contact_point: tuple[Contact, ...] = ()
    keyword: tuple[Text, ...] = ()
    theme: tuple[str, ...] = ()
    spatial: tuple[Place, ...] = ()
    temporal: tuple[Period, ...] = ()
    availability: str = ""
    political_geocoding: tuple[str, ...] = ()
    political_geocoding_level: tuple[str, ...] = ()
    contributor_id: tuple[str, ...] = ()
    access_rights: str = ""
    applicable_legislation: tuple[str, ...] = ()
    hvd_category: tuple[str, ...] = ()
    frequency: str = ""
    issued: str = ""
    modified: str = ""
    language: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    landing_page: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    creator: tuple[Agent, ...] = ()
    contributor: tuple[Agent, ...] = ()
    originator: tuple[Agent, ...] = ()
    custodian: tuple[Agent, ...] = ()
    references: tuple[str, ...] = ()
    relation: tuple[str, ...] = ()
    version: str = ""
    version_notes: tuple[Text, ...] = ()
    has_version: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    is_referenced_by: tuple[str, ...] = ()
    other_identifier: tuple[Identifier, ...] = ()
    in_series: tuple[DatasetSeries, ...] = ()
    qualified_relation: tuple[Relationship, ...] = ()
    qualified_attribution: tuple[Attribution, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    was_generated_by: tuple[Activity, ...] = ()
    spatial_resolution: str = ""
    temporal_resolution: str = ""
    geocoding_description: tuple[Text, ...] = ()
    legal_basis: tuple[Text, ...] = ()
    quality_process: str = ""
    distribution: tuple[Distribution, ...] = ()
    sample: tuple[Distribution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogRecord:
    """An entry about a dataset (dcat:CatalogRecord): when it came in, what it follows, and `source`, the entry it was made from."""

    uri: str = ""
    primary_topic: str = ""
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    issued: str = ""
    modified: str = ""
    status: str = ""
    language: tuple[str, ...] = ()
    conforms_to: tuple[str, ...] = ()
    source: "CatalogRecord | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """A catalogue without its datasets (dcat:Catalog)."""

    uri: str = ""
    title: tuple[Text, ...] = ()
    description: tuple[Text, ...] = ()
    publisher: Agent | None = None
    homepage: str = ""
    language: tuple[str, ...] = ()
    license: str = ""
    theme_taxonomy: tuple[str, ...] = ()
    spatial: tuple[Place, ...] = ()
    availability: str = ""
    issued: str = ""
    modified: str = ""
    creator: Agent | None = None
    rights: str = ""
    applicable_legislation: tuple[str, ...] = ()
    service: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a foreign description: the dataset that could be made of it, and what could not be kept."""

    dataset: Dataset
    problems: tuple[Problem, ...] = ()
