"""`automation serve`: the service until SIGTERM or Ctrl-C; both drain and exit 0."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Mapping

from automation import settings as settings_module
from automation.cli.logs import set_up
from automation.model.errors import SettingsError
from automation.settings import SHORT_SECRET_BYTES, Settings
from automation.wiring import Service, build_service


def run(given: Mapping[str, str], *, emulator: bool) -> None:
    """Serve with the environment, and the options over it."""
    environ = {**os.environ, **given}
    if emulator:
        asyncio.run(_with_emulator(environ))
    else:
        asyncio.run(_serve(environ))


async def _with_emulator(environ: dict[str, str]) -> None:
    from automation.emulator import serve as local
    from automation.emulator.seed import describe

    emulator = local.build("demo", 180)
    with local.listen(0) as bound:
        base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        server = local.server(emulator)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server._serve(sockets=[bound]), name="emulator")  # noqa: SLF001
        facts = describe(emulator.workspace, base_url)
        say(
            f"a local Notion is at {base_url} (token {facts['token']}); it forgets everything at the end"
        )
        try:
            await _serve({**environ, "NOTION_BASE_URL": base_url, "NOTION_TOKEN": facts["token"]})
        finally:
            server.should_exit = True
            await task


async def _serve(environ: dict[str, str]) -> None:
    settings = settings_module.read(environ)
    set_up(settings.log)
    with listen(settings.host, settings.port) as door:
        await _serve_at(door, settings, environ)


def listen(host: str, port: int) -> socket.socket:
    """The address, taken before anything else is opened. Raises SettingsError where it is not to be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except (socket.gaierror, UnicodeError) as error:
        raise SettingsError("AUTOMATION_HOST", f"{host!r} is no address of this machine") from error
    except OSError as error:
        said = str(error.strerror).partition(" (")[0].lower()
        if error.errno == errno.EADDRNOTAVAIL:
            raise SettingsError("AUTOMATION_HOST", f"cannot listen on {host}: {said}") from error
        raise SettingsError(
            "AUTOMATION_PORT", f"cannot listen on {host}:{port}: {said}; --port takes another"
        ) from error


async def _serve_at(door: socket.socket, settings: Settings, environ: dict[str, str]) -> None:
    service = await build_service(settings, environ)
    stop = asyncio.Event()
    _stop_at_signals(stop)
    try:
        announce(service, settings, port=door.getsockname()[1])
        await service.run(sockets=[door], stop=stop)
    finally:
        await service.close()


def _stop_at_signals(stop: asyncio.Event) -> None:
    """The first SIGTERM or Ctrl-C drains; the second does what it does to any process."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def first() -> None:
        say("stopping: what is under way ends, nothing new begins (once more stops at once)")
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, first)


def announce(service: Service, settings: Settings, *, port: int) -> None:
    """What a person wants to know at the start."""
    say(f"listening on http://{settings.host}:{port}, rules from {settings.rules}")
    for name, opened in sorted(service.book.all().items()):
        variable = opened.source.secret_variable
        if not opened.secrets:
            say(f"  closed  /hooks/{name:<10} set {variable} to open it")
            continue
        weak = any(len(secret) < SHORT_SECRET_BYTES for secret in opened.secrets)
        note = (
            f"  (its secret is short: {SHORT_SECRET_BYTES} characters or more are safe)"
            if weak
            else ""
        )
        say(f"  open    /hooks/{name}{note}")
    rules = service.rules.current.rules
    say(
        f"  {len(rules)} rules: {', '.join(rules) or 'none yet; `automation init` copies the recipes'}"
    )
    for problem in service.rules.problems:
        say(
            f"  {problem.severity}: {problem.path}:{problem.line}:{problem.column} {problem.message}"
        )
    if settings.notion_token is None:
        say("  no NOTION_TOKEN: events are kept, and their rules wait for it (or try --emulator)")


def say(text: str) -> None:
    """Talk goes to stderr."""
    print(text, file=sys.stderr, flush=True)
