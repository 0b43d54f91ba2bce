"""The desk as a source: what is written here is published as everything is, by a definition that follows from its organisation."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import definitions
from catalog.config import City, Config
from catalog.instance import Instance
from catalog.layers import DESK
from catalog.models import Organization, SourceState
from dcat.model import Agent, Text
from harvesters.registry import HARVESTERS
from harvesters.source import Defaults, Source

_PREFIX = "desk-"
_NO_DESCRIPTION = (
    Text("Eine Beschreibung ist nicht angegeben.", "de"),
    Text("No description is given.", "en"),
)


def source_id(organization_id: str) -> str:
    """Name the source that an organisation's desk is."""
    return f"{_PREFIX}{organization_id}"


def is_desk(source: str) -> bool:
    """Tell whether a source's id is that of a desk."""
    return source.startswith(_PREFIX)


def definition(organization: Organization, config: Config) -> Source:
    """Define the desk of an organisation; the revision changes with everything that its datasets show of it."""
    shown = (organization.name, organization.title, organization.city, organization.description, organization.image_url)
    return Source(
        id=source_id(organization.id),
        city=organization.city,
        department=organization.title,
        type=DESK,
        url=config.site_url,
        release="at_once",
        defaults=Defaults(publisher=Agent(name=(Text(organization.title, "de"),)), description=_NO_DESCRIPTION),
        revision=hashlib.sha256("\n".join(shown).encode()).hexdigest(),
    )


def opened(instance: Instance) -> tuple[Source, ...]:
    """Define the desks of all organisations that have written something."""
    query = sa.select(Organization).join(SourceState, SourceState.organization_id == Organization.id)
    with instance.database.reading() as session:
        found = session.scalars(
            query.where(SourceState.id.startswith(_PREFIX, autoescape=True)).order_by(Organization.id)
        )
        return tuple(definition(organization, instance.config) for organization in found)


def with_desks(instance: Instance) -> dict[str, Source]:
    """Give every source that datasets may have, by id: those that are defined, and the desks."""
    defined = definitions.present(instance.config.sources).sources
    return {**defined, **{desk.id: desk for desk in opened(instance)}}


def find(instance: Instance, session: Session, wanted: str) -> Source:
    """Find a source by its id: one that is defined, or the desk of an organisation; NotFoundError names what there is."""
    if is_desk(wanted) and (organization := session.get(Organization, wanted.removeprefix(_PREFIX))):
        return definition(organization, instance.config)
    (found,) = instance.sources((wanted,))
    return found


def city(config: Config, source: Source) -> City:
    """Find the city of a source; an organisation founded here need not belong to one, and is then its own place."""
    if source.type == DESK:
        return config.find_city(source.city) or City(source.city, source.department, "")
    return config.city(source.city)


def publishes_files(source: Source) -> bool:
    """Tell whether a source's files become public through us only; at the desk each file tells for itself."""
    return source.type != DESK and HARVESTERS[source.type].publishes_files


def covers_city(source: Source, place: City) -> bool:
    """Tell whether what a source says without naming a place is about its city."""
    return bool(place.ags) and (source.type == DESK or HARVESTERS[source.type].publishes_files)
