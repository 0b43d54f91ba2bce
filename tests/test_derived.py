"""Tables derived by a mapping: beside the department's file, validated, with provenance; and never there before the file itself is."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import homes
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from homes import define, define_drop
from source_site import Entry, Site
from test_file_checks import PEOPLE, everything_said

from catalog import derived, derived_files, installation, jobs
from catalog.app import create_app
from catalog.ingest import retention
from catalog.instance import Instance
from catalog.models import FileRow
from catalog.public import FileState, PublicDataset, PublicFile
from catalog.table_orders import Answer, Order
from catalog.tables import Checker
from dcat import naming
from harvesters.source import Source
from validators import schemas

pytestmark = pytest.mark.slow

NAME = "baeume.yaml"
MAPPING = """
schema: baumkataster
columns:
  baum_id: {template: "da-{Baumnr}"}
  ags: {value: "06411000"}
  standort_art: {value: strasse}
  art_botanisch: Art
  lon: {from: X, decimal: ","}
  lat: {from: Y, decimal: ","}
  naturdenkmal: {value: "false"}
  stand: {from: Stand, date: "%d.%m.%Y"}
"""
CONFORMS = "https://daten.example.org/schema/baumkataster"


def export(rows: int = 3, lat: str = "49,87", art: str = "Tilia cordata") -> str:
    """Write a table of trees as a department exports it."""
    lines = [f"{n};{art};8,65;{lat};31.05.2026" for n in range(1, rows + 1)]
    return "\n".join(["Baumnr;Art;X;Y;Stand", *lines]) + "\n"


def write_mapping(instance: Instance, text: str = MAPPING, name: str = NAME) -> None:
    folder = instance.config.sources / derived.FOLDER
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def dropped(
    instance: Instance, site: Site, body: str | bytes, name: str = "strassenbaeume.csv", **fields: Any
) -> Source:
    source = define_drop(instance, site, mappings={"*baeume*": NAME}, **fields)
    site.put_folder("/ablage/", {name: body})
    homes.harvest_and_check(instance, source)
    return source


def the_dataset(instance: Instance) -> PublicDataset:
    (shown,) = homes.shown_all(instance)
    return shown


def pair(instance: Instance) -> tuple[PublicFile, PublicFile]:
    original, made = the_dataset(instance).files
    assert (original.derived_from, made.derived_from) == ("", original.id)
    return original, made


def alone(instance: Instance) -> PublicFile:
    (original,) = the_dataset(instance).files
    return original


@pytest.fixture
def client(instance: Instance) -> Iterator[FlaskClient]:
    with create_app(instance).test_client() as made:
        yield made


def path(address: str) -> str:
    return address.removeprefix("https://daten.example.org")


def change(site: Site, body: str | bytes) -> None:
    site.change("/ablage/strassenbaeume.csv", body=body.encode() if isinstance(body, str) else body)


def test_the_derived_table_stands_beside_the_file(instance: Instance, site: Site, client: FlaskClient) -> None:
    write_mapping(instance)
    dropped(instance, site, export())
    original, made = pair(instance)
    assert client.get(path(original.distribution.download_url[0])).data == export().encode(), "unchanged"
    assert (made.state, made.valid, made.schema_id, made.served) == (FileState.PUBLIC, True, "baumkataster", True)
    assert made.id == naming.derived_id(original.id)
    titles = {text.lang: text.value for text in made.distribution.title}
    assert titles["de"].endswith("(gemeinsames Schema Baumkataster)") and "shared schema" in titles["en"]
    assert made.distribution.conforms_to == (CONFORMS,)
    assert made.distribution.modified == made.checked_at != ""
    assert made.distribution.license == original.distribution.license != ""
    answer = client.get(path(made.distribution.download_url[0]))
    assert answer.status_code == 200
    assert len(answer.data) == made.distribution.byte_size
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(rows[0]) == [field.name for field in schemas.load("baumkataster").fields]
    assert [(row["baum_id"], row["lat"], row["stand"]) for row in rows] == [
        (f"da-{n}", "49.87", "2026-05-31") for n in (1, 2, 3)
    ]


def test_every_interface_knows_the_derived_table(instance: Instance, site: Site, client: FlaskClient) -> None:
    write_mapping(instance)
    dropped(instance, site, export())
    shown, (original, made) = the_dataset(instance), pair(instance)
    assert len(client.get(f"/api/data/{made.id}").get_json()["records"]) == 3
    assert client.get(f"/api/data/{made.id}.parquet").data[:4] == b"PAR1"
    assert client.get(f"/api/data/{made.id}.csv").text.startswith("baum_id,")
    log = client.get(f"/api/data/{made.id}/changes").get_json()
    assert (
        log["mapping"] == NAME and log["values"] > 0 and {one["column"] for one in log["changes"]} >= {"lat", "stand"}
    )
    assert client.get(f"/api/data/{original.id}/changes").status_code == 404
    package = client.get(f"/api/action/package_show?id={shown.id}").get_json()["result"]
    assert {resource["id"] for resource in package["resources"]} == {original.id, made.id}
    for file in (original, made):
        assert client.get(f"/dataset/{shown.name}/{file.id}").status_code == 200
    assert f"/api/data/{made.id}/changes" in client.get(f"/dataset/{shown.name}/{made.id}").text
    triples = homes.triples(instance)
    assert any(CONFORMS in triple for triple in triples)
    assert any("provenance" in triple for triple in triples)
    assert any(f"/api/data/{made.id}/changes" in triple for triple in triples)
    listed = client.get("/api/data").get_json()["tables"]
    assert {one["distribution"] for one in listed} == {original.id, made.id}


def test_the_derived_table_follows_the_file_and_the_mapping(instance: Instance, site: Site) -> None:
    write_mapping(instance)
    source = dropped(instance, site, export())
    _, first = pair(instance)
    change(site, export(rows=4))
    homes.check(instance, source)
    _, second = pair(instance)
    assert second.id == first.id and second.copy != first.copy
    write_mapping(instance, MAPPING.replace("standort_art: {value: strasse}", "standort_art: {value: park}"))
    site.statuses()
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 1, "a new mapping makes the check due"
    original, third = pair(instance)
    assert third.copy != second.copy and third.rows[0][third.header.index("standort_art")] == "park"
    assert original.rows[0][0] == "1"
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 0


@pytest.mark.parametrize("lat", ["nördlich", "99,9", ""])
def test_what_does_not_conform_is_not_published_and_said(instance: Instance, site: Site, lat: str) -> None:
    write_mapping(instance)
    dropped(instance, site, export(lat=lat))
    original = alone(instance)
    assert original.state is FileState.PUBLIC and original.unmapped is not None
    assert original.unmapped["report"]["findings"] and min(map(len, original.unmapped["sentence"])) > 20
    page = create_app(instance).test_client().get(f"/dataset/{the_dataset(instance).name}/{original.id}").text
    assert "Nicht ins gemeinsame Schema überführt" in page


def test_the_last_good_derived_table_stays(
    instance: Instance, site: Site, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_FRESH", retention.PAGES * 0)
    write_mapping(instance)
    source = dropped(instance, site, export())
    _, good = pair(instance)
    change(site, export(lat="nördlich"))
    homes.check(instance, source)
    original, made = pair(instance)
    assert (made.copy, made.valid) == (good.copy, True) and original.unmapped is not None
    assert b"n\xc3\xb6rdlich" in client.get(path(original.distribution.download_url[0])).data
    retention.let_go(instance.database, instance.files, instance.files.names())
    assert client.get(path(made.distribution.download_url[0])).status_code == 200
    change(site, export(rows=5))
    homes.check(instance, source)
    original, made = pair(instance)
    assert original.unmapped is None and len(made.rows) == 5


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "No such file"),
        ("schema: gibtsnicht\ncolumns: {a: A}\n", "gibtsnicht"),
        ("schema: [", "baeume.yaml"),
        ("\x00\x01", "baeume.yaml"),
        ("- a\n" * 100, "baeume.yaml"),
        ("x" * 300_000, "200 kB"),
        ("schema: baumkataster\ncolumns: {baum_id: Gibtsnicht}\n", "Gibtsnicht"),
        ("a: &a [*a]\n", "baeume.yaml"),
    ],
    ids=["missing", "schema", "yaml", "bytes", "list", "large", "column", "loop"],
)
def test_a_mapping_that_cannot_be_used_is_a_sentence(
    instance: Instance, site: Site, text: str | None, part: str
) -> None:
    if text is not None:
        write_mapping(instance, text)
    source = dropped(instance, site, export())
    original = alone(instance)
    assert (original.state, original.served) == (FileState.PUBLIC, True), "the original is unaffected"
    assert original.unmapped is not None and part in " ".join(original.unmapped["sentence"])
    if part != "Gibtsnicht":
        told = [check for check in installation.check(instance) if check.name == "mapping"]
        assert [check.state for check in told] == ["bad"]
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 0, "nobody tries all the time"
    write_mapping(instance)
    homes.check(instance, source)
    assert pair(instance)[0].unmapped is None


def test_a_mapping_outside_its_folder_is_not_read(instance: Instance, site: Site) -> None:
    (instance.config.home / "geheim.yaml").write_text(MAPPING, encoding="utf-8")
    for name in ("../geheim.yaml", "../../geheim.yaml", "/etc/passwd", ".geheim.yaml", ""):
        assert derived.read(instance.config.sources, name).failure is not None


@pytest.mark.parametrize("how", ["private", "withheld", "pending", "unreadable", "withdrawn-mapping"])
def test_nothing_derived_is_public_when_the_original_is_not(instance: Instance, site: Site, how: str) -> None:
    write_mapping(instance)
    source = dropped(instance, site, export(art="Geheime Eiche"))
    shown, (original, made) = the_dataset(instance), pair(instance)
    addresses = [f"/api/data/{made.id}{end}" for end in ("", ".csv", ".parquet", "/changes")]
    addresses += [path(made.distribution.download_url[0])]
    client = create_app(instance).test_client()
    assert {client.get(address).status_code for address in addresses} == {200}
    if how == "private":
        change(site, PEOPLE)
        homes.check(instance, source)
    elif how == "withheld":
        homes.withhold(instance, source.id, shown.remote_id, original.name)
        jobs.refresh(instance, source)
    elif how == "pending":
        given = {"type": "files", "url": site.url("/ablage/"), "defaults": {"description": "X."}}
        jobs.refresh(instance, define(instance, site, mappings={"*baeume*": NAME}, **given))
    elif how == "unreadable":
        site.drop("/ablage/strassenbaeume.csv")
        with instance.database.writing() as session:
            session.execute(sa.update(FileRow).values(outcome=""))
        homes.check(instance, source)
    else:
        jobs.refresh(instance, define_drop(instance, site))
    assert {client.get(address).status_code for address in addresses} == {404}
    (file,) = the_dataset(instance).files
    assert file.id == original.id
    if how != "withdrawn-mapping":
        said = everything_said(instance)
        assert b"Geheime Eiche" not in said and made.id.encode() not in said


def test_a_linked_file_may_be_mapped_too(instance: Instance, site: Site, client: FlaskClient) -> None:
    write_mapping(instance)
    source = define(instance, site, mappings={"*baum*": NAME})
    site.put("/baum.csv", export(), "text/csv")
    site.put_catalogue([[Entry("baeume", "Baumkataster", files=(site.url("/baum.csv"),))]])
    homes.harvest_and_check(instance, source)
    original, made = pair(instance)
    assert (original.state, made.state) == (FileState.LINKED, FileState.PUBLIC)
    assert site.url("/baum.csv") in (*original.distribution.download_url, *original.distribution.access_url)
    assert client.get(path(made.distribution.download_url[0])).status_code == 200
    site.drop("/baum.csv")
    with instance.database.writing() as session:
        session.execute(sa.update(FileRow).values(due_at=None))
    homes.check(instance, source)
    assert alone(instance).state is FileState.LINKED


def test_a_mapping_that_brings_the_process_down_leaves_the_original(
    instance: Instance, site: Site, tmp_path: Path
) -> None:
    write_mapping(instance)
    source = define_drop(instance, site, mappings={"*baeume*": NAME})
    site.put_folder("/ablage/", {"strassenbaeume.csv": export()})
    jobs.harvest(instance, source)

    def look(order: Order) -> Answer:
        with Checker(memory=100_000_000 if order.mapping else 3_000_000_000) as checker:
            return checker.check(order)

    jobs.check_files(instance, source, look)
    original = alone(instance)
    assert original.state is FileState.PUBLIC and original.unmapped is not None
    assert "Zuordnung" in original.unmapped["sentence"][0]


def test_a_file_that_cannot_be_fetched_is_not_asked_for_all_the_time(instance: Instance, site: Site) -> None:
    write_mapping(instance)
    source = dropped(instance, site, export())
    site.change("/ablage/strassenbaeume.csv", status=500)
    write_mapping(instance, MAPPING + "# neu\n")
    assert [jobs.check_files(instance, source, homes.look, only_due=True).made for _ in range(3)] == [1, 0, 0]
    pair(instance)
    site.change("/ablage/strassenbaeume.csv", status=200)
    before = homes.check(instance, source)
    assert before.made == 1
    with instance.database.reading() as session:
        row = session.scalars(sa.select(FileRow).where(FileRow.url != "")).one()
    assert row.derived is not None and row.derived["failure"] is None


@pytest.mark.parametrize(
    ("pattern", "name", "meant"),
    [
        ("*baum*", "Baumkataster.csv", True),
        ("b?um*", "BAUM.csv", True),
        ("[ab]x*", "axt.csv", True),
        ("b_x*", "b_x1.csv", True),
        ("b_x*", "bax1.csv", False),
        ("*baum*", "messung.csv", False),
    ],
)
def test_patterns_of_mappings(instance: Instance, site: Site, pattern: str, name: str, meant: bool) -> None:
    source = define_drop(instance, site, mappings={pattern: NAME})
    assert bool(derived_files.mapping_name(source, name)) is meant
    site.put_folder("/ablage/", {name: export()})
    homes.harvest_and_check(instance, source)
    with instance.database.writing() as session:
        session.execute(sa.update(FileRow).values(derived=sa.null()))
    with instance.database.reading() as session:
        assert bool(derived.stale(session, instance.config.sources, source)) is meant
