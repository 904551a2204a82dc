"""One person's report (GDPR art. 15), as a page, as JSON to take away (art. 20), or as text."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from proxy.errors import InputError
from proxy.policy.model import Treatment
from proxy.reports.subject_words import WORDS, kind_word
from proxy.rights.known import Known, ServiceKnown
from proxy.rights.objections import EVERY_SERVICE

type Row = Sequence[str]

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}"
    "table{border-collapse:collapse;width:100%;margin:.6rem 0 1.4rem}"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886}"
    "td{overflow-wrap:anywhere}h2{margin-top:2rem}"
    "@media print{body{margin:0;max-width:none}section{break-inside:avoid}}"
)


def write_private(path: Path, text: str) -> None:
    """A file that only its owner can read; never over an existing one."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name another file") from error


def as_document(known: Known) -> dict[str, Any]:
    """Everything, for programs. Keys stay in English: other tools read them."""
    subject, consent = known.subject, known.consent
    return {
        "format": "preau-subject-report/1",
        "made": known.made.isoformat(),
        "site": known.site,
        "contact": known.contact,
        "subject": {
            "handle": subject.handle,
            "kind": subject.kind.value,
            "active": subject.active,
            "schools": list(subject.schools),
            "classes": list(subject.classes),
            "sources": subject.sources,
        },
        "held": [
            {"kind": value.kind.value, "value": value.shown, "shared": value.bearers != 1}
            for value in known.held
        ],
        "objections": dict(known.objections),
        "photo_consent": consent
        and {
            "given": consent.given.isoformat(),
            "until": consent.until.isoformat() if consent.until else None,
            "by": consent.by,
        },
        "services": [_service_document(service) for service in known.services],
    }


def _service_document(service: ServiceKnown) -> dict[str, Any]:
    return {
        "service": service.name,
        "title": service.title,
        "supplier": service.supplier,
        "country": service.country,
        "purpose": service.purpose,
        "retention": service.retention,
        "treatment": service.treatment.value,
        "objected": service.objected,
        "pseudonyms": [
            {"kind": kind.value, "shape": shape, "pseudonym": pseudonym}
            for kind, shape, pseudonym in service.pseudonyms
        ],
        "seen": [
            {
                "kind": seen.kind.value,
                "first": seen.first.isoformat(),
                "last": seen.last.isoformat(),
                "requests": seen.times,
                "shared": seen.shared,
            }
            for seen in service.seen
        ],
    }


def as_json(known: Known, language: str) -> str:
    """The document as text; the language changes nothing."""
    return json.dumps(as_document(known), ensure_ascii=False, indent=2)


def as_text(known: Known, language: str) -> str:
    """For a terminal."""
    lines = [WORDS["title"][language], ""]
    for title, rows in _tables(known, language):
        lines += [title, *("  " + "  |  ".join(row) for row in rows), ""]
    return "\n".join((*lines, _closing(known, language)))


def as_html(known: Known, language: str) -> str:
    """A page that prints; nothing in it is fetched or run."""
    title = html.escape(WORDS["title"][language])
    parts = [
        f"<section><table><caption>{html.escape(caption)}</caption>{_rows(rows)}</table></section>"
        for caption, rows in _tables(known, language)
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        + "".join(parts)
        + f"<p>{html.escape(_closing(known, language))}</p></main></body></html>"
    )


def _rows(rows: Iterable[Row]) -> str:
    out = []
    for head, *cells in rows:
        written = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        out.append(f'<tr><th scope="row">{html.escape(head)}</th>{written}</tr>')
    return "".join(out)


def _tables(known: Known, language: str) -> list[tuple[str, list[Row]]]:
    def word(name: str) -> str:
        return WORDS[name][language]

    tables = [(word("person"), _person(known, word))]
    held: list[Row] = [
        (
            kind_word(value.kind, language),
            value.shown,
            word("alone" if value.bearers == 1 else "shared"),
        )
        for value in known.held
    ]
    tables.append((word("held"), held or [(word("nothing"), "")]))
    tables.append((word("choices"), _choices(known, word)))
    for service in known.services:
        tables.append((f"{word('service')} : {service.title}", _service(service, word, language)))
    return tables


def _person(known: Known, word: Callable[[str], str]) -> list[Row]:
    subject = known.subject
    return [
        (word("made"), known.made.isoformat()),
        (word("handle"), subject.handle),
        (word("kind"), word(subject.kind.value)),
        (word("places"), ", ".join((*subject.schools, *subject.classes)) or "-"),
        (word("state"), word("active" if subject.active else "left")),
    ]


def _choices(known: Known, word: Callable[[str], str]) -> list[Row]:
    rows: list[Row] = [
        (word("objection"), word("every") if name == EVERY_SERVICE else name, day)
        for name, day in known.objections.items()
    ]
    consent = known.consent
    if consent is not None:
        until = consent.until.isoformat() if consent.until else word("no-end")
        rows.append((word("consent"), f"{consent.given.isoformat()} → {until}", consent.by))
    return rows or [(word("none"), "")]


def _service(service: ServiceKnown, word: Callable[[str], str], language: str) -> list[Row]:
    rows: list[Row] = [
        (word("supplier"), f"{service.supplier} ({service.country})", ""),
        (word("purpose"), service.purpose, ""),
        (word("retention"), service.retention or word("unsaid"), ""),
        (word("treatment"), word(service.treatment.value), ""),
    ]
    if service.objected:
        rows.append((word("objection"), word("enforced"), ""))
    if service.treatment is Treatment.INSPECT and not service.seen:
        rows.append((word("seen"), word("never"), ""))
    for seen in service.seen:
        what = f"{kind_word(seen.kind, language)}{word('maybe') if seen.shared else ''}"
        days = f"{seen.first.isoformat()} → {seen.last.isoformat()}"
        rows.append((word("seen"), what, f"{days}, {seen.times} ×"))
    for kind, _, pseudonym in service.pseudonyms:
        rows.append((word("pseudonym"), kind_word(kind, language), pseudonym))
    return rows


def _closing(known: Known, language: str) -> str:
    return WORDS["closing"][language].format(contact=known.contact or known.site)
