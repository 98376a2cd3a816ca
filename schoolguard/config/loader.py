"""A configuration folder as settings: every file is read and checked, whatever is wrong in another.

The order is the order of what refers to what: gateway, catalogues, tiers, lists, province, communes, schools,
then all together.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from schoolguard.config import across, catalogues, list_sources
from schoolguard.config.catalogues import Catalogues, catalogues_of
from schoolguard.config.files import COMMUNES_FOLDER, FILES, SCHOOLS_FOLDER, FileKind
from schoolguard.config.finding import At, Collector, ConfigError, Finding, Mark, Wrong
from schoolguard.config.gateway import GatewayPart, gateway_of
from schoolguard.config.own_categories import Table, table_of
from schoolguard.config.policy_files import PolicyFiles
from schoolguard.config.query_logs import Logged, query_logs_of
from schoolguard.config.rules import Known
from schoolguard.config.schools import ReadSchool
from schoolguard.config.shadow_lists import ShadowLists, Sources
from schoolguard.config.tiers import blocked_in, tiers_of
from schoolguard.config.transfers import check_endpoints, transfer_settings_of
from schoolguard.config.tree import check_strays, is_folder, read_section
from schoolguard.config.types import Fields
from schoolguard.language import N_, Translate
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.model import Tier
from schoolguard.policy.timetable import day_of
from schoolguard.settings import Settings, SubscriptionSettings, TransferSettings

RESOLV_CONF = Path("/etc/resolv.conf")

_GATEWAY, _TIERS, _LISTS, _PROVINCE, *_ = FILES
_KNOWN_FILES = (_GATEWAY.pattern, _TIERS.pattern, _LISTS.pattern, _PROVINCE.pattern)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that may be used, and what is odd about them."""

    settings: Settings
    warnings: tuple[Finding, ...]


def load(
    folder: Path,
    *,
    resolv_conf: Path = RESOLV_CONF,
    cores: int | None = None,
    translate: Translate = str,
    today: date | None = None,
) -> Loaded:
    """Return the settings in a configuration folder.

    ``cores`` is what ``workers`` is compared with (default: those this process may use), ``today`` what
    school years and ends of rules are (default: Viet Nam's civil day). Raises ``ConfigError`` with every
    error of every file, worded by ``translate``.
    """
    out = Collector(translate)
    settings = _Folder(folder, resolv_conf, cores or _cores(), today or _today(), out).settings()
    errors = out.errors()
    if errors or settings is None:
        raise ConfigError(errors)
    return Loaded(settings, out.warnings())


def findings(
    folder: Path,
    translate: Translate = str,
    *,
    resolv_conf: Path = RESOLV_CONF,
    cores: int | None = None,
    today: date | None = None,
) -> tuple[Finding, ...]:
    """Return every error and warning of a configuration folder, by file and line."""
    out = Collector(translate)
    _Folder(folder, resolv_conf, cores or _cores(), today or _today(), out).settings()
    return out.all()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _today() -> date:
    return day_of(time.time())


@dataclass(frozen=True, slots=True)
class _Lists:
    """Tiers, lists, those in shadow, and what tiers block (``None``: not all lists are known)."""

    tiers: dict[str, Tier]
    sources: Sources = ()
    shadows: ShadowLists = field(default_factory=dict)
    blocked: tuple[At[str], ...] | None = None
    transfers: TransferSettings = field(default_factory=TransferSettings)
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)


class _Folder:
    """Reads one folder once."""

    def __init__(self, folder: Path, resolv_conf: Path, cores: int, today: date, out: Collector) -> None:
        self._folder = folder
        self._resolv_conf = resolv_conf
        self._cores = cores
        self._today = today
        self._out = out

    def settings(self) -> Settings | None:
        if not is_folder(self._folder):
            wrong = Wrong(N_("there is no such configuration folder"), found=str(self._folder))
            self._out.error(Mark(".", 0), wrong)
            return None
        check_strays(self._folder, _KNOWN_FILES, (COMMUNES_FOLDER, SCHOOLS_FOLDER), self._out)
        fields = self._read(_GATEWAY.pattern, _GATEWAY)
        table = table_of(fields, self._out)
        gateway = None
        if fields is not None:
            gateway = gateway_of(fields, self._folder, self._resolv_conf, self._cores, self._out)
        held = catalogues_of(gateway.paths.blocklists if gateway else None, table, self._out)
        lists = self._lists_and_tiers(gateway, table)
        known = Known(held.services, table, self._today)
        policy = PolicyFiles(self._folder, lists.tiers, known, gateway, self._out)
        schools = policy.schools()
        across.check(schools, lists.sources, known, self._out)
        if lists.blocked is not None:
            closed = (*lists.blocked, *across.closed_categories(schools))
            list_sources.check_fed(lists.sources, lists.shadows, closed, table, self._out)
        read = [Logged(each.id, tuple(g.name for g in each.groups), each.query_log) for each in schools]
        logs = query_logs_of(fields, read, self._today, self._out)
        if gateway is None:
            return None
        if not self._out.failures:
            groups = (g for school in schools if school.value for g in school.value.groups)
            catalogues.check(groups, gateway.paths.blocklists, self._out)
        if self._out.failures:
            return None
        asserted = policy.assertions + tuple(each for school in schools for each in school.assertions)
        read_alone = _settings(gateway, table, lists, held, schools, asserted)
        return replace(read_alone, query_logs=logs, feed=gateway.feed, store=gateway.store)

    def _read(self, name: str, kind: FileKind) -> Fields | None:
        return read_section(self._folder, name, kind.section, self._out)

    def _lists_and_tiers(self, gateway: GatewayPart | None, table: Table) -> _Lists:
        tier_fields = self._read(_TIERS.pattern, _TIERS)
        tiers = tiers_of(tier_fields, table, self._out) if tier_fields else {}
        known = self._out.failures
        list_fields = self._read(_LISTS.pattern, _LISTS)
        if list_fields is None:
            return _Lists(tiers)
        paths = gateway.paths if gateway else None
        read = list_sources.lists_of(list_fields, paths, table, self._out)
        blocked = None
        if tier_fields and paths and is_folder(paths.blocklists) and self._out.failures == known:
            blocked = tuple(blocked_in(tier_fields))
        transfers = transfer_settings_of(list_fields, self._folder, tiers, self._out)
        if gateway is not None:
            taken = (*gateway.listeners, *([gateway.metrics] if gateway.metrics else ()))
            check_endpoints(list_fields, taken, self._out)
        return _Lists(tiers, read.sources, read.shadows, blocked, transfers, read.subscriptions)


def _settings(
    gateway: GatewayPart,
    table: Table,
    lists: _Lists,
    held: Catalogues,
    schools: list[ReadSchool],
    asserted: tuple[Assertion, ...],
) -> Settings:
    return Settings(
        gateway.listeners,
        gateway.upstreams,
        gateway.workers,
        gateway.metrics,
        gateway.paths,
        gateway.caches,
        gateway.limits,
        table.all(),
        tuple(source.value for source in lists.sources),
        tuple(lists.tiers.values()),
        tuple(school.value for school in schools if school.value is not None),
        held.services or {},
        held.engines,
        held.resolver_addresses,
        lists.shadows,
        asserted,
        gateway.devices,
        gateway.forwarders,
        gateway.keep_names_asked,
        lists.transfers,
        gateway.publisher,
        lists.subscriptions,
    )
