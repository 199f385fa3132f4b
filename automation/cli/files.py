"""Where the recipes and samples are: package data of an installed wheel, or the folders of a checkout."""

from collections.abc import Iterator
from pathlib import Path

import automation
from automation.engine.problems import Problem
from automation.model.errors import RuleError
from automation.rulefiles import read_file, read_folder, unread_problem

PACKAGE = Path(automation.__file__).parent
SAMPLES = PACKAGE / "samples"


def recipes() -> Path:
    """The folder of recipes."""
    shipped = PACKAGE / "recipes"
    return shipped if shipped.is_dir() else PACKAGE.parent / "rules"


def samples() -> Iterator[tuple[str, Path]]:
    """Every sample payload: its event name and its file."""
    for path in sorted(SAMPLES.glob("*/*")):
        if path.suffix in {".json", ".form"}:
            yield f"{path.parent.name}.{path.stem}", path


def rule_files(paths: list[str] | None, default: str) -> dict[str, str]:
    """The texts of the named rule files, or of all in the named folders. Raises RuleError."""
    files, unread = read_files(paths, default)
    if unread:
        first = unread[0]
        raise RuleError(f"{first.path}: {first.message}")
    return files


def read_files(paths: list[str] | None, default: str) -> tuple[dict[str, str], list[Problem]]:
    """The same, and those that cannot be read as problems. Raises RuleError for what is not there."""
    files: dict[str, str] = {}
    unread: list[Problem] = []
    for name in paths or [default]:
        path = Path(name)
        if path.is_dir() or path.suffix != ".toml":
            found, problems = read_folder(path)
            files |= found
            unread += problems.values()
            continue
        try:
            files[name] = read_file(path)
        except FileNotFoundError as error:
            raise RuleError(f"there is no rule file {name}") from error
        except (OSError, UnicodeDecodeError, RuleError) as error:
            unread.append(unread_problem(name, str(error)))
    return files, unread
