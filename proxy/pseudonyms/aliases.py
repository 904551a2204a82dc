"""Aliases: pseudonyms too small to hold a reference, so the store remembers whose they are.

======  ======================  ===============  =============================================
shape   looks like              how many         for
======  ======================  ===============  =============================================
number  9, then 14 digits       10**9            numeric ids; exact in JavaScript (< 2**53)
ine     99, 7 digits, 2 letters 5.76 * 10**9     INE fields; no school year is 99
phone   +33 6 39 98 12 34 …     59,999           phone fields; the numbers ARCEP keeps for films
tiny    zqz and 9 letters       5.4 * 10**12     fields shorter than 20 characters
======  ======================  ===============  =============================================

Giving one: a keyed hash of (service, reference, attempt) draws a number; if the store already
gave it to another reference, the next attempt. So a reference has one alias a service, nobody
shares one, any worker draws the same, and two services' draws are independent. The store's
row says number to reference, under a keyed place; it holds nobody's value, is never deleted
and so never given twice, even after the value behind the reference was erased.

Finding one in an answer asks the store, so a chance look-alike must be rare: five digits of a
``number`` are a keyed checksum, the others look like nothing else by themselves.

Forging: whoever tries numbers hits one that was given with the chance given/size (for a
``number`` also the checksum, 10**-5). That is much weaker than a sealed reference: for
phones it is near 1. What is restored then is still one value that went to this very service,
within the viewer's scope.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

import re2

from proxy.errors import StoreUnavailable
from proxy.kinds import KIND_OF_CODE, Kind
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.radix import letters_of, number_of
from proxy.pseudonyms.sealing import CACHE, Reference
from proxy.pseudonyms.values import ValueSealer
from proxy.store.interface import Store

TINY_MARK = "zqz"
"""z is no key version, so that this is never the beginning of a token."""
_TINY_LETTERS = 9
_NOTE = "alias-shapes:"
_INE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_BLOCKS = ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649", "+3363998")
_BLOCK_SIZE = 10_000
_BATCHES = (8, 64, 512)
CONSTANT_PHONE = _BLOCKS[0] + "0000"
"""What stands for a phone number when no other is left: nobody's, and not restored."""

_PHONE_CORES = ("99[ .\xa0-]?00", "61[ .\xa0-]?91", "53[ .\xa0-]?01",
                "65[ .\xa0-]?71", "36[ .\xa0-]?49", "39[ .\xa0-]?98")  # fmt: skip
"""Part of every spot, and quick to see that none is there: RE2 skips to a first literal."""
_PHONE_DIGITS = re.compile(r"\+33(?:199|261|353|465|536|639)\d{6}")
_PHONE_SPOT = (
    r"(?:0|(?:\+|00)33[ .\xa0-]?(?:\(0\)[ .\xa0-]?)?)"
    r"(?:1[ .\xa0-]?99[ .\xa0-]?00|2[ .\xa0-]?61[ .\xa0-]?91|3[ .\xa0-]?53[ .\xa0-]?01"
    r"|4[ .\xa0-]?65[ .\xa0-]?71|5[ .\xa0-]?36[ .\xa0-]?49|6[ .\xa0-]?39[ .\xa0-]?98)"
    r"[ .\xa0-]?[0-9]{2}[ .\xa0-]?[0-9]{2}"
)


class Shape(NamedTuple):
    """One shape: how many there are, a number's text and back, and where one may stand."""

    size: int
    write: Callable[[int, int], str]
    """The text of a number and its keyed checksum."""
    read: Callable[[str], tuple[int, int | None] | None]
    """The inverse; no checksum (``None``) where the shape carries none."""
    spot: str
    """An RE2 pattern of candidates."""
    edge: str
    """What must not stand directly before or after."""


def _read_number(text: str) -> tuple[int, int | None] | None:
    return int(text[1:10]), int(text[10:])


def _write_ine(number: int, check: int) -> str:
    digits, letters = divmod(number, 576)
    return f"99{digits:07d}{_INE_LETTERS[letters // 24]}{_INE_LETTERS[letters % 24]}"


def _read_ine(text: str) -> tuple[int, int | None] | None:
    first, second = map(_INE_LETTERS.find, text[9:].upper())
    return (int(text[2:9]) * 576 + first * 24 + second, None) if min(first, second) >= 0 else None


