"""Tables that programs write: what becomes of them, who sees it, and that no change is lost."""

import threading
from pathlib import Path

import datastore_calls
import desks
import homes
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from datastore_calls import rows
from desk_people import ask as call
from desk_people import refusal as refused

from catalog import store
from catalog.access import ANONYMOUS, Actor, Capacity
from catalog.instance import Instance
from catalog.models import FileRow
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskResource, DeskTable

FIELDS = [{"id": "nr", "type": "int"}, {"id": "ort", "type": "text"}, {"id": "wert", "type": "numeric"}]
RECORDS = [{"nr": 1, "ort": "Straße", "wert": 1.5}, {"nr": 2, "ort": "Platz", "wert": 20}, {"nr": 3, "ort": "Weg"}]


def test_what_a_program_writes_its_editors_see_at_once_and_the_public_after_the_check(instance: Instance) -> None:
    office = desks.office(instance)
    editor = desks.editor(office)
    found = datastore_calls.resource(instance, office)
    made = call(
        instance, "datastore_create", editor, resource_id=found, fields=FIELDS, records=RECORDS, primary_key="nr"
    )
    assert made["resource_id"] == found
    assert [field["type"] for field in made["fields"]] == ["int4", "text", "numeric"]
    assert rows(instance, found, editor)[2] == {"_id": 3, "nr": 3, "ort": "Weg", "wert": None}
    assert refused(instance, "datastore_search", resource_id=found)[0] == 404
    desks.check_files(instance)
    assert rows(instance, found) == rows(instance, found, editor)
    call(instance, "datastore_upsert", editor, resource_id=found, records=[{"nr": 2, "wert": 21}, {"nr": 4}])
    assert [row["wert"] for row in rows(instance, found, editor)] == [1.5, 21, None, None]
    assert [row["wert"] for row in rows(instance, found)] == [1.5, 20, None], "not checked yet"
    desks.check_files(instance)
    assert [(row["nr"], row["ort"]) for row in rows(instance, found)] == [
        (1, "Straße"),
        (2, "Platz"),
        (3, "Weg"),
        (4, None),
    ]
    public = call(instance, "datastore_search", resource_id=found, filters={"wert": {"gt": 3}})
    assert [row["nr"] for row in public["records"]] == [2], "numbers are compared as numbers, also for the public"
    assert [field["type"] for field in public["fields"]] == ["int", "int4", "text", "numeric"]


def test_personal_data_stay_with_the_editors(instance: Instance) -> None:
    office = desks.office(instance)
    editor = desks.editor(office)
    found = datastore_calls.resource(instance, office)
    person = {
        "Vorname": "Erika",
        "Nachname": "Mustermann",
        "E-Mail": "erika@mustermann.example",
        "Telefon": "0171 2345678",
    }
    people = [person] * 20
    call(instance, "datastore_create", editor, resource_id=found, records=people)
    desks.check_files(instance)
    with instance.database.reading() as session:
        assert session.get_one(FileRow, found).outcome == "private"
    assert refused(instance, "datastore_search", resource_id=found)[0] == 404
    assert refused(instance, "datastore_info", id=found)[0] == 404
    assert len(rows(instance, found, editor)) == 20


def test_a_table_that_is_dropped_leaves_the_public_at_once(instance: Instance, table: tuple[str, Actor]) -> None:
    found, editor = table
    desks.check_files(instance)
    assert len(rows(instance, found)) == 3
    call(instance, "datastore_delete", editor, resource_id=found)
    for actor in (ANONYMOUS, editor):
        assert refused(instance, "datastore_search", actor, resource_id=found)[0] == 404
        assert refused(instance, "datastore_info", actor, id=found)[0] == 404
    with instance.database.reading() as session:
        assert store.public_table(session, found) is None
        shown = store.find_public(session, "baeume")
    assert shown is not None and (shown.files[0].copy, shown.files[0].table, shown.files[0].rows) == ("", "", ())


