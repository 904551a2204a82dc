"""The catalogue of events as a JSON Schema, for auditors and collectors.

``python -m proxy.audit.schema > docs/audit-events.schema.json`` writes the published file;
a test checks that the committed one is what the catalogue says.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from proxy.audit.events import FIELDS, TYPES, EventType

_TIME = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
}


def _event(name: str, kind: EventType) -> dict[str, Any]:
    fields = dict.fromkeys(f"{kind.required} {kind.optional}".split())
    return {
        "title": name,
        "description": kind.meaning,
        "type": "object",
        "properties": {
            "type": {"const": name},
            "version": {"const": kind.version},
            "time": _TIME,
            **{field: {"$ref": f"#/$defs/{field}"} for field in sorted(fields)},
        },
        "required": ["time", "type", "version", *sorted(kind.required.split())],
        "additionalProperties": False,
    }


def json_schema() -> dict[str, Any]:
    """One event of the log (one line), as JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event of the Préau audit log",
        "$defs": {name: field.schema() for name, field in sorted(FIELDS.items())},
        "oneOf": [_event(name, kind) for name, kind in TYPES.items()],
    }


def rendered() -> str:
    """The text of the published file."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
