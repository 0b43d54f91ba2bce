"""Personal data in sheets, layers and files that no check reads are found, and what cannot be looked into is said."""

import json

import pytest
from samples_tables import geopackage, xlsx, zipped

from validators import other_parts
from validators.check import check_table
from validators.intake import Limits, opened
from validators.report import Severity, TableProfile, from_json, to_json, without_cells

PEOPLE = [["Name", "E-Mail"], *[[f"Person {n}", f"vorname.nachname{n}@posteo.de"] for n in range(30)]]


def found(path):
    with opened(path) as table:
        others = table.profile.others
    return others, other_parts.scan(path, others, Limits())


def csv(rows):
    return "\n".join(";".join(row) for row in rows).encode()


MAKERS = {
    "hidden sheet": lambda path: xlsx(path, {"Daten": [["id", "n"], ["a", 1.0]], "Alt": PEOPLE}, hidden=["Alt"]),
    "second layer": lambda path: geopackage(
        path, {"daten": [{"id": "a"}], "alt": [dict(zip(("name", "email"), row, strict=True)) for row in PEOPLE[1:]]}
    ),
    "text beside": lambda path: zipped(path, {"daten.csv": b"id;n\na;1\n", "liesmich.txt": csv(PEOPLE)}),
    "sheet in an archive": lambda path: zipped(
        path, {"daten.xlsx": xlsx(path, {"Daten": [["id", "n"], ["a", 1.0]], "Alt": PEOPLE}).read_bytes()}
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_personal_data_elsewhere_in_the_file(tmp_path, name):
    others, findings = found(MAKERS[name](tmp_path / "f"))
    assert len(others) == 1
    heavy = [finding for finding in findings if finding.severity is Severity.BLOCKS]
    assert heavy
    assert all(finding.what.de.startswith("In einem anderen Teil der Datei: ") for finding in findings)


def test_harmless_parts(tmp_path):
    sheets = {"Daten": [["id", "n"], ["a", 1.0]], "Code": [["art", "text"], ["1", "Linde"]]}
    assert found(xlsx(tmp_path / "f", sheets)) == (("Code",), ())


def test_parts_that_nobody_can_look_into(tmp_path):
    path = zipped(tmp_path / "f", {"daten.csv": b"id;n\na;1\n", "plan.pdf": b"%PDF-1.7", "leer.txt": b""})
    others, (finding,) = found(path)
    assert len(others) == 2
    assert (finding.code, finding.count, finding.severity) == ("part-not-scanned", 1, Severity.BLOCKS)
    assert finding.what.de.startswith("Ein weiterer Teil der Datei lässt sich")


def test_too_many_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(other_parts, "MAX_PARTS", 2)
    path = zipped(tmp_path / "f", {"daten.csv": b"id;n\na;1\n", **{f"{n}.txt": b"a;b\n" for n in range(5)}})
    with opened(path, part="daten.csv") as table:
        others = table.profile.others
    (finding,) = other_parts.scan(path, others, Limits())
    assert (finding.code, finding.count) == ("part-not-scanned", 3)


def test_names_of_parts_are_not_published_with_a_file_that_is_kept_back(tmp_path):
    report = check_table(xlsx(tmp_path / "f", {"Daten": [["id"], ["a"]], "Müller": [["x"]]}), None)
    document = json.loads(json.dumps(to_json(report)))
    assert from_json(document).sniffed.others == ("Müller",)
    bare = json.dumps(to_json(without_cells(report)), ensure_ascii=False)
    assert "Müller" not in bare
    assert "Daten" not in bare.replace("Datensatz", "")


def test_csv_has_one_part():
    assert TableProfile().others == ()
