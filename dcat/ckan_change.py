"""What CKAN's writing actions make of a package document: replaced, merged, one of its resources added, changed or removed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dcat import ckan_package
from dcat.ckan_input import read_package, read_resource, within_limits
from dcat.ckan_package import PackageDocument, ResourceDocument
from dcat.ckan_values import JUNK, MAX_ENTRIES, Refused

# What a resource keeps where resource_update does not mention it.
_STEADY = ("id", "created")


def updated(before: PackageDocument, given: Any) -> PackageDocument | Refused:
    """Replace the document (`package_update`); `dcat.ckan_input.read_package` says what stays."""
    return read_package(given, before=before)


def patched(before: PackageDocument, given: Any) -> PackageDocument | Refused:
    """Merge the fields at the top (`package_patch`); a list that is given replaces the whole list."""
    if not isinstance(given, Mapping):
        return Refused({JUNK: ["Must be an object"]})
    return read_package({**ckan_package.write(before), **given}, before=before)


def resource_added(before: PackageDocument, given: Any) -> PackageDocument | Refused:
    """Add a resource at the end (`resource_create`). Errors are those of the resource."""
    resource = read_resource(given)
    if isinstance(resource, Refused):
        return resource
    if resource.id and before.resource(resource.id):
        return Refused({"id": ["Another resource has the same id"]})
    if len(before.resources) >= MAX_ENTRIES:
        return Refused({"package_id": [f"Must not have more than {MAX_ENTRIES} resources"]})
    return within_limits(replace(before, resources=(*before.resources, resource)))


def resource_updated(before: PackageDocument, resource_id: str, given: Any) -> PackageDocument | Refused:
    """Replace a resource of the document (`resource_update`); its id and when it was made stay."""
    return _resource_changed(before, resource_id, given, _STEADY)


def resource_patched(before: PackageDocument, resource_id: str, given: Any) -> PackageDocument | Refused:
    """Merge the fields of a resource of the document (`resource_patch`)."""
    return _resource_changed(before, resource_id, given, None)


def resource_removed(before: PackageDocument, resource_id: str) -> PackageDocument:
    """Take a resource out (`resource_delete`)."""
    return replace(before, resources=tuple(one for one in before.resources if one.id != resource_id))


def resources_reordered(before: PackageDocument, order: Any) -> PackageDocument | Refused:
    """Put the resources with these ids first, in this order (`package_resource_reorder`); the others follow as they were."""
    if (
        not isinstance(order, list | tuple)
        or len(order) > MAX_ENTRIES
        or not all(isinstance(one, str) for one in order)
    ):
        return Refused({"order": ["Must be a list of ids"]})
    if len(set(order)) != len(order):
        return Refused({"order": ["Must name each resource once"]})
    known = {one.id: one for one in before.resources}
    if missing := [one for one in order if one not in known]:
        return Refused({"order": [f"There is no resource {missing[0][:40]} in this dataset"]})
    rest = (one for one in before.resources if one.id not in set(order))
    return replace(before, resources=(*(known[one] for one in order), *rest))


def _resource_changed(
    before: PackageDocument, resource_id: str, given: Any, kept: tuple[str, ...] | None
) -> PackageDocument | Refused:
    was = before.resource(resource_id)
    assert was is not None, "the caller found the dataset by this resource"
    if not isinstance(given, Mapping):
        return Refused({JUNK: ["Must be an object"]})
    stored = ckan_package.write_resource(was)
    base = stored if kept is None else {name: stored[name] for name in kept}
    resource = read_resource({**base, **given, "id": was.id})
    if isinstance(resource, Refused):
        return resource
    return within_limits(replace(before, resources=tuple(_in_place(one, resource) for one in before.resources)))


def _in_place(one: ResourceDocument, changed: ResourceDocument) -> ResourceDocument:
    return changed if one.id == changed.id else one
