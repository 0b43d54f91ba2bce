"""What people and programs see of quality: the dashboard, the page of a dataset, DQV, and the command, all from the same numbers."""

import itertools
import re
from pathlib import Path
from typing import Any

import homes
import orjson
import pyoxigraph as ox
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from demo_home import DATASETS, DemoHome
from flask.testing import FlaskClient
from homes import define
from lxml import html
from source_site import Site, entries
from werkzeug.test import TestResponse

import cli
from catalog import jobs, link_checks, quality, quality_report
from catalog.api import dqv
from catalog.app import create_app
from catalog.db import now
from catalog.instance import Instance
from catalog.models import DatasetRow, Link, Score
from dcat import rdf
from dcat.namespaces import expand
from dcat.quality import METRICS, metrics

HOSTILE = '<img src=x onerror="alert(1)">'
ENDINGS = tuple(rdf.FORMATS)


def tree(answer: TestResponse) -> html.HtmlElement:
    return html.document_fromstring(answer.get_data(as_text=True))


def client(instance: Instance) -> FlaskClient:
    return create_app(instance).test_client()


def publish(instance: Instance, site: Site, *numbers: int, **fields: Any) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*numbers, **fields)])
    jobs.harvest(instance, source)


def triples(answer: TestResponse, ending: str) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(answer.data, format=rdf.FORMATS[ending].syntax)}


def objects(found: set[ox.Triple], curie: str) -> dict[str, list[ox.NamedNode | ox.Literal]]:
    values: dict[str, list[Any]] = {}
    for triple in found:
        if triple.predicate.value == expand(curie):
            values.setdefault(triple.subject.value, []).append(triple.object)
    return values


@pytest.mark.parametrize("path", ["/dashboard", "/dataset/baumkataster-darmstadt/quality"])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_pages_have_their_landmarks_in_both_languages(public: FlaskClient, path: str, lang: str) -> None:
    answer = public.get(f"{path}?lang={lang}")
    page = tree(answer)
    assert (answer.status_code, page.get("lang")) == (200, lang)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for reference in page.xpath("//@aria-labelledby | //@aria-describedby"):
        assert set(reference.split()) <= set(ids)
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.xpath("//script | //*[@style] | //img | //iframe") == []
    assert page.xpath("//svg[contains(@class, 'o-meter')][not(@aria-hidden='true')]") == []
    assert all(cell.text_content().strip() for cell in page.xpath("//td[.//svg]")), "a bar never stands alone"
    assert page.xpath("//nav//a[@aria-current]/text()") == [{"de": "Qualität", "en": "Quality"}[lang]]
    public.delete_cookie("lang")


def test_the_languages_share_no_sentence(public: FlaskClient) -> None:
    for path in ("/dashboard", "/dataset/baumkataster-darmstadt/quality"):
        german, english = (
            {
                text.strip()
                for text in tree(public.get(f"{path}?lang={lang}")).xpath("//main//th/text() | //main//p/text()")
            }
            for lang in ("de", "en")
        )
        same = {text for text in german & english if re.search(r"[a-zäöü] [a-zäöü]", text)}
        assert same <= {text for text in same if "Darmstadt" in text or "Frankfurt" in text or "Wiesbaden" in text}
    public.delete_cookie("lang")


def test_the_numbers_are_those_of_the_datasets(public: FlaskClient, catalogue: Instance) -> None:
    found = public.get("/dashboard.json").get_json()
    with catalogue.database.reading() as session:
        rows = session.execute(sa.select(DatasetRow.city, Score).join(Score, Score.dataset_id == DatasetRow.id)).all()
    assert found["all"]["datasets"] == len(rows) == DATASETS
    assert found["all"]["average"] == round(sum(score.total for _, score in rows) / len(rows), 1)
    assert sum(found["all"]["bands"].values()) == len(rows)
    for group in found["cities"]:
        own = [score for city, score in rows if city == group["name"]]
        assert group["datasets"] == len(own)
        assert group["average"] == round(sum(score.total for score in own) / len(own), 1)
        assert group["dimensions"]["findability"] == round(sum(s.findability for s in own) / len(own) / 100, 4)
        first = group["fixes"][0]
        name, (metric,) = first["metric"].removeprefix(METRICS), [m for m in metrics() if m.uri == first["metric"]]
        assert first["datasets"] == sum(score.metrics[name] == 0 for score in own)
        assert first["points"] == first["datasets"] * metric.points
    totals = sorted(score.total for _, score in rows)
    assert [one["total"] for one in found["worst"]] == totals[:10]
    assert [one["total"] for one in found["best"]] == totals[::-1][:10]
    page = tree(public.get("/dashboard"))
    assert f"{round(found['all']['average'])} von 405" in page.text_content()


