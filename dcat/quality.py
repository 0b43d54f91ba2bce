"""The quality of one description by the method of data.europa.eu (MQA): 23 metrics, 405 points, each with its reason and what mends it.

The metrics stand in dcat/profiles/mqa.csv, the lists of machine-readable and non-proprietary formats in mqa-formats.csv: an
undated copy of the EU's, taken in 2026. What a description cannot say of itself comes in as Evidence.
"""

import csv
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from dcat.message import Message
from dcat.model import Dataset, Distribution
from dcat.profile import profile
from dcat.vocabularies import vocabulary

METRICS = "https://piveau.eu/ns/voc#"
SCORING = "https://piveau.eu/ns/scoring#"

DIMENSIONS: Mapping[str, Message] = {
    "findability": Message("Auffindbarkeit", "Findability"),
    "accessibility": Message("Zugänglichkeit", "Accessibility"),
    "interoperability": Message("Interoperabilität", "Interoperability"),
    "reusability": Message("Nachnutzbarkeit", "Reusability"),
    "contextuality": Message("Kontext", "Contextuality"),
}


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name; `least` is its lowest total."""

    name: str
    least: int
    label: Message


# The EU's tables draw the line between the last two at 120 and at 121; piveau's list counts exactly 120 as sufficient, and so do we.
BANDS = (
    Band("excellent", 351, Message("ausgezeichnet", "excellent")),
    Band("good", 221, Message("gut", "good")),
    Band("sufficient", 120, Message("ausreichend", "sufficient")),
    Band("bad", 0, Message("mangelhaft", "bad")),
)

# A fact about one node: met or not; for links the HTTP status, 0 where no answer came; None where nobody knows.
Fact = bool | int | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One row: what is asked of which class, and what to say and do where it is missing.

    `mend` is a line for the source definition or a command; NAME stands for the dataset's name, PLACE for the municipality's URI.
    """

    name: str
    dimension: str
    points: int
    owner: str
    field: str
    check: str
    label: Message
    missing: Message
    fix: Message
    mend: str

    @property
    def uri(self) -> str:
        """The metric's URI in the vocabulary of data.europa.eu."""
        return METRICS + self.name

    def mending(self, name: str = "", place: str = "") -> str:
        """Give the line or command that mends it for one dataset or municipality, where they are known."""
        return self.mend.replace("NAME", name or "NAME").replace("PLACE", place or "PLACE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known beside the description: the HTTP status of links that were checked, by address, and what the gate says.

    The official shapes of DCAT-AP are not shipped: `compliant` is the verdict of our own gate, which follows the profile table.
    """

    statuses: Mapping[str, int] = field(default_factory=dict)
    compliant: bool | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What was found at one node."""

    subject: str
    fact: Fact

    @property
    def met(self) -> bool:
        """Whether the metric is met there."""
        return met(self.fact)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of one dataset: the values of all nodes it looks at, and the one that counts; None without a distribution."""

    metric: Metric
    values: tuple[Value, ...]
    counted: Value | None

    @property
    def met(self) -> bool:
        """Whether the metric is met."""
        return self.counted is not None and self.counted.met

    @property
    def points(self) -> int:
        """The points it gives: all or none."""
        return self.metric.points if self.met else 0

    @property
    def reason(self) -> Message:
        """Say why the points are given or not."""
        many = len(self.values)
        share = sum(value.met for value in self.values)
        among = Message(f"bei {share} von {many} Distributionen", f"by {share} of {many} distributions")
        if self.counted is None:
            return Message("Es gibt keine Distribution.", "There is no distribution.")
        if self.met:
            return Message(f"Erfüllt {among.de}.", f"Met {among.en}.") if many > 1 else Message("Erfüllt.", "Met.")
        if self.counted.fact is None:
            return Message("Noch nicht geprüft.", "Not checked yet.")
        if share:
            return Message(
                f"{self.metric.missing.de} Erfüllt {among.de}; es zählt die beste.",
                f"{self.metric.missing.en} Met {among.en}; the best one counts.",
            )
        return self.metric.missing


@dataclass(frozen=True, slots=True)
class Score:
    """The measurements of one dataset, in the order of the table."""

    measurements: tuple[Measurement, ...]

    @property
    def points(self) -> tuple[int, ...]:
        """The points of every metric, in the order of the table."""
        return tuple(measurement.points for measurement in self.measurements)

    @property
    def total(self) -> int:
        """The sum of all points."""
        return sum(self.points)

    @property
    def dimensions(self) -> dict[str, int]:
        """The points of every dimension."""
        return by_dimension(self.points)


@functools.cache
def metrics() -> tuple[Metric, ...]:
    """Load the table, once per process."""
    return tuple(
        Metric(
            name=row["metric"],
            dimension=row["dimension"],
            points=int(row["points"]),
            owner=row["class"],
            field=row["field"],
            check=row["check"],
            label=Message(row["label_de"], row["label_en"]),
            missing=Message(row["missing_de"], row["missing_en"]),
            fix=Message(row["fix_de"], row["fix_en"]),
            mend=row["mend"],
        )
        for row in _rows("mqa.csv")
    )


@functools.cache
def most(dimension: str = "") -> int:
    """Give the points that can be had, in all or in one dimension."""
    return sum(metric.points for metric in metrics() if dimension in ("", metric.dimension))


def by_dimension(points: tuple[int, ...]) -> dict[str, int]:
    """Add up the points of every metric by dimension."""
    sums = dict.fromkeys(DIMENSIONS, 0)
    for metric, number in zip(metrics(), points, strict=True):
        sums[metric.dimension] += number
    return sums


def band(total: float) -> Band:
    """Name the band of a total, or of an average of totals, which is rounded."""
    return next(band for band in BANDS if round(total) >= band.least)


def met(fact: Fact) -> bool:
    """Whether a fact earns the points: for a link any status of success."""
    return fact if isinstance(fact, bool) else fact is not None and 200 <= fact < 300


def score(dataset: Dataset, evidence: Evidence) -> Score:
    """Score one dataset.

    Of several distributions the one with the most points counts, the first of equals: data are as good as the best way to get
    them. This is how piveau's published code adds up; the EU's description does not say. All values are kept.
    """
    facts = {
        metric.name: tuple(_CHECKS[metric.check](node, metric, evidence) for node in dataset.distribution)
        for metric in metrics()
        if metric.owner == "Distribution"
    }
    counts = [
        sum(metric.points for metric in metrics() if metric.name in facts and met(facts[metric.name][position]))
        for position in range(len(dataset.distribution))
    ]
    best = counts.index(max(counts)) if counts else None
    subjects = tuple(node.uri for node in dataset.distribution)
    found = []
    for metric in metrics():
        if metric.owner == "Dataset":
            value = Value(dataset.uri, _CHECKS[metric.check](dataset, metric, evidence))
            found.append(Measurement(metric, (value,), value))
        else:
            values = tuple(map(Value, subjects, facts[metric.name]))
            found.append(Measurement(metric, values, None if best is None else values[best]))
    return Score(tuple(found))


def _present(node: Dataset | Distribution, metric: Metric, _evidence: Evidence) -> Fact:
    return getattr(node, metric.field) not in (None, "", ())


def _answers(node: Dataset | Distribution, metric: Metric, evidence: Evidence) -> Fact:
    """The best status among the addresses: one that works is enough. No address is no answer."""
    urls: tuple[str, ...] = getattr(node, metric.field)
    if not urls:
        return 0
    known = [evidence.statuses[url] for url in urls if url in evidence.statuses]
    return max(known, key=lambda status: (met(status), status), default=None)


def _listed(node: Dataset | Distribution, metric: Metric, _evidence: Evidence) -> Fact:
    prop = profile()[metric.owner].property(metric.field)
    return getattr(node, metric.field) in vocabulary(prop.vocabulary)


def _known(node: Dataset | Distribution, metric: Metric, evidence: Evidence) -> Fact:
    """A licence of the list that names a licence: "other-closed" and its kin say only that there is some."""
    uri = getattr(node, metric.field)
    return bool(_listed(node, metric, evidence)) and not vocabulary("license").concepts[uri].code.startswith("other-")


def _aligned(node: Any, _metric: Metric, _evidence: Evidence) -> Fact:
    return node.format in vocabulary("format") and node.media_type in vocabulary("media-type")


def _on_list(node: Any, metric: Metric, _evidence: Evidence) -> Fact:
    """Look the format up; where none is given, the formats that have the media type."""
    formats = vocabulary("format").concepts
    if node.format:
        codes = {formats[node.format].code} if node.format in formats else set()
    else:
        media_type = vocabulary("media-type").concepts.get(node.media_type)
        codes = _formats_of().get(media_type.code, set()) if media_type else set()
    return not codes.isdisjoint(format_lists()[metric.check])


def _compliant(_node: Dataset | Distribution, _metric: Metric, evidence: Evidence) -> Fact:
    return evidence.compliant


_CHECKS: Mapping[str, Callable[[Any, Metric, Evidence], Fact]] = {
    "present": _present,
    "answers": _answers,
    "listed": _listed,
    "known": _known,
    "aligned": _aligned,
    "non_proprietary": _on_list,
    "machine_readable": _on_list,
    "compliant": _compliant,
}


@functools.cache
def format_lists() -> Mapping[str, frozenset[str]]:
    """Give the codes of the machine-readable and of the non-proprietary formats."""
    rows = _rows("mqa-formats.csv")
    names = ("machine_readable", "non_proprietary")
    return {name: frozenset(row["code"] for row in rows if row[name] == "yes") for name in names}


@functools.cache
def _formats_of() -> Mapping[str, set[str]]:
    """Media type -> codes of the formats that have it."""
    found: dict[str, set[str]] = {}
    for concept in vocabulary("format").concepts.values():
        found.setdefault(concept.extra["media_type"], set()).add(concept.code)
    return found


def _rows(name: str) -> list[dict[str, str]]:
    table = resources.files("dcat") / "profiles" / name
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
