"""The files of a configuration folder: which are read, and which only look as if. It knows no key."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from schoolguard.config.finding import Collector, Mark, Wrong, nearest
from schoolguard.config.nodes import read_nodes
from schoolguard.config.source import read_text
from schoolguard.config.types import Fields, Section
from schoolguard.language import N_

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SUFFIXES = (".yaml", ".yml")


def is_folder(path: Path) -> bool:
    """Return whether a folder is there; no path is too odd to ask for."""
    return stat.S_ISDIR(_mode(path))


def is_file(path: Path) -> bool:
    """Return whether a regular file is there; no path is too odd to ask for."""
    return stat.S_ISREG(_mode(path))


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def read_section(folder: Path, name: str, section: Section, out: Collector) -> Fields | None:
    """Return the keys of one file, or ``None`` after recording why it has none that can be read."""
    text = read_text(folder / name, name, out)
    node = None if text is None else read_nodes(text, name, out)
    if node is None:
        return None
    try:
        return section.read(node, out)
    except Wrong as wrong:
        out.error(node.mark, wrong)
        return None


def yaml_files(folder: Path, within: str, out: Collector) -> Iterator[tuple[str, str]]:
    """Yield the id and the path within ``folder`` of each YAML file in the folder ``within``, by name."""
    for name in _entries(folder / within, within, out) or ():
        if not _is_yaml(name):
            continue
        stem, suffix = Path(name).stem, Path(name).suffix
        mark = Mark(f"{within}/{name}", 0)
        if suffix != ".yaml":
            out.error(mark, Wrong(N_("a file here ends in .yaml; rename this one")))
        elif len(stem) > 60 or not _ID.fullmatch(stem):
            msgid = N_("a file here is named in small letters, digits and hyphens")
            out.error(mark, Wrong(msgid, found=name, accepted="pa-tan.yaml"))
        else:
            yield stem, mark.path


def check_strays(folder: Path, known: Sequence[str], folders: Sequence[str], out: Collector) -> None:
    """Record the YAML files beside the ``known`` ones that nothing reads, such as ``tier.yaml``.

    ``folders`` are those within ``folder`` whose files are read.
    """
    for name in _entries(folder, ".", out) or ():
        if _is_yaml(name) and name not in known:
            meant = nearest(f"{Path(name).stem}.yaml", known)
            accepted = ", ".join((*known, *(f"{each}/*.yaml" for each in folders)))
            out.warning(
                Mark(name, 0), Wrong(N_("this file is not read"), accepted=accepted, suggestion=meant)
            )


def _is_yaml(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix in _SUFFIXES


def _entries(folder: Path, name: str, out: Collector) -> list[str] | None:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        msgid = N_("this folder cannot be read: {problem}")
        out.error(Mark(name, 0), Wrong(msgid, problem=error.strerror or str(error)))
        return None
