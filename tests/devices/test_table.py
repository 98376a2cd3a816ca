"""What the table believes of whom, and that what it gives as changes comes to what it knows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.devices.lease import Lease
from schoolguard.devices.neighbour import Neighbour, Standing
from schoolguard.devices.table import HOLD, Changes, Devices

ONE, TWO, THREE = (bytes([0, 0x16, 0x3E, 0, 0, n]) for n in (1, 2, 3))
ADDRESS = bytes([10, 1, 0, 7])
LINK_LOCAL = bytes.fromhex("fe8000000000000002163efffe000001")


def known(mac: bytes, address: bytes = ADDRESS, link: int = 1) -> Neighbour:
    return Neighbour(link, address, mac, Standing.KNOWN)


def gone(standing: Standing, address: bytes = ADDRESS, link: int = 1) -> Neighbour:
    return Neighbour(link, address, None, standing)


def leased(mac: bytes, expires: float | None = 1000.0, address: bytes = ADDRESS) -> dict[bytes, Lease]:
    return {address: Lease(address, mac, expires)}


def test_the_neighbour_table_goes_before_a_lease() -> None:
    devices = Devices()
    devices.lease("a", leased(ONE), 0)
    assert devices.changes() == ({ADDRESS: ONE}, ())
    devices.tell(known(TWO), 1)
    assert devices.changes() == ({ADDRESS: TWO}, ())
    devices.lease("a", leased(THREE), 2)
    assert not devices.changes()
    assert devices.moved == 1


def test_the_newest_neighbour_wins_at_once_and_is_counted() -> None:
    devices = Devices()
    for mac in (ONE, TWO, TWO, ONE):
        devices.tell(known(mac), 0)
        assert devices.mac_of(ADDRESS) == mac
    assert devices.moved == 2


def test_a_neighbour_that_failed_is_forgotten_at_once() -> None:
    devices = Devices()
    devices.tell(known(ONE), 0)
    devices.changes()
    devices.tell(gone(Standing.FAILED), 1)
    assert devices.changes() == ({}, (ADDRESS,))


def test_a_neighbour_that_the_kernel_threw_away_is_held_for_a_while() -> None:
    devices = Devices()
    devices.tell(known(ONE), 0)
    devices.tell(gone(Standing.FORGOTTEN), 10)
    devices.expire(9 + HOLD)
    assert devices.mac_of(ADDRESS) == ONE
    devices.expire(10 + HOLD)
    assert devices.mac_of(ADDRESS) is None


def test_a_held_neighbour_gives_way_to_a_lease_and_to_a_failure() -> None:
    devices = Devices()
    devices.tell(known(ONE), 0)
    devices.tell(gone(Standing.FORGOTTEN), 1)
    devices.lease("a", leased(TWO), 2)
    assert devices.mac_of(ADDRESS) == TWO
    devices.lease("a", {}, 3)
    devices.tell(gone(Standing.FAILED), 4)
    assert devices.mac_of(ADDRESS) is None


def test_a_lease_ends_by_itself() -> None:
    devices = Devices()
    devices.lease("a", leased(ONE, 100), 0)
    devices.lease("b", leased(TWO, None, LINK_LOCAL), 0)
    devices.expire(100)
    assert devices.mac_of(ADDRESS) is None
    assert devices.mac_of(LINK_LOCAL) == TWO
    devices.lease("a", leased(ONE, 100), 101)
    assert devices.mac_of(ADDRESS) is None


def test_of_two_servers_leases_the_one_that_ends_later_holds() -> None:
    devices = Devices()
    devices.lease("a", leased(ONE, 100), 0)
    devices.lease("b", leased(TWO, 200), 0)
    assert devices.mac_of(ADDRESS) == TWO
    devices.lease("b", {}, 0)
    assert devices.mac_of(ADDRESS) == ONE


def test_a_clock_that_stands_in_1970_ends_nothing() -> None:
    devices = Devices()
    devices.lease("a", leased(ONE, 1_795_600_000), 12.0)
    devices.expire(13.0)
    assert devices.mac_of(ADDRESS) == ONE


def test_an_address_made_of_a_mac_tells_nothing_by_itself() -> None:
    devices = Devices()
    devices.tell(known(ONE), 0)
    assert devices.mac_of(LINK_LOCAL) is None
    devices.tell(known(TWO, LINK_LOCAL), 0)
    assert devices.mac_of(LINK_LOCAL) == TWO


def test_one_link_local_address_on_two_links() -> None:
    devices = Devices()
    devices.tell(known(ONE, LINK_LOCAL, 1), 0)
    devices.tell(known(TWO, LINK_LOCAL, 2), 1)
    assert devices.mac_of(LINK_LOCAL) == TWO
    devices.tell(gone(Standing.FAILED, LINK_LOCAL, 2), 2)
    assert devices.mac_of(LINK_LOCAL) == ONE


def test_what_a_whole_table_does_not_hold_is_forgotten() -> None:
    devices = Devices(hold=0)
    devices.tell(known(ONE), 0)
    devices.tell(known(TWO, LINK_LOCAL), 0)
    devices.only([(1, LINK_LOCAL)], 1)
    assert devices.mac_of(ADDRESS) is None
    assert devices.mac_of(LINK_LOCAL) == TWO


def test_what_comes_and_goes_between_two_questions_is_no_change() -> None:
    devices = Devices(hold=0)
    devices.tell(known(ONE), 0)
    devices.tell(gone(Standing.FORGOTTEN), 0)
    assert devices.changes() == Changes({}, ())
    devices.tell(known(ONE), 0)
    devices.changes()
    devices.tell(known(TWO), 0)
    devices.tell(known(ONE), 0)
    assert not devices.changes()


def numbered(count: int) -> list[bytes]:
    return [bytes([10, 1, n >> 8, n & 255]) for n in range(count)]


def test_the_table_is_bounded_and_held_entries_make_room() -> None:
    devices = Devices(most=10)
    for address in numbered(11):
        devices.tell(known(ONE, address), 0)
    assert (len(devices), devices.left_out) == (10, 1)
    devices.tell(gone(Standing.FORGOTTEN, numbered(1)[0]), 1)
    devices.tell(known(TWO, LINK_LOCAL), 2)
    assert (len(devices), devices.left_out) == (10, 1)
    assert devices.mac_of(LINK_LOCAL) == TWO
    assert devices.mac_of(numbered(1)[0]) is None
    devices.lease("a", {a: Lease(a, ONE, None) for a in numbered(300)[250:]}, 3)
    assert len(devices) == 10
    assert devices.left_out > 1


_EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("tell"),
            st.integers(1, 2),
            st.sampled_from(numbered(6)),
            st.sampled_from([ONE, TWO, Standing.FAILED, Standing.FORGOTTEN]),
        ),
        st.tuples(
            st.just("lease"),
            st.sampled_from(["a", "b"]),
            st.dictionaries(st.sampled_from(numbered(6)), st.sampled_from([ONE, TWO]), max_size=6),
            st.none() | st.integers(0, 900),
        ),
        st.tuples(st.just("only"), st.integers(1, 2), st.sampled_from(numbered(6)), st.none()),
        st.tuples(st.just("changes"), st.none(), st.none(), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(_EVENTS, st.integers(2, 8))
def test_changes_come_to_what_is_known(events: list[tuple[object, ...]], most: int) -> None:
    devices = Devices(most)
    worker: dict[bytes, bytes] = {}
    for now, event in enumerate([*events, ("changes",)]):
        at = float(now * 40)
        match event:
            case ("tell", int(link), bytes(address), bytes(mac)):
                devices.tell(known(mac, address, link), at)
            case ("tell", int(link), bytes(address), Standing() as standing):
                devices.tell(gone(standing, address, link), at)
            case ("lease", str(source), dict(macs), int() | None as end):
                devices.lease(source, {a: Lease(a, mac, end) for a, mac in macs.items()}, at)
            case ("only", int(link), bytes(address), None):
                devices.only([(link, address)], at)
            case _:
                given, removed = devices.changes()
                worker.update(given)
                for address in removed:
                    del worker[address]
                assert {a: devices.mac_of(a) for a in worker} == worker
                assert len(worker) == len(devices) <= most
        devices.expire(at)
        assert len(devices) <= most
