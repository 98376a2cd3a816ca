"""The publisher's layers as they stand in the state folder: a base, at most one delta above it, a pointer.

It must not fetch. Files are named by what is in them and written beside first; the pointer changes by one
rename, and only when the gateway judges by the new layers. So a kill, a full disk or layers that this gateway
cannot use leave the former ones. Those that were replaced are kept for a while, so that going back needs no
network.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from schoolguard.language import N_
from schoolguard.lists.archive import sync_folder, write_synced
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.request import Joining, joining_to_json
from schoolguard.lists.stack import Stack
from schoolguard.node.compiling import CompileFailed, run_child
from schoolguard.node.province_chain import Layer
from schoolguard.node.province_kept import Installed, KeptLayers
from schoolguard.node.province_unpacking import PACKED, LayerRefused, is_layer, layer_file, unpacked
from schoolguard.settings import Settings

FORMAT = "schoolguard-province/1"
_log = logging.getLogger("schoolguard.publisher")

_NAME = re.compile(r"[0-9a-f]{64}(?:-[0-9a-f]{64})?\.(?:layer|joined)\Z")

_FITS = N_("the layers make the state {found} and not {wanted}")


class ProvinceLayers:
    """The folder ``state/province/layers`` of one gateway; one process at a time writes there.

    ``kept`` sets that were in force before stay.
    """

    def __init__(self, folder: Path, kept: int = 2) -> None:
        self._folder = folder
        self._pointer = folder / "current.json"
        self.kept = KeptLayers(folder, kept)

    def installed(self) -> Installed | None:
        """Return what was put in force last, if its files are there."""
        try:
            found = json.loads(self._pointer.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
            return None
        names = [found.get(member) for member in ("base", "delta", "state")]
        if len(found) != len(names) or not all(isinstance(name, str) for name in names):
            return None
        layers = Installed(*map(str, names))
        whole = all(_NAME.match(name) and (self._folder / name).is_file() for name in layers.files)
        return layers if whole else None

    def paths(self, layers: Installed | None) -> tuple[str, ...]:
        """Return the files of layers, lowest first."""
        if layers is None:
            return ()
        return tuple(str(self._folder / name) for name in layers.files)

    def ready(self) -> tuple[str, ...]:
        """Return the files in force last, each byte checked; damaged ones are forgotten, and come anew."""
        try:
            layers = self.installed()
            if layers is None or self._is_whole(layers):
                return self.paths(layers)
            self._pointer.unlink()
            self.discard(layers)
        except OSError as error:
            _log.error("the publisher's layers cannot be read", extra={"problem": str(error)})
        return ()

    def _is_whole(self, layers: Installed) -> bool:
        try:
            self.check(layers)
        except SnapshotBroken as error:
            _log.error("the publisher's layers are damaged", extra={"problem": str(error)})
            return False
        return True

    def has(self, layer: Layer) -> bool:
        """Return whether a layer stands here unpacked, its content intact."""
        path = self._folder / layer_file(layer)
        try:
            return path.is_file() and is_layer(path, layer)
        except SnapshotBroken:
            return False

    def unpack(self, packed: Path, layer: Layer) -> None:
        """Put a fetched layer here; raises ``LayerRefused``, ``SnapshotBroken`` and ``OSError``."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._folder / "unpacking"
        try:
            with packed.open("rb") as stream, partial.open("wb") as file:
                for chunk in unpacked(stream, layer.target.path):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if not is_layer(partial, layer):
                raise LayerRefused("wrong-content", PACKED, path=layer.target.path, word="wrong-content")
            partial.replace(self._folder / layer_file(layer))
            sync_folder(self._folder)
        finally:
            partial.unlink(missing_ok=True)

    async def joined(self, way: Sequence[Layer], former: Installed | None) -> Installed:
        """Return layers that are whole, made of unpacked ones, which go on from ``former`` or begin anew.

        Deltas are laid together in a child process; when they hold too much for one delta, with the base.
        Raises ``CompileFailed``.
        """
        files = [layer_file(layer) for layer in way]
        if way[0].follows and former is not None:
            files = [*former.files, *files]
        base, *deltas = files
        state = way[-1].state
        if len(deltas) <= 1:
            return Installed(base, "".join(deltas), state)
        started = base.partition(".")[0].partition("-")[0]
        try:
            return Installed(base, await self._join(deltas, f"{started}-{state}.joined"), state)
        except CompileFailed:
            return Installed(await self._join(files, f"{state}.joined"), "", state)

    def check(self, layers: Installed) -> None:
        """Read every byte of layers and their place in the chain; raises ``SnapshotBroken``."""
        stack = Stack.open([Path(path) for path in self.paths(layers)])
        states = [layer.state for layer in stack.layers]
        if states != [layers.state]:
            raise SnapshotBroken(_FITS.format(found=", ".join(states), wanted=layers.state))

    def commit(self, layers: Installed) -> None:
        """Make layers, which are in force, those of the next start; raises ``OSError``."""
        text = json.dumps({"format": FORMAT, **asdict(layers)}, sort_keys=True, separators=(",", ":"))
        write_synced(self._pointer, text.encode())

    def collect(self, *kept: Installed) -> None:
        """Delete everything but the files of the layers ``kept`` and of the sets to go back to."""
        wanted = (*kept, *(each.layers for each in self.kept.sets()))
        names = {self._pointer.name, *KeptLayers.NAMES, *(name for each in wanted for name in each.files)}
        for path in self._folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)  # a child that was killed left it
            elif path.name not in names:
                path.unlink()

    def discard(self, layers: Installed) -> None:
        """Delete the files of layers that turned out damaged, unless they are those in force or kept."""
        others = (self.installed(), *(each.layers for each in self.kept.sets() if each.layers != layers))
        kept = {path for each in others for path in self.paths(each)}
        for path in set(self.paths(layers)) - kept:
            Path(path).unlink(missing_ok=True)

    async def _join(self, names: Sequence[str], name: str) -> str:
        target = self._folder / name
        if not target.is_file():
            layers = tuple(self._folder / each for each in names)
            await run_child(joining_to_json(Joining(layers, target)))
        return name


def province_paths(settings: Settings) -> tuple[Path, ...]:
    """Return the publisher's layers that a gateway with these settings judges by, lowest first."""
    if settings.publisher is None:
        return ()
    return tuple(map(Path, ProvinceLayers(settings.paths.state / "province" / "layers").ready()))
