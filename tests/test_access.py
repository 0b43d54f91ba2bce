"""Who may do what, over all roles, scopes and states."""

import itertools

import pytest

from catalog import access
from catalog.access import ALL_SCOPES, ANONYMOUS, Actor, Capacity, Holding, Scope

ORG, OTHER = "org-1", "org-2"


def actor(capacity: Capacity | None = None, *, of: str = ORG, **fields: object) -> Actor:
    return Actor(id="a-1", name="amt", roles={of: capacity} if capacity else {}, **fields)  # type: ignore[arg-type]


def holding(**fields: object) -> Holding:
    return Holding(id="d-1", organization_id=ORG, **fields)  # type: ignore[arg-type]


HIDDEN = [
    holding(private=True),
    holding(state="draft"),
    holding(state="deleted"),
    holding(state="deleted", private=True),
]
EVERY = (access.may_edit, access.may_share)


def test_everybody_reads_what_is_public_and_nothing_else() -> None:
    strangers = [
        ANONYMOUS,
        actor(),
        actor(Capacity.ADMIN, of=OTHER),
        actor(Capacity.ADMIN, scopes=ALL_SCOPES - {Scope.READ}),
    ]
    for one in strangers:
        assert access.may_read(one, holding())
        assert not any(access.may_read(one, hidden) for hidden in HIDDEN), one


@pytest.mark.parametrize("capacity", list(Capacity))
def test_members_read_what_their_organisation_holds(capacity: Capacity) -> None:
    assert all(access.may_read(actor(capacity), hidden) for hidden in HIDDEN)
    shared = Actor(id="a-1", shared={"d-1": capacity})
    assert all(access.may_read(shared, hidden) for hidden in HIDDEN)
    assert not access.may_read(shared, Holding(id="d-2", organization_id=ORG, private=True))


def test_an_administrator_reads_everything_with_the_scope_only() -> None:
    assert all(access.may_read(actor(admin=True), hidden) for hidden in HIDDEN)
    narrow = actor(admin=True, scopes=frozenset({Scope.DATASETS}))
    assert not any(access.may_read(narrow, hidden) for hidden in HIDDEN)


def test_a_draft_is_its_authors_and_only_a_draft() -> None:
    author = Actor(id="a-9")
    assert access.may_read(author, holding(state="draft", creator_id="a-9"))
    for hidden in (
        holding(private=True, creator_id="a-9"),
        holding(state="deleted", creator_id="a-9"),
        holding(state="draft"),
    ):
        assert not access.may_read(author, hidden)


@pytest.mark.parametrize(("capacity", "edits", "shares"), [(None, False, False), ("member", False, False), ("editor", True, False), ("admin", True, True)])  # fmt: skip
def test_what_roles_and_collaboration_allow(capacity: str | None, edits: bool, shares: bool) -> None:
    held = Capacity(capacity) if capacity else None
    for one in (actor(held), Actor(id="a-1", shared={"d-1": held} if held else {})):
        assert (access.may_edit(one, holding()), access.may_share(one, holding())) == (edits, shares)
    assert access.may_create_in(actor(held), ORG) is edits
    assert access.may_manage(actor(held), ORG) is shares
    assert access.may_fill(actor(held), ORG) is (held is not None)
    elsewhere = actor(held, of=OTHER)
    assert not any(may(elsewhere, holding()) for may in EVERY)
    assert not access.may_create_in(elsewhere, ORG) and not access.may_manage(elsewhere, ORG)


@pytest.mark.parametrize(
    "scopes", [frozenset(part) for size in range(5) for part in itertools.combinations(Scope, size)]
)
def test_scopes_limit_even_an_administrator(scopes: frozenset[Scope]) -> None:
    one = actor(Capacity.ADMIN, admin=True, scopes=scopes)
    assert {
        Scope.DATASETS: access.may_edit(one, holding())
        and access.may_share(one, holding())
        and access.may_fill(one, "g"),
        Scope.STRUCTURE: access.may_manage(one, ORG) and access.may_administer(one),
        Scope.ACCOUNTS: access.may_change_account(one, "b") and access.may_administer(one, Scope.ACCOUNTS),
        Scope.READ: access.may_read(one, holding(private=True)),
    } == {scope: scope in scopes for scope in Scope}


def test_nobody_is_nobody_whatever_is_claimed() -> None:
    claiming = Actor(admin=True, roles={ORG: Capacity.ADMIN}, shared={"d-1": Capacity.ADMIN})
    for one in (ANONYMOUS, claiming):
        assert not any(may(one, holding()) for may in EVERY)
        assert not access.may_create_in(one, ORG) and not access.may_manage(one, ORG) and not access.may_fill(one, ORG)
        assert (
            not access.may_administer(one)
            and not access.may_change_account(one, "")
            and not access.may_change_account(one, "b")
        )
        assert not any(access.may_read(one, hidden) for hidden in HIDDEN)


def test_people_change_their_own_account_and_no_other() -> None:
    assert access.may_change_account(actor(), "a-1")
    assert not access.may_change_account(actor(), "a-2")
    assert not access.may_change_account(actor(Capacity.ADMIN), "a-2")
    assert not access.may_change_account(actor(scopes=ALL_SCOPES - {Scope.ACCOUNTS}), "a-1")


def test_a_dataset_without_an_organisation_belongs_to_its_author() -> None:
    loose = Holding(id="d-1", organization_id="", creator_id="a-1", state="draft")
    assert access.may_edit(actor(), loose)
    assert not access.may_edit(Actor(id="a-2"), loose)
    assert not access.may_edit(ANONYMOUS, Holding(id="d-1", organization_id=""))
