"""The picture that comes with a call that writes an organisation, a group or an account."""

from sqlalchemy.orm import Session

from catalog import pictures
from catalog.api.actions.call import Call, explained, invalid
from dcat import ckan_pictures

PICTURE = "image_upload"


def sent_picture(call: Call) -> tuple[bytes, str] | None:
    """Read the picture that came with a call, before anything is written; any other file is refused."""
    if strange := next((name for name in call.files if name != PICTURE), ""):
        raise invalid(**{strange: f"Must be sent as {PICTURE}"})
    if PICTURE not in call.files:
        return None
    with explained(PICTURE):
        return pictures.read(call.files[PICTURE].stream)


def kept_picture(call: Call, session: Session, picture: tuple[bytes, str] | None, image_url: str) -> str:
    """Keep the picture that came with a call and give its name, nothing where it shall go, else what was there."""
    if picture is not None:
        return pictures.keep(session, call.instance.files, *picture)
    return "" if call.flag("clear_upload") and ckan_pictures.uploaded(image_url) else image_url
