"""People who work with a test's catalogue, and calls of actions in their name."""

from collections.abc import Mapping
from typing import Any

import orjson

from catalog import accounts
from catalog.access import ANONYMOUS, Actor
from catalog.api.action import ACTIONS
from catalog.api.actions.call import ActionError, Call
from catalog.instance import Instance


def person(instance: Instance, name: str, *, admin: bool = False) -> Actor:
    """Make an account, or find it, and give it as an actor with the roles that it has now."""
    with instance.database.writing() as session:
        account = accounts.find(session, name) or accounts.add(session, name, admin=admin, email=f"{name}@example.org")
        return accounts.actor(session, account)


def ask(instance: Instance, action: str, actor: Actor = ANONYMOUS, /, **arguments: Any) -> Any:
    """Call an action and give its result as clients read it."""
    call = Call(instance=instance, arguments=arguments, actor=actor)
    try:
        result = ACTIONS[action].run(call)
        return orjson.loads(bytes(result) if isinstance(result, bytes) else orjson.dumps(result))
    finally:
        call.renew()


def refusal(
    instance: Instance, action: str, actor: Actor = ANONYMOUS, /, **arguments: Any
) -> tuple[int, Mapping[str, Any]]:
    """Call an action that is refused, and give its status and what it says."""
    try:
        found = ask(instance, action, actor, **arguments)
    except ActionError as error:
        return error.status, error.details
    raise AssertionError(f"{action} was not refused: {found}")


def refused(instance: Instance, action: str, actor: Actor = ANONYMOUS, /, **arguments: Any) -> int:
    """Call an action that is refused, and give its status."""
    return refusal(instance, action, actor, **arguments)[0]
