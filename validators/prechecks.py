"""What frictionless accepts or cannot explain: German spellings, swapped coordinates, cells that only look filled. One pass, any size."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from dcat.message import Message
from validators.cell_checks import MAYBE_LATITUDE, PRECHECKS, Precheck
from validators.looks import Look, Tally
from validators.report import MAX_EXAMPLES, Finding, Severity, column_letter
from validators.schemas import Field, TableSchema
from validators.spellings import swapped
from validators.wording import rows, times


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All checks of one table: the looks to take at it, and what puts their tallies into findings."""

    looks: tuple[Look, ...]
    findings: Callable[[list[Tally]], list[Finding]]


def prepare(schema: TableSchema, fields: tuple[str, ...]) -> Prepared:
    """Choose the checks of each column."""
    columns = [(position, found) for position, name in enumerate(fields) if name and (found := schema.field(name))]
    at = {found.name: position for position, found in columns}
    placed = [(position, column, check) for position, column in columns for check in PRECHECKS if check.asks(column)]
    looks = [
        Look(code=check.code, positions=(position,), finds=partial(check.finds, column), prefilter=check.prefilter)
        for position, column, check in placed
    ]
    axes = (at["lon"], at["lat"]) if "lon" in at and "lat" in at else None
    if axes:
        looks.append(Look(code="swapped-coordinates", positions=axes, finds=swapped, prefilter=MAYBE_LATITUDE))

    def findings(tallies: list[Tally]) -> list[Finding]:
        found = [
            _finding(check, column, position, tally)
            for (position, column, check), tally in zip(placed, tallies, strict=False)
            if tally.count
        ]
        if axes and tallies[-1].count:
            found.insert(0, _swapped_finding(tallies[-1], *axes))
        return found

    return Prepared(looks=tuple(looks), findings=findings)


def _finding(check: Precheck, column: Field, position: int, tally: Tally) -> Finding:
    letter = column_letter(position + 1)
    often = times(tally.count)
    return Finding(
        severity=check.severity,
        code=check.code,
        what=Message(
            check.what.de.format(column=f"„{column.name}“ (Spalte {letter})", times=often.de),
            check.what.en.format(column=f"“{column.name}” (column {letter})", times=often.en),
        ),
        why=check.why,
        fix=check.fix,
        count=tally.count,
        rows=tuple(tally.rows),
        field=column.name,
        column=letter,
        address=f"{letter}{tally.rows[0]}",
        examples=tuple(cell[:200] for (cell,) in islice(tally.values, MAX_EXAMPLES)),
    )


def _swapped_finding(tally: Tally, lon: int, lat: int) -> Finding:
    number = rows(tally.count)
    east, north = column_letter(lon + 1), column_letter(lat + 1)
    return Finding(
        severity=Severity.WARNING,
        code="swapped-coordinates",
        what=Message(
            f"In {number.de} sind Länge (lon, Spalte {east}) und Breite (lat, Spalte {north}) vertauscht.",
            f"In {number.en} longitude (lon, column {east}) and latitude (lat, column {north}) are swapped.",
        ),
        why=Message(
            "Die Orte lägen vor der Küste Ostafrikas statt in Deutschland: Hier ist die Breite rund 50, die Länge rund 8.",
            "The places would lie off East Africa, not in Germany: here latitude is about 50 and longitude about 8.",
        ),
        fix=Message(
            "Betrifft es alle Zeilen, vertauschen Sie in der Kopfzeile die Namen der beiden Spalten, sonst die Werte dieser Zeilen.",
            "If all rows are concerned, exchange the names of the two columns in the header, else the values of these rows.",
        ),
        count=tally.count,
        rows=tuple(tally.rows),
        field="lon",
        column=east,
        address=f"{east}{tally.rows[0]}",
        examples=tuple(" / ".join(cells)[:200] for cells in islice(tally.values, MAX_EXAMPLES)),
    )
