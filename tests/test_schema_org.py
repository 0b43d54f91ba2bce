"""schema.org: what Google asks of a dataset, nothing lost in JSON-LD, hostile texts inside a page, and the addresses that give it."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import builders
import orjson
import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from strategies import datasets

from catalog.web.data_blocks import data_block
from dcat import contexts, schema_org
from dcat.geometry import extent
from dcat.message import Message
from dcat.model import Dataset, Period, Place, Text
from dcat.schema_org import Column, Page, Table

SITE = "http://127.0.0.1:5000"
WITHHELD = "fledermausquartiere-in-frankfurt-am-main"
SCHEMA = "https://schema.org/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PLACES = "http://dcat-ap.de/def/politicalGeocoding/municipalityKey"
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "\u2028\u2029",
    "&lt;/script&gt;",
    '"\\',
    "{{ 7 * 7 }}",
)


def page(**fields: Any) -> Page:
    given = {
        "url": f"{builders.SITE}/dataset/baumkataster",
        "name": "baumkataster",
        "published": "2026-02-01T08:15:00Z",
    }
    around = {
        "catalog": f"{builders.SITE}/catalog",
        "homepage": f"{builders.SITE}/",
        "modified": "2026-03-02T09:00:00Z",
    }
    return Page(**given | around | fields)


def table(*columns: Column, **fields: Any) -> Table:
    given = {"id": "b1", "name": "baeume.csv", "distribution": builders.full_distribution(), "sha256": "ab" * 32}
    return Table(columns=columns, **given | fields)


def triples(node: dict[str, Any], names: Iterator[int]) -> Iterator[ox.Triple]:
    """What a tree says, read by hand: the independent witness of the JSON-LD parser."""
    subject = ox.NamedNode(node["@id"]) if "@id" in node else ox.BlankNode(f"n{next(names)}")
    for key, value in node.items():
        predicate = ox.NamedNode(RDF_TYPE if key == "@type" else SCHEMA + key)
        for one in value if isinstance(value, list) else [value]:
            if key == "@id":
                continue
            if key == "@type":
                yield ox.Triple(subject, predicate, ox.NamedNode(SCHEMA + one))
            elif isinstance(one, dict) and "@value" in one:
                yield ox.Triple(subject, predicate, ox.Literal(one["@value"], language=one["@language"]))
            elif isinstance(one, dict):
                below = list(triples(one, names))
                yield ox.Triple(subject, predicate, below[0].subject)
                yield from below
            else:
                yield ox.Triple(subject, predicate, ox.Literal(one))


def canonical(found: list[ox.Triple]) -> set[str]:
    graph = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in found)
    graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in graph}


def expanded(node: dict[str, Any]) -> set[str]:
    """What a JSON-LD processor reads, with schema.org's context replaced by its vocabulary."""
    body = orjson.dumps({"@context": {"@vocab": SCHEMA}, **node})
    return canonical([quad.triple for quad in ox.parse(body, ox.RdfFormat.JSON_LD)])


def test_a_full_dataset() -> None:
    node = schema_org.write(builders.full_dataset(), page(tables=(table(Column(name="baum_id", unit="cm")),)))
    assert node["@type"] == "Dataset" and node["@id"] == f"{builders.SITE}/dataset/baumkataster"
    assert node["name"] == "Baumkataster" and node["alternateName"] == {"@value": "Tree register", "@language": "en"}
    assert node["url"] == f"{builders.SITE}/dataset/baumkataster"
    assert node["identifier"][-1] == "DOI 10.1000/182" and node["version"] == "3.1"
    assert node["sameAs"] == "https://opendata.darmstadt.example/baumkataster"
    assert node["keywords"] == ["Baum", "Grün", "tree", "Umwelt", "Regionen und Städte"]
    assert node["license"] == "https://www.govdata.de/dl-de/zero-2-0"
    assert node["publisher"]["contactPoint"]["telephone"] == "+4961511234"
    assert node["creator"]["name"] == "Grünflächenamt" and "contactPoint" not in node["creator"]
    assert (node["datePublished"], node["dateModified"]) == ("2020-01-31", "2026-05-31T12:00:00Z")
    assert node["inLanguage"] == "de" and node["temporalCoverage"] == "2020-01/2026-05-31"
    assert node["spatialCoverage"]["geo"] == {"@type": "GeoShape", "box": "49.79 8.55 49.96 8.75"}
    assert node["spatialCoverage"]["sameAs"] == builders.DARMSTADT
    assert node["isAccessibleForFree"] is True and "conditionsOfAccess" not in node
    assert node["isPartOf"]["name"] == "Baumkataster der Jahre" and node["isPartOf"]["@type"] == "CreativeWorkSeries"
    assert node["includedInDataCatalog"]["@id"] == f"{builders.SITE}/catalog"
    assert node["variableMeasured"] == {"@type": "PropertyValue", "name": "baum_id", "unitText": "cm"}
    [download] = node["distribution"]
    assert download["contentUrl"] == "https://opendata.darmstadt.example/baeume.csv"
    assert download["url"] == "https://opendata.darmstadt.example/baeume"
    assert (download["encodingFormat"], download["contentSize"]) == ("text/csv", "0 B")
    assert (download["sha256"], download["datePublished"]) == ("ab" * 32, "2020")


