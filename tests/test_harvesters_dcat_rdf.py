"""DCAT pages as servers send them: every RDF form, both Hydra forms, and what is not RDF at all."""

import builders
import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shared_files import shared

from dcat import rdf
from dcat.errors import UnreadableError
from harvesters.base import Batch
from harvesters.dcat_rdf import DCAT

URL = "https://amt.example/katalog.ttl"
SOURCE = builders.source(URL, type="dcat")
PREFIXES = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
BAEUME = '<https://amt.example/baeume> a dcat:Dataset ; dct:title "Bäume in Grünanlagen"@de .\n'
XML = """\
<?xml version="1.0" encoding="{}"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/"
  xmlns:dcat="http://www.w3.org/ns/dcat#">
<dcat:Dataset rdf:about="https://amt.example/baeume"><dct:title xml:lang="de">Bäume in Grünanlagen</dct:title></dcat:Dataset>
</rdf:RDF>
"""


def read_turtle(text: str, url: str = URL) -> Batch:
    return builders.read_page(DCAT, builders.page(PREFIXES + text, url, media_type="text/turtle"), SOURCE)


def ids(batch: Batch) -> list[str]:
    return [record.remote_id for record in batch.records]


def titles(batch: Batch) -> list[str]:
    return [text.value for record in batch.records if record.reading for text in record.reading.dataset.title]


def refused(body: str | bytes, url: str = URL, **fields: str) -> str:
    with pytest.raises(UnreadableError) as error:
        builders.read_page(DCAT, builders.page(body, url, **fields), SOURCE)
    return error.value.message.de


def in_form(ending: str) -> bytes:
    triples = ox.parse((PREFIXES + BAEUME).encode(), ox.RdfFormat.TURTLE)
    return rdf.serialize((quad.triple for quad in triples), ending)


@pytest.mark.parametrize("ending", sorted(rdf.FORMATS))
@pytest.mark.parametrize("clue", ["media type", "ending", "content"])
def test_every_form_is_known_by_every_clue(ending: str, clue: str) -> None:
    media_type = rdf.FORMATS[ending].media_type if clue == "media type" else "application/octet-stream"
    url = f"https://amt.example/katalog.{ending}?page=1" if clue == "ending" else "https://amt.example/katalog"
    batch = builders.read_page(DCAT, builders.page(in_form(ending), url, media_type=media_type), SOURCE)
    assert titles(batch) == ["Bäume in Grünanlagen"]


@pytest.mark.parametrize(
    "media_type, ending",
    [("application/xml", "rdf"), ("text/xml", "rdf"), ("application/json", "jsonld"), ("application/x-turtle", "ttl")],
)
def test_vague_media_types_win_over_the_file_ending_too(media_type: str, ending: str) -> None:
    batch = builders.read_page(
        DCAT, builders.page(in_form(ending), "https://amt.example/daten.nt", media_type=media_type), SOURCE
    )
    assert ids(batch) == ["https://amt.example/baeume"]


def test_the_media_type_wins_over_the_file_ending() -> None:
    assert ids(builders.read_page(DCAT, builders.page(in_form("rdf"), URL, media_type="application/rdf+xml"), SOURCE))


def test_turtle_is_asked_for_first() -> None:
    assert DCAT.accept.startswith("text/turtle,")
    assert all(form.media_type in DCAT.accept for form in rdf.FORMATS.values())
    assert not DCAT.publishes_files


