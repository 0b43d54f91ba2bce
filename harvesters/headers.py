"""Reads the few response headers that matter: type, charset, file name, how long to wait."""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from email.message import Message as Header
from email.utils import parsedate_to_datetime

_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"',]+)""", re.IGNORECASE)
_EXTENDED = re.compile(r"filename\*\s*=[^;]*", re.IGNORECASE)
_LONGEST_NAME = 150


def read_content_type(value: str) -> tuple[str, str]:
    """Give media type in lower case without parameters, and the declared charset; empty where there is none."""
    media_type = value.partition(";")[0].strip().lower()
    charset = _CHARSET.search(value)
    return media_type, charset[1].lower() if charset else ""


def read_filename(disposition: str) -> str:
    """Give the file name of a Content-Disposition (RFC 6266), harmless on any file system; empty if there is none."""
    header = Header()
    # The extended form wins (RFC 6266, 4.3); the library would take the plain one.
    extended = _EXTENDED.search(disposition)
    header["content-disposition"] = f"attachment; {extended[0]}" if extended else disposition
    name = ""
    # The library passes on what odd declared charsets raise.
    with suppress(ValueError):
        name = header.get_filename() or ""
    # http.client reads headers as Latin-1, many servers send bare UTF-8.
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode()
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    kept = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C" and sign not in '<>:"|?*').strip(". ")
    if len(kept) <= _LONGEST_NAME:
        return kept
    stem, dot, suffix = kept.rpartition(".")
    return (
        f"{stem[: _LONGEST_NAME - 10]}{dot}{suffix}" if stem and len(suffix) < 9 else kept[:_LONGEST_NAME].strip(". ")
    )


def read_retry_after(value: str, date: str, now: datetime) -> float | None:
    """Give the seconds a server asks us to wait, in either form; a date counts from the server's own clock if it tells it."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until = _read_date(text)
    if until is None:
        return None
    return max(0.0, (until - (_read_date(date) or now)).total_seconds())


def _read_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
