"""Parameters of an address, read strictly: whoever mistypes one is told so."""

import re

from flask import request
from werkzeug.exceptions import BadRequest

# For routes: the endings of linked data.
ENDINGS = "any(ttl,n3,rdf,xml,jsonld,nt)"


def rdf_format(ending: str) -> str:
    """Give the key in rdf.FORMATS of one of ENDINGS: RDF/XML has two, and Turtle is Notation3, too."""
    return {"xml": "rdf", "n3": "ttl"}.get(ending, ending)


def number(name: str, default: int, most: int = 10**12, least: int = 1) -> int:
    """Read a whole number in a range; BadRequest for anything else, the default where it is not given."""
    value = request.args.get(name, "")
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value) or not least <= int(value) <= most:
        raise BadRequest
    return int(value)
