"""Datasets for measurements: as rich as those of a city's portal, and the same on every run."""

from dcat.model import Agent, Contact, Dataset, Distribution, Period, Place, Text

SITE = "https://daten.example.org"
_EU = "http://publications.europa.eu/resource/authority"
_DE = "http://dcat-ap.de/def"
_IANA = "https://www.iana.org/assignments/media-types"
_FORMS = (("CSV", "text/csv"), ("GEOJSON", "application/geo+json"))
_DESCRIPTION = "Er enthält Angaben zu Lage, Art und Zustand. "


def dataset(number: int, edition: int = 1) -> Dataset:
    """Make one dataset with two distributions, its office one of twenty; each edition is described in other words."""
    office = number % 20
    return Dataset(
        uri=f"{SITE}/dataset/{number}",
        identifier=(f"{SITE}/dataset/{number}",),
        title=(
            Text(f"Datensatz {number} über Straßenbäume und Grünflächen", "de"),
            Text(f"Dataset {number} on street trees", "en"),
        ),
        description=(
            Text(f"Beschreibung des Datensatzes {number}. {_DESCRIPTION * (5 + edition)}".strip(), "de"),
            Text(f"Description of dataset {number}: place, kind and condition of every tree.", "en"),
        ),
        publisher=Agent(
            uri=f"{SITE}/amt/{office}",
            name=(Text(f"Amt {office}", "de"),),
            type="http://purl.org/adms/publishertype/LocalAuthority",
            homepage=f"{SITE}/amt/{office}/start",
        ),
        contact_point=(Contact(uri=f"{SITE}/kontakt/{office}", name=f"Amt {office}", email="daten@example.org"),),
        keyword=_keywords(number),
        theme=(f"{_EU}/data-theme/ENVI", f"{_EU}/data-theme/REGI"),
        spatial=(Place(uri=f"{_DE}/politicalGeocoding/municipalityKey/06411000"),),
        temporal=(Period(uri=f"{SITE}/dataset/{number}/zeitraum", start="2020-01-01", end="2025-12-31"),),
        availability=f"{_EU}/planned-availability/STABLE",
        political_geocoding_level=(f"{_DE}/politicalGeocoding/Level/municipality",),
        contributor_id=(f"{_DE}/contributors/hessen",),
        access_rights=f"{_EU}/access-right/PUBLIC",
        frequency=f"{_EU}/frequency/ANNUAL",
        issued="2020-05-01",
        modified="2025-11-03T10:00:00+01:00",
        language=(f"{_EU}/language/DEU",),
        landing_page=(f"{SITE}/seite/{number}",),
        distribution=tuple(_distribution(number, form, media_type) for form, media_type in _FORMS),
    )


def _keywords(number: int) -> tuple[Text, ...]:
    words = {"Baum", "Grün", f"Thema {number % 50}", f"Stadtteil {number % 30}"}
    return tuple(Text(word, "de") for word in sorted(words))


def _distribution(number: int, form: str, media_type: str) -> Distribution:
    address = f"{SITE}/daten/{number}.{form.lower()}"
    return Distribution(
        uri=f"{SITE}/distribution/{number}-{form}",
        title=(Text(f"Datei {form}", "de"),),
        description=(Text(f"Alle Bäume des Datensatzes {number} als {form}.", "de"),),
        access_url=(address,),
        download_url=(address,),
        license=f"{_DE}/licenses/dl-by-de/2.0",
        license_attribution=(Text(f"Amt {number % 20} der Stadt", "de"),),
        format=f"{_EU}/file-type/{form}",
        media_type=f"{_IANA}/{media_type}",
        availability=f"{_EU}/planned-availability/STABLE",
        issued="2020-05-01",
        modified="2025-11-03",
        byte_size=1000 + number,
        language=(f"{_EU}/language/DEU",),
    )
