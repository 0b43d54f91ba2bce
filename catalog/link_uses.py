"""Which links the published datasets name: noted in the transaction that publishes, so that every link is checked and none for long in vain."""

import datetime
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, core, insert_or_ignore, now
from catalog.models import Link, LinkUse
from catalog.public import FileState, PublicDataset

# More links of one dataset, and longer ones, are not checked.
MAX_LINKS = 1000
MAX_URL = 4000
FIRST = datetime.timedelta(minutes=1)
_LINK = Link.__table__
# Made once, of the table: every dataset that is published asks.
_STATUSES = sa.select(_LINK.c.key, _LINK.c.status).where(
    _LINK.c.key.in_(sa.bindparam("keys", expanding=True)), _LINK.c.status.is_not(None)
)


def key(source_id: str, url: str) -> str:
    """Name a link of a source. Another source's link to the same address is another link: it may be allowed to go elsewhere."""
    return hashlib.sha256(f"{source_id}\n{url}".encode()).hexdigest()[:40]


def links(shown: PublicDataset) -> tuple[str, ...]:
    """Name the addresses to check: those that lead to somebody else's server, each once."""
    files = (file.distribution for file in shown.files if file.state is FileState.LINKED)
    urls = (url for distribution in files for url in (*distribution.access_url, *distribution.download_url))
    return tuple(dict.fromkeys(url for url in urls if len(url) <= MAX_URL))[:MAX_LINKS]


def statuses(session: Session, shown: Sequence[PublicDataset]) -> dict[str, dict[str, int]]:
    """Tell the HTTP status that the last check of each link found, 0 for no answer, by dataset and address."""
    named = {one.id: {key(one.source, url): url for url in links(one)} for one in shown}
    keys = sorted({name for urls in named.values() for name in urls})
    found: dict[str, int] = {}
    for part in batches(keys):
        rows = core(session).execute(_STATUSES, {"keys": part})
        found.update({name: status for name, status in rows if status is not None})
    return {
        dataset_id: {url: found[name] for name, url in urls.items() if name in found}
        for dataset_id, urls in named.items()
    }


class Named(Protocol):
    """A dataset just published, with the addresses it names."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def links(self) -> tuple[str, ...]: ...


def note(session: Session, published: Iterable[Named], new: Collection[str] = ()) -> None:
    """Note the links of datasets just published. New ones wait a little: a server that is being harvested has enough to do.

    Of datasets that are certain to be `new` none is noted yet.
    """
    wanted = {one.id: {key(one.source, url): (one.source, url) for url in one.links} for one in published}
    due = now() + FIRST
    for part in batches(sorted(wanted)):
        present = _present(session, [one for one in part if one not in new]) | {
            one: set() for one in part if one in new
        }
        added = {name: link for one in part for name, link in wanted[one].items() if name not in present[one]}
        insert_or_ignore(
            session,
            Link,
            [
                {"key": name, "source_id": source, "url": url, "host": _host(url), "due_at": due, "history": []}
                for name, (source, url) in added.items()
            ],
        )
        uses = [{"dataset_id": one, "key": name} for one in part for name in wanted[one] if name not in present[one]]
        insert_or_ignore(session, LinkUse, uses)
        _drop(session, {one: {name for name in present[one] if name not in wanted[one]} for one in part})


def forget(session: Session, dataset_ids: Sequence[str]) -> None:
    """Forget the links of datasets that are no longer visible."""
    for part in batches(dataset_ids):
        _drop(session, _present(session, part))


def _present(session: Session, dataset_ids: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {one: set() for one in dataset_ids}
    if not found:
        return found
    for dataset_id, name in session.execute(
        sa.select(LinkUse.dataset_id, LinkUse.key).where(LinkUse.dataset_id.in_(dataset_ids))
    ):
        found[dataset_id].add(name)
    return found


def _drop(session: Session, uses: Mapping[str, set[str]]) -> None:
    """End uses, and forget the links that nobody names any more."""
    ended = [{"of": one, "link": name} for one, names in uses.items() for name in names]
    if not ended:
        return
    statement = sa.delete(LinkUse).where(LinkUse.dataset_id == sa.bindparam("of"), LinkUse.key == sa.bindparam("link"))
    core(session).execute(statement, ended)
    for part in batches(sorted({use["link"] for use in ended})):
        unused = sa.and_(Link.key.in_(part), ~sa.exists().where(LinkUse.key == Link.key))
        session.execute(sa.delete(Link).where(unused))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""
