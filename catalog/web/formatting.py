"""Numbers, dates and sizes as a reader of German or English writes them; times are Europe/Berlin on pages."""

import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal
from flask import Flask

from catalog.web.language import lang
from dcat import dates

BERLIN = ZoneInfo("Europe/Berlin")
LOCALES = {"de": "de_DE", "en": "en_GB"}
UNITS = ("kB", "MB", "GB", "TB")


def register(app: Flask) -> None:
    """Give templates the formatting functions."""
    app.jinja_env.globals.update(number=number, date=date, size=size)
    app.jinja_env.filters.update(capitalised=capitalised, excerpt=excerpt, paragraphs=paragraphs)


def number(value: float) -> str:
    """Write a number with the marks of the page's language."""
    return format_decimal(value, locale=LOCALES[lang()])


def size(count: int | None) -> str:
    """Write a file's size, such as 1,2 MB; empty where it is not known."""
    if count is None:
        return ""
    if count < 1000:
        return f"{count} Byte" if lang() == "de" or count == 1 else f"{count} bytes"
    step = next((step for step in range(1, len(UNITS)) if count < 999.5 * 1000**step), len(UNITS))
    value, unit = count / 1000**step, UNITS[step - 1]
    return f"{format_decimal(value, '#,##0.#' if value < 10 else '#,##0', locale=LOCALES[lang()])} {unit}"


def date(value: str) -> str:
    """Write a date of any XSD form; what is none is shown as it came."""
    kind = dates.datatype(value)
    locale = LOCALES[lang()]
    if kind == "xsd:dateTime":
        moment = datetime.datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)
        try:
            return format_datetime(moment, "d. MMMM y, HH:mm" if lang() == "de" else "d MMMM y, HH:mm", BERLIN, locale)
        except OverflowError:
            # The last hours of the year 9999 have no name in every zone.
            return value
    if kind == "xsd:date":
        return format_date(datetime.date.fromisoformat(value[:10]), "long", locale)
    if kind == "xsd:gYearMonth":
        return format_skeleton("yMMMM", datetime.date.fromisoformat(f"{value}-01"), locale=locale)
    return value


def capitalised(label: str) -> str:
    """Begin with a capital letter and leave the rest alone."""
    return label[:1].upper() + label[1:]


def excerpt(value: str, length: int = 220) -> str:
    """Cut a text at a word, with an ellipsis where something is missing."""
    value = " ".join(value.split())
    if len(value) <= length:
        return value
    return value[:length].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"


def paragraphs(value: str) -> list[str]:
    """Split a text at its empty lines."""
    blocks = value.replace("\r\n", "\n").split("\n\n")
    return [block.strip() for block in blocks if block.strip()]
