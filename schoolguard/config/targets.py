"""What a rule may name: a service, a category, a domain name. It must not say what the rule does with it."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass
from enum import StrEnum

from schoolguard.config.domains import NameType
from schoolguard.config.finding import At, Collector, Mark, Wrong, nearest
from schoolguard.config.nodes import Mapping, Node, Scalar
from schoolguard.config.own_categories import Table
from schoolguard.config.types import Schema, TextType
from schoolguard.language import N_
from schoolguard.policy.services import Service

_ACCEPTED = "service:zalo, category:games, example.vn"
_NAME = NameType()


class TargetKind(StrEnum):
    """What a target is; a service and a category are written behind their kind and a colon."""

    NAME = "name"
    SERVICE = "service"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Target:
    """One target: a name in text shape with all below it, a service's id, or a category's name."""

    kind: TargetKind
    value: str

    def __str__(self) -> str:
        return self.value if self.kind is TargetKind.NAME else f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Targets:
    """What a rule's targets come to.

    ``names`` are the single names and the services' own; ``needs`` what the services need besides, which
    only an allow takes; ``categories`` a mask, sealed ones included; ``services`` ids in the rule's order.
    """

    names: frozenset[str]
    categories: int
    services: tuple[str, ...]
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TargetType(TextType[Target]):
    """``service:ID``, ``category:NAME``, or a domain name."""

    @property
    def label(self) -> str:
        """What may be written."""
        return "`service:ID`, `category:NAME` or domain name"

    def read(self, node: Node, out: Collector) -> Target:
        """Return the target; a space behind the colon makes YAML read a section, which is told."""
        if isinstance(node, Mapping) and len(node.entries) == 1:
            (key, value) = node.entries[0]
            if isinstance(value, Scalar) and (kind := _kind(key.text)) is not None:
                raise Wrong(
                    N_("write no space behind the colon"),
                    found=f"{key.text}: {value.text}",
                    suggestion=f"{kind}:{value.text}",
                )
        # Not super(): a slotted dataclass is a new class, which a bare super() does not know.
        return TextType.read(self, node, out)

    def parse(self, text: str) -> Target:
        """Return the target of a text."""
        head, colon, rest = (part.strip() for part in text.partition(":"))
        if not colon or rest.startswith("//") or "." in head:
            return Target(TargetKind.NAME, _NAME.parse(text))
        if head not in (TargetKind.SERVICE, TargetKind.CATEGORY):
            kind = _kind(head)
            raise Wrong(
                N_("this is neither a service, a category nor a domain name"),
                found=text,
                accepted=_ACCEPTED,
                suggestion=f"{kind}:{rest}" if kind and rest else None,
            )
        if not rest:
            raise Wrong(N_("the name behind the colon is missing"), found=text, accepted=_ACCEPTED)
        return Target(TargetKind(head), rest)

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "minLength": 1, "maxLength": 300}


def _kind(word: str) -> str | None:
    return nearest(word, (TargetKind.SERVICE, TargetKind.CATEGORY))


def resolve(
    targets: tuple[At[Target], ...], services: Map[str, Service], table: Table, out: Collector
) -> Targets:
    """Return what the targets come to; unknown services and categories and repetitions are recorded."""
    seen: set[Target] = set()
    names: set[str] = set()
    found: list[Service] = []
    categories: list[At[str]] = []
    for target, mark in targets:
        if target in seen:
            out.warning(mark, Wrong(N_("this stands twice"), found=str(target)))
            continue
        seen.add(target)
        if target.kind is TargetKind.CATEGORY:
            categories.append(At(target.value, mark))
        elif target.kind is TargetKind.SERVICE:
            if (service := _service(target.value, mark, services, out)) is not None:
                found.append(service)
        elif _is_name(target.value, mark, services, table, out):
            names.add(target.value)
    return Targets(
        frozenset(names.union(*(service.names for service in found))),
        table.mask(categories, out),
        tuple(service.id for service in found),
        frozenset().union(*(service.needs for service in found)),
    )


def _service(wanted: str, mark: Mark, services: Map[str, Service], out: Collector) -> Service | None:
    if (service := services.get(wanted)) is not None:
        return service
    if not services:
        msgid = N_("there is no catalogue of services: the folder paths.blocklists has no services/*.yaml")
        out.error(mark, Wrong(msgid, found=f"service:{wanted}"))
        return None
    called = {service.name: service.id for service in services.values()}
    meant = called.get(wanted) or nearest(wanted, tuple(services))
    suggestion = f"service:{meant}" if meant else None
    out.error(mark, Wrong(N_("unknown service"), found=f"service:{wanted}", suggestion=suggestion))
    return None


def _is_name(name: str, mark: Mark, services: Map[str, Service], table: Table, out: Collector) -> bool:
    """Return whether a name may stand: without a dot it is a top level, and hardly ever meant."""
    if "." in name:
        return True
    if name in services:
        wrong = Wrong(
            N_("a service is written with service: before it"), found=name, suggestion=f"service:{name}"
        )
        out.error(mark, wrong)
        return False
    if name in table.by_name:
        wrong = Wrong(
            N_("a category is written with category: before it"), found=name, suggestion=f"category:{name}"
        )
        out.error(mark, wrong)
        return False
    near = nearest(name, tuple(services))
    msgid = N_("this is a top-level domain: it stands for every name that ends in .{name}")
    out.warning(mark, Wrong(msgid, name=name, suggestion=f"service:{near}" if near else None))
    return True
