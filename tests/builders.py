"""Objects for tests: a test names only what matters to it."""

from dataclasses import dataclass
from typing import Any

from dcat.ckan import Package
from dcat.model import (
    Activity,
    Agent,
    Attribution,
    Catalog,
    CatalogRecord,
    Checksum,
    Contact,
    DataService,
    Dataset,
    DatasetSeries,
    Distribution,
    Identifier,
    Period,
    Place,
    Provenance,
    Relationship,
    Text,
)
from dcat.namespaces import HVD_REGULATION
from harvesters import base
from harvesters.base import Batch, Harvester, Page, Record
from harvesters.source import Source

SITE = "https://daten.example.org"
AUTHORITY = "http://publications.europa.eu/resource/authority"
DARMSTADT = "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/06411000"
LICENSE = "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"
SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types"
GEODATA = "http://data.europa.eu/bna/c_6a3f6896"


def texts(value: str | tuple[Text, ...]) -> tuple[Text, ...]:
    """A German text, or texts as they are."""
    return (Text(value, "de"),) if isinstance(value, str) else value


def agent(name: str | tuple[Text, ...] = "Grünflächenamt", **fields: Any) -> Agent:
    return Agent(**{"name": texts(name), **fields})


def contact(name: str = "Geschäftsstelle Offene Daten", **fields: Any) -> Contact:
    return Contact(**{"name": name, "email": "offenedaten@darmstadt.example", **fields})


def distribution(title: str | tuple[Text, ...] = "Bäume als CSV", **fields: Any) -> Distribution:
    given: dict[str, Any] = {
        "title": texts(title),
        "access_url": ("https://opendata.darmstadt.example/baeume.csv",),
        "license": LICENSE,
        "format": f"{AUTHORITY}/file-type/CSV",
    }
    return Distribution(**given | fields)


def dataset(title: str | tuple[Text, ...] = "Baumkataster", **fields: Any) -> Dataset:
    given: dict[str, Any] = {
        "uri": f"{SITE}/dataset/baumkataster",
        "title": texts(title),
        "description": texts("Alle Bäume an Straßen und in Grünanlagen."),
        "publisher": agent(uri=f"{SITE}/id/agent/gruenflaechenamt"),
        "distribution": (distribution(uri=f"{SITE}/distribution/baeume-csv"),),
    }
    return Dataset(**given | fields)


def catalog(**fields: Any) -> Catalog:
    given: dict[str, Any] = {
        "uri": f"{SITE}/catalog",
        "title": texts("Offene Daten Rhein-Main"),
        "description": texts("Daten der Städte Darmstadt, Frankfurt und Wiesbaden."),
        "publisher": agent("Stadt Darmstadt", uri=f"{SITE}/id/agent/darmstadt"),
        "homepage": SITE,
        "theme_taxonomy": (f"{AUTHORITY}/data-theme",),
        "license": LICENSE,
    }
    return Catalog(**given | fields)


def service(**fields: Any) -> DataService:
    given: dict[str, Any] = {
        "uri": f"{SITE}/service/baeume",
        "title": texts("Datenschnittstelle Baumkataster"),
        "endpoint_url": (f"{SITE}/api/data/baeume-csv",),
        "endpoint_description": (f"{SITE}/openapi.json",),
        "publisher": agent("Stadt Darmstadt", uri=f"{SITE}/id/agent/darmstadt"),
        "contact_point": (contact(uri=f"{SITE}/id/contact/1"),),
        "page": (f"{SITE}/api",),
        "license": LICENSE,
        "applicable_legislation": (HVD_REGULATION,),
        "serves_dataset": (f"{SITE}/dataset/baumkataster",),
    }
    return DataService(**given | fields)


def record(**fields: Any) -> CatalogRecord:
    given: dict[str, Any] = {
        "uri": f"{SITE}/record/1",
        "primary_topic": f"{SITE}/dataset/baumkataster",
        "issued": "2026-01-02T03:04:05Z",
        "modified": "2026-02-03T04:05:06Z",
    }
    return CatalogRecord(**given | fields)


