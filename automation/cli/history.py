"""`automation explain --rule X --last 20`: which line of a rule failed how often."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from automation.cli.explain import load_all
from automation.cli.files import rule_files
from automation.cli.listing import with_store
from automation.cli.tracing import fit, show, stdout
from automation.engine.explain import Trace, trace
from automation.engine.index import names_of
from automation.engine.problems import nearest
from automation.engine.rules import Rule
from automation.engine.tally import LineTally, tally
from automation.model.errors import NotInStore, RuleError
from automation.model.event import document
from automation.sources.reading import read
from automation.store.base import Store, StoredEvent


def explain_rule(rule_id: str, *, last: int, folder: str, as_json: bool) -> int:
    """Print how often each line said no over the last events the rule listens to. 1 if a rule does not load."""
    try:
        rules = load_all(rule_files(None, folder)).rules
    except RuleError as error:
        print(error, file=sys.stderr)
        return 1
    rule = rules.get(rule_id)
    if rule is None:
        raise NotInStore(f"there is no rule `{rule_id}`; {nearest(rule_id, rules)}".rstrip("; "))
    found = with_store(lambda store: _events(store, rule, last))
    traces = [
        trace(one.event.name, document(one.event, read(one.event)), rule, now=_moment(one))
        for one in found
    ]
    if as_json:
        print(json.dumps([_json(rule, traces)], indent=2, ensure_ascii=False))
    else:
        _print(rule, traces)
    return 0


async def _events(store: Store, rule: Rule, last: int) -> Sequence[StoredEvent]:
    """The newest events of the names the rule listens to."""
    names = names_of(rule)
    found = {
        one.seq: one for name in names for one in await store.events(limit=last, name=name)
    }  # fmt: skip
    readable = [one for _, one in sorted(found.items(), reverse=True) if not one.event.problem]
    return readable[:last]


def _moment(one: StoredEvent) -> datetime:
    return one.planned_at or one.event.received_at


def _json(rule: Rule, traces: Sequence[Trace]) -> dict[str, object]:
    return {
        "rule": rule.id,
        "file": rule.file,
        "events": len(traces),
        "fires": sum(one.fires for one in traces),
        "lines": [line.to_json() for line in tally(traces)],
    }


def _print(rule: Rule, traces: Sequence[Trace]) -> None:
    if not traces:
        print(f"no event that {rule.id} listens to has come yet")
        return
    fired = sum(one.fires for one in traces)
    head = Text.assemble(
        (f"{rule.file}: ", "dim"), (rule.id, "bold"),
        f" as it is now fires for {fired} of the last {len(traces)} events it listens to",
    )  # fmt: skip
    console = stdout()
    lines = tally(traces)
    width = min(max(cell_len(line.text) for line in lines), max(24, (console.width - 30) // 2))
    titles = Text(
        f"{'':8}{'':{width}}  {'failed':>6}  {'alone':>5}  when it last failed", style="dim"
    )
    show([head, titles, *(_row(line, width) for line in lines)], console)


def _row(line: LineTally, width: int) -> Text:
    mark, style = ("✗", "bold red") if line.failed else ("✓", "green")
    return Text.assemble(
        "  ", (mark, style), f" {line.number:>3}  {fit(line.text, width)}  {line.failed:>6}  {line.alone:>5}  ",
        line.had,
    )  # fmt: skip
