"""A stream of changes as a department publishes it: a view that leads to pages of activities, in TriG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance import Answered, Sample, Told

PREFIXES = """\
@prefix as: <https://www.w3.org/ns/activitystreams#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix ldes: <https://w3id.org/ldes#> .
@prefix tree: <https://w3id.org/tree#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
TRIG = "application/trig"
DEFINITION = """\
id: da-feed
city: darmstadt
department: Amt für Wirtschaft und Stadtentwicklung
type: ldes
url: {root}/feed
network: {allow: ["{host}"]}
defaults: {license: dl-zero-de/2.0, description: Daten der Wissenschaftsstadt Darmstadt.}
"""


@dataclass(frozen=True)
class Did:
    """One activity: its number, what it is about, when it happened and what the dataset was called then; without title it is a deletion."""

    number: int
    about: str
    at: str = ""
    title: str = ""
    payload: str = ""
    kind: str = ""


def uri(name: str) -> str:
    return f"https://daten.darmstadt.example/dataset/{name}"


def node(address: str, activities: Iterable[Did] = (), links: Iterable[str] = (), *, more: str = "") -> str:
    """Write a page: its activities, and the nodes it leads to."""
    lines = [f"<{address}#stream> a ldes:EventStream ; tree:view <{address}> .\n<{address}> a tree:Node .\n"]
    for number, link in enumerate(links):
        lines.append(
            f"<{address}> tree:relation <{address}#r{number}> .\n"
            f"<{address}#r{number}> a tree:GreaterThanOrEqualToRelation ; tree:path as:published ; tree:node <{link}> .\n"
        )
    return PREFIXES + "".join([*lines, *(_activity(address, one) for one in activities), more])


def _activity(address: str, did: Did) -> str:
    name = f"<https://daten.darmstadt.example/activity/{did.number}>"
    kind = did.kind or ("as:Update" if did.title or did.payload else "as:Delete")
    said = f"<{address}#stream> tree:member {name} .\n{name} a {kind}"
    said += f" ; as:object <{uri(did.about)}>" if did.about else ""
    said += f' ; as:published "{did.at}"^^xsd:dateTime' if did.at else ""
    if kind == "as:Delete":
        return said + " .\n"
    return f"{said} .\n{name} {{ {did.payload or described(did.about, did.title)} }}\n"


def described(name: str, title: str) -> str:
    quoted = title.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f"""<{uri(name)}> a dcat:Dataset ; dct:title "{quoted}"@de ; dct:description "Beispieldaten, frei erfunden."@de ;
  dct:publisher <https://daten.darmstadt.example/amt> ; dcat:distribution <{uri(name)}/csv> .
<https://daten.darmstadt.example/amt> a foaf:Agent ; foaf:name "Amt für Beispiele"@de .
<{uri(name)}/csv> a dcat:Distribution ; dcat:accessURL <https://daten.darmstadt.example/{name}.csv> ;
  dct:license <http://dcat-ap.de/def/licenses/dl-zero-de/2.0> ."""


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the view at /feed, and pages of activities at /feed?page=1 and so on; a spoilt one has no title."""
    pages = [told[start : start + page_size] for start in range(0, len(told), page_size)] or [[]]
    links = [f"{root}/feed?page={number}" for number in range(1, len(pages) + 1)]
    answers = {"/feed": Answered(node(f"{root}/feed", links=links).encode(), TRIG)}
    count = 0
    for number, (address, page) in enumerate(zip(links, pages, strict=True), 1):
        activities = []
        for one in page:
            count += 1
            payload = f"<{uri(one.id)}> a dcat:Dataset ." if one.spoilt else ""
            at = f"2026-01-{1 + count // 86_400:02}T{count // 3600 % 24:02}:{count // 60 % 60:02}:{count % 60:02}Z"
            activities.append(Did(count, one.id, at, one.title, payload))
        answers[f"/feed?page={number}"] = Answered(node(address, activities).encode(), TRIG)
    return answers


SAMPLE = Sample(
    definition=DEFINITION,
    site=site,
    paged=True,
    named=uri,
    twins=False,
    keyword=("> a dcat:Dataset", ' ; dcat:keyword "*"'),
)