def full_catalog(**fields: Any) -> Catalog:
    """A catalogue in which every property has a valid value."""
    given: dict[str, Any] = {
        "language": (f"{AUTHORITY}/language/DEU",),
        "spatial": (full_place(),),
        "availability": f"{AUTHORITY}/planned-availability/STABLE",
        "issued": "2026-01-01",
        "modified": "2026-05-31T12:00:00Z",
        "creator": agent("Stadt Darmstadt", uri=f"{SITE}/id/agent/darmstadt"),
        "rights": f"{SITE}/nutzung",
        "applicable_legislation": (HVD_REGULATION,),
        "service": (f"{SITE}/service/baeume",),
    }
    return catalog(**given | fields)


def full_record(**fields: Any) -> CatalogRecord:
    """An entry in which every property has a valid value, made from another such entry."""
    given: dict[str, Any] = {
        "title": (Text("Eintrag Baumkataster", "de"),),
        "description": (Text("Täglich übernommen.", "de"),),
        "status": "http://purl.org/adms/changetype/updated",
        "language": (f"{AUTHORITY}/language/DEU",),
        "conforms_to": ("http://dcat-ap.de/def/dcatde/3.0/spec/",),
        "source": record(uri=f"{SITE}/record/1/source"),
    }
    return record(**given | fields)


def full_place(**fields: Any) -> Place:
    """A place in which every property has a valid value."""
    given: dict[str, Any] = {
        "uri": DARMSTADT,
        "label": (Text("Darmstadt", "de"),),
        "bbox": "POLYGON ((8.55 49.79, 8.75 49.79, 8.75 49.96, 8.55 49.96, 8.55 49.79))",
        "centroid": "POINT (8.65 49.87)",
        "geometry": "POINT (8.65 49.87)",
    }
    return Place(**given | fields)


def full_agent(**fields: Any) -> Agent:
    """An office in which every property has a valid value."""
    given: dict[str, Any] = {
        "name": (Text("Grünflächenamt", "de"), Text("Parks Department", "en")),
        "uri": f"{SITE}/id/agent/gruenflaechenamt",
        "type": "http://purl.org/adms/publishertype/LocalAuthority",
        "email": "gruen@darmstadt.example",
        "homepage": "https://www.darmstadt.example/gruen",
    }
    return agent(**given | fields)


def full_contact(**fields: Any) -> Contact:
    """A contact in which every property has a valid value."""
    given: dict[str, Any] = {
        "uri": f"{SITE}/id/contact/1",
        "url": "https://www.darmstadt.example/kontakt",
        "telephone": "tel:+4961511234",
    }
    return contact(**given | fields)


def full_series(**fields: Any) -> DatasetSeries:
    """A series in which every property has a valid value."""
    given: dict[str, Any] = {
        "uri": "https://opendata.darmstadt.example/reihe/baumkataster",
        "title": (Text("Baumkataster der Jahre", "de"), Text("Tree registers of the years", "en")),
        "description": (Text("Ein Datensatz je Jahr.", "de"),),
        "publisher": full_agent(),
        "contact_point": (full_contact(),),
        "spatial": (full_place(),),
        "temporal": (Period(uri=f"{SITE}/id/period/2", start="2015"),),
        "applicable_legislation": (HVD_REGULATION,),
        "hvd_category": (GEODATA,),
        "frequency": f"{AUTHORITY}/frequency/ANNUAL",
        "issued": "2015",
        "modified": "2026-05-31",
    }
    return DatasetSeries(**given | fields)


def full_service(**fields: Any) -> DataService:
    """A service in which every property has a valid value."""
    given: dict[str, Any] = {
        "title": (Text("Baumdienst", "de"), Text("Tree service", "en")),
        "description": (Text("Bäume als WFS.", "de"),),
        "publisher": full_agent(),
        "contact_point": (full_contact(),),
        "keyword": (Text("Baum", "de"), Text("tree", "en")),
        "theme": (f"{AUTHORITY}/data-theme/ENVI",),
        "format": (f"{AUTHORITY}/file-type/GML",),
        "conforms_to": ("http://www.opengis.net/def/serviceType/ogc/wfs",),
        "landing_page": ("https://opendata.darmstadt.example/dienste",),
        "rights": f"{SITE}/nutzung",
        "access_rights": f"{AUTHORITY}/access-right/PUBLIC",
        "availability": f"{AUTHORITY}/planned-availability/STABLE",
        "hvd_category": (GEODATA,),
    }
    return service(**given | fields)


