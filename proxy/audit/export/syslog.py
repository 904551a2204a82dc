"""RFC 5424 syslog messages, and their frames on a TLS stream (RFC 5425, octet counting).

Facility 13 (log audit). The structured data says which log and which index, in an element
of the private-enterprise form; the message is the event in the format that was asked for.
"""

from __future__ import annotations

from proxy.audit.export.formats import Entry, Origin
from proxy.audit.export.meaning import Severity

_FACILITY = 13
_SEVERITY = {
    Severity.INFORMATIONAL: 6,
    Severity.LOW: 5,
    Severity.MEDIUM: 4,
    Severity.HIGH: 1,
    Severity.CRITICAL: 0,
}
_SD_ID = "preau@32473"
"""32473 is the number that RFC 5612 sets aside for documentation: we own none."""


def message(entry: Entry, origin: Origin, body: bytes) -> bytes:
    """One message. ``body`` is put behind a byte order mark, as UTF-8 must be."""
    priority = _FACILITY * 8 + _SEVERITY[entry.meaning.severity]
    kind = word(str(entry.event.get("type", "")), 32)
    data = f'[{_SD_ID} index="{entry.index}" log="{sd_value(origin.log)}"]'
    host, time = word(origin.host, 255), entry.event.get("time", "-")
    head = f"<{priority}>1 {time} {host} preau - {kind} {data} "
    return head.encode() + b"\xef\xbb\xbf" + body


def frame(message: bytes) -> bytes:
    """``MSG-LEN SP SYSLOG-MSG``."""
    return b"%d %s" % (len(message), message)


def word(text: str, most: int) -> str:
    """A header field: printable ASCII without spaces, or ``-``."""
    return "".join(c for c in text if "!" <= c <= "~")[:most] or "-"


def sd_value(text: str) -> str:
    """A parameter's value: ``\\``, ``"`` and ``]`` escaped."""
    for character in ("\\", '"', "]"):
        text = text.replace(character, "\\" + character)
    return text
