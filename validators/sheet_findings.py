"""What can be wrong with a spreadsheet that can be read, in sentences for people."""

from collections.abc import Sequence
from dataclasses import replace

from dcat.message import Message
from validators.report import MAX_EXAMPLES, MAX_ROWS, Finding, Severity, column_letter
from validators.wording import amount, cells, counted, listed

# Folders of a workbook with content that its sheets do not show.
_UNREAD = {
    "pivotcache": Message("Daten von Pivot-Tabellen", "data of pivot tables"),
    "comments": Message("Kommentare", "comments"),
    "embeddings": Message("eingebettete Dateien", "embedded files"),
    "externallinks": Message("Werte aus anderen Arbeitsmappen", "values of other workbooks"),
}


def _in_column(finding: Finding, column: int, field: str, count: int, at: Sequence[int]) -> Finding:
    """Say where a finding about a column (counted from 1) is."""
    letter = column_letter(column)
    return replace(
        finding, count=count, rows=tuple(at[:MAX_ROWS]), field=field, column=letter, address=f"{letter}{at[0]}"
    )


def cell_errors(column: int, label: str, count: int, at: Sequence[int], texts: Sequence[str]) -> Finding:
    """Say that formulas failed in a column (counted from 1)."""
    letter = column_letter(column)
    found = Finding(
        severity=Severity.WARNING,
        code="cell-error",
        what=Message(
            f"In Spalte {letter} {'steht ein Formelfehler' if count == 1 else f'stehen {amount(count).de} Formelfehler'} ({listed(texts).de}).",
            f"Column {letter} holds {'a failed formula' if count == 1 else f'{amount(count).en} failed formulas'} ({listed(texts).en}).",
        ),
        why=Message(
            "Der Wert fehlt; gelesen wird der Fehlertext.", "The value is missing; the text of the error is read."
        ),
        fix=Message(
            "Korrigieren Sie die Formel, oder leeren Sie die Zelle.", "Correct the formula, or empty the cell."
        ),
        examples=tuple(texts[:MAX_EXAMPLES]),
    )
    return _in_column(found, column, label, count, at)


def lost_zeros(column: int, field: str, count: int, at: Sequence[int], examples: Sequence[str]) -> Finding:
    """Say that codes in a text column are stored as numbers and have probably lost leading zeros."""
    number, letter = cells(count), column_letter(column)
    found = Finding(
        severity=Severity.HINT,
        code="stored-as-number",
        what=Message(
            f"In Spalte {letter} sind {number.de} als Zahl gespeichert; führende Nullen können fehlen.",
            f"In column {letter} {number.en} {'is' if count == 1 else 'are'} stored as number; leading zeros may be lost.",
        ),
        why=Message(
            f"„{field}“ ist ein Schlüssel: 06411000 und 6411000 sind nicht dasselbe.",
            f"“{field}” is a code: 06411000 and 6411000 are not the same.",
        ),
        fix=Message(
            "Formatieren Sie die Spalte als Text, bevor Sie die Werte neu eintragen.",
            "Format the column as text before you enter the values again.",
        ),
        examples=tuple(examples[:MAX_EXAMPLES]),
    )
    return _in_column(found, column, field, count, at)


def lost_digits(column: int, label: str, count: int, at: Sequence[int]) -> Finding:
    """Say that numbers are longer than a spreadsheet can hold."""
    number, letter = cells(count), column_letter(column)
    found = Finding(
        severity=Severity.WARNING,
        code="lost-digits",
        what=Message(
            f"In Spalte {letter} {'steht eine Zahl' if count == 1 else f'stehen {amount(count).de} Zahlen'} mit mehr als 15 Stellen.",
            f"Column {letter} holds {number.en} with more than 15 digits.",
        ),
        why=Message(
            "Tabellenprogramme behalten nur 15 Stellen; die letzten sind zu Nullen geworden.",
            "Spreadsheets keep 15 digits only; the last ones have become zeros.",
        ),
        fix=Message(
            "Formatieren Sie die Spalte als Text und übernehmen Sie die Werte neu aus dem Fachverfahren.",
            "Format the column as text and take the values from their source again.",
        ),
    )
    return _in_column(found, column, label, count, at)


