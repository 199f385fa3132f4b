"""The published tables against deliveries: every field that was sent is known, and a rule about it loads."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from automation.cli.deliver import find
from automation.cli.files import samples
from automation.engine.known import KnownFields
from automation.model.event import Event, WebhookRequest, document
from automation.model.fields import (
    Anything,
    Catalogue,
    Fields,
    Forms,
    Kind,
    ListOf,
    Plain,
    below,
    one_element,
)
from automation.scheduler import tick
from automation.sources.catalogue import FOLDER, Published
from automation.sources.discover import discover
from automation.sources.reading import read
from tests.world import data

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = b"a secret of this test"
KINDS = {bool: Kind.BOOLEAN, int: Kind.NUMBER, float: Kind.NUMBER, str: Kind.TEXT}
PUBLISHED = Published()


def received(source: str, kind: str, body: bytes) -> Iterator[Event]:
    """The event a body is, if rules hear of it."""
    sender = discover()[source]
    headers = sender.sign(body, secret=SECRET, now=NOW, event=kind, delivery="d")
    request = WebhookRequest(
        id="0" * 20,
        source=source,
        headers=tuple((name.lower(), value) for name, value in headers.items()),
        body=body,
        received_at=NOW,
    )
    event = sender.receive(request, [SECRET], NOW)
    if isinstance(event, Event):
        yield event


def sampled() -> Iterator[tuple[str, Event]]:
    """The samples that come with the service."""
    for name, _ in samples():
        payload = find(name, "")
        for event in received(payload.source, payload.kind, payload.body):
            yield name, event


def real() -> Iterator[tuple[str, Event]]:
    """The real payloads of the test data."""
    for source in ("github", "slack", "zoom"):
        for path in sorted(data("webhooks", source).rglob("*")):
            if path.suffix in {".json", ".form"} and "_" not in path.parent.name[:1]:
                kind = path.parent.name if source == "github" else path.stem
                for event in received(source, kind, path.read_bytes().strip()):
                    yield str(path.relative_to(data("webhooks"))), event


def unknown(forms: Forms, value: Any, path: str = "") -> Iterator[str]:
    """Everything of a value that its forms do not allow."""
    if value is None or any(isinstance(form, Anything) for form in forms):
        return
    if isinstance(value, Mapping):
        if not any(isinstance(form, Fields) for form in forms):
            yield f"{path} is a table"
            return
        for name, part in value.items():
            yield from unknown_field(forms, name, part, f"{path}.{name}")
    elif isinstance(value, list):
        if not any(isinstance(form, ListOf) for form in forms):
            yield f"{path} is a list"
            return
        for item in value:
            yield from unknown(one_element(forms), item, f"{path}[]")
    elif not any(allows(form, value) for form in forms if isinstance(form, Plain)):
        yield f"{path} is {value!r}"


def unknown_field(forms: Forms, name: str, value: Any, path: str) -> Iterator[str]:
    found = below(forms, name)
    if found:
        yield from unknown(found, value, path)
    else:
        yield f"{path} is not known"


def allows(form: Plain, value: object) -> bool:
    kind = KINDS[type(value)]
    if form.kind is Kind.TIME:
        return kind is Kind.TEXT
    return form.kind is kind and (not form.values or value in form.values)


def unknown_of(event: Event) -> list[str]:
    """What of an event its schema does not know."""
    source, _, rest = event.name.partition(".")
    heard = PUBLISHED[source].heard(rest)
    return list(unknown(heard, document(event, read(event)))) if heard else [f"{event.name}?"]


def test_every_field_of_the_samples_is_known() -> None:
    found = {name: unknown_of(event) for name, event in sampled()}
    assert len(found) > 15
    assert {name: some for name, some in found.items() if some} == {}


def test_every_field_of_real_deliveries_is_known() -> None:
    found = {name: unknown_of(event) for name, event in real()}
    assert len(found) > 100
    assert {name: some for name, some in found.items() if some} == {}


def test_every_short_name_is_one_of_the_catalogue() -> None:
    """What a source adds to an event, the table says; so the list of fields is complete."""
    for name, event in sampled():
        source, _, rest = event.name.partition(".")
        for short in event.names:
            forms = [fields.known[short] for fields in PUBLISHED[source].heard(rest)]
            assert forms, (name, short)


def test_a_tick_is_known() -> None:
    event = tick("nightly", NOW, event_id="0" * 20, now=NOW)
    assert unknown_of(event) == []


# rules --------------------------------------------------------------------------------------------


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every plain value and where it is; of a list, what is in its first element."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    elif isinstance(value, list):
        yield from leaves(value[0], (*path, 0)) if value else ()
    elif value is not None:
        yield path, value


def rule_about(event: Event) -> str:
    """A rule with a condition and a template for every value of an event."""
    fields = {name: part for name, part in document(event, read(event)).items() if name != "raw"}
    lines: dict[str, str] = {}
    outputs: dict[str, None] = {}
    for path, value in leaves(fields):
        names = [step for step in path if step != 0]
        if all(names):
            lines[".".join(map(quoted, names))] = written(value)
        steps = "".join(f"[{step}]" if step == 0 else f"['{step}']" for step in path)
        if all(re.fullmatch(r"[\w+-]+", str(step)) for step in path):
            outputs[steps] = None
    tables = "".join(f"[[rule.either]]\n{path} = {value}\n" for path, value in lines.items())
    steps = "".join(
        f'[[rule.do]]\nappend = "Log"\nbody = "{{{{ event{path} }}}}"\n' for path in outputs
    )
    return f'[[rule]]\nid = "r"\non = "{event.name}"\n{tables}{steps}'


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def written(value: object) -> str:
    return quoted(value).replace("\x7f", "\\u007f") if isinstance(value, str) else json.dumps(value)


def refused(name: str, event: Event) -> list[str]:
    text = rule_about(event)
    check = KnownFields(Catalogue(published=PUBLISHED))
    return [f"{name}: {one.message}" for one in check.check(name, text, tomllib.loads(text), ())]


def test_no_rule_about_a_sample_is_refused() -> None:
    assert [line for name, event in sampled() for line in refused(name, event)] == []


def test_no_rule_about_a_real_delivery_is_refused() -> None:
    """One payload of each event: they are large."""
    first = {event.name: (name, event) for name, event in real()}
    assert [line for name, event in first.values() for line in refused(name, event)] == []


# the tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["github", "schedule", "slack", "zoom"])
def test_every_table_can_be_read_to_its_end(source: str) -> None:
    schema = PUBLISHED[source]
    seen: set[int] = set()
    todo = [fields for name in schema.events for fields in schema.heard(name)]
    while todo:
        fields = todo.pop()
        if id(fields) in seen:
            continue
        seen.add(id(fields))
        for field in fields.known.values():
            forms = list(field.forms)
            while forms:
                form = forms.pop()
                if isinstance(form, ListOf):
                    forms += form.elements
                elif isinstance(form, Fields):
                    todo.append(form)
    assert len(seen) >= len(schema.events)


def test_every_source_has_a_table() -> None:
    assert {*discover(), "schedule"} <= {*PUBLISHED}


def test_what_is_not_ours_says_whose_it_is() -> None:
    notice = (FOLDER / "LICENSE.github").read_text()
    table = (FOLDER / "github.txt").read_text()
    assert "Gregor Martynus" in notice
    assert "Permission is hereby granted" in notice
    assert re.search(r"@octokit/webhooks-schemas@\d+\.\d+\.\d+", table)
    assert len(table) < 300_000


def test_the_commands_read_no_table_before_one_is_asked_for() -> None:
    """`automation --version` is quick."""
    code = "import automation.cli.app, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"automation.sources.catalogue", "automation.engine.known"} & {*run.stdout.split()}


def test_a_ping_is_nothing_for_rules_and_the_catalogue_says_so() -> None:
    assert list(received("github", "ping", find("github.ping", "").body)) == []
    assert "no rule hears it" in PUBLISHED["github"].hints["ping"]
