"""Leaks on purpose: one identifier of one person, wrapped up to four deep, among innocent bytes."""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import json
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import brotli
import zstandard

from proxy.demo.people import Person
from tests.adversary.hashes import digests
from tests.leak.spellings import EMAILS, PHONES, SPELLINGS

FILLER = (
    "le cours de mardi est à dix heures, salle 12",
    "voir l'énoncé n° 3 : barème sur 20, 100 % des copies",
    '{"page": 3, "tri": "date", "vu": true}',
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A body, whom it gives away, and how."""

    body: bytes
    person: Person
    how: str


def _names(person: Person) -> Iterator[tuple[str, str]]:
    yield from ((name, form(person)) for name, form in SPELLINGS.items())


def _identifiers(person: Person) -> list[tuple[str, str]]:
    found = list(_names(person))
    found += [("e-mail", form(person.email)) for form in EMAILS]
    found += [("e-mail hash", digest) for digest in digests(person.email)]
    found += [("phone", form(person.phone)) for form in PHONES]
    found += [("INE", person.national_id)] if person.national_id else []
    return found


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml"), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _text(write: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """A wrapping of text; bytes that are no text go through base64 first, as programs do."""

    def wrap(data: bytes) -> bytes:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = base64.b64encode(data).decode()
        return write(text).encode()

    return wrap


def _entities(text: str) -> str:
    return "".join(c if c.isascii() else f"&#{ord(c)};" for c in html.escape(text))


def _escapes(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in text)


def _lines(data: bytes) -> bytes:
    return base64.encodebytes(data)


def _form(text: str) -> str:
    return f"a=1&note={quote(text, safe='')}&z=%20"


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "JSON": _text(lambda t: json.dumps({"id": 7, "note": t}, ensure_ascii=False)),
    "JSON, ASCII": _text(lambda t: json.dumps([1, {"note": t}])),
    "all letters escaped": _text(lambda t: f'["{_escapes(t)}"]'),
    "form": _text(_form),
    "percent": _text(lambda t: quote(t, safe="")),
    "HTML": _text(lambda t: f"<p class='x'>{html.escape(t)}</p>"),
    "entities": _text(lambda t: f"<li>{_entities(t)}</li>"),
    "base64": lambda d: b'{"data":"' + base64.b64encode(d) + b'"}',
    "base64url": lambda d: b"jeton " + base64.urlsafe_b64encode(d).rstrip(b"="),
    "base64, lines": _lines,
    "hexadecimal": lambda d: b"0x " + d.hex().encode(),
    "base32": lambda d: base64.b32encode(d).rstrip(b"="),
    "quoted-printable": _text(lambda t: binascii.b2a_qp(t.encode(), istext=False).decode()),
    "gzip": lambda d: gzip.compress(d, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "ZIP": _zip,
    "UTF-16": lambda d: _text(str)(d).decode().encode("utf-16-le"),
    "chunked": lambda d: b"%x\r\n%b\r\n0\r\n\r\n" % (len(d), d),
}


def _split_by_markup(text: str) -> str:
    return "".join(f"<b>{word}</b> " for word in text.split())


def _split_in_deltas(text: str) -> str:
    pieces = re.findall(r".{1,3}", text, re.S)
    return "".join(
        f"data: {json.dumps({'delta': piece}, ensure_ascii=False)}\n\n" for piece in pieces
    )


def plant(people: Sequence[Person], count: int, seed: int = 7) -> Iterator[Planted]:
    """``count`` bodies that each give one person away."""
    dice = random.Random(seed)
    for number in range(count):
        person = people[number % len(people)]
        what, text = dice.choice(_identifiers(person))
        words = f"{dice.choice(FILLER)} : {text} ; {dice.choice(FILLER)}"
        how = [what]
        if what in SPELLINGS and number % 5 == 0:
            words, step = dice.choice(
                ((_split_by_markup(text), "markup"), (_split_in_deltas(words), "deltas"))
            )
            how.append(step)
        data = words.encode()
        for _ in range(dice.randrange(5)):
            step = dice.choice(list(WRAPPINGS))
            data = WRAPPINGS[step](data)
            how.append(step)
        yield Planted(data, person, " > ".join(how))
