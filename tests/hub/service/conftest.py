"""One founding for all tests of this folder: encrypted keys take a second to make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.service.office import Office, copied, founded


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return founded(tmp_path_factory.mktemp("master"))


@pytest.fixture
def office(master: Office, tmp_path: Path) -> Iterator[Office]:
    """A publisher that is founded and does not run; what a test started is ended."""
    made = copied(master, tmp_path / "office")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()
