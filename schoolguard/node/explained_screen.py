"""An explanation for people, on one screen, and for machines. It finds nothing out."""

from __future__ import annotations

from typing import Any

from dnslib import DNSRecord

from schoolguard.dns.rr import RCode, RRType, type_name
from schoolguard.language import N_, Translate
from schoolguard.node.explaining import Explained
from schoolguard.node.moment import moment_dict, moment_text
from schoolguard.node.saved_orders import order_dict, order_lines
from schoolguard.node.typed import device_text
from schoolguard.policy.explained import as_dict
from schoolguard.policy.plans import Plan
from schoolguard.policy.safe_search import YouTube
from schoolguard.policy.screen import lines
from schoolguard.policy.wording import printable

_OPTION_EDE = 15
_MOST_RECORDS, _MOST_TARGETS, _MOST_NOTES = 3, 3, 3
_MOST_TEXT = 160

_ON, _OFF = N_("on"), N_("off")


def explained_lines(explained: Explained, translate: Translate) -> list[str]:
    """Return it for people: whose plan, when, what it demands, the ranks, the answer."""
    _ = translate
    out = [
        _whom(explained, translate),
        moment_text(explained.asked.moment, explained.day, translate),
        _plan(explained, translate),
    ]
    out += [_("Note: {text}").format(text=note.say(translate)) for note in explained.notes[:_MOST_NOTES]]
    if explained.local:
        return [*out, _local(explained, translate), *_answer(explained, translate)]
    out += lines(explained.explanation, translate)
    out += order_lines(explained.orders, translate)
    out += [
        _("It leads to:") + " " + lines(target, translate)[0] for target in explained.targets[:_MOST_TARGETS]
    ]
    return out + _answer(explained, translate)


def explained_dict(explained: Explained) -> dict[str, Any]:
    """Return it as plain values for JSON."""
    asked, plan = explained.asked, explained.plan
    whom = asked.whom
    group = whom.group
    return {
        "client": whom.text if whom.named else None,
        "device": device_text(whom.mac) if whom.mac and whom.named else None,
        "moment": moment_dict(asked.moment, explained.day),
        "plan": {
            "school": whom.school.id,
            "group": group.name,
            "tier": group.tier.name,
            "block_answer": group.blocking.answer.value,
            "safe_search": plan.safe_search.on,
            "youtube": plan.safe_search.youtube.value,
            "exam": bool(plan.exams),
            "strip_ech": plan.strip_ech,
            "budgets_used_up": sorted(plan.spent),
        },
        "type": type_name(asked.qtype),
        "local": explained.local,
        "way_round": explained.way_round.word if explained.way_round is not None else None,
        **as_dict(explained.explanation),
        "orders": [order_dict(order) for order in explained.orders],
        "targets": [as_dict(target) for target in explained.targets],
        "answer": None if explained.reply is None else _answer_dict(explained.reply),
        "notes": [str(note) for note in explained.notes],
    }


def _whom(explained: Explained, translate: Translate) -> str:
    _ = translate
    whom = explained.asked.whom
    group, school = whom.group, whom.school
    tier = group.tier.label_vi if _("label_en") == "label_vi" else group.tier.label_en
    text = _("Group {group} ({tier}) of {school}, {commune}")
    if whom.named:
        text = _("{client} is in group {group} ({tier}) of {school}, {commune}")
    return text.format(
        client=whom.text, group=group.name, tier=tier, school=school.name, commune=school.commune
    )


def _plan(explained: Explained, translate: Translate) -> str:
    _ = translate
    plan = explained.plan
    youtube = plan.safe_search.youtube
    level = _(_OFF) if youtube is YouTube.OFF else youtube.value
    parts = [
        _("safe search {state}").format(state=_(_ON if plan.safe_search.on else _OFF)),
        _("YouTube restricted mode {level}").format(level=level),
        _("exam mode {state}").format(state=_(_ON if plan.exams else _OFF)),
    ]
    return _("Plan:") + " " + ", ".join([*parts, *_standing(plan, translate)])


def _standing(plan: Plan, translate: Translate) -> list[str]:
    """Return what is so of a plan only now: passes, used-up budgets."""
    _ = translate
    found = []
    if plan.passes is not None:
        found.append(_("passes in force: {count}").format(count=len(plan.passes.rules)))
    labels = [budget.label for budget in plan.budgets if budget.id in plan.spent]
    if labels:
        found.append(_("time used up: {budgets}").format(budgets=", ".join(labels)))
    return found


def _local(explained: Explained, translate: Translate) -> str:
    _ = translate
    name, way_round = printable(explained.explanation.name), explained.way_round
    if way_round is None:
        return _("{name}: such names are answered by this gateway itself, before any rank").format(name=name)
    label = way_round.label_vi if _("label_en") == "label_vi" else way_round.label_en
    text = _("{name}: a way round the filter, closed before any rank: {label}")
    return text.format(name=name, label=label)


def _answer(explained: Explained, translate: Translate) -> list[str]:
    _ = translate
    if explained.reply is None:
        return [_("Answer: whatever the upstream says (left out: --offline)")]
    answer = _answer_dict(explained.reply)
    out = [_("Answer:") + f" {answer['rcode']}"]
    if answer["ede"]:
        out[0] += f", EDE {answer['ede']['code']}: {answer['ede']['text']}"
    # What stands in the authority section says only how long a "no" may be kept.
    records = answer["records"][: answer["answers"]]
    out += [f"   {_short(record)}" for record in records[:_MOST_RECORDS]]
    if len(records) > _MOST_RECORDS:
        out[-1] += f" +{len(records) - _MOST_RECORDS}"
    return out


def _short(record: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in record)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _answer_dict(reply: bytes) -> dict[str, Any]:
    record = DNSRecord.parse(reply)
    ede = _ede_in(record)
    return {
        "rcode": RCode(record.header.rcode).name,
        "answers": len(record.rr),
        "records": [str(rr) for rr in (*record.rr, *record.auth)],
        "ede": None if ede is None else {"code": ede[0], "text": ede[1]},
    }


def _ede_in(record: DNSRecord) -> tuple[int, str] | None:
    for rr in record.ar:
        for option in rr.rdata if rr.rtype == RRType.OPT else ():
            if option.code == _OPTION_EDE:
                return int.from_bytes(option.data[:2]), option.data[2:].decode()
    return None
