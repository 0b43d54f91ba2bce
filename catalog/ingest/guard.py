"""The guard: holds a plan that would change more than a healthy source does. Pure; absence of proof is no proof of absence."""

from dataclasses import dataclass

from dcat.message import Message
from harvesters.source import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The sums of a run: every record seen is created, updated, unchanged or quarantined; missing ones were not seen."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    missing: int = 0
    removed: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the guard looks at: the sums, the live records before, how many ids changed under equal titles, newly quarantined ones.

    `complete` tells that the source was read to its end.
    """

    counts: Counts
    live: int
    complete: bool = True
    rekeyed: int = 0
    newly_quarantined: int = 0


def reasons(situation: Situation, limits: Guard) -> tuple[Message, ...]:
    """Say why a plan must wait for a steward; nothing when it may go ahead. Shares are of the live records before the run."""
    counts, live = situation.counts, situation.live
    if not live:
        return ()
    if counts.seen == 0 and situation.complete:
        return (
            Message(
                f"Die Quelle nennt keinen einzigen Datensatz; bisher waren es {live}.",
                f"The source names no dataset at all; there were {live} before.",
            ),
        )
    found = []
    if counts.missing > max(limits.removals_min, limits.removals * live):
        found.append(
            Message(
                f"{counts.missing} von {live} Datensätzen fehlen.", f"{counts.missing} of {live} datasets are missing."
            )
        )
    if counts.updated > limits.updates * live and counts.updated > limits.removals_min:
        found.append(
            Message(
                f"{counts.updated} von {live} Datensätzen würden geändert.",
                f"{counts.updated} of {live} datasets would be changed.",
            )
        )
    if situation.rekeyed > limits.rekeyed * live and situation.rekeyed > limits.removals_min:
        found.append(
            Message(
                f"{situation.rekeyed} von {live} Datensätzen haben bei gleichem Titel eine neue Kennung.",
                f"{situation.rekeyed} of {live} datasets have a new id under the same title.",
            )
        )
    if situation.newly_quarantined > limits.quarantined * live and situation.newly_quarantined > limits.removals_min:
        found.append(
            Message(
                f"{situation.newly_quarantined} Datensätze sind neu in Quarantäne.",
                f"{situation.newly_quarantined} datasets are newly in quarantine.",
            )
        )
    return tuple(found)
