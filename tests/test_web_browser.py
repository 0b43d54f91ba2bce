"""The pages in a real browser: no barrier axe can find, no request to a foreign host, no sideways scrolling at 320 pixels."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import web_sample
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from steward_home import StewardHome
from werkzeug.serving import make_server

from catalog import steward_key
from catalog.db import now
from validators import schemas

CHROMIUM = Path(os.environ.get("OFFENBAR_CHROMIUM", "/usr/bin/chromium"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
PATHS = ("/", "/dataset?q=baum&city=frankfurt&page=3", "/dataset?q=nichts", "/dataset/strassenbaeume-frankfurt",
         "/dataset/leer", "/dataset/strassenbaeume-frankfurt/d1", "/dataset/strassenbaeume-frankfurt/d1/report", "/dataset/strassenbaeume-frankfurt/d1/report?severity=nix",
         "/dataset/strassenbaeume-frankfurt/d3/report", "/dataset/strassenbaeume-frankfurt/d3", "/dataset/pegel-wiesbaden/p1", "/organization",
         "/organization/da-statistik", "/city/frankfurt", "/group/ENVI", "/schema", "/schema/baumkataster", "/schema/bebauungsplan", "/api", "/check", "/check?schema=baumkataster",
         "/nirgends", "/dataset/weg", "/dataset/kaputt")  # fmt: skip

# Pages that need a whole catalogue; asked of the demonstration's.
WHOLE = ("/dashboard", "/sparql", "/sparql?query=SELECT+*+WHERE+%7B%3Fs+%3Fp+%3Fo%7D+LIMIT+20", "/api",
         "/dataset/baumkataster-darmstadt", "/dataset/baumkataster-darmstadt/quality", "/dataset", "/dataset?q=Baumkatster",
         "/dataset?q=baum&city=frankfurt&format=CSV&bbox=8,49,9,51&since=2020", "/dataset?q=verkehr&city=wiesbaden&format=XLSX",
         "/dataset?bbox=1,2,3")  # fmt: skip

# Pages about sources; asked of a catalogue whose sources are in every state.
SOURCES = ("/sources", "/sources/gut", "/sources/weg", "/sources/halt", "/why", "/why?q=https://daten.amt.example/dataset/satz-042",
           "/why?q=Datensatz+002", "/why?q=xyzzy", "/dataset/datensatz-042", "/dataset/datensatz-004",
           "/requests", "/requests?state=planned")  # fmt: skip
STEWARD = ("/steward", "/steward/plans", "/steward/quarantine", "/steward/quarantine/1", "/steward/runs/2",
           "/steward/searches", "/steward/requests", "/steward/runs/{held}", "/steward/runs/{held}?action=missing", "/steward/runs/{quarantine}")  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    # A browser hangs up in the middle of files, and werkzeug's own server leaves those to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(web_sample.create(tmp_path_factory.mktemp("home"))) as address:
        yield address


@pytest.fixture(scope="module")
def whole(application: Flask) -> Iterator[str]:
    with served(application) as address:
        yield address


@pytest.fixture(scope="module")
def sources(every_state: StewardHome) -> Iterator[tuple[str, StewardHome]]:
    with served(every_state.app) as address:
        yield address, every_state


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is missing; install it (apt-get install chromium) or name it in OFFENBAR_CHROMIUM"
        pytest.fail(message) if os.environ.get("OFFENBAR_REQUIRE") else pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["light-de", "light-en", "dark-de", "dark-en"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme, lang = request.param.split("-")
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": "lang", "value": lang, "url": address}])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_no_barriers_and_no_foreign_host(page: Page, address: str, path: str) -> None:
    look(page, address, path)


@pytest.mark.parametrize("path", WHOLE)
def test_no_barriers_in_a_whole_catalogue(page: Page, whole: str, path: str) -> None:
    look(page, whole, path)


@pytest.mark.parametrize("path", SOURCES)
def test_no_barriers_where_sources_are_shown(page: Page, sources: tuple[str, StewardHome], path: str) -> None:
    look(page, sources[0], path)


@pytest.mark.parametrize("path", STEWARD)
def test_no_barriers_for_stewards(page: Page, sources: tuple[str, StewardHome], path: str) -> None:
    admit(page.context, *sources)
    look(page, sources[0], path.format(**sources[1].runs))


@pytest.mark.parametrize("path", [*SOURCES, *STEWARD])
def test_pages_about_sources_scroll_not_sideways(browser: Browser, sources: tuple[str, StewardHome], path: str) -> None:
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        admit(context, *sources)
        fits_in(context.new_page(), sources[0] + path.format(**sources[1].runs))


def test_the_stewards_link_opens_the_pages_by_keyboard(browser: Browser, sources: tuple[str, StewardHome]) -> None:
    address, home = sources
    link, _ = steward_key.address(home.instance.config, now())
    with browser.new_context() as context:
        page = context.new_page()
        answer = page.goto(f"{address}/steward")
        assert answer is not None and answer.status == 403
        page.goto(link.replace(home.instance.config.site_url, address))
        page.get_by_role("navigation", name="Datenpflege").get_by_role("link", name="Angehaltene Pläne").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/steward/plans")
        assert page.get_by_text("offenbar harvest approve halt").is_visible()


def test_a_file_is_checked_by_keyboard_alone(page: Page, address: str, tmp_path: Path) -> None:
    """The form, its answer with the places and the repair, the note of a cell, the copy: no barrier, no foreign host, no script."""
    table = (
        schemas.example("baumkataster")
        .decode()
        .replace(",8.5,14.5,", ',"8,5",14.5,')
        .replace("2026-01-15", "15.01.2026")
    )
    (tmp_path / "bäume.csv").write_text(table, encoding="utf-8")
    page.goto(f"{address}/check?schema=baumkataster")
    page.locator("input[name=file]").set_input_files(tmp_path / "bäume.csv")
    page.locator("form.o-check button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#places")
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]
    mark = page.locator("a.o-mark").first
    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("li:target")
    assert urlsplit(page.url).fragment == (mark.get_attribute("href") or "")[1:]
    with page.expect_download() as kept:
        page.locator("a[download]").click()
    assert kept.value.suggested_filename == "bäume-repariert.csv"
    assert "2026-01-15" in Path(kept.value.path()).read_text(encoding="utf-8")


def test_the_search_box_proposes_by_keyboard(page: Page, whole: str) -> None:
    """A combobox: proposals are announced, chosen by arrow keys, put away by Escape; no barrier while they are open."""
    page.goto(f"{whole}/dataset?city=frankfurt")
    box = page.get_by_role("combobox")
    assert box.get_attribute("aria-expanded") == "false"
    box.focus()
    page.keyboard.type("baum")
    page.wait_for_selector("[role=option]")
    assert box.get_attribute("aria-expanded") == "true"
    assert page.get_by_role("status").inner_text()[0].isdigit()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false" and not page.get_by_role("listbox").is_visible()
    assert box.input_value() == "baum"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dataset?q=Baum&city=frankfurt*")
    assert page.locator("mark").count() > 0


def test_the_search_works_without_script(browser: Browser, whole: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{whole}/dataset?city=frankfurt")
        page.get_by_role("searchbox").fill("baum")
        page.keyboard.press("Enter")
        page.wait_for_url("**/dataset?*q=baum*")
        page.locator("summary", has_text="Kartenausschnitt").click()
        for side, value in (("Westen", "8,5"), ("Süden", "50"), ("Osten", "8,8"), ("Norden", "50,2")):
            page.get_by_label(side).fill(value)
        page.get_by_role("button", name="Anwenden").click()
        page.wait_for_url("**/dataset?q=baum&city=frankfurt&bbox=8.5,50,8.8,50.2")
        assert page.locator("a.o-chip").count() == 2


def test_an_answer_fits_a_small_screen(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{address}/check")
    page.locator("summary").first.click()
    page.locator("textarea[name=text]").fill(
        schemas.example("baumkataster").decode().replace("2026-01-15", "15.01.2026")
    )
    page.locator("form.o-check button").click()
    page.wait_for_selector("#places")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    small = page.evaluate(
        """() => [...document.querySelectorAll('main button, main select, main summary, main a.o-mark, main a.o-download')]
            .filter(e => e.getBoundingClientRect().width > 0 && e.getBoundingClientRect().height < 23.5).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert not small, small
    page.close()


