"""No template and no payload costs more than a fifth of a second and 64 MB."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.hostile import PAYLOADS, TEMPLATES

ROOT = Path(__file__).parents[2]
SECONDS = 0.2


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to cap its memory")
def test_every_hostile_pair_is_bounded_in_time_and_memory() -> None:
    """Processor time, not the clock, and more of it on a slower machine; the memory is capped by the system."""
    assert (len(TEMPLATES), len(PAYLOADS)) == (40, 40)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.engine.hostile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    report = json.loads(ran.stdout)
    assert report["rendered"] == 2 * len(TEMPLATES) * len(PAYLOADS)
    slowest, _ = report["worst"][0]
    assert slowest <= max(SECONDS, 4 * report["reference"]), report
