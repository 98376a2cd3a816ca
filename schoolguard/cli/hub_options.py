"""What the commands of ``schoolguard hub`` that deal with keys share: the folder, passphrases, ways to
fail."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from securesystemslib.signer import CryptoSigner

from schoolguard.cli.options import EXIT_CONFIGURATION, Failed
from schoolguard.config.finding import ConfigError
from schoolguard.hub.service.reading import read_hub
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.tuf.keys import read_signers
from schoolguard.hub.tuf.passphrases import read_passphrase
from schoolguard.language import N_, Said, Translate

KEYS = "keys"
"""The folder of the online keys, below the publisher's."""

hub_option = click.option(
    "--hub",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("/var/lib/schoolguard/hub"),
    envvar="SCHOOLGUARD_HUB",
    show_default=True,
    help="The publisher's folder.",
)
passphrase_option = click.option(
    "--passphrase",
    "source",
    default="prompt",
    show_default=True,
    help="Where the passphrase comes from: prompt, fd:NUMBER or env:NAME.",
)


@contextmanager
def failing(translate: Translate) -> Iterator[None]:
    """End the command with exit code 1 and a sentence when keys, repository or disk refuse."""
    try:
        yield
    except Said as error:
        raise Failed(error, translate) from error
    except OSError as error:
        said = Said(N_("{path}: {why}"), path=error.filename, why=error.strerror)
        raise Failed(said, translate) from error


def secret(source: str, asked: str, translate: Translate, *, new: bool = False) -> bytes:
    """Return a passphrase; a new one that is typed is asked for twice."""

    def prompt() -> str:
        return str(click.prompt(translate(asked), hide_input=True, confirmation_prompt=new, err=True))

    return read_passphrase(source, os.environ, prompt)


def online_signers(hub: Path, source: str, translate: Translate) -> tuple[CryptoSigner, ...]:
    """Return what signs with the publisher's online keys."""
    return read_signers(hub / KEYS, secret(source, N_("Passphrase of the online keys"), translate))


def settings_of(folder: Path, translate: Translate) -> HubSettings:
    """Return what ``hub.yaml`` says; ends with exit code 2 and every error when it cannot be used."""
    try:
        return read_hub(folder, translate)
    except ConfigError as error:
        for finding in error.findings:
            click.echo(str(finding), err=True)
        sys.exit(EXIT_CONFIGURATION)


def clock() -> float:
    """Return the time in Unix seconds."""
    return time.time()
