"""Our shapes against our gate and against the official shapes, property by property, on descriptions with one defect each."""

import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import builders
import complete
import mutants
import pyoxigraph as ox
import pytest
from shared_files import shared

from dcat import rdf, rdf_reader, rdf_writer, shapes
from dcat.errors import ConfigError
from dcat.kinds import KINDS
from dcat.namespaces import expand, shortened
from dcat.profile import DEFAULT, READ_ONLY, RELEASES, profile
from dcat.vocabularies import vocabulary
from validators import metadata, shacl
from validators.report import Severity
from validators.shacl import Combination, Engine, ShaclResult, ShaclSeverity

DOCS = Path(__file__).parent.parent / "docs" / "dcat.md"
GERMAN, EUROPEAN, HVD = Combination.GERMAN, Combination.EUROPEAN, Combination.HVD
OURS = "ours"
ALL = "all"
AVAILABILITY = "Dataset.availability DataService.availability Catalog.availability"
CATEGORY = "Dataset.hvd_category DatasetSeries.hvd_category DataService.hvd_category"
CONTACTS = "Agent.email Agent.homepage Contact.email Contact.url Contact.telephone"
HVD_DUTIES = (
    f"Dataset.applicable_legislation DatasetSeries.applicable_legislation DataService.applicable_legislation {CATEGORY} "
    "DataService.contact_point DataService.page"
)
# Sort of defect -> why the official shapes let it pass, and where. Our shapes find all of it, and the official ones nothing else.
UNSEEN: dict[str, tuple[str, str, str]] = {
    "empty": ("an empty text is a text to them", ALL, ALL),
    "language-twice": ("they have no rule on languages", ALL, ALL),
    "untyped": ("a date as plain text passes", ALL, ALL),
    "malformed": (
        "they do not look at numbers below 0, at impossible days, at addresses and at geometries",
        *[
            "Dataset.issued Dataset.modified Distribution.issued Distribution.modified Period.start Period.end "
            "DatasetSeries.issued DatasetSeries.modified CatalogRecord.issued CatalogRecord.modified Catalog.issued "
            "Catalog.modified Dataset.spatial_resolution Distribution.spatial_resolution Agent.email Contact.email "
            "Contact.telephone Place.bbox Place.centroid Place.geometry"
        ]
        * 2,
    ),
    "foreign": (
        "the prefix dcatap is misspelt in the German availability rules; they have no list, or only warn, for the others",
        f"{AVAILABILITY} Distribution.availability {CATEGORY} Dataset.political_geocoding_level Dataset.type "
        "Checksum.algorithm DataService.theme CatalogRecord.status",
        f"{AVAILABILITY} {CATEGORY} Dataset.political_geocoding_level Checksum.algorithm",
    ),
    "literal": (
        "terms of the other profiles, which they do not know",
        f"{AVAILABILITY} {CATEGORY} Agent.email Agent.homepage DataService.rights",
        f"{AVAILABILITY} {CATEGORY} {CONTACTS} DataService.rights Dataset.political_geocoding_level Dataset.contributor_id "
        "Dataset.contributor Dataset.originator Dataset.custodian Dataset.references Attribution.agent Attribution.role",
    ),
    "address": (
        "names of nodes, which they do not look at",
        "Place.label Provenance.label Activity.label",
        "Place.label Provenance.label Activity.label Distribution.license_attribution Contact.name",
    ),
    "twice": (
        "several are allowed; we write the intersection of the profiles, and one of each for a contact",
        f"{AVAILABILITY} {CONTACTS} DataService.rights",
        f"{AVAILABILITY} {CONTACTS} DataService.rights Contact.name Dataset.spatial_resolution Distribution.rights Catalog.rights",
    ),
    "missing": (
        "duties of the HVD profile; a statement without words; in the European profile, what only DCAT-AP.de demands",
        f"{HVD_DUTIES} Provenance.label Activity.label",
        f"{HVD_DUTIES} Provenance.label Activity.label Dataset.publisher Distribution.license Attribution.agent Attribution.role "
        "DatasetSeries.publisher DataService.publisher",
    ),
}
# The HVD shapes look at a few properties only; this is all they find.
SEEN_BY_HVD = {
    "missing": (
        "Dataset.title Dataset.description Dataset.distribution Distribution.access_url Distribution.applicable_legislation "
        f"Distribution.access_service DataService.endpoint_url {HVD_DUTIES}"
    ),
    "address": "Dataset.title Dataset.description",
    "no-language": "Dataset.title Dataset.description",
    "language-twice": "Dataset.title Dataset.description",
    "foreign": CATEGORY,
    "twice": "Distribution.license DataService.license Contact.email Contact.url",
    "literal": (
        f"{CATEGORY} Dataset.contact_point Dataset.applicable_legislation Dataset.conforms_to Dataset.in_series "
        "Dataset.distribution Distribution.access_url Distribution.download_url Distribution.license Distribution.rights "
        "Distribution.conforms_to Distribution.applicable_legislation Distribution.access_service Contact.email Contact.url "
        "DatasetSeries.applicable_legislation DataService.endpoint_url DataService.endpoint_description "
        "DataService.contact_point DataService.page DataService.license DataService.applicable_legislation "
        "DataService.serves_dataset DataService.rights"
    ),
}
# What the HVD shapes find and ours do not, with the reason.
ONLY_HVD = {
    "Dataset.title no-language": "a warning here; the layers give every text a language before it is published",
    "Dataset.description no-language": "likewise",
    "Dataset.distribution missing": "the duty to offer an API is met by the service of our data API, which names the dataset",
    "Distribution.access_service missing": "likewise",
    "Distribution.applicable_legislation missing": "not every distribution of a high-value dataset is itself one; ours all name it",
}
# What reading brings home, so that the gate has nothing to say of it: sort of defect, and the kinds of values it concerns.
READ_LENIENTLY = {
    "untyped": "a date as plain text is a date",
    "address": "an address in the place of a text is taken as the text",
    "literal": "a name in the place of an office, place, identifier or statement names it",
}
# rudof does not look at how these types are written; the patterns of our shapes see all but impossible days.
RUDOF_MISSES = {
    OURS: UNSEEN["malformed"][1].split(" Dataset.spatial_resolution")[0],
    GERMAN: "Dataset.temporal_resolution Distribution.temporal_resolution Checksum.value",
    EUROPEAN: "Dataset.temporal_resolution Distribution.temporal_resolution Checksum.value",
    HVD: "",
}


