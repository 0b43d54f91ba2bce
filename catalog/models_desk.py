"""The tables of what is written here and not harvested: datasets, their files and tables, groups, vocabularies of keywords.

Public is of it only what is published through catalog/store.py.
"""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from catalog.db import Base
from catalog.models import BigKey
from dcat.states import ACTIVE


class DeskDataset(Base):
    """A dataset written at this catalogue's own desk, public or not: drafts, private and deleted ones too.

    `document` is what its authors wrote, in CKAN's words (dcat/ckan_input.py). `version` counts its changes: whoever writes names the
    one that was read, so that no change is lost.
    """

    __tablename__ = "desk_dataset"
    __table_args__ = (sa.Index("desk_dataset_of", "organization_id", "state"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    organization_id: Mapped[str] = mapped_column(sa.ForeignKey("organization.id"))
    creator_id: Mapped[str] = mapped_column(sa.String(36), default="", index=True)
    state: Mapped[str] = mapped_column(sa.String(20))
    """active, draft or deleted"""
    private: Mapped[bool]
    kind: Mapped[str] = mapped_column(sa.String(100), default="dataset")
    document: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime.datetime]
    modified_at: Mapped[datetime.datetime]


class DeskResource(Base):
    """To which dataset a resource belongs; `sha256` is its uploaded file in the file store, empty for one that is only linked."""

    __tablename__ = "desk_resource"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("desk_dataset.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    name: Mapped[str] = mapped_column(default="")
    size: Mapped[int | None] = mapped_column(BigKey)
    uploaded_at: Mapped[datetime.datetime | None]


class DeskTable(Base):
    """A table that a program wrote into a resource, row by row: its columns, its key, and its rows as Parquet in the file store."""

    __tablename__ = "desk_table"

    resource_id: Mapped[str] = mapped_column(sa.ForeignKey("desk_resource.id", ondelete="CASCADE"), primary_key=True)
    columns: Mapped[list[Any]]
    key: Mapped[list[Any]]
    aliases: Mapped[list[Any]]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    rows: Mapped[int] = mapped_column(BigKey)
    version: Mapped[int]
    modified_at: Mapped[datetime.datetime]


class Group(Base):
    """A choice of datasets across departments. `theme` is the code of the EU data theme that it stands for, if it does."""

    __tablename__ = "dataset_group"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    image_url: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(sa.String(20), default=ACTIVE)
    kind: Mapped[str] = mapped_column(sa.String(100), default="group")
    theme: Mapped[str] = mapped_column(sa.String(10), default="")
    extras: Mapped[list[Any]]
    created_at: Mapped[datetime.datetime]


class ResourceView(Base):
    """A view of a resource that a client of CKAN's API keeps here; `document` is what it wrote. The pages make their views themselves."""

    __tablename__ = "resource_view"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    resource_id: Mapped[str] = mapped_column(sa.ForeignKey("desk_resource.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(100))
    document: Mapped[dict[str, Any]]


class Relationship(Base):
    """A relationship between two datasets of the desk as CKAN names them, such as child_of; the reverse is not kept."""

    __tablename__ = "dataset_relationship"

    subject_id: Mapped[str] = mapped_column(sa.ForeignKey("desk_dataset.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    object_id: Mapped[str] = mapped_column(
        sa.ForeignKey("desk_dataset.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    comment: Mapped[str]


class PluginData(Base):
    """What programs of the administrators keep with a dataset; nobody else sees it."""

    __tablename__ = "plugin_data"

    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("desk_dataset.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[dict[str, Any]]


class Nesting(Base):
    """To which group an organisation or another group belongs. What organisation one belongs to stands with the organisation."""

    __tablename__ = "nesting"

    below_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    above_id: Mapped[str] = mapped_column(
        sa.ForeignKey("dataset_group.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    capacity: Mapped[str] = mapped_column(sa.String(100))


class Picture(Base):
    """A picture that was uploaded for an organisation, a group or an account, which name it; its bytes lie in the file store."""

    __tablename__ = "picture"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    size: Mapped[int]
    uploaded_at: Mapped[datetime.datetime]


class TagVocabulary(Base):
    """A closed list of keywords with a name."""

    __tablename__ = "tag_vocabulary"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)


class VocabularyTag(Base):
    """A keyword of a closed list."""

    __tablename__ = "vocabulary_tag"
    __table_args__ = (sa.UniqueConstraint("vocabulary_id", "name"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    vocabulary_id: Mapped[str] = mapped_column(sa.ForeignKey("tag_vocabulary.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(100))


class SearchMiss(Base):
    """Words that a search found nothing for: the words, how often, when last. Nothing of who asked."""

    __tablename__ = "search_miss"

    words: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime.datetime] = mapped_column(index=True)


class DataRequest(Base):
    """Data that somebody wished for, as stewards write it down, and what became of the wish. Nothing of who asked.

    `words` are those of the search that found nothing, if the wish came from one; `dataset_id` is the public dataset that answers it.
    """

    __tablename__ = "data_request"
    __table_args__ = (sa.Index("data_request_in", "state", "changed_at"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    words: Mapped[str] = mapped_column(sa.String(200), index=True)
    state: Mapped[str] = mapped_column(sa.String(20))
    """open, planned, published or declined"""
    answer: Mapped[str] = mapped_column(sa.Text)
    dataset_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    created_at: Mapped[datetime.datetime]
    changed_at: Mapped[datetime.datetime]
