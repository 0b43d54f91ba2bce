"""The command line: help, languages, JSON, exit codes; and never a traceback."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pyoxigraph as ox
import pytest
import sqlalchemy as sa
from demo_home import DATASETS, IN_CITIES, SECRET, SOURCES, DemoHome
from shared_files import shared

import cli
from catalog import examples
from catalog.models import Change
from catalog.settings import SETTINGS
from dcat import rdf
from examples import server

pytestmark = pytest.mark.slow

ROOT = Path(cli.__file__).parent
TREES = server.ROOT / "da-statistik" / "dateien" / "baeume.csv"
BROKEN = server.ROOT / "wi-umwelt" / "kuehle_orte.csv"
PARTS = {"seen", "created", "updated", "unchanged", "missing", "removed", "quarantined"}


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
def offenbar(demo: DemoHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on a home, the demonstration's unless told otherwise."""

    def run(*arguments: object, home: Path | None = None, **environment: str) -> Done:
        for name in [name for name in os.environ if name.startswith(("OFFENBAR_", "LC_", "LANG"))]:
            monkeypatch.delenv(name)
        given = {"OFFENBAR_HOME": str(home or demo.path), "OFFENBAR_SECRET_KEY": SECRET, "LANG": "de_DE.UTF-8"}
        for name, value in (given | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["offenbar", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        found = capsys.readouterr()
        assert "Traceback" not in found.out + found.err
        code = stop.value.code
        return Done(code if isinstance(code, int) else 0 if code is None else 1, found.out, found.err)

    return run


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*before, name))
        if isinstance(command, click.Group):
            found += commands(command, (*before, name))
    return found


@pytest.mark.parametrize("command", [(), *commands(cli.offenbar)], ids=" ".join)
def test_every_help_names_an_example(offenbar: Run, command: tuple[str, ...]) -> None:
    done = offenbar(*command, "--help")
    assert done.code == 0
    assert re.search(rf"Beispiel / Example: .*offenbar {' '.join(command)}", " ".join(done.out.split()))


def test_the_overview_names_every_command(offenbar: Run) -> None:
    done = offenbar("--help")
    assert all(re.search(rf"^  {name} ", done.out, re.MULTILINE) for name in cli.COMMANDS)
    assert offenbar("--version").out.startswith("offenbar, version ")
    assert offenbar().code == 2


def test_language(offenbar: Run) -> None:
    german, english = "Den Datensatz „nix“ gibt es nicht.", "There is no dataset “nix”."
    show = ("dataset", "show", "nix")
    assert german in offenbar(*show).err
    assert english in offenbar(*show, LANG="en_GB.UTF-8").err
    assert german in offenbar("--lang", "de", *show, LANG="en_GB.UTF-8").err
    assert english in offenbar("--lang", "en", *show).err
    assert german in offenbar(*show, LANG="C.UTF-8").err
    assert english in offenbar(*show, LANG="de_DE.UTF-8", LC_ALL="en_US.UTF-8").err
    assert "title" in offenbar("--lang", "en", "dataset", "list").out


def test_dataset_list(offenbar: Run) -> None:
    found = offenbar("dataset", "list", "--json").data
    assert len(found) == DATASETS
    assert all(set(each) == {"id", "name", "title", "city", "organization", "state"} for each in found)
    assert {each["state"] for each in found} == {"published", "partly", "withheld"}
    one = offenbar("dataset", "list", "--json", "--city", "wiesbaden").data
    assert len(one) == IN_CITIES["wiesbaden"] and {each["city"] for each in one} == {"wiesbaden"}
    assert "Trinkbrunnen in Wiesbaden" in offenbar("dataset", "list").out


