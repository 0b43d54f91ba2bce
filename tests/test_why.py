"""Why a dataset is missing: every answer, over a catalogue harvested into every state, and nothing in it that is not public."""

import pytest
import sqlalchemy as sa
import steward_home
from flask.testing import FlaskClient
from lxml import html
from steward_home import BASE, SECRET_TITLE, StewardHome, uri

from catalog import why
from catalog.definitions import present
from catalog.models import DatasetRow, Quarantine, Record
from catalog.why import Answer
from dcat import naming


@pytest.fixture
def home(every_state: StewardHome) -> StewardHome:
    return every_state


@pytest.fixture
def visitor(home: StewardHome) -> FlaskClient:
    return home.visitor()


def ask(home: StewardHome, text: str) -> Answer:
    with home.instance.database.reading() as session:
        return why.ask(home.instance, session, present(home.instance.config.sources), text)


def kinds(answer: Answer) -> list[str]:
    return [finding.kind for finding in answer.findings]


def test_a_published_dataset_is_found_by_every_name_it_has(home: StewardHome) -> None:
    dataset_id = naming.dataset_id("gut", uri("satz-002"))
    with home.instance.database.reading() as session:
        name = session.scalar(sa.select(DatasetRow.name).where(DatasetRow.id == dataset_id))
    address = uri("satz-002")
    for text in (address, address.replace("https", "http"), f"{address}/", f"  {address} ", dataset_id, name,
                 f"{BASE}/dataset/{dataset_id}", f"{BASE}/dataset/{dataset_id}.ttl", f"{BASE}/dataset/{name}/x?y=1"):  # fmt: skip
        (finding,) = ask(home, text).findings
        assert (finding.kind, finding.slug, finding.title) == ("published", name, "Datensatz 002"), text


def test_a_withdrawn_dataset_tells_when_and_why(home: StewardHome) -> None:
    found = ask(home, uri("satz-004")).findings
    assert [finding.kind for finding in found] == ["withdrawn"]
    assert "zurückgezogen. Die Quelle hat ihn ab " in found[0].text.de
    assert "withdrawn on" in found[0].text.en and found[0].title == "Datensatz 004"
    assert found[0].source == "gut"


def test_a_quarantined_record_tells_its_code_and_nothing_of_itself(home: StewardHome, visitor: FlaskClient) -> None:
    found = ask(home, uri("satz-043")).findings
    assert [finding.kind for finding in found] == ["quarantine"]
    assert "Pflichtangabe" in found[0].text.de and "(code profile)" in found[0].text.en
    assert SECRET_TITLE not in repr(found) and SECRET_TITLE not in page(visitor, uri("satz-043"))
    assert not ask(home, SECRET_TITLE).findings


def test_a_stale_dataset_says_that_its_last_good_version_stays(home: StewardHome) -> None:
    answer = ask(home, uri("satz-042"))
    assert kinds(answer) == ["published", "stale", "quarantine"]
    assert "die letzte gute bleibt" in answer.findings[1].text.de


def test_a_missing_dataset_tells_when_it_would_go(home: StewardHome) -> None:
    with home.instance.database.writing() as session:
        row = session.scalars(sa.select(Record).where(Record.remote_id == uri("satz-003"))).one()
        row.misses, row.missing_since = 1, steward_home.SINCE
    try:
        answer = ask(home, uri("satz-003"))
    finally:
        with home.instance.database.writing() as session:
            session.execute(
                sa.update(Record).where(Record.remote_id == uri("satz-003")).values(misses=0, missing_since=None)
            )
    assert kinds(answer) == ["published", "missing"]
    assert "seit 2. November 2026 nicht mehr (1 von 2 vollständigen Läufen)" in answer.findings[1].text.de
    assert "on 2 November 2026 at the earliest" in answer.findings[1].text.en


def test_a_failing_source_is_named_beside_its_dataset(home: StewardHome) -> None:
    answer = ask(home, home.site.url("/weg.ttl"))
    assert kinds(answer) == ["source"]
    assert "seit 2. November 2026 nicht zu lesen" in answer.findings[0].text.de
    assert answer.findings[0].next is not None and answer.findings[0].source == "weg"
    assert kinds(ask(home, "weg")) == ["source"]


