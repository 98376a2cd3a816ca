"""Which part may import which: the table, and no cycles. ARCHITECTURE.md draws the same picture."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "schoolguard"

COMPOSES = ("*",)
"""A part that puts the others together: the command line, the node, and the worker's own start."""

MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    # Every module is under its longest entry; a part may always import itself.
    "categories": (),
    "language": (),
    "log": (),
    "dns": (),
    "priority": (),
    "devices": ("dns", "language", "log"),
    "devices.model": (),
    "lists": ("dns", "categories"),
    "intake": ("dns", "lists", "categories", "language", "log", "settings", "priority"),
    "intake.trust": ("language", "lists.archive", "log"),
    "intake.transfer.model": ("language",),
    "intake.subscriptions.model": ("language", "lists.model"),
    "store": ("language", "log"),
    "store.model": (),
    "store.bounds": (),
    "querylog": ("dns", "language", "log"),
    "querylog.model": (),
    "feed": ("store", "intake.orders", "language", "log"),
    "feed.model": (),
    "feed.settings": ("feed.rules",),
    "hub": ("intake", "feed", "dns", "lists", "categories", "language", "log", "settings"),
    "hub.service": COMPOSES,
    "hub.export.model": ("intake.transfer.model", "language"),
    "lists.child": ("priority", "lists"),
    "policy": ("dns", "categories"),
    "settings": (
        "categories",
        "dns.resolver_addresses",
        "lists.model",
        "policy",
        "devices.model",
        "intake",
        "hub",
        "store.bounds",
        "querylog.model",
        "feed.settings",
    ),
    "config": (
        "settings",
        "categories",
        "language",
        "dns.names",
        "dns.resolver_addresses",
        "lists.model",
        "lists.formats",
        "policy",
        "devices.model",
        "intake.model",
        "intake.trust.first",
        "intake.transfer.model",
        "intake.subscriptions.model",
        "hub.export.model",
        "store.bounds",
        "querylog.model",
        "feed.settings",
        "feed.rules",
    ),
    "resolver": ("dns", "lists", "policy", "settings", "categories", "language", "devices.model"),
    "serve": (
        "dns",
        "resolver",
        "settings",
        "policy",
        "devices.model",
        "querylog.model",
        "querylog.recording",
    ),
    "serve.worker": COMPOSES,
    "node": COMPOSES,
    "cli": COMPOSES,
    "__main__": COMPOSES,
}

PURE = ("asyncio", "socket", "ssl", "time", "sqlite3", "subprocess", "random")
"""Bytes, files and ``now`` in, values out: what these modules give must be handed in."""

NEVER_IMPORTS: Mapping[str, tuple[str, ...]] = {
    "dns": PURE,
    "lists": PURE,
    "policy": PURE,
    **dict.fromkeys(
        ("feed.model", "feed.merging", "feed.noise", "feed.rules", "feed.summary", "feed.day"), PURE
    ),
    **dict.fromkeys(("feed.schema", "feed.signed", "feed.table", "feed.openmetrics"), PURE),
}


@dataclass(frozen=True)
class Import:
    """One import statement's module: who, where, what."""

    module: str
    place: str
    target: str


def modules_of(root: Path) -> dict[str, Path]:
    """Return the package's modules by dotted name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(module: str, path: Path, modules: Mapping[str, Path]) -> Iterator[Import]:
    """Yield every import, however deep in the code; a module imported from its package is named whole."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        place = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(module, place, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, module, is_package=path.name == "__init__.py")
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield Import(module, place, inner if inner in modules else source)


def absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    up = node.level - 1 if is_package else node.level
    parts = module.split(".")
    base = parts[: len(parts) - up]
    return ".".join([*base, *([node.module] if node.module else [])])


