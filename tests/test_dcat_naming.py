"""Every node gets a URI that stays the same, and whatever was read from odd input can then be written."""

import itertools
import re
from dataclasses import fields, replace
from typing import Any

import builders
import pyoxigraph as ox
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from dcat import iri, naming, rdf, rdf_reader, rdf_writer
from dcat.model import Agent, Attribution, Checksum, Dataset, Distribution, Period, Text
from dcat.profile import OWNED
from harvesters.source import Identity

OWN_ID = naming.dataset_id("da-statistik", "baumkataster")
SLUG = re.compile(r"[a-z0-9_-]{2,100}")
OTHER = "https://amt.example/andere"
# What stands in real and in hostile feeds in the place of an object, as N-Triples.
ODD_OBJECTS = (
    "_:b",
    "_:leer",
    '""',
    '"\\u0001"',
    '"a\\u0000b\\uFFFE"@de',
    '"Zeile\\r\\nZeile"',
    '"x"@waytoolongtag',
    '"x"@de-xx-xx-xx',
    '"5"^^<http://www.w3.org/2001/XMLSchema#integer>',
    '"2021-01-28 GMT 01:51:03"',
    '"http://x.example/a b[c]"',
    '"<p>Text</p>"',
    '"{\\"type\\":\\"Point\\",\\"coordinates\\":[1,2]}"',
    "<http://x.example/a[1]>",
    "<http://x.example/50%>",
    "<http://[x/>",
    "<http://x:y/>",
    "<urn:x:ä>",
    "<mailto:a%b@x.example>",
    "<tel:+49 1>",
    "<http://www.w3.org/ns/dcat#Dataset>",
    f"<{builders.SITE}/dataset/baumkataster>",
    f"<{builders.SITE}/distribution/baeume-csv>",
    f"<{builders.SITE}/id/agent/gruenflaechenamt>",
    "<<( <urn:a:1> <urn:a:2> <urn:a:3> )>>",
)
LINES = rdf.fragment(rdf_writer.write(builders.full_dataset()).all(), "nt").decode().splitlines()
STATEMENT = re.compile(r"(<[^>]*>) (<[^>]*>) (.*) \.")


def named(dataset: Dataset) -> Dataset:
    return naming.named(dataset, builders.SITE, OWN_ID, naming.distribution_ids(OWN_ID, dataset.distribution))


def nodes(value: Any) -> list[Any]:
    """A node and every node below it."""
    found = [value]
    for field in fields(value):
        content = getattr(value, field.name)
        for one in content if isinstance(content, tuple) else (content,):
            if hasattr(one, "uri"):
                found.extend(nodes(one))
    return found


