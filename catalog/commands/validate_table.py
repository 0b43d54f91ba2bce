"""offenbar validate: a file of any kind we read, with its report, its repaired copy and the tables its keys point to."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import click
import orjson

from catalog.commands.findings import say_findings
from catalog.commands.terminal import Terminal
from dcat.errors import ConfigError
from dcat.message import Lang, Message
from validators import exports, intake, schemas
from validators.badge import badge
from validators.check import check_opened
from validators.junit import junit
from validators.report import Report, by_weight, sentence, to_json
from validators.sarif import sarif
from validators.schemas import TableSchema

if TYPE_CHECKING:
    from catalog.commands.validate_copy import Copy

# Bytes from which on a check takes long enough to show that it goes on.
LARGE = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked of a check: schema, mapping, tables that keys point to, and what is to be written."""

    schema: str = ""
    mapping: Path | None = None
    part: str = ""
    references: tuple[str, ...] = ()
    privacy: bool = False
    repair: Path | None = None
    limit_errors: int = 1000
    form: str = ""
    output: Path | None = None
    badge: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a check found: the report, of what the mapping made where there is one, and the copies."""

    report: Report
    mapped: "Copy | None" = None
    repaired: "Copy | None" = None


def check_file(terminal: Terminal, what: str, options: Options) -> int:
    """Check a file or what an address answers. 0 if it conforms, 1 if not; of a repair, the repaired copy decides."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        path, name = _local(what, folder)
        if path.stat().st_size > LARGE:
            stack.enter_context(terminal.progress(terminal.t(f"{name} wird geprüft", f"checking {name}")))
        if options.mapping or options.repair or options.references:
            result = _with_copies(path, options, folder)
        else:
            schema = _schema(options.schema)
            table = stack.enter_context(intake.opened(path, schema, part=options.part))
            result = Result(report=check_opened(table, schema, limit_errors=options.limit_errors))
        if options.privacy:
            result = replace(result, report=_with_personal(path, result.report, options.part))
    _write(terminal, result.report, name, options)
    _say(terminal, result, options)
    return 0 if (result.repaired or result).report.conforms else 1


def _with_copies(path: Path, options: Options, folder: Path) -> Result:
    """Check a table whose keys are looked up, or that is mapped or repaired."""
    # Brings mappings and repairs along, which most checks do not need.
    from catalog.commands import validate_copy as copies  # noqa: PLC0415

    rules = copies.read_mapping(options.mapping) if options.mapping else None
    schema = _schema(options.schema or (rules.schema if rules else ""))
    if options.repair and schema is None:
        raise ConfigError(
            Message(
                "Repariert wird nach einem Schema. Nächster Schritt: --schema SCHEMA angeben (offenbar schema list).",
                "Repairs follow a schema. Next step: give --schema SCHEMA (offenbar schema list).",
            )
        )
    references, limit = copies.read_references(options.references, folder), options.limit_errors
    part = options.part or (rules.sheet if rules else "")
    with intake.opened(path, schema, part=part) as table:
        if schema is None or not table.profile.readable:
            return Result(report=check_opened(table, schema, references=references, limit_errors=limit))
        mapped = repaired = None
        if rules:
            mapped = copies.make_mapped(table, schema, rules, references, limit, folder / "mapped.csv")
        report = mapped.report if mapped else check_opened(table, schema, references=references, limit_errors=limit)
        if options.repair:
            repaired = copies.make_repaired(table, path, schema, rules, references, limit, options.repair)
    return Result(report=report, mapped=mapped, repaired=repaired)


def _with_personal(path: Path, report: Report, part: str) -> Report:
    """Add the personal data that are found in the file itself, whatever a mapping leaves of it."""
    from validators import privacy  # noqa: PLC0415

    with intake.opened(path, part=part) as table:
        found = privacy.scan(table.path, table.profile) if table.profile.readable else ()
    return replace(report, findings=by_weight([*report.findings, *found]))


