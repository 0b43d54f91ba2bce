"""Assembles what the public sees of one dataset: layers, checks and decisions go in, names and renditions come out of it later. Pure."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog import publication
from catalog.config import City
from catalog.layers import Layered, layered
from catalog.policy import Policies
from catalog.public import FileState, PublicDataset, PublicFile, Reason
from catalog.publication import FileFacts
from dcat import fit, naming
from dcat.message import Message
from dcat.model import Checksum, Dataset, Distribution, Problem
from harvesters.dropped_file import file_name
from harvesters.source import Source

# Raised whenever the same input would be assembled differently: every source is then assembled anew.
VERSION = 3

SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
NON_PUBLIC = "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What a source said of one dataset, and what we call it."""

    id: str
    name: str
    remote_id: str
    dataset: Dataset
    published_at: str
    modified_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the last check of one file found; `report` is the short report shown on pages, `hidden` the same without cells."""

    outcome: str = ""
    found: Message | None = None
    valid: bool | None = None
    schema_id: str = ""
    sentence: Message | None = None
    report: dict[str, Any] | None = None
    hidden: dict[str, Any] | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    checked_at: str = ""
    modified: str = ""
    size: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for all datasets of one source."""

    source: Source
    city: City
    organization: str
    organization_title: str
    ours: bool
    policies: Policies
    site_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAddress:
    """A distribution's data file as the source names it."""

    id: str
    position: int
    url: str
    name: str
    schema_id: str


@dataclass(frozen=True, slots=True)
class Assembled:
    """One dataset ready to be rendered, with what was left out of it and where each field comes from."""

    shown: PublicDataset
    layers: Layered
    problems: tuple[Problem, ...]
    addresses: tuple[FileAddress, ...]


def assemble(upstream: Upstream, setting: Setting, checks: Mapping[str, Checked]) -> Assembled:
    """Assemble one dataset; `checks` holds what is known of its files by distribution id."""
    layers = layered(upstream.dataset, setting.source, setting.city, ours=setting.ours)
    fitted = fit.fit(layers.dataset)
    withheld = setting.policies.dataset(setting.source.id, upstream.remote_id)
    named_files = addresses(upstream.id, fitted.dataset, setting.source)
    files = tuple(
        _file(address, distribution, upstream, setting, checks.get(address.id, Checked()), withheld)
        for address, distribution in zip(named_files, fitted.dataset.distribution, strict=True)
    )
    visible = [file for file in files if file.state.visible]
    dataset = replace(
        fitted.dataset,
        distribution=tuple(file.distribution for file in visible),
        access_rights=NON_PUBLIC if withheld else fitted.dataset.access_rights,
        modified=fitted.dataset.modified or max((file.distribution.modified for file in visible), default=""),
    )
    dataset = naming.named(dataset, setting.site_url, upstream.id, tuple(file.id for file in visible))
    named = {file.id: distribution for file, distribution in zip(visible, dataset.distribution, strict=True)}
    shown = PublicDataset(
        id=upstream.id,
        name=upstream.name,
        city=setting.city.slug,
        organization=setting.organization,
        organization_title=setting.organization_title,
        source=setting.source.id,
        dataset=dataset,
        files=tuple(replace(file, distribution=named.get(file.id, file.distribution)) for file in files),
        withheld=withheld,
        published_at=upstream.published_at,
        modified_at=upstream.modified_at,
    )
    return Assembled(shown, layers, fitted.problems, named_files)


def addresses(dataset_id: str, dataset: Dataset, source: Source) -> tuple[FileAddress, ...]:
    """Name the data files of a dataset's distributions."""
    folder = source.url.rsplit("/", 1)[0] + "/"
    ids = naming.distribution_ids(dataset_id, dataset.distribution, folder)
    named = []
    for position, (identity, distribution) in enumerate(zip(ids, dataset.distribution, strict=True)):
        url = [*distribution.download_url, *distribution.access_url, ""][0]
        name = file_name(url)
        named.append(FileAddress(id=identity, position=position, url=url, name=name, schema_id=_schema(name, source)))
    return tuple(named)


def _file(
    address: FileAddress,
    distribution: Distribution,
    upstream: Upstream,
    setting: Setting,
    checked: Checked,
    withheld: Reason | None,
) -> PublicFile:
    decision = withheld or setting.policies.file(setting.source.id, upstream.remote_id, address.name)
    facts = FileFacts(ours=setting.ours, release=setting.source.release, outcome=checked.outcome, found=checked.found)
    state, reason = publication.decide(facts, decision)
    if checked.schema_id != address.schema_id:
        # A verdict by another schema says nothing about this one.
        checked = replace(checked, valid=None)
    if state.visible:
        distribution = _checked_distribution(distribution, address, upstream, setting, checked, state)
    else:
        # Nothing that leads to the data, or was made of them, leaves the house.
        distribution = replace(
            distribution, uri="", access_url=(), download_url=(), page=(), conforms_to=(), checksum=None, byte_size=None
        )
    return PublicFile(
        id=address.id,
        state=state,
        distribution=distribution,
        name=address.name,
        reason=reason,
        schema_id=address.schema_id,
        valid=checked.valid,
        sentence=checked.sentence if state.visible else reason.text if state is FileState.HELD and reason else None,
        report=checked.report if state.visible else checked.hidden if state is FileState.HELD else None,
        header=checked.header if state.visible else (),
        rows=checked.rows if state.visible else (),
        checked_at=checked.checked_at,
        copy=checked.sha256 if state.visible and checked.outcome == "ok" else "",
    )


def _checked_distribution(
    distribution: Distribution,
    address: FileAddress,
    upstream: Upstream,
    setting: Setting,
    checked: Checked,
    state: FileState,
) -> Distribution:
    if checked.valid and address.schema_id:
        schema = f"{setting.site_url}/schema/{address.schema_id}"
        distribution = replace(distribution, conforms_to=tuple(dict.fromkeys((*distribution.conforms_to, schema))))
    if state is not FileState.PUBLIC:
        return distribution
    # Our checked copy, so the address, size and checksum are ours too.
    url = f"{setting.site_url}/dataset/{upstream.id}/resource/{address.id}/download/{quoted(address.name)}"
    return replace(
        distribution,
        uri="",
        access_url=(url,),
        download_url=(url,),
        byte_size=checked.size,
        checksum=Checksum(algorithm=SHA256, value=checked.sha256),
        modified=distribution.modified or checked.modified,
    )


def quoted(name: str) -> str:
    """Write a file name as part of an address."""
    from_name = file_name(name) or "datei"
    return "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "_" for c in from_name)


def _schema(name: str, source: Source) -> str:
    return next(
        (schema for pattern, schema in source.schemas if fnmatch.fnmatchcase(name.lower(), pattern.lower())), ""
    )
