"""What the block of one service breaks of another."""

from __future__ import annotations

from schoolguard.policy.services import Breaks, Broken, Service, broken_by, services_in_category

ZALOPAY = Service("zalopay", "ZaloPay", "", frozenset({"zalopay.vn"}))
LOGIN = Breaks("Không đăng nhập được.", "Log-in stops.", "zalopay")
NOTICES = Breaks("Không nhận được thông báo.", "Notices do not arrive.")
ZALO = Service("zalo", "Zalo", "chat", frozenset({"zalo.me"}), (NOTICES, LOGIN))
VIBER = Service("viber", "Viber", "chat", frozenset({"viber.com"}), (Breaks("a", "b", "unknown"),))
CATALOGUE = {service.id: service for service in (ZALO, VIBER, ZALOPAY)}


def test_a_block_breaks_what_stays_open() -> None:
    assert broken_by(["zalo"], ["zalopay"], CATALOGUE) == (Broken(ZALO, ZALOPAY, LOGIN),)


def test_what_is_blocked_too_is_not_open() -> None:
    assert broken_by(["zalo", "zalopay"], ["zalopay"], CATALOGUE) == ()


def test_what_nobody_opens_is_not_named() -> None:
    assert broken_by(["zalo"], ["viber"], CATALOGUE) == ()
    assert broken_by([], ["zalopay"], CATALOGUE) == ()


def test_ids_without_a_service_are_passed_over() -> None:
    assert broken_by(["viber", "gone"], ["unknown", "zalopay"], CATALOGUE) == ()


def test_repeated_ids_count_once_and_the_order_is_by_id() -> None:
    momo = Service("momo", "MoMo", "", frozenset({"momo.vn"}), (LOGIN,))
    found = broken_by(["zalo", "momo", "zalo"], ["zalopay"], CATALOGUE | {"momo": momo})
    assert [broken.blocked.id for broken in found] == ["momo", "zalo"]


def test_the_services_of_a_category() -> None:
    assert services_in_category("chat", CATALOGUE) == (VIBER, ZALO)
    assert services_in_category("games", CATALOGUE) == ()
