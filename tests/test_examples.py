"""The example departments: complete, readable, and right or wrong where they are meant to be."""

import csv
import http.client
import json
import re
from collections import Counter
from contextlib import closing
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
import sqlalchemy as sa
from demo_home import DATASETS, IN_CITIES
from ruamel.yaml import YAML

from catalog import store
from catalog.instance import Instance
from catalog.models import DatasetRow, Quarantine, Record
from catalog.public import PublicDataset
from examples.server import start
from harvesters.source import load_folder
from validators import mapped, mapping, privacy, schemas
from validators.check import check_opened, check_table
from validators.intake import opened
from validators.report import Severity
from validators.schemas import TableSchema
from validators.sniff import records as rows_of

EXAMPLES = Path(__file__).parent.parent / "examples"
DEPARTMENTS = EXAMPLES / "departments"
SOURCES = {path.stem: YAML(typ="safe").load(path) for path in sorted((EXAMPLES / "sources").glob("*.yaml"))}
POLICIES = {path.stem: YAML(typ="safe").load(path) for path in sorted((EXAMPLES / "policies").glob("*.yaml"))}
BASE = "http://127.0.0.1:8790/da-statistik/"
DCAT = "http://www.w3.org/ns/dcat#"
DCT = "http://purl.org/dc/terms/"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
BOXES = {
    "darmstadt": (8.55, 49.79, 8.75, 49.96),
    "frankfurt": (8.47, 50.01, 8.81, 50.23),
    "wiesbaden": (8.11, 49.99, 8.39, 50.16),
}
# What `offenbar validate FILE --schema SCHEMA --privacy` says of every data file: kind, schema, rows, what is found (hints apart), and
# what the scan for personal data finds. A file with one of BREAKING does not conform.
EXPECTED = [
    ("da-statistik/dateien/baeume.csv", "csv", "baumkataster", 280, "", ""),
    ("da-statistik/dateien/baeume.geojson", "geojson", "", 280, "", ""),
    ("da-statistik/dateien/bevoelkerung_stadtteile.csv", "csv", "", 135, "", ""),
    ("da-statistik/dateien/gewerbeanmeldungen_2025.csv", "csv", "", 72, "", ""),
    ("da-statistik/dateien/radzaehlstellen.csv", "csv", "messstelle", 20, "", ""),
    ("da-statistik/dateien/radzaehlung_2026.csv", "csv", "", 280, "", ""),
    ("da-statistik/dateien/strassenverzeichnis.csv", "csv", "", 41, "not-utf8", ""),
    ("da-statistik/dateien/toiletten.csv", "csv", "oeffentlicher_ort", 36, "", ""),
    ("da-statistik/dateien/toiletten.geojson", "geojson", "", 36, "", ""),
    ("da-statistik/dateien/uebernachtungen.csv", "csv", "", 144, "", ""),
    ("da-umwelt/sites/default/files/abfuhrtermine-2027_0.csv", "csv", "", 105, "", ""),
    ("da-umwelt/sites/default/files/altglas.geojson", "geojson", "", 40, "", ""),
    ("da-umwelt/sites/default/files/altglas_2.csv", "csv", "", 40, "", ""),
    ("da-umwelt/sites/default/files/defibrillatoren_3.csv", "csv", "oeffentlicher_ort", 24, "", ""),
    ("da-umwelt/sites/default/files/laerm-2026.csv", "csv", "", 72, "", ""),
    ("da-umwelt/sites/default/files/luftmessstellen_0.csv", "csv", "messstelle", 22, "", ""),
    ("da-umwelt/sites/default/files/luftwerte-2026-q1_1.csv", "csv", "", 52, "", ""),
    ("da-umwelt/sites/default/files/luftwerte-2026-q2_0.csv", "csv", "", 52, "", ""),
    ("da-umwelt/sites/default/files/luftwerte-2026-q3.csv", "csv", "", 52, "", ""),
    ("da-verkehr/baustellen.json", "json", "baustelle", 12, "", ""),
    ("da-verkehr/haltestellen.csv", "csv", "haltestelle", 37, "", ""),
    ("da-verkehr/haltestellen.geojson", "geojson", "haltestelle", 37, "", ""),
    ("da-verkehr/ladepunkte_betreiber.csv", "csv", "", 30, "not-utf8", ""),
    ("da-verkehr/parken/parkbauten.xlsx", "xlsx", "parken_statisch", 12, "title-lines", ""),
    ("da-verkehr/parken/parkbelegung_2026-11-16.tsv", "csv", "parken_belegung", 140, "", ""),
    ("da-verkehr/radverkehr_2026_kw20.csv", "csv", "verkehrszaehlung", 2016, "", ""),
    ("ffm-geodaten/daten/baustellen.geojson", "geojson", "", 30, "", ""),
    ("ffm-geodaten/daten/bebauungsplaene.geojson", "geojson", "", 15, "", ""),
    ("ffm-geodaten/daten/denkmaeler.geojson", "geojson", "", 30, "", ""),
    ("ffm-geodaten/daten/laermkartierung.geojson", "geojson", "", 10, "", ""),
    ("ffm-geodaten/daten/stadtteile.csv", "csv", "", 10, "", ""),
    ("ffm-geodaten/daten/stadtteile.geojson", "geojson", "", 10, "", ""),
    ("ffm-gruenflaechen/Grünanlagen Größe 2025.csv", "csv", "", 45, "not-utf8", ""),
    ("ffm-gruenflaechen/baumkataster/baumkataster.csv", "csv", "baumkataster", 290, "", ""),
    ("ffm-gruenflaechen/baumkataster/baumkataster.geojson", "geojson", "", 290, "", ""),
    (
        "ffm-gruenflaechen/baumkontrolle/baumkontrolle_2026.csv",
        "csv",
        "baumkataster",
        60,
        "constraint-error decimal-comma german-date primary-key swapped-coordinates type-error",
        "",
    ),
    (
        "ffm-gruenflaechen/baumpatenschaften/baumpaten.csv",
        "csv",
        "",
        40,
        "",
        "mobile-number person-name personal-email",
    ),
    ("ffm-gruenflaechen/fledermausquartiere/fledermausquartiere.csv", "csv", "", 24, "", ""),
    ("ffm-gruenflaechen/spielplaetze/spielplaetze.csv", "csv", "oeffentlicher_ort", 90, "", ""),
    ("ffm-gruenflaechen/spielplaetze/spielplaetze.geojson", "geojson", "", 90, "", ""),
    (
        "ffm-planung/adressen_altbestand.csv",
        "csv",
        "adresse",
        120,
        "constraint-error decimal-comma german-date not-utf8 type-error",
        "",
    ),
    ("ffm-planung/adressen_bockenheim.zip", "zip+csv", "adresse", 190, "", ""),
    ("ffm-planung/bebauungsplaene.csv", "csv", "bebauungsplan", 12, "", ""),
    ("ffm-umwelt/baumliste_ostpark.csv", "csv", "", 160, "title-lines", ""),
    ("ffm-umwelt/messnetz/luftwerte_2026-03-02.csv", "csv", "luftqualitaet_messwert", 192, "", ""),
    ("ffm-umwelt/messnetz/umweltmessstellen.ods", "ods", "messstelle", 10, "", ""),
    ("ffm-umwelt/messnetz/wetter_2026-07-01.xlsx", "xlsx", "wetter_messwert", 96, "", ""),
    ("ffm-umwelt/wertstoffhoefe.gpkg", "geopackage", "oeffentlicher_ort", 16, "", ""),
    ("ffm-verkehr/fahrradabstellanlagen.csv", "csv", "", 40, "", ""),
    ("ffm-verkehr/parkhaeuser.csv", "csv", "", 20, "", ""),
    ("ffm-verkehr/parkhaeuser.geojson", "geojson", "", 20, "", ""),
    ("ffm-verkehr/verkehrszaehlung_2026_Q1.csv", "csv", "", 65, "", ""),
    ("ffm-verkehr/verkehrszaehlung_2026_Q2.csv", "csv", "", 65, "", ""),
    ("ffm-verkehr/verkehrszaehlung_2026_Q3.csv", "csv", "", 65, "", ""),
    ("ffm-verkehr/zaehlstellen_kfz.csv", "csv", "messstelle", 21, "", ""),
    ("hessen-da/dateien/foerdermittel.csv", "csv", "", 15, "", ""),
    ("wi-geoportal/wfs/bewohnerparken.geojson", "geojson", "", 8, "", ""),
    ("wi-geoportal/wfs/hundewiesen.geojson", "geojson", "", 8, "", ""),
    ("wi-geoportal/wfs/ladesaeulen.geojson", "geojson", "", 30, "", ""),
    ("wi-geoportal/wfs/schulen.geojson", "geojson", "", 24, "", ""),
    ("wi-statistik/beherbergung_2025.xlsx", "xlsx", "", 0, "damaged-file", ""),
    ("wi-statistik/bevoelkerung/bevoelkerung_ortsbezirke_2025.csv", "csv", "bevoelkerung_stadtteil", 78, "", ""),
    ("wi-statistik/haushalt/haushalt_2026.xlsx", "xlsx", "haushalt", 24, "title-lines", ""),
    ("wi-statistik/haushalt/jahresrechnung_2025_sap.csv", "csv", "", 24, "not-utf8 title-lines", ""),
    ("wi-statistik/kinder_in_tagespflege.csv", "csv", "", 13, "", "small-cells"),
    (
        "wi-statistik/treffpunkte/bibliotheken.csv",
        "csv",
        "oeffentlicher_ort",
        20,
        "extra-cell missing-cell type-error",
        "",
    ),
    ("wi-statistik/treffpunkte/jugendzentren.csv", "csv", "oeffentlicher_ort", 20, "", ""),
    (
        "wi-statistik/treffpunkte/wlan_standorte.geojson",
        "geojson",
        "oeffentlicher_ort",
        22,
        "constraint-error swapped-axes swapped-coordinates",
        "",
    ),
    ("wi-umwelt/kuehle_orte.csv", "csv", "oeffentlicher_ort", 40, "constraint-error", ""),
    ("wi-umwelt/messstellen_gewaesser.csv", "csv", "messstelle", 20, "", ""),
    ("wi-umwelt/messstellen_gewaesser.geojson", "geojson", "", 20, "", ""),
    ("wi-umwelt/notwasserbrunnen.csv", "csv", "", 14, "", ""),
    ("wi-umwelt/notwasserbrunnen.geojson", "geojson", "", 38, "", ""),
    ("wi-umwelt/pegel_biebrich.csv", "csv", "pegel_messwert", 268, "", ""),
    ("wi-umwelt/trinkbrunnen.csv", "csv", "oeffentlicher_ort", 42, "", ""),
    ("wi-umwelt/trinkbrunnen.geojson", "geojson", "", 42, "", ""),
]
BREAKING = {
    "constraint-error",
    "damaged-file",
    "extra-cell",
    "missing-cell",
    "primary-key",
    "swapped-axes",
    "type-error",
}
# Tables that a mapping turns into one of a shared schema: the mapping, what is repaired afterwards, and the first row of the result.
MAPPED = [
    (
        "da-verkehr/ladepunkte_betreiber.csv",
        "da-ladepunkte.yaml",
        set(),
        "DE*XYZ*E101*1,da-LS-1,Beispiel-Ladenetz,06411000,Rheinstraße,92,64283,8.6475091,49.8729270,AC,typ2,22,,oeffentlich,,"
        "0.525,ja,unbekannt,2025-11-06,2026-11-02",
    ),
    (
        "ffm-umwelt/baumliste_ostpark.csv",
        "ffm-baumliste.yaml",
        {("kronendurchmesser_m", "decimal-mark", 158), ("kronendurchmesser_m", "unit", 2), ("stand", "date-form", 160)},
        "ffm-ostpark-0001,06412000,Ostend,Ratsweg,strasse,Platanus acerifolia,,Ahornblättrige Platane,2019,,32,3.0,4.8,"
        "8.7059030,50.1170390,0,nein,,2026-09-02",
    ),
    (
        "wi-statistik/haushalt/jahresrechnung_2025_sap.csv",
        "wi-haushalt.yaml",
        set(),
        "2025,06414000,ergebnis,ergebnishaushalt,einnahme,Verkehr,12,12.01.01,Gemeindestraßen,51,"
        "Öffentlich-rechtliche Leistungsentgelte,,5799211.26",
    ),
]


