"""The database: migrations that give the models, versions that are refused, writers that wait for each other and block no reader."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import databases
import homes
import pytest
import source_site
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from source_site import entries

from catalog import db, jobs, schema, schema_version
from catalog.app import create_app
from catalog.db import Base, Database, Question, insert_or_ignore, now, upsert
from catalog.models import Change, DatasetLink, DatasetRow, Membership, Organization, Subject
from dcat.errors import ConfigError, StateError

WAIT = 20


@pytest.fixture(params=databases.KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with databases.database_url(request.param, tmp_path) as given:
        yield given


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    schema.upgrade(opened)
    yield opened
    opened.close()


def office(number: int, title: str = "Amt") -> dict[str, object]:
    return {"id": f"{number:036}", "name": f"amt-{number}", "title": title, "city": "darmstadt", "created_at": now()}


def test_migrations_give_exactly_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_older_database_keeps_its_data(url: str) -> None:
    """Version 0001 as a running catalogue left it: the whole catalogue's membership becomes that of the empty scope."""
    database = Database(url)
    with database.engine.connect() as connection:
        migrate(connection, "0001")
        at = now()
        connection.execute(organization_table().insert(), [office(1) | {"created_at": at}])
        for number in (1, 2, 3):
            connection.execute(old_dataset_table().insert(), [old_dataset(number)])
        members = [(1, 1, None), (2, 2, 4), (2, 6, None), (3, 3, 5)]
        statement = sa.text("INSERT INTO membership (dataset_id, since, until) VALUES (:one, :since, :until)")
        for number, since, until in members:
            connection.execute(statement, {"one": f"{number:036}", "since": since, "until": until})
        connection.commit()
    assert schema.upgrade(database) == ("0001", schema.head())
    with database.reading() as session:
        found = session.execute(sa.select(Membership.scope, Membership.dataset_id, Membership.since, Membership.until))
        rows = session.scalars(sa.select(DatasetRow).order_by(DatasetRow.id)).all()
        assert {tuple(row) for row in found} == {("", f"{n:036}", since, until) for n, since, until in members}
        assert [(row.name, row.release_nodes, row.nodes) for row in rows] == [
            (f"satz-{number}", {}, ["knoten"]) for number in (1, 2, 3)
        ]
        for table in (Subject, DatasetLink):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def migrate(connection: sa.Connection, version: str) -> None:
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def organization_table() -> sa.Table:
    """The table before version 0006."""
    later = {"description", "image_url", "state", "kind", "extras"}
    columns = (column._copy() for column in Organization.__table__.columns if column.name not in later)
    return sa.Table("organization", sa.MetaData(), *columns)


def old_dataset_table() -> sa.Table:
    """The table before version 0002."""
    columns = (column._copy() for column in DatasetRow.__table__.columns if column.name != "release_nodes")
    return sa.Table("dataset", sa.MetaData(), *columns)


def old_dataset(number: int) -> dict[str, object]:
    at = now()
    texts = dict.fromkeys(("uri", "title", "title_en", "source_id", "hash"), f"x{number}")
    return texts | {
        "id": f"{number:036}", "name": f"satz-{number}", "city": "darmstadt", "organization_id": f"{1:036}",
        "state": "published", "themes": [], "hvd": [], "served": False, "nodes": ["knoten"], "seq": number,
        "published_at": at, "modified_at": at,
    }  # fmt: skip


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        insert_or_ignore(session, Organization, [office(1)])
    assert schema.upgrade(database) == (schema.head(), schema.head())
    assert schema.head() == schema_version.HEAD
    schema_version.require(database)
    with database.reading() as session:
        assert session.scalar(sa.select(Organization.name)) == "amt-1"


def test_an_empty_database_is_refused_with_the_next_step(url: str) -> None:
    database = Database(url)
    with pytest.raises(StateError) as refused:
        schema_version.require(database)
    database.close()
    assert "offenbar init" in refused.value.message.de
    assert "offenbar init" in refused.value.message.en


