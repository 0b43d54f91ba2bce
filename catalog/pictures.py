"""Pictures that were uploaded for organisations, groups and accounts: small, of four formats that hold no scripts, in the file store.

The bytes tell the format, not the name (CVE-2021-25967, CVE-2025-24372). A picture is public as long as something active names it.
"""

import datetime
from typing import IO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, insert_or_ignore, now
from catalog.files import Files
from catalog.models import Organization
from catalog.models_accounts import Account
from catalog.models_desk import Group, Picture
from dcat import ckan_pictures
from dcat.errors import ConfigError
from dcat.message import Message
from dcat.states import ACTIVE

MAX = 2_000_000
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
# What nothing names may be about to be named.
_FRESH = datetime.timedelta(days=1)
_NAMING = (Organization.image_url, Group.image_url, Account.image_url)


def read(stream: IO[bytes]) -> tuple[bytes, str]:
    """Read a picture that was sent: its bytes, and the suffix of its format; ConfigError when it is none that is taken here."""
    content = stream.read(MAX + 1)
    if len(content) > MAX:
        raise ConfigError(
            Message(f"Ein Bild darf höchstens {MAX} Byte haben.", f"A picture may have {MAX} bytes at the most.")
        )
    suffix = _suffix(content)
    if not suffix:
        raise ConfigError(
            Message(
                "Nur PNG, JPEG, GIF und WebP werden angenommen.",
                "Unsupported upload type: only PNG, JPEG, GIF and WebP are taken",
            )
        )
    return content, suffix


def keep(session: Session, files: Files, content: bytes, suffix: str) -> str:
    """Keep a picture; gives its name."""
    digest = files.put(content)
    insert_or_ignore(session, Picture, [{"sha256": digest, "size": len(content), "uploaded_at": now()}])
    return ckan_pictures.name(digest, suffix)


def public(session: Session, kind: str, name: str) -> Picture | None:
    """Find a picture by its name, if an active organisation, group or account shows it; `kind` is group or user."""
    found = ckan_pictures.uploaded(name)
    if found is None:
        return None
    tables: tuple[type[Organization] | type[Group] | type[Account], ...]
    tables = (Account,) if kind == "user" else (Organization, Group)
    for table in tables:
        named = sa.select(table.id).where(table.image_url == name, table.state == ACTIVE)
        if session.scalar(named.limit(1)) is not None:
            return session.get(Picture, found[0])
    return None


def forget_unused(session: Session) -> None:
    """Forget pictures that nothing names any more; their bytes then go from the store (catalog/ingest/retention.py)."""
    old = list(session.scalars(sa.select(Picture.sha256).where(Picture.uploaded_at < now() - _FRESH)))
    for part in batches(old):
        names = {ckan_pictures.name(digest, suffix): digest for digest in part for suffix in ckan_pictures.SUFFIXES}
        used = {
            names[name] for column in _NAMING for name in session.scalars(sa.select(column).where(column.in_(names)))
        }
        session.execute(sa.delete(Picture).where(Picture.sha256.in_(set(part) - used)))


def _suffix(content: bytes) -> str:
    """Tell the format of a picture by how its bytes begin; empty for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""
