"""The fast path against frictionless: the same report, to the letter, on whatever a table and a schema may hold."""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared_files import shared

from validators import check, column_judge, columnar, engine, kernels, pieces, schemas, tables
from validators.check import check_table, compare
from validators.layout import Reference
from validators.report import TableProfile
from validators.sniff import sniff

NEVER = float("inf")


def without_seconds(report):
    report = json.loads(json.dumps(report))
    for part in [report, *report["tasks"]]:
        part["stats"].pop("seconds")
    return report


def outcome(call):
    """What a judge says, or which exception it ends with."""
    try:
        return call()
    except tables.HOSTILE as error:
        return type(error).__name__


def both(path, profile, descriptor, limit=1000, references=None, size=None):
    plain = outcome(lambda: tables.judge(path, profile, descriptor, limit, NEVER, references)[0])
    fast = outcome(lambda: columnar.judge(path, profile, descriptor, limit, NEVER, references, size=size))
    return plain, fast


def agree(path, profile, descriptor, limit=1000, references=None, size=None):
    """Compare both engines; gives the verdict of the fast one."""
    plain, fast = both(path, profile, descriptor, limit, references, size)
    if fast is None or isinstance(plain, str):
        assert fast is None or fast == plain
        return fast
    assert without_seconds(fast.raw) == without_seconds(plain)
    every = outcome(lambda: tables.judge(path, profile, descriptor, 0, NEVER, references)[0])
    if isinstance(every, str):
        # frictionless gives up on a row behind its limit of errors.
        return fast
    errors = [error for task in every["tasks"] for error in task["errors"]]
    below = [error for error in errors if "#label" not in error["tags"] and "#header" not in error["tags"]]
    assert fast.counts == columnar.counted(columnar.count_errors(below))
    assert fast.faulty_rows == len({error["rowNumber"] for error in below})
    return fast


# Fields of every type, each with cells that are valid, nearly valid, and wrong.
CELLS = {
    "any": ["", "x", "1"],
    "string": ["", "a", "ab", "abc", "Äpfel", "a\nb", "x;y", 'q"q', "\u2003", "ab\n", "\0", "a" * 30],
    "integer": ["", "1", "2", "007", "7", " 7 ", "+12", "1_000", "٣", "-5", "12.0", "0x1F", "1" * 25, "999", "x"],
    "number": [
        "",
        "1",
        "1.5",
        "-0.5",
        "1e3",
        "nan",
        "inf",
        "1e-400",
        "1e999999999999999999999",
        " 2 ",
        "1_0",
        "1,5",
        ".",
    ],
    "german": [
        "",
        "1,5",
        "1.234,50",
        "12.34",
        "1.2.3,4",
        "0,5",
        "60",
        "60,0000000000000001",
        "60,00",
        " 7,5",
        "x",
        "1,2,3",
    ],
    "boolean": ["", "true", "false", "1", "0", "ja", "nein", "Ja", "TRUE"],
    "date": ["", "2024-01-31", "2024-02-30", "2024-1-5", "2024-02-29", "2023-02-29", "0999-01-01", "31.01.2024", "x"],
    "german date": ["", "31.01.2024", "1.2.2024", "29.02.2023", "05.06.1999", "05.06.2001", "2024-01-31", "05.06.99"],
    "datetime": [
        "",
        "2024-01-31T10:00:00",
        "2024-01-31T10:00:00Z",
        "2024-01-31T10:00:00+01:00",
        "2024-01-31 10:00:00",
        "2024-01-31T24:00:00",
        "2024-01-31T10:00",
        "2024-02-30T10:00:00",
        "2024-01-31T10:00:00.123456",
        "x",
    ],
    "time": ["", "10:00:00", "24:00:00", "10:00", "10:00:00Z", "9:00:00"],
    "year": ["", "2024", "0000", "-001", "24", "٢٠٢٤", " 999", "1_00"],
    "yearmonth": ["", "2024-01", "2024-13", "2024-1", "x"],
    "duration": ["", "P1D", "PT1H", "1D"],
    "geopoint": [
        "",
        "8.65,49.87",
        "49.87,8.65",
        "8.65, 49.87",
        "200,10",
        "179.999,89.999",
        "180,90",
        "-8,-4",
        "8.65\u2003,4",
        "8",
    ],
    "geojson": ["", '{"type": "Point", "coordinates": [1, 2]}', "{}", "x"],
    "object": ["", '{"a": 1}', "[]", "x"],
    "array": ["", "[1, 2]", "[]", "{}"],
    "list": ["", "a,b", "a", "a,b,c,d"],
    "email": ["", "info@stadt.example", "info@", "x"],
    "uri": ["", "https://stadt.example/a", "stadt.example", "x y"],
    "uuid": ["", "123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000", "123e4567"],
    "binary": ["", "YWJj", "YWJ"],
    "wkt": ["", "POINT (1 2)", "POINT"],
}
FORMS = {
    "german": {"type": "number", "decimalChar": ",", "groupChar": "."},
    "german date": {"type": "date", "format": "%d.%m.%Y"},
    **{form: {"type": "string", "format": form} for form in ("email", "uri", "uuid", "binary", "wkt")},
}
BOUNDS = {
    "integer": ["1", "7", "999"],
    "number": ["0", "1.5", "-0.5"],
    "german": ["0", "60", "1234,5"],
    "date": ["2024-01-31", "2000-01-01"],
    "german date": ["01.01.2000", "31.01.2024"],
    "datetime": ["2024-01-31T10:00:00"],
    "time": ["10:00:00"],
    "year": ["1990"],
    "yearmonth": ["2024-01"],
}
PATTERNS = ["[a-z]+", "a|b", "a?b*", "[A-Z]{2}-[0-9]{3}", r"\w+", r"\d*", ".*", r"[^\d]*", "(?i:ab)", "(ab)*c?", "a.b"]


