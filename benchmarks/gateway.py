"""The gateway under test: ``python -m benchmarks.gateway SITE HOST… ORIGIN_PORT PORT_FILE``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from addons.gateway import Gateway, worker_settings
from addons.worker import run
from proxy.runtime import Runtime


def main(root: str, hosts: list[str], origin: int, port_file: str) -> None:
    """Serve until killed."""
    runtime = Runtime.open(Path(root))
    gateway = Gateway(runtime)
    resolve = dict.fromkeys(hosts, ("127.0.0.1", origin))
    settings = worker_settings(runtime, listen_port=0, resolve=resolve)

    def ready(port: int) -> None:
        Path(port_file).write_text(str(port))

    asyncio.run(run(settings, gateway.addons, gateway.refusal, ready))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:-2], int(sys.argv[-2]), sys.argv[-1])
