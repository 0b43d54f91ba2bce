"""CKAN's search language: what clients send becomes a tree, anything else is refused, and nothing takes long."""

import contextlib
import datetime
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.api.query_fields import NUMBERS, TEXTS, TIMES, VALUES
from catalog.api.query_syntax import (
    DEFAULT_ORDER,
    MAX_FILTERS,
    MAX_LENGTH,
    MAX_PATTERNS,
    named_states,
    read_order,
    read_query,
)
from catalog.api.query_times import moment
from catalog.api.query_tokens import SearchRefusedError, SearchSyntaxError
from catalog.index_fields import WORDS_OF
from catalog.query import (
    MAX_DEPTH,
    MAX_NODES,
    All,
    Between,
    Condition,
    Is,
    Like,
    Not,
    Order,
    Says,
    Some,
    Starts,
    Within,
)

NOW = datetime.datetime(2026, 3, 31, 13, 45, 30, 500_000, datetime.UTC)
BOTH = Some((Is("organization", "a"), Is("organization", "b")))


def seconds(text: str) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()


def read(q: str = "", *filters: str) -> tuple[str, Condition]:
    return read_query(q, filters, now=NOW, people=True)


def said(*words: str) -> Condition:
    return All(tuple(Says(word) for word in words))


@pytest.mark.parametrize(
    "query, tree",
    [
        ("", All()),
        (" \t\n", All()),
        ("*:*", All()),
        ("*", All()),
        ("organization:a", Is("organization", "a")),
        ('organization:"a"', Is("organization", "a")),
        ("organization: a", Is("organization", "a")),
        ("organization:a OR organization:b", BOTH),
        ("organization:a || organization:b", BOTH),
        ("(organization:a OR organization:b)", BOTH),
        ("organization:(a OR b)", BOTH),
        ("+organization:(a OR b)^2", BOTH),
        ("((organization:((a) OR (b))))", BOTH),
        ("organization:a OR organization:b -dataset_type:harvest", All((*[BOTH], Not(Is("kind", "harvest"))))),
        ("tags:x organization:a OR organization:b", All((Is("tag", "x"), BOTH))),
        (
            "tags:x OR organization:a AND organization:b",
            Some((Is("tag", "x"), All((Is("organization", "a"), Is("organization", "b"))))),
        ),
        ("-organization:x", Not(Is("organization", "x"))),
        ("NOT organization:x", Not(Is("organization", "x"))),
        ("!organization:x", Not(Is("organization", "x"))),
        ("! organization:x", Not(Is("organization", "x"))),
        ("- organization:x", Not(Is("organization", "x"))),
        ("-(-organization:x)", Not(Not(Is("organization", "x")))),
        ("*:* -organization:x", Not(Is("organization", "x"))),
        ("-*:*", Not(All())),
        ("tags:a AND NOT tags:b", All((Is("tag", "a"), Not(Is("tag", "b"))))),
        ("tags:a && !tags:b", All((Is("tag", "a"), Not(Is("tag", "b"))))),
        ("tags:a tags:b", All((Is("tag", "a"), Is("tag", "b")))),
        ('tags:(a OR b "c d")', All((Some((Is("tag", "a"), Is("tag", "b"))), Is("tag", "c d")))),
        ("tags:(a -b)", All((Is("tag", "a"), Not(Is("tag", "b"))))),
        ("tags:(a name:b)", All((Is("tag", "a"), Is("name", "b")))),
        ('name:"x" OR id:"y"', Some((Is("name", "x"), Is("id", "y")))),
        ('tags:"Grüne \\"Wiese\\" \\\\"', Is("tag", 'Grüne "Wiese" \\')),
        ("tags:Gr\\ ün\\:e\\(x\\)", Is("tag", "Gr ün:e(x)")),
        ('tags:""', Is("tag", "")),
        ('tags:"AND"', Is("tag", "AND")),
        ("tags:-5 tags:OR", All((Is("tag", "-5"), Is("tag", "OR")))),
        ("tags:a~1 tags:b^2.5 tags:c~0.5^=3", All((Is("tag", "a"), Is("tag", "b"), Is("tag", "c")))),
        ("tags:a\\~1 tags:b\\^2 tags:c~d", All((Is("tag", "a~1"), Is("tag", "b^2"), Is("tag", "c~d")))),
        ("tags:*", Starts("tag")),
        ("tags:[* TO *]", Starts("tag")),
        ('-license_id:["" TO *]', Not(Starts("license"))),
        ("name:bau*", Starts("name", "bau")),
        ('name:"bau*"', Is("name", "bau*")),
        ("name:bau\\*", Is("name", "bau*")),
        ("title:bau*", Starts("title", "bau")),
        ("title:*bau*", Like("title", "*bau*")),
        ("name:*bau", Like("name", "*bau")),
        ("tags:b?um*", Like("tag", "b?um*")),
        ("name:b\\*a*u", Like("name", "b\\*a*u")),
        ("author:Musterfrau", Some((Is("author", "Musterfrau"), Is("author~", "musterfrau")))),
        ("author:Muster*", Some((Starts("author", "Muster"), Starts("author~", "muster")))),
        ('maintainer:"Amt Beispiel"', Is("maintainer", "Amt Beispiel")),
        ("title_string:Bäume", Says("Bäume", "title")),
        ('title:"Offene Daten"~2', Says("Offene Daten", "title", phrase=True)),
        ("notes:Bäume", Says("Bäume", "text")),
        ("text:Bäume", Says("Bäume")),
        ("text:*", All()),
        ("Bäume Park", said("Bäume", "Park")),
        ('"offene Daten" frei*', All((Says("offene Daten", phrase=True), Starts("", "frei")))),
        ("Bäume OR tags:Park", Some((Says("Bäume"), Is("tag", "Park")))),
        ("12:30 http://a.example/b?c=d", said("12:30", "http://a.example/b?c=d")),
        ("groups:envi groups:ENVI", All((Is("groups", "envi"), Is("groups", "envi")))),
        ("groups:energie", Is("groups", "energie")),
        ('theme:"http://publications.europa.eu/resource/authority/data-theme/ENVI"', Is("theme", "ENVI")),
        ("res_format:csv res_format:x-odd", All((Is("format", "CSV"), Is("format", "x-odd")))),
        ("license_id:dl-by-de/2.0", Is("license", "dl-by-de/2.0")),
        ('license_id:"http://dcat-ap.de/def/licenses/cc-by"', Is("license", "cc-by")),
        ("url:https://a.example/b", Is("url", "https://a.example/b")),
        ("owner_org:1-2 creator_user_id:3", All((Is("owner", "1-2"), Is("creator", "3")))),
        ("+type:dataset dataset_type:dataset", All((Is("kind", "dataset"), Is("kind", "dataset")))),
        ("+state:(active OR draft)", Some((Is("state", "active"), Is("state", "draft")))),
        ("+capacity:public", Is("private", "false")),
        ("capacity:private private:True", All((Is("private", "true"), Is("private", "true")))),
        ("isopen:true", Is("isopen", "true")),
        (
            "extras_Quelle:x Quelle:x",
            All((Some((Is("extras_Quelle", "x"), Is("extras_Quelle~", "x"))), Is("extras_Quelle", "x"))),
        ),
        ("extras_dcat\\:x:5", Some((Is("extras_dcat:x", "5"), Is("extras_dcat:x~", "5")))),
        ("spatial_uri:*", Starts("extras_spatial_uri")),
        ("vocab_orte:Darmstadt", Is("vocab_orte", "Darmstadt")),
        ("num_resources:[1 TO 5}", Between("num_resources", 1, 5, open_high=True)),
        ("num_resources:{* TO 5]", Between("num_resources", None, 5)),
        ("num_resources:0", Between("num_resources", 0, 0)),
        ("-num_resources:0", Not(Between("num_resources", 0, 0))),
        ("metadata_created:[* TO *]", All()),
        ("metadata_created:*", All()),
        ("+entity_type:package +site_id:default", All()),
        ("entity_type:harvest", Some()),
        ("license:cc-by", Is("license", "cc-by")),
    ],
)
def test_filters_that_clients_send(query: str, tree: Condition) -> None:
    assert read("", query) == ("", tree)