@pytest.mark.parametrize(
    "records",
    [
        [{"a": "x;y"}, {"a": "1;2"}, {"a": "3;4"}],
        [{"a;b": "x"}, {"a;b": "y"}],
        [{"a": 1, "b": "2,5"}, {"a": 2, "b": "3,5"}],
        [{"a": "1"}, {"a": "2"}],
        [{"titel": "Überschrift", "b": None, "c": None}, {"titel": "x", "b": "y", "c": "z"}],
        [{"a": "\n\n", "b": "x"}, {"a": "# kein Kommentar", "b": "-"}, {"a": "NULL", "b": " x "}],
        [{"a": True, "b": 1e300, "c": {"x": [1, "ü"]}}, {"a": False, "b": -0.1, "c": []}],
        [{"a": "=1+1", "b": "'"}, {"a": '"', "b": '""'}],
    ],
)
def test_the_public_gets_the_cells_that_were_written(instance: Instance, records: list[dict[str, object]]) -> None:
    found = datastore_calls.resource(instance, desks.office(instance))
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, records=records)
    desks.check_files(instance)
    written = rows(instance, found, desks.ADMIN)
    assert [{name: value for name, value in row.items() if name != "_id"} for row in written] == records
    assert rows(instance, found) == written


def test_a_private_table_is_for_its_organisation(instance: Instance) -> None:
    office, other = desks.office(instance), desks.office(instance, "andere")
    editor, member = desks.editor(office), desks.editor(office, Capacity.MEMBER)
    found = datastore_calls.resource(instance, office, private=True)
    call(instance, "datastore_create", editor, resource_id=found, records=RECORDS, aliases="geheim")
    desks.check_files(instance)
    assert len(rows(instance, "geheim", member)) == 3
    for stranger in (ANONYMOUS, desks.editor(other)):
        for name in (found, "geheim"):
            assert refused(instance, "datastore_search", stranger, resource_id=name)[0] == 404
            assert refused(instance, "datastore_info", stranger, id=name)[0] == 404
            assert refused(instance, "datastore_upsert", stranger, resource_id=name, records=[])[0] in (403, 404)
            assert refused(instance, "datastore_delete", stranger, resource_id=name)[0] in (403, 404)
    assert refused(instance, "datastore_upsert", member, resource_id=found, records=RECORDS)[0] == 403
    assert len(rows(instance, found, editor)) == 3


def test_a_table_can_bring_its_resource(instance: Instance) -> None:
    office = desks.office(instance)
    editor = desks.editor(office)
    row = desks.write(instance, office)
    asked = {"package_id": row.id, "name": "Messwerte 2026"}
    made = call(instance, "datastore_create", editor, resource=asked, fields=FIELDS, records=RECORDS)
    with instance.database.reading() as session:
        kept = session.get_one(DeskResource, made["resource_id"])
        assert kept.dataset_id == row.id
        assert kept.name.startswith("Messwerte-2026-") and kept.name.endswith(".csv")
        assert (
            b"".join(instance.files.stream(kept.sha256))
            == 'nr,"ort",wert\n1,"Straße",1.5\n2,"Platz",20.0\n3,"Weg",\n'.encode()
        )
    stranger = desks.editor(desks.office(instance, "andere"))
    assert refused(instance, "datastore_create", stranger, resource=asked, records=RECORDS)[0] == 403
    wrong = refused(instance, "datastore_create", editor, resource=asked, fields=FIELDS, records=[{"nr": "x"}])
    assert wrong == (409, {"records": ['row 1, "nr": "x" is not a number']})
    with instance.database.reading() as session:
        number = session.scalar(sa.select(sa.func.count()).select_from(DeskResource))
    assert number == 1, "nothing is left of a table that could not be made"


def test_a_resource_with_a_file_or_an_address_keeps_it(instance: Instance) -> None:
    office = desks.office(instance)
    editor = desks.editor(office)
    found = datastore_calls.resource(
        instance, office, resources=[{"name": "a", "url": "https://amt.example/daten.csv"}]
    )
    status, details = refused(instance, "datastore_create", editor, resource_id=found, records=RECORDS, force=True)
    assert status == 409 and "resource_id" in details
    with instance.database.reading() as session:
        assert session.get(DeskTable, found) is None


@pytest.fixture
def table(instance: Instance) -> tuple[str, Actor]:
    """A table with a key, and who may write it."""
    office = desks.office(instance)
    editor = desks.editor(office)
    found = datastore_calls.resource(instance, office)
    call(instance, "datastore_create", editor, resource_id=found, fields=FIELDS, records=RECORDS, primary_key=["nr"])
    return found, editor


