"""Who agreed to which content of a list: approvers' keys, and what the log says by them. It asks no time.

An approval is for one content, byte by byte. What was agreed to before a list was taken back counts no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from securesystemslib.signer import Key

from schoolguard.hub.rollout.log import AGREE, ROLLBACK, TAKEN_BACK, Logged
from schoolguard.hub.tuf.keys import KeyRefused, read_public
from schoolguard.language import N_, Said

_TWICE = N_("approver {name!r} is named twice; each person has one key and one name")
_TOO_FEW = N_("{needed} people must agree and hub.yaml names {count} approvers")


class NoApprovers(Said):
    """The approvers' keys cannot be read, there are too few of them, or one person is there twice."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """What a log says; ``needed`` different keys must agree to one content."""

    logged: Sequence[Logged]
    needed: int

    def without(self, list_names: Collection[str]) -> Approvals:
        """Return them as they are when lists were taken back now, which the log will say."""
        return replace(self, logged=[each for each in self.logged if each.list not in list_names])

    def by(self, list_name: str, content: str) -> Mapping[str, str]:
        """Return who agreed to a content of ``PARTNER/LIST``, key's id and name, in their order."""
        found: dict[str, str] = {}
        for each in self.logged:
            if each.list not in (list_name, ""):
                continue
            if each.verb in (ROLLBACK, TAKEN_BACK):
                found.clear()
            elif each.verb == AGREE and each.content == content:
                found.setdefault(each.keyid, each.by)
        return found

    def people(self, list_name: str, content: str) -> tuple[str, ...]:
        """Return the names of those who agreed to a content of ``PARTNER/LIST``, in their order."""
        return tuple(self.by(list_name, content).values())

    def agreed(self, list_name: str, content: str) -> bool:
        """Return whether enough agreed."""
        return len(self.people(list_name, content)) >= self.needed


def read_approvers(paths: Iterable[Path], needed: int) -> Mapping[str, Key]:
    """Return the public keys of files by id; raises ``NoApprovers``."""
    try:
        found = list(map(read_public, paths))
    except KeyRefused as error:
        raise NoApprovers(N_("an approver's key: {why}"), why=error) from error
    keys: dict[str, Key] = {}
    names: set[str] = set()
    for each in found:
        if each.keyid in keys or each.name in names:
            raise NoApprovers(_TWICE, name=each.name)
        names.add(each.name)
        keys[each.keyid] = each.key
    if keys and len(keys) < needed:
        raise NoApprovers(_TOO_FEW, needed=needed, count=len(keys))
    return keys