def turtle() -> ox.Store:
    store = ox.Store()
    for name in ("katalog.ttl", "katalog-2.ttl"):
        store.load(path=DEPARTMENTS / "da-statistik" / name, format=ox.RdfFormat.TURTLE, base_iri=BASE + name)
    return store


def objects(store: ox.Store, subject: Any, term: str) -> list[Any]:
    return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(term), None)]


def datasets_of(source: str) -> dict[str, list[str]]:
    """The datasets of a department and the files each of them names."""
    folder = DEPARTMENTS / source
    found: dict[str, list[str]] = {}
    if source == "da-statistik":
        store = turtle()
        for quad in store.quads_for_pattern(None, TYPE, ox.NamedNode(DCAT + "Dataset")):
            links = [
                link.value
                for d in objects(store, quad.subject, DCAT + "distribution")
                for link in objects(store, d, DCAT + "accessURL")
            ]
            found[quad.subject.value] = sorted(link.removeprefix(BASE) for link in links)
    elif source == "wi-umwelt":
        lines = (folder / "dateien.txt").read_text("utf-8").splitlines()
        for name in (line for line in lines if line and not line.startswith("#")):
            found.setdefault(Path(name).stem, []).append(name)
    else:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != "datapackage.json":
                key = path.stem if path.parent == folder else path.parent.name
                found.setdefault(key, []).append(path.relative_to(folder).as_posix())
    return found


