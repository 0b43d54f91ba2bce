"""The words for frictionless' errors: what is wrong, why it matters, and how to mend it, in Excel too."""

from dcat.message import Message
from validators.schemas import IDS, Field, TableSchema
from validators.spellings import unit_of
from validators.wording import cells, listed, rows

_KINDS = {
    "boolean": ("kein Ja oder Nein", "neither yes nor no"),
    "date": ("kein Datum", "not a date"),
    "datetime": ("kein Zeitpunkt", "not a point in time"),
    "integer": ("keine ganze Zahl", "not a whole number"),
    "number": ("keine Zahl", "not a number"),
    "time": ("keine Uhrzeit", "not a time of day"),
    "year": ("kein Jahr", "not a year"),
    "yearmonth": ("kein Jahr mit Monat", "not a year with month"),
    "duration": ("keine Zeitdauer", "not a duration"),
    "geopoint": ("kein Punkt", "not a point"),
    "geojson": ("keine Geometrie in GeoJSON", "not a geometry in GeoJSON"),
    "object": ("kein JSON-Objekt", "not a JSON object"),
    "array": ("keine JSON-Liste", "not a JSON list"),
    "list": ("keine Liste der verlangten Werte", "not a list of the values asked for"),
    "email": ("keine E-Mail-Adresse", "not an e-mail address"),
    "uri": ("keine vollständige Internetadresse", "not a complete web address"),
    "uuid": ("keine UUID", "not a UUID"),
    "wkt": ("keine Geometrie in WKT", "not a geometry in WKT"),
    "binary": ("kein Inhalt in Base64", "not content in Base64"),
}
_FORMS = {
    "date": ("JJJJ-MM-TT", "YYYY-MM-DD"),
    "datetime": ("JJJJ-MM-TT, ein T und hh:mm:ss+01:00", "YYYY-MM-DD, a T and hh:mm:ss+01:00"),
    "time": ("hh:mm:ss", "hh:mm:ss"),
    "integer": ("nur Ziffern, ohne Tausenderpunkt", "digits only, no thousands mark"),
    "number": ("Ziffern mit Dezimalpunkt, ohne Einheit", "digits with a decimal point, no unit"),
    "year": ("vier Ziffern", "four digits"),
    "yearmonth": ("JJJJ-MM", "YYYY-MM"),
    "duration": ("wie P1Y6M oder PT30M", "as P1Y6M or PT30M"),
    "geopoint": ("zuerst die Länge, dann die Breite: 8.65,49.87", "longitude first, then latitude: 8.65,49.87"),
    "email": ("name@stadt.de", "name@city.de"),
    "uri": ("mit https:// am Anfang", "beginning with https://"),
}
_DIRECTIVES = (
    ("%d", "TT", "DD"),
    ("%m", "MM", "MM"),
    ("%Y", "JJJJ", "YYYY"),
    ("%y", "JJ", "YY"),
    ("%H", "hh", "hh"),
    ("%M", "mm", "mm"),
    ("%S", "ss", "ss"),
    ("%z", "+0100", "+0100"),
)
_CUSTOM = Message(
    " In Excel: „Zellen formatieren > Benutzerdefiniert“, dort {form} eingeben und neu exportieren.",
    " In Excel: “Format cells > Custom”, enter {form} there and export again.",
)
_EXCEL = {
    "number": Message(
        " In Excel: „Zellen formatieren > Zahl“; was trotzdem links steht, ist Text und muss neu getippt werden.",
        " In Excel: “Format cells > Number”; what still stands on the left is text and must be typed anew.",
    ),
    "boolean": Message(
        " In Excel: „Suchen und Ersetzen“ (Strg+H), „Gesamten Zellinhalt vergleichen“ angekreuzt.",
        " In Excel: “Find and replace” (Ctrl+H) with “Match entire cell contents” ticked.",
    ),
    "enum": Message(
        " In Excel zeigt „Daten > Filtern“ alle Schreibweisen; „Daten > Datenüberprüfung > Liste“ verhindert neue.",
        " In Excel “Data > Filter” shows all spellings; “Data > Data validation > List” prevents new ones.",
    ),
    "required": Message(
        " In Excel finden Sie die Lücken mit „Daten > Filtern“, Haken nur bei „(Leere)“.",
        " In Excel “Data > Filter” finds the gaps, with “(Blanks)” ticked only.",
    ),
    "range": Message(
        " In Excel zeigt „Daten > Filtern > Zahlenfilter“ diese Zeilen.",
        " In Excel “Data > Filter > Number filters” shows these rows.",
    ),
    "zeros": Message(
        " Fehlen Nullen am Anfang: in Excel „Zellen formatieren > Text“ wählen und die Werte neu eintragen.",
        " If zeros are missing at the start: choose “Format cells > Text” in Excel and enter the values anew.",
    ),
    "double": Message(
        " In Excel zeigt sie „Start > Bedingte Formatierung > Regeln zum Hervorheben von Zellen > Doppelte Werte“.",
        " In Excel “Home > Conditional formatting > Highlight cells rules > Duplicate values” shows them.",
    ),
}
_LOOK = Message("Prüfen Sie die Werte.", "Check the values.")


