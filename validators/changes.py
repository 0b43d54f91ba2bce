"""What was changed in a copy of a table, value by value: the log of mappings and repairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dcat.message import Message

# Changes a log names one by one, different ones that are told apart while counting, and record numbers kept of each.
MAX_CHANGES = 1000
# Kinds of changes that people are shown, and examples of each.
KINDS = 30
EXAMPLES = 3
_MAX_DIFFERENT = 20_000
_MAX_ROWS = 10
_CUT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that became another in one column: by which rule, how often, and in which first records of the file."""

    column: str
    rule: str
    before: str
    after: str
    count: int = 1
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many cells of one column one rule changed; complete, however many different values there are."""

    column: str
    rule: str
    count: int

    @property
    def words(self) -> Message:
        """What the rule does, in words for people."""
        return RULES.get(self.rule, Message(self.rule, self.rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLog:
    """All that was changed. `changes` names the most frequent ones, `values` counts every cell, `rows` every row touched.

    A log that is not `complete` stopped before the end of the file, because time was up.
    """

    changes: tuple[Change, ...] = ()
    values: int = 0
    rows: int = 0
    totals: tuple[Total, ...] = ()
    complete: bool = True

    def kinds(self) -> tuple[tuple[Total, tuple[Change, ...]], ...]:
        """Give the totals that people are shown, each with its most frequent changes."""
        return tuple(
            (
                total,
                tuple(one for one in self.changes if (one.column, one.rule) == (total.column, total.rule))[:EXAMPLES],
            )
            for total in self.totals[:KINDS]
        )

    def to_json(self) -> dict[str, Any]:
        """Write for storing and for programs."""
        changes = [
            {
                "column": change.column,
                "rule": change.rule,
                "before": change.before,
                "after": change.after,
                "count": change.count,
                "rows": list(change.rows),
            }
            for change in self.changes
        ]
        totals = [{"column": total.column, "rule": total.rule, "count": total.count} for total in self.totals]
        numbers = {"values": self.values, "rows": self.rows, "complete": self.complete}
        return {**numbers, "totals": totals, "changes": changes}


def from_json(document: Mapping[str, Any]) -> ChangeLog:
    """Read a log back that `ChangeLog.to_json` wrote."""
    return ChangeLog(
        changes=tuple(Change(**{**entry, "rows": tuple(entry["rows"])}) for entry in document["changes"]),
        values=document["values"],
        rows=document["rows"],
        totals=tuple(Total(**entry) for entry in document.get("totals", ())),
        complete=document.get("complete", True),
    )


@dataclass(slots=True)
class Collector:
    """Counts changes as they are made; memory stays bounded however many different values there are."""

    _seen: dict[tuple[str, str, str, str], tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    _totals: dict[tuple[str, str], int] = field(default_factory=dict)
    _values: int = 0
    _rows: int = 0
    _last: int = 0

    def note(self, row: int, column: str, rule: str, before: str, after: str) -> None:
        """Count one changed cell; rows come in the order of the file, `row` is the record number."""
        self._values += 1
        if row != self._last:
            self._rows += 1
            self._last = row
        self._totals[column, rule] = self._totals.get((column, rule), 0) + 1
        key = (column, rule, before[:_CUT], after[:_CUT])
        count, rows = self._seen.get(key, (0, ()))
        if count or len(self._seen) < _MAX_DIFFERENT:
            self._seen[key] = (count + 1, (*rows, row) if len(rows) < _MAX_ROWS else rows)

    def log(self) -> ChangeLog:
        """Give the log of all changes so far, the most frequent first."""
        ordered = sorted(self._seen.items(), key=lambda item: -item[1][0])[:MAX_CHANGES]
        return ChangeLog(
            changes=tuple(
                Change(column=column, rule=rule, before=before, after=after, count=count, rows=rows)
                for (column, rule, before, after), (count, rows) in ordered
            ),
            values=self._values,
            rows=self._rows,
            totals=tuple(
                Total(column=column, rule=rule, count=count)
                for (column, rule), count in sorted(self._totals.items(), key=lambda item: -item[1])
            ),
        )


# The rules that change values, with the words for people: those of repairs first.
RULES: dict[str, Message] = {
    "spaces": Message("Leerzeichen am Rand entfernt", "blanks at the edges removed"),
    "line-break": Message("Zeilenumbruch am Ende entfernt", "line break at the end removed"),
    "invisible": Message("unsichtbare Zeichen entfernt", "invisible characters removed"),
    "unicode": Message("zerlegte Umlaute zusammengesetzt", "decomposed characters composed"),
    "decimal-mark": Message("Dezimalzeichen angepasst", "decimal mark put right"),
    "thousands-mark": Message("Tausenderzeichen entfernt", "thousands mark removed"),
    "number-spelling": Message("Zahl mit einfachen Ziffern geschrieben", "number written in plain digits"),
    "unit": Message("Einheit aus der Zelle entfernt", "unit removed from the cell"),
    "date-form": Message("Datum in die Schreibweise des Schemas gebracht", "date written as the schema asks"),
    "time-form": Message("Uhrzeit in die Schreibweise des Schemas gebracht", "time written as the schema asks"),
    "time-zone": Message("Zeitzone ergänzt (Ortszeit Deutschland)", "time zone added (local time of Germany)"),
    "yes-no": Message("Ja und Nein mit den Wörtern des Schemas geschrieben", "yes and no written as the schema asks"),
    "code-word": Message("Wort so geschrieben wie in der Liste des Schemas", "word spelled as on the schema's list"),
    "leading-zero": Message("verlorene führende Null ergänzt", "lost leading zero added"),
    "empty-word": Message("Wort für „keine Angabe“ durch eine leere Zelle ersetzt", "word for “no value” made empty"),
    "web-address": Message("https:// vor die Adresse gesetzt", "https:// put before the address"),
    "swapped-coordinates": Message("Länge und Breite zurückgetauscht", "longitude and latitude swapped back"),
    "column-name": Message("Spalte umbenannt", "column renamed"),
    "canonical-file": Message(
        "Datei einheitlich geschrieben: UTF-8, Komma, Spalten wie im Schema, nichts über der Kopfzeile",
        "file written in one form: UTF-8, comma, columns as in the schema, nothing above the header",
    ),
    "mapped": Message("nach der Zuordnung umgeschrieben", "rewritten by the mapping"),
    "constant": Message("fester Wert der Zuordnung eingesetzt", "fixed value of the mapping put in"),
    "unread": Message(
        "Wert passt nicht zur Regel der Zuordnung und bleibt stehen", "value does not fit the mapping's rule and stays"
    ),
    "extra-cells": Message("Zellen hinter der letzten Spalte weggelassen", "cells behind the last column left out"),
    "empty-row": Message("leere Zeile weggelassen", "empty row left out"),
}
