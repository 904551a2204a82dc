"""The WebSocket adapter: each message through the engine, none kept."""

from __future__ import annotations

from mitmproxy import http

from addons.abort import abort
from addons.door import Door
from addons.exchange import EXCHANGE
from proxy.decisions import Forward
from proxy.engine import Exchange as EngineExchange


class WebSocket:
    """Carries out the engine's rulings on WebSocket messages."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def websocket_message(self, flow: http.HTTPFlow) -> None:
        """A whole message has come, from either side."""
        data = flow.websocket
        if data is None or not data.messages:
            raise TypeError("websocket")
        message = data.messages[-1]
        del data.messages[:-1]  # mitmproxy keeps every message of a connection
        exchange: EngineExchange = flow.metadata[EXCHANGE]
        ruling = self._door.engine.message(
            exchange, message.from_client, message.is_text, message.content
        )
        ruling = await self._door.rule(ruling, exchange.client, exchange.head)
        if isinstance(ruling.decision, Forward):
            if ruling.decision.body is not None:
                message.content = ruling.decision.body
            return
        message.drop()
        abort(flow)
