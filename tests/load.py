"""Steady queries from one thread while something happens to the gateway; every reply is kept and judged."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from tests.ask import Reply, packet

Check = Callable[[Reply], bool]


@dataclass
class Question:
    """What is asked, from which address, and what its reply must look like."""

    name: str
    source: str
    good: Check


@dataclass
class Load:
    """Sends questions in turn at ``rate`` a second; with ``retries``, as a client that asks again.

    ``bad`` holds replies that were not as they must be, ``lost`` the number of questions nobody answered,
    ``packets`` how many were sent with those asked again.
    """

    port: int
    questions: list[Question]
    rate: int = 1500
    retries: int = 0
    wait: float = 5.0
    sent: int = 0
    packets: int = 0
    answered: int = 0
    bad: list[str] = field(default_factory=list)
    lost: int = 0

    def __enter__(self) -> Load:
        self._ending = threading.Event()
        self._pending: dict[int, tuple[Question, socket.socket, bytes, int, float]] = {}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Ask nothing more, and wait for the replies."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        socks = {source: self._socket(source) for source in {each.source for each in self.questions}}
        poll = select.epoll()
        by_number = {sock.fileno(): sock for sock in socks.values()}
        for number in by_number:
            poll.register(number, select.EPOLLIN)
        begin = time.monotonic()
        try:
            while not self._ending.is_set() or self._pending:
                due = int((time.monotonic() - begin) * self.rate)
                while self.sent < due and not self._ending.is_set() and len(self._pending) < 60_000:
                    self._send(socks)
                for number, _ in poll.poll(0.002):
                    self._receive(by_number[number])
                self._expire()
        finally:
            poll.close()
            for sock in socks.values():
                sock.close()

    def _socket(self, source: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", self.port))
        sock.setblocking(False)
        return sock

    def _send(self, socks: dict[str, socket.socket]) -> None:
        question = self.questions[self.sent % len(self.questions)]
        self.sent += 1
        number = self.sent % 65536
        message = packet(question.name, number=number)
        sock = socks[question.source]
        self._pending[number] = (question, sock, message, self.retries, time.monotonic() + self.wait)
        self._deliver(sock, message)

    def _deliver(self, sock: socket.socket, message: bytes) -> None:
        self.packets += 1
        try:
            sock.send(message)
        except ConnectionRefusedError:  # of an earlier datagram: the question counts as lost
            sock.send(message)

    def _receive(self, sock: socket.socket) -> None:
        while True:
            try:
                raw = sock.recv(65_535)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            pending = self._pending.pop(int.from_bytes(raw[:2]), None)
            if pending is None:
                continue  # the reply to a question that was asked again
            self.answered += 1
            reply = Reply(raw)
            if not pending[0].good(reply):
                self.bad.append(f"{pending[0].source} {pending[0].name}: {reply.record}")

    def _expire(self) -> None:
        now = time.monotonic()
        while self._pending:
            number, (question, sock, message, retries, end) = next(iter(self._pending.items()))
            if end > now:
                return
            del self._pending[number]
            if retries:
                self._pending[number] = (question, sock, message, retries - 1, now + self.wait)
                self._deliver(sock, message)
            else:
                self.lost += 1