@functools.cache
def corpus() -> tuple[mutants.Mutant, ...]:
    sound = (mutants.untouched(name) for name in (*mutants.PLACES, "Catalog", "CatalogRecord"))
    return (*mutants.mutants(), *sound)


@functools.cache
def document() -> bytes:
    return rdf.serialize([*mutants.common(), *(triple for one in corpus() for triple in one.triples)], "nt")


def checked(body: bytes, which: str, engine: Engine) -> tuple[ShaclResult, ...]:
    if which == OURS:
        return shacl.check_profile(body, engine=engine)
    vocabularies = shared("standards", "vocabularies", "shacl-vocabularies.ttl")
    return shacl.check(body, Combination(which), shared("standards", "shapes"), vocabularies, engine)


@functools.cache
def found(which: str, engine: Engine = Engine.PYSHACL) -> frozenset[str]:
    """The mutants that some shapes find a violation in, by the node that has it."""
    results = checked(document(), which, engine)
    broken = {result.focus for result in results if result.severity is ShaclSeverity.VIOLATION}
    return frozenset(str(one) for one in corpus() if one.uris & broken)


@functools.cache
def refused() -> frozenset[str]:
    """The mutants of datasets that reading reports or the gate refuses."""
    graph = rdf_reader.parse(document(), "nt")
    names = set()
    for one in of_datasets():
        reading = rdf_reader.read(graph, ox.NamedNode(one.root))
        heavy = [f for f in metadata.check(reading.dataset) if f.severity in (Severity.BLOCKS, Severity.HVD)]
        if reading.problems or heavy:
            names.add(str(one))
    return frozenset(names)