@st.composite
def fields(draw):
    kind = draw(st.sampled_from(sorted(CELLS)))
    entry = dict(FORMS.get(kind, {"type": kind}))
    constraints = {}
    if draw(st.integers(0, 3)) == 0:
        constraints["required"] = draw(st.booleans())
    if draw(st.integers(0, 4)) == 0:
        constraints["unique"] = True
    if kind in BOUNDS and draw(st.booleans()):
        name = draw(st.sampled_from(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]))
        constraints[name] = draw(st.sampled_from(BOUNDS[kind]))
    if entry["type"] == "string":
        if draw(st.booleans()):
            constraints["pattern"] = draw(st.sampled_from(PATTERNS))
        if draw(st.integers(0, 3)) == 0:
            constraints["minLength"] = draw(st.integers(0, 3))
        if draw(st.integers(0, 3)) == 0:
            constraints["maxLength"] = draw(st.integers(1, 4))
    if kind in ("string", "integer", "german", "boolean", "date") and draw(st.integers(0, 5)) == 0:
        constraints["enum"] = CELLS[kind][1:4]
    if constraints:
        entry["constraints"] = constraints
    if draw(st.integers(0, 6)) == 0:
        entry["missingValues"] = draw(st.sampled_from([["", "-"], ["999"], ["x", ""], []]))
    return kind, entry


@st.composite
def cases(draw):
    """A schema, and a file that is nearly like it: bytes, its profile, the descriptor, the limit of errors, the size of pieces."""
    columns = draw(st.lists(fields(), min_size=1, max_size=4))
    names = [f"spalte_{number}" for number in range(len(columns))]
    descriptor = {"fields": [{"name": name, **entry} for name, (_, entry) in zip(names, columns, strict=True)]}
    if draw(st.integers(0, 2)) == 0:
        descriptor["missingValues"] = draw(st.sampled_from([["", "NA"], ["-"], ["0", ""]]))
    if draw(st.integers(0, 2)) == 0:
        descriptor["primaryKey"] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    if draw(st.integers(0, 3)) == 0:
        descriptor["foreignKeys"] = [
            {"fields": [names[0]], "reference": {"resource": "", "fields": [draw(st.sampled_from(names))]}}
        ]
    delimiter, quote = draw(st.sampled_from(";,\t|")), draw(st.sampled_from('"""\''))
    rows = draw(st.lists(table_rows([kind for kind, _ in columns], delimiter, quote), max_size=12))
    rows *= draw(st.sampled_from([1, 1, 1, 2, 5]))
    label = draw(st.sampled_from([*[""] * 8, "Anders", " "]))
    header = delimiter.join([label or names[0], *names[1:], *draw(st.sampled_from([[], [], [], ["mehr"]]))])
    end = draw(st.sampled_from(["\r\n", "\n", "\n", "\r"]))
    before = draw(st.sampled_from([[], [], ["Titel"]]))
    text = end.join([*before, header, *rows]) + draw(st.sampled_from([end, ""]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))
    limit = draw(st.sampled_from([1000, 1000, 1000, 1, 2, 5, 0]))
    size = draw(st.sampled_from([None, 200, 40]))
    return text.encode(encoding, errors="replace"), encoding, delimiter, quote, len(before) + 1, descriptor, limit, size


@st.composite
def table_rows(draw, kinds, delimiter, quote):
    """One line of a file, in order as a rule."""
    shape = draw(st.integers(0, 30))
    if shape == 0:
        return draw(
            st.sampled_from(["", delimiter * (len(kinds) - 1), f"x{quote}y", f"{quote}z{quote}w", delimiter * 9])
        )
    cells = []
    for kind in kinds:
        cell = draw(st.sampled_from(CELLS[kind]))
        if draw(st.integers(0, 15)) == 0:
            cell = draw(st.sampled_from(["-", "NA", "0", "999", " ", "\ufeff"]))
        if any(sign in cell for sign in (delimiter, quote, "\n", "\r")) or draw(st.integers(0, 9)) == 0:
            cell = quote + cell.replace(quote, quote * 2) + quote
        cells.append(cell)
    if shape == 1:
        cells = cells[:-1]
    if shape == 2:
        cells.append("zu viel")
    return delimiter.join(cells)


def case_agrees(folder, case):
    data, encoding, delimiter, quote, header_row, descriptor, limit, size = case
    path = Path(folder) / "t.csv"
    path.write_bytes(data)
    text = data.decode(encoding)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    header = next(row for number, row in enumerate(records, 1) if number == header_row)
    facts = sniff(path)
    profile = TableProfile(
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        header_row=header_row,
        header=tuple(label.strip() for label in header),
        bytes=facts.bytes,
        sha256=facts.sha256,
    )
    verdict = agree(path, profile, descriptor, limit, size=size)
    # Nearly everything is taken: not what frictionless gives up on, and not keys whose values cannot be told apart in columns.
    unusual = {"array", "object", "geojson", "list", "integer", "number", "datetime", "time"}
    plain = all(entry["type"] not in unusual and entry.get("format") != "wkt" for entry in descriptor["fields"])
    assert verdict is not None or not plain or not any(profile.header)


@given(case=cases())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_engines_agree(tmp_path_factory, case):
    case_agrees(tmp_path_factory.mktemp("t"), case)


@pytest.mark.long
@given(case=cases())
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_engines_agree_on_very_many_files(tmp_path_factory, case):
    case_agrees(tmp_path_factory.mktemp("t"), case)


def test_corpus_of_german_tables():
    for path in sorted((shared() / "corpus/csv").glob("*.csv")):
        profile = sniff(path)
        assert agree(path, profile, {}) is not None
        fields = [{"name": label, "type": "integer"} for label in profile.header]
        assert agree(path, profile, {"fields": fields, "primaryKey": [profile.header[0]]}) is not None


def test_examples_of_all_schemas():
    folder = Path(schemas.__file__).parent / "schemas" / "examples"
    for path in sorted(folder.glob("*.csv")):
        assert compare(path, schemas.load(path.stem)) == ""
        descriptor = check._plain(schemas.load(path.stem), {})
        assert agree(path, sniff(path), descriptor) is not None


def test_every_table_of_a_folder():
    folder = os.environ.get("OFFENBAR_REAL_CSV", "")
    if not folder:
        pytest.skip("OFFENBAR_REAL_CSV names no folder of tables")
    for path in sorted(Path(folder).rglob("*.csv")):
        profile = sniff(path)
        if profile.readable and profile.header:
            agree(path, profile, {})


def own(*fields, **more):
    return schemas.read(json.dumps({"name": "eigen", "fields": list(fields), **more}).encode())


def write(path, rows, header="id;wert", encoding="utf-8"):
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


WHOLE = {"name": "wert", "type": "integer", "constraints": {"maximum": 20_000}}
TABLE = own({"name": "id", "type": "string", "constraints": {"unique": True}}, WHOLE)


