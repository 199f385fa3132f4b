"""The state of one emulator: the workspace, its traffic, and the faults that wait."""

from collections.abc import Callable

from automation.emulator.faults import Fault
from automation.emulator.traffic import Log, Window
from automation.emulator.workspace import Workspace

Cut = Callable[[tuple[str, int]], None]
"""Cuts the connection of a client, by its address."""


class Emulator:
    """One emulator."""

    def __init__(self, workspace: Workspace, window: Window | None = None) -> None:
        self.workspace = workspace
        self.window = window or Window()
        self.log = Log()
        self.faults: list[Fault] = []
        self.cut: Cut | None = None
        """Set by the server that serves it."""

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The first injected fault for the request, used up once."""
        return next((fault for fault in self.faults if fault.strikes(method, path)), None)
