"""The publisher's own role: the layers that it compiled, signed on this machine.

It must not compile. Its key is its own, neither the snapshot's nor the timestamp's: who steals those cannot
change a layer, and who steals this one cannot hide it from a gateway that compiles for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from securesystemslib.signer import Signer
from tuf.api.metadata import Targets

from schoolguard.hub.tuf.accepting import Accepted, accept_partner_metadata
from schoolguard.hub.tuf.drafts import coming_targets
from schoolguard.hub.tuf.lifetimes import PARTNER
from schoolguard.hub.tuf.placing import place_target
from schoolguard.hub.tuf.repository import Repository
from schoolguard.hub.tuf.signing import File, signed_targets
from schoolguard.intake.trust.names import COMPILED


def draft_compiled(
    repository: Repository,
    files: Mapping[str, File],
    signers: Sequence[Signer],
    now: float,
    *,
    keep: Iterable[str] = (),
) -> Accepted:
    """Sign and bring in compiled files for the next publishing; ``keep`` names those that stay as they are.

    Judged as a partner's metadata are; raises ``PushRefused``, ``RepositoryFailed``, ``OSError``.
    """
    own = [signer for signer in signers if signer.public_key.keyid in _keyids(coming_targets(repository))]
    content = signed_targets(repository.published_bytes(COMPILED), files, own, now, PARTNER, keep=keep)
    accepted = accept_partner_metadata(repository, COMPILED, content, now)
    for target in accepted.missing:
        place_target(repository, target, files[target.path].path)
    return accepted


def _keyids(targets: Targets) -> list[str]:
    roles = targets.delegations.roles or {} if targets.delegations is not None else {}
    return roles[COMPILED].keyids if COMPILED in roles else []