@pytest.mark.parametrize(
    "bounds, low, high, open_low, open_high",
    [
        ("[2026-01-01T00:00:00Z TO *]", "2026-01-01", None, False, False),
        ("[2026-01-01T00:00:00 TO *]", "2026-01-01", None, False, False),
        ("[2026-01-01T01:00:00+01:00 TO *]", "2026-01-01", None, False, False),
        ('["2026-01-01T00:00:00Z" TO "*"]', None, None, None, None),
        ("[ 2026-01-01T00\\:00\\:00Z  TO\t* ]", "2026-01-01", None, False, False),
        ("{2026-01-01T00:00:00Z TO 2026-02-01T00:00:00Z}", "2026-01-01", "2026-02-01", True, True),
        ("[2026-01-01T00:00:00Z TO 2026-02-01T00:00:00Z}", "2026-01-01", "2026-02-01", False, True),
        ("{2026-01-01T00:00:00Z TO 2026-02-01T00:00:00Z]", "2026-01-01", "2026-02-01", True, False),
        ("[2026-01-01 TO 2026-01-31]", "2026-01-01", "2026-02-01", False, True),
        ("{2026-01-01 TO 2026-01-31}", "2026-01-02", "2026-01-31", False, True),
        ("[2025 TO 2026-02]", "2025-01-01", "2026-03-01", False, True),
        ("2026-02", "2026-02-01", "2026-03-01", False, True),
        ("2026-01-01T12:00:00Z", "2026-01-01T12:00", "2026-01-01T12:00", False, False),
        ('"2026-01-01 12:00:00"', "2026-01-01T12:00", "2026-01-01T12:00", False, False),
        # The index has whole seconds: what was changed at 22.9 stands there as 22.
        ("[2026-01-01T00:00:22.3Z TO *]", "2026-01-01T00:00:22", None, False, False),
        ("{2026-01-01T00:00:22.3Z TO *]", "2026-01-01T00:00:22", None, False, False),
        ("[NOW-1MONTH/DAY TO NOW]", "2026-02-28", "2026-03-31T13:45:30.500", False, False),
        ("[NOW/DAY-7DAYS TO NOW/HOUR}", "2026-03-24", "2026-03-31T13:00", False, True),
        ("[* TO 2026-01-31T00:00:00Z/MONTH+1YEAR]", None, "2027-01-01", False, False),
    ],
)
def test_times(bounds: str, low: str | None, high: str | None, open_low: bool | None, open_high: bool | None) -> None:
    if open_low is None or open_high is None:
        with pytest.raises(SearchRefusedError, match="Not a time"):
            read("", f"metadata_modified:{bounds}")
        return
    first, last = (None if each is None else seconds(each) for each in (low, high))
    expected = Between("modified", first, last, open_low, open_high)
    assert read("", f"metadata_modified:{bounds}") == ("", expected)
    assert read(f"metadata_modified:{bounds} Park") == ("Park", expected)


@pytest.mark.parametrize(
    "text, instant",
    [
        ("NOW", "2026-03-31T13:45:30.500"),
        ("NOW/YEAR", "2026-01-01"),
        ("NOW/MONTH", "2026-03-01"),
        ("NOW/DATE", "2026-03-31"),
        ("NOW/MINUTES", "2026-03-31T13:45"),
        ("NOW/SECOND", "2026-03-31T13:45:30"),
        ("NOW+1MILLI/MILLISECOND", "2026-03-31T13:45:30.501"),
        ("NOW-1MONTH", "2026-02-28T13:45:30.500"),
        ("NOW+13MONTHS/DAY", "2027-04-30"),
        ("NOW-2YEARS+6MONTHS+3DAYS/DAY", "2024-10-03"),
        ("2024-02-29T00:00:00Z-1YEAR", "2023-02-28"),
        ("2024-02-29T00:00:00Z+90MINUTES-1HOUR-60SECONDS", "2024-02-29T00:29"),
        ("2026-05-03/YEAR", "2026-01-01"),
        ("2026-03-29T02:30:00+02:00", "2026-03-29T00:30"),
    ],
)
def test_date_maths(text: str, instant: str) -> None:
    found = moment(text, NOW)
    assert found is not None
    assert found.is_instant
    assert found.start == seconds(instant)


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "NOWX", "NOW-", "NOW-1", "NOW/WEEK", "NOW-1DAY/", "NOW1DAY", "NOW--1DAY", "NOW-DAY", "NOW-1dayx"),
        *("NOW-9999999999DAYS", "NOW+99999999YEARS", "NOW-999999999DAYS", "NOW/" + "S" * 50),
        *("2026-13", "2026-02-30", "2026-01-01T25", "0000", "20260101", "٢٠٢٦", "2026-01-01T00:00:00+99:99"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-01-01junk", "heute"),
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert moment(text, NOW) is None


def test_the_last_day_there_is() -> None:
    assert moment("9999-12-31", NOW) is not None
    assert moment("9999", NOW) is not None


@pytest.mark.parametrize(
    "q, text, tree",
    [
        ("", "", All()),
        ("*:*", "", All()),
        ("Bäume in Darmstadt", "Bäume in Darmstadt", All()),
        ('"offene Daten" Bäume', '"offene Daten" Bäume', All()),
        ('"offene \\"Daten\\""', '"offene Daten"', All()),
        ('""', "", All()),
        ("Baum* AND Park", "Baum* Park", All((Starts("", "Baum"), Says("Park")))),
        ("Baum AND Park AND Weg", "Baum Park Weg", said("Baum", "Park", "Weg")),
        ("+Baum +Park Weg", "Baum Park Weg", said("Baum", "Park")),
        ("+Baum Park", "Baum Park", Says("Baum")),
        ("Baum AND (Park OR Weg)", "Baum", All((Some((Says("Park"), Says("Weg"))), Says("Baum")))),
        ("Satzung: Gebühren", "Satzung: Gebühren", All()),
        ("Satzung:Gebühren", "Satzung:Gebühren", All()),
        ("http://a.example/b um 12:30", "http://a.example/b um 12:30", All()),
        ("Was ist das? C++ R&D 50% z.B. #1", "Was ist das? C++ R&D 50% z.B. #1", All()),
        ("Haushalt (Entwurf) - 2026", "Haushalt Entwurf 2026", All()),
        ("Haushalt (Entwurf", "Haushalt Entwurf", All()),
        (':-) "Haushalt', ":- Haushalt", All()),
        ("Haushalt AND", "Haushalt", All()),
        ("[2020 TO 2024] Haushalt", "2020 2024 Haushalt", All()),
        ("--alt (Haushalt", "Haushalt", All()),
        ("(" * 50 + "Baum", "Baum", All()),
        ("Haushalt -alt", "Haushalt", Not(Says("alt"))),
        ("Baum OR Park", "", Some((Says("Baum"), Says("Park")))),
        ("Baum organization:a Park", "Baum Park", Is("organization", "a")),
        ("Baum (organization:a OR organization:b)", "Baum", BOTH),
        ("title:Baum* Park", "Park", Starts("title", "Baum")),
        ("betreff:x", "", Some((Is("extras_betreff", "x"), Says("betreff x", phrase=True)))),
        ("extras_betreff:x", "", Some((Is("extras_betreff", "x"), Is("extras_betreff~", "x")))),
    ],
)
def test_free_text(q: str, text: str, tree: Condition) -> None:
    assert read(q) == (text, tree)


def test_q_and_all_filters_apply() -> None:
    assert read("Baum tags:x", "organization:a OR organization:b", "", "-tags:y Park") == (
        "Baum",
        All((Is("tag", "x"), BOTH, Not(Is("tag", "y")), Says("Park"))),
    )


@pytest.mark.parametrize(
    "query, part",
    [
        ("{!lucene}x", "Local parameters"),
        ("title:{!edismax v=x}", "Local parameters"),
        ('(title:x OR {!parent which="capacity:private"})', "Local parameters"),
        ("tags:[{!x} TO *]", "Local parameters"),
        ('_query_:"{!lucene}capacity:private"', "Nested queries are not supported: _query_"),
        ("x OR (tags:y _query_:z)", "Nested queries are not supported: _query_"),
        ('_val_:"log(x)"', "Nested queries are not supported: _val_"),
        ("tags:(_quer\\y_:x)", "Nested queries are not supported: _query_"),
        ("-_query_:x", "Nested queries are not supported: _query_"),
        ("a\0b", "control characters"),
        ("a\x1bb", "control characters"),
        ("a\ud800b", "control characters"),
        ("tags:(a", "ends too early"),
        ("tags:a)", "out of place, or its partner is missing: )"),
        ("tags:a AND", "ends too early"),
        ("OR tags:a", "out of place, or its partner is missing: OR"),
        ("tags:a AND OR tags:b", "out of place, or its partner is missing: OR"),
        ("--tags:a", "out of place, or its partner is missing: -"),
        ("NOT NOT tags:a", "out of place, or its partner is missing: NOT"),
        ("tags:()", "out of place, or its partner is missing: )"),
        ("tags:", "ends too early"),
        ('tags:"a', 'out of place, or its partner is missing: "'),
        ('tags:"a\\"', 'out of place, or its partner is missing: "'),
        ("tags:a\\", "out of place, or its partner is missing: \\"),
        ("metadata_modified:[NOW TO", "out of place, or its partner is missing: ["),
        ("metadata_modified:[NOW to *]", "out of place, or its partner is missing: ["),
        ("metadata_modified:[gestern TO *]", "Not a time: 'metadata_modified:gestern'"),
        ("metadata_modified:20*", "Wildcards are not supported for times"),
        ("num_resources:viele", "Not a number: 'num_resources:viele'"),
        ("name:[a TO b]", "Ranges are supported for times and numbers only: 'name'"),
        ("metadata_modified:2?", "Wildcards are not supported for times"),
        ("name:b" + "?" * 5, "more than 4 wildcards"),
        ("title:" + "*a" * 5, "more than 4 wildcards"),
        ("f" * 5000 + ":b" + "?" * 5, "more than 4 wildcards of a kind: 'fff"),
        ("title:/b.*m/", "Regular expressions are not supported"),
        ("tags:x " + "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "Brackets nest deeper"),
        ("tags:x " + "-(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, "they nest deeper than"),
        ("tags:(" + "a " * MAX_NODES + ")", f"more than {MAX_NODES} conditions"),
        ("tags:" + "x" * MAX_LENGTH, "more than"),
        ("title:(" + "*a " * (MAX_PATTERNS + 1) + ")", f"More than {MAX_PATTERNS} conditions have wildcards"),
        (" OR ".join(f"extras_k{n}:*a" for n in range(MAX_PATTERNS)), f"More than {MAX_PATTERNS} conditions have"),
        (" OR ".join(f"extras_k{n}:a*" for n in range(61)), "More than 60 conditions have a wildcard at the end"),
    ],
)
def test_what_is_refused_names_the_part(query: str, part: str) -> None:
    for q, filters in ((query, ()), ("", (query,)), ("Baum", ("tags:x", query))):
        with pytest.raises(SearchRefusedError) as error:
            read_query(q, filters)
        assert part in str(error.value)
        assert len(str(error.value)) < 250


def test_a_filter_without_field_is_strict() -> None:
    for query in ("Baum (", '"Baum', "[a TO b]", "-", "Baum AND"):
        with pytest.raises(SearchRefusedError):
            read("", query)


def test_many_filters_are_refused() -> None:
    assert read("", *["tags:x"] * MAX_FILTERS)[1] == All((Is("tag", "x"),) * MAX_FILTERS)
    with pytest.raises(SearchRefusedError):
        read("", *["tags:x"] * (MAX_FILTERS + 1))


def test_many_words_are_no_conditions() -> None:
    assert read("Baum " * 2000) == (("Baum " * 2000).strip(), All())


@pytest.mark.parametrize(
    "sort, order",
    [
        ("", DEFAULT_ORDER),
        (" ", DEFAULT_ORDER),
        ("rank", DEFAULT_ORDER),
        ("score desc, metadata_modified desc", DEFAULT_ORDER),
        ("name asc", (Order("name"),)),
        ("id  ASC", (Order("id"),)),
        ("title_string asc,metadata_created DESC", (Order("title"), Order("created", descending=True))),
        ("title asc, title_string desc, title desc", (Order("title"),)),
        ("views_recent desc, name asc", (Order("name"),)),
        ("views_total desc", DEFAULT_ORDER),
    ],
)
def test_orders(sort: str, order: tuple[Order, ...]) -> None:
    assert read_order(sort) == order


@pytest.mark.parametrize(
    "sort",
    [
        *("name", "name up", "views_recent", "name asc; drop table", "name asc,", ",", "1", "'", "name asc desc"),
        *("NAME asc", "_version_ asc", "{!func}x asc", "sum(1,2) desc", "name asc," * 5000),
    ],
)
def test_unknown_orders_are_bad_parameters(sort: str) -> None:
    with pytest.raises(SearchSyntaxError, match="Cannot sort by") as error:
        read_order(sort)
    assert not isinstance(error.value, SearchRefusedError)
    assert len(str(error.value)) < 250


def test_the_states_that_are_asked_for() -> None:
    def states(query: str) -> frozenset[str]:
        return named_states(read(query)[1])

    assert states("+state:(active OR draft) tags:x") == {"active", "draft"}
    assert states("-state:deleted tags:state") == frozenset()
    assert states("state:deleted") == {"deleted"}
    assert states("") == frozenset()


PIECES = st.sampled_from(
    (
        *'":()[]{}+-!*?\\/~^ \t',
        *("AND", "OR", "NOT", "&&", "||", "TO", "NOW-1DAY", "2026", "*:*", "{!lucene}", "ä", "x", "'--"),
        *("tags:", "title:", "metadata_modified:", "num_resources:", "groups:", "foo:", "_query_:", "[* TO NOW/DAY]"),
    )
)
ANYTHING = st.text(max_size=60) | st.lists(PIECES, max_size=30).map("".join)
NAMES = {*VALUES.values(), *TEXTS.values(), *TIMES.values(), *NUMBERS.values()}


def nodes(condition: Condition) -> list[tuple[int, Condition]]:
    """All nodes of a tree with their depth."""
    match condition:
        case All(parts) | Some(parts):
            below = parts
        case Not(part):
            below = (part,)
        case _:
            below = ()
    return [(1, condition), *((depth + 1, node) for part in below for depth, node in nodes(part))]


@given(ANYTHING, st.lists(ANYTHING, max_size=2))
@example("(" * 3000, [])
@example('"\\', ['tags:"\\'])
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_within_limits_or_refused(q: str, filters: list[str]) -> None:
    try:
        text, where = read_query(q, filters)
    except SearchRefusedError as error:
        assert str(error)
        str(error).encode()
    else:
        assert text.count('"') % 2 == 0
        found = nodes(where)
        assert len(found) <= MAX_NODES
        assert max(depth for depth, _ in found) <= MAX_DEPTH
        for _, node in found:
            if isinstance(node, Is | Starts | Says | Between):
                assert node.field in NAMES or node.field.startswith(("extras_", "vocab_"))
            assert not isinstance(node, Within)


@given(st.text(alphabet=st.characters(exclude_characters='":()[]{}+-!*\\~^', codec="utf-8"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_word_of_free_text_is_lost(q: str) -> None:
    words = [word for word in q.split() if word not in ("AND", "OR", "NOT", "&&", "||")]
    try:
        text, where = read(q)
    except SearchRefusedError as error:
        assert "control characters" in str(error)
    else:
        assert (text.split(), where) == (words, All())


@given(st.text(max_size=60))
def test_any_order_is_read_or_a_bad_parameter(sort: str) -> None:
    try:
        assert read_order(sort)
    except SearchSyntaxError as error:
        str(error).encode()


# What the printer writes: every field under one of CKAN's names.
WRITTEN = {
    "name": "name",
    "tag": "tags",
    "organization": "organization",
    "kind": "type",
    "extras_a b:c": "extras_a\\ b\\:c",
}


def _worded(name: str) -> bool:
    return name in WORDS_OF or name.startswith("extras_")


WRITTEN_TEXTS = {"": "text", "title": "title", "text": "notes"}
WRITTEN_NUMBERS = {"modified": "metadata_modified", "created": "metadata_created"}
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12) | PIECES.map(str)
VALUE = TEXT.filter(lambda value: "\t" not in value)
INSTANT = st.integers(-(10**10), 10**10).map(float)
LEAVES = (
    st.builds(Is, st.sampled_from(sorted(WRITTEN)), VALUE)
    # Of people and extras a single word counts, too: what is read is not only what was written.
    | st.builds(Starts, st.sampled_from(sorted(name for name in WRITTEN if not _worded(name))), VALUE | st.just(""))
    | st.builds(Starts, st.sampled_from(sorted(WRITTEN_TEXTS)), VALUE)
    | st.builds(Says, VALUE, st.sampled_from(sorted(WRITTEN_TEXTS)), st.booleans())
    | st.builds(Between, st.sampled_from(sorted(WRITTEN_NUMBERS)), INSTANT, INSTANT, st.booleans(), st.booleans())
    | st.builds(Between, st.sampled_from(sorted(WRITTEN_NUMBERS)), st.none(), INSTANT, st.just(False), st.booleans())
    | st.builds(Between, st.sampled_from(sorted(WRITTEN_NUMBERS)), INSTANT, st.none(), st.booleans())
)


def several(parts: st.SearchStrategy[Condition], joined: type[All] | type[Some]) -> st.SearchStrategy[Condition]:
    other = parts.filter(lambda part: not isinstance(part, joined))
    return st.lists(other, min_size=2, max_size=4).map(lambda found: joined(tuple(found)))


TREES: st.SearchStrategy[Condition] = st.recursive(
    LEAVES, lambda parts: parts.map(Not) | several(parts, All) | several(parts, Some), max_leaves=12
)


def escaped(text: str) -> str:
    return "".join(f"\\{sign}" for sign in text)


def instant(at: float | None) -> str:
    if at is None:
        return "*"
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (start + datetime.timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def printed(tree: Condition) -> str:
    """Write a tree as a client would."""
    match tree:
        case Is(field, value):
            return f'{WRITTEN[field]}:"{escaped(value)}"'
        case Starts(field, value):
            return f"{(WRITTEN | WRITTEN_TEXTS)[field]}:{escaped(value)}*"
        case Says(words, field, phrase):
            return (
                f'{WRITTEN_TEXTS[field]}:"{escaped(words)}"' if phrase else f"{WRITTEN_TEXTS[field]}:{escaped(words)}"
            )
        case Between(field, low, high, open_low, open_high):
            brackets = ("[{"[open_low], "]}"[open_high])
            return f"{WRITTEN_NUMBERS[field]}:{brackets[0]}{instant(low)} TO {instant(high)}{brackets[1]}"
        case Not(part):
            return f"-({printed(part)})"
        case All(parts):
            return " AND ".join(f"({printed(part)})" for part in parts)
        case Some(parts):
            return " OR ".join(f"+({printed(part)})^2" for part in parts)
        case Within():
            raise AssertionError("the language has no areas")


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_a_tree_that_is_printed_and_read_comes_back(tree: Condition) -> None:
    assert read("", printed(tree)) == ("", tree)


@pytest.mark.parametrize(
    "piece",
    [
        *('"', "\\", "(", ")", "-", "!", "+", "[", "{", "*", "?", "~1", "^1", " ", "a ", "a:", "AND ", "a OR ", "/"),
        *(
            '[\\"',
            '["',
            '["[" ',
            "[a ",
            "[a TO ",
            "-(",
            "x:(a OR ",
            "\\a:",
            "a~",
            "a^1~",
            '"\\"',
            "NOW-1DAY",
            "é.-_",
            "(-",
        ),
    ],
)
def test_hostile_repetitions_take_no_time(piece: str) -> None:
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    began = time.process_time()
    for q, filters in ((text, ()), ("", (text,)), ("tags:x", (f"metadata_modified:{text[:-25]}",))):
        with contextlib.suppress(SearchRefusedError):
            read_query(q, filters)
    assert time.process_time() - began < 5


def test_what_is_far_too_long_is_not_looked_at() -> None:
    began = time.process_time()
    for piece in ('"', "(", "-", "\\", "["):
        with pytest.raises(SearchRefusedError, match="more than"):
            read(piece * 100_000)
    assert time.process_time() - began < 1


def test_who_wrote_a_dataset_is_asked_by_those_only_who_have_an_account() -> None:
    for query in ("creator_user_id:a", "creator_user_id:a*", "creator_user_id:*a"):
        assert read_query(query, [], now=NOW) == ("", Some())
        assert read_query("", [f"tags:x OR -{query}"], now=NOW)[1] == Some((Is("tag", "x"), Not(Some())))
