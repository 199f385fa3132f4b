"""What changed in Notion since the lock, and what that breaks or touches in rules."""

from dataclasses import replace

import pytest

from automation.actions.judging import JUDGE
from automation.engine.load import load
from automation.engine.lock_diff import Difference, differences
from automation.model.lock import Lock, LockedOption, LockedProperty, LockedSource
from tests.engine.loading import ACTIONS
from tests.engine.locking import LOCK, TASKS, checked, dashed, one

RULES = """\
[target.Work]
data_source = "Tasks"
key_property = "Automation key"

[[rule]]
id = "writes"
on = "test.event"
[[rule.do]]
upsert = "Work"
match.URL = "{{ event.url }}"
set.Status = "Done"
set.Labels = "{{ event.labels }}"
set.Number = 5

[[rule]]
id = "reads"
on = "test.event"
[[rule.do]]
id = "stale"
find = "11111111111111111111111111111111"
where.Priority = ["Low", "High"]
order = "-Due date"
[[rule.do]]
append = "Log"
body = "{{ stale[0]['Due date'] }} {{ stale | pluck: 'Name' | bullets }}"
"""

TASK = LOCK.sources[0]


def task(**changed: object) -> Lock:
    """The workspace with its tasks changed."""
    new = replace(TASK, **changed)  # type: ignore[arg-type]
    return replace(LOCK, sources=(new, *LOCK.sources[1:]))


def with_property(name: str, new: LockedProperty | None) -> Lock:
    """The workspace with one property changed, or without it."""
    others = tuple(new if each.name == name else each for each in TASK.properties)
    return task(properties=tuple(each for each in others if each is not None))


def known(name: str) -> LockedProperty:
    """A property as the lock has it."""
    found = TASK.find(name)
    assert found is not None
    return found


def with_options(name: str, *options: LockedOption) -> Lock:
    """The workspace with other options of a property."""
    return with_property(name, replace(known(name), options=options))


def option(name: str, *, was: str, of: str) -> LockedOption:
    """An option renamed."""
    return LockedOption(id=f"{of}:{was}", name=name)


def found(now: Lock, text: str = RULES) -> list[Difference]:
    """The changes from the lock to this."""
    files = {"a.toml": text}
    tables = load(files, actions=ACTIONS).tables
    return differences(files, tables, lock=LOCK, now=now, judge=JUDGE)


def told(now: Lock, text: str = RULES) -> list[str]:
    """The changes, each with the places it touches."""
    return [
        " ".join(
            [
                f"{each.change.kind}:",
                *([f"{each.change.property}:"] if each.change.property else []),
                f"{each.change.was} -> {each.change.now};",
                *(
                    f"{'breaks' if t.breaks else 'touches'} {t.rule}@{t.line}:{t.column}"
                    for t in each.touched
                ),
            ]
        )
        for each in found(now, text)
    ]


