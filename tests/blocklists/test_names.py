"""Every name we ship: spelled right, once, in one category, and harmful to nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.dns.names import to_ascii

Lists = Mapping[str, list[str]]

TWICE: dict[str, str] = {}
"""Names that stand in two categories, each with the reason; a name in one category needs none."""

INSIDE = {
    "dns.mullvad.net": "the VPN's maker also runs encrypted-DNS servers, which staff must not use either",
    "doh.mullvad.net": "as dns.mullvad.net",
}
"""Names below a name of another category, each with the reason."""

_SHARED = """
akadns.net akamai.net akamaihd.net akamaized.net amazonaws.com appspot.com azureedge.net blogger.com
blogspot.com cloudflare.com cloudfront.net edgekey.net edgesuite.net facebook.net fastly.net
firebaseapp.com ggpht.com github.com github.io gitlab.io google.com google.com.vn googleapis.com
googleusercontent.com gstatic.com gvt1.com herokuapp.com jsdelivr.net live.com microsoft.com netlify.app
office.com pages.dev sharepoint.com trafficmanager.net unpkg.com vercel.app vnn.vn web.app weebly.com
windows.net wixsite.com wordpress.com workers.dev zing.vn
"""
SHARED = frozenset(_SHARED.split())
"""Names that unlike services live on: blocking one breaks what nobody meant."""

_LABELS = "ac ai biz co com edu go gov health id info int io me mil name ne net or org pro sch"
_COUNTRIES = "vn uk jp au cn br in kr tw th id my sg nz za"
_SOLD = "eu.com us.com uk.com vn.com cn.com ru.com de.com za.com jp.net"
SUFFIXES = frozenset(_SOLD.split()) | {
    f"{label}.{country}" for country in _COUNTRIES.split() for label in _LABELS.split()
}
"""Second levels that registries sell names under, of the countries that our lists touch."""

OPEN_SUBTREES = frozenset({"edu.vn", "gov.vn", "ac.vn"})
"""The suffixes that the safety net holds whole, because the registry keeps them for institutions."""


def parents(name: str) -> Iterator[str]:
    """Yield the names above ``name``, nearest first, without the top level."""
    while (name := name.partition(".")[2]).count("."):
        yield name
    if name:
        yield name


def categories(lists: Lists) -> dict[str, list[str]]:
    return {stem: names for stem, names in lists.items() if stem in BY_NAME}


def test_every_name_is_spelled_as_it_is_looked_up(plain_lists: Lists) -> None:
    for stem, names in plain_lists.items():
        assert [name for name in names if to_ascii(name) != name] == [], stem


def test_a_name_stands_once_in_a_list_and_not_below_another_of_it(plain_lists: Lists) -> None:
    for stem, names in plain_lists.items():
        held = set(names)
        assert len(held) == len(names), [n for n in names if names.count(n) > 1]
        assert [(stem, n) for n in names if not held.isdisjoint(parents(n))] == []


def test_a_name_stands_in_one_category(plain_lists: Lists) -> None:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for stem, names in categories(plain_lists).items():
        for name in names:
            found[name].append(stem)
    assert {name: stems for name, stems in found.items() if len(stems) > 1 and name not in TWICE} == {}
    below = {
        name for name in found for parent in parents(name) if found.get(parent, found[name]) != found[name]
    }
    assert below == set(INSIDE)


def test_no_block_touches_the_safety_net_or_is_made_void_by_an_allow(plain_lists: Lists) -> None:
    for kind in ("never-block", "allow"):
        spared = set(plain_lists[kind])
        above = {parent for name in spared for parent in parents(name)}
        for stem, names in categories(plain_lists).items():
            assert [(stem, n) for n in names if n in spared or not spared.isdisjoint(parents(n))] == []
            assert [(stem, n) for n in names if n in above] == []


def test_no_public_suffix_and_no_shared_host_is_listed(plain_lists: Lists) -> None:
    for stem, names in plain_lists.items():
        allowed = OPEN_SUBTREES if stem == "never-block" else frozenset()
        assert [(stem, n) for n in names if n.count(".") == 0 or n in SUFFIXES - allowed] == []
    for stem, names in categories(plain_lists).items():
        assert [(stem, n) for n in names if n in SHARED] == []


USED = {
    "games": "garena.vn roblox.com zingplay.com gamevui.vn minecraft.net steampowered.com hoyoverse.com",
    "gambling": "8xbet.com go88.com sunwin.pro w88.com fb88.com bk8.com hitclub.com iwin.club okvip.life",
    "piracy": "phimmoi.net nettruyen.com truyenqq.com xoilac.tv animevietsub.tv blogtruyen.vn mangadex.org",
    "short-video": "tiktok.com tiktokcdn.com musical.ly byteoversea.com ibyteimg.com kwai.com",
    "chat": "zalo.me telegram.org discord.com viber.com messenger.com",
    "ai-chat": "chatgpt.com gemini.google.com deepseek.com character.ai",
    "proxy-vpn": "cloudflareclient.com psiphon.ca croxyproxy.com nordvpn.com torproject.org hola.org",
    "encrypted-dns": "dns.google cloudflare-dns.com dns.quad9.net nextdns.io alidns.com doh.pub dns.sb",
    "ads": "eclick.vn admicro.vn doubleclick.net",
    "streaming": "youtube.com fptplay.vn vieon.vn netflix.com",
    "social": "facebook.com instagram.com x.com",
    "shortener": "bit.ly tinyurl.com",
    "crypto-mining": "coinhive.com",
}


@pytest.mark.parametrize(("stem", "names"), USED.items())
def test_what_pupils_use_is_listed(plain_lists: Lists, stem: str, names: str) -> None:
    assert [name for name in names.split() if name not in plain_lists[stem]] == []


@pytest.mark.parametrize(
    "name",
    [
        "tongdai111.vn",
        "vn-cop.vn",
        "vnedu.vn",
        "azota.vn",
        "k12online.vn",
        "vioedu.vn",
        "nxbgd.vn",
        "chinhphu.vn",
    ],
)
def test_the_safety_net_holds_what_must_open(plain_lists: Lists, name: str) -> None:
    assert name in plain_lists["never-block"]


@pytest.mark.parametrize("name", ["youtube.com", "zalo.me", "facebook.com", "google.com", "tiktok.com"])
def test_what_a_school_may_want_to_block_is_neither_net_nor_allow(plain_lists: Lists, name: str) -> None:
    for kind in ("never-block", "allow"):
        assert name not in plain_lists[kind]
