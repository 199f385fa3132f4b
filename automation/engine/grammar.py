"""Every table of a rules file and every key in it: the grammar as data.

The loader checks files against it, `automation schema` writes it down for editors, and the
documentation is held to it by a test. The keys of steps are in `vocabulary`.
"""

from automation.engine.kinds import (
    AMOUNT,
    ANY_TEXT,
    COUNT,
    CRON,
    DURATION,
    EVENT,
    LITERAL,
    MOMENT,
    SWITCH,
    TABLE,
    TABLES,
    TEXT,
    ZONE,
    Key,
    Keys,
    Kind,
    either,
    lines,
    list_of,
    one_of,
    ref,
)


def _alternatives(example: str) -> Kind:
    many = Kind(words="a list of such tables", check=TABLES.check, schema=ref("many_lines"))
    return either(lines(example), many)


def tables(words: str, schema: str, header: str) -> Kind:
    """A list of tables, each below its own header."""
    return Kind(
        words=words,
        check=TABLES.check,
        schema=ref(schema),
        example=f"each begins with [[{header}]], two brackets",
    )


LIMITS = Keys(
    what="`limits`",
    keys={
        "seconds": Key(kind=AMOUNT, about="How long an answer may take."),
        "tokens": Key(kind=COUNT, about="How many tokens question and answer may have together."),
        "cost_usd": Key(kind=AMOUNT, about="What an answer may cost, in US dollars."),
    },
)

# tables of a file ---------------------------------------------------------------------------------

DEFAULTS = Keys(
    what="[defaults]",
    keys={
        "timezone": Key(kind=ZONE, about="The zone of dates and of `today`; UTC without it."),
        "unknown_options": Key(
            kind=one_of("refuse", "create"),
            about="Whether a select option Notion does not know is refused or made.",
        ),
    },
)
TARGET_TABLE = Keys(
    what="a target",
    one_of=("data_source", "page"),
    beside={"key_property": "data_source"},
    keys={
        "data_source": Key(kind=LITERAL, about="A data source: its title, URL or id."),
        "page": Key(kind=LITERAL, about="A page: its title, URL or id."),
        "key_property": Key(
            kind=TEXT,
            about="A text property that holds the key of each effect: nothing is doubled.",
        ),
    },
)
SIGNATURE = Keys(
    what="`signature`",
    keys={
        "header": Key(kind=TEXT, about="The header that holds the signature.", required=True),
        "algorithm": Key(kind=one_of("sha256", "sha512", "sha1"), about="Of the HMAC; sha256."),
        "encoding": Key(kind=one_of("hex", "base64"), about="Of the signature; hex."),
        "prefix": Key(kind=ANY_TEXT, about="What stands before the signature, such as sha256=."),
        "signed": Key(
            kind=TEXT, about="What is signed, of {body}, {timestamp} and {id}; {body} without it."
        ),
        "id_header": Key(kind=TEXT, about="The header that {id} stands for."),
    },
)
TIMESTAMP = Keys(
    what="`timestamp`",
    keys={
        "header": Key(kind=TEXT, about="The header with the time of sending.", required=True),
        "tolerance": Key(kind=DURATION, about="How far it may be off; 5 minutes."),
        "unit": Key(kind=one_of("seconds", "milliseconds"), about="Since 1970; seconds."),
    },
)
SOURCE = Keys(
    what="a source",
    keys={
        "secret_env": Key(
            kind=TEXT, about="The environment variable with the secret.", required=True
        ),
        "signature": Key(kind=SIGNATURE, about="How deliveries are signed.", required=True),
        "timestamp": Key(
            kind=TIMESTAMP, about="Where the time of sending stands, if it is signed."
        ),
        "name": Key(kind=TEXT, about="The event's name, a template over `body` and `headers`."),
        "id": Key(kind=TEXT, about="What makes two deliveries the same, a template."),
        "inner": Key(kind=TEXT, about="The path in the body of what rules read as `event`."),
        "max_bytes": Key(kind=COUNT, about="The largest body accepted."),
    },
)
AGENT = Keys(
    what="an agent",
    keys={
        "model": Key(kind=TEXT, about="provider:model.", required=True),
        "instructions": Key(kind=TEXT, about="What it is to do, in plain words.", required=True),
        "base_url": Key(kind=TEXT, about="An OpenAI-compatible server."),
        "limits": Key(kind=LIMITS, about="For each answer, where a step sets none."),
    },
)

