"""Structured logs: one JSON object a line on standard error, for journald. Never a client beside a name."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record as one line of JSON; control bytes are escaped by JSON itself (threat 45)."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return time (UTC), level, process, event, and the fields given as ``extra``."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update({k: v for k, v in vars(record).items() if k not in _STANDARD})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def start_log(process: str, level: int = logging.INFO) -> None:
    """Send all logs of this process to standard error as JSON lines."""
    target = logging.StreamHandler(sys.stderr)
    target.setFormatter(JsonLines(process))
    logging.basicConfig(level=level, handlers=[target], force=True)
