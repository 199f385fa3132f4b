"""The paths in templates: is the field there?"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from automation.engine.known_file import Help, Root, Roots, RuleFile
from automation.engine.positions import Path
from automation.engine.spots import spot
from automation.engine.template import is_template
from automation.engine.trails import (
    Segment,
    Trail,
    follow_template,
    hint,
    kinds,
    where_to_look,
)
from automation.engine.uses import Use, plainly_known, step_offset, uses
from automation.model.fields import Fields, elements, names, only_lists

_PLAIN = re.compile(r"[\w-]+")
"""A name that may stand behind a dot."""


def check(value: Any, at: Path, roots: Roots, file: RuleFile) -> None:
    """Every template in a value, however deep."""
    if isinstance(value, str):
        if is_template(value) and not plainly_known(value, roots.known):
            hold(value, at, uses(value), roots, file)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            check(one, (*at, key), roots, file)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            check(one, (*at, index), roots, file)


def hold(text: str, at: Path, found: Iterable[Use], roots: Roots, file: RuleFile) -> None:
    """The paths of one template to what its roots may be."""
    for use in found:
        root = roots.known.get(use.root)
        if root is None:
            continue
        trail = follow_template(root.forms, use.path)
        if not trail.forms:
            _unknown(text, at, use, trail, root, file)


def _unknown(text: str, at: Path, use: Use, trail: Trail, root: Root, file: RuleFile) -> None:
    name = use.path[trail.steps]
    offset = step_offset(text, use, trail.steps)
    length = len(str(name)) if offset != use.offset else len(use.root)
    whole = spoken(use.root, use.path[: trail.steps + 1])
    holder = spoken(use.root, use.path[: trail.steps])
    span = spot(file.lines, file.value(at), offset, length)
    helps: Help = ""
    if only_lists(trail.inside):
        message = f"`{holder}` is a list, and a list has no `{name}`"
        helps = _from_a_list(holder, str(name), trail)
    elif any(isinstance(one, Fields) for one in trail.inside):
        message = f"`{whole}` is not a field of {root.ground.title}"
        helps = partial(_hint, use, trail, root)
    else:
        message = f"`{holder}` is {kinds(trail.inside)}: there is no `{name}` in it"
    file.wrong(span, message, helps, error=root.ground.published)


def _hint(use: Use, trail: Trail, root: Root) -> str:
    """With indexes on the way, what is said of the last name alone."""
    path = [step for step in use.path if isinstance(step, str)]
    plain = len(path) == len(use.path)
    if not path:
        return ""
    inside = Trail(forms=(), steps=trail.steps if plain else 0, inside=trail.inside)
    found = hint(root.forms, path if plain else path[-1:], inside, (use.root,))
    return found or where_to_look(root.ground, "" if trail.steps else path[0])


def _from_a_list(holder: str, name: str, trail: Trail) -> str:
    if name in names(elements(trail.inside)):
        return f'of each: `{holder} | pluck: "{name}"`; of the first: `{holder}[0].{name}`'
    return f"`{holder}[0]` is its first, `{holder}.size` how many there are"


def spoken(root: str, path: tuple[Segment, ...]) -> str:
    """The path as people write it."""
    return root + "".join(map(_step, path))


def _step(step: Segment) -> str:
    if not isinstance(step, str):
        return f"[{'…' if step is None else step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"['{step}']"
