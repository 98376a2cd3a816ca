"""Rules that a lock decides otherwise, wherever and whenever they hold. It looks at one group at a time."""

from __future__ import annotations

from schoolguard.config.finding import Wrong
from schoolguard.config.hearing import Hearing, Remark, Said, closes, holds_within, opposite
from schoolguard.config.rules import with_parents
from schoolguard.language import N_
from schoolguard.policy.rule import Verb


def beaten(said: Said, hearing: Hearing) -> Remark | None:
    """Return what to say of a target that a lock decides otherwise whenever its rule holds."""
    mine = said.rule.value
    if mine.verb is Verb.ALLOW_ONLY:
        return None
    deciding = [_lock(name, said, hearing) for name in sorted(said.aim.names)]
    if said.aim.categories:
        deciding.append(_category_lock(said, hearing))
    locks = [lock for lock in deciding if lock is not None and opposite(mine, lock.rule.value)]
    if not locks or len(locks) < len(deciding):
        return None
    lock = locks[0].rule.value
    msgid = N_("this has no effect: {owner} has locked {target} ({place}, {verb})")
    wrong = Wrong(
        msgid,
        owner=lock.owner,
        target=str(locks[0].aim.target),
        place=lock.place,
        verb=lock.verb.value,
        found=str(said.aim.target),
    )
    return Remark(wrong)


def _above(said: Said, other: Said) -> bool:
    """Return whether ``other`` is a lock that decides before ``said`` whenever that holds."""
    mine, theirs = said.rule.value, other.rule.value
    if not theirs.verb.locked or theirs.shadow or other.rule is said.rule:
        return False
    higher = theirs.layer < mine.layer or (theirs.layer is mine.layer and not mine.verb.locked)
    return higher and holds_within(mine, theirs)


def _lock(name: str, said: Said, hearing: Hearing) -> Said | None:
    """Return the lock that decides a name: the highest layer's, there the narrowest, closing ones first."""
    locks = [
        (other.rule.value.layer, depth, not closes(other.rule.value), other.rule.value.place, other)
        for depth, parent in enumerate(with_parents(name))
        for other in hearing.named(parent)
        if _above(said, other)
    ]
    return min(locks, key=lambda lock: lock[:4])[4] if locks else None


def _category_lock(said: Said, hearing: Hearing) -> Said | None:
    locks = [other for other in hearing.of_category(said.aim.categories) if _above(said, other)]
    return min(
        locks,
        key=lambda lock: (lock.rule.value.layer, not closes(lock.rule.value), lock.rule.value.place),
        default=None,
    )
