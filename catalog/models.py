"""The tables. Public reads touch datasets, renditions, nodes and changes only; the rest is the ledger of the harvest."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from catalog.db import Base, Json
from dcat.states import ACTIVE

BigKey = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Organization(Base):
    """A department of a city, or the division it belongs to: it owns sources and datasets.

    `state` is active or deleted, or internal for the one that stands in where a dataset has none. `extras` are further key-value
    pairs as their author wrote them.
    """

    __tablename__ = "organization"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    title: Mapped[str]
    city: Mapped[str] = mapped_column(sa.String(100), index=True)
    parent_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    created_at: Mapped[datetime.datetime]
    description: Mapped[str] = mapped_column(default="", server_default="")
    image_url: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(sa.String(20), default=ACTIVE, server_default=ACTIVE)
    kind: Mapped[str] = mapped_column(sa.String(100), default="organization", server_default="organization")
    extras: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")


class SourceState(Base):
    """What we know of a harvest source beyond its YAML file; `revision` is the hash of the file that made the present records.

    `state` is new, ok, failing, held or left (its definition is gone), since `state_since`; `read_at` is when all pages were last
    asked for without validators. Of two sources that describe the same dataset, the one of more `authority` leads.
    """

    __tablename__ = "source"

    id: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    organization_id: Mapped[str] = mapped_column(sa.ForeignKey("organization.id"))
    revision: Mapped[str] = mapped_column(sa.String(64))
    applied_revision: Mapped[str] = mapped_column(sa.String(64), default="")
    last_complete_at: Mapped[datetime.datetime | None]
    authority: Mapped[int] = mapped_column(default=50, server_default="50")
    state: Mapped[str] = mapped_column(sa.String(20), default="new", server_default="new")
    state_since: Mapped[datetime.datetime | None]
    read_at: Mapped[datetime.datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")


class Run(Base):
    """One harvest of one source, as a state machine: `phase` says how far it got, `cursor` which pages are still to read.

    A `full` run asks for every page without validators; `replay_of` names the run whose stored pages are read instead of the source.
    """

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
    full: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    replay_of: Mapped[int | None] = mapped_column(BigKey)
    phase_at: Mapped[datetime.datetime | None]
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
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")
    staged: Mapped[bool]
    fetched_at: Mapped[datetime.datetime]


class Staged(Base):
    """One record as read from a page, waiting for the plan. `failure` says why it cannot be taken in.

    Without document and failure it is, by its stamp, word for word what we hold under the same hash. Of several versions the
    newest is kept; one that is `gone` waits only for older ones, and leaves before the plan.
    """

    __tablename__ = "staged"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    remote_id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    stamp: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    version: Mapped[str] = mapped_column(default="", server_default="")
    gone: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    document: Mapped[bytes | None]
    problems: Mapped[list[Any]]
    failure: Mapped[list[Any] | None]


class PlanItem(Base):
    """One line of a stored plan: what would happen to one record, with the fields that differ, or the reason for quarantine.

    `keys` is what a record that comes or changes is known by beyond its source.
    """

    __tablename__ = "plan_item"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    remote_id: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(sa.String(20))
    dataset_id: Mapped[str] = mapped_column(sa.String(36), default="")
    title: Mapped[str] = mapped_column(default="")
    fields: Mapped[list[Any]]
    reason: Mapped[list[Any]]
    keys: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")


class Record(Base):
    """A source's record: which dataset it became, what it held last, and how often complete runs have missed it since.

    `stamp` is what its reading depends on; `stale_since` tells since when its source says something we cannot take in; `led_by`
    names the dataset of a source with more authority that describes the same thing, behind which this one is kept and hidden.
    """

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
    stamp: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    stale_since: Mapped[datetime.datetime | None]
    led_by: Mapped[str | None] = mapped_column(sa.String(36), index=True)


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


class Claim(Base):
    """What a record is known by beyond its source (URI, global identifiers): records that share a key are the same dataset."""

    __tablename__ = "claim"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(
        sa.ForeignKey("record.dataset_id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Overlay(Base):
    """A steward's edit of one field: the value, who wrote it and why, and what the source said then (`base`, its hash).

    `conflict_at` tells since when the source says something else than it did.
    """

    __tablename__ = "overlay"
    __table_args__ = (sa.UniqueConstraint("dataset_id", "field"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    field: Mapped[str] = mapped_column(sa.String(60))
    value: Mapped[Any] = mapped_column(Json)
    author: Mapped[str]
    reason: Mapped[str]
    base: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime | None] = mapped_column(index=True)
    conflict_at: Mapped[datetime.datetime | None]


class Quarantine(Base):
    """A record that could not be taken in, with the reason; open until a run takes the same record in.

    `document` is what could be read of it. `release` tells that a steward lets it in: once, with this hash, or always.
    """

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
    title: Mapped[str] = mapped_column(default="", server_default="")
    hash: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    document: Mapped[bytes | None]
    release: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    released_by: Mapped[str] = mapped_column(default="", server_default="")
    release_reason: Mapped[str] = mapped_column(default="", server_default="")
    released_at: Mapped[datetime.datetime | None]


class DatasetRow(Base):
    """A catalogue record. `state` decides visibility and is tested in catalog/store.py only; `hash` names the published renditions.

    `successor` is the dataset that took the place of a withdrawn one: the same thing, described by another source.
    """

    __tablename__ = "dataset"
    __table_args__ = (sa.Index("dataset_public", "state", "id"), sa.Index("dataset_named", "state", "name"))

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
    successor: Mapped[str | None] = mapped_column(sa.String(36))
    published_at: Mapped[datetime.datetime]
    modified_at: Mapped[datetime.datetime] = mapped_column(index=True)


class Slug(Base):
    """An address a dataset had; the present one stands in the dataset, the others redirect."""

    __tablename__ = "slug"

    name: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("dataset.id"), index=True)


class FileRow(Base):
    """A distribution's data file: where it is, whether a check is due, and what the last checks found.

    `newer` tells of a newer version that breaks its schema and did not take the place of the last good one: its report, hash, time.
    `table_sha256` and `csv_sha256` name the copies of the accepted table (catalog/tables.py): Parquet, and CSV in its one form.
    `derived` is the table made of it by a mapping (catalog/derived.py): its copies, report and preview, the log of changes.
    """

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
    newer: Mapped[dict[str, Any] | None]
    table_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    csv_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    derived: Mapped[dict[str, Any] | None]


class FileVersion(Base):
    """One version of a data file that was checked: what was found, and what changed since the version accepted before it.

    `findings` are counts by code and field, from which new, solved and remaining ones follow; `changes` the difference by key.
    `compared` is the outcome of the comparison of both engines: empty, `equal`, or a sentence on what differs.
    """

    __tablename__ = "file_version"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    file_id: Mapped[str] = mapped_column(sa.ForeignKey("file.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    checked_at: Mapped[datetime.datetime]
    accepted: Mapped[bool]
    valid: Mapped[bool | None]
    schema_id: Mapped[str] = mapped_column(sa.String(100), default="")
    schema_version: Mapped[str] = mapped_column(sa.String(20), default="")
    rows: Mapped[int | None] = mapped_column(BigKey)
    size: Mapped[int | None] = mapped_column(BigKey)
    findings: Mapped[list[Any]]
    changes: Mapped[dict[str, Any] | None]
    compared: Mapped[str] = mapped_column(default="")


class Dismissal(Base):
    """A false alarm of the privacy scan, dismissed with a reason: it counts for this column of this file until it is taken back."""

    __tablename__ = "dismissal"
    __table_args__ = (sa.UniqueConstraint("source_id", "remote_id", "name", "column", "code"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(100), index=True)
    remote_id: Mapped[str]
    name: Mapped[str]
    column: Mapped[str]
    code: Mapped[str] = mapped_column(sa.String(60))
    reason: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime.datetime]


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


class HostBudget(Base):
    """What all workers together owe a host: when the next request may start, how often it failed in a row, until when it is left alone.

    `wanted_at` is when somebody last found no slot free.
    """

    __tablename__ = "host"

    name: Mapped[str] = mapped_column(sa.String(260), primary_key=True)
    next_at: Mapped[datetime.datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime.datetime | None]
    open_until: Mapped[datetime.datetime | None]
    wanted_at: Mapped[datetime.datetime | None]


class HostSlot(Base):
    """A connection to a host that a worker has, until it gives it back, its process ends or its lease lapses."""

    __tablename__ = "host_slot"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(260), index=True)
    holder: Mapped[str]
    until: Mapped[datetime.datetime]


class LiveFile(Base):
    """A distribution with current values: when they are due again, when they last came, and why they did not."""

    __tablename__ = "live_file"

    file_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(100), index=True)
    url: Mapped[str]
    due_at: Mapped[datetime.datetime] = mapped_column(index=True)
    fetched_at: Mapped[datetime.datetime | None]
    failure: Mapped[list[Any] | None]


class LiveValue(Base):
    """One measured value of a distribution's series."""

    __tablename__ = "live_value"

    file_id: Mapped[str] = mapped_column(sa.ForeignKey("live_file.file_id", ondelete="CASCADE"), primary_key=True)
    series: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    at: Mapped[datetime.datetime] = mapped_column(primary_key=True)
    value: Mapped[float]
    unit: Mapped[str] = mapped_column(sa.String(60), default="")
    label: Mapped[str] = mapped_column(default="")


class NoticeRow(Base):
    """A change of state that somebody should know of: failing, held, recovered, conflict, left; sent once to each address."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(100), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    run_id: Mapped[int | None] = mapped_column(BigKey)
    text: Mapped[list[Any]]
    at: Mapped[datetime.datetime]
    waiting: Mapped[list[Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime.datetime | None] = mapped_column(index=True)
