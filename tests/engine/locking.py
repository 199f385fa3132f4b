"""What the tests of the lock share: a workspace as a lock, and what the check says of rules."""

from collections.abc import Mapping, Sequence

from automation.actions.judging import JUDGE
from automation.engine.load import load
from automation.engine.lock_check import Checked, check_lock
from automation.model.lock import Lock, LockedOption, LockedPage, LockedProperty, LockedSource
from tests.engine.loading import ACTIONS

TASKS, MEETINGS, LOG, ROW = "1" * 32, "2" * 32, "3" * 32, "4" * 32


def dashed(text: str) -> str:
    """An id as Notion spells it."""
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def one(name: str, kind: str, *options: str, relation: str = "") -> LockedProperty:
    """A property; its id is its first name in capitals, encoded as Notion does."""
    return LockedProperty(
        id="title" if kind == "title" else name.upper().replace(" ", "%20"),
        name=name,
        type=kind,
        options=tuple(LockedOption(id=f"{name}:{each}", name=each) for each in options),
        relation=relation,
    )


TASK_PROPERTIES = (
    one("Automation key", "rich_text"),
    one("Name", "title"),
    one("Status", "status", "Not started", "In progress", "Done"),
    one("Priority", "select", "Low", "High"),
    one("Labels", "multi_select", "bug", "docs"),
    one("Number", "number"),
    one("Due date", "date"),
    one("Open", "checkbox"),
    one("URL", "url"),
    one("Mail", "email"),
    one("Notes", "rich_text"),
    one("Owner", "people"),
    one("Meeting", "relation", relation=dashed(MEETINGS)),
    one("Parent", "relation", relation="not shared"),
    one("Score", "formula"),
    one("Nr", "unique_id"),
    one("Files", "files"),
    one("Empty", "select"),
)

LOCK = Lock(
    sources=(
        LockedSource(
            id=dashed(TASKS),
            database=dashed("a" * 32),
            title="Tasks",
            url="https://www.notion.so/" + "a" * 32,
            properties=TASK_PROPERTIES,
        ),
        LockedSource(
            id=dashed(MEETINGS),
            database=dashed("b" * 32),
            title="Meetings",
            url="",
            properties=(one("Name", "title"), one("Held", "date")),
        ),
        LockedSource(id="5", database="", title="Twins", url="", properties=(one("A", "title"),)),
        LockedSource(id="6", database="", title="Twins", url="", properties=(one("A", "title"),)),
    ),
    pages=(
        LockedPage(id=dashed(LOG), title="Log", url=""),
        LockedPage(id=dashed(ROW), title="A task", url="", source=dashed(TASKS)),
    ),
)

HEAD = '[[rule]]\nid = "r"\non = "test.event"\n'


def checked(text: str | Mapping[str, str], lock: Lock = LOCK, *, mentions: bool = False) -> Checked:
    """What the check says of files; one text is the file `a.toml`."""
    files = {"a.toml": text} if isinstance(text, str) else text
    loaded = load(files, actions=ACTIONS)
    return check_lock(files, loaded.tables, lock, JUDGE, loaded.problems, mentions=mentions)


def said(found: Checked) -> Sequence[str]:
    """Problems as `line:column+length severity: message (help)`."""
    return [
        f"{p.line}:{p.column}+{p.length} {p.severity}: {p.message} ({p.help})"
        for p in (each.problem for each in found.found)
    ]


def steps(text: str) -> str:
    """A rule whose steps begin in line 4."""
    return HEAD + text
