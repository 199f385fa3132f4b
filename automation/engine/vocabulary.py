"""The keys of steps: those every step has, and those of each verb.

All verbs of the language are here, whether this version performs them or not. What their keys *mean*
is with the verb, in `actions/`.
"""

from collections.abc import Mapping
from dataclasses import replace

from automation.engine.grammar import LIMITS, tables
from automation.engine.kinds import (
    ANY_TEXT,
    COUNT,
    DURATION,
    EVENT,
    LITERAL,
    NAME,
    SWITCH,
    TABLE,
    TABLES,
    TEXT,
    Form,
    Key,
    Keys,
    Kind,
    either,
    lines,
    list_of,
    one_of,
    or_template,
    pattern,
    ref,
)
from automation.engine.template import is_template

TEMPLATE = Kind(
    words="a template",
    check=lambda value: isinstance(value, str) and is_template(value),
    schema=ref("template"),
    example='such as "{{ event.commits }}"',
)
VALUE = Kind(words="a value", check=lambda value: True, schema=ref("value"))
TARGET = replace(
    LITERAL,
    words="a target: the name of a [target], or a title, URL or id",
    example="name a [target], or a title, URL or id",
    form=Form.TARGET,
)
PAGE = Kind(
    words="a page: the name of a [target], a title, URL or id, or a template that gives one",
    check=TEXT.check,
    schema=TEXT.schema,
    form=Form.PAGE,
)


def _properties(example: str) -> Kind:
    return Kind(
        words="a table of properties",
        check=TABLE.check,
        schema=ref("properties"),
        example=f"such as {example}",
        form=Form.PROPERTIES,
    )


BODY = Kind(
    words="a text of Markdown", check=ANY_TEXT.check, schema=ref("markdown"), form=Form.BODY
)
BLOCKS = or_template(
    Kind(words="a list of Notion blocks", check=TABLES.check, schema=TABLES.schema)
)
ICON = Kind(
    words="an emoji, an address or a template", check=ANY_TEXT.check, schema=ANY_TEXT.schema
)
ANSWER = Kind(
    words="a table of fields and their kinds",
    check=TABLE.check,
    schema=ref("answer"),
    example='such as answer.summary = "text"',
    form=Form.ANSWER,
)
ORDER = either(TEXT, list_of(TEXT, "a list of properties"))


# steps --------------------------------------------------------------------------------------------

STEP = Keys(
    what="a step",
    beside=dict.fromkeys(("as", "at_most", "only", "key"), "for_each"),
    keys={
        "id": Key(kind=NAME, about="What later steps call its result."),
        "if": Key(
            kind=lines("if.notes.exists = true"),
            about="Lines that must pass, their paths from the roots.",
        ),
        "on_failure": Key(
            kind=one_of("stop", "continue"), about="Whether a failure ends the run; stop."
        ),
        "for_each": Key(kind=TEMPLATE, about="Does the step for every element of a list."),
        "as": Key(kind=NAME, about="What an element is called; item without it."),
        "at_most": Key(kind=COUNT, about="How many elements at most."),
        "only": Key(
            kind=lines('only.item.state = "open"'),
            about="Which elements, their paths from the roots.",
        ),
        "key": Key(
            kind=TEMPLATE, about="What tells elements apart for ever; their index without it."
        ),
        "do": Key(
            kind=tables("a list of steps", "steps", "rule.do.do"),
            about="Steps for every element, where the loop has no verb.",
        ),
    },
)
_CONTENT = {
    "body": Key(kind=BODY, about="Markdown, made into blocks."),
    "blocks": Key(kind=BLOCKS, about="Notion's own block objects instead."),
}
_LOOK = {
    "icon": Key(kind=ICON, about="An emoji, or an image's address."),
    "cover": Key(kind=ICON, about="An image's address."),
}
_SET = Key(kind=_properties('set.Name = "{{ event.title }}"'), about="Properties and their values.")

VERBS: Mapping[str, Mapping[str, Key]] = {
    "create": {
        "create": Key(kind=TARGET, about="A new page there.", required=True),
        "set": _SET,
        **_CONTENT,
        **_LOOK,
        "template": Key(kind=TEXT, about="A template of the data source, by name or id; default."),
    },
    "upsert": {
        "upsert": Key(kind=TARGET, about="The page that matches; made if absent.", required=True),
        "match": Key(
            kind=_properties('match.URL = "{{ event.url }}"'),
            about="Which page: these properties equal these values.",
            required=True,
        ),
        "set": _SET,
        "set_once": Key(
            kind=_properties('set_once.Status = "Not started"'),
            about="Set only when the page is made.",
        ),
        **_CONTENT,
        **_LOOK,
        "newer_than": Key(kind=VALUE, about="An event older than the last one changes nothing."),
    },
    "update": {
        "update": Key(kind=PAGE, about="Changes a page that is known.", required=True),
        "set": _SET,
        "trash": Key(kind=or_template(SWITCH), about="Whether the page is in the trash."),
        "within": Key(kind=TARGET, about="Where a page must lie whose id comes from a payload."),
    },
    "append": {
        "append": Key(kind=PAGE, about="Blocks to a page.", required=True),
        **_CONTENT,
        "under": Key(kind=TEXT, about="Under this heading, which is made if it is missing."),
        "once": Key(kind=VALUE, about="What makes two appends the same."),
        "position": Key(kind=one_of("start", "end"), about="Where on the page; end."),
    },
    "find": {
        "find": Key(kind=TARGET, about="Pages of a data source, as a list.", required=True),
        "where": Key(
            kind=lines('where.Status = "In progress"'),
            about="Which pages: lines about their properties.",
        ),
        "order": Key(kind=ORDER, about="By this property; -Name for the other way round."),
        "limit": Key(kind=or_template(COUNT), about="How many at most; 100."),
    },
    "comment": {
        "comment": Key(kind=PAGE, about="A comment on a page.", required=True),
        "body": Key(kind=BODY, about="What it says.", required=True),
    },
    "upload": {
        "upload": Key(
            kind=TEXT, about="The address of a file to bring into Notion.", required=True
        ),
        "name": Key(kind=TEXT, about="What the file is called there."),
    },
    "fetch": {
        "fetch": Key(
            kind=pattern(
                "what a source offers", r"^[a-z0-9_]+\.[a-z0-9_]+$", 'such as "zoom.transcript"'
            ),
            about="What the event only points at.",
            required=True,
        ),
        "with": Key(kind=TABLE, about="What the source needs to find it."),
    },
    "ask": {
        "ask": Key(
            kind=Kind(
                words="the name of an [agent]",
                check=TARGET.check,
                schema=TARGET.schema,
                example="it is written out, never a template",
                form=Form.RAW,
            ),
            about="A typed answer of a language model.",
            required=True,
        ),
        "about": Key(kind=TABLE, about="What it is given, by name."),
        "answer": Key(kind=ANSWER, about="The closed shape of the answer.", required=True),
        "limits": Key(kind=LIMITS, about="For this answer."),
    },
    "wait_for": {
        "wait_for": Key(kind=EVENT, about="Waits for another event of this name.", required=True),
        "same": Key(kind=TABLE, about="Paths of that event, and what must stand there."),
        "within": Key(kind=DURATION, about="How long to wait."),
        "look_back": Key(kind=DURATION, about="How old it may be already; 1 day."),
    },
}
"""The verbs of the language, whether this version performs them or not."""

COMMON: Mapping[str, Kind | Keys] = {
    key: VERBS["upsert"][key].kind for key in ("set", "set_once", "match", "body")
}
"""Keys that mean the same with every verb, also with one that is only in `actions/`."""
