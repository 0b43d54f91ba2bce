"""A catalogue service by example: ISO 19139 records as GeoNetwork servers of German cities answer them, after the conventions of GDI-DE."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from conformance import Answered, Sample, Told

NAMESPACES = (
    'xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco" '
    'xmlns:gmx="http://www.isotc211.org/2005/gmx" xmlns:srv="http://www.isotc211.org/2005/srv" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"'
)
CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
LICENCE = (
    '{"id": "dl-by-de/2.0", "name": "Datenlizenz Deutschland Namensnennung 2.0", '
    '"url": "http://www.govdata.de/dl-de/by-2-0", "quelle": "Stadtvermessungsamt Frankfurt am Main"}'
)
QUERY = (
    "/csw?typeNames=csw:Record&sortBy=dc:identifier:A&service=CSW&version=2.0.2&request=GetRecords&resultType=results"
    "&outputSchema=http://www.isotc211.org/2005/gmd&elementSetName=full&startPosition={}&maxRecords={}"
)
DEFINITION = """\
id: fr-geodaten
city: frankfurt
department: Stadtvermessungsamt
type: csw
url: "{root}/csw"
network:
  allow: ["{host}"]
"""


def string(name: str, value: str, space: str = "gmd") -> str:
    return (
        f"<{space}:{name}><gco:CharacterString>{escape(value)}</gco:CharacterString></{space}:{name}>" if value else ""
    )


def anchor(name: str, value: str, link: str) -> str:
    return f'<gmd:{name}><gmx:Anchor xlink:href="{escape(link)}">{escape(value)}</gmx:Anchor></gmd:{name}>'


def coded(name: str, kind: str, value: str) -> str:
    return (
        f'<gmd:{name}><gmd:{kind} codeList="{CODES}#{kind}" codeListValue="{value}">{value}</gmd:{kind}></gmd:{name}>'
    )


def date(kind: str, day: str) -> str:
    return (
        f"<gmd:date><gmd:CI_Date><gmd:date><gco:Date>{day}</gco:Date></gmd:date>"
        f"{coded('dateType', 'CI_DateTypeCode', kind)}</gmd:CI_Date></gmd:date>"
    )


def party(role: str, organisation: str, email: str = "", person: str = "") -> str:
    return f"""<gmd:pointOfContact><gmd:CI_ResponsibleParty>{string("individualName", person)}
      {string("organisationName", organisation)}
      <gmd:contactInfo><gmd:CI_Contact>
        <gmd:phone><gmd:CI_Telephone>{string("voice", "+49 69 212-33000")}</gmd:CI_Telephone></gmd:phone>
        <gmd:address><gmd:CI_Address>{string("electronicMailAddress", email)}</gmd:CI_Address></gmd:address>
        <gmd:onlineResource><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>https://vermessung.frankfurt.example/</gmd:URL>
        </gmd:linkage></gmd:CI_OnlineResource></gmd:onlineResource>
      </gmd:CI_Contact></gmd:contactInfo>{coded("role", "CI_RoleCode", role)}
    </gmd:CI_ResponsibleParty></gmd:pointOfContact>"""


def keywords(*words: str, thesaurus: str = "") -> str:
    """Keywords of one group; a word with a link is written `word|link`."""
    written = "".join(anchor("keyword", *word.split("|")) if "|" in word else string("keyword", word) for word in words)
    name = (
        f"<gmd:thesaurusName><gmd:CI_Citation>{string('title', thesaurus)}{date('publication', '2008-06-01')}"
        "</gmd:CI_Citation></gmd:thesaurusName>"
        if thesaurus
        else ""
    )
    return f"<gmd:descriptiveKeywords><gmd:MD_Keywords>{written}{name}</gmd:MD_Keywords></gmd:descriptiveKeywords>"


def constraint(*others: str, restricts: str = "useConstraints") -> str:
    written = "".join(
        anchor("otherConstraints", *one.split("|")) if "|" in one else string("otherConstraints", one) for one in others
    )
    code = coded(restricts, "MD_RestrictionCode", "otherRestrictions")
    return (
        f"<gmd:resourceConstraints><gmd:MD_LegalConstraints>{code}{written}</gmd:MD_LegalConstraints>"
        "</gmd:resourceConstraints>"
    )


def online(url: str, name: str = "", protocol: str = "", function: str = "", profile: str = "", about: str = "") -> str:
    return f"""<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>{escape(url)}</gmd:URL></gmd:linkage>
      {string("protocol", protocol)}{string("applicationProfile", profile)}{string("name", name)}
      {string("description", about)}{coded("function", "CI_OnLineFunctionCode", function) if function else ""}
    </gmd:CI_OnlineResource></gmd:onLine>"""


def box(west: str, south: str, east: str, north: str) -> str:
    edges = (
        ("west", "Longitude", west),
        ("east", "Longitude", east),
        ("south", "Latitude", south),
        ("north", "Latitude", north),
    )
    written = "".join(
        f"<gmd:{edge}Bound{axis}><gco:Decimal>{value}</gco:Decimal></gmd:{edge}Bound{axis}>"
        for edge, axis, value in edges
    )
    return (
        "<gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>"
        f"{written}</gmd:EX_GeographicBoundingBox></gmd:geographicElement></gmd:EX_Extent></gmd:extent>"
    )


def geographic(code: str) -> str:
    return (
        "<gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicDescription><gmd:geographicIdentifier>"
        f"<gmd:MD_Identifier>{string('code', code)}</gmd:MD_Identifier></gmd:geographicIdentifier>"
        "</gmd:EX_GeographicDescription></gmd:geographicElement></gmd:EX_Extent></gmd:extent>"
    )


def period(start: str, end: str) -> str:
    return (
        "<gmd:extent><gmd:EX_Extent><gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>"
        f'<gml:TimePeriod gml:id="t1"><gml:beginPosition>{start}</gml:beginPosition>{end}</gml:TimePeriod>'
        "</gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement></gmd:EX_Extent></gmd:extent>"
    )


def identifier(code: str, space: str = "") -> str:
    kind = "RS_Identifier" if space else "MD_Identifier"
    return (
        f"<gmd:identifier><gmd:{kind}>{string('code', code)}{string('codeSpace', space)}</gmd:{kind}></gmd:identifier>"
    )


def record(
    id: str = "3c1f1c1e-0000-4000-8000-000000000001",
    title: str = "Baustellen",
    *,
    abstract: str = "Baustellen im öffentlichen Raum.",
    citation: str = "",
    about: str = "",
    links: str = "",
    formats: str = "",
    head: str = "",
    tail: str = "",
) -> str:
    """The record of a dataset, with the parts a test names."""
    return f"""<gmd:MD_Metadata {NAMESPACES}>
  {string("fileIdentifier", id)}{coded("language", "LanguageCode", "ger")}{head}
  {coded("hierarchyLevel", "MD_ScopeCode", "dataset")}
  <gmd:dateStamp><gco:Date>2026-10-01</gco:Date></gmd:dateStamp>
  <gmd:identificationInfo><gmd:MD_DataIdentification>
    <gmd:citation><gmd:CI_Citation>{string("title", title)}{citation}</gmd:CI_Citation></gmd:citation>
    {string("abstract", abstract)}{about}
  </gmd:MD_DataIdentification></gmd:identificationInfo>
  <gmd:distributionInfo><gmd:MD_Distribution>{formats}
    <gmd:transferOptions><gmd:MD_DigitalTransferOptions>{links}</gmd:MD_DigitalTransferOptions></gmd:transferOptions>
  </gmd:MD_Distribution></gmd:distributionInfo>{tail}
