"""A report as one HTML page: accessible, printable, without script, fetching nothing.

Jinja2 escapes every value (``autoescape``); a value that is missing is an error. The policy
of the page itself (CSP) allows one style, named by its hash, and nothing else, so that even
a text that became markup could neither run nor fetch.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from proxy.reports.document import Chart, Document
from proxy.reports.speaker import Speaker

_HERE = Path(__file__).parent
_WIDTH, _LABELS, _NUMBERS, _THICKNESS, _STEP = 720, 240, 90, 18, 26


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing."""

    label: str
    number: int
    y: int
    length: int

    @property
    def text_y(self) -> int:
        """The line of its texts."""
        return self.y + _THICKNESS - 4

    @property
    def number_x(self) -> int:
        """Where its number begins."""
        return _LABELS + self.length + 6


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart, laid out."""

    bars: tuple[Bar, ...]
    width: int = _WIDTH
    start: int = _LABELS
    label_end: int = _LABELS - 6
    thickness: int = _THICKNESS

    @property
    def height(self) -> int:
        """Of the whole drawing."""
        return max(1, len(self.bars)) * _STEP


def draw(chart: Chart) -> Drawn:
    """Lay a chart out: one bar a line, all to the same scale."""
    most = max((number for _, number in chart.bars), default=0) or 1
    room = _WIDTH - _LABELS - _NUMBERS
    return Drawn(
        tuple(
            Bar(_short(label), number, place * _STEP + 4, round(room * number / most))
            for place, (label, number) in enumerate(chart.bars)
        )
    )


def _short(label: str) -> str:
    return label if len(label) <= 30 else f"{label[:29]}…"


def render(document: Document) -> str:
    """The page."""
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        report=document,
        say=Speaker(document.language, {}),
        draw=draw,
        style=Markup(style),  # noqa: S704 - our own file, never a value
        style_hash=f"sha256-{digest}",
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=False,
    )
    return environment.get_template("page.html.j2")
