"""The property table: equal to the model, resolvable, in two languages, and as strict as the standard."""

import csv
from dataclasses import fields
from importlib import resources

import pytest
from shared_files import shared

from dcat import iri, model
from dcat.namespaces import NAMESPACES, expand
from dcat.profile import CLASSES, DEFAULT, READ_ONLY, RELEASES, Class, Property, profile
from dcat.vocabularies import NAMES

STRENGTH = {"": 0, "read-only": 0, "optional": 0, "recommended": 1, "mandatory": 2}
OUR_NAMES = {curie: name for name, (_, curie) in CLASSES.items()}
_PAGES = "membership is written page by page, it is no field of the catalogue"
_ONE = "there is one catalogue here, neither made of others nor part of one"
_OLDER = "deprecated; read as the current property"
# What the standards name and the table leaves out, with the reason.
NOT_IN_THE_TABLE = {
    ("dcat:Catalog", "dcat:dataset"): _PAGES,
    ("dcat:Catalog", "dcat:record"): _PAGES,
    ("dcat:Catalog", "dcat:catalog"): _ONE,
    ("dcat:Catalog", "dcterms:hasPart"): _ONE,
    ("dcat:Catalog", "dcterms:isPartOf"): _ONE,
    ("dcat:Dataset", "dcatde:maintainer"): f"{_OLDER} geodcatap:custodian",
    ("dcat:Dataset", "dcatde:originator"): f"{_OLDER} geodcatap:originator",
    ("dcat:Dataset", "dcterms:hasVersion"): f"{_OLDER} dcat:hasVersion",
    ("dcat:Dataset", "dcterms:isVersionOf"): f"{_OLDER} dcterms:relation",
    ("dcat:Dataset", "owl:versionInfo"): f"{_OLDER} dcat:version",
    (
        "dcterms:PeriodOfTime",
        "time:hasBeginning",
    ): "read as dcat:startDate, which says the same without a node of its own",
    ("dcterms:PeriodOfTime", "time:hasEnd"): "read as dcat:endDate, which says the same without a node of its own",
}
# Where the table asks for something else than the standards, with the reason: class, field, what, expected, in the table.
DIFFERENT = {
    ("Catalog", "service", "obligation", "optional", "recommended"): "recommended by DCAT-AP and the HVD profile",
    ("Dataset", "political_geocoding", "obligation", "recommended", "read-only"): "deprecated",
    ("Dataset", "geocoding_description", "obligation", "optional", "read-only"): "deprecated",
    ("Dataset", "legal_basis", "obligation", "optional", "read-only"): "deprecated",
    ("Dataset", "quality_process", "obligation", "optional", "read-only"): "deprecated",
    ("Distribution", "applicable_legislation", "hvd", "mandatory", ""): (
        "not every distribution of a high-value dataset is itself one (dcat.md, 2.2)"
    ),
    ("Distribution", "license", "hvd", "recommended", "mandatory"): "mandatory in DCAT-AP.de anyway",
    ("Dataset", "contact_point", "hvd", "recommended", ""): "recommended in DCAT-AP.de anyway",
    ("Contact", "email", "hvd", "recommended", ""): "recommended in DCAT-AP.de anyway",
    ("Contact", "url", "hvd", "recommended", ""): "recommended in DCAT-AP.de anyway",
    ("Catalog", "service", "hvd", "recommended", ""): "recommended in the table anyway",
    ("CatalogRecord", "primary_topic", "hvd", "mandatory", ""): "mandatory in DCAT-AP.de anyway",
    ("Contact", "telephone", "max", "*", "1"): "one contact has one of each channel",
    ("DataService", "rights", "max", "*", "1"): "as of a distribution in DCAT-AP.de",
}
# What the table has beyond the standards, with the reason.
BEYOND = {
    ("Agent", "email"): "how to reach a publisher; CKAN knows it",
    ("Agent", "homepage"): "likewise",
    ("Place", "label"): "the name of a place for people; DCAT-AP.de shows it in its examples",
    ("Provenance", "label"): "DCAT-AP names the class only; rdfs:label is what it is written with everywhere",
    ("Activity", "label"): "likewise",
}


def rows() -> list[dict[str, str]]:
    table = resources.files("dcat") / "profiles" / f"{DEFAULT}.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def foreign_rows() -> list[dict[str, str]]:
    table = resources.files("dcat") / "profiles" / "foreign-terms.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def standard() -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """What the standards say of each property, by class and property, then by profile."""
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    with shared("standards", "dcat-ap-de-profile.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["class"], row["property"]), {})[row["profile"]] = row
    return found


def ours() -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """The part that DCAT-AP.de or the HVD profile has."""
    return {key: said for key, said in standard().items() if said.keys() & {"dcat-ap-de", "hvd"}}


def held(key: tuple[str, str]) -> Property | None:
    if key[0] not in OUR_NAMES:
        return None
    properties = profile()[OUR_NAMES[key[0]]].properties
    return next((prop for prop in properties if prop.curie == key[1]), None)


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
        for curie in filter(None, (row["term"], row["range"], *row["also"].split())):
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


def test_what_the_standards_have_is_in_the_table() -> None:
    assert {key for key in ours() if held(key) is None} == NOT_IN_THE_TABLE.keys()


@pytest.mark.parametrize(
    "key", [key for key, reason in NOT_IN_THE_TABLE.items() if reason.startswith((_OLDER, "read as"))]
)
def test_older_terms_are_read_as_the_current_ones(key: tuple[str, str]) -> None:
    [said] = [next(iter(ours()[key].values()))]
    prop = profile()[OUR_NAMES[key[0]]].by_term[said["uri"]]
    assert prop.curie in NOT_IN_THE_TABLE[key]


def test_the_table_asks_for_what_the_standards_ask() -> None:
    different = set()
    for key, said in ours().items():
        prop = held(key)
        if prop is None:
            continue
        # The intersection: the obligation of DCAT-AP.de, or of DCAT-AP where DCAT-AP.de is silent, and the least of the maxima.
        german, hvd = said.get("dcat-ap-de") or said.get("dcat-ap"), said.get("hvd")
        expected = {
            "obligation": german["obligation"] if german else "optional",
            "hvd": hvd["obligation"] if hvd and hvd["obligation"] != "optional" else "",
            "max": "1" if any(row["max"] == "1" for row in said.values()) else "*",
        }
        stated = {
            "obligation": prop.obligation,
            "hvd": prop.hvd if prop.hvd != "optional" else "",
            "max": "*" if prop.many else "1",
        }
        different |= {
            (prop.owner, prop.field, what, expected[what], stated[what])
            for what in expected
            if expected[what] != stated[what]
        }
    assert different == DIFFERENT.keys()


def test_what_is_in_the_table_is_in_a_standard() -> None:
    known = {(OUR_NAMES[cls], curie) for cls, curie in standard() if cls in OUR_NAMES}
    beyond = {
        (prop.owner, prop.field)
        for cls in profile().values()
        for prop in cls.properties
        if (prop.owner, prop.curie) not in known
    }
    assert beyond == BEYOND.keys()


def test_the_obligations_only_dcat_ap_names_are_taken_over() -> None:
    for key, said in standard().items():
        prop = held(key)
        if prop is not None and "dcat-ap-de" not in said and "dcat-ap" in said:
            assert prop.obligation == said["dcat-ap"]["obligation"], key


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_is_a_complete_table(release: str) -> None:
    for name, cls in profile(release).items():
        default = profile()[name]
        assert [prop.field for prop in cls.properties] == [prop.field for prop in default.properties]
        for prop, current in zip(cls.properties, default.properties, strict=True):
            assert (prop.many, prop.node, prop.ckan, prop.label) == (
                current.many,
                current.node,
                current.ckan,
                current.label,
            )
            assert STRENGTH.keys() >= {prop.obligation, prop.hvd}
            assert (prop in cls.written) == (prop.obligation != READ_ONLY)
            # Whatever a release writes, every release understands.
            for term in (prop.term, *prop.also):
                assert default.by_term[term.value].field == prop.field, term


def test_the_tables_lie_beside_each_other() -> None:
    folder = resources.files("dcat") / "profiles"
    header = [
        next(csv.reader((folder / f"{release}.csv").read_text(encoding="utf-8").splitlines())) for release in RELEASES
    ]
    assert header[0] == header[1] == header[2]


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
