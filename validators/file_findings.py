"""What can be wrong with a file before it is a table, in sentences for people."""

from dataclasses import replace

from dcat.message import Message
from validators.report import Finding, Severity, column_letter
from validators.wording import amount, counted


def blocking(code: str, what: Message, why: Message, fix: Message) -> Finding:
    """Build a finding that blocks publication."""
    return Finding(severity=Severity.BLOCKS, code=code, what=what, why=why, fix=fix)


def not_utf8(offset: int, line: int) -> Finding:
    """Say that the file is in Windows-1252, and where that shows."""
    return Finding(
        severity=Severity.WARNING,
        code="not-utf8",
        what=Message(
            f"Die Datei ist nicht in UTF-8 gespeichert, sondern in Windows-1252 (erstes Zeichen: Zeile {line}, Byte {offset}).",
            f"The file is not stored in UTF-8 but in Windows-1252 (first character: line {line}, byte {offset}).",
        ),
        why=Message(
            "Andere Programme zeigen Umlaute und das Eurozeichen sonst falsch an.",
            "Other programs would show umlauts and the euro sign wrongly otherwise.",
        ),
        fix=Message(
            "In Excel: „Datei > Speichern unter“, Dateityp „CSV UTF-8 (durch Trennzeichen getrennt)“.",
            "In Excel: “File > Save as”, file type “CSV UTF-8 (comma delimited)”.",
        ),
        rows=(line,),
    )


def undecodable(offset: int, line: int, name: str) -> Finding:
    """Say where the characters of the file are damaged."""
    shown = "UTF-8" if name.startswith("utf-8") else name.upper()
    return blocking(
        "undecodable",
        Message(
            f"Die Zeichen der Datei sind beschädigt: Zeile {line}, Byte {offset} ist weder {shown} noch Windows-1252.",
            f"The characters of the file are damaged: line {line}, byte {offset} is neither {shown} nor Windows-1252.",
        ),
        Message("Texte wären nicht lesbar.", "Texts would not be readable."),
        Message("Exportieren Sie die Tabelle neu als „CSV UTF-8“.", "Export the table again as “CSV UTF-8”."),
    )


def utf16(name: str) -> Finding:
    """Say that the file is in UTF-16 or UTF-32."""
    return Finding(
        severity=Severity.WARNING,
        code="utf-16",
        what=Message(f"Die Datei ist in {name.upper()} gespeichert.", f"The file is stored in {name.upper()}."),
        why=Message("Viele Programme erwarten UTF-8.", "Many programs expect UTF-8."),
        fix=Message(
            "In Excel: „Datei > Speichern unter“, Dateityp „CSV UTF-8“ statt „Unicode-Text“.",
            "In Excel: “File > Save as”, file type “CSV UTF-8”, not “Unicode text”.",
        ),
    )


def nul_bytes(count: int) -> Finding:
    """Say that there are NUL bytes."""
    return Finding(
        severity=Severity.WARNING,
        code="nul-byte",
        what=Message(
            f"Die Datei enthält {amount(count).de} {'unsichtbares' if count == 1 else 'unsichtbare'} Nullzeichen.",
            f"The file holds {amount(count).en} invisible NUL {'byte' if count == 1 else 'bytes'}.",
        ),
        why=Message("Manche Programme hören dort auf zu lesen.", "Some programs stop reading there."),
        fix=Message(
            "Öffnen Sie die Datei in Excel und speichern Sie sie neu als „CSV UTF-8“; bleibt die Warnung, prüfen Sie den Export der Datenbank.",
            "Open the file in Excel and save it again as “CSV UTF-8”; if the warning stays, check the export of the database.",
        ),
        count=count,
    )


def title_lines(row: int, count: int) -> Finding:
    """Say that there are lines above the column names."""
    lines = counted(count, ("weitere Zeile", "weitere Zeilen"), ("more line", "more lines"))
    return Finding(
        severity=Severity.WARNING,
        code="title-lines",
        what=Message(
            f"Über den Spaltennamen {'steht' if count == 1 else 'stehen'} {lines.de}; die Spaltennamen stehen in Zeile {row}.",
            f"There {'is' if count == 1 else 'are'} {lines.en} above the column names, which are in row {row}.",
        ),
        why=Message(
            "Programme erwarten die Spaltennamen in der ersten Zeile.", "Programs expect column names in the first row."
        ),
        fix=Message(
            "Löschen Sie die Zeilen darüber (in Excel: Zeilennummern markieren, rechte Maustaste, „Zellen löschen“); "
            "Titel und Stand gehören in die Beschreibung des Datensatzes.",
            "Delete the lines above (in Excel: select the row numbers, right mouse button, “Delete”); "
            "title and date belong into the description of the dataset.",
        ),
        count=count,
    )


