"""Free text and the encodings that hide inside it.

One layer at a time. If the text as a whole is JSON or markup it goes to that codec. Else it
is scanned as it stands, and then as it reads once the first escape found (percent, entity,
backslash) is undone: that view comes back here for the next layer. Base64 words are opened
where no escape is left, so that the cost of a layer is a few passes, never a tree of them.
"""

from __future__ import annotations

import re

from proxy.content import base64, json, loose_json, mail, markup, odata, signed, told_in_text
from proxy.content.batch import Batch
from proxy.content.coding import DOUBLED, PERCENT, Coding, back
from proxy.content.edits import Page, merge, shift, touching
from proxy.content.triggers import has_doubled, has_percent, has_plus, has_tag, next_coding
from proxy.content.url_spots import either_plus, in_percent, in_urls
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_DELIMITER = re.compile(r"[?&=#]")
_PADDING = re.compile(r"={1,2}(?![\w%=])")
_SLASH = re.compile("/")
_ENCODED_WORD = re.compile(r"(?<!\S)[^\s%]*+%\S*+")


def read(text: str, walk: Walk) -> list[Edit]:
    """Edits for unescaped text in which any encoding may be nested."""
    first = text.lstrip()[:1]
    if first in ("{", "[", '"') and (value := json.parse(text)) is not json.INVALID:
        return json.edits(text, walk, value=value)
    if loose_json.looks_so(text):
        return loose_json.edits(text, walk, walk.inside)
    if has_tag(text):
        words, text = mail.word_edits(text, walk)  # ``=?…?= <lea@…>`` has the look of markup
        return merge(signed.unless_signed_xml(text, markup.edits(text, walk), walk), words)
    return prose(text, walk)


def prose(text: str, walk: Walk) -> list[Edit]:
    """Edits for text that is not, as a whole, of another format."""
    if not text:
        return []
    page = Page(text)
    told_in_text.take(page, walk)
    return page.finish(_prose(page.rest(), walk))


def _prose(text: str, walk: Walk) -> list[Edit]:
    if "'" in text and (literals := odata.edits(text, walk)) is not None:
        return literals
    words, text = mail.word_edits(text, walk)
    found = in_urls(text, walk.visitor.text(text))
    if walk.answer and found:
        found = mail.settled(text, found)
    groups = [found, words]
    if "=" in text or "\n" in text:
        groups += mail.views(text, walk)
    if has_plus(text):
        groups.append(_plus_view(text, walk))
    if has_doubled(text):
        view = DOUBLED.decode(text)
        groups.append(back(text, walk.visitor.text(view), DOUBLED))
    coding = next_coding(text)
    if coding is PERCENT:
        groups.append(_percent_pieces(text, walk))
        if found:
            # Inside an encoded word the view knows better how to write; it goes first.
            groups[0] = [edit for edit in found if not in_percent(text, edit)]
            groups.append(found)
    elif coding is not None:
        view = coding.decode(text)
        if view != text:
            carried = back(text, walk.text(view), coding)
            groups[0] = _uncut(text, found, carried, coding)
            groups.append(carried)
    else:
        groups.append(base64.edits(text, walk))
    return merge(*groups)


def _uncut(text: str, found: list[Edit], carried: list[Edit], coding: Coding) -> list[Edit]:
    """``found`` without what the view knows better: ``\\u003clea@…`` does not begin with a u."""
    if not found or not carried:
        return found
    inside = {at for start, end, _ in coding.units(text) for at in range(start + 1, end)}
    known = touching(found, carried)
    pairs = zip(found, known, strict=True)
    return [edit for edit, knows in pairs if not knows or edit.start not in inside]


def _percent_pieces(text: str, walk: Walk) -> list[Edit]:
    """Percent-encoded text, decoded between the delimiters that stand unencoded.

    So the ``=`` of a URL inside a parameter of a URL is not taken for one of the outer URL.
    """
    page = Page(text)
    batch = Batch(page, walk)
    at = 0
    for place in (*_delimiters(text), len(text)):
        raw = text[at:place]
        if has_percent(raw):
            if "+" in raw:
                page.cover(at, place, shift(either_plus(raw, walk), at))
            else:
                batch.add(at, raw, PERCENT.decode(raw), PERCENT)
        elif base64.words(raw, walk):
            padding = _PADDING.match(text, place)
            end = padding.end() if padding else place
            page.cover(at, end, shift(base64.edits(text[at:end], walk), at))
        at = place + 1
    batch.run()
    return sorted(page.edits)


def _delimiters(text: str) -> list[int]:
    """Places of ``?&=#``, and of ``/`` in words that are URLs (elsewhere it may be base64)."""
    places = [match.start() for match in _DELIMITER.finditer(text)]
    if "/" in text:
        for word in _ENCODED_WORD.finditer(text):
            if "://" in word[0] or word[0].startswith("/"):
                places += [slash.start() for slash in _SLASH.finditer(text, *word.span())]
        places.sort()
    return places


def _plus_view(text: str, walk: Walk) -> list[Edit]:
    """``Jean+Martin`` in a query that stands in text: ``+`` read as a space."""
    edits = walk.visitor.text(text.replace("+", " "))
    return [
        Edit(start, end, replacement.replace(" ", "+"))
        for start, end, replacement in edits
        if "+" in text[start:end]
    ]
