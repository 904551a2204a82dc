"""Both directions for one service: identifiers out as pseudonyms, pseudonyms back as typed.

The law: ``restore(pseudonymise(text)) == text`` for every text. What already is a pseudonym
is left as it is, so that it cannot be wrapped a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, Self

from proxy.content.visitor import Edit
from proxy.kinds import Kind
from proxy.pseudonyms import forms, tokens
from proxy.pseudonyms.aliases import Aliases
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.forms import AS_IS, Look, recase
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.options import PseudonymOptions
from proxy.pseudonyms.sealing import Reference, ServiceSeal
from proxy.pseudonyms.shapes import Wardrobe, shape_for
from proxy.pseudonyms.tokens import Found
from proxy.pseudonyms.values import ValueSealer
from proxy.pseudonyms.vault import NOWHERE, Place, Vault, VaultValue
from proxy.store.interface import Store

type Met = Callable[[Kind, str, int | None], None]
"""Told of each text that is to be replaced, with its reference in the directory."""
type MayRestore = Callable[[int], bool]
"""Whether the directory value of this reference may be shown to who reads the answer."""

_ECK_ID = re.compile(r"https://ketenid\.nl/\d{6}/[0-9a-f]{128}")
_KIND_OF_ALIAS = {
    "phone": Kind.PHONE,
    "ine": Kind.NATIONAL_ID,
    "number": Kind.STUDENT_NUMBER,
    "tiny": Kind.LOGIN,
}


class Scope(NamedTuple):
    """What who reads an answer may see restored. The default is everything."""

    may_restore: MayRestore | None = None
    """Asked about directory values; ``None``: all of them."""
    places: Sequence[tuple[str, str]] | None = None
    """Schools (with ``""``) and classes whose strangers are shown; ``None``: everybody's."""


EVERYTHING = Scope()
DEFAULTS = PseudonymOptions()


class ValueSource(Protocol):
    """The directory, as pseudonyms need it. The index implements it."""

    def plain(self, ref: int) -> tuple[Kind, str] | None:
        """The kind and canonical text of a directory value; ``None`` if erased or unknown."""

    def lookup(self, kind: Kind, text: str) -> int | None:
        """The reference of the directory value that ``text`` spells."""


