"""Organisations, groups and accounts as clients of CKAN's Action API write them."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples_ckan_input import CREATED, errors
from test_ckan_input import JSON, OTHERS, TEXT, nested
from test_dcat_ckan import GROUP_KEYS

from dcat import ckan_groups, ckan_users
from dcat.ckan_groups import GroupInput, Member, group_inside, read_group, show_group
from dcat.ckan_users import UserInput, read_user

NAMED = {"name": "gruenflaechenamt"}
ACCOUNT = {"name": "editor-1", "email": "amt@darmstadt.example", "password": "lang-genug"}
KEYS = """id name title display_name description image_url image_display_url type state approval_status is_organization created
package_count num_followers extras tags groups users"""
FIELDS = [*ckan_groups.PLAIN_FIELDS, "extras", "users", "groups", "packages", "tags", "tag_string", "x"]


def group(**fields: Any) -> GroupInput:
    found = read_group(NAMED | fields, "organization")
    assert isinstance(found, GroupInput), found
    return found


def account(**fields: Any) -> UserInput:
    found = read_user(ACCOUNT | fields)
    assert isinstance(found, UserInput), found
    return found


def test_every_key_is_there() -> None:
    document = group(title="Grünflächenamt", extras=[{"key": "a", "value": 1}], identifier="x").document
    found = show_group(document, id="o1", kind="organization", created=CREATED, package_count=3)
    assert found.keys() >= set(KEYS.split())
    assert (found["display_name"], found["type"], found["is_organization"]) == ("Grünflächenamt", "organization", True)
    assert (found["extras"], found["identifier"]) == ([{"key": "a", "value": "1"}], "x")
    assert group_inside("o1", "amt", "Amt", "", "", "").keys() == GROUP_KEYS
    assert [group_inside("o1", "amt", title, "", "", "")["display_name"] for title in ("Amt A", "")] == ["Amt A", "amt"]


def test_members_are_read_and_left_alone_where_nothing_is_said() -> None:
    assert (group().users, group().groups, group().packages, group().tags) == (None, None, None, None)
    found = group(
        users=[{"name": "a", "capacity": "admin", "email_hash": "x"}, {"id": "b"}],
        groups=[{"name": "stadt", "capacity": "public"}],
        packages=[{"id": "p1", "title": "P"}],
        tag_string="Bäume",
    )
    assert found.users == (Member(id="a", capacity="admin"), Member(id="b", capacity="member"))
    assert found.groups == (Member(id="stadt", capacity="public"),)
    assert found.packages == ("p1",)
    assert found.tags is not None and found.tags[0].name == "Bäume"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "Amt"}, ["name"]),
        ({"state": "draft"}, ["state"]),
        ({"type": "Kein Wort"}, ["type"]),
        ({"users": [{"capacity": "king", "name": "a"}]}, ["users"]),
        ({"users": [{}]}, ["users"]),
        ({"packages": "p1"}, ["packages"]),
        ({"extras": [{"key": "title", "value": "x"}]}, ["extras"]),
        ({"description": "x\0"}, ["description"]),
        ({"x": nested(99)}, ["x"]),
        ({f"f{number}": 1 for number in range(10**5)}, ["__junk"]),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], wrong: list[str]) -> None:
    assert list(errors(read_group(NAMED | given, "group"))) == wrong
    assert list(errors(read_group([], "group"))) == ["__junk"]


@pytest.mark.parametrize(
    "image", ["", "logo.png", "https://amt.example/logo.svg", "http://amt.example/a?b=c", "Logo der Stadt.jpg"]
)
def test_pictures(image: str) -> None:
    document = group(image_url=image).document
    assert document.image_url == image
    shown = show_group(document, id="o1", kind="group", created=CREATED, package_count=0, site_url="https://d.example")
    assert shown["image_display_url"] == "" or shown["image_display_url"].startswith(("https://", "http://"))
    assert " " not in shown["image_display_url"]


@pytest.mark.parametrize(
    "image",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:image/svg+xml,<svg/>",
        "vbscript:x",
        "file:///etc/passwd",
        "//amt.example/x.png",
        "../logo.png",
        "..",
        "a\\b.png",
        "logo.svg",
        "logo.SVGZ",
        "seite.html",
        "https:",
        "ftp://amt.example/x.png",
    ],
)
def test_pictures_that_are_refused(image: str) -> None:
    assert list(errors(read_group(NAMED | {"image_url": image}, "group"))) == ["image_url"]


@given(st.builds(dict.__or__, OTHERS, st.fixed_dictionaries({}, optional={"title": TEXT, "description": TEXT})))
@settings(max_examples=50, deadline=None)
def test_documents_are_stored_and_shown_whole(given: dict[str, Any]) -> None:
    document = group(**given, state="deleted").document
    shown = show_group(document, id="o1", kind="organization", created=CREATED, package_count=1)
    for after in (
        read_group(orjson.loads(orjson.dumps(shown)), "organization", before=document),
        ckan_groups.patched_group(document, {}),
    ):
        assert isinstance(after, GroupInput)
        assert after.document == document


def test_update_replaces_and_patch_merges() -> None:
    before = group(title="Amt", description="Grün", approval_status="pending").document
    updated = read_group({"title": "Neu"}, "organization", before=before)
    patched = ckan_groups.patched_group(before, {"title": "Neu"})
    assert isinstance(updated, GroupInput) and isinstance(patched, GroupInput)
    assert (updated.document.name, updated.document.type) == (before.name, "organization")
    assert (updated.document.description, patched.document.description) == ("", "Grün")
    assert updated.document.approval_status == "pending"
    errors(ckan_groups.patched_group(before, None))


def test_an_account_and_its_password() -> None:
    found = account(fullname="Grünflächenamt", sysadmin=True, password_hash="x")
    assert found.password == "lang-genug"
    assert "lang-genug" not in repr(found)
    assert ckan_users.write_user(found.document) == {
        "name": "editor-1",
        "email": "amt@darmstadt.example",
        "fullname": "Grünflächenamt",
        "about": "",
        "image_url": "",
    }
    patched = ckan_users.patched_user(found.document, {"id": "u1", "about": "Daten"})
    assert isinstance(patched, UserInput)
    assert (patched.password, patched.document.about, patched.document.fullname) == (None, "Daten", "Grünflächenamt")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"id": "../editor-1"}, ["id"]),
        ({"state": "draft"}, ["state"]),
        ({"plugin_extras": []}, ["plugin_extras"]),
        ({"image_url": "javascript:alert(1)"}, ["image_url"]),
        ({"id": 7}, ["id"]),
        ({"name": "edit"}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
        ({"email": ""}, ["email"]),
        ({"email": "x"}, ["email"]),
        ({"email": "a@b.example\nBcc: c@d.example"}, ["email"]),
        ({"password": "1234567"}, ["password"]),
        ({"password": 12345678}, ["password"]),
        ({"password": None}, ["password"]),
        ({"password": "x" * 1001}, ["password"]),
        ({"password": "12345678\0"}, ["password"]),
        ({"about": []}, ["about"]),
    ],
)
def test_accounts_that_are_refused(given: dict[str, Any], wrong: list[str]) -> None:
    found = errors(read_user(ACCOUNT | given))
    assert list(found) == wrong
    assert "x" * 100 not in str(found), "a password never comes back"


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from([*ACCOUNT, "about", "id"]), JSON)
)
@settings(max_examples=200, deadline=None)
def test_hostile_input_never_raises(given: dict[str, Any], user: dict[str, Any]) -> None:
    for each in (given, NAMED | given, given | NAMED):
        found = read_group(each, "group")
        if isinstance(found, GroupInput):
            orjson.dumps(show_group(found.document, id="o1", kind="group", created=CREATED, package_count=0))
        else:
            errors(found)
    read_user(user)
    read_user(ACCOUNT | user)


@pytest.mark.parametrize("value", [None, 7, "x", [], [None], {}, "\ud800", "\0", 2**70, nested(5000), [[{}]]])
def test_wrong_types_everywhere_never_raise(value: Any) -> None:
    for field in FIELDS:
        read_group(NAMED | {field: value}, "organization")
        read_group(NAMED | {field: [{"name": value, "id": value, "capacity": value, "key": value}]}, "organization")
    read_group(value, "group")
    read_user(value)
    read_user(dict.fromkeys([*ACCOUNT, "about", "id"], value))
