"""The quick way through: a proof that a text holds nothing to change, without cutting it up.

Codecs cut a text into pieces at signs that no edit spans, and undo one escape after another in
each piece. Undone in the whole text at once, an escape reads the same, since escapes do not
cross pieces. So whatever a codec would show the visitor is a piece of one of these views:

    the text itself, and of each view: its percent signs, its entities, its backslashes undone,
    its ``+`` as spaces, its inline markup taken out

each family in every order, since pieces differ in what they hold. If no view holds anything
(``Visitor.probe``) and none has a base64 word that reads as text, no piece does. A view costs a
few passes at the speed of C, a piece a few calls of Python.

Whatever is not certain is "no": the codecs then walk the text as ever. Field rules and
identity keys are not known here: who has any for this text must not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from proxy.content import base64, flow, mail
from proxy.content.coding import BACKSLASHES, DOUBLED, ENTITIES, FORM, PERCENT
from proxy.content.triggers import has_doubled, has_entity, has_percent, has_plus, has_tag
from proxy.content.walk import Walk

_MOST_VIEWS = 10
_BEGINNING = 4096

type FirstViews = Callable[[str], Iterable[str]]


def as_it_stands(text: str) -> Iterator[str]:
    """The views of a text to begin with, by default."""
    yield text


def as_form(text: str) -> Iterator[str]:
    """Those of a form: values are shown decoded; as they stand only where that is the same."""
    if text[:1] in ("{", "[", '"'):
        yield text  # it may be JSON all the same
    yield FORM.decode(text)
    if "+" in text:
        yield PERCENT.decode(text)


def is_quiet(text: str, walk: Walk, first: FirstViews = as_it_stands) -> bool:
    """Whether it is certain that no codec would find anything in ``text``.

    ``first`` gives what the format shows before any escape is undone. The beginning of a long
    text is asked first: where people are, they mostly are from the start.
    """
    if len(text) > 4 * _BEGINNING and not _holds_nothing(text[:_BEGINNING], walk, first):
        return False
    return _holds_nothing(text, walk, first)


def _holds_nothing(text: str, walk: Walk, first: FirstViews) -> bool:
    waiting = list(first(text))
    seen = set(waiting)
    while waiting:
        view = waiting.pop()
        if len(seen) > _MOST_VIEWS or walk.visitor.probe(view) or base64.words(view, walk):
            return False
        for following in _views(view, walk):
            if following is None:
                return False
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return True


def _views(text: str, walk: Walk) -> Iterator[str | None]:
    """What ``text`` reads like with one family of escapes undone; ``None`` where in doubt."""
    if mail.has_any(text):
        yield None
        return
    if "%" in text and has_percent(text):
        yield PERCENT.decode(text)
        if "+" in text:
            yield FORM.decode(text)
    elif has_plus(text):
        yield text.replace("+", " ")
    if has_doubled(text):
        yield DOUBLED.decode(text)
    if has_entity(text):
        yield ENTITIES.decode(text)
    if "\\" in text:
        yield BACKSLASHES.decode(text)
    if not walk.answer and has_tag(text):
        yield from flow.views(text) or (None,)
