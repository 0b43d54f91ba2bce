"""The language of a request: German unless the reader switches. Texts stand in pairs in the templates, `t("Deutsch", "English")`."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask, Response, g, request
from markupsafe import Markup

from dcat import texts
from dcat.message import LANGUAGES, Lang, Message
from dcat.model import Text

COOKIE = "lang"
YEAR = 365 * 24 * 3600
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text chosen for the reader; `lang` is set when it is not in the language of the page."""

    value: str
    lang: str = ""

    @property
    def attribute(self) -> Markup:
        """The HTML attribute for the element around it, empty where the page's language holds."""
        return Markup(' lang="{}"').format(self.lang) if self.lang else Markup()

    def __html__(self) -> str:
        """Print as escaped text, marked with its language where that differs."""
        return (
            Markup("<span{}>{}</span>").format(self.attribute, self.value) if self.lang else Markup.escape(self.value)
        )

    def __str__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return bool(self.value)


def register(app: Flask) -> None:
    """Give templates the language functions and keep a reader's choice in a cookie."""
    app.jinja_env.globals.update(t=t, say=say, best=best, lang=lang, other_language=other_language, untagged=untagged)
    app.after_request(_remember)


def lang() -> Lang:
    """Tell the language of this request: the switch, then the cookie, then German, whatever the browser asks for."""
    if "lang" not in g:
        g.lang = _known(request.args.get("lang", "")) or _known(request.cookies.get(COOKIE, "")) or "de"
    found: Lang = g.lang
    return found


def t(german: str, english: str) -> str:
    """Give the sentence in the language of the request."""
    return english if lang() == "en" else german


def say(message: Message | None) -> str:
    """Give a message in the language of the request; nothing for no message."""
    return message.in_(lang()) if message else ""


def best(values: tuple[Text, ...]) -> Shown:
    """Choose among language-tagged texts; untagged text counts as German."""
    value = texts.best(values, lang())
    chosen = next((text for text in values if text.value == value), Text(""))
    return untagged(value, chosen.lang)


def untagged(value: str, tag: str = "") -> Shown:
    """Mark a text from a department with its language, German when it names none."""
    tag = tag if _TAG.fullmatch(tag) else "de"
    return Shown(value, "" if tag.split("-")[0].lower() == lang() else tag)


def other_language() -> tuple[Lang, str]:
    """Give the other language and the present page's address in it, relative to the page."""
    other: Lang = "de" if lang() == "en" else "en"
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return other, "?" + urlencode([*kept, ("lang", other)])


def _known(value: str) -> Lang | None:
    return next((language for language in LANGUAGES if language == value), None)


def _remember(response: Response) -> Response:
    if response.mimetype != "text/html":
        return response
    response.headers["Content-Language"] = lang()
    response.vary.add("Cookie")
    chosen = _known(request.args.get("lang", ""))
    if chosen and chosen != request.cookies.get(COOKIE):
        path = request.script_root or "/"
        response.set_cookie(
            COOKIE, chosen, max_age=YEAR, path=path, samesite="Lax", secure=request.is_secure, httponly=True
        )
    return response
