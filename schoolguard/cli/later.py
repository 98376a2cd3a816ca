"""Commands that are loaded when they are asked for: one that sends an order loads nothing of the gateway.

It must not import any command; the table that it is given names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module

import click


class Later(MutableMapping[str, click.Command]):
    """The commands of a group by name; each stands in a module, as ``module:attribute``.

    More than one place: the first is a group, and the others are commands that belong into it.
    """

    def __init__(self, places: Mapping[str, str | tuple[str, ...]]) -> None:
        self._places = dict(places)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            self._loaded[name] = _loaded(self._places[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command
        self._places.setdefault(name, ())

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _loaded(places: str | tuple[str, ...]) -> click.Command:
    first, *more = map(_at, (places,) if isinstance(places, str) else places)
    if isinstance(first, click.Group):
        for each in more:
            first.add_command(each)
    return first


def _at(place: str) -> click.Command:
    module, _, attribute = place.partition(":")
    command = getattr(import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{place} is no command")
    return command
