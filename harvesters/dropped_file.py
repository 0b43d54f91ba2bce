"""What a dropped file's address tells: its name, its format, and a distribution made of nothing more."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from dcat.model import Distribution, Text
from dcat.printable import printable
from dcat.vocabularies import vocabulary


def file_name(url: str) -> str:
    """Give the readable name of the file an address leads to; umlauts are one character each, as people write them in YAML."""
    return unicodedata.normalize("NFC", printable(PurePosixPath(unquote(urlsplit(url).path)).name))


def readable(name: str) -> str:
    """Make a title of a folder's or file's name."""
    return re.sub(r"[_\s]+", " ", name.rsplit("/", 1)[-1]).strip() or name


def distribution(
    link: str, *, title: tuple[Text, ...] = (), description: tuple[Text, ...] = (), license_uri: str = ""
) -> Distribution:
    """Describe one file by its address; format and media type follow from its ending."""
    name = file_name(link)
    form, media_type = _form(name)
    return Distribution(
        title=title or (Text(name, "de"),),
        description=description,
        access_url=(link,),
        download_url=(link,),
        license=license_uri,
        format=form,
        media_type=media_type,
    )


def _form(name: str) -> tuple[str, str]:
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    table = vocabulary("format")
    concept = next((c for c in table.concepts.values() if ending and c.extra["extension"] == ending), None)
    concept = concept or (table.find(ending) if ending else None)
    if concept is None:
        return "", ""
    media_type = vocabulary("media-type").find(concept.extra["media_type"]) if concept.extra["media_type"] else None
    return concept.uri, media_type.uri if media_type else ""
