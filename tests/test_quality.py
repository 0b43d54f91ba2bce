"""The score of a description: the method's table, its rules, and that every reason has a remedy which works."""

from dataclasses import replace

import builders
import pytest
from builders import AUTHORITY
from hypothesis import given
from hypothesis import strategies as st
from shared_files import shared

from catalog.config import City
from catalog.layers import layered
from dcat import model
from dcat.fit import fit
from dcat.model import Dataset, Distribution
from dcat.profile import profile
from dcat.quality import BANDS, DIMENSIONS, Evidence, Metric, band, metrics, most, score
from dcat.vocabularies import vocabulary
from harvesters import source as sources

CITY = City(slug="darmstadt", name="Darmstadt", ags="06411000")


def reachable(dataset: Dataset, status: int = 200) -> Evidence:
    urls = (u for d in dataset.distribution for u in (*d.access_url, *d.download_url))
    return Evidence(statuses=dict.fromkeys(urls, status), compliant=True)


def points(dataset: Dataset, evidence: Evidence | None = None) -> dict[str, int]:
    found = score(dataset, evidence or reachable(dataset))
    return {one.metric.name: one.points for one in found.measurements}


def full(**fields: object) -> Dataset:
    return builders.full_dataset(**fields)


def type_of(ending: str) -> str:
    """Name the media type of a format."""
    concept = vocabulary("format").find(ending)
    assert concept is not None
    return f"https://www.iana.org/assignments/media-types/{concept.extra['media_type']}"


def of(ending: str, **fields: object) -> Distribution:
    return builders.full_distribution(format=f"{AUTHORITY}/file-type/{ending}", **fields)


def test_the_table_is_the_method() -> None:
    assert len(metrics()) == 23
    assert {name: most(name) for name in DIMENSIONS} == {
        "findability": 100,
        "accessibility": 100,
        "interoperability": 110,
        "reusability": 75,
        "contextuality": 20,
    }
    assert most() == 405
    assert len({metric.name for metric in metrics()}) == 23


def test_the_table_agrees_with_the_collected_facts() -> None:
    rows = shared("standards", "vocabularies", "mqa-metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    facts = [row.split(",") for row in rows]
    found = [(m.dimension, m.uri, f"dcat:{m.owner}", str(m.points)) for m in metrics()]
    assert found == [(dimension, uri, owner, number) for dimension, uri, _, owner, number, *_ in facts]


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric.name)
def test_every_metric_asks_for_what_exists_and_says_everything_twice(metric: Metric) -> None:
    assert metric.owner in ("Dataset", "Distribution")
    assert not metric.field or profile()[metric.owner].property(metric.field)
    for message in (metric.label, metric.missing, metric.fix):
        assert message.de and message.en and (message.de != message.en or metric.field == "format")
    assert metric.mend.startswith(("defaults: ", "offenbar "))


@pytest.mark.parametrize("total, name", [(405, "excellent"), (351, "excellent"), (350, "good"), (221, "good"),
                                         (220, "sufficient"), (121, "sufficient"), (120, "sufficient"), (119, "bad"),
                                         (0, "bad"), (350.6, "excellent"), (119.4, "bad")])  # fmt: skip
def test_bands(total: float, name: str) -> None:
    assert band(total).name == name
    assert [one.least for one in BANDS] == sorted((one.least for one in BANDS), reverse=True)


def test_a_full_dataset_with_a_csv_that_answers_has_all_points() -> None:
    found = score(full(), reachable(full()))
    assert found.total == 405
    assert found.dimensions == {name: most(name) for name in DIMENSIONS}
    assert all(one.met and one.reason.de == "Erfüllt." for one in found.measurements)


def test_an_empty_dataset_has_none() -> None:
    found = score(Dataset(), Evidence())
    assert found.total == 0
    assert {one.reason.en for one in found.measurements if one.metric.owner == "Distribution"} == {
        "There is no distribution."
    }


