"""What a rule's text is made of: pattern, options, types; and patterns as bounded expressions.

Everything here is pure text work that both the reading of lists and our own matching need.
``bounded_regex`` is the only way a list's regular expression gets into our own code: RE2,
linear in the text, refused when its program is large.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import re2

from proxy.blocking.facts import RequestType

_OPTIONS = re.compile(
    r"\$((?:~?[a-z0-9_-]+(?:=(?:[^,\\]|\\.)*)?)(?:,~?[a-z0-9_-]+(?:=(?:[^,\\]|\\.)*)?)*)$", re.I
)
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
MAX_PROGRAM = 4_000
"""RE2 instructions of one expression; those of the usual lists stay under 600."""
MAX_COMBINED = 60_000
"""Instructions of many expressions made one."""
_MAX_REGEX_TEXT = 2_048
_T = RequestType

TYPE_NAMES: dict[str, RequestType] = {
    **{kind.value: kind for kind in RequestType},
    "doc": _T.DOCUMENT,
    "frame": _T.SUBDOCUMENT,
    "css": _T.STYLESHEET,
    "xhr": _T.XMLHTTPREQUEST,
    "beacon": _T.PING,
}
"""Names of request types in rules, short forms included."""


def split_rule(body: str) -> tuple[str, list[str]]:
    """Pattern and options; a ``$`` inside a regular expression is not an option mark."""
    if len(body) > 1 and body[0] == "/" and body.endswith("/"):
        at = body.find("$removeparam=/")
        if at < 0:
            return body, []
    match = _OPTIONS.search(body)
    if match is None:
        return body, []
    return body[: match.start()], _UNESCAPED_COMMA.split(match.group(1))


def is_regex(pattern: str) -> bool:
    """Whether a pattern is ``/a regular expression/``."""
    return len(pattern) > 1 and pattern[0] == "/" and pattern[-1] == "/"


def pattern_regex(pattern: str) -> str:
    """The regular expression that a pattern stands for."""
    if is_regex(pattern):
        return pattern[1:-1]
    start = end = ""
    if pattern.startswith("||"):
        pattern, start = pattern[2:], r"^[a-z-]+://(?:[^/?#]*\.)?"
    elif pattern.startswith("|"):
        pattern, start = pattern[1:], "^"
    if pattern.endswith("|"):
        pattern, end = pattern[:-1], "$"
    words = {"*": ".*", "^": r"(?:[^%.0-9A-Za-z_-]|$)"}
    return start + "".join(words.get(c) or re.escape(c) for c in pattern) + end


def bounded_regex(text: str, match_case: bool = False, most: int = MAX_PROGRAM) -> Any:
    """The expression compiled, or ``None`` if it is not understood or costs too much."""
    if len(text) > _MAX_REGEX_TEXT and most == MAX_PROGRAM:
        return None
    options = re2.Options()
    options.case_sensitive = match_case
    options.log_errors = False
    options.max_mem = most << 8
    try:
        compiled = re2.compile(text, options)
    except (re2.error, UnicodeError):
        return None
    return compiled if compiled.programsize <= most else None


def with_parents(host: str) -> list[str]:
    """``a.b.c`` → ``a.b.c``, ``b.c``, ``c``."""
    names = [host]
    while (dot := host.find(".")) >= 0:
        host = host[dot + 1 :]
        names.append(host)
    return names


def any_of(globs: Iterable[str]) -> re.Pattern[str]:
    """One expression for several texts in which ``*`` stands for any characters: a group each,
    the first that fits."""
    texts = (".*".join(re.escape(part) for part in glob.split("*")) for glob in globs)
    return re.compile("|".join(f"({text})" for text in texts))


def in_domains(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of these or below one."""
    return any(host == domain or host.endswith("." + domain) for domain in domains)
