"""What clients write through CKAN's Action API: kept as it was written, given back whole, refused in CKAN's shape, never an exception."""

from dataclasses import replace
from typing import Any

import builders
import orjson
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from samples_ckan import package as package_of_hessen
from samples_ckan import resource as resource_of_hessen
from samples_ckan_input import FIRST, ORGANIZATION, RICH, SECOND, document, errors, settled, shown
from test_dcat_ckan import GROUP_KEYS, PACKAGE_KEYS, RESOURCE_KEYS, TAG_KEYS, written

from dcat import ckan, ckan_change, ckan_package
from dcat.ckan_input import MAX_SIZE, read_package, read_resource
from dcat.ckan_package import PackageDocument, ResourceDocument
from dcat.ckan_show import show, to_dataset
from dcat.ckan_values import MAX_DEPTH, MAX_ENTRIES, MAX_OTHERS, MAX_TEXT, MAX_VALUE
from dcat.errors import UnreadableError
from dcat.model import Dataset, Text

NAMED = {"name": "baeume"}
RESOURCE_FIELDS = (*ckan_package.RESOURCE_FIELDS, "package_id", "position", "state", "datastore_active", "schema")


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x"}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "Baeume"}, ["name"]),
        ({"name": "bäume"}, ["name"]),
        ({"name": "a b"}, ["name"]),
        ({"name": "edit"}, ["name"]),
        ({"name": "a\n"}, ["name"]),
        ({"name": ["a"]}, ["name"]),
        (NAMED | {"title": {"de": "x"}}, ["title"]),
        (NAMED | {"title": True}, ["title"]),
        (NAMED | {"notes": "x" * (MAX_TEXT + 1)}, ["notes"]),
        (NAMED | {"notes": "a\0b"}, ["notes"]),
        (NAMED | {"notes": "a\ud800b"}, ["notes"]),
        (NAMED | {"version": "1" * 101}, ["version"]),
        (NAMED | {"version": 10**5000}, ["version"]),
        ({"name": 12}, ["name"]),
        (NAMED | {"author_email": "niemand"}, ["author_email"]),
        (NAMED | {"maintainer_email": "Amt <a@b.example>"}, ["maintainer_email"]),
        (NAMED | {"state": "gone"}, ["state"]),
        (NAMED | {"type": "Data Set"}, ["type"]),
        (NAMED | {"private": "perhaps"}, ["private"]),
        (NAMED | {"private": True}, ["private"]),
        (NAMED | {"private": [], "owner_org": "x"}, ["private"]),
        (NAMED | {"tags": "a,b"}, ["tags"]),
        (NAMED | {"tag_string": "gut, a"}, ["tag_string"]),
        (NAMED | {"title_translated": ["x"]}, ["title_translated"]),
        (NAMED | {"title_translated": {"german!": "x"}}, ["title_translated"]),
        (NAMED | {"title_translated": {"de": 1.5, "en": []}}, ["title_translated"]),
        (NAMED | {"resources": {"url": "x"}}, ["resources"]),
        (NAMED | {"resources": [{}] * (MAX_ENTRIES + 1)}, ["resources"]),
        (NAMED | {"tags": [{"name": "ab"}] * (MAX_ENTRIES + 1)}, ["tags"]),
        (NAMED | {"extras": [{}] * (MAX_ENTRIES + 1)}, ["extras"]),
        (NAMED | {"field": nested(MAX_DEPTH + 1)}, ["field"]),
        (NAMED | {"field": 2**64}, ["field"]),
        (NAMED | {"field": float("nan")}, ["field"]),
        (NAMED | {"field": {"a": "\0"}}, ["field"]),
        (NAMED | {"field": {"\ud800": 1}}, ["field"]),
        (NAMED | {"field": {1: 1}}, ["field"]),
        (NAMED | {"field": object()}, ["field"]),
        (NAMED | {"field": [0] * 20_000}, ["field"]),
        (NAMED | {"field": ["x" * MAX_VALUE, "y"]}, ["field"]),
        (NAMED | {"a\0": 1}, ["__junk"]),
        (NAMED | {"": 1}, ["__junk"]),
        (NAMED | {"x" * 1000: 1}, ["__junk"]),
        (NAMED | {f"f{number}": 1 for number in range(10**6)}, ["__junk"]),
        ([NAMED], ["__junk"]),
        (None, ["__junk"]),
        ("name", ["__junk"]),
        (NAMED | {"notes": 1.5, "title": None, "size": 3, "url": []}, ["url"]),
    ],
)
def test_what_is_wrong_is_named(given: Any, wrong: list[str]) -> None:
    assert list(errors(read_package(given))) == wrong


