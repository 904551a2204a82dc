"""The status page for people: plain HTML, no script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Protocol

from proxy import __version__

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;"
    "border-bottom:1px solid #ccc}.good{color:#0a6b2d}.bad{color:#a3150f;font-weight:600}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)

_WORDS = {
    "fr": {
        "title": "État de Préau",
        "ready": "Préau est prêt : tout ce dont il a besoin répond.",
        "not_ready": "Préau n'est pas prêt : ce qui doit être protégé est refusé.",
        "check": "Vérification",
        "state": "État",
        "detail": "Précision",
        "good": "bon",
        "bad": "en défaut",
        "more": "Pour les machines",
    },
    "en": {
        "title": "Status of Préau",
        "ready": "Préau is ready: everything it needs answers.",
        "not_ready": "Préau is not ready: what must be protected is refused.",
        "check": "Check",
        "state": "State",
        "detail": "Detail",
        "good": "good",
        "bad": "failing",
        "more": "For machines",
    },
}


class Result(Protocol):
    """What a check found."""

    @property
    def ok(self) -> bool: ...
    @property
    def detail(self) -> str: ...


def page(results: Mapping[str, Result], accept_language: str) -> bytes:
    """The page in the reader's language: English if preferred to French, else French."""
    language = _language(accept_language)
    word = _WORDS[language]
    ready = all(result.ok for result in results.values())
    rows = "".join(_row(name, result, word) for name, result in results.items())
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{word["title"]}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{word['title']}</h1>"
        f'<p class="{"good" if ready else "bad"}">{word["ready" if ready else "not_ready"]}</p>'
        f"<table><tr><th>{word['check']}</th><th>{word['state']}</th><th>{word['detail']}</th></tr>"
        f"{rows}</table>"
        f'<p>{word["more"]} : <a href="/metrics">/metrics</a> ·'
        f' <a href="/-/ready?verbose">/-/ready?verbose</a> ·'
        f' <a href="/-/healthy">/-/healthy</a></p><p>Préau {escape(__version__)}</p>'
        "</body></html>"
    ).encode()


def _row(name: str, result: Result, word: Mapping[str, str]) -> str:
    state = "good" if result.ok else "bad"
    return (
        f'<tr><td>{escape(name)}</td><td class="{state}">{word[state]}</td>'
        f"<td>{escape(result.detail)}</td></tr>"
    )


def _language(accept_language: str) -> str:
    """The first of ``fr`` and ``en`` that the browser lists (browsers list by preference)."""
    for part in accept_language.lower().split(","):
        tag = part.strip()[:2]
        if tag in _WORDS:
            return tag
    return "fr"
