"""Spreadsheets become the text table that their program would export."""

import csv
import datetime as dt
import json
import re
import time

import pytest
import xlsxwriter
from frictionless import Resource, Schema
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from samples_tables import XLSX_SHEET, biff, compound_file, ods, with_member, xls, xlsx, zipped

from validators import schemas, xlsx_parts
from validators import sheets as module
from validators.check import check_table
from validators.intake import Limits, opened
from validators.report import Severity
from validators.sheet_cells import plain_number

KINDS = {"xlsx": xlsx, "ods": ods, "xls": xls}


def table(path, schema=None, **more):
    """The records of a file's table as lists, and its profile."""
    with opened(path, schema, **more) as found:
        if not found.profile.readable:
            return None, found.profile
        with found.path.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text)), found.profile


def codes(profile):
    return [finding.code for finding in profile.findings]


def schema(*fields, **more):
    document = {"name": "test", "fields": [{"type": "string", **field} for field in fields], **more}
    return schemas.read(json.dumps(document).encode())


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_table_from_each_program(tmp_path, kind):
    path = KINDS[kind](tmp_path / "x.csv", {"Bäume": [["baum_id", "wert"], ["ä;b", 3.0], ["c,d", 2.5]]})
    rows, profile = table(path)
    assert rows == [["baum_id", "wert"], ["ä;b", "3"], ["c,d", "2.5"]]
    assert (profile.kind, profile.part, profile.header_row, profile.records) == (kind, "Bäume", 1, 3)
    assert (profile.bytes, profile.header, codes(profile)) == (path.stat().st_size, ("baum_id", "wert"), [])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_and_columns_keep_their_addresses(tmp_path, kind):
    """A record number is the row that the spreadsheet shows, a column letter the one at its head."""
    rows = [[], [None, "Bericht 2024"], [], [None, "id", "wert", "ort"], [None, "a", 1.0, "x"], [None, "b", 2.0, "y"]]
    found, profile = table(KINDS[kind](tmp_path / "f", {"T": rows}))
    assert profile.header_row == 4
    assert found[4] == ["", "a", "1", "x"]
    report = check_table(
        KINDS[kind](tmp_path / "g", {"T": [["name"], [], ["x"], ["y"]]}),
        schema({"name": "name", "constraints": {"enum": ["x"]}}),
    )
    wrong = next(finding for finding in report.findings if finding.code == "constraint-error")
    assert (wrong.rows, wrong.address) == ((4,), "A4")


def test_values_as_the_schema_expects_them(tmp_path):
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day, clock = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"num_format": "hh:mm"})
        long = book.add_format({"num_format": "[h]:mm"})
        sheet.write_row(
            0, 0, ["zahl", "ganz", "tag", "monat", "zeitpunkt", "uhr", "dauer", "ja", "text", "jahr", "spanne"]
        )
        sheet.write_row(1, 0, [1.5, 2.0])
        sheet.write_datetime(1, 2, dt.date(2024, 3, 4), day)
        sheet.write_datetime(1, 3, dt.date(2024, 3, 1), day)
        sheet.write_datetime(1, 4, dt.date(2024, 3, 4), day)
        sheet.write_datetime(1, 5, dt.time(12, 30), clock)
        sheet.write_datetime(1, 6, dt.timedelta(hours=30), long)
        sheet.write_boolean(1, 7, True)
        sheet.write_number(1, 8, 1234)
        sheet.write_number(1, 9, 1987)
        sheet.write_datetime(1, 10, dt.timedelta(minutes=90), long)
    wanted = schema(
        {"name": "zahl", "type": "number", "decimalChar": ","},
        {"name": "ganz", "type": "integer"},
        {"name": "tag", "type": "date", "format": "%d.%m.%Y"},
        {"name": "monat", "type": "yearmonth"},
        {"name": "zeitpunkt", "type": "datetime", "format": "%Y-%m-%d %H:%M"},
        {"name": "uhr", "type": "time"},
        {"name": "dauer", "type": "duration"},
        {"name": "ja", "type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]},
        {"name": "text"},
        {"name": "jahr", "type": "year"},
        {"name": "spanne", "type": "time"},
    )
    rows, profile = table(path, wanted)
    assert rows[1] == [
        "1,5", "2", "04.03.2024", "2024-03", "2024-03-04 00:00", "12:30:00", "PT30H0M0S", "ja", "1234", "1987", "01:30:00",
    ]  # fmt: skip
    assert codes(profile) == []
    plain, _ = table(path)
    assert plain[1] == [
        "1.5", "2", "2024-03-04", "2024-03-01", "2024-03-04", "12:30:00", "30:00:00", "true", "1234", "1987", "01:30:00",
    ]  # fmt: skip
    assert check_table(path, wanted).valid


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"), (50.800000000000004, "50.8"), (-0.0, "0"), (1e15, "1000000000000000"), (1e20, "100000000000000000000"),
        (1.5e-7, "1.5e-07"), (1e300, "1e+300"), (12345678901234567890.0, "12345678901234600000"), (8.1234567, "8.1234567"), (7, "7"),
    ],
)  # fmt: skip
def test_numbers_have_the_digits_that_a_spreadsheet_shows(value, text):
    assert plain_number(value) == text


