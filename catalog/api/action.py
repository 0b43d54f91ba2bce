"""The CKAN Action API: one dictionary from the name of an action to its function. CKAN's words stay here and in dcat/ckan*.py."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.api.actions import (
    activities,
    api_tokens,
    background,
    collaborators,
    datasets,
    datasets_bulk,
    datasets_write,
    descriptions,
    harvests,
    invitations,
    members,
    people,
    people_write,
    release,
    resources_write,
    site,
    structure,
    structure_write,
    tables,
    tags,
)
from catalog.api.actions.call import Action
from dcat.message import Message


@dataclass(frozen=True, slots=True)
class Subject:
    """What some actions are about: its id, its name, and the actions."""

    id: str
    title: Message
    actions: Mapping[str, Action]


def _subject(id: str, title: Message, *actions: Mapping[str, Action]) -> Subject:
    return Subject(id, title, {name: action for some in actions for name, action in some.items()})


def _all() -> Mapping[str, Action]:
    return ACTIONS


SUBJECTS = (
    _subject(
        "datasets",
        Message("Datensätze und Ressourcen", "Datasets and resources"),
        *(datasets.ACTIONS, datasets_write.ACTIONS, datasets_bulk.ACTIONS, resources_write.ACTIONS, release.ACTIONS),
    ),
    _subject("tables", Message("Zeilen von Tabellen (DataStore)", "Rows of tables (DataStore)"), tables.ACTIONS),
    _subject(
        "structure",
        Message("Organisationen und Gruppen", "Organisations and groups"),
        *(structure.ACTIONS, structure_write.ACTIONS, members.ACTIONS),
    ),
    _subject("tags", Message("Schlagwörter und Formate", "Keywords and formats"), tags.ACTIONS),
    _subject(
        "accounts",
        Message("Konten, Mitarbeit und Tokens", "Accounts, collaboration and tokens"),
        *(people.ACTIONS, people_write.ACTIONS, invitations.ACTIONS, collaborators.ACTIONS, api_tokens.ACTIONS),
    ),
    _subject(
        "descriptions", Message("Beschreibungen als DCAT-AP.de", "Descriptions as DCAT-AP.de"), descriptions.ACTIONS
    ),
    _subject("activities", Message("Was geschah", "What happened"), activities.ACTIONS),
    _subject(
        "harvests", Message("Ernten und Hintergrund", "Harvests and background"), harvests.ACTIONS, background.ACTIONS
    ),
    _subject("site", Message("Die Website", "The site"), site.ACTIONS, {"help_show": site.help_action(_all)}),
)
ACTIONS: Mapping[str, Action] = {name: action for subject in SUBJECTS for name, action in subject.actions.items()}
