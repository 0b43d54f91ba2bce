"""The property table: equal to the model, resolvable, in two languages, and as strict as the standard."""

import csv
from dataclasses import fields
from importlib import resources

import pytest
from shared_files import shared

from dcat import iri, model
from dcat.namespaces import NAMESPACES, expand
from dcat.profile import CLASSES, DEFAULT, Class, Property, profile
from dcat.vocabularies import NAMES

STRENGTH = {"": 0, "optional": 0, "recommended": 1, "mandatory": 2}
OURS = {
    "dcat:Catalog": "Catalog",
    "dcat:Dataset": "Dataset",
    "dcat:Distribution": "Distribution",
    "dcat:DataService": "DataService",
    "foaf:Agent": "Agent",
    "vcard:Kind": "Contact",
    "dcterms:Location": "Place",
    "dcterms:PeriodOfTime": "Period",
}
# What the standard asks for and the table leaves out, with the reason.
NOT_IN_THE_TABLE = {
    (
        "dcat-ap-de",
        "dcat:Catalog",
        "dcat:dataset",
    ): "membership is written page by page, it is no field of the catalogue",
    ("hvd", "dcat:Catalog", "dcat:dataset"): "membership is written page by page, it is no field of the catalogue",
    ("hvd", "dcat:Distribution", "dcat:accessService"): (
        "services name their datasets directly (dcat:servesDataset); over the distribution a dataset's copy would hold "
        "every dataset of the service (dcat.md, 5.1)"
    ),
    ("hvd", "dcat:Distribution", "dcatap:applicableLegislation"): (
        "in the table, but optional: not every distribution of a high-value dataset is itself one (dcat.md, 2.2)"
    ),
}


def rows() -> list[dict[str, str]]:
    table = resources.files("dcat") / "profiles" / f"{DEFAULT}.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def foreign_rows() -> list[dict[str, str]]:
    table = resources.files("dcat") / "profiles" / "foreign-terms.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def standard() -> list[dict[str, str]]:
    """What DCAT-AP.de and the HVD profile demand or recommend of the classes we hold."""
    with shared("standards", "dcat-ap-de-profile.csv").open(encoding="utf-8", newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if row["profile"] in ("dcat-ap-de", "hvd") and row["class"] in OURS and STRENGTH[row["obligation"]] > 0
        ]


def held(row: dict[str, str]) -> Property | None:
    properties = profile()[OURS[row["class"]]].properties
    return next((prop for prop in properties if prop.term.value == row["uri"]), None)


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_has_one_row(name: str) -> None:
    in_model = [field.name for field in fields(CLASSES[name][0]) if field.name != "uri"]
    in_table = [row["field"] for row in rows() if row["class"] == name]
    assert sorted(in_table) == sorted(in_model)


def test_every_class_of_the_model_is_in_the_table() -> None:
    nodes = {
        name
        for name, thing in vars(model).items()
        if isinstance(thing, type) and "uri" in getattr(thing, "__slots__", ())
    }
    assert nodes == {maker.__name__ for maker, _ in CLASSES.values()} == {row["class"] for row in rows()}


@pytest.mark.parametrize("name", CLASSES)
def test_values_repeat_where_the_model_has_a_tuple(name: str) -> None:
    annotations = CLASSES[name][0].__annotations__
    for row in rows():
        if row["class"] == name:
            assert row["max"] in ("1", "*")
            assert str(annotations[row["field"]]).startswith("tuple") == (row["max"] == "*"), row["field"]


def test_every_term_resolves() -> None:
    for row in rows():
        for curie in filter(None, (row["term"], row["range"])):
            prefix, _, name = curie.partition(":")
            assert name, curie
            assert expand(curie) == NAMESPACES[prefix] + name
            assert iri.is_web(expand(curie))
    assert all(iri.is_web(uri) and uri[-1] in "/#" for uri in NAMESPACES.values())


def test_a_term_stands_once_per_class() -> None:
    terms = [(row["class"], row["term"]) for row in rows()]
    assert len(terms) == len(set(terms))
    keys = [(row["class"], row["ckan"]) for row in rows() if row["ckan"]]
    assert len(keys) == len(set(keys))


def test_labels_in_both_languages() -> None:
    for row in rows():
        assert row["label_de"].strip(), row
        assert row["label_en"].strip(), row
    assert profile()["Dataset"].property("publisher").label.in_("de") == "Herausgeber"
    assert profile()["Dataset"].property("publisher").label.in_("en") == "publisher"


def test_rows_are_consistent() -> None:
    for cls in profile().values():
        for prop in cls.properties:
            assert (prop.kind is None) == (prop.node in CLASSES), prop.curie
            assert prop.obligation in ("mandatory", "recommended", "optional", "read-only"), prop.curie
            assert prop.hvd in STRENGTH, prop.curie
            assert (prop.min == 1) == (prop.obligation == "mandatory"), prop.curie
            assert prop.vocabulary in ("", *NAMES), prop.curie


def test_what_the_standard_demands_is_in_the_table() -> None:
    missing = {
        (row["profile"], row["class"], row["property"])
        for row in standard()
        if (prop := held(row)) is None or strength(prop, row["profile"]) < STRENGTH[row["obligation"]]
    }
    assert missing == NOT_IN_THE_TABLE.keys()


def strength(prop: Property, release: str) -> int:
    # The HVD profile adds to DCAT-AP.de: what is recommended there need not be said again.
    return max(STRENGTH[prop.obligation], STRENGTH[prop.hvd] if release == "hvd" else 0)


def test_obligations_of_dcat_ap_de_are_the_same() -> None:
    demanded = {
        (OURS[row["class"]], row["uri"]): row["obligation"] for row in standard() if row["profile"] == "dcat-ap-de"
    }
    for name in OURS.values():
        for prop in profile()[name].properties:
            expected = demanded.get((name, prop.term.value), "optional")
            assert prop.obligation == STRICTER.get((name, prop.field), expected), prop.curie


# Stricter than the standard, with the reason.
STRICTER = {
    ("Catalog", "service"): "recommended",  # by the HVD profile
}


def test_foreign_terms_name_real_fields() -> None:
    for row in foreign_rows():
        cls = profile()[row["class"]]
        assert row["field"] in {prop.field for prop in cls.properties}, row
        assert iri.is_web(row["foreign"])
        assert row["foreign"] not in own_terms(cls), f"{row['foreign']} is our own term"
        assert cls.by_term[row["foreign"]].field == row["field"]
    terms = [(row["class"], row["foreign"]) for row in foreign_rows()]
    assert len(terms) == len(set(terms))


def own_terms(cls: Class) -> set[str]:
    return {prop.term.value for prop in cls.properties}


def test_unknown_fields_and_prefixes_fail_loudly() -> None:
    with pytest.raises(StopIteration):
        profile()["Dataset"].property("titel")
    with pytest.raises(KeyError):
        expand("dkat:Dataset")
