"""Files of visitors in the process that checks them: what comes back, and that every trace goes, whoever is killed."""

import csv
import dataclasses
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import passing, table_work, visit_work, visits
from catalog.passing import Passing
from catalog.tables import Checker
from catalog.visits import Excerpt, Shown, Visit
from validators import schemas

TREES = schemas.example("baumkataster").decode()
ROOT = Path(__file__).parent.parent


def look(folder: Path, body: str | bytes, **more: object) -> Shown:
    (folder / "data").write_bytes(body.encode() if isinstance(body, str) else body)
    visit = Visit(**{"path": folder / "data", "copy": folder / "copy.csv", **more})  # type: ignore[arg-type]
    return visit_work.check(visit, table_work.check)


def trees(rows: int, change: Callable[[int, list[str]], None] = lambda number, cells: None) -> str:
    """A register of so many trees; `change` spoils the row with a record number."""
    header, first = TREES.splitlines()[0], next(csv.reader([TREES.splitlines()[1]]))
    lines = []
    for number in range(2, rows + 2):
        cells = [f"da-{number}", *first[1:]]
        change(number, cells)
        lines.append(",".join(cells))
    return "\n".join([header, *lines]) + "\n"


def numbers(excerpt: Excerpt) -> list[int]:
    return [row.number for row in excerpt.rows]


def test_three_rows_before_and_after_each_place(tmp_path: Path) -> None:
    def spoil(number: int, cells: list[str]) -> None:
        if number in (2, 20, 24, 60):
            cells[12] = "hoch"

    shown = look(tmp_path, trees(59, spoil), schema_id="baumkataster")
    assert [numbers(one) for one in shown.excerpts] == [[2, 3, 4, 5], list(range(17, 28)), [57, 58, 59, 60]]
    for excerpt in shown.excerpts:
        for remark in excerpt.remarks:
            row = next(row for row in excerpt.rows if row.number == remark.row)
            assert row.cells[excerpt.columns.index(remark.column)] == "hoch"
            assert shown.report.findings[remark.finding].field == "hoehe_m"
    assert [remark.row for excerpt in shown.excerpts for remark in excerpt.remarks] == [2, 20, 24, 60]


