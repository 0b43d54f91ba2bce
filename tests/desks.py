"""Organisations and datasets written at the desk, for tests that need some."""

import uuid
from dataclasses import replace
from typing import Any

from catalog import desk, desk_rows, desk_source, jobs
from catalog.access import Actor, Capacity
from catalog.db import now
from catalog.desk import Change
from catalog.instance import Instance
from catalog.models import Organization
from catalog.models_desk import DeskDataset
from catalog.table_work import check as look
from dcat import ckan_input
from dcat.ckan_package import PackageDocument
from dcat.ckan_values import Refused

ADMIN = Actor(id=str(uuid.UUID(int=1)), name="leitung", admin=True)


def office(instance: Instance, name: str = "amt", city: str = "darmstadt") -> Organization:
    """Found an organisation."""
    made = Organization(
        id=str(uuid.uuid4()),
        name=name,
        title=f"Amt {name}",
        city=city,
        created_at=now(),
        description="",
        image_url="",
        state="active",
        kind="organization",
        extras=[],
    )
    with instance.database.writing() as session:
        session.add(made)
    return made


def editor(organization: Organization, capacity: Capacity = Capacity.EDITOR) -> Actor:
    """Somebody with a role in an organisation."""
    return Actor(id=str(uuid.uuid4()), name=f"{capacity}-{organization.name}", roles={organization.id: capacity})


def package(**given: Any) -> PackageDocument:
    """Write a package document."""
    found = ckan_input.read_package({"name": "baeume", **given})
    assert not isinstance(found, Refused), found
    return found


def write(instance: Instance, organization: Organization, actor: Actor = ADMIN, **given: Any) -> DeskDataset:
    """Write a new dataset."""
    said = package(owner_org=organization.id, **given)
    return desk.write(
        instance,
        actor,
        str(uuid.uuid4()),
        lambda base: Change(document=said, organization_id=organization.id),
        "dataset.create",
    )


def change(instance: Instance, row: DeskDataset, actor: Actor = ADMIN, **values: Any) -> DeskDataset:
    """Change fields of a dataset's document."""

    def edit(base: DeskDataset | None) -> Change:
        assert base is not None
        said = replace(desk_rows.document(base), **values)
        return Change(document=said, organization_id=base.organization_id)

    return desk.write(instance, actor, row.id, edit, "dataset.update")


def check_files(instance: Instance) -> None:
    """Check the files of all desks, as the job process does."""
    for source in desk_source.opened(instance):
        jobs.check_files(instance, source, look, only_due=True)
