"""The shared store: one Redis for several machines.

Everything stands in a few hashes under ``{prefix}:``; the braces keep them in one slot of a
Redis Cluster. A change is staged beside them and landed by a switch (``redis_staging``).

Time-outs are short (0.5 s to connect, 1 s an operation) because requests wait; a dropped
connection is tried once more; everything else is ``StoreUnavailable``. An import has a minute
a step.

Durability is the server's: run it with ``appendonly yes``. Losing its last second loses
vault rows, which are written again when their values are next sent.

Not consistent views: an iterator that runs while a change lands may give the old and the
new state of different records, and a record twice. Compare ``directory_version`` before and
after, and read again when it moved.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from proxy.errors import InputError, StoreUnavailable
from proxy.store.changes import apply_change
from proxy.store.interface import Change, SubjectRecord, ValueRecord
from proxy.store.records import ref_bytes, unpack_value
from proxy.store.redis_notes import RedisNotes
from proxy.store.redis_staging import CHUNK, RedisStaging, many, pages, record_of, split_keys

SCHEMA_VERSION = 3
CONNECT_SECONDS = 0.5
OPERATION_SECONDS = 1.0
APPLY_SECONDS = 60.0
_TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})


class RedisStore:
    """``Store`` in a Redis server."""

    def __init__(self, url: str, options: dict[str, str], prefix: str, place: str) -> None:
        self._url, self._options, self._place = url, options, place
        self._closed = threading.Event()
        self._client = self._connect(OPERATION_SECONDS)
        self._prefix = prefix
        self.notes = RedisNotes(self._client, self._key, self._call)
        self._check_schema()

    @classmethod
    def from_url(cls, url: str) -> RedisStore:
        """See ``open_store``. No option can turn certificate verification off."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        prefix = options.pop("prefix", "preau")
        unknown = options.keys() - _TLS_OPTIONS
        if unknown or not prefix or not prefix.isascii() or "{" in prefix or "}" in prefix:
            raise InputError(
                f"store: after '?' write prefix=NAME or {', '.join(sorted(_TLS_OPTIONS))}; "
                f"not understood: {', '.join(sorted(unknown)) or 'this prefix'}"
            )
        host = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{_port(parts.netloc)}"
        bare = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        return cls(bare, options, prefix, f"{parts.scheme}:{host} (prefix {prefix})")

    def __repr__(self) -> str:
        return f"RedisStore({self._place!r})"  # never the URL: it may hold a password

    def ping(self) -> None:
        """Ask the server."""
        self._call(self._client.ping)

    def close(self) -> None:
        """Drop the connections; calling it again does nothing."""
        self._closed.set()
        self._client.close()

    # --- vault ---------------------------------------------------------------------------

    def vault_put(self, ref: int, sealed: bytes, tags: Sequence[int] = (), day: int = 0) -> None:
        """Keep ``sealed`` under ``ref`` unless something is there already; set the tags."""
        self._call(self._vault_put, ref, sealed, tags, day)

    def vault_get(self, refs: Sequence[int]) -> list[bytes | None]:
        """The sealed values in the order asked, ``None`` for the unknown."""
        found: list[bytes | None] = []
        for start in range(0, len(refs), CHUNK):
            fields = [ref_bytes(ref) for ref in refs[start : start + CHUNK]]
            found += self._call(self._client.hmget, self._key("vault"), fields)
        return found

    def vault_days(self, pairs: Sequence[tuple[int, int]]) -> list[int]:
        """One trip a thousand pairs."""
        days: list[bytes | None] = []
        for start in range(0, len(pairs), CHUNK):
            fields = [ref_bytes(r) + ref_bytes(tag) for r, tag in pairs[start : start + CHUNK]]
            days += self._call(self._client.hmget, self._key("tag"), fields)
        return [int(day or 0) for day in days]

    def vault_tagged(self, tag: int) -> list[int]:
        """A scan of all tags: for erasure, not for requests."""
        end = ref_bytes(tag)
        return [int.from_bytes(field[:8]) for field, _ in self._tags() if field[8:] == end]

    def vault_forget(self, refs: Sequence[int]) -> None:
        """Values, then their tags."""
        gone = {ref_bytes(ref) for ref in refs}
        self._delete("vault", list(gone))
        self._delete("tag", [field for field, _ in self._tags() if field[:8] in gone])

    def vault_expire(self, before: int) -> int:
        """From one scan of the tags.

        A value that is used for the first time in a year while this runs may lose its row;
        it is written again when it is next sent.
        """
        stale, live = [], set()
        for field, day in self._tags():
            if day < before:
                stale.append(field)
            else:
                live.add(field[:8])
        expired = self._delete("vault", list({field[:8] for field in stale} - live))
        self._delete("tag", stale)
        return expired

    # --- directory -----------------------------------------------------------------------

    def directory_version(self) -> int:
        """One GET."""
        return int(self._call(self._client.get, self._key("version")) or 0)

    def directory_apply(self, change: Change) -> int:
        """Staged and landed; nothing is left of it when it fails."""
        return apply_change(self, change)

    def staging(self, token: bytes) -> RedisStaging:
        """A change under way, on a connection of its own."""
        client = self._connect(APPLY_SECONDS)
        try:
            return RedisStaging(client, self._prefix, token, self._call)
        except BaseException:
            client.close()
            raise

    def get_values(self, refs: Sequence[int]) -> list[ValueRecord | None]:
        """In the order asked. What is landing may move between the first two looks."""
        found: dict[int, ValueRecord | None] = dict.fromkeys(refs)
        for table in ("value", "staged-value", "value"):
            missing = [ref for ref, record in found.items() if record is None]
            if not missing:
                break
            rows = many(self._client, self._key(table), list(map(ref_bytes, missing)), self._call)
            for ref, packed in zip(missing, rows, strict=True):
                if packed is not None:
                    found[ref] = self._made(unpack_value, ref, packed)
        return [found[ref] for ref in refs]

    def values(self, part: int = 0, parts: int = 1) -> Iterator[ValueRecord]:
        """Every value, or a share by reference; see the module about changes meanwhile."""
        for field, packed in self._every("value"):
            ref = int.from_bytes(field)
            if ref % parts == part:
                yield self._made(unpack_value, ref, packed)

    def subjects(self, tag: bytes = b"") -> Iterator[SubjectRecord]:
        """Every record, or those of one source."""
        for key, packed in self._every("subject"):
            if key.startswith(tag):
                record = self._made(record_of, packed)
                assert record is not None, "a row that is there"
                yield record

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """By the subject's list of source keys; those of a change that is landing lie over it."""
        found: dict[bytes, SubjectRecord] = {}
        landing = bool(self._call(self._client.exists, self._key("landing")))
        for before in ("", "staged-") if landing else ("",):
            name = self._key(f"{before}records")
            keys = split_keys(self._call(self._client.hget, name, ref_bytes(ref)) or b"")
            rows = many(self._client, self._key(f"{before}subject"), keys, self._call)
            for key, packed in zip(keys, rows, strict=True):
                record = self._made(record_of, packed)
                if record is not None and record.ref == ref:
                    found[key] = record
        return list(found.values())

    # --- meta ----------------------------------------------------------------------------

    def get_meta(self, name: str) -> bytes | None:
        """A small named value, or ``None``."""
        content: bytes | None = self._call(self._client.hget, self._key("meta"), name)
        return content

    def set_meta(self, name: str, value: bytes) -> None:
        """As durable as the server."""
        self._call(self._client.hset, self._key("meta"), name, value)

    # --- inside --------------------------------------------------------------------------

    def _connect(self, operation_seconds: float) -> Any:  # redis-py's own types say too much
        retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        return redis.Redis.from_url(
            self._url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=operation_seconds,
            retry=retry,
            **self._options,
        )

    def _call(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if self._closed.is_set():
            raise StoreUnavailable(f"{self._place}: the store is closed")
        try:
            return operation(*arguments, **options)
        except (redis.RedisError, OSError) as error:
            # The error's own text may quote a command's arguments: its class is enough.
            raise StoreUnavailable(
                f"{self._place}: {type(error).__name__}; is the server up, reachable, not full?"
            ) from None

    def _vault_put(self, ref: int, sealed: bytes, tags: Sequence[int], day: int) -> None:
        if not tags:
            self._client.hsetnx(self._key("vault"), ref_bytes(ref), sealed)
            return
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(self._key("vault"), ref_bytes(ref), sealed)
            fields = {ref_bytes(ref) + ref_bytes(tag): day for tag in tags}
            pipe.hset(self._key("tag"), mapping=fields)
            pipe.execute()

    def _tags(self) -> Iterator[tuple[bytes, int]]:
        """Every ref and tag as one field, with its day."""
        cursor = 0
        while True:
            cursor, page = self._call(self._client.hscan, self._key("tag"), cursor, None, CHUNK)
            yield from ((field, int(day)) for field, day in page.items())
            if cursor == 0:
                return

    def _delete(self, table: str, fields: Sequence[bytes]) -> int:
        return sum(
            int(self._call(self._client.hdel, self._key(table), *fields[at : at + CHUNK]))
            for at in range(0, len(fields), CHUNK)
        )

    def _check_schema(self) -> None:
        self._call(self._client.hsetnx, self._key("meta"), "schema", b"%d" % SCHEMA_VERSION)
        found = self.get_meta("schema")
        if found != b"%d" % SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{self._place}: written by another version; run the version that wrote it"
            )

    def _key(self, name: str) -> str:
        return f"{{{self._prefix}}}:{name}"

    def _made[T](self, make: Callable[..., T], *arguments: Any) -> T:
        try:
            return make(*arguments)
        except (ValueError, IndexError) as error:
            raise StoreUnavailable(f"{self._place}: damaged record ({error})") from None

    def _every(self, table: str) -> Iterator[tuple[bytes, bytes]]:
        """Rows of a table; those of a change that is landing lie over the others."""
        landing = bool(self._call(self._client.exists, self._key("landing")))
        staged = self._key(f"staged-{table}")
        if landing:
            for page in pages(self._client, staged, self._call):
                yield from page.items()
        for page in pages(self._client, self._key(table), self._call):
            over = (
                many(self._client, staged, list(page), self._call)
                if landing
                else [None] * len(page)
            )
            yield from (row for row, mine in zip(page.items(), over, strict=True) if mine is None)


def _port(netloc: str) -> str:
    """For messages only: the port as written, without user and password."""
    port = netloc.rpartition("@")[2].rpartition(":")[2]
    return port if port.isdigit() else "6379"
