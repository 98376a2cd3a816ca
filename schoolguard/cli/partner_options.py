"""What a partner's commands share: their options, who sends, and how a receipt is told."""

from __future__ import annotations

import time
from pathlib import Path

import click
from securesystemslib.signer import CryptoSigner

from schoolguard.hub.push.asking import Sender
from schoolguard.hub.push.home import Home, reasons_of
from schoolguard.language import N_, Said, Translate

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("partner"),
    show_default=True,
    help="The partner's folder.",
)
passphrase_option = click.option(
    "--passphrase", "source", default="prompt", show_default=True, help="prompt, fd:NUMBER or env:NAME."
)


def sender_of(home: Home, signer: CryptoSigner, translate: Translate) -> Sender:
    """Return who sends for a partner; that the publisher is not reached is told on standard error."""

    def sign(content: bytes) -> bytes:
        return bytes.fromhex(signer.sign(content).signature)

    def waiting(why: str) -> None:
        text = translate(N_("the publisher is not reached ({why}); it is tried again"))
        click.echo(text.format(why=why), err=True)

    return Sender(home.publisher, home.partner, signer.public_key.keyid, sign, time.time, waiting=waiting)


def prompt(translate: Translate, *, new: bool) -> str:
    """Return a passphrase typed at the terminal, twice for a new one."""
    asked: str = click.prompt(translate(N_("Passphrase")), hide_input=True, confirmation_prompt=new, err=True)
    return asked


def os_error(error: OSError) -> Said:
    """Return an error of the disk as people read it."""
    return Said(N_("{path}: {why}"), path=error.filename or "-", why=error.strerror or str(error))


def tell(receipt: bytes, translate: Translate, as_json: bool) -> None:
    """Print a receipt; ends with exit code 1 for one that refuses."""
    _ = translate
    status, reasons = reasons_of(receipt, translate)
    if as_json:
        click.echo(receipt.decode())
    else:
        click.echo(_("accepted") if status == "accepted" else _("refused:"))
        for reason in reasons:
            click.echo(f"  {reason}")
    if status != "accepted":
        raise SystemExit(1)
