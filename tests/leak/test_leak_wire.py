"""No identifier survives any charset, content coding, framing or protocol, or a wrong label."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from proxy.reasons import Reason
from tests.leak.layers import BY_NAME, LAYERS, Layer
from tests.leak.scene import H2_HOST, HOST, Request, Scene
from tests.leak.test_leak_bodies import judge

_zstd = zstandard.ZstdCompressor()
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate (raw)": lambda data: zlib.compress(data, wbits=-15),
    "br": brotli.compress,
    "zstd": _zstd.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
    "zstd, deflate": lambda data: zlib.compress(_zstd.compress(data)),
    "identity": bytes,
}
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "x-gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "deflate (raw)": lambda data: zlib.decompress(data, wbits=-15),
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "gzip, br": lambda data: gzip.decompress(brotli.decompress(data)),
    "zstd, deflate": lambda data: UNPACK["zstd"](zlib.decompress(data)),
    "identity": bytes,
}
WIRES = (
    ("length", HOST, False),
    ("chunked", HOST, False),
    ("length", HOST, True),
    ("none", HOST, True),
    ("none", H2_HOST, True),
)
"""Framing of the request, service, and whether the client speaks HTTP/2."""
CHARSETS = {
    "utf-8": "",
    "utf-8-sig": "",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "utf-32": "utf-32",
    "latin-1": "iso-8859-1",
    "cp1252": "windows-1252",
    "iso8859-15": "iso-8859-15",
}
READERS = ("json", "json-keys", "json-lines", "html", "html-attribute", "xml", "text", "csv")


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("wire", WIRES, ids=lambda w: f"{w[0]}-{w[1].partition('.')[0]}-{w[2]}")
def test_no_identifier_survives_any_coding_on_any_wire(
    scene: Scene, coding: str, wire: tuple[str, str, bool]
) -> None:
    framing, host, h2 = wire
    scene.cloud.chunked = framing == "chunked"
    wrong: list[str] = []
    for layer in (BY_NAME["json"], BY_NAME["form"], BY_NAME["html"], BY_NAME["multipart"]):
        said = scene.author.texts(7)
        document = layer.write([item.text for item in said])
        sent = Request(
            CODINGS[coding](document.encode()),
            layer.content_type(document),
            coding.partition(" (")[0],
            framing=framing,
            host=host,
        )
        where = f"{layer.name} in {coding}, {framing}, {host}, h2={h2}"
        got = scene.send(sent, h2=h2)
        wrong += judge(scene, where, said, sent, got)
        if got.refusal or got.received is None:
            continue
        back = layer.read(UNPACK[coding](got.body).decode())
        if back != [item.text for item in said]:
            wrong.append(f"{where}: NOT RESTORED")
        seen = layer.read(UNPACK[coding](got.received.body).decode())
        wrong += [
            f"{where}: {text!r}"
            for item, text in zip(said, seen, strict=True)
            if not item.is_protected_as(text)
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("labelled", [True, False], ids=["declared", "undeclared"])
@pytest.mark.parametrize("charset", CHARSETS)
def test_no_identifier_survives_any_charset(scene: Scene, charset: str, labelled: bool) -> None:
    """Undeclared legacy text comes back as UTF-8 where nothing told its charset any more."""
    wrong: list[str] = []
    label = CHARSETS[charset] if labelled else ""
    for name in READERS:
        layer = BY_NAME[name]
        said = scene.author.texts(7, charset)
        body = layer.write([item.text for item in said]).encode(charset)
        media = layer.media.partition(";")[0] + (f"; charset={label}" if label else "")
        sent = Request(body, media)
        got = scene.send(sent)
        where = f"{name} in {charset} ({media})"
        wrong += judge(scene, where, said, sent, got)
        if got.refusal or got.received is None:
            continue
        texts = [item.text for item in said]
        if layer.read(_decoded(got.body, charset, labelled)) != texts:
            wrong.append(f"{where}: NOT RESTORED {got.body[:200]!r}")
    assert not wrong, "\n".join(wrong)


def _decoded(body: bytes, charset: str, labelled: bool) -> str:
    """As a client reads it: by the label; without one, as UTF-8 if it can be."""
    if not labelled and not charset.startswith("utf"):
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    return body.decode(charset)


LIES = (
    "application/octet-stream",
    "image/png",
    "text/plain",
    "text/html",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=rien",
    "application/x-protobuf",
    "text/csv",
    "application/xml",
    "text/javascript",
    "application/pdf",
    "garbage",
    "",
)


@pytest.mark.parametrize("lie", LIES)
def test_no_identifier_survives_a_wrong_content_type(scene: Scene, lie: str) -> None:
    """The bytes decide, not the label; nothing is refused for its label alone."""
    wrong: list[str] = []
    for layer in LAYERS:
        said = scene.author.texts(7, layer.charset)
        document = layer.write([item.text for item in said])
        sent = Request(document.encode(), lie)
        got = scene.send(sent)
        where = f"{layer.name} as {lie}"
        wrong += judge(scene, where, said, sent, got)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_coding_that_is_not_declared_hides_nothing(scene: Scene, coding: str) -> None:
    """Gzip is recognised; what cannot be read is refused, and nothing of it arrives."""
    said = scene.author.texts(7)
    document = BY_NAME["json"].write([item.text for item in said]).encode()
    got = scene.send(Request(CODINGS[coding](document), "application/json"))
    if coding == "gzip":
        assert got.received is not None
        assert not scene.leaks(got, said)
        return
    assert got.refusal in (Reason.OPAQUE_CONTENT, Reason.UNDECODABLE, Reason.CONTENT_MISMATCH)
    assert got.received is None


def _three(scene: Scene) -> list[tuple[Layer, Layer, Layer]]:
    names = ("json", "form", "html-entities", "base64-url", "xml-attribute", "percent-twice")
    layers = [BY_NAME[name] for name in names]
    return list(itertools.product(layers, repeat=3))


def test_no_identifier_survives_three_layers(scene: Scene) -> None:
    wrong: list[str] = []
    for layers in _three(scene):
        said = scene.author.texts(3)
        document = layers[2].write([item.text for item in said])
        for layer in (layers[1], layers[0]):
            document = layer.write(["rien", document, "rien"])
        got = scene.send(sent := Request(document.encode(), layers[0].content_type(document)))
        where = " > ".join(layer.name for layer in layers)
        wrong += judge(scene, where, said, sent, got)
        if got.received is None or got.refusal:
            continue
        try:
            back = got.body.decode()
            for layer in layers[:2]:
                back = layer.read(back)[1]
            restored = layers[2].read(back) == [item.text for item in said]
        except (ValueError, LookupError, SyntaxError):
            restored = False
        if not restored:
            wrong.append(f"{where}: NOT RESTORED")
    assert not wrong, "\n".join(wrong)
