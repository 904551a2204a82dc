"""Both directions for one service: identifiers out as pseudonyms, pseudonyms back as typed.

The law: ``restore(pseudonymise(text)) == text`` for every text. What already is a pseudonym
is left as it is, so that it cannot be wrapped a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from proxy.content.visitor import Edit
from proxy.kinds import Kind
from proxy.pseudonyms import forms, tokens
from proxy.pseudonyms.canonical import canonical
from proxy.pseudonyms.forms import AS_IS, Look, recase
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.sealing import Reference, ServiceSeal
from proxy.pseudonyms.shapes import Finder, Render, render_for
from proxy.pseudonyms.tokens import Found
from proxy.pseudonyms.values import ValueSealer
from proxy.pseudonyms.vault import Vault, VaultValue
from proxy.store.interface import Store

type MayRestore = Callable[[int], bool]
"""Whether the directory value of this reference may be shown to who reads the answer."""

_ECK_ID = re.compile(r"https://ketenid\.nl/\d{6}/[0-9a-f]{128}")


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
    ) -> None:
        """``vault`` shares one cache between services; without it this service has its own."""
        self._seal = ServiceSeal(keys, service_name)
        self._domain = domain
        self._finder = Finder(self._seal, domain)
        self._source = source
        self._vault = vault or Vault(ValueSealer(keys), store)

    def __repr__(self) -> str:
        return f"Pseudonymiser({self._seal.service!r})"

    def pseudonym(self, kind: Kind, text: str, shape: str = "auto", ref: int | None = None) -> str:
        """What the service sees for ``text``. ``ref`` if the caller has found the value already.

        Raises ``StoreUnavailable`` when a value outside the directory cannot be kept: then
        nothing may be sent, since it could not be restored.
        """
        if not text or self.is_pseudonym(text):
            return text
        render = render_for(shape, kind)
        if ref is None:
            ref = self._source.lookup(kind, text)
        plain = self._source.plain(ref) if ref is not None else None
        if ref is None or plain is None:
            return self._stranger(kind, text, render)
        known_kind, known_text = plain
        form = forms.pick(known_kind, known_text, text)
        if form is not None:
            made = self._dress(render, Reference(ref, known_kind, False), form)
            if made is not None:
                return made
        return self._verbatim(known_kind, text, render, owner=ref)

    def subject_id(self, ref: int) -> str:
        """A subject's id in this service: as stable and as unlinkable, and restored to nothing."""
        return tokens.token(self._seal, Reference(ref, Kind.TEXT, False), AS_IS)

    def is_pseudonym(self, text: str) -> bool:
        """Whether the whole text is a pseudonym of this service or of a national scheme."""
        if text[:2].lower() == "zq" or (len(text) == 36 and text[14] == "8"):
            found = self._finder.find(text)
            return len(found) == 1 and found[0][:2] == (0, len(text))
        return text.startswith("https://ketenid.nl/") and bool(_ECK_ID.fullmatch(text))

    def find(self, text: str) -> list[Found]:
        """Every pseudonym of this service, of every key version, in order."""
        return self._finder.find(text)

    def restore_edits(
        self,
        text: str,
        may_restore: MayRestore | None = None,
        kinds: list[Kind] | None = None,
    ) -> list[Edit]:
        """Edits that put back what was typed. Erased and out-of-scope values stay pseudonyms.

        ``kinds`` gets the kind of each edit, for who counts them.

        ``may_restore`` is asked about directory values, and about the owner of a vault value
        that spells one. A vault value without an owner is always restored: it belongs to
        nobody the directory knows, and it went out through this service.
        """
        found = self._finder.find(text)
        if not found:
            return []
        in_vault = self._vault.find(hit.reference for hit in found if hit.reference.in_vault)
        edits = []
        for hit in found:
            original = self._original(hit, in_vault, may_restore)
            if original is not None:
                edits.append(Edit(hit.start, hit.end, original))
                if kinds is not None:
                    kinds.append(hit.reference.kind)
        return edits

    def restore_one(self, text: str, may_restore: MayRestore | None = None) -> str | None:
        """The original if the whole text is one pseudonym that may be restored."""
        edits = self.restore_edits(text, may_restore)
        whole = len(edits) == 1 and edits[0][:2] == (0, len(text))
        return edits[0].replacement if whole else None

    # --- inside --------------------------------------------------------------------------

    def _dress(self, render: Render, reference: Reference, form: int) -> str | None:
        return render(self._seal, self._domain, reference, form)

    def _stranger(self, kind: Kind, text: str, render: Render) -> str:
        """A value outside the directory: its spellings share a core where a form makes them."""
        base = canonical(kind, text)
        form = forms.pick(kind, base, text)
        if form is None or form == AS_IS:
            return self._verbatim(kind, text, render, owner=0)
        reference = Reference(self._vault.reference(kind, base), kind, True)
        return self._dress(render, reference, form) or self._verbatim(kind, text, render, owner=0)

    def _verbatim(self, kind: Kind, text: str, render: Render, owner: int) -> str:
        """The exact text as a vault value: what no form makes of the canonical one."""
        reference = Reference(self._vault.reference(kind, text, owner), kind, True)
        made = self._dress(render, reference, AS_IS)
        assert made is not None, "every shape carries a text as it is"
        return made

    def _original(
        self, hit: Found, in_vault: dict[Reference, VaultValue], may_restore: MayRestore | None
    ) -> str | None:
        ref, kind, vaulted = hit.reference
        if vaulted:
            value = in_vault.get(hit.reference)
            if value is None or not self._owner_allows(value.owner, may_restore):
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
        return text if hit.look is Look.UNCHANGED else recase(hit.look, text)

    def _owner_allows(self, owner: int, may_restore: MayRestore | None) -> bool:
        """A spelling lives and is shown as the directory value it spells."""
        if not owner:
            return True
        if self._source.plain(owner) is None:
            return False
        return may_restore is None or may_restore(owner)
