"""Searches of tables against a plain evaluation of what was asked; what looks like SQL is a value or an error, never SQL."""

import datetime
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import datastore, datastore_work
from catalog.datastore import BROKEN, TOO_LARGE, TOO_MUCH, TOO_SLOW, Search, Stored, UnansweredError, WrongError
from catalog.datastore_run import Runner

ATTACKS = (
    "' OR 1=1 --",
    '"; DROP TABLE x; --',
    "a) UNION SELECT 1 --",
    "c0",
    "c1 desc; SELECT 1",
    "read_csv('/etc/passwd')",
    "$1",
    "?",
    "*",
    "rowid",
    "filename",
    "file_row_number",
    "a\0b",
    "{fn now()}",
    "%",
    "_",
    "\\",
    "ts_rewrite(a)",
)
NAMES = ("zahl", "Text", 'Na"me; --', "wahr")
Row = dict[str, Any]


def found(asked: Search) -> tuple[Any, int | None]:
    """Answer a search here and now, as the process does."""
    with datastore_work.connect() as engine:
        _, *rest, tail = list(datastore_work.search(engine, datastore.read_order(datastore.write_search(asked))))
    body = b"".join(piece for piece in rest if isinstance(piece, bytes))
    return orjson.loads(body), tail["total"]


def numbers(asked: Search) -> list[int]:
    """Give the `_id`s that a search finds, in their order."""
    records, total = found(replace(asked, form="lists", fields=("_id",), limit=None))
    assert total == len(records)
    return [number for (number,) in records]


def stored(path: Path, columns: Mapping[str, Any], group: int = 3) -> Stored:
    pq.write_table(pa.table(dict(columns)), path, row_group_size=group)
    return Stored(path=path)


CELLS = st.sampled_from(["", "a", "Straße", "STRASSE", "strasse 5", "ä", "Ä", "' OR 1=1 --", "%", "x\ny", None])
COLUMNS = st.integers(0, 12).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            NAMES[0]: st.lists(st.integers(-3, 3) | st.none(), min_size=size, max_size=size),
            NAMES[1]: st.lists(CELLS, min_size=size, max_size=size),
            NAMES[2]: st.lists(st.floats(-2, 2) | st.none(), min_size=size, max_size=size),
            NAMES[3]: st.lists(st.booleans() | st.none(), min_size=size, max_size=size),
        }
    )
)
VALUES = {
    "_id": st.integers(0, 13),
    NAMES[0]: st.integers(-3, 3) | st.sampled_from(["2", "-1", 1.5]),
    NAMES[1]: CELLS.filter(lambda cell: cell is not None),
    NAMES[2]: st.floats(-2, 2) | st.integers(-2, 2),
    NAMES[3]: st.sampled_from([True, False, "true", "f"]),
}
OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte")


def entries(name: str) -> st.SearchStrategy[Any]:
    limits = st.dictionaries(st.sampled_from(OPERATORS), VALUES[name], min_size=1, max_size=2)
    null = st.sampled_from([None, {"eq": None}, {"ne": None}])
    return VALUES[name] | limits | null | st.lists(VALUES[name] | limits | st.none(), max_size=3)


PLAIN = st.dictionaries(st.sampled_from(list(VALUES)), st.none(), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: entries(name) for name in names})
)
FILTERS = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda name, parts: {name: parts}, st.sampled_from(["$or", "$and"]), st.lists(inner, min_size=1, max_size=3)
        )
    ),
    max_leaves=5,
)


def typed(name: str, value: Any) -> Any:
    if name == NAMES[3]:
        return str(value).lower() in ("true", "t")
    return value if name == NAMES[1] or not isinstance(value, str) else float(value)


def holds(row: Row, filters: Any) -> bool | None:
    """Evaluate filters with SQL's three values."""
    if isinstance(filters, list):
        return any_of([holds(row, one) for one in filters]) if filters else True
    return all_of([entry(row, name, value) for name, value in filters.items()])


def entry(row: Row, name: str, value: Any) -> bool | None:
    if name in ("$or", "$and"):
        return (any_of if name == "$or" else all_of)([holds(row, one) for one in value])
    if isinstance(value, dict):
        return all_of([compared(row[name], op, None if v is None else typed(name, v)) for op, v in value.items()])
    if isinstance(value, list):
        return any_of([entry(row, name, one) for one in value])
    return compared(row[name], "eq", None if value is None else typed(name, value))


