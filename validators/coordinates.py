"""Turns the plane coordinates of German offices into longitude and latitude (WGS 84), without a library for all the world's systems.

ETRS89 and WGS 84 count as the same here; they are less than a metre apart. UTM and Web Mercator are exact to a millimetre, Gauss-Krüger
to the two to three metres that one set of Helmert parameters for all of Germany allows.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from math import atan, atan2, atanh, cos, cosh, degrees, exp, hypot, pi, radians, sin, sinh, sqrt

# Digits behind the point that are written: 1e-7 degrees are about a centimetre.
DECIMALS = 7
# Boxes of degrees: that of the shared schemas (west, east, south, north), and one around Germany, too narrow for swapped axes.
RHEIN_MAIN = (7.7, 9.5, 49.3, 50.8)
LON, LAT = (5.0, 16.0), (47.0, 56.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipsoid:
    """A figure of the earth: the large half axis in metres, and the inverse flattening."""

    a: float
    inverse_flattening: float

    @property
    def e2(self) -> float:
        """The first eccentricity, squared."""
        f = 1 / self.inverse_flattening
        return f * (2 - f)


_GRS80 = Ellipsoid(a=6378137.0, inverse_flattening=298.257222101)
_WGS84 = Ellipsoid(a=6378137.0, inverse_flattening=298.257223563)
_BESSEL = Ellipsoid(a=6377397.155, inverse_flattening=299.1528128)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A coordinate system we can read. `x` and `y` are the numbers possible in and around Germany."""

    code: str
    name: str
    x: tuple[float, float]
    y: tuple[float, float]


SYSTEMS = {
    system.code: system
    for system in (
        System(code="EPSG:4326", name="WGS 84", x=LON, y=LAT),
        System(code="EPSG:4258", name="ETRS89", x=LON, y=LAT),
        System(code="EPSG:25832", name="ETRS89 / UTM 32N", x=(200_000, 900_000), y=(5_200_000, 6_150_000)),
        System(code="EPSG:4647", name="ETRS89 / UTM 32N (zE-N)", x=(32_200_000, 32_900_000), y=(5_200_000, 6_150_000)),
        System(
            code="EPSG:31467", name="DHDN / Gauß-Krüger, Zone 3", x=(3_200_000, 3_900_000), y=(5_200_000, 6_150_000)
        ),
        System(code="EPSG:3857", name="WGS 84 / Pseudo-Mercator", x=(550_000, 1_790_000), y=(5_900_000, 7_600_000)),
    )
}


# The two axes of a place are asked for one after the other.
@lru_cache(maxsize=1024)
def to_lon_lat(crs: str, x: float, y: float) -> tuple[float, float] | None:
    """Give longitude and latitude in degrees, or nothing where the pair does not lie in or around Germany: it is no such coordinate."""
    system = SYSTEMS[crs]
    if not (system.x[0] <= x <= system.x[1] and system.y[0] <= y <= system.y[1]):
        return None
    if crs == "EPSG:25832":
        return _from_transverse_mercator(_GRS80, 0.9996, x - 500_000, y)
    if crs == "EPSG:4647":
        return _from_transverse_mercator(_GRS80, 0.9996, x - 32_500_000, y)
    if crs == "EPSG:31467":
        return _from_dhdn(*_from_transverse_mercator(_BESSEL, 1.0, x - 3_500_000, y))
    if crs == "EPSG:3857":
        return degrees(x / _WGS84.a), degrees(2 * atan(exp(y / _WGS84.a)) - pi / 2)
    return x, y


def in_rhein_main(lon: float, lat: float) -> bool:
    """Tell whether a place lies in the box of the shared schemas."""
    west, east, south, north = RHEIN_MAIN
    return west <= lon <= east and south <= lat <= north


