"""`automation schema`: the JSON Schema of rule files, for editors."""

import json

from automation.engine.schema import schema
from automation.wiring import actions


def print_schema() -> int:
    """Print it. `#:schema rules.schema.json` in a file's first line makes taplo and tombi use it."""
    print(json.dumps(schema(actions()), indent=2, ensure_ascii=False))
    return 0
