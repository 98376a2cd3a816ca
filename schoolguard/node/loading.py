"""Reads the configuration of a gateway that runs, beside its other work. It puts nothing in force."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from schoolguard.config import Loaded, load

_NICENESS = 10


def load_nicely(folder: Path) -> Loaded:
    """Load in a thread that gives way to the workers, which may share the core (nice(2): a thread's own)."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    return load(folder)
