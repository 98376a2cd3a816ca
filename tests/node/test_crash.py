"""Processes that are killed, and ends in good order."""

from __future__ import annotations

import os
import signal

from tests.ask import Reply, framed, packet, read_message
from tests.hostile import Asked, Hostile
from tests.load import Load
from tests.node.test_reload import QUESTIONS
from tests.servers import Gateway, alive, serving, wait_until
from tests.site import PRIMARY, STAFF, Site


def test_a_killed_worker_is_replaced_and_nobody_stays_without_an_answer(gateway: Gateway) -> None:
    """Queries wait in the kernel meanwhile; what the dead one held is asked again, as clients do."""
    with Load(gateway.port, QUESTIONS, retries=5, wait=0.5) as load:
        for count in (1, 2):
            wait_until(lambda: load.answered > 500 * count, "the load")  # noqa: B023
            (worker,) = gateway.workers()
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: gateway.workers() not in ([worker], []), "another worker")  # noqa: B023
            wait_until(lambda: gateway.command("status")["ready"], "its policy")
        wait_until(lambda: load.answered > 2000, "the load")
    assert load.bad == []
    assert (load.lost, load.answered) == (0, load.sent)
    assert gateway.command("status")["restarts"] == 2
    assert gateway.metric("schoolguard_worker_restarts_total") == 2
    ended = [record for record in gateway.errors() if record["event"] == "worker ended"]
    assert [record["code"] for record in ended] == [-9, -9]


def test_a_killed_worker_of_several(new_site: object, tmp_path: object) -> None:
    site: Site = new_site(tmp_path, workers=2)  # type: ignore[operator]
    with serving(site) as gateway:
        first, second = gateway.workers()
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(gateway.workers()) == 2 and first not in gateway.workers(), "another worker")
        assert second in gateway.workers()
        wait_until(lambda: gateway.command("status")["ready"], "its policy")
        for _ in range(20):
            assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def test_a_reload_right_after_a_death_reaches_the_next_worker(gateway: Gateway) -> None:
    """It was refused as long as the dead worker stood in the list."""
    (worker,) = gateway.workers()
    os.kill(worker, signal.SIGSTOP)  # so that it is surely dead before its place is taken
    os.kill(worker, signal.SIGKILL)
    answer = gateway.command("reload")
    assert answer["ok"], answer
    wait_until(lambda: gateway.command("status")["ready"], "its policy")
    assert gateway.command("status")["generation"] == answer["generation"]
    assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def test_a_worker_that_is_stopped_by_hand_is_replaced(gateway: Gateway) -> None:
    (worker,) = gateway.workers()
    os.kill(worker, signal.SIGTERM)
    wait_until(lambda: gateway.workers() not in ([worker], []), "another worker")
    assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def test_a_hangup_of_the_terminal_ends_no_worker(gateway: Gateway) -> None:
    """SIGHUP goes to the whole process group: to control it means reload, to a worker nothing."""
    (worker,) = gateway.workers()
    generation = gateway.command("status")["generation"]
    os.killpg(gateway.process.pid, signal.SIGHUP)
    wait_until(lambda: gateway.command("status")["generation"] > generation, "the reload")
    assert gateway.workers() == [worker]
    assert gateway.command("status")["restarts"] == 0


def test_without_control_the_worker_goes_on_until_there_is_another(site: Site) -> None:
    with serving(site) as first:
        (orphan,) = first.workers()
        with Load(first.port, QUESTIONS, retries=5, wait=0.5) as load:
            wait_until(lambda: load.answered > 100, "the load")
            first.process.kill()
            first.process.wait()
            before = load.answered
            wait_until(lambda: load.answered > before + 500, "answers without control")
            assert alive(orphan)
            with serving(site) as second:
                wait_until(lambda: not alive(orphan), "the orphan's end")
                before = load.answered
                wait_until(lambda: load.answered > before + 500, "answers of the new worker")
                assert second.command("status")["ready"]
                assert second.errors() == []
                load.__exit__(None, None, None)
    assert load.bad == []
    assert (load.lost, load.answered) == (0, load.sent)


def test_sigterm_drains_what_is_in_flight(site: Site) -> None:
    def script(asked: Asked) -> None:
        if not asked.name.lower().startswith("slow"):
            asked.send(asked.reply("@ 300 A 192.0.2.1"))

    with Hostile(script) as hostile:
        site.upstreams = [f"127.0.0.1@{hostile.port}"]
        site.forwarding = {"timeout": 10}
        site.write()
        with serving(site) as gateway:
            asker = gateway.asker(STAFF)
            (worker,) = gateway.workers()
            with asker.udp() as udp, asker.tcp() as tcp, asker.tcp() as idle:
                idle.sendall(framed(packet("bet.example", number=3)))
                read_message(idle)
                udp.send(packet("slow1.example", number=1))
                tcp.sendall(framed(packet("slow2.example", number=2)))
                waiting = hostile.wait(2)
                gateway.process.send_signal(signal.SIGTERM)
                assert idle.recv(1) == b"", "a connection with nothing in flight ends when the drain begins"
                assert alive(worker)
                for asked in list(waiting):
                    asked.send(asked.reply("@ 300 A 192.0.2.2"))
                assert Reply(udp.recv(512)).rdatas == ["192.0.2.2"]
                assert Reply(read_message(tcp)).rdatas == ["192.0.2.2"]
            assert gateway.ended() == 0
            assert not alive(worker)
            assert gateway.errors() == []
            assert not (site.state / "control.sock").exists()


def test_ctrl_c_ends_in_good_order(gateway: Gateway) -> None:
    os.killpg(gateway.process.pid, signal.SIGINT)  # the terminal sends it to all
    assert gateway.ended() == 0
    assert gateway.errors() == []
