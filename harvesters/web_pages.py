"""Web pages in the place of data: a login, a maintenance notice, an error that the server calls a success."""

import re

from dcat.errors import UnreadableError
from dcat.message import Message

_WEB_PAGE = re.compile(r"(?:\s++|<\?xml[^>]*>|<!--.*?-->)*+<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def refuse(url: str, text: str, wanted: str) -> None:
    """Raise UnreadableError when an answer begins as a web page; `wanted` names what it should have been."""
    if _WEB_PAGE.match(text[:2000]):
        raise UnreadableError(
            Message(
                f"{url} antwortet mit einer Webseite statt mit {wanted}. Nächster Schritt: Adresse und Anmeldung prüfen.",
                f"{url} answers with a web page instead of {wanted}. Next step: check the address and the login.",
            )
        )
