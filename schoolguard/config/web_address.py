"""What every web address in the configuration must be, whatever is fetched from it."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from schoolguard.config.finding import Wrong
from schoolguard.language import N_

LONGEST = 1_000


def web_address(text: str, schemes: tuple[str, ...], form: str) -> SplitResult:
    """Return the parts of an address that has one of the schemes and a host; raises ``Wrong``.

    ``form`` is an example of what is accepted.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Wrong(N_("this is no web address"), found=text, accepted=form) from error
    printable = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in schemes or not host or len(text) > LONGEST or not printable:
        raise Wrong(N_("this is no web address"), found=text, accepted=form)
    return parts
