"""What was answered is what was counted: through kills of workers and of control, reloads and a full disk."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

from tests.load import Load
from tests.node.test_reload import QUESTIONS
from tests.servers import Gateway, serving, wait_until
from tests.site import Site
from tests.stored import stored


def test_a_day_in_good_order_is_counted_exactly(site: Site) -> None:
    with serving(site) as gateway:
        with Load(gateway.port, QUESTIONS, rate=4000) as load:
            wait_until(lambda: load.answered > 3000, "the load")
            gateway.reload()
            before = load.answered
            wait_until(lambda: load.answered > before + 3000, "the load")
        gateway.process.send_signal(signal.SIGTERM)
        gateway.ended()
    assert stored(site.state) == (load.answered, 0)
    assert load.lost == 0


def test_what_a_killed_worker_had_not_told_is_counted_as_lost(site: Site) -> None:
    with serving(site) as gateway:
        with Load(gateway.port, QUESTIONS, rate=4000, wait=1.0) as load:
            for kill in (1, 2, 3):
                wait_until(lambda: load.answered > 2500 * kill, "the load")  # noqa: B023
                (worker,) = gateway.workers()
                os.kill(worker, signal.SIGKILL)
                wait_until(lambda: gateway.workers() not in ([worker], []), "another worker")  # noqa: B023
                wait_until(lambda: gateway.command("status")["ready"], "its policy")
        gateway.process.send_signal(signal.SIGTERM)
        gateway.ended()
    counted, lost = stored(site.state)
    # What a killed worker answered came, or was on its way; what it had only taken in was never answered.
    assert load.answered <= counted + lost <= load.sent
    assert lost < 3 * 2 * 4000, "a worker tells each second"


def test_control_dies_and_nothing_is_lost(site: Site) -> None:
    """The orphan leaves its counts to the next control; what was received and not stored is told again."""
    with serving(site) as first:
        (orphan,) = first.workers()
        with Load(first.port, QUESTIONS, rate=2000, retries=5, wait=0.5) as load:
            wait_until(lambda: load.answered > 3000, "the load")
            first.process.kill()
            first.process.wait()
            before = load.answered
            wait_until(lambda: load.answered > before + 2000, "answers without control")
            with serving(site) as second:
                before = load.answered
                wait_until(lambda: load.answered > before + 2000, "answers of the new worker")
                load.end()
                wait_until(lambda: not Path(f"/proc/{orphan}").exists(), "the end of the orphan")
                second.process.send_signal(signal.SIGTERM)
                second.ended()
                assert second.errors() == []
    assert load.lost == 0
    counted, lost = stored(site.state)
    # A question that was asked again may have been answered twice.
    assert load.answered <= counted + lost <= load.packets
    assert lost == 0
    assert list((site.state / "counts").iterdir()) == []


def test_an_orphan_that_is_killed_too(site: Site) -> None:
    with serving(site) as first:
        (orphan,) = first.workers()
        with Load(first.port, QUESTIONS, rate=2000) as load:
            wait_until(lambda: load.answered > 3000, "the load")
            first.process.kill()
            first.process.wait()
            before = load.answered
            wait_until(lambda: load.answered > before + 2000, "answers without control")
        os.kill(orphan, signal.SIGKILL)
    with serving(site) as second:
        second.process.send_signal(signal.SIGTERM)
        second.ended()
    counted, lost = stored(site.state)
    assert counted + lost == load.answered
    assert lost >= 2000 - 64, "what it answered without control and before it left its counts again"


def test_without_room_on_the_disk_counts_wait_in_memory(site: Site) -> None:
    """The store's file may grow no more; queries are answered, and when there is room all is stored."""
    site.write()
    with serving(site) as gateway:
        limit_file_size(gateway, 16_384)
        with Load(gateway.port, QUESTIONS, rate=2000) as load:
            wait_until(lambda: load.answered > 2000, "the load")
            wait_until(
                lambda: any(r["event"] == "counts wait in memory" for r in gateway.records()), "a full disk"
            )
        limit_file_size(gateway, -1)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.ended()
    assert (load.lost, load.bad) == (0, [])
    assert stored(site.state) == (load.answered, 0)


def limit_file_size(gateway: Gateway, most: int) -> None:
    """Let the control process write no file beyond ``most`` bytes; -1 is no limit."""
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (most, -1))