class Pseudonymiser:
    """One service's pseudonyms. Keep one a service; it is cheap to make for a new directory."""

    def __init__(
        self,
        keys: Keys,
        service_name: str,
        source: ValueSource,
        store: Store,
        domain: str,
        vault: Vault | None = None,
        options: PseudonymOptions = DEFAULTS,
    ) -> None:
        """``vault`` shares one cache between services; without it this service has its own."""
        self._service = service_name
        self._source = source
        self._options = options
        self._place = NOWHERE
        self._met: Met | None = None
        sealer = ValueSealer(keys)
        self._vault = vault or Vault(sealer, store)
        aliases = Aliases(keys, service_name, store, sealer, options.aliases, self._is_known)
        self._seal = ServiceSeal(keys, service_name)
        self._wardrobe = Wardrobe(self._seal, domain, aliases, options)

    def __repr__(self) -> str:
        return f"Pseudonymiser({self._service!r})"

    def at(self, place: Place, met: Met | None = None) -> Self:
        """The same for what a place sends: strangers are remembered as that place's."""
        there = object.__new__(type(self))
        there.__dict__.update(self.__dict__)
        there._place = place
        there._met = met
        return there

    def pseudonym(self, kind: Kind, text: str, shape: str = "auto", ref: int | None = None) -> str:
        """What the service sees for ``text``. ``ref`` if the caller has found the value already.

        Raises ``StoreUnavailable`` when a value outside the directory cannot be kept: then
        nothing may be sent, since it could not be restored; and ``Refused`` when a shape has
        no pseudonym left.
        """
        if not text:
            return text
        shape = shape_for(shape, kind)
        if ref is None:
            ref = self._source.lookup(kind, text)
            if ref is None and self.is_pseudonym(text):
                return text
        if self._met is not None:
            self._met(kind, text, ref)
        plain = self._source.plain(ref) if ref is not None else None
        if ref is None or plain is None:
            return self._stranger(kind, text, shape)
        known_kind, known_text = plain
        form = forms.pick(known_kind, known_text, text)
        if form is not None:
            made = self._wardrobe.dress(shape, Reference(ref, known_kind, False), form)
            if made is not None:
                return made
        return self._verbatim(known_kind, text, shape, owner=ref)

    def subject_id(self, ref: int) -> str:
        """A subject's id in this service: as stable and as unlinkable, and restored to nothing."""
        return tokens.token(self._seal, Reference(ref, Kind.TEXT, False), AS_IS)

    def is_pseudonym(self, text: str) -> bool:
        """Whether the whole text is a pseudonym of this service or of a national scheme."""
        if self._wardrobe.may_be_one(text):
            found = self.find(text)
            return len(found) == 1 and found[0][:2] == (0, len(text))
        return text.startswith("https://ketenid.nl/") and bool(_ECK_ID.fullmatch(text))

    def find(self, text: str) -> list[Found]:
        """Every pseudonym of this service, of every key version, in order."""
        found = self._wardrobe.find(text)
        if not any(hit.sparse for hit in found):
            return found
        in_vault = self._in_vault(found)
        return [hit for hit in found if not hit.sparse or self._exists(hit.reference, in_vault)]

    def restore_edits(
        self,
        text: str,
        scope: Scope = EVERYTHING,
        kinds: list[Kind] | None = None,
    ) -> list[Edit]:
        """Edits that put back what was typed. Erased and out-of-scope values stay pseudonyms.

        ``kinds`` gets the kind of each edit, for who counts them.
        """
        found = self._wardrobe.find(text)
        if not found:
            return []
        in_vault = self._in_vault(found)
        shown = self._shown(in_vault, scope) if in_vault else in_vault
        edits = []
        for hit in found:
            original = self._original(hit, shown, scope.may_restore)
            if original is not None:
                edits.append(Edit(hit.start, hit.end, original))
                if kinds is not None:
                    kinds.append(hit.reference.kind)
        return edits

    def restore_one(self, text: str, scope: Scope = EVERYTHING) -> str | None:
        """The original if the whole text is one pseudonym that may be restored."""
        edits = self.restore_edits(text, scope)
        whole = len(edits) == 1 and edits[0][:2] == (0, len(text))
        return edits[0].replacement if whole else None

    # --- inside --------------------------------------------------------------------------

    def _is_known(self, shape: str, text: str) -> bool:
        """Whether what an alias would look like is somebody's own."""
        return self._source.lookup(_KIND_OF_ALIAS[shape], text) is not None

    def _stranger(self, kind: Kind, text: str, shape: str) -> str:
        """A value outside the directory: its spellings share a core where a form makes them."""
        base = canonical(kind, text)
        form = forms.pick(kind, base, text)
        if form is not None and form != AS_IS:
            reference = Reference(self._vault.reference(kind, base, 0, self._place), kind, True)
            made = self._wardrobe.dress(shape, reference, form)
            if made is not None:
                return made
        return self._verbatim(kind, text, shape, owner=0)

    def _verbatim(self, kind: Kind, text: str, shape: str, owner: int) -> str:
        """The exact text as a vault value: what no form makes of the canonical one."""
        reference = Reference(self._vault.reference(kind, text, owner, self._place), kind, True)
        made = self._wardrobe.dress(shape, reference, AS_IS)
        assert made is not None, "every shape carries a text as it is"
        return made

    def _in_vault(self, found: Sequence[Found]) -> dict[Reference, VaultValue]:
        wanted = [hit.reference for hit in found if hit.reference.in_vault]
        return self._vault.find(wanted) if wanted else {}

    def _exists(self, reference: Reference, in_vault: dict[Reference, VaultValue]) -> bool:
        if reference.in_vault:
            return reference in in_vault
        plain = self._source.plain(reference.ref)
        return plain is not None and plain[0] is reference.kind

    def _shown(
        self, in_vault: dict[Reference, VaultValue], scope: Scope
    ) -> dict[Reference, VaultValue]:
        """A spelling is shown as the directory value it spells, a stranger where it was sent."""
        strangers = {r: value for r, value in in_vault.items() if not value.owner}
        if scope.places is not None and strangers:
            used = self._vault.used_at(strangers, scope.places)
            strangers = {r: value for r, value in strangers.items() if r in used}
        spellings = {
            r: value
            for r, value in in_vault.items()
            if value.owner and self._owner_allows(value.owner, scope.may_restore)
        }
        return strangers | spellings

    def _owner_allows(self, owner: int, may_restore: MayRestore | None) -> bool:
        if self._source.plain(owner) is None:
            return False
        return may_restore is None or may_restore(owner)

    def _original(
        self, hit: Found, shown: dict[Reference, VaultValue], may_restore: MayRestore | None
    ) -> str | None:
        ref, kind, vaulted = hit.reference
        if vaulted:
            value = shown.get(hit.reference)
            if value is None:
                return None
            # As it is means to the letter here: see ``_verbatim``.
            text = value.text if hit.form == AS_IS else forms.apply(kind, hit.form, value.text)
        else:
            plain = self._source.plain(ref)
            if plain is None or plain[0] is not kind or (may_restore and not may_restore(ref)):
                return None
            text = forms.apply(kind, hit.form, plain[1])
        if text is None:
            return None
        if hit.local_part and kind is Kind.EMAIL:
            text = text.rpartition("@")[0] or text
        if hit.look is Look.UNCHANGED or self._options.folds_case:
            return text
        return recase(hit.look, text)
