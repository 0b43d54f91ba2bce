"""Validation reports of files: a page that can be filtered, the forms for mail, paper, spreadsheets and programs, and the badge."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.exceptions import Gone, ServiceUnavailable

from catalog.api import answers
from catalog.instance import program_version
from catalog.public import FileState, PublicDataset, PublicFile
from catalog.report_page import content_security, html
from catalog.report_printing import SECONDS, BusyError, print_report
from catalog.report_view import view
from catalog.web.language import lang, t
from catalog.web.pages import reading, settings
from catalog.web.wording import finding_groups, stored_report
from dcat.message import Lang
from validators.badge import badge as badge_svg
from validators.exports import MARK, csv_text
from validators.finding_words import WEIGHTS
from validators.junit import junit
from validators.report import Report, to_json
from validators.sarif import sarif

reports = Blueprint("reports", __name__)
# Of a filter.
MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a report: its media type, how it is written, and whether a browser should show or keep it."""

    content_type: str
    write: Callable[[Report, str, Lang], str | bytes]
    attached: bool = False


def _json(report: Report, name: str, language: Lang) -> bytes:
    return orjson.dumps(to_json(report), option=orjson.OPT_INDENT_2)


def _csv(report: Report, name: str, language: Lang) -> str:
    return MARK + csv_text(report, language)


def _sarif(report: Report, name: str, language: Lang) -> bytes:
    return orjson.dumps(sarif(report, name, language, program_version()), option=orjson.OPT_INDENT_2)


def _pdf(report: Report, name: str, language: Lang) -> bytes:
    return print_report(to_json(report), name, language)


FORMS = {
    "html": Form("text/html; charset=utf-8", html),
    "pdf": Form("application/pdf", _pdf),
    "csv": Form("text/csv; charset=utf-8", _csv, attached=True),
    "json": Form("application/json", _json),
    "sarif": Form("application/sarif+json", _sarif, attached=True),
    "junit.xml": Form("application/xml", junit, attached=True),
}


@reports.get("/dataset/<slug>/<distribution_id>/report")
def page(slug: str, distribution_id: str) -> str:
    """Show the whole report of a file, filtered by weight and column where asked."""
    public, file = _file(slug, distribution_id, "reports.page")
    report, chosen = _report(file), {name: _asked(name) for name in ("severity", "column")}
    return render_template(
        "report.html",
        public=public,
        file=file,
        view=view(report, file.name, lang()),
        groups=finding_groups(to_json(_filtered(report, **chosen))),
        chosen=chosen,
        weights=_choices((f.severity.value, WEIGHTS[f.severity].label.in_(lang())) for f in report.findings),
        columns=_choices((f.field, f.field) for f in report.findings if f.field),
        history=reading().history(file),
        badge_address=url_for("reports.badge", slug=public.name, distribution_id=file.id, lang=lang()),
    )


@reports.get("/dataset/<slug>/<distribution_id>/report.<any(html, pdf, csv, json, sarif, 'junit.xml'):form>")
def written(slug: str, distribution_id: str, form: str) -> Response:
    """Give the report of a file as a page to mail, as PDF, CSV, JSON, SARIF or JUnit XML; `lang=en` for English."""
    _, file = _file(slug, distribution_id, "reports.written", form=form)
    report, name, language, chosen = _report(file), file.name or distribution_id, _language(), FORMS[form]
    tag = answers.etag(settings(), "report", form, language, name, orjson.dumps(to_json(report)))
    if answers.known(tag, None) or request.method == "HEAD":
        return answers.not_modified(chosen.content_type, tag, None)
    answer = answers.remembered(chosen.content_type, tag, None)
    if answer is None:
        answer = answers.whole(_write(chosen, report, name, language), chosen.content_type, tag, None, keep=True)
    answer.headers["Content-Disposition"] = _disposition(chosen, f"{name}-bericht.{form}")
    if form == "html":
        answer.headers["Content-Security-Policy"] = content_security()
    return answer


@reports.get("/dataset/<slug>/<distribution_id>/badge.svg")
def badge(slug: str, distribution_id: str) -> Response:
    """Draw a badge that says whether a file keeps its schema; `lang=en` for English."""
    _, file = _file(slug, distribution_id, "reports.badge")
    body = badge_svg(_report(file), _language()).encode()
    tag = answers.etag(settings(), "badge", body)
    if answers.known(tag, None) or request.method == "HEAD":
        return answers.not_modified("image/svg+xml", tag, None)
    answer = answers.whole(body, "image/svg+xml", tag, None)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; sandbox"
    # A badge stands on pages of others.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _asked(name: str) -> str:
    return request.args.get(name, "")[:MAX_TEXT]


def _filtered(report: Report, severity: str, column: str) -> Report:
    """Keep the findings of one weight, or column, or both; an unknown one has none."""
    found = (f for f in report.findings if severity in ("", f.severity) and column in ("", f.field))
    return replace(report, findings=tuple(found))


def _choices(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """List the choices of a filter, each once, after the one that filters nothing."""
    return [("", t("alle", "all")), *dict.fromkeys(found)]


def _file(slug: str, distribution_id: str, endpoint: str, **more: Any) -> tuple[PublicDataset, PublicFile]:
    """Find a file, or end the request with where it is now, or that it is not there."""
    found = reading().find(slug)
    name = found.moved_to or found.successor or (found.public.name if found.public else "")
    if name and name != slug:
        # A successor has files of its own.
        address = (
            url_for("pages.dataset", slug=name)
            if found.successor
            else url_for(endpoint, slug=name, distribution_id=distribution_id, **more)
        )
        abort(redirect(address, 301))
    if found.gone:
        raise Gone
    public = found.public or abort(404)
    return public, next((file for file in public.files if file.id == distribution_id), None) or abort(404)


def _report(file: PublicFile) -> Report:
    """Read the report of a file; of one that is held back, without anything copied from it."""
    if file.report is None or file.state not in (FileState.LINKED, FileState.PUBLIC, FileState.HELD):
        abort(404)
    return stored_report(file)


def _write(form: Form, report: Report, name: str, language: Lang) -> bytes:
    try:
        body = form.write(report, name, language)
    except BusyError as error:
        raise ServiceUnavailable(retry_after=SECONDS) from error
    return body.encode() if isinstance(body, str) else body


def _language() -> Lang:
    """Files for programs and badges do not depend on a cookie, so that caches may keep them."""
    return "en" if request.args.get("lang") == "en" else "de"


def _disposition(form: Form, name: str) -> str:
    return f"{'attachment' if form.attached else 'inline'}; filename*=UTF-8''{quote(name, safe='')}"
