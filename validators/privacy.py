"""A gate against personal data in tables and documents: looks at every cell, then decides column by column; examples are masked."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from validators import person_names, personal, small_cells
from validators.columns import plain
from validators.looks import MAX_VALUES, Look, Tally, look_over
from validators.plain_text import ODD
from validators.privacy_documents import Document
from validators.privacy_kinds import BY_CODE, CHECKS, Confidence, PrivacyCheck
from validators.privacy_words import ADDRESS, FREE_TEXT, PHONE, WHY, Words, sentence
from validators.report import MAX_EXAMPLES, Finding, Severity, TableProfile, column_letter
from validators.sniff import records

# Free text is a hint about the column, so its first rows are enough.
_SAMPLE = 2_000
_LONG, _WORDS, _TEXT_SHARE, _TEXT_LEAST = 60, 9, 0.2, 3
# Beside persons' names, columns are looked at for addresses and telephone numbers; tables with more columns only by their names.
_MAX_BESIDE = 60
_NAMES_SHARE = 0.5
_ADDRESS_LABELS = re.compile(
    r"strasse|anschrift|adresse|wohnort|wohnung|hausnummer|(?:^|_)str(?:_|$)|(?:^|_)hnr(?:_|$)"
)
_NO_ADDRESS_LABELS = re.compile(r"mail|web|internet|url|ip_adresse|adresse_id")
# Statistics of first names name nobody: they count.
_FIRST_NAMES, _COUNTS = (
    re.compile(r"vorname|first_?name|given_name"),
    re.compile(r"anzahl|haeufigkeit|rang|count|summe"),
)
_SURNAMES = re.compile(r"nachname|familienname|zuname|last_?name|surname|family_name|geburtsdatum|strasse|mail")
_ANYWHERE = tuple(check for check in CHECKS if check.anywhere)
# What all kinds but names of persons need, in a form that RE2 and Python read alike: most cells have nothing of it.
_CODED = (
    ODD + r"|[@*]|[(\[{] ?[AaÄä][Tt] ?[)\]}]|"
    r"[0-9](?:[ ()/.-]{0,3}[0-9]){8}|[0-9]{2} ?[0-9]{6} ?[A-Z]|Herr|Frau|Hr\.|Fr\.|Dr\.|Prof\.|"
    r"[Gg][Ee][Bb](?:\.|[Oo][Rr]|[Uu][Rr])|[Nn][Zz][Ee][Ii][Cc][Hh][Ee][Nn]|[Kk][Ff][Zz]|[Pp][Kk][Ww]"
)
_GATE = re.compile(_CODED)
_UNION = f"{_CODED}|{BY_CODE['person-name'].prefilter}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """The labels of a table, and what they say together."""

    labels: tuple[str, ...]
    counts_first_names: bool

    def question(self, check: PrivacyCheck, position: int) -> Callable[[str], bool] | None:
        label = self.labels[position]
        if self.counts_first_names and check.code == "person-name" and _FIRST_NAMES.search(plain(label)):
            return check.anywhere
        return check.question(label) if check.looks_at(label) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    position: int
    words: Words
    confidence: Confidence
    tally: Tally


def scan(path: Path, sniffed: TableProfile) -> tuple[Finding, ...]:
    """Look for personal data and small numbers of persons in every row, heaviest first within a column.

    What is certain or probable blocks publication, what is only worth a look warns; `holding` picks the former. Examples are masked.
    """
    if not sniffed.readable:
        return ()

    def ask(looks: Sequence[Look]) -> list[Tally]:
        return look_over(path, sniffed, looks) if looks else []

    found = [_finding(verdict, sniffed) for verdict in _verdicts(_columns(sniffed.header), ask)]
    texts = _free_text(path, sniffed, {finding.column for finding in found})
    return (*found, *small_cells.find(path, sniffed), *texts)


def holding(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Pick the findings that keep a file back."""
    return tuple(finding for finding in findings if finding.severity is Severity.BLOCKS)