@pytest.mark.parametrize(
    ("kind", "failed"),
    [("xlsx", ("=1/0", "#DIV/0!")), ("xls", {"error": 7}), ("xls", {"formula": 7}), ("ods", "#DIV/0!")],
)
def test_failed_formulas_are_read_as_their_text(tmp_path, kind, failed):
    path = KINDS[kind](tmp_path / "f", {"T": [["id", "n"], ["a", 1.0], ["b", failed]]})
    rows, profile = table(path, schema({"name": "id"}, {"name": "n", "type": "number"}))
    assert rows[2] == ["b", "#DIV/0!"]
    found = next(finding for finding in profile.findings if finding.code == "cell-error")
    assert (found.severity, found.count, found.rows, found.address, found.field) == (
        Severity.WARNING,
        1,
        (3,),
        "B3",
        "n",
    )
    assert "#DIV/0!" in found.what.de


def test_midnight_is_a_date_in_a_column_of_dates(tmp_path):
    moment = {"valuetype": "date", "datevalue": "2024-03-01T00:00:00", "text": "x"}
    path = ods(tmp_path / "f", {"T": [["t", "m", "z"], [moment, moment, moment]]})
    wanted = schema(
        {"name": "t", "type": "date"}, {"name": "m", "type": "yearmonth"}, {"name": "z", "type": "datetime"}
    )
    assert table(path, wanted)[0][1] == ["2024-03-01", "2024-03", "2024-03-01T00:00:00"]


def test_text_that_looks_like_markup_is_not_changed(tmp_path):
    """Failed formulas are found in tags only."""
    path = xlsx(tmp_path / "f", {"T": [["id", "t"], [("=1/0", "#REF!"), 'c t="e">']]})
    rows, _ = table(path)
    assert rows[1] == ["#REF!", 'c t="e">']


def test_codes_stored_as_numbers(tmp_path):
    path = xlsx(
        tmp_path / "f", {"T": [["ags", "plz", "hausnummer"], [6411000.0, 1067.0, 3.0], ["06411000", 64283.0, "3a"]]}
    )
    wanted = schema({"name": "ags", "constraints": {"pattern": "06[0-9]{6}"}}, {"name": "plz"}, {"name": "hausnummer"})
    rows, profile = table(path, wanted)
    assert rows[1:] == [["6411000", "1067", "3"], ["06411000", "64283", "3a"]]
    assert [(f.code, f.field, f.address, f.count) for f in profile.findings] == [
        ("stored-as-number", "ags", "A2", 1),
        ("stored-as-number", "plz", "B2", 1),
    ]


def test_dates_that_were_never_entered_and_digits_that_are_lost(tmp_path):
    path = xlsx(
        tmp_path / "f", {"T": [["hausnummer", "nr"], [dt.date(2024, 5, 3), 1234567890123456789.0], ["4a", 5.0]]}
    )
    _, profile = table(path, schema({"name": "hausnummer"}, {"name": "nr"}))
    assert [(f.code, f.address, f.rows) for f in profile.findings] == [
        ("turned-into-date", "A2", (2,)),
        ("lost-digits", "B2", (2,)),
    ]


def test_the_sheet_that_fits_the_schema(tmp_path):
    sheets = {
        "Deckblatt": [["Stand", "heute"], ["Amt", "x"]],
        "Daten": [["id", "n"], ["a", 1.0]],
        "Alt": [["id"], ["z"]],
        "Leer": [],
    }
    wanted = schema({"name": "id"}, {"name": "n", "type": "integer"})
    path = xlsx(tmp_path / "f", sheets)
    assert table(path, wanted)[1].part == "Daten"
    assert table(path)[1].part == "Deckblatt"
    rows, profile = table(path, wanted, part="alt")
    assert (rows, profile.part) == ([["id"], ["z"]], "Alt")
    assert profile.findings[0].code == "parts-left-out"
    assert profile.findings[0].examples == profile.others == ("Deckblatt", "Daten")
    _, profile = table(path, part="Fehlt")
    assert (profile.readable, codes(profile)) == (False, ["no-such-part"])