def of_datasets() -> Iterator[mutants.Mutant]:
    return (one for one in corpus() if one.owner in mutants.PLACES)


def expanded(table: dict[str, str]) -> set[str]:
    """The mutants a table of properties by defect means."""
    return {
        str(one)
        for one in corpus()
        if (listed := table.get(one.defect, "")) == ALL or f"{one.owner}.{one.field}" in listed.split()
    }


# --- the shapes themselves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_every_property_of_a_release_has_a_shape(release: str) -> None:
    body = shapes.shapes(release)
    assert shapes.shapes.__wrapped__(release) == body, "the same bytes every time"
    graph = rdf_reader.parse(body, "ttl")
    for cls in profile(release).values():
        shape = ox.NamedNode(shapes.name(release, cls.name))
        if not cls.written:
            assert shape not in graph.nodes
            continue
        assert graph.values(shape, "sh:targetClass") == [cls.uri]
        for prop in cls.properties:
            own = ox.NamedNode(shapes.name(release, cls.name, prop.field))
            assert own in graph.values(shape, "sh:property")
            assert graph.values(own, "sh:path") == [prop.term]
            [severity] = graph.values(own, "sh:severity")
            assert severity.value.endswith("Warning" if prop.obligation == READ_ONLY else "Violation")
            counts = [int(one.value) for name in ("sh:minCount", "sh:maxCount") for one in graph.values(own, name)]
            expected = [1] * (prop.min > 0) + [1] * (not prop.many)
            assert counts == ([0] if prop.obligation == READ_ONLY else expected)
            assert {message.language for message in graph.values(own, "sh:message")} == {"de", "en"}


def test_each_closed_vocabulary_stands_once() -> None:
    body = shapes.shapes(DEFAULT).decode()
    used = {prop.vocabulary for cls in profile().values() for prop in cls.properties if prop.kind is KINDS["concept"]}
    for name in used:
        assert body.count(f"<urn:offenbar:vocabulary:{name}> rdf:first") == 1
        assert all(f"<{uri}>" in body for uri in vocabulary(name).concepts)
    assert "vocabulary:place" not in body, "open lists are not listed"


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("release", RELEASES)
def test_what_a_release_writes_fits_its_shapes(release: str, engine: Engine) -> None:
    described = (mutants.full(), builders.full_record(source=None), builders.full_catalog(), builders.full_service())
    body = rdf.serialize(rdf_writer.write(*described, release=release).all(), "ttl")
    results = shacl.check_profile(body, release, engine)
    # The period of the series is open.
    expected = [] if release == "dcat-ap-de-2.0" else [shapes.name(release, "Period", "end") + "-recommended"]
    assert [result.shape for result in results] == expected


def test_deprecated_terms_are_warnings() -> None:
    body = rdf.serialize(rdf_writer.write(mutants.full(), release="dcat-ap-de-3.0-govdata").all(), "ttl")
    warned = {
        result.shape.rpartition(".")[2] for result in shacl.check_profile(body) if result.constraint.startswith("Max")
    }
    assert warned == {"political_geocoding", "geocoding_description", "legal_basis", "quality_process"}
    assert {result.severity for result in shacl.check_profile(body)} == {ShaclSeverity.WARNING}


@pytest.mark.parametrize("engine", Engine)
def test_a_result_names_the_property_in_words(engine: Engine) -> None:
    body = rdf.serialize(rdf_writer.write(builders.dataset(title=(), availability=builders.DARMSTADT)).all(), "ttl")
    broken = [one for one in shacl.check_profile(body, engine=engine) if one.severity is ShaclSeverity.VIOLATION]
    assert [(one.shape.rpartition(":")[2], one.constraint, one.value) for one in broken] == [
        ("Dataset.availability", "InConstraintComponent", builders.DARMSTADT),
        ("Dataset.title", "MinCountConstraintComponent", ""),
    ]
    assert {one.focus for one in broken} == {f"{builders.SITE}/dataset/baumkataster"}
    assert broken[1].message in (
        "Titel: ein Text je Sprache, mindestens einmal",
        "title: one text per language, at least once",
    )


