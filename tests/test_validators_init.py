"""The two functions frictionless needs from the package our folder hides."""

import uuid as uuid_module
from pathlib import Path

import pytest
from frictionless import Resource, Schema

import validators

GOOD_EMAILS = (
    "info@stadt.example",
    "a.b+c@sub.stadt.example",
    "x@münchen.de",
    "o'neil@stadt.example",
    '"mit leer"@stadt.example',
    "a" * 64 + "@stadt.example",
)
BAD_EMAILS = (
    "",
    "info",
    "info@",
    "@stadt.example",
    "info@stadt",
    "a..b@stadt.example",
    ".a@stadt.example",
    "a@b@stadt.example",
    "a@-stadt.example",
    "a@stadt-.example",
    "a@stadt..example",
    "a@127.0.0.1",
    "a b@stadt.example",
    "info@stadt.example\n",
    "a" * 65 + "@stadt.example",
    "a@" + "b" * 64 + ".example",
    None,
    5,
)


@pytest.mark.parametrize("value", GOOD_EMAILS)
def test_accepts_email(value):
    assert validators.email(value)


@pytest.mark.parametrize("value", BAD_EMAILS)
def test_refuses_email(value):
    assert not validators.email(value)


def test_uuid():
    assert validators.uuid(str(uuid_module.uuid4()))
    assert validators.uuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8")
    for value in ("", "6ba7b8109dad11d180b400c04fd430c8", "x" * 36, "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", None):
        assert not validators.uuid(value)


def test_our_folder_is_the_one_imported():
    assert Path(validators.__file__).parent == Path(__file__).parent.parent / "validators"


def test_frictionless_uses_them(tmp_path):
    (tmp_path / "t.csv").write_text(
        "e,u\ninfo@stadt.example,6ba7b810-9dad-11d1-80b4-00c04fd430c8\nfalsch,auch-falsch\n", encoding="utf-8"
    )
    fields = [{"name": "e", "type": "string", "format": "email"}, {"name": "u", "type": "string", "format": "uuid"}]
    resource = Resource(path="t.csv", basepath=str(tmp_path), schema=Schema.from_descriptor({"fields": fields}))
    errors = resource.validate().tasks[0].errors
    assert [(error.type, error.row_number, error.field_name) for error in errors] == [
        ("type-error", 3, "e"),
        ("type-error", 3, "u"),
    ]
