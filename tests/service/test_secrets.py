"""Secrets stay secret: a whole service is worked hard with canaries for secrets, and nothing it says holds one."""

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from automation.cli.logs import set_up
from automation.settings import LogStyle
from automation.sources.discover import discover
from tests.living import APPEND, CREATE, QUICK, TARGETS, issue, live, live_at, local_notion, signed

pytestmark = pytest.mark.anyio

CANARY = "canary-ntn-4711"
SECRET = "canary-hook-4711"
DECLARED = """
[source.acme]
secret_env = "ACME_SECRET"
signature = { header = "X-Acme" }
"""


async def provoke(service: httpx.AsyncClient) -> list[httpx.Response]:
    """Ask everything, rightly and wrongly."""
    good = signed("github.issues.opened", issue("one"), secret=SECRET)
    headers = dict(good["headers"])
    asked = [
        await service.post("/hooks/github", **good),
        await service.post("/hooks/github", content=b"{}", headers=headers),
        await service.post("/hooks/github", content=b"{}"),
        await service.post("/hooks/nobody", content=b"{}"),
        await service.post("/hooks/acme", content=b"{}", headers={"X-Acme": SECRET}),
        await service.post("/hooks/github", **signed("github.push", b"not json", secret=SECRET)),
        await service.post(
            "/hooks/zoom",
            **signed(
                "zoom.endpoint.url_validation",
                {"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}},
                secret=SECRET,
            ),
        ),
    ]
    return asked + [await service.get(path) for path in ("/healthz", "/readyz", "/metrics", "/x")]


@pytest.mark.parametrize("style", list(LogStyle))
async def test_no_secret_is_in_a_log_an_answer_or_the_database(
    tmp_path: Path,
    style: LogStyle,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    secrets = {one.secret_variable: SECRET for one in discover().values()}
    secrets |= {f"{name}_PREVIOUS": f"{SECRET}-old" for name in secrets} | {"ACME_SECRET": SECRET}
    said: list[str] = []
    quick = replace(QUICK, closed_token=0.1)
    async with local_notion() as notion:
        notion.emulator.workspace.token = CANARY
        for kind in ("401", "429", "500", "drop_before", "drop_after", "503_committed"):
            await notion.faults({"kind": kind, "path": "/pages", "retry_after": 0})
        settings = {**notion.settings, "NOTION_TOKEN": CANARY, **secrets}
        rules = (TARGETS + CREATE, APPEND, DECLARED, "x =")
        set_up(style, logging.DEBUG)
        with caplog.at_level(logging.DEBUG):
            async with live_at(quick, tmp_path, *rules, **settings) as service:
                said += [repr(service), repr(service.service)]
                for answer in await provoke(service.client):
                    said += [answer.text, str(answer.headers)]
                await service.settled(2)
                await notion.go()
                await provoke(service.client)
                await asyncio.sleep(0.2)
                said.append(json.dumps(await service.ready()))
                await notion.come()
        set_up(LogStyle.TEXT)
    output = capfd.readouterr()
    said += [output.out, output.err, caplog.text, *contents(tmp_path)]
    assert "rules.loaded" in output.err
    assert [text for text in said if "canary" in text] == []


def contents(folder: Path) -> list[str]:
    """What stands in the files of the database, byte for byte."""
    return [path.read_bytes().decode("latin-1") for path in folder.glob("automation.db*")]


async def test_the_previous_secret_still_opens_the_door(tmp_path: Path) -> None:
    secrets = {"GITHUB_WEBHOOK_SECRET": "the new secret", "GITHUB_WEBHOOK_SECRET_PREVIOUS": SECRET}
    async with live(tmp_path, **secrets) as service:
        for secret, status in (("the new secret", 200), (SECRET, 200), ("another", 401)):
            made = signed("github.push", {"n": secret}, secret=secret)
            assert (await service.ask("POST", "/hooks/github", **made)).status_code == status


async def test_a_source_without_a_secret_is_closed(tmp_path: Path) -> None:
    """Also for a signature made with nothing."""
    async with live(tmp_path, GITHUB_WEBHOOK_SECRET="") as service:
        for secret in ("", " ", "None"):
            made = signed("github.push", {}, secret=secret)
            assert (await service.ask("POST", "/hooks/github", **made)).status_code == 404


async def test_what_a_stranger_sends_cannot_write_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No line of their own, nothing that moves the cursor of whoever reads it."""
    async with live(tmp_path) as service:
        for name in ("x%0A2026-11-25%20%5Binfo%5D%20forged%1B%5B2J", "x%1B%5B2J", "%E2%80%AEx"):
            await service.ask("POST", f"/hooks/{name}", content=b"{}")
    err = capfd.readouterr().err
    assert err.count("delivery.refused") == 3
    assert not {"\x1b", "\u202e"} & set(err)
    assert not any(line.startswith("2026-11-25 [info] forged") for line in err.splitlines())