@pytest.mark.parametrize("name", ["baumkataster-darmstadt", "fledermausquartiere-in-frankfurt-am-main"])
def test_one_dataset(offenbar: Run, name: str) -> None:
    assert offenbar("dataset", "show", name).code == 0
    assert offenbar("dataset", "show", name, "--json").data["name"] == name
    history = offenbar("dataset", "history", name, "--json").data
    assert history[-1]["kind"] == "create" and set(history[-1]) == {"seq", "kind", "at", "fields", "cause"}
    assert "aufgenommen" in offenbar("dataset", "history", name).out
    explained = offenbar("dataset", "explain", name, "--json").data
    assert {field["layer"] for field in explained["fields"]} <= {"upstream", "computed"} and explained["fields"]
    assert "Quelle" in offenbar("dataset", "explain", name).out


@pytest.mark.parametrize("what", ["city", "source", "schema", "harvest"])
def test_lists(offenbar: Run, what: str) -> None:
    command = (what, "status") if what == "harvest" else (what, "list")
    assert offenbar(*command).code == 0
    assert len(offenbar(*command, "--json").data) >= 3


def test_schema_show(offenbar: Run) -> None:
    assert "baum_id" in offenbar("schema", "show", "baumkataster").out
    assert offenbar("schema", "show", "baumkataster", "--json").data["name"] == "baumkataster"
    assert offenbar("schema", "show", "nix").code == 2


def test_validate(offenbar: Run, tmp_path: Path) -> None:
    good = offenbar("validate", TREES, "--schema", "baumkataster", "--json")
    assert good.code == 0 and good.data["valid"] is True and {"findings", "tasks", "stats"} <= set(good.data)
    bad = offenbar("validate", BROKEN, "--schema", "oeffentlicher_ort", "--json")
    assert bad.code == 1 and bad.data["valid"] is False and bad.data["findings"]
    notes = {error["message"] for task in bad.data["tasks"] for error in task["errors"]}
    assert any("constraint" in note for note in notes), "frictionless speaks English in any locale"
    assert "Zeilen entsprechen nicht dem Schema" in offenbar("validate", BROKEN, "--schema", "oeffentlicher_ort").out
    for form, start in (("html", "<!"), ("json", "{"), ("csv", "schwere;")):
        target = tmp_path / f"bericht.{form}"
        done = offenbar("validate", BROKEN, "--schema", "oeffentlicher_ort", "--report", form, "-o", target)
        assert (done.code, done.out) == (1, "") and str(target) in done.err
        # The CSV has the mark that Excel needs.
        assert target.read_text("utf-8-sig").lower().startswith(start)
        assert offenbar("validate", BROKEN, "--report", form).out.lower().startswith(start)
    own = tmp_path / "schema.json"
    own.write_text(offenbar("schema", "show", "baumkataster", "--json").out, encoding="utf-8")
    assert offenbar("validate", TREES, "--schema", own).code == 0
    assert offenbar("validate", "baumkataster-darmstadt", "--json").data["valid"] is True
    assert "entspricht DCAT-AP.de" in offenbar("validate", "baumkataster-darmstadt").out


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pyshacl", "rudof"])
def test_validate_the_whole_catalogue(offenbar: Run, engine: str) -> None:
    own = offenbar("validate", "--all", "--engine", engine, "--json")
    assert (own.code, own.data["datasets"], set(own.data["shapes"])) == (0, DATASETS, {"offenbar"})
    official = offenbar("validate", "--all", "--engine", engine, "--shapes", shared("standards", "shapes"), "--json")
    assert official.code == 0 and set(official.data["shapes"]) == {"offenbar", "german", "european", "hvd"}
    assert not [row for rows in official.data["shapes"].values() for row in rows if row["severity"] == "violation"]
    assert (
        f"{DATASETS} Datensätze\nSHACL offenbar: 0 Verletzungen"
        in offenbar("validate", "--all", "--engine", engine).out
    )


def test_validating_a_file_needs_no_catalogue(offenbar: Run, tmp_path: Path) -> None:
    assert offenbar("validate", TREES, "--schema", "baumkataster", home=tmp_path / "nothing").code == 0
    assert not (tmp_path / "nothing").exists()
    assert "Die Datei fehlt.csv gibt es nicht." in offenbar("validate", "fehlt.csv", home=tmp_path / "nothing").err


