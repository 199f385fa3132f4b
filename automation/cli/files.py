"""Where the recipes and samples are: package data of an installed wheel, or the folders of a checkout."""

from collections.abc import Iterator
from pathlib import Path

import automation

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


def _text_of(path: Path) -> str:
    from automation.model.errors import RuleError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read: {error}") from error


def rule_files(paths: list[str] | None, default: str) -> dict[str, str]:
    """The texts of the named rule files, or of all in the named folders. Raises RuleError."""
    from automation.model.errors import RuleError
    from automation.rulefiles import read_folder

    files: dict[str, str] = {}
    for name in paths or [default]:
        path = Path(name)
        if path.is_file():
            files[name] = _text_of(path)
            continue
        found, unread = read_folder(path)
        if unread:
            first = next(iter(unread.values()))
            raise RuleError(f"{first.path}: {first.message}")
        files |= found
    return files
