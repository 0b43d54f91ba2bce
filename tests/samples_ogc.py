"""OGC services by example: WFS 1.0, 1.1 and 2.0, WMS 1.1.1 and 1.3.0 as GeoServer, MapServer and deegree answer, and INSPIRE feeds."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from conformance import Answered, Sample, Told

LICENCE = (
    '{"id": "dl-by-de/2.0", "name": "Datenlizenz Deutschland Namensnennung 2.0", '
    '"url": "https://www.govdata.de/dl-de/by-2-0", "quelle": "Stadt Wiesbaden"}'
)
FORMATS = ("application/gml+xml; version=3.2", "GML2", "SHAPE-ZIP", "application/json", "csv")
DEFINITION = """\
id: wi-geodienste
city: wiesbaden
department: Tiefbau- und Vermessungsamt
type: ogc
url: "{root}/geoserver/ows"
network:
  allow: ["{host}"]
options:
  service: wfs
"""


def feature_type(
    name: str = "wi:parkzonen", title: str = "Parkzonen", extra: str = "", abstract: str = "Zonen für Bewohner."
) -> str:
    return f"""<FeatureType xmlns:wi="https://wiesbaden.example/wi"><Name>{escape(name)}</Name><Title>{escape(title)}</Title>
      <Abstract>{escape(abstract)}</Abstract>
      <ows:Keywords><ows:Keyword>Parken</ows:Keyword></ows:Keywords><DefaultCRS>urn:ogc:def:crs:EPSG::25832</DefaultCRS>
      <ows:WGS84BoundingBox><ows:LowerCorner>8.11 50.0</ows:LowerCorner><ows:UpperCorner>8.39 50.15</ows:UpperCorner>
      </ows:WGS84BoundingBox>{extra}</FeatureType>"""


def wfs(
    *types: str,
    terms: str = LICENCE,
    formats: Sequence[str] = FORMATS,
    get: str = "https://geo.wiesbaden.example/geoserver/ows",
) -> bytes:
    """Capabilities of WFS 2.0.0."""
    values = "".join(f"<ows:Value>{escape(one)}</ows:Value>" for one in formats)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<wfs:WFS_Capabilities version="2.0.0" xmlns="http://www.opengis.net/wfs/2.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"
  xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" updateSequence="7">
  <ows:ServiceIdentification><ows:Title>WFS Parken</ows:Title><ows:Abstract>Daten zum Parken.</ows:Abstract>
    <ows:Keywords><ows:Keyword>WFS</ows:Keyword></ows:Keywords><ows:ServiceType>WFS</ows:ServiceType>
    <ows:Fees>NONE</ows:Fees><ows:AccessConstraints>{escape(terms)}</ows:AccessConstraints></ows:ServiceIdentification>
  <ows:ServiceProvider><ows:ProviderName>Landeshauptstadt Wiesbaden</ows:ProviderName>
    <ows:ProviderSite xlink:href="https://www.wiesbaden.example/"/>
    <ows:ServiceContact><ows:IndividualName>Eine Person</ows:IndividualName><ows:ContactInfo>
      <ows:Phone><ows:Voice>+49 611 310</ows:Voice></ows:Phone>
      <ows:Address><ows:ElectronicMailAddress>geo@wiesbaden.example</ows:ElectronicMailAddress></ows:Address>
    </ows:ContactInfo></ows:ServiceContact></ows:ServiceProvider>
  <ows:OperationsMetadata><ows:Operation name="GetFeature"><ows:DCP><ows:HTTP><ows:Get xlink:href="{escape(get)}"/></ows:HTTP></ows:DCP>
    <ows:Parameter name="outputFormat"><ows:AllowedValues>{values}</ows:AllowedValues></ows:Parameter></ows:Operation>
  </ows:OperationsMetadata>
  <FeatureTypeList>{"".join(types)}</FeatureTypeList>
</wfs:WFS_Capabilities>""".encode()