def test_update_insert_and_upsert_by_key(instance: Instance, table: tuple[str, Actor]) -> None:
    found, editor = table

    def upsert(method: str, *records: object) -> object:
        return call(instance, "datastore_upsert", editor, resource_id=found, method=method, records=list(records))

    upsert("update", {"nr": 1, "ort": "Allee"})
    upsert("upsert", {"nr": 5, "ort": "a"}, {"nr": 5, "wert": 7}, {"nr": 3, "ort": None})
    upsert("insert", {"nr": 6})
    assert [(row["_id"], row["nr"], row["ort"], row["wert"]) for row in rows(instance, found, editor)] == [
        (1, 1, "Allee", 1.5),
        (2, 2, "Platz", 20),
        (3, 3, None, None),
        (4, 5, "a", 7),
        (5, 6, None, None),
    ]
    for method, record, blamed in (
        ("update", {"nr": 99}, "key"),
        ("insert", {"nr": 1}, "records"),
        ("upsert", {"ort": "x"}, "key"),
        ("upsert", {"nr": 1, "fehlt": 2}, "records"),
        ("upsert", {"nr": 1.5}, "records"),
        ("upsert", {"nr": 2**63}, "records"),
        ("upsert", "text", "records"),
        ("merge", {"nr": 1}, "method"),
    ):
        status, details = refused(
            instance, "datastore_upsert", editor, resource_id=found, method=method, records=[record]
        )
        assert status == 409 and list(details) == [blamed], (method, record, details)
    dry = call(instance, "datastore_upsert", editor, resource_id=found, records=[{"nr": 7}], dry_run=True)
    assert dry["dry_run"] and len(rows(instance, found, editor)) == 5


def test_deleted_rows_go_and_no_number_is_given_twice(instance: Instance, table: tuple[str, Actor]) -> None:
    found, editor = table
    done = call(instance, "datastore_delete", editor, resource_id=found, filters={"wert": {"gte": 2}})
    assert done["deleted"] == 1
    call(instance, "datastore_records_delete", editor, resource_id=found, filters={"_id": 3})
    call(instance, "datastore_upsert", editor, resource_id=found, records=[{"nr": 9}])
    assert [(row["_id"], row["nr"]) for row in rows(instance, found, editor)] == [(1, 1), (4, 9)]
    assert refused(instance, "datastore_records_delete", editor, resource_id=found)[0] == 409
    assert refused(instance, "datastore_delete", editor, resource_id=found, filters={"nein": 1})[0] == 409
    assert len(rows(instance, found, editor)) == 2, "a filter that fits no column deletes nothing"
    call(instance, "datastore_records_delete", editor, resource_id=found, filters={})
    assert rows(instance, found, editor) == []
    call(instance, "datastore_delete", editor, resource_id=found)
    assert refused(instance, "datastore_search", editor, resource_id=found)[0] == 404
    call(instance, "datastore_create", editor, resource_id=found, records=[{"neu": True}])
    assert rows(instance, found, editor) == [{"_id": 1, "neu": True}]


def test_rows_without_a_key_are_named_by_their_number(instance: Instance) -> None:
    office = desks.office(instance)
    editor = desks.editor(office)
    found = datastore_calls.resource(instance, office)
    call(instance, "datastore_create", editor, resource_id=found, records=RECORDS)
    call(instance, "datastore_upsert", editor, resource_id=found, method="update", records=[{"_id": 2, "ort": "neu"}])
    assert [row["ort"] for row in rows(instance, found, editor)] == ["Straße", "neu", "Weg"]
    assert refused(instance, "datastore_upsert", editor, resource_id=found, records=[{"ort": "x"}])[0] == 409
    assert refused(instance, "datastore_upsert", editor, resource_id=found, records=[{"_id": 9, "ort": "x"}])[0] == 409


