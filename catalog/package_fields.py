"""The fields of a dataset as stewards write them, in YAML, in tables and as words: brought to the arguments of CKAN's actions. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dcat.errors import ConfigError
from dcat.message import Message
from dcat.printable import one_line

TEXTS = (
    *("name", "title", "notes", "license_id", "url", "version"),
    *("author", "author_email", "maintainer", "maintainer_email"),
)
FIELDS = (*TEXTS, "organization", "tags", "groups", "private")
EXTRA = "extras."
# What the fields are called elsewhere: in DCAT, in German tables.
OTHER_NAMES = {
    "description": "notes",
    "beschreibung": "notes",
    "titel": "title",
    "license": "license_id",
    "lizenz": "license_id",
    "keyword": "tags",
    "keywords": "tags",
    "tag": "tags",
    "schlagwort": "tags",
    "schlagwörter": "tags",
    "theme": "groups",
    "thema": "groups",
    "themen": "groups",
    "group": "groups",
    "gruppe": "groups",
    "gruppen": "groups",
    "kategorie": "groups",
    "kategorien": "groups",
    "org": "organization",
    "owner_org": "organization",
    "organisation": "organization",
    "resource": "resources",
    "dateien": "resources",
    "contact": "maintainer",
    "contact_email": "maintainer_email",
    "kontakt": "maintainer",
    "kontakt_email": "maintainer_email",
}
_TRANSLATED = ("title", "notes")
_LIST = re.compile(r"[,;\n]")
_YES = ("true", "1", "yes", "ja", "x")
_NO = ("false", "0", "no", "nein", "")
_LONGEST_KEY = 100


def field_of(name: str) -> str:
    """Find the field that a name means, such as `lizenz`; ConfigError lists the fields when there is none."""
    name = name.strip()
    lowered = name.lower()
    if lowered.startswith(EXTRA) and len(name) > len(EXTRA):
        return EXTRA + name[len(EXTRA) :]
    found = OTHER_NAMES.get(lowered, lowered)
    base, at, language = found.partition("@")
    base = OTHER_NAMES.get(base, base)
    if found in (*FIELDS, "resources", "extras") or (at and language and base in _TRANSLATED):
        return f"{base}{at}{language}"
    known = ", ".join((*FIELDS, "resources", f"{EXTRA}…"))
    shown = one_line(name, _LONGEST_KEY)
    raise ConfigError(
        Message(
            f"Ein Feld „{shown}“ gibt es nicht (möglich: {known})", f"There is no field “{shown}” (possible: {known})"
        )
    )


def arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Bring what a steward wrote to the arguments of `package_create`; ConfigError names what cannot be understood.

    Lists may be texts with commas, extras `extras.KEY`, translations `title@en` or a mapping from language to text.
    """
    found: dict[str, Any] = {}
    extras: dict[str, str] = {}
    for name, value in given.items():
        field = field_of(str(name))
        base, _, language = field.partition("@")
        if field.startswith(EXTRA):
            extras[field[len(EXTRA) :]] = _text(field, value)
        elif field == "extras":
            extras |= {str(key): _text(str(key), one) for key, one in _pairs(value)}
        elif language:
            found.setdefault(f"{base}_translated", {})[language] = _text(field, value)
        elif field in _TRANSLATED and isinstance(value, Mapping):
            found[f"{field}_translated"] = {str(key): _text(field, one) for key, one in value.items()}
            found[field] = _text(field, value.get("de") or next(iter(value.values()), ""))
        else:
            found[_argument(field)] = _value(field, value)
    if extras:
        found["extras"] = [{"key": key, "value": value} for key, value in extras.items()]
    return found


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Put arguments over each other, the last on top; keywords, groups and extras come together, extras by their key."""
    found: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if name in ("tags", "groups"):
                found[name] = list({one["name"]: one for one in (*found.get(name, ()), *value)}.values())
            elif name == "extras":
                found[name] = list({one["key"]: one for one in (*found.get(name, ()), *value)}.values())
            elif name.endswith("_translated"):
                found[name] = {**found.get(name, {}), **value}
            else:
                found[name] = value
    return found


def words(text: str) -> list[str]:
    """Cut a list that stands in one text: commas, semicolons or lines between."""
    return list(dict.fromkeys(filter(None, (word.strip() for word in _LIST.split(text)))))


def flag(field: str, value: Any) -> bool:
    """Read yes or no."""
    word = str(value).strip().lower()
    if word not in _YES + _NO:
        raise ConfigError(
            Message(f"{field}: ja oder nein, nicht „{word[:50]}“", f"{field}: yes or no, not “{word[:50]}”")
        )
    return word in _YES


def _argument(field: str) -> str:
    return "owner_org" if field == "organization" else field


def _value(field: str, value: Any) -> Any:
    if field in ("tags", "groups"):
        items = words(value) if isinstance(value, str) else [] if value is None else value
        return [{"name": _text(field, one)} for one in _listed(field, items)]
    if field == "resources":
        items = value.split() if isinstance(value, str) else [] if value is None else value
        return [_resource(one) for one in _listed(field, items)]
    if field == "private":
        return flag(field, value)
    return _text(field, value)


def _resource(value: Any) -> dict[str, Any]:
    """Read a resource: an address or file by itself, or a mapping with `url` or `file` and further fields."""
    if isinstance(value, str):
        return {"url": value} if "://" in value else {"file": value}
    if not isinstance(value, Mapping):
        raise _misread("resources")
    return {str(key): one for key, one in value.items()}


def _listed(field: str, value: Any) -> Iterable[Any]:
    if isinstance(value, list | tuple):
        return value
    raise _misread(field)


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list) and all(isinstance(one, Mapping) and "key" in one for one in value):
        return [(one["key"], one.get("value", "")) for one in value]
    raise _misread("extras")


def _text(field: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise _misread(field)
    return str(value)


def _misread(field: str) -> ConfigError:
    shown = one_line(field, _LONGEST_KEY)
    return ConfigError(
        Message(
            f"Die Angabe zu „{shown}“ hat die falsche Form. Nächster Schritt: offenbar dataset show NAME --json zeigt, wie sie aussieht",
            f"What is given for “{shown}” has the wrong form. Next step: offenbar dataset show NAME --json shows how it looks",
        )
    )
