"""``python -m tests.bench.store [costs|flips|kills] [NUMBER] [SEED]``: figures, and long campaigns."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.bench.store import costs, damage


def main(what: str = "costs", number: str = "60", seed: str = "1") -> None:
    """Measure, or try, and print what was found."""
    logging.disable(logging.CRITICAL)  # each damaged file is said there
    with tempfile.TemporaryDirectory() as folder:
        lines: Iterable[str]
        match what:
            case "costs":
                lines = costs.run(Path(folder))
            case "flips":
                lines = damage.flips(Path(folder), int(number), int(seed))
            case "kills":
                lines = damage.kills(Path(folder), int(number), int(seed))
            case _:
                sys.exit(__doc__)
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
