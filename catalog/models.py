"""The tables. Public reads touch datasets, renditions, nodes and changes only; the rest is the ledger of the harvest."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from catalog.db import Base

BigKey = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Organization(Base):
    """A department of a city: it owns sources and datasets."""

    __tablename__ = "organization"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    title: Mapped[str]
    city: Mapped[str] = mapped_column(sa.String(100), index=True)
    created_at: Mapped[datetime.datetime]


class SourceState(Base):
    """What we know of a harvest source beyond its YAML file; `revision` is the hash of the file that made the present records."""

    __tablename__ = "source"

    id: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    organization_id: Mapped[str] = mapped_column(sa.ForeignKey("organization.id"))
    revision: Mapped[str] = mapped_column(sa.String(64))
    applied_revision: Mapped[str] = mapped_column(sa.String(64), default="")
    last_complete_at: Mapped[datetime.datetime | None]


class Run(Base):
    """One harvest of one source, as a state machine: `phase` says how far it got, `cursor` which pages are still to read."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("source.id"), index=True)
    phase: Mapped[str] = mapped_column(sa.String(20), index=True)
    status: Mapped[str] = mapped_column(sa.String(20), default="")
    started_at: Mapped[datetime.datetime]
    finished_at: Mapped[datetime.datetime | None]
    revision: Mapped[str] = mapped_column(sa.String(64))
    cursor: Mapped[list[Any]]
    pages: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    complete: Mapped[bool] = mapped_column(default=False)
    counts: Mapped[dict[str, Any]]
    reason: Mapped[list[Any]]
    decision: Mapped[str] = mapped_column(sa.String(20), default="")
    decided_at: Mapped[datetime.datetime | None]
    dry: Mapped[bool] = mapped_column(default=False)
    holder: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime.datetime | None]


class Exchange(Base):
    """One fetched page of a run: what the server said, and which bytes it gave (in the file store, by their hash)."""

    __tablename__ = "exchange"
    __table_args__ = (sa.UniqueConstraint("run_id", "url"), sa.Index("exchange_source_url", "source_id", "url", "id"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id", ondelete="CASCADE"))
    source_id: Mapped[str] = mapped_column(sa.String(100))
    url: Mapped[str]
    final_url: Mapped[str]
    status: Mapped[int]
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    charset: Mapped[str] = mapped_column(default="")
    decided: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    following: Mapped[list[Any]]
    total: Mapped[int | None]
    staged: Mapped[bool]
    fetched_at: Mapped[datetime.datetime]


class Staged(Base):
    """One record as read from a page, waiting for the plan. Without document it could not be read, and `failure` says why."""

    __tablename__ = "staged"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    remote_id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    document: Mapped[bytes | None]
    problems: Mapped[list[Any]]
    failure: Mapped[list[Any] | None]


class PlanItem(Base):
    """One line of a stored plan: what would happen to one record, with the fields that differ, or the reason for quarantine."""

    __tablename__ = "plan_item"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    remote_id: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(sa.String(20))
    dataset_id: Mapped[str] = mapped_column(sa.String(36), default="")
    title: Mapped[str] = mapped_column(default="")
    fields: Mapped[list[Any]]
    reason: Mapped[list[Any]]


class Record(Base):
    """A source's record: which dataset it became, what it held last, and how often complete runs have missed it since."""

    __tablename__ = "record"
    __table_args__ = (sa.UniqueConstraint("source_id", "remote_id"),)

    dataset_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("source.id"))
    remote_id: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.String(64))
    version: Mapped[int]
    seen_at: Mapped[datetime.datetime]
    misses: Mapped[int] = mapped_column(default=0)
    missing_since: Mapped[datetime.datetime | None]
    gone_at: Mapped[datetime.datetime | None]


