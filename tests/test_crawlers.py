"""What search engines are told: every public dataset once, nothing hidden, and which addresses to leave alone."""

import desks
import pytest
from demo_home import DATASETS
from flask.testing import FlaskClient
from lxml import etree

from catalog.app import create_app
from catalog.instance import Instance
from catalog.web import crawlers

SITE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def listed(client: FlaskClient, path: str) -> list[str]:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    return [str(node.text) for node in etree.fromstring(answer.data).iter(f"{SITE}loc")]


def test_every_dataset_is_listed_once(public: FlaskClient) -> None:
    found = [address for address in listed(public, "/sitemap.xml") if "/dataset/" in address]
    assert len(found) == len(set(found)) == DATASETS
    for address in found[:3]:
        assert public.get(address.removeprefix("http://127.0.0.1:5000")).status_code == 200


def test_a_large_catalogue_is_listed_in_parts(public: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = set(listed(public, "/sitemap.xml"))
    monkeypatch.setattr(crawlers, "SINGLE", 10)
    # Another number of datasets in one file is another document.
    monkeypatch.setattr(crawlers.answers, "etag", lambda *parts: repr(parts))
    parts = listed(public, "/sitemap.xml")
    assert len(parts) == 256
    addresses = [one for part in parts for one in listed(public, part.removeprefix("http://127.0.0.1:5000"))]
    assert sorted(addresses) == sorted(whole)
    assert public.get("/sitemap-zz.xml").status_code == 404


def test_hidden_datasets_are_not_listed(instance: Instance) -> None:
    office = desks.office(instance)
    for number, state in enumerate(({"private": True}, {"state": "draft"}, {"state": "deleted"}, {})):
        desks.write(instance, office, name=f"satz-{number}", **state)
    client = create_app(instance).test_client()
    assert [address for address in listed(client, "/sitemap.xml") if "/dataset/" in address] == [
        "https://daten.example.org/dataset/satz-3"
    ]


def test_what_is_known_is_not_sent_again(public: FlaskClient) -> None:
    tag = public.get("/sitemap.xml").headers["ETag"]
    assert public.get("/sitemap.xml", headers={"If-None-Match": tag}).status_code == 304


def test_robots_leave_searches_and_interfaces_alone(public: FlaskClient) -> None:
    answer = public.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert {
        "User-agent: *",
        "Disallow: /api/",
        "Disallow: /dataset?",
        "Sitemap: http://127.0.0.1:5000/sitemap.xml",
    } <= {*lines}
    assert "Disallow: /" not in lines
