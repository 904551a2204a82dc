"""Structured identifiers in text: e-mail, INE, login, student number, phone, UUID.

Known or not, they have a shape. One RE2 pass over the folded text finds candidates of the
shapes that are worth a look: INE, NIR, phone, and the shapes that this directory's own logins
and numbers have (``[a-z]+\\.[a-z]+``, ``[0-9]{8}`` …). E-mails are found by their ``@``. Each
candidate is then looked up exactly; unknown ones go to ``patterns``.

A few dozen shapes stand for any number of people, so the pass costs the same for a school and
an academy; literal identifiers in one automaton would cost gigabytes. Shapes are gathered when
the index is built (``ShapeBook``); hashes of e-mails are candidates by their length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

import re2

from proxy.directory.digests import HEXADECIMAL, digests_of
from proxy.directory.fold import Folded, fold
from proxy.directory.match import Match
from proxy.directory.names import NameNet
from proxy.directory.patterns import is_french_phone, is_ine, is_nir, phone_digits
from proxy.directory.values import DIGEST, ID, Values
from proxy.directory.written_out import SIGN, addresses
from proxy.kinds import Kind

EXACT_KINDS: Final = (
    Kind.EMAIL,
    Kind.NATIONAL_ID,
    Kind.STUDENT_NUMBER,
    Kind.UUID,
    Kind.LOGIN,
    Kind.PHONE,
)
"""Kinds found in text by exact look-up. When one text is two kinds, the first here wins."""

_RANK = {kind: rank for rank, kind in enumerate(EXACT_KINDS)}
_KEPT = 1 << 13
_FRACTION = re.compile(rb"[0-9][.,]")
"""Ten bare digits behind this are no phone number."""
_MIN_LOGIN, _MIN_NUMBER = 5, 6
_MAX_SHAPES, _MAX_HEADS = 64, 20_000
_MAX_LOCAL = 64  # RFC 5321
_SEPARATORS = (b".", b"+", b"'", b"\x02", b"-")
_HEAD = re.compile(rb"[a-z]+(?=[.+'\x02-])")
_JOINED = re.compile(rb"[.\x02]")
_GROUP_END = re.compile(rb"[ .-]")
_DIGIT = re.compile(rb"[0-9]")
_LETTERS = re.compile(rb"[a-z]+")
_PART = re.compile(rb"[0-9a-z]+")
_PIECE = re.compile(r"[a-z]+|[0-9]+|.", re.DOTALL)
_SHAPED = re.compile(rb"[0-9a-z]+(?:[.+'\x02@-][0-9a-z]+)*")
_LOCAL_BACKWARDS = re.compile(rb"[0-9a-z\x02.+'-]+")
_DOMAIN = re.compile(
    rb"(?:[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?\.){1,9}[a-z][0-9a-z-]{0,61}[0-9a-z]"
)
_PSEUDONYM = re.compile(rb"zq[0-9a-z]{26,}")

_NIR = r"[1-478](?: ?[0-9]{2}){2} ?(?:[0-9]{2}|2[ab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"
_INE = r"[0-9]{9}[a-z]{2}|[0-9]{10}[a-z]|[0-9]{4}a[0-9]{5}[a-z]"
_SPACED_INE = (
    r"[0-9]{3} [0-9]{3} [0-9]{3} ?[a-z]{2}|[0-9]{9} [a-z]{2}|[0-9]{10} [a-z]"
    r"|[0-9]{3} [0-9]{3} [0-9]{4} ?[a-z]|[0-9]{4} ?a ?[0-9]{5} ?[a-z]"
)
_INE_TAIL = re.compile(rb" ?[a-z]{1,2}(?![0-9a-z])")
_SAYS_INE = re.compile(rb"(?<![a-z])ine(?![a-z])[^0-9\n\0]{0,24}\Z")
_PHONE = r"0[1-9](?:[ ./-]?[0-9]){8}"
_FRENCH_ABROAD = r"(?:\+|\b00)33[ ./-]?(?:\(0\)[ ./-]?)?[1-9](?:[ ./-]?[0-9]){8}\b"
_PHONE_ABROAD = r"\+[0-9](?:[ .-]?[0-9]){6,14}\b"
_DIGEST = r"[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}"
_ABROAD = "abroad"
_CLASSES = bytes(
    ord("a")
    if chr(byte).isascii() and chr(byte).islower()
    else ord("0")
    if 48 <= byte < 58
    else byte
    for byte in range(256)
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}"


class IdentifierNet:
    """Finds structured identifiers in folded texts. Immutable, shared by threads."""

    def __init__(
        self, values: Values, names: NameNet, shapes: ShapeBook, school_domains: Iterable[str] = ()
    ) -> None:
        self._values = values
        self._exact = lru_cache(_KEPT)(self._find_exact)
        self._names = names
        self._domains = tuple(domain.strip().lower().encode() for domain in school_domains)
        self._candidates = _compile(shapes)

    @property
    def pattern(self) -> bytes:
        """What is worth a look, e-mails with their ``@`` apart, in text folded as ``ids``."""
        found: bytes = self._candidates.pattern
        return found + b"|" + SIGN.encode()

    def find(self, folded: Folded) -> list[Match]:
        """Matches in ``folded.text``: e-mails, then the rest, which may overlap them."""
        emails = list(self._emails(folded.ids))
        if written_out := list(self._written_out(folded.ids)):
            emails = sorted([*emails, *written_out])
        return [*emails, *self._shapes(folded, emails)]

    def known(self, kind: Kind, text: str) -> int | None:
        """The reference of exactly this identifier."""
        return next(
            (ref for rank, ref in self._all(key_of(kind, text)) if rank == _RANK[kind]), None
        )

    def _find_exact(self, key: bytes) -> tuple[Kind, int] | None:
        """Kind and reference of the identifier with this key, or of the e-mail with this hash."""
        if found := self._all(key):
            rank, ref = found[0]
            return EXACT_KINDS[rank], ref
        if HEXADECIMAL.fullmatch(key):
            digest = bytes.fromhex(key.decode())
            for ref, kind, text in self._values.candidates(DIGEST + digest):
                if kind is Kind.EMAIL and digest in digests_of(text):
                    return kind, ref
        return None

    def _all(self, key: bytes) -> list[tuple[int, int]]:
        """Rank of the kind and reference of every identifier with this key."""
        return sorted(
            (_RANK[kind], ref)
            for ref, kind, text in self._values.candidates(ID + key)
            if kind in _RANK and key_of(kind, text) == key
        )

    # --- e-mail --------------------------------------------------------------------------

    def _emails(self, ids: bytes) -> Iterator[Match]:
        at = ids.find(b"@")
        while at >= 0:
            match = self._email_at(ids, at)
            if match is not None:
                yield match
            at = ids.find(b"@", at + 1)

    def _written_out(self, ids: bytes) -> Iterator[Match]:
        """``lea.martin (at) lycee (dot) example``, by the rules of any address."""
        for ways in addresses(ids):
            known = ((way, self._exact(way.local + b"@" + way.domain)) for way in ways)
            first = next(((way, found) for way, found in known if found), None)
            if first is not None:
                yield Match(first[0].start, first[0].end, *first[1])
            elif (way := ways[0]) and self._tells(way.local, way.domain):
                yield Match(way.start, way.end, Kind.EMAIL, 0)

    def _email_at(self, ids: bytes, at: int) -> Match | None:
        backwards = _LOCAL_BACKWARDS.match(ids[max(0, at - _MAX_LOCAL) : at][::-1])
        domain = _DOMAIN.match(ids, at + 1)
        if backwards is None or domain is None:
            return None
        local = backwards.group()[::-1].lstrip(b".+'-")
        start, end = at - len(local), domain.end()
        found = self._exact(ids[start:end])
        if found is not None:
            return Match(start, end, *found)
        return self._known_within(ids, start, at, end) or self._telling(ids, start, at, end)

    def _known_within(self, ids: bytes, start: int, at: int, end: int) -> Match | None:
        """A known address with something glued to it: ``x-jean@lycee.example.pdf``."""
        for part_end in _domain_ends(ids, at, end):
            address_end = ids[at:part_end]
            for part in _PART.finditer(ids, start, at):
                found = self._exact(ids[part.start() : at] + address_end)
                if found is not None:
                    return Match(part.start(), part_end, *found)
        return None

    def _telling(self, ids: bytes, start: int, at: int, end: int) -> Match | None:
        """An unknown address that points at a person of the school all the same."""
        local = ids[start:at]
        if local and not _PSEUDONYM.match(local):
            for part_end in _domain_ends(ids, at, end):
                if self._tells(local, ids[at + 1 : part_end]):
                    return Match(start, part_end, Kind.EMAIL, 0)
        return None

    def _tells(self, local: bytes, domain: bytes) -> bool:
        if any(domain == ours or domain.endswith(b"." + ours) for ours in self._domains):
            return True
        base = local.partition(b"+")[0]
        known = self._exact(base) or self._exact(base + b"@" + domain)
        return known is not None or self._spells(base)

    def _spells(self, local: bytes) -> bool:
        """Whether a local part such as ``jean.martin2`` spells a known full name."""
        parts = _LETTERS.findall(local)
        return self._names.begins(parts[:1]) and self._names.pair(parts) is not None

    # --- shapes --------------------------------------------------------------------------

    def _shapes(self, folded: Folded, emails: list[Match]) -> Iterator[Match]:
        """Candidates are not looked for inside the e-mails found: most are its local part."""
        ids, position, passed = folded.ids, 0, 0
        while hit := self._candidates.search(ids, position):
            start, end = hit.span()
            while passed < len(emails) and emails[passed].end <= start:
                passed += 1
            if passed < len(emails) and emails[passed].start <= start:
                position = emails[passed].end
                continue
            match = self._identify(folded, start, end)
            if match is not None:
                yield match
                position = match.end
            else:
                first_part = _PART.search(ids, start, end)
                position = first_part.end() if first_part else end

    def _identify(self, folded: Folded, start: int, end: int) -> Match | None:
        key, typed = folded.ids[start:end], folded.text[start:end]
        found = self._exact(key)
        if found is not None:
            return Match(start, end, *found)
        if _DIGIT.search(key):
            match = self._identify_number(folded, key, typed, start, end)
            if match is not None:
                return match
        return self._identify_start(key, start)

    def _identify_number(
        self, folded: Folded, key: bytes, typed: str, start: int, end: int
    ) -> Match | None:
        if tail := _INE_TAIL.match(folded.ids, end):  # 10 digits alone look like a phone
            found = self._exact((key + tail[0]).replace(b" ", b""))
            if found is not None:
                return Match(start, tail.end(), *found)
        for variant in _variants(key):
            found = self._exact(variant)
            if found is not None:
                return Match(start, end, *found)
        if key.startswith(b"+") and (match := self._phone_start(key, start)):
            return match
        if is_ine(typed) or is_nir(typed):
            return Match(start, end, Kind.NATIONAL_ID, 0)
        if b" " in key and is_ine(typed.replace(" ", "")) and _says_ine(folded.ids, start):
            return Match(start, end, Kind.NATIONAL_ID, 0)
        before = folded.ids[max(0, start - 2) : start]
        if is_french_phone(typed) and not (typed.isdecimal() and _FRACTION.match(before)):
            return Match(start, end, Kind.PHONE, 0)
        return None

    def _phone_start(self, key: bytes, start: int) -> Match | None:
        """A foreign number with more digits behind it: where it ends is the directory's to say."""
        for group in reversed(list(_GROUP_END.finditer(key))):
            found = self._exact(phone_digits(key[: group.start()].decode()).encode())
            if found is not None:
                return Match(start, start + group.start(), *found)
        return None

    def _identify_start(self, key: bytes, start: int) -> Match | None:
        """A login with something behind it (``jean.martin.pdf``), or one made of a full name."""
        while _JOINED.search(key):
            if self._spells(key):
                return Match(start, start + len(key), Kind.LOGIN, 0)
            key = key[: max(map(key.rfind, _SEPARATORS))]
            found = self._exact(key)
            if found is not None:
                return Match(start, start + len(key), *found)
        return None


