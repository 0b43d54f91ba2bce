"""Tells in one cell whether persons are named: by form of address, by title, by a known first name before a surname."""

import functools
import re
from importlib import resources

from validators.plain_text import reads_plain

_UPPER = "A-ZÄÖÜÀ-ÖØ-ÞŁŠŽČŚŻİ"
_PARTICLES = r"(?:(?:von der|van der|von dem|von|van|vom|zum|zur|zu|de|di|da|del|el|al|ten|ter|bin) )*"
_WORD = rf"[{_UPPER}][\w'’]+(?:-[{_UPPER}][\w'’]+)*"
_TITLES = r"(?:(?:Prof|Dr|Dipl|Ing|med|jur|phil|rer|nat|h\.? ?c|Mag|PD)\b\.?[ -]{0,2}){0,6}"
_PERSON = re.compile(r"\s*(?:(?:von|van|de|zu|Dr\.|Prof\.) ){0,4}[A-ZÄÖÜ][\w'’.-]+(?:[ -][\w'’.-]+){0,3}\s*")
_FIRST_LAST = re.compile(
    rf"(?:(?:Herrn?|Frau|Hr\.|Fr\.) )?{_TITLES}(?P<first>{_WORD})(?: (?:{_WORD}|[{_UPPER}]\.)){{0,2}} {_PARTICLES}(?P<last>{_WORD})"
)
_LAST_FIRST = re.compile(rf"{_TITLES}{_PARTICLES}(?P<last>{_WORD}),\s?{_TITLES}(?P<first>{_WORD})(?: {_WORD})?")
_ADDRESSED = re.compile(
    rf"(?<![\w-])(?P<before>(?:[Ll]iebe[nr]?|[Uu]nsere[rnm]?|[Mm]ann und) )?(?:Herrn?|Frau|Hr\.|Fr\.)\s{{1,3}}{_TITLES}"
    rf"{_PARTICLES}(?P<one>{_WORD}|[{_UPPER}]\.)(?:\s(?P<two>{_WORD}))?(?![\w-])"
)
_TITLED = re.compile(
    rf"(?<![\w-])(?:Prof\.|Dr\.)\s?(?:(?:med|phil|jur|rer|nat|Dr|h|c|dent)\.\s?){{0,6}}"
    rf"(?P<one>{_WORD})(?:\s(?P<two>{_WORD}))?(?:\s(?P<three>{_WORD}))?(?![\w-])"
)
# Any name has a capital after a blank or a comma, and no digit.
_TWO_WORDS = re.compile(r"^[^0-9]*[\s,\u00a0][^a-z0-9\s][^0-9]*$", re.ASCII)
_BLANKS = re.compile(r"[ \t\r\n\u00a0]+")
_STREET_NUMBER = re.compile(
    r"(?i)(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|ring|damm|ufer|pfad|steig|höhe|hof|berg|feld|garten|wiese|anlage|"
    r"\b(?:am|an|auf|im|in|zum|zur|unter|hinter|vor) [\w .-]{2,40})\s?\d{1,4}\s?[a-z]?\b"
)