@pytest.mark.parametrize(
    "view, following",
    [
        ("a hydra:PartialCollectionView ; hydra:next <https://amt.example/katalog.ttl?page=2>", "?page=2"),
        ("a hydra:PagedCollection ; hydra:nextPage <https://amt.example/katalog.ttl?page=2>", "?page=2"),
        ("a hydra:PagedCollection ; hydra:nextPage <?page=2>", "?page=2"),
        ('a hydra:PagedCollection ; hydra:nextPage "https://amt.example/katalog.ttl?page=2"', "?page=2"),
        ('a hydra:PagedCollection ; hydra:nextPage "?page=2&größe=1 0"', "?page=2&gr%C3%B6%C3%9Fe=1%200"),
        ("a hydra:PagedCollection , hydra:PartialCollectionView ; hydra:next <?page=2> ; hydra:nextPage <?page=9>", "?page=2"),
        ("a hydra:PartialCollectionView ; hydra:first <?page=1> ; hydra:last <?page=1>", ""),
        ("a hydra:PagedCollection ; hydra:nextPage []", ""),
        ('a hydra:PagedCollection ; hydra:nextPage ""', "same"),
        ('a hydra:PagedCollection ; hydra:nextPage "http://[kaputt"', ""),
    ],
)  # fmt: skip
def test_the_next_page(view: str, following: str) -> None:
    batch = read_turtle(BAEUME + f"<> {view} .")
    if following == "same":
        # An empty address is the page itself; the run notices the circle.
        assert batch.following == (URL,)
    else:
        assert batch.following == ((URL + following,) if following else ())


def test_a_page_that_names_itself_as_next_is_passed_on_for_the_run_to_refuse() -> None:
    assert read_turtle(BAEUME + "<> a hydra:PartialCollectionView ; hydra:next <> .").following == (URL,)


def test_of_several_views_the_one_of_this_page_counts() -> None:
    views = "".join(f"<?page={n}> a hydra:PartialCollectionView ; hydra:next <?page={n + 1}> .\n" for n in range(1, 5))
    assert read_turtle(BAEUME + views, f"{URL}?page=3").following == (f"{URL}?page=4",)


@pytest.mark.parametrize("kind", ["PagedCollection", "Collection", "PartialCollectionView"])
def test_the_total(kind: str) -> None:
    assert read_turtle(BAEUME + f"<#c> a hydra:{kind} ; hydra:totalItems 217 .").total == 217


@pytest.mark.parametrize("claim", ['"viele"', "-1", '"²"', f'"{"9" * 5000}"', "2.5"])
def test_a_total_that_is_no_count_is_none(claim: str) -> None:
    assert read_turtle(BAEUME + f"<#c> a hydra:Collection ; hydra:totalItems {claim} .").total is None


def test_no_total_is_not_zero() -> None:
    assert read_turtle(BAEUME).total is None
    assert read_turtle(BAEUME + "<#c> a hydra:Collection ; hydra:totalItems 0 .").total == 0


@pytest.mark.parametrize("content", ["<> a dcat:Catalog .", "<> a hydra:PagedCollection ; hydra:totalItems 0 ."])
def test_an_empty_catalogue_is_valid(content: str) -> None:
    assert ids(read_turtle(content)) == []


@pytest.mark.parametrize("content", ["", "<> a dct:Agent ."])
def test_rdf_without_any_catalogue_is_refused(content: str) -> None:
    assert "weder Datensätze noch einen Katalog" in refused(PREFIXES + content, media_type="text/turtle")


LOGIN = "<form><input type=password></form>"


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE html><html><body>{LOGIN}</body></html>",
        f"\n\n<html><head><title>Anmeldung</title></head>{LOGIN}</html>",
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html>{LOGIN}</html>',
        f"<!-- Portal --><!doctype HTML><HTML>{LOGIN}</HTML>",
        f"\ufeff<!doctype html>{LOGIN}",
    ],
)
@pytest.mark.parametrize("media_type", ["text/html", "text/turtle", "application/rdf+xml", ""])
def test_a_login_page_is_named_as_such(body: str, media_type: str) -> None:
    sentence = refused(body, media_type=media_type)
    assert sentence == (
        "https://amt.example/katalog.ttl antwortet mit einer Webseite statt mit RDF. "
        "Nächster Schritt: Adresse und Anmeldung prüfen."
    )


def test_a_dataset_without_uri_goes_by_its_identifier() -> None:
    batch = read_turtle('[] a dcat:Dataset ; dct:title "Bäume"@de ; dct:identifier "baum-7" .')
    (record,) = batch.records
    assert (record.remote_id, record.failure) == ("baum-7", None)
    assert record.reading is not None and record.reading.dataset.uri == ""


