"""The desk: datasets written here, through the API or on the command line. The only writer of the desk's datasets.

What is written is public in the transaction that keeps it, or not at all: drafts, private and deleted datasets leave nothing behind
that the public reads. Whoever changes a dataset starts from the version that was read; if another was faster, the change is made anew
on top of that, so that neither is lost.
"""

import datetime
import hashlib
import uuid
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import audit, desk_files, desk_names, desk_rows, desk_source, publishing, store
from catalog.access import UNOWNED, Actor
from catalog.db import insert, insert_or_ignore, now, upsert
from catalog.drafts import Draft
from catalog.holders import INTERNAL
from catalog.ingest import identity
from catalog.instance import Instance
from catalog.models import Claim, FileRow, Organization, Record, RecordVersion, SourceState
from catalog.models_desk import DeskDataset, DeskResource
from catalog.organizations import packaged
from catalog.publishing import Item
from catalog.renditions import Renditions, compress, naive
from dcat import ckan_package, ckan_show, document, iri
from dcat.ckan_package import PackageDocument
from dcat.ckan_show import Shown
from dcat.errors import StateError
from dcat.message import Message
from dcat.model import Dataset, Distribution

# Each failed attempt means that somebody else's change was kept.
_ATTEMPTS = 100


class TakenError(Exception):
    """A name, or the id of a resource, belongs to another dataset; the argument is `name` or `resources`."""


