"""A report as SARIF 2.1.0 (OASIS), which code hosts show beside the lines of a file."""

from typing import Any
from urllib.parse import quote

from dcat.message import Lang
from validators.finding_words import WEIGHTS, repair, where
from validators.report import Finding, Report, Severity, sentence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.BLOCKS: "error",
    Severity.HVD: "error",
    Severity.WARNING: "warning",
    Severity.HINT: "note",
}


def sarif(report: Report, name: str, lang: Lang, version: str = "") -> dict[str, Any]:
    """Write a log with one run: a rule for each code, a result for each finding. `version` is the program's."""
    first: dict[str, Finding] = {}
    for finding in report.findings:
        first.setdefault(finding.code, finding)
    codes = list(first)
    driver: dict[str, Any] = {
        "name": "offenbar",
        "language": lang,
        "rules": [_rule(finding, lang) for finding in first.values()],
    }
    if version:
        driver["version"] = version
    run = {
        "tool": {"driver": driver},
        "language": lang,
        "columnKind": "unicodeCodePoints",
        "artifacts": [_artifact(report, name)],
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(finding, codes.index(finding.code), name, lang) for finding in report.findings],
        "properties": {"sentence": sentence(report).in_(lang), "conforms": report.conforms, "rows": report.rows},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding, lang: Lang) -> dict[str, Any]:
    """Findings of one code share the reason; what to do may differ, so each result says it as well."""
    weight = WEIGHTS[finding.severity]
    return {
        "id": finding.code,
        "shortDescription": {"text": f"{weight.label.in_(lang)}: {finding.code}"},
        "fullDescription": {"text": finding.why.in_(lang) or finding.code},
        "help": {"text": finding.fix.in_(lang) or finding.why.in_(lang) or finding.code},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }


def _result(finding: Finding, rule: int, name: str, lang: Lang) -> dict[str, Any]:
    words = (finding.what, finding.why, finding.fix, repair(finding))
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": " ".join(text for word in words if (text := word.in_(lang))) or finding.code},
        "locations": _locations(finding, name, lang),
        "occurrenceCount": max(1, finding.count),
        # The same problem of the next version of the file, wherever its rows are then.
        "partialFingerprints": {"codeAndColumn/v1": f"{finding.code}/{finding.field}"},
        "properties": {"severity": finding.severity.value},
    }
    if finding.examples:
        result["properties"]["examples"] = list(finding.examples)
    return result


def _locations(finding: Finding, name: str, lang: Lang) -> list[dict[str, Any]]:
    """Give a location for each row named. A column of a table is no position in a line of text, so it is a logical location."""
    numbers: tuple[int | None, ...] = finding.lines or finding.rows or (None,)
    found = []
    for place, number in enumerate(numbers):
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(name), "index": 0}}
        if number is not None:
            physical["region"] = {"startLine": max(1, number)}
        location: dict[str, Any] = {"id": place + 1, "physicalLocation": physical}
        if finding.field or finding.column:
            row = str(finding.rows[place]) if place < len(finding.rows) else ""
            column = finding.field or finding.column
            location["logicalLocations"] = [
                {"name": column, "fullyQualifiedName": f"{finding.column}{row}" or column, "kind": "member"}
            ]
        if place == 0 and (text := where(finding).in_(lang)):
            location["message"] = {"text": text}
        found.append(location)
    return found


def _artifact(report: Report, name: str) -> dict[str, Any]:
    artifact: dict[str, Any] = {"location": {"uri": _uri(name)}, "roles": ["analysisTarget"]}
    if report.bytes:
        artifact["length"] = report.bytes
    if report.sha256:
        artifact["hashes"] = {"sha-256": report.sha256}
    return artifact


def _uri(name: str) -> str:
    """Write a file's name as a relative address; a colon before the first slash would make it an absolute one."""
    return quote(name, safe="/") or "datei"