def _write_phone(number: int, check: int) -> str:
    block, rest = divmod(number, _BLOCK_SIZE)
    return f"{_BLOCKS[block]}{rest:04d}"


def _read_phone(text: str) -> tuple[int, int | None] | None:
    digits = canonical(Kind.PHONE, text)
    if not _PHONE_DIGITS.fullmatch(digits) or digits[:8] not in _BLOCKS:
        return None
    return _BLOCKS.index(digits[:8]) * _BLOCK_SIZE + int(digits[8:]), None


def _read_tiny(text: str) -> tuple[int, int | None] | None:
    number = number_of(text[3:].lower().encode("ascii", "replace"))
    return None if number is None else (number, None)


SHAPES: dict[str, Shape] = {
    "number": Shape(
        10**9,
        lambda number, check: f"9{number:09d}{check:05d}",
        _read_number,
        r"9[0-9]{14}",
        r"[0-9]",
    ),
    "ine": Shape(576 * 10**7, _write_ine, _read_ine, r"99[0-9]{7}[A-Za-z]{2}", r"[0-9A-Za-z]"),
    "phone": Shape(len(_BLOCKS) * _BLOCK_SIZE, _write_phone, _read_phone, _PHONE_SPOT, r"[0-9]"),
    "tiny": Shape(
        26**_TINY_LETTERS,
        lambda number, check: TINY_MARK + letters_of(number, _TINY_LETTERS),
        _read_tiny,
        rf"[zZ][qQ][zZ][A-Za-z]{{{_TINY_LETTERS}}}",
        "",
    ),
}


def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode("latin-1"), options)


_SPOTS = {name: _compiled(shape.spot) for name, shape in SHAPES.items()}
_CORES = tuple(map(_compiled, _PHONE_CORES))


def noted_shapes(store: Store, service: str) -> frozenset[str]:
    """Shapes that a service was given before, whatever today's policy says."""
    try:
        noted = store.get_meta(_NOTE + service) or b""
    except StoreUnavailable:
        return frozenset()  # what needs the store is refused when it is met
    return frozenset(noted.decode().split())


def likely(
    keys: Keys, service: str, sealer: ValueSealer, shape: str, reference: Reference
) -> list[str]:
    """The aliases that a reference has in a service if it has any, one a version of the keys.

    Its first draw: only one that is taken, of 10**9 and more, gets another. No store is asked.
    """
    found = []
    for version in keys.versions:
        number = _drawn(keys.alias_key(version, service), shape, reference, 0)
        check = sealer.alias_place(service, shape, number)[1]
        found.append(SHAPES[shape].write(number, check))
    return found


def _drawn(key: bytes, shape: str, reference: Reference, attempt: int) -> int:
    message = f"{shape}\x1f{_row_text(reference)}\x1f{attempt}".encode()
    number = int.from_bytes(hmac.digest(key, message, "sha256")[:16]) % SHAPES[shape].size
    # 0 is what a phone number becomes when none is left.
    return number or _drawn(key, shape, reference, attempt + 1_000_000)


class Candidate(NamedTuple):
    """A text that may be an alias; ``plain`` is how the alias is written by default."""

    start: int
    end: int
    shape: str
    number: int
    plain: str


