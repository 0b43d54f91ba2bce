"""The traps of German tables, each as a file: what the report says about it in German, and which repair it offers."""

import json
import unicodedata
from dataclasses import dataclass, field

import pytest

from dcat.errors import ConfigError
from validators import schemas
from validators.check import check_table
from validators.repairs import preview
from validators.report import Severity
from validators.sniff import sniff

TEXT, NUMBER = {"name": "x"}, {"name": "n", "type": "number"}
ANY = {"name": "rest"}


def with_rules(name: str, kind: str = "string", *, form: str = "default", **constraints):
    return {"name": name, "type": kind, "format": form, "constraints": constraints}


def german(name: str, **more):
    return {"name": name, "type": "number", "decimalChar": ",", **more}


@dataclass(frozen=True, kw_only=True)
class Trap:
    """A file, the columns of its schema, and what must be found: code, words of the German sentences, repair and its results.

    Without a repair `advice` is what the report says to do.
    """

    number: int
    data: bytes
    fields: tuple[dict, ...] = (TEXT,)
    code: str
    says: str
    repair: str = ""
    becomes: tuple[tuple[str, str], ...] = ()
    advice: str = ""
    rows: tuple[int, ...] | None = None
    valid: bool = True
    decides: dict = field(default_factory=dict)


LATE = b"x;rest\r\n" + b"abc;1\r\n" * 20_000
TRAPS = (
    Trap(
        number=1,
        data=b"d\n31.12.1999\n01.01.2000\n",
        fields=(with_rules("d", "date", form="%d.%m.%Y", minimum="2000-01-01"),),
        code="constraint-error",
        says="In „d“ (Spalte A) liegt 1 Wert unter 01.01.2000.",
        advice="Erwartet wird mindestens 01.01.2000.",
        rows=(2,),
        valid=False,
    ),
    Trap(
        number=2,
        data=b'n\n"0,4"\n"0,5"\n',
        fields=(german("n", constraints={"minimum": "0.5"}),),
        code="constraint-error",
        says="In „n“ (Spalte A) liegt 1 Wert unter 0.5.",
        advice="Erwartet wird mindestens 0.5.",
        rows=(2,),
        valid=False,
    ),
    Trap(
        number=3,
        data=b"n;rest\n1.5;a\n12.34;b\n1.2.3,4;c\n1.234,5;d\n",
        fields=(german("n", groupChar="."), ANY),
        code="english-decimal",
        says="In „n“ (Spalte A) sieht 3-mal eine Zahl englisch geschrieben aus: 1.5 wird als 15 gelesen.",
        repair="decimal-mark",
        becomes=(("1.5", "1,5"), ("12.34", "12,34")),
        rows=(2, 3, 4),
    ),
    Trap(
        number=4,
        data=b"x\nab\nabX\nXcd\n",
        fields=(with_rules("x", pattern="ab|cd"),),
        code="constraint-error",
        says="In „x“ (Spalte A) haben 2 Werte nicht die verlangte Form.",
        advice="Die Regel des Schemas ist: (?:ab|cd).",
        rows=(3, 4),
        valid=False,
    ),
    Trap(
        number=5,
        data=b'x\n"ab\n"\nab\n',
        fields=(with_rules("x", pattern="[a-z]+"),),
        code="line-break",
        says="In „x“ (Spalte A) endet einmal ein Wert mit einem Zeilenumbruch.",
        repair="line-break",
        becomes=(("ab\n", "ab"),),
        rows=(2,),
    ),
    Trap(
        number=6,
        data=b"x;rest\n ;a\nb;c\n",
        fields=(with_rules("x", required=True), ANY),
        code="looks-empty",
        says="In der Pflichtspalte „x“ (Spalte A) stehen einmal nur Leerzeichen.",
        advice="Tragen Sie einen Wert ein.",
        rows=(2,),
    ),
    Trap(
        number=7,
        data=b'x;rest\n"zwei\nZeilen";a\n"Linde;b\nBuche;c\n',
        fields=(TEXT, ANY),
        code="unclosed-quote",
        says="In Zeile 4 beginnt ein Anführungszeichen, das nicht geschlossen wird.",
        advice="schließen oder löschen Sie das Anführungszeichen in Zeile 4",
        rows=(3,),
        valid=False,
    ),
    Trap(
        number=8,
        data=b'x;rest\n"z"w;a\nb;c\n',
        fields=(TEXT, ANY),
        code="stray-quote",
        says="In 1 Zeile steht Text hinter einem schließenden Anführungszeichen.",
        advice="verdoppeln Sie die, die zum Text gehören",
        rows=(2,),
    ),
    Trap(
        number=9,
        data="Bäume der Stadt\nStand 2026\n\nx;rest\na;b\n".encode(),
        fields=(TEXT, ANY),
        code="title-lines",
        says="Über den Spaltennamen stehen 3 weitere Zeilen; die Spaltennamen stehen in Zeile 4.",
        repair="canonical-file",
    ),
    Trap(
        number=10,
        data=b"sep=;\r\nx;rest\r\na,1;b\r\n",
        fields=(TEXT, ANY),
        code="sep-line",
        says="Die erste Zeile ist eine Excel-Angabe („sep=“).",
        repair="canonical-file",
        decides={"delimiter": ";", "header_row": 2},
    ),
    Trap(
        number=11,
        data=(unicodedata.normalize("NFD", "Höhe") + ";REST\n1.5;a\n").encode(),
        fields=({"name": "Höhe", "type": "number"}, ANY),
        code="incorrect-label",
        says="2 Spalten sind anders geschrieben als im Schema.",
        repair="column-name",
        advice="„REST“ → „rest“",
        valid=False,
    ),
    Trap(
        number=12,
        data=LATE + "Höhe;2\r\n".encode("cp1252"),
        fields=(TEXT, ANY),
        code="not-utf8",
        says=f"sondern in Windows-1252 (erstes Zeichen: Zeile 20002, Byte {len(LATE) + 1}).",
        repair="canonical-file",
        decides={"encoding": "cp1252"},
    ),
    Trap(
        number=13,
        data="x;rest\n5 €;a\n".encode("cp1252"),
        fields=(with_rules("x", enum=["5 €"]), ANY),
        code="not-utf8",
        says="Die Datei ist nicht in UTF-8 gespeichert, sondern in Windows-1252",
        repair="canonical-file",
        decides={"encoding": "cp1252"},
    ),
    Trap(
        number=14,
        data="x;rest\nHöhe;a\n".encode("utf-16"),
        fields=(with_rules("x", enum=["Höhe"]), ANY),
        code="utf-16",
        says="Die Datei ist in UTF-16 gespeichert.",
        repair="canonical-file",
        decides={"encoding": "utf-16"},
    ),
    Trap(
        number=15,
        data=b"d;rest\n03.04.2024;a\n",
        fields=(with_rules("d", "date", form="%m.%d.%Y"), ANY),
        code="month-first",
        says="In „d“ (Spalte A) wird einmal ein Datum mit Punkten so gelesen, dass der Monat vorn steht.",
        advice="Ändern Sie im Schema das Format der Spalte in %d.%m.%Y",
        rows=(2,),
    ),
    Trap(
        number=15,
        data=b"d;rest\n03.04.2024;a\n",
        fields=(with_rules("d", "date"), ANY),
        code="german-date",
        says="In „d“ (Spalte A) steht einmal ein deutsch geschriebenes Datum.",
        repair="date-form",
        becomes=(("03.04.2024", "2024-04-03"),),
        advice="„Zellen formatieren > Benutzerdefiniert“",
        valid=False,
    ),
    Trap(
        number=15,
        data=b"d;rest\n03/04/2024;a\n13/04/2024;b\n",
        fields=(with_rules("d", "date"), ANY),
        code="ambiguous-date",
        says="In „d“ (Spalte A) steht 2-mal ein Datum mit Schrägstrichen.",
        repair="date-form",
        becomes=(("03/04/2024", "2024-04-03"), ("13/04/2024", "2024-04-13")),
        advice="„Daten > Text in Spalten“",
        valid=False,
    ),
    Trap(
        number=15,
        data=b"d;rest\n03/04/2024;a\n",
        fields=(with_rules("d", "date"), ANY),
        code="ambiguous-date",
        says="In „d“ (Spalte A) steht einmal ein Datum mit Schrägstrichen.",
        advice="„Datum: TMJ“ (oder MTJ, wenn der Monat vorn steht)",
        valid=False,
    ),
    Trap(
        number=16,
        data=b"b;rest\nja;a\nNein;b\nJa;c\ntrue;d\n",
        fields=({"name": "b", "type": "boolean"}, ANY),
        code="yes-no",
        says="In „b“ (Spalte A) ist ja oder nein 3-mal so geschrieben, wie das Schema es nicht kennt.",
        repair="yes-no",
        becomes=(("ja", "true"), ("Nein", "false"), ("Ja", "true")),
        rows=(2, 3, 4),
        valid=False,
    ),
    Trap(
        number=18,
        data=b"lon;lat\n49.87;8.65\n8.65;49.87\n",
        fields=({"name": "lon", "type": "number"}, {"name": "lat", "type": "number"}),
        code="swapped-coordinates",
        says="In 1 Zeile sind Länge (lon, Spalte A) und Breite (lat, Spalte B) vertauscht.",
        repair="swapped-coordinates",
        becomes=(("49.87", "8.65"), ("8.65", "49.87")),
        rows=(2,),
    ),
    Trap(
        number=18,
        data=b"p;rest\n49.87,8.65;a\n8.65,49.87;b\n",
        fields=({"name": "p", "type": "geopoint"}, ANY),
        code="swapped-geopoint",
        says="In „p“ (Spalte A) steht einmal die Breite vor der Länge.",
        repair="swapped-coordinates",
        becomes=(("49.87,8.65", "8.65,49.87"),),
        rows=(2,),
    ),
    Trap(
        number=19,
        data=b"t;rest\n2026-03-01T08:15;a\n",
        fields=({"name": "t", "type": "datetime"}, ANY),
        code="datetime-without-zone",
        says="In „t“ (Spalte A) fehlt einmal die Zeitzone oder die Sekunde.",
        repair="time-zone",
        becomes=(("2026-03-01T08:15", "2026-03-01T08:15:00+01:00"),),
        valid=False,
    ),
    Trap(
        number=19,
        data=b"t;rest\n10:30;a\n",
        fields=({"name": "t", "type": "time"}, ANY),
        code="time-without-seconds",
        says="In „t“ (Spalte A) fehlt einmal die Sekunde der Uhrzeit.",
        repair="time-form",
        becomes=(("10:30", "10:30:00"),),
        valid=False,
    ),
    Trap(
        number=20,
        data="n;rest\n1_000;a\n+12;b\n 7 ;c\n\u0661\u0662;d\n5;e\n".encode(),
        fields=({"name": "n", "type": "integer"}, ANY),
        code="odd-number",
        says="In „n“ (Spalte A) steht 4-mal eine Zahl in ungewöhnlicher Schreibweise.",
        repair="thousands-mark",
        becomes=(("1_000", "1000"), ("+12", "12"), (" 7 ", "7"), ("\u0661\u0662", "12")),
        rows=(2, 3, 4, 5),
    ),
    Trap(
        number=20,
        data=b"n;rest\n007;a\n7;b\n",
        fields=({"name": "n", "type": "integer"}, ANY),
        code="leading-zeros",
        says="In „n“ (Spalte A) beginnt einmal eine ganze Zahl mit einer Null.",
        advice="Ist es eine Kennung, sollte das Schema sie als Text führen.",
        rows=(2,),
    ),
    Trap(
        number=21,
        data=b"x;rest\na\0b;c\n",
        fields=(TEXT, ANY),
        code="nul-byte",
        says="Die Datei enthält 1 unsichtbares Nullzeichen.",
        repair="invisible",
        becomes=(("a\0b", "ab"),),
    ),
    Trap(
        number=22,
        data=b"x;rest\n",
        fields=(TEXT, ANY),
        code="empty-table",
        says="Unter den Spaltennamen steht keine einzige Zeile.",
        advice="Prüfen Sie den Export.",
    ),
)


