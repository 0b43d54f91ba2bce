"""The gate at the door of the catalogue: what a source says must make a valid description, or it waits in quarantine with the reason."""

from collections.abc import Callable, Collection

from catalog.config import City, Config
from catalog.layers import layered
from dcat import fit
from dcat.message import Message
from dcat.model import Dataset
from harvesters.registry import HARVESTERS
from harvesters.source import Source
from validators import metadata
from validators.report import Severity

# Says why the record with this id cannot be taken in as it is: a short code and a sentence; None when it can.
Judge = Callable[[str, Dataset], tuple[str, Message] | None]


def judge(config: Config, source: Source, accepted: Collection[str] = ()) -> Judge:
    """Make the judge of one source's datasets; those a steward has accepted for good pass with an incomplete description."""
    city, ours = config.city(source.city), HARVESTERS[source.type].publishes_files

    def verdict(remote_id: str, dataset: Dataset) -> tuple[str, Message] | None:
        refused = refusal(dataset, source, city, ours=ours, site_url=config.site_url)
        return None if refused and refused[0] == "profile" and remote_id in accepted else refused

    return verdict


def refusal(dataset: Dataset, source: Source, city: City, *, ours: bool, site_url: str) -> tuple[str, Message] | None:
    """Say why a dataset cannot be taken in: our own come back, or what DCAT-AP.de demands is missing after all gaps are filled."""
    if dataset.uri.startswith(f"{site_url}/dataset/"):
        return "echo", Message(
            "Das ist einer unserer eigenen Datensätze; er kommt nicht als neuer zurück.",
            "This is a dataset of our own; it does not come back as a new one.",
        )
    fitted = fit.fit(layered(dataset, source, city, ours=ours).dataset).dataset
    blocking = [finding for finding in metadata.check(fitted) if finding.severity is Severity.BLOCKS]
    if not blocking:
        return None
    first, more = blocking[0], len(blocking) - 1
    return "profile", Message(
        f"{first.what.de} {first.fix.de}" + (f" Dazu {more} weitere Befunde." if more else ""),
        f"{first.what.en} {first.fix.en}" + (f" And {more} more findings." if more else ""),
    )
