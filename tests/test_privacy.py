"""The first gate against personal data."""

import csv

import orjson
import pytest
from shared_files import shared

from dcat.errors import UnreadableError
from validators import schemas
from validators.privacy import CHECKS, scan, scan_json
from validators.report import Severity
from validators.sniff import sniff


@pytest.fixture
def scanned(tmp_path):
    def run(*rows: tuple[str, ...], **options):
        path = tmp_path / "t.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, delimiter=";").writerows(rows)
        return scan(path, sniff(path), **options)

    return run


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_checks_carry_their_examples(check):
    assert check.found
    assert check.passed
    for column, cell in check.found:
        assert check.finds(column, cell), (column, cell)
    for column, cell in check.passed:
        assert not check.finds(column, cell), (column, cell)


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_clean_columns_of_the_schemas_pass(scanned, schema_id):
    schema = schemas.load(schema_id)
    names = tuple(field.name for field in schema.fields)
    assert scanned(names, tuple(field.example for field in schema.fields)) == ()


def test_offices_pass(scanned):
    assert (
        scanned(
            ("name", "telefon", "email", "traeger"),
            ("Bürgeramt Mitte", "+49 69 21230000", "buergeramt.mitte@stadt.example", "Stadt"),
            ("Kita Nordend", "+49 6151 13-1", "kita.nordend@stadt.example", "Verein Regenbogen e. V."),
            ("Platanus acerifolia", "06151 131", "info@stadt.example", "Eigenbetrieb"),
        )
        == ()
    )


def test_findings_block_and_are_masked(scanned):
    findings = scanned(
        ("Nachname", "Geburtsdatum", "Kontakt", "Handy", "Konto"),
        ("Muster", "31.12.1980", "erika.muster@stadt.example", "0171 1234567", "DE89 3704 0044 0532 0130 00"),
        ("Beispiel", "1.2.1981", "info@stadt.example", "", ""),
    )
    assert [(f.code, f.column, f.count) for f in findings] == [
        ("person-name", "A", 2),
        ("birth-date", "B", 2),
        ("personal-email", "C", 1),
        ("mobile-number", "D", 1),
        ("bank-account", "E", 1),
    ]
    assert {finding.severity for finding in findings} == {Severity.BLOCKS}
    assert findings[2].address == "C2"
    assert all(len(example) <= 3 for finding in findings for example in finding.examples)


def test_unreadable_files_are_left_alone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"%PDF-1.7 erika.muster@stadt.example")
    assert scan(path, sniff(path)) == ()


def test_real_files_pass():
    for name in ("spielplaetze-muenster.csv", "bevoelkerung-karlsruhe.csv"):
        path = shared("corpus", "csv", name)
        assert scan(path, sniff(path)) == ()


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        ({"features": [{"properties": {"name": "Spielplatz Am Park", "telefon": "+49 6151 13 20 00"}}]}, set()),
        ({"features": [{"properties": {"kontakt": "erika.mustermann@mail.example"}}]}, {"personal-email"}),
        ({"paten": [["a", {"Nachname": "Mustermann"}]]}, {"person-name"}),
        ([{"Geburtsdatum": "31.12.1980"}, {"konto": "DE89370400440532013000"}], {"birth-date", "bank-account"}),
    ],
)
def test_documents_are_looked_through_to_the_last_text(document, codes):
    findings = scan_json(orjson.dumps(document))
    assert {finding.code for finding in findings} == codes
    assert all(finding.severity is Severity.BLOCKS for finding in findings)
    assert not any("mustermann" in example.lower() for finding in findings for example in finding.examples)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_said_to_be_unreadable(body):
    with pytest.raises(UnreadableError):
        scan_json(body)
