"""What clients of CKAN's API keep with datasets: views of resources, relationships, data of plug-ins. Who may, who sees it, what goes."""

import uuid
from dataclasses import replace
from typing import Any

import action_api
import pytest
from action_api import People

from catalog.api.actions import relationships, resource_views
from catalog.api.actions.call import Call
from catalog.instance import Instance


@pytest.fixture
def picture(people: People, office: str) -> dict[str, Any]:
    """A resource that is a picture, of the dataset `baeume`."""
    people.admin.result("package_create", name="baeume", owner_org=office)
    return dict(
        people.admin.result("resource_create", package_id="baeume", url="https://example.org/b.png", format="PNG")
    )


def view(people: People, resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"resource_id": resource["id"], "view_type": "image_view", "title": "Bild", **more}
    return dict(people.admin.result("resource_view_create", **given))


def test_views_are_kept_changed_ordered_and_deleted(people: People, office: str, picture: dict[str, Any]) -> None:
    editor = people.editor("autorin", office)
    given = {"resource_id": picture["id"], "view_type": "image_view", "title": "Bild", "description": "Ein Baum"}
    first = editor.result("resource_view_create", **given, image_url="x")
    assert first == {**given, "image_url": "x", "id": first["id"], "package_id": picture["package_id"]}
    second = editor.result("resource_view_create", **{**given, "title": "Noch eins"})
    assert people.nobody.result("resource_view_list", id=picture["id"]) == [first, second]
    assert people.nobody.result("resource_view_show", id=first["id"]) == first
    assert editor.result("resource_view_update", id=first["id"]) == first
    changed = editor.result("resource_view_update", id=first["id"], title="Anders")
    assert changed == {**first, "title": "Anders"}
    order = editor.result("resource_view_reorder", id=picture["id"], order=[second["id"]])
    assert order == {"id": picture["id"], "order": [second["id"], first["id"]]}
    assert people.nobody.result("resource_view_list", id=picture["id"]) == [second, changed]
    editor.result("resource_view_delete", id=first["id"])
    assert people.nobody.refused("resource_view_show", id=first["id"]) == 404
    editor.result("resource_delete", id=picture["id"])
    assert people.admin.refused("resource_view_show", id=second["id"]) == 404


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({"resource_id": ""}, {"resource_id"}),
        ({"resource_id": "gibt-es-nicht"}, {"resource_id"}),
        ({"title": ""}, {"title"}),
        ({"view_type": ""}, {"view_type"}),
        ({"view_type": "zauberei"}, {"view_type"}),
        ({"id": "../x"}, {"id"}),
        ({"filter_fields": "ort", "filter_values": "Mitte"}, {"filter_fields", "filter_values"}),
        ({"view_type": "datatables_view", "filter_fields": ["a", "b"], "filter_values": "c"}, {"filter_fields"}),
        ({"config": "a\0b"}, {"config"}),
    ],
)
def test_what_is_wrong_with_a_view_is_named(
    people: People, picture: dict[str, Any], arguments: dict[str, Any], fields: set[str]
) -> None:
    given = {"resource_id": picture["id"], "view_type": "image_view", "title": "Bild", **arguments}
    status, error = people.admin.error("resource_view_create", **given)
    assert (status, set(error) - {"__type"}) == (409, fields)


def test_filters_of_a_view_become_one_object(people: People, picture: dict[str, Any]) -> None:
    fields, values = ["ort", "art", "ort"], ["Mitte", "Linde", "Nord"]
    kept = view(people, picture, view_type="datatables_view", filter_fields=fields, filter_values=values)
    assert kept["filters"] == {"ort": ["Mitte", "Nord"], "art": ["Linde"]}
    one = view(people, picture, view_type="datatables_view", filter_fields="ort", filter_values="Mitte")
    assert (one["filter_fields"], one["filter_values"], one["filters"]) == (["ort"], ["Mitte"], {"ort": ["Mitte"]})
    again = people.admin.result("resource_view_update", id=one["id"], title="Neu")
    assert again["filters"] == one["filters"]