# Last parts of names that are no persons: places and houses that bear a person's name, and things. The second group only as
# words of their own, because surnames end so too (Döring, Neuhof, Oppenheim).
_PLACES = re.compile(
    r"(?i)(?:stra(?:ß|ss)e|platz|allee|brücke|anlage|schule|schulen|gymnasium|kita|kindergarten|museum|theater|kirche|kapelle|"
    r"denkmal|brunnen|stiftung|verein|gesellschaft|gmbh|verlag|werke|klinik|klinikum|krankenhaus|apotheke|praxis|bibliothek|"
    r"bücherei|zentrum|center|institut|universität|hochschule|akademie|siedlung|stadion|bäckerei|metzgerei|halle|galerie|büste|"
    r"grabstätte|quartier|viertel|spielplatz|station|zentrale|preis|kolleg|"
    r"(?:^|-)(?:str|weg|ring|damm|park|ufer|pfad|gasse|steig|garten|gärten|krippe|hort|haus|häuser|heim|bad|dom|turm|ag|kg|ohg|werk|"
    r"campus|saal|hof|höhe|wiese|wald|tunnel|arena|treff|club|café|cafe|hotel|restaurant|bar|markt|laden|shop|service|bau|reisen|"
    r"tor|stein|kreisel|kiez|ehe|kreis|see|teich|quelle|linie|gruppe|team|tag|fest|söhne|partner|co|ii|iii|eiche|buche|linde|"
    r"ahorn|kastanie|zeche|büro|ev|grab|moden|optik|transporte|immobilien|elektronik|rose|rosen|tulpe))$"
)
_NO_SURNAMES_TEXT = """
    holle welt gott jesus musica luna gemahlin mutter justitia doktor königin kaiserin liebe angebote kind kinder mann arbeit
    der die das und oder beruf europa sonne wohnung familie gesundheit bürgermeister bürgermeisterin oberbürgermeister
    oberbürgermeisterin stadtrat stadträtin direktor direktorin präsident präsidentin präsidium ministerin minister
"""
_NO_SURNAMES = frozenset(_NO_SURNAMES_TEXT.split())
_NO_SURNAME_ENDS = (
    "ung",
    "heit",
    "keit",
    "schaft",
    "tion",
    "gebote",
    "leiter",
    "leiterin",
    "beauftragte",
    "vertretung",
    "kurs",
    "kurse",
)


@functools.cache
def first_names() -> frozenset[str]:
    """Read the list of common first names, in lower case."""
    text = (resources.files("validators") / "first_names.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(name.casefold() for line in lines for name in line.split())


@reads_plain
def name_like(cell: str) -> bool:
    """Tell whether a cell has the form of a name or part of one: capital words, no digits only. Proves nothing by itself."""
    return bool(_PERSON.fullmatch(cell))


@reads_plain
def full_name(cell: str) -> bool:
    """Tell whether a cell is nothing but a person's name: a known first name with a surname, in either order."""
    if not 5 <= len(cell) <= 200 or not _TWO_WORDS.search(cell):
        return False
    text = " ".join(_BLANKS.split(cell)).strip()
    if len(text) > 80:
        return False
    for pattern in (_FIRST_LAST, _LAST_FIRST):
        match = pattern.fullmatch(text)
        if match and _is_first(match["first"]) and _is_surname(match["last"]):
            return True
    return False


@reads_plain
def addressed(cell: str) -> bool:
    """Tell whether a text speaks of Herr or Frau with a name after it."""
    for match in _ADDRESSED.finditer(cell):
        if match["before"]:
            continue
        one, two = match["one"], match["two"]
        surname = two or "" if one.endswith(".") else one
        if _is_surname(surname) and not (two and _PLACES.search(two)):
            return True
    return False


@reads_plain
def titled(cell: str) -> bool:
    """Tell whether a text names somebody with Dr. or Prof., be it an office holder, a practice or a person long dead."""
    for match in _TITLED.finditer(cell):
        words = [word for word in match.group("one", "two", "three") if word]
        if not any(_PLACES.search(word) for word in words) and _is_surname(words[-1]):
            return True
    return False


@reads_plain
def street_with_number(cell: str) -> bool:
    """Tell whether a cell names a street with the number of a house."""
    return len(cell) <= 200 and _STREET_NUMBER.search(cell) is not None


def _is_first(word: str) -> bool:
    return word.casefold() in first_names() or word.split("-")[0].casefold() in first_names()


def _is_surname(word: str) -> bool:
    lower = word.casefold()
    return (
        len(word) >= 2
        and lower not in _NO_SURNAMES
        and not lower.endswith(_NO_SURNAME_ENDS)
        and not _PLACES.search(word)
    )
