"""Writes mapping files as a person would: one line for a column where possible, with comments on what was found and what is missing."""

import json
import re
from collections.abc import Sequence

from dcat.message import Lang
from validators.mapping import Mapping
from validators.recognition import HOW, Likeness, Pair
from validators.schemas import Field
from validators.transforms import (
    Codes,
    Column,
    Constant,
    Coordinates,
    Extract,
    Moment,
    Number,
    Pad,
    Point,
    Rule,
    Split,
    Step,
    Template,
    Tidy,
    Words,
)

# What YAML reads as text without quotation marks, whatever program reads it.
_BARE = re.compile(r"[A-Za-zÄÖÜäöüß_][A-Za-z0-9ÄÖÜäöüß_]*")
_RESERVED = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


def write(mapping: Mapping) -> str:
    """Write a mapping without comments; reading it back gives the same mapping."""
    return "\n".join([*_head(mapping), "columns:", *(_line(name, rule) for name, rule in mapping.columns), ""])


def proposal(header: Sequence[str], likeness: Likeness, lang: Lang) -> str:
    """Write the mapping that a comparison found, for a person to finish."""
    schema = likeness.schema
    found = {pair.field: pair for pair in likeness.pairs}
    doubtful = {pair.field: pair for pair in likeness.doubtful}
    used = {label for pair in likeness.pairs for label in pair.rule.labels}
    lines = [f"# {_comment(likeness.sentence().in_(lang))}"]
    if rest := [_comment(label) for label in header if label and label not in used]:
        said = "Nicht verwendet werden" if lang == "de" else "Not used are"
        lines += [f"# {said}: {', '.join(rest[:40])}{' …' if len(rest) > 40 else ''}"]
    lines += _head(Mapping(schema=schema.id, columns=(), missing=likeness.nothing), always=True)
    lines.append("columns:")
    for field in schema.fields:
        if pair := found.get(field.name):
            lines.append(f"{_line(pair.field, pair.rule)}  # {_why(pair, lang)}")
            continue
        if pair := doubtful.get(field.name):
            lines.append(_doubt(pair, field, lang))
            continue
        must = ("Pflicht" if lang == "de" else "mandatory") if field.required else ""
        example = _quoted(field.example) if field.example else '"…"'
        title = _comment(field.title.in_(lang))
        fixed = "fester Wert" if lang == "de" else "fixed value"
        missing = "fehlt" if lang == "de" else "missing"
        note = ", ".join(part for part in (missing, must, title) if part)
        lines.append(f"  # {field.name}: {{value: {example}}}  # {note}; {fixed}")
    return "\n".join([*lines, ""])


def _doubt(pair: Pair, field: Field, lang: Lang) -> str:
    """A line for a person to finish: the name fits and the values do not, so there must be a code list or something else to do."""
    (label,) = pair.rule.labels
    if field.enum and pair.values:
        codes = ", ".join(f'{_quoted(value)}: "…"' for value in pair.values)
        words = " | ".join(field.enum)
        said = f"bitte zuordnen: {words}" if lang == "de" else f"please assign: {words}"
        return f"  # {field.name}: {{from: {_quoted(label)}, codes: {{{codes}}}}}  # {said}"
    said = "die Werte passen so nicht" if lang == "de" else "the values do not fit as they are"
    return f"  # {_line(pair.field, pair.rule).strip()}  # {said}: {', '.join(map(_comment, pair.examples))}"


def mapping_of(likeness: Likeness) -> Mapping:
    """Give the mapping that `proposal` writes."""
    columns = tuple((pair.field, pair.rule) for pair in likeness.pairs)
    return Mapping(schema=likeness.schema.id, columns=columns, missing=likeness.nothing)


def _head(mapping: Mapping, *, always: bool = False) -> list[str]:
    lines = [f"schema: {_text(mapping.schema)}"]
    if mapping.repair or always:
        lines.append(f"repair: {str(mapping.repair).lower()}")
    if mapping.sheet:
        lines.append(f"sheet: {_quoted(mapping.sheet)}")
    if mapping.missing:
        lines.append(f"missing: [{', '.join(_quoted(word) for word in mapping.missing)}]")
    return lines


