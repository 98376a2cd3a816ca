"""The members that a period's and a day's documents share, in English and Vietnamese.

It must not hold a member that only one of them has.
"""

from __future__ import annotations

from schoolguard.feed.kinds import Flag, Hexadecimal, Member, Members, Moment, Text, Whole

DEVICES = Whole(2)
SCHOOL = Member("school", Text(100), "The school's id.", "Mã của trường.")

_NOISE = Members(
    (
        Member(
            "epsilon-thousandths",
            Whole(1, 100_000),
            "Epsilon of this document, in thousandths: smaller hides more.",
            "Epsilon của tài liệu này, tính bằng phần nghìn: càng nhỏ thì che càng kỹ.",
        ),
        Member(
            "bound",
            Whole(1, 1_000),
            "How many queries the noise hides: whether they were asked or not.",
            "Nhiễu che được bao nhiêu lượt hỏi: có hay không có những lượt đó.",
        ),
    )
)

HEAD = (
    SCHOOL,
    Member(
        "sequence",
        Whole(1),
        "Number of the document in this school, one more each time: a gap shows, nothing counts twice.",
        "Số thứ tự của tài liệu trong trường, mỗi lần thêm một: thiếu là thấy, không tính hai lần.",
    ),
    Member("begin", Moment(), "When the counting began.", "Lúc bắt đầu đếm."),
    Member("end", Moment(), "When it ended.", "Lúc đếm xong."),
    Member(
        "seconds",
        Whole(),
        "How long it really was; right even when the clock was set meanwhile.",
        "Thời gian đếm thật, tính bằng giây; đúng cả khi đồng hồ bị chỉnh giữa chừng.",
    ),
    Member(
        "clock-believed",
        Flag(),
        "Whether the gateway believed its clock.",
        "Máy cổng có tin đồng hồ của mình hay không.",
    ),
    Member(
        "missing",
        Whole(),
        "At most so many queries were answered and not counted (1, 2, 5, 10, 20 ...).",
        "Nhiều nhất bấy nhiêu lượt hỏi đã trả lời mà không đếm được (1, 2, 5, 10, 20...).",
    ),
    Member(
        "standing",
        Hexadecimal(8, 8),
        "Which standing document holds for it: the first 8 digits of that document's SHA-256.",
        "Tài liệu hiện trạng nào đi kèm: 8 chữ số đầu của mã SHA-256 của tài liệu đó.",
    ),
    Member(
        "k",
        Whole(2, 100),
        "What fewer distinct devices asked for is not told apart.",
        "Điều gì có ít thiết bị khác nhau hỏi hơn số này thì không được nêu riêng.",
    ),
    Member(
        "noise",
        _NOISE,
        "The noise in the numbers; not there: there is none.",
        "Nhiễu trong các con số; không có mục này là không có nhiễu.",
        required=False,
    ),
    Member(
        "devices",
        DEVICES,
        "Devices that asked, of each tier rounded down to a multiple of k, so that a tier that is not told "
        "is no difference; not there: the school has fewer than k.",
        "Số thiết bị đã hỏi, từng cấp lọc làm tròn xuống bội số của k, để không lấy hiệu ra được cấp không "
        "nêu; không có mục này là cả trường có ít hơn k.",
        required=False,
    ),
)

COARSE = Members(
    (
        Member(
            "devices",
            DEVICES,
            "Devices, rounded down to a multiple of k.",
            "Số thiết bị, làm tròn xuống bội số của k.",
        ),
        Member(
            "queries",
            Whole(),
            "Queries, rounded down to 1, 2, 5, 10, 20, 50 ...",
            "Số lượt hỏi, làm tròn xuống 1, 2, 5, 10, 20, 50...",
        ),
    )
)