def full_distribution(**fields: Any) -> Distribution:
    """A distribution in which every property has a valid value."""
    given: dict[str, Any] = {
        "uri": f"{SITE}/distribution/baeume-csv",
        "title": (Text("Bäume als CSV", "de"), Text("Trees as CSV", "en")),
        "description": (Text("Eine Zeile je Baum.", "de"),),
        "access_url": ("https://opendata.darmstadt.example/baeume",),
        "download_url": ("https://opendata.darmstadt.example/baeume.csv",),
        "license": LICENSE,
        "license_attribution": (Text("Grünflächenamt der Stadt Darmstadt", "de"),),
        "format": f"{AUTHORITY}/file-type/CSV",
        "media_type": f"{MEDIA_TYPES}/text/csv",
        "availability": f"{AUTHORITY}/planned-availability/STABLE",
        "issued": "2020",
        "modified": "2026-05-31T12:00:00+02:00",
        "byte_size": 0,
        "checksum": Checksum(uri=f"{SITE}/id/checksum/1", algorithm=SHA256, value="ab" * 32),
        "status": f"{AUTHORITY}/distribution-status/COMPLETED",
        "language": (f"{AUTHORITY}/language/DEU",),
        "rights": f"{SITE}/nutzung",
        "conforms_to": (f"{SITE}/schema/baumkataster",),
        "page": ("https://opendata.darmstadt.example/baeume.html",),
        "applicable_legislation": (HVD_REGULATION,),
        "access_service": (full_service(),),
        "compress_format": f"{MEDIA_TYPES}/application/gzip",
        "package_format": f"{MEDIA_TYPES}/application/zip",
        "spatial_resolution": "0.5",
        "temporal_resolution": "P1Y",
        "has_policy": f"{SITE}/regelwerk",
    }
    return Distribution(**given | fields)


