"""The quality of descriptions in the words of DQV: one measurement for each metric and node, and the scores made of them.

W3C Data Quality Vocabulary, section 3. Metrics and scoring concepts are those of data.europa.eu. None of it stands in the harvest
feed, where each check of a link would change the hash of a dataset.
"""

import datetime
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

import pyoxigraph as ox
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import quality
from catalog.api import hydra
from catalog.config import Config
from catalog.models import DatasetRow, Score, ScoreSum
from catalog.quality import Examined
from catalog.scores import DATASETS
from catalog.store import VISIBLE
from dcat import rdf, terms
from dcat.kinds import named
from dcat.namespaces import expand
from dcat.quality import METRICS, SCORING, Measurement, band

PAGE = 100
_TYPE = named(expand("rdf:type"))


def dataset(session: Session, config: Config, dataset_id: str, ending: str) -> bytes | None:
    """Give the measurements of one dataset; None when the public may not see it."""
    found = list(_described(session, config, [dataset_id]))
    return rdf.serialize(found[0], ending) if found else None


def last_page(session: Session) -> int:
    """Tell the number of the last page; the first one is always there."""
    return max(1, -(-_count(session) // PAGE))


def page(session: Session, config: Config, number: int, after: str, ending: str) -> bytes:
    """Give a page with the measurements of the whole catalogue; with `after`, the id that ended the page before, it is found by key."""
    query = sa.select(Score.dataset_id).join(DatasetRow, DatasetRow.id == Score.dataset_id).where(VISIBLE)
    query = query.order_by(Score.dataset_id).limit(PAGE)
    query = query.where(Score.dataset_id > after) if after else query.offset((number - 1) * PAGE)
    ids = list(session.scalars(query))
    link = partial(_link, f"{config.site_url}/quality.{ending}")
    steps = hydra.steps(link, number, last_page(session), after, ids[-1] if ids else "")
    view = hydra.view(link(number, after), steps, _count(session))
    pieces = (view, *_described(session, config, ids))
    return b"".join(rdf.join((rdf.fragment(piece, ending) for piece in pieces), ending))


def _described(session: Session, config: Config, ids: list[str]) -> Iterator[list[ox.Triple]]:
    rows = session.execute(sa.select(Score.dataset_id, Score.scored_at).where(Score.dataset_id.in_(ids)))
    times = dict(rows.all())
    for found in quality.examine(session, [one for one in ids if one in times]):
        yield _triples(found, f"{config.site_url}/dataset/{found.shown.id}/quality", times[found.shown.id])


def _triples(found: Examined, base: str, at: datetime.datetime) -> list[ox.Triple]:
    subject, score, time = found.shown.dataset.uri, found.score, terms.instant(at)
    annotation = f"{base}#band"
    triples = [
        _triple(base, "rdf:type", named(expand("dqv:QualityMetadata"))),
        _triple(base, "prov:generatedAtTime", time),
        _triple(subject, "dqv:hasQualityMetadata", named(base)),
        _triple(subject, "dqv:hasQualityAnnotation", named(annotation)),
        _triple(annotation, "rdf:type", named(expand("dqv:QualityAnnotation"))),
        _triple(annotation, "oa:hasTarget", named(subject)),
        _triple(annotation, "oa:hasBody", named(SCORING + band(score.total).name)),
        _triple(annotation, "oa:motivatedBy", named(expand("dqv:qualityAssessment"))),
    ]
    about = [f.id for f in found.shown.files if f.state.visible]
    measured = [(f"#{name}", subject, metric, value) for name, metric, value in _scores(found)]
    for one in score.measurements:
        measured += _facts(one, about)
    for fragment, node, metric, value in measured:
        uri = base + fragment
        triples += [
            _triple(uri, "rdf:type", named(expand("dqv:QualityMeasurement"))),
            _triple(uri, "dqv:computedOn", named(node)),
            _triple(uri, "dqv:isMeasurementOf", named(metric)),
            _triple(uri, "dqv:value", value),
            _triple(uri, "prov:generatedAtTime", time),
            _triple(base, "dcterms:hasPart", named(uri)),
            _triple(node, "dqv:hasQualityMeasurement", named(uri)),
        ]
    # What is said of one node stands together: the formats write it in one piece then.
    return sorted(triples, key=lambda triple: (str(triple.subject), str(triple.predicate)))


def _scores(found: Examined) -> Iterator[tuple[str, str, ox.Literal]]:
    """The sums: in all, and of each dimension."""
    for name, points in {"scoring": found.score.total, **found.score.dimensions}.items():
        metric = name if name == "scoring" else f"{name}Scoring"
        yield metric, METRICS + metric, terms.integer(points)


def _facts(one: Measurement, about: list[str]) -> Iterator[tuple[str, str, str, ox.Literal]]:
    """The facts of one metric: true or false, for links the HTTP status (0 for no answer); nothing where nobody knows."""
    for position, value in enumerate(one.values):
        if value.fact is None:
            continue
        name = one.metric.name if one.metric.owner == "Dataset" else f"{one.metric.name}-{about[position]}"
        status = one.metric.check == "answers"
        fact = terms.integer(int(value.fact)) if status else terms.boolean(value=bool(value.fact))
        yield f"#{name}", value.subject, one.metric.uri, fact


def _link(address: str, number: int, after: str) -> str:
    return f"{address}?{urlencode({'page': number, **({'after': after} if after else {})})}"


def _count(session: Session) -> int:
    return session.scalar(sa.select(sa.func.sum(ScoreSum.value)).where(ScoreSum.name == DATASETS)) or 0


def _triple(subject: str, curie: str, term: ox.NamedNode | ox.Literal) -> ox.Triple:
    return ox.Triple(named(subject), _TYPE if curie == "rdf:type" else named(expand(curie)), term)