def test_both_engines_show_the_same_values() -> None:
    bad = (
        f'<{builders.SITE}/dataset/baumkataster> <{expand("dcterms:issued")}> "31.\\"5\\".\\n, \\"ä\\""@de, '
        f'"5"^^<{expand("xsd:integer")}> ; <{expand("dcat:landingPage")}> "x", [], <urn:x> .'
    )
    body = rdf.serialize(rdf_writer.write(builders.dataset()).all(), "ttl") + bad.encode()
    ours, theirs = (shacl.check_profile(body, engine=engine) for engine in Engine)
    assert [replace(one, message="") for one in ours] == [replace(one, message="") for one in theirs]
    assert {one.value for one in ours} >= {'31."5".\n, "ä"', "5", "x", "urn:x", ""}
    # rudof leaves out what a shape says of alternatives.
    assert {one.message for one in theirs} - {message for prop in _messages() for message in prop} == {
        "OR not satisfied"
    }


def _messages() -> Iterator[tuple[str, ...]]:
    graph = rdf_reader.parse(shapes.shapes(DEFAULT), "ttl")
    return (tuple(term.value for term in graph.values(node, "sh:message")) for node in graph.nodes)


def test_a_licence_that_is_not_free_enough_breaks_a_high_value_distribution() -> None:
    closed = "http://dcat-ap.de/def/licenses/other-closed"
    files = tuple(
        builders.full_distribution(
            uri=f"{builders.SITE}/distribution/{name}", license=closed, applicable_legislation=law
        )
        for name, law in (("hvd", builders.full_dataset().applicable_legislation), ("other", ()))
    )
    body = rdf.serialize(rdf_writer.write(builders.dataset(distribution=files)).all(), "ttl")
    broken = [one for one in shacl.check_profile(body) if one.severity is ShaclSeverity.VIOLATION]
    assert [(one.focus, one.shape.rpartition(".")[2]) for one in broken] == [(files[0].uri, "license-hvd")]


@pytest.mark.parametrize(
    ("engine", "name", "extra"), [(Engine.PYSHACL, "pyshacl", "shacl"), (Engine.RUDOF, "pyrudof", "rudof")]
)
def test_an_engine_that_is_not_there_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, name: str, extra: str
) -> None:
    monkeypatch.setattr(shacl, name, None)
    with pytest.raises(ConfigError, match=rf"{name}.*offenbar\[{extra}\]"):
        shacl.check_profile(b"", engine=engine)


# --- on one defect each ----------------------------------------------------------------------------------------------


def test_every_property_of_every_class_has_mutants() -> None:
    made = {(one.owner, one.field) for one in corpus()}
    assert made == {(prop.owner, prop.field) for cls in profile().values() for prop in cls.written}
    assert len({str(one) for one in corpus()}) == len(corpus()) > 450


@pytest.mark.slow
@pytest.mark.parametrize("which", [OURS, *Combination])
def test_without_a_defect_nobody_finds_one(which: str) -> None:
    assert not [name for name in found(which) if name.endswith(" none")]


@pytest.mark.slow
def test_our_shapes_agree_with_the_gate() -> None:
    assert refused() <= found(OURS), "whatever the gate refuses, the shapes find"
    lenient = {name for name in found(OURS) if name.split()[0].split(".")[0] in mutants.PLACES} - refused()
    kinds = {str(one): one for one in of_datasets()}
    named = {"Agent", "Place", "Identifier", "Provenance", "Activity"}
    for name in lenient:
        one = kinds[name]
        prop = profile()[one.owner].property(one.field)
        assert one.defect in READ_LENIENTLY, name
        if one.defect == "literal":
            assert prop.node in named, name
        elif one.defect == "address":
            assert prop.kind in (KINDS["text"], KINDS["string"]), name
    assert {kinds[name].defect for name in lenient} == READ_LENIENTLY.keys()


