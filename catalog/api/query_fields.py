"""CKAN's search fields, and what a condition on each becomes in the tree (catalog/query.py). Pure.

The names that a tree uses; catalog/index_entry.py says what most of them hold:

values, compared as they stand (`Is`, `Starts`; `Starts(field, "")` for any value):
    id, name, organization, owner, groups, theme, tag, format, license, schema, hvd, city, state, kind, creator,
    validation, quality, frequency; `private` as "true" or "false";
    out of `IndexEntry.values`: author, author_email, maintainer, maintainer_email, version, url, res_url, res_type,
    isopen ("true", "false"), `vocab_<name>`;
    out of `IndexEntry.extras`: `extras_<key>`, the key as written;
    single words of the people among them and of extras, folded: `author~`, `extras_<key>~`.
texts (`Says`; `Starts` for a word that begins so, `Starts(field, "")` for any word):
    title, text (description, texts of files), and with no field "" any text of the dataset.
numbers (`Between`):
    created, modified in seconds since 1970; num_resources, the number of files.

The index counts whole seconds. A lower bound with a fraction is therefore taken down to its second, and closed: who asks
for what changed since an instant never misses anything.
"""

import datetime
import math
import re
from dataclasses import replace

from catalog.api.query_times import Moment, moment
from catalog.api.query_tokens import SearchRefusedError, Span, Term, plain, shown
from catalog.german import folded
from catalog.index_fields import WORD_MARK, WORDS_OF
from catalog.query import All, Between, Condition, Is, Like, Says, Some, Starts
from dcat.vocabularies import vocabulary

# CKAN's field -> the name in the tree.
VALUES = {
    "name": "name",
    "id": "id",
    "organization": "organization",
    "owner_org": "owner",
    "groups": "groups",
    "tags": "tag",
    "res_format": "format",
    "res_url": "res_url",
    "res_type": "res_type",
    "license_id": "license",
    "license": "license",
    "author": "author",
    "author_email": "author_email",
    "maintainer": "maintainer",
    "maintainer_email": "maintainer_email",
    "version": "version",
    "url": "url",
    "type": "kind",
    "dataset_type": "kind",
    "state": "state",
    "capacity": "private",
    "private": "private",
    "creator_user_id": "creator",
    "isopen": "isopen",
    "city": "city",
    "theme": "theme",
    "schema": "schema",
    "hvd": "hvd",
    "validation": "validation",
    "quality": "quality",
    "frequency": "frequency",
}
TEXTS = {
    "text": "",
    "title": "title",
    "title_string": "title",
    "notes": "text",
    "res_name": "text",
    "res_description": "text",
}
TIMES = {"metadata_created": "created", "metadata_modified": "modified"}
NUMBERS = {"num_resources": "num_resources"}
# What is the same of every dataset, and which value that is; None for a name that only an operator knows.
CONSTANTS = {"entity_type": "package", "site_id": None}
EXTRAS = "extras_"
# Wildcards of one kind in a value: more would cost too much.
MAX_WILD = 4
TAG_VOCABULARIES = "vocab_"
_VOCABULARIES = {
    "format": "format",
    "license": "license",
    "theme": "theme",
    "hvd": "hvd-category",
    "frequency": "frequency",
}
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "private"), "true"),
    **dict.fromkeys(("false", "0", "no", "public"), "false"),
}
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_BARE_KEY = re.compile(r"[a-z_][a-z0-9_.-]*", re.ASCII)


def is_known(name: str) -> bool:
    """Tell whether a name is one of our fields; else it may be the key of an extra."""
    tables = (VALUES, TEXTS, TIMES, NUMBERS, CONSTANTS)
    return any(name in table for table in tables) or name.startswith((EXTRAS, TAG_VOCABULARIES))


def could_be_key(name: str) -> bool:
    """Tell whether a name in free text looks like the key of an extra, and not like a word before a colon."""
    return _BARE_KEY.fullmatch(name) is not None


def free(term: Term) -> Condition:
    """Give the condition of a word without a field."""
    if not term.text:
        return All()
    if term.open_end and not term.quoted:
        return Starts("", term.text)
    return Says(term.text, phrase=term.quoted)


def equal(name: str, term: Term, now: datetime.datetime, *, lenient: bool = False) -> Condition:
    """Give the condition of one value; `lenient` looks for an unknown field's name and value in the texts, too."""
    _check(name, term)
    anything = term.open_end and not term.text
    if name in CONSTANTS:
        return All() if anything or CONSTANTS[name] in (None, term.text) else Some()
    if name in TIMES or name in NUMBERS:
        return All() if anything else _at(name, term, now)
    if name in TEXTS:
        return _says(TEXTS[name], term)
    field = _value_field(name)
    if anything:
        return Starts(field)
    found = _one(field, term)
    if name in WORDS_OF or name.startswith(EXTRAS):
        found = _word(field, term, found)
    return Some((found, Says(f"{name} {term.text}", phrase=True))) if lenient and not is_known(name) else found


