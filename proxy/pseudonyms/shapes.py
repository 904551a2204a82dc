"""Shapes: the dress of a pseudonym, so that the field it stands in accepts it.

=========  ===============================  ==========================================
shape      looks like                       for
=========  ===============================  ==========================================
token      ``zqa…`` 30 letters and digits   free text, logins, numbers: anything
email      token ``@`` the site's domain    fields that check for an address; UPNs
name       ``Zqa…`` 32 letters              name fields, which often refuse digits
short      ``zqa…`` 20 letters              logins (sAMAccountName), short name fields
uuid       a UUID of version 8 (RFC 9562)   ids
uuid4      the same of version 4            services that know no version 8
number     15 digits                        numeric ids
ine        ``99…`` and two letters          INE fields
phone      a number of fiction              phone fields; 59,999 a service
tiny       ``zqz…`` 12 letters              fields of 12 to 19 characters
=========  ===============================  ==========================================

``auto`` takes what suits the kind in a field of its own; ``text`` what suits it in prose: a
token, which cannot be taken for a word, except that an address stays an address. A value has
one core in a service: token, e-mail and name are renderings of the same block.

The last four are ``aliases``: too small to hold a reference, they need the store. A phone
alias is written the way the number was (``06 39 98 12 34``, ``+33639981234``), so its own
writing says the form; likewise the case of the others.

To add a shape: a method and an entry in ``Wardrobe``, its traits in ``proxy.policy.accepts``
and, if no scan finds it yet, one in ``Wardrobe.find``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import re2

from proxy.errors import InputError, Refused
from proxy.kinds import Kind
from proxy.pseudonyms import forms, tokens
from proxy.pseudonyms.aliases import CONSTANT_PHONE, Aliases, Candidate
from proxy.pseudonyms.aliases import SHAPES as ALIASES
from proxy.pseudonyms.forms import AS_IS, UPPER, Look
from proxy.pseudonyms.options import PseudonymOptions, UsedUp
from proxy.pseudonyms.sealing import Reference, ServiceSeal
from proxy.pseudonyms.tokens import Found, TokenScanner, as_latin1
from proxy.reasons import Reason

type Render = Callable[[Reference, int], str | None]
"""(reference, form) to a pseudonym; ``None`` if the shape cannot carry the form."""

SHAPE_NAMES = frozenset(
    {"auto", "text", "token", "email", "name", "short", "uuid", "uuid4", *ALIASES}
)
"""What a policy may write."""

AUTO = {
    Kind.GIVEN_NAME: "name",
    Kind.FAMILY_NAME: "name",
    Kind.FULL_NAME: "name",
    Kind.EMAIL: "email",
    Kind.UUID: "uuid",
    Kind.NATIONAL_ID: "ine",
    Kind.PHONE: "phone",
}
_TEXT = {Kind.EMAIL: "email", Kind.UUID: "uuid"}

_DOMAIN = re.compile(r"(?=.{3,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_UUID_TAIL = re2.compile(rb"-8[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_UUID4_TAIL = re2.compile(rb"-[48][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_UUID_HEAD = re.compile(rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}")
_HEAD_LENGTH, _UUID_LENGTH = 13, 36


def shape_for(shape: str, kind: Kind) -> str:
    """The shape that a policy's word means for a kind."""
    if shape == "auto":
        return AUTO.get(kind, "token")
    if shape == "text":
        return _TEXT.get(kind, "token")
    if shape in SHAPE_NAMES:
        return shape
    raise InputError(f"no shape {shape!r}; there are {', '.join(sorted(SHAPE_NAMES))}")


def checked_domain(domain: str) -> str:
    """A domain that can follow the @ everywhere: lower-case ASCII, 200 characters at most."""
    if not _DOMAIN.fullmatch(domain):
        raise InputError(
            "pseudonym domain: write a lower-case ASCII domain that the site owns, "
            "such as p.lycee.example"
        )
    return domain


