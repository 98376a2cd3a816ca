"""Takes a push in: metadata judged, files judged, files placed, metadata drafted, all published, told.

The same push may come again at any time, as after a kill: every step either was done or is done now, and the
answer is the same. What cannot be done now for a fault of the publisher's is tried again by who asks.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer

from schoolguard.hub.push.package import Unpacked
from schoolguard.hub.push.reasons import Reason
from schoolguard.hub.push.receipt import Verdict
from schoolguard.hub.service.list_check import ListCheck
from schoolguard.hub.service.order_check import OrderCheck, Paper, read_paper
from schoolguard.hub.service.turns import Turns
from schoolguard.hub.tuf.accepting import PushRefused, accept_partner_metadata, judge_partner_metadata
from schoolguard.hub.tuf.placing import place_target
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.trust.contents import Target, targets_of
from schoolguard.intake.trust.errors import Untrusted
from schoolguard.intake.trust.names import partner_role, served_target
from schoolguard.language import N_, Said

LISTS, ORDERS = "lists/", "orders/"

_MISSING = N_("{path} is signed for and is neither in the push nor here")
_UNLISTED = N_("{path} is in the push, and the metadata do not list it with these bytes")

_log = logging.getLogger("schoolguard.hub")


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of a publishing: gateways of a timestamp, receipts of orders, the compiler of lists.

    All are called in the thread that took the push, before its receipt goes out.
    """

    orders: Callable[[Iterable[Paper], float], None]
    timestamp: Callable[[int], None]
    lists: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Taking:
    """The publisher's ``Accept``; ``clock`` gives Unix seconds."""

    repository: Repository
    turns: Turns
    signers: Sequence[Signer]
    lists: ListCheck
    orders: OrderCheck
    told: Told
    clock: Callable[[], float]

    def __call__(self, push: Unpacked) -> Verdict:
        """Return the verdict; raises ``OSError`` when there can be none now."""
        try:
            return self._verdict(push)
        except PushRefused as error:
            return Verdict(tuple(Reason(each.code, each.said, "metadata") for each in error.reasons))
        except (RepositoryFailed, Untrusted) as error:
            # The publisher's own state is at fault, not the push.
            raise OSError(errno.EAGAIN, str(error)) from error

    def _verdict(self, push: Unpacked) -> Verdict:
        role = partner_role(push.partner)
        with self.turns.taken():
            accepted, document = judge_partner_metadata(self.repository, role, push.metadata, self.clock())
            before = targets_before(self.repository, role)
            published = self.repository.published(role)
        after = {target.path: target for target in accepted.targets}
        if published is not None and published.signed_bytes == document.signed_bytes:
            return self._again()
        reasons, notes = self._files(push, after, before)
        verdict = Verdict(tuple(reasons), notes)
        if verdict.accepted:
            self._put(push, role, after, before)
        return verdict

    def _again(self) -> Verdict:
        """It is published: a receipt was not written before a kill. Who was to be told is told again."""
        timestamp = self.repository.timestamp()
        if timestamp is not None:
            self.told.timestamp(timestamp.signed.version)
        self.told.lists()
        return Verdict(notes={"again": True})

    def _files(
        self, push: Unpacked, after: Mapping[str, Target], before: Mapping[str, Target]
    ) -> tuple[list[Reason], dict[str, Any]]:
        reasons = list(self._unlisted(push, after))
        notes: dict[str, Any] = {"files": {}}
        for path, target in after.items():
            if before.get(path) == target:
                continue
            file = push.files.get(path) or self._placed(target)
            if file is None:
                reasons.append(Reason("missing-file", Said(_MISSING, path=path), path))
                continue
            found, told = self._judged(target, file, before.get(path))
            reasons += found
            notes["files"][path] = told
        return reasons, notes

    def _judged(
        self, target: Target, file: Path, before: Target | None
    ) -> tuple[tuple[Reason, ...], dict[str, Any]]:
        if target.path.startswith(LISTS):
            return self.lists.judge(target, file, before)
        published = None if before is None else self._placed(before)
        return self.orders.judge(target, file, published, self.clock())

    def _unlisted(self, push: Unpacked, after: Mapping[str, Target]) -> Iterator[Reason]:
        for part in push.parts:
            target = after.get(part.path)
            if target is None or target.sha256 != part.sha256:
                yield Reason("unlisted-file", Said(_UNLISTED, path=part.path), part.path)

    def _placed(self, target: Target) -> Path | None:
        path = self.repository.served / served_target(target.path, target.sha256)
        return path if self.repository.has_target(target) else None

    def _put(
        self, push: Unpacked, role: str, after: Mapping[str, Target], before: Mapping[str, Target]
    ) -> None:
        changed = [target for path, target in after.items() if before.get(path) != target]
        with self.turns.taken():
            for target in changed:
                if target.path in push.files:
                    place_target(self.repository, target, push.files[target.path])
            now = self.clock()
            accept_partner_metadata(self.repository, role, push.metadata, now)
            papers = [read_paper(t.path, self._file(t)) for t in changed if t.path.startswith(ORDERS)]
            self.told.orders(papers, now)
            done = publish(self.repository, self.signers, now)
        self.told.timestamp(done.timestamp)
        if any(path.startswith(LISTS) for path in changed_paths(before, after)):
            self.told.lists()
        _log.info("push published", extra={"role": role, "timestamp": done.timestamp})

    def _file(self, target: Target) -> Path:
        return self.repository.served / served_target(target.path, target.sha256)


def targets_before(repository: Repository, role: str) -> dict[str, Target]:
    """Return the published targets of a role, none before its first push."""
    published = repository.published(role)
    return {} if published is None else targets_of(role, published.signed)


def changed_paths(before: Mapping[str, Target], after: Mapping[str, Target]) -> set[str]:
    """Return the paths that came, changed or went."""
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}
