"""Bare mitmproxy, and the addons that bring a defect out: the same for it and for ours."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sim.gateway import BareMitmproxy

PROVOKE = '''
import gc
from mitmproxy import http
from mitmproxy.proxy.layers.http import HttpLayer

def hold_back():
    """Keeps every second piece until the next one, as a rewriting window does."""
    kept = b""
    odd = False
    def transform(chunk):
        nonlocal kept, odd
        odd = not odd
        kept += chunk
        if chunk and odd:
            return b""
        out, kept = kept, b""
        return out
    return transform

class A:
    """What it does depends on the path, so that one process serves every test."""

    def requestheaders(self, flow):
        path = flow.request.path
        if path == "/hold-back":
            flow.request.stream = hold_back()
        if path == "/stream":
            flow.request.stream = lambda chunk: chunk
        if path == "/grow":
            flow.request.stream = lambda chunk: chunk * 2
        if path == "/crash":
            flow.request.stream = True
            flow.response = http.Response.make(200)
        if path == "/refuse":
            flow.response = http.Response.make(403)
        if path == "/raise":
            raise ValueError

    def request(self, flow):
        if flow.request.path == "/refuse":
            flow.response.headers["x-kept"] = str(len(flow.request.raw_content or b""))

    def responseheaders(self, flow):
        if flow.request.path == "/hold-back":
            flow.response.stream = hold_back()

    def response(self, flow):
        if flow.request.path == "/connections":
            layers = [o for o in gc.get_objects() if type(o) is HttpLayer]
            most = max(len(layer.connections) for layer in layers)
            flow.response.headers["x-connections"] = str(most)
        if flow.request.path == "/decode":
            flow.response.content

    def websocket_message(self, flow):
        message = flow.websocket.messages[-1]
        if flow.request.path == "/longer" and message.from_client:
            message.content = message.content.replace(b"Camille", "P-1é".encode() * 2)
        if flow.request.path == "/swap" and message.from_client:
            message.content = message.content.replace("aé".encode(), "éa".encode())
        if flow.request.path == "/history" and not message.from_client:
            message.content = str(len(flow.websocket.messages)).encode()
'''


def provoking() -> object:
    """The addon for our own gateway."""
    space: dict[str, Any] = {}
    exec(PROVOKE, space)
    return space["A"]()


@pytest.fixture
def provoke() -> object:
    """An addon whose behaviour depends on the path of the request."""
    return provoking()


@pytest.fixture(scope="session")
def bare_process(stage: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareMitmproxy]:
    """One process of mitmproxy without any mend."""
    directory = tmp_path_factory.mktemp("bare")
    names = directory / "names.json"
    shutil.copytree(stage.ca_dir, directory / "ca")  # it writes files of its own there
    with BareMitmproxy(directory / "ca", stage.authority.pem, names, PROVOKE) as process:
        yield process


@pytest.fixture
def bare(bare_process: BareMitmproxy, stage: Any) -> Callable[[Any], BareMitmproxy]:
    """``bare(cloud)`` is mitmproxy as it comes before ``cloud``."""

    def before(cloud: Any) -> BareMitmproxy:
        bare_process.resolve(stage.host, cloud.address)
        return bare_process

    return before
