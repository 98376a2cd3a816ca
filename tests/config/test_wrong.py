"""Wrong configurations, one fault each: the line named, the severity, and the words a person reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from schoolguard.config import Finding, Severity

Change = str | bytes | tuple[str, str] | None
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]

GATEWAY, TIERS, LISTS = "schoolguard.yaml", "tiers.yaml", "lists.yaml"
PRIMARY, LOWER = "schools/th-a.yaml", "schools/thcs-b.yaml"
PROVINCE, COMMUNE = "province.yaml", "communes/pa-tan.yaml"


class Case(NamedTuple):
    """A change to one file, and what must be said of one of its lines."""

    file: str
    change: Change
    line: int
    words: str
    severity: Severity = Severity.ERROR
    at: str = ""


def edit(file: str, old: str, new: str, line: int, words: str) -> Case:
    """A change of one place that is an error."""
    return Case(file, (old, new), line, words)


def odd(file: str, old: str, new: str, line: int, words: str) -> Case:
    """A change of one place that is only worth a warning."""
    return Case(file, (old, new), line, words, Severity.WARNING)


YAML = [
    Case(GATEWAY, None, 0, "the file is missing"),
    Case(GATEWAY, "", 0, "the file is empty"),
    Case(GATEWAY, "# only a comment\n", 0, "the file is empty"),
    Case(GATEWAY, b"listen: [\xff\xfe]\n", 1, "not UTF-8"),
    Case(GATEWAY, b"language: vi\nlisten: caf\xe9\n", 2, "not UTF-8"),
    Case(GATEWAY, "listen: []".encode("utf-16"), 1, "UTF-16"),
    Case(GATEWAY, "language: vi\nname: a\x07\n", 2, "control character"),
    Case(GATEWAY, "- listen\n", 1, "a section with keys belongs here"),
    Case(GATEWAY, "listen\n", 1, "a section with keys belongs here"),
    Case(GATEWAY, "a: 1\n---\nb: 2\n", 2, "a second document"),
    Case(GATEWAY, "x" * 2_000_000, 0, "larger than"),
    Case(TIERS, "a: &x [1]\nb: [*x, *x]\n", 1, "anchors and aliases"),
    Case(TIERS, "a: !!python/object/apply:os.system ['ls']\n", 1, "tags (!) are not accepted"),
    Case(TIERS, "a: " + "[" * 5000 + "]" * 5000, 1, "nested more than"),
    Case(TIERS, "? [a]\n: b\n", 1, "where a key belongs"),
    edit(PRIMARY, "  commune: Pa Tần", "\tcommune: Pa Tần", 3, "a tab indents this line"),
    edit(PRIMARY, '"*.good.example"', "*.good.example", 20, "begins with * or & must stand in quotes"),
    edit(PRIMARY, "allow: [school.example]", "allow: [school.example", 7, "no valid YAML"),
    edit(PRIMARY, "  level: tieu-hoc", '  level: "tieu-hoc', 4, "a quote that opens in this line"),
    edit(LOWER, "  level: th-thcs", '  level: "th-thcs', 4, "a quote that opens in this line"),
    edit(
        PRIMARY,
        "  level: tieu-hoc",
        "  level: tieu-hoc\n  level: thcs",
        5,
        "this key stands twice, first in line 4",
    ),
    edit(PRIMARY, "  name: Trường Tiểu học A", "  name: A: B", 2, "mapping values are not allowed"),
]

VALUES = [
    edit(GATEWAY, "workers: 1", "worker: 1", 2, "unknown key; found `worker`; accepted: listen, workers"),
    edit(GATEWAY, "workers: 1", "worker: 1", 2, "did you mean `workers`?"),
    edit(GATEWAY, "  randomise-case: true", "  randomise_case: true", 8, "did you mean `randomise-case`?"),
    edit(
        GATEWAY, "workers: 1", "workers: one", 2, "a whole number belongs here; found `one`; accepted: 1–64"
    ),
    edit(GATEWAY, "workers: 1", 'workers: "1"', 2, "without quotes"),
    edit(GATEWAY, "workers: 1", "workers: 0", 2, "too small or too large; found `0`; accepted: 1–64"),
    edit(GATEWAY, "workers: 1", "workers: 010", 2, "a whole number belongs here"),
    edit(GATEWAY, "workers: 1", "workers:", 2, "there is no value here"),
    edit(GATEWAY, "workers: 1", "workers: [1]", 2, "a single value belongs here"),
    odd(GATEWAY, "workers: 1", "workers: 5", 2, "more workers than processor cores (4)"),
    edit(GATEWAY, "language: vi", "language: fr", 3, "found `fr`; accepted: vi, en"),
    edit(GATEWAY, "language: vi", "language: no", 3, "true or false; write it in quotes"),
    edit(GATEWAY, "  randomise-case: true", "  randomise-case: maybe", 8, "true or false belongs here"),
    edit(GATEWAY, "  timeout: 1.5", "  timeout: 2 weeks", 6, "a time belongs here; found `2 weeks`"),
    edit(
        GATEWAY,
        "  timeout: 1.5",
        "  timeout: 5m",
        6,
        "too small or too large; found `5m`; accepted: 0.1s–30s",
    ),
    edit(GATEWAY, "  ttl: 60s", "  ttl: 1:30", 22, "a time belongs here; found `1:30`"),
    edit(GATEWAY, "  ttl: 60s", "  ttl: 1.5", 22, "whole seconds belong here"),
    edit(GATEWAY, "  ttl: 60s", "  ttl: 0", 22, "accepted: 1s–1d"),
    edit(GATEWAY, "  replies: 48 MiB", "  replies: 48 MB", 14, "did you mean `48 MiB`?"),
    edit(GATEWAY, "  replies: 48 MiB", "  replies: 1 KiB", 14, "too small or too large"),
    edit(GATEWAY, "  min-ttl: 0", "  min-ttl: 1h", 15, "`min-ttl` is larger than `max-ttl`")._replace(
        change=("  min-ttl: 0\n  max-ttl: 1d", "  min-ttl: 1h\n  max-ttl: 5m")
    ),
    edit(
        GATEWAY,
        "in-flight-per-client: 200",
        "in-flight-per-client: 5000",
        18,
        "larger than `queries-in-flight`",
    ),
    edit(GATEWAY, "  tcp-idle: 10s", "  tcp-per-client: 900", 19, "larger than `tcp-connections`"),
    edit(GATEWAY, "  blocklists: ../blocklists", "  blocklists: ../lists", 11, "this folder is missing"),
    edit(GATEWAY, "  state: ../state", "  state: ../resolv.conf", 12, "this is no folder"),
    edit(GATEWAY, "  - name: film-vn", "  - name: Film VN", 24, "characters that do not belong here"),
    edit(GATEWAY, "  - name: film-vn", "  - name: games", 24, "a built-in category has this name"),
    edit(GATEWAY, "    number: 2", "    number: 40", 25, "accepted: 1–22"),
    edit(GATEWAY, "    number: 2\n", "", 24, "the key `number` is missing"),
    edit(
        GATEWAY,
        "    en: Vietnamese films\n",
        "    en: films\n  - {name: b, number: 2, vi: B, en: B}\n",
        28,
        "the category `film-vn` has this number",
    ),
]

ADDRESSES = [
    edit(GATEWAY, '"::1@5353"', '"::1"', 1, "no address with a port; found `::1`; accepted: ADDRESS@PORT"),
    edit(GATEWAY, "[127.0.0.1@5353", "[127.0.0.1:5353", 1, "did you mean `127.0.0.1@5353`?"),
    edit(GATEWAY, '"::1@5353"', '"[::1]:5353"', 1, "did you mean `::1@5353`?"),
    edit(
        GATEWAY,
        '"::1@5353"',
        '"::1@70000"',
        1,
        "the port is out of range; found `::1@70000`; accepted: 1–65535",
    ),
    edit(GATEWAY, '"::1@5353"', "127.0.0.1@5353", 1, "this address and port stand twice"),
    edit(GATEWAY, '"::1@5353"', '"::ffff:10.0.0.1@53"', 1, "did you mean `10.0.0.1@53`?"),
    edit(GATEWAY, 'listen: [127.0.0.1@5353, "::1@5353"]', "listen: []", 1, "the list is empty"),
    edit(
        GATEWAY,
        'listen: [127.0.0.1@5353, "::1@5353"]',
        "listen: 127.0.0.1@53",
        1,
        "did you mean `[127.0.0.1@53]`?",
    ),
    edit(GATEWAY, 'listen: [127.0.0.1@5353, "::1@5353"]\n', "", 1, "the key `listen` is missing"),
    odd(GATEWAY, '"::1@5353"', "8.8.8.8@53", 1, "this address is public"),
    edit(GATEWAY, "10.0.0.54@53]", "10.0.0.54]", 5, "did you mean `10.0.0.54@53`?"),
    edit(GATEWAY, "10.0.0.54@53]", "sytem]", 5, "no address with a port; found `sytem`"),
    edit(GATEWAY, "[system, 10.0.0.54@53]", "[]", 5, "the list is empty; it needs at least 1"),
    edit(GATEWAY, "10.0.0.54@53]", "127.0.0.1@5353]", 5, "this upstream is the gateway itself"),
    edit(GATEWAY, "10.0.0.54@53]", "10.0.0.54@53, 10.0.0.54@53]", 5, "this address and port stand twice"),
    edit(GATEWAY, "10.0.0.54@53]", "0.0.0.0@53]", 5, "not one machine's"),
    edit(GATEWAY, "metrics: 127.0.0.1@9153", "metrics: no", 9, "did you mean `off`?"),
    edit(
        GATEWAY, "metrics: 127.0.0.1@9153", "metrics: 127.0.0.1@5353", 9, "questions arrive at this address"
    ),
    odd(GATEWAY, "metrics: 127.0.0.1@9153", "metrics: 0.0.0.0@9153", 9, "a loopback address is private"),
    edit(LOWER, "[10.2.0.1]", "[10.2.0.300]", 10, "this is no IP address; found `10.2.0.300`"),
    edit(LOWER, "[10.2.0.1]", "[off]", 10, "YAML takes this word for true or false"),
    edit(LOWER, "[10.2.0.1]", '["2001:db8::1"]', 13, "only IPv4 cannot reach a page with only IPv6"),
    edit(LOWER, "  page: [10.2.0.1]\n", "", 9, "block-page needs the page's addresses"),
    odd(
        PRIMARY, "      ttl: 5m", "      page: [10.1.0.1]", 28, "the page is not used; the answer is nxdomain"
    ),
]

LIST_CASES = [
    edit(LISTS, "    category: adult", "    category: adlut", 4, "unknown category; found `adlut`"),
    edit(LISTS, "    category: adult", "    category: adlut", 4, "did you mean `adult`?"),
    edit(
        LISTS, "    category: adult\n", "", 2, "the key `category` is missing; without it write `kind: allow`"
    ),
    edit(LISTS, "    kind: never-block", "    kind: never-block\n    category: adult", 17, "has no category"),
    edit(LISTS, "    kind: never-block", "    kind: neverblock", 16, "did you mean `never-block`?"),
    edit(LISTS, "  - id: gambling", "  - id: adult", 5, "another list has this id, in line 2"),
    edit(LISTS, "  - id: gambling", "  - id: Cờ bạc", 5, "characters that do not belong here"),
    edit(LISTS, "file: gambling.txt", "file: gamblin.txt", 6, "the list file is missing in"),
    edit(LISTS, "file: gambling.txt", "file: gamblin.txt", 6, "did you mean `gambling.txt`?"),
    edit(LISTS, "file: gambling.txt", "file: ../resolv.conf", 6, "write the path within it"),
    edit(LISTS, "file: gambling.txt", "file: /etc/hosts", 6, "write the path within it"),
    edit(LISTS, "file: gambling.txt", f"file: {'a' * 300}", 6, "the list file is missing in"),
    edit(LISTS, "format: plain", "format: host", 8, "did you mean `hosts`?"),
    edit(LISTS, "exceptions: own", "exceptions: no", 9, "YAML takes this word for true or false"),
    edit(
        LISTS, "    kind: never-block", "    kind: never-block\n    shadow: true", 17, "cannot be in shadow"
    ),
    edit(LISTS, "    kind: allow", "    kind: allow\n    shadow: true", 20, "cannot be in shadow"),
    edit(
        LISTS,
        "    category: adult",
        "    category: illegal\n    shadow: true",
        5,
        "a sealed category cannot be",
    ),
    edit(
        LISTS,
        "exceptions: own",
        "exceptions: all\n    shadow: true",
        10,
        "must not lift other lists' entries",
    ),
    Case(
        LISTS,
        "lists:\n"
        + "".join(
            f"  - {{id: l{i:02}, file: adult.txt, category: adult, shadow: true}}\n" for i in range(16)
        ),
        17,
        "more than 15 lists are in shadow",
    ),
    Case(
        LISTS,
        ("    category: adult", "    category: adult\n    shadow: true"),
        2,
        "all lists with this category are in shadow",
        Severity.WARNING,
        TIERS,
    ),
    edit(LISTS, "max-shrink: 50%", "max-shrink: 50", 11, "did you mean `50%`?"),
    edit(LISTS, "max-shrink: 50%", "max-shrink: 150%", 11, "accepted: 0%–100%"),
    edit(LISTS, "max-entries: 1000", "max-entries: 1e3", 10, "a whole number belongs here"),
    Case(LISTS, "lists:\n", 1, "this list has no value; write [] for an empty list"),
    Case(LISTS, "lists: []\n", 1, "the list is empty; it needs at least 1"),
    Case("blocklists/adult.txt", None, 3, "the list file is missing in", at=LISTS),
    Case(
        "blocklists/never-block.txt", "", 14, "the safety net `net` cannot be read", Severity.WARNING, LISTS
    ),
]

TIER_CASES = [
    edit(TIERS, "  mam-non: {vi", "  man-non: {vi", 2, "did you mean `mam-non`?"),
    edit(TIERS, "  mam-non: {vi", "  man-non: {vi", 2, "the key `mam-non` is missing"),
    edit(TIERS, "      - gambling", "      - gambing", 9, "unknown category; found `gambing`"),
    edit(TIERS, "      - gambling", "      -", 9, "there is no value here"),
    odd(TIERS, "      - gambling", "      - adult", 9, "this category stands twice"),
    odd(TIERS, "      - gambling", "      - drugs", 9, "no list of lists.yaml has this category"),
    edit(TIERS, "vi: THCS", "vi: [THCS]", 5, "a single value belongs here"),
    edit(TIERS, "en: Guests, block: [adult]", "en: Guests, block: adult", 12, "did you mean `[adult]`?"),
]

SCHOOL_CASES = [
    edit(PRIMARY, "    tier: tieu-hoc", "    tier: tiểu học", 14, "did you mean `tieu-hoc`?"),
    edit(
        PRIMARY, "    tier: tieu-hoc", "    tier: thsc", 14, "found `thsc`; accepted: mam-non, tieu-hoc, thcs"
    ),
    odd(
        PRIMARY,
        "    tier: tieu-hoc",
        "    tier: thpt",
        14,
        "for older pupils than a school of level tieu-hoc",
    ),
    edit(PRIMARY, "  level: tieu-hoc", "  level: primary", 4, "accepted: mam-non, tieu-hoc, thcs, th-thcs"),
    edit(PRIMARY, "  commune: Pa Tần\n", "", 2, "the key `commune` is missing"),
    edit(PRIMARY, "  commune: Pa Tần", "  commune: 302", 3, "YAML takes this for a number"),
    edit(PRIMARY, "  name: Trường Tiểu học A", "  name: Trường THCS B", 2, "has this name")._replace(
        at=LOWER
    ),
    edit(
        PRIMARY,
        "- name: Giáo viên",
        "- name: học sinh",
        29,
        "another group of this school has this name, in line 13",
    ),
    edit(
        PRIMARY,
        "10.1.0.0/24",
        "10.1.0.5/24",
        16,
        "write 10.1.0.0/24 for the subnet, or 10.1.0.5 for one machine",
    ),
    edit(PRIMARY, "10.1.0.0/24", "10.1.0.0/33", 16, "the prefix is longer than the address"),
    edit(PRIMARY, "10.1.0.0/24", "10.1.0.0/255.255.255.0", 16, "did you mean `10.1.0.0/24`?"),
    edit(PRIMARY, "10.1.0.0/24", "10.1.0", 16, "this is no subnet; found `10.1.0`"),
    edit(PRIMARY, "10.1.0.0/24", "0.0.0.0/0", 16, "too wide to be a school's"),
    edit(PRIMARY, "10.1.0.0/24", "224.0.0.0/24", 16, "no client has an address in this subnet"),
    edit(PRIMARY, "2001:db8:1::/64", "fe80::1%eth0", 17, "this is no subnet"),
    edit(PRIMARY, "2001:db8:1::/64", "2001:db8:1::", 17, "quote a text that has :"),
    edit(PRIMARY, "[10.1.0.128/26]", "[]", 31, "the list is empty; it needs at least 1"),
    edit(
        PRIMARY,
        "    networks: [10.1.0.128/26]",
        "    rules: []",
        29,
        "nobody can be in this group; give it `networks`",
    ),
    edit(PRIMARY, "[10.1.0.128/26]", "[10.1.0.0/24]", 31, "the group th-a/Học sinh has this subnet as well"),
    odd(PRIMARY, "2001:db8:1::/64", "10.1.0.0/24", 17, "this subnet stands twice in its group"),
    odd(PRIMARY, "2001:db8:1::/64", "10.1.0.0/25", 17, "lies in 10.1.0.0/24 of the same group"),
    edit(
        PRIMARY,
        "[10.1.0.128/26]",
        "[10.1.0.0/25, 10.1.0.128/25, 2001:db8:1::/64]",
        31,
        "has this subnet as well",
    ),
    edit(
        PRIMARY,
        "[10.1.0.128/26]",
        "[10.1.0.0/25, 10.1.0.128/25, 2001:db8:1::/65, 2001:db8:1:0:8000::/65]",
        13,
        "no client can be in the group Học sinh",
    ),
    odd(
        PRIMARY,
        "[10.1.0.128/26]",
        "[10.1.0.0/25, 10.1.0.128/25]",
        16,
        "more specific subnets cover all of this one",
    ),
    odd(LOWER, "[10.2.0.0/24]", "[10.1.0.0/28]", 15, "of another school's group th-a/Học sinh"),
    edit(
        PRIMARY,
        "          - worse.example",
        "          - https://worse.example/x",
        24,
        "did you mean `worse.example`?",
    ),
    edit(
        PRIMARY, "          - worse.example", "          - 10.1.0.7", 24, "this is no domain name (address)"
    ),
    edit(PRIMARY, "          - worse.example", '          - "*"', 24, "this is no domain name (bad-label)"),
    edit(PRIMARY, "          - worse.example", "          - on", 24, 'did you mean `"on"`?'),
]

LAYER_CASES = [
    edit(PROVINCE, "  name: Sở A", "  title: Sở A", 2, "the key `name` is missing"),
    edit(PROVINCE, "during: [gio-hoc]", "during: [gio-học]", 15, "did you mean `gio-hoc`?"),
    Case(PROVINCE, "province: {name: A}\nruels: []\n", 2, "did you mean `rules`?"),
    edit(PROVINCE, "to: 2027-01-16", "to: 16/1/2027", 7, "a date belongs here"),
    edit(PROVINCE, "to: 2027-05-29", "to: 2027-05-40", 8, "there is no such day"),
    edit(PROVINCE, "2026–2027", "2026–2027\n      term: 1", 6, "did you mean `terms`?"),
    edit(PROVINCE, "tiers: [thcs], names", "groups: [A], names", 20, "groups are a school's; a test of"),
    edit(PROVINCE, '"2027-02-05 20:30"', "tomorrow", 20, "a date and a time belong here"),
    edit(PROVINCE, '"2027-02-05 20:30"', '"2027-02-30 20:30"', 20, "there is no such day"),
    odd(COMMUNE, "pa tần", "Pa Tân", 2, "no school names this commune"),
    Case("communes/other.yaml", "commune: {name: Pa Tần}\n", 2, "another file is this commune's", at=COMMUNE),
    Case("communes/Pa Tan.yaml", "a: 1\n", 0, "small letters, digits and hyphens"),
    Case(LOWER, ("[Học sinh], names", "[Học sinh A], names"), 22, "no group of this name"),
    edit(LOWER, "default-group: Học sinh", "default-group: Hoc sinh", 6, "did you mean `Học sinh`?"),
    edit(LOWER, "tier: thcs", "tier: staff", 6, "nothing unknown gets staff rights"),
    odd(LOWER, "default-group: Học sinh\n", "", 5, "change nothing without `default-group`"),
    edit(LOWER, "networks: [10.2.0.0/16]\n", "", 5, "a default group needs the school's `networks`"),
    Case(
        PRIMARY,
        (
            "rules:\n  - allow: [school",
            "networks: [10.2.0.0/16]\ndefault-group: Học sinh\nrules:\n  - allow: [school",
        ),
        5,
        "the school th-a has this subnet as well",
        at=LOWER,
    ),
    Case(
        PRIMARY,
        (
            "rules:\n  - allow: [school",
            "networks: [10.2.7.0/24]\ndefault-group: Học sinh\nrules:\n  - allow: [school",
        ),
        5,
        "overlap (schools/th-a.yaml:5)",
        Severity.WARNING,
        LOWER,
    ),
    odd(LOWER, "[10.2.0.0/16]", "[10.2.0.0/16, 10.2.0.0/17]", 5, "this subnet of the school stands twice"),
    edit(LOWER, '["::1@5353"]', '["::1@53"]', 17, "the gateway does not listen here"),
    edit(LOWER, "youtube: strict", "youtube: hard", 18, "accepted: off, moderate, strict"),
    edit(LOWER, "[social]", "[takedown]", 19, "nobody can switch it off, nor open or try it out"),
    edit(LOWER, "[social]", "[sociall]", 19, "did you mean `social`?"),
    edit(LOWER, "00:11:22:33:44:55", "00:11:22:33:44", 16, "this is no MAC address"),
    odd(LOWER, "00:11:22:33:44:55", "02:11:22:33:44:55", 16, "a random one (locally administered)"),
    edit(
        PRIMARY,
        "    networks: [10.1.0.128/26]",
        '    devices: ["00:11:22:33:44:55"]',
        16,
        "the group th-a/Giáo viên has this device as well",
    )._replace(at=LOWER),
    edit(
        PRIMARY,
        "    networks: [10.1.0.128/26]",
        '    listeners: ["::1@5353"]',
        17,
        "the group th-a/Giáo viên has this listener as well",
    )._replace(at=LOWER),
    edit(PRIMARY, "tiers: [tieu-hoc], reason", "tier: [tieu-hoc], reason", 11, "did you mean `tiers`?"),
    edit(PRIMARY, "of: [service:tro-a]", "of: [service:tro-b]", 11, "did you mean `service:tro-a`?"),
    edit(
        PRIMARY,
        "    block:\n      ttl: 5m",
        "    budgets:\n      - {name: A, minutes: 5, of: [a.example], tiers: [thcs], reason: B}",
        28,
        "a budget in a group's own section is for this group alone",
    ),
    Case(
        "blocklists/safe-search.yaml", None, 0, "the group thcs-b/Học sinh must search", at="safe-search.yaml"
    ),
    Case(
        "blocklists/resolver-addresses.yaml",
        None,
        0,
        "a public resolver's address are not noticed",
        Severity.WARNING,
        "resolver-addresses.yaml",
    ),
    Case("blocklists/services/all.yaml", "services: [", 2, "no valid YAML", at="services/all.yaml"),
]

FOLDER_CASES = [
    Case("schools/TH B.yaml", "a: 1\n", 0, "small letters, digits and hyphens"),
    Case("schools/th-b.yml", "a: 1\n", 0, "ends in .yaml; rename"),
    Case("tier.yaml", "a: 1\n", 0, "this file is not read", Severity.WARNING),
    Case("lists.yml", "a: 1\n", 0, "did you mean `lists.yaml`?", Severity.WARNING),
    Case("resolv.conf", None, 5, "cannot be read (No such file or directory)", at=GATEWAY),
    Case("resolv.conf", "search lan\n", 5, "names no usable resolver", at=GATEWAY),
    Case(
        "resolv.conf",
        "nameserver fe80::1%eth0\nnameserver 10.0.0.1\n",
        5,
        "left out",
        Severity.WARNING,
        GATEWAY,
    ),
    Case(GATEWAY, b"\xef\xbb\xbflisten: [127.0.0.1@5353]\n", 1, "byte order mark", Severity.WARNING),
]

ALL = [*YAML, *VALUES, *ADDRESSES, *LIST_CASES, *TIER_CASES, *SCHOOL_CASES, *LAYER_CASES, *FOLDER_CASES]


@pytest.mark.parametrize("case", ALL, ids=[f"{i}-{c.words[:40]}" for i, c in enumerate(ALL)])
def test_line_and_words(check: Check, case: Case) -> None:
    path = case.at or case.file
    found = check({case.file: case.change})
    there = [f for f in found if (f.path, f.line, f.severity) == (path, case.line, case.severity)]
    assert any(case.words in str(finding) for finding in there), "\n".join(map(str, found))


def test_the_right_configuration_has_no_findings(check: Check) -> None:
    assert check({}) == ()


def test_the_table_is_long_enough() -> None:
    assert len(ALL) >= 60
