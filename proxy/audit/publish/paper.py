"""A checkpoint on a sheet of paper: for people in words, for a telephone as a QR code.

The QR code holds the whole signed note. A photograph of the sheet is as good as the sheet.
"""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING

from proxy.audit.note import Checkpoint, parse_checkpoint
from proxy.audit.publish.words import to_words

if TYPE_CHECKING:
    import segno

_ROW = 7
_LINE = 22
_WIDTH = 720

_TEXTS = {
    "fr": (
        "Journal d'audit de Préau",
        "{size} événements. Ces mots engagent chacun d'eux : si un seul est changé ou retiré,",
        "la commande ci-dessous le dira. Gardez cette feuille, ou photographiez-la.",
    ),
    "en": (
        "Audit log of Préau",
        "{size} events. These words commit to each of them: if one is changed or removed,",
        "the command below will tell. Keep this sheet, or take a photograph.",
    ),
}


def sheet(note: str, language: str = "fr") -> str:
    """The sheet as text, its QR code in block characters."""
    code = io.StringIO()
    _qr(note).terminal(out=code, compact=True, border=2)
    return "\n".join((*_lines(note, language), "", *code.getvalue().split("\n"), note))


def svg(note: str, language: str = "fr") -> str:
    """The sheet as one SVG image, to print."""
    code = _qr(note)
    lines = _lines(note, language)
    top = _LINE * (len(lines) + 2)
    scale = (_WIDTH - 80) / code.symbol_size(border=4)[0]
    text = "".join(
        f'<text x="40" y="{_LINE * (place + 2)}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    image = code.svg_inline(border=4, scale=round(scale, 2))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top + _WIDTH - 40}" '
        f'font-family="monospace" font-size="14"><title>{escape(lines[0])}</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{text}'
        f'<g transform="translate(40 {top})">{image}</g></svg>\n'
    )


def _qr(note: str) -> segno.QRCode:
    import segno  # only who prints needs it

    return segno.make_qr(note, error="m")


def _lines(note: str, language: str) -> list[str]:
    checkpoint = parse_checkpoint(note.partition("\n\n")[0] + "\n")
    title, *sentences = _TEXTS[language]
    words = to_words(checkpoint)
    rows = [" ".join(words[i : i + _ROW]) for i in range(0, len(words), _ROW)]
    told = [sentence.format(size=checkpoint.size) for sentence in sentences]
    command = f"preau audit verify --checkpoint-words {_quoted(checkpoint)}"
    return [f"{title} — {checkpoint.origin}", *told, "", *rows, "", command]


def _quoted(checkpoint: Checkpoint) -> str:
    first, second, *_ = to_words(checkpoint)
    return f"'{first} {second} …'"