def key_of(kind: Kind, text: str) -> bytes:
    """The folded text under which an identifier is looked up."""
    if kind is Kind.PHONE:
        return phone_digits(text).encode()
    key = fold(text.strip()).ids
    return key if kind in (Kind.EMAIL, Kind.LOGIN) else key.replace(b" ", b"")


def _says_ine(ids: bytes, start: int) -> bool:
    """Whether the words before a number say what it is."""
    return _SAYS_INE.search(ids, max(0, start - 40), start) is not None


def _domain_ends(ids: bytes, at: int, end: int) -> Iterator[int]:
    """Where a domain may end: where it does, or before its last labels."""
    while True:
        yield end
        end = ids.rfind(b".", at, end)
        if ids.find(b".", at, end) < 0:
            return


def _variants(key: bytes) -> Iterator[bytes]:
    """What a candidate may be looked up as beside itself: without its groups, as a phone number."""
    if len(key) == 32:
        yield b"-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:]))
    if b" " in key:
        yield key.replace(b" ", b"")
    if not key.translate(None, b"0123456789 ./+-()"):
        yield phone_digits(key.decode()).encode()


class ShapeBook:
    """The shapes of a directory's identifiers, gathered value by value, whatever their number.

    Of logins such as ``jean.martin`` the first word is taken to the letter: those are given
    names, a few thousand, and every address of a web site has the shape without it.
    """

    def __init__(self) -> None:
        self.patterns: set[bytes] = set()
        """Identifiers with every letter as ``a`` and every digit as ``0``."""
        self.heads: set[bytes] = set()
        self.traits: set[str] = set()
        self._heads: dict[tuple[Kind, bytes], int] = {}

    def add(self, kind: Kind, key: bytes) -> None:
        """Take note of an identifier."""
        if kind in (Kind.UUID, Kind.EMAIL):
            self.traits.add(kind)
            return
        if kind is Kind.PHONE and not key.startswith(b"+33"):
            self.traits.add(_ABROAD)
        pattern = key.translate(_CLASSES)
        head = self._heads.get((kind, pattern), -1)
        if head < 0:
            head = self._heads[kind, pattern] = self._note(kind, pattern)
        if head and len(self.heads) <= _MAX_HEADS:
            self.heads.add(key[:head])

    def _note(self, kind: Kind, pattern: bytes) -> int:
        """Keep a pattern; how many letters of such an identifier are its head."""
        if not _is_shaped(kind, pattern):
            return 0
        self.patterns.add(pattern)
        head = _HEAD.match(pattern)
        return head.end() if head else 0

    def update(self, other: ShapeBook) -> None:
        """Join with another's."""
        self.patterns |= other.patterns
        self.heads |= other.heads
        self.traits |= other.traits

    def to_lists(self) -> dict[str, list[str]]:
        """For a document."""
        return {
            "patterns": sorted(pattern.decode("latin-1") for pattern in self.patterns),
            "heads": sorted(head.decode("latin-1") for head in self.heads),
            "traits": sorted(self.traits),
        }

    @classmethod
    def from_lists(cls, lists: Mapping[str, Sequence[str]]) -> ShapeBook:
        """The inverse of ``to_lists``."""
        book = cls()
        book.patterns = {pattern.encode("latin-1") for pattern in lists["patterns"]}
        book.heads = {head.encode("latin-1") for head in lists["heads"]}
        book.traits = set(lists["traits"])
        return book

    def expressions(self) -> list[str]:
        """Regular expressions, the longest first."""
        split = [(_HEAD.match(pattern), pattern) for pattern in self.patterns]
        tails = {_shape(pattern[head.end() :]) for head, pattern in split if head}
        shapes = {_shape(pattern) for head, pattern in split if not head}
        if max(len(shapes), len(tails)) > _MAX_SHAPES or len(self.heads) > _MAX_HEADS:
            return _general_shapes(sorted(self.patterns))
        if self.heads:
            first = "|".join(head.decode() for head in sorted(self.heads))
            shapes.add(f"(?:{first})(?:{'|'.join(_longest_first(tails))})")
        return _longest_first(shapes)


