"""``schoolguard budget``: what the devices have used of each time budget and what is left, as rows and text.

It shows minutes, and never which names were asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from ipaddress import ip_address
from typing import Any

from schoolguard.language import N_, Said, Translate
from schoolguard.node.commands import Arguments
from schoolguard.node.usage import Usage
from schoolguard.policy.budgets import Budget
from schoolguard.policy.meter import Stage
from schoolguard.policy.model import Group

_EPOCH = date(1970, 1, 1)
_STAGES = {
    Stage.OPEN: ("open", N_("open")),
    Stage.WARNING: ("warning", N_("nearly used up")),
    Stage.USED_UP: ("used-up", N_("used up")),
}
_WORDS = dict(_STAGES.values())


class BudgetCommands:
    """Answers for a running gateway.

    ``groups`` returns the groups in force, ``group_of`` the one of a device's key if it is known.
    """

    def __init__(
        self,
        usage: Usage,
        groups: Callable[[], Iterable[Group]],
        group_of: Callable[[bytes], Group | None],
    ) -> None:
        self._usage = usage
        self._groups = groups
        self._group_of = group_of

    async def show(self, arguments: Arguments) -> dict[str, Any]:
        """Return the rows that ``device`` and ``group`` leave over; raises ``Said`` for what is not known.

        Without ``device`` the rows are those of devices that used something today; with it, all its budgets.
        """
        group, device = _text(arguments, "group"), _text(arguments, "device")
        groups = tuple(self._groups())
        if group is not None and not any(_is_called(each, group) for each in groups):
            known = ", ".join(sorted(_title(each) for each in groups))
            raise Said(N_("no group {group!r}; known are: {known}"), group=group, known=known)
        budgets = {budget.id: budget for each in groups for budget in each.budgets}
        rows = self._of_all(budgets) if device is None else self._of_device(device_key(device), budgets)
        kept = [row for row, of in rows if group is None or (of is not None and _is_called(of, group))]
        day = _EPOCH + timedelta(days=self._usage.meter.day)
        return {"ok": True, "day": day.isoformat(), "budgets": kept}

    def _of_device(
        self, key: bytes, budgets: Mapping[str, Budget]
    ) -> Iterator[tuple[dict[str, Any], Group | None]]:
        group = self._group_of(key)
        used = {budget for device, budget, _ in self._usage.meter.table() if device == key}
        own = {budget.id for budget in group.budgets} if group else set()
        for budget_id in sorted((used | own) & budgets.keys()):
            yield self._row(key, budgets[budget_id], group), group

    def _of_all(self, budgets: Mapping[str, Budget]) -> Iterator[tuple[dict[str, Any], Group | None]]:
        for key, budget_id, used in sorted(self._usage.meter.table(), key=lambda row: row[:2]):
            if used.minutes and budget_id in budgets:
                group = self._group_of(key)
                yield self._row(key, budgets[budget_id], group), group

    def _row(self, key: bytes, budget: Budget, group: Group | None) -> dict[str, Any]:
        meter = self._usage.meter
        return {
            "device": device_text(key),
            "group": None if group is None else _title(group),
            "budget": budget.id,
            "label": budget.label,
            "minutes": budget.minutes,
            "used": meter.used(key, budget.id),
            "left": meter.remaining(key, budget.id),
            "stage": _STAGES[meter.stage(key, budget.id)][0],
        }


def budget_lines(answer: Mapping[str, Any], translate: Translate) -> Iterator[str]:
    """Yield the rows of an answer as a table in the reader's language."""
    _ = translate
    rows: Sequence[Mapping[str, Any]] = answer["budgets"]
    if not rows:
        yield _("no device has used any time budget today ({day})").format(day=answer["day"])
        return
    heads = (_("device"), _("group"), _("time budget"), _("used"), _("left"), _("state"))
    cells = [_cells(row, translate) for row in rows]
    widths = [max(len(line[i]) for line in (heads, *cells)) for i in range(len(heads))]
    for line in (heads, *cells):
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cells(row: Mapping[str, Any], translate: Translate) -> tuple[str, ...]:
    _ = translate
    minutes, stage = _("{minutes} min"), _WORDS[row["stage"]]
    return (
        row["device"],
        row["group"] or _("not known"),
        f"{row['label']} ({row['budget']})",
        minutes.format(minutes=row["used"]),
        minutes.format(minutes=row["left"]),
        _(stage),
    )


def device_key(text: str) -> bytes:
    """Return a device's key: the 6 bytes of a MAC, or an address's 4 or 16; raises ``Said``."""
    if re.fullmatch(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}", text):
        return bytes.fromhex(text.replace(":", "").replace("-", ""))
    try:
        return ip_address(text).packed
    except ValueError as error:
        raise Said(
            N_("{text!r} is neither a MAC (aa:bb:cc:00:11:22) nor an IP address"), text=text
        ) from error


def device_text(key: bytes) -> str:
    """Return a device's key for people; any other than a MAC and an address in hexadecimal."""
    if len(key) == 6:
        return key.hex(":")
    return str(ip_address(key)) if len(key) in (4, 16) else key.hex()


def _text(arguments: Arguments, name: str) -> str | None:
    value = arguments.get(name)
    if value is not None and not isinstance(value, str):
        raise Said(N_("{name} is not a text"), name=name)
    return value


def _title(group: Group) -> str:
    return f"{group.school}/{group.name}"


def _is_called(group: Group, name: str) -> bool:
    return name.casefold() in (group.name.casefold(), _title(group).casefold())
