"""Links of published datasets: asked politely on a real site, remembered, and told without a dataset being published anew."""

import dataclasses
import datetime
import time
from typing import Any

import homes
import ports
import pytest
import source_site
import sqlalchemy as sa
from click.testing import CliRunner
from homes import define
from source_site import Entry, Site

import cli
from catalog import jobs, link_checks, link_uses, link_words, publishing, quality, scores, store
from catalog.instance import Instance
from catalog.link_checks import FAILING, OK, UNKNOWN, Found
from catalog.models import Change, DatasetRow, Link, LinkUse, Rendition, Score, ScoreSum
from dcat import quality as method


def put(site: Site, path: str, **fields: Any) -> str:
    site.put(path, "a;b\n1;2\n", "text/csv", **fields)
    return site.url(path)


def publish(instance: Instance, site: Site, *urls: str, **fields: Any) -> str:
    """Publish one dataset with these links; gives its id."""
    source = define(instance, site, **fields)
    site.put_catalogue([[Entry("satz", "Satz", files=urls)]])
    jobs.harvest(instance, source)
    with instance.database.reading() as session:
        return session.scalars(sa.select(DatasetRow.id)).one()


def later(instance: Instance, **ago: int) -> None:
    """Let time pass: everything that is remembered of links happened so much earlier."""
    step = datetime.timedelta(**ago)
    with instance.database.writing() as session:
        for link in session.scalars(sa.select(Link)):
            for name in ("failing_since", "ok_at", "checked_at", "changed_at", "due_at"):
                value = getattr(link, name)
                setattr(link, name, value and value - step)


def check(instance: Instance, **how: Any) -> dict[str, Link]:
    """Look at everything that is due after two minutes; gives the links by address."""
    later(instance, minutes=2)
    while link_checks.check(instance, pause=0.01, **how).made:
        pass
    with instance.database.reading() as session:
        return {link.url: link for link in session.scalars(sa.select(Link))}


