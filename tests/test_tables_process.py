"""The process that checks data files: what it may not do, what ends it, and that every file gets an answer all the same."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from catalog import table_orders, tables
from catalog.table_orders import BROKEN, MB, TOO_MUCH, TOO_SLOW, Answer, Order
from catalog.table_work import check
from catalog.tables import Checker
from dcat.errors import StateError
from dcat.message import Message
from validators import schemas
from validators.report import Report, TableProfile

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
TABLE = "id;wert\n1;2,5\n2;3\n"


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker(most=1) as made:
        yield made


def order(tmp_path: Path, body: str | bytes = TABLE, **more: object) -> Order:
    path = tmp_path / "data"
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    target = tmp_path / "copies"
    target.mkdir(exist_ok=True)
    return Order(**{"path": path, "target": target, **more})  # type: ignore[arg-type]


def children() -> set[int]:
    """The processes that this one has started and that still run our work."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                line = (entry / "cmdline").read_bytes()
            except (OSError, IndexError):
                continue
            if parent == os.getpid() and b"catalog.table_work" in line:
                found.add(int(entry.name))
    return found


def codes(answer: Answer) -> set[str]:
    return {finding.code for finding in answer.report.findings}


def test_the_process_finds_what_is_found_without_it(checker: Checker, tmp_path: Path) -> None:
    body = f"Name;E-Mail;Wert\n{'Erika Mustermann;erika@mustermann.example;1' + chr(10)}" * 3
    asked = order(tmp_path, body, scan=True)
    there, here = checker.check(asked), check(asked)
    assert there.report.findings == here.report.findings
    assert (there.header, there.rows, there.personal) == (here.header, here.rows, here.personal)
    assert there.personal, "the scan was made"
    assert there.report.sniffed == here.report.sniffed
    assert there.copies == table_orders.copies(asked)


def test_a_schema_of_ones_own_travels_as_text(checker: Checker, tmp_path: Path) -> None:
    document = '{"name": "eigenes", "fields": [{"name": "id", "type": "integer"}, {"name": "wert", "type": "integer"}]}'
    answer = checker.check(order(tmp_path, "id,wert\n1,x\n", schema=document))
    assert (answer.report.schema_id, answer.report.valid) == ("eigenes", False)


def test_one_process_checks_file_after_file_and_another_one_follows_when_it_is_killed(
    checker: Checker, tmp_path: Path
) -> None:
    checker.check(order(tmp_path))
    (first,) = children()
    checker.check(order(tmp_path))
    assert children() == {first}
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while first in children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not checker.check(order(tmp_path)).failed
    assert children() and first not in children()


def test_a_file_that_kills_the_process_gets_a_sentence(tmp_path: Path) -> None:
    others = children()
    with Checker() as checker:
        answers: list[Answer] = []
        waiting = threading.Thread(target=lambda: answers.append(checker.check(order(tmp_path))))
        waiting.start()
        while not (mine := children() - others):
            time.sleep(0.02)
        os.kill(mine.pop(), signal.SIGKILL)
        waiting.join(30)
        (answer,) = answers
        assert not checker.check(order(tmp_path)).failed
    assert answer.failed and codes(answer) == {"check-failed"}
    assert not answer.report.sniffed.readable and not answer.report.valid
    (finding,) = answer.report.findings
    assert finding.what == TOO_MUCH
    assert min(len(text) for text in (finding.why.de, finding.why.en, finding.fix.de, finding.fix.en)) > 20


def test_a_process_that_gives_no_answer_in_time_is_ended(tmp_path: Path) -> None:
    others = children()
    with Checker(grace=0.5) as checker:
        checker.check(order(tmp_path))
        (process,) = children() - others
        os.kill(process, signal.SIGSTOP)
        started = time.monotonic()
        answer = checker.check(order(tmp_path, seconds=0.5))
        assert time.monotonic() - started < 5
        assert answer.failed and answer.report.findings[0].what == TOO_SLOW
        assert process not in children()


@pytest.mark.parametrize(("megabytes", "enough"), [(900, True), (300, None), (100, False)])
def test_too_little_memory_is_a_sentence(tmp_path: Path, megabytes: int, enough: bool | None) -> None:
    wide = "a;b\n" + "\n".join(f"{n};{'x' * 3000}" for n in range(20_000))
    with Checker(memory=megabytes * MB) as checker:
        for body in (TABLE, wide):
            answer = checker.check(order(tmp_path, body))
            assert enough in (None, not answer.failed)
            if answer.failed:
                assert answer.report.findings[0].what in (TOO_MUCH, BROKEN)


def test_the_process_knows_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFENBAR_SECRET_KEY", "geheim-4711")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim-4712")
    with Checker() as checker:
        before = children()
        checker.check(order(tmp_path))
        (process,) = children() - before
        environment = Path(f"/proc/{process}/environ").read_bytes()
    assert b"geheim" not in environment and b"OFFENBAR" not in environment
    assert b"PATH=" in environment


