"""The ways round the gateway that it notices, for counting by kind and group.

An attempt is counted, never who made it or which name was asked for. A new kind goes to the end: the numbers
are places in kept counts. It must not decide what is blocked.
"""

from __future__ import annotations

from enum import IntEnum


class Bypass(IntEnum):
    """One kind of attempt, with a Vietnamese and an English label."""

    label_vi: str
    label_en: str

    CANARY = 0, "Firefox hỏi có được dùng DNS riêng không", "Firefox asks whether it may use a DNS of its own"
    PRIVATE_RELAY = 1, "Chuyển tiếp riêng tư của iCloud", "iCloud Private Relay"
    DDR = 2, "Máy hỏi máy chủ DNS mã hóa của mạng", "Search for an encrypted resolver (DDR)"
    TUNNEL_CHECK = 3, "Tải trước trang qua proxy của Chrome", "Chrome's prefetch proxy"
    ESNI = 4, "Tên trang mã hóa kiểu cũ (ESNI)", "Encrypted SNI of the old kind (ESNI)"
    ONION = 5, "Mạng Tor (.onion)", "Tor (.onion)"
    ENCRYPTED_DNS = 6, "Tên của máy chủ DNS mã hóa", "Name of an encrypted-DNS server"
    ENCRYPTED_DNS_ADDRESS = 7, "Địa chỉ của máy chủ DNS mã hóa", "Address of an encrypted-DNS server"
    PROXY_VPN = 8, "Proxy, VPN", "Proxy or VPN"
    UNSAFE_SEARCH = 9, "Công cụ tìm kiếm không có chế độ an toàn", "Search engine that cannot be made safe"
    ALIAS = 10, "Tên khác dẫn tới trang bị chặn", "Alias of a blocked name"

    def __new__(cls, number: int, label_vi: str, label_en: str) -> Bypass:
        """Make one kind; ``number`` is its value."""
        kind = int.__new__(cls, number)
        kind._value_ = number
        kind.label_vi = label_vi
        kind.label_en = label_en
        return kind

    @property
    def word(self) -> str:
        """The kind as metrics and the log name it: ``private-relay``."""
        return self.name.lower().replace("_", "-")
