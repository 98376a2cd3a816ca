"""Orders, schools and a safety net for the tests; times are around ``NOW``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.checks import Checks, ProtectedNames
from schoolguard.intake.orders.fate import Arrived, Kept, Turned
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.order import Lift, Order, Target
from schoolguard.intake.orders.scope import Scope, Served

NOW = 1_795_000_000
DAY = 86_400
AT_NOW = Clock(float(NOW))
PROVINCE = Scope(True)

BUM_TO = Served("ptdtbt-bum-to", "Xã Bum Tở")
PA_TAN = Served("th-pa-tan", "Xã Pa Tần")
SIN_HO = Served("thpt-sin-ho", "Xã Sìn Hồ")
SCHOOLS = (BUM_TO, PA_TAN, SIN_HO)


def below(*names: str) -> frozenset[Target]:
    return frozenset(map(Target, names))


def exact(*names: str) -> frozenset[Target]:
    return frozenset(Target(name, True) for name in names)


def order(
    id: str = "a1", sequence: int = 1, names: Iterable[Target] = below("bad.example"), **changes: Any
) -> Order:
    plain = Order(
        id,
        sequence,
        "viettel",
        "Sở Thông tin và Truyền thông",
        "Nghị định 147/2024/NĐ-CP",
        frozenset(names),
        PROVINCE,
        NOW - DAY,
        NOW + DAY,
        "truc@viettel.example",
    )
    return replace(plain, **changes)


def lifting(id: str, sequence: int, *lifts: Lift, **changes: Any) -> Order:
    return order(id, sequence, (), lifts=lifts, **changes)


def arrived(*orders: Order) -> list[Arrived]:
    return [Arrived(each.document(), each.partner, each.path, 7) for each in orders]


def checks(*protected: str) -> Checks:
    net = ProtectedNames(protected or ("moet.gov.vn", "thpt-sin-ho.edu.vn"))
    suffixes = frozenset({"vn", "com.vn", "edu.vn", "gov.vn", "com", "blogspot.com"})
    return Checks(suffixes.__contains__, net.protected, net.below)


def book_at(folder: Path) -> OrderBook:
    return OrderBook(Journal(folder / "orders.journal"))


def accept(book: OrderBook, *orders: Order, clock: Clock = AT_NOW) -> list[Kept | Turned]:
    return book.accept(arrived(*orders), NOW, clock)
