"""What a catalogue answers when it refuses an action, as sentences in German and English with the next step."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dcat.errors import OffenbarError
from dcat.message import Message
from dcat.printable import one_line

NOT_FOUND = "Not Found Error"
DENIED = "Authorization Error"
INVALID = "Validation Error"
CHANGED = "Precondition Failed"
UNKNOWN_ACTION = "Unknown Action"
NO_ANSWER = "No Answer"

_LONGEST = 300
_MOST = 20
# Sentences of CKAN's validation as ours say them -> German.
_GERMAN = (
    (r"Missing value", "fehlt"),
    (r"That URL is already in use\.", "dieser Name ist schon vergeben"),
    (r"An organisation must be given", "eine Organisation fehlt"),
    (r"There is no such organisation", "diese Organisation gibt es nicht (offenbar organization list)"),
    (
        r"You cannot move this dataset to another organization",
        "nur wer in ihrer Organisation schreibt, verlegt einen Datensatz in eine andere",
    ),
    (r"There is no group (.*)", r"eine Gruppe \1 gibt es nicht"),
    (r"Dataset id already exists", "einen Datensatz mit dieser Kennung gibt es schon"),
    (r"Resource id already exists\.", "eine Ressource mit dieser Kennung gibt es schon"),
    (r"Another resource has the same id", "eine andere Ressource hat dieselbe Kennung"),
    (
        r"Only an administrator of the site may choose the id of a dataset",
        "nur die Verwaltung der Website wählt Kennungen",
    ),
    (r"Datasets with no organization can't be private\.", "ohne Organisation kann ein Datensatz nicht privat sein"),
    (r"Must be a UUID", "muss eine UUID sein"),
    (r"Must be text", "muss Text sein"),
    (r"Must be true or false", "muss true oder false sein"),
    (r"Must be one of: (.*)", r"muss eines von diesen sein: \1"),
    (r"Must be (\d+) to (\d+) characters long", r"braucht \1 bis \2 Zeichen"),
    (r"Must not be longer than (\d+) characters", r"darf höchstens \1 Zeichen haben"),
    (r"Must not have more than (\d+) entries", r"darf höchstens \1 Einträge haben"),
    (r"Must be a natural number", "muss eine natürliche Zahl sein"),
    (r"Must be an e-mail address", "muss eine E-Mail-Adresse sein"),
    (r"Must be an ISO 8601 date or time", "muss ein Datum wie 2026-05-31 sein"),
    (
        r"May hold only lower-case letters a to z, digits, hyphen and underscore",
        "darf nur aus a-z, 0-9, - und _ bestehen",
    ),
    (
        r"May hold only letters, digits, blanks and -_\.",
        "darf nur aus Buchstaben, Ziffern, Leerzeichen und -_. bestehen",
    ),
    (r"This city is not configured", "diese Kommune gibt es hier nicht (offenbar city list)"),
    (r"Group name already exists in database", "dieser Name ist schon vergeben"),
    (r"This name is reserved", "dieser Name ist nicht erlaubt"),
    (r"There is a field of this name", "ein Feld dieses Namens gibt es schon"),
    (r'Duplicate key "(.*)"', r"der Schlüssel „\1“ steht doppelt da"),
    (r"Holds characters that are no text", "enthält Zeichen, die kein Text sind"),
)


class SiteError(OffenbarError):
    """A catalogue refused an action. `kind` is the `__type` of CKAN's errors or one of the words above, `fields` what is wrong with each."""

    def __init__(self, message: Message, kind: str, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.fields = fields or {}

    def concerns(self, field: str, sentence: str) -> bool:
        """Tell whether this is said of a field."""
        return self.kind == INVALID and sentence in (self.fields.get(field) or ())


def read(kind: str, details: Mapping[str, Any], wanted: str = "") -> SiteError:
    """Read the error of an action; `wanted` is what it was asked for, and named where the answer names nothing."""
    said = one_line(str(details.get("message") or ""), _LONGEST)
    if kind == NOT_FOUND:
        what = said.removeprefix("Not found").removeprefix(": ")
        tail = f": {what}" if what else "."
        german, english = (f"„{wanted}“", f"“{wanted}”") if wanted and not what else ("Das", "This")
        return SiteError(
            Message(
                f"{german} gibt es nicht, oder Sie dürfen es nicht sehen{tail}",
                f"{english} does not exist, or you may not see it{tail}",
            ),
            kind,
        )
    if kind == DENIED:
        return SiteError(_denied(said.removeprefix("Access denied").removeprefix(": ")), kind)
    if kind == CHANGED:
        return SiteError(
            Message(
                "Der Datensatz wurde inzwischen geändert. Nächster Schritt: neu lesen, dann ändern.",
                "The dataset has changed meanwhile. Next step: read it again, then change it.",
            ),
            kind,
        )
    fields = {key: value for key, value in details.items() if key not in ("__type", "message")}
    if kind == INVALID and fields:
        return SiteError(_invalid(fields), kind, fields)
    return SiteError(Message(f"Abgelehnt: {said or kind}", f"Refused: {said or kind}"), kind)


def named(arguments: Mapping[str, Any] | None) -> str:
    """Name what an action was asked for by its id or name; empty where it was not."""
    return one_line(str((arguments or {}).get("id") or ""), 100)


def unknown_action(action: str, address: str) -> SiteError:
    """Say that a catalogue has no such action."""
    return SiteError(
        Message(
            f"{address} kennt die Aktion {action} nicht; es ist ein älteres offenbar oder ein anderes Programm.",
            f"{address} does not know the action {action}; it is an older offenbar, or another program.",
        ),
        UNKNOWN_ACTION,
    )


def _denied(why: str) -> Message:
    if why.startswith("this dataset comes from the source"):
        return Message(
            f"Dieser Datensatz wird geerntet und an seiner Quelle gepflegt ({why}).",
            f"This dataset is harvested and kept at its source ({why}).",
        )
    tail = f" ({why})" if why else ""
    return Message(
        f"Das dürfen Sie dort nicht{tail}. Nächster Schritt: mit --token einen Token angeben, dessen Konto es darf",
        f"You may not do that there{tail}. Next step: with --token, give a token whose account may",
    )


def _invalid(fields: Mapping[str, Any]) -> Message:
    found = list(dict.fromkeys(_said(fields)))[:_MOST]
    german = "; ".join(f"{field}: {_german(sentence)}" for field, sentence in found)
    english = "; ".join(f"{field}: {sentence}" for field, sentence in found)
    return Message(f"So geht es nicht: {german}", f"This cannot be done: {english}")


def _said(fields: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Flatten what is said of fields, and of those within lists."""
    for field, value in list(fields.items())[:_MOST]:
        path = f"{before}{one_line(str(field), 60)}"
        for position, one in enumerate(value if isinstance(value, list) else [value], 1):
            if isinstance(one, Mapping):
                if depth < 3:
                    yield from _said(one, f"{path}[{position}].", depth + 1)
            else:
                yield path, one_line(str(one), _LONGEST)


def _german(sentence: str) -> str:
    for pattern, german in _GERMAN:
        if found := re.fullmatch(pattern, sentence):
            return found.expand(german) if found.groups() else german
    return sentence
