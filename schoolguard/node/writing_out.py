"""``schoolguard lists render``: a tier to a file, with the orders that the running gateway enforces.

It parses no arguments, and changes nothing but the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from schoolguard.hub.export.model import ExportZone, Left
from schoolguard.hub.export.writing import Form, write_export
from schoolguard.language import N_, Said, Translate
from schoolguard.lists.delta_part import ChainBroken
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.commands import NoGateway, ask_gateway
from schoolguard.node.compiling import Compiler
from schoolguard.node.exporting import Closed
from schoolguard.node.province_layers import province_paths
from schoolguard.node.starting import control_path
from schoolguard.settings import Settings

_NO_SNAPSHOT = N_("there is no snapshot yet; run: schoolguard lists compile")
_LEFT = {
    "patterns": N_("{count} regular expressions have no place in this format"),
    "typed": N_("{count} names that are blocked for some query types only are left out"),
    "too_long": N_("{count} names are too long below the zone's own name"),
    "below_exception": N_("{count} blocks below exceptions cannot be said in this format"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """A file that was written: what it could not say, and why orders are not in it, if they are not."""

    left: Left
    without_orders: Said | None


def write_tier(settings: Settings, form: Form, tier: str, zone: str | None, target: Path, now: float) -> Done:
    """Write what a tier blocks; ``now`` is in Unix seconds. Raises ``Said``."""
    layers = Compiler(settings.paths.state).ready()
    if layers is None:
        raise Said(_NO_SNAPSHOT)
    missing = None
    try:
        closed = _orders(settings)
    except NoGateway as error:
        closed, missing = Closed(), error
    paths = [*province_paths(settings), *map(Path, layers.paths)]
    export = _export(settings, tier, zone)
    try:
        left = write_export(target, form, export, paths, now, closed.below, closed.exact)
    except (SnapshotBroken, ChainBroken, OSError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or error
        raise Said(N_("{file} was not written: {problem}"), file=target, problem=problem) from error
    return Done(left, missing)


def left_lines(done: Done, translate: Translate) -> Iterator[str]:
    """Yield what the file does not say, in words."""
    if done.without_orders is not None:
        msgid = N_("takedown orders are not in the file: {reason}")
        yield Said(msgid, reason=done.without_orders).say(translate)
    for name, msgid in _LEFT.items():
        if count := getattr(done.left, name):
            yield translate(msgid).format(count=count)


def _orders(settings: Settings) -> Closed:
    answer = ask_gateway(control_path(settings), "orders-closed")
    if not answer["ok"]:
        raise NoGateway(N_("the running gateway is older than this command; restart it"))
    return Closed(answer["below"], answer["exact"])


def _export(settings: Settings, tier: str, zone: str | None) -> ExportZone:
    """Return the tier's zone as it is served, or one with the name of the tier."""
    blocked = next(each.blocked for each in settings.tiers if each.name == tier)
    served = (each for each in settings.transfers.exports if each.tier == tier)
    found = next(served, ExportZone(f"{tier}.rpz", tier, blocked))
    return found if zone is None else replace(found, zone=zone)