def _compile(shapes: ShapeBook) -> re2._Regexp:
    # What is spaced stands last: it must not begin where something else does.
    whole = [_NIR, _INE, _PHONE, *shapes.expressions(), _SPACED_INE]
    if Kind.UUID in shapes.traits:
        whole.insert(0, _UUID)
    if Kind.EMAIL in shapes.traits:
        whole.insert(0, _DIGEST)
    abroad = [_FRENCH_ABROAD]
    if _ABROAD in shapes.traits:
        abroad.append(_PHONE_ABROAD)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    pattern = f"\\b(?:{'|'.join(whole)})\\b|{'|'.join(abroad)}"
    # RE2's automaton must have room for all heads, else it falls back on one that is fifty
    # times slower.
    options.max_mem = (8 << 20) + 400 * len(pattern)
    return re2.compile(pattern.encode("latin-1"), options)


def _longest_first(shapes: Iterable[str]) -> list[str]:
    return sorted(shapes, key=lambda shape: (-len(shape), shape))


def _is_shaped(kind: Kind, key: bytes) -> bool:
    """Whether an identifier may be looked for in prose: a bare word may not."""
    if kind in (Kind.EMAIL, Kind.UUID) or not _SHAPED.fullmatch(key) or b"@" in key:
        return False
    has_digit = any(chr(byte).isdigit() for byte in key)
    if kind is Kind.LOGIN:
        return len(key) >= _MIN_LOGIN and (has_digit or any(s in key for s in _SEPARATORS))
    return len(key) >= _MIN_NUMBER and has_digit


def _shape(key: bytes) -> str:
    pieces = []
    for piece in _PIECE.findall(key.decode("latin-1")):
        if piece.isdigit():
            pieces.append(f"[0-9]{{{len(piece)}}}")
        else:
            pieces.append("[a-z]+" if piece.isalpha() else re2.escape(piece))
    return "".join(pieces)


def _general_shapes(keys: list[bytes]) -> list[str]:
    """For identifiers that look like nothing in particular: any word with a digit, or joined."""
    shapes: list[str] = []
    if any(not _PART.fullmatch(key) for key in keys):
        shapes.append(r"[0-9a-z]+(?:[.+'\x{02}-][0-9a-z]+)+")
    whole = [len(key) for key in keys if _PART.fullmatch(key)]
    if whole:
        least = min(whole)
        shapes.append(f"[a-z]{{{least},}}[0-9][0-9a-z]*")
        shapes += [f"[a-z]{{{n}}}[0-9][0-9a-z]{{{least - n - 1},}}" for n in range(least)]
    return shapes
