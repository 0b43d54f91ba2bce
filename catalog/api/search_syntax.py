"""The search language CKAN's clients send, as far as it names one field and one value; read into filters, never passed on to an engine."""

import re

from dcat.vocabularies import vocabulary

_TOKEN = re.compile(r'\s*(?:([+-]?)([A-Za-z_]+):("(?:[^"\\]|\\.)*"|\S+)|(\S+))')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# A filter inside brackets, or on a field we do not have: taken for a word it would change the meaning.
_HIDDEN = re.compile(r"[-+!({]*[A-Za-z_]\w*:")
_FIELDS = {
    "organization": "organization",
    "groups": "theme",
    "tags": "tag",
    "res_format": "format",
    "license_id": "license",
    "name": "name",
    "id": "id",
    "city": "city",
}
# What every public dataset fulfils anyway.
_GIVEN = {
    ("type", "dataset"),
    ("dataset_type", "dataset"),
    ("state", "active"),
    ("capacity", "public"),
    ("private", "false"),
}
_ORDERS = {
    "name asc": "name",
    "id asc": "name",
    "title asc": "title",
    "title_string asc": "title",
    "metadata_modified desc": "newest",
    "metadata_created desc": "newest",
    "score desc": "",
    "score desc, metadata_modified desc": "",
    "score desc, name asc": "",
}
MAX_LENGTH = 2000


class SearchSyntaxError(Exception):
    """A query we do not understand; the message names the part."""


def read_filters(query: str) -> tuple[str, list[tuple[str, str]]]:
    """Split a query into free text and filters on our own fields."""
    if len(query) > MAX_LENGTH or "\0" in query:
        raise SearchSyntaxError("The query is too long or holds forbidden characters")
    words: list[str] = []
    filters: list[tuple[str, str]] = []
    position = 0
    while match := _TOKEN.match(query, position):
        position = match.end()
        sign, field, value, word = match.groups()
        if word is not None:
            if word in ("OR", "NOT", "||") or _HIDDEN.match(word):
                raise SearchSyntaxError(f"Not supported yet: {word}")
            if word not in ("*:*", "AND", "&&"):
                words.append(word)
            continue
        if value.startswith('"') and _QUOTED.fullmatch(value) is None:
            raise SearchSyntaxError(f"A quotation mark is missing: {match[0].strip()}")
        value = value[1:-1].replace('\\"', '"') if value.startswith('"') else value
        if (field, value) in _GIVEN and sign != "-":
            continue
        if field not in _FIELDS or sign == "-" or value.startswith(("(", "[", "{")) or value.endswith("*"):
            raise SearchSyntaxError(f"Not supported yet: {match[0].strip()} (known: {', '.join(sorted(_FIELDS))})")
        filters.append((_FIELDS[field], _value(field, value)))
    return " ".join(words), filters


def read_order(sort: str) -> str:
    """Translate CKAN's sort order; SearchSyntaxError for one we do not know."""
    order = " ".join(sort.split()).lower()
    if order and order not in _ORDERS:
        raise SearchSyntaxError(f"Cannot sort by {sort[:100]!r} (known: {', '.join(sorted(_ORDERS))})")
    return _ORDERS.get(order, "")


def _value(field: str, value: str) -> str:
    """Bring a value into the spelling of the index: CKAN's groups are themes in lower case, formats are labels."""
    table = {"groups": "theme", "res_format": "format", "license_id": "license"}.get(field)
    concept = vocabulary(table).find(value) if table else None
    return concept.code if concept else value