class RecordVersion(Base):
    """An immutable version of what a source said: the upstream layer."""

    __tablename__ = "record_version"

    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("record.dataset_id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(sa.String(64))
    document: Mapped[bytes]
    problems: Mapped[list[Any]]
    run_id: Mapped[int] = mapped_column(BigKey)
    created_at: Mapped[datetime.datetime]


class Quarantine(Base):
    """A record that could not be taken in, with the reason; open until a run takes the same record in."""

    __tablename__ = "quarantine"
    __table_args__ = (sa.UniqueConstraint("source_id", "remote_id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("source.id"))
    remote_id: Mapped[str]
    run_id: Mapped[int] = mapped_column(BigKey)
    url: Mapped[str]
    code: Mapped[str] = mapped_column(sa.String(50))
    reason: Mapped[list[Any]]
    created_at: Mapped[datetime.datetime]
    resolved_at: Mapped[datetime.datetime | None]


class DatasetRow(Base):
    """A catalogue record. `state` decides visibility and is tested in catalog/store.py only; `hash` names the published renditions."""

    __tablename__ = "dataset"
    __table_args__ = (sa.Index("dataset_public", "state", "id"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    uri: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(sa.String(100), index=True)
    organization_id: Mapped[str] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    source_id: Mapped[str] = mapped_column(sa.String(100), index=True)
    state: Mapped[str] = mapped_column(sa.String(20))
    themes: Mapped[list[Any]]
    hvd: Mapped[list[Any]]
    served: Mapped[bool] = mapped_column(default=False)
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    nodes: Mapped[list[Any]]
    release_nodes: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    seq: Mapped[int] = mapped_column(BigKey, index=True)
    published_at: Mapped[datetime.datetime]
    modified_at: Mapped[datetime.datetime] = mapped_column(index=True)


class Slug(Base):
    """An address a dataset had; the present one stands in the dataset, the others redirect."""

    __tablename__ = "slug"

    name: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), index=True)


class FileRow(Base):
    """A distribution's data file: where it is, whether a check is due, and what the last checks found."""

    __tablename__ = "file"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("record.dataset_id"), index=True)
    position: Mapped[int]
    url: Mapped[str]
    name: Mapped[str]
    schema_id: Mapped[str] = mapped_column(sa.String(100), default="")
    state: Mapped[str] = mapped_column(sa.String(20), default="")
    due_at: Mapped[datetime.datetime | None] = mapped_column(index=True)
    checked_at: Mapped[datetime.datetime | None]
    outcome: Mapped[str] = mapped_column(sa.String(20), default="")
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    size: Mapped[int | None] = mapped_column(BigKey)
    failure: Mapped[list[Any] | None]
    report: Mapped[dict[str, Any] | None]
    preview: Mapped[list[Any] | None]
    shown: Mapped[bool] = mapped_column(default=True)
    good_sha256: Mapped[str] = mapped_column(sa.String(64), default="")


class Rendition(Base):
    """A dataset's bytes in one format, compressed, named by the hash of what they show; a dataset points at one hash."""

    __tablename__ = "rendition"

    dataset_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    format: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    body: Mapped[bytes]


class Node(Base):
    """A node several datasets share (agent, contact, place, licence): its bytes in one format, named by their content."""

    __tablename__ = "node"
    __table_args__ = (sa.Index("node_format_uri", "format", "uri"),)

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    format: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    uri: Mapped[str]
    body: Mapped[bytes]


class NodeUse(Base):
    """How many published datasets describe a shared node in these words: all pages show the same choice among them."""

    __tablename__ = "node_use"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    uri_key: Mapped[str] = mapped_column(sa.String(40), index=True)
    uses: Mapped[int]


class Change(Base):
    """The change log: one row for every publication, change, withdrawal, in the order of its sequence number."""

    __tablename__ = "change"

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    dataset_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    at: Mapped[datetime.datetime]
    before: Mapped[str] = mapped_column(sa.String(64), default="")
    after: Mapped[str] = mapped_column(sa.String(64), default="")
    fields: Mapped[list[Any]]
    cause: Mapped[str]


class Membership(Base):
    """When a dataset was in a part of the catalogue, by sequence numbers: a catalogue paged at S keeps S's membership.

    The empty scope is the whole catalogue; the others are written as `city:darmstadt`, `theme:ENVI` and so on (catalog/scopes.py).
    """

    __tablename__ = "membership"

    scope: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), primary_key=True, index=True)
    since: Mapped[int] = mapped_column(BigKey, primary_key=True)
    until: Mapped[int | None] = mapped_column(BigKey)


class Subject(Base):
    """Which dataset describes a URI: its own and those of its distributions. Nothing is described by two. Keys are hashes of URIs."""

    __tablename__ = "subject"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), index=True)
    main: Mapped[bool]


class DatasetLink(Base):
    """A URI that a dataset mentions and another one may describe; `resolved` tells that one did when it was published.

    One that is due has met its describer, or lost it, since: the dataset is to be published anew.
    """

    __tablename__ = "dataset_link"

    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True, index=True)
    resolved: Mapped[bool]
    due: Mapped[bool] = mapped_column(index=True)


class Score(Base):
    """The quality of one visible dataset (dcat/quality.py): points by dimension and metric. `stale` asks for a new look at it."""

    __tablename__ = "score"
    __table_args__ = (
        sa.Index("score_total", "total", "dataset_id"),
        sa.Index("score_organization", "organization_id", "total"),
    )

    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), primary_key=True)
    organization_id: Mapped[str] = mapped_column(sa.ForeignKey("organization.id"))
    findability: Mapped[int]
    accessibility: Mapped[int]
    interoperability: Mapped[int]
    reusability: Mapped[int]
    contextuality: Mapped[int]
    total: Mapped[int]
    metrics: Mapped[dict[str, Any]]
    version: Mapped[int]
    scored_at: Mapped[datetime.datetime] = mapped_column(index=True)
    stale: Mapped[bool] = mapped_column(index=True)


class ScoreSum(Base):
    """Counters over the scores of an organisation, so that nobody has to add up datasets: their number, totals, bands, metrics."""

    __tablename__ = "score_sum"

    organization_id: Mapped[str] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    value: Mapped[int] = mapped_column(BigKey)


class Link(Base):
    """An address that published distributions of one source name, and what checks of it found. Keys are hashes of source and address."""

    __tablename__ = "link"
    __table_args__ = (sa.Index("link_due", "due_at", "host"), sa.Index("link_broken", "broken", "failing_since"))

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(100))
    url: Mapped[str]
    host: Mapped[str]
    state: Mapped[str] = mapped_column(sa.String(20), default="")
    status: Mapped[int | None]
    code: Mapped[str] = mapped_column(sa.String(20), default="")
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime.datetime | None]
    broken: Mapped[bool] = mapped_column(default=False)
    ok_at: Mapped[datetime.datetime | None]
    checked_at: Mapped[datetime.datetime | None]
    changed_at: Mapped[datetime.datetime | None] = mapped_column(index=True)
    due_at: Mapped[datetime.datetime]
    history: Mapped[list[Any]]


class LinkUse(Base):
    """Which published dataset names which link."""

    __tablename__ = "link_use"

    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.ForeignKey("link.key"), primary_key=True, index=True)
