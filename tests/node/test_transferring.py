"""A gateway between real servers: zones from Knot change what it blocks, and BIND blocks what it does."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from schoolguard import cli
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import Journal
from tests.ask import Asker
from tests.hub.export import consumers
from tests.intake.orders.samples import arrived
from tests.intake.transfer import primaries
from tests.intake.transfer.primaries import KEY, ZONE, RealPrimary, secret, zone_text
from tests.node.following.scene import fresh
from tests.servers import Gateway, free_port, knot, serving, wait_until
from tests.site import PRIMARY, Site

NewSite = Callable[..., Site]
Runs = Callable[..., AbstractContextManager[int]]

BLOCKED = ["0.0.0.0"]
"""The answer to a primary pupil."""

TIER = "thcs.rpz.example"


def configure(site: Site, **sections: Any) -> None:
    """Write ``lists.yaml`` with the lists of the site, one from Knot, and sections of zone transfer."""
    site.write()
    path = site.config / "lists.yaml"
    content = yaml.safe_load(path.read_text()) | sections
    if "transfers" in sections:
        content["lists"].append({"id": "partner", "transfer": "viettel", "category": "gambling"})
    content["tsig-keys"] = [{"name": KEY.name, "secret-file": "transfer.secret"}]
    path.write_text(yaml.safe_dump(content))
    key = site.config / "transfer.secret"
    key.write_text(secret(KEY))
    key.chmod(0o600)


def taken(primary: int, ear: int) -> dict[str, Any]:
    """Return the sections with which the gateway takes Knot's zone."""
    at = {"address": f"127.0.0.1@{primary}", "key": KEY.name}
    transfer = {"id": "viettel", "zone": ZONE, "primaries": [at]}
    return {"transfers": [transfer], "notify-listen": [f"127.0.0.1@{ear}"]}


def served(port: int, *notify: int) -> dict[str, Any]:
    """Return the section with which the gateway serves a tier."""
    secondary = {"networks": ["127.0.0.0/8"], "key": KEY.name}
    if notify:
        secondary["notify"] = [f"127.0.0.1@{each}" for each in notify]
    zone = {"tier": "thcs", "zone": TIER, "secondaries": [secondary]}
    return {"exports": {"listen": [f"127.0.0.1@{port}"], "zones": [zone]}}


def answer(gateway: Gateway, name: str) -> list[str]:
    return list(gateway.asker(PRIMARY).ask(name, "A").rdatas)


def verdict(port: int, name: str) -> str:
    reply = Asker(port=port, timeout=2).ask(name, "A")
    return ",".join(reply.rdatas) or reply.rcode_name


def typed(site: Site, *words: str) -> Result:
    """Run a ``schoolguard`` command in this process; the gateway is another one."""
    return CliRunner().invoke(cli.main, [*words, "--config", str(site.config), "--language", "en"])


@pytest.fixture
def ear() -> int:
    return free_port()


@pytest.fixture
def partner(ear: int, tmp_path: Path) -> Iterator[RealPrimary]:
    """Knot with one name, which tells the gateway when there is more."""
    folder = tmp_path / "partner"
    folder.mkdir()
    with primaries.knot(folder, zone_text(1, ["www.hoc.example"]), notify=ear) as running:
        yield running


def test_a_name_added_at_the_partner_is_blocked(
    partner: RealPrimary, ear: int, new_site: NewSite, tmp_path: Path
) -> None:
    site = new_site(tmp_path)
    configure(site, **taken(partner.port, ear))
    with serving(site) as gateway:
        # The very first lists wait for the zone, so it is in force as soon as anything is.
        assert answer(gateway, "www.hoc.example") == BLOCKED
        assert answer(gateway, "long.hoc.example") == ["192.0.2.2"]
        partner.publish(2, ["www.hoc.example", "long.hoc.example"])
        wait_until(lambda: answer(gateway, "long.hoc.example") == BLOCKED, "the new block")
        assert answer(gateway, "www.hoc.example") == BLOCKED
        assert gateway.metric("schoolguard_transfer_serial", transfer="viettel") == 2
        assert gateway.metric("schoolguard_transfer_records", transfer="viettel") == 5
        assert gateway.metric("schoolguard_transfer_expired", transfer="viettel") == 0
        assert gateway.metric("schoolguard_transfer_notices_total", fate="taken") >= 1
        assert gateway.metric("schoolguard_transfer_deaf") == 0
        assert gateway.metric("schoolguard_list_entries", list="partner") == 2
        assert not gateway.errors()
    # What came by differences stands at the end of the kept file.
    kept = (site.state / "transfers" / "viettel.rpz").read_text().splitlines()
    assert kept[-3:-1] == ["long.hoc.example CNAME .", "*.long.hoc.example CNAME ."]


