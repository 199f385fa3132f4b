"""How the service talks on stderr: text for people, JSON for machines. No payloads, no secrets."""

import logging
import os
import sys
from typing import TextIO, cast

import structlog

from automation.settings import LogStyle


class _Stderr:
    """Standard error as it is when a line is written: loggers are kept, and it may be another one by then."""

    def write(self, text: str) -> int:
        """Write it there."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Let it go."""
        sys.stderr.flush()


def set_up(style: LogStyle, level: int = logging.INFO) -> None:
    """Configure once, at the start of a command that serves."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if style is LogStyle.JSON
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
