"""``multipart/*``: form fields and files, mixed and batch bodies, one inside the other.

Bodies are cut at their boundaries in bytes. Each part is read by its own headers: transfer
encodings (base64, quoted-printable), charset, file names. A part of type
``application/http`` (Google batches) is a request or an answer of its own: request line,
headers and body are read as such.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, a2b_qp, b2a_base64, b2a_qp
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext

from proxy.content import charset, seals
from proxy.content.disposition import rewrite_disposition
from proxy.content.edits import splice
from proxy.content.guesses import is_mistaken
from proxy.content.inner_requests import Inner
from proxy.content.url import url_edits
from proxy.content.visitor import Drop
from proxy.content.walk import Walk
from proxy.decisions import Headers
from proxy.errors import Refused
from proxy.policy.model import Action, Endpoint, FieldRule
from proxy.policy.telling import rules_among
from proxy.reasons import Reason

NO_RULES: Mapping[str, FieldRule] = {}
_NOWHERE = Endpoint(template="")
HEAD_END = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"^([!-9;-~]+):[ \t]*((?:[^\r\n]|\r?\n[ \t])*)", re.M)
_NAME = re.compile(rb'[;\s]name="((?:[^"\\]|\\.)*)"|[;\s]name=([^;\s]+)', re.I)
_FIELD = re.compile(rb"^content-disposition:[^\r\n]*", re.I | re.M)
_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,200})\"|([^;\s\"]{1,200}))", re.I)
_FIRST_LINE = re.compile(rb"\A\s*--([^\r\n]{1,200})\r?\n")
_REQUEST_LINE = re.compile(
    rb"\A\s*([A-Z]+) ((?:/|https?://)\S*)( HTTP/[0-9.]+)?[^\S\r\n]*(?=\r?\n|\Z)"
)
_RELATIVE_LINE = re.compile(
    rb"\A\s*(GET|HEAD|POST|PUT|PATCH|MERGE|DELETE|OPTIONS) (\S+)( HTTP/[0-9.]+)"
    rb"[^\S\r\n]*(?=\r?\n|\Z)"
)
"""OData's ``GET Customers('x') HTTP/1.1``, relative to the service."""
OPENING = re.compile(rb"\A\s*(?:HTTP/[0-9.]+ [0-9]{3}\b|[A-Z]+ (?:/|https?://)\S* HTTP/[0-9.]+)")
"""``LÉA MARTIN`` in capitals is no request line: the target must look like one."""


def boundary_of(content_type: str, data: bytes) -> bytes | None:
    """The boundary that ``data`` really uses: the declared one, or the one it begins with.

    ``None`` when it is no multipart body. Declared multipart without its boundary inside is
    not this codec's business: it is read as whatever it is.
    """
    if content_type.lower().startswith("multipart/"):
        match = _BOUNDARY.search(content_type)
        if match:
            boundary = (match[1] or match[2]).encode("latin-1", "replace")
            if b"--" + boundary in data:
                return boundary
    first = _FIRST_LINE.match(data)
    if first and data.count(b"--" + first[1].rstrip()) >= 2:
        return first[1].rstrip()
    return None


def delimiter_of(boundary: bytes, *, first: bool = True) -> re.Pattern[bytes]:
    """The line that parts parts, without its line break; ``first`` if it may begin the body."""
    begin = rb"(?:\A|(?<=\n))" if first else rb"(?<=\n)"
    return re.compile(begin + b"--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?=\r?\n|\Z)")


def rewrite(data: bytes, boundary: bytes, walk: Walk, rules: Mapping[str, FieldRule]) -> bytes:
    """The body with its parts rewritten; the same object when nothing changed."""
    delimiter = delimiter_of(boundary)
    marks = list(delimiter.finditer(data))
    if len(marks) > walk.limits.parts:
        raise Refused(Reason.UNDECODABLE, "too many parts")
    if not marks:
        return loose(data, walk)
    if rules:
        rules = rules_among(rules, [name.decode("utf-8", "replace") for name in _names(data)])
    pieces: list[bytes] = [loose(data[: marks[0].start()], walk)]
    changed = pieces[0] != data[: marks[0].start()]
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(data)
        content = data[mark.end() : end]
        last = mark[0].rstrip().endswith(boundary + b"--")
        rewritten = loose(content, walk) if last else part(content, walk, rules)
        changed = changed or rewritten is not content
        pieces += (mark[0], rewritten)
    return b"".join(pieces) if changed else data


def _names(data: bytes) -> Iterator[bytes]:
    """The names of the fields, wherever a part begins with one."""
    for match in _FIELD.finditer(data):
        name = _NAME.search(match[0])
        if name:
            yield name[1] or name[2] or b""


