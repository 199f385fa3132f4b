"""Users: the connection's own bot, and the members. Guests are found by id and listed never.

https://developers.notion.com/reference/user
"""

from typing import Any

from automation.emulator import ids
from automation.emulator.paging import envelope, page_of, page_size
from automation.emulator.workspace import Workspace

Object = dict[str, Any]


def add_person(space: Workspace, name: str, email: str, *, guest: bool = False) -> str:
    """A member or a guest. Returns the id."""
    identity = ids.new_id()
    space.users[identity] = {
        "object": "user",
        "id": identity,
        "name": name,
        "avatar_url": None,
        "type": "person",
        "person": {"email": email},
    }
    if guest:
        space.guests.add(identity)
    return identity


def me(space: Workspace) -> Object:
    """GET /users/me."""
    return space.users[space.bot_id]


def one(space: Workspace, identity: str) -> Object:
    """GET /users/{id}."""
    return space.user(identity)


def listed(space: Workspace, cursor: Any, size: Any) -> Object:
    """GET /users."""
    members = [identity for identity in space.users if identity not in space.guests]
    page, following = page_of(members, cursor, page_size(size, "query"))
    return envelope("user", [space.users[identity] for identity in page], following)
