"""The CKAN Action API: one dictionary from the name of an action to its function. CKAN's words stay here and in dcat/ckan*.py."""

from collections.abc import Mapping

from catalog.api.actions import (
    activities,
    api_tokens,
    background,
    collaborators,
    datasets,
    datasets_write,
    descriptions,
    harvests,
    invitations,
    members,
    people,
    release,
    resources_write,
    site,
    structure,
    structure_write,
    tables,
    tags,
)
from catalog.api.actions.call import Action

_SUBJECTS = (
    datasets,
    datasets_write,
    resources_write,
    structure,
    structure_write,
    members,
    collaborators,
    tags,
    tables,
    people,
    invitations,
    api_tokens,
    activities,
    descriptions,
    harvests,
    background,
    release,
    site,
)


def _all() -> Mapping[str, Action]:
    return ACTIONS


ACTIONS: Mapping[str, Action] = {
    **{name: action for subject in _SUBJECTS for name, action in subject.ACTIONS.items()},
    "help_show": site.help_action(_all),
}
