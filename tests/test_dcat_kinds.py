"""The kinds of values: what each accepts and makes of it, what each refuses, and that its own writing comes back."""

from typing import Any

import pyoxigraph as ox
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from dcat import dates, iri
from dcat.kinds import KINDS, Misfit, language_tag
from dcat.model import Text
from dcat.plain import plain
from dcat.printable import printable
from dcat.profile import profile
from dcat.vocabularies import vocabulary

LICENSE = "http://dcat-ap.de/def/licenses/"
EU = "http://publications.europa.eu/resource/authority/"
THEME = f"{EU}data-theme/"
IANA = "https://www.iana.org/assignments/media-types/"
XSD = "http://www.w3.org/2001/XMLSchema#"

# kind, vocabulary, what stands in the source, what we make of it
ACCEPTED: list[tuple[str, str, str | ox.Literal | ox.NamedNode, Any]] = [
    ("text", "", " Bäume ", Text("Bäume")),
    ("text", "", ox.Literal("Bäume", language="de-DE"), Text("Bäume", "de-de")),
    ("text", "", "a < b & c > d", Text("a < b & c > d")),
    ("text", "", "B&auml;ume &amp; B&uuml;sche", Text("Bäume & Büsche")),
    ("text", "", "Eins<br/>Zwei<b>!</b>", Text("Eins\nZwei!")),
    ("text", "", '<a href="https://x.example/?a=1&amp;b=2">hier</a>', Text("hier (https://x.example/?a=1&b=2)")),
    ("text", "", '<a href="https://x.example">https://x.example</a>', Text("https://x.example")),
    ("text", "", '<a href="javascript:x()">hier</a> <a name="y">da</a>', Text("hier da")),
    ("text", "", '<img src="x.png" alt="Karte der Bäume">', Text("Karte der Bäume")),
    ("text", "", "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", Text("A B\n\n1 2")),
    ("text", "", "5&nbsp;&euro; &ndash; x?a=1&copy=2", Text("5\xa0€ – x?a=1&copy=2")),
    ("text", "", "<p>Eins</p><script>böse()</script><style>p {}</style>", Text("Eins")),
    ("text", "", "Zeile\r\nZeile\x00", Text("Zeile\nZeile")),
    ("string", "", " abc ", "abc"),
    ("string", "", "a\x01b\ufffe", "ab"),
    ("uri", "", "https://x.example/a", "https://x.example/a"),
    ("uri", "", ox.NamedNode("urn:uuid:1"), "urn:uuid:1"),
    ("uri", "", " https://x.example/a b{c}|d ", "https://x.example/a%20b%7Bc%7D%7Cd"),
    ("uri", "", "https://müller.example/größe?ä=ö", "https://xn--mller-kva.example/gr%C3%B6%C3%9Fe?%C3%A4=%C3%B6"),
    ("uri", "", "http://x.example/a[1]?b=50%#c#d", "http://x.example/a%5B1%5D?b=50%25#c%23d"),
    ("uri", "", "http://[2001:db8::1]/a", "http://[2001:db8::1]/a"),
    ("concept", "theme", "ENVI", f"{THEME}ENVI"),
    (
        "concept",
        "theme",
        ox.NamedNode("https://publications.europa.eu/resource/authority/data-theme/ENVI"),
        f"{THEME}ENVI",
    ),
    ("concept", "media-type", "text/csv; charset=utf-8", f"{IANA}text/csv"),
    ("concept", "media-type", "application/csv", f"{IANA}text/csv"),
    ("concept", "media-type", ox.NamedNode("http://www.iana.org/assignments/media-types/text/csv#"), f"{IANA}text/csv"),
    ("concept", "media-type", "http://purl.org/NET/mediatypes/text/csv", f"{IANA}text/csv"),
    ("concept", "media-type", "CSV", f"{IANA}text/csv"),
    ("concept", "media-type", ox.NamedNode(f"{EU}file-type/GEOJSON"), f"{IANA}application/geo+json"),
    ("concept", "format", "application/pdf", f"{EU}file-type/PDF"),
    ("concept", "format", "TEXT/css; charset=utf-8", f"{EU}file-type/CSS"),
    ("concept", "format", "*.csv", f"{EU}file-type/CSV"),
    ("concept", "format", "text/csv;header=present", f"{EU}file-type/CSV"),
    ("concept", "format", ox.NamedNode("https://www.iana.org/assignments/media-types/text/csv"), f"{EU}file-type/CSV"),
    ("concept", "language", "en-US", f"{EU}language/ENG"),
    ("concept", "language", "de_Latn_AT", f"{EU}language/DEU"),
    ("concept", "language", "http://id.loc.gov/vocabulary/iso639-1/de", f"{EU}language/DEU"),
    ("concept", "language", "http://lexvo.org/id/iso639-3/deu", f"{EU}language/DEU"),
    ("concept", "frequency", "http://purl.org/cld/freq/monthly", f"{EU}frequency/MONTHLY"),
    ("concept", "frequency", "http://purl.org/linked-data/sdmx/2009/code#freq-W", f"{EU}frequency/WEEKLY"),
    ("concept-or-uri", "license", "dl-de/by-2-0", f"{LICENSE}dl-by-de/2.0"),
    ("concept-or-uri", "license", "https://creativecommons.org/licenses/by/4.0/legalcode.de", f"{LICENSE}cc-by/4.0"),
    ("concept-or-uri", "license", "http://www.opendefinition.org/licenses/cc-zero", f"{LICENSE}cc-zero"),
    ("concept-or-uri", "license", "https://x.example/bedingungen", "https://x.example/bedingungen"),
    (
        "concept-or-uri",
        "contributor",
        "https://www.dcat-ap.de/def/contributors/neu",
        "http://dcat-ap.de/def/contributors/neu",
    ),
    ("date", "", "2026", "2026"),
    ("date", "", "2026-05", "2026-05"),
    ("date", "", "2024-02-29", "2024-02-29"),
    ("date", "", "2026-05-31+02:00", "2026-05-31+02:00"),
    ("date", "", "2026-05-31T12:00:00.123456Z", "2026-05-31T12:00:00.123456Z"),
    ("date", "", "2021-01-28 GMT 01:51:03", "2021-01-28T01:51:03Z"),
    ("date", "", "2021-01-28 01:51", "2021-01-28T01:51:00"),
    ("date", "", "2021-01-28T01:51:03+0200", "2021-01-28T01:51:03+02:00"),
    ("date", "", "2021-01-28 01:51:03.1234567 UTC", "2021-01-28T01:51:03.123456Z"),
    ("date", "", "1.2.2026", "2026-02-01"),
    ("date", "", "2021-1-5", "2021-01-05"),
    ("date", "", "2021/01/28", "2021-01-28"),
    ("date", "", "20210128", "2021-01-28"),
    ("date", "", "2021-01-28Z", "2021-01-28Z"),
    ("date", "", "2021-01-28T1:51:03+01", "2021-01-28T01:51:03+01:00"),
    ("date", "", "28.1.2021, 10:15 Uhr", "2021-01-28T10:15:00"),
    ("date", "", "1. März 2021", "2021-03-01"),
    ("date", "", "Mai 2020", "2020-05"),
    ("date", "", "01/2020", "2020-01"),
    ("date", "", "1609459200000", "2021-01-01T00:00:00Z"),
    ("integer", "", "0", 0),
    ("integer", "", " +1024 ", 1024),
    ("integer", "", ox.Literal("12.0", datatype=ox.NamedNode(f"{XSD}decimal")), 12),
    ("integer", "", ox.Literal("1.5E3", datatype=ox.NamedNode(f"{XSD}double")), 1500),
    ("integer", "", "2048 Bytes", 2048),
    ("size-as-decimal", "", "1024", 1024),
    ("decimal", "", "2.5", "2.5"),
    ("duration", "", "P1DT2H", "P1DT2H"),
    ("hex", "", "AABBccdd", "aabbccdd"),
    ("wkt", "", "POINT (8.65 49.87)", "POINT (8.65 49.87)"),
    ("geometry", "", "POINT (8.65 49.87)", "POINT (8.65 49.87)"),
    ("wkt", "", "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(8 49)", "POINT(8 49)"),
    ("wkt", "", '{"type":"Point","coordinates":[8.65,49.87,120]}', "POINT (8.65 49.87)"),
    ("wkt", "", '{"type":"Feature","geometry":{"type":"Point","coordinates":[8.65,49.87]}}', "POINT (8.65 49.87)"),
    ("wkt", "", "SRID=4326;Point(8\n49)", "POINT(8 49)"),
    (
        "wkt",
        "",
        "ENVELOPE(8.5, 8.8, 50.0, 49.8)",
        "POLYGON ((8.5 49.8, 8.8 49.8, 8.8 50.0, 8.5 50.0, 8.5 49.8))",
    ),
    (
        "wkt",
        "",
        '{"type":"MultiPolygon","coordinates":[[[[8,49],[9,49],[9,50],[8,49]]]]}',
        "MULTIPOLYGON (((8 49, 9 49, 9 50, 8 49)))",
    ),
    ("email", "", "mailto:amt@x.example", "amt@x.example"),
    ("email", "", " MAILTO: amt@x.example", "amt@x.example"),
    ("email", "", "Grünamt <amt@x.example>", "amt@x.example"),
    ("email", "", ox.NamedNode("mailto:amt%40x.example"), "amt@x.example"),
    ("email", "", ox.NamedNode("mailto:amt@x.example?subject=Daten"), "amt@x.example"),
    ("email", "", ox.NamedNode("https://x.example/katalog/amt@x.example"), "amt@x.example"),
    ("email", "", "größe@müller.example", "größe@müller.example"),
    ("telephone", "", "+49 (6151) 13-1", "tel:+496151131"),
    ("telephone", "", "tel:115", "tel:115"),
    ("telephone", "", "+49 (0) 6151 13-1", "tel:+496151131"),
]
REJECTED: list[tuple[str, str, str | ox.BlankNode, str]] = [
    ("text", "", " <p> </p> ", "empty"),
    ("text", "", "\x00", "empty"),
    ("string", "", " \x01 ", "empty"),
    ("uri", "", "", "uri"),
    ("uri", "", "siehe Anlage", "uri"),
    ("uri", "", "Hinweis: siehe Anlage", "uri"),
    ("uri", "", "C:\\Daten\\x.csv", "uri"),
    ("uri", "", "/relativ", "uri"),
    ("uri", "", "http://[x/", "uri"),
    ("uri", "", "http://x:y/", "uri"),
    ("uri", "", "http:///a", "uri"),
    ("uri", "", "https:/x.example/a", "uri"),
    ("uri", "", "www.x.example/a.csv", "uri"),
    ("uri", "", "http://a b/", "uri"),
    ("uri", "", "http://x.example/" + "a" * 2048, "uri"),
    ("uri", "", ox.BlankNode("b"), "uri"),
    ("concept", "theme", "https://x.example/thema", "unknown-theme"),
    ("concept", "theme", "", "unknown-theme"),
    ("concept", "theme", "ENVI;SOCI", "unknown-theme"),
    ("concept", "language", "no-idea", "unknown-language"),
    ("concept", "media-type", "csv; charset", "unknown-media-type"),
    ("concept", "media-type", f"{EU}file-type/UNSINN", "unknown-media-type"),
    ("concept", "format", "application/octet-stream", "unknown-format"),
    ("concept-or-uri", "license", "keine Ahnung", "unknown-license"),
    ("concept-or-uri", "license", ox.BlankNode("b"), "unknown-license"),
    ("date", "", "", "date"),
    ("date", "", "gestern", "date"),
    ("date", "", "31.05.26", "date"),
    ("date", "", "0000-00-00", "date"),
    ("date", "", "20211301", "date"),
    ("date", "", "1609459200", "date"),
    ("date", "", "Brumaire 1799", "date"),
    ("date", "", "13/2020", "date"),
    ("date", "", "2026-02-30", "date"),
    ("date", "", "2026-13", "date"),
    ("date", "", "0000", "date"),
    ("date", "", "31.02.2026", "date"),
    ("date", "", "2026-05-31T25:00:00", "date"),
    ("date", "", "2026-05-31T12:00:00+99:99", "date"),
    ("date", "", "٢٠٢٤", "date"),
    ("date", "", "2026-05-31T12:00:00.٣", "date"),
    ("integer", "", "-1", "integer"),
    ("integer", "", "1.5", "integer"),
    ("integer", "", "12 kB", "integer"),
    ("integer", "", "1,5 MB", "integer"),
    ("integer", "", "1e99", "integer"),
    ("integer", "", "1E-2", "integer"),
    ("size-as-decimal", "", "viel", "integer"),
    ("decimal", "", "-1", "decimal"),
    ("decimal", "", "1e3", "decimal"),
    ("duration", "", "ein Tag", "duration"),
    ("duration", "", "PT", "duration"),
    ("integer", "", "9" * 19, "integer"),
    ("hex", "", "xyz", "hex"),
    ("hex", "", "abc", "hex"),
    ("wkt", "", "Darmstadt", "geometry"),
    ("geometry", "", "Darmstadt", "geometry"),
    ("wkt", "", "<http://www.opengis.net/def/crs/EPSG/0/25832> POINT(475000 5520000)", "geometry"),
    ("wkt", "", '{"type":"Feature"}', "geometry"),
    ("wkt", "", "8.5,49.8,8.8,50.0", "geometry"),
    ("wkt", "", "ENVELOPE(8.5,8.8)", "geometry"),
    ("wkt", "", '{"type":7,"coordinates":[1,2]}', "geometry"),
    ("wkt", "", '{"type":"Polygon","coordinates":"abc"}', "geometry"),
    ("wkt", "", '{"type":"Polygon","coordinates":' + "[" * 1000 + "]" * 1000 + "}", "geometry"),
    ("wkt", "", "POINT (" + "1" * 200_001 + ")", "geometry"),
    ("email", "", "kein Postfach", "email"),
    ("email", "", "a@b", "email"),
    ("email", "", "a@x.example; b@x.example", "email"),
    ("email", "", "https://x.example/kontakt", "email"),
    ("telephone", "", "auf Anfrage", "telephone"),
    ("telephone", "", "12", "telephone"),
    ("telephone", "", "٣٤٥٦", "telephone"),
]


