"""Who prevails in a field: the source, its definition, or a steward. Pure; the edits themselves are kept by catalog/edits.py."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dcat.model import Dataset, Distribution

FILL, UPSTREAM, LOCAL, UNION = "fill-if-missing", "prefer-upstream", "prefer-local", "union"
_OF_FILES = "distribution."
# What an edit may not touch: identity, and what hangs on it.
_FIXED = frozenset({"uri", "identifier", "other_identifier", "distribution", "sample"})
_FIXED_OF_FILES = frozenset({"uri", "access_url", "download_url", "access_service"})


@dataclass(frozen=True, slots=True)
class Edit:
    """A steward's value for one field of a dataset, or of all its distributions (`distribution.license`)."""

    field: str
    value: Any


def editable() -> tuple[str, ...]:
    """Name the fields a steward may edit and a definition may give rules for."""
    own = [field.name for field in dataclasses.fields(Dataset) if field.name not in _FIXED]
    files = [f"{_OF_FILES}{f.name}" for f in dataclasses.fields(Distribution) if f.name not in _FIXED_OF_FILES]
    return (*own, *files)


def merged(said: Any, local: Any, rule: str) -> Any:
    """Give the value of a field where a source said one thing and a steward or a definition another."""
    if not said or rule == LOCAL:
        return local
    if rule == UNION and isinstance(said, tuple):
        return (*said, *(one for one in local if one not in said))
    return said


def edited(dataset: Dataset, edits: Iterable[Edit], rules: Mapping[str, str]) -> tuple[Dataset, frozenset[str]]:
    """Put edits over what a source said, by the rule of each field (prefer-local unless stated); names the fields they changed."""
    touched = set()
    for edit in edits:
        rule = rules.get(edit.field, LOCAL)
        if edit.field.startswith(_OF_FILES):
            name = edit.field.removeprefix(_OF_FILES)
            files = tuple(_put(one, name, edit.value, rule) for one in dataset.distribution)
            changed = replace(dataset, distribution=files)
        else:
            changed = _put(dataset, edit.field, edit.value, rule)
        if changed != dataset:
            dataset = changed
            touched.add(edit.field)
    return dataset, frozenset(touched)


def stated(dataset: Dataset, field: str) -> Any:
    """Give what a source says in a field; of a field of distributions, what each of them says."""
    if field.startswith(_OF_FILES):
        name = field.removeprefix(_OF_FILES)
        return [getattr(one, name) for one in dataset.distribution]
    return getattr(dataset, field)


def _put(node: Any, field: str, value: Any, rule: str) -> Any:
    return replace(node, **{field: merged(getattr(node, field), value, rule)})
