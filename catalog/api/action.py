"""The CKAN Action API: one dictionary from the name of an action to its function."""

from collections.abc import Mapping

from catalog.api.actions import datasets, datasets_write, resources_write
from catalog.api.actions.call import Action

CKAN_VERSION = "2.11.0"

ACTIONS: Mapping[str, Action] = {
    **datasets.ACTIONS,
    **datasets_write.ACTIONS,
    **resources_write.ACTIONS,
}
