"""Stamps: equal stamps mean equal readings, whatever the order and the names of blank nodes; any change that is read shows."""

import random
from dataclasses import fields, replace

import complete
import pyoxigraph as ox
import pytest

from dcat import rdf, rdf_reader, rdf_stamp, rdf_writer
from dcat.model import Dataset, Text

PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
ONE = "https://amt.example/baeume"


def stamps(turtle: str | bytes) -> dict[str, bytes]:
    body = turtle if isinstance(turtle, bytes) else (PREFIXES + turtle).encode()
    graph = rdf_reader.parse(body, "ttl")
    made = rdf_stamp.Stamps(graph)
    return {
        node.value if isinstance(node, ox.NamedNode) else "": made.of(node) for node in graph.of_type("dcat:Dataset")
    }


def test_order_and_names_of_blank_nodes_make_no_difference() -> None:
    publisher = '_:{0} a foaf:Agent ; foaf:name "Amt" ; foaf:homepage _:{1} . _:{1} foaf:name "x" .'
    first = f"<{ONE}> a dcat:Dataset ; dct:title 'B', 'A' ; dct:publisher _:a . " + publisher.format("a", "b")
    second = publisher.format("q", "r") + f"<{ONE}> dct:publisher _:q ; dct:title 'A', 'B' . <{ONE}> a dcat:Dataset ."
    assert stamps(first) == stamps(second) != {}


@pytest.mark.parametrize(
    "changed",
    [
        "dct:title 'A'@en ; dct:publisher <https://amt.example/amt> .",
        "dct:title 'A' ; dct:publisher <https://amt.example/anderes> .",
        "dct:title 'A' ; dct:publisher <https://amt.example/amt> . <https://amt.example/amt> foaf:name 'Amt' .",
        "dct:title 'A' ; dct:publisher 'https://amt.example/amt' . <https://amt.example/amt> foaf:name 'Amt' .",
    ],
)
def test_what_is_read_differently_is_stamped_differently(changed: str) -> None:
    before = "dct:title 'A' ; dct:publisher <https://amt.example/amt> ."
    assert stamps(f"<{ONE}> a dcat:Dataset ; {before}") != stamps(f"<{ONE}> a dcat:Dataset ; {changed}")


def test_a_literal_that_names_a_described_node_depends_on_it() -> None:
    text = f"<{ONE}> a dcat:Dataset ; dct:publisher 'https://amt.example/amt' . <https://amt.example/amt> foaf:name "
    assert stamps(text + "'Amt' .") != stamps(text + "'Amt 2' .")


def test_neighbours_count_by_name_only() -> None:
    text = f"<{ONE}> a dcat:Dataset ; dct:relation <{ONE}2> . <{ONE}2> a dcat:Dataset ; dct:title "
    assert stamps(text + "'A' .")[ONE] == stamps(text + "'B' .")[ONE]


def test_circles_and_heaps_have_no_stamp() -> None:
    circle = f"<{ONE}> a dcat:Dataset ; dct:publisher _:a . _:a foaf:name _:b . _:b foaf:name _:a ."
    assert stamps(circle)[ONE] == b""
    many = "".join(f"<{ONE}> dct:publisher <{ONE}/{n}> . <{ONE}/{n}> foaf:name 'x' .\n" for n in range(2_001))
    assert stamps(f"<{ONE}> a dcat:Dataset .\n{many}")[ONE] == b""


def test_each_field_of_a_complete_dataset_counts() -> None:
    (whole,) = complete.datasets(1)

    def written(dataset: Dataset) -> frozenset[ox.Triple]:
        return frozenset(rdf_writer.write(dataset).all())

    def stamp(triples: frozenset[ox.Triple]) -> bytes:
        shuffled = list(triples)
        random.Random(7).shuffle(shuffled)
        return stamps(rdf.serialize(shuffled, "ttl"))[whole.uri]

    original = written(whole)
    assert stamp(original) == stamp(frozenset(sorted(original, key=str)))
    for field in fields(Dataset):
        less = (
            written(replace(whole, **{field.name: getattr(Dataset(), field.name)})) if field.name != "uri" else original
        )
        assert (stamp(less) == stamp(original)) == (less == original), field.name
    file = replace(whole.distribution[0], description=(Text("Anders", "de"),))
    assert stamp(written(replace(whole, distribution=(file, *whole.distribution[1:])))) != stamp(original)
