"""frictionless' verdict on a table: from the fast path where the table is large and it can, else from frictionless alone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from validators import columnar
from validators.blocks import Block
from validators.columnar import Verdict, count_errors, counted
from validators.layout import Reference
from validators.report import TableProfile
from validators.tables import HOSTILE, judge

# Below so many records, frictionless alone is as fast.
SMALL = 10_000


def verdict(
    path: Path,
    profile: TableProfile,
    descriptor: dict[str, Any],
    limit_errors: int,
    deadline: float,
    references: Mapping[str, Reference] | None = None,
    also: Callable[[Block], None] | None = None,
) -> Verdict:
    """Judge a readable table; whatever frictionless raises on hostile tables and schemas (`tables.HOSTILE`) comes through.

    `also` may be shown the blocks of a large table on the way; the verdict tells whether it was shown all.
    """
    if profile.records >= SMALL:
        fast = columnar.judge(path, profile, descriptor, limit_errors, deadline, references, also=also)
        if fast is not None:
            return fast
    raw, stopped = judge(path, profile, descriptor, limit_errors, deadline, references)
    if cut(raw) and not stopped:
        # frictionless stopped at the limit; the fast path counts the errors behind it too.
        fast = columnar.judge(path, profile, descriptor, limit_errors, deadline, references)
        if fast is not None:
            return Verdict(raw=raw, stopped=fast.stopped, counts=fast.counts, faulty_rows=fast.faulty_rows)
    below = below_header(errors(raw))
    return Verdict(
        raw=raw,
        stopped=stopped,
        counts=counted(count_errors(below)),
        faulty_rows=len({error["rowNumber"] for error in below}),
    )


def difference(
    path: Path,
    profile: TableProfile,
    descriptor: dict[str, Any],
    limit_errors: int,
    deadline: float,
    references: Mapping[str, Reference] | None = None,
) -> str:
    """Run both engines and say what differs besides the seconds; empty when nothing does or the fast path does not take the table."""
    try:
        plain, stopped = judge(path, profile, descriptor, limit_errors, deadline, references)
    except HOSTILE as error:
        plain, stopped = {"gave up": type(error).__name__}, False
    try:
        fast = columnar.judge(path, profile, descriptor, limit_errors, deadline, references)
    except HOSTILE as error:
        other: dict[str, Any] = {"gave up": type(error).__name__}
    else:
        if fast is None or fast.stopped or stopped:
            return ""
        other = fast.raw
    return "; ".join(_differences(_timeless(plain), _timeless(other), ""))


def errors(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All errors of a report of frictionless."""
    return [*raw["errors"], *(error for task in raw["tasks"] for error in task["errors"])]


def below_header(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pick the errors of rows and cells."""
    return [error for error in found if "#row" in error["tags"]]


def cut(raw: Mapping[str, Any]) -> bool:
    """Tell whether frictionless stopped at its limit of errors."""
    return any("limit" in warning for task in raw["tasks"] for warning in task["warnings"])


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _timeless(part) for key, part in value.items() if key != "seconds"}
    return [_timeless(part) for part in value] if isinstance(value, list) else value


def _differences(plain: Any, fast: Any, place: str) -> list[str]:
    """Name the first places that differ."""
    if plain == fast:
        return []
    if isinstance(plain, dict) and isinstance(fast, dict) and plain.keys() == fast.keys():
        return [line for key in plain for line in _differences(plain[key], fast[key], f"{place}/{key}")][:5]
    if isinstance(plain, list) and isinstance(fast, list) and len(plain) == len(fast):
        pairs = enumerate(zip(plain, fast, strict=True))
        return [line for number, pair in pairs for line in _differences(*pair, f"{place}/{number}")][:5]
    return [f"{place}: {str(plain)[:200]} != {str(fast)[:200]}"]
