"""The six tiers' names, and which is the oldest in a school. It must not say what a tier blocks."""

from __future__ import annotations

PUPIL_TIERS = ("mam-non", "tieu-hoc", "thcs", "thpt")
"""Youngest first."""

STAFF = "staff"
TIER_NAMES = (*PUPIL_TIERS, STAFF, "guest")

OLDEST_TIER = {
    "mam-non": "mam-non",
    "tieu-hoc": "tieu-hoc",
    "thcs": "thcs",
    "th-thcs": "thcs",
    "thpt": "thpt",
    "thcs-thpt": "thpt",
    "th-thcs-thpt": "thpt",
    "gdtx": "thpt",
}
"""A school's levels, each with the tier of its oldest pupils (``gdtx``: continuing education)."""
