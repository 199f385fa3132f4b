"""Forty hostile templates over forty hostile payloads, in a process whose memory is capped.

Run as a program: prints one JSON line with the longest and hungriest render. Anything but a value or
TemplateFailed ends it with a traceback, and so does memory past the cap.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

from automation.engine.template import compile_text
from automation.model.errors import TemplateFailed

MEGABYTE = 2**20
MEMORY = 64 * MEGABYTE
"""What renders may take beside the payloads."""

MILLION = 1_000_000


def _deep(depth: int, kind: type) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


PLAIN: dict[str, Any] = {
    "text": "some text\nof two lines",
    "list": ["b", "a", {"name": "n"}],
    "number": 7,
    "table": {"a": 1, "b": [1, 2]},
    "date": "2026-11-24T10:00:00Z",
}
"""The fields that templates use; each payload makes some of them hostile."""

PAYLOADS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "a million letters": {"text": "x" * MILLION},
    "a million blanks": {"text": " " * MILLION},
    "a million line ends": {"text": "\n" * MILLION},
    "blanks and line ends": {"text": " \n" * (MILLION // 2)},
    "a million signs": {"text": "*" * MILLION},
    "a million brackets": {"text": "<" * MILLION},
    "entities": {"text": "&amp;" * (MILLION // 5)},
    "sharp s": {"text": "ß" * MILLION},
    "emoji": {"text": "👍🏽" * (MILLION // 4)},
    "combining marks": {"text": "e" + "\u0301" * MILLION},
    "words": {"text": "word " * (MILLION // 5)},
    "lines": {"text": "a line of text\n" * 60_000},
    "template signs": {"text": "{{ event.text }}{% for x in y %}" * 20_000},
    "backticks": {"text": "```\n" * 200_000},
    "five megabytes": {"text": "y" * (5 * MILLION)},
    "half a pair": {"text": "\ud800" * 1_000, "list": ["\udfff"]},
    "digits": {"text": "9" * 100_000, "number": "9" * 100_000},
    "a text as date": {"date": "2026-11-24T10:00:00" + "0" * 10_000},
    "the last day": {"date": "9999-12-31T23:59:59-12:00"},
    "the first day": {"date": "0001-01-01T00:00:00+12:00"},
    "a huge number": {"number": 10**4_000},
    "a large float": {"number": 1.7e308},
    "not a number": {"number": float("nan"), "list": [float("nan")] * 1_000},
    "infinite": {"number": float("-inf")},
    "true for a number": {"number": True},
    "ten thousand numbers": {"list": list(range(10_000))},
    "a million numbers": {"list": list(range(MILLION))},
    "ten thousand words": {"list": [f"w{index % 997}" for index in range(10_000)]},
    "equal beginnings": {"list": ["p" * 1_000 + str(index) for index in range(5_000)]},
    "ten thousand tables": {"list": [{"name": f"n{index}", "v": index} for index in range(10_000)]},
    "lists of lists": {"list": [list(range(300)) for _ in range(300)]},
    "lists in lists": {"list": _deep(300, list)},
    "tables in tables": {"table": _deep(300, dict)},
    "many fields": {"table": {f"k{index}": index for index in range(50_000)}},
    "names of methods": {"table": {"__class__": 1, "items": 2, "size": 3, "first": 4, "keys": {}}},
    "null everywhere": dict.fromkeys(PLAIN),
    "texts everywhere": dict.fromkeys(PLAIN, "text"),
    "lists everywhere": {key: [] for key in PLAIN},
    "tables everywhere": {key: {} for key in PLAIN},
}

TEMPLATES: Mapping[str, str] = {
    "itself": "{{ event.text }}",
    "all of it": "{{ event }}",
    "twice": "{{ event.text }}{{ event.text }}",
    "as json": "{{ event | json }}",
    "a list as json": "{{ event.list | json | size }}",
    "appended to itself": "{{ event.text | append: event.text | append: event.text }}",
    "doubled": "{% assign a = event.text %}" + "{% assign a = a | append: a %}" * 40 + "{{ a }}",
    "grown by replacing": "{{ event.text | replace: 'x', event.text }}",
    "replaced again and again": "{{ event.text" + " | replace: 'x', 'xy'" * 80 + " }}",
    "a long chain": "{{ event.text" + " | upcase | downcase" * 80 + " }}",
    "prepended": "{{ event.text" + " | prepend: event.text" * 60 + " | size }}",
    "split and joined": "{{ event.text | split: '' | join: event.text }}",
    "split by blanks": "{{ event.text | split: ' ' | uniq | sort | join }}",
    "split by itself": "{{ event.text | split: event.text }}",
    "joined by itself": "{{ event.list | join: event.text }}",
    "sorted again": "{{ event.list" + " | sort" * 100 + " | size }}",
    "sorted by a field": "{{ event.list | sort: 'name' | sort_natural: 'name' | map: 'name' | join }}",
    "unique": "{{ event.list | uniq | size }}",
    "without itself": "{{ event.list | without: event.list }}",
    "concatenated": "{{ event.list" + " | concat: event.list" * 60 + " | size }}",
    "bullets": "{{ event.list | bullets }}",
    "quoted": "{{ event.text | quote }}",
    "cut": "{{ event.text | truncate: 999999 | truncatewords: 100000 | slice: -5, 99999999 }}",
    "squished": "{{ event.text | squish | strip | strip_newlines | strip_html | first_line }}",
    "for an address": "{{ event.text | url_encode | url_decode }}",
    "a loop": "{% for x in event.list %}{{ x }} {% endfor %}",
    "a loop in a loop": "{% for x in event.list %}{% for y in event.list %}{{ x }}{% endfor %}{% endfor %}",
    "loop after loop": "{% for x in event.list %}{{ x }}{% endfor %}" * 200,
    "a loop of nothing": "{% for x in event.list %}"
    + "{% if x %}{% endif %}" * 400
    + "{% endfor %}",
    "a loop that looks": "{% for x in event.list %}{% if event.list contains x %}a{% endif %}{% endfor %}",
    "a loop that compares": "{% for x in event.list %}{% if event.text == event.text %}a{% endif %}{% endfor %}",
    "a huge range": "{% for x in (1..100000000) %}x{% endfor %}",
    "a huge range backwards": "{% for x in (1..100000000) reversed %}x{% endfor %}",
    "a range of its own": "{% for x in (1..event.number) %}{{ x }}{% endfor %}{{ (1..event.number) | size }}",
    "a range as a value": "{{ (0..event.number) }}",
    "nested deep": "{% if true %}" * 9 + "{{ event.text }}" + "{% endif %}" * 9,
    "a long path": "{{ event.table" + ".a" * 300 + " | or_else: 'none' }}",
    "reckoned": "{{ event.number" + " | times: 999999999999 | plus: 1" * 30 + " }}",
    "rounded": "{{ event.number | to_number | round: 10 | divided_by: 3 | modulo: 7 | at_most: 1 }}",
    "dates": "{{ event.date | plus_time: '99999 weeks' | minus_time: '99999 weeks' | date: '%A %d %B %Y' }}",
}
"""Each is rendered as a value and as a body."""


def _outcome(source: str, event: Mapping[str, Any], *, body: bool) -> str:
    try:
        value = compile_text(source, body=body).render({"event": event})
    except TemplateFailed:
        return "refused"
    return type(value).__name__


def main() -> None:
    """Render everything; print what was worst."""
    documents = {name: {**PLAIN, **payload} for name, payload in PAYLOADS.items()}
    for source in TEMPLATES.values():
        _outcome(source, PLAIN, body=True)
    size = int(_statm()) + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    times: list[tuple[float, str]] = []
    for template, source in TEMPLATES.items():
        for payload, event in documents.items():
            for body in (False, True):
                begun = time.process_time()
                _outcome(source, event, body=body)
                spent = time.process_time() - begun
                times.append((spent, f"{template} over {payload}{' in a body' * body}"))
    worst = sorted(times, reverse=True)[:5]
    report = {"rendered": len(times), "worst": worst, "reference": _reference()}
    sys.stdout.write(json.dumps(report))


def _statm() -> int:
    """The size of this process's address space in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()


def _reference() -> float:
    """How long this machine takes for a known piece of work: about 0.05 s where the bound was set."""
    begun = time.process_time()
    table: dict[str, int] = {}
    for index in range(400_000):
        table[str(index % 1_000)] = index
    return time.process_time() - begun


if __name__ == "__main__":
    main()
