"""``tiers.yaml`` as tiers. It must not know groups; which tier blocks what is the file's to say."""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.categories import SEALED
from schoolguard.config import gateway_keys, policy_keys
from schoolguard.config.finding import At, Collector
from schoolguard.config.own_categories import Table
from schoolguard.config.safe_search import safe_search_of, strip_ech_of
from schoolguard.config.types import Fields, Key, Section
from schoolguard.policy.model import Tier
from schoolguard.policy.safe_search import SafeSearch


def tiers_of(fields: Fields, table: Table, out: Collector) -> dict[str, Tier]:
    """Return the tiers that could be read, by name, in the order of the table of keys."""
    tiers = {}
    for name, section in _sections(fields):
        vi, en = section.given(gateway_keys.LABEL_VI), section.given(gateway_keys.LABEL_EN)
        block = section.given(policy_keys.TIER_BLOCK)
        blocked = table.mask(block.value, out) if block else 0
        if vi and en and block:
            safe, ech = safe_search_of(section, SafeSearch()), strip_ech_of(section, False)
            tiers[name] = Tier(name, vi.value, en.value, blocked | SEALED, safe, ech)
    return tiers


def blocked_in(fields: Fields) -> Iterator[At[str]]:
    """Yield every category that a tier blocks, with its place."""
    for _, section in _sections(fields):
        if block := section.given(policy_keys.TIER_BLOCK):
            yield from block.value


def _sections(fields: Fields) -> Iterator[tuple[str, Fields]]:
    tiers = fields.section(policy_keys.TIERS)
    kind = policy_keys.TIERS.type
    keys: tuple[Key[Fields], ...] = kind.keys if isinstance(kind, Section) else ()
    for key in keys:
        if section := tiers.given(key):
            yield key.name, section.value
