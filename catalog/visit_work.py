"""What the process that checks files does for a visitor: the check, the rows around errors, what the file looks like, the repaired copy."""

import time
from dataclasses import replace
from itertools import islice

import orjson

from catalog.table_orders import Check, Order
from catalog.visits import Excerpt, Likely, Proposed, Remark, Repair, Shown, ShownRow, Visit
from dcat.message import Message
from validators import intake, mapped, repairs, schemas
from validators.check import check_opened
from validators.column_facts import gather
from validators.infer import Inference, infer
from validators.intake import Intake
from validators.recognition import Likeness, recognise
from validators.report import Finding, Report, Severity, TableProfile, by_weight
from validators.schemas import TableSchema
from validators.sniff import records
from validators.structure import lines_of
from validators.wording import shortened

# Places that are shown, rows around each, columns of a row (more if more are faulty), columns at most, and characters of a cell.
PLACES = 20
AROUND = 3
FEW_COLUMNS = 8
COLUMNS = 20
CELL = 80
# A schema is named beside the most likely one only if it is almost as likely.
_RIVAL = 0.8
_MISFITS = frozenset(("missing-label", "extra-label"))


def check(visit: Visit, look: Check) -> Shown:
    """Look at one file, here and now; `look` checks it as every file is checked."""
    until = time.monotonic() + visit.seconds
    limits = intake.Limits(bytes=visit.bytes)
    likely, inference = _first_look(visit, limits) if visit.recognise else ((), None)
    schema_id = likely[0].schema.id if likely else visit.schema_id
    seconds = visit.seconds / 2
    answer = look(
        Order(path=visit.path, schema_id=schema_id, schema=visit.schema, scan=True, seconds=seconds, bytes=visit.bytes)
    )
    report = replace(answer.report, findings=by_weight((*answer.report.findings, *answer.personal)))
    shown = Shown(report=report, likely=_named(likely))
    if not report.sniffed.readable or not report.sniffed.header_row:
        return shown
    schema = _schema(schema_id, visit)
    with intake.opened(visit.path, schema, limits) as table:
        if not likely and not visit.recognise and (schema is None or _MISFITS & {f.code for f in report.findings}):
            likely = recognise(table.profile.header, gather(table.path, table.profile)[0])
        return replace(
            shown,
            likely=_named(likely),
            excerpts=excerpts(table, report),
            repair=_repair(table, schema, report, visit, until) if schema else None,
            proposed=_proposal(inference) if inference and not likely else (),
            document=_document(inference) if inference and not likely else "",
        )


def excerpts(table: Intake, report: Report) -> tuple[Excerpt, ...]:
    """Read the rows around the first places that findings name, those of errors first; rows that touch stand together."""
    remarks = _remarks(report)
    rows = list(dict.fromkeys(remark.row for remark in remarks))[:PLACES]
    remarks = [remark for remark in remarks if remark.row in rows]
    first = table.profile.header_row + 1
    windows = _windows(sorted(rows), first)
    wanted = {number for start, end in windows for number in range(start, end + 1)}
    found: dict[int, list[str]] = {}
    for number, cells in islice(records(table.path, table.profile), max(wanted, default=0)):
        if number in wanted:
            found[number] = cells
        if len(found) == len(wanted):
            break
    lines = lines_of(table.path, table.profile, set(found)) if table.profile.kind.split("+")[-1] == "csv" else {}
    made = (_excerpt(table.profile, start, end, found, lines, remarks) for start, end in windows)
    return tuple(excerpt for excerpt in made if excerpt.rows)


def _first_look(visit: Visit, limits: intake.Limits) -> tuple[tuple[Likeness, ...], Inference | None]:
    with intake.opened(visit.path, None, limits) as table:
        if not table.profile.readable or not table.profile.header_row:
            return (), None
        found = infer(table, "tabelle")
        return recognise(table.profile.header, found.facts), found


def _schema(schema_id: str, visit: Visit) -> TableSchema | None:
    if visit.schema:
        return schemas.read(visit.schema.encode())
    return schemas.load(schema_id) if schema_id else None


