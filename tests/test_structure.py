"""Organisations and groups as they are written: in both databases, by two at once, and what is left of them afterwards."""

import threading
from collections.abc import Iterator
from pathlib import Path

import databases
import homes
import pytest
import sqlalchemy as sa
from desk_people import ask, person, refusal
from source_site import Entry, Site

from catalog import desk, holders, jobs, keywords, organizations, structure
from catalog.access import Actor
from catalog.api.actions.call import ActionError
from catalog.holders import Kind
from catalog.instance import Instance
from catalog.models import DatasetRow, Organization, Record, ScoreSum, SourceState
from catalog.models_accounts import AuditEntry, Role
from catalog.models_desk import DeskDataset, Group
from dcat.errors import StateError


@pytest.fixture(params=databases.KINDS)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """A fresh catalogue in each kind of database."""
    with (
        databases.database_url(request.param, tmp_path) as url,
        homes.home(tmp_path / "home", url if request.param == "postgresql" else "") as instance,
    ):
        yield instance


def test_in_both_databases(anywhere: Instance) -> None:
    root = person(anywhere, "verwaltung", admin=True)
    owner = ask(anywhere, "organization_create", root, name="amt", title="Amt")["id"]
    ask(anywhere, "group_create", root, name="gruppe", extras=[{"key": "a", "value": "b"}])
    ask(anywhere, "vocabulary_create", root, name="Liste", tags=[{"name": "Nord"}])
    given = {"owner_org": owner, "notes": "x", "groups": [{"name": "gruppe"}, {"name": "envi"}]}
    ask(anywhere, "package_create", root, name="offen", title="Offen", tags=[{"name": "Baum"}], **given)
    ask(anywhere, "package_create", root, name="geheim", title="Geheim", private=True, **given)
    counts = {one["name"]: one["package_count"] for one in ask(anywhere, "group_list", all_fields=True)}
    assert {name for name, number in counts.items() if number} == {"gruppe", "envi"}
    assert ask(anywhere, "group_list", sort="package_count", limit=1) in (["gruppe"], ["envi"])
    assert ask(anywhere, "group_show", root, id="gruppe")["package_count"] == 1, "what is private is in no group"
    assert ask(anywhere, "tag_list") == ["Baum"]
    for name in ("offen", "geheim"):
        ask(anywhere, "package_delete", root, id=name)
    ask(anywhere, "organization_delete", root, id="amt")
    ask(anywhere, "organization_purge", root, id="amt")
    ask(anywhere, "group_purge", root, id="gruppe")
    with anywhere.database.reading() as session:
        nobody = desk.no_organization(anywhere).id
        assert {one.organization_id for one in session.scalars(sa.select(DeskDataset))} == {nobody}
        assert {one.organization_id for one in session.scalars(sa.select(DatasetRow))} == {nobody}
        for table, column in ((SourceState, SourceState.organization_id), (ScoreSum, ScoreSum.organization_id)):
            assert not session.scalar(sa.select(sa.func.count()).select_from(table).where(column == owner))
        assert not list(session.scalars(sa.select(Record.source_id).where(Record.source_id == f"desk-{owner}")))
        assert not list(session.scalars(sa.select(Role.holder_id))) and not list(session.scalars(sa.select(Group)))
    restored = ask(anywhere, "organization_create", root, name="amt")["id"]
    ask(anywhere, "package_patch", root, id="offen", state="active", owner_org=restored)
    assert ask(anywhere, "organization_show", id="amt")["package_count"] == 1


