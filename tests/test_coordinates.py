"""Plane coordinates of German offices against places computed with PROJ 9 (through pyproj 3.7)."""

import math

import pytest

from validators.coordinates import SYSTEMS, recognised, to_lon_lat

# A hundredth of a millimetre on the ground, in degrees; the places known have ten digits.
CLOSE = 1e-10


@pytest.mark.parametrize(
    ("crs", "x", "y", "lon", "lat"),
    [
        ("EPSG:25832", 474946.12, 5524742.37, 8.6513189858, 49.8745619481),
        ("EPSG:25832", 500000, 5540000, 9.0, 50.0123155197),
        ("EPSG:25832", 445000, 5549000, 8.2311107254, 50.0907152266),
        ("EPSG:25832", 477500.5, 5551200.25, 8.6853192709, 50.1126236832),
        ("EPSG:25832", 300000, 5300000, 6.3279452218, 47.8222356211),
        ("EPSG:25832", 750000, 6000000, 12.8227996260, 54.0873563386),
        ("EPSG:4647", 32474946.12, 5524742.37, 8.6513189858, 49.8745619481),
        ("EPSG:3857", 963000, 6420000, 8.6507761861, 49.8480369970),
        ("EPSG:3857", 920000, 6450000, 8.2645006139, 50.0214994507),
        ("EPSG:31467", 3475000, 5526500, 8.6511708154, 49.8744447069),
        ("EPSG:31467", 3500000, 5540000, 8.9989605666, 49.9963399288),
        ("EPSG:31467", 3445000, 5551000, 8.2303472350, 50.0926871567),
        ("EPSG:4326", 8.65, 49.87, 8.65, 49.87),
    ],
)
def test_known_points(crs: str, x: float, y: float, lon: float, lat: float):
    found = to_lon_lat(crs, x, y)
    assert found is not None
    assert math.isclose(found[0], lon, abs_tol=CLOSE)
    assert math.isclose(found[1], lat, abs_tol=CLOSE)


def test_on_the_meridian_the_northing_is_the_length_of_the_arc():
    """Independent of any series: the meridian's arc by Simpson's rule, times the scale of UTM."""
    a, f = 6378137.0, 1 / 298.257222101
    e2, lat, steps = f * (2 - f), math.radians(50.0), 2000

    def curve(phi: float) -> float:
        return a * (1 - e2) / (1 - e2 * math.sin(phi) ** 2) ** 1.5

    width = lat / steps
    weights = [1, *([4, 2] * (steps // 2 - 1)), 4, 1]
    arc = width / 3 * sum(weight * curve(number * width) for number, weight in enumerate(weights))
    found = to_lon_lat("EPSG:25832", 500000, 0.9996 * arc)
    assert found is not None
    assert math.isclose(found[1], 50.0, abs_tol=CLOSE)


@pytest.mark.parametrize("crs", SYSTEMS)
@pytest.mark.parametrize(("x", "y"), [(0, 0), (-1e9, 1e9), (1e300, 1e300), (math.inf, 1), (math.nan, math.nan)])
def test_what_lies_elsewhere_is_no_place(crs: str, x: float, y: float):
    assert to_lon_lat(crs, x, y) is None


@pytest.mark.parametrize(
    ("x", "y", "crs"),
    [
        (474946, 5524742, "EPSG:25832"),
        (32474946, 5524742, "EPSG:4647"),
        (3475000, 5526500, "EPSG:31467"),
        (963000, 6420000, "EPSG:3857"),
        (8.65, 49.87, "EPSG:4326"),
        (49.87, 8.65, ""),
        (5524742, 474946, ""),
        (1, 2, ""),
    ],
)
def test_a_pair_of_numbers_in_rhein_main_shows_its_system(x: float, y: float, crs: str):
    assert recognised(x, y) == crs
