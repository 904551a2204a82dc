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
}
"""HTTP status by reason (RFC 9110, 421 of RFC 9110 § 15.5.20); 403 for every other."""

ASKABLE = {Reason.UNKNOWN_SERVICE, Reason.SERVICE_DENIED, Reason.CHARTER_NOT_ADHERED}
"""Refusals that a person may ask the school to reconsider."""


def refusal(reason: Reason, incident: str, accept: str, contact: Contact, host: str = "") -> Reply:
    """The complete answer for a refusal, in the form that the client's ``Accept`` asks for."""
    if "text/html" in accept:
        kind, body = b"text/html; charset=utf-8", _page(reason, incident, contact, host)
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
    if reason is Reason.MALFORMED_REQUEST:
        # Where one message ends is in doubt: nothing behind it is read as another.
        headers = (*headers, (b"connection", b"close"))
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
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:10vh auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}h1{font-size:1.5rem}code{background:#eee;padding:.1em .4em}"
    "hr{border:0;border-top:1px solid #bbb;margin:2rem 0}"
)


def _page(reason: Reason, incident: str, contact: Contact, host: str) -> bytes:
    shown = html.escape(host)
    fr = _section("fr", "Accès refusé", reason.fr, shown, _ask_fr(reason, contact))
    en = _section("en", "Access refused", reason.en, shown, _ask_en(reason, contact))
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Préau</title>'
        f"<style>{_STYLE}</style></head><body><main>{fr}<hr>{en}<hr>"
        f"<p>Incident <code>{incident}</code> · <code>{reason.value}</code></p>"
        "</main></body></html>"
    ).encode()


def _section(lang: str, title: str, sentence: str, host: str, ask: str) -> str:
    place = f"<p><code>{host}</code></p>" if host else ""
    return f'<section lang="{lang}"><h1>{title}</h1><p>{sentence}</p>{place}{ask}</section>'


def _ask_fr(reason: Reason, contact: Contact) -> str:
    if reason not in ASKABLE or not contact.address:
        return ""
    return (
        f"<p>Pour demander ce service : {html.escape(contact.name)} "
        f"{html.escape(contact.address)}, en donnant le numéro d'incident.</p>"
    )


def _ask_en(reason: Reason, contact: Contact) -> str:
    if reason not in ASKABLE or not contact.address:
        return ""
    return (
        f"<p>To ask for this service: {html.escape(contact.name)} "
        f"{html.escape(contact.address)}, giving the incident number.</p>"
    )
