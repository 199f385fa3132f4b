"""Text from elsewhere, made harmless for a terminal."""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text on one line: control characters, and those that turn the direction of writing, escaped."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
