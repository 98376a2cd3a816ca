"""``schoolguard partner push``: a list in any format, packed, signed and sent."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import click
from securesystemslib.signer import CryptoSigner

from schoolguard.cli.options import Failed, json_option, language_option
from schoolguard.cli.partner_options import (
    folder_option,
    os_error,
    passphrase_option,
    prompt,
    sender_of,
    tell,
)
from schoolguard.hub.push.bundle import BundleHeader, Provenance
from schoolguard.hub.push.home import Home, NoHome, open_home, reasons_of
from schoolguard.hub.push.package import pack
from schoolguard.hub.push.reading import BundleReader
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.hub.push.sending import SendFailed, send
from schoolguard.hub.push.writing import apply, difference, entries_of_list, write_bundle
from schoolguard.hub.service.catching_up import catch_up
from schoolguard.hub.tuf.keys import KeyRefused, read_signer
from schoolguard.hub.tuf.lifetimes import PARTNER
from schoolguard.hub.tuf.passphrases import NoPassphrase, read_passphrase
from schoolguard.hub.tuf.signing import File, signed_targets
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.lists.formats import ListRefused
from schoolguard.lists.model import Report

_SHOWN = 5
_ERRORS = (NoHome, KeyRefused, NoPassphrase, SendFailed, BundleRefused)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--list", "list_id", required=True, help="The list's id.")
@click.option("--category", required=True, help="The category of its names.")
@click.option("--licence", required=True, help="The list's licence, as SPDX writes it where it can.")
@click.option("--format", "format_", default="auto", show_default=True, help="The file's format.")
@click.option("--by", help="Who put the names on the list.")
@click.option("--ref", help="The order or source that says so.")
@click.option(
    "--from",
    "kind",
    type=click.Choice(["order", "source", "report"]),
    default="source",
    show_default=True,
    help="What --ref is.",
)
@click.option("--review", type=click.DateTime(["%Y-%m-%d"]), help="When the names are looked at again.")
@click.option("--delta", is_flag=True, help="Send only what changed since the last push.")
@folder_option
@passphrase_option
@language_option
@json_option
def push(
    file: Path,
    list_id: str,
    category: str,
    licence: str,
    format_: str,
    by: str | None,
    ref: str | None,
    kind: str,
    review: datetime | None,
    delta: bool,
    folder: Path,
    source: str,
    language: str,
    as_json: bool,
) -> None:
    """Sign the list FILE and push it; ends with exit code 1 when the publisher refuses it."""
    translate = translator(language)
    now = int(time.time())
    made = None
    if by is not None and ref is not None:
        made = Provenance(by, kind, ref, now, int(review.timestamp()) if review else None)
    try:
        home = open_home(folder)
        passphrase = read_passphrase(source, os.environ, lambda: prompt(translate, new=False))
        signer = read_signer(home.key, passphrase)
        sender = sender_of(home, signer, translate)
        asyncio.run(catch_up(home, signer.public_key))
        base = home.base(list_id)
        header = BundleHeader(home.partner, list_id, category, licence, base.sequence + 1 if base else 1, now)
        report = Report(file.name, format_)
        whole, sent = _bundles(home, header, file, format_, made, delta, report)
        _tell_left_out(report, translate)
        metadata = _metadata(home, list_id, sent, signer, now)
        with home.package.open("wb") as out:
            pack(out, home.partner, now, metadata, [(f"lists/{home.partner}/{list_id}.sgl.zst", sent)])
        receipt = asyncio.run(send(home.package, sender))
        if reasons_of(receipt)[0] == "accepted":
            home.accepted(metadata, list_id, whole)
    except _ERRORS as error:
        raise Failed(error, translate) from error
    except ListRefused as error:
        raise Failed(Said(N_("{file} is no list: {why}"), file=file, why=str(error)), translate) from error
    except OSError as error:
        raise Failed(os_error(error), translate) from error
    tell(receipt, translate, as_json)


def _bundles(
    home: Home,
    header: BundleHeader,
    file: Path,
    format_: str,
    made: Provenance | None,
    delta: bool,
    report: Report,
) -> tuple[Path, Path]:
    """Write the whole bundle and the one to send, the same or a delta; return their paths."""
    whole, sent = home.folder / "whole.sgl.zst", home.folder / "sent.sgl.zst"
    provenances = [made] if made else []
    entries = entries_of_list(file, format_, 0 if made else None, report)
    with whole.open("wb") as out:
        write_bundle(out, header, provenances, entries)
    base = home.base(header.list) if delta else None
    if base is None:
        shutil.copyfile(whole, sent)
        return whole, sent
    with home.bundle(header.list).open("rb") as packed, sent.open("wb") as out:
        changes = list(difference(BundleReader(packed).entries(), iter(entries)))
        changed = BundleHeader(
            header.partner,
            header.list,
            header.category,
            header.licence,
            header.sequence,
            header.created,
            header.kind,
            base,
        )
        write_bundle(out, changed, provenances, changes)
    # As the publisher makes it of what it has: the next delta must be to the very same whole.
    with home.bundle(header.list).open("rb") as old, sent.open("rb") as sent_delta, whole.open("wb") as out:
        apply(old, sent_delta, out)
    return whole, sent


def _tell_left_out(report: Report, translate: Translate) -> None:
    """Say on standard error which lines of the file are no entries: what is left out closes nothing."""
    _ = translate
    if not report.refused:
        return
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(report.refused.items()))
    text = _("{count} lines of {file} are no entries and are not sent ({reasons}):")
    click.echo(text.format(count=sum(report.refused.values()), file=report.id, reasons=reasons), err=True)
    for each in report.first[:_SHOWN]:
        click.echo(f"  {each.line}: {each.reason}: {each.text}", err=True)


def _metadata(home: Home, list_id: str, sent: Path, signer: CryptoSigner, now: float) -> bytes:
    name = f"lists/{home.partner}/{list_id}.sgl.zst"
    previous = home.metadata
    before = json.loads(previous)["signed"]["targets"] if previous is not None else {}
    keep = [each for each in before if each != name]
    return signed_targets(previous, {name: File(sent)}, [signer], now, PARTNER, keep=keep)
