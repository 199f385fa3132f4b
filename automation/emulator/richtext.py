"""Rich text: checked against the limits, and as Notion gives it back.

https://developers.notion.com/reference/rich-text
"""

from typing import Any

from automation.emulator.errors import failed, shown

MAX_CONTENT = 2000
MAX_EQUATION = 1000
MAX_ARRAY = 100
PLAIN = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}


def units(text: str) -> int:
    """Length as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def check_length(text: str, most: int, path: str) -> None:
    """Refuse what is too long."""
    if units(text) > most:
        raise failed(f"{path}.length", f"should be ≤ `{most}`, instead was `{units(text)}`.")


def rich_text(value: Any, path: str) -> list[dict[str, Any]]:
    """The array as stored."""
    if not isinstance(value, list):
        raise failed(path, f"should be an array, instead was {shown(value)}.")
    if len(value) > MAX_ARRAY:
        raise failed(f"{path}.length", f"should be ≤ `{MAX_ARRAY}`, instead was `{len(value)}`.")
    return [_item(item, f"{path}[{index}]") for index, item in enumerate(value)]


def _item(item: Any, path: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise failed(path, f"should be an object, instead was {shown(item)}.")
    kind = item.get("type") or next((k for k in ("text", "mention", "equation") if k in item), None)
    if kind not in {"text", "mention", "equation"} or not isinstance(item.get(kind), dict):
        raise failed(f"{path}.text", f"should be defined, instead was {shown(item.get('text'))}.")
    detail, plain, href = _detail(kind, item[kind], path)
    return {
        "type": kind,
        kind: detail,
        "annotations": PLAIN | dict(item.get("annotations") or {}),
        "plain_text": plain,
        "href": href,
    }


def _detail(kind: str, detail: dict[str, Any], path: str) -> tuple[dict[str, Any], str, str | None]:
    if kind == "equation":
        expression = str(detail.get("expression", ""))
        check_length(expression, MAX_EQUATION, f"{path}.equation.expression")
        return {"expression": expression}, expression, None
    if kind == "mention":
        return detail, "@mention", None
    content = detail.get("content")
    if not isinstance(content, str):
        raise failed(f"{path}.text.content", f"should be a string, instead was {shown(content)}.")
    check_length(content, MAX_CONTENT, f"{path}.text.content")
    link = detail.get("link")
    url = link.get("url") if isinstance(link, dict) else None
    if link is not None:
        if not isinstance(url, str) or not url:
            raise failed(f"{path}.text.link.url", f"should be a string, instead was {shown(url)}.")
        check_length(url, MAX_CONTENT, f"{path}.text.link.url")
    return {"content": content, "link": {"url": url} if url else None}, content, url


def plain(items: list[dict[str, Any]]) -> str:
    """The words alone."""
    return "".join(str(item["plain_text"]) for item in items)
