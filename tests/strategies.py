"""Hypothesis strategies over the property table: datasets as our formats can hold them, in the order in which we read them."""

from dataclasses import fields, replace
from itertools import count
from typing import Any

from hypothesis import strategies as st

from dcat.kinds import KINDS
from dcat.model import Checksum, Dataset, Distribution, Identifier, Place, Provenance, Text
from dcat.plain import plain
from dcat.profile import DEFAULT, Property, profile
from dcat.vocabularies import vocabulary

LANGUAGES = ("", "de", "en", "fr", "de-at")
# Control characters are left out, and what is no character; signs that a format must escape come often.
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
SPECIAL = st.sampled_from("aäß<>&\"'\\\n\t[]{}@^;,.#%`|")
WORDS = st.text(CHARACTERS | SPECIAL, min_size=1, max_size=12).map(str.strip) | st.just("a]]>b")
PLAIN = WORDS.filter(lambda value: value != "" and plain(value) == value)
DATES = (
    st.dates().map(lambda day: day.isoformat())
    | st.datetimes(timezones=st.just(None)).map(lambda time: time.isoformat(timespec="seconds"))
    | st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "+02:00")
    | st.dates().map(lambda day: day.isoformat()[:7])
    | st.dates().map(lambda day: day.isoformat()[:4])
)
URIS = st.builds(
    "https://{}.example/{}{}".format,
    st.sampled_from(("daten", "amt", "xn--mller-kva")),
    st.integers(0, 10**6).map("s{}".format),
    st.sampled_from(("", "?a=b&c=%20", "#x", "/'(1),~;@!")),
)
NUMBERS = st.floats(-180, 180, allow_nan=False).map(lambda number: f"{number:.5f}")
LOCAL_PARTS = st.text("abc.+-_", min_size=1, max_size=8)


def one_value(prop: Property) -> st.SearchStrategy[Any]:
    """Valid values of a property that is no node."""
    concepts = st.sampled_from(sorted(vocabulary(prop.vocabulary).concepts)) if prop.vocabulary else st.nothing()
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "text": st.builds(Text, PLAIN, st.sampled_from(LANGUAGES)),
        "string": PLAIN,
        "uri": URIS,
        "concept": concepts,
        "concept-or-uri": concepts | URIS,
        "date": DATES,
        "integer": st.integers(0, 10**17),
        "decimal": st.decimals(0, 10**6, places=2).map(str),
        "duration": st.sampled_from(("P1D", "PT15M", "P1Y2M", "P3DT4H5M6.5S")),
        "size-as-decimal": st.integers(0, 10**17),
        "hex": st.binary(min_size=4, max_size=64).map(bytes.hex),
        "wkt": st.builds("POINT ({} {})".format, NUMBERS, NUMBERS),
        "geometry": st.builds("POINT ({} {})".format, NUMBERS, NUMBERS),
        "email": LOCAL_PARTS.map("{}@amt.example".format) | st.just("größe@müller.example"),
        "telephone": st.integers(100, 10**12).map("tel:+{}".format),
    }
    return by_kind[next(name for name, kind in KINDS.items() if kind is prop.kind)]


def in_order(values: list[Any]) -> tuple[Any, ...]:
    """Values without repetition, as reading gives them: German texts first, nodes by URI."""

    def key(value: Any) -> Any:
        if isinstance(value, Text):
            return value.lang != "de", value.lang, value.value
        return value.uri if hasattr(value, "uri") else value

    return tuple(sorted(set(values), key=key))


@st.composite
def nodes(draw: st.DrawFn, name: str = "Dataset", number: Any = None) -> Any:
    """Nodes of a class: whichever fields are set are valid, and every node has a URI of its own."""
    number = number or count()
    cls = profile()[name]
    values: dict[str, Any] = {"uri": f"https://daten.example/id/{name.lower()}/{next(number)}"}
    chosen = draw(st.sets(st.sampled_from([prop.field for prop in cls.properties])))
    for prop in cls.properties:
        if prop.field not in chosen:
            continue
        one = nodes(prop.node, number) if prop.node else one_value(prop)
        values[prop.field] = in_order(draw(st.lists(one, max_size=3))) if prop.many else draw(one)
    return cls.maker(**values)


