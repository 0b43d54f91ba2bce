"""A first gate against personal data in tables: addresses of persons, mobile numbers, bank accounts, birth dates, names of persons."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from dcat.errors import UnreadableError
from dcat.message import Message
from validators.columns import plain
from validators.report import MAX_EXAMPLES, MAX_ROWS, Finding, Severity, TableProfile, column_letter
from validators.sniff import records
from validators.wording import cells

_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@([\w-]+(?:\.[\w-]+)+)")
_MOBILE = re.compile(
    r"(?<![\w.,/-])(?:\+49|0049|0)[ /-]?(?:\(0\))?[ /-]?1(?:5\d|6[0239]|7\d)(?:[ /-]?\d){7,8}(?![\w.,])"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_IBAN_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "CH": 21,
    "DE": 22,
    "DK": 18,
    "ES": 24,
    "FR": 27,
    "IT": 27,
    "LU": 20,
    "NL": 18,
    "PL": 28,
}
_DATE = re.compile(r"\s*(?:\d{1,2}\.\d{1,2}\.(?:\d{2}|\d{4})|\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})(?:[ T].*)?")
_PERSON = re.compile(r"\s*(?:(?:von|van|de|zu|Dr\.|Prof\.) )*[A-ZÄÖÜ][\w'’.-]+(?:[ -][\w'’.-]+){0,3}\s*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BIRTH_COLUMNS = _words("""
    geburtsdatum geburtstag geb_datum gebdatum geb_dat gebdat geb geboren geboren_am date_of_birth birth_date
    birthdate birthday dob
""")
_NAME_COLUMNS = _words("""
    nachname vorname familienname zuname rufname geburtsname vor_und_nachname vorname_nachname nachname_vorname
    last_name lastname first_name firstname surname family_name given_name
""")
_PRIVATE_HOSTS = _words("""
    gmail.com googlemail.com gmx.de gmx.net gmx.at web.de t-online.de freenet.de yahoo.de yahoo.com hotmail.com
    hotmail.de outlook.com outlook.de live.de icloud.com me.com aol.com arcor.de posteo.de mailbox.org proton.me
    protonmail.com
""")
_ROLES = _words("""
    info mail email post poststelle kontakt contact office service team buero verwaltung sekretariat anfrage
    anfragen hilfe support redaktion presse webmaster admin postmaster noreply no-reply newsletter daten opendata
    open data geodaten gis kita kiga hort schule grundschule bibliothek buecherei museum bad freibad hallenbad
    jugend senioren zentrum zentrale rathaus gemeinde stadt landkreis kreis umwelt bauen bauhof gruenflaechen
    strassen verkehr soziales kultur sport wahlen statistik vermessung feuerwehr polizei friedhof tourismus
    touristinfo buergerservice buergerbuero datenschutz vergabe personal