def test_who_may_write_views(people: People, office: str, picture: dict[str, Any]) -> None:
    kept, stranger = view(people, picture), people.add("fremde")
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("resource_view_create", {"resource_id": picture["id"], "view_type": "image_view", "title": "Bild"}),
        ("resource_view_update", {"id": kept["id"], "title": "Neu"}),
        ("resource_view_delete", {"id": kept["id"]}),
        ("resource_view_reorder", {"id": picture["id"], "order": [kept["id"]]}),
        ("resource_view_clear", {}),
        ("resource_create_default_resource_views", {"resource": picture}),
        ("package_create_default_resource_views", {"package": {"id": picture["package_id"]}}),
    )
    for name, arguments in calls:
        assert people.nobody.refused(name, **arguments) == 403, name
        assert stranger.refused(name, **arguments) == 403, name
    editor, chosen = people.editor("autorin", office), str(uuid.uuid4())
    given = {"resource_id": picture["id"], "view_type": "image_view", "title": "Bild", "id": chosen}
    assert editor.refused("resource_view_create", **given) == 409
    assert people.admin.result("resource_view_create", **given)["id"] == chosen
    assert people.admin.error("resource_view_create", **given)[1]["id"] == ["Resource view id already exists"]
    assert people.admin.refused("resource_view_update", id="gibt-es-nicht") == 404
    assert people.admin.refused("resource_view_delete") == 409


def test_views_of_what_is_hidden_are_hidden(people: People, picture: dict[str, Any]) -> None:
    kept = view(people, picture)
    people.admin.result("package_patch", id="baeume", private=True)
    for name, wanted in (("resource_view_list", picture["id"]), ("resource_view_show", kept["id"])):
        assert people.nobody.refused(name, id=wanted) == 403
        people.admin.result(name, id=wanted)
    assert people.nobody.refused("resource_view_list", id="gibt-es-nicht") == 404


def test_all_views_of_a_type_go_at_once(people: People, picture: dict[str, Any]) -> None:
    view(people, picture)
    table = view(people, picture, view_type="datatables_view")
    people.admin.result("resource_view_clear", view_types=["image_view"])
    assert people.admin.result("resource_view_list", id=picture["id"]) == [table]
    people.admin.result("resource_view_clear")
    assert people.admin.result("resource_view_list", id=picture["id"]) == []


def test_views_that_suit_a_format(people: People, picture: dict[str, Any]) -> None:
    people.admin.result("resource_create", package_id="baeume", url="https://example.org/n.txt")
    people.admin.result("resource_create", package_id="baeume", url="https://example.org/x", format="Unbekannt")
    (made,) = people.admin.result("resource_create_default_resource_views", resource=picture)
    assert (made["view_type"], made["resource_id"]) == ("image_view", picture["id"])
    others = people.admin.result("package_create_default_resource_views", package={"id": "baeume"})
    assert [one["view_type"] for one in others] == ["text_view"]
    assert people.admin.result("package_create_default_resource_views", package={"id": "baeume"}) == []
    assert people.admin.refused("package_create_default_resource_views", package="baeume") == 409