class _OvertakenError(Exception):
    """Somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a resource and lies in the file store."""

    sha256: str
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a dataset shall be: its document, its organisation, the files that came along by resource id.

    `modified_at` and, for a new one, `created_at` are for those who may say when that was, as harvesters do.
    """

    document: PackageDocument
    organization_id: str
    uploads: Mapping[str, Upload] = field(default_factory=lambda: MappingProxyType({}))
    modified_at: datetime.datetime | None = None
    created_at: datetime.datetime | None = None


# Makes of what is there (None for a new dataset) what shall be; it is asked again when somebody else was faster.
Edit = Callable[[DeskDataset | None], Change]


@dataclass(frozen=True, slots=True)
class _Made:
    """A change worked out: the row as it will be, what it says, and what is published of it, rendered already."""

    base: DeskDataset | None
    row: DeskDataset
    said: PackageDocument
    uploads: Mapping[str, Upload]
    dataset: Dataset
    draft: Draft | None
    renditions: Renditions | None
    dated: bool
    """whether somebody who may says another time of it"""

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        base, row = self.base, self.row
        return base is None or bool(self.uploads) or self.dated or _content(base) != _content(row)


def write(
    instance: Instance,
    actor: Actor,
    dataset_id: str,
    edit: Edit,
    action: str,
    *,
    reader: Session | None = None,
    new: bool = False,
) -> DeskDataset:
    """Create or change a dataset, and publish or hide it in the same transaction; gives its row.

    Who has read already gives the session as the `reader`; what it reads afterwards is of a new moment. A dataset said to be `new` is
    not looked for. TakenError when its name or a resource's id belongs to another one, StateError when others are faster for too long.
    """
    with nullcontext(reader) if reader else instance.database.reading() as session:
        return _write(instance, session, actor, dataset_id, edit, action, new=new)


def _write(
    instance: Instance, reader: Session, actor: Actor, dataset_id: str, edit: Edit, action: str, *, new: bool
) -> DeskDataset:
    for attempt in range(_ATTEMPTS):
        base = None if new and attempt == 0 else reader.get(DeskDataset, dataset_id)
        # One that is new leaves nothing to look up; where that was wrong, something was purged under its id.
        made = _make(instance, reader, actor, dataset_id, base, edit(base), known=attempt > 0)
        # Nothing is held while it waits for others to write.
        reader.close()
        if made.base is not None and not made.changes:
            return made.base
        try:
            with instance.database.writing() as session:
                _save(session, made)
                audit.note(session, actor, action, dataset_id, made.row.name, fields=_changed(made))
                if made.draft is None:
                    _close_record(session, made.row)
                    store.hide(session, [dataset_id], action)
                else:
                    _keep_record(session, made)
                    if made.renditions:
                        store.write_renditions(session, [(dataset_id, made.renditions)])
                    if store.overtaken(session, [made.draft]):
                        raise _OvertakenError
                    store.publish(session, [made.draft], action)
        except _OvertakenError:
            continue
        return made.row
    raise StateError(
        Message(
            "Der Datensatz wird gerade von zu vielen zugleich geändert. Nächster Schritt: noch einmal versuchen.",
            "Too many are changing this dataset at once. Next step: try again.",
        )
    )


def no_organization(instance: Instance) -> Organization:
    """Give what stands in where a dataset belongs to no organisation: the catalogue itself, which no list shows."""
    with instance.database.reading() as session:
        found = session.get(Organization, UNOWNED)
    if found is not None:
        return found
    made = {
        "id": UNOWNED,
        "name": UNOWNED,
        "title": instance.config.publisher,
        "city": "",
        "created_at": now(),
        "state": INTERNAL,
    }
    with instance.database.writing() as session:
        insert_or_ignore(session, Organization, [made])
        return session.get_one(Organization, UNOWNED)


def described(instance: Instance, row: DeskDataset) -> Dataset:
    """Give the description that a dataset of the desk makes, whether it is public or not."""
    said = desk_rows.document(row)
    with instance.database.reading() as session:
        organization = session.get_one(Organization, row.organization_id)
        groups = desk_rows.groups(session, said.groups, instance.config.site_url)
    return _dataset(instance, row, said, organization, tuple(groups.values()))


def _make(
    instance: Instance,
    session: Session,
    actor: Actor,
    dataset_id: str,
    base: DeskDataset | None,
    change: Change,
    *,
    known: bool,
) -> _Made:
    organization = session.get(Organization, change.organization_id)
    if organization is None:
        # What stands in for none is made when it is first needed, which may be after the moment that was read.
        session.close()
        organization = session.get_one(Organization, change.organization_id)
    uploaded = set(_uploaded(session, dataset_id) if base else ()).union(change.uploads)
    groups = desk_rows.groups(session, change.document.groups, instance.config.site_url)
    opened = session.get(SourceState, desk_source.source_id(organization.id))
    if opened is None:
        session.close()
        _open(instance, organization)
    at = change.modified_at or now()
    before = desk_rows.document(base) if base else None
    owner = None if organization.id == UNOWNED else organization.id
    wanted = replace(change.document, owner_org=owner)
    said = ckan_package.settled(wanted, before, naive(at.isoformat()), lambda: str(uuid.uuid4()))
    row = DeskDataset(
        id=dataset_id,
        name=said.name,
        organization_id=organization.id,
        creator_id=base.creator_id if base else actor.id,
        state=said.state,
        private=said.private,
        kind=said.type,
        document=ckan_package.write(said),
        version=base.version + 1 if base else 1,
        created_at=change.created_at or (base.created_at if base else at),
        modified_at=at,
    )
    kept = uploaded & {one.id for one in said.resources if one.url_type == "upload"}
    if gone := uploaded - kept:
        # Before anything is made of it: what was accepted of a file must not outlive it.
        session.close()
        with instance.database.writing() as writer:
            desk_files.forget_checks(writer, gone)
    dataset = _dataset(instance, row, said, organization, tuple(groups.values()))
    written = desk_rows.as_written(row, said, kept, groups)
    draft, renditions = None, None
    if desk_rows.holding(row).public:
        item = Item(row.id, row.id, dataset, known=known or base is not None)
        source = desk_source.definition(organization, instance.config)
        draft, renditions = publishing.draft(session, instance.config, source, instance.policies(), item, written)
    return _Made(base, row, said, change.uploads, dataset, draft, renditions, _is_dated(base, change))


def _is_dated(base: DeskDataset | None, change: Change) -> bool:
    """Tell whether a change says another time of a dataset than it has."""
    if base is None:
        return False
    return change.modified_at not in (None, base.modified_at) or change.created_at not in (None, base.created_at)


def _content(row: DeskDataset) -> tuple[object, str]:
    return row.document, row.organization_id


def _dataset(
    instance: Instance,
    row: DeskDataset,
    said: PackageDocument,
    organization: Organization,
    groups: tuple[Mapping[str, Any], ...],
) -> Dataset:
    """Read what was written as a dataset; names of ours it gets from us, whatever a client sends back."""
    site_url = instance.config.site_url
    page = f"{site_url}/dataset/{row.id}"
    shown = Shown(
        id=row.id, created="", modified="", organization=packaged(organization), groups=groups, site_url=site_url
    )
    dataset = ckan_show.to_dataset(said, shown).dataset
    return replace(
        dataset,
        uri="" if _is_ours(dataset.uri, site_url) else dataset.uri,
        identifier=tuple(one for one in dataset.identifier if not _is_ours(one, site_url)),
        other_identifier=tuple(one for one in dataset.other_identifier if not _is_ours(one.notation, site_url)),
        distribution=tuple(_reachable(one, page, site_url) for one in dataset.distribution),
    )


def _reachable(distribution: Distribution, page: str, site_url: str) -> Distribution:
    """A distribution that names no address is to be had through the page of its dataset; nor is it named as one of ours."""
    if _is_ours(distribution.uri, site_url):
        distribution = replace(distribution, uri="")
    return distribution if distribution.access_url else replace(distribution, access_url=(page,))


def _is_ours(uri: str, site_url: str) -> bool:
    return bool(uri) and iri.is_below(uri, site_url)


def _open(instance: Instance, organization: Organization) -> None:
    """Open an organisation's desk."""
    source = desk_source.definition(organization, instance.config)
    state = {
        "id": source.id,
        "organization_id": organization.id,
        "revision": source.revision,
        "applied_revision": publishing.inputs(instance.config, source, instance.policies()),
        "authority": source.authority,
        "state": "ok",
        "state_since": now(),
        "failures": 0,
    }
    with instance.database.writing() as session:
        insert_or_ignore(session, SourceState, [state])


