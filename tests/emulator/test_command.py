"""`automation emulator`: one line says where it is; it answers at once; connections can be cut."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from automation.cli.app import app
from automation.emulator.versions import CURRENT


@contextmanager
def running(*options: str) -> Iterator[tuple[dict[str, Any], httpx.Client]]:
    """The command in a process of its own, and a client of it."""
    command = [sys.executable, "-c", "from automation.cli.app import main; main()", "emulator"]
    with subprocess.Popen(
        [*command, "--json", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            facts = json.loads(process.stdout.readline())
            headers = {"Authorization": f"Bearer {facts['token']}", "Notion-Version": CURRENT}
            with httpx.Client(
                base_url=facts["base_url"], headers=headers, timeout=30, trust_env=False
            ) as client:
                yield facts, client
        finally:
            process.terminate()


def test_the_line_says_where_everything_is() -> None:
    with running("--seed", "demo") as (facts, client):
        assert list(facts) == ["base_url", "token", "root_page_id", "data_sources", "pages"]
        assert list(facts["data_sources"]) == ["Meetings", "Tasks", "Commits"]
        assert list(facts["pages"]) == ["Engineering log"]
        for name, identity in facts["data_sources"].items():
            found = client.get(f"/v1/data_sources/{identity}").json()
            assert found["title"][0]["plain_text"] == name
            types = {key: one["type"] for key, one in found["properties"].items()}
            assert (types["Name"], types["Automation key"]) == ("title", "rich_text")
        for identity in (facts["root_page_id"], *facts["pages"].values()):
            assert client.get(f"/v1/pages/{identity}").status_code == 200


def test_a_connection_is_cut_before_and_after_the_work() -> None:
    with running() as (facts, client):
        body = {"parent": {"page_id": facts["root_page_id"]}}
        for kind, pages in (("drop_before", 2), ("drop_after", 3)):
            client.post("/_emulator/faults", json={"kind": kind, "path": "/pages"})
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                client.post("/v1/pages", json=body)
            assert client.get("/_emulator/state").json()["pages"] == pages
        assert client.post("/v1/pages", json=body).status_code == 200


def test_the_budget_is_an_option() -> None:
    with running("--requests-per-minute", "1", "--seed", "empty") as (_, client):
        statuses = {client.get("/v1/users/me").status_code for _ in range(3)}
        assert statuses == {200, 429}


def test_the_options_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["emulator", "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--port", "--seed", "--requests-per-minute", "--search-lag", "--json"):
        assert option in shown
    assert "/_emulator" in shown


def test_an_unknown_seed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["emulator", "--seed", "nope"])
    assert ended.value.code == 2
    assert "demo, empty" in capsys.readouterr().err