def _one(field: str, term: Term) -> Condition:
    """A value as it stands, its beginning, or its pattern."""
    if term.pattern or term.open_start:
        return Like(field, _pattern_of(term))
    return Starts(field, term.text) if term.open_end else Is(field, _spelt(field, term.text))


def _word(field: str, term: Term, found: Condition) -> Condition:
    """A whole value, or one word of it; what is quoted names the whole."""
    word = folded(term.text)
    if term.quoted or term.pattern or not word or " " in word:
        return found
    return Some((found, _one(f"{field}{WORD_MARK}", replace(term, text=word))))


def _pattern_of(term: Term) -> str:
    return term.pattern or f"{'*' * term.open_start}{plain(term.text)}{'*' * term.open_end}"


def between(name: str, span: Span, now: datetime.datetime) -> Condition:
    """Give the condition of a range. Values and texts have none but that of any value: `[* TO *]`, `["" TO *]`."""
    if name in TIMES:
        return _between_moments(name, span, now)
    if name in NUMBERS:
        low, high = (_number(name, bound) for bound in (span.low, span.high))
        return _bounded(
            Between(NUMBERS[name], low, high, span.open_low and low is not None, span.open_high and high is not None)
        )
    if span.low or span.high is not None:
        raise SearchRefusedError(f"Ranges are supported for times and numbers only: {shown(name)}")
    return equal(name, Term("", open_end=True), now)


def _check(name: str, term: Term) -> None:
    whole = not (term.quoted or term.open_start or term.open_end)
    if whole and len(term.text) > 1 and term.text[0] == term.text[-1] == "/":
        raise SearchRefusedError(f"Regular expressions are not supported: {_named(name, term.text)}")
    if term.pattern and (name in TIMES or name in NUMBERS):
        raise SearchRefusedError(f"Wildcards are not supported for times and numbers: {_named(name, term.pattern)}")
    if term.pattern.count("*") > MAX_WILD or term.pattern.count("?") > MAX_WILD:
        raise SearchRefusedError(f"A value has more than {MAX_WILD} wildcards of a kind: {_named(name, term.pattern)}")


def _named(name: str, value: str) -> str:
    return shown(f"{name}:{value}")


def _value_field(name: str) -> str:
    if name in VALUES:
        return VALUES[name]
    return name if name.startswith((EXTRAS, TAG_VOCABULARIES)) else f"{EXTRAS}{name}"


def _spelt(field: str, value: str) -> str:
    """Bring a value into the spelling of the index."""
    if field in _VOCABULARIES:
        concept = vocabulary(_VOCABULARIES[field]).find(value)
        return concept.code if concept else value
    if field == "groups":
        # A group may be called like the label of a theme; only its code or URI means the theme.
        concept = vocabulary("theme").find(value)
        return concept.code.lower() if concept and value.upper() in (concept.code, concept.uri.upper()) else value
    return _BOOLEANS.get(value.lower(), value) if field in ("private", "isopen") else value


def _says(field: str, term: Term) -> Condition:
    if not term.text:
        return Starts(field) if field and term.open_end else All()
    if term.quoted:
        return Says(term.text, field, phrase=True)
    if term.pattern or term.open_start:
        return Like(field, _pattern_of(term))
    return Starts(field, term.text) if term.open_end else Says(term.text, field)


def _at(name: str, term: Term, now: datetime.datetime) -> Condition:
    if term.open_start or term.open_end:
        raise SearchRefusedError(f"Wildcards are not supported for times and numbers: {_named(name, term.text)}")
    if name in NUMBERS:
        value = _number(name, term.text)
        return Between(NUMBERS[name], value, value)
    return _between_moments(name, Span(term.text, term.text, open_low=False, open_high=False), now)


def _between_moments(name: str, span: Span, now: datetime.datetime) -> Condition:
    """A bound that names a period includes all of it, or where the bracket excludes it nothing of it."""
    low, high = (_moment(name, bound, now) for bound in (span.low, span.high))
    first = last = None
    open_low = open_high = False
    if low:
        first = low.end if span.open_low else low.start
        open_low = span.open_low and low.is_instant and first == math.floor(first)
        first = float(math.floor(first))
    if high:
        last = high.start if span.open_high else high.end
        open_high = span.open_high or not high.is_instant
    return _bounded(Between(TIMES[name], first, last, open_low, open_high))


def _bounded(found: Between) -> Condition:
    return All() if found.low is None and found.high is None else found


def _moment(name: str, bound: str | None, now: datetime.datetime) -> Moment | None:
    if bound is None:
        return None
    found = moment(bound, now)
    if found is None:
        raise SearchRefusedError(f"Not a time: {_named(name, bound)} (2026-05-31T12:00:00Z, 2026-05-31, NOW-7DAYS/DAY)")
    return found


def _number(name: str, bound: str | None) -> float | None:
    if bound is None:
        return None
    if not _NUMBER.fullmatch(bound):
        raise SearchRefusedError(f"Not a number: {_named(name, bound)}")
    return float(bound)
