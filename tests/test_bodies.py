"""Large answers lie in files: they are read as bytes are, by every protocol, and their files go when they do."""

import gc
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import conformance
import misbehaving
import pytest
import yaml
from conformance import Told
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.files import Files
from dcat.errors import FetchError, UnreadableError
from harvesters import bodies, json_slices
from harvesters import source as sources
from harvesters.base import Page, record
from harvesters.bodies import Body, Incoming, LargeBody
from harvesters.decode import decided, decode
from harvesters.fetch import Fetcher, FetchLimits, Network
from harvesters.registry import HARVESTERS

LOOPBACK = Network(allow=("127.0.0.1",))
SAMPLES = conformance.samples()


def large(body: bytes) -> LargeBody:
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.flush()
        return bodies.mapped(file)


def open_files() -> int:
    # What earlier tests of this process left to the garbage collector is not to be counted.
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("most, kind", [(None, bytes), (11, bytes), (10, LargeBody), (0, LargeBody)])
def test_what_arrives_is_whole_in_memory_or_in_a_file(most: int | None, kind: type) -> None:
    incoming = Incoming(most)
    for piece in (b"Linde", b"", b" ", b"Eiche"):
        incoming.write(piece)
    body = incoming.body()
    assert type(body) is kind
    assert (len(body), body[:], body[6:], b"".join(bodies.pieces(body))) == (11, b"Linde Eiche", b"Eiche", body[:])
    assert Incoming(0).body() == b""


def test_a_large_body_is_the_same_after_its_memory_was_given_back() -> None:
    body = large(bytes(range(256)) * 20_000)
    before = hashlib.sha256(body).hexdigest()
    body.forget()
    assert hashlib.sha256(body).hexdigest() == before
    assert b"".join(bodies.pieces(body)) == body[:]


def test_no_file_stays_open(tmp_path: Any) -> None:
    files = Files(str(tmp_path))
    digest = files.put(large(b"x" * (bodies.LARGE + 1)))
    before = open_files()
    for _ in range(50):
        page = Page(url="https://amt.example/", body=files.get(digest))
        # Threads that earlier tests left may hold one for a moment.
        assert open_files() < before + 5
        page.close()
    with pytest.raises(ValueError, match="closed"):
        page.body[:]
    kept = [files.get(digest) for _ in range(3)]
    assert isinstance(kept[0], LargeBody)
    del kept, page
    assert open_files() < before + 3


@pytest.mark.parametrize("place", ["{folder}", "memory://ablage"])
def test_a_store_keeps_large_bodies_and_gives_them_back(tmp_path: Any, place: str) -> None:
    files = Files(place.format(folder=tmp_path))
    for body in (b"id;baum\n" * 2_000_000, b"id;baum\n", b""):
        digest = hashlib.sha256(body).hexdigest()
        given: Body = large(body) if body else body
        assert files.put(given) == digest
        found = files.get(digest)
        assert isinstance(found, LargeBody) is (len(body) > bodies.LARGE)
        assert found[:] == body


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with misbehaving.running() as running:
        yield running


def test_a_fetched_body_lies_in_a_file_where_that_is_wanted(server: Any) -> None:
    with Fetcher(LOOPBACK, FetchLimits(max_bytes=5_000_000)) as fetcher:
        small = fetcher.get(server.url("/gzip"))
        before = open_files()
        response = fetcher.get(server.url("/gzip"), in_memory=3)
        # Threads that earlier tests left may hold one for a moment.
        assert open_files() < before + 5
        assert (type(small.body), type(response.body)) == (bytes, LargeBody)
        assert response.body[:] == small.body
        assert (response.size, response.sha256) == (small.size, hashlib.sha256(small.body).hexdigest())
        bodies.close(response.body)
        assert open_files() < before + 3
        with pytest.raises(FetchError):
            fetcher.get(server.url("/half-gzip"), in_memory=1)
        assert open_files() <= before


CLUES = (
    "",
    "utf-8",
    "iso-8859-1",
    "windows-1252",
    "utf-16",
    "utf-16-le",
    "ascii",
    "macintosh",
    "punycode",
    "cp9999",
    "iso-8859-99",
)
TEXTS = ("Grünanlagen – €", "Baum", '<?xml version="1.0" encoding="ISO-8859-1"?><a>Straße</a>', "\0", "\ufeffBaum", "𝄞")


@given(
    st.sampled_from(TEXTS),
    st.sampled_from(("utf-8", "cp1252", "utf-16", "utf-16-be", "utf-16-le", "utf-8-sig")),
    st.sampled_from(CLUES),
    st.binary(max_size=4),
)
@example("Baum", "utf-16", "utf-16", b"\xd8")
@example("Straße", "utf-8", "iso-8859-1", b"\xc3")
@settings(max_examples=300, deadline=None)
def test_the_decision_is_the_one_that_decoding_takes(text: str, encoding: str, charset: str, end: bytes) -> None:
    body = text.encode(encoding, "replace") + end
    expected = decode(body, charset).decided
    assert decided(body, charset) == expected
    if body:
        assert decided(large(body), charset) == expected
        assert decode(large(body), charset) == decode(body, charset)


def test_the_decision_looks_at_every_piece() -> None:
    sign = "ä".encode()
    blank = b" " * ((1 << 20) - 1)
    for body, expected in (
        (blank + sign + blank, "utf-8 (against the header)"),
        (blank + sign + blank + b"\xff", "iso-8859-1 (header)"),
        (blank + sign + blank + b"\0", "iso-8859-1 (header)"),
        (blank + blank, "iso-8859-1 (header)"),
    ):
        assert decided(large(body), "iso-8859-1") == decode(body, "iso-8859-1").decided == expected


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_protocol_reads_a_large_page_as_any_other(name: str) -> None:
    sample, root = SAMPLES[name], "http://127.0.0.1:8000"
    text = sample.definition.replace("{root}", root).replace("{host}", "127.0.0.1:8000")
    source = sources.read(yaml.safe_dump({**yaml.safe_load(text), "city": "darmstadt"}).encode(), f"{name}.yaml")
    told = [Told("satz-1", "Bäume"), Told("satz-2", "Wege & Straßen")][: sample.most]
    read = 0
    for path, answer in sample.site(root, told, 2).items():
        page = Page(url=root + path, body=answer.body, media_type=answer.media_type)
        if answer.body:
            expected = what_is_read(name, page, source)
            assert what_is_read(name, replace(page, body=large(answer.body)), source) == expected
            read += len(expected) if isinstance(expected, list) else 0
    assert read


def what_is_read(name: str, page: Page, source: Any) -> Any:
    """Give what a protocol makes of a page, in a form that can be compared."""
    harvester = HARVESTERS[name]
    try:
        batch = harvester.split(page, source)
        found = [(item.remote_id, item.stamp, item.version, record(harvester, item, source)) for item in batch.items]
    except UnreadableError as error:
        return error.message
    return [*found, batch.following, batch.total, batch.problems, harvester.live(page)]


def test_a_long_array_is_cut_while_its_memory_is_given_back() -> None:
    records = [b'{"identifier": "%d", "description": "%s"}' % (number, b"]} " * 3_000) for number in range(2_500)]
    body = large(b'{"dataset": [' + b",".join(records) + b"]}")
    slices = json_slices.elements(body, b"dataset")
    assert slices is not None
    assert list(json_slices.bytes_of(body, slices)) == records