@settings(max_examples=100, deadline=None)
@given(datasets())
def test_any_dataset_has_what_google_requires_and_nothing_is_lost_in_json_ld(dataset: Dataset) -> None:
    node = schema_org.write(dataset, page(tables=(table(Column(name="wert")),)))
    assert node["name"] and isinstance(node["name"], str) and isinstance(node["description"], str)
    assert schema_org.MIN_DESCRIPTION <= len(node["description"]) <= schema_org.MAX_DESCRIPTION
    for part in node.get("distribution", []):
        assert part["contentUrl"].startswith("https://") if "contentUrl" in part else not part.get("url")
    assert orjson.loads(orjson.dumps(node)) == node
    assert expanded(node) == canonical(list(triples(node, count())))


def test_the_document_is_read_with_the_context_we_ship() -> None:
    body = schema_org.document(orjson.dumps(schema_org.write(builders.full_dataset(), page())))
    assert orjson.loads(body)["@context"] == SCHEMA
    found = {
        (q.predicate.value.rpartition("/")[2], str(q.object))
        for q in ox.parse(contexts.put_in(body), ox.RdfFormat.JSON_LD)
    }
    assert ("license", "<https://www.govdata.de/dl-de/zero-2-0>") in found
    assert ("contentUrl", "<https://opendata.darmstadt.example/baeume.csv>") in found
    assert ("name", '"Baumkataster"') in found


def test_an_empty_dataset_still_has_a_name_and_a_description() -> None:
    node = schema_org.write(Dataset(), page())
    assert node["name"] == "baumkataster" and len(node["description"]) >= schema_org.MIN_DESCRIPTION
    assert "@id" not in node and "publisher" not in node and node["datePublished"] == "2026-02-01T08:15:00Z"


def test_a_short_description_is_lengthened_in_its_own_language() -> None:
    short = builders.dataset(description=(Text("Alle Bäume", "de"),), keyword=(Text("Baum", "de"),))
    assert schema_org.description(short).startswith("Alle Bäume. Herausgegeben von: ")
    english = builders.dataset(description=(Text("All trees!", "en"),), publisher=None, keyword=(), theme=())
    assert schema_org.description(english).startswith("All trees! A dataset of public administration")
    enough = builders.dataset(
        description=(Text("Alle Bäume an Straßen und Plätzen, auf Schulhöfen und Friedhöfen.", "de"),)
    )
    assert schema_org.description(enough) == enough.description[0].value


