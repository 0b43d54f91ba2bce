"""A report as JUnit XML, which test servers show: a case for each finding and for each column without one."""

from dcat.message import Lang
from validators.finding_words import WEIGHTS, repair, where
from validators.report import Finding, Report, Severity, sentence
from validators.xml_text import xml_text

_HEAVY = (Severity.BLOCKS, Severity.HVD)


def junit(report: Report, name: str, lang: Lang) -> str:
    """Write one suite; findings that break something are failures, so a report that does not conform has at least one."""
    cases = [_verdict(report, lang)]
    cases += [_case(finding, lang) for finding in report.findings]
    found = {finding.field for finding in report.findings}
    # Empty labels have a finding of their own.
    cases += [
        _element("testcase", _named(column)) for column in report.sniffed.header if column and column not in found
    ]
    failures = sum("<failure" in case for case in cases)
    numbers = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suite = _element("testsuite", {"name": name, **numbers}, "".join(cases))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element("testsuites", numbers, suite)}\n'


def _verdict(report: Report, lang: Lang) -> str:
    words = sentence(report).in_(lang)
    about = f"Schema {report.schema_id} {report.schema_version}".strip() if report.schema_id else "Schema"
    failure = "" if report.conforms else _element("failure", {"message": words, "type": "schema"}, xml_text(words))
    return _element("testcase", {"classname": "schema", "name": about}, failure)


def _case(finding: Finding, lang: Lang) -> str:
    label = WEIGHTS[finding.severity].label.in_(lang)
    lines = (
        finding.what,
        where(finding),
        finding.why,
        finding.fix,
        repair(finding),
    )
    body = "\n".join([text for line in lines if (text := line.in_(lang))] + list(finding.examples))
    about = {"classname": finding.field or "datei", "name": f"{finding.code} {finding.address}".strip()}
    if finding.severity in _HEAVY:
        message = {"message": f"{label}: {finding.what.in_(lang)}", "type": finding.code}
        return _element("testcase", about, _element("failure", message, xml_text(body)))
    return _element("testcase", about, _element("system-out", {}, xml_text(f"{label}: {body}")))


def _named(column: str) -> dict[str, str]:
    return {"classname": column, "name": "ok"}


def _element(name: str, attributes: dict[str, str], content: str = "") -> str:
    """Write an element; `content` is XML already."""
    written = "".join(f' {key}="{xml_text(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>\n" if content else f"<{name}{written}/>\n"
