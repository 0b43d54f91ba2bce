"""Assembles what the public sees of one dataset: layers, checks and decisions go in, names and renditions come out of it later. Pure."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from catalog import derived_files, publication
from catalog.config import City
from catalog.derived_files import SHA256, DerivedTable, Unmapped
from catalog.desk_types import Resource, Written
from catalog.layers import Layered, Origin, layered
from catalog.overlay import Edit
from catalog.policy import Policies
from catalog.public import FileState, PublicDataset, PublicFile, Reason
from catalog.publication import FileFacts
from dcat import fit, naming, references
from dcat.message import Message
from dcat.model import Agent, Checksum, Dataset, Distribution, Problem, Text
from dcat.vocabularies import NON_PUBLIC
from harvesters import places
from harvesters.dropped_file import file_name
from harvesters.source import Source
from validators import schemas
from validators.schemas import TableSchema

# Raised whenever the same input would be assembled differently: every source is then assembled anew.
VERSION = 6

# Addresses that are fetched: what stands behind them must not change.
_ADDRESSES = frozenset({"access_url", "download_url", "endpoint_url", "endpoint_description"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What a source said of one dataset, what a steward put over it, and what we call it."""

    id: str
    name: str
    remote_id: str
    dataset: Dataset
    published_at: str
    modified_at: str
    edits: tuple[Edit, ...] = ()
    written: Written | None = None
    """how it was written at the desk; None for what was harvested"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the last check of one file found; `report` is the short report shown on pages, `hidden` the same without cells.

    `newer` is the report of a newer version that is worse, while the last good one stays. `table` and `csv` are the copies of the
    accepted table, `derived` is the one that a mapping made of it, `unmapped` why its last attempt made none.
    """

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
    newer: dict[str, Any] | None = None
    table: str = ""
    csv: str = ""
    derived: DerivedTable | None = None
    unmapped: Unmapped | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for all datasets of one source.

    `ours` tells that its files become public through us only, `local` that what names no place is about the city.
    """

    source: Source
    city: City
    organization: str
    organization_title: str
    ours: bool
    local: bool
    policies: Policies
    site_url: str
    publishers: Mapping[str, Agent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAddress:
    """A distribution's data file as the source names it; a table derived from one has no address at the source.

    `ours` tells that it becomes public through us only.
    """

    id: str
    position: int
    url: str
    name: str
    schema_id: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Assembled:
    """One dataset ready to be rendered, with what was left out of it and where each field comes from."""

    shown: PublicDataset
    layers: Layered
    problems: tuple[Problem, ...]
    addresses: tuple[FileAddress, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """URIs that this dataset names and another one describes, each with the page of that one."""

    pages: Mapping[str, str] = field(default_factory=dict)


ALONE = Surroundings()


def assemble(
    upstream: Upstream, setting: Setting, checks: Mapping[str, Checked], surroundings: Surroundings = ALONE
) -> Assembled:
    """Assemble one dataset; `checks` holds what is known of its files by distribution id."""
    layers = layered(
        upstream.dataset,
        setting.source,
        setting.city,
        ours=setting.local,
        edits=upstream.edits,
        publishers=setting.publishers,
    )
    fitted = fit.fit(layers.dataset)
    withheld = setting.policies.dataset(setting.source.id, upstream.remote_id)
    named_files = addresses(upstream.id, fitted.dataset, setting.source, ours=setting.ours, written=upstream.written)
    files = tuple(
        _file(address, distribution, upstream, setting, checks.get(address.id, Checked()), withheld)
        for address, distribution in zip(named_files, fitted.dataset.distribution, strict=True)
    )
    made = _derived_files(files, len(named_files), upstream, setting, checks)
    files = (*files, *(file for _, file in made))
    visible = [file for file in files if file.state.visible]
    dataset = replace(
        fitted.dataset,
        distribution=tuple(file.distribution for file in visible),
        modified=fitted.dataset.modified or max((file.distribution.modified for file in visible), default=""),
    )
    told = tuple(
        derived_files.provenance(file, checks[file.derived_from].derived, setting.site_url) for _, file in made
    )
    dataset = replace(dataset, provenance=(*dataset.provenance, *told)) if told else dataset
    named_files = (*named_files, *(address for address, _ in made))
    if samples := _samples(named_files):
        dataset = _sampled(dataset, samples)
        layers = replace(layers, origins=(*layers.origins, Origin("references", "computed", "sample-dataset")))
    if withheld or (files and not visible):
        dataset = _kept_back(dataset, withheld or files[0].reason)
    dataset = _apart(dataset, surroundings.pages)
    ids = tuple(file.id for file in visible)
    dataset = naming.named(dataset, setting.site_url, upstream.id, ids, surroundings.pages)
    if not dataset.identifier:
        # Portals find the same dataset by its identifier, whichever way it comes.
        dataset = replace(dataset, identifier=(dataset.uri,))
        layers = replace(layers, origins=(*layers.origins, Origin("identifier", "computed", "own-identifier")))
    named = {file.id: distribution for file, distribution in zip(visible, dataset.distribution, strict=True)}
    shown = PublicDataset(
        id=upstream.id,
        name=upstream.name,
        city=setting.city.slug,
        organization=setting.organization,
        organization_title=setting.organization_title,
        source=setting.source.id,
        remote_id=upstream.remote_id,
        dataset=dataset,
        files=tuple(replace(file, distribution=named.get(file.id, file.distribution)) for file in files),
        withheld=withheld,
        published_at=upstream.published_at,
        modified_at=upstream.modified_at,
        written=upstream.written.document if upstream.written else None,
    )
    return Assembled(shown, layers, fitted.problems, named_files)


def _samples(files: tuple[FileAddress, ...]) -> tuple[TableSchema, ...]:
    """Find the shared schemas of a dataset's tables that have a sample dataset in the Musterdatenkatalog."""
    found = (
        schemas.load(schema_id)
        for schema_id in dict.fromkeys(file.schema_id for file in files)
        if schema_id in schemas.IDS
    )
    return tuple(schema for schema in found if schema.sample)