def words(
    kind: str,
    name: str,
    rule: str,
    letter: str,
    count: int,
    lines: int,
    field: Field | None,
    schema: TableSchema | None,
) -> tuple[Message, Message]:
    """Say what is wrong and how to put it right. Labels of the file are named by letter only, as they may be data, and so are cells.

    `count` is the number of cells, `lines` that of rows; `rule` is the broken constraint, or what is wrong with a key.
    """
    place = _place(field, name, letter)
    number = cells(count)
    be, are = ("ist" if count == 1 else "sind"), ("is" if count == 1 else "are")
    match kind:
        case "type-error":
            german, english = _kind(field)
            return (
                Message(f"In {place.de} {be} {number.de} {german}.", f"In {place.en} {number.en} {are} {english}."),
                _with(_write_like(field), _excel(field)),
            )
        case "constraint-error":
            return _constraint(rule, place, number, count, field)
        case "unique-error":
            return (
                Message(f"In {place.de} {be} {number.de} doppelt.", f"In {place.en} {number.en} {are} repeated."),
                _with(
                    Message("Jeder Wert darf nur einmal vorkommen.", "Every value may occur only once."),
                    _EXCEL["double"],
                ),
            )
        case "primary-key":
            return _primary_key(rule, listed(schema.primary_key if schema else ()), lines)
        case "foreign-key":
            return _foreign_key(rule, name, lines)
        case "blank-row":
            return _blank_row(lines)
        case "missing-cell" | "extra-cell":
            return _other_width(lines, few=kind == "missing-cell")
        case "blank-label" | "duplicate-label":
            none = kind == "blank-label"
            return (
                Message(
                    "Eine Spalte hat keinen Namen." if none else "Ein Spaltenname kommt mehrfach vor.",
                    "A column has no name." if none else "A column name occurs more than once.",
                ),
                Message("Geben Sie jeder Spalte einen eigenen Namen.", "Give every column a name of its own."),
            )
    return (
        Message("Die Tabelle lässt sich nicht prüfen.", "The table cannot be checked."),
        Message("Exportieren Sie die Tabelle neu als CSV in UTF-8.", "Export the table again as CSV in UTF-8."),
    )


def reason(kind: str, schema: TableSchema | None) -> Message:
    """Say why such an error matters."""
    if schema is None:
        if kind in ("missing-cell", "extra-cell"):
            return Message("Die Werte rutschen in falsche Spalten.", "The values slip into wrong columns.")
        return Message("Programme stolpern beim Einlesen darüber.", "Programs stumble over it on reading.")
    if kind == "foreign-key":
        return Message(
            "Wer die beiden Tabellen verbindet, verliert diese Zeilen.",
            "Whoever joins the two tables loses these rows.",
        )
    if kind in ("primary-key", "unique-error"):
        return Message(
            "An der Kennung erkennt man eine Zeile wieder; eine doppelte meint zwei Dinge zugleich.",
            "A row is known by its identifier; a doubled one means two things at once.",
        )
    if schema.id in IDS:
        return Message(
            "Die Datei entspricht sonst nicht dem gemeinsamen Schema und fehlt in der gemeinsamen Tabelle der Städte.",
            "Otherwise the file does not conform to the shared schema and is left out of the cities' joint table.",
        )
    return Message(
        "Die Datei entspricht sonst nicht ihrem Schema.", "Otherwise the file does not conform to its schema."
    )


def _place(field: Field | None, name: str, letter: str) -> Message:
    if field and letter:
        return Message(f"„{name}“ (Spalte {letter})", f"“{name}” (column {letter})")
    return Message(f"Spalte {letter}", f"column {letter}")


def _blank_row(lines: int) -> tuple[Message, Message]:
    of_rows = rows(lines)
    return (
        Message(
            f"{of_rows.de} {'ist' if lines == 1 else 'sind'} leer.",
            f"{of_rows.en} {'is' if lines == 1 else 'are'} empty.",
        ),
        Message(
            "Löschen Sie die leeren Zeilen, oft am Ende der Datei: in Excel die Zeilennummern markieren, rechte Maustaste, „Zellen löschen“.",
            "Delete the empty rows, often at the end of the file: in Excel select the row numbers, right mouse button, “Delete”.",
        ),
    )


