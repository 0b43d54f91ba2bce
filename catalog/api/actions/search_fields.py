"""What `fl` of `package_search` leaves of a dataset: single fields, as CKAN's search engine names and writes them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

# Everything: the dataset as it is.
ALL = "*"


def read(given: Sequence[str]) -> tuple[str, ...]:
    """Read the names: a list, or one text with commas or blanks between them; nothing means whole datasets."""
    names = tuple(dict.fromkeys(name for each in given for name in each.replace(",", " ").split()))
    return () if ALL in names else names


def chosen(package: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Give some fields of a dataset; those that it does not have are left out."""
    found = {name: _value(package, name) for name in names}
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def _value(package: Mapping[str, Any], name: str) -> Any:
    if name in _MADE:
        return _MADE[name](package)
    if name.startswith("extras_"):
        key = name.removeprefix("extras_")
        return next((each["value"] for each in package["extras"] if each["key"] == key), None)
    value = package.get(name)
    return None if isinstance(value, list | dict) else value


def _each(name: str, key: str) -> Callable[[Mapping[str, Any]], list[Any]]:
    return lambda package: [each[key] for each in package[name] if each.get(key)]


def _instant(name: str) -> Callable[[Mapping[str, Any]], str]:
    """Write a time as the search engine does: milliseconds, and the zone."""
    return lambda package: f"{package[name][:23]}Z"


def _whole(package: Mapping[str, Any]) -> str:
    return orjson.dumps(package).decode()


_MADE: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "tags": _each("tags", "name"),
    "groups": _each("groups", "name"),
    "organization": lambda package: (package["organization"] or {}).get("name"),
    "res_name": _each("resources", "name"),
    "res_description": _each("resources", "description"),
    "res_format": _each("resources", "format"),
    "res_url": _each("resources", "url"),
    "res_type": _each("resources", "resource_type"),
    "title_string": lambda package: package.get("title"),
    "license": lambda package: package.get("license_title"),
    "dataset_type": lambda package: package.get("type"),
    "capacity": lambda package: "private" if package.get("private") else "public",
    "entity_type": lambda package: "package",
    "metadata_created": _instant("metadata_created"),
    "metadata_modified": _instant("metadata_modified"),
    "data_dict": _whole,
    "validated_data_dict": _whole,
}