def test_relationships_are_told_from_both_sides(people: People, office: str) -> None:
    child, parent, hidden = (
        people.admin.result("package_create", name=name, owner_org=office, private=name == "geheim")
        for name in ("kind", "eltern", "geheim")
    )
    made = people.admin.result("package_relationship_create", subject="kind", type="child_of", object=parent["id"])
    assert made == {"subject": "kind", "type": "child_of", "object": "eltern", "comment": ""}
    people.admin.result("package_relationship_create", subject="geheim", type="parent_of", object="eltern")
    assert people.nobody.result("package_relationships_list", id="kind") == [made]
    (seen,) = people.nobody.result("package_relationships_list", id="eltern")
    assert (seen["subject"], seen["type"], seen["object"]) == ("eltern", "parent_of", "kind")
    assert len(people.admin.result("package_relationships_list", id="eltern")) == 2
    assert people.admin.result("package_relationships_list", id="eltern", rel="child_of")[0]["object"] == "geheim"
    assert people.admin.result("package_relationships_list", id="eltern", id2="kind") == [seen]
    changed = people.admin.result("package_relationship_update", **{**made, "comment": "seit 2020"})
    assert changed["comment"] == "seit 2020"
    assert people.admin.refused("package_relationship_create", **made) == 409
    people.admin.result("package_relationship_delete", subject="eltern", type="parent_of", object="kind")
    assert people.nobody.result("package_relationships_list", id="kind") == []
    people.admin.result("dataset_purge", id=hidden["id"])
    assert people.admin.result("package_relationships_list", id="eltern") == []
    assert people.admin.refused("package_relationship_delete", subject="kind", type="child_of", object="eltern") == 404
    assert child["relationships_as_subject"] == []


def test_who_may_relate_datasets(people: People, office: str) -> None:
    for name in ("eins", "zwei"):
        people.admin.result("package_create", name=name, owner_org=office)
    given = {"subject": "eins", "type": "depends_on", "object": "zwei"}
    for caller in (people.nobody, people.add("fremde")):
        assert caller.refused("package_relationship_create", **given) == 403
    admin = people.admin
    assert admin.refused("package_relationship_create", **{**given, "type": "kennt"}) == 409
    assert admin.refused("package_relationship_create", **{**given, "object": "eins"}) == 409
    assert admin.refused("package_relationship_create", **{**given, "object": "gibt-es-nicht"}) == 404
    people.editor("autorin", office).result("package_relationship_create", **given)


def test_data_of_plugins_is_the_administrators(instance: Instance, office: str) -> None:
    people = action_api.people(replace(instance, config=replace(instance.config, ckan_unowned_datasets=True)))
    data = {"plugin": {"zustand": [1, 2]}}
    made = people.admin.result("package_create", name="baeume", plugin_data=data)
    assert made["plugin_data"] == data
    assert people.admin.result("package_show", id="baeume", include_plugin_data=True)["plugin_data"] == data
    assert "plugin_data" not in people.admin.result("package_show", id="baeume")
    assert "plugin_data" not in people.nobody.result("package_show", id="baeume", include_plugin_data=True)
    author = people.add("autorin")
    own = author.result("package_create", name="wiesen", plugin_data=data)
    assert "plugin_data" not in own
    assert "plugin_data" not in author.result("package_patch", id="wiesen", plugin_data=data)
    assert people.admin.result("package_show", id="wiesen", include_plugin_data=True)["plugin_data"] is None
    changed = people.admin.result("package_patch", id="baeume", plugin_data={"plugin": {}})
    assert changed["plugin_data"] == {"plugin": {}}
    assert people.admin.refused("package_patch", id="baeume", plugin_data="x") == 409
    people.admin.result("package_update", id="baeume", title="Neu")
    assert people.admin.result("package_show", id="baeume", include_plugin_data=True)["plugin_data"] == {"plugin": {}}


def test_what_goes_away_meanwhile_is_not_found(
    people: People, office: str, picture: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, editable = view(people, picture), resource_views._editable
    people.admin.result("package_create", name="rosen", owner_org=office)

    def gone(action: str, **named: str) -> None:
        monkeypatch.undo()
        people.admin.result(action, **named)

    def view_gone(call: Call, resource_id: str, argument: str) -> str:
        owner = editable(call, resource_id, argument)
        gone("resource_view_delete", id=kept["id"])
        return owner

    def dataset_gone(call: Call) -> str:
        gone("dataset_purge", id="rosen")
        return ""

    monkeypatch.setattr(resource_views, "_editable", view_gone)
    assert people.admin.refused("resource_view_update", id=kept["id"], title="Anders") == 404
    monkeypatch.setattr(relationships, "_comment", dataset_gone)
    ends = {"subject": "baeume", "object": "rosen", "type": "child_of"}
    assert people.admin.refused("package_relationship_create", **ends) == 404
