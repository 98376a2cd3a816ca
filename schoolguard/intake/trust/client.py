"""The gateway's client: keeps up with a repository, tells what changed, fetches what is wanted.

It must not install anything. A caller compares ``targets`` with what it has installed, so that nothing is
lost when it is killed between a refresh and an install; ``News`` is for telling people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import DelegatedRole, Metadata, MetaFile, Targets

from schoolguard.intake.trust.contents import Target, targets_of
from schoolguard.intake.trust.download import CONTENT, fetch, is_content
from schoolguard.intake.trust.errors import Absent, Fault, SourceFailed, Untrusted
from schoolguard.intake.trust.limits import (
    MAX_ROOTS,
    ROOT_BYTES,
    SNAPSHOT_BYTES,
    TARGETS_BYTES,
    TIMESTAMP_BYTES,
)
from schoolguard.intake.trust.names import (
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    TOP_LEVEL,
    served_metadata,
    served_target,
)
from schoolguard.intake.trust.source import Source, read
from schoolguard.intake.trust.store import Store
from schoolguard.intake.trust.verification import Verification
from schoolguard.language import N_

_NO_ROOT = N_("no root is pinned; give its file in the configuration or type its fingerprint")
_UNLISTED = N_("{role} is not in this snapshot, although it was in one before")


@dataclass(frozen=True, slots=True)
class News:
    """What a refresh brought: the root's version, changed paths, refused roles, and whether memory was lost.

    ``refused`` roles keep their last good metadata. ``expires`` is in Unix seconds, by role.
    """

    root: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    refused: tuple[Untrusted, ...]
    expires: Mapping[str, float]
    damaged: bool

    @property
    def anything(self) -> bool:
        """Whether any target came, changed or went."""
        return bool(self.added or self.changed or self.removed)


class Client:
    """One repository as one gateway knows it; ``root`` is the pinned file's content, None for the typed
    one."""

    def __init__(self, store: Store, source: Source, root: bytes | None = None) -> None:
        self._store = store
        self._source = source
        self._root = root

    async def refresh(self, now: float) -> News:
        """Take the repository's present state, whole; ``now`` is in Unix seconds.

        Raises ``Untrusted``, ``SourceFailed`` or ``StoreFailed``, and then the last good state is as it was.
        """
        with self._store.locked():
            last = self._store.saved()
            saved = last.state
            run = await self._roots(now)
            state = {
                TIMESTAMP: await self._timestamp(run, saved.get(TIMESTAMP)),
                SNAPSHOT: await self._snapshot(run, saved.get(SNAPSHOT)),
                TARGETS: await self._targets(run, saved.get(TARGETS)),
            }
            refused = await self._delegated(run, saved, state)
            self._store.commit(state)
            return _news(run, _targets_in(saved), _targets_in(state), refused, last.damaged)

    def targets(self) -> dict[str, Target]:
        """Return the targets of the last good state by path; no network and no clock is asked."""
        return _targets_in(self._store.saved().state)

    async def fetch(self, target: Target) -> Path:
        """Return the path of a target's file, verified; see ``download.fetch``."""
        return await fetch(self._source, self._store, target)

    async def read(self, target: Target) -> bytes:
        """Return a small target's content, verified; nothing is kept, so nothing waits for a disk.

        Raises ``SourceFailed``, and ``Untrusted`` for content that nobody signed.
        """
        kept = self._store.target(target.sha256)
        if kept.is_file() and is_content(content := kept.read_bytes(), target):
            return content
        content = await read(self._source, served_target(target.path, target.sha256), target.length)
        if not is_content(content, target):
            raise Untrusted(Fault.CONTENT, target.role, CONTENT, path=target.path, role=target.role)
        return content

    async def _roots(self, now: float) -> Verification:
        first = self._root if self._root is not None else self._store.pinned()
        if first is None:
            raise Untrusted(Fault.ABSENT, ROOT, _NO_ROOT)
        run = Verification(first, now, carried=self._source.carried)
        for _ in range(MAX_ROOTS):
            if not self._known_root(run) and not await self._next_root(run):
                break
        return run

    def _known_root(self, run: Verification) -> bool:
        content = self._store.root(run.root.version + 1)
        if content is None:
            return False
        try:
            run.add_root(content)
        except Untrusted:
            return False  # damaged, or of another pinned root: the repository is asked for it
        return True

    async def _next_root(self, run: Verification) -> bool:
        version = run.root.version + 1
        try:
            content = await read(self._source, served_metadata(ROOT, version), ROOT_BYTES)
        except Absent:
            return False
        run.add_root(content)
        self._store.add_root(version, content)
        return True

    async def _timestamp(self, run: Verification, saved: bytes | None) -> bytes:
        kept = saved is not None and _was_timestamp(run, saved)
        content = await read(self._source, served_metadata(TIMESTAMP, None), TIMESTAMP_BYTES)
        newer = run.add_timestamp(content)
        run.check_timestamp()
        return saved if kept and saved is not None and not newer else content

    async def _snapshot(self, run: Verification, saved: bytes | None) -> bytes:
        if saved is not None and _was_snapshot(run, saved):
            return saved
        content = await self._read_metadata(SNAPSHOT, run.snapshot_file, SNAPSHOT_BYTES)
        run.add_snapshot(content)
        return content

    async def _targets(self, run: Verification, saved: bytes | None) -> bytes:
        file = run.file_of(TARGETS)
        if file is None:
            raise Untrusted(Fault.MIXED, TARGETS, _UNLISTED, role=TARGETS)
        content = saved if saved is not None and _is_file(saved, file) else None
        if content is None:
            content = await self._read_metadata(TARGETS, file, TARGETS_BYTES)
        run.add_targets(content)
        return content

    async def _delegated(
        self, run: Verification, saved: Mapping[str, bytes], state: dict[str, bytes]
    ) -> tuple[Untrusted, ...]:
        refused = []
        for role, delegation in run.delegated().items():
            try:
                content = await self._role(run, delegation, saved.get(role))
            except Untrusted as error:
                refused.append(error)
                content = saved.get(role)
            if content is not None:
                state[role] = content
        return tuple(refused)

    async def _role(self, run: Verification, delegation: DelegatedRole, saved: bytes | None) -> bytes | None:
        role = delegation.name
        file = run.file_of(role)
        if file is None:
            return None  # delegated, and has not published anything yet
        content = saved if saved is not None and _is_file(saved, file) else None
        if content is None:
            try:
                content = await self._read_metadata(role, file, TARGETS_BYTES)
            except SourceFailed as error:
                raise Untrusted(Fault.NOT_FETCHED, role, N_("not fetched: {why}"), why=error) from error
        run.add_delegated(delegation, content)
        return content

    async def _read_metadata(self, role: str, file: MetaFile, limit: int) -> bytes:
        length = min(limit, file.length) if file.length is not None else limit
        return await read(self._source, served_metadata(role, file.version), length)


