"""Bytes to text: byte order mark, XML declaration, header, UTF-8, cp1252, in this order; the decision is recorded."""

import codecs

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harvesters.decode import decode

TEXT = "Grünanlagen – Größe in €"
XML = '<?xml version="1.0" encoding="{}"?><a>Straße</a>'


@pytest.mark.parametrize(
    "mark, encoding",
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
def test_a_byte_order_mark_wins_over_everything(mark: bytes, encoding: str) -> None:
    body = mark + XML.format("ISO-8859-1").encode(encoding)
    assert decode(body, "windows-1252") == decode(body)
    assert decode(body).text == XML.format("ISO-8859-1")
    assert decode(body).decided == f"{encoding} (byte order mark)"


def test_the_xml_declaration_wins_over_the_header() -> None:
    decoded = decode(XML.format("ISO-8859-1").encode("iso-8859-1"), "utf-8")
    assert (decoded.text, decoded.decided) == (XML.format("ISO-8859-1"), "iso-8859-1 (XML declaration)")
    # Also where the header would fit.
    assert decode(XML.format("UTF-8").encode(), "iso-8859-1").decided == "utf-8 (XML declaration)"
    assert decode(XML.format("windows-1252").encode("cp1252"), "iso-8859-1").decided == "windows-1252 (XML declaration)"


def test_the_header_wins_over_utf8() -> None:
    assert decode("ä".encode("iso-8859-1"), "iso-8859-1").decided == "iso-8859-1 (header)"
    assert decode(TEXT.encode("cp1252"), "windows-1252").decided == "windows-1252 (header)"


def test_utf8_without_any_clue() -> None:
    assert (decode(TEXT.encode()).text, decode(TEXT.encode()).decided) == (TEXT, "utf-8 (strict)")


def test_what_is_no_utf8_is_cp1252() -> None:
    decoded = decode(TEXT.encode("cp1252"))
    assert (decoded.text, decoded.decided) == (TEXT, "cp1252 (fallback)")


def test_a_clue_that_does_not_hold_loses_against_the_next() -> None:
    body = XML.format("UTF-8").encode("cp1252")
    assert decode(body, "iso-8859-15").decided == "iso-8859-15 (header)"
    assert decode(body, "utf-8").decided == "cp1252 (fallback)"
    assert decode(XML.format("ascii").encode("cp1252"), "us-ascii").decided == "cp1252 (fallback)"


@pytest.mark.parametrize("claim", ["ISO-8859-1", "windows-1252", "us-ascii", "iso-8859-15"])
def test_what_is_utf8_throughout_is_utf8_whatever_it_claims(claim: str) -> None:
    declared = decode(XML.format(claim).encode())
    assert (declared.text, declared.decided) == (XML.format(claim), "utf-8 (against the XML declaration)")
    assert decode(TEXT.encode(), claim).decided == "utf-8 (against the header)"
    # One sign that UTF-8 does not have, and the claim stands.
    mixed = XML.format(claim).encode() + b"\xe4"
    assert not decode(mixed).decided.startswith("utf-8")


@pytest.mark.parametrize("claim", ["", "UTF-8", "ISO-8859-1", "utf-16"])
def test_plain_ascii_reads_the_same_under_every_claim(claim: str) -> None:
    assert decode(b"<a>Strasse</a>", claim).text == "<a>Strasse</a>"


def test_every_byte_becomes_some_text() -> None:
    decoded = decode(bytes(range(128, 256)))
    assert len(decoded.text) == 128 and "\ufffd" in decoded.text


@pytest.mark.parametrize(
    "charset",
    [
        "undefined",
        "punycode",
        "idna",
        "unicode_escape",
        "raw_unicode_escape",
        "utf-7",
        "rot13",
        "hex",
        "zlib",
        "klingonisch",
        "utf-8\x00",
        "utf-99",
    ],
)
def test_what_is_no_charset_of_a_page_is_passed_over(charset: str) -> None:
    assert decode(TEXT.encode(), charset).decided == "utf-8 (strict)"
    assert decode(XML.format(charset).encode()).decided == "utf-8 (strict)"


@pytest.mark.parametrize("charset", ["utf-16", "UTF-16LE", "utf16"])
def test_utf16_needs_zero_bytes(charset: str) -> None:
    # Programs under .NET declare UTF-16 in pages they send as UTF-8; any even number of bytes would pass.
    body = XML.format("utf-16").encode()
    assert decode(body + b" " * (len(body) % 2), charset).text.startswith(XML.format("utf-16"))
    assert decode("Straße".encode("utf-16-le"), "utf-16-le").text == "Straße"


@pytest.mark.parametrize("spelling", ["latin1", "ISO_8859-1", "iso8859-15", "cp1252", "Windows-1250", "macintosh"])
def test_charsets_under_their_many_names(spelling: str) -> None:
    assert decode("Größe".encode(spelling), spelling).text == "Größe"


@pytest.mark.parametrize(
    "declaration",
    [
        "<?xml version='1.0' encoding='ISO-8859-1'?>",
        '\n <?xml version="1.0" encoding = "iso-8859-1" standalone="yes" ?>',
        '<?xml version="1.1" encoding="latin-1"?>',
    ],
)
def test_declarations_in_many_spellings(declaration: str) -> None:
    decoded = decode(f"{declaration}<a>ß</a>".encode("latin-1"))
    assert decoded.decided.endswith("(XML declaration)")
    assert decoded.utf8 == '<?xml version="1.0" encoding="UTF-8"?><a>ß</a>'.encode()


def test_only_a_declaration_at_the_start_counts() -> None:
    assert decode(b"<a/>" + XML.format("ISO-8859-1").encode()).decided == "utf-8 (strict)"


def test_utf8_says_what_it_is_and_nothing_else_is_touched() -> None:
    assert decode(XML.format("UTF-16").encode("utf-16")).utf8 == XML.format("UTF-8").encode()
    assert decode(b"a,b\n1,2\n").utf8 == b"a,b\n1,2\n"


def test_characters_that_xml_forbids_are_left_out() -> None:
    forbidden = [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]
    body = "".join(f"{chr(number)}x" for number in forbidden).encode()
    assert decode(body).utf8 == b"x" * len(forbidden)
    assert decode(body).text == body.decode()
    assert decode("\t\n\rä\x85\U0001f333".encode()).utf8 == "\t\n\rä\x85\U0001f333".encode()


@given(st.binary(max_size=100), st.text(max_size=12))
@example(b"\xff\xfea", "")
@example(b"\xef\xbb\xbf\xff", "")
@example(b"<?xml encoding='punycode'?>", "undefined")
@settings(max_examples=500, deadline=None)
def test_anything_can_be_decoded(body: bytes, charset: str) -> None:
    decoded = decode(body, charset)
    assert decoded.decided.endswith(")")
    assert decoded.utf8.decode() is not None


@given(st.text(max_size=50), st.sampled_from(("utf-8", "cp1252", "iso-8859-15", "utf-16-be")))
@settings(deadline=None)
def test_what_the_header_says_truly_is_believed(text: str, charset: str) -> None:
    body = text.encode(charset, "ignore")
    kept = body.decode(charset)
    if not body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and b"<?xml" not in body:
        zero = "16" not in charset or b"\0" in body
        decoded = decode(body, charset)
        assert not zero or decoded.text == kept or "against" in decoded.decided