def term(raw: Any) -> Any:
    return ox.Literal(raw) if isinstance(raw, str) else raw


def shown(value: Any) -> str:
    return repr(value)[:40]


@pytest.mark.parametrize(("kind", "vocabulary_name", "raw", "value"), ACCEPTED, ids=shown)
def test_accepted(kind: str, vocabulary_name: str, raw: Any, value: Any) -> None:
    assert KINDS[kind].read(term(raw), vocabulary_name) == value
    assert KINDS[kind].check(value, vocabulary_name) is None
    assert KINDS[kind].read(KINDS[kind].write(value), vocabulary_name) == value


@pytest.mark.parametrize(("kind", "vocabulary_name", "raw", "code"), REJECTED, ids=shown)
def test_rejected(kind: str, vocabulary_name: str, raw: Any, code: str) -> None:
    misfit = KINDS[kind].read(term(raw), vocabulary_name)
    assert isinstance(misfit, Misfit), misfit
    assert misfit.code == code
    assert misfit.message.de
    assert misfit.message.en
    assert misfit.message.de != misfit.message.en


def test_every_kind_has_both() -> None:
    assert {row[0] for row in ACCEPTED} == {row[0] for row in REJECTED} == KINDS.keys()


@pytest.mark.parametrize(
    ("kind", "vocabulary_name", "raw", "code"),
    [
        ("text", "", ox.Literal("Bäume", language="de"), ""),
        ("text", "", ox.Literal("Bäume", language="de-DE"), ""),
        ("text", "", "Bäume", ""),
        ("date", "", "31.05.2026", ""),
        ("date", "", "1609459200000", "changed"),
        ("concept", "media-type", "text/csv", ""),
        ("concept", "media-type", "text/csv; charset=iso-8859-1", "changed"),
        ("wkt", "", '{"type":"Point","coordinates":[8.65,49.87]}', ""),
        ("wkt", "", '{"type":"Point","coordinates":[8.65,49.87,120]}', "changed"),
    ],
)
def test_what_was_lost_or_guessed_is_named(kind: str, vocabulary_name: str, raw: Any, code: str) -> None:
    value = KINDS[kind].read(term(raw), vocabulary_name)
    remark = KINDS[kind].remark(term(raw), value)
    assert (remark.code if remark else "") == code


