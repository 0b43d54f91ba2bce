"""From filters, words and an order as CKAN's DataStore has them to SQL: every value is bound, every name is one we gave a column. Pure.

No word of whoever asks is part of the statement. Columns are called c0, c1, ... there; what is asked for is looked up in the table's
own list.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog import datastore_types
from catalog.datastore import Search, WrongError
from catalog.datastore_types import Column, NoValueError

ID = "_id"
RANK = "rank"
MAX_CONDITIONS = 200
MAX_VALUES = 10_000
MAX_DEPTH = 5
MAX_WORDS = 20
MAX_SORT = 4000
_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_GROUPS = {"$or": " OR ", "$and": " AND "}
_NUMBERS = ("int", "int4", "int8", "float8", "numeric")
# The characters that the values of a type are written with.
_SIGNS = {
    "bool": frozenset("truefals"),
    **dict.fromkeys(("int", "int4", "int8"), frozenset("-0123456789")),
    **dict.fromkeys(("float8", "numeric"), frozenset("+-.0123456789einfa")),
    **dict.fromkeys(("date", "time", "timestamp"), frozenset("-:.0123456789bc()")),
}
_SORTED = re.compile(
    r"(?P<field>.*?)(?:\s+(?P<way>asc|desc))?(?:\s+nulls\s+(?P<nulls>first|last))?", re.IGNORECASE | re.DOTALL
)
_CLAUSES = re.compile(r'(?:"(?:[^"]|"")*"|[^,"])+')


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a statement with the values it binds."""

    sql: str
    values: tuple[Any, ...] = ()


EVERYTHING = Part("TRUE")


class Columns:
    """The columns of a table in their order, `_id` first, and what each is called in a statement."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.all = tuple(columns)
        self._places = {column.id: place for place, column in enumerate(columns)}

    def find(self, name: Any, argument: str) -> Column:
        """Find a column; WrongError blames the argument that names none."""
        if not isinstance(name, str) or name not in self._places:
            raise WrongError(**{argument: f'field "{str(name)[:100]}" not in table'})
        return self.all[self._places[name]]

    def alias(self, column: Column) -> str:
        """Give what a column is called in a statement."""
        return f"c{self._places[column.id]}"

    def compared(self, column: Column) -> str:
        """Give a column as it is compared with values, and sorted: numbers as numbers, whatever they are kept as."""
        alias = self.alias(column)
        return f"TRY_CAST({alias} AS DOUBLE)" if column.type == "numeric" else alias

    def sorted(self, column: Column) -> str:
        """Give a column as it is sorted: lists item by item."""
        if not datastore_types.is_list(column.type):
            return self.compared(column)
        item = datastore_types.stored(column.type.removeprefix("_"))
        listed = "DOUBLE" if column.type == "_numeric" else item
        return f"""from_json({self.alias(column)}::JSON, '["{listed}"]')"""


def matching(asked: Search, columns: Columns) -> Part:
    """Say which rows a search asks for."""
    parts = [condition(asked.filters, columns), *(_words(words, columns) for words in asked.words)]
    return _joined(" AND ", parts)


def condition(filters: Any, columns: Columns) -> Part:
    """Say which rows filters mean: `{column: value, or list of values, or {"gt": ...}}`, `$or`, `$and`; a list means any of them."""
    budget = _Budget()
    if filters is None:
        return EVERYTHING
    return _filters(filters, columns, budget, 0)


class _Budget:
    """How many conditions filters may still have."""

    def __init__(self) -> None:
        self._left = MAX_CONDITIONS

    def take(self, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise WrongError(filters=f"More than {MAX_CONDITIONS} conditions, or nested deeper than {MAX_DEPTH}")


def _filters(filters: Any, columns: Columns, budget: _Budget, depth: int) -> Part:
    budget.take(depth)
    if isinstance(filters, list):
        if not filters:
            return EVERYTHING
        return _joined(" OR ", [_filters(one, columns, budget, depth + 1) for one in filters])
    if not isinstance(filters, dict):
        raise WrongError(filters="Must be an object, or a list of objects")
    return _joined(" AND ", [_entry(name, value, columns, budget, depth) for name, value in filters.items()])


def _entry(name: str, value: Any, columns: Columns, budget: _Budget, depth: int) -> Part:
    if name in _GROUPS:
        if not isinstance(value, list) or not value:
            raise WrongError(filters=f"{name} must be a list of objects")
        return _joined(_GROUPS[name], [_filters(one, columns, budget, depth + 1) for one in value])
    column = columns.find(name, "filters")
    budget.take(depth)
    if isinstance(value, dict):
        return _range(value, column, columns)
    if not isinstance(value, list):
        return _equal([value], column, columns)
    if datastore_types.is_list(column.type) and not any(isinstance(one, list) for one in value):
        # The list itself is the value that is looked for.
        return _equal([value], column, columns)
    ranges = [_range(one, column, columns) for one in value if isinstance(one, dict)]
    for _ in ranges:
        budget.take(depth)
    plain = [one for one in value if not isinstance(one, dict)]
    return _joined(" OR ", [*([_equal(plain, column, columns)] if plain or not ranges else []), *ranges])


def _range(limits: Mapping[str, Any], column: Column, columns: Columns) -> Part:
    if not limits or not limits.keys() <= _OPERATORS.keys():
        raise WrongError(filters=f'"{column.id}" takes {", ".join(_OPERATORS)}')
    parts = []
    for name, value in limits.items():
        if value is None:
            if name not in ("eq", "ne"):
                raise WrongError(filters=f'"{column.id}": null has no order')
            parts.append(Part(f"{columns.alias(column)} IS {'NOT ' if name == 'ne' else ''}NULL"))
        else:
            parts.append(Part(f"{columns.compared(column)} {_OPERATORS[name]} ?", (_bound(value, column),)))
    return _joined(" AND ", parts)


def _equal(values: list[Any], column: Column, columns: Columns) -> Part:
    if len(values) > MAX_VALUES:
        raise WrongError(filters=f'"{column.id}" takes at most {MAX_VALUES} values')
    alias = columns.compared(column)
    bound = [_bound(value, column) for value in values if value is not None]
    parts = [Part(f"{alias} IS NULL")] if len(bound) < len(values) else []
    if bound:
        parts.append(Part(f"{alias} IN ({', '.join('?' * len(bound))})", tuple(bound)))
    return _joined(" OR ", parts) if parts else Part("FALSE")


def _bound(value: Any, column: Column) -> Any:
    if not datastore_types.is_json(column.type) and isinstance(value, list | dict):
        raise WrongError(filters=f'"{column.id}": Must be a plain value')
    try:
        return datastore_types.read_bound(value, column.type)
    except NoValueError as error:
        raise WrongError(filters=f'"{column.id}": {error}') from None


def _words(words: Any, columns: Columns) -> Part:
    """Say which rows hold the words that are asked for; upper case and ß make no difference."""
    return _joined(" AND ", [_read_words(text, among, columns).rows for among, text in _asked(words, columns)])


def ranks(asked: Search, columns: Columns) -> dict[str, Part]:
    """Give how well a row fits the words that are asked for, from 0 to 1: by its name, `rank`, or `rank` and a column's name."""
    found: dict[str, Part] = {}
    for words in asked.words:
        for among, text in _asked(words, columns):
            name = f"{RANK} {among[0].id}" if isinstance(words, dict) else RANK
            hits = _read_words(text, among, columns).hits
            count = " + ".join(f"coalesce(CAST({one.sql} AS INTEGER), 0)" for one in hits) or "0"
            values = tuple(value for one in hits for value in one.values)
            found.setdefault(name, Part(f"1 - 1 / (1 + ({count})::DOUBLE)", values))
    return found


