"""The design system: pinned, free of download addresses, copied whole and repeatable."""

import json
from pathlib import Path

import pytest

from catalog.web import vendor
from catalog.web.assets import KERN, KERN_FOLDER
from dcat.errors import ConfigError

ROOT = vendor.ROOT


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def package(root: Path, version: str = KERN) -> None:
    fonts = root / vendor.PACKAGE / "dist" / "fonts" / "fira-sans"
    fonts.mkdir(parents=True)
    (root / vendor.PACKAGE / "package.json").write_text(json.dumps({"version": version}))
    (root / vendor.PACKAGE / "LICENSE.md").write_text("EUPL")
    (root / vendor.PACKAGE / "dist" / "kern.min.css").write_text("a{}")
    for name, _ in vendor.FONTS:
        (fonts / name).write_bytes(b"wOF2")


def test_the_lock_file_pins_without_addresses() -> None:
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock and "http" not in lock
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    assert wanted == {"@kern-ux/native": KERN}
    assert json.loads(lock)["packages"]["node_modules/@kern-ux/native"]["integrity"].startswith("sha512-")


def test_copying_twice_gives_the_same_files_with_their_licences(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "static" / "vendor" / "kern" / "1.0.0").mkdir(parents=True)
    target = vendor.copy(tmp_path, tmp_path / "static")
    before = tree(tmp_path / "static")
    assert vendor.copy(tmp_path, tmp_path / "static") == target == tmp_path / "static" / KERN_FOLDER
    assert tree(tmp_path / "static") == before
    assert not (tmp_path / "static" / "vendor" / "kern" / "1.0.0").exists()
    assert "SIL OPEN FONT LICENSE" in (target / "fonts" / "OFL.txt").read_text("utf-8")
    assert (target / "LICENSE-KERN.md").is_file()


@pytest.mark.parametrize("version", ["", "2.0.0"])
def test_a_missing_package_is_said_with_the_next_step(tmp_path: Path, version: str) -> None:
    if version:
        package(tmp_path, version)
    with pytest.raises(ConfigError) as caught:
        vendor.copy(tmp_path, tmp_path / "static")
    assert "make install" in caught.value.message.de and "make install" in caught.value.message.en
