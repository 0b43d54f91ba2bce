"""A badge for pages and readmes: does the file keep its schema, and how many of its rows do. SVG without foreign fonts."""

from dcat.message import Lang, Message
from validators.report import Report
from validators.summary import summarise
from validators.xml_text import xml_text

_HEIGHT = 20
_PAD = 6
# White text on these has a contrast of at least 5 to 1.
_GREEN, _AMBER, _RED, _GREY = "#1b6a33", "#7a5200", "#a3141c", "#444d56"
_NEARLY = 90
# Widths of Verdana at 11 pixels, roughly; the text is fitted into what comes out.
_NARROW, _WIDE = frozenset("iljtfr.,:;'!|()[] "), frozenset("mwMW%")


def badge(report: Report, lang: Lang) -> str:
    """Draw the badge; its text alternative is a sentence."""
    label = Message("Schema", "schema") if report.schema_id else Message("Datei", "file")
    words, colour = _verdict(report)
    title = f"{label.in_(lang)}: {words.in_(lang)}"
    if report.schema_id:
        title = f"{label.in_(lang)} {report.schema_title.in_(lang) or report.schema_id}: {words.in_(lang)}"
    return _draw(label.in_(lang), words.in_(lang), colour, title)


def _verdict(report: Report) -> tuple[Message, str]:
    if not report.sniffed.readable:
        return Message("nicht lesbar", "not readable"), _RED
    if not report.schema_id:
        return (Message("lesbar", "readable"), _GREEN) if report.conforms else (Message("Fehler", "errors"), _RED)
    if report.conforms:
        return Message("gültig", "valid"), _GREEN
    share = summarise(report).valid
    if share is None:
        return Message("verletzt", "broken"), _RED
    words = Message(f"gültig {share}\N{NO-BREAK SPACE}%", f"valid {share}%")
    if report.partial:
        words = Message(f"gültig höchstens {share}\N{NO-BREAK SPACE}%", f"valid at most {share}%")
    return words, _AMBER if share >= _NEARLY else _RED


def _draw(label: str, words: str, colour: str, title: str) -> str:
    left, right = _width(label), _width(words)
    text = ""
    for content, start, width in ((label, 0, left), (words, left, right)):
        text += (
            f'<text x="{start + width / 2:g}" y="14" textLength="{width - 2 * _PAD}" lengthAdjust="spacingAndGlyphs">'
            f"{xml_text(content)}</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
        f'aria-label="{xml_text(title)}"><title>{xml_text(title)}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="{_HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{_HEIGHT}" fill="{_GREY}"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{colour}"/></g>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{text}</g>'
        "</svg>\n"
    )


def _width(text: str) -> int:
    """Estimate how many pixels a text takes, with room at both sides."""
    inner = sum(4 if c in _NARROW else 11 if c in _WIDE else 7 for c in text)
    return inner + 2 * _PAD