# What these offer is told by plain files; the others are read by the harvesters, in the demonstration.
FOLDERS = ("da-verkehr", "ffm-gruenflaechen", "ffm-planung", "ffm-umwelt", "wi-statistik")
PLAIN = ("da-statistik", "wi-umwelt", *FOLDERS)
ALL = {source: datasets_of(source) for source in PLAIN}
NAMED = [
    DEPARTMENTS / source / name for source, datasets in ALL.items() for names in datasets.values() for name in names
]
FILES = NAMED + [
    path
    for source in sorted(SOURCES.keys() - PLAIN)
    for path in sorted((DEPARTMENTS / source).rglob("*"))
    if path.suffix in (".csv", ".geojson")
]
PRESENT = {path.relative_to(DEPARTMENTS).as_posix(): path for path in FILES if path.exists()}
TABLES = [
    (path, schema)
    for path in FILES
    for pattern, schema in SOURCES[path.relative_to(DEPARTMENTS).parts[0]].get("schemas", {}).items()
    if fnmatch(path.name, pattern)
]


def records(path: Path, schema: TableSchema | None = None) -> list[dict[str, str]]:
    with opened(path, schema) as table:
        header = table.profile.header
        return [dict(zip(header, row, strict=False)) for _, row in rows_of(table.path, table.profile)]