def test_a_record_in_a_held_plan_waits_for_a_decision(home: StewardHome) -> None:
    answer = ask(home, uri("satz-099"))
    assert kinds(answer) == ["held", "source"]
    assert "als neu" in answer.findings[0].text.de and answer.findings[0].source == "halt"
    assert kinds(ask(home, uri("satz-020"))) == ["published", "held", "source"]


def test_a_dataset_behind_another_source_leads_there(home: StewardHome) -> None:
    answer = ask(home, naming.dataset_id("portal", uri("satz-061")))
    assert kinds(answer) == ["led"]
    assert answer.findings[0].title == "Datensatz 061"
    both = ask(home, uri("satz-061"))
    assert sorted(kinds(both)) == ["led", "published"]
    assert len({finding.slug for finding in both.findings}) == 1


def test_a_dataset_that_was_never_public_itself_leads_to_the_one_in_front(home: StewardHome) -> None:
    with home.instance.database.reading() as session:
        assert session.get(DatasetRow, naming.dataset_id("portal", uri("satz-063"))) is None
    found = {finding.kind: finding.slug for finding in ask(home, uri("satz-063")).findings}
    assert found["led"] == found["published"] == "datensatz-063"


def test_a_uri_is_found_where_the_source_has_another_id(home: StewardHome) -> None:
    dataset_id, other = naming.dataset_id("gut", uri("satz-002")), "urn:uuid:4d0b1c1e-0000-4000-8000-000000000001"
    with home.instance.database.writing() as session:
        session.get_one(DatasetRow, dataset_id).uri = other
    try:
        assert kinds(ask(home, other)) == ["published"]
    finally:
        with home.instance.database.writing() as session:
            session.get_one(DatasetRow, dataset_id).uri = uri("satz-002")


def test_a_record_that_was_taken_in_since_waits_no_longer(home: StewardHome) -> None:
    entry = sa.update(Quarantine).where(Quarantine.remote_id == uri("satz-043"))
    with home.instance.database.writing() as session:
        session.execute(entry.values(resolved_at=steward_home.SINCE))
    try:
        assert not ask(home, uri("satz-043")).findings
    finally:
        with home.instance.database.writing() as session:
            session.execute(entry.values(resolved_at=None))


def test_a_source_that_left_is_said_so(home: StewardHome) -> None:
    answer = ask(home, "alt")
    # Its definition is gone, so its id finds nothing; its dataset does.
    assert not answer.findings
    assert kinds(ask(home, uri("satz-051"))) == ["published"]


def test_a_healthy_source_tells_its_next_run(home: StewardHome) -> None:
    (finding,) = ask(home, "gut").findings
    assert "regelmäßig gelesen" in finding.text.de and finding.next is not None and "Nächster Lauf" in finding.next.de


def test_a_title_finds_what_is_public_only(home: StewardHome) -> None:
    answer = ask(home, "Datensatz 002")
    assert not answer.findings
    assert "Datensatz 002" in [shown.dataset.title[0].value for shown in answer.similar]
    assert not ask(home, "Datensatz 004").findings


def test_what_nobody_knows_comes_with_the_next_step(home: StewardHome, visitor: FlaskClient) -> None:
    for text in ("urn:nix", "https://nirgends.example/x", "xyzzy\0", "%", "'; --", "a" * 5000, "\ud800"[:0] or "(["):
        assert not ask(home, text).findings
        assert "kennen wir keinen Datensatz" in page(visitor, text)
    assert "We know no dataset by this" in visitor.get("/why?q=xyzzy&lang=en").text


def test_nothing_asked_nothing_said(home: StewardHome, visitor: FlaskClient) -> None:
    assert ask(home, "  \0 ") == Answer()
    text = visitor.get("/why").text
    assert "Was wir wissen" not in text and "kennen wir keinen" not in text
    assert 'content="noindex"' not in text


