"""Rules held to the lock: what is said, and at which place.

A case is the steps of a rule, whose first line is the fourth of its file, and what the check says of them as
`line:column+length severity: message (help)`.
"""

import pytest

from automation.engine.load import load
from tests.engine.loading import ACTIONS
from tests.engine.locking import HEAD, checked, said

UPSERT = '[[rule.do]]\nupsert = "Tasks"\nmatch.URL = "{{ event.url }}"\n'
"""Its next line is the seventh."""
CREATE = '[[rule.do]]\ncreate = "Tasks"\n'
"""Its next line is the sixth."""
FIND = '[[rule.do]]\nid = "stale"\nfind = "Tasks"\n'
"""Its next line is the seventh."""
EACH = FIND + '[[rule.do]]\nfor_each = "{{ stale }}"\nas = "task"\n'
"""Its next line is the tenth."""

CASES: dict[str, tuple[str, list[str]]] = {
    "an-unknown-property-in-set": (
        CREATE + 'set.Nam = "x"',
        ["6:5+3 error: `Tasks` has no property `Nam` (did you mean `Name`?)"],
    ),
    "an-unknown-property-in-set_once": (
        UPSERT + 'set_once.Stat = "Done"',
        ["7:10+4 error: `Tasks` has no property `Stat` (did you mean `Status`?)"],
    ),
    "an-unknown-property-in-match": (
        '[[rule.do]]\nupsert = "Tasks"\nmatch.Url = "{{ event.url }}"',
        ["6:7+3 error: `Tasks` has no property `Url` (did you mean `URL`?)"],
    ),
    "an-unknown-property-in-where": (
        FIND + 'where.Prio = "High"',
        ["7:7+4 error: `Tasks` has no property `Prio` (did you mean `Priority`?)"],
    ),
    "an-unknown-property-in-order": (
        FIND + 'order = "-Due"',
        [
            "7:9+6 error: `Tasks` has no property `Due` (it has: Automation key, Name, Status, Priority, Labels, Number, Due date, Open, URL, Mail, Notes, Owner, …)"
        ],
    ),
    "an-unknown-property-in-a-list-of-orders": (
        FIND + 'order = ["Name", "Qqq"]',
        [
            "7:18+5 error: `Tasks` has no property `Qqq` (it has: Automation key, Name, Status, Priority, Labels, Number, Due date, Open, URL, Mail, Notes, Owner, …)"
        ],
    ),
    "a-name-near-to-none": (
        CREATE + 'set.Xyzzy = "x"',
        [
            "6:5+5 error: `Tasks` has no property `Xyzzy` (it has: Automation key, Name, Status, Priority, Labels, Number, Due date, Open, URL, Mail, Notes, Owner, …)"
        ],
    ),
    "upper-and-lower-case-are-different": (
        CREATE + 'set.name = "x"',
        ["6:5+4 error: `Tasks` has no property `name` (did you mean `Name`?)"],
    ),
    "a-property-by-its-id": (CREATE + 'set."DUE%20DATE" = 2026-01-01', []),
    "a-pages-own-times-can-be-ordered-by": (
        FIND + 'order = ["-last_edited_time", "created_time"]',
        [],
    ),
    "a-formula": (
        CREATE + 'set.Score = "{{ event.x }}"',
        [
            "6:5+5 error: `Score` of Tasks is a formula: Notion fills it, nobody can set it (leave it out of `set`)"
        ],
    ),
    "a-unique-id": (
        CREATE + "set.Nr = 1",
        [
            "6:5+2 error: `Nr` of Tasks is a unique_id: Notion fills it, nobody can set it (leave it out of `set`)"
        ],
    ),
    "files": (
        CREATE + 'set.Files = "https://example.com/a.png"',
        ["6:5+5 error: `Files` of Tasks is a files, which cannot be set yet ()"],
    ),
    "a-relation-in-match": (
        '[[rule.do]]\nupsert = "Tasks"\nmatch.Meeting = "{{ event.x }}"',
        ["6:7+7 error: `match` cannot use `Meeting` of Tasks: it is a relation ()"],
    ),
    "a-text-for-a-number": (
        CREATE + 'set.Number = "5"',
        ["6:14+3 error: `Number` of Tasks takes a number, not '5' (remove the quotes)"],
    ),
    "words-for-a-number": (
        CREATE + 'set.Number = "five"',
        [
            "6:14+6 error: `Number` of Tasks takes a number, not 'five' (`| to_number` makes a number from a text)"
        ],
    ),
    "true-for-a-number": (
        CREATE + "set.Number = true",
        [
            "6:14+4 error: `Number` of Tasks takes a number, not true (`| to_number` makes a number from a text)"
        ],
    ),
    "no-number-at-all": (
        CREATE + "set.Number = nan",
        ["6:14+3 error: `Number` of Tasks takes a number that Notion can keep, not nan ()"],
    ),
    "a-list-for-a-number": (
        CREATE + "set.Number = [1, 2]",
        [
            "6:14+6 error: `Number` of Tasks takes a number, not [1, 2] (`| to_number` makes a number from a text)"
        ],
    ),
    "a-text-for-a-checkbox": (
        CREATE + 'set.Open = "true"',
        [
            "6:12+6 error: `Open` of Tasks is a checkbox: it takes true or false, not 'true' (remove the quotes)"
        ],
    ),
    "a-number-for-a-checkbox": (
        CREATE + "set.Open = 1",
        ["6:12+1 error: `Open` of Tasks is a checkbox: it takes true or false, not 1 ()"],
    ),
    "a-phrase-for-a-date": (
        CREATE + 'set."Due date" = "tomorrow"',
        [
            "6:18+10 error: `Due date` of Tasks takes a date, not 'tomorrow' (dates are ISO 8601: 2026-11-23)"
        ],
    ),
    "a-number-for-a-date": (
        CREATE + 'set."Due date" = 20261123',
        ["6:18+8 error: `Due date` of Tasks takes a date, not 20261123 ()"],
    ),
    "a-list-for-a-date": (
        CREATE + 'set."Due date" = [2026-01-01, 2026-01-02]',
        ["6:18+24 error: `Due date` of Tasks takes a date, not [2026-01-01, 2026-01-02] ()"],
    ),
    "a-date-as-text-is-one": (CREATE + 'set."Due date" = "2026-11-23"', []),
    "a-wrong-end-of-a-range": (
        CREATE + 'set."Due date" = { start = "{{ event.a }}", end = "later" }',
        [
            "6:51+7 error: `Due date` of Tasks takes a date, not 'later' (dates are ISO 8601: 2026-11-23)"
        ],
    ),
    "a-range-that-ends-before-it-starts": (
        CREATE + 'set."Due date" = { start = 2026-01-02, end = 2026-01-01 }',
        [
            "6:18+40 error: `Due date` of Tasks: the range ends (2026-01-01) before it starts (2026-01-02) ()"
        ],
    ),
    "a-range-of-a-day-and-a-time": (
        CREATE + 'set."Due date" = { start = 2026-01-01, end = 2026-01-02T10:00:00 }',
        [
            "6:18+49 error: `Due date` of Tasks: start and end must both be days or both be times, not 2026-01-01 and 2026-01-02T10:00:00+00:00 (`| date_only` makes a day of a time)"
        ],
    ),
    "a-range-for-a-text": (
        CREATE + 'set.Notes = { start = "{{ event.a }}", end = "{{ event.b }}" }',
        [
            "6:13+50 error: `Notes` of Tasks takes a text, not a table: {'start': '{{ event.a }}', 'end': '{{ event.b }}'} (name one field of it, or `| json` makes a text of it)"
        ],
    ),
    "a-list-for-an-address": (
        CREATE + 'set.URL = ["https://a.example", "https://b.example"]',
        [
            "6:11+42 error: `URL` of Tasks takes one text, not a list: ['https://a.example', 'https://b.example'] ()"
        ],
    ),
    "a-number-for-a-text-is-written-out": (CREATE + "set.Notes = 5\nset.Name = [1, 2]", []),
    "an-unknown-option-of-a-status": (
        CREATE + 'set.Status = "Dome"',
        [
            "6:14+6 error: `Status` of Tasks has no option 'Dome' (did you mean `Done`? A status option is made in Notion, by hand)"
        ],
    ),
    "an-unknown-option-of-a-select": (
        CREATE + 'set.Priority = "Hihg"',
        [
            "6:16+6 error: `Priority` of Tasks has no option 'Hihg' (did you mean `High`? [defaults] unknown_options = \"create\" lets Notion make new ones)"
        ],
    ),
    "an-option-in-other-letters-is-the-option": (
        CREATE + 'set.Priority = "HIGH"\nset.Labels = "Bug"',
        [],
    ),
    "an-unknown-option-in-a-list": (
        CREATE + 'set.Labels = ["bug", "dosc"]',
        [
            "6:22+6 error: `Labels` of Tasks has no option 'dosc' (did you mean `docs`? [defaults] unknown_options = \"create\" lets Notion make new ones)"
        ],
    ),
    "an-unknown-option-in-a-pick": (
        CREATE
        + 'set.Status = { pick = "{{ event.s }}", cases = { a = "Done", b = "In progres" }, else = "Nix" }',
        [
            "6:66+12 error: `Status` of Tasks has no option 'In progres' (did you mean `In progress`? A status option is made in Notion, by hand)",
            "6:89+5 error: `Status` of Tasks has no option 'Nix' (it has: Not started, In progress, Done. A status option is made in Notion, by hand)",
        ],
    ),
    "an-unknown-option-among-those-added": (
        CREATE + 'set.Labels = { add = ["bgu", "{{ event.l }}"], remove = ["dcos"] }',
        [
            "6:23+5 error: `Labels` of Tasks has no option 'bgu' (did you mean `bug`? [defaults] unknown_options = \"create\" lets Notion make new ones)",
            "6:58+6 warning: `Labels` of Tasks has no option 'dcos' (did you mean `docs`? [defaults] unknown_options = \"create\" lets Notion make new ones)",
        ],
    ),
    "an-unknown-option-that-must-not-overwrite": (
        CREATE + 'set.Priority = { value = "Hi", if_empty = "keep" }',
        [
            "6:26+4 error: `Priority` of Tasks has no option 'Hi' (did you mean `High`? [defaults] unknown_options = \"create\" lets Notion make new ones)"
        ],
    ),
    "an-unknown-option-in-match": (
        '[[rule.do]]\nupsert = "Tasks"\nmatch.Status = "Dome"',
        [
            "6:16+6 error: `Status` of Tasks has no option 'Dome' (did you mean `Done`? A status option is made in Notion, by hand)"
        ],
    ),
    "several-options-in-one-text": (
        CREATE + 'set.Labels = "bug, docs"',
        [
            '6:14+11 error: `Labels` of Tasks has no option \'bug, docs\' (several options are a list: ["bug", "docs"])'
        ],
    ),
    "two-options-for-a-select": (
        CREATE + 'set.Priority = ["Low", "High"]',
        ["6:16+15 error: `Priority` of Tasks is a select: it takes one option, not 2 ()"],
    ),
    "adding-to-what-is-no-list": (
        CREATE + 'set.Priority = { add = "Low" }',
        [
            "6:5+8 error: `Priority` of Tasks is a select: there is nothing to add to or remove from ()"
        ],
    ),
    "nothing-clears": (
        CREATE + 'set.Priority = ""\nset.Status = ""\nset.Number = ""\nset.Labels = []',
        [],
    ),
    "nothing-to-match": (
        '[[rule.do]]\nupsert = "Tasks"\nmatch.URL = ""',
        ["6:13+2 error: `match` needs a value for `URL`, and there is none ()"],
    ),
    "a-title-for-a-relation": (
        CREATE + 'set.Meeting = "The weekly"',
        [
            "6:15+12 error: `Meeting` of Tasks takes ids or addresses, not 'The weekly' (an id is 32 hexadecimal digits; `find` gives the page of a title)"
        ],
    ),
    "an-id-for-a-relation": (CREATE + 'set.Meeting = "77777777777777777777777777777777"', []),
    "a-relation-to-what-is-not-shared": (
        CREATE + 'set.Parent = "{{ event.page }}"',
        [
            "6:5+6 warning: `Parent` of Tasks relates to a data source that is not in notion.lock (share that one too, then run `automation notion pull`)"
        ],
    ),
    "a-name-for-a-person": (
        CREATE + 'set.Owner = "Ada"',
        [
            "6:13+5 error: `Owner` of Tasks takes ids or addresses, not 'Ada' (an id is 32 hexadecimal digits; `find` gives the page of a title)"
        ],
    ),
    "a-test-that-a-status-has-not": (
        FIND + "where.Status.below = 3",
        ["7:14+5 error: `where.Status` cannot be asked by `below` yet: it is a status ()"],
    ),
    "a-test-that-a-number-has-not": (
        FIND + 'where.Number.contains = "3"',
        ["7:14+8 error: `where.Number` cannot be asked by `contains` yet: it is a number ()"],
    ),
    "a-test-with-another-switch": (
        FIND + 'where.Name = { starts_with = "x", like = "y*" }',
        ["7:35+4 error: `where.Name` cannot be asked by `like` yet: it is a title ()"],
    ),
    "a-test-of-what-cannot-be-asked": (
        FIND + "where.Score = 3",
        ["7:7+5 error: `where.Score` cannot be asked of a formula yet ()"],
    ),
    "files-can-be-asked-for-being-there": (FIND + "where.Files.exists = true", []),
    "what-is-never-empty": (
        FIND + "where.Open.empty = true",
        ["7:12+5 error: `where.Open` is a checkbox, which is never empty ()"],
    ),
    "an-unknown-option-in-where": (
        FIND + 'where.Status = ["Done", "Dome"]',
        ["7:25+6 error: `where.Status` has no option 'Dome' (did you mean `Done`?)"],
    ),
    "a-phrase-that-is-no-date": (
        FIND + 'where."Due date" = "soon"',
        [
            "7:20+6 error: `where.Due date` takes a date or a phrase such as \"14 days ago\", not 'soon' ()"
        ],
    ),
    "a-text-for-a-number-in-where": (
        FIND + 'where.Number = "3"',
        ["7:16+3 error: `where.Number` takes a number, not '3' (remove the quotes)"],
    ),
    "a-text-for-a-checkbox-in-where": (
        FIND + 'where.Open = "true"',
        [
            "7:14+6 error: `where.Open` is a checkbox: it is true or false, not 'true' (remove the quotes)"
        ],
    ),
    "a-name-for-a-relation-in-where": (
        FIND + 'where.Meeting = "The weekly"',
        ["7:17+12 error: `where.Meeting` takes an id or an address, not 'The weekly' ()"],
    ),
    "what-may-be-asked": (
        FIND
        + 'where.Status.not = ["Done", "{{ event.s }}"]\nwhere."Due date".below = "14 days ago"\nwhere.Name = { contains = "x", ignore_case = true }\nwhere.Labels.contains = "bug"\nwhere.last_edited_time.below = "14 days ago"\nwhere.Empty = "{{ event.e }}"',
        [],
    ),
    "a-field-of-a-property": (
        FIND + 'where.Status.name = "Done"',
        ["7:14+4 error: `name` is not a test, and a property has no fields to look into ()"],
    ),
    "a-target-that-is-not-there": (
        '[[rule.do]]\ncreate = "Taks"',
        ["5:10+6 warning: `Taks` is not in notion.lock (did you mean `Tasks`?)"],
    ),
    "a-page-that-is-not-there": (
        '[[rule.do]]\nappend = "Nowhere"\nbody = "x"',
        [
            "5:10+9 warning: `Nowhere` is not in notion.lock (share it with the connection, then run `automation notion pull`)"
        ],
    ),
    "two-of-one-title": (
        '[[rule.do]]\ncreate = "Twins"\nset.B = "x"',
        [
            "5:10+7 error: 2 things in notion.lock are called `Twins` (name one of them by its id: 5, 6)"
        ],
    ),
    "a-page-where-a-data-source-is-needed": (
        '[[rule.do]]\nfind = "Log"',
        ["5:8+5 error: `Log` is a page, and `find` needs a data source ()"],
    ),
    "a-data-source-where-a-page-is-needed": (
        '[[rule.do]]\nappend = "Tasks"\nbody = "x"',
        ["5:10+7 error: `Tasks` is a data source, and `append` needs a page ()"],
    ),
    "a-page-under-a-page": (
        '[[rule.do]]\ncreate = "Log"\nset.title = "x"\nset.Status = "Done"',
        [
            "7:5+6 error: a page under a page has only a title (set `title`, or create it in a data source)"
        ],
    ),
    "by-its-id": (
        '[[rule.do]]\ncreate = "11111111111111111111111111111111"\nset.Nam = "x"',
        ["6:5+3 error: `Tasks` has no property `Nam` (did you mean `Name`?)"],
    ),
    "by-the-databases-address": (
        '[[rule.do]]\ncreate = "https://www.notion.so/acme/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?v=99999999999999999999999999999999"\nset.Nam = "x"',
        ["6:5+3 error: `Tasks` has no property `Nam` (did you mean `Name`?)"],
    ),
    "a-row-by-its-id": (
        '[[rule.do]]\nupdate = "44444444444444444444444444444444"\nset.Nam = "x"',
        ["6:5+3 error: `Tasks` has no property `Nam` (did you mean `Name`?)"],
    ),
    "a-page-outside-of-data-sources": (
        '[[rule.do]]\nupdate = "Log"\nset.Nam = "x"',
        ["6:1+3 error: `Log` is in no data source: it has no properties to set ()"],
    ),
    "a-row-within": (
        '[[rule.do]]\nupdate = "{{ event.page }}"\nwithin = "Tasks"\nset.Nam = "x"',
        ["7:5+3 error: `Tasks` has no property `Nam` (did you mean `Name`?)"],
    ),
    "a-page-that-another-step-made": (
        CREATE + 'id = "made"\n[[rule.do]]\nupdate = "{{ made.id }}"\nset.Nam = "x"',
        ["9:5+3 error: `Tasks` has no property `Nam` (did you mean `Name`?)"],
    ),
    "a-page-of-which-nothing-is-known": (
        '[[rule.do]]\nupdate = "{{ event.page }}"\nset.Nam = "x"',
        [],
    ),
    "an-unknown-field-of-a-found-page": (
        EACH + 'append = "{{ task.id }}"\nbody = "{{ task.Statsu }}"',
        ["11:17+6 error: `task.Statsu` is not a field of `Tasks` (did you mean `Status`?)"],
    ),
    "an-unknown-field-in-brackets": (
        EACH + 'append = "{{ task.id }}"\nbody = "{{ task[\'Du date\'] }}"',
        ["11:18+7 error: `task['Du date']` is not a field of `Tasks` (did you mean `Due date`?)"],
    ),
    "an-unknown-field-in-the-first-page": (
        FIND + '[[rule.do]]\nappend = "Log"\nbody = "{{ stale[0].Nme }} {{ stale.first.Name }}"',
        ["9:21+3 error: `stale[0].Nme` is not a field of `Tasks` (did you mean `Name`?)"],
    ),
    "a-list-is-no-page": (
        FIND + '[[rule.do]]\nappend = "Log"\nbody = "{{ stale.Name }}"',
        [
            '9:18+4 error: `stale` is a list, and a list has no `Name` (of each: `stale | pluck: "Name"`; of the first: `stale[0].Name`)'
        ],
    ),
    "below-a-plain-value": (
        EACH + 'append = "{{ task.id }}"\nbody = "{{ task.Status.name }}"',
        ["11:24+4 error: `task.Status` is a text: there is no `name` in it ()"],
    ),
    "a-name-that-a-filter-is-given": (
        FIND
        + "[[rule.do]]\nappend = \"Log\"\nbody = \"{{ stale | where: 'Opne' | pluck: 'Name' | bullets }}\"",
        ["9:28+4 error: `Opne` is not a field of `Tasks` (did you mean `Open`?)"],
    ),
    "an-unknown-field-in-only": (
        EACH + 'only.task.Statsu = "Done"\nappend = "{{ task.id }}"\nbody = "x"',
        ["10:11+6 error: `task.Statsu` is not a field of `Tasks` (did you mean `Status`?)"],
    ),
    "an-option-that-only-can-never-have": (
        EACH + 'only.task.Status = "done"\nappend = "{{ task.id }}"\nbody = "x"',
        [
            '10:20+6 warning: `task.Status` is never "done", as far as is known (did you mean `Done`?)'
        ],
    ),
    "an-unknown-field-in-if": (
        FIND + '[[rule.do]]\nif.stale.Nme = "x"\nappend = "Log"\nbody = "x"',
        ["8:10+3 error: `stale.Nme` is not a field of `Tasks` (did you mean `Name`?)"],
    ),
    "a-found-page-is-changed": (
        EACH + 'update = "{{ task.id }}"\nset.Statsu = "Done"',
        ["11:5+6 error: `Tasks` has no property `Statsu` (did you mean `Status`?)"],
    ),
    "inner-steps": (
        EACH + '[[rule.do.do]]\nupdate = "{{ task }}"\nset.Notes = "{{ task.Nots }}"',
        ["12:22+4 error: `task.Nots` is not a field of `Tasks` (did you mean `Notes`?)"],
    ),
    "an-unknown-field-in-a-template-s-own-loop": (
        FIND
        + """[[rule.do]]\nappend = "Log"
body = "{% for t in stale %}{{ t.Nmae }}{% if t['Due dat'] %}{{ t.Name }}{% endif %}{% endfor %}"\n""",
        [
            "9:34+4 error: `t.Nmae` is not a field of `Tasks` (did you mean `Name`?)",
            "9:50+7 error: `t['Due dat']` is not a field of `Tasks` (did you mean `Due date`?)",
        ],
    ),
    "a-name-that-two-loops-give": (
        FIND
        + """[[rule.do]]\nappend = "Log"
body = "{% for t in stale %}{{ t.Name }}{% endfor %}{% for t in event.x %}{{ t.y }}{% endfor %}"\n""",
        [],
    ),
    "what-is-there": (
        EACH
        + 'update = "{{ task.url }}"\nset.Notes = "{{ task[\'Due date\'].start }} {{ task.properties.Name }} {{ task.id }} {{ task.Labels[0] }} {{ task.Score.anything }} {{ stale.size }}"',
        [],
    ),
    "an-element-of-something-else": (
        FIND
        + '[[rule.do]]\nfor_each = "{{ event.items }}"\nas = "task"\nappend = "Log"\nbody = "{{ task.anything }}"',
        [],
    ),
    "an-address-that-is-too-long": (
        CREATE + f'set.URL = "https://a.example/{"x" * 2000}"',
        ["6:11+2020 error: `URL` of Tasks takes 2,000 characters, not 2,018 ()"],
    ),
    "a-text-longer-than-a-property": (
        CREATE + f'set.Notes = "{"x" * 200_001}"',
        [
            "6:13+200003 error: the text for `Notes` of Tasks has 200,001 characters; Notion takes 200,000 (put it into the body, or shorten it with `| truncate`)"
        ],
    ),
    "an-e-mail-address-that-is-too-long": (
        CREATE + f'set.Mail = "{"x" * 201}"',
        ["6:12+203 error: `Mail` of Tasks takes 200 characters, not 201 ()"],
    ),
    "more-members-than-a-request-takes": (
        CREATE + "set.Owner = [" + ", ".join(f'"{n:032x}"' for n in range(101)) + "]",
        ["6:13+3636 error: `Owner` of Tasks: Notion takes at most 100 in one request, not 101 ()"],
    ),
    "more-alternatives-than-can-be-asked": (
        FIND + "where.Name = [" + ", ".join(f'"{n}"' for n in range(101)) + "]",
        ["7:14+597 error: `where.Name` takes 1 to 100 alternatives, not 101 ()"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_a_rule_is_told_what_the_lock_knows_better(text: str, expected: list[str]) -> None:
    assert said(checked(HEAD + text)) == expected


def test_there_are_enough_cases_and_no_two_are_the_same() -> None:
    assert len({text for text, _ in CASES.values()}) == len(CASES) >= 80
    assert sum(not expected for _, expected in CASES.values()) >= 10


TARGETS: dict[str, tuple[str, list[str]]] = {
    "a target that is not there is told once, at its table": (
        '[target.Here]\ndata_source = "Tsks"\n' + HEAD + '[[rule.do]]\ncreate = "Here"\nset.X = 1',
        ["2:15+6 warning: `Tsks` is not in notion.lock (did you mean `Tasks`?)"],
    ),
    "a page is not looked for among data sources": (
        '[target.Here]\npage = "Tasks"\n',
        ["2:8+7 warning: `Tasks` is not in notion.lock (did you mean `A task`?)"],
    ),
    "a key property that is not there": (
        '[target.Here]\ndata_source = "Tasks"\nkey_property = "Automation kye"\n',
        [
            "3:16+16 error: `Tasks` has no property `Automation kye` (did you mean `Automation key`?)"
        ],
    ),
    "a key property that is no text": (
        '[target.Here]\ndata_source = "Tasks"\nkey_property = "Number"\n',
        [
            (
                "3:16+8 error: `Number` of Tasks is a number, and a key is a text"
                " (add a text property to the data source, and name that)"
            )
        ],
    ),
    "a key property that is the title": (
        '[target.Here]\ndata_source = "Tasks"\nkey_property = "Name"\n',
        [
            (
                "3:16+6 error: `Name` of Tasks is a title, and a key is a text"
                " (add a text property to the data source, and name that)"
            )
        ],
    ),
    "a name stands for what its table says": (
        '[target.Tasks]\ndata_source = "Meetings"\n'
        + HEAD
        + '[[rule.do]]\ncreate = "Tasks"\nset.Status = "Done"',
        ["8:5+6 error: `Meetings` has no property `Status` (it has: Name, Held)"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), TARGETS.values(), ids=TARGETS)
def test_targets_are_looked_up(text: str, expected: list[str]) -> None:
    assert said(checked(text)) == expected


CREATES = '[defaults]\nunknown_options = "create"\n' + HEAD + CREATE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('set.Labels = ["new", "bug"]', []),
        ('set.Priority = "Highest"', []),
        (
            'set.Labels = ["a,b"]',
            [
                (
                    "8:15+5 error: `Labels` of Tasks: Notion's options cannot hold a comma: 'a,b'"
                    ' (several options are a list: ["a", "b"])'
                )
            ],
        ),
        (
            'set.Priority = "a,b"',
            [
                (
                    "8:16+5 error: `Priority` of Tasks: Notion's options cannot hold a comma: 'a,b'"
                    " (give a list of texts for several options, or replace the comma)"
                )
            ],
        ),
        (
            f'set.Priority = "{"x" * 101}"',
            [
                (
                    "8:16+103 error: `Priority` of Tasks: an option may have 100 characters, not 101"
                    " (shorten it with `| truncate`)"
                )
            ],
        ),
        (
            'set.Status = "New"',
            [
                (
                    "8:14+5 error: `Status` of Tasks has no option 'New' (it has: Not started, In progress,"
                    " Done. A status option is made in Notion, by hand)"
                )
            ],
        ),
    ],
    ids=["in-a-list", "a-select", "a-comma-in-a-list", "a-comma", "too-long", "never-a-status"],
)
def test_a_file_may_let_notion_make_options_that_can_be_made(
    line: str, expected: list[str]
) -> None:
    assert said(checked(CREATES + line)) == expected


def test_what_the_file_has_a_problem_with_already_gets_no_second_one() -> None:
    text = HEAD + CREATE + 'set.Nam = { nonsense = 1 }\nset.Status = "Dome"\n'
    assert [line.partition(" ")[0] for line in said(checked(text))] == ["6:5+3", "7:14+6"]
    twice = HEAD + FIND + 'where.Number.above = "3"\n'
    assert said(checked(twice)) == []


def test_targets_and_steps_may_stand_in_different_files() -> None:
    files = {
        "rules.toml": HEAD + '[[rule.do]]\ncreate = "Here"\nset.Nam = 1',
        "targets.toml": '[target.Here]\ndata_source = "Tasks"\n',
    }
    assert [one.problem.path for one in checked(files).found] == ["rules.toml"]


def test_the_lock_decides_nothing_where_rules_run() -> None:
    """Notion's present schema decides there: a lock may be old, and must switch nothing off."""
    text = HEAD + CREATE + 'set.Nam = "x"'
    loaded = load({"a.toml": text}, actions=ACTIONS)
    assert loaded.problems == ()
    assert list(loaded.rules.rules) == ["r"]


ODD = (
    "rule = 5",
    'target = 5\nrule = [5, "x"]',
    '[target]\nA = 5\nB = { data_source = 5 }\nC = { data_source = "a", page = "b" }',
    "[defaults]\nunknown_options = 5\n[[rule]]\ndo = 5",
    '[[rule]]\ndo = [5, "x"]',
    HEAD + "[[rule.do]]\ncreate = 5\nset = 5",
    HEAD + '[[rule.do]]\ncreate = "Tasks"\nset = 5\nmatch = [1]\nwhere = "x"',
    HEAD + '[[rule.do]]\nupsert = "Tasks"\nmatch = {}\nset.Status = {}\nset.Labels = [[1], {}]',
    HEAD
    + '[[rule.do]]\nupsert = "Tasks"\nset.Status = { pick = 5, cases = 5, else = { pick = 5 } }',
    HEAD + '[[rule.do]]\ncreate = "Tasks"\nset.Labels = { add = 5, remove = { x = 1 } }',
    HEAD + '[[rule.do]]\ncreate = "Tasks"\nset."Due date" = { start = {}, end = [] }',
    HEAD + '[[rule.do]]\nfind = "Tasks"\nwhere.Status = {}\nwhere.Name = [[1]]\norder = 5\nid = 5',
    HEAD + '[[rule.do]]\nfind = "Tasks"\nwhere.Name.any.x = 1\norder = [5, ""]',
    HEAD
    + FIND[:-1]
    + "\n[[rule.do]]\nfor_each = '{{ stale }}'\nas = [5]\nid = [5]\nupdate = 5\ndo = 5\nif = 5\nonly = [5]",
    HEAD + FIND + '[[rule.do]]\nupdate = "{{ stale"\nbody = "{{ stale | }} {% for %}"',
)


@pytest.mark.parametrize("text", ODD)
def test_a_file_of_any_shape_is_passed_over_without_a_fall(text: str) -> None:
    """What is not as the grammar has it is the loader's to say."""
    assert load({"a.toml": text}, actions=ACTIONS).problems != ()
    checked(text, mentions=True)
