"""The peers that Préau is measured against, each in a process of its own.

``python -m benchmarks.peers NAME CONFDIR TRUSTED HOST ORIGIN_PORT PORT_FILE``

- ``bare``: the mitmproxy library with only the addons that a proxy needs, and no work in it;
- ``mitmdump``: stock mitmdump;
- ``presidio``: the bare library with Microsoft Presidio finding and replacing names.

``HOST`` resolves to the local origin in each of them, as in the gateway under test.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

from mitmproxy import ctx, http
from mitmproxy.addons import core, disable_h2c, next_layer, proxyserver, tlsconfig
from mitmproxy.master import Master
from mitmproxy.options import Options


class Ready:
    """Writes the port to a file once the proxy listens."""

    def __init__(self, port_file: str) -> None:
        self._port_file = port_file

    def running(self) -> None:
        server: Any = ctx.master.addons.get("proxyserver")
        Path(self._port_file).write_text(str(server.listen_addrs()[0][1]))


class Presidio:
    """Names and e-mails out on the way up, back in on the way down, with Presidio's analyser."""

    def __init__(self) -> None:
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        models = [{"lang_code": "fr", "model_name": "fr_core_news_sm"}]
        configuration = {"nlp_engine_name": "spacy", "models": models}
        nlp = NlpEngineProvider(nlp_configuration=configuration).create_engine()
        self._analyser = AnalyzerEngine(nlp_engine=nlp, supported_languages=["fr"])

    def request(self, flow: http.HTTPFlow) -> None:
        text = flow.request.get_text() or ""
        found = self._analyser.analyze(text, "fr", entities=["PERSON", "EMAIL_ADDRESS"])
        names: dict[str, str] = {}
        free = len(text)
        for result in sorted(found, key=lambda one: one.start, reverse=True):
            if result.end > free:
                continue  # overlaps the one after it
            free = result.start
            token = f"zq{len(names):08d}"
            names[token] = text[result.start : result.end]
            text = text[: result.start] + token + text[result.end :]
        flow.metadata["names"] = names
        flow.request.text = text

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.response is None:
            return
        text = flow.response.get_text() or ""
        for token, name in flow.metadata["names"].items():
            text = text.replace(token, name)
        flow.response.text = text


def resolve(host: str, port: int) -> None:
    """Make ``host`` resolve to the local origin, for every event loop of this process."""
    original = asyncio.BaseEventLoop.getaddrinfo

    async def getaddrinfo(self: Any, name: Any, number: Any, **kwargs: Any) -> Any:
        if name == host:
            name, number = "127.0.0.1", port
        return await original(self, name, number, **kwargs)

    asyncio.BaseEventLoop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]


async def library(confdir: str, trusted: str, port_file: str, addons: list[object]) -> None:
    logging.disable(logging.CRITICAL)
    master = Master(
        Options(
            mode=["regular"],
            listen_host="127.0.0.1",
            listen_port=0,
            confdir=confdir,
            ssl_verify_upstream_trusted_ca=trusted,
            http3=False,
        )
    )
    master.addons.add(
        core.Core(),
        disable_h2c.DisableH2C(),
        proxyserver.Proxyserver(),
        *addons,
        next_layer.NextLayer(),
        tlsconfig.TlsConfig(),
        Ready(port_file),
    )
    master.options.update(connection_strategy="lazy")
    await master.run()


def stock(confdir: str, trusted: str, port_file: str) -> None:
    """mitmdump as it comes, with its log off the terminal and our port file."""
    from mitmproxy.tools import main
    from mitmproxy.tools.dump import DumpMaster

    original = DumpMaster.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.addons.add(Ready(port_file))

    DumpMaster.__init__ = init  # type: ignore[method-assign]
    settings = {
        "confdir": confdir,
        "ssl_verify_upstream_trusted_ca": trusted,
        "connection_strategy": "lazy",
        "listen_host": "127.0.0.1",
        "listen_port": "0",
    }
    arguments = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    main.mitmdump(["-q", *arguments])


def run(name: str, confdir: str, trusted: str, host: str, port: int, port_file: str) -> None:
    resolve(host, port)
    if name == "mitmdump":
        stock(confdir, trusted, port_file)
    else:
        addons: list[object] = [Presidio()] if name == "presidio" else []
        asyncio.run(library(confdir, trusted, port_file, addons))


if __name__ == "__main__":
    run(*sys.argv[1:5], int(sys.argv[5]), sys.argv[6])  # type: ignore[misc]
