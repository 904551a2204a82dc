"""Archives, office documents, pictures and PDF: read by the libraries that everybody uses."""

from __future__ import annotations

import contextlib
import html
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import docx
import openpyxl
import openpyxl.comments
import pptx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from reportlab.pdfgen import canvas

from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason
from tests.proxy.content.content_toy import SECRETS, Blind, Toy, run

NAME, TOKEN = "Léa Martin", SECRETS["Léa Martin"]
BACK = {token: name for name, token in SECRETS.items()}


def sent(data: bytes, media: str = "application/octet-stream", **kwargs: Any) -> bytes:
    return run(data, media, **kwargs).body


def restored(data: bytes) -> bytes:
    return run(data, "application/octet-stream", visitor=Toy(BACK), answer=True).body


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def make_docx(name: str = NAME) -> bytes:
    document = docx.Document()
    document.core_properties.author = name
    document.core_properties.title = f"Devoir de {name}"
    document.add_paragraph(f"Rendu par {name} & notes <1>")
    cells = document.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = name, "12"
    document.sections[0].header.paragraphs[0].text = name
    return _saved(document)


def make_xlsx(name: str = NAME) -> bytes:
    book = openpyxl.Workbook()
    book.properties.creator = name
    sheet = book.active
    sheet.title = "Notes"
    sheet.append(["Élève", "Note"])
    sheet.append([name, 12.5])
    sheet["B2"].comment = openpyxl.comments.Comment(f"bravo {name}", name)
    return _saved(book)


def make_pptx(name: str = NAME) -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[0])
    slide.shapes.title.text = f"Exposé de {name}"
    slide.notes_slide.notes_text_frame.text = name
    return _saved(show)


def _odf(kind: str, body: str, name: str) -> bytes:
    out = io.BytesIO()
    space = "urn:oasis:names:tc:opendocument:xmlns"
    heads = " ".join(f'xmlns:{n}="{space}:{n}:1.0"' for n in ("office", "text", "table", "meta"))
    meta = f"<meta:initial-creator>{name}</meta:initial-creator>"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        media = f"application/vnd.oasis.opendocument.{kind}"
        archive.writestr("mimetype", media, zipfile.ZIP_STORED)
        archive.writestr(
            "content.xml",
            f"<office:document-content {heads}><office:body>{body}</office:body>"
            "</office:document-content>",
        )
        archive.writestr(
            "meta.xml",
            f"<office:document-meta {heads}><office:meta>{meta}</office:meta>"
            "</office:document-meta>",
        )
        archive.writestr("Thumbnails/thumbnail.png", _picture("PNG"))
    return out.getvalue()


def make_odt(name: str = NAME) -> bytes:
    body = f"<office:text><text:p>Rendu par {name}</text:p></office:text>"
    return _odf("text", body, name)


def make_ods(name: str = NAME) -> bytes:
    cell = f"<table:table-cell><text:p>{name}</text:p></table:table-cell>"
    return _odf(
        "spreadsheet", f"<table:table><table:table-row>{cell}</table:table-row></table:table>", name
    )


MAKERS: dict[str, Callable[..., bytes]] = {
    "docx": make_docx,
    "xlsx": make_xlsx,
    "pptx": make_pptx,
    "odt": make_odt,
    "ods": make_ods,
}


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_leaves_without_names_and_comes_back_whole(kind: str) -> None:
    data = MAKERS[kind]()
    out = sent(data)
    before, after, back = members(data), members(out), members(restored(out))
    assert list(before) == list(after)
    for name, content in after.items():
        assert NAME.encode() not in content, name
        assert "Léa".encode() not in content, name
    kept = [name for name in before if NAME not in _read(before[name])]
    stale = [name for name in kept if "thumbnail" in name.lower()]
    assert all(after[name] == before[name] for name in kept if name not in stale)
    # An entity may come back as the letter itself.
    seen = {name: _read(content) for name, content in back.items()}
    assert all(seen[name] == _read(before[name]) for name in before if name not in stale)


