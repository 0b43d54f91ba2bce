"""Who may do what: the one place that decides. Pure; an actor is read once per request (catalog/accounts.py) and asked here.

Roles are those of CKAN's organisations, so that clients find what they know: members read what is private, editors write datasets,
admins also manage the people of their organisation; an administrator of the site may do everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from catalog.index_entry import PUBLIC
from dcat.states import ACTIVE, DRAFT


class Capacity(StrEnum):
    """What an account may do in an organisation, a group, or with a dataset that is shared with it."""

    ADMIN = "admin"
    EDITOR = "editor"
    MEMBER = "member"


class Scope(StrEnum):
    """What a token may be used for; a session in the browser has all of them."""

    READ = "read"
    """read what its account may read"""
    DATASETS = "datasets"
    """write datasets, their files and tables"""
    STRUCTURE = "structure"
    """write organisations, groups, vocabularies and who belongs to them"""
    ACCOUNTS = "accounts"
    """change accounts and tokens; what lets somebody in with a password needs all scopes"""


ALL_SCOPES = frozenset(Scope)
_NOTHING: Mapping[str, Capacity] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: an account with its roles (by the id of the organisation or group), and what is shared with it (by dataset)."""

    id: str = ""
    name: str = ""
    admin: bool = False
    roles: Mapping[str, Capacity] = field(default_factory=lambda: _NOTHING)
    shared: Mapping[str, Capacity] = field(default_factory=lambda: _NOTHING)
    scopes: frozenset[Scope] = ALL_SCOPES
    token_id: str = ""

    @property
    def known(self) -> bool:
        """Whether this is an account at all."""
        return bool(self.id)

    def labels(self) -> frozenset[str] | None:
        """The labels of what the actor may read, for the search; None for everything."""
        if not self.known or Scope.READ not in self.scopes:
            return frozenset({PUBLIC})
        if self.admin:
            return None
        members = (f"member-{holder}" for holder in self.roles)
        return frozenset({PUBLIC, f"creator-{self.id}", *members, *(f"collaborator-{one}" for one in self.shared)})


