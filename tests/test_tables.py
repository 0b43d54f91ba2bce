"""Checking tables: frictionless' verdict, our sentences, hostile files."""

import csv
import io
import json
import unicodedata

import pytest
from frictionless import Dialect, Resource, Schema, formats
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared_files import shared

from dcat.errors import ConfigError
from validators import schemas
from validators.check import check_table, first_rows
from validators.report import Count, Severity

TREES = schemas.load("baumkataster")
PLACES = schemas.load("oeffentlicher_ort")


def tree(**cells: str) -> dict[str, str]:
    row = {field.name: field.example for field in TREES.fields}
    return row | cells


@pytest.fixture
def trees(tmp_path):
    """Write trees as a file and check it."""

    def check(
        *rows: dict[str, str], header: list[str] | None = None, encoding: str = "utf-8", before: str = "", **options
    ):
        names = [field.name for field in TREES.fields]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";")
        writer.writerow(header or names)
        writer.writerows([row[name] for name in names] for row in rows)
        path = tmp_path / "baeume.csv"
        path.write_bytes((before + text.getvalue()).encode(encoding))
        return check_table(path, TREES, **options)

    return check


@pytest.fixture
def check(tmp_path):
    def run(text: str | bytes, schema=None, **options):
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return check_table(path, schema, **options)

    return run


def own(*fields: dict, **more):
    return schemas.read(json.dumps({"fields": list(fields), **more}).encode())


def codes(report):
    return [finding.code for finding in report.findings]


def find(report, code):
    return next(finding for finding in report.findings if finding.code == code)


def test_clean_file(trees):
    report = trees(tree(), tree(baum_id="da-2"))
    assert report.valid
    assert report.conforms
    assert report.findings == ()
    assert (report.rows, report.fields, report.schema_id, report.schema_version) == (2, 19, "baumkataster", "1.0.0")
    assert report.frictionless["tasks"][0]["stats"]["sha256"] == report.sha256


def test_equal_errors_become_one_finding(trees):
    report = trees(*(tree(baum_id=f"da-{i}", hoehe_m=f"{i},5") for i in range(30)))
    finding = find(report, "type-error")
    assert not report.valid
    assert (finding.severity, finding.count, finding.field, finding.column, finding.address) == (
        Severity.BLOCKS,
        30,
        "hoehe_m",
        "M",
        "M2",
    )
    assert finding.rows == tuple(range(2, 12))
    assert len(finding.examples) == 5
    comma = find(report, "decimal-comma")
    assert (comma.severity, comma.count, comma.address) == (Severity.WARNING, 30, "M2")
    assert len(report.findings) == 2


def test_each_broken_rule_is_told_apart(trees):
    report = trees(
        tree(baum_id="da-1", lon="49.87", lat="8.65"),
        tree(baum_id="da-2", ags="6411000"),
        tree(baum_id="da-3", standort_art="Straße"),
        tree(baum_id="da-4", stand=""),
        tree(baum_id="da-5", vitalitaet="-1"),
        tree(baum_id="da-6", stadtteil="x" * 81),
        tree(baum_id="da-6"),
    )
    groups = {(f.code, f.field): f for f in report.findings if f.severity is Severity.BLOCKS}
    assert set(groups) == {
        ("constraint-error", "lon"),
        ("constraint-error", "lat"),
        ("constraint-error", "ags"),
        ("constraint-error", "standort_art"),
        ("constraint-error", "stand"),
        ("constraint-error", "vitalitaet"),
        ("constraint-error", "stadtteil"),
        ("primary-key", ""),
    }
    assert "über 9.5" in groups["constraint-error", "lon"].what.de
    assert "unter 49.3" in groups["constraint-error", "lat"].what.de
    assert "strasse, park" in groups["constraint-error", "standort_art"].fix.de
    assert "Pflichtspalte" in groups["constraint-error", "stand"].what.de
    assert groups["constraint-error", "stand"].examples == ()
    assert "06411000" in groups["constraint-error", "ags"].fix.de
    assert "zu lang" in groups["constraint-error", "stadtteil"].what.de
    assert groups["primary-key", ""].rows == (8,)
    assert find(report, "swapped-coordinates").rows == (2,)


def test_severity_without_hvd_category(check):
    header = ",".join(field.name for field in PLACES.fields)
    report = check(f"{header}\n" + ",".join("?" for _ in PLACES.fields) + "\n", PLACES)
    assert {f.severity for f in report.findings if f.code == "constraint-error"} == {Severity.BLOCKS}


def test_german_spellings_are_warned_about(trees, check):
    report = trees(tree(stand="15.01.2026"))
    assert find(report, "german-date").examples == ("15.01.2026",)
    schema = own({"name": "ok", "type": "boolean"}, {"name": "t", "type": "datetime"})
    report = check("ok;t\nja;2026-03-01 08:15\ntrue;2026-03-01T08:15:00Z\n", schema)
    assert find(report, "yes-no").rows == (2,)
    assert find(report, "datetime-without-zone").rows == (2,)


