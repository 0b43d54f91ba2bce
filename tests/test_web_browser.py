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
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = Path(os.environ.get("OFFENBAR_CHROMIUM", "/usr/bin/chromium"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
PATHS = ("/", "/dataset?q=baum&city=frankfurt&page=3", "/dataset?q=nichts", "/dataset/strassenbaeume-frankfurt",
         "/dataset/leer", "/dataset/strassenbaeume-frankfurt/d1", "/dataset/strassenbaeume-frankfurt/d3", "/organization",
         "/organization/da-statistik", "/city/frankfurt", "/group/ENVI", "/schema", "/schema/baumkataster", "/api",
         "/nirgends", "/dataset/weg", "/dataset/kaputt")  # fmt: skip

# Pages that need a whole catalogue; asked of the demonstration's.
WHOLE = ("/dashboard", "/sparql", "/sparql?query=SELECT+*+WHERE+%7B%3Fs+%3Fp+%3Fo%7D+LIMIT+20", "/api",
         "/dataset/baumkataster-darmstadt", "/dataset/baumkataster-darmstadt/quality")  # fmt: skip

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
    page.goto(url)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.close()
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
