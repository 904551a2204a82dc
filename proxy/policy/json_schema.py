"""JSON Schemas of the site's files, so that editors complete and check while one types.

``python -m proxy.policy.json_schema docs`` writes them; a test compares them with what is
committed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from proxy.blocking.subscriptions.schema import Subscriptions
from proxy.explaining.expectations import TestsFile
from proxy.policy.service_schema import ServiceFile
from proxy.policy.site_schema import SiteFile
from proxy.policy.validation import Strict
from proxy.timetable.schema import CalendarFile, ExceptionsFile, RulesFile

SCHEMAS: dict[str, tuple[type[Strict], str]] = {
    "site.schema.json": (SiteFile, "Préau: site.yaml"),
    "policy.schema.json": (ServiceFile, "Préau: services/*.yaml"),
    "subscriptions.schema.json": (Subscriptions, "Préau: lists/subscriptions.yaml"),
    "calendar.schema.json": (CalendarFile, "Préau: calendar.yaml"),
    "rules.schema.json": (RulesFile, "Préau: rules.yaml"),
    "exceptions.schema.json": (ExceptionsFile, "Préau: exceptions.yaml"),
    "tests.schema.json": (TestsFile, "Préau: tests/*.yaml"),
}


def schema_text(name: str) -> str:
    """The JSON Schema called ``name``, as it is committed."""
    schema, title = SCHEMAS[name]
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema.model_json_schema(by_alias=True),
        "title": title,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def main(folder: Path) -> None:
    """Write every schema into ``folder``."""
    for name in SCHEMAS:
        (folder / name).write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
