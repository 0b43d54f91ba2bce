"""The health board, the pages of sources and the steward's pages, over a catalogue harvested into every state."""

import datetime
import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import database_url
from flask.testing import FlaskClient
from lxml import html
from steward_home import BASE, SECRET_TITLE, StewardHome, made, uri
from werkzeug.test import TestResponse

import cli
from catalog import health, run_view, steward, steward_key
from catalog.db import now
from catalog.definitions import present
from catalog.models import Quarantine, Run
from catalog.run_view import ACTIONS, shown
from dcat.message import Message

# A question to which many datasets are similar.
SEVERAL = "/why?q=satz"


@pytest.fixture
def home(every_state: StewardHome) -> StewardHome:
    return every_state


@pytest.fixture
def visitor(home: StewardHome) -> FlaskClient:
    return home.visitor()


@pytest.fixture
def steward_client(home: StewardHome) -> FlaskClient:
    return home.steward()


def get(client: FlaskClient, path: str, status: int = 200) -> TestResponse:
    answer = client.get(path, base_url=BASE)
    assert answer.status_code == status, (path, answer.status_code)
    return answer


def tree(answer: TestResponse) -> html.HtmlElement:
    return html.document_fromstring(answer.get_data(as_text=True))


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def rows(answer: TestResponse, table: str) -> list[str]:
    found = tree(answer).xpath(f"//table[caption/@id='{table}']/tbody/tr")
    return [" ".join(words(cell) for cell in row.xpath("./th | ./td")) for row in found]


def public_paths() -> list[str]:
    return ["/sources", "/sources?state=failing", "/sources?city=frankfurt", "/sources/gut", "/sources/weg",
            "/sources/halt", "/sources/quarantaene", "/sources/alt", "/why", SEVERAL]  # fmt: skip


def steward_paths(home: StewardHome) -> list[str]:
    number = waiting_number(home, uri("satz-042"))
    return ["/steward", "/steward?source=gut", "/steward/plans", "/steward/quarantine", "/steward/quarantine?code=profile",
            f"/steward/quarantine/{number}", *(f"/steward/runs/{run}" for run in home.runs.values()),
            *(f"/steward/runs/{home.runs['held']}?action={action}" for action in ACTIONS)]  # fmt: skip


def waiting_number(home: StewardHome, remote_id: str) -> int:
    with home.instance.database.reading() as session:
        number = session.scalar(sa.select(Quarantine.id).where(Quarantine.remote_id == remote_id))
    assert number is not None
    return number


# The health board


def test_the_board_lists_every_source_those_that_fail_first(visitor: FlaskClient) -> None:
    found = rows(get(visitor, "/sources"), "board")
    names = [words(link).split()[-1] for link in tree(get(visitor, "/sources")).xpath("//tbody/tr/th/a")]
    assert names == ["Weg", "Halt", "Alt", "Gut", "Wartend", "Fachamt", "Portal"]
    failing, held, left, good, *_ = found
    assert "gestört seit 2. November 2026" in failing and "gescheitert" in failing
    assert "Status 404" in failing and "127.0.0.1" not in failing
    assert "angehalten seit" in held and "8 von 12 Datensätzen fehlen." in held
    assert "entfallen" in left
    assert "in Ordnung" in good and "unverändert" in good and "dcat" in good


def test_the_board_counts_what_is_public_missing_stale_and_waiting(visitor: FlaskClient) -> None:
    found = tree(get(visitor, "/sources")).xpath("//table/tbody/tr")
    numbers = {
        words(row.xpath("./th/a")[0]).split()[-1]: [words(cell) for cell in row.xpath("./td")[4:8]] for row in found
    }
    assert numbers == {
        "Fachamt": ["2", "0", "0", "0"],
        "Portal": ["1", "0", "0", "0"],
        "Gut": ["3", "0", "0", "0"],
        "Weg": ["1", "0", "0", "0"],
        "Halt": ["12", "0", "0", "0"],
        "Wartend": ["2", "0", "1", "2"],
        "Alt": ["1", "0", "0", "0"],
    }


