"""What changes all the time at the example departments: water levels and shared bicycles, invented from the clock alone.

The same moment gives the same values, on every machine and after every restart.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
STEP = timedelta(minutes=15)
DAYS = 3


def answer(root: Path, path: str, query: Mapping[str, str], moment: datetime) -> bytes | None:
    """Give what an address with current values answers at a moment (with its zone); None for all other addresses."""
    match path.strip("/").split("/"):
        case ["wi-pegel", "stations.json"] if query.get("includeCurrentMeasurement") == "true":
            stations = _with_values(json.loads((root / path.strip("/")).read_bytes()), query, moment)
            return json.dumps(stations, ensure_ascii=False).encode()
        case ["wi-pegel", "stations", station, quantity, "measurements.csv"]:
            known = json.loads((root / "wi-pegel" / "stations.json").read_bytes())
            found = any(each["uuid"] == station and _series(each, quantity) for each in known)
            return _measurements(station, quantity, moment) if found else None
        case ["wi-rad", "station_status.json"]:
            return json.dumps(_bicycles(root, moment)).encode()
    return None


def _with_values(stations: list[dict[str, Any]], query: Mapping[str, str], moment: datetime) -> list[dict[str, Any]]:
    """Keep the water and the quantity that are asked for, and add what is measured at the moment."""
    at = _step(moment)
    kept = []
    for station in stations:
        if query.get("waters", station["water"]["shortname"]) != station["water"]["shortname"]:
            continue
        wanted = [
            series
            | {
                "currentMeasurement": {
                    "timestamp": at.isoformat(),
                    "value": _level(station["uuid"], series["shortname"], at),
                }
            }
            for series in station["timeseries"]
            if query.get("timeseries", series["shortname"]) == series["shortname"]
        ]
        if wanted:
            kept.append(station | {"timeseries": wanted})
    return kept


def _measurements(station: str, quantity: str, moment: datetime) -> bytes:
    """Write hourly values up to the last midnight, as PEGELONLINE writes them: a table that is new once a day."""
    midnight = moment.astimezone(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    last = midnight.astimezone(UTC)
    times = [last - timedelta(hours=hours) for hours in range(24 * DAYS, 0, -1)]
    lines = [f"{at.astimezone(BERLIN).isoformat()};{_level(station, quantity, at)}" for at in times]
    return "\n".join(["timestamp;value", *lines, ""]).encode()


def _level(station: str, quantity: str, at: datetime) -> float:
    """Invent a water level in cm, or a temperature in degrees: two waves, of a fortnight and of a day."""
    days = at.timestamp() / 86_400
    wave = math.sin(days * math.tau / 14 + len(station)) + math.sin(days * math.tau) / 8
    return round(14 + 3 * wave, 1) if quantity == "WT" else round(230 + 60 * wave + sum(station.encode()) % 40)


def _bicycles(root: Path, moment: datetime) -> dict[str, Any]:
    at = _step(moment)
    stations = json.loads((root / "wi-rad" / "station_information.json").read_bytes())["data"]["stations"]
    states = []
    for place, station in enumerate(stations):
        share = (1 + math.sin(at.timestamp() / 86_400 * math.tau + place)) / 2
        bicycles = round(share * station["capacity"])
        states.append(
            {
                "station_id": station["station_id"],
                "num_bikes_available": bicycles,
                "num_docks_available": station["capacity"] - bicycles,
                "is_installed": True,
                "is_renting": True,
                "is_returning": True,
                "last_reported": int(at.timestamp()),
            }
        )
    return {"last_updated": int(at.timestamp()), "ttl": 300, "version": "2.3", "data": {"stations": states}}


def _series(station: dict[str, Any], quantity: str) -> bool:
    return any(series["shortname"] == quantity for series in station["timeseries"])


def _step(moment: datetime) -> datetime:
    """Give the last full quarter of an hour."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(STEP.total_seconds()), BERLIN)
