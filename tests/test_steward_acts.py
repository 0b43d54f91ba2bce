"""What stewards decide in the browser: who may, what becomes of it, and that the job process carries it out."""

from dataclasses import dataclass

import homes
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from source_site import Entry, Site, catalogue, entries
from werkzeug.test import TestResponse

from catalog import accounts, audit, jobs, workers
from catalog.access import Capacity
from catalog.app import create_app
from catalog.db import now
from catalog.ingest import lease
from catalog.instance import Instance
from catalog.models import Quarantine, Run, SourceState

BASE = "https://daten.example.org"
PASSWORD = "ein langes Kennwort"


@dataclass
class Desk:
    """A catalogue with a held plan and a record in quarantine, of two departments."""

    instance: Instance
    site: Site
    app: Flask
    plan: int
    entry: int

    def signed_in(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        answer = send(client, "/user/login", page="/user/login", name=name, password=PASSWORD, next="steward")
        assert answer.location == "/steward"
        return client

    def run(self) -> Run:
        with self.instance.database.reading() as session:
            return session.get_one(Run, self.plan)

    def waiting(self) -> Quarantine:
        with self.instance.database.reading() as session:
            return session.get_one(Quarantine, self.entry)

    def log(self) -> list[tuple[str, str, str]]:
        with self.instance.database.reading() as session:
            found = audit.entries(session)
        return [(who, entry.action, entry.name) for entry, who in found if not entry.action.startswith("account.")]


@pytest.fixture
def desk(instance: Instance, site: Site) -> Desk:
    site.put("/halt.ttl", catalogue(site.url("/halt.ttl"), entries(*range(20, 32))))
    held = homes.define(instance, site, id="halt", department="Amt Halt", url=site.url("/halt.ttl"))
    jobs.harvest(instance, held)
    site.put("/halt.ttl", catalogue(site.url("/halt.ttl"), [*entries(20, 21, 22), *entries(99)]))
    plan = jobs.harvest(instance, held)
    assert plan.status == "held"
    site.put(
        "/q.ttl", catalogue(site.url("/q.ttl"), [*entries(41), Entry(name="satz-042", title="Ohne", description="")])
    )
    jobs.harvest(instance, homes.define(instance, site, id="wartend", department="Amt Wartend", url=site.url("/q.ttl")))
    with instance.database.writing() as session:
        organizations = dict(session.execute(sa.select(SourceState.id, SourceState.organization_id)).all())
        accounts.add(session, "chefin", PASSWORD, admin=True)
        for name, source, capacity in (
            ("halt-editor", "halt", Capacity.EDITOR),
            ("halt-admin", "halt", Capacity.ADMIN),
            ("halt-member", "halt", Capacity.MEMBER),
            ("wartend-editor", "wartend", Capacity.EDITOR),
        ):
            account = accounts.add(session, name, PASSWORD)
            accounts.give_role(session, organizations[source], account.id, capacity)
        accounts.add(session, "niemand", PASSWORD)
        entry = session.scalar(sa.select(Quarantine.id))
    assert entry is not None
    return Desk(instance, site, create_app(instance), plan.run, entry)


def send(client: FlaskClient, path: str, *, page: str, **fields: str) -> TestResponse:
    found = html.document_fromstring(client.get(page, base_url=BASE).text).xpath("//input[@name='csrf_token']/@value")
    return client.post(path, base_url=BASE, data={"csrf_token": found[0] if found else "", **fields})


def decide(client: FlaskClient, desk: Desk, decision: str) -> TestResponse:
    path = f"/steward/runs/{desk.plan}"
    return send(client, path, page=path, decision=decision)


def release(client: FlaskClient, desk: Desk, **fields: str) -> TestResponse:
    path = f"/steward/quarantine/{desk.entry}"
    return send(client, path, page=path, **({"reason": "Beschreibung folgt", "mode": "once"} | fields))


def carry_out(desk: Desk) -> None:
    """Do what the job process does with sources that are due."""
    sources = desk.instance.sources()
    for source in workers.due(desk.instance, sources):
        jobs.harvest(desk.instance, source)


@pytest.mark.parametrize("name", ["chefin", "halt-editor", "halt-admin"])
def test_who_edits_for_the_department_approves(desk: Desk, name: str) -> None:
    client = desk.signed_in(name)
    assert decide(client, desk, "approved").status_code == 303
    assert desk.run().phase == "planned" and desk.run().decision == "approved"
    carry_out(desk)
    assert desk.run().status == "applied"
    assert len([title for title in homes.published(desk.instance) if title.startswith("Datensatz")]) == 5
    assert desk.log() == [(name, "plan.approved", "halt")]
    assert "Entscheiden" not in client.get(f"/steward/runs/{desk.plan}", base_url=BASE).text


def test_additions_only(desk: Desk) -> None:
    assert decide(desk.signed_in("halt-editor"), desk, "additions").status_code == 303
    carry_out(desk)
    assert desk.run().decision == "additions"
    assert len(homes.published(desk.instance)) == 14


def test_a_rejected_plan_changes_nothing(desk: Desk) -> None:
    before = homes.published(desk.instance)
    assert decide(desk.signed_in("halt-editor"), desk, "rejected").status_code == 303
    assert desk.run().status == "rejected" and homes.published(desk.instance) == before
    assert desk.log() == [("halt-editor", "plan.rejected", "halt")]


def test_an_editor_of_another_department_reads_and_does_not_decide(desk: Desk) -> None:
    client = desk.signed_in("wartend-editor")
    path = f"/steward/runs/{desk.plan}"
    page = client.get(path, base_url=BASE)
    assert page.status_code == 200 and 'name="decision"' not in page.text
    own = f"/steward/quarantine/{desk.entry}"
    answer = send(client, path, page=own, decision="approved")
    assert answer.status_code == 403 and "wer für das Amt dieser Quelle" in answer.text
    assert desk.run().phase == "held" and desk.log() == []


@pytest.mark.parametrize("name", ["halt-member", "niemand"])
def test_members_and_others_do_not_get_in(desk: Desk, name: str) -> None:
    client = desk.signed_in(name)
    for path in ("/steward", f"/steward/runs/{desk.plan}", "/steward/plans", "/steward/quarantine"):
        assert client.get(path, base_url=BASE).status_code == 403
    answer = send(client, f"/steward/runs/{desk.plan}", page="/user/me", decision="approved")
    assert answer.status_code == 403 and desk.run().phase == "held"


def test_a_form_that_is_not_ours_decides_nothing(desk: Desk) -> None:
    client = desk.signed_in("chefin")
    for path, data in (
        (f"/steward/runs/{desk.plan}", {"decision": "approved"}),
        (f"/steward/quarantine/{desk.entry}", {"reason": "x", "mode": "always"}),
    ):
        for token in ({}, {"csrf_token": ""}, {"csrf_token": "x"}):
            assert client.post(path, base_url=BASE, data=data | token).status_code == 400
    assert desk.run().phase == "held" and not desk.waiting().release


@pytest.mark.parametrize("decision", ["", "x", "rekeyed", "APPROVED", "approved\n"])
def test_unknown_decisions_are_none(desk: Desk, decision: str) -> None:
    assert decide(desk.signed_in("chefin"), desk, decision).status_code == 409
    assert desk.run().phase == "held"


def test_a_plan_is_decided_once(desk: Desk) -> None:
    client = desk.signed_in("chefin")
    path = f"/steward/runs/{desk.plan}"
    token = str(
        html.document_fromstring(client.get(path, base_url=BASE).text).xpath("//input[@name='csrf_token']/@value")[0]
    )
    assert decide(client, desk, "rejected").status_code == 303
    answer = client.post(path, base_url=BASE, data={"csrf_token": token, "decision": "approved"})
    assert answer.status_code == 409 and "wartet nicht mehr" in answer.text
    assert desk.run().status == "rejected"


def test_nothing_is_decided_while_the_source_is_harvested(desk: Desk) -> None:
    client = desk.signed_in("chefin")
    with lease.taken() as holder:
        with desk.instance.database.writing() as session:
            session.add(Run(source_id="halt", phase="fetching", phase_at=now(), started_at=now(), revision="x", cursor=[],
                            counts={}, reason=[], dry=False, full=False, holder=holder, lease_until=now() + lease.LEASE))  # fmt: skip
        assert decide(client, desk, "approved").status_code == 409
    assert desk.run().phase == "held"


def test_a_plan_of_an_older_definition_can_only_be_rejected(desk: Desk) -> None:
    homes.define(desk.instance, desk.site, id="halt", department="Amt Halt", url=desk.site.url("/neu.ttl"))
    client = desk.signed_in("chefin")
    answer = decide(client, desk, "approved")
    assert answer.status_code == 409 and "nur verworfen" in answer.text
    assert decide(client, desk, "rejected").status_code == 303


def test_a_record_is_let_in_with_a_reason(desk: Desk) -> None:
    client = desk.signed_in("wartend-editor")
    assert release(client, desk, reason=" \n ").status_code == 409
    assert release(client, desk, reason="Beschreibung\r\nfolgt").status_code == 303
    row = desk.waiting()
    assert (row.release, row.released_by, row.release_reason) == ("once", "wartend-editor", "Beschreibung folgt")
    page = client.get(f"/steward/quarantine/{desk.entry}", base_url=BASE).text
    assert "Freigegeben" in page and 'name="reason"' not in page
    assert "Ohne" not in homes.published(desk.instance)
    (source,) = desk.instance.sources(("wartend",))
    jobs.harvest(desk.instance, source)
    assert "Ohne" in homes.published(desk.instance)
    assert desk.log()[0][:2] == ("wartend-editor", "record.release")


def test_a_record_of_another_department_is_not_let_in(desk: Desk) -> None:
    client = desk.signed_in("halt-editor")
    page = f"/steward/runs/{desk.plan}"
    answer = send(client, f"/steward/quarantine/{desk.entry}", page=page, reason="x", mode="once")
    assert answer.status_code == 403 and not desk.waiting().release
    assert send(client, "/steward/quarantine/999999", page=page, reason="x").status_code == 404


def test_the_name_of_who_let_it_in_is_on_no_public_page(desk: Desk) -> None:
    release(desk.signed_in("wartend-editor"), desk)
    (source,) = desk.instance.sources(("wartend",))
    jobs.harvest(desk.instance, source)
    client = desk.app.test_client()
    paths = ["/", "/dataset", "/sources", "/sources/wartend", "/catalog.ttl", "/feeds/dataset.atom"]
    paths += [f"/dataset/{shown.name}" for shown in homes.shown_all(desk.instance)]
    for path in paths:
        answer = client.get(path, base_url=BASE)
        assert answer.status_code == 200 and "wartend-editor" not in answer.text, path