def test_a_dataset_without_uri_and_identifier_fails_by_its_title() -> None:
    (record,) = read_turtle('[] a dcat:Dataset ; dct:title "Bäume"@de .').records
    assert record.reading is None and record.remote_id == "?Bäume"
    assert record.failure is not None
    assert record.failure.de == "Der Datensatz „Bäume“ hat weder URI noch dcterms:identifier."


def test_a_dataset_without_anything_fails_too() -> None:
    (record,) = read_turtle("[] a dcat:Dataset .").records
    assert record.remote_id == "??" and record.failure is not None


@pytest.mark.parametrize("title", ["", 'dct:title ""@de', 'dct:title "  "@de'])
def test_a_dataset_without_title_fails(title: str) -> None:
    (record,) = read_turtle(f"<https://amt.example/baeume> a dcat:Dataset ; {title} .").records
    assert record.reading is None and record.failure is not None
    assert record.failure.de == "https://amt.example/baeume hat keinen Titel."


def test_one_bad_dataset_does_not_stop_the_others() -> None:
    batch = read_turtle(BAEUME + '<https://amt.example/ohne> a dcat:Dataset . [] a dcat:Dataset ; dct:title "X" .')
    assert sorted(record.failure is None for record in batch.records) == [False, False, True]


def test_equal_identifiers_are_both_passed_on() -> None:
    one = '[] a dcat:Dataset ; dct:title "{}"@de ; dct:identifier "baum-7" .\n'
    assert ids(read_turtle(one.format("Eins") + one.format("Zwei"))) == ["baum-7", "baum-7"]


def test_the_same_uri_twice_on_a_page_is_one_dataset() -> None:
    assert ids(read_turtle(BAEUME + '<https://amt.example/baeume> a dcat:Dataset ; dct:identifier "7" .')) == [
        "https://amt.example/baeume"
    ]


def test_what_a_catalogue_names_as_its_dataset_needs_no_type() -> None:
    batch = read_turtle(
        '<> dcat:dataset <baeume>, <nicht-hier>, [ dct:title "B" ; dct:identifier "7" ] . <baeume> dct:title "A" .'
    )
    assert sorted(ids(batch)) == ["7", "https://amt.example/baeume"]


def test_a_locale_in_the_place_of_a_language_tag_does_not_spoil_the_page() -> None:
    batch = read_turtle(
        BAEUME
        + '<https://amt.example/b> a dcat:Dataset ; dct:title "Bäume"@de_DE , "Trees"@en_GB ; dct:description "mail@de_DE"@de .'
    )
    found = next(r.reading.dataset for r in batch.records if r.reading and r.remote_id == "https://amt.example/b")
    assert {(text.value, text.lang) for text in found.title} == {("Bäume", "de-de"), ("Trees", "en-gb")}
    assert found.description[0].value == "mail@de_DE"


def test_what_is_broken_otherwise_stays_refused() -> None:
    assert "Kein lesbares RDF" in refused(PREFIXES + BAEUME + '<a> <b> "c"@de_DE , .', media_type="text/turtle")


def test_relative_uris_belong_to_the_page() -> None:
    assert ids(read_turtle('<baeume> a dcat:Dataset ; dct:title "Bäume"@de .')) == ["https://amt.example/baeume"]


@pytest.mark.parametrize(
    "declared, sent, charset",
    [
        ("UTF-8", "utf-8", ""),
        ("ISO-8859-1", "iso-8859-1", ""),
        ("ISO-8859-1", "iso-8859-1", "utf-8"),
        ("windows-1252", "cp1252", "utf-8"),
        ("UTF-8", "cp1252", ""),
        ("UTF-8", "cp1252", "iso-8859-1"),
        ("UTF-16", "utf-16", ""),
        ("UTF-8", "utf-16", "utf-8"),
        ("UTF-16", "utf-8", ""),
        ("UTF-8", "utf-8-sig", "iso-8859-1"),
        ("ISO-8859-1", "utf-8", ""),
        ("ISO-8859-1", "utf-8", "iso-8859-1"),
        ("undefined", "utf-8", ""),
        ("punycode", "utf-8", "idna"),
        ("klingonisch", "utf-8", "auch-keiner"),
    ],
)
def test_charsets_and_their_lies(declared: str, sent: str, charset: str) -> None:
    body = XML.format(declared).encode(sent)
    batch = builders.read_page(DCAT, builders.page(body, "https://amt.example/k.rdf", charset=charset), SOURCE)
    assert titles(batch) == ["Bäume in Grünanlagen"]


