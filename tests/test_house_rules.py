"""The house rules that a parser can keep: names, docstrings, sizes, where regular expressions come from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "schoolguard").rglob("*.py"))

FORBIDDEN = frozenset({"manager", "helper", "util", "common", "handler", "data", "info"})
"""Words that say nothing of what a thing is; also in the plural."""

MAX_LINES = 350

CONSTANT_PATTERNS = {
    "schoolguard/config/scalars.py": "patterns stand in the tables of keys",
    "schoolguard/lists/formats/reader.py": "patterns stand in the table of formats",
}
"""Modules that hand ``re`` a pattern by variable, and why no list and no user can have written it."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TAKES_PATTERN = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFERRED = (*_FUNCTIONS, ast.Lambda)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_forbidden(name: str) -> bool:
    words = (word.lower() for word in _WORD.findall(name))
    return any(word in FORBIDDEN or word.removesuffix("s") in FORBIDDEN for word in words)


def bad_names(tree: ast.Module, path: Path) -> Iterator[str]:
    parts = path.with_suffix("").parts[-2:]
    yield from (f"{path}: module or folder {part!r}" for part in parts if is_forbidden(part))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and is_forbidden(node.name):
            yield f"{path}:{node.lineno}: class {node.name}"


def without_docstring(tree: ast.Module, path: Path) -> Iterator[str]:
    """Yield the module, public classes and functions without one; methods too, of classes without a base.

    A method of a derived class may be documented by what it implements.
    """
    if not ast.get_docstring(tree):
        yield f"{path}: the module has no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _undocumented(node, path)
        if isinstance(node, ast.ClassDef) and not node.bases and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, _FUNCTIONS):
                    yield from _undocumented(inner, path)


def _undocumented(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> Iterator[str]:
    if not node.name.startswith("_") and not ast.get_docstring(node):
        yield f"{path}:{node.lineno}: {node.name} has no docstring"


def foreign_patterns(tree: ast.Module, path: Path) -> Iterator[str]:
    """Yield each use of ``re`` in a function whose pattern is not written out there.

    A pattern by variable may have come from a list or a user, and ``re`` backtracks: 112 s were measured on a
    legal 47-byte name. Those run on google-re2.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            yield f"{path}:{node.lineno}: write 'import re', so that every use can be seen"
        if isinstance(node, ast.Import) and any(a.name == "re" and a.asname for a in node.names):
            yield f"{path}:{node.lineno}: write 'import re', so that every use can be seen"
    calls = {
        call for function in ast.walk(tree) if isinstance(function, _DEFERRED) for call in ast.walk(function)
    }
    for call in calls:
        if isinstance(call, ast.Call) and (name := re_function(call)) and not has_literal_pattern(call):
            yield f"{path}:{call.lineno}: re.{name} with a pattern that is not written out"


def re_function(call: ast.Call) -> str | None:
    """Return which function of ``re`` that takes a pattern is called, if one is."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="re"), attr=name) if name in _TAKES_PATTERN:
            return name
    return None


def has_literal_pattern(call: ast.Call) -> bool:
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "pattern")]
    return bool(given) and isinstance(given[0], ast.Constant)


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fail_with(found: list[str]) -> None:
    assert not found, "\n".join(["", *sorted(found)])


def test_names_say_what_things_are() -> None:
    fail_with([text for path in MODULES for text in bad_names(parse(path), path.relative_to(ROOT))])


def test_what_is_public_is_documented() -> None:
    fail_with([text for path in MODULES for text in without_docstring(parse(path), path.relative_to(ROOT))])


def test_re_gets_no_pattern_from_outside() -> None:
    checked = [path for path in MODULES if shown(path) not in CONSTANT_PATTERNS]
    fail_with([text for path in checked for text in foreign_patterns(parse(path), path.relative_to(ROOT))])


@pytest.mark.parametrize("name", CONSTANT_PATTERNS)
def test_excused_modules_still_need_their_excuse(name: str) -> None:
    assert list(foreign_patterns(parse(ROOT / name), Path(name)))


def test_files_are_short() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    fail_with([f"{shown(p)}: {n} lines, at most {MAX_LINES}" for p, n in sizes.items() if n > MAX_LINES])


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("utils", True),
        ("dns_helpers", True),
        ("DataLine", True),
        ("HTTPHandler", True),
        ("metadata", False),
        ("Datagram", False),
        ("Information", False),
        ("commons", True),
        ("uncommon", False),
    ],
)
def test_forbidden_words_are_whole_words(name: str, forbidden: bool) -> None:
    assert is_forbidden(name) is forbidden


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import re\nX = re.compile('a')", 0),
        ("import re\nX = re.compile(f'{Y}a')", 0),
        ("import re\ndef f(x):\n    return re.match('a', x)", 0),
        ("import re\ndef f(x):\n    return re.match(x, 'a')", 1),
        ("import re\ndef f(x):\n    return re.compile(pattern=x)", 1),
        ("import re\ndef f(x):\n    return re.compile(f'{x}a')", 1),
        ("import re\nf = lambda x: re.search(x, 'a')", 1),
        ("import re\ndef f(x):\n    def g():\n        re.sub(x, 'a', 'b')\n", 1),
        ("import re\ndef f(x):\n    return re.escape(x)", 0),
        ("import re2\ndef f(x):\n    return re2.compile(x)", 0),
        ("from re import compile", 1),
        ("import re as r", 1),
    ],
)
def test_foreign_patterns_are_found(text: str, count: int) -> None:
    assert len(list(foreign_patterns(ast.parse(text), Path("x.py")))) == count


def test_missing_docstrings_are_found() -> None:
    methods = "    def b(self): ...\n    def _c(self): ...\n"
    text = f"class A:\n{methods}class D(A):\n    'd'\n{methods}def e(): ..."
    found = list(without_docstring(ast.parse(text), Path("x.py")))
    assert [line.split(": ", 1)[1].split()[0] for line in found] == ["the", "A", "b", "e"]
