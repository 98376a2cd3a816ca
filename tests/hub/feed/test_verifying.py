"""What a delivery may cost before anybody knows who sent it."""

from __future__ import annotations

import asyncio

import pytest
import zstandard

from schoolguard.feed.compact import key_id
from schoolguard.feed.refused import FeedRefused
from schoolguard.hub.feed.verifying import Verifying
from tests.hub.feed.school import PACKING

KEY = bytes(range(32))


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("size", [100 << 10, 2 << 20])
def test_a_delivery_is_small_when_it_is_unpacked(size: int, told: bool) -> None:
    """Whether the frame says its size or not: 2 MiB are refused before they are read."""
    content = b'{"a":"' + b"x" * size + b'"}\x00'
    frame = zstandard.ZstdCompressor(write_content_size=told).compress(content)
    body = b"SGP\x01\x00\x01\x00" + b"SG\x01\x01" + key_id(KEY) + bytes(64) + frame

    async def refresh() -> None:
        raise AssertionError("the sender is known")

    async def verify() -> list[bool]:
        found = await Verifying(PACKING, lambda _: KEY, refresh).verify(body, 0.0)
        return [each is None for each in found.judged]

    if size < 1 << 20:
        assert asyncio.run(verify()) == [False], "read, and refused for its signature"
        return
    with pytest.raises(FeedRefused) as caught:
        asyncio.run(verify())
    assert caught.value.code == "size"
