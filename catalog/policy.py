"""A city's policy for holding data back: coded reasons with limits, decisions with review dates. Anything else is open by default."""

import calendar
import datetime
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.config import read_yaml
from catalog.public import Reason
from dcat.errors import ConfigError
from dcat.message import Message
from dcat.model import Agent, Text


@dataclass(frozen=True, slots=True)
class Code:
    """One permitted reason to hold data back, and the longest time in months until it must be reviewed."""

    name: Message
    months: int


CODES: Mapping[str, Code] = {
    "P1": Code(Message("Personenbezogene Daten", "Personal data"), 24),
    "P2": Code(Message("Kleine Fallzahlen, statistische Geheimhaltung", "Small cells, statistical secrecy"), 12),
    "G1": Code(Message("Geschäftsgeheimnis Dritter", "Trade secret of a third party"), 12),
    "U1": Code(Message("Urheberrecht oder Vertrag Dritter", "Third-party copyright or contract"), 12),
    "S1": Code(Message("Öffentliche Sicherheit", "Public security"), 24),
    "S2": Code(Message("Kritische Infrastruktur", "Critical infrastructure"), 24),
    "V1": Code(Message("Laufendes Verfahren", "Running court, fine or criminal case"), 6),
    "E1": Code(Message("Entscheidung noch nicht getroffen", "Decision not yet taken"), 6),
    "A1": Code(Message("Auftragsangelegenheit, Zustimmung steht aus", "Delegated task, consent pending"), 3),
    "B1": Code(Message("Besonderes Amtsgeheimnis", "Special secrecy"), 36),
    "N1": Code(Message("Geschützte Arten oder Orte", "Protected species or sites"), 24),
    "X1": Code(
        Message("Nicht unsere Daten oder schon offen an anderer Stelle", "Not ours or already open elsewhere"), 12
    ),
    "D1": Code(
        Message("Derzeit zu großer Aufwand (zählt als aufgeschoben)", "Too much effort now (counts as postponed)"), 12
    ),
}
SCOPES = ("dataset", "distribution")
_REQUIRED = (
    "scope",
    "source",
    "dataset",
    "code",
    "legal_basis",
    "public_text",
    "requested_by",
    "approved_by",
    "decided",
    "review_by",
)
LOCAL_AUTHORITY = "http://purl.org/adms/publishertype/LocalAuthority"
_KNOWN = {*_REQUIRED, "file", "public_text_en", "remedy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """One decision to hold back a dataset or one of its files; `dataset` is the record's id at its source."""

    scope: str
    source: str
    dataset: str
    file: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherName:
    """One publisher of a city, and the spellings under which its sources know it."""

    city: str
    agent: Agent
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policies:
    """The decisions of all cities, and their tables of publishers."""

    withholdings: tuple[Withholding, ...] = ()
    publishers: tuple[PublisherName, ...] = ()

    def spellings(self, city: str) -> dict[str, Agent]:
        """Give the publishers of a city by each of their spellings, in the form of `spelling`."""
        own = [one for one in self.publishers if one.city == city]
        return {spelling(text): one.agent for one in own for text in one.spellings}

    def dataset(self, source: str, remote_id: str) -> Reason | None:
        """Find why a whole dataset is held back; None when it is open."""
        return next((w.reason for w in self._of(source, remote_id) if w.scope == "dataset"), None)

    def file(
        self, source: str, remote_id: str, name: str, steady: Callable[[str], str] = lambda name: name
    ) -> Reason | None:
        """Find why one file is held back; None when it is open. Under a new name it is the same file if `steady` says so."""
        held = (w for w in self._of(source, remote_id) if w.scope == "distribution" and w.file)
        return next((w.reason for w in held if steady(w.file) == steady(name)), None)

    def concerns(self, source: str, remote_id: str) -> bool:
        """Tell whether a decision is about this dataset or one of its files."""
        return bool(self._of(source, remote_id))

    def _of(self, source: str, remote_id: str) -> list[Withholding]:
        return [w for w in self.withholdings if w.source == source and w.dataset == remote_id]


def load(folder: Path) -> Policies:
    """Read every city's file; ConfigError names the file, the entry and what is missing. No folder means: everything is open."""
    withholdings: list[Withholding] = []
    publishers: list[PublisherName] = []
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))) if folder.is_dir() else ():
        content = read_yaml(file)
        # A misspelt "withhold" would otherwise publish what it names.
        if unknown := sorted(str(key) for key in content.keys() - {"city", "withhold", "publishers"}):
            raise _error(file, 0, f"unbekannt: {', '.join(unknown)}", f"unknown: {', '.join(unknown)}")
        entries = content.get("withhold") or []
        if not isinstance(entries, list):
            raise _error(file, 0, "withhold ist keine Liste", "withhold is not a list")
        withholdings.extend(_read(entry, file, number) for number, entry in enumerate(entries, 1))
        named = content.get("publishers") or []
        if not isinstance(named, list):
            raise _error(file, 0, "publishers ist keine Liste", "publishers is not a list")
        publishers.extend(_publisher(entry, str(content.get("city") or ""), file) for entry in named)
    return Policies(tuple(withholdings), tuple(publishers))


