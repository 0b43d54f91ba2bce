"""Downloads: our checked copies as attachments that nothing in a browser runs; everything else is not there."""

import hashlib
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import sqlalchemy as sa
from demo_home import DemoHome
from flask.testing import FlaskClient

from catalog import publishing, store
from catalog.app import create_app
from catalog.db import Database
from catalog.instance import Instance
from catalog.models import DatasetRow, FileRow
from catalog.public import FileState, PublicDataset, PublicFile
from examples import server


def found(catalogue: Instance) -> list[tuple[PublicDataset, PublicFile]]:
    with catalogue.database.reading() as session:
        views = store.views(session, list(session.scalars(sa.select(DatasetRow.id))))
        return [(shown, file) for shown in views for file in shown.files]


def one(catalogue: Instance, name: str) -> tuple[PublicDataset, PublicFile]:
    return next((shown, file) for shown, file in found(catalogue) if file.name == name)


def path(shown: PublicDataset, file: PublicFile, name: str = "") -> str:
    return f"/dataset/{shown.id}/resource/{file.id}/download/{name or quote(file.name)}"


def test_every_public_copy_can_be_had(public: FlaskClient, catalogue: Instance) -> None:
    copies = [(shown, file) for shown, file in found(catalogue) if file.state is FileState.PUBLIC]
    assert len(copies) > 10
    for _, file in copies:
        (address,) = file.distribution.download_url
        answer = public.get(urlsplit(address).path)
        assert answer.status_code == 200
        assert hashlib.sha256(answer.data).hexdigest() == file.copy
        assert len(answer.data) == int(answer.headers["Content-Length"]) == file.distribution.byte_size
        # What a mapping made of a department's file is ours alone.
        originals = [original.read_bytes() for original in server.ROOT.rglob(file.name)]
        assert answer.data in originals or file.derived_from


def test_nothing_in_it_runs(public: FlaskClient, catalogue: Instance) -> None:
    answer = public.get(path(*one(catalogue, "baumkataster.geojson")))
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''baumkataster.geojson"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


def test_umlauts_in_the_name(public: FlaskClient, catalogue: Instance) -> None:
    shown, file = one(catalogue, "Grünanlagen Größe 2025.csv")
    for name in ("", "Gr_nanlagen_Gr__e_2025.csv"):
        answer = public.get(path(shown, file, name))
        sent = "attachment; filename*=UTF-8''Gr%C3%BCnanlagen%20Gr%C3%B6%C3%9Fe%202025.csv"
        assert (answer.status_code, answer.headers["Content-Disposition"]) == (200, sent)


def test_validators_and_head(public: FlaskClient, catalogue: Instance) -> None:
    address = path(*one(catalogue, "baumkataster.csv"))
    answer = public.get(address)
    again = public.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert public.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    head = public.head(address)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("baumpaten.csv", FileState.HELD),
        ("fledermausquartiere.csv", FileState.WITHHELD),
        ("notwasserbrunnen.geojson", FileState.WITHHELD),
        ("baeume.csv", FileState.LINKED),
        ("gewerbeanmeldungen_2024.csv", FileState.LINKED),
    ],
)
def test_what_is_not_ours_to_give(public: FlaskClient, catalogue: Instance, name: str, state: FileState) -> None:
    shown, file = one(catalogue, name)
    assert file.state is state
    assert public.get(path(shown, file)).status_code == 404


def test_a_file_belongs_to_its_dataset(public: FlaskClient, catalogue: Instance) -> None:
    shown, _ = one(catalogue, "trinkbrunnen.csv")
    _, file = one(catalogue, "baumkataster.csv")
    assert public.get(path(shown, file)).status_code == 404


@pytest.mark.parametrize(
    "tail", ["..%2f..%2f..%2f..%2fetc%2fpasswd", "../../../../secret-key", "", "a/b", "%2e%2e/%2e%2e/offenbar.yaml"]
)
def test_path_tricks(public: FlaskClient, catalogue: Instance, tail: str) -> None:
    shown, file = one(catalogue, "baumkataster.csv")
    answer = public.get(f"/dataset/{shown.id}/resource/{file.id}/download/{tail}")
    assert answer.status_code in (200, 404, 405)
    # A name decides nothing: either there is no such address, or it is the file that the ids mean.
    assert answer.status_code != 200 or hashlib.sha256(answer.data).hexdigest() == file.copy


@pytest.mark.parametrize("identity", ["..", "%2e%2e", "x", "secret-key", "00000000-0000-4000-8000-000000000000"])
def test_ids_are_ids(public: FlaskClient, catalogue: Instance, identity: str) -> None:
    shown, file = one(catalogue, "baumkataster.csv")
    assert public.get(f"/dataset/{identity}/resource/{file.id}/download/x").status_code == 404
    assert public.get(f"/dataset/{shown.id}/resource/{identity}/download/x").status_code == 404


def test_a_copy_that_is_lost_is_not_there(demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    instance = home.open()
    shown, file = one(instance, "baumkataster.csv")
    (home.path / "files" / file.copy[:2] / file.copy).unlink()
    assert create_app(instance).test_client().get(path(shown, file)).status_code == 404
    instance.database.close()


def test_a_file_that_waits_for_its_check_is_not_given(demo: DemoHome, tmp_path: Path) -> None:
    instance = demo.copy(tmp_path / "home").open()
    shown, file = one(instance, "baumkataster.csv")
    _forget_check(instance.database, file.id)
    (source,) = instance.sources(("ffm-gruenflaechen",))
    publishing.refresh(instance.database, instance.config, source, instance.policies, "test", [shown.id])
    assert one(instance, "baumkataster.csv")[1].state is FileState.PENDING
    client = create_app(instance).test_client()
    assert client.get(path(shown, file)).status_code == 404
    assert client.get(f"/api/data/{file.id}").status_code == 404
    instance.database.close()


def _forget_check(database: Database, file_id: str) -> None:
    with database.writing() as session:
        row = session.get_one(FileRow, file_id)
        row.outcome, row.report, row.preview, row.sha256 = "", None, None, ""
