"""What stands between the catalogue and those who harvest it: their rules, city by city, each with the command that mends it.

The rules follow what the consumers' own software does: GovData's dashboard and CKAN harvester, Hessen's CKAN portal,
data.europa.eu's metadata quality assessment, and the mandatory properties of mobilityDCAT-AP for the Mobilithek.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from catalog.config import City, Config
from catalog.layers import UNKNOWN_LICENSE
from catalog.public import PublicDataset
from dcat import iri
from dcat.message import Message
from dcat.model import Dataset, Distribution
from dcat.vocabularies import THEMES, vocabulary

_MOBILITY = f"{THEMES}/TRAN"
_UNZONED = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]*")
_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One expectation of a consumer; `stops` tells that a dataset that breaks it is refused or shown wrongly."""

    code: str
    stops: bool
    broken: Callable[[PublicDataset], bool]
    what: Message
    fix: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who harvests us, where it should be pointed, what it takes, and what it expects of each dataset."""

    name: str
    title: str
    address: str
    rules: tuple[Rule, ...]
    takes: Callable[[Dataset], bool] = lambda dataset: True


@dataclass(slots=True)
class Gap:
    """A rule that datasets break: how many, some of them by name, and the sources most of them come from."""

    rule: Rule
    count: int = 0
    examples: list[str] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Standing:
    """How one city's datasets stand with one consumer."""

    consumer: Consumer
    city: City
    datasets: int = 0
    ready: int = 0
    gaps: dict[str, Gap] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """Whether anything is refused or shown wrongly."""
        return any(gap.rule.stops for gap in self.gaps.values())


def assess(config: Config, datasets: Iterable[PublicDataset]) -> list[Standing]:
    """Hold every dataset against every consumer's rules; one pass, memory does not grow with the catalogue."""
    standings = {(c.name, city.slug): Standing(c, city) for c in CONSUMERS for city in config.cities}
    for shown in datasets:
        for consumer in CONSUMERS:
            standing = standings.get((consumer.name, shown.city))
            if standing is not None and consumer.takes(shown.dataset):
                _add(standing, shown)
    return list(standings.values())


def of_the_site(config: Config) -> list[Message]:
    """Say what about the site itself keeps every consumer away, with the setting that mends it."""
    found = []
    if not config.site_url.startswith("https://") or re.search(r"//(localhost|127\.|\[::1\])", config.site_url):
        found.append(
            Message(
                f"Die öffentliche Adresse {config.site_url} ist von außen nicht zu erreichen. site.url in offenbar.yaml setzen.",
                f"The public address {config.site_url} cannot be reached from outside. Set site.url in offenbar.yaml.",
            )
        )
    if not config.contact:
        found.append(
            Message(
                "Der Katalog nennt keine E-Mail für Fragen. site.contact in offenbar.yaml setzen.",
                "The catalogue names no e-mail for questions. Set site.contact in offenbar.yaml.",
            )
        )
    found += [
        Message(
            f"{city.name} hat keine Datenbereitsteller-ID. contributor bei der Kommune in offenbar.yaml setzen (GovData vergibt sie).",
            f"{city.name} has no contributor ID. Set contributor for the city in offenbar.yaml (GovData assigns it).",
        )
        for city in config.cities
        if not city.contributor
    ]
    return found


def _add(standing: Standing, shown: PublicDataset) -> None:
    standing.datasets += 1
    broken = [rule for rule in standing.consumer.rules if rule.broken(shown)]
    standing.ready += not any(rule.stops for rule in broken)
    for rule in broken:
        gap = standing.gaps.setdefault(rule.code, Gap(rule))
        gap.count += 1
        gap.sources[shown.source] = gap.sources.get(shown.source, 0) + 1
        if len(gap.examples) < _EXAMPLES:
            gap.examples.append(shown.name)


def _default(key: str, value: str) -> Message:
    """Name the line of a source definition that fills a gap."""
    line = f"defaults: {{{key}: {value}}}"
    return Message(
        f"An der Quelle angeben, oder in der Quelldefinition: {line}",
        f"State it at the source, or in the source definition: {line}",
    )


def _every(dataset: Dataset, test: Callable[[Distribution], bool]) -> bool:
    return all(test(distribution) for distribution in dataset.distribution)


