"""The series of the gateway itself: version, workers, reloads, schools, the lists and the snapshot in force.

Labels are bounded by the configuration.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator

from prometheus_client.core import Metric

from schoolguard import __version__
from schoolguard.node.metrics_readings import GatewayState, ListState, Readings
from schoolguard.node.metrics_series import Kind, Series, counter, gauge

BUILD = Series(
    "schoolguard_build_info", Kind.INFO, "Version of SchoolGuard and of its Python.", ("version", "python")
)
SCHOOL = Series("schoolguard_school_info", Kind.INFO, "A school that is served.", ("school", "commune"))
READY = gauge("ready", "1 when every worker runs under the last policy.")
WORKERS = gauge("workers", "Worker processes.")
RESTARTS = counter("worker_restarts_total", "Workers replaced after they died.")
GENERATION = gauge("policy_generation", "Number of the policy in force.")
RELOADS = counter("reloads_total", "Reloads that took effect.")
REFUSED = counter("reloads_refused_total", "Reloads refused for errors.")
RELOADED = gauge("reload_timestamp_seconds", "When the policy in force was loaded.")
NAMES = gauge("snapshot_names", "Names in the snapshot in force.")
BYTES = gauge("snapshot_bytes", "Size of the snapshot in force.")
COMPILED = gauge("snapshot_timestamp_seconds", "When the snapshot was compiled.")
COMPILE = gauge("compile_seconds", "Time the last compile took.")
COMPILES_FAILED = counter("compiles_failed_total", "Compiles that failed.")
ENTRIES = gauge("list_entries", "Entries taken from a list.", "list")
CHANGED = gauge("list_timestamp_seconds", "When a list's file changed.", "list")
LINES_REFUSED = gauge("list_lines_refused", "Lines refused in a list.", "list")
LAST_GOOD = gauge("list_last_good", "1 when a list was refused and its last good copy serves.", "list")
ALL = (
    *(BUILD, SCHOOL, READY, WORKERS, RESTARTS, GENERATION, RELOADS, REFUSED, RELOADED),
    *(NAMES, BYTES, COMPILED, COMPILE, COMPILES_FAILED, ENTRIES, CHANGED, LINES_REFUSED, LAST_GOOD),
)


def gateway(readings: Readings) -> Iterator[Metric]:
    """Yield every series of this module."""
    state = readings.state
    yield BUILD.family([((__version__, platform.python_version()), 1)])
    yield SCHOOL.family((school, 1) for school in readings.schools)
    yield READY.one(state.ready)
    yield WORKERS.one(state.workers)
    yield RESTARTS.one(state.restarts)
    yield GENERATION.one(state.generation)
    yield RELOADS.one(state.reloads)
    yield REFUSED.one(state.reloads_refused)
    yield RELOADED.one(state.reloaded)
    yield from _snapshot(state)
    yield from _lists(state.lists)


def _snapshot(state: GatewayState) -> Iterator[Metric]:
    yield NAMES.one(state.snapshot_names)
    yield BYTES.one(state.snapshot_bytes)
    yield COMPILED.one(state.compiled)
    yield COMPILE.one(state.compile_seconds)
    yield COMPILES_FAILED.one(state.compiles_failed)


def _lists(lists: tuple[ListState, ...]) -> Iterator[Metric]:
    yield ENTRIES.family(((each.id,), each.entries) for each in lists)
    yield CHANGED.family(((each.id,), each.changed) for each in lists)
    yield LINES_REFUSED.family(((each.id,), each.refused) for each in lists)
    yield LAST_GOOD.family(((each.id,), each.last_good) for each in lists)