def _mapping(name: str) -> bytes:
    return (EXAMPLES / "sources" / "mappings" / name).read_bytes()


def shown(catalogue: Instance) -> list[PublicDataset]:
    with catalogue.database.reading() as session:
        return list(store.views(session, list(session.scalars(sa.select(DatasetRow.id).where(store.VISIBLE)))))


def test_there_is_enough_to_show(catalogue: Instance) -> None:
    assert len(SOURCES) == 15 and len({source["type"] for source in SOURCES.values()}) == 9
    seen = shown(catalogue)
    assert len(seen) == DATASETS == sum(IN_CITIES.values())
    assert Counter(SOURCES[each.source]["city"] for each in seen) == IN_CITIES
    assert {each.source for each in seen} == SOURCES.keys()


def test_there_are_tables_of_many_kinds_over_all_shared_schemas() -> None:
    assert len(EXPECTED) >= 60
    kinds = {"csv", "geojson", "geopackage", "json", "ods", "xlsx", "zip+csv"}
    assert {kind for _, kind, *_ in EXPECTED} == kinds
    derived = {mapping.read(_mapping(name), name).schema for _, name, *_ in MAPPED}
    assert {schema for _, _, schema, *_ in EXPECTED if schema} | derived == set(schemas.IDS)


def test_two_datasets_are_known_from_two_sources_and_one_record_waits(catalogue: Instance) -> None:
    with catalogue.database.reading() as session:
        leader = sa.orm.aliased(Record)
        query = sa.select(Record.source_id, leader.source_id).join(leader, leader.dataset_id == Record.led_by)
        behind = [tuple(row) for row in session.execute(query)]
        waiting = [tuple(row) for row in session.execute(sa.select(Quarantine.source_id, Quarantine.code))]
    assert behind == [("hessen-da", "da-statistik")] * 2
    assert waiting == [("ffm-geodaten", "unreadable")]


