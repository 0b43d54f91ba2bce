"""Proposes a Table Schema for a table after looking at all its rows, with German spellings in mind; the table itself always conforms to it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from dcat.message import Message
from validators import schemas
from validators.column_facts import MARKS, NUMBERS, WORDS, Facts, gather, notation, writes_german
from validators.columns import plain
from validators.coordinates import RHEIN_MAIN
from validators.intake import Intake
from validators.schemas import TableSchema

# A list of values is proposed where this many or fewer different ones occur, each five times on average, in at least 20 cells.
_MAX_ENUM = 20
_MIN_CELLS = 20
_LENGTHS = (10, 20, 40, 80, 120, 160, 255, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000, 1_000_000)
_KEY_WORDS = frozenset(
    [
        "id",
        "lfd",
        "nr",
        "no",
        "nummer",
        "ags",
        "gkz",
        "plz",
        "postleitzahl",
        "schluessel",
        "key",
        "kennung",
        "kennziffer",
        "kennzahl",
        "code",
        "tel",
        "telefon",
        "fax",
        "iban",
        "konto",
        "uuid",
        "guid",
    ]
)
# Keys of something else than the row: towns, people, banks.
_OTHERS_KEYS = frozenset(("ags", "gkz", "plz", "postleitzahl", "tel", "telefon", "fax", "iban", "konto"))
_KEY_ENDS = ("nr", "nummer", "schluessel", "kennziffer", "objectid", "stationid")
_FIXED = 5
_ROOM = Decimal("1.000000000001")
_YEAR_WORDS = ("jahr", "year")
_DAY_WORDS = ("datum", "date", "tag", "stand")
_DEGREES = {"lon": RHEIN_MAIN[:2], "lat": RHEIN_MAIN[2:]}
_AXES = {"lon": "lon", "lng": "lon", "longitude": "lon", "laengengrad": "lon", "laenge": "lon"} | {
    "lat": "lat",
    "latitude": "lat",
    "breitengrad": "lat",
    "breite": "lat",
}

# The properties of a field, and what a person should know about the choice.
_Choice = tuple[dict[str, Any], Message | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What one column seems to hold: the field proposed for it, and why, where that is not plain."""

    label: str
    field: dict[str, Any]
    note: Message | None = None
    filled: int = 0
    different: int | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """A proposed schema: its document, the same as a schema of ours, what is known of each column, and how many rows were read."""

    schema: TableSchema
    document: dict[str, Any]
    columns: tuple[Guess, ...]
    facts: tuple[Facts, ...]
    rows: int


def infer(table: Intake, name: str) -> Inference:
    """Read all rows of an opened table and propose a schema called `name`."""
    facts, rows = gather(table.path, table.profile)
    # A file writes its numbers in one way; where a column leaves it open whether 1.134 is one or a thousand, the others decide.
    german = writes_german(facts)
    guesses = [
        _guess(label, title, each, rows, german=german)
        for label, title, each in zip(_names(table.profile.header), table.profile.header, facts, strict=True)
    ]
    key = _primary_key(guesses, facts, rows)
    for guess, each in zip(guesses, facts, strict=True):
        if guess.label != key and _is_key(guess.label) and _can_be_key(guess.field, each, rows):
            guess.field["constraints"]["unique"] = True
    document: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9._-]+", "-", plain(name))[:100] or "tabelle",
        "title": name,
        "fields": [guess.field for guess in guesses],
        "missingValues": [""],
    }
    if key:
        document["primaryKey"] = [key]
    schema = schemas.read(json.dumps(document, ensure_ascii=False).encode())
    return Inference(schema=schema, document=document, columns=tuple(guesses), facts=tuple(facts), rows=rows)