@pytest.mark.parametrize("ending, machine, open_format", [("CSV", 20, 20), ("XLSX", 20, 0), ("PDF", 0, 0), ("ZIP", 0, 20),
                                                         ("GPKG", 0, 0), ("SHP", 20, 0), ("TXT", 0, 20)])  # fmt: skip
def test_formats(ending: str, machine: int, open_format: int) -> None:
    found = points(full(distribution=(of(ending),)))
    assert found["formatMediaTypeMachineInterpretable"] == machine
    assert found["formatMediaTypeNonProprietary"] == open_format
    assert found["formatMediaTypeVocabularyAlignment"] == 10


def test_without_a_format_the_media_type_tells() -> None:
    found = points(full(distribution=(builders.full_distribution(format=""),)))
    assert found["formatMediaTypeMachineInterpretable"] == found["formatMediaTypeNonProprietary"] == 20
    assert found["formatAvailability"] == found["formatMediaTypeVocabularyAlignment"] == 0
    stranger = builders.full_distribution(format="https://amt.example/baumformat")
    found = points(full(distribution=(stranger,)))
    assert found["formatAvailability"] == 20
    assert found["formatMediaTypeMachineInterpretable"] == found["formatMediaTypeVocabularyAlignment"] == 0


def test_a_licence_that_names_none_is_not_known() -> None:
    closed = builders.full_distribution(license="http://dcat-ap.de/def/licenses/other-closed")
    found = points(full(distribution=(closed,)))
    assert (found["licenceAvailability"], found["knownLicence"]) == (20, 0)
    own = builders.full_distribution(license="https://amt.example/lizenz")
    assert points(full(distribution=(own,)))["knownLicence"] == 0


def test_the_best_distribution_counts_and_all_values_are_kept() -> None:
    both = full(
        distribution=(of("PDF", uri="https://a.example/pdf", issued=""), of("CSV", uri="https://a.example/csv"))
    )
    found = {one.metric.name: one for one in score(both, reachable(both)).measurements}
    one = found["formatMediaTypeMachineInterpretable"]
    assert [(value.subject, value.fact) for value in one.values] == [
        ("https://a.example/pdf", False),
        ("https://a.example/csv", True),
    ]
    assert one.points == 20
    assert one.reason.de == "Erfüllt bei 1 von 2 Distributionen."
    split = full(
        distribution=(
            of("PDF", uri="https://a.example/pdf"),
            of(
                "CSV",
                uri="https://a.example/csv",
                media_type="",
                rights="",
                byte_size=None,
                issued="",
                modified="",
                license="",
                access_url=(),
            ),
        )
    )
    found = {one.metric.name: one for one in score(split, reachable(split)).measurements}
    one = found["formatMediaTypeMachineInterpretable"]
    assert one.points == 0, "points of two distributions are not mixed"
    assert "Erfüllt bei 1 von 2 Distributionen; es zählt die beste." in one.reason.de


@pytest.mark.parametrize("statuses, expected", [({}, None), ({"https://a.example/1": 404}, 404), ({"https://a.example/1": 0}, 0),
                                                ({"https://a.example/1": 500, "https://a.example/2": 204}, 204)])  # fmt: skip
def test_one_address_that_works_is_enough(statuses: dict[str, int], expected: int | None) -> None:
    dataset = full(
        distribution=(builders.full_distribution(access_url=("https://a.example/1", "https://a.example/2")),)
    )
    found = score(dataset, Evidence(statuses=statuses)).measurements
    (access,) = (one for one in found if one.metric.name == "accessUrlStatusCode")
    assert access.counted and access.counted.fact == expected
    assert access.points == (50 if expected == 204 else 0)
    if expected is None:
        assert access.reason.en == "Not checked yet."


def test_compliance_is_unknown_until_somebody_looked() -> None:
    found = {o.metric.name: o for o in score(full(), Evidence()).measurements}
    assert found["dcatApCompliance"].reason.de == "Noch nicht geprüft."
    assert points(full(), Evidence(compliant=False))["dcatApCompliance"] == 0


