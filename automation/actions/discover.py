"""Finds the verbs: every module of this package with an `ACTION`."""

import importlib
import pkgutil
from collections.abc import Mapping

from automation import actions
from automation.model.action import Action


def discover() -> Mapping[str, Action]:
    """Every verb by its word."""
    found: dict[str, Action] = {}
    for module in pkgutil.iter_modules(actions.__path__):
        action = getattr(
            importlib.import_module(f"automation.actions.{module.name}"), "ACTION", None
        )
        if action is not None:
            found[action.verb] = action
    return found
