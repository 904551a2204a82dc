"""Turn every exception of a hook or a stream callable into a refusal.

mitmproxy fails open: an exception in a hook is logged and the flow goes on as if nothing
had happened; one in a stream callable loses that chunk and lets the next ones through.
This is the wrapper at the edge that turns both round. What "refuse" means depends on how
far the flow has come, hence the table ``_DENY``: answer in its place, kill it, or tear the
connection.

After a failure no later hook of that flow runs, except those of addons that set
``sees_refused = True`` (bookkeeping that must see every flow end).

Only the exception's type name and the hook's name are ever logged. Exceptions outside
``Exception`` (cancellation above all) are not caught.
"""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from mitmproxy import exceptions, flow, hooks, http
from mitmproxy.addonmanager import AddonManager, traverse
from mitmproxy.connection import Client
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.tls import ClientHelloData, TlsData

from addons.abort import abort
from addons.pages import HTML_HEADERS, Headers, minimal_page
from proxy.reasons import Reason

log = logging.getLogger("preau.fail_closed")

type Refusal = Callable[[http.HTTPFlow | None, str, str], tuple[int, Headers, bytes]]
"""``(flow or None, hook name, exception type name)`` to status, headers and body.

Called once for every failure, also where no answer can be sent, so that it may record it.
"""

type Handler = Callable[..., Any]

REFUSED = "preau.refused"
"""Key in ``flow.metadata`` of a flow that was refused; the value is the hook that failed."""

_STARTUP = frozenset({"load", "configure", "running"})
"""A failure here means that the worker must not start."""


class FailClosed(AddonManager):
    """The addon manager of every worker."""

    def __init__(self, master: Any, refusal: Refusal) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]  # of an untyped base
        self._refusal = refusal
        self._handlers: dict[str, tuple[tuple[Handler, ...], tuple[Handler, ...]]] = {}
        self.failures: Counter[tuple[str, str]] = Counter()
        """Failures by (hook, exception type), for the metrics."""

    def handlers(self, name: str) -> tuple[tuple[Handler, ...], tuple[Handler, ...]]:
        """All handlers of a hook in order, and those that also see refused flows."""
        found = self._handlers.get(name)
        if found is None:
            pairs = [
                (addon, handler)
                for addon in traverse(self.chain)
                if callable(handler := getattr(addon, name, None))
            ]
            everyone = tuple(handler for _, handler in pairs)
            observers = tuple(h for addon, h in pairs if getattr(addon, "sees_refused", False))
            found = self._handlers[name] = (everyone, observers)
        return found

    def add(self, *addons: object) -> None:
        """Add addons to the end of the chain."""
        super().add(*addons)  # type: ignore[no-untyped-call]
        self._handlers.clear()

    def remove(self, addon: object) -> None:
        """Remove an addon."""
        super().remove(addon)  # type: ignore[no-untyped-call]
        self._handlers.clear()

    async def handle_lifecycle(self, event: hooks.Hook) -> None:
        """As mitmproxy's, without the ``update`` hook that nothing here listens to."""
        await self.trigger_event(event)

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Run the handlers of a hook; at the first exception, refuse and stop."""
        everyone, observers = self.handlers(event.name)
        if not everyone:
            return
        args = event.args()
        subject = args[0] if args else None
        refused = isinstance(subject, flow.Flow) and REFUSED in subject.metadata
        for handler in observers if refused else everyone:
            try:
                result = handler(*args)
                if result is not None and inspect.isawaitable(result):
                    await result
            except exceptions.AddonHalt:
                return
            except Exception as error:
                if event.name in _STARTUP:
                    raise
                self.deny(event.name, subject, error)
                await self._tell(observers, args)
                return

    def trigger(self, event: hooks.Hook) -> None:
        """The synchronous hooks (``configure``): an exception stops the worker's start."""
        for addon in self.chain:
            try:
                self.invoke_addon_sync(addon, event)
            except exceptions.AddonHalt:
                return

    async def _tell(self, observers: tuple[Handler, ...], args: list[Any]) -> None:
        """Let the bookkeepers see the event although it failed; they cannot fail it twice."""
        for handler in observers:
            try:
                result = handler(*args)
                if result is not None and inspect.isawaitable(result):
                    await result
            except Exception as error:
                log.error("observer failed: %s", type(error).__name__)

    def deny(self, hook: str, subject: object, error: Exception) -> None:
        """Make sure that what ``subject`` stands for does not go on."""
        name = type(error).__name__
        self.failures[hook, name] += 1
        log.error("hook %s failed: %s", hook, name)
        if isinstance(subject, flow.Flow):
            subject.metadata[REFUSED] = hook
        page = self._page(subject if isinstance(subject, http.HTTPFlow) else None, hook, name)
        _DENY.get(hook, _tear)(subject, hook, page)

    def _page(self, subject: http.HTTPFlow | None, hook: str, name: str) -> http.Response:
        try:
            status, headers, body = self._refusal(subject, hook, name)
            return http.Response.make(status, body, headers)
        except Exception as error:
            log.error("refusal page failed: %s", type(error).__name__)
            return http.Response.make(503, minimal_page(Reason.ENGINE_ERROR), HTML_HEADERS)


