"""The exchange's adapter: requests and answers through the engine, hook by hook.

``requestheaders`` asks ``begin``, ``request`` asks ``protect``, ``responseheaders`` asks
``answer_head``, ``response`` asks ``restore``. The ruling is carried out; nothing is decided
here. The exchange travels in ``flow.metadata``; its absence in a later hook means that the
answer is ours, and there is nothing to restore in it.
"""

from __future__ import annotations

from mitmproxy import http

from addons.door import Door
from addons.fail_closed import guarded
from addons.mends.error_pages import reason_of
from addons.mends.upstream_failure import PAGE
from addons.message import head_of, to_response
from proxy.decisions import Buffer, Forward, Refuse, Reply, Stream
from proxy.engine import Exchange as EngineExchange
from proxy.engine.ruling import Ruling

EXCHANGE = "preau.exchange"
WHOLE = "preau.whole"
"""Set when the answer's body is read whole and still has to be restored."""


class Exchange:
    """Carries out the engine's rulings on HTTP flows."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The head has come: is there a service, and may this leave?"""
        client = self._door.client_of(flow.client_conn)
        request = flow.request
        head = head_of(request, self._door.gate_host(flow.client_conn) or request.host.lower())
        ruling = await self._door.rule(self._door.engine.begin(head, client), client)
        decision = ruling.decision
        if isinstance(decision, Buffer) and ruling.exchange:
            flow.metadata[EXCHANGE] = ruling.exchange
        elif isinstance(decision, Reply):
            flow.response = to_response(decision)
        elif isinstance(decision, Refuse):
            flow.response = to_response(decision.reply)
        else:
            raise TypeError("begin")

    async def request(self, flow: http.HTTPFlow) -> None:
        """The whole request has come: protect it, record, send."""
        if flow.response:
            return
        exchange: EngineExchange = flow.metadata[EXCHANGE]
        engine, request = self._door.engine, flow.request
        ruling = engine.protect(exchange, request.raw_content or b"")
        ruling = await self._door.rule(ruling, exchange.client)
        decision = ruling.decision
        if isinstance(decision, Forward):
            request.path = decision.target
            request.headers = http.Headers(decision.headers)
            request.trailers = None  # unread, hence not sent
            if decision.body is not None:
                request.data.content = decision.body
        elif isinstance(decision, Refuse):
            del flow.metadata[EXCHANGE]
            flow.response = to_response(decision.reply)
        else:
            raise TypeError("protect")

    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The head of the answer has come: choose how its body is read."""
        exchange: EngineExchange | None = flow.metadata.get(EXCHANGE)
        response = flow.response
        if exchange is None or response is None:
            return
        ruling = self._door.engine.answer_head(
            exchange, response.status_code, response.headers.fields
        )
        ruling = await self._door.rule(ruling, exchange.client)
        decision = ruling.decision
        if isinstance(decision, Buffer):
            flow.metadata[WHOLE] = True
        elif isinstance(decision, Stream):
            response.headers = http.Headers(decision.headers)
            response.stream = guarded(flow, decision.transform)
        elif isinstance(decision, Forward):
            response.headers = http.Headers(decision.headers)
            response.stream = True
        else:
            flow.kill()

    async def response(self, flow: http.HTTPFlow) -> None:
        """The whole answer has come: restore it, record, send."""
        exchange: EngineExchange | None = flow.metadata.get(EXCHANGE)
        response = flow.response
        if exchange is None or response is None:
            return
        if not flow.metadata.pop(WHOLE, False):
            ended = Ruling(Buffer(0), self._door.engine.streamed(exchange))
            await self._door.rule(ended, exchange.client)
            return
        ruling = self._door.engine.restore(
            exchange, response.headers.fields, response.raw_content or b""
        )
        ruling = await self._door.rule(ruling, exchange.client)
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
        if exchange is None or flow.response is not None or flow.error is None:
            return
        reason = reason_of(502, flow.error.msg)
        ruling = await self._door.rule(self._door.engine.refuse(exchange, reason), exchange.client)
        flow.metadata[PAGE] = to_response(self._door.reply_of(ruling))
