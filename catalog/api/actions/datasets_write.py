"""CKAN's actions that write datasets. What they write is kept by catalog/desk.py; what they may write says catalog/access.py."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, accounts, audit, desk, desk_names, desk_purge, desk_rows, organizations
from catalog.api.actions import named, packages
from catalog.api.actions.call import Action, Argument, Call, accepted, denied, invalid, not_found
from catalog.db import upsert
from catalog.desk import Change, TakenError, Upload
from catalog.drafts import HIDDEN
from catalog.models import DatasetRow, Organization
from catalog.models_desk import DeskDataset, PluginData, TagVocabulary, VocabularyTag
from catalog.store import UUID
from dcat import ckan_change, ckan_input, ckan_package, ckan_revise
from dcat.ckan_package import PackageDocument
from dcat.ckan_values import Refused, misfit
from dcat.message import Message
from dcat.states import ACTIVE, DELETED

_ID_TAKEN = "Dataset id already exists"
# Makes of a dataset what shall be: its document, or what is wrong with the arguments.
Edit = Callable[[PackageDocument], PackageDocument | Refused]


def package_create(call: Call) -> dict[str, Any]:
    """Create a dataset. Its name must be free; its organisation is one whose datasets whoever asks may write."""
    require_account(call)
    dataset_id = _own_id(call)
    document = accepted(ckan_input.read_package(_given(call)))
    organization = _owner(call, document)
    if not (_may_write_unowned(call, organization) or access.may_create_in(call.actor, organization.id)):
        raise denied(f"you may not write datasets of {organization.name}")
    document = resolved(call, document, None)

    def edit(base: DeskDataset | None) -> Change:
        if base is not None:
            raise invalid(id=_ID_TAKEN)
        return Change(
            document=document,
            organization_id=organization.id,
            modified_at=stated_time(call),
            created_at=stated_time(call, "metadata_created"),
        )

    return _with_plugin_data(call, saved(call, dataset_id, edit, "dataset.create", new=document.name))


def package_update(call: Call) -> dict[str, Any]:
    """Replace a dataset by what is given. Without `resources` they stay as they are."""
    wanted = call.required("id", "name")
    shown = change(call, wanted, lambda before: ckan_change.updated(before, _given(call)), dated=True)
    return _with_plugin_data(call, shown)


def package_patch(call: Call) -> dict[str, Any]:
    """Change only the fields given."""
    wanted = call.required("id")
    shown = change(call, wanted, lambda before: ckan_change.patched(before, _given(call)), dated=True)
    return _with_plugin_data(call, shown)


def package_delete(call: Call) -> None:
    """Delete a dataset: nobody sees it but those who may bring it back, and nobody works along on it any more."""
    shown = change(call, call.required("id"), lambda before: replace(before, state=DELETED), "dataset.delete")
    if accounts.collaborators(call.session, shown["id"]):
        with call.writing() as session:
            accounts.unshare_all(session, shown["id"])


def dataset_purge(call: Call) -> None:
    """Erase a dataset with all that was kept of it, for good."""
    row = desk_rows.find(call.session, call.required("id"))
    if not access.may_administer(call.actor, access.Scope.DATASETS):
        raise denied("only an administrator of the site may purge")
    if row is None:
        raise packages.not_ours(call.session, call.required("id"))
    call.renew()
    desk_purge.purge(call.instance, call.actor, row.id)
    if reason := call.text("reason"):
        with call.writing() as session:
            audit.note(session, call.actor, "dataset.purge", row.id, reason=reason)


def package_revise(call: Call) -> dict[str, Any]:
    """Check a dataset against `match`, take out what `filter` says, put in what `update` says: all or nothing."""
    if call.files:
        raise invalid(upload="Send files with resource_create or resource_patch")
    revision = accepted(ckan_revise.read(dict(call.arguments)))
    row = packages.editable(call.session, call, revision.wanted())
    package = packages.written(call, [row])[row.id]

    def edit(before: PackageDocument) -> PackageDocument | Refused:
        shown = {**package, **ckan_package.write(before), "id": row.id}
        found = ckan_revise.revise(shown, revision)
        return found if isinstance(found, Refused) else ckan_change.updated(before, found)

    saved_package = change(call, row.id, edit, "dataset.revise")
    return ckan_revise.included(saved_package, revision)


def package_owner_org_update(call: Call) -> None:
    """Move a dataset to another organisation."""
    wanted = call.text("organization_id") or None
    change(call, call.required("id"), lambda before: replace(before, owner_org=wanted), "dataset.move")


def change(
    call: Call,
    name_or_id: str,
    edit: Edit,
    action: str = "dataset.update",
    uploads: Mapping[str, Upload] | None = None,
    *,
    dated: bool = False,
) -> dict[str, Any]:
    """Change a dataset and show it as it is then. The edit is made anew when somebody else was faster.

    With `dated` the arguments may say when the dataset was made and last changed.
    """
    row = packages.editable(call.session, call, name_or_id)

    def anew(base: DeskDataset | None) -> Change:
        if base is None:
            raise not_found()
        packages.require_version(call, base)
        if not packages.writes(call, base):
            raise denied()
        before = desk_rows.document(base)
        document = accepted(edit(before))
        owner = _moved(call, base, before, document)
        return Change(
            document=resolved(call, document, before),
            organization_id=owner,
            uploads=uploads or {},
            modified_at=stated_time(call) if dated else None,
            created_at=stated_time(call, "metadata_created") if dated else None,
        )

    return saved(call, row.id, anew, action)


def saved(call: Call, dataset_id: str, edit: desk.Edit, action: str, *, new: str = "") -> dict[str, Any]:
    """Write a dataset and show it. One that is `new`, by its name, takes it from a deleted one."""
    _refuse_plugin_data(call)
    try:
        row = desk.write(call.instance, call.actor, dataset_id, edit, action, reader=call.session, new=bool(new))
    except TakenError as taken:
        if not (new and _release_name(call, new)):
            field = str(taken)
            sentence = "That URL is already in use." if field == "name" else "Resource id already exists."
            raise invalid(**{field: sentence}) from None
        return saved(call, dataset_id, edit, action, new=new)
    except sa.exc.NoResultFound:
        # Purged since it was found.
        raise invalid(owner_org="There is no such organisation") from None
    call.etag = packages.etag(row)
    return packages.written(call, [row])[row.id]


def _with_plugin_data(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    """Keep what programs of the administrators store with a dataset, and show it to them; from others it is not taken."""
    given = call.arguments.get("plugin_data")
    if given is None or not call.actor.admin:
        return shown
    with call.writing() as session:
        upsert(session, PluginData, [{"dataset_id": shown["id"], "data": given}])
    return {**shown, "plugin_data": given}


def _refuse_plugin_data(call: Call) -> None:
    given = call.arguments.get("plugin_data")
    if given is None or not call.actor.admin:
        return
    if sentence := misfit(given) if isinstance(given, dict) else "Must be an object":
        raise invalid(plugin_data=sentence)


def require_account(call: Call) -> None:
    """Refuse who is not known."""
    if not call.actor.known:
        raise denied("this needs the token of an account")


def resolved(call: Call, document: PackageDocument, before: PackageDocument | None) -> PackageDocument:
    """Bring the groups of a document to their ids, and see that they and its keywords exist; those it had already may stay."""
    known = desk_rows.group_ids(call.session, document.groups, themes=call.instance.config.ckan_themes_as_groups)
    had = set(before.groups) if before else set()
    if missing := [one for one in document.groups if one not in known and one not in had]:
        raise invalid(groups=f"There is no group {missing[0][:100]}")
    groups = tuple(dict.fromkeys(known.get(one, one) for one in document.groups))
    for group in groups:
        if group not in had and UUID.fullmatch(group) and not access.may_fill(call.actor, group):
            raise denied("you may not put datasets into this group")
    _refuse_unknown_tags(call.session, document)
    return replace(document, groups=groups)


def _refuse_unknown_tags(session: Session, document: PackageDocument) -> None:
    wanted = {(tag.vocabulary_id, tag.name) for tag in document.tags if tag.vocabulary_id}
    if not wanted:
        return
    vocabularies = {vocabulary for vocabulary, _ in wanted}
    rows = session.execute(
        sa.select(VocabularyTag.vocabulary_id, VocabularyTag.name)
        .join(TagVocabulary, TagVocabulary.id == VocabularyTag.vocabulary_id)
        .where(VocabularyTag.vocabulary_id.in_(vocabularies))
    )
    if missing := sorted(wanted.difference(tuple(row) for row in rows)):
        raise invalid(tags=f"Tag {missing[0][1]} is not in the vocabulary {missing[0][0]}")


def _own_id(call: Call) -> str:
    """Give the id of a new dataset: one that none has, nor had in public."""
    chosen = named.new_id(call, "a dataset")
    if not call.text("id"):
        return chosen
    with call.instance.database.reading() as session:
        public = session.get(DatasetRow, chosen)
        if session.get(DeskDataset, chosen) is not None or (public is not None and public.state != HIDDEN):
            raise invalid(id=_ID_TAKEN)
    return chosen


def _owner(call: Call, document: PackageDocument) -> Organization:
    """Find the organisation of a document; where a site allows it, a dataset may have none."""
    if not document.owner_org:
        if not call.instance.config.ckan_unowned_datasets:
            raise invalid(owner_org="An organisation must be given")
        return desk.no_organization(call.instance)
    found = organizations.find(call.session, document.owner_org)
    if found is None or found.state != ACTIVE:
        raise invalid(owner_org="There is no such organisation")
    return found


def _may_write_unowned(call: Call, organization: Organization) -> bool:
    return organization.id == access.UNOWNED and access.may_create_unowned(call.actor)


def _is_own(call: Call, base: DeskDataset) -> bool:
    """Whether a dataset belongs to no organisation, and whoever asks made it."""
    return desk_rows.holding(base).unowned and base.creator_id == call.actor.id


def _release_name(call: Call, name: str) -> bool:
    """Let a deleted dataset of the desk go of its name, so that another one may have it; it is called by its id from then on."""
    row = desk_rows.find(call.session, name)
    if row is None or row.name != name or row.state != DELETED:
        return False
    call.renew()

    def unnamed(base: DeskDataset | None) -> Change:
        if base is None or base.state != DELETED:
            # It was purged or brought back meanwhile: its name is another question now.
            raise TakenError("name")
        return Change(document=replace(desk_rows.document(base), name=base.id), organization_id=base.organization_id)

    try:
        desk.write(call.instance, call.actor, row.id, unnamed, "dataset.update")
    except TakenError:
        return False
    call.renew()
    with call.writing() as session:
        desk_names.forget_address(session, name, row.id)
    return True


def _moved(call: Call, base: DeskDataset, before: PackageDocument, document: PackageDocument) -> str:
    """Give the organisation that a dataset belongs to after a change.

    Whoever moves it must be allowed to write in both: who only works along on it does not take it away from its organisation.
    """
    if document.owner_org in (before.owner_org, base.organization_id):
        return base.organization_id
    organization = _owner(call, document)
    if organization.id == base.organization_id:
        return base.organization_id
    if not (_is_own(call, base) or access.may_create_in(call.actor, base.organization_id)):
        raise invalid(owner_org="You cannot move this dataset to another organization")
    if not access.may_create_in(call.actor, organization.id):
        raise denied(f"you may not write datasets of {organization.name}")
    return organization.id


def stated_time(call: Call, name: str = "metadata_modified") -> datetime.datetime | None:
    """Read when a dataset was last changed or made, as administrators may say who load it from elsewhere."""
    stated = call.arguments.get(name)
    if not call.actor.admin or not isinstance(stated, str) or not stated:
        return None
    try:
        found = datetime.datetime.fromisoformat(stated)
        return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise invalid(**{name: "Must be a time such as 2026-11-22T08:30:00"}) from None


def _given(call: Call) -> dict[str, Any]:
    return dict(call.arguments)


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True)
_FIELDS = (
    Argument("name", "string", Message("Name in der Adresse: 2 bis 100 aus a-z, 0-9, _ und -", "name in the address")),
    Argument("title", "string", Message("Titel", "title")),
    Argument("notes", "string", Message("Beschreibung", "description")),
    Argument("owner_org", "string", Message("Organisation", "organisation")),
    Argument("license_id", "string", Message("Lizenz, wie dl-by-de/2.0", "licence, such as dl-by-de/2.0")),
    Argument("private", "boolean", Message("nur für die Organisation", "for the organisation only")),
    Argument("state", "string", Message("active, draft oder deleted", "active, draft or deleted")),
    Argument("tags", "array", Message("Schlagwörter: [{name}]", "keywords: [{name}]")),
    Argument("groups", "array", Message("Gruppen: [{name}]", "groups: [{name}]")),
    Argument("extras", "array", Message("weitere Angaben: [{key, value}]", "further fields: [{key, value}]")),
    Argument("resources", "array", Message("Ressourcen: [{url, name, format}]", "resources: [{url, name, format}]")),
)

ACTIONS: Mapping[str, Action] = {
    "package_create": Action(package_create, Message("Datensatz anlegen", "create a dataset"), _FIELDS, writes=True),
    "package_update": Action(
        package_update, Message("Datensatz ersetzen", "replace a dataset"), (_ID, *_FIELDS), writes=True
    ),
    "package_patch": Action(
        package_patch,
        Message("Felder eines Datensatzes ändern", "change fields of a dataset"),
        (_ID, *_FIELDS),
        writes=True,
    ),
    "package_revise": Action(
        package_revise,
        Message("Datensatz prüfen und in einem Schritt ändern", "check and change a dataset in one step"),
        (
            Argument("match", "object", Message("was gelten muss", "what must hold"), required=True),
            Argument("filter", "array", Message("was wegfällt", "what is taken out")),
            Argument("update", "object", Message("was hinzukommt", "what is put in")),
            Argument("include", "array", Message("was die Antwort zeigt", "what the answer shows")),
        ),
        writes=True,
    ),
    "package_delete": Action(package_delete, Message("Datensatz löschen", "delete a dataset"), (_ID,), writes=True),
    "dataset_purge": Action(
        dataset_purge,
        Message("Datensatz endgültig entfernen", "erase a dataset for good"),
        (_ID, Argument("reason", "string", Message("warum, für das Protokoll", "why, for the log"))),
        writes=True,
    ),
    "package_owner_org_update": Action(
        package_owner_org_update,
        Message("Datensatz einer anderen Organisation geben", "move a dataset to another organisation"),
        (_ID, Argument("organization_id", "string", Message("die neue Organisation", "the new organisation"))),
        writes=True,
    ),
}
