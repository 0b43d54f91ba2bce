"""The first gate against personal data."""

import csv
import random
import time

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from shared_files import shared

from benchmarks import privacy_held_out, privacy_tuning
from benchmarks import privacy_samples as samples
from dcat.errors import UnreadableError
from validators import privacy, schemas
from validators.person_names import street_with_number
from validators.privacy import holding, scan, scan_json
from validators.privacy_kinds import BY_CODE, CHECKS
from validators.report import Report, Severity, from_json, to_json
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


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_prefilters_let_through_what_is_found(check):
    """RE2 looks first at large tables: what it does not let through is never looked at."""
    cells = [cell for _, cell in check.found]
    cells += [
        cell
        for table in (*privacy_tuning.tables(), *privacy_held_out.tables())
        for c in table.columns
        for cell in c.cells
    ]
    found = pa.array([cell for cell in cells if check.anywhere and check.anywhere(cell)], pa.string())
    for prefilter in (check.prefilter, privacy._UNION):
        passed = pc.match_substring_regex(found, prefilter)
        assert not [cell.as_py() for cell, ok in zip(found, passed, strict=True) if not ok.as_py()]
    assert all(privacy._any(cell.as_py()) for cell in found)


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


def codes(findings, severity=Severity.BLOCKS):
    return {(finding.code, finding.column) for finding in findings if finding.severity is severity}


def test_a_verdict_says_how_many_which_share_and_how_sure(scanned):
    (finding,) = scanned(
        ("Notiz", "Zahl"), *[("Tel. 0171 1234567" if n < 3 else "erledigt", str(n)) for n in range(12)]
    )
    assert (finding.code, finding.count, finding.share, finding.confidence) == ("mobile-number", 3, 0.25, "probable")
    assert finding.what.de == "Spalte A enthält vermutlich Mobilfunknummern (3 Werte, 25 % der gefüllten)."
    assert "0171" not in str(finding)


def test_certain_verdicts_say_so(scanned):
    findings = scanned(("Handy", "Konto"), ("0171 1234567", "DE89370400440532013000"))
    assert {finding.code: finding.confidence for finding in findings} == {
        "mobile-number": "certain",
        "bank-account": "certain",
    }


def test_ids_that_pass_a_check_digit_by_chance_are_no_alarm(scanned):
    """Every tenth number of any kind has the right check digit."""
    rows = [(f"A{n * 7919 % 10**9:09d}", str(10**10 + n * 104729)) for n in range(2000)]
    assert any(BY_CODE["health-number"].anywhere(cell) for cell, _ in rows), "some do pass"
    assert scanned(("Kennung", "Objekt"), *rows) == ()


def test_numbers_whose_check_digits_all_pass_are_an_alarm_without_a_telling_label(scanned):
    draw = random.Random(1)
    rows = [(samples.tax_id(draw), samples.health(draw), samples.pension(draw)) for _ in range(20)]
    found = codes(scanned(("A1", "A2", "A3"), *rows))
    assert found == {("tax-id", "A"), ("health-number", "B"), ("pension-number", "C")}


def test_a_label_alone_does_not_make_a_tax_id_of_any_eleven_digits(scanned):
    rows = [(str(10**10 + n * 104729),) for n in range(200)]
    assert scanned(("IdNr",), *rows) == ()


def test_a_telling_label_needs_fewer_right_check_digits_but_more_than_chance(scanned):
    assert scanned(("KVNR",), *[(f"A{n * 7919 % 10**9:09d}",) for n in range(2000)]) == ()
    draw = random.Random(1)
    half = [(samples.health(draw),) if n % 2 else (f"A{n * 7919 % 10**9:09d}",) for n in range(40)]
    assert codes(scanned(("KVNR",), *half)) == {("health-number", "A")}
    assert scanned(("Kennung",), *half) == ()


def test_a_text_that_names_a_number_counts_among_any_others(scanned):
    rows = [(f"Objekt {10**10 + n * 104729}",) for n in range(30)] + [("Steuer-ID: 86095742719",)]
    (finding,) = scanned(("Vermerk",), *rows)
    assert (finding.code, finding.count, finding.confidence) == ("tax-id", 1, "certain")


def test_an_address_now_and_then_beside_names_is_no_column_of_addresses(scanned):
    names = ["Erika Muster", "Max Probe"] * 5
    rows = [(name, "Musterweg 3" if n == 0 else "erledigt") for n, name in enumerate(names)]
    assert codes(scanned(("Pate", "Vermerk"), *rows)) == {("person-name", "A")}


def test_addresses_of_firms_among_persons_are_not_those_of_persons(scanned):
    persons = [(name, "unbekannt") for name in ("Erika Muster", "Max Probe", "Anna Beispiel")]
    firms = [("Muster GmbH", f"Musterweg {n}") for n in range(1, 4)]
    assert codes(scanned(("Eigentümer", "Lage"), *persons, *firms)) == {("person-name", "A")}


