"""German search terms: case, umlauts and inflection folded, compounds taken apart; in the index and in the query alike. Pure."""

import functools
import re
import unicodedata
from collections.abc import Callable, Container

import tantivy

_WORD = re.compile(r"\w+")
# The stemmer knows umlauts, but takes the é of Cafés for the end of the word.
_ACCENTS = str.maketrans("áàâéèêëíïñóôç", "aaaeeeeiinooc")
_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_SPELT_OUT = re.compile(r"(?<![aeq])ue|ae|oe")
STOP = frozenset(
    [
        "aber",
        "als",
        "am",
        "an",
        "auch",
        "auf",
        "aus",
        "bei",
        "bis",
        "da",
        "das",
        "dass",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "dies",
        "diese",
        "dieser",
        "dieses",
        "ein",
        "eine",
        "einem",
        "einen",
        "einer",
        "eines",
        "er",
        "es",
        "für",
        "haben",
        "hat",
        "ich",
        "im",
        "in",
        "ist",
        "kann",
        "man",
        "mit",
        "nach",
        "nicht",
        "noch",
        "nur",
        "ob",
        "oder",
        "per",
        "sein",
        "seit",
        "sich",
        "sie",
        "sind",
        "so",
        "sowie",
        "über",
        "um",
        "und",
        "unter",
        "vom",
        "von",
        "vor",
        "was",
        "welche",
        "welcher",
        "welches",
        "wenn",
        "werden",
        "wie",
        "wir",
        "wird",
        "wo",
        "zu",
        "zum",
        "zur",
        "zwischen",
        "and",
        "by",
        "for",
        "from",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
    ]
)
# Longer ones are no words; the stemmer would go through them all the same.
MAX_WORD = 60
LEAST_PART = 3
LEAST_LEARNT = 4
_LEAST_BESIDE = 4
_SURE = 5
_LONG = 10
_LONGEST_COMPOUND = 45
_MOST_PARTS = 12
_MOST_KEPT = 200_000
_LINKS = ("s", "n", "e", "es", "en", "er", "ens")
# What begins or ends many words without being a word there.
_NO_HEADS = frozenset(
    [
        "ab",
        "an",
        "auf",
        "aus",
        "be",
        "bei",
        "dar",
        "ein",
        "ent",
        "er",
        "ge",
        "her",
        "hin",
        "hinter",
        "los",
        "mit",
        "miss",
        "nach",
        "ober",
        "über",
        "um",
        "un",
        "unter",
        "ver",
        "vor",
        "weg",
        "wider",
        "wieder",
        "zer",
        "zu",
        "durch",
        "fort",
        "inter",
        "anti",
        "auto",
        "bio",
        "geo",
    ]
)
_NO_TAILS = re.compile(
    r"(ung|heit|keit|igkeit|schaft|lich|isch|ismus|chen|lein|ling|nis|tum|end|ende)(e|en|er|es|n|r|s)?"
)
_NO_REST = re.compile(
    r"(er|ig|el|ier)?ung|heit|keit|schaft|lich|isch|bar|sam|haft|los|tum|nis|ier|ist|ling|ern|eln|end|ein|ig"
)
_VOWEL = re.compile("[aeiouyäöü]")
# How a German word begins.
_ONSET = re.compile(
    "(b[lr]?|d[r]?|f[lr]?|g[lnr]?|h|j|k[lnr]?|l|m|n|p[flrh]*|qu|r|s(ch[lmnrw]?|p[lr]?|tr?|k)?|t[rh]?|v|w|z[w]?)?[aeiouyäöü]"
)


def words(text: str) -> list[str]:
    """Give the words of a text in small letters, in their order and otherwise as they are written; stop words are left out."""
    # A Mac writes ä as a and two dots, which would fall apart.
    found = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return [word[:MAX_WORD] for word in found if word not in STOP]


def terms(text: str) -> list[str]:
    """Give the terms of a text in their order; stop words are left out."""
    return [found for word in words(text) if (found := term(word))]


@functools.lru_cache(maxsize=100_000)
def term(word: str) -> str:
    """Give what all inflections and spellings of a word have in common: Bäume, Baeume and Baume are baum."""
    # Stem first: the stemmer knows umlauts.
    return _stemmed(_umlauted(word)).translate(_UMLAUTS)


def folded(text: str) -> str:
    """Fold a text for comparing and sorting: small letters without umlauts and accents, words apart by one blank."""
    found = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return " ".join(_umlauted(word).translate(_UMLAUTS) for word in found)


def _umlauted(word: str) -> str:
    word = word.casefold().translate(_ACCENTS)
    return _SPELT_OUT.sub(lambda match: {"ae": "ä", "oe": "ö", "ue": "ü"}[match[0]], word)


