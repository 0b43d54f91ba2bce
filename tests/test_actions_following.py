"""Following users, datasets, groups and organisations through CKAN's actions: numbers for all, names for administrators."""

from dataclasses import replace
from typing import Any

import pytest
from desk_people import ask, person, refusal, refused

from catalog.access import ANONYMOUS, Actor, Scope
from catalog.api.actions import following
from catalog.instance import Instance


@pytest.fixture
def root(instance: Instance) -> Actor:
    return person(instance, "verwaltung", admin=True)


@pytest.fixture
def things(instance: Instance, root: Actor) -> dict[str, str]:
    office = ask(instance, "organization_create", root, name="amt", title="Baumamt")["id"]
    return {
        "organization": office,
        "group": ask(instance, "group_create", root, name="gruppe", title="Bäche")["id"],
        "dataset": ask(instance, "package_create", root, name="offen", title="Offen", owner_org=office, notes="x")[
            "id"
        ],
        "user": person(instance, "zweite").id,
    }


@pytest.mark.parametrize("kind", ["user", "dataset", "group", "organization"])
def test_follow_and_no_longer(instance: Instance, root: Actor, things: dict[str, str], kind: str) -> None:
    follower, of = person(instance, "leserin"), "group" if kind == "organization" else kind
    given = {"id": things[kind]}
    asking = ANONYMOUS if kind != "user" else follower

    def state() -> tuple[int, list[str], bool]:
        number = ask(instance, f"{kind}_follower_count", asking, **given)
        names = [one["name"] for one in ask(instance, f"{kind}_follower_list", root, **given)]
        return number, names, ask(instance, f"am_following_{of}", follower, **given)

    assert state() == (0, [], False)
    made = ask(instance, f"follow_{of}", follower, **given)
    assert (made["follower_id"], made["object_id"]) == (follower.id, things[kind])
    assert state() == (1, ["leserin"], True)
    assert refused(instance, f"follow_{of}", follower, **given) == 409
    assert ask(instance, f"{kind}_followee_count", follower, id="leserin") == 1
    (shown,) = ask(instance, f"{kind}_followee_list", follower, id=follower.id)
    assert shown["id"] == things[kind]
    assert ask(instance, "followee_count", root, id="leserin") == 1
    if of == "group":
        assert ask(instance, f"{kind}_show", **given)["num_followers"] == 1
    assert ask(instance, f"unfollow_{of}", follower, **given) is None
    assert state() == (0, [], False)
    assert refused(instance, f"unfollow_{of}", follower, **given) == 404


@pytest.mark.parametrize("action", sorted(following.ACTIONS))
@pytest.mark.parametrize("wanted", ["kein name", "   ", 3, 35.7, "nirgends", None, ""])
def test_what_is_not_there_is_a_validation_error(instance: Instance, action: str, wanted: Any) -> None:
    assert refused(instance, action, person(instance, "leserin"), id=wanted) == 409


def test_who_follows_whom_is_nobody_elses_business(instance: Instance, root: Actor, things: dict[str, str]) -> None:
    follower, other = person(instance, "leserin"), person(instance, "zweite")
    ask(instance, "follow_dataset", follower, id=things["dataset"])
    for action in following.ACTIONS:
        if action.startswith(("follow_", "unfollow_", "am_following_")) or "user_" in action:
            assert refused(instance, action, id="zweite") == 403, action
    for actor in (ANONYMOUS, other, follower):
        assert refused(instance, "dataset_follower_list", actor, id="offen") == 403
    for actor in (ANONYMOUS, other):
        for action in ("followee_list", "followee_count", "dataset_followee_list", "dataset_followee_count"):
            assert refused(instance, action, actor, id="leserin") == 403
    assert refused(instance, "follow_user", follower, id=follower.id) == 409
    ask(instance, "follow_user", other, id="leserin")
    ask(instance, "user_delete", root, id="leserin")
    assert ask(instance, "dataset_follower_count", id="offen") == 0
    assert ask(instance, "followee_count", other, id="zweite") == 0


def test_what_cannot_be_read_can_neither_be_followed_nor_seen(
    instance: Instance, root: Actor, things: dict[str, str]
) -> None:
    follower = person(instance, "leserin")
    ask(instance, "follow_dataset", follower, id="offen")
    assert ask(instance, "followee_list", follower, id="leserin")[0]["dict"]["name"] == "offen"
    ask(instance, "package_patch", root, id="offen", private=True)
    assert ask(instance, "followee_list", follower, id="leserin") == []
    assert refused(instance, "follow_dataset", person(instance, "zweite"), id="offen") == 403
    # To strangers it is as if it were not there.
    assert refusal(instance, "dataset_follower_count", id="offen") == refusal(
        instance, "dataset_follower_count", id="x"
    )
    assert ask(instance, "dataset_follower_count", root, id="offen") == 1


def test_nobody_follows_what_was_erased(instance: Instance, root: Actor, things: dict[str, str]) -> None:
    ask(instance, "follow_dataset", person(instance, "leserin"), id="offen")
    ask(instance, "dataset_purge", root, id="offen")
    ask(instance, "package_create", root, id=things["dataset"], name="neu", owner_org=things["organization"], notes="x")
    assert ask(instance, "dataset_follower_count", root, id="neu") == 0


@pytest.mark.parametrize("kind", ["user", "dataset", "group"])
def test_a_token_that_only_reads_changes_nothing_that_is_followed(
    instance: Instance, things: dict[str, str], kind: str
) -> None:
    follower = person(instance, "leserin")
    reader = replace(follower, scopes=frozenset({Scope.READ}))
    assert refused(instance, f"follow_{kind}", reader, id=things[kind]) == 403
    ask(instance, f"follow_{kind}", follower, id=things[kind])
    assert refused(instance, f"unfollow_{kind}", reader, id=things[kind]) == 403
    assert ask(instance, f"am_following_{kind}", reader, id=things[kind]) is True


def test_nobody_follows_more_than_can_be_shown(
    instance: Instance, things: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MAX_FOLLOWED", 1)
    follower = person(instance, "leserin")
    ask(instance, "follow_group", follower, id=things["group"])
    assert refused(instance, "follow_group", follower, id=things["organization"]) == 409
    ask(instance, "follow_dataset", follower, id=things["dataset"])


def test_what_somebody_follows_is_found_by_how_it_begins(
    instance: Instance, root: Actor, things: dict[str, str]
) -> None:
    follower = person(instance, "leserin")
    for kind in ("group", "organization"):
        ask(instance, "follow_group", follower, id=things[kind])
    assert [(one["type"], one["display_name"]) for one in ask(instance, "followee_list", follower, id="leserin")] == [
        ("group", "Bäche"),
        ("organization", "Baumamt"),
    ]
    assert [one["display_name"] for one in ask(instance, "followee_list", follower, id="leserin", q="bä")] == ["Bäche"]
    ask(instance, "group_purge", root, id="gruppe")
    assert ask(instance, "group_followee_count", follower, id="leserin") == 0
