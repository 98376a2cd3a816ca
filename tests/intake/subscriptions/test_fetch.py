"""A list that comes from a real web server, comes again, and stays when something is wrong."""

from __future__ import annotations

import asyncio
import gzip
import io
import lzma
import os
import ssl
import tarfile
from dataclasses import replace

import pytest
import zstandard

from schoolguard.intake.subscriptions.fetch import fetch, note_failure
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import FetchRefused, Subscription, SubscriptionState
from tests.intake.subscriptions.https import Authority, Web, accepted, line, wanted

LIST = b"# two houses\nbet.example\ncasino.example\n"


def get(
    subscription: Subscription, kept: KeptLists, trusted: Authority, now: float = 1.0
) -> SubscriptionState:
    return asyncio.run(fetch(subscription, kept, line(trusted), accepted, now))


def refusal(subscription: Subscription, kept: KeptLists, trusted: Authority) -> FetchRefused:
    with pytest.raises(FetchRefused) as caught:
        get(subscription, kept, trusted)
    return caught.value


def tar_of(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as tape:
        for name, content in files.items():
            member = tarfile.TarInfo(f"gambling/{name}")
            member.size = len(content)
            member.pax_headers = {"comment": "x" * 2_000}
            tape.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_a_list_comes_and_is_not_sent_again_while_it_is_the_same(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    (web.root / "list.txt").write_bytes(LIST)
    subscription = wanted(f"{web.base}/list.txt")
    first = get(subscription, kept, trusted, now=10.0)
    assert kept.path("gambling").read_bytes() == LIST
    assert first.etag or first.modified
    (web.root / "list.txt").touch()
    os.utime(web.root / "list.txt", (1, 1))
    again = get(subscription, kept, trusted, now=20.0)
    assert (again.changed, again.checked) == (10.0, 20.0)
    inode = kept.path("gambling").stat().st_ino
    third = get(subscription, kept, trusted, now=30.0)
    assert third.checked == 30.0
    assert kept.path("gambling").stat().st_ino == inode, "304: nothing was written"


def test_new_content_takes_the_place_of_the_old(web: Web, kept: KeptLists, trusted: Authority) -> None:
    (web.root / "list.txt").write_bytes(LIST)
    subscription = wanted(f"{web.base}/list.txt")
    get(subscription, kept, trusted)
    (web.root / "list.txt").write_bytes(LIST + b"new.example\n")
    state = get(subscription, kept, trusted, now=2.0)
    assert state.changed == 2.0
    assert kept.path("gambling").read_bytes() == LIST + b"new.example\n"
    assert sorted(path.name for path in kept.folder.iterdir() if path.name[0] != ".") == [
        "gambling.json",
        "gambling.list",
    ]


def test_a_damaged_copy_is_fetched_whole_whatever_the_server_remembers(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    (web.root / "list.txt").write_bytes(LIST)
    subscription = wanted(f"{web.base}/list.txt")
    get(subscription, kept, trusted)
    kept.path("gambling").write_bytes(b"half of\n")
    get(subscription, kept, trusted)
    assert kept.path("gambling").read_bytes() == LIST


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.gz", gzip.compress(LIST)),
        ("members.gz", gzip.compress(LIST[:20]) + gzip.compress(LIST[20:]) + bytes(64)),
        ("list.xz", lzma.compress(LIST)),
        ("list.zst", zstandard.compress(LIST)),
        ("list.tar.gz", tar_of(urls=b"http://a.example/x\n", domains=LIST)),
        ("twice.txt", gzip.compress(lzma.compress(LIST))),
    ],
)
def test_packed_lists_are_kept_unpacked(
    web: Web, kept: KeptLists, trusted: Authority, name: str, content: bytes
) -> None:
    (web.root / name).write_bytes(content)
    get(wanted(f"{web.base}/{name}"), kept, trusted)
    assert kept.path("gambling").read_bytes() == LIST


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("page.html", b"<html><body>Log in</body></html>", "type"),
        ("page.txt", b"<!DOCTYPE html><title>Wi-Fi</title>", "html"),
        ("list.json", b'{"error": "rate limit"}', "json"),
        ("empty.txt", b"", "empty"),
        ("spaces.txt", b" \n\n", "empty"),
        ("comments.txt", b"# nothing\n! yet\n", "empty"),
        ("zero.txt", LIST * 4_000 + b"\0", "not-text"),
        ("prose.txt", b"This list has moved to another place, sorry.\n", "unknown-format"),
        ("cut.gz", gzip.compress(LIST)[:-9], "damaged"),
        ("cut.xz", lzma.compress(LIST)[:-9], "damaged"),
        ("cut.zst", zstandard.compress(LIST)[:-2], "damaged"),
        ("flipped.gz", gzip.compress(LIST)[:-5] + b"?????", "damaged"),
        ("other.tar.gz", tar_of(urls=LIST), "no-member"),
        ("large.txt", LIST * 2_000, "too-large"),
        ("bomb.gz", gzip.compress(bytes(50_000)), "too-large"),
        ("none.txt", None, "status"),
    ],
)
def test_what_is_no_list_is_refused_and_the_last_good_copy_stays(
    web: Web, kept: KeptLists, trusted: Authority, name: str, content: bytes | None, reason: str
) -> None:
    (web.root / "list.txt").write_bytes(LIST)
    get(wanted(f"{web.base}/list.txt"), kept, trusted)
    if content is not None:
        (web.root / name).write_bytes(content)
    most = 40_000 if reason == "too-large" else 1 << 20
    subscription = wanted(f"{web.base}/{name}", max_size=most)
    error = refusal(subscription, kept, trusted)
    assert error.reason == reason
    state = note_failure(subscription, kept, error, 5.0)
    assert kept.path("gambling").read_bytes() == LIST
    assert (state.failures, state.reason, state.age(9.0)) == (1, reason, 8.0)
    assert kept.state("gambling") == state
    assert not list(kept.folder.glob("partial-*"))


