"""What a table shall be that programs create: its columns, key and aliases, read from the arguments of CKAN's DataStore actions."""

import re
from dataclasses import replace
from typing import Any

from catalog import datastore_tables, datastore_types
from catalog.api.actions import table_answers
from catalog.api.actions.call import Call, invalid, not_found
from catalog.datastore_types import Column, NoValueError
from catalog.datastore_writing import Change
from catalog.models_desk import DeskTable
from catalog.store import UUID

MAX_COLUMNS = 500
MAX_ALIASES = 20
_ALIAS = re.compile(r"[^\W\d][\w .-]{0,61}[\w.-]|[^\W\d]")


def same(base: DeskTable | None) -> Change:
    """Start from the table as it is; 404 when it went away meanwhile."""
    if base is None:
        raise not_found()
    return Change(columns=datastore_tables.columns(base), key=tuple(base.key), aliases=tuple(base.aliases))


def defined(call: Call, base: DeskTable | None, fields: tuple[Column, ...], records: tuple[Any, ...]) -> Change:
    """Say what a table shall be that is created, or created again: columns may come, none becomes another.

    The first record may bring columns that nobody named; with `delete_fields` those go that `fields` leaves out.
    """
    before = same(base) if base else Change(columns=())
    known = {column.id: column for column in before.columns}
    _require_order(tuple(known), tuple(one.id for one in fields))
    named = {one.id for one in fields}
    kept = tuple(one for one in before.columns if one.id in named or not call.flag("delete_fields"))
    wanted = [*fields, *(Column(name, "") for name in _brought(base, fields, records) if name not in named)]
    stated = [replace(one, type=one.type or _guessed(one.id, records)) for one in wanted if one.id not in known]
    said = {one.id: one.info for one in fields if one.info}
    columns = tuple(replace(one, info=said.get(one.id, one.info)) for one in (*kept, *stated))
    _require_names(columns)
    _require_indexes(call, columns)
    key = _key(call, columns) if "primary_key" in call.arguments else before.key
    if gone := [name for name in key if name not in {one.id for one in columns}]:
        raise invalid(primary_key=f'field "{gone[0]}" belongs to the key and cannot be deleted')
    aliases = _aliases(call) if "aliases" in call.arguments else before.aliases
    return Change(
        columns=columns,
        key=key,
        aliases=aliases,
        records=records,
        unique=bool(base and key and key != before.key),
    )


def _brought(base: DeskTable | None, fields: tuple[Column, ...], records: tuple[Any, ...]) -> list[str]:
    """Name the columns that records bring: the first one to a table that has some, all of them to one of which nothing is known."""
    return _named(records[:1] if base or fields else records)


def _require_order(known: tuple[str, ...], given: tuple[str, ...]) -> None:
    """409 where columns that are there are named in another order."""
    shared = [name for name in given if name in known]
    if wrong := next((now for now, was in zip(shared, sorted(shared, key=known.index), strict=True) if now != was), ""):
        raise invalid(fields=f'Supplied field "{wrong}" not present or in wrong order')


def _require_indexes(call: Call, columns: tuple[Column, ...]) -> None:
    """409 for an index on what is no column; none is made, since none is needed."""
    given = call.arguments.get("indexes")
    wanted = given if isinstance(given, list) else table_answers.names(call, "indexes")
    known = {column.id for column in columns}
    for one in (name for entry in wanted for name in (entry if isinstance(entry, list) else [entry])):
        if one not in known:
            raise invalid(indexes=f'The following fields could not be found: "{str(one)[:100]}"')


def _require_names(columns: tuple[Column, ...]) -> None:
    if len(columns) > MAX_COLUMNS:
        raise invalid(fields=f"A table takes at most {MAX_COLUMNS} fields")
    folded = [column.id.lower() for column in columns]
    if len(set(folded)) < len(folded):
        raise invalid(fields="Two fields have the same name; upper and lower case make no difference")
    for column in columns:
        if misfit := datastore_types.column_misfit(column.id):
            raise invalid(fields=misfit)


def fields(call: Call) -> tuple[Column, ...]:
    """Read `fields`: objects with id, type, info. A type that is missing is guessed from the records later on."""
    given = table_answers.nested(call, "fields") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise invalid(fields="Must be a list of objects with id and type")
    found = []
    for one in given:
        if misfit := datastore_types.column_misfit(one.get("id")):
            raise invalid(fields=misfit)
        info = one.get("info") or {}
        if not isinstance(info, dict) or len(str(info)) > 10_000:
            raise invalid(fields=f'"{one["id"]}": info must be a small object')
        try:
            found.append(
                Column(one["id"], datastore_types.type_named(str(one["type"])) if one.get("type") else "", info)
            )
        except NoValueError as error:
            raise invalid(fields=str(error)) from None
    if found:
        _require_names(tuple(found))
    return tuple(found)


def records(call: Call) -> tuple[Any, ...]:
    """Read `records`: the rows as they came; what is no row is found when they are written."""
    given = table_answers.nested(call, "records")
    if given is not None and not isinstance(given, list):
        raise invalid(records="Must be a list of objects")
    return tuple(given or ())


def _named(records: tuple[Any, ...]) -> list[str]:
    """Name the columns that records have, in the order they come."""
    names = [name for record in records if isinstance(record, dict) for name in record]
    return list(dict.fromkeys(names))


def _guessed(name: str, records: tuple[Any, ...]) -> str:
    return datastore_types.guessed(record.get(name) for record in records if isinstance(record, dict))


def _key(call: Call, columns: tuple[Column, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(table_answers.names(call, "primary_key")))
    known = {column.id for column in columns}
    if missing := [name for name in names if name not in known]:
        raise invalid(primary_key=f'field "{missing[0][:100]}" not in table')
    return names


def _aliases(call: Call) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(table_answers.names(call, "aliases")))
    if len(found) > MAX_ALIASES or not all(_ALIAS.fullmatch(one) and not UUID.fullmatch(one) for one in found):
        raise invalid(
            aliases=f"At most {MAX_ALIASES} names of letters, digits, spaces, _, . and -, none of them a UUID"
        )
    return found
