"""The entrance of the room: bytes of a body, whole or nested, to the codec they need.

``rewrite`` gives back the very object it was given when nothing is to be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from proxy.content import (
    binary,
    charset,
    columns,
    files,
    form,
    graphql,
    inner_requests,
    json,
    lines,
    loose_json,
    markup,
    multipart,
    quiet,
    records,
    signed,
    sniff,
    text_frames,
)
from proxy.content import text as free_text
from proxy.content.clear_text import refuse_names, refuse_names_in_binary
from proxy.content.coding import SCRIPT, back
from proxy.content.compression import decode, encode
from proxy.content.edits import shift, splice
from proxy.content.limits import Limits
from proxy.content.sniff import Format
from proxy.content.strays import look_again
from proxy.content.visitor import Edit, Visitor
from proxy.content.walk import Walk
from proxy.policy.model import Endpoint, FieldRule, FieldState, dead_state
from proxy.policy.telling import NamedRules

_WORK_FLOOR = 1 << 20


class BodyFields(NamedTuple):
    """The field rules of an endpoint that hold inside a body."""

    json: FieldState = dead_state()
    form: Mapping[str, FieldRule] = {}
    inside: FieldState = dead_state()
    """For JSON that stands inside something else."""
    inner: inner_requests.Rules | None = None
    """For requests inside the body."""

    @classmethod
    def of(cls, endpoint: Endpoint, inner: inner_requests.Rules | None = None) -> Self:
        """Those of an endpoint."""
        return cls(endpoint.body, endpoint.form_fields, endpoint.inside, inner)

    def nested(self) -> BodyFields:
        """For a body inside this one: what holds at any depth."""
        return BodyFields(self.inside, self.form, self.inside, self.inner)


NO_FIELDS = BodyFields()


def _fields_inside(walk: Walk) -> BodyFields:
    """Of a body inside another one: what names tell holds there too."""
    forms, telling = walk.forms, walk.inside.telling
    if not forms and telling:
        forms = NamedRules({}, telling)
    return BodyFields(walk.inside, forms, walk.inside)


def start(
    visitor: Visitor,
    limits: Limits,
    direction: str,
    size: int,
    inside: FieldState = NO_FIELDS.inside,
    fields: BodyFields = NO_FIELDS,
) -> Walk:
    """A new reading of a message of ``size`` bytes. ``fields``: if it is a body."""
    return Walk(
        visitor,
        limits,
        direction == "answer",
        free_text.read,
        free_text.prose,
        _read_nested,
        limits.work * size + _WORK_FLOOR,
        inside=inside if fields is NO_FIELDS else fields.inside,
        forms=fields.form,
        inner=fields.inner,
    )


def _read_nested(data: bytes, declared: str, walk: Walk, endpoint: Endpoint | None) -> bytes:
    if endpoint is not None:
        return rewrite(data, declared, walk, BodyFields.of(endpoint))
    return rewrite(data, declared, walk, _fields_inside(walk))


def rewrite(data: bytes, declared: str, walk: Walk, fields: BodyFields = NO_FIELDS) -> bytes:
    """``data`` rewritten by what it is. ``declared`` is its Content-Type, or empty."""
    if not data:
        return data
    if sniff.is_gzip(data):
        return _undeclared_gzip(data, declared, walk)
    media, _, parameters = declared.partition(";")
    media = media.strip().lower()
    codec = files.codec_of(data)
    if codec is not None:
        new = codec(data, walk)
        return opaque(data, media, walk) if new is None else new
    said = charset_parameter(parameters)
    document = quiet.json_text(data, media, said)
    if document is not None:
        batch = walk.inner is not None and inner_requests.may_hold(data)
        if not batch and quiet.is_quiet_json(data, document, walk, fields.json):
            return data
        value = json.parse(document)
        if value is not json.INVALID:
            return _json_body(data, document, value, walk, fields)
    structured = binary.rewrite(data, media, walk, fields.json)
    if structured is not None:
        return structured
    messages = records.split(data)
    if messages:
        written = [rewrite(message, declared, walk, fields) for message in messages]
        return data if written == messages else records.MARK.join(written)
    boundary = multipart.boundary_of(declared, data)
    if boundary is not None:
        return multipart.rewrite(data, boundary, walk, fields.form)
    said = said or charset.within(data)
    if "json" in media and data.isascii():
        said = ""  # it is UTF-8 to every reader (RFC 8259), whatever is declared
    text = charset.read(data, said)
    if text is None:
        structured = binary.rewrite_opaque(data, walk, fields.json)
        return opaque(data, media, walk) if structured is None else structured
    if text.is_wide:
        refuse_names(data, walk)
    edits = text_edits(text.view, media, walk, fields)
    spliced = splice(text.raw, edits)
    spliced = look_again(text, spliced, walk, lambda view: text_edits(view, media, walk))
    if spliced is text.raw:
        return data
    in_markup = "<" in text.view[:64] or "html" in media or "xml" in media
    return text.encode(spliced, "xmlcharrefreplace" if in_markup else "")


def _json_body(data: bytes, text: str, value: Any, walk: Walk, fields: BodyFields) -> bytes:
    """A whole body that is one JSON value, in UTF-8."""
    signed.note_encrypted(text, value, walk)
    edits = _document_edits(text, value, walk, fields)
    if not fields.json.dead and not walk.answer:
        fields.json.busy = bool(edits)
    return splice(text, edits).encode("utf-8", "surrogateescape") if edits else data


def _json_edits(text: str, value: Any, walk: Walk, fields: BodyFields) -> list[Edit]:
    edits = inner_requests.edits(text, walk, fields.json) if walk.inner else None
    if edits is None:
        edits = json.edits(text, walk, fields.json, value)
    return signed.unless_signed_json(value, edits, walk)


def _document_edits(text: str, value: Any, walk: Walk, fields: BodyFields) -> list[Edit]:
    """Of JSON with nothing before it, as a query and the hash of it stand in."""
    return graphql.with_hashes(text, value, _json_edits(text, value, walk, fields), walk)


def charset_parameter(parameters: str) -> str:
    """The charset that the parameters of a Content-Type declare, or an empty string."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip()
    return ""


