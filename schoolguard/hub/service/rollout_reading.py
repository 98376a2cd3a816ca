"""``rollout`` in ``hub.yaml`` as values; every fault becomes a finding. It must not open a file."""

from __future__ import annotations

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.types import Fields
from schoolguard.hub.rollout.settings import Jumps, Pace, RolloutSettings
from schoolguard.hub.service import rollout_keys as keys
from schoolguard.intake.rollout.stages import Canaries
from schoolguard.intake.trust.names import is_partner_id
from schoolguard.language import N_


def rollout_of(fields: Fields, out: Collector) -> RolloutSettings:
    """Return the settings of the section."""
    pace = Pace(
        fields.value(keys.SHADOW), fields.value(keys.CANARY), fields.value(keys.APPROVE) == keys.ALWAYS
    )
    canaries = Canaries(
        frozenset(at.value for at in fields.value(keys.GATEWAYS) or ()),
        frozenset(at.value for at in fields.value(keys.SCHOOLS) or ()),
        round(fields.value(keys.SHARE) * 1000),
    )
    jumps = _jumps(fields)
    named = len(canaries.gateways) + len(canaries.schools)
    watched = jumps.growth is not None or jumps.requests is not None
    if watched and not canaries.share and 0 < named < jumps.gateways:
        msgid = N_("{named} canaries are named; a jump in {gateways} gateways cannot be seen among them")
        wrong = Wrong(msgid, named=named, gateways=jumps.gateways, found=str(jumps.gateways))
        out.warning(fields.mark_of(keys.JUMP_GATEWAYS), wrong)
    partners = _partners(fields, pace, out)
    return RolloutSettings(
        pace, partners, canaries, fields.value(keys.THRESHOLD), fields.value(keys.KEPT), jumps
    )


def _partners(fields: Fields, pace: Pace, out: Collector) -> dict[str, Pace]:
    found: dict[str, Pace] = {}
    for at in fields.value(keys.PARTNERS) or ():
        if (name := at.value.given(keys.PARTNER)) is None:
            continue  # it is missing, which was said
        if not is_partner_id(name.value) or name.value in found:
            out.error(
                name.mark, Wrong(N_("this is no partner's name, or it stands here twice"), found=name.value)
            )
        found[name.value] = _own(at.value, pace)
    return found


def _own(fields: Fields, pace: Pace) -> Pace:
    shadow, canary = (fields.given(key) for key in (keys.OWN_SHADOW, keys.OWN_CANARY))
    approve = fields.given(keys.OWN_APPROVE)
    return Pace(
        pace.shadow if shadow is None else shadow.value,
        pace.canary if canary is None else canary.value,
        pace.always if approve is None else approve.value == keys.ALWAYS,
    )


def _jumps(fields: Fields) -> Jumps:
    growth, requests = fields.value(keys.JUMP), fields.value(keys.JUMP_REQUESTS)
    return Jumps(
        None if isinstance(growth, str) else growth,
        fields.value(keys.JUMP_FLOOR),
        None if isinstance(requests, str) else requests,
        fields.value(keys.JUMP_QUERIES),
        fields.value(keys.JUMP_GATEWAYS),
        fields.value(keys.JUMP_WATCH),
    )
