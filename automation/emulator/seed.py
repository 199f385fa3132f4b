"""The demo workspace: three data sources and a page, as a team might have them."""

from typing import Any

from automation.emulator import databases, pages, users
from automation.emulator.richtext import words
from automation.emulator.workspace import Workspace

TEXT: dict[str, Any] = {"rich_text": {}}


def _options(*names: str) -> dict[str, Any]:
    return {"options": [{"name": name, "color": "default"} for name in names]}


def text(content: str) -> list[dict[str, Any]]:
    """A rich text array of one piece."""
    return [{"type": "text", "text": {"content": content}}]


def seed_demo(workspace: Workspace) -> None:
    """Fill an empty workspace."""
    seed_empty(workspace)
    root = root_page(workspace)
    meetings = _source(
        workspace,
        root,
        "Meetings",
        {
            "Meeting UUID": TEXT,
            "Date": {"date": {}},
            "Duration": {"number": {"format": "number"}},
            "Host": TEXT,
            "Kind": {"select": _options("Team", "Customer", "Interview")},
            "Recording": {"url": {}},
            "State": {"select": _options("Ended", "Summarised")},
        },
    )
    _source(
        workspace,
        root,
        "Tasks",
        {
            "Status": {
                "status": _options("Not started", "In progress", "Blocked", "Escalated", "Done")
            },
            "Due date": {"date": {}},
            "Owner": {"people": {}},
            "Priority": {"select": _options("Low", "Medium", "High")},
            "Labels": {"multi_select": _options("bug", "documentation", "enhancement", "question")},
            "URL": {"url": {}},
            "Number": {"number": {"format": "number"}},
            "Repository": TEXT,
            "Notes": TEXT,
            "Meeting": {
                "relation": {
                    "data_source_id": meetings,
                    "type": "single_property",
                    "single_property": {},
                }
            },
        },
    )
    _source(
        workspace,
        root,
        "Commits",
        {
            "SHA": TEXT,
            "URL": {"url": {}},
            "Author": TEXT,
            "Repository": TEXT,
            "Branch": TEXT,
            "Date": {"date": {}},
        },
    )
    pages.create(
        workspace,
        {"parent": {"page_id": root}, "properties": {"title": {"title": text("Engineering log")}}},
    )


def seed_empty(workspace: Workspace) -> None:
    """Three people, and a root page with nothing in it."""
    users.add_person(workspace, "Ada Lovelace", "ada@example.com")
    users.add_person(workspace, "Grace Hopper", "grace@example.com")
    users.add_person(workspace, "Gast Müller", "guest@example.org", guest=True)
    pages.create(workspace, {"properties": {"title": {"title": text("Automation demo")}}})


def _source(workspace: Workspace, root: str, name: str, properties: dict[str, Any]) -> str:
    database = databases.create(
        workspace,
        {
            "parent": {"type": "page_id", "page_id": root},
            "title": text(name),
            "initial_data_source": {
                "properties": {"Name": {"title": {}}, "Automation key": TEXT, **properties}
            },
        },
    )
    return database.sources[0]


SEEDS = {"demo": seed_demo, "empty": seed_empty}


def root_page(workspace: Workspace) -> str:
    """The id of the page everything is under."""
    return next(one.id for one in workspace.pages.values() if one.parent["type"] == "workspace")


def describe(workspace: Workspace, base_url: str) -> dict[str, Any]:
    """What a client needs to know."""
    root = root_page(workspace)
    return {
        "base_url": base_url,
        "token": workspace.token,
        "root_page_id": root,
        "data_sources": {words(one.title): one.id for one in workspace.data_sources.values()},
        "pages": {
            workspace.title(one): one.id
            for one in workspace.pages.values()
            if one.parent.get("page_id") == root
        },
    }
