"""Measures a check of an Excel workbook against frictionless reading the same one, each in a process of its own, in CPU seconds."""

import argparse
import datetime
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

ROWS = 100_000
AIM = 6.0
_KINDS = ("Linde", "Ahorn", "Platane", "Eiche", "Buche", "Birke", "Kastanie")
_DISTRICTS = ("Bessungen", "Mitte", "Eberstadt", "Arheilgen", "Kranichstein", "Wixhausen")
_DAY = datetime.date(2015, 1, 1)
SCHEMA: dict[str, Any] = {
    "name": "baeume",
    "fields": [
        {"name": "baum_id", "type": "string", "constraints": {"required": True, "pattern": "da-[0-9]{1,6}"}},
        {"name": "ags", "type": "string", "constraints": {"pattern": "06[0-9]{6}"}},
        {"name": "stadtteil", "type": "string", "constraints": {"maxLength": 80}},
        {"name": "strasse", "type": "string", "constraints": {"maxLength": 120}},
        {"name": "art", "type": "string", "constraints": {"enum": list(_KINDS)}},
        {"name": "sorte", "type": "string"},
        {"name": "pflanzjahr", "type": "year", "constraints": {"minimum": 1500, "maximum": 2100}},
        {"name": "hoehe_m", "type": "number", "constraints": {"minimum": 0, "maximum": 80}},
        {"name": "umfang_cm", "type": "integer", "constraints": {"minimum": 0}},
        {"name": "krone_m", "type": "number", "constraints": {"minimum": 0}},
        {"name": "lon", "type": "number", "constraints": {"minimum": 7.7, "maximum": 9.5}},
        {"name": "lat", "type": "number", "constraints": {"minimum": 49.3, "maximum": 50.8}},
        {"name": "stand", "type": "date"},
        {"name": "geschuetzt", "type": "boolean"},
        {"name": "bemerkung", "type": "string"},
    ],
    "primaryKey": ["baum_id"],
}
# frictionless imports a package that is called as our folder is; it must not find ours.
_ROOT = Path(__file__).parent.parent
_OURS = """
import sys
from pathlib import Path
from validators import schemas
from validators.check import check_table
report = check_table(Path(sys.argv[1]), schemas.read(Path(sys.argv[2]).read_bytes()))
print(report.rows, report.valid)
"""
_PEER = """
import json, sys
from pathlib import Path
from frictionless import Resource, Schema
book = Path(sys.argv[1])
resource = Resource(path=book.name, basepath=str(book.parent), schema=Schema.from_descriptor(json.loads(Path(sys.argv[2]).read_text())))
report = resource.validate()
print(report.tasks[0].stats["rows"], report.valid)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one process took: CPU seconds of user and system, and what it found: rows, and whether the table is valid."""

    cpu: float
    found: str


def main(arguments: list[str] | None = None) -> None:
    """Print both times and their ratio; ends with 1 if the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        book, schema = Path(folder, "baeume.xlsx"), Path(folder, "schema.json")
        write_book(book, given.rows)
        schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
        # In turns, so that what else runs on the machine slows both.
        pairs = [(run(_OURS, book, schema, _ROOT), run(_PEER, book, schema, book.parent)) for _ in range(given.runs)]
    ours, peer = (statistics.median(pair[at].cpu for pair in pairs) for at in (0, 1))
    print(
        f"{given.rows:,} rows, {len(SCHEMA['fields'])} columns, median of {given.runs} runs, CPU seconds of whole processes"
    )
    print(f"frictionless {peer:8.2f}  {pairs[0][1].found}")
    print(f"offenbar     {ours:8.2f}  {pairs[0][0].found}")
    print(f"ratio        {peer / ours:8.2f}  (aim: {AIM:g})")
    sys.exit(0 if peer / ours >= AIM and pairs[0][0].found == pairs[0][1].found else 1)


def write_book(path: Path, rows: int) -> None:
    """Write a workbook of trees, the same one for the same number of rows."""
    chance = random.Random(2024)
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Bäume")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, [field["name"] for field in SCHEMA["fields"]])
        for row in range(1, rows + 1):
            texts = ("06411000", chance.choice(_DISTRICTS), f"Straße {row % 700}", chance.choice(_KINDS), "")
            sheet.write_string(row, 0, f"da-{row}")
            for column, text in enumerate(texts, 1):
                sheet.write_string(row, column, text)
            numbers = (1950 + row % 70, round(chance.uniform(2, 35), 1), row % 400, round(chance.uniform(1, 15), 1))
            place = (round(chance.uniform(8.5, 8.8), 6), round(chance.uniform(49.8, 50.0), 6))
            for column, number in enumerate((*numbers, *place), 6):
                sheet.write_number(row, column, number)
            sheet.write_datetime(row, 12, _DAY + datetime.timedelta(row % 3000), day)
            sheet.write_boolean(row, 13, row % 3 == 0)
            sheet.write_string(row, 14, f"Kontrolle {row}")


def run(program: str, book: Path, schema: Path, folder: Path) -> Took:
    """Run a program over the workbook, in a folder, and take its CPU time from the system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program, str(book), str(schema)],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(cpu=cpu, found=done.stdout.strip())


if __name__ == "__main__":
    main()
