"""The keys of a column in a mapping file, each with what it expects, in words for people."""

from dcat.message import Message
from validators.coordinates import SYSTEMS
from validators.points import PointForm
from validators.transforms import Axis

AXES: dict[str, Axis] = {
    "lon": "lon",
    "lat": "lat",
    "laenge": "lon",
    "breite": "lat",
    "longitude": "lon",
    "latitude": "lat",
}
POINTS: dict[str, PointForm] = {"wkt": "wkt", "lat,lon": "lat,lon", "lon,lat": "lon,lat", "geojson": "geojson"}
# Every key of a column, with what it expects; this is also the order in which the steps are taken.
KEYS: dict[str, Message] = {
    "from": Message("den Namen einer Spalte der Datei, oder eine Liste davon", "the name of a column of the file, or a list of them"),
    "join": Message("das Zeichen zwischen den verbundenen Spalten", "the text between the joined columns"),
    "value": Message("einen festen Text in Anführungszeichen wie \"06411000\"", "a fixed text in quotation marks such as \"06411000\""),
    "template": Message("einen Text mit Spalten in geschweiften Klammern wie \"da-{Baumnr}\"", "a text with columns in braces such as \"da-{Baumnr}\""),
    "coordinates": Message(
        f"die Spalten und das System wie {{x: Rechtswert, y: Hochwert, crs: \"EPSG:25832\"}}; Systeme: {', '.join(SYSTEMS)}",
        f"the columns and the system such as {{x: Rechtswert, y: Hochwert, crs: \"EPSG:25832\"}}; systems: {', '.join(SYSTEMS)}",
    ),
    "point": Message(f"eine dieser Schreibweisen: {', '.join(POINTS)}", f"one of these forms: {', '.join(POINTS)}"),
    "crs": Message(f"eines dieser Systeme: {', '.join(SYSTEMS)}", f"one of these systems: {', '.join(SYSTEMS)}"),
    "axis": Message("lon oder lat", "lon or lat"),
    "split": Message("das Zeichen, an dem geteilt wird", "the text to split at"),
    "part": Message("die Nummer des Teils wie 1, von hinten -1, oder \"2-\" für alle ab dem zweiten", "the number of the part such as 1, from the end -1, or \"2-\" for all from the second on"),
    "pattern": Message("einen regulären Ausdruck; gilt die erste Klammer, sonst der ganze Fund", "a regular expression; its first group counts, else the whole match"),
    "trim": Message("true oder false", "true or false"),
    "case": Message("lower oder upper", "lower or upper"),
    "pad": Message("eine Zahl von 2 bis 50: so viele Stellen mit führenden Nullen", "a number from 2 to 50: that many digits with leading zeros"),
    "codes": Message("eine Liste wie {\"1\": \"gut\", \"2\": \"mittel\"}, Werte in Anführungszeichen", "a list such as {\"1\": \"gut\", \"2\": \"mittel\"}, values in quotation marks"),
    "codes_default": Message("einen Text in Anführungszeichen für alles, was nicht in „codes“ steht", "a text in quotation marks for all that “codes” lacks"),
    "decimal": Message("das Dezimalzeichen der Datei, \",\" oder \".\"", "the decimal mark of the file, \",\" or \".\""),
    "group": Message("das Tausenderzeichen der Datei wie \".\", nicht das Dezimalzeichen", "the thousands mark of the file such as \".\", not the decimal mark"),
    "factor": Message("eine Zahl größer als 0, mit der multipliziert wird, wie 0.01", "a number above 0 to multiply with, such as 0.01"),
    "decimals": Message("eine Zahl von 0 bis 12: so viele Stellen hinter dem Komma", "a number from 0 to 12: that many digits behind the point"),
    "date": Message("die Schreibweise der Datei wie \"%d.%m.%Y\"", "how the file writes it, such as \"%d.%m.%Y\""),
    "datetime": Message("die Schreibweise der Datei wie \"%d.%m.%Y %H:%M\"", "how the file writes it, such as \"%d.%m.%Y %H:%M\""),
    "time": Message("die Schreibweise der Datei wie \"%H:%M\"", "how the file writes it, such as \"%H:%M\""),
    "zone": Message("eine Zeitzone wie Europe/Berlin", "a time zone such as Europe/Berlin"),
    "ambiguous": Message("keep, first oder second", "keep, first or second"),
    "true": Message("die Wörter für ja wie [ja, j, x]", "the words for yes such as [ja, j, x]"),
    "false": Message("die Wörter für nein wie [nein, n]", "the words for no such as [nein, n]"),
}  # fmt: skip