""")
_ROLE_ENDS = (
    "amt",
    "schule",
    "stelle",
    "bibliothek",
    "buero",
    "zentrum",
    "haus",
    "verein",
    "kita",
    "bad",
    "betrieb",
    "referat",
    "service",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyCheck:
    """One kind of personal data: the cells that show it, in `columns` only where named, with pairs it must and must not find."""

    code: str
    shows: Callable[[str], bool]
    columns: frozenset[str] = frozenset()
    what: Message
    fix: Message
    found: tuple[tuple[str, str], ...]
    passed: tuple[tuple[str, str], ...]

    def looks_at(self, column: str) -> bool:
        """Tell whether a column of this name is examined."""
        return not self.columns or plain(column) in self.columns

    def finds(self, column: str, cell: str) -> bool:
        """Tell whether a cell of a column shows personal data."""
        return self.looks_at(column) and self.shows(cell)


def _personal_email(cell: str) -> bool:
    return "@" in cell and any(_is_personal(*match) for match in _EMAIL.findall(cell))


def _is_personal(local: str, host: str) -> bool:
    words = [word for word in re.split(r"[._+-]|\d+", local.casefold()) if word]
    if any(word in _ROLES or word.endswith(_ROLE_ENDS) for word in words):
        return False
    if host.casefold() in _PRIVATE_HOSTS:
        return True
    parts = [part for part in re.split(r"[._]", local) if part]
    return len(parts) >= 2 and all(part.replace("-", "").isalpha() for part in parts)


def _mobile(cell: str) -> bool:
    return len(cell) >= 10 and bool(_MOBILE.search(cell))


def _iban(cell: str) -> bool:
    return len(cell) >= 15 and any(_is_iban(match.replace(" ", "")) for match in _IBAN.findall(cell))


def _is_iban(text: str) -> bool:
    if len(text) != _IBAN_LENGTHS.get(text[:2], 0):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def _birth_date(cell: str) -> bool:
    return bool(_DATE.fullmatch(cell))


def _person_name(cell: str) -> bool:
    return bool(_PERSON.fullmatch(cell))


_REMOVE = Message(
    "Löschen Sie die Spalte oder ersetzen Sie die Werte, zum Beispiel durch ein Sammelpostfach, und laden Sie die Datei neu.",
    "Delete the column or replace the values, for example by a shared mailbox, and upload the file again.",
)
_WITHHOLD = Message(
    "Löschen Sie die Spalte oder halten Sie sie zurück; die übrigen Spalten können veröffentlicht werden.",
    "Delete the column or withhold it; the other columns can be published.",
)

CHECKS = (
    PrivacyCheck(
        code="personal-email",
        shows=_personal_email,
        what=Message("E-Mail-Adressen von Personen", "e-mail addresses of persons"),
        fix=_REMOVE,
        found=(
            ("kontakt", "vorname.nachname@stadt.example"),
            ("text", "Fragen an v.nachname@stadt.example"),
            ("email", "sonnenblume77@gmx.de"),
        ),
        passed=(
            ("email", "info@stadt.example"),
            ("email", "poststelle@stadt.example"),
            ("email", "kita.nordend@stadt.example"),
            ("email", "gruenflaechenamt@stadt.example"),
            ("email", "umweltamt.baeume@stadt.example"),
            ("email", "kita-regenbogen@web.de"),
            ("name", "Treffpunkt @ Markt"),
        ),
    ),
    PrivacyCheck(
        code="mobile-number",
        shows=_mobile,
        what=Message("Mobilfunknummern", "mobile phone numbers"),
        fix=_REMOVE,
        found=(("telefon", "0171 1234567"), ("telefon", "+49 151 12345678"), ("telefon", "+49 (0)160/1234567")),
        passed=(
            ("telefon", "+49 611 310"),
            ("telefon", "+49 69 21231111"),
            ("telefon", "06151 131"),
            ("lon", "8.01511234567"),
            ("baum_id", "da-01711234567"),
            ("flaeche", "15112345678"),
        ),
    ),
    PrivacyCheck(
        code="bank-account",
        shows=_iban,
        what=Message("Bankverbindungen (IBAN)", "bank accounts (IBAN)"),
        fix=_REMOVE,
        found=(
            ("konto", "DE89 3704 0044 0532 0130 00"),
            ("konto", "DE89370400440532013000"),
            ("text", "auf AT61 1904 3002 3457 3201"),
        ),
        passed=(("konto", "DE88370400440532013000"), ("externe_kennung", "DEHE001"), ("baum_id", "DE12")),
    ),
    PrivacyCheck(
        code="birth-date",
        shows=_birth_date,
        columns=_BIRTH_COLUMNS,
        what=Message("Geburtsdaten", "dates of birth"),
        fix=_WITHHOLD,
        found=(("Geburtsdatum", "31.12.1980"), ("geb_datum", "1980-12-31"), ("Geb.-Datum", "1.2.80")),
        passed=(
            ("stand", "2026-01-15"),
            ("inbetriebnahme", "1998-05-01"),
            ("Geburtsdatum", ""),
            ("Geburtsdatum", "unbekannt"),
        ),
    ),
    PrivacyCheck(
        code="person-name",
        shows=_person_name,
        columns=_NAME_COLUMNS,
        what=Message("Namen von Personen", "names of persons"),
        fix=_WITHHOLD,
        found=(("Nachname", "Muster"), ("VORNAME", "Erika"), ("Familienname", "von Muster-Beispiel")),
        passed=(
            ("name", "Spielplatz Am Warmen Damm"),
            ("strasse", "Erika-Muster-Straße"),
            ("art_deutsch", "Winterlinde"),
            ("Nachname", "-"),
            ("Vorname", "12"),
        ),
    ),
)


@dataclass(slots=True)
class _Hits:
    count: int = 0
    rows: list[int] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)


def scan(path: Path, sniffed: TableProfile) -> tuple[Finding, ...]:
    """Look for personal data in every row; every finding blocks publication. Examples are masked."""
    if not sniffed.readable:
        return ()
    hits: dict[tuple[int, int], _Hits] = {}
    examined: dict[int, list[int]] = {}
    for number, row in records(path, sniffed):
        for position, cell in enumerate(row):
            if len(cell) < 2:
                continue
            if (indexes := examined.get(position)) is None:
                column = sniffed.header[position] if position < len(sniffed.header) else ""
                indexes = [index for index, check in enumerate(CHECKS) if check.looks_at(column)]
                examined[position] = indexes
            for index in indexes:
                if CHECKS[index].shows(cell):
                    _note(hits.setdefault((position, index), _Hits()), number, cell)
    return tuple(_finding(CHECKS[index], position, sniffed, found) for (position, index), found in sorted(hits.items()))


def scan_json(body: bytes) -> tuple[Finding, ...]:
    """Look for personal data in every text of a JSON document, GeoJSON too; the keys stand for columns. UnreadableError if it is none."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(
            Message(f"Die Datei ist kein lesbares JSON: {error}", f"The file is no readable JSON: {error}")
        ) from error
    columns: dict[str, int] = {}
    hits: dict[tuple[int, int], _Hits] = {}
    for number, (column, text) in enumerate(_texts(document, ""), 1):
        position = columns.setdefault(column, len(columns))
        for index, check in enumerate(CHECKS):
            if check.looks_at(column) and check.shows(text):
                _note(hits.setdefault((position, index), _Hits()), number, text)
    keys = TableProfile(header=tuple(columns))
    return tuple(_finding(CHECKS[index], position, keys, found) for (position, index), found in sorted(hits.items()))


