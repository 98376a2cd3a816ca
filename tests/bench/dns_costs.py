"""Prints what one call of the DNS path costs, in microseconds, beside dnslib doing the same in the same run.

python -m tests.bench.dns_costs
"""

from __future__ import annotations

from collections.abc import Callable
from timeit import repeat

from dnslib import EDNS0, RR, DNSHeader, DNSQuestion, DNSRecord

from schoolguard.dns.blocked import blocked_answer
from schoolguard.dns.query import parse_query
from schoolguard.dns.reply import render
from schoolguard.dns.upstream import build_query, mix_case, read_reply

NAME = "www.example.edu.vn"
CHAIN = """
www.example.edu.vn. 300 IN CNAME www.example.edu.vn.edgekey.net.
www.example.edu.vn.edgekey.net. 300 IN CNAME e1.a.akamaiedge.net.
e1.a.akamaiedge.net. 20 IN A 192.0.2.1
e1.a.akamaiedge.net. 20 IN A 192.0.2.2
"""
ROUNDS = 7


def reply_of(zone: str) -> bytes:
    """Return a resolver's reply with the records of ``zone`` and an OPT."""
    record = DNSRecord(DNSHeader(id=1, qr=1, ra=1, rd=1), q=DNSQuestion(NAME))
    record.add_answer(*RR.fromZone(zone))
    record.add_ar(EDNS0(udp_len=1232))
    return bytes(record.pack())


def cost(call: Callable[[], object], number: int) -> float:
    """Return the least microseconds per call of ``ROUNDS`` rounds."""
    return min(repeat(call, number=number, repeat=ROUNDS)) / number * 1e6


def main() -> None:
    """Measure and print."""
    asked = DNSRecord(DNSHeader(id=1, rd=1), q=DNSQuestion(NAME))
    asked.add_ar(EDNS0(udp_len=1232))
    packet = bytes(asked.pack())
    query = parse_query(packet)
    one, chain = reply_of(f"{NAME}. 300 IN A 192.0.2.1"), reply_of(CHAIN)
    answer = read_reply(one, 1, query.question)
    followed = read_reply(chain, 1, query.question)
    blocked = blocked_answer(query.question, "null-address", (), 60, (15, "x"))
    name, entropy = query.question[:-4], bytes(range(len(query.question) - 4))
    rows: list[tuple[str, Callable[[], object], int]] = [
        ("parse_query, A with OPT", lambda: parse_query(packet), 50_000),
        ("  dnslib parse of the same", lambda: DNSRecord.parse(packet), 5_000),
        ("render, one A", lambda: render(query, answer), 50_000),
        ("render, one A, aged", lambda: render(query, answer, 7, 1232), 50_000),
        ("render, 2 CNAME + 2 A, aged", lambda: render(query, followed, 7, 1232), 50_000),
        ("render, blocked with EDE", lambda: render(query, blocked), 50_000),
        ("  dnslib pack of 2 CNAME + 2 A", DNSRecord.parse(chain).pack, 5_000),
        (
            "blocked_answer, null address",
            lambda: blocked_answer(query.question, "null-address", (), 60, (15, "x")),
            20_000,
        ),
        (
            "build_query with mixed case",
            lambda: build_query(query.question, 1, False, False, mix_case(name, entropy)),
            50_000,
        ),
        ("read_reply, one A", lambda: read_reply(one, 1, query.question), 20_000),
        ("read_reply, 2 CNAME + 2 A", lambda: read_reply(chain, 1, query.question), 20_000),
        ("  dnslib parse of the same", lambda: DNSRecord.parse(chain), 5_000),
    ]
    for title, call, number in rows:
        print(f"{title:<34}{cost(call, number):8.2f} us")


if __name__ == "__main__":
    main()
