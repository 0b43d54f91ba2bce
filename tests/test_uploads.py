"""Large files in pieces: the tus protocol as its specification has it, whose an upload is, and going on after an interruption."""

import base64
import datetime
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import command_line
import desks
import pytest
from command_line import Run
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog import jobs, sending, uploads
from catalog.access import Actor
from catalog.app import create_app
from catalog.files import Files
from catalog.instance import Instance
from catalog.remote import RemoteSite, Reply
from dcat.errors import FetchError, NotFoundError, StateError

TUS = {"Tus-Resumable": "1.0.0"}
DATA = bytes(range(256)) * 40


@pytest.fixture
def client(instance: Instance) -> FlaskClient:
    return create_app(instance).test_client()


@pytest.fixture
def owner(instance: Instance) -> dict[str, str]:
    """The headers of somebody who may write."""
    return {**TUS, "Authorization": command_line.token(instance)}


def begin(client: FlaskClient, headers: dict[str, str], size: int = len(DATA), name: str = "große.csv") -> str:
    coded = base64.b64encode(name.encode()).decode()
    given = {**headers, "Upload-Length": str(size), "Upload-Metadata": f"filename {coded},filetype dGV4dC9jc3Y="}
    answer = client.post("/api/upload", headers=given)
    assert answer.status_code == 201 and answer.headers["Tus-Resumable"] == "1.0.0" and answer.headers["Upload-Expires"]
    return "/api/upload/" + answer.headers["Location"].rpartition("/")[2]


def patch(client: FlaskClient, path: str, headers: dict[str, str], offset: int, data: bytes) -> TestResponse:
    given = {**headers, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.patch(path, headers=given, data=data)


def test_creation_pieces_and_the_resource(client: FlaskClient, owner: dict[str, str], instance: Instance) -> None:
    options = client.options("/api/upload")
    assert options.status_code == 204 and options.headers["Tus-Version"] == "1.0.0"
    assert "creation" in options.headers["Tus-Extension"] and int(options.headers["Tus-Max-Size"]) > 0
    path = begin(client, owner)
    first = patch(client, path, owner, 0, DATA[:4000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "4000")
    state = client.head(path, headers=owner)
    assert (state.headers["Upload-Offset"], state.headers["Upload-Length"]) == ("4000", str(len(DATA)))
    assert state.headers["Cache-Control"] == "no-store"
    wrong = patch(client, path, owner, 0, DATA)
    assert (wrong.status_code, wrong.headers["Upload-Offset"]) == (409, "4000")

    row = desks.write(instance, desks.office(instance, "gruenamt"))
    call = {"package_id": row.id, "upload_id": path.rpartition("/")[2]}
    early = client.post("/api/3/action/resource_create", json=call, headers=owner)
    assert early.status_code == 409 and "4000 of" in early.get_json()["error"]["upload_id"][0]
    assert patch(client, path, owner, 4000, DATA[4000:]).status_code == 204
    made = client.post("/api/3/action/resource_create", json=call, headers=owner).get_json()["result"]
    assert (made["name"], made["size"], made["url_type"]) == ("große.csv", len(DATA), "upload")
    assert made["mimetype"] == "text/csv" and instance.files.get(made["hash"])[:] == DATA
    assert client.delete(path, headers=owner).status_code == 204
    assert client.head(path, headers=owner).status_code == 404


def test_an_upload_is_its_owners(client: FlaskClient, owner: dict[str, str], instance: Instance) -> None:
    path = begin(client, owner)
    other = {**TUS, "Authorization": command_line.token(instance, "andere")}
    assert patch(client, path, other, 0, b"x").status_code == 404
    assert client.head(path, headers=other).status_code == 404 == client.delete(path, headers=other).status_code
    row = desks.write(instance, desks.office(instance, "gruenamt"))
    call = {"package_id": row.id, "upload_id": path.rpartition("/")[2]}
    assert client.post("/api/3/action/resource_create", json=call, headers=other).status_code == 409
    assert client.post("/api/upload", headers={**TUS, "Upload-Length": "3"}).status_code == 403
    assert client.head(path, headers=TUS).status_code == 403
    for wrong in ("../../etc/passwd", "..", "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011"):
        assert client.head(f"/api/upload/{wrong}", headers=owner).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2", "Upload-Length": "3"}, 412),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "drei"}, 400),
        ({}, 400),
        ({"Upload-Length": "999999999999"}, 413),
        ({"Upload-Length": "3", "Upload-Metadata": "filename %%%,,x \udcff"}, 201),
    ],
)
def test_beginnings(client: FlaskClient, owner: dict[str, str], headers: dict[str, str], status: int) -> None:
    headers = {key: value.encode("utf-8", "surrogateescape").decode("latin-1") for key, value in headers.items()}
    assert client.post("/api/upload", headers={**owner, **headers}).status_code == status


