"""The values of subscriptions: what is wanted, bounds of a fetch, how a list stands, a refusal. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from schoolguard.language import Said

Network = IPv4Network | IPv6Network

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A list to fetch: its id, its address (https), and how often it is asked for, in seconds.

    ``format`` is the list's as lists.yaml has it. ``member`` is the file to take out of a tar archive.
    ``alarm_after``: seconds without a successful round after which its age is an alarm. ``permitted`` are
    private networks that the address may lead to, for a mirror of one's own. ``purpose`` says in one line
    what the names are for: kind and category.
    """

    id: str
    url: str
    refresh: float = DAY
    format: str = "auto"
    member: str = "domains"
    max_size: int = 256 << 20
    alarm_after: float = 7 * DAY
    permitted: tuple[Network, ...] = ()
    purpose: str = ""

    @property
    def origin(self) -> str:
        """What a content was judged as: from another address, or for another purpose, it is judged anew."""
        return f"{self.url} {self.member} {self.purpose}"


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds that hold for every list.

    A transfer is waited for while, after ``grace`` seconds, it brings ``floor`` bytes a second on average: an
    endless trickle ends. ``ratio``: bytes out of an archive for each byte of it; real lists have 4 to 12.
    """

    redirects: int = 3
    grace: float = 20.0
    floor: float = 2_048.0
    ratio: int = 200
    together: int = 2

    def allowed(self, received: int) -> float:
        """Return by how many seconds after the start the byte after ``received`` must have come."""
        return self.grace + received / self.floor


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """How a list stands. Times are Unix seconds, 0 when it never happened. ``origin`` is the subscription's.

    ``changed``: when its present content came; ``checked``: the last round in which the server confirmed or
    renewed it; ``tried``: the last round; ``failures``: rounds in a row without success, with the reason of
    the last (``reason`` for programs, ``message`` in English). ``etag`` and ``modified`` are the server's
    own words for the content that came (its SHA-256 is ``came``); ``sha256`` and ``size`` are those of the
    list, out of which so many names as ``left_out`` were left.
    """

    origin: str = ""
    etag: str = ""
    modified: str = ""
    sha256: str = ""
    size: int = 0
    changed: float = 0.0
    checked: float = 0.0
    tried: float = 0.0
    failures: int = 0
    reason: str = ""
    message: str = ""
    wait: float = 0.0
    came: str = ""
    left_out: int = 0

    def age(self, now: float) -> float | None:
        """Return the seconds since the server last confirmed the content, None when there is none."""
        return max(0.0, now - self.checked) if self.sha256 else None

    def alarmed(self, wanted: Subscription, now: float) -> bool:
        """Return whether the list is missing after a try, or older than is acceptable."""
        age = self.age(now)
        return self.failures > 0 if age is None else age > wanted.alarm_after


class FetchRefused(Said):
    """A list was not taken; ``reason`` is one word for programs, ``wait`` the seconds the server asked for.

    Words: ``not-https``, ``address`` (private or none), ``redirects``, ``busy`` (another process fetches
    it), ``unreachable``, ``tls``, ``status``, ``type``, ``coding``, ``too-large``, ``truncated``, ``slow``,
    ``damaged``, ``ratio``, ``no-member``, ``disk``, ``not-judged``, those of a list that is none: ``empty``,
    ``html``, ``json``, ``not-text``, ``unknown-format``, ``too-many-entries``; ``held`` (a person must
    agree), and the guardrails' codes.
    """

    def __init__(self, reason: str, msgid: str, /, *, wait: float = 0.0, **values: object) -> None:
        super().__init__(msgid, **values)
        self.reason = reason
        self.wait = wait
