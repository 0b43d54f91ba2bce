"""GTFS by example: the small tables of a timetable in a ZIP file."""

import io
import zipfile
from collections.abc import Sequence

from conformance import Answered, Sample, Site, Told

INFO = (
    "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,feed_contact_email\n"
    '"Verkehrsverbund Beispiel GmbH",https://www.verbund.example/,de,20260101,20261212,2026-11-20,gtfs@verbund.example\n'
)
TABLES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone,agency_lang\n"
    "1,Stadtwerke Beispielhausen,https://sw.example,Europe/Berlin,de\n"
    "2,Regiobus Süd,https://rb.example,Europe/Berlin,de\n",
    "feed_info.txt": INFO,
    "routes.txt": 'route_id,agency_id,route_short_name,route_type\n1,1,S1,2\n2,1,24,3\n3,2,"Bus\n mit Umbruch",3\n',
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,location_type\n"
    "a,Hauptbahnhof,49.8728,8.6297,1\nb,Hauptbahnhof Gleis 1,49.8729,8.6290,0\nc,Markt,49.8760,8.6510,\nd,Irgendwo,0,0,\n",
    "calendar.txt": "service_id,monday,start_date,end_date\nx,1,20260105,20261128\n",
    "calendar_dates.txt": "service_id,date,exception_type\nx,20261206,1\nx,20271224,2\n",
    "stop_times.txt": "trip_id,arrival_time\n",
}


def zipped(folder: str = "", method: int = zipfile.ZIP_DEFLATED, **tables: str | bytes | None) -> bytes:
    """Pack the tables of a feed; a test changes some, or leaves them out, by their name without ending."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in (TABLES | {f"{name}.txt": content for name, content in tables.items()}).items():
            if content is not None:
                archive.writestr(zipfile.ZipInfo(folder + name, (2026, 11, 20, 12, 0, 0)), content, method)
    return target.getvalue()


def _site(root: str, told: Sequence[Told], page_size: int) -> Site:
    if not told:
        return {"/gtfs.zip": Answered(zipped(agency=None, feed_info=None), "application/zip")}
    (each,) = told
    if each.spoilt:
        body = zipped(feed_info=None, agency="agency_id,agency_name\n1,\n")
    else:
        body = zipped(feed_info=INFO.replace('"Verkehrsverbund Beispiel GmbH"', f'"{each.title}"'))
    return {"/gtfs.zip": Answered(body, "application/zip")}


SAMPLE = Sample(
    definition="""\
id: da-fahrplan
city: darmstadt
department: Mobilitätsamt
type: gtfs
url: "{root}/gtfs.zip"
network:
  allow: ["{host}"]
""",
    site=_site,
    most=1,
    isolates=False,
    text=False,
    empty="failed",
    named=lambda told: "gtfs",
)