def spelling(name: str) -> str:
    """Bring a publisher's name into the form in which spellings are compared."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _publisher(entry: Any, city: str, file: Path) -> PublisherName:
    known = {"name", "uri", "email", "homepage", "spellings"}
    texts = {key: value for key, value in entry.items() if key != "spellings"} if isinstance(entry, dict) else {}
    spellings = entry.get("spellings") or [] if isinstance(entry, dict) else None
    usable = texts.keys() <= known and all(isinstance(text, str) and text.strip() for text in texts.values())
    if not usable or not texts.get("name") or not isinstance(spellings, list) or not city:
        raise _error(
            file,
            0,
            "publishers: erwartet werden city in der Datei und Einträge mit name, spellings, uri, email, homepage",
            "publishers: the file needs a city, and entries with name, spellings, uri, email, homepage",
        )
    name = texts.pop("name")
    agent = Agent(name=(Text(name, "de"),), type=LOCAL_AUTHORITY, **texts)
    return PublisherName(city=city, agent=agent, spellings=(name, *map(str, spellings)))


def _read(entry: Any, file: Path, number: int) -> Withholding:
    if not isinstance(entry, dict):
        raise _error(file, number, "erwartet werden „Schlüssel: Wert“-Zeilen", "“key: value” lines are expected")
    if missing := [key for key in _REQUIRED if not str(entry.get(key) or "").strip()]:
        raise _error(file, number, f"es fehlt {', '.join(missing)}", f"{', '.join(missing)} is missing")
    if unknown := sorted(str(key) for key in entry.keys() - _KNOWN):
        raise _error(file, number, f"unbekannt: {', '.join(unknown)}", f"unknown: {', '.join(unknown)}")
    if entry["scope"] not in SCOPES or (entry["scope"] == "distribution") != bool(entry.get("file")):
        raise _error(
            file, number, "scope ist dataset, oder distribution mit file", "scope is dataset, or distribution with file"
        )
    code = CODES.get(str(entry["code"]))
    if code is None:
        raise _error(
            file,
            number,
            f"„{entry['code']}“ ist kein zulässiger Grund (zulässig: {', '.join(CODES)}); schlechte Qualität oder fehlende "
            "Nachfrage sind keine Gründe",
            f"“{entry['code']}” is no permitted reason (permitted: {', '.join(CODES)}); poor quality or lack of demand are no reasons",
        )
    text = " ".join(str(entry["public_text"]).split())
    if len(text) < 40:
        raise _error(
            file, number, "public_text braucht 40 Zeichen oder mehr", "public_text needs 40 characters or more"
        )
    if _person(entry["requested_by"]) == _person(entry["approved_by"]):
        raise _error(
            file,
            number,
            "requested_by und approved_by müssen verschieden sein",
            "requested_by and approved_by must differ",
        )
    decided, review = (_date(entry, key, file, number) for key in ("decided", "review_by"))
    if not decided < review <= _months_later(decided, code.months):
        raise _error(
            file,
            number,
            f"review_by muss nach decided und binnen {code.months} Monaten liegen",
            f"review_by must lie after decided and within {code.months} months",
        )
    reason = Reason(
        code=str(entry["code"]),
        text=Message(text, " ".join(str(entry.get("public_text_en") or text).split())),
        legal_basis=str(entry["legal_basis"]),
        review_by=review.isoformat(),
    )
    return Withholding(
        scope=entry["scope"],
        source=str(entry["source"]),
        dataset=unicodedata.normalize("NFC", str(entry["dataset"])),
        file=unicodedata.normalize("NFC", str(entry.get("file") or "")),
        reason=reason,
    )


def _date(entry: Mapping[str, Any], key: str, file: Path, number: int) -> datetime.date:
    value = entry[key]
    try:
        if isinstance(value, datetime.datetime):
            return value.date()
        return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value))
    except ValueError:
        raise _error(
            file, number, f"{key} ist kein Datum wie 2027-05-31", f"{key} is no date such as 2027-05-31"
        ) from None


def _months_later(day: datetime.date, months: int) -> datetime.date:
    """Count on in months; a day the last month does not have becomes its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _person(value: Any) -> str:
    return " ".join(str(value).split()).casefold()


def _error(file: Path, number: int, de: str, en: str) -> ConfigError:
    """Say what is wrong with an entry; number 0 stands for the whole file."""
    where = Message(f"withhold, Eintrag {number}: ", f"withhold, entry {number}: ") if number else Message("", "")
    return ConfigError(Message(f"{file}: {where.de}{de}.", f"{file}: {where.en}{en}."))
