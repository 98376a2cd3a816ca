"""The fixed table of categories: a bit, a Vietnamese and an English label each.

It must not say which tier blocks what (``config/tiers.yaml`` does) and must never renumber a bit:
compiled snapshots carry the bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

SHADOW_FIRST, SHADOW_LAST = 25, 39
"""Bits left for lists in shadow, one a list: no plan blocks them, names with them are counted."""

OWN_FIRST, OWN_LAST = 40, 61
"""Bits left for the categories that a province or school names itself (``categories:`` in YAML)."""

ALLOWED = 1 << 62
"""Bit of names on a list of kind ``allow``: lifts every category that is not sealed."""

NEVER_BLOCK = 1 << 63
"""Bit of names in the safety net: nothing below the sealed categories may block them."""

LISTED = (1 << 64) - 1
"""Bits that a list can give a name. Those above tell, in memory only, which schools an order is for."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category of names; ``bit`` is its place in every mask."""

    name: str
    bit: int
    label_vi: str
    label_en: str
    sealed: bool = False

    @property
    def mask(self) -> int:
        """The mask with only this category's bit set."""
        return 1 << self.bit


CATEGORIES: tuple[Category, ...] = (
    Category("illegal", 0, "Nội dung vi phạm pháp luật", "Illegal material", sealed=True),
    Category("takedown", 1, "Yêu cầu gỡ bỏ của cơ quan chức năng", "Takedown order", sealed=True),
    Category("adult", 2, "Nội dung người lớn", "Adult"),
    Category("gambling", 3, "Cờ bạc, cá độ", "Gambling"),
    Category("drugs", 4, "Ma túy, chất gây nghiện", "Drugs"),
    Category("violence", 5, "Bạo lực", "Violence"),
    Category("self-harm", 6, "Tự hại, tự tử", "Self-harm"),
    Category("hate", 7, "Thù ghét, cực đoan", "Hate and extremism"),
    Category("weapons", 8, "Vũ khí", "Weapons"),
    Category("dating", 9, "Hẹn hò", "Dating"),
    Category("games", 10, "Trò chơi", "Games"),
    Category("social", 11, "Mạng xã hội", "Social networks"),
    Category("short-video", 12, "Video ngắn", "Short video"),
    Category("streaming", 13, "Xem phim, video trực tuyến", "Video streaming"),
    Category("chat", 14, "Nhắn tin, trò chuyện", "Chat"),
    Category("ai-chat", 15, "Trò chuyện với AI", "AI chat"),
    Category("piracy", 16, "Phim, truyện tranh vi phạm bản quyền", "Manga and film piracy"),
    Category("malware", 17, "Mã độc", "Malware"),
    Category("phishing", 18, "Lừa đảo", "Phishing and scam"),
    Category("crypto-mining", 19, "Đào tiền mã hóa", "Crypto-mining"),
    Category("ads", 20, "Quảng cáo, theo dõi", "Ads and tracking"),
    Category("proxy-vpn", 21, "Proxy, VPN", "Proxies and VPN"),
    Category("encrypted-dns", 22, "Máy chủ DNS mã hóa", "Encrypted-DNS servers"),
    Category("shortener", 23, "Rút gọn liên kết", "URL shorteners"),
    Category("new-domain", 24, "Tên miền mới đăng ký", "Newly registered"),
)

BY_NAME: Mapping[str, Category] = MappingProxyType({c.name: c for c in CATEGORIES})

SEALED: int = sum(c.mask for c in CATEGORIES if c.sealed)
"""Mask of the categories that no tier, school, group or switch can turn off."""


def mask_of(names: Iterable[str], table: Mapping[str, Category] = BY_NAME) -> int:
    """Return the mask of the named categories; raises ``KeyError`` for a name not in ``table``."""
    mask = 0
    for name in names:
        mask |= table[name].mask
    return mask


def lowest(mask: int) -> int:
    """Return the number of the lowest bit set in ``mask``, which must not be 0.

    The table is ordered by gravity, so that the lowest bit is the category to name to a pupil.
    """
    return (mask & -mask).bit_length() - 1
