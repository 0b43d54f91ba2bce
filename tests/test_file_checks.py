"""Data files that come, break, heal, vanish and come back: what the public sees of them at each step."""

from dataclasses import replace
from typing import Any

import homes
import pytest
import source_site
import sqlalchemy as sa
from homes import define, define_drop
from source_site import Entry, Site

from catalog import jobs
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import FileRow, Node, Rendition
from catalog.public import FileState, PublicFile
from harvesters.source import Source
from validators import schemas

pytestmark = pytest.mark.slow

SCHEMA = "baumkataster"
CONFORMS = "https://daten.example.org/schema/baumkataster"
PEOPLE = "Vorname;Nachname;E-Mail;Telefon mobil\nErika;Mustermann;erika@mustermann.example;0171 2345678\n" * 3
LOGIN = "<!DOCTYPE html><html><body><form>Zugang-4711</form></body></html>"


def trees(*, bad: bool = False, rows: int = 3, mark: str = "") -> str:
    """Write a table of trees that fits its schema, or has words where numbers belong."""
    fields = schemas.load(SCHEMA).fields
    known = {
        "baum_id": "da-{n}",
        "ags": "06411000",
        "standort_art": "strasse",
        "art_botanisch": "Tilia cordata",
        "lon": "8.65",
        "lat": "49.87",
        "naturdenkmal": "false",
        "stand": "2026-05-31",
    }
    lines = [",".join(field.name for field in fields)]
    for n in range(1, rows + 1):
        cells = [known.get(field.name, "").format(n=n) for field in fields]
        if bad:
            cells[[field.name for field in fields].index("lat")] = f"{mark or 'nördlich'}"
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def dropped(instance: Instance, site: Site, body: str | bytes, name: str = "baeume.csv", **fields: object) -> Source:
    """Put one file into the drop and harvest it."""
    source = define_drop(instance, site, schemas={"baeume*": SCHEMA}, **fields)
    site.put_folder("/ablage/", {name: body})
    homes.harvest_and_check(instance, source)
    return source


def linked(instance: Instance, site: Site, body: str | bytes, name: str = "baeume.csv") -> Source:
    """Put one file beside a catalogue that links it, and harvest that."""
    source = define(instance, site, schemas={"baeume*": SCHEMA})
    site.put(f"/{name}", body, "text/csv")
    site.put_catalogue([[Entry("baeume", "Baumkataster", files=(site.url(f"/{name}"),))]])
    homes.harvest_and_check(instance, source)
    return source


def the_file(instance: Instance) -> PublicFile:
    ((file,),) = [shown.files for shown in homes.shown_all(instance)]
    return file


def download(instance: Instance, file: PublicFile) -> tuple[int, bytes]:
    shown = homes.shown_all(instance)[0]
    answer = create_app(instance).test_client().get(f"/dataset/{shown.id}/resource/{file.id}/download/{file.name}")
    return answer.status_code, answer.data if answer.status_code == 200 else b""


def rows_of(instance: Instance, file: PublicFile) -> int:
    answer = create_app(instance).test_client().get(f"/api/data/{file.id}")
    return len(answer.json["records"]) if answer.status_code == 200 and answer.json else 0


def codes(file: PublicFile) -> set[str]:
    return {finding["code"] for finding in (file.report or {}).get("findings", ())}


def everything_said(instance: Instance) -> bytes:
    """Give all bytes that any visitor can get, and all that are stored to be given."""
    with instance.database.reading() as session:
        bodies = [homes.decompress(body) for body in session.scalars(sa.select(Rendition.body))]
        bodies += list(session.scalars(sa.select(Node.body)))
    client = create_app(instance).test_client()
    paths = ["/", "/dataset", "/api/3/action/package_search"]
    paths += [f"/catalog.{ending}" for ending in ("ttl", "rdf", "jsonld", "nt")]
    for shown in homes.shown_all(instance):
        paths += [f"/dataset/{shown.name}", f"/api/3/action/package_show?id={shown.id}", f"/dataset/{shown.id}.ttl"]
        for file in shown.files:
            paths += [f"/dataset/{shown.name}/{file.id}", f"/api/data/{file.id}"]
            paths += [f"/api/3/action/resource_show?id={file.id}"]
            paths += [f"/dataset/{shown.id}/resource/{file.id}/download/{file.name}"]
    return b"\n".join([*bodies, *(client.get(path).data for path in paths)])


