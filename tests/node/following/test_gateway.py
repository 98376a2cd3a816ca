"""A whole gateway that follows: its commands, its restart without the publisher, a stick."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.node.following.scene import Hub, fresh
from tests.servers import run_command, serving, wait_until
from tests.site import STAFF, Site


def test_a_gateway_serves_what_it_followed_and_goes_on_without_the_publisher(
    hub: Hub, new_site: Callable[..., Site], tmp_path: Path
) -> None:
    hub.lists("www.hoc.example")
    site = new_site(tmp_path, workers=2)
    text = site.config / "schoolguard.yaml"
    followed = {"root-fingerprint": hub.root, "url": hub.address, "every": 5, "jitter": 0}
    text.write_text(text.read_text() + f"publisher: {json.dumps(followed)}\n")

    def blocked(name: str) -> bool:
        reply = gateway.asker(STAFF).ask(name)
        return reply.ede is not None and reply.ede[0] in (15, 16, 17)

    with serving(site) as gateway:
        wait_until(lambda: blocked("www.hoc.example"), "the province's layers")
        assert blocked("bet.example"), "its own lists"
        hub.order(fresh("o1", 1, "mxh.example"))
        wait_until(lambda: blocked("mxh.example"), "the order")
        hub.lists("help2.hoc.example", "www.hoc.example")
        wait_until(lambda: blocked("help2.hoc.example"), "the delta")
        assert gateway.reload()["ok"]
        assert blocked("help2.hoc.example")
        told = json.loads(run_command("province", "status", "--json", "--config", str(site.config)).stdout)
        assert told["state"] == told["offered"] == hub.wholes[-1].state
        assert {each["what"] for each in told["problems"]} <= {"receipts"}
        stick = tmp_path / "stick"
        done = run_command("lists", "export", str(stick), "--config", str(site.config))
        assert done.returncode == 0, done.stderr
        gateway.process.terminate()
        gateway.ended()
    hub.www.unlink()
    with serving(site) as gateway:
        for name in ("www.hoc.example", "help2.hoc.example", "mxh.example", "bet.example"):
            assert blocked(name), name
        assert not [each for each in gateway.errors() if each["logger"] != "schoolguard.publisher"]
        done = run_command("lists", "import", str(hub.yard.served), "--config", str(site.config))
        assert done.returncode == 0, done.stderr
    other = new_site(tmp_path)
    text = other.config / "schoolguard.yaml"
    text.write_text(text.read_text() + f"publisher: {json.dumps({'root-fingerprint': hub.root})}\n")
    done = run_command("lists", "import", str(stick), "--config", str(other.config))
    assert done.returncode == 0, done.stderr
    with serving(other) as gateway:
        for name in ("www.hoc.example", "help2.hoc.example", "mxh.example", "bet.example"):
            assert blocked(name), name


def test_lists_that_the_school_refused_are_tried_again_when_its_configuration_changed(
    hub: Hub, new_site: Callable[..., Site], tmp_path: Path
) -> None:
    hub.lists("www.hoc.example")
    tests = {"must-allow": [{"groups": ["Học sinh THPT"], "names": ["www.hoc.example"]}]}
    site = new_site(tmp_path, school={"tests": tests})

    def follow() -> None:
        text = site.config / "schoolguard.yaml"
        followed = {"root-fingerprint": hub.root, "url": hub.address, "every": "1d", "jitter": 0}
        text.write_text(text.read_text() + f"publisher: {json.dumps(followed)}\n")

    def status() -> dict[str, Any]:
        done = run_command("province", "status", "--json", "--config", str(site.config))
        return dict(json.loads(done.stdout))

    follow()
    with serving(site) as gateway:
        refused = wait_until(lambda: status()["problems"], "a refusal")
        assert ("layers", "not-applied") in {(each["what"], each["word"]) for each in refused}
        assert gateway.reload()["ok"], "the lists in force are not those that were refused"
        assert status()["state"] == ""
        site.school = {}
        site.write()
        follow()
        assert gateway.reload()["ok"]
        wait_until(lambda: status()["state"] == hub.wholes[-1].state, "the lists, without another poll")
        assert not [each for each in status()["problems"] if each["what"] == "layers"]
