"""The main job over real sockets: signed deliveries in, pages in the emulator out."""

import json

import pytest

from automation.cli import demo


def test_the_demo_does_the_whole_job(capsys: pytest.CaptureFixture[str]) -> None:
    """Every delivery is taken, every run is done, and the pages stand in Notion."""
    assert demo.run(as_json=True) == 0
    report = json.loads(capsys.readouterr().out)
    assert [one["status"] for one in report["answers"]] == [200] * 7
    assert {(one["rule"], one["state"]) for one in report["runs"]} == {
        ("github-issue-to-task", "done"),
        ("github-issue-state", "done"),
        ("github-commits", "done"),
        ("zoom-meeting", "done"),
        ("slack-mention", "done"),
        ("weekday-digest", "done"),
    }
    assert sorted((one["where"], one["title"]) for one in report["pages"]) == [
        ("Commits", "Round prices half up"),
        ("Commits", "Show the delivery date in the cart"),
        ("Commits", "Test the cart with *two* currencies & no stock"),
        ("Meetings", "Weekly shop meeting"),
        ("Tasks", "Second voucher is ignored at checkout"),
        ("page", "Engineering log"),
    ]
