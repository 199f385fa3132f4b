"""Finds the sources: every module of this package with a `SOURCE`."""

import importlib
import pkgutil
from collections.abc import Mapping

from automation import sources
from automation.sources.base import Source


def discover() -> Mapping[str, Source]:
    """Every built-in source by name."""
    found: dict[str, Source] = {}
    for module in pkgutil.iter_modules(sources.__path__):
        source = getattr(
            importlib.import_module(f"automation.sources.{module.name}"), "SOURCE", None
        )
        if source is not None:
            found[source.name] = source
    return found
