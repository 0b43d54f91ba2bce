"""What programs write to use the API: tasks in several languages, and one line for each action that has an example.

The texts are in templates/api, a file for each task with a macro for each language; tests/test_api_page.py runs them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import current_app

from catalog.api.action import ACTIONS, SUBJECTS, Subject
from catalog.api.actions.call import Action
from catalog.api.openapi import BASE
from catalog.public import PublicDataset
from catalog.reading import Reading
from catalog.web.language import t
from dcat.message import Message

# Among so many datasets one with a table is looked for.
_LOOKED_AT = 20
# What the examples of the actions name, in the demonstration.
_DEMO_DATASET, _DEMO_ORGANIZATION, _DEMO_SOURCE = "baumkataster-darmstadt", "wiesbaden-umweltamt", "da-statistik"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of examples: its id, which is also the macro's name, and what it is called."""

    id: str
    title: Message


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do with the API; `token` when it needs one."""

    id: str
    title: Message
    about: Message
    token: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """What examples name: a dataset, its organisation and source, and the id of a table (empty where there is none)."""

    dataset: str = _DEMO_DATASET
    organization: str = _DEMO_ORGANIZATION
    source: str = _DEMO_SOURCE
    table: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A task in one language."""

    language: Language
    code: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An action as it is shown: with a line that calls it, empty where there is no example."""

    name: str
    action: Action
    line: str


LANGUAGES = (
    Language("curl", Message("curl", "curl")),
    Language("ckanapi", Message("Python mit ckanapi", "Python with ckanapi")),
    Language("requests", Message("Python mit requests", "Python with requests")),
    Language("r", Message("R mit httr2", "R with httr2")),
    Language("javascript", Message("JavaScript mit fetch", "JavaScript with fetch")),
)
TASKS = (
    Task(
        "search",
        Message("Suchen", "Search"),
        Message(
            "Wörter in jeder Beugung, dazu Filter wie fq=organization:NAME oder fq=res_format:CSV.",
            "Words in any inflection, and filters such as fq=organization:NAME or fq=res_format:CSV.",
        ),
    ),
    Task(
        "show",
        Message("Einen Datensatz zeigen", "Show a dataset"),
        Message(
            "Mit allen Angaben und den Adressen seiner Dateien.", "With all it says and the addresses of its files."
        ),
    ),
    Task(
        "list",
        Message("Auflisten", "List"),
        Message(
            "Die Namen der Datensätze, die Organisationen. offset führt weiter.",
            "The names of datasets, the organisations. offset leads on.",
        ),
    ),
    Task(
        "rows",
        Message("Zeilen einer Tabelle lesen", "Read rows of a table"),
        Message(
            "Ressourcen mit datastore_active haben Zeilen: gefiltert, sortiert, Seite für Seite, oder alle auf einmal.",
            "Resources with datastore_active have rows: filtered, sorted, page by page, or all at once.",
        ),
    ),
    Task(
        "harvest",
        Message("Alles ernten", "Harvest everything"),
        Message(
            "Den ganzen Katalog: als ein Dokument, oder in Seiten, die auf die nächste verweisen. Währenddessen geht nichts verloren.",
            "The whole catalogue: as one document, or in pages that lead to the next. Nothing is lost meanwhile.",
        ),
    ),
    Task(
        "create",
        Message("Einen Datensatz anlegen", "Create a dataset"),
        Message(
            "Er wird veröffentlicht, wenn er geprüft ist; state=draft hält ihn als Entwurf, private=true in der Organisation.",
            "It is published once it is checked; state=draft keeps it as a draft, private=true within the organisation.",
        ),
        token=True,
    ),
    Task(
        "upload",
        Message("Eine Datei hochladen", "Upload a file"),
        Message(
            "Als Ressource eines Datensatzes. Sie wird geprüft, und aus Tabellen werden Zeilen.",
            "As a resource of a dataset. It is checked, and tables become rows.",
        ),
        token=True,
    ),
)


def sample(reading: Reading) -> Sample:
    """Choose what the examples name, so that they work here: the demonstration's dataset, or another one with a table."""
    candidates = [found] if (found := reading.find(_DEMO_DATASET).public) else list(reading.latest(_LOOKED_AT))
    chosen = next((one for one in candidates if _table(one)), candidates[0] if candidates else None)
    if chosen is None:
        return Sample()
    return Sample(chosen.name, chosen.organization, chosen.source, _table(chosen))


def examples(task: Task, site_url: str, named: Sample) -> tuple[Example, ...]:
    """Write a task in every language; reading rows needs a table."""
    if task.id == "rows" and not named.table:
        return ()
    template = current_app.jinja_env.get_template(f"api/{task.id}.txt")
    values = {
        "site": site_url,
        "word": (ACTIONS["package_search"].example or {}).get("q", ""),
        "dataset": named.dataset,
        "organization": named.organization,
        "table": named.table,
        "file": t("katalog", "catalogue"),
        "new": t("trinkbrunnen", "drinking-fountains"),
        "title": t("Trinkbrunnen", "Drinking fountains"),
        "notes": t("Wo es Wasser gibt.", "Where there is water."),
        "tag": t("Wasser", "water"),
    }
    macros = template.make_module(values)
    return tuple(Example(language, str(getattr(macros, language.id)()).strip()) for language in LANGUAGES)


def entries(subject: Subject, site_url: str, named: Sample) -> Iterator[Entry]:
    """List the actions of a subject with their examples."""
    for name, action in subject.actions.items():
        arguments = _arguments(name, action, named)
        yield Entry(name, action, "" if arguments is None else line(site_url, name, arguments))


def line(site_url: str, name: str, arguments: Mapping[str, Any]) -> str:
    """Write the command that calls an action by GET; lists repeat their name."""
    query = urlencode(
        [(key, _text(one)) for key, value in arguments.items() for one in _several(value)], quote_via=quote
    )
    return f'curl "{site_url}{BASE}{name}{"?" if query else ""}{query}"'


def subjects(site_url: str, named: Sample) -> tuple[tuple[Subject, tuple[Entry, ...]], ...]:
    """List all actions by subject."""
    return tuple((subject, tuple(entries(subject, site_url, named))) for subject in SUBJECTS)


def _arguments(name: str, action: Action, named: Sample) -> Mapping[str, Any] | None:
    tables: Mapping[str, Mapping[str, Any]] = {
        "resource_show": {"id": named.table},
        "datastore_info": {"id": named.table},
        "datastore_search": {"resource_id": named.table, "limit": 3},
    }
    if name in tables:
        return tables[name] if named.table else None
    if action.writes or action.example is None:
        return None
    here = {_DEMO_DATASET: named.dataset, _DEMO_ORGANIZATION: named.organization, _DEMO_SOURCE: named.source}
    return {key: here.get(value, value) if isinstance(value, str) else value for key, value in action.example.items()}


def _table(public: PublicDataset) -> str:
    return next((file.id for file in public.files if file.state.visible and file.table), "")


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
