"""A validation report as one self-contained page, to be mailed to the department that owns the file. It loads nothing and runs nothing."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from catalog.report_view import Group, view
from dcat.message import Lang
from validators.report import Report

_FOLDER = Path(__file__).parent / "report_templates"


def html(report: Report, name: str, lang: Lang) -> str:
    """Write the page in German or English; every cell of the file is escaped."""
    return (
        _environment()
        .get_template("report.html")
        .render(view=view(report, name, lang), style=Markup(_style()), sign=_sign)  # noqa: S704 - our own file
    )


def content_security() -> str:
    """Give the policy under which a server may answer with the page: its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"sandbox; default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def _sign(group: Group) -> Markup:
    return Markup('<svg class="sign {}" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>').format(
        group.severity, group.drawing
    )


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True)


@cache
def _style() -> str:
    return (_FOLDER / "report.css").read_text(encoding="utf-8")
