"""The text that a cell shows, whatever signs word processors have put in."""

import re
import time
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.plain_text import _PLAIN, ODD, plain_text

CELLS = [
    ("0171\u00a01234567", "0171 1234567"),
    ("0171 \u2013 123\u2009456", "0171 - 123 456"),
    ("a\u200bb\u00adc\ufeffd\u202ee", "abcde"),
    ("Mu\u0308ller", "Müller"),
    ("\uff10\uff11\uff20", "01@"),
    ("Straße 5 ½ m²", "Straße 5 ½ m²"),
]


@pytest.mark.parametrize(("cell", "shown"), CELLS)
def test_cells_as_people_read_them(cell, shown):
    assert plain_text(cell) == shown


@given(st.text())
def test_what_is_made_plain_is_known_beforehand(text):
    """The search of whole columns must not leave out a cell whose plain text is another one."""
    odd = pc.match_substring_regex(pa.array([text]), ODD)[0].as_py()
    assert odd == (re.search(ODD, text) is not None)
    if not odd:
        assert plain_text(text) == unicodedata.normalize("NFC", text)
    assert plain_text(plain_text(text)) == plain_text(text)


def test_every_sign_that_is_replaced_is_odd():
    assert [hex(code) for code in _PLAIN if not re.search(ODD, chr(code))] == []


def test_a_long_row_of_accents_takes_no_time():
    began = time.thread_time()
    plain_text("e" + "\u0301\u0323" * 400_000)
    assert time.thread_time() - began < 2
