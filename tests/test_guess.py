"""What an address seems to be, by its answer alone."""

import gzip
import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters import source
from harvesters.examine import _definition
from harvesters.guess import guess

URL = "https://daten.example.org/katalog"
OWS = "http://www.opengis.net"


def archive(name: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr(name, "stop_id,stop_name\n")
    return body.getvalue()


def as_json(**value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("type_", "url", "media_type", "body"),
    [
        ("dcat", URL, "text/turtle", b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<a> a dcat:Catalog ."),
        ("dcat", URL, "text/plain", b"<http://a> <http://b> <http://www.w3.org/ns/dcat#Catalog> ."),
        (
            "dcat",
            URL,
            "application/xml",
            b'<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>',
        ),
        ("dcat", URL, "application/ld+json", b'\xef\xbb\xbf{"@context": {}, "@graph": []}'),
        (
            "data-json",
            "https://opendata.example.de/data.json",
            "application/json",
            as_json(conformsTo="https://project-open-data.cio.gov/v1.1/schema", dataset=[]),
        ),
        ("data-json", URL, "application/json", as_json(dataset=[{"title": "a"}])),
        (
            "ckan",
            "https://ckan.example.org/api/3/action/package_search",
            "application/json",
            as_json(success=True, result={}),
        ),
        ("ckan", URL, "text/html", b'<html><head><meta name="generator" content="ckan 2.10.1" /></head></html>'),
        (
            "csw",
            URL + "?request=GetCapabilities",
            "text/xml",
            f'<csw:Capabilities xmlns:csw="{OWS}/cat/csw/2.0.2"/>'.encode(),
        ),
        ("ogc", URL, "text/xml", f'<!-- a --><wfs:WFS_Capabilities xmlns:wfs="{OWS}/wfs/2.0"/>'.encode()),
        ("ogc", URL, "text/xml", b"<?xml version='1.0'?><!DOCTYPE WMT_MS_Capabilities><WMT_MS_Capabilities/>"),
        ("ogc-api", URL, "application/json", as_json(title="a", links=[{"rel": "service-desc"}])),
        ("oparl", URL, "application/json", as_json(id="a", type="https://schema.oparl.org/1.1/System")),
        ("sensorthings", URL, "application/json", as_json(value=[{"name": "Things"}, {"name": "Datastreams"}])),
        ("gbfs", URL, "application/json", as_json(last_updated=1, ttl=0, data={"de": {"feeds": []}})),
        ("gtfs", URL, "application/zip", archive("stops.txt")),
        ("opendatasoft", URL, "application/json", as_json(total_count=1, results=[{"dataset_id": "a"}])),
        ("arcgis", URL, "application/json", as_json(currentVersion=11.1, services=[], folders=[])),
        ("ldes", URL, "text/turtle", b"@prefix ldes: <https://w3id.org/ldes#> ."),
        (
            "pegelonline",
            "https://www.pegelonline.wsv.de/webservices/rest-api/v2/stations.json",
            "application/json",
            b"[]",
        ),
        ("mobilithek", "https://mobilithek.info/offers/1", "text/html", b""),
        ("webdav", "https://cloud.example.org/s/AbCdEf123456", "text/html", b"<html>"),
        ("webdav", "https://cloud.example.org/remote.php/dav/files/amt/", "text/html", b""),
        ("webdav", URL, "application/xml", b'<d:multistatus xmlns:d="DAV:"/>'),
        ("files", URL, "text/html", b"<html><head><title>Index of /daten</title></head></html>"),
        ("files", URL, "text/html", b"<html><a href='umwelt/baum.csv'>Baum</a></html>"),
        ("files", URL, "text/plain", b"# Dateien\nhttps://daten.example.org/a.csv\n"),
        ("files", URL, "text/plain", b"baum.csv\npegel.csv\n"),
        ("", URL, "text/html", b"<html><form><input type=password></form></html>"),
        ("", URL, "text/html", b"<html><p>Willkommen</p></html>"),
        ("", URL, "text/csv", b"a;b\n1;2\n"),
        ("", URL, "application/json", b'{"a": '),
        ("", URL, "application/json", as_json(type="FeatureCollection", features=[])),
        ("", URL, "application/json", b"[1, 2]"),
        ("", URL, "application/zip", archive("tabelle.csv")),
        ("", URL, "image/png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("", URL, "", b""),
    ],
)
def test_guesses(type_: str, url: str, media_type: str, body: bytes) -> None:
    found = guess(url, media_type, body)
    assert found.type == type_
    assert found.why.de and found.why.en
    known = {*source.TYPES, "csw", "gtfs", "mobilithek", "oparl", "ogc"}
    assert not found.type or found.type in known


def test_the_address_to_enter() -> None:
    assert (
        guess("https://a.example/ckan/api/3/action/package_list", "", as_json(success=True, result=[])).url
        == "https://a.example/ckan/"
    )
    assert guess("https://a.example/csw?service=CSW&request=GetCapabilities", "", b'<Capabilities xmlns="http://www.opengis.net/cat/csw/2.0.2"/>').url == "https://a.example/csw"  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", "text/html", "application/json", "text/plain"]))
def test_any_bytes(body: bytes, media_type: str) -> None:
    for text in (body, b"{" + body, b"<html" + body, gzip.compress(body)):
        guess(URL, media_type, text)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"<" * 300_000, b"<!" * 150_000, b"a.csv\n" * 200_000, b"# \n" * 100_000, b"<title " * 50_000, b"<meta generator" * 10_000, b"href=a" * 30_000])  # fmt: skip
def test_shapes_that_would_stall_a_careless_reader(body: bytes) -> None:
    for media_type in ("text/plain", "text/html"):
        guess(URL, media_type, body)


@pytest.mark.parametrize("type_", sorted(set(source.TYPES) - {"folder", "s3", "sftp"}))
@pytest.mark.parametrize("private", [False, True])
def test_the_definition_is_one(type_: str, private: bool) -> None:
    url = "http://127.0.0.1:8080/a b" if private else 'https://daten.example.org/katalog.ttl?x="1"#: y'
    text = _definition(type_, url, "darmstadt", private)
    errors = [found.message.en for found in source.lint(text.encode(), "neu.yaml") if found.level == "error"]
    assert not errors
    assert source.read(text.encode(), "neu.yaml").type == type_
