"""Which resolvers are asked: those named, and those of ``resolv.conf`` for the word ``system``. Asks none."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from schoolguard.config.addresses import address_of
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.language import N_
from schoolguard.settings import Endpoint

_PORT = 53
_MOST = 3
"""As many name servers of ``resolv.conf`` as the C library uses (resolv.conf(5), MAXNS)."""


def servers_of(
    given: tuple[At[Endpoint | str], ...], listening: tuple[Endpoint, ...], resolv_conf: Path, out: Collector
) -> tuple[Endpoint, ...]:
    """Return the upstreams in order, each once; one that is this gateway itself is an error."""
    servers: list[Endpoint] = []
    for value, mark in given:
        system = isinstance(value, str)
        for server in _system(resolv_conf, mark, out) if isinstance(value, str) else (value,):
            if is_listener(server, listening):
                out.error(mark, _loop(server, resolv_conf if system else None))
            elif server not in servers:
                servers.append(server)
            elif not system:
                found = f"{server.host}@{server.port}"
                out.error(mark, Wrong(N_("this address and port stand twice"), found=found))
    return tuple(servers)


def is_listener(server: Endpoint, listening: tuple[Endpoint, ...]) -> bool:
    """Return whether a question to ``server`` would come back here.

    A listener on every address (0.0.0.0, ::) counts for loopback; which other addresses are this machine's
    cannot be known without asking the system.
    """
    if server in listening:
        return True
    address = ip_address(server.host)
    everywhere = Endpoint("0.0.0.0" if address.version == 4 else "::", server.port)  # noqa: S104
    return address.is_loopback and everywhere in listening


def _loop(server: Endpoint, resolv_conf: Path | None) -> Wrong:
    found = f"{server.host}@{server.port}"
    accepted = "ADDRESS@53"
    if resolv_conf is None:
        msgid = N_("this upstream is the gateway itself; write your provider's or another resolver")
        return Wrong(msgid, found=found, accepted=accepted)
    msgid = N_("{path} names the gateway itself; instead of system write your provider's or another resolver")
    return Wrong(msgid, path=str(resolv_conf), found=found, accepted=accepted)


def _system(resolv_conf: Path, mark: Mark, out: Collector) -> tuple[Endpoint, ...]:
    try:
        text = resolv_conf.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        msgid = N_("{path} cannot be read ({problem}); instead of system write a resolver")
        wrong = Wrong(
            msgid, path=str(resolv_conf), problem=error.strerror or str(error), accepted="ADDRESS@53"
        )
        out.error(mark, wrong)
        return ()
    servers = tuple(_nameservers(text, resolv_conf, mark, out))
    if not servers:
        msgid = N_("{path} names no usable resolver; instead of system write one")
        out.error(mark, Wrong(msgid, path=str(resolv_conf), accepted="ADDRESS@53"))
    return servers


def _nameservers(text: str, resolv_conf: Path, mark: Mark, out: Collector) -> list[Endpoint]:
    servers: list[Endpoint] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver" or len(servers) == _MOST:
            continue
        address = address_of(words[1])
        if address is None or address.is_multicast or address.is_unspecified:
            msgid = N_("a resolver of {path} is left out: only plain addresses can be asked")
            out.warning(mark, Wrong(msgid, path=str(resolv_conf), found=words[1]))
        else:
            servers.append(Endpoint(str(address), _PORT))
    return servers
