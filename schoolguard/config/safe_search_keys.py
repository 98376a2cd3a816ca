"""The keys of safe search: those of a tier, a school and a group, and those of ``safe-search.yaml``."""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.config.domains import NameType
from schoolguard.config.finding import At, Wrong
from schoolguard.config.scalars import Choice, Flag, Text
from schoolguard.config.types import Fields, Key, ListOf, Schema, Section, TextType
from schoolguard.language import N_
from schoolguard.policy.safe_search import YouTube

FILE_NAME = "safe-search.yaml"

Names = Key[tuple[At[str], ...]]
Sections = Key[tuple[At[Fields], ...]]

SAFE_SEARCH = Key(
    "safe-search",
    Flag(),
    "Search engines show only filtered results; those that cannot be made to are blocked.",
    False,
)
YOUTUBE = Key(
    "youtube",
    Choice(tuple(YouTube)),
    "YouTube's restricted mode: off, moderate or strict; needs no safe-search.",
    YouTube.OFF.value,
)
STRIP_ECH = Key(
    "strip-ech",
    Flag(),
    "Take the keys of Encrypted Client Hello out of answers, so that a firewall sees the names of sites.",
    False,
)


def inherited(owner: str) -> tuple[Key[bool], Key[str], Key[bool]]:
    """Return the three keys for a place that else has what its ``owner`` has."""
    otherwise = f"the {owner}'s"
    return (
        Key(SAFE_SEARCH.name, SAFE_SEARCH.type, SAFE_SEARCH.meaning, otherwise=otherwise),
        Key(YOUTUBE.name, YOUTUBE.type, YOUTUBE.meaning, otherwise=otherwise),
        Key(STRIP_ECH.name, STRIP_ECH.type, STRIP_ECH.meaning, otherwise=otherwise),
    )


@dataclass(frozen=True, slots=True)
class HostType(TextType[str]):
    """One name in text shape, without what is below it."""

    @property
    def label(self) -> str:
        """``host name``."""
        return "host name"

    def parse(self, text: str) -> str:
        """Return the name in text shape."""
        plain = text.strip().removeprefix("*.")
        if plain != text.strip():
            raise Wrong(N_("one name belongs here, without those below it"), found=text, suggestion=plain)
        return NameType().parse(text)

    def schema(self) -> Schema:
        """Return a text's schema."""
        return NameType().schema()


_HOSTS_MEANING = "Names, each exactly as written."
NAME = Key("name", Text(most=60), "The engine's name for people.")
SAFE = Key("safe", HostType(), "The name that serves only filtered results.")
HOSTS = Key("hosts", ListOf(HostType(), least=1, most=1_000), _HOSTS_MEANING)
SOURCE = Key("source", Text(most=400), "Who says that the engine can be forced in this way.")
ENGINES = Key(
    "engines", ListOf(Section((NAME, SAFE, HOSTS, SOURCE)), most=200), "Engines that have a safe twin."
)

MODERATE = Key("moderate", HostType(), "The name for the moderate level.")
STRICT = Key("strict", HostType(), "The name for the strict level.")
RESTRICTED = Key(
    "youtube", Section((MODERATE, STRICT, HOSTS, SOURCE)), "YouTube's names, and the twin for each level."
)

UNFORCED_HOSTS = Key("hosts", HOSTS.type, _HOSTS_MEANING, otherwise="none")
ZONES = Key("zones", ListOf(NameType(), 1, 1_000), "Names, each with all below it.", otherwise="none")
REASON = Key("reason", Text(most=400), "Why the engine cannot be forced.")
UNFORCEABLE = Key(
    "unforceable",
    ListOf(Section((NAME, UNFORCED_HOSTS, ZONES, REASON)), most=1_000),
    "Engines that are blocked where safe search is demanded.",
)
SAFE_SEARCH_FILE = Section((ENGINES, RESTRICTED, UNFORCEABLE))