def own(*fields: dict):
    return schemas.read(json.dumps({"fields": list(fields)}).encode())


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: f"{trap.number}-{trap.code}")
def test_trap(tmp_path, trap):
    path, schema = tmp_path / "t.csv", own(*trap.fields)
    path.write_bytes(trap.data)
    report = check_table(path, schema)
    found = [finding for finding in report.findings if finding.code == trap.code]
    assert len(found) == 1, [finding.code for finding in report.findings]
    (finding,) = found
    assert trap.says in finding.what.de
    assert finding.repair == trap.repair
    assert trap.advice in finding.fix.de
    assert trap.repair or trap.advice, "a trap needs a way out"
    if trap.rows is not None:
        assert finding.rows == trap.rows
    for text in (finding.what, finding.why, finding.fix):
        assert text.de.endswith(".")
        assert text.en.endswith(".")
        assert text.de != text.en
    for key, value in trap.decides.items():
        assert getattr(report.sniffed, key) == value
    assert report.conforms == trap.valid
    assert "check-failed" not in [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    "trap", [trap for trap in TRAPS if trap.becomes], ids=lambda trap: f"{trap.number}-{trap.code}"
)
def test_the_repair_of_a_trap(tmp_path, trap):
    path, schema = tmp_path / "t.csv", own(*trap.fields)
    path.write_bytes(trap.data)
    log = preview(path, sniff(path), schema)
    assert {(change.before, change.after) for change in log.changes} == set(trap.becomes)
    assert trap.repair in {change.rule for change in log.changes}


