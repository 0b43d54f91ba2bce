"""Judges tables and metadata. Offers `email` and `uuid` as well: frictionless asks the PyPI package of this name, which our folder hides."""

import re
from typing import Any

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"')
_LABEL = re.compile(r"[^\W_](?:[^\W_]|-)*")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def email(value: Any) -> bool:
    """Tell whether the value is an e-mail address (RFC 5321: lengths, dot-atom or quoted local part, a domain with a dot)."""
    if not isinstance(value, str) or len(value) > 254 or "@" not in value:
        return False
    local, _, domain = value.rpartition("@")
    if not 0 < len(local) <= 64 or not (_LOCAL.fullmatch(local) or _QUOTED.fullmatch(local)):
        return False
    return _is_domain(domain)


def uuid(value: Any) -> bool:
    """Tell whether the value is a UUID in its canonical form with hyphens."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _is_domain(domain: str) -> bool:
    try:
        ascii_form = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    labels = domain.split(".")
    return (
        len(ascii_form) <= 253
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) and not label.endswith("-") for label in labels)
        and all(len(label) <= 63 for label in ascii_form.split("."))
        and len(labels[-1]) >= 2
        and not labels[-1].isdigit()
    )