def test_a_long_description_ends_with_a_sentence() -> None:
    sentences = builders.dataset(description=(Text("Ein Satz mit Wörtern. " * 400, "de"),))
    cut = schema_org.description(sentences)
    assert len(cut) > 4900 and cut.endswith("Wörtern.")
    words = schema_org.description(builders.dataset(description=(Text("Wort " * 2000, "de"),)))
    assert len(words) > 4900 and words.endswith("Wort…")
    assert (
        len(schema_org.description(builders.dataset(description=(Text("a" * 9000, "de"),))))
        == schema_org.MAX_DESCRIPTION
    )


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab .!?\nä"), min_size=1, max_size=60), st.integers(1, 6000))
def test_a_description_of_any_length_fits_and_begins_like_the_whole(text: str, length: int) -> None:
    whole = (text * length)[:length]
    found = schema_org.description(Dataset(description=(Text(whole, "de"),)))
    assert schema_org.MIN_DESCRIPTION <= len(found) <= schema_org.MAX_DESCRIPTION
    assert "".join(found.split())[:40].startswith("".join(whole.split())[:40])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020-01-31", "2026", "2020-01-31/2026"),
        ("2020-01-31Z", "", "2020-01-31/.."),
        ("", "2026-05", "../2026-05"),
        ("gestern", "2026-02-30", None),
    ],
)
def test_periods_are_intervals_with_open_ends(start: str, end: str, expected: str | None) -> None:
    node = schema_org.write(builders.dataset(temporal=(Period(start=start, end=end),)), page())
    assert node.get("temporalCoverage") == expected


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        ("POINT (8.65 49.87)", (8.65, 49.87, 8.65, 49.87)),
        ("POLYGON ((8.5 49.7, 8.8 49.7, 8.8 50, 8.5 49.7))", (8.5, 49.7, 8.8, 50.0)),
        ("POLYGON Z ((8.5 49.7 120, 8.8 49.9 130, 8.5 49.7 120))", (8.5, 49.7, 8.8, 49.9)),
        ("MULTIPOLYGON (((-1 -2, 3 4, -1 -2)), ((5 6, 7 8, 5 6)))", (-1.0, -2.0, 7.0, 8.0)),
        ("POLYGON ((1e1 5e-1, 12 1, 10 0.5))", (10.0, 0.5, 12.0, 1.0)),
        ("POINT (475000 5524000)", None),
        ("POINT (8.65 95)", None),
        ("<http://www.opengis.net/def/crs/EPSG/0/25832> POINT (8 49)", None),
        ("POINT EMPTY", None),
        ("POLYGON ((", None),
        ("", None),
        ("POINT (" + "1 " * 400_000, None),
        ("POINT ((((((((((" * 50_000, None),
    ],
)
def test_extents(wkt: str, expected: tuple[float, float, float, float] | None) -> None:
    assert extent(wkt) == expected


def test_places_have_a_box_a_point_or_what_the_vocabulary_knows() -> None:
    places = (
        Place(label=(Text("Herrngarten", "de"),), centroid="POINT (8.65 -0.0000000001)"),
        Place(uri=builders.DARMSTADT),
        Place(uri=f"{builders.SITE}/id/place/1", geometry="POINT (475000 5524000)", label=(Text("Amt", "de"),)),
        Place(uri=f"{builders.SITE}/id/place/2"),
    )
    park, city, office = schema_org.write(builders.dataset(spatial=places), page())["spatialCoverage"]
    assert park["geo"] == {"@type": "GeoCoordinates", "latitude": "0", "longitude": "8.65"}
    assert city["geo"]["latitude"].startswith("49.8") and city["name"].startswith("Darmstadt")
    assert office == {"@type": "Place", "name": "Amt"}


def test_what_is_kept_back_says_so() -> None:
    reason = Message("Schutz der Quartiere", "Protection of roosts")
    node = schema_org.write(builders.dataset(), page(kept_back=reason))
    assert node["conditionsOfAccess"] == "Schutz der Quartiere" and "isAccessibleForFree" not in node
    restricted = builders.dataset(access_rights=f"{builders.AUTHORITY}/access-right/RESTRICTED")
    assert schema_org.write(restricted, page())["conditionsOfAccess"].startswith("Zugang: ")


def test_addresses_that_are_none_are_left_out() -> None:
    bad = "javascript:alert(1)"
    files = (builders.distribution(access_url=(bad,), download_url=(bad,), license=bad),)
    agent = builders.agent(homepage=bad)
    contact = builders.contact(url=bad)
    node = schema_org.write(
        builders.dataset(landing_page=(bad,), distribution=files, publisher=agent, contact_point=(contact,)), page()
    )
    assert bad not in orjson.dumps(node).decode()


def test_a_wide_table_does_not_make_the_page_wide() -> None:
    columns = [Column(name=f"spalte_{number}") for number in range(2000)]
    node = schema_org.write(builders.dataset(), page(tables=(table(*columns), table(*columns))))
    assert len(node["variableMeasured"]) == schema_org.MAX_VARIABLES


def embedded(text: str) -> Any:
    [block] = html.document_fromstring(text).xpath("//script[@type='application/ld+json']/text()")
    return orjson.loads(str(block))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_inside_its_block(text: str) -> None:
    node = schema_org.write(builders.dataset(title=(Text(text, "de"),), keyword=(Text(text),)), page())
    block = str(data_block(orjson.dumps(node)))
    assert embedded(f"<!doctype html><title>x</title>{block}<p>y")["name"] == text
    inside = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not set(inside) & set("<>&\u2028\u2029")


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("<>/!-&\u2028"), max_size=60))
def test_any_text_comes_out_of_its_block_unchanged(text: str) -> None:
    block = str(data_block(orjson.dumps({"name": text})))
    content = re.fullmatch(r"<script[^>]*>([^<>&\u2028\u2029]*)</script>", block, re.S)
    assert content and orjson.loads(content[1])["name"] == text