def test_a_foreign_version_is_refused_with_the_next_step(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (schema_version.require, schema.upgrade):
        with pytest.raises(StateError) as refused:
            refuse(database)
        assert "9999" in refused.value.message.de
        assert "Next step" in refused.value.message.en


def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'offenbar.db'}")
    with pytest.raises(StateError, match="cannot be opened"):
        schema_version.require(database)
    database.close()


@pytest.mark.parametrize("url", ["kein ort", "quark://x/y", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Database(url)


def test_insert_or_ignore_keeps_what_is_there(database: Database) -> None:
    with database.writing() as session:
        insert_or_ignore(session, Organization, [office(1, "zuerst")])
        insert_or_ignore(session, Organization, [office(1, "danach"), office(2, "neu")])
        insert_or_ignore(session, Organization, [])
    with database.reading() as session:
        titles = session.scalars(sa.select(Organization.title).order_by(Organization.name)).all()
    assert titles == ["zuerst", "neu"]


def test_upsert_brings_up_to_date_but_for_what_is_kept(database: Database) -> None:
    with database.writing() as session:
        upsert(session, Organization, [office(1, "zuerst")])
        changed = office(1, "danach") | {"name": "anders"}
        upsert(session, Organization, [changed, office(2, "neu")], keep=("name", "created_at"))
        upsert(session, Organization, [])
    with database.reading() as session:
        rows = session.execute(sa.select(Organization.name, Organization.title).order_by(Organization.name)).all()
    assert [tuple(row) for row in rows] == [("amt-1", "danach"), ("amt-2", "neu")]


def test_a_failed_transaction_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        insert_or_ignore(session, Organization, [office(1)])
        raise RuntimeError
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Organization)) == 0


def test_times_come_back_in_utc(database: Database) -> None:
    with database.writing() as session:
        insert_or_ignore(session, Organization, [office(1)])
    with database.reading() as session:
        found = session.scalar(sa.select(Organization.created_at))
    assert found is not None
    assert found.utcoffset() is not None
    assert abs((now() - found).total_seconds()) < WAIT


def test_a_writer_blocks_no_reader_and_a_reader_sees_one_moment(database: Database) -> None:
    with database.writing() as session:
        insert_or_ignore(session, Organization, [office(1)])
    count = sa.select(sa.func.count()).select_from(Organization)
    with database.reading() as reader:
        assert reader.scalar(count) == 1
        with database.writing() as session:
            insert_or_ignore(session, Organization, [office(2)])
            session.flush()
            with database.reading() as other:
                assert other.scalar(count) == 1
            assert reader.scalar(count) == 1
        assert reader.scalar(count) == 1, "what is read in one session is of one moment"
    with database.reading() as later:
        assert later.scalar(count) == 2