def test_hidden_sheets_are_read_only_if_no_other_can_be_meant(tmp_path):
    sheets = {"Alt": [["id"], ["z"]], "Neu": [["id"], ["a"]]}
    wanted = schema({"name": "id"})
    assert table(xlsx(tmp_path / "a", sheets, hidden=["Neu"]), wanted)[1].part == "Alt"
    sheets = {"Deckblatt": [["Stand"], ["heute"]], "Daten": [["id"], ["a"]]}
    assert table(xlsx(tmp_path / "b", sheets, hidden=["Daten"]), wanted)[1].part == "Daten"
    assert table(xlsx(tmp_path / "b", sheets, hidden=["Daten"]))[1].part == "Deckblatt"
    wanted = schema({"name": "id"}, {"name": "n"})
    sheets = {"Daten": [["id"], ["a"]], "Ganz": [["id", "n"], ["a", "b"]]}
    assert table(xlsx(tmp_path / "c", sheets, hidden=["Ganz"]), wanted)[1].part == "Daten"


def test_gaps_longer_than_what_is_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    monkeypatch.setattr(module, "_CELLS_AT_ONCE", 3)
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="20"><c r="A20"><v>2</v></c></row>'
    empty = b'<row r="30"><c r="C30" t="str"><v></v></c></row>'
    rows, profile = table(with_member(xlsx(tmp_path / "f", {"T": [["x"]]}), XLSX_SHEET, sheet_xml(cells + empty)))
    assert (rows[0], rows[19], len(rows), profile.records) == (["1"], ["2"], 20, 20)
    assert rows[1:19] == [[""]] * 18


@pytest.mark.slow
def test_empty_edges_are_cut_off(tmp_path):
    """Formats and formulas without result reach far beyond the table."""
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        colour = book.add_format({"bg_color": "red"})
        sheet.write_row(0, 0, ["id", "n"])
        sheet.write_row(1, 0, ["a", 1])
        sheet.write_row(3, 0, ["b", 2])
        for row in range(4, 6000):
            sheet.write_blank(row, 40, None, colour)
            sheet.write_formula(row, 5, '=""', None, "")
    rows, profile = table(path)
    assert rows == [["id", "n"], ["a", "1"], ["", ""], ["b", "2"]]
    assert profile.records == 4


def test_what_sheets_do_not_show(tmp_path):
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "n"])
        sheet.write_comment(0, 0, "Notiz")
    _, profile = table(path)
    assert [finding.code for finding in profile.findings] == ["unread-content"]
    assert "Kommentare" in profile.findings[0].what.de


def test_merged_and_hidden_cells_are_named(tmp_path):
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Ein Titel")
        sheet.write_row(1, 0, ["id", "n", "ort"])
        sheet.merge_range(2, 0, 3, 0, "a")
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.write_row(2, 1, [1, "x"])
    _, profile = table(path)
    found = {finding.code: finding for finding in profile.findings}
    assert (found["merged-cells"].count, found["merged-cells"].address) == (1, "A3")
    assert (
        found["hidden-cells"].what.de
        == "Ausgeblendet sind: 1 Zeile und 1 Spaltenbereich; sie werden mit veröffentlicht."
    )
    assert found["title-lines"].count == 1


@pytest.mark.slow
def test_the_verdict_of_frictionless_on_its_own_reading(tmp_path):
    """The same rows and fields are faulty whether frictionless reads the workbook by itself or our text of it."""
    book = Workbook()
    sheet = book.active
    sheet.append(["id", "n", "tag", "ja", "ort"])
    for at in range(60):
        number = [at, at + 0.5, "x", None, -at][at % 5]
        day = [dt.date(2024, 1, 1 + at % 28), "kein Tag", None][at % 3]
        sheet.append([f"b{at % 50}", number, day, [True, False, "vielleicht"][at % 3], ["A", "B", None, "C"][at % 4]])
    path = tmp_path / "f.xlsx"
    book.save(path)
    wanted = schema(
        {"name": "id", "constraints": {"required": True, "unique": True}},
        {"name": "n", "type": "integer", "constraints": {"minimum": 0}},
        {"name": "tag", "type": "date"},
        {"name": "ja", "type": "boolean"},
        {"name": "ort", "constraints": {"enum": ["A", "B"], "required": True}},
    )
    own = Resource(
        path=path.name, basepath=str(tmp_path), schema=Schema.from_descriptor(wanted.descriptor())
    ).validate()
    ours = check_table(path, wanted)

    def faults(report):
        return {(e["rowNumber"], e.get("fieldName", ""), e["type"]) for t in report["tasks"] for e in t["errors"]}

    assert faults(own.to_dict()) == faults(ours.frictionless)
    assert len(faults(ours.frictionless)) > 40


