"""CKAN's `package_revise`: match, filter and update of a package in one step, by the path language of its documentation.

A path is a text of steps joined by two underscores, `resources__1f9ab__name`. A step into a list is a position, from the end where it
is negative, or the beginning of an id, five characters or more. `extend` after a list adds to its end. Patterns of `filter` and
`include` remove what they name, those with + keep it; * stands for every key at its place, and of several patterns the first counts.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dcat.ckan_values import Fields, Refused, misfit, text_misfit

MAX_PATTERNS = 1_000
MAX_WILDCARDS = 50
MAX_STEPS = 20
MAX_PATH = 1_000
SHORTEST_ID = 5
# What a filter cannot take away.
_STEADY = ("id", "type")
_POSITION = re.compile(r"-?[0-9]{1,6}", re.ASCII)
_Pattern = tuple[tuple[str, ...], bool]
_Patterns = tuple[_Pattern, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """One call of `package_revise`. `match` and `update` hold pairs of path and value, patterns their steps and whether they keep."""

    match: tuple[tuple[tuple[str, ...], Any], ...] = ()
    filter: _Patterns = ()
    update: tuple[tuple[tuple[str, ...], Any], ...] = ()
    include: _Patterns = ()

    def wanted(self) -> str:
        """Give the id, else the name, of the dataset that is meant; empty where `match` names none."""
        matched = {path[0]: value for path, value in self.match if len(path) == 1 and isinstance(value, str)}
        return matched.get("id") or matched.get("name") or ""


class _PathError(Exception):
    """A path leads nowhere; says why."""


def read(given: Any) -> Revision | Refused:
    """Read the arguments of `package_revise`: `match`, `filter`, `update`, `include`, and keys such as `update__title`."""
    fields = Fields(given)
    if len(fields.given) > MAX_PATTERNS:
        fields.wrong("update", f"Must not have more than {MAX_PATTERNS} entries")
        return Refused(fields.errors)
    revision = Revision(
        match=_pairs(fields, "match"),
        filter=_patterns(fields, "filter"),
        update=_pairs(fields, "update"),
        include=_patterns(fields, "include"),
    )
    if not fields.errors and not revision.wanted():
        fields.wrong("match", "Must hold the id or the name of the dataset")
    return Refused(fields.errors) if fields.errors else revision


def revise(package: Mapping[str, Any], revision: Revision) -> dict[str, Any] | Refused:
    """Make of a package as `package_show` gives it what `package_update` is to be called with; the package given stays as it is.

    Errors: `match` lists the paths that do not match, `update` says which path leads nowhere.
    """
    if unmatched := ["__".join(path) for path, value in revision.match if not _matches(package, path, value)]:
        return Refused({"match": unmatched})
    revised = _filtered(package, revision.filter)
    revised |= {key: package[key] for key in _STEADY if key in package}
    for path, value in revision.update:
        try:
            _set(revised, path, copy.deepcopy(value))
        except _PathError as error:
            return Refused({"update": [f"{'__'.join(path)}: {error}"]})
    # A missing key would keep them in package_update.
    for kept in ("groups", "resources"):
        revised.setdefault(kept, [])
    return revised


def included(package: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    """Make the answer of `package_revise`: the package under `package`, without what `include` leaves out."""
    return _filtered({"package": package}, revision.include)


def _pairs(fields: Fields, name: str) -> tuple[tuple[tuple[str, ...], Any], ...]:
    nested = _json(fields.given.get(name))
    pairs: list[tuple[Any, Any]] = []
    if isinstance(nested, Mapping):
        pairs += nested.items()
    elif nested not in (None, ""):
        fields.wrong(name, "Must be an object")
    flat = [key for key in fields.given if isinstance(key, str) and key.startswith(f"{name}__")]
    # What is added comes first, so that other keys can name it by its place.
    flat.sort(key=lambda key: (not key.endswith("__extend"), key))
    pairs += [(key.removeprefix(f"{name}__"), _json(fields.given[key])) for key in flat]
    if len(pairs) > MAX_PATTERNS:
        fields.wrong(name, f"Must not have more than {MAX_PATTERNS} entries")
        return ()
    found = []
    for path, value in pairs:
        steps = _steps(path)
        # Lists of a whole dataset are judged entry by entry when the result is read.
        parts = value if isinstance(value, list) else [value]
        if not steps:
            fields.wrong(name, f"Is no path: {str(path)[:80]!a}" if isinstance(path, str) else "Is no path")
        elif sentence := next(filter(None, map(misfit, parts)), ""):
            fields.wrong(name, f"{path}: {sentence}")
        else:
            found.append((steps, value))
    return tuple(found)


def _patterns(fields: Fields, name: str) -> _Patterns:
    given = _json(fields.given.get(name))
    if isinstance(given, str):
        given = [part.strip() for part in given[: MAX_PATH * MAX_PATTERNS].split(",") if part.strip()]
    if given is None:
        return ()
    if not isinstance(given, list | tuple) or len(given) > MAX_PATTERNS:
        fields.wrong(name, f"Must be a list of at most {MAX_PATTERNS} patterns")
        return ()
    found: dict[_Pattern, None] = {}
    for pattern in given:
        keeps = isinstance(pattern, str) and pattern.startswith("+")
        steps = _steps(pattern[1:] if isinstance(pattern, str) and pattern[:1] in ("+", "-") else pattern)
        if steps:
            found[steps, keeps] = None
        elif name not in fields.errors:
            fields.wrong(name, "Must hold patterns such as -resources__0 or +title")
    if sum("*" in steps for steps, _ in found) > MAX_WILDCARDS:
        fields.wrong(name, f"Must not have more than {MAX_WILDCARDS} patterns with *")
    return tuple(found)


def _steps(path: Any) -> tuple[str, ...]:
    """Split a path; nothing where it is none."""
    if not isinstance(path, str) or text_misfit(path, MAX_PATH):
        return ()
    steps = tuple(path.split("__"))
    return steps if len(steps) <= MAX_STEPS and all(steps) else ()


def _json(value: Any) -> Any:
    """Forms send objects and lists as JSON in text."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _matches(found: Any, path: Sequence[str], wanted: Any) -> bool:
    try:
        for step in path:
            found = found[_place(found, step)]
    except _PathError:
        return False
    return _holds(found, wanted)


