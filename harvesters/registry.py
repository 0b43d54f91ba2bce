"""The protocols that are built in, one line each."""

from harvesters.base import Harvester
from harvesters.dcat_rdf import DCAT
from harvesters.files import FILES

HARVESTERS: dict[str, Harvester] = {harvester.type: harvester for harvester in (DCAT, FILES)}
