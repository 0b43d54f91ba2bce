"""The history of a data file: one row for each version, what changed between them, and nothing of what the public cannot get."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import homes
import pytest
import sqlalchemy as sa
from homes import define, define_drop
from source_site import Site
from test_file_checks import PEOPLE, SCHEMA, dropped, linked, the_file, trees

from catalog import file_versions, installation, jobs, row_changes, store
from catalog.file_history import CellChange, RowChanges, Version
from catalog.instance import Instance
from catalog.models import FileRow, FileVersion
from catalog.public import FileState
from catalog.reading import Reading
from catalog.table_orders import Answer, Order

pytestmark = pytest.mark.slow


def history(instance: Instance) -> tuple[Version, ...]:
    """All that is stored of the only file, shown or not."""
    with instance.database.reading() as session:
        (file_id,) = session.scalars(sa.select(FileRow.id).where(FileRow.url != ""))
        return file_versions.history(session, file_id)


def shown(instance: Instance) -> list[Version]:
    """What a page reads of the only file."""
    with instance.database.reading() as session:
        return [step.version for step in Reading(instance, session).history(the_file(instance))]


def change(site: Site, body: str | bytes, name: str = "baeume.csv") -> None:
    site.change(f"/ablage/{name}", body=body.encode() if isinstance(body, str) else body)


def table(tmp_path: Path, name: str, body: str) -> Path:
    path = tmp_path / name
    path.write_text(body, encoding="utf-8")
    return path


def test_each_version_is_noted_once(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    for _ in range(2):
        homes.check(instance, source)
    site.change("/ablage/baeume.csv", etag=False)
    homes.check(instance, source)
    with instance.database.writing() as session:
        session.execute(sa.update(FileRow).values(etag="", last_modified=""))
    homes.check(instance, source)
    (first,) = history(instance)
    assert (first.accepted, first.valid, first.rows, first.findings) == (True, True, 3, ())
    change(site, trees(bad=True))
    homes.check(instance, source)
    change(site, trees(rows=5))
    homes.check(instance, source)
    versions = history(instance)
    assert [(one.accepted, one.valid, one.rows) for one in versions] == [
        (True, True, 3),
        (False, False, 3),
        (True, True, 5),
    ]
    assert {(one.code, one.field) for one in versions[1].findings} >= {("type-error", "lat")}
    assert [one.rows for one in shown(instance)] == [5, 3, 3]


def test_no_more_than_the_last_twenty_stay(instance: Instance, site: Site) -> None:
    dropped(instance, site, trees())
    with instance.database.writing() as session:
        given: dict[str, Any] = {
            column.name: getattr(session.scalars(sa.select(FileVersion)).one(), column.name)
            for column in FileVersion.__table__.columns
            if column.name != "id"
        }
        for number in range(25):
            file_versions.note(session, given | {"sha256": f"{number:064}", "rows": number})
    assert [one.rows for one in history(instance)] == list(range(5, 25))


@pytest.mark.parametrize("put", [dropped, linked])
def test_rows_are_compared_by_their_key(instance: Instance, site: Site, put: Any) -> None:
    source = put(instance, site, trees(rows=3))
    path = "/ablage/baeume.csv" if put is dropped else "/baeume.csv"
    lines = trees(rows=4).replace("da-3,06411000", "da-3,06412000").splitlines()
    site.change(path, body="\n".join([lines[0], *lines[2:]]).encode())
    homes.check(instance, source)
    changes = history(instance)[-1].changes
    assert changes == RowChanges(
        key=("baum_id",),
        added=1,
        removed=1,
        changed=1,
        fields=(("ags", 1),),
        new=(("da-4",),),
        gone=(("da-1",),),
        cells=(CellChange(key=("da-3",), column="ags", before="06411000", after="06412000"),),
    )
    assert shown(instance)[0].changes == changes


def test_what_was_never_public_does_not_show_as_a_difference(instance: Instance, site: Site) -> None:
    source = define(
        instance,
        site,
        type="files",
        url=site.url("/ablage/"),
        schemas={"baeume*": SCHEMA},
        defaults={"description": "X."},
    )
    site.put_folder("/ablage/", {"baeume.csv": trees().replace("Tilia cordata", "Geheime Eiche", 1)})
    homes.harvest_and_check(instance, source)
    change(site, trees())
    homes.check(instance, source)
    released = define_drop(instance, site, schemas={"baeume*": SCHEMA})
    jobs.refresh(instance, released)
    assert the_file(instance).state is FileState.PUBLIC
    assert [one.changes for one in history(instance)] == [None, None]


def test_a_file_that_is_taken_back_loses_its_differences(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees().replace("Tilia cordata", "Geheime Eiche", 1))
    change(site, trees())
    homes.check(instance, source)
    assert history(instance)[-1].changes is not None
    ((dataset, remote_id),) = [(one.id, one.remote_id) for one in homes.shown_all(instance)]
    homes.withhold(instance, source.id, remote_id)
    jobs.refresh(instance, source)
    assert the_file(instance).state is FileState.WITHHELD
    assert shown(instance) == [] and [one.changes for one in history(instance)] == [None, None]
    (instance.config.policies / "darmstadt.yaml").unlink()
    jobs.refresh(instance, source)
    assert [one.changes for one in shown(instance)] == [None, None]
    with instance.database.writing() as session:
        session.execute(sa.update(FileVersion).values(changes={"key": []}))
        store.withdraw(session, [dataset], "test")
    assert [one.changes for one in history(instance)] == [None, None]


def test_of_personal_data_no_column_is_noted(instance: Instance, site: Site) -> None:
    dropped(instance, site, PEOPLE, "paten.csv")
    (version,) = history(instance)
    assert not version.accepted and version.findings
    assert {one.field for one in version.findings} == {""}
    assert shown(instance) == []


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("id,a\n1,x\n1,y\n", "id,a\n1,x\n", ["id"]),
        ("id,a\n1,x\n", "nr,a\n1,x\n", ["id"]),
        ("id,a\n1,x\n", "id,a\n1,x\n", []),
        ("", "id,a\n1,x\n", ["id"]),
    ],
    ids=["key-twice", "key-gone", "no-key", "empty"],
)
def test_rows_that_cannot_be_told_apart_are_not_compared(
    tmp_path: Path, before: str, after: str, key: list[str]
) -> None:
    assert row_changes.compare(table(tmp_path, "a", before), table(tmp_path, "b", after), key) is None


def test_a_column_that_came_is_no_change_of_all_rows(tmp_path: Path) -> None:
    found = row_changes.compare(
        table(tmp_path, "a", "id,a,alt\n1,x,q\n2,y,q\n"), table(tmp_path, "b", "neu,a,id\nz,x,1\nz,ü,2\n"), ["id"]
    )
    assert found is not None
    assert (found.added, found.removed, found.changed, found.fields) == (0, 0, 1, (("a", 1),))
    assert found.cells == (CellChange(key=("2",), column="a", before="y", after="ü"),)


def test_only_the_first_examples_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    before = "id,art,wert\n" + "".join(f"{n},a,{'x' * 500}\n" for n in range(1000))
    after = "id,art,wert\n" + "".join(f"{n},b,{'y' * 500}\n" for n in range(500, 1500))
    found = row_changes.compare(table(tmp_path, "a", before), table(tmp_path, "b", after), ["id", "art"])
    assert found is not None and (found.added, found.removed, found.changed) == (1000, 1000, 0)
    found = row_changes.compare(table(tmp_path, "a", before), table(tmp_path, "b", after), ["id"])
    assert found is not None
    assert (found.added, found.removed, found.changed) == (500, 500, 500)
    assert dict(found.fields) == {"art": 500, "wert": 500}
    assert (len(found.new), len(found.gone), len(found.cells)) == (20, 20, 20)
    assert found.new[0] == ("1000",) and found.gone[0] == ("0",)
    assert max(len(cell.before) for cell in found.cells) == 200


def test_cells_that_read_the_same_when_put_together_differ(tmp_path: Path) -> None:
    found = row_changes.compare(
        table(tmp_path, "a", 'id,a,b\n1,x,"y\x1f1:z"\n'), table(tmp_path, "b", 'id,a,b\n1,"x\x1f1:y",z\n'), ["id"]
    )
    assert found is not None and found.changed == 1


def test_a_difference_between_the_engines_is_noted_logged_and_told(
    instance: Instance, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    source = dropped(instance, site, trees())
    asked = []

    def look(order: Order) -> Answer:
        asked.append(order.compare)
        return replace(homes.look(order), compared="row 3 differs" if len(asked) == 2 else "equal")

    every = replace(instance, config=replace(instance.config, compare_engines=1.0))
    none = replace(instance, config=replace(instance.config, compare_engines=0.0))
    for present, rows in ((every, 4), (every, 5), (none, 6)):
        change(site, trees(rows=rows))
        jobs.check_files(present, source, look)
    assert asked == [True, True, False]
    with instance.database.reading() as session:
        assert [one.compared for one in file_versions.differing(session)] == ["row 3 differs"]
    assert [record.levelname for record in caplog.records if "row 3 differs" in record.getMessage()] == ["ERROR"]
    told = [check for check in installation.check(instance) if check.name == "engines"]
    assert [check.state for check in told] == ["bad"] and "row 3 differs" in told[0].message.en
