"""What a watching terminal shows: how to try the gateway out, then each verdict as it happens.

It must not name a client: a verdict belongs to a group.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from schoolguard.dns.names import text_of_wire
from schoolguard.dns.rr import type_name
from schoolguard.language import Translate
from schoolguard.policy.model import Group
from schoolguard.resolver.counts import Outcome, is_allowed
from schoolguard.resolver.resolver import Verdict
from schoolguard.settings import Settings

_TRIED = "8xbet.com youtube.com vnedu.vn"
"""Names for the first try: closed to all, open from lower secondary on, in the safety net."""


def started_lines(settings: Settings, translate: Translate) -> Iterator[str]:
    """Yield the screen that is shown when the gateway is ready."""
    _ = translate
    host, port = settings.listeners[0]
    yield _("SchoolGuard answers on {address}. Try, in another terminal:").format(address=f"{host}@{port}")
    for group, address in _local_groups(settings):
        yield f"  dig @{host} -p {port} -b {address} {_TRIED}   # {group.name} ({group.tier.name})"
    servers = ", ".join(f"{each.host}@{each.port}" for each in settings.upstreams.servers)
    yield _("Allowed names are asked of: {upstreams}").format(upstreams=servers)
    if settings.metrics is not None:
        yield _("Metrics: {url}").format(
            url=f"http://{settings.metrics.host}:{settings.metrics.port}/metrics"
        )
    yield _("Each verdict appears below; Ctrl-C ends.")


def _local_groups(settings: Settings) -> Iterator[tuple[Group, str]]:
    """Yield the groups that this machine itself can ask as, with an address of theirs."""
    for school in settings.schools:
        for group in school.groups:
            for network in group.networks:
                if network.version == 4 and network.is_loopback:
                    yield group, str(network[1] if network.num_addresses > 2 else network[0])
                    break


def verdict_line(verdict: Verdict, translate: Translate) -> str:
    """Return one verdict as a line: group, name, type, outcome, reason."""
    _ = translate
    name = f"{_printable(text_of_wire(verdict.name))} {type_name(verdict.qtype)}"
    where = f"{verdict.group} ({verdict.tier})"
    return f"{_said(verdict.outcome, translate):<14} {name:<42} {where:<34} {verdict.reason}".rstrip()


def _said(outcome: int, translate: Translate) -> str:
    _ = translate
    words = {
        Outcome.LOCAL: _("answered here"),
        Outcome.STALE: _("stale answer"),
        Outcome.FAILED: _("FAILED"),
        Outcome.REBINDING: _("REBINDING"),
        Outcome.SAFE_SEARCH: _("safe search"),
    }
    if outcome in words:
        return words[Outcome(outcome)]
    if outcome >= Outcome.SHADOW:
        return _("allowed (trial)")
    return _("allowed") if is_allowed(outcome) else _("BLOCKED")


def _printable(text: str) -> str:
    return "".join("?" if unicodedata.category(c).startswith("C") else c for c in text)
