"""The tree of conditions as the index answers it, against deciding about every entry by itself."""

import itertools
import math
import operator
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from search_index import Memory, fulfils

from catalog import index_fields, index_query, search
from catalog.index_entry import IndexEntry
from catalog.query import All, Between, Condition, Is, Not, Order, Says, SearchQuery, Some, Starts, Within

# A failing example says enough; making it smaller would take minutes.
RANDOM = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
EVERYTHING = {"readers": None, "states": frozenset({"active", "draft", "deleted"}), "private": True, "rows": 1000}
VALUES = st.sampled_from(
    ("a", "ab", "abc", "Grün", "grün", "C++ (x.y)*", "a\nb", "a=b", "[x]", "\\", '"q"', "ß", "🌳", "a.b", "AND")
)
WORDS = st.sampled_from(
    (
        "Baum",
        "Bäume",
        "Baumkataster",
        "Straßenbaum",
        "Kataster",
        "Luft",
        "Luftqualität",
        "in",
        "der",
        "Haushalt",
        "Plan",
        "2026",
    )
)
TEXT = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
NUMBERS = st.integers(-5, 5)
DEGREES = st.sampled_from((-180.0, -170.0, -10.0, 0.0, 8.5, 8.6, 9.0, 50.0, 89.0, 90.0, 180.0))
LATITUDES = st.sampled_from((-90.0, -10.0, 0.0, 49.9, 50.0, 50.1, 90.0))
LISTED = st.lists(VALUES, max_size=3, unique=True).map(tuple)
BOXES = st.tuples(DEGREES, LATITUDES, DEGREES, LATITUDES).map(
    lambda box: (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
)
ENTRIES = st.builds(
    IndexEntry,
    id=st.just(""),
    name=st.just(""),
    readers=st.lists(st.sampled_from(("public", "member-1", "creator-2")), min_size=1, unique=True).map(tuple),
    state=st.sampled_from(("active", "active", "draft", "deleted")),
    private=st.booleans(),
    title=TEXTS,
    keyword=TEXTS,
    publisher=TEXTS,
    text=TEXTS,
    city=VALUES,
    tag=LISTED,
    groups=LISTED,
    quality=st.sampled_from(("", "good", "bad")),
    extras=st.dictionaries(st.sampled_from(("k", "k=a", "Betreff")), VALUES, max_size=2),
    values=st.dictionaries(
        st.sampled_from(("author", "vocab_x")), st.lists(VALUES, min_size=1, max_size=2).map(tuple), max_size=2
    ),
    created=NUMBERS,
    modified=NUMBERS,
    starts=st.none() | NUMBERS,
    ends=st.none() | NUMBERS,
    box=st.none() | BOXES,
)
FIELDS = st.sampled_from(
    (
        "city",
        "tag",
        "groups",
        "quality",
        "state",
        "private",
        "author",
        "vocab_x",
        "extras_k",
        "extras_k=a",
        "extras_Betreff",
        "no_field",
    )
)
BOUNDS = st.none() | st.sampled_from((-6.0, -1.5, -1.0, 0.0, 0.5, 2.0, 5.0, math.inf, -math.inf))
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Is, FIELDS, VALUES | st.sampled_from(("true", "false", "good", "active", ""))),
    st.builds(Starts, FIELDS, st.sampled_from(("", "a", "ab", "a\n", "C++ (", "Gr", "[", "\\", "🌳", "x"))),
    st.builds(
        Starts,
        st.sampled_from(("", "title", "text")),
        st.sampled_from(("Ba", "Baumkat", "Straßen", "Luftqualität", "haus", "20")),
    ),
    st.builds(Says, TEXT, st.sampled_from(("", "title", "keyword", "text")), st.booleans()),
    st.builds(
        Between,
        st.sampled_from(("created", "modified", "starts", "ends")),
        BOUNDS,
        BOUNDS,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Within, DEGREES, LATITUDES, DEGREES, LATITUDES),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def numbered(entries: list[IndexEntry]) -> list[IndexEntry]:
    return [
        IndexEntry(
            **{name: getattr(entry, name) for name in IndexEntry.__slots__} | {"id": f"i{n}", "name": f"n{n:03}"}
        )
        for n, entry in enumerate(entries)
    ]


@given(st.lists(ENTRIES, min_size=1, max_size=12), st.lists(CONDITIONS, min_size=5, max_size=25))
@settings(max_examples=40, **RANDOM)  # type: ignore[arg-type]
def test_every_condition_finds_what_fulfils_it(entries: list[IndexEntry], conditions: list[Condition]) -> None:
    index = Memory(numbered(entries))
    for condition in conditions:
        expected = {entry.id for entry in index.entries if fulfils(entry, condition, index.splitter)}
        assert set(index.ids(SearchQuery(where=condition, **EVERYTHING))) == expected, condition  # type: ignore[arg-type]


