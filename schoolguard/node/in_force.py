"""What a gateway has put in force, as the control process sees it: settings, and lists opened when needed.

It must not put anything in force; it answers what passes, budgets and assertions ask of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from schoolguard.language import N_, Said
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.asserting import check_assertions
from schoolguard.node.pass_check import check_pass
from schoolguard.node.pass_model import Pass
from schoolguard.policy.clients import Clients
from schoolguard.policy.model import Group
from schoolguard.settings import Settings

_NOBODY = bytes(4)


class ListsUnreadable(Said):
    """The compiled lists cannot be read any more."""


class InForce:
    """Settings and the paths of the compiled lists; ``addresses_of`` returns the addresses of a MAC now."""

    def __init__(self, settings: Settings, addresses_of: Callable[[bytes], list[bytes]]) -> None:
        self.settings = settings
        self.paths: tuple[str, ...] = ()
        self._addresses_of = addresses_of
        self._opened: tuple[tuple[str, ...], Stack] = ((), Stack([]))

    def groups(self) -> list[Group]:
        """Return the groups of all schools."""
        return [group for school in self.settings.schools for group in school.groups]

    def group_of(self, device: bytes) -> Group | None:
        """Return the group of a device's key: a MAC, or an address where none is known."""
        clients = Clients(self.settings.schools)
        if len(device) in (4, 16):
            return clients.group_of(device)
        addresses = self._addresses_of(device) or [_NOBODY]
        return clients.group_of(addresses[0], device)

    def names_of_services(self) -> dict[str, frozenset[str]]:
        """Return the names of each service of the catalogue, by id."""
        return {id: service.names for id, service in self.settings.services.items()}

    def check_pass(self, asked: Pass) -> None:
        """Raise ``PassRefused`` for a pass that a lock or the law closes."""
        check_pass(asked, self.settings, self._stack(self.paths), time.time())

    def check_assertions(self, settings: Settings, paths: tuple[str, ...]) -> None:
        """Raise ``AssertionsBroken`` when new settings on new lists do not do what they assert."""
        if settings.assertions:
            check_assertions(settings, self._stack(paths).mask, time.time())

    def _stack(self, paths: tuple[str, ...]) -> Stack:
        if self._opened[0] != paths:
            try:
                self._opened = (paths, Stack([Snapshot.open(Path(path)) for path in paths]))
            except (SnapshotBroken, OSError) as error:
                raise ListsUnreadable(
                    N_("no compiled lists can be read: {problem}"), problem=error
                ) from error
        return self._opened[1]
