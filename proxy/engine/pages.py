"""What people and programs see when something is refused: French and English, with the id."""

from __future__ import annotations

import html

import orjson

from proxy.decisions import Headers, Reply
from proxy.reasons import Reason
from proxy.site import Contact

STATUS = {
    Reason.HOST_MISMATCH: 421,
    Reason.MALFORMED_REQUEST: 400,
    Reason.HEADERS_TOO_LARGE: 431,
    Reason.BODY_TOO_LARGE: 413,
    Reason.ENGINE_ERROR: 503,
    Reason.STORE_UNAVAILABLE: 503,
    Reason.AUDIT_UNAVAILABLE: 503,
    Reason.KEYS_UNAVAILABLE: 503,
    Reason.UPSTREAM_CERTIFICATE: 502,
    Reason.UPSTREAM_UNREACHABLE: 502,
    Reason.MALFORMED_ANSWER: 502,
    Reason.ANSWER_LATE: 504,
    Reason.REQUEST_LATE: 408,
    Reason.TOO_MANY_CONNECTIONS: 503,
    Reason.TOO_MANY_FRAMES: 429,
    Reason.OVERLOADED: 503,
}
"""HTTP status by reason (RFC 9110, 421 of RFC 9110 § 15.5.20); 403 for every other."""

_CLOSING = {Reason.MALFORMED_REQUEST, Reason.REQUEST_LATE, Reason.ANSWER_LATE}
"""Where one message ends is in doubt: nothing behind it is read as another."""

_PASSING = {Reason.TOO_MANY_CONNECTIONS, Reason.OVERLOADED}
RETRY_AFTER = b"5"
"""Seconds: what a browser's own patience bears."""

ASKABLE = {
    Reason.UNKNOWN_SERVICE,
    Reason.SERVICE_DENIED,
    Reason.RULE_DENIED,
    Reason.CHARTER_NOT_ADHERED,
}
"""Refusals that a person may ask the school to reconsider."""


def refusal(
    reason: Reason,
    incident: str,
    accept: str,
    contact: Contact,
    host: str = "",
    language: str = "fr",
) -> Reply:
    """The complete answer for a refusal, in the form that the client's ``Accept`` asks for.

    Always in French and English; a page shows the site's own ``language`` first.
    """
    if "text/html" in accept:
        page = _page(reason, incident, contact, host, language)
        kind, body = b"text/html; charset=utf-8", page
    elif "json" in accept or accept in ("", "*/*"):
        kind, body = b"application/json", _document(reason, incident, contact)
    else:
        kind, body = b"text/plain; charset=utf-8", _lines(reason, incident, contact)
    headers: Headers = (
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-preau-reason", reason.value.encode()),
        (b"x-preau-incident", incident.encode()),
        (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
        (b"x-content-type-options", b"nosniff"),
    )
    if reason in _CLOSING:
        headers = (*headers, (b"connection", b"close"))
    if reason in _PASSING:
        headers = (*headers, (b"retry-after", RETRY_AFTER))
    return Reply(STATUS.get(reason, 403), headers, body)


def _document(reason: Reason, incident: str, contact: Contact) -> bytes:
    error = {
        "code": STATUS.get(reason, 403),
        "status": "REFUSED_BY_PREAU",
        "reason": reason.value,
        "incident": incident,
        "message": f"{reason.fr} / {reason.en}",
        "contact": contact.address,
    }
    return orjson.dumps({"error": error})


def _lines(reason: Reason, incident: str, contact: Contact) -> bytes:
    ask = f"Contact : {contact.name} {contact.address}\n" if contact.address else ""
    return (
        f"Préau a refusé cette requête. {reason.fr}\n"
        f"Préau refused this request. {reason.en}\n"
        f"Incident {incident} ({reason.value})\n{ask}"
    ).encode()


_STYLE = (
    ":root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6876;--paper:#fff;--ground:#eef1f5;"
    "--line:#d9dfe6;--mark:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa7b5;--paper:#1c232c;"
    "--ground:#12171d;--line:#323c48;--mark:#f2867f}}"
    "body{margin:0;padding:8vh 1rem;background:var(--ground);color:var(--ink);"
    "font:1.05rem/1.55 system-ui,sans-serif}"
    "main{max-width:36rem;margin:auto;padding:1.6rem 2rem;background:var(--paper);"
    "border:1px solid var(--line);border-top:6px solid var(--mark);border-radius:8px}"
    "h1{margin:0 0 .4rem;font-size:1.45rem}h2{margin:0 0 .4rem;font-size:1.15rem}"
    "p{margin:.5rem 0}a{color:inherit}code{font-size:1rem;overflow-wrap:anywhere}"
    "section+section,footer{margin-top:1.4rem;padding-top:1.2rem;border-top:1px solid var(--line)}"
    "footer,section+section{color:var(--soft)}"
    "footer strong{color:var(--ink);font-family:ui-monospace,monospace;letter-spacing:.05em}"
)


_TITLES = {"fr": "Accès refusé", "en": "Access refused"}
_ASK = {
    "fr": "Pour demander ce service : {who}, en donnant le numéro d'incident.",
    "en": "To ask for this service: {who}, giving the incident number.",
}


def _page(reason: Reason, incident: str, contact: Contact, host: str, language: str) -> bytes:
    first, second = ("en", "fr") if language == "en" else ("fr", "en")
    sections = _section(first, "h1", reason, contact, host) + _section(
        second, "h2", reason, contact, ""
    )
    return (
        f'<!doctype html><html lang="{first}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Préau</title>'
        f"<style>{_STYLE}</style></head><body><main>{sections}"
        f"<footer>Incident <strong>{incident}</strong> · <code>{reason.value}</code> · Préau"
        "</footer></main></body></html>"
    ).encode()


def _section(lang: str, heading: str, reason: Reason, contact: Contact, host: str) -> str:
    sentences = [html.escape(reason.fr if lang == "fr" else reason.en)]
    if host:
        sentences.append(f"<code>{html.escape(host)}</code>")
    if reason in ASKABLE and contact.address:
        sentences.append(_ASK[lang].format(who=_who(contact)))
    text = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f'<section lang="{lang}"><{heading}>{_TITLES[lang]}</{heading}>{text}</section>'


def _who(contact: Contact) -> str:
    """Whom to ask, as a link."""
    name, address = html.escape(contact.name), html.escape(contact.address)
    where = address if address.startswith("https://") else f"mailto:{address}"
    return f'{name} (<a href="{where}">{address}</a>)'