def loose(data: bytes, walk: Walk) -> bytes:
    """Preamble, epilogue: ignored by readers, but sent all the same."""
    return walk.data(data, "text/plain") if data.strip() else data


def part(content: bytes, walk: Walk, rules: Mapping[str, FieldRule]) -> bytes:
    """One part, from the end of its delimiter line to the line break before the next."""
    start = 2 if content.startswith(b"\r\n") else 1 if content.startswith(b"\n") else 0
    if content[start : start + 2] == b"\r\n" or content[start : start + 1] == b"\n":
        split = start  # no headers at all
        match = re.compile(rb"\r?\n").match(content, start)
    else:
        match = HEAD_END.search(content, start)
        split = match.start() if match else len(content)
    if match is None:
        return loose(content, walk)
    tail = 2 if content.endswith(b"\r\n") else 1 if content.endswith(b"\n") else 0
    body_end = max(match.end(), len(content) - tail)
    head, body = content[start:split], content[match.end() : body_end]
    new_head = head_of(head, walk)
    new_body = body_of(body, fields_of(head), walk, rules)
    if new_head is head and new_body is body:
        return content
    return content[:start] + new_head + content[split : match.end()] + new_body + content[body_end:]


def fields_of(head: bytes) -> dict[bytes, bytes]:
    """The header fields of a part, names in lower case."""
    return {match[1].lower(): match[2].strip() for match in _HEADER.finditer(head)}


def head_of(head: bytes, walk: Walk, rules: Mapping[str, FieldRule] = NO_RULES) -> bytes:
    """Header lines of a part: file names and ruled fields by their own rules, all else as text."""
    matches = list(_HEADER.finditer(head))
    ends = [0, *(match.end(2) for match in matches)]
    gaps = [head[at : match.start(2)] for at, match in zip(ends, matches, strict=False)]
    gaps.append(head[ends[-1] :])
    names = b"\n".join(gaps)
    if line(names, walk) is not names:  # a line that is no field, or the name of one
        gaps = [line(gap, walk) for gap in gaps]
    values = [_value(match, walk, rules) for match in matches]
    pieces = [piece for pair in zip(gaps, values, strict=False) for piece in pair]
    written = b"".join((*pieces, gaps[-1]))
    return head if written == head else written


def _value(match: re.Match[bytes], walk: Walk, rules: Mapping[str, FieldRule]) -> bytes:
    rule = rules.get(match[1].decode("latin-1").lower()) if rules else None
    if rule is not None and (written := _ruled(match[2], rule, walk)) is not None:
        return written.replace(b"\r", b" ").replace(b"\n", b" ")
    if match[1].lower() == b"content-disposition":
        return rewrite_disposition(match[2], walk)
    return line(match[2], walk)


def line(value: bytes, walk: Walk) -> bytes:
    """A header value as text; the same object when nothing changed."""
    text = charset.read(value)
    if text is None:
        raise Refused(Reason.UNDECODABLE, "binary bytes in a header")
    edits = walk.text(text.view)
    return text.encode(splice(text.raw, edits)) if edits else value


def body_of(
    body: bytes, fields: dict[bytes, bytes], walk: Walk, rules: Mapping[str, FieldRule]
) -> bytes:
    """The body of a part with these header fields, rewritten."""
    if not body:
        return body
    encoding = fields.get(b"content-transfer-encoding", b"").lower()
    declared = fields.get(b"content-type", b"").decode("latin-1")
    transfer = _TRANSFER.get(encoding)
    plain = body
    if transfer is not None:
        try:
            plain = transfer[0](body)
        except (Error, ValueError) as error:
            raise Refused(Reason.UNDECODABLE, "broken transfer encoding") from error
    new = _content(plain, declared, fields, walk, rules)
    if new is plain:
        return body
    return transfer[1](new, body) if transfer is not None else new


def _content(
    plain: bytes,
    declared: str,
    fields: dict[bytes, bytes],
    walk: Walk,
    rules: Mapping[str, FieldRule],
) -> bytes:
    rule = rules.get(name_of(fields.get(b"content-disposition", b""))) if rules else None
    if rule is not None and rule.action is Action.SEARCH:
        with walk.typed():
            return walk.data(plain, declared)
    if rule is not None:
        ruled = _ruled(plain, rule, walk)
        if ruled is not None:
            return ruled
    if declared.lower().startswith("application/http") or OPENING.match(plain[:200]):
        return _message(plain, walk)
    return walk.data(plain, declared)


def name_of(disposition: bytes) -> str:
    """The form field that a part is."""
    match = _NAME.search(disposition)
    return (match[1] or match[2] or b"").decode("utf-8", "replace") if match else ""


