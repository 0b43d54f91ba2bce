"""Publishing: which addresses of a source we look at ourselves, and how datasets of one catalogue stay apart."""

import builders
import homes
import pytest
import sqlalchemy as sa
from homes import define
from source_site import PREFIXES, Site, uri

from catalog import jobs, publishing, scopes, store
from catalog.instance import Instance
from catalog.models import DatasetLink, DatasetRow, Membership, Subject
from catalog.public import PublicDataset
from dcat import rdf
from dcat.namespaces import HVD_REGULATION, expand
from harvesters.network import Network


@pytest.mark.parametrize(
    ("url", "looked_at"),
    [
        ("https://amt.example/baeume.csv", True),
        ("https://anderswo.example/baeume.csv", False),
        ("ftp://amt.example/baeume.csv", False),
        ("http://amt.example:0/baeume.csv", False),
        ("https://amt.example:99999/x.csv", False),
        ("keine adresse", False),
        ("", False),
    ],
)
def test_odd_addresses_are_not_looked_at_and_stop_nothing(url: str, looked_at: bool) -> None:
    source = builders.source(network=Network(home="amt.example"))
    assert publishing.reachable(source, url) is looked_at


BAEUME, WEGE = uri("baeume"), uri("wege")


def put(site: Site, *datasets: str) -> None:
    """Put a catalogue of datasets, each written in Turtle."""
    head = PREFIXES + "@prefix dcatap: <http://data.europa.eu/r5r/> .\n"
    page = f"<{site.url('/1.ttl')}> a dcat:Catalog .\n"
    site.put("/1.ttl", head + page + "\n".join(datasets))


def described(dataset_uri: str, title: str, more: str = "") -> str:
    return f'<{dataset_uri}> a dcat:Dataset ; dct:title "{title}"@de ; dct:description "Frei erfunden."@de {more} .'


def titled(instance: Instance, title: str) -> PublicDataset:
    return next(shown for shown in homes.shown_all(instance) if shown.dataset.title[0].value == title)


def related(instance: Instance, title: str) -> tuple[str, ...]:
    return titled(instance, title).dataset.relation


def test_a_link_to_a_dataset_of_the_catalogue_becomes_its_page_when_it_comes_and_the_address_again_when_it_goes(
    instance: Instance, site: Site
) -> None:
    linking = described(BAEUME, "Bäume", f"; dct:relation <{WEGE}>")
    put(site, linking)
    source = define(instance, site)
    jobs.harvest(instance, source)
    assert related(instance, "Bäume") == (WEGE,)
    put(site, linking, described(WEGE, "Wege"))
    jobs.harvest(instance, source)
    page = f"{instance.config.site_url}/dataset/{titled(instance, 'Wege').id}#page"
    assert related(instance, "Bäume") == (page,)
    assert page not in {str(t).split()[0].strip("<>") for t in homes.triples(instance)}, "nobody describes a page"
    put(site, linking)
    for _ in range(2):
        jobs.harvest(instance, source)
    assert related(instance, "Bäume") == (WEGE,)


def test_two_datasets_that_link_each_other_in_one_run(instance: Instance, site: Site) -> None:
    put(
        site,
        described(BAEUME, "Bäume", f"; dct:relation <{WEGE}>"),
        described(WEGE, "Wege", f"; dct:relation <{BAEUME}>"),
    )
    jobs.harvest(instance, define(instance, site))
    site_url = instance.config.site_url
    pages = {title: f"{site_url}/dataset/{titled(instance, title).id}#page" for title in ("Bäume", "Wege")}
    assert related(instance, "Bäume") == (pages["Wege"],)
    assert related(instance, "Wege") == (pages["Bäume"],)
    with instance.database.reading() as session:
        assert set(session.scalars(sa.select(DatasetLink.resolved))) == {True}


FILE = "https://daten.amt.example/datei/1"
DESCRIBED_FILE = f"<{FILE}> a dcat:Distribution ; dcat:accessURL <https://daten.amt.example/1.csv> ."


