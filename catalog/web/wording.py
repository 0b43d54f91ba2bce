"""What pages call things: states of files, badges of datasets, weights of findings, licences and formats."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask

from catalog.file_history import row_line, score_line
from catalog.public import FileState, PublicDataset, PublicFile
from catalog.report_view import ReportView, ShownFinding, shown, view
from catalog.web.language import lang
from dcat.message import Message
from dcat.model import Distribution
from dcat.vocabularies import vocabulary
from validators.finding_words import WEIGHTS
from validators.report import Report, Severity, from_json, without_cells


@dataclass(frozen=True, slots=True)
class Mark:
    """A short word with a tone and an icon, so that colour is never alone."""

    label: Message
    tone: str
    icon: str


STATES = {
    FileState.LINKED: Mark(Message("bei der Stelle abrufbar", "available at its source"), "info", "open-in-new"),
    FileState.PUBLIC: Mark(Message("hier abrufbar", "available here"), "success", "download"),
    FileState.PENDING: Mark(Message("wird geprüft", "being checked"), "info", "autorenew"),
    FileState.HELD: Mark(Message("angehalten", "held back"), "warning", "warning"),
    FileState.WITHHELD: Mark(Message("zurückgehalten", "withheld"), "warning", "visibility-off"),
}
# Findings on a page; the other forms of the report have all.
MOST = 300
CONFORMS = Mark(Message("Schema eingehalten", "conforms to schema"), "success", "check")
VIOLATES = Mark(Message("Schema verletzt", "violates schema"), "danger", "close")
WITHHELD = Mark(Message("zurückgehalten", "withheld"), "warning", "visibility-off")
PARTLY = Mark(Message("teils zurückgehalten", "partly withheld"), "warning", "visibility-off")
SEVERITIES = {
    Severity.BLOCKS: Mark(WEIGHTS[Severity.BLOCKS].label, "danger", "danger"),
    Severity.HVD: Mark(WEIGHTS[Severity.HVD].label, "warning", "checklist"),
    Severity.WARNING: Mark(WEIGHTS[Severity.WARNING].label, "warning", "warning"),
    Severity.HINT: Mark(WEIGHTS[Severity.HINT].label, "info", "info"),
}


def register(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.globals.update(
        state_mark=STATES.__getitem__,
        schema_mark=schema_mark,
        dataset_marks=dataset_marks,
        finding_groups=finding_groups,
        report_view=report_view,
        severity_label=severity_label,
        validity_mark=validity_mark,
        row_line=row_line,
        score_line=score_line,
        file_format=file_format,
        formats=formats,
        licence=licence,
    )


def schema_mark(file: PublicFile) -> Mark | None:
    """Tell whether a file keeps its schema; None where it was not checked against one."""
    if file.valid is None or not file.schema_id:
        return None
    return validity_mark(file.valid)


def validity_mark(valid: bool) -> Mark:
    """Tell whether a schema is kept."""
    return CONFORMS if valid else VIOLATES


def severity_label(weight: Severity) -> Message:
    """Name the weight of a finding."""
    return WEIGHTS[weight].label


def dataset_marks(public: PublicDataset) -> tuple[Mark, ...]:
    """Give a dataset's badges: what its checks found, and whether something is kept back."""
    checked = [mark for mark in map(schema_mark, public.files) if mark]
    marks = [VIOLATES if VIOLATES in checked else CONFORMS] if checked else []
    if public.withheld or any(file.state in (FileState.HELD, FileState.WITHHELD) for file in public.files):
        marks.append(PARTLY if any(file.state.visible for file in public.files) else WITHHELD)
    return tuple(marks)


def stored_report(file: PublicFile) -> Report:
    """Read a file's report; of a file that is kept back, without anything copied from it, whatever was stored."""
    assert file.report is not None, "asked only of files with a report"
    found = from_json(file.report)
    return found if file.state.visible else without_cells(found)


def report_view(report: Mapping[str, Any], name: str) -> ReportView:
    """Put a stored report into the words of the page."""
    return view(from_json(report), name, lang())


def finding_groups(
    report: Mapping[str, Any] | None, most: int = MOST
) -> tuple[tuple[Mark, int, tuple[ShownFinding, ...]], ...]:
    """Group the findings of a report by weight, heaviest first: mark, number of all, and those among the first `most`."""
    if report is None:
        return ()
    findings = from_json(report).findings
    groups = []
    for weight, mark in SEVERITIES.items():
        number = sum(finding.severity is weight for finding in findings)
        kept = tuple(shown(finding, lang()) for finding in findings[:most] if finding.severity is weight)
        groups.append((mark, number, kept))
    return tuple(group for group in groups if group[1])


def file_format(distribution: Distribution) -> Message | None:
    """Name a distribution's format; None where the source gave none."""
    if distribution.format:
        return vocabulary("format").label(distribution.format)
    return vocabulary("media-type").label(distribution.media_type) if distribution.media_type else None


def formats(public: PublicDataset) -> tuple[Message, ...]:
    """List the formats of a dataset's files, each once."""
    found = [file_format(file.distribution) for file in public.files]
    return tuple(dict.fromkeys(name for name in found if name))


def licence(distribution: Distribution) -> dict[str, Any]:
    """Give a licence's name and the address of its text."""
    concept = vocabulary("license").find(distribution.license) if distribution.license else None
    if concept is None:
        return {"label": Message(distribution.license, distribution.license), "address": distribution.license}
    return {"label": concept.label, "address": concept.extra.get("text_url") or concept.uri}