def test_characters_that_xml_forbids_are_taken_out() -> None:
    body = XML.format("UTF-8").replace("Bäume", "B\x00ä\x0bu\ufffeme")
    assert titles(builders.read_page(DCAT, builders.page(body, "https://amt.example/k.rdf"), SOURCE)) == [
        "Bäume in Grünanlagen"
    ]


@pytest.mark.parametrize("ending", sorted(rdf.FORMATS))
def test_truncated_rdf_is_refused(ending: str) -> None:
    body = in_form(ending).rstrip()
    sentence = refused(body[:-9], f"https://amt.example/k.{ending}")
    assert sentence.startswith(f"Kein lesbares RDF ({rdf.FORMATS[ending].media_type}): ")


def test_a_context_from_elsewhere_is_not_fetched() -> None:
    body = '{"@context": "https://fremd.example/kontext.jsonld", "@type": "dcat:Dataset"}'
    sentence = refused(body, "https://amt.example/k.jsonld")
    assert sentence.startswith("Der JSON-LD-Kontext „https://fremd.example/kontext.jsonld“ ist hier nicht bekannt")
    assert "Turtle zu liefern" in sentence


def test_an_error_in_json_is_refused() -> None:
    assert refused('{"error": "not found"}', media_type="application/json")


def test_pasted_office_markup_in_a_description_does_no_harm() -> None:
    batch = read_turtle(BAEUME + '<https://amt.example/baeume> dct:description "<p>a <![foo[b <b>c</b></p>"@de .')
    (record,) = batch.records
    assert record.reading is not None and record.reading.dataset.description[0].value.startswith("a")


def test_rostock() -> None:
    body = shared("corpus", "dcat", "rostock-catalog.rdf").read_bytes()
    batch = builders.read_page(
        DCAT, builders.page(body, "https://www.opendata-hro.de/catalog.rdf", media_type="application/rdf+xml"), SOURCE
    )
    assert batch.total == 217
    assert batch.following == ("https://www.opendata-hro.de/catalog.rdf?page=2",)
    records = list(batch.records)
    assert len(records) == len({record.remote_id for record in records}) == 100
    assert not [record.failure for record in records if record.failure]
    friedhoefe = next(r for r in records if r.reading and r.reading.dataset.title[0].value == "Friedhöfe")
    assert friedhoefe.reading is not None and len(friedhoefe.reading.dataset.distribution) > 3


def test_bremen() -> None:
    body = shared("corpus", "dcat", "bremen-catalog.rdf").read_bytes()
    batch = builders.read_page(DCAT, builders.page(body, "https://bremen.example/catalog.rdf"), SOURCE)
    records = list(batch.records)
    assert (batch.total, batch.following) == (None, ())
    assert len(records) == len({record.remote_id for record in records}) == 153
    assert all(record.reading is not None for record in records)


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(str.encode),
    st.sampled_from(("", *["rdf", "ttl", "jsonld", "nt"])),
)
@example(b"<?xml version='1.0' encoding='undefined'?><a/>", "rdf")
@example(b"[", "jsonld")
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_are_read_or_refused(body: bytes, ending: str) -> None:
    try:
        list(builders.read_page(DCAT, builders.page(body, f"https://amt.example/k.{ending}"), SOURCE).records)
    except UnreadableError as error:
        assert error.message.de and error.message.en


@given(st.binary(max_size=200), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_arbitrary_headers_do_no_harm(rest: bytes, charset: str) -> None:
    page = builders.page((PREFIXES + BAEUME).encode() + b"#" + rest.replace(b"\n", b""), URL, charset=charset)
    try:
        assert len(list(builders.read_page(DCAT, page, SOURCE).records)) == 1
    except UnreadableError:
        assert b"\n" in rest or b"\r" in rest or b"\0" in rest