def compared(cell: Any, op: str, value: Any) -> bool | None:
    if value is None:
        return (cell is None) == (op == "eq")
    if cell is None:
        return None
    made = {"eq": cell == value, "ne": cell != value}
    if op in made:
        return made[op]
    return {"gt": cell > value, "gte": cell >= value, "lt": cell < value, "lte": cell <= value}[op]


def all_of(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def any_of(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def folded(cell: Any) -> str:
    text = "" if cell is None else "true" if cell is True else "false" if cell is False else str(cell)
    return text.lower().replace("ß", "ss")


def test_every_comparison(tmp_path: Path) -> None:
    table = stored(tmp_path / "t.parquet", {"a": [1, 2, 3, None], "b": ["1", "2", "3", None]})
    for op, wanted in (("eq", [2]), ("ne", [1, 3]), ("gt", [3]), ("gte", [2, 3]), ("lt", [1]), ("lte", [1, 2])):
        for name in ("a", "b", "_id"):
            there = [*wanted, 4] if name == "_id" and op in ("ne", "gt", "gte") else wanted
            assert numbers(Search(table=table, filters={name: {op: 2}})) == there, (op, name)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=COLUMNS, filters=FILTERS)
def test_filters_find_what_a_plain_evaluation_finds(tmp_path: Path, columns: dict[str, Any], filters: Any) -> None:
    table = stored(tmp_path / "t.parquet", typed_arrays(columns))
    rows = [
        {"_id": n, **dict(zip(columns, cells, strict=True))}
        for n, cells in enumerate(zip(*columns.values(), strict=True), 1)
    ]
    wanted = [row["_id"] for row in rows if holds(row, filters)]
    assert numbers(Search(table=table, filters=filters)) == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=COLUMNS,
    words=st.lists(st.sampled_from(["a", "STRASSE", "straße", "Ä", "5", "%", "1=1", "-1", "true", "x"]), max_size=3),
)
def test_words_are_found_in_any_column_whatever_their_case(
    tmp_path: Path, columns: dict[str, Any], words: list[str]
) -> None:
    columns = {name: column for name, column in columns.items() if name != NAMES[2]}
    table = stored(tmp_path / "t.parquet", typed_arrays(columns))
    rows = list(zip(*columns.values(), strict=True))
    wanted = [n for n, row in enumerate(rows, 1) if all(any(folded(w) in folded(cell) for cell in row) for w in words)]
    assert numbers(Search(table=table, words=(" ".join(words),))) == wanted
    in_text = [n for n, cell in enumerate(columns["Text"], 1) if all(folded(word) in folded(cell) for word in words)]
    assert numbers(Search(table=table, words=({"Text": " ".join(words)},))) == in_text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=COLUMNS,
    sort=st.lists(st.tuples(st.sampled_from(NAMES), st.booleans()), max_size=3, unique_by=lambda one: one[0]),
    limit=st.integers(0, 5),
    offset=st.integers(0, 5),
)
def test_pages_in_an_order(
    tmp_path: Path, columns: dict[str, Any], sort: list[tuple[str, bool]], limit: int, offset: int
) -> None:
    table = stored(tmp_path / "t.parquet", typed_arrays(columns))
    rows = [
        {"_id": n, **dict(zip(columns, cells, strict=True))}
        for n, cells in enumerate(zip(*columns.values(), strict=True), 1)
    ]
    for name, down in reversed(sort):
        # Nulls count as larger than any value.
        rows.sort(key=lambda row, name=name: (row[name] is None, key(row[name])), reverse=down)
    clause = ", ".join(quoted(name) + (" desc" if down else "") for name, down in sort)
    asked = Search(table=table, sort=(clause,) if clause else (), limit=limit, offset=offset)
    records, total = found(asked)
    assert (len(records), total) == (len(rows[offset : offset + limit]), len(rows))
    shown = [[key(row[name]) for name, _ in sort] for row in rows[offset : offset + limit]]
    assert [[key(record[name]) for name, _ in sort] for record in records] == shown


