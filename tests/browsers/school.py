"""A gateway of the configuration that we ship, with one group of lower-secondary pupils behind it.

Tiers, lists and the province's rules are those of ``config``; only the school and the addresses are the
test's. It must not soften anything of them.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.browsers.world import RESOLVER
from tests.devices.network import Network, inside
from tests.servers import Gateway, serving
from tests.site import Site

ROOT = Path(__file__).resolve().parents[2]
GATEWAY, CLIENT = "10.31.1.1", "10.31.1.20"
GROUP = "Học sinh THCS"


def _written(folder: Path) -> Site:
    site = Site(folder, port=53, metrics=9153, upstreams=[f"{RESOLVER}@53"], listen=[f"{GATEWAY}@53"])
    (site.config / "schools").mkdir(parents=True)
    for name in ("lists.yaml", "tiers.yaml", "province.yaml"):
        shutil.copy(ROOT / "config" / name, site.config)
    gateway = yaml.safe_load((ROOT / "config/schoolguard.yaml").read_text())
    gateway |= {
        "listen": site.listen,
        "upstreams": {"servers": site.upstreams},
        "metrics": f"127.0.0.1@{site.metrics}",
        "paths": {"blocklists": str(ROOT / "blocklists"), "state": str(site.state)},
    }
    group = {"name": GROUP, "tier": "thcs", "networks": ["10.31.1.0/24"]}
    school = {"name": "Trường Thử Nghiệm", "commune": "Pa Tần", "level": "thcs"}
    for path, content in (
        ("schoolguard.yaml", gateway),
        ("schools/thu-nghiem.yaml", {"school": school, "groups": [group]}),
    ):
        (site.config / path).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return site


@contextlib.contextmanager
def school(net: Network, folder: Path) -> Iterator[Gateway]:
    """Run the gateway on the classroom's link, watched: each verdict is a line of its log."""
    net.give(f"{GATEWAY}/24", f"{CLIENT}/24")
    net.at_client("route", "add", "default", "via", GATEWAY)
    site = _written(folder)
    with contextlib.ExitStack() as stack:
        with inside(net.gateway):
            gateway = stack.enter_context(serving(site, "--watch"))
        yield gateway