</gmd:MD_Metadata>"""


def service(
    id: str = "5d1f1c1e-0000-4000-8000-000000000002",
    title: str = "WFS Baustellen",
    *,
    url: str = "https://geo.frankfurt.example/Baustellen/ows?",
    version: str = "OGC:WFS 2.0",
    operates_on: str = "",
    about: str = "",
) -> str:
    """The record of a service."""
    return f"""<gmd:MD_Metadata {NAMESPACES}>
  {string("fileIdentifier", id)}{coded("language", "LanguageCode", "ger")}
  {coded("hierarchyLevel", "MD_ScopeCode", "service")}
  <gmd:identificationInfo><srv:SV_ServiceIdentification>
    <gmd:citation><gmd:CI_Citation>{string("title", title)}</gmd:CI_Citation></gmd:citation>
    {string("abstract", "Downloaddienst der Baustellen.")}{about}
    <srv:serviceType><gco:LocalName>download</gco:LocalName></srv:serviceType>
    {string("serviceTypeVersion", version, "srv")}
    <srv:containsOperations><srv:SV_OperationMetadata>{string("operationName", "GetCapabilities", "srv")}
      <srv:connectPoint><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>{escape(url)}</gmd:URL></gmd:linkage>
      </gmd:CI_OnlineResource></srv:connectPoint></srv:SV_OperationMetadata></srv:containsOperations>
    {operates_on}
  </srv:SV_ServiceIdentification></gmd:identificationInfo>
</gmd:MD_Metadata>"""


def answer(
    records: Sequence[str], matched: int | None = None, following: int = 0, returned: int | None = None
) -> bytes:
    """An answer to GetRecords."""
    count = len(records) if returned is None else returned
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" version="2.0.2">
  <csw:SearchStatus timestamp="2026-11-22T06:00:00Z"/>
  <csw:SearchResults numberOfRecordsMatched="{len(records) if matched is None else matched}"
    numberOfRecordsReturned="{count}" elementSet="full" nextRecord="{following}">
{"".join(records)}
  </csw:SearchResults>
</csw:GetRecordsResponse>""".encode()


def exception(text: str) -> bytes:
    """An exception report, which some servers send with status 200."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.2.0">
  <ows:Exception exceptionCode="InvalidParameterValue" locator="typeNames">
    <ows:ExceptionText>{escape(text)}</ows:ExceptionText></ows:Exception>
</ows:ExceptionReport>""".encode()


def told_record(one: Told) -> str:
    """A record as a source tells it; a spoilt one has no title."""
    link = f"https://geo.frankfurt.example/{one.id}.csv"
    return record(
        one.id,
        "" if one.spoilt else one.title,
        about=constraint(LICENCE),
        links=online(link, "CSV", function="download"),
    )


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the answers of a server that sends fewer records than it is asked for."""
    answers = {}
    for at in range(0, max(len(told), 1), page_size):
        records = [told_record(one) for one in told[at : at + page_size]]
        after = at + page_size + 1
        body = answer(records, len(told), after if after <= len(told) else 0)
        answers[QUERY.format(at + 1, 50)] = Answered(body, "application/xml;charset=UTF-8")
    return answers


SAMPLE = Sample(
    definition=DEFINITION,
    site=site,
    paged=True,
    claims_total=True,
    keyword=("</gmd:resourceConstraints>", keywords("*")),
)