def test_a_language_tag_that_is_none_is_named() -> None:
    # Only a parser that forgives lets such a tag through; underscores have one meaning, words have none.
    document = b'<urn:x> <urn:p> "a"@waytoolongtag , "b"@de .'
    for quad in ox.parse(document, ox.RdfFormat.TURTLE, lenient=True):
        assert isinstance(quad.object, ox.Literal)
        value = KINDS["text"].read(quad.object, "")
        remark = KINDS["text"].remark(quad.object, value)
        assert (value.lang, remark.code if remark else "") in {("", "language-tag"), ("de", "")}
        assert (quad.object.value == "a") == (remark is not None)


@pytest.mark.parametrize(
    ("kind", "vocabulary_name", "value", "code"),
    [
        ("text", "", Text("  "), "empty"),
        ("text", "", Text("Bäume", "deutsch sprachig"), "language-tag"),
        ("text", "", Text("Bäume", "de_DE"), "language-tag"),
        ("string", "", "\x01", "empty"),
        ("uri", "", "x.example", "uri"),
        ("uri", "", "http://x.example/a[1]", "uri"),
        ("concept", "theme", "ENVI", "unknown-theme"),
        ("concept-or-uri", "license", "cc-by", "uri"),
        ("date", "", "1.2.2026", "date"),
        ("integer", "", -1, "integer"),
        ("hex", "", "abc", "hex"),
        ("wkt", "", "hier", "geometry"),
        ("email", "", "hier", "email"),
        ("telephone", "", "tel:hier", "telephone"),
    ],
)
def test_check_refuses_what_may_not_be_published(kind: str, vocabulary_name: str, value: Any, code: str) -> None:
    misfit = KINDS[kind].check(value, vocabulary_name)
    assert misfit is not None
    assert misfit.code == code


