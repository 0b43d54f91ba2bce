"""What the topics of ISO 19115 and the themes of INSPIRE are among the data themes of the EU, after the alignment of GeoDCAT-AP."""

from dcat.vocabularies import THEMES

_TOPICS = {
    "farming": "AGRI",
    "biota": "ENVI",
    "boundaries": "REGI",
    "climatologymeteorologyatmosphere": "ENVI",
    "economy": "ECON",
    "elevation": "ENVI",
    "environment": "ENVI",
    "geoscientificinformation": "ENVI",
    "health": "HEAL",
    "imagerybasemapsearthcover": "ENVI",
    "intelligencemilitary": "JUST",
    "inlandwaters": "ENVI",
    "location": "REGI",
    "oceans": "ENVI",
    "planningcadastre": "REGI",
    "society": "SOCI",
    "structure": "REGI",
    "transportation": "TRAN",
    "utilitiescommunication": "ENER",
}
# Code in the address of the theme, name in German and English, theme of the EU.
_INSPIRE = (
    ("ac", "Atmosphärische Bedingungen", "Atmospheric conditions", "ENVI"),
    ("ad", "Adressen", "Addresses", "REGI"),
    ("af", "Landwirtschaftliche Anlagen und Aquakulturanlagen", "Agricultural and aquaculture facilities", "AGRI"),
    (
        "am",
        "Bewirtschaftungsgebiete/Schutzgebiete/geregelte Gebiete und Berichterstattungseinheiten",
        "Area management/restriction/regulation zones and reporting units",
        "ENVI",
    ),
    ("au", "Verwaltungseinheiten", "Administrative units", "REGI"),
    ("br", "Biogeografische Regionen", "Bio-geographical regions", "ENVI"),
    ("bu", "Gebäude", "Buildings", "REGI"),
    ("cp", "Flurstücke/Grundstücke (Katasterparzellen)", "Cadastral parcels", "REGI"),
    ("ef", "Umweltüberwachung", "Environmental monitoring facilities", "ENVI"),
    ("el", "Höhe", "Elevation", "ENVI"),
    ("er", "Energiequellen", "Energy resources", "ENER"),
    ("ge", "Geologie", "Geology", "ENVI"),
    ("gn", "Geografische Bezeichnungen", "Geographical names", "REGI"),
    ("hb", "Lebensräume und Biotope", "Habitats and biotopes", "ENVI"),
    ("hh", "Gesundheit und Sicherheit", "Human health and safety", "HEAL"),
    ("hy", "Gewässernetz", "Hydrography", "ENVI"),
    ("lc", "Bodenbedeckung", "Land cover", "ENVI"),
    ("lu", "Bodennutzung", "Land use", "REGI"),
    ("mf", "Meteorologisch-geografische Kennwerte", "Meteorological geographical features", "ENVI"),
    ("mr", "Mineralische Bodenschätze", "Mineral resources", "ENVI"),
    ("nz", "Gebiete mit naturbedingten Risiken", "Natural risk zones", "ENVI"),
    ("of", "Ozeanografisch-geografische Kennwerte", "Oceanographic geographical features", "ENVI"),
    ("oi", "Orthofotografie", "Orthoimagery", "ENVI"),
    ("pd", "Verteilung der Bevölkerung — Demografie", "Population distribution — demography", "SOCI"),
    ("pf", "Produktions- und Industrieanlagen", "Production and industrial facilities", "ECON"),
    ("ps", "Schutzgebiete", "Protected sites", "ENVI"),
    ("sd", "Verteilung der Arten", "Species distribution", "ENVI"),
    ("so", "Boden", "Soil", "ENVI"),
    ("sr", "Meeresregionen", "Sea regions", "ENVI"),
    ("su", "Statistische Einheiten", "Statistical units", "REGI"),
    ("tn", "Verkehrsnetze", "Transport networks", "TRAN"),
    (
        "us",
        "Versorgungswirtschaft und staatliche Dienste",
        "Utility and governmental services",
        "GOVE",
    ),
)


def _known(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


_BY_CODE = {code: theme for code, _, _, theme in _INSPIRE}
_BY_NAME = {_known(name): theme for _, german, english, theme in _INSPIRE for name in (german, english)}


def of_topic(code: str) -> str:
    """Give the URI of the data theme of a topic category; empty for one that does not exist."""
    theme = _TOPICS.get(_known(code))
    return f"{THEMES}/{theme}" if theme else ""


def of_inspire(name: str, address: str = "") -> str:
    """Give the URI of the data theme of an INSPIRE theme, by its address (.../theme/au) or its name in German or English."""
    code = address.rstrip("/").rpartition("/")[2].lower() if "theme/" in address.lower() else ""
    theme = _BY_CODE.get(code) or _BY_NAME.get(_known(name))
    return f"{THEMES}/{theme}" if theme else ""
