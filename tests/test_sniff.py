"""What the sniffer finds out about a file."""

import codecs
import hashlib
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared_files import shared

from dcat.errors import UnreadableError
from validators.report import Severity
from validators.sniff import sniff

ANY_BYTES = st.one_of(
    st.binary(max_size=400),
    st.text(alphabet="ab;,\t|\"'\r\n\0äß€1.,", max_size=400).map(lambda text: text.encode("utf-8")),
    st.text(alphabet='ab;"\n€ß', max_size=200).map(lambda text: text.encode("utf-16")),
)


@pytest.fixture
def file(tmp_path):
    def write(data: bytes | str, encoding: str = "utf-8"):
        path = tmp_path / "t.csv"
        path.write_bytes(data.encode(encoding) if isinstance(data, str) else data)
        return path

    return write


def codes(profile):
    return [finding.code for finding in profile.findings]


def test_plain_file(file):
    data = b"a;b\n1;2\n"
    profile = sniff(file(data))
    assert (profile.encoding, profile.decided, profile.delimiter, profile.header_row) == ("utf-8", "utf-8", ";", 1)
    assert (profile.header, profile.records, profile.bytes) == (("a", "b"), 2, len(data))
    assert profile.sha256 == hashlib.sha256(data).hexdigest()
    assert profile.readable
    assert not profile.findings


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiters(file, delimiter):
    lines = [("name", "wert", "text"), ("a", "1", "x y"), ("b", "2", "z")]
    assert sniff(file("\n".join(delimiter.join(line) for line in lines))).delimiter == delimiter


def test_decimal_commas_do_not_hide_the_semicolon(file):
    assert sniff(file("hoehe;breite;name\n1,5;2,5;a\n3,5;4,5;b\n")).delimiter == ";"


def test_quoted_delimiters_do_not_count(file):
    assert sniff(file('a,b\n"1;2;3",4\n"5;6;7",8\n')).delimiter == ","


def test_single_quotes(file):
    assert sniff(file("a;b\n'1;0';'2'\n'3';'4'\n'5';'6'\n")).quote == "'"


def test_utf8_bom_is_a_hint(file):
    profile = sniff(file(codecs.BOM_UTF8 + "ä;b\n1;2\n".encode()))
    assert (profile.encoding, profile.decided, profile.header) == ("utf-8-sig", "bom", ("ä", "b"))
    assert codes(profile) == ["bom"]
    assert profile.findings[0].severity is Severity.HINT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_encodings(file, encoding):
    profile = sniff(file("ä;b\n1;2\n", encoding))
    assert (profile.encoding, profile.header, profile.readable) == (encoding, ("ä", "b"), True)


def test_utf16_without_bom_is_no_text(file):
    profile = sniff(file("name;wert\nanna;2\n" * 5, "utf-16-le"))
    assert not profile.readable
    assert "not-a-table" in codes(profile)


def test_cp1252_is_found_however_late(file):
    lines = b"name;wert\r\n" + b"abc;1\r\n" * 200_000
    profile = sniff(file(lines + "Höhe;2\r\n".encode("cp1252")))
    assert (profile.encoding, profile.decided) == ("cp1252", "cp1252")
    assert f"Zeile 200002, Byte {len(lines) + 1}" in profile.findings[0].what.de


def test_euro_alone_is_cp1252(file):
    assert sniff(file("preis\n5 €\n", "cp1252")).encoding == "cp1252"


def test_a_character_across_two_chunks_is_whole(file):
    data = b"a\n" + b"x" * 999_997 + "€".encode() + b"\n"
    assert sniff(file(data)).encoding == "utf-8"


def test_truncated_character_at_the_end(file):
    assert sniff(file("a;b\n1;€".encode()[:-1])).decided == "cp1252"


def test_damaged_characters_block(file):
    profile = sniff(file(b"a;b\n\x81\xe4;1\n"))
    assert not profile.readable
    assert codes(profile) == ["undecodable"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\n", "empty"),
        (b"%PDF-1.7 ...", "pdf"),
        (b"PK\x03\x04....xl/workbook.xml", "xlsx"),
        (b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "ods"),
        (b"PK\x03\x04....daten.csv", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"\x1f\x8b\x08....", "gzip"),
        (b"<!DOCTYPE html><html><form action=login>", "html"),
        (b"\n <html><body>Fehler", "html"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b'{"type": "FeatureCollection"}', "json"),
        (b"PAR1....", "parquet"),
    ],
)
def test_says_what_it_is_instead(file, data, kind):
    profile = sniff(file(data))
    assert (profile.kind, profile.readable) == (kind, False)
    assert profile.findings[-1].severity is Severity.BLOCKS