def _why(pair: Pair, lang: Lang) -> str:
    examples = ", ".join(_comment(example) for example in pair.examples if example)
    how = HOW[pair.how].in_(lang)
    fits = "" if pair.fits >= 1 else f", {pair.fits:.0%} {'der Werte passen' if lang == 'de' else 'of the values fit'}"
    return f"{how}{fits}{': ' + examples if examples else ''}"


def _comment(text: str) -> str:
    """What stands in a file must not end the comment."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:120]


def _line(name: str, rule: Rule) -> str:
    return f"  {_text(name)}: {_rule(rule)}"


def _rule(rule: Rule) -> str:
    source = rule.source
    if isinstance(source, Column) and len(source.labels) == 1 and not rule.steps:
        return _text(source.labels[0])
    parts = _source(rule)
    for step in rule.steps:
        parts += _step(step)
    return f"{{{', '.join(parts)}}}"


def _source(rule: Rule) -> list[str]:
    match rule.source:
        case Column(labels=labels, join=join):
            if len(labels) == 1:
                return [f"from: {_quoted(labels[0])}"]
            return [f"from: [{', '.join(_quoted(label) for label in labels)}]", f"join: {_quoted(join)}"]
        case Constant(text=text):
            return [f"value: {_quoted(text)}"]
        case Template(parts=parts):
            written = [
                f"{{{part}}}" if number % 2 else part.replace("{", "{{").replace("}", "}}")
                for number, part in enumerate(parts)
            ]
            return [f"template: {_quoted(''.join(written))}"]
        case Coordinates(x=x, y=y, crs=crs, axis=axis, decimal=decimal, group=group):
            result = [f"coordinates: {{x: {_quoted(x)}, y: {_quoted(y)}, crs: {_quoted(crs)}}}", f"axis: {axis}"]
            return result + _marks(decimal, group)
        case Point(label=label, form=form, axis=axis, crs=crs):
            return [f"from: {_quoted(label)}", f"point: {_quoted(form)}", f"axis: {axis}", f"crs: {_quoted(crs)}"]


def _step(step: Step) -> list[str]:
    match step:
        case Split(by=by, part=part, rest=rest):
            return [f"split: {_quoted(by)}", f'part: "{part}-"' if rest else f"part: {part}"]
        case Extract(pattern=pattern):
            return [f"pattern: {_quoted(pattern)}"]
        case Tidy(trim=trim, case=case):
            return [f"trim: {str(trim).lower()}", *([f"case: {case}"] if case else [])]
        case Pad(width=width):
            return [f"pad: {width}"]
        case Codes(pairs=pairs, default=default):
            listed = ", ".join(f"{_quoted(code)}: {_quoted(word)}" for code, word in pairs)
            return [f"codes: {{{listed}}}", *([f"codes_default: {_quoted(default)}"] if default is not None else [])]
        case Number(decimal=decimal, group=group, factor=factor, decimals=decimals):
            result = _marks(decimal, group) or ([] if factor != 1 or decimals is not None else ['decimal: "."'])
            result += [f"factor: {factor:f}"] if factor != 1 else []
            return result + ([f"decimals: {decimals}"] if decimals is not None else [])
        case Moment(kind=kind, form=form, zone=zone, ambiguous=ambiguous):
            zoned = [f"zone: {_quoted(zone)}", f"ambiguous: {ambiguous}"] if kind == "datetime" else []
            return [f"{kind}: {_quoted(form)}", *zoned]
        case Words(yes=yes, no=no):
            return [
                f"true: [{', '.join(_quoted(word) for word in yes)}]",
                f"false: [{', '.join(_quoted(word) for word in no)}]",
            ]


def _marks(decimal: str, group: str) -> list[str]:
    result = [f"decimal: {_quoted(decimal)}"] if decimal != "." or group else []
    return result + ([f"group: {_quoted(group)}"] if group else [])


def _text(text: str) -> str:
    return text if _BARE.fullmatch(text) and text.casefold() not in _RESERVED else _quoted(text)


def _quoted(text: str) -> str:
    """JSON's quotation is YAML's too, but for some characters that YAML wants escaped."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in written)


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