def _was_timestamp(run: Verification, saved: bytes) -> bool:
    """Return whether a saved timestamp guards the next one; one that expired does."""
    try:
        run.add_timestamp(saved)
    except Untrusted as error:
        return error.fault is Fault.EXPIRED
    return True


def _was_snapshot(run: Verification, saved: bytes) -> bool:
    """Return whether a saved snapshot is still the present one; if not, it guards the next one."""
    try:
        run.add_snapshot(saved, saved=True)
    except Untrusted:
        return False
    return _is_file(saved, run.snapshot_file)


def _is_file(content: bytes, file: MetaFile) -> bool:
    try:
        file.verify_length_and_hashes(content)
    except LengthOrHashMismatchError:
        return False
    return file.hashes is not None


def _targets_in(state: Mapping[str, bytes]) -> dict[str, Target]:
    found: dict[str, Target] = {}
    for role, content in state.items():
        if role not in TOP_LEVEL:
            found |= targets_of(role, Metadata[Targets].from_bytes(content).signed)
    return found


def _news(
    run: Verification,
    before: Mapping[str, Target],
    after: Mapping[str, Target],
    refused: tuple[Untrusted, ...],
    damaged: bool,
) -> News:
    return News(
        root=run.root.version,
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(p for p in after.keys() & before.keys() if after[p] != before[p])),
        removed=tuple(sorted(before.keys() - after.keys())),
        refused=refused,
        expires=run.expires(),
        damaged=damaged,
    )
