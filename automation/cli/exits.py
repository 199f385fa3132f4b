"""How a command ends. `docs/commands.md` has the table; a test keeps both in step."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes: a script may rely on them."""

    DONE = 0
    WRONG = 1
    """Something is wrong with what was asked about."""
    USAGE = 2
    SETTINGS = 3
    NOT_THERE = 4
    INTERRUPTED = 130
    UNHEARD = 141
    """Whoever read the output had enough: what the shell says of any filter that SIGPIPE ends."""