def test_login_page_is_named(file):
    assert "Anmeldeseite" in sniff(file(b"<!doctype html><h1>Bitte anmelden</h1>")).findings[-1].what.de


def test_title_lines(file):
    profile = sniff(file("Baumkataster\nStand: 2024\n\nid;art;hoehe\n1;Linde;5\n2;Eiche;7\n"))
    assert (profile.header_row, profile.header) == (4, ("id", "art", "hoehe"))
    assert codes(profile) == ["title-lines"]


def test_sep_line(file):
    profile = sniff(file("sep=|\r\na|b;c\r\n1|2\r\n"))
    assert (profile.delimiter, profile.header_row, profile.header) == ("|", 2, ("a", "b;c"))
    assert codes(profile) == ["sep-line"]


def test_data_in_the_first_row(file):
    assert codes(sniff(file("1;2,5;2024-01-01\n2;3,5;2024-01-02\n"))) == ["no-header"]


def test_one_column(file):
    profile = sniff(file("name\nAnna\nBert\n"))
    assert (profile.delimiter, profile.header, profile.records) == (",", ("name",), 3)


def test_unclosed_quote_names_its_line(file):
    profile = sniff(file('a;b\n1;x\n2;"offen\n3;y\n4;z\n'))
    assert codes(profile) == ["unclosed-quote"]
    assert "Zeile 3 " in profile.findings[0].what.de


def test_quote_closed_by_a_later_one(file):
    profile = sniff(file('a;b\n1;"offen\n2;y\n3;"zu"\n4;z\n'))
    assert codes(profile) == ["unclosed-quote"]
    assert "Zeile 2 " in profile.findings[0].what.de


def test_line_breaks_in_cells_are_fine(file):
    profile = sniff(file('a;b\n1;"eins\nzwei ""drei"" vier"\n2;x\n'))
    assert (profile.findings, profile.records) == ((), 3)


def test_stray_quotes(file):
    profile = sniff(file('a;b\n1;"x"y\n2;"z"w\n3;5"\n'))
    assert codes(profile) == ["stray-quote"]
    assert profile.findings[0].rows == (2, 3)


def test_nul_bytes(file):
    assert codes(sniff(file(b"a;b\n1;x\x00y\n"))) == ["nul-byte"]


def test_limits(file):
    assert codes(sniff(file("a;b\n1;2\n"), max_bytes=3)) == ["too-big"]
    assert codes(sniff(file("a;b;c\n1;2;3\n"), max_columns=2)) == ["too-many-columns"]
    assert codes(sniff(file("a;b\n" + "x" * 60 + ";2\n"), max_cell=50)) == ["cell-too-long"]


def test_missing_file_is_an_error_with_a_sentence(tmp_path):
    with pytest.raises(UnreadableError):
        sniff(tmp_path / "nichts.csv")


def test_large_file_is_not_held_in_memory(tmp_path):
    path = tmp_path / "gross.csv"
    with path.open("wb") as handle:
        handle.write(b"a;b\n")
        for _ in range(100):
            handle.write(b"1234567890;x\n" * 30_000)
    tracemalloc.start()
    profile = sniff(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert profile.records == 3_000_001
    assert peak < 22_000_000


def test_unclosed_quote_in_a_large_file_stops_early(tmp_path):
    path = tmp_path / "gross.csv"
    path.write_bytes(b'a;b\n1;"offen\n' + b"1234567890;x\n" * 400_000)
    profile = sniff(path)
    assert codes(profile) == ["unclosed-quote"]
    assert not profile.readable


def test_real_files():
    playgrounds = sniff(shared("corpus", "csv", "spielplaetze-muenster.csv"))
    assert (playgrounds.encoding, playgrounds.delimiter, playgrounds.records) == ("cp1252", ";", 295)
    people = sniff(shared("corpus", "csv", "bevoelkerung-karlsruhe.csv"))
    assert (people.encoding, people.delimiter, people.header[0]) == ("utf-8", ",", "Stadtteil")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=ANY_BYTES)
def test_never_crashes(tmp_path, data):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    profile = sniff(path)
    assert profile.bytes == len(data)
    assert profile.readable or any(finding.severity is Severity.BLOCKS for finding in profile.findings)
