"""The real public lists: format as published, and every refusal accounted for.

The counts were looked at line by line: addresses among names, AdGuard's address and URL rules.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.dns.names import to_ascii
from schoolguard.lists.formats import read
from schoolguard.lists.model import ListSource, Report

REFUSED = {
    "adguard-dns-filter.adblock": {"address": 88, "url": 5},
    "hostsvn-gambling.hosts": {"address": 1},
    "ut1-chat.domains": {"address": 73},
    "ut1-dating.domains": {"address": 1},
    "ut1-doh.domains": {"address": 19},
    "ut1-drogue.domains": {"address": 167},
    "ut1-gambling.domains": {"address": 14},
    "ut1-games.domains": {"address": 26},
    "ut1-manga.domains": {"address": 1},
    "ut1-warez.domains": {"address": 22},
}


def test_every_list_reads_in_its_format(shared_data: Path) -> None:
    files = sorted((shared_data / "lists").glob("*.xz"))
    assert len(files) == 29
    for path in files:
        report = Report("x", "")
        invalid = [
            e for e in read(ListSource("x", str(path), 3), report) if not e.pattern and _invalid(e.name)
        ]
        published = path.stem.rpartition(".")[2]
        assert report.format == {"domains": "plain"}.get(published, published), path.name
        assert report.refused == REFUSED.get(path.stem, {}), path.name
        assert not invalid
        assert report.entries > 0


def _invalid(name: str) -> bool:
    return to_ascii(name) != name


@pytest.mark.parametrize("name", ["hagezi-light.rpz.xz", "oisd-small.rpz.xz"])
def test_pairs_of_a_policy_zone_become_one_entry(shared_data: Path, name: str) -> None:
    source = ListSource("x", str(shared_data / "lists" / name), 3)
    assert all(not entry.flags for entry in read(source, Report("x", "")))


def test_a_cancelled_rule_of_the_real_list_is_gone(shared_data: Path) -> None:
    source = ListSource("x", str(shared_data / "lists" / "adguard-dns-filter.adblock.xz"), 3)
    assert "linksprf.com" not in {entry.name for entry in read(source, Report("x", ""))}