def _read(content: bytes) -> str:
    try:
        return html.unescape(content.decode())
    except UnicodeDecodeError:
        return content.decode("latin-1")


def test_a_preview_of_the_old_text_goes_with_it() -> None:
    out = members(sent(make_odt()))
    assert out["Thumbnails/thumbnail.png"] == b""
    assert out["mimetype"] == b"application/vnd.oasis.opendocument.text"


def test_a_word_document_still_opens_and_says_the_pseudonym() -> None:
    document = docx.Document(io.BytesIO(sent(make_docx())))
    assert document.core_properties.author == TOKEN
    assert document.paragraphs[0].text == f"Rendu par {TOKEN} & notes <1>"
    assert document.tables[0].rows[0].cells[0].text == TOKEN


def test_a_name_in_two_runs_is_one_name() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Rendu par ")
    paragraph.add_run("Léa").bold = True
    paragraph.add_run(" Mar")
    paragraph.add_run("tin & Cie <hier>")
    document.add_paragraph("Léa")
    document.add_paragraph("Martin")
    out = docx.Document(io.BytesIO(sent(_saved(document))))
    assert [run.text for run in out.paragraphs[0].runs] == [
        "Rendu par ", TOKEN, "", " & Cie <hier>",
    ]  # fmt: skip
    assert [paragraph.text for paragraph in out.paragraphs[1:]] == ["Léa", "Martin"]
    back = docx.Document(io.BytesIO(restored(sent(_saved(document)))))
    assert back.paragraphs[0].text == "Rendu par Léa Martin & Cie <hier>"


def test_a_name_in_two_spans_is_one_name() -> None:
    spans = "<text:span>Léa</text:span> <text:span>Martin</text:span>"
    data = _odf("text", f"<office:text><text:p>De {spans} hier</text:p></office:text>", "x")
    content = members(sent(data))["content.xml"].decode()
    assert TOKEN in content
    assert "Léa" not in content
    assert "Martin" not in content


def test_a_workbook_still_opens_and_says_the_pseudonym() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sent(make_xlsx())))
    assert book.active is not None
    assert book.active["A2"].value == TOKEN
    assert book.active["B2"].comment.author == TOKEN
    assert book.properties.creator == TOKEN


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_without_names_is_not_touched(kind: str) -> None:
    data = MAKERS[kind]("la classe")
    assert sent(data) is data


def test_a_document_in_a_form_and_in_an_archive_is_read() -> None:
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr(f"Copies/{NAME}.docx", make_docx())
        archive.comment = f"de {NAME}".encode()
    body = b"--xx\r\nContent-Disposition: form-data; name=f; filename=c.zip\r\n\r\n"
    body += outer.getvalue() + b"\r\n--xx--\r\n"
    out = sent(body, "multipart/form-data; boundary=xx")
    inner = members(out[out.index(b"PK") :][: out.rindex(b"\r\n--xx") - out.index(b"PK")])
    assert list(inner) == [f"Copies/{TOKEN}.docx"]
    assert docx.Document(io.BytesIO(inner[f"Copies/{TOKEN}.docx"])).core_properties.author == TOKEN


# --- archives ---------------------------------------------------------------------------------


def _zip(**kwargs: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **kwargs) as archive:
        archive.writestr("a.txt", "rien de personnel, rien du tout " * 9)
        archive.writestr("b.txt", f"rendu par {NAME}")
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_not_changed_keeps_its_bytes(method: int) -> None:
    data = _zip(compression=method)
    out = sent(data)
    first = data.index(b"PK\x03\x04", 4)
    assert out[:first] == data[:first]
    assert members(out)["b.txt"] == f"rendu par {TOKEN}".encode()


def test_an_archive_written_as_a_stream_is_read() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("b.txt", f"rendu par {NAME}")
    assert members(sent(bytes(pipe.data)))["b.txt"] == f"rendu par {TOKEN}".encode()


