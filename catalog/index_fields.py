"""What the index is made of: its fields, and one document for each dataset. Pure."""

import itertools
from collections.abc import Iterable, Mapping
from functools import cache

import tantivy

from catalog.german import Splitter, folded, term, words
from catalog.index_entry import IndexEntry

# Raised whenever the same entry would make another document: the index is then made anew.
VERSION = 3
MARK = "mark"
# How much a word counts where it stands; as a part of a compound half of it.
TEXTS: Mapping[str, float] = {"title": 5.0, "keyword": 3.0, "publisher": 2.0, "text": 1.0}
PARTS: Mapping[str, str] = {name: f"{name}_parts" for name in TEXTS}
ANYWHERE = "anywhere"
ACCESS = "access"
WORD = "word"
# Fields of IndexEntry whose values are compared as they stand, and counted.
VALUES = (
    *("id", "name", "city", "organization", "groups", "theme", "tag", "format", "license", "schema", "hvd"),
    *("validation", "quality", "frequency", "kind", "creator", "owner", "state", "private"),
)
NUMBERS = ("created", "modified", "starts", "ends", "num_resources")
# Those among them that a query names in seconds.
MICROSECONDS = ("created", "modified")
BOX = ("west", "south", "east", "north")
EXTRAS = "extras_"
# Fields beside the values whose single words are compared, too: as a field of its own, named with this mark behind.
WORDS_OF = ("author", "author_email", "maintainer", "maintainer_email")
WORD_MARK = "~"
MAX_WORDS = 200
OTHER = "other"
TITLE_ORDER = "title_order"
# Texts that are sorted by, and the numbers that stand for their beginnings: the engine sorts by texts at a cost for each hit passed over.
SORTED: Mapping[str, tuple[str, ...]] = {name: (f"{name}_1", f"{name}_2") for name in ("title", "name", "id")}
TAG_START = "tag_start"
WORTH = "worth"
# Longer values are cut; the engine would leave out those beyond 64 kB without a word.
MAX_VALUE = 1000
_WORTH = {"validation": {"valid": 0.08}, "quality": {"excellent": 0.06, "good": 0.03}}