def _open(distribution: Distribution) -> bool:
    concept = vocabulary("license").find(distribution.license) if distribution.license else None
    return concept is not None and concept.extra["open"] == "yes"


_EXPLAIN = Message(
    "Nachsehen, woher jede Angabe kommt: offenbar dataset explain NAME",
    "See where each value comes from: offenbar dataset explain NAME",
)
_TITLED = Rule(
    code="title-german",
    stops=False,
    broken=lambda s: not any(text.lang.startswith("de") for text in s.dataset.title),
    what=Message("Kein deutscher Titel.", "No German title."),
    fix=_EXPLAIN,
)
_CONTRIBUTOR = Rule(
    code="contributor",
    stops=True,
    broken=lambda s: len(s.dataset.contributor_id) != 1 or s.dataset.contributor_id[0] not in vocabulary("contributor"),
    what=Message(
        "Nicht genau eine Datenbereitsteller-ID aus der Liste von GovData.",
        "Not exactly one contributor ID of GovData's list.",
    ),
    fix=_default("contributor", "ID"),
)
_PUBLISHER = Rule(
    code="publisher",
    stops=True,
    broken=lambda s: s.dataset.publisher is None or not s.dataset.publisher.name,
    what=Message("Kein Herausgeber mit Namen.", "No publisher with a name."),
    fix=_default("publisher", "NAME"),
)
_DISTRIBUTION = Rule(
    code="distribution",
    stops=False,
    broken=lambda s: not s.dataset.distribution,
    what=Message(
        "Keine Distribution: Portale können so eingestellt sein, dass sie solche Datensätze übergehen.",
        "No distribution: portals may be set to skip such datasets.",
    ),
    fix=Message(
        "Prüfen, was die Dateien zurückhält: offenbar dataset show NAME",
        "See what holds the files back: offenbar dataset show NAME",
    ),
)
_LICENSE = Rule(
    code="license",
    stops=True,
    broken=lambda s: (
        not _every(s.dataset, lambda one: one.license in vocabulary("license") and one.license != UNKNOWN_LICENSE)
    ),
    what=Message(
        "Eine Distribution ohne Lizenz aus der Liste; GovData zeigt sie als geschlossen.",
        "A distribution without a licence of the list; GovData shows it as closed.",
    ),
    fix=_default("license", "dl-by-de/2.0"),
)
_OPEN_LICENSE = Rule(
    code="license-open",
    stops=False,
    broken=lambda s: bool(s.dataset.distribution) and not any(_open(one) for one in s.dataset.distribution),
    what=Message("Keine Distribution mit offener Lizenz.", "No distribution with an open licence."),
    fix=_default("license", "dl-zero-de/2.0"),
)
_MODIFIED = Rule(
    code="modified",
    stops=False,
    broken=lambda s: not s.dataset.modified or _UNZONED.fullmatch(s.dataset.modified) is not None,
    what=Message(
        "Kein Änderungsdatum, oder eine Uhrzeit ohne Zeitzone: unter Dubletten verliert dieser Datensatz.",
        "No modification date, or a time without zone: among duplicates this dataset loses.",
    ),
    fix=_EXPLAIN,
)
_GEOCODING = Rule(
    code="geocoding",
    stops=False,
    broken=lambda s: not s.dataset.political_geocoding,
    what=Message(
        "Kein Gemeindeschlüssel: die Ortssuche des Portals findet den Datensatz nicht.",
        "No municipality key: the portal's search by place does not find the dataset.",
    ),
    fix=_default("political_geocoding", "['http://dcat-ap.de/def/politicalGeocoding/municipalityKey/06411000']"),
)
_KEYWORDS = Rule(
    code="keyword",
    stops=False,
    broken=lambda s: not s.dataset.keyword,
    what=Message("Keine Schlagwörter.", "No keywords."),
    fix=_default("keywords", "[Baum, Grün]"),
)
_THEME = Rule(
    code="theme",
    stops=False,
    broken=lambda s: not s.dataset.theme,
    what=Message("Keine Kategorie der EU.", "No EU theme."),
    fix=_default("theme", "[ENVI]"),
)
_FORMAT = Rule(
    code="format",
    stops=False,
    broken=lambda s: not _every(s.dataset, lambda one: bool(one.format)),
    what=Message("Eine Distribution ohne Format.", "A distribution without format."),
    fix=Message("An der Quelle angeben.", "State it at the source."),
)
_CONTACT = Rule(
    code="contact",
    stops=False,
    broken=lambda s: not s.dataset.contact_point,
    what=Message("Kein Kontakt.", "No contact point."),
    fix=_default("contact", "{name: Amt, email: daten@stadt.example}"),
)
_ACCESS = Rule(
    code="access-rights",
    stops=False,
    broken=lambda s: not s.dataset.access_rights,
    what=Message("Kein Grad der Zugänglichkeit.", "No access rights."),
    fix=_default("access_rights", "PUBLIC"),
)
_SPATIAL = Rule(
    code="spatial",
    stops=False,
    broken=lambda s: not s.dataset.spatial,
    what=Message("Keine räumliche Abdeckung.", "No geographical coverage."),
    fix=_EXPLAIN,
)
_HVD = Rule(
    code="hvd-api",
    stops=False,
    broken=lambda s: (
        bool(s.dataset.hvd_category)
        and not any(one.access_service for one in s.dataset.distribution)
        and not any(file.served for file in s.files)
    ),
    what=Message(
        "Hochwertiger Datensatz ohne Schnittstelle: weder ein Datenservice noch eine Tabelle in der Daten-API.",
        "High-value dataset without an interface: neither a data service nor a table in the data API.",
    ),
    fix=Message(
        "Eine Tabelle mit gemeinsamem Schema veröffentlichen: offenbar validate DATEI --schema ID",
        "Publish a table with a shared schema: offenbar validate FILE --schema ID",
    ),
)
_FREQUENCY = Rule(
    code="frequency",
    stops=True,
    broken=lambda s: not s.dataset.frequency,
    what=Message("Keine Aktualisierungsfrequenz: dort Pflicht.", "No frequency: mandatory there."),
    fix=_default("frequency", "MONTHLY"),
)
_SPATIAL_DUTY = Rule(
    code="spatial",
    stops=True,
    broken=_SPATIAL.broken,
    what=Message("Keine räumliche Abdeckung: dort Pflicht.", "No geographical coverage: mandatory there."),
    fix=_EXPLAIN,
)
_FORMAT_DUTY = Rule(
    code="format",
    stops=True,
    broken=_FORMAT.broken,
    what=Message("Eine Distribution ohne Format: dort Pflicht.", "A distribution without format: mandatory there."),
    fix=_FORMAT.fix,
)
_WEB = Rule(
    code="address",
    stops=True,
    broken=lambda s: (
        not _every(s.dataset, lambda one: all(iri.is_web(url) for url in (*one.access_url, *one.download_url)))
    ),
    what=Message("Eine Adresse ist keine Webadresse.", "An address is no web address."),
    fix=_EXPLAIN,
)

