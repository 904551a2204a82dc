"""Header fields: cookies pair by pair, URLs as URLs, file names, tokens, all else as text.

Names, order and every byte outside an edit stay as they were. Fields that carry no words of
people (lengths, dates, validators, negotiation) are looked at only as one plain text.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from functools import lru_cache

from proxy.content import charset
from proxy.content.base64 import check_token
from proxy.content.data import NO_FIELDS, start
from proxy.content.disposition import parameter_edits, rewrite_disposition
from proxy.content.edits import Page, shift, splice
from proxy.content.limits import Limits
from proxy.content.quiet import is_quiet_text
from proxy.content.strays import look_again
from proxy.content.target import url_edits
from proxy.content.url_spots import either_plus
from proxy.content.visitor import Drop, Edit, Visitor
from proxy.content.walk import Walk
from proxy.decisions import Headers
from proxy.errors import Refused
from proxy.policy.model import Endpoint, FieldRule, FieldState
from proxy.reasons import Reason

_SKIPPED = frozenset(
    b"host :authority :method :scheme :status :path content-length content-type "
    b"content-encoding transfer-encoding "
    b"date etag if-match if-none-match if-modified-since if-unmodified-since last-modified "
    b"expires age user-agent cache-control pragma connection keep-alive upgrade te trailer "
    b"vary server range content-range via dnt upgrade-insecure-requests expect max-forwards "
    b"strict-transport-security alt-svc nel report-to content-security-policy "
    b"content-security-policy-report-only permissions-policy cross-origin-opener-policy "
    b"cross-origin-embedder-policy cross-origin-resource-policy origin-agent-cluster "
    b"x-content-type-options x-frame-options x-xss-protection priority timing-allow-origin".split()
)
_STRUCTURE = frozenset(
    b"host :authority :method :scheme :path content-length content-type content-encoding "
    b"transfer-encoding connection upgrade".split()
)
_SKIPPED_PREFIXES = (b"sec-", b"accept", b"access-control-", b"proxy-")
_URL_FIELDS = frozenset({b"referer", b"origin", b"location", b"content-location"})
_COOKIE_PAIR = re.compile(r"([^=;,\s]+)[ \t]*=[ \t]*(\"[^\"]*\"|[^;]*)")
_SET_COOKIE_VALUE = re.compile(r"\A([^=;]+)=(\"[^\"]*\"|[^;]*)")
_SET_COOKIE_PATH = re.compile(r";\s*path\s*=\s*([^;]*)", re.I)
_LINK_URL = re.compile(r"<([^<>]*)>")
_REFRESH_URL = re.compile(r"url\s*=\s*[\"']?([^\"';]+)", re.I)
_BASIC = re.compile(r"\A\s*basic\s+([A-Za-z0-9+/_-]+={0,2})\s*\Z", re.I)
_TOKEN_SCHEME = re.compile(r"\A\s*(?:bearer|dpop|jwt|token)\s+(\S+)", re.I)
_CREDENTIAL = re.compile(rb"\s*basic\s|[^.]*\.[^.]*\.", re.I)
"""Credentials that have to be opened: a user name, however short, or claims."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_NOWHERE = Endpoint(template="")
_BOUNDS = {allowed: Limits(signed_allowed=allowed) for allowed in (False, True)}

type _Rule = FieldRule | None


def rewrite_headers(
    headers: Headers,
    endpoint_fields: Mapping[str, FieldRule],
    visitor: Visitor,
    direction: str,
    *,
    signed_allowed: bool = False,
    limits: Limits | None = None,
    inside: FieldState = NO_FIELDS.inside,
) -> Headers:
    """The fields rewritten; the same object when nothing changed. May raise ``Refused``."""
    bounds = limits or _BOUNDS[signed_allowed]
    size = sum(len(value) for _, value in headers)
    walk = start(visitor, bounds, direction, size, inside)
    fields: list[tuple[bytes, bytes]] = []
    changed = False
    everything = direction == "request" and _names_in_machine_fields(headers, visitor)
    if not everything and not endpoint_fields and not walk.answer and _are_quiet(headers, walk):
        return headers
    for name, value in headers:
        lower = name.lower()
        rule = endpoint_fields.get(lower.decode("latin-1")) if endpoint_fields else None
        written = value
        if everything and lower in _STRUCTURE:
            _refuse_names(value, visitor)
        elif value and (rule is not None or everything or not _is_skipped(lower)):
            written = _field(lower, value, rule, walk)
        changed = changed or written is not value
        fields.append((name, written))
    return tuple(fields) if changed else headers


def _names_in_machine_fields(headers: Headers, visitor: Visitor) -> bool:
    """Whether a field that carries no words of people carries an identifier all the same.

    A page's script may write what it likes into ``Accept`` or ``Sec-WebSocket-Protocol``, and a
    device may bear its owner's name in ``User-Agent``. One look over all of them.
    """
    values = [value for name, value in headers if _is_machines(name)]
    return bool(visitor.text(b"\n".join(values).decode("utf-8", "replace")))


def _are_quiet(headers: Headers, walk: Walk) -> bool:
    """Whether no field that is read holds anything, by one look at them all."""
    values = []
    for name, value in headers:
        if value and not _is_machines(name):
            if _is_credential(name) and _CREDENTIAL.match(value):
                return False
            values.append(value)
    if not values:
        return True
    try:
        text = b"\n".join(values).decode()
    except UnicodeDecodeError:
        return False
    return is_quiet_text(text, walk)


