"""Tells in one cell what belongs to a person: addresses of mailboxes, telephone numbers, accounts, numbers with check digits, dates of birth.

Every function takes a cell and answers yes or no, in time that grows with its length only. Check digits keep other numbers out.
"""

import datetime
import re
from collections.abc import Callable, Iterator

import phonenumbers
from stdnum import iban as iban_numbers
from stdnum.de import idnr

from validators.person_names import first_names
from validators.plain_text import reads_plain

# Nobody older than this lives; what is dated earlier belongs to history.
OLDEST = 115

_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@([\w-]+(?:\.[\w-]+)+)")
_HIDDEN_AT = re.compile(r"(?i) ?[(\[{] ?(?:at|ät|@) ?[)\]}] ?")
_HIDDEN_DOT = re.compile(r"(?i) ?[(\[{] ?(?:dot|punkt|\.) ?[)\]}] ?")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+[1-9]|00[1-9]|\(0|0)(?:[ ()/.-]{0,3}\d){6,14}(?!\w|[.,]\d)")
# Numbers of German mobile networks; anything else is not worth the look into the numbering plans of the world.
_MOBILE_START = re.compile(r"(?:(?:\+|00)49[ ()/.-]*(?:\(?0\)?)?|\(?0)[ ()/.-]*1[ ()/.-]*[567]|(?:\+|00)[1-9]")
# What the town halls of the region answer with: official extensions of any length begin so.
_TOWN_HALLS = ("+49615113", "+496921", "+4961131")
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?(?!\w)")
_TAX = re.compile(r"(?<![\w.,/-])[1-9]\d(?:\d{9}| \d{3} \d{3} \d{3})(?![\w,]|\.\d)")
_PENSION = re.compile(r"(?<!\w)\d{2} ?(?:[0-2]\d|3[01])(?:0\d|1[0-2])\d{2} ?[A-Z] ?\d{2} ?\d(?!\w)")
_HEALTH = re.compile(r"(?<![\w-])[A-Z]\d{9}(?![\w-])")
_PENSION_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_TAX_WORD = re.compile(
    r"(?i)\b(?:steuer-?\s?(?:id|identifikationsnummer|ident)|tin|idnr)\b\W{0,3}(?:nr\.?|nummer)?\W{0,3}"
)
_HEALTH_WORD = re.compile(
    r"(?i)\b(?:(?:kranken)?versichertennummer|krankenversicherungsnummer|kvnr|gesundheitskarte)\b\W{0,3}(?:nr\.?)?\W{0,3}"
)
_DATE = re.compile(
    r"(?:(?P<day>\d{1,2})[./]\s?(?P<month>\d{1,2})[./]\s?(?P<year>\d{4}|\d{2})|(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2}))(?!\d)"
)
_BORN = re.compile(
    r"(?i)(?:\b(?:geb\.|geboren|geburtsdatum|geburtstag)(?:\s?am)?:?\s{0,2}|(?<!\S)[(]?\*\s{0,2})(?=\d)",
)
_DEAD = re.compile(r"(?i)†|\bgest(?:\.|orben)|\bverstorben|\bgefallen|\bermordet|\bdeportiert")
_PLATE = re.compile(r"(?<![\w-])[A-ZÄÖÜ]{1,3}(?:-| - | )[A-Z]{1,2}[ -]?[1-9]\d{0,3}[EH]?(?![\w-])")
_PLATE_WORD = re.compile(r"(?i)\b(?:kfz-?\s?|auto|amtliches\s)?kennzeichen\W{0,3}$|\bkfz\W{0,3}$|\bpkw\W{0,3}$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRIVATE_HOSTS = _words("""
    gmail.com googlemail.com gmx.de gmx.net gmx.at gmx.com web.de t-online.de freenet.de yahoo.de yahoo.com hotmail.com
    hotmail.de outlook.com outlook.de live.de live.com icloud.com me.com aol.com aol.de arcor.de posteo.de posteo.net mailbox.org
    proton.me protonmail.com email.de vodafone.de unitybox.de kabelmail.de online.de mail.de tutanota.com tutanota.de
""")
_ROLES = _words("""
    info mail email post poststelle kontakt contact office service team buero verwaltung sekretariat anfrage
    anfragen hilfe support redaktion presse webmaster admin postmaster noreply no-reply newsletter daten opendata
    open data geodaten gis kita kiga hort schule grundschule bibliothek buecherei museum bad freibad hallenbad
    jugend senioren zentrum zentrale rathaus gemeinde stadt landkreis kreis umwelt bauen bauhof gruenflaechen
    strassen verkehr soziales kultur sport wahlen statistik vermessung feuerwehr polizei friedhof tourismus
    touristinfo buergerservice buergerbuero datenschutz vergabe personal st sankt dr praxis gs igs kgs kt kiz
    familie familien stelle leitung bewerbung anmeldung hotline veranstaltung veranstaltungen karten tickets shop
    nord sued süd ost west mitte gruen grün abfall entsorgung energie klima wasser ordnung gewerbe standesamt
    jugendhaus treff verein vorstand ev e.v gmbh direktion amt dezernat fachbereich abteilung referat
""")
_ROLE_ENDS = tuple(
    _words("""
    amt schule stelle bibliothek buero büro zentrum haus verein kita bad betrieb referat service bau planung wesen dienst
    pflege park museum theater halle hof treff gruppe beirat team foerderung förderung beratung verband heim markt krippe
    garten kirche gemeinde zentrale rat verwaltung schutz werke werk klinik apotheke stiftung bund raeume räume
""")
)


@reads_plain
def personal_email(cell: str) -> bool:
    """Tell whether a cell holds the address of a person's mailbox, not that of an office."""
    return any(_is_personal(*match) for match in _addresses(cell))


@reads_plain
def surely_personal_email(cell: str) -> bool:
    """Tell whether the address has a known first name, or a host where people have their private mailboxes."""
    return any(
        _is_personal(local, host)
        and (host.casefold() in _PRIVATE_HOSTS or any(part in first_names() for part in _parts(local)))
        for local, host in _addresses(cell)
    )


@reads_plain
def mobile(cell: str) -> bool:
    """Tell whether a cell holds a mobile number by the numbering plan of its country; without a country code that is Germany."""
    return any(_kind(number) == phonenumbers.PhoneNumberType.MOBILE for number in _numbers(cell, _MOBILE_START.match))


@reads_plain
def landline(cell: str) -> bool:
    """Tell whether a cell holds a landline number that is none of the three town halls' extensions."""
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return any(
        _kind(number) in kinds
        and not phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).startswith(_TOWN_HALLS)
        for number in _numbers(cell, lambda text: True)
    )


