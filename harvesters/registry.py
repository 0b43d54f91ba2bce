"""The protocols that are built in, one line each."""

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