def test_every_bound_of_a_range() -> None:
    index = Memory([IndexEntry(id=f"i{n}", name=f"n{n}", starts=n, modified=n) for n in range(-3, 4)])
    bounds = (None, -math.inf, -3.5, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, math.inf)
    for low, high, open_low, open_high in itertools.product(bounds, bounds, (False, True), (False, True)):
        condition = Between("starts", low, high, open_low, open_high)
        expected = {entry.id for entry in index.entries if fulfils(entry, condition, index.splitter)}
        assert set(index.ids(SearchQuery(where=condition))) == expected, condition


def test_every_way_that_boxes_meet() -> None:
    sides = (-180.0, -10.0, 0.0, 10.0, 180.0)
    heights = (-90.0, 0.0, 90.0)
    shapes = [
        (w, s, e, n)
        for w, e in itertools.product(sides, sides)
        if w <= e
        for s, n in itertools.product(heights, heights)
        if s <= n
    ]
    entries = [IndexEntry(id=f"i{n}", name=f"n{n}", box=shape) for n, shape in enumerate(shapes)]
    index = Memory([*entries, IndexEntry(id="none", name="none")])
    for west, south, east, north in itertools.product((-180.0, -10.5, 0.0, 10.0, 170.0), heights, sides, heights):
        condition = Within(west, south, east, north)
        expected = {entry.id for entry in index.entries if fulfils(entry, condition, index.splitter)}
        assert set(index.ids(SearchQuery(where=condition, rows=1000))) == expected, condition


READERS = st.none() | st.frozensets(st.sampled_from(("public", "member-1", "creator-2", "member-9")))
STATES = st.frozensets(st.sampled_from(("active", "draft", "deleted")))


@given(
    st.lists(ENTRIES, min_size=1, max_size=10),
    st.lists(st.tuples(READERS, STATES, st.booleans(), CONDITIONS), min_size=5),
)
@settings(max_examples=25, **RANDOM)  # type: ignore[arg-type]
def test_no_condition_widens_what_somebody_may_read(
    entries: list[IndexEntry], asked: list[tuple[frozenset[str] | None, frozenset[str], bool, Condition]]
) -> None:
    index = Memory(numbered(entries))
    for readers, states, private, condition in asked:
        query = SearchQuery(where=condition, readers=readers, states=states, private=private, rows=1000)
        allowed = {
            entry.id
            for entry in index.entries
            if entry.state in states
            and (readers is None or readers & set(entry.readers))
            and (private or not entry.private)
            and fulfils(entry, condition, index.splitter)
        }
        assert set(index.ids(query)) == allowed


def in_order(entries: Sequence[IndexEntry], order: tuple[Order, ...]) -> list[IndexEntry]:
    """Sort entries by one key after the other, the least one first; names decide at last."""
    found = sorted(entries, key=lambda entry: entry.name)
    for key in reversed(order):
        found.sort(key=operator.attrgetter(key.field), reverse=key.descending)
    return found


KEYS = st.lists(
    st.builds(Order, st.sampled_from(("title", "modified", "created", "name", "id", "score")), st.booleans()),
    max_size=3,
).map(tuple)


@given(
    st.lists(ENTRIES, min_size=1, max_size=30),
    st.lists(KEYS, min_size=1, max_size=4),
    st.integers(1, 7),
    st.integers(1, 3),
)
@settings(max_examples=40, **RANDOM)  # type: ignore[arg-type]
def test_pages_of_any_order_hold_every_hit_once(
    entries: list[IndexEntry], orders: list[tuple[Order, ...]], rows: int, commits: int
) -> None:
    index = Memory(numbered(entries), commits)
    for order in orders:
        query = SearchQuery(order=order, **EVERYTHING)  # type: ignore[arg-type]
        whole = index.ids(query)
        assert Counter(whole) == Counter(entry.id for entry in index.entries)
        if order and all(key.field not in ("title", "score") for key in order):
            assert whole == [entry.id for entry in in_order(index.entries, order)]
        paged = [
            one
            for start in range(0, len(whole), rows)
            for one in index.ids(
                SearchQuery(order=order, start=start, rows=rows, readers=None, states=query.states, private=True)
            )
        ]
        assert paged == whole


def test_the_order_is_the_same_however_the_index_was_written() -> None:
    entries = [IndexEntry(id=f"i{n}", name=f"n{n % 50:03}", title=("Gleich",), modified=n % 3) for n in range(300)]
    orders = [
        (Order("modified", descending=True),),
        (Order("title"), Order("created"), Order("modified")),
        (Order("name"),),
    ]
    for order in orders:
        query = SearchQuery(order=order, rows=1000)
        assert Memory(entries).ids(query) == Memory(entries[::-1], commits=4).ids(query)


