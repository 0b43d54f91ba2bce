"""CKAN's DataStore: tables searched, described, and written by programs row by row. There is no SQL and there are no functions."""

from collections.abc import Mapping
from typing import Any

from catalog import datastore_tables
from catalog.api.actions import table_answers, tables_write
from catalog.api.actions.call import Action, Argument, Call, Raw, not_found
from catalog.datastore import Search, UnansweredError, WrongError
from catalog.datastore_run import runner
from catalog.datastore_tables import Table
from dcat.message import Message


def datastore_search(call: Call) -> Raw:
    """Search the rows of a table."""
    table = _table(call, call.required("resource_id", "id"))
    with table.stored(call.instance.files) as stored:
        asked = table_answers.read_search(call, stored)
        try:
            found = runner().search(asked)
        except WrongError as error:
            raise table_answers.wrong(error) from None
        except UnansweredError as error:
            raise table_answers.unanswered(error) from None
    return table_answers.answered(call, asked, found, table)


def datastore_info(call: Call) -> dict[str, Any]:
    """Describe a table: its columns and how many rows it has."""
    table = _table(call, call.required("id", "resource_id"))
    with table.stored(call.instance.files) as stored:
        try:
            found = runner().search(Search(table=stored, limit=0))
        except UnansweredError as error:
            raise table_answers.unanswered(error) from None
    fields = [
        {
            **column.shown(),
            "schema": {"native_type": column.type, "notnull": False, "is_index": False, "uniquekey": False},
        }
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
        "aliases": list(table.aliases),
    }
    return {"meta": meta, "fields": fields}


def _table(call: Call, name: str) -> Table:
    """Find the table that whoever calls may read; what is hidden is not there."""
    found = datastore_tables.find(call.session, call.instance.files, call.actor, name)
    if found is None:
        raise not_found(f'Resource "{name[:100]}" was not found.')
    # The database is not kept waiting for the rows.
    call.renew()
    return found


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
            "Wörter, die alle in der Zeile vorkommen, auch als Teil eines Wortes; oder ein Objekt mit Wörtern je Spalte",
            "words that all stand in the row, also as part of a word; or an object with words by column",
        ),
    ),
    Argument("full_text", "string", Message("wie q", "as q")),
    Argument(
        "plain",
        "boolean",
        Message("q sind einfache Wörter (Vorgabe); sonst & und :*", "q are plain words (default); otherwise & and :*"),
    ),
    Argument("distinct", "boolean", Message("gleiche Zeilen nur einmal", "equal rows only once")),
    Argument("limit", "integer", Message("Zeilen, höchstens 32000 (Vorgabe 100)", "rows, at most 32000 (default 100)")),
    Argument("offset", "integer", Message("so viele Zeilen überspringen", "skip so many rows")),
    Argument("fields", "array", Message("Spalten; Vorgabe alle", "columns; default all")),
    Argument("sort", "string", Message("Reihenfolge, etwa: a desc, b", "order, such as: a desc, b")),
    Argument(
        "include_total", "boolean", Message("Zahl aller Treffer (Vorgabe ja)", "number of all matches (default yes)")
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