@pytest.mark.parametrize(
    ("field", "entry", "wrong"),
    [
        ("tags", {"name": "a"}, {"name"}),
        ("tags", {"name": "x" * 101}, {"name"}),
        ("tags", {"name": "a/b"}, {"name"}),
        ("tags", {"name": "a\nb"}, {"name"}),
        ("tags", {}, {"name"}),
        ("tags", "Bäume", {"__junk", "name"}),
        ("groups", {"title": "Umwelt"}, {"name"}),
        ("extras", {"value": "x"}, {"key"}),
        ("extras", {"key": "a"}, {"value"}),
        ("extras", {"key": "title", "value": "x"}, {"key"}),
        ("extras", {"key": "a", "value": "x" * (MAX_VALUE + 1)}, {"value"}),
        ("extras", {"key": "a", "value": nested(MAX_DEPTH + 1)}, {"value"}),
        ("extras", {"key": 1.5, "value": None}, {"value"}),
        ("resources", {"id": "../../etc/passwd"}, {"id"}),
        ("resources", {"id": "1f9ab0000000400080000000000000001"}, {"id"}),
        ("resources", {"id": f"{FIRST}\n"}, {"id"}),
        ("resources", {"id": FIRST}, {"id"}),
        ("resources", {"size": "12 MB"}, {"size"}),
        ("resources", {"size": -1}, {"size"}),
        ("resources", {"size": True}, {"size"}),
        ("resources", {"size": "9" * 5000}, {"size"}),
        ("resources", {"size": "١٢"}, {"size"}),
        ("resources", {"last_modified": "neulich"}, {"last_modified"}),
        ("resources", {"created": "0001-01-01T00:00:00+10:00"}, {"created"}),
        ("resources", {"url": {"a": 1}, "format": ["csv"], "hash": []}, {"url", "format", "hash"}),
        ("resources", {"schema": nested(99)}, {"schema"}),
        ("resources", dict.fromkeys(map(str, range(MAX_OTHERS + 50)), 1), {"__junk"}),
        ("resources", None, {"__junk"}),
    ],
)
def test_entries_of_lists_carry_their_errors_by_position(field: str, entry: Any, wrong: set[str]) -> None:
    right = {"tags": {"name": "gut"}, "groups": {"id": "x"}, "extras": {"key": "b", "value": ""}}
    found = errors(read_package(NAMED | {field: [right.get(field, {"id": FIRST}), entry]}))
    assert found.keys() == {field}
    assert found[field][0] == {}
    assert found[field][1].keys() == wrong


def test_an_extra_twice() -> None:
    extras = [{"key": "a", "value": 1}, {"key": "a", "value": 2}]
    assert errors(read_package(NAMED | {"extras": extras})) == {"extras_validation": ['Duplicate key "a"']}


