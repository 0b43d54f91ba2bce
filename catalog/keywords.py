"""Keywords: the free ones as public datasets have them, counted by the search index, and closed lists with a name."""

import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import audit, search
from catalog.access import Actor
from catalog.instance import Instance
from catalog.models_desk import TagVocabulary, VocabularyTag
from dcat import ckan
from dcat.errors import StateError
from dcat.message import Message

# More values than that are no list that anybody reads.
MOST = 100_000


def counted(instance: Instance, field: str, start: str = "") -> list[tuple[str, int]]:
    """List what public datasets have in a field of the index (`tag`, `format`), with the number of datasets, by value."""
    return search.count_values(instance, field, start, most=MOST)


def vocabularies(session: Session) -> list[TagVocabulary]:
    """List the closed lists, by name."""
    return list(session.scalars(sa.select(TagVocabulary).order_by(TagVocabulary.name)))


def vocabulary(session: Session, name_or_id: str) -> TagVocabulary | None:
    """Find a closed list by name or id."""
    named = sa.or_(TagVocabulary.id == name_or_id, TagVocabulary.name == name_or_id)
    return session.scalar(sa.select(TagVocabulary).where(named))


def listed(session: Session, vocabulary_ids: Iterable[str]) -> list[VocabularyTag]:
    """List the keywords of closed lists, by name."""
    query = sa.select(VocabularyTag).where(VocabularyTag.vocabulary_id.in_(list(vocabulary_ids)))
    return list(session.scalars(query.order_by(VocabularyTag.name)))


def keyword(session: Session, name_or_id: str, vocabulary_id: str = "") -> VocabularyTag | None:
    """Find a keyword of a closed list, by id or, where the list is said, by name."""
    if not vocabulary_id:
        return session.get(VocabularyTag, name_or_id)
    named = sa.or_(VocabularyTag.id == name_or_id, VocabularyTag.name == name_or_id)
    return session.scalar(sa.select(VocabularyTag).where(named, VocabularyTag.vocabulary_id == vocabulary_id))


def create_vocabulary(session: Session, actor: Actor, name: str, tags: Iterable[str]) -> str:
    """Make a closed list; gives its id. StateError when there is one of that name."""
    _refuse_taken(session, name)
    made = TagVocabulary(id=str(uuid.uuid4()), name=name)
    session.add(made)
    session.flush()
    _set_keywords(session, made.id, tags)
    audit.note(session, actor, "vocabulary.create", made.id, name)
    return made.id


def change_vocabulary(
    session: Session, actor: Actor, found: TagVocabulary, name: str, tags: Iterable[str] | None
) -> None:
    """Rename a closed list, and say which keywords it holds; None leaves them. StateError when the name is taken."""
    if name != found.name:
        _refuse_taken(session, name)
        session.execute(sa.update(TagVocabulary).where(TagVocabulary.id == found.id).values(name=name))
    if tags is not None:
        _set_keywords(session, found.id, tags)
    audit.note(session, actor, "vocabulary.update", found.id, name)


def delete_vocabulary(session: Session, actor: Actor, found: TagVocabulary) -> None:
    """Delete a closed list with its keywords; datasets keep the words."""
    session.execute(sa.delete(VocabularyTag).where(VocabularyTag.vocabulary_id == found.id))
    session.execute(sa.delete(TagVocabulary).where(TagVocabulary.id == found.id))
    audit.note(session, actor, "vocabulary.delete", found.id, found.name)


def add_keyword(session: Session, actor: Actor, found: TagVocabulary, name: str) -> str:
    """Add a keyword to a closed list; gives its id. StateError when it is there."""
    if keyword(session, name, found.id) is not None:
        raise StateError(Message("Dieses Schlagwort gibt es schon.", "Tag exists in this vocabulary already."))
    made = VocabularyTag(id=ckan.tag_id(name, found.id), vocabulary_id=found.id, name=name)
    session.add(made)
    session.flush()
    audit.note(session, actor, "tag.create", made.id, name, vocabulary=found.name)
    return made.id


def delete_keyword(session: Session, actor: Actor, found: VocabularyTag) -> None:
    """Delete a keyword of a closed list; datasets keep the word."""
    session.execute(sa.delete(VocabularyTag).where(VocabularyTag.id == found.id))
    audit.note(session, actor, "tag.delete", found.id, found.name)


def _set_keywords(session: Session, vocabulary_id: str, names: Iterable[str]) -> None:
    """Let a closed list hold exactly these keywords; those that stay keep their ids."""
    wanted = set(names)
    present = {one.name: one.id for one in listed(session, [vocabulary_id])}
    gone = [present[name] for name in present.keys() - wanted]
    session.execute(sa.delete(VocabularyTag).where(VocabularyTag.id.in_(gone)))
    session.add_all(
        VocabularyTag(id=ckan.tag_id(name, vocabulary_id), vocabulary_id=vocabulary_id, name=name)
        for name in sorted(wanted - present.keys())
    )
    session.flush()


def _refuse_taken(session: Session, name: str) -> None:
    if session.scalar(sa.select(TagVocabulary.id).where(TagVocabulary.name == name)) is not None:
        raise StateError(
            Message("Diesen Namen hat schon eine andere Liste.", "That vocabulary name is already in use.")
        )