def _names(header: Iterable[str]) -> list[str]:
    """Every field needs a name of its own, even where the file has none or the same twice."""
    names: list[str] = []
    for position, label in enumerate(header, start=1):
        name = label[:200] if label and label[:200] not in names else f"spalte_{position}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def _guess(name: str, label: str, facts: Facts, rows: int, *, german: bool) -> Guess:
    nothing = sum(facts.nothing.values())
    proposed, note = _kind(name, facts, german=german) if facts.filled > nothing else ({"type": "string"}, None)
    field: dict[str, Any] = {"name": name, **proposed}
    typed = field["type"] != "string" or "format" in field or "pattern" in field.get("constraints", {})
    constraints: dict[str, Any] = field.pop("constraints", {})
    if typed and facts.nothing:
        field["missingValues"] = ["", *sorted(facts.nothing)]
        words = ", ".join(f"„{word}“" for word in sorted(facts.nothing)[:5])
        note = note or Message(f"{words} gilt als leer", f"{words} counts as empty")
    if rows and not facts.empty and not (typed and nothing):
        constraints["required"] = True
    if field["type"] == "string" and not typed and facts.filled:
        constraints |= _text_rules(facts)
    field["constraints"] = constraints
    if name != label:
        note = Message("ohne eigenen Namen in der Datei", "has no name of its own in the file")
    elif not facts.filled:
        note = Message("die Spalte ist leer", "the column is empty")
    examples = tuple(value[:80] for value in list(facts.values)[:5] if value not in facts.nothing)
    different = None if facts.many else len(facts.values)
    return Guess(label=name, field=field, note=note, filled=facts.filled, different=different, examples=examples)


def _kind(name: str, facts: Facts, *, german: bool) -> _Choice:
    """Choose the type that all values have; the order settles what could be several."""
    # Only numbers are read with blanks around them.
    kinds = facts.kinds & NUMBERS if facts.padded else facts.kinds
    for read in (_boolean, _key, _compact_date, _year):
        if (found := read(name, facts, kinds)) is not None:
            return found
    if "integer" in kinds:
        return {"type": "integer", "constraints": _bounds(name, facts.bounds["point"])}, None
    if kinds & NUMBERS:
        return _number(name, facts, kinds, german=german)
    return _moment(kinds) or _text(kinds)


def _boolean(name: str, facts: Facts, kinds: set[str]) -> _Choice | None:
    for kind, (yes, no) in WORDS.items():
        if kind not in kinds or facts.many:
            continue
        seen = [value for value in facts.values if value not in facts.nothing]
        yeses = [value for value in seen if value.casefold() == yes]
        noes = [value for value in seen if value.casefold() == no]
        # A single letter alone may mean north as well as no.
        if (yeses and noes) or len(yes) > 1:
            return {"type": "boolean", "trueValues": yeses or [yes], "falseValues": noes or [no]}, None
    return None


def _key(name: str, facts: Facts, kinds: set[str]) -> _Choice | None:
    """Digits that name something stay text: 01123 and 1123 are two keys, and nobody adds up postcodes."""
    if "digits" not in kinds:
        return None
    zeros = "integer" not in kinds
    if not zeros and not _is_key(name):
        return None
    field: dict[str, Any] = {"type": "string"}
    # Short numbers of equal length are counted up and get longer: 9 is followed by 10.
    fixed = facts.shortest == facts.longest and (zeros or facts.longest >= _FIXED)
    if fixed and facts.longest < 100 and not facts.nothing:
        field["constraints"] = {"pattern": f"[0-9]{{{facts.longest}}}"}
    reason = (
        Message("führende Nullen: bleibt Text", "leading zeros: stays text")
        if zeros
        else Message("ein Schlüssel, keine Menge: bleibt Text", "a key, not a quantity: stays text")
    )
    return field, reason


def _compact_date(name: str, facts: Facts, kinds: set[str]) -> _Choice | None:
    if "date %Y%m%d" in kinds and any(word in plain(name) for word in _DAY_WORDS):
        return {"type": "date", "format": "%Y%m%d"}, None
    return None


def _year(name: str, facts: Facts, kinds: set[str]) -> _Choice | None:
    if "year" in kinds and any(word in plain(name) for word in _YEAR_WORDS):
        return {"type": "year"}, None
    return None


def _number(name: str, facts: Facts, kinds: set[str], *, german: bool) -> _Choice:
    thousands = Message(
        "1.134 könnte auch eintausendeinhundertvierunddreißig sein, bitte prüfen",
        "1.134 could also be one thousand one hundred and thirty-four, please check",
    )
    kind = notation(kinds, german=german)
    open_question = ("point" in kinds and "grouped" in kinds) or ("comma" in kinds and "english" in kinds)
    decimal, group = MARKS[kind]
    field: dict[str, Any] = {"type": "number"}
    field |= {"decimalChar": decimal} if decimal != "." else {}
    field |= {"groupChar": group} if group else {}
    field["constraints"] = _bounds(name, facts.bounds["comma" if kind == "grouped" else kind])
    return field, thousands if open_question and not german else None


