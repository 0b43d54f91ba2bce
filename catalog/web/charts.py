"""Small charts of recent values, drawn here as SVG: they need no script, and what they show stands in words beside them."""

import datetime
from dataclasses import dataclass

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_scientific
from flask import Flask

from catalog.db import now
from catalog.live_reading import Series
from catalog.web.formatting import BERLIN, LOCALES, number
from catalog.web.language import lang, t

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 76, 12, 12, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A line in a box of WIDTH by HEIGHT, with what is written at its edges and its description in words."""

    line: str
    last: tuple[str, str]
    title: str
    description: str
    low: str
    high: str
    start: str
    end: str


def register(app: Flask) -> None:
    """Give templates the charts and the words around values."""
    app.jinja_env.globals.update(chart=chart, moment=moment, since=since, measured=measured)


def chart(series: Series) -> Chart | None:
    """Draw the values of a series; None where fewer than two leave nothing to draw."""
    points = series.points
    if len(points) < 2:
        return None
    values = [point.value for point in points]
    low, high = min(values), max(values)
    first, last = points[0].at, points[-1].at
    span = (last - first).total_seconds() or 1.0
    drawn = [(_x((p.at - first).total_seconds() / span), _y(p.value, low, high)) for p in points]
    words = (measured(low, series.unit), measured(high, series.unit), moment(first), moment(last))
    return Chart(
        line=" ".join(f"{x},{y}" for x, y in drawn),
        last=drawn[-1],
        title=t("Verlauf: %s", "Course: %s") % series.name,
        description=t("Zwischen %s und %s, vom %s bis zum %s.", "Between %s and %s, from %s to %s.") % words,
        low=_written(low),
        high=_written(high),
        start=moment(first),
        end=moment(last),
    )


def moment(at: datetime.datetime) -> str:
    """Write an instant as clocks in Germany show it."""
    form = "d. MMM y, HH:mm" if lang() == "de" else "d MMM y, HH:mm"
    return format_datetime(at, form, BERLIN, LOCALES[lang()])


def since(at: datetime.datetime) -> str:
    """Say how long ago an instant was: vor 3 Minuten."""
    # A measurement of a clock that is fast was not made in the future.
    ago = min(at - now(), datetime.timedelta())
    if -ago < datetime.timedelta(minutes=1):
        return t("gerade eben", "just now")
    return format_timedelta(ago, add_direction=True, locale=LOCALES[lang()])


def measured(value: float, unit: str) -> str:
    """Write a value with its unit, which stays on its line."""
    return f"{_written(value)}\N{NO-BREAK SPACE}{unit}" if unit else _written(value)


def _written(value: float) -> str:
    """Write a value; one that is very large or very small, by its power of ten."""
    if value and not 0.001 <= abs(value) < 1e12:
        return format_scientific(value, "0.###E0", locale=LOCALES[lang()])
    return number(value)


def _x(share: float) -> str:
    return f"{LEFT + share * (WIDTH - LEFT - RIGHT):.1f}"


def _y(value: float, low: float, high: float) -> str:
    # Halves: the distance of two large numbers may be larger than any number.
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.5
    return f"{TOP + (1 - share) * (HEIGHT - TOP - BOTTOM):.1f}"
