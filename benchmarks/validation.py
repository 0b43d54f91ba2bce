"""Measures the check of a large table against frictionless alone, each as a whole process: `python -m benchmarks.validation`.

The table is made by benchmarks/validation_file.py. Both sides get the same file, schema, dialect and limit of errors; ours does all that
`offenbar validate` does with a table, looks for German spellings included. Processor seconds count, as other programs may be running.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from frictionless import Dialect, Resource, Schema, formats
from pyarrow import csv as pa_csv

from benchmarks.validation_file import SCHEMA, write
from validators import schemas
from validators.check import check_table

# Above the number of errors in the bad file, so that frictionless reads all of it.
LIMIT = 100_000
KINDS = {"clean": ("utf-8", False), "bad": ("utf-8", True), "cp1252": ("cp1252", False)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took: processor seconds, and megabytes at the peak."""

    seconds: float
    peak: int


def run(engine: str, path: Path, encoding: str) -> Cost:
    """Run one check in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.validation", "--one", engine, str(path), encoding])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Cost(seconds=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss // 1024)


def one(engine: str, path: Path, encoding: str) -> None:
    """Check one file with one engine, or only cut it into cells."""
    schema = schemas.read(SCHEMA.encode())
    match engine:
        case "frictionless":
            descriptor = {key: schema.descriptor()[key] for key in ("fields", "missingValues", "primaryKey")}
            report = Resource(
                path=path.name,
                basepath=str(path.parent),
                format="csv",
                encoding=encoding,
                dialect=Dialect(controls=[formats.CsvControl(delimiter=";", quote_char='"')]),
                schema=Schema.from_descriptor(descriptor),
            ).validate(limit_errors=LIMIT)
            print(f"  frictionless: {report.stats['errors']} errors", file=sys.stderr)
        case "ours":
            found = check_table(path, schema, limit_errors=LIMIT)
            print(f"  ours: {found.frictionless['stats']['errors']} errors", file=sys.stderr)
        case "tokenising":
            reader = pa_csv.open_csv(
                path,
                read_options=pa_csv.ReadOptions(use_threads=False, encoding=encoding),
                parse_options=pa_csv.ParseOptions(
                    delimiter=";", newlines_in_values=True, invalid_row_handler=lambda row: "skip"
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types={field.name: "string" for field in schema.fields}, strings_can_be_null=False
                ),
            )
            rows = sum(batch.num_rows for batch in reader)
            print(f"  pyarrow: {rows} rows of cells", file=sys.stderr)


def made(folder: Path, kind: str, rows: int) -> tuple[Path, str]:
    """Make the file of one kind and size, unless it is there."""
    encoding, bad = KINDS[kind]
    path = folder / f"{kind}-{rows}.csv"
    if not path.exists():
        write(path, rows, bad=bad, encoding=encoding)
    return path, encoding


def table(name: str, lines: list[tuple[str, ...]]) -> None:
    """Print a table in Markdown."""
    print(f"\n| {' | '.join(name.split(','))} |")
    print("|" + "---|" * len(name.split(",")))
    for line in lines:
        print(f"| {' | '.join(line)} |", flush=True)


def measure(folder: Path, rows: int, *, huge: bool) -> None:
    """Run everything and print it."""
    small = rows // 10
    reference = {kind: run("frictionless", *made(folder, kind, rows)) for kind in KINDS}
    ours = {kind: run("ours", *made(folder, kind, rows)) for kind in KINDS}
    table(
        f"{rows:,} rows x 15".replace(",", " ") + ",frictionless CPU s,MB,ours CPU s,MB,ratio",
        [
            (
                kind,
                f"{reference[kind].seconds:.1f}",
                str(reference[kind].peak),
                f"{ours[kind].seconds:.2f}",
                str(ours[kind].peak),
                f"{reference[kind].seconds / ours[kind].seconds:.1f}",
            )
            for kind in KINDS
        ],
    )
    sizes = [rows // 100, small, rows, 3 * rows, *([10 * rows] if huge else [])]
    grown = {size: ours["clean"] if size == rows else run("ours", *made(folder, "clean", size)) for size in sizes}
    table(
        "rows,ours CPU s,CPU s per million rows,MB",
        [
            (f"{size:,}".replace(",", " "), f"{cost.seconds:.2f}", f"{cost.seconds * 1e6 / size:.2f}", str(cost.peak))
            for size, cost in grown.items()
        ],
    )
    first = run("frictionless", *made(folder, "clean", small))
    cells = [run("tokenising", *made(folder, "clean", size)).seconds for size in (rows, 3 * rows)]
    slopes = {
        "frictionless": (reference["clean"].seconds - first.seconds) / (rows - small),
        "ours": (grown[3 * rows].seconds - ours["clean"].seconds) / (2 * rows),
        "pyarrow merely cutting into cells": (cells[1] - cells[0]) / (2 * rows),
    }
    table(
        "slope (without what every process costs),CPU s per million rows more,ours is",
        [
            (name, f"{slope * 1e6:.2f}", "" if name == "ours" else f"{slope / slopes['ours']:.1f} times as fast")
            if slope > slopes["ours"]
            else (name, f"{slope * 1e6:.2f}", "" if name == "ours" else f"{slopes['ours'] / slope:.1f} times as slow")
            for name, slope in slopes.items()
        ],
    )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table")
    parser.add_argument("--huge", action="store_true", help="ten times as many rows too")
    parser.add_argument("--folder", type=Path, help="where the tables are kept between runs")
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "FILE", "ENCODING"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], Path(options.one[1]), options.one[2])
        return
    with tempfile.TemporaryDirectory() as passing:
        folder = options.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        measure(folder, options.rows, huge=options.huge)


if __name__ == "__main__":
    main()
