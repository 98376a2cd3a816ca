"""The ``budgets:`` of one layer as budgets. It must not say which groups they are for beyond their tiers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from schoolguard.categories import SEALED
from schoolguard.config import budget_keys as keys
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.own_categories import Table
from schoolguard.config.rule_keys import OWNER, REASON
from schoolguard.config.targets import Target, TargetKind, Targets, resolve
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.budgets import Budget
from schoolguard.policy.rule import Layer
from schoolguard.policy.services import Service


@dataclass(frozen=True, slots=True)
class ReadBudget:
    """One budget as its file has it: ``values`` are its own and those of its services, ``tiers`` for whom.

    ``tiers`` is empty for everybody. With minutes for each service, what a service uses is used of the whole
    as well, be its names on a list of the category or not.
    """

    name: str
    mark: Mark
    tiers: frozenset[str]
    targets: Targets
    values: tuple[Budget, ...]


def budgets_of(
    fields: Fields,
    layer: Layer,
    owner: str,
    services: Mapping[str, Service],
    table: Table,
    out: Collector,
    scope: str = "",
) -> tuple[ReadBudget, ...]:
    """Return the budgets of a province, commune, school or group; what is wrong in them is recorded.

    ``owner`` is for those that name none. ``scope`` begins their ids and must differ between the files and
    groups that a device can be under: ``""`` for the province, ``commune/ID``, a school's id,
    ``SCHOOL/GROUP``.
    """
    reader = _Budgets(layer, owner, services, table, out, scope)
    given = fields.given(keys.BUDGETS)
    found = (reader.budget(section) for section, _ in (given.value if given else ()))
    return tuple(each for each in found if each is not None)


class _Budgets:
    def __init__(
        self,
        layer: Layer,
        owner: str,
        services: Mapping[str, Service],
        table: Table,
        out: Collector,
        scope: str,
    ) -> None:
        self._layer = layer
        self._owner = owner
        self._services = services
        self._table = table
        self._out = out
        self._scope = f"{scope}/" if scope else ""
        self._lines: dict[str, int] = {}

    def budget(self, fields: Fields) -> ReadBudget | None:
        """Return one budget, ``None`` when something it needs is missing."""
        name, minutes = fields.given(keys.BUDGET_NAME), fields.given(keys.MINUTES)
        reason, owner = fields.given(REASON), fields.given(OWNER)
        of, each = fields.given(keys.OF), fields.given(keys.EACH_SERVICE)
        new = name is None or self._is_new(name.value, name.mark)
        targets = self._targets(of) if of else None
        if minutes and each and each.value > minutes.value:
            msgid = N_("each service cannot have more minutes than all of them have ({minutes})")
            self._out.error(each.mark, Wrong(msgid, minutes=minutes.value, found=str(each.value)))
        if not (name and new and minutes and reason and of and targets):
            return None
        whole = Budget(
            self._scope + slug(name.value),
            name.value,
            minutes.value,
            targets.names,
            targets.categories,
            owner.value if owner else self._owner,
            reason.value,
            self._layer,
        )
        values = self._with_services(whole, each, of.value) if each else (whole,)
        tiers = fields.given(keys.BUDGET_TIERS)
        names = frozenset(at.value for at in tiers.value) if tiers else frozenset()
        return ReadBudget(name.value, fields.mark, names, targets, values)

    def _targets(self, of: At[tuple[At[Target], ...]]) -> Targets:
        targets = resolve(of.value, self._services, self._table, self._out)
        if targets.categories & SEALED:
            msgid = N_("a sealed category is closed for everybody: no minutes of it can be used")
            self._out.warning(of.mark, Wrong(msgid))
        return targets

    def _with_services(
        self, whole: Budget, each: At[int], targets: tuple[At[Target], ...]
    ) -> tuple[Budget, ...]:
        services = self._services_in(targets, each.mark)
        names = whole.names.union(*(service.names for service in services))
        own = (_of_service(whole, each.value, service) for service in services)
        return (replace(whole, names=names), *own)

    def _is_new(self, name: str, mark: Mark) -> bool:
        key = slug(name)
        if (first := self._lines.get(key)) is None:
            self._lines[key] = mark.line
            return True
        msgid = N_("another budget has this name, in line {first}")
        self._out.error(mark, Wrong(msgid, found=name, first=first))
        return False

    def _services_in(self, targets: tuple[At[Target], ...], mark: Mark) -> tuple[Service, ...]:
        """Return the services named and those of a category named, by id."""
        named = {at.value.value for at in targets if at.value.kind is TargetKind.SERVICE}
        categories = {at.value.value for at in targets if at.value.kind is TargetKind.CATEGORY}
        found = tuple(
            service
            for service_id, service in sorted(self._services.items())
            if service.names and (service_id in named or service.category in categories)
        )
        if not found:
            msgid = N_("no service of the catalogue is among the targets: this has no effect")
            self._out.warning(mark, Wrong(msgid))
        return found


def _of_service(whole: Budget, minutes: int, service: Service) -> Budget:
    return replace(
        whole,
        id=f"{whole.id}/{service.id}",
        label=service.name,
        minutes=minutes,
        names=service.names,
        categories=0,
    )


def slug(name: str) -> str:
    """Return a name in small letters, digits and hyphens: ``Trò chơi`` is ``tro-choi``.

    Names that have nothing of these in them keep their other letters.
    """
    plain = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", "-", letters).strip("-_") or "-".join(f"{ord(c):x}" for c in name)
