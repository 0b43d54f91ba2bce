"""Numbers and lists inside German and English sentences."""

from collections.abc import Sequence

from dcat.message import Message


def amount(number: int) -> Message:
    """Write a number with the thousands mark of each language."""
    english = f"{number:,}"
    return Message(english.replace(",", "."), english)


def counted(number: int, german: tuple[str, str], english: tuple[str, str]) -> Message:
    """Write a number with its noun, singular or plural."""
    written = amount(number)
    which = 0 if number == 1 else 1
    return Message(f"{written.de} {german[which]}", f"{written.en} {english[which]}")


def times(number: int) -> Message:
    """Write how often something occurs."""
    written = amount(number)
    return Message("einmal", "once") if number == 1 else Message(f"{written.de}-mal", f"{written.en} times")


def rows(number: int) -> Message:
    """Write a number of rows."""
    return counted(number, ("Zeile", "Zeilen"), ("row", "rows"))


def cells(number: int) -> Message:
    """Write a number of values."""
    return counted(number, ("Wert", "Werte"), ("value", "values"))


def columns(number: int) -> Message:
    """Write a number of columns."""
    return counted(number, ("Spalte", "Spalten"), ("column", "columns"))


def capital(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]


def shortened(text: str, length: int) -> str:
    """Show no more than so many characters of a text; a cell can have millions."""
    return text if len(text) <= length else f"{text[:length]} …"


def listed(names: Sequence[str], limit: int = 30) -> Message:
    """Write names one after the other, and how many more there are."""
    text = ", ".join(names[:limit])
    more = len(names) - limit
    if more <= 0:
        return Message(text, text)
    return Message(f"{text} und {more} weitere", f"{text} and {more} more")
