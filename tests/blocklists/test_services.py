"""The services we ship: enough of them, spelled right, harmful to nothing else, at one with the lists."""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from schoolguard.categories import BY_NAME
from schoolguard.config.finding import Collector
from schoolguard.config.own_categories import Table
from schoolguard.config.services import services_of
from schoolguard.policy.services import Service, broken_by, services_in_category

BLOCKLISTS = Path(__file__).resolve().parents[2] / "blocklists"
Catalogue = Mapping[str, Service]
Lists = Mapping[str, list[str]]

WITHOUT_CATEGORY = {"learning", "office", "payment", "reading", "search", "shopping"}
"""Files whose services have no category, but for a few that a starter list holds."""

_SHARED = """
akadns.net akamai.net akamaihd.net akamaized.net amazonaws.com azureedge.net cloudflare.com cloudfront.net
edgekey.net edgesuite.net facebook.net fastly.net fbcdn.net ggpht.com github.io githubusercontent.com
google.com google.com.vn googleapis.com googleusercontent.com gstatic.com gvt1.com jsdelivr.net live.com
microsoft.com office.net qq.com sharepoint.com skype.com trafficmanager.net vercel.app vnn.vn windows.net
workers.dev yahoo.com zadn.vn zdn.vn zing.vn ibyteimg.com ibytedtos.com byteoversea.com
"""
SHARED = frozenset(_SHARED.split())
"""Names that unlike services live on: no service may take one of them, or a name above it."""

KIDS = ("games", "social", "short-video", "streaming", "chat", "ai-chat")

ELSEWHERE = {
    "ttdns2.com": "ByteDance's names behind names",
    "byteglb.com": "ByteDance's for all its apps",
    "byteoversea.net": "ByteDance's for all its apps",
    "isnssdk.com": "ByteDance's for all its apps",
    "bip.com": "a messenger that is used in Turkey",
    "roku.com": "televisions that are not sold in Viet Nam",
    "hulu.com": "offered in the United States only",
    "pluto.tv": "not offered in Viet Nam",
}
"""Names among the most popular of the world that no service has, each with the reason."""

NAMED = """
zalo zalo-web zalopay facebook messenger whatsapp tiktok douyin youtube youtube-kids instagram threads x
telegram viber discord snapchat pinterest reddit garena free-fire lien-quan-mobile roblox minecraft
pubg-mobile mobile-legends hoyoverse play-together brawl-stars clash-of-clans valorant lien-minh-huyen-thoai
fc-online dot-kich audition zing-news zing-mp3 zing-id zingplay vtc-game gamevui game24h y8 poki crazygames
steam epic-games twitch nimo-tv booyah fpt-play vieon vtv-go kplus netflix iqiyi wetv bilibili disney-plus
spotify nhaccuatui chatgpt gemini copilot claude character-ai poe deepseek perplexity grok meta-ai coc-coc
shopee lazada tiki tiktok-shop momo vnpay google-meet zoom microsoft-teams google-classroom google-docs
azota olm vioedu shub k12online vnedu smas quizizz kahoot duolingo canva scratch github wattpad webtoon
wikipedia khan-academy google-account
"""


def with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.partition(".")[2]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The whole catalogue, in which nothing may be wrong or superfluous."""
    out = Collector()
    found = services_of(BLOCKLISTS, Table(dict(BY_NAME), complete=True), out)
    assert [str(finding) for finding in out.all()] == []
    return found


@pytest.fixture(scope="module")
def files() -> Mapping[str, str]:
    """Each service's file by id."""
    return {
        entry["id"]: path.stem
        for path in (BLOCKLISTS / "services").glob("*.yaml")
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    }


def places(catalogue: Catalogue) -> Iterator[tuple[Service, str]]:
    return ((service, name) for service in catalogue.values() for name in sorted(service.names))


def test_it_holds_what_pupils_use(catalogue: Catalogue) -> None:
    assert len(catalogue) >= 300
    assert [each for each in NAMED.split() if each not in catalogue] == []
    for category, least in {"games": 80, "streaming": 40, "chat": 15, "social": 15, "ai-chat": 30}.items():
        assert len(services_in_category(category, catalogue)) >= least, category


def test_what_pupils_call_a_service_is_not_another_too(catalogue: Catalogue) -> None:
    called = [service.name.casefold() for service in catalogue.values()]
    assert len(set(called)) == len(called)


def test_no_service_takes_what_others_live_on(catalogue: Catalogue) -> None:
    above = {higher for name in SHARED for higher in with_parents(name)}
    assert [(service.id, name) for service, name in places(catalogue) if name in above] == []


def test_what_a_service_needs_is_not_its_own(catalogue: Catalogue) -> None:
    for service in catalogue.values():
        for need in service.needs:
            assert service.names.isdisjoint(with_parents(need)), (service.id, need)
            assert service.needs.isdisjoint(with_parents(need.partition(".")[2])), (service.id, need)


def test_only_learning_stands_in_the_safety_net(
    catalogue: Catalogue, files: Mapping[str, str], plain_lists: Lists
) -> None:
    net = set(plain_lists["never-block"])
    above = {higher for name in net for higher in with_parents(name)}
    for service, name in places(catalogue):
        if files[service.id] != "learning":
            assert net.isdisjoint(with_parents(name)), (service.id, name)
            assert name not in above, (service.id, name)