def misuses(tmp_path: Path) -> dict[str, tuple[tuple[object, ...], str]]:
    no_json, no_schema = tmp_path / "text.json", tmp_path / "other.json"
    no_json.write_text("kein JSON", encoding="utf-8")
    no_schema.write_text("{}", encoding="utf-8")
    return {
        "unknown command": (("unfug",), "No such command"),
        "unknown option": (("dataset", "list", "--unfug"), "--unfug"),
        "missing argument": (("dataset", "show"), "Missing argument"),
        "missing file": (("source", "lint", tmp_path / "fehlt.yaml"), "does not exist"),
        "missing table": (("validate", tmp_path / "fehlt.csv"), "gibt es nicht"),
        "a folder": (("validate", tmp_path), "nicht geöffnet"),
        "unknown schema": (("validate", TREES, "--schema", "nix"), "Bekannt sind: adresse"),
        "schema that is no JSON": (("validate", TREES, "--schema", no_json), "kein gültiges JSON"),
        "schema without columns": (("validate", TREES, "--schema", no_schema), "fields"),
        "unknown dataset": (("dataset", "explain", "nix"), "offenbar dataset list"),
        "unknown data": (("validate", "nix"), "weder Datei noch Adresse"),
        "no data": (("validate",), "--all"),
        "data and everything": (("validate", "--all", TREES), "--all"),
        "unknown source": (("harvest", "run", "nix"), "vorhanden: da-rat, da-statistik"),
        "nothing held": (("harvest", "approve", "da-statistik"), "offenbar harvest status"),
        "unknown city": (("export", "--city", "nix"), "offenbar city add nix"),
        "unknown format": (("export", "--format", "xml"), "ckan-jsonl"),
        "no such folder": (("export", "-o", tmp_path / "no" / "where.ttl"), "No such file"),
        "report into nowhere": (("validate", TREES, "--report", "csv", "-o", tmp_path / "no" / "x"), "No such file"),
        "port": (("serve", "--port", "99999"), "65535"),
        "demo's port": (("demo", "--port", "0"), "65535"),
        "city known": (("city", "add", "darmstadt", "--name", "x", "--ags", "06413000"), "gibt es schon"),
        "bad slug": (("city", "add", "Bad Homburg", "--name", "x", "--ags", "06413000"), "bad-homburg"),
        "bad key": (("city", "add", "hanau", "--name", "x", "--ags", "6415"), "acht Ziffern"),
    }


def test_misuse_ends_with_two_and_a_sentence(offenbar: Run, tmp_path: Path) -> None:
    for name, (arguments, words) in misuses(tmp_path).items():
        done = offenbar(*arguments)
        assert (done.code, done.out) == (2, ""), name
        assert words in done.err, name
        assert len(done.err.splitlines()) <= 5, name


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OFFENBAR_SITE_URL": "daten"}, "OFFENBAR_SITE_URL"),
        ({"OFFENBAR_SITE_URL": "https://u:p@daten.example"}, "OFFENBAR_SITE_URL"),
        ({"OFFENBAR_SITE_URL": "http://127.0.0.1:99999"}, "OFFENBAR_SITE_URL"),
        ({"OFFENBAR_SECRET_KEY": "geheim"}, "OFFENBAR_SECRET_KEY"),
        ({"OFFENBAR_SECRET_KEY": "a" * 40}, "OFFENBAR_SECRET_KEY"),
        ({"OFFENBAR_CONFIG": "/nirgends/offenbar.yaml"}, "OFFENBAR_CONFIG"),
        ({"OFFENBAR_CONFIG": str(ROOT / "Makefile")}, "nicht lesbar"),
        ({"OFFENBAR_DATABASE_URL": "mysql://x/y"}, "Treiber"),
        ({"OFFENBAR_DATABASE_URL": "unfug://x/y"}, "OFFENBAR_DATABASE_URL"),
        ({"OFFENBAR_DATABASE_URL": "unfug"}, "OFFENBAR_DATABASE_URL"),
        ({"OFFENBAR_DATABASE_URL": f"sqlite:///{ROOT / 'Makefile'}"}, "nicht zu öffnen"),
        ({"OFFENBAR_DATABASE_URL": "postgresql://root@127.0.0.1:1/x"}, "nicht zu öffnen"),
        ({"OFFENBAR_FILES_URL": "unfug://x"}, "OFFENBAR_FILES_URL"),
        ({"OFFENBAR_HOME": "/dev/null"}, ""),
    ],
)
def test_bad_settings_end_with_two_and_a_sentence(offenbar: Run, environment: dict[str, str], words: str) -> None:
    done = offenbar("dataset", "list", **environment)
    assert (done.code, done.out) == (2, "")
    assert words in done.err and len(done.err.splitlines()) == 1


