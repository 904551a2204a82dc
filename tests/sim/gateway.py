"""Gateways for tests: ours in a thread, and bare mitmproxy in a process to compare with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from mitmproxy import http

from addons.background import BackgroundWorker
from addons.pages import HTML_HEADERS, Headers
from addons.worker import WorkerSettings
from proxy.ca import export_ca

REFUSAL_PAGE = b"<p>refused by the test's engine</p>"


class Refusals:
    """A refusal callable that records whom it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __call__(
        self, flow: http.HTTPFlow | None, hook: str, kind: str
    ) -> tuple[int, Headers, bytes]:
        self.calls.append((hook, kind))
        return 503, HTML_HEADERS, REFUSAL_PAGE


def gateway(
    ca_dir: Path,
    addons: Sequence[object],
    resolve: Mapping[str, tuple[str, int]],
    trusted: Path,
    refusal: Any = None,
    **settings: Any,
) -> BackgroundWorker:
    """A worker on a free port, ready to be entered with ``with``."""
    return BackgroundWorker(
        WorkerSettings(
            confdir=ca_dir,
            listen_port=0,
            upstream_trusted_ca=trusted,
            resolve=resolve,
            **{"tcp_timeout": 20} | settings,
        ),
        addons,
        refusal or Refusals(),
    )


def gateway_pem(ca_dir: Path) -> str:
    """The gateway's CA certificate, for ``client_context``."""
    return export_ca(ca_dir).decode()


class BareMitmproxy:
    """mitmproxy as it comes, in a process of its own, to show that a defect is still there.

    ``addon`` is the source of an addon class ``A``. ``resolve`` may change at any time.
    """

    def __init__(self, ca_dir: Path, trusted: Path, names: Path, addon: str) -> None:
        self._names = names
        self._resolve: dict[str, tuple[str, int]] = {}
        names.write_text("{}")
        arguments = [str(ca_dir), str(trusted), str(names), addon]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BARE, *arguments], stdout=subprocess.PIPE, text=True
        )
        self.port = 0

    def resolve(self, host: str, address: tuple[str, int]) -> None:
        """From now on ``host`` is at ``address``."""
        self._resolve[host] = address
        self._names.write_text(json.dumps(self._resolve))

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


_BARE = """
import asyncio, json, logging, pathlib, sys
from mitmproxy import options
from mitmproxy.master import Master
from mitmproxy.addons import core, disable_h2c, next_layer, proxyserver, tlsconfig
from mitmproxy import ctx, http
logging.disable(logging.CRITICAL)
confdir, trusted, names, source = sys.argv[1:]
space = {"ctx": ctx, "http": http}
exec(source, space)
class Ready:
    def running(self):
        print(ctx.master.addons.get("proxyserver").listen_addrs()[0][1], flush=True)
async def main():
    loop = asyncio.get_running_loop()
    ask = loop.getaddrinfo
    def resolve(host, port, **kwargs):
        return ask(*json.loads(pathlib.Path(names).read_text()).get(host, (host, port)), **kwargs)
    loop.getaddrinfo = resolve
    master = Master(options.Options(
        mode=["regular"], listen_host="127.0.0.1", listen_port=0, confdir=confdir,
        ssl_verify_upstream_trusted_ca=trusted, http3=False))
    master.addons.add(core.Core(), disable_h2c.DisableH2C(), proxyserver.Proxyserver(),
                      space["A"](), next_layer.NextLayer(), tlsconfig.TlsConfig(), Ready())
    master.options.update(connection_strategy="lazy")
    await master.run()
asyncio.run(main())
"""
