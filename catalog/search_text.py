"""Free text as a ranked query: any word finds, and what has them all comes first; with compounds, synonyms and typing errors."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import tantivy

from catalog import synonym_groups
from catalog.german import LEAST_LEARNT, Splitter, folded, term, words
from catalog.index_fields import ANYWHERE, PARTS, TEXTS, schema
from catalog.index_query import all_of, phrase_query, prefix_query, some_of, stem_start
from catalog.search_words import Meant
from catalog.synonym_groups import Synonym, Synonyms

MAX_WORDS = 20
_MOST_SYNONYMS = 16
_MOST_OF_PART = 5
_PIECE = re.compile(r'"([^"]*)"|(\S+)')
_AS_PART = 0.5
_AS_PARTS = 0.6
_ONE_PART = 0.12
_CORRECTED = 0.9
_BEGINNING = 0.4
_TIE = 0.2
# What stands in more of all datasets than this finds nothing by itself beside another word: Darmstadt in the catalogue of Darmstadt.
_COMMON = 0.1
_NOT_COMMON = 20
_ALL_WORDS = 1.6
_ANSWERS = 0.5
_FEW = 3
_MOST_BEGUN = 20
# Where so many datasets say it, those that only hold a part of the word are no help any more, nor those that hold all of them somewhere.
_ENOUGH, _PLENTY = 50, 200
# Rarer words are counted exactly.
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to say something: the query that ranks what it finds, and one that finds the same without telling how well, far cheaper."""

    ranked: tantivy.Query
    plain: tantivy.Query