WFS_1_1 = """<?xml version="1.0"?>
<wfs:WFS_Capabilities version="1.1.0" xmlns:wfs="http://www.opengis.net/wfs" xmlns:ows="http://www.opengis.net/ows" xmlns:xlink="http://www.w3.org/1999/xlink">
  <ows:ServiceIdentification><ows:Title>Alter Dienst</ows:Title><ows:Abstract>Beschreibung des Dienstes</ows:Abstract></ows:ServiceIdentification>
  <ows:OperationsMetadata>
    <ows:Operation name="GetFeature"><ows:DCP><ows:HTTP><ows:Get xlink:href="https://geo.x.example/cgi?map=d:/a.map&amp;"/></ows:HTTP></ows:DCP>
      <ows:Parameter name="outputFormat"><ows:Value>text/xml; subtype=gml/3.1.1</ows:Value><ows:Value>application/json; subtype=geojson</ows:Value></ows:Parameter>
    </ows:Operation></ows:OperationsMetadata>
  <wfs:FeatureTypeList><wfs:FeatureType><wfs:Name>ms:baeume</wfs:Name><wfs:Title>Bäume</wfs:Title><wfs:DefaultSRS>EPSG:31467</wfs:DefaultSRS>
    <wfs:MetadataURL type="TC211" format="text/xml">https://geo.x.example/csw?request=GetRecordById&amp;service=CSW&amp;id=b7c1&amp;version=2.0.2</wfs:MetadataURL>
  </wfs:FeatureType></wfs:FeatureTypeList>
</wfs:WFS_Capabilities>""".encode()

WFS_1_0 = """<?xml version="1.0" encoding="ISO-8859-1"?>
<WFS_Capabilities version="1.0.0" xmlns="http://www.opengis.net/wfs">
  <Service><Name>MapServer WFS</Name><Title>Straßen</Title><Abstract>Straßennetz</Abstract><Keywords>Straße, Netz</Keywords>
    <OnlineResource>https://geo.x.example/</OnlineResource><Fees>dl-zero-de/2.0</Fees><AccessConstraints>none</AccessConstraints></Service>
  <Capability><Request><GetFeature><ResultFormat><GML2/></ResultFormat>
    <DCPType><HTTP><Get onlineResource="https://geo.x.example/wfs?"/></HTTP></DCPType></GetFeature></Request></Capability>
  <FeatureTypeList><FeatureType><Name>strassen</Name><Title>Straßen</Title><Keywords>Weg, Straße</Keywords><SRS>EPSG:4326</SRS>
    <LatLongBoundingBox minx="8.1" miny="50.0" maxx="8.4" maxy="50.2"/></FeatureType></FeatureTypeList>
</WFS_Capabilities>""".encode("iso-8859-1")

WMS_1_3 = f"""<?xml version="1.0" encoding="UTF-8"?>
<WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms" xmlns:xlink="http://www.w3.org/1999/xlink">
  <Service><Name>WMS</Name><Title>Stadtplan</Title><Abstract>Karte der Stadt.</Abstract>
    <KeywordList><Keyword>Karte</Keyword></KeywordList><OnlineResource xlink:href="https://www.wiesbaden.example/"/>
    <ContactInformation><ContactPersonPrimary><ContactPerson>Eine Person</ContactPerson><ContactOrganization>Vermessungsamt</ContactOrganization>
      </ContactPersonPrimary><ContactElectronicMailAddress>karte@wiesbaden.example</ContactElectronicMailAddress></ContactInformation>
    <Fees>{escape(LICENCE)}</Fees><AccessConstraints>Es gelten keine Zugriffsbeschränkungen</AccessConstraints></Service>
  <Capability><Request><GetMap><Format>image/png</Format></GetMap></Request>
    <Layer><Title>Alles</Title><CRS>EPSG:25832</CRS>
      <EX_GeographicBoundingBox><westBoundLongitude>8.1</westBoundLongitude><eastBoundLongitude>8.4</eastBoundLongitude>
        <southBoundLatitude>50.0</southBoundLatitude><northBoundLatitude>50.2</northBoundLatitude></EX_GeographicBoundingBox>
      <Layer><Name>grund</Name><Title>Grundkarte</Title>
        <Layer><Name>haus</Name><Title>Häuser</Title><Abstract>Gebäude.</Abstract>
          <MetadataURL type="TC211"><Format>text/xml</Format><OnlineResource xlink:href="https://geo.x.example/srv/api/records?uuid=h-1"/></MetadataURL></Layer>
        <Layer><Title>ohne Namen</Title><Layer><Title>auch ohne</Title></Layer></Layer></Layer>
      <Layer><Name>weg</Name><Title>Wege</Title><CRS>EPSG:4326</CRS></Layer>
    </Layer></Capability>
</WMS_Capabilities>""".encode()

