"""A small application with an invented catalogue for the tests of the pages."""

import dataclasses
import datetime
from pathlib import Path

import orjson
from flask import Flask

from catalog import file_history, live_reading, schema_org_input, table_work, visit_work, visits
from catalog.config import Config, load
from catalog.facet_words import LABELS, label_of
from catalog.memory import Memory
from catalog.passing import Passing
from catalog.public import FileState, PublicDataset, PublicFile, Reason
from catalog.reading_types import Counts, Found, Organization
from catalog.schema_usage import CityCount
from catalog.search import Proposal
from catalog.search_types import FACETS, Bucket, Facet, Query, Results
from catalog.visits import Shown, Visit
from catalog.web import account_pages, check_pages, errors, pages, report_pages, schema_pages, security
from dcat import schema_org
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Period, Place, Text
from dcat.vocabularies import vocabulary
from validators import schemas as shared
from validators.report import Finding, Report, Severity, to_json

WEB = Path(pages.__file__).parent
SECRET_CELL = "Zelle-die-niemand-sehen-darf"
HOSTILE = '<img src=x onerror="alert(1)">'
HOSTILE_URL = "javascript:alert(1)"
UUID = "11111111-2222-4333-8444-555555555555"
THEME = "http://publications.europa.eu/resource/authority/data-theme/"
FORMAT = "http://publications.europa.eu/resource/authority/file-type/"
CITIES = (("darmstadt", "Darmstadt"), ("frankfurt", "Frankfurt am Main"), ("wiesbaden", "Wiesbaden"))

REPORT = Report(
    schema_id="baumkataster",
    schema_version="1.0.0",
    valid=False,
    rows=1834,
    fields=7,
    findings=(
        Finding(
            severity=Severity.BLOCKS,
            code="type-error",
            what=Message("In 12 Zeilen ist das Pflanzjahr keine Zahl.", "In 12 rows the planting year is no number."),
            why=Message("Programme können damit nicht rechnen.", "Programs cannot calculate with it."),
            fix=Message("Tragen Sie nur vier Ziffern ein, etwa 1987.", "Enter four digits only, such as 1987."),
            count=12,
            rows=(12, 40, 1290),
            field="pflanzjahr",
            column="H",
            address="H12",
            examples=("ca. 1960", "unbekannt", HOSTILE),
        ),
        Finding(
            severity=Severity.WARNING,
            code="encoding",
            what=Message("Die Datei ist in Windows-1252 geschrieben.", "The file is written in Windows-1252."),
            why=Message("Umlaute gehen bei manchen Programmen verloren.", "Some programs lose umlauts."),
            fix=Message("Speichern Sie als „CSV UTF-8“.", "Save as “CSV UTF-8”."),
        ),
        Finding(
            severity=Severity.HINT,
            code="extra-label",
            what=Message("Eine Spalte steht nicht im Schema.", "One column is not in the schema."),
            why=Message("Andere Städte haben sie nicht.", "Other cities do not have it."),
            fix=Message("Sie darf bleiben.", "It may stay."),
            field="bemerkung",
        ),
    ),
)
LICENCE = "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"


def texts(german: str, english: str = "") -> tuple[Text, ...]:
    return (Text(german, "de"), Text(english, "en")) if english else (Text(german, "de"),)


def file(id: str, state: FileState, title: str, **changes: object) -> PublicFile:
    distribution = Distribution(
        title=texts(title),
        access_url=("https://daten.example.org/datei",),
        download_url=(f"https://daten.example.org/{id}.csv",),
        license=LICENCE,
        format=f"{FORMAT}CSV",
        byte_size=1_234_567,
        modified="2026-03-02",
    )
    return dataclasses.replace(PublicFile(id=id, state=state, distribution=distribution), **changes)  # type: ignore[arg-type]