def test_the_trend_is_said_in_words(visitor: FlaskClient) -> None:
    trends = tree(get(visitor, "/sources?lang=en")).xpath("//svg[@role='img']/@aria-label")
    assert "The last runs, the oldest first: applied (3), unchanged" in trends
    assert "The last runs, the oldest first: applied, failed (2)" in trends
    assert "The last runs, the oldest first: applied, held" in trends


def test_the_board_can_be_narrowed_by_state_and_city(visitor: FlaskClient) -> None:
    assert len(rows(get(visitor, "/sources?state=failing"), "board")) == 1
    assert len(rows(get(visitor, "/sources?city=frankfurt"), "board")) == 1
    assert len(rows(get(visitor, "/sources?city=darmstadt&state=ok"), "board")) == 4
    assert len(rows(get(visitor, "/sources?state=x&city=%00"), "board")) == 7


def test_the_board_is_paged_by_key(home: StewardHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PAGE", 2)
    config, after, seen = home.instance.config, "", []
    with home.instance.database.reading() as session:
        for _ in range(4):
            found = health.board(session, config, present(config.sources), after=after)
            seen += [row.id for row in found.rows]
            after = found.following
    assert seen == ["weg", "halt", "alt", "gut", "quarantaene", "fach", "portal"] and not after


def test_a_source_shows_how_its_runs_ended_and_no_record(visitor: FlaskClient) -> None:
    answer = get(visitor, "/sources/gut")
    found = rows(answer, "runs")
    assert len(found) == 4
    assert "3 gesehen: 0 neu, 1 geändert, 2 unverändert, 0 in Quarantäne; 1 fehlen" in found[2]
    assert "1 entfernt" in found[1]
    for path in ("/sources/gut", "/sources/quarantaene", "/sources/halt"):
        text = get(visitor, path).text
        assert "Datensatz 0" not in text and "satz-0" not in text and SECRET_TITLE not in text
    assert "zu lesen" in get(visitor, "/sources/weg").text
    get(visitor, "/sources/nirgends", 404)
    get(visitor, "/sources/%00", 404)
    get(visitor, "/sources/gut?before=x", 400)


def test_runs_are_paged_by_number(home: StewardHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PAGE", 3)
    page = tree(get(home.visitor(), "/sources/gut"))
    (further,) = page.xpath("//main//a[@rel='next']/@href")
    assert len(page.xpath("//table/tbody/tr")) == 3
    rest = tree(get(home.visitor(), further))
    assert len(rest.xpath("//table/tbody/tr")) == 1 and not rest.xpath("//main//a[@rel='next']")


def test_a_source_that_is_only_defined_is_new(home: StewardHome) -> None:
    file = home.instance.config.sources / "neu.yaml"
    file.write_text("id: neu\ncity: darmstadt\ndepartment: Amt Neu\ntype: dcat\nurl: https://neu.example/x.ttl\n")
    try:
        (row,) = rows(get(home.visitor(), "/sources?state=new"), "board")
        assert "Amt Neu" in row and "noch nie" in row
        get(home.visitor(), "/sources/neu")
        file.write_text("id: [")
        page = get(home.visitor(), "/sources").text
        assert "Definitionen, die nicht lesbar sind: 1." in page and "entfallen" not in page
    finally:
        file.unlink()


def test_reasons_tell_the_public_no_address_and_no_quote() -> None:
    said = health.discreet(
        Message(
            "https://user:pw@intern.amt.example:8443/ablage?key=1 antwortet mit Status 503 (10.1.2.3): 12 von 1.200 fehlen.",
            "The dataset “Alpha “x” Beta” in C:\\akten\\a.csv has 30% of 4.5 left; please ask amt@x.example.",
        )
    )
    assert said.de == "… antwortet mit Status 503 …: 12 von 1.200 fehlen."
    assert said.en == "The dataset … in … has 30% of 4.5 left; please ask …"


def test_only_what_went_wrong_is_explained_to_the_public(home: StewardHome) -> None:
    with home.instance.database.reading() as session:
        line = health.lines(session, "weg", limit=1)[0]
    assert line.public_reasons
    assert not replace(line, status="applied").public_reasons and not replace(line, status="").public_reasons


# Access


def test_without_the_link_nothing_is_shown(home: StewardHome, visitor: FlaskClient) -> None:
    for path in [*steward_paths(home), "/steward/runs/999"]:
        answer = get(visitor, path, 403)
        assert "offenbar steward" in answer.text and "satz-" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_the_link_gives_a_narrow_cookie_until_it_ends(home: StewardHome) -> None:
    client, at = home.app.test_client(), now()
    address, until = steward_key.address(home.instance.config, at)
    assert until - at == datetime.timedelta(days=1)
    answer = get(client, address.removeprefix(BASE))
    (cookie,) = answer.headers.getlist("Set-Cookie")
    for part in ("HttpOnly", "SameSite=Strict", "Path=/steward", "Secure"):
        assert part in cookie.split("; ")
    (age,) = [int(part.split("=")[1]) for part in cookie.split("; ") if part.startswith("Max-Age")]
    assert 86_000 < age <= 86_400
    assert get(client, "/steward").headers["Cache-Control"] == "no-store"
    assert "steward=" not in str(client.get("/sources", base_url=BASE).request.headers.get("Cookie", ""))


def test_the_cookie_stays_below_the_path_of_the_application(home: StewardHome) -> None:
    address, _ = steward_key.address(home.instance.config, now())
    client = home.app.test_client()
    answer = client.get(address.removeprefix(BASE), base_url=BASE, environ_overrides={"SCRIPT_NAME": "/katalog"})
    assert "Path=/katalog/steward" in answer.headers["Set-Cookie"]


def test_a_proof_is_for_its_purpose_its_site_and_its_day_only(home: StewardHome) -> None:
    config, at = home.instance.config, now()
    until = at + steward_key.LASTS
    link, cookie = (steward_key.sign(config, purpose, until) for purpose in (steward_key.LINK, steward_key.COOKIE))
    assert steward_key.expiry(config, steward_key.LINK, link, at) == until.replace(microsecond=0)
    assert steward_key.expiry(config, steward_key.COOKIE, link, at) is None
    assert steward_key.expiry(config, steward_key.LINK, cookie, at) is None
    assert steward_key.expiry(config, steward_key.LINK, link, until) is None
    other = replace(config, secret_key="fedcba9876543210fedcba9876543210")
    assert steward_key.expiry(other, steward_key.LINK, link, at) is None
    forever = steward_key.sign(config, steward_key.LINK, at + datetime.timedelta(days=400))
    assert steward_key.expiry(config, steward_key.LINK, forever, at) is None
    for broken in ("", "x", link[:-1], link + "x", "é" * 500):
        assert steward_key.expiry(config, steward_key.LINK, broken, at) is None
        client = home.app.test_client()
        client.set_cookie("steward", broken, domain="daten.example.org", path="/steward")
        get(client, "/steward", 403)
    get(home.visitor(), f"/steward/open/{cookie}", 403)


def test_nothing_can_be_done_with_the_link_alone(home: StewardHome, steward_client: FlaskClient) -> None:
    changing = {
        rule.endpoint
        for rule in home.app.url_map.iter_rules()
        if rule.endpoint.startswith(("steward.", "sources.")) and "POST" in (rule.methods or ())
    }
    assert changing == {"steward.decide", "steward.release"}
    before = get(steward_client, f"/steward/runs/{home.runs['held']}").text
    assert 'method="post"' not in before
    for path in (f"/steward/runs/{home.runs['held']}", "/steward/quarantine/1", "/steward/plans"):
        answer = steward_client.post(path, base_url=BASE, data={"decision": "approved", "reason": "x"})
        assert answer.status_code in (400, 405)
    assert get(steward_client, f"/steward/runs/{home.runs['held']}").text == before


def test_the_command_prints_a_link_that_opens(
    home: StewardHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFENBAR_HOME", str(home.instance.config.home))
    monkeypatch.setenv("OFFENBAR_SECRET_KEY", home.instance.config.secret_key)
    cli.offenbar.main(["--lang", "en", "steward"], standalone_mode=False)
    said = capsys.readouterr()
    assert "Valid until" in said.err
    get(home.app.test_client(), said.out.strip().removeprefix(BASE))


# The steward's pages


def test_the_run_accounts_for_every_record(home: StewardHome, steward_client: FlaskClient) -> None:
    for name, run in home.runs.items():
        page = tree(get(steward_client, f"/steward/runs/{run}"))
        numbers = [int(words(row.xpath("./td")[0])) for row in page.xpath("//table[caption/@id='sums-table']/tbody/tr")]
        assert sum(numbers[:-1]) == numbers[-1], name


def test_the_run_shows_its_pages(home: StewardHome, steward_client: FlaskClient) -> None:
    (page,) = rows(get(steward_client, f"/steward/runs/{home.runs['withdraw']}"), "pages-table")
    assert home.site.url("/gut.ttl") in page and " 304 " in page and "unverändert" in page
    (page,) = rows(get(steward_client, f"/steward/runs/{home.runs['update']}"), "pages-table")
    assert " 200 " in page and "utf-8" in page.lower() and " neu " in page


def test_the_diff_shows_values_before_and_after(home: StewardHome, steward_client: FlaskClient) -> None:
    page = tree(get(steward_client, f"/steward/runs/{home.runs['update']}?action=update"))
    (item,) = page.xpath("//section[@aria-labelledby='plan']//li[@class='o-finding']")
    deleted, inserted = ([words(each) for each in item.xpath(f".//{tag}")] for tag in ("del", "ins"))
    assert "Datensatz 001" in deleted and "Neuer Titel" in inserted
    # The description is longer than what is shown and differs from the beginning.
    assert any(text.startswith("Lang. Lang.") and text.endswith("…") for text in inserted)
    (missing,) = tree(get(steward_client, f"/steward/runs/{home.runs['update']}?action=missing")).xpath(
        "//section[@aria-labelledby='plan']//li[@class='o-finding']"
    )
    assert "Datensatz 004" in words(missing)


def test_a_held_plan_shows_what_it_would_change_and_the_commands(
    home: StewardHome, steward_client: FlaskClient
) -> None:
    page = tree(get(steward_client, f"/steward/runs/{home.runs['held']}"))
    commands = [words(code) for code in page.xpath("//section[@aria-labelledby='decide']//code")]
    assert commands == [f"offenbar harvest approve halt{way}" for way in ("", " --additions", " --rekey")] + [
        "offenbar harvest reject halt"
    ]
    text = words(page)
    assert "8 von 12 Datensätzen fehlen." in text and "mehr als 10 % und mehr als 5" in text
    changed = tree(get(steward_client, f"/steward/runs/{home.runs['held']}?action=update"))
    assert [words(each) for each in changed.xpath("//del | //ins")] == ["Datensatz 020", "Geänderter Satz"]
    fresh = words(tree(get(steward_client, f"/steward/runs/{home.runs['held']}?action=create")))
    assert uri("satz-099") in fresh and uri("satz-020") not in fresh


def test_a_plan_of_another_definition_can_only_be_rejected(home: StewardHome, steward_client: FlaskClient) -> None:
    file = home.instance.config.sources / "halt.yaml"
    before = file.read_text()
    try:
        file.write_text(before.replace("Amt Halt", "Amt Halt neu"))
        text = get(steward_client, f"/steward/runs/{home.runs['held']}").text
        assert "harvest approve" not in text and "harvest reject" in text
    finally:
        file.write_text(before)


def test_the_plan_is_paged_by_key(home: StewardHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_view, "ITEMS", 3)
    definitions, seen, after = present(home.instance.config.sources), [], ""
    with home.instance.database.reading() as session:
        while True:
            found = run_view.read(session, definitions, home.runs["held"], action="missing", after_item=after)
            assert found is not None
            seen += [item.remote_id for item in found.items]
            after = found.after_item
            if not after:
                break
    assert seen == [uri(f"satz-{number:03}") for number in range(24, 32)]


def test_the_inbox_of_plans_says_until_when(steward_client: FlaskClient) -> None:
    answer = get(steward_client, "/steward/plans")
    text = words(tree(answer).xpath("//main")[0])
    assert "Wartet seit 2. November 2026" in text and "verfällt am 14. Tag: 16. November 2026" in text
    assert "offenbar harvest approve halt" in text and "offenbar harvest reject halt" in text


def test_the_inbox_of_the_quarantine_says_why_and_what_stays_public(
    home: StewardHome, steward_client: FlaskClient
) -> None:
    page = tree(get(steward_client, "/steward/quarantine"))
    entries = {words(li.xpath(".//code")[0]): words(li) for li in page.xpath("//li[@class='o-finding']")}
    assert set(entries) == {uri("satz-042"), uri("satz-043")}
    assert "Die letzte gute Fassung vom" in entries[uri("satz-042")]
    assert "bleibt öffentlich: Datensatz 042" in entries[uri("satz-042")]
    assert "Davon ist nichts öffentlich." in entries[uri("satz-043")]
    assert f"offenbar quarantine release {waiting_number(home, uri('satz-043'))} " in entries[uri("satz-043")]
    assert "offenbar quarantine release" not in entries[uri("satz-042")]
    only = tree(get(steward_client, "/steward/quarantine?source=quarantaene&code=unreadable"))
    assert words(only.xpath("//li[@class='o-finding']/h2//code")[0]) == uri("satz-042")
    assert "Nichts wartet." in get(steward_client, "/steward/quarantine?source=gut").text
    number = waiting_number(home, uri("satz-043"))
    assert SECRET_TITLE in get(steward_client, f"/steward/quarantine/{number}").text
    get(steward_client, "/steward/quarantine/99999", 404)


def test_only_incomplete_records_can_be_released(home: StewardHome) -> None:
    number = waiting_number(home, uri("satz-043"))
    with home.instance.database.writing() as session:
        row = session.get_one(Quarantine, number)
        before, row.code = row.code, "internal"
        session.flush()
        found = steward.entry(session, number)
        row.code = before
    assert found is not None and not found[0].releasable and found[1]


def test_the_quarantine_is_paged_by_number(home: StewardHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steward, "PAGE", 1)
    with home.instance.database.reading() as session:
        first = steward.quarantine(session)
        second = steward.quarantine(session, before=first.following)
    assert [len(first.entries), len(second.entries), second.following] == [1, 1, 0]
    assert first.entries[0].id > second.entries[0].id


def test_a_run_in_the_middle_says_so(home: StewardHome, steward_client: FlaskClient) -> None:
    counts = {"seen": 7, "created": 0, "updated": 0, "unchanged": 0, "missing": 0, "removed": 0, "quarantined": 0}
    with home.instance.database.writing() as session:
        run = Run(source_id="gut", phase="fetching", started_at=now(), revision="", cursor=[], counts=counts, reason=[])
        session.add(run)
        session.flush()
        number = run.id
    try:
        text = words(tree(get(steward_client, f"/steward/runs/{number}")))
        assert "läuft" in text and "noch nicht verglichen7" in text
        assert "läuft" in rows(get(home.visitor(), "/sources?city=darmstadt&state=ok"), "board")[0]
    finally:
        with home.instance.database.writing() as session:
            session.execute(sa.delete(Run).where(Run.id == number))


def test_odd_parameters_do_no_harm(steward_client: FlaskClient) -> None:
    get(steward_client, "/steward/runs/99999999999999999999999", 404)
    get(steward_client, "/steward/runs/1?item=%00&action=x&page=0")
    get(steward_client, "/steward?source=%00")
    get(steward_client, "/steward/quarantine?source=%00&code=%FF")
    for bad in ("/steward?before=-1", "/steward/plans?after=x", "/steward/quarantine?before=1e9"):
        get(steward_client, bad, 400)


def test_addresses_are_shown_without_credentials() -> None:
    assert shown("https://user:geheim@amt.example/a") == "https://amt.example/a"
    assert shown("https://amt.example/a?format=json&api_key=123&sig=x") == (
        "https://amt.example/a?format=json&api_key=…&sig=…"
    )


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_page_is_well_made_in_both_languages(home: StewardHome, lang: str) -> None:
    client = home.steward()
    client.set_cookie("lang", lang, domain="daten.example.org")
    for path in [*public_paths(), *steward_paths(home)]:
        answer = client.get(path, base_url=BASE)
        page = tree(answer)
        assert answer.status_code == 200 and page.get("lang") == lang, path
        for landmark in ("//header", "//main", "//footer", "//h1", "//head/title"):
            assert len(page.xpath(landmark)) == 1, (path, landmark)
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), path
        for reference in page.xpath("//@aria-labelledby | //@aria-describedby | //label/@for"):
            assert set(reference.split()) <= set(ids), (path, reference)
        levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), (path, levels)
        assert page.xpath("//script | //img | //iframe | //*[@style]") == []


@pytest.mark.slow
def test_every_page_is_the_same_on_postgresql(home: StewardHome, tmp_path: Path) -> None:
    with database_url("postgresql", tmp_path) as url, made(tmp_path / "home", url) as other:
        here, there = home.steward(), other.steward()
        paths = [path for path in public_paths() if path != SEVERAL]
        for path in [*paths, *steward_paths(home), "/why?q=%00", f"/why?q={uri('satz-042')}", "/why?q=halt"]:
            assert timeless(get(here, path)) == timeless(get(there, path)), path
        # Equally good ones stand newest first, to the second, and in which second each was made is chance.
        found = [sorted(timeless(get(client, "/why?q=00*")).split()) for client in (here, there)]
        assert found[0] == found[1] and {"002", "003"} <= set(found[0])


def timeless(answer: TestResponse) -> str:
    """The words of a page without what differs from one run to the next: times, durations and ports."""
    page = tree(answer)
    for each in page.xpath("//time"):
        each.text, each.tail = "", re.sub(r"^ \([^)]*\)", "", each.tail or "")
    text = words(page.xpath("//main")[0])
    return re.sub(r"127\.0\.0\.1:\d+|\d+ (Sekunden?|Minuten?)|\d+,?\d* (kB|Byte)", "", text)


def test_everything_stays_below_the_path_of_the_application(home: StewardHome) -> None:
    client = home.app.test_client(use_cookies=False)
    proof = steward_key.sign(home.instance.config, steward_key.COOKIE, now() + datetime.timedelta(hours=1))
    for path in [*public_paths(), *steward_paths(home)]:
        answer = client.get(
            path, base_url=BASE, headers={"Cookie": f"steward={proof}"}, environ_overrides={"SCRIPT_NAME": "/katalog"}
        )
        assert answer.status_code == 200
        for address in tree(answer).xpath("//a/@href | //link/@href | //form/@action"):
            own = "://" not in address and address[0] not in "#?" and ":" not in address.split("/")[0]
            assert not own or address.startswith("/katalog/"), (path, address)
