"""A sheet of paper in place of Notion: it takes appends, judges each, and shows what it has become.

It answers as Notion does: behind a block, with all later siblings.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from automation.model.request import Notion, Response
from tests.notion import checker

Result = TypeVar("Result")
ROOT = "00000000-0000-4000-8000-000000000000"


@dataclass(slots=True)
class Paper:
    """What stands on the sheet, and the requests that put it there."""

    below: dict[str, list[str]] = field(default_factory=lambda: {ROOT: []})
    blocks: dict[str, Any] = field(default_factory=dict)
    requests: list[Notion] = field(default_factory=list)

    def drive(self, talk: Generator[Notion, Response, Result]) -> Result:
        """Answer everything the conversation asks, to its end."""
        try:
            asked = next(talk)
            while True:
                asked = talk.send(self.answer(asked))
        except StopIteration as end:
            result: Result = end.value
            return result

    def answer(self, request: Notion) -> Response:
        """Carry out an append or a listing."""
        self.requests.append(request)
        _, _, parent, _ = request.path.split("/")
        if request.method == "GET":
            return self._listing(self.below[parent])
        body: Any = request.body
        assert checker.problems(body) == []
        siblings = self.below[parent]
        at = self._place(siblings, body.get("position"))
        made = [self._make(one) for one in body["children"]]
        siblings[at:at] = made
        behind = "after_block" in body.get("position", {})
        return self._listing(siblings[at:] if behind else made)

    def _place(self, siblings: list[str], position: Any) -> int:
        match position:
            case {"type": "start"}:
                return 0
            case {"type": "after_block", "after_block": {"id": after}}:
                return siblings.index(after) + 1
            case _:
                return len(siblings)

    def _make(self, one: Any) -> str:
        identity = f"{len(self.blocks) + 1:08x}-0000-4000-8000-000000000000"
        kind = one["type"]
        nested = one[kind].get("children", [])
        self.blocks[identity] = {
            "kind": kind,
            "detail": {key: value for key, value in one[kind].items() if key != "children"},
        }
        self.below[identity] = [self._make(child) for child in nested]
        return identity

    def _listing(self, ids: list[str]) -> Response:
        results = [{"object": "block", "id": identity} for identity in ids]
        return Response(status=200, body={"results": results, "next_cursor": None})

    def tree(self, identity: str = ROOT) -> list[Any]:
        """What stands there now, as it would be sent at once if it could."""
        return [self._shown(one) for one in self.below[identity]]

    def _shown(self, identity: str) -> Any:
        one = self.blocks[identity]
        detail = dict(one["detail"])
        if self.below[identity]:
            detail["children"] = self.tree(identity)
        return {"object": "block", "type": one["kind"], one["kind"]: detail}
