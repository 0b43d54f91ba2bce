"""offenbar validate FILE: what it says, writes and repairs, and how it ends."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sarif_schema
from lxml import etree

import cli
from catalog.commands import validate, validate_table
from harvesters import network
from validators import schemas
from validators.shacl import Engine

pytestmark = pytest.mark.slow

TREES = schemas.load("baumkataster")
HEADER = ";".join(field.name for field in TREES.fields)


def row(**cells: str) -> str:
    return ";".join(cells.get(field.name, field.example) for field in TREES.fields)


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
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `offenbar validate` where there is no catalogue."""
    monkeypatch.setenv("OFFENBAR_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object, lang: str = "de") -> Done:
        monkeypatch.setattr(sys, "argv", ["offenbar", "--lang", lang, "validate", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        found = capsys.readouterr()
        assert "Traceback" not in found.out + found.err
        return Done(stop.value.code if isinstance(stop.value.code, int) else 0, found.out, found.err)

    return call


@pytest.fixture
def comma(tmp_path: Path) -> Path:
    """A table of three trees whose heights have a decimal comma, and one without a date."""
    lines = [HEADER, *(row(baum_id=f"da-{number}", hoehe_m="12,5") for number in (1, 2, 3))]
    lines[-1] = row(baum_id="da-3", hoehe_m="12,5", stand="")
    path = tmp_path / "bäume.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_findings_are_told_with_place_remedy_and_repair(run: Run, comma: Path) -> None:
    done = run(comma, "--schema", "baumkataster")
    assert done.code == 1 and done.err == ""
    assert "3 Zeilen entsprechen nicht dem Schema" in done.out
    assert "(3×): In „hoehe_m“" in done.out and "Dezimalzeichen" in done.out
    english = run(comma, "--schema", "baumkataster", lang="en")
    assert "3 rows do not conform to the schema" in english.out


def test_a_repaired_copy_is_written_checked_and_shown_as_a_difference(run: Run, comma: Path, tmp_path: Path) -> None:
    before, copy = comma.read_bytes(), tmp_path / "kopie.csv"
    done = run(comma, "--schema", "baumkataster", "--repair", copy)
    assert comma.read_bytes() == before
    assert done.code == 1 and str(copy) in done.err
    assert "hoehe_m: Dezimalzeichen angepasst (3×)" in done.out
    assert "„12,5“ → „12.5“" in done.out
    rest = done.out.partition("Die Kopie:")[2]
    assert "1 Zeile entspricht nicht dem Schema" in rest and "stand" in rest and "hoehe_m" not in rest
    assert "12.5" in copy.read_text("utf-8") and list(tmp_path.glob("*.part")) == []
    assert run(copy, "--schema", "baumkataster").code == 1


def test_the_copy_decides_how_a_repair_ends(run: Run, tmp_path: Path) -> None:
    path, copy = tmp_path / "b.csv", tmp_path / "kopie.csv"
    path.write_text(f"{HEADER}\n{row(hoehe_m='12,5')}\n", encoding="utf-8")
    assert run(path, "--schema", "baumkataster").code == 1
    assert run(path, "--schema", "baumkataster", "--repair", copy).code == 0
    assert run(copy, "--schema", "baumkataster").code == 0


def test_json_keeps_its_shape_and_says_of_a_repair(run: Run, comma: Path, tmp_path: Path) -> None:
    plain = run(comma, "--schema", "baumkataster", "--json")
    assert plain.code == 1 and {"valid", "tasks", "stats", "findings", "sniffed"} <= set(plain.data)
    assert "repair" not in plain.data
    notes = json.dumps([error["note"] for task in plain.data["tasks"] for error in task["errors"]])
    assert "constraint" in notes or "type is" in notes, "frictionless speaks English in any locale"
    repaired = run(comma, "--schema", "baumkataster", "--repair", tmp_path / "k.csv", "--json")
    assert repaired.data["findings"] == plain.data["findings"]
    assert repaired.data["repair"]["log"]["values"] == 3
    assert repaired.data["repair"]["report"]["valid"] is False


@pytest.mark.parametrize("form", validate.FORMS)
def test_every_form_can_be_written(run: Run, comma: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / f"bericht.{form}"
    done = run(comma, "--schema", "baumkataster", "--report", form, "-o", target)
    assert (done.code, done.out) == (1, "") and str(target) in done.err
    body = target.read_bytes()
    if form == "pdf":
        assert body.startswith(b"%PDF")
    elif form == "junit":
        assert int(etree.fromstring(body).get("failures")) >= 2
    elif form == "sarif":
        jsonschema.validate(json.loads(body), sarif_schema.SCHEMA)
    elif form == "json":
        assert json.loads(body)["valid"] is False
    elif form == "csv":
        # With the mark that Excel needs to see UTF-8.
        assert body.startswith(b"\xef\xbb\xbfschwere;")
        assert run(comma, "--schema", "baumkataster", "--report", form).out.startswith("schwere;")
    else:
        assert "<title>Prüfbericht: bäume.csv</title>" in body.decode()


@pytest.mark.parametrize("form", [form for form in validate_table.FORMS if form != "pdf"])
@pytest.mark.parametrize("name", [b"b\xe4ume.csv", b"a\x1b[31mb\n.csv", b'"<b>&amp;=1+1.csv', b"-.csv"])
def test_files_may_be_called_anything(run: Run, comma: Path, tmp_path: Path, form: str, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(comma.read_bytes())
    done = run(path, "--schema", "baumkataster", "--report", form, "-o", tmp_path / "bericht")
    assert (done.code, "Traceback" in done.err) == (1, False)
    body = (tmp_path / "bericht").read_text(encoding="utf-8")
    assert body
    assert "\x1b" not in body


def test_a_badge_can_be_written(run: Run, comma: Path, tmp_path: Path) -> None:
    done = run(comma, "--schema", "baumkataster", "--badge", tmp_path / "b.svg")
    assert done.code == 1 and "Zeilen entsprechen nicht" in done.out
    assert etree.parse(tmp_path / "b.svg").getroot().get("aria-label").startswith("Schema Baumkataster: gültig 0")


def test_personal_data_are_looked_for_when_asked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("name;mail\nErika Mustermann;erika.mustermann@web.de\n", encoding="utf-8")
    assert run(path).code == 0
    asked = run(path, "--privacy", "--json")
    assert asked.code == 1
    assert [finding for finding in asked.data["findings"] if finding["severity"] == "blocks"]
    assert "erika.mustermann" not in asked.out


def test_a_mapping_is_applied_before_the_check(run: Run, tmp_path: Path) -> None:
    names = [field.name for field in TREES.fields]
    path, rules = tmp_path / "amt.csv", tmp_path / "zuordnung.yaml"
    path.write_text(";".join(f"Spalte {n}" for n in names) + f"\n{row()}\n", encoding="utf-8")
    rules.write_text(
        "schema: baumkataster\ncolumns:\n" + "".join(f"  {n}: {{from: Spalte {n}}}\n" for n in names), encoding="utf-8"
    )
    assert run(path, "--schema", "baumkataster").code == 1
    done = run(path, "--mapping", rules)
    assert done.code == 0 and "Zugeordnet:" in done.out and "entspricht dem Schema" in done.out
    rules.write_text("schema: baumkataster\ncolumns: {nix: {from: x}}\n", encoding="utf-8")
    broken = run(path, "--mapping", rules)
    assert broken.code == 2 and "nix" in broken.err


def test_keys_are_looked_up_in_the_tables_given(run: Run, tmp_path: Path) -> None:
    values, stations = schemas.load("pegel_messwert"), schemas.load("messstelle")
    (key,) = [key for key in values.foreign_keys if key.schema == "messstelle"]
    here, there = tmp_path / "werte.csv", tmp_path / "messstellen.csv"
    here.write_text(
        ";".join(f.name for f in values.fields) + "\n" + ";".join(f.example for f in values.fields) + "\n", "utf-8"
    )
    given = {f.name: f.example for f in stations.fields}
    header = ";".join(given)
    wanted = next(f.example for f in values.fields if f.name == key.fields[0])
    there.write_text(f"{header}\n{';'.join((given | {key.reference[0]: wanted}).values())}\n", "utf-8")
    reference = f"messstelle={there}"
    good = run(here, "--schema", "pegel_messwert", "--reference", reference)
    assert good.code == 0, good.out
    there.write_text(f"{header}\n{';'.join((given | {key.reference[0]: 'da-mess-9999'}).values())}\n", "utf-8")
    bad = run(here, "--schema", "pegel_messwert", "--reference", reference, "--json")
    assert bad.code == 1 and "foreign-key" in {finding["code"] for finding in bad.data["findings"]}


def test_a_mistake_is_one_sentence(run: Run, comma: Path, tmp_path: Path) -> None:
    other = tmp_path / "andere.csv"
    for arguments, words in (
        ((comma, "--repair", other), "--schema SCHEMA"),
        ((comma, "--schema", "baumkataster", "--repair", comma), "nie in die Datei selbst"),
        ((comma, "--schema", "nix"), "gibt es nicht"),
        ((comma, "--schema", "baumkataster", "--reference", "messstelle"), "SCHEMA=DATEI"),
        ((comma, "--schema", "baumkataster", "--reference", f"messstelle={other}"), "gibt es nicht"),
        ((comma, "--schema", "baumkataster", "--reference", f"nix={comma}"), "gibt es nicht"),
        ((comma, "--mapping", tmp_path / "fehlt.yaml"), "does not exist"),
        ((comma, "--report", "docx"), "docx"),
        ((tmp_path / "fehlt.csv",), "gibt es nicht"),
        (("http://127.0.0.1:9/x.csv",), ""),
    ):
        before = comma.read_bytes()
        done = run(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert words in done.err and len(done.err.splitlines()) <= 5, arguments
        assert comma.read_bytes() == before and not other.exists()


def test_a_failed_repair_leaves_an_older_copy_alone(run: Run, tmp_path: Path) -> None:
    path, copy = tmp_path / "x.csv", tmp_path / "kopie.csv"
    path.write_bytes(b"%PDF-1.4 keine Tabelle")
    copy.write_text("alt", encoding="utf-8")
    done = run(path, "--schema", "baumkataster", "--repair", copy)
    assert done.code == 1 and "PDF" in done.out
    assert copy.read_text(encoding="utf-8") == "alt" and list(tmp_path.glob("*.part")) == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "Bäume 2026.csv").write_text(f"{HEADER}\n{row()}\n", encoding="utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_private_networks_are_not_reached_through_an_address(run: Run, site: str) -> None:
    done = run(f"{site}/B%C3%A4ume%202026.csv", "--schema", "baumkataster")
    assert (done.code, done.out) == (2, "") and len(done.err.splitlines()) == 1


def test_an_address_is_fetched_and_keeps_its_name(run: Run, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_network = partial(network.Network, allow=(site.removeprefix("http://"),))
    monkeypatch.setattr(network, "Network", open_network)
    done = run(f"{site}/B%C3%A4ume%202026.csv", "--schema", "baumkataster", "--report", "html")
    assert done.code == 0 and "<title>Prüfbericht: Bäume 2026.csv</title>" in done.out
    assert run(f"{site}/fehlt.csv").code == 2


def test_names_of_forms_and_engines_are_those_of_the_modules() -> None:
    assert validate.FORMS == validate_table.FORMS
    assert list(validate.ENGINES) == [engine.value for engine in Engine]


def test_a_small_check_loads_little(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1;2\n", encoding="utf-8")
    root = Path(cli.__file__).parent
    script = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import cli; sys.argv = ['offenbar', 'validate', {str(path)!r}]\n"
        "try: cli.main()\nexcept SystemExit: pass\nprint(*{name.split('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"typst", "sqlalchemy", "flask", "rdflib", "urllib3", "tantivy"} & set(loaded)