@cache
def schema() -> tantivy.Schema:
    """Give the schema of the index."""
    builder = tantivy.SchemaBuilder()
    for name in VALUES:
        builder.add_text_field(
            name, stored=name in ("id", "name"), tokenizer_name="raw", index_option="basic", fast=True
        )
    for name in (ACCESS, OTHER, TAG_START):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name="whitespace")
        builder.add_text_field(PARTS[name], tokenizer_name="whitespace", index_option="freq")
    for name in (ANYWHERE, WORD):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field(TITLE_ORDER, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("shown", stored=True, tokenizer_name="raw", index_option="basic")
    for name in (*NUMBERS, *itertools.chain.from_iterable(SORTED.values())):
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in BOX:
        builder.add_float_field(name, fast=True)
    builder.add_float_field(WORTH, fast=True)
    builder.add_text_field("marks", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def document(entry: IndexEntry, splitter: Splitter) -> tantivy.Document:
    """Make the document of one dataset."""
    made = tantivy.Document()
    for name in VALUES:
        for value in values(entry, name):
            made.add_text(name, value)
    for label in entry.readers:
        made.add_text(ACCESS, access(entry.state, entry.private, label))
    for key in (*(EXTRAS + key for key in entry.extras), *entry.values):
        for value in values(entry, key):
            made.add_text(OTHER, other(key, value))
    for key in (*(EXTRAS + key for key in entry.extras), *WORDS_OF):
        for word in _words(values(entry, key)):
            made.add_text(OTHER, other(key + WORD_MARK, word))
    for tag in entry.tag:
        made.add_text(TAG_START, f"{folded(tag)}\t{clean(tag)}")
    _add_texts(made, entry, splitter)
    title = clean(entry.title[0] if entry.title else "") or entry.name
    order = folded(title)[:MAX_VALUE] or entry.name
    made.add_text(TITLE_ORDER, order)
    for name, text in (("title", order), ("name", entry.name), ("id", entry.id)):
        for field, number in zip(SORTED[name], beginning(text), strict=True):
            made.add_integer(field, number)
    made.add_text("shown", title)
    for name, number in numbers(entry).items():
        made.add_integer(name, number)
    for name, degrees in zip(BOX, entry.box or (), strict=False):
        made.add_float(name, degrees)
    made.add_float(WORTH, sum(table.get(getattr(entry, name), 0.0) for name, table in _WORTH.items()))
    return made


# In the order of ASCII; what is no small letter, digit or sign stands behind them.
SIGNS = " !\"#$%&'()*+,-./0123456789:;<=>?@[\\]^_`abcdefghijklmnopqrstuvwxyz"
_RANKS = {sign: rank for rank, sign in enumerate(SIGNS, 1)}
_AT_ONCE = 10


def beginning(text: str) -> tuple[int, int]:
    """Give the beginning of a text as numbers that are sorted as it is: of ten signs each."""
    ranks = [_RANKS.get(sign, len(_RANKS) + 1) for sign in text[: 2 * _AT_ONCE]]
    ranks += [0] * (2 * _AT_ONCE - len(ranks))
    return _number(ranks[:_AT_ONCE]), _number(ranks[_AT_ONCE:])


def _number(ranks: Iterable[int]) -> int:
    number = 0
    for rank in ranks:
        number = number * (len(_RANKS) + 2) + rank
    return number


def mark(content: str) -> tantivy.Document:
    """Make the document that says how far the index has come."""
    made = tantivy.Document()
    made.add_text("id", MARK)
    made.add_text("marks", content)
    return made


def values(entry: IndexEntry, field: str) -> tuple[str, ...]:
    """Give what a field of a dataset is compared by; nothing for one that it does not have."""
    if field == "private":
        return ("true" if entry.private else "false",)
    if field in VALUES:
        found = getattr(entry, field)
    elif field.startswith(EXTRAS):
        found = entry.extras.get(field.removeprefix(EXTRAS), ())
    else:
        found = entry.values.get(field, ())
    listed = (found,) if isinstance(found, str) else found
    return tuple(dict.fromkeys(cut for value in listed if (cut := clean(value))))


def _words(listed: Iterable[str]) -> tuple[str, ...]:
    found = dict.fromkeys(word for value in listed for word in folded(value).split())
    return tuple(found)[:MAX_WORDS]


def numbers(entry: IndexEntry) -> dict[str, int]:
    """Give the numbers of a dataset, by field; those it has."""
    found = {name: getattr(entry, name) for name in ("starts", "ends")}
    found |= {name: round(getattr(entry, name) * 1_000_000) for name in MICROSECONDS}
    counted = entry.values.get("num_resources", ())
    found["num_resources"] = int(counted[0]) if counted and counted[0].isdecimal() else None
    return {name: max(-(2**62), min(2**62, number)) for name, number in found.items() if number is not None}


def access(state: str, private: bool, label: str) -> str:
    """Write who may read it, and in which state it is, as one term: every search asks for it."""
    return clean(f"{state} {'private' if private else 'open'} {label}")


def other(field: str, value: str) -> str:
    """Write a value together with the name of its field, as one term."""
    return f"{field.replace(chr(31), ' ')}{chr(31)}{clean(value)}"


def clean(value: str) -> str:
    """Cut a value as the index does, and take out what is no character."""
    return value[:MAX_VALUE].encode("utf-8", "replace").decode("utf-8")


def learnable(word: str) -> bool:
    """Whether a word can be learnt as a word that compounds are made of, and be proposed to who mistypes it."""
    return 3 <= len(word) <= 40 and word.isalpha()


def texts(entry: IndexEntry, field: str) -> Iterable[str]:
    """Give the texts of a field."""
    found: tuple[str, ...] = getattr(entry, field)
    return (text.encode("utf-8", "replace").decode("utf-8") for text in found)


def entry_words(entry: IndexEntry) -> set[str]:
    """Give every word of a dataset's texts."""
    return {word for field in TEXTS for text in texts(entry, field) for word in words(text)}


def _add_texts(made: tantivy.Document, entry: IndexEntry, splitter: Splitter) -> None:
    everything: dict[str, None] = {}
    for field in TEXTS:
        for text in texts(entry, field):
            found = words(text)
            everything.update(dict.fromkeys(found))
            made.add_text(field, " ".join(filter(None, map(term, found))))
            made.add_text(PARTS[field], " ".join(part for word in found for part in splitter.parts(word)))
    made.add_text(ANYWHERE, " ".join(dict.fromkeys(filter(None, map(term, everything)))))
    made.add_text(WORD, " ".join(word for word in everything if learnable(word)))
