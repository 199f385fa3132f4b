"""What comes from outside is text: no payload makes a block, a link, a to-do or a mark of its own."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.template import compile_text
from automation.notion.markdown import to_blocks
from tests.notion import checker
from tests.notion.test_markdown import MARKDOWN, outline


def rendered(template: str, payload: Any) -> list[Any]:
    """The blocks of a body with a payload in it."""
    text = compile_text(template, body=True).render({"event": {"text": payload}})
    return to_blocks(text)


LINE_ENDS = r"\r\n?|[\n\v\f\x85\u2028\u2029]"


def shown(payload: str) -> str:
    """The payload as a reader should see it: line ends are one, outer ones and control characters go."""
    text = re.sub(LINE_ENDS, "\n", payload.replace("\0", "\ufffd")).strip("\n")
    ends = r"^[\x1c-\x1f\s]+|[\x1c-\x1f\s]+$"
    return "\n".join(re.sub(ends, _visible, line) for line in text.split("\n"))


def _visible(blanks: re.Match[str]) -> str:
    return re.sub(r"[\x1c-\x1f]", "", blanks[0])


PAYLOADS = MARKDOWN.map(lambda text: text.replace("\ud800", ""))
"""Half a surrogate pair is gone before a payload reaches a template."""

ATTACKS = [
    "# a heading", "a\n# b", "a\n\nb", "- a\n- b", "1. a", "> a", "[a](https://evil.example)",
    "<https://evil.example>", "![a](https://evil.example/a.png)", "**a** _b_ ~~c~~ `d`", "a\n===", "a\n---",
    "---", "```\na\n```", "~~~\na", "    code", "\tcode", "a\n    b", "| a |\n|---|\n| b |", "[x] done",
    "[ ] open", "[!NOTE] a", "a\r\rb", "a\r\n\r\nb", "<b>a</b>", "&lt;", "a\\", "\\*a*", "  a  ", "\u00a0a\u00a0",
    "[r]: https://evil.example", "@user #1 $x$ :emoji: ^a", "a  \nb", "\\", "\\\\\n\\", "{{ event.text }}",
    "{% if true %}", "\u2028a\u2028", "a\x0bb", "\x0ba\x0b", "\x85a", "- [x] a", "+ a", "10) a", "***", "a\n\n\n\nb",
]  # fmt: skip


@pytest.mark.parametrize("payload", ATTACKS)
def test_a_payload_is_one_plain_paragraph(payload: str) -> None:
    assert rendered("{{ event.text }}", payload) == [
        {
            "object": "block",
            "type": "paragraph",
            "paragraph": {"rich_text": [{"type": "text", "text": {"content": shown(payload)}}]},
        }
    ]


@given(PAYLOADS | st.text(max_size=300))
@settings(max_examples=500, deadline=None)
def test_any_payload_is_one_plain_paragraph(payload: str) -> None:
    made = rendered("{{ event.text }}", payload)
    wanted = shown(payload)
    assert [one["type"] for one in made] == ["paragraph"] * bool(wanted)
    for one in made:
        assert checker.text(one) == wanted
        pieces = one["paragraph"]["rich_text"]
        assert all(
            set(piece) == {"type", "text"} and set(piece["text"]) == {"content"} for piece in pieces
        )


PLACES = {
    "- {{ event.text }}": "bulleted_list_item",
    "1. {{ event.text }}": "numbered_list_item",
    "- [ ] {{ event.text }}": "to_do",
    "> {{ event.text }}": "quote",
    "> [!NOTE] {{ event.text }}": "callout",
    "## {{ event.text }}": "heading_2",
}


@given(PAYLOADS.map(lambda text: re.sub(LINE_ENDS, " ", text)))
@settings(max_examples=200, deadline=None)
def test_a_payload_stays_in_the_block_it_was_put_in(payload: str) -> None:
    for template, kind in PLACES.items():
        made = rendered(template, f"x{payload}x")
        assert [(one["type"], set(one[kind])) for one in made] == [(kind, set(made[0][kind]))]
        assert checker.text(made[0]) == shown(f"x{payload}x")
        assert all("link" not in piece["text"] for piece in made[0][kind]["rich_text"])


@pytest.mark.parametrize(
    "payload", ["[x] done", "[!NOTE] look", "[ ]", "[x](https://evil.example)"]
)
@pytest.mark.parametrize(("template", "kind"), list(PLACES.items())[:4])
def test_a_payload_makes_no_to_do_and_no_callout(template: str, kind: str, payload: str) -> None:
    made = rendered(template, payload)
    assert [(one["type"], checker.text(one)) for one in made] == [(kind, payload)]


def test_what_the_author_wrote_around_a_payload_keeps_its_meaning() -> None:
    made = rendered("# A *title*\n\n- **{{ event.text }}**: said\n- b", "a *b* [c](d)")
    assert outline(made) == [
        ("heading_1", "A /title/"),
        ("bulleted_list_item", "*a *b* [c](d)*: said"),
        ("bulleted_list_item", "b"),
    ]


def test_lists_of_payloads_are_a_list_of_their_lines() -> None:
    payload = ["a\nb", "- c", "[x] d", " e "]
    assert outline(rendered("{{ event.text | bullets }}", payload)) == [
        ("bulleted_list_item", "a b"),
        ("bulleted_list_item", "- c"),
        ("bulleted_list_item", "[x] d"),
        ("bulleted_list_item", " e "),
    ]
    assert [one["type"] for one in rendered("{{ event.text | todos }}", payload)] == ["to_do"] * 4


def test_a_quoted_payload_is_one_quote() -> None:
    made = rendered("{{ event.text | quote }}", "a\n\n# b\n[!NOTE] c")
    assert outline(made) == [("quote", "a\n\n# b\n[!NOTE] c")]


def test_markdown_is_markdown_where_the_rule_says_so() -> None:
    made = rendered("{{ event.text | markdown }}", "# a\n\n- [x] b")
    assert outline(made) == [("heading_1", "a"), ("to_do", "b", True)]
