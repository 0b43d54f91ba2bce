"""What the answers of actions look like, as JSON Schema: the things every client reads, and which action gives them."""

from collections.abc import Mapping
from typing import Any

from dcat.ckan_input import STATES

Json = dict[str, Any]
_TEXT: Json = {"type": "string"}
_TEXT_OR_NOTHING: Json = {"type": ["string", "null"]}
_NUMBER: Json = {"type": "integer", "minimum": 0}
_FLAG: Json = {"type": "boolean"}
_TIME: Json = {"type": "string", "description": "UTC, ISO 8601 without a zone / ohne Zone"}
_TEXTS: Json = {"type": "object", "additionalProperties": {"type": "string"}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _object(required: Mapping[str, Json], **more: Json) -> Json:
    """Describe an object; those who read it must expect further keys."""
    return {"type": "object", "required": list(required), "properties": {**required, **more}}


def _holder() -> Json:
    return _object(
        {
            "id": _TEXT,
            "name": _TEXT,
            "title": _TEXT,
            "description": _TEXT,
            "type": {"enum": ["organization", "group"]},
            "state": {"enum": ["active", "deleted"]},
            "is_organization": _FLAG,
            "created": _TIME,
        },
        display_name=_TEXT,
        image_url=_TEXT,
        package_count=_NUMBER,
        extras=_list(_ref("Extra")),
        users=_list({"type": "object"}),
        packages=_list(_ref("Dataset")),
    )


SCHEMAS: Mapping[str, Json] = {
    "Dataset": _object(
        {
            "id": {"type": "string", "format": "uuid"},
            "name": _TEXT,
            "title": _TEXT,
            "notes": _TEXT_OR_NOTHING,
            "license_id": _TEXT_OR_NOTHING,
            "license_title": _TEXT_OR_NOTHING,
            "isopen": _FLAG,
            "private": _FLAG,
            "state": {"enum": list(STATES)},
            "type": _TEXT,
            "owner_org": _TEXT_OR_NOTHING,
            "organization": {"anyOf": [{"type": "object"}, {"type": "null"}]},
            "metadata_created": _TIME,
            "metadata_modified": _TIME,
            "num_resources": _NUMBER,
            "num_tags": _NUMBER,
            "tags": _list(_ref("Tag")),
            "groups": _list({"type": "object"}),
            "extras": _list(_ref("Extra")),
            "resources": _list(_ref("Resource")),
        },
        url=_TEXT_OR_NOTHING,
        version=_TEXT_OR_NOTHING,
        author=_TEXT_OR_NOTHING,
        maintainer=_TEXT_OR_NOTHING,
        maintainer_email=_TEXT_OR_NOTHING,
        license_url=_TEXT_OR_NOTHING,
        title_translated=_TEXTS,
        notes_translated=_TEXTS,
    ),
    "Resource": _object(
        {
            "id": _TEXT,
            "package_id": _TEXT,
            "name": _TEXT_OR_NOTHING,
            "description": _TEXT_OR_NOTHING,
            "url": _TEXT,
            "url_type": _TEXT_OR_NOTHING,
            "format": _TEXT,
            "mimetype": _TEXT_OR_NOTHING,
            "size": {"type": ["integer", "null"]},
            "hash": _TEXT_OR_NOTHING,
            "state": _TEXT,
            "position": _NUMBER,
            "datastore_active": _FLAG,
        },
        created={"type": ["string", "null"]},
        last_modified={"type": ["string", "null"]},
        metadata_modified={"type": ["string", "null"]},
    ),
    "Organization": _holder(),
    "Tag": _object({"name": _TEXT, "display_name": _TEXT}, id=_TEXT, state=_TEXT, vocabulary_id=_TEXT_OR_NOTHING),
    "Extra": _object({"key": _TEXT, "value": {}}),
    "Column": _object({"id": _TEXT, "type": _TEXT}, info={"type": "object"}),
    "Token": _object({"token": _TEXT, "id": _TEXT}),
}
_NAMES_OR_RECORDS: Json = {"type": "array", "items": {"anyOf": [_TEXT, _ref("Organization")]}}
_ROWS: Json = _object(
    {
        "resource_id": _TEXT,
        "fields": _list(_ref("Column")),
        "records": {
            "description": "objects, lists, or text (csv, tsv) / Objekte, Listen oder Text",
            "anyOf": [_list({"type": ["object", "array"]}), _TEXT],
        },
    },
    total=_NUMBER,
    limit=_NUMBER,
    offset=_NUMBER,
    next_page={"type": ["object", "null"]},
)
_COUNTED: Json = _object({"count": _NUMBER, "results": _list({})})
# Of the others it is said only that there is a result.
RESULTS: Mapping[str, Json] = {
    "package_list": _list(_TEXT),
    "package_show": _ref("Dataset"),
    "package_search": _object(
        {"count": _NUMBER, "results": _list(_ref("Dataset"))},
        sort=_TEXT,
        facets={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _NUMBER}},
        search_facets={"type": "object"},
    ),
    "current_package_list_with_resources": _list(_ref("Dataset")),
    "package_autocomplete": _list(_object({"name": _TEXT, "title": _TEXT})),
    "resource_show": _ref("Resource"),
    "resource_search": _object({"count": _NUMBER, "results": _list(_ref("Resource"))}),
    **{f"package_{verb}": _ref("Dataset") for verb in ("create", "update", "patch")},
    **{f"resource_{verb}": _ref("Resource") for verb in ("create", "update", "patch")},
    "organization_list": _NAMES_OR_RECORDS,
    "group_list": _NAMES_OR_RECORDS,
    **{f"{kind}_{verb}": _ref("Organization") for kind in ("organization", "group") for verb in ("show", "create")},
    "group_package_show": _list(_ref("Dataset")),
    "tag_list": {"type": "array", "items": {"anyOf": [_TEXT, _ref("Tag")]}},
    "tag_search": _COUNTED,
    "tag_autocomplete": _list(_TEXT),
    "license_list": _list(_object({"id": _TEXT, "title": _TEXT, "url": _TEXT})),
    "status_show": _object({"site_title": _TEXT, "site_url": _TEXT, "ckan_version": _TEXT}),
    "site_read": _FLAG,
    "help_show": _TEXT,
    "datastore_search": _ROWS,
    "datastore_info": _object({"meta": {"type": "object"}, "fields": _list(_ref("Column"))}),
    "dcat_dataset_show": _TEXT,
    "dcat_catalog_show": _TEXT,
    "api_token_create": _ref("Token"),
}
