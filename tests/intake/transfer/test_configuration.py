"""Zone transfer in ``lists.yaml``: what is read, and every error with its place and what is accepted."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from schoolguard.config.finding import Collector, Finding, Severity
from schoolguard.config.nodes import read_nodes
from schoolguard.config.transfer_keys import TRANSFER_SECTIONS
from schoolguard.config.transfers import transfer_settings_of
from schoolguard.config.types import Section
from schoolguard.policy.model import Tier
from schoolguard.settings import TransferSettings
from tests.intake.transfer.primaries import KEY, secret

RIGHT = """
tsig-keys:
  - {name: transfer.test, secret-file: transfer.secret}
notify-listen: [10.0.0.1@5353]
transfers:
  - id: viettel-gambling
    zone: gambling.rpz.viettel.example
    primaries:
      - {address: 192.0.2.1@53, key: transfer.test}
      - {address: "2001:db8::1@53", key: transfer.test}
    max-records: 1000
exports:
  listen: [10.0.0.1@5300]
  zones:
    - tier: thcs
      zone: thcs.rpz.sogd.example
      secondaries:
        - {networks: [192.0.2.0/24], key: transfer.test, notify: [192.0.2.9@53]}
        - {networks: [10.0.0.9], unsigned: true}
"""
TIERS = MappingProxyType({"thcs": Tier("thcs", "THCS", "Lower secondary", 12)})


def loaded(
    folder: Path, text: str, secret_text: str = secret(KEY), mode: int = 0o600
) -> tuple[TransferSettings, tuple[Finding, ...]]:
    path = folder / "transfer.secret"
    path.write_text(secret_text)
    path.chmod(mode)
    out = Collector()
    node = read_nodes(text, "lists.yaml", out)
    assert node is not None
    fields = Section(TRANSFER_SECTIONS).read(node, out)
    return transfer_settings_of(fields, folder, TIERS, out), out.all()


def test_right_settings(tmp_path: Path) -> None:
    settings, findings = loaded(tmp_path, RIGHT)
    assert not findings
    (transfer,), (export,) = settings.transfers, settings.exports
    assert (transfer.id, transfer.zone, transfer.limits.records) == (
        "viettel-gambling",
        "gambling.rpz.viettel.example",
        1000,
    )
    assert [primary.address for primary in transfer.primaries] == [("192.0.2.1", 53), ("2001:db8::1", 53)]
    assert {primary.key for primary in transfer.primaries} == {KEY}
    assert (export.zone, export.tier, export.blocked) == ("thcs.rpz.sogd.example", "thcs", 12)
    signed, unsigned = export.consumers
    assert (signed.key, signed.notify) == (KEY, (("192.0.2.9", 53),))
    assert (unsigned.key, [str(network) for network in unsigned.networks]) == (None, ["10.0.0.9/32"])
    assert (settings.notify_listen, settings.export_listen) == ((("10.0.0.1", 5353),), (("10.0.0.1", 5300),))


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, "notify-listen: [10.0.0.1@5353]")[0].transfers == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "{address: 192.0.2.1@53, key: transfer.test}",
            "{address: 192.0.2.1@53, key: transfr.test}",
            "did you mean `transfer.test`?",
        ),
        ("secret-file: transfer.secret", "secret-file: absent.secret", "cannot be read"),
        ("tier: thcs", "tier: tieu-hoc", "tiers.yaml has no such tier"),
        ("unsigned: true", "unsigned: false", "without one write `unsigned: true`"),
        ("10.0.0.9], unsigned", "0.0.0.0/0], unsigned", "too wide"),
        ("{name: transfer.test, sec", "{name: transfer.test, algorithm: hmac-md5, sec", "hmac-sha256"),
        ("max-records: 1000", "max-records: 0", "too small or too large"),
        ("id: viettel-gambling", "id: Viettel", "characters that do not belong here"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert RIGHT.count(old) == 1
    _, findings = loaded(tmp_path, RIGHT.replace(old, new))
    assert [finding for finding in findings if said in str(finding)], findings
    assert all(finding.line for finding in findings)
    assert Severity.ERROR in {finding.severity for finding in findings}


def test_what_stands_twice_is_said(tmp_path: Path) -> None:
    again = RIGHT.replace(
        "transfers:\n",
        "transfers:\n  - {id: viettel-gambling, zone: b.example, primaries: [{address: 192.0.2.1@53}]}\n",
    )
    _, findings = loaded(tmp_path, again)
    assert [str(f.message) for f in findings if f.severity is Severity.ERROR] == [
        "another transfer has this id"
    ]
    assert [f.message for f in findings if f.severity is Severity.WARNING] == [
        "this zone comes unsigned: whoever is on the line may change what is blocked"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("not base64!", "does not hold base64"), ("c2hvcnQ=", "shorter than 16 bytes"), ("", "shorter")],
)
def test_secrets_that_are_none(text: str, said: str, tmp_path: Path) -> None:
    settings, findings = loaded(tmp_path, RIGHT, text)
    assert said in str(findings[0])
    assert settings.transfers == (), "a key that cannot be read must not make the transfer an unsigned one"
    assert len(settings.exports[0].consumers) == 1
    assert all(text not in str(finding) for finding in findings if text)


def test_a_secret_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    _, findings = loaded(tmp_path, RIGHT, mode=0o644)
    assert [(f.severity, "chmod 600" in f.message) for f in findings] == [(Severity.WARNING, True)]
