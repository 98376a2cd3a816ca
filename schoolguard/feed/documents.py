"""The feed's documents, member by member, in English and Vietnamese: reader, JSON Schema and FEED.md are
made of it.

A member that is added, or whose meaning changes, is a new version of its document: readers are strict. It
must not hold a member that could tell of one child.
"""

from __future__ import annotations

from collections.abc import Mapping

from schoolguard.feed.head_members import COARSE, DEVICES, HEAD, SCHOOL
from schoolguard.feed.kinds import (
    LARGEST,
    Exactly,
    Hexadecimal,
    ListOf,
    MapOf,
    Member,
    Members,
    Moment,
    Text,
    Whole,
)

LATENCY_MILLISECONDS = (0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
"""Bounds of the shares in ``latency``; the gateway's own histogram has the same."""

_COUNT = Whole(-LARGEST)
_OF_TIER = Members(
    (
        Member(
            "blocked",
            MapOf(_COUNT, 200),
            "Queries blocked, by category or cause; `ads+other` are those of `ads` and some of all that "
            "fewer than k devices asked for.",
            "Số lượt bị chặn theo loại nội dung hoặc nguyên nhân; `ads+other` gồm `ads` và một phần của mọi "
            "loại mà ít hơn k thiết bị hỏi.",
            required=False,
        ),
        Member(
            "outcomes",
            MapOf(_COUNT, 50),
            "All others by outcome: `allowed`, `safe-search` (rewritten), `failed` ...; `all`: whatever "
            "became of them.",
            "Các lượt còn lại theo kết quả: `allowed` (cho qua), `safe-search` (đổi sang tìm kiếm an "
            "toàn), `failed` (lỗi)...; `all`: mọi kết quả gộp lại.",
            required=False,
        ),
    )
)

SUMMARY = Members(
    (
        Member(
            "format",
            Exactly("schoolguard-summary/1"),
            "What this is, and its version.",
            "Loại tài liệu và phiên bản.",
        ),
        *HEAD,
        Member(
            "queries",
            MapOf(_OF_TIER, 50),
            "Queries answered, by tier. The parts do not overlap. What at least k devices asked for is "
            "exact; the rest is in the part called `+other`, of each kind at most as many as one device of "
            "this part asked on average (with noise: at most `bound`). Not there: the school has fewer than "
            "k devices. With noise a number may be below 0.",
            "Số lượt hỏi đã trả lời theo cấp lọc. Các phần không chồng nhau. Loại nào có ít nhất k thiết bị "
            "hỏi thì con số là chính xác; phần còn lại nằm trong mục có đuôi `+other`, mỗi loại nhiều nhất "
            "bằng số lượt trung bình của một thiết bị trong mục đó (khi có nhiễu: nhiều nhất `bound`). "
            "Không có mục này là cả trường có ít hơn k thiết bị. Khi có nhiễu, một số có thể nhỏ hơn 0.",
            required=False,
        ),
        Member(
            "bypass",
            MapOf(Whole(), 50),
            "Attempts to get round the gateway by kind, of at least k devices, rounded down to 1, 2, 5, "
            "10 ...; only `alias` (a name that leads to a blocked one): the other kinds are causes and "
            "stand under `blocked`.",
            "Số lần tìm cách vượt lọc theo từng cách, ít nhất k thiết bị, làm tròn xuống 1, 2, 5, 10...; "
            "chỉ có `alias` (tên khác dẫn tới tên bị chặn): các cách khác là nguyên nhân chặn, ghi ở "
            "`blocked`.",
            required=False,
        ),
        Member(
            "shadow",
            MapOf(Whole(), 200),
            "Queries that would be blocked if what is on trial were in force, by cause; at least k "
            "devices, rounded like bypass.",
            "Số lượt sẽ bị chặn nếu phần đang chạy thử có hiệu lực, theo nguyên nhân; ít nhất k thiết bị, "
            "làm tròn như trên.",
            required=False,
        ),
        Member(
            "latency",
            ListOf(Whole(0, 100), len(LATENCY_MILLISECONDS), len(LATENCY_MILLISECONDS)),
            "How many percent of the replies took at most 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, "
            "1000, 2500, 5000 milliseconds, rounded down.",
            "Bao nhiêu phần trăm câu trả lời mất nhiều nhất 0,5; 1; 2,5; 5; 10; 25; 50; 100; 250; 500; "
            "1000; 2500; 5000 mili giây, làm tròn xuống.",
            required=False,
        ),
    ),
    "SchoolGuard: counts of one school in one period",
)

WHAT = Text(255)
"""A name as it is written: 253 characters at most; one of odd bytes, each written as ``\\255``, has more."""

MOST_LISTS = 250
_ASKED = Members(
    (
        Member("what", WHAT, "The service's id, or the name.", "Mã dịch vụ, hoặc tên miền."),
        Member("cause", Text(70), "Why it was blocked.", "Vì sao bị chặn."),
        *COARSE.members,
    )
)

DAY = Members(
    (
        Member(
            "format",
            Exactly("schoolguard-day/1"),
            "What this is, and its version.",
            "Loại tài liệu và phiên bản.",
        ),
        *HEAD,
        Member(
            "tiers",
            MapOf(DEVICES, 50),
            "Devices of each tier, rounded down to a multiple of k; not there: fewer than k.",
            "Số thiết bị của từng cấp lọc, làm tròn xuống bội số của k; không có là ít hơn k.",
            required=False,
        ),
        Member(
            "services",
            ListOf(_ASKED, 20),
            "Services blocked that the most devices asked for, at least k each; at most 20.",
            "Các dịch vụ bị chặn mà nhiều thiết bị hỏi nhất, mỗi dịch vụ ít nhất k thiết bị; nhiều nhất 20.",
            required=False,
        ),
        Member(
            "names",
            ListOf(_ASKED, 50),
            "Names blocked that the most devices asked for, at least k each; at most 50.",
            "Các tên miền bị chặn mà nhiều thiết bị hỏi nhất, mỗi tên ít nhất k thiết bị; nhiều nhất 50.",
            required=False,
        ),
        Member(
            "budgets-used-up",
            DEVICES,
            "Devices that used up a time budget, rounded down to a multiple of k; not there: fewer than k.",
            "Số thiết bị đã dùng hết hạn mức thời gian, làm tròn xuống bội số của k; không có là ít hơn k.",
            required=False,
        ),
        Member(
            "passes",
            DEVICES,
            "Passes granted (acts of staff, not devices), rounded down to a multiple of k; not there: fewer "
            "than k.",
            "Số lượt mở tạm đã cấp (việc làm của giáo viên, không phải số thiết bị), làm tròn xuống bội số "
            "của k; không có là ít hơn k.",
            required=False,
        ),
        Member(
            "unblock-requests",
            DEVICES,
            "Requests to open something (requests, not devices), rounded down to a multiple of k; not "
            "there: fewer than k, or not counted.",
            "Số yêu cầu xin mở (số yêu cầu, không phải số thiết bị), làm tròn xuống bội số của k; không có "
            "là ít hơn k, hoặc không đếm.",
            required=False,
        ),
    ),
    "SchoolGuard: what one school blocked most in one day",
)

_LIST = Members(
    (
        Member("id", Text(100), "The list's id.", "Mã danh sách."),
        Member("version", Text(200), "Digest or serial of its content.", "Mã băm hoặc số hiệu của nội dung."),
        Member("entries", Whole(), "Entries taken from it.", "Số mục lấy từ danh sách."),
        Member(
            "changed",
            Moment(),
            "When it changed; its age is counted from here.",
            "Lúc danh sách thay đổi; tuổi của nó tính từ đây.",
        ),
    )
)

STANDING = Members(
    (
        Member(
            "format",
            Exactly("schoolguard-standing/1"),
            "What this is, and its version.",
            "Loại tài liệu và phiên bản.",
        ),
        SCHOOL,
        Member("software", Text(100), "Version of SchoolGuard.", "Phiên bản SchoolGuard."),
        Member(
            "policy",
            Hexadecimal(8, 128),
            "Digest of the settings in force: the same settings, the same digest.",
            "Mã băm của các cài đặt đang có hiệu lực: cài đặt giống nhau thì mã giống nhau.",
        ),
        Member(
            "started",
            Moment(),
            "When the gateway was started; its uptime is counted from here.",
            "Lúc máy cổng khởi động; thời gian chạy liên tục tính từ đây.",
        ),
        Member("groups", Whole(), "Groups that are configured.", "Số nhóm được cấu hình."),
        Member("listeners", Whole(), "Addresses it answers on.", "Số địa chỉ mà máy cổng trả lời."),
        Member(
            "lists",
            ListOf(_LIST, MOST_LISTS, 0),
            f"The lists in force; at most {MOST_LISTS}, those of the most entries.",
            f"Các danh sách đang có hiệu lực; nhiều nhất {MOST_LISTS}, ưu tiên danh sách nhiều mục nhất.",
        ),
    ),
    "SchoolGuard: software, policy and lists in force",
)

ENVELOPE = (
    Member("document", Members(()), "One of the documents below.", "Một trong các tài liệu dưới đây."),
    Member(
        "key",
        Hexadecimal(64, 64),
        "The gateway's public key (Ed25519).",
        "Khóa công khai của máy cổng (Ed25519).",
    ),
    Member(
        "signature",
        Hexadecimal(128, 128),
        "Its signature over the canonical form of `document`.",
        "Chữ ký của khóa đó trên dạng chuẩn của `document`.",
    ),
)

DOCUMENTS: Mapping[str, Members] = {
    "schoolguard-summary/1": SUMMARY,
    "schoolguard-day/1": DAY,
    "schoolguard-standing/1": STANDING,
}