def _named(likely: tuple[Likeness, ...]) -> tuple[Likely, ...]:
    return tuple(
        Likely(schema_id=one.schema.id, title=one.schema.title, sentence=one.sentence())
        for one in likely[:3]
        if one.score >= _RIVAL * likely[0].score
    )


def _proposal(found: Inference) -> tuple[Proposed, ...]:
    return tuple(
        Proposed(name=_cut(one.label), type=str(one.field["type"]), note=one.note or Message("", ""))
        for one in found.columns[:COLUMNS]
    )


def _document(found: Inference) -> str:
    return orjson.dumps(found.document, option=orjson.OPT_INDENT_2).decode()


def _remarks(report: Report) -> list[Remark]:
    """Pair each finding with its cells, errors first; a cell that several findings speak of belongs to the heaviest."""
    found: dict[tuple[int, int], Remark] = {}
    first = report.sniffed.header_row + 1
    for number, finding in enumerate(report.findings):
        if finding.severity is Severity.HINT:
            continue
        column = _position(finding, report.sniffed.header)
        for row in finding.rows:
            if row >= first:
                found.setdefault((row, column), Remark(row=row, column=column, finding=number))
    return list(found.values())


def _position(finding: Finding, header: tuple[str, ...]) -> int:
    if not finding.column:
        return header.index(finding.field) if finding.field in header else -1
    position = 0
    for letter in finding.column:
        if not "A" <= letter <= "Z":
            return -1
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1 if position <= len(header) else -1


def _windows(rows: list[int], first: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for row in rows:
        start, end = max(row - AROUND, first), row + AROUND
        if windows and start <= windows[-1][1] + 1:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def _excerpt(
    profile: TableProfile,
    start: int,
    end: int,
    found: dict[int, list[str]],
    lines: dict[int, int],
    remarks: list[Remark],
) -> Excerpt:
    here = [remark for remark in remarks if start <= remark.row <= end]
    marked = list(dict.fromkeys(remark.column for remark in here if remark.column >= 0))
    # The first column, which is mostly the key, the faulty ones, their neighbours: what nobody sees without scrolling helps nobody.
    near = (column + step for column in marked for step in (-1, 1))
    known = [column for column in (0, *marked, *near, *range(len(profile.header))) if 0 <= column < len(profile.header)]
    most = min(max(FEW_COLUMNS, len({0, *marked})), COLUMNS)
    columns = tuple(sorted(islice(dict.fromkeys(known), most)))
    rows = tuple(
        ShownRow(
            number=number,
            line=line if (line := lines.get(number, number)) != number else 0,
            cells=tuple(_cut(cells[position]) if position < len(cells) else "" for position in columns),
        )
        for number, cells in sorted(found.items())
        if start <= number <= end
    )
    return Excerpt(
        columns=columns,
        header=tuple(_cut(profile.header[position]) for position in columns),
        rows=rows,
        remarks=tuple(here),
    )


def _cut(cell: str) -> str:
    return shortened(cell.replace("\0", "\N{REPLACEMENT CHARACTER}"), CELL)


def _repair(table: Intake, schema: TableSchema, report: Report, visit: Visit, until: float) -> Repair | None:
    """Make the repaired copy if a finding names a repair; of a large file, only if it was asked for or there is time."""
    meant = repairs.fields_of(table.profile, schema)
    if not any(meant) or not (visit.repair or any(finding.repair for finding in report.findings)):
        return None
    dropped = tuple(_cut(label) for label, name in zip(table.profile.header, meant, strict=True) if not name)
    left = until - time.monotonic()
    if not visit.repair:
        log = repairs.preview(table.path, table.profile, schema, limit_seconds=max(left / 3, 1.0))
        if not log.complete:
            return Repair(log=log, dropped=dropped)
    log = mapped.derive(table.path, table.profile, schema, visit.copy, repair=True)
    with intake.opened(visit.copy, schema) as copy:
        checked = check_opened(copy, schema, limit_seconds=max(until - time.monotonic(), 1.0))
    return Repair(log=log, dropped=dropped, report=checked)