def test_paging_goes_on_to_the_end() -> None:
    entries = [IndexEntry(id=f"i{n:05}", name=f"n{n:05}", modified=7) for n in range(12_500)]
    index = Memory(entries, commits=3)
    found = [one for start in range(0, 13_000, 1000) for one in index.ids(SearchQuery(start=start, rows=1000))]
    assert found == [entry.id for entry in entries]


@pytest.mark.parametrize("order", [(Order("title"),), (Order("title", descending=True),)])
def test_titles_are_sorted_as_german(order: tuple[Order, ...]) -> None:
    names = ["Abfall", "Ämter", "amtlich", "Bäume", "Baumkataster", "Öl", "Ölung", "Über", "Ufer"]
    entries = [IndexEntry(id=title, name=f"n{n}", title=(title,)) for n, title in enumerate(names[::-1])]
    found = Memory(entries).ids(SearchQuery(order=order))
    expected = ["Abfall", "Ämter", "amtlich", "Bäume", "Baumkataster", "Öl", "Ölung", "Über", "Ufer"]
    assert found == (expected[::-1] if order[0].descending else expected)


@pytest.mark.parametrize(
    "condition",
    [
        Is("tag", "x" * 70_000),
        Starts("tag", "x" * 70_000),
        Starts("extras_" + "k" * 5000, "x" * 5000),
        Is("extras_k", "\ud800"),
        Is("a\0b", "\0"),
        Says("wort " * 5000),
        Says("wort " * 300, phrase=True),
        Between("modified", math.nan, None),
        Between("modified", 1e300, -1e300),
        Between("title", 0, 1),
        Within(math.nan, 0, 1, 1),
        Within(0, 1, 1, 0),
        Is("num_resources", "9" * 400),
        Starts("", "*"),
        Starts("", ""),
        Is("readers", "public"),
    ],
)
def test_no_condition_stops_the_search(condition: Condition) -> None:
    index = Memory([IndexEntry(id="1", name="a", title=("Baum",), tag=("x" * 70_000,), extras={"k": "\ud800"})])
    assert len(index.ids(SearchQuery(where=condition))) <= 1
    assert len(index.ids(SearchQuery(where=Not(condition)))) <= 1


def test_numbers_of_files() -> None:
    index = Memory([IndexEntry(id=str(n), name=f"n{n}", values={"num_resources": (str(n),)}) for n in range(4)])
    assert sorted(index.ids(SearchQuery(where=Between("num_resources", 2, None)))) == ["2", "3"]
    assert index.ids(SearchQuery(where=Is("num_resources", "0"))) == ["0"]


def test_facets_are_exact_however_many_values_there_are() -> None:
    entries = [
        IndexEntry(
            id=str(n), name=f"n{n}", tag=(f"t{n % 2500}", f"u{n}", "alle"), validation="valid" if n % 3 else "invalid"
        )
        for n in range(6000)
    ]
    index = Memory(entries, commits=4)
    query = index_query.filters(SearchQuery(where=Not(Is("validation", "invalid"))))
    found = search.count(index.searcher, query, ("tag", "validation", "schema", "no_field")).facets
    expected = Counter(tag for entry in entries if entry.validation == "valid" for tag in entry.tag)
    assert len(found["tag"]) == search.FACET_VALUES
    assert found["tag"]["alle"] == 4000
    assert all(expected[tag] == number for tag, number in found["tag"].items())
    assert sorted(found["tag"].values(), reverse=True) == [n for _, n in expected.most_common(search.FACET_VALUES)]
    assert found["validation"] == {"valid": 4000}
    assert found["schema"] == found["no_field"] == {}


@given(st.lists(st.text("".join(index_fields.SIGNS), max_size=30), max_size=20))
def test_the_numbers_of_texts_are_sorted_as_they_are(texts: list[str]) -> None:
    ordered = sorted(texts, key=lambda text: (index_fields.beginning(text), text))
    assert ordered == sorted(texts)


def test_pages_of_texts_that_begin_alike_hold_everything_once() -> None:
    names = [f"datensatz-ueber-strassenbaeume-{n:03}" for n in range(300)]
    index = Memory(
        [IndexEntry(id=f"{299 - n:08}-0000", name=name, title=("Gleich",)) for n, name in enumerate(names)], commits=3
    )
    for field, wanted in (("name", names), ("title", names), ("modified", names)):
        pages = [index.ids(SearchQuery(order=(Order(field),), start=start, rows=70)) for start in range(0, 300, 70)]
        assert [names[299 - int(each.split("-")[0])] for page in pages for each in page] == wanted
