"""What many test modules share: one demonstration home, harvested and published once per session."""

from collections.abc import Iterator

import demo_home
import pytest
from demo_home import DemoHome
from flask import Flask
from flask.testing import FlaskClient

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
