"""Distributions of interfaces: an address, what it gives, and the service behind it."""

from dcat.model import DataService, Distribution, Text
from dcat.spellings import find


def distribution(
    url: str,
    title: str,
    form: str,
    *,
    description: str = "",
    license_uri: str = "",
    download: bool = False,
    services: tuple[DataService, ...] = (),
) -> Distribution:
    """Describe one address of an interface; `form` is a file type such as JSON. A download is a file, the rest are queries."""
    concept = find(form, "format")
    media_type = find(concept.extra["media_type"], "media-type") if concept else None
    return Distribution(
        title=(Text(title, "de"),),
        description=(Text(description, "de"),) if description else (),
        access_url=(url,),
        download_url=(url,) if download else (),
        license=license_uri,
        format=concept.uri if concept else "",
        media_type=media_type.uri if media_type else "",
        access_service=services,
    )
