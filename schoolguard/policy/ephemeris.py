"""When the moon is new and how far the sun has come, as far as a calendar needs it. It knows no calendar.

Formulas: J. Meeus, Astronomical Algorithms, 2nd edition, chapters 25 (sun, 0.01 degrees, a quarter of an hour
of its way) and 49 (new moon, some 20 seconds). Angles in degrees, days from J2000.0 (2000-01-01
12:00 terrestrial time); what is said of universal time counts from 2000-01-01 12:00 UTC.
"""

from __future__ import annotations

from math import radians, sin

__all__ = ["MONTH", "delta_t", "new_moon", "sun_longitude"]

MONTH = 29.530588861
"""Mean days from new moon to new moon."""

_CENTURY = 36_525.0
_NEW_MOON_0 = 2_451_550.09766 - 2_451_545.0
_LUNATIONS = 1_236.85

# Days, and how often the sun's anomaly, the moon's anomaly and the moon's argument of latitude stand in the
# sine. Each multiple of the sun's anomaly goes with the shrinking eccentricity of the earth's orbit.
_PERIODIC = (
    (-0.40720, 0, 1, 0),
    (0.17241, 1, 0, 0),
    (0.01608, 0, 2, 0),
    (0.01039, 0, 0, 2),
    (0.00739, -1, 1, 0),
    (-0.00514, 1, 1, 0),
    (0.00208, 2, 0, 0),
    (-0.00111, 0, 1, -2),
    (-0.00057, 0, 1, 2),
    (0.00056, 1, 2, 0),
    (-0.00042, 0, 3, 0),
    (0.00042, 1, 0, 2),
    (0.00038, 1, 0, -2),
    (-0.00024, -1, 2, 0),
    (-0.00007, 2, 1, 0),
    (0.00004, 0, 2, -2),
    (0.00004, 3, 0, 0),
    (0.00003, 1, 1, -2),
    (0.00003, 0, 2, 2),
    (-0.00003, 1, 1, 2),
    (0.00003, -1, 1, 2),
    (-0.00002, -1, 1, -2),
    (-0.00002, 1, 3, 0),
    (0.00002, 0, 4, 0),
)

# Days, the angle at the new moon of January 2000, and degrees a lunation: what planets add.
_PLANETS = (
    (0.000325, 299.77, 0.107408),
    (0.000165, 251.88, 0.016321),
    (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478),
    (0.000110, 84.66, 18.206239),
    (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732),
    (0.000056, 154.84, 7.306860),
    (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824),
    (0.000040, 291.34, 1.844379),
    (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099),
    (0.000023, 331.55, 3.592518),
)


def new_moon(k: int) -> float:
    """Return the terrestrial time of a new moon; ``k`` counts from that of 6 January 2000."""
    t = k / _LUNATIONS
    eccentricity = 1 - 0.002516 * t - 0.0000074 * t * t
    sun = 2.5534 + 29.10535670 * k - 0.0000014 * t * t
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t + 0.00001238 * t**3
    latitude = 160.7108 + 390.67050284 * k - 0.0016118 * t * t - 0.00000227 * t**3
    node = 124.7746 - 1.56375588 * k + 0.0020672 * t * t
    days = _NEW_MOON_0 + MONTH * k + 0.00015437 * t * t - 0.000000150 * t**3
    for size, suns, moons, latitudes in _PERIODIC:
        size_now = size * eccentricity ** abs(suns)
        days += size_now * _sine(suns * sun + moons * moon + latitudes * latitude)
    days -= 0.00017 * _sine(node)
    for size, angle, speed in _PLANETS:
        days += size * _sine(angle + speed * k - (0.009173 * t * t if speed == 0.107408 else 0))
    return days


def sun_longitude(days: float) -> float:
    """Return the apparent longitude of the sun, 0 to 360, at a terrestrial time."""
    t = days / _CENTURY
    anomaly = 357.52911 + 35_999.05029 * t - 0.0001537 * t * t
    centre = (1.914602 - 0.004817 * t) * _sine(anomaly)
    centre += (0.019993 - 0.000101 * t) * _sine(2 * anomaly) + 0.000289 * _sine(3 * anomaly)
    mean = 280.46646 + 36_000.76983 * t + 0.0003032 * t * t
    seen = mean + centre - 0.00569 - 0.00478 * _sine(125.04 - 1_934.136 * t)
    return seen % 360


def delta_t(days: float) -> float:
    """Return terrestrial less universal time, in days.

    64 s in 2000 (IERS), and some 0.3 s more a year; by 2100 this may be wrong by a minute or two.
    """
    return (63.8 + 0.3 * days / 365.25) / 86_400


def _sine(degrees: float) -> float:
    return sin(radians(degrees))
