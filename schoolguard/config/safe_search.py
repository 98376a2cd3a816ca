"""``blocklists/safe-search.yaml`` as the table of engines, and what a section demands of them.

It must not decide who has to search safely, and it knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from schoolguard.config import safe_search_keys as keys
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.tree import read_section
from schoolguard.config.types import Fields
from schoolguard.dns.names import search_key
from schoolguard.language import N_
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube

_LEVELS = ((YouTube.MODERATE, keys.MODERATE), (YouTube.STRICT, keys.STRICT))


def safe_search_of(fields: Fields, above: SafeSearch) -> SafeSearch:
    """Return what a tier, school or group demands; what it does not say is as ``above``."""
    on, youtube = fields.given(keys.SAFE_SEARCH), fields.given(keys.YOUTUBE)
    return SafeSearch(
        above.on if on is None else on.value, above.youtube if youtube is None else YouTube(youtube.value)
    )


def strip_ech_of(fields: Fields, above: bool) -> bool:
    """Return whether a tier, school or group has ECH keys taken out; else it is as ``above``."""
    given = fields.given(keys.STRIP_ECH)
    return above if given is None else given.value


def engines_of(blocklists: Path, out: Collector) -> Engines:
    """Return the table in the folder of lists; what is wrong with it is recorded and left out."""
    fields = read_section(blocklists, keys.FILE_NAME, keys.SAFE_SEARCH_FILE, out)
    return Engines() if fields is None else _Reader(out).engines(fields)


class _Reader:
    """Reads one file; a name may stand in it once."""

    def __init__(self, out: Collector) -> None:
        self._out = out
        self._marks: dict[str, Mark] = {}
        self._targets: list[At[str]] = []

    def engines(self, fields: Fields) -> Engines:
        safe = self._forced(fields)
        youtube = self._youtube(fields.section(keys.RESTRICTED))
        hosts, zones = self._unforced(fields)
        self._check_targets({*safe, *(key for level in youtube.values() for key in level)}, hosts, zones)
        return Engines(safe, youtube, hosts, zones)

    def _forced(self, fields: Fields) -> dict[str, str]:
        safe: dict[str, str] = {}
        for engine, _ in _items(fields, keys.ENGINES):
            target = engine.given(keys.SAFE)
            hosts = self._once(_values(engine, keys.HOSTS))
            if target is not None:
                self._targets.append(target)
                safe |= dict.fromkeys(hosts, target.value)
        return safe

    def _youtube(self, fields: Fields) -> dict[YouTube, dict[str, str]]:
        hosts = self._once(_values(fields, keys.HOSTS))
        levels = {}
        for level, key in _LEVELS:
            if (target := fields.given(key)) is not None:
                self._targets.append(target)
                levels[level] = dict.fromkeys(hosts, target.value)
        return levels

    def _unforced(self, fields: Fields) -> tuple[dict[str, str], dict[str, str]]:
        hosts: dict[str, str] = {}
        zones: dict[str, str] = {}
        for engine, mark in _items(fields, keys.UNFORCEABLE):
            if not engine.tried(keys.UNFORCED_HOSTS) and not engine.tried(keys.ZONES):
                self._out.error(mark, Wrong(N_("this engine has no names; give it `hosts` or `zones`")))
            if (name := engine.given(keys.NAME)) is not None:
                alone = self._once(_values(engine, keys.UNFORCED_HOSTS))
                hosts |= dict.fromkeys(alone, name.value)
                zones |= dict.fromkeys(self._once(_values(engine, keys.ZONES)), name.value)
        return hosts, zones

    def _once(self, names: Iterable[At[str]]) -> list[str]:
        """Return the search keys of names that stand nowhere above."""
        found = []
        for name, mark in names:
            key = search_key(name)
            if (first := self._marks.get(key)) is not None:
                msgid = N_("this name stands twice, first in line {first}")
                self._out.error(mark, Wrong(msgid, found=name, first=first.line))
                continue
            self._marks[key] = mark
            found.append(key)
        return found

    def _check_targets(self, forced: set[str], hosts: dict[str, str], zones: dict[str, str]) -> None:
        """Record safe names that lead elsewhere themselves, and names of either kind that are blocked."""
        blocking = Engines(hosts=hosts, zones=zones)
        for target, mark in self._targets:
            key = search_key(target)
            if key in forced:
                self._out.error(mark, Wrong(N_("this safe name is led elsewhere itself"), found=target))
            elif (engine := blocking.unforceable(key)) is not None:
                self._out.error(mark, _blocked(target, engine))
        for key in forced:
            if (engine := blocking.unforceable(key)) is not None:
                name = ".".join(reversed(key[:-1].split(".")))
                self._out.error(self._marks[key], _blocked(name, engine))


def _blocked(name: str, engine: str) -> Wrong:
    msgid = N_("this name is blocked with the engine {engine} under `unforceable`")
    return Wrong(msgid, found=name, engine=engine)


def _items(fields: Fields, key: keys.Sections) -> tuple[At[Fields], ...]:
    given = fields.given(key)
    return given.value if given else ()


def _values(fields: Fields, key: keys.Names) -> tuple[At[str], ...]:
    given = fields.given(key)
    return given.value if given else ()