def broken(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return [link.url for link in link_checks.broken(session)]


def days_until_due(link: Link) -> int:
    assert link.checked_at
    return (link.due_at - link.checked_at).days


def test_new_links_are_due_after_a_moment(instance: Instance, site: Site) -> None:
    url = put(site, "/gut.csv")
    publish(instance, site, url)
    assert link_checks.check(instance).made == 0, "a server that is being harvested is left in peace"
    assert check(instance)[url].state == OK


def test_what_a_link_answers(instance: Instance, site: Site) -> None:
    good, gone, failing = put(site, "/gut.csv"), site.url("/weg.csv"), put(site, "/kaputt.csv", status=500)
    moved = put(site, "/alt.csv", status=301, location="/gut.csv")
    circle = put(site, "/kreis.csv", status=302, location="/kreis.csv")
    no_head, locked = put(site, "/ohne-head.csv", head=405), put(site, "/sperrt-head.csv", head=403)
    publish(instance, site, good, gone, failing, moved, circle, no_head, locked)
    found = check(instance)
    seen = {url: (link.state, link.status, link.code) for url, link in found.items()}
    assert seen == {
        good: (OK, 200, ""),
        gone: (FAILING, 404, "status"),
        failing: (FAILING, 500, "status"),
        moved: (OK, 200, ""),
        circle: (FAILING, 0, "redirects"),
        no_head: (OK, 200, ""),
        locked: (OK, 200, ""),
    }
    assert "GET /gut.csv" not in site.methods, "HEAD is enough where it is understood"
    assert {"HEAD /ohne-head.csv", "GET /ohne-head.csv"} <= set(site.methods)


def test_a_body_is_not_read(instance: Instance, site: Site) -> None:
    site.put("/riesig.csv", b"x" * 50_000_000, "text/csv", head=501)
    publish(instance, site, site.url("/riesig.csv"))
    with instance.fetcher(instance.sources()[0]) as fetcher:
        answer = fetcher.probe(site.url("/riesig.csv"))
    assert (answer.status, answer.size, answer.body) == (200, 0, b"")


def test_a_server_that_takes_too_long(instance: Instance, site: Site) -> None:
    url = put(site, "/langsam.csv", seconds=1.5)
    publish(instance, site, url)
    link = check(instance, limits=dataclasses.replace(link_checks.LIMITS, read=0.2, total=0.4))[url]
    assert (link.state, link.status, link.code) == (FAILING, 0, "timeout")


def test_a_server_that_is_not_there(instance: Instance, site: Site) -> None:
    port = ports.free()
    url = f"http://127.0.0.1:{port}/a.csv"
    publish(instance, site, url, network={"allow": [site.host, f"127.0.0.1:{port}"]})
    link = check(instance)[url]
    assert (link.state, link.status, link.code) == (FAILING, 0, "connection")


def test_private_addresses_are_never_asked_unless_the_source_names_them(instance: Instance, site: Site) -> None:
    with source_site.running() as other:
        secret = put(other, "/geheim.csv")
        inner, metadata = "http://10.11.12.13/a.csv", "http://169.254.169.254/latest/meta-data/"
        lure = put(site, "/koeder.csv", status=302, location=secret)
        publish(instance, site, secret, inner, metadata, lure)
        found = check(instance)
        assert {url: (link.state, link.code) for url, link in found.items()} == dict.fromkeys(
            (secret, inner, metadata, lure), (FAILING, "private-address")
        )
        assert other.methods == []


def test_what_one_source_may_reach_another_may_not(instance: Instance, site: Site) -> None:
    url = put(site, "/gut.csv")
    publish(instance, site, url)
    site.put("/fremd.ttl", "")
    with source_site.running() as other:
        stranger = define(instance, other, id="fremd", department="Fremdes Amt", url=other.url("/1.ttl"))
        other.put_catalogue([[Entry("fremd", "Fremder Satz", files=(url,))]])
        jobs.harvest(instance, stranger)
        later(instance, minutes=2)
        link_checks.check(instance, pause=0.01)
    with instance.database.reading() as session:
        states = {link.source_id: (link.state, link.code) for link in session.scalars(sa.select(Link))}
    assert states == {"amt": (OK, ""), "fremd": (FAILING, "private-address")}


def test_addresses_that_are_none(instance: Instance, site: Site) -> None:
    other = "ftp://daten.amt.example/a.csv"
    publish(instance, site, other)
    link = check(instance)[other]
    assert (link.state, link.code) == (FAILING, "scheme")


def test_robots_are_asked_once_and_heard(instance: Instance, site: Site) -> None:
    allowed, forbidden = put(site, "/gut.csv"), put(site, "/privat/a.csv")
    site.put("/robots.txt", "User-agent: *\nDisallow: /privat/\n", "text/plain")
    publish(instance, site, allowed, forbidden)
    found = check(instance)
    assert (found[allowed].state, found[forbidden].state, found[forbidden].code) == (OK, UNKNOWN, "robots")
    assert found[forbidden].status is None, "what may not be asked is not known"
    assert days_until_due(found[forbidden]) == 7
    assert [m for m in site.methods if "robots" in m or "privat" in m] == ["GET /robots.txt"]


@pytest.mark.parametrize(
    "line",
    [
        "Crawl-delay: " + "9" * 400,
        "Crawl-delay: " + "9" * 5000,
        "crawl-delay : ²",
        "Request-rate: ²/1",
        "Request-rate: 1/²",
    ],
)
def test_numbers_in_robots_that_are_none(instance: Instance, site: Site, line: str) -> None:
    allowed, forbidden = put(site, "/gut.csv"), put(site, "/privat/a.csv")
    site.put("/robots.txt", f"User-agent: *\n{line}\nDisallow: /privat/\n", "text/plain")
    publish(instance, site, allowed, forbidden)
    found = check(instance)
    assert (found[allowed].state, found[forbidden].code) == (OK, "robots"), "the other lines are heard"


def test_a_busy_server_says_nothing_about_the_link(instance: Instance, site: Site) -> None:
    url = put(site, "/gut.csv")
    publish(instance, site, url)
    check(instance)
    site.change("/gut.csv", status=429)
    later(instance, days=8)
    link = check(instance)[url]
    assert (link.state, link.status, link.code, days_until_due(link)) == (OK, 200, "busy", 1)


def test_when_a_link_is_looked_at_again_and_when_it_counts_as_broken(instance: Instance, site: Site) -> None:
    url = put(site, "/a.csv", status=500)
    publish(instance, site, url)
    link = check(instance)[url]
    assert (link.failures, days_until_due(link), link.broken) == (1, 1, False)
    link_checks.hurry(instance)
    link = check(instance)[url]
    assert (link.failures, link.broken, broken(instance)) == (1, False, []), "twice on one day is once"
    for failures, days in ((2, 2), (3, 4), (4, 4)):
        later(instance, days=5)
        link = check(instance)[url]
        assert (link.failures, days_until_due(link), link.broken) == (failures, days, True)
    assert broken(instance) == [url]
    site.change("/a.csv", status=200)
    later(instance, days=5)
    link = check(instance)[url]
    assert (link.state, link.failures, link.failing_since, link.broken, days_until_due(link)) == (OK, 0, None, False, 7)
    assert broken(instance) == []
    assert [(state, status) for _, state, status, _ in link.history] == [(FAILING, 500), (OK, 200)]


def test_the_history_of_a_link_stays_short(instance: Instance, site: Site) -> None:
    url = put(site, "/a.csv")
    publish(instance, site, url)
    with instance.database.writing() as session:
        key = session.scalars(sa.select(Link.key)).one()
        for number in range(60):
            link_checks._record(session, key, Found(OK, 200) if number % 2 else Found(FAILING, 404, "status"))
        assert len(session.get_one(Link, key).history) == link_checks.HISTORY


def test_a_host_with_many_links_is_asked_for_few_and_keeps_nobody_waiting(instance: Instance, site: Site) -> None:
    urls = [put(site, f"/{number}.csv") for number in range(30)]
    with source_site.running() as other:
        last = put(other, "/zuletzt.csv")
        publish(instance, site, *urls, last, network={"allow": [site.host, other.host]})
        later(instance, minutes=2)
        with instance.database.writing() as session:
            session.execute(sa.update(Link).where(Link.url == last).values(host="anderer"))
        begun = time.monotonic()
        made = link_checks.check(instance, pause=0.1)
        assert made.made == link_checks.PER_HOST + 1
        assert time.monotonic() - begun >= 0.1 * (link_checks.PER_HOST - 1)
        assert "HEAD /zuletzt.csv" in other.methods
        assert len([m for m in site.methods if m.startswith("HEAD")]) == link_checks.PER_HOST


def test_a_run_ends_when_told(instance: Instance, site: Site) -> None:
    publish(instance, site, put(site, "/a.csv"))
    later(instance, minutes=2)
    assert link_checks.check(instance, stop=lambda: True).made == 0


def everything_public(instance: Instance) -> Any:
    with instance.database.reading() as session:
        rows = session.execute(sa.select(DatasetRow.id, DatasetRow.hash, DatasetRow.seq, DatasetRow.modified_at)).all()
        bodies = session.execute(
            sa.select(Rendition.format, Rendition.hash, Rendition.body).order_by(Rendition.format)
        ).all()
        return rows, bodies, session.scalar(sa.select(sa.func.count()).select_from(Change))


def total(instance: Instance) -> int:
    with instance.database.reading() as session:
        return session.scalars(sa.select(Score.total)).one()


def test_a_check_moves_the_score_and_nothing_else(instance: Instance, site: Site) -> None:
    url = put(site, "/a.csv")
    publish(instance, site, url)
    before, points = everything_public(instance), total(instance)
    check(instance)
    assert quality.catch_up(instance) == 1
    assert total(instance) == points + 50
    assert everything_public(instance) == before
    later(instance, days=8)
    check(instance)
    assert quality.catch_up(instance) == 0, "the same answer is no news"
    site.change("/a.csv", status=404)
    later(instance, days=8)
    check(instance)
    quality.catch_up(instance)
    assert total(instance) == points, "the score takes the last result"
    assert everything_public(instance) == before


def sums(instance: Instance) -> dict[tuple[str, str], int]:
    with instance.database.reading() as session:
        rows = session.execute(sa.select(ScoreSum.organization_id, ScoreSum.name, ScoreSum.value))
        return {(organization_id, name): value for organization_id, name, value in rows if value}


def counted(instance: Instance) -> dict[tuple[str, str], int]:
    """Count what the counters hold."""
    found: dict[tuple[str, str], int] = {}
    with instance.database.reading() as session:
        rows = session.execute(
            sa.select(Score).join(DatasetRow, DatasetRow.id == Score.dataset_id).where(store.VISIBLE)
        ).scalars()
        for row in rows:
            assert row.total == sum(row.metrics.values()) == sum(getattr(row, name) for name in method.DIMENSIONS)
            values = {**row.metrics, "datasets": 1, "total": row.total, f"band:{method.band(row.total).name}": 1}
            for name, value in values.items():
                if value:
                    found[row.organization_id, name] = found.get((row.organization_id, name), 0) + value
    return found


def visible(instance: Instance) -> set[str]:
    with instance.database.reading() as session:
        return set(session.scalars(sa.select(DatasetRow.id).where(store.VISIBLE)))


def scored(instance: Instance) -> set[str]:
    with instance.database.reading() as session:
        return set(session.scalars(sa.select(Score.dataset_id)))


def uses(instance: Instance) -> set[str]:
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Link.url).join(LinkUse, LinkUse.key == Link.key)).scalars()
        found = set(rows)
        assert found == set(session.scalars(sa.select(Link.url))), "no link is kept that nobody names"
        return found


