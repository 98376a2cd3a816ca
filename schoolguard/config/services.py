"""The service catalogue: ``services/*.yaml`` in the lists' folder. It must not say which rule uses what.

All files of the folder together are the catalogue; a school or province adds services in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from schoolguard.config import service_keys as keys
from schoolguard.config.finding import At, Collector, Mark, Wrong, nearest
from schoolguard.config.own_categories import Table
from schoolguard.config.rules import with_parents
from schoolguard.config.tree import is_folder, read_section
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.services import Breaks, Service

SERVICES_FOLDER = "services"


@dataclass(frozen=True, slots=True)
class _Read:
    """One entry as it stands in its file; ``refers`` are the ids in ``also`` and ``breaks``."""

    value: Service
    mark: Mark
    names: tuple[At[str], ...]
    also: frozenset[str]
    refers: tuple[At[str], ...]


class _Held(NamedTuple):
    """A name, where it stands, and whose it is."""

    name: str
    mark: Mark
    entry: _Read

    @property
    def id(self) -> str:
        return self.entry.value.id


def services_of(folder: Path, table: Table, out: Collector) -> dict[str, Service]:
    """Return the catalogue in ``services`` of a lists' folder by id; empty when there is no such folder.

    An entry with faults is kept with what is right in it, so that rules which name it are not called wrong.
    """
    found: dict[str, _Read] = {}
    for name in _files(folder, out):
        fields = read_section(folder, name, keys.SERVICES_FILE, out)
        given = fields.given(keys.SERVICES) if fields else None
        for item in given.value if given else ():
            if (entry := _entry(item.value, table, out)) is not None:
                _enter(entry, found, out)
    _check_refers(found, out)
    _check_names(found.values(), out)
    return {entry_id: entry.value for entry_id, entry in found.items()}


def _files(folder: Path, out: Collector) -> Iterator[str]:
    place = folder / SERVICES_FOLDER
    if not is_folder(place):
        return
    try:
        names = sorted(path.name for path in place.iterdir())
    except OSError as error:
        msgid = N_("this folder cannot be read: {problem}")
        out.error(Mark(SERVICES_FOLDER, 0), Wrong(msgid, problem=error.strerror or str(error)))
        return
    for name in names:
        path = f"{SERVICES_FOLDER}/{name}"
        if name.startswith("."):
            continue
        if name.endswith(".yaml"):
            yield path
        elif name.endswith(".yml"):
            out.error(Mark(path, 0), Wrong(N_("a file of services ends in .yaml; rename this one")))


def _entry(fields: Fields, table: Table, out: Collector) -> _Read | None:
    category = fields.given(keys.CATEGORY)
    known = bool(category and table.mask((category,), out))
    service_id = fields.given(keys.ID)
    if service_id is None:
        return None
    name, names = fields.given(keys.NAME), fields.given(keys.NAMES)
    needs, also = fields.given(keys.NEEDS), fields.given(keys.ALSO)
    breaks, refers = _breaks(fields)
    value = Service(
        service_id.value,
        name.value if name else service_id.value,
        category.value if category and known else "",
        frozenset(at.value for at in names.value) if names else frozenset(),
        breaks,
        frozenset(at.value for at in needs.value) if needs else frozenset(),
    )
    other = also.value if also else ()
    own = names.value if names else ()
    return _Read(value, service_id.mark, own, frozenset(at.value for at in other), (*other, *refers))


def _breaks(fields: Fields) -> tuple[tuple[Breaks, ...], tuple[At[str], ...]]:
    breaks, refers = [], []
    given = fields.given(keys.BREAKS)
    for item in given.value if given else ():
        vi, en = item.value.given(keys.BREAKS_VI), item.value.given(keys.BREAKS_EN)
        service = item.value.given(keys.BREAKS_SERVICE)
        if service is not None:
            refers.append(service)
        if vi is not None and en is not None:
            breaks.append(Breaks(vi.value, en.value, service.value if service else ""))
    return tuple(breaks), tuple(refers)


def _enter(entry: _Read, found: dict[str, _Read], out: Collector) -> None:
    first = found.setdefault(entry.value.id, entry)
    if first is not entry:
        msgid = N_("another service has this id ({path}:{line})")
        wrong = Wrong(msgid, path=first.mark.path, line=first.mark.line, found=entry.value.id)
        out.error(entry.mark, wrong)


def _check_refers(found: dict[str, _Read], out: Collector) -> None:
    for entry in found.values():
        for service, mark in entry.refers:
            if service == entry.value.id:
                out.error(mark, Wrong(N_("a service cannot name itself here"), found=service))
            elif service not in found:
                meant = nearest(service, tuple(found))
                out.error(mark, Wrong(N_("unknown service"), found=service, suggestion=meant))


def _check_names(entries: Iterable[_Read], out: Collector) -> None:
    """Record names that cover each other: superfluous within a service, wrong in two that do not say so."""
    holders: dict[str, list[_Held]] = {}
    for entry in entries:
        for name, mark in entry.names:
            if "." not in name:
                out.error(mark, Wrong(N_("this is a top-level domain, not a service's name"), found=name))
            holders.setdefault(name, []).append(_Held(name, mark, entry))
    for same in holders.values():
        for number, held in enumerate(same):
            for other in _covering(held, same[:number], holders):
                _check_covered(held, other, out)


def _covering(held: _Held, before: list[_Held], holders: dict[str, list[_Held]]) -> Iterator[_Held]:
    """Yield what holds the same name, earlier, or a name above it."""
    yield from before
    for higher in with_parents(held.name.partition(".")[2]):
        yield from holders.get(higher, ())


def _check_covered(held: _Held, other: _Held, out: Collector) -> None:
    if other.entry is held.entry:
        msgid = N_("{higher} (line {line}) covers this name already")
        out.warning(held.mark, Wrong(msgid, higher=other.name, line=other.mark.line, found=held.name))
    elif other.id not in held.entry.also and held.id not in other.entry.also:
        msgid = N_("the service `{other}` has {higher}; if the name belongs to both, add `also: [{other}]`")
        out.error(held.mark, Wrong(msgid, other=other.id, higher=other.name, found=held.name))
