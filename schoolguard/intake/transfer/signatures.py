"""TSIG over the messages of one exchange (RFC 8945): a request signed, the replies checked in their order.

With a key, an unsigned message may only stand between two signed ones. It must not know what messages carry.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import cast

import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG

from schoolguard.dns.wire import Malformed, read_name
from schoolguard.intake.transfer.model import TransferKey, TransferRefused
from schoolguard.language import N_

MOST_UNSIGNED = 99
"""Messages between two signed ones (RFC 8945 5.3.1)."""

Clock = Callable[[], float]


def tsig_key(key: TransferKey) -> dns.tsig.Key:
    """Return the key as dnspython knows it."""
    return dns.tsig.Key(dns.name.from_text(key.name), key.secret, dns.name.from_text(key.algorithm.value))


class Signatures:
    """Checks the replies to one request; without a key it only lets no signed one pass for checked."""

    def __init__(self, key: TransferKey | None, request_mac: bytes, clock: Clock) -> None:
        self._key = None if key is None else tsig_key(key)
        self._mac = request_mac
        self._clock = clock
        self._context: dns.tsig.HMACTSig | None = None
        self._unsigned = 0

    def check(self, message: bytes, tsig_at: int) -> None:
        """Take the next message; ``tsig_at`` is where its TSIG begins, 0 for none.

        Raises ``TransferRefused``: ``unsigned`` or ``bad-signature``.
        """
        if self._key is None:
            return
        if tsig_at:
            self._unsigned = 0
            self._context = self._validate(message, tsig_at, self._key)
            return
        self._unsigned += 1
        if self._context is None or self._unsigned > MOST_UNSIGNED:
            raise _unsigned()
        self._context.update(message)  # type: ignore[no-untyped-call]

    def end(self) -> None:
        """Raise ``TransferRefused`` (``unsigned``) when the last message was not signed."""
        if self._key is not None and (self._context is None or self._unsigned):
            raise _unsigned()

    def _validate(self, message: bytes, at: int, key: dns.tsig.Key) -> dns.tsig.HMACTSig:
        try:
            owner, rdata = _tsig_of(message, at)
            context = dns.tsig.validate(  # type: ignore[no-untyped-call]
                message, key, owner, rdata, int(self._clock()), self._mac, at, self._context, multi=True
            )
        except (dns.exception.DNSException, Malformed, IndexError, struct.error, ValueError) as error:
            msgid = N_("the signature of a message is not right: {problem}")
            raise TransferRefused("bad-signature", msgid, problem=_words(error)) from error
        return cast("dns.tsig.HMACTSig", context)


def _tsig_of(message: bytes, at: int) -> tuple[dns.name.Name, TSIG]:
    wire, at = read_name(message, at, {})
    _, _, _, size = struct.unpack_from("!HHIH", message, at)
    rdata = dns.rdata.from_wire(dns.rdataclass.ANY, dns.rdatatype.TSIG, message, at + 10, size)
    return dns.name.from_wire(wire, 0)[0], cast("TSIG", rdata)


def _words(error: Exception) -> str:
    match error:
        case dns.tsig.BadTime() | dns.tsig.PeerBadTime():
            return "BADTIME (compare the clocks)"
        case dns.tsig.BadKey() | dns.tsig.PeerBadKey() | dns.tsig.BadAlgorithm():
            return "BADKEY"
        case dns.tsig.BadSignature() | dns.tsig.PeerBadSignature():
            return "BADSIG"
    return type(error).__name__


def _unsigned() -> TransferRefused:
    return TransferRefused("unsigned", N_("a message is not signed, though a key is configured"))
