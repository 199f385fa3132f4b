"""The paths in templates: is the field there?"""

from collections.abc import Mapping
from typing import Any

from automation.engine.known_place import Place, Roots
from automation.engine.positions import Path
from automation.engine.spots import spot
from automation.engine.template import is_template
from automation.engine.trails import Segment, Trail, follow_template, hint, kinds
from automation.engine.uses import Use, plainly_known, step_offset, uses
from automation.model.fields import Fields, elements, names, only_lists


def check(value: Any, at: Path, roots: Roots, file: Place) -> None:
    """Every template in a value, however deep."""
    if isinstance(value, str):
        if is_template(value) and not plainly_known(value, roots.forms):
            _template(value, at, roots, file)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            check(one, (*at, key), roots, file)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            check(one, (*at, index), roots, file)


def _template(text: str, at: Path, roots: Roots, file: Place) -> None:
    for use in uses(text):
        if use.root not in roots.forms:
            continue
        trail = follow_template(roots.forms[use.root], use.path)
        if not trail.forms:
            _unknown(text, at, use, trail, roots, file)


def _unknown(text: str, at: Path, use: Use, trail: Trail, roots: Roots, file: Place) -> None:
    name = use.path[trail.steps]
    offset = step_offset(text, use, trail.steps)
    length = len(str(name)) if offset != use.offset else len(use.root)
    whole = spoken(use.root, use.path[: trail.steps + 1])
    holder = spoken(use.root, use.path[: trail.steps])
    if only_lists(trail.inside):
        message = f"`{holder}` is a list, and a list has no `{name}`"
        help_text = _from_a_list(holder, str(name), trail)
    elif any(isinstance(one, Fields) for one in trail.inside):
        message = f"`{whole}` is not a field of {roots.ground.title}"
        help_text = _hint(use, trail, roots)
    else:
        message = f"`{holder}` is {kinds(trail.inside)}: there is no `{name}` in it"
        help_text = ""
    span = spot(file.lines, file.value(at), offset, length)
    file.wrong(span, message, help_text, error=roots.ground.published)


def _hint(use: Use, trail: Trail, roots: Roots) -> str:
    path = [str(step) for step in use.path if isinstance(step, str)]
    if len(path) != len(use.path):
        path = [path[-1]] if path else []
    known = trail.steps if len(path) == len(use.path) else 0
    inside = Trail(forms=(), steps=known, inside=trail.inside)
    found = hint(roots.forms[use.root], path, inside) if path else ""
    return found or "`automation fields` lists what there is; newer fields are under `event.raw`"


def _from_a_list(holder: str, name: str, trail: Trail) -> str:
    if name in names(elements(trail.inside)):
        return f'of each: `{holder} | pluck: "{name}"`; of the first: `{holder}[0].{name}`'
    return f"`{holder}[0]` is its first, `{holder}.size` how many there are"


def spoken(root: str, path: tuple[Segment, ...]) -> str:
    """The path as people write it."""
    steps = (
        f".{step}" if isinstance(step, str) else f"[{'…' if step is None else step}]"
        for step in path
    )
    return root + "".join(steps)
