"""Where a place inside a text stands, however the text is written."""

import pytest

from automation.engine.positions import scan
from automation.engine.spots import spot


@pytest.mark.parametrize(
    ("value", "line", "column"),
    [
        ('"ab!"', 1, 8),
        ('"a\\"!"', 1, 9),
        ('"a\\u00e9!"', 1, 13),
        ('"a\\U0001F600!"', 1, 17),
        ('"é!"', 1, 7),
        ("'a\\!'", 1, 8),
        ('"""a!"""', 1, 9),
        ('"""\nab!"""', 2, 3),
        ('"""\n\na!"""', 3, 2),
        ('"""a \\\n   !"""', 2, 4),
        ('"""\\\n\n  !"""', 3, 3),
        ("'''\na\\\n!'''", 3, 1),
        ("'''a'!'''", 1, 10),
    ],
    ids=[
        "plain",
        "an-escape",
        "four-digits",
        "eight-digits",
        "beyond-ascii",
        "literal",
        "long-on-one-line",
        "long",
        "an-empty-line",
        "a-line-end-that-is-none",
        "several-of-them",
        "long-literal",
        "a-quote-in-it",
    ],
)
def test_the_sign_is_found(value: str, line: int, column: int) -> None:
    import tomllib

    text = f"k = {value}\n"
    offset = tomllib.loads(text)["k"].index("!")
    found = spot(text.split("\n"), scan(text).value(("k",)), offset, 1)
    assert (found.line, found.column, found.length) == (line, column, 1)


def test_behind_the_end_it_is_the_value() -> None:
    text = 'k = "ab"\n'
    value = scan(text).value(("k",))
    assert spot(text.split("\n"), value, 500, 1) == value


def test_what_is_no_text_is_its_own_place() -> None:
    text = "k = 12\n"
    value = scan(text).value(("k",))
    assert spot(text.split("\n"), value, 1, 1) == value
