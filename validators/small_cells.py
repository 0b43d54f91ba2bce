"""Looks for small numbers of persons in statistics, and for suppressed ones that anybody can work out from a published total."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcat.message import Message
from validators.columns import plain
from validators.plain_text import plain_text
from validators.report import MAX_ROWS, Finding, Severity, TableProfile, column_letter
from validators.sniff import records
from validators.wording import cells

# The frequency rule of the statistical offices: numbers of persons below three are kept secret, because two who know of each other
# learn the third. A zero stays: nobody is behind it.
SMALLEST = 3
# Groups are held in memory while a table is read; beyond this many numbers only small ones are looked for, and a finding says so.
MAX_GROUPED = 1_500_000

_PERSONS = re.compile(
    r"geschlecht|(?:^|_)(?:sex|gender)(?:_|$)|altersgruppe|altersklasse|altersjahr|alter_(?:von|bis)|lebensjahr|age_group|staatsangehoer|"
    r"nationalitaet|staatsbuerger|herkunftsland|migration|religion|konfession|familienstand|geburtsland|pflegegrad|citizenship|nationality"
)
_COUNTS = re.compile(
    r"^(?:anzahl|zahl|count|fallzahl|wert|insgesamt|summe|gesamt|faelle|anzahl_(?!plaetze|zimmer|baeume)\w+|\w+_anzahl)$"
)
_COUNTED_PERSONS = re.compile(
    r"^(?:anzahl_|zahl_der_)?(?:einwohner(?:innen|zahl|_innen)?|bevoelkerung(?:szahl)?|personen|wohnberechtigte|bewohner(?:innen)?|"
    r"haupt_?wohnsitz(?:e)?|population|arbeitslose|auslaender(?:innen)?|leistungsempfaenger(?:innen)?|asylbewerber(?:innen)?|"
    r"gefluechtete|schutzsuchende|obdachlose|wohnungslose|pflegebeduerftige)$"
)
_FAMILIES = (
    re.compile(r"(?:^|_)(?:maennlich|weiblich|divers|maenner|frauen|male|female|jungen|maedchen)$"),
    re.compile(r"(?:^|_)(?:deutsche?|nicht_?deutsche?|auslaender(?:innen)?|auslaendisch)$"),
    re.compile(
        r"^(?:alter_)?(?:unter_\d+|u\d+|\d+_(?:bis_)?(?:unter_)?\d+|(?:ab|ueber)_\d+|\d+_(?:jahre_)?und_(?:aelter|mehr|darueber))(?:_jahren?)?$"
    ),
)
_TOTAL_COLUMN = re.compile(r"^(?:insgesamt|gesamt|total|summe|zusammen|alle)$")
_AREA = re.compile(
    r"gebiet|stadtteil|stadtbezirk|ortsbezirk|bezirk|ortsteil|quartier|(?:^|_)ort(?:_|$)|raumeinheit|district"
)
_LEVEL = re.compile(r"ebene|level")
_ASIDE = re.compile(
    r"status|bemerkung|hinweis|quelle|kommentar|(?:^|_)(?:id|objectid|fid|lfd_nr|nr)$|erstellt|prozent|anteil|quote"
)
_NO_COUNT = re.compile(r"%|(?i:anteil|quote|prozent|durchschnitt|pro kopf|je )")
_FIRST_NAMES = re.compile(r"vorname|first_?name")
_TOTALS = frozenset(
    ("insgesamt", "gesamt", "total", "alle", "zusammen", "summe", "gesamtstadt", "stadt", "stadt gesamt", "all")
)
# Programs that know no empty whole numbers write 2 as 2.0; blanks and apostrophes may stand between thousands.
_NUMBER = re.compile(r"\+?(\d{1,3}(?:[. ']\d{3})+|\d{1,9})(?:[.,]0{1,2})?")
_SUPPRESSED = frozenset(
    ("", ".", "x", "*", "/", "•", "geheim", "g", "k. a.", "k.a.", "n. a.", "n.a.", f"<{SMALLEST}", f"< {SMALLEST}")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dimension:
    """Columns that change together (the ends of an age group, key and name of a district); `level` names the sort of district."""

    positions: tuple[int, ...]
    level: int | None = None
    ages: bool = False

    def total(self, row: Sequence[str]) -> bool:
        values = [row[position].strip().casefold() for position in self.positions]
        if self.ages:
            start, end = values[0], values[-1]
            return start in ("", "0") and (not end or (end.isdecimal() and len(end) <= 3 and int(end) >= 100))
        return any(value in _TOTALS or value.endswith(" insgesamt") for value in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Which columns of a table count persons, and by what they are broken down; `families` are parts side by side with their total."""

    counts: tuple[int, ...]
    dimensions: tuple[_Dimension, ...]
    families: tuple[tuple[int, tuple[int, ...]], ...]
    aside: frozenset[int]


