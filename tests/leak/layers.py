"""Every format that is claimed, as a pair: how a client writes texts in it, how anybody reads
them back. Written with the standard library's own parsers, not with ours.

``exact``: restoring can and must give the very bytes that were sent. Elsewhere a character may
come back in another of the spellings that the format allows (``é`` for ``&eacute;``): then what
is read back must be equal.
"""

from __future__ import annotations

import base64
import binascii
import csv
import email
import email.policy
import html
import io
import json
import quopri
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html.entities import codepoint2name
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

RULE = "\n======\n"
"""Between texts in formats that have no separator of their own."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A format."""

    name: str
    media: str
    write: Callable[[list[str]], str]
    read: Callable[[str], list[str]]
    exact: bool = True
    inside: bool = True
    """Whether it can stand inside a text of another format."""
    holds: bool = True
    """Whether its texts may be documents of another format."""
    charset: str = "utf-8"
    """What its texts must fit."""

    def content_type(self, document: str) -> str:
        """With the boundary that a multipart document uses."""
        if not self.media.startswith("multipart/"):
            return self.media
        return f"{self.media}; boundary={document.splitlines()[0][2:]}"


# --- JSON -------------------------------------------------------------------------------------


def _json_keys(texts: list[str]) -> str:
    return json.dumps({text: index for index, text in enumerate(texts)}, ensure_ascii=False)


def _every_letter(texts: list[str]) -> str:
    """All letters escaped, as some obfuscating clients do."""
    return "[" + ",".join('"' + "".join(map(_u, text)) + '"' for text in texts) + "]"


