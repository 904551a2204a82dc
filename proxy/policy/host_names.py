"""Names of hosts as people write them in YAML, and as they are compared."""

from __future__ import annotations

import re

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def parse_domain(text: str) -> str:
    """A domain name, lower case, in its ASCII form."""
    name = text.strip().lower().removesuffix(".")
    try:
        name = name.encode("ascii" if name.isascii() else "idna").decode("ascii")
    except UnicodeError:
        raise ValueError("expected a domain name such as school.example") from None
    if len(name) > 253 or _DOMAIN.fullmatch(name) is None:
        raise ValueError("expected a domain name such as school.example")
    return name


def parse_host(text: str) -> str:
    """``name.example`` or ``*.name.example``, lower case, ASCII."""
    wildcard = text.strip().startswith("*.")
    name = text.strip()[2:] if wildcard else text
    try:
        return ("*." if wildcard else "") + parse_domain(name)
    except ValueError:
        raise ValueError(
            "expected a host such as app.example.com or *.example.com (no https://, no path)"
        ) from None
