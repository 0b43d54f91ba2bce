"""Signing in and working on one's own account in a real browser: by keyboard, without barriers, without another host, on a small screen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import homes
import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from test_web_browser import browser, fits_in, look, pytestmark, served  # noqa: F401 - pytest finds them by name

from catalog import account_links, accounts, tokens
from catalog.access import Scope
from catalog.app import create_app
from catalog.db import now
from dcat.states import PENDING

NAME, PASSWORD, OTHER = "erika", "ein langes Kennwort", "ein ganz anderes Kennwort"
CLOSED = ("/user/login", "/user/login?lang=en", "/user/reset", "/user/reset/x")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a catalogue with an account, and the path of a link to a new password."""
    with homes.home(tmp_path_factory.mktemp("account") / "home") as instance:
        # A browser sends a cookie that is for https only nowhere else.
        config = replace(instance.config, site_url="http://127.0.0.1")
        with instance.database.writing() as session:
            account = accounts.add(session, NAME, PASSWORD, email="erika@example.org", admin=True)
            tokens.create(session, account, name="Ladeprogramm", scopes={Scope.READ})
            invited = accounts.add(session, "neu", state=PENDING)
        link = account_links.address(config, invited, account_links.INVITATION, now())
        with served(create_app(replace(instance, config=config))) as address:
            yield address, link.removeprefix(config.site_url)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/user/login")
    page.get_by_label("Anmeldename oder E-Mail-Adresse").fill(NAME)
    page.get_by_label("Kennwort", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/user/me")


@pytest.fixture(scope="module")
def signed_in(browser: Browser, site: tuple[str, str]) -> Iterator[BrowserContext]:  # noqa: F811
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, site[0])
        page.close()
        yield context


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers_at_the_door(browser: Browser, site: tuple[str, str], scheme: str) -> None:  # noqa: F811
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:  # type: ignore[arg-type]
        for path in (*CLOSED, site[1]):
            look(context.new_page(), site[0], path)


def test_no_barriers_inside(signed_in: BrowserContext, site: tuple[str, str]) -> None:
    for path in ("/user/me", "/user/me?lang=en", "/user/me?lang=de"):
        look(signed_in.new_page(), site[0], path)


def test_nothing_sticks_out_of_a_small_screen(signed_in: BrowserContext, site: tuple[str, str]) -> None:
    page = signed_in.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    fits_in(page, f"{site[0]}/user/me")
    small = page.evaluate(
        """() => [...document.querySelectorAll('header a, header button, main button, main input:not([type=hidden]), main select')]
            .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 120)])
            .filter(([r]) => r.width > 0 && (r.height < 23.5 || r.width < 23.5)).map(([r, h]) => h)"""
    )
    assert not small, small


def test_a_token_by_keyboard(signed_in: BrowserContext, site: tuple[str, str]) -> None:
    page = signed_in.new_page()
    page.goto(f"{site[0]}/user/me")
    page.get_by_label("Wozu dient der neue Token?").fill("Tastatur")
    page.get_by_label("Datensätze und Dateien schreiben").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Token ausstellen").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#new-token")
    assert page.locator("code", has_text=tokens.PREFIX).count() == 1
    page.get_by_role("button", name="Widerrufen – Tastatur").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Der Token ist widerrufen.")
    assert page.get_by_text("Tastatur").count() == 0


def test_signing_out_and_an_error_that_is_read_out(browser: Browser, site: tuple[str, str], tmp_path: Path) -> None:  # noqa: F811
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(page, site[0])
        page.get_by_role("button", name="Abmelden", exact=True).click()
        page.wait_for_url("**/user/login")
        page.get_by_label("Anmeldename oder E-Mail-Adresse").fill(NAME)
        page.get_by_label("Kennwort", exact=True).fill("falsch")
        page.keyboard.press("Enter")
        assert "stimmen nicht" in page.get_by_role("alert").inner_text()