def test_a_good_table_is_public_with_its_verdict(instance: Instance, site: Site) -> None:
    dropped(instance, site, trees())
    file = the_file(instance)
    assert (file.state, file.valid, file.served) == (FileState.PUBLIC, True, True)
    assert file.distribution.conforms_to == (CONFORMS,)
    assert download(instance, file) == (200, trees().encode())
    assert rows_of(instance, file) == 3


@pytest.mark.parametrize("put", [dropped, linked])
def test_a_broken_table_is_shown_with_its_report_and_heals(instance: Instance, site: Site, put: object) -> None:
    source = put(instance, site, trees(bad=True))  # type: ignore[operator]
    file = the_file(instance)
    assert file.state in (FileState.PUBLIC, FileState.LINKED)
    assert file.valid is False
    assert file.report is not None
    assert any(finding["rows"] for finding in file.report["findings"])
    assert file.sentence is not None
    assert CONFORMS not in file.distribution.conforms_to
    path = "/ablage/baeume.csv" if put is dropped else "/baeume.csv"
    site.change(path, body=trees().encode())
    homes.harvest_and_check(instance, source)
    file = the_file(instance)
    assert file.valid is True
    assert CONFORMS in file.distribution.conforms_to
    assert any(CONFORMS in triple for triple in homes.triples(instance))


def test_a_file_that_has_not_changed_keeps_its_verdict(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees(bad=True))
    before, changes = homes.everything(instance), homes.changes(instance)
    site.statuses()
    for _ in range(2):
        homes.harvest_and_check(instance, source)
    assert set(site.statuses()) == {304}
    assert (homes.everything(instance), homes.changes(instance)) == (before, changes)


