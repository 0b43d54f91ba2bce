"""offenbar schema infer, map, check, and source lint on mappings: what they print and write, and how they end."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cli
from validators import mapping, schemas
from validators.check import check_table

SAMPLES = Path(__file__).parent / "fixtures" / "mappings"
TREES = SAMPLES / "da-baeume.csv"
RULES = SAMPLES / "da-baeume.yaml"


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def offenbar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in German; none of these needs a catalogue."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["offenbar", *map(str, arguments)])
        monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        found = capsys.readouterr()
        assert "Traceback" not in found.out + found.err
        return Done(stop.value.code if isinstance(stop.value.code, int) else 0, found.out, found.err)

    return run


def test_infer_writes_a_schema_that_the_file_conforms_to(offenbar: Run, tmp_path: Path):
    target = tmp_path / "schema.json"
    done = offenbar("schema", "infer", TREES, "-o", target)
    assert done.code == 0
    assert "Das sieht nach Baumkataster aus: 10 von 19 Spalten." in done.out
    assert "Nächster Schritt: offenbar schema map da-baeume.csv baumkataster -o da-baeume.yaml" in done.out
    assert check_table(TREES, schemas.read(target.read_bytes())).conforms
    assert offenbar("schema", "check", target, "--data", TREES).code == 0


def test_infer_for_programs(offenbar: Run):
    found = offenbar("schema", "infer", TREES, "--json").data
    assert found["rows"] == 4
    assert found["schema"]["primaryKey"] == ["Baumnr"]
    best = found["looks_like"][0]
    assert (best["schema"], best["columns"], best["of"]) == ("baumkataster", 10, 19)
    assert best["missing_mandatory"] == ["ags", "standort_art", "art_botanisch", "stand"]
    assert {"field": "pflanzjahr", "columns": ["Pflanzdatum"], "how": "synonym", "fits": 1.0} in best["pairs"]
    assert [column["name"] for column in found["columns"]][:2] == ["Baumnr", "Straßenname"]


def test_a_proposal_is_a_mapping_with_comments(offenbar: Run, tmp_path: Path):
    printed = offenbar("schema", "map", TREES, "baumkataster")
    assert printed.code == 0
    proposed = mapping.read(printed.out.encode(), "m.yaml")
    assert proposed.missing == ("k.A.",)
    assert dict(proposed.columns).keys() >= {
        "baum_id",
        "strasse",
        "pflanzjahr",
        "stammumfang_cm",
        "hoehe_m",
        "lon",
        "lat",
    }
    assert '# standort_art: {from: "Standort", codes: {"1": "…", "2": "…"}}' in printed.out
    assert '# ags: {value: "06411000"}  # fehlt, Pflicht' in printed.out
    assert "Pflichtspalten fehlen: ags, standort_art, art_botanisch, stand" in printed.err
    written = tmp_path / "m.yaml"
    offenbar("schema", "map", TREES, "baumkataster", "-o", written)
    assert written.read_text(encoding="utf-8") == printed.out


def test_a_mapping_is_applied_logged_and_checked(offenbar: Run, tmp_path: Path):
    target = tmp_path / "baeume.csv"
    done = offenbar("schema", "map", TREES, "--mapping", RULES, "--apply", target)
    assert done.code == 0
    assert "ags: 4 Werte: fester Wert der Zuordnung eingesetzt" in done.out
    assert "Baumkataster: Alle 4 Zeilen entsprechen dem Schema." in done.out
    assert check_table(target, schemas.load("baumkataster")).conforms
    found = offenbar("schema", "map", TREES, "--mapping", RULES, "--apply", target, "--json").data
    assert found["report"]["valid"] is True
    assert {"column": "ags", "rule": "constant", "count": 4} in found["changes"]["totals"]
    assert found["found"] is None


def test_a_result_that_does_not_conform_ends_with_one(offenbar: Run, tmp_path: Path):
    done = offenbar("schema", "map", TREES, "baumkataster", "--apply", tmp_path / "x.csv")
    assert done.code == 1
    assert "entsprechen nicht dem Schema" in done.out


def test_the_file_itself_is_never_written_over(offenbar: Run, tmp_path: Path):
    own = tmp_path / "t.csv"
    shutil.copy(TREES, own)
    for arguments in (
        ("infer", own, "-o", own),
        ("map", own, "baumkataster", "-o", own),
        ("map", own, "baumkataster", "--apply", own),
    ):
        done = offenbar("schema", *arguments)
        assert (done.code, "ist die Datei selbst" in done.err) == (2, True)
    assert own.read_bytes() == TREES.read_bytes()


def test_check_names_the_line_of_every_fault(offenbar: Run, tmp_path: Path):
    bad = tmp_path / "m.yaml"
    bad.write_text(
        "schema: baumkataster\ncolumns:\n  baum_id: {from: Nr, pad: 1}\n  ags: {value: 6411000}\n", encoding="utf-8"
    )
    done = offenbar("schema", "check", bad)
    assert done.code == 1
    assert "m.yaml, Zeile 3: baum_id: „pad“ erwartet" in done.out
    assert "m.yaml, Zeile 4: ags: „value“ erwartet einen festen Text in Anführungszeichen" in done.out
    (found,) = offenbar("schema", "check", bad, "--json").data
    assert [problem["line"] for problem in found["problems"]] == [3, 4]
    assert found["valid"] is False


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("schema: baumkataster", "schema: baumbuch", "Das Schema „baumbuch“ gibt es nicht"),
        ("  stadtteil: Ortsteil", "  stadtteil: Ortteil", "gemeint ist wohl „Ortsteil“"),
        ("  stadtteil: Ortsteil", "  stadteil: Ortsteil", "gemeint ist wohl „stadtteil“"),
        ('  stand: {value: "2026-09-01"}', "  sorte: Bearbeiter", "für Pflichtspalten fehlt eine Zeile: stand"),
        ('  ags: {value: "06411000"}', '  ags: {value: "Darmstadt"}', "entsprechen nicht dem Schema"),
    ],
)  # fmt: skip
def test_check_holds_a_mapping_against_schema_and_file(offenbar: Run, tmp_path: Path, old: str, new: str, says: str):
    text = RULES.read_text(encoding="utf-8")
    assert old in text
    own = tmp_path / "m.yaml"
    own.write_text(text.replace(old, new), encoding="utf-8")
    done = offenbar("schema", "check", own, "--data", TREES)
    assert (done.code, says in done.out) == (1, True), done.out


def test_check_of_schemas(offenbar: Run, tmp_path: Path):
    bad = tmp_path / "s.json"
    bad.write_text('{"fields": [{"name": "a", "type": "date", "format": "any"}, {"name": "b", "type": "zahl"}]}')
    done = offenbar("schema", "check", "baumkataster", bad)
    assert done.code == 1
    assert "baumkataster: in Ordnung" in done.out
    assert done.out.count("Fehler: ") == 2
    assert offenbar("schema", "check", "baumkataster", "pegel_messwert").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "fehlt.yaml"),
        ("check", "nix"),
        ("map", TREES),
        ("map", TREES, "nix"),
        ("infer", Path(__file__).parent),
        ("infer", "fehlt.csv"),
    ],
)
def test_misuse_ends_with_two(offenbar: Run, arguments: tuple[object, ...]):
    done = offenbar("schema", *arguments)
    assert done.code == 2
    assert done.err


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"\xff\xfe\x00", b"<!doctype html><html>"])
def test_what_is_no_table_ends_with_a_sentence(offenbar: Run, tmp_path: Path, content: bytes):
    own = tmp_path / "t.csv"
    own.write_bytes(content)
    for arguments in (("infer", own), ("map", own, "baumkataster")):
        done = offenbar("schema", *arguments)
        assert done.code == 2
        assert done.err.startswith("Fehler: ")


def test_lint_of_a_source_reads_its_mappings(offenbar: Run, tmp_path: Path):
    source, folder = tmp_path / "da-gruen.yaml", tmp_path / "mappings"
    folder.mkdir()
    source.write_text(
        "id: da-gruen\ncity: darmstadt\ndepartment: Grünflächenamt\ntype: files\nurl: https://daten.darmstadt.example/\n"
        'defaults: {license: dl-zero-de/2.0, contact: {name: Amt, email: amt@darmstadt.example}}\nmappings: {"*baum*": da-baeume.yaml}\n',
        encoding="utf-8",
    )
    missing = offenbar("source", "lint", source)
    assert (missing.code, "da-baeume.yaml" in missing.out) == (1, True)
    mapped = folder / "da-baeume.yaml"
    shutil.copy(RULES, mapped)
    assert offenbar("source", "lint", source).code == 0
    mapped.write_text(RULES.read_text(encoding="utf-8").replace("  stadtteil:", "  stadteil:"), encoding="utf-8")
    done = offenbar("source", "lint", source)
    assert done.code == 1
    assert "da-baeume.yaml, Zeile 7: „stadteil“ gibt es nicht, gemeint ist wohl „stadtteil“" in done.out
    mapped.write_text("schema: baumkataster\n", encoding="utf-8")
    assert "da-gruen.yaml: da-baeume.yaml: Zeile 1: „columns“ nennt" in offenbar("source", "lint", source).out
