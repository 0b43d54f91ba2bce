"""German search terms: what people type and what stands in a text become the same terms."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.german import terms

# The everyday pairs of the measurement behind the search; compounds are the four that inflection alone does not reach.
PAIRS = (
    ("Straße", "Strasse"),
    ("Straßen", "Straße"),
    ("Bäume", "Baum"),
    ("Häuser", "Haus"),
    ("Schulen", "Schule"),
    ("Ämter", "Amt"),
    ("Sitzungen", "Sitzung"),
    ("Wahlergebnisse", "Wahlergebnis"),
    ("Ladesäulen", "Ladesäule"),
    ("Kindergärten", "Kindergarten"),
    ("Radwege", "Radweg"),
    ("Spielplätze", "Spielplatz"),
    ("Bebauungspläne", "Bebauungsplan"),
    ("Muell", "Müll"),
    ("Bevoelkerung", "Bevölkerung"),
)
COMPOUNDS = (
    ("Haushalt", "Haushaltsplan"),
    ("Luft", "Luftqualität"),
    ("Feinstaub", "Feinstaubmessung"),
    ("Einwohner", "Einwohnerzahlen"),
)


@pytest.mark.parametrize("query, text", PAIRS)
def test_everyday_pairs(query: str, text: str) -> None:
    assert terms(query) == terms(text) != []


@pytest.mark.parametrize("query, text", COMPOUNDS)
def test_compounds_are_not_taken_apart(query: str, text: str) -> None:
    assert terms(query) != terms(text)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Baeume", "Baum"),
        ("Aemter", "Ämter"),
        ("Gruenflaechen", "Grünfläche"),
        ("GRÜNFLÄCHEN", "grünfläche"),
        ("STRASSE", "straße"),
        ("Groesse", "Größe"),
        ("Cafés", "Cafes"),
        ("Neue", "neu"),
        ("Quellen", "Quelle"),
        ("Steuern", "Steuer"),
        ("Feuerwehren", "Feuerwehr"),
    ],
)
def test_spellings(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []


@pytest.mark.parametrize("one, other", [("Schule", "Schulden"), ("Wald", "Wahl"), ("Messung", "Messe"), ("Bad", "Rad")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert terms(one) != terms(other)


def test_umlauts_of_a_mac() -> None:
    assert terms(unicodedata.normalize("NFD", "Bäume an Straßen für Ärzte")) == terms("Bäume an Straßen für Ärzte")


def test_order_stop_words_and_signs() -> None:
    assert terms("Die Bäume und der Park, in Darmstadt-Arheilgen (2025)!") == [
        "baum",
        "park",
        "darmstadt",
        "arheilg",
        "2025",
    ]
    assert terms("für die und VON Zum THE of") == []
    assert terms("") == terms(" -/.!„“ ") == []


def test_repetitions_count() -> None:
    assert terms("Baum, Bäume") == ["baum", "baum"]


@given(st.text(max_size=60))
def test_any_text_has_terms_without_case_and_blanks(text: str) -> None:
    found = terms(text)
    assert all(term and not term.isspace() and " " not in term for term in found)
    assert terms(unicodedata.normalize("NFD", text)) == terms(unicodedata.normalize("NFC", text))
    assert [term for word in text.split() for term in terms(word)] == found


@given(st.text("abcdefghijklmnopqrstuvwxyzäöüß", min_size=1, max_size=12))
def test_capitals_make_no_difference(word: str) -> None:
    assert terms(word) == terms(word.upper()) == terms(word.title())
