"""Names: every spelling of a name has one text and one search key, and nothing else passes for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.names import (
    InvalidName,
    from_key,
    is_ipv4,
    key_of_wire,
    labels_of,
    search_key,
    text_of_wire,
    to_ascii,
    to_wire,
)

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=63)
PLAIN = (
    st.lists(LABEL, min_size=1, max_size=8)
    .map(".".join)
    .filter(lambda name: len(name) <= 253 and name[0] != "-" and not is_ipv4(name))
)
WIRE = (
    st.lists(st.binary(min_size=1, max_size=63), max_size=8)
    .filter(lambda labels: sum(map(len, labels)) + len(labels) < 255)
    .map(lambda labels: b"".join(bytes([len(label)]) + label for label in labels) + b"\0")
)


def wire(*labels: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example.VN", "example.vn"),
        ("example.vn.", "example.vn"),
        ("  example.vn\r\n", "example.vn"),
        ("ví-dụ.vn", "xn--v-d-rma6749a.vn"),
        ("VÍ-DỤ.VN", "xn--v-d-rma6749a.vn"),
        ("vi\u0301-du\u0323.vn", "xn--v-d-rma6749a.vn"),
        ("XN--V-D-RMA6749A.vn", "xn--v-d-rma6749a.vn"),
        ("example\u3002vn", "example.vn"),
        ("example\uff0evn", "example.vn"),
        ("ｅxample.vn", "example.vn"),
        ("faß.de", "xn--fa-hia.de"),
        ("_sip._tcp.ví-dụ.vn", "_sip._tcp.xn--v-d-rma6749a.vn"),
        ("1.2.3.4.5", "1.2.3.4.5"),
        ("1.2.3.256", "1.2.3.256"),
        ("vn", "vn"),
    ],
)
def test_spellings_of_a_name_have_one_text(text: str, expected: str) -> None:
    assert to_ascii(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (".", "empty"),
        ("  ", "empty"),
        ("a..vn", "bad-label"),
        (".vn", "bad-label"),
        ("-a.vn", "bad-label"),
        ("a b.vn", "bad-label"),
        ("a/b.vn", "bad-label"),
        ("*.a.vn", "bad-label"),
        ("a" * 64 + ".vn", "bad-label"),
        (".".join(["a" * 49] * 6), "too-long"),
        ("ví" * 40 + ".vn", "bad-idn"),
        ("\u2603.vn", "bad-idn"),
        ("\u200d.vn", "bad-idn"),
        ("1.2.3.4", "address"),
        ("１.2.3.4", "address"),
        ("2001:db8::1", "address"),
        ("[::1]", "address"),
    ],
)
def test_what_is_no_name_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidName) as caught:
        to_ascii(text)
    assert caught.value.reason == reason
    assert repr(text) in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = to_ascii(text)
    except InvalidName:
        return
    assert to_ascii(name) == name
    assert key_of_wire(to_wire(name)) == search_key(name)


@given(PLAIN)
def test_text_wire_and_key_lead_to_each_other(name: str) -> None:
    assert to_ascii(name.upper() + ".") == name
    assert text_of_wire(to_wire(name)) == name
    assert from_key(search_key(name)) == name
    assert key_of_wire(to_wire(name).upper()) == search_key(name)


@given(WIRE)
def test_any_wire_name_has_a_key_of_its_labels(packet: bytes) -> None:
    key = key_of_wire(packet)
    assert key.isascii()
    assert key == "" or key.endswith(".")
    unescaped = key.replace("\\\\", "").replace("\\.", "")
    assert unescaped.count(".") == len(labels_of(packet))
    assert key_of_wire(packet.lower()) == key


def test_a_dot_inside_a_label_does_not_move_the_name_to_another_parent() -> None:
    assert key_of_wire(wire(b"www.evil", b"com")) == "com.www\\.evil."
    assert key_of_wire(wire(b"www", b"evil.com")) == "evil\\.com.www."
    assert text_of_wire(wire(b"www.evil", b"com")) == "www\\.evil.com"
    assert from_key("com.www\\.evil.") == "www\\.evil.com"


def test_a_raw_utf8_label_has_its_a_labels_key() -> None:
    expected = search_key(to_ascii("ví-dụ.vn"))
    assert key_of_wire(wire("ví-dụ".encode(), b"vn")) == expected
    assert key_of_wire(wire("VÍ-DỤ".encode(), b"VN")) == expected
    assert key_of_wire(wire("ｅvil".encode(), b"vn")) == "vn.evil."


@pytest.mark.parametrize("dot", ["\u3002", "\uff0e", "\uff61", "\u2024"])
def test_a_dot_of_another_script_does_not_split_a_label(dot: str) -> None:
    key = key_of_wire(wire(f"evil{dot}com".encode(), b"vn"))
    assert key.startswith("vn.evil\\")
    assert key.replace("\\.", "").count(".") == 2


def test_bytes_outside_the_alphabet_are_escaped() -> None:
    assert key_of_wire(wire(b"\xff\x00 \\", b"vn")) == "vn.\\255\\000\\032\\\\."
    assert text_of_wire(wire(b"a b")) == "a\\032b"


def test_the_root() -> None:
    assert to_wire("") == b"\0"
    assert key_of_wire(b"\0") == ""
    assert text_of_wire(b"\0") == "."
    assert labels_of(b"\0") == []
