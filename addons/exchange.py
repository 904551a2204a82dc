"""The exchange's adapter: requests and answers through the engine, hook by hook.

``requestheaders`` asks ``begin``, ``request`` asks ``protect``, ``responseheaders`` asks
``answer_head``, ``response`` asks ``restore``; ``request_beyond`` and ``response_beyond`` (a body
too long to be read whole, ``mends.body_limit``) ask how it may pass. The ruling is carried out;
nothing is decided here. The exchange travels in ``flow.metadata``; its absence in a later hook
means that the answer is ours, and there is nothing to restore in it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from mitmproxy import connection, http

from addons.door import Door
from addons.fail_closed import guarded
from addons.mends.body_limit import BEGINS, BEYOND, BODY_LIMIT
from addons.mends.error_pages import reason_of
from addons.mends.upstream_failure import PAGE
from addons.message import head_of, instead, to_response
from proxy.decisions import Buffer, Forward, Refuse, Reply, Resolve, Stream
from proxy.engine import Exchange as EngineExchange
from proxy.engine.ruling import Ruling
from proxy.policy.hosts import normal_host
from proxy.reasons import Reason
from proxy.store.patience import patient

EXCHANGE = "preau.exchange"
WHOLE = "preau.whole"
"""Set when the answer's body is read whole and still has to be restored."""
SENT = "preau.sent"
"""Set when the request was given to mitmproxy to send."""
PASSING = "preau.passing"
"""Set when an answer goes to the client while it comes."""


_BAD_IN_REASON = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")


async def _nothing(host: str) -> None:
    """No look-ups: what is not known stays so."""