def test_created_again_a_table_takes_columns_and_keeps_what_it_has(
    instance: Instance, table: tuple[str, Actor]
) -> None:
    found, editor = table
    info = {"label": "Wert", "notes": "in m"}
    more = [{"id": "wert", "info": info}, {"id": "zeit", "type": "timestamp"}, {"id": "rest", "type": "json"}]
    added = [{"nr": 4, "zeit": "2026-01-02T03:04:05.5+01:00", "rest": {"a": [1, None]}}]
    call(instance, "datastore_create", editor, resource_id=found, fields=more, records=added, aliases=["werte"])
    shown = call(instance, "datastore_search", editor, resource_id="werte", sort="_id desc", limit=1)
    assert shown["records"] == [
        {"_id": 4, "nr": 4, "ort": None, "wert": None, "zeit": "2026-01-02T02:04:05.500000", "rest": {"a": [1, None]}}
    ]
    assert shown["fields"][3] == {"id": "wert", "type": "numeric", "info": info}
    described = call(instance, "datastore_info", editor, id=found)
    assert (described["meta"]["count"], described["meta"]["aliases"]) == (4, ["werte"])
    assert [field["id"] for field in described["fields"]] == ["nr", "ort", "wert", "zeit", "rest"]
    desks.check_files(instance)
    assert rows(instance, found)[3] == shown["records"][0]
    other = datastore_calls.resource(instance, desks.office(instance, "zwei"), name="zwei")
    for arguments, blamed in (
        ({"resource_id": found, "fields": [{"id": "nr", "type": "text"}]}, "fields"),
        ({"resource_id": found, "primary_key": "fehlt"}, "primary_key"),
        ({"resource_id": found, "primary_key": "ort"}, "primary_key"),
        ({"resource_id": other, "records": RECORDS, "aliases": "werte"}, "aliases"),
        ({"resource_id": other, "records": RECORDS, "aliases": found}, "aliases"),
        ({"resource_id": other, "fields": [{"id": "_id", "type": "int"}]}, "fields"),
        ({"resource_id": other, "fields": [{"id": 'a"b', "type": "int"}]}, "fields"),
        ({"resource_id": other, "fields": [{"id": "a", "type": "int"}, {"id": "A", "type": "int"}]}, "fields"),
        ({"resource_id": other, "fields": [{"id": "a", "type": "int; DROP TABLE x"}]}, "fields"),
        ({"resource_id": other, "records": [{"x' OR 1=1 --": 1, "_y": 2}]}, "fields"),
        ({"resource_id": other, "records": RECORDS, "triggers": [{"function": "f"}]}, "triggers"),
        ({"resource_id": other}, "fields"),
    ):
        status, details = refused(instance, "datastore_create", desks.ADMIN, **arguments)
        assert status == 409 and list(details) == [blamed], (arguments, details)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_parallel_changes_are_all_kept(kind: str, tmp_path: Path) -> None:
    with database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        office = desks.office(instance)
        editor = desks.editor(office)
        found = datastore_calls.resource(instance, office)
        errors: list[BaseException] = []

        def work(number: int) -> None:
            try:
                fields = [{"id": "nr", "type": "int"}]
                call(instance, "datastore_create", editor, resource_id=found, fields=fields, primary_key="nr")
                for step in range(3):
                    record = {"nr": number * 10 + step}
                    call(instance, "datastore_upsert", editor, resource_id=found, records=[record])
            except BaseException as error:
                errors.append(error)
                raise

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        kept = rows(instance, found, editor)
        assert sorted(row["nr"] for row in kept) == sorted(n * 10 + step for n in range(4) for step in range(3))
        assert [row["_id"] for row in kept] == list(range(1, 13))
        with instance.database.reading() as session:
            table = session.get_one(DeskTable, found)
            resource = session.get_one(DeskResource, found)
            notes = session.scalar(
                sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.action == "table.upsert")
            )
        assert (table.rows, table.version, notes) == (12, 16, 12)
        listed = b"".join(instance.files.stream(resource.sha256)).decode().split()
        assert sorted(listed[1:], key=int) == [str(row["nr"]) for row in sorted(kept, key=lambda row: row["nr"])]


def test_a_table_has_a_limit(instance: Instance, table: tuple[str, Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    found, editor = table
    long = "x" * 1_000_001
    status, details = refused(instance, "datastore_upsert", editor, resource_id=found, records=[{"nr": 1, "ort": long}])
    assert status == 409 and list(details) == ["records"]
    names = [{"id": f"c{n}", "type": "int"} for n in range(501)]
    assert refused(instance, "datastore_create", editor, resource_id=found, fields=names)[0] == 409