@dataclass(slots=True)
class _Group:
    """The parts of one total: how many are told and their sum, and the rows of those suppressed."""

    told: int = 0
    sum: int = 0
    hidden: list[int] = field(default_factory=list)

    def add(self, row: int, value: int | None) -> None:
        if value is None:
            self.hidden.append(row)
        else:
            self.told, self.sum = self.told + 1, self.sum + value

    def solved(self, total: int) -> bool:
        """Tell whether the suppressed parts follow from the total: there is one only, or all are as small, or as large, as can be."""
        missing, rest = len(self.hidden), total - self.sum
        if not missing or missing + self.told < 2 or rest < 0:
            return False
        return missing == 1 or rest in (missing, missing * (SMALLEST - 1))


def find(path: Path, profile: TableProfile) -> tuple[Finding, ...]:
    """Examine a table that counts persons; any other gives nothing. Small numbers and recomputable ones block publication."""
    layout = _layout(profile.header)
    if layout is None:
        return ()
    small: dict[int, list[int]] = {}
    numbers: dict[int, int] = {}
    open_: dict[int, dict[int, None]] = {}
    totals: dict[tuple[object, ...], int] = {}
    groups: dict[tuple[object, ...], _Group] = {}
    grouped, each = 0, len(layout.counts) * len(layout.dimensions)
    for number, row in _rows(path, profile):
        values = {position: _value(row[position]) for position in layout.counts}
        for position, value in values.items():
            if value is not None and 0 < value < SMALLEST:
                numbers[position] = numbers.get(position, 0) + 1
                rows = small.setdefault(position, [])
                if len(rows) < MAX_ROWS:
                    rows.append(number)
        for total, parts in layout.families:
            for position in _across(row, total, parts):
                open_.setdefault(position, {})[number] = None
        grouped += each
        if grouped <= MAX_GROUPED:
            _group(number, row, layout, totals, groups)
    for key, group in groups.items():
        total_value = totals.get(key[:-1])
        if total_value is not None and group.solved(total_value):
            assert isinstance(key[0], int)
            open_.setdefault(key[0], {}).update(dict.fromkeys(group.hidden))
    findings = [_small(position, numbers[position], rows, profile) for position, rows in sorted(small.items())]
    findings += [_recomputable(position, sorted(found), profile) for position, found in sorted(open_.items())]
    return tuple(findings) if grouped <= MAX_GROUPED else (*findings, _UNGROUPED)


# What is neither a number nor a mark of suppression, such as a dash for nothing.
_NOTHING = 0


def _value(cell: str) -> int | None:
    """Read a whole number; nothing for a suppressed one, zero for anything else."""
    text = plain_text(cell).strip()
    if found := _NUMBER.fullmatch(text):
        return int(re.sub("[. ']", "", found[1]))
    return None if text.casefold() in _SUPPRESSED else _NOTHING


def _rows(path: Path, profile: TableProfile) -> Iterator[tuple[int, Sequence[str]]]:
    width = len(profile.header)
    for number, row in records(path, profile):
        if any(row):
            yield number, [*row, *[""] * (width - len(row))] if len(row) < width else row


def _layout(header: tuple[str, ...]) -> _Layout | None:
    names = [plain(label) for label in header]
    if any(map(_FIRST_NAMES.search, names)):
        return None
    numeric = [position for position, label in enumerate(header) if not _NO_COUNT.search(label)]
    broken = {position for position, name in enumerate(names) if _PERSONS.search(name)}
    counted = [position for position in numeric if _COUNTED_PERSONS.search(names[position]) and position not in broken]
    parts = [tuple(p for p in numeric if family.search(names[p]) and p not in broken) for family in _FAMILIES]
    wide = [found for found in parts if len(found) >= 2]
    counts = {*counted, *(position for found in wide for position in found)}
    if broken:
        counts |= {position for position in numeric if _COUNTS.search(names[position]) and position not in broken}
    total = next((p for p in numeric if _TOTAL_COLUMN.search(names[p]) or p in counted), None)
    if wide and total is not None:
        counts.add(total)
    if not counts:
        return None
    families = tuple((total, found) for found in wide if total is not None and total not in found)
    aside = frozenset(p for p, name in enumerate(names) if _ASIDE.search(name) and p not in broken) - counts
    return _Layout(
        counts=tuple(sorted(counts)), dimensions=_dimensions(names, broken, counts), families=families, aside=aside
    )


