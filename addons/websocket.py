"""The WebSocket adapter: each message through the engine, none kept."""

from __future__ import annotations

from mitmproxy import http

from addons.door import Door
from addons.exchange import EXCHANGE
from addons.mends.websocket_refusal import CLOSE, MOST_REASON
from proxy.decisions import Drop, Forward, Refuse
from proxy.engine import Exchange as EngineExchange
from proxy.reasons import Reason


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
        if isinstance(ruling.decision, Drop):
            return
        reason = ruling.decision.reason if isinstance(ruling.decision, Refuse) else None
        flow.metadata[CLOSE] = farewell(reason or Reason.ENGINE_ERROR)


def farewell(reason: Reason) -> str:
    """Why the connection is closed, in both languages where they fit into a close frame."""
    for text in (f"{reason.fr} / {reason.en}", reason.fr):
        if len(text.encode()) <= MOST_REASON:
            return text
    return reason.value