def key(cell: Any) -> Any:
    return (
        ""
        if cell is None
        else cell.encode().hex()
        if isinstance(cell, str)
        else str(cell)
        if isinstance(cell, bool)
        else cell
    )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def typed_arrays(columns: Mapping[str, Any]) -> dict[str, pa.Array]:
    kinds = {NAMES[0]: pa.int64(), NAMES[1]: pa.string(), NAMES[2]: pa.float64(), NAMES[3]: pa.bool_()}
    return {name: pa.array(cells, kinds[name]) for name, cells in columns.items()}


@pytest.fixture
def table(tmp_path: Path) -> Stored:
    return stored(tmp_path / "t.parquet", {"a": [3, 1, 2, 1], "b": ["x", "' OR 1=1 --", "x", None]})


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_looks_like_sql_is_a_value_or_an_error(table: Stored, attack: str) -> None:
    for asked in (
        Search(table=table, filters={attack: 1}),
        Search(table=table, fields=(attack,)),
        Search(table=table, sort=(attack,)),
        Search(table=table, sort=(f"a {attack}",)),
        Search(table=table, sort=(f'"{attack}"',)),
        Search(table=table, words=({attack: "x"},)),
        Search(table=table, filters={"a": attack}),
        Search(table=table, filters={"a": {attack: 1}}),
        Search(table=table, filters={"a": {"gt": [attack]}}),
        Search(table=table, filters=[attack]),
        Search(table=table, filters={"$or": attack}),
    ):
        with pytest.raises(WrongError):
            found(asked)
    if "\0" not in attack:
        assert numbers(Search(table=table, filters={"b": attack})) == ([2] if attack == "' OR 1=1 --" else [])
        assert numbers(Search(table=table, words=(attack,))) == ([2] if attack == "' OR 1=1 --" else [])


def test_columns_are_called_anything(tmp_path: Path) -> None:
    names = ["c0", "c1", 'a"b', "Wert", "WERT", "file_row_number", "_id", "select", "'; --", "a,b desc", ""]
    table = stored(tmp_path / "t.parquet", {name: [n, None] for n, name in enumerate(names)})
    records, _ = found(Search(table=table))
    shown = ["_id_2" if name == "_id" else name for name in names]
    assert records[0] == {"_id": 1, **{name: n for n, name in enumerate(shown)}}
    for n, name in enumerate(shown):
        assert numbers(Search(table=table, filters={name: n}, sort=(quoted(name),))) == [1]
        assert found(Search(table=table, fields=(name,)))[0] == [{name: n}, {name: None}]


def test_limits_of_filters(table: Stored) -> None:
    deep: Any = {"a": 1}
    for _ in range(7):
        deep = {"$and": [deep]}
    for wrong in (
        deep,
        [{"a": 1}] * 300,
        {"a": list(range(10_001))},
        {"a": {"gt": "x"}},
        {"a": float("inf")},
        "text",
        5,
    ):
        with pytest.raises(WrongError):
            found(Search(table=table, filters=wrong if wrong != {"a": float("inf")} else {"a": "inf"}))
    with pytest.raises(WrongError):
        found(Search(table=table, words=("w " * 30,)))
    with pytest.raises(WrongError):
        found(Search(table=table, sort=(",".join(["a"] * 50),)))
    with pytest.raises(WrongError):
        found(Search(table=table, sort=(" " * 5000 + "a",)))
    assert numbers(Search(table=table, filters={"a": 2**63})) == []
    assert numbers(Search(table=table, filters={"a": "1" + "0" * 300})) == []
    assert numbers(Search(table=table, filters={"a": {"lt": 1e300}})) == [1, 2, 3, 4]


