"""Streams that must leave at once: each event by itself, pseudonyms put together over several."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content.limits import Limits
from proxy.content.streaming import DocumentStream, EventStream, Passage, StreamRewriter
from proxy.errors import Refused
from tests.proxy.content.content_toy import Toy

CORE = "0a1b2c3d4e5f6g7h8i9jklmnop".translate(str.maketrans("0189", "2345"))
NAME = "Zqa" + "kfmwzabcdefghijklmnopqrstuvw" + "b"
VISITOR = Toy(
    {
        f"zqa{CORE}b": "Léa Martin",
        f"zqa{CORE}3@p.ecole.example": "lea@ecole.example",
        f"zqa{CORE}3": "lea",
        NAME: 'Zoé "Zaza" Øst',
        "0f1e2d3c-4b5a-8978-8a9b-0c1d2e3f4a5b": "11111111-2222-4333-8444-555555555555",
    }
)
TOKENS = list(VISITOR.words)


def stream(make: Any = EventStream) -> StreamRewriter:
    passage = Passage(VISITOR, Limits(), True, lambda word, picture: None, "text/event-stream")
    return StreamRewriter(passage, "", make=make, pack=False)


def sent(rewriter: StreamRewriter, *pieces: bytes) -> list[bytes]:
    """What each piece lets out; the end is the last."""
    return [b"".join(rewriter(piece)) for piece in (*pieces, b"")]


def test_an_event_leaves_as_soon_as_it_is_whole() -> None:
    rewriter = stream()
    assert rewriter(f"data: zqa{CORE}".encode()) == []
    assert rewriter(b"b\n\nda") == ["data: Léa Martin\n\n".encode()]


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_event_streams_are_restored_wherever_they_are_cut(sizes: list[int]) -> None:
    token = f"zqa{CORE}b"
    data = f'data: {{"n":"{NAME}","u":"é"}}\n\n: {token}\r\n\r\nid: 7\ndata: {token}'.encode()
    rewriter, out, at, turn = stream(), b"", 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out += b"".join(rewriter(data[at : at + size]))
        at, turn = at + size, turn + 1
    out += b"".join(rewriter(b""))
    assert out.decode() == (
        'data: {"n":"Zoé \\"Zaza\\" Øst","u":"é"}\n\n: Léa Martin\r\n\r\nid: 7\ndata: Léa Martin'
    )


def test_stray_bytes_in_an_event_stay() -> None:
    assert sent(stream(), b'data: {"a":"\xff"}\n\n')[0] == b'data: {"a":"\xff"}\n\n'


@pytest.mark.parametrize("make", [EventStream, DocumentStream])
def test_an_endless_event_is_refused(make: Any) -> None:
    rewriter = stream(make)
    event = b"data: " + b"x" * 1_000_000
    assert rewriter(event) == []
    with pytest.raises(Refused):
        rewriter(event)


# --- deltas -------------------------------------------------------------------------------


def openai(text: str) -> Any:
    return {"id": "chatcmpl-z", "choices": [{"index": 0, "delta": {"content": text}}]}


def anthropic(text: str) -> Any:
    return {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "text_delta", "text": text},
    }


def responses(text: str) -> Any:
    return {"type": "response.output_text.delta", "item_id": "m_1", "delta": text}


def gemini(text: str) -> Any:
    return {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}}]}


def ai_sdk(text: str) -> Any:
    return {"type": "text-delta", "id": "0", "delta": text}


def ollama(text: str) -> Any:
    return {"model": "m", "message": {"role": "assistant", "content": text}, "done": False}


def generate(text: str) -> Any:
    return {"model": "m", "response": text, "done": False}


STYLES = [openai, anthropic, responses, gemini, ai_sdk, ollama, generate]
ENDS: dict[Any, Any] = {
    openai: {"id": "chatcmpl-z", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    anthropic: {"type": "content_block_stop", "index": 1},
    responses: {"type": "response.output_text.done", "item_id": "m_1", "text": "…"},
    gemini: {"candidates": [{"finishReason": "STOP"}]},
    ai_sdk: {"type": "text-end", "id": "0"},
    ollama: {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True},
    generate: {"model": "m", "response": "", "done": True},
}


def text_of(style: Any, document: Any) -> str:
    """The text that a client of that style takes from an event."""
    model = json.dumps(style("\0"))
    for path in _paths(json.loads(model)):
        here = document
        try:
            for step in path:
                here = here[step]
        except (KeyError, IndexError, TypeError):
            return ""
        return str(here)
    raise AssertionError


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if value == "\0":
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, str):
        return []
    return [
        found
        for step, one in inner
        if isinstance(one, dict | list | str)
        for found in _paths(one, (*path, step))
    ]


def wire(document: Any, *, lines: bool) -> bytes:
    text = json.dumps(document, ensure_ascii=False)
    return (f"{text}\n" if lines else f"event: x\ndata: {text}\n\n").encode()


def documents(raw: bytes, *, lines: bool) -> list[Any]:
    rows = raw.decode().split("\n")
    return [
        json.loads(row if lines else row[6:])
        for row in rows
        if (row if lines else row.startswith("data: "))
    ]


def restored(text: str) -> str:
    return VISITOR.pattern.sub(lambda match: VISITOR.words[match[0]], text)


PIECES = st.sampled_from(
    [*TOKENS, "Bonjour", " ", " chez ", "zq", "z", "42", "é", ". ", "abc 2024"]
)


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=40, deadline=None)
@given(pieces=st.lists(PIECES, min_size=1, max_size=8), size=st.integers(1, 40))
def test_pseudonyms_are_put_together_over_events(
    style: Any, lines: bool, pieces: list[str], size: int
) -> None:
    text = " ".join(pieces)
    deltas = [text[at : at + size] for at in range(0, len(text), size)]
    rewriter = stream(DocumentStream if lines else EventStream)
    ends = wire(ENDS[style], lines=lines)
    out = sent(rewriter, *(wire(style(delta), lines=lines) for delta in deltas), ends)
    got = "".join(text_of(style, one) for raw in out for one in documents(raw, lines=lines))
    assert got == restored(text)
    last = documents(b"".join(out), lines=lines)[-1]
    assert last.keys() == ENDS[style].keys()
    assert all(raw for raw in out[:-1]), "no event waits for the next"


def test_only_the_tail_that_may_be_a_pseudonym_waits() -> None:
    half = f"zqa{CORE[:9]}"
    out = sent(
        stream(),
        wire(openai(f"Bonjour {half}"), lines=False),
        wire(openai(f"{CORE[9:]}b et merci"), lines=False),
    )
    first, second = (documents(raw, lines=False)[0] for raw in out[:2])
    assert text_of(openai, first) == "Bonjour "
    assert text_of(openai, second) == "Léa Martin et merci"
    assert out[2] == b""


def test_what_is_no_delta_is_never_carried_over() -> None:
    document = {"id": "chatcmpl-zq", "model": "modelez", "choices": [{"delta": {"content": "a"}}]}
    out = sent(stream(), *[wire(document, lines=False)] * 3)
    assert out[:3] == [wire(document, lines=False)] * 3


def test_choices_are_texts_of_their_own() -> None:
    def choice(index: int, text: str) -> bytes:
        return wire({"choices": [{"index": index, "delta": {"content": text}}]}, lines=False)

    half, rest = f"zqa{CORE[:5]}", f"{CORE[5:]}b"
    out = sent(stream(), choice(0, half), choice(1, half), choice(1, rest), choice(0, rest))
    texts = [text_of(openai, documents(raw, lines=False)[0]) for raw in out[:4]]
    assert texts == ["", "", "Léa Martin", "Léa Martin"]


def test_a_tail_that_was_no_pseudonym_comes_before_the_end() -> None:
    out = sent(stream(), wire(openai("chez"), lines=False), b"data: [DONE]\n\n")
    assert text_of(openai, documents(out[0], lines=False)[0]) == "che"
    copy, _, done = out[1].partition(b"data: [DONE]")
    assert text_of(openai, documents(copy, lines=False)[0]) == "z"
    assert done == b"\n\n"


def test_the_data_stream_of_the_ai_sdk_is_put_together() -> None:
    half, rest = f"zqa{CORE[:5]}", f"{CORE[5:]}b"
    out = sent(
        stream(DocumentStream),
        f'0:"Bonjour {half}"\n'.encode(),
        f'0:"{rest} !"\n'.encode(),
        b'd:{"finishReason":"stop"}\n',
    )
    assert out[:2] == [b'0:"Bonjour "\n', '0:"Léa Martin !"\n'.encode()]
