"""What a partner published last, asked of the publisher: for a folder that is behind, or was lost.

A receipt may be lost on the way, or another machine of the partner may have pushed. Nothing is believed but
what the partner's own key signed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import aiohttp
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Targets
from tuf.api.serialization import DeserializationError

from schoolguard.hub.push.home import Home
from schoolguard.hub.push.sending import SendFailed
from schoolguard.intake.trust.errors import Absent, SourceFailed
from schoolguard.intake.trust.limits import SNAPSHOT_BYTES, TARGETS_BYTES, TIMESTAMP_BYTES, Pace
from schoolguard.intake.trust.names import SNAPSHOT, TIMESTAMP, partner_role, served_metadata
from schoolguard.intake.trust.source import read
from schoolguard.intake.trust.web import WebSource, session
from schoolguard.language import N_
from schoolguard.lists.archive import write_synced

_ODD = N_("the publisher's repository cannot be read: {why}")


async def catch_up(home: Home, key: Key, http: aiohttp.ClientSession | None = None) -> bool:
    """Take over the role's published metadata when they are newer than the folder's; return whether they
    were.

    Raises ``SendFailed`` when the publisher does not answer.
    """
    if http is None:
        async with session() as own:
            return await catch_up(home, key, own)
    try:
        content = await _published(http, home)
    except SourceFailed as error:
        raise SendFailed(_ODD, why=error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SendFailed(_ODD, why=repr(error)) from error
    if content is None or not _is_own(content, key) or _version(content) <= _version(home.metadata):
        return False
    write_synced(home.folder / "metadata.json", content)
    return True


async def _published(http: aiohttp.ClientSession, home: Home) -> bytes | None:
    source = WebSource(http, home.publisher, Pace())
    try:
        timestamp = _meta(await read(source, served_metadata(TIMESTAMP, None), TIMESTAMP_BYTES))
        snapshot = served_metadata(SNAPSHOT, _number(timestamp, SNAPSHOT))
        listed = _meta(await read(source, snapshot, SNAPSHOT_BYTES))
        role = partner_role(home.partner)
        if f"{role}.json" not in listed:
            return None
        return await read(source, served_metadata(role, _number(listed, role)), TARGETS_BYTES)
    except Absent:
        return None  # replaced meanwhile: what was published is asked again next time


def _meta(content: bytes) -> Mapping[str, Mapping[str, object]]:
    meta = json.loads(content)["signed"]["meta"]
    if not isinstance(meta, dict):
        raise TypeError("no metadata")
    return meta


def _number(meta: Mapping[str, Mapping[str, object]], role: str) -> int:
    version = meta[f"{role}.json"]["version"]
    if type(version) is not int:
        raise TypeError("no version")
    return version


def _is_own(content: bytes, key: Key) -> bool:
    try:
        document = Metadata[Targets].from_bytes(content)
        key.verify_signature(document.signatures[key.keyid], document.signed_bytes)
    except (DeserializationError, KeyError, UnverifiedSignatureError):
        return False
    return isinstance(document.signed, Targets)


def _version(content: bytes | None) -> int:
    return 0 if content is None else int(Metadata[Targets].from_bytes(content).signed.version)
