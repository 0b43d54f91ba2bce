"""Text of files inside XML: escaped, and without the characters that XML cannot hold."""

import re
from html import escape

# Characters that XML 1.0 cannot hold, not even escaped (section 2.2).
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(value: str) -> str:
    """Write text for the content or an attribute of an element; an impossible character becomes a replacement character."""
    return escape(_IMPOSSIBLE.sub("\N{REPLACEMENT CHARACTER}", value))