@pytest.mark.parametrize("kind", databases.KINDS)
def test_one_name_is_given_once(kind: str, tmp_path: Path) -> None:
    with (
        databases.database_url(kind, tmp_path) as url,
        homes.home(tmp_path / "home", url if kind == "postgresql" else "") as instance,
    ):
        root = person(instance, "verwaltung", admin=True)
        start, results = threading.Barrier(6), list[int]()

        def create(action: str) -> None:
            start.wait()
            try:
                ask(instance, action, root, name="gleich")
                results.append(200)
            except ActionError as error:
                results.append(error.status)

        threads = [threading.Thread(target=create, args=(f"{one}_create",)) for one in ("organization", "group") * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [200, *[409] * 5]
        with instance.database.reading() as session:
            assert (
                sum(session.scalar(sa.select(sa.func.count()).select_from(one)) or 0 for one in (Organization, Group))
                == 1
            )


def test_what_fails_leaves_nothing_behind(instance: Instance) -> None:
    root = person(instance, "verwaltung", admin=True)
    status, _ = refusal(instance, "organization_create", root, name="amt", users=[{"name": "niemand"}])
    assert status == 409
    with instance.database.reading() as session:
        assert session.scalar(sa.select(Organization.id)) is None and session.scalar(sa.select(Role.holder_id)) is None
        assert session.scalar(sa.select(AuditEntry.seq).where(AuditEntry.action == "organization.create")) is None


def test_who_founds_stays_its_admin(instance: Instance) -> None:
    root = person(instance, "verwaltung", admin=True)
    person(instance, "leitung")
    users = [{"name": "leitung", "capacity": "admin"}, {"name": "verwaltung", "capacity": "member"}]
    made = ask(instance, "organization_create", root, name="amt", users=users)
    assert {one["name"]: one["capacity"] for one in made["users"]} == {"leitung": "admin", "verwaltung": "admin"}
    other = ask(instance, "organization_create", root, name="amt-2", users=users[:1])
    assert {one["name"]: one["capacity"] for one in other["users"]} == {"leitung": "admin", "verwaltung": "admin"}


def test_a_department_that_is_named_again_is_back(instance: Instance, site: Site) -> None:
    site.put_catalogue([[Entry("baeume", "Bäume", uri="https://daten.amt.example/dataset/baeume")]])
    jobs.harvest(instance, homes.define(instance, site, division="Dezernat V"))
    with instance.database.writing() as session:
        division = organizations.find(session, "darmstadt-dezernat-v")
        assert division is not None
        found = holders.find(session, instance.config, Kind.ORGANIZATION, division.id)
        assert found is not None
        with pytest.raises(StateError, match="belong to this one"):
            structure.delete(session, Actor(), found)
        session.execute(sa.update(Organization).where(Organization.id == division.id).values(state="deleted"))
    client = [one for one in ask(instance, "organization_list") if "dezernat" in one]
    assert client == []
    jobs.harvest(instance, homes.define(instance, site, division="Dezernat V"))
    assert "darmstadt-dezernat-v" in ask(instance, "organization_list")


def test_a_department_gets_no_name_of_a_group(instance: Instance, site: Site) -> None:
    root = person(instance, "verwaltung", admin=True)
    ask(instance, "group_create", root, name="darmstadt-amt-fuer-beispiele")
    site.put_catalogue([[Entry("baeume", "Bäume", uri="https://daten.amt.example/dataset/baeume")]])
    jobs.harvest(instance, homes.define(instance, site))
    (name,) = ask(instance, "organization_list")
    assert name.startswith("darmstadt-amt-fuer-beispiele-")


def test_names_that_no_database_could_hold(instance: Instance) -> None:
    with instance.database.reading() as session:
        for kind in Kind:
            assert holders.find(session, instance.config, kind, "a\0b") is None
        assert keywords.vocabulary(session, "x" * 10_000) is None


def test_the_log_tells_who_did_what(instance: Instance) -> None:
    root = person(instance, "verwaltung", admin=True)
    person(instance, "leitung")
    made = ask(instance, "organization_create", root, name="amt", title="Amt\n2026 root organization.purge")
    ask(instance, "organization_member_create", root, id="amt", username="leitung", role="admin")
    ask(instance, "organization_patch", root, id="amt", description="Neu")
    with instance.database.reading() as session:
        rows = session.scalars(sa.select(AuditEntry).where(AuditEntry.object_id == made["id"]).order_by(AuditEntry.seq))
        told = [(one.action, one.account_id, one.details) for one in rows]
    title = {"title": "Amt 2026 root organization.purge"}
    assert told == [
        ("organization.create", root.id, title),
        ("member.create", root.id, {"user": "leitung", "role": "admin"}),
        ("organization.update", root.id, {"fields": ["description"], **title}),
    ]
