"""German search terms: case, umlauts and inflection folded, in the index and in the query alike."""

import functools
import re
import unicodedata

import snowballstemmer

_WORD = re.compile(r"\w+")
# The stemmer knows umlauts, but takes the é of Cafés for the end of the word.
_ACCENTS = str.maketrans("áàâéèêëíïñóôç", "aaaeeeeiinooc")
_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_SPELT_OUT = re.compile(r"(?<![aeq])ue|ae|oe")
_STOP = frozenset(
    [
        "der",
        "die",
        "das",
        "des",
        "dem",
        "den",
        "ein",
        "eine",
        "einer",
        "eines",
        "einem",
        "einen",
        "und",
        "oder",
        "von",
        "vom",
        "zu",
        "zum",
        "zur",
        "in",
        "im",
        "an",
        "am",
        "auf",
        "für",
        "mit",
        "nach",
        "the",
        "of",
        "and",
    ]
)


def terms(text: str) -> list[str]:
    """Give the terms of a text in their order; stop words are left out."""
    # A Mac writes ä as a and two dots, which would fall apart.
    text = unicodedata.normalize("NFC", text).casefold().translate(_ACCENTS)
    return [term for word in _WORD.findall(text) if word not in _STOP for term in (_term(word),)]


@functools.lru_cache(maxsize=20_000)
def _term(word: str) -> str:
    # Stem first: the stemmer knows umlauts. Then both spellings of an umlaut fall together: Bäume, Baeume, Baume.
    stem = _stemmer().stemWord(_SPELT_OUT.sub(lambda m: {"ae": "ä", "oe": "ö", "ue": "ü"}[m[0]], word))
    return str(stem).translate(_UMLAUTS)


@functools.cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("german")
