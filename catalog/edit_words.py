"""What a steward types to edit a field, such as `keyword=Bäume` or `title@en=Trees`, read by the kinds of the profile table."""

import re
from collections.abc import Iterable
from typing import Any

import orjson
import pyoxigraph as ox

from catalog import overlay
from catalog.overlay import Edit
from dcat import document
from dcat.errors import ConfigError, UnreadableError
from dcat.kinds import Misfit, TextKind
from dcat.message import Message
from dcat.model import Dataset, Distribution
from dcat.profile import Property, profile
from dcat.vocabularies import concepts

_ENTRY = re.compile(r"(?P<field>[a-z_.]+)(@(?P<lang>[a-z]{2,3}))?=(?P<value>.*)", re.DOTALL)
_FILES = "distribution."


def edits(entries: Iterable[str]) -> tuple[Edit, ...]:
    """Read all entries; those of one field that takes several values come together. ConfigError names what is wrong."""
    given: dict[str, list[Any]] = {}
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise _error(
                f"„{entry[:80]}“ ist keine Angabe wie feld=Wert", f"“{entry[:80]}” is no entry such as field=value"
            )
        field, lang, text = found["field"], found["lang"] or "", found["value"].strip()
        given.setdefault(field, []).extend(_values(field, lang, text))
    return tuple(Edit(field, _whole(field, values)) for field, values in given.items())


def _property(field: str) -> Property:
    if field not in overlay.editable():
        known = ", ".join(overlay.editable())
        raise _error(
            f"Das Feld „{field}“ lässt sich nicht bearbeiten (möglich: {known})",
            f"The field “{field}” cannot be edited (possible: {known})",
        )
    name = field.removeprefix(_FILES)
    return profile()["Distribution" if name != field else "Dataset"].property(name)


def _values(field: str, lang: str, text: str) -> list[Any]:
    """Read the value of one entry: JSON of our documents where it looks so, else a word or a sentence."""
    prop = _property(field)
    if not text:
        return []
    if prop.kind is None or text[:1] in "[{":
        return _from_document(field, prop, text)
    if isinstance(prop.kind, TextKind):
        read = prop.kind.read(ox.Literal(text, language=lang or "de"), prop.vocabulary)
    else:
        known = concepts(prop.vocabulary, (text,)) if prop.vocabulary else ()
        term = ox.NamedNode(known[0]) if known and ":" in known[0] else ox.Literal(text)
        read = prop.kind.read(term, prop.vocabulary)
    if isinstance(read, Misfit):
        raise _error(f"{field}: {read.message.de.rstrip('.')}", f"{field}: {read.message.en.rstrip('.')}")
    return [read]


def _from_document(field: str, prop: Property, text: str) -> list[Any]:
    name = field.removeprefix(_FILES)
    try:
        stored = {name: orjson.loads(text)}
        node = document.read_distribution(stored) if name != field else document.read(stored)
    except (orjson.JSONDecodeError, UnreadableError) as error:
        raise _error(
            f"{field} erwartet einen Eintrag als JSON, wie dataset explain --json ihn zeigt ({error})",
            f"{field} expects an entry in JSON as dataset explain --json shows it ({error})",
        ) from error
    value = getattr(node, name)
    return list(value) if prop.many or isinstance(value, tuple) else [value]


def _whole(field: str, values: list[Any]) -> Any:
    prop = _property(field)
    empty = getattr(Distribution() if field.startswith(_FILES) else Dataset(), field.removeprefix(_FILES))
    if isinstance(empty, tuple):
        return tuple(values)
    if len(values) > 1:
        raise _error(f"{prop.field} nimmt nur einen Wert", f"{prop.field} takes one value only")
    return values[0] if values else empty


def _error(de: str, en: str) -> ConfigError:
    return ConfigError(Message(f"{de}. Beispiel: keyword=Bäume", f"{en}. Example: keyword=Bäume"))