def no_header(row: int) -> Finding:
    """Say that the first row looks like data."""
    return Finding(
        severity=Severity.WARNING,
        code="no-header",
        what=Message(
            f"Zeile {row} sieht nach Daten aus, nicht nach Spaltennamen.",
            f"Row {row} looks like data, not like column names.",
        ),
        why=Message(
            "Ohne Spaltennamen versteht niemand die Werte.", "Without column names nobody understands the values."
        ),
        fix=Message("Fügen Sie eine erste Zeile mit Spaltennamen ein.", "Insert a first row with column names."),
        rows=(row,),
    )


def too_many_columns(row: int, count: int, limit: int) -> Finding:
    """Say that a row is too wide."""
    return blocking(
        "too-many-columns",
        Message(
            f"Zeile {row} hat {count} Spalten; höchstens {limit} sind möglich.",
            f"Row {row} has {count} columns; at most {limit} are possible.",
        ),
        Message("So breite Tabellen kann kaum ein Programm öffnen.", "Hardly any program can open tables this wide."),
        Message("Prüfen Sie Trennzeichen und Zeilenumbrüche.", "Check delimiter and line breaks."),
    )


def cell_too_long(line: int, limit: int) -> Finding:
    """Say that a line is too long."""
    return blocking(
        "cell-too-long",
        Message(f"Zeile {line} ist länger als {limit} Zeichen.", f"Line {line} is longer than {limit} characters."),
        Message("So lange Zellen kann kaum ein Programm öffnen.", "Hardly any program can open cells this long."),
        Message("Prüfen Sie Zeilenumbrüche und Anführungszeichen.", "Check line breaks and quotation marks."),
    )


def unclosed_quote(line: int, row: int) -> Finding:
    """Say where a quotation mark begins that is never closed."""
    return replace(
        blocking(
            "unclosed-quote",
            Message(
                f"In Zeile {line} beginnt ein Anführungszeichen, das nicht geschlossen wird.",
                f"In line {line} a quotation mark begins that is never closed.",
            ),
            Message(
                "Alle folgenden Zeilen geraten dadurch in eine einzige Zelle.",
                "All lines that follow end up in one single cell.",
            ),
            Message(
                f"Öffnen Sie die Datei in einem Texteditor (nicht in Excel) und schließen oder löschen Sie das Anführungszeichen in Zeile {line}.",
                f"Open the file in a text editor (not in Excel) and close or delete the quotation mark in line {line}.",
            ),
        ),
        rows=(row,),
        address=f"{column_letter(1)}{row}",
    )


def stray_quotes(rows: list[int]) -> Finding:
    """Say that there is text behind closing quotation marks."""
    number = counted(len(rows), ("Zeile", "Zeilen"), ("row", "rows"))
    return Finding(
        severity=Severity.WARNING,
        code="stray-quote",
        what=Message(
            f"In {number.de} steht Text hinter einem schließenden Anführungszeichen.",
            f"In {number.en} there is text behind a closing quotation mark.",
        ),
        why=Message("Die Anführungszeichen gehen beim Lesen verloren.", "The quotation marks get lost on reading."),
        fix=Message(
            'Setzen Sie die ganze Zelle in Anführungszeichen und verdoppeln Sie die, die zum Text gehören: "Linde ""am Tor""". '
            "Excel macht das beim Speichern als CSV von selbst.",
            'Put the whole cell into quotation marks and double those that belong to the text: "Lime ""at the gate""". '
            "Excel does so by itself on saving as CSV.",
        ),
        count=len(rows),
        rows=tuple(rows[:10]),
    )


BOM = Finding(
    severity=Severity.HINT,
    code="bom",
    what=Message("Die Datei beginnt mit einer UTF-8-Kennung (BOM).", "The file begins with a UTF-8 mark (BOM)."),
    why=Message(
        "Excel braucht sie, manche anderen Programme lesen sie als Teil des ersten Spaltennamens.",
        "Excel needs it; some other programs read it as part of the first column name.",
    ),
    fix=Message("Nichts zu tun: Wir beachten die Kennung.", "Nothing to do: we take the mark into account."),
)
SEP_LINE = Finding(
    severity=Severity.HINT,
    code="sep-line",
    what=Message("Die erste Zeile ist eine Excel-Angabe („sep=“).", "The first line is a note for Excel (“sep=”)."),
    why=Message("Andere Programme halten sie für Spaltennamen.", "Other programs take it for column names."),
    fix=Message(
        "Löschen Sie die erste Zeile in einem Texteditor; Excel zeigt sie nicht. Wir haben sie übersprungen.",
        "Delete the first line in a text editor; Excel does not show it. We skipped it.",
    ),
)