@pytest.mark.parametrize("name", profile())
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_again(name: str, data: st.DataObject) -> None:
    prop = data.draw(st.sampled_from([prop for prop in profile()[name].properties if prop.kind is not None]))
    assert prop.kind is not None
    value = data.draw(strategies.one_value(prop))
    assert prop.kind.check(value, prop.vocabulary) is None
    assert prop.kind.read(prop.kind.write(value), prop.vocabulary) == value


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(raw=st.text(max_size=30) | st.from_regex(r"(https?://|mailto:|tel:|POINT\(|\{)[^\ud800-\udfff]{0,20}"))
@settings(max_examples=100, deadline=None)
def test_whatever_is_read_can_be_written(kind: str, raw: str) -> None:
    vocabulary_name = {"concept": "theme", "concept-or-uri": "license"}.get(kind, "")
    value = KINDS[kind].read(ox.Literal(raw), vocabulary_name)
    if isinstance(value, Misfit):
        return
    assert KINDS[kind].check(value, vocabulary_name) is None
    written = KINDS[kind].write(value)
    assert not isinstance(written, ox.BlankNode)
    assert printable(written.value) == written.value


@given(st.text(max_size=40) | st.from_regex(r"https?://[^\ud800-\udfff]{0,30}"))
@settings(max_examples=300, deadline=None)
def test_cleaned_addresses_are_iris_and_stay_as_they_are(raw: str) -> None:
    cleaned = iri.cleaned(raw)
    if cleaned:
        assert iri.is_iri(cleaned)
        assert ox.NamedNode(cleaned).value == cleaned
        assert iri.cleaned(cleaned) == cleaned