def test_every_file_is_small_and_named_and_only_one_is_missing() -> None:
    described = {"datapackage.json", "dateien.txt", "katalog.ttl", "katalog-2.ttl"}
    on_disk = {
        path
        for name in PLAIN
        for path in (DEPARTMENTS / name).rglob("*")
        if path.is_file() and path.name not in described
    }
    assert on_disk <= set(NAMED)
    assert [path.name for path in FILES if not path.exists()] == ["gewerbeanmeldungen_2024.csv"]
    others = [path for name in SOURCES.keys() - PLAIN for path in (DEPARTMENTS / name).rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in others) < 40_000


def test_every_address_of_a_dataset_is_served(catalogue: Instance) -> None:
    links = {
        url
        for each in shown(catalogue)
        for file in each.files
        for url in (*file.distribution.access_url, *file.distribution.download_url)
        if url.startswith("http://127.0.0.1:")
    }
    missing = []
    with start(0) as site, closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)) as connection:
        for link in sorted(links):
            parts = urlsplit(link)
            if parts.port == 5000:
                continue
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                missing.append(parts.path)
    assert len(links) > 40
    assert missing == ["/da-statistik/dateien/gewerbeanmeldungen_2024.csv"]


def test_the_catalogue_has_two_pages_and_says_how_many_datasets() -> None:
    store = turtle()
    first, second = ox.NamedNode(BASE + "katalog.ttl"), ox.NamedNode(BASE + "katalog-2.ttl")
    hydra = "http://www.w3.org/ns/hydra/core#"
    assert objects(store, first, hydra + "next") == [second]
    assert objects(store, second, hydra + "next") == []
    for page in (first, second):
        assert [int(total.value) for total in objects(store, page, hydra + "totalItems")] == [len(ALL["da-statistik"])]


def test_vocabulary_addresses_exist() -> None:
    known = set()
    for table in (EXAMPLES.parent / "dcat" / "vocabularies").glob("*.csv"):
        with table.open(encoding="utf-8", newline="") as rows:
            known |= {row["uri"] for row in csv.DictReader(rows) if row.get("uri")}
    prefixes = (
        "http://publications.europa.eu/",
        "http://dcat-ap.de/def/",
        "http://data.europa.eu/bna/",
        "https://www.iana.org/",
    )
    used = {
        quad.object.value
        for quad in turtle()
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(prefixes)
    }
    assert len(used) > 20
    assert used - known == {"http://dcat-ap.de/def/licenses/dl-by-de/2_0"}  # superseded, on purpose


def test_high_value_datasets_are_complete() -> None:
    store = turtle()
    category = ox.NamedNode("http://data.europa.eu/r5r/hvdCategory")
    subjects = [quad.subject for quad in store.quads_for_pattern(None, category, None)]
    assert len(subjects) == 4
    for subject in subjects:
        assert objects(store, subject, DCAT + "contactPoint")
        for node in (subject, *objects(store, subject, DCAT + "distribution")):
            legislation = objects(store, node, "http://data.europa.eu/r5r/applicableLegislation")
            assert [law.value for law in legislation] == ["http://data.europa.eu/eli/reg_impl/2023/138/oj"]


def test_one_dataset_has_the_warts_of_old_systems() -> None:
    store = turtle()
    subject = ox.NamedNode("https://daten.darmstadt.example/dataset/strassenverzeichnis")
    assert isinstance(objects(store, subject, DCT + "publisher")[0], ox.BlankNode)
    assert objects(store, subject, DCT + "issued")[0].value == "2021-01-28 GMT 01:51:03"
    assert objects(store, subject, DCT + "language") == [ox.Literal("de")]
    assert objects(store, subject, DCT + "description")[0].value.startswith("<p>")
    distribution = objects(store, subject, DCAT + "distribution")[0]
    assert objects(store, distribution, DCT + "format") == [ox.Literal("CSV")]
    assert objects(store, distribution, DCT + "license")[0].value.endswith("dl-by-de/2_0")


def test_every_description_says_that_the_data_are_invented() -> None:
    store = turtle()
    texts = [quad.object for quad in store.quads_for_pattern(None, ox.NamedNode(DCT + "description"), None)]
    german = [re.sub(r"</?p>", "", text.value) for text in texts if text.language != "en"]
    german += [source["defaults"]["description"] for source in SOURCES.values() if "description" in source["defaults"]]
    german += [
        entry["description"]
        for source in SOURCES.values()
        for entry in source.get("datasets", ())
        if "description" in entry
    ]
    german += [json.loads(path.read_text("utf-8"))["description"] for path in DEPARTMENTS.rglob("datapackage.json")]
    assert len(german) > 18
    assert all(text.endswith("Beispieldaten, frei erfunden.") for text in german)
    assert all(text.value.endswith("Example data, invented.") for text in texts if text.language == "en")


