"""What many test modules share: one demonstration home per session, and for each test that harvests a fresh home and a site."""

from collections.abc import Iterator
from pathlib import Path

import action_api
import demo_home
import desks
import histories
import homes
import pytest
import source_site
import steward_home
from action_api import People
from demo_home import DemoHome
from flask import Flask
from flask.testing import FlaskClient
from histories import History
from source_site import Site
from steward_home import StewardHome

from catalog.app import create_app
from catalog.instance import Instance


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoHome:
    """The home of a demonstration. Tests only read it; whoever writes takes a copy."""
    return demo_home.make(tmp_path_factory.mktemp("demo") / "home")


@pytest.fixture(scope="session")
def catalogue(demo: DemoHome) -> Iterator[Instance]:
    """The demonstration's catalogue, opened."""
    instance = demo.open()
    yield instance
    instance.database.close()


@pytest.fixture(scope="session")
def application(catalogue: Instance) -> Flask:
    """The demonstration's catalogue as a web application."""
    return create_app(catalogue)


@pytest.fixture
def public(application: Flask) -> FlaskClient:
    """A visitor of the demonstration's catalogue."""
    return application.test_client()


@pytest.fixture
def site() -> Iterator[Site]:
    """A source on loopback whose pages and files a test changes."""
    with source_site.running() as running:
        yield running


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """A fresh and empty catalogue."""
    with homes.home(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def people(instance: Instance) -> People:
    """Callers of the API of a fresh catalogue."""
    return action_api.people(instance)


@pytest.fixture
def office(instance: Instance) -> str:
    """An organisation of a fresh catalogue: its id."""
    return desks.office(instance).id


@pytest.fixture(scope="session")
def every_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StewardHome]:
    """A catalogue whose sources are in every state. Who changes something in it puts it back."""
    with steward_home.made(tmp_path_factory.mktemp("every-state") / "home") as home:
        yield home


@pytest.fixture
def history(instance: Instance, site: Site) -> History:
    """A fresh catalogue whose datasets a test publishes, changes and withdraws."""
    return histories.begin(instance, site)


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A catalogue of one dataset that no test changes."""
    with source_site.running() as site, homes.home(tmp_path_factory.mktemp("standing") / "home") as instance:
        histories.begin(instance, site).publish(1)
        yield create_app(instance).test_client()
