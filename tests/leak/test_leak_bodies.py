"""No identifier survives any format, any format inside another, any spelling."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.leak.layers import LAYERS, Layer, nests
from tests.leak.scene import Exchanged, Request, Scene
from tests.leak.spellings import NEUTRAL, Said

TEXTS = 7


def judge(
    scene: Scene, where: str, said: Sequence[Said], sent: Request, got: Exchanged
) -> list[str]:
    """What is wrong with an exchange whose answer is an echo, as far as bytes tell."""
    if got.refusal:
        arrived = "" if got.received is None else ", and it arrived"
        return [f"{where}: refused as {got.refusal}{arrived}"]
    scene.note(where, said)
    return [f"{where}: LEAK {leak}" for leak in scene.leaks(got, said)]


def _echoed(scene: Scene, where: str, layers: Sequence[Layer], said: Sequence[Said]) -> list[str]:
    """Write ``said`` in the layers, innermost last; send it; check both ends."""
    document = layers[-1].write([item.text for item in said])
    for layer in reversed(layers[:-1]):
        document = layer.write([NEUTRAL[0], document, NEUTRAL[1]])
    sent = Request(document.encode(), layers[0].content_type(document))
    got = scene.send(sent)
    wrong = judge(scene, where, said, sent, got)
    if wrong or got.received is None:
        return wrong
    wrong += [f"{where}: CHANGED {why}" for why in _changes(layers, said, got.received.body)]
    if got.body == sent.body:
        scene.tally.exact += 1
    elif all(layer.exact for layer in layers):
        wrong.append(f"{where}: NOT EXACT {_first_difference(sent.body, got.body)}")
    elif not _says(layers, got.body, said):
        wrong.append(f"{where}: NOT RESTORED {_first_difference(sent.body, got.body)}")
    else:
        scene.tally.equal += 1
    return wrong


def _says(layers: Sequence[Layer], body: bytes, said: Sequence[Said]) -> bool:
    try:
        return unwrapped(layers, body) == [item.text for item in said]
    except (ValueError, AssertionError, LookupError, SyntaxError):
        return False


def unwrapped(layers: Sequence[Layer], body: bytes) -> list[str]:
    """The texts in a body, read by the standard library's parsers."""
    document = body.decode()
    for layer in layers[:-1]:
        document = layer.read(document)[1]
    return layers[-1].read(document)


def _changes(layers: Sequence[Layer], said: Sequence[Said], received: bytes) -> list[str]:
    """Anything that the cloud got otherwise than sent, identifiers apart."""
    try:
        seen = unwrapped(layers, received)
    except Exception as error:
        return [f"the cloud cannot read it: {type(error).__name__} {error}"]
    if len(seen) != len(said):
        return [f"{len(said)} texts became {len(seen)}"]
    return [
        f"{item.text!r} became {text!r}"
        for item, text in zip(said, seen, strict=True)
        if not item.is_protected_as(text)
    ]


def _first_difference(sent: bytes, got: bytes) -> str:
    at = next((i for i, (a, b) in enumerate(zip(sent, got, strict=False)) if a != b), len(sent))
    start = max(0, at - 60)
    return f"{sent[start : at + 60]!r} came back as {got[start : at + 60]!r}"


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_no_identifier_survives_any_spelling(scene: Scene, layer: Layer) -> None:
    wrong: list[str] = []
    for _ in range(4):
        said = scene.author.texts(3 * TEXTS, layer.charset)
        wrong += _echoed(scene, layer.name, [layer], said)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("outer", LAYERS, ids=lambda layer: layer.name)
def test_no_identifier_survives_any_nesting(scene: Scene, outer: Layer) -> None:
    wrong: list[str] = []
    for inner in LAYERS:
        if nests(outer, inner):
            where = f"{outer.name} > {inner.name}"
            # What is inside a legacy charset must be sayable in it, escapes and all.
            charset = outer.charset if outer.charset != "utf-8" else inner.charset
            said = scene.author.texts(TEXTS, charset)
            wrong += _echoed(scene, where, [outer, inner], said)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("outer", LAYERS, ids=lambda layer: layer.name)
def test_a_body_without_identifiers_is_not_touched(scene: Scene, outer: Layer) -> None:
    """Neither on its way there nor back: the very bytes."""
    for inner in LAYERS:
        if nests(outer, inner):
            document = outer.write([NEUTRAL[2], inner.write(list(NEUTRAL)), NEUTRAL[0]])
            sent = Request(document.encode(), outer.content_type(document))
            got = scene.send(sent)
            assert got.received is not None, f"{outer.name} > {inner.name}: {got.refusal}"
            assert got.received.body == sent.body, f"{outer.name} > {inner.name}"
            assert got.body == sent.body, f"{outer.name} > {inner.name}"