# a rule -------------------------------------------------------------------------------------------

SCHEDULE = Keys(
    what="`schedule`",
    one_of=("cron", "every"),
    keys={
        "cron": Key(
            kind=CRON, about="Five fields, or @hourly, @daily, @weekly, @monthly, @yearly."
        ),
        "every": Key(kind=DURATION, about="A period, counted from midnight in the zone."),
        "timezone": Key(kind=ZONE, about="The zone of the clock; that of [defaults] without it."),
        "catch_up": Key(
            kind=one_of("none", "once", "all"),
            about="What is done about firings missed while the service was down; none.",
        ),
    },
)
GUARD = Keys(
    what="`guard`",
    keys={
        "max_writes": Key(kind=COUNT, about="Writes of one run."),
        "per_day": Key(kind=COUNT, about="Writes of all runs of the rule in a day."),
        "only_set": Key(
            kind=list_of(TEXT, "a list of property names"), about="The properties it may set."
        ),
        "ask_first": Key(
            kind=TABLE, about="Property values that wait until a person approves them."
        ),
        "dry_run": Key(kind=SWITCH, about="Do everything but write."),
        "cost_usd_per_day": Key(kind=AMOUNT, about="What its agents may cost in a day."),
    },
)
TEST = Keys(
    what="a test",
    keys={
        "name": Key(kind=TEXT, about="What it shows."),
        "on": Key(kind=TEXT, about="What the event is, where the rule hears several."),
        "event": Key(
            kind=either(TEXT, TABLE),
            about="A payload file beside the rule file, or the event itself.",
        ),
        "at": Key(kind=MOMENT, about="The time it is."),
        "given": Key(
            kind=TABLE, about="What find, ask, fetch and wait_for steps answer, by step id."
        ),
        "fires": Key(kind=SWITCH, about="Whether the rule fires."),
        "expect": Key(kind=TABLE, about="What steps would write, by step id."),
    },
)
RULE = Keys(
    what="a rule",
    keys={
        "id": Key(kind=TEXT, about="Its stable name, unique over all files.", required=True),
        "description": Key(kind=ANY_TEXT, about="What it is for."),
        "enabled": Key(kind=SWITCH, about="false switches it off."),
        "on": Key(
            kind=either(EVENT, list_of(EVENT, "a list of such names", least=1)),
            about="The events it hears; a shorter name covers everything below it.",
            required=True,
        ),
        "schedule": Key(kind=SCHEDULE, about='When it fires by itself, with on = "schedule".'),
        "when": Key(
            kind=_alternatives('when.branch = "main"'),
            about="All lines must pass; of several tables, one.",
        ),
        "either": Key(
            kind=_alternatives('either = [{ branch = "main" }, { branch = "dev" }]'),
            about="At least one of these tables must pass, too.",
        ),
        "unless": Key(
            kind=_alternatives('unless.by.ends_with = "[bot]"'),
            about="If all lines of one table pass, it does not fire.",
        ),
        "lane": Key(kind=TEXT, about="Runs of one lane are done one after the other."),
        "do": Key(
            kind=tables("a list of steps", "steps", "rule.do"),
            about="What is done, in order.",
            required=True,
        ),
        "guard": Key(kind=GUARD, about="Limits the service keeps for it."),
        "test": Key(
            kind=tables("a list of tests", "tests", "rule.test"),
            about="Tests of the rule, for `automation test`.",
        ),
    },
)
FILE = Keys(
    what="a rules file",
    keys={
        "rule": Key(
            kind=Kind(
                words="written [[rule]]",
                check=lambda value: isinstance(value, list),
                schema=ref("rules"),
            ),
            about="A rule.",
        ),
        "target": Key(kind=TABLE, about="Names for data sources and pages."),
        "source": Key(kind=TABLE, about="Senders declared without code."),
        "agent": Key(kind=TABLE, about="Agents that `ask` steps name."),
        "defaults": Key(kind=DEFAULTS, about="What holds for every rule of the file."),
    },
)