def test_every_dataset_says_that_it_is_invented(catalogue: Instance) -> None:
    for each in shown(catalogue):
        text = next(text.value for text in each.dataset.description if text.lang in ("de", ""))
        assert "Beispieldaten, frei erfunden." in text, each.name


def test_one_dataset_lacks_a_description() -> None:
    store = turtle()
    subjects = [ox.NamedNode(uri) for uri in ALL["da-statistik"]]
    assert [s.value.rpartition("/")[2] for s in subjects if not objects(store, s, DCT + "description")] == [
        "uebernachtungen"
    ]


def test_sources_can_be_read() -> None:
    assert [source.id for source in load_folder(EXAMPLES / "sources")] == sorted(SOURCES)


def test_sources_fit_their_departments() -> None:
    for name, source in SOURCES.items():
        assert source["id"] == name
        assert f"{source['url']}/".startswith(f"http://127.0.0.1:8790/{name}/")
        assert set(source.get("schemas", {}).values()) <= set(schemas.IDS)
        names = [path.name for path in FILES if path.is_relative_to(DEPARTMENTS / name)]
        for pattern in source.get("schemas", {}):
            assert any(fnmatch(file, pattern) for file in names), pattern


def test_a_dataset_is_described_by_its_package_or_by_the_source() -> None:
    for name in ("wi-umwelt", *FOLDERS):
        for key, files in ALL[name].items():
            package = (DEPARTMENTS / name / key / "datapackage.json").exists()
            entries = [
                entry
                for entry in SOURCES[name]["datasets"]
                if any(fnmatch(text, entry["pattern"]) for text in (key, *(Path(file).name for file in files)))
            ]
            assert len(entries) == (0 if package else 1), key
            for entry in entries:
                assert {"title", "description", "keywords", "theme", "frequency"} <= entry.keys()


def test_packages_name_the_files_of_their_folder() -> None:
    packages = list(DEPARTMENTS.rglob("datapackage.json"))
    assert len(packages) == 4
    for path in packages:
        package = json.loads(path.read_text("utf-8"))
        assert {"title", "description", "keywords", "theme", "frequency", "licenses"} <= package.keys()
        named = {resource["path"] for resource in package["resources"]}
        assert named == {file.name for file in path.parent.iterdir()} - {"datapackage.json"}


def test_policies_withhold_one_dataset_and_one_file() -> None:
    assert POLICIES.keys() == {source["city"] for source in SOURCES.values()}
    decisions = [decision for policy in POLICIES.values() for decision in policy["withhold"]]
    assert sorted((d["scope"], d["code"]) for d in decisions) == [("dataset", "N1"), ("distribution", "S2")]
    for decision in decisions:
        names = ALL[decision["source"]][decision["dataset"]]
        assert "file" not in decision or decision["file"] in names
        assert min(len(decision["public_text"]), len(decision["public_text_en"]), len(decision["remedy"])) >= 40
        assert decision["requested_by"] != decision["approved_by"]
        assert decision["decided"] < decision["review_by"] <= date(2028, 10, 5)


def test_only_one_file_names_persons_and_no_policy_hides_it() -> None:
    address = re.compile(rb"[\w.+-]+@[\w.-]+")
    # Compressed bytes look like anything; what tables of those kinds say is seen by the scan (EXPECTED).
    texts = [path for path in PRESENT.values() if path.suffix in (".csv", ".geojson", ".json", ".tsv")]
    with_addresses = {path.name for path in texts if address.search(path.read_bytes())}
    assert with_addresses == {"baumpaten.csv"}
    header = set(records(DEPARTMENTS / "ffm-gruenflaechen/baumpatenschaften/baumpaten.csv")[0])
    assert {"Vorname", "Nachname", "E-Mail", "Telefon mobil"} <= header
    assert "baumpatenschaften" not in {d["dataset"] for policy in POLICIES.values() for d in policy["withhold"]}


