"""The hub's commands as a process of their own: ``python -m tests.hub.service.command serve --hub ...``."""

from __future__ import annotations

from schoolguard.cli.hub import hub

if __name__ == "__main__":
    hub()
