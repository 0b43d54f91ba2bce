"""Fitting a dataset to the profile: what fits stays as it is, the rest is left out and reported, and the result can be written."""

from dataclasses import fields, replace
from typing import Any

import builders
import pyoxigraph as ox
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from dcat import naming, rdf, rdf_writer
from dcat.fit import fit
from dcat.model import (
    Activity,
    Agent,
    Attribution,
    Checksum,
    Contact,
    Dataset,
    Distribution,
    Identifier,
    Period,
    Place,
    Problem,
    Provenance,
    Relationship,
    Text,
)
from dcat.profile import Property, profile

WILD = st.text(max_size=12) | st.text(st.characters(), max_size=4)
LANGS = st.sampled_from(("", "de", "DE", "de-AT", "de_DE", "deutsch!", " ")) | WILD
ODD = st.sampled_from(
    ("https://a.example/ b", "http://[", "//x", "mailto:x", "C:\\x", "2026-02-30", "31.5.2026", "tel:112", "POINT (", "x@y.z", "a" * 3000)
)  # fmt: skip


def wild_value(prop: Property) -> st.SearchStrategy[Any]:
    """Whatever a field can hold by its type, valid or not."""
    annotation = str(profile()[prop.owner].maker.__annotations__[prop.field])
    if "Text" in annotation:
        return st.builds(Text, WILD, LANGS)
    if "int" in annotation:
        return st.integers(-(10**20), 10**20)
    return WILD | ODD | strategies.one_value(prop)


@st.composite
def wild_nodes(draw: st.DrawFn, name: str = "Dataset") -> Any:
    """Nodes whose fields hold anything."""
    cls = profile()[name]
    values: dict[str, Any] = {"uri": draw(WILD | ODD | strategies.URIS)}
    for field in draw(st.sets(st.sampled_from([prop.field for prop in cls.properties]), max_size=5)):
        prop = cls.property(field)
        one = wild_nodes(prop.node) if prop.node else wild_value(prop)
        values[field] = tuple(draw(st.lists(one, max_size=3))) if prop.many else draw(one)
    return cls.maker(**values)


def codes(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in problems]


def named(dataset: Dataset) -> Dataset:
    ids = naming.distribution_ids("7", dataset.distribution)
    return naming.named(dataset, builders.SITE, "7", ids)


@given(wild_nodes())
@settings(max_examples=400, deadline=None)
def test_fitting_twice_is_fitting_once(dataset: Dataset) -> None:
    once = fit(dataset).dataset
    again = fit(once)
    assert (again.dataset, again.problems) == (once, ())


@given(wild_nodes())
@settings(max_examples=400, deadline=None)
def test_what_fits_can_be_written_and_read_in_every_form(dataset: Dataset) -> None:
    fitted = named(fit(dataset).dataset)
    triples = rdf_writer.write(fitted).all()
    for ending, form in rdf.FORMATS.items():
        body = rdf.serialize(triples, ending)
        read = {str(quad.triple) for quad in ox.parse(body, form.syntax)}
        assert read == {str(triple) for triple in triples}


@given(strategies.datasets())
@settings(max_examples=100, deadline=None)
def test_valid_values_all_stay(dataset: Dataset) -> None:
    problems = [problem for problem in fit(dataset).problems if problem.code not in ("incomplete", "language-twice")]
    assert problems == []


@given(wild_nodes())
@settings(max_examples=200, deadline=None)
def test_nothing_is_changed_only_left_out(dataset: Dataset) -> None:
    fitted = fit(dataset).dataset
    for field in fields(Dataset):
        before, after = getattr(dataset, field.name), getattr(fitted, field.name)
        if after != before and isinstance(after, tuple) and not any(hasattr(one, "uri") for one in after):
            assert set(after) < set(before) or len(after) < len(before)
        elif after != before and isinstance(after, str):
            assert after == ""


def test_a_full_dataset_is_returned_as_it_is() -> None:
    dataset = builders.full_dataset()
    reading = fit(dataset)
    assert reading.dataset is dataset and reading.problems == ()


def test_an_empty_dataset_is_not_its_concern() -> None:
    assert fit(Dataset()) == fit(fit(Dataset()).dataset)
    assert fit(Dataset()).problems == ()