def _dimensions(names: list[str], broken: set[int], counts: set[int]) -> tuple[_Dimension, ...]:
    ages = tuple(position for position in sorted(broken) if re.search(r"alter_(?:von|bis)", names[position]))
    found = [_Dimension(positions=(position,)) for position in sorted(broken) if position not in ages]
    if ages:
        found.append(_Dimension(positions=ages, ages=len(ages) == 2))
    area = tuple(position for position, name in enumerate(names) if _AREA.search(name) and position not in counts)
    if area:
        level = next((position for position in area if _LEVEL.search(names[position])), None)
        found.append(_Dimension(positions=area, level=level))
    return tuple(found)


def _across(row: Sequence[str], total: int, parts: tuple[int, ...]) -> Iterator[int]:
    """Compare the parts that stand side by side in one row with their total; gives the columns of those that follow from it."""
    whole = _value(row[total])
    group = _Group()
    for position in parts:
        group.add(position, _value(row[position]))
    if whole is not None and group.told and group.solved(whole):
        yield from group.hidden


def _group(
    number: int,
    row: Sequence[str],
    layout: _Layout,
    totals: dict[tuple[object, ...], int],
    groups: dict[tuple[object, ...], _Group],
) -> None:
    """Put a row's numbers to the totals they are, and to the groups they are part of."""
    for index, dimension in enumerate(layout.dimensions):
        skipped = layout.aside.union(dimension.positions, layout.counts)
        # The hash instead of the cells keeps a long table out of memory.
        others = hash(tuple(cell for position, cell in enumerate(row) if position not in skipped))
        whole = dimension.total(row)
        level = row[dimension.level] if dimension.level is not None else ""
        for position in layout.counts:
            value = _value(row[position])
            if not whole:
                groups.setdefault((position, index, others, level), _Group()).add(number, value)
            elif value is not None:
                totals[position, index, others] = value


def _small(position: int, number: int, rows: list[int], profile: TableProfile) -> Finding:
    letter, many = column_letter(position + 1), cells(number)
    return Finding(
        severity=Severity.BLOCKS,
        code="small-cells",
        what=Message(
            f"Spalte {letter} zählt Personen und hat Zahlen unter {SMALLEST} ({many.de}).",
            f"Column {letter} counts persons and has numbers below {SMALLEST} ({many.en}).",
        ),
        why=Message(
            "Wer so wenige sind, lässt sich erraten; das verletzt das Statistikgeheimnis.",
            "Who so few are can be guessed; that breaks statistical confidentiality.",
        ),
        fix=Message(
            "Fassen Sie Alters- oder Gebietsgruppen zusammen oder sperren Sie die Zellen, und in jeder Gruppe mit veröffentlichter Summe eine zweite.",
            "Merge groups of age or area, or suppress the cells, and a second one in every group whose total is published.",
        ),
        count=number,
        rows=tuple(rows),
        field=profile.header[position],
        column=letter,
        address=f"{letter}{rows[0]}",
        confidence="probable",
    )


def _recomputable(position: int, rows: list[int], profile: TableProfile) -> Finding:
    letter, many = column_letter(position + 1), cells(len(rows))
    return Finding(
        severity=Severity.BLOCKS,
        code="recomputable-cells",
        what=Message(
            f"Spalte {letter} hat gesperrte Zahlen, die aus der veröffentlichten Summe folgen ({many.de}).",
            f"Column {letter} has suppressed numbers that follow from the published total ({many.en}).",
        ),
        why=Message(
            "Summe minus die übrigen Zahlen der Gruppe ergibt die gesperrte; gesperrt ist sie also nicht.",
            "The total less the other numbers of the group gives the suppressed one; so it is not suppressed.",
        ),
        fix=Message(
            "Sperren Sie in jeder dieser Gruppen eine zweite Zahl oder fassen Sie Gruppen zusammen.",
            "Suppress a second number in each of these groups, or merge groups.",
        ),
        count=len(rows),
        rows=tuple(rows[:MAX_ROWS]),
        field=profile.header[position],
        column=letter,
        address=f"{letter}{rows[0]}",
        confidence="probable",
    )


_UNGROUPED = Finding(
    severity=Severity.WARNING,
    code="recomputable-unchecked",
    what=Message(
        "Die Tabelle ist zu lang, um gesperrte Zahlen mit allen Summen zu vergleichen.",
        "The table is too long for comparing suppressed numbers with all totals.",
    ),
    why=Message(
        "Eine gesperrte Zahl, die aus einer Summe folgt, ist nicht gesperrt; verglichen wurde nur der Anfang der Tabelle.",
        "A suppressed number that follows from a total is not suppressed; only the beginning of the table was compared.",
    ),
    fix=Message(
        "Teilen Sie die Tabelle nach Jahren, oder prüfen Sie die Sperrungen mit dem Programm Ihrer Statistikstelle.",
        "Split the table by years, or check the suppressions with the program of your statistics office.",
    ),
)
