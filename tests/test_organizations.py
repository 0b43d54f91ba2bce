"""Departments as a tree, and publishers under one name however their sources spell them."""

import json
from collections.abc import Iterator
from typing import Any

import homes
import pytest
import source_site
from homes import define
from source_site import Entry, Site

from catalog import app, jobs, policy
from catalog.instance import Instance
from dcat.errors import ConfigError

URI = "https://daten.amt.example/dataset/baeume"


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as site:
        yield site


@pytest.fixture
def instance(tmp_path: Any) -> Iterator[Instance]:
    with homes.home(tmp_path / "home") as instance:
        yield instance


def test_departments_stand_under_their_division(instance: Instance, site: Site) -> None:
    site.put_catalogue([[Entry("baeume", "Bäume", uri=URI)]])
    jobs.harvest(instance, define(instance, site, department="Grünflächenamt", division="Dezernat V"))
    client = app.create_app(instance).test_client()
    page = client.get("/organization").text
    assert page.index("Dezernat V") < page.index("Grünflächenamt")
    assert "Darmstadt, Grünflächenamt" in client.get("/organization/darmstadt-dezernat-v").text
    below = client.get("/organization/darmstadt-gruenflaechenamt").text
    assert 'href="/organization/darmstadt-dezernat-v"' in below and "Bäume" in below
    shown = client.get("/api/action/organization_show?id=darmstadt-gruenflaechenamt").json["result"]
    assert [group["name"] for group in shown["groups"]] == ["darmstadt-dezernat-v"]


def test_two_that_name_each_other_make_no_circle(instance: Instance, site: Site) -> None:
    site.put_catalogue([[Entry("baeume", "Bäume", uri=URI)]])
    for number, (department, division) in enumerate((("A", "B"), ("B", "A"), ("A", "A"))):
        jobs.harvest(instance, define(instance, site, id=f"q{number}", department=department, division=division))
    page = app.create_app(instance).test_client().get("/organization").text
    assert "Darmstadt, A" in page and "Darmstadt, B" in page


def test_spellings_of_a_publisher_become_one(instance: Instance, site: Site) -> None:
    table = {
        "city": "darmstadt",
        "publishers": [
            {
                "name": "Wissenschaftsstadt Darmstadt",
                "uri": "https://www.darmstadt.example/",
                "spellings": ["Stadt Darmstadt", "Magistrat der  Stadt DARMSTADT"],
            }
        ],
    }
    turtle = source_site.catalogue(site.url("/1.ttl"), [Entry("baeume", "Bäume", uri=URI)])
    agent = '<https://portal.example/o/1> a foaf:Agent ; foaf:name "Magistrat der Stadt Darmstadt"@de .'
    prefix = "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
    site.put("/1.ttl", f"{prefix}{turtle}\n<{URI}> dct:publisher <https://portal.example/o/1> .\n{agent}")
    source = define(instance, site)
    jobs.harvest(instance, source)
    (before,) = homes.shown_all(instance)
    assert before.dataset.publisher is not None and before.dataset.publisher.uri == "https://portal.example/o/1"
    (instance.config.policies / "darmstadt.yaml").write_text(json.dumps(table), encoding="utf-8")
    jobs.refresh(instance, source)
    (after,) = homes.shown_all(instance)
    assert after.dataset.publisher is not None
    assert after.dataset.publisher.name[0].value == "Wissenschaftsstadt Darmstadt"
    assert after.dataset.publisher.uri == "https://www.darmstadt.example/"


@pytest.mark.parametrize(
    "entry", ["Amt", {"spellings": ["x"]}, {"name": "A", "spellings": "x"}, {"name": "A", "farbe": "rot"}]
)
def test_a_table_of_publishers_that_cannot_be_read_is_refused(tmp_path: Any, entry: Any) -> None:
    (tmp_path / "da.yaml").write_text(json.dumps({"city": "darmstadt", "publishers": [entry]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="spellings"):
        policy.load(tmp_path)