def _sampled(dataset: Dataset, samples: tuple[TableSchema, ...]) -> Dataset:
    """Name the sample datasets and their keywords (DCAT-AP.de convention handbook 2.0): so the cities' datasets line up."""
    references = sorted({*dataset.references, *(schema.sample for schema in samples)})
    present = {text.value.casefold() for text in dataset.keyword}
    added = (Text(schema.title.de, "de") for schema in samples if schema.title.de.casefold() not in present)
    return replace(dataset, references=tuple(references), keyword=(*dataset.keyword, *added))


def links(dataset: Dataset) -> frozenset[str]:
    """Name the URIs that a dataset mentions, does not describe as its own, and another one may describe."""
    return frozenset(references.named(dataset)).difference(subjects(dataset))


def subjects(dataset: Dataset) -> tuple[str, ...]:
    """Name the URIs a dataset describes as its own, the dataset's first."""
    uris = (dataset.uri, *(one.uri for one in (*dataset.distribution, *dataset.sample)))
    return tuple(uri for uri in uris if uri)


def _apart(dataset: Dataset, pages: Mapping[str, str]) -> Dataset:
    """Keep datasets apart: no link in the description of one leads to the description of another (docs/decisions/0011).

    A harvester takes everything it can reach from a dataset for part of it. So a neighbour is named by its page, versions and
    sources are related resources, and a service does not list the datasets it serves.
    """

    def alone(distribution: Distribution) -> Distribution:
        services = tuple(replace(service, serves_dataset=()) for service in distribution.access_service)
        return replace(distribution, access_service=services)

    def rename(field_name: str, uri: str) -> str:
        if uri not in pages:
            return uri
        if field_name in _ADDRESSES:
            # The same address to whoever fetches it, and another name to whoever reads the description.
            return f"{uri}{'-' if '#' in uri else '#'}"
        return pages[uri]

    dataset = replace(
        dataset,
        relation=tuple(sorted({*dataset.relation, *dataset.has_version, *dataset.source})),
        has_version=(),
        source=(),
        distribution=tuple(map(alone, dataset.distribution)),
        sample=tuple(map(alone, dataset.sample)),
    )
    return references.renamed(dataset, rename) if pages else dataset


def _kept_back(dataset: Dataset, reason: Reason | None) -> Dataset:
    """Describe a dataset none of whose data can be had: the access right says so, and the description why."""
    said = dataset.description
    if reason is not None:
        basis = f" ({reason.legal_basis})" if reason.legal_basis else ""
        notes = {
            "de": f"Die Daten sind nicht veröffentlicht: {reason.text.de}{basis}",
            "en": f"The data are not published: {reason.text.en}{basis}",
        }
        said = tuple(
            Text(f"{text.value}\n\n{notes[text.lang]}", text.lang) if text.lang in notes else text for text in said
        )
        if not any(text.lang in notes for text in said):
            said = (*said, Text(notes["de"], "de"))
    basis_text = (Text(reason.legal_basis, "de"),) if reason and reason.legal_basis else dataset.legal_basis
    return replace(dataset, description=said, legal_basis=basis_text, access_rights=NON_PUBLIC, sample=())


