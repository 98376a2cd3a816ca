"""Runs a command and reports its time and the peak memory of its largest process, as the system counted them.

A process of its own, because Linux counts the memory of whoever starts a process towards its peak
(getrusage(2), ru_maxrss), and the benchmark itself is large. Usage: python peak.py REPORT COMMAND...
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Run the command; write ``{"seconds": ..., "peak": bytes}``; return the command's exit code."""
    report, *command = sys.argv[1:]
    began = time.monotonic()
    code = subprocess.call(command)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    Path(report).write_text(json.dumps({"seconds": seconds, "peak": peak}))
    return code


if __name__ == "__main__":
    sys.exit(main())