def test_types_and_values_as_ckan_gives_them(tmp_path: Path) -> None:
    noon = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)
    table = stored(
        tmp_path / "t.parquet",
        {
            "zeit": pa.array([noon, None], pa.timestamp("us", "UTC")),
            "nano": pa.array([noon, None], pa.timestamp("ns")),
            "tag": [noon.date(), None],
            "zahl": [math.nan, 0.5],
            "dezimal": pa.array([None, 1], pa.decimal128(5, 2)),
            "klein": pa.array([1, None], pa.int16()),
            "liste": [[1, 2], None],
        },
    )
    with datastore_work.connect() as engine:
        head, body, _ = datastore_work.search(engine, Search(table=table))
    assert [kind for _, kind in head["columns"]] == [
        "int",
        "timestamp",
        "timestamp",
        "date",
        "float8",
        "numeric",
        "int4",
        "text",
    ]
    assert orjson.loads(body) == [
        {
            "_id": 1,
            "zeit": "2026-01-02T12:00:00",
            "nano": "2026-01-02T12:00:00",
            "tag": "2026-01-02",
            "zahl": None,
            "dezimal": None,
            "klein": 1,
            "liste": "[1, 2]",
        },
        dict.fromkeys(["zeit", "nano", "tag", "dezimal", "klein", "liste"]) | {"_id": 2, "zahl": 0.5, "dezimal": 1.0},
    ]
    assert numbers(Search(table=table, filters={"zeit": {"lte": "2026-01-02T13:00:00+01:00"}})) == [1]
    assert numbers(Search(table=table, filters={"tag": "2026-01-02"})) == [1]


def test_equal_rows_only_once(table: Stored) -> None:
    records, total = found(Search(table=table, fields=("a",), distinct=True))
    assert (records, total) == ([{"a": 1}, {"a": 2}, {"a": 3}], 3)
    assert found(Search(table=table, distinct=True))[1] == 4
    with pytest.raises(WrongError):
        found(Search(table=table, fields=("a",), distinct=True, sort=("b",)))


def test_the_engine_opens_nothing_but_the_table(table: Stored, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    other.write_bytes(table.path.read_bytes())
    with datastore_work.connect() as engine:
        datastore_work.lock(engine, table.path)
        assert engine.execute(f"SELECT count(*) FROM '{table.path}'").fetchall() == [(4,)]
        for statement in (
            f"SELECT count(*) FROM read_parquet('{other}')",
            f"SELECT count(*) FROM '{tmp_path}/*.parquet'",
            "SELECT count(*) FROM read_text('/etc/passwd')",
            "SELECT count(*) FROM glob('/etc/*')",
            f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
            f"ATTACH '{tmp_path}/x.db'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            "RESET memory_limit",
        ):
            with pytest.raises(duckdb.Error):
                engine.execute(statement).fetchall()
    with datastore_work.connect() as engine:
        list(datastore_work.search(engine, Search(table=table)))
        with pytest.raises(duckdb.PermissionException):
            engine.execute("SELECT count(*) FROM read_text('/etc/passwd')").fetchall()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["other.parquet", "t.parquet"]


@pytest.fixture
def runner() -> Iterator[Runner]:
    made = Runner(most=1)
    yield made
    made.close()


def children() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) if entry.name.isdigit() else 0
            line = (entry / "cmdline").read_bytes() if parent == os.getpid() else b""
        except (OSError, IndexError):
            continue
        if b"catalog.datastore_work" in line:
            found.add(int(entry.name))
    return found


@pytest.mark.slow
def test_one_process_answers_and_another_follows_when_it_is_killed(runner: Runner, table: Stored) -> None:
    before = children()
    first = runner.search(Search(table=table, filters={"a": 1}))
    (process,) = children() - before
    assert orjson.loads(first.body) == [{"_id": 2, "a": 1, "b": "' OR 1=1 --"}, {"_id": 4, "a": 1, "b": None}]
    assert (first.total, first.count, first.last) == (2, 2, 4)
    with pytest.raises(WrongError) as wrong:
        runner.search(Search(table=table, filters={"fehlt": 1}))
    assert wrong.value.errors == {"filters": ['field "fehlt" not in table']}
    assert children() - before == {process}
    os.kill(process, signal.SIGKILL)
    assert runner.search(Search(table=table)).total == 4
    assert process not in children()


