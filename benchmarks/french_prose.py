"""Real French prose for the figure on precision: documentation, as Debian's packages hold it.

Nothing of it is kept in the repository. Packages are fetched by ``apt-get download`` into
``.tools/french`` and unpacked there without installing; where that is not possible, what the
machine itself has under ``/usr/share`` must do, and the figure says how much it was.
"""

from __future__ import annotations

import gzip
import html
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

PACKAGES = (
    *("gimp-help-fr", "libreoffice-help-fr", "lilypond-doc-html-fr", "manpages-fr"),
    *("debian-handbook", "debian-reference-fr", "developers-reference-fr", "aptitude-doc-fr"),
    *("gnome-user-docs", "debian-edu-doc-fr", "kicad-doc-fr"),
)
FOLDER = Path(".tools/french")
_SYSTEM = ("/usr/share/man/fr", "/usr/share/help/fr", "/usr/share/doc")
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_ROFF = re.compile(r"^\.\\?\".*$|^\.[A-Za-z]{1,3}\b ?|\\f[A-Z]|\\-|\\&", re.MULTILINE)
_FRENCH = re.compile(r"\b(?:le|la|les|des|une|est|pour|dans|que|vous)\b")


def texts() -> Iterator[tuple[str, str]]:
    """Path and text of each French document, markup taken out."""
    fetch()
    own = any(FOLDER.iterdir())
    for place in (FOLDER,) if own else map(Path, _SYSTEM):
        for path in sorted(place.rglob("*")):
            text = _text(path) if path.is_file() and not path.is_symlink() else ""
            if len(_FRENCH.findall(text)) * 120 > len(text) > 500:
                yield str(path), text


def fetch() -> None:
    """Download and unpack the packages once."""
    if FOLDER.exists():
        return
    FOLDER.mkdir(parents=True)
    for package in PACKAGES:
        got = subprocess.run(
            ["apt-get", "download", "-qq", package], cwd=FOLDER, capture_output=True, check=False
        )
        if got.returncode == 0:
            for file in FOLDER.glob("*.deb"):
                subprocess.run(["dpkg", "-x", str(file), str(FOLDER)], check=False)
                file.unlink()


def _text(path: Path) -> str:
    if path.suffix == ".gz":
        try:
            return _ROFF.sub("", gzip.decompress(path.read_bytes()).decode("utf-8", "replace"))
        except (OSError, EOFError):
            return ""
    if path.suffix not in (".html", ".xhtml", ".txt", ".page"):
        return ""
    raw = path.read_text("utf-8", "replace")
    return html.unescape(_TAG.sub(" ", raw)) if path.suffix != ".txt" else raw
