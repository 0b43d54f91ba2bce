"""Pictures of organisations, groups and accounts in CKAN's words: an address elsewhere, or the name of a file that was uploaded here."""

import re

from dcat import iri
from dcat.ckan_values import Fields

SUFFIXES = ("png", "jpg", "gif", "webp")
_FILE_NAME = re.compile(r"[^/\\:\x00-\x1f]{1,200}")
_ACTIVE_FILE = re.compile(r"\.(svgz?|x?html?|xml)$", re.IGNORECASE)
_OURS = re.compile(rf"([0-9a-f]{{64}})\.({'|'.join(SUFFIXES)})")


def read_picture(fields: Fields) -> str:
    """Read the address or the file name of a picture. Other schemes, and files that can hold scripts, are refused (CVE-2025-24372)."""
    given = fields.stripped("image_url")
    if not given:
        return ""
    if address := iri.web(given):
        return address
    if not is_file_name(given):
        fields.wrong("image_url", "Must be an http or https address, or the name of a file")
    elif _ACTIVE_FILE.search(given):
        fields.wrong("image_url", "Must not be a file that can hold scripts")
    return given


def is_file_name(value: str) -> bool:
    """Tell whether a text is the name of a file, and no path."""
    return _FILE_NAME.fullmatch(value) is not None and value not in (".", "..")


def name(sha256: str, suffix: str) -> str:
    """Name a picture that was uploaded here: by its content, so that nobody guesses it."""
    return f"{sha256}.{suffix}"


def uploaded(picture: str) -> tuple[str, str] | None:
    """Read the hash and the suffix in the name of a picture that was uploaded here; None for any other."""
    found = _OURS.fullmatch(picture)
    return (found[1], found[2]) if found else None


def shown_picture(picture: str, kind: str, site_url: str) -> str:
    """Give the address at which a picture is to be seen; empty for the name of a file that is not here. `kind` is group or user."""
    if iri.is_web(picture):
        return picture
    return f"{site_url}/uploads/{kind}/{picture}" if uploaded(picture) else ""
