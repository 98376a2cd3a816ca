"""A configuration folder as settings: every file is read and checked, whatever is wrong in another.

The order is the order of what refers to what: gateway, tiers, lists, schools, then the schools together.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from schoolguard.config import list_sources, networks, rules, safety_net
from schoolguard.config.files import FILES, FileKind
from schoolguard.config.finding import At, Collector, ConfigError, Finding, Mark, Wrong
from schoolguard.config.gateway import GatewayPart, gateway_of
from schoolguard.config.own_categories import Table, table_of
from schoolguard.config.schools import Above, ReadSchool, school_of
from schoolguard.config.tiers import blocked_in, tiers_of
from schoolguard.config.tree import check_strays, is_folder, read_section, school_files
from schoolguard.config.types import Fields
from schoolguard.language import N_, Translate
from schoolguard.lists.model import ListSource
from schoolguard.policy.model import Blocking, Tier
from schoolguard.settings import Settings

RESOLV_CONF = Path("/etc/resolv.conf")

_GATEWAY, _TIERS, _LISTS, _SCHOOL = FILES


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
) -> Loaded:
    """Return the settings in a configuration folder.

    ``cores`` is what ``workers`` is compared with (default: those this process may use). Raises
    ``ConfigError`` with every error of every file, worded by ``translate``.
    """
    out = Collector(translate)
    settings = _Folder(folder, resolv_conf, cores or _cores(), out).settings()
    errors = out.errors()
    if errors or settings is None:
        raise ConfigError(errors)
    return Loaded(settings, out.warnings())


def findings(
    folder: Path, translate: Translate = str, *, resolv_conf: Path = RESOLV_CONF, cores: int | None = None
) -> tuple[Finding, ...]:
    """Return every error and warning of a configuration folder, by file and line."""
    out = Collector(translate)
    _Folder(folder, resolv_conf, cores or _cores(), out).settings()
    return out.all()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


class _Folder:
    """Reads one folder once."""

    def __init__(self, folder: Path, resolv_conf: Path, cores: int, out: Collector) -> None:
        self._folder = folder
        self._resolv_conf = resolv_conf
        self._cores = cores
        self._out = out

    def settings(self) -> Settings | None:
        if not is_folder(self._folder):
            wrong = Wrong(N_("there is no such configuration folder"), found=str(self._folder))
            self._out.error(Mark(".", 0), wrong)
            return None
        check_strays(self._folder, self._out)
        fields = self._read(_GATEWAY.pattern, _GATEWAY)
        table = table_of(fields, self._out)
        gateway = None
        if fields is not None:
            gateway = gateway_of(fields, self._folder, self._resolv_conf, self._cores, self._out)
        tiers, sources = self._lists_and_tiers(gateway, table)
        schools = self._schools(Above(tiers, table, gateway.blocking if gateway else Blocking()))
        self._check_across(schools, sources)
        if gateway is None or self._out.failures:
            return None
        return _settings(gateway, table, tiers, sources, schools)

    def _read(self, name: str, kind: FileKind) -> Fields | None:
        return read_section(self._folder, name, kind.section, self._out)

    def _lists_and_tiers(
        self, gateway: GatewayPart | None, table: Table
    ) -> tuple[dict[str, Tier], tuple[At[ListSource], ...]]:
        tier_fields = self._read(_TIERS.pattern, _TIERS)
        tiers = tiers_of(tier_fields, table, self._out) if tier_fields else {}
        known = self._out.failures
        list_fields = self._read(_LISTS.pattern, _LISTS)
        if list_fields is None:
            return tiers, ()
        blocklists = gateway.paths.blocklists if gateway else None
        sources = list_sources.sources_of(list_fields, blocklists, table, self._out)
        if tier_fields and blocklists and is_folder(blocklists) and self._out.failures == known:
            list_sources.check_fed(sources, blocked_in(tier_fields), table, self._out)
        return tiers, sources

    def _schools(self, above: Above) -> list[ReadSchool]:
        schools = []
        for school_id, name in school_files(self._folder, self._out):
            fields = self._read(name, _SCHOOL)
            if fields is not None:
                schools.append(school_of(fields, school_id, above, self._out))
        return schools

    def _check_across(self, schools: list[ReadSchool], sources: tuple[At[ListSource], ...]) -> None:
        networks.check(schools, self._out)
        for school in schools:
            rules.check(school, self._out)
        safety_net.check(schools, sources, self._out)
        seen: dict[tuple[str, str], ReadSchool] = {}
        for school in schools:
            place = (school.name.casefold(), school.commune.casefold())
            if all(place) and (first := seen.setdefault(place, school)) is not school:
                msgid = N_("another school of this commune has this name ({path}:{line})")
                wrong = Wrong(msgid, path=first.mark.path, line=first.mark.line, found=school.name)
                self._out.error(school.mark, wrong)


def _settings(
    gateway: GatewayPart,
    table: Table,
    tiers: dict[str, Tier],
    sources: tuple[At[ListSource], ...],
    schools: list[ReadSchool],
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
        tuple(source.value for source in sources),
        tuple(tiers.values()),
        tuple(school.value for school in schools if school.value is not None),
    )
