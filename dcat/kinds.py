"""The kinds of values a property can have: how each is read from RDF, written to it, and checked. A new sort of value is a new kind."""

import functools
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pyoxigraph as ox

from dcat import dates, geometry, iri, spellings
from dcat.message import Message
from dcat.model import Text
from dcat.namespaces import expand
from dcat.plain import plain
from dcat.printable import printable
from dcat.vocabularies import vocabulary

Term = ox.NamedNode | ox.BlankNode | ox.Literal
MAX_TEXT = 100_000
_MAILTO = re.compile(r"^(mailto:(//)?\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a value does not fit its kind."""

    code: str
    message: Message


@functools.lru_cache(maxsize=20_000)
def named(uri: str) -> ox.NamedNode:
    """Give the RDF node of a URI; ValueError when it is no IRI."""
    return ox.NamedNode(uri)


@functools.lru_cache(maxsize=1_000)
def language_tag(value: str) -> str:
    """Bring a language tag into the form RDF takes (BCP 47, lower case, hyphens); empty when it is none."""
    try:
        return ox.Literal("", language=value.replace("_", "-")).language or ""
    except ValueError:
        return ""


@functools.cache
def _type(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


class Kind:
    """One kind. `read` gives a value of the model or a Misfit; `write` an RDF term; `check` and `remark` a Misfit or None.

    `inner` is set where the value stands inside a node of its own in RDF: the node's class, and the property that holds it.
    """

    inner: tuple[str, str] | None = None

    def read(self, term: Term, vocabulary_name: str) -> Any:
        """Read one RDF term, bringing odd spellings with one meaning into the proper form."""
        raise AssertionError("every kind reads in its own way")

    def remark(self, term: Term, value: Any) -> Misfit | None:
        """Tell what was lost or guessed when this value was read from a term; most kinds lose nothing."""
        return None

    def write(self, value: Any) -> Term:
        """Write one value that passed `check`."""
        raise AssertionError("every kind writes in its own way")

    def check(self, value: Any, vocabulary_name: str) -> Misfit | None:
        """Tell what is wrong with a value that may have come from anywhere: a form, a document, a file."""
        try:
            term = self.write(value)
        except ValueError:
            # Half a character, as broken JSON brings it, cannot be written; it stands for no value of any kind.
            term = ox.Literal("\ufffd")
        found = self.read(term, vocabulary_name)
        return found if isinstance(found, Misfit) else None


class TextKind(Kind):
    """Language-tagged text; HTML is reduced to its words."""

    def read(self, term: Term, vocabulary_name: str) -> Text | Misfit:
        value = plain(term.value)
        if not value:
            return Misfit("empty", Message("Der Text ist leer.", "The text is empty."))
        language = term.language if isinstance(term, ox.Literal) else None
        return Text(value, language_tag(language) if language else "")

    def remark(self, term: Term, value: Text) -> Misfit | None:
        """Name a language tag that is none and was left out."""
        language = term.language if isinstance(term, ox.Literal) else None
        return _no_language(language) if language and not value.lang else None

    def write(self, value: Text) -> ox.Literal:
        words = printable(value.value)
        return ox.Literal(words, language=value.lang) if value.lang else ox.Literal(words)

    def check(self, value: Text, vocabulary_name: str) -> Misfit | None:
        if not printable(value.value).strip():
            return Misfit("empty", Message("Der Text ist leer.", "The text is empty."))
        if len(value.value) > MAX_TEXT:
            return Misfit(
                "too-long",
                Message(
                    f"Der Text ist länger als {MAX_TEXT} Zeichen.", f"The text is longer than {MAX_TEXT} characters."
                ),
            )
        if value.lang and language_tag(value.lang) != value.lang.lower():
            return _no_language(value.lang)
        return None


class StringKind(Kind):
    """A plain string kept as it came, such as an identifier."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = printable(term.value).strip()
        return value or Misfit("empty", Message("Der Wert ist leer.", "The value is empty."))

    def write(self, value: str) -> ox.Literal:
        return ox.Literal(printable(value))


class UriKind(Kind):
    """An absolute IRI; literals that are addresses are taken for what they mean."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = "" if isinstance(term, ox.BlankNode) else iri.cleaned(term.value)
        return value or Misfit("uri", _odd(term.value, "eine vollständige Adresse", "a complete address"))

    def write(self, value: str) -> ox.NamedNode:
        return named(value)

    def check(self, value: str, vocabulary_name: str) -> Misfit | None:
        if iri.is_iri(value):
            return None
        return Misfit("uri", _odd(value, "eine vollständige Adresse", "a complete address"))


class ConceptKind(UriKind):
    """A concept of a controlled vocabulary, by URI; known spellings are brought home, others do not fit."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        concept = spellings.find(term.value, vocabulary_name)
        if concept is None:
            return _unknown(term.value, vocabulary_name)
        return concept.uri

    def remark(self, term: Term, value: str) -> Misfit | None:
        """Name the parameters of a media type, which have no place here."""
        return _changed(term.value, value) if spellings.has_parameters(term.value) else None

    def check(self, value: str, vocabulary_name: str) -> Misfit | None:
        return None if value in vocabulary(vocabulary_name) else _unknown(value, vocabulary_name)


class OpenConceptKind(ConceptKind):
    """A concept of a vocabulary that others may extend (licences, places, contributors): any URI may stand."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        concept = spellings.find(term.value, vocabulary_name)
        if concept is not None:
            return concept.uri
        value = iri.cleaned(term.value) if not isinstance(term, ox.BlankNode) else ""
        if not value:
            return _unknown(term.value, vocabulary_name)
        return re.sub(r"^https?://(www\.)?dcat-ap\.de/", "http://dcat-ap.de/", value)

    def check(self, value: str, vocabulary_name: str) -> Misfit | None:
        return UriKind.check(self, value, vocabulary_name)


class DateKind(Kind):
    """A year, month, day or instant; the XSD type follows from the form."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        return dates.cleaned(term.value) or _no_date(term.value)

    def remark(self, term: Term, value: str) -> Misfit | None:
        """Name a bare number that was taken for a count of milliseconds."""
        return _changed(term.value, value) if dates.is_count(term.value) else None

    def write(self, value: str) -> ox.Literal:
        return ox.Literal(value, datatype=_type(dates.datatype(value)))

    def check(self, value: str, vocabulary_name: str) -> Misfit | None:
        return None if dates.datatype(value) else _no_date(value)


class IntegerKind(Kind):
    """A whole number from 0, as xsd:nonNegativeInteger."""

    def read(self, term: Term, vocabulary_name: str) -> int | Misfit:
        match = re.fullmatch(
            r"\+?(\d{1,18}(\.\d{0,18})?(E\+?\d{1,2})?)(\s*(B|Bytes?))?", term.value.strip(), re.ASCII | re.IGNORECASE
        )
        number = Decimal(match[1]) if match else None
        if number is None or number >= 10**18 or number != number.to_integral_value():
            return Misfit("integer", _odd(term.value, "eine ganze Zahl ab 0", "a whole number from 0"))
        return int(number)

    def write(self, value: int) -> ox.Literal:
        return ox.Literal(str(value), datatype=_type("xsd:nonNegativeInteger"))


class SizeAsDecimalKind(IntegerKind):
    """A whole number from 0, written as xsd:decimal as DCAT-AP 2 asks for byte sizes."""

    def write(self, value: int) -> ox.Literal:
        return ox.Literal(str(value), datatype=_type("xsd:decimal"))


class DecimalKind(Kind):
    """A decimal number from 0, kept as it is written, as xsd:decimal."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = term.value.strip()
        if re.fullmatch(r"\d{1,12}(\.\d{1,12})?", value, re.ASCII) is None:
            return Misfit("decimal", _odd(term.value, "eine Zahl ab 0 wie 2.5", "a number from 0 such as 2.5"))
        return value

    def write(self, value: str) -> ox.Literal:
        return ox.Literal(value, datatype=_type("xsd:decimal"))


class DurationKind(Kind):
    """A span of time such as P1D, as xsd:duration."""

    _FORM = re.compile(r"-?P(?=[\dT])(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.ASCII)

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = term.value.strip()
        if len(value) > 50 or self._FORM.fullmatch(value) is None:
            return Misfit("duration", _odd(term.value, "eine Zeitspanne wie P1D", "a span of time such as P1D"))
        return value

    def write(self, value: str) -> ox.Literal:
        return ox.Literal(value, datatype=_type("xsd:duration"))


class HexKind(Kind):
    """Hexadecimal digits, as xsd:hexBinary."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = term.value.strip().lower()
        if not re.fullmatch(r"([0-9a-f]{2}){4,64}", value):
            return Misfit("hex", _odd(term.value, "eine Prüfsumme in Hexadezimalziffern", "a hexadecimal checksum"))
        return value

    def write(self, value: str) -> ox.Literal:
        return ox.Literal(value, datatype=_type("xsd:hexBinary"))


class WktKind(Kind):
    """A geometry as WKT in WGS84, longitude first (GeoSPARQL wktLiteral); GeoJSON and envelopes are turned into it."""

    _FORM = re.compile(r"(POINT|LINESTRING|POLYGON|MULTI[A-Z]+|GEOMETRYCOLLECTION) ?(Z )?\([-+0-9.,()eE A-Z]+\)")

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = geometry.wkt(term.value)
        if len(value) > 200_000 or not self._FORM.fullmatch(value):
            return Misfit("geometry", _odd(term.value[:60], "eine Geometrie als WKT oder GeoJSON", "WKT or GeoJSON"))
        return value

    def remark(self, term: Term, value: str) -> Misfit | None:
        """Name a height, which GeoJSON may give and a map does not need."""
        return _changed(term.value, value) if geometry.has_heights(term.value) else None

    def write(self, value: str) -> ox.Literal:
        return ox.Literal(value, datatype=_type("geosparql:wktLiteral"))


class GeometryKind(WktKind):
    """A geometry as a node of its own that holds the WKT (LOCN; the official shapes refuse a literal)."""

    inner = ("locn:Geometry", "geosparql:asWKT")


class EmailKind(Kind):
    """An e-mail address, plain in the model, mailto: in RDF."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        value = _MAILTO.sub("", printable(term.value).strip())
        if value != term.value and "@" not in value:
            value = unquote(value)
        if bracketed := re.fullmatch(r"[^<>]*<([^<>]+)>", value):
            value = bracketed[1].strip()
        value = re.sub(r"\?(subject|body|cc)=.*$", "", value, flags=re.IGNORECASE | re.DOTALL)
        if value.startswith("http"):
            # An address written as a relative link was resolved against the page.
            value = value.rsplit("/", 1)[-1]
        if not re.fullmatch(r"[^@\s<>\"{}|\\^`]+@[^@\s<>\"{}|\\^`]+\.[^@\s<>\"{}|\\^`]+", value):
            return Misfit("email", _odd(term.value, "eine E-Mail-Adresse", "an e-mail address"))
        return value

    def write(self, value: str) -> Term:
        return named(f"mailto:{value}") if iri.is_iri(f"mailto:{value}") else ox.Literal(value)


class TelephoneKind(Kind):
    """A telephone number as a tel: URI (RFC 3966)."""

    def read(self, term: Term, vocabulary_name: str) -> str | Misfit:
        digits = re.sub(r"\(0\)(?=.)|[\s()/.–-]", "", term.value.strip().removeprefix("tel:"))
        if not re.fullmatch(r"\+?[0-9]{3,20}", digits):
            return Misfit("telephone", _odd(term.value, "eine Telefonnummer", "a telephone number"))
        return f"tel:{digits}"

    def write(self, value: str) -> Term:
        return named(value) if iri.is_iri(value) else ox.Literal(value)


KINDS: dict[str, Kind] = {
    "text": TextKind(),
    "string": StringKind(),
    "uri": UriKind(),
    "concept": ConceptKind(),
    "concept-or-uri": OpenConceptKind(),
    "date": DateKind(),
    "integer": IntegerKind(),
    "size-as-decimal": SizeAsDecimalKind(),
    "decimal": DecimalKind(),
    "duration": DurationKind(),
    "hex": HexKind(),
    "wkt": WktKind(),
    "geometry": GeometryKind(),
    "email": EmailKind(),
    "telephone": TelephoneKind(),
}


def _odd(value: str, de: str, en: str) -> Message:
    return Message(f"„{value[:80]}“ ist nicht {de}.", f"“{value[:80]}” is not {en}.")


def _no_date(value: str) -> Misfit:
    return Misfit("date", _odd(value, "ein Datum wie 2026-05-31", "a date such as 2026-05-31"))


def _no_language(tag: str) -> Misfit:
    return Misfit("language-tag", _odd(tag, "ein Sprachkürzel wie de", "a language tag such as de"))


def _changed(before: str, after: str) -> Misfit:
    return Misfit(
        "changed",
        Message(
            f"„{before[:80]}“ wurde als „{after[:80]}“ übernommen; das ist weniger oder eine Deutung.",
            f"“{before[:80]}” was taken as “{after[:80]}”; that is less, or an interpretation.",
        ),
    )


def _unknown(value: str, vocabulary_name: str) -> Misfit:
    return Misfit(
        f"unknown-{vocabulary_name}",
        Message(
            f"„{value[:80]}“ steht nicht in der Werteliste {vocabulary_name}.",
            f"“{value[:80]}” is not in the vocabulary {vocabulary_name}.",
        ),
    )
