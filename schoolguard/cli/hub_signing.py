"""``schoolguard hub init``, ``sign``, ``partner`` and ``publish``: founding a repository and what follows
from keys.

``sign add`` and ``sign show`` run on a machine without network and need nothing but the stick and a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from schoolguard.cli.hub_options import (
    KEYS,
    clock,
    failing,
    hub_option,
    online_signers,
    passphrase_option,
    secret,
)
from schoolguard.cli.options import language_option
from schoolguard.hub.tuf import ceremony
from schoolguard.hub.tuf.delegations import add_partner, remove_partner, renew_targets
from schoolguard.hub.tuf.drafts import Need, draft, needs, waiting
from schoolguard.hub.tuf.founding import ONLINE, Signers, check_offline, found
from schoolguard.hub.tuf.keys import new_key, read_public, read_signer
from schoolguard.hub.tuf.publishing import publish as publish_now
from schoolguard.hub.tuf.repository import Repository
from schoolguard.hub.tuf.rotation import renew_root
from schoolguard.intake.trust.names import ROOT, TARGETS
from schoolguard.language import N_, Translate, translator

_PUBLIC = click.Path(path_type=Path, exists=True, dir_okay=False)
_STICK = click.Path(path_type=Path, exists=True, file_okay=False)
_THRESHOLD = click.IntRange(1)
_WAITS = {"signatures": N_("{role} waits for signatures"), "files": N_("{role} waits for files")}


@click.command()
@click.option("--root-key", "root_keys", multiple=True, required=True, type=_PUBLIC, help="Repeat for each.")
@click.option("--root-threshold", type=_THRESHOLD, required=True, help="How many root keys must sign.")
@click.option(
    "--targets-key", "targets_keys", multiple=True, required=True, type=_PUBLIC, help="Repeat for each."
)
@click.option("--targets-threshold", type=_THRESHOLD, required=True, help="How many targets keys must sign.")
@hub_option
@passphrase_option
@language_option
def init(
    root_keys: Sequence[Path],
    root_threshold: int,
    targets_keys: Sequence[Path],
    targets_threshold: int,
    hub: Path,
    source: str,
    language: str,
) -> None:
    """Found a repository: make the online keys here, draft root 1 and targets 1 for the offline keys to
    sign."""
    _ = translate = translator(language)
    with failing(translate):
        offline = {
            ROOT: Signers([read_public(path) for path in root_keys], root_threshold),
            TARGETS: Signers([read_public(path) for path in targets_keys], targets_threshold),
        }
        check_offline(Repository(hub), offline)
        passphrase = secret(source, N_("New passphrase of the online keys"), translate, new=True)
        folder = hub / KEYS
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        online = {role: Signers([new_key(folder, role, passphrase)]) for role in ONLINE}
        found(Repository(hub), {**offline, **online}, clock())
    click.echo(_("drafted; now it must be signed: schoolguard hub sign status"))


@click.group()
def sign() -> None:
    """Have drafts signed by the offline keys, by way of a stick."""


@sign.command()
@hub_option
@language_option
def status(hub: Path, language: str) -> None:
    """Show what waits for which signatures."""
    translate = translator(language)
    repository = Repository(hub)
    with failing(translate):
        for role in waiting(repository):
            document = draft(repository, role)
            if document is not None:
                _say_needs({role: needs(repository, role, document)}, translate)


@sign.command("carry-out")
@click.argument("stick", type=_STICK)
@hub_option
@language_option
def carry_out(stick: Path, hub: Path, language: str) -> None:
    """Write what lacks signatures to STICK."""
    _ = translate = translator(language)
    with failing(translate):
        roles = ceremony.carry_out(Repository(hub), stick)
    click.echo(_("on the stick: {roles}").format(roles=", ".join(roles) or "-"))


@sign.command()
@click.argument("stick", type=_STICK)
@language_option
def show(stick: Path, language: str) -> None:
    """Show in words what is on STICK to be signed, and what changes by it."""
    translate = translator(language)
    with failing(translate):
        for role in ceremony.on_stick(stick):
            _say_told(stick, role, translate)


@sign.command()
@click.argument("stick", type=_STICK)
@click.option("--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--role", "roles", multiple=True, help="Only these; default all that is on the stick.")
@passphrase_option
@language_option
def add(stick: Path, key: Path, roles: tuple[str, ...], source: str, language: str) -> None:
    """Sign what is on STICK with a private key, after showing it and asking."""
    _ = translate = translator(language)
    with failing(translate):
        found_there = [role for role in ceremony.on_stick(stick) if not roles or role in roles]
        for role in found_there:
            _say_told(stick, role, translate)
        click.confirm(_("Does the digest agree with the others', and shall this be signed?"), abort=True)
        signer = read_signer(key, secret(source, N_("Passphrase of the key"), translate))
        for role in found_there:
            ceremony.sign_on_stick(stick, role, signer)
            click.echo(_("signed: {role}").format(role=role))


@sign.command("bring-back")
@click.argument("stick", type=_STICK)
@hub_option
@language_option
def bring_back(stick: Path, hub: Path, language: str) -> None:
    """Take the signatures from STICK."""
    translate = translator(language)
    with failing(translate):
        _say_needs(ceremony.bring_back(Repository(hub), stick), translate)


@click.command()
@hub_option
@language_option
def renew(hub: Path, language: str) -> None:
    """Draft root and targets anew as they are, before they expire."""
    _ = translate = translator(language)
    with failing(translate):
        renew_root(Repository(hub), clock())
        renew_targets(Repository(hub), clock())
    click.echo(_("drafted; now it must be signed: schoolguard hub sign status"))


@click.command()
@click.option("--leave-behind", is_flag=True, help="Publish although gateways will refuse some partners.")
@hub_option
@passphrase_option
@language_option
def publish(leave_behind: bool, hub: Path, source: str, language: str) -> None:
    """Publish what is signed and complete."""
    _ = translate = translator(language)
    with failing(translate):
        signers = online_signers(hub, source, translate)
        done = publish_now(Repository(hub), signers, clock(), leave_behind=leave_behind)
    for role, version in done.versions.items():
        click.echo(_("published: {role}, version {version}").format(role=role, version=version))
    for role, why in done.waits.items():
        click.echo(_(_WAITS[why]).format(role=role))
    for error in done.behind:
        click.echo(error.say(translate))
    click.echo(_("timestamp {version} is in force").format(version=done.timestamp))


@click.group()
def partner() -> None:
    """Take partners in, and end their role."""


@partner.command("add")
@click.argument("name")
@click.option("--key", "partner_keys", multiple=True, required=True, type=_PUBLIC, help="Repeat for each.")
@click.option("--threshold", type=_THRESHOLD, required=True, help="How many of its keys must sign.")
@hub_option
@language_option
def partner_add(name: str, partner_keys: Sequence[Path], threshold: int, hub: Path, language: str) -> None:
    """Draft a role for the partner NAME, which speaks for lists/NAME/ and orders/NAME/ only."""
    _ = translate = translator(language)
    with failing(translate):
        signers = Signers([read_public(path) for path in partner_keys], threshold)
        role = add_partner(Repository(hub), name, signers, clock())
    click.echo(_("{role} is drafted; now it must be signed: schoolguard hub sign status").format(role=role))


@partner.command("remove")
@click.argument("name")
@hub_option
@language_option
def partner_remove(name: str, hub: Path, language: str) -> None:
    """Draft the end of the partner NAME: gateways drop its lists and orders."""
    _ = translate = translator(language)
    with failing(translate):
        remove_partner(Repository(hub), name, clock())
    click.echo(_("drafted; now it must be signed: schoolguard hub sign status"))


def _say_told(stick: Path, role: str, translate: Translate) -> None:
    for mark, said in ceremony.told(stick, role):
        click.echo(f"{mark} {said.say(translate)}")
    click.echo()


def _say_needs(found_needs: Mapping[str, list[Need]], translate: Translate) -> None:
    _ = translate
    for role, each in found_needs.items():
        for need in each:
            text = _("{role}: {signed} of {threshold} signatures that {by} asks for; not yet: {missing}")
            click.echo(
                text.format(
                    role=role,
                    signed=len(need.signed),
                    threshold=need.threshold,
                    by=need.by,
                    missing=", ".join(need.missing) or "-",
                )
            )