def test_without_its_partner_a_gateway_starts_and_takes_the_zone_later(
    ear: int, upstream: int, new_site: NewSite, tmp_path: Path
) -> None:
    site, folder = new_site(tmp_path), tmp_path / "partner"
    folder.mkdir()
    configure(site, **taken(upstream, ear))  # a server, but not one with the zone
    checked = typed(site, "check")
    assert checked.exit_code == 0
    assert "this zone was not transferred yet" in checked.stdout
    with serving(site) as gateway:
        assert answer(gateway, "www.hoc.example") == ["192.0.2.1"]
        assert answer(gateway, "bet.example") == BLOCKED
        assert "NEVER CAME" in typed(site, "lists", "show").stdout
        assert "viettel: the last round failed" in typed(site, "lists", "transfers").stdout
        assert gateway.metric("schoolguard_transfer_failures_total", transfer="viettel") >= 1
        assert not gateway.errors()
        with primaries.knot(folder, zone_text(9, ["www.hoc.example"])) as partner:
            configure(site, **taken(partner.port, ear))
            gateway.reload()
            wait_until(lambda: answer(gateway, "www.hoc.example") == BLOCKED, "the block")
        (zone,) = json.loads(typed(site, "lists", "transfers", "--json").stdout)["transfers"]
        assert (zone["serial"], zone["expired"], zone["reason"]) == (9, False, "")
    (zone,) = json.loads(typed(site, "lists", "transfers", "--json").stdout)["transfers"]
    assert (zone["serial"], zone["expired"]) == (9, False)
    with serving(site) as again:
        assert answer(again, "www.hoc.example") == BLOCKED, "what is kept holds while the partner is away"


def test_an_address_in_use_stops_no_zone(partner: RealPrimary, new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path)
    configure(site, **taken(partner.port, partner.port))
    with serving(site) as gateway:
        assert answer(gateway, "www.hoc.example") == BLOCKED
        assert gateway.metric("schoolguard_transfer_deaf") == 1
        configure(site, **taken(partner.port, free_port()))
        gateway.reload()
        wait_until(lambda: gateway.metric("schoolguard_transfer_deaf") == 0, "ears")


@pytest.mark.parametrize("runs", [consumers.bind, consumers.unbound_behind_knot])
def test_another_resolver_enforces_the_tier(runs: Runs, new_site: NewSite, tmp_path: Path) -> None:
    site, port = new_site(tmp_path), free_port()
    configure(site, **served(port))
    with serving(site) as gateway, ExitStack() as stack:
        serial = wait_until(lambda: gateway.metric("schoolguard_export_serial", zone=TIER), "the serial")
        authority = stack.enter_context(knot(tmp_path / "knot"))
        resolver = stack.enter_context(runs(tmp_path, port, TIER, authority, KEY))
        wait_until(lambda: verdict(resolver, "bet.example") == "NXDOMAIN", "the block")
        assert verdict(resolver, "x.y.bet.example") == "NXDOMAIN"
        assert verdict(resolver, "fine.bet.example") == "203.0.113.66", "a list of kind allow opens it"
        assert verdict(resolver, "www.hoc.example") == "192.0.2.1"
        assert gateway.metric("schoolguard_export_replies_total", kind="axfr") >= 1
        assert serial > 1_700_000_000
        assert gateway.metric("schoolguard_export_rulings", zone=TIER) > 8
        assert not gateway.errors()


def test_a_reload_reaches_the_other_resolver(new_site: NewSite, tmp_path: Path) -> None:
    site, port = new_site(tmp_path), free_port()
    configure(site, **served(port))
    with serving(site) as gateway, ExitStack() as stack:
        wait_until(lambda: gateway.metric("schoolguard_export_serial", zone=TIER), "the zone")
        authority = stack.enter_context(knot(tmp_path / "knot"))
        resolver = stack.enter_context(consumers.bind(tmp_path, port, TIER, authority, KEY))
        wait_until(lambda: verdict(resolver, "game.example") == "NXDOMAIN", "the block")
        site.lists["games"] = ["www.hoc.example"]
        configure(site, **served(port, resolver))
        gateway.reload()
        wait_until(lambda: verdict(resolver, "www.hoc.example") == "NXDOMAIN", "the new block")
        wait_until(lambda: verdict(resolver, "game.example") == "203.0.113.66", "the end of the old block")
        wait_until(lambda: not gateway.metric("schoolguard_export_unheard", zone=TIER), "confirmation")


def test_a_tier_as_a_file(new_site: NewSite, tmp_path: Path) -> None:
    site = new_site(tmp_path)
    configure(site)
    site.state.mkdir(exist_ok=True)
    journal = Journal(site.state / "orders.log")
    OrderBook(journal).accept(arrived(fresh("o1", 1, "scam.example")), time.time(), Clock(time.time()))
    journal.close()

    def export(form: str, file: Path, *words: str) -> Result:
        return typed(site, "lists", "render", "--tier", "thcs", "--format", form, *words, str(file))

    with serving(site):
        for form, line in [
            ("rpz", "bet.example CNAME ."),
            ("hosts", "0.0.0.0 bet.example"),
            ("adblock", "||bet.example^"),
        ]:
            done = export(form, tmp_path / form)
            assert (done.exit_code, done.output) == (0, "")
            assert {line, line.replace("bet", "scam")} <= set((tmp_path / form).read_text().splitlines())
        export("rpz", tmp_path / "zone", "--zone", "x.example")
        assert "$ORIGIN x.example." in (tmp_path / "zone").read_text()
    alone = export("rpz", tmp_path / "alone")
    assert alone.exit_code == 0
    assert "takedown orders are not in the file" in alone.stderr
    nowhere = export("rpz", tmp_path / "no" / "file")
    assert nowhere.exit_code == 1
    assert "was not written: No such file or directory" in nowhere.stderr
    shutil.rmtree(site.state / "snapshots")
    assert "there is no snapshot" in export("rpz", tmp_path / "none").stderr