@pytest.mark.parametrize(
    ("field", "value", "own"),
    [
        ({"type": "string"}, 64283.0, {"type-error"}),
        ({"type": "yearmonth"}, dt.date(2024, 3, 1), {"type-error"}),
        ({"type": "time"}, dt.timedelta(minutes=90), {"type-error"}),
        ({"type": "string"}, "x", {"blank-row"}),
        ({"type": "integer"}, 2.0, set()),
        ({"type": "date", "format": "%d.%m.%Y"}, dt.date(2024, 3, 4), set()),
        ({"type": "datetime"}, dt.date(2024, 3, 4), set()),
        ({"type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]}, True, set()),
        ({"type": "number", "decimalChar": ","}, 1.5, set()),
        ({"type": "year"}, 1987.0, set()),
    ],
)
def test_where_frictionless_by_itself_differs(tmp_path, field, value, own):
    """The table in docs/validation.md: what its reader of workbooks finds, and that we accept the cell."""
    path, wanted = tmp_path / "f.xlsx", schema({"name": "a", **field})
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        if isinstance(value, dt.timedelta):
            sheet.write_datetime(1, 0, value, book.add_format({"num_format": "[h]:mm"}))
        else:
            sheet.write(1, 0, value)
        if "blank-row" in own:
            sheet.write_blank(2, 0, None, book.add_format({"bg_color": "red"}))
    reader = Resource(path="f.xlsx", basepath=str(tmp_path), schema=Schema.from_descriptor(wanted.descriptor()))
    assert {error.type for task in reader.validate().tasks for error in task.errors} == own
    assert check_table(path, wanted).valid


CELL = st.one_of(
    st.none(),
    st.floats(-1e6, 1e6).map(lambda value: round(value, 4)),
    st.integers(-1000, 1000),
    st.booleans(),
    st.sampled_from(["", "x", "12", 'q"', "a,b", "z\nz", " ", "#N/A", "2024-01-01"]),
    st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)),
)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_any_workbook_says_what_openpyxl_wrote(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("w") / "f.xlsx"
    book = Workbook()
    book.active.append(["spalte a", "spalte b", "spalte c"])
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    found, profile = table(path)
    expected = [[_shown(value) for value in row] for row in rows]
    while expected and not any(expected[-1]):
        expected.pop()
    width = len(found[0])
    assert found[1:] == [row[:width] for row in expected]
    assert profile.header == ("spalte a", "spalte b", "spalte c")


def _shown(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    return plain_number(value) if isinstance(value, float) else str(value)


def refusal(path, **more):
    """The code of the finding why a file is not read, soon and with a sentence."""
    start = time.process_time()
    _, profile = table(path, **more)
    assert time.process_time() - start < 20
    assert not profile.readable
    (finding,) = profile.findings
    assert finding.severity is Severity.BLOCKS
    assert finding.what.de.endswith(".")
    assert finding.fix.de
    report = check_table(path, None)
    assert not report.valid
    assert not report.conforms
    return finding.code


def test_a_workbook_without_a_table(tmp_path):
    assert refusal(xlsx(tmp_path / "a", {"Leer": []})) == "no-table"
    assert refusal(ods(tmp_path / "b", {"Leer": [[None]]})) == "no-table"
    assert refusal(xls(tmp_path / "c", {"Leer": []})) == "no-table"


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file(tmp_path, kind):
    path = KINDS[kind](tmp_path / "f", {"T": [["id", "n"], *[[f"a{n}", float(n)] for n in range(500)]]})
    whole = path.read_bytes()
    for length in (len(whole) * 2 // 3, 700, 30):
        path.write_bytes(whole[:length])
        assert refusal(path) in ("damaged-file", "no-table", "no-spreadsheet")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bytes_never_end_in_a_traceback(tmp_path, kind):
    path = KINDS[kind](tmp_path / "f", {"T": [["id", "n"], *[[f"a{n}", float(n)] for n in range(50)]]})
    whole = path.read_bytes()
    for at in range(0, len(whole), max(len(whole) // 150, 1)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        table(path)


def sheet_xml(cells):
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return lambda _: head + cells + b"</sheetData></worksheet>"


FAR = [
    b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    b"<row r='1'><c r='A1'><v>1</v></c><c\nr = 'XFD1048576'><v>1</v></c></row>",
    b'<row r="1"><c r="A1"><v>1</v></c></row><row r="900000">' + b"<c><v>1</v></c>" * 500 + b"</row>",
    b'<row r="1"><c r="A1"><v>1</v></c><c r="ABC9999999"><v>1</v></c></row>',
]


@pytest.mark.parametrize("cells", FAR)
def test_two_cells_far_apart_do_not_fill_the_memory(tmp_path, cells):
    path = with_member(xlsx(tmp_path / "f", {"T": [["x"]]}), XLSX_SHEET, sheet_xml(cells))
    assert refusal(path) == "too-much-inside"


def test_far_cells_without_content_do_no_harm(tmp_path):
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    rows, _ = table(with_member(xlsx(tmp_path / "f", {"T": [["x"]]}), XLSX_SHEET, sheet_xml(cells)))
    assert rows == [["1"]]


def test_many_columns_are_measured_exactly(tmp_path):
    """The quick look takes every sheet for 99,999 rows; a wide one is counted again."""
    rows, profile = table(xlsx(tmp_path / "f", {"T": [[f"s{n}" for n in range(900)], ["x"] * 900]}))
    assert (len(rows[1]), profile.readable) == (900, True)


def test_too_many_columns(tmp_path):
    path = xlsx(tmp_path / "f", {"T": [[f"s{n}" for n in range(120)]]})
    assert codes(table(path, limits=Limits(columns=100))[1]) == ["too-many-columns"]


@pytest.mark.slow
def test_one_long_text_in_every_cell(tmp_path):
    path = xlsx(tmp_path / "f", {"T": [["x" * 32_000]]})
    many = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 40_000))
    assert refusal(with_member(path, XLSX_SHEET, sheet_xml(many))) == "too-much-inside"
    odd = many.replace(b't="s"', b"t = 's'")
    assert refusal(with_member(path, XLSX_SHEET, sheet_xml(odd))) == "too-much-inside"


@pytest.mark.slow
def test_a_long_text_beside_many_short_ones_is_no_bomb(tmp_path):
    path = xlsx(tmp_path / "f", {"T": [["x" * 32_000], ["kurz"]]})
    many = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>1</v></c></row>' % (n, n) for n in range(1, 40_000))
    found, _ = table(with_member(path, XLSX_SHEET, sheet_xml(many)))
    assert len(found) == 39_999


def test_a_workbook_that_unpacks_to_gigabytes(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_parts, "MAX_UNPACKED", 1_000_000)
    path = with_member(xlsx(tmp_path / "f", {"T": [["x"]]}), XLSX_SHEET, lambda data: data + b" " * 2_000_000)
    assert refusal(path) == "too-much-inside"


def test_a_directory_that_lies_about_sizes(tmp_path):
    """A reader that trusts the data and not the directory would unpack more than was counted."""
    path = xlsx(tmp_path / "f", {"T": [["id", "n"], *[[f"a{n}", float(n)] for n in range(500)]]})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(XLSX_SHEET.encode()))
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    assert refusal(path) == "damaged-file"


@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"])
def test_parts_that_are_held_whole_are_small(tmp_path, member):
    path = with_member(xlsx(tmp_path / "f", {"T": [["x"]]}), member, lambda data: data + b" " * xlsx_parts.MAX_BOOK)
    assert refusal(path) == "too-much-inside"


def test_more_merged_cells_than_anybody_merges(tmp_path):
    merged = b"<mergeCells>" + b'<mergeCell ref="A1:B2"/>' * xlsx_parts.MAX_MERGED
    path = with_member(
        xlsx(tmp_path / "f", {"T": [["x"]]}),
        XLSX_SHEET,
        lambda data: data.replace(b"</sheetData>", b"</sheetData>" + merged + b'<mergeCell ref="C3:D4"/></mergeCells>'),
    )
    assert refusal(path) == "too-much-inside"


@pytest.mark.slow
def test_more_shared_texts_than_memory_should_hold(tmp_path):
    path = xlsx(tmp_path / "f", {"T": [["x"]]})
    many = with_member(path, "xl/sharedStrings.xml", lambda data: data + b"<si/>" * xlsx_parts.MAX_SHARED_ITEMS)
    assert refusal(many) == "too-much-inside"
    large = with_member(path, "xl/sharedStrings.xml", lambda data: b" " * xlsx_parts.MAX_SHARED + data)
    assert refusal(large) == "too-much-inside"


def test_entities_do_not_grow(tmp_path):
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>'
    cells = b'<row r="1"><c r="A1" t="str"><v>' + b"&b;" * 1000 + b"</v></c></row>"
    path = with_member(xlsx(tmp_path / "f", {"T": [["x"]]}), XLSX_SHEET, lambda _: bomb + sheet_xml(cells)(b""))
    rows, profile = table(path)
    assert not profile.readable or len(rows[0][0]) < 10_000


def test_sheets_of_libreoffice_are_held_in_memory_together(tmp_path):
    half = {"numbercolumnsrepeated": str(xlsx_parts.MAX_CELLS // 2), "valuetype": "string", "text": "y"}
    assert refusal(ods(tmp_path / "a", {"A": [[half]], "B": [[half]], "C": [["x"]]})) == "too-much-inside"


@pytest.mark.parametrize("number", ["20000000", "2000000000", "99999999999"])
def test_a_tag_that_stands_for_millions_of_blanks(tmp_path, number):
    path = with_member(
        ods(tmp_path / "a", {"A": [["x"], ["y"]]}),
        "content.xml",
        lambda data: data.replace(b">x<", b'>x<text:s text:c="%s"/><' % number.encode()),
    )
    assert refusal(path) == "cell-too-long"


def test_repeated_cells_of_libreoffice(tmp_path):
    path = ods(
        tmp_path / "a", {"T": [["x"], [{"numbercolumnsrepeated": "999999999", "valuetype": "string", "text": "y"}]]}
    )
    assert refusal(path) == "too-much-inside"
    path = ods(
        tmp_path / "b",
        {
            "T": [
                ["id", "n"],
                [{"numbercolumnsrepeated": "2", "valuetype": "string", "text": "y"}],
                [{"numbercolumnsrepeated": "16000"}],
            ]
        },
    )
    assert table(path)[0] == [["id", "n"], ["y", "y"]]


def test_other_documents_are_no_spreadsheets(tmp_path):
    text = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}
    assert refusal(zipped(tmp_path / "a", text)) == "no-spreadsheet"
    assert refusal(zipped(tmp_path / "b", {"[Content_Types].xml": b"", "word/document.xml": b""})) == "no-spreadsheet"
    (tmp_path / "c").write_bytes(compound_file(b"x" * 100, "WordDocument"))
    assert refusal(tmp_path / "c") == "no-spreadsheet"
    assert refusal(zipped(tmp_path / "d", {"[Content_Types].xml": b"", "xl/workbook.bin": b""})) == "xlsb"


def test_passwords(tmp_path):
    (tmp_path / "a").write_bytes(compound_file(b"x" * 100, "EncryptedPackage"))
    assert refusal(tmp_path / "a") == "password"
    manifest = b'<manifest:manifest xmlns:manifest="m"><manifest:encryption-data/></manifest:manifest>'
    path = with_member(ods(tmp_path / "b", {"T": [["x"]]}), "META-INF/manifest.xml", lambda _: manifest)
    assert refusal(path) == "password"


def test_old_sheets_that_would_fill_the_memory(tmp_path):
    """The reader of old files unpacks all sheets at once."""
    far = [(0, 0, 1.0), (65535, 255, 1.0)]
    (tmp_path / "f").write_bytes(compound_file(biff({"A": far, "B": far})))
    assert refusal(tmp_path / "f") == "too-much-inside"
    (tmp_path / "g").write_bytes(compound_file(biff({"A": far[:1], "B": [(65535, 1, 2.0)]})))
    assert table(tmp_path / "g")[0] == [["1"]]


def test_a_circle_of_sectors(tmp_path):
    data = bytearray(compound_file(b"x" * 9000))
    at = len(data) - 512
    data[at : at + 4] = (0).to_bytes(4, "little")
    (tmp_path / "f").write_bytes(data)
    assert refusal(tmp_path / "f") == "damaged-file"


def test_reading_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    path = xlsx(tmp_path / "f.xlsx", {"T": [["id"], ["a"]]})
    with opened(path) as found:
        assert re.match(str(tmp_path / "tmp"), str(found.path))
    assert not list((tmp_path / "tmp").iterdir())