def _moment(kinds: set[str]) -> _Choice | None:
    forms = [kind.split(" ", 1) for kind in sorted(kinds) if kind.startswith(("date ", "datetime ", "time "))]
    by_type: dict[str, list[str]] = {}
    for kind, form in forms:
        by_type.setdefault(kind, []).append(form)
    if dates := by_type.get("date"):
        return _date(dates)
    for kind in ("datetime", "time"):
        if found := by_type.get(kind):
            form = "default" if "default" in found else found[0]
            field = {"type": kind} if form == "default" else {"type": kind, "format": form}
            return field, None
    if "yearmonth" in kinds:
        return {"type": "yearmonth"}, None
    return None


def _date(forms: list[str]) -> _Choice | None:
    if "%Y-%m-%d" in forms:
        return {"type": "date"}, None
    if {"%d/%m/%Y", "%m/%d/%Y"} <= set(forms):
        return {"type": "date", "format": "%d/%m/%Y"}, Message(
            "Tag oder Monat zuerst? Alle Werte erlauben beides, bitte prüfen",
            "day or month first? All values allow both, please check",
        )
    known = [form for form in forms if form != "%Y%m%d"]
    return ({"type": "date", "format": known[0]}, None) if known else None


def _text(kinds: set[str]) -> _Choice:
    if "lon,lat" in kinds:
        return {"type": "geopoint"}, Message(
            "Länge und Breite in einer Zelle; besser sind zwei Spalten lon und lat",
            "longitude and latitude in one cell; two columns lon and lat are better",
        )
    if "lat,lon" in kinds:
        return {"type": "string"}, Message(
            'Breite vor Länge: als Ort erst nach einer Zuordnung lesbar (point: "lat,lon")',
            'latitude before longitude: readable as a place after a mapping only (point: "lat,lon")',
        )
    form = next((form for form in ("uuid", "uri", "email") if form in kinds), "")
    return ({"type": "string", "format": form} if form else {"type": "string"}), None


def _text_rules(facts: Facts) -> dict[str, Any]:
    few = not facts.many and 1 < len(facts.values) <= _MAX_ENUM
    often = facts.filled >= _MIN_CELLS and facts.filled >= 5 * len(facts.values)
    if few and often and facts.longest <= 60:
        return {"enum": sorted(facts.values)}
    return {"maxLength": next((length for length in _LENGTHS if length >= facts.longest), facts.longest)}


def _bounds(name: str, found: tuple[Decimal, Decimal]) -> dict[str, Any]:
    """Round outwards: a rule that fits today's values exactly breaks with the next delivery."""
    low, high = found
    axis = _AXES.get(plain(name), "")
    if axis and Decimal(str(_DEGREES[axis][0])) <= low and high <= Decimal(str(_DEGREES[axis][1])):
        return {"minimum": _DEGREES[axis][0], "maximum": _DEGREES[axis][1]}
    if "prozent" in plain(name) and low >= 0 and high <= 100:
        return {"minimum": 0, "maximum": 100}
    result = {"minimum": 0 if low >= 0 else -_nice(-low)}
    if high > 0:
        result["maximum"] = _nice(high)
    return result


def _nice(number: Decimal) -> int:
    """The next of 1, 2, 5, 10, 20, 50 … that is not smaller, with room for what was not looked at beyond the 15th digit."""
    room = number * _ROOM if len(number.as_tuple().digits) > 15 else number
    whole = max(int(room.to_integral_value(rounding=ROUND_CEILING)), 1)
    size = int("1" + "0" * (len(str(whole)) - 1))
    steps: tuple[int, ...] = (size, 2 * size, 5 * size, 10 * size)
    return next(step for step in steps if step >= whole)


def _is_key(name: str) -> bool:
    words = plain(name).split("_")
    return any(word in _KEY_WORDS or word.endswith(_KEY_ENDS) for word in words)


def _can_be_key(field: dict[str, Any], facts: Facts, rows: int) -> bool:
    whole = rows > 1 and facts.unique and facts.filled == rows and not facts.padded
    return whole and field["type"] in ("string", "integer") and facts.longest <= 64 and "missingValues" not in field


def _primary_key(guesses: list[Guess], facts: list[Facts], rows: int) -> str:
    """A column whose name says so, else the first one, if no value occurs twice."""
    able = [guess.label for guess, each in zip(guesses, facts, strict=True) if _can_be_key(guess.field, each, rows)]
    own = [name for name in able if _OTHERS_KEYS.isdisjoint(plain(name).split("_"))]
    first = guesses[0].label if guesses else ""
    return next((name for name in own if _is_key(name)), first if first in own else "")
