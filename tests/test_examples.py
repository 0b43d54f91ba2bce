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
from validators import schemas
from validators.privacy import scan
from validators.report import Severity
from validators.sniff import sniff
from validators.tables import check_table

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
INVALID = {"baumkontrolle_2026.csv", "kuehle_orte.csv"}


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


# What these three offer is told by plain files; the others are read by the harvesters, in the demonstration.
PLAIN = ("da-statistik", "ffm-gruenflaechen", "wi-umwelt")
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
TABLES = [
    (path, schema)
    for path in FILES
    for pattern, schema in SOURCES[path.relative_to(DEPARTMENTS).parts[0]].get("schemas", {}).items()
    if fnmatch(path.name, pattern)
]


def records(path: Path) -> list[dict[str, str]]:
    text = path.read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=";" if ";" in text.partition("\n")[0] else ","))


def shown(catalogue: Instance) -> list[PublicDataset]:
    with catalogue.database.reading() as session:
        return list(store.views(session, list(session.scalars(sa.select(DatasetRow.id).where(store.VISIBLE)))))


def test_there_is_enough_to_show(catalogue: Instance) -> None:
    assert len(SOURCES) == 11 and len({source["type"] for source in SOURCES.values()}) == 9
    seen = shown(catalogue)
    assert len(seen) == DATASETS == sum(IN_CITIES.values())
    assert Counter(SOURCES[each.source]["city"] for each in seen) == IN_CITIES
    assert {each.source for each in seen} == SOURCES.keys()


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
    for name in ("ffm-gruenflaechen", "wi-umwelt"):
        for key, files in ALL[name].items():
            package = (DEPARTMENTS / name / key / "datapackage.json").exists()
            for text in (key, *(Path(file).name for file in files)):
                entries = [entry for entry in SOURCES[name]["datasets"] if fnmatch(text, entry["pattern"])]
                assert len(entries) == (0 if package else 1), text
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
    with_addresses = {path.name for path in FILES if path.exists() and address.search(path.read_bytes())}
    assert with_addresses == {"baumpaten.csv"}
    header = set(records(DEPARTMENTS / "ffm-gruenflaechen/baumpatenschaften/baumpaten.csv")[0])
    assert {"Vorname", "Nachname", "E-Mail", "Telefon mobil"} <= header
    assert "baumpatenschaften" not in {d["dataset"] for policy in POLICIES.values() for d in policy["withhold"]}


def test_the_privacy_check_finds_that_file_and_no_other() -> None:
    tables = [path for path in FILES if path.suffix == ".csv" and path.exists()]
    found = {path.name: {finding.code for finding in scan(path, sniff(path))} for path in tables}
    assert {name for name, codes in found.items() if codes} == {"baumpaten.csv"}
    assert found["baumpaten.csv"] == {"person-name", "personal-email", "mobile-number"}


def test_encodings_are_as_departments_send_them() -> None:
    parks = (DEPARTMENTS / "ffm-gruenflaechen" / "Grünanlagen Größe 2025.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        parks.decode("utf-8")
    assert parks.decode("cp1252").startswith("Nr;Grünanlage;")
    assert [path.name for path in FILES if path.exists() and path.read_bytes().startswith(b"\xef\xbb\xbf")] == [
        "baumkataster.csv",
        "baumpaten.csv",
        "kuehle_orte.csv",
    ]


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".geojson"], ids=lambda path: path.name)
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
    rows = records(path)
    assert list(rows[0]) == [field.name for field in schemas.load(schema).fields]
    assert len(rows) >= (250 if "baeume" in path.name or "baumkataster" in path.name else 20)


@pytest.mark.parametrize(("path", "schema"), TABLES, ids=lambda value: getattr(value, "name", value))
def test_tables_are_valid_unless_they_are_meant_to_fail(path: Path, schema: str) -> None:
    report = check_table(path, schemas.load(schema))
    assert report.conforms == (path.name not in INVALID)
    if report.conforms:
        assert [finding for finding in report.findings if finding.severity is not Severity.HINT] == []


def test_the_failing_files_fail_for_the_reasons_they_were_made_for() -> None:
    paths = {path.name: (path, schema) for path, schema in TABLES if path.name in INVALID}
    found = {}
    for name, (path, schema) in paths.items():
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


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.suffix == ".csv" and path.exists() and path not in dict(TABLES)],
    ids=lambda path: path.name,
)
def test_tables_without_schema_are_sound(path: Path) -> None:
    assert check_table(path, None).conforms
