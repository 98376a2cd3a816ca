"""Reads ``hub.yaml``. Every fault becomes a finding; it must not open the files that are named there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from schoolguard.config.finding import Collector, ConfigError, Finding, Wrong
from schoolguard.config.tree import read_section
from schoolguard.config.types import Fields, Key
from schoolguard.hub.server.limits import Listening
from schoolguard.hub.service import keys, rollout_keys
from schoolguard.hub.service.feed_keys import FEED, feed_of
from schoolguard.hub.service.rollout_reading import rollout_of
from schoolguard.hub.service.settings import HubSettings, LayerSettings
from schoolguard.hub.service.subscribed_reading import subscriptions_of
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.language import N_, Translate

FILE = "hub.yaml"


def read_hub(folder: Path, translate: Translate = str) -> HubSettings:
    """Return the settings in ``hub.yaml`` of a folder; raises ``ConfigError`` with every error."""
    out = Collector(translate)
    settings = _read(folder, out)
    if settings is None or out.failures:
        raise ConfigError(out.errors())
    return settings


def findings(folder: Path, translate: Translate = str) -> tuple[Finding, ...]:
    """Return every error and warning about ``hub.yaml`` of a folder."""
    out = Collector(translate)
    _read(folder, out)
    return out.all()


def _read(folder: Path, out: Collector) -> HubSettings | None:
    fields = read_section(folder, FILE, keys.HUB, out)
    return None if fields is None else _settings(fields, folder, out)


def _settings(fields: Fields, folder: Path, out: Collector) -> HubSettings:
    certificate, key = (_path(fields, each, folder) for each in (keys.CERTIFICATE, keys.CERTIFICATE_KEY))
    if (certificate is None) != (key is None):
        msgid = N_("certificate and certificate-key belong together")
        out.error(fields.mark_of(keys.CERTIFICATE if certificate else keys.CERTIFICATE_KEY), Wrong(msgid))
    endpoint = fields.value(keys.LISTEN)
    proxies = frozenset(str(at.value) for at in fields.value(keys.PROXIES) or ())
    return HubSettings(
        Listening(endpoint.host, endpoint.port, certificate, key, proxies),
        tuple(folder / at.value for at in fields.value(keys.SAFETY_NET) or ()),
        _path(fields, keys.POPULAR, folder),
        _path(fields, keys.GATEWAYS, folder),
        fields.value(keys.PUSH_SIZE),
        _limits(fields.section(keys.LIMITS)),
        fields.value(keys.AGREEMENTS),
        _layers(fields.section(keys.LAYERS), out),
        tuple(folder / at.value for at in fields.value(rollout_keys.APPROVERS) or ()),
        rollout_of(fields.section(rollout_keys.ROLLOUT), out),
        feed_of(fields.section(FEED)),
        subscriptions_of(fields, folder, out),
    )


def _path(fields: Fields, key: Key[str], folder: Path) -> Path | None:
    at = fields.given(key)
    return None if at is None else folder / at.value


def _limits(fields: Fields) -> Limits:
    values: dict[str, Any] = {each.name.replace("-", "_"): fields.value(each) for each in keys.NUMBERS}
    for each in keys.FRACTIONS:
        value = fields.value(each)
        values[each.name.replace("-", "_")] = None if value == "off" else value
    return replace(Limits(), **values)


def _layers(fields: Fields, out: Collector) -> LayerSettings:
    layers = LayerSettings(fields.value(keys.BASE_EVERY), fields.value(keys.DELTAS), fields.value(keys.KEPT))
    if layers.kept < layers.deltas:
        msgid = N_("fewer deltas are kept than lie above one base ({deltas})")
        out.error(fields.mark_of(keys.KEPT), Wrong(msgid, deltas=layers.deltas, found=str(layers.kept)))
    return layers
