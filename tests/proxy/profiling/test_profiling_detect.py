"""Which format a request is in: every documented message, in every wrapping, and no other."""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.profiling import detect
from proxy.profiling.beginning import LENGTH
from proxy.profiling.formats import BY_NAME, CATEGORY, FORMATS, Family
from tests.proxy.profiling import profiling_payloads as sent
from tests.proxy.profiling.profiling_ordinary import ORDINARY, TARGETS
from tests.proxy.profiling.profiling_payloads import MESSAGES, PAYLOADS, Fields, Payload, dumps

ELSEWHERE = "/api/save"
CODINGS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
    b"zstd": zstandard.ZstdCompressor().compress,
    b"gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}
BODIES: tuple[tuple[str, Any], ...] = (
    ("caliper", sent.CALIPER),
    ("caliper", sent.CALIPER_EVENT),
    ("xapi", sent.STATEMENT),
    ("segment", {"batch": [sent.SEGMENT_TRACK], "writeKey": "k", "sentAt": sent.NOW}),
    ("segment", sent.SEGMENT_TRACK),
    ("amplitude", {"api_key": "a", "events": [sent.AMPLITUDE_EVENT]}),
    ("mixpanel", sent.MIXPANEL_EVENT),
    ("posthog", sent.POSTHOG_EVENT),
    ("snowplow", sent.SNOWPLOW),
    ("rrweb", sent.RRWEB),
    ("clarity", sent.CLARITY),
    ("fullstory", sent.FULLSTORY),
    ("onecollector", sent.ONECOLLECTOR_EVENT),
    ("application-insights", sent.INSIGHTS),
    ("sentry", sent.SENTRY_EVENT),
    ("datadog", sent.DATADOG_VIEW),
    ("opentelemetry", sent.OTLP),
)
"""What is told by the body alone."""


def found(method: str, target: str, headers: Fields, body: bytes) -> str | None:
    format = detect.in_head(method, target) or detect.in_body(method, target, headers, body)
    return format.name if format else None


def told(body: bytes, *headers: tuple[bytes, bytes]) -> str | None:
    return found("POST", ELSEWHERE, headers, body)


@pytest.mark.parametrize("payload", PAYLOADS, ids=str)
def test_every_documented_message_is_recognised(payload: Payload) -> None:
    assert found(*payload[2:]) == payload.format


def test_every_format_has_a_message() -> None:
    assert {payload.format for payload in PAYLOADS} == set(BY_NAME)


@pytest.mark.parametrize(("name", "message"), MESSAGES)
def test_messages_of_sockets_are_recognised(name: str, message: bytes) -> None:
    format = detect.in_message(message)
    assert format is not None
    assert format.name == name


@pytest.mark.parametrize("ordinary", ORDINARY, ids=lambda each: f"{each[1]} {each[3][:40]!r}")
def test_no_ordinary_request_is_a_report(ordinary: tuple[str, str, Fields, bytes]) -> None:
    method, target, headers, body = ordinary
    assert found(method, target, headers, body) is None
    assert detect.in_message(body) is None


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_ordinary_address_is_a_report(method: str, target: str) -> None:
    assert found(method, target, (), b"") is None


def test_reading_is_never_a_report() -> None:
    body = dumps(sent.STATEMENT)
    for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        assert found(method, "/xapi/statements", sent.JSON, body) is None


@pytest.mark.parametrize(("name", "document"), BODIES)
@pytest.mark.parametrize("coding", [b"", *CODINGS])
def test_no_coding_and_no_declared_type_hides_a_report(
    name: str, document: Any, coding: bytes
) -> None:
    body = CODINGS[coding](dumps(document)) if coding else dumps(document)
    for declared in (b"application/json", b"text/plain", b"application/octet-stream"):
        headers = ((b"content-type", declared), (b"Content-Encoding", coding))
        assert told(body, *headers[: 2 if coding else 1]) == name


@pytest.mark.parametrize(("name", "document"), BODIES)
@pytest.mark.parametrize("coding", [gzip.compress, zlib.compress, CODINGS[b"zstd"]])
def test_no_coding_that_is_not_declared_hides_a_report(
    name: str, document: Any, coding: Callable[[bytes], bytes]
) -> None:
    assert told(coding(dumps(document))) == name


def shuffled(document: Any, chance: random.Random) -> Any:
    if isinstance(document, dict):
        members = [(key, shuffled(value, chance)) for key, value in document.items()]
        chance.shuffle(members)
        return dict(members)
    return [shuffled(each, chance) for each in document] if isinstance(document, list) else document


@given(st.sampled_from(BODIES), st.randoms(use_true_random=False), st.sampled_from([None, 1, 4]))
@settings(max_examples=150, deadline=None)
def test_neither_the_order_of_keys_nor_space_hides_a_report(
    body: tuple[str, Any], chance: random.Random, indent: int | None
) -> None:
    name, document = body
    text = json.dumps(shuffled(document, chance), indent=indent, ensure_ascii=chance.random() < 0.5)
    assert told(b"\n " + text.encode()) == name


@given(st.sampled_from(BODIES), st.integers(1, 300), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_neither_number_nor_nesting_hides_a_report(
    body: tuple[str, Any], number: int, nesting: int
) -> None:
    """Batches longer than what is read are cut anywhere."""
    name, document = body
    batch: Any = [document] * number if nesting else document
    for level in range(nesting - 1):
        batch = {"data": batch} if level % 2 else [batch]
    assert told(dumps(batch)) == name


@given(st.sampled_from(BODIES), st.integers(2, 40))
@settings(max_examples=60, deadline=None)
def test_lines_are_read_as_documents(body: tuple[str, Any], number: int) -> None:
    name, document = body
    assert told(sent.lines(*[document] * number)) == name


def test_a_batch_with_its_key_behind_all_that_is_read_is_recognised() -> None:
    events = [sent.AMPLITUDE_EVENT] * (2 * LENGTH // len(dumps(sent.AMPLITUDE_EVENT)))
    assert told(dumps({"events": events, "api_key": "a"})) == "amplitude"
    events = [sent.SEGMENT_TRACK] * (2 * LENGTH // len(dumps(sent.SEGMENT_TRACK)))
    assert told(dumps({"batch": events, "writeKey": "k"})) == "segment"


TEXT = st.text(max_size=12)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=25,
)
NAMES = st.sampled_from(
    "actor verb object id data type timestamp events event properties batch sdk name payload kind "
    "userId messageId context sensor sendTime e a p ver time token requests schema visitors".split()
)
NAMED = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)


@given(DOCUMENTS | NAMED)
@settings(max_examples=400, deadline=None)
def test_random_documents_are_never_reports(document: Any) -> None:
    assert told(dumps(document)) is None


@given(st.binary(max_size=400), st.sampled_from([b"", *CODINGS]))
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_never_reports_and_never_an_error(data: bytes, coding: bytes) -> None:
    headers = ((b"content-encoding", coding),) if coding else ()
    assert told(data, *headers) is None
    assert detect.in_message(data) is None
    assert detect.in_head("GET", "/" + data.decode("latin-1")) is None


@given(st.sampled_from(PAYLOADS), st.binary(max_size=30), st.integers(0, 400))
@settings(max_examples=300, deadline=None)
def test_a_damaged_report_is_never_an_error(payload: Payload, noise: bytes, at: int) -> None:
    body = payload.body[:at] + noise + payload.body[at:]
    detect.in_body(payload.method, payload.target, payload.headers, body)
    detect.in_message(body)


def test_a_bomb_costs_no_more_than_its_beginning() -> None:
    bomb = gzip.compress(b"[" + b'{"verb":1},' * 4_000_000)
    assert told(bomb, (b"content-encoding", b"gzip")) is None
    assert told(b"[" * 60_000 + b'"verb"') is None


def test_every_format_has_a_category_and_an_answer() -> None:
    assert set(CATEGORY) == set(Family)
    for format in FORMATS:
        assert format.category in ("profiling", "telemetry", "session-replay")
        assert 200 <= format.success.status < 300
        assert bool(format.success.body) == bool(format.success.content_type)


def test_the_documentation_names_every_format_under_its_category() -> None:
    page = (Path(__file__).parents[3] / "docs" / "blocking.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    named = {
        name: row[2].strip(" `")
        for row in rows
        if len(row) == 5
        for name in re.findall(r"`([a-z0-9-]+)`", row[3])
        if name in BY_NAME
    }
    assert named == {format.name: format.category for format in FORMATS}