def test_each_uri_is_described_by_one_dataset(instance: Instance, site: Site) -> None:
    with_file = f"; dcat:distribution <{FILE}>"
    put(site, described(BAEUME, "Bäume", with_file), described(WEGE, "Wege", with_file), DESCRIBED_FILE)
    jobs.harvest(instance, define(instance, site))
    put(site, described(uri("parks"), "Parks", with_file), DESCRIBED_FILE)
    jobs.harvest(instance, define(instance, site, id="anderes-amt"))
    shown = homes.shown_all(instance)
    uris = [one.uri for view in shown for one in (view.dataset, *view.dataset.distribution)]
    assert len(uris) == len(set(uris)) == 6
    assert {BAEUME, WEGE, uri("parks"), FILE} <= set(uris)
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Subject.dataset_id, sa.func.count()).group_by(Subject.dataset_id)).all()
        mains = session.scalar(sa.select(sa.func.count()).select_from(Subject).where(Subject.main))
    assert [count for _, count in rows] == [2, 2, 2] and mains == 3


def test_a_uri_given_free_can_be_described_again(instance: Instance, site: Site) -> None:
    with_file = f"; dcat:distribution <{FILE}>"
    source = define(instance, site)
    put(site, described(BAEUME, "Bäume", with_file), described(WEGE, "Wege"), DESCRIBED_FILE)
    jobs.harvest(instance, source)
    put(site, described(WEGE, "Wege"))
    for _ in range(2):
        jobs.harvest(instance, source)
    put(site, described(WEGE, "Wege"), described(uri("parks"), "Parks", with_file), DESCRIBED_FILE)
    jobs.harvest(instance, source)
    assert homes.published(instance) == ["Parks", "Wege"]
    assert [one.uri for one in titled(instance, "Parks").dataset.distribution] == [FILE]


def test_a_dataset_enters_and_leaves_parts_of_the_catalogue(instance: Instance, site: Site) -> None:
    hvd = f"; dcatap:hvdCategory <{builders.GEODATA}> ; dcatap:applicableLegislation <{HVD_REGULATION}>"
    theme = f"; dcat:theme <{builders.AUTHORITY}/data-theme/ENVI>"
    source = define(instance, site)
    put(site, described(BAEUME, "Bäume", hvd))
    jobs.harvest(instance, source)
    put(site, described(BAEUME, "Bäume", theme))
    jobs.harvest(instance, source)
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Membership.scope, Membership.since, Membership.until))
        found = {scope: (since, until) for scope, since, until in rows}
        organization = session.scalar(sa.select(DatasetRow.organization_id))
    assert organization
    name = titled(instance, "Bäume").organization
    assert found == {
        scopes.ALL: (1, None),
        scopes.city("darmstadt"): (1, None),
        scopes.organization(name): (1, None),
        scopes.HVD: (1, 2),
        scopes.theme("ENVI"): (2, None),
    }


def test_a_withheld_dataset_says_so_in_every_format(instance: Instance, site: Site) -> None:
    put(
        site,
        described(BAEUME, "Bäume", "; dcat:distribution [ dcat:accessURL <https://daten.amt.example/geheim.csv> ]"),
    )
    homes.withhold(instance, "amt", BAEUME)
    jobs.harvest(instance, define(instance, site))
    for ending in rdf.FORMATS:
        graph = homes.triples(instance, ending)
        about = {line for line in graph if line.startswith(f"<{BAEUME}>")}
        text = "\n".join(about)
        assert f"<{expand('dcterms:accessRights')}> <{builders.AUTHORITY}/access-right/NON_PUBLIC>" in text
        assert "bleiben vorerst geheim" in text and "(§ 2 DNG)" in text
        assert "geheim.csv" not in "\n".join(graph)
        assert expand("dcat:distribution") not in text


def test_what_cannot_be_published_anew_is_not_tried_for_ever(instance: Instance, site: Site) -> None:
    site.put(
        "/a.ttl", f'{PREFIXES}<{BAEUME}> a dcat:Dataset ; dct:title "Bäume"@de ; dct:relation <{WEGE}> .', "text/turtle"
    )
    jobs.harvest(instance, define(instance, site, url=site.url("/a.ttl"), defaults={"description": "Vorgabe"}))
    define(instance, site, url=site.url("/a.ttl"), defaults={})
    put(site, described(WEGE, "Wege"))
    jobs.harvest(instance, define(instance, site, id="anderes-amt"))
    assert titled(instance, "Bäume"), "the last good state stays"
    with instance.database.reading() as session:
        assert store.unsettled(session) == {}