@reads_plain
def bank_account(cell: str) -> bool:
    """Tell whether a cell holds an IBAN of the right length for its country, with right check digits."""
    return len(cell) >= 15 and any(
        iban_numbers.is_valid(match.upper(), check_country=False) for match in _IBAN.findall(cell)
    )


@reads_plain
def tax_shape(cell: str) -> bool:
    """Tell whether a cell holds eleven digits that could be a tax identification number."""
    return bool(_TAX.search(cell))


@reads_plain
def tax_id(cell: str) -> bool:
    """Tell whether a cell holds a tax identification number (§ 139b AO) with right check digit and digit pattern."""
    return any(idnr.is_valid(match) for match in _TAX.findall(cell))


@reads_plain
def named_tax_id(cell: str) -> bool:
    """Tell whether a text says that the valid tax identification number in it is one."""
    return any(
        (match := _TAX.match(cell, word.end())) is not None and idnr.is_valid(match[0])
        for word in _TAX_WORD.finditer(cell)
    )


@reads_plain
def pension_shape(cell: str) -> bool:
    """Tell whether a cell looks like a number of the pension insurance: area, date of birth, letter, three digits."""
    return bool(_PENSION.search(cell))


@reads_plain
def pension_number(cell: str) -> bool:
    """Tell whether a cell holds a number of the pension insurance (§ 147 SGB VI) with right check digit."""
    return any(_pension_valid(match.replace(" ", "")) for match in _PENSION.findall(cell))


@reads_plain
def pension_number_in_text(cell: str) -> bool:
    """Tell whether a valid number of the pension insurance stands in a text, where no scheme of inventory numbers would put it."""
    return _PENSION.fullmatch(cell.strip()) is None and pension_number(cell)


