"""Makes the table that benchmarks/validation.py checks: a register of trees with 15 columns, semicolons and German spellings."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

# Shares of rows: with a quoted cell, with a broken cell in the bad file.
QUOTED = 0.13
BAD = 0.0015
_SPECIES = [f"{a} {b}" for a in ("Tilia", "Acer", "Quercus", "Fagus", "Platanus") for b in ("cordata", "rubra", "alba")]
_DISTRICTS = [f"Stadtteil {name}" for name in ("Nordend", "Bornheim", "Höchst", "Bessungen", "Eberstadt", "Biebrich")]
_STREETS = [f"{name}straße" for name in ("Rhein", "Main", "Heide", "Schul", "Kirch", "Berg", "Wald", "Park", "Müller")]
_FIELDS = (
    {"name": "baum_id", "type": "string", "constraints": {"required": True, "pattern": "[A-Z]{2}-[0-9]{6,8}"}},
    {"name": "nummer", "type": "integer", "constraints": {"unique": True, "minimum": 1}},
    {"name": "stadt", "type": "string", "constraints": {"enum": ["Darmstadt", "Frankfurt"]}},
    {"name": "art", "type": "string", "constraints": {"enum": _SPECIES}},
    {"name": "stadtteil", "type": "string", "constraints": {"maxLength": 40}},
    {"name": "strasse", "type": "string", "constraints": {"minLength": 3}},
    {"name": "pflanzjahr", "type": "year"},
    {"name": "umfang_cm", "type": "integer", "constraints": {"minimum": 0, "maximum": 1500}},
    {"name": "hoehe_m", "type": "number", "decimalChar": ",", "constraints": {"minimum": 0, "maximum": 60}},
    {"name": "wert_euro", "type": "number", "decimalChar": ",", "groupChar": ".", "constraints": {"minimum": 0}},
    {"name": "ort", "type": "geopoint"},
    {"name": "geschuetzt", "type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]},
    {"name": "geprueft", "type": "date", "format": "%d.%m.%Y", "constraints": {"minimum": "2000-01-01"}},
    {"name": "bemerkung", "type": "string"},
    {"name": "klasse", "type": "string", "constraints": {"pattern": "[A-D][0-9]"}},
)
SCHEMA = json.dumps({"name": "baeume", "primaryKey": ["baum_id"], "fields": _FIELDS}, ensure_ascii=False)
# Cells that are unusual and valid all the same, by column.
_ODD = {1: " 00{}", 7: "1_00", 8: " 12,5 ", 10: " 8.65 ,\u2003 49.87", 6: "٢٠٢٤"}
_BROKEN = {
    1: "x{}",
    2: "Mainz",
    7: "9999",
    8: "12.5",
    9: "abc",
    10: "200,10",
    11: "vielleicht",
    12: "2024-01-31",
    14: "E1",
}


def write(path: Path, rows: int, *, bad: bool = False, encoding: str = "utf-8") -> None:
    """Write a table of so many rows, always the same one; in cp1252 without the cells it has no letters for."""
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(";".join(str(field["name"]) for field in _FIELDS) + "\r\n")
        for line in _lines(rows, bad=bad, latin=encoding == "cp1252"):
            file.write(line)


def _lines(rows: int, *, bad: bool, latin: bool) -> Iterator[str]:
    # The same file every time; nothing here is secret.
    chance = random.Random(1)
    numbers = list(range(1, rows + 1))
    chance.shuffle(numbers)
    for index, number in enumerate(numbers):
        cells = _cells(index, number, chance)
        if index % 5000 == 77:
            column = (1, 7, 8, 10, 6)[index // 5000 % 5]
            if not (latin and column in (6, 10)):
                cells[column] = _ODD[column].format(number)
        if bad and chance.random() < BAD:
            column = chance.choice(list(_BROKEN))
            cells[column] = _BROKEN[column].format(number)
        line = ";".join(cells) + "\r\n"
        if bad and index % 20_000 == 9_999:
            line = _broken_line(index // 20_000 % 5, cells, line)
        yield line


def _cells(index: int, number: int, chance: random.Random) -> list[str]:
    quoted = chance.random() < QUOTED
    euro = chance.randrange(100, 20_000)
    return [
        f"{'DA' if number % 2 else 'FF'}-{number * 7 % 99_999_989:07d}",
        str(number),
        "Darmstadt" if number % 2 else "Frankfurt",
        _SPECIES[number % len(_SPECIES)],
        _DISTRICTS[number % len(_DISTRICTS)],
        f"{_STREETS[number % len(_STREETS)]} {number % 11}",
        str(1900 + number % 125),
        str(10 + number % 400),
        f"{1 + number % 40},{number % 10}",
        f"{euro // 1000}.{euro % 1000:03d},{number % 100:02d}" if euro >= 1000 else f"{euro},{number % 100:02d}",
        f"8.{chance.randrange(500_000, 800_000)},49.{chance.randrange(700_000, 999_999)}",
        "ja" if number % 3 else "nein",
        f"{1 + number % 28:02d}.{1 + number % 12:02d}.{2001 + number % 24}",
        f'"Totholz; ""{number % 7}"" entfernt, Prüfung {index}"' if quoted else f"Kontrolle {index}",
        f"{'ABCD'[number % 4]}{number % 10}",
    ]


def _broken_line(kind: int, cells: list[str], line: str) -> str:
    match kind:
        case 0:
            return ";" * (len(cells) - 1) + "\r\n"
        case 1:
            return ";".join(cells[:-2]) + "\r\n"
        case 2:
            return ";".join([*cells, "zu viel"]) + "\r\n"
        case 3:
            return line + line
    cells[13] = '"zwei\r\nZeilen"'
    return ";".join(cells) + "\r\n"
