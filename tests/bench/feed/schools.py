"""40,000 enrolled schools in a receiver's file, and one signed period of each of some, ready to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.compact import packing
from schoolguard.feed.enrolment import gateway_id
from schoolguard.feed.parcel import Parcel, pack
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import sign
from schoolguard.feed.summary import document
from schoolguard.hub.feed.key import receiver_key
from schoolguard.hub.feed.service import DATABASE
from schoolguard.hub.feed.tables import connect, writing
from tests.feed.school_day import STANDING, counted, school_day

SCHOOLS = 40_000


def key_of(number: int) -> Ed25519PrivateKey:
    """Return the key of a school's gateway."""
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32))


def enrol_all(folder: Path, schools: int) -> None:
    """Write schools into the file as if each had been enrolled, with a day of periods behind it."""
    receiver_key(folder)
    with closing(connect(folder / DATABASE)) as connection, writing(connection):
        for number in range(schools):
            public = key_of(number).public_key().public_bytes_raw()
            id, school = gateway_id(public), f"school-{number}"
            connection.execute("INSERT INTO gateways VALUES (?, 1.0, 'bench', NULL)", (id,))
            connection.execute("INSERT INTO keys VALUES (?, ?, 1.0, NULL, NULL)", (public, id))
            query = "INSERT INTO streams (id, gateway, school, added, sequence) VALUES (?, ?, ?, 1.0, 290)"
            connection.execute(query, (number + 1, id, school))
            connection.execute("INSERT INTO runs VALUES (?, 0, 1, 290)", (number + 1,))


def deliveries(count: int, schools: int) -> Iterator[bytes]:
    """Yield parcels of one period each, of schools in turns."""
    shared, periods, random = packing(), list(school_day(1))[96:160], Random(1)
    for number in range(count):
        sequence = 291 + number // schools
        numbers = counted(random.choice(periods), sequence)
        signed = sign(
            document(replace(numbers, school=f"school-{number % schools}"), STANDING, Rules()),
            key_of(number % schools),
        )
        yield pack(Parcel((signed,), (0,), numbers.span.end), shared)
