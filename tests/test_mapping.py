"""Mapping files: what they may say, what is refused on which line, and that a written one reads back the same."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcat.errors import ConfigError
from validators import mapping, mapping_text, schemas
from validators.mapping import Mapping
from validators.mapping_rules import KEYS
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
    Template,
    Tidy,
    Words,
)


def read(columns: str, head: str = "schema: baumkataster") -> Mapping:
    return mapping.read(f"{head}\ncolumns:\n{columns}\n".encode(), "zuordnung.yaml")


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("a: Baumnr", Rule(source=Column(labels=("Baumnr",)))),
        ("a: {from: [Str, Nr], join: ' '}", Rule(source=Column(labels=("Str", "Nr"), join=" "))),
        ('a: {value: "06411000"}', Rule(source=Constant(text="06411000"))),
        ('a: {template: "da-{Baum nr}{{x}}"}', Rule(source=Template(parts=("da-", "Baum nr", "{x}")))),
        (
            "lon: {coordinates: {x: RW, y: HW, crs: 'EPSG:25832'}, decimal: ','}",
            Rule(source=Coordinates(x="RW", y="HW", crs="EPSG:25832", axis="lon", decimal=",")),
        ),
        ("lat: {from: g, point: wkt}", Rule(source=Point(label="g", form="wkt", axis="lat"))),
        (
            "ost: {from: g, point: 'lon,lat', axis: lon, crs: 'EPSG:3857'}",
            Rule(source=Point(label="g", form="lon,lat", axis="lon", crs="EPSG:3857")),
        ),
        ("a: {from: b, split: ',', part: -1}", Rule(source=Column(labels=("b",)), steps=(Split(by=",", part=-1),))),
        (
            "a: {from: b, split: ',', part: '2-'}",
            Rule(source=Column(labels=("b",)), steps=(Split(by=",", part=2, rest=True),)),
        ),
        ("a: {from: b, pattern: '([0-9]+)'}", Rule(source=Column(labels=("b",)), steps=(Extract(pattern="([0-9]+)"),))),
        (
            "a: {from: b, case: lower, trim: true}",
            Rule(source=Column(labels=("b",)), steps=(Tidy(trim=True, case="lower"),)),
        ),
        ("a: {from: b, pad: 8}", Rule(source=Column(labels=("b",)), steps=(Pad(width=8),))),
        (
            "a: {from: b, codes: {1: gut, '': offen}, codes_default: unbekannt}",
            Rule(
                source=Column(labels=("b",)), steps=(Codes(pairs=(("1", "gut"), ("", "offen")), default="unbekannt"),)
            ),
        ),
        (
            "a: {from: b, decimal: ',', group: '.', factor: 0.01, decimals: 2}",
            Rule(
                source=Column(labels=("b",)),
                steps=(Number(decimal=",", group=".", factor=Decimal("0.01"), decimals=2),),
            ),
        ),
        (
            "a: {from: b, date: '%d.%m.%Y'}",
            Rule(source=Column(labels=("b",)), steps=(Moment(kind="date", form="%d.%m.%Y"),)),
        ),
        (
            "a: {from: b, datetime: '%d.%m.%Y %H:%M', zone: UTC, ambiguous: second}",
            Rule(
                source=Column(labels=("b",)),
                steps=(Moment(kind="datetime", form="%d.%m.%Y %H:%M", zone="UTC", ambiguous="second"),),
            ),
        ),
        (
            "a: {from: b, true: [ja, 1], false: nein}",
            Rule(source=Column(labels=("b",)), steps=(Words(yes=("ja", "1"), no=("nein",)),)),
        ),
    ],
)
def test_what_a_column_may_say(written: str, rule: Rule):
    assert dict(read(f"  {written}").columns)[written.split(":")[0]] == rule


def test_steps_are_taken_in_one_order_however_they_are_written():
    rule = dict(read("  a: {decimals: 1, decimal: ',', trim: true, part: 1, from: b, split: ' '}").columns)["a"]
    assert [type(step) for step in rule.steps] == [Split, Tidy, Number]


def test_the_head_of_a_mapping():
    found = read("  a: b", "schema: x\nrepair: true\nsheet: \"Blatt 2\"\nmissing: ['k.A.', '-']")
    assert found == Mapping(
        schema="x",
        repair=True,
        sheet="Blatt 2",
        missing=("k.A.", "-"),
        columns=(("a", Rule(source=Column(labels=("b",)))),),
    )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("a: {value: 06411000}", "Anführungszeichen"),
        ("a: {from: b, codes: {1: 06411000}}", "Anführungszeichen"),
        ("a: {from: b, codes: {}}", "„codes“ erwartet"),
        ("a: {from: b, value: c}", "genau einer dieser Schlüssel"),
        ("a: {trim: true}", "genau einer dieser Schlüssel"),
        ("a: {from: b, part: 1}", "zu „part“ gehört split"),
        ("a: {from: b, split: ','}", "zu „split“ gehört part"),
        ("a: {from: b, split: ',', part: 0}", "„part“ erwartet"),
        ("a: {from: b, pattern: '(a+)+'}", "das Muster wird abgelehnt: eine Wiederholung"),
        ("a: {from: b, pattern: '(?<=a)b'}", "das Muster wird abgelehnt: Rückbezüge"),
        ("a: {from: b, pattern: '('}", "kein gültiger regulärer Ausdruck"),
        ("a: {from: b, date: '%d.%B.%Y'}", "„date“ erwartet"),
        ("a: {from: b, date: '%d.%m.'}", "„date“ erwartet"),
        ("a: {from: b, date: '%d.%m.%Y %'}", "„date“ erwartet"),
        ("a: {from: b, datetime: '%d.%m.%Y %H:%M', zone: Mars/Olymp}", "„zone“ erwartet"),
        ("a: {from: b, datetime: '%d.%m.%Y %H:%M', zone: ../../etc/passwd}", "„zone“ erwartet"),
        ("a: {from: b, date: '%d.%m.%Y', decimal: ','}", "nicht mehreres davon"),
        ("a: {from: b, decimal: ',', group: ','}", "„group“ erwartet"),
        ("a: {from: b, factor: 0}", "„factor“ erwartet"),
        ("a: {from: b, factor: true}", "„factor“ erwartet"),
        ("a: {from: b, decimals: 99}", "„decimals“ erwartet"),
        ("a: {from: b, true: [ja], false: [JA]}", "„false“ erwartet"),
        ("a: {from: b, true: [ja]}", "zu „true“ gehört false"),
        ("a: {from: b, case: title}", "„case“ erwartet"),
        ("a: {from: [], join: ' '}", "„from“ erwartet"),
        ("a: {template: 'ohne Spalte'}", "„template“ erwartet"),
        ("a: {template: '{offen'}", "„template“ erwartet"),
        ("a: {from: b, spilt: ','}", "„spilt“ gibt es hier nicht"),
        ("a: {coordinates: {x: b, y: c, crs: 'EPSG:25832'}}", "„axis“ muss sagen"),
        ("lon: {coordinates: {x: b, y: c, crs: 'EPSG:31468'}}", "„coordinates“ erwartet"),
        ("lon: {coordinates: {x: b, y: c}}", "„coordinates“ erwartet"),
        ("lon: {from: b, point: wkt, trim: true}", "hat bei Koordinaten keine Wirkung"),
        ("a: {value: x, trim: true}", "hat bei „value“ keine Wirkung"),
        ("a: {from: b, pad: 1}", "„pad“ erwartet"),
        ('a: {value: "\\ud800"}', "kein Zeichen"),
        ('a: "\\ud800"', "kein Zeichen"),
        ('"\\udfff": b', "kein Zeichen"),
        ('a: {from: b, codes: {"\\udbff": c}}', "kein Zeichen"),
        ("a:", "braucht den Namen einer Spalte"),
        ("a: [b]", "braucht den Namen einer Spalte"),
    ],
)
def test_a_fault_names_file_line_and_next_step(written: str, says: str):
    with pytest.raises(ConfigError) as refused:
        read(f"  zuerst: Spalte\n  {written}")
    assert "Zeile 4: " in refused.value.message.de
    assert says in refused.value.message.de
    assert refused.value.message.de.startswith("zuordnung.yaml: ")
    assert "Nächster Schritt: " in refused.value.message.de
    assert "line 4: " in refused.value.message.en


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "„schema“ und „columns“"),
        ("- a", 1, "„schema“ und „columns“"),
        ("columns: {a: b}", 1, "„schema“ nennt"),
        ("schema: x", 1, "„columns“ nennt"),
        ("schema: x\ncolumns: {}", 2, "„columns“ nennt"),
        ("schema: x\nrepair: 1\ncolumns: {a: b}", 2, "„repair“"),
        ("schema: x\nsheet: 1\ncolumns: {a: b}", 2, "„sheet“"),
        ("schema: x\nmissing: x\ncolumns: {a: b}", 2, "„missing“"),
        ("schema: x\ncolumn: {a: b}\ncolumns: {a: b}", 2, "gemeint ist wohl „columns“"),
        ("schema: x\ncolumns: {a: b\n", 3, "kein gültiges YAML"),
        ("schema: x\ncolumns: {a: &x b, c: *x}", 2, "Anker"),
        ("schema: x\ncolumns: {a: !!python/object:os.system b}", 2, "Typangaben"),
        ("schema: x\ncolumns: {a: b}\n" + "x" * 300_000, 1, "256 KB"),
        ("schema: x\ncolumns: {" + ", ".join(f"a{n}: b" for n in range(501)) + "}", 2, "1 bis 500"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, line: int, says: str):
    with pytest.raises(ConfigError) as refused:
        mapping.read(text.encode(), "m.yaml")
    assert f"Zeile {line}: " in refused.value.message.de
    assert says in refused.value.message.de


def test_all_faults_are_listed_not_the_first_one_only():
    found = mapping.examined(b"schema: x\ncolumns:\n  a: {from: b, pad: 1}\n  c: {value: 1}\n")
    assert found[0] is None
    assert [problem.line for problem in found[1]] == [3, 4]


def test_a_mapping_that_does_not_fit_its_schema_says_where():
    data = b"schema: baumkataster\ncolumns:\n  baum_id: Nr\n  strase: Str\n"
    found = mapping.misfits(mapping.read(data, "m.yaml"), schemas.load("baumkataster"), data)
    assert (found[0].line, found[0].message.de) == (4, "„strase“ gibt es nicht, gemeint ist wohl „strasse“")
    assert "ags, standort_art, art_botanisch, lon, lat, naturdenkmal, stand" in found[1].message.de
    assert len(found) == 2


def test_columns_that_a_file_does_not_have_are_named():
    data = b"schema: baumkataster\ncolumns:\n  baum_id: Baumnr\n  strasse: Strase\n  sorte: doppelt\n"
    found = mapping.absent(mapping.read(data, "m.yaml"), ("Baumnr", "Strasse", "doppelt", "doppelt"), data)
    assert [problem.line for problem in found] == [4, 5]
    assert "gemeint ist wohl „Strasse“" in found[0].message.de
    assert "mehrfach" in found[1].message.de


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
SOURCES = st.one_of(
    st.builds(lambda label: Column(labels=(label,)), TEXT),
    st.builds(lambda labels, join: Column(labels=tuple(labels), join=join), st.lists(TEXT, min_size=2, max_size=4), TEXT),
    st.builds(
        lambda parts, labels: Template(parts=tuple(p for pair in zip(parts, [*labels, ""], strict=True) for p in pair)[:-1]),
        st.lists(TEXT, min_size=3, max_size=3),
        st.lists(TEXT.filter(lambda text: not set("{}") & set(text)), min_size=2, max_size=2),
    ),
)  # fmt: skip
WORDS = st.lists(st.text("abcdefg", min_size=1, max_size=5), min_size=1, max_size=4, unique=True)
READINGS = st.one_of(
    st.builds(
        Number,
        decimal=st.just(","),
        group=st.sampled_from(("", ".", " ", "'")),
        factor=st.sampled_from((Decimal(1), Decimal("0.01"), Decimal(1000), Decimal("0.0254"))),
        decimals=st.none() | st.integers(0, 12),
    ),
    st.builds(Moment, kind=st.just("date"), form=st.sampled_from(("%d.%m.%Y", "%Y%m%d", "am %d.%m.%y"))),
    st.builds(
        Moment,
        kind=st.just("datetime"),
        form=st.just("%d.%m.%Y %H:%M"),
        zone=st.sampled_from(("Europe/Berlin", "UTC")),
        ambiguous=st.sampled_from(("keep", "first", "second")),
    ),
    st.builds(lambda yes: Words(yes=tuple(yes), no=("x", "")), WORDS),
)
STEPS = st.tuples(
    st.none() | st.builds(Split, by=TEXT, part=st.integers(1, 99), rest=st.booleans()),
    st.none() | st.just(Extract(pattern=r"^([0-9]{1,3}) \"m\"$")),
    st.none() | st.builds(Tidy, trim=st.just(True), case=st.sampled_from(("", "lower", "upper"))),
    st.none() | st.builds(Pad, width=st.integers(2, 50)),
    st.none()
    | st.builds(
        lambda pairs, default: Codes(pairs=tuple(pairs.items()), default=default),
        st.dictionaries(TEXT, TEXT, min_size=1),
        st.none() | TEXT,
    ),
    st.none() | READINGS,
).map(lambda steps: tuple(step for step in steps if step is not None))
PLACES = st.one_of(
    st.builds(
        Coordinates,
        x=TEXT,
        y=TEXT,
        crs=st.just("EPSG:31467"),
        axis=st.sampled_from(("lon", "lat")),
        decimal=st.sampled_from(",."),
        group=st.just("'"),
    ),
    st.builds(
        Point,
        label=TEXT,
        form=st.sampled_from(("wkt", "lat,lon", "lon,lat", "geojson")),
        axis=st.sampled_from(("lon", "lat")),
    ),
    st.builds(Constant, text=TEXT),
)
RULES = st.builds(Rule, source=SOURCES, steps=STEPS) | st.builds(Rule, source=PLACES)
MAPPINGS = st.builds(
    lambda schema, columns, repair, sheet, missing: Mapping(
        schema=schema, columns=tuple(columns.items()), repair=repair, sheet=sheet, missing=tuple(missing)
    ),
    TEXT,
    st.dictionaries(TEXT, RULES, min_size=1, max_size=4),
    st.booleans(),
    st.just("") | TEXT,
    st.lists(TEXT, max_size=3),
)


@given(MAPPINGS)
def test_a_written_mapping_reads_back_the_same(made: Mapping):
    assert mapping.read(mapping_text.write(made).encode(), "m.yaml") == made


@given(st.binary(max_size=200) | st.text("schema:columns{}[]\"'%&*!|>-#\n ab", max_size=80).map(str.encode))
def test_anything_else_is_refused_in_a_sentence(data: bytes):
    found, problems = mapping.examined(data)
    assert (found is None) == bool(problems)
    assert all(problem.line >= 1 and problem.message.de and problem.message.en for problem in problems)


def test_every_key_is_explained_to_stewards():
    text = (Path(schemas.__file__).parents[1] / "docs" / "mapping.md").read_text()
    assert all(f"`{key}`" in text for key in KEYS)
