"""Datasets as clients write them through CKAN's Action API -> package document, by the rules of CKAN's default schema.

Where CKAN's default schema and this differ: fields CKAN has no name for are kept (at the top and in resources) and given back, as a
site with ckanext-scheming does; values of extras that are no text become JSON in text; an unknown truth value is an error.
What `package_show` adds is accepted and ignored, so that its answer is a valid `package_update` that changes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from dcat import ckan_package, spellings
from dcat.ckan_package import PackageDocument, ResourceDocument, TagDocument
from dcat.ckan_values import JUNK, MAX_ENTRIES, MAX_VALUE, Fields, Refused, as_text, misfit, text_misfit
from dcat.model import Text
from dcat.states import ACTIVE, DELETED, DRAFT
from dcat.texts import best
from dcat.vocabularies import Concept, vocabulary

MAX_SIZE = 5_000_000
MAX_VERSION = 100
MAX_LANGUAGES = 100
STATES = (DRAFT, ACTIVE, DELETED)
# What package_show, older CKANs and forms send along, and the site decides.
_IGNORED = frozenset(
    (
        *("id", "license_title", "license_url", "isopen", "organization", "creator_user_id", "metadata_created"),
        *("metadata_modified", "num_resources", "num_tags", "relationships", "relationships_as_subject"),
        *("relationships_as_object", "tracking_summary", "revision_id", "revision_timestamp", "plugin_data"),
        *("save", "log_message", "tag_string"),
    )
)
_RESOURCE_IGNORED = frozenset(
    (
        *("package_id", "position", "state", "datastore_active", "tracking_summary", "revision_id"),
        *("revision_timestamp", "resource_group_id", "upload", "clear_upload", "extras"),
    )
)
_LISTS = ("tags", "groups", "extras", "resources")
_KNOWN = _IGNORED.union(ckan_package.PLAIN_FIELDS, ckan_package.TRANSLATED, _LISTS)
_RESOURCE_KNOWN = _RESOURCE_IGNORED.union(ckan_package.RESOURCE_FIELDS)
_SCHEMA_FIELDS = frozenset(("id", *ckan_package.PLAIN_FIELDS, *_LISTS))
_TAG = re.compile(r"[\w .-]+")
_Spoken = tuple[str | None, tuple[tuple[str, str], ...]]
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,5}", re.ASCII)


def read_package(given: Any, *, before: PackageDocument | None = None) -> PackageDocument | Refused:
    """Read what a client wrote, or say what is wrong with it.

    With `before` it replaces that document, as `package_update` does: what is missing goes, but name, title, type, state,
    visibility, organisation, groups and resources stay, and its type always. Whether names are free, and organisations and groups exist, is for the caller to
    find out.
    """
    fields = Fields(given)
    others = fields.others(_KNOWN)
    if JUNK in fields.errors:
        return Refused(fields.errors)
    name = fields.name("name", before.name if before else "")
    title, notes = fields.text("title"), fields.text("notes")
    document = PackageDocument(
        name=name,
        title=before.title if before and title is None and "title" not in fields.given else title or "",
        notes=notes,
        url=fields.text("url"),
        version=fields.text("version", MAX_VERSION),
        author=fields.text("author"),
        author_email=fields.email("author_email"),
        maintainer=fields.text("maintainer"),
        maintainer_email=fields.email("maintainer_email"),
        license_id=fields.text("license_id"),
        type=_type(fields, before),
        state=fields.word("state", before.state if before else ACTIVE, STATES),
        private=fields.flag("private", before.private if before else False),
        owner_org=_organization(fields, before),
        title_translated=_translations(fields, "title_translated"),
        notes_translated=_translations(fields, "notes_translated"),
        tags=read_tags(fields),
        groups=_groups(fields) if "groups" in fields.given or not before else before.groups,
        extras=read_extras(fields, _SCHEMA_FIELDS),
        resources=_resources(fields) if "resources" in fields or not before else before.resources,
        others=others,
    )
    if document.private and not document.owner_org:
        fields.wrong("private", "Datasets with no organization can't be private.")
    document = _in_every_language(document, before)
    return Refused(fields.errors) if fields.errors else within_limits(document)


def within_limits(document: PackageDocument) -> PackageDocument | Refused:
    """Give the document, unless it is larger than any site can hold; the error names its largest field."""
    sizes = {name: len(orjson.dumps(value)) for name, value in ckan_package.write(document).items()}
    if sum(sizes.values()) <= MAX_SIZE:
        return document
    return Refused({max(sizes, key=lambda name: sizes[name]): [f"Must not be larger than {MAX_SIZE} bytes in all"]})


def read_resource(given: Any) -> ResourceDocument | Refused:
    """Read one resource as `resource_create` and `resource_update` take it, or say what is wrong with it."""
    fields = Fields(given)
    resource = _resource(fields)
    return Refused(fields.errors) if fields.errors else resource


def read_tags(fields: Fields) -> tuple[TagDocument, ...]:
    """Read `tags`, and the words of `tag_string` after them; each once."""
    entries = fields.entries("tags")
    tags = [_tag(entry) for entry in entries]
    fields.gather("tags", entries)
    words = [word.strip() for word in (fields.text("tag_string") or "").split(",")]
    for word in filter(None, words):
        single = Fields({"name": word})
        tags.append(_tag(single))
        for sentence in single.errors.get("name", [])[:1]:
            fields.wrong("tag_string", f"{word[:100]}: {sentence}")
    if len(tags) > MAX_ENTRIES:
        fields.wrong("tag_string", f"Must not have more than {MAX_ENTRIES} entries")
    return tuple(dict.fromkeys(tags))


def read_extras(fields: Fields, taken: frozenset[str] = frozenset()) -> tuple[tuple[str, str], ...]:
    """Read `extras`: keys that are no fields (`taken`), each once; values as text."""
    entries = fields.entries("extras")
    found: dict[str, str] = {}
    for entry in entries:
        key, value = entry.text("key") or "", entry.given.get("value")
        if "deleted" in entry and entry.flag("deleted", False):
            continue
        if not key and "key" not in entry.errors:
            entry.wrong("key", "Missing value")
        if key in taken:
            entry.wrong("key", "There is a field of this name")
        if value is None:
            entry.wrong("value", "Missing value")
        elif sentence := text_misfit(value, MAX_VALUE) if isinstance(value, str) else misfit(value):
            entry.wrong("value", sentence)
        elif key in found:
            # CKAN names this error apart from the list.
            fields.wrong("extras_validation", f'Duplicate key "{key[:100]}"')
        else:
            found[key] = as_text(value)
    fields.gather("extras", entries)
    return tuple(found.items())


def reference(entry: Fields) -> str:
    """Read an object that names another by its id or name."""
    found = entry.text("id") or entry.text("name") or ""
    if not found and not entry.errors:
        entry.wrong("name", "Missing value")
    return found


def _tag(entry: Fields) -> TagDocument:
    name = entry.text("name") or ""
    if "name" not in entry.errors:
        if not name:
            entry.wrong("name", "Missing value")
        elif not 2 <= len(name) <= 100:
            entry.wrong("name", "Must be 2 to 100 characters long")
        elif _TAG.fullmatch(name) is None:
            entry.wrong("name", "May hold only letters, digits, blanks and -_.")
    return TagDocument(name=name, vocabulary_id=entry.text("vocabulary_id") or None)


def _type(fields: Fields, before: PackageDocument | None) -> str:
    """Read the type of a new dataset; a dataset that is there keeps its type, whatever is given."""
    given = fields.word("type", "dataset")
    return before.type if before else given


def _groups(fields: Fields) -> tuple[str, ...]:
    entries = fields.entries("groups")
    found = dict.fromkeys(reference(entry) for entry in entries)
    fields.gather("groups", entries)
    return tuple(found)


def _organization(fields: Fields, before: PackageDocument | None) -> str | None:
    if before and "owner_org" not in fields.given:
        return before.owner_org
    return fields.text("owner_org") or None


def _translations(fields: Fields, name: str) -> tuple[tuple[str, str], ...]:
    """Read texts by language; forms send them as JSON in text."""
    value = fields.given.get(name)
    if isinstance(value, str) and value.startswith("{") and not text_misfit(value, MAX_VALUE):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = ""
    if value is None or value == {}:
        return ()
    if not isinstance(value, Mapping) or len(value) > MAX_LANGUAGES:
        fields.wrong(name, "Must be an object of texts by language")
        return ()
    by_language = Fields(value)
    found = []
    for language in value:
        if not isinstance(language, str) or _LANGUAGE.fullmatch(language) is None:
            fields.wrong(name, "Must name languages by tags such as de or en")
        elif (text := by_language.text(language)) is not None:
            found.append((language, text))
    for language, sentences in by_language.errors.items():
        fields.wrong(name, f"{language}: {sentences[0]}")
    return tuple(found)


def _in_every_language(document: PackageDocument, before: PackageDocument | None) -> PackageDocument:
    """Keep a text and its translations together: where one of them alone was changed, the other follows."""
    was_title = (before.title, before.title_translated) if before else None
    title, titles = _together((document.title, document.title_translated), was_title)
    was_notes = (before.notes, before.notes_translated) if before else None
    notes, notes_in = _together((document.notes, document.notes_translated), was_notes)
    return replace(
        document, title=title or document.name, title_translated=titles, notes=notes, notes_translated=notes_in
    )


def _together(said: _Spoken, was: _Spoken | None) -> _Spoken:
    text, pairs = said
    if was and pairs and text != was[0] and pairs == was[1]:
        return text, _followed(pairs, was[0], text or "")
    if pairs and (not text or (was and text == was[0] and pairs != was[1])):
        return best(tuple(Text(value, language) for language, value in pairs)), pairs
    return said


def _followed(pairs: tuple[tuple[str, str], ...], was: str | None, text: str) -> tuple[tuple[str, str], ...]:
    """Give the language that was shown the new text: the one with the old text, else German, else the first."""
    languages = [language for language, value in pairs if value == was]
    shown = next(iter(languages), "de" if "de" in dict(pairs) else pairs[0][0])
    return tuple((language, text if language == shown else value) for language, value in pairs)


def _resources(fields: Fields) -> tuple[ResourceDocument, ...]:
    entries = fields.entries("resources")
    seen: set[str] = set()
    resources = []
    for entry in entries:
        resource = _resource(entry)
        if resource.id and resource.id in seen:
            entry.wrong("id", "Another resource has the same id")
        seen.add(resource.id)
        resources.append(resource)
    fields.gather("resources", entries)
    return tuple(resources)


def _resource(fields: Fields) -> ResourceDocument:
    others = fields.others(_RESOURCE_KNOWN)
    if JUNK in fields.errors:
        return ResourceDocument()
    url, url_type, resource_id = fields.stripped("url"), fields.text("url_type"), fields.uuid("id")
    if url_type == "upload" and "/" in url:
        # The site shows the whole address of an uploaded file, and keeps its name.
        url = unquote(url.rsplit("/", 1)[-1], errors="replace")
    given_format = fields.stripped("format")
    return ResourceDocument(
        id=resource_id,
        url=url,
        name=fields.text("name"),
        description=fields.text("description"),
        url_type=url_type,
        format=_clean_format(given_format) if given_format or resource_id else guessed_format(url),
        mimetype=fields.text("mimetype"),
        mimetype_inner=fields.text("mimetype_inner"),
        hash=fields.text("hash") or "",
        size=fields.number("size"),
        resource_type=fields.text("resource_type"),
        cache_url=fields.text("cache_url"),
        cache_last_updated=fields.moment("cache_last_updated"),
        created=fields.moment("created"),
        last_modified=fields.moment("last_modified"),
        others=others,
    )


def _clean_format(given: str) -> str:
    """Write a known format as CKAN does, by its label or code (csv -> CSV, geojson -> GeoJSON, text/csv -> CSV); others as they are."""
    concept = spellings.find(given.lstrip("."), "format") if 0 < len(given) <= 100 else None
    if concept is None:
        return given
    names = (concept.label.en, concept.code, concept.extra["extension"].upper())
    # Words such as "plain text" describe a format and do not name it.
    same = (name for name in names if name and " " not in name and name.casefold() == given.lstrip(".").casefold())
    return next(same, _format_name(concept) if "/" in given else given)


def _format_name(concept: Concept) -> str:
    label, code = concept.label.en, concept.code
    return label if re.sub(r"\W|_", "", label).casefold() == code.replace("_", "").casefold() else code


def guessed_format(url: str) -> str:
    """Guess the format of a new resource from the ending of its address."""
    try:
        ending = PurePosixPath(urlsplit(url).path).suffix.removeprefix(".")
    except ValueError:
        return ""
    concept = vocabulary("format").find(ending) if 1 < len(ending) <= 10 else None
    return _clean_format(ending) if concept and concept.extra["extension"] == ending.lower() else ""
