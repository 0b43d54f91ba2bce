"""Leaves out of a dataset what would break the profile, and says what: a published description is always a valid one."""

import dataclasses
from typing import Any

from dcat.kinds import TextKind
from dcat.message import Message
from dcat.model import Contact, Dataset, Distribution, Period, Problem, Reading
from dcat.profile import ONE_PER_LANGUAGE, Class, Property, profile


def fit(dataset: Dataset) -> Reading:
    """Keep every value that fits the profile; the others become Problems. Missing mandatory values are not its concern."""
    problems: list[Problem] = []
    fitted = _fit(profile()["Dataset"], dataset, "", problems)
    assert isinstance(fitted, Dataset), "a dataset is kept whatever it lacks"
    return Reading(dataset=fitted, problems=tuple(problems))


def _fit(cls: Class, node: Any, path: str, problems: list[Problem]) -> Any:
    changes: dict[str, Any] = {}
    for prop in cls.properties:
        value = getattr(node, prop.field)
        if not value and value != 0:
            continue
        where = f"{path}.{prop.field}" if path else prop.field
        kept = _many(prop, value, where, problems) if prop.many else _one(prop, value, where, problems)
        if kept != value:
            changes[prop.field] = kept if kept is not None or prop.kind is None else _empty(value)
    fitted = dataclasses.replace(node, **changes) if changes else node
    return fitted if path == "" or _stands(cls, fitted, path, problems) else None


def _many(prop: Property, values: tuple[Any, ...], where: str, problems: list[Problem]) -> tuple[Any, ...]:
    kept = []
    for position, value in enumerate(values):
        place = f"{where}[{position}]"
        fitted = _one(prop, value, place, problems)
        if fitted is not None:
            kept.append(fitted)
    if isinstance(prop.kind, TextKind) and prop.field in ONE_PER_LANGUAGE:
        return _one_per_language(kept, where, problems)
    return tuple(kept)


def _one(prop: Property, value: Any, where: str, problems: list[Problem]) -> Any:
    if prop.kind is None:
        return _fit(profile()[prop.node], value, where, problems)
    misfit = prop.kind.check(value, prop.vocabulary)
    if misfit is None:
        return value
    shown = value.value if hasattr(value, "value") else str(value)
    problems.append(Problem(path=where, code=misfit.code, value=shown[:500], message=misfit.message))
    return None


def _one_per_language(texts: list[Any], where: str, problems: list[Problem]) -> tuple[Any, ...]:
    kept: dict[str, Any] = {}
    for text in texts:
        lang = text.lang.lower()
        if lang in kept:
            message = Message(
                f"Zweimal „{text.lang or 'ohne Sprache'}“; nur der erste Text bleibt.",
                f"Twice “{text.lang or 'no language'}”; only the first text stays.",
            )
            problems.append(Problem(path=where, code="language-twice", value=text.value[:500], message=message))
        else:
            kept[lang] = text
    return tuple(kept.values())


def _stands(cls: Class, node: Any, path: str, problems: list[Problem]) -> bool:
    if isinstance(node, Contact):
        stands = bool(node.email or node.url or node.telephone)
    elif isinstance(node, Period):
        stands = bool(node.start or node.end)
    elif isinstance(node, Distribution):
        stands = bool(node.access_url)
    else:
        stands = all(getattr(node, prop.field) for prop in cls.properties if prop.obligation == "mandatory")
    if not stands:
        message = Message(
            f"{_names(cls)} ohne die nötigen Angaben wird nicht weitergegeben.",
            f"{cls.name} without what it needs is not passed on.",
        )
        problems.append(Problem(path=path, code="incomplete", value=getattr(node, "uri", ""), message=message))
    return stands


def _names(cls: Class) -> str:
    return {
        "Agent": "Eine Stelle",
        "Contact": "Ein Kontakt",
        "Period": "Ein Zeitraum",
        "Checksum": "Eine Prüfsumme",
        "Identifier": "Ein Identifier",
        "Provenance": "Eine Aussage zur Provenienz",
        "Activity": "Eine Tätigkeit",
        "Attribution": "Eine Rollenzuordnung",
        "Relationship": "Eine Beziehung",
        "DatasetSeries": "Eine Serie",
        "DataService": "Ein Datenservice",
    }.get(cls.name, cls.name)


def _empty(value: Any) -> Any:
    return None if isinstance(value, int) else ""
