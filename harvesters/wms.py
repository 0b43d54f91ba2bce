"""WMS 1.1.1 and 1.3.0 capabilities (OGC 01-068r3, 06-042): the service becomes a dataset, or each named layer without named layers below."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dcat.model import Dataset, Identifier, Place, Reading
from harvesters import iso_extent, ogc_service, xml
from harvesters.base import Item
from harvesters.iso_values import each, first, text
from harvesters.ogc_service import Service
from harvesters.stated import Stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer with what it inherits from those above: the rectangle and the reference systems (WMS 1.3.0, 7.2.4.8)."""

    element: Any
    name: str
    title: str
    spatial: tuple[Place, ...]
    systems: tuple[str, ...]


def layers(root: Any) -> Iterator[Layer]:
    """Give the named layers that have no named layers below, in the order of the document."""
    pending = [
        (one, Layer(element=None, name="", title="", spatial=(), systems=())) for one in each(root, "Capability/Layer")
    ]
    pending.reverse()
    while pending:
        element, above = pending.pop()
        own = _layer(element, above)
        below = list(each(element, "Layer"))
        pending += [(one, own) for one in reversed(below)]
        if own.name and not any(text(one, "Name") for one in element.iterfind(".//{*}Layer")):
            yield own


def _layer(element: Any, above: Layer) -> Layer:
    own = (iso_extent.crs(xml.text(one)) for name in ("CRS", "SRS") for one in each(element, name))
    systems = tuple(dict.fromkeys((*above.systems, *(uri for uri in own if uri))))[:50]
    return Layer(
        element=element,
        name=text(element, "Name"),
        title=text(element, "Title"),
        spatial=ogc_service.box(element) or above.spatial,
        systems=systems,
    )


def items(root: Any, url: str) -> Iterator[Item]:
    """Cut capabilities into layers."""
    stated = Stated()
    service = ogc_service.read(root, "WMS", url, stated)
    for layer in layers(root):
        yield Item(
            remote_id=layer.name[:500],
            content=("wms", layer, service, tuple(stated.problems)),
            stamp=xml.canonical(layer.element) + repr(layer.spatial).encode() + service.stamp,
        )


def parts(root: Any) -> list[tuple[str, str]]:
    """List names and titles of all such layers."""
    return [(layer.name, layer.title) for layer in layers(root)]


def top(root: Any) -> Layer | None:
    """Give the layer at the top, which tells the rectangle of the whole service; None where there is none."""
    element = first(root, "Capability/Layer")
    return (
        _layer(element, Layer(element=None, name="", title="", spatial=(), systems=())) if element is not None else None
    )


def read(layer: Layer, service: Service) -> Reading:
    """Map one layer; where it has no abstract, the service's describes it."""
    stated = Stated()
    title = stated.texts(layer.title or layer.name)
    ids, records = ogc_service.metadata_ids(layer.element)
    dataset = Dataset(
        identifier=ids[:1] or (f"{service.endpoint}#{layer.name}",),
        other_identifier=tuple(Identifier(notation=one) for one in ids[1:]),
        title=title,
        description=stated.texts(text(layer.element, "Abstract")) or service.description,
        keyword=stated.keywords(ogc_service.keywords(layer.element), "keyword"),
        publisher=service.publisher,
        contact_point=service.contact,
        access_rights=service.rights.access,
        spatial=layer.spatial,
        conforms_to=layer.systems,
        page=records,
        distribution=(service.distribution(title),),
    )
    return Reading(dataset=dataset, problems=(*stated.problems, *service.rights.problems))