def _ruled(plain: bytes, rule: FieldRule, walk: Walk) -> bytes | None:
    """A field under a rule: its replacement, or ``None`` if the rule does not deal with it."""
    text = charset.read(plain) if rule.action is not Action.DROP else None
    if text is None and rule.action not in (Action.DROP, Action.REFUSE):
        return None  # binary: no rule but these is meant for it
    if rule.guessed and (text is None or is_mistaken(rule, text.view, walk.visitor)):
        return None
    answer = walk.visitor.field(rule, text.view if text is not None else "…")
    if answer is None:
        return None if walk.answer else plain
    return b"" if text is None or isinstance(answer, Drop) else text.encode(answer)


def _message(plain: bytes, walk: Walk) -> bytes:
    """A request or an answer inside a part: start line, headers, body."""
    match = HEAD_END.search(plain)
    head = plain[: match.start()] if match else plain
    body = plain[match.end() :] if match else b""
    request = _REQUEST_LINE.match(head) or _RELATIVE_LINE.match(head)
    if request:
        return _request(plain, head, body, request, walk)
    if not OPENING.match(head):
        return walk.data(plain, "")
    declared = fields_of(head).get(b"content-type", b"").decode("latin-1")
    new_body = walk.data(body, declared) if body.strip() else body
    return _joined(plain, head, head_of(head, walk), body, new_body)


def _request(plain: bytes, head: bytes, body: bytes, line: re.Match[bytes], walk: Walk) -> bytes:
    """A request inside a part, by the rules of its own endpoint where somebody knows it."""
    fields = tuple((each[1], each[2].strip()) for each in _HEADER.finditer(head, line.end()))
    target, endpoint = line[2].decode("latin-1"), None
    if walk.inner is not None and not walk.answer:
        endpoint = walk.inner(Inner(line[1].decode(), target, fields, body))
    with walk.under(endpoint, 0) if endpoint else nullcontext():
        new_target = _url(line[2], endpoint or _NOWHERE, walk)
        new_rest = head_of(head[line.end() :], walk, endpoint.header_fields if endpoint else {})
        declared = fields_of(head).get(b"content-type", b"").decode("latin-1")
        new_body = walk.data(body, declared, endpoint) if body.strip() else body
    new_head = head[: line.start(2)] + new_target + head[line.end(2) : line.end()] + new_rest
    if not walk.answer and not walk.limits.signed_allowed:
        _check_seal(fields, target, body, (new_head != head, new_body != body))
    return _joined(plain, head, new_head, body, new_body)


def _check_seal(fields: Headers, target: str, body: bytes, changed: tuple[bool, bool]) -> None:
    """A signature of its own that covers what changes would not fit any more."""
    parts = seals.Covered.TARGET | seals.Covered.HEADERS if changed[0] else seals.Covered.NOTHING
    parts |= seals.Covered.BODY if changed[1] else seals.Covered.NOTHING
    if parts and parts & seals.covered(fields, target, body):
        raise Refused(Reason.SIGNED_CONTENT, "a signature covers a request of a batch")


def _joined(plain: bytes, head: bytes, new_head: bytes, body: bytes, new_body: bytes) -> bytes:
    if new_head == head and new_body is body:
        return plain
    if new_body is not body:
        new_head = _lengthen(new_head, len(new_body), len(body))
    return new_head + plain[len(head) : len(plain) - len(body)] + new_body


def _url(value: bytes, endpoint: Endpoint, walk: Walk) -> bytes:
    """The target of an inner request, read like that of the outer one."""
    text = charset.read(value)
    if text is None:
        raise Refused(Reason.UNDECODABLE, "binary bytes in a URL")
    edits = url_edits(text.view, endpoint, walk)
    return text.encode(splice(text.raw, edits)) if edits else value


_LENGTH = re.compile(rb"^(content-length:[ \t]*)([0-9]+)", re.I | re.M)


def _lengthen(head: bytes, new: int, old: int) -> bytes:
    """An inner Content-Length moves by what the inner body grew."""
    return _LENGTH.sub(lambda match: match[1] + str(int(match[2]) + new - old).encode(), head)


def _to_base64(data: bytes, _was: bytes) -> bytes:
    text = b2a_base64(data, newline=False)
    return b"\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))


def _to_qp(data: bytes, was: bytes) -> bytes:
    """Line breaks stay what they were: of the lines, or written ``=0D=0A`` and ``=0A``."""
    if _HARD_BREAK.search(was) is None:
        return b2a_qp(data, istext=False).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b2a_qp(data, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


_HARD_BREAK = re.compile(rb"(?<![=\r])\r?\n")
_TRANSFER: dict[bytes, tuple[Callable[[bytes], bytes], Callable[[bytes, bytes], bytes]]] = {
    b"base64": (b64decode, _to_base64),
    b"quoted-printable": (a2b_qp, _to_qp),
}