def _opaque(data: bytes) -> str | None:
    out = run(data, "application/zip")
    assert out.body is data
    return out.opaque


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"MZ" + data,
        lambda data: data + b"x",
        lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03"),
        lambda data: data[:6] + b"\x01" + data[7:],
        lambda data: data[:-22],
    ],
    ids=["prefix", "tail", "directory", "encrypted", "cut"],
)
def test_an_unusual_archive_is_opaque(spoil: Callable[[bytes], bytes]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.txt", f"rendu par {NAME} " * 3)
    assert _opaque(spoil(out.getvalue()))


def test_a_bomb_and_a_lie_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * (40 << 20))
    with pytest.raises(Refused) as refused:
        sent(out.getvalue())
    assert refused.value.reason is Reason.EXPANSION_LIMIT
    data = _zip()
    wrong = data.replace(struct.pack("<L", zlib.crc32(f"rendu par {NAME}".encode())), b"abcd")
    with pytest.raises(Refused) as refused:
        sent(wrong)
    assert refused.value.reason is Reason.UNDECODABLE


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_an_archive_lets_a_name_pass_or_crashes(data: Any) -> None:
    whole = bytearray(_zip(compression=zipfile.ZIP_DEFLATED))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        out = run(bytes(whole), "application/zip")
    except Refused:
        return
    if out.opaque is None:
        with (
            contextlib.suppress(NotImplementedError),
            zipfile.ZipFile(io.BytesIO(out.body)) as archive,
        ):
            for info in archive.infolist():
                assert NAME.encode() not in archive.read(info)


# --- pictures ---------------------------------------------------------------------------------


def _picture(kind: str, size: tuple[int, int] = (40, 30), **kwargs: Any) -> bytes:
    dice = random.Random(4)
    image = Image.frombytes("RGB", size, dice.randbytes(size[0] * size[1] * 3))
    out = io.BytesIO()
    image.save(out, kind, **kwargs)
    return out.getvalue()


def _exif(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Fabricant"
    exif[0x9C9D] = NAME.encode("utf-16-le")
    exif[0x013B] = "Auteur"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    return exif


def _png_info() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", NAME)
    info.add_itxt("XML:com.adobe.xmp", f"<x>{NAME}</x>", zip=True)
    return info


PICTURES = {
    "jpeg": _picture("JPEG", exif=_exif(), comment=NAME.encode(), xmp=f"<x>{NAME}</x>".encode()),
    "progressive": _picture("JPEG", (200, 150), exif=_exif(), progressive=True, quality=95),
    "png": _picture("PNG", exif=_exif(), pnginfo=_png_info()),
    "webp": _picture("WEBP", exif=_exif(), xmp=f"<x>{NAME}</x>".encode()),
    "gif": _picture("GIF", comment=NAME.encode()),
}


def _pixels(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data))
    return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_leaves_without_metadata_and_with_its_pixels(kind: str) -> None:
    data = PICTURES[kind]
    out = run(data, "image/x")
    assert out.picture
    assert out.opaque is None
    assert len(out.body) < len(data)
    for trace in (NAME.encode(), NAME.encode("utf-16-le"), b"Fabricant", b"Auteur", b"adobe"):
        assert trace not in out.body
    assert _pixels(out.body) == _pixels(data)
    exif = Image.open(io.BytesIO(out.body)).getexif()
    assert dict(exif) in ({}, {0x0112: 6})
    assert run(out.body, "image/x").body is out.body


def test_a_turned_photo_stays_turned() -> None:
    out = sent(PICTURES["jpeg"])
    assert Image.open(io.BytesIO(out)).getexif()[0x0112] == 6


