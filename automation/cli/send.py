"""`automation send`: a signed delivery to a running service."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from automation.cli.deliver import Payload, find, headers_for, source_named
from automation.cli.printable import printable
from automation.model.errors import SettingsError
from automation.outbound.post import post
from automation.settings import secrets_for
from automation.sources.base import Source
from automation.sources.discover import discover


def send_payload(text: str, *, name: str, to: str, as_json: bool) -> int:
    """Post it; 0 if the service took it."""
    payload = find(text, name)
    sources = _sources(payload)
    source = source_named(payload.source, sources)
    found = secrets_for(source.secret_variable, os.environ)
    if not found:
        raise SettingsError(source.secret_variable, "is not set; it must be the service's own")
    now = datetime.now(UTC)
    headers = headers_for(payload, secret=found[0], now=now, sources=sources)
    status, body = post(f"{to.rstrip('/')}/hooks/{payload.source}", payload.body, headers)
    if as_json:
        print(json.dumps({"status": status, "body": body}))
    else:
        print(f"{payload.name}: {status} {printable(body)}")
    if status == 200:
        print("Now: automation events, automation runs", file=sys.stderr)
    return 0 if status == 200 else 1


def _sources(payload: Payload) -> Mapping[str, Source]:
    """The built-in sources; for another name those that the rules declare, too."""
    if payload.source in discover():
        return discover()
    from automation.cli.explain import load_all, sources_of
    from automation.cli.files import rule_files
    from automation.model.errors import RuleError

    try:
        return sources_of(load_all(rule_files(None, os.environ.get("AUTOMATION_RULES", "rules"))))
    except RuleError:
        # Without rules nobody is declared; `automation check` says what is wrong with them.
        return discover()