def _save(session: Session, made: _Made) -> None:
    """Keep the desk's rows.

    TakenError when another dataset has this name, _OvertakenError when this one is no longer what the change was made from.
    """
    row = made.row
    if desk_names.taken(session, row.name, row.id):
        raise TakenError("name")
    values = {column.name: getattr(row, column.name) for column in DeskDataset.__table__.columns}
    if made.base is None:
        try:
            insert(session, DeskDataset, [values])
        except sa.exc.IntegrityError:
            raise _OvertakenError from None
    else:
        same = sa.and_(DeskDataset.id == row.id, DeskDataset.version == made.base.version)
        updated = session.execute(sa.update(DeskDataset).where(same).values(values))
        if updated.rowcount != 1:  # type: ignore[attr-defined]
            raise _OvertakenError
    _save_resources(session, made)


def _save_resources(session: Session, made: _Made) -> None:
    wanted = [one.id for one in made.said.resources]
    if not wanted and made.base is None:
        return
    held = desk_names.owners(session, wanted)
    if any(owner != made.row.id for _, owner, _ in held) or len(set(wanted)) < len(wanted):
        raise TakenError("resources")
    owners = {resource_id for resource_id, _, ours in held if ours}
    if made.base is not None:
        gone = sa.and_(DeskResource.dataset_id == made.row.id, DeskResource.id.not_in(wanted))
        session.execute(sa.delete(DeskResource).where(gone))
    insert_or_ignore(
        session,
        DeskResource,
        [{"id": one, "dataset_id": made.row.id, "sha256": "", "name": ""} for one in wanted if one not in owners],
    )
    # What had a file and is linked now lets go of it.
    linked = [one.id for one in made.said.resources if one.url_type != "upload" and one.id in owners]
    if linked:
        emptied = sa.update(DeskResource).where(DeskResource.id.in_(linked))
        session.execute(emptied.values(sha256="", name="", size=None))
    for resource_id, upload in made.uploads.items():
        kept = {"sha256": upload.sha256, "name": upload.name, "size": upload.size, "uploaded_at": made.row.modified_at}
        session.execute(sa.update(DeskResource).where(DeskResource.id == resource_id).values(kept))
        # It is looked at at once, also where it is called as the one before.
        session.execute(sa.update(FileRow).where(FileRow.id == resource_id).values(due_at=None))


def _keep_record(session: Session, made: _Made) -> None:
    """Keep what the desk says as that of any source: from it everything is published again when rules change."""
    row, content = made.row, document.write(made.dataset)
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    record = {
        "dataset_id": row.id,
        "source_id": desk_source.source_id(row.organization_id),
        "remote_id": row.id,
        "hash": digest,
        "version": row.version,
        "seen_at": row.modified_at,
        "misses": 0,
        "missing_since": None,
        "gone_at": None,
        "stale_since": None,
        "led_by": None,
    }
    version = {
        "dataset_id": row.id,
        "version": row.version,
        "hash": digest,
        "document": compress(orjson.dumps(content)),
        "problems": [],
        "run_id": 0,
        "created_at": row.modified_at,
    }
    upsert(session, Record, [record])
    insert_or_ignore(session, RecordVersion, [version])
    if made.base is not None:
        session.execute(sa.delete(Claim).where(Claim.dataset_id == row.id))
    claims = [{"key": key, "dataset_id": row.id} for key in sorted(identity.keys(content))]
    insert_or_ignore(session, Claim, claims)


def _close_record(session: Session, row: DeskDataset) -> None:
    """What is not public is nothing that a source says: no rule that changes publishes it."""
    session.execute(sa.update(Record).where(Record.dataset_id == row.id).values(gone_at=row.modified_at))
    session.execute(sa.delete(Claim).where(Claim.dataset_id == row.id))


def _uploaded(session: Session, dataset_id: str) -> list[str]:
    query = sa.select(DeskResource.id).where(DeskResource.dataset_id == dataset_id, DeskResource.sha256 != "")
    return list(session.scalars(query))


def _changed(made: _Made) -> list[str]:
    """Name the fields that a change touches."""
    before, after = made.base.document if made.base else {}, made.row.document
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key)) if before else []
