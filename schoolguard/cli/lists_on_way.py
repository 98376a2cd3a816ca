"""Where lists are on their way, what they would do and did, in sentences. It asks and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schoolguard.language import N_, Translate, said_of

_UNDER = "  "
_STAGES = {
    "coming": N_("coming"),
    "shadow": N_("in shadow"),
    "canary": N_("with canaries"),
    "all": N_("with all"),
    "passed": N_("passed"),
    "taken-back": N_("taken back"),
}


def preview_lines(found: dict[str, Any], translate: Translate) -> Iterator[str]:
    """Yield a preview in sentences."""
    _, asked = translate, found["asked"]
    stage = _(_STAGES[found["stage"]])
    told = {"version": found["version"], "stage": stage, "lists": ", ".join(found["lists"])}
    yield _("version {version}, {stage}: {lists}").format(**told)
    if found["blocks"] is not None:
        text = _(
            "would newly block {blocks} names and open {opens}; {learning} of them look like learning sites"
        )
        yield _UNDER + text.format(blocks=found["blocks"], learning=found["learning"], opens=found["opens"])
    yield _UNDER + _asked(asked, translate)
    for clash in found["clashes"]:
        names = ", ".join(clash["names"])
        text = _("clashes with well-known names ({code}): {names}")
        yield _UNDER + text.format(code=clash["code"], names=names)


def _asked(asked: dict[str, Any], translate: Translate) -> str:
    _ = translate
    few, answered = asked["threshold"], asked["answered"]
    if answered is None:
        return _("fewer than {few} gateways answered yet").format(few=few)
    if asked["asked-in"] is None:
        text = _("asked last week at fewer than {few} of {answered} gateways")
        return text.format(few=few, answered=answered)
    if not asked["asked-in"]:
        return _("asked last week at none of {answered} gateways").format(answered=answered)
    text = _(
        "asked last week at {gateways} of {answered} gateways: at least {names} and at most {most} names, "
        "of which at most {learning} look like learning sites"
    )
    return text.format(
        gateways=asked["asked-in"],
        answered=answered,
        names=asked["names-at-least"],
        most=asked["names-at-most"],
        learning=asked["learning-at-most"],
    )


def list_lines(lists: list[dict[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield where lists are, in sentences."""
    _ = translate
    for found in lists:
        for step in found["steps"]:
            stage = _(_STAGES[step["stage"]])
            digest = step["sha256"][:16] or _("the list goes")
            text = _("{list}: {stage} since {since}, {digest}")
            yield text.format(list=found["list"], stage=stage, since=step["since"], digest=digest)
            if step["held"]:
                yield _UNDER + _("held by the guardrails: {codes}").format(codes=", ".join(step["held"]))
            if step["people-needed"]:
                people = ", ".join(step["agreed"]) or "-"
                text = _("{needed} more must agree; so far: {people}")
                yield _UNDER + text.format(needed=step["people-needed"], people=people)
        if found["taken-back"]:
            yield _UNDER + _back(found["taken-back"], translate)
        if found["due"]:
            yield _UNDER + _("goes on at {time}").format(time=found["due"])


def effect_lines(effects: list[dict[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield how blocking changed in gateways."""
    _ = translate
    for each in effects:
        if each["gateways"] is None:
            yield _("version {version}: too few gateways told how much is blocked").format(**each)
            continue
        text = _(
            "version {version}: told by {gateways} gateways; blocking jumped in {blocking}, "
            "requests to open names in {requests}"
        )
        told = {"blocking": each["blocking-jumped"], "requests": each["requests-jumped"]}
        yield text.format(**each, **told)


def version_lines(found: list[dict[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield versions, one a line, with why one was taken back below it."""
    _ = translate
    for each in found:
        told = {**each, "stage": _(_STAGES[each["stage"]]), "lists": ", ".join(each["lists"]) or "-"}
        text = _("{version}: {time}, {names} names, {bytes} bytes, {stage} since {since}: {lists}")
        yield text.format(**told)
        if each["of"]:
            yield _UNDER + _("the contents of version {of} again").format(**each)
        if each["reason"]:
            yield _UNDER + _why(each, translate)


def _back(found: dict[str, Any], translate: Translate) -> str:
    text = translate(N_("taken back at {at}: {reason}"))
    return text.format(at=found["at"], reason=_why(found, translate))


def _why(found: dict[str, Any], translate: Translate) -> str:
    """Return a reason in the reader's language where that is known, else in English."""
    try:
        return said_of(found.get("said")).say(translate)
    except ValueError:
        return str(found["reason"])
