"""A catalogue whose sources are in every state, made by real harvests of a site: healthy, failing, held, with quarantine and tombstones."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import homes
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from homes import define
from source_site import Entry, Site, catalogue, entries, running, uri

from catalog import jobs, search, steward_key
from catalog.app import create_app
from catalog.db import now
from catalog.instance import Instance
from catalog.models import Run, SourceState

SINCE = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
SECRET_TITLE = "Geheimsache Alpha"


@dataclass
class StewardHome:
    """The catalogue, its site, the application, and the runs that the pages are asked for."""

    instance: Instance
    site: Site
    app: Flask
    runs: dict[str, int]

    def visitor(self) -> FlaskClient:
        """Somebody from the public."""
        return self.app.test_client()

    def steward(self) -> FlaskClient:
        """Somebody who has opened the steward's link."""
        client = self.app.test_client()
        address, _ = steward_key.address(self.instance.config, now())
        assert client.get(address.removeprefix(self.instance.config.site_url), base_url=BASE).status_code == 200
        return client


# The cookie is for the site's own address.
BASE = "https://daten.example.org"


@contextmanager
def made(folder: Path, database_url: str = "") -> Iterator[StewardHome]:
    """Harvest until every state is there."""
    with running() as site, homes.home(folder, database_url) as instance:
        runs = {
            **_healthy(instance, site),
            **_failing(instance, site),
            **_held(instance, site),
            **_waiting(instance, site),
            **_left(instance, site),
            **_led(instance, site),
        }
        _date(instance)
        search.catch_up(instance)
        yield StewardHome(instance, site, create_app(instance), runs)


def put(site: Site, path: str, page: list[Entry], **fields: object) -> str:
    """Put a catalogue of one page at a path."""
    site.put(path, catalogue(site.url(path), page), **fields)
    return site.url(path)


def _healthy(instance: Instance, site: Site) -> dict[str, int]:
    """Three runs: taken in, one updated and one missing, then one withdrawn after a second miss."""
    source = define(instance, site, id="gut", department="Amt Gut", url=put(site, "/gut.ttl", entries(1, 2, 3, 4)))
    first = jobs.harvest(instance, source)
    changed = [*entries(1, title="Neuer Titel", description="Lang. " * 100 + "Ende neu."), *entries(2, 3)]
    put(site, "/gut.ttl", changed)
    second = jobs.harvest(instance, source)
    third = jobs.harvest(instance, source)
    assert [run.status for run in (first, second, third)] == ["applied", "applied", "applied"]
    fourth = jobs.harvest(instance, source)
    assert fourth.status == "unchanged"
    return {"first": first.run, "update": second.run, "withdraw": third.run}


def _failing(instance: Instance, site: Site) -> dict[str, int]:
    source = define(
        instance,
        site,
        id="weg",
        city="frankfurt",
        department="Amt Weg",
        url=put(site, "/weg.ttl", entries(11)),
    )
    jobs.harvest(instance, source)
    site.change("/weg.ttl", status=404, etag=False)
    for _ in range(2):
        failed = jobs.harvest(instance, source)
        assert failed.status == "failed"
    return {"failed": failed.run}


def _held(instance: Instance, site: Site) -> dict[str, int]:
    """Eight of twelve are missing, one is new, one has another title."""
    numbers = range(20, 32)
    source = define(instance, site, id="halt", department="Amt Halt", url=put(site, "/halt.ttl", entries(*numbers)))
    jobs.harvest(instance, source)
    put(site, "/halt.ttl", [*entries(20, title="Geänderter Satz"), *entries(21, 22, 23), *entries(99)])
    held = jobs.harvest(instance, source)
    assert held.status == "held"
    return {"held": held.run}


def _waiting(instance: Instance, site: Site) -> dict[str, int]:
    """One that was never public, and one whose last good version stays."""
    url = put(site, "/quarantaene.ttl", entries(41, 42))
    source = define(instance, site, id="quarantaene", department="Amt Wartend", url=url)
    jobs.harvest(instance, source)
    secret = [Entry(name="satz-043", title=SECRET_TITLE, description="")]
    put(site, "/quarantaene.ttl", [*entries(41), *entries(42, title=""), *secret])
    outcome = jobs.harvest(instance, source)
    assert outcome.counts.quarantined == 2
    return {"quarantine": outcome.run}


def _left(instance: Instance, site: Site) -> dict[str, int]:
    """A source whose definition is gone."""
    source = define(instance, site, id="alt", department="Amt Alt", url=put(site, "/alt.ttl", entries(51)))
    jobs.harvest(instance, source)
    (instance.config.sources / "alt.yaml").unlink()
    return {}


def _led(instance: Instance, site: Site) -> dict[str, int]:
    """The same datasets through a portal and, with more authority, from the department itself: one was public before, one never."""
    url = put(site, "/portal.ttl", entries(61, 62))
    portal = define(instance, site, id="portal", department="Portal", authority=10, url=url)
    jobs.harvest(instance, portal)
    office = put(site, "/fach.ttl", entries(61, 63))
    jobs.harvest(instance, define(instance, site, id="fach", department="Fachamt", authority=90, url=office))
    put(site, "/portal.ttl", entries(61, 62, 63))
    jobs.harvest(instance, portal)
    return {}


def _date(instance: Instance) -> None:
    """Let the states be as old as tests say."""
    with instance.database.writing() as session:
        session.execute(sa.update(SourceState).values(state_since=SINCE))
        session.execute(sa.update(Run).where(Run.phase == "held").values(phase_at=SINCE))


__all__ = ["SECRET_TITLE", "uri"]
