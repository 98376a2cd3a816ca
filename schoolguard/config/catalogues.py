"""What the folder of lists holds beside lists: services, search engines, resolvers. It knows no school."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schoolguard.config import resolver_addresses, safe_search_keys
from schoolguard.config.finding import Collector, Mark, Wrong
from schoolguard.config.own_categories import Table
from schoolguard.config.resolver_addresses import resolver_addresses_of
from schoolguard.config.safe_search import engines_of
from schoolguard.config.services import services_of
from schoolguard.config.tree import is_file, is_folder
from schoolguard.dns.resolver_addresses import ResolverAddresses
from schoolguard.language import N_
from schoolguard.policy.model import Group
from schoolguard.policy.safe_search import Engines
from schoolguard.policy.services import Service


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The three; ``services`` is ``None`` when they could not all be read, so that none is called unknown."""

    services: Mapping[str, Service] | None = None
    engines: Engines = field(default_factory=Engines)
    resolver_addresses: ResolverAddresses = field(default_factory=ResolverAddresses)


def catalogues_of(blocklists: Path | None, table: Table, out: Collector) -> Catalogues:
    """Return what is in the folder of lists; a file that is not there is told of, here or by ``check``."""
    if blocklists is None or not is_folder(blocklists):
        return Catalogues()
    engines, addresses = Engines(), ResolverAddresses()
    if is_file(blocklists / safe_search_keys.FILE_NAME):
        engines = engines_of(blocklists, out)
    if is_file(blocklists / resolver_addresses.FILE_NAME):
        addresses = resolver_addresses_of(blocklists, out)
    else:
        msgid = N_(
            "the file is missing in {folder}: answers with a public resolver's address are not noticed"
        )
        out.warning(Mark(resolver_addresses.FILE_NAME, 0), Wrong(msgid, folder=str(blocklists)))
    before = out.failures
    services = services_of(blocklists, table, out)
    return Catalogues(services if out.failures == before else None, engines, addresses)


def check(groups: Iterable[Group], blocklists: Path, out: Collector) -> None:
    """Record safe search that is demanded and has no table, which would be for show."""
    if not is_folder(blocklists) or is_file(blocklists / safe_search_keys.FILE_NAME):
        return
    for group in groups:
        if group.safe_search.demanded:
            msgid = N_(
                "the file is missing in {folder}, and the group {group} must search safely: it would not"
            )
            wrong = Wrong(msgid, folder=str(blocklists), group=f"{group.school}/{group.name}")
            out.error(Mark(safe_search_keys.FILE_NAME, 0), wrong)
            return
