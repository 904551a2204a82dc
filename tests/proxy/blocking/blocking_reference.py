"""A second opinion: Adblock Plus patterns as plain regular expressions, one by one.

Slow and small on purpose: it shares no code with the engine or with ``proxy.blocking``. It
reads the part of the syntax that ``preau.txt`` and the generated lists use.
"""

from __future__ import annotations

import re
from pathlib import Path

PREAU = Path(__file__).parents[3] / "policies" / "lists" / "block" / "preau.txt"
"""The list that the product ships."""

TYPES = {
    "script", "image", "stylesheet", "font", "media", "xmlhttprequest", "ping", "websocket",
    "subdocument", "object", "other", "document",
}  # fmt: skip


def registrable(host: str) -> str:
    """Good enough for the tests' hosts, which have one-label suffixes."""
    return ".".join(host.split(".")[-2:])


def to_regex(pattern: str) -> re.Pattern[str]:
    out = ""
    if pattern.startswith("||"):
        out, pattern = r"^[a-z]+://([^/?#]*\.)?", pattern[2:]
    elif pattern.startswith("|"):
        out, pattern = "^", pattern[1:]
    end = ""
    if pattern.endswith("|"):
        end, pattern = "$", pattern[:-1]
    for char in pattern:
        if char == "*":
            out += ".*"
        elif char == "^":
            out += r"([^\w.%-]|$)"
        else:
            out += re.escape(char)
    return re.compile(out + end, re.I)


class Reference:
    """Blocks as a filter list says, or does not."""

    def __init__(self, rules: list[str]) -> None:
        self.blocks: list[tuple[re.Pattern[str], dict[str, str], bool]] = []
        self.exceptions: list[tuple[re.Pattern[str], dict[str, str], bool]] = []
        for rule in rules:
            if not rule.strip() or rule.startswith("!"):
                continue
            exception = rule.startswith("@@")
            body, _, options = rule.removeprefix("@@").partition("$")
            parsed = dict(o.partition("=")[::2] for o in options.split(",")) if options else {}
            row = (to_regex(body), parsed, "important" in parsed)
            (self.exceptions if exception else self.blocks).append(row)

    def blocked(self, url: str, host: str, source: str, kind: str) -> bool:
        hits = [row for row in self.blocks if self._fits(row, url, host, source, kind)]
        if any(important for _, _, important in hits):
            return True
        return bool(hits) and not any(
            self._fits(row, url, host, source, kind) for row in self.exceptions
        )

    def _fits(self, row, url, host, source, kind) -> bool:
        regex, options, _ = row
        third = registrable(host) != registrable(source)
        wanted = {o for o in options if o in TYPES}
        unwanted = {o[1:] for o in options if o[:1] == "~" and o[1:] in TYPES}
        if (wanted and kind not in wanted) or kind in unwanted:
            return False
        if ("third-party" in options and not third) or ("~third-party" in options and third):
            return False
        if "domain" in options and not self._on(options["domain"].split("|"), source):
            return False
        return regex.search(url) is not None

    @staticmethod
    def _on(domains: list[str], source: str) -> bool:
        def under(domain: str) -> bool:
            return source == domain or source.endswith("." + domain)

        if any(d[0] == "~" and under(d[1:]) for d in domains):
            return False
        positive = [d for d in domains if d[0] != "~"]
        return not positive or any(map(under, positive))
