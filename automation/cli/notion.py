"""`automation notion`: what the rules know of Notion, in a file beside them."""

from typing import Annotated

import typer

notion = typer.Typer(
    name="notion",
    help="Keep what the rules know of Notion in a file beside them, and compare.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
RulesDir = Annotated[
    str, typer.Option("--rules", help="The rules folder.", envvar="AUTOMATION_RULES")
]


@notion.command()
def pull(
    rules: RulesDir = "rules",
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if the file would change.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write names, ids and schemas of all that is shared to notion.lock, for `automation check`."""
    from automation.cli.pulling import pull_lock

    raise typer.Exit(pull_lock(rules, only_check=check, as_json=as_json))


@notion.command()
def diff(rules: RulesDir = "rules", as_json: Json = False) -> None:
    """Say what changed in Notion since notion.lock, and which rules that breaks. Writes nothing."""
    from automation.cli.differing import show_difference

    raise typer.Exit(show_difference(rules, as_json=as_json))
