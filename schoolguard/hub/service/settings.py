"""What the publisher runs with, as values; ``reading`` makes them of ``hub.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from schoolguard.hub.feed.settings import FeedSettings
from schoolguard.hub.rollout.settings import RolloutSettings
from schoolguard.hub.server.limits import Listening
from schoolguard.hub.service.subscribed_settings import HubSubscription
from schoolguard.intake.guardrails.limits import Limits


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """How compiled layers are kept; times in seconds.

    A new base comes after ``base_every``, or when deltas since the last one are as many as ``deltas`` or half
    as large as it. ``kept`` deltas stay published, so that a gateway that slept fetches deltas all the same.
    """

    base_every: float = 7 * 86_400.0
    deltas: int = 10
    kept: int = 14


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Everything that ``hub.yaml`` says; paths are absolute.

    ``safety_net`` are list files whose names nobody may close, ``popular`` one with well-known names, most
    popular first. ``gateways`` is the file of those whose receipts are taken. ``push_size`` is in bytes;
    so many different ones of the ``approvers``, files with public keys, as ``agreements`` must agree where
    people must.
    """

    listening: Listening
    safety_net: tuple[Path, ...]
    popular: Path | None = None
    gateways: Path | None = None
    push_size: int = 256 << 20
    limits: Limits = field(default_factory=Limits)
    agreements: int = 1
    layers: LayerSettings = field(default_factory=LayerSettings)
    approvers: tuple[Path, ...] = ()
    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    feed: FeedSettings = field(default_factory=FeedSettings)
    subscriptions: tuple[HubSubscription, ...] = ()
