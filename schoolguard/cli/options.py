"""What the commands share: their options, the ways they fail, and how they reach a running gateway.

The configuration's loader is loaded only when it is needed: a partner's command has none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from schoolguard.language import LANGUAGES, N_, Said, Translate, language_of, translator

if TYPE_CHECKING:
    from schoolguard.settings import Settings

EXIT_CONFIGURATION = 2
NO_SNAPSHOT = N_("there is no snapshot yet; run: schoolguard lists compile")


class Failed(click.ClickException):
    """Ends the command with exit code 1 and says why, in the reader's language."""

    def __init__(self, error: Said, translate: Translate) -> None:
        super().__init__(error.say(translate))
        self._translate = translate

    def show(self, file: IO[Any] | None = None) -> None:
        _ = self._translate
        text = _("Error: {message}").format(message=self.format_message())
        click.echo(text, file=file, err=file is None)


def _folder() -> Path:
    beside = Path("config")
    return beside if (beside / "schoolguard.yaml").is_file() else Path("/etc/schoolguard")


config = click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path),
    default=_folder,
    envvar="SCHOOLGUARD_CONFIG",
    show_default="./config, else /etc/schoolguard",
    help="Configuration folder.",
)
language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=lambda: language_of(os.environ),
    show_default="the locale's, else vi",
    help="Language of messages.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def ask(
    folder: Path, command: str, language: str, arguments: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the running gateway's answer to a command; ends with exit code 1 when none answers."""
    from schoolguard.node.commands import NoGateway, ask_gateway
    from schoolguard.node.starting import control_path

    translate = translator(language)
    try:
        return ask_gateway(control_path(load_settings(folder, translate)), command, language, arguments)
    except NoGateway as error:
        raise Failed(error, translate) from error


def load_settings(folder: Path, translate: Translate) -> Settings:
    """Return the configuration; ends with exit code 2 and every error when it cannot be used."""
    from schoolguard.config import ConfigError, load

    try:
        return load(folder, translate=translate).settings
    except ConfigError as error:
        for finding in error.findings:
            click.echo(str(finding), err=True)
        sys.exit(EXIT_CONFIGURATION)