def test_scores_and_links_follow_the_catalogue(instance: Instance, site: Site) -> None:
    first, second, third = (put(site, f"/{name}.csv") for name in "abc")
    source = define(instance, site)
    one, two = Entry("eins", "Eins", files=(first, second)), Entry("zwei", "Zwei", files=(second,))
    site.put_catalogue([[one, two]])
    jobs.harvest(instance, source)
    assert uses(instance) == {first, second}
    assert scored(instance) == visible(instance) and len(visible(instance)) == 2
    assert sums(instance) == counted(instance)
    site.put_catalogue([[Entry("eins", "Eins anders", files=(third,)), two]])
    jobs.harvest(instance, source)
    assert uses(instance) == {second, third}
    assert sums(instance) == counted(instance)
    check(instance)
    quality.catch_up(instance)
    assert sums(instance) == counted(instance)
    site.put_catalogue([[Entry("eins", "Eins anders", files=(third,))]])
    for _ in range(2):
        jobs.harvest(instance, source)
    with instance.database.reading() as session:
        held = session.scalar(sa.select(sa.func.count()).select_from(Link))
    assert len(visible(instance)) == held == 1, "the second dataset is withdrawn"
    assert scored(instance) == visible(instance)
    assert uses(instance) == {third}
    assert sums(instance) == counted(instance)


