"""Writing and reading datasets through the Action API: who may what, what comes back, what nobody else sees."""

import os
import threading
import time
from dataclasses import replace
from typing import Any

import action_api
import desks
import pytest
import sqlalchemy as sa
from action_api import People
from sqlalchemy.orm import Session

from catalog import accounts, desk_rows, tokens
from catalog.access import Capacity, Scope
from catalog.api.actions import datasets_write
from catalog.api.actions.call import Call
from catalog.ingest import retention
from catalog.instance import Instance
from catalog.models import FileRow, Organization
from catalog.models_desk import DeskDataset


@pytest.fixture
def open_site(instance: Instance) -> People:
    """A site where datasets need no organisation and can be shared."""
    config = replace(instance.config, ckan_unowned_datasets=True, ckan_collaborators=True)
    return action_api.people(replace(instance, config=config))


def test_what_is_written_comes_back(people: People, office: str) -> None:
    editor = people.editor("autorin", office)
    made = editor.result(
        "package_create",
        name="baeume",
        title="Bäume",
        notes="Alle Bäume der Stadt",
        owner_org="amt",
        license_id="dl-by-de/2.0",
        tags=[{"name": "Baum"}],
        groups=[{"name": "envi"}],
        extras=[{"key": "farbe", "value": "grün"}],
        resources=[{"url": "https://example.org/baeume.csv", "name": "Liste", "eigenes": {"a": [1]}}],
        unbekannt="bleibt",
    )
    shown = people.nobody.result("package_show", id="baeume")
    assert shown == {**made, "creator_user_id": None}
    assert (shown["title"], shown["license_title"], shown["unbekannt"]) == (
        "Bäume",
        "Datenlizenz Deutschland Namensnennung 2.0",
        "bleibt",
    )
    assert shown["organization"]["name"] == "amt"
    assert [group["title"] for group in shown["groups"]] == ["Umwelt"]
    (resource,) = shown["resources"]
    assert (resource["format"], resource["eigenes"], resource["position"]) == ("CSV", {"a": [1]}, 0)
    assert people.nobody.result("resource_show", id=resource["id"]) == resource


def test_showing_and_updating_with_that_changes_nothing(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office, resources=[{"url": "https://example.org/a"}])
    before = people.admin.result("package_show", id="baeume")
    assert people.admin.result("package_update", **before) == before
    assert people.admin.result("package_patch", id="baeume") == before


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({}, {"name"}),
        ({"name": "Bäume"}, {"name"}),
        ({"name": "x"}, {"name"}),
        ({"name": "baeume", "tags": [{"name": "!"}]}, {"tags"}),
        ({"name": "baeume", "owner_org": "gibt-es-nicht"}, {"owner_org"}),
        ({"name": "baeume", "groups": [{"name": "gibt-es-nicht"}]}, {"groups"}),
        ({"name": "baeume", "state": "anders"}, {"state"}),
        ({"name": "baeume", "id": "../../etc/passwd"}, {"id"}),
        ({"name": "baeume", "resources": [{"id": "../x"}]}, {"resources"}),
        ({"name": "baeume", "resources": "x"}, {"resources"}),
        ({"name": "a\0b"}, {"name"}),
    ],
)
def test_what_is_wrong_is_named_field_by_field(
    people: People, office: str, arguments: dict[str, Any], fields: set[str]
) -> None:
    status, error = people.admin.error("package_create", **{"owner_org": office, **arguments})
    assert status == 409
    assert error.pop("__type") == "Validation Error"
    assert set(error) >= fields


def test_an_organisation_must_be_given(people: People) -> None:
    status, error = people.admin.error("package_create", name="baeume")
    assert (status, list(error)) == (409, ["__type", "owner_org"])


