"""The Table Schema document of a user: what frictionless would crash on, misread or ignore is put right here or refused with a sentence."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from dcat.errors import ConfigError
from validators.report import Severity
from validators.schema_faults import Fault, Faults, listed, missing_values, refuse_ignored, refuse_key, texts
from validators.schema_fields import field_of

MAX_FIELDS = 2000
MAX_FAULTS = 500
_MATCHES = ("exact", "equal")


def normalised(loaded: Any) -> dict[str, Any]:
    """Give the document with every key we rely on present and well formed, or raise ConfigError with the first reason not to."""
    document, faults = examined(loaded)
    for fault in faults:
        if fault.severity is Severity.BLOCKS:
            raise ConfigError(fault.message)
    return document


def examined(loaded: Any) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """Give the document as far as it can be put right, and all that is wrong with it."""
    faults = Faults()
    if not isinstance(loaded, dict):
        faults.refuse(
            "no-schema",
            "Die Schema-Datei ist kein JSON-Objekt. Beginnen Sie mit { und den Spalten unter „fields“.",
            "The schema file is not a JSON object. Begin with { and the columns under “fields”.",
        )
        return {}, tuple(faults)
    result = dict(loaded)
    given = loaded.get("fields")
    if not isinstance(given, list) or not given or len(given) > MAX_FIELDS:
        faults.refuse(
            "no-fields",
            f"Die Schema-Datei beschreibt keine Spalten: „fields“ muss eine Liste mit 1 bis {MAX_FIELDS} Einträgen sein.",
            f"The schema file describes no columns: “fields” must be a list with 1 to {MAX_FIELDS} entries.",
        )
        return {}, tuple(faults)
    refuse_ignored(loaded, ("uniqueKeys", "categories", "categoriesOrdered"), faults)
    if (match := loaded.get("fieldsMatch", "exact")) not in _MATCHES and match not in ([name] for name in _MATCHES):
        refuse_key("fieldsMatch", faults)
    result["fields"] = [field for entry in given if (field := field_of(entry, faults)) is not None]
    names = [field["name"] for field in result["fields"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.refuse(
            "doubled-field",
            f"Die Spalte „{name}“ steht zweimal im Schema. Benennen Sie eine um.",
            f"The column “{name}” occurs twice. Rename one of them.",
        )
    result["name"] = _name(loaded, faults)
    result["missingValues"] = missing_values(loaded.get("missingValues", [""]), faults)
    result["primaryKey"] = texts(loaded.get("primaryKey", []), "primaryKey", faults)
    result["foreignKeys"] = list(_foreign_keys(loaded.get("foreignKeys", []), set(names), faults))
    _known(result["primaryKey"], set(names), faults)
    _advice(result, faults)
    return result, tuple(faults[:MAX_FAULTS])


def _name(document: dict[str, Any], faults: Faults) -> str:
    name = document.get("name")
    if isinstance(name, str) and re.fullmatch(r"[a-z0-9._/-]{1,100}", name):
        return name
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    made = f"schema-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    if name is not None:
        faults.warn(
            "name",
            f"„name“ darf nur aus a-z, 0-9, Punkt, Strich, Unterstrich und Schrägstrich bestehen; bis dahin gilt „{made}“.",
            f"“name” may hold a-z, 0-9, dot, hyphen, underscore and slash only; until then “{made}” is used.",
        )
    return made


def _foreign_keys(given: Any, names: set[str], faults: Faults) -> Iterable[dict[str, Any]]:
    for entry in listed(given, "foreignKeys", faults):
        reference = entry.get("reference") if isinstance(entry, dict) else None
        if not isinstance(reference, dict) or not isinstance(reference.get("resource", ""), str):
            faults.refuse(
                "foreign-key",
                "Ein Eintrag unter „foreignKeys“ braucht „fields“ und „reference“ mit „resource“ und „fields“.",
                "An entry of “foreignKeys” needs “fields” and “reference” with “resource” and “fields”.",
            )
            continue
        fields = texts(entry.get("fields"), "fields", faults)
        target = texts(reference.get("fields"), "reference.fields", faults)
        if not fields or len(fields) != len(target):
            faults.refuse(
                "foreign-key",
                "Ein Fremdschlüssel muss auf beiden Seiten gleich viele Spalten nennen.",
                "A foreign key must name as many columns on either side.",
            )
            continue
        resource = reference.get("resource", "")
        _known([*fields, *([] if resource else target)], names, faults)
        yield {"fields": fields, "reference": {"resource": resource, "fields": target}}


def _known(columns: list[str], names: set[str], faults: Faults) -> None:
    for missing in sorted(set(columns) - names):
        faults.refuse(
            "key",
            f"Ein Schlüssel nennt die Spalte „{missing}“, die es im Schema nicht gibt. Berichtigen Sie den Namen.",
            f"A key names the column “{missing}”, which the schema does not have. Correct the name.",
        )


def _advice(document: dict[str, Any], faults: Faults) -> None:
    """What works and could be better."""
    if not document["primaryKey"]:
        faults.hint(
            "no-key",
            "Das Schema hat keinen Schlüssel („primaryKey“); doppelte Zeilen fallen so nicht auf.",
            "The schema has no key (“primaryKey”); doubled rows go unnoticed.",
        )
    bare = [field["name"] for field in document["fields"] if not field.get("title") and not field.get("description")]
    if bare:
        faults.hint(
            "no-words",
            f"{len(bare)} Spalten haben weder „title“ noch „description“, die erste ist „{bare[0]}“. Sagen Sie, was sie bedeuten.",
            f"{len(bare)} columns have neither “title” nor “description”, the first is “{bare[0]}”. Say what they mean.",
        )
    if "" not in document["missingValues"]:
        faults.warn(
            "no-empty",
            '„missingValues“ enthält den leeren Text nicht; leere Zellen gelten dann als Werte. Nehmen Sie "" auf.',
            '“missingValues” lacks the empty text; empty cells then count as values. Add "".',
        )
