"""The checks of single cells for what frictionless accepts or cannot explain, with their sentences and their examples."""

from collections.abc import Callable
from dataclasses import dataclass

from dcat.message import Message
from validators import spellings
from validators.report import Severity
from validators.schemas import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Precheck:
    """One look at a single cell, with cells it must and must not find, each with the type of its column.

    `types` are the field types it asks about, all when empty; `about` tells of which columns more it can find anything in. Every cell
    it finds matches `prefilter` (RE2) somewhere; the fewer others do, the faster a large table is looked at.
    `odd` says that frictionless may accept what it finds, and that a repair may change such a cell all the same.
    """

    code: str
    severity: Severity
    finds: Callable[[Field, str], bool]
    what: Message
    why: Message
    fix: Message
    types: tuple[str, ...] = ()
    about: Callable[[Field], bool] = lambda column: True
    prefilter: str = ""
    odd: bool = False
    found: tuple[tuple[str, str], ...]
    passed: tuple[tuple[str, str], ...]

    def asks(self, column: Field) -> bool:
        """Tell whether the check looks at a column."""
        return (not self.types or column.type in self.types) and self.about(column)


# A longitude that could be the latitude of a place in Germany, or is written in no plain way.
MAYBE_LATITUDE = r"^[\s\[+-]*0*(?:4[789]|5[0-6])(?:[^0-9]|$)|^[^,]*[^-\[0-9., +\t]"
_NUMBERS = ("number", "integer")
PRECHECKS = (
    Precheck(
        code="decimal-comma",
        severity=Severity.WARNING,
        finds=spellings.decimal_comma,
        types=_NUMBERS,
        about=lambda column: column.decimal_char != ",",
        prefilter=",",
        what=Message("In {column} steht {times} ein Dezimalkomma.", "In {column} a decimal comma is used {times}."),
        why=Message("Das Schema erwartet einen Punkt: 12.5 statt 12,5.", "The schema expects a point: 12.5, not 12,5."),
        fix=Message(
            "Markieren Sie die Spalte in Excel und ersetzen Sie mit „Suchen und Ersetzen“ (Strg+H) jedes Komma durch einen Punkt; "
            "stellen Sie die Spalte vorher unter „Zellen formatieren“ auf „Text“, sonst macht Excel aus 12.5 ein Datum.",
            "Select the column in Excel and replace every comma by a point with “Find and replace” (Ctrl+H); "
            "set the column to “Text” under “Format cells” before, or Excel turns 12.5 into a date.",
        ),
        found=(("number", "12,5"), ("number", "1.234,50"), ("integer", "-3,0")),
        passed=(("number", "12.5"), ("number", "1,2,3"), ("string", "12,5"), ("number", "")),
    ),
    Precheck(
        code="english-decimal",
        severity=Severity.WARNING,
        finds=spellings.english_decimal,
        types=("number",),
        about=lambda column: column.decimal_char == "," and column.group_char == ".",
        prefilter=(
            r"\.(?:[0-9]{0,2}(?:[^0-9]|$)|[0-9]{4})|[0-9]{4}\.|(?:^|[^0-9])\.|,.*[.,]|,(?:[^0-9]|$)|[^0-9.,+-]|.[+-]"
        ),
        odd=True,
        what=Message(
            "In {column} sieht {times} eine Zahl englisch geschrieben aus: 1.5 wird als 15 gelesen.",
            "In {column} a number looks English {times}: 1.5 is read as 15.",
        ),
        why=Message(
            "Der Punkt gilt hier als Tausenderpunkt, und hinter dem stehen immer drei Ziffern.",
            "The point counts as thousands mark here, which is always followed by three digits.",
        ),
        fix=Message(
            "Schreiben Sie in diesen Zellen ein Komma statt des Punkts: 1,5 statt 1.5. Kommt die Datei aus einem anderen Programm, "
            "hilft in Excel „Daten > Text in Spalten > Weitere“ mit dem Punkt als Dezimaltrennzeichen.",
            "Write a comma instead of the point in these cells: 1,5, not 1.5. If another program made the file, use "
            "“Data > Text to columns > Advanced” in Excel with the point as decimal separator.",
        ),
        found=(("german", "1.5"), ("german", "12.34"), ("german", "1.2.3,4")),
        passed=(("german", "1.234"), ("german", "1.234.567,89"), ("german", "12,5"), ("number", "1.5")),
    ),
    Precheck(
        code="thousands-mark",
        severity=Severity.WARNING,
        finds=spellings.thousands_mark,
        types=_NUMBERS,
        prefilter=r"^\s*[+-]?[1-9][0-9]{0,2}(?:[. '’\x{a0}\x{202f}][0-9]{3})+\s*$|[^\x00-\x7f]|[\x0b\x1c-\x1f]",
        what=Message(
            "In {column} sind {times} die Tausender abgesetzt.", "In {column} thousands are set apart {times}."
        ),
        why=Message(
            "Programme lesen 1.234 als etwas mehr als eins und 1 234 gar nicht.",
            "Programs read 1.234 as a little more than one, and 1 234 not at all.",
        ),
        fix=Message(
            "Schalten Sie in Excel unter „Zellen formatieren > Zahl“ das 1000er-Trennzeichen ab und exportieren Sie neu.",
            "Switch off the 1000 separator in Excel under “Format cells > Number” and export again.",
        ),
        found=(("integer", "1.234"), ("integer", "1 234"), ("number", "12 345 678")),
        passed=(("integer", "1234"), ("number", "1.234"), ("integer", "0.123"), ("string", "1.234")),
    ),
    Precheck(
        code="unit-in-cell",
        severity=Severity.WARNING,
        finds=spellings.with_unit,
        types=_NUMBERS,
        prefilter=r"[A-Za-z%€°]|[^\x00-\x7f]",
        what=Message(
            "In {column} steht {times} eine Einheit hinter der Zahl.", "In {column} a unit follows the number {times}."
        ),
        why=Message(
            "Damit ist die Zelle ein Text, mit dem niemand rechnen kann. Die Einheit nennt das Schema.",
            "That makes the cell a text nobody can calculate with. The schema names the unit.",
        ),
        fix=Message(
            "Löschen Sie die Einheit in Excel mit „Suchen und Ersetzen“ (Strg+H): „Ersetzen durch“ bleibt leer. "
            "Prüfen Sie, ob alle Werte in der Einheit des Schemas stehen.",
            "Delete the unit in Excel with “Find and replace” (Ctrl+H): leave “Replace with” empty. "
            "Check that all values are in the unit of the schema.",
        ),
        found=(("metres", "12 m"), ("metres", "12,5m"), ("number", "45 %"), ("metres", "120 cm")),
        passed=(("metres", "12"), ("metres", "hoch"), ("string", "12 m"), ("number", "12e3"), ("metres", "m")),
    ),
    Precheck(
        code="empty-word",
        severity=Severity.WARNING,
        finds=spellings.nothing_word,
        about=lambda column: column.type not in ("string", "any") and not column.required,
        prefilter=r"^[^0-9]*$",
        what=Message(
            "In {column} steht {times} ein Zeichen oder Wort für „keine Angabe“.",
            "In {column} a sign or word for “no value” is used {times}.",
        ),
        why=Message(
            "In dieser Spalte ist nur eine leere Zelle als „keine Angabe“ vereinbart.",
            "An empty cell is the only “no value” agreed for this column.",
        ),
        fix=Message(
            "Leeren Sie diese Zellen: in Excel mit „Suchen und Ersetzen“ (Strg+H), „Gesamten Zellinhalt vergleichen“ angekreuzt.",
            "Empty these cells: in Excel with “Find and replace” (Ctrl+H) and “Match entire cell contents” ticked.",
        ),
        found=(("number", "k.A."), ("date", "-"), ("integer", "n/a"), ("number", "unbekannt")),
        passed=(("string", "k.A."), ("number", "-1"), ("number", "null"), ("number", "#WERT!"), ("number", "")),
    ),
    Precheck(
        code="german-date",
        severity=Severity.WARNING,
        finds=spellings.german_date,
        types=("date", "datetime"),
        about=lambda column: column.format == "default",
        prefilter=r"\.",
        what=Message(
            "In {column} steht {times} ein deutsch geschriebenes Datum.",
            "In {column} a date is written in German form {times}.",
        ),
        why=Message(
            "Das Schema erwartet JJJJ-MM-TT: 2024-12-31 statt 31.12.2024.",
            "The schema expects YYYY-MM-DD: 2024-12-31, not 31.12.2024.",
        ),
        fix=Message(
            "Markieren Sie die Spalte in Excel, wählen Sie „Zellen formatieren > Benutzerdefiniert“, geben Sie JJJJ-MM-TT ein "
            "und exportieren Sie neu.",
            "Select the column in Excel, choose “Format cells > Custom”, enter YYYY-MM-DD and export again.",
        ),
        found=(("date", "31.12.2024"), ("date", "1.2.24"), ("datetime", "31.12.2024 10:30")),
        passed=(("date", "2024-12-31"), ("string", "31.12.2024"), ("date", "49.87")),
    ),
    Precheck(
        code="ambiguous-date",
        severity=Severity.WARNING,
        finds=spellings.slash_date,
        types=("date",),
        prefilter="/",
        what=Message(
            "In {column} steht {times} ein Datum mit Schrägstrichen.", "In {column} a date has slashes {times}."
        ),
        why=Message("03/04/2024 kann der 3. April oder der 4. März sein.", "03/04/2024 can be 3 April or 4 March."),
        fix=Message(
            "Wählen Sie in Excel „Daten > Text in Spalten“, im dritten Schritt „Datum: TMJ“ (oder MTJ, wenn der Monat vorn steht), "
            "danach „Zellen formatieren > Benutzerdefiniert“ und JJJJ-MM-TT.",
            "In Excel choose “Data > Text to columns”, in the third step “Date: DMY” (or MDY if the month comes first), "
            "then “Format cells > Custom” and YYYY-MM-DD.",
        ),
        found=(("date", "03/04/2024"), ("date", "13/4/2024")),
        passed=(("date", "2024-04-03"), ("slashes", "03/04/2024"), ("string", "03/04/2024")),
    ),
    Precheck(
        code="month-first",
        severity=Severity.WARNING,
        finds=spellings.month_first,
        types=("date", "datetime"),
        about=lambda column: column.format.startswith("%m"),
        prefilter=r"\.",
        what=Message(
            "In {column} wird {times} ein Datum mit Punkten so gelesen, dass der Monat vorn steht.",
            "In {column} a date with points is read with the month first {times}.",
        ),
        why=Message(
            "Hierzulande ist der 03.04.2024 der 3. April; mit dem Format dieses Schemas wird daraus der 4. März.",
            "In Germany 03.04.2024 is 3 April; the format of this schema makes it 4 March.",
        ),
        fix=Message(
            "Ändern Sie im Schema das Format der Spalte in %d.%m.%Y, oder schreiben Sie JJJJ-MM-TT.",
            "Change the format of the column in the schema to %d.%m.%Y, or write YYYY-MM-DD.",
        ),
        found=(("american", "03.04.2024"), ("american", "13.04.2024")),
        passed=(("american", "x"), ("date", "03.04.2024"), ("slashes", "03.04.2024")),
    ),
    Precheck(
        code="datetime-without-zone",
        severity=Severity.WARNING,
        finds=spellings.no_zone,
        types=("datetime",),
        about=lambda column: column.format == "default",
        prefilter=r"[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?$|[T ]\d\d:\d\dZ$| \d\d:\d\d:\d\dZ$|\.\d+Z$|[^\x00-\x7f]",
        odd=True,
        what=Message(
            "In {column} fehlt {times} die Zeitzone oder die Sekunde.",
            "In {column} the time zone or the seconds are missing {times}.",
        ),
        why=Message(
            "Ohne Zeitzone ist die Stunde der Zeitumstellung doppelt.",
            "Without a zone the hour of the clock change is double.",
        ),
        fix=Message(
            "Schreiben Sie zum Beispiel 2026-03-01T08:15:00+01:00: im Winter endet der Zeitpunkt auf +01:00, im Sommer auf +02:00.",
            "Write for example 2026-03-01T08:15:00+01:00: in winter the time ends with +01:00, in summer with +02:00.",
        ),
        found=(("datetime", "2026-03-01T08:15:00"), ("datetime", "2026-03-01 08:15")),
        passed=(
            ("datetime", "2026-03-01T08:15:00+01:00"),
            ("datetime", "2026-03-01T08:15:00Z"),
            ("date", "2026-03-01"),
        ),
    ),
    Precheck(
        code="time-without-seconds",
        severity=Severity.WARNING,
        finds=spellings.no_seconds,
        types=("time",),
        prefilter="[:.]",
        what=Message(
            "In {column} fehlt {times} die Sekunde der Uhrzeit.", "In {column} a time of day lacks its seconds {times}."
        ),
        why=Message("Das Schema erwartet 10:30:00 statt 10:30.", "The schema expects 10:30:00, not 10:30."),
        fix=Message(
            "Wählen Sie in Excel „Zellen formatieren > Benutzerdefiniert“, geben Sie hh:mm:ss ein und exportieren Sie neu.",
            "In Excel choose “Format cells > Custom”, enter hh:mm:ss and export again.",
        ),
        found=(("time", "10:30"), ("time", "9:05"), ("time", "10.30 Uhr")),
        passed=(("time", "10:30:00"), ("string", "10:30"), ("datetime", "10:30")),
    ),
    Precheck(
        code="yes-no",
        severity=Severity.WARNING,
        finds=spellings.yes_no,
        types=("boolean",),
        what=Message(
            "In {column} ist ja oder nein {times} so geschrieben, wie das Schema es nicht kennt.",
            "In {column} yes or no is spelled {times} in a way the schema does not know.",
        ),
        why=Message("Programme lesen nur die vereinbarten Wörter.", "Programs read the agreed words only."),
        fix=Message(
            "Ersetzen Sie die Werte durch die Wörter des Schemas: in Excel mit „Suchen und Ersetzen“ (Strg+H), "
            "„Gesamten Zellinhalt vergleichen“ angekreuzt.",
            "Replace the values by the words of the schema: in Excel with “Find and replace” (Ctrl+H) and "
            "“Match entire cell contents” ticked.",
        ),
        found=(("boolean", "ja"), ("boolean", "NEIN"), ("boolean", "x")),
        passed=(("boolean", "true"), ("boolean", "0"), ("string", "ja"), ("boolean", "vielleicht")),
    ),
    Precheck(
        code="looks-empty",
        severity=Severity.WARNING,
        finds=spellings.looks_empty,
        about=lambda column: column.required,
        prefilter=r"\A[ \t\r\n\x{a0}\x{2007}\x{202f}\x{200b}\x{200e}\x{200f}\x{2060}\x{feff}]+\z",
        odd=True,
        what=Message(
            "In der Pflichtspalte {column} stehen {times} nur Leerzeichen.",
            "In the mandatory column {column} there are {times} blanks only.",
        ),
        why=Message("Die Zelle gilt als ausgefüllt, sagt aber nichts.", "The cell counts as filled but says nothing."),
        fix=Message(
            "Tragen Sie einen Wert ein. In Excel finden Sie diese Zellen mit dem Filter („Daten > Filtern“): Sie stehen ganz oben in der Liste.",
            "Enter a value. In Excel the filter (“Data > Filter”) finds these cells: they come first in its list.",
        ),
        found=(("required", " "), ("required", "\u00a0")),
        passed=(("required", "x"), ("required", ""), ("string", " ")),
    ),
    Precheck(
        code="odd-number",
        severity=Severity.HINT,
        finds=spellings.odd_number,
        types=_NUMBERS,
        about=lambda column: column.decimal_char == ".",
        prefilter=r"[^0-9.eE-]|\A-?[.eE]|\.\z|\.[eE]",
        odd=True,
        what=Message(
            "In {column} steht {times} eine Zahl in ungewöhnlicher Schreibweise.",
            "In {column} a number has an unusual spelling {times}.",
        ),
        why=Message(
            "Leerzeichen, Pluszeichen, Unterstriche oder „NaN“ lesen andere Programme anders.",
            "Other programs read blanks, plus signs, underscores or “NaN” differently.",
        ),
        fix=Message(
            "Schreiben Sie nur die Ziffern 0 bis 9 und einen Punkt; in Excel unter „Zellen formatieren“ als „Zahl“, ohne Pluszeichen.",
            "Write the digits 0 to 9 and a point only; in Excel with the format “Number”, without a plus sign.",
        ),
        found=(("number", " 51.9"), ("integer", "1_000"), ("number", "NaN"), ("integer", "+12"), ("integer", "٧")),
        passed=(("number", "51.9"), ("integer", "-3"), ("number", "abc"), ("string", " 7")),
    ),
    Precheck(
        code="leading-zeros",
        severity=Severity.HINT,
        finds=spellings.leading_zeros,
        types=("integer",),
        prefilter=r"(?:^|[^0-9])0[0-9]",
        what=Message(
            "In {column} beginnt {times} eine ganze Zahl mit einer Null.",
            "In {column} a whole number begins with zero {times}.",
        ),
        why=Message(
            "Die Zahl 007 wird als 7 gelesen. Ist sie eine Kennung, gehen ihre Nullen verloren.",
            "The number 007 is read as 7. If it is an identifier, its zeros get lost.",
        ),
        fix=Message(
            "Ist es eine Zahl, löschen Sie die Nullen. Ist es eine Kennung, sollte das Schema sie als Text führen.",
            "If it is a number, delete the zeros. If it is an identifier, the schema should make it a text.",
        ),
        found=(("integer", "007"), ("integer", " 01"), ("integer", "-05")),
        passed=(("integer", "0"), ("integer", "70"), ("string", "007"), ("number", "0.5")),
    ),
    Precheck(
        code="line-break",
        severity=Severity.WARNING,
        finds=spellings.line_break,
        about=lambda column: bool(column.pattern),
        prefilter=r"[\r\n]\z",
        odd=True,
        what=Message(
            "In {column} endet {times} ein Wert mit einem Zeilenumbruch.",
            "In {column} a value ends with a line break {times}.",
        ),
        why=Message(
            "Der Umbruch ist unsichtbar, macht den Wert aber zu einem anderen.",
            "The break is invisible but makes the value a different one.",
        ),
        fix=Message(
            "Löschen Sie den Umbruch am Ende der Zelle. In Excel: „Suchen und Ersetzen“, bei „Suchen nach“ Strg+J drücken, "
            "„Ersetzen durch“ leer lassen.",
            "Delete the break at the end of the cell. In Excel: “Find and replace”, press Ctrl+J under “Find what”, "
            "leave “Replace with” empty.",
        ),
        found=(("pattern", "06411000\n"),),
        passed=(("pattern", "06411000"), ("string", "Text\n")),
    ),
    Precheck(
        code="hidden-character",
        severity=Severity.WARNING,
        finds=spellings.hidden_character,
        prefilter=r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{200b}\x{200e}\x{200f}\x{2060}\x{feff}]",
        odd=True,
        what=Message(
            "In {column} enthält {times} ein Wert unsichtbare Zeichen.",
            "In {column} a value holds invisible characters {times}.",
        ),
        why=Message(
            "Zwei Werte, die gleich aussehen, sind für Programme dann verschieden.",
            "Two values that look the same are different ones to programs.",
        ),
        fix=Message(
            "Säubern Sie die Werte in Excel in einer neuen Spalte mit =SÄUBERN(A2); was dann noch auffällt, tippen Sie neu.",
            "Clean the values in Excel in a new column with =CLEAN(A2); type anew what still stands out.",
        ),
        found=(("string", "Dar\u200bmstadt"), ("string", "\ufeffa"), ("number", "1\x07")),
        passed=(("string", "Darmstadt"), ("string", "a\nb"), ("string", "a\0b"), ("string", "\u200b")),
    ),
    Precheck(
        code="swapped-geopoint",
        severity=Severity.WARNING,
        finds=spellings.swapped_point,
        types=("geopoint",),
        about=lambda column: column.format in ("default", "array"),
        prefilter=MAYBE_LATITUDE,
        odd=True,
        what=Message(
            "In {column} steht {times} die Breite vor der Länge.",
            "In {column} latitude comes before longitude {times}.",
        ),
        why=Message(
            "Ein Punkt nennt zuerst die Länge: Für Hessen ist „8.65,49.87“ richtig; „49.87,8.65“ liegt vor der Küste Ostafrikas.",
            "A point names longitude first: for Hesse “8.65,49.87” is right; “49.87,8.65” lies off East Africa.",
        ),
        fix=Message(
            'Vertauschen Sie die beiden Zahlen: in Excel mit „Daten > Text in Spalten“ (Komma) trennen und umgekehrt mit =B2&","&A2 verbinden.',
            'Exchange the two numbers: in Excel split them with “Data > Text to columns” (comma) and join them with =B2&","&A2.',
        ),
        found=(("geopoint", "49.87,8.65"), ("geopoint", "49.87, 8.65")),
        passed=(("geopoint", "8.65,49.87"), ("string", "49.87,8.65"), ("geopoint", "49,87,8,65")),
    ),
)
