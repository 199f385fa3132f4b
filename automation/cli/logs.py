"""How the service talks on stderr: text for people, JSON for machines. No payloads, no secrets.

What a log says may come from anywhere, a path of a stranger's request included: in text nothing of it
can move the cursor or begin a line.
"""

import logging
import os
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from automation.cli.printable import printable
from automation.settings import LogStyle


class _Stderr:
    """Standard error as it is when a line is written: loggers are kept, and it may be another one by then.

    A log that cannot be written stops nothing: its disk may be full.
    """

    def write(self, text: str) -> int:
        """Write it there."""
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Let it go."""
        with suppress(OSError):
            sys.stderr.flush()


def set_up(style: LogStyle, level: int = logging.INFO) -> None:
    """Configure once, at the start of a command that serves."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_json() if style is LogStyle.JSON else _text()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _json() -> tuple[structlog.types.Processor, ...]:
    return structlog.processors.format_exc_info, structlog.processors.JSONRenderer()


def _text() -> tuple[structlog.types.Processor, ...]:
    colors = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    return _harmless, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=_trace)


def _trace(out: TextIO, failure: structlog.types.ExcInfo) -> None:
    """Where it failed, without the values of variables: there are secrets among them."""
    lines = "".join(traceback.format_exception(*failure)).rstrip().split("\n")
    out.writelines(f"\n{printable(line)}" for line in lines)


def _harmless(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        name: printable(value) if isinstance(value, str) else value for name, value in event.items()
    }