def test_an_idle_process_ends_and_a_new_one_takes_its_place(tmp_path: Path) -> None:
    with Checker(idle=0.5) as checker:
        before = children()
        checker.check(order(tmp_path))
        (process,) = children() - before
        deadline = time.monotonic() + 10
        while Path(f"/proc/{process}/cmdline").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert Path(f"/proc/{process}/cmdline").read_bytes() == b"", "it has ended"
        assert not checker.check(order(tmp_path)).failed


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from catalog.tables import Checker; from catalog.table_orders import Order\n"
        "checker = Checker(); checker.check(Order(path=Path(sys.argv[2])))\n"
        "print(checker._free[0]._helper._process.pid, flush=True); time.sleep(60)\n"
    )
    (tmp_path / "data").write_text(TABLE, encoding="utf-8")
    command = [sys.executable, "-c", program, str(ROOT), str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        process = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{process}").exists()


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        ("import socket; socket.socket()", "PermissionError"),
        ("import socket; socket.socketpair()", "PermissionError"),
        ("import os; os.execv('/bin/true', ['true'])", "PermissionError"),
        ("import subprocess; subprocess.run(['/bin/true'])", "PermissionError"),
        ("bytearray(900_000_000)", "MemoryError"),
        ("open('large', 'wb').write(bytes(2_000_000))", "OSError"),
        ("print('nothing forbidden')", ""),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's limits are those of Linux")
def test_what_the_process_may_not_do(tmp_path: Path, attempt: str, said: str) -> None:
    program = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from catalog import confined\n"
        "confined.confine(os.getppid(), memory=800_000_000, file_size=1_000_000)\n"
        f"{attempt}\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=30)
    assert (said in run.stderr) if said else run.returncode == 0, run.stderr
    assert bool(said) == bool(run.returncode)


def test_nobody_waits_long_for_a_check_that_others_wait_for(
    checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_SMALL_PATIENCE", 0.2)
    look = tables.at_once(checker)
    beside = tmp_path / "beside"
    beside.mkdir()
    slow = "a,b\n" + "geheim,1\n" * 400_000
    with ThreadPoolExecutor(1) as other:
        first = other.submit(look, order(tmp_path, slow))
        time.sleep(0.3)
        assert not first.done()
        with pytest.raises(StateError, match="Another table"):
            look(order(beside))
        assert first.result() is not None
    assert look(order(beside)).report.valid, "and then it is free again"


def test_seconds_of_a_processor_are_counted_for_each_file(tmp_path: Path) -> None:
    program = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r})\n"
        "from catalog import confined\n"
        "for seconds in (1, 1, 0):\n"
        "    confined.allow_seconds(seconds)\n"
        "    until = time.process_time() + (0.9 if seconds else 60)\n"
        "    while time.process_time() < until: pass\n"
        "    print('done', flush=True)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.stdout.count("done") == 2
    assert run.returncode == -signal.SIGXCPU


def test_orders_and_answers_come_back_as_they_were(tmp_path: Path) -> None:
    asked = Order(
        path=tmp_path / "a",
        schema_id="baumkataster",
        schema="{}",
        scan=True,
        references={"messstelle": tmp_path / "m.csv"},
        target=tmp_path,
        mapping="schema: x",
        mapping_name="x.yaml",
        before=tmp_path / "b",
        compare=True,
        seconds=3.0,
        bytes=7,
    )
    assert table_orders.read_order(table_orders.write_order(asked)) == asked
    answer = Answer(
        report=Report(valid=True, sniffed=TableProfile(encoding="utf-8")),
        header=("ä",),
        rows=(("1",),),
        derived=table_orders.Derived(schema_id="baumkataster", failure=Message("nein", "no"), log={"values": 3}),
        compared="equal",
        document=True,
    )
    again = table_orders.read_answer(orjson.loads(table_orders.write_answer(answer)), asked)
    assert (again.header, again.rows, again.derived, again.compared, again.document) == (
        answer.header,
        answer.rows,
        answer.derived,
        answer.compared,
        answer.document,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00" * 10_000,
        b"\xff\xfe\x00",
        b'a;b\n"' + b"x" * 100_000,
        b"PK\x03\x04" + bytes(range(256)) * 50,
        b"PAR1" + bytes(range(256)) * 50 + b"PAR1",
        b"SQLite format 3\x00" + bytes(range(256)) * 50,
        b"[" * 200_000,
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1e999]}}]}',
        b'[{"a": "\\ud800"}]',
        b"\x1f\x8b" + bytes(range(256)) * 50,
        b"%PDF-1.7",
        b"a;b\n" + b";" * 1_000_000,
        "\u202e;b\n1;2\n".encode(),
    ],
    ids=range(14),
)
def test_hostile_files_get_an_answer(checker: Checker, tmp_path: Path, body: bytes) -> None:
    for schema_id in ("", schemas.IDS[0]):
        answer = checker.check(order(tmp_path, body, scan=True, schema_id=schema_id, seconds=30.0))
        assert answer.report.findings or answer.report.valid
        assert not answer.failed, "our own limits hold before those of the process"