@lru_cache(1024)
def _is_credential(name: bytes) -> bool:
    return name.lower() == b"authorization"


@lru_cache(1024)
def _is_machines(name: bytes) -> bool:
    return _is_skipped(name.lower())


def _refuse_names(value: bytes, visitor: Visitor) -> None:
    """A field that says how to read the message cannot be rewritten."""
    if visitor.text(value.decode("utf-8", "replace")):
        raise Refused(Reason.MALFORMED_REQUEST, "an identifier in a field of the message's form")


def _is_skipped(lower: bytes) -> bool:
    return lower in _SKIPPED or lower.startswith(_SKIPPED_PREFIXES)


def _field(lower: bytes, value: bytes, rule: _Rule, walk: Walk) -> bytes:
    if rule is not None:
        ruled = _ruled(value, rule, walk)
        if ruled is not None:
            return ruled
    if lower == b"content-disposition":
        return rewrite_disposition(value, walk)
    if lower == b"authorization":
        return _authorization(value, walk)
    return _text(value, _READERS.get(lower, _plain), walk)


def _text(value: bytes, reader: Callable[[str, Walk], list[Edit]], walk: Walk) -> bytes:
    text = charset.read(value)
    if text is None:
        raise Refused(Reason.UNDECODABLE, "binary bytes in a header")

    def edits(view: str) -> list[Edit]:
        # A line break would start another field; UTF-8 or the bytes' own charset is kept.
        return [
            edit._replace(replacement=_one_line(edit.replacement)) for edit in reader(view, walk)
        ]

    written = look_again(text, splice(text.raw, edits(text.view)), walk, edits)
    return value if written is text.raw else text.encode(written)


def _one_line(replacement: str) -> str:
    return _CONTROLS.sub(" ", replacement)


def _ruled(value: bytes, rule: FieldRule, walk: Walk) -> bytes | None:
    """A field under a rule: its replacement, or ``None`` if the rule does not deal with it."""
    text = charset.read(value)
    if text is None:
        raise Refused(Reason.UNDECODABLE, "binary bytes in a header")
    answer = walk.visitor.field(rule, text.view)
    if answer is None:
        return None if walk.answer else value
    return b"" if isinstance(answer, Drop) else text.encode(_one_line(answer))


# --- readers, by field --------------------------------------------------------------------


def _plain(text: str, walk: Walk) -> list[Edit]:
    """Any other value as text: identity headers, ``X-…``."""
    return walk.text(text)


def _url(text: str, walk: Walk) -> list[Edit]:
    return url_edits(text, _NOWHERE, walk)


def _link(text: str, walk: Walk) -> list[Edit]:
    """``Link: <url>; title="…"; title*=UTF-8''…``."""
    page = _urls(text, _LINK_URL, walk)
    parameter_edits(page, walk)
    return page.finish(walk.text(page.rest()))


def _refresh(text: str, walk: Walk) -> list[Edit]:
    page = _urls(text, _REFRESH_URL, walk)
    return page.finish(walk.text(page.rest()))


def _urls(text: str, pattern: re.Pattern[str], walk: Walk) -> Page:
    page = Page(text)
    for match in pattern.finditer(text):
        found = url_edits(match[1], _NOWHERE, walk)
        page.cover(*match.span(1), shift(found, match.start(1)))
    return page


def _cookies(text: str, walk: Walk) -> list[Edit]:
    page = _cookie_page(text, _COOKIE_PAIR, walk)
    return page.finish(walk.text(page.rest()))


def _set_cookie(text: str, walk: Walk) -> list[Edit]:
    """The first pair is a cookie, a path is a URL; other attributes hold no words of people."""
    page = _cookie_page(text, _SET_COOKIE_VALUE, walk)
    for match in _SET_COOKIE_PATH.finditer(text):
        page.cover(*match.span(1), shift(url_edits(match[1], _NOWHERE, walk), match.start(1)))
    return page.finish(walk.text(page.rest()))


def _cookie_page(text: str, pattern: re.Pattern[str], walk: Walk) -> Page:
    page = Page(text)
    for match in pattern.finditer(text):
        raw = match[2]
        found = either_plus(raw, walk)
        page.cover(*match.span(2), shift(found, match.start(2)))
    return page


def _authorization(value: bytes, walk: Walk) -> bytes:
    """Credentials. A user name in ``Basic`` is rewritten; a signed token never is."""
    text = value.decode("latin-1")
    basic = _BASIC.match(text)
    if basic:
        return _basic(value, basic, walk)
    token = _TOKEN_SCHEME.match(text)
    if token and token[1].count(".") >= 2:
        if not walk.answer and not walk.limits.signed_allowed:
            check_token(token[1], walk)
        return value
    return _text(value, _plain, walk)


def _basic(value: bytes, match: re.Match[str], walk: Walk) -> bytes:
    try:
        pair = a2b_base64(match[1] + "=" * (-len(match[1]) % 4))
    except (Error, ValueError):
        return _text(value, _plain, walk)
    user, colon, password = pair.partition(b":")
    new = _text(user, _plain, walk)
    if new is user:
        return value
    coded = b2a_base64(new + colon + password, newline=False)
    return value[: match.start(1)] + coded + value[match.end(1) :]


_READERS: dict[bytes, Callable[[str, Walk], list[Edit]]] = {
    **dict.fromkeys(_URL_FIELDS, _url),
    b"link": _link,
    b"refresh": _refresh,
    b"cookie": _cookies,
    b"set-cookie": _set_cookie,
}