class Wardrobe:
    """Dresses references of one service in any shape, and finds all of them in a text."""

    __slots__ = ("_aliases", "_domain", "_options", "_renders", "_seal", "_tokens", "_uuid_tail")

    def __init__(
        self, seal: ServiceSeal, domain: str, aliases: Aliases, options: PseudonymOptions
    ) -> None:
        self._seal = seal
        self._domain = domain
        self._tokens = TokenScanner(seal, checked_domain(domain))
        self._aliases = aliases
        self._options = options
        self._uuid_tail = _UUID4_TAIL if "uuid4" in aliases.noted else _UUID_TAIL
        self._renders: dict[str, Render] = {
            "token": lambda reference, form: tokens.token(seal, reference, form),
            "email": self._email,
            "name": lambda reference, form: tokens.name(seal, reference, form),
            "short": self._short,
            "uuid": lambda reference, form: self._uuid(reference, form, 8),
            "uuid4": self._uuid4,
            **{shape: self._alias(shape) for shape in ALIASES},
        }

    def dress(self, shape: str, reference: Reference, form: int) -> str | None:
        """The reference in a shape; ``None`` if the shape cannot carry the form."""
        return self._renders[shape](reference, form)

    def find(self, text: str) -> list[Found]:
        """Every pseudonym of this service in order, not overlapping; see ``Found.sparse``."""
        data = as_latin1(text)
        marker = self._tokens.marker(data)
        found = self._tokens.find(data, marker) if marker is not None else []
        more = self._uuids(data)
        if self._aliases.active:
            more += self._found_aliases(text, data, marker is not None)
        if not more:
            return found
        return _without_overlaps(sorted(found + more))

    def may_be_one(self, text: str) -> bool:
        """A cheap look at whether a whole text can be a pseudonym."""
        if text[:2].lower() == tokens.MARKER or (len(text) == _UUID_LENGTH and text[14] in "48"):
            return True
        return text[:1] in ("9", "0", "+") and bool(self._aliases.active)

    # --- dressing ------------------------------------------------------------------------

    def _email(self, reference: Reference, form: int) -> str | None:
        local = tokens.local_part(self._seal, reference, form)
        return f"{local}@{self._domain}" if local else None

    def _short(self, reference: Reference, form: int) -> str | None:
        if form != AS_IS and self._options.folds_case:
            return None
        return tokens.short(self._seal, reference, form)

    def _uuid4(self, reference: Reference, form: int) -> str | None:
        self._uuid_tail = _UUID4_TAIL
        self._aliases.note("uuid4")
        return self._uuid(reference, form, 4)

    def _uuid(self, reference: Reference, form: int, version: int) -> str | None:
        """No room for a form: upper case says upper case, unless it has no letter to say it."""
        text = self._seal.sealers[self._seal.current].uuid(reference, version)
        if form == AS_IS:
            return text
        if self._options.folds_case:
            return None
        return text.upper() if form == UPPER and text.upper() != text else None

    def _alias(self, shape: str) -> Render:
        def render(reference: Reference, form: int) -> str | None:
            number = self._aliases.number(shape, reference)
            if number is None:
                return self._used_up(shape, reference, form)
            plain = self._plain(self._aliases.text(shape, number), shape, reference)
            written = forms.apply(reference.kind, form, plain)
            if written is None or not self._says(reference, form, plain, written):
                return None
            return written

        return render

    def _says(self, reference: Reference, form: int, plain: str, written: str) -> bool:
        """Whether the way an alias is written tells its form, and no other."""
        if forms.pick(reference.kind, plain, written) != form:
            return False
        return (
            written == plain or not self._options.folds_case or written.upper() == written.lower()
        )

    @staticmethod
    def _plain(text: str, shape: str, reference: Reference) -> str:
        """How an alias of this kind is written by default."""
        return text.capitalize() if shape == "tiny" and reference.kind in tokens.NAMES else text

    def _used_up(self, shape: str, reference: Reference, form: int) -> str:
        if shape == "phone" and self._options.phones_used_up is UsedUp.CONSTANT:
            written = forms.apply(reference.kind, form, CONSTANT_PHONE)
            return written or CONSTANT_PHONE
        raise Refused(Reason.PSEUDONYMS_USED_UP, shape)

    # --- finding -------------------------------------------------------------------------

    def _uuids(self, data: bytes) -> list[Found]:
        """From the version's hyphen and digit: rare, so that RE2 skips from one to the next."""
        found: list[Found] = []
        position = 0
        while match := self._uuid_tail.search(data, position):
            tail: int = match.start()
            hit = self._found_uuid(data, tail - _HEAD_LENGTH)
            if hit is not None:
                found.append(hit)
            position = tail + 1
        return found

    def _found_uuid(self, data: bytes, start: int) -> Found | None:
        if start < 0 or not _UUID_HEAD.fullmatch(data, start, start + _HEAD_LENGTH):
            return None
        seen = data[start : start + _UUID_LENGTH]
        for sealer in self._seal.sealers.values():
            reference = sealer.open_uuid(seen.lower())
            if reference is not None:
                upper = seen == seen.upper() and seen != seen.lower()
                look = Look.UPPER if upper else Look.UNCHANGED
                return Found(start, start + _UUID_LENGTH, reference, AS_IS, look)
        return None

    def _found_aliases(self, text: str, data: bytes, marked: bool) -> list[Found]:
        candidates = self._aliases.find(data, marked)
        if not candidates:
            return []
        targets = self._aliases.targets(candidates)
        return [
            self._found_alias(text, candidate, target)
            for candidate, target in zip(candidates, targets, strict=True)
            if target is not None
        ]

    def _found_alias(self, text: str, candidate: Candidate, target: Reference) -> Found:
        start, end, shape, _, plain = candidate
        plain = self._plain(plain, shape, target)
        form = None
        if not self._options.folds_case or shape == "phone":
            form = forms.pick(target.kind, plain, text[start:end])
        return Found(start, end, target, form or AS_IS, Look.UNCHANGED)


def _without_overlaps(found: list[Found]) -> list[Found]:
    """A token glued before a UUID is cut from nothing: keep the first of two that overlap."""
    kept: list[Found] = []
    for hit in found:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept
