"""How well, and how fast, the scan for personal data decides: precision and recall of each kind on labelled tables, seconds on a long one.

python -m benchmarks.privacy [--tuning] [--rows 1000000]
"""

import argparse
import csv
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import privacy_held_out, privacy_tuning
from benchmarks.privacy_samples import Table, of_words
from validators.privacy import holding, scan
from validators.report import column_letter
from validators.sniff import sniff

ANY = "any kind"
_LABELS = "baum_id nr stadtteil strasse art deutsch pflanzjahr hoehe umfang lon lat pruefung gefaellt stand bemerkung"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How often a kind was found rightly and wrongly, and how often it was missed, in columns."""

    kind: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of the alarms, the share that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Of the columns that hold it, the share that is found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def alarms(table: Table, folder: Path) -> tuple[frozenset[str], ...]:
    """Scan a labelled table; gives the kinds for which each column would be kept back."""
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        # How a table is cut into cells is not what is measured here.
        target.write("sep=;\n")
        writer = csv.writer(target, delimiter=";")
        writer.writerow([column.label for column in table.columns])
        writer.writerows(zip(*(column.cells for column in table.columns), strict=True))
    found = holding(scan(path, sniff(path)))
    return tuple(
        frozenset(finding.code for finding in found if finding.column == column_letter(number))
        for number in range(1, len(table.columns) + 1)
    )


def measure(tables: Iterable[Table]) -> list[Measure]:
    """Compare the alarms with the labels, for each kind and for a column being kept back at all."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for table in tables:
            for column, found in zip(table.columns, alarms(table, Path(folder)), strict=True):
                right.update(found & column.holds)
                wrong.update(found - column.holds)
                missed.update(column.holds - found)
                kept, holds = bool(found), bool(column.holds)
                (right if kept and holds else wrong if kept else missed if holds else Counter[str]()).update([ANY])
    kinds = sorted({*right, *wrong, *missed} - {ANY})
    return [Measure(kind=kind, right=right[kind], wrong=wrong[kind], missed=missed[kind]) for kind in [*kinds, ANY]]


def mistakes(tables: Iterable[Table]) -> list[str]:
    """Name the columns that the scan sees differently than their labels."""
    lines = []
    with TemporaryDirectory() as folder:
        for table in tables:
            for column, found in zip(table.columns, alarms(table, Path(folder)), strict=True):
                if found != column.holds:
                    lines.append(
                        f"{table.subject}, {column.label}: found {sorted(found)}, holds {sorted(column.holds)}, "
                        f"such as {column.cells[:3]}"
                    )
    return lines


def as_table(measures: Sequence[Measure]) -> str:
    """Write the measures as a table in Markdown."""
    lines = ["| kind | columns | found | missed | wrong alarms | precision | recall |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {one.kind} | {one.right + one.missed} | {one.right} | {one.missed} | {one.wrong} | {one.precision:.2f} | {one.recall:.2f} |"
        for one in measures
    ]
    return "\n".join(lines)


def seconds(rows: int, folder: Path) -> tuple[float, int]:
    """Measure the CPU seconds of a scan over a register of trees with 15 columns; gives them with the number of alarms."""
    draw = random.Random(3)
    path = folder / "long.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, delimiter=";")
        writer.writerow(of_words(_LABELS))
        for number in range(rows):
            writer.writerow(
                (
                    f"da-{number:07d}",
                    number,
                    f"Stadtteil {draw.randrange(40)}",
                    f"Musterstraße {draw.randrange(2000)}",
                    draw.choice(("Tilia cordata", "Acer platanoides", "Rosa canina")),
                    draw.choice(("Winterlinde", "Spitzahorn", "Hundsrose")),
                    draw.randint(1900, 2025),
                    f"{draw.randrange(300) / 10:.1f}".replace(".", ","),
                    draw.randrange(400),
                    f"8.{draw.randrange(10**6):06d}",
                    f"49.{draw.randrange(10**6):06d}",
                    f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.2025",
                    draw.choice(("ja", "nein")),
                    "2026-05-31",
                    draw.choice(("", "", "", f"Kontrolle {draw.randrange(10**6)} im Herbst")),
                )
            )
    profile = sniff(path)
    start = time.process_time()
    found = scan(path, profile)
    return time.process_time() - start, len(found)


def main() -> None:
    """Print the measures on the tables held out, or on those of the adjustment, with every mistake; and the speed, if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuning", action="store_true")
    parser.add_argument("--rows", type=int, default=0)
    options = parser.parse_args()
    tables = (privacy_tuning if options.tuning else privacy_held_out).tables()
    lines = [as_table(measure(tables)), "", *mistakes(tables)]
    if options.rows:
        with TemporaryDirectory() as folder:
            spent, found = seconds(options.rows, Path(folder))
        lines.append(f"\n{options.rows} rows of 15 columns: {spent:.1f} CPU seconds, {found} alarms")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