def _texts(value: Any, column: str) -> Iterator[tuple[str, str]]:
    """Walk through all texts of a JSON value, each with the nearest key above it; orjson has limited the depth."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, column)
    elif isinstance(value, str) and len(value) > 1:
        yield column, value


def _note(hits: _Hits, row: int, cell: str) -> None:
    hits.count += 1
    masked = f"{cell.strip()[:2]}…"
    if len(hits.rows) < MAX_ROWS:
        hits.rows.append(row)
    if len(hits.examples) < MAX_EXAMPLES and masked not in hits.examples:
        hits.examples.append(masked)


def _finding(check: PrivacyCheck, position: int, sniffed: TableProfile, hits: _Hits) -> Finding:
    letter = column_letter(position + 1)
    number = cells(hits.count)
    return Finding(
        severity=Severity.BLOCKS,
        code=check.code,
        what=Message(
            f"Spalte {letter} enthält vermutlich {check.what.de} ({number.de}).",
            f"Column {letter} probably holds {check.what.en} ({number.en}).",
        ),
        why=Message(
            "Personenbezogene Daten dürfen nicht als offene Daten veröffentlicht werden.",
            "Personal data must not be published as open data.",
        ),
        fix=check.fix,
        count=hits.count,
        rows=tuple(hits.rows),
        field=sniffed.header[position] if position < len(sniffed.header) else "",
        column=letter,
        address=f"{letter}{hits.rows[0]}",
        examples=tuple(hits.examples),
    )
