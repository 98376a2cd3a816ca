"""SchoolGuard as the benchmark runs it: a generated configuration, the command line, the running gateway.

Bounds that a load generator would hit are off (queries a second) and the metrics are not served; all else,
the size of the caches too, is the product's default.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus
from tests.bench.processes import SERVER_CORE, Failed, Server, free_port, on_core, running

CATEGORIES = {
    "threat": "malware",
    "vpn-bypass": "proxy-vpn",
    "doh": "encrypted-dns",
    "shortvideo": "short-video",
    "ai": "ai-chat",
    "manga": "piracy",
}
"""The product's category of a file of names, where they are not called the same."""

TIERS = ("mam-non", "tieu-hoc", "thcs", "thpt", "staff", "guest")

SHIPPED = Path(__file__).resolve().parents[2] / "blocklists"
"""The product's own folder of lists: services, search engines and resolvers' addresses are taken from it."""

_BESIDE_LISTS = ("safe-search.yaml", "resolver-addresses.yaml")

_GATEWAY = """\
listen: [127.0.0.1@{port}]
workers: 1
metrics: off
upstreams:
  servers: [127.0.0.1@{upstream}]
paths:
  blocklists: {blocklists}
  state: {state}
limits:
  queries-per-second: 0
"""

_SCHOOL = """\
school:
  name: Bench
  commune: Bench
  level: th-thcs-thpt
groups:
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A configuration folder, the lists that it names, and the port it listens on."""

    config: Path
    lists: Path
    port: int


def write_lists(shared: Path, size: corpus.Size, folder: Path) -> None:
    """Write each category's names as a plain list, and beside them what the product keeps there."""
    copy_catalogues(folder)
    for part in size.categories:
        with (folder / f"{part}.txt").open("w") as file:
            file.writelines(f"{name}\n" for name in corpus.category(shared, part, size))


def copy_catalogues(folder: Path) -> None:
    """Put what the product keeps beside lists into a new folder of lists."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SHIPPED / "services", folder / "services", dirs_exist_ok=True)
    for name in _BESIDE_LISTS:
        shutil.copy(SHIPPED / name, folder)


def install(folder: Path, lists: Path, groups: int, upstream_port: int, caches: int | None) -> Installation:
    """Write a configuration for the lists in ``lists`` with that many groups, each under rules of its own.

    ``caches`` is the size in bytes of each of the two caches, ``None`` the product's default.
    """
    found = installation(folder, lists, upstream_port, caches)
    write_tiers(found, {name: {} for name in TIERS})
    (found.config / "schools" / "bench.yaml").write_text(_SCHOOL + "".join(_groups(groups)))
    return found


def installation(folder: Path, lists: Path, upstream_port: int, caches: int | None) -> Installation:
    """Write the gateway's and the lists' part of a configuration, as ``install`` does."""
    config = folder / "config"
    (config / "schools").mkdir(parents=True, exist_ok=True)
    port = free_port()
    text = _GATEWAY.format(port=port, upstream=upstream_port, blocklists=lists, state=folder / "state")
    if caches is not None:
        text += f"caches:\n  replies: {caches}\n  answers: {caches}\n"
    (config / "schoolguard.yaml").write_text(text)
    (config / "lists.yaml").write_text("lists:\n" + "".join(map(_list, _parts(lists))))
    return Installation(config, lists, port)


def write_tiers(installation: Installation, more: Mapping[str, Mapping[str, object]]) -> None:
    """Write tiers that each block all that the lists hold; ``more`` are further keys of each."""
    blocked = sorted({CATEGORIES.get(part, part) for part in _parts(installation.lists)})
    tiers = {name: {"vi": name, "en": name, "block": blocked, **more[name]} for name in TIERS}
    write_yaml(installation.config / "tiers.yaml", {"tiers": tiers})


def write_yaml(path: Path, content: Mapping[str, object]) -> None:
    """Write a file of the configuration: JSON is YAML as well, with every text in quotes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1))


def _parts(lists: Path) -> list[str]:
    return sorted(path.stem for path in lists.glob("*.txt"))


def addresses(groups: int, several: int) -> tuple[str, ...]:
    """Return ``several`` client addresses, each of another group."""
    if groups == 1:
        return ("127.0.0.1",)
    return tuple(f"127.0.{1 + i * groups // several}.1" for i in range(several))


def _list(part: str) -> str:
    category = CATEGORIES.get(part, part)
    return f"  - id: {part}\n    file: {part}.txt\n    category: {category}\n    format: plain\n"


def _groups(groups: int) -> Iterator[str]:
    if groups == 1:
        yield "  - name: all\n    tier: thpt\n    networks: [127.0.0.0/8]\n"
        return
    for i in range(1, groups + 1):
        yield f"  - name: class {i}\n    tier: thpt\n    networks: [127.0.{i}.0/24]\n"
        yield f"    rules:\n      - {{block: [class-{i}.example.net], reason: bench}}\n"
    yield "  - name: rest\n    tier: thpt\n    networks: [127.0.0.0/24]\n"


def command(*arguments: str) -> list[str]:
    """Return the ``schoolguard`` command of this environment; raises ``Failed`` when it is not installed."""
    program = Path(sys.executable).with_name("schoolguard")
    if not program.exists():
        raise Failed(f"{program} is missing. Type: make bench")
    return [str(program), *arguments]


def run(installation: Installation, *arguments: str, prefix: Sequence[str] = ()) -> str:
    """Run a ``schoolguard`` command on the servers' core; return what it printed. Raises ``Failed``."""
    full = [*prefix, *command(*arguments, "--config", str(installation.config))]
    done = subprocess.run(
        on_core(SERVER_CORE, full), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr)[-1500:]
        raise Failed(f"schoolguard {' '.join(arguments)} ended with code {done.returncode}:\n{tail}")
    return done.stdout


@contextlib.contextmanager
def serving(installation: Installation, name: str) -> Iterator[Server]:
    """Run ``schoolguard serve`` with one worker."""
    full = command("serve", "--config", str(installation.config))
    with running(name, installation.port, full, installation.config.parent) as server:
        yield server
