"""What is wrong with a schema that somebody brings along, in sentences, and the small readings that can go wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dcat.message import Message
from validators.report import Severity

# What frictionless 5.21 reads and does not heed, or does not know for the type: how to say the same so that it is checked.
INSTEAD = {
    "uniqueKeys": Message(
        "Nennen Sie die Spalten unter „primaryKey“, oder setzen Sie bei einer einzelnen Spalte „unique“ auf true.",
        "Name the columns under “primaryKey”, or set “unique” to true for a single column.",
    ),
    "categories": Message(
        "Schreiben Sie die erlaubten Werte unter „constraints“ in „enum“.",
        "Write the permitted values into “enum” below “constraints”.",
    ),
    "categoriesOrdered": Message(
        "Schreiben Sie die erlaubten Werte unter „constraints“ in „enum“ und die Reihenfolge in die Beschreibung.",
        "Write the permitted values into “enum” below “constraints”, and their order into the description.",
    ),
    "groupChar": Message(
        "Nehmen Sie den Typ „number“, der Tausenderzeichen kennt, oder liefern Sie ganze Zahlen ohne Tausenderzeichen.",
        "Use the type “number”, which knows grouping, or deliver whole numbers without grouping.",
    ),
    "jsonSchema": Message(
        "Beschreiben Sie den Aufbau in Worten, oder legen Sie jeden Wert in eine eigene Spalte mit eigenen Regeln.",
        "Describe the structure in words, or put each value into a column of its own with its own rules.",
    ),
    "duration": Message(
        "Nehmen Sie eine Spalte vom Typ „number“, zum Beispiel in Minuten; dort gelten Grenzen.",
        "Use a column of type “number”, in minutes for example; bounds hold there.",
    ),
    "fieldsMatch": Message(
        "Lassen Sie es weg oder schreiben Sie „equal“: geprüft wird auf genau diese Spalten, in beliebiger Reihenfolge.",
        "Leave it out or write “equal”: exactly these columns are asked for, in any order.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a schema; `blocks` keeps it from being used. `field` is empty when it is about the whole schema."""

    severity: Severity
    code: str
    field: str = ""
    message: Message


class Faults(list[Fault]):
    """Collects faults in the order of the document; the texts become a sentence about `field` where one is named."""

    def refuse(self, code: str, de: str, en: str, field: str = "") -> None:
        """Note what keeps the schema from being used."""
        self._add(Severity.BLOCKS, code, de, en, field)

    def warn(self, code: str, de: str, en: str, field: str = "") -> None:
        """Note what works differently from what is meant."""
        self._add(Severity.WARNING, code, de, en, field)

    def hint(self, code: str, de: str, en: str, field: str = "") -> None:
        """Note what could be better, or how something is read."""
        self._add(Severity.HINT, code, de, en, field)

    def _add(self, severity: Severity, code: str, de: str, en: str, field: str) -> None:
        said = Message(f"Spalte „{field}“: {de}", f"Column “{field}”: {en}") if field else Message(de, en)
        self.append(Fault(severity=severity, code=code, field=field, message=said))


def missing_values(given: Any, faults: Faults, name: str = "") -> list[str]:
    """Read “missingValues”, whose entries may be texts or objects with a value and a label."""
    values = listed(given, "missingValues", faults, name)
    values = [entry.get("value") if isinstance(entry, dict) else entry for entry in values]
    return texts(values, "missingValues", faults, name)


def texts(given: Any, key: str, faults: Faults, name: str = "") -> list[str]:
    """Read a list of texts, or one text alone."""
    values = [given] if isinstance(given, str) else listed(given, key, faults, name)
    if not all(isinstance(each, str) for each in values):
        faults.refuse("text", f"„{key}“ darf nur Texte enthalten.", f"“{key}” may hold texts only.", name)
        return []
    return list(values)


def listed(given: Any, key: str, faults: Faults, name: str = "") -> list[Any]:
    """Read a list."""
    if not isinstance(given, list):
        faults.refuse("list", f"„{key}“ muss eine Liste sein.", f"“{key}” must be a list.", name)
        return []
    return given


def refuse_ignored(given: dict[str, Any], keys: Iterable[str], faults: Faults, name: str = "") -> None:
    """Refuse the keys that frictionless reads and does not heed."""
    for key in keys:
        if key in given:
            refuse_key(key, faults, name)


def refuse_key(key: str, faults: Faults, name: str = "", instead: Message | None = None) -> None:
    """Refuse a key that would not be heeded, and say what to write instead."""
    instead = instead or INSTEAD[key]
    faults.refuse(
        "ignored",
        f"„{key}“ würde bei der Prüfung nicht beachtet und ist deshalb nicht erlaubt. {instead.de}",
        f"“{key}” would be ignored by the check and is therefore not allowed. {instead.en}",
        name,
    )