def _stemmed(word: str) -> str:
    found = _stemmer().analyze(word)
    return str(found[0]) if found else word


@functools.cache
def _stemmer() -> tantivy.TextAnalyzer:
    # Snowball's German as the engine brings it along: a hundred times as fast as in Python.
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer("german")).build()


class Splitter:
    """Takes compounds apart where both parts are words.

    `known` tells by its term whether something is a word, `whole` which of them mean no longer what their parts mean.
    """

    def __init__(self, known: Callable[[str], bool], whole: Container[str] = ()) -> None:
        self.knows = known
        self._whole = whole
        self._parts: dict[str, tuple[str, ...]] = {}
        self._cuts: dict[str, tuple[str, str] | None] = {}
        self._covered: dict[str, bool] = {}

    def parts(self, word: str) -> tuple[str, ...]:
        """Give the terms of a compound's parts, parts of parts among them; nothing for a word that is none."""
        found = self._parts.get(word)
        if found is None:
            if len(self._parts) > _MOST_KEPT:
                self._parts.clear()
            found = self._parts[word] = self._taken_apart(word)
        return found

    def _taken_apart(self, word: str) -> tuple[str, ...]:
        found: list[str] = []
        waiting = [_umlauted(word)]
        while waiting and len(found) < _MOST_PARTS:
            if cut := self._cut(waiting.pop()):
                found += [self._base(cut[0]) or term(cut[0]), term(cut[1])]
                waiting += cut
        whole = term(word)
        return tuple(dict.fromkeys(part for part in found if part != whole))

    def _cut(self, word: str) -> tuple[str, str] | None:
        if word not in self._cuts:
            if len(self._cuts) > _MOST_KEPT:
                self._cuts.clear()
                self._covered.clear()
            self._cuts[word] = self._best_cut(word)
        return self._cuts[word]

    def _best_cut(self, word: str) -> tuple[str, str] | None:
        cuts = _cuts(word)
        if not cuts or (self._base(word) or term(word)) in self._whole:
            return None
        if both := [cut for cut in cuts if self._base(cut[0]) and self._is_word(cut[1])]:
            # The head of a compound is its last part: the longer it is, the less is left to chance.
            return max(both, key=lambda cut: (min(len(cut[0]), len(cut[1]), 5), len(cut[1])))
        if both := [cut for cut in cuts if self._is_covered(cut[0], True) and self._is_covered(cut[1], False)]:
            return max(both, key=lambda cut: (bool(self._base(cut[0])), len(cut[0])))
        beside = [(self._known_side(*cut), cut) for cut in cuts if _may_stand_beside(*cut)]
        # The shorter the word that is known, the longer the one that is not.
        likely = [one for one in beside if one[0] >= (LEAST_LEARNT if len(word) >= _LONG else _SURE)]
        return max(likely, default=(0, None))[1]

    def _known_side(self, head: str, tail: str) -> int:
        """The letters of the one part of two that is a word."""
        sure = len(tail) >= _SURE or (len(tail) == LEAST_LEARNT and term(tail) in self._whole)
        return max(len(head) if self._base(head) else 0, len(tail) if sure and self._is_word(tail) else 0)

    def _is_covered(self, text: str, linked: bool) -> bool:
        """Whether something is a word, or made of nothing but words."""
        if self._base(text) if linked else self._is_word(text):
            return True
        key = f"{text}-" if linked else text
        if key not in self._covered:
            self._covered[key] = any(self._base(head) and self._is_covered(tail, linked) for head, tail in _cuts(text))
        return self._covered[key]

    def _is_word(self, text: str) -> bool:
        return self.knows(term(text))

    def _base(self, head: str) -> str:
        """Give the term of a compound's first part, without the letters that link it; empty where it is no word."""
        if self._is_word(head):
            return term(head)
        for link in _LINKS:
            base = head.removesuffix(link)
            if base != head and len(base) >= LEAST_PART and self._is_word(base):
                return term(base)
        return ""


def _cuts(word: str) -> list[tuple[str, str]]:
    """Every way to cut a word in two that leaves no syllables which are no words."""
    if not 2 * LEAST_PART < len(word) <= _LONGEST_COMPOUND or not word.isalpha():
        return []
    cuts = [(word[:at], word[at:]) for at in range(LEAST_PART, len(word) - LEAST_PART + 1)]
    return [(head, tail) for head, tail in cuts if head not in _NO_HEADS and not _NO_TAILS.fullmatch(tail)]


def _may_stand_beside(head: str, tail: str) -> bool:
    """Whether of two parts one may be a word nobody knows."""
    if min(len(head), len(tail)) < _LEAST_BESIDE or _NO_REST.match(tail) or not _ONSET.match(tail):
        return False
    return all(_VOWEL.search(part) for part in (head, tail))
