"""Writes the values of JSON as the text of a table."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from validators.kind_findings import bad_json, nested
from validators.report import Finding
from validators.schemas import Field, TableSchema
from validators.text_table import RefusedError


class Cells:
    """Writes JSON values as text and remembers which columns hold more than plain values."""

    def __init__(self, labels: Iterable[str], schema: TableSchema | None) -> None:
        self.labels = list(labels)
        self.fields = [schema.field(label) if schema else None for label in self.labels]
        self.nested: dict[str, int] = {}

    def row(self, values: Mapping[str, Any]) -> list[str]:
        """Write one object as a row."""
        return [
            self._text(values.get(label), label, wanted) for label, wanted in zip(self.labels, self.fields, strict=True)
        ]

    def findings(self) -> list[Finding]:
        """Say which columns have nested values."""
        return [nested(list(self.nested), sum(self.nested.values()))] if self.nested else []

    def _text(self, value: Any, label: str, wanted: Field | None) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return wanted.truth(value) if wanted else "true" if value else "false"
        if isinstance(value, int | float):
            text = _number(value)
            return text.replace(".", wanted.mark) if wanted else text
        if not (wanted and wanted.type in ("array", "object", "geojson", "any")):
            self.nested[label] = self.nested.get(label, 0) + 1
        try:
            return orjson.dumps(value).decode()
        except TypeError as error:
            # Deeper than it writes; it reads more.
            raise RefusedError(bad_json(str(error))) from error


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    # 3.0 is a whole number in JSON as well as 3.
    return text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text
