"""Many datasets as one table, and what a table that comes back would change. Pure: reads and writes neither files nor catalogue."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog import package_fields, site_errors
from catalog.bulk_files import Table, same
from catalog.package_fields import EXTRA, FIELDS, TEXTS
from dcat import ckan_input
from dcat.ckan_values import Refused
from dcat.errors import ConfigError
from dcat.message import Message

ID, CHANGED = "id", "metadata_modified"
# Columns that tell which dataset is meant, and in which state it was when the table was made.
KEYS = (ID, CHANGED)
_TRANSLATED = ("title", "notes")


@dataclass(frozen=True, slots=True)
class Known:
    """A dataset as the catalogue has it now: its package, and its version; no version means that it cannot be changed here."""

    package: Mapping[str, Any]
    etag: str


# Finds a dataset by id or name; None when there is none, or whoever asks may not see it.
Find = Callable[[str], Known | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that a row wants to be different."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one row wants: the fields with their differences, and the arguments of the action. Without an id the dataset is new."""

    row: int
    id: str = ""
    name: str
    etag: str = ""
    modified: str = ""
    differences: tuple[Difference, ...]
    arguments: Mapping[str, Any]
    before: Mapping[str, Any]
    """the same arguments as they are now: what takes the change back"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be followed, and why; a conflict when somebody has changed the dataset since the table was made."""

    row: int
    name: str
    why: Message
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a table wants: changes, rows that cannot be followed, and how many rows change nothing."""

    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]
    unchanged: int


def known_columns() -> frozenset[str]:
    """Name what columns may be called, in lower case: to tell the header from other rows."""
    return frozenset((*KEYS, *FIELDS, *package_fields.OTHER_NAMES))


def table(packages: Iterable[Mapping[str, Any]]) -> Table:
    """Write datasets as a table, one row each: first what tells which one it is, then all fields, translations and extras."""
    found = [(package[ID], package[CHANGED], cells(package)) for package in packages]
    further = {name for _, _, row in found for name in row}.difference(FIELDS)
    columns = (ID, "name", CHANGED, *(name for name in FIELDS if name != "name"), *sorted(further))
    rows = [{ID: key, CHANGED: changed, **row} for key, changed, row in found]
    return Table(columns, tuple(tuple(row.get(name, "") for name in columns) for row in rows))


def cells(package: Mapping[str, Any]) -> dict[str, str]:
    """Write the editable fields of a package as texts."""
    organization = package.get("organization") or {}
    return {
        **{name: str(package.get(name) or "") for name in TEXTS},
        "organization": organization.get("name") or package.get("owner_org") or "",
        "tags": ", ".join(tag["name"] for tag in package.get("tags") or ()),
        "groups": ", ".join(group["name"] for group in package.get("groups") or ()),
        "private": "true" if package.get("private") else "false",
        **{
            f"{name}@{language}": text
            for name in _TRANSLATED
            for language, text in (package.get(f"{name}_translated") or {}).items()
        },
        **{f"{EXTRA}{extra['key']}": extra["value"] for extra in package.get("extras") or ()},
    }


def compare(given: Table, find: Find) -> Plan:
    """Work out what a table wants. Columns that are missing stay as they are, an empty cell empties its field."""
    columns = [name if name in KEYS else package_fields.field_of(name) for name in given.columns if name]
    if twice := {name for name in columns if columns.count(name) > 1}:
        shown = ", ".join(sorted(twice))
        raise ConfigError(Message(f"Spalten stehen doppelt da: {shown}", f"Columns appear twice: {shown}"))
    changes: list[Change] = []
    faults: list[Fault] = []
    unchanged = 0
    seen: set[str] = set()
    for number, values in zip(given.numbers, given.rows, strict=True):
        row = dict(zip(columns, (v for v, name in zip(values, given.columns, strict=True) if name), strict=True))
        outcome = _row(number, row, find)
        target = outcome.id or outcome.name if isinstance(outcome, Change) else ""
        if target and target in seen:
            outcome = Fault(
                number, row.get("name", ""), Message("dieser Datensatz steht doppelt da", "this dataset appears twice")
            )
        if isinstance(outcome, Fault):
            faults.append(outcome)
        elif outcome.arguments:
            changes.append(outcome)
        else:
            unchanged += 1
        seen.add(target)
    return Plan(tuple(changes), tuple(faults), unchanged)


def _row(number: int, row: Mapping[str, str], find: Find) -> Change | Fault:
    key = row.get(ID, "").strip() or row.get("name", "").strip()
    if not key:
        return Fault(number, "", Message("weder id noch name", "neither id nor name"))
    known = find(key)
    try:
        if known is None:
            return _new(number, row)
        return _changed(number, row, known)
    except ConfigError as error:
        return Fault(number, key, error.message)


def _new(number: int, row: Mapping[str, str]) -> Change | Fault:
    name = row.get("name", "").strip()
    if row.get(ID, "").strip():
        return Fault(
            number, name, Message("einen Datensatz mit dieser id gibt es nicht", "there is no dataset with this id")
        )
    given = {field: text for field, text in row.items() if text and field not in KEYS}
    arguments = package_fields.arguments(given) | {"state": "draft"}
    if refused := _refused(arguments):
        return Fault(number, name, refused)
    differences = tuple(Difference(field, "", text) for field, text in given.items())
    return Change(row=number, name=name, differences=differences, arguments=arguments, before={})


def _changed(number: int, row: Mapping[str, str], known: Known) -> Change | Fault:
    package, present = known.package, cells(known.package)
    name = str(package["name"])
    wanted = {
        field: text
        for field, text in row.items()
        if field not in KEYS and not same(text, present.get(field, "")) and not (field == "name" and not text.strip())
    }
    differences = tuple(Difference(field, present.get(field, ""), text) for field, text in wanted.items())
    arguments = patch(package, wanted)
    if not arguments:
        return Change(row=number, id=package[ID], name=name, differences=(), arguments={}, before={})
    if not known.etag:
        why = Message(
            "wird geerntet oder gehört anderen; hier nicht zu ändern", "is harvested or others'; not to be changed here"
        )
        return Fault(number, name, why)
    then = row.get(CHANGED, "").strip()
    if then and then != package[CHANGED]:
        why = Message(
            f"inzwischen geändert (Tabelle: {then}, jetzt: {package[CHANGED]})",
            f"changed meanwhile (table: {then}, now: {package[CHANGED]})",
        )
        return Fault(number, name, why, conflict=True)
    if refused := _refused({**package, **arguments}):
        return Fault(number, name, refused)
    return Change(
        row=number,
        id=package[ID],
        name=name,
        etag=known.etag,
        modified=package[CHANGED],
        differences=differences,
        arguments=arguments,
        before={field: _as_given(package, field) for field in arguments},
    )


def patch(package: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, Any]:
    """Turn cells into the arguments of `package_patch`; keywords keep their vocabulary, extras their order."""
    found: dict[str, Any] = {}
    extras = {extra["key"]: extra["value"] for extra in package.get("extras") or ()}
    for field, text in wanted.items():
        base, _, language = field.partition("@")
        if field.startswith(EXTRA):
            key = field[len(EXTRA) :]
            extras = {**extras, key: text} if text else {one: value for one, value in extras.items() if one != key}
            found["extras"] = extras
        elif language:
            translated = f"{base}_translated"
            before = found.get(translated, package.get(translated) or {})
            found[translated] = {key: value for key, value in {**before, language: text}.items() if value}
        elif field == "tags":
            given = package_fields.words(text)
            kept = [tag for tag in package.get("tags") or () if tag["name"] in given]
            fresh = [name for name in given if name not in {tag["name"] for tag in kept}]
            found["tags"] = [*map(_plain_tag, kept), *({"name": name} for name in fresh)]
        else:
            found |= package_fields.arguments({field: text})
    if "extras" in found:
        found["extras"] = [{"key": key, "value": value} for key, value in extras.items()]
    return found


def _as_given(package: Mapping[str, Any], argument: str) -> Any:
    """Write a field of a package as an argument that brings it back."""
    value = package.get(argument)
    if argument == "tags":
        return [_plain_tag(tag) for tag in value or ()]
    if argument == "groups":
        return [{"id": group["id"]} for group in value or ()]
    if argument in ("private", "extras") or argument.endswith("_translated"):
        return value if value is not None else {}
    return value


def _plain_tag(tag: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": tag["name"], "vocabulary_id": tag.get("vocabulary_id")}


def _refused(package: Mapping[str, Any]) -> Message | None:
    """Say what is wrong with a package before anything is sent."""
    found = ckan_input.read_package(dict(package))
    return site_errors.read(site_errors.INVALID, found.errors).message if isinstance(found, Refused) else None