class Exchange:
    """Carries out the engine's rulings on HTTP flows."""

    def __init__(self, door: Door, look_up: Callable[[str], Awaitable[None]] = _nothing) -> None:
        self._door = door
        self._look_up = look_up

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The head has come: is there a service, and may this leave?"""
        if flow.error or flow.response:  # refused already: by mitmproxy, or in ``crowd``
            return
        client = self._door.client_of(flow.client_conn)
        request = flow.request
        # A client that asks a plain connection for an https URL would have us encrypt for it.
        scheme = "" if flow.client_conn.tls else "http"
        gate_host = self._door.gate_host(flow.client_conn) or normal_host(request.host)
        head = head_of(request, gate_host, scheme)
        ruling = self._door.engine.begin(head, client, may_ask=True)
        if isinstance(ruling.decision, Resolve):
            await self._look_up(ruling.decision.host)
            ruling = self._door.engine.begin(head, client)
        ruling = await self._door.rule(ruling, client, head)
        decision = ruling.decision
        if isinstance(decision, Buffer) and ruling.exchange:
            flow.metadata[EXCHANGE] = ruling.exchange
            _read_whole(flow, decision)
        elif isinstance(decision, Reply):
            flow.response = to_response(decision)
        elif isinstance(decision, Refuse):
            flow.response = to_response(decision.reply)
        else:
            raise TypeError("begin")

    async def request_beyond(self, flow: http.HTTPFlow) -> None:
        """The request is too long to be read whole: protect its head, record, let it pass."""
        if flow.response:
            return
        exchange: EngineExchange = flow.metadata[EXCHANGE]
        begins = b"".join(flow.metadata[BEGINS])
        ruling = self._door.engine.protect_passing(exchange, begins)
        ruling = await self._rule(ruling, exchange)
        decision = ruling.decision
        if isinstance(decision, Stream):
            flow.metadata[SENT] = True
            flow.request.headers = http.Headers(decision.headers)
            flow.request.path = decision.target
            flow.request.stream = self._guarded(flow, exchange, decision, answer=False)
            exchange.sent += sum(map(len, decision.first))
            flow.metadata[BEGINS] = decision.first
        else:
            del flow.metadata[EXCHANGE]
            flow.response = to_response(self._door.reply_of(ruling))

    async def request(self, flow: http.HTTPFlow) -> None:
        """The whole request has come: protect it, record, send."""
        if flow.response and not flow.request.stream:
            return
        exchange: EngineExchange = flow.metadata[EXCHANGE]
        if flow.request.stream:
            # Unrecorded, the end of the body is not sent either: see ``fail_closed``.
            await self._door.record(self._door.engine.passed(exchange))
            return
        engine, request = self._door.engine, flow.request
        ruling = engine.protect(exchange, request.raw_content or b"")
        ruling = await self._rule(ruling, exchange)
        decision = ruling.decision
        if isinstance(decision, Forward):
            flow.metadata[SENT] = True
            request.path = decision.target
            request.headers = http.Headers(decision.headers)
            request.trailers = None  # unread, hence not sent
            if not request.is_http2:
                request.authority = ""  # origin form, whatever the client wrote
            if decision.body is not None:
                request.data.content = decision.body
        else:
            del flow.metadata[EXCHANGE]
            flow.response = to_response(self._door.reply_of(ruling))

    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The head of the answer has come: choose how its body is read."""
        exchange: EngineExchange | None = flow.metadata.get(EXCHANGE)
        response = flow.response
        if exchange is None or response is None:
            return
        if _BAD_IN_REASON.search(response.data.reason):
            response.data.reason = b""
        ruling = self._door.engine.answer_head(
            exchange, response.status_code, response.headers.fields
        )
        ruling = await self._rule(ruling, exchange)
        decision = ruling.decision
        if isinstance(decision, Buffer):
            flow.metadata[WHOLE] = True
            _read_whole(flow, decision)
        elif isinstance(decision, Stream):
            self._pass_on(flow, response, exchange, decision)
        elif isinstance(decision, Forward):
            response.headers = http.Headers(decision.headers)
            response.stream = _measured(exchange)
            flow.metadata[PASSING] = True
        else:
            del flow.metadata[EXCHANGE]
            instead(flow, self._door.reply_of(ruling))

    async def response_beyond(self, flow: http.HTTPFlow) -> None:
        """The answer is too long to be read whole: restore its head, let the rest pass."""
        exchange: EngineExchange | None = flow.metadata.get(EXCHANGE)
        response = flow.response
        if exchange is None or response is None:
            raise TypeError("response_beyond")
        begins = b"".join(flow.metadata[BEGINS])
        exchange.received += len(begins)
        ruling = self._door.engine.restore_passing(exchange, response.headers.fields, begins)
        ruling = await self._rule(ruling, exchange)
        decision = ruling.decision
        del flow.metadata[WHOLE]
        if isinstance(decision, Stream):
            self._pass_on(flow, response, exchange, decision)
            flow.metadata[BEGINS] = decision.first
        else:
            del flow.metadata[EXCHANGE], flow.metadata[BEGINS]
            instead(flow, self._door.reply_of(ruling))

    async def response(self, flow: http.HTTPFlow) -> None:
        """The whole answer has come: restore it, record, send."""
        exchange: EngineExchange | None = flow.metadata.get(EXCHANGE)
        response = flow.response
        if exchange is None or response is None:
            return
        if response.trailers:
            fields = self._door.engine.trailers(exchange, response.trailers.fields)
            response.trailers = http.Headers(fields)
        if not flow.metadata.pop(WHOLE, False):
            # Unrecorded, the end of the stream is not shown either: see ``fail_closed``.
            self._door.engine.settle(exchange)
            await self._door.record(self._door.engine.streamed(exchange))
            return
        ruling = self._door.engine.restore(
            exchange, response.headers.fields, response.raw_content or b""
        )
        self._door.engine.settle(exchange)
        ruling = await self._rule(ruling, exchange)
        decision = ruling.decision
        if isinstance(decision, Forward):
            response.headers = http.Headers(decision.headers)
            if decision.body is not None:
                response.data.content = decision.body
        elif isinstance(decision, Refuse):
            flow.response = to_response(decision.reply)
        else:
            raise TypeError("restore")

    async def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke; if nothing of an answer has gone out, a page with an incident."""
        exchange: EngineExchange | None = flow.metadata.get(EXCHANGE)
        if exchange is None or flow.error is None:
            return
        self._door.engine.settle(exchange)
        if flow.request.stream:
            await self._door.record(self._door.engine.passed(exchange))  # what did pass
        if PASSING in flow.metadata:
            await self._door.record(self._door.engine.streamed(exchange))  # what did pass
            return
        if _client_has_gone(flow):
            return  # nobody to refuse anything to
        answer = SENT in flow.metadata
        reason = reason_of(502, flow.error.msg) if answer else _reason_before(flow.error.msg)
        ruling = self._door.engine.refuse(exchange, reason, answer=answer)
        ruling = await self._rule(ruling, exchange)
        flow.metadata[PAGE] = to_response(self._door.reply_of(ruling))

    def _pass_on(
        self,
        flow: http.HTTPFlow,
        response: http.Response,
        exchange: EngineExchange,
        decision: Stream,
    ) -> None:
        response.headers = http.Headers(decision.headers)
        response.stream = self._guarded(flow, exchange, decision, answer=True)
        flow.metadata[PASSING] = True
        if flow.request.is_http11 and (response.is_http11 or response.is_http2):
            # else only the end of the connection would say that it is complete
            response.headers["transfer-encoding"] = "chunked"

    def _guarded(
        self, flow: http.HTTPFlow, exchange: EngineExchange, decision: Stream, *, answer: bool
    ) -> Callable[[bytes], list[bytes]]:
        def tell(error: BaseException) -> None:
            self._door.record_later(self._door.engine.torn(exchange, error, answer=answer))

        transform = patient(decision.transform)
        if answer:

            def received(chunk: bytes) -> list[bytes]:
                exchange.received += len(chunk)
                return transform(chunk)

            return guarded(flow, received, tell)

        def sent(chunk: bytes) -> list[bytes]:
            pieces = transform(chunk)
            exchange.sent += sum(map(len, pieces))
            return pieces

        return guarded(flow, sent, tell)

    async def _rule(self, ruling: Ruling, exchange: EngineExchange) -> Ruling:
        return await self._door.rule(ruling, exchange.client, exchange.head)


def _measured(exchange: EngineExchange) -> Callable[[bytes], list[bytes]]:
    """Passes an answer on as it is, and counts it."""

    def passed(chunk: bytes) -> list[bytes]:
        exchange.received += len(chunk)
        return [chunk] if chunk else []

    return passed


def _read_whole(flow: http.HTTPFlow, decision: Buffer) -> None:
    flow.metadata[BODY_LIMIT] = decision.limit
    flow.metadata[BEYOND] = decision.beyond


def _reason_before(message: str) -> Reason:
    """Why a request ended before it was sent; ``message`` only tells which of ours it is."""
    reason = reason_of(400, message)
    return Reason.MALFORMED_REQUEST if reason is Reason.ENGINE_ERROR else reason


def _client_has_gone(flow: http.HTTPFlow) -> bool:
    reset = flow.error is not None and flow.error.msg.startswith("stream reset by client")
    return reset or not flow.client_conn.state & connection.ConnectionState.CAN_READ
