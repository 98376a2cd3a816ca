"""Namespaces of the day on one bridge: plugs that can be pulled; all of it is gone at the end."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence

from tests.bench.orders.network import Place
from tests.bench.processes import Failed

_NET = "10.97.0"
_PLUG = "plug"


@contextlib.contextmanager
def places(names: Sequence[str]) -> Iterator[dict[str, Place]]:
    """Make a namespace for each name, which reach each other over a bridge in one more."""
    mark = f"sgday{os.getpid()}"
    bridge, made = f"{mark}-bridge", {}
    try:
        _ip("netns", "add", bridge)
        _ip("-n", bridge, "link", "add", "name", "middle", "type", "bridge")
        _ip("-n", bridge, "link", "set", "dev", "middle", "up")
        for number, name in enumerate(names, 1):
            made[name] = place = Place(f"{mark}-{name}", f"{_NET}.{number}")
            _join(place, bridge, f"port{number}")
        yield made
    finally:
        for namespace in (*(place.namespace for place in made.values()), bridge):
            subprocess.run(["ip", "netns", "delete", namespace], check=False, stderr=subprocess.DEVNULL)


def pull(place: Place) -> None:
    """Pull a place's plug."""
    _ip("-n", place.namespace, "link", "set", _PLUG, "down")


def plug(place: Place) -> None:
    """Put it in again."""
    _ip("-n", place.namespace, "link", "set", _PLUG, "up")


def _join(place: Place, bridge: str, port: str) -> None:
    _ip("netns", "add", place.namespace)
    _ip("-n", place.namespace, "link", "set", "lo", "up")
    _ip("-n", place.namespace, "link", "add", _PLUG, "type", "veth", "peer", "name", port, "netns", bridge)
    _ip("-n", place.namespace, "address", "add", f"{place.address}/24", "dev", _PLUG)
    _ip("-n", place.namespace, "link", "set", _PLUG, "up")
    _ip("-n", bridge, "link", "set", port, "master", "middle")
    _ip("-n", bridge, "link", "set", port, "up")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}; is this root?")
