"""A configuration's own tests (``must-block``, ``must-allow``) as findings of ``schoolguard check``.

They are run on the lists as they are now; nothing is put in force and no gateway is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.config import Finding, Severity
from schoolguard.language import N_, Said, Translate
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.asserting import AssertionsBroken, check_assertions
from schoolguard.node.compiling import CompileFailed
from schoolguard.node.lists_aside import lists_aside
from schoolguard.settings import Settings

_LISTS = "lists.yaml"


def broken_tests(settings: Settings, now: float, translate: Translate) -> tuple[Finding, ...]:
    """Return an error for each test that fails, or one when they cannot be run; ``now`` is Unix seconds."""
    if not settings.assertions:
        return ()
    try:
        with lists_aside(settings, settings.paths.state) as stack:
            check_assertions(settings, stack.mask, now)
    except AssertionsBroken as error:
        return tuple(_findings(error, translate))
    except (CompileFailed, SnapshotBroken) as error:
        said = Said(N_("the tests cannot be run without lists: {reason}"), reason=error)
        text = said.say(translate)
        return (Finding(Severity.ERROR, _LISTS, 0, text, text=text),)
    return ()


def _findings(error: AssertionsBroken, translate: Translate) -> Iterator[Finding]:
    reasons = error.values["reasons"]
    assert isinstance(reasons, tuple)  # noqa: S101 - whoever raises it gives a tuple of them
    for reason in reasons:
        path, _, line = str(reason.values.get("place", ".")).rpartition(":")
        text = reason.say(translate).removeprefix(f"{path}:{line}: ")
        yield Finding(Severity.ERROR, path or ".", int(line or 0) if path else 0, text, text=text)
