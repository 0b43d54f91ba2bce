"""Dates as DCAT writes them: the lexical forms of xsd:gYear, gYearMonth, date and dateTime, and the odd forms of real feeds."""

import datetime
import re

_ZONE = r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_FORMS = (
    ("xsd:dateTime", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?" + _ZONE, re.ASCII)),
    ("xsd:date", re.compile(r"\d{4}-\d\d-\d\d" + _ZONE, re.ASCII)),
    ("xsd:gYearMonth", re.compile(r"\d{4}-\d\d", re.ASCII)),
    ("xsd:gYear", re.compile(r"\d{4}", re.ASCII)),
)
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_ODD_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]+(GMT |UTC )?(\d\d:\d\d)(:\d\d)?(?:\.(\d+))?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)


def datatype(value: str) -> str:
    """Name the XSD type of a date as a CURIE; empty when it is none or names a day that does not exist."""
    for name, form in _FORMS:
        if form.fullmatch(value):
            return name if _exists(value) else ""
    return ""


def cleaned(value: str) -> str:
    """Bring an odd date into an XSD form where it has one meaning; empty where it has none."""
    value = value.strip()
    if datatype(value):
        return value
    if match := _GERMAN.fullmatch(value):
        day, month, year = match.groups()
        value = f"{year}-{int(month):02}-{int(day):02}"
    elif match := _ODD_TIME.fullmatch(value):
        day, before, minutes, seconds, fraction, after = match.groups()
        zone = "Z" if before or after in ("Z", "UTC", "GMT") else after or ""
        if len(zone) == 5:
            zone = f"{zone[:3]}:{zone[3:]}"
        value = f"{day}T{minutes}{seconds or ':00'}{'.' + fraction[:6] if fraction else ''}{zone}"
    return value if datatype(value) else ""


def _exists(value: str) -> bool:
    day = f"{value[:10]}-01-01"[:10] if len(value) < 10 else value[:10]
    try:
        datetime.date.fromisoformat(day)
        if "T" in value:
            datetime.time.fromisoformat(re.split(r"[Z+.-]", value[11:])[0])
    except ValueError:
        return False
    return True
