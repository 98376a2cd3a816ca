"""One authority and one web server for all tests of this folder, and a site that fetches from it."""

from __future__ import annotations

from typing import Any

import yaml

from tests.intake.subscriptions.fixtures import served, trusted, web
from tests.site import Site

__all__ = ["configure", "served", "trusted", "web"]


def configure(site: Site, *lists: dict[str, Any], **sections: Any) -> None:
    """Write ``lists.yaml`` with the lists of the site, and those that are fetched from loopback."""
    site.write()
    path = site.config / "lists.yaml"
    content = yaml.safe_load(path.read_text()) | sections
    content["lists"] += [{"category": "games", "private-networks": ["127.0.0.0/8"], **each} for each in lists]
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