ANONYMOUS = Actor()
# Whoever may run commands on this installation may do everything in it. No account has this id; the log shows it as “offenbar”.
LOCAL = Actor(id="0ffe4ba5-0000-4000-8000-000000000000", name="offenbar", admin=True)
# Stands in where a dataset belongs to no organisation (catalog/desk.py).
UNOWNED = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What decides about access to a dataset: where it belongs, who made it, and whether it is public."""

    id: str
    organization_id: str
    creator_id: str = ""
    state: str = ACTIVE
    private: bool = False

    @property
    def unowned(self) -> bool:
        """Whether it belongs to no organisation, and so to who made it."""
        return self.organization_id in ("", UNOWNED)

    @property
    def public(self) -> bool:
        """Whether everybody may read it."""
        return self.state == ACTIVE and not self.private

    def readers(self) -> tuple[str, ...]:
        """The labels of those who may find it."""
        if self.public:
            return (PUBLIC,)
        inside = (f"member-{self.organization_id}", f"collaborator-{self.id}")
        # A draft without a department yet is its author's.
        return (*inside, f"creator-{self.creator_id}") if self.state == DRAFT and self.creator_id else inside


def may_read(actor: Actor, holding: Holding) -> bool:
    """Whether somebody may read a dataset as its authors wrote it, or find it at all."""
    labels = actor.labels()
    return labels is None or not labels.isdisjoint(holding.readers())


def may_read_written(actor: Actor, holding: Holding) -> bool:
    """Whether somebody gets a dataset as it was written last, not as it is public: who changes it, or reads what is not public."""
    return may_edit(actor, holding) or (not holding.public and may_read(actor, holding))


def may_edit(actor: Actor, holding: Holding) -> bool:
    """Whether somebody may change a dataset."""
    return _writes(actor, Scope.DATASETS) and (
        actor.admin
        or _at_least(actor.roles.get(holding.organization_id), Capacity.EDITOR)
        or _at_least(actor.shared.get(holding.id), Capacity.EDITOR)
        or (holding.unowned and holding.creator_id == actor.id)
    )


def may_create_unowned(actor: Actor) -> bool:
    """Whether somebody may write datasets of no organisation, on a site that allows them."""
    return _writes(actor, Scope.DATASETS)


def may_create_in(actor: Actor, organization_id: str) -> bool:
    """Whether somebody may write new datasets of an organisation."""
    return _writes(actor, Scope.DATASETS) and (
        actor.admin or _at_least(actor.roles.get(organization_id), Capacity.EDITOR)
    )


def may_upload(actor: Actor) -> bool:
    """Whether somebody may send files: who may write datasets of any organisation, or works along on one."""
    held = (*actor.roles.values(), *actor.shared.values())
    return _writes(actor, Scope.DATASETS) and (actor.admin or any(_at_least(one, Capacity.EDITOR) for one in held))


def may_share(actor: Actor, holding: Holding) -> bool:
    """Whether somebody may say who works along on a dataset."""
    return _writes(actor, Scope.DATASETS) and (
        actor.admin
        or _at_least(actor.roles.get(holding.organization_id), Capacity.ADMIN)
        or _at_least(actor.shared.get(holding.id), Capacity.ADMIN)
        or (holding.unowned and holding.creator_id == actor.id)
    )


def may_fill(actor: Actor, holder_id: str) -> bool:
    """Whether somebody may put datasets into a group."""
    return _writes(actor, Scope.DATASETS) and (actor.admin or _at_least(actor.roles.get(holder_id), Capacity.MEMBER))


def may_manage(actor: Actor, holder_id: str) -> bool:
    """Whether somebody may change an organisation or group and say who belongs to it."""
    return _writes(actor, Scope.STRUCTURE) and (actor.admin or _at_least(actor.roles.get(holder_id), Capacity.ADMIN))


def may_see_members(actor: Actor, holder_id: str) -> bool:
    """Whether somebody may see who belongs to an organisation or group."""
    return actor.known and Scope.READ in actor.scopes and (actor.admin or holder_id in actor.roles)


def may_administer(actor: Actor, scope: Scope = Scope.STRUCTURE) -> bool:
    """Whether somebody may do what concerns the whole site: found organisations, purge, manage accounts."""
    return _writes(actor, scope) and actor.admin


def may_change_account(actor: Actor, account_id: str) -> bool:
    """Whether somebody may change an account, its password or its tokens."""
    return _writes(actor, Scope.ACCOUNTS) and (actor.admin or actor.id == account_id)


def may_let_in(actor: Actor, account_id: str) -> bool:
    """Whether somebody may set a password. Who knows it comes in with every scope, so a token needs all of them."""
    return may_change_account(actor, account_id) and actor.scopes >= ALL_SCOPES


def may_empower(actor: Actor) -> bool:
    """Whether somebody may say who administers the site, and the e-mail address by which somebody comes in; with every scope, too."""
    return may_administer(actor, Scope.ACCOUNTS) and actor.scopes >= ALL_SCOPES


def may_answer_requests(actor: Actor) -> bool:
    """Whether somebody may keep and answer requests for data: who administers, or edits for any organisation."""
    return may_administer(actor) or (
        _writes(actor, Scope.DATASETS) and any(_at_least(one, Capacity.EDITOR) for one in actor.roles.values())
    )


def may_see_people(actor: Actor) -> bool:
    """Whether somebody may see the names of other accounts, and nothing else of them."""
    return _writes(actor, Scope.READ)


def may_see_account(actor: Actor, account_id: str) -> bool:
    """Whether somebody may see what is kept of an account: its full name, address, tokens, and what it did."""
    return _writes(actor, Scope.READ) and (actor.admin or actor.id == account_id)


def may_oversee(actor: Actor) -> bool:
    """Whether somebody may read what concerns the whole site: all accounts, the addresses of sources, the work of the harvest."""
    return _writes(actor, Scope.READ) and actor.admin


def _writes(actor: Actor, scope: Scope) -> bool:
    return actor.known and scope in actor.scopes


_RANK = {Capacity.MEMBER: 1, Capacity.EDITOR: 2, Capacity.ADMIN: 3}


def _at_least(held: Capacity | None, wanted: Capacity) -> bool:
    return held is not None and _RANK[held] >= _RANK[wanted]
