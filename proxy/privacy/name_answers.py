"""Answers to name look-ups inside HTTP: what in them would lead past the gateway.

Where a service's policy lets such look-ups pass, their answers may still announce HTTP/3 and the
keys with which a browser hides the name of a host (ECH): records of type HTTPS and SVCB
(RFC 9460). Those go, whatever was asked; every other record stays as it is. Two forms are read,
DNS messages (RFC 8484) and the JSON that public resolvers give; anything else is none.
"""

from __future__ import annotations

import dns.exception
import dns.message
import dns.rdatatype
import orjson

from proxy.errors import Refused
from proxy.reasons import Reason

_LEADING = frozenset((dns.rdatatype.SVCB, dns.rdatatype.HTTPS))
_SECTIONS = ("Answer", "Additional", "Authority")


def without_leads(content_type: bytes, body: bytes) -> tuple[bytes, int]:
    """The body without such records, and how many there were; as it came if there were none.

    A message that cannot be read is ``Refused``: a browser may read what we do not.
    """
    kind = content_type.partition(b";")[0].strip().lower()
    if kind == b"application/dns-message":
        return _of_message(body)
    if kind in (b"application/dns-json", b"application/json"):
        return _of_json(body)
    return body, 0


def _of_message(body: bytes) -> tuple[bytes, int]:
    if not body:
        return body, 0
    try:
        message = dns.message.from_wire(body, ignore_trailing=True)
    except (dns.exception.DNSException, EOFError, ValueError) as error:
        raise Refused(Reason.UNDECODABLE, "a DNS message that cannot be read") from error
    count = 0
    for section in (message.answer, message.authority, message.additional):
        leads = [each for each in section if each.rdtype in _LEADING]
        for each in leads:
            section.remove(each)
            count += len(each)
    return (message.to_wire(), count) if count else (body, 0)


def _of_json(body: bytes) -> tuple[bytes, int]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body, 0
    if not (isinstance(told, dict) and isinstance(told.get("Question"), list)):
        return body, 0
    count = 0
    for name in _SECTIONS:
        rows = told.get(name)
        if isinstance(rows, list):
            told[name] = [row for row in rows if not _leads(row)]
            count += len(rows) - len(told[name])
    return (orjson.dumps(told), count) if count else (body, 0)


def _leads(row: object) -> bool:
    return isinstance(row, dict) and row.get("type") in _LEADING