def _other_width(lines: int, *, few: bool) -> tuple[Message, Message]:
    of_rows = rows(lines)
    return (
        Message(
            f"{of_rows.de} {'hat' if lines == 1 else 'haben'} {'weniger' if few else 'mehr'} Zellen als die Kopfzeile.",
            f"{of_rows.en} {'has' if lines == 1 else 'have'} {'fewer' if few else 'more'} cells than the header.",
        ),
        Message(
            "Prüfen Sie dort Trennzeichen, Anführungszeichen und Zeilenumbrüche; ein Trennzeichen im Text braucht Anführungszeichen um die Zelle.",
            "Check delimiters, quotation marks and line breaks there; a delimiter in a text needs quotation marks around the cell.",
        ),
    )


def _primary_key(rule: str, key: Message, lines: int) -> tuple[Message, Message]:
    of_rows = rows(lines)
    if rule == "empty":
        return (
            Message(f"In {of_rows.de} fehlt der Schlüssel ({key.de}).", f"{of_rows.en} without a key ({key.en})."),
            _with(Message("Geben Sie jeder Zeile eine Kennung.", "Give every row an identifier."), _EXCEL["required"]),
        )
    return (
        Message(
            f"{of_rows.de} {'wiederholt' if lines == 1 else 'wiederholen'} einen Schlüssel ({key.de}), der schon vorkam.",
            f"{of_rows.en} {'repeats' if lines == 1 else 'repeat'} a key ({key.en}) that occurred before.",
        ),
        Message(
            "Löschen Sie doppelte Zeilen (in Excel: „Daten > Duplikate entfernen“) oder vergeben Sie eigene Kennungen.",
            "Delete doubled rows (in Excel: “Data > Remove duplicates”) or give them identifiers of their own.",
        ),
    )


def _foreign_key(target: str, name: str, lines: int) -> tuple[Message, Message]:
    of_rows = rows(lines)
    where = (
        Message(f"in der Tabelle „{target}“", f"in the table “{target}”")
        if target
        else Message("in dieser Tabelle", "in this table")
    )
    what = Message(f"einen Wert in „{name}“", f"a value in “{name}”") if name else Message("Werte", "values")
    verb_de, verb_en = ("nennt", "has") if lines == 1 else ("nennen", "have")
    return (
        Message(
            f"{of_rows.de} {verb_de} {what.de}, {'den' if name else 'die'} es {where.de} nicht gibt.",
            f"{of_rows.en} {verb_en} {what.en} that {'does' if name else 'do'} not exist {where.en}.",
        ),
        Message(
            f"Ergänzen Sie die fehlenden Einträge {where.de} oder berichtigen Sie die Werte; in Excel findet sie =ZÄHLENWENN(…) mit dem Ergebnis 0.",
            f"Add the missing entries {where.en} or correct the values; in Excel =COUNTIF(…) finds them with the result 0.",
        ),
    )


def _constraint(rule: str, place: Message, number: Message, count: int, field: Field | None) -> tuple[Message, Message]:
    one = count == 1
    lie_de, are_en = ("liegt" if one else "liegen"), ("is" if one else "are")
    match rule:
        case "required":
            return (
                Message(
                    f"In der Pflichtspalte {place.de} {'fehlt' if one else 'fehlen'} {number.de}.",
                    f"In the mandatory column {place.en} {number.en} {are_en} missing.",
                ),
                _with(
                    _write_like(field, "Tragen Sie die fehlenden Werte ein", "Enter the missing values"),
                    _EXCEL["required"],
                ),
            )
        case "enum":
            allowed = listed(field.enum if field else ())
            return (
                Message(
                    f"In {place.de} {'steht' if one else 'stehen'} {number.de} nicht auf der Liste der erlaubten Wörter.",
                    f"In {place.en} {number.en} {are_en} not on the list of allowed words.",
                ),
                _with(Message(f"Erlaubt sind: {allowed.de}.", f"Allowed are: {allowed.en}."), _EXCEL["enum"]),
            )
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return _out_of_range(rule, place, number, Message(lie_de, are_en), field)
        case "maxLength" | "minLength":
            long = rule == "maxLength"
            limit = str((field.max_length if long else field.min_length) if field else "")
            return (
                Message(
                    f"In {place.de} {'ist' if one else 'sind'} {number.de} zu {'lang' if long else 'kurz'}.",
                    f"In {place.en} {number.en} {are_en} too {'long' if long else 'short'}.",
                ),
                Message(
                    f"{'Höchstens' if long else 'Mindestens'} {limit} Zeichen sind möglich; in Excel zählt sie =LÄNGE(A2).",
                    f"{'At most' if long else 'At least'} {limit} characters; in Excel =LEN(A2) counts them.",
                )
                if limit
                else _LOOK,
            )
    return (
        Message(
            f"In {place.de} {'hat' if one else 'haben'} {number.de} nicht die verlangte Form.",
            f"In {place.en} {number.en} {'does' if one else 'do'} not have the form demanded.",
        ),
        _form(field),
    )


