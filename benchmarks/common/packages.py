"""Packages that take part in a benchmark only where they are installed."""

import importlib
from importlib import metadata
from types import ModuleType


def optional(name: str) -> ModuleType | None:
    """Import a module; return None if its package is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def versions(*distributions: str) -> dict[str, str | None]:
    """Return the version of each distribution, None if not installed."""
    found: dict[str, str | None] = dict.fromkeys(distributions)
    for name in found:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