def scan_json(body: bytes) -> tuple[Finding, ...]:
    """Look for personal data in every text of a JSON document, GeoJSON too; the keys stand for columns. UnreadableError if it is none."""
    held = Document(body)
    keys = TableProfile(header=tuple(held.keys))
    return tuple(_finding(verdict, keys) for verdict in _verdicts(_columns(keys.header), held.ask))


def _columns(labels: tuple[str, ...]) -> _Columns:
    names = [plain(label) for label in labels]
    counted = any(map(_FIRST_NAMES.search, names)) and any(map(_COUNTS.search, names))
    return _Columns(labels=labels, counts_first_names=counted and not any(map(_SURNAMES.search, names)))


_Ask = Callable[[Sequence[Look]], list[Tally]]


def _verdicts(columns: _Columns, ask: _Ask) -> list[_Verdict]:
    """First ask one question for all kinds of each column, then each kind where something was found, then what stands beside names."""
    positions = range(len(columns.labels))
    rough = ask([_rough(columns, position) for position in positions])
    kinds = [
        (position, check, question)
        for position, tally in zip(positions, rough, strict=True)
        if tally.count
        for check in CHECKS
        if (question := columns.question(check, position)) and _possible(question, tally)
    ]
    looks = [_exact(check, position, question) for position, check, question in kinds]
    shaped = [(position, check) for position, check, _ in kinds if check.shape]
    looks += [Look(code=check.code, positions=(at,), finds=check.shape) for at, check in shaped if check.shape]
    tallies = ask(looks)
    shapes = dict(zip([(at, check.code) for at, check in shaped], tallies[len(kinds) :], strict=True))
    verdicts = [
        _Verdict(position=position, words=Words(check.code, check.what, check.fix), confidence=confidence, tally=tally)
        for (position, check, _), tally in zip(kinds, tallies, strict=False)
        if (confidence := check.weigh(columns.labels[position], tally, shapes.get((position, check.code))))
    ]
    verdicts += _beside(columns, verdicts, ask)
    return sorted(verdicts, key=lambda verdict: (verdict.position, list(Confidence).index(verdict.confidence)))


def _rough(columns: _Columns, position: int) -> Look:
    """One question for all kinds that a column can hold, so that columns without any cost one pass."""
    labelled = [
        question
        for check in CHECKS
        if check.labelled and check.about(columns.labels[position]) and (question := columns.question(check, position))
    ]
    if not labelled:
        return Look(code="personal", positions=(position,), finds=_any, prefilter=_UNION)
    return Look(
        code="personal",
        positions=(position,),
        finds=lambda cell: _any(cell) or any(question(cell) for question in labelled),
    )


def _any(cell: str) -> bool:
    """Ask all kinds that occur anywhere; most cells have nothing that any of them but the names needs."""
    if person_names.full_name(cell):
        return True
    return _GATE.search(cell) is not None and any(check.anywhere(cell) for check in _ANYWHERE if check.anywhere)


def _possible(question: Callable[[str], bool], tally: Tally) -> bool:
    """Tell whether a kind occurs among the values found, or may occur among those that were not remembered."""
    return len(tally.values) >= MAX_VALUES or any(question(value) for (value,) in tally.values)


def _exact(check: PrivacyCheck, position: int, question: Callable[[str], bool]) -> Look:
    prefilter = check.prefilter if question is check.anywhere else ""
    return Look(code=check.code, positions=(position,), finds=question, prefilter=prefilter)