TREES = PublicDataset(
    id=UUID,
    name="strassenbaeume-frankfurt",
    city="frankfurt",
    organization="ffm-gruenflaechenamt",
    organization_title="Grünflächenamt",
    source="ffm-gruen",
    published_at="2026-02-01T08:15:00Z",
    modified_at="2026-03-02T09:00:00Z",
    dataset=Dataset(
        title=texts("Straßenbäume in Frankfurt am Main"),
        description=texts(
            "Alle Bäume an Straßen und Plätzen mit Art, Pflanzjahr, Höhe und Standort. Die Liste wird nach jeder "
            "Begehung fortgeschrieben.\n\nBäume in Parks und Wäldern sind nicht dabei; dafür gibt es eigene Listen."
        ),
        publisher=Agent(
            name=texts("Stadt Frankfurt am Main, Grünflächenamt"), homepage="https://frankfurt.example/gruen"
        ),
        contact_point=(
            Contact(
                name="Baumkataster", email="baeume@frankfurt.example", telephone="tel:+49-69-000000", url=HOSTILE_URL
            ),
        ),
        keyword=(Text("Baum", "de"), Text("Straße", "de"), Text("tree", "en")),
        theme=(f"{THEME}ENVI", f"{THEME}REGI"),
        spatial=(Place(label=texts("Stadtgebiet Frankfurt am Main")),),
        temporal=(Period(start="2019-01-01"),),
        frequency="http://publications.europa.eu/resource/authority/frequency/QUARTERLY",
        issued="2024-05",
        modified="2026-03-02",
        landing_page=("https://frankfurt.example/baeume", HOSTILE_URL),
        language=("http://publications.europa.eu/resource/authority/language/DEU",),
    ),
    files=(
        file(
            "d1",
            FileState.PUBLIC,
            "Baumkataster 2026",
            schema_id="baumkataster",
            valid=False,
            sentence=Message("12 von 1.834 Zeilen verletzen das Schema.", "12 of 1,834 rows violate the schema."),
            report=to_json(REPORT),
            header=("baum_id", "art", "pflanzjahr", "hoehe_m", "strasse"),
            rows=(
                ("ffm-1", "Tilia cordata", "1987", "14,5", "Berger Straße"),
                ("ffm-2", "Platanus × hispanica", "ca. 1960", "21", "Mainkai"),
                ("ffm-3", HOSTILE, "2004", "9", "Zeil"),
            ),
            checked_at="2026-03-02T09:00:00Z",
        ),
        file(
            "d2",
            FileState.LINKED,
            "Baumstandorte als Karte",
            schema_id="baumkataster",
            valid=True,
            sentence=Message("Alle 1.834 Zeilen halten das Schema ein.", "All 1,834 rows conform to the schema."),
        ),
        file(
            "d3",
            FileState.HELD,
            "Baumpatenschaften",
            reason=Reason(
                code="P1",
                text=Message(
                    "Die Prüfung hat Namen und E-Mail-Adressen von Patinnen und Paten gefunden. Die Datei erscheint, "
                    "sobald diese Spalten entfernt sind.",
                    "The check found names and e-mail addresses of sponsors. The file will appear once these columns "
                    "have been removed.",
                ),
            ),
            report=to_json(REPORT),
            header=("name", SECRET_CELL),
            rows=((SECRET_CELL, SECRET_CELL),),
            sentence=Message(SECRET_CELL, SECRET_CELL),
        ),
        file(
            "d4",
            FileState.WITHHELD,
            "Bäume an Versorgungsanlagen",
            reason=Reason(
                code="S2",
                text=Message(
                    "Die Standorte lassen auf Leitungen der Wasserversorgung schließen. Eine gröbere Fassung ist in Arbeit.",
                    "The locations reveal mains of the water supply. A coarser edition is being prepared.",
                ),
                legal_basis="DNG § 2 Abs. 3 Nr. 1 Buchst. a dd",
                review_by="2027-12-01",
            ),
            report=to_json(REPORT),
            rows=((SECRET_CELL,),),
        ),
        file("d5", FileState.PENDING, "Neupflanzungen", rows=((SECRET_CELL,),)),
    ),
)
HOSTILE_SET = PublicDataset(
    id="22222222-2222-4333-8444-555555555555",
    name="boese",
    city="darmstadt",
    organization="da-statistik",
    organization_title=HOSTILE,
    source="da",
    dataset=Dataset(
        title=(Text(HOSTILE, 'x" onload="y'),),
        description=(Text(f"{HOSTILE}\n\n{HOSTILE}", "de"),),
        publisher=Agent(name=texts(HOSTILE), homepage=HOSTILE_URL),
        contact_point=(Contact(name=HOSTILE, email=f"{HOSTILE}@x", url=HOSTILE_URL, telephone=f"tel:{HOSTILE}"),),
        keyword=texts(HOSTILE),
        page=(HOSTILE_URL, "data:text/html,x", "https://gut.example/"),
        version=HOSTILE,
    ),
    files=(
        PublicFile(
            id="h1",
            state=FileState.LINKED,
            distribution=Distribution(
                title=texts(HOSTILE),
                access_url=(HOSTILE_URL,),
                license=HOSTILE_URL,
                media_type=HOSTILE,
                rights=HOSTILE_URL,
            ),
            header=(HOSTILE,),
            rows=((HOSTILE,),),
        ),
    ),
)
GAUGE = PublicDataset(
    id="33333333-2222-4333-8444-555555555555",
    name="pegel-wiesbaden",
    city="wiesbaden",
    organization="wi-umweltamt",
    organization_title="Umweltamt",
    source="wi",
    dataset=Dataset(
        title=texts("Pegelstände der Bäche", "Water levels of the brooks"),
        description=texts("Wasserstand und Abfluss alle 15 Minuten.", "Water level and discharge every 15 minutes."),
        theme=(f"{THEME}ENVI",),
        modified="2026-11-20T06:00:00Z",
    ),
    files=(file("p1", FileState.PUBLIC, "Messwerte", schema_id="pegel_messwert", valid=True),),
)
LIVE = live_reading.Live(
    series=tuple(
        live_reading.Series(
            id=f"bach-{number}",
            label=label,
            unit="cm",
            points=tuple(
                live_reading.Point(
                    datetime.datetime(2026, 11, 20, 6, tzinfo=datetime.UTC) + datetime.timedelta(minutes=15 * step),
                    1040 + 7.5 * number + step % 9,
                )
                for step in range(96)
            ),
            old=number > 2,
        )
        for number, label in enumerate(("Wickerbach", "Salzbach", "Wäschbach", HOSTILE, "Rambach"))
    ),
    fetched_at=datetime.datetime(2026, 11, 21, 6, tzinfo=datetime.UTC),
    failure=Message(f"Der Server antwortet nicht. {HOSTILE}", f"The server does not answer. {HOSTILE}"),
    failed_at=datetime.datetime(2026, 11, 21, 6, 5, tzinfo=datetime.UTC),
)
VERSIONS = (
    file_history.Version(
        checked_at="2026-01-05T06:00:00Z",
        valid=False,
        rows=1800,
        size=120_000,
        findings=file_history.counts(REPORT.findings[:2]),
    ),
    file_history.Version(
        checked_at="2026-03-02T09:00:00Z",
        valid=False,
        rows=1834,
        size=123_456,
        findings=(
            dataclasses.replace(file_history.counts(REPORT.findings)[0], number=40),
            file_history.counts(REPORT.findings)[2],
        ),
        changes=file_history.RowChanges(
            key=("baum_id",),
            added=34,
            changed=2,
            fields=(("hoehe_m", 2),),
            new=(("ffm-1834",),),
            cells=(file_history.CellChange(key=("ffm-7",), column="hoehe_m", before="9", after=HOSTILE),),
        ),
    ),
    file_history.Version(checked_at="2026-03-03T09:00:00Z", accepted=False, rows=None, findings=()),
)
BARE = PublicDataset(
    id="44444444-2222-4333-8444-555555555555",
    name="leer",
    city="darmstadt",
    organization="da-statistik",
    organization_title="Amt für Wirtschaft und Stadtentwicklung",
    source="da",
    dataset=Dataset(title=texts("Verträge der Stadt")),
    withheld=Reason(
        code="U1",
        text=Message(
            "Die Rechte liegen bei einem Dritten; die Stadt hat ihn gefragt.", "A third party holds the rights."
        ),
        legal_basis="DNG § 2 Abs. 3 Nr. 1 Buchst. b",
        review_by="2027-01-15",
    ),
)


