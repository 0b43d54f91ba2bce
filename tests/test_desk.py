"""The desk: what is written there is public at once or leaves no trace, and no change is lost."""

import threading
from dataclasses import replace

import desks
import orjson
import pytest
import sqlalchemy as sa

from catalog import desk, desk_rows, store
from catalog.desk import Change, TakenError
from catalog.instance import Instance
from catalog.models import Change as Logged
from catalog.models import DatasetRow, Record
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskDataset
from catalog.renditions import CKAN
from dcat.ckan_package import ResourceDocument


def public_package(instance: Instance, name: str) -> dict[str, object] | None:
    """What everybody gets of a dataset, in CKAN's words."""
    with instance.database.reading() as session:
        row = store.find_row(session, name)
        body = store.bodies(session, CKAN, [row.id]).get(row.id) if row else None
    return orjson.loads(body) if body else None


def test_what_is_active_is_public_at_once(instance: Instance) -> None:
    office = desks.office(instance)
    row = desks.write(
        instance,
        office,
        title="Baumkataster",
        notes="Alle Bäume",
        author="Amt",
        extras=[{"key": "farbe", "value": "rot"}],
    )
    shown = public_package(instance, "baeume")
    assert shown is not None
    assert shown["id"] == row.id
    assert (shown["title"], shown["notes"], shown["author"]) == ("Baumkataster", "Alle Bäume", "Amt")
    assert shown["extras"] == [{"key": "farbe", "value": "rot"}]
    assert shown["owner_org"] == office.id
    with instance.database.reading() as session:
        found = store.find_public(session, "baeume")
        assert found is not None
        assert found.dataset.publisher is not None
        assert found.dataset.publisher.name[0].value == office.title


def test_a_bare_name_is_enough_and_still_a_valid_description(instance: Instance) -> None:
    desks.write(instance, desks.office(instance, city=""), resources=[{"name": "ohne Adresse"}])
    with instance.database.reading() as session:
        found = store.find_public(session, "baeume")
    assert found is not None
    assert [text.value for text in found.dataset.description][:1] == ["Eine Beschreibung ist nicht angegeben."]
    assert found.dataset.distribution[0].access_url == (f"{instance.config.site_url}/dataset/{found.id}",)


@pytest.mark.parametrize("hidden", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_is_not_public_leaves_no_trace(instance: Instance, hidden: dict[str, object]) -> None:
    office = desks.office(instance)
    desks.write(instance, office, title="Geheimwort", **hidden)
    assert public_package(instance, "baeume") is None
    with instance.database.reading() as session:
        for table in (DatasetRow, Record, Logged):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert desk_rows.find(session, "baeume") is not None


@pytest.mark.parametrize("hidden", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_becomes_hidden_leaves_neither_name_nor_title_and_comes_back(
    instance: Instance, hidden: dict[str, object]
) -> None:
    row = desks.write(instance, desks.office(instance), title="Geheimwort")
    desks.change(instance, row, **hidden)
    assert public_package(instance, "baeume") is None
    assert public_package(instance, row.id) is None
    with instance.database.reading() as session:
        left = session.get_one(DatasetRow, row.id)
        assert (left.name, left.title, left.title_en, left.hash) == (row.id, "", "", "")
    desks.change(instance, row, private=False, state="active")
    shown = public_package(instance, "baeume")
    assert shown is not None
    assert shown["title"] == "Geheimwort"
    with instance.database.reading() as session:
        assert session.scalars(sa.select(Logged.kind).order_by(Logged.seq)).all() == ["create", "withdraw", "revive"]


def test_a_new_name_is_the_address_and_the_old_one_still_leads_there(instance: Instance) -> None:
    row = desks.write(instance, desks.office(instance))
    desks.change(instance, row, name="baumkataster")
    assert public_package(instance, "baumkataster") is not None
    with instance.database.reading() as session:
        found = store.find_row(session, "baeume")
        assert found is not None
        assert (found.id, found.name) == (row.id, "baumkataster")


def test_names_are_taken_once(instance: Instance) -> None:
    office = desks.office(instance)
    desks.write(instance, office, private=True)
    with pytest.raises(TakenError, match="name"):
        desks.write(instance, office)
    other = desks.write(instance, office, name="anders")
    with pytest.raises(TakenError, match="name"):
        desks.change(instance, other, name="baeume")


def test_a_resource_belongs_to_one_dataset(instance: Instance) -> None:
    office = desks.office(instance)
    first = desks.write(instance, office, resources=[{"url": "https://example.org/a.csv"}])
    resource_id = desk_rows.document(first).resources[0].id
    with pytest.raises(TakenError, match="resources"):
        desks.write(
            instance, office, name="anders", resources=[{"id": resource_id, "url": "https://example.org/b.csv"}]
        )


def test_parallel_changes_are_all_kept(instance: Instance) -> None:
    row = desks.write(instance, desks.office(instance))

    def add(number: int) -> None:
        def edit(base: DeskDataset | None) -> Change:
            assert base is not None
            said = desk_rows.document(base)
            resource = ResourceDocument(url=f"https://example.org/{number}.csv", name=str(number))
            document = replace(said, resources=(*said.resources, resource))
            return Change(document=document, organization_id=base.organization_id)

        desk.write(instance, desks.ADMIN, row.id, edit, "resource.create")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = public_package(instance, "baeume")
    assert shown is not None
    assert sorted(one["name"] for one in shown["resources"]) == sorted(map(str, range(8)))  # type: ignore[attr-defined]
    with instance.database.reading() as session:
        assert session.get_one(DeskDataset, row.id).version == 9
        assert len(session.scalars(sa.select(AuditEntry.seq)).all()) == 9