def test_a_bomb_is_refused_by_its_ratio(web: Web, kept: KeptLists, trusted: Authority) -> None:
    (web.root / "bomb.xz").write_bytes(lzma.compress(LIST * 500_000))
    assert refusal(wanted(f"{web.base}/bomb.xz"), kept, trusted).reason == "ratio"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/inside", "address"),
        ("/metadata", "address"),
        ("/plain", "not-https"),
        ("/file", "not-https"),
        ("/user", "not-https"),
        ("/round", "redirects"),
        ("/later", "status"),
    ],
)
def test_threat_43_redirects_are_judged_one_by_one(
    web: Web, kept: KeptLists, trusted: Authority, path: str, reason: str
) -> None:
    error = refusal(wanted(web.base + path), kept, trusted)
    assert error.reason == reason
    assert error.wait == (7_200 if path == "/later" else 0)


def test_a_redirect_to_a_public_address_is_followed(web: Web, kept: KeptLists, trusted: Authority) -> None:
    (web.root / "list.txt").write_bytes(LIST)
    get(wanted(f"{web.base}/moved"), kept, trusted)
    assert kept.path("gambling").read_bytes() == LIST


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
def test_threat_43_no_name_leads_inside(web: Web, kept: KeptLists, trusted: Authority, host: str) -> None:
    url = web.base.replace("127.0.0.1", host) + "/list.txt"
    assert refusal(wanted(url, permitted=()), kept, trusted).reason == "address"


def test_a_certificate_of_strangers_is_refused(web: Web, kept: KeptLists, trusted: Authority) -> None:
    subscription = wanted(f"{web.base}/list.txt")
    strange = replace(line(trusted), tls=ssl.create_default_context)
    with pytest.raises(FetchRefused) as caught:
        asyncio.run(fetch(subscription, kept, strange, accepted, 1.0))
    assert caught.value.reason == "tls"


def test_a_disk_that_is_full_keeps_the_old_list(web: Web, kept: KeptLists, trusted: Authority) -> None:
    (web.root / "list.txt").write_bytes(LIST)
    subscription = wanted(f"{web.base}/list.txt")
    get(subscription, kept, trusted)
    (web.root / "list.txt").write_bytes(LIST * 2)
    full = kept.folder / "partial-gambling.packed"
    full.symlink_to("/dev/full")
    assert refusal(subscription, kept, trusted).reason == "disk"
    assert kept.path("gambling").read_bytes() == LIST


def test_two_fetches_of_one_list_do_not_meet(web: Web, kept: KeptLists, trusted: Authority) -> None:
    with kept.writing("gambling"):
        assert refusal(wanted(f"{web.base}/list.txt"), kept, trusted).reason == "busy"