def test_what_is_withheld_is_not_asked_for(instance: Instance, site: Site) -> None:
    url = put(site, "/a.csv")
    publish(instance, site, url)
    assert uses(instance) == {url}
    homes.withhold(instance, "amt", "https://daten.amt.example/dataset/satz")
    jobs.refresh(instance, instance.sources()[0])
    assert uses(instance) == set()
    assert sums(instance) == counted(instance)


def test_our_own_copies_answer_without_being_asked(instance: Instance, site: Site) -> None:
    source = homes.define_drop(instance, site)
    site.put_folder("/ablage/", {"tabelle.csv": "id;wert\n1;a\n"})
    homes.harvest_and_check(instance, source)
    assert uses(instance) == set()
    with instance.database.reading() as session:
        score = session.scalars(sa.select(Score)).one()
    assert score.accessibility == 100


def test_datasets_published_before_there_were_scores_get_one(instance: Instance, site: Site) -> None:
    url = put(site, "/a.csv")
    publish(instance, site, url)
    before = sums(instance)
    with instance.database.writing() as session:
        for table in (Score, ScoreSum, LinkUse, Link):
            session.execute(sa.delete(table))
    assert quality.fill(instance) == 1
    assert (sums(instance), uses(instance)) == (before, {url})
    assert quality.fill(instance) == 0


def test_scores_by_older_rules_are_made_anew(instance: Instance, site: Site) -> None:
    publish(instance, site, put(site, "/a.csv"))
    with instance.database.writing() as session:
        session.execute(sa.update(Score).values(version=scores.VERSION - 1))
    assert (quality.fill(instance), quality.fill(instance)) == (1, 0)