def test_what_follows_a_picture_goes() -> None:
    """Phones put a film behind a photo."""
    data = PICTURES["jpeg"] + b"\0\0\0\x18ftypmp42" + bytes(500)
    assert sent(data) == sent(PICTURES["jpeg"])


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_in_an_answer_is_not_touched(kind: str) -> None:
    data = PICTURES[kind]
    assert run(data, "image/x", visitor=Toy(BACK), answer=True).body is data


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(PICTURES)), st.data())
def test_no_damage_to_a_picture_crashes(kind: str, data: Any) -> None:
    whole = bytearray(PICTURES[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(8, len(whole)))
    try:
        out = run(bytes(whole[:cut]), "image/x", visitor=Blind())
    except Refused:
        return
    assert len(out.body) <= cut


# --- PDF --------------------------------------------------------------------------------------


def make_pdf(name: str = NAME, title: str = "Devoir", font: str = "Helvetica") -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out, pageCompression=1)
    page.setTitle(title)
    page.setAuthor(name)
    page.setFont(font, 12)
    page.drawString(72, 700, f"Rendu par {name}, le 3 mars")
    page.drawString(72, 680, "Une autre ligne, sans personne.")
    page.showPage()
    page.save()
    return out.getvalue()


def _page_text(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_a_pdf_in_a_plain_font_leaves_under_the_pseudonym() -> None:
    data = make_pdf()
    out = sent(data, "application/pdf")
    assert f"Rendu par {TOKEN}, le 3 mars" in _page_text(out)
    assert "sans personne" in _page_text(out)
    assert PdfReader(io.BytesIO(out)).metadata.author == TOKEN
    for object_ in PdfReader(io.BytesIO(out)).pages:
        assert NAME not in object_.extract_text()
    back = restored(out)
    assert f"Rendu par {NAME}, le 3 mars" in _page_text(back)


def test_a_pdf_without_names_is_not_touched() -> None:
    data = make_pdf("la classe")
    assert sent(data) is data


def test_only_metadata_needs_no_font() -> None:
    data = make_pdf("la classe", title=f"Bulletin de {NAME}")
    out = sent(data)
    assert PdfReader(io.BytesIO(out)).metadata.title == f"Bulletin de {TOKEN}"
    assert _page_text(out) == _page_text(data)


def test_a_name_in_a_font_of_glyphs_is_refused() -> None:
    """The text is known, but its pseudonym has no glyphs."""
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf("la classe")))
    page = writer.pages[0]
    fonts = page["/Resources"]["/Font"]
    for font in fonts.values():
        font.get_object()[pdf_name("/BaseFont")] = pdf_name("/ABCDEF+Helvetica")
    out = io.BytesIO()
    writer.write(out)
    data = out.getvalue()
    assert sent(data) is data
    with pytest.raises(Refused) as refused:
        run(data, "application/pdf", visitor=Toy({"la classe": TOKEN}))
    assert refused.value.reason is Reason.OPAQUE_CONTENT


def pdf_name(text: str) -> Any:
    from pypdf.generic import NameObject

    return NameObject(text)


def test_a_name_in_pieces_on_a_line_is_found() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf("zzz")))
    page = writer.pages[0]
    content = page.get_contents()
    assert content is not None
    raw = content.get_data()
    assert b"(Rendu par zzz, le 3 mars) Tj" in raw
    cut = rb"[(Rendu par L\351) 20 (a) -300 (Mar) -10 (tin, le 3 mars)] TJ"
    content.set_data(raw.replace(b"(Rendu par zzz, le 3 mars) Tj", cut))
    page.replace_contents(content)
    out = io.BytesIO()
    writer.write(out)
    assert TOKEN in _page_text(sent(out.getvalue()))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_damage_to_a_pdf_lets_a_name_pass_or_crashes(data: Any) -> None:
    whole = bytearray(make_pdf())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        out = run(bytes(whole), "application/pdf")
    except Refused:
        return
    if out.opaque is None:
        with contextlib.suppress(PyPdfError, ValueError):
            assert NAME not in _page_text(out.body)


def test_limits_are_the_rooms_own() -> None:
    with pytest.raises(Refused):
        run(make_docx(), "application/zip", limits=Limits(expanded=100))
