"""Targets that another rule of the same layer and verb holds already. It looks at one group at a time."""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.config.finding import Wrong
from schoolguard.config.hearing import Hearing, Remark, Said, holds_within, opposite
from schoolguard.config.rules import with_parents
from schoolguard.language import N_
from schoolguard.policy.rule import Verb


def covered(said: Said, hearing: Hearing) -> Remark | None:
    """Return what to say of a target that another of its layer and verb holds already."""
    for other in _wider(said, hearing):
        if _covers(other, said, hearing):
            place = other.aim.mark
            msgid = N_("{higher} ({path}:{line}) covers this already")
            found, higher = str(said.aim.target), str(other.aim.target)
            return Remark(Wrong(msgid, higher=higher, path=place.path, line=place.line, found=found))
    return None


def _wider(said: Said, hearing: Hearing) -> Iterator[Said]:
    if said.aim.categories:
        yield from hearing.of_category(said.aim.categories)
    elif said.aim.names:
        for parent in with_parents(min(said.aim.names)):
            yield from hearing.named(parent)


def _covers(other: Said, said: Said, hearing: Hearing) -> bool:
    mine, theirs = said.rule.value, other.rule.value
    if other.aim is said.aim or (mine.layer, mine.verb, mine.shadow) != (
        theirs.layer,
        theirs.verb,
        theirs.shadow,
    ):
        return False
    if mine.verb is Verb.ALLOW_ONLY and other.rule is not said.rule:
        return False
    groups, wider = hearing.hearers(said.rule), hearing.hearers(other.rule)
    if not (holds_within(mine, theirs) and groups <= wider and _holds_names(other, said, hearing)):
        return False
    equal = groups == wider and holds_within(theirs, mine) and other.aim.names == said.aim.names
    return not equal or (other.aim.mark, id(other.aim)) < (said.aim.mark, id(said.aim))


def _holds_names(other: Said, said: Said, hearing: Hearing) -> bool:
    """Return whether each name is held by a higher one, with nothing between that says the opposite."""
    for name in said.aim.names:
        for parent in with_parents(name):
            if parent in other.aim.names:
                break
            for between in hearing.named(parent):
                rule = between.rule.value
                if rule.layer is said.rule.value.layer and opposite(rule, said.rule.value):
                    return False
        else:
            return False
    return True
