"""A validation report as an accessible PDF (PDF/UA-1: tagged, with language and title). The only module that loads typst."""

import dataclasses
import datetime
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import orjson
import typst

from catalog.confined import allow_seconds, confine
from catalog.report_view import view
from dcat.errors import StateError
from dcat.message import Lang, Message
from validators.report import Report, from_json
from validators.wording import shortened

# A report that is printed names the heaviest findings; the CSV has all of them.
MAX_FINDINGS = 150
MAX_TEXT = 2_000
# Of the process that prints for the web.
MAX_SECONDS = 20
MAX_MEMORY = 2_000_000_000
MAX_FILE = 1_000_000
_FOLDER = Path(__file__).parent / "report_templates"
# What the fonts that come with typst can draw; PDF/UA-1 refuses a page with a character that cannot be drawn.
_UNDRAWABLE = re.compile(
    "[^\n\x20-\x7e\xa0-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482\u048a-\u04ff\u1e00-\u1eff\u2010-\u2027"
    "\u2030-\u2040\u2044-\u2052\u2070\u2071\u2074-\u208e\u20a0-\u20bf\u2100-\u211e\u2122\u2126-\u2151\u2190-\u22ff\u2500-\u2605]"
)
_BEYOND_LATIN = re.compile("[^\n\x20-\x7e\xa0-\xff\u2010-\u2027\u20ac]")
# A word without a blank would run out of the page; it may break after so many characters, at an invisible mark.
_LONG_WORD = re.compile(r"\S{24}(?=\S)")
# No text: how signs are drawn.
_OURS = frozenset({"drawing", "colour"})
_BREAK = "\N{ZERO WIDTH SPACE}"


def pdf(report: Report, name: str, lang: Lang) -> bytes:
    """Make the PDF; the same report gives the same bytes. Raises StateError if it cannot be made."""
    try:
        return _compile(printable(report, name, lang))
    except typst.TypstError:
        # A rare combination of marks that no font draws: then only the characters of German and its neighbours.
        pass
    try:
        return _compile(printable(report, name, lang, plain=True))
    except typst.TypstError as error:
        raise StateError(
            Message(
                "Aus diesem Bericht lässt sich kein PDF machen. Nächster Schritt: den Bericht als HTML ausgeben.",
                "No PDF can be made of this report. Next step: write the report as HTML.",
            )
        ) from error


def printable(report: Report, name: str, lang: Lang, *, plain: bool = False) -> dict[str, Any]:
    """Give what the template shows: texts that can be drawn, `plain` ones with the letters of German only."""
    shown = dataclasses.asdict(view(report, name, lang, MAX_FINDINGS))
    return {key: _drawable(value, _BEYOND_LATIN if plain else _UNDRAWABLE) for key, value in shown.items()}


def main() -> None:
    """Print the stored report that comes on standard input, with limits on time and memory; the PDF goes to standard output."""
    confine(os.getppid(), memory=MAX_MEMORY, file_size=MAX_FILE)
    allow_seconds(MAX_SECONDS)
    order = orjson.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(pdf(from_json(order["report"]), order["name"], order["lang"]))


def _compile(shown: Any) -> bytes:
    # Fonts of the machine would make other pages on other machines; the root keeps the template from reading any other file.
    return typst.compile(
        _FOLDER / "report.typ",
        root=_FOLDER,
        sys_inputs={"report": orjson.dumps(shown).decode()},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
    )


def _drawable(value: Any, impossible: re.Pattern[str]) -> Any:
    """Make every text of the report one that can be printed: characters with a glyph, of a bounded length, with places to break."""
    if isinstance(value, str):
        return _text(value, impossible)
    if isinstance(value, dict):
        return {key: item if key in _OURS else _drawable(item, impossible) for key, item in value.items()}
    return [_drawable(item, impossible) for item in value] if isinstance(value, list | tuple) else value


def _text(value: str, impossible: re.Pattern[str]) -> str:
    value = shortened(unicodedata.normalize("NFC", value), MAX_TEXT)
    value = impossible.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
    return _LONG_WORD.sub(lambda found: found[0] + _BREAK, value)