def test_the_measurements_on_the_page_add_up(public: FlaskClient) -> None:
    page = tree(public.get("/dataset/baumkataster-darmstadt/quality"))
    cells = [cell.strip() for cell in page.xpath("//main//tbody//td[1]//text()")]
    reached, possible = zip(*(map(int, cell.split(" von ")) for cell in cells), strict=True)
    assert (len(cells), sum(possible)) == (23, 405)
    assert f"{sum(reached)} von 405" in page.xpath("string(//p[@class='o-lead'])")
    lacking = [row for row in page.xpath("//main//tbody/tr") if row.xpath("string(td[1])").startswith("0 ")]
    assert lacking and all(row.xpath("td[3]//code/text()") for row in lacking)
    shown = tree(public.get("/dataset/baumkataster-darmstadt"))
    (link,) = shown.xpath("//aside//a[contains(@href, '/quality')]")
    assert link.text_content() == f"{sum(reached)} von 405 Punkten"
    assert public.get(link.get("href")).status_code == 200


def test_an_empty_catalogue_has_a_dashboard(instance: Instance) -> None:
    visitor = client(instance)
    assert "Es ist noch kein Datensatz bewertet." in visitor.get("/dashboard").text
    found = visitor.get("/dashboard.json").get_json()
    assert (found["all"]["datasets"], found["all"]["average"], found["all"]["band"]) == (0, 0.0, None)
    assert visitor.get("/quality.ttl").status_code == 200


def test_the_same_state_is_not_made_twice(instance: Instance, site: Site) -> None:
    publish(instance, site, 1)
    visitor = client(instance)
    for path in ("/dashboard", "/dashboard.json", "/quality.ttl", "/dataset/datensatz-001/quality"):
        tag = visitor.get(path).headers["ETag"]
        assert visitor.get(path, headers={"If-None-Match": tag}).status_code == 304, path
    tags = {path: visitor.get(path).headers["ETag"] for path in ("/dashboard", "/dashboard.json")}
    assert visitor.get("/dashboard?lang=en", headers={"If-None-Match": tags["/dashboard"]}).status_code == 200
    publish(instance, site, 1, 2)
    for path, tag in tags.items():
        assert visitor.get(path, headers={"If-None-Match": tag}).status_code == 200, path


