"""Broken rule files and what a person is told: `broken/`, one file per class of mistake.

Each case is a rules file, a line of dashes, and the report as `automation check` prints it: every
error, its line and column, the words under the carets, and what would help. `<BOM>`, `<CR>`
and `<01>` stand for characters that an editor would not show.
"""

from pathlib import Path

import pytest

from automation.engine.load import load
from automation.engine.problems import render
from tests.engine.loading import ACTIONS, HEAD, STEP, errors_of, load_text

FOLDER = Path(__file__).parent / "broken"
HIDDEN = {"<BOM>": "\ufeff", "<CR>\n": "\r\n", "<01>": "\x01"}


def _cases() -> list[tuple[str, str, str]]:
    """The class, the text and the report of every case."""
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        for case in path.read_text(encoding="utf-8").split("\n=====\n"):
            text, _, report = case.partition("\n---\n")
            text += "\n"
            for name, char in HIDDEN.items():
                text = text.replace(name, char)
            found.append((path.stem, text, report.strip("\n")))
    return found


CASES = _cases()
IDS = [f"{kind}: {report.splitlines()[0]}" for kind, _, report in CASES]


@pytest.mark.parametrize(("text", "report"), [case[1:] for case in CASES], ids=IDS)
def test_a_broken_file_is_told_what_is_wrong_and_where(text: str, report: str) -> None:
    """Every error in one go, each at its line and column, with what would help."""
    shown = "\n".join(render(problem, text) for problem in errors_of(text))
    assert [line.rstrip() for line in shown.split("\n")] == report.split("\n")


def test_there_are_enough_classes_and_cases() -> None:
    """At least 70 cases, no text and no report twice in a class."""
    assert len(CASES) >= 70
    assert len({kind for kind, _, _ in CASES}) >= 12
    assert len({text for _, text, _ in CASES}) == len(CASES)


def test_a_file_with_an_error_gives_nothing_and_the_others_all() -> None:
    """A broken file disables only itself."""
    good, bad = HEAD + STEP, (HEAD + STEP).replace('"r"', '"s"') + "when.x = 1\n"
    loaded = load({"bad.toml": bad, "good.toml": good}, actions=ACTIONS)
    assert list(loaded.rules.rules) == ["r"]
    assert {problem.path for problem in loaded.problems} == {"bad.toml"}


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (HEAD + STEP, HEAD + STEP, "there is another rule `r`, in a.toml:2"),
        (
            '[target.T]\npage = "a"\n',
            '[target.T]\npage = "b"\n',
            "there is another target `T`, in a.toml:1",
        ),
        (
            '[source.s]\nsecret_env = "X"\nsignature.header = "S"\n',
            '[source.s]\nsecret_env = "Y"\nsignature.header = "S"\n',
            "there is another source `s`, in a.toml:1",
        ),
    ],
    ids=["rule", "target", "source"],
)
def test_a_name_stands_once_in_all_files(one: str, other: str, message: str) -> None:
    """The later file has the problem."""
    problems = load({"a.toml": one, "b.toml": other}, actions=ACTIONS).problems
    assert [(problem.path, problem.message) for problem in problems] == [("b.toml", message)]


def test_an_agent_may_stand_in_another_file() -> None:
    """Steps and agents are brought together over all files."""
    ask = HEAD + '[[rule.do]]\nask = "triage"\nanswer.x = "text"\n'
    agent = '[agent.triage]\nmodel = "openai:x"\ninstructions = "Decide."\n'
    together = load({"a.toml": ask, "b.toml": agent}, actions=ACTIONS)
    assert [one.severity for one in together.problems] == ["warning"]
    alone = load({"a.toml": ask}, actions=ACTIONS)
    assert [one.message for one in alone.problems if one.severity == "error"] == [
        "there is no agent `triage`"
    ]


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ('[[rule.do]]\ncomment = "Log"\nbody = "x"\n', "5:1", "`comment` is not built into"),
        (STEP + STEP, "8:1", "this step is called `append-2`: a step added or removed above"),
        ('guard.ask_first.Status = "Gone"\n' + STEP, "4:7", "`ask_first` is not built into"),
        (
            'guard.only_set = ["Status"]\n[[rule.do]]\ncreate = "T"\nset.Name = "x"\n',
            "4:7",
            "the guard does not let step `create-1` set `Name`",
        ),
    ],
    ids=["verb-of-later", "id-that-moves", "guard-of-later", "guard-against-its-own-step"],
)
def test_what_may_surprise_is_a_warning_and_the_rule_loads(
    lines: str, place: str, words: str
) -> None:
    """A warning disables nothing."""
    loaded = load_text(HEAD + lines)
    assert [
        (one.severity, f"{one.line}:{one.column}", one.message[: len(words)])
        for one in loaded.problems
    ] == [("warning", place, words)]
    assert list(loaded.rules.rules) == ["r"]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("x = " + "[" * 100_000, "1:69", "this is nested deeper than 64 levels"),
        ("x = " + "{a=" * 100_000, "1:197", "this is nested deeper than 64 levels"),
        ("[" + "a." * 100_000 + "a]\n", "1:129", "this is nested deeper than 64 levels"),
        ("a." * 100_000 + "a = 1\n", "1:130", "this is nested deeper than 64 levels"),
        (HEAD + "when" + ".x = {x" * 64, "4:229", "this is nested deeper than 64 levels"),
        ("x = " + "1" * 100_000, "1:5", "a word of 100000 characters"),
        ("#" * 1_000_001, "1:1", "the file is too large"),
        ("[[rule]]\n" * 110_000, "1:3", "a rule needs `id`"),
        ('x = "' + "a" * 500_000, "1:5", "this is not TOML: this text is never closed"),
        (HEAD[:15], "2:6", "this is not TOML: this text is never closed"),
        ((HEAD + STEP)[:-3], "6:8", "this is not TOML: this text is never closed"),
    ],
    ids=[
        "lists",
        "braces",
        "header",
        "key",
        "braces-and-keys",
        "number",
        "comment",
        "many-headers",
        "text",
        "half-written",
        "half-written-later",
    ],
)
def test_a_hostile_or_half_written_file_is_refused_at_its_place(
    text: str, place: str, message: str
) -> None:
    """With a message, whatever its size and depth."""
    first = errors_of(text)[0]
    assert (f"{first.line}:{first.column}", first.message[: len(message)]) == (place, message)


def test_a_number_that_python_refuses_is_no_crash() -> None:
    """tomllib raises a plain ValueError for more than 4,300 digits."""
    assert errors_of(f"{HEAD}when.x = {'9' * 4301}\n")[0].message == "a word of 4301 characters"
