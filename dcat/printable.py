"""Text without control characters, as XML, JSON and terminals can hold it."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def printable(value: str) -> str:
    """Take out the control characters that no XML can hold, and write line ends as XML reads them."""
    if value.isprintable():
        return value
    return _CONTROL.sub("", value).replace("\r\n", "\n").replace("\r", "\n")


def one_line(value: str, most: int) -> str:
    """Write a text from outside in one line, as logs need it: no line ends, no control or direction characters, `most` at the most."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value[: 4 * most]).split())[:most]