@st.composite
def odd_documents(draw: st.DrawFn) -> bytes:
    """A complete description, mutated: objects exchanged, subjects made blank, lines lost and doubled."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 25))):
        position = draw(st.integers(0, len(lines) - 1))
        match = STATEMENT.fullmatch(lines[position])
        assert match is not None
        subject, predicate, _ = match.groups()
        action = draw(st.sampled_from(("object", "object", "add", "blank", "text", "drop")))
        if action == "drop" and "22-rdf-syntax-ns#type" not in predicate and len(lines) > 1:
            del lines[position]
        elif action == "blank" and "/dataset/" not in subject:
            lines = [line.replace(subject, "_:" + re.sub(r"\W", "", subject)) for line in lines]
            # Blank subjects no longer match; they are left as they are.
            kept = [line for line in lines if STATEMENT.fullmatch(line)]
            blank = [line for line in lines if not STATEMENT.fullmatch(line)]
            return "\n".join(kept + blank).encode()
        elif action == "text":
            words = draw(st.text(st.characters(codec="utf-8"), max_size=10))
            lines.append(f"{subject} {predicate} {ox.Literal(words)} .")
        else:
            object_ = draw(st.sampled_from(ODD_OBJECTS))
            lines.append(f"{subject} {predicate} {object_} .")
            if action == "object" and "22-rdf-syntax-ns#type" not in predicate:
                del lines[position]
    return "\n".join(lines).encode()


@given(odd_documents())
@settings(max_examples=200, deadline=None)
def test_whatever_was_read_can_be_named_and_written(document: bytes) -> None:
    for _, reading in rdf_reader.datasets(rdf_reader.parse(document, "nt")):
        dataset = named(reading.dataset)
        assert all(iri.is_web(node.uri) for node in nodes(dataset))
        parts = rdf_writer.write(dataset)
        pieces = [subject for subject, _ in itertools.groupby(triple.subject for triple in parts.all())]
        assert len(pieces) == len(set(pieces))
        for ending in rdf.FORMATS:
            graph = rdf_reader.parse(rdf.serialize(parts.all(), ending), ending)
            assert not any(isinstance(node, ox.BlankNode) for node in graph.nodes)
            assert {triple.subject for triple in parts.all()} == graph.nodes.keys()


@given(strategies.datasets())
@settings(max_examples=100, deadline=None)
def test_every_node_has_a_uri(dataset: Dataset) -> None:
    bare = replace(
        dataset,
        uri="",
        publisher=dataset.publisher and replace(dataset.publisher, uri=""),
        spatial=tuple(replace(place, uri="") for place in dataset.spatial),
        distribution=tuple(replace(distribution, uri="urn:x:1") for distribution in dataset.distribution),
    )
    result = named(bare)
    assert all(iri.is_web(node.uri) for node in nodes(result))
    assert result == named(bare), "the same again"
    assert result.uri == f"{builders.SITE}/dataset/{OWN_ID}"
    uris = [distribution.uri for distribution in result.distribution]
    assert len(uris) == len(set(uris))


def test_ids_are_stable() -> None:
    assert OWN_ID == "48483570-8617-5660-b025-f5b4ab9c612d"
    assert naming.dataset_id("wi-umwelt", "baumkataster") != OWN_ID
    assert naming.dataset_id("da", "statistik-x") != naming.dataset_id("da-statistik", "x")


def test_ids_of_distributions_follow_their_own_uri_then_their_address() -> None:
    by_uri = Distribution(uri=OTHER, access_url=("https://x.example/1",))
    moved = replace(by_uri, access_url=("https://x.example/2",))
    by_address = Distribution(access_url=("https://x.example/1",), download_url=("https://x.example/1.csv",))
    assert naming.distribution_ids("d", (by_uri, by_address)) == naming.distribution_ids("d", (moved, by_address))
    assert naming.distribution_ids("d", (by_address,)) == naming.distribution_ids(
        "d", (replace(by_address, title=(Text("neu"),)),)
    )
    assert naming.distribution_ids("d", (by_uri,)) != naming.distribution_ids("e", (by_uri,))


def test_distributions_with_one_address_are_told_apart() -> None:
    twin = Distribution(access_url=("https://x.example/portal",))
    ids = naming.distribution_ids("d", (twin, twin, Distribution(), Distribution()))
    assert len(set(ids)) == 4
    result = named(Dataset(distribution=(twin, twin)))
    assert len({distribution.uri for distribution in result.distribution}) == 2


def files(*names: str) -> tuple[Distribution, ...]:
    return tuple(Distribution(download_url=(f"https://x.example/{name}",)) for name in names)


def ids(*names: str) -> dict[str, str]:
    """The ids of files, whose names may end in a number that changes with every upload, by name."""
    rule = Identity(distribution="strip-suffix:( ?_[0-9]+)").distribution_id
    return dict(zip(names, naming.distribution_ids("d", files(*names), "https://x.example/", rule), strict=True))


def test_a_file_that_is_uploaded_anew_keeps_its_id() -> None:
    assert len({ids(name)[name] for name in ("tree.csv", "tree_0.csv", "tree_17.csv")}) == 1
    assert ids("tree.csv")["tree.csv"] == naming.distribution_ids("d", files("tree.csv"), "https://x.example/")[0]
    assert ids("Gr%C3%BCn.csv")["Gr%C3%BCn.csv"] == ids("Gr%C3%BCn%20_3.csv")["Gr%C3%BCn%20_3.csv"]
    assert ids("tree.csv")["tree.csv"] != ids("tree_0.json")["tree_0.json"]


def test_files_that_differ_by_their_suffix_alone_stay_apart() -> None:
    both = ids("tree.csv", "tree_0.csv", "tree_0_0.csv")
    assert len(set(both.values())) == 3
    assert ids("tree_0.csv", "tree_0_0.csv", "tree.csv") == both, "in whatever order they come"
    assert both["tree.csv"] == ids("tree.csv")["tree.csv"], "the one that was there before stays what it is"
    assert ids("tree_0.csv", "tree_1.csv")["tree_0.csv"] == ids("tree_0.csv")["tree_0.csv"]


def test_own_uris_are_steady_already() -> None:
    rule = Identity(distribution="strip-suffix:_[0-9]+").distribution_id
    one, other = Distribution(uri="https://x.example/id_1"), Distribution(uri="https://x.example/id_2")
    assert naming.distribution_ids("d", (one,), "", rule) == naming.distribution_ids("d", (one,))
    assert naming.distribution_ids("d", (one,), "", rule) != naming.distribution_ids("d", (other,), "", rule)
    same = [
        Distribution(uri=u, download_url=(u,)) for u in ("https://x.example/tree.csv", "https://x.example/tree_1.csv")
    ]
    assert naming.distribution_ids("d", (same[0],), "", rule) == naming.distribution_ids("d", (same[1],), "", rule)


def test_received_uris_stay() -> None:
    full = builders.full_dataset()
    ids = naming.distribution_ids(OWN_ID, full.distribution)
    result = naming.named(full, "https://anderswo.example", OWN_ID, ids)
    assert result.uri == full.uri
    assert result.publisher == full.publisher
    assert result.spatial == full.spatial
    assert [distribution.uri for distribution in result.distribution] == [d.uri for d in full.distribution]


@pytest.mark.parametrize("uri", ["", "urn:uuid:1", "http:///a", "http://x.example/a b"])
def test_uris_that_are_no_web_addresses_become_ours(uri: str) -> None:
    result = named(Dataset(uri=uri, publisher=Agent(uri=uri, name=(Text("Amt"),))))
    assert result.uri == f"{builders.SITE}/dataset/{OWN_ID}"
    assert result.publisher is not None
    assert result.publisher.uri.startswith(f"{builders.SITE}/id/agent/")


def test_distributions_that_share_a_uri_get_ours() -> None:
    dataset = Dataset(
        uri=OTHER,
        distribution=tuple(
            Distribution(uri=uri, title=(Text(title),))
            for uri, title in ((OTHER, "a"), (OTHER + "/1", "b"), (OTHER + "/1", "c"))
        ),
    )
    uris = [distribution.uri for distribution in named(dataset).distribution]
    assert uris[1] == OTHER + "/1"
    assert uris[0].startswith(f"{builders.SITE}/distribution/")
    assert uris[2].startswith(f"{builders.SITE}/distribution/")
    assert len(set(uris)) == 3


def test_equal_agents_are_one_and_different_ones_are_not() -> None:
    amt, stadt = Agent(name=(Text("Amt"),)), Agent(name=(Text("Stadt"),))
    result = named(Dataset(publisher=amt, creator=(amt, amt, stadt)))
    assert result.publisher is not None
    assert result.creator[0] == result.publisher
    assert len({agent.uri for agent in result.creator}) == len(result.creator) == 2


def test_periods_and_checksums_belong_to_one_owner() -> None:
    period = Period(uri=OTHER, start="2020", end="2021")
    checksum = Checksum(uri=OTHER, algorithm=builders.SHA256, value="ab" * 32)
    twins = tuple(Distribution(uri=f"{OTHER}/{number}", checksum=checksum) for number in (1, 2))
    one = named(Dataset(uri=f"{OTHER}/a", temporal=(period, period), distribution=twins))
    two = named(Dataset(uri=f"{OTHER}/b", temporal=(period,)))
    assert len(one.temporal) == 1
    sums = [distribution.checksum.uri for distribution in one.distribution if distribution.checksum]
    uris = [one.temporal[0].uri, two.temporal[0].uri, *sums]
    assert len(set(uris)) == 4
    assert OTHER not in uris


def owned(dataset: Dataset) -> dict[str, str]:
    """The URIs of nodes that belong to one description, with their classes."""
    return {node.uri: type(node).__name__ for node in nodes(dataset) if type(node).__name__ in OWNED}


def test_what_belongs_to_one_owner_is_named_after_it() -> None:
    full = builders.full_dataset()
    one, two = named(replace(full, uri=f"{OTHER}/a")), named(replace(full, uri=f"{OTHER}/b"))
    assert set(owned(one).values()) == OWNED
    for uri, cls in owned(one).items():
        folder = "distribution" if cls == "Distribution" else f"id/{cls.lower()}"
        assert uri.startswith(f"{builders.SITE}/{folder}/"), "a received URI could be described twice"
    by_class = {cls: uri for uri, cls in owned(two).items()}
    for cls in OWNED - {"Distribution", "Checksum", "Period"}:
        assert by_class[cls] not in owned(one), f"{cls} of another dataset with the same words"
    assert owned(named(replace(full, uri=f"{OTHER}/a"))) == owned(one), "the same again"


def test_what_belongs_to_a_shared_node_is_the_same_for_all_who_name_it() -> None:
    """A series comes with its period: two datasets describe both, and in the same words."""
    series = builders.full_series(uri="")
    one, two = (named(Dataset(uri=f"{OTHER}/{letter}", in_series=(series,))).in_series for letter in "ab")
    assert one == two
    assert one[0].uri.startswith(f"{builders.SITE}/id/datasetseries/")
    assert one[0].temporal[0].uri.startswith(f"{builders.SITE}/id/period/")


def test_nodes_below_nodes_are_named() -> None:
    service = builders.full_service(uri="", publisher=Agent(name=(Text("Amt"),)))
    attribution = Attribution(agent=(Agent(name=(Text("Amt"),)),), role=("https://rollen.example/1",))
    dataset = named(
        Dataset(distribution=(Distribution(access_service=(service,)),), qualified_attribution=(attribution,))
    )
    (found,) = dataset.distribution[0].access_service
    assert found.publisher is not None
    assert found.uri.startswith(f"{builders.SITE}/id/dataservice/")
    assert found.publisher == dataset.qualified_attribution[0].agent[0], "one office, one node"


def test_uris_that_others_describe_become_ours() -> None:
    dataset = Dataset(
        uri=OTHER,
        publisher=Agent(uri=f"{OTHER}/amt", name=(Text("Amt"),)),
        distribution=(Distribution(uri=f"{OTHER}/1"), Distribution(uri=f"{OTHER}/2")),
        sample=(Distribution(uri=f"{OTHER}/3"), Distribution(uri=f"{OTHER}/4")),
    )
    ids = naming.distribution_ids(OWN_ID, dataset.distribution)
    free = naming.named(dataset, builders.SITE, OWN_ID, ids)
    assert [free.uri, *(d.uri for d in (*free.distribution, *free.sample))] == [
        OTHER,
        *(f"{OTHER}/{n}" for n in "1234"),
    ]
    taken = naming.named(dataset, builders.SITE, OWN_ID, ids, {OTHER, f"{OTHER}/2", f"{OTHER}/3", f"{OTHER}/amt"})
    assert taken.uri == f"{builders.SITE}/dataset/{OWN_ID}"
    assert [d.uri for d in taken.distribution] == [f"{OTHER}/1", f"{builders.SITE}/distribution/{ids[1]}"]
    assert taken.sample[0].uri.startswith(f"{builders.SITE}/distribution/")
    assert taken.sample[0].uri not in {f"{builders.SITE}/distribution/{identity}" for identity in ids}
    assert taken.sample[1].uri == f"{OTHER}/4"
    assert taken.publisher is not None and taken.publisher.uri.startswith(f"{builders.SITE}/id/agent/"), (
        "no office is a dataset"
    )


def test_a_sample_that_is_also_a_distribution_gets_its_own_uri() -> None:
    one = Distribution(uri=f"{OTHER}/1", title=(Text("Bäume"),))
    dataset = named(Dataset(uri=OTHER, distribution=(one,), sample=(one,)))
    assert dataset.distribution[0].uri == one.uri != dataset.sample[0].uri
    subjects = [subject for subject, _ in itertools.groupby(t.subject.value for t in rdf_writer.write(dataset).all())]
    assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Baumkataster", "baumkataster"),
        ("Bäume & Büsche (Größe)", "baeume-buesche-groesse"),
        ("ÄÖÜ", "aeoeue"),
        ("a/b\\c..d", "a-b-c-d"),
        ("X", "datensatz-x"),
        ("", "datensatz"),
        ("数据", "datensatz"),
        ("a" * 200, "a" * 80),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert naming.slug(title) == slug


@given(st.text(max_size=120))
@settings(max_examples=200, deadline=None)
def test_slugs_follow_the_rule_of_ckan(title: str) -> None:
    slug = naming.slug(title)
    assert SLUG.fullmatch(slug)
    assert naming.slug(slug) == slug


@pytest.mark.parametrize(
    "twin",
    [
        "http://daten.example.org/catalog",
        "HTTPS://DATEN.example.org/catalog",
        "https://daten.example.org:443/catalog",
        "https://amt@daten.example.org/catalog",
        "https://daten.example.org./catalog",
        "https://daten.example.org?x",
        "https://daten.example.org#x",
    ],
)
def test_addresses_of_ours_are_known_in_any_spelling(twin: str) -> None:
    assert builders.SITE == "https://daten.example.org"
    assert naming.named(Dataset(uri=twin), builders.SITE, OWN_ID, ()).uri == f"{builders.SITE}/dataset/{OWN_ID}"
    for other in (
        "https://daten.example.org.de/x",
        "https://a.daten.example.org/x",
        "https://daten.example.org:8080/x",
    ):
        assert naming.named(Dataset(uri=other), builders.SITE, OWN_ID, ()).uri == other
    below = f"{builders.SITE}/daten"
    assert naming.named(Dataset(uri=f"{builders.SITE}/andere/x"), below, OWN_ID, ()).uri == f"{builders.SITE}/andere/x"
    assert naming.named(Dataset(uri="http://daten.example.org/d%61ten/x"), below, OWN_ID, ()).uri.startswith(below)
