"""Which column of a file is which column of a schema: exact names, other spellings, likely synonyms."""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from dcat.message import Message
from validators.report import Finding, Severity, column_letter
from validators.schemas import Field, TableSchema
from validators.synonyms import SYNONYMS
from validators.wording import columns, listed

# Unknown columns that are compared with the names of the schema, and how much of each: likeness takes time.
_COMPARED = 200
_LABEL = 100
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WHY = Message(
    "Nur mit genau den Spalten des Schemas, in dessen Reihenfolge, passen die Dateien der Städte zusammen.",
    "Only with exactly the columns of the schema, in its order, do the files of the cities fit together.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a file beside those of a schema; positions count from 0.

    `similar` holds the probable meaning of unknown columns: by another name for the same thing (`synonyms`), or by likeness alone.
    """

    fields: tuple[str, ...]
    respelled: tuple[tuple[int, str], ...]
    similar: tuple[tuple[int, str], ...]
    unknown: tuple[int, ...]
    missing: tuple[str, ...]
    doubled: tuple[int, ...]
    in_order: bool
    synonyms: tuple[tuple[int, str], ...] = ()

    def meant(self) -> tuple[str, ...]:
        """Give the field that each column certainly means, by its name, another spelling or a synonym; empty when none."""
        result = list(self.fields)
        for position, name in self.synonyms:
            result[position] = name
        return tuple(result)


def plain(label: str) -> str:
    """Reduce a column name to what matters: composed, lower case, no umlauts, underscores for anything else."""
    text = unicodedata.normalize("NFC", label).strip().casefold().translate(_UMLAUTS)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


def match(labels: tuple[str, ...], schema: TableSchema) -> Columns:
    """Pair the labels of a file with the fields of a schema; `fields` holds the field per label, empty when none."""
    names = [field.name for field in schema.fields]
    free = dict.fromkeys(names)
    paired = [""] * len(labels)
    doubled: list[int] = []
    for position, label in enumerate(labels):
        if label in free:
            paired[position] = label
            del free[label]
        elif label and label in labels[:position]:
            doubled.append(position)
    respelled = _respelled(labels, paired, free, doubled)
    missing = tuple(free)
    unknown = [p for p in range(len(labels)) if not paired[p] and p not in doubled]
    synonyms = _synonyms(labels, unknown, free, schema)
    similar = _similar(labels, unknown, list(free), synonyms)
    found = [name for name in paired if name]
    return Columns(
        fields=tuple(paired),
        respelled=respelled,
        similar=similar,
        unknown=tuple(unknown),
        missing=missing,
        doubled=tuple(doubled),
        in_order=found == [name for name in names if name in set(found)],
        synonyms=synonyms,
    )


def known(labels: tuple[str, ...], schema: TableSchema | None) -> int:
    """Count the columns of a file that certainly mean a field of the schema; none without one."""
    return sum(map(bool, match(labels, schema).meant())) if schema else 0


def column_findings(
    labels: tuple[str, ...], matched: Columns, schema: TableSchema, severity: Severity
) -> list[Finding]:
    """Say which columns are missing, misspelled, unknown, doubled or out of order, and which are probably meant."""
    found: list[Finding] = []
    if matched.missing:
        found.append(_missing(matched, schema, severity))
    if matched.respelled:
        found.append(_respelled_finding(labels, matched, severity))
    if matched.unknown:
        found.append(_unknown(labels, matched, severity))
    if matched.doubled:
        found.append(_doubled(labels, matched, severity))
    if not matched.in_order:
        found.append(_disordered(schema, severity))
    return found


def _respelled(
    labels: tuple[str, ...], paired: list[str], free: dict[str, None], doubled: list[int]
) -> tuple[tuple[int, str], ...]:
    by_plain = {plain(name): name for name in free}
    result: list[tuple[int, str]] = []
    for position, label in enumerate(labels):
        name = by_plain.get(plain(label))
        if not paired[position] and position not in doubled and name in free:
            paired[position] = name
            del free[name]
            result.append((position, name))
    return tuple(result)


def _synonyms(
    labels: tuple[str, ...], unknown: list[int], free: dict[str, None], schema: TableSchema
) -> tuple[tuple[int, str], ...]:
    """Find other names of the same thing; a field takes the one that stands first in its list."""
    result: list[tuple[int, str]] = []
    by_name: dict[str, int] = {}
    for position in reversed(unknown):
        if name := _squeezed(labels[position]):
            by_name[name] = position
    for field in schema.fields:
        if field.name not in free:
            continue
        found = next((by_name.pop(name) for name in other_names(field) if name in by_name), None)
        if found is not None:
            result.append((found, field.name))
    return tuple(sorted(result))


@lru_cache(maxsize=4096)
def other_names(field: Field) -> tuple[str, ...]:
    """Give the names a field may go by, most likely first, without blanks and underscores: its own, its titles, its synonyms."""
    names = (field.name, field.title.de, field.title.en, *SYNONYMS.get(field.name, ()))
    return tuple(dict.fromkeys(_squeezed(name) for name in names))


def _squeezed(label: str) -> str:
    return plain(label).replace("_", "")


def _similar(
    labels: tuple[str, ...], unknown: list[int], free: list[str], synonyms: tuple[tuple[int, str], ...]
) -> tuple[tuple[int, str], ...]:
    """Add to the synonyms what only looks alike."""
    result = dict(synonyms)
    free = [name for name in free if name not in result.values()]
    for position in unknown[:_COMPARED]:
        name = next(iter(difflib.get_close_matches(plain(labels[position][:_LABEL]), free, n=1, cutoff=0.75)), None)
        if name and position not in result:
            free.remove(name)
            result[position] = name
    return tuple(sorted(result.items()))


def _missing(matched: Columns, schema: TableSchema, severity: Severity) -> Finding:
    required = {field.name for field in schema.fields if field.required}
    must = [name for name in matched.missing if name in required]
    may = [name for name in matched.missing if name not in required]
    number = columns(len(matched.missing))
    parts_de, parts_en = [], []
    if must:
        parts_de.append(f"Pflicht: {listed(must).de}")
        parts_en.append(f"mandatory: {listed(must).en}")
    if may:
        parts_de.append(f"dürfen leer bleiben: {listed(may).de}")
        parts_en.append(f"may stay empty: {listed(may).en}")
    return Finding(
        severity=severity,
        code="missing-label",
        what=Message(
            f"{number.de} des Schemas fehlen in der Datei ({'; '.join(parts_de)})."
            if len(matched.missing) > 1
            else f"Eine Spalte des Schemas fehlt in der Datei ({parts_de[0]}).",
            f"{number.en} of the schema {'are' if len(matched.missing) > 1 else 'is'} missing ({'; '.join(parts_en)}).",
        ),
        why=_WHY,
        fix=Message(
            "Benennen Sie vorhandene Spalten um oder fügen Sie die fehlenden ein; was Sie nicht wissen und nicht Pflicht ist, bleibt leer.",
            "Rename columns you have, or insert the missing ones; what you do not know and is not mandatory stays empty.",
        ),
        count=len(matched.missing),
        field=matched.missing[0] if len(matched.missing) == 1 else "",
    )


def _respelled_finding(labels: tuple[str, ...], matched: Columns, severity: Severity) -> Finding:
    pairs = [f"{column_letter(position + 1)} „{labels[position]}“ → „{name}“" for position, name in matched.respelled]
    number = columns(len(pairs))
    return Finding(
        severity=severity,
        code="incorrect-label",
        what=Message(
            f"{number.de} {'ist' if len(pairs) == 1 else 'sind'} anders geschrieben als im Schema.",
            f"{number.en} {'is' if len(pairs) == 1 else 'are'} spelled differently from the schema.",
        ),
        why=Message(
            "Großschreibung, Umlaute, Leerzeichen und unsichtbare Unterschiede in der Unicode-Form zählen.",
            "Capitals, umlauts, spaces and invisible differences of the Unicode form count.",
        ),
        fix=Message(f"Bitte umbenennen: {listed(pairs).de}.", f"Please rename: {listed(pairs).en}."),
        count=len(pairs),
        column=column_letter(matched.respelled[0][0] + 1),
        examples=tuple(labels[position] for position, _ in matched.respelled[:5]),
    )


def _unknown(labels: tuple[str, ...], matched: Columns, severity: Severity) -> Finding:
    meant = dict(matched.similar)
    pairs = [f"„{labels[p]}“ → „{meant[p]}“" for p in matched.unknown if p in meant]
    rest = [f"„{labels[p] or column_letter(p + 1)}“" for p in matched.unknown if p not in meant]
    fix_de, fix_en = [], []
    if pairs:
        fix_de.append(f"Vermutlich gemeint: {listed(pairs).de}.")
        fix_en.append(f"Probably meant: {listed(pairs).en}.")
    if rest:
        fix_de.append(f"Ohne Entsprechung im Schema, bitte umbenennen oder entfernen: {listed(rest).de}.")
        fix_en.append(f"Without a counterpart in the schema, please rename or remove: {listed(rest).en}.")
    number = columns(len(matched.unknown))
    return Finding(
        severity=severity,
        code="extra-label",
        what=Message(
            f"{number.de} der Datei {'kommt' if len(matched.unknown) == 1 else 'kommen'} im Schema nicht vor.",
            f"{number.en} of the file {'does' if len(matched.unknown) == 1 else 'do'} not occur in the schema.",
        ),
        why=_WHY,
        fix=Message(" ".join(fix_de), " ".join(fix_en)),
        count=len(matched.unknown),
        column=column_letter(matched.unknown[0] + 1),
        examples=tuple(labels[position] for position in matched.unknown[:5]),
    )


def _doubled(labels: tuple[str, ...], matched: Columns, severity: Severity) -> Finding:
    letters = [column_letter(position + 1) for position in matched.doubled]
    return Finding(
        severity=severity,
        code="duplicate-label",
        what=Message(
            f"Spaltennamen kommen mehrfach vor (Spalte {listed(letters).de}).",
            f"Column names occur more than once (column {listed(letters).en}).",
        ),
        why=Message("Niemand weiß, welche der Spalten gilt.", "Nobody knows which of the columns counts."),
        fix=Message("Benennen oder löschen Sie die doppelten Spalten.", "Rename or delete the doubled columns."),
        count=len(letters),
        column=letters[0],
        examples=tuple(labels[position] for position in matched.doubled[:5]),
    )


def _disordered(schema: TableSchema, severity: Severity) -> Finding:
    order = listed([field.name for field in schema.fields], limit=50)
    return Finding(
        severity=severity,
        code="column-order",
        what=Message(
            "Die Spalten stehen in einer anderen Reihenfolge als im Schema.",
            "The columns stand in another order than in the schema.",
        ),
        why=_WHY,
        fix=Message(f"Die Reihenfolge ist: {order.de}.", f"The order is: {order.en}."),
    )
