"""The concept a spelling of the world means, beyond what the tables themselves know: other lists, parameters, file types."""

import functools
import re
from collections import Counter
from collections.abc import Mapping

from dcat.iri import MAX_LENGTH
from dcat.vocabularies import Concept, vocabulary

# Lists of others whose addresses end in a code that ours know.
_OTHER_LISTS = re.compile(
    r"^https?://(www\.)?(id\.loc\.gov/vocabulary/iso639-[12]|lexvo\.org/id/iso639-[13]|purl\.org/cld/freq"
    r"|purl\.org/net/mediatypes|inspire\.ec\.europa\.eu/(media-types|metadata-codelist/MaintenanceFrequency)"
    r"|iana\.org/assignments/media-types|dcat-ap\.de/def/fileTypes)/",
    re.IGNORECASE,
)
_PARAMETERS = re.compile(r"\s*;\s*[\w-]+\s*=.*$", re.DOTALL)
# RFC 5646: script and region narrow a language down, which the list does not.
_LANGUAGE_TAG = re.compile(r"([A-Za-z]{2,3})([-_][A-Z][a-z]{3})?([-_]([A-Za-z]{2}|\d{3}))?")
_LICENCE_PAGE = re.compile(r"(?<=.)/(deed|legalcode)(\.[a-zA-Z_-]+)?/?$")


def has_parameters(value: str) -> bool:
    """Tell whether parameters follow, as in `text/csv; charset=utf-8`; the vocabularies know none."""
    return ";" in value and _PARAMETERS.search(value.strip()) is not None


@functools.lru_cache(maxsize=20_000)
def find(value: str, vocabulary_name: str) -> Concept | None:
    """Find the concept a spelling means: as it stands, else without what others put around the code."""
    table = vocabulary(vocabulary_name)
    if concept := table.find(value):
        return concept
    if len(value) > MAX_LENGTH:
        return None
    core = _OTHER_LISTS.sub("", _PARAMETERS.sub("", value.strip())).rstrip("#/").lstrip("*")
    if vocabulary_name == "license":
        core = _LICENCE_PAGE.sub("", core)
    if vocabulary_name == "language" and (tag := _LANGUAGE_TAG.fullmatch(core)):
        core = tag[1]
    return table.find(core) or _by_file_type(core, vocabulary_name)


def _by_file_type(value: str, vocabulary_name: str) -> Concept | None:
    """Find a media type by the name of a file type, and the other way round where only one file type has it."""
    if vocabulary_name == "format":
        return _formats().get(value.casefold())
    file_type = vocabulary("format").find(value) if vocabulary_name == "media-type" else None
    return vocabulary("media-type").find(file_type.extra["media_type"]) if file_type else None


@functools.cache
def _formats() -> Mapping[str, Concept]:
    concepts = vocabulary("format").concepts.values()
    shared = Counter(concept.extra["media_type"] for concept in concepts)
    return {media_type: one for one in concepts if shared[media_type := one.extra["media_type"]] == 1 and media_type}
