"""Zone transfer in ``lists.yaml`` as values: keys, zones to keep, zones to serve.

It opens the secrets' files and no other.
"""

from __future__ import annotations

import base64
import binascii
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from schoolguard.config import transfer_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.types import Fields, Key
from schoolguard.hub.export.model import BlockAction, Consumer, ExportZone
from schoolguard.intake.transfer.model import Address, Algorithm, Limits, Primary, Transfer, TransferKey
from schoolguard.language import N_
from schoolguard.policy.model import Tier
from schoolguard.settings import Endpoint, TransferSettings

_LEAST_SECRET = 16
_MOST_FILE = 4_096
Keys = Mapping[str, TransferKey | None]
"""Keys by name; ``None`` stands for one that is configured and could not be read: that was said already."""


def transfer_settings_of(
    fields: Fields, folder: Path, tiers: Mapping[str, Tier], out: Collector
) -> TransferSettings:
    """Return what could be read of ``lists.yaml``; ``folder`` is the configuration's."""
    known = _keys(fields, folder, out)
    exports = fields.section(keys.EXPORTS)
    listen = fields.given(keys.NOTIFY_LISTEN)
    serve = exports.given(keys.EXPORT_LISTEN)
    return TransferSettings(
        tuple(_transfers(fields, known, out)),
        _values(listen),
        tuple(_exports(exports, known, tiers, out)),
        _values(serve),
    )


def check_endpoints(fields: Fields, taken: Iterable[Endpoint], out: Collector) -> None:
    """Record addresses for NOTIFY and for served zones that are ``taken``, or that stand in both lists."""
    held = set(taken)
    for given in (fields.given(keys.NOTIFY_LISTEN), fields.section(keys.EXPORTS).given(keys.EXPORT_LISTEN)):
        for endpoint, mark in given.value if given else ():
            if endpoint in held:
                msgid = N_("something else listens at this address and port already")
                out.error(mark, Wrong(msgid, found=f"{endpoint.host}@{endpoint.port}"))
            held.add(endpoint)


def _values(given: At[tuple[At[Endpoint], ...]] | None) -> tuple[Address, ...]:
    return tuple(each.value for each in given.value) if given else ()


def _each(fields: Fields, key: Key[tuple[At[Fields], ...]]) -> Iterator[Fields]:
    given = fields.given(key)
    yield from (section.value for section in given.value) if given else ()


def _keys(fields: Fields, folder: Path, out: Collector) -> Keys:
    known: dict[str, TransferKey | None] = {}
    for section in _each(fields, keys.TSIG_KEYS):
        name = section.given(keys.KEY_NAME)
        if name is None:
            continue
        if name.value in known:
            out.error(name.mark, Wrong(N_("another key has this name"), found=name.value))
            continue
        secret = _secret(section, folder, out)
        algorithm = Algorithm(section.value(keys.ALGORITHM))
        known[name.value] = TransferKey(name.value, secret, algorithm) if secret else None
    return known


def _secret(section: Fields, folder: Path, out: Collector) -> bytes | None:
    given = section.given(keys.SECRET_FILE)
    if given is None:
        return None
    path = folder / given.value
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            text = file.read(_MOST_FILE)
        secret = base64.b64decode(text.strip(), validate=True)
    except OSError as error:
        msgid = N_("the secret's file cannot be read ({problem})")
        out.error(given.mark, Wrong(msgid, problem=error.strerror or str(error), found=given.value))
        return None
    except (binascii.Error, ValueError):
        msgid = N_("the secret's file does not hold base64 alone; `tsig-keygen` prints it as the secret")
        out.error(given.mark, Wrong(msgid, found=given.value))
        return None
    if len(secret) < _LEAST_SECRET:
        msgid = N_("the secret is shorter than {least} bytes, so it can be guessed")
        out.error(given.mark, Wrong(msgid, least=_LEAST_SECRET, found=given.value))
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        msgid = N_("others on this machine may read the secret; type: chmod 600 {path}")
        out.warning(given.mark, Wrong(msgid, path=str(path)))
    return secret


