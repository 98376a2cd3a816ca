"""YAML files to frozen settings: all errors at once, each with its place."""

from schoolguard.config.finding import ConfigError, Finding, Severity
from schoolguard.config.loader import Loaded, findings, load

__all__ = ["ConfigError", "Finding", "Loaded", "Severity", "findings", "load"]
