"""Content codings under limits."""

from __future__ import annotations

import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from content_toy import PROTECT, run
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content.body import rewrite_body
from proxy.content.compression import decode, encode, parse
from proxy.content.data import NO_FIELDS
from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason

NAMES = ["gzip", "deflate", "deflate-raw", "br", "zstd"]
LIMITS = Limits()


def _refusal(data: bytes, names: list[str], limits: Limits = LIMITS) -> Reason:
    with pytest.raises(Refused) as refused:
        decode(data, names, limits)
    return refused.value.reason


@given(
    data=st.binary(min_size=1, max_size=5000), names=st.lists(st.sampled_from(NAMES), max_size=3)
)
@settings(max_examples=150, deadline=None)
def test_decoding_undoes_encoding(data: bytes, names: list[str]) -> None:
    declared = ["deflate" if name == "deflate-raw" else name for name in names]
    if "deflate-raw" in names:
        return  # a raw stream may look like a zlib header; see the test below
    assert decode(encode(data, names), declared, LIMITS) == (data, names)


def test_raw_deflate_is_recognised_and_redone_raw() -> None:
    data = b'{"a":"Jean Dupont"}' * 5
    packed = encode(data, ["deflate-raw"])
    assert decode(packed, ["deflate"], LIMITS) == (data, ["deflate-raw"])


def test_gzip_of_several_members_is_one_body() -> None:
    packed = encode(b"Jean ", ["gzip"]) + encode(b"Dupont", ["gzip"])
    assert decode(packed, ["gzip"], LIMITS)[0] == b"Jean Dupont"
    assert b"Dupont" not in decode(run(packed, encoding="gzip").body, ["gzip"], LIMITS)[0]


@pytest.mark.parametrize("name", NAMES)
def test_what_follows_a_stream_is_refused(name: str) -> None:
    packed = encode(b"hello world " * 50, [name])
    declared = "deflate" if name == "deflate-raw" else name
    assert _refusal(packed + b"Jean Dupont", [declared]) is Reason.UNDECODABLE


@pytest.mark.parametrize("name", NAMES)
def test_every_cut_of_a_stream_is_refused(name: str) -> None:
    packed = encode(b"hello world, " * 3 + bytes(range(200)), [name])
    declared = "deflate" if name == "deflate-raw" else name
    for size in range(len(packed)):
        assert _refusal(packed[:size], [declared]) is Reason.UNDECODABLE


BOMBS = {
    "gzip": encode(bytes(64 << 20), ["gzip"]),
    "br": brotli.compress(bytes(64 << 20), quality=1),
    "zstd": zstandard.ZstdCompressor(level=1, write_content_size=False).compress(bytes(64 << 20)),
    "deflate": zlib.compress(bytes(64 << 20), 1),
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_refused_before_memory_is_taken(name: str) -> None:
    limits = Limits(expanded=4 << 20, ratio=10_000_000)
    tracemalloc.start()
    try:
        assert _refusal(BOMBS[name], [name], limits) is Reason.EXPANSION_LIMIT
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 << 20


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_the_ratio_alone_refuses(name: str) -> None:
    assert (
        _refusal(BOMBS[name], [name], Limits(expanded=1 << 30, ratio=100)) is Reason.EXPANSION_LIMIT
    )


@pytest.mark.parametrize("value", ["compress", "aes128gcm", "gzip, x", "gzip,gzip,gzip,gzip"])
def test_unknown_or_too_many_codings_are_refused(value: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(value, LIMITS)
    assert refused.value.reason is Reason.UNDECODABLE


def test_identity_and_aliases() -> None:
    assert parse("identity, X-GZIP , br", LIMITS) == ["gzip", "br"]


def test_several_header_lines_are_one_list() -> None:
    packed = brotli.compress(encode(b'["Jean Dupont"]', ["gzip"]))
    headers = ((b"content-encoding", b"gzip"), (b"Content-Encoding", b"br"))
    sent = rewrite_body(packed, headers, PROTECT, NO_FIELDS, LIMITS, "request")
    assert zlib.decompress(brotli.decompress(sent.body), 31) == b'["zq1bbbb"]'
    assert sent.content_encoding == b"gzip, br"
