"""Body: what is written reads back, with pointers that hold in every reply to the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schoolguard.dns.encode import Body
from schoolguard.dns.records import Record, read_sections
from schoolguard.dns.rr import RRType

if TYPE_CHECKING:
    from tests.dns.conftest import Craft


def read_back(craft: Craft, body: Body, name: str, count: int) -> list[Record]:
    head = bytes(12) + craft.question(name)
    return read_sections(head + bytes(body.content), len(head), (count, 0, 0), 0).answers


def test_records_read_back_and_names_are_shared(craft: Craft) -> None:
    names = [craft.name(text) for text in ("example.vn", "mail.example.vn", "ns.other.example")]
    records = [
        Record(names[0], RRType.MX, 5, b"\0\x0a" + names[1]),
        Record(names[1], RRType.A, 6, b"\1\2\3\4"),
        Record(names[0], RRType.NS, 7, names[2]),
        Record(names[2], RRType.A, 8, b"\1\2\3\5"),
        Record(names[0], RRType.SRV, 9, bytes(6) + names[2]),
        Record(b"\0", RRType.TXT, 9, b"\1x"),
    ]
    body = Body(names[0])
    for record in records:
        body.add(record, record.ttl)
    assert read_back(craft, body, "example.vn", len(records)) == records
    assert [ttl for _, ttl in body.ttls] == [5, 6, 7, 8, 9, 9]
    assert all(int.from_bytes(body.content[at : at + 4]) == ttl for at, ttl in body.ttls)
    assert bytes(body.content).startswith(b"\xc0\x0c\0\x0f\0\1\0\0\0\5\0\x09\0\x0a\4mail\xc0\x0c")
    assert bytes(body.content).count(b"other") == 2  # once for NS, once for SRV, which may not point


def test_case_is_kept_and_not_needed_to_share(craft: Craft) -> None:
    body = Body(craft.name("a.vn"))
    body.add(Record(craft.name("a.vn"), RRType.PTR, 1, craft.name("My Printer.A.VN")), 1)
    body.add(Record(craft.name("a.vn"), RRType.PTR, 1, craft.name("my printer.a.vn")), 1)
    assert bytes(body.content).endswith(b"\x0aMy Printer\xc0\x0c" + b"\xc0\x0c\0\x0c\0\1\0\0\0\1\0\2\xc0\x22")


def test_effort_is_bounded_and_the_result_still_right(craft: Craft) -> None:
    owner = craft.name("vn")
    targets = [craft.name(".".join(f"{n}x{label}" for label in range(40))) for n in range(15)]
    records = [Record(owner, RRType.NS, 1, target) for target in (*targets, *targets)]
    body = Body(owner)
    for record in records:
        body.add(record, 1)
    assert read_back(craft, body, "vn", len(records)) == records


def test_no_pointer_leads_beyond_what_a_pointer_can_say(craft: Craft) -> None:
    owner = craft.name("vn")
    records = [Record(owner, RRType.TXT, 1, (b"\xff" + b"x" * 255) * 64)]
    records += [Record(owner, RRType.NS, 1, craft.name("late.example"))] * 2
    body = Body(owner)
    for record in records:
        body.add(record, 1)
    assert read_back(craft, body, "vn", len(records)) == records
