"""One school's file as a school with its groups. It must not look at other schools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schoolguard.config import policy_keys as keys
from schoolguard.config.assertions import asserted_groups, assertions_of
from schoolguard.config.blocking import blocking_of
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.groups import GroupReader, Inherited, ReadGroup
from schoolguard.config.layers import Heritage, Speaker, heritage_of
from schoolguard.config.query_log_keys import QUERY_LOG
from schoolguard.config.rules import Known
from schoolguard.config.safe_search_keys import SAFE_SEARCH, STRIP_ECH, YOUTUBE
from schoolguard.config.subnets import Network
from schoolguard.config.tier_names import STAFF
from schoolguard.config.timetables import Windows, timetable_of
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.calendar import Calendar
from schoolguard.policy.model import Blocking, School, Tier
from schoolguard.policy.rule import Layer
from schoolguard.policy.timetable import Timetable
from schoolguard.settings import Endpoint

__all__ = ["Above", "ReadGroup", "ReadSchool", "school_of"]


@dataclass(frozen=True, slots=True)
class ReadSchool:
    """A school as its file has it; ``value`` is ``None`` when something needed is missing."""

    id: str
    mark: Mark
    name: str
    commune: str
    networks: tuple[At[Network], ...]
    groups: tuple[ReadGroup, ...]
    assertions: tuple[Assertion, ...]
    timetable: Timetable | None
    value: School | None
    query_log: At[Fields] | None = None


@dataclass(frozen=True, slots=True)
class Above:
    """What a school's file refers to: tiers by name, the layers above, the gateway's listeners and answer.

    ``communes`` are by casefolded name; a school of a commune without a file is right under the ``province``.
    """

    tiers: Mapping[str, Tier]
    known: Known
    blocking: Blocking
    listeners: tuple[Endpoint, ...]
    province: Heritage
    communes: Mapping[str, Heritage]

    def heritage(self, commune: str) -> Heritage:
        """Return what the layers above a school of this commune say."""
        return self.communes.get(commune.casefold(), self.province)


def school_of(fields: Fields, school_id: str, above: Above, out: Collector) -> ReadSchool:
    """Return the school in a file; what is wrong in it is recorded."""
    about = fields.section(keys.SCHOOL)
    name, commune, level = about.given(keys.NAME), about.given(keys.COMMUNE), about.given(keys.LEVEL)
    speaker = Speaker(Layer.SCHOOL, name.value if name else "", school_id)
    heritage = heritage_of(
        fields, speaker, above.heritage(commune.value if commune else ""), above.known, out
    )
    groups = _groups(fields, school_id, level.value if level else None, heritage, above, out)
    _check_named(fields, heritage, groups, out)
    timetable = _timetable(fields, heritage, above.known, out)
    networks = fields.given(keys.SCHOOL_NETWORKS)
    default = _default(fields, groups, out)
    values = tuple(group.value for group in groups if group.value is not None)
    value = None
    if name and commune and level and values:
        served = tuple(dict.fromkeys(at.value for at in networks.value)) if networks else ()
        value = School(school_id, name.value, commune.value, level.value, values, timetable, served, default)
    return ReadSchool(
        school_id,
        about.mark_of(keys.NAME),
        name.value if name else "",
        commune.value if commune else "",
        networks.value if networks else (),
        groups,
        assertions_of(fields, school_id, out),
        timetable,
        value,
        fields.given(QUERY_LOG),
    )


def _groups(
    fields: Fields, school_id: str, level: str | None, heritage: Heritage, above: Above, out: Collector
) -> tuple[ReadGroup, ...]:
    inherited = Inherited(
        heritage,
        blocking_of(fields.section(keys.SCHOOL_BLOCK), above.blocking, out),
        fields.given(SAFE_SEARCH),
        fields.given(YOUTUBE),
        fields.given(STRIP_ECH),
    )
    reader = GroupReader(school_id, level, above.tiers, above.known, above.listeners, inherited, out)
    given = fields.given(keys.GROUPS)
    return tuple(reader.group(section) for section, _ in (given.value if given else ()))


def _timetable(fields: Fields, heritage: Heritage, known: Known, out: Collector) -> Timetable | None:
    """Return the school's timetable; none without windows."""
    if not heritage.windows:
        return None
    own = tuple(at for at in heritage.windows if at.mark.path == fields.mark.path)
    higher = tuple(at for at in heritage.windows if at.mark.path != fields.mark.path)
    calendar = heritage.calendar or Calendar()
    return timetable_of(Windows(own, higher), calendar, known.today, fields.mark, out)


def _default(fields: Fields, groups: tuple[ReadGroup, ...], out: Collector) -> str | None:
    """Return the name of the default group; nothing unknown gets staff rights."""
    given, networks = fields.given(keys.DEFAULT_GROUP), fields.given(keys.SCHOOL_NETWORKS)
    if given is None:
        if networks and not fields.tried(keys.DEFAULT_GROUP):
            msgid = N_("the school's networks change nothing without `default-group`")
            out.warning(networks.mark, Wrong(msgid))
        return None
    if networks is None and not fields.tried(keys.SCHOOL_NETWORKS):
        msgid = N_("a default group needs the school's `networks`: it is for unknown clients in them")
        out.error(given.mark, Wrong(msgid, found=given.value))
    found = [group for group in groups if group.name.casefold() == given.value.casefold()]
    if not found:
        _unknown_group(given, groups, out)
        return None
    if found[0].tier == STAFF:
        msgid = N_("the default group may not be of the tier staff: nothing unknown gets staff rights")
        out.error(given.mark, Wrong(msgid, found=given.value))
    return found[0].name


def _check_named(fields: Fields, heritage: Heritage, groups: tuple[ReadGroup, ...], out: Collector) -> None:
    """Record groups that the school's rules and tests name and it does not have, and tiers of no group."""
    names = {group.name.casefold() for group in groups}
    own = [rule for rule in heritage.rules if rule.value.layer is Layer.SCHOOL]
    for at in (*(at for rule in own for at in rule.groups), *asserted_groups(fields)):
        if at.value.casefold() not in names:
            _unknown_group(at, groups, out)
    tiers = {group.tier for group in groups}
    for rule in own:
        if rule.tiers and None not in tiers and not rule.tiers & tiers:
            msgid = N_("no group of this school is of these tiers: the rule concerns nobody")
            out.warning(rule.mark, Wrong(msgid, found=", ".join(sorted(rule.tiers))))


def _unknown_group(at: At[str], groups: tuple[ReadGroup, ...], out: Collector) -> None:
    accepted = tuple(group.name for group in groups if group.name)
    out.error(at.mark, Wrong(N_("this school has no group of this name"), found=at.value, accepted=accepted))
