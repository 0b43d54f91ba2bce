"""CKAN with ckanext-dcat in an environment, a database and processes of its own; all of it is gone when the block ends."""

import json
import os
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa

from benchmarks import search_stand_in, serving
from dcat.errors import StateError
from dcat.message import Message

_REQUIREMENTS = ("ckan[requirements]==2.12.0", "ckanext-dcat==2.4.4", f"granian=={version('granian')}")
_PROGRAM = Path(__file__).with_name("peer_ckanext_dcat.py")
_SETTINGS = """\
[app:main]
use = egg:ckan
SECRET_KEY = {name}
ckan.site_id = {name}
ckan.site_url = http://127.0.0.1:{port}
ckan.plugins = dcat
ckan.storage_path = {folder}
ckan.redis.url = {redis}
ckanext.dcat.rdf.profiles = euro_dcat_ap_3
solr_url = {search}
sqlalchemy.url = {database}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What CKAN needs besides itself: a PostgreSQL server on which databases may be made, and a database of Redis."""

    postgresql: str = "postgresql:///postgres"
    redis: str = "redis://127.0.0.1:6379/15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """CPU seconds by format that the peer took for `count` datasets, and how many triples it wrote for them.

    `share` is the part of the wall-clock time in which it had a processor: less than 1 on a machine that others use too.
    """

    parsing: dict[str, float]
    writing: dict[str, float]
    share: float
    count: int
    triples: int
    versions: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A CKAN site that is set up and not running yet."""

    python: Path
    settings: Path
    port: int

    def measure(self, turtle: Path, rdfxml: Path) -> Figures:
        """Let the peer parse both documents, and write what they hold in every format."""
        return Figures(**json.loads(self._run("measure", turtle, rdfxml)))

    def fill(self, turtle: Path) -> None:
        """Let the peer take the datasets of a document into its site."""
        self._run("fill", turtle)

    @contextmanager
    def served(self) -> Iterator[serving.Server]:
        """Serve the site."""
        command = (self.python, _PROGRAM, "serve", self.settings, self.port)
        with serving.running([str(part) for part in command], self.port, self.settings.parent, {}) as server:
            yield server

    def _run(self, command: str, *documents: Path) -> str:
        return run(self.python, _PROGRAM, command, self.settings, *documents)


@contextmanager
def site(python: Path, folder: Path, services: Services) -> Iterator[Peer]:
    """Set up a CKAN site whose search answers at once, in a database of its own."""
    name, port = f"offenbar_benchmark_{os.getpid()}", serving.free_port()
    folder.mkdir()
    with search_stand_in.running() as search, _database(services.postgresql, name) as database:
        values = {"search": search, "database": database, "redis": services.redis}
        settings = folder / "ckan.ini"
        settings.write_text(_SETTINGS.format(name=name, port=port, folder=folder, **values), encoding="utf-8")
        run(python.with_name("ckan"), "--config", settings, "db", "init")
        yield Peer(python=python, settings=settings, port=port)


def installed(environment: Path) -> Path:
    """Give the Python of the peer's environment, which is made where it is missing."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_REQUIREMENTS)
    return python


def run(*command: str | Path) -> str:
    """Run a program of the peer's; StateError with its last words when it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        what, words = f"{Path(command[0]).name} {command[1]}", " ".join(done.stderr.split())[-600:]
        raise StateError(
            Message(
                f"{what} ist gescheitert: {words} Nächster Schritt: PostgreSQL, Redis und den Paketindex prüfen.",
                f"{what} failed: {words} Next step: check PostgreSQL, Redis and the package index.",
            )
        )
    return done.stdout


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    url = sa.make_url(server)
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            own = url.set(drivername="postgresql", database=name)
            yield own.render_as_string(hide_password=False)
        finally:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
