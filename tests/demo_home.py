"""A real published catalogue for tests: the home that `offenbar demo` makes, and copies of it for tests that write."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ports
import pytest

from catalog import demo, examples, jobs, search
from catalog.instance import Instance, open_instance
from catalog.table_work import check as look

SECRET = "0123456789abcdef0123456789abcdef"
# How many datasets the demonstration shows, and in each city; two more are hidden behind the city's own.
DATASETS = 60
IN_CITIES = {"darmstadt": 22, "frankfurt": 21, "wiesbaden": 17}
SOURCES = tuple(path.stem for path in sorted((demo.FOLDER / "sources").glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class DemoHome:
    """A home with the example departments, harvested, checked and published."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in order to work on this home."""
        return {"OFFENBAR_HOME": str(self.path), "OFFENBAR_SECRET_KEY": SECRET}

    @property
    def departments(self) -> str:
        """The address of the departments."""
        return f"http://127.0.0.1:{examples.port(self.path)}"

    def open(self, **more: str) -> Instance:
        """Open the catalogue, with more settings than the usual ones."""
        return open_instance(self.environment | more)

    def copy(self, path: Path) -> "DemoHome":
        """Give a copy for a test that writes."""
        shutil.copytree(self.path, path)
        return DemoHome(path)


def make(path: Path) -> DemoHome:
    """Harvest, check and publish the example departments into a new home."""
    home = DemoHome(path)
    path.mkdir(parents=True)
    # A port of its own: a demonstration beside the tests keeps the usual one, and two test runs do not meet at one.
    (path / examples.MARK).write_text(json.dumps({"port": ports.free()}), encoding="utf-8")
    with _only(home.environment):
        instance = demo.prepare(5000)
    demo.run(instance, look, jobs.quiet)
    search.catch_up(instance)
    instance.database.close()
    return home


@contextmanager
def _only(environment: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("OFFENBAR_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield
