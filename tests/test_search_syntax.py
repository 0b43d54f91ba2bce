"""CKAN's search language: what names one field and one value is understood, everything else refused instead of guessed at."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.api.search_syntax import MAX_LENGTH, SearchSyntaxError, read_filters, read_order


@pytest.mark.parametrize(
    "query, text, filters",
    [
        ("", "", []),
        ("   ", "", []),
        ("*:*", "", []),
        ("Bäume in Darmstadt", "Bäume in Darmstadt", []),
        ("organization:da-amt", "", [("organization", "da-amt")]),
        ('organization:"da-amt"', "", [("organization", "da-amt")]),
        ("+organization:da-amt +tags:Baum", "", [("organization", "da-amt"), ("tag", "Baum")]),
        ("organization:da-amt AND tags:Baum", "", [("organization", "da-amt"), ("tag", "Baum")]),
        ("organization:da-amt && tags:Baum", "", [("organization", "da-amt"), ("tag", "Baum")]),
        ('tags:"Grüne Wiese" Park', "Park", [("tag", "Grüne Wiese")]),
        ('tags:"mit \\"Zeichen\\""', "", [("tag", 'mit "Zeichen"')]),
        ('tags:""', "", [("tag", "")]),
        ("groups:envi", "", [("theme", "ENVI")]),
        ("groups:ENVI", "", [("theme", "ENVI")]),
        ("res_format:CSV", "", [("format", "CSV")]),
        ("res_format:csv", "", [("format", "CSV")]),
        ("license_id:dl-by-de/2.0", "", [("license", "dl-by-de/2.0")]),
        ("groups:unbekannt", "", [("theme", "unbekannt")]),
        ("name:baeume id:7 city:darmstadt", "", [("name", "baeume"), ("id", "7"), ("city", "darmstadt")]),
        ("dataset_type:dataset", "", []),
        ("+type:dataset +state:active +capacity:public private:false", "", []),
        ("Stand 12:30 Uhr", "Stand 12:30 Uhr", []),
        ("Haushalt (Entwurf) -alt C++", "Haushalt (Entwurf) -alt C++", []),
    ],
)
def test_what_is_understood(query: str, text: str, filters: list[tuple[str, str]]) -> None:
    assert read_filters(query) == (text, filters)


@pytest.mark.parametrize(
    "query, part",
    [
        ("unbekannt:x", "Not supported yet: unbekannt:x (known: city, groups, "),
        ("-tags:Baum", "Not supported yet: -tags:Baum"),
        ("-type:dataset", "Not supported yet: -type:dataset"),
        ("state:deleted", "Not supported yet: state:deleted"),
        ("private:true", "Not supported yet: private:true"),
        ("tags:(Baum OR Park)", "Not supported yet: tags:(Baum"),
        ("metadata_modified:[2026-01-01T00:00:00Z TO *]", "Not supported yet: metadata_modified:[2026"),
        ("name:[a TO b]", "Not supported yet: name:[a"),
        ("name:{a TO b}", "Not supported yet: name:{a"),
        ("name:bau*", "Not supported yet: name:bau*"),
        ("tags:*", "Not supported yet: tags:*"),
        ("tags:Baum OR tags:Park", "Not supported yet: OR"),
        ("Baum OR Park", "Not supported yet: OR"),
        ("Baum || Park", "Not supported yet: ||"),
        ("NOT tags:Baum", "Not supported yet: NOT"),
        ("(tags:Baum)", "Not supported yet: (tags:Baum)"),
        ("+(tags:Baum tags:Park)", "Not supported yet: +(tags:Baum"),
        ("!tags:Baum", "Not supported yet: !tags:Baum"),
        ("vocab_1:x", "Not supported yet: vocab_1:x"),
        ("--tags:Baum", "Not supported yet: --tags:Baum"),
        ('tags:"Baum', 'A quotation mark is missing: tags:"Baum'),
        ('tags:"', 'A quotation mark is missing: tags:"'),
        ('tags:"Baum\\"', 'A quotation mark is missing: tags:"Baum\\"'),
        ("a\0b", "The query is too long or holds forbidden characters"),
        ("x" * (MAX_LENGTH + 1), "The query is too long"),
    ],
)
def test_what_is_refused_names_the_part(query: str, part: str) -> None:
    with pytest.raises(SearchSyntaxError) as error:
        read_filters(query)
    assert str(error.value).startswith(part)


def test_a_long_query_up_to_the_limit() -> None:
    assert read_filters("x" * MAX_LENGTH) == ("x" * MAX_LENGTH, [])


@pytest.mark.parametrize(
    "sort, order",
    [
        ("", ""),
        ("  ", ""),
        ("score desc, metadata_modified desc", ""),
        ("name asc", "name"),
        ("title_string  ASC", "title"),
        ("metadata_modified desc", "newest"),
    ],
)
def test_orders(sort: str, order: str) -> None:
    assert read_order(sort) == order


@pytest.mark.parametrize("sort", ["name", "name desc", "views_recent desc", "name asc; drop table", "1", "'"])
def test_unknown_orders_are_refused(sort: str) -> None:
    with pytest.raises(SearchSyntaxError, match="Cannot sort by"):
        read_order(sort)


PIECES = st.sampled_from(
    (*'":()[]{}+-!*\\ \t', "AND", "OR", "NOT", "tags", "groups", "res_format", "*:*", "TO", "&&", "ä", "'--", "{!lucene}")
)  # fmt: skip
FIELDS = {"organization", "theme", "tag", "format", "license", "name", "id", "city"}


@given(st.text(max_size=60) | st.lists(PIECES, max_size=20).map("".join))
@example('tags:"\\')
@example('tags:"' + "\\" * 1500)
@settings(max_examples=500, deadline=None)
def test_hostile_queries_are_read_or_refused(query: str) -> None:
    try:
        text, filters = read_filters(query)
    except SearchSyntaxError as error:
        assert str(error)
    else:
        assert {field for field, _ in filters} <= FIELDS
        # Nothing of the query is lost but blanks, operators and what every dataset fulfils.
        assert sum(map(len, query.split())) >= len("".join(text.split()))


@given(st.text(max_size=60))
def test_hostile_orders_are_read_or_refused(sort: str) -> None:
    try:
        assert read_order(sort) in ("", "name", "title", "newest")
    except SearchSyntaxError as error:
        assert str(error)


@given(st.text(st.characters(exclude_characters='"\\\0', codec="utf-8"), min_size=1, max_size=30))
def test_a_quoted_value_comes_back_whole(value: str) -> None:
    refused = value.startswith(("(", "[", "{")) or value.endswith("*")
    if not refused:
        assert read_filters(f'name:"{value}"') == ("", [("name", value)])
