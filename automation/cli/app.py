"""`automation`: the commands. Each imports what it needs when it runs, so `--version` stays quick.

How they end is in `automation.cli.exits`.
"""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from typing import Annotated, Literal

import typer

from automation.cli.exits import Exit
from automation.cli.notion import notion
from automation.model.errors import AutomationError, NotInStore, SettingsError, WrongUsage

app = typer.Typer(
    name="automation",
    help="Signed webhooks and schedules in, rules from TOML files, Notion pages out.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(notion)

TALKS = frozenset({"serve", "emulator", "demo", "send"})
"""Commands that write to sockets, where a peer that went away is no reason to end."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
RulesDir = Annotated[
    str, typer.Option("--rules", help="The rules folder.", envvar="AUTOMATION_RULES")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="At most so many.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"automation {version('automation-service')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Signed webhooks and schedules in, rules from TOML files, Notion pages out."""


@app.command()
def serve(
    emulator: Annotated[
        bool, typer.Option("--emulator", help="Write to a local Notion inside this process.")
    ] = False,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "",
    port: Annotated[
        int | None, typer.Option(help="The port to listen on; 0 takes a free one.")
    ] = None,
    rules: Annotated[str, typer.Option(help="The rules folder.")] = "",
    database: Annotated[str, typer.Option(help="sqlite:///FILE, or memory:")] = "",
) -> None:
    """Receive webhooks, run the rules, write to Notion."""
    from automation.cli.serve import run

    given = {
        "AUTOMATION_HOST": host,
        "AUTOMATION_PORT": "" if port is None else str(port),
        "AUTOMATION_RULES": rules,
        "AUTOMATION_DATABASE": database,
    }
    run({name: value for name, value in given.items() if value}, emulator=emulator)


@app.command()
def check(
    paths: Annotated[list[str] | None, typer.Argument(help="Rule files or folders.")] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with rule files, and where."""
    from automation.cli.rules import check_rules

    raise typer.Exit(check_rules(paths, as_json=as_json))


@app.command()
def fields(
    event: Annotated[
        str, typer.Argument(help="An event's name, or how names begin: github.push, github.issues.")
    ] = "",
    find: Annotated[str, typer.Option("--find", help="Only those with this word in them.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is deep, and what few rules want.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what a rule may use of an event; without one, the events."""
    from automation.cli.fields import list_fields

    raise typer.Exit(list_fields(event, find_text=find, everything=everything, as_json=as_json))


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from automation.cli.schema import print_schema

    raise typer.Exit(print_schema())


@app.command()
def explain(
    event: Annotated[
        str, typer.Argument(help="An event's id (its first characters), or a payload file.")
    ] = "",
    name: Annotated[
        str, typer.Option("--event", help="For a file: what it is, e.g. github.push.")
    ] = "",
    rule: Annotated[str, typer.Option("--rule", help="Only this rule.")] = "",
    last: Annotated[
        int | None,
        typer.Option(
            "--last", min=1, max=10_000, help="With --rule: its lines over so many last events."
        ),
    ] = None,
    rules: RulesDir = "rules",
    as_json: Json = False,
) -> None:
    """Say line by line why rules did or did not fire for an event."""
    from automation.cli.explain import explain_event
    from automation.cli.history import explain_rule

    if bool(event) == bool(last) or (last and not rule):
        raise typer.BadParameter("name an event or a payload file, or --rule ID --last N")
    if last is not None:
        raise typer.Exit(explain_rule(rule, last=last, folder=rules, as_json=as_json))
    raise typer.Exit(explain_event(event, name=name, rule_id=rule, folder=rules, as_json=as_json))


@app.command("test")
def run_rule_tests(
    paths: Annotated[list[str] | None, typer.Argument(help="Rule files or folders.")] = None,
    rule: Annotated[str, typer.Option("--rule", help="Only this rule.")] = "",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show only what fails, and what has no tests.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the tests in rule files: does the rule fire, and what would it write."""
    from automation.cli.trials import run_tests

    raise typer.Exit(run_tests(paths, rule_id=rule, quiet=quiet, as_json=as_json))


@app.command("rules")
def list_all_rules(rules: RulesDir = "rules", as_json: Json = False) -> None:
    """List every rule: where it is, what it listens to, whether it ever fired, and what holds it up."""
    from automation.cli.inventory import list_rules

    raise typer.Exit(list_rules(folder=rules, as_json=as_json))


@app.command()
def plan(
    rules: Annotated[str, typer.Option("--rules", help="The folder of proposed rules.")],
    since: Annotated[
        str, typer.Option("--since", help="Events since then: 7d, 12h, or a date.")
    ] = "7d",
    current: Annotated[
        str,
        typer.Option(
            "--current", help="The folder of the rules in force.", envvar="AUTOMATION_RULES"
        ),
    ] = "rules",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown for a pull request.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run proposed rules over recorded events, write nothing, and print what would be otherwise."""
    from automation.cli.planning import plan_rules

    if as_json and markdown:
        raise typer.BadParameter("--json or --markdown, not both")
    form: Literal["json", "markdown", "text"] = (
        "json" if as_json else "markdown" if markdown else "text"
    )
    raise typer.Exit(plan_rules(proposed=rules, current=current, since=since, form=form))


@app.command()
def send(
    payload: Annotated[
        str, typer.Argument(help="A payload file, or a sample's name, e.g. github.push.")
    ],
    name: Annotated[
        str, typer.Option("--as", help="For a file: what it is, e.g. github.push.")
    ] = "",
    to: Annotated[
        str, typer.Option("--to", help="Where the service is.")
    ] = "http://127.0.0.1:8000",
    as_json: Json = False,
) -> None:
    """Sign a payload as its sender would, and post it."""
    from automation.cli.send import send_payload

    raise typer.Exit(send_payload(payload, name=name, to=to, as_json=as_json))


@app.command()
def events(
    limit: Limit = 20,
    source: Annotated[str, typer.Option(help="Only of this source.")] = "",
    name: Annotated[str, typer.Option("--name", help="Only of this name and below.")] = "",
    unmatched: Annotated[
        bool, typer.Option("--unmatched", help="Only those no rule wanted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what came in, newest first."""
    from automation.cli.listing import list_events

    raise typer.Exit(
        list_events(limit=limit, source=source, name=name, unmatched=unmatched, as_json=as_json)
    )


@app.command()
def runs(
    limit: Limit = 20,
    parked: Annotated[
        bool, typer.Option("--parked", help="Only those that need a person.")
    ] = False,
    state: Annotated[str, typer.Option(help="pending, running, waiting, done or parked.")] = "",
    rule: Annotated[str, typer.Option(help="Only of this rule.")] = "",
    event: Annotated[str, typer.Option(help="Only of this event.")] = "",
    as_json: Json = False,
) -> None:
    """List what rules did, newest first."""
    from automation.cli.listing import list_runs

    wanted = "parked" if parked else state
    raise typer.Exit(list_runs(limit=limit, state=wanted, rule=rule, event=event, as_json=as_json))


@app.command()
def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    seed: Annotated[str, typer.Option(help="What is in it: demo or empty.")] = "demo",
    requests_per_minute: Annotated[
        int,
        typer.Option(
            "--requests-per-minute",
            "--limit",
            min=0,
            help="The budget: 429 past so many in a window of 60 s; 0 is no window.",
        ),
    ] = 180,
    search_lag: Annotated[
        float, typer.Option(min=0, help="Seconds until search finds what is new.")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Serve a local Notion on this machine.

    Prints where it is, its token and what is in it (with --json as one line), then serves until
    Ctrl-C; what is in it is gone then. For tests it has endpoints of its own under /_emulator: the
    log of all requests, counts, settings, and faults to inject (429, 503, lost answers, slow ones).
    """
    from automation.emulator.seed import SEEDS
    from automation.emulator.serve import run

    if seed not in SEEDS:
        raise typer.BadParameter(f"--seed is one of {', '.join(SEEDS)}")
    try:
        run(port, seed, requests_per_minute, search_lag=search_lag, as_json=as_json)
    except OSError as error:
        raise SettingsError("--port", f"cannot listen on {port}: {error.strerror}") from error


@app.command()
def demo(as_json: Json = False) -> None:
    """Do the whole job once against a local Notion."""
    from automation.cli.demo import run

    raise typer.Exit(run(as_json=as_json))


@app.command()
def init(
    folder: Annotated[str, typer.Argument(help="Where to put the rules.")] = "rules",
) -> None:
    """Copy the recipes into a new rules folder."""
    from automation.cli.rules import init_folder

    raise typer.Exit(init_folder(folder))


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign shows its number instead.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_flushed(_run()))


def _run() -> int:
    try:
        with _ended_by_its_reader(sys.argv[1:2]):
            app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Exit.DONE
    except AutomationError as error:
        _say(error)
        return _exit_of(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.DONE


@contextlib.contextmanager
def _ended_by_its_reader(command: list[str]) -> Iterator[None]:
    """`automation events | head -1`: a reader that has enough ends us as it ends any filter."""
    if not hasattr(signal, "SIGPIPE") or TALKS.intersection(command):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


def _flushed(code: int) -> int:
    """The code, once everything is written; else nobody reads any more, and Python is kept from trying."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.UNHEARD
    return code


def _exit_of(error: AutomationError) -> Exit:
    match error:
        case WrongUsage():
            return Exit.USAGE
        case SettingsError():
            return Exit.SETTINGS
        case NotInStore():
            return Exit.NOT_THERE
        case _:
            return Exit.WRONG


def _say(error: AutomationError) -> None:
    from automation.cli.printable import printable

    first, *others = str(error).splitlines() or [""]
    lines = [f"automation: {first}", *(f"  {line}" for line in others)]
    lines += [f"  {remedy}"] if (remedy := getattr(error, "remedy", "")) else []
    print("\n".join(map(printable, lines)), file=sys.stderr)