# The addresses


def uuid_of(client: FlaskClient, name: str) -> str:
    return str(client.get("/api/3/action/package_show", query_string={"id": name}).json["result"]["id"])


def test_a_dataset_page_carries_what_the_interface_gives(public: FlaskClient) -> None:
    address = f"/dataset/{uuid_of(public, 'baumkataster-darmstadt')}.jsonld?profile=schema.org"
    answer = public.get(address)
    assert answer.status_code == 200 and answer.mimetype == "application/ld+json"
    assert answer.headers["Content-Profile"] == f"<{SCHEMA}>" and "Accept-Profile" in answer.headers["Vary"]
    content = orjson.loads(answer.data)
    assert content == embedded(public.get("/dataset/baumkataster-darmstadt").text)
    assert content["url"] == f"{SITE}/dataset/baumkataster-darmstadt"
    assert public.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert public.head(address).status_code == 200


def test_every_dataset_of_the_demonstration_is_described(public: FlaskClient) -> None:
    answer = public.get("/catalog.jsonld?profile=schema.org")
    catalogue = orjson.loads(answer.data)
    assert catalogue["@type"] == "DataCatalog" and catalogue["@id"] == f"{SITE}/catalog"
    assert len(catalogue["dataset"]) == public.get("/api/3/action/package_search").json["result"]["count"]
    for node in catalogue["dataset"]:
        assert {"name", "description", "url", "creator", "datePublished", "keywords"} <= node.keys()
        assert ("license" if "distribution" in node else "conditionsOfAccess") in node
        whole = {key: value for key, value in node.items() if key != "@context"}
        assert expanded(whole) == canonical(list(triples(whole, count())))


def test_a_withheld_dataset_says_why_and_offers_nothing(public: FlaskClient) -> None:
    node = orjson.loads(public.get(f"/dataset/{uuid_of(public, WITHHELD)}.jsonld?profile=schema.org").data)
    assert "distribution" not in node and "isAccessibleForFree" not in node and node["conditionsOfAccess"]


def test_pages_are_walked_by_link_headers(public: FlaskClient) -> None:
    address, seen = "/catalog.jsonld?profile=schema.org&limit=5", []
    while address:
        answer = public.get(address)
        seen += [node["url"] for node in orjson.loads(answer.data)["dataset"]]
        links = dict(reversed(pair) for pair in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"]))
        assert {"profile", "first", "last"} <= links.keys() and ("prev" in links) == (len(seen) > 5)
        assert public.head(address).headers["Link"] == answer.headers["Link"]
        address = links.get("next", "").removeprefix(SITE)
    assert len(seen) == len(set(seen)) == public.get("/api/3/action/package_search").json["result"]["count"]


@pytest.mark.parametrize("asked", ["schema.org", "https://schema.org/", "http://schema.org/", "https://schema.org"])
def test_the_profile_is_asked_for_by_name_or_address(public: FlaskClient, asked: str) -> None:
    answer = public.get("/catalog.jsonld", query_string={"profile": asked})
    assert orjson.loads(answer.data)["@context"] == SCHEMA


def test_the_profile_is_negotiated_for_json_ld_only(public: FlaskClient) -> None:
    wish = {"Accept-Profile": "<https://schema.org/>"}
    assert public.get("/catalog.jsonld", headers=wish).headers["Content-Profile"] == f"<{SCHEMA}>"
    assert public.get("/catalog.ttl", headers=wish).headers["Content-Profile"] != f"<{SCHEMA}>"
    by_address = public.get("/catalog", headers={"Accept": "application/ld+json", **wish})
    assert orjson.loads(by_address.data)["@type"] == "DataCatalog"


@pytest.mark.parametrize(
    "path", ["/catalog.ttl", "/catalog.rdf", "/city/darmstadt/catalog.nt", "/dump.jsonld", "/dump.ttl"]
)
def test_other_formats_are_refused_with_a_sentence(public: FlaskClient, path: str) -> None:
    answer = public.get(path, query_string={"profile": "schema.org"})
    assert answer.status_code == 406 and "nur als JSON-LD" in answer.text and "as JSON-LD only" in answer.text


def test_start_page_and_list_describe_the_catalogue(application: Flask) -> None:
    client = application.test_client()
    for path in ("/", "/dataset?q=baum"):
        node = embedded(client.get(path).text)
        assert node["@type"] == "DataCatalog" and node["name"] and node["publisher"]["name"]
    assert "ld+json" not in client.get("/city/darmstadt").text