def test_what_has_a_category_is_not_allowed_by_a_list(catalogue: Catalogue, plain_lists: Lists) -> None:
    allowed = set(plain_lists["allow"])
    above = {higher for name in allowed for higher in with_parents(name)}
    for service, name in places(catalogue):
        if service.category:
            assert allowed.isdisjoint(with_parents(name)), (service.id, name)
            assert name not in above, (service.id, name)


def test_a_service_has_the_category_of_the_list_that_holds_its_names(
    catalogue: Catalogue, plain_lists: Lists
) -> None:
    listed = {name: stem for stem in plain_lists.keys() & BY_NAME.keys() for name in plain_lists[stem]}
    for service, name in places(catalogue):
        if name in listed:
            assert listed[name] == service.category, (service.id, name)
        for higher in with_parents(name):
            # Minecraft Education lies below minecraft.net and is no game.
            assert listed.get(higher, "") in ("", service.category) or not service.category, (
                service.id,
                name,
            )


def test_each_kind_has_its_file(catalogue: Catalogue, files: Mapping[str, str]) -> None:
    kinds = {"chat": "chat", "social": "social", "ai-chat": "ai"}
    for service in catalogue.values():
        if files[service.id] in WITHOUT_CATEGORY:
            assert service.category == "" or service.id in ("tiktok-shop", "codashop"), service.id
        elif service.id != "youtube-education":
            assert service.category, service.id
            assert kinds.get(service.category, files[service.id]) == files[service.id], service.id


def test_a_need_that_another_service_holds_is_told_there(catalogue: Catalogue) -> None:
    for service in catalogue.values():
        for need in service.needs:
            holders = [each for each in catalogue.values() if not each.names.isdisjoint(with_parents(need))]
            told = [each for each in holders if broken_by([each.id], [service.id], catalogue)]
            assert told or not holders, (service.id, need, [each.id for each in holders])


def test_of_two_services_that_share_a_name_one_is_told_to_break_the_other(catalogue: Catalogue) -> None:
    for service, name in places(catalogue):
        for other in catalogue.values():
            if other is not service and name in other.names:
                told = [(service, other), (other, service)]
                assert any(broken_by([one.id], [two.id], catalogue) for one, two in told), (service.id, name)


def test_sentences_are_whole_and_in_both_languages(catalogue: Catalogue) -> None:
    vietnamese = set("ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")
    for service in catalogue.values():
        for breaks in service.breaks:
            assert breaks.vi.endswith("."), (service.id, breaks.vi)
            assert breaks.en.endswith("."), (service.id, breaks.en)
            assert vietnamese & set(breaks.vi.lower()), (service.id, breaks.vi)


@pytest.mark.parametrize(
    ("blocked", "opened"),
    [
        ("zalo", "zalopay"),
        ("facebook", "messenger"),
        ("facebook", "free-fire"),
        ("youtube", "khan-academy"),
        ("garena", "lien-quan-mobile"),
        ("zing-id", "zingplay"),
        ("google-account", "google-classroom"),
        ("minecraft", "minecraft-education"),
        ("riot-games", "valorant"),
    ],
)
def test_well_known_dependencies_are_told(catalogue: Catalogue, blocked: str, opened: str) -> None:
    (broken,) = broken_by([blocked], [opened], catalogue)
    assert broken.opened.id == opened


@pytest.mark.parametrize(
    ("blocked", "name"),
    [
        ("facebook", "scontent.fbcdn.net"),
        ("facebook", "www.instagram.com"),
        ("zalo", "photo.zadn.vn"),
        ("lien-quan-mobile", "sso.garena.com"),
        ("gemini", "docs.google.com"),
        ("copilot", "teams.microsoft.com"),
        ("zing-mp3", "news.zing.vn"),
        ("youtube", "www.googleapis.com"),
        ("minecraft-education", "www.minecraft.net"),
    ],
)
def test_a_block_leaves_the_neighbours(catalogue: Catalogue, blocked: str, name: str) -> None:
    assert catalogue[blocked].names.isdisjoint(with_parents(name))


def test_every_popular_name_of_a_starter_list_belongs_to_a_service(
    catalogue: Catalogue, plain_lists: Lists, shared_data: Path
) -> None:
    listed = {name for stem in KIDS for name in plain_lists[stem]}
    known = {name for service in catalogue.values() for name in service.names | service.needs}
    with lzma.open(shared_data / "popular/umbrella-top-100k.txt.xz", "rt", encoding="utf-8") as lines:
        top = [next(lines).strip() for _ in range(10_000)]
    missing = {
        higher
        for name in top
        if known.isdisjoint(with_parents(name))
        for higher in with_parents(name)
        if higher in listed
    }
    assert missing == set(ELSEWHERE)


def test_most_services_are_asked_for_in_the_real_world(catalogue: Catalogue, shared_data: Path) -> None:
    with lzma.open(shared_data / "popular/umbrella-top-100k.txt.xz", "rt", encoding="utf-8") as lines:
        popular = {higher for line in lines for higher in with_parents(line.strip())}
    world = [s for s in catalogue.values() if not any(name.endswith(".vn") for name in s.names)]
    seen = [service for service in world if not service.names.isdisjoint(popular)]
    assert len(seen) > 0.6 * len(world), (len(seen), len(world))
