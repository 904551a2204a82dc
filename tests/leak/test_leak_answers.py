"""What a service makes of pseudonyms: other formats, other services, other viewers, refusals."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable

import pytest

from proxy.reasons import Reason
from tests.leak.layers import BY_NAME, LAYERS, Layer
from tests.leak.mirror import Answer, Received, echo
from tests.leak.scene import HOST, OTHER_HOST, VISITOR, Request, Scene
from tests.leak.spellings import TOKEN, Said

WRITERS = ("json", "form", "multipart", "html-entities", "base64")


def _rewritten(read: Layer, write: Layer) -> Callable[[Received], Answer]:
    """A cloud that reads one format and answers in another."""

    def reply(request: Received) -> Answer:
        document = write.write(read.read(request.body.decode()))
        return Answer(document.encode(), [("content-type", write.content_type(document).encode())])

    return reply


@pytest.mark.parametrize("write", LAYERS, ids=lambda layer: layer.name)
def test_pseudonyms_come_back_as_names_in_any_format_of_an_answer(
    scene: Scene, write: Layer
) -> None:
    wrong: list[str] = []
    for name in WRITERS:
        read = BY_NAME[name]
        said = scene.author.texts(14, write.charset)
        document = read.write([item.text for item in said])
        scene.cloud.reply = _rewritten(read, write)
        got = scene.send(Request(document.encode(), read.content_type(document)))
        where = f"{name} answered as {write.name}"
        try:
            seen = write.read(got.body.decode("utf-8", "surrogateescape"))
        except (ValueError, AssertionError, LookupError, SyntaxError) as error:
            wrong.append(f"{where}: BROKEN {error!r} {got.body[:300]!r}")
            continue
        wrong += [
            f"{where}: {item.text!r} came back {text!r}"
            for item, text in zip(said, seen, strict=True)
            if text != item.text
        ]
    assert not wrong, "\n".join(wrong)


def _seen(scene: Scene, said: Said, host: str = HOST) -> list[str]:
    """The pseudonyms that a service gets."""
    got = scene.send(Request(said.text.encode(), "text/plain; charset=utf-8", host=host))
    assert got.received is not None
    return re.findall(TOKEN, got.received.body.decode())


def test_two_services_never_see_the_same_pseudonym(scene: Scene) -> None:
    here: set[str] = set()
    there: set[str] = set()
    for said in scene.author.texts(300):
        ours, theirs = _seen(scene, said), _seen(scene, said, OTHER_HOST)
        assert len(ours) == len(theirs) >= 1
        here.update(ours)
        there.update(theirs)
    assert not here & there
    cores = [{token[3:20] for token in tokens} for tokens in (here, there)]
    assert not cores[0] & cores[1]


def test_pseudonyms_of_one_service_mean_nothing_in_the_answers_of_another(scene: Scene) -> None:
    for said in scene.author.texts(50):
        tokens = " ".join(_seen(scene, said))
        scene.cloud.reply = lambda _, body=tokens: Answer(
            body.encode(), [("content-type", b"text/plain")]
        )
        assert scene.send(Request(method="GET", host=OTHER_HOST)).body == tokens.encode()


def test_a_viewer_from_another_school_keeps_seeing_pseudonyms(scene: Scene) -> None:
    """In every format; the people's own school sees the names in the very same answers."""
    for layer in LAYERS:
        said = scene.author.texts(7, layer.charset)
        document = layer.write([item.text for item in said])
        request = Request(document.encode(), layer.content_type(document))
        scene.cloud.reply = echo
        abroad = scene.send(request, source=VISITOR)
        assert abroad.received is not None
        here = [person for item in said for person in item.people]
        assert not scene.oracle.near(abroad.body, here), layer.name
        assert abroad.body == abroad.received.body, layer.name
        kept = abroad.received.body
        scene.cloud.reply = lambda _, body=kept, media=request.content_type: Answer(
            body, [("content-type", media.encode())]
        )
        assert layer.read(scene.send(Request(method="GET")).body.decode()) == [
            item.text for item in said
        ], layer.name


def _token(said: Said) -> bytes:
    parts = (json.dumps({"alg": "RS256"}), json.dumps({"note": said.text}))
    words = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*words, "c2lnbmF0dXJlLXNpZ25hdHVyZQ"]).encode()


def _deep(said: Said) -> bytes:
    text = said.text
    for _ in range(12):
        text = json.dumps({"v": text})
    return text.encode()


BAD: dict[str, tuple[Callable[[Said], bytes], str, str, set[Reason]]] = {
    "a signed token": (_token, "text/plain", "", {Reason.SIGNED_CONTENT}),
    "a cut gzip": (
        lambda said: gzip.compress(said.text.encode())[:-9],
        "text/plain",
        "gzip",
        {Reason.UNDECODABLE},
    ),
    "bytes behind a gzip": (
        lambda said: gzip.compress(b"rien") + said.text.encode(),
        "text/plain",
        "gzip",
        {Reason.UNDECODABLE},
    ),
    "an unknown coding": (
        lambda said: said.text.encode(),
        "text/plain",
        "compress",
        {Reason.UNDECODABLE},
    ),
    "an unknown charset": (
        lambda said: said.text.encode("utf-7"),
        "text/plain; charset=utf-7",
        "",
        {Reason.UNDECODABLE},
    ),
    "names in an image": (
        lambda said: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + said.text.encode(),
        "image/png",
        "",
        {Reason.CONTENT_MISMATCH, Reason.OPAQUE_CONTENT},
    ),
    "names in a broken protobuf": (
        lambda said: b"\x08\x01\x12\x00\x1a\x7f" + said.text.encode() + b"\x00\x01\x02\x03",
        "application/x-protobuf",
        "",
        {Reason.CONTENT_MISMATCH, Reason.OPAQUE_CONTENT},
    ),
    "a zip": (
        lambda said: b"PK\x03\x04\x14\0\0\0\x08\0" + gzip.compress(said.text.encode())[10:],
        "application/zip",
        "",
        {Reason.CONTENT_MISMATCH, Reason.OPAQUE_CONTENT},
    ),
    "entities of its own": (
        lambda said: f'<!DOCTYPE a [<!ENTITY n "x">]><a>{said.text}&n;</a>'.encode(),
        "application/xml",
        "",
        {Reason.UNDECODABLE},
    ),
    "too many layers": (_deep, "application/json", "", {Reason.UNDECODABLE}),
    "broken base64": (
        lambda said: (
            b"--b\r\ncontent-transfer-encoding: base64\r\n\r\nabcde\r\n--b\r\n\r\n"
            + said.text.encode()
            + b"\r\n--b--\r\n"
        ),
        "multipart/form-data; boundary=b",
        "",
        {Reason.UNDECODABLE},
    ),
}


@pytest.mark.parametrize("h2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_read_is_refused_for_a_reason_and_never_arrives(
    scene: Scene, bad: str, h2: bool
) -> None:
    make, media, coding, reasons = BAD[bad]
    for said in scene.author.names(20):
        before = len(scene.cloud.everything)
        got = scene.send(Request(make(said), media, coding), h2=h2)
        assert got.refusal in reasons, said.text
        assert len(scene.cloud.everything) == before
        assert not scene.oracle.near(got.head + got.body, said.people), "on the refusal page"