def _asked(words: Any, columns: Columns) -> list[tuple[Sequence[Column], Any]]:
    """Tell in which columns words shall stand, and which words: text, or lists of them for PostgreSQL's query language."""
    if isinstance(words, dict):
        return [([columns.find(name, "q")], text) for name, text in words.items()]
    return [([column for column in columns.all if column.id != ID], words)]


@dataclass(frozen=True, slots=True)
class _Wording:
    """What words mean: which rows hold them, and for each word and cell whether it stands there."""

    rows: Part
    hits: list[Part]


def _read_words(text: Any, among: Sequence[Column], columns: Columns) -> _Wording:
    """Read words that all must stand in a row, or a list of such texts one of which must; `!` in front of a word of those forbids it."""
    texts = text if isinstance(text, list) else [text]
    if not texts or any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in texts):
        raise WrongError(q="Must be plain text")
    if sum(len(str(one).split()) for one in texts) > MAX_WORDS:
        raise WrongError(q=f"More than {MAX_WORDS} words")
    either: list[Part] = []
    hits: list[Part] = []
    for one in texts:
        words = str(one).split()
        if "\0" in str(one):
            raise WrongError(q="Must be plain text")
        every = []
        for word in words:
            forbidden = isinstance(text, list) and word.startswith("!")
            cells = _cells(word.removeprefix("!") if forbidden else word, among, columns, parsed=isinstance(text, list))
            anywhere = _joined(" OR ", cells) if cells else Part("FALSE")
            every.append(Part(f"({anywhere.sql}) IS NOT TRUE", anywhere.values) if forbidden else anywhere)
            hits += [] if forbidden else cells
        either.append(_joined(" AND ", every))
    return _Wording(_joined(" OR ", either), hits)


def _cells(word: str, among: Sequence[Column], columns: Columns, *, parsed: bool) -> list[Part]:
    """Say of each column whether its cell holds a word; `:*` behind a word of the query language means that more may follow."""
    open_end = parsed and word.endswith(":*")
    word = word.removesuffix(":*") if parsed else word
    return [_cell(word, one, columns, open_end=open_end) for one in among if _may_hold(one, word)]