@pytest.mark.parametrize("command", [("dataset", "list"), ("harvest", "run"), ("export",), ("serve",), ("source", "list"), ("index", "rebuild")])  # fmt: skip
def test_a_home_without_a_catalogue(offenbar: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    done = offenbar(*command, home=tmp_path / "new")
    assert done.code == 2 and "offenbar init" in done.err


def with_version(demo: DemoHome, path: Path, version: str) -> DemoHome:
    home = demo.copy(path)
    instance = home.open()
    with instance.database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    instance.database.close()
    return home


def test_a_database_of_another_version(offenbar: Run, demo: DemoHome, tmp_path: Path) -> None:
    home = with_version(demo, tmp_path / "home", "9999")
    for command in (("dataset", "list"), ("serve",), ("harvest", "run"), ("source", "list")):
        done = offenbar(*command, home=home.path)
        assert done.code == 2 and "offenbar upgrade" in done.err
    done = offenbar("upgrade", home=home.path)
    assert done.code == 2 and "9999" in done.err


def test_init_and_upgrade(offenbar: Run, tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    assert offenbar("init", home=home).code == 0
    (home / "offenbar.yaml").write_text((home / "offenbar.yaml").read_text("utf-8") + "# meins\n", encoding="utf-8")
    assert offenbar("init", home=home).code == 0
    assert (home / "offenbar.yaml").read_text("utf-8").endswith("# meins\n"), "what is there stays"
    assert offenbar("dataset", "list", "--json", home=home).data == []
    assert "aktuell" in offenbar("upgrade", home=home).out
    done = offenbar("harvest", "run", "--json", home=home)
    assert (done.code, done.data) == (0, [])


def test_config_masks_what_is_secret_and_names_origins(offenbar: Run) -> None:
    url = "postgresql://root:pa:s@127.0.0.1/x"
    for command in (("config",), ("config", "--json")):
        done = offenbar(*command, OFFENBAR_DATABASE_URL=url)
        assert done.code == 0 and SECRET not in done.out and "pa:s" not in done.out
    found = offenbar("config", "--json", OFFENBAR_SITE_URL="https://daten.example.org/").data
    assert found["site_url"] == {"value": "https://daten.example.org", "origin": "environment"}
    assert found["title"]["origin"] == "file" and found["publisher"]["origin"] == "default"
    assert found["secret_key"] == {"value": "***", "origin": "environment"}
    assert found.keys() == SETTINGS.keys()
    kept = offenbar("config", "--json", OFFENBAR_SECRET_KEY="")
    assert kept.data["secret_key"]["origin"] == "home"


def test_city_add_keeps_comments_and_quotes(offenbar: Run, tmp_path: Path) -> None:
    (tmp_path / "offenbar.yaml").write_text(
        "# oben\nsite: {title: 'Daten'}  # neben\ncities:\n  # vor Darmstadt\n"
        '  - {slug: darmstadt, name: Darmstadt, ags: "06411000"}  # neben Darmstadt\n# unten\nsources: sources/\n',
        encoding="utf-8",
    )
    add = ("city", "add", "offenbach", "--name", "Offenbach am Main", "--ags", "06413000")
    assert offenbar(*add, home=tmp_path).code == 0
    text = (tmp_path / "offenbar.yaml").read_text("utf-8")
    for kept in ("# oben", "'Daten'", "# neben\n", "# vor Darmstadt", "# neben Darmstadt", "# unten", '"06411000"'):
        assert kept in text
    settings = offenbar("config", home=tmp_path).out
    assert "offenbach: Offenbach am Main (06413000)" in settings and "darmstadt: Darmstadt (06411000)" in settings
    assert offenbar(*add, home=tmp_path).code == 2


def test_city_add_in_a_fresh_home(offenbar: Run, tmp_path: Path) -> None:
    offenbar("init", home=tmp_path / "home")
    for slug, ags in (("offenbach", "06413000"), ("hanau", "06415000")):
        assert offenbar("city", "add", slug, "--name", slug.title(), "--ags", ags, home=tmp_path / "home").code == 0
    found = offenbar("city", "list", "--json", home=tmp_path / "home").data
    assert [each["ags"] for each in found] == ["06413000", "06415000"]


def test_lint(offenbar: Run, tmp_path: Path) -> None:
    good = offenbar("source", "lint", "--json", *sorted(server.ROOT.parent.glob("sources/*.yaml")))
    assert good.code == 0 and {each["level"] for each in good.data} <= {"hint"}
    assert offenbar("source", "lint", server.ROOT.parent / "sources" / "da-statistik.yaml").code == 0
    bad = tmp_path / "schlecht.yaml"
    bad.write_text("id: x\ntype: gibtesnicht\nurl: ftp://x\n", encoding="utf-8")
    done = offenbar("source", "lint", bad, "--json")
    assert done.code == 1 and {"file", "line", "level", "de", "en"} == set(done.data[0])
    text = (server.ROOT.parent / "sources" / "da-statistik.yaml").read_text("utf-8")
    bad.write_text(text.replace("baumkataster", "gibtesnicht"), encoding="utf-8")
    assert "gibtesnicht" in offenbar("source", "lint", bad).out
    bad.write_bytes(b"\xff\xfe\x00kein YAML: [")
    assert offenbar("source", "lint", bad).code == 1


@pytest.mark.parametrize("form", ["ttl", "rdf", "jsonld", "nt"])
def test_export(offenbar: Run, tmp_path: Path, form: str) -> None:
    target = tmp_path / "catalogue"
    done = offenbar("export", "--format", form, "-o", target)
    assert (done.code, done.out) == (0, "") and str(target) in done.err
    assert offenbar("export", "--format", form).out == target.read_text("utf-8")
    whole = {t.subject.value for t in ox.parse(target.read_bytes(), rdf.FORMATS[form].syntax)}
    assert len(records(whole)) == DATASETS
    city = offenbar("export", "--format", form, "--city", "wiesbaden").out.encode()
    part = {t.subject.value for t in ox.parse(city, rdf.FORMATS[form].syntax)}
    # A part is a catalogue of its own.
    assert (
        part - whole == {"http://127.0.0.1:5000/city/wiesbaden/catalog"}
        and len(records(part)) == IN_CITIES["wiesbaden"]
    )


def records(subjects: set[str]) -> list[str]:
    """The entries of ours; each names the one at the source that it was made from."""
    ours = [subject for subject in subjects if "/record/" in subject and not subject.endswith("/source")]
    assert {f"{subject}/source" for subject in ours} <= subjects
    return ours


def test_export_for_ckan(offenbar: Run) -> None:
    packages = [json.loads(line) for line in offenbar("export", "--format", "ckan-jsonl").out.splitlines()]
    assert len(packages) == DATASETS
    assert [p["name"] for p in packages] == sorted(p["name"] for p in packages)
    assert (
        len(offenbar("export", "--format", "ckan-jsonl", "--city", "wiesbaden").out.splitlines())
        == IN_CITIES["wiesbaden"]
    )


def changes(home: DemoHome) -> int:
    instance = home.open()
    with instance.database.reading() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(Change)) or 0
    instance.database.close()
    return count


def test_a_second_harvest_changes_nothing(offenbar: Run, demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    before = changes(home)
    done = offenbar("harvest", "run", "--json", home=home.path)
    assert done.code == 0
    assert [each["source"] for each in done.data] == sorted(SOURCES)
    for each in done.data:
        assert each["status"] == "unchanged" and set(each["counts"]) == PARTS and each["reason"] == ""
        assert each["counts"]["unchanged"] + each["counts"]["quarantined"] == each["counts"]["seen"] > 0
    assert changes(home) == before
    assert "unverändert" in offenbar("harvest", "run", "wi-umwelt", home=home.path).out
    done = offenbar("harvest", "plan", "--json", "wi-umwelt", home=home.path)
    assert done.code == 0 and "changes" in done.data[0]
    assert offenbar("harvest", "resume", home=home.path).code == 0
    assert offenbar("index", "rebuild", home=home.path).out.startswith(f"{DATASETS} ")


@pytest.mark.slow
def test_a_held_plan(offenbar: Run, demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    shutil.copytree(server.ROOT, tmp_path / "departments")
    for folder in (tmp_path / "departments" / "ffm-gruenflaechen").iterdir():
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    port = examples.port(home.path)
    assert port is not None
    with server.start(port, tmp_path / "departments"):
        done = offenbar("harvest", "run", "--json", "ffm-gruenflaechen", home=home.path)
        assert done.code == 1 and done.data[0]["status"] == "held" and done.data[0]["reason"]
        assert (
            len(offenbar("dataset", "list", "--json", "--city", "frankfurt", home=home.path).data)
            == IN_CITIES["frankfurt"]
        )
        again = offenbar("harvest", "run", "ffm-gruenflaechen", home=home.path)
        assert again.code == 1 and "offenbar harvest approve ffm-gruenflaechen" in again.out
        assert "angehalten" in offenbar("harvest", "status", home=home.path).out
    assert offenbar("harvest", "reject", "ffm-gruenflaechen", home=home.path).code == 0
    assert offenbar("harvest", "reject", "ffm-gruenflaechen", home=home.path).code == 2


@pytest.mark.slow
def test_a_source_that_does_not_answer(offenbar: Run, demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    (home.path / examples.MARK).unlink()
    done = offenbar("harvest", "run", "--json", "wi-umwelt", home=home.path)
    assert done.code == 1 and done.data[0]["status"] == "failed"
    assert len(offenbar("dataset", "list", "--json", home=home.path).data) == DATASETS


def test_demo_leaves_other_homes_alone(offenbar: Run, tmp_path: Path) -> None:
    (tmp_path / "mein.txt").write_text("meins", encoding="utf-8")
    done = offenbar("demo", "--no-serve", home=tmp_path)
    assert done.code == 2 and str(tmp_path) in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["mein.txt"]


@pytest.mark.slow
def test_demo_again_and_at_another_port(offenbar: Run, demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    again = offenbar("demo", "--no-serve", home=home.path)
    assert again.code == 0 and "nichts Neues" in again.out
    moved = offenbar("--lang", "en", "demo", "--no-serve", "--port", "5055", home=home.path)
    assert moved.code == 0 and "http://127.0.0.1:5055/dataset" in moved.out
    assert "http://127.0.0.1:5000" not in offenbar("export", home=home.path).out


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
def test_the_program_itself(tmp_path: Path) -> None:
    environment = {"OFFENBAR_HOME": str(tmp_path / "home"), "LANG": "en_US.UTF-8"}
    assert program("--help").returncode == 0
    done = program("dataset", "list", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ") and "offenbar init" in done.stderr


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_failure(demo: DemoHome) -> None:
    command = f"{sys.executable} {ROOT / 'cli.py'} export --format nt | head -c 10"
    done = subprocess.run(command, shell=True, env=os.environ | demo.environment, capture_output=True, timeout=60)
    assert done.stderr == b"" and len(done.stdout) == 10
