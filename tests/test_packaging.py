"""What is shipped: the list of packages, what a module loads, and a wheel that runs the demonstration by itself."""

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from demo_home import DATASETS

import cli

ROOT = Path(cli.__file__).parent
OURS = {"catalog", "dcat", "harvesters", "validators", "examples", "benchmarks", "cli"}
NOT_SHIPPED = shutil.ignore_patterns(
    ".*", "node_modules", "var", "build", "dist", "__pycache__", "*.egg-info", "tests", "docs"
)
# benchmarks/peer_ckanext_dcat.py runs in an environment of its own, with these.
PEER = {"ckan", "ckanext"}
# What a distribution is called when its module has another name.
MODULES = {
    "argon2": "argon2-cffi",
    "flask_wtf": "flask-wtf",
    "ruamel": "ruamel.yaml",
    "babel": "babel",
    "google": "protobuf",
    "python_calamine": "python-calamine",
    "stdnum": "python-stdnum",
}


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def sources() -> list[Path]:
    return [ROOT / "cli.py", *(path for name in sorted(OURS - {"cli"}) for path in sorted((ROOT / name).rglob("*.py")))]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
    return found


def test_every_package_is_listed() -> None:
    listed = set(settings()["options"]["packages"].split())
    inits = [path.parent.relative_to(ROOT) for name in OURS for path in (ROOT / name).rglob("__init__.py")]
    assert listed == {"offenbar", *(f"offenbar.{'.'.join(folder.parts)}" for folder in inits)}


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in sources()}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_modules_keep_their_plain_names() -> None:
    tests = sorted((ROOT / "tests").glob("*.py"))
    wrong = [(p.name, name) for p in [*sources(), *tests] for name in imports(p) if name.split(".")[0] == "offenbar"]
    assert wrong == []


def test_every_library_is_a_stated_dependency() -> None:
    options = settings()["options"]
    extras = settings()["options.extras_require"]
    stated = "\n".join([options["install_requires"], *(extras[name] for name in extras if name != "dev")])
    names = {re.split(r"[\s\[<>=]", line.strip())[0] for line in stated.splitlines() if line.strip()}
    roots = {name.split(".")[0] for path in sources() for name in imports(path)} - OURS - PEER
    roots -= set(sys.stdlib_module_names)
    assert {MODULES.get(root, root) for root in roots} <= names | {"werkzeug", "jinja2", "markupsafe"}


@pytest.mark.parametrize(
    ("contract", "doors"),
    [
        ("frictionless-door", {"validators.tables": "frictionless"}),
        ("shacl-door", {"validators.shacl": "pyrudof pyshacl rdflib"}),
        ("sockets", {"harvesters.connections": "http socket urllib3", "catalog.remote": "ckanapi requests"}),
        ("drop-doors", {"harvesters.s3_door": "botocore", "harvesters.sftp_door": "paramiko"}),
        ("mail-door", {"catalog.mail": "smtplib"}),
        ("sign-in-door", {"catalog.oidc": "authlib joserfc"}),
        ("queue-door", {"catalog.job_queue": "procrastinate"}),
        (
            "document-doors",
            {
                "validators.sheets": "python_calamine",
                "validators.personal": "phonenumbers stdnum",
                "catalog.bulk_files": "xlsxwriter",
                "catalog.report_pdf": "typst",
            },
        ),
    ],
)
def test_every_door_is_shut_for_all_modules_but_its_own(contract: str, doors: dict[str, str]) -> None:
    section = settings()[f"importlinter:contract:{contract}"]
    assert section["source_modules"].split() == ["catalog", "harvesters", "dcat", "validators"]
    let_through = {f"{door} -> {library}" for door, libraries in doors.items() for library in libraries.split()}
    assert {line.strip() for line in section["ignore_imports"].strip().splitlines()} == let_through
    assert set(section["forbidden_modules"].split()) == {library for line in doors.values() for library in line.split()}


def loaded_by(module: str, names: set[str]) -> set[str]:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {module}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return names & {name.split(".")[0] for name in found.split()}


def test_the_command_line_loads_only_what_a_command_needs() -> None:
    heavy = {"flask", "frictionless", "sqlalchemy", "alembic", "granian", "tantivy", "pyoxigraph", "rdflib", "requests"}
    assert loaded_by("cli", heavy) == set()


@pytest.mark.slow
def test_web_workers_stay_small() -> None:
    heavy = {
        "frictionless",
        "pyarrow",
        "typst",
        "pyshacl",
        "rdflib",
        "pandas",
        "duckdb",
        "ckanapi",
        "hypothesis",
        "pytest",
        "authlib",
        "requests",
    }
    assert loaded_by("catalog.app", heavy) == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built in a copy, so that nothing is left behind here."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "checkout", ignore=NOT_SHIPPED)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(command, cwd=folder / "checkout", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_everything(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = [path for name in OURS - {"cli"} for path in (ROOT / name).rglob("*")]
    left_out = {"__pycache__", ".installed"}
    missing = [
        relative
        for path in [ROOT / "cli.py", *wanted]
        if path.is_file() and not left_out & set(path.parts) and path.name != ".installed"
        for relative in [path.relative_to(ROOT).as_posix()]
        if f"offenbar/{relative}" not in held
    ]
    assert missing == []
    assert {"offenbar/catalog/migrations/script.py.mako", "offenbar/dcat/profiles/dcat-ap-de-3.0.csv"} <= held
    assert any("Grünanlagen Größe 2025.csv" in name for name in held)
    assert any(name.startswith("offenbar/catalog/web/static/vendor/") and name.endswith(".css") for name in held)
    assert [name for name in held if name.endswith(".pyc") or "/tests/" in name] == []
    assert {name.split("/")[0].split("-")[0] for name in held} == {"offenbar"}, "no generic name in site-packages"


@pytest.mark.slow
@pytest.mark.parametrize("libraries", ["borrowed", pytest.param("installed", marks=pytest.mark.long)])
def test_the_wheel_runs_the_demonstration(wheel: Path, tmp_path: Path, libraries: str) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    dependencies = ["--no-deps"] if libraries == "borrowed" else []
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *dependencies, str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    if libraries == "borrowed":
        # A plain path, not a site folder: the checkout, which is installed there too, is not found by it.
        (site,) = (tmp_path / "venv" / "lib").glob("*/site-packages")
        (site / "libraries.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OFFENBAR_", "PYTHON"))}
    environment |= {"OFFENBAR_HOME": str(tmp_path / "home"), "LANG": "de_DE.UTF-8"}
    program = str(tmp_path / "venv" / "bin" / "offenbar")

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "7 Datensätze (7 neu)" in run(program, "demo", "--no-serve")
    assert run(program, "dataset", "list", "--json").count('"id"') == DATASETS
    shipped = run(str(python), "-c", "import offenbar.cli; print(offenbar.cli.__file__)").strip()
    assert shipped.startswith(str(tmp_path))
    assert "offenbar demo" in run(str(python), shipped, "--help")
    script = "import offenbar.cli; from catalog.app import from_environment as make; c = make().test_client(); " \
             "print(c.get('/').status_code, c.get('/static/offenbar.css').status_code, c.get('/catalog.ttl').status_code)"  # fmt: skip
    assert run(str(python), "-c", script).split() == ["200", "200", "200"]
    assert list(elsewhere.iterdir()) == []