def _cell(word: str, column: Column, columns: Columns, *, open_end: bool) -> Part:
    if column.type in _NUMBERS:
        # A number is a word of its own: 4 does not stand in 24.
        if open_end:
            return Part(f"starts_with({_as_text(columns.alias(column), column)}, ?)", (word,))
        return Part(f"{columns.compared(column)} = TRY_CAST(? AS DOUBLE)", (word,))
    return Part(f"contains({_folded(_as_text(columns.alias(column), column))}, {_folded('?')})", (word,))


def _may_hold(column: Column, word: str) -> bool:
    """Tell whether a word can stand in a column's cells at all: no letter does in one of numbers."""
    signs = _SIGNS.get(column.type)
    return signs is None or signs.issuperset(word.lower())


def _as_text(alias: str, column: Column) -> str:
    return alias if datastore_types.stored(column.type) == "VARCHAR" else f"CAST({alias} AS VARCHAR)"


def _folded(sql: str) -> str:
    return f"replace(lower({sql}), 'ß', 'ss')"


def order(sort: Iterable[str], columns: Columns) -> tuple[tuple[Column, str], ...]:
    """Read `sort`: clauses such as `a desc, "b, c" asc nulls first`. Nulls count as larger than any value, as in PostgreSQL."""
    found = []
    clauses = [clause.strip() for text in sort for clause in _clauses(text)]
    if len(clauses) > MAX_WORDS:
        raise WrongError(sort=f"More than {MAX_WORDS} fields")
    for clause in filter(None, clauses):
        read = _SORTED.fullmatch(clause)
        assert read is not None, "its first part takes everything"
        name = read["field"].strip()
        if len(name) > 1 and name.startswith('"') and name.endswith('"'):
            name = name[1:-1].replace('""', '"')
        way = (read["way"] or "asc").upper()
        nulls = (read["nulls"] or ("first" if way == "DESC" else "last")).upper()
        found.append((columns.find(name, "sort"), f"{way} NULLS {nulls}"))
    return tuple(found)


def _clauses(text: str) -> list[str]:
    found = _CLAUSES.findall(text[:MAX_SORT])
    if ",".join(found) != text:
        raise WrongError(sort="Must be fields with commas between them, each with asc or desc after it")
    return found


def chosen(asked: Search, columns: Columns) -> tuple[Column, ...]:
    """Choose the columns a search asks for: those named, each once, or all; `_id` makes every row different, so not with `distinct`."""
    ranked = [Column(name, "float") for name in ranks(asked, columns)]
    if asked.fields:
        known = {one.id: one for one in ranked} | {one.id: one for one in columns.all}
        return tuple(dict.fromkeys(known.get(name) or columns.find(name, "fields") for name in asked.fields))
    if asked.distinct:
        return columns.all[1:]
    taken = {one.id for one in columns.all}
    return (*columns.all, *(one for one in ranked if one.id not in taken))


def statements(asked: Search, columns: Columns, source: str) -> tuple[Part, Part]:
    """Give the statement for the rows and the one that counts all that match; `source` is a table with the columns c0, c1, ..."""
    wanted = chosen(asked, columns)
    shown = _shown(wanted, ranks(asked, columns), columns)
    rows = matching(asked, columns)
    sorting = order(asked.sort, columns)
    if asked.distinct and (hidden := [column for column, _ in sorting if column not in wanted]):
        raise WrongError(sort=f'"{hidden[0].id}" must be among the fields of a distinct search')
    clauses = [f"{columns.sorted(column)} {way}" for column, way in sorting]
    part = select(f"DISTINCT {shown.sql}" if asked.distinct else shown.sql, source, rows.sql)
    values = shown.values + rows.values
    if asked.distinct:
        counting = Part(select("count(*)", f"({part})"), values)
        clauses += [f"{columns.sorted(column)} ASC NULLS LAST" for column in wanted if column in columns.all]
        # Whatever is sorted by must be selected: that are the columns themselves.
        part = select("*", f"({part})")
    else:
        counting = Part(select("count(*)", source, rows.sql), rows.values)
        clauses += ["c0 ASC"] if clauses else []
    # Without an order rows come as they lie in the file, which is by `_id`.
    ordered = f" ORDER BY {', '.join(clauses)}" if clauses else ""
    limited = f" LIMIT {int(asked.limit)}" if asked.limit is not None else ""
    return Part(f"{part}{ordered}{limited} OFFSET {int(asked.offset)}", values), counting


def _shown(wanted: Sequence[Column], ranked: Mapping[str, Part], columns: Columns) -> Part:
    parts = [Part(columns.alias(one)) if one in columns.all else ranked[one.id] for one in wanted]
    return Part(", ".join(one.sql for one in parts), tuple(value for one in parts for value in one.values))


def select(what: str, source: str, where: str = "TRUE") -> str:
    """Put a statement together from pieces that are ours."""
    return " ".join(("SELECT", what, "FROM", source, "WHERE", where))


def quoted(path: Path) -> str:
    """Write a path of ours as SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def _joined(word: str, parts: Sequence[Part]) -> Part:
    if not parts:
        return EVERYTHING
    values: tuple[Any, ...] = tuple(value for part in parts for value in part.values)
    return Part(word.join(f"({part.sql})" for part in parts), values)
