"""``schoolguard feed verify`` and ``export``: documents as files, for whoever wants to see for himself."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from schoolguard.cli.options import Failed, config, language_option, load_settings
from schoolguard.feed.carrying import write_file, write_parcels
from schoolguard.feed.compact import key_id, packing
from schoolguard.feed.enrolled import EnrolledFile
from schoolguard.feed.message import from_hex
from schoolguard.feed.openmetrics import openmetrics
from schoolguard.feed.parcel import opened
from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.signed import read
from schoolguard.feed.table import csv_text
from schoolguard.intake.orders.canonical import NotCanonical
from schoolguard.intake.orders.key import gateway_key
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.feed_seen import Shown, documents
from schoolguard.store.kept import Waiting

FORMATS = ("json", "csv", "openmetrics", "parcel")
KEY = "gateway.key"

_PARCEL = b"SGP"
_MOST = 64 << 20


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "typed", metavar="HEX", help="The public key that must have signed; default any.")
@config
@language_option
def verify(file: Path, typed: str | None, folder: Path, language: str) -> None:
    """Say of each document in FILE, as `export` writes them, whether it is whole and who signed it.

    Exit code 1 when one is not.
    """
    translate = translator(language)
    wanted, own = _key(typed, translate), _own_key(folder, translate)
    wrong = 0
    try:
        found = list(_contents(file, wanted or own))
    except (Said, OSError) as error:
        raise _failed(error, file, translate) from error
    for number, content in enumerate(found, 1):
        good, line = _judged(content, wanted, own, translate)
        wrong += not good
        click.echo(f"{number}. {line}")
    if wrong or not found:
        said = Said(N_("{count} of {all} documents are not as they were signed"), count=wrong, all=len(found))
        raise Failed(said if found else Said(N_("there is no document in this file")), translate)


@click.command()
@click.argument("place", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="json", show_default=True, help="What to write."
)
@click.option("--school", metavar="ID", help="Of this school; default all.")
@config
@language_option
def export(place: Path | None, form: str, school: str | None, folder: Path, language: str) -> None:
    """Write the documents that wait and that were sent lately to PLACE, oldest first; default the terminal.

    json: as they were signed, one a line; csv and openmetrics: their numbers; parcel: what waits, as it
    travels, to be carried to the province on a stick (PLACE is then a file or a folder).
    """
    _ = translate = translator(language)
    state = load_settings(folder, translate).paths.state
    try:
        found = [each for each in documents(state) if school in (None, each.school)][::-1]
        parcel = form == "parcel"
        written = _parcels(place, state, found) if parcel else _written(place, _text(form, found))
    except (Said, OSError) as error:
        raise _failed(error, place or state, translate) from error
    for path in written:
        click.echo(_("written: {path}").format(path=path), err=True)


def _text(form: str, found: list[Shown]) -> str:
    if form == "json":
        return "".join(each.document.decode() + "\n" for each in found)
    members = [each.members for each in found]
    return csv_text(members) if form == "csv" else openmetrics(members)


def _written(place: Path | None, text: str) -> list[Path]:
    if place is None:
        sys.stdout.write(text)
        return []
    write_file(place, text.encode())
    return [place]


def _parcels(place: Path | None, state: Path, found: list[Shown]) -> list[Path]:
    home = EnrolledFile(state).read()
    if home is None or place is None:
        raise Said(N_("a parcel needs a PLACE, and a school that is enrolled"))
    waiting = [
        Waiting(each.school, each.sequence, 0, 0, 0, each.document)
        for each in found
        if each.delivered is None and each.school in home.schools
    ]
    if not waiting:
        raise Said(N_("no document waits"))
    return write_parcels(place, home.gateway, waiting, int(time.time()), packing())


def _contents(file: Path, key: bytes | None) -> Iterator[bytes]:
    with file.open("rb") as opened_file:
        content = opened_file.read(_MOST)
    if not content.startswith(_PARCEL):
        yield from (line for line in content.splitlines() if line.strip())
        return
    parcel = opened(content)
    if key is None or key_id(key) != parcel.sender:
        msgid = N_("this parcel is of another gateway; name its public key with --key")
        raise Said(msgid)
    yield from parcel.unpack(packing(), key).documents


def _judged(
    content: bytes, wanted: bytes | None, own: bytes | None, translate: Translate
) -> tuple[bool, str]:
    _ = translate
    try:
        signed = read(content)
    except FeedRefused as error:
        return False, _("NOT RIGHT: {why}").format(why=error.say(translate))
    document, key = signed.document, signed.key.hex()
    said = _("{school}, {format}, {begin}: whole, signed by the key {key}").format(
        school=document["school"],
        format=document["format"],
        begin=document.get("begin", "-"),
        key=key[:16],
    )
    if wanted is not None and signed.key != wanted:
        return False, f"{said}; " + _("NOT RIGHT: another key than --key")
    whose = _("this gateway's") if signed.key == own else _("not this gateway's present one")
    return True, f"{said} ({whose})"


def _key(typed: str | None, translate: Translate) -> bytes | None:
    try:
        return None if typed is None else from_hex(typed.strip().lower(), 32)
    except NotCanonical as error:
        raise Failed(Said(N_("a public key has 64 hexadecimal digits")), translate) from error


def _own_key(folder: Path, translate: Translate) -> bytes | None:
    """Return this gateway's public key, where there is one that this command may read."""
    if not (folder / "schoolguard.yaml").is_file():
        return None
    path = load_settings(folder, translate).paths.state / KEY
    try:
        return gateway_key(path).public_key().public_bytes_raw() if path.is_file() else None
    except (Said, OSError):
        return None


def _failed(error: Exception, path: Path, translate: Translate) -> Failed:
    if isinstance(error, OSError):
        name = error.filename or path
        return Failed(Said(N_("{path}: {problem}"), path=name, problem=error.strerror or error), translate)
    return Failed(error if isinstance(error, Said) else Said("{why}", why=error), translate)