@pytest.mark.slow
@pytest.mark.parametrize(("which", "column"), [(GERMAN, 1), (EUROPEAN, 2)])
def test_the_official_shapes_find_nothing_that_ours_do_not(which: Combination, column: int) -> None:
    assert found(which) <= found(OURS)
    assert found(OURS) - found(which) == expanded({defect: row[column] for defect, row in UNSEEN.items()})


@pytest.mark.slow
def test_the_hvd_shapes_find_what_the_regulation_is_about() -> None:
    assert found(HVD) == expanded(SEEN_BY_HVD)
    assert found(HVD) - found(OURS) == ONLY_HVD.keys()


@pytest.mark.slow
@pytest.mark.parametrize("which", [OURS, *Combination])
def test_the_engines_agree(which: str) -> None:
    missed = expanded({"malformed": RUDOF_MISSES[which]})
    assert found(which) - found(which, Engine.RUDOF) == missed
    assert found(which, Engine.RUDOF) <= found(which)


def test_the_documentation_shows_the_differences() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for line in table():
        assert line in text, f"docs/dcat.md needs: {line}"


def table() -> Iterator[str]:
    yield "| defect | not seen by the German shapes | not seen by the European shapes | why |"
    for defect, (why, german, european) in UNSEEN.items():
        second = "the same" if german == european else _listed(european)
        yield f"| `{defect}` | {_listed(german)} | {second} | {why} |"
    for name, why in ONLY_HVD.items():
        field, defect = name.split()
        yield f"| `{field}` {defect} | {why} |"


def _listed(fields: str) -> str:
    return ALL if fields == ALL else ", ".join(f"`{field}`" for field in fields.split())


# --- on complete descriptions ----------------------------------------------------------------------------------------

# The copy of the EU's list of file types beside the shapes is older than ours.
NEWER = {f"{builders.AUTHORITY}/file-type/PARQUET"}
WARNINGS = {
    # Two lists for one property: the German rule has that of distributions in mind, a record's status is a type of change.
    (GERMAN, "adms:status"),
}


@pytest.mark.slow
@pytest.mark.parametrize("count", [50, pytest.param(200, marks=pytest.mark.long)])
def test_complete_datasets_break_nothing(count: int) -> None:
    made = [complete.published(dataset, number) for number, dataset in enumerate(complete.datasets(count))]
    assert not [one for dataset in made for one in metadata.check(dataset) if one.severity is not Severity.HINT]
    fields = [prop.field for prop in profile()["Dataset"].written if prop.field not in ("has_version", "source")]
    assert all(getattr(dataset, field) for dataset in made for field in fields)
    for start in range(0, len(made), 100):
        page = made[start : start + 100]
        records = [
            builders.full_record(uri=f"{builders.SITE}/record/{start + n}", primary_topic=dataset.uri, source=None)
            for n, dataset in enumerate(page)
        ]
        described = (*page, *records, builders.full_catalog(), builders.full_service(serves_dataset=(page[0].uri,)))
        body = rdf.serialize(rdf_writer.write(*described).all(), "nt")
        for which in (OURS, *Combination):
            results = checked(body, which, Engine.RUDOF)
            broken = [one for one in results if one.severity is ShaclSeverity.VIOLATION]
            assert [one for one in broken if one.value not in NEWER and one.focus not in NEWER] == []
            if which != OURS:
                warned = {(which, shortened(one.path)) for one in results if one.severity is ShaclSeverity.WARNING}
                assert warned <= WARNINGS
        if start == 0:
            few = rdf.serialize(
                rdf_writer.write(*page[:10], builders.full_catalog(), builders.full_service()).all(), "nt"
            )
            for which in (OURS, *Combination):
                assert _weighed(checked(few, which, Engine.PYSHACL)) == _weighed(checked(few, which, Engine.RUDOF))


def _weighed(results: tuple[ShaclResult, ...]) -> set[tuple[str, str, str, str]]:
    return {(one.severity, one.focus, one.path, one.constraint) for one in results}