def addresses(
    dataset_id: str, dataset: Dataset, source: Source, *, ours: bool = False, written: Written | None = None
) -> tuple[FileAddress, ...]:
    """Name the data files of a dataset's distributions: by their authors' ids at the desk, by derived ones elsewhere."""
    resources = written.resources if written else _derived_ids(dataset_id, dataset, source, ours=ours)
    named = []
    for position, (resource, distribution) in enumerate(zip(resources, dataset.distribution, strict=True)):
        url = [*distribution.download_url, *distribution.access_url, ""][0]
        name = file_name(url)
        named.append(
            FileAddress(
                id=resource.id,
                position=position,
                url=url,
                name=name,
                schema_id=resource.schema_id or _schema(name, source),
                ours=resource.uploaded,
            )
        )
    return tuple(named)


def _derived_ids(dataset_id: str, dataset: Dataset, source: Source, *, ours: bool) -> tuple[Resource, ...]:
    folder = places.home_folder(source.type, source.url)
    ids = naming.distribution_ids(dataset_id, dataset.distribution, folder, source.identity.distribution_id)
    return tuple(Resource(identity, uploaded=ours) for identity in ids)


def _file(
    address: FileAddress,
    distribution: Distribution,
    upstream: Upstream,
    setting: Setting,
    checked: Checked,
    withheld: Reason | None,
) -> PublicFile:
    steady = setting.source.identity.distribution_id
    decision = withheld or setting.policies.file(setting.source.id, upstream.remote_id, address.name, steady)
    facts = FileFacts(ours=address.ours, release=setting.source.release, outcome=checked.outcome, found=checked.found)
    state, reason = publication.decide(facts, decision)
    if checked.schema_id != address.schema_id:
        # A verdict by another schema says nothing about this one.
        checked = replace(checked, valid=None)
    if state.visible:
        distribution = _checked_distribution(distribution, address, upstream, setting, checked, state)
    else:
        # Nothing that leads to the data, or was made of them, leaves the house.
        distribution = replace(
            distribution,
            uri="",
            access_url=(),
            download_url=(),
            access_service=(),
            page=(),
            conforms_to=(),
            checksum=None,
            byte_size=None,
        )
    served = state.visible and checked.outcome == "ok"
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
        copy=checked.sha256 if served else "",
        newer=checked.newer if state.visible else None,
        table=checked.table if served else "",
        csv=checked.csv if served else "",
        unmapped=checked.unmapped.to_json() if served and checked.unmapped else None,
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
    url = derived_files.download(setting.site_url, upstream.id, address.id, address.name)
    return replace(
        distribution,
        uri="",
        access_url=(url,),
        download_url=(url,),
        byte_size=checked.size,
        checksum=Checksum(algorithm=SHA256, value=checked.sha256),
        modified=distribution.modified or checked.modified,
    )


def _derived_files(
    files: tuple[PublicFile, ...], place: int, upstream: Upstream, setting: Setting, checks: Mapping[str, Checked]
) -> tuple[tuple[FileAddress, PublicFile], ...]:
    """Put the tables that mappings made beside the files they were made from, as far as the public can get those."""
    made: list[tuple[FileAddress, PublicFile]] = []
    for original in files:
        checked = checks.get(original.id, Checked())
        state = publication.derived(original.state)
        if checked.derived is None or state is None or checked.outcome != "ok":
            continue
        if checked.derived.mapping != derived_files.mapping_name(setting.source, original.name):
            continue
        file = derived_files.shown(original, checked.derived, state, upstream.id, setting.site_url)
        if file is not None:
            position = place + len(made)
            address = FileAddress(id=file.id, position=position, url="", name=file.name, schema_id=file.schema_id)
            made.append((address, file))
    return tuple(made)


def _schema(name: str, source: Source) -> str:
    return next(
        (schema for pattern, schema in source.schemas if fnmatch.fnmatchcase(name.lower(), pattern.lower())), ""
    )