def test_names_are_a_matter_of_share(scanned):
    others = ["Verein Regenbogen", "Stadt", "Muster GmbH"]
    many = [("Erika Muster",), ("Max Probe",), ("Anna Beispiel",), ("Stadt",)]
    assert codes(scanned(("Träger",), *many)) == {("person-name", "A")}
    few = [("Erika Muster",), ("Max Probe",), *[(other,) for other in others * 6]]
    assert codes(scanned(("Träger",), *few)) == set()
    assert codes(scanned(("Träger",), *few), Severity.WARNING) == {("person-name", "A")}
    assert codes(scanned(("Eigentümer",), *few)) == {("person-name", "A")}, "such a label lets one name count"


def test_persons_of_public_life_are_worth_a_look_only(scanned):
    findings = scanned(("Künstler", "Jahr"), *[("Erika Muster", str(year)) for year in range(1990, 1999)])
    assert [(f.code, f.severity, f.confidence) for f in findings] == [("person-name", Severity.WARNING, "look")]
    assert holding(findings) == ()


def test_statistics_of_first_names_name_nobody(scanned):
    counted = [("Vorname", "Geschlecht", "Anzahl"), ("Emma", "w", "41"), ("Max", "m", "1")]
    assert scanned(*counted) == ()
    named = [("Vorname", "Nachname", "Anzahl"), ("Emma", "Muster", "41")]
    assert codes(scanned(*named)) == {("person-name", "A"), ("person-name", "B")}


def test_addresses_and_numbers_beside_names_are_found_in_the_same_row_only(scanned):
    names = ["Erika Muster", "Max Probe", "Anna Beispiel", "Paul Vorlage"]
    rows = [(name, f"Musterweg {n}", f"06151 45678{n}") for n, name in enumerate(names, 1)]
    label = ("Halter", "Anschrift", "Telefon")
    assert codes(scanned(label, *rows)) == {("person-name", "A"), ("private-address", "B"), ("private-phone", "C")}
    apart = [(name, "", "") for name in names] + [("", f"Musterweg {n}", f"06151 45678{n}") for n in range(1, 5)]
    assert codes(scanned(label, *apart)) == {("person-name", "A")}
    offices = [(name, "", f"06151 13-234{n}") for n, name in enumerate(names, 1)]
    assert codes(scanned(label, *offices)) == {("person-name", "A")}, "the town hall's extension is official"
    assert (
        scanned(
            ("Firma", "Anschrift", "Telefon"),
            *[("Muster GmbH", f"Musterweg {n}", f"06151 45678{n}") for n in range(1, 9)],
        )
        == ()
    )


def test_free_text_asks_for_a_look(scanned):
    text = "Dies ist ein langer Satz Nummer {} über den Zustand der Bank am Weg, wie ihn jemand schrieb."
    findings = scanned(
        ("Zustand", "Nr"), *[(text.format(["eins", "zwei", "drei", "vier"][n % 4]), str(n)) for n in range(8)]
    )
    assert [(f.code, f.severity, f.column, f.examples) for f in findings] == [("free-text", Severity.HINT, "A", ())]


def test_a_kind_is_found_behind_a_thousand_values_of_another(scanned):
    """The values remembered of a column are limited; what comes later counts all the same."""
    rows = [(f"0171 {n:07d}",) for n in range(1200)] + [("DE89370400440532013000",)]
    found = {finding.code: finding.count for finding in scanned(("Kontakt",), *rows)}
    assert found == {"mobile-number": 1200, "bank-account": 1}


def test_duty_numbers_do_not_hold(scanned):
    findings = scanned(("Bereitschaft mobil",), ("0171 1234567",), ("0171 7654321",))
    assert [(f.severity, f.confidence) for f in findings] == [(Severity.WARNING, "look")]


def test_two_columns_of_one_name_are_told_apart_by_their_letters(scanned):
    first, second = scanned(("Konto", "Konto"), ("DE89370400440532013000", "DE89370400440532013000"))
    assert [(f.field, f.column) for f in (first, second)] == [("", "A"), ("", "B")]


def test_confidence_and_share_survive_json(scanned):
    (finding,) = scanned(("Konto",), ("DE89370400440532013000",), ("leer",))
    found = Report(valid=True, findings=(finding,))
    assert from_json(orjson.loads(orjson.dumps(to_json(found)))).findings == (finding,)


def test_addresses_beside_names_in_documents():
    people = [{"halter": "Erika Muster", "anschrift": f"Musterweg {n}", "idnr": 86095742719} for n in range(5)]
    assert {f.code for f in holding(scan_json(orjson.dumps(people)))} == {"person-name", "private-address", "tax-id"}


@pytest.mark.slow
def test_a_document_of_many_keys_is_read_once():
    """As many columns as keys: the scan must not compare each with each."""
    wide = {f"schluessel{n}": "Wert ohne Belang" for n in range(20_000)} | {"name": "Erika Muster"}
    assert scan_json(orjson.dumps([wide])) == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "bit", ["Frau ", "Dr. ", "0 ", "(0", "a@", "DE89 ", "geb. 1.", "Am a", "Kfz AB-C 1 ", "Erika ", "A-", "9"]
)
def test_hostile_cells_cost_little(bit):
    cell = bit * (200_000 // len(bit))
    start = time.process_time()
    for check in CHECKS:
        for test in (check.anywhere, check.labelled, check.shape, check.named, check.sure):
            if test:
                test(cell)
    street_with_number(cell)
    assert time.process_time() - start < 20
