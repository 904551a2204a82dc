"""One gateway process: mitmproxy as a library, with only the addons we need.

Nothing here decides anything. ``run`` builds the master, listens, tells ``ready`` the port,
and drains on SIGTERM or SIGINT. One worker a process: mitmproxy keeps its options and its
master in globals.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mitmproxy import ctx, exceptions
from mitmproxy.addons import core, disable_h2c, next_layer, proxyserver, tlsconfig
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.proxy import layers
from mitmproxy.proxy.layer import NextLayer

from addons import leaf, mends
from addons.drain import Drain
from addons.fail_closed import FailClosed, Refusal
from addons.mends import (
    body_limit,
    connect_deadline,
    h2_floods,
    head_limits,
    listening,
    websocket_size,
)
from proxy.ca import load_ca
from proxy.errors import InputError
from proxy.supervisor.leaves import Signer
from proxy.traffic import Traffic

type Ready = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know before it listens."""

    confdir: Path
    """Holds the site's CA (``proxy.ca``)."""
    listen_host: str = "127.0.0.1"
    listen_port: int = 8080
    """0 takes any free port; ``ready`` is told which."""
    upstream_trusted_ca: Path | None = None
    """PEM file of the authorities that may sign services' certificates; none for the usual."""
    tcp_timeout: int = 600
    """Seconds without a byte before a connection is closed."""
    head_bytes: int = 64 * 1024
    head_fields: int = 200
    body_bytes: int = 64 * 1024 * 1024
    """The most that is buffered of one body, where the flow does not say less."""
    websocket_message_bytes: int = 16 * 1024 * 1024
    traffic: Traffic = field(default_factory=Traffic)
    """What ``mends`` keep to of it; connections and times are the addons' business."""
    transparent: bool = False
    """Serve connections that the firewall redirected, instead of clients that know a proxy."""
    reuse_port: bool = False
    """Share the port with other workers."""
    listener: int | None = None
    """Descriptor of a socket that listens already, instead of host and port."""
    handicap: Callable[[], float] = lambda: 0.0
    """Seconds to let other workers on that socket go first."""
    signer: Signer | None = None
    """Who signs leaf certificates; ``None`` for this process, with the CA's key."""
    drain_timeout: float = 20.0
    """Seconds that requests in flight get to finish."""
    resolve: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Host name to address, as in /etc/hosts but with a port, for demo and tests: the name
    stays the one that is announced and whose certificate is verified."""


_MODERN_TLS = ("TLS1_2", "TLS1_3")


_INSPECTED = (layers.HttpLayer, layers.ClientTLSLayer, layers.ServerTLSLayer)


class UninspectedProtocol(Exception):
    """mitmproxy would pass on a protocol that no adapter reads."""


class _Guard:
    """Refuses to start where the worker would be unsafe or deaf; tells the port."""

    def __init__(self, ready: Ready | None) -> None:
        self._ready = ready

    def configure(self, updated: set[str]) -> None:
        """No option may take a protection away."""
        options = ctx.options
        if (
            options.ssl_insecure
            or options.tls_version_client_min not in _MODERN_TLS
            or options.tls_version_server_min not in _MODERN_TLS
        ):
            raise exceptions.OptionsError("certificates are verified, TLS is at least 1.2")

    def next_layer(self, data: NextLayer) -> None:
        """Only HTTP, or a tunnel that the gate chose; never DNS or raw TCP unseen."""
        chosen = data.layer
        is_tunnel = isinstance(chosen, layers.TCPLayer) and chosen.flow is None
        if chosen is not None and not is_tunnel and not isinstance(chosen, _INSPECTED):
            raise UninspectedProtocol
        if sum(isinstance(one, layers.ClientTLSLayer) for one in data.context.layers) > 1:
            raise UninspectedProtocol  # TLS in TLS: the gate looked at the first name only

    def running(self) -> None:
        """mitmproxy only logs that it could not listen."""
        server: Any = ctx.master.addons.get("proxyserver")
        addresses = server.listen_addrs()
        if not addresses:
            where = f"{ctx.options.listen_host}:{ctx.options.listen_port}"
            raise InputError(f"cannot listen on {where}: is another program using it?")
        if self._ready is not None:
            self._ready(addresses[0][1])


def build_master(
    settings: WorkerSettings,
    addons: Sequence[object],
    refusal: Refusal,
    ready: Ready | None = None,
) -> Master:
    """A master ready to run, in the running event loop. Raises ``KeysUnavailable``."""
    if settings.signer is None:
        load_ca(settings.confdir)
    mends.apply_all()
    leaf.SIGNING.signer = settings.signer
    leaf.install()
    head_limits.LIMITS.head_bytes = settings.head_bytes
    head_limits.LIMITS.fields = settings.head_fields
    body_limit.LIMIT.body_bytes = settings.body_bytes
    websocket_size.LIMIT.message_bytes = settings.websocket_message_bytes
    h2_floods.LIMITS.streams = settings.traffic.h2_streams
    h2_floods.LIMITS.resets = settings.traffic.h2_resets
    h2_floods.LIMITS.control_frames = settings.traffic.h2_control_frames
    connect_deadline.LIMIT.seconds = settings.traffic.connect_time
    listening.LISTEN.reuse_port = settings.reuse_port
    listening.LISTEN.descriptor = settings.listener
    listening.LISTEN.handicap = settings.handicap
    master = Master(_options(settings))
    master._legacy_log_events.uninstall()
    master.addons = FailClosed(master, refusal)
    master.addons.add(
        core.Core(),
        disable_h2c.DisableH2C(),
        proxyserver.Proxyserver(),
        *addons,
        next_layer.NextLayer(),
        tlsconfig.TlsConfig(),
        Drain(),
        _Guard(ready),
    )
    master.options.update(connection_strategy="lazy")
    return master


def _options(settings: WorkerSettings) -> Options:
    trusted = settings.upstream_trusted_ca
    return Options(
        mode=["transparent" if settings.transparent else "regular"],
        listen_host=settings.listen_host,
        listen_port=settings.listen_port,
        confdir=str(settings.confdir),
        ssl_verify_upstream_trusted_ca=None if trusted is None else str(trusted),
        tcp_timeout=settings.tcp_timeout,
        http3=False,
        upstream_cert=False,
        rawtcp=False,
    )


async def run(
    settings: WorkerSettings,
    addons: Sequence[object],
    refusal: Refusal,
    ready: Ready | None = None,
) -> None:
    """Serve until told to stop, then drain."""
    await serve(build_master(settings, addons, refusal, ready), settings)


async def serve(master: Master, settings: WorkerSettings) -> None:
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        if not stopping:
            stopping.append(loop.create_task(drain_and_stop(master, settings.drain_timeout)))

    with _resolving(loop, settings.resolve), _on_signals(loop, stop):
        await master.run()


async def drain_and_stop(master: Master, deadline: float) -> None:
    """Let requests in flight finish for ``deadline`` seconds, then stop the worker."""
    drain: Any = master.addons.get("drain")
    try:
        await drain.drain(master.addons.get("proxyserver"), deadline)
    finally:
        master.shutdown()


@contextlib.contextmanager
def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _resolving(
    loop: asyncio.AbstractEventLoop, resolve: Mapping[str, tuple[str, int]]
) -> Iterator[None]:
    """Answer for the names in ``resolve`` instead of the system's resolver.

    Done here and not in ``server_connect`` because a changed address would no longer match
    the next request, and every request would open its own upstream connection.
    """
    if not resolve:
        yield
        return
    ask = loop.getaddrinfo

    async def getaddrinfo(host: Any, port: Any, **kwargs: Any) -> Any:
        return await ask(*resolve.get(host, (host, port)), **kwargs)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]
    try:
        yield
    finally:
        del loop.getaddrinfo
