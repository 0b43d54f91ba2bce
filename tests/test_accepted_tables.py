"""The accepted table of a file: its copies on every interface, what replaces it and what does not, foreign keys, and hostile files in a harvest."""

import io
import json
from pathlib import Path
from typing import Any

import homes
import pyarrow.parquet as pq
import pytest
import samples_tables
import sqlalchemy as sa
from flask.testing import FlaskClient
from homes import define_drop
from source_site import Site
from test_database import migrate
from test_file_checks import CONFORMS, LOGIN, PEOPLE, SCHEMA, dropped, everything_said, linked, the_file, trees

from catalog import file_references, jobs, schema
from catalog.app import create_app
from catalog.ingest import retention
from catalog.instance import Instance
from catalog.models import FileRow
from catalog.public import FileState, PublicFile
from catalog.tables import Checker
from harvesters.source import Source
from validators import schemas

pytestmark = pytest.mark.slow

ENDINGS = ("", ".csv", ".parquet")


def client(instance: Instance) -> FlaskClient:
    return create_app(instance).test_client()


def table_of(fields: dict[str, list[str]], schema_id: str) -> str:
    """Write a table of a schema; columns not named are empty."""
    names = [field.name for field in schemas.load(schema_id).fields]
    rows = zip(*fields.values(), strict=True)
    lines = [",".join(dict(zip(fields, row, strict=True)).get(name, "") for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"


def car_parks(*ids: str) -> str:
    number = len(ids)
    return table_of(
        {
            "park_id": list(ids), "name": ["Parkhaus"] * number, "art": ["parkhaus"] * number,
            "ags": ["06411000"] * number, "lon": ["8.65"] * number, "lat": ["49.87"] * number,
            "kapazitaet": ["100"] * number, "gebuehrenpflichtig": ["true"] * number,
            "hat_echtzeitdaten": ["true"] * number, "stand": ["2026-05-31"] * number,
        },
        "parken_statisch",
    )  # fmt: skip


def spaces(*ids: str) -> str:
    return table_of(
        {"park_id": list(ids), "zeitpunkt": ["2026-05-31T10:00:00Z"] * len(ids), "status": ["offen"] * len(ids)},
        "parken_belegung",
    )


def codes(file: PublicFile) -> set[str]:
    return {finding["code"] for finding in (file.report or {}).get("findings", ())}


def by_name(instance: Instance) -> dict[str, PublicFile]:
    return {file.name: file for shown in homes.shown_all(instance) for file in shown.files}


@pytest.mark.parametrize("put", [dropped, linked])
def test_a_table_is_served_in_every_form(instance: Instance, site: Site, put: Any) -> None:
    put(instance, site, trees())
    file = the_file(instance)
    whole = client(instance).get(f"/api/data/{file.id}.parquet")
    assert (whole.status_code, whole.mimetype) == (200, "application/vnd.apache.parquet")
    assert whole.headers["Access-Control-Allow-Origin"] == "*" and int(whole.headers["Content-Length"]) == len(
        whole.data
    )
    table = pq.read_table(io.BytesIO(whole.data))
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["lon"], types["naturdenkmal"], types["stand"], types["baum_id"]) == (
        "double",
        "bool",
        "date32[day]",
        "string",
    )
    about = table.schema.metadata
    assert about[b"offenbar.schema"] == SCHEMA.encode() and len(about[b"offenbar.source_sha256"]) == 64
    assert about[b"offenbar.schema_version"] == schemas.load(SCHEMA).version.encode()
    assert json.loads(about[b"offenbar.columns"])["lon"]["de"]
    plain = client(instance).get(f"/api/data/{file.id}.csv")
    assert plain.mimetype == "text/csv" and plain.text == trees(), "it had the form already"
    for ending in (".csv", ".parquet"):
        first = client(instance).get(f"/api/data/{file.id}{ending}")
        again = client(instance).get(f"/api/data/{file.id}{ending}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        head = client(instance).head(f"/api/data/{file.id}{ending}")
        assert (head.status_code, head.data) == (200, b"")
    (listed,) = client(instance).get("/api/data").get_json()["tables"]
    assert listed["parquet"].endswith(f"{file.id}.parquet") and listed["csv"].endswith(f"{file.id}.csv")


def test_german_values_come_in_one_form_and_the_file_stays_as_it_is(instance: Instance, site: Site) -> None:
    body = trees().replace(",", ";").encode("cp1252")
    dropped(instance, site, body)
    file = the_file(instance)
    assert client(instance).get(f"/api/data/{file.id}.csv").text == trees()
    shown = homes.shown_all(instance)[0]
    download = client(instance).get(f"/dataset/{shown.id}/resource/{file.id}/download/{file.name}")
    assert download.data == body


def test_a_spreadsheet_is_a_table_like_any_other(instance: Instance, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "baeume.xlsx"
    samples_tables.xlsx(path, {"Tabelle1": [line.split(",") for line in trees().splitlines()]})
    dropped(instance, site, path.read_bytes(), "baeume.xlsx")
    file = the_file(instance)
    assert (file.state, file.valid, file.served) == (FileState.PUBLIC, True, True)
    assert CONFORMS in file.distribution.conforms_to
    assert client(instance).get(f"/api/data/{file.id}.csv").text == trees()
    records = client(instance).get(f"/api/data/{file.id}").get_json()["records"]
    assert [record["baum_id"] for record in records] == ["da-1", "da-2", "da-3"]


def test_personal_data_in_a_spreadsheet_are_found(instance: Instance, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "paten.xlsx"
    samples_tables.xlsx(path, {"Tabelle1": [line.split(";") for line in PEOPLE.splitlines()]})
    dropped(instance, site, path.read_bytes(), "paten.xlsx")
    file = the_file(instance)
    assert file.state is FileState.HELD and file.reason is not None and file.reason.code == "private"
    assert {client(instance).get(f"/api/data/{file.id}{ending}").status_code for ending in ENDINGS} == {404}
    assert b"erika@" not in everything_said(instance)
    with instance.database.reading() as session:
        row = session.scalars(sa.select(FileRow)).one()
        assert (row.table_sha256, row.csv_sha256) == ("", "")
    assert [name for name in instance.files.names() if b"erika@" in b"".join(instance.files.stream(name))] == []


def test_a_text_is_no_table_unless_its_name_says_so(instance: Instance, site: Site) -> None:
    xml = "<liste>\n<nachname>Mustermann</nachname>\n<vorname>Erika</vorname>\n</liste>\n"
    dropped(instance, site, xml, "liste.xml")
    file = the_file(instance)
    assert file.state is FileState.HELD and file.reason is not None and file.reason.code == "unscanned"


@pytest.mark.parametrize("body", [PEOPLE, LOGIN, b"\x00\xff" * 400, b"", b"PK\x03\x04" + b"x" * 500, trees(bad=True)])
def test_the_last_good_table_stays(instance: Instance, site: Site, body: str | bytes) -> None:
    source = dropped(instance, site, trees())
    good = the_file(instance)
    data = body.encode() if isinstance(body, str) else body
    site.change("/ablage/baeume.csv", body=data)
    for _ in range(2):
        homes.check(instance, source)
    file = the_file(instance)
    assert (file.state, file.copy, file.table, file.csv) == (FileState.PUBLIC, good.copy, good.table, good.csv)
    assert file.valid is True and file.newer is not None
    assert {client(instance).get(f"/api/data/{file.id}{ending}").status_code for ending in ENDINGS} == {200}
    page = client(instance).get(f"/dataset/{homes.shown_all(instance)[0].name}/{file.id}")
    assert page.status_code == 200 and "Eine neuere Fassung wurde nicht übernommen" in page.text
    said = everything_said(instance)
    assert b"erika@" not in said and b"Zugang-4711" not in said
    retention.let_go(instance.database, instance.files, instance.files.names())
    site.statuses()
    homes.check(instance, source)
    assert set(site.statuses()) == {304}, "it is not fetched again and again"
    site.change("/ablage/baeume.csv", body=trees().encode())
    homes.check(instance, source)
    assert the_file(instance).newer is None and the_file(instance).copy == good.copy


def test_a_linked_table_stays_when_a_web_page_comes_in_its_place(instance: Instance, site: Site) -> None:
    source = linked(instance, site, trees())
    good = the_file(instance)
    site.change("/baeume.csv", body=LOGIN.encode())
    homes.check(instance, source)
    file = the_file(instance)
    assert (file.state, file.table, file.valid) == (FileState.LINKED, good.table, True) and file.newer is not None


def test_copies_are_kept_and_let_go(instance: Instance, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_FRESH", retention.PAGES * 0)
    source = dropped(instance, site, trees().replace(",", ";"))
    old = the_file(instance)
    retention.let_go(instance.database, instance.files, instance.files.names())
    assert {old.copy, old.table, old.csv} <= set(instance.files.names()) and len({old.copy, old.table, old.csv}) == 3
    site.change("/ablage/baeume.csv", body=trees(rows=5).encode())
    homes.check(instance, source)
    new = the_file(instance)
    retention.let_go(instance.database, instance.files, instance.files.names())
    assert {new.copy, new.table, new.csv} <= set(instance.files.names())
    assert not {old.copy, old.table, old.csv} & set(instance.files.names())


def test_a_home_of_the_version_before_gets_its_copies(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    before = the_file(instance)
    with instance.database.engine.connect() as connection:
        back_to_0004(connection)
        connection.commit()
    assert schema.upgrade(instance.database) == ("0004", schema.head())
    jobs.refresh(instance, source)
    assert client(instance).get(f"/api/data/{before.id}").status_code == 200, "what is there stays"
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 1
    file = the_file(instance)
    assert (file.table, file.csv, file.copy) == (before.table, before.csv, before.copy)


def back_to_0004(connection: sa.Connection) -> None:
    """Take away what came with later versions."""
    old = sa.create_engine("sqlite://")
    with old.connect() as beside:
        migrate(beside, "0004")
        known = {name: columns(beside, name) for name in sa.inspect(beside).get_table_names()}
        indexed = {name: indexes(beside, name) for name in known}
    for name in reversed(sa.inspect(connection).get_table_names()):
        if name not in known:
            connection.execute(sa.text(f"DROP TABLE {name}"))
            continue
        for index in indexes(connection, name) - indexed[name]:
            connection.execute(sa.text(f"DROP INDEX {index}"))
        for column in columns(connection, name) - known[name]:
            connection.execute(sa.text(f"ALTER TABLE {name} DROP COLUMN {column}"))
        assert columns(connection, name) == known[name]
    assert "table_sha256" not in columns(connection, "file")
    connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
    old.dispose()


def columns(connection: sa.Connection, table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(connection).get_columns(table)}


def indexes(connection: sa.Connection, table: str) -> set[str]:
    return {str(index["name"]) for index in sa.inspect(connection).get_indexes(table)}


def both(instance: Instance, site: Site, files: dict[str, str | bytes]) -> Source:
    source = define_drop(instance, site, schemas={"parkhaeuser*": "parken_statisch", "belegung*": "parken_belegung"})
    site.put_folder("/ablage/", files)
    homes.harvest_and_check(instance, source)
    return source


def test_foreign_keys_are_checked_against_the_table_they_point_to(instance: Instance, site: Site) -> None:
    # Several, so that whatever the order of the ids one of them would come before the table it points to.
    names = [f"belegung{number}.csv" for number in range(6)]
    files: dict[str, str | bytes] = {name: spaces("da-1", "da-9") for name in names}
    both(instance, site, {**files, "parkhaeuser.csv": car_parks("da-1", "da-2")})
    for name in names:
        file = by_name(instance)[name]
        assert file.valid is False and "foreign-key" in codes(file) and "reference-missing" not in codes(file)
    assert by_name(instance)["parkhaeuser.csv"].valid is True


def test_several_tables_of_a_schema_count_together(instance: Instance, site: Site) -> None:
    files: dict[str, str | bytes] = {"belegung.csv": spaces("da-1", "da-9")}
    both(instance, site, {**files, "parkhaeuser1.csv": car_parks("da-1"), "parkhaeuser2.csv": car_parks("da-9")})
    assert by_name(instance)["belegung.csv"].valid is True


def test_a_table_that_comes_later_has_the_others_checked_again(instance: Instance, site: Site) -> None:
    source = both(instance, site, {"belegung.csv": spaces("da-1", "da-9")})
    file = by_name(instance)["belegung.csv"]
    assert file.valid is True and "reference-missing" in codes(file)
    site.put_folder("/ablage/", {"belegung.csv": spaces("da-1", "da-9"), "parkhaeuser.csv": car_parks("da-1")})
    jobs.harvest(instance, source)
    jobs.check_files(instance, source, homes.look, only_due=True)
    jobs.check_files(instance, source, homes.look, only_due=True)
    file = by_name(instance)["belegung.csv"]
    assert file.valid is False and "foreign-key" in codes(file) and "reference-missing" not in codes(file)
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 0


def test_references_come_from_the_same_source_first_and_from_the_same_city_only(instance: Instance, site: Site) -> None:
    own = both(instance, site, {"parkhaeuser.csv": car_parks("da-1")})
    site.put_folder("/fern/", {"parkhaeuser.csv": car_parks("da-2", "da-3")})
    other = define_drop(
        instance, site, id="fern", department="Amt B", url=site.url("/fern/"), schemas={"park*": "parken_statisch"}
    )
    homes.harvest_and_check(instance, other)
    far = define_drop(instance, site, id="weit", city="frankfurt", url=site.url("/leer/"))

    def found(source: Source) -> dict[str, int]:
        with instance.database.reading() as session:
            tables = file_references.find(session, source, {"parken_statisch", "messstelle"})
        return {key: sum(len(list(instance.files.stream(one))) for one in digests) for key, digests in tables.items()}

    assert found(own) == {"parken_statisch": 1} == found(other)
    with instance.database.reading() as session:
        first = file_references.find(session, own, {"parken_statisch"})
        second = file_references.find(session, other, {"parken_statisch"})
    texts = [b"".join(instance.files.stream(one["parken_statisch"][0])) for one in (first, second)]
    assert b"da-1" in texts[0] and b"da-2" in texts[1]
    assert found(far) == {}


HOSTILE: dict[str, bytes] = {
    "leer.csv": b"",
    "nullen.csv": b"\x00" * 5000,
    "anfuehrung.csv": b'a;b\n"' + b"x" * 50_000,
    "breit.csv": b";" * 200_000 + b"\n",
    "kaputt.xlsx": b"PK\x03\x04" + bytes(range(256)) * 20,
    "kaputt.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 20,
    "kaputt.ods": b"PK\x05\x06" + b"\x00" * 18,
    "kaputt.parquet": b"PAR1" + bytes(range(256)) * 20 + b"PAR1",
    "kaputt.gpkg": b"SQLite format 3\x00" + bytes(range(256)) * 20,
    "tief.json": b"[" * 100_000,
    "halb.geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", ',
    "seltsam.geojson": b'{"type": "FeatureCollection", "features": [1, null, {"type": "Feature", "geometry": 7}]}',
    "ersatz.json": b'[{"a": "\\ud800", "b": 1e999}]',
    "gepackt.zip": b"PK\x03\x04" + b"\xff" * 2000,
    "gepackt.csv.gz": b"\x1f\x8b" + b"\xff" * 2000,
    "utf16.csv": b"\xff\xfe\x00",
    "dokument.pdf": b"%PDF-1.7",
}


def test_hostile_files_disturb_nothing(instance: Instance, site: Site) -> None:
    """A harvest with all of them, in the process that production uses: metadata are public, the good file too, none of these."""
    source = define_drop(instance, site, schemas={"baeume*": SCHEMA})
    site.put_folder("/ablage/", {**HOSTILE, "baeume.csv": trees()})
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "applied", outcome
    with Checker() as checker:
        checks = jobs.check_files(instance, source, checker.check)
    assert checks.made == len(HOSTILE) + 1
    files = by_name(instance)
    assert set(files) == {*HOSTILE, "baeume.csv"}
    assert (files["baeume.csv"].state, files["baeume.csv"].valid) == (FileState.PUBLIC, True)
    for name in HOSTILE:
        file = files[name]
        # What is harmless JSON all the same may be public.
        if file.state is not FileState.PUBLIC:
            assert file.state is FileState.HELD and file.reason is not None, name
            assert min(len(file.reason.text.de), len(file.reason.text.en)) > 15, name
    public = {name for name in HOSTILE if files[name].state is FileState.PUBLIC}
    assert public <= {"seltsam.geojson", "ersatz.json", "breit.csv", "anfuehrung.csv"}, public
    for shown in homes.shown_all(instance):
        assert client(instance).get(f"/dataset/{shown.name}").status_code == 200
        for file in shown.files:
            assert client(instance).get(f"/dataset/{shown.name}/{file.id}").status_code == 200
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 0


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "leer.csv"])
def test_a_hostile_version_takes_no_table_offline(instance: Instance, site: Site, name: str) -> None:
    source = dropped(instance, site, trees())
    good = the_file(instance)
    site.change("/ablage/baeume.csv", body=HOSTILE[name])
    homes.check(instance, source)
    file = the_file(instance)
    assert (file.state, file.table, file.csv, file.copy) == (FileState.PUBLIC, good.table, good.csv, good.copy)
    assert file.newer is not None


def test_a_process_that_breaks_on_every_file_disturbs_nothing(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    good = the_file(instance)
    site.change("/ablage/baeume.csv", body=trees(rows=4).encode())
    with Checker(memory=100_000_000) as checker:
        jobs.check_files(instance, source, checker.check)
    file = the_file(instance)
    assert (file.state, file.copy) == (FileState.PUBLIC, good.copy) and file.newer is not None
    assert {finding["code"] for finding in file.newer["findings"]} == {"check-failed"}
    homes.check(instance, source)
    assert the_file(instance).newer is None and len(the_file(instance).rows) == 4, "it is tried again"


def test_a_new_file_that_breaks_the_process_is_held(instance: Instance, site: Site) -> None:
    source = define_drop(instance, site)
    site.put_folder("/ablage/", {"liste.csv": PEOPLE})
    jobs.harvest(instance, source)
    with Checker(memory=100_000_000) as checker:
        jobs.check_files(instance, source, checker.check)
    file = the_file(instance)
    assert file.state is FileState.HELD and file.reason is not None and file.reason.code == "unreadable"
    assert b"erika@" not in everything_said(instance)
