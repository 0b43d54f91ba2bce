"""Addresses on pages: foreign ones only when they are plain web addresses, our own always below the application's path."""

import re
from urllib.parse import urlsplit

from flask import Flask, url_for

from catalog.public import PublicFile
from catalog.search_types import Results

GAP = 0
_MAIL = re.compile(r"[^\s<>\"'?&%#/:@]+@[^\s<>\"'?&%#/:@]+")
_PHONE = re.compile(r"tel:\+?[0-9().-]{3,30}")


def register(app: Flask) -> None:
    """Give templates the address functions."""
    app.jinja_env.globals.update(
        href=href,
        mail=mail,
        phone=phone,
        site=site,
        data_address=data_address,
        page_numbers=page_numbers,
    )


def href(address: str) -> str:
    """Give an address from data if it may stand in a link; empty for any other scheme than http and https."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    return address.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def mail(address: str) -> str:
    """Give the link to an e-mail address; empty for what is none."""
    return f"mailto:{address}" if _MAIL.fullmatch(address) else ""


def phone(address: str) -> str:
    """Give a tel: address if it holds a number and nothing else."""
    return address if _PHONE.fullmatch(address) else ""


def site(path: str = "") -> str:
    """Give the address of one of our interfaces that has no page, below the path the application runs under."""
    return url_for("pages.home") + path


def data_address(file: PublicFile) -> str:
    """Give the address where the public gets the data; empty for a file that is kept back."""
    if not file.state.visible:
        return ""
    addresses = (*file.distribution.download_url, *file.distribution.access_url)
    return next((found for found in map(href, addresses) if found), "")


def page_numbers(results: Results) -> list[int]:
    """List the page numbers worth offering; GAP stands where some are left out."""
    last, here = results.pages, results.query.page
    near = [number for number in range(1, last + 1) if number in (1, last) or abs(number - here) <= 1]
    found: list[int] = []
    for number in near:
        if found and number - found[-1] == 2:
            found.append(number - 1)
        elif found and number - found[-1] > 2:
            found.append(GAP)
        found.append(number)
    return found
