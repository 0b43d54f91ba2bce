"""The gate at the door of the catalogue: what a source says must make a valid description, or it waits in quarantine with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catalog import desk_source
from catalog.config import City, Config
from catalog.layers import layered
from catalog.overlay import Edit
from dcat import fit
from dcat.message import Message
from dcat.model import Dataset
from harvesters.source import Source
from validators import metadata
from validators.report import Severity

# Says why the record with this id cannot be taken in as it is: a short code and a sentence; None when it can.
Judge = Callable[[str, str, Dataset], tuple[str, Message] | None]


@dataclass(frozen=True, slots=True)
class Allowances:
    """What a steward has done for records that are not complete: those let in, and edits, by id.

    A record is let in always (no hash), or as long as it says what it said (the hash of its document).
    """

    accepted: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)


NONE = Allowances()


def judge(config: Config, source: Source, allowances: Allowances = NONE) -> Judge:
    """Make the judge of one source's datasets: asked with a record's id, the hash of its document, and the dataset."""
    city = desk_source.city(config, source)
    ours = desk_source.covers_city(source, city)

    def verdict(remote_id: str, digest: str, dataset: Dataset) -> tuple[str, Message] | None:
        edits = allowances.edits.get(remote_id, ())
        refused = refusal(dataset, source, city, ours=ours, site_url=config.site_url, edits=edits)
        if refused and refused[0] == "profile" and allowances.accepted.get(remote_id) in ("", digest):
            return None
        return refused

    return verdict


def refusal(
    dataset: Dataset, source: Source, city: City, *, ours: bool, site_url: str, edits: tuple[Edit, ...] = ()
) -> tuple[str, Message] | None:
    """Say why a dataset cannot be taken in: our own come back, or what DCAT-AP.de demands is missing after all gaps are filled."""
    known_as = (dataset.uri, *dataset.identifier, *(other.notation for other in dataset.other_identifier))
    if any(name.startswith(f"{site_url}/dataset/") for name in known_as):
        return "echo", Message(
            "Das ist einer unserer eigenen Datensätze; er kommt nicht als neuer zurück.",
            "This is a dataset of our own; it does not come back as a new one.",
        )
    fitted = fit.fit(layered(dataset, source, city, ours=ours, edits=edits).dataset).dataset
    blocking = [finding for finding in metadata.check(fitted) if finding.severity is Severity.BLOCKS]
    if not blocking:
        return None
    first, more = blocking[0], len(blocking) - 1
    return "profile", Message(
        f"{first.what.de} {first.fix.de}" + (f" Dazu {more} weitere Befunde." if more else ""),
        f"{first.what.en} {first.fix.en}" + (f" And {more} more findings." if more else ""),
    )
