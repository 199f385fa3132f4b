"""Who holds a lease: this process, so that the dead can be told from the living on one machine.

An owner is `<host>/<pid>/<start time>`. A process of this host that is gone, or whose number now
belongs to another, has died: its leases are given back at once instead of when they run out.
"""

import os
import socket
from pathlib import Path


def me() -> str:
    """This process."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the owner certainly lives no more. False for owners on other machines."""
    host, number, started = owner.rsplit("/", 2)
    return host == socket.gethostname() and started != "" and _started(int(number)) != started


def _started(number: int) -> str:
    """When a process began, in the kernel's ticks; empty where that cannot be known or it is gone."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
