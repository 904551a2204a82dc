"""One person's report (GDPR art. 15), as a page, as JSON to take away (art. 20), or as text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from proxy.errors import InputError
from proxy.policy.model import Treatment
from proxy.reports.document import Block, Document, Pairs, Section, Table, Text
from proxy.reports.page import render
from proxy.reports.speaker import Speaker
from proxy.reports.subject_words import WORDS, kind_word
from proxy.rights.known import Known, ServiceKnown
from proxy.rights.objections import EVERY_SERVICE

type Row = Sequence[str]


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
    """A page like every report: it prints, and nothing in it is fetched or run."""
    return render(as_report(known, language))


def as_report(known: Known, language: str) -> Document:
    """The report as sections of texts and tables."""
    word = _speaker(language)
    held = tuple(
        (kind_word(value.kind, language), value.shown, _whose(value.bearers, word))
        for value in known.held
    )
    held_columns = tuple(map(word, ("sort", "value", "whose")))
    sections = [
        Section(word("person"), (_pairs(_person(known, word)),)),
        Section(
            word("held"),
            (Table(word("held"), held_columns, held) if held else Text(word("nothing")),),
        ),
        Section(word("choices"), _choices_blocks(known, word)),
        Section(
            word("services"),
            (Text(word("services.what")),),
            tuple(_service_section(one, word, language) for one in known.services),
        ),
        Section(word("rights"), (Text(_closing(known, language)),)),
    ]
    source = ((word("site"), known.site), (word("made"), word.day(known.made.isoformat())))
    return Document("subject", language, word("title"), word("about"), tuple(sections), source)


def _speaker(language: str) -> Speaker:
    return Speaker(language, {name: (text["fr"], text["en"]) for name, text in WORDS.items()})


def _whose(bearers: int, word: Speaker) -> str:
    return word("alone" if bearers == 1 else "shared")


def _pairs(rows: Iterable[Row]) -> Pairs:
    return Pairs(tuple((head, " ".join(filter(None, rest))) for head, *rest in rows))


def _choices_blocks(known: Known, word: Speaker) -> tuple[Block, ...]:
    rows = tuple(tuple(row) for row in _choices(known, word))
    if not (known.objections or known.consent):
        return (Text(word("none")),)
    padded = tuple((*row, "") if len(row) == 2 else row for row in rows)
    columns = tuple(map(word, ("choice", "what", "detail")))
    return (Table(word("choices"), columns, padded),)


def _service_section(service: ServiceKnown, word: Speaker, language: str) -> Section:
    """One service: what it is, what was sent there and when, what it sees instead of you."""
    rows = _service(service, word, language)
    told = [row for row in rows if row[0] not in (word("seen"), word("pseudonym"))]
    blocks: list[Block] = [_pairs(told)]
    seen = tuple(
        (
            f"{kind_word(one.kind, language)}{word('maybe') if one.shared else ''}",
            word.day(one.first.isoformat()),
            word.day(one.last.isoformat()),
            one.times,
        )
        for one in service.seen
    )
    if seen:
        columns = tuple(map(word, ("sort", "first", "last", "times")))
        blocks.append(Table(f"{service.title} : {word('seen')}", columns, seen))
    elif service.treatment is Treatment.INSPECT:
        blocks.append(Text(f"{word('seen')} : {word('never')}"))
    pseudonyms = tuple((kind_word(kind, language), text) for kind, _, text in service.pseudonyms)
    if pseudonyms:
        columns = tuple(map(word, ("sort", "pseudonym")))
        blocks.append(Table(f"{service.title} : {word('instead')}", columns, pseudonyms))
    return Section(service.title, tuple(blocks))


def _tables(known: Known, language: str) -> list[tuple[str, list[Row]]]:
    word = _speaker(language)
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


def _person(known: Known, word: Speaker) -> list[Row]:
    subject = known.subject
    return [
        (word("made"), word.day(known.made.isoformat())),
        (word("handle"), subject.handle),
        (word("kind"), word(subject.kind.value)),
        (word("places"), ", ".join((*subject.schools, *subject.classes)) or "-"),
        (word("state"), word("active" if subject.active else "left")),
    ]


def _choices(known: Known, word: Speaker) -> list[Row]:
    rows: list[Row] = [
        (word("objection"), word("every") if name == EVERY_SERVICE else name, word.day(day))
        for name, day in known.objections.items()
    ]
    consent = known.consent
    if consent is not None:
        given = word.day(consent.given.isoformat())
        until = word.day(consent.until.isoformat()) if consent.until else word("no-end")
        by = word(consent.by) if consent.by in ("guardian", "self") else consent.by
        rows.append((word("consent"), f"{given} → {until}", by))
    return rows or [(word("none"), "")]


def _service(service: ServiceKnown, word: Speaker, language: str) -> list[Row]:
    rows: list[Row] = [
        (word("supplier"), f"{service.supplier} ({word.country(service.country)})", ""),
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
        days = f"{word.day(seen.first.isoformat())} → {word.day(seen.last.isoformat())}"
        rows.append((word("seen"), what, f"{days}, {seen.times} ×"))
    for kind, _, pseudonym in service.pseudonyms:
        rows.append((word("pseudonym"), kind_word(kind, language), pseudonym))
    return rows


def _closing(known: Known, language: str) -> str:
    return WORDS["closing"][language].format(contact=known.contact or known.site)
