"""Rich text: cut at 2,000 units and nowhere else, linked only where it is safe."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.model.errors import StepFailed
from automation.notion.richtext import (
    Run,
    is_emoji,
    plain_text,
    property_text,
    rich_text,
    safe_link,
    split,
    units,
    whole,
)

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
WAVE = "👋\U0001f3fd"
FLAG = "\U0001f1e9\U0001f1ea"
ACCENT = "e\u0301"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 5, []),
        ("abc", 5, ["abc"]),
        ("abcde", 5, ["abcde"]),
        ("abcdef", 5, ["abcde", "f"]),
        ("ab🚀cd", 3, ["ab", "🚀c", "d"]),
        ("🚀🚀", 3, ["🚀", "🚀"]),
        (f"ab{ACCENT}", 3, ["ab", ACCENT]),
        (f"abc{FAMILY}", 12, ["abc", FAMILY]),
        (f"ab{WAVE}", 4, ["ab", WAVE]),
        (f"a{FLAG}{FLAG}", 7, [f"a{FLAG}", FLAG]),
        (f"a{ENGLAND}", 14, ["a", ENGLAND]),
        ("ab\r\nc", 3, ["ab", "\r\nc"]),
        ("a" + "\u0301" * 100, 50, ["a" + "\u0301" * 49, "\u0301" * 50, "\u0301"]),
    ],
    ids=[
        "nothing", "short", "exact", "one more", "a pair", "two pairs", "accent", "family",
        "skin", "flags", "tags", "line end", "an endless accent",
    ],
)  # fmt: skip
def test_a_text_is_cut_between_characters(text: str, limit: int, pieces: list[str]) -> None:
    assert split(text, limit) == pieces


@given(
    st.text(alphabet=st.sampled_from(f"ab \n{FAMILY}{WAVE}{FLAG}{ACCENT}字"), max_size=300),
    st.integers(2, 40),
)
def test_nothing_is_lost_and_no_piece_is_too_long(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert "".join(pieces) == text
    assert all(0 < units(piece) <= limit for piece in pieces)


@given(st.text(max_size=50))
def test_units_are_what_javascript_counts(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("text", "kept"),
    [("plain", "plain"), ("\ud83d\ude80", "🚀"), ("a\ud83d", "a\ufffd"), ("\ude80b", "\ufffdb")],
    ids=["plain", "two halves", "first half", "second half"],
)
def test_a_text_is_made_whole(text: str, kept: str) -> None:
    assert whole(text) == kept


def test_a_cut_keeps_link_and_marks_on_both_sides() -> None:
    run = Run(text="x" * 2001, link="https://example.com", marks=frozenset({"bold", "code"}))
    look = {"annotations": {"bold": True, "code": True}}
    link = {"url": "https://example.com"}
    assert rich_text([run]) == [
        {"type": "text", "text": {"content": "x" * 2000, "link": link}, **look},
        {"type": "text", "text": {"content": "x", "link": link}, **look},
    ]


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.com/a?b=c#d", True),
        ("HTTP://EXAMPLE.COM", True),
        ("mailto:ada@example.com", True),
        ("https://[2001:db8::1]/x", True),
        ("https://example.com/" + "x" * 1980, True),
        ("https://example.com/" + "x" * 1981, False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("notion://x", False),
        ("//example.com", False),
        ("/relative", False),
        ("#anchor", False),
        ("readme.md", False),
        ("https://", False),
        ("https:///path", False),
        ("https://[", False),
        ("mailto:", False),
        ("https://exa mple.com", False),
        ("https://example.com/\n", False),
        ("https://example.com/<x>", False),
        ("", False),
        (None, False),
    ],
)
def test_only_addresses_that_notion_takes_are_linked(url: str | None, linked: bool) -> None:
    assert safe_link(url) == (url if linked else None)


@pytest.mark.parametrize(
    "text", ["🔥", "❤\ufe0f", FAMILY, WAVE, FLAG, "1\ufe0f\u20e3", "\u2139\ufe0f", "〰\ufe0f"]
)
def test_an_emoji_can_be_an_icon(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text", ["", "a", "1", "fire", ":fire:", "é", "字", "🔥 hot", "🔥🔥", ACCENT]
)
def test_what_is_no_emoji_cannot_be_an_icon(text: str) -> None:
    assert not is_emoji(text)


def test_a_property_takes_100_pieces_and_says_so_of_more() -> None:
    assert len(property_text("x" * 200_000, "`Notes`")) == 100
    message = "the text for `Notes` has 200,001 characters; Notion takes 200,000"
    with pytest.raises(StepFailed, match=re.escape(message)):
        property_text("x" * 200_001, "`Notes`")


def test_the_words_of_what_notion_answered() -> None:
    answered = [{"plain_text": "a"}, {"text": {"content": "b"}}, {"plain_text": "@Ada"}]
    assert plain_text(answered) == "ab@Ada"