def test_without_validators_a_file_is_read_again_and_nothing_changes(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    site.change("/ablage/baeume.csv", etag=False)
    homes.harvest_and_check(instance, source)
    before = homes.changes(instance)
    homes.harvest_and_check(instance, source)
    assert homes.changes(instance) == before


def test_a_dropped_file_that_vanishes_stays_until_the_source_no_longer_names_it(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    file, changes = the_file(instance), homes.changes(instance)
    site.drop("/ablage/baeume.csv")
    homes.harvest_and_check(instance, source)
    assert download(instance, file) == (200, trees().encode())
    assert homes.changes(instance) == changes
    site.put_folder("/ablage/", {"anderes.csv": "id;wert\n1;a\n"})
    for _ in range(2):
        homes.harvest_and_check(instance, source)
    assert [shown.name for shown in homes.shown_all(instance)] == ["anderes"]
    assert download(instance, file)[0] == 404
    assert b"Tilia cordata" not in everything_said(instance)


def test_a_linked_file_that_vanishes_is_no_longer_served_and_comes_back(instance: Instance, site: Site) -> None:
    source = linked(instance, site, trees())
    file = the_file(instance)
    assert rows_of(instance, file) == 3
    kept = site.answers["/baeume.csv"]
    site.drop("/baeume.csv")
    homes.check(instance, source)
    gone = the_file(instance)
    assert (gone.state, gone.header, gone.report, gone.copy) == (FileState.LINKED, (), None, "")
    assert gone.sentence is not None
    assert CONFORMS not in gone.distribution.conforms_to
    assert rows_of(instance, file) == 0
    site.answers["/baeume.csv"] = kept
    homes.check(instance, source)
    assert replace(the_file(instance), checked_at="") == replace(file, checked_at="")
    assert rows_of(instance, file) == 3


def test_a_passing_failure_leaves_the_last_good_state(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    before, changes = the_file(instance), homes.changes(instance)
    for status in (500, 503, 403):
        site.change("/ablage/baeume.csv", status=status)
        homes.check(instance, source)
        assert download(instance, before)[0] == 200
    assert homes.changes(instance) == changes
    site.change("/ablage/baeume.csv", status=200)
    homes.check(instance, source)
    assert homes.changes(instance) == changes


@pytest.mark.parametrize("body", [PEOPLE, LOGIN])
def test_a_passing_failure_does_not_change_why_a_file_is_held(instance: Instance, site: Site, body: str) -> None:
    source = dropped(instance, site, body)
    before = the_file(instance)
    for status in (500, 200):
        site.change("/ablage/baeume.csv", status=status)
        homes.check(instance, source)
        assert the_file(instance).reason == before.reason
        assert the_file(instance).state is FileState.HELD


def test_personal_data_are_held_and_no_cell_is_said(instance: Instance, site: Site) -> None:
    dropped(instance, site, PEOPLE, "paten.csv")
    file = the_file(instance)
    assert file.state is FileState.HELD
    assert file.reason is not None
    assert file.reason.code == "private"
    said = everything_said(instance)
    for cell in (b"Erika", b"erika@", b"2345678"):
        assert cell not in said
    assert file.copy == ""


def test_a_good_file_that_gets_personal_data_is_held_at_once(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, "id;wert\n1;Unverfänglich\n", "paten.csv")
    file = the_file(instance)
    assert file.state is FileState.PUBLIC
    site.change("/ablage/paten.csv", body=PEOPLE.encode())
    homes.check(instance, source)
    assert the_file(instance).state is FileState.HELD
    assert download(instance, file)[0] == 404
    assert rows_of(instance, file) == 0
    assert b"erika@" not in everything_said(instance)


def test_a_login_page_instead_of_a_table_is_held_with_a_sentence(instance: Instance, site: Site) -> None:
    dropped(instance, site, LOGIN)
    file = the_file(instance)
    assert file.state is FileState.HELD
    assert file.reason is not None
    assert file.reason.code == "unreadable"
    assert min(len(file.reason.text.de), len(file.reason.text.en)) > 20
    assert b"Zugang-4711" not in everything_said(instance)


@pytest.mark.parametrize("name", ["karte.geojson", "plan.pdf"])
@pytest.mark.parametrize("body", [LOGIN, ""])
def test_other_files_are_looked_at_too(instance: Instance, site: Site, name: str, body: str) -> None:
    dropped(instance, site, body, name)
    file = the_file(instance)
    assert (file.state, file.copy) == (FileState.HELD, "")


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("plan.pdf", "%PDF-1.7 ...", "unscanned"),
        ("paten.xlsx", "PK...", "unscanned"),
        ("paten.geojson", '{"Nachname": "Mustermann"}', "private"),
        ("karte.geojson", '{"type": "FeatureCollection", "features": [', "unreadable"),
        ("karte.geojson", '{"type": "FeatureCollection", "features": []}', ""),
    ],
)
def test_what_cannot_be_looked_into_is_not_released_by_itself(
    instance: Instance, site: Site, name: str, body: str, code: str
) -> None:
    dropped(instance, site, body, name)
    file = the_file(instance)
    assert (file.reason.code if file.reason else "") == code
    assert file.state is (FileState.HELD if code else FileState.PUBLIC)


def test_an_unreadable_new_version_does_not_replace_the_last_good_one(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    file = the_file(instance)
    site.change("/ablage/baeume.csv", body=LOGIN.encode())
    for _ in range(2):
        homes.check(instance, source)
        now = the_file(instance)
        assert (now.state, now.valid, now.copy) == (FileState.PUBLIC, True, file.copy)
        assert now.sentence is not None
        assert "last readable version" in now.sentence.en
        assert download(instance, now) == (200, trees().encode())
        assert rows_of(instance, now) == 3
    site.change("/ablage/baeume.csv", body=trees().encode())
    homes.check(instance, source)
    assert the_file(instance).sentence == file.sentence


def test_a_file_beyond_the_limit_is_not_kept(instance: Instance, site: Site) -> None:
    limits = {"max_file_bytes": "10kB", "connect": "1s", "read": "2s", "total": "5s"}
    dropped(instance, site, "id;wert\n" + "1;Überfluss\n" * 2000, limits=limits)
    file = the_file(instance)
    assert (file.state, file.copy) == (FileState.HELD, "")
    assert file.reason is not None
    assert b"berfluss" not in everything_said(instance)


def test_windows_letters_are_read(instance: Instance, site: Site) -> None:
    dropped(instance, site, "Straße;Bäume\nGrüner Weg;12\n".encode("cp1252"), "straßen.csv".replace("ß", "ss"))
    file = the_file(instance)
    assert (file.state, file.header, file.rows) == (FileState.PUBLIC, ("Straße", "Bäume"), (("Grüner Weg", "12"),))
    answer = create_app(instance).test_client().get(f"/api/data/{file.id}")
    assert answer.json is not None
    assert answer.json["records"] == [{"Straße": "Grüner Weg", "Bäume": "12"}]


def test_a_changed_address_is_checked_anew(instance: Instance, site: Site) -> None:
    source = linked(instance, site, trees())
    own = source_site.uri("baeume")
    text = site.answers["/1.ttl"].body.decode().replace("/baeume.csv", "/baeume_neu.csv")
    assert f"<{own}/datei/1>" in text, "the file keeps its URI, only its address changes"
    # The same validators at another address say nothing of its content.
    site.put("/baeume_neu.csv", trees(bad=True), "text/csv")
    site.put("/1.ttl", text)
    homes.harvest_and_check(instance, source)
    file = the_file(instance)
    assert file.name == "baeume_neu.csv"
    assert file.newer is not None and file.valid is True, "the last good table stays"


def test_a_changed_schema_is_checked_anew_and_promises_nothing_before(instance: Instance, site: Site) -> None:
    dropped(instance, site, trees())
    assert the_file(instance).valid is True
    other = define_drop(instance, site, schemas={"baeume*": "messstelle"})
    jobs.harvest(instance, other)
    file = the_file(instance)
    assert (file.schema_id, file.valid, file.distribution.conforms_to) == ("messstelle", None, ())
    homes.check(instance, other)
    file = the_file(instance)
    assert (file.valid, file.distribution.conforms_to) == (False, ())
    none = define_drop(instance, site, schemas={})
    homes.harvest_and_check(instance, none)
    assert (the_file(instance).schema_id, the_file(instance).valid) == ("", None)


def test_only_what_is_due_is_checked_in_the_background(instance: Instance, site: Site) -> None:
    source = dropped(instance, site, trees())
    site.statuses()
    assert jobs.check_files(instance, source, homes.look, only_due=True) == jobs.Checks()
    assert site.statuses() == []
    with instance.database.writing() as session:
        session.execute(sa.update(FileRow).values(due_at=None))
    assert jobs.check_files(instance, source, homes.look, only_due=True).made == 1


def test_a_file_waits_until_it_is_released(instance: Instance, site: Site) -> None:
    source = define(
        instance,
        site,
        type="files",
        url=site.url("/ablage/"),
        defaults={"description": "Beispieldaten, frei erfunden."},
    )
    site.put_folder("/ablage/", {"baeume.csv": trees()})
    homes.harvest_and_check(instance, source)
    file = the_file(instance)
    assert file.state is FileState.PENDING
    assert b"Tilia cordata" not in everything_said(instance)
    released = define_drop(instance, site)
    assert jobs.refresh(instance, released) == 1
    assert the_file(instance).state is FileState.PUBLIC


def test_links_outside_the_allow_list_are_left_alone(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([[Entry("fern", "Fern", files=("https://anderswo.example/tabelle.csv",))]])
    homes.harvest_and_check(instance, source)
    assert the_file(instance).state is FileState.LINKED
    with instance.database.reading() as session:
        assert session.scalars(sa.select(FileRow)).all() == []


@pytest.mark.parametrize("put", [dropped, linked])
def test_a_newer_version_that_breaks_its_schema_does_not_replace_the_last_good_one(
    instance: Instance, site: Site, put: Any
) -> None:
    source = put(instance, site, trees())
    good = the_file(instance)
    path = "/ablage/baeume.csv" if put is dropped else "/baeume.csv"
    site.change(path, body=trees(bad=True).encode())
    for _ in range(2):
        homes.check(instance, source)
    file = the_file(instance)
    assert (file.valid, file.copy, file.rows) == (True, good.copy, good.rows)
    assert rows_of(instance, file) == 3 and CONFORMS in file.distribution.conforms_to
    assert file.newer is not None and file.newer["findings"]
    (shown,) = homes.shown_all(instance)
    page = create_app(instance).test_client().get(f"/dataset/{shown.name}/{file.id}").text
    assert "Eine neuere Fassung wurde nicht übernommen" in page
    changes = homes.changes(instance)
    homes.check(instance, source)
    assert homes.changes(instance) == changes, "said once"
    # Mended at its source, or put back as it was: both end it.
    for body in (trees(bad=True), trees(), trees().replace("Tilia", "Acer")):
        site.change(path, body=body.encode())
        homes.check(instance, source)
    file = the_file(instance)
    assert file.newer is None and file.valid is True and file.copy != good.copy
