"""Many datasets as one table: there and back without loss, no formulas, and only what was meant changes."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import bulk, bulk_files, package_fields
from catalog.bulk import Known
from catalog.bulk_files import Table
from dcat.errors import ConfigError, UnreadableError

ID = "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011"


def package(**given: Any) -> dict[str, Any]:
    """A package as `package_show` gives it."""
    return {
        "id": ID,
        "name": "baeume",
        "title": "Bäume",
        "notes": "Alle\nBäume; auch „kleine“",
        "metadata_modified": "2026-11-22T08:00:00.000000",
        "organization": {"name": "gruenamt"},
        "tags": [{"name": "Baum", "vocabulary_id": None}, {"name": "Grün", "vocabulary_id": "v1"}],
        "groups": [{"id": "g1", "name": "envi"}],
        "extras": [{"key": "formel", "value": "=1+1"}, {"key": "leer", "value": ""}],
        "title_translated": {"de": "Bäume", "en": "Trees"},
        "private": False,
        "state": "active",
        "resources": [],
        **given,
    }


def found(*packages: Mapping[str, Any], etag: str = '"1"') -> bulk.Find:
    by_key = {key: one for one in packages for key in (one["id"], one["name"])}
    return lambda key: Known(by_key[key], etag) if key in by_key else None


def edited(table: Table, **cells: str) -> Table:
    """Change cells of the first row."""
    first = dict(zip(table.columns, table.rows[0], strict=True)) | cells
    columns = tuple(first)
    return Table(columns, (tuple(first.values()),), (2,))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_written_comes_back_and_changes_nothing(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"t.{ending}"
    bulk_files.write(file, bulk.table([package()]))
    plan = bulk.compare(bulk_files.read(file, bulk.known_columns()), found(package()))
    assert (plan.changes, plan.faults, plan.unchanged) == ((), (), 1)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_cell_is_a_formula(tmp_path: Path, ending: str) -> None:
    wild = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "'=x", "\t=1", "plain", "'quoted"]
    extras = [{"key": f"k{n}", "value": value} for n, value in enumerate(wild)]
    file = tmp_path / f"t.{ending}"
    bulk_files.write(file, bulk.table([package(extras=extras)]))
    if ending == "csv":
        with file.open(encoding="utf-8-sig", newline="") as text:
            cells = [cell for row in csv.reader(text, delimiter=";") for cell in row]
    else:
        cells = [str(cell.value or "") for row in openpyxl.load_workbook(file).active for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t")]
    back = bulk_files.read(file, bulk.known_columns())
    assert bulk.compare(back, found(package(extras=extras))).unchanged == 1
    values = dict(zip(back.columns, back.rows[0], strict=True))
    assert [values[f"extras.k{n}"].strip() for n in range(len(wild))] == [value.strip() for value in wild]


@given(st.text(st.characters(codec="utf-8"), max_size=30))
@settings(max_examples=200)
def test_neutralised_cells_come_back(text: str) -> None:
    assert bulk_files.restored(bulk_files.neutral(text)) == text
    assert bulk_files.neutral(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_what_excel_in_german_saves_is_read(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(f"Liste der Ämter;;\r\nid;Titel;Schlagwörter\r\n{ID};Straßenbäume;Baum\r\n".encode("cp1252"))
    plan = bulk.compare(bulk_files.read(file, bulk.known_columns()), found(package()))
    (change,) = plan.changes
    assert change.row == 3
    assert [(one.field, one.after) for one in change.differences] == [("title", "Straßenbäume"), ("tags", "Baum")]


def test_only_what_was_changed_is_sent_and_can_be_taken_back() -> None:
    given = package()
    table = edited(
        bulk.table([given]), **{"tags": "Grün, Wald", "extras.formel": "", "extras.neu": "1", "title@en": "All trees"}
    )
    (change,) = bulk.compare(table, found(given)).changes
    assert change.arguments == {
        "tags": [{"name": "Grün", "vocabulary_id": "v1"}, {"name": "Wald"}],
        "extras": [{"key": "leer", "value": ""}, {"key": "neu", "value": "1"}],
        "title_translated": {"de": "Bäume", "en": "All trees"},
    }
    assert change.before == {
        "tags": given["tags"],
        "extras": given["extras"],
        "title_translated": given["title_translated"],
    }
    assert change.etag == '"1"'


def test_a_missing_column_stays_and_an_empty_cell_empties() -> None:
    table = Table(("id", "notes"), ((ID, ""),), (2,))
    (change,) = bulk.compare(table, found(package())).changes
    assert change.arguments == {"notes": ""}


def test_what_others_changed_meanwhile_is_a_conflict() -> None:
    table = edited(bulk.table([package()]), title="Neu")
    plan = bulk.compare(table, found(package(metadata_modified="2026-11-22T09:00:00.000000")))
    assert plan.changes == () and plan.faults[0].conflict
    same = bulk.compare(edited(bulk.table([package()])), found(package(metadata_modified="2026-11-22T09:00:00.000000")))
    assert same.faults == (), "a row that wants nothing is no conflict"


def test_rows_that_cannot_be_followed() -> None:
    def fault(**cells: str) -> str:
        plan = bulk.compare(edited(bulk.table([package()]), **cells), found(package()))
        (one,) = plan.faults
        assert plan.changes == () and not one.conflict
        return one.why.en

    assert "no dataset with this id" in fault(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40099")
    assert "neither id nor name" in fault(id="", name="")
    assert "yes or no" in fault(private="vielleicht")
    assert "tags" in fault(tags="x")
    harvested = bulk.compare(edited(bulk.table([package()]), title="Neu"), found(package(), etag=""))
    assert "harvested" in harvested.faults[0].why.en


def test_a_dataset_may_stand_in_one_row_only() -> None:
    table = Table(("name", "title"), (("baeume", "A"), ("baeume", "B")), (2, 3))
    plan = bulk.compare(table, found(package()))
    assert [change.row for change in plan.changes] == [2] and [fault.row for fault in plan.faults] == [3]


def test_a_new_name_is_a_new_draft() -> None:
    table = Table(("id", "name", "title", "organization"), (("", "brunnen", "Brunnen", "gruenamt"),), (2,))
    (change,) = bulk.compare(table, found()).changes
    assert change.id == "" and change.arguments == {
        "name": "brunnen",
        "title": "Brunnen",
        "owner_org": "gruenamt",
        "state": "draft",
    }


def test_columns_nobody_knows_are_told() -> None:
    with pytest.raises(ConfigError, match="farbe"):
        bulk.compare(Table(("id", "farbe"), ((ID, "rot"),), (2,)), found(package()))
    with pytest.raises(ConfigError, match="twice"):
        bulk.compare(Table(("id", "Titel", "title"), ((ID, "a", "b"),), (2,)), found(package()))


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    wrong = tmp_path / "t.xlsx"
    wrong.write_bytes(b"PK\x03\x04 kein Zip")
    with pytest.raises(UnreadableError):
        bulk_files.read(wrong, bulk.known_columns())
    empty = tmp_path / "t.csv"
    empty.write_text("x;y\n1;2\n")
    with pytest.raises(UnreadableError, match="names of columns"):
        bulk_files.read(empty, bulk.known_columns())
    empty.write_text("id;title\n1;2;3\n")
    with pytest.raises(UnreadableError, match="row 2"):
        bulk_files.read(empty, bulk.known_columns())
    with pytest.raises(ConfigError):
        bulk_files.read(tmp_path / "t.pdf", bulk.known_columns())


def test_a_cell_longer_than_excel_holds_is_no_loss(tmp_path: Path) -> None:
    long = bulk.table([package(notes="x" * 40_000)])
    with pytest.raises(ConfigError, match=r"notes.*csv"):
        bulk_files.write(tmp_path / "t.xlsx", long)
    bulk_files.write(tmp_path / "t.csv", long)
    assert bulk.compare(
        bulk_files.read(tmp_path / "t.csv", bulk.known_columns()), found(package(notes="x" * 40_000))
    ).unchanged


def test_fields_as_stewards_write_them() -> None:
    given = {
        "titel": {"de": "Bäume", "en": "Trees"},
        "Lizenz": "dl-zero-de/2.0",
        "keywords": "Baum, Grün; Baum",
        "extras": {"stand": 2026},
        "extras.Farbe": "rot",
        "private": "ja",
        "resources": ["https://x.example/a.csv", {"file": "b.csv", "name": "B"}],
    }
    assert package_fields.arguments(given) == {
        "title": "Bäume",
        "title_translated": {"de": "Bäume", "en": "Trees"},
        "license_id": "dl-zero-de/2.0",
        "tags": [{"name": "Baum"}, {"name": "Grün"}],
        "private": True,
        "resources": [{"url": "https://x.example/a.csv"}, {"file": "b.csv", "name": "B"}],
        "extras": [{"key": "stand", "value": "2026"}, {"key": "Farbe", "value": "rot"}],
    }
    for wrong in ({"farbe": "rot"}, {"tags": 3}, {"title": ["a"]}, {"extras": "x"}, {"resources": {"a": 1}}):
        with pytest.raises(ConfigError):
            package_fields.arguments(wrong)
