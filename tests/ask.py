"""A client of a DNS server: plain sockets with a source address of its own, packets built by dnslib."""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dnslib import EDNS0, QTYPE, DNSHeader, DNSQuestion, DNSRecord

EDE = 15
_IDS = itertools.count(4242)


def packet(
    name: str | bytes,
    qtype: str | int = "A",
    *,
    edns: int | None = 1232,
    do: bool = False,
    cd: bool = False,
    rd: bool = True,
    qclass: int = 1,
    opcode: int = 0,
    number: int | None = None,
) -> bytes:
    """Return a query; ``name`` as text, or as wire bytes to send exactly those."""
    number = next(_IDS) % 65536 if number is None else number
    kind = qtype if isinstance(qtype, int) else getattr(QTYPE, qtype)
    if isinstance(name, bytes):
        question = name + kind.to_bytes(2) + qclass.to_bytes(2)
        flags = opcode << 11 | rd << 8 | cd << 4
        opt = b"" if edns is None else b"\0\0\x29" + edns.to_bytes(2) + b"\0\0" + bytes([do << 7]) + bytes(3)
        head = (number, flags, 1, 0, 0, int(edns is not None))
        return b"".join(each.to_bytes(2) for each in head) + question + opt
    record = DNSRecord(
        DNSHeader(id=number, qr=0, rd=rd, opcode=opcode, cd=cd), q=DNSQuestion(name, kind, qclass)
    )
    if edns is not None:
        record.add_ar(EDNS0(udp_len=edns, flags="do" if do else ""))
    return bytes(record.pack())


def wire(*labels: str | bytes) -> bytes:
    """Return labels as a wire name, whatever bytes they hold."""
    raw = [each.encode() if isinstance(each, str) else each for each in labels]
    return b"".join(bytes([len(each)]) + each for each in raw) + b"\0"


def framed(message: bytes) -> bytes:
    """Return a message with its length before it, as on TCP."""
    return len(message).to_bytes(2) + message


@dataclass
class Reply:
    """A reply as bytes and parsed."""

    raw: bytes

    def __post_init__(self) -> None:
        self.record: Any = DNSRecord.parse(self.raw)

    @property
    def id(self) -> int:
        """The message ID."""
        return int.from_bytes(self.raw[:2])

    @property
    def rcode(self) -> int:
        """The response code, with the OPT's upper bits."""
        upper = next((rr.ttl >> 24 for rr in self.record.ar if rr.rtype == QTYPE.OPT), 0)
        return int(upper << 4 | self.record.header.rcode)

    @property
    def rcode_name(self) -> str:
        """The response code as people write it."""
        names = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
        return names.get(self.rcode, str(self.rcode))

    @property
    def truncated(self) -> bool:
        """Whether TC is set."""
        return bool(self.record.header.tc)

    @property
    def answers(self) -> list[tuple[str, str, str]]:
        """Owner, type and RDATA of the answer section."""
        return [(str(rr.rname), str(QTYPE[rr.rtype]), str(rr.rdata)) for rr in self.record.rr]

    @property
    def rdatas(self) -> list[str]:
        """The RDATA of the answer section as text."""
        return [str(rr.rdata) for rr in self.record.rr]

    @property
    def ttls(self) -> list[int]:
        """The TTLs of answer and authority section."""
        return [int(rr.ttl) for rr in (*self.record.rr, *self.record.auth)]

    @property
    def ede(self) -> tuple[int, str] | None:
        """Code and text of the Extended DNS Error."""
        for rr in self.record.ar:
            for option in rr.rdata if rr.rtype == QTYPE.OPT else ():
                if option.code == EDE:
                    return int.from_bytes(option.data[:2]), option.data[2:].decode()
        return None

    @property
    def essence(self) -> tuple[int, list[tuple[str, str]], tuple[int, str] | None]:
        """What a verdict is, whatever the spelling asked for: RCODE, types with RDATA, EDE."""
        return self.rcode, [(kind, rdata) for _, kind, rdata in self.answers], self.ede


class NoReply(AssertionError):
    """No reply came in time."""


@dataclass
class Asker:
    """One client address; ``ask`` waits for the reply to its own ID."""

    port: int
    source: str = "127.0.0.1"
    server: str = "127.0.0.1"
    timeout: float = 10.0

    @contextlib.contextmanager
    def udp(self) -> Iterator[socket.socket]:
        """Return a connected UDP socket."""
        family = socket.AF_INET6 if ":" in self.server else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(self.timeout)
            if family == socket.AF_INET:
                sock.bind((self.source, 0))
            sock.connect((self.server, self.port))
            yield sock

    @contextlib.contextmanager
    def tcp(self) -> Iterator[socket.socket]:
        """Return a connected TCP socket."""
        family = socket.AF_INET6 if ":" in self.server else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(self.timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if family == socket.AF_INET:
                sock.bind((self.source, 0))
            sock.connect((self.server, self.port))
            yield sock

    def send(self, message: bytes, tcp: bool = False) -> Reply:
        """Send bytes and return the reply with their ID; raises ``NoReply``."""
        if tcp:
            with self.tcp() as sock:
                sock.sendall(framed(message))
                return Reply(read_message(sock))
        with self.udp() as sock:
            sock.send(message)
            try:
                while True:
                    raw = sock.recv(65_535)
                    if raw[:2] == message[:2]:
                        return Reply(raw)
            except TimeoutError:
                raise NoReply(f"no reply to {message!r} from port {self.port}") from None

    def ask(self, name: str | bytes, qtype: str | int = "A", *, tcp: bool = False, **options: Any) -> Reply:
        """Ask a question as ``packet`` builds it."""
        return self.send(packet(name, qtype, **options), tcp)

    def try_once(self, name: str, qtype: str = "A") -> Reply | None:
        """Return the reply, or ``None`` when none comes or nobody listens."""
        try:
            return self.ask(name, qtype)
        except (NoReply, OSError):
            return None

    def silent(self, message: bytes, then: bytes) -> None:
        """Check that ``message`` gets no reply: ``then`` follows it and gets the first."""
        with self.udp() as sock:
            sock.send(message)
            sock.send(then)
            raw = sock.recv(65_535)
            assert raw[:2] == then[:2], f"{message!r} was answered with {raw!r}"


def read_message(sock: socket.socket) -> bytes:
    """Return the next message of a TCP connection; raises ``EOFError`` when it is closed."""
    size = int.from_bytes(read_exactly(sock, 2))
    return read_exactly(sock, size)


def read_exactly(sock: socket.socket, size: int) -> bytes:
    """Return that many bytes; raises ``EOFError`` when the connection ends before."""
    out = b""
    while len(out) < size:
        part = sock.recv(size - len(out))
        if not part:
            raise EOFError
        out += part
    return out
