"""`check` and `init`: rule files without a service."""

import json
import shutil
import sys
from pathlib import Path

from automation.cli.catalogue import catalogue
from automation.cli.files import read_files, recipes
from automation.cli.lockfile import held_to_locks
from automation.engine.load import load
from automation.engine.problems import render
from automation.model.errors import WrongUsage
from automation.wiring import actions


def check_rules(paths: list[str] | None, *, as_json: bool) -> int:
    """Print every problem; 1 if there is an error."""
    import os

    default = os.environ.get("AUTOMATION_RULES", "rules")
    files, unread = read_files(paths, default)
    loaded = load(files, actions=actions(), catalogue=catalogue())
    locks, held = held_to_locks(paths or [default], files, loaded.tables, loaded.problems)
    problems = sorted(
        (*unread, *loaded.problems, *held), key=lambda one: (one.path, one.line, one.column)
    )
    if as_json:
        print(json.dumps([problem.to_json() for problem in problems], indent=2))
    else:
        for problem in problems:
            print(render(problem, files.get(problem.path)), end="\n\n")
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    found = [
        counted(count, what) for count, what in ((errors, "error"), (warnings, "warning")) if count
    ]
    words = f"{counted(len(files), 'file')}, {counted(len(loaded.rules.rules), 'rule')}"
    if locks:
        words += f", held to {', '.join(map(str, locks))}"
    print(f"{words}: {', '.join(found) or 'all good'}", file=sys.stderr)
    return 1 if errors else 0


def counted(number: int, thing: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def init_folder(folder: str) -> int:
    """Copy the recipes; never over anything that is there. Raises WrongUsage where they cannot be put."""
    target = Path(folder)
    if target.is_dir() and any(target.iterdir()):
        print(f"{folder} is not empty; nothing was copied. Name a new folder.", file=sys.stderr)
        return 1
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(recipes().glob("*.toml")):
            shutil.copyfile(path, target / path.name)
            print(target / path.name)
    except OSError as error:
        raise WrongUsage(f"{folder} cannot be made a rules folder: {error.strerror}") from error
    print(f"Now: automation check {folder}", file=sys.stderr)
    return 0
