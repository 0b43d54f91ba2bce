"""Pictures of organisations, groups and accounts that are uploaded: four formats by their bytes, served as pictures and nothing else."""

import datetime
import io
from typing import Any

import pytest
import sqlalchemy as sa
from action_api import Caller, People, people
from werkzeug.test import TestResponse

from catalog import pictures
from catalog.db import now
from catalog.ingest import retention
from catalog.instance import Instance
from catalog.models_desk import Picture

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
GIF = b"GIF89a" + bytes(20)
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(20)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def folk(instance: Instance) -> People:
    return people(instance)


def send(
    by: Caller, action: str, content: bytes, called: str = "bild.png", field: str = "image_upload", **more: Any
) -> TestResponse:
    data = {**more, field: (io.BytesIO(content), called)}
    return by.client.post(f"/api/action/{action}", data=data, headers=by.headers, content_type="multipart/form-data")


def path(address: str) -> str:
    return address[address.index("/uploads/") :]


@pytest.mark.parametrize(("content", "suffix"), [(PNG, "png"), (JPEG, "jpg"), (GIF, "gif"), (WEBP, "webp")])
@pytest.mark.parametrize("kind", ["organization", "group", "user"])
def test_a_picture_is_kept_and_served_as_what_it_is(folk: People, kind: str, content: bytes, suffix: str) -> None:
    person = {"email": "neu@amt.example", "password": "Linde-2026-Allee"} if kind == "user" else {}
    made = send(folk.admin, f"{kind}_create", content, "x.html", name="neu", **person).get_json()["result"]
    assert made["image_url"].endswith(f".{suffix}") and made["image_display_url"].endswith(made["image_url"])
    assert made["image_display_url"].startswith("http")
    answer = folk.nobody.client.get(path(made["image_display_url"]))
    assert answer.status_code == 200 and answer.data == content
    assert answer.content_type == pictures.MEDIA_TYPES[suffix]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    again = folk.nobody.client.get(path(made["image_display_url"]), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    # What was read can be written back, and replaced, and removed.
    shown = folk.admin.result(f"{kind}_show", id="neu")
    assert folk.admin.result(f"{kind}_update", **shown)["image_url"] == made["image_url"]
    assert (
        send(folk.admin, f"{kind}_patch", PNG + b"2", id="neu").get_json()["result"]["image_url"] != made["image_url"]
    )
    assert folk.nobody.client.get(path(made["image_display_url"])).status_code == 404
    assert folk.admin.result(f"{kind}_patch", id="neu", clear_upload=True)["image_display_url"] == ""


@pytest.mark.parametrize(
    "content", [b"Hallo", b"<html></html>", SVG, b"\xef\xbb\xbf" + SVG, b"{}", b"GIF88", b"RIFF1234WAVE", b""]
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(folk: People, content: bytes) -> None:
    for action in ("organization_create", "group_create"):
        for called in ("bild.png", "bild.svg", "bild.html"):
            answer = send(folk.admin, action, content, called, name="neu")
            assert answer.status_code == 409
            assert answer.get_json()["error"]["image_upload"][0].startswith("Unsupported upload type")
    assert folk.admin.result("organization_list") == []


def test_a_picture_is_small_and_sent_in_its_field(folk: People) -> None:
    office = folk.office("amt")
    large = send(folk.admin, "organization_patch", PNG + bytes(pictures.MAX), id=office)
    assert large.status_code == 409 and "image_upload" in large.get_json()["error"]
    assert send(folk.admin, "organization_patch", PNG, field="logo", id=office).status_code == 409
    assert send(folk.add("fremde"), "organization_patch", PNG, id=office).status_code == 403


def test_only_what_was_uploaded_as_a_picture_and_is_shown_can_be_had(folk: People) -> None:
    office = folk.office("amt")
    package = folk.admin.result("package_create", name="baeume", owner_org=office, private=True)["id"]
    folk.admin.upload("resource_create", "geheim.png", PNG, package_id=package)
    digest = folk.instance.files.put(PNG)
    # Naming the bytes of a private file makes no picture of it.
    shown = folk.admin.result("organization_patch", id=office, image_url=f"{digest}.png")
    assert folk.nobody.client.get(path(shown["image_display_url"])).status_code == 404
    made = send(folk.admin, "organization_patch", JPEG, id=office).get_json()["result"]
    assert folk.nobody.client.get(path(made["image_display_url"]).replace("/group/", "/user/")).status_code == 404
    for name in ("../../secret-key", "x.png", f"{digest}.svg", f"{digest}.jpg"):
        assert folk.nobody.client.get(f"/uploads/group/{name}").status_code == 404
    folk.admin.result("dataset_purge", id=package)
    folk.admin.result("organization_delete", id=office)
    assert folk.nobody.client.get(path(made["image_display_url"])).status_code == 404


@pytest.mark.parametrize("private", [False, True])
def test_packages_show_the_whole_address_of_a_groups_picture(folk: People, private: bool) -> None:
    shown = send(folk.admin, "group_create", PNG, name="baeume").get_json()["result"]["image_display_url"]
    groups = [{"name": "baeume"}]
    folk.admin.result("package_create", name="linden", owner_org=folk.office("amt"), groups=groups, private=private)
    (inside,) = folk.admin.result("package_show", id="linden")["groups"]
    assert inside["image_display_url"] == shown and shown.startswith("http")


def test_a_picture_that_nothing_names_goes(folk: People) -> None:
    office = folk.office("amt")
    kept = send(folk.admin, "organization_patch", GIF, id=office).get_json()["result"]["image_url"]
    other = folk.office("anderes-amt")
    send(folk.admin, "organization_patch", PNG, id=other)
    folk.admin.result("organization_patch", id=other, clear_upload=True)
    old = now() - datetime.timedelta(days=2)
    with folk.instance.database.writing() as session:
        session.execute(sa.update(Picture).values(uploaded_at=old))
    retention.sweep(folk.instance.database, folk.instance.files)
    with folk.instance.database.reading() as session:
        assert list(session.scalars(sa.select(Picture.sha256))) == [kept.partition(".")[0]]