PARTS = [(metric.owner, metric.field) for metric in metrics() if metric.field]


@st.composite
def stripped(draw: st.DrawFn) -> tuple[Dataset, Dataset, Evidence]:
    """A dataset that lacks some of what is measured, the same with one thing back, and what is known of its links."""

    def without(node: model.Dataset | model.Distribution, owner: str, gone: set[str]) -> object:
        empty = type(node)()
        return replace(node, **{name: getattr(empty, name) for kind, name in PARTS if kind == owner and name in gone})

    names = sorted({name for _, name in PARTS})
    gone = [draw(st.sets(st.sampled_from(names))) for _ in range(draw(st.integers(0, 3)) + 1)]
    formats = [draw(st.sampled_from(["CSV", "PDF", "XLSX", "ZIP", "GPKG"])) for _ in gone[1:]]
    # What says two things of its format may well lose by one of them.
    nodes = [of(code, uri=f"https://a.example/{n}", media_type=type_of(code)) for n, code in enumerate(formats)]
    back = draw(st.sampled_from(names))

    def made(left: list[set[str]]) -> Dataset:
        distributions = tuple(without(node, "Distribution", lost) for node, lost in zip(nodes, left[1:], strict=True))
        dataset = without(full(distribution=distributions), "Dataset", left[0])
        assert isinstance(dataset, Dataset)
        return dataset

    status = draw(st.sampled_from([0, 200, 204, 301, 404, 500]))
    known = reachable(full(distribution=tuple(nodes)), status)
    evidence = draw(st.sampled_from([known, Evidence(), Evidence(compliant=False)]))
    return made(gone), made([lost - {back} for lost in gone]), evidence


@given(stripped())
def test_never_more_than_possible_and_what_is_added_never_costs(made: tuple[Dataset, Dataset, Evidence]) -> None:
    less, more, evidence = made
    before, after = score(less, evidence), score(more, evidence)
    for found in (before, after):
        assert all(0 <= one.points <= one.metric.points for one in found.measurements)
        assert found.total == sum(found.dimensions.values()) <= 405
        assert all(one.reason.de and one.reason.en for one in found.measurements)
        assert all(
            len(o.values) == (1 if o.metric.owner == "Dataset" else len(less.distribution)) for o in found.measurements
        )
    assert after.total >= before.total


@given(stripped(), st.sampled_from([200, 204]))
def test_a_link_that_answers_never_costs(made: tuple[Dataset, Dataset, Evidence], status: int) -> None:
    dataset, _, evidence = made
    answers = replace(evidence, statuses=reachable(dataset, status).statuses)
    assert score(dataset, answers).total >= score(dataset, evidence).total


YAML = [metric for metric in metrics() if metric.mend.startswith("defaults: ")]


@pytest.mark.parametrize("metric", YAML, ids=lambda metric: metric.name)
def test_the_line_for_the_source_definition_mends(metric: Metric) -> None:
    definition = "\n".join(
        (
            "id: da-amt",
            "city: darmstadt",
            "department: Amt",
            "type: dcat",
            "url: https://amt.example/katalog.ttl",
            metric.mending(place=CITY.place),
        )
    )
    assert [f for f in sources.lint(definition.encode(), "amt.yaml") if f.level == "error"] == []
    source = sources.read(definition.encode(), "amt.yaml")
    bare = builders.dataset(
        publisher=None, distribution=(builders.distribution(license="", uri="https://a.example/1"),)
    )
    plain = sources.read("\n".join(definition.splitlines()[:-1]).encode(), "amt.yaml")
    before, after = (fit(layered(bare, one, CITY, ours=False).dataset).dataset for one in (plain, source))
    # A licence and a publisher are filled in by a rule where nobody names one.
    assert points(after)[metric.name] == metric.points
    assert metric.name in ("licenceAvailability", "publisherAvailability") or points(before)[metric.name] == 0
