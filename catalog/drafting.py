"""A new dataset out of what a steward gives: flags, a file, the department's template; and what follows from that without asking. Pure but for reading files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from catalog import bulk, bulk_files, package_fields
from dcat import marked_yaml, naming
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message

_YAML = (".yaml", ".yml", ".json")
# What makes a dataset this one and no other: templates and examples do not hand it on.
_OWN = ("name", "title", "notes", "title_translated", "notes_translated", "resources", "state", "private")


@dataclass(frozen=True, slots=True)
class Draft:
    """A dataset to be created: the arguments of the action, and the local files that follow, each with fields of its resource."""

    arguments: dict[str, Any]
    files: tuple[tuple[Path, dict[str, Any]], ...]


def read(path: Path) -> list[dict[str, Any]]:
    """Read datasets from a file: YAML with one of them or a list, or a table with one in each row."""
    if path.suffix.lower() not in _YAML:
        table = bulk_files.read(path, bulk.known_columns() | {"resources"})
        rows = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
        return [
            package_fields.arguments(
                {name: text for name, text in row.items() if text and name and name not in bulk.KEYS}
            )
            for row in rows
        ]
    value = read_yaml(path)
    given = value if isinstance(value, list) else [value]
    if not all(isinstance(one, Mapping) for one in given):
        raise ConfigError(
            Message(
                f"{path.name}: erwartet werden Felder eines Datensatzes, wie title: Baumkataster",
                f"{path.name}: fields of a dataset are expected, such as title: Tree register",
            )
        )
    return [package_fields.arguments(one) for one in given if isinstance(one, Mapping)]


def read_yaml(path: Path) -> marked_yaml.Value:
    """Read a small YAML file; UnreadableError names the line."""
    if path.stat().st_size > marked_yaml.LARGEST:
        raise ConfigError(Message(f"{path.name} ist zu groß.", f"{path.name} is too large."))
    try:
        return marked_yaml.read_marked(path.read_bytes()).value
    except marked_yaml.MarkedError as error:
        raise ConfigError(
            Message(
                f"{path.name}, Zeile {error.line}: {error.message.de}",
                f"{path.name}, line {error.line}: {error.message.en}",
            )
        ) from error


def template(folder: Path, name: str, *, required: bool) -> dict[str, Any]:
    """Read a template of the folder: the one asked for, or a department's own, which need not exist."""
    file = folder / f"{name}.yaml"
    plain = PurePosixPath(name).name == name
    if not plain or not file.is_file():
        if not required:
            return {}
        there = ", ".join(sorted(one.stem for one in folder.glob("*.yaml"))) if folder.is_dir() else ""
        raise NotFoundError(
            Message(
                f"Eine Vorlage „{name[:60]}“ gibt es nicht (vorhanden: {there or '-'}; Ordner {folder}).",
                f"There is no template “{name[:60]}” (present: {there or '-'}; folder {folder}).",
            )
        )
    value = read_yaml(file)
    if not isinstance(value, Mapping):
        raise ConfigError(Message(f"{file.name}: keine Felder.", f"{file.name}: no fields."))
    return shared(package_fields.arguments(value))


def shared(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a dataset what another one of the same department may have in common with it."""
    return {name: value for name, value in arguments.items() if name not in _OWN and value}


def like(package: Mapping[str, Any]) -> dict[str, Any]:
    """Take over from an existing package what a similar dataset has in common with it."""
    given = {field: text for field, text in bulk.cells(package).items() if text}
    return shared(package_fields.arguments(given))


def draft(arguments: Mapping[str, Any], resources: Iterable[str], folder: Path) -> Draft:
    """Put a dataset together: resources that are files are kept apart, title and name follow where they are not given.

    ConfigError names a file that is not there. `folder` is where names of files count from.
    """
    links: list[dict[str, Any]] = []
    files: list[tuple[Path, dict[str, Any]]] = []
    listed = package_fields.arguments({"resources": list(resources)})["resources"]
    for resource in (*arguments.get("resources", ()), *listed):
        fields = {name: value for name, value in resource.items() if name != "file"}
        if not resource.get("file"):
            links.append({"name": _label(fields.get("url", "")), **fields})
            continue
        path = folder / str(resource["file"])
        if not path.is_file():
            raise ConfigError(Message(f"Die Datei {path} gibt es nicht.", f"There is no file {path}."))
        files.append((path, {"name": path.name, **fields}))
    found = {**arguments, "resources": links}
    if not found.get("title"):
        found["title"] = proposed_title(files, links)
    if not found.get("name") and found["title"]:
        found["name"] = naming.slug(found["title"])
    return Draft(found, tuple(files))


def proposed_title(files: Iterable[tuple[Path, Mapping[str, Any]]], links: Iterable[Mapping[str, Any]]) -> str:
    """Propose a title from the name of the first file; empty where there is none."""
    name = next((path.name for path, _ in files), "") or next((_label(link.get("url", "")) for link in links), "")
    words = " ".join(PurePosixPath(name).stem.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:]


def _label(url: Any) -> str:
    """Name a linked file by the end of its address."""
    try:
        return unquote(PurePosixPath(urlsplit(str(url)).path).name, errors="replace")
    except ValueError:
        return ""