def test_a_dataset_larger_than_any_names_its_largest_field() -> None:
    extras = [{"key": f"k{number}", "value": "x" * MAX_VALUE} for number in range(MAX_SIZE // MAX_VALUE + 1)]
    assert list(errors(read_package(NAMED | {"extras": extras}))) == ["extras"]
    resource = {f"f{number}": "x" * MAX_VALUE for number in range(MAX_SIZE // MAX_VALUE + 1)}
    assert list(errors(ckan_change.resource_added(document(), resource))) == ["resources"]


def test_the_least_and_what_is_assumed() -> None:
    found = document(NAMED)
    assert (found.title, found.type, found.state, found.private) == ("baeume", "dataset", "active", False)
    assert (found.owner_org, found.resources, found.notes) == (None, (), None)
    assert document(NAMED | {"owner_org": "", "title": ""}).owner_org is None


@pytest.mark.parametrize("spelling", ["True", "true", "1", 1, True, "yes", "on", "T", " y "])
def test_truth_in_all_spellings(spelling: Any) -> None:
    assert document(private=spelling).private is True


@pytest.mark.parametrize("spelling", ["False", "false", "0", 0, False, "no", "off", "", None])
def test_falsehood_in_all_spellings(spelling: Any) -> None:
    assert document(private=spelling).private is False


def test_values_of_extras_become_text() -> None:
    values = [5, 1.5, True, ["a", 1], {"b": None}, "wörtlich ", ""]
    found = document(extras=[{"key": f"k{place}", "value": value} for place, value in enumerate(values)])
    assert [value for _, value in found.extras] == ["5", "1.5", "true", '["a",1]', '{"b":null}', "wörtlich ", ""]
    assert document(extras=[{"key": "a", "value": "b", "deleted": True}]).extras == ()


def test_words_of_a_form_are_tags() -> None:
    found = document(tags=[{"name": "gut", "vocabulary_id": "v1"}], tag_string=" Bäume, , Grün-fläche,Bäume")
    assert [(tag.name, tag.vocabulary_id) for tag in found.tags] == [
        ("gut", "v1"),
        ("Bäume", None),
        ("Grün-fläche", None),
    ]


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("csv", "CSV"),
        (".csv", "CSV"),
        ("text/csv", "CSV"),
        ("geojson", "GeoJSON"),
        ("plain text", "plain text"),
        ("xlsx", "XLSX"),
        ("Excel XLSX", "Excel XLSX"),
        ("shp", "SHP"),
        ("wms", "WMS"),
        ("json-ld", "JSON-LD"),
        ("Irgendwas", "Irgendwas"),
        ("", ""),
    ],
)
def test_formats_as_ckan_writes_them(given: str, clean: str) -> None:
    found = read_resource({"format": given, "url": "https://a.example/"})
    assert isinstance(found, ResourceDocument)
    assert found.format == clean


@pytest.mark.parametrize(
    ("url", "guessed"),
    [("https://a.example/x.CSV?y=1", "CSV"), ("https://a.example", ""), ("x.php", ""), ("http://[", ""), ("", "")],
)
def test_the_format_of_a_new_resource_is_guessed(url: str, guessed: str) -> None:
    new, old = read_resource({"url": url}), read_resource({"url": url, "id": FIRST})
    assert isinstance(new, ResourceDocument) and isinstance(old, ResourceDocument)
    assert (new.format, old.format) == (guessed, "")


@pytest.mark.parametrize(
    ("given", "naive"),
    [
        ("2026-01-01", "2026-01-01T00:00:00"),
        ("2026-01-01T12:00:00.123456", "2026-01-01T12:00:00.123456"),
        ("2026-01-01T12:00:00.000000", "2026-01-01T12:00:00.000000"),
        ("2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00"),
        ("2026-01-01T12:00:00Z", "2026-01-01T12:00:00"),
        ("", None),
    ],
)
def test_times_are_naive_in_utc(given: str, naive: str | None) -> None:
    found = read_resource({"last_modified": given})
    assert isinstance(found, ResourceDocument)
    assert found.last_modified == naive


def test_any_text_is_an_address_of_a_resource() -> None:
    for url in (" https://a.example/x y ", "javascript:alert(1)", "", "C:\\Daten"):
        found = read_resource({"url": url})
        assert isinstance(found, ResourceDocument)
        assert found.url == url.strip()


def test_what_a_client_wrote_comes_back() -> None:
    package = show(document(), shown(document()))
    assert package["scheming_field"] == {"a": [1, None, True]}
    assert package["extras"] == RICH["extras"]
    assert package["title_translated"] == RICH["title_translated"]
    first, second = package["resources"]
    assert (first["schema"], first["size"], first["format"]) == ({"fields": []}, 12, "CSV")
    assert (first["datastore_active"], second["datastore_active"]) == (True, False)
    assert second["url"].endswith(f"/dataset/{package['id']}/resource/{SECOND}/download/baeume%202026.csv")
    assert (package["license_title"], package["isopen"]) == ("Datenlizenz Deutschland Namensnennung 2.0", True)
    assert (package["num_resources"], package["num_tags"]) == (2, 2)


@pytest.mark.parametrize("found", [document(), document(NAMED)], ids=["rich", "least"])
def test_every_key_is_there(found: PackageDocument) -> None:
    package = show(found, shown(found))
    assert package.keys() >= PACKAGE_KEYS - {"license_url"}
    assert all(tag.keys() >= TAG_KEYS for tag in package["tags"])
    assert all(group.keys() >= GROUP_KEYS for group in package["groups"])
    assert all(resource.keys() >= RESOURCE_KEYS for resource in package["resources"])
    published = ckan.write(builders.full_dataset(), builders.package())
    # A description of ours carries what the profile knows as extras and further fields.
    assert published.keys() - package.keys() <= {"title_translated", "notes_translated", "license_url"}


@pytest.mark.parametrize(
    "license_id", ["cc-by", "notspecified", "https://lizenz.example/1", "Unsere eigene", "", None, "x" * 50_000]
)
def test_any_licence_stays_as_it_was_written(license_id: str | None) -> None:
    found = document(license_id=license_id)
    package = show(found, shown(found))
    assert package["license_id"] == license_id
    # CKAN leaves the address out where nobody knows one.
    assert "license_url" not in package or package["license_url"].startswith("http")


def test_show_and_update_change_nothing() -> None:
    for client in (RICH, NAMED, package_of_hessen(resources=[resource_of_hessen(id=FIRST)])):
        before = document(client)
        package = orjson.loads(orjson.dumps(show(before, shown(before))))
        for after in (ckan_change.updated(before, package), ckan_change.patched(before, package)):
            assert isinstance(after, PackageDocument), after
            after = settled(after, before, now="2027-01-01T00:00:00.000000")
            after = replace(after, owner_org=before.owner_org)
            assert after.resources == before.resources
            assert show(after, shown(after)) == package


def test_what_update_keeps_and_what_goes() -> None:
    before = document(private=True, state="draft", type="map")
    after = ckan_change.updated(before, {})
    assert isinstance(after, PackageDocument)
    kept = ("name", "title", "type", "state", "private", "owner_org", "groups", "resources")
    assert all(getattr(after, name) == getattr(before, name) for name in kept)
    assert (after.notes, after.tags, after.extras, after.others) == (None, (), (), {})
    emptied = ckan_change.updated(before, {"groups": [], "resources": [], "title": "", "type": "other"})
    assert isinstance(emptied, PackageDocument)
    assert (emptied.groups, emptied.resources, emptied.title, emptied.type) == ((), (), "baumkataster", "map")
    errors(ckan_change.updated(before, {"owner_org": ""}))


def test_patch_merges_the_top() -> None:
    before = document()
    after = ckan_change.patched(before, {"notes": "Neu", "extras": [{"key": "a", "value": "b"}], "tag_string": "mehr"})
    assert isinstance(after, PackageDocument)
    assert after.extras == (("a", "b"),)
    assert [tag.name for tag in after.tags] == ["Bäume", "Straße 1.2_x", "mehr"]
    rest = ckan_package.write(replace(settled(after, before), notes=before.notes, extras=(), tags=()))
    assert rest == ckan_package.write(replace(before, extras=(), tags=()))
    errors(ckan_change.patched(before, []))


def test_a_title_and_its_translations_stay_together() -> None:
    before = document()
    after = ckan_change.patched(before, {"title": "Neuer Titel"})
    assert isinstance(after, PackageDocument)
    assert dict(after.title_translated) == {"de": "Neuer Titel", "en": "Trees"}
    assert Text("Neuer Titel", "de") in to_dataset(after, shown(after)).dataset.title
    after = ckan_change.patched(before, {"title_translated": {"de": "Wald", "en": "Wood"}})
    assert isinstance(after, PackageDocument)
    assert after.title == "Wald"
    assert document(NAMED | {"title_translated": '{"en": "Trees"}'}).title == "Trees"


def test_a_resource_is_added_changed_and_removed() -> None:
    before = document()
    added = ckan_change.resource_added(before, {"url": "https://a.example/x.pdf", "package_id": "p"})
    assert isinstance(added, PackageDocument)
    last = settled(added, before, "2027-01-01T00:00:00.000000").resources[-1]
    assert (last.format, last.created, len(last.id)) == ("PDF", "2027-01-01T00:00:00.000000", 36)
    patched = ckan_change.resource_patched(before, FIRST, {"name": "Neu", "id": SECOND})
    assert isinstance(patched, PackageDocument)
    after = settled(patched, before, "2027-01-01T00:00:00.000000")
    assert (
        replace(after.resources[0], name=None, metadata_modified=before.resources[0].metadata_modified)
        == (before.resources[0])
    )
    assert after.resources[0].metadata_modified == "2027-01-01T00:00:00.000000"
    assert after.resources[1] == before.resources[1], "the other is as it was"
    updated = ckan_change.resource_updated(before, FIRST, {"url": "y"})
    assert isinstance(updated, PackageDocument)
    assert (updated.resources[0].size, updated.resources[0].others) == (None, {})
    assert updated.resources[0].created == before.resources[0].created
    assert [one.id for one in ckan_change.resource_removed(before, FIRST).resources] == [SECOND]


def test_errors_of_a_resource_are_its_own() -> None:
    before = document()
    assert list(errors(ckan_change.resource_added(before, {"size": "x"}))) == ["size"]
    assert list(errors(ckan_change.resource_added(before, {"id": FIRST}))) == ["id"]
    assert list(errors(ckan_change.resource_patched(before, FIRST, {"created": "x"}))) == ["created"]
    errors(ckan_change.resource_updated(before, FIRST, None))
    full = replace(before, resources=before.resources * (MAX_ENTRIES // 2))
    assert list(errors(ckan_change.resource_added(full, {}))) == ["package_id"]


def test_resources_in_another_order() -> None:
    before = document()
    after = ckan_change.resources_reordered(before, [SECOND])
    assert isinstance(after, PackageDocument)
    assert [one.id for one in after.resources] == [SECOND, FIRST]
    for order in (FIRST, [FIRST, FIRST], ["x"], [None], {}, ["x"] * (MAX_ENTRIES + 1)):
        assert list(errors(ckan_change.resources_reordered(before, order))) == ["order"]


def test_uploaded_files_keep_their_names() -> None:
    for name in ("a%20b.csv", "Straße & Co?.csv", "x#1.csv"):
        before = document(resources=[{"id": FIRST, "url": name, "url_type": "upload"}])
        after = read_package(show(before, shown(before)))
        assert isinstance(after, PackageDocument)
        assert after.resources[0].url == name


def test_dcat_of_our_own_packages() -> None:
    package = written(builders.full_dataset())
    found = document(package)
    assert to_dataset(found, shown(found)) == ckan.read(package)


@given(strategies.ckan_datasets())
@settings(max_examples=60, deadline=None)
def test_dcat_survives_being_written_by_a_client(dataset: Dataset) -> None:
    # CKAN itself refuses other keywords.
    words = (Text(f"Wort {number}") for number, _ in enumerate(dataset.keyword))
    package = written(replace(dataset, keyword=tuple(words)))
    found = document(package)
    assert to_dataset(found, shown(found)) == ckan.read(package)


def test_dcat_of_a_package_of_hessen() -> None:
    extras = {
        "publisher_name": "Grünflächenamt",
        "contributorID": '["http://dcat-ap.de/def/contributors/hessenOpenData"]',
        "theme": '["http://publications.europa.eu/resource/authority/data-theme/ENVI"]',
        "spatial": '{"type": "Point", "coordinates": [8.65, 49.87]}',
        "temporal_start": "2020-01-01",
        "identifier": "b-1",
    }
    package = package_of_hessen(
        resources=[resource_of_hessen(id=FIRST, license="http://dcat-ap.de/def/licenses/dl-by-de/2.0")],
        extras=[{"key": key, "value": value} for key, value in extras.items()],
    )
    found = document(package)
    reading = to_dataset(found, shown(found))
    assert reading == ckan.read(package)
    assert reading.dataset.publisher is not None
    assert reading.dataset.theme and reading.dataset.spatial and reading.dataset.temporal
    assert reading.dataset.distribution[0].license.endswith("dl-by-de/2.0")


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OTHERS = st.dictionaries(TEXT.filter(bool).map("x_{}".format), JSON, max_size=3)
RESOURCES = st.fixed_dictionaries(
    {"url": TEXT},
    optional={"id": st.uuids().map(str), "name": TEXT | st.none(), "size": st.integers(0, 2**62), "format": TEXT},
)
PACKAGES = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z0-9_-]{5,20}", fullmatch=True)},
    optional={
        **dict.fromkeys(("title", "notes", "url", "author", "maintainer", "license_id"), TEXT | st.none()),
        "tags": st.lists(st.sampled_from(("Bäume", "a.b", "_ _")).map(lambda word: {"name": word}), max_size=3),
        "extras": st.dictionaries(TEXT.filter(bool).map("x_{}".format), TEXT, max_size=3).map(
            lambda pairs: [{"key": key, "value": value} for key, value in pairs.items()]
        ),
        "title_translated": st.dictionaries(st.sampled_from(("de", "en", "de-AT")), TEXT, max_size=3),
        "resources": st.lists(st.builds(dict.__or__, OTHERS, RESOURCES), max_size=3),
        "private": st.booleans(),
        "groups": st.lists(st.sampled_from(("envi", "tran")).map(lambda name: {"name": name}), max_size=2),
    },
).map(lambda package: package | {"owner_org": ORGANIZATION["id"]})


@given(st.builds(dict.__or__, OTHERS, PACKAGES))
@settings(max_examples=100, deadline=None)
def test_documents_are_stored_and_shown_whole(given: dict[str, Any]) -> None:
    found = document(given)
    stored = orjson.loads(orjson.dumps(ckan_package.write(found)))
    assert ckan_package.read(stored) == found
    package = orjson.loads(orjson.dumps(show(found, shown(found))))
    assert all(package[key] == value for key, value in given.items() if key.startswith("x_"))
    after = ckan_change.updated(found, package)
    assert isinstance(after, PackageDocument), after
    after = settled(after, found, now="2027-01-01T00:00:00.000000")
    assert show(after, shown(after)) == package
    # Groups come back by their ids, which are their names here.
    assert after == found


@given(
    st.dictionaries(st.sampled_from([*ckan_package.PLAIN_FIELDS, "tags", "groups", "extras", "resources", "x"]), JSON),
    st.dictionaries(st.sampled_from(RESOURCE_FIELDS), JSON),
)
@settings(max_examples=300, deadline=None)
def test_hostile_input_never_raises(given: dict[str, Any], resource: dict[str, Any]) -> None:
    for each in (given, given | {"resources": [resource]}, {"name": "ok", "resources": [resource]}):
        found = read_package(each)
        if isinstance(found, PackageDocument):
            orjson.dumps(show(found, shown(found)))
            to_dataset(found, shown(found))
        else:
            errors(found)


@pytest.mark.parametrize(
    "value",
    [
        7,
        -1,
        1.5,
        True,
        "x",
        "[",
        "{",
        [],
        [None],
        {},
        {"a": {}},
        [[1]],
        "\ud800",
        "\0",
        2**70,
        float("inf"),
        nested(5000),
    ],
)
def test_wrong_types_everywhere_never_raise(value: Any) -> None:
    fields = [*ckan_package.PLAIN_FIELDS, *ckan_package.TRANSLATED, "tags", "groups", "extras", "resources", "x", "id"]
    for field in fields:
        read_package(NAMED | {field: value})
        read_package(NAMED | {field: [value, {"name": value, "id": value, "key": value, "value": value}]})
    found = read_package(dict.fromkeys(fields, value) | {"tag_string": value})
    read_package(NAMED | {"resources": [dict.fromkeys(RESOURCE_FIELDS, value)]})
    read_package(NAMED, before=document())
    errors(found)


def test_what_is_no_document_is_unreadable() -> None:
    for stored in ({}, {"name": "x"}, ckan_package.write(document()) | {"tags": [3]}):
        with pytest.raises(UnreadableError):
            ckan_package.read(stored)