def _u(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _json(texts: list[str], *, ascii_only: bool = False) -> str:
    return json.dumps({"notes": [{"id": 7, "note": t} for t in texts]}, ensure_ascii=ascii_only)


def _json_ascii(texts: list[str]) -> str:
    return _json(texts, ascii_only=True)


def _from_json(document: str) -> list[str]:
    return [item["note"] for item in json.loads(document)["notes"]]


# --- markup -----------------------------------------------------------------------------------


class _Reader(HTMLParser):
    """Texts of ``li`` and ``script``, and values of ``data-note``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[str] = []
        self.values: list[str] = []
        self.scripts: list[str] = []
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.values += [value or "" for name, value in attrs if name == "data-note"]
        self._into = {"li": self.items, "script": self.scripts}.get(tag)
        if self._into is not None:
            self._into.append("")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._into = None


def _page(body: str) -> str:
    head = '<!doctype html><html lang="fr"><head><title>Classe</title></head>'
    return f"{head}<body>{body}</body></html>"


def _html_reader(what: str) -> Callable[[str], list[str]]:
    def read(document: str) -> list[str]:
        reader = _Reader()
        reader.feed(document)
        reader.close()
        return list(getattr(reader, what))

    return read


def _entities(text: str) -> str:
    """Everything beyond ASCII as an entity: named, decimal and hexadecimal in turn."""
    written = ""
    for index, character in enumerate(html.escape(text, quote=False)):
        code = ord(character)
        if code < 128:
            written += character
        elif code in codepoint2name and index % 2:
            written += f"&{codepoint2name[code]};"
        else:
            written += f"&#{code};" if index % 3 else f"&#x{code:x};"
    return written


def _script(texts: list[str]) -> str:
    data = json.dumps(texts, ensure_ascii=False).replace("</", "<\\/").replace("<!", "<\\u0021")
    return _page(f"<script>var notes = {data};</script>")


def _from_script(document: str) -> list[str]:
    (source,) = _html_reader("scripts")(document)
    start, end = source.index("["), source.rindex("]") + 1
    return list(json.loads(source[start:end]))


def _island(texts: list[str]) -> str:
    data = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
    return _page(f'<script type="application/json">{data}</script>')


def _xml(texts: list[str]) -> str:
    items = "".join(f"<note>{escape(text)}</note>" for text in texts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<notes>{items}</notes>'


def _from_xml(document: str) -> list[str]:
    return [item.text or "" for item in ElementTree.fromstring(document.encode())]


def _xml_attributes(texts: list[str]) -> str:
    plain = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return "<notes>" + "".join(f"<note t={quoteattr(text, plain)}/>" for text in texts) + "</notes>"


def _from_xml_attributes(document: str) -> list[str]:
    return [item.get("t") or "" for item in ElementTree.fromstring(document.encode())]


def _cdata(texts: list[str]) -> str:
    cut = [text.replace("]]>", "]]]]><![CDATA[>") for text in texts]
    return "<notes>" + "".join(f"<note><![CDATA[{text}]]></note>" for text in cut) + "</notes>"


# --- lines ------------------------------------------------------------------------------------


def _csv(delimiter: str) -> Callable[[list[str]], str]:
    def write(texts: list[str]) -> str:
        page = io.StringIO()
        writer = csv.writer(page, delimiter=delimiter, lineterminator="\r\n")
        writer.writerows([["n", "note", "sur"], *([i, t, 20] for i, t in enumerate(texts))])
        return page.getvalue()

    return write


def _from_csv(delimiter: str) -> Callable[[str], list[str]]:
    def read(document: str) -> list[str]:
        rows = list(csv.reader(io.StringIO(document, newline=""), delimiter=delimiter))
        assert all(len(row) == 3 for row in rows), "a row has changed its number of cells"
        return [row[1] for row in rows[1:]]

    return read


def _json_lines(texts: list[str]) -> str:
    return "".join(json.dumps({"note": text}, ensure_ascii=False) + "\n" for text in texts)


def _from_json_lines(document: str) -> list[str]:
    return [json.loads(line)["note"] for line in document.split("\n") if line]


# --- forms and URLs ---------------------------------------------------------------------------


def _form(texts: list[str]) -> str:
    return "&".join(f"note{index}={quote_plus(text)}" for index, text in enumerate(texts))


def _form_percent(texts: list[str]) -> str:
    return "&".join(f"note{index}={quote(text, safe='')}" for index, text in enumerate(texts))


def _from_form(document: str) -> list[str]:
    return [value for _, value in parse_qsl(document, keep_blank_values=True)]


def _url(texts: list[str]) -> str:
    return f"https://ecole.example/notes/3?{_form_percent(texts)}#bas"


def _from_url(document: str) -> list[str]:
    return _from_form(urlsplit(document).query)


def _path(texts: list[str]) -> str:
    return "/notes/" + "/".join(quote(text, safe="") for text in texts)


def _from_path(document: str) -> list[str]:
    return [unquote(segment) for segment in document.split("/")[2:]]


def _twice(texts: list[str]) -> str:
    return "&".join(f"u{i}={quote(quote(text, safe=''), safe='')}" for i, text in enumerate(texts))


def _from_twice(document: str) -> list[str]:
    return [unquote(text) for text in _from_form(document)]


# --- multipart --------------------------------------------------------------------------------


def _boundary(texts: list[str]) -> str:
    return f"limite{zlib.crc32(repr(texts).encode()):08x}"


def _multipart(
    part: Callable[[int, str], tuple[str, str]],
) -> Callable[[list[str]], str]:
    """``part`` gives the head lines and the body of each part."""

    def write(texts: list[str]) -> str:
        mark, written = _boundary(texts), ""
        for index, text in enumerate(texts):
            head, body = part(index, text)
            written += f"--{mark}\r\n{head}\r\n\r\n{body}\r\n"
        return f"{written}--{mark}--\r\n"

    return write


def _parts(document: str) -> list[tuple[str, str]]:
    """Head and body of each part, cut at the boundary."""
    mark = document.split("\r\n")[0]
    pieces = f"\r\n{document}".split(f"\r\n{mark}")[1:-1]
    cut = [piece.removeprefix("\r\n").partition("\r\n\r\n") for piece in pieces]
    return [(head, body) for head, _, body in cut]


def _field(index: int, text: str) -> tuple[str, str]:
    return f'Content-Disposition: form-data; name="note{index}"', text


def _file(index: int, text: str) -> tuple[str, str]:
    head = f'Content-Disposition: form-data; name="f{index}"; filename="note.json"'
    return f"{head}\r\nContent-Type: application/json", json.dumps({"note": text})


def _base64_part(index: int, text: str) -> tuple[str, str]:
    data = base64.encodebytes(text.encode()).decode().strip().replace("\n", "\r\n")
    head = f'Content-Disposition: form-data; name="f{index}"\r\nContent-Type: text/plain'
    return f"{head}; charset=utf-8\r\nContent-Transfer-Encoding: base64", data


def _quoted_part(index: int, text: str) -> tuple[str, str]:
    data = binascii.b2a_qp(text.encode(), istext=False).decode().replace("\n", "\r\n")
    head = f'Content-Disposition: form-data; name="f{index}"\r\nContent-Type: text/plain'
    return f"{head}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", data


def _file_name(index: int, text: str) -> tuple[str, str]:
    """As browsers write it (WHATWG): only the quote and line breaks are escaped."""
    for sign in '\r\n"':
        text = text.replace(sign, f"%{ord(sign):02X}")
    return f'Content-Disposition: form-data; name="f{index}"; filename="{text}"', "rien"


def _from_file_names(document: str) -> list[str]:
    names = [re.search(r'filename="([^"]*)"', head) for head, _ in _parts(document)]
    return [re.sub("%(22|0D|0A)", lambda m: chr(int(m[1], 16)), name[1]) for name in names if name]


def _file_name_star(index: int, text: str) -> tuple[str, str]:
    name = quote(text, safe="")
    return f"Content-Disposition: form-data; name=\"f{index}\"; filename*=UTF-8''{name}", "rien"


def _from_file_names_star(document: str) -> list[str]:
    names = [re.search(r"filename\*=UTF-8''([^;\s]*)", head) for head, _ in _parts(document)]
    return [unquote(name[1]) for name in names if name]


def _from_bodies(undo: Callable[[str], str]) -> Callable[[str], list[str]]:
    return lambda document: [undo(body) for _, body in _parts(document)]


def _batch(index: int, text: str) -> tuple[str, str]:
    body = json.dumps({"note": text}, ensure_ascii=False)
    inner = f"PATCH /v1/notes/{index}?de={quote(text, safe='')} HTTP/1.1\r\n"
    inner += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
    return f"Content-Type: application/http\r\nContent-ID: <{index}>", inner


def _from_batch(document: str) -> list[str]:
    texts = []
    for _, inner in _parts(document):
        head, _, body = inner.partition("\r\n\r\n")
        fields = email.message_from_string(
            head.partition("\r\n")[2] + "\r\n\r\n", policy=email.policy.HTTP
        )
        assert int(fields["content-length"]) == len(body.encode()), "an inner length is wrong"
        note = json.loads(body)["note"]
        assert _from_form(head.split(" ")[1].partition("?")[2]) == [note], "path and body differ"
        texts.append(note)
    return texts


# --- base64 -----------------------------------------------------------------------------------


def _base64(texts: list[str]) -> str:
    words = [base64.b64encode(text.encode()).decode() for text in texts]
    return json.dumps({"pieces": words})


def _from_base64(document: str) -> list[str]:
    return [base64.b64decode(word).decode() for word in json.loads(document)["pieces"]]


def _base64_url(texts: list[str]) -> str:
    words = [base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in texts]
    return ", ".join(words)


def _from_base64_url(document: str) -> list[str]:
    words = [word.rstrip("=") for word in document.split(", ")]
    return [base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode() for word in words]


def _base64_western(texts: list[str]) -> str:
    """What a program on an old desktop writes. Needs texts that Windows-1252 can say."""
    return ", ".join(base64.b64encode(text.encode("cp1252", "replace")).decode() for text in texts)


def _from_base64_western(document: str) -> list[str]:
    """A text whose every letter beyond ASCII was in a pseudonym comes back as UTF-8."""
    texts = []
    for word in document.split(", "):
        data = base64.b64decode(word)
        try:
            texts.append(data.decode())
        except UnicodeDecodeError:
            texts.append(data.decode("cp1252"))
    return texts


def _base64_wide(texts: list[str]) -> str:
    return ", ".join(base64.b64encode(text.encode("utf-16-le")).decode() for text in texts)


def _from_base64_wide(document: str) -> list[str]:
    return [base64.b64decode(word).decode("utf-16-le") for word in document.split(", ")]


def _events(texts: list[str]) -> str:
    return "".join(f"event: note\ndata: {json.dumps(t, ensure_ascii=False)}\n\n" for t in texts)


def _from_events(document: str) -> list[str]:
    return [json.loads(line[6:]) for line in document.split("\n") if line.startswith("data: ")]


_XML = "application/xml"
_HTML = "text/html; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"
_DATA = "multipart/form-data"

LAYERS = (
    Layer("json", "application/json", _json, _from_json),
    Layer("json-ascii", "application/json", _json_ascii, _from_json, exact=False),
    Layer("json-letters", "application/json", _every_letter, json.loads, exact=False),
    Layer("json-keys", "application/json", _json_keys, lambda d: list(json.loads(d))),
    Layer("json-lines", "application/x-ndjson", _json_lines, _from_json_lines),
    Layer("form", _FORM, _form, _from_form, exact=False),
    Layer("form-percent", _FORM, _form_percent, _from_form, exact=False),
    Layer("percent-twice", _FORM, _twice, _from_twice, exact=False),
    Layer("url", "text/plain; charset=utf-8", _url, _from_url, exact=False),
    Layer("path", "text/plain; charset=utf-8", _path, _from_path, exact=False),
    Layer(
        "html",
        _HTML,
        lambda t: _page("".join(f"<li>{html.escape(x, quote=False)}</li>" for x in t)),
        _html_reader("items"),
    ),
    Layer(
        "html-entities",
        _HTML,
        lambda t: _page("".join(f"<li>{_entities(x)}</li>" for x in t)),
        _html_reader("items"),
        exact=False,
    ),
    Layer(
        "html-attribute",
        _HTML,
        lambda t: _page("".join(f'<p data-note="{html.escape(x)}">ici</p>' for x in t)),
        _html_reader("values"),
        exact=False,
    ),
    Layer("html-script", _HTML, _script, _from_script, exact=False),
    Layer("html-island", _HTML, _island, _from_script),
    Layer("xml", _XML, _xml, _from_xml),
    Layer("xml-attribute", _XML, _xml_attributes, _from_xml_attributes),
    Layer("xml-cdata", _XML, _cdata, _from_xml),
    Layer("text", "text/plain; charset=utf-8", RULE.join, lambda d: d.split(RULE)),
    Layer("csv", "text/csv; charset=utf-8", _csv(","), _from_csv(",")),
    Layer("csv-semicolon", "text/csv; charset=utf-8", _csv(";"), _from_csv(";")),
    Layer("events", "text/event-stream", _events, _from_events),
    Layer("base64", "application/json", _base64, _from_base64),
    Layer("base64-url", "text/plain", _base64_url, _from_base64_url, exact=False),
    Layer(
        "base64-western",
        "text/plain",
        _base64_western,
        _from_base64_western,
        exact=False,
        charset="cp1252",
    ),
    Layer("base64-utf-16", "text/plain", _base64_wide, _from_base64_wide),
    Layer("multipart", _DATA, _multipart(_field), _from_bodies(str), inside=False),
    Layer(
        "multipart-file",
        _DATA,
        _multipart(_file),
        _from_bodies(lambda b: str(json.loads(b)["note"])),
        exact=False,
        inside=False,
    ),
    Layer(
        "multipart-base64",
        _DATA,
        _multipart(_base64_part),
        _from_bodies(lambda b: base64.b64decode(b).decode()),
        inside=False,
    ),
    Layer(
        "multipart-quoted",
        _DATA,
        _multipart(_quoted_part),
        _from_bodies(lambda b: quopri.decodestring(b).decode()),
        exact=False,
        inside=False,
    ),
    Layer("file-name", _DATA, _multipart(_file_name), _from_file_names, inside=False, holds=False),
    Layer(
        "file-name-star",
        _DATA,
        _multipart(_file_name_star),
        _from_file_names_star,
        inside=False,
        holds=False,
        exact=False,
    ),
    Layer("batch", "multipart/mixed", _multipart(_batch), _from_batch, inside=False, exact=False),
)
BY_NAME = {layer.name: layer for layer in LAYERS}


def nests(outer: Layer, inner: Layer) -> bool:
    """Whether ``inner`` may stand in a text of ``outer``.

    A multipart body needs its line breaks and its headers, so it stands in another one only.
    """
    if not outer.holds:
        return False
    if outer is inner and outer.name == "text":
        return False  # nothing would tell their separators apart
    return inner.inside or outer.name == "multipart"
