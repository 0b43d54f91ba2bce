"""The source definitions as pages need them: a file is read once for each state of it, and one that cannot be read stops no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catalog.config import Config
from dcat.errors import ConfigError
from harvesters import source
from harvesters.registry import require_options
from harvesters.source import Source
from validators import schemas


@dataclass(frozen=True, slots=True)
class Definitions:
    """The sources that are defined, by id, and how many files cannot be read."""

    sources: Mapping[str, Source]
    unreadable: int = 0

    def find(self, source_id: str) -> Source | None:
        """Find a definition; None when it is gone or unreadable."""
        return self.sources.get(source_id)

    def left(self, source_id: str) -> bool:
        """Whether a source is no longer defined; while a file is unreadable nobody knows whose it is."""
        return source_id not in self.sources and not self.unreadable


def require(source: Source, config: Config) -> None:
    """Refuse a definition that names what is not there: a city, a schema, an option of its protocol. ConfigError or NotFoundError."""
    config.city(source.city)
    for _, schema_id in source.schemas:
        schemas.load(schema_id)
    require_options(source)


def present(folder: Path) -> Definitions:
    """Read the definitions of a folder as they are now."""
    files = [file for file in folder.glob("*.y*ml") if file.suffix in (".yaml", ".yml") and file.name[0] != "."]
    found = [_read(file, *_state(file)) for file in sorted(files)]
    usable = {each.id: each for each in reversed(found) if each}
    # Of two files with one id nobody knows which is meant: the first counts, and the other as unreadable.
    return Definitions(usable, len(found) - len(usable))


def _state(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


# Parsing takes some milliseconds for each file; there are a few hundred at most.
@lru_cache(maxsize=2000)
def _read(file: Path, _changed: int, _size: int) -> Source | None:
    try:
        return source.read(file.read_bytes(), file.name)
    except (ConfigError, OSError):
        return None