def test_large_tables_take_the_fast_path(tmp_path, monkeypatch):
    path = write(tmp_path / "t.csv", [f"a{number};{number}" for number in range(12_000)] + ["a7;x", ";;", "a8;30000"])
    plain = without_seconds(tables.judge(path, sniff(path), check._plain(TABLE, {}), 1000, NEVER)[0])
    monkeypatch.setattr(engine, "judge", None)
    report = check_table(path, TABLE)
    assert without_seconds(report.frictionless) == plain
    # A line of two delimiters has three cells, all of them empty: a blank row.
    assert report.faulty_rows == 3
    assert {(count.type, count.field, count.rule): count.number for count in report.counts} == {
        ("blank-row", "", ""): 1,
        ("constraint-error", "wert", "maximum"): 1,
        ("type-error", "wert", ""): 1,
        ("unique-error", "id", ""): 2,
    }


def test_all_errors_are_counted_beyond_the_limit(tmp_path):
    rows = [f"a{number};x" for number in range(11_000)] + ["kurz", "a1;2;3"]
    report = check_table(write(tmp_path / "t.csv", rows), TABLE, limit_errors=7)
    assert report.limited
    assert report.frictionless["stats"]["errors"] == 7
    assert next(finding for finding in report.findings if finding.code == "type-error").count == 11_000
    assert {count.type: count.number for count in report.counts} == {
        "type-error": 11_000,
        "missing-cell": 1,
        "extra-cell": 1,
        "unique-error": 1,
    }
    assert report.faulty_rows == 11_002


def test_lines_differ_from_records_behind_line_breaks(tmp_path):
    rows = ['a1;"1\n\n2"', "a2;x", "", '"a\r\n3";4', "a4;y"] + [f"b{number};1" for number in range(11_000)]
    report = check_table(write(tmp_path / "t.csv", [*rows, "b1;1"]), TABLE)
    found = {finding.code: (finding.rows, finding.lines) for finding in report.findings}
    assert found["type-error"] == ((2, 3, 6), (2, 5, 9))
    assert found["blank-row"] == ((4,), (6,))
    assert found["unique-error"] == ((11_007,), (11_010,))


CITIES = own({"name": "id", "type": "string"}, {"name": "name", "type": "string"})


def visits(*more):
    keys = [{"fields": ["stadt"], "reference": {"resource": "staedte", "fields": ["id"]}}, *more]
    return own({"name": "stadt", "type": "string"}, {"name": "zahl", "type": "integer"}, foreignKeys=keys)


