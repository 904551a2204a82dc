"""Malformed and odd messages: two readable files, and families that are generated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.sim.school import HOST

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One message; ``target`` is where it goes, and tells it from all others."""

    name: str
    expected: str
    raw: bytes
    target: str


def read(file: str) -> list[Case]:
    """The cases of a file."""
    blocks: list[tuple[str, list[str]]] = []
    for line in (_HERE / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            blocks.append((line[3:], []))
        elif blocks:
            blocks[-1][1].append(line)
    cases = []
    for number, (title, lines) in enumerate(blocks):
        name, _, expected = title.rpartition(" | ")
        cases.append(case(f"{file[0]}{number}", name, expected, b"".join(map(_wire, lines))))
    return cases


def case(key: str, name: str, expected: str, raw: bytes) -> Case:
    """A case whose placeholders are filled in."""
    target = f"/v1/{key}x"
    filled = raw.replace(b"{H}", HOST.encode()).replace(b"{T}", target.encode())
    return Case(name, expected, filled, target)


def _wire(line: str) -> bytes:
    ended = not line.endswith("\\") or line.endswith("\\\\")
    text = line if ended else line[:-1]
    quoted = text.replace('"', '\\"')
    value: bytes = ast.literal_eval(f'b"{quoted}"')
    return value + (b"\r\n" if ended else b"")


_GET = b"GET {T} HTTP/1.1\r\nHost: {H}\r\n"
_POST = b"POST {T} HTTP/1.1\r\nHost: {H}\r\n"
_CHUNKS = b"\r\n3\r\nabc\r\n0\r\n\r\n"

LENGTHS = [
    b"+3", b"-3", b"0x3", b"3.0", b"3e0", b"03", b"3 3", b"3;", b"3,", b",3", b"'3'", b'"3"', b"",
    b"three", "٣".encode(), "３".encode(), b"3\x0b", b"3\x00", b"1_0", b"9" * 40, b"\xb3", b"3\t4",
]  # fmt: skip
CODINGS = [
    b"xchunked", b"chunkedx", b"chunked, identity", b"identity, chunked", b"chunked, chunked",
    b"identity", b"", b"chunked;q=1", b'"chunked"', b"'chunked'", b"chunked,", b",chunked",
    b"gzip", b"deflate, chunked", b"chunk", b"\x0bchunked", b"chunked\x0c", b"chunked\x00",
    b"chunKed", b"[chunked]", b"cow, chunked", b"\xa0chunked", b"chunked\xa0",
]  # fmt: skip
NAMES = [
    b"%s ", b"%s\t", b" %s", b"\t%s", b"%s\x0b", b"%s\x00", b"\x0b%s", b"%s\xa0", b"x\r%s", b"%s\r",
    b"(%s)", b"%s,", b"%s/", b'"%s"', b"%s\\", b"%s{}", b"%s@", b"%s;x",
]  # fmt: skip
SIZES = [
    b"-3", b"+3", b"0x3", b" 3", b"3 ", b"\t3", b"3\t", b"3_0", b"", b"g", b"3 3", b"3,",
    "３".encode(), b"f" * 17, b"f" * 30, b"0" * 30 + b"3", b"3\x00", b"3\x0b", b"3\r", b"3.",
]  # fmt: skip
CONTROLS = [*range(32), 127]


def families() -> Iterator[Case]:
    """Each way of writing the same thing a little wrong."""
    made: list[tuple[str, str, bytes]] = []
    for text in LENGTHS:
        made.append((f"length {text!r}", "either", _POST + b"Content-Length: %s\r\n\r\nabc" % text))
    for text in CODINGS:
        head = _POST + b"Transfer-Encoding: %s\r\n" % text
        expected = "passes" if text == b"chunKed" else "refused"
        made.append((f"coding {text!r}", expected, head + _CHUNKS))
    for form in NAMES:
        for name, rest in (
            (b"Content-Length", b": 3\r\n\r\nabc"),
            (b"Transfer-Encoding", b": chunked\r\n" + _CHUNKS),
        ):
            written = form % name
            made.append((f"name {written!r}", "refused", _POST + written + rest))
    for text in SIZES:
        head = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
        made.append((f"chunk size {text!r}", "either", head + text + b"\r\nabc\r\n0\r\n\r\n"))
    for number in CONTROLS:
        one = bytes([number])
        value = "either" if number in (9, 10) else "refused"
        made.append((f"{one!r} in a value", value, _GET + b"X-A: a%sb\r\n\r\n" % one))
        made.append((f"{one!r} in a name", "refused", _GET + b"X-%sA: ab\r\n\r\n" % one))
        line = _GET.replace(b"{T}", b"{T}" + one + b"y")
        made.append((f"{one!r} in the target", "refused", line + b"\r\n"))
        line = _GET.replace(b"GET", b"GE" + one + b"T")
        made.append((f"{one!r} in the method", "refused", line + b"\r\n"))
    for number, (name, expected, raw) in enumerate(made):
        yield case(f"f{number}", name, expected, raw)
