"""NOTIFY to secondaries when a zone has a new serial (RFC 1996): sent again until answered, then given up.

It must not wait for one secondary before it tells the next.
"""

from __future__ import annotations

import asyncio

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rdataclass
import dns.rdatatype

from schoolguard.hub.export.model import Consumer, ExportZone
from schoolguard.intake.transfer.model import Address
from schoolguard.intake.transfer.signatures import tsig_key

TIMES = 5
FIRST_WAIT = 2.0
"""Seconds, doubled each time: a secondary is told for a minute, and finds out by itself after ``refresh``."""


async def tell(export: ExportZone, serial: int, first_wait: float = FIRST_WAIT) -> dict[Address, bool]:
    """Tell all secondaries of a zone that there is ``serial``; return which answered."""
    wanted = [(each, address) for each in export.consumers for address in each.notify]
    answered = await asyncio.gather(*(_tell(export, serial, *each, first_wait) for each in wanted))
    return {address: heard for (_, address), heard in zip(wanted, answered, strict=True)}


async def _tell(export: ExportZone, serial: int, consumer: Consumer, at: Address, wait: float) -> bool:
    for attempt in range(TIMES):
        seconds = wait * (1 << attempt)
        try:
            async with asyncio.timeout(seconds + 1):
                reply = await dns.asyncquery.udp(
                    _message(export, serial, consumer), at[0], seconds, at[1], ignore_unexpected=True
                )
        except (dns.exception.Timeout, TimeoutError):
            continue
        except (dns.exception.DNSException, ValueError, OSError):
            await asyncio.sleep(seconds)
            continue
        # Whatever it says, it was heard: a secondary that refuses will not do otherwise in a second.
        return reply.opcode() == dns.opcode.NOTIFY and not reply.rcode()
    return False


def _message(export: ExportZone, serial: int, consumer: Consumer) -> dns.message.Message:
    message = dns.message.make_query(export.zone + ".", dns.rdatatype.SOA)
    message.set_opcode(dns.opcode.NOTIFY)
    message.flags = (message.flags & ~dns.flags.RD) | dns.flags.AA
    times = f"{serial} {export.refresh} {export.retry} {export.expire} {export.ttl}"
    text = f"{export.primary}. {export.mail}. {times}"
    soa = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.SOA, text)
    name = message.question[0].name
    message.find_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.SOA, create=True).add(soa, 0)
    if consumer.key is not None:
        message.use_tsig(tsig_key(consumer.key))
    return message