def turned_into_date(column: int, field: str, count: int, at: Sequence[int], examples: Sequence[str]) -> Finding:
    """Say that a spreadsheet has made dates of what is no date."""
    number, letter = cells(count), column_letter(column)
    found = Finding(
        severity=Severity.WARNING,
        code="turned-into-date",
        what=Message(
            f"In Spalte {letter} {'ist' if count == 1 else 'sind'} {number.de} als Datum gespeichert, obwohl „{field}“ kein Datum ist.",
            f"In column {letter} {number.en} {'is' if count == 1 else 'are'} stored as date, although “{field}” is no date.",
        ),
        why=Message(
            "Tabellenprogramme machen aus Eingaben wie 3-5 oder 1.2 ein Datum; der eingegebene Wert ist verloren.",
            "Spreadsheets turn input such as 3-5 or 1.2 into a date; what was entered is lost.",
        ),
        fix=Message(
            "Formatieren Sie die Spalte als Text und tragen Sie die Werte neu ein.",
            "Format the column as text and enter the values again.",
        ),
        examples=tuple(examples[:MAX_EXAMPLES]),
    )
    return _in_column(found, column, field, count, at)


def merged(count: int, row: int, column: int) -> Finding:
    """Say that cells are merged, and where first (row and column counted from 1)."""
    number = counted(count, ("Stelle", "Stellen"), ("place", "places"))
    return Finding(
        severity=Severity.WARNING,
        code="merged-cells",
        what=Message(f"An {number.de} sind Zellen verbunden.", f"Cells are merged in {number.en}."),
        why=Message(
            "Nur die erste Zelle hat den Wert, die anderen sind für Programme leer.",
            "Only the first cell has the value; the others are empty for programs.",
        ),
        fix=Message(
            "Heben Sie die Verbindung auf und füllen Sie jede Zelle.", "Unmerge the cells and fill every one of them."
        ),
        count=count,
        rows=(row,),
        column=column_letter(column),
        address=f"{column_letter(column)}{row}",
    )


def hidden(row_count: int, column_count: int) -> Finding:
    """Say that rows or columns are hidden but read."""
    what = [
        counted(number, german, english)
        for number, german, english in (
            (row_count, ("Zeile", "Zeilen"), ("row", "rows")),
            (column_count, ("Spaltenbereich", "Spaltenbereiche"), ("range of columns", "ranges of columns")),
        )
        if number
    ]
    return Finding(
        severity=Severity.WARNING,
        code="hidden-cells",
        what=Message(
            f"Ausgeblendet sind: {' und '.join(part.de for part in what)}; sie werden mit veröffentlicht.",
            f"Hidden are: {' and '.join(part.en for part in what)}; they are published too.",
        ),
        why=Message(
            "Ausgeblendetes ist in der Datei und in jeder Kopie enthalten.",
            "What is hidden is in the file and in every copy of it.",
        ),
        fix=Message(
            "Blenden Sie alles ein und löschen Sie, was nicht veröffentlicht werden soll.",
            "Show everything and delete what shall not be published.",
        ),
        count=row_count + column_count,
    )


def unread_content(names: Sequence[str]) -> Finding:
    """Say that a workbook holds more than its sheets show."""
    return Finding(
        severity=Severity.WARNING,
        code="unread-content",
        what=Message(
            f"Die Arbeitsmappe enthält mehr als ihre Blätter zeigen: {', '.join(_UNREAD[name].de for name in names)}.",
            f"The workbook holds more than its sheets show: {', '.join(_UNREAD[name].en for name in names)}.",
        ),
        why=Message(
            "Pivot-Tabellen enthalten ihre Ausgangsdaten, auch wenn deren Blatt gelöscht ist; geprüft wird das nicht.",
            "Pivot tables hold the data they were made of, even if their sheet is deleted; this is not checked.",
        ),
        fix=Message(
            "Stellen Sie die Daten als CSV bereit, oder prüfen Sie die Datei in Excel mit „Dokument prüfen“.",
            "Provide the data as CSV, or inspect the file in Excel with “Inspect Document”.",
        ),
        count=len(names),
    )
