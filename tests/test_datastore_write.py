"""Tables that programs write: what becomes of them, who sees it, and that no change is lost."""

import threading
from dataclasses import replace
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
from catalog.app import create_app
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
        [{"a": "1"}, {"a": "02"}],
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
            == 'nr,"ort",wert\n1,"Straße",1.5\n2,"Platz",20\n3,"Weg",\n'.encode()
        )
    stranger = desks.editor(desks.office(instance, "andere"))
    assert refused(instance, "datastore_create", stranger, resource=asked, records=RECORDS)[0] == 403
    wrong = refused(instance, "datastore_create", editor, resource=asked, fields=FIELDS, records=[{"nr": "x"}])
    said = 'invalid input syntax for type integer: "x"'
    assert wrong == (
        409,
        {"records": [said], "records_row": 1, "records_field": ["nr"], "message": f"The data was invalid: {said}"},
    )
    with instance.database.reading() as session:
        number = session.scalar(sa.select(sa.func.count()).select_from(DeskResource))
    assert number == 1, "nothing is left of a table that could not be made"


def test_a_resource_with_an_address_takes_a_table_only_if_forced_and_gets_its_address_back(instance: Instance) -> None:
    office = desks.office(instance)
    editor = desks.editor(office)
    address = "https://amt.example/daten.csv"
    found = datastore_calls.resource(instance, office, resources=[{"name": "a", "url": address}])
    status, details = refused(instance, "datastore_create", editor, resource_id=found, records=RECORDS)
    assert status == 409 and "resource_id" in details
    with instance.database.reading() as session:
        assert session.get(DeskTable, found) is None
    call(instance, "datastore_create", editor, resource_id=found, records=RECORDS, force=True)
    shown = call(instance, "resource_show", editor, id=found)
    assert (shown["access_url"], shown["url_type"], shown["datastore_active"]) == (address, "upload", True)
    desks.check_files(instance)
    assert len(rows(instance, found)) == 3
    call(instance, "datastore_delete", editor, resource_id=found)
    shown = call(instance, "resource_show", editor, id=found)
    assert (shown["url"], shown["url_type"], shown["datastore_active"]) == (address, None, False)
    assert shown["last_modified"] and not shown.get("access_url")


def test_a_table_can_begin_without_columns(instance: Instance) -> None:
    office = desks.office(instance)
    found = datastore_calls.resource(instance, office)
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, aliases=["leere tabelle", "größe"])
    assert rows(instance, "größe", desks.ADMIN) == []
    desks.check_files(instance)
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, records=[{"a": 1}])
    desks.check_files(instance)
    assert rows(instance, "leere tabelle") == [{"_id": 1, "a": 1}]


def test_types_are_guessed_where_no_character_is_lost(instance: Instance) -> None:
    found = datastore_calls.resource(instance, desks.office(instance))
    record = {
        "ganz": 7,
        "groß": 2**40,
        "bruch": 0.5,
        "zahl": "12",
        "genau": "1.25",
        "plz": "01067",
        "tag": "2026-05-04",
        "um": "2026-05-04T03:02:01",
        "liste": [1],
        "wahr": True,
        "text": "60%",
        "nichts": None,
    }
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, records=[record])
    shown = call(instance, "datastore_search", desks.ADMIN, resource_id=found)
    kinds = {one["id"]: one["type"] for one in shown["fields"]}
    wanted = "int int4 int8 float8 int4 numeric text timestamp timestamp json bool text text"
    assert list(kinds.values()) == wanted.split()
    assert shown["records"] == [
        {"_id": 1, **record, "zahl": 12, "genau": 1.25, "tag": "2026-05-04T00:00:00", "um": "2026-05-04T03:02:01"}
    ]


