"""Requests inside a request: each is read by the rules of its own endpoint.

JSON batches (Microsoft Graph, OData 4.01, SCIM's ``Bulk``, Salesforce) are a list of objects that
name a method and a URL. ``multipart`` reads those of Google and OData, which are parts. Who knows
the policy says by ``Walk.inner`` which endpoint an inner request has, and refuses the whole where
it would refuse the one. What no rule names keeps the rules that the batch itself has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from proxy.content import form, json
from proxy.content.coding import Backslashes, back, escapes_letters
from proxy.content.edits import Page, shift
from proxy.content.json_fields import TOKEN, unescape
from proxy.content.url import url_edits
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.decisions import Headers
from proxy.errors import Refused
from proxy.policy.model import Endpoint, FieldState
from proxy.reasons import Reason

LISTS = frozenset({"requests", "batchrequests", "compositerequest", "operations"})
"""Members of the outermost object that hold requests, in lower case."""
_URLS = ("url", "path", "relative_url", "relativeurl", "uri")
_BODIES = ("body", "data", "richinput", "payload")
_VERB = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|MERGE|DELETE|OPTIONS)", re.I)
_LIST = re.compile(rf'"(?:{"|".join(sorted(LISTS))})"\s*:\s*\[', re.I)
_BEGINS = re.compile(rf'\s*\{{[^\[]{{0,500}}?"(?:{"|".join(sorted(LISTS))})"\s*:\s*\[\s*\{{', re.I)
_ESCAPED_LETTER = re.compile(r"\\u00(?:[46][1-9A-Fa-f]|[57][0-9Aa])")
_ESCAPED_LETTER_BYTES = re.compile(_ESCAPED_LETTER.pattern.encode())
_FORM_TYPE = "application/x-www-form-urlencoded"


class Inner(NamedTuple):
    """A request inside another, as it stands there."""

    method: str
    url: str
    headers: Headers
    body: bytes


type Rules = Callable[[Inner], Endpoint]
"""The endpoint of an inner request, by whose rules it is read; may raise ``Refused``.

The places of its path count from the start of the inner URL.
"""


class Span(NamedTuple):
    """Where the value of a member stands, with its first character."""

    start: int
    end: int
    first: str


type _Members = dict[str, Span]


def may_hold(data: bytes) -> bool:
    """Whether a JSON body may be a batch: one look, as most are none."""
    if b'ethod"' in data or b'ETHOD"' in data:
        return True
    return b"\\u00" in data and _ESCAPED_LETTER_BYTES.search(data) is not None


def begins_batch(text: str) -> bool:
    """Whether a long body begins like a batch."""
    return _BEGINS.match(text) is not None and "ethod" in text


def edits(text: str, walk: Walk, state: FieldState) -> list[Edit] | None:
    """Edits for a JSON document whose inner requests are read on their own; ``None``: it has none.

    ``state``: the field rules of the document.
    """
    rules: Rules | None = walk.inner
    if rules is None or walk.answer:
        return None
    if not _LIST.search(text) and not _ESCAPED_LETTER.search(text):
        return None
    found = list(_requests(text))
    if not found:
        return None
    page = Page(text)
    coding = Backslashes(ascii_only=escapes_letters(text))
    for list_name, members in found:
        endpoint = rules(_described(text, members))
        if endpoint.ref is None:
            endpoint = _as_the_batch(endpoint, state, list_name, members)
        _read(page, walk, endpoint, members, coding)
    return page.finish(json.edits(page.rest(), walk, state))


def _as_the_batch(
    endpoint: Endpoint, state: FieldState, list_name: str, members: _Members
) -> Endpoint:
    """An endpoint that no rule names has what the batch's own rules say of the body."""
    state = state.step(list_name).element(0)
    name = next((each for each in members if each.lower() in _BODIES), "body")
    below = state.step(name)
    return endpoint if below.dead else replace(endpoint, body=below)


# --- finding them -------------------------------------------------------------------------


def _requests(text: str) -> Iterator[tuple[str, _Members]]:
    """The objects in a list of the outermost object that name a method and a URL."""
    for list_name, members in _elements(text):
        lower = {name.lower(): span for name, span in members.items()}
        method, url = lower.get("method"), _first(lower, _URLS)
        if method is None or url is None or method.first != '"' or url.first != '"':
            continue
        if _VERB.fullmatch(_string(text, method)):
            yield list_name, members


def _elements(text: str) -> Iterator[tuple[str, _Members]]:
    """Objects that are elements of a list behind one of ``LISTS``, with what their members hold."""
    depth = 0
    keys = ["", "", ""]
    lists: list[bool] = []
    key_next = False
    members: _Members = {}
    begin = -1
    for match in TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first in "{[":
            if depth == 3 and begin < 0:
                begin = match.start()
            elif depth == 2:
                members, begin = {}, -1
            depth += 1
            lists.append(first == "[")
            key_next = first == "{"
        elif first in "}]":
            depth = max(0, depth - 1)
            inside = _in_request(lists, keys)
            if lists:
                lists.pop()
            key_next = False
            if depth == 3 and inside and begin >= 0:
                _note(members, keys[2], Span(begin, match.end(), text[begin]))
                begin = -1
            elif depth == 2 and inside and members:
                yield keys[0], members
                members = {}
        elif first == ",":
            key_next = bool(lists) and not lists[-1]
        elif first == '"' and key_next:
            if depth in (1, 3):
                keys[depth - 1] = unescape(token) if "\\" in token else token[1:-1]
            key_next = False
        elif depth == 3 and _in_request(lists, keys):
            _note(members, keys[2], Span(match.start(), match.end(), first))


