"""The installed package works outside a checkout: its recipes, samples and migrations come with it."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, clean

NEEDED = [
    name for name in ("pip", "hatchling", "editables") if importlib.util.find_spec(name) is None
]
pytestmark = pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install .` makes of this checkout, in a folder; what it needs is here already."""
    folder = tmp_path_factory.mktemp("installed")
    options = (
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--target",
        str(folder),
    )
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(ROOT)],
        check=True, capture_output=True, text=True, env=clean({}),
    )  # fmt: skip
    return folder


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the installed package, in a folder that is no checkout."""
    return subprocess.run(
        [sys.executable, "-m", "automation", *words], cwd=folder, capture_output=True, text=True,
        env={**clean({}), "PYTHONPATH": str(installed)}, timeout=60,
    )  # fmt: skip


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import automation; print(automation.__file__)"], check=True,
        cwd=tmp_path, capture_output=True, text=True, env={**clean({}), "PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(installed)
    assert (installed / "bin" / "automation").is_file()
    assert not (installed / "tests").exists()


def test_its_demo_does_the_whole_job(installed: Path, tmp_path: Path) -> None:
    said = run(installed, tmp_path, "demo", "--json")
    assert (said.returncode, json.loads(said.stdout)["good"]) == (0, True)
    assert list(tmp_path.iterdir()) == []


def test_its_recipes_are_copied_and_good(installed: Path, tmp_path: Path) -> None:
    said = run(installed, tmp_path, "init", "mine")
    recipes = {path.name for path in (ROOT / "rules").glob("*.toml")}
    assert (said.returncode, {path.name for path in (tmp_path / "mine").iterdir()}) == (0, recipes)
    assert run(installed, tmp_path, "check", "mine").returncode == 0
    assert run(installed, tmp_path, "explain", "github.push", "--rules", "mine").returncode == 0
