"""Payloads as they may be shown: what a source names as secret is not in them."""

from collections.abc import Iterable

from automation.model.values import Json

HIDDEN = "(hidden)"


def hide(payload: Json, paths: Iterable[tuple[str, ...]]) -> Json:
    """The payload with every value at these paths hidden, in each element where a path meets a list."""
    for path in paths:
        payload = _hide(payload, path)
    return payload


def _hide(value: Json, path: tuple[str, ...]) -> Json:
    if not path:
        return HIDDEN
    if isinstance(value, list):
        return [_hide(item, path) for item in value]
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: _hide(value[path[0]], path[1:])}
    return value