def test_looks_empty(trees):
    report = trees(tree(betreiber="", art_botanisch=" "))
    assert find(report, "looks-empty").field == "art_botanisch"


def test_header_in_other_spelling(trees):
    names = [field.name for field in TREES.fields]
    report = trees(tree(), header=[names[0].upper(), *names[1:]])
    finding = find(report, "incorrect-label")
    assert "„BAUM_ID“ → „baum_id“" in finding.fix.de
    assert codes(report) == ["incorrect-label"]


def test_header_in_decomposed_unicode(check):
    schema = own({"name": "höhe", "type": "number"})
    report = check(unicodedata.normalize("NFD", "höhe") + "\n1.5\n", schema)
    assert codes(report) == ["incorrect-label"]
    assert find(report, "incorrect-label").count == 1


def test_columns_in_another_order_are_still_checked_by_name(trees):
    names = [field.name for field in TREES.fields]
    swapped = [names[1], names[0], *names[2:]]
    row = tree(hoehe_m="hoch")
    row["baum_id"], row["ags"] = row["ags"], row["baum_id"]
    report = trees(row, header=swapped)
    assert codes(report) == ["column-order", "type-error"]
    assert find(report, "type-error").field == "hoehe_m"


def test_missing_and_unknown_columns(check):
    report = check("id;Baumart;Höhe\n1;Tilia;5\n", TREES)
    assert "baum_id" in find(report, "missing-label").what.de
    assert "Pflicht" in find(report, "missing-label").what.de
    advice = find(report, "extra-label").fix.de
    assert "„id“ → „baum_id“" in advice
    assert "„Baumart“ → „art_botanisch“" in advice
    assert "„Höhe“ → „hoehe_m“" in advice


def test_doubled_column(trees):
    names = [field.name for field in TREES.fields]
    report = trees(tree(), header=[*names[:-2], names[0], names[-1]])
    assert find(report, "duplicate-label").column == "R"


def test_real_playgrounds_are_explained_to_a_clerk():
    report = check_table(shared("corpus", "csv", "spielplaetze-muenster.csv"), PLACES)
    assert not report.valid
    assert report.rows == 294
    assert len(report.findings) <= 8
    missing, unknown = find(report, "missing-label"), find(report, "extra-label")
    assert "Pflicht: ort_id, art, ags, lon, lat, stand" in missing.what.de
    assert "„Latitude“ → „lat“, „Longitude“ → „lon“" in unknown.fix.de
    assert "„Skater“" in unknown.fix.de
    assert find(report, "swapped-coordinates").count == 291
    assert find(report, "blank-row").count == 3
    assert find(report, "not-utf8").severity is Severity.WARNING
    for finding in report.findings:
        for message in (finding.what, finding.why, finding.fix):
            assert message.de.endswith(".")
            assert message.en.endswith(".")


def test_real_file_without_schema():
    report = check_table(shared("corpus", "csv", "bevoelkerung-karlsruhe.csv"), None)
    assert report.valid
    assert report.findings == ()
    assert (report.rows, report.fields, report.schema_id) == (405, 5, "")


def test_without_schema_only_the_structure_counts(check):
    report = check("a;b\n1,5;31.12.2024\nx;y;z\n;\nnur\n")
    assert set(codes(report)) == {"extra-cell", "blank-row", "missing-cell"}
    assert {finding.severity for finding in report.findings} == {Severity.WARNING}


def test_short_and_long_rows_are_counted_by_row(check):
    schema = own({"name": "a", "constraints": {"required": True}}, {"name": "b", "constraints": {"required": True}})
    report = check("a;b\n1;2;3;4\n1\n", schema)
    assert [(f.code, f.count, f.rows) for f in report.findings] == [("extra-cell", 1, (2,)), ("missing-cell", 1, (3,))]


def test_files_of_many_makes(trees):
    assert trees(tree(), encoding="utf-8-sig").valid
    assert codes(trees(tree(), encoding="cp1252")) == ["not-utf8"]
    assert codes(trees(tree(), encoding="utf-16")) == ["utf-16"]
    assert codes(trees(tree(), before="sep=;\r\n")) == ["sep-line"]
    report = trees(tree(), before="Baumkataster der Stadt\r\nStand 2026\r\n\r\n")
    assert report.valid
    assert codes(report) == ["title-lines"]
    assert find(trees(tree(hoehe_m="x"), before="Titel\r\n\r\n"), "type-error").address == "M4"


def test_empty_table(trees):
    report = trees()
    assert report.valid
    assert codes(report) == ["empty-table"]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"PK\x03\x04xl/", b"<html>", b"a;b\n\x81;1\n"])