Weighted = tuple[_Way, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a text is read with: the index, its words, the synonyms."""

    searcher: tantivy.Searcher
    splitter: Splitter
    synonyms: Synonyms
    meant: Callable[[str], tuple[Meant, ...]]
    visible: tantivy.Query
    narrowed: tantivy.Query | None = None
    """what the search is narrowed to beyond that"""
    hidden: bool = True
    """whether there is anything that is not visible"""

    @property
    def total(self) -> int:
        """How many datasets there are."""
        return max(int(self.searcher.num_docs), 1)

    @property
    def common(self) -> float:
        """In how many datasets a word stands that tells nothing any more."""
        return max(_COMMON * self.total, _NOT_COMMON)

    def count(self, said: str) -> int:
        """About how many public datasets hold a term, as a word or as a part of one; none only if there is none."""
        fields = (ANYWHERE, *PARTS.values())
        most = max(int(self.searcher.doc_freq(name, said)) for name in fields)
        if not self.hidden or not 0 < most <= _LOOKED_AT:
            return most
        # A word that only stands in datasets which are not public is as unknown as one that stands nowhere.
        return self._counted([some_of([_term(name, said) for name in fields]), self.visible])

    def found(self, choices: Sequence[Weighted], number: int) -> int:
        """How many datasets say it in one of these ways where the search is narrowed to; `number` is about how many there are in all."""
        if number < _ENOUGH or self.narrowed is None:
            return number
        return self._counted([some_of([way.plain for way, _ in choices]), self.narrowed])

    def _counted(self, queries: Sequence[tantivy.Query]) -> int:
        return int(self.searcher.search(all_of(queries), 1, count=True).count)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Asked:
    """A text as it was understood: the query that ranks, one that finds the same, the terms that count as found, and the text without its
    typing errors."""

    ranked: tantivy.Query | None
    plain: tantivy.Query | None = None
    terms: frozenset[str] = frozenset()
    suggestion: str = ""


@dataclass(slots=True)
class _Concept:
    """One thing that is asked for: a word, or a phrase that is known as one."""

    choices: list[Weighted]
    count: int
    terms: set[str] = field(default_factory=set)

    @property
    def way(self) -> _Way:
        """Whatever may answer it, the best first."""
        return _best(self.choices)

    @property
    def answered(self) -> tantivy.Query:
        """What answers it, and does not only come near."""
        return some_of([way.plain for way, weight in self.choices if weight >= _ANSWERS])


def read(text: str, known: Known) -> Asked:
    """Read a text; without any word it asks for nothing, and finds everything."""
    must: list[_Way] = []
    plain: list[str] = []
    found: set[str] = set()
    for quoted, bare in _PIECE.findall(text[:2000]):
        said = [each for word in words(quoted) if (each := term(word))]
        if said:
            must.append(_quoted(said))
            found.update(said)
        elif bare.endswith("*") and folded(bare):
            must.append(_started(folded(bare).split()))
            found.update(map(stem_start, folded(bare).split()))
        else:
            plain += words(bare)
    concepts, better = _concepts(plain[:MAX_WORDS], known)
    found.update(*(concept.terms for concept in concepts))
    parts = [*must, *([_combined(concepts, known)] if concepts else [])]
    if not parts:
        return Asked(None)
    whole = _together(parts)
    return Asked(whole.ranked, whole.plain, frozenset(found), _suggestion(text, better))


def _concepts(said: Sequence[str], known: Known) -> tuple[list[_Concept], dict[str, str]]:
    """Group words that mean one thing, and look for each; names the words that were taken for typing errors, too."""
    stems = [(word, stem) for word in dict.fromkeys(said) if (stem := term(word))]
    concepts: list[_Concept] = []
    better: dict[str, str] = {}
    at = 0
    while at < len(stems):
        length = _phrase_length([stem for _, stem in stems[at:]], known.synonyms)
        if length > 1:
            concepts.append(_phrase(tuple(stem for _, stem in stems[at : at + length]), known))
        else:
            concept, correct = _word(*stems[at], known)
            concepts.append(concept)
            if correct:
                better[stems[at][0]] = correct
        at += length
    return concepts, better


def _phrase_length(stems: Sequence[str], synonyms: Synonyms) -> int:
    longest = min(len(stems), synonyms.longest, 5)
    return next((n for n in range(longest, 1, -1) if tuple(stems[:n]) in synonyms.groups), 1)


def _phrase(said: tuple[str, ...], known: Known) -> _Concept:
    choices: list[Weighted] = [(_together([_everywhere(each) for each in said]), 1.0)]
    more, found, _ = _alike(known.synonyms.of(said), known)
    return _Concept(choices + more, min(map(known.count, said)), {*said, *found})


def _word(word: str, said: str, known: Known) -> tuple[_Concept, str]:
    """Look for one word; gives the word it is taken for as well, if nobody knows it."""
    concept, told = _as_written(word, said, known)
    if told or said in synonym_groups.seed():
        return concept, ""
    correct = ""
    for one in known.meant(word):
        other, _ = _as_written(one.word, term(one.word), known)
        if other.count and one.word != word:
            correct = correct or one.word
            concept.choices.append((other.way, _CORRECTED**one.distance))
            concept.terms |= other.terms
            concept.count += other.count
    return concept, correct


def _as_written(word: str, said: str, known: Known) -> tuple[_Concept, bool]:
    """Look for a word, for others that say the same, and for its parts; tells whether the catalogue knows it by any of them."""
    exact = known.count(said)
    choices: list[Weighted] = [(_everywhere(said), 1.0)] if exact else []
    more, alike, reached = _alike(known.synonyms.of((said,), word), known)
    number = known.found([*choices, *more], exact + reached)
    parts = known.splitter.parts(word) if number < _PLENTY else ()
    by_parts, of_parts, partly = _by_parts(parts, known, alone=number < _ENOUGH)
    begun = _begun(said, known) if exact < _FEW and not more else []
    choices += [*more, *by_parts, *((_everywhere(longer), _BEGINNING) for longer, _ in begun)]
    count = (exact or reached or partly) + sum(number for _, number in begun)
    whole = any(weight == _AS_PARTS for _, weight in by_parts)
    found = {said, *alike, *of_parts, *(longer for longer, _ in begun)}
    return _Concept(choices, count, found), bool(exact or more or whole)


def _begun(said: str, known: Known) -> list[tuple[str, int]]:
    """The longer words that begin with a rare one: what nobody could take apart."""
    if len(said) < LEAST_LEARNT:
        return []
    longer = known.searcher.terms_with_prefix(ANYWHERE, said, known.visible, _MOST_BEGUN)
    return [(each, number) for each, number in longer if number and each != said]


def _alike(
    synonyms: Iterable[Synonym], known: Known, most: int = _MOST_SYNONYMS
) -> tuple[list[Weighted], set[str], int]:
    """Look for the other ways to say it that the catalogue uses, the most telling first."""
    used = [(synonym, min(map(known.count, synonym.terms))) for synonym in synonyms]
    chosen = sorted((pair for pair in used if pair[1]), key=lambda pair: (-pair[0].weight, -pair[1]))[:most]
    # An office whose name says the same has many other datasets.
    choices = [(_together([_everywhere(each, but="publisher") for each in one.terms]), one.weight) for one, _ in chosen]
    found = {each for one, _ in chosen for each in one.terms if len(one.terms) == 1}
    return choices, found, sum(number for _, number in chosen)


def _by_parts(parts: Sequence[str], known: Known, *, alone: bool) -> tuple[list[Weighted], set[str], int]:
    """Look for what a compound is made of: all parts together, and lightly for each `alone` that is not everywhere."""
    ways = {part: _ways(part, known) for part in parts}
    counts = {part: number for part, (_, number) in ways.items() if number}
    simple = [part for part in counts if not any(part != other and part in other for other in counts)]
    together = [(_together([ways[part][0] for part in simple]), _AS_PARTS)] if len(simple) > 1 else []
    telling = {part: number for part, number in counts.items() if alone and number <= known.common}
    choices = [*together, *((ways[part][0], _ONE_PART) for part in telling)]
    return choices, {*counts} if together else {*telling}, sum(telling.values())


def _ways(said: str, known: Known) -> tuple[_Way, int]:
    """Look for a part of a compound, or for what says the same: Müllgebühren are Abfallgebühren."""
    count = known.count(said)
    more, _, reached = _alike([s for s in known.synonyms.of((said,)) if len(s.terms) == 1], known, _MOST_OF_PART)
    return _best([*([(_everywhere(said), 1.0)] if count else []), *more]), count or reached


def _everywhere(said: str, *, but: str = "") -> _Way:
    """Look for a term in all texts but one, and in the parts of their compounds."""
    names = [name for name in TEXTS if name != but]
    choices = [(name, TEXTS[name]) for name in names] + [(PARTS[name], TEXTS[name] * _AS_PART) for name in names]
    ranked = [tantivy.Query.boost_query(_term(name, said), weight) for name, weight in choices]
    fields = [*(names if but else [ANYWHERE]), *(PARTS[name] for name in names)]
    return _Way(some_of(ranked), some_of([_term(name, said) for name in fields]))


def _together(ways: Sequence[_Way]) -> _Way:
    return _Way(all_of([way.ranked for way in ways]), all_of([way.plain for way in ways]))


def _term(field: str, said: str) -> tantivy.Query:
    return tantivy.Query.term_query(schema(), field, said, "freq")


def _best(choices: Sequence[Weighted]) -> _Way:
    boosted = [tantivy.Query.boost_query(way.ranked, weight) for way, weight in choices]
    best = tantivy.Query.disjunction_max_query(boosted, tie_breaker=_TIE) if len(boosted) > 1 else some_of(boosted)
    return _Way(best, some_of([way.plain for way, _ in choices]))


def _combined(concepts: Sequence[_Concept], known: Known) -> _Way:
    """Any word that tells something finds; what has more of them, and all of them, comes first."""
    total = known.total
    present = [concept for concept in concepts if concept.count]
    telling = [concept for concept in present if concept.count <= known.common] or present or concepts
    any_of = _Way(
        some_of([concept.way.ranked for concept in telling]), some_of([concept.way.plain for concept in telling])
    )
    if not present:
        return any_of
    should, must = tantivy.Occur.Should, tantivy.Occur.Must
    parts = [(must, any_of.ranked)]
    parts += [(should, concept.way.ranked) for concept in present if concept not in telling]
    if len(present) > 1:
        rarity = sum(math.log(1 + total / concept.count) for concept in present)
        everything = all_of([concept.answered for concept in present])
        parts.append((should, tantivy.Query.const_score_query(everything, _ALL_WORDS * max(TEXTS.values()) * rarity)))
    return _Way(tantivy.Query.boolean_query(parts), any_of.plain)


def _quoted(said: Sequence[str]) -> _Way:
    boosted = [tantivy.Query.boost_query(phrase_query(name, said), weight) for name, weight in TEXTS.items()]
    return _Way(some_of(boosted), phrase_query("", said))


def _started(said: Sequence[str]) -> _Way:
    start = stem_start(said[-1])
    boosted = [tantivy.Query.boost_query(prefix_query(name, start), weight) for name, weight in TEXTS.items()]
    begun = _Way(some_of(boosted), prefix_query(ANYWHERE, start))
    return _together([*(_everywhere(term(word)) for word in said[:-1]), begun])


def _suggestion(text: str, better: dict[str, str]) -> str:
    """Write a text anew with the words that are meant; empty where all are known."""
    if not better:
        return ""

    def replaced(match: re.Match[str]) -> str:
        meant = better.get(match[0].lower())
        return match[0] if meant is None else meant.capitalize() if match[0][:1].isupper() else meant

    return re.sub(r"\w+", replaced, text)
