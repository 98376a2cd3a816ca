"""A generated configuration for tests: small lists of our own, groups on loopback subnets.

A client chooses its group by its source address:

| subnet       | tier     | block answer | language |
|--------------|----------|--------------|----------|
| 127.0.0.0/23 | tieu-hoc | null-address | vi       |
| 127.0.2.0/24 | thpt     | nxdomain     | vi       |
| 127.0.3.0/24 | staff    | nodata       | en       |
| 127.0.4.0/24 | guest    | refused      | en       |
| 127.0.5.0/24 | thcs     | block-page   | en       |

``::1`` is a primary pupil. Everything else on loopback is not served.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PRIMARY, THPT, STAFF, GUEST, THCS = (f"127.0.{i}.1" for i in range(1, 6))
UNSERVED = "127.0.9.1"
PAGE = ["192.0.2.80", "2001:db8::80"]
TTL = 45

LISTS = {
    "gambling": ["bet.example", "bị-cấm.example"],
    "adult": ["adult.example"],
    "games": ["game.example"],
    "social": ["mxh.example"],
    "malware": ["malware.example", "tracker.cdn.example"],
    "takedown": ["order.example"],
    "never-block": ["help.hoc.example", "111.example"],
    "allow": ["fine.bet.example"],
}

PUPILS = ["gambling", "adult", "games", "social", "malware"]
TIERS = {
    "mam-non": PUPILS,
    "tieu-hoc": PUPILS,
    "thcs": PUPILS,
    "thpt": ["gambling", "adult", "games", "malware"],
    "staff": ["gambling", "adult", "malware"],
    "guest": ["gambling", "adult", "malware"],
}


def groups() -> list[dict[str, Any]]:
    """Return the groups of the table above."""
    return [
        {
            "name": "Học sinh tiểu học",
            "tier": "tieu-hoc",
            "networks": ["127.0.0.0/23", "::1"],
            "rules": [{"block": ["denied.hoc.example"], "reason": "Bài học"}],
        },
        {
            "name": "Học sinh THPT",
            "tier": "thpt",
            "networks": ["127.0.2.0/24"],
            "block": {"answer": "nxdomain"},
        },
        {
            "name": "Giáo viên",
            "tier": "staff",
            "networks": ["127.0.3.0/24"],
            "block": {"answer": "nodata", "language": "en"},
        },
        {
            "name": "Khách",
            "tier": "guest",
            "networks": ["127.0.4.0/24"],
            "block": {"answer": "refused", "language": "en"},
        },
        {
            "name": "Học sinh THCS",
            "tier": "thcs",
            "networks": ["127.0.5.0/24"],
            "block": {"answer": "block-page", "page": PAGE, "language": "en", "ttl": 30},
        },
    ]


@dataclass
class Site:
    """A configuration folder, its lists and its state; ``write`` puts the values below on the disk."""

    folder: Path
    port: int
    metrics: int
    upstreams: list[str]
    listen: list[str] = field(default_factory=list)
    workers: int = 1
    limits: dict[str, Any] = field(default_factory=dict)
    caches: dict[str, Any] = field(default_factory=dict)
    forwarding: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=lambda: {k: list(v) for k, v in LISTS.items()})
    tiers: dict[str, list[str]] = field(default_factory=lambda: {k: list(v) for k, v in TIERS.items()})
    groups: list[dict[str, Any]] = field(default_factory=groups)
    school: dict[str, Any] = field(default_factory=dict)
    province: dict[str, Any] = field(default_factory=dict)
    state: Path = Path()

    def __post_init__(self) -> None:
        if self.state == Path():
            self.state = self.folder / "state"
        if not self.listen:
            self.listen = [f"127.0.0.1@{self.port}", f"::1@{self.port}"]

    @property
    def config(self) -> Path:
        """The folder for ``--config``."""
        return self.folder / "config"

    @property
    def blocklists(self) -> Path:
        """The folder of the list files."""
        return self.folder / "lists"

    def write(self) -> Site:
        """Write every file anew."""
        (self.config / "schools").mkdir(parents=True, exist_ok=True)
        self.blocklists.mkdir(exist_ok=True)
        for name, names in self.lists.items():
            (self.blocklists / f"{name}.txt").write_text("".join(f"{each}\n" for each in names))
        (self.blocklists / "resolver-addresses.yaml").write_text("resolvers: []\n")
        self._dump("schoolguard.yaml", self._gateway())
        self._dump("lists.yaml", {"lists": [_list(name) for name in self.lists]})
        tiers = {name: {"vi": name, "en": name, "block": block} for name, block in self.tiers.items()}
        self._dump("tiers.yaml", {"tiers": tiers})
        school = {"name": "Trường Thử Nghiệm", "commune": "Pa Tần", "level": "th-thcs-thpt"}
        self._dump("schools/thu-nghiem.yaml", {"school": school, **self.school, "groups": self.groups})
        if self.province:
            self._dump("province.yaml", {"province": {"name": "Sở Thử Nghiệm"}, **self.province})
        return self

    def _gateway(self) -> dict[str, Any]:
        return {
            "listen": self.listen,
            "workers": self.workers,
            "metrics": f"127.0.0.1@{self.metrics}",
            "upstreams": {"servers": self.upstreams, **self.forwarding},
            "paths": {"blocklists": str(self.blocklists), "state": str(self.state)},
            "caches": self.caches,
            "limits": {"queries-per-second": 0, **self.limits},
            "block": {"ttl": TTL},
        }

    def _dump(self, name: str, content: dict[str, Any]) -> None:
        (self.config / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def _list(name: str) -> dict[str, str]:
    entry = {"id": name, "file": f"{name}.txt", "format": "plain", "max-shrink": "off", "max-growth": "off"}
    return entry | ({"kind": name} if name in ("never-block", "allow") else {"category": name})
