"""``schoolguard hub keys``: make key pairs, show who holds which, exchange them, take lost ones out.

It must not publish: an exchange is a draft that the offline keys sign (``schoolguard hub sign``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from tuf.api.metadata import Root

from schoolguard.cli.hub_options import KEYS, clock, failing, hub_option, passphrase_option, secret
from schoolguard.cli.options import Failed, language_option
from schoolguard.hub.tuf.ceremony import sentences
from schoolguard.hub.tuf.delegations import KeyChange
from schoolguard.hub.tuf.founding import ONLINE
from schoolguard.hub.tuf.keys import PRIVATE, PublicKey, new_key, read_public
from schoolguard.hub.tuf.repository import Repository
from schoolguard.hub.tuf.rotation import change_role_keys, find_keys, revoke_key
from schoolguard.intake.trust.first import fingerprint
from schoolguard.intake.trust.names import TARGETS
from schoolguard.language import N_, Said, Translate, translator

_PUBLIC = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def keys() -> None:
    """Make, show, exchange and revoke the keys of a publisher or partner."""


@keys.command()
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
@passphrase_option
@language_option
def new(name: str, into: Path, source: str, language: str) -> None:
    """Make the key pair NAME: NAME.key, encrypted, and NAME.pub.json, to be given to the publisher."""
    _ = translate = translator(language)
    with failing(translate):
        made = new_key(into, name, secret(source, N_("Passphrase of the new key"), translate, new=True))
    click.echo(_("{path}: keep it; its id is {keyid}").format(path=into / (name + PRIVATE), keyid=made.keyid))


@keys.command()
@hub_option
@language_option
def show(hub: Path, language: str) -> None:
    """Show the root's fingerprint, and for each role its keys, how many must sign, and until when."""
    _ = translate = translator(language)
    with failing(translate):
        for said in _shown(Repository(hub)):
            click.echo(said.say(translate))


@keys.command()
@click.argument("role")
@click.option("--add", multiple=True, type=_PUBLIC, help="Public key of a new key pair; may be repeated.")
@click.option("--remove", multiple=True, help="Name or id of a key that goes; may be repeated.")
@click.option("--threshold", type=click.IntRange(1), help="How many keys must sign from now on.")
@hub_option
@passphrase_option
@language_option
def rotate(
    role: str,
    add: tuple[Path, ...],
    remove: tuple[str, ...],
    threshold: int | None,
    hub: Path,
    source: str,
    language: str,
) -> None:
    """Exchange keys of ROLE: root, targets, snapshot, timestamp, compiled or partner-NAME.

    An online role without --add and --remove gets a new key on this machine in place of all that it has.
    """
    _ = translate = translator(language)
    repository = Repository(hub)
    with failing(translate):
        added = [read_public(path) for path in add]
        removed = [_the_key(repository, text, translate) for text in remove]
        if role in ONLINE and not added and not removed:
            removed = [keyid for _name, keyid in find_keys(repository, role=role)]
            passphrase = secret(source, N_("Passphrase of the online keys"), translate)
            added = [_next_online(hub / KEYS, role, passphrase)]
        change_role_keys(repository, role, KeyChange(added, removed, threshold), clock())
    _say_drafted(translate)


@keys.command()
@click.argument("key")
@click.option("--threshold", type=click.IntRange(1), help="How many of the keys left must sign.")
@hub_option
@language_option
def revoke(key: str, threshold: int | None, hub: Path, language: str) -> None:
    """Take KEY, a name or the beginning of an id, out of every role that has it."""
    _ = translate = translator(language)
    repository = Repository(hub)
    with failing(translate):
        roles = revoke_key(repository, _the_key(repository, key, translate), clock(), threshold=threshold)
    click.echo(_("taken out of: {roles}").format(roles=", ".join(roles)))
    _say_drafted(translate)


def _shown(repository: Repository) -> Iterator[Said]:
    root, targets = repository.root(), repository.published(TARGETS)
    if root is None or targets is None:
        yield Said(N_("nothing is published yet"))
        return
    content = repository.root_bytes(root.signed.version)
    yield Said(N_("fingerprint of the root: {fingerprint}"), fingerprint=fingerprint(content))
    yield from sentences(Root.type, root)
    yield from sentences(TARGETS, targets)


def _the_key(repository: Repository, text: str, translate: Translate) -> str:
    found = {keyid for name, keyid in find_keys(repository) if name == text or keyid.startswith(text)}
    if len(found) != 1:
        said = Said(
            N_("{text!r} means {count} keys; see: schoolguard hub keys show"), text=text, count=len(found)
        )
        raise Failed(said, translate)
    return found.pop()


def _next_online(folder: Path, role: str, passphrase: bytes) -> PublicKey:
    number = 2
    while (folder / f"{role}-{number}{PRIVATE}").exists():
        number += 1
    return new_key(folder, f"{role}-{number}", passphrase)


def _say_drafted(translate: Translate) -> None:
    _ = translate
    click.echo(_("drafted; now it must be signed: schoolguard hub sign status"))
