"""Markdown to blocks: what becomes what, and that nothing gets lost."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.model.errors import StepFailed
from automation.notion.markdown import to_blocks
from tests.notion import checker


def outline(blocks: list[Any]) -> list[Any]:
    """Blocks in short: (kind, text, more, children …)."""
    return [_outline(one) for one in blocks]


def _outline(one: Any) -> Any:
    kind, detail = one["type"], one[one["type"]]
    if kind == "table":
        rows = [[_text(cell) for cell in row["table_row"]["cells"]] for row in detail["children"]]
        return ("table", rows)
    short: list[Any] = [kind, _text(detail.get("rich_text", []))]
    short += [detail[key] for key in ("checked", "language") if key in detail]
    if "icon" in detail:
        short.append(detail["icon"]["emoji"])
    if kind == "image":
        short = [kind, detail["external"]["url"], _text(detail["caption"])]
    if "children" in detail:
        short.append(outline(detail["children"]))
    return tuple(short)


def _text(pieces: Any) -> str:
    """Rich text with its looks: *bold*, /italic/, -struck-, `code`, [text](link)."""
    signs = {"bold": "*", "italic": "/", "strikethrough": "-", "code": "`"}
    made = ""
    for piece in pieces:
        around = "".join(signs[mark] for mark in sorted(piece.get("annotations", {})))
        content = f"{around}{piece['text']['content']}{around[::-1]}"
        link = piece["text"].get("link")
        made += f"[{content}]({link['url']})" if link else content
    return made


URL = "https://example.com"
CASES: list[tuple[str, str, list[Any]]] = [
    ("nothing", "", []),
    ("blank", " \n\n ", []),
    ("paragraphs", "a\n\nb", [("paragraph", "a"), ("paragraph", "b")]),
    ("soft break", "a\nb", [("paragraph", "a b")]),
    ("hard break", "a  \nb\\\nc", [("paragraph", "a\nb\nc")]),
    (
        "headings",
        "# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6",
        [
            ("heading_1", "1"), ("heading_2", "2"), ("heading_3", "3"), ("heading_3", "4"),
            ("heading_3", "5"), ("heading_3", "6"),
        ],
    ),
    ("underlined headings", "a\n===\nb\n---", [("heading_1", "a"), ("heading_2", "b")]),
    (
        "bullets",
        "- a\n- b\n\n* c",
        [("bulleted_list_item", "a"), ("bulleted_list_item", "b"), ("bulleted_list_item", "c")],
    ),
    ("numbers", "1. a\n2. b", [("numbered_list_item", "a"), ("numbered_list_item", "b")]),
    (
        "nested",
        "- a\n  1. b\n     - c\n       - d\n- e",
        [
            (
                "bulleted_list_item",
                "a",
                [
                    (
                        "numbered_list_item",
                        "b",
                        [("bulleted_list_item", "c", [("bulleted_list_item", "d")])],
                    )
                ],
            ),
            ("bulleted_list_item", "e"),
        ],
    ),
    (
        "a list of paragraphs",
        "- a\n\n  b\n\n      code",
        [("bulleted_list_item", "a", [("paragraph", "b"), ("code", "code", "plain text")])],
    ),
    ("an empty item", "-\n- b", [("bulleted_list_item", ""), ("bulleted_list_item", "b")]),
    (
        "an item without text of its own",
        "- > q",
        [("bulleted_list_item", "", [("quote", "q")])],
    ),
    (
        "to-dos",
        "- [ ] a\n- [x] b\n1. [X] c\n- [x]d\n- [ ]",
        [
            ("to_do", "a", False), ("to_do", "b", True), ("to_do", "c", True),
            ("bulleted_list_item", "[x]d"), ("to_do", "", False),
        ],
    ),
    (
        "a to-do that is none",
        "- \\[x] a\n- [x](https://example.com) b\n- `[x]` c\n- &#91;x] d",
        [
            ("bulleted_list_item", "[x] a"), ("bulleted_list_item", f"[x]({URL}) b"),
            ("bulleted_list_item", "`[x]` c"), ("bulleted_list_item", "[x] d"),
        ],
    ),
    ("quote", "> a\n> b\n>\n> c", [("quote", "a b", [("paragraph", "c")])]),
    (
        "callouts",
        "> [!NOTE]\n> a\n\n> [!warning] b\n\n> \\[!NOTE] c",
        [("callout", "a", "ℹ️"), ("callout", "b", "⚠️"), ("quote", "[!NOTE] c")],  # noqa: RUF001
    ),
    (
        "code",
        "```py\nx = 1\n\ny\n```\n~~~\nz\n~~~\n\n    i\n\n```mermaid title=x\n```\n```what\n```",
        [
            ("code", "x = 1\n\ny", "python"), ("code", "z", "plain text"),
            ("code", "i", "plain text"), ("code", "", "mermaid"), ("code", "", "plain text"),
        ],
    ),
    ("divider", "a\n\n---\n***", [("paragraph", "a"), ("divider", ""), ("divider", "")]),
    (
        "marks",
        "**b** *i* ~~s~~ `c` ***bi*** **b *bi*** __b__ _i_",
        [("paragraph", "*b* /i/ -s- `c` */bi/* *b **/bi/* *b* /i/")],
    ),
    ("marks around code and links", f"**`c` [l]({URL})**", [("paragraph", f"*`c`** *[*l*]({URL})")]),
    (
        "links",
        f"[a]({URL} 'title') <{URL}> [b][r] [c](mailto:a@example.com)\n\n[r]: {URL}/r",
        [("paragraph", f"[a]({URL}) [{URL}]({URL}) [b]({URL}/r) [c](mailto:a@example.com)")],
    ),
    (
        "links that are none",
        "[a](javascript:alert(1)) [b](readme.md) [c](#d) <javascript:alert(1)>",
        [("paragraph", "[a](javascript:alert(1)) b c <javascript:alert(1)>")],
    ),
    ("a link without words", f"[]({URL})", [("paragraph", f"[{URL}]({URL})")]),
    ("an address is no link by itself", f"see {URL}", [("paragraph", f"see {URL}")]),
    ("an image", f"![alt *text*]({URL}/a.png)", [("image", f"{URL}/a.png", "alt text")]),
    (
        "an image in a text",
        f"see ![alt]({URL}/a.png) and ![]({URL}/b.png)",
        [("paragraph", f"see [alt]({URL}/a.png) and [{URL}/b.png]({URL}/b.png)")],
    ),
    ("an image that is none", "![alt](a.png)", [("paragraph", "alt")]),
    ("html is text", "<b>x</b>\n\n<div>\ny\n</div>", [("paragraph", "<b>x</b>"), ("paragraph", "<div> y </div>")]),
    ("entities", "&lt;b&gt; &amp; &copy;", [("paragraph", "<b> & ©")]),
    (
        "a table",
        "| a | b |\n|---|:-:|\n| **1** | |\n| 2 | 3 | 4 |",
        [("table", [["a", "b"], ["*1*", ""], ["2", "3"]])],
    ),
    (
        "a table in a list",
        "- a\n\n  | b |\n  |---|\n  | c |",
        [("bulleted_list_item", "a", [("table", [["b"], ["c"]])])],
    ),
    ("nul", "a\0b", [("paragraph", "a\ufffdb")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_markdown_becomes_blocks(source: str, expected: list[Any]) -> None:
    made = to_blocks(source)
    assert outline(made) == expected


ALIASES = {
    "python": "python", "PY": "python", "js": "javascript", "ts": "typescript", "sh": "shell",
    "console": "shell", "dockerfile": "docker", "yml": "yaml", "c++": "c++", "cpp": "c++",
    "c#": "c#", "golang": "go", "text": "plain text", "": "plain text", "klingon": "plain text",
    "rust,ignore": "rust", "{.python}": "python", "json5": "json",
    "Visual Basic": "visual basic", "rust": "rust", "c title=x.c": "c",
}  # fmt: skip


@pytest.mark.parametrize("name", ALIASES)
def test_a_language_is_called_what_notion_calls_it(name: str) -> None:
    assert to_blocks(f"```{name}\n```")[0]["code"]["language"] == ALIASES[name]


def test_a_text_of_more_than_a_block_is_several() -> None:
    made = to_blocks("x" * 450_000)
    assert [len(checker.text(one)) for one in made] == [200_000, 200_000, 50_000]
    assert checker.words(made).replace("\n", "") == "x" * 450_000


def test_a_paragraph_of_more_than_100_looks_is_several() -> None:
    made = to_blocks(" ".join(["**b** c"] * 100))
    assert [len(one["paragraph"]["rich_text"]) for one in made] == [100, 100]
    assert "".join(checker.text(one) for one in made) == " ".join(["b c"] * 100)


def test_a_wide_table_is_several_and_a_full_cell_goes_on_below() -> None:
    wide = "|" + "a|" * 120 + "\n|" + "-|" * 120 + "\n|" + "b|" * 120
    made = to_blocks(wide)
    assert [one["table"]["table_width"] for one in made] == [100, 20]
    full = f"|h|i|\n|-|-|\n|{'**b** c ' * 60}|x|"
    rows = to_blocks(full)[0]["table"]["children"]
    assert [[len(cell) for cell in row["table_row"]["cells"]] for row in rows] == [
        [1, 1],
        [100, 1],
        [20, 0],
    ]


@pytest.mark.parametrize("sign", ["> ", "- ", "1. "])
def test_any_depth_is_kept_and_beyond_reason_refused(sign: str) -> None:
    made = to_blocks(f"{sign * 90}deep")
    assert checker.words(made).strip() == "deep"
    with pytest.raises(StepFailed, match="nests lists or quotes deeper than 100 levels"):
        to_blocks(f"{sign * 400}deep")


PIECES = st.sampled_from(
    [
        "a", "b ", " ", "\n", "\n\n", "  \n", "\\\n", "\t", "    ", "- ", "* ", "1. ", "10) ", "> ", "# ",
        "###### ", "**", "_", "`", "```\n", "~~", "~~~py\n", "[", "](https://example.com)", "![",
        "](x.png)", "[x] ", "[ ] ", "[!NOTE] ", "|", "|-|-|\n", "---\n", "===\n", "<b>", "&amp;",
        "&#32;", "\\", "🚀", "é", "字", "\u200d", "\r", "x" * 2100, "http://a", "$", "\0", "\ud800",
        "\u2028", "\x0b",
    ]
)  # fmt: skip
MARKDOWN = st.lists(PIECES, max_size=60).map("".join)


@given(MARKDOWN | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_becomes_blocks_that_notion_takes(source: str) -> None:
    """Whatever comes: each first-level block is one that could be sent, by itself or bare."""
    for one in checker.every(to_blocks(source)):
        alone = {**one, one["type"]: {k: v for k, v in one[one["type"]].items() if k != "children"}}
        if one["type"] == "table":
            alone = one
        assert checker.problems({"children": [alone]}) == []


WORDS = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "- ", "> ", "## ", "1. ", "- [x] ", "    "]), WORDS),
        max_size=12,
    )
)
@settings(deadline=None)
def test_no_word_gets_lost(lines: list[tuple[str, list[str]]]) -> None:
    source = "\n\n".join(sign + " ".join(words) for sign, words in lines)
    kept = re.findall(r"[a-z]+", checker.words(to_blocks(source)))
    assert kept == [word for _, words in lines for word in words]


LANGUAGE = re.compile(r"(~~~|```)[^\n]*[🚀é字]")


@given(MARKDOWN.filter(lambda source: not LANGUAGE.search(source)))
@settings(max_examples=200, deadline=None)
def test_every_letter_that_is_no_sign_is_kept(source: str) -> None:
    """Letters that stand in no link's address, no language and no definition."""
    kept = checker.words(to_blocks(source))
    for letter in "🚀é字":
        assert kept.count(letter) == source.count(letter)