def admit(context: BrowserContext, address: str, home: StewardHome) -> None:
    """Give a browser the steward's cookie."""
    proof = steward_key.sign(home.instance.config, steward_key.COOKIE, now() + steward_key.LASTS)
    context.add_cookies([{"name": "steward", "value": proof, "url": f"{address}/steward"}])


def look(page: Page, address: str, path: str) -> None:
    """Open a page, and hold it against what axe knows, our own host and the security policy."""
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(address + path, wait_until="networkidle")
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith("data:")}
    assert hosts == {urlsplit(address).netloc}
    assert not [fault for fault in faults if "Content Security Policy" in fault]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_scrolls_sideways_at_320_pixels(browser: Browser, address: str, path: str) -> None:
    fits(browser, address + path)


@pytest.mark.parametrize("path", WHOLE)
def test_a_whole_catalogue_scrolls_not_sideways(browser: Browser, whole: str, path: str) -> None:
    fits(browser, whole + path)


def fits(browser: Browser, url: str) -> None:
    """Open a page on a small screen; nothing may stick out."""
    page = browser.new_page(viewport={"width": 320, "height": 640})
    fits_in(page, url)
    page.close()


def fits_in(page: Page, url: str) -> None:
    answer = page.goto(url)
    assert answer is not None and answer.status in (200, 404, 410, 500)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0


def test_targets_are_large_enough_for_a_thumb(browser: Browser, address: str) -> None:
    """WCAG 2.2, 2.5.8: 24 by 24 pixels, except for links inside sentences."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    for path in PATHS:
        page.goto(address + path)
        small = page.evaluate(
            """() => [...document.querySelectorAll('header a, nav a, aside a, .o-line a, .o-bar a, .o-chips a, button, input:not([type=hidden])')]
                .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 120)])
                .filter(([r]) => r.width > 0 && (r.height < 23.5 || r.width < 23.5)).map(([r, h]) => h)"""
        )
        assert not small, (path, small)
    page.close()


def test_the_keyboard_reaches_the_content_first(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.close()
