"""The table that a mapping made of a department's file, as it is shown beside that file: its own distribution, with its provenance."""

import fnmatch
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from catalog.public import FileState, PublicFile
from dcat import naming
from dcat.message import Message
from dcat.model import Checksum, Distribution, Provenance, Text
from dcat.texts import best
from harvesters.dropped_file import file_name
from harvesters.source import Source
from validators import schemas

SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
_CSV = "http://publications.europa.eu/resource/authority/file-type/CSV"
_TEXT_CSV = "https://www.iana.org/assignments/media-types/text/csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedTable:
    """The table that a mapping made of a file: by which mapping and when, its report and first rows, its bytes and copies, the log."""

    schema_id: str
    mapping: str
    at: str
    sentence: Message
    report: dict[str, Any]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    size: int
    sha256: str
    table: str
    csv: str
    log: str
    values: int
    changed_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """Why a mapping made no table that conforms: a sentence, and the report where there is one."""

    sentence: Message
    report: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Write for pages."""
        return {"sentence": [self.sentence.de, self.sentence.en], "report": self.report}


def mapping_name(source: Source, name: str) -> str:
    """Name the mapping file that a source's definition gives for a data file; empty when there is none."""
    patterns = ((file, pattern) for pattern, file in source.mappings)
    return next((file for file, pattern in patterns if fnmatch.fnmatchcase(name.lower(), pattern.lower())), "")


def shown(
    original: PublicFile, table: DerivedTable, state: FileState, dataset_id: str, site_url: str
) -> PublicFile | None:
    """Describe a derived table as a file of the dataset; None when its schema is no longer one of the shared ones."""
    if table.schema_id not in schemas.IDS:
        return None
    identity = naming.derived_id(original.id)
    name = f"{PurePosixPath(original.name).stem}_{table.schema_id}.csv"
    return PublicFile(
        id=identity,
        state=state,
        distribution=_distribution(original, table, download(site_url, dataset_id, identity, name), site_url),
        name=name,
        schema_id=table.schema_id,
        valid=True,
        sentence=table.sentence,
        report=table.report,
        header=table.header,
        rows=table.rows,
        checked_at=table.at,
        copy=table.sha256,
        table=table.table,
        csv=table.csv,
        derived_from=original.id,
        log=table.log,
    )


def provenance(file: PublicFile, table: DerivedTable | None, site_url: str) -> Provenance:
    """Say what a derived table was made from, by which mapping, and where every change is listed."""
    assert table is not None, "the file was made from it"
    log = f"{site_url}/api/data/{file.id}/changes"
    german = f"{file.name} ist aus einer Datei des Amtes mit der Zuordnung {table.mapping} entstanden; alle Änderungen: {log}"
    english = f"{file.name} was made from a file of the department by the mapping {table.mapping}; all changes: {log}"
    return Provenance(label=(Text(german, "de"), Text(english, "en")))


def download(site_url: str, dataset_id: str, file_id: str, name: str) -> str:
    """Give the address of our copy of a file."""
    return f"{site_url}/dataset/{dataset_id}/resource/{file_id}/download/{quoted(name)}"


def _distribution(original: PublicFile, table: DerivedTable, url: str, site_url: str) -> Distribution:
    source, schema = original.distribution, schemas.load(table.schema_id)
    titles = {text.lang: text.value for text in source.title}
    name = best(source.title) or original.name
    german = f"{titles.get('de', name)} (gemeinsames Schema {schema.title.de})"
    english = f"{titles.get('en', name)} (shared schema {schema.title.en})"
    about = (
        f"Aus der Datei {original.name} nach der Zuordnung {table.mapping} in das gemeinsame Schema überführt; die Datei des Amtes "
        f"bleibt daneben unverändert. Geänderte Werte: {table.values}, in {table.changed_rows} Zeilen.",
        f"Made from the file {original.name} by the mapping {table.mapping}, in the shared schema; the department's file stays "
        f"beside it unchanged. Values changed: {table.values}, in {table.changed_rows} rows.",
    )
    return replace(
        source,
        uri="",
        title=(Text(german, "de"), Text(english, "en")),
        description=(Text(about[0], "de"), Text(about[1], "en")),
        access_url=(url,),
        download_url=(url,),
        access_service=(),
        page=(),
        format=_CSV,
        media_type=_TEXT_CSV,
        compress_format="",
        package_format="",
        issued="",
        modified=table.at,
        byte_size=table.size,
        checksum=Checksum(algorithm=SHA256, value=table.sha256),
        conforms_to=(f"{site_url}/schema/{table.schema_id}",),
    )


def quoted(name: str) -> str:
    """Write a file name as part of an address."""
    from_name = file_name(name) or "datei"
    return "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "_" for c in from_name)
