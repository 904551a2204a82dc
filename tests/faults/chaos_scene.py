"""What the chaos tests share: a stage's oracle, a broken line to its cloud, patient clients."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator

from tests.faults.chaos_oracle import Oracle
from tests.faults.conftest import Stage
from tests.sim.authority import client_context
from tests.sim.chaos import ChaosProxy
from tests.sim.raw_client import ConnectRefused, RawClient
from tests.sim.school import HOST

DEADLINE = 10.0
"""Seconds in which every request here must have ended, one way or the other."""

LONG = b"Un devoir bien construit. " * 300


def oracle_of(stage: Stage) -> Oracle:
    runtime = stage.open.runtime
    oracle = Oracle(
        runtime.site.audit_dir,
        lambda: runtime.metrics.render().decode(),
        lambda: stage.cloud.everything,
        stage.secrets,
    )
    oracle.overhear(runtime)
    return oracle


@contextlib.contextmanager
def before_the_cloud(stage: Stage) -> Iterator[ChaosProxy]:
    """The gateway finds the service behind a chaos proxy."""
    resolve = stage.open.worker.settings.resolve
    usual = resolve[HOST]
    with ChaosProxy(usual) as chaos:
        resolve[HOST] = chaos.address  # type: ignore[index] # a dict, as the school made it
        try:
            yield chaos
        finally:
            resolve[HOST] = usual  # type: ignore[index]


def long_post(stage: Stage) -> bytes:
    person = stage.person
    text = f'{{"student": {{"name": "{person.full_name}"}}, "note": "{LONG.decode()}"}}'
    return stage.post(text.encode())


def try_to_ask(stage: Stage, request: bytes, port: int | None = None) -> bytes:
    """The head of the answer; nothing when the connection broke."""
    try:
        context = client_context(stage.open.ca_pem)
        with RawClient.connect(port or stage.open.port, HOST, context, timeout=DEADLINE) as client:
            return client.ask(request)[0]
    except (OSError, ssl.SSLError, ConnectRefused):
        return b""
