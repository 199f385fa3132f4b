"""Where keys and values stand: exact on every TOML text that parses."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automation.engine import literals
from automation.engine.positions import Path, Positions, Span, scan
from automation.engine.reading import clean

# a text of every kind -----------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "b", "not", "x-y", "é ü", "a.b", "", "日本", "it's", 'say "x"', "\t"])
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=32)
    | st.sampled_from("\n\t'\"\\#[]{}=,"),
    max_size=12,
)


def _escaped(text: str, *, lines: bool) -> str:
    kept = {"\n"} if lines else set()
    return "".join(
        char
        if char in kept or (char.isprintable() and char not in '"\\')
        else f"\\U{ord(char):08x}"
        for char in text
    )


def _literals(text: str) -> st.SearchStrategy[str]:
    forms = [f'"{_escaped(text, lines=False)}"', f'"""\n{_escaped(text, lines=True)}"""']
    forms.append(f'"""\\\n   {_escaped(text, lines=False)}"""')
    if "'" not in text and "\n" not in text and text.replace("\t", "").isprintable():
        forms.append(f"'{text}'")
    if "'''" not in text and not text.endswith("'") and text.replace("\n", "").isprintable():
        forms += [f"'''\n{text}'''", f"'''\n{text}'''''"]
    return st.sampled_from(forms)


def _key(name: str) -> st.SearchStrategy[str]:
    bare = name.isascii() and name.replace("-", "").isalpha()
    return st.sampled_from([name]) if bare else _literals(name).filter(lambda t: "\n" not in t)


KEYS = WORDS.flatmap(_key)
STRINGS = TEXTS.flatmap(_literals)
SCALARS = STRINGS | st.sampled_from(
    [
        "1",
        "+1_0",
        "0xff",
        "-2.5e3",
        "inf",
        "true",
        "2026-11-24",
        "2026-11-24 07:32:00.5Z",
        "07:32:00",
    ]
)
GAP = st.sampled_from(["", " ", "\t", "  "])
BREAK = st.sampled_from(["", " ", "\n", "\n  # a ] } comment\n", " "])


@st.composite
def dotted(draw: st.DrawFn) -> str:
    """`a . "b" .c`."""
    parts = draw(st.lists(KEYS, min_size=1, max_size=3))
    return (draw(GAP) + "." + draw(GAP)).join(parts)


def _array(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    @st.composite
    def build(draw: st.DrawFn) -> str:
        items = draw(st.lists(inner, max_size=3))
        comma: bool = draw(st.booleans())
        tail = "," if items and comma else ""
        return (
            "["
            + draw(BREAK)
            + f"{draw(BREAK)},{draw(BREAK)}".join(items)
            + tail
            + draw(BREAK)
            + "]"
        )

    return build()


def _inline(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(dotted(), GAP, inner).map(lambda p: f"{p[0]}{p[1]}={p[1]}{p[2]}")
    return st.lists(pairs, max_size=3).map(lambda many: "{ " + " , ".join(many) + "}")


VALUES = st.recursive(SCALARS, lambda inner: _array(inner) | _inline(inner), max_leaves=6)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One line or header, with what may stand around it."""
    indent, end = draw(GAP), draw(st.sampled_from(["", " # comment = [x", "\t"]))
    match draw(st.integers(0, 4)):
        case 0:
            return f"{indent}[{draw(GAP)}{draw(dotted())}{draw(GAP)}]{end}"
        case 1:
            return f"{indent}[[{draw(GAP)}{draw(dotted())}{draw(GAP)}]]{end}"
        case 2:
            return draw(st.sampled_from(["", "# [x]", "  "]))
        case _:
            return f"{indent}{draw(dotted())}{draw(GAP)}={draw(GAP)}{draw(VALUES)}{end}"