def recognised(x: float, y: float) -> str:
    """Name the system in which a pair of numbers lies in Rhein-Main, or nothing."""
    for system in SYSTEMS.values():
        place = to_lon_lat(system.code, x, y)
        if place and in_rhein_main(*place):
            return system.code
    return ""


def _from_transverse_mercator(ellipsoid: Ellipsoid, scale: float, east: float, north: float) -> tuple[float, float]:
    """Krüger's series to the fourth power of n: better than a millimetre within 4,000 km of the meridian of 9 degrees (Karney 2011)."""
    rectifying, beta = _series(ellipsoid)
    xi, eta = north / (scale * rectifying), east / (scale * rectifying)
    xi_sphere = xi - sum(b * sin(2 * j * xi) * cosh(2 * j * eta) for j, b in enumerate(beta, start=1))
    eta_sphere = eta - sum(b * cos(2 * j * xi) * sinh(2 * j * eta) for j, b in enumerate(beta, start=1))
    lon = 9.0 + degrees(atan2(sinh(eta_sphere), cos(xi_sphere)))
    wanted = sin(xi_sphere) / hypot(sinh(eta_sphere), cos(xi_sphere))
    return lon, degrees(atan(_geodetic(ellipsoid, wanted)))


@cache
def _series(ellipsoid: Ellipsoid) -> tuple[float, tuple[float, ...]]:
    """The radius of the rectifying sphere, and the coefficients of the way back from it."""
    f = 1 / ellipsoid.inverse_flattening
    n = f / (2 - f)
    beta = (
        n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96 - n**4 / 360,
        n**2 / 48 + n**3 / 15 - 437 * n**4 / 1440,
        17 * n**3 / 480 - 37 * n**4 / 840,
        4397 * n**4 / 161280,
    )
    return ellipsoid.a / (1 + n) * (1 + n**2 / 4 + n**4 / 64), beta


def _geodetic(ellipsoid: Ellipsoid, conformal: float) -> float:
    """Find the tangent of the latitude from that of the conformal latitude by Newton's method; the third round reaches the last digit."""
    e2 = ellipsoid.e2
    e = sqrt(e2)
    tau = conformal
    for _ in range(3):
        sigma = sinh(e * atanh(e * tau / sqrt(1 + tau**2)))
        found = tau * sqrt(1 + sigma**2) - sigma * sqrt(1 + tau**2)
        slope = (1 + (1 - e2) * tau**2) / ((1 - e2) * sqrt(1 + tau**2))
        tau += (conformal - found) / sqrt(1 + found**2) * slope
    return tau


def _from_dhdn(lon: float, lat: float) -> tuple[float, float]:
    """Potsdam datum to WGS 84: EPSG transformation 1777, position vector, 3 m."""
    e2 = _BESSEL.e2
    phi, lam = radians(lat), radians(lon)
    radius = _BESSEL.a / sqrt(1 - e2 * sin(phi) ** 2)
    x, y, z = radius * cos(phi) * cos(lam), radius * cos(phi) * sin(lam), radius * (1 - e2) * sin(phi)
    rx, ry, rz = (radians(seconds / 3600) for seconds in (0.202, 0.045, -2.455))
    scale = 1 + 6.7e-6
    x, y, z = (
        598.1 + scale * (x - rz * y + ry * z),
        73.7 + scale * (rz * x + y - rx * z),
        418.2 + scale * (-ry * x + rx * y + z),
    )
    return degrees(atan2(y, x)), degrees(_latitude(_WGS84, hypot(x, y), z))


def _latitude(ellipsoid: Ellipsoid, across: float, up: float) -> float:
    """Bowring's formula, exact to a hundredth of a millimetre on the ground."""
    e2 = ellipsoid.e2
    b = ellipsoid.a * sqrt(1 - e2)
    theta = atan2(up * ellipsoid.a, across * b)
    second = e2 / (1 - e2)
    return atan((up + second * b * sin(theta) ** 3) / (across - e2 * ellipsoid.a * cos(theta) ** 3))