def _named(section: Fields, key: Key[str], known: Keys, out: Collector) -> TransferKey | None:
    given = section.given(key)
    if given is None:
        return None
    if given.value not in known:
        msgid = N_("tsig-keys has no key of this name")
        out.error(given.mark, Wrong(msgid, found=given.value, accepted=tuple(known) or "-"))
    return known.get(given.value)


def _transfers(fields: Fields, known: Keys, out: Collector) -> Iterator[Transfer]:
    said = _Once(out)
    for section in _each(fields, keys.TRANSFERS):
        name, zone = section.given(keys.TRANSFER_ID), section.given(keys.ZONE)
        said.check(name, N_("another transfer has this id"))
        said.check(zone, N_("another transfer or export has this zone"))
        primaries = tuple(_primaries(section, known, out))
        if name and zone and primaries:
            limits = replace(
                Limits(),
                records=section.value(keys.MAX_RECORDS),
                bytes=section.value(keys.MAX_SIZE),
                seconds=section.value(keys.LONGEST),
            )
            yield Transfer(name.value, zone.value, primaries, limits)


def _primaries(section: Fields, known: Keys, out: Collector) -> Iterator[Primary]:
    for each in _each(section, keys.PRIMARIES):
        address = each.given(keys.ADDRESS)
        key = _named(each, keys.PRIMARY_KEY, known, out)
        if address and not each.tried(keys.PRIMARY_KEY):
            msgid = N_("this zone comes unsigned: whoever is on the line may change what is blocked")
            out.warning(address.mark, Wrong(msgid))
        # A key that could not be read is an error; without it the primary would be asked unsigned.
        if address and (key is not None or not each.tried(keys.PRIMARY_KEY)):
            yield Primary(address.value, key)


def _exports(fields: Fields, known: Keys, tiers: Mapping[str, Tier], out: Collector) -> Iterator[ExportZone]:
    said = _Once(out)
    for section in _each(fields, keys.ZONES):
        tier, zone = section.given(keys.EXPORT_TIER), section.given(keys.EXPORT_ZONE)
        said.check(zone, N_("another transfer or export has this zone"))
        consumers = tuple(_consumers(section, known, out))
        if tier and tier.value not in tiers:
            msgid = N_("tiers.yaml has no such tier")
            out.error(tier.mark, Wrong(msgid, found=tier.value, accepted=tuple(tiers)))
        elif tier and zone and consumers:
            action = BlockAction(section.value(keys.ACTION))
            yield ExportZone(zone.value, tier.value, tiers[tier.value].blocked, consumers, action)


def _consumers(section: Fields, known: Keys, out: Collector) -> Iterator[Consumer]:
    for each in _each(section, keys.SECONDARIES):
        networks, notify = each.given(keys.NETWORKS), each.given(keys.NOTIFY)
        key = _named(each, keys.SECONDARY_KEY, known, out)
        if not each.tried(keys.SECONDARY_KEY) and not each.value(keys.UNSIGNED):
            msgid = N_("the key `key` is missing; without one write `unsigned: true`")
            out.error(each.mark, Wrong(msgid))
        elif networks and (key is not None or not each.tried(keys.SECONDARY_KEY)):
            nets = tuple(network.value for network in networks.value)
            yield Consumer(nets, key, _values(notify))


class _Once:
    """Records values of one kind that stand twice."""

    def __init__(self, out: Collector) -> None:
        self._out = out
        self._seen: set[tuple[str, str]] = set()

    def check(self, given: At[str] | None, msgid: str) -> None:
        if given is None:
            return
        if (msgid, given.value) in self._seen:
            self._out.error(given.mark, Wrong(msgid, found=given.value))
        self._seen.add((msgid, given.value))
