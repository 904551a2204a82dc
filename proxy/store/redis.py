"""The shared store: one Redis for several machines, alone, behind Sentinel, or a Cluster.

Everything stands in a few hashes under ``{prefix}:``; the braces keep them in one slot of a
Redis Cluster, so that what goes together can be changed together: by scripts, which are whole
or not at all in every topology. A change is staged beside them and landed by a switch
(``redis_staging``). Where the server is: ``redis_address``; how long we wait, and when we
stop asking: ``redis_calls``.

Durability is the server's: run it with ``appendonly yes``. Losing its last second loses
vault rows, which are written again when their values are next sent.

Not consistent views: an iterator that runs while a change lands may give the old and the
new state of different records, and a record twice. Compare ``directory_version`` before and
after, and read again when it moved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import redis
from redis.exceptions import RedisClusterException

from proxy.errors import StoreUnavailable
from proxy.store.breaker import Breaker, Circuit
from proxy.store.changes import apply_change
from proxy.store.interface import Change, SubjectRecord, ValueRecord
from proxy.store.records import ref_bytes, unpack_value
from proxy.store.redis_address import RedisAddress, parse
from proxy.store.redis_calls import Calls
from proxy.store.redis_client import connect
from proxy.store.redis_fleet import announce, announced
from proxy.store.redis_health import troubles
from proxy.store.redis_notes import RedisNotes
from proxy.store.redis_staging import CHUNK, RedisStaging, many, pages, record_of, split_keys
from proxy.store.troubles import Trouble

SCHEMA_VERSION = 3
APPLY_SECONDS = 60.0
_VAULT_PUT = """
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
for i = 4, #ARGV do redis.call('HSET', KEYS[2], ARGV[1] .. ARGV[i], ARGV[3]) end
"""


def _nothing() -> None:
    """For an import: it goes on with what it has, and remembers nothing."""


class RedisStore:
    """``Store`` in a Redis server."""

    def __init__(self, address: RedisAddress) -> None:
        self._address, self._place = address, str(address)
        self._prefix = address.prefix
        self._breaker = Breaker(self._probe, self._place)
        self._call = Calls(self._place, self._breaker, self._renew)
        self._client = self._dial(connected=self._call.connected)
        self.notes = RedisNotes(self._client, self._key, self._call)
        try:
            self._check_schema()
        except BaseException:
            self.close()
            raise

    @classmethod
    def from_url(cls, url: str) -> RedisStore:
        """See ``open_store``. No option can turn certificate verification off."""
        return cls(parse(url))

    def __repr__(self) -> str:
        return f"RedisStore({self._place!r})"  # never the URL: it may hold a password

    def ping(self) -> None:
        """Ask for the version: whoever answers that has our keys, and is not loading."""
        self.directory_version()

    @property
    def remote(self) -> bool:
        """It may be gone while we are here."""
        return True

    @property
    def epoch(self) -> int:
        """Connections made, since a restart or a failover may be behind each."""
        return self._call.epoch

    @property
    def circuit(self) -> Circuit:
        """Whether calls go through."""
        return self._breaker.state

    def troubles(self) -> list[Trouble]:
        """What of the server's settings and state endangers what we keep there."""
        found: list[Trouble] = self._call(troubles, self._client, self._key("version"))
        return found

    def announce(self, name: str, note: bytes, seconds: int) -> None:
        """By the server's own clock."""
        self._call(announce, self._client, self._key("fleet"), name, note, seconds)

    def announced(self) -> Mapping[str, bytes]:
        """By the server's own clock."""
        found: dict[str, bytes] = self._call(announced, self._client, self._key("fleet"))
        return found

    def close(self) -> None:
        """Drop the connections; calling it again does nothing."""
        self._call.close()
        with contextlib.suppress(redis.RedisError, OSError):  # it may be half gone
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
        client = self._dial(APPLY_SECONDS)
        try:
            # An import waits for its own answers, and its troubles are not the requests'.
            return RedisStaging(client, self._prefix, token, Calls(self._place, None, _nothing))
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

    def _dial(self, *operation_seconds: float, connected: Callable[[], None] = _nothing) -> Any:
        return self._call(connect, self._address, *operation_seconds, connected=connected)

    def _renew(self) -> None:
        """Drop idle connections: the name that was dialled may lead to the master by now."""
        pool = getattr(self._client, "connection_pool", None)  # a Cluster's client redirects
        if pool is not None:
            pool.disconnect(inuse_connections=False)

    def _probe(self) -> None:
        """What the breaker asks, past itself."""
        with contextlib.suppress(RedisClusterException):
            self._client.get(self._key("version"))
            return
        raise redis.ConnectionError("no Cluster")

    def _vault_put(self, ref: int, sealed: bytes, tags: Sequence[int], day: int) -> None:
        row = ref_bytes(ref)
        if not tags:
            self._client.hsetnx(self._key("vault"), row, sealed)
            return
        keys = (self._key("vault"), self._key("tag"))
        self._client.eval(_VAULT_PUT, 2, *keys, row, sealed, day, *map(ref_bytes, tags))

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