def _local(what: str, folder: Path) -> tuple[Path, str]:
    """Give the file here, and what it is called; what stands at an address is fetched first."""
    if "://" not in what:
        return Path(what), _printable(Path(what).name)
    # Only addresses need the network, which takes long to load.
    from harvesters.fetch import Fetcher  # noqa: PLC0415
    from harvesters.network import Network  # noqa: PLC0415

    name = unquote(urlsplit(what).path).rsplit("/", 1)[-1]
    # Content decides what a file is; the name is kept for the report.
    path = folder / "fetched"
    with Fetcher(Network()) as fetcher:
        fetcher.download(what, path)
    return path, _printable(name)


def _printable(name: str) -> str:
    """A name that can be written anywhere; those of files may hold control characters, and bytes that are no characters."""
    return "".join(letter for letter in name if letter.isprintable())[:200] or "datei"


def _schema(name: str) -> TableSchema | None:
    if not name:
        return None
    return schemas.read(Path(name).read_bytes()) if Path(name).is_file() else schemas.load(name)


def _pdf(report: Report, name: str, lang: Lang) -> bytes:
    # Loads a typesetting program, which nobody else needs.
    from catalog.report_pdf import pdf  # noqa: PLC0415

    return pdf(report, name, lang)


def _html(report: Report, name: str, lang: Lang) -> str:
    from catalog.report_page import html  # noqa: PLC0415

    return html(report, name, lang)


def _json(report: Report, name: str, lang: Lang) -> str:
    return exports.json_text(report)


def _csv(report: Report, name: str, lang: Lang) -> str:
    return exports.csv_text(report, lang)


def _sarif(report: Report, name: str, lang: Lang) -> str:
    return orjson.dumps(sarif(report, name, lang), option=orjson.OPT_INDENT_2).decode()


_FORMS: dict[str, Callable[[Report, str, Lang], str | bytes]] = {
    "html": _html,
    "pdf": _pdf,
    "csv": _csv,
    "json": _json,
    "sarif": _sarif,
    "junit": junit,
}
FORMS = tuple(_FORMS)


def _write(terminal: Terminal, report: Report, name: str, options: Options) -> None:
    if options.badge:
        options.badge.write_text(badge(report, terminal.lang), encoding="utf-8")
        terminal.written(options.badge)
    if not options.form:
        return
    body = _FORMS[options.form](report, name, terminal.lang)
    if options.output is None:
        _to_standard_output(body)
        return
    if options.form == "csv" and isinstance(body, str):
        body = exports.MARK + body
    options.output.write_bytes(body if isinstance(body, bytes) else body.encode())
    terminal.written(options.output)


def _to_standard_output(body: str | bytes) -> None:
    if isinstance(body, bytes) and sys.stdout.isatty():
        raise click.UsageError("PDF: -o DATEI angeben. / PDF: give -o FILE.")
    click.echo(body, nl=isinstance(body, str))


def _say(terminal: Terminal, result: Result, options: Options) -> None:
    if options.as_json:
        terminal.data(_document(result))
        return
    if result.repaired:
        terminal.written(result.repaired.target)
    if options.form:
        return
    if result.mapped:
        terminal.say(result.mapped.summary(Message("Zugeordnet", "Mapped")))
    terminal.say(sentence(result.report))
    say_findings(terminal, result.report.findings)
    if result.repaired:
        terminal.say(result.repaired.summary(Message("Repariert", "Repaired")))
        for line in result.repaired.difference():
            terminal.say(line)
        terminal.say(Message("Die Kopie:", "The copy:"))
        terminal.say(sentence(result.repaired.report))
        say_findings(terminal, result.repaired.report.findings)


def _document(result: Result) -> dict[str, Any]:
    """Give the report; of a repair, the log of changes and the report of the copy below a key of their own."""
    document = to_json(result.report)
    if copy := result.repaired:
        document["repair"] = {
            "file": os.fspath(copy.target),
            "log": copy.log.to_json(),
            "report": to_json(copy.report),
        }
    return document