def _beside(columns: _Columns, verdicts: Sequence[_Verdict], ask: _Ask) -> list[_Verdict]:
    """Find the addresses and telephone numbers that stand in one row with a person's name: together they tell where somebody lives."""
    names = next((verdict for verdict in verdicts if _names_persons(verdict)), None)
    if names is None:
        return []
    taken = {verdict.position for verdict in verdicts if verdict.confidence is not Confidence.LOOK}
    others = [position for position in range(len(columns.labels)) if position not in taken]
    is_name = columns.question(BY_CODE[names.words.code], names.position) or person_names.full_name
    placed: list[tuple[int, Words, Callable[[str], bool]]] = []
    for position in others:
        label = plain(columns.labels[position])
        if _ADDRESS_LABELS.search(label) and not _NO_ADDRESS_LABELS.search(label):
            placed.append((position, ADDRESS, _filled))
        elif len(others) <= _MAX_BESIDE:
            placed.append((position, ADDRESS, person_names.street_with_number))
        if len(others) <= _MAX_BESIDE:
            placed.append((position, PHONE, personal.landline))
    looks = [
        Look(code=words.code, positions=(names.position, position), finds=_both(is_name, test))
        for position, words, test in placed
    ]
    return [
        _Verdict(
            position=position,
            words=words,
            confidence=Confidence.PROBABLE,
            tally=Tally(
                count=tally.count,
                asked=tally.asked,
                rows=tally.rows,
                values={(v,): n for (_, v), n in tally.values.items()},
            ),
        )
        for (position, words, _), tally in zip(placed, ask(looks), strict=True)
        if tally.count and tally.count >= 0.2 * tally.asked
    ]


def _names_persons(verdict: _Verdict) -> bool:
    """Tell whether a column is one of names, not one of texts in which a name occurs."""
    share = verdict.tally.count / max(verdict.tally.asked, 1)
    named = verdict.words.code == "person-name" or (verdict.words.code == "person-in-text" and share >= _NAMES_SHARE)
    return named and verdict.confidence is not Confidence.LOOK


def _both(is_name: Callable[[str], bool], test: Callable[[str], bool]) -> Callable[[str, str], bool]:
    return lambda name, other: test(other) and is_name(name)


def _filled(cell: str) -> bool:
    return any(sign.isalnum() for sign in cell)


def _free_text(path: Path, sniffed: TableProfile, known: set[str]) -> list[Finding]:
    """Ask for a look at columns of sentences, in which anything can stand."""
    tallies = [Tally() for _ in sniffed.header]
    for number, row in islice(records(path, sniffed), _SAMPLE):
        for tally, cell in zip(tallies, row, strict=False):
            if cell:
                tally.asked += 1
                if len(cell) >= _LONG and cell.count(" ") >= _WORDS:
                    tally.add(number, (cell,))
    return [
        _finding(_Verdict(position=at, words=FREE_TEXT, confidence=Confidence.LOOK, tally=tally), sniffed)
        for at, tally in enumerate(tallies)
        if len(tally.values) >= _TEXT_LEAST
        and tally.count >= _TEXT_SHARE * tally.asked
        and column_letter(at + 1) not in known
    ]


def _finding(verdict: _Verdict, sniffed: TableProfile) -> Finding:
    tally, words = verdict.tally, verdict.words
    letter = column_letter(verdict.position + 1)
    label = sniffed.header[verdict.position] if verdict.position < len(sniffed.header) else ""
    share = min(1.0, tally.count / tally.asked) if tally.asked else 1.0
    look = verdict.confidence is Confidence.LOOK
    hint = words is FREE_TEXT
    return Finding(
        severity=Severity.HINT if hint else Severity.WARNING if look else Severity.BLOCKS,
        code=words.code,
        what=sentence(words, letter, tally.count, share, verdict.confidence),
        why=WHY[verdict.confidence],
        fix=words.fix,
        count=tally.count,
        rows=tuple(tally.rows),
        # A name that two columns have names neither.
        field=label if sniffed.header.count(label) == 1 else "",
        column=letter,
        address=f"{letter}{tally.rows[0]}",
        examples=() if hint else tuple(dict.fromkeys(masked(cell) for (cell,) in tally.values))[:MAX_EXAMPLES],
        confidence=verdict.confidence.value,
        share=round(share, 4),
    )


def masked(cell: str) -> str:
    """Give the first two characters of a cell, enough to find it again for those who have the file."""
    return f"{cell.strip()[:2]}…"