def test_trap_15_any_dates_are_refused():
    with pytest.raises(ConfigError) as caught:
        own({"name": "d", "type": "date", "format": "any"})
    assert "03.04.2024" in caught.value.message.de
    assert "%d.%m.%Y" in caught.value.message.de


def test_trap_16_the_shared_schemas_know_the_german_words():
    field = schemas.load("baumkataster").field("naturdenkmal")
    assert {"ja", "Ja", "JA"} <= set(field.true_values)
    assert {"nein", "Nein", "NEIN"} <= set(field.false_values)


def test_traps_are_all_here():
    # Trap 17, the types that frictionless would guess, has its tests in test_infer.py.
    assert {trap.number for trap in TRAPS} == set(range(1, 23)) - {17}


def test_no_value_of_the_file_stands_in_a_sentence(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("n;d;e;k\ngeheim;geheim;geheim;geheim\n", encoding="utf-8")
    schema = own(
        {"name": "n", "type": "number"},
        {"name": "d", "type": "date"},
        with_rules("e", enum=["a"]),
        with_rules("k", pattern="[0-9]+"),
    )
    report = check_table(path, schema)
    assert len([finding for finding in report.findings if finding.severity is Severity.BLOCKS]) == 4
    for finding in report.findings:
        for text in (finding.what, finding.why, finding.fix):
            assert "geheim" not in text.de + text.en