class Sample:
    """The reading of an invented catalogue."""

    datasets = (TREES, GAUGE, BARE, HOSTILE_SET)

    def counts(self) -> Counts:
        found = vocabulary("theme").concepts.values()
        themes = tuple((c.code, c.label, 5 + number) for number, c in enumerate(found))
        return Counts(1234, tuple((slug, name, 411) for slug, name in CITIES), themes)

    def latest(self, limit: int = 6) -> tuple[PublicDataset, ...]:
        return self.datasets[:limit]

    def find(self, name_or_id: str) -> Found:
        if name_or_id == "alt":
            return Found(moved_to=TREES.name)
        if name_or_id == "weg":
            return Found(gone=Message(f"Alte Liste {HOSTILE}", f"Old list {HOSTILE}"))
        if name_or_id == "kaputt":
            raise RuntimeError("/srv/geheimer/pfad")
        shown = next((d for d in self.datasets if name_or_id in (d.id, d.name)), None)
        if shown is None:
            return Found()
        node = schema_org.write(shown.dataset, schema_org_input.page(shown, "https://daten.example.org"))
        return Found(public=shown, schema_org=orjson.dumps(node))

    def live(self, file_id: str, most: int) -> live_reading.Live | None:
        return LIVE if file_id == "p1" else None

    def history(self, file: PublicFile) -> tuple[file_history.Step, ...]:
        return file_history.steps(VERSIONS) if file.id == "d1" else ()

    def search(self, query: Query) -> Results:
        count = 0 if query.text == "nichts" else 1234
        themes = [concept.code for concept in vocabulary("theme").concepts.values()][3:9]
        known = {
            "city": [slug for slug, _ in CITIES],
            "theme": themes,
            "organization": [HOSTILE],
            "format": ["CSV", HOSTILE],
        }
        facets = []
        for name in FACETS:
            values = dict.fromkeys((*query.values(name), *known.get(name, ())))
            chosen = query.values(name)
            buckets = tuple(Bucket(value, label_of(name, value), 7, value in chosen) for value in values)
            facets += [Facet(name, LABELS[name], buckets)] if buckets else []
        return Results(
            count=count,
            datasets=self.datasets if count else (),
            facets=tuple(facets),
            query=query,
            terms=frozenset({"baum", "img"}) if query.text else frozenset(),
        )

    def suggest(self, typed: str, limit: int) -> tuple[Proposal, ...]:
        return (
            (Proposal("tag", HOSTILE, count=3), Proposal("dataset", HOSTILE, HOSTILE_SET.name))[:limit] if typed else ()
        )

    def organizations(self) -> tuple[Organization, ...]:
        return (
            Organization(name="da-statistik", title=HOSTILE, city="darmstadt", city_name="Darmstadt", count=1),
            Organization(
                name="ffm-gruenflaechenamt",
                title="Grünflächenamt",
                city="frankfurt",
                city_name="Frankfurt am Main",
                count=17,
            ),
        )

    def organization(self, name: str) -> Organization | None:
        return next((found for found in self.organizations() if found.name == name), None)

    def schemas(self) -> tuple[shared.TableSchema, ...]:
        return shared.all_schemas()

    def schema(self, id: str) -> shared.TableSchema | None:
        return shared.load(id) if id in shared.IDS else None

    def schema_usage(self, id: str) -> tuple[PublicDataset, ...]:
        return (TREES,) if id == "baumkataster" else ()

    def schema_counts(self) -> dict[str, tuple[CityCount, ...]]:
        return {"baumkataster": (CityCount(city="frankfurt", declaring=2, conforming=1),)}