CASES: dict[str, tuple[Lock, list[str]]] = {
    "nothing": (LOCK, []),
    "a property that a rule sets is renamed": (
        with_property("Status", replace(known("Status"), name="State")),
        ["property renamed: Status: Status -> State; breaks writes@11:5"],
    ),
    "a property that templates and an order read is renamed": (
        with_property("Due date", replace(known("Due date"), name="Due")),
        [
            "property renamed: Due date: Due date -> Due; breaks reads@22:9 breaks reads@25:22",
        ],
    ),
    "the title is renamed": (
        with_property("Name", replace(known("Name"), name="Task")),
        ["property renamed: Name: Name -> Task; breaks reads@25:55"],
    ),
    "the key property is renamed": (
        with_property("Automation key", replace(known("Automation key"), name="Key")),
        ["property renamed: Automation key: Automation key -> Key; breaks @3:16"],
    ),
    "a property that no rule names is removed": (
        with_property("Notes", None),
        ["property removed: Notes: rich_text -> ;"],
    ),
    "a property that a rule matches by is removed": (
        with_property("URL", None),
        ["property removed: URL: url -> ; breaks writes@10:7"],
    ),
    "a number becomes a text": (
        with_property("Number", replace(known("Number"), type="rich_text")),
        ["property retyped: Number: number -> rich_text; touches writes@13:5"],
    ),
    "a number becomes a checkbox": (
        with_property("Number", replace(known("Number"), type="checkbox")),
        ["property retyped: Number: number -> checkbox; breaks writes@13:14"],
    ),
    "a number becomes a formula": (
        with_property("Number", replace(known("Number"), type="formula")),
        ["property retyped: Number: number -> formula; breaks writes@13:5"],
    ),
    "a property is added": (
        task(properties=(*TASK.properties, one("Effort", "number"))),
        ["property added: Effort:  -> number;"],
    ),
    "an option that a rule writes is removed": (
        with_options("Status", *known("Status").options[:2]),
        ["option removed: Status: Done -> ; breaks writes@11:14"],
    ),
    "an option that a rule asks for is renamed": (
        with_options(
            "Priority", known("Priority").options[0], option("Top", was="High", of="Priority")
        ),
        ["option renamed: Priority: High -> Top; breaks reads@21:26"],
    ),
    "an option that a template may give is removed": (
        with_options("Labels", known("Labels").options[0]),
        ["option removed: Labels: docs -> ; touches writes@12:14"],
    ),
    "an option that no rule names is removed": (
        with_options("Status", *known("Status").options[1:]),
        ["option removed: Status: Not started -> ;"],
    ),
    "an option is added": (
        with_options("Status", *known("Status").options, LockedOption(id="new", name="Blocked")),
        ["option added: Status:  -> Blocked;"],
    ),
    "an option is made anew under its name": (
        with_options("Status", *known("Status").options[:2], LockedOption(id="other", name="Done")),
        [],
    ),
    "options in another order are the same": (
        with_options("Status", *reversed(known("Status").options)),
        [],
    ),
    "a relation leads elsewhere": (
        with_property("Meeting", replace(known("Meeting"), relation="6")),
        [f"relation changed: Meeting: {known('Meeting').relation} -> 6;"],
    ),
    "a data source is retitled: only who names it by its title is lost": (
        task(title="Work items"),
        ["retitled: Tasks -> Work items; breaks writes@9:10 touches reads@20:8"],
    ),
    "a data source is gone": (
        replace(LOCK, sources=LOCK.sources[1:]),
        ["gone:  -> ; breaks writes@9:10 breaks reads@20:8"],
    ),
    "a data source that no rule names is gone": (
        replace(LOCK, sources=(TASK,)),
        ["gone:  -> ;", "gone:  -> ;", "gone:  -> ;"],
    ),
    "a page is gone": (
        replace(LOCK, pages=LOCK.pages[1:]),
        ["gone:  -> ; breaks reads@24:10"],
    ),
    "a page is retitled": (
        replace(LOCK, pages=(replace(LOCK.pages[0], title="Diary"), LOCK.pages[1])),
        ["retitled: Log -> Diary; breaks reads@24:10"],
    ),
    "a data source is new": (
        replace(LOCK, sources=(*LOCK.sources, replace(TASK, id="7", database="8", title="Ideas"))),
        ["new:  -> ;"],
    ),
    "a second one of a title makes the name mean two": (
        replace(LOCK, sources=(*LOCK.sources, replace(TASK, id="7", database="8"))),
        ["new:  -> ; breaks @2:15"],
    ),
    "a data source is moved to another database": (
        task(database=dashed("c" * 32)),
        [
            f"moved: {dashed('a' * 32)} -> {dashed('c' * 32)}; touches writes@9:10 touches reads@20:8"
        ],
    ),
}


@pytest.mark.parametrize(("now", "expected"), CASES.values(), ids=CASES)
def test_a_change_is_told_with_what_it_breaks_and_touches(now: Lock, expected: list[str]) -> None:
    assert told(now) == expected


def test_what_breaks_is_told_in_the_words_of_the_check() -> None:
    now = with_property("Status", replace(known("Status"), name="State"))
    (change,) = found(now)
    (error,) = [each.problem for each in checked(RULES, now).found]
    assert change.breaks
    assert [(each.line, each.column, each.message) for each in change.touched] == [
        (error.line, error.column, error.message)
    ]


def test_what_was_wrong_before_is_no_news() -> None:
    text = RULES.replace("set.Number = 5", 'set.Number = "five"')
    assert told(with_property("Status", replace(known("Status"), name="State")), text) == [
        "property renamed: Status: Status -> State; breaks writes@11:5"
    ]


def test_each_change_breaks_its_own_rules() -> None:
    """Two changes at once: nobody's fault is laid at the other's door."""
    renamed = tuple(
        replace(each, name="State") if each.name == "Status" else each
        for each in TASK.properties
        if each.name != "Due date"
    )
    assert told(task(properties=renamed)) == [
        "property renamed: Status: Status -> State; breaks writes@11:5",
        "property removed: Due date: date -> ; breaks reads@22:9 breaks reads@25:22",
    ]


def test_the_source_of_the_cases_is_the_one_that_rules_name() -> None:
    assert isinstance(TASK, LockedSource)
    assert TASK.id == dashed(TASKS)
    assert checked(RULES).found == ()
