"""Public lists that the publisher fetches for all its schools, as values."""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.hub.rollout.deciding import list_path
from schoolguard.hub.service.list_check import list_id
from schoolguard.hub.tuf.delegations import FETCHED
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.lists.model import Kind


@dataclass(frozen=True, slots=True)
class HubSubscription:
    """One list: what is fetched, its category (for the kind block), the licence that lets it be passed on."""

    wanted: Subscription
    category: str
    licence: str
    kind: Kind = Kind.BLOCK

    @property
    def path(self) -> str:
        """What it is called on its way through the stages."""
        return list_path(f"{FETCHED}/{self.wanted.id}")

    @property
    def list_id(self) -> str:
        """Its id in compiled layers."""
        return list_id(FETCHED, self.wanted.id)
