"""``schoolguard partner init`` and ``status``: a partner's folder and key, and what became of a push."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import click

from schoolguard.cli.lists_on_way import list_lines
from schoolguard.cli.options import Failed, json_option, language_option
from schoolguard.cli.partner_options import (
    folder_option,
    os_error,
    passphrase_option,
    prompt,
    sender_of,
    tell,
)
from schoolguard.hub.push.home import NoHome, make_home, open_home, push_of
from schoolguard.hub.push.sending import SendFailed, receipt_of, rollout_of
from schoolguard.hub.tuf.keys import KeyRefused, new_key, read_signer
from schoolguard.hub.tuf.passphrases import NoPassphrase, read_passphrase
from schoolguard.language import N_, translator

_ERRORS = (NoHome, KeyRefused, NoPassphrase, SendFailed)


@click.command()
@click.argument("name")
@click.option("--publisher", required=True, help="The publisher's address, such as https://lists.example.vn.")
@folder_option
@passphrase_option
@language_option
def init(name: str, publisher: str, folder: Path, source: str, language: str) -> None:
    """Make the folder and the key of the partner NAME, and say what the publisher needs of it."""
    _ = translate = translator(language)
    try:
        passphrase = read_passphrase(source, os.environ, lambda: prompt(translate, new=True))
        home = make_home(folder, name, publisher)
        key = new_key(home.key.parent, name, passphrase)
    except _ERRORS as error:
        raise Failed(error, translate) from error
    except OSError as error:
        raise Failed(os_error(error), translate) from error
    click.echo(_("key {keyid} made; the private one never leaves this machine").format(keyid=key.keyid[:16]))
    public = home.key.with_name(f"{name}.pub.json")
    click.echo(_("hand {file} to the publisher, and read the key's id to each other").format(file=public))


@click.command()
@click.argument("name", required=False)
@folder_option
@passphrase_option
@language_option
@json_option
def status(name: str | None, folder: Path, source: str, language: str, as_json: bool) -> None:
    """Ask the publisher what became of the push NAME, or of the last one, and how far the lists are."""
    translate = translator(language)
    try:
        home = open_home(folder)
        passphrase = read_passphrase(source, os.environ, lambda: prompt(translate, new=False))
        signer = read_signer(home.key, passphrase)
        wanted = name if name is not None else push_of(home.package)
        sender = sender_of(home, signer, translate)
        code, receipt = asyncio.run(receipt_of(wanted, sender))
        if code == 202:
            _ = translate
            click.echo(_("it is being judged"))
            return
        if code != 200:
            raise SendFailed(N_("the publisher answered with status {status}"), status=code)
        lists = asyncio.run(rollout_of(sender))
    except _ERRORS as error:
        raise Failed(error, translate) from error
    except OSError as error:
        raise Failed(os_error(error), translate) from error
    if as_json:
        receipt = json.dumps(json.loads(receipt) | {"lists": lists}, ensure_ascii=False).encode()
    try:
        tell(receipt, translate, as_json)
    finally:
        for line in () if as_json else list_lines(lists, translate):
            click.echo(line)
