"""The kinds of personal data the scan knows: what shows them in a cell, in which columns, and when a column has enough of them."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dcat.message import Message
from validators import person_names, personal
from validators.columns import plain
from validators.looks import Tally
from validators.plain_text import ODD

# Of the cells that look like a number with check digits, so many must pass where nothing else says what they are: of random ones
# at most every tenth does.
_PASSING = 0.6
# Different numbers that must pass there.
_LEAST = 5


class Confidence(StrEnum):
    """How sure a verdict is: the first two keep a file back, the last asks for a look."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    LOOK = "look"


# Every kind asks for the same few names again and again.
_plain = functools.lru_cache(maxsize=1024)(plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyCheck:
    """One kind of personal data: the cells that show it, the columns that say it, with pairs it must and must not find.

    `anywhere` looks at cells of every column, `labelled` at those of columns whose plain name has `labels`. Every cell found by
    `anywhere` matches `prefilter` (RE2). Of the filled cells `share` must show it and at least `least`, but any one is enough under
    `eager_labels`; a tenth of that share is worth a look. With `shape` the share is that of the cells of this shape, unless the text
    (`named`) says what they are. `sure` cells or `sure_labels` make it certain; under `soft_labels` it is only worth a look.
    """

    code: str
    what: Message
    fix: Message
    found: tuple[tuple[str, str], ...]
    passed: tuple[tuple[str, str], ...]
    anywhere: Callable[[str], bool] | None = None
    prefilter: str = ""
    labelled: Callable[[str], bool] | None = None
    labels: str = ""
    shape: Callable[[str], bool] | None = None
    named: Callable[[str], bool] | None = None
    sure: Callable[[str], bool] | None = None
    sure_labels: str = ""
    soft_labels: str = ""
    eager_labels: str = ""
    share: float = 0.0
    least: int = 1
    confidence: Confidence = Confidence.PROBABLE

    def about(self, column: str) -> bool:
        """Tell whether the name of a column says that it holds this."""
        return _has(self.labels, _plain(column))

    def looks_at(self, column: str) -> bool:
        """Tell whether a column of this name is examined."""
        return self.anywhere is not None or self.about(column)

    def finds(self, column: str, cell: str) -> bool:
        """Tell whether a cell of a column shows it."""
        return self.question(column)(cell)

    def question(self, column: str) -> Callable[[str], bool]:
        """Give the test for the cells of a column; ask `looks_at` first."""
        if self.labelled is not None and self.about(column):
            named, other = self.labelled, self.anywhere
            return (lambda cell: named(cell) or other(cell)) if other else named
        return self.anywhere or _never

    def weigh(self, column: str, tally: Tally, shaped: Tally | None = None) -> Confidence | None:
        """Decide about a column from the cells found; `shaped` counts those of the shape. Nothing when it is no alarm."""
        if not tally.count:
            return None
        about, label = self.about(column), _plain(column)
        said = about or (self.named is not None and any(self.named(value) for (value,) in tally.values))
        if shaped is not None and not self._pass(tally, shaped, about=about, said=said):
            return None
        few = tally.count < self.least or tally.count < self.share * tally.asked
        if few and not (about and self.labelled) and not _has(self.eager_labels, label):
            halfway = tally.count >= min(self.least, 2) and tally.count >= self.share / 10 * tally.asked
            return Confidence.LOOK if halfway and not _has(self.soft_labels, label) else None
        if _has(self.soft_labels, label):
            return Confidence.LOOK
        sure = self.sure is not None and any(self.sure(value) for (value,) in tally.values)
        return Confidence.CERTAIN if sure or said or _has(self.sure_labels, label) else self.confidence

    def _pass(self, tally: Tally, shaped: Tally, *, about: bool, said: bool) -> bool:
        """Tell whether so many of the cells of the shape have right check digits that chance does not explain it."""
        if said and not about:
            return True
        if about:
            return shaped.count < _LEAST or tally.count >= _PASSING / 2 * shaped.count
        return len(tally.values) >= _LEAST and tally.count >= _PASSING * shaped.count


def _or_odd(pattern: str) -> str:
    """Cells that hold signs which only look like plain text are looked at in any case."""
    return f"{pattern}|{ODD}"


def _has(pattern: str, label: str) -> bool:
    return bool(pattern) and re.search(pattern, label) is not None


def _never(cell: str) -> bool:
    return False


_REMOVE = Message(
    "Löschen Sie die Spalte oder ersetzen Sie die Werte, zum Beispiel durch ein Sammelpostfach, und laden Sie die Datei neu.",
    "Delete the column or replace the values, for example by a shared mailbox, and upload the file again.",
)
_WITHHOLD = Message(
    "Löschen Sie die Spalte oder halten Sie sie zurück; die übrigen Spalten können veröffentlicht werden.",
    "Delete the column or withhold it; the other columns can be published.",
)
_PSEUDONYM = Message(
    "Löschen Sie die Spalte; wird ein Schlüssel gebraucht, ersetzen Sie sie durch eine laufende Nummer ohne Bezug zur Person.",
    "Delete the column; if a key is needed, replace it by a running number without relation to the person.",
)
_REWRITE = Message(
    "Nehmen Sie die Angaben aus dem Text oder lassen Sie die Spalte weg; die übrigen Spalten können veröffentlicht werden.",
    "Take the particulars out of the text or leave the column out; the other columns can be published.",
)
_LOOK = Message(
    "Sehen Sie die Spalte durch. Steht nichts über Privatpersonen darin, ist nichts zu tun.",
    "Look through the column. If it says nothing about private persons, nothing needs to be done.",
)

CHECKS = (
    PrivacyCheck(
        code="personal-email",
        anywhere=personal.personal_email,
        prefilter=_or_odd(r"@|[(\[{] ?[AaÄä][Tt] ?[)\]}]"),
        sure=personal.surely_personal_email,
        what=Message("E-Mail-Adressen von Personen", "e-mail addresses of persons"),
        fix=_REMOVE,
        found=(
            ("kontakt", "vorname.nachname@stadt.example"),
            ("text", "Fragen an v.nachname@stadt.example"),
            ("email", "sonnenblume77@gmx.de"),
            ("email", "erika@mustermann.example"),
            ("text", "vorname.nachname (at) stadt [punkt] example"),
            ("email", "vorname.nachname＠stadt.example"),
            ("email", "vorname.nachname@\u200bstadt.example"),
        ),
        passed=(
            ("email", "info@stadt.example"),
            ("email", "poststelle@stadt.example"),
            ("email", "kita.nordend@stadt.example"),
            ("email", "gruenflaechenamt@stadt.example"),
            ("email", "umweltamt.baeume@stadt.example"),
            ("email", "kita-regenbogen@web.de"),
            ("email", "st.elisabeth@kirche.example"),
            ("name", "Treffpunkt @ Markt"),
            ("email", "info(at)stadt.example"),
            ("name", "Halt (at) Markt"),
        ),
    ),
    PrivacyCheck(
        code="mobile-number",
        anywhere=personal.mobile,
        prefilter=_or_odd(r"(?:^|[^\w.,/-])(?:\+[1-9]|00[1-9]|\(?0\)?[ ()/.-]*1[ ()/.-]*[567])(?:[ ()/.-]{0,3}\d){4}"),
        sure_labels=r"mobil|handy|privat",
        soft_labels=r"dienst|bereitschaft|notruf|hotline|wache|zentrale",
        what=Message("Mobilfunknummern", "mobile phone numbers"),
        fix=_REMOVE,
        found=(
            ("telefon", "0171 1234567"),
            ("telefon", "+49 151 12345678"),
            ("telefon", "+49 (0)160/1234567"),
            ("telefon", "0171\u00a01234567"),
            ("telefon", "0171\u202f123\u202f45\u202f67"),
            ("telefon", "0171 \N{EN DASH} 1234567"),
            ("telefon", "0171\N{NON-BREAKING HYPHEN}1234567"),
            ("telefon", "0171 1234567, ab 9 Uhr"),
        ),
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
        code="private-phone",
        labelled=personal.landline,
        labels=r"privat",
        what=Message("private Telefonnummern", "private telephone numbers"),
        fix=_REMOVE,
        found=(("Telefon privat", "06151 123456"), ("Privatnummer", "069/12345678")),
        passed=(("telefon", "06151 123456"), ("Telefon privat", "069 212-34567"), ("Privatweg", "12345")),
    ),
    PrivacyCheck(
        code="bank-account",
        anywhere=personal.bank_account,
        prefilter=_or_odd(r"[A-Za-z]{2}\d{2} ?[A-Za-z0-9]{4} ?[A-Za-z0-9]{4}"),
        confidence=Confidence.CERTAIN,
        what=Message("Bankverbindungen (IBAN)", "bank accounts (IBAN)"),
        fix=_REMOVE,
        found=(
            ("konto", "DE89 3704 0044 0532 0130 00"),
            ("konto", "DE89370400440532013000"),
            ("text", "auf AT61 1904 3002 3457 3201"),
            ("konto", "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"),
        ),
        passed=(("konto", "DE88370400440532013000"), ("externe_kennung", "DEHE001"), ("baum_id", "DE12")),
    ),
    PrivacyCheck(
        code="tax-id",
        anywhere=personal.tax_id,
        prefilter=_or_odd(r"[1-9]\d(?:\d{9}| \d{3} \d{3} \d{3})"),
        shape=personal.tax_shape,
        named=personal.named_tax_id,
        labels=r"(?:^|_)(?:steuer_?id|steuer_?ident\w*|steuerliche_identifikationsnummer|idnr|id_nr_steuer|tax_id)(?:_|$)",
        what=Message("Steuer-Identifikationsnummern", "tax identification numbers"),
        fix=_PSEUDONYM,
        found=(("Steuer-ID", "86 095 742 719"), ("bemerkung", "Steuer-ID: 86095742719")),
        passed=(("Steuer-ID", "86 095 742 718"), ("objekt_id", "12345678901"), ("flaeche", "0,86095742719")),
    ),
    PrivacyCheck(
        code="pension-number",
        anywhere=personal.pension_number,
        prefilter=_or_odd(r"\d{2} ?\d{6} ?[A-Z] ?\d{2} ?\d"),
        shape=personal.pension_shape,
        named=personal.pension_number_in_text,
        labels=r"rentenversicherung|rv_?nr|rvnr|sozialversicherung|sv_?nummer|svnr|sv_nr|versicherungsnummer",
        what=Message("Rentenversicherungsnummern", "numbers of the pension insurance"),
        fix=_PSEUDONYM,
        found=(("sv_nummer", "65 170839 J 003"), ("text", "RVNR 15070649C103")),
        passed=(("sv_nummer", "65 170839 J 004"), ("inventar", "65 991339 J 003")),
    ),
    PrivacyCheck(
        code="health-number",
        anywhere=personal.health_number,
        prefilter=_or_odd(r"[A-Z]\d{9}"),
        shape=personal.health_shape,
        named=personal.named_health_number,
        labels=r"kranken\w*nummer|versichertennummer|versicherten_?nr|kvnr|kv_nr|egk",
        what=Message("Krankenversichertennummern", "numbers of the health insurance"),
        fix=_PSEUDONYM,
        found=(("KVNR", "A123456780"), ("text", "Versichertennummer: A123456780")),
        passed=(("KVNR", "A123456789"), ("KVNR", "A12345678")),
    ),
    PrivacyCheck(
        code="birth-date",
        anywhere=personal.born_in_text,
        prefilter=_or_odd(r"(?i:geb\.|geboren|geburtsdatum|geburtstag)|\*"),
        labelled=personal.birth_date,
        labels=r"(?:^|_)(?:geburtsdatum|geburtstag|geb_?dat(?:um)?|geburts_datum|date_of_birth|birth_?date|birthday|dob)(?:_|$)"
        r"|^(?:geb|geboren|geboren_am)$",
        what=Message("Geburtsdaten", "dates of birth"),
        fix=_WITHHOLD,
        found=(
            ("Geburtsdatum", "31.12.1980"),
            ("geb_datum", "1980-12-31"),
            ("Geb.-Datum", "1.2.80"),
            ("bemerkung", "E. Muster, geb. 12.03.1961"),
        ),
        passed=(
            ("stand", "2026-01-15"),
            ("inbetriebnahme", "1998-05-01"),
            ("Geburtsdatum", ""),
            ("Geburtsdatum", "unbekannt"),
            ("Geburtsdatum", "28.08.1749"),
            ("text", "Dichterin, geb. 12.03.1931, gest. 3.4.1999"),
        ),
    ),
    PrivacyCheck(
        code="person-name",
        anywhere=person_names.full_name,
        prefilter=_or_odd(r"^[^0-9]*[\s,\x{a0}][^a-z0-9\s][^0-9]*$"),
        labelled=person_names.name_like,
        labels=r"(?:^|_)(?:nachname|vorname|familienname|zuname|rufname|geburtsname|last_?name|first_?name|surname|family_name|"
        r"given_name)n?(?:_|$)",
        soft_labels=r"kuenstler|bildhauer|architekt|autor|verfasser|komponist|fotograf|benannt|namensgeber|namenspat|gewidmet|geehrt|"
        r"preistraeger|buergermeister|minister|kandidat|abgeordnet|stadtverordnet|mitglied|fraktion|mandat|dezernent|strasse|platz|schule|"
        r"denkmal|kunstwerk|titel|werk",
        eager_labels=r"ansprechpart|ansprechperson|kontaktperson|sachbearbeit|antragstell|eigentuemer|(?:^|_)paten?(?:_|$)|halter|mieter|"
        r"bewohner|paechter|erziehungsberechtigt|elternteil|patient|schueler(?:in)?_?name|bearbeiter|hausmeister|melder|beschwerdefuehr|"
        r"bewerber|teilnehmer",
        share=0.5,
        least=3,
        what=Message("Namen von Personen", "names of persons"),
        fix=_WITHHOLD,
        found=(
            ("Nachname", "Muster"),
            ("VORNAME", "Erika"),
            ("Familienname", "von Muster-Beispiel"),
            ("pate", "Erika Muster"),
            ("pate", "Muster, Hans-Peter"),
            ("Nachname", "Mu\u0308ller"),
            ("pate", "Erika\u2009Muster"),
        ),
        passed=(
            ("name", "Spielplatz Am Warmen Damm"),
            ("strasse", "Erika-Muster-Straße"),
            ("schule", "Erika Muster Schule"),
            ("art_deutsch", "Winterlinde"),
            ("art_botanisch", "Rosa canina"),
            ("Nachname", "-"),
            ("Vorname", "12"),
        ),
    ),
    PrivacyCheck(
        code="person-in-text",
        anywhere=person_names.addressed,
        prefilter=_or_odd(r"(?:Herrn?|Frau|Hr\.|Fr\.)[^\w-]"),
        what=Message("Namen von Personen im Text", "names of persons within text"),
        fix=_REWRITE,
        found=(("bemerkung", "Schlüssel bei Frau Erika Muster abholen"), ("kontakt", "Herr Dr. Muster")),
        passed=(
            ("name", "Kita Frau Holle"),
            ("strasse", "Frau-Holle-Weg"),
            ("bemerkung", "Angebote für Mann und Frau"),
            ("titel", "Der Herr der Ringe"),
            ("name", "Kirche Unserer Lieben Frau"),
            ("name", "Pfarrei Unsere Liebe Frau Musterstadt"),
            ("bemerkung", "Herr und Frau Beratung im Haus"),
        ),
    ),
    PrivacyCheck(
        code="titled-person",
        anywhere=person_names.titled,
        prefilter=_or_odd(r"(?:Prof|Dr)\."),
        confidence=Confidence.LOOK,
        what=Message("Personen mit Titel", "persons with a title"),
        fix=_LOOK,
        found=(("einrichtung", "Praxis Dr. Muster"), ("leitung", "Prof. Dr. Erika Muster")),
        passed=(("strasse", "Dr.-Robert-Koch-Straße"), ("name", "Dr. Muster Apotheke")),
    ),
    PrivacyCheck(
        code="licence-plate",
        anywhere=personal.named_plate,
        prefilter=_or_odd(r"(?i:kennzeichen|kfz|pkw)"),
        labelled=personal.licence_plate,
        labels=r"kennzeichen|kfz|nummernschild|license_plate|licence_plate",
        what=Message("Kennzeichen von Fahrzeugen", "licence plates"),
        fix=_PSEUDONYM,
        found=(
            ("Kfz-Kennzeichen", "DA-AB 123"),
            ("Kfz-Kennzeichen", "DA\N{EN DASH}AB\u00a0123"),
            ("bemerkung", "grauer Pkw, Kennzeichen: WI-XY 99"),
        ),
        passed=(("linie", "F-W 12"), ("kennzeichen", "06411000"), ("bemerkung", "Linie DA-AB 12")),
    ),
)
BY_CODE = {check.code: check for check in CHECKS}