def test_news_of_a_link_reach_the_dashboard(instance: Instance, site: Site) -> None:
    url = site.url(
        f"/weg.csv?{HOSTILE}".replace(" ", "%20").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    )
    publish(instance, site, 1, files=(url,), title=f"Böse {HOSTILE.replace(chr(34), chr(39))} < 3")
    visitor = client(instance)
    tag = visitor.get("/dashboard").headers["ETag"]
    with instance.database.writing() as session:
        key = session.scalars(sa.select(Link.key)).one()
        for _ in range(2):
            link_checks._record(session, key, link_checks.Found(link_checks.FAILING, 404, "status"))
            link = session.get_one(Link, key)
            if not link.broken:
                link.failing_since = link.checked_at = link.checked_at - link_checks.DAY  # type: ignore[operator]
    answer = visitor.get("/dashboard", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    page = tree(answer)
    assert "Dort liegt nichts mehr (404)." in page.text_content()
    assert page.xpath("//img | //*[@onerror]") == []
    found = visitor.get("/dashboard.json").get_json()["broken_links"]
    assert (found["count"], found["longest"][0]["status"]) == (1, 404)
    (name,) = (row["name"] for row in visitor.get("/dashboard.json").get_json()["worst"])
    assert "Gestörte Adressen: 1" in tree(visitor.get(f"/dataset/{name}")).text_content()


@pytest.mark.parametrize("ending", ENDINGS)
def test_dqv_says_what_the_page_says(public: FlaskClient, catalogue: Instance, ending: str) -> None:
    with catalogue.database.reading() as session:
        row = session.scalars(sa.select(DatasetRow).where(DatasetRow.name == "baumkataster-darmstadt")).one()
        score = session.get_one(Score, row.id)
        (examined,) = quality.examine(session, [row.id])
    answer = public.get(f"/dataset/{row.id}/quality.{ending}")
    assert answer.mimetype == rdf.FORMATS[ending].media_type
    found = triples(answer, ending)
    assert not any(isinstance(term, ox.BlankNode) for t in found for term in (t.subject, t.object))
    assert found == triples(public.get(f"/dataset/{row.id}/quality.nt"), "nt")
    metric, value = objects(found, "dqv:isMeasurementOf"), objects(found, "dqv:value")
    by_metric: dict[str, list[ox.Literal]] = {}
    for node, (of,) in metric.items():
        by_metric.setdefault(of.value, []).extend(value[node])  # type: ignore[arg-type]
    assert [literal.value for literal in by_metric[METRICS + "scoring"]] == [str(score.total)]
    assert [literal.value for literal in by_metric[METRICS + "findabilityScoring"]] == [str(score.findability)]
    for one in examined.score.measurements:
        facts = sorted(str(v.fact).lower() for v in one.values if v.fact is not None)
        assert sorted(literal.value for literal in by_metric.get(one.metric.uri, [])) == facts
        expected = "xsd:integer" if one.metric.check == "answers" else "xsd:boolean"
        assert {literal.datatype.value for literal in by_metric.get(one.metric.uri, [])} <= {expand(expected)}
    assert {len(terms) for terms in objects(found, "prov:generatedAtTime").values()} == {1}
    assert set(objects(found, "dqv:computedOn")) == set(metric)
    assert [[t.value for t in terms] for terms in objects(found, "oa:hasBody").values()] == [
        ["https://piveau.eu/ns/scoring#excellent"]
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_whole_catalogue_page_by_page(public: FlaskClient, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(dqv, "PAGE", 20)
    address, seen, pages = f"/quality.{ending}?page=1", set(), 0
    while address:
        found = triples(public.get(address), ending)
        nodes = set(objects(found, "dqv:hasQualityMetadata"))
        assert not nodes & seen
        seen |= nodes
        pages += 1
        (count,) = objects(found, "hydra:totalItems").values()
        assert count[0].value == str(DATASETS)
        following = [term.value for terms in objects(found, "hydra:next").values() for term in terms]
        address = following[0].partition("5000")[2] if following else ""
    assert (pages, len(seen)) == (3, DATASETS)
    by_number = set().union(*(objects(triples(public.get(f"/quality.nt?page={n}"), "nt"), "dqv:hasQualityMetadata") for n in (1, 2, 3)))  # fmt: skip
    assert by_number == seen
    assert public.get(f"/quality.{ending}?page=4").status_code == 404


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=-1", "page=1&after=x", "page=99999999999", "page=²"])
def test_nonsense_is_refused(public: FlaskClient, query: str) -> None:
    assert public.get(f"/quality.ttl?{query}").status_code == 400


def test_the_harvest_feed_says_nothing_of_quality(public: FlaskClient, catalogue: Instance) -> None:
    with catalogue.database.reading() as session:
        dataset_id = session.scalars(sa.select(DatasetRow.id)).first()
    for path in ("/catalog.ttl", "/dump.nt", f"/dataset/{dataset_id}.rdf"):
        assert b"dqv" not in public.get(path).data


def test_what_is_gone_has_no_quality(instance: Instance, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(instance, site, 1, 2)
    visitor = client(instance)
    dataset_id = homes.records(instance)["https://daten.amt.example/dataset/satz-002"][0]
    moved = visitor.get(f"/dataset/{dataset_id}/quality")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/dataset/datensatz-002/quality")
    source = instance.sources()[0]
    site.put_catalogue([entries(1)])
    for _ in range(2):
        jobs.harvest(instance, source)
    for path in (f"/dataset/{dataset_id}/quality", f"/dataset/{dataset_id}/quality.ttl"):
        assert visitor.get(path).status_code == 410
    for name, value in homes.environment(instance.config.home).items():
        monkeypatch.setenv(name, value)
    assert "datensatz-002" in CliRunner().invoke(cli.offenbar, ["quality", "datensatz-002"]).exception.message.de
    assert visitor.get("/dataset/nirgends/quality.ttl").status_code == 404
    assert visitor.get("/dashboard.json").get_json()["all"]["datasets"] == 1


def test_an_address_that_is_withheld_leaves_no_trace(instance: Instance, site: Site) -> None:
    publish(instance, site, 1, files=(site.url("/geheim.csv"),))
    with instance.database.writing() as session:
        session.execute(sa.update(Link).values(broken=True, state="failing", failing_since=now(), checked_at=now()))
    visitor = client(instance)
    paths = ("/dashboard", "/dashboard.json", "/quality.nt", "/dataset/datensatz-001/quality")
    assert "geheim" in visitor.get("/dashboard").text
    homes.withhold(instance, "amt", "https://daten.amt.example/dataset/satz-001")
    jobs.refresh(instance, instance.sources()[0])
    for path in paths:
        answer = visitor.get(path)
        assert answer.status_code == 200 and "geheim" not in answer.text, path
    with instance.database.reading() as session:
        assert session.scalars(sa.select(Link)).all() == []


def test_below_a_path(tmp_path: Path, demo: DemoHome) -> None:
    instance = demo.copy(tmp_path / "home").open(OFFENBAR_SITE_URL="https://stadt.example/daten")
    page = create_app(instance).test_client().get("/daten/dashboard").text
    instance.database.close()
    assert 'href="/daten/dataset/' in page and 'href="/dataset/' not in page


@pytest.fixture
def run(demo: DemoHome, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in demo.environment.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(cli.offenbar, ["--lang", "de", *arguments])


def test_the_command_shows_groups_with_the_most_valuable_remedies(run: Any) -> None:
    shown = run("quality").stdout
    assert all(city in shown for city in ("darmstadt", "frankfurt", "wiesbaden"))
    found = orjson.loads(run("quality", "--json", "--city", "wiesbaden").stdout)
    assert [group["city"] for group in found] == ["wiesbaden"] * 5
    assert all(len(group["fixes"]) == 3 for group in found)
    gains = [fix["points"] for fix in found[0]["fixes"]]
    assert gains == sorted(gains, reverse=True)
    one = orjson.loads(run("quality", "--json", "--organization", found[1]["name"]).stdout)
    assert one == found[1:2]
    assert "offenbar dataset explain NAME" not in run("quality", "--city", "wiesbaden").stdout


def test_the_remedy_names_a_dataset_that_lacks_it(run: Any, catalogue: Instance) -> None:
    with catalogue.database.reading() as session:
        _, cities, organizations = quality_report.groups(session, catalogue.config)
        for group in (*cities, *organizations):
            for gain in quality_report.exemplified(session, group, 23):
                if gain.example:
                    row = session.scalars(sa.select(DatasetRow).where(DatasetRow.name == gain.example)).one()
                    assert row.city == group.city
                    assert session.get_one(Score, row.id).metrics[gain.metric.name] == 0


def test_the_command_explains_one_dataset(run: Any) -> None:
    result = run("quality", "baumkataster-darmstadt")
    assert result.exit_code == 0
    assert len(re.findall(r"^ +\d+/\d+ ", result.stdout, re.MULTILINE)) == 23
    found = orjson.loads(run("quality", "baumkataster-darmstadt", "--json").stdout)
    assert found["total"] == sum(metric["points"] for metric in found["metrics"])
    assert all(bool(metric["mend"]) == (metric["points"] == 0) for metric in found["metrics"])


@pytest.mark.parametrize("arguments", [("nirgends",), ("--city", "nirgends"), ("--organization", "nirgends")])
def test_what_does_not_exist_is_named(run: Any, arguments: tuple[str, ...]) -> None:
    result = run("quality", *arguments)
    assert "nirgends" in result.exception.message.de