class Aliases:
    """One service's aliases. ``active`` are the shapes that answers are searched for.

    ``noted`` are those and others of its pack's or its past that are searched for on demand.
    ``taken`` says whether a number is somebody's own in the directory: it is never given.
    """

    def __init__(
        self,
        keys: Keys,
        service: str,
        store: Store,
        sealer: ValueSealer,
        noted: Iterable[str],
        taken: Callable[[str, str], bool],
    ) -> None:
        self._key = keys.alias_key(keys.current, service)
        self._service = service
        self._store = store
        self._sealer = sealer
        self._note = _NOTE + service
        self._taken = taken
        self.noted = frozenset(noted) | noted_shapes(store, service)
        self.active = self.noted & SHAPES.keys()
        self.number = lru_cache(CACHE)(self._number)
        self._targets: dict[tuple[str, int], Reference] = {}

    def __repr__(self) -> str:
        return f"Aliases({self._service!r})"

    def text(self, shape: str, number: int) -> str:
        """The alias as it is written by default."""
        return SHAPES[shape].write(number, self._place(shape, number)[1])

    def note(self, shape: str) -> None:
        """From now on answers are searched for this shape, here and after a restart."""
        if shape in self.noted:
            return
        known = (self._store.get_meta(self._note) or b"").decode().split()
        written = " ".join(sorted({*known, *self.noted, shape}))
        self._store.set_meta(self._note, written.encode())
        self.noted |= {shape}
        self.active = self.noted & SHAPES.keys()

    def find(self, data: bytes, marked: bool) -> list[Candidate]:
        """What may be an alias in a text as Latin-1; ``targets`` says what is one.

        ``marked``: the marker of tokens stands somewhere in it.
        """
        found: list[Candidate] = []
        for shape in self.active:
            if shape == "tiny" and not marked:
                continue
            if shape == "phone" and not any(core.search(data) for core in _CORES):
                continue
            for match in _SPOTS[shape].finditer(data):
                candidate = self._candidate(shape, data, *match.span())
                if candidate is not None:
                    found.append(candidate)
        return found

    def targets(self, found: list[Candidate]) -> list[Reference | None]:
        """Whose each candidate is, in one trip to the store."""
        spots = [(candidate.shape, candidate.number) for candidate in found]
        asked = [spot for spot in dict.fromkeys(spots) if spot not in self._targets]
        if asked:
            places = [self._place(*spot)[0] for spot in asked]
            for spot, place, row in zip(asked, places, self._store.vault_get(places), strict=True):
                if row is not None:
                    self._remember(spot, self._opened(place, row))
        return [self._targets.get(spot) for spot in spots]

    # --- inside --------------------------------------------------------------------------

    def _candidate(self, shape: str, data: bytes, start: int, end: int) -> Candidate | None:
        text = data[start:end].decode("latin-1")
        form = SHAPES[shape]
        if form.edge and re.match(form.edge, data[end : end + 1].decode("latin-1")):
            return None
        if form.edge and start and re.match(form.edge, chr(data[start - 1])):
            return None
        read = form.read(text)
        if read is None:
            return None
        number, check = read
        if check is not None and check != self._place(shape, number)[1]:
            return None
        return Candidate(start, end, shape, number, self.text(shape, number))

    def _number(self, shape: str, reference: Reference) -> int | None:
        """The reference's number, given now if it had none; ``None`` if none is left."""
        self.note(shape)
        wanted = _row_text(reference)
        attempt = 0
        for batch in _BATCHES:
            drawn = [_drawn(self._key, shape, reference, attempt + i) for i in range(batch)]
            attempt += batch
            rows = self._store.vault_get([self._place(shape, number)[0] for number in drawn])
            for number, row in zip(drawn, rows, strict=True):
                place = self._place(shape, number)[0]
                if self._taken(shape, self.text(shape, number)):
                    continue
                taken = (
                    self._sealer.open_row(place, Kind.TEXT, row)
                    if row
                    else self._claim(place, wanted)
                )
                if taken == wanted:
                    self._remember((shape, number), reference)
                    return number
        return None

    def _claim(self, place: int, wanted: str) -> str:
        """Who has a free number once we have asked for it: another worker may be quicker."""
        self._store.vault_put(place, self._sealer.seal_row(place, Kind.TEXT, wanted))
        row = self._store.vault_get((place,))[0]
        if row is None:
            raise StoreUnavailable("the vault does not keep what it is given")
        return self._sealer.open_row(place, Kind.TEXT, row)

    def _place(self, shape: str, number: int) -> tuple[int, int]:
        """Where the store keeps a number of this service, and its checksum."""
        return self._sealer.alias_place(self._service, shape, number)

    def _opened(self, place: int, row: bytes) -> Reference:
        text = self._sealer.open_row(place, Kind.TEXT, row)
        return Reference(int(text[:16], 16), KIND_OF_CODE[int(text[16:18], 16)], text[18] == "v")

    def _remember(self, spot: tuple[str, int], reference: Reference) -> None:
        if len(self._targets) >= CACHE:
            self._targets.clear()
        self._targets[spot] = reference


def _row_text(reference: Reference) -> str:
    ref, kind, in_vault = reference
    return f"{ref:016x}{kind.code:02x}{'v' if in_vault else 'd'}"