DOCUMENTS = st.tuples(
    st.sampled_from(["", "\ufeff"]),
    st.lists(statements(), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
).map(lambda made: made[0] + made[2].join(line.replace("\n", made[2]) for line in made[1]))


def _longest_that_parses(text: str) -> str:
    """As many of its lines as are TOML together."""
    lines = text.split("\n")
    for count in range(len(lines), 0, -1):
        try:
            tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        return "\n".join(lines[:count])
    return ""


# what must hold -----------------------------------------------------------------------------------


def every_path(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All paths of a parsed document."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key), inner
        if isinstance(inner, dict | list):
            yield from every_path(inner, (*path, key))


def at(text: str, span: Span) -> str:
    """The text of a span."""
    return text.split("\n")[span.line - 1][span.column - 1 :][: span.length]


def _is_value_at(text: str, span: Span, value: Any) -> bool:
    """Whether a value that reads the same begins at the span, however many lines it has."""
    lines = text.split("\n")[span.line - 1 :]
    lines[0] = lines[0][span.column - 1 :]
    pieces = [lines[0][: span.length]]
    for count in range(2, len(lines) + 1):
        whole = "\n".join(lines[:count])
        pieces += [whole[:end] for end in range(len(whole), len(whole) - len(lines[count - 1]), -1)]
    return any(_reads(piece) == repr({"x": value}) for piece in pieces)


def _reads(piece: str) -> str:
    try:
        return repr(tomllib.loads(f"x = {piece}"))
    except tomllib.TOMLDecodeError:
        return ""


@given(DOCUMENTS)
@example("[a]\nb.c = 1\n[[a.d]]\n[a.d.e]\nf = { g.h = [ { i = '''\nx''' } ] }\n[[a.d]]\ni = 1")
@example('x = """"quoted""""" # y\nz = \'\'\'\'\'\'\'\'\n"" = ""')
def test_every_key_and_value_is_where_we_say(document: str) -> None:
    """Whatever tomllib reads has a place, and what stands at the place reads the same."""
    text = _longest_that_parses(clean(document))
    positions = scan(text)
    for path, value in every_path(tomllib.loads(text)):
        _check_key(text, positions, path)
        if path in positions.values:
            assert _is_value_at(text, positions.values[path], value), path
        else:
            assert isinstance(value, dict | list), f"{path} has no place"


def _check_key(text: str, positions: Positions, path: Path) -> None:
    if isinstance(path[-1], str):
        written = at(text, positions.keys[path])
        assert tomllib.loads(f"{written} = 1") == {path[-1]: 1}
        if written[0] in "\"'":
            assert path in positions.quoted


@given(STRINGS)
def test_a_literal_reads_as_tomllib_reads_it(source: str) -> None:
    """And every character's source reads as that character."""
    value = tomllib.loads(f"x = {source}")["x"]
    literal = literals.read(source)
    assert literal.text == value
    for start, end, char in zip(literal.offsets[:-1], literal.offsets[1:], value, strict=True):
        piece = source[start:end]
        assert piece.startswith(char) or tomllib.loads(f'x = """_{piece}"""')["x"] == f"_{char}"


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ('x = "one two"', "two", Span(1, 10, 3)),
        (r'x = "\u00e9 two"', "two", Span(1, 13, 3)),
        ("x = 'a\\b two'", "two", Span(1, 10, 3)),
        ('x = """\none\n  two"""', "two", Span(3, 3, 3)),
        ('x = """one \\\n     two"""', "two", Span(2, 6, 3)),
        ("x = '''\n\n two'''", "two", Span(3, 2, 3)),
        ('y = 1\nx = ["", "two"]', "two", Span(2, 11, 3)),
    ],
    ids=["basic", "escape", "literal", "lines", "folded", "literal-lines", "in-a-list"],
)
def test_a_word_inside_a_text_is_found(text: str, word: str, place: Span) -> None:
    """Line and column inside the text, escapes and folded lines counted."""
    path, value = next(
        (path, value)
        for path, value in every_path(tomllib.loads(text))
        if isinstance(value, str) and word in value
    )
    assert scan(text).inside(path, value.index(word), len(word)) == place
