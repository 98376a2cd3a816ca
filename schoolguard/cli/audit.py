"""``schoolguard audit``: prove that the audit log is whole, and show it. Reads files, needs no gateway."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import Failed, config, json_option, language_option, load_settings
from schoolguard.language import translator
from schoolguard.node.audit import CannotAudit, ChainBroken, audit_path, verify
from schoolguard.node.audit_chain import read_chain
from schoolguard.node.audit_entry import Entry
from schoolguard.node.local_time import clock_text


@click.group()
def audit() -> None:
    """Show who opened what and why; prove that nobody changed the record."""


@audit.command("verify")
@config
@language_option
@json_option
def verify_(folder: Path, language: str, as_json: bool) -> None:
    """Prove that no entry was changed, removed, inserted or moved."""
    _ = translate = translator(language)
    path = audit_path(load_settings(folder, translate).paths.state)
    try:
        verified = verify(path)
    except (ChainBroken, CannotAudit) as error:
        raise Failed(error, translate) from error
    if as_json:
        told = {"entries": verified.entries, "hash": verified.hash, "torn": verified.torn}
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(_("{path}: whole, {count} entries").format(path=path, count=verified.entries))
    click.echo(_("hash of the last entry: {hash}").format(hash=verified.hash))
    if verified.torn:
        text = _("{bytes} bytes of an entry that was never finished follow; the next entry moves them aside")
        click.echo(text.format(bytes=verified.torn))


@audit.command()
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@config
@language_option
@json_option
def show(last: int, folder: Path, language: str, as_json: bool) -> None:
    """Show the last entries, oldest first; from a log that was changed, those before the place."""
    _ = translate = translator(language)
    path = audit_path(load_settings(folder, translate).paths.state)
    found: deque[Entry] = deque(maxlen=last)
    failure = None
    try:
        found.extend(read_chain(path).entries())
    except (ChainBroken, CannotAudit) as error:
        failure = error
    for entry in found:
        click.echo(entry.line().decode().rstrip() if as_json else _line(entry))
    if not found and failure is None:
        click.echo(_("{path}: no entry yet").format(path=path), err=True)
    if failure is not None:
        raise Failed(failure, translate) from failure


def _line(entry: Entry) -> str:
    fields = {name: value for name, value in entry.fields.items() if value not in (None, [], "")}
    for name in ("names", "services", "category-bits"):  # what `allow` stands for; --json has them
        fields.pop(name, None)
    for name in ("from", "until"):
        if isinstance(fields.get(name), int):
            fields[name] = clock_text(fields[name], entry.time)
    words = " ".join(f"{name}={_word(value)}" for name, value in fields.items())
    return f"{entry.number:>5} {clock_text(entry.time)} {entry.action:<12} {entry.by}: {words}"


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and " " in value else str(value)