def test_the_page_shows_findings_with_links(visitor: FlaskClient) -> None:
    text = page(visitor, uri("satz-042"))
    tree = html.document_fromstring(text)
    assert tree.xpath("//section[@aria-labelledby='known']//a[@href='/dataset/datensatz-042']")
    assert tree.xpath("//section[@aria-labelledby='known']//a[@href='/sources/quarantaene']")
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert tree.xpath("//input[@name='q']/@value") == [uri("satz-042")]
    hostile = page(visitor, '<img src=x onerror="alert(1)">')
    assert not html.document_fromstring(hostile).xpath("//img")


def test_the_look_ups_follow_keys(home: StewardHome) -> None:
    """No question reads a table from its beginning to its end, whatever was asked.

    The small table of sources may be, and a row of values that is no table.
    """
    asked: list[str] = []
    engine = home.instance.database.engine

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            with engine.connect() as other:
                rows = other.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            asked.extend(str(row[3]) for row in rows)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        for text in (uri("satz-043"), uri("satz-099"), uri("satz-061"), "weg", uri("satz-004")):
            ask(home, text)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert len(asked) > 50
    assert {line.split()[1] for line in asked if line.startswith("SCAN")} <= {"source", "anon_1", "CONSTANT"}
    assert not [line for line in asked if line.endswith("(state=?)")]


# The ways there, and what dataset pages say


def test_pages_lead_there(home: StewardHome, visitor: FlaskClient) -> None:
    assert "/why?q=xyzzy" in visitor.get("/dataset?q=xyzzy").text
    assert 'href="/why"' in visitor.get("/").text
    assert 'href="/why"' in visitor.get("/nirgends").text
    gone = visitor.get("/dataset/datensatz-004")
    assert gone.status_code == 410 and "/why?q=datensatz-004" in gone.text
    assert 'href="/sources"' in visitor.get("/dashboard").text


def test_a_stale_dataset_says_so_on_its_page(home: StewardHome, visitor: FlaskClient) -> None:
    text = visitor.get("/dataset/datensatz-042").text
    assert "Die Quelle liefert seitdem eine Fassung, die wir nicht übernehmen können." in text
    assert "eine Fassung, die wir nicht" not in visitor.get("/dataset/datensatz-041").text


def test_a_tombstone_with_a_successor_leads_there(home: StewardHome, visitor: FlaskClient) -> None:
    old, new = (naming.dataset_id(source, uri("satz-061")) for source in ("portal", "fach"))
    name = html.document_fromstring(visitor.get(f"/dataset/{new}", follow_redirects=True).text).xpath(
        "//link[@type='text/turtle']/@href"
    )
    assert name
    with home.instance.database.reading() as session:
        was, now = (session.get_one(DatasetRow, each).name for each in (old, new))
    for path in (f"/dataset/{was}", f"/dataset/{old}", f"/dataset/{was}/x"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.location) == (301, f"/dataset/{now}"), path
    for path, accept in (
        (f"/dataset/{old}.ttl", "*/*"),
        (f"/dataset/{was}.ttl", "*/*"),
        (f"/dataset/{old}", "text/turtle"),
    ):
        answer = visitor.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.location) == (301, f"/dataset/{new}.ttl"), path
        assert visitor.get(answer.location).status_code == 200
    asked = visitor.get(f"/dataset/{old}.jsonld?profile=schema.org")
    assert asked.location == f"/dataset/{new}.jsonld?profile=schema.org"
    assert visitor.get(f"/dataset/{was}/quality").location == f"/dataset/{now}/quality"


def test_successors_in_a_circle_end(home: StewardHome, visitor: FlaskClient) -> None:
    old, gone = naming.dataset_id("portal", uri("satz-061")), naming.dataset_id("gut", uri("satz-004"))
    with home.instance.database.writing() as session:
        before = session.get_one(DatasetRow, old).successor
        session.get_one(DatasetRow, old).successor = gone
        session.get_one(DatasetRow, gone).successor = old
    try:
        assert visitor.get(f"/dataset/{old}").status_code == 410
        assert visitor.get(f"/dataset/{old}.ttl").status_code == 410
    finally:
        with home.instance.database.writing() as session:
            session.get_one(DatasetRow, old).successor = before
            session.get_one(DatasetRow, gone).successor = None


def page(visitor: FlaskClient, text: str) -> str:
    answer = visitor.get("/why", query_string={"q": text})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return answer.text
