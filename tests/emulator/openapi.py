"""The official OpenAPI of Notion as a witness of requests and answers.

Two relaxations are needed for it to describe Notion at all: `additionalProperties: false` stands
beside `allOf`, so that whole schemas cannot be fulfilled; and alternatives under `oneOf` overlap.
One thing is made stricter: objects may not be partial, or anything with an id would do.
https://developers.notion.com/openapi.json
"""

import functools
import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tests.world import data

Object = dict[str, Any]

PARTIAL = re.compile(r"/partial(Page|Block|Database|DataSource|Comment)ObjectResponse$")


class Spec:
    """The relaxed OpenAPI."""

    def __init__(self, path: Path) -> None:
        raw = json.loads(path.read_text())
        self._paths: dict[str, Object] = _relaxed(raw["paths"])
        self._components: Object = _relaxed(raw["components"])
        self._patterns = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", one) + r"\Z"), one)
            for one in sorted(self._paths, key=lambda one: one.count("{"))
        ]
        self._validators: dict[tuple[str, str, str], Draft202012Validator | None] = {}

    def request(self, method: str, path: str, body: Any) -> str | None:
        """What is wrong with a request's body; None if nothing, or if there is no schema for it."""
        return self._wrong(method, path, "request", body)

    def answer(self, method: str, path: str, status: int, body: Any) -> str | None:
        """What is wrong with an answer; None if nothing."""
        return self._wrong(method, path, str(status), body)

    def knows(self, method: str, path: str) -> bool:
        """Whether the OpenAPI has the endpoint."""
        template = self._template(path)
        return template is not None and method.lower() in self._paths[template]

    def _template(self, path: str) -> str | None:
        whole = "/v1" + path
        return next((one for pattern, one in self._patterns if pattern.match(whole)), None)

    def _wrong(self, method: str, path: str, part: str, body: Any) -> str | None:
        template = self._template(path)
        if template is None or method.lower() not in self._paths[template]:
            return f"{method} {path} is not in the OpenAPI"
        key = (method.lower(), template, part)
        if key not in self._validators:
            schema = self._schema(*key)
            self._validators[key] = Draft202012Validator(schema) if schema else None
        validator = self._validators[key]
        found = best_match(validator.iter_errors(body)) if validator else None
        return f"{found.json_path}: {found.message[:300]}" if found else None

    def _schema(self, method: str, template: str, part: str) -> Object | None:
        operation = self._paths[template][method]
        if part == "request":
            holder = operation.get("requestBody")
        else:
            holder = operation["responses"].get(part, {})
        content = (holder or {}).get("content", {}).get("application/json")
        return {**content["schema"], "components": self._components} if content else None


def _relaxed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_relaxed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {}
    for key, value in schema.items():
        if key == "additionalProperties" and value is False:
            continue
        made["anyOf" if key == "oneOf" else key] = _relaxed(value)
    return _whole(made)


def _whole(schema: Object) -> Object:
    """Without the alternatives that an id and nothing else would satisfy."""
    choices = schema.get("anyOf", [])
    whole = [one for one in choices if not PARTIAL.search(str(one.get("$ref")))]
    return {**schema, "anyOf": whole} if whole else schema


@functools.cache
def _read(path: Path) -> Spec:
    return Spec(path)


def spec() -> Spec:
    """The OpenAPI; skips the test, visibly, where the data is not there."""
    return _read(data("notion-openapi.json"))
