"""What the fields of a service accept, and which shape of pseudonym fits there.

A pack says it in words (``accepts: {login: {max_length: 20, letters_only: true}}``); the shape
is chosen when the policy is loaded, so that a field no pseudonym fits is a mistake in a file,
not a request that a service rejects.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from proxy.kinds import Kind
from proxy.pseudonyms.shapes import AUTO
from proxy.pseudonyms.tokens import NAME_LENGTH, NAMES, SHORT_LENGTH, TOKEN_LENGTH


class Accepts(Protocol):
    """What a field accepts."""

    @property
    def max_length(self) -> int | None: ...
    @property
    def letters_only(self) -> bool: ...
    @property
    def digits_only(self) -> bool: ...
    @property
    def no_hyphen(self) -> bool: ...
    @property
    def no_capitals(self) -> bool: ...


class Traits(NamedTuple):
    """How pseudonyms of a shape are written."""

    length: int
    letters: bool = True
    digits: bool = True
    hyphens: bool = False
    capitals: bool = False


TRAITS = {
    "token": Traits(TOKEN_LENGTH),
    "email": Traits(TOKEN_LENGTH + len("@a.fr")),
    "name": Traits(NAME_LENGTH, digits=False, capitals=True),
    "short": Traits(SHORT_LENGTH, digits=False),
    "uuid": Traits(36, hyphens=True),
    "uuid4": Traits(36, hyphens=True),
    "number": Traits(15, letters=False),
    "ine": Traits(11, capitals=True),
    "phone": Traits(12, letters=False),
    "tiny": Traits(12, digits=False),
}
"""An e-mail's domain is the site's: ``policy`` checks the whole length. A phone is written as
the number was, in E.164 at the shortest for a foreign one."""

SEARCHED = frozenset({"uuid4", "number", "ine", "phone", "tiny"})
"""Shapes that answers are searched for only where a service uses them."""

_CHOICE = {
    Kind.EMAIL: ("email",),
    Kind.UUID: ("uuid", "uuid4"),
    Kind.PHONE: ("phone",),
    Kind.NATIONAL_ID: ("ine", "token", "short", "number", "tiny"),
}
_CHOICE_OF_NAMES = ("name", "short", "tiny")
_CHOICE_OF_OTHERS = ("token", "short", "number", "tiny")


def shape_that_fits(kind: Kind, shape: str, accepts: Accepts | None) -> str:
    """The shape for a field: ``shape`` itself, or for ``auto`` the first that fits.

    Raises ``ValueError`` that says why none does.
    """
    if shape == "text" or (shape == "auto" and accepts is None):
        return shape
    if shape != "auto":
        if accepts and (why := _misfit(kind, shape, accepts)):
            raise ValueError(
                f"shape {shape!r} {why}: take another shape, or let 'auto' choose the one that fits"
            )
        return shape
    assert accepts is not None
    choice = _CHOICE_OF_NAMES if kind in NAMES else _CHOICE.get(kind, _CHOICE_OF_OTHERS)
    reasons = []
    for candidate in choice:
        if candidate == "number" and not accepts.digits_only:
            continue
        why = _misfit(kind, candidate, accepts)
        if not why:
            return candidate
        reasons.append(f"{candidate} {why}")
    raise ValueError(
        f"no pseudonym of a {kind} fits: {'; '.join(reasons)}. Accept more, or write 'do: drop'"
    )


def concrete(kind: Kind, shape: str) -> str:
    """The shape that ``auto`` comes to."""
    return AUTO.get(kind, "token") if shape == "auto" else shape


def _misfit(kind: Kind, shape: str, accepts: Accepts) -> str:
    """Why a shape does not fit; empty if it does."""
    traits = TRAITS[shape]
    if accepts.max_length is not None and traits.length > accepts.max_length:
        return f"has {traits.length} characters, max_length is {accepts.max_length}"
    if accepts.letters_only and traits.digits:
        return "has digits, letters_only is set"
    if accepts.digits_only and traits.letters:
        return "has letters, digits_only is set"
    if accepts.no_hyphen and traits.hyphens:
        return "has hyphens, no_hyphen is set"
    small_name = shape in ("short", "tiny") and kind in NAMES
    if accepts.no_capitals and (traits.capitals or small_name):
        return "has a capital, no_capitals is set"
    return ""
