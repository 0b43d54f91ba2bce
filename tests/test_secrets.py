"""Secrets of source definitions: read by reference, missing ones named, values never shown."""

from pathlib import Path

import pytest

from dcat.errors import ConfigError
from harvesters import secrets


def test_a_variable_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WI_PASSWORT", " Größe 1 ")
    assert secrets.read("env:WI_PASSWORT") == " Größe 1 "


@pytest.mark.parametrize("content", [b"geheim", b"geheim\n", b"geheim\r\n"])
def test_a_file_without_its_line_end(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wi").write_bytes(content)
    assert secrets.read(f"file:{tmp_path}/wi") == "geheim"


def test_a_key_keeps_its_lines(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("-----BEGIN-----\nAAAA\n-----END-----\n", "utf-8")
    assert secrets.read(f"file:{tmp_path}/key") == "-----BEGIN-----\nAAAA\n-----END-----"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:OFFENBAR_NOT_SET", "variable OFFENBAR_NOT_SET is missing or empty"),
        ("env:", "something other than a reference"),
        ("file:relative", "something other than a reference"),
        ("file:/no/such/file", "not readable (No such file or directory)"),
        ("file:/", "not readable (Is a directory)"),
        ("file:/a\0b", "not readable"),
        ("", "something other than a reference"),
    ],
)
def test_what_is_missing_is_named(reference: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        secrets.read(reference)
    assert words in error.value.message.en and error.value.message.de


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"\n", "empty"), (b"\xff\xfe", "UTF-8"), (b"x" * (secrets.LARGEST + 1), "64 KB")],
)
def test_files_that_hold_no_secret(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "wi").write_bytes(content)
    with pytest.raises(ConfigError) as error:
        secrets.read(f"file:{tmp_path}/wi")
    assert words in error.value.message.en


def test_what_may_be_the_secret_itself_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as error:
        secrets.read("sehr-geheim")
    assert "geheim" not in repr(error.value) and "sehr" not in str(error.value.message)
