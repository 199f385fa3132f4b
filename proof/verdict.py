"""What came of a run of the proof, counted from Notion's side: what is missing, double, out of order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automation.emulator import showing
from automation.emulator.workspace import Workspace
from automation.model.run import Run, State

Sent = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Each name is an effect that is missing, stands twice, or stands behind a later one of its lane."""

    seed: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    disordered: tuple[str, ...]
    parked: tuple[str, ...]
    unfinished: int
    kills: Mapping[str, int]
    events: int
    requests: int

    @property
    def good(self) -> bool:
        """Nothing lost, doubled, disordered, parked or unfinished."""
        return not (self.lost or self.doubled or self.disordered or self.parked or self.unfinished)

    def totals(self) -> dict[str, int]:
        """For adding up."""
        return {
            "events": self.events,
            "kills": sum(self.kills.values()),
            "requests": self.requests,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "disordered": len(self.disordered),
            "parked": len(self.parked),
            "unfinished": self.unfinished,
        }

    def words(self) -> str:
        """What is wrong, in one line."""
        parts = [
            f"{name} {', '.join(things[:5])}"
            for name, things in (
                ("lost", self.lost),
                ("doubled", self.doubled),
                ("disordered", self.disordered),
                ("parked", self.parked),
            )
            if things
        ]
        return "; ".join([*parts, *([f"unfinished {self.unfinished}"] if self.unfinished else [])])


def judge(
    seed: int,
    space: Workspace,
    sent: Sent,
    *,
    kills: Mapping[str, int],
    unfinished: int,
    runs: Sequence[Run],
    requests: int,
) -> Verdict:
    """Compare what was sent with what stands in the workspace."""
    wanted, found = Counter(_wanted(sent)), Counter(_found(space))
    return Verdict(
        seed=seed,
        lost=tuple(sorted((wanted - found).elements())),
        doubled=tuple(sorted((found - wanted).elements())),
        disordered=tuple(_disordered(space, sent)),
        parked=tuple(f"{run.rule_id}: {run.reason}" for run in runs if run.state is State.PARKED),
        unfinished=unfinished,
        kills=kills,
        events=sum(len(events) for events in sent.values()),
        requests=requests,
    )


def _wanted(sent: Sent) -> list[str]:
    names = [f"make {event['n']}" for event in sent.get("make", ())]
    names += [f"line {event['n']}" for event in sent.get("line", ())]
    for event in sent.get("pages", ()):
        names += [f"pages {event['n']} {part}" for part in event["parts"]]
    for event in sent.get("story", ()):
        names += [f"story {event['n']}"]
        names += [f"story {event['n']}: story {part}" for part in event["parts"]]
    return names + [f"row {who}" for who in dict.fromkeys(e["who"] for e in sent.get("keep", ()))]


def _found(space: Workspace) -> list[str]:
    names = []
    for page in showing.rows(space, "Commits"):
        name = title_of(page)
        names += [name, *(f"{name}: {line}" for line in lines(space, page["id"]))]
    names += [f"row {url_of(page).rpartition('/')[2]}" for page in showing.rows(space, "Tasks")]
    return names + lines(space, log_page(space))


def _disordered(space: Workspace, sent: Sent) -> list[str]:
    found = []
    written = [int(line.rpartition(" ")[2]) for line in lines(space, log_page(space))]
    if written != sorted(written):
        found.append(f"lines {written}")
    last = {event["who"]: event["n"] for event in sent.get("keep", ())}
    for page in showing.rows(space, "Tasks"):
        who = url_of(page).rpartition("/")[2]
        number = page["properties"]["Number"]["number"]
        if number != last.get(who):
            found.append(f"row {who} is {number}, not {last.get(who)}")
    for page in showing.rows(space, "Commits"):
        parts = [int(line.rpartition(" ")[2]) for line in lines(space, page["id"])]
        if parts != sorted(parts):
            found.append(f"blocks of {title_of(page)}")
    return found


# reading the workspace ----------------------------------------------------------------------------


def log_page(space: Workspace) -> str:
    """The page lines are appended to."""
    return next(one.id for one in space.pages.values() if space.title(one) == "Engineering log")


def title_of(page: Any) -> str:
    """A page's title."""
    value = next(one for one in page["properties"].values() if one["type"] == "title")
    return "".join(piece["plain_text"] for piece in value["title"])


def url_of(page: Any) -> str:
    """A row's URL property."""
    return str(page["properties"]["URL"]["url"])


def lines(space: Workspace, page: str) -> list[str]:
    """The texts of a page's blocks that are not in the trash."""
    found = (one[one["type"]].get("rich_text") for one in showing.children(space, page))
    return ["".join(piece["plain_text"] for piece in text) for text in found if text is not None]
