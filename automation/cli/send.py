"""`automation send`: a signed delivery to a running service."""

import json
import os
import sys
from datetime import UTC, datetime

from automation.cli.deliver import find, headers_for, source_named
from automation.model.errors import SettingsError
from automation.outbound.post import post
from automation.settings import secrets_for


def send_payload(text: str, *, name: str, to: str, as_json: bool) -> int:
    """Post it; 0 if the service took it."""
    payload = find(text, name)
    source = source_named(payload.source)
    found = secrets_for(source.secret_variable, os.environ)
    if not found:
        raise SettingsError(source.secret_variable, "is not set; it must be the service's own")
    headers = headers_for(payload, secret=found[0], now=datetime.now(UTC))
    status, body = post(f"{to.rstrip('/')}/hooks/{payload.source}", payload.body, headers)
    if as_json:
        print(json.dumps({"status": status, "body": body}))
    else:
        print(f"{payload.name}: {status} {body}")
    if status == 200:
        print("Now: automation events, automation runs", file=sys.stderr)
    return 0 if status == 200 else 1
