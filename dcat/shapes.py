"""The property table of a release as SHACL: what others need to check a description against the profile we write.

One node shape per class, named `urn:offenbar:shape:<release>:<Class>`, with property shapes named `…:<Class>.<field>`. What breaks
the profile is a violation, what it recommends a warning. A controlled vocabulary is one list that its properties refer to.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

from dcat.kinds import KINDS, MAX_TEXT, ConceptKind, Kind, OpenConceptKind, TextKind
from dcat.message import LANGUAGES, Message
from dcat.namespaces import HVD_REGULATION, NAMESPACES, shortened
from dcat.profile import ONE_PER_LANGUAGE, READ_ONLY, Class, Property, profile
from dcat.vocabularies import vocabulary

# Not demanded by DCAT-AP.de, but by GovData's portal (handbook of GovData, metadata).
_WANTED = {("Dataset", "contributor_id")}
# At least one of these says something (DCAT-AP.de 3.0, Kind and PeriodOfTime).
_ONE_OF = {"Contact": ("email", "url", "telephone"), "Period": ("start", "end")}
_DATES = ("xsd:date", "xsd:dateTime", "xsd:gYearMonth", "xsd:gYear")
_NEXT = " ;\n  "
# Also as patterns, because some engines do not look at how a typed value is written. Impossible days are left to the others.
_DATE = "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T.+)?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$"
_DURATION = "^-?P([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9.]+S)?)?$"
_WKT = r"^(POINT|LINESTRING|POLYGON|MULTI[A-Z]+|GEOMETRYCOLLECTION) ?(Z )?\\([-+0-9.,()eE A-Z]+\\)$"
_CONSTRAINTS: Mapping[str, str] = {
    "text": f'sh:or ( [ sh:datatype rdf:langString ] [ sh:datatype xsd:string ] ) ; sh:pattern "\\\\S" ; sh:maxLength {MAX_TEXT}',
    "string": 'sh:nodeKind sh:Literal ; sh:pattern "\\\\S"',
    "uri": "sh:nodeKind sh:IRI",
    "concept": "sh:nodeKind sh:IRI",
    "concept-or-uri": "sh:nodeKind sh:IRI",
    "date": f'sh:or ( {" ".join(f"[ sh:datatype {name} ]" for name in _DATES)} ) ; sh:pattern "{_DATE}"',
    "integer": "sh:datatype xsd:nonNegativeInteger",
    "size-as-decimal": "sh:datatype xsd:decimal ; sh:minInclusive 0",
    "decimal": "sh:datatype xsd:decimal ; sh:minInclusive 0",
    "duration": f'sh:datatype xsd:duration ; sh:pattern "{_DURATION}"',
    "hex": 'sh:datatype xsd:hexBinary ; sh:pattern "^([0-9A-Fa-f]{2}){4,64}$"',
    "wkt": f'sh:datatype geosparql:wktLiteral ; sh:pattern "{_WKT}"',
    "geometry": f'sh:datatype geosparql:wktLiteral ; sh:pattern "{_WKT}"',
    "email": 'sh:nodeKind sh:IRI ; sh:pattern "^mailto:[^@]+@[^@]+[.][^@]+$"',
    "telephone": 'sh:nodeKind sh:IRI ; sh:pattern "^tel:[+]?[0-9]{3,20}$"',
}


@functools.cache
def shapes(release: str) -> bytes:
    """Write the shapes of one release as Turtle, the same bytes every time."""
    classes = profile(release)
    blocks = [f"@prefix {name}: <{NAMESPACES[name]}> .\n" for name in NAMESPACES]
    written = [cls for cls in classes.values() if cls.written]
    for cls in written:
        blocks.append("\n" + _class(release, cls))
    used = {prop.vocabulary for cls in written for prop in cls.written if prop.vocabulary}
    blocks += ["\n" + _list(name) for name in sorted(used) if _is_listed(name, written)]
    return "".join(blocks).encode()


def name(release: str, cls: str, field: str = "") -> str:
    """Name the shape of a class, or of one of its properties."""
    return f"urn:offenbar:shape:{release}:{cls}" + (f".{field}" if field else "")


def _class(release: str, cls: Class) -> str:
    shape = name(release, cls.name)
    parts = [f"sh:targetClass {shortened(cls.uri.value)}"]
    properties: list[tuple[str, str]] = []
    for prop in cls.properties:
        properties += [(f"{shape}.{prop.field}{suffix}", body) for suffix, body in _property(prop)]
    parts += [f"sh:property <{uri}>" for uri, _ in properties]
    parts += [f"sh:or ( {alternatives} )" for alternatives in _alternatives(cls)]
    text = _statement(f"<{shape}>", ["a sh:NodeShape", *parts])
    rules = list(_rules(cls, shape))
    described = [_statement(f"<{uri}>", ["a sh:PropertyShape", body]) for uri, body in properties]
    return text + "".join(described) + "".join(rules)


def _property(prop: Property) -> Iterator[tuple[str, str]]:
    """The shapes of one property: what must be, what should be, and what a text should have."""
    de, en = prop.label.de, prop.label.en
    if prop.obligation == READ_ONLY:
        message = Message(f"{de}: gehört nicht zu dieser Fassung.", f"{en}: not part of this release.")
        yield "", _body(prop.term, "sh:maxCount 0", message, "Warning")
        return
    counts = ["sh:minCount 1"] * (prop.min > 0) + ["sh:maxCount 1"] * (not prop.many)
    what, amount = _expected(prop), _AMOUNTS[prop.min > 0, prop.many]
    said = Message(f"{de}: {what.de}{amount.de}", f"{en}: {what.en}{amount.en}")
    inner = prop.kind.inner if prop.kind else None
    own = f"sh:nodeKind sh:BlankNodeOrIRI ; sh:class {inner[0]}" if inner else _value(prop)
    yield "", _body(prop.term, " ; ".join([*counts, own]), said, "Violation")
    if inner:
        assert prop.kind is not None, "the inner node comes from the kind"
        yield (
            "-value",
            _body(f"( {shortened(prop.term.value)} {inner[1]} )", _CONSTRAINTS[_kind(prop.kind)], said, "Violation"),
        )
    if prop.obligation == "recommended" or (prop.owner, prop.field) in _WANTED:
        missing = Message(f"{de} fehlt.", f"{en} is missing.")
        yield "-recommended", _body(prop.term, "sh:minCount 1", missing, "Warning")
    if isinstance(prop.kind, TextKind):
        spoken = Message(f"{de}: ein Text ohne Sprache.", f"{en}: a text without language.")
        yield "-language", _body(prop.term, "sh:datatype rdf:langString", spoken, "Warning")
    if prop.vocabulary == "license":
        unknown = Message("Die Lizenz steht nicht auf der Liste von GovData.", "The licence is not on GovData's list.")
        yield "-known", _body(prop.term, f"sh:in {_list_name(prop.vocabulary)}", unknown, "Warning")
    if prop.range is not None:
        typed = Message(f"{de}: Die Klasse des Wertes fehlt.", f"{en}: the class of the value is missing.")
        yield "-class", _body(prop.term, f"sh:class {shortened(prop.range.value)}", typed, "Warning")


def _value(prop: Property) -> str:
    if prop.kind is None:
        return f"sh:nodeKind sh:BlankNodeOrIRI ; sh:class {shortened(profile()[prop.node].uri.value)}"
    constraint = _CONSTRAINTS[_kind(prop.kind)]
    if prop.field in ONE_PER_LANGUAGE and isinstance(prop.kind, TextKind):
        bare = "sh:qualifiedValueShape [ sh:datatype xsd:string ] ; sh:qualifiedMaxCount 1"
        return f"{constraint} ; sh:uniqueLang true ; {bare}"
    closed = isinstance(prop.kind, ConceptKind) and not isinstance(prop.kind, OpenConceptKind)
    return f"{constraint} ; sh:in {_list_name(prop.vocabulary)}" if closed else constraint


def _expected(prop: Property) -> Message:
    if prop.kind is None:
        return Message(f"eine Beschreibung der Klasse {prop.node}", f"a description of class {prop.node}")
    if isinstance(prop.kind, OpenConceptKind):
        return Message("eine Adresse (IRI)", "an address (IRI)")
    if prop.vocabulary:
        return Message(f"ein Wert der Liste {prop.vocabulary}", f"a value of the vocabulary {prop.vocabulary}")
    if isinstance(prop.kind, TextKind) and prop.field in ONE_PER_LANGUAGE:
        return Message("ein Text je Sprache", "one text per language")
    return _WORDS[_kind(prop.kind)]


_AMOUNTS: Mapping[tuple[bool, bool], Message] = {
    (True, True): Message(", mindestens einmal", ", at least once"),
    (True, False): Message(", genau einmal", ", exactly once"),
    (False, True): Message("", ""),
    (False, False): Message(", höchstens einmal", ", at most once"),
}
_WORDS: Mapping[str, Message] = {
    "text": Message("ein Text", "a text"),
    "string": Message("eine Zeichenkette", "a string"),
    "uri": Message("eine Adresse (IRI)", "an address (IRI)"),
    "date": Message("Jahr, Monat, Tag oder Zeitpunkt", "a year, month, day or instant"),
    "integer": Message("eine ganze Zahl ab 0", "a whole number from 0"),
    "size-as-decimal": Message("eine Zahl ab 0", "a number from 0"),
    "decimal": Message("eine Zahl ab 0", "a number from 0"),
    "duration": Message("eine Zeitspanne", "a span of time"),
    "hex": Message("Hexadezimalziffern", "hexadecimal digits"),
    "wkt": Message("eine Geometrie als WKT", "a geometry as WKT"),
    "geometry": Message("eine Geometrie als WKT in einem eigenen Knoten", "a geometry as WKT in a node of its own"),
    "email": Message("eine Adresse mit mailto:", "an address with mailto:"),
    "telephone": Message("eine Nummer mit tel:", "a number with tel:"),
}


def _alternatives(cls: Class) -> Iterator[str]:
    if cls.name in _ONE_OF:
        terms = (cls.property(field).term for field in _ONE_OF[cls.name])
        yield " ".join(f"[ sh:property [ sh:path {shortened(term.value)} ; sh:minCount 1 ] ]" for term in terms)


def _rules(cls: Class, shape: str) -> Iterator[str]:
    """Rules of the HVD profile, for what names the regulation or a category of it (DCAT-AP HVD 3.0)."""
    fields = {prop.field for prop in cls.written}
    if "applicable_legislation" not in fields:
        return
    law = f"sh:path dcatap:applicableLegislation ; sh:hasValue <{HVD_REGULATION}>"
    target = f"sh:targetClass {shortened(cls.uri.value)}"
    if "hvd_category" in fields:
        outside = f"[ sh:not [ sh:or ( [ sh:property [ {law} ] ] [ sh:property [ sh:path dcatap:hvdCategory ; sh:minCount 1 ] ] ) ] ]"
        for prop in cls.written:
            if prop.hvd == "mandatory" and not prop.min:
                need = (
                    law
                    if prop.field == "applicable_legislation"
                    else f"sh:path {shortened(prop.term.value)} ; sh:minCount 1"
                )
                message = Message(
                    f"{prop.label.de} ist für hochwertige Datensätze (EU 2023/138) Pflicht.",
                    f"{prop.label.en} is mandatory for high-value datasets (EU 2023/138).",
                )
                yield _rule(f"{shape}.{prop.field}-hvd", target, f"{outside} [ sh:property [ {need} ] ]", message)
    elif cls.name == "Distribution":
        closed = " ".join(
            f"<{uri}>" for uri, concept in vocabulary("license").concepts.items() if concept.extra["hvd"] != "yes"
        )
        message = Message(
            "Die Lizenz ist für hochwertige Datensätze nicht frei genug.",
            "The licence is not free enough for high-value datasets.",
        )
        free = f"[ sh:property [ sh:path dcterms:license ; sh:not [ sh:in ( {closed} ) ] ] ]"
        yield _rule(f"{shape}.license-hvd", target, f"[ sh:not [ sh:property [ {law} ] ] ] {free}", message)


def _rule(uri: str, target: str, alternatives: str, message: Message) -> str:
    return _statement(f"<{uri}>", ["a sh:NodeShape", target, f"sh:or ( {alternatives} )", *_messages(message)])


def _body(path: ox.NamedNode | str, constraints: str, message: Message, severity: str) -> str:
    where = shortened(path.value) if isinstance(path, ox.NamedNode) else path
    return _NEXT.join([f"sh:path {where}", constraints, f"sh:severity sh:{severity}", *_messages(message)])


def _messages(message: Message) -> Iterator[str]:
    for lang in LANGUAGES:
        yield f"sh:message {ox.Literal(message.in_(lang), language=lang)}"


def _statement(subject: str, parts: Iterable[str]) -> str:
    return f"{subject} {_NEXT.join(parts)} .\n"


def _is_listed(vocabulary_name: str, classes: Iterable[Class]) -> bool:
    kinds = {
        type(prop.kind) for cls in classes for prop in cls.written if prop.vocabulary == vocabulary_name and prop.kind
    }
    return ConceptKind in kinds or vocabulary_name == "license"


def _list(vocabulary_name: str) -> str:
    first, *others = sorted(vocabulary(vocabulary_name).concepts)
    rest = "\n  ".join(f"<{uri}>" for uri in others)
    return f"{_list_name(vocabulary_name)} rdf:first <{first}> ; rdf:rest (\n  {rest} ) .\n"


def _list_name(vocabulary_name: str) -> str:
    return f"<urn:offenbar:vocabulary:{vocabulary_name}>"


def _kind(kind: Kind) -> str:
    return next(name for name, one in KINDS.items() if one is kind)