def _nothing(subject: Any, hook: str, page: http.Response) -> None:
    """A notification of something that is over: nothing can go on."""


def _tear(subject: Any, hook: str, page: http.Response) -> None:
    client = _client_of(subject)
    if client is not None:
        abort(client)


def _client_of(subject: object) -> Client | None:
    match subject:
        case Client():
            return subject
        case flow.Flow():
            return subject.client_conn
        case server_hooks.ServerConnectionHookData():
            return subject.client
        case ClientHelloData() | TlsData() | layer.NextLayer():
            return subject.context.client
    return None


def _answer(subject: http.HTTPFlow, hook: str, page: http.Response) -> None:
    """Answer in place of the service, unless part of the body has already left."""
    if hook == "request" and subject.request.stream:
        abort(subject)
        return
    subject.request.stream = False
    subject.response = page


def _kill(subject: http.HTTPFlow, hook: str, page: http.Response) -> None:
    """Not answer: mitmproxy would put the service's body into our page here."""
    if subject.killable and not subject.request.stream:
        subject.kill()
    else:
        abort(subject)


def _replace(subject: http.HTTPFlow, hook: str, page: http.Response) -> None:
    """Our page instead of the service's answer, unless part of it has already left."""
    answer = subject.response
    if answer is None or answer.stream or answer.status_code == 101 or subject.request.stream:
        abort(subject)
        return
    subject.response = page


def _drop_message(subject: http.HTTPFlow, hook: str, page: http.Response) -> None:
    if subject.websocket is not None and subject.websocket.messages:
        subject.websocket.messages[-1].drop()
    abort(subject)


def _refuse_client(subject: Client, hook: str, page: http.Response) -> None:
    subject.error = "refused"


def _refuse_server(
    subject: server_hooks.ServerConnectionHookData, hook: str, page: http.Response
) -> None:
    subject.server.error = "refused"


def _forget_layer(subject: layer.NextLayer, hook: str, page: http.Response) -> None:
    subject.layer = None
    _tear(subject, hook, page)


def _inspect_then_tear(subject: ClientHelloData, hook: str, page: http.Response) -> None:
    subject.ignore_connection = False
    _tear(subject, hook, page)


_DENY: dict[str, Callable[[Any, str, http.Response], None]] = {
    "client_connected": _refuse_client,
    "client_disconnected": _nothing,
    "server_connect": _refuse_server,
    "server_connect_error": _nothing,
    "server_disconnected": _nothing,
    "next_layer": _forget_layer,
    "tls_clienthello": _inspect_then_tear,
    "tls_failed_client": _nothing,
    "tls_failed_server": _nothing,
    "http_connect": _answer,
    "http_connect_error": _nothing,
    "requestheaders": _answer,
    "request": _answer,
    "request_beyond": _answer,
    "responseheaders": _kill,
    "response_beyond": _kill,
    "response": _replace,
    "error": _nothing,
    "websocket_message": _drop_message,
    "websocket_end": _nothing,
    "tcp_end": _nothing,
    "tcp_error": _nothing,
    "done": _nothing,
}
"""Hooks that are not here tear the connection."""


type Transform = Callable[[bytes], bytes | Iterable[bytes]]


def guarded(
    subject: http.HTTPFlow,
    transform: Transform,
    tell: Callable[[BaseException], None] = lambda error: None,
) -> Callable[[bytes], list[bytes]]:
    """A stream callable for ``request.stream`` or ``response.stream`` that fails closed.

    When ``transform`` raises, the connection is torn at once, the exception goes on (so that
    mitmproxy cannot send the end of the message) and every later call is refused; ``tell`` may
    record it. Never gives an empty piece, which would end a chunked body early.
    """
    torn = False

    def stream(chunk: bytes) -> list[bytes]:
        nonlocal torn
        if torn:
            raise RuntimeError("this stream was refused")
        try:
            pieces = transform(chunk)
            return [p for p in ((pieces,) if isinstance(pieces, bytes) else pieces) if p]
        except BaseException as error:
            torn = True
            subject.metadata[REFUSED] = "stream"
            log.error("stream failed: %s", type(error).__name__)
            abort(subject)
            tell(error)
            raise

    return stream
