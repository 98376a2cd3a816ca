"""``schoolguard hub preview``, ``agree``, ``versions`` and ``rollback``: lists on their way to every school.

They look at the publisher's folder and write decisions into its log; the publisher's process carries them
out within a second, or when it starts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from securesystemslib.signer import CryptoSigner

from schoolguard.cli.hub_options import clock, failing, hub_option, passphrase_option, secret, settings_of
from schoolguard.cli.lists_on_way import list_lines, preview_lines, version_lines
from schoolguard.cli.options import json_option, language_option
from schoolguard.hub.rollout.deciding import list_path
from schoolguard.hub.rollout.log import AGREE, ROLLBACK, Decision
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.rolling import Rolling, rolling_of
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.viewing import View
from schoolguard.hub.tuf.keys import read_signer
from schoolguard.intake.trust.names import is_partner_id, is_target_name
from schoolguard.language import N_, Said, Translate, translator

_NOTHING = N_("{name}: nothing waits for anybody's agreement")
_AGAIN = N_("{person} has agreed to this very content already; {more} more must, by other keys")
_NO_VERSION = N_("there is no version {version}; see: schoolguard hub versions")
_NOT_BACK = N_(
    "all schools never had version {version}, or it was taken back; one person can go back to: {known}. "
    "For its lists: schoolguard hub agree"
)
_REFUSED = N_(
    "{name}: its content of version {version} was taken back; people must agree to it: schoolguard hub agree"
)
_NO_LIST = N_("{name!r} is not PARTNER/LIST")

key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The private key of an approver that hub.yaml names.",
)


def rolling(folder: Path, settings: HubSettings) -> Rolling:
    """Return the way of lists of a publisher's folder; raises ``NoApprovers``."""
    return rolling_of(folder, settings, Enrolled(settings.gateways), clock)


@click.command()
@click.argument("name", metavar="[PARTNER/LIST]", required=False)
@hub_option
@language_option
@json_option
def preview(name: str | None, hub: Path, language: str, as_json: bool) -> None:
    """Show what lists on their way would newly block, in counts from the gateways."""
    translate = translator(language)
    with failing(translate):
        view = View(rolling(hub, settings_of(hub, translate)))
        found = {"previews": view.previews(name), "lists": _wanted(view.lists(), name)}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found["previews"]:
        for line in preview_lines(each, translate):
            click.echo(line)
    for line in list_lines(found["lists"], translate):
        click.echo(line)


@click.command()
@click.argument("name", metavar="PARTNER/LIST")
@key_option
@click.option("--yes", is_flag=True, help="Do not ask; the digest was compared elsewhere.")
@hub_option
@passphrase_option
@language_option
def agree(name: str, key: Path, yes: bool, hub: Path, source: str, language: str) -> None:
    """Sign that the very content of a list that waits may be enforced."""
    _ = translate = translator(language)
    with failing(translate):
        _check_name(name)
        found = rolling(hub, settings_of(hub, translate))
        view = View(found)
        content = view.waiting(name)
        if content is None:
            raise Said(_NOTHING, name=name)
        for line in (*_all_lines(view.previews(name), translate), *_own_lines(view, name, translate)):
            click.echo(line)
        click.echo(_("content: {digest}").format(digest=content or _("the list goes")))
        if not yes:
            click.confirm(_("May this very content be enforced?"), abort=True)
        signer = _signer(key, source, translate)
        before = found.approvals.by(name, content)
        if (person := before.get(signer.public_key.keyid)) is not None:
            raise Said(_AGAIN, person=person, more=max(0, found.needed - len(before)))
        found.log.sign(Decision(AGREE, name, int(clock()), content=content), signer)
        people = found.approvals.people(name, content)
    more = max(0, found.needed - len(people))
    text = _("{people} agreed; {more} more must") if more else _("{people} agreed; it goes on")
    click.echo(text.format(people=", ".join(people), more=more))


@click.command()
@hub_option
@language_option
@json_option
def versions(hub: Path, language: str, as_json: bool) -> None:
    """Show the versions of the compiled lists that can be returned to."""
    translate = translator(language)
    with failing(translate):
        found = View(rolling(hub, settings_of(hub, translate))).versions()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in version_lines(found, translate):
        click.echo(line)


@click.command()
@click.argument("version", type=click.IntRange(1))
@click.option("--list", "name", metavar="PARTNER/LIST", help="Only this list; else all.")
@click.option("--reason", default="", help="Why; partners are told.")
@key_option
@hub_option
@passphrase_option
@language_option
def rollback(
    version: int, name: str | None, reason: str, key: Path, hub: Path, source: str, language: str
) -> None:
    """Put the contents of VERSION in force in every school; newer ones go on only when people agree."""
    _ = translate = translator(language)
    with failing(translate):
        if name is not None:
            _check_name(name)
        found = rolling(hub, settings_of(hub, translate))
        _check_version(found, version, name)
        signer = _signer(key, source, translate)
        decision = Decision(ROLLBACK, name or "", int(clock()), version=version, reason=reason)
        found.log.sign(decision, signer)
    click.echo(_("back to version {version}; see: schoolguard hub versions").format(version=version))


def _all_lines(previews: list[dict[str, Any]], translate: Translate) -> Iterator[str]:
    for each in previews:
        yield from preview_lines(each, translate)


def _own_lines(view: View, name: str, translate: Translate) -> Iterator[str]:
    return list_lines(_wanted(view.lists(), name), translate)


def _wanted(lists: list[dict[str, Any]], name: str | None) -> list[dict[str, Any]]:
    return [each for each in lists if name in (None, each["list"])]


def _signer(key: Path, source: str, translate: Translate) -> CryptoSigner:
    return read_signer(key, secret(source, N_("Passphrase of the key"), translate))


def _check_version(found: Rolling, number: int, name: str | None) -> None:
    state = found.state()
    versions = state.versions
    version = next((each for each in versions if each.number == number), None)
    if version is None:
        raise Said(_NO_VERSION, version=number)
    if not version.returnable:
        known = ", ".join(str(each.number) for each in versions if each.returnable) or "-"
        raise Said(_NOT_BACK, version=number, known=known)
    path = "" if name is None else list_path(name)
    track = state.tracks.get(path)
    if track is not None and version.contents.get(path, "") in track.refused:
        raise Said(_REFUSED, name=name, version=number)


def _check_name(name: str) -> None:
    partner, _slash, list_name = name.partition("/")
    if not (is_partner_id(partner) and is_target_name(list_name) and "/" not in list_name):
        raise Said(_NO_LIST, name=name)