def test_numbers_keep_all_their_digits_and_lists_are_lists(instance: Instance) -> None:
    found = datastore_calls.resource(instance, desks.office(instance))
    fields = [{"id": "wert", "type": "numeric"}, {"id": "namen", "type": "text[]"}, {"id": "ort", "type": "int[2]"}]
    long = "98765432109876543210.0123456789"
    records = [
        {"wert": long, "namen": ["ä", "b"], "ort": [3, -4]},
        {"wert": "2.50", "namen": ["ä"]},
        {"wert": 1e300, "namen": [], "ort": ""},
    ]
    call(instance, "datastore_create", desks.ADMIN, resource_id=found, fields=fields, records=records)
    desks.check_files(instance)
    client = create_app(instance).test_client()
    for actor in (ANONYMOUS, desks.ADMIN):
        shown = call(instance, "datastore_search", actor, resource_id=found, sort="namen desc")
        assert [one["type"] for one in shown["fields"]] == ["int", "numeric", "_text", "_int4"]
        assert [one["namen"] for one in shown["records"]] == [["ä", "b"], ["ä"], []]
        assert [one["ort"] for one in shown["records"]] == [[3, -4], None, None]
        assert [one["_id"] for one in rows(instance, found, actor, sort="wert")] == [2, 1, 3]
        assert [one["_id"] for one in rows(instance, found, actor, filters={"wert": 2.5})] == [2]
        assert [one["_id"] for one in rows(instance, found, actor, filters={"namen": ["ä"]})] == [2]
    assert f'"wert":{long},' in client.get(f"/api/3/action/datastore_search?resource_id={found}").text
    call(instance, "datastore_upsert", desks.ADMIN, resource_id=found, records=[{"_id": 2, "wert": "3.0"}])
    assert rows(instance, found, desks.ADMIN, filters={"_id": 2})[0]["wert"] == 3
    assert refused(
        instance, "datastore_upsert", desks.ADMIN, resource_id=found, records=[{"_id": 1, "wert": "x"}], dry_run=True
    )[1]["records"] == ['invalid input syntax for type numeric: "x"']


def test_small_tables_are_public_when_the_call_is_answered(instance: Instance) -> None:
    seeing = replace(instance, look=desks.look)
    found = datastore_calls.resource(seeing, desks.office(seeing))
    call(seeing, "datastore_create", desks.ADMIN, resource_id=found, records=RECORDS)
    assert len(rows(seeing, found)) == 3
    call(seeing, "datastore_upsert", desks.ADMIN, resource_id=found, method="insert", records=[{"nr": 9}])
    assert len(rows(seeing, found)) == 4
    person = {"Vorname": "Erika", "Nachname": "Mustermann", "E-Mail": "erika@mustermann.example"}
    other = datastore_calls.resource(seeing, desks.office(seeing, "zwei"), name="zwei")
    call(seeing, "datastore_create", desks.ADMIN, resource_id=other, records=[person] * 20)
    assert refused(seeing, "datastore_search", resource_id=other)[0] == 404


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
        ("upsert", {"nr": 1, "fehlt": 2}, "fields"),
        ("insert", {"nr": 8, "fehlt": 2}, "records"),
        ("upsert", {"nr": 1.5}, "records"),
        ("upsert", {"nr": 2**63}, "records"),
        ("upsert", "text", "records"),
        ("merge", {"nr": 1}, "method"),
    ):
        status, details = refused(
            instance, "datastore_upsert", editor, resource_id=found, method=method, records=[record]
        )
        assert status == 409 and next(iter(details)) == blamed, (method, record, details)
        assert details.keys() <= {blamed, "records_row", "records_field"}
    upsert("update", {"_id": 5, "nr": 60})
    assert refused(instance, "datastore_upsert", editor, resource_id=found, records=[{"_id": 5, "nr": 1}])[0] == 409
    again = call(
        instance,
        "datastore_upsert",
        editor,
        resource_id=found,
        method="insert",
        records=[{"nr": 70}],
        include_records=True,
        dry_run=True,
    )
    assert again["records"] == [{"_id": 6, "nr": 70, "ort": None, "wert": None}]
    dry = call(instance, "datastore_upsert", editor, resource_id=found, records=[{"nr": 7}], dry_run=True)
    assert dry["dry_run"] and len(rows(instance, found, editor)) == 5


