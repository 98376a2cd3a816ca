"""The book: what came is on the disk before it counts, comes back after a start, and is taken once."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.intake.orders import book as book_module
from schoolguard.intake.orders import shelf
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.fate import Arrived, Kept, Turned
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import CannotKeep, Journal
from schoolguard.intake.orders.order import Lift
from tests.intake.orders.samples import AT_NOW, DAY, NOW, accept, below, lifting, order


def reopened(journal: Journal) -> OrderBook:
    journal.close()
    return OrderBook(Journal(journal.path))


def test_it_comes_back_after_a_start(journal: Journal) -> None:
    book = OrderBook(journal)
    first = accept(book, order(), lifting("l", 2, Lift("a1")))
    turned = book.accept([Arrived(b"<html>", "viettel", "orders/viettel/x.json", 3)], NOW, AT_NOW)
    again = reopened(journal)
    assert again.versions() == first
    assert again.turned() == turned
    assert again.broken is None
    assert again.holding(AT_NOW) == book.holding(AT_NOW) == []


def test_the_same_document_is_taken_once(journal: Journal) -> None:
    book = OrderBook(journal)
    first = accept(book, order(), order())
    size = journal.path.stat().st_size
    assert accept(book, order()) == first[:1] == first[1:]
    assert journal.path.stat().st_size == size


def test_known_is_what_needs_no_fetching(book: OrderBook) -> None:
    (kept,) = accept(book, order())
    (turned,) = book.accept([Arrived(b"x", "viettel", "orders/viettel/x.json", 3)], NOW, AT_NOW)
    assert isinstance(turned, Turned)
    assert book.knows(order().path, kept.digest)
    assert book.knows("orders/viettel/x.json", turned.digest)
    assert not book.knows("orders/viettel/y.json", kept.digest)
    assert not book.knows(order().path, turned.digest)


def test_an_older_sequence_is_history(book: OrderBook) -> None:
    accept(book, order(sequence=5, names=below("new.example")))
    accept(book, order(sequence=4, names=below("old.example")))
    assert [each.order.sequence for each in book.latest()] == [5]
    assert [each.order.sequence for each in book.versions()] == [5, 4]
    assert [set(each.targets) for each in book.holding(AT_NOW)] == [set(below("new.example"))]


def test_two_documents_with_one_sequence(book: OrderBook) -> None:
    accept(book, order())
    (second,) = accept(book, order(names=below("other.example")))
    assert isinstance(second, Turned)
    assert second.code == "sequence"
    assert [set(each.targets) for each in book.holding(AT_NOW)] == [set(below("bad.example"))]


def test_the_signer_is_the_partner(book: OrderBook) -> None:
    one = order()
    (fate,) = book.accept([Arrived(one.document(), "vnpt", one.path, 1)], NOW, AT_NOW)
    assert isinstance(fate, Turned)
    assert fate.code == "partner"
    assert book.latest() == []


def test_there_is_room_for_so_many_names(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    book = OrderBook(journal)
    monkeypatch.setattr(book_module, "MOST_TARGETS", 3)
    two = below("a.example", "b.example")
    first, full, replaced = accept(book, order(names=two), order("b", 1, two), order(names=two, sequence=2))
    assert isinstance(first, Kept)
    assert isinstance(replaced, Kept)
    assert isinstance(full, Turned)
    assert full.code == "full"
    assert not book.knows(full.path, full.digest)
    size = journal.path.stat().st_size
    assert [each.code for each in accept(book, order("b", 1, two)) if isinstance(each, Turned)] == ["full"]
    assert journal.path.stat().st_size == size
    (later,) = accept(book, order("b", 1, two), clock=Clock(NOW + 400.0 * DAY))
    assert isinstance(later, Kept)
    assert book.turned() == []


def test_there_is_room_for_so_many_orders(book: OrderBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST_ORDERS", 1)
    assert [type(each) for each in accept(book, order(), order("b"))] == [Kept, Turned]


def test_one_process_has_it(journal: Journal) -> None:
    with pytest.raises(CannotKeep, match="another process"):
        Journal(journal.path)


def test_only_its_user_may_read_it(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotKeep, match="No such file"):
        Journal(tmp_path / "none" / "orders.journal")


def test_an_entry_of_another_version_stops_nothing(journal: Journal) -> None:
    book = OrderBook(journal)
    (kept,) = accept(book, order())
    journal.append(
        NOW, "order", {"order": {"format": "schoolguard-order/9", "partner": "p", "id": "i"}, "version": 1}
    )
    journal.append(NOW, "order", {"order": [], "version": 1})
    journal.append(NOW, "order-refused", {})
    journal.append(NOW, "receipt", {"document": {}})
    journal.append(NOW, "of tomorrow", {})
    again = reopened(journal)
    assert again.versions() == [kept]
    assert again.broken is None
