"""The mends that only make it faster: what they must not change."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import connection, flow, http, options
from mitmproxy.coretypes.multidict import MultiDict
from mitmproxy.proxy import commands, context, events, server
from mitmproxy.proxy.layers.http import HttpRequestHook, _events, _http1

from addons.mends import developer_aids, header_lookup, inline_hooks, one_write


def hook(word: str, *, wait: bool = False) -> commands.StartHook:
    """One that its handler answers at once, or a turn of the loop later."""
    subject: Any = SimpleNamespace(word=word, wait=wait)
    return HttpRequestHook(subject)


class Handler(server.ConnectionHandler):
    """A connection whose protocol is a script: words in, hooks out."""

    def __init__(self, script: dict[str, list[commands.StartHook]]) -> None:
        self.seen: list[str] = []
        self.client: Any = SimpleNamespace(peername=("127.0.0.1", 1))
        self.timeout_watchdog: Any = SimpleNamespace(register_activity=lambda: None)
        self.layer: Any = SimpleNamespace(handle_event=self._handle)
        self._server_event_lock = asyncio.Lock()
        self._script = script
        self._handling = False

    def _handle(self, event: Any) -> Iterator[commands.Command]:
        assert not self._handling  # no event may come inside another
        self._handling = True
        try:
            done = isinstance(event, events.HookCompleted)
            word = f"done {event.command.flow.word}" if done else event.word
            self.seen.append(word)
            if word == "crash":
                raise ValueError
            yield from self._script.get(word, [])
        finally:
            self._handling = False

    async def handle_hook(self, one: Any) -> None:
        if one.flow.wait:
            await asyncio.sleep(0)

    def log(self, *_: object, **__: object) -> None:
        self.seen.append("crashed")


def run(
    script: dict[str, list[commands.StartHook]], *words: str, turns: int = 3
) -> tuple[list[str], list[str]]:
    """What was handled when the last word's call returned, and in the end."""
    inline_hooks.apply()

    async def go() -> tuple[list[str], list[str]]:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        handler = Handler(script)
        for word in words:
            event: Any = SimpleNamespace(word=word)
            await handler.server_event(event)
        at_once = list(handler.seen)
        for _ in range(turns):
            await asyncio.sleep(0)
        return at_once, handler.seen

    return asyncio.run(go())


def test_a_hook_answered_at_once_is_completed_without_a_turn_of_the_loop() -> None:
    at_once, _ = run({"head": [hook("a")], "done a": [hook("b")]}, "head")
    assert at_once == ["head", "done a", "done b"]


def test_mitmproxy_still_has_the_defect_of_hooks_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inline_hooks.apply()
    bare = inspect.unwrap(server.ConnectionHandler.server_event)
    monkeypatch.setattr(server.ConnectionHandler, "server_event", bare)
    at_once, finally_ = run({"head": [hook("a")]}, "head")
    assert at_once == ["head"]
    assert finally_ == ["head", "done a"]


def test_a_hook_that_waits_holds_up_nobody_else() -> None:
    at_once, finally_ = run(
        {"head": [hook("slow", wait=True)], "body": [hook("b")]}, "head", "body"
    )
    assert at_once == ["head", "body", "done b"]
    assert finally_ == [*at_once, "done slow"]


def test_completions_come_after_the_whole_event_in_order() -> None:
    at_once, _ = run({"head": [hook("a"), hook("b")], "done a": [hook("c")]}, "head")
    assert at_once == ["head", "done a", "done b", "done c"]


def test_a_crash_is_said_once_and_the_next_event_is_handled() -> None:
    at_once, _ = run({}, "crash", "head")
    assert at_once == ["crash", "crashed", "head"]


def test_ids_of_flows_and_connections_never_repeat() -> None:
    developer_aids.apply()
    client = connection.Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))
    servers = [connection.Server(address=("x", 1)) for _ in range(50)]
    flows = [flow.Flow.__new__(http.HTTPFlow) for _ in range(50)]
    for one in flows:
        http.HTTPFlow.__init__(one, client, servers[0])
    ids = [client.id, *(one.id for one in servers), *(one.id for one in flows)]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(one, str) for one in ids)


FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"Cookie", b"cookie", b"X-A", b"x-\xc3\xa9", b"x-\xff"]),
        st.binary(max_size=4),
    ),
    max_size=5,
)
NAMES = st.sampled_from(
    ["cookie", "COOKIE", b"Cookie", "x-a", "absent", "x-\u00e9", "x-\udcff", b"x-\xff", b"x-a"]
)


@given(FIELDS, NAMES)
def test_headers_are_looked_up_as_before(
    fields: list[tuple[bytes, bytes]], name: str | bytes
) -> None:
    header_lookup.apply()
    headers: Any = http.Headers(fields)
    slow: Any = MultiDict
    wanted = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    values = [v.decode("utf-8", "surrogateescape") for v in slow.get_all(headers, wanted)]
    assert headers.get_all(name) == values
    assert (name in headers) is bool(values)
    assert headers.get(name) == (", ".join(values) if values else None)
    assert headers.get(name, "other") == (", ".join(values) if values else "other")
    if values:
        assert headers[name] == ", ".join(values)


def test_a_name_of_another_type_is_judged_by_mitmproxy() -> None:
    header_lookup.apply()
    with pytest.raises(TypeError):
        5 in http.Headers()  # noqa: B015


# --- one write a message ------------------------------------------------------------------


def _sender(kind: Any) -> Any:
    one_write.apply()
    client = connection.Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))
    around = context.Context(client, options.Options())
    around.server = connection.Server(address=("cloud.example", 443))
    sender = kind(around)
    sender.request = http.Request.make("GET", "https://cloud.example/")
    sender.stream_id = 1
    return sender


def _written(sender: Any, *happened: Any) -> list[bytes]:
    return [
        command.data
        for event in happened
        for command in sender.send(event)
        if isinstance(command, commands.SendData)
    ]


def test_a_whole_request_is_one_write_and_a_streamed_one_is_not_held() -> None:
    request = http.Request.make("POST", "https://cloud.example/a", b"body", {"content-length": "4"})
    head = b"POST /a HTTP/1.1\r\ncontent-length: 4\r\n\r\n"
    happened = _events.RequestHeaders(1, request, False), _events.RequestData(1, b"body")
    assert _written(_sender(_http1.Http1Client), *happened) == [head + b"body"]
    request.stream = True
    assert _written(_sender(_http1.Http1Client), *happened) == [head, b"body"]


def test_a_whole_answer_is_one_write_and_a_long_one_is_two() -> None:
    answer = http.Response.make(200, b"body", {"content-type": "a/b"})
    head = b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 4\r\n\r\n"
    happened = _events.ResponseHeaders(1, answer, False), _events.ResponseData(1, b"body")
    assert _written(_sender(_http1.Http1Server), *happened) == [head + b"body"]
    answer.content = bytes(one_write.SHORT + 1)
    long = _events.ResponseHeaders(1, answer, False), _events.ResponseData(1, answer.content)
    assert len(_written(_sender(_http1.Http1Server), *long)) == 2


def test_a_head_that_waits_is_written_whatever_comes_next() -> None:
    answer = http.Response.make(200, b"body", {})
    error = _events.ResponseProtocolError(1, "gone", _events.ErrorCode.GENERIC_SERVER_ERROR)
    happened = _events.ResponseHeaders(1, answer, False), error
    assert _written(_sender(_http1.Http1Server), *happened)[0].startswith(b"HTTP/1.1 200 OK\r\n")