def together(*jobs: Callable[[], object]) -> None:
    """Run jobs at the same time; the first error is raised here."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        try:
            start.wait(WAIT)
            job()
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT * 3)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def test_a_writer_that_read_first_still_sees_what_the_other_wrote(database: Database) -> None:
    """Read, then write what follows from it: two at once must not both count from the same number."""
    with database.writing() as session:
        insert_or_ignore(session, Organization, [office(0, "0")])

    def count() -> None:
        for _ in range(25):
            with database.writing() as session:
                row = session.scalars(sa.select(Organization)).one()
                row.title = str(int(row.title) + 1)

    together(count, count, count)
    with database.reading() as session:
        assert session.scalar(sa.select(Organization.title)) == "75"


COUNTED = sa.select(sa.func.count()).select_from(Organization)
QUESTION = Question(COUNTED.where(Organization.name == sa.bindparam("name")))


def reading(database: Database) -> object:
    with database.reading() as session:
        return session.scalar(COUNTED)


def writing(database: Database) -> object:
    with database.writing() as session:
        return session.scalar(COUNTED)


def aside(database: Database) -> object:
    with database.aside() as connection:
        return connection.scalar(COUNTED)


def asking(database: Database) -> object:
    with database.asking() as connection:
        return connection.scalar(COUNTED)


def ask(database: Database) -> object:
    return database.ask(QUESTION, name="amt-1")


WAYS = (reading, writing, aside, asking, ask)


def cut(database: Database) -> None:
    """Have the server end every connection that lies in the pool, and wait until it has."""
    query = "SELECT {0} FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
    engine = sa.create_engine(database.engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.scalar(sa.text(query.format("count(pg_terminate_backend(pid))")))
        until = time.monotonic() + WAIT
        while connection.scalar(sa.text(query.format("count(*)"))):
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Database]:
    """A database on a server, with one organisation and three connections in its pool."""
    with databases.database_url("postgresql", tmp_path) as given:
        named = sa.make_url(given).update_query_dict({"application_name": f"offenbar-{uuid.uuid4().hex[:12]}"})
        opened = Database(named.render_as_string(hide_password=False))
        schema.upgrade(opened)
        with opened.writing() as session:
            insert_or_ignore(session, Organization, [office(1)])
        with opened.reading() as first, opened.reading() as second, opened.reading() as third:
            assert [session.scalar(COUNTED) for session in (first, second, third)] == [1, 1, 1]
        yield opened
        opened.close()


@pytest.mark.parametrize("way", WAYS)
def test_connections_that_the_server_cut_while_they_lay_idle_are_replaced(
    served: Database, way: Callable[[Database], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_TRUSTED", 0.05)
    cut(served)
    time.sleep(0.1)
    assert [way(served) for _ in range(3)] == [1, 1, 1]
    together(*[lambda: way(served)] * 3)


def test_a_connection_is_trusted_for_a_second_and_no_longer(served: Database) -> None:
    def asked() -> list[str]:
        assert ask(served) == reading(served) == 1
        return statements

    statements: list[str] = []
    real = served.engine.dialect.do_ping
    served.engine.dialect.do_ping = lambda connection: statements.append("ping") or real(connection)  # type: ignore[func-returns-value, method-assign]
    assert asked() == []
    time.sleep(1.05)
    assert asked() == ["ping"], "the first use asks, the one right after it does not"


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_the_server_cut_just_before_is_a_clear_error_and_the_next_works(
    served: Database, way: Callable[[Database], object]
) -> None:
    assert way(served) == 1
    cut(served)
    with pytest.raises(StateError) as lost:
        way(served)
    assert "OFFENBAR_DATABASE_URL prüfen" in lost.value.message.de and "Next step" in lost.value.message.en
    assert [way(served) for _ in range(3)] == [1, 1, 1]


def test_a_connection_that_the_server_cuts_within_a_transaction_leaves_nothing_behind(served: Database) -> None:
    with pytest.raises(StateError), served.writing() as session:
        insert_or_ignore(session, Organization, [office(2)])
        session.flush()
        cut(served)
    assert [way(served) for way in WAYS] == [1] * 5


@pytest.mark.parametrize("kind", databases.KINDS)
def test_two_harvests_at_once_number_their_changes_without_gap_or_double(tmp_path: Path, kind: str) -> None:
    with (
        source_site.running() as site,
        databases.database_url(kind, tmp_path) as url,
        homes.home(tmp_path / "home", url) as instance,
    ):
        sources = []
        for name, numbers in (("a", range(40)), ("b", range(100, 140))):
            # The same titles, so that both want the same addresses.
            page = [source_site.Entry(f"satz-{n}", f"Datensatz {n % 100}") for n in numbers]
            site.put(f"/{name}.ttl", source_site.catalogue(site.url(f"/{name}.ttl"), page))
            sources.append(
                homes.define(instance, site, id=f"amt-{name}", department=f"Amt {name}", url=site.url(f"/{name}.ttl"))
            )
        statuses: list[str] = []
        together(*[lambda source=source: statuses.append(jobs.harvest(instance, source).status) for source in sources])  # type: ignore[misc]
        assert statuses == ["applied", "applied"]
        with instance.database.reading() as session:
            seqs = session.scalars(sa.select(Change.seq).order_by(Change.seq)).all()
            names = session.scalars(sa.select(DatasetRow.name)).all()
        assert seqs == list(range(1, 81))
        assert len(set(names)) == 80
        assert len(homes.shown_all(instance)) == 80


@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_harvest_leaves_the_same_on_every_database(tmp_path: Path, kind: str) -> None:
    with (
        source_site.running() as site,
        databases.database_url(kind, tmp_path) as url,
        homes.home(tmp_path / "home", url) as instance,
    ):
        source = homes.define(instance, site)
        site.put_catalogue([entries(*range(8)), [*entries(9), source_site.Entry("ohne", "")]])
        assert jobs.harvest(instance, source).status == "applied"
        assert jobs.harvest(instance, source).status == "unchanged"
        site.put_catalogue([[*entries(1, title="Neuer Titel " * 40), *entries(*range(2, 8))], entries(9)])
        assert homes.counted(jobs.harvest(instance, source)) == {"seen": 8, "updated": 1, "unchanged": 7, "missing": 1}
        assert homes.counted(jobs.harvest(instance, source))["removed"] == 1
        assert [kind for _, kind in homes.changes(instance)] == ["create"] * 9 + ["update", "withdraw"]
        assert len(homes.triples(instance)) > 80


@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_name_no_organisation_can_have(tmp_path: Path, kind: str) -> None:
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        client = create_app(instance).test_client()
        for tail in ("catalog", "catalog.ttl", "dump.nt"):
            assert client.get(f"/organization/a%00b/{tail}").status_code == 404


@pytest.mark.parametrize("kind", databases.KINDS)
def test_awkward_characters_stop_no_database(tmp_path: Path, kind: str) -> None:
    with (
        source_site.running() as site,
        databases.database_url(kind, tmp_path) as url,
        homes.home(tmp_path / "home", url) as instance,
    ):
        long = "ü%F0%9F%8C%B3" * 180
        page = [
            *entries(1, title="a\\u0000b \\U0001F333 \\u200f"),
            source_site.Entry(f"lang/{long}", "Lange Kennung"),
            source_site.Entry("lang", "x" * 5000, files=(site.url("/n%00ull.csv"),)),
            source_site.Entry("kennung", "Nur eine Kennung"),
        ]
        endless = "".join(map(chr, random.Random(1).sample(range(0x4E00, 0x9FFF), 3000)))
        text = source_site.catalogue(site.url("/1.ttl"), page) + (
            f'[] a dcat:Dataset ; dct:identifier "{endless}" ; dct:title "Endlos"@de ; dct:description "Lang."@de .\n'
            f'[] a dcat:Dataset ; dct:identifier "{endless}!" ; dct:title "Endlos"@de ; dct:description "Lang."@de .\n'
        )
        site.put("/1.ttl", text)
        site.put("/n%00ull.csv", "id,wert\n1,a\n", "text/csv")
        site.put_listing("/ablage/", ["n/"])
        site.put_listing("/ablage/n/", ["datapackage.json"])
        site.put(
            "/ablage/n/datapackage.json",
            '{"title": "Null\\u0000zeichen", "id": "n\\u0000", "resources": [{"path": "a.csv", "title": "x\\u0000"}]}',
            "application/json",
        )
        site.put("/ablage/n/a.csv", "id,wert\n1,a\x00b\n", "text/csv")
        for source in (homes.define(instance, site), homes.define_drop(instance, site, id="drop")):
            outcome = homes.harvest_and_check(instance, source)
            assert outcome.counts.seen == outcome.counts.created + outcome.counts.quarantined
            assert homes.harvest_and_check(instance, source).counts.updated == 0
