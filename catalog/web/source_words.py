"""Sources and their runs in words and marks: states, outcomes, phases, what a plan does; ages and spans as a reader writes them."""

import datetime
from collections.abc import Sequence
from itertools import groupby

from babel.dates import format_timedelta
from flask import Flask

from catalog.db import now
from catalog.health import COUNTED
from catalog.web.formatting import LOCALES, date, number
from catalog.web.language import lang, say
from catalog.web.wording import Mark
from dcat.message import Message

STATES = {
    "ok": Mark(Message("in Ordnung", "in order"), "success", "check"),
    "failing": Mark(Message("gestört", "failing"), "danger", "danger"),
    "held": Mark(Message("angehalten", "held"), "warning", "warning"),
    "left": Mark(Message("entfallen", "left"), "warning", "logout"),
    "new": Mark(Message("neu", "new"), "info", "info"),
}
OUTCOMES = {
    "applied": Mark(Message("übernommen", "applied"), "success", "check"),
    "unchanged": Mark(Message("unverändert", "unchanged"), "success", "check"),
    "partial": Mark(Message("unvollständig gelesen", "read in part"), "warning", "warning"),
    "failed": Mark(Message("gescheitert", "failed"), "danger", "close"),
    "held": Mark(Message("angehalten", "held"), "warning", "warning"),
    "rejected": Mark(Message("verworfen", "rejected"), "info", "close"),
    "superseded": Mark(Message("überholt", "superseded"), "info", "info"),
    "expired": Mark(Message("verfallen", "expired"), "info", "info"),
    "planned": Mark(Message("nur geplant", "planned only"), "info", "draft"),
    "": Mark(Message("läuft", "running"), "info", "autorenew"),
}
OUTCOME_SENTENCES = {
    "failed": Message(
        "Die Quelle war nicht zu lesen. Was zuletzt gut war, bleibt veröffentlicht.",
        "The source could not be read. Its last good state stays published.",
    ),
    "partial": Message(
        "Nur ein Teil der Quelle war zu lesen; was fehlte, gilt nicht als weg.",
        "Only a part of the source could be read; what was missing does not count as gone.",
    ),
    "held": Message(
        "Der Plan wartet auf eine Entscheidung; bis dahin bleibt alles, wie es ist.",
        "The plan waits for a decision; until then everything stays as it is.",
    ),
}
ACTIONS = {
    "create": Message("neu", "new"),
    "update": Message("geändert", "updated"),
    "revive": Message("wieder da", "back again"),
    "missing": Message("fehlend", "missing"),
    "quarantine": Message("Quarantäne", "quarantine"),
}
PHASES = {
    "fetching": Message("Liest Seiten", "Reading pages"),
    "staged": Message("Gelesen, noch nicht verglichen", "Read, not compared yet"),
    "planned": Message("Der Plan steht", "The plan is made"),
    "applying": Message("Wird übernommen", "Being applied"),
}
FINDINGS = {
    "published": Mark(Message("veröffentlicht", "published"), "success", "check"),
    "stale": Mark(Message("nicht auf dem neuesten Stand", "not up to date"), "warning", "warning"),
    "missing": Mark(Message("fehlt in der Quelle", "missing in the source"), "warning", "warning"),
    "withdrawn": Mark(Message("zurückgezogen", "withdrawn"), "info", "info"),
    "led": Mark(Message("anderswo beschrieben", "described elsewhere"), "info", "info"),
    "quarantine": Mark(Message("in Quarantäne", "in quarantine"), "warning", "warning"),
    "held": Mark(Message("wartet auf Entscheidung", "waits for a decision"), "warning", "warning"),
    "source": Mark(Message("Quelle", "source"), "info", "info"),
}
WIDTH = 9
# A shape for each outcome, so that colour is not needed: whole bar, low bar, broken bar, cross, pause; the rest is a dot.
_SHAPES = {
    "applied": "M1 1h6v14h-6z",
    "unchanged": "M1 9h6v6h-6z",
    "partial": "M1 1h6v5h-6zM1 10h6v5h-6z",
    "failed": "M1 4 2.5 3 4 6 5.5 3 7 4 5 8 7 12 5.5 13 4 10 2.5 13 1 12 3 8z",
    "held": "M1 3h2v10h-2zM5 3h2v10h-2z",
}
_DOT = "M3 7h2v2h-2z"


def register(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.globals.update(
        source_state=lambda state: STATES.get(state, STATES["new"]),
        outcome=outcome,
        outcome_sentence=OUTCOME_SENTENCES.get,
        action_word=lambda action: ACTIONS.get(action, Message(action, action)),
        phase_word=lambda phase: PHASES.get(phase, Message(phase, phase)),
        finding_mark=lambda kind: FINDINGS[kind],
        trend_shapes=trend_shapes,
        trend_words=trend_words,
        trend_width=WIDTH,
        counted=counted,
        moment=moment,
        age=age,
        span=span,
    )


def outcome(status: str) -> Mark:
    """Give the mark of how a run ended."""
    return OUTCOMES.get(status) or Mark(Message(status, status), "info", "info")


def trend_shapes(statuses: Sequence[str]) -> list[tuple[int, str]]:
    """Place the shape of each outcome, oldest first."""
    return [(place * WIDTH, _SHAPES.get(status, _DOT)) for place, status in enumerate(statuses)]


def trend_words(statuses: Sequence[str]) -> str:
    """Say the outcomes in words, oldest first; equal ones in a row are counted."""
    runs = [(say(outcome(status).label), len(list(same))) for status, same in groupby(statuses)]
    return ", ".join(f"{word} ({times})" if times > 1 else word for word, times in runs)


def counted(count: int) -> str:
    """Write a number that was counted up to a limit."""
    if count <= COUNTED:
        return number(count)
    return say(Message(f"mehr als {number(COUNTED)}", f"more than {number(COUNTED)}"))


def moment(at: datetime.datetime) -> str:
    """Write an instant."""
    return date(at.isoformat(timespec="seconds"))


def age(at: datetime.datetime) -> str:
    """Say how long ago something was, or how soon it will be."""
    return str(format_timedelta(at - now(), add_direction=True, locale=LOCALES[lang()]))


def span(seconds: float) -> str:
    """Write how long something took."""
    return str(
        format_timedelta(datetime.timedelta(seconds=max(1, round(seconds))), threshold=1.5, locale=LOCALES[lang()])
    )
