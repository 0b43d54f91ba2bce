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
_ALIAS = re.compile(r"[A-Za-z_][\w-]{0,62}", re.ASCII)


def same(base: DeskTable | None) -> Change:
    """Start from the table as it is; 404 when it went away meanwhile."""
    if base is None:
        raise not_found()
    return Change(columns=datastore_tables.columns(base), key=tuple(base.key), aliases=tuple(base.aliases))


def defined(call: Call, base: DeskTable | None, fields: tuple[Column, ...], records: tuple[Any, ...]) -> Change:
    """Say what a table shall be that is created, or created again: columns may come, none goes or becomes another."""
    before = same(base) if base else Change(columns=())
    known = {column.id: column for column in before.columns}
    for column in fields:
        old = known.get(column.id)
        if old and column.type and old.type != column.type:
            raise invalid(fields=f'"{column.id}" is {old.type} and cannot become {column.type}')
    stated = [replace(one, type=one.type or _guessed(one.id, records)) for one in fields if one.id not in known]
    said = {one.id: one.info for one in fields if one.info}
    if not base and not fields:
        stated = [Column(name, _guessed(name, records)) for name in _named(records)]
    columns = tuple(replace(one, info=said.get(one.id, one.info)) for one in (*before.columns, *stated))
    _require_names(columns)
    key = _key(call, columns) if "primary_key" in call.arguments else before.key
    aliases = _aliases(call) if "aliases" in call.arguments else before.aliases
    return Change(
        columns=columns,
        key=key,
        aliases=aliases,
        records=records,
        unique=bool(base and key and key != before.key),
    )


def _require_names(columns: tuple[Column, ...]) -> None:
    if not columns:
        raise invalid(fields="A table needs fields, or records that name them")
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
        raise invalid(aliases=f"At most {MAX_ALIASES} names of letters, digits, _ and -, none of them a UUID")
    return found
