"""The protocols that are built in, one line each."""

from dcat.errors import ConfigError
from dcat.message import Message
from harvesters.arcgis import ARCGIS
from harvesters.base import Harvester
from harvesters.ckan import CKAN
from harvesters.csw import CSW
from harvesters.data_json import DATA_JSON
from harvesters.dcat_rdf import DCAT
from harvesters.files import FILES
from harvesters.folder import FOLDER
from harvesters.gbfs import GBFS
from harvesters.gtfs import GTFS
from harvesters.ldes import LDES
from harvesters.mobilithek import MOBILITHEK
from harvesters.ogc import OGC
from harvesters.ogc_api import OGC_API
from harvesters.oparl import OPARL
from harvesters.opendatasoft import OPENDATASOFT
from harvesters.pegelonline import PEGELONLINE
from harvesters.s3 import S3
from harvesters.sensorthings import SENSORTHINGS
from harvesters.sftp import SFTP
from harvesters.source import Source
from harvesters.webdav import WEBDAV

HARVESTERS: dict[str, Harvester] = {
    harvester.type: harvester
    for harvester in (
        ARCGIS,
        CKAN,
        CSW,
        DATA_JSON,
        DCAT,
        FILES,
        FOLDER,
        GBFS,
        GTFS,
        LDES,
        MOBILITHEK,
        OGC,
        OGC_API,
        OPARL,
        OPENDATASOFT,
        PEGELONLINE,
        S3,
        SENSORTHINGS,
        SFTP,
        WEBDAV,
    )
}


def require_options(source: Source) -> None:
    """Refuse options that the source's protocol does not know: a misspelt filter would bring everything. ConfigError."""
    known = HARVESTERS[source.type].options
    for name, _ in source.options:
        if name not in known:
            there = ", ".join(known) or "-"
            raise ConfigError(
                Message(
                    f"{source.id}: Die Art {source.type} kennt keine Option »{name}« (bekannt: {there}); bitte unter »options« berichtigen.",
                    f'{source.id}: the type {source.type} knows no option "{name}" (known: {there}); please correct it under "options".',
                )
            )