def all_imports(root: Path) -> list[Import]:
    modules = modules_of(root)
    return [found for module, path in modules.items() for found in imports_of(module, path, modules)]


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def rule_of(module: str, table: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return the longest entry of ``table`` that ``module`` falls under."""
    inner = module.removeprefix(PACKAGE + ".")
    return max((part for part in table if within(inner, part)), key=len, default=None)


def broken_rules(root: Path) -> list[str]:
    """Return one sentence for each import that a table forbids and each module without an entry."""
    unknown = [
        f"{path}: {module} stands under no entry of MAY_IMPORT; add one that says what it may import"
        for module, path in modules_of(root).items()
        if module != PACKAGE and rule_of(module, MAY_IMPORT) is None
    ]
    imports = all_imports(root)
    return unknown + [text for found in imports if (text := broken_by(found))]


def broken_by(found: Import) -> str | None:
    if not within(found.target, PACKAGE):
        part = rule_of(found.module, NEVER_IMPORTS)
        if part and found.target.split(".")[0] in NEVER_IMPORTS[part]:
            return f"{found.place}: {found.module} imports {found.target}; {part} never imports that"
        return None
    part = rule_of(found.module, MAY_IMPORT)
    if part is None or found.target == PACKAGE:
        return None
    allowed = MAY_IMPORT[part]
    inner = found.target.removeprefix(PACKAGE + ".")
    own = found.module.split(".")[1]
    if allowed == COMPOSES or within(inner, own) or any(within(inner, part) for part in allowed):
        return None
    accepted = ", ".join(allowed) or "nothing of ours"
    return f"{found.place}: {found.module} imports {found.target}; {part} may import: {accepted}"


def cycles(root: Path) -> list[str]:
    """Return each import cycle once, written ``a -> b -> a``."""
    graph: dict[str, list[str]] = {module: [] for module in modules_of(root)}
    for found in all_imports(root):
        if found.target in graph:
            graph[found.module].append(found.target)
    done: set[str] = set()
    return [
        " -> ".join(cycle) for module in graph for cycle in cycles_from(module, graph, done=done, path=[])
    ]


def cycles_from(
    module: str, graph: Mapping[str, list[str]], *, done: set[str], path: list[str]
) -> Iterator[list[str]]:
    if module in path:
        yield [*path[path.index(module) :], module]
        return
    if module in done:
        return
    for target in graph[module]:
        yield from cycles_from(target, graph, done=done, path=[*path, module])
    done.add(module)


def test_every_import_is_allowed() -> None:
    broken = broken_rules(ROOT)
    assert not broken, "\n".join(["", *broken])


def test_there_is_no_import_cycle() -> None:
    found = cycles(ROOT)
    assert not found, "\n".join(["", *found])


def test_rules_name_parts_that_exist() -> None:
    modules = {module.removeprefix(PACKAGE + ".") for module in modules_of(ROOT)}
    named = {*MAY_IMPORT, *NEVER_IMPORTS, *(part for parts in MAY_IMPORT.values() for part in parts)}
    assert named - modules == {"*"}


def tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in {f"{PACKAGE}/__init__.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "policy/a.py",
            "from schoolguard.lists import model",
            "a.py:1: schoolguard.policy.a imports schoolguard.lists",
        ),
        (
            "policy/a.py",
            "\nimport asyncio.events",
            "a.py:2: schoolguard.policy.a imports asyncio.events; policy never",
        ),
        (
            "lists/a.py",
            "def f():\n    from time import time",
            "a.py:2: schoolguard.lists.a imports time; lists never",
        ),
        ("dns/a.py", "from ..categories import X", "schoolguard.dns.a imports schoolguard.categories"),
        ("dns/a.py", "from schoolguard import categories", "dns may import: nothing of ours"),
        ("config/a.py", "import schoolguard.dns.wire", "config may import: settings"),
        ("serve/a.py", "from schoolguard.node import gateway", "serve may import: dns, resolver"),
        ("novel.py", "", "schoolguard.novel stands under no entry"),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, name: str, text: str, message: str) -> None:
    files = {f"{PACKAGE}/{name}": text, f"{PACKAGE}/categories.py": "", f"{PACKAGE}/lists/model.py": ""}
    (found,) = broken_rules(tree(tmp_path, files))
    assert message in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("policy/a.py", "from schoolguard.dns.names import search_key\nimport re"),
        ("policy/a.py", "from . import b\nfrom .b import c"),
        (
            "config/a.py",
            "from schoolguard.lists.formats.detect import x\nfrom schoolguard.dns.names import y",
        ),
        ("serve/worker.py", "import schoolguard.node.gateway, asyncio"),
        ("serve/a.py", "import asyncio, socket"),
        ("cli.py", "from schoolguard import __version__\nfrom schoolguard.config import load"),
    ],
)
def test_an_allowed_import_passes(tmp_path: Path, name: str, text: str) -> None:
    assert broken_rules(tree(tmp_path, {f"{PACKAGE}/{name}": text})) == []


def test_a_cycle_is_found_however_it_is_written(tmp_path: Path) -> None:
    files = {
        "schoolguard/policy/__init__.py": "",
        "schoolguard/policy/a.py": "def f():\n    from . import b",
        "schoolguard/policy/b.py": "from .c import x",
        "schoolguard/policy/c.py": "import schoolguard.policy.a",
        "schoolguard/policy/d.py": "from schoolguard.policy import a, b, c",
    }
    a, b, c = (f"schoolguard.policy.{name}" for name in "abc")
    assert cycles(tree(tmp_path, files)) == [f"{a} -> {b} -> {c} -> {a}"]