def test_what_is_no_table_is_refused_in_the_same_form(check, data):
    report = check(data, TREES)
    assert not report.valid
    assert not report.conforms
    assert report.findings[0].severity is Severity.BLOCKS
    task = report.frictionless["tasks"][0]
    assert task["errors"][0]["type"] in ("source-error", "encoding-error")


def test_unclosed_quote_blocks_though_frictionless_is_content(check):
    report = check('a;b\n1;"x\n2;y\n')
    assert report.valid
    assert not report.conforms
    assert codes(report)[0] == "unclosed-quote"


def test_limit_of_errors(trees):
    report = trees(*(tree(baum_id=f"da-{i}", hoehe_m="hoch") for i in range(50)), limit_errors=10)
    assert report.limited
    assert len(report.frictionless["tasks"][0]["errors"]) == 10
    assert find(report, "type-error").count == 50
    assert report.counts == (Count(type="type-error", field="hoehe_m", number=50),)
    assert find(report, "limited").severity is Severity.HINT
    assert report.rows == 50
    assert report.sha256


def test_limit_of_time(trees):
    report = trees(*(tree(baum_id=f"da-{i}") for i in range(5000)), limit_seconds=0)
    assert report.limited
    assert "limited" in codes(report)


def test_many_quotes_do_not_stall(check):
    line = ("'" * 40 + '"a" "b" ' * 20) * 40 + "\n"
    report = check("a;b\n" + line * 20, limit_seconds=20)
    assert report.frictionless["stats"]["seconds"] < 5


def test_frictionless_says_the_same_without_us(tmp_path):
    path = tmp_path / "t.csv"
    names = [field.name for field in TREES.fields]
    rows = [tree(baum_id="1"), tree(baum_id="1", hoehe_m="x"), tree(baum_id="3", ags="1"), dict.fromkeys(names, "")]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    theirs = Resource(
        path="t.csv",
        basepath=str(tmp_path),
        encoding="utf-8",
        dialect=Dialect(controls=[formats.CsvControl(delimiter=";")]),
        schema=Schema.from_descriptor(schemas.load("baumkataster").descriptor()),
    ).validate()
    ours = check_table(path, TREES)
    assert ours.valid == theirs.valid
    assert ours.frictionless["tasks"][0]["errors"] == theirs.to_dict()["tasks"][0]["errors"]


def test_no_address_in_a_schema_is_ever_opened(check):
    schema = own({"name": "a"}, **{"$schema": "http://127.0.0.1:9/schema.json", "profile": "http://127.0.0.1:9/p.json"})
    assert check("a\n1\n", schema).valid


@pytest.mark.parametrize(
    "name",
    ["x.zip", "x.csv.gz", "x.xlsx", "datapackage.json", "http:x", "file:x", "~x.csv", "..x", "a*.csv", "ä ö.CSV", "x"],
)
def test_the_name_of_a_file_means_nothing(tmp_path, name):
    path = tmp_path / name
    path.write_text("a;b\n1;2\n", encoding="utf-8")
    report = check_table(path, None)
    assert report.conforms
    assert report.frictionless["tasks"][0]["stats"]["rows"] == 1
    assert str(tmp_path) not in json.dumps(report.frictionless)


def test_schema_frictionless_refuses_is_a_config_error(check):
    with pytest.raises(ConfigError):
        check("a\n1\n", own({"name": "a", "type": "number", "bareNumber": "ja"}))


def test_first_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Titel\n\na;b\n" + "\n".join(f"{i};{'x' * 300}" for i in range(50)), encoding="utf-8")
    report = check_table(path, None)
    header, rows = first_rows(path, report.sniffed, limit=3)
    assert header == ("a", "b")
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert len(rows[0][1]) == 200
    path.write_bytes(b"%PDF")
    assert first_rows(path, check_table(path, None).sniffed) == ((), ())


ANY_TABLE = st.one_of(
    st.binary(max_size=300),
    st.text(alphabet='abü;,\t"\r\n\0 1.,-', max_size=300).map(lambda text: text.encode("utf-8")),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore")),
    st.lists(st.lists(st.text(max_size=5), max_size=22), max_size=8).map(
        lambda rows: (";".join(f.name for f in TREES.fields) + "\n" + "\n".join(";".join(row) for row in rows)).encode(
            "utf-8", "ignore"
        )
    ),
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=ANY_TABLE, schema=st.sampled_from([TREES, None]))
def test_never_raises(tmp_path, data, schema):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    report = check_table(path, schema)
    assert report.bytes == len(data)
    assert report.valid or report.findings
    assert "check-failed" not in codes(report)


def test_only_what_the_regulation_speaks_of_breaks_hvd_conformity(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("wrong\n1\n", encoding="utf-8")
    for schema_id, severity in (("adresse", Severity.HVD), ("baumkataster", Severity.BLOCKS)):
        found = check_table(path, schemas.load(schema_id)).findings
        assert {f.severity for f in found if f.code == "missing-label"} == {severity}