WMS_1_1_1 = b"""<?xml version='1.0' encoding="UTF-8" standalone="no" ?>
<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd"
 [
 <!ELEMENT VendorSpecificCapabilities EMPTY>
 ]>  <!-- end of DOCTYPE declaration -->
<WMT_MS_Capabilities version="1.1.1"><Service><Name>OGC:WMS</Name><Title>Luftbilder</Title><Abstract>Luftbilder von 2024</Abstract></Service>
  <Capability><Layer><Name>luft</Name><Title>Luftbild</Title><SRS>EPSG:25832 EPSG:4326</SRS>
    <LatLonBoundingBox minx="8.1" miny="50.0" maxx="8.4" maxy="50.2" /></Layer></Capability>
</WMT_MS_Capabilities>"""

_ATOM = 'xmlns="http://www.w3.org/2005/Atom" xmlns:georss="http://www.georss.org/georss" xmlns:inspire_dls="http://inspire.ec.europa.eu/schemas/inspire_dls/1.0" xml:lang="de"'


def service_feed(*feeds: str, entry: str = "") -> bytes:
    """A feed of feeds; an entry of its own is written as given."""
    entries = "".join(
        f"""<entry><title>{feed}</title><id>https://geo.x.example/{feed}</id>
        <inspire_dls:spatial_dataset_identifier_code>{feed}</inspire_dls:spatial_dataset_identifier_code>
        <inspire_dls:spatial_dataset_identifier_namespace>https://registry.gdi-de.org/id/de.he</inspire_dls:spatial_dataset_identifier_namespace>
        <link rel="describedby" href="https://geo.x.example/csw?request=GetRecordById&amp;id={feed}" type="application/xml"/>
        <link rel="alternate" href="atom/{feed}.xml" type="application/atom+xml" hreflang="de" title="{feed}"/></entry>"""
        for feed in feeds
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed {_ATOM}><title>Downloaddienst</title><subtitle>Alle Datensätze</subtitle><id>https://geo.x.example/atom.xml</id>
  <link rel="self" href="https://geo.x.example/atom.xml" type="application/atom+xml"/>
  <rights>{escape(LICENCE)}</rights><updated>2026-05-01T10:00:00Z</updated>
  <author><name>Vermessungsamt</name><email>atom@x.example</email></author>{entries}{entry}</feed>""".encode()


def dataset_feed(name: str = "bplan") -> bytes:
    """The feed of one dataset with its files."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed {_ATOM}><title>Bebauungspläne</title><subtitle>Alle Pläne der Stadt</subtitle><id>https://geo.x.example/{name}</id>
  <link rel="self" href="https://geo.x.example/atom/{name}.xml" type="application/atom+xml"/>
  <link rel="up" href="https://geo.x.example/atom.xml" type="application/atom+xml"/>
  <link rel="describedby" href="https://geo.x.example/csw?request=GetRecordById&amp;id={name}" type="application/xml"/>
  <rights>{escape(LICENCE)}</rights><updated>2026-05-02T10:00:00Z</updated>
  <author><name>Vermessungsamt</name><email>atom@x.example</email></author>
  <entry><title>Pläne in EPSG:25832</title><id>1</id><updated>2026-04-02T10:00:00Z</updated>
    <link rel="alternate" href="../daten/plan%20süd.zip" type="application/x-shapefile" length="12345" hreflang="de" title="Shape"/>
    <link rel="section" href="https://geo.x.example/daten/teil1.gml" type="application/gml+xml;version=3.2"/>
    <category term="http://www.opengis.net/def/crs/EPSG/0/25832" label="ETRS89 / UTM 32N"/>
    <georss:polygon>50.0 8.1 50.0 8.4 50.2 8.4 50.2 8.1 50.0 8.1</georss:polygon></entry></feed>""".encode()


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the capabilities of a WFS; a spoilt feature type has no name."""
    types = [feature_type("" if one.spoilt else one.id, one.title) for one in told]
    path = "/geoserver/ows?request=GetCapabilities&service=WFS"
    return {path: Answered(wfs(*types, get=f"{root}/geoserver/ows"), "application/xml")}


SAMPLE = Sample(definition=DEFINITION, site=site, keyword=("<ows:Keywords>", "<ows:Keyword>*</ows:Keyword>"))
