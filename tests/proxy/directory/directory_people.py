"""What the directory's tests share: a sealer with a key of its own, a store, an index maker."""

from __future__ import annotations

import hmac
import os
import re
import unicodedata
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.directory import importing
from proxy.directory.index import Index
from proxy.directory.patterns import phone_digits
from proxy.directory.subjects import Person
from proxy.kinds import Kind, SubjectKind
from proxy.store.memory import MemoryStore


class TestSealer:
    """As the site's sealer does it, without key files."""

    __test__ = False

    def __init__(self) -> None:
        self._key = os.urandom(32)

    def canonical(self, kind: Kind, text: str, /) -> str:
        if kind is Kind.PHONE:
            return phone_digits(text)
        parts = unicodedata.normalize("NFC", text).split("\x1f")
        text = "\x1f".join(" ".join(part.split()) for part in parts)
        if kind in (Kind.EMAIL, Kind.LOGIN, Kind.UUID):
            return text.lower()
        if kind in (Kind.NATIONAL_ID, Kind.STUDENT_NUMBER):
            return re.sub(r"\s", "", text).upper()
        return text

    def fingerprint(self, kind: Kind, canonical_text: str, /) -> bytes:
        return hmac.digest(self._key, bytes((kind.code,)) + canonical_text.encode(), "sha256")[:16]

    def source_key(self, source: str, identifier: str, /) -> bytes:
        return hmac.digest(self._key, f"{source}\x1f{identifier}".encode(), "sha256")[:16]

    def seal(self, ref: int, kind: Kind, text: str, /) -> bytes:
        key = os.urandom(32)
        return key + AESGCM(key).encrypt(b"\0" * 12, text.encode(), ref.to_bytes(8))

    def is_erased(self, ref: int, /) -> bool:
        return False

    def open(self, ref: int, kind: Kind, sealed: bytes, /) -> str:
        return AESGCM(sealed[:32]).decrypt(b"\0" * 12, sealed[32:], ref.to_bytes(8)).decode()


def person(given: str = "", family: str = "", source_id: str = "", **more: object) -> Person:
    """A pupil, by default with an id made of the name."""
    more.setdefault("kind", SubjectKind.PUPIL)
    return Person(
        source_id=source_id or f"{given}/{family}",
        given_name=given,
        family_name=family,
        **more,
    )


def index_of(people: Iterable[Person], school_domains: Iterable[str] = ()) -> Index:
    """The index after one import of these people into an empty directory."""
    store, sealer = MemoryStore(), TestSealer()
    importing.apply(lambda: people, store, sealer, "test")
    return Index.build(store, sealer, school_domains)
