"""Why a document is not taken: one error, with a word for programs and the place in the document.

It must not hold what the document said, but for short pieces.
"""

from __future__ import annotations

from schoolguard.language import Said

SHOWN = 40
"""Characters of a wrong value that a message repeats."""


class FeedRefused(Said):
    """A document, or a delivery, that is refused whole.

    ``code`` is ``size``, ``packing``, ``form``, ``version``, ``field``, ``key`` or ``signature``; ``place``
    is the members' names down to the wrong one (``document.queries.thcs``), empty when it is all of it.
    """

    def __init__(self, code: str, place: str, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, place=place, **values)
        self.code = code
        self.place = place
