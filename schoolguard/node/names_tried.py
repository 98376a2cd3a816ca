"""The names that a change of policy is tried on: those asked for in the last days, or those of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.language import N_, Said
from schoolguard.node.asked import asked_names

MOST_BYTES = 64 << 20


def names_asked(state: Path) -> list[str]:
    """Return the names asked for in the days that are kept, in order; raises ``Said`` when there are none."""
    folder = state / "asked"
    try:
        names = sorted(asked_names(state))
    except OSError as error:
        raise Said(N_("{file}: {problem}"), file=folder, problem=error.strerror or error) from error
    if not names:
        msgid = N_(
            "no names asked for are kept in {folder} yet: let the gateway run for a while, or give"
            " --names FILE"
        )
        raise Said(msgid, folder=folder)
    return names


def names_in(path: Path, notes: list[Said]) -> list[str]:
    """Return the names of a file, one a line, in order; ``#`` begins a comment.

    Lines that are no name are counted in ``notes``. Raises ``Said`` when the file cannot be read or has none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Said(N_("{file}: {problem}"), file=path, problem=error.strerror or error) from error
    if len(content) > MOST_BYTES:
        raise Said(N_("{file}: larger than {most} MB"), file=path, most=MOST_BYTES >> 20)
    names, wrong = set(), []
    for number, line in enumerate(content.split(b"\n"), 1):
        text = line.partition(b"#")[0].strip()
        if text:
            try:
                names.add(to_ascii(text.decode("utf-8", "replace")))
            except InvalidName:
                wrong.append(number)
    if wrong:
        msgid = N_("{file}: {count} lines are no domain names, the first is line {line}")
        notes.append(Said(msgid, file=path, count=len(wrong), line=wrong[0]))
    if not names:
        raise Said(N_("{file}: there is no domain name in it"), file=path)
    return sorted(names)


def evenly(names: Sequence[str], most: int) -> list[str]:
    """Return at most ``most`` of the names, spread evenly over their order."""
    if len(names) <= most:
        return list(names)
    return [names[place * len(names) // most] for place in range(most)]
