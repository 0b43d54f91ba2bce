"""WFS 1.0 to 2.0 capabilities (OGC 02-058, 04-094, 09-025r2): each feature type becomes a dataset with its downloads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dcat.model import Dataset, Distribution, Identifier, Reading, Text
from dcat.spellings import find
from harvesters import iso_extent, kvp, ogc_service, xml
from harvesters.base import Item
from harvesters.iso_values import each, first, text
from harvesters.ogc_service import Service
from harvesters.stated import Stated

# File types worth a distribution of their own, and how services call them; the first name declared counts.
_OUTPUTS = (
    (
        "GML",
        (
            r"application/gml\+xml;? ?version=3\.2.*",
            r"text/xml; ?subtype=gml/3\.2.*",
            "gml3?2",
            r"text/xml; ?subtype=gml/3.*",
            "gml3",
            r"text/xml; ?subtype=gml/2.*",
            "gml2",
            "gml",
            r"application/gml\+xml.*",
        ),
    ),
    (
        "GEOJSON",
        (
            r"application/geo\+json",
            "geojson",
            r"application/vnd\.geo\+json",
            r"application/json; ?subtype=geojson.*",
            r"application/json",
            "json",
        ),
    ),
    ("CSV", (r"text/csv.*", "csv")),
    ("GPKG", (r"application/(x-)?geopackage.*", "geopackage", "geopkg", "gpkg")),
    ("SHP", ("shape-zip", r"shape\+zip", r"application/x-shape.*", "shapezip")),
)
_VERSION_2 = re.compile(r"2\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTypes:
    """What all feature types of a service share: the service, where features are asked for, and in which formats."""

    service: Service
    address: str
    formats: tuple[str, ...]


def items(root: Any, url: str) -> Iterator[Item]:
    """Cut capabilities into feature types."""
    stated = Stated()
    service = ogc_service.read(root, "WFS", url, stated)
    operation, address = ogc_service.operation(root, "GetFeature")
    shared = FeatureTypes(service=service, address=address or service.endpoint, formats=_declared(root, operation))
    for feature_type in each(root, "FeatureTypeList/FeatureType"):
        name = text(feature_type, "Name")
        yield Item(
            remote_id=name if 0 < len(name) <= 500 else f"?{text(feature_type, 'Title')[:200] or '?'}",
            content=("wfs", feature_type, shared, tuple(stated.problems)),
            stamp=xml.canonical(feature_type) + service.stamp,
        )


def parts(root: Any) -> list[tuple[str, str]]:
    """List names and titles of all feature types."""
    return [(text(one, "Name"), text(one, "Title")) for one in each(root, "FeatureTypeList/FeatureType")]


def read(feature_type: Any, shared: FeatureTypes) -> Reading:
    """Map one feature type; where it has no abstract, the service's describes it."""
    stated = Stated()
    service = shared.service
    name = text(feature_type, "Name")
    title = stated.texts(text(feature_type, "Title") or name.rpartition(":")[2])
    ids, records = ogc_service.metadata_ids(feature_type)
    systems = [text(feature_type, one) for one in ("DefaultCRS", "DefaultSRS", "SRS")]
    dataset = Dataset(
        identifier=ids[:1] or (f"{service.endpoint}#{name}",),
        other_identifier=tuple(Identifier(notation=one) for one in ids[1:]),
        title=title,
        description=stated.texts(text(feature_type, "Abstract")) or service.description,
        keyword=stated.keywords(ogc_service.keywords(feature_type), "keyword"),
        publisher=service.publisher,
        contact_point=service.contact,
        access_rights=service.rights.access,
        spatial=ogc_service.box(feature_type),
        conforms_to=tuple(dict.fromkeys(uri for one in systems if one and (uri := iso_extent.crs(one)))),
        page=records,
        distribution=_distributions(feature_type, name, title, shared),
    )
    return Reading(dataset=dataset, problems=(*stated.problems, *service.rights.problems))


def _declared(root: Any, operation: Any) -> tuple[str, ...]:
    """List the output formats of GetFeature, wherever a version of the standard declares them."""
    if operation is None:
        return ()
    found: list[str] = []
    holders = [operation, first(root, "OperationsMetadata")]
    for holder in (one for one in holders if one is not None):
        for parameter in each(holder, "Parameter"):
            if str(parameter.get("name") or "").lower() == "outputformat":
                found += [xml.text(one) for path in ("AllowedValues/Value", "Value") for one in each(parameter, path)]
    found += [xml.local(one) for one in each(operation, "ResultFormat/*")]
    return tuple(dict.fromkeys(one for one in found[:500] if 0 < len(one) <= 200))


def _distributions(
    feature_type: Any, name: str, title: tuple[Text, ...], shared: FeatureTypes
) -> tuple[Distribution, ...]:
    """Offer each known format the service declares; without any, what it gives when asked for none, which is GML."""
    own = tuple(xml.text(one) for one in each(feature_type, "OutputFormats/Format"))
    formats = (*own[:500], *shared.formats)
    service = shared.service.distribution(title)
    made = [
        _download(file_type, output, name, title, service, shared)
        for file_type, spellings in _OUTPUTS
        if (output := _spelled(spellings, formats)) or (file_type == "GML" and not formats)
    ]
    return (*made, replace(service, title=tuple(Text(f"{one.value} (WFS)", one.lang) for one in title)))


def _spelled(spellings: tuple[str, ...], formats: tuple[str, ...]) -> str:
    for spelling in spellings:
        for one in formats:
            if re.fullmatch(spelling, one, re.IGNORECASE):
                return one
    return ""


def _download(
    file_type: str, output: str, name: str, title: tuple[Text, ...], service: Distribution, shared: FeatureTypes
) -> Distribution:
    """Describe the request for all features of a type in one format."""
    version = shared.service.version or "1.1.0"
    asked = {
        "service": "WFS",
        "version": version,
        "request": "GetFeature",
        "typeNames" if _VERSION_2.match(version) else "typeName": name,
        **({"outputFormat": output} if output else {}),
    }
    url = kvp.asked(kvp.without(shared.address), asked)
    concept = find(file_type, "format")
    media_type = find(concept.extra["media_type"], "media-type") if concept else None
    return replace(
        service,
        title=tuple(Text(f"{one.value} ({concept.code if concept else file_type})", one.lang) for one in title),
        access_url=(url,),
        download_url=(url,),
        format=concept.uri if concept else "",
        media_type=media_type.uri if media_type else "",
    )