@given(
    st.text(max_size=30) | st.from_regex(r"[0-9]{1,4}[-.][0-9]{1,2}[-.][0-9]{1,4}[T ]?[0-9:.+Z-]{0,15}", fullmatch=True)
)
@settings(max_examples=300, deadline=None)
def test_cleaned_dates_have_a_type_and_stay_as_they_are(raw: str) -> None:
    cleaned = dates.cleaned(raw)
    assert (dates.datatype(cleaned) != "") == (cleaned != "")
    assert dates.cleaned(cleaned) == cleaned


@pytest.mark.parametrize(
    ("date", "datatype"),
    [
        ("2026", "xsd:gYear"),
        ("2026-05", "xsd:gYearMonth"),
        ("2026-05-31", "xsd:date"),
        ("2026-05-31T12:00:00", "xsd:dateTime"),
        ("31.05.2026", ""),
    ],
)
def test_types_of_dates(date: str, datatype: str) -> None:
    assert dates.datatype(date) == datatype


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_plain_text_can_stand_in_xml(raw: str) -> None:
    text = plain(raw)
    assert text == text.strip()
    assert printable(text) == text


@pytest.mark.parametrize(
    ("tag", "proper"),
    [("de", "de"), ("de-DE", "de-de"), ("de_DE", "de-de"), ("", ""), ("deutsch sprachig", ""), ("x", ""), ("1", "")],
)
def test_language_tags(tag: str, proper: str) -> None:
    assert language_tag(tag) == proper


def test_web_addresses() -> None:
    assert iri.is_web("https://x.example/a")
    for other in ("urn:x:1", "http:///a", "https://", "ftp://x.example/a", "http://x y/", "x.example", ""):
        assert not iri.is_web(other), other


def test_open_vocabularies_keep_what_others_add() -> None:
    assert "https://x.example/bedingungen" not in vocabulary("license")
    assert KINDS["concept-or-uri"].check("https://x.example/bedingungen", "license") is None