def _undeclared_gzip(data: bytes, declared: str, walk: Walk) -> bytes:
    """Gzip nobody declared: a layer like any other (its field rules are not applied)."""
    inner, exact = decode(data, ["gzip"], walk.limits)
    new = walk.data(inner, declared)
    return data if new is inner else encode(new, exact)


def text_edits(view: str, media: str, walk: Walk, fields: BodyFields = NO_FIELDS) -> list[Edit]:
    """Edits for a whole decoded text. ``media`` is its declared type without parameters."""
    framed = text_frames.edits(view, walk, fields.json)
    if framed is not None:
        return framed
    found, begin, value = sniff.text_format(view, media)
    signed.note_encrypted(view, value, walk)
    if found in (Format.JSON, Format.JSON_LINES):
        if begin:
            return shift(_json_edits(view[begin:], value, walk, fields), begin)
        return _document_edits(view, value, walk, fields)
    if found is Format.FORM:
        if quiet.is_quiet_form(view, walk, fields.form):
            return []
        return form.edits(view, walk, fields.form)
    if found in (Format.HTML, Format.XML):
        edits = markup.edits(view, walk, xml=found is Format.XML, state=fields.json)
        return signed.unless_signed_xml(view, edits, walk)
    if found is Format.CSV:
        return columns.edits(view, walk, fields.form)
    if found is Format.EVENTS:
        return lines.event_edits(view, walk)
    if found is Format.SCRIPT:
        return back(view, walk.prose(SCRIPT.decode(view)), SCRIPT)
    if loose_json.looks_so(view):
        return loose_json.edits(view, walk, fields.json)
    return walk.text(view)


def opaque(data: bytes, media: str, walk: Walk) -> bytes:
    """Binary: nothing is changed. In a request, clear text inside it refuses the whole."""
    walk.note_opaque(sniff.opaque_word(data, media))
    refuse_names_in_binary(data, walk)
    return data
