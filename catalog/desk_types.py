"""What publishing needs to know of a dataset that was written at the desk. Pure."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """What the desk knows of one distribution beyond its description: its id, whether its file was uploaded here, its table schema."""

    id: str
    uploaded: bool = False
    schema_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a dataset was written at the desk: its resources in the order of its distributions, and the document in CKAN's words."""

    id: str
    name: str
    resources: tuple[Resource, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime.datetime
    modified_at: datetime.datetime
