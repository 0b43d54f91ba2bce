"""Mapping files: how the columns of a department's export become those of a schema. YAML in, frozen types out, every fault with its line."""

import difflib
from dataclasses import dataclass

from dcat.errors import ConfigError
from dcat.marked_yaml import Marked, MarkedError, Value, read_marked
from dcat.message import Message
from validators import mapping_rules
from validators.mapping_rules import Problem
from validators.schemas import TableSchema
from validators.transforms import Rule
from validators.wording import listed

MAX_COLUMNS = 500
MAX_MISSING = 50
_KEYS = ("schema", "repair", "sheet", "missing", "columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How a table of a department becomes a table of a schema.

    `missing` are the words of the source for "unknown", which become empty; `repair` asks for the repairs of validators/repairs.py on top.
    """

    schema: str
    columns: tuple[tuple[str, Rule], ...]
    repair: bool = False
    sheet: str = ""
    missing: tuple[str, ...] = ()


def read(data: bytes, name: str) -> Mapping:
    """Read a mapping file; ConfigError names file, line and the next step for the first faults."""
    mapping, found = examined(data)
    if mapping is None or found:
        raise refused(name, found)
    return mapping


def refused(name: str, found: tuple[Problem, ...]) -> ConfigError:
    """Make one sentence of the first faults of a mapping file."""
    first = sorted(found, key=lambda problem: problem.line)[:5]
    more = len(found) - len(first)
    german = "; ".join(f"Zeile {problem.line}: {problem.message.de}" for problem in first)
    english = "; ".join(f"line {problem.line}: {problem.message.en}" for problem in first)
    return ConfigError(
        Message(
            f"{name}: {german}{f' und {more} weitere Fehler' if more else ''}. "
            f"Nächster Schritt: berichtigen, dann offenbar schema check {name}",
            f"{name}: {english}{f' and {more} more faults' if more else ''}. "
            f"Next step: correct it, then offenbar schema check {name}",
        )
    )


def examined(data: bytes) -> tuple[Mapping | None, tuple[Problem, ...]]:
    """Read a mapping file as far as it goes, and give everything that is wrong with it."""
    try:
        marked = read_marked(data)
    except MarkedError as error:
        return None, (Problem(line=error.line, message=error.message),)
    content = marked.value
    if not isinstance(content, dict):
        return None, (
            _problem(
                marked,
                (),
                "erwartet werden „Schlüssel: Wert“-Zeilen mit „schema“ und „columns“",
                "“key: value” lines with “schema” and “columns” are expected",
            ),
        )
    found = [unknown(marked, (key,), key, _KEYS) for key in content if key not in _KEYS]
    found += _misread(marked, content)
    columns = content.get("columns")
    rules: list[tuple[str, Rule]] = []
    for field in columns if isinstance(columns, dict) and len(columns) <= MAX_COLUMNS else ():
        rule, wrong = mapping_rules.rule(marked, ("columns", field))
        found += wrong
        if rule is not None:
            rules.append((field, rule))
    if found:
        return None, tuple(found)
    schema, sheet, missing = content["schema"], content.get("sheet", ""), content.get("missing", [])
    assert isinstance(schema, str) and isinstance(sheet, str) and isinstance(missing, list), "anything else is misread"
    words = tuple(str(word) for word in missing)
    return Mapping(
        schema=schema, columns=tuple(rules), repair=bool(content.get("repair", False)), sheet=sheet, missing=words
    ), ()


def _misread(marked: Marked, content: dict[str, Value]) -> list[Problem]:
    """Say which keys of a mapping file have values that they cannot have."""
    columns, missing = content.get("columns"), content.get("missing", [])
    wanted = (
        (
            "schema",
            isinstance(content.get("schema"), str) and content["schema"] != "",
            "„schema“ nennt das gemeinsame Schema, zum Beispiel baumkataster (offenbar schema list)",
            "“schema” names the shared schema, for example baumkataster (offenbar schema list)",
        ),
        (
            "repair",
            isinstance(content.get("repair", False), bool),
            "„repair“ ist true oder false",
            "“repair” is true or false",
        ),
        (
            "sheet",
            isinstance(content.get("sheet", ""), str),
            "„sheet“ ist der Name eines Tabellenblatts in Anführungszeichen",
            "“sheet” is the name of a sheet in quotation marks",
        ),
        (
            "missing",
            isinstance(missing, list) and len(missing) <= MAX_MISSING and all(isinstance(one, str) for one in missing),
            f'„missing“ ist eine Liste von höchstens {MAX_MISSING} Texten in Anführungszeichen wie ["k.A.", "-"]',
            f'“missing” is a list of at most {MAX_MISSING} texts in quotation marks such as ["k.A.", "-"]',
        ),
        (
            "columns",
            isinstance(columns, dict) and 0 < len(columns) <= MAX_COLUMNS,
            f"„columns“ nennt 1 bis {MAX_COLUMNS} Spalten des Schemas und woher sie kommen, wie „strasse: Str“",
            f"“columns” names 1 to {MAX_COLUMNS} columns of the schema and where they come from, like “strasse: Str”",
        ),
    )
    return [_problem(marked, (key,), german, english) for key, good, german, english in wanted if not good]


def misfits(mapping: Mapping, schema: TableSchema, data: bytes = b"") -> tuple[Problem, ...]:
    """Say what in a mapping does not fit the schema: columns it does not have, and mandatory ones that nothing is mapped to."""
    marked = read_marked(data) if data else Marked(None)
    names = [field.name for field in schema.fields]
    found = [unknown(marked, ("columns", name), name, tuple(names)) for name, _ in mapping.columns if name not in names]
    if lacking := schema.lacking({name for name, _ in mapping.columns}):
        columns = listed(lacking)
        found.append(
            _problem(
                marked,
                ("columns",),
                f'für Pflichtspalten fehlt eine Zeile: {columns.de}; gilt überall derselbe Wert, dann {lacking[0]}: {{value: "…"}}',
                f'mandatory columns lack a line: {columns.en}; if all rows have the same value, {lacking[0]}: {{value: "…"}}',
            )
        )
    return tuple(found)


def absent(mapping: Mapping, header: tuple[str, ...], data: bytes = b"") -> tuple[Problem, ...]:
    """Say which columns of the source a mapping names that the file does not have, or has twice."""
    marked = read_marked(data) if data else Marked(None)
    found = []
    for field, rule in mapping.columns:
        for label in dict.fromkeys(rule.labels):
            if header.count(label) > 1:
                found.append(
                    _problem(
                        marked,
                        ("columns", field),
                        f"die Spalte „{label[:60]}“ gibt es in der Datei mehrfach, bitte dort umbenennen",
                        f"the file has the column “{label[:60]}” more than once, please rename it there",
                    )
                )
            elif label not in header:
                found.append(unknown(marked, ("columns", field), label, header))
    return tuple(found)


def unknown(marked: Marked, path: tuple[str | int, ...], key: str, known: tuple[str, ...]) -> Problem:
    """Say that a name is unknown, and which one was probably meant."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    names = listed(known)
    return _problem(
        marked,
        path,
        f"„{key[:60]}“ gibt es nicht, " + (f"gemeint ist wohl „{near[0]}“" if near else f"es gibt: {names.de}"),
        f"there is no “{key[:60]}”, " + (f"probably “{near[0]}” is meant" if near else f"there are: {names.en}"),
    )


def _problem(marked: Marked, path: tuple[str | int, ...], german: str, english: str) -> Problem:
    return Problem(line=marked.line(path), message=Message(german, english))
