"""The categories there are: the built-in ones and the gateway's own. It must not say which tier blocks what.

An own category's bit comes from the ``number`` written beside it. Neither the order of names nor the order in
the file would do: adding or removing one would give others' bits to compiled lists that still hold the old.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schoolguard.categories import BY_NAME, OWN_FIRST, Category
from schoolguard.config import gateway_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.types import Fields
from schoolguard.language import N_


@dataclass(frozen=True, slots=True)
class Table:
    """Categories by name; not ``complete`` when some could not be read: then none is called unknown."""

    by_name: dict[str, Category]
    complete: bool

    def mask(self, names: Iterable[At[str]], out: Collector) -> int:
        """Return the mask of the named categories; unknown ones and repetitions are recorded."""
        mask = 0
        for name in names:
            if (category := self.by_name.get(name.value)) is None:
                if self.complete:
                    wrong = Wrong(N_("unknown category"), found=name.value, accepted=tuple(self.by_name))
                    out.error(name.mark, wrong)
                continue
            if mask & category.mask:
                out.warning(name.mark, Wrong(N_("this category stands twice"), found=name.value))
            mask |= category.mask
        return mask

    def all(self) -> tuple[Category, ...]:
        """Return the categories in the order of their bits."""
        return tuple(sorted(self.by_name.values(), key=lambda category: category.bit))


def table_of(gateway: Fields | None, out: Collector) -> Table:
    """Return the built-in categories and those of ``schoolguard.yaml`` (``None`` when it is unreadable)."""
    by_name = dict(BY_NAME)
    if gateway is None:
        return Table(by_name, complete=False)
    given = gateway.given(keys.CATEGORIES)
    complete = given is not None or not gateway.tried(keys.CATEGORIES)
    bits: dict[int, str] = {}
    for item in given.value if given else ():
        category = _own(item.value)
        if category is None:
            complete = False
        elif _is_new(item.value, category, by_name, bits, out):
            by_name[category.name] = category
            bits[category.bit] = category.name
    return Table(by_name, complete)


def _own(fields: Fields) -> Category | None:
    name, number = fields.given(keys.OWN_NAME), fields.given(keys.OWN_NUMBER)
    vi, en = fields.given(keys.LABEL_VI), fields.given(keys.LABEL_EN)
    if name is None or number is None or vi is None or en is None:
        return None
    return Category(name.value, OWN_FIRST + number.value - 1, vi.value, en.value)


def _is_new(
    fields: Fields, own: Category, by_name: dict[str, Category], bits: dict[int, str], out: Collector
) -> bool:
    mark = fields.mark_of(keys.OWN_NAME)
    if own.name in BY_NAME:
        out.error(mark, Wrong(N_("a built-in category has this name"), found=own.name))
    elif own.name in by_name:
        out.error(mark, Wrong(N_("another category has this name"), found=own.name))
    elif own.bit in bits:
        wrong = Wrong(
            N_("the category `{other}` has this number"),
            other=bits[own.bit],
            found=str(own.bit - OWN_FIRST + 1),
        )
        out.error(fields.mark_of(keys.OWN_NUMBER), wrong)
    else:
        return True
    return False