def _holds(found: Any, wanted: Any) -> bool:
    """Tell whether a value is the wanted one; of an object only the keys that are named, of a list only the entries given."""
    if isinstance(wanted, Mapping):
        paths = ((_steps(key), value) for key, value in wanted.items())
        return isinstance(found, Mapping | list) and all(path and _matches(found, path, value) for path, value in paths)
    if isinstance(wanted, list):
        short = isinstance(found, list) and len(wanted) <= len(found)
        return short and all(_holds(one, other) for one, other in zip(found, wanted, strict=False))
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def _place(holder: Any, step: str) -> Any:
    """Give the key or position that a step means in an object or a list."""
    if isinstance(holder, Mapping):
        if step not in holder:
            raise _PathError(f"there is no {step[:80]}")
        return step
    if not isinstance(holder, list):
        raise _PathError(f"nothing can be inside {step[:80]}")
    if _POSITION.fullmatch(step) and -len(holder) <= int(step) < len(holder):
        return int(step) % len(holder)
    if len(step) >= SHORTEST_ID:
        places = [place for place, item in enumerate(holder) if _has_id(item, step)]
        if len(places) == 1:
            return places[0]
        if places:
            raise _PathError(f"several ids begin with {step}")
    raise _PathError(f"there is no entry {step[:80]}")


def _has_id(item: Any, beginning: str) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("id"), str) and item["id"].startswith(beginning.lower())


def _set(holder: Any, path: Sequence[str], value: Any) -> None:
    """Put a value at the end of a path; objects and lists are merged into what stands there."""
    if path[-1] == "extend":
        _extend(holder, path[:-1], value)
        return
    for step in path[:-1]:
        holder = holder[_place(holder, step)]
    step = path[-1]
    if isinstance(holder, dict):
        holder[step] = _merged(holder.get(step), value)
    elif isinstance(holder, list) and step == str(len(holder)):
        holder.append(value)
    else:
        place = _place(holder, step)
        holder[place] = _merged(holder[place], value)


def _extend(holder: Any, path: Sequence[str], value: Any) -> None:
    for step in path[:-1]:
        holder = holder[_place(holder, step)]
    if path and isinstance(holder, dict):
        holder.setdefault(path[-1], [])
    target = holder[_place(holder, path[-1])] if path else holder
    if not isinstance(target, list) or not isinstance(value, list):
        raise _PathError("only a list can be extended, by a list")
    target.extend(value)


def _merged(old: Any, new: Any) -> Any:
    """Merge objects key by key, whose keys may be paths, and lists entry by entry; anything else takes the place of what was."""
    if isinstance(old, dict | list) and isinstance(new, Mapping):
        for key, value in new.items():
            steps = _steps(key)
            if not steps:
                raise _PathError("a key is no path")
            _set(old, steps, value)
        return old
    if isinstance(old, list) and isinstance(new, list):
        merged = [_merged(one, other) for one, other in zip(old, new, strict=False)]
        return [*merged, *old[len(new) :], *new[len(old) :]]
    return new


def _filtered(value: Mapping[str, Any], patterns: _Patterns) -> dict[str, Any]:
    """Copy an object without what the patterns remove."""
    kept = _survivors(dict(value), patterns, False)
    return kept if isinstance(kept, dict) else {}


_GONE = object()


def _survivors(value: Any, patterns: _Patterns, removed: bool) -> Any:
    """Copy a value without what is removed. Patterns count from here; one without steps left decides about the whole value."""
    for position, (steps, keeps) in enumerate(patterns):
        if not steps:
            # Only earlier patterns, which are more exact, still have a say.
            patterns, removed = patterns[:position], not keeps
            break
    if not patterns or not isinstance(value, dict | list):
        return _GONE if removed else copy.deepcopy(value)
    below = _by_place(value, patterns)
    everywhere = below.get("*", {})
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    copies = ((key, _survivors(item, _in_order(below.get((key,), {}), everywhere), removed)) for key, item in entries)
    kept = [(key, item) for key, item in copies if item is not _GONE]
    if removed and not kept:
        return _GONE
    return dict(kept) if isinstance(value, dict) else [item for _, item in kept]


def _by_place(holder: Any, patterns: _Patterns) -> dict[Any, dict[int, _Pattern]]:
    """Sort patterns by the entry they go on in, (key,) or * for every one, with their number; their first step is done."""
    below: dict[Any, dict[int, _Pattern]] = {}
    for number, (steps, keeps) in enumerate(patterns):
        try:
            place = "*" if steps[0] == "*" else (_place(holder, steps[0]),)
        except _PathError:
            continue
        below.setdefault(place, {})[number] = (steps[1:], keeps)
    return below


def _in_order(here: dict[int, _Pattern], everywhere: dict[int, _Pattern]) -> _Patterns:
    return tuple(pattern for _, pattern in sorted((here | everywhere).items())) if here or everywhere else ()