def test_who_may_write(people: People, office: str) -> None:
    stranger = people.editor("fremde", desks.office(people.instance, "anderes").id)
    member = people.editor("mitglied", office, Capacity.MEMBER)
    editor = people.editor("autorin", office)
    for caller in (people.nobody, stranger, member):
        assert caller.refused("package_create", name="baeume", owner_org=office) == 403
    editor.result("package_create", name="baeume", owner_org=office)
    for caller in (people.nobody, stranger, member):
        for action in ("package_update", "package_patch", "package_delete", "dataset_purge"):
            assert caller.refused(action, id="baeume", name="baeume") == 403
        assert caller.refused("resource_create", package_id="baeume", url="https://example.org/") == 403
    assert editor.refused("dataset_purge", id="baeume") == 403
    assert (
        editor.refused("package_create", name="x2", owner_org=office, id="6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40002") == 409
    )
    assert editor.refused("package_owner_org_update", id="baeume", organization_id="anderes") == 403


@pytest.mark.parametrize("hidden", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_is_hidden_is_found_by_those_inside_only(people: People, office: str, hidden: dict[str, Any]) -> None:
    editor, member = people.editor("autorin", office), people.editor("mitglied", office, Capacity.MEMBER)
    stranger = people.editor("fremde", desks.office(people.instance, "anderes").id)
    editor.result(
        "package_create",
        name="geheim",
        title="Geheimwort",
        owner_org=office,
        resources=[{"name": "Geheimwort"}],
        **hidden,
    )
    everything = {"include_private": True, "include_drafts": True, "include_deleted": True}
    for caller in (people.nobody, stranger):
        assert caller.refused("package_show", id="geheim") == 403
        assert caller.result("package_list", **everything) == []
        found = caller.result(
            "package_search", q="Geheimwort", **everything, **{"facet.field": ["organization", "tags"]}
        )
        assert (found["count"], found["facets"]["organization"]) == (0, {})
        assert caller.result("package_search", fq="+state:(active OR draft OR deleted)")["count"] == 0
        assert caller.result("package_autocomplete", q="geheim") == []
        assert caller.result("resource_search", query="name:Geheimwort")["count"] == 0
        assert caller.result("current_package_list_with_resources") == []
    for caller in (editor, member, people.admin):
        assert caller.result("package_show", id="geheim")["title"] == "Geheimwort"
        assert caller.result("package_list", **everything) == ["geheim"]
        found = caller.result("package_search", q="Geheimwort", **everything)
        assert [one["name"] for one in found["results"]] == ["geheim"]
        assert caller.result("package_search", q="Geheimwort")["count"] == 0


def test_a_token_that_may_not_read_finds_nothing_hidden(people: People, office: str) -> None:
    editor = people.editor("autorin", office)
    editor.result("package_create", name="geheim", owner_org=office, private=True)
    everything = {"include_private": True, "include_drafts": True, "include_deleted": True}
    assert editor.result("package_list", **everything) == ["geheim"]
    with people.instance.database.writing() as session:
        made = tokens.create(session, accounts.require(session, "autorin"), scopes={Scope.DATASETS})
    writer = replace(editor, token=made.text, headers={"Authorization": made.text})
    assert writer.result("package_list", **everything) == []
    assert writer.result("package_search", **everything)["count"] == 0


def test_deleting_and_purging(people: People, office: str) -> None:
    made = people.admin.result("package_create", name="baeume", owner_org=office)
    people.admin.result("package_delete", id="baeume")
    assert people.nobody.refused("package_show", id=made["id"]) == 403
    assert people.admin.result("package_show", id="baeume")["state"] == "deleted"
    people.admin.result("package_patch", id="baeume", state="active")
    assert people.nobody.result("package_show", id="baeume")["state"] == "active"
    people.admin.result("dataset_purge", id="baeume")
    assert people.admin.refused("package_show", id=made["id"]) == 404
    again = people.admin.result("package_create", name="baeume", owner_org=office)
    assert again["id"] != made["id"]
    people.admin.result("dataset_purge", id="baeume")
    assert people.admin.result("package_create", name="baeume", owner_org=office, id=made["id"])["id"] == made["id"]
    assert people.nobody.result("package_show", id=made["id"])["name"] == "baeume"


def test_a_purge_takes_no_bytes_that_somebody_else_is_about_to_name(people: People, office: str) -> None:
    content = b"id,wert\n1,5\n"
    for name in ("eins", "zwei"):
        package = people.admin.result("package_create", name=name, owner_org=office)["id"]
        made = people.admin.upload("resource_create", "werte.csv", content, package_id=package)
    files, digest = people.instance.files, made["hash"]
    people.admin.result("dataset_purge", id="eins")
    assert files.has(digest), "another dataset names them"
    # An equal file has just been kept by a request that has not written its row yet.
    assert files.put(content) == digest
    people.admin.result("dataset_purge", id="zwei")
    retention.sweep(people.instance.database, files)
    assert files.has(digest)
    age(people.instance, digest)
    assert retention.sweep(people.instance.database, files).blobs == 1 and not files.has(digest)


def test_a_purge_takes_old_bytes_at_once_unless_a_mapping_made_the_same(people: People, office: str) -> None:
    digests = []
    for name in ("eins", "zwei"):
        package = people.admin.result("package_create", name=name, owner_org=office)["id"]
        made = people.admin.upload("resource_create", "w.csv", f"id\n{name}\n".encode(), package_id=package)
        digests.append(made["hash"])
        age(people.instance, made["hash"])
    other = people.admin.result("package_create", name="drei", owner_org=office)["id"]
    file = people.admin.upload("resource_create", "w.csv", b"id\n3\n", package_id=other)["id"]
    with people.instance.database.writing() as session:
        made_of = sa.update(FileRow).where(FileRow.id == file).values(derived={"good": {"sha256": digests[1]}})
        assert session.execute(made_of).rowcount == 1  # type: ignore[attr-defined]
    for name in ("eins", "zwei"):
        people.admin.result("dataset_purge", id=name)
    assert [people.instance.files.has(digest) for digest in digests] == [False, True]


def age(instance: Instance, digest: str) -> None:
    """Make kept bytes as old as if they had been written two days ago."""
    written = time.time() - 2 * 86400
    os.utime(instance.files.local(digest, instance.config.home), (written, written))


def test_the_name_of_a_deleted_dataset_is_free(people: People, office: str) -> None:
    first = people.admin.result("package_create", name="baeume", owner_org=office, notes="alt")
    people.admin.result("package_delete", id="baeume")
    assert people.admin.result("package_show", id="baeume")["id"] == first["id"]
    second = people.admin.result("package_create", name="baeume", owner_org=office, notes="neu")
    assert second["id"] != first["id"]
    assert people.nobody.result("package_show", id="baeume")["notes"] == "neu"
    before = people.admin.result("package_show", id=first["id"])
    assert (before["name"], before["state"], before["notes"]) == (first["id"], "deleted", "alt")
    people.admin.result("package_patch", id=first["id"], state="active")
    assert people.nobody.result("package_show", id=first["id"])["name"] == first["id"]
    status, error = people.admin.error("package_create", name="baeume", owner_org=office)
    assert (status, error["name"]) == (409, ["That URL is already in use."])


def test_a_dataset_that_is_brought_back_meanwhile_keeps_its_name(
    people: People, office: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = people.admin.result("package_create", name="baeume", owner_org=office, notes="alt")
    people.admin.result("package_delete", id="baeume")
    found = desk_rows.find

    def just_before(session: Session, wanted: str) -> DeskDataset | None:
        row = found(session, wanted)
        if row is not None and row.state == "deleted":
            monkeypatch.undo()
            people.admin.result("package_patch", id=first["id"], state="active")
        return row

    monkeypatch.setattr(desk_rows, "find", just_before)
    assert people.admin.refused("package_create", name="baeume", owner_org=office) == 409
    assert people.nobody.result("package_show", id="baeume")["id"] == first["id"]
    assert people.nobody.result("package_show", id=first["id"])["name"] == "baeume"


@pytest.mark.parametrize("said", ["gestern", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_there_is_not_is_an_error_of_its_field(people: People, office: str, said: str) -> None:
    for field in ("metadata_created", "metadata_modified"):
        status, error = people.admin.error("package_create", name="baeume", owner_org=office, **{field: said})
        assert (status, set(error) - {"__type"}) == (409, {field})


def test_nothing_is_proposed_for_what_no_name_is_as_long_as(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    for action in ("package_autocomplete", "user_autocomplete", "user_list"):
        assert people.admin.result(action, q="x" * 60_000) == []
    assert people.nobody.result("package_autocomplete", q="x" * 60_000) == []
    assert people.nobody.refused("datastore_search", resource_id="x" * 60_000) == 404


def test_who_worked_along_on_a_deleted_dataset_no_longer_does(open_site: People, office: str) -> None:
    helper = open_site.add("helferin")
    open_site.admin.result("package_create", name="baeume", owner_org=office)
    open_site.admin.result("package_collaborator_create", id="baeume", user_id=helper.id, capacity="editor")
    open_site.admin.result("package_delete", id="baeume")
    assert open_site.admin.result("package_collaborator_list_for_user", id=helper.id) == []


def test_who_works_along_does_not_take_a_dataset_away(open_site: People, office: str) -> None:
    other = open_site.office("bauamt")
    helper = open_site.editor("helferin", other)
    made = open_site.admin.result("package_create", name="baeume", owner_org=office)
    open_site.admin.result("package_collaborator_create", id="baeume", user_id=helper.id, capacity="editor")
    status, error = helper.error("package_update", **{**made, "owner_org": other})
    assert (status, error["owner_org"]) == (409, ["You cannot move this dataset to another organization"])


def test_a_dataset_of_no_organisation_is_its_authors(open_site: People) -> None:
    author, other = open_site.add("autorin"), open_site.add("fremde")
    made = author.result("package_create", name="baeume")
    assert (made["owner_org"], made["creator_user_id"]) == (None, author.id)
    author.result("resource_create", package_id="baeume", url="https://example.org/a.csv")
    assert author.result("package_patch", id="baeume", notes="neu")["notes"] == "neu"
    author.result("package_collaborator_create", id="baeume", user_id=other.id, capacity="member")
    assert other.refused("package_patch", id="baeume", notes="x") == 403
    assert other.refused("package_collaborator_create", id="baeume", user_id=other.id, capacity="editor") == 403
    assert open_site.nobody.refused("package_create", name="wiesen") == 403


def test_a_dataset_of_no_organisation_needs_the_setting(people: People) -> None:
    assert people.add("autorin").refused("package_create", name="baeume") == 409


def test_nobody_but_administrators_states_when_a_resource_changed(people: People, office: str) -> None:
    editor = people.editor("autorin", office)
    made = editor.result(
        "package_create", name="baeume", owner_org=office, resources=[{"url": "https://example.org/a"}]
    )
    resource = made["resources"][0]
    times = dict.fromkeys(("created", "last_modified", "metadata_modified"), "1997-05-06T07:08:09")
    said = editor.result("resource_patch", id=resource["id"], **times)
    assert (said["created"], said["last_modified"]) == ("1997-05-06T07:08:09", "1997-05-06T07:08:09")
    assert said["metadata_modified"] > resource["metadata_modified"]
    said = people.admin.result("resource_patch", id=resource["id"], **times)
    assert said["metadata_modified"] == "1997-05-06T07:08:09"
    assert people.admin.result("package_show", id="baeume")["metadata_modified"] > made["metadata_modified"]
    # What comes back unchanged is no statement.
    again = people.admin.result("resource_update", **{**said, "name": "anders"})
    assert again["metadata_modified"] > resource["metadata_modified"]


def test_the_media_type_of_a_resource_is_guessed(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)

    def made(url: str, **more: Any) -> Any:
        return people.admin.result("resource_create", package_id="baeume", url=url, **more)

    listed = made("https://example.org/liste.csv?a=1")
    assert listed["mimetype"] == "text/csv"
    assert made("https://example.org")["mimetype"] is None
    assert made("https://example.org/liste.csv.gz")["mimetype"] is None
    assert made("https://[kaputt")["mimetype"] is None
    assert made("https://example.org/liste.csv", mimetype="text/plain")["mimetype"] == "text/plain"
    update = {"id": listed["id"], "url": "https://example.org/liste.json"}
    assert people.admin.result("resource_update", **update)["mimetype"] == "application/json"
    assert people.admin.result("resource_update", **update, mimetype=None)["mimetype"] is None
    sent = people.admin.upload("resource_create", "liste.json", b"[]", package_id="baeume")
    assert sent["mimetype"] == "application/json"


def test_missing_resources_stay_and_an_empty_list_takes_them_away(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office, resources=[{"url": "https://example.org/a"}])
    assert len(people.admin.result("package_update", id="baeume", title="Neu")["resources"]) == 1
    assert people.admin.result("package_update", id="baeume", resources=[])["resources"] == []


def test_resources_one_by_one(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    first = people.admin.result("resource_create", package_id="baeume", url="https://example.org/a.csv", name="a")
    second = people.admin.result("resource_create", package_id="baeume", url="https://example.org/b.csv", name="b")
    changed = people.admin.result("resource_patch", id=first["id"], description="neu")
    assert (changed["name"], changed["description"]) == ("a", "neu")
    replaced = people.admin.result("resource_update", id=first["id"], url="https://example.org/c.csv")
    assert (replaced["name"], replaced["url"]) == (None, "https://example.org/c.csv")
    order = people.admin.result("package_resource_reorder", id="baeume", order=[second["id"]])["order"]
    assert order == [second["id"], first["id"]]
    people.admin.result("resource_delete", id=first["id"])
    assert [one["id"] for one in people.nobody.result("package_show", id="baeume")["resources"]] == [second["id"]]
    assert people.nobody.refused("resource_show", id=first["id"]) == 404


def test_parallel_resources_are_all_kept(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    threads = [
        threading.Thread(
            target=people.admin.result,
            args=("resource_create",),
            kwargs={"package_id": "baeume", "url": f"https://example.org/{number}.csv"},
        )
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(people.nobody.result("package_show", id="baeume")["resources"]) == 6


def test_a_version_read_before_can_be_demanded(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    version = people.admin.post("package_show", id="baeume").headers["ETag"]
    assert people.admin.post("package_patch", id="baeume", title="Neu", if_match=version).status_code == 200
    late = people.admin.post("package_patch", id="baeume", title="Anders", if_match=version)
    assert late.status_code == 412
    assert people.nobody.result("package_show", id="baeume")["title"] == "Neu"


def test_revise_is_all_or_nothing(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", title="Alt", owner_org=office)
    status, _ = people.admin.error(
        "package_revise", match={"name": "baeume", "title": "Anders"}, update={"title": "Neu"}
    )
    assert status == 409
    found = people.admin.result("package_revise", match={"name": "baeume"}, update={"title": "Neu"}, include=["title"])
    assert found["package"]["title"] == "Neu"
    assert people.nobody.result("package_show", id="baeume")["title"] == "Neu"


def test_several_at_once(people: People, office: str) -> None:
    for name in ("eins", "zwei"):
        people.admin.result("package_create", name=name, owner_org=office)
    people.admin.result("bulk_update_private", datasets=["eins", "zwei"], org_id=office)
    assert people.nobody.result("package_list") == []
    people.admin.result("bulk_update_public", datasets=["eins", "zwei"], org_id=office)
    assert people.nobody.result("package_list") == ["eins", "zwei"]
    people.admin.result("bulk_update_delete", datasets=["eins"], org_id=office)
    assert people.nobody.result("package_list") == ["zwei"]


def test_an_uploaded_file_is_public_when_it_is_checked(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    content = b"art,hoehe\nEiche,12\nBuche,9\n"
    made = people.admin.upload("resource_create", "../../böse.csv", content, package_id="baeume", name="Liste")
    assert made["url_type"] == "upload"
    assert made["url"].rpartition("/")[2].endswith(".csv")
    assert (made["size"], made["format"]) == (len(content), "CSV")
    path = made["url"].removeprefix(people.instance.config.site_url)
    assert people.nobody.client.get(path).status_code == 404
    assert people.nobody.client.get(path, headers=people.admin.headers).data == content
    assert people.nobody.result("package_show", id="baeume")["resources"] == []
    desks.check_files(people.instance)
    answer = people.nobody.client.get(path)
    assert (answer.status_code, answer.data) == (200, content)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    (shown,) = people.nobody.result("package_show", id="baeume")["resources"]
    assert (shown["id"], shown["datastore_active"]) == (made["id"], True)


def test_only_those_who_write_datasets_send_large_files(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    field = b'--grenze\r\nContent-Disposition: form-data; name="package_id"\r\n\r\nbaeume\r\n'
    file = b'--grenze\r\nContent-Disposition: form-data; name="upload"; filename="a.csv"\r\n\r\n'
    body = field + file + b"x" * 6_000_000 + b"\r\n--grenze--\r\n"
    member = people.editor("mitglied", office, Capacity.MEMBER)
    for caller, status in ((people.nobody, 413), (member, 413), (people.admin, 200)):
        answer = people.nobody.client.post(
            "/api/action/resource_create",
            data=body,
            headers=caller.headers,
            content_type="multipart/form-data; boundary=grenze",
        )
        assert answer.status_code == status
    assert answer.get_json()["result"]["size"] == 6_000_000


def test_a_file_that_is_replaced_by_an_address_is_given_out_no_more(people: People, office: str) -> None:
    people.admin.result("package_create", name="baeume", owner_org=office)
    made = people.admin.upload("resource_create", "baeume.csv", b"art,hoehe\nEiche,12\n", package_id="baeume")
    desks.check_files(people.instance)
    addresses = [made["url"].removeprefix(people.instance.config.site_url), f"/api/data/{made['id']}.csv"]
    assert [people.nobody.client.get(address).status_code for address in addresses] == [200, 200]
    arguments = {"url": "https://example.org/baeume.csv", "clear_upload": True}
    people.admin.result("resource_patch", id=made["id"], **arguments)
    assert [people.nobody.client.get(address).status_code for address in addresses] == [404, 404]
    (shown,) = people.nobody.result("package_show", id="baeume")["resources"]
    assert (shown["url"], shown["url_type"], shown["datastore_active"]) == (arguments["url"], None, False)


def test_personal_data_in_an_upload_keep_it_back(people: People, office: str) -> None:
    people.admin.result("package_create", name="liste", owner_org=office)
    rows = "\n".join(f"Musterfrau {n},erika.musterfrau{n}@web.de" for n in range(20))
    made = people.admin.upload("resource_create", "liste.csv", f"name,email\n{rows}\n".encode(), package_id="liste")
    desks.check_files(people.instance)
    path = made["url"].removeprefix(people.instance.config.site_url)
    assert people.nobody.client.get(path).status_code == 404
    assert people.nobody.result("package_show", id="liste")["resources"] == []
    assert len(people.admin.result("package_show", id="liste")["resources"]) == 1


def test_harvested_datasets_are_changed_at_their_source(people: People) -> None:
    assert people.admin.refused("package_patch", id="gibt-es-nicht", title="x") == 404


def test_a_writing_action_cannot_be_called_by_get(people: People) -> None:
    answer = people.nobody.client.get("/api/action/package_create?name=x", headers=people.admin.headers)
    assert answer.status_code == 400
    assert "POST" in answer.get_json()


@pytest.mark.parametrize(
    "headers",
    [
        lambda token: {"Authorization": token},
        lambda token: {"Authorization": f"Bearer {token}"},
        lambda token: {"X-CKAN-API-Key": token},
        lambda token: {"Authorization": token, "X-CKAN-API-Key": token},
    ],
)
def test_every_header_of_a_token_counts(people: People, office: str, headers: Any) -> None:
    answer = people.nobody.client.post(
        "/api/3/action/package_create",
        json={"name": "baeume", "owner_org": office},
        headers=headers(people.admin.token),
    )
    assert answer.status_code == 200


def test_a_wrong_token_is_nobody(people: People) -> None:
    answer = people.nobody.client.post("/api/action/package_list", json={}, headers={"Authorization": "falsch"})
    assert answer.status_code == 200


def test_an_organisation_that_is_purged_meanwhile_is_missed(
    people: People, office: str, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = datasets_write.resolved

    def resolved(call: Call, *given: Any) -> Any:
        found = real(call, *given)
        call.renew()
        with instance.database.writing() as session:
            session.execute(sa.delete(Organization).where(Organization.id == office))
        return found

    monkeypatch.setattr(datasets_write, "resolved", resolved)
    status, error = people.admin.error("package_create", name="baeume", owner_org=office)
    assert (status, error["owner_org"]) == (409, ["There is no such organisation"])
