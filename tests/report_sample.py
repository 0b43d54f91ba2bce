"""A report with one finding of each weight and with hostile cells, for the tests of its forms."""

import dataclasses

from dcat.message import Message
from validators.report import Count, Finding, Report, Severity, TableProfile

HOSTILE = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    '#panic("code") #sys.inputs $x$ *fett* `raw` \\ @ref <label>',
    '=HYPERLINK("https://boese.example")',
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "\x00\x07\x1b[31m\ufffe\u202e中文😀",
    "x" * 5000,
)
FINDINGS = (
    Finding(
        severity=Severity.BLOCKS,
        code="type-error",
        what=Message(
            "In „hoehe_m“ (Spalte H) sind 1.204 Werte keine Zahl.",
            "In “hoehe_m” (column H) 1,204 values are no number.",
        ),
        why=Message("Programme können damit nicht rechnen.", "Programs cannot calculate with it."),
        fix=Message("Ersetzen Sie das Komma durch einen Punkt.", "Replace the comma by a dot."),
        count=1204,
        rows=(1290, 1291),
        lines=(1294, 1295),
        field="hoehe_m",
        column="H",
        address="H1290",
        examples=HOSTILE,
        repair="decimal-mark",
    ),
    Finding(
        severity=Severity.HVD,
        code="constraint-error",
        what=Message("In der Pflichtspalte „art“ fehlt ein Wert.", "In the mandatory column “art” a value is missing."),
        why=Message("Ohne Art ist der Baum unbekannt.", "Without a species the tree is unknown."),
        fix=Message("Tragen Sie die Art ein.", "Enter the species."),
        rows=(7,),
        lines=(7,),
        field="art",
        column="B",
        address="B7",
    ),
    Finding(
        severity=Severity.WARNING,
        code="encoding",
        what=Message("Die Datei ist in Windows-1252 geschrieben.", "The file is written in Windows-1252."),
        why=Message("Umlaute gehen verloren.", "Umlauts get lost."),
        fix=Message("Speichern Sie als „CSV UTF-8“.", "Save as “CSV UTF-8”."),
    ),
    Finding(
        severity=Severity.HINT,
        code="bom",
        what=Message("Die Datei beginnt mit einer Kennung.", "The file begins with a mark."),
        why=Message("Excel braucht sie.", "Excel needs it."),
        fix=Message("Nichts zu tun.", "Nothing to do."),
    ),
)


def report(**changes: object) -> Report:
    """Make a report of 1,834 rows of which 37 are faulty; name what should be different."""
    made = Report(
        schema_id="baumkataster",
        schema_version="1.0.0",
        schema_title=Message("Baumkataster", "Tree register"),
        valid=False,
        rows=1834,
        fields=4,
        bytes=123_456,
        sha256="ab" * 32,
        faulty_rows=37,
        counts=(
            Count(type="type-error", field="hoehe_m", number=1204),
            Count(type="constraint-error", field="art", rule="required", number=12),
            Count(type="constraint-error", field="art", rule="enum", number=1),
            Count(type="blank-row", number=2),
        ),
        sniffed=TableProfile(
            encoding="cp1252",
            delimiter=";",
            header=("baum_id", "art", "hoehe_m", "stand"),
            header_row=3,
            records=1837,
            bytes=123_456,
            sha256="ab" * 32,
        ),
        findings=FINDINGS,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def clean(**changes: object) -> Report:
    """Make a report without findings."""
    nothing: dict[str, object] = {"valid": True, "findings": (), "counts": (), "faulty_rows": 0}
    return report(**(nothing | changes))
