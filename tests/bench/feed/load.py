"""Deliveries at the times at which schools send them, each over a connection of its own; latencies come out.

A time is from when the delivery was due, not from when it could be sent: a receiver that falls behind shows.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from random import Random

from schoolguard.feed.delivery import PACKED, SUMMARIES


async def offer(
    port: int, bodies: Sequence[bytes], rate: float, context: ssl.SSLContext | None
) -> list[float]:
    """Send at random times, ``rate`` a second on average; return the seconds each took."""
    loop, random = asyncio.get_running_loop(), Random(2)
    due, tasks = loop.time() + 0.5, []
    for body in bodies:
        due += random.expovariate(rate)
        tasks.append(asyncio.create_task(_one(port, body, due, context)))
    return list(await asyncio.gather(*tasks))


async def _one(port: int, body: bytes, due: float, context: ssl.SSLContext | None) -> float:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(due - loop.time())
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(request(body) + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    content = await reader.readexactly(length)
    took = loop.time() - due
    writer.close()
    if b'"accepted"' not in content:
        raise AssertionError((answer + content)[:500])
    return took


def request(body: bytes) -> bytes:
    """Return the head of a delivery as the sender's library writes it."""
    fields = {
        "Host": "feed.example.vn",
        "User-Agent": "schoolguard",
        "Accept-Encoding": "identity",
        "Accept": "*/*",
        "Content-Length": str(len(body)),
        "Content-Type": PACKED,
    }
    head = f"POST {SUMMARIES} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items()
    )
    return head.encode() + b"\r\n"
