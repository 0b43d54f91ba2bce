"""Lists of JSON objects become tables."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators import json_tables, schemas
from validators.check import check_table
from validators.intake import Limits, opened
from validators.report import Severity


def table(path, data, schema=None, **more):
    """The records of a document's table as lists, and its profile."""
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    with opened(path, schema, **more) as found:
        if not found.profile.readable:
            return None, found.profile
        with found.path.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text)), found.profile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.csv"


def codes(profile):
    return [finding.code for finding in profile.findings]


ROWS = [{"a": "ä", "b": 1.0}, {"c": True, "a": None, "b": 2.5}]
TABLE = [["a", "b", "c"], ["ä", "1", ""], ["", "2.5", "true"]]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(ROWS).encode(),
        json.dumps({"meta": 1, "data": ROWS}).encode(),
        json.dumps({"records": ROWS}).encode(),
        b"\xef\xbb\xbf " + json.dumps(ROWS).encode(),
        json.dumps(ROWS).encode("utf-16"),
        b"\n".join(json.dumps(row).encode() for row in ROWS),
        b"".join(json.dumps(row).encode() + b"\r\n\r\n" for row in ROWS),
    ],
)
def test_the_forms_of_a_table(path, data):
    rows, profile = table(path, data)
    assert rows == TABLE
    assert (profile.kind, profile.records, profile.bytes, codes(profile)) == ("json", 3, len(data), [])


def test_values_inside_values_are_json_text(path):
    rows, profile = table(path, [{"a": {"mail": 'x"y@z.de'}, "b": [1, "ü"]}, {"a": 1}])
    assert rows == [["a", "b"], ['{"mail":"x\\"y@z.de"}', '[1,"ü"]'], ["1", ""]]
    (finding,) = profile.findings
    assert (finding.code, finding.count, finding.severity) == ("nested-values", 2, Severity.HINT)


def test_booleans_and_decimals_as_the_schema_wants_them(path):
    fields = [
        {"name": "j", "type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]},
        {"name": "z", "type": "number", "decimalChar": ","},
    ]
    wanted = schemas.read(json.dumps({"name": "t", "fields": fields}).encode())
    assert table(path, [{"j": False, "z": 1.5}], wanted)[0][1] == ["nein", "1,5"]
    assert check_table(path, wanted).valid


def test_entries_that_are_no_objects(path):
    rows, profile = table(path, [{"a": 1}, 5, {"a": 2}, {"a": 3}])
    assert rows == [["a"], ["1"], [""], ["2"], ["3"]]
    assert [(f.code, f.count, f.rows) for f in profile.findings] == [("bad-entry", 1, (3,))]


@pytest.mark.parametrize("data", [{"x": 1}, [[1, 2]], [[]], ["a", "b"], {"data": {}}, [{}], {"data": []}])
def test_other_json_is_no_table_and_no_fault(path, data):
    _, profile = table(path, data)
    assert not profile.readable
    assert [(f.code, f.severity) for f in profile.findings] == [("not-tabular", Severity.HINT)]
    assert not check_table(path, None).valid


@pytest.mark.parametrize(
    "data",
    [
        b'[{"a": NaN}]', b'[{"a": Infinity}]', b'[{"a": "\\ud800"}]', b'[{"a": 1},]', b'[{"a": 1}', b'[{"a": "\xff"}]',
        b"[" * 10_000, b'{"a":' * 10_000, b'{"a":1}\n{"a":NaN}\n', b'{"a":1}\n{"a"\n', b'[{"a":1}] x', b'\xff\xfe{\0"\0\xd8',
    ],
)  # fmt: skip
def test_broken_json_ends_in_a_sentence(path, data):
    _, profile = table(path, data)
    assert not profile.readable
    assert [(f.code, f.severity) for f in profile.findings] == [("bad-json", Severity.BLOCKS)]
    assert profile.findings[0].why.de.endswith(".")


def test_lists_deeper_than_can_be_written_end_in_a_sentence(path):
    assert codes(table(path, b'[{"a":' + b"[" * 500 + b"]" * 500 + b"}]")[1]) == ["bad-json"]


def test_control_characters_and_line_ends(path):
    rows, profile = table(path, [{"a": "x\r\ny\rz", "b": "\0"}])
    assert rows[1] == ["x\ny\nz", "\0"]
    assert codes(profile) == ["nul-byte"]


def test_limits(path, monkeypatch):
    wide = [{f"a{n}": n} for n in range(200)]
    assert codes(table(path, wide, limits=Limits(columns=100))[1]) == ["too-many-columns"]
    assert codes(table(path, [{"a": "x" * 5000}], limits=Limits(cell=1000))[1]) == ["cell-too-long"]
    # Few bytes of objects make many bytes of commas.
    sparse = [{f"a{n}": n} for n in range(500)] + [{}] * 2000
    assert codes(table(path, sparse, limits=Limits(bytes=500_000))[1]) == ["too-much-inside"]
    monkeypatch.setattr(json_tables, "_MAX_VALUES", 100)
    assert codes(table(path, wide)[1]) == ["too-much-inside"]
    monkeypatch.setattr(json_tables, "MAX_DOCUMENT", 100)
    assert codes(table(path, wide)[1]) == ["too-much-inside"]


def test_lines_are_read_one_by_one_beyond_the_limit_of_a_document(path, monkeypatch):
    monkeypatch.setattr(json_tables, "MAX_DOCUMENT", 100)
    monkeypatch.setattr(json_tables, "_MAX_LINE", 50)
    lines = b"".join(b'{"a":%d}\n' % n for n in range(100))
    assert len(table(path, lines)[0]) == 101
    assert codes(table(path, lines + b'{"a":"' + b"x" * 100 + b'"}\n')[1]) == ["cell-too-long"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), TEXTS, min_size=1), min_size=1, max_size=6))
def test_every_text_arrives(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("j") / "f"
    found, profile = table(path, rows)
    one = lambda text: text.replace("\r\n", "\n").replace("\r", "\n")  # noqa: E731
    assert found[1:] == [[one(row.get(label, "")) for label in found[0]] for row in rows]
    assert profile.records == len(rows) + 1
