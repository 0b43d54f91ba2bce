"""Small numbers of persons, and suppressed ones that follow from a total."""

import csv

import pytest
from shared_files import shared

from validators import small_cells
from validators.privacy import scan
from validators.report import Severity
from validators.small_cells import find
from validators.sniff import sniff


@pytest.fixture
def found(tmp_path):
    def run(*rows):
        path = tmp_path / "t.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, delimiter=";").writerows(rows)
        findings = find(path, sniff(path))
        assert all(finding.examples == () for finding in findings), "no cell is quoted"
        return [(finding.code, finding.column, finding.count, finding.rows) for finding in findings]

    return run


LONG = ("stadtteil", "geschlecht", "anzahl")


def test_counts_below_three_are_found_and_zeros_are_not(found):
    rows = [("Nord", "m", "1"), ("Nord", "w", "2"), ("Süd", "m", "3"), ("Süd", "w", "0"), ("West", "w", "1.002")]
    assert found(LONG, *rows) == [("small-cells", "C", 2, (2, 3))]


@pytest.mark.parametrize("one", ["1.0", "1,0", "1.00", "+1", " 1 ", "\N{FULLWIDTH DIGIT ONE}", "1\N{NO-BREAK SPACE}"])
def test_a_one_is_found_however_a_program_writes_it(found, one):
    rows = [
        ("Nord", "m", one),
        ("Süd", "m", "1.5"),
        ("West", "w", "1,000"),
        ("Ost", "w", "1\N{NARROW NO-BREAK SPACE}000"),
    ]
    assert found(LONG, *rows) == [("small-cells", "C", 1, (2,))]


def test_totals_with_a_blank_between_thousands_are_compared(found):
    rows = [("Nord", "insgesamt", "1\N{NO-BREAK SPACE}010.0"), ("Nord", "m", "1 000"), ("Nord", "w", ".")]
    assert found(LONG, *rows) == [("recomputable-cells", "C", 1, (4,))]


def test_they_block_and_say_what_to_do(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("stadtteil;geschlecht;anzahl\nNord;m;1\nNord;w;17\n", encoding="utf-8")
    (finding,) = scan(path, sniff(path))
    assert (finding.code, finding.severity, finding.field, finding.address) == (
        "small-cells",
        Severity.BLOCKS,
        "anzahl",
        "C2",
    )
    assert "Zahlen unter 3 (1 Wert)" in finding.what.de
    assert "zweite" in finding.fix.de


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (("stadtteil", "anzahl"), ("Nord", "1")),
        (("strasse", "baeume", "anzahl"), ("Nord", "Linde", "1")),
        (("vorname", "geschlecht", "anzahl"), ("Emma", "w", "1")),
        (("kita", "altersgruppe", "plaetze"), ("Nord", "u3", "1")),
        (("stadtteil", "geschlecht", "anteil in %"), ("Nord", "m", "1")),
        (("stadtteil", "geschlecht", "durchschnitt"), ("Nord", "m", "2")),
        (("stadtteil", "geschlecht", "anzahl"), ("Nord", "m", "1,5")),
    ],
)
def test_what_counts_no_persons_is_left_alone(found, header, row):
    assert found(header, row, row) == []


@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        (("stadtteil", "einwohner"), ("Nord", "2"), "B"),
        (("gebiet_name", "staatsangehoerigkeit", "anzahl"), ("Nord", "deutsch", "1"), "C"),
        (("Stadtteil", "Altersgruppe", "Anzahl Personen"), ("Nord", "0-3", "2"), "C"),
        (("Stadtteil", "männlich", "weiblich"), ("Nord", "200", "1"), "C"),
        (("Bezirk", "unter 3", "3 bis unter 6", "6 und älter"), ("Nord", "1", "10", "20"), "B"),
    ],
)
def test_tables_that_count_persons_are_known_by_their_columns(found, header, row, column):
    assert found(header, row) == [("small-cells", column, 1, (2,))]


@pytest.mark.parametrize("mark", ["", ".", "x", "*", "/", "geheim", "< 3"])
def test_a_single_suppressed_part_follows_from_the_total(found, mark):
    rows = [("Nord", "insgesamt", "100"), ("Nord", "m", "98"), ("Nord", "w", mark), ("Süd", "insgesamt", "50")]
    rows += [("Süd", "m", "20"), ("Süd", "w", "30")]
    assert found(LONG, *rows) == [("recomputable-cells", "C", 1, (4,))]


def test_two_suppressed_parts_do_not(found):
    rows = [("Nord", "insgesamt", "100"), ("Nord", "m", "80"), ("Nord", "w", ""), ("Nord", "d", "")]
    assert found(LONG, *rows) == []


