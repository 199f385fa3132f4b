"""Who holds a lease: this process, so that the dead can be told from the living on one machine.

An owner is `<place>/<pid>/<start time>`; a place is a host, since a boot, and the process numbers one
sees there: containers may share a host's name, and each counts its own processes. A process of this
place that is gone, or whose number now belongs to another, has died: its leases are given back at once
instead of when they run out.
"""

import os
import socket
from pathlib import Path


def me() -> str:
    """This process."""
    return f"{_place()}/{os.getpid()}/{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the owner certainly lives no more. False for owners in other places."""
    place, number, started = owner.rsplit("/", 2)
    return place == _place() and started != "" and _started(int(number)) != started


def _place() -> str:
    boot = _text("/proc/sys/kernel/random/boot_id").strip()[:8]
    numbers = Path("/proc/self/ns/pid").stat().st_ino if boot else 0
    return f"{socket.gethostname()}.{boot}.{numbers}"


def _started(number: int) -> str:
    """When a process began, in the kernel's ticks; empty where that cannot be known or it is gone."""
    stat = _text(f"/proc/{number}/stat")
    return stat.rpartition(")")[2].split()[19] if stat else ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
