"""Pages of the catalogue in DCAT-AP.de: which datasets a program asked for, and the steps from page to page."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import documents, store
from catalog.api import hydra
from catalog.config import Config
from catalog.models import Change, Membership
from catalog.parts import WHOLE, Part
from catalog.renditions import SCHEMA_ORG
from dcat import rdf, schema_org
from dcat.profile import DEFAULT

PAGE = 100
MAX_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which datasets a page shows: a part of the catalogue as it was at sequence number `at`, all or those changed since.

    `after` is the id that ended the page before; with it a page is found by key.
    """

    at: int
    part: Part = WHOLE
    release: str = DEFAULT
    page: int = 1
    limit: int = PAGE
    after: str = ""
    since: str = ""
    query: str = ""
    """the search as it stands in the address; `within` are the datasets it found"""
    within: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where a page stands: the ids on it, the number of the last page; `total` counts the datasets of all pages."""

    ids: tuple[str, ...]
    total: int
    last: int


def extent(session: Session, selection: Selection) -> Extent | None:
    """Find what stands on a page; None behind the last one.

    Pages are counted from this one on: what a search finds may shrink while its pages are read, and none is cut off then.
    """
    members = _members(session, selection)
    listed, skipped = members.subquery(), (selection.page - 1) * selection.limit
    total = session.scalar(sa.select(sa.func.count()).select_from(listed)) or 0
    query = members.order_by(Membership.dataset_id).limit(selection.limit)
    if selection.after:
        following = sa.select(sa.func.count()).select_from(listed).where(listed.c.dataset_id > selection.after)
        remaining = session.scalar(following) or 0
        query = query.where(Membership.dataset_id > selection.after)
    else:
        remaining = total - skipped
        query = query.offset(skipped)
        if remaining <= 0 and selection.page > 1:
            return None
    last = selection.page - 1 + max(1, -(-remaining // selection.limit))
    return Extent(ids=tuple(session.scalars(query)), total=total, last=last)


def page(session: Session, config: Config, selection: Selection, found: Extent, ending: str) -> bytes:
    """Make one page."""
    if selection.release == SCHEMA_ORG:
        stored = documents.stored(session, list(found.ids), ending, SCHEMA_ORG)
        return schema_org.catalog_document(documents.about(config, selection.part), stored)
    here = _link(config, selection, ending, selection.page, selection.after)
    view = hydra.view(here, steps(config, selection, found, ending), found.total, selection.limit)
    described = documents.fragments(session, config, selection.part, list(found.ids), ending, selection.release)
    return b"".join(rdf.join((rdf.fragment(view, ending), *described), ending))


def steps(config: Config, selection: Selection, found: Extent, ending: str) -> dict[str, str]:
    """Name the addresses that lead from a page to others."""
    link = partial(_link, config, selection, ending)
    end = found.ids[-1] if found.ids else ""
    return hydra.steps(link, selection.page, found.last, selection.after, end)


def _members(session: Session, selection: Selection) -> sa.Select[str]:
    query = sa.select(Membership.dataset_id).where(
        Membership.scope == selection.part.scope,
        Membership.since <= selection.at,
        sa.or_(Membership.until.is_(None), Membership.until > selection.at),
    )
    if selection.within is not None:
        query = query.where(Membership.dataset_id.in_(selection.within))
    if selection.since:
        # From the newest change backwards: the cost follows what changed. The log never changes, so the pages stay frozen.
        before = session.scalar(
            sa.select(Change.seq).where(Change.at < store.instant(selection.since)).order_by(Change.seq.desc()).limit(1)
        )
        changed = sa.select(Change.dataset_id).where(Change.seq > (before or 0), Change.seq <= selection.at)
        query = query.where(Membership.dataset_id.in_(changed))
    return query


def _link(config: Config, selection: Selection, ending: str, number: int, after: str) -> str:
    parameters = {"page": str(number), "snapshot": str(selection.at)}
    if after:
        parameters["after"] = after
    if selection.limit != PAGE:
        parameters["limit"] = str(selection.limit)
    if selection.since:
        parameters["modified_since"] = selection.since
    if selection.release != DEFAULT:
        parameters["profile"] = selection.release
    address = f"{config.site_url}{selection.part.path}.{ending}?{urlencode(parameters)}"
    return f"{address}&{selection.query}" if selection.query else address