def config(home: Path) -> Config:
    (home / "offenbar.yaml").write_text(
        "cities:\n"
        + "".join(
            f'  - {{slug: {slug}, name: {name}, ags: "0641{number}000"}}\n'
            for number, (slug, name) in enumerate(CITIES)
        )
    )
    return load({"OFFENBAR_HOME": str(home), "OFFENBAR_SECRET_KEY": "0123456789abcdef0123456789abcdef"})


def create(home: Path) -> Flask:
    app = Flask("web_sample", static_folder=str(WEB / "static"), template_folder=str(WEB / "templates"))
    app.extensions["offenbar.config"] = config(home)
    app.extensions["offenbar.reading"] = Sample
    app.extensions["offenbar.memory"] = Memory(1_000_000)
    security.protect(app)
    errors.register(app)
    app.register_blueprint(pages.pages)
    app.register_blueprint(schema_pages.schema_pages)
    app.register_blueprint(report_pages.reports)
    app.register_blueprint(check_pages.check_pages)
    app.register_blueprint(account_pages.account_pages)
    # The one part of the sample that works in earnest: a visitor's file is looked at, here and now.
    app.extensions["offenbar.desk"] = check_pages.Desk(show=show, passing=Passing(home))
    return app


def show(visit: Visit) -> Shown:
    """Look at a visitor's file without a process of its own, the way there and back included."""
    asked = visits.read_visit(orjson.loads(visits.write_visit(visit))["visit"])
    answer = visit_work.check(asked, table_work.check)
    return visits.read_shown(orjson.loads(visits.write_shown(answer)), visit)
