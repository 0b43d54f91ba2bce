"""The file store: bytes by their hash, once, whole or not at all."""

import datetime
import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from catalog.files import Files

BODY = b"id;baum\n1;Linde\n"
DIGEST = hashlib.sha256(BODY).hexdigest()


def kept(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_put_in_comes_out_by_its_hash(tmp_path: Path) -> None:
    files = Files(str(tmp_path / "ablage"))
    assert not files.has(DIGEST)
    assert files.put(BODY) == DIGEST
    assert files.has(DIGEST) and files.get(DIGEST) == BODY
    assert kept(tmp_path) == [f"ablage/{DIGEST[:2]}/{DIGEST}"]


@pytest.mark.parametrize("size", [0, 1, 5, 100])
def test_pieces_make_the_whole(tmp_path: Path, size: int) -> None:
    files = Files(str(tmp_path))
    body = bytes(range(256)) * size
    pieces = list(files.stream(files.put(body), 100))
    assert b"".join(pieces) == body and all(len(piece) == 100 for piece in pieces[:-1])


def test_the_same_bytes_are_kept_once_and_not_written_again(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    (path,) = [tmp_path / name for name in kept(tmp_path) or [f"{DIGEST[:2]}/{files.put(BODY)}"]]
    before = path.stat().st_ino
    assert files.put(BODY) == DIGEST
    source = tmp_path.parent / f"{tmp_path.name}.csv"
    source.write_bytes(BODY)
    files.put_file(source, DIGEST)
    assert path.stat().st_ino == before and len(kept(tmp_path)) == 1


def test_a_local_file_is_copied(tmp_path: Path) -> None:
    source = tmp_path / "baeume.csv"
    source.write_bytes(BODY)
    files = Files(str(tmp_path / "ablage"))
    files.put_file(source, DIGEST)
    assert files.get(DIGEST) == BODY and source.read_bytes() == BODY


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        files.get(DIGEST)
    with pytest.raises(FileNotFoundError):
        next(files.stream(DIGEST))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", DIGEST[:63], DIGEST + "0", "../" + DIGEST[3:]])
def test_only_hashes_are_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(AssertionError):
        Files(str(tmp_path)).get(name)


def test_half_a_file_never_has_a_name(tmp_path: Path) -> None:
    files = Files(str(tmp_path))

    def fill(target) -> None:
        target.write(BODY[:5])
        target.flush()
        assert not files.has(DIGEST)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files._write(DIGEST, fill)
    assert not files.has(DIGEST) and kept(tmp_path) == []


def test_two_writers_of_the_same_bytes_do_not_meet(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    both, errors = threading.Barrier(2, timeout=20), []

    def write() -> None:
        def fill(target) -> None:
            target.write(BODY[:5])
            both.wait()
            target.write(BODY[5:])
            both.wait()

        try:
            files._write(DIGEST, fill)
        except OSError as error:
            errors.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == [] and files.get(DIGEST) == BODY
    assert kept(tmp_path) == [f"{DIGEST[:2]}/{DIGEST}"]


def test_what_is_written_anew_while_it_is_let_go_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, day = Files(str(tmp_path)), datetime.timedelta(days=1)
    files.put(BODY)
    old = time.time() - 2 * day.total_seconds()
    os.utime(files.local(DIGEST, tmp_path), (old, old))
    looked, go_on, real = threading.Event(), threading.Event(), Files.age

    def slow(self: Files, digest: str) -> datetime.timedelta:
        found = real(self, digest)
        if threading.current_thread() is sweeper:
            looked.set()
            assert go_on.wait(20)
        return found

    monkeypatch.setattr(Files, "age", slow)
    sweeper = threading.Thread(target=files.drop, args=(DIGEST, day))
    sweeper.start()
    assert looked.wait(20)
    writer = threading.Thread(target=files.put, args=(BODY,))
    writer.start()
    writer.join(0.3)
    go_on.set()
    for thread in (sweeper, writer):
        thread.join(20)
    assert files.get(DIGEST) == BODY
    assert not files.drop(DIGEST, day), "it is new now"
    assert files.drop(DIGEST, day * 0) and not files.has(DIGEST) and not files.drop(DIGEST, day * 0)


def test_ready(tmp_path: Path) -> None:
    assert Files(str(tmp_path / "neu" / "tief")).ready()
    assert (tmp_path / "neu" / "tief").is_dir()
    (tmp_path / "datei").write_text("")
    assert not Files(str(tmp_path / "datei" / "ablage")).ready()
