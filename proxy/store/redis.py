"""The shared store: one Redis for several machines.

Everything stands in a few hashes under ``{prefix}:``; the braces keep them in one slot of a
Redis Cluster. A change is one MULTI/EXEC watched on the version: whole or not at all.

Time-outs are short (0.5 s to connect, 1 s an operation) because requests wait; a dropped
connection is tried once more; everything else is ``StoreUnavailable``. An import has a minute.

Durability is the server's: run it with ``appendonly yes``. Losing its last second loses
vault rows, which are written again when their values are next sent.

Not consistent views: an iterator that runs while a change lands may give the old and the
new state of different records, and a record twice. Compare ``directory_version`` before and
after, and read again when it moved.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from proxy.errors import InputError, StoreUnavailable
from proxy.store.interface import Change, Conflict, SubjectRecord, ValueRecord
from proxy.store.records import pack_subject, pack_value, ref_bytes, unpack_subject, unpack_value

SCHEMA_VERSION = 2
CONNECT_SECONDS = 0.5
OPERATION_SECONDS = 1.0
APPLY_SECONDS = 60.0
_CHUNK = 1000  # fields of one HSET, HDEL or HSCAN step
_TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})


class RedisStore:
    """``Store`` in a Redis server."""

    def __init__(self, url: str, options: dict[str, str], prefix: str, place: str) -> None:
        self._url, self._options, self._place = url, options, place
        self._closed = threading.Event()
        self._client = self._connect(OPERATION_SECONDS)
        hashes = ("meta", "value", "data_key", "subject", "vault", "tag")
        self._name = {table: f"{{{prefix}}}:{table}" for table in hashes}
        self._version_name = f"{{{prefix}}}:version"
        self._last_name = f"{{{prefix}}}:last-change"
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
        for start in range(0, len(refs), _CHUNK):
            fields = [ref_bytes(ref) for ref in refs[start : start + _CHUNK]]
            found += self._call(self._client.hmget, self._name["vault"], fields)
        return found

    def vault_days(self, pairs: Sequence[tuple[int, int]]) -> list[int]:
        """One trip a thousand pairs."""
        days: list[bytes | None] = []
        for start in range(0, len(pairs), _CHUNK):
            fields = [ref_bytes(r) + ref_bytes(tag) for r, tag in pairs[start : start + _CHUNK]]
            days += self._call(self._client.hmget, self._name["tag"], fields)
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
        return int(self._call(self._client.get, self._version_name) or 0)

    def directory_apply(self, change: Change) -> int:
        """One watched transaction. A connection lost at its end is asked what became of it."""
        mark = secrets.token_bytes(16)
        client = self._connect(APPLY_SECONDS)
        try:
            return int(self._call(self._apply, client, change, mark))
        except (StoreUnavailable, Conflict):
            if self._landed(client, mark):
                return change.base_version + 1
            raise
        finally:
            client.close()

    def values(self) -> Iterator[ValueRecord]:
        """Every value; see the module about changes meanwhile."""
        return self._every("value", unpack_value)

    def keys(self) -> Iterator[tuple[int, bytes]]:
        """Every wrapped data key."""
        return self._every("data_key", lambda ref, wrapped: (ref, wrapped))

    def subjects(self) -> Iterator[SubjectRecord]:
        """Every subject."""
        return self._every("subject", unpack_subject)

    # --- meta ----------------------------------------------------------------------------

    def get_meta(self, name: str) -> bytes | None:
        """A small named value, or ``None``."""
        content: bytes | None = self._call(self._client.hget, self._name["meta"], name)
        return content

    def set_meta(self, name: str, value: bytes) -> None:
        """As durable as the server."""
        self._call(self._client.hset, self._name["meta"], name, value)

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

    def _call(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        if self._closed.is_set():
            raise StoreUnavailable(f"{self._place}: the store is closed")
        try:
            return operation(*arguments)
        except (redis.RedisError, OSError) as error:
            # The error's own text may quote a command's arguments: its class is enough.
            raise StoreUnavailable(
                f"{self._place}: {type(error).__name__}; is the server up, reachable, not full?"
            ) from None

    def _vault_put(self, ref: int, sealed: bytes, tags: Sequence[int], day: int) -> None:
        if not tags:
            self._client.hsetnx(self._name["vault"], ref_bytes(ref), sealed)
            return
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(self._name["vault"], ref_bytes(ref), sealed)
            fields = {ref_bytes(ref) + ref_bytes(tag): day for tag in tags}
            pipe.hset(self._name["tag"], mapping=fields)
            pipe.execute()

    def _tags(self) -> Iterator[tuple[bytes, int]]:
        """Every ref and tag as one field, with its day."""
        cursor = 0
        while True:
            cursor, page = self._call(self._client.hscan, self._name["tag"], cursor, None, _CHUNK)
            yield from ((field, int(day)) for field, day in page.items())
            if cursor == 0:
                return

    def _delete(self, table: str, fields: Sequence[bytes]) -> int:
        return sum(
            int(self._call(self._client.hdel, self._name[table], *fields[at : at + _CHUNK]))
            for at in range(0, len(fields), _CHUNK)
        )

    def _check_schema(self) -> None:
        self._call(self._client.hsetnx, self._name["meta"], "schema", b"%d" % SCHEMA_VERSION)
        found = self.get_meta("schema")
        if found != b"%d" % SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{self._place}: written by another version; run the version that wrote it"
            )

    def _apply(self, client: Any, change: Change, mark: bytes) -> int:
        with client.pipeline(transaction=True) as pipe:
            pipe.watch(self._version_name)
            version = int(pipe.get(self._version_name) or 0)  # immediate: nothing queued yet
            if version != change.base_version:
                raise Conflict(f"the directory is at {version}, not {change.base_version}")
            pipe.multi()
            self._queue(pipe, change)
            pipe.set(self._version_name, version + 1)
            pipe.set(self._last_name, mark)
            try:
                pipe.execute()
            except redis.WatchError:
                raise Conflict("the directory changed meanwhile") from None
        return version + 1

    def _queue(self, pipe: Any, change: Change) -> None:
        """Erasure first, so that a reference forgotten and given again in one change stays."""
        for table, refs in (
            ("value", change.forget_values),
            ("data_key", change.forget_values),
            ("subject", change.forget_subjects),
        ):
            for start in range(0, len(refs), _CHUNK):
                pipe.hdel(self._name[table], *map(ref_bytes, refs[start : start + _CHUNK]))
        for table, pairs in (
            ("value", [(ref_bytes(v.ref), pack_value(v)) for v in change.values]),
            ("data_key", [(ref_bytes(ref), wrapped) for ref, wrapped in change.keys]),
            ("subject", [(ref_bytes(s.ref), pack_subject(s)) for s in change.subjects]),
        ):
            for start in range(0, len(pairs), _CHUNK):
                pipe.hset(self._name[table], mapping=dict(pairs[start : start + _CHUNK]))

    def _landed(self, client: Any, mark: bytes) -> bool:
        """Whether our transaction was carried out although its answer was lost."""
        try:
            return bool(client.get(self._last_name) == mark)
        except (redis.RedisError, OSError):
            return False

    def _every[T](self, table: str, make: Callable[[int, bytes], T]) -> Iterator[T]:
        cursor = 0
        while True:
            cursor, page = self._call(self._client.hscan, self._name[table], cursor, None, _CHUNK)
            for ref, packed in page.items():
                try:
                    record = make(int.from_bytes(ref), packed)
                except ValueError as error:
                    raise StoreUnavailable(f"{self._place}: damaged record ({error})") from error
                yield record
            if cursor == 0:
                return


def _port(netloc: str) -> str:
    """For messages only: the port as written, without user and password."""
    port = netloc.rpartition("@")[2].rpartition(":")[2]
    return port if port.isdigit() else "6379"