@reads_plain
def health_shape(cell: str) -> bool:
    """Tell whether a cell looks like a number of the health insurance: a letter and nine digits."""
    return bool(_HEALTH.search(cell))


@reads_plain
def health_number(cell: str) -> bool:
    """Tell whether a cell holds a number of the health insurance (§ 290 SGB V) with right check digit."""
    return any(_health_valid(match) for match in _HEALTH.findall(cell))


@reads_plain
def named_health_number(cell: str) -> bool:
    """Tell whether a text says that the valid number of the health insurance in it is one."""
    return any(
        (match := _HEALTH.match(cell, word.end())) is not None and _health_valid(match[0])
        for word in _HEALTH_WORD.finditer(cell)
    )


@reads_plain
def birth_date(cell: str) -> bool:
    """Tell whether a cell is a date on which somebody alive can have been born."""
    match = _DATE.match(cell.strip())
    return match is not None and _alive(match)


@reads_plain
def born_in_text(cell: str) -> bool:
    """Tell whether a text says when somebody was born who can be alive and of whom it does not say the death."""
    if _DEAD.search(cell):
        return False
    return any((date := _DATE.match(cell, match.end())) is not None and _alive(date) for match in _BORN.finditer(cell))


@reads_plain
def licence_plate(cell: str) -> bool:
    """Tell whether a cell is a German licence plate; many other codes look the same, so only its column can make it one."""
    return _PLATE.fullmatch(cell.strip()) is not None


@reads_plain
def named_plate(cell: str) -> bool:
    """Tell whether a text holds a licence plate with the word for it just before."""
    return any(_PLATE_WORD.search(cell, max(0, match.start() - 40), match.start()) for match in _PLATE.finditer(cell))


def _addresses(cell: str) -> list[tuple[str, str]]:
    """Find addresses of mailboxes, also where brackets were to hide them from programs."""
    if "@" not in cell:
        if not _HIDDEN_AT.search(cell):
            return []
        cell = _HIDDEN_DOT.sub(".", _HIDDEN_AT.sub("@", cell))
    return _EMAIL.findall(cell)


def _parts(local: str) -> list[str]:
    return [part for part in re.split(r"[._+-]|\d+", local.casefold()) if part]


def _is_personal(local: str, host: str) -> bool:
    words = _parts(local)
    if any(word in _ROLES or word.endswith(_ROLE_ENDS) for word in words):
        return False
    if host.casefold() in _PRIVATE_HOSTS:
        return True
    if len(words) == 1 and words[0] == local.casefold() and words[0] in first_names():
        return True
    parts = [part for part in re.split(r"[._]", local) if part]
    return len(parts) >= 2 and all(part.replace("-", "").isalpha() for part in parts)


def _numbers(cell: str, wanted: Callable[[str], object]) -> Iterator[phonenumbers.PhoneNumber]:
    if len(cell) < 7:
        return
    for match in _PHONE.finditer(cell):
        if not wanted(match[0]) or _DATE.match(match[0]):
            continue
        try:
            yield phonenumbers.parse(match[0], "DE")
        except phonenumbers.NumberParseException:
            continue


def _kind(number: phonenumbers.PhoneNumber) -> int:
    return int(phonenumbers.number_type(number))


def _pension_valid(text: str) -> bool:
    """Weigh the digits, the letter as its place in the alphabet in two digits, and add the cross sums (§ 4 VKVV)."""
    day, month = int(text[2:4]), int(text[4:6])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return False
    digits = text[:8] + f"{ord(text[8]) - 64:02d}" + text[9:11]
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(digits, _PENSION_WEIGHTS, strict=True))
    return total % 10 == int(text[11])


def _health_valid(text: str) -> bool:
    digits = f"{ord(text[0]) - 64:02d}" + text[1:9]
    total = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(digits))
    return total % 10 == int(text[9])


def _alive(match: re.Match[str]) -> bool:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    year = int(match["year"] or match["y"])
    if year < 100:
        year += 1900 if year > today.year % 100 else 2000
    try:
        born = datetime.date(year, int(match["month"] or match["m"]), int(match["day"] or match["d"]))
    except ValueError:
        return False
    return today.year - OLDEST <= born.year and born <= today
