"""Type names: what people write and what they are shown."""

from __future__ import annotations

import pytest

from schoolguard.dns.rr import EDE, RRType, type_name, type_number


@pytest.mark.parametrize(
    ("text", "number"), [("A", 1), ("aaaa", 28), (" https ", 65), ("TYPE65", 65), ("type0", 0)]
)
def test_a_type_is_written_as_name_or_number(text: str, number: int) -> None:
    assert type_number(text) == number


@pytest.mark.parametrize("text", ["", "AAAAA", "TYPE", "TYPE65536", "TYPE-1", "65", "TYPE１"])
def test_another_text_is_no_type(text: str) -> None:
    with pytest.raises(ValueError, match="not a record type"):
        type_number(text)


def test_every_type_has_a_name_that_reads_back() -> None:
    assert type_name(65) == "HTTPS"
    assert type_name(65280) == "TYPE65280"
    assert all(type_number(type_name(number)) == number for number in range(0, 65536, 7))
    assert all(type_number(type_name(rrtype)) == rrtype for rrtype in RRType)


def test_the_errors_that_clients_are_shown_have_their_registered_codes() -> None:
    codes = [EDE.STALE_ANSWER, EDE.DNSSEC_BOGUS, EDE.NOT_READY, EDE.BLOCKED, EDE.CENSORED, EDE.FILTERED]
    assert codes == [3, 6, 14, 15, 16, 17]
    assert [EDE.PROHIBITED, EDE.NO_REACHABLE_AUTHORITY, EDE.NETWORK_ERROR] == [18, 22, 23]
