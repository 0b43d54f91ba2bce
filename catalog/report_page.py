"""A validation report as one self-contained page, to be mailed to the department that owns the file."""

from jinja2 import Environment

from dcat.message import Lang, Message
from validators.report import Report, Severity, sentence

WORDS = {
    Severity.BLOCKS: Message("verletzt das Schema", "breaks the schema"),
    Severity.HVD: Message("verletzt die HVD-Vorgaben", "breaks HVD conformity"),
    Severity.WARNING: Message("Warnung", "warning"),
    Severity.HINT: Message("Hinweis", "hint"),
}
_PAGE = """\
<!doctype html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ heading }}: {{ name }}</title>
<style>
body { font-family: system-ui, sans-serif; line-height: 1.5; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
article { border-left: .25rem solid; padding-left: 1rem; margin: 1.5rem 0; }
code { overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>{{ heading }}: {{ name }}</h1>
<p><strong>{{ summary }}</strong></p>
<p>{{ report.rows }} {{ rows }} · {{ report.sniffed.encoding }} · SHA-256 <code>{{ report.sha256 }}</code></p>
{% for finding in report.findings %}
<article>
<h2>{{ words[finding.severity].in_(lang) }}: {{ finding.what.in_(lang) }}</h2>
<p>{{ finding.why.in_(lang) }}</p>
<p>→ {{ finding.fix.in_(lang) }}</p>
{% if finding.address %}<p>{{ first }} <code>{{ finding.address }}</code>{% if finding.rows %} · {{ rows }} {{ finding.rows | join(", ") }}{% endif %}</p>{% endif %}
{% if finding.examples %}<ul>{% for example in finding.examples %}<li><code>{{ example }}</code></li>{% endfor %}</ul>{% endif %}
</article>
{% endfor %}
</body>
</html>
"""


def html(report: Report, name: str, lang: Lang) -> str:
    """Write the page in German or English; every cell of the file is escaped."""
    german = lang == "de"
    return (
        Environment(autoescape=True)
        .from_string(_PAGE)
        .render(
            report=report,
            name=name,
            lang=lang,
            words=WORDS,
            summary=sentence(report).in_(lang),
            heading="Prüfbericht" if german else "Validation report",
            rows="Zeilen" if german else "rows",
            first="Zuerst in Zelle" if german else "First in cell",
        )
    )
