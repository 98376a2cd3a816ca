"""List formats: a file in, a stream of entries out. No network, no whole list in memory."""

from schoolguard.lists.formats.detect import FORMATS, detect
from schoolguard.lists.formats.reader import read
from schoolguard.lists.formats.refused import ListRefused

__all__ = ["FORMATS", "ListRefused", "detect", "read"]
