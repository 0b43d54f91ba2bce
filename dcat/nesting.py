"""Refuses documents whose form alone would bring the RDF parser down, before it sees them.

pyoxigraph expands XML entities without limit, slows down quadratically in deep XML, and overflows the stack, which ends the
process, in deep JSON-LD; there dcat/contexts.py reads first, with orjson's limit of 1,024 levels.
"""

from xml.parsers import expat

MAX_DEPTH = 500


def check_xml(body: bytes) -> None:
    """Read UTF-8 XML for its form only; ValueError on entities and deep nesting, ExpatError when it is not well-formed."""
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} elements inside each other")

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(name: str, *_: object) -> None:
        raise ValueError(f"XML entities are refused: {name}")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.EntityDeclHandler = declared
    parser.Parse(body, True)