def _in_request(lists: list[bool], keys: list[str]) -> bool:
    return lists[:3] == [False, True, False] and keys[0].lower() in LISTS


def _note(members: _Members, name: str, span: Span) -> None:
    """A name twice may be read either way: one that says what is asked may not be."""
    lower = name.lower()
    if lower in ("method", "headers", *_URLS, *_BODIES) and any(
        each.lower() == lower for each in members
    ):
        raise Refused(Reason.UNDECODABLE, "a member twice in a request of a batch")
    members[name] = span


def _first(members: Mapping[str, Span], names: tuple[str, ...]) -> Span | None:
    return next((members[name] for name in names if name in members), None)


def _string(text: str, span: Span) -> str:
    token = text[span.start : span.end]
    return unescape(token) if "\\" in token else token[1:-1]


def _described(text: str, members: _Members) -> Inner:
    lower = {name.lower(): span for name, span in members.items()}
    url, body = _first(lower, _URLS), _first(lower, _BODIES)
    assert url is not None
    raw = text[body.start : body.end] if body else ""
    headers = tuple(
        (name.encode(), value.encode()) for name, value, _ in _headers(text, lower.get("headers"))
    )
    method = _string(text, lower["method"]).upper()
    return Inner(method, _string(text, url), headers, raw.encode("utf-8", "replace"))


def _headers(text: str, span: Span | None) -> Iterator[tuple[str, str, Span]]:
    """Header fields of an inner request: members that hold a string."""
    if span is None or span.first != "{":
        return
    name, depth = "", 0
    key_next = False
    for match in TOKEN.finditer(text, span.start, span.end):
        first = match[0][0]
        if first in "{[":
            depth += 1
            key_next = first == "{"
        elif first in "}]":
            depth -= 1
        elif first == ",":
            key_next = depth == 1
        elif first == '"':
            value = _string(text, Span(*match.span(), first))
            if key_next:
                name, key_next = value, False
            elif depth == 1:
                yield name, value, Span(*match.span(), first)


# --- reading them -------------------------------------------------------------------------


def _read(
    page: Page, walk: Walk, endpoint: Endpoint, members: _Members, coding: Backslashes
) -> None:
    text = page.text
    lower = {name.lower(): span for name, span in members.items()}
    url, body = _first(lower, _URLS), _first(lower, _BODIES)
    assert url is not None
    size = url.end - url.start + (body.end - body.start if body else 0)
    declared = ""
    with walk.under(endpoint, size):
        _string_edits(page, url, coding, url_edits(_string(text, url), endpoint, walk))
        for name, value, span in _headers(text, lower.get("headers")):
            if name.lower() == "content-type":
                declared = value.partition(";")[0].strip().lower()
            _header(page, walk, endpoint, name, value, span, coding)
        if body is not None:
            _body(page, walk, endpoint, body, declared, coding)


def _header(
    page: Page,
    walk: Walk,
    endpoint: Endpoint,
    name: str,
    value: str,
    span: Span,
    coding: Backslashes,
) -> None:
    rule = endpoint.header_fields.get(name.lower())
    if rule is None:
        return
    answer = walk.visitor.field(rule, value)
    if answer is not None:
        written = "" if isinstance(answer, Drop) else answer
        _string_edits(page, span, coding, [Edit(0, len(value), written)])
    else:
        page.cover(span.start + 1, span.end - 1)


def _body(
    page: Page, walk: Walk, endpoint: Endpoint, span: Span, declared: str, coding: Backslashes
) -> None:
    if span.first in "{[":
        part = page.text[span.start : span.end]
        found = edits(part, walk, endpoint.body)
        if found is None:
            found = json.edits(part, walk, endpoint.body)
        # What is left stays JSON: the brackets remain.
        page.cover(span.start + 1, span.end - 1, shift(found, span.start))
    elif span.first == '"':
        value = _string(page.text, span)
        if declared == _FORM_TYPE:
            found = form.edits(value, walk, endpoint.form_fields)
        else:
            walk.inside = endpoint.body  # JSON in a string, or in base64, is the body itself
            found = walk.text(value)
        _string_edits(page, span, coding, found)


def _string_edits(page: Page, span: Span, coding: Backslashes, found: list[Edit]) -> None:
    """Edits on what a string reads, carried to where it stands."""
    raw = page.text[span.start + 1 : span.end - 1]
    page.cover(span.start + 1, span.end - 1, shift(back(raw, found, coding), span.start + 1))
