"""CKAN's DataStore: tables searched, described, and written by programs row by row. There is no SQL and there are no functions."""

from collections.abc import Mapping
from typing import Any

from catalog import datastore_tables
from catalog.api.actions import table_answers, tables_write
from catalog.api.actions.call import Action, Argument, Call, Raw, not_found
from catalog.datastore import Search, UnansweredError, WrongError
from catalog.datastore_run import runner
from catalog.datastore_tables import Table
from catalog.datastore_types import NATIVE, Column, is_list
from dcat.message import Message


def datastore_search(call: Call) -> Raw | dict[str, Any]:
    """Search the rows of a table."""
    name = call.required("resource_id", "id")
    if name == _ALL_TABLES:
        return _all_tables(call)
    table = _table(call, name)
    with table.stored(call.instance.files) as stored:
        asked = table_answers.read_search(call, stored)
        try:
            found = runner().search(asked)
        except WrongError as error:
            raise table_answers.wrong(error) from None
        except UnansweredError as error:
            raise table_answers.unanswered(error) from None
    return table_answers.answered(call, asked, found, table)


def _all_tables(call: Call) -> dict[str, Any]:
    """List the tables that everybody may read, as CKAN's view of this name does: each by its id, and by its aliases."""
    limit, offset = call.number("limit", table_answers.LIMIT, table_answers.MAX_LIMIT), call.number("offset", 0)
    total, found = datastore_tables.public_names(call.session, limit, offset)
    named = [(name, one) for one, aliases in found for name in ("", *aliases)]
    records = [
        {"_id": name or one, "name": name or one, "oid": None, "alias_of": one if name else None} for name, one in named
    ]
    fields = [
        {"id": "_id", "type": "text"},
        {"id": "name", "type": "name"},
        {"id": "oid", "type": "oid"},
        {"id": "alias_of", "type": "name"},
    ]
    return {
        "resource_id": _ALL_TABLES,
        "limit": limit,
        "offset": offset,
        "total": total,
        "fields": fields,
        "records": records,
    }


def datastore_info(call: Call) -> dict[str, Any]:
    """Describe a table: its columns and how many rows it has."""
    table = _table(call, call.required("id", "resource_id"))
    with table.stored(call.instance.files) as stored:
        try:
            found = runner().search(Search(table=stored, limit=0))
        except UnansweredError as error:
            raise table_answers.unanswered(error) from None
    fields = [
        {**column.shown(), "schema": _schema(column, table.key)}
        for column in table.described(found.columns)
        if column.id != "_id"
    ]
    meta = {
        "id": table.resource_id,
        "count": found.total,
        "table_type": "BASE TABLE",
        "size": call.instance.files.size(table.sha256),
        "db_size": None,
        "idx_size": 0,
        # The one named last comes first.
        "aliases": list(reversed(table.aliases)),
    }
    return {"meta": meta, "fields": fields}


def _schema(column: Column, key: tuple[str, ...]) -> dict[str, Any]:
    """Describe a column in PostgreSQL's words."""
    native = "ARRAY" if is_list(column.type) else NATIVE.get(column.type, column.type)
    in_key = column.id in key
    return {"native_type": native, "notnull": in_key, "is_index": in_key, "uniquekey": key == (column.id,)}


def _table(call: Call, name: str) -> Table:
    """Find the table that whoever calls may read; what is hidden is not there."""
    found = datastore_tables.find(call.session, call.instance.files, call.actor, name)
    if found is None:
        raise not_found(f'Resource "{name[:100]}" was not found.')
    # The database is not kept waiting for the rows.
    call.renew()
    return found


_ALL_TABLES = "_table_metadata"
_RESOURCE = Argument(
    "resource_id", "string", Message("Id oder Alias der Ressource", "id or alias of the resource"), True
)
_SEARCHING = (
    _RESOURCE,
    Argument(
        "filters",
        "object",
        Message(
            'Bedingungen je Spalte: ein Wert, eine Liste von Werten oder {"gt", "gte", "lt", "lte", "eq", "ne"}; $or und $and fassen '
            "Bedingungen zusammen, eine Liste meint eine von ihnen",
            'conditions by column: a value, a list of values, or {"gt", "gte", "lt", "lte", "eq", "ne"}; $or and $and combine '
            "conditions, a list means any of them",
        ),
    ),
    Argument(
        "q",
        "string",
        Message(
            "Wörter, die alle in der Zeile vorkommen, auch als Teil eines Wortes, Zahlen als Ganzes; oder ein Objekt mit Wörtern je Spalte",
            "words that all stand in the row, also as part of a word, numbers as a whole; or an object with words by column",
        ),
    ),
    Argument("full_text", "string", Message("wie q", "as q")),
    Argument(
        "plain",
        "boolean",
        Message(
            "q sind einfache Wörter (Vorgabe); sonst &, |, ! und :*",
            "q are plain words (default); otherwise &, |, ! and :*",
        ),
    ),
    Argument("distinct", "boolean", Message("gleiche Zeilen nur einmal", "equal rows only once")),
    Argument("limit", "integer", Message("Zeilen, höchstens 32000 (Vorgabe 100)", "rows, at most 32000 (default 100)")),
    Argument("offset", "integer", Message("so viele Zeilen überspringen", "skip so many rows")),
    Argument("fields", "array", Message("Spalten, auch rank; Vorgabe alle", "columns, rank too; default all")),
    Argument("sort", "string", Message("Reihenfolge, etwa: a desc, b", "order, such as: a desc, b")),
    Argument(
        "include_total", "boolean", Message("Zahl aller Treffer (Vorgabe ja)", "number of all matches (default yes)")
    ),
    Argument(
        "total_estimation_threshold",
        "integer",
        Message(
            "ab so vielen Zeilen darf total geschätzt sein; es ist dennoch genau",
            "from so many rows on total may be an estimate; it is exact nevertheless",
        ),
    ),
    Argument(
        "include_next_page",
        "boolean",
        Message("Argumente für die folgenden Zeilen (Vorgabe ja)", "arguments for the following rows (default yes)"),
    ),
    Argument("records_format", "string", Message("objects, lists, csv oder tsv", "objects, lists, csv or tsv")),
)

ACTIONS: Mapping[str, Action] = {
    "datastore_search": Action(
        datastore_search, Message("Zeilen einer Tabelle suchen", "Search the rows of a table"), _SEARCHING
    ),
    "datastore_info": Action(
        datastore_info,
        Message(
            "Eine Tabelle beschreiben: Spalten und Zahl der Zeilen", "Describe a table: columns and number of rows"
        ),
        (Argument("id", "string", Message("Id oder Alias der Ressource", "id or alias of the resource"), True),),
    ),
    **tables_write.ACTIONS,
}