@pytest.mark.parametrize("rows", [50, 11_000])
def test_foreign_keys_into_another_table(tmp_path, rows):
    cities = write(tmp_path / "s.csv", ["da;Darmstadt", "ffm;Frankfurt"], header="id;name")
    cells = [f"{'da' if number % 2 else 'ffm'};{number}" for number in range(rows)]
    path = write(tmp_path / "t.csv", [*cells, "wi;1", ";2"], header="stadt;zahl")
    report = check_table(path, visits(), references={"staedte": cities})
    finding = next(finding for finding in report.findings if finding.code == "foreign-key")
    assert (finding.count, finding.rows) == (1, (rows + 2,))
    assert compare(path, visits(), references={"staedte": cities}) == ""
    # Without the other table nothing can be said.
    assert check_table(path, visits()).valid


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_foreign_keys_agree(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("t")
    kind = data.draw(st.sampled_from(["string", "integer", "number", "date"]))
    cells = st.sampled_from(CELLS[kind][:8])
    line = st.tuples(cells, cells).map(lambda row: ";".join(f'"{cell}"' for cell in row))
    column = {"type": kind}
    descriptor = {
        "fields": [{"name": "a", **column}, {"name": "b", **column}],
        "foreignKeys": [
            {"fields": ["a"], "reference": {"resource": "andere", "fields": ["y"]}},
            {"fields": ["a", "b"], "reference": {"resource": "andere", "fields": ["x", "y"]}},
            {"fields": ["b"], "reference": {"resource": "", "fields": ["a"]}},
        ],
    }
    other = write(folder / "o.csv", data.draw(st.lists(line, max_size=6)), header="x;y")
    path = write(folder / "t.csv", data.draw(st.lists(st.one_of(line, st.just("1")), max_size=8)), header="a;b")
    fields = [{"name": "x", **column}, {"name": "y", **column}]
    reference = Reference(path=other, profile=sniff(other), descriptor={"fields": fields})
    verdict = agree(
        path,
        replace(sniff(path), delimiter=";", header_row=1, header=("a", "b")),
        descriptor,
        references={"andere": reference},
        size=30,
    )
    assert verdict is not None


@pytest.mark.parametrize(
    ("fields", "more", "rows"),
    [
        # The second alternative of ^a|b$ is no search: it begins at the first letter too.
        ([{"type": "string", "constraints": {"pattern": "a|b"}}], {}, ["a", "b", "xb", "ax", "xxb"]),
        ([{"type": "string", "constraints": {"pattern": "x|"}}], {}, ["x", "y", "xy"]),
        # A signalling NaN cannot be compared.
        ([{"type": "number", "constraints": {"unique": True}}], {}, ["1", "sNaN"]),
        # Lists have no hash, in a row that is too short as well.
        (
            [{"type": "array"}, {"type": "any"}],
            {"foreignKeys": [{"fields": ["f0"], "reference": {"resource": "", "fields": ["f1"]}}]},
            ["", "[1]"],
        ),
        # frictionless reads the table of a key even if the file lacks the columns of that key.
        (
            [{"type": "array"}],
            {
                "fields": [{"name": "f0", "type": "array"}, {"name": "f1", "type": "any"}],
                "foreignKeys": [{"fields": ["f1"], "reference": {"resource": "", "fields": ["f0"]}}],
            },
            ["[1]"],
        ),
        # A broken constraint of an item is counted under its name, within the limit and beyond it.
        (
            [{"type": "array", "arrayItem": {"type": "string", "constraints": {"minLength": 2}}}],
            {},
            ['["x"]', '["xy"]', '["x"]', '["z"]'],
        ),
        # frictionless does not know the other table.
        (
            [{"type": "any"}],
            {"foreignKeys": [{"fields": ["f0"], "reference": {"resource": "andere", "fields": ["a"]}}]},
            ["1"],
        ),
    ],
)
@pytest.mark.parametrize("limit", [1, 1000])
def test_corners(tmp_path, fields, more, rows, limit):
    names = [f"f{number}" for number in range(len(fields))]
    path = write(tmp_path / "t.csv", rows, header=";".join(names))
    profile = replace(sniff(path), delimiter=";", header_row=1, header=tuple(names), cuts=())
    descriptor = {"fields": [{"name": name, **entry} for name, entry in zip(names, fields, strict=True)], **more}
    agree(path, profile, descriptor, limit)


def test_what_was_not_cut_to_the_end_is_not_judged(tmp_path, monkeypatch):
    path = write(tmp_path / "t.csv", ["a;1", f'"{"x" * 200}\n";2', *["b;x"] * 100])
    monkeypatch.setattr(columnar, "pieces", lambda path, profile, size: pieces.pieces(path, profile, 10, longest=40))
    assert agree(path, sniff(path), {}) is None


def test_compare_names_a_difference(tmp_path, monkeypatch):
    path = write(tmp_path / "t.csv", ["a1;1", "a2;x"])
    assert compare(path, TABLE) == ""
    # A kernel that proves too much.
    monkeypatch.setattr(column_judge.ColumnJudge, "judge", lambda self, cells: column_judge.Judged())
    assert "errors" in compare(path, TABLE)


def test_a_fault_of_pyarrow_is_nobodys_concern(tmp_path, monkeypatch):
    def refuse(piece, profile):
        raise pa.ArrowInvalid("no")

    path = write(tmp_path / "t.csv", [f"a{number};{number}" for number in range(10_500)] + ["a1;x"])
    expected = check_table(path, TABLE)
    monkeypatch.setattr(columnar, "block", refuse)
    report = check_table(path, TABLE)
    assert (report.findings, report.counts) == (expected.findings, expected.counts)


def test_no_time_left(tmp_path):
    path = write(tmp_path / "t.csv", [f"a{number};x" for number in range(10_500)])
    report = check_table(path, TABLE, limit_seconds=-1)
    assert report.limited
    assert any(finding.code == "limited" and "Zeit" in finding.what.de for finding in report.findings)


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        (r"[A-Z]{2}-[0-9]+", True),
        (r"\w+", True),
        (r"[^\d]+", False),
        (r"\bab", False),
        ("(?i)a", False),
        ("a{,3}", False),
        (r"(a)\1", False),
        ("(?=a)b", False),
        ("[[:alpha:]]", False),
        ("a++", False),
        ("ä|ö", True),
        ("x{2000}", False),
    ],
)
def test_patterns_that_re2_reads_alike(pattern, same):
    assert kernels.translatable(pattern) is same
