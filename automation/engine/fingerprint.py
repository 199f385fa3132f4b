"""Whether two versions of a rule do the same: its own words, and the tables of its folder it rests on.

A rule's tests make no difference, and neither do comments or the order of keys.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from automation.engine.rules import RuleSet

SHARED = ("target", "agent")
"""Tables that rules of every file may name."""


def fingerprints(rules: RuleSet) -> Mapping[str, str]:
    """A digest for every rule, by its id."""
    files = [tomllib.loads(text) for _, text in sorted(json.loads(rules.text).items())]
    shared = [
        {name: one for raw in files for name, one in raw.get(kind, {}).items()} for kind in SHARED
    ]
    return {
        str(rule["id"]): _digest([_own(rule), raw.get("defaults"), shared])
        for raw in files
        for rule in raw.get("rule", ())
    }


def _own(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in rule.items() if key != "test"}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
