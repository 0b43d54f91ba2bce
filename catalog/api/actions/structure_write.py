"""CKAN's actions that write organisations and groups. Only administrators of the site found them; their admins change them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from catalog import access, desk, desk_rows, holders, structure
from catalog.api.actions import datasets_write, members, named
from catalog.api.actions.call import Action, Argument, Call, accepted, denied, impossible, invalid, not_found, refused
from catalog.api.actions.sent_pictures import kept_picture, sent_picture
from catalog.api.actions.structure import shown
from catalog.holders import Holder, Kind
from catalog.models_desk import DeskDataset
from catalog.structure import WrongError
from dcat.ckan_groups import GroupDocument, GroupInput, patched_group, read_group
from dcat.ckan_values import Fields, Refused
from dcat.errors import StateError
from dcat.message import Message
from dcat.states import DELETED

# Each is written and published by itself.
MAX_PACKAGES = 1000
# Reads what an organisation or group shall be from what it is.
Reader = Callable[[GroupDocument], GroupInput | Refused]


def organization_create(call: Call) -> dict[str, Any]:
    """Found an organisation; who does becomes its admin."""
    return _create(call, Kind.ORGANIZATION)


def group_create(call: Call) -> dict[str, Any]:
    """Found a group; who does becomes its admin."""
    return _create(call, Kind.GROUP)


def organization_update(call: Call) -> dict[str, Any]:
    """Replace an organisation by what is given; members stay where `users` is not."""
    return _replace(call, Kind.ORGANIZATION)


def group_update(call: Call) -> dict[str, Any]:
    """Replace a group by what is given; members stay where `users` is not. Logos of organisations come this way, too."""
    kind = Kind.GROUP
    found = holders.find(call.session, call.instance.config, kind, call.required("id", "name"))
    # ckanapi's --upload-logo calls this for organisations as well.
    return _replace(call, kind if found else Kind.ORGANIZATION)


def organization_patch(call: Call) -> dict[str, Any]:
    """Change only the fields given."""
    return _change(call, Kind.ORGANIZATION, lambda before: patched_group(before, _given(call)))


def group_patch(call: Call) -> dict[str, Any]:
    """Change only the fields given."""
    return _change(call, Kind.GROUP, lambda before: patched_group(before, _given(call)))


def organization_delete(call: Call) -> None:
    """Delete an organisation that has no datasets."""
    _delete(call, Kind.ORGANIZATION)


def group_delete(call: Call) -> None:
    """Delete a group; its datasets stay."""
    _delete(call, Kind.GROUP)


def organization_purge(call: Call) -> None:
    """Erase an organisation for good."""
    _purge(call, Kind.ORGANIZATION)


def group_purge(call: Call) -> None:
    """Erase a group for good."""
    _purge(call, Kind.GROUP)


def _create(call: Call, kind: Kind) -> dict[str, Any]:
    if not access.may_administer(call.actor):
        article = "an" if kind is Kind.ORGANIZATION else "a"
        raise denied(f"only an administrator of the site may create {article} {kind}")
    picture = sent_picture(call)
    fields = Fields(dict(call.arguments))
    wanted = fields.uuid("id")
    if fields.errors:
        raise refused(Refused(fields.errors))
    given = accepted(read_group(_given(call), kind))
    rows = _packages(call, kind, given)
    with _explained(), call.writing() as session:
        given = _pictured(call, session, picture, given)
        holder_id = structure.create(session, call.instance.config, call.actor, kind, given, wanted)
    return _filled(call, kind, holder_id, rows)


def _replace(call: Call, kind: Kind) -> dict[str, Any]:
    return _change(call, kind, lambda before: read_group(_given(call), kind, before=before))


def _change(call: Call, kind: Kind, read: Reader) -> dict[str, Any]:
    wanted = _changeable(call, kind)
    picture = sent_picture(call)
    given = accepted(read(wanted.document()))
    rows = _packages(call, kind, given)
    gone = _left(call, wanted, rows) if given.packages is not None else []
    with _explained(), call.writing() as session:
        holder = _again(session, call, wanted)
        given = _pictured(call, session, picture, accepted(read(holder.document())))
        structure.change(session, call.instance.config, call.actor, holder, given)
    members.empty(call, wanted, gone)
    return _filled(call, kind, wanted.id, rows)


def _delete(call: Call, kind: Kind) -> None:
    wanted = _changeable(call, kind)
    if wanted.state == DELETED:
        raise not_found()
    if kind is Kind.ORGANIZATION:
        _let_go(call, wanted, others=True)
    with _explained(), call.writing() as session:
        holder = _again(session, call, wanted)
        structure.delete(session, call.actor, holder)


def _purge(call: Call, kind: Kind) -> None:
    if not access.may_administer(call.actor):
        raise denied("only an administrator of the site may purge")
    wanted = _changeable(call, kind)
    if kind is Kind.ORGANIZATION:
        _let_go(call, wanted, others=False)
    else:
        # What is in many more datasets goes from them when they are rendered anew.
        members.empty(call, wanted, members.written(call, wanted)[:MAX_PACKAGES])
    call.renew()
    nobody = desk.no_organization(call.instance)
    with _explained(), call.writing() as session:
        structure.purge(session, call.actor, _again(session, call, wanted), nobody)


def _changeable(call: Call, kind: Kind) -> Holder:
    holder = named.holder(call, kind, "id", "name")
    named.require_managed(call, holder)
    return holder


def _again(session: Session, call: Call, wanted: Holder) -> Holder:
    """Read it once more, now that nobody else writes."""
    found = holders.find(session, call.instance.config, wanted.kind, wanted.id)
    if found is None:
        raise not_found()
    return found


def _given(call: Call) -> dict[str, Any]:
    """Give the fields, without those that only say how the answer looks."""
    return {key: value for key, value in call.arguments.items() if not key.startswith("include_")}


def _pictured(call: Call, session: Session, picture: tuple[bytes, str] | None, given: GroupInput) -> GroupInput:
    """Let the picture that came with a call be that of an organisation or group."""
    image_url = kept_picture(call, session, picture, given.document.image_url)
    return replace(given, document=replace(given.document, image_url=image_url))


def _let_go(call: Call, wanted: Holder, *, others: bool) -> None:
    """Let the datasets of an organisation that goes belong to none, where a site has such; else they keep it from going."""
    rows = members.written(call, wanted) if call.instance.config.ckan_unowned_datasets else []
    if not rows:
        return
    if len(rows) > MAX_PACKAGES:
        raise impossible(f"An organization with more than {MAX_PACKAGES} datasets cannot be deleted")
    with _explained():
        structure.refuse_in_use(call.session, wanted.id, written=False, others=others)
    with call.writing() as session:
        structure.forget_makers_who_left(session, wanted.id)
    for row in rows:
        datasets_write.change(call, row.id, lambda before: replace(before, owner_org=None), "dataset.move")


def _left(call: Call, wanted: Holder, rows: Iterable[DeskDataset]) -> list[DeskDataset]:
    """List the public datasets of a group that are not among those that it shall hold; private ones it never shows, and keeps."""
    if wanted.kind is not Kind.GROUP:
        return []
    present = members.written(call, wanted)
    if len(present) > MAX_PACKAGES:
        raise invalid(packages=f"A group of more than {MAX_PACKAGES} datasets is changed by each of them")
    kept = {row.id for row in rows}
    return [row for row in present if desk_rows.holding(row).public and row.id not in kept]


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except WrongError as wrong:
        raise invalid(**{wrong.field: wrong.sentence}) from None
    except StateError as error:
        raise named.conflict(error) from None


def _packages(call: Call, kind: Kind, given: GroupInput) -> list[DeskDataset]:
    """Find the datasets that a group shall hold, before anything is written; those of organisations say themselves where they belong."""
    wanted = given.packages or () if kind is Kind.GROUP else ()
    if len(wanted) > MAX_PACKAGES:
        raise invalid(packages=f"Must not have more than {MAX_PACKAGES} entries")
    return [named.written(call, one, "packages") for one in wanted]


def _filled(call: Call, kind: Kind, holder_id: str, rows: Iterable[DeskDataset]) -> dict[str, Any]:
    """Put the datasets into a group, and show what was written."""
    call.renew()
    found = holders.find(call.session, call.instance.config, kind, holder_id)
    if found is None:
        raise not_found()
    call.renew()
    members.fill(call, found, rows)
    call.renew()
    return shown(call, found)


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True)
_FIELDS = (
    Argument("title", "string", Message("Titel; sonst der Name", "title; otherwise the name")),
    Argument("description", "string", Message("Beschreibung", "description")),
    Argument("image_url", "string", Message("Adresse eines Bildes", "address of a picture")),
    Argument("image_upload", "file", Message("ein Bild: PNG, JPEG, GIF, WebP", "a picture: PNG, JPEG, GIF, WebP")),
    Argument("clear_upload", "boolean", Message("das Bild entfernen", "remove the picture")),
    Argument("extras", "array", Message("weitere Angaben: key und value", "further fields: key and value")),
    Argument("users", "array", Message("Mitglieder: name und capacity", "members: name and capacity")),
    Argument(
        "groups", "array", Message("die Gruppen und die Organisation darüber", "the groups and the organisation above")
    ),
    Argument(
        "packages",
        "array",
        Message("die öffentlichen Datensätze der Gruppe", "the public datasets of the group"),
    ),
    Argument("state", "string", Message("active oder deleted", "active or deleted")),
)
_NAME = Argument("name", "string", Message("Kurzname: a-z, 0-9, _ und -", "short name: a-z, 0-9, _ and -"))
_NEW = (
    Argument(_NAME.name, _NAME.type, _NAME.about, required=True),
    *_FIELDS,
    Argument("id", "string", Message("Kennung: eine UUID", "id: a UUID")),
)


def _both(what: str, organization: Callable[[Call], Any], group: Callable[[Call], Any], about: tuple[Message, Message],
          arguments: tuple[Argument, ...]) -> dict[str, Action]:  # fmt: skip
    return {
        f"organization_{what}": Action(organization, about[0], arguments, writes=True),
        f"group_{what}": Action(group, about[1], arguments, writes=True),
    }


ACTIONS: Mapping[str, Action] = {
    **_both(
        "create",
        organization_create,
        group_create,
        (
            Message("Eine Organisation anlegen; nur Administratoren.", "Create an organisation; administrators only."),
            Message("Eine Gruppe anlegen; nur Administratoren.", "Create a group; administrators only."),
        ),
        _NEW,
    ),
    **_both(
        "update",
        organization_update,
        group_update,
        (
            Message("Eine Organisation ersetzen.", "Replace an organisation."),
            Message("Eine Gruppe ersetzen.", "Replace a group."),
        ),
        (_ID, _NAME, *_FIELDS),
    ),
    **_both(
        "patch",
        organization_patch,
        group_patch,
        (
            Message("Einzelne Angaben einer Organisation ändern.", "Change some fields of an organisation."),
            Message("Einzelne Angaben einer Gruppe ändern.", "Change some fields of a group."),
        ),
        (_ID, _NAME, *_FIELDS),
    ),
    **_both(
        "delete",
        organization_delete,
        group_delete,
        (
            Message("Eine Organisation ohne Datensätze löschen.", "Delete an organisation without datasets."),
            Message("Eine Gruppe löschen; ihre Datensätze bleiben.", "Delete a group; its datasets stay."),
        ),
        (_ID,),
    ),
    **_both(
        "purge",
        organization_purge,
        group_purge,
        (
            Message("Eine Organisation für immer entfernen; nur Administratoren.", "Erase an organisation for good; administrators only."),
            Message("Eine Gruppe für immer entfernen; nur Administratoren.", "Erase a group for good; administrators only."),
        ),
        (_ID,),
    ),
}  # fmt: skip