def test_pieces_that_do_not_fit(client: FlaskClient, owner: dict[str, str]) -> None:
    path = begin(client, owner, size=10)
    assert patch(client, path, owner, 0, b"x" * 11).status_code == 413
    assert client.patch(path, headers={**owner, "Upload-Offset": "0"}, data=b"x").status_code == 415
    assert patch(client, path, {**owner, "Upload-Offset": ""}, 11, b"x").status_code in (409, 413)
    assert client.head(path, headers=owner).headers["Upload-Offset"] == "0"


def test_names_are_only_names(client: FlaskClient, owner: dict[str, str], instance: Instance) -> None:
    path = begin(client, owner, size=1, name="../../../etc/pass\nwd.csv")
    patch(client, path, owner, 0, b"x")
    row = desks.write(instance, desks.office(instance, "gruenamt"))
    call = {"package_id": row.id, "upload_id": path.rpartition("/")[2]}
    made = client.post("/api/3/action/resource_create", json=call, headers=owner).get_json()["result"]
    assert made["name"] == "pass wd.csv"


def test_nobody_begins_too_many_and_what_is_over_goes(instance: Instance) -> None:
    actor = Actor(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011")
    made = [uploads.begin(instance.config, actor, "a", "", 3) for _ in range(uploads.MOST)]
    with pytest.raises(StateError):
        uploads.begin(instance.config, actor, "a", "", 3)
    old = time.time() - uploads.LASTS - 60
    os.utime(instance.config.home / "uploads" / made[0].id / "data", (old, old))
    jobs.keep_house(instance)
    left = {one.name for one in (instance.config.home / "uploads").iterdir()}
    assert left == {one.id for one in made[1:]}


def test_however_many_begin_at_once_the_limit_holds(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = Actor(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011")
    for _ in range(uploads.MOST - 2):
        uploads.begin(instance.config, actor, "a", "", 3)
    real, made, refused = uploads._read, [], []

    def slow(folder: Path) -> uploads.Upload | None:
        time.sleep(0.002)
        return real(folder)

    def begin() -> None:
        try:
            made.append(uploads.begin(instance.config, actor, "a", "", 3))
        except StateError as error:
            refused.append(error)

    monkeypatch.setattr(uploads, "_read", slow)
    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(made), len(refused)) == (2, 4)


class Ending(io.BytesIO):
    """A body that comes in pieces of three bytes, and somebody lets the upload go before the second."""

    def __init__(self, data: bytes, end: Callable[[], object]) -> None:
        super().__init__(data)
        self._end = end

    def readinto(self, target: Any) -> int:
        if self.tell() == 3:
            self._end()
        piece = super().read(min(3, len(target)))
        target[: len(piece)] = piece
        return len(piece)

    def read(self, size: int | None = -1) -> bytes:
        target = bytearray(3 if size is None or size < 0 else size)
        return bytes(target[: self.readinto(target)])


def test_an_upload_that_is_let_go_while_it_comes_is_not_there(client: FlaskClient, owner: dict[str, str]) -> None:
    path = begin(client, owner, size=6)
    ended: list[int] = []
    body = Ending(
        b"abcdef", lambda: ended.append(client.application.test_client().delete(path, headers=owner).status_code)
    )
    given = {**owner, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Content-Length": "6"}
    answer = client.patch(path, headers=given, input_stream=body)
    assert (ended, answer.status_code) == ([204], 404)
    assert client.head(path, headers=owner).status_code == 404


def test_an_upload_that_is_let_go_just_before_is_not_there(
    client: FlaskClient, owner: dict[str, str], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = desks.write(instance, desks.office(instance, "gruenamt"))
    partly, whole = begin(client, owner), begin(client, owner)
    assert patch(client, whole, owner, 0, DATA).status_code == 204
    real = uploads.find

    def found_and_gone(*given: Any) -> uploads.Upload:
        found = real(*given)
        uploads.drop(instance.config, found.id)
        return found

    monkeypatch.setattr(uploads, "find", found_and_gone)
    assert patch(client, partly, owner, 0, DATA).status_code == 404
    call = {"package_id": row.id, "upload_id": whole.rpartition("/")[2]}
    answer = client.post("/api/3/action/resource_create", json=call, headers=owner)
    assert answer.status_code == 409 and answer.get_json()["error"]["upload_id"] == ["There is no such upload"]


def test_an_upload_that_is_let_go_while_it_is_kept_is_kept_whole(instance: Instance) -> None:
    actor = Actor(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011")
    made = uploads.begin(instance.config, actor, "a", "", len(DATA))
    uploads.append(instance.config, made, 0, io.BytesIO(DATA))
    found = uploads.find(instance.config, actor, made.id)

    class Slow(Files):
        def age(self, digest: str) -> datetime.timedelta:
            uploads.drop(instance.config, made.id)
            return super().age(digest)

    digest = uploads.keep(instance.config, Slow(instance.config.files_url), found)
    assert instance.files.get(digest)[:] == DATA
    with pytest.raises(NotFoundError):
        uploads.keep(instance.config, instance.files, found)


def test_two_writers_at_once_do_not_mix(instance: Instance) -> None:
    actor = Actor(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40011")
    made = uploads.begin(instance.config, actor, "a", "", 6)
    reading, go_on = threading.Event(), threading.Event()

    class Slow:
        def __init__(self) -> None:
            self.pieces = [b"abc", b"def", b""]

        def read(self, size: int) -> bytes:
            reading.set()
            assert go_on.wait(10)
            return self.pieces.pop(0)

    first = threading.Thread(target=uploads.append, args=(instance.config, made, 0, Slow()))
    first.start()
    assert reading.wait(10)
    with pytest.raises(uploads.BusyError):
        uploads.append(instance.config, made, 0, Slow())  # type: ignore[arg-type]
    go_on.set()
    first.join()
    assert (instance.config.home / "uploads" / made.id / "data").read_bytes() == b"abcdef"


@pytest.fixture
def far(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Run, RemoteSite]]:
    """Commands that work on a remote site with one dataset; files are large from 1,000 bytes on."""
    desks.write(instance, desks.office(instance, "gruenamt"))
    monkeypatch.setattr(sending, "LARGE", 1000)
    monkeypatch.setattr(sending, "PIECE", 1000)
    monkeypatch.setattr(sending, "PAUSE", 0.01)
    with command_line.served(instance) as address:
        text = command_line.token(instance)
        run = command_line.runner(monkeypatch, capsys, tmp_path / "nothing", OFFENBAR_TOKEN=text)
        yield lambda *arguments: run(*arguments, "--site", address), RemoteSite(address, text)


def test_a_transfer_goes_on_where_it_broke_off(
    far: tuple[Run, RemoteSite], instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = far
    file = tmp_path / "gross.csv"
    file.write_bytes(DATA)
    sent: list[int] = []
    real = RemoteSite.send

    def broken(self: RemoteSite, method: str, url: str, headers: Any, data: Any = None, files: Any = None) -> Reply:
        if method == "PATCH" and len(sent) >= 3:
            raise self.failure("connection", "cut")
        if method == "PATCH":
            sent.append(int(headers["Upload-Offset"]))
        return real(self, method, url, headers, data, files)

    monkeypatch.setattr(RemoteSite, "send", broken)
    failed = run("dataset", "upload", "baeume", file)
    assert failed.code == 2 and "macht weiter" in failed.err and sent == [0, 1000, 2000]

    def counted(self: RemoteSite, method: str, url: str, headers: Any, data: Any = None, files: Any = None) -> Reply:
        if method == "PATCH":
            sent.append(int(headers["Upload-Offset"]))
        return real(self, method, url, headers, data, files)

    monkeypatch.setattr(RemoteSite, "send", counted)
    done = run("dataset", "upload", "baeume", file, "--json")
    assert done.code == 0, done.err
    assert sent == list(range(0, len(DATA), 1000)), "no piece was sent twice"
    assert instance.files.get(done.data["hash"])[:] == DATA and done.data["name"] == "gross.csv"
    assert list((instance.config.home / "uploads").iterdir()) == []


def test_a_short_interruption_is_not_noticed(
    far: tuple[Run, RemoteSite], instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = far
    file = tmp_path / "gross.csv"
    file.write_bytes(DATA)
    real, calls = RemoteSite.send, [0]

    def shaky(self: RemoteSite, method: str, url: str, headers: Any, data: Any = None, files: Any = None) -> Reply:
        reply = real(self, method, url, headers, data, files)
        calls[0] += 1
        if method == "PATCH" and calls[0] % 3 == 0:
            # It arrived, and the answer did not.
            raise self.failure("connection", "cut")
        return reply

    monkeypatch.setattr(RemoteSite, "send", shaky)
    done = run("dataset", "create", "--title", "Groß", "--resource", file, "--json")
    assert done.code == 0, done.err
    assert instance.files.get(done.data["resources"][0]["hash"])[:] == DATA


def test_an_upload_that_is_gone_begins_anew(far: tuple[Run, RemoteSite], instance: Instance, tmp_path: Path) -> None:
    run, site = far
    file = tmp_path / "gross.csv"
    file.write_bytes(DATA)
    begun = sending._Sender(site, file, lambda done: None)._begin()
    assert begun is not None
    uploads.drop(instance.config, begun.url.rpartition("/")[2])
    done = run("dataset", "upload", "baeume", file, "--json")
    assert done.code == 0 and instance.files.get(done.data["hash"])[:] == DATA
    with pytest.raises(FetchError):
        RemoteSite("http://127.0.0.1:9").send("HEAD", "http://127.0.0.1:9/", {})
