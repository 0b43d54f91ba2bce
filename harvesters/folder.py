"""File drops in a folder of this machine (docs/sources/folder.md): listed by its door, cut like every drop."""

from harvesters import drop_listing, file_drop, places
from harvesters.base import Batch, Harvester, Page
from harvesters.file_drop import Drop
from harvesters.source import Source


def pages(source: Source) -> tuple[str, ...]:
    """Begin with the listing of the source's folder."""
    return (places.folder_of(source.url),)


def split(page: Page, source: Source) -> Batch:
    """Cut the listing of a folder, or a data package, into datasets."""
    # Where the folder lies is nobody's business, so what a data package in it describes is named after the source.
    drop = Drop(places.folder_of(source.url), source.id)
    if file_drop.is_package(page):
        return Batch(items=iter([file_drop.package_item(page, drop)]))
    return file_drop.cut(drop_listing.read(page), page.url, source, drop)


FOLDER = Harvester(
    type="folder",
    accept="application/json",
    publishes_files=True,
    pages=pages,
    split=split,
    map=file_drop.read,
)
