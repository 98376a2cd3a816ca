"""Lease files as text: whole ones, ones in mid-write, rubbish. What is whole is taken, nothing raises."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schoolguard.devices.lease import Lease, mac_of, mac_of_duid
from schoolguard.devices.leases import companions, detect, read_leases
from schoolguard.devices.model import LeaseFile, LeaseFormat

A = bytes.fromhex("00163e000001")
B = bytes.fromhex("00163e000002")
END = 1_795_600_000

DNSMASQ = f"""\
{END} 00:16:3e:00:00:01 10.1.0.7 may-01 01:00:16:3e:00:00:01
0 00:16:3e:00:00:02 10.1.0.8 * *
{END} 06-00:16:3e:00:00:03:00:00 10.1.0.9 * *
duid 00:01:00:01:32:98:30:86:00:16:3e:00:00:fe
{END} 7 2001:db8::7 * 00:01:00:01:22:5c:20:7b:00:16:3e:00:00:01
{END} T8 2001:db8::8 * 00:03:00:01:00:16:3e:00:00:02
{END} 9 2001:db8::9 * 00:04:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f
"""
KEA4 = f"""\
address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
10.1.0.7,00:16:3e:00:00:02,,3600,{END - 99},1,0,0,may,0,
10.1.0.7,00:16:3e:00:00:01,01:00,3600,{END},1,0,0,a&#x2cb,0,{{ "x": 1 }}
10.1.0.8,00:16:3e:00:00:02,,4294967295,6090567295,1,0,0,,0,
10.1.0.9,00:16:3e:00:00:02,,3600,{END},1,0,0,,0,
10.1.0.9,00:16:3e:00:00:02,,0,{END},1,0,0,,0,
10.1.0.10,00:16:3e:00:00:02,,3600,{END},1,0,0,,1,
10.1.0.11,00:16:3e:00:00:02,,3600,{END},1,0,0,,2,
10.1.0.12,,ff:00,3600,{END},1,0,0,,0,
"""
KEA6 = f"""\
address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,\
hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id
2001:db8::7,00:01:00:01:22:5c:20:7b:00:16:3e:00:00:01,3600,{END},1,3600,0,7,128,0,0,,,0,,,,0
2001:db8::8,00:04:00:01:02,3600,{END},1,3600,1,7,128,0,0,,00:16:3e:00:00:02,0,,1,2,0
2001:db8::9,00:04:00:01:02,3600,{END},1,3600,0,7,128,0,0,,00:16:3e:00:00:02,0,,32,2,0
2001:db8::a,00:04:00:01:02,3600,{END},1,3600,0,7,128,0,0,,00:16:3e:00:00:02,0,,1,4,0
2001:db8::b,00:03:00:01:00:16:3e:00:00:01,3600,{END},1,3600,0,7,128,0,0,,00:16:3e:00:00:02,0,,1,4,0
2001:db8:1::,00:03:00:01:00:16:3e:00:00:01,3600,{END},1,3600,2,7,56,0,0,,,0,,,,0
"""
ISC = r"""# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
server-duid "\000\001\000\0012\2300\221\000\026>\000\000\376";
failover peer "x" state { my state normal at 2 2026/11/24 12:00:00; }
lease 10.1.0.7 {
  starts 2 2026/11/24 11:00:00;
  ends 2 2026/11/24 12:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 00:16:3e:00:00:02;
  uid "\001\000\026>\"};\000";
  client-hostname "m}ay";
  on expiry { set x = "};"; log ("lease 1.2.3.4 {"); }
}
lease 10.1.0.7 {
  ends 3 2026/11/25 09:46:40;
  binding state active;
  hardware ethernet 00:16:3e:00:00:01;
}
lease 10.1.0.8 { ends never; binding state active; hardware ethernet 00:16:3e:00:00:02; }
lease 10.1.0.9 { ends never; binding state active; hardware ethernet 00:16:3e:00:00:02; }
lease 10.1.0.9 { ends epoch 1795600000; # Thu
  binding state free; hardware ethernet 00:16:3e:00:00:02; }
