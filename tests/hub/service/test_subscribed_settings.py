"""``subscriptions`` of ``hub.yaml``: what is taken from the catalogue, and what may not be passed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.config.finding import ConfigError
from schoolguard.hub.service.reading import read_hub
from schoolguard.lists.model import Kind

CATALOGUE = """
lists:
- {id: free, name: Free, maintainer: M, homepage: "https://m.example/", address: "https://m.example/free.txt",
   format: hosts, category: games, licence: MIT, size: small, update: daily, note: {vi: "-", en: "-"}}
- {id: unfree, name: Unfree, maintainer: M, homepage: "https://m.example/", address: "https://m.example/u.txt",
   format: hosts, category: games, licence: none stated, size: small, update: daily, note: {vi: "-", en: "-"}}
"""


def hub(folder: Path, *subscriptions: str, more: str = "") -> Path:
    (folder / "never-block.txt").write_text("hoc.example\n")
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    lines = "".join(f"- {{{each}}}\n" for each in subscriptions)
    text = f"listen: 127.0.0.1@8443\nsafety-net: [never-block.txt]\n{more}subscriptions:\n{lines}"
    (folder / "hub.yaml").write_text(text)
    return folder


def test_the_catalogue_gives_address_format_category_and_licence(tmp_path: Path) -> None:
    own = "id: own, url: 'https://own.example/x', kind: allow, licence: of our own"
    free, mine = read_hub(hub(tmp_path, "id: free, url: catalogue", own)).subscriptions
    assert (free.wanted.url, free.wanted.format) == ("https://m.example/free.txt", "hosts")
    assert (free.category, free.licence, free.kind) == ("games", "MIT", Kind.BLOCK)
    assert (free.path, free.list_id) == ("lists/subscriptions/free.sgl.zst", "subscriptions.free")
    assert (mine.category, mine.kind, mine.licence) == ("", Kind.ALLOW, "of our own")


@pytest.mark.parametrize(
    ("subscription", "said"),
    [
        ("id: unfree, url: catalogue", "states no licence, so it may not be passed on"),
        ("id: own, url: 'https://own.example/x', category: games", "the key `licence` is missing"),
        ("id: own, url: 'https://own.example/x', licence: MIT", "the key `category` is missing"),
        ("id: own, url: 'https://own.example/x', category: gamez, licence: MIT", "unknown category"),
        ("id: own, url: 'http://own.example/x', category: games, licence: MIT", "by https only"),
        ("id: nowhere, url: catalogue", "has no list with this id"),
        ("id: own, category: games, licence: MIT", "the key `url` is missing"),
        ("id: free, url: catalogue, kind: never-block", "never-block"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, subscription: str, said: str) -> None:
    with pytest.raises(ConfigError) as found:
        read_hub(hub(tmp_path, subscription))
    assert said in "\n".join(map(str, found.value.findings))


def test_a_licence_that_was_given_and_ids_that_meet(tmp_path: Path) -> None:
    (each,) = read_hub(hub(tmp_path, "id: unfree, url: catalogue, licence: letter of 1 May")).subscriptions
    assert each.licence == "letter of 1 May"
    with pytest.raises(ConfigError, match="another subscription has this id"):
        read_hub(hub(tmp_path, "id: free, url: catalogue", "id: free, url: catalogue"))
    with pytest.raises(ConfigError, match="this file is missing"):
        read_hub(hub(tmp_path, "id: free, url: catalogue", more="catalogue: away.yaml\n"))