def full_dataset(**fields: Any) -> Dataset:
    """A dataset in which every property of every class has a valid value."""
    office, place = full_agent(), full_place()
    given: dict[str, Any] = {
        "uri": f"{SITE}/dataset/baumkataster",
        "identifier": ("baumkataster", "urn:uuid:7e0f1a52-0000-4000-8000-000000000001"),
        "title": (Text("Baumkataster", "de"), Text("Tree register", "en")),
        "description": (Text("Alle Bäume an Straßen & in Grünanlagen.\n\nStand: <heute>", "de"),),
        "publisher": office,
        "contact_point": (full_contact(),),
        "keyword": (Text("Baum", "de"), Text("Grün", "de"), Text("tree", "en")),
        "theme": (f"{AUTHORITY}/data-theme/ENVI", f"{AUTHORITY}/data-theme/REGI"),
        "spatial": (place,),
        "temporal": (Period(uri=f"{SITE}/id/period/1", start="2020-01", end="2026-05-31"),),
        "availability": f"{AUTHORITY}/planned-availability/STABLE",
        "political_geocoding": (DARMSTADT,),
        "political_geocoding_level": ("http://dcat-ap.de/def/politicalGeocoding/Level/municipality",),
        "contributor_id": ("http://dcat-ap.de/def/contributors/auswaertigesAmt",),
        "access_rights": f"{AUTHORITY}/access-right/PUBLIC",
        "applicable_legislation": (HVD_REGULATION,),
        "hvd_category": (GEODATA,),
        "frequency": f"{AUTHORITY}/frequency/ANNUAL",
        "issued": "2020-01-31",
        "modified": "2026-05-31T12:00:00Z",
        "language": (f"{AUTHORITY}/language/DEU",),
        "type": (f"{AUTHORITY}/dataset-type/HVD",),
        "landing_page": ("https://opendata.darmstadt.example/baumkataster",),
        "page": ("https://opendata.darmstadt.example/baumkataster/hilfe",),
        "conforms_to": (f"{SITE}/schema/baumkataster",),
        "creator": (office,),
        "contributor": (agent("Vermessungsamt", uri=f"{SITE}/id/agent/vermessungsamt"),),
        "originator": (agent("Umweltamt", uri=f"{SITE}/id/agent/umweltamt"),),
        "custodian": (agent("Stadt Darmstadt", uri=f"{SITE}/id/agent/darmstadt"),),
        "references": ("https://musterdatenkatalog.example/baumkataster",),
        "relation": ("https://opendata.darmstadt.example/gruenflaechen",),
        "version": "3.1",
        "version_notes": (Text("Neue Standorte.", "de"),),
        "has_version": ("https://opendata.darmstadt.example/baumkataster-2025",),
        "source": ("https://opendata.darmstadt.example/luftbilder",),
        "is_referenced_by": ("https://opendata.darmstadt.example/umweltbericht",),
        "other_identifier": (Identifier(uri=f"{SITE}/id/identifier/1", notation="DOI 10.1000/182"),),
        "in_series": (full_series(),),
        "qualified_relation": (
            Relationship(
                uri=f"{SITE}/id/relationship/1",
                relation=("https://opendata.darmstadt.example/baumkataster-2024",),
                role=("http://www.iana.org/assignments/relation/predecessor-version",),
            ),
        ),
        "qualified_attribution": (
            Attribution(
                uri=f"{SITE}/id/attribution/1",
                agent=(office,),
                role=("http://standards.iso.org/iso/19115/resources/Codelist/cat/codelists.xml#processor",),
            ),
        ),
        "provenance": (Provenance(uri=f"{SITE}/id/provenance/1", label=(Text("Vor Ort aufgenommen.", "de"),)),),
        "was_generated_by": (Activity(uri=f"{SITE}/id/activity/1", label=(Text("Baumkontrolle", "de"),)),),
        "spatial_resolution": "0.5",
        "temporal_resolution": "P1Y",
        "geocoding_description": (Text("Das Gebiet der Stadt.", "de"),),
        "legal_basis": (Text("§ 12a EGovG", "de"),),
        "quality_process": "https://opendata.darmstadt.example/qualitaet",
        "distribution": (full_distribution(),),
        "sample": (
            full_distribution(
                uri=f"{SITE}/distribution/baeume-beispiel",
                title=(Text("Zehn Bäume", "de"),),
                checksum=Checksum(uri=f"{SITE}/id/checksum/2", algorithm=SHA256, value="cd" * 32),
            ),
        ),
    }
    return Dataset(**given | fields)


def package(resources: int = 1, **fields: Any) -> Package:
    """What CKAN says about a dataset with so many resources."""
    given: dict[str, Any] = {
        "id": "0b5e1c1e-0000-4000-8000-000000000001",
        "name": "baumkataster",
        "organization": {"id": "organisation-1", "name": "darmstadt", "title": "Stadt Darmstadt"},
        "resource_ids": tuple(f"0b5e1c1e-0000-4000-8000-1{position:011}" for position in range(resources)),
        "created": "2026-01-02T03:04:05.000000",
        "modified": "2026-02-03T04:05:06.000000",
    }
    return Package(**given | fields)


def source(url: str = "https://amt.example/ablage/", **fields: Any) -> Source:
    """A file drop of an office in Darmstadt."""
    given: dict[str, Any] = {
        "id": "da-amt",
        "city": "darmstadt",
        "department": "Grünflächenamt",
        "type": "files",
        "url": url,
    }
    return Source(**given | fields)


def page(body: str | bytes, url: str = "https://amt.example/ablage/", **fields: Any) -> Page:
    """A fetched page; text is sent as UTF-8."""
    return Page(url=url, body=body.encode() if isinstance(body, str) else body, **fields)


@dataclass(frozen=True)
class ReadPage:
    """A page as a protocol reads it: its batch, and its records already mapped."""

    batch: Batch
    records: list[Record]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batch, name)


def read_page(harvester: Harvester, page: Page, source: Source) -> ReadPage:
    batch = harvester.split(page, source)
    return ReadPage(batch, [base.record(harvester, item, source) for item in batch.items])
