"""The ``schoolguard`` command: parses arguments and calls one function each; the work is done elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any

import click

from schoolguard import __version__
from schoolguard.config import ConfigError, Severity, findings, load
from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.dns.rr import type_number
from schoolguard.language import LANGUAGES, N_, Said, Translate, language_of, translator
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.rows import State
from schoolguard.log import start_log
from schoolguard.node.commands import NoGateway, ask_gateway
from schoolguard.node.compiling import CompileFailed, Compiler, Layers
from schoolguard.node.explaining import explain_name, explained_lines
from schoolguard.node.gateway import CannotStart, Gateway, Overrides, control_path
from schoolguard.node.listing import lookup_dicts, report_dicts, report_lines, state_words, why
from schoolguard.node.notify import Notify
from schoolguard.node.sockets import CannotListen
from schoolguard.node.watching import started_lines, verdict_line
from schoolguard.settings import Endpoint, Settings

EXIT_CONFIGURATION = 2
_NO_SNAPSHOT = N_("there is no snapshot yet; run: schoolguard lists compile")


class _Failed(click.ClickException):
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


_config = click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path),
    default=_folder,
    envvar="SCHOOLGUARD_CONFIG",
    show_default="./config, else /etc/schoolguard",
    help="Configuration folder.",
)
_language = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=lambda: language_of(os.environ),
    show_default="the locale's, else vi",
    help="Language of messages.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


class _Address(click.ParamType[Endpoint]):
    name = "ADDRESS@PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Endpoint:
        if isinstance(value, Endpoint):
            return value
        host, _, port = value.partition("@")
        try:
            number = int(port or "53")
            if not 0 < number < 65536:
                raise ValueError
            return Endpoint(str(ip_address(host)), number)
        except ValueError:
            self.fail(f"{value!r} is not ADDRESS@PORT, for example 127.0.0.1@53 or ::1@5353", param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="SchoolGuard %(version)s")
def main() -> None:
    """SchoolGuard, a filtering DNS proxy for schools."""


@main.command()
@_config
@click.option("--upstream", "upstreams", type=_Address(), multiple=True, help="Ask this instead; repeatable.")
@click.option("--watch", is_flag=True, help="Show each verdict on this terminal as it happens.")
@_language
def serve(folder: Path, upstreams: tuple[Endpoint, ...], watch: bool, language: str) -> None:
    """Run the gateway until it is told to end."""
    translate = translator(language)
    start_log("control")

    def started(settings: Settings) -> None:
        if watch:
            click.echo("\n".join(started_lines(settings, translate)))

    def show(verdict: Any) -> None:
        click.echo(verdict_line(verdict, translate))

    async def run() -> None:
        await Gateway(folder, Overrides(upstreams), Notify(), show if watch else None).run(started)

    try:
        asyncio.run(run())
    except ConfigError:
        _print_findings(folder, translate)
        sys.exit(EXIT_CONFIGURATION)
    except (CannotListen, CannotStart) as error:
        raise _Failed(error, translate) from error


@main.command()
@_config
@_language
@_json
def check(folder: Path, language: str, as_json: bool) -> None:
    """Check the configuration: every error and warning at once."""
    translate = translator(language)
    if as_json:
        found = findings(folder, translate)
        fields = ("severity", "path", "line", "message", "found", "accepted", "suggestion")
        rows = [{name: getattr(finding, name) for name in fields} for finding in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        errors = sum(finding.severity is Severity.ERROR for finding in found)
    else:
        errors = _print_findings(folder, translate)
    sys.exit(EXIT_CONFIGURATION if errors else 0)


def _print_findings(folder: Path, translate: Translate) -> int:
    """Print every finding and return how many are errors."""
    _ = translate
    found = findings(folder, translate)
    for finding in found:
        click.echo(str(finding), err=finding.severity is Severity.ERROR)
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    summary = _("{folder}: {errors} errors, {warnings} warnings")
    click.echo(summary.format(folder=folder, errors=errors, warnings=len(found) - errors), err=errors > 0)
    return errors


@main.command()
@click.argument("name")
@click.option("--client", required=True, help="The client's IP address.")
@click.option("--type", "rrtype", default="A", show_default=True, help="Query type.")
@click.option("--offline", is_flag=True, help="Do not ask the upstreams for an allowed name's answer.")
@_config
@_language
@_json
def explain(
    name: str, client: str, rrtype: str, offline: bool, folder: Path, language: str, as_json: bool
) -> None:
    """Say why NAME is blocked or allowed for a client, and what it would be answered."""
    translate = translator(language)
    settings = _load(folder, translate)
    try:
        address, number, question = _address(client), _type(rrtype), _name(name)
        explained = asyncio.run(explain_name(settings, question, number, address, offline))
    except Said as error:
        raise _Failed(error, translate) from error
    except SnapshotBroken as error:
        if Compiler(settings.paths.state).ready() is None:
            raise _Failed(Said(_NO_SNAPSHOT), translate) from error
        said = Said(N_("no compiled lists can be read: {problem}"), problem=error)
        raise _Failed(said, translate) from error
    if as_json:
        click.echo(json.dumps(explained.as_dict(), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(explained_lines(explained, translate)))


def _address(text: str) -> bytes:
    try:
        return ip_address(text).packed
    except ValueError as error:
        msgid = N_("{text!r} does not appear to be an IPv4 or IPv6 address")
        raise Said(msgid, text=text) from error


def _type(text: str) -> int:
    try:
        return type_number(text)
    except ValueError as error:
        msgid = N_("{text!r} is not a record type: write its name (A, AAAA, HTTPS) or TYPE and its number")
        raise Said(msgid, text=text) from error


def _name(text: str) -> str:
    try:
        return to_ascii(text)
    except InvalidName as error:
        msgid = N_("{text!r} is not a domain name ({reason})")
        raise Said(msgid, text=text, reason=error.reason) from error


@main.command()
@_config
@_language
def reload(folder: Path, language: str) -> None:
    """Make the running gateway read its configuration and lists anew."""
    _ = translate = translator(language)
    answer = _ask(folder, "reload", language)
    if not answer["ok"]:
        for error in answer["errors"]:
            click.echo(error, err=True)
        raise _Failed(Said(N_("reload refused; the gateway goes on as before")), translate)
    told = _("in force: generation {generation}, {names} names")
    click.echo(told.format(generation=answer["generation"], names=answer["names"]))
    for each in answer["lists"]:
        state = State(each["state"])
        if state is not State.FRESH:
            told = _("list {id}: {state}: {reason}")
            reason = why(each["reason"], each["message"], translate)
            click.echo(
                told.format(id=each["id"], state=state_words(state, translate), reason=reason), err=True
            )


@main.command()
@_config
@_language
def status(folder: Path, language: str) -> None:
    """Show the state of the running gateway as JSON."""
    click.echo(json.dumps(_ask(folder, "status", language), ensure_ascii=False, indent=1))


def _ask(folder: Path, command: str, language: str) -> dict[str, Any]:
    translate = translator(language)
    try:
        return ask_gateway(control_path(_load(folder, translate)), command, language)
    except NoGateway as error:
        raise _Failed(error, translate) from error


@main.group()
def lists() -> None:
    """Compile lists, show what became of them, find a name in them."""


@lists.command("compile")
@_config
@_language
@_json
def compile_(folder: Path, language: str, as_json: bool) -> None:
    """Compile the lists into a snapshot; a running gateway takes it with `schoolguard reload`."""
    translate = translator(language)
    settings = _load(folder, translate)
    try:
        layers = asyncio.run(Compiler(settings.paths.state).compile(settings))
    except CompileFailed as error:
        raise _Failed(error, translate) from error
    _print_report(layers, translate, as_json)


@lists.command()
@click.argument("list_id", required=False)
@_config
@_language
@_json
def show(list_id: str | None, folder: Path, language: str, as_json: bool) -> None:
    """Show what became of each list; with LIST_ID, also its first refused lines."""
    translate = translator(language)
    settings = _load(folder, translate)
    layers = Compiler(settings.paths.state).ready()
    if layers is None:
        raise _Failed(Said(_NO_SNAPSHOT), translate)
    known = [row.id for row in layers.rows]
    if list_id is not None and list_id not in known:
        said = Said(N_("no list {id!r}; known are: {known}"), id=list_id, known=", ".join(known))
        raise _Failed(said, translate)
    _print_report(layers, translate, as_json, list_id)


@lists.command()
@click.argument("name")
@_config
@_language
@_json
def lookup(name: str, folder: Path, language: str, as_json: bool) -> None:
    """Find every list and line that names NAME or a parent of it."""
    _ = translate = translator(language)
    settings = _load(folder, translate)
    refused: list[str] = []
    try:
        found = lookup_dicts(settings, _name(name), refused)
    except Said as error:
        raise _Failed(error, translate) from error
    count = 0
    for line in found:
        count += 1
        text = "{list}:{line}: {text}".format(**line)
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else text)
    for reason in refused:
        click.echo(reason, err=True)
    if not count:
        click.echo(_("no list names {name}").format(name=name), err=True)
        sys.exit(1)


def _print_report(layers: Layers, translate: Translate, as_json: bool, list_id: str | None = None) -> None:
    if as_json:
        click.echo(json.dumps(report_dicts(layers), ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(report_lines(layers, translate, list_id)))


def _load(folder: Path, translate: Translate) -> Settings:
    try:
        return load(folder, translate=translate).settings
    except ConfigError as error:
        for finding in error.findings:
            click.echo(str(finding), err=True)
        sys.exit(EXIT_CONFIGURATION)
