"""CKAN's actions about keywords: the free ones of public datasets, and the closed lists that are called vocabularies there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from catalog import access, desk_rows, keywords, search
from catalog.api.actions import datasets_write, named, packages
from catalog.api.actions.call import (
    Action,
    ActionError,
    Argument,
    Call,
    denied,
    impossible,
    invalid,
    not_found,
    refused,
)
from catalog.models_desk import TagVocabulary, VocabularyTag
from catalog.query import Is, Order, SearchQuery
from dcat import ckan
from dcat.ckan_input import read_tags
from dcat.ckan_values import Fields, Refused
from dcat.errors import StateError
from dcat.message import Message
from dcat.states import ACTIVE, DRAFT

MAX_DATASETS = 1000
_NAME_LENGTH = range(2, 101)


def tag_list(call: Call) -> list[Any]:
    """List keywords: the free ones, or those of a vocabulary."""
    typed = call.text("query") or call.text("q")
    found = _matching(call, [typed] if typed else [""])
    return found if call.flag("all_fields") else [tag["name"] for tag in found]


def tag_show(call: Call) -> dict[str, Any]:
    """Show one keyword, with its public datasets where they are asked for."""
    wanted, lists = call.required("id"), call.text("vocabulary_id")
    chosen = _vocabulary(call, "vocabulary_id").id if lists else ""
    found = keywords.keyword(call.session, wanted, chosen)
    if found is None and (lists or not _is_free(call, wanted)):
        raise not_found("tag")
    shown = _of_list(found) if found else ckan.tag(wanted)
    if call.flag("include_datasets"):
        query = SearchQuery(where=Is("tag", shown["name"]), order=(Order("name"),), rows=MAX_DATASETS)
        ids = list(search.search(call.instance, query).ids)
        bodies = packages.bodies(call, ids)
        shown["packages"] = [orjson.Fragment(bodies[one]) for one in ids if one in bodies]
    return shown


def tag_search(call: Call) -> dict[str, Any]:
    """Search keywords by parts of them; each word asked for must be in it."""
    found = _searched(call)
    offset, limit = call.number("offset", 0), call.number("limit", keywords.MOST)
    return {"count": len(found), "results": found[offset : offset + limit]}


def tag_autocomplete(call: Call) -> list[str]:
    """Propose keywords for what was typed."""
    found = _searched(call)
    offset, limit = call.number("offset", 0), call.number("limit", keywords.MOST)
    return [tag["name"] for tag in found[offset : offset + limit]]


def format_autocomplete(call: Call) -> list[str]:
    """Propose formats of public files for what was typed, the most frequent first."""
    typed, limit = call.required("q").strip().lower(), call.number("limit", 5, 100)
    found = [(value.lower(), count) for value, count in keywords.counted(call.instance, "format")]
    fitting = [(value, count) for value, count in found if typed in value]
    return list(dict.fromkeys(value for value, _ in sorted(fitting, key=lambda one: (-one[1], one[0]))))[:limit]


def tag_create(call: Call) -> dict[str, Any]:
    """Add a keyword to a vocabulary; free keywords come with the datasets that have them."""
    _require_administrator(call)
    _refuse_id(call)
    name, found = _tag_name(call), keywords.vocabulary(call.session, call.required("vocabulary_id"))
    if found is None:
        raise invalid(vocabulary_id="Tag vocabulary was not found.")
    try:
        with call.writing() as session:
            tag_id = keywords.add_keyword(session, call.actor, found, name)
    except StateError as error:
        raise named.conflict(error) from None
    made = keywords.keyword(call.session, tag_id)
    if made is None:
        raise not_found("tag")
    return _of_list(made)


def tag_delete(call: Call) -> None:
    """Delete a keyword of a vocabulary, or a free one from all datasets that have it."""
    _require_administrator(call)
    wanted = call.required("id")
    chosen = _vocabulary(call, "vocabulary_id").id if call.text("vocabulary_id") else ""
    found = keywords.keyword(call.session, wanted, chosen)
    if found is not None:
        with call.writing() as session:
            keywords.delete_keyword(session, call.actor, found)
    elif not chosen and _is_free(call, wanted):
        _remove_free(call, wanted)
    else:
        raise not_found(f"tag {wanted[:100]}")


def vocabulary_list(call: Call) -> list[dict[str, Any]]:
    """List the vocabularies with their keywords."""
    found = keywords.vocabularies(call.session)
    tags: dict[str, list[VocabularyTag]] = {one.id: [] for one in found}
    for tag in keywords.listed(call.session, tags):
        tags[tag.vocabulary_id].append(tag)
    return [_described(one, tags[one.id]) for one in found]


def vocabulary_show(call: Call) -> dict[str, Any]:
    """Show one vocabulary with its keywords."""
    found = _vocabulary(call, "id")
    return _described(found, keywords.listed(call.session, [found.id]))


def vocabulary_create(call: Call) -> dict[str, Any]:
    """Make a vocabulary."""
    _require_administrator(call)
    _refuse_id(call)
    name, tags = _vocabulary_name(call, call.required("name")), _tags(call) or ()
    try:
        with call.writing() as session:
            made = keywords.create_vocabulary(session, call.actor, name, tags)
    except StateError as error:
        raise named.conflict(error) from None
    return _as_it_is(call, made)


def vocabulary_update(call: Call) -> dict[str, Any]:
    """Change a vocabulary: its name, and which keywords it holds where `tags` is given."""
    _require_administrator(call)
    found = _vocabulary(call, "id")
    name, tags = _vocabulary_name(call, call.text("name") or found.name), _tags(call)
    try:
        with call.writing() as session:
            keywords.change_vocabulary(session, call.actor, found, name, tags)
    except StateError as error:
        raise named.conflict(error) from None
    return _as_it_is(call, found.id)


def vocabulary_delete(call: Call) -> None:
    """Delete a vocabulary with its keywords; datasets keep the words."""
    _require_administrator(call)
    found = _vocabulary(call, "id")
    with call.writing() as session:
        keywords.delete_vocabulary(session, call.actor, found)


def _remove_free(call: Call, name: str) -> None:
    """Take a free keyword from the datasets of the desk that have it."""
    query = SearchQuery(
        where=Is("tag", name), rows=MAX_DATASETS, readers=None, private=True, states=frozenset({ACTIVE, DRAFT})
    )
    ids = list(search.search(call.instance, query).ids)
    rows = [desk_rows.find(call.session, one) for one in ids]
    if not all(rows) or len(rows) >= MAX_DATASETS:
        raise impossible("harvested datasets, or too many, have this keyword")
    for one in ids:
        datasets_write.change(
            call,
            one,
            lambda before: replace(
                before, tags=tuple(tag for tag in before.tags if tag.vocabulary_id or tag.name != name)
            ),
        )


def _refuse_id(call: Call) -> None:
    if call.arguments.get("id") not in (None, ""):
        raise invalid(id="The input field id was not expected.")


def _searched(call: Call) -> list[dict[str, Any]]:
    # The older way of asking: {"tags": "part of the name"}.
    fields = call.arguments.get("fields")
    older = [fields["tags"]] if isinstance(fields, Mapping) and isinstance(fields.get("tags"), str) else []
    typed = [one for one in (*call.listed("query"), *call.listed("q"), *older) if one.strip()]
    return _matching(call, typed) if typed else []


def _matching(call: Call, typed: list[str]) -> list[dict[str, Any]]:
    """List the keywords that hold all that was typed, by name."""
    parts = [one.strip().lower() for one in typed]
    if call.text("vocabulary_id"):
        found = [_of_list(one) for one in keywords.listed(call.session, [_vocabulary(call, "vocabulary_id").id])]
    else:
        found = [ckan.tag(name) for name, _ in keywords.counted(call.instance, "tag")]
    return [tag for tag in found if all(part in tag["name"].lower() for part in parts)]


def _is_free(call: Call, name: str) -> bool:
    return any(value == name for value, _ in keywords.counted(call.instance, "tag", name))


def _vocabulary(call: Call, argument: str) -> TagVocabulary:
    found = keywords.vocabulary(call.session, call.required(argument))
    if found is None:
        raise not_found("vocabulary")
    return found


def _require_administrator(call: Call) -> None:
    if not access.may_administer(call.actor):
        raise denied("only an administrator of the site may change vocabularies")


def _vocabulary_name(call: Call, name: str) -> str:
    if len(name) not in _NAME_LENGTH or not name.isprintable():
        raise invalid(name="Must be 2 to 100 characters long")
    return name


def _tag_name(call: Call) -> str:
    fields = Fields({"tags": [{"name": call.required("name")}]})
    (tag,) = read_tags(fields)
    if fields.errors:
        raise refused(Refused(fields.errors["tags"][0]))
    return tag.name


def _tags(call: Call) -> tuple[str, ...] | None:
    fields = Fields(call.arguments)
    if "tags" not in call.arguments:
        return None
    if call.arguments["tags"] is None:
        raise ActionError(
            400, "Integrity Error", {"message": "Bad request - Integrity error", "tags": ["Must be a list"]}
        )
    found = read_tags(fields)
    if fields.errors:
        raise refused(Refused(fields.errors))
    return tuple(tag.name for tag in found)


def _as_it_is(call: Call, vocabulary_id: str) -> dict[str, Any]:
    call.renew()
    found = keywords.vocabulary(call.session, vocabulary_id)
    if found is None:
        raise not_found("vocabulary")
    return _described(found, keywords.listed(call.session, [vocabulary_id]))


def _of_list(tag: VocabularyTag) -> dict[str, Any]:
    return {**ckan.tag(tag.name), "id": tag.id, "vocabulary_id": tag.vocabulary_id}


def _described(found: TagVocabulary, tags: list[VocabularyTag]) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "tags": [_of_list(tag) for tag in tags]}


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True)
_LIST = Argument("vocabulary_id", "string", Message("nur aus dieser Liste", "only of this vocabulary"))
_LIMITS = (
    Argument("limit", "integer", Message("höchstens so viele", "at most so many")),
    Argument("offset", "integer", Message("so viele überspringen", "skip so many")),
)
_QUERY = Argument("query", "string", Message("Teil des Schlagworts", "part of the keyword"))
_NAME = Argument("name", "string", Message("Name", "name"), required=True)
_TAGS = Argument("tags", "array", Message("Schlagwörter: name", "keywords: name"))

ACTIONS: Mapping[str, Action] = {
    "tag_list": Action(
        tag_list,
        Message("Die Schlagwörter öffentlicher Datensätze.", "The keywords of public datasets."),
        (_QUERY, _LIST, Argument("all_fields", "boolean", Message("Angaben statt nur Namen", "records"))),
        example={"query": "baum"},
    ),
    "tag_show": Action(
        tag_show,
        Message("Ein Schlagwort.", "One keyword."),
        (_ID, _LIST, Argument("include_datasets", "boolean", Message("mit Datensätzen", "with datasets"))),
    ),
    "tag_search": Action(
        tag_search,
        Message("Schlagwörter suchen.", "Search keywords."),
        (_QUERY, _LIST, *_LIMITS),
        example={"query": "baum"},
    ),
    "tag_autocomplete": Action(
        tag_autocomplete,
        Message("Schlagwörter zu dem, was getippt wurde.", "Keywords for what was typed."),
        (_QUERY, _LIST, *_LIMITS),
        example={"query": "ba"},
    ),
    "format_autocomplete": Action(
        format_autocomplete,
        Message("Dateiformate zu dem, was getippt wurde.", "File formats for what was typed."),
        (Argument("q", "string", Message("was getippt wurde", "what was typed"), required=True), _LIMITS[0]),
        example={"q": "cs"},
    ),
    "tag_create": Action(
        tag_create,
        Message("Ein Schlagwort in eine Liste aufnehmen; nur Administratoren.", "Add a keyword to a vocabulary."),
        (_NAME, Argument(_LIST.name, _LIST.type, _LIST.about, required=True)),
        writes=True,
    ),
    "tag_delete": Action(
        tag_delete,
        Message("Ein Schlagwort löschen; nur Administratoren.", "Delete a keyword; administrators only."),
        (_ID, _LIST),
        writes=True,
    ),
    "vocabulary_list": Action(
        vocabulary_list, Message("Die Listen von Schlagwörtern.", "The vocabularies of keywords."), example={}
    ),
    "vocabulary_show": Action(vocabulary_show, Message("Eine Liste von Schlagwörtern.", "One vocabulary."), (_ID,)),
    "vocabulary_create": Action(
        vocabulary_create,
        Message(
            "Eine Liste von Schlagwörtern anlegen; nur Administratoren.", "Create a vocabulary; administrators only."
        ),
        (_NAME, _TAGS),
        writes=True,
    ),
    "vocabulary_update": Action(
        vocabulary_update,
        Message(
            "Eine Liste von Schlagwörtern ändern; nur Administratoren.", "Change a vocabulary; administrators only."
        ),
        (_ID, Argument(_NAME.name, _NAME.type, _NAME.about), _TAGS),
        writes=True,
    ),
    "vocabulary_delete": Action(
        vocabulary_delete,
        Message(
            "Eine Liste von Schlagwörtern löschen; nur Administratoren.", "Delete a vocabulary; administrators only."
        ),
        (_ID,),
        writes=True,
    ),
}
