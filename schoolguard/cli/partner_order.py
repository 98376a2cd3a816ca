"""``schoolguard partner order``: an order written, signed, pushed; the publisher's receipt shown.

The work is ``hub.service.issuing``'s and ``send``'s.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click
from securesystemslib.signer import CryptoSigner

from schoolguard.cli.options import Failed, json_option, language_option
from schoolguard.cli.partner_options import folder_option, os_error, passphrase_option, prompt, sender_of
from schoolguard.hub.push.asking import Sender, connection
from schoolguard.hub.push.home import Home, NoHome, codes_of, open_home, reasons_of
from schoolguard.hub.push.sending import SendFailed, send
from schoolguard.hub.service.catching_up import catch_up
from schoolguard.hub.service.issuing import (
    CannotIssue,
    accepted,
    issue,
    kept_order,
    lifting,
    next_sequence,
    scope_in,
    seconds_in,
    targets_in,
)
from schoolguard.hub.tuf.keys import KeyRefused, read_signer
from schoolguard.hub.tuf.passphrases import NoPassphrase, read_passphrase
from schoolguard.hub.tuf.repository import RepositoryFailed
from schoolguard.intake.orders.canonical import VIET_NAM
from schoolguard.intake.orders.order import Order
from schoolguard.intake.orders.reading import OrderRefused
from schoolguard.language import N_, Translate, translator

_ERRORS = (
    *(NoHome, KeyRefused, NoPassphrase, SendFailed),
    *(CannotIssue, OrderRefused, RepositoryFailed),
)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

BEHIND = "version-not-newer"
"""The publisher's word for metadata that are no newer than those it has."""

_NEEDED = N_("{option} is needed for a new order")
_FEW = N_("an order closes names or lifts another order: give --names or --lift")


async def send_order(
    home: Home, order: Order, signers: Sequence[CryptoSigner], sender: Sender, now: float
) -> bytes:
    """Sign an order with every key, push it, and return the publisher's receipt.

    What the partner published last is only asked when the publisher says that this folder is behind: an order
    must not wait for that. Raises ``OrderRefused``, ``SendFailed``, ``OSError``.
    """
    async with connection(sender) as http:
        issued = issue(home, order, signers, now)
        receipt = await send(issued.package, sender, http)
        behind = BEHIND in codes_of(receipt) and await catch_up(home, signers[0].public_key, http)
        if behind:
            issued = issue(home, order, signers, now)
            receipt = await send(issued.package, sender, http)
    if reasons_of(receipt)[0] == "accepted":
        accepted(home, issued)
    return receipt


@click.command("order")
@click.option("--names", multiple=True, help="NAME with all below it, =NAME alone, or @FILE; repeatable.")
@click.option(
    "--scope", "scopes", multiple=True, help="province (the default), commune:NAME or school:ID; repeatable."
)
@click.option("--authority", help="Who ordered it.")
@click.option("--legal-basis", help="The law or decision that it rests on.")
@click.option("--contact", help="Whom schools may ask.")
@click.option("--for", "span", default="7d", show_default=True, help="How long it holds: 12h, 7d, 4w.")
@click.option("--start", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="When it begins, Viet Nam's time.")
@click.option("--lift", help="Id of an order that ends; with --names only these names of it.")
@click.option("--id", "id_", help="The order's id; default the day and a random word.")
@click.option("--key", "more", multiple=True, type=_FILE, help="One more private key that signs; repeatable.")
@folder_option
@passphrase_option
@language_option
@json_option
def order_command(
    names: tuple[str, ...],
    scopes: tuple[str, ...],
    authority: str | None,
    legal_basis: str | None,
    contact: str | None,
    span: str,
    start: datetime | None,
    lift: str | None,
    id_: str | None,
    more: tuple[Path, ...],
    folder: Path,
    source: str,
    language: str,
    as_json: bool,
) -> None:
    """Order names closed, or lift an order; ends with exit code 1 when the publisher refuses it."""
    translate = translator(language)
    now = time.time()
    words = {"--authority": authority, "--legal-basis": legal_basis, "--contact": contact}
    try:
        home = open_home(folder)
        named = tuple(_names(names))
        id = id_ or f"{datetime.fromtimestamp(now, VIET_NAM):%Y%m%d}-{secrets.token_hex(4)}"
        sequence = next_sequence(home, now)
        if lift is not None:
            lifted = kept_order(home, lift)
            order = lifting(lifted, id, sequence, now, targets_in(named) if named else None)
        else:
            begin = int(start.replace(tzinfo=VIET_NAM).timestamp()) if start else int(now)
            order = _order(home, id, sequence, named, scopes, words, (begin, begin + seconds_in(span)))
        signers = _signers(home, more, source, translate)
        sender = sender_of(home, signers[0], translate)
        receipt = asyncio.run(send_order(home, order, signers, sender, now))
        told = reasons_of(receipt, translate)
    except _ERRORS as error:
        raise Failed(error, translate) from error
    except OSError as error:
        raise Failed(os_error(error), translate) from error
    _tell(order, receipt, told, translate, as_json)


def _order(
    home: Home,
    id: str,
    sequence: int,
    names: Sequence[str],
    scopes: Sequence[str],
    words: dict[str, str | None],
    times: tuple[int, int],
) -> Order:
    if not names:
        raise CannotIssue(_FEW)
    for option, value in words.items():
        if not value:
            raise CannotIssue(_NEEDED, option=option)
    authority, legal_basis, contact = (value or "" for value in words.values())
    scope = scope_in(scopes or ("province",))
    targets = targets_in(names)
    return Order(id, sequence, home.partner, authority, legal_basis, targets, scope, *times, contact)


def _names(options: Sequence[str]) -> Iterator[str]:
    for option in options:
        if not option.startswith("@"):
            yield from (name for name in option.replace(",", " ").split())
            continue
        for line in Path(option[1:]).read_text("utf-8").splitlines():
            yield from (name for name in [line.partition("#")[0].strip()] if name)


def _signers(home: Home, more: Sequence[Path], source: str, translate: Translate) -> list[CryptoSigner]:
    return [
        read_signer(key, read_passphrase(source, os.environ, lambda: prompt(translate, new=False)))
        for key in (home.key, *more)
    ]


def _tell(
    order: Order, receipt: bytes, told: tuple[str, list[str]], translate: Translate, as_json: bool
) -> None:
    _ = translate
    status, reasons = told
    if as_json:
        click.echo(receipt.decode())
    else:
        text = _("order {id} is published") if status == "accepted" else _("order {id} is refused:")
        click.echo(text.format(id=order.id))
        for reason in reasons:
            click.echo(f"  {reason}")
    if status != "accepted":
        raise SystemExit(1)