def _out_of_range(
    rule: str, place: Message, number: Message, verb: Message, field: Field | None
) -> tuple[Message, Message]:
    low, edge = rule.casefold().endswith("minimum"), rule.startswith("exclusive")
    limit = (field.minimum if low else field.maximum) if field else ""
    german, english = ("unter", "below") if low else ("über", "above")
    # A bound that is excluded itself is broken by the bound too.
    german, english = (
        (f"nicht {'über' if low else 'unter'}", f"not {'above' if low else 'below'}") if edge else (german, english)
    )
    return (
        Message(
            f"In {place.de} {verb.de} {number.de} {german} {limit}.",
            f"In {place.en} {number.en} {verb.en} {english} {limit}.",
        ),
        _range(field),
    )


def _range(field: Field | None) -> Message:
    if field is None or not (field.minimum or field.maximum):
        return _LOOK
    unit = unit_of(field) if field.type in ("number", "integer") else ""
    check = Message(f" Prüfen Sie Einheit ({unit}) und Spalte.", f" Check unit ({unit}) and column.")
    check = check if unit else Message(" Prüfen Sie Wert und Spalte.", " Check value and column.")
    if field.minimum and field.maximum:
        expected = Message(
            f"Erwartet wird ein Wert von {field.minimum} bis {field.maximum}.",
            f"A value from {field.minimum} to {field.maximum} is expected.",
        )
    else:
        expected = Message(
            f"Erwartet wird {'mindestens ' + field.minimum if field.minimum else 'höchstens ' + field.maximum}.",
            f"Expected is {'at least ' + field.minimum if field.minimum else 'at most ' + field.maximum}.",
        )
    return _with(_with(expected, check), _EXCEL["range"] if field.type in ("number", "integer", "year") else None)


def _form(field: Field | None) -> Message:
    """What a pattern asks for: an example, the rule itself, and the usual reason where it is about digits."""
    if field is None or not field.pattern:
        return _write_like(field)
    example = _write_like(field) if field.example else _LOOK
    rule = Message(f" Die Regel des Schemas ist: {field.pattern}", f" The rule of the schema is: {field.pattern}")
    zeros = _EXCEL["zeros"] if field.pattern.startswith(("0", "[0-9]")) else None
    return _with(_with(example, Message(f"{rule.de}.", f"{rule.en}.")), zeros)


def _kind(field: Field | None) -> tuple[str, str]:
    if field is None:
        return "vom falschen Typ", "of the wrong type"
    key = field.format if field.type == "string" else field.type
    return _KINDS.get(key, ("vom falschen Typ", "of the wrong type"))


def _written(field: Field) -> tuple[str, str] | None:
    """The form of a column: that of its own format, of its marks, or of its type."""
    key = field.format if field.type == "string" else field.type
    if field.type == "boolean":
        return (
            " oder ".join(field.true_values[:1] + field.false_values[:1]),
            " or ".join(field.true_values[:1] + field.false_values[:1]),
        )
    if field.type in ("date", "datetime", "time") and field.format != "default":
        german = english = field.format
        for directive, de, en in _DIRECTIVES:
            german, english = german.replace(directive, de), english.replace(directive, en)
        return german, english
    if field.type == "number" and field.decimal_char == ",":
        return "Ziffern mit Dezimalkomma, ohne Einheit", "digits with a decimal comma, no unit"
    return _FORMS.get(key)


def _excel(field: Field | None) -> Message | None:
    """Where to set the form in Excel."""
    if field is None:
        return None
    if field.type in ("date", "time") and (form := _written(field)):
        return Message(_CUSTOM.de.format(form=form[0]), _CUSTOM.en.format(form=form[1]))
    return _EXCEL.get("number" if field.type in ("integer", "number", "year") else field.type)


def _write_like(field: Field | None, de: str = "", en: str = "") -> Message:
    """Advice with the form and a valid example from the schema."""
    if field is None:
        return _LOOK
    form = _written(field)
    parts_de, parts_en = [de or "Schreiben Sie"], [en or "Write"]
    if form and not de:
        parts_de.append(form[0])
        parts_en.append(form[1])
    if field.example:
        parts_de.append(f"zum Beispiel {field.example}")
        parts_en.append(f"for example {field.example}")
    if len(parts_de) == 1 and not de:
        return _LOOK
    first_de, *rest_de = parts_de
    first_en, *rest_en = parts_en
    joint = ", " if de else " "
    return Message(
        f"{first_de}{joint if rest_de else ''}{', '.join(rest_de)}.",
        f"{first_en}{joint if rest_en else ''}{', '.join(rest_en)}.",
    )


def _with(first: Message, second: Message | None) -> Message:
    return Message(first.de + second.de, first.en + second.en) if second else first
