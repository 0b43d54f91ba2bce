"""What the public may see of a dataset: made once at publication, stored as a rendition, read by pages and API. Nothing else is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from dcat import document
from dcat.message import Message
from dcat.model import Dataset, Distribution


class FileState(StrEnum):
    """Where a distribution stands on its way to the public."""

    LINKED = "linked"
    """already public at its source; we link it"""
    PUBLIC = "public"
    """our checked copy can be downloaded"""
    PENDING = "pending"
    """only we would make it public; its checks are not done"""
    HELD = "held"
    """a check keeps it back"""
    WITHHELD = "withheld"
    """a decision with a coded reason keeps it back"""

    @property
    def visible(self) -> bool:
        """Whether the public can get the data."""
        return self in (FileState.LINKED, FileState.PUBLIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is kept back: code and sentence, and for a decision its legal basis and review date."""

    code: str
    text: Message
    legal_basis: str = ""
    review_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFile:
    """One distribution as shown. `report` is the validation report's JSON, without any cell unless the file is visible."""

    id: str
    state: FileState
    distribution: Distribution
    name: str = ""
    reason: Reason | None = None
    schema_id: str = ""
    valid: bool | None = None
    sentence: Message | None = None
    report: dict[str, Any] | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    checked_at: str = ""
    copy: str = ""
    """the SHA-256 of our copy, where we keep one"""
    newer: dict[str, Any] | None = None
    """the report of a newer version that is worse: this one, the last good one, stays"""
    table: str = ""
    """the SHA-256 of the table's Parquet copy"""
    csv: str = ""
    """the SHA-256 of the table's CSV copy in its one form: UTF-8, comma, dot, ISO dates"""
    derived_from: str = ""
    """the id of the file that a mapping made this table from"""
    log: str = ""
    """the SHA-256 of the log of what the mapping changed"""
    unmapped: dict[str, Any] | None = None
    """why the last attempt to derive a table by a mapping made none: a sentence, and its report if there is one"""

    @property
    def served(self) -> bool:
        """Whether the data API gives out the rows of this file."""
        return bool(self.state.visible and self.copy and self.header)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDataset:
    """One dataset as shown. `dataset` is what is published as DCAT-AP.de: visible distributions only, every node named."""

    id: str
    name: str
    city: str
    organization: str
    organization_title: str
    source: str
    dataset: Dataset
    remote_id: str = ""
    """the dataset's id at its source"""
    files: tuple[PublicFile, ...] = ()
    withheld: Reason | None = None
    published_at: str = ""
    modified_at: str = ""
    written: Mapping[str, Any] | None = None
    """the document of a dataset written at the desk, in CKAN's words"""


def write(public: PublicDataset) -> bytes:
    """Write as JSON."""
    return orjson.dumps(
        {
            **{key: getattr(public, key) for key in _PLAIN},
            "dataset": document.write(public.dataset),
            "files": [_write_file(file) for file in public.files],
            "withheld": _write_reason(public.withheld),
            **({} if public.written is None else {"written": public.written}),
        }
    )


def differences(before: bytes, after: PublicDataset) -> tuple[str, ...]:
    """Name the fields that a new version shows differently; `files` stands for states, reports and previews of files."""
    old, new = orjson.loads(before), orjson.loads(write(after))
    fields = {
        f for f in old["dataset"].keys() | new["dataset"].keys() if old["dataset"].get(f) != new["dataset"].get(f)
    }
    fields |= {f for f in ("name", "files", "withheld", "organization_title") if old[f] != new[f]}
    if old.get("written") != new.get("written") and not fields:
        fields = {"extras"}
    return tuple(sorted(fields))


def read(body: bytes) -> PublicDataset:
    """Read back."""
    content = orjson.loads(body)
    return PublicDataset(
        **{key: content[key] for key in _PLAIN if key in content},
        dataset=document.read(content["dataset"]),
        files=tuple(_read_file(file) for file in content["files"]),
        withheld=_read_reason(content["withheld"]),
        written=content.get("written"),
    )


_PLAIN = (
    "id",
    "name",
    "city",
    "organization",
    "organization_title",
    "source",
    "remote_id",
    "published_at",
    "modified_at",
)


# Written only where there is something to write.
_OPTIONAL = ("newer", "table", "csv", "derived_from", "log", "unmapped")


def _write_file(file: PublicFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "state": file.state,
        "distribution": document.write_distribution(file.distribution),
        "name": file.name,
        "reason": _write_reason(file.reason),
        "schema_id": file.schema_id,
        "valid": file.valid,
        "sentence": _write_message(file.sentence),
        "report": file.report,
        "header": file.header,
        "rows": file.rows,
        "checked_at": file.checked_at,
        "copy": file.copy,
        **{key: value for key in _OPTIONAL if (value := getattr(file, key))},
    }


def _read_file(content: dict[str, Any]) -> PublicFile:
    return PublicFile(
        id=content["id"],
        state=FileState(content["state"]),
        distribution=document.read_distribution(content["distribution"]),
        name=content["name"],
        reason=_read_reason(content["reason"]),
        schema_id=content["schema_id"],
        valid=content["valid"],
        sentence=_read_message(content["sentence"]),
        report=content["report"],
        header=tuple(content["header"]),
        rows=tuple(tuple(row) for row in content["rows"]),
        checked_at=content["checked_at"],
        copy=content["copy"],
        **{key: content[key] for key in _OPTIONAL if key in content},
    )


def _write_message(message: Message | None) -> list[str] | None:
    return [message.de, message.en] if message else None


def _read_message(content: list[str] | None) -> Message | None:
    return Message(*content) if content else None


def _write_reason(reason: Reason | None) -> dict[str, Any] | None:
    if reason is None:
        return None
    return {
        "code": reason.code,
        "text": _write_message(reason.text),
        "legal_basis": reason.legal_basis,
        "review_by": reason.review_by,
    }


def _read_reason(content: dict[str, Any] | None) -> Reason | None:
    if content is None:
        return None
    return Reason(
        code=content["code"],
        text=Message(*content["text"]),
        legal_basis=content["legal_basis"],
        review_by=content["review_by"],
    )