def test_news_that_come_between_measuring_and_publishing_are_not_lost(instance: Instance, site: Site) -> None:
    url = put(site, "/a.csv")
    dataset_id = publish(instance, site, url)
    (source,) = instance.sources()
    with instance.database.reading() as session:
        (item,) = publishing.held(session, [dataset_id])
    renamed = dataclasses.replace(item, dataset=dataclasses.replace(item.dataset, version="2"))
    ready = list(publishing.drafts(instance.database, instance.config, source, instance.policies(), [renamed]))
    assert check(instance)[url].state == OK
    with instance.database.writing() as session:
        store.publish(session, ready, "test")
    with instance.database.reading() as session:
        assert session.get_one(Score, dataset_id).metrics["accessUrlStatusCode"] == 0
    assert quality.catch_up(instance) == 1
    with instance.database.reading() as session:
        assert session.get_one(Score, dataset_id).metrics["accessUrlStatusCode"] == 50


def test_links_of_a_source_whose_definition_is_gone_are_asked_for_as_a_strangers(
    instance: Instance, site: Site
) -> None:
    url = put(site, "/a.csv")
    publish(instance, site, url)
    (instance.config.sources / "amt.yaml").unlink()
    assert check(instance)[url].code == "private-address"


def test_links_without_end(instance: Instance, site: Site) -> None:
    long = site.url("/" + "x" * link_uses.MAX_URL)
    publish(instance, site, long, *(site.url(f"/{number}.csv") for number in range(3)))
    assert len(uses(instance)) == 3


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in homes.environment(instance.config.home).items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(cli.offenbar, arguments, catch_exceptions=False)

    return call


def test_the_command_checks_and_lists(instance: Instance, site: Site, run: Any) -> None:
    url = put(site, "/a.csv", status=404)
    publish(instance, site, url)
    result = run("--lang", "de", "links", "--check")
    assert result.exit_code == 0
    assert "1 Adressen geprüft, 1 mit Neuigkeiten." in result.stderr
    assert "Keine Adresse ist als gestört bekannt." in result.stdout
    later(instance, days=2)
    result = run("--lang", "en", "links", "--check", "--city", "darmstadt")
    assert f"satz: {url}" in result.stdout and "Nothing is there any more (404)." in result.stdout
    result = run("links", "--json")
    assert '"dataset": "satz"' in result.stdout and '"status": 404' in result.stdout
    assert run("links", "--city", "frankfurt", "--json").stdout.strip() == "[]"


@pytest.mark.parametrize(
    "code", ["timeout", "dns", "tls", "redirects", "scheme", "private-address", "bad-url", "unheard-of"]
)
def test_every_failure_has_a_sentence_and_a_step(code: str) -> None:
    what, fix = link_words.sentences(0, code)
    assert what.de and what.en and fix.de and fix.en


def test_user_names_in_addresses_are_not_shown(instance: Instance, site: Site) -> None:
    url = site.url("/weg.csv").replace("http://", "http://ich:geheim@")
    publish(instance, site, url)
    check(instance)
    later(instance, days=2)
    check(instance)
    assert "geheim" not in str(broken(instance)) and len(broken(instance)) == 1


def test_a_file_check_is_a_look_at_the_link_too(instance: Instance, site: Site) -> None:
    table = site.url("/baeume.csv")
    site.put("/baeume.csv", "id;art\n1;Linde\n", "text/csv")
    site.put_catalogue([[Entry("baeume", "Bäume", files=(table,))]])
    source = homes.define(instance, site, schemas={"baeume*": "baumkataster"})
    homes.harvest_and_check(instance, source)
    with instance.database.reading() as session:
        link = session.scalars(sa.select(Link).where(Link.url == table)).one()
    assert (link.state, link.status) == ("ok", 200) and link.due_at > link.checked_at + datetime.timedelta(days=6)
    site.drop("/baeume.csv")
    homes.check(instance, source)
    with instance.database.reading() as session:
        link = session.scalars(sa.select(Link).where(Link.url == table)).one()
        stale = session.scalars(sa.select(Score.stale)).one()
    assert (link.state, link.status, stale) == ("failing", 404, True)