def test_no_more_than_twenty_places(tmp_path: Path) -> None:
    def spoil(number: int, cells: list[str]) -> None:
        if number % 10 == 0:
            cells[8 + number // 10 % 6] = "x"

    shown = look(tmp_path, trees(600, spoil), schema_id="baumkataster")
    assert len({remark.row for one in shown.excerpts for remark in one.remarks}) == visit_work.PLACES
    assert sum(len(one.rows) for one in shown.excerpts) <= visit_work.PLACES * (2 * visit_work.AROUND + 1)


def test_wide_tables_and_long_cells_are_cut(tmp_path: Path) -> None:
    width = 300
    own = (
        '{"name": "breit", "fields": ['
        + ",".join(f'{{"name": "c{n}", "type": "integer"}}' for n in range(width))
        + "]}"
    )
    row = ["1"] * width
    row[250] = "x" * 500
    body = ",".join(f"c{n}" for n in range(width)) + "\n" + ",".join(row) + "\n"
    (excerpt,) = look(tmp_path, body, schema=own).excerpts
    assert excerpt.columns == (0, 1, 2, 3, 4, 249, 250, 251) and excerpt.header[-2] == "c250"
    assert excerpt.rows[0].cells[-2] == "x" * visit_work.CELL + " …"
    (many,) = look(
        tmp_path, ",".join(f"c{n}" for n in range(width)) + "\n" + "x," * (width - 1) + "x\n", schema=own
    ).excerpts
    assert len(many.columns) == visit_work.COLUMNS


def test_a_row_that_an_editor_shows_elsewhere_says_so(tmp_path: Path) -> None:
    body = 'a,b\n1,"zwei\nZeilen"\nx,y\n'
    shown = look(tmp_path, body, schema='{"name": "s", "fields": [{"name": "a", "type": "integer"}, {"name": "b"}]}')
    (excerpt,) = shown.excerpts
    assert [(row.number, row.line) for row in excerpt.rows] == [(2, 0), (3, 4)]


def test_faulty_rows_are_marked_as_rows(tmp_path: Path) -> None:
    shown = look(tmp_path, "a,b\n1,2\n\n3\n", schema='{"name": "s", "fields": [{"name": "a"}, {"name": "b"}]}')
    remarks = {(remark.row, remark.column) for one in shown.excerpts for remark in one.remarks}
    assert (3, -1) in remarks and (4, -1) in remarks


def test_a_copy_is_made_and_checked(tmp_path: Path) -> None:
    shown = look(tmp_path, TREES.replace("2026-01-15", "15.01.2026"), schema_id="baumkataster")
    assert shown.repair and shown.repair.report and shown.repair.report.conforms
    assert shown.repair.log.totals[0].rule == "date-form"
    assert "2026-01-15" in (tmp_path / "copy.csv").read_text(encoding="utf-8")
    assert look(tmp_path, TREES, schema_id="baumkataster").repair is None
    assert look(tmp_path, "x,y\n1,2\n", schema_id="baumkataster", repair=True).repair is None


def test_a_large_file_gets_its_copy_only_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = TREES.replace("2026-01-15", "15.01.2026")
    real = visit_work.repairs.preview

    def hurried(*given: object, **more: object) -> object:
        return dataclasses.replace(real(*given, **more), complete=False)  # type: ignore[arg-type]

    monkeypatch.setattr(visit_work.repairs, "preview", hurried)
    shown = look(tmp_path, body, schema_id="baumkataster")
    assert shown.repair and shown.repair.report is None and not (tmp_path / "copy.csv").exists()
    asked = look(tmp_path, body, schema_id="baumkataster", repair=True)
    assert asked.repair and asked.repair.report and (tmp_path / "copy.csv").exists()


def test_orders_and_answers_travel_unchanged(tmp_path: Path) -> None:
    own = '{"name": "s", "fields": [{"name": "a"}]}'
    visit = Visit(path=tmp_path / "a", copy=tmp_path / "b", schema=own, recognise=True, repair=True, seconds=3, bytes=9)
    assert visits.read_visit(visits.orjson.loads(visits.write_visit(visit))["visit"]) == visit
    for body, more in (
        (TREES.replace("2026-01-15", "15.01.2026"), {"recognise": True}),
        ("kennung;preis\n0012;1,5\n", {"recognise": True}),
        ("%PDF-1.7", {}),
    ):
        shown = look(tmp_path, body, **more)
        assert visits.read_shown(visits.orjson.loads(visits.write_shown(shown)), visit) == shown


@pytest.mark.slow
def test_the_process_shows_what_is_seen_without_it(tmp_path: Path) -> None:
    base = Passing(tmp_path)
    with Checker(most=1, folder=base.folder) as checker, base.place() as place:
        (place / "data").write_text(TREES.replace("2026-01-15", "15.01.2026"), encoding="utf-8")
        visit = Visit(path=place / "data", copy=place / "copy.csv", recognise=True)
        there, here = checker.show(visit), visit_work.check(visit, table_work.check)
        assert (there.excerpts, there.likely) == (here.excerpts, here.likely)
        assert there.repair and here.repair and there.repair.log == here.repair.log
        assert there.report.findings == here.report.findings and (place / "copy.csv").exists()
        # What breaks the check ends in a report, and the next file is checked all the same.
        broken = checker.show(dataclasses.replace(visit, schema='{"fields": 1}'))
        assert [finding.code for finding in broken.report.findings] == ["check-failed"]
        assert checker.show(visit).report.findings == here.report.findings
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_place_is_gone_whatever_happens(tmp_path: Path) -> None:
    base = Passing(tmp_path)
    with pytest.raises(ValueError, match="kaputt"), base.place() as place:
        (place / "data").write_text("geheim")
        assert place.stat().st_mode & 0o077 == 0
        raise ValueError("kaputt")
    assert not place.exists()


def test_folders_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    living, dead = Passing(tmp_path), tmp_path / f"{passing.PREFIX}tot"
    kept = living.folder()
    dead.mkdir()
    (dead / "data").write_text("geheim")
    foreign = tmp_path / "anderes"
    foreign.mkdir()
    (tmp_path / f"{passing.PREFIX}verweis").symlink_to(foreign)
    (foreign / "data").write_text("bleibt")
    Passing(tmp_path)
    assert kept.is_dir() and not dead.exists() and (foreign / "data").exists()
    assert living.folder() == kept


def test_a_folder_that_was_swept_too_early_is_made_again(tmp_path: Path) -> None:
    base = Passing(tmp_path)
    base.folder().rmdir()
    assert base.folder().is_dir()
    handle = os.open(base.folder(), os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


SERVER = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from catalog.passing import Passing
from catalog.tables import Checker
from catalog.visits import Visit
base = Passing(Path(sys.argv[2]))
with Checker(folder=base.folder) as checker, base.place() as place:
    (place / "data").write_text("a,b\\n" + "geheim,1\\n" * 2_000_000)
    print(place, flush=True)
    checker.show(Visit(path=place / "data", copy=place / "copy.csv", recognise=True))
"""


@pytest.mark.slow
def test_nothing_is_left_of_a_file_when_the_server_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(ROOT), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        place = Path(server.stdout.readline().decode().strip())
        time.sleep(1.5)
        assert (place / "data").exists(), "the check is still running"
        server.send_signal(signal.SIGKILL)
    until = time.monotonic() + 15
    while time.monotonic() < until and list(tmp_path.iterdir()):
        time.sleep(0.1)
    assert not list(tmp_path.iterdir())
