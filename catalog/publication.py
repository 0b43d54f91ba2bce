"""The decision: what of a dataset the public gets. Metadata always; data by default, unless a coded decision or a red check says no. Pure."""

from dataclasses import dataclass

from catalog.public import FileState, Reason
from dcat.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of one file when the decision is taken.

    `ours` means that only we would make it public; `release` is the source's word (at_once, or empty for a later decision);
    `outcome` is the last check's: empty (none yet), ok, private, unreadable, unscanned, unreachable.
    """

    ours: bool
    release: str
    outcome: str
    found: Message | None = None


NOT_CHECKED = Reason(
    code="pending",
    text=Message("Die Datei wird noch geprüft.", "The file is still being checked."),
)
NOT_RELEASED = Reason(
    code="not-released",
    text=Message(
        "Die Datei ist geprüft, aber noch nicht freigegeben.",
        "The file has been checked but has not been released yet.",
    ),
)
# Without the address: where a department keeps what only we would publish is its own affair.
NOT_FETCHED = Reason(
    code="unreachable",
    text=Message(
        "Die Datei ist bei der Stelle zurzeit nicht abrufbar.", "The department's file cannot be fetched at present."
    ),
)


def derived(original: FileState) -> FileState | None:
    """Decide where a table made from a file stands: public as soon as the public can get the original, and not there before."""
    return FileState.PUBLIC if original.visible else None


def decide(facts: FileFacts, decision: Reason | None) -> tuple[FileState, Reason | None]:
    """Decide where a file stands: a coded decision comes first, then its checks, then the source's release."""
    if decision is not None:
        return FileState.WITHHELD, decision
    if not facts.ours:
        return FileState.LINKED, None
    if facts.outcome == "":
        return FileState.PENDING, NOT_CHECKED
    if facts.outcome == "unreachable":
        return FileState.HELD, NOT_FETCHED
    if facts.outcome != "ok":
        text = facts.found or Message("Die Prüfung ist nicht bestanden.", "The check was not passed.")
        return FileState.HELD, Reason(code=facts.outcome, text=text)
    if facts.release != "at_once":
        return FileState.PENDING, NOT_RELEASED
    return FileState.PUBLIC, None