@pytest.mark.slow
def test_a_broken_file_a_large_answer_and_a_slow_query_are_sentences(runner: Runner, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    columns = {"a": list(range(400_000)), "b": ["Straße"] * 400_000}
    large = stored(tmp_path / "large.parquet", columns, group=100_000)
    # So many row groups take their time.
    slow = stored(tmp_path / "slow.parquet", {"a": list(range(50_000)), "b": ["Straße"] * 50_000}, group=1)
    for asked, why in (
        (Search(table=Stored(path=bad)), BROKEN),
        (Search(table=Stored(path=tmp_path / "fehlt")), BROKEN),
        (Search(table=large, limit=None, most=1_000_000), TOO_LARGE),
        (Search(table=slow, seconds=0.5), TOO_SLOW),
    ):
        with pytest.raises(UnansweredError) as caught:
            runner.search(asked)
        assert caught.value.message is why
    with runner.stream(Search(table=large, limit=None, total=False)) as (_, pieces):
        assert next(pieces).startswith(b'[{"_id":1,')
    again = runner.search(Search(table=large))
    assert (again.total, again.count) == (400_000, 100), "what somebody left unread is nobody else's answer"


@pytest.mark.slow
def test_a_process_that_hangs_or_wants_too_much_memory_is_ended(table: Stored) -> None:
    before = children()
    runner = Runner(most=1)
    runner.search(Search(table=table))
    (process,) = children() - before
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(UnansweredError) as caught:
        runner.search(Search(table=table, seconds=-4.5))
    assert caught.value.message is TOO_SLOW
    assert process not in children()
    runner.close()
    small = Runner(most=1, memory=120_000_000)
    with pytest.raises(UnansweredError) as caught:
        small.search(Search(table=table))
    assert caught.value.message in (TOO_MUCH, BROKEN)
    small.close()


@pytest.mark.slow
def test_who_finds_no_place_is_told_to_come_again(table: Stored) -> None:
    runner = Runner(most=1, patience=0.1)
    with runner.stream(Search(table=table, limit=None)) as (head, pieces):
        errors: list[UnansweredError] = []

        def ask() -> None:
            try:
                runner.search(Search(table=table))
            except UnansweredError as error:
                errors.append(error)

        waiting = threading.Thread(target=ask)
        waiting.start()
        waiting.join()
        assert [error.status for error in errors] == [503]
        assert head.columns[0].id == "_id" and len(orjson.loads(b"".join(pieces))) == 4
    assert runner.search(Search(table=table)).total == 4
    runner.close()


@pytest.mark.slow
def test_the_process_knows_no_settings_and_reaches_no_network(
    runner: Runner, table: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFENBAR_SECRET_KEY", "geheim-4711")
    before = children()
    runner.search(Search(table=table))
    (process,) = children() - before
    environment = Path(f"/proc/{process}/environ").read_bytes()
    assert b"geheim" not in environment and b"PATH=" in environment
    status = Path(f"/proc/{process}/status").read_text()
    assert "Seccomp:\t2" in status or not sys.platform.startswith("linux")


@pytest.mark.slow
def test_who_asks_does_not_load_the_engine_and_the_process_ends_with_him(table: Stored) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import catalog.app, subprocess, os\n"
        "from catalog.datastore import Search, Stored; from catalog.datastore_run import runner\n"
        "assert runner().search(Search(table=Stored(path=Path(sys.argv[2])))).total == 4\n"
        "print(*{name.split('.')[0] for name in sys.modules})\n"
        "print(*(entry for entry in os.listdir('/proc') if entry.isdigit() and b'datastore_work' in "
        "open(f'/proc/{entry}/cmdline', 'rb').read() and f'PPid:\\t{os.getpid()}\\n' in open(f'/proc/{entry}/status').read()))\n"
    )
    root = Path(__file__).parent.parent
    asked = [sys.executable, "-c", script, str(root), str(table.path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded, process = done.stdout.splitlines()
    assert {"duckdb", "_duckdb", "pyarrow"}.isdisjoint(loaded.split())
    until = time.monotonic() + 10
    while Path(f"/proc/{int(process)}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{int(process)}").exists()


@pytest.mark.slow
def test_an_idle_process_ends_and_a_new_one_takes_its_place(table: Stored) -> None:
    runner = Runner(most=1, idle=0.5)
    before = children()
    runner.search(Search(table=table))
    (first,) = children() - before
    time.sleep(1.5)
    assert runner.search(Search(table=table)).total == 4
    assert first not in children()
    runner.close()
