"""``publisher`` in ``schoolguard.yaml`` as a value. It asks nobody and opens nothing."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from schoolguard.config import publisher_keys as keys
from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.types import Fields
from schoolguard.intake.model import Publisher
from schoolguard.language import N_


def publisher_of(fields: Fields, folder: Path, out: Collector) -> Publisher | None:
    """Return the publisher of ``schoolguard.yaml``, if one is followed; what is wrong is recorded.

    ``folder`` is the configuration's, to which ``folder`` in it is relative.
    """
    section = fields.given(keys.PUBLISHER)
    if section is None:
        return None
    given = section.value
    url, copy, root = (given.given(key) for key in (keys.URL, keys.FOLDER, keys.ROOT_FINGERPRINT))
    if url and copy:
        msgid = N_("`url` and `folder` stand here both; one place to follow is enough")
        out.error(copy.mark, Wrong(msgid, found=copy.value))
    if url and not _is_hidden(url.value):
        msgid = N_("by http whoever is on the line sees what is fetched; it cannot be changed, it is signed")
        out.warning(url.mark, Wrong(msgid, found=url.value, suggestion=f"https{url.value[4:]}"))
    if root is None:
        return None  # missing or wrong, which was said
    return Publisher(
        root.value,
        url.value if url else None,
        folder / copy.value if copy else None,
        given.value(keys.EVERY),
        given.value(keys.JITTER),
        given.value(keys.KEPT),
        given.value(keys.REPORT_EVERY),
    )


def _is_hidden(url: str) -> bool:
    """Return whether nobody on a line can read along."""
    parts = urlsplit(url)
    try:
        return parts.scheme == "https" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