lease 10.1.0.10 { ends never; binding state active; hardware token-ring 00:16:3e:00:00:02; }
ia-na "\007\000\000\000\000\001\000\001\"\\ {\000\026>\000\000\001" {
  cltt 2 2026/11/24 11:25:05;
  iaaddr 2001:db8::7 { binding state active; max-life 3600; ends epoch 1795600000; }
  iaaddr 2001:db8::6 { binding state expired; ends epoch 1795600000; }
}
ia-ta 08:00:00:00:00:03:00:01:00:16:3e:00:00:02 {
  iaaddr 2001:db8::8 { binding state active; ends epoch 1795600000; }
}
ia-pd "\007\000\000\000\000\003\000\001\000\026>\000\000\001" {
  iaprefix 2001:db8:1::/56 { binding state active; ends never; }
}
"""
SAMPLES = [
    pytest.param(LeaseFormat.DNSMASQ, DNSMASQ, id="dnsmasq"),
    pytest.param(LeaseFormat.KEA, KEA4, id="kea4"),
    pytest.param(LeaseFormat.KEA, KEA6, id="kea6"),
    pytest.param(LeaseFormat.ISC, ISC, id="isc"),
]


def leases(text: str, expected: LeaseFormat = LeaseFormat.AUTO) -> dict[str, tuple[bytes, float | None]]:
    found = read_leases(text.encode(), expected)
    assert all(address == lease.address for address, lease in found.by_address.items())
    return {str(ip_address(a)): (lease.mac, lease.expires) for a, lease in found.by_address.items()}


def test_dnsmasq() -> None:
    assert leases(DNSMASQ) == {
        "10.1.0.7": (A, END),
        "10.1.0.8": (B, None),
        "2001:db8::7": (A, END),
        "2001:db8::8": (B, END),
    }
    assert read_leases(DNSMASQ.encode()).skipped == 0


def test_dnsmasq_without_a_clock_writes_lengths() -> None:
    assert leases("43200 00:16:3e:00:00:01 10.1.0.7 * *\n") == {"10.1.0.7": (A, None)}


def test_a_host_name_may_have_any_bytes() -> None:
    line = b"0 00:16:3e:00:00:01 10.1.0.7 l\xe1\xbb\x9bp\xa0\x85 *\n"
    assert read_leases(line).by_address == {bytes([10, 1, 0, 7]): Lease(bytes([10, 1, 0, 7]), A, None)}


def test_kea_of_ipv4() -> None:
    assert leases(KEA4) == {"10.1.0.7": (A, END), "10.1.0.8": (B, None)}
    assert read_leases(KEA4.encode()).skipped == 0


def test_kea_of_ipv6() -> None:
    assert leases(KEA6) == {"2001:db8::7": (A, END), "2001:db8::8": (B, END), "2001:db8::b": (A, END)}
    assert read_leases(KEA6.encode()).skipped == 0


def test_kea_columns_are_found_by_their_names() -> None:
    text = f"address,state,expire,new,hwaddr,valid_lifetime\n10.1.0.7,0,{END},x,00:16:3e:00:00:01,3600\n"
    assert leases(text) == {"10.1.0.7": (A, END)}


def test_kea_rows_before_any_header_are_skipped() -> None:
    found = read_leases(KEA4.partition("\n")[2].encode(), LeaseFormat.KEA)
    assert found == ({}, 8)


def test_kea_files_of_a_clean_up_are_read_one_after_another() -> None:
    later = KEA4.partition("\n")[0] + f"\n10.1.0.8,00:16:3e:00:00:02,,0,{END},1,0,0,,0,\n"
    assert leases(KEA4 + "\n" + later) == {"10.1.0.7": (A, END)}
    beside = companions(LeaseFile(Path("/x/kea-leases4.csv")))
    assert [path.name for path in beside] == [f"kea-leases4.csv.{end}" for end in ("2", "1", "completed")]
    assert companions(LeaseFile(Path("/x/dnsmasq.leases"))) == ()


def test_isc() -> None:
    assert leases(ISC) == {
        "10.1.0.7": (A, END),
        "10.1.0.8": (B, None),
        "2001:db8::7": (A, END),
        "2001:db8::8": (B, END),
    }
    assert read_leases(ISC.encode()).skipped == 0


@pytest.mark.parametrize(
    "broken",
    [
        'lease 10.1.0.5 {\n  uid "\\001;\n  binding state active;\n}\n',
        "lease 10.1.0.5 {\n  binding state active;\n",
        "lease 10.1.0.5 { binding state active; ends 2 tomorrow; hardware ethernet 00:16:3e:00:00:02; }\n",
        "lease lease { binding state active; ends never; hardware ethernet 00:16:3e:00:00:02; }\n",
        "lease 10.1.0.5 { ends never; hardware ethernet 00:16:3e:00:00:02; }\n",
        "}\n",
    ],
)
def test_a_broken_block_of_isc_costs_itself_alone(broken: str) -> None:
    found = read_leases((broken + ISC).encode(), LeaseFormat.ISC)
    assert len(found.by_address) == 4
    assert found.skipped == 1


@pytest.mark.parametrize(("expected", "text"), SAMPLES)
def test_the_format_is_found(expected: LeaseFormat, text: str) -> None:
    assert detect(text) is expected
    assert leases(text) == leases(text, expected)


@pytest.mark.parametrize("text", ["", "\n\n", "hello\nworld\n", "{}", "\0\0\0"])
def test_rubbish_has_no_format(text: str) -> None:
    assert detect(text) is None
    assert read_leases(text.encode()).by_address == {}


@pytest.mark.parametrize(("expected", "text"), SAMPLES)
def test_a_file_cut_anywhere_gives_what_is_whole(expected: LeaseFormat, text: str) -> None:
    whole = text.encode()
    counts = []
    for end in range(len(whole)):
        found = read_leases(whole[:end], expected)
        assert {lease.mac for lease in found.by_address.values()} <= {A, B}
        assert found.skipped <= 1
        counts.append(len(found.by_address))
    assert counts[0] == 0
    assert max(counts) >= 2


@pytest.mark.parametrize(("expected", "text"), SAMPLES)
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=8), st.integers(0, 20))
def test_bytes_written_over_never_raise(
    expected: LeaseFormat, text: str, at: int, noise: bytes, gone: int
) -> None:
    whole = text.encode()
    at %= len(whole)
    found = read_leases(whole[:at] + noise + whole[at + gone :], expected)
    assert all(len(lease.mac) == 6 and len(a) in (4, 16) for a, lease in found.by_address.items())


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(LeaseFormat), st.text(st.sampled_from('0:.,ade#"\\{}; \nT-lx'), max_size=200))
@example(LeaseFormat.ISC, 'lease 1 { uid "')
@example(LeaseFormat.KEA, "address,\n,\n")
@example(LeaseFormat.DNSMASQ, "9999999999999999 a b c d\n")
def test_rubbish_never_raises(expected: LeaseFormat, text: str) -> None:
    read_leases(text.encode(), expected)


@pytest.mark.parametrize("line", ["lease 10.1.0.5\n", 'lease 10.1.0.5 { uid "\n', '"', "{", "}", '"\\'])
def test_rubbish_is_read_in_one_pass(line: str) -> None:
    # Reading each rest anew would take many minutes.
    found = read_leases((line * ((1 << 18) // len(line))).encode(), LeaseFormat.ISC)
    assert not found.by_address
    assert found.skipped > 0


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("00:16:3e:00:00:01", A),
        ("0:16:3e:0:0:1", A),
        ("00-16-3E-00-00-01", A),
        ("00:16:3e:00:00", None),
        ("00:00:00:00:00:00", None),
        ("01:00:5e:00:00:01", None),
        ("ff:ff:ff:ff:ff:ff", None),
        ("00:16:3e:00:00:0g", None),
        ("", None),
        ("0:" * 10_000, None),
    ],
)
def test_macs(text: str, mac: bytes | None) -> None:
    assert mac_of(text) == mac


@pytest.mark.parametrize(
    ("duid", "mac"),
    [
        (b"\0\1\0\1tick" + A, A),
        (b"\0\3\0\1" + A, A),
        (b"\0\3\0\x06" + A, None),
        (b"\0\2\0\0\0\x09abcdefg", None),
        (b"\0\4" + bytes(16), None),
        (b"\0\3\0\1" + A + b"\0", None),
        (b"\0\3\0\1" + bytes(6), None),
        (b"", None),
    ],
)
def test_only_duids_made_of_ethernet_addresses_have_one(duid: bytes, mac: bytes | None) -> None:
    assert mac_of_duid(duid) == mac