@pytest.mark.parametrize(("rest", "told"), [(2, True), (4, True), (3, False), (20, False)])
def test_two_suppressed_parts_follow_when_their_sum_leaves_no_choice(found, rest, told):
    """Both are at least one and at most two: a sum of two or four says each."""
    rows = [("Nord", "insgesamt", str(80 + rest)), ("Nord", "m", "80"), ("Nord", "w", "x"), ("Nord", "d", "x")]
    assert bool(found(LONG, *rows)) is told


def test_without_a_total_nothing_follows(found):
    assert found(LONG, ("Nord", "m", "98"), ("Nord", "w", "")) == []
    assert found(LONG, ("Nord", "insgesamt", ""), ("Nord", "m", "98"), ("Nord", "w", "")) == []
    assert found(LONG, ("Süd", "insgesamt", "100"), ("Nord", "m", "98"), ("Nord", "w", "")) == []


SHARED = ("stichtag", "ags", "gebiet_ebene", "gebiet_schluessel", "gebiet_name", "geschlecht", "alter_von", "alter_bis")
SHARED += ("staatsangehoerigkeit", "wohnstatus", "anzahl", "status")


def of_shared(area, sex, ages, count, status="endgueltig", nation="insgesamt", level="stadtteil"):
    level, key = ("stadt", "0") if area == "Stadt X" else (level, area[0])
    return ("2025-12-31", "06411000", level, key, area, sex, *ages, nation, "hauptwohnung", count, status)


def test_the_shared_schema_of_the_cities_is_understood(found):
    everybody, young, old = ("0", ""), ("0", "17"), ("18", "")
    by_age = [of_shared("Nord", "insgesamt", everybody, "90"), of_shared("Nord", "insgesamt", young, "", "geheim")]
    by_age.append(of_shared("Nord", "insgesamt", old, "88"))
    assert found(SHARED, *by_age) == [("recomputable-cells", "K", 1, (3,))]
    by_area = [of_shared("Stadt X", "insgesamt", everybody, "300"), of_shared("Nord", "insgesamt", everybody, "298")]
    by_area.append(of_shared("Süd", "insgesamt", everybody, "", "geheim"))
    assert found(SHARED, *by_area) == [("recomputable-cells", "K", 1, (4,))]
    two_levels = [*by_area, of_shared("Bezirk 1", "insgesamt", everybody, "200", level="stadtbezirk")]
    two_levels.append(of_shared("Cbezirk 2", "insgesamt", everybody, "", "geheim", level="stadtbezirk"))
    assert found(SHARED, *two_levels) == [("recomputable-cells", "K", 2, (4, 6))]
    closed = [of_shared("Nord", "insgesamt", ("0", "120"), "90"), *by_age[1:]]
    assert found(SHARED, *closed) == [("recomputable-cells", "K", 1, (3,))]
    by_nation = [of_shared("Nord", "m", young, "30"), of_shared("Nord", "m", young, "29", nation="deutsch")]
    by_nation.append(of_shared("Nord", "m", young, "", "geheim", nation="nichtdeutsch"))
    assert found(SHARED, *by_nation) == [("recomputable-cells", "K", 1, (4,))]
    assert found(SHARED, of_shared("Nord", "m", young, "2")) == [("small-cells", "K", 1, (2,))]


def test_parts_side_by_side_are_compared_with_their_total(found):
    header = ("Stadtteil", "insgesamt", "männlich", "weiblich", "deutsch", "nichtdeutsch")
    assert found(header, ("Nord", "100", "60", ".", "90", "10")) == [("recomputable-cells", "D", 1, (2,))]
    assert found(header, ("Nord", "100", "60", "40", "90", "10")) == []


def test_a_table_too_long_to_compare_says_so(found, monkeypatch):
    monkeypatch.setattr(small_cells, "MAX_GROUPED", 4)
    rows = [("Nord", "m", "98"), ("Nord", "w", "97"), ("Nord", "d", "96")]
    assert [code for code, *_ in found(LONG, *rows)] == ["recomputable-unchecked"]


def test_ragged_rows_and_odd_numbers_are_no_trouble(found):
    rows = [("Nord",), (), ("Nord", "m", "1", "mehr"), ("Nord", "m", "9" * 400), ("Nord", "m", "١")]
    assert found(LONG, *rows) == [("small-cells", "C", 2, (4, 6))], "a one in any script"


def test_published_statistics_pass():
    path = shared("corpus", "csv", "bevoelkerung-karlsruhe.csv")
    assert find(path, sniff(path)) == ()