def test_encodings_are_as_departments_send_them() -> None:
    parks = (DEPARTMENTS / "ffm-gruenflaechen" / "Grünanlagen Größe 2025.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        parks.decode("utf-8")
    assert parks.decode("cp1252").startswith("Nr;Grünanlage;")
    assert sorted(path.name for path in PRESENT.values() if path.read_bytes().startswith(b"\xef\xbb\xbf")) == [
        "baumkataster.csv",
        "baumpaten.csv",
        "kuehle_orte.csv",
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.suffix == ".geojson" and path.name != "wlan_standorte.geojson"],
    ids=lambda path: path.name,
)
def test_maps_lie_in_their_city(path: Path) -> None:
    west, south, east, north = BOXES[SOURCES[path.relative_to(DEPARTMENTS).parts[0]]["city"]]
    features = json.loads(path.read_text("utf-8"))["features"]
    assert features
    for feature in features:
        shape = feature["geometry"]["coordinates"]
        for lon, lat in shape[0] if feature["geometry"]["type"] == "Polygon" else [shape]:
            assert west < lon < east, feature
            assert south < lat < north, feature


@pytest.mark.parametrize(("path", "schema"), TABLES, ids=lambda value: getattr(value, "name", value))
def test_tables_have_the_columns_of_their_schema(path: Path, schema: str) -> None:
    with opened(path, schemas.load(schema)) as table:
        assert list(table.profile.header) == [field.name for field in schemas.load(schema).fields]
        assert table.profile.records >= (250 if "baeume" in path.name or "baumkataster" in path.name else 11)


def test_every_data_file_has_an_expected_result() -> None:
    assert {name for name, *_ in EXPECTED} == PRESENT.keys()
    assert {path.relative_to(DEPARTMENTS).as_posix(): schema for path, schema in TABLES} == {
        name: schema for name, _, schema, *_ in EXPECTED if schema
    }


def test_the_readme_names_every_data_file_with_its_schema() -> None:
    text = (EXAMPLES / "README.md").read_text("utf-8")
    table = text[text.index("## Was zu erwarten ist") : text.index("# Example departments")].splitlines()
    rows = [line.split("|") for line in table if line.startswith("| ")]
    for name, _, schema, *_ in EXPECTED:
        # A GeoJSON file may have no schema where the CSV file beside it has one, so both may stand in one row.
        found = [row for row in rows if f"`{Path(name).name}`" in row[3]]
        assert len(found) == sum(Path(other).name == Path(name).name for other in PRESENT), name
        assert not schema or any(f"`{schema}`" in row[4] for row in found), name
    assert f"{len(EXPECTED)} Datendateien" in text and f"{len(EXPECTED)} data files" in text
    assert f"{DATASETS} Datensätze" in text and f"{DATASETS} datasets" in text


@pytest.mark.parametrize(
    ("name", "kind", "schema", "rows", "codes", "personal"), EXPECTED, ids=[name for name, *_ in EXPECTED]
)
def test_files_are_as_they_are_meant_to_be(
    name: str, kind: str, schema: str, rows: int, codes: str, personal: str
) -> None:
    shared = schemas.load(schema) if schema else None
    with opened(PRESENT[name], shared) as table:
        report = check_opened(table, shared)
        found = privacy.scan(table.path, table.profile)
    assert (report.sniffed.kind, report.rows) == (kind, rows)
    assert {finding.code for finding in report.findings if finding.severity is not Severity.HINT} == set(codes.split())
    assert {finding.code for finding in found if finding.severity is not Severity.HINT} == set(personal.split())
    assert report.conforms == BREAKING.isdisjoint(codes.split())