@pytest.mark.parametrize(
    "field, value, kept, code",
    [
        ("theme", ("ENVI",), (), "unknown-theme"),
        ("theme", (f"{builders.AUTHORITY}/data-theme/ENVI", "x"), (f"{builders.AUTHORITY}/data-theme/ENVI",), "unknown-theme"),
        ("frequency", "jährlich", "", "unknown-frequency"),
        ("issued", "2026-02-30", "", "date"),
        ("modified", "gestern", "", "date"),
        ("landing_page", ("www.amt.example",), (), "uri"),
        ("page", ("https://amt.example/a b",), (), "uri"),
        ("title", (Text("Bäume", "deutsch!"), Text("Trees", "en")), (Text("Trees", "en"),), "language-tag"),
        ("title", (Text(" ", "de"),), (), "empty"),
        ("identifier", ("\x00",), (), "empty"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_left_out(field: str, value: Any, kept: Any, code: str) -> None:
    reading = fit(replace(builders.full_dataset(), **{field: value}))
    assert getattr(reading.dataset, field) == kept
    (problem,) = reading.problems
    assert problem.code == code and problem.path.split("[")[0] == field
    assert problem.message.de and problem.message.en


@pytest.mark.parametrize(
    "half", ["\ud800", "P1D\ud800", "1\udfff", "POINT (1 2)\ud800", "ab" * 32 + "\ud800", "a@b.example\ud800"]
)
def test_half_a_character_fits_nowhere(half: str) -> None:
    place = Place(uri=builders.DARMSTADT, bbox=half, centroid=half, geometry=half)
    bad = builders.full_distribution(
        checksum=Checksum(algorithm=builders.SHA256, value=half), spatial_resolution=half, temporal_resolution=half
    )
    desk = Contact(url="https://amt.example", email=half, telephone=half)
    dataset = builders.dataset(spatial=(place,), distribution=(bad,), contact_point=(desk,))
    fitted = fit(dataset).dataset
    assert fitted.spatial == (Place(uri=builders.DARMSTADT),)
    assert fitted.contact_point == (Contact(url="https://amt.example"),)
    (kept,) = fitted.distribution
    assert (kept.checksum, kept.spatial_resolution, kept.temporal_resolution) == (None, "", "")
    assert rdf.serialize(rdf_writer.write(named(fitted)).all(), "ttl")


def test_the_place_of_a_problem_is_named() -> None:
    bad = builders.distribution(issued="gestern", license="frei", byte_size=-1)
    reading = fit(builders.dataset(distribution=(builders.distribution(), bad)))
    assert codes(reading.problems) == [
        ("distribution[1].license", "uri"),
        ("distribution[1].issued", "date"),
        ("distribution[1].byte_size", "integer"),
    ]
    kept = reading.dataset.distribution[1]
    assert (kept.issued, kept.license, kept.byte_size, kept.title) == ("", "", None, bad.title)


def test_long_values_are_cut_in_the_report_only() -> None:
    (problem,) = fit(builders.dataset(issued="x" * 5000)).problems
    assert problem.value == "x" * 500


@pytest.mark.parametrize(
    "contact, stands",
    [
        (Contact(name="Amt"), False),
        (Contact(name="Amt", email="keine"), False),
        (Contact(name="Amt", url="amt.example"), False),
        (Contact(name="Amt", telephone="intern"), False),
        (Contact(email="amt@amt.example"), True),
        (Contact(url="https://amt.example"), True),
        (Contact(telephone="tel:+496151"), True),
        (Contact(name="Amt", email="keine", url="https://amt.example"), True),
    ],
)
def test_a_contact_needs_a_channel(contact: Contact, stands: bool) -> None:
    reading = fit(builders.dataset(contact_point=(contact,)))
    assert bool(reading.dataset.contact_point) == stands
    assert (("contact_point[0]", "incomplete") in codes(reading.problems)) == (not stands)


@pytest.mark.parametrize(
    "field, value",
    [
        ("publisher", Agent(email="amt@amt.example")),
        ("creator", (Agent(name=(Text(" ", "de"),)),)),
        ("temporal", (Period(),)),
        ("temporal", (Period(start="gestern"),)),
        ("distribution", (Distribution(title=(Text("Bäume", "de"),), download_url=("https://a.example/b.csv",)),)),
        ("distribution", (Distribution(access_url=("b.csv",)),)),
        ("sample", (Distribution(access_url=("b.csv",)),)),
        ("other_identifier", (Identifier(notation=" "),)),
        ("provenance", (Provenance(),)),
        ("was_generated_by", (Activity(uri="https://amt.example/taetigkeit"),)),
        ("qualified_attribution", (Attribution(role=("https://rollen.example/1",)),)),
        ("qualified_attribution", (Attribution(agent=(Agent(),), role=("https://rollen.example/1",)),)),
        ("qualified_relation", (Relationship(relation=("https://amt.example/1",)),)),
        ("in_series", (builders.full_series(description=()),)),
        ("in_series", (builders.full_series(publisher=None),)),
    ],
)
def test_nodes_without_what_they_need_are_left_out(field: str, value: Any) -> None:
    reading = fit(builders.dataset(**{field: value}))
    assert not getattr(reading.dataset, field)
    assert codes(reading.problems)[-1][1] == "incomplete"


def test_a_service_without_an_address_is_none() -> None:
    service = builders.full_service(endpoint_url=("dienst",))
    reading = fit(builders.dataset(distribution=(builders.distribution(access_service=(service,)),)))
    assert reading.dataset.distribution[0].access_service == ()
    assert codes(reading.problems) == [
        ("distribution[0].access_service[0].endpoint_url[0]", "uri"),
        ("distribution[0].access_service[0]", "incomplete"),
    ]
    assert reading.problems[-1].message.de == "Ein Datenservice ohne die nötigen Angaben wird nicht weitergegeben."


@pytest.mark.parametrize("checksum", [Checksum(value="ab" * 32), Checksum(algorithm=builders.SHA256, value="xyz")])
def test_half_a_checksum_is_none(checksum: Checksum) -> None:
    reading = fit(builders.dataset(distribution=(builders.distribution(checksum=checksum),)))
    assert reading.dataset.distribution[0].checksum is None
    assert codes(reading.problems)[-1] == ("distribution[0].checksum", "incomplete")


def test_open_periods_and_bare_places_stand() -> None:
    dataset = builders.dataset(
        temporal=(Period(start="2020"), Period(end="2021")), spatial=(Place(uri=builders.DARMSTADT),)
    )
    assert fit(dataset).dataset == dataset


def test_one_title_per_language() -> None:
    titles = (Text("Bäume", "de"), Text("Trees", "en"), Text("Baum", "de"), Text("Gehölz", "DE"), Text("X"), Text("Y"))
    reading = fit(builders.dataset(title=titles))
    assert reading.dataset.title == (Text("Bäume", "de"), Text("Trees", "en"), Text("X"))
    assert [problem.value for problem in reading.problems] == ["Baum", "Gehölz", "Y"]
    assert {problem.code for problem in reading.problems} == {"language-twice"}


def test_names_of_series_services_and_offices_stand_once_per_language() -> None:
    twice = (Text("Bäume", "de"), Text("Gehölze", "de"))
    service = builders.full_service(title=twice)
    dataset = builders.dataset(
        publisher=builders.agent(twice),
        in_series=(builders.full_series(title=twice, description=twice),),
        distribution=(builders.distribution(title=twice, access_service=(service,)),),
    )
    assert codes(fit(dataset).problems) == [
        ("publisher.name", "language-twice"),
        ("in_series[0].title", "language-twice"),
        ("in_series[0].description", "language-twice"),
        ("distribution[0].title", "language-twice"),
        ("distribution[0].access_service[0].title", "language-twice"),
    ]


def test_keywords_repeat_in_a_language() -> None:
    keywords = (Text("Baum", "de"), Text("Straße", "de"))
    assert fit(builders.dataset(keyword=keywords)).dataset.keyword == keywords


def test_a_size_of_zero_stays() -> None:
    dataset = builders.dataset(distribution=(builders.distribution(byte_size=0),))
    assert fit(dataset).dataset.distribution[0].byte_size == 0
