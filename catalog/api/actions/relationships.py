"""CKAN's actions about relationships between datasets: kept for clients that write them. DCAT has better words, as fields of a dataset."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, audit, desk_rows
from catalog.api.actions import datasets_write, named, packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found
from catalog.db import batches
from catalog.models_desk import DeskDataset, Relationship
from dcat.message import Message

# What is kept -> how it reads from the other side.
REVERSE: Mapping[str, str] = {
    "depends_on": "dependency_of",
    "derives_from": "has_derivation",
    "links_to": "linked_from",
    "child_of": "parent_of",
}
_FORWARD = {reverse: kind for kind, reverse in REVERSE.items()}
_LONGEST = 1000
# Nobody deletes the row before the end of the transaction; PostgreSQL alone lets two write at once.
_KEPT = {"read": True, "key_share": True}


def package_relationships_list(call: Call) -> list[dict[str, Any]]:
    """List the relationships of a dataset to others that whoever asks may see, as seen from it."""
    wanted = call.required("id")
    packages.find(call, wanted)
    other, kind = call.text("id2"), call.text("rel")
    if kind:
        _require_type("rel", kind)
    row = desk_rows.find(call.session, wanted)
    if other:
        packages.find(call, other)
    second = desk_rows.find(call.session, other) if other else None
    if row is None or (other and second is None):
        return []
    found = [_seen(one, row.id) for one in _of(call, row.id)]
    rows = _readable(call, {one["object"] for one in found})
    return [
        {**one, "subject": row.name, "object": rows[one["object"]].name}
        for one in found
        if one["object"] in rows and kind in ("", one["type"]) and (second is None or one["object"] == second.id)
    ]


def package_relationship_create(call: Call) -> dict[str, Any]:
    """Say how a dataset relates to another one; who does may change both."""
    subject, kind, other = _ends(call)
    comment = _comment(call)
    with call.writing() as session:
        if session.get(Relationship, (subject.id, kind, other.id)) is not None:
            raise invalid(type="This relationship exists already")
        if any(session.get(DeskDataset, one, with_for_update=_KEPT) is None for one in (subject.id, other.id)):
            # One of them was purged meanwhile.
            raise not_found("dataset")
        session.add(Relationship(subject_id=subject.id, kind=kind, object_id=other.id, comment=comment))
        _note(call, session, subject)
    return _shown(subject.name, kind, other.name, comment)


def package_relationship_update(call: Call) -> dict[str, Any]:
    """Change the comment of a relationship."""
    subject, kind, other = _ends(call)
    with call.writing() as session:
        found = _held(session, subject, kind, other)
        if "comment" in call.arguments:
            found.comment = _comment(call)
        comment = found.comment
        _note(call, session, subject)
    return _shown(subject.name, kind, other.name, comment)


def package_relationship_delete(call: Call) -> None:
    """Say no longer that a dataset relates to another one."""
    subject, kind, other = _ends(call)
    with call.writing() as session:
        session.delete(_held(session, subject, kind, other))
        _note(call, session, subject)


def _ends(call: Call) -> tuple[DeskDataset, str, DeskDataset]:
    """Read which two datasets are meant, and how the first relates to the second; the reverse turns them round."""
    datasets_write.require_account(call)
    given = {name: call.required(name) for name in ("subject", "object", "type")}
    kind = given["type"]
    _require_type("type", kind)
    first, second = (named.written(call, given[name], name) for name in ("subject", "object"))
    if not (packages.writes(call, first) and packages.writes(call, second)):
        raise denied()
    if first.id == second.id:
        raise invalid(object="A dataset does not relate to itself")
    return (first, kind, second) if kind in REVERSE else (second, _FORWARD[kind], first)


def _require_type(argument: str, kind: str) -> None:
    if kind not in (*REVERSE, *_FORWARD):
        raise invalid(**{argument: f"Must be one of: {', '.join((*REVERSE, *_FORWARD))}"})


def _held(session: Session, subject: DeskDataset, kind: str, other: DeskDataset) -> Relationship:
    found = session.get(Relationship, (subject.id, kind, other.id))
    if found is None:
        raise not_found("relationship")
    return found


def _shown(subject: str, kind: str, other: str, comment: str) -> dict[str, Any]:
    return {"subject": subject, "type": kind, "object": other, "comment": comment}


def _comment(call: Call) -> str:
    comment = call.text("comment")
    if len(comment) > _LONGEST:
        raise invalid(comment=f"Must not be longer than {_LONGEST} characters")
    return comment


def _note(call: Call, session: Session, subject: DeskDataset) -> None:
    audit.note(session, call.actor, "dataset.update", subject.id, subject.name, fields=["relationships"])


def _of(call: Call, dataset_id: str) -> list[Relationship]:
    either = sa.or_(Relationship.subject_id == dataset_id, Relationship.object_id == dataset_id)
    query = sa.select(Relationship).where(either)
    return list(
        call.session.scalars(query.order_by(Relationship.kind, Relationship.subject_id, Relationship.object_id))
    )


def _seen(one: Relationship, dataset_id: str) -> dict[str, Any]:
    """Tell a relationship from the side of one of its datasets."""
    if one.subject_id == dataset_id:
        return _shown(dataset_id, one.kind, one.object_id, one.comment)
    return _shown(dataset_id, REVERSE[one.kind], one.subject_id, one.comment)


def _readable(call: Call, ids: set[str]) -> dict[str, DeskDataset]:
    parts = (sa.select(DeskDataset).where(DeskDataset.id.in_(part)) for part in batches(sorted(ids)))
    rows = (row for part in parts for row in call.session.scalars(part))
    return {row.id: row for row in rows if access.may_read(call.actor, desk_rows.holding(row))}


_ENDS = (
    Argument("subject", "string", Message("der eine Datensatz", "the one dataset"), required=True),
    Argument("object", "string", Message("der andere Datensatz", "the other dataset"), required=True),
    Argument("type", "string", Message("Art, wie child_of", "type, such as child_of"), required=True),
)
_COMMENT = Argument("comment", "string", Message("Anmerkung", "comment"))

ACTIONS: Mapping[str, Action] = {
    "package_relationships_list": Action(
        package_relationships_list,
        Message("Beziehungen, die Programme ablegten", "relationships that programs kept"),
        (
            Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True),
            Argument("id2", "string", Message("nur zu diesem Datensatz", "only to this dataset")),
            Argument("rel", "string", Message("nur diese Art", "only this type")),
        ),
        example={"id": "baumkataster-darmstadt"},
    ),
    "package_relationship_create": Action(
        package_relationship_create,
        Message("eine Beziehung ablegen", "keep a relationship"),
        (*_ENDS, _COMMENT),
        writes=True,
    ),
    "package_relationship_update": Action(
        package_relationship_update,
        Message("die Anmerkung einer Beziehung ändern", "change the comment of a relationship"),
        (*_ENDS, _COMMENT),
        writes=True,
    ),
    "package_relationship_delete": Action(
        package_relationship_delete, Message("eine Beziehung löschen", "delete a relationship"), _ENDS, writes=True
    ),
}