def test_deleted_rows_go_and_no_number_is_given_twice(instance: Instance, table: tuple[str, Actor]) -> None:
    found, editor = table
    done = call(
        instance,
        "datastore_delete",
        editor,
        resource_id=found,
        filters={"wert": {"gte": 2}},
        include_deleted_records=True,
    )
    assert (done["deleted"], done["deleted_records"]) == (1, [{"_id": 2, "nr": 2, "ort": "Platz", "wert": 20}])
    for wrong in ([], "alles"):
        said = refused(instance, "datastore_delete", editor, resource_id=found, filters=wrong)
        assert said == (409, {"filters": ["Must be a dict"]})
    call(instance, "datastore_records_delete", editor, resource_id=found, filters={"_id": 3})
    call(instance, "datastore_upsert", editor, resource_id=found, records=[{"nr": 9}])
    assert [(row["_id"], row["nr"]) for row in rows(instance, found, editor)] == [(1, 1), (4, 9)]
    assert refused(instance, "datastore_records_delete", editor, resource_id=found)[0] == 409
    assert refused(instance, "datastore_delete", editor, resource_id=found, filters={"nein": 1})[0] == 409
    assert len(rows(instance, found, editor)) == 2, "a filter that fits no column deletes nothing"
    call(instance, "datastore_records_delete", editor, resource_id=found, filters={})
    assert rows(instance, found, editor) == []
    call(instance, "datastore_delete", editor, id=found)
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
        ({"resource_id": found, "fields": [{"id": "ort"}, {"id": "nr"}]}, "fields"),
        ({"resource_id": found, "indexes": [["nr", "ort"], "fehlt"]}, "indexes"),
        ({"resource_id": found, "fields": [{"id": "ort"}], "delete_fields": True}, "primary_key"),
        ({"resource_id": found, "primary_key": "fehlt"}, "primary_key"),
        ({"resource_id": found, "primary_key": "wert"}, "primary_key"),
        ({"resource_id": other, "records": RECORDS, "aliases": "werte"}, "aliases"),
        ({"resource_id": other, "records": RECORDS, "aliases": found}, "aliases"),
        ({"resource_id": other, "fields": [{"id": "_id", "type": "int"}]}, "fields"),
        ({"resource_id": other, "fields": [{"id": 'a"b', "type": "int"}]}, "fields"),
        ({"resource_id": other, "fields": [{"id": "a", "type": "int"}, {"id": "A", "type": "int"}]}, "fields"),
        ({"resource_id": other, "fields": [{"id": "a", "type": "int; DROP TABLE x"}]}, "fields"),
        ({"resource_id": other, "records": [{"x' OR 1=1 --": 1, "_y": 2}]}, "fields"),
        ({"resource_id": other, "records": RECORDS, "triggers": [{"function": "f"}]}, "triggers"),
    ):
        status, details = refused(instance, "datastore_create", desks.ADMIN, **arguments)
        assert status == 409 and next(iter(details)) == blamed, (arguments, details)
    call(instance, "datastore_create", editor, resource_id=found, fields=[{"id": "nr", "type": "text"}])
    call(instance, "datastore_create", editor, resource_id=found, records=[{"nr": 9, "neu": "x"}])
    kept = [{"id": "nr"}, {"id": "neu"}]
    call(instance, "datastore_create", editor, resource_id=found, fields=kept, delete_fields=True)
    shown = call(instance, "datastore_search", editor, resource_id=found, filters={"nr": 9})
    assert [one["type"] for one in shown["fields"]] == ["int", "int4", "text"], "no column becomes another"
    assert shown["records"] == [{"_id": 5, "nr": 9, "neu": "x"}]
    twice = refused(instance, "datastore_create", editor, resource_id=found, records=[{"nr": 9}])
    assert twice[0] == 409 and {"records", "constraints", "message"} <= twice[1].keys()
    stranger = refused(instance, "datastore_upsert", ANONYMOUS, resource_id=found)
    assert stranger == (403, {"message": "Access denied: Action datastore_upsert requires an authenticated user"})


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
    assert status == 409 and next(iter(details)) == "records"
    names = [{"id": f"c{n}", "type": "int"} for n in range(501)]
    assert refused(instance, "datastore_create", editor, resource_id=found, fields=names)[0] == 409
