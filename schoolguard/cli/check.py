"""``schoolguard check``: every error and warning of the configuration at once, its own tests among them."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from schoolguard.cli.options import EXIT_CONFIGURATION, config, json_option, language_option
from schoolguard.config import ConfigError, Finding, Severity, findings, load
from schoolguard.language import Translate, translator
from schoolguard.node.checking import broken_tests


@click.command()
@config
@language_option
@json_option
def check(folder: Path, language: str, as_json: bool) -> None:
    """Check the configuration: every error and warning at once; when there is no error, its tests too."""
    translate = translator(language)
    found = _all(folder, translate)
    if as_json:
        fields = ("severity", "path", "line", "message", "found", "accepted", "suggestion")
        rows = [{name: getattr(finding, name) for name in fields} for finding in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        errors = sum(finding.severity is Severity.ERROR for finding in found)
    else:
        errors = _print(folder, found, translate)
    sys.exit(EXIT_CONFIGURATION if errors else 0)


def print_findings(folder: Path, translate: Translate) -> int:
    """Print every finding, tests apart, and return how many are errors."""
    return _print(folder, findings(folder, translate), translate)


def _all(folder: Path, translate: Translate) -> tuple[Finding, ...]:
    try:
        loaded = load(folder, translate=translate)
    except ConfigError:
        return findings(folder, translate)
    return loaded.warnings + broken_tests(loaded.settings, time.time(), translate)


def _print(folder: Path, found: tuple[Finding, ...], translate: Translate) -> int:
    _ = translate
    for finding in found:
        click.echo(str(finding), err=finding.severity is Severity.ERROR)
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    summary = _("{folder}: {errors} errors, {warnings} warnings")
    click.echo(summary.format(folder=folder, errors=errors, warnings=len(found) - errors), err=errors > 0)
    return errors