@pytest.mark.parametrize(
    ("name", "other", "key"),
    [
        ("da-verkehr/parken/parkbelegung_2026-11-16.tsv", "da-verkehr/parken/parkbauten.xlsx", "park_id"),
        pytest.param(
            "da-verkehr/radverkehr_2026_kw20.csv",
            "da-statistik/dateien/radzaehlstellen.csv",
            "messstelle_id",
            marks=pytest.mark.slow,
        ),
        ("ffm-umwelt/messnetz/luftwerte_2026-03-02.csv", "ffm-umwelt/messnetz/umweltmessstellen.ods", "messstelle_id"),
        ("ffm-umwelt/messnetz/wetter_2026-07-01.xlsx", "ffm-umwelt/messnetz/umweltmessstellen.ods", "messstelle_id"),
        ("wi-umwelt/pegel_biebrich.csv", "wi-umwelt/messstellen_gewaesser.csv", "messstelle_id"),
    ],
)
def test_keys_lead_to_rows_of_the_other_table(tmp_path: Path, name: str, other: str, key: str) -> None:
    known = {row[0]: row[2] for row in EXPECTED}
    schema, target = schemas.load(known[name]), schemas.load(known[other])
    rows = tmp_path / "other.csv"
    with opened(PRESENT[other], target) as table:
        mapped.derive(table.path, table.profile, target, rows)
    assert check_table(PRESENT[name], schema, references={known[other]: rows}).conforms
    # A table without the first of the rows that are pointed to is missed.
    pointed_to = records(PRESENT[name], schema)[0][key]
    kept = [line for line in rows.read_text("utf-8").splitlines() if not line.startswith(f"{pointed_to},")]
    rows.write_text("\n".join(kept) + "\n", "utf-8")
    short = check_table(PRESENT[name], schema, references={known[other]: rows})
    assert {finding.code for finding in short.findings} == {"foreign-key"}


@pytest.mark.parametrize(("name", "rules", "repaired", "first"), MAPPED, ids=[name for _, name, *_ in MAPPED])
def test_mapped_tables_conform_and_lose_no_row(
    tmp_path: Path, name: str, rules: str, repaired: set[tuple[str, str, int]], first: str
) -> None:
    read = mapping.read(_mapping(rules), rules)
    schema, copy = schemas.load(read.schema), tmp_path / "copy.csv"
    with opened(PRESENT[name], None) as table:
        log = mapped.derive(table.path, table.profile, schema, copy, mapping=read)
    report = check_table(copy, schema)
    assert report.conforms and report.findings == ()
    assert report.rows == next(rows for path, _, _, rows, *_ in EXPECTED if path == name)
    done = {(total.column, total.rule, total.count) for total in log.totals}
    assert {each for each in done if each[1] not in ("mapped", "constant")} == repaired
    assert copy.read_text("utf-8").splitlines()[1] == first


def test_every_mapping_is_named_by_one_source_and_fits_its_file(catalogue: Instance) -> None:
    named = [(pattern, file) for source in SOURCES.values() for pattern, file in source.get("mappings", {}).items()]
    assert sorted(file for _, file in named) == sorted(path.name for path in (EXAMPLES / "sources/mappings").iterdir())
    for pattern, file in named:
        assert [name for name in PRESENT if fnmatch(Path(name).name, pattern)] == [
            name for name, rules, *_ in MAPPED if rules == file
        ]
    beside = {file.name for each in shown(catalogue) for file in each.files}
    assert {"ladepunkte_betreiber_ladepunkt.csv", "baumliste_ostpark_baumkataster.csv"} <= beside
    assert "jahresrechnung_2025_sap_haushalt.csv" in beside


def test_the_failing_files_fail_for_the_reasons_they_were_made_for() -> None:
    paths = {path.name: (path, schema) for path, schema in TABLES}
    found = {}
    for name in ("baumkontrolle_2026.csv", "kuehle_orte.csv", "bibliotheken.csv", "wlan_standorte.geojson"):
        path, schema = paths[name]
        raw = check_table(path, schemas.load(schema)).frictionless
        found[name] = {(error["type"], error.get("fieldName", "")) for task in raw["tasks"] for error in task["errors"]}
    assert found["baumkontrolle_2026.csv"] == {
        ("type-error", "kronendurchmesser_m"),
        ("type-error", "hoehe_m"),
        ("type-error", "stand"),
        ("constraint-error", "lon"),
        ("constraint-error", "lat"),
        ("constraint-error", "art_botanisch"),
        ("constraint-error", "standort_art"),
        ("primary-key", ""),
    }
    missing = {("constraint-error", column) for column in ("ort_id", "name", "lat", "stand")}
    wrong = {("constraint-error", column) for column in ("art", "barrierefrei")}
    assert found["kuehle_orte.csv"] == missing | wrong | {("primary-key", "")}
    ragged = {kind for kind, _ in found["bibliotheken.csv"]}
    assert {"missing-cell", "extra-cell"} < ragged
    assert found["wlan_standorte.geojson"] == {("constraint-error", "lon"), ("constraint-error", "lat")}