def as_written(node: Any, release: str = DEFAULT) -> Any:
    """A node as it comes back from a release: without what that release only reads."""
    cls = profile(release)[type(node).__name__]
    values: dict[str, Any] = {}
    for prop in cls.properties:
        value = getattr(node, prop.field)
        if prop not in cls.written:
            values[prop.field] = type(value)() if isinstance(value, tuple | str) else None
        elif prop.node and isinstance(value, tuple):
            values[prop.field] = in_order([as_written(one, release) for one in value])
        elif prop.node and value is not None:
            values[prop.field] = as_written(value, release)
    return replace(node, **values)


def datasets() -> st.SearchStrategy[Any]:
    """Datasets in which every node has a URI."""
    return nodes()


@st.composite
def several_datasets(draw: st.DrawFn) -> list[Dataset]:
    """Datasets with different URIs; the later ones have the first one's publisher and places."""
    number = count()
    first, *others = [draw(nodes("Dataset", number)) for _ in range(draw(st.integers(1, 3)))]
    return [first, *(replace(other, publisher=first.publisher, spatial=first.spatial) for other in others)]


@st.composite
def ckan_datasets(draw: st.DrawFn) -> Dataset:
    """Datasets as a CKAN package can hold them: one agent per role, one contact, one period, plain texts without language."""
    dataset = draw(nodes())
    values: dict[str, Any] = {field.name: _flat(getattr(dataset, field.name)) for field in fields(Dataset)}
    values |= {name: _one_per_language(getattr(dataset, name)) for name in ("title", "description")}
    # CKAN shows the name where there is no title.
    values["title"] = values["title"] or (Text("Baumkataster", "de"),)
    values["keyword"] = tuple(dict.fromkeys(Text(text.value) for text in dataset.keyword))
    for name in ("contact_point", "landing_page", "creator", "contributor", "originator", "custodian"):
        values[name] = values[name][:1]
    # Of several statements the first, of an identifier its notation.
    said = next((one.label for one in dataset.provenance if one.label), ())
    values["provenance"] = (Provenance(label=_untagged(said)),) if said else ()
    notations = dict.fromkeys(one.notation for one in dataset.other_identifier if one.notation)
    values["other_identifier"] = tuple(Identifier(notation=notation) for notation in notations)
    # An empty period is none.
    values["temporal"] = tuple(replace(period, uri="") for period in dataset.temporal if period.start or period.end)[:1]
    values["spatial"] = tuple(
        Place(uri=place.uri, label=_untagged(place.label) if position == 0 else ())
        for position, place in enumerate(dataset.spatial)
    )
    values["distribution"] = tuple(_ckan_distribution(one, draw(URIS)) for one in dataset.distribution)
    return _without_place_in_ckan(Dataset(**values | {"uri": ""}))


def _without_place_in_ckan(node: Any) -> Any:
    """What the table names no CKAN key for, such as series and services, a package does not hold."""
    properties = profile()[type(node).__name__].properties
    return replace(node, **{prop.field: () for prop in properties if prop.node and not prop.ckan})


def _ckan_distribution(distribution: Distribution, url: str) -> Distribution:
    values = {field.name: _flat(getattr(distribution, field.name)) for field in fields(Distribution)}
    # A resource has an address, and takes the package's licence when it has none.
    values["access_url"] = values["access_url"] or (url,)
    values["license"] = values["license"] or "http://dcat-ap.de/def/licenses/cc-by/4.0"
    checksum = values["checksum"]
    complete = checksum is not None and checksum.algorithm and checksum.value
    values["checksum"] = replace(checksum, uri="") if complete else None
    return _without_place_in_ckan(Distribution(**values))


def _flat(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], Text):
        return _untagged(value)
    if isinstance(value, tuple):
        return tuple(_flat(one) for one in value)
    if hasattr(value, "name") and not isinstance(value, Checksum) and isinstance(value.name, tuple):
        return replace(value, name=_untagged(value.name))
    return value


def _untagged(texts: tuple[Text, ...]) -> tuple[Text, ...]:
    return tuple(Text(text.value) for text in texts[:1])


def _one_per_language(texts: tuple[Text, ...]) -> tuple[Text, ...]:
    found = {text.lang: text for text in texts if text.lang}
    return tuple(found.values())
