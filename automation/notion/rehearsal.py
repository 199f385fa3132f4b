"""What Notion would answer to writes, imagined: for rules that run dry.

Pages and blocks that exist only here can be read and written on by later steps; everything else is
read from Notion as it is, so a search does not find what is only imagined. Ids come from the journal's
keys, so a run that starts again imagines the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from automation.model.request import Notion, Repeat, Response
from automation.model.values import Json
from automation.notion.values import as_read

Object = dict[str, Any]


class Rehearsal:
    """One run's imagination."""

    def __init__(self) -> None:
        self._pages: dict[str, Object] = {}
        self._imagined: set[str] = set()
        self._children: dict[str, list[Object]] = {}

    def note(self, response: Response) -> None:
        """Remember pages that were read, so that an imagined change of one keeps its title and address."""
        body = response.body if isinstance(response.body, Mapping) else {}
        for one in body.get("results", [body]):
            if isinstance(one, Mapping) and one.get("object") == "page":
                self._pages[str(one["id"])] = dict(one)

    def answer(self, key: str, request: Notion) -> Response | None:
        """The answer to a write, or to reading what is only imagined; None for what Notion must be asked."""
        body = dict(request.body or {})
        match request.path.split("/")[1:]:
            case ["pages"]:
                return Response(status=200, body=self._create(key, body))
            case ["pages", page_id] if request.repeat is not Repeat.READ:
                return Response(status=200, body=self._update(page_id, body))
            case ["pages", page_id] if page_id in self._imagined:
                return Response(status=200, body=self._pages[page_id])
            case ["blocks", parent_id, "children"] if request.repeat is not Repeat.READ:
                return _list(self._append(key, parent_id, body["children"]))
            case ["blocks", parent_id, "children"] if parent_id in self._imagined:
                return _list(self._children.get(parent_id, []))
            case _:
                return None if request.repeat is Repeat.READ else Response(status=200, body=body)

    def _create(self, key: str, body: Object) -> Object:
        page_id = self._id(key)
        self._pages[page_id] = {
            "object": "page",
            "id": page_id,
            "url": "",
            "parent": body.get("parent"),
            "in_trash": False,
            "properties": as_read(body.get("properties", {})),
        }
        self._append(key, page_id, body.get("children", []))
        return self._pages[page_id]

    def _update(self, page_id: str, body: Object) -> Object:
        page = self._pages.get(page_id, {"object": "page", "id": page_id, "properties": {}})
        properties = {**page["properties"], **as_read(body.pop("properties", {}))}
        self._pages[page_id] = {**page, **body, "properties": properties}
        return self._pages[page_id]

    def _append(self, key: str, parent_id: str, blocks: Sequence[Json]) -> list[Object]:
        made = [{**one, "id": self._id(f"{key}/{at}")} for at, one in enumerate(blocks)]
        self._children.setdefault(parent_id, []).extend(made)
        return made

    def _id(self, key: str) -> str:
        made = str(uuid5(NAMESPACE_URL, f"rehearsal:{key}"))
        self._imagined.add(made)
        return made


def _list(blocks: Sequence[Object]) -> Response:
    return Response(
        status=200, body={"object": "list", "results": list(blocks), "next_cursor": None}
    )