CONSUMERS = (
    Consumer(
        name="govdata",
        title="GovData",
        address="/catalog.rdf?profile=dcat-ap-de-3.0-govdata",
        rules=(
            _CONTRIBUTOR,
            _PUBLISHER,
            _LICENSE,
            _OPEN_LICENSE,
            _MODIFIED,
            _GEOCODING,
            _KEYWORDS,
            _DISTRIBUTION,
            _TITLED,
        ),
    ),
    Consumer(
        name="hessen",
        title="Open Data Hessen",
        address="/catalog.rdf?profile=dcat-ap-de-3.0-govdata",
        rules=(_CONTRIBUTOR, _PUBLISHER, _LICENSE, _THEME, _CONTACT, _GEOCODING, _DISTRIBUTION, _TITLED),
    ),
    Consumer(
        name="data.europa.eu",
        title="data.europa.eu",
        address="/oai?verb=ListRecords&metadataPrefix=dcat",
        rules=(
            _PUBLISHER,
            _WEB,
            _LICENSE,
            _KEYWORDS,
            _THEME,
            _SPATIAL,
            _FORMAT,
            _CONTACT,
            _ACCESS,
            _MODIFIED,
            _HVD,
            _DISTRIBUTION,
        ),
    ),
    Consumer(
        name="mobilithek",
        title="Mobilithek",
        address="/group/tran/catalog.rdf",
        rules=(_FREQUENCY, _SPATIAL_DUTY, _FORMAT_DUTY, _LICENSE, _PUBLISHER, _CONTACT),
        takes=lambda dataset: _MOBILITY in dataset.theme,
    ),
)
