"""The door to a folder of this machine, through fsspec: nothing outside of it, no links out of it, nothing hidden, files only."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from fsspec.implementations.local import LocalFileSystem

from harvesters import drop_listing, places
from harvesters.doors import Found, Write, changed, hand_over, hand_over_listing
from harvesters.drop_listing import Entry
from harvesters.response import Response, Validators

_STEP = 1 << 18


class FolderDoor:
    """Leads into the folder at `url` (`folder:/path`)."""

    scheme = "folder"

    def __init__(self, url: str) -> None:
        self._home = places.folder_of(url)
        self._files = LocalFileSystem()

    def close(self) -> None:
        """Nothing stays open."""

    def fetch(self, url: str, asked: Validators, write: Write, limit: int) -> Response:
        """Hand over a file or the listing of a folder."""
        path, info = self._found(url)
        if places.read_place(url).is_folder:
            if info["type"] != "directory":
                raise places.missing(url)
            return hand_over_listing(url, drop_listing.write(self._entries(url, path)), asked, write, limit)
        if info["type"] != "file":
            raise places.missing(url)
        with self._opened(url, path) as file:
            if (state := _state(file)) != (info["ino"], info["size"], info["mtime"]):
                raise changed(url)
            found = Found(pieces=_pieces(url, file, state), size=state[1], modified=state[2], mark=str(state[0]))
            return hand_over(url, found, asked, write, limit, time.time())

    def look(self, url: str) -> Response:
        """Tell whether a file or folder is there."""
        self._found(url)
        return Response(url=url, status=200)

    def _found(self, url: str) -> tuple[str, Mapping[str, Any]]:
        """Give the real path of an address, which must lie in the folder, and what the file system says of it."""
        place = places.inside(url, self._home)
        top = places.read_place(self._home).path
        try:
            root, path = os.path.realpath(top, strict=True), os.path.realpath(place.path, strict=True)
            if not Path(path).is_relative_to(root):
                raise places.refused(url)
            return path, self._files.info(path)
        except PermissionError:
            raise places.missing(url, 403) from None
        except OSError:
            raise places.missing(url) from None

    def _entries(self, url: str, path: str) -> Iterator[Entry]:
        """List what may be read: files, those too that links inside the folder lead to, and real folders."""
        root = os.path.realpath(places.read_place(self._home).path)
        try:
            listed = self._files.ls(path, detail=True)
        except OSError:
            raise places.missing(url, 403) from None
        if len(listed) > drop_listing.MAX_ENTRIES:
            raise drop_listing.crowded(url)
        for info in listed:
            name = Path(info["name"]).name
            if info["islink"]:
                info = self._behind(info["name"], root)
            if name.startswith(".") or info["type"] not in ("file", "directory"):
                continue
            if info["type"] == "directory":
                yield Entry(name=f"{name}/")
            else:
                yield Entry(name=name, size=info["size"], modified=drop_listing.moment(info["mtime"]))

    def _behind(self, link: str, root: str) -> dict[str, Any]:
        """Look where a link leads; only files inside the folder count, since links to folders could go in circles."""
        try:
            path = os.path.realpath(link, strict=True)
            info: dict[str, Any] = self._files.info(path)
        except OSError:
            return {"type": "other"}
        return info if info["type"] == "file" and Path(path).is_relative_to(root) else {"type": "other"}

    def _opened(self, url: str, path: str) -> IO[bytes]:
        try:
            opened: IO[bytes] = self._files.open(path, "rb")
        except PermissionError:
            raise places.missing(url, 403) from None
        except OSError:
            raise places.missing(url) from None
        return opened


def _pieces(url: str, file: IO[bytes], state: tuple[int, int, float]) -> Iterator[bytes]:
    """Read a file; one that somebody writes at the same time would be half old and half new."""
    while piece := file.read(_STEP):
        yield piece
    if _state(file) != state:
        raise changed(url)


def _state(file: IO[bytes]) -> tuple[int, int, float]:
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime
