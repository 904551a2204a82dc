"""Sizes in settings: ``16 MiB`` or a number of bytes."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_SIZE = re.compile(r"(\d{1,6})\s*(B|KiB|MiB|GiB|kB|MB|GB)?")
_UNITS = {
    None: 1,
    "B": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
}


def parse_size(value: Any) -> int:
    """``16 MiB`` or a number of bytes."""
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("expected a size such as '16 MiB' or '64 KiB'")
    return int(match[1]) * _UNITS[match[2]]


Size = Annotated[
    int,
    BeforeValidator(parse_size, json_schema_input_type=int | str),
    Field(gt=0, examples=["16 MiB"]),
]
