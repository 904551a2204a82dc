"""A directory change in Redis: staged in keys of its own, landed by a switch.

1. Chunks go to ``staged-*`` hashes, a thousand fields a command: no command and no
   transaction is large, and nobody reads these hashes as the directory.
2. A commit is one small script that looks at version and lock: the version counts up and
   ``landing`` is set. From here on readers lay the staged hashes over the others.
3. The rows are moved chunk by chunk, then ``landing`` goes. Whoever begins the next change
   finishes this first if its author was killed half way; moving a row twice does no harm.

One change at a time: a lock with a lease, renewed as chunks come.
"""

from __future__ import annotations

import contextlib
import secrets
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import redis
from redis.exceptions import RedisClusterException

from proxy.errors import StoreUnavailable
from proxy.kinds import KIND_OF_CODE, Kind
from proxy.store.interface import Conflict, Known, SubjectRecord, ValueRecord
from proxy.store.records import checked, pack_subject, pack_value, ref_bytes, unpack_subject

LEASE_SECONDS = 30
WAIT_SECONDS = LEASE_SECONDS + 5.0
CHUNK = 1000
TABLES = ("value", "fingerprint", "subject", "records")
"""``fingerprint`` finds a value, ``records`` the source keys of a subject."""
_RENEW_SECONDS = 5.0
_KEY_BYTES = 16
_TWO = struct.Struct(">QQ")
_SWITCH = """
if redis.call('GET', KEYS[3]) == ARGV[2] then return -1 end
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return -2 end
local now = tonumber(redis.call('GET', KEYS[1]) or 0)
if now ~= tonumber(ARGV[1]) then return now end
local at = 3
for table = 5, #KEYS do
  local last = at + tonumber(ARGV[at])
  for i = at + 1, last do redis.call('HDEL', KEYS[table], ARGV[i]) end
  at = last + 1
end
redis.call('SET', KEYS[1], now + 1)
redis.call('SET', KEYS[3], ARGV[2])
redis.call('DEL', KEYS[4])
return -1
"""
_DONE, _LOST = -1, -2
"""Landed, now or by the same call before, whose answer was lost; the lock is
another's; else the version there is."""
_RELEASE = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end"

type Call = Callable[..., Any]


class RedisStaging:
    """``Staging`` in hashes beside those of the directory."""

    def __init__(self, client: Any, prefix: str, token: bytes, call: Call) -> None:
        self._client, self._call = client, call
        self._prefix = prefix
        self._mine = secrets.token_bytes(16)
        self._renewed = 0.0
        self._lock()
        try:
            land(client, self._key, call)
            self.base_version = int(call(client.get, self._key("version")) or 0)
            self._token = token + b"@%d" % self.base_version
            if call(client.get, self._key("staging")) != self._token:
                self.discard()
        except BaseException:
            self.close()
            raise

    def known(self, fingerprints: Sequence[bytes]) -> list[Known | None]:
        """Among those added here and those that were there."""
        rows = self._merged("fingerprint", fingerprints)
        return [Known(*_TWO.unpack(row)) if row else None for row in rows]

    def kinds(self, refs: Sequence[int]) -> list[Kind | None]:
        """The first byte of each row."""
        rows = self._merged("value", list(map(ref_bytes, refs)))
        return [KIND_OF_CODE.get(row[0]) if row else None for row in rows]

    def records(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """In the order asked."""
        return list(map(record_of, self._many("subject", source_keys)))

    def staged(self, source_keys: Sequence[bytes]) -> list[SubjectRecord | None]:
        """In the order asked."""
        return list(map(record_of, self._many("staged-subject", source_keys)))

    def records_of(self, ref: int) -> list[SubjectRecord]:
        """By the subject's list of source keys."""
        keys = self._source_keys(ref)
        return [
            r for row in self._merged("subject", keys) if (r := record_of(row)) and r.ref == ref
        ]

    def add(self, values: Sequence[ValueRecord], subjects: Sequence[SubjectRecord]) -> None:
        """A few commands of bounded size."""
        checked(values, subjects)
        self._renew()
        self._put("staged-value", {ref_bytes(v.ref): pack_value(v) for v in values})
        prints = {v.fingerprint: ref_bytes(v.ref) + ref_bytes(v.owner) for v in values}
        self._put("staged-fingerprint", prints)
        self._put(
            "staged-subject", {s.source_key: ref_bytes(s.ref) + pack_subject(s) for s in subjects}
        )
        refs = list(dict.fromkeys(ref_bytes(s.ref) for s in subjects))
        keys = dict(
            zip(refs, (b"" if k is None else k for k in self._merged("records", refs)), strict=True)
        )
        for subject in subjects:
            known = keys[ref_bytes(subject.ref)]
            if subject.source_key not in split_keys(known):
                keys[ref_bytes(subject.ref)] = known + subject.source_key
        self._put("staged-records", keys)

    def commit(self, forget_values: Sequence[int] = (), forget_subjects: Sequence[int] = ()) -> int:
        """The switch, then the move. A connection lost at the switch is asked what became of it."""
        self._renew()
        gone = self._gone(forget_values, forget_subjects)
        try:
            self._call(self._switch, gone)
        except StoreUnavailable:
            if not self._landed():
                raise
        land(self._client, self._key, self._call)
        return self.base_version + 1

    def discard(self) -> None:
        """Drop the staged hashes."""
        names = [self._key(f"staged-{table}") for table in TABLES]
        self._call(self._client.unlink, *names)
        self._call(self._client.set, self._key("staging"), self._token)

    def close(self) -> None:
        """Let the lock go, if it still is ours."""
        if self._mine:
            mine, self._mine = self._mine, b""
            with contextlib.suppress(
                redis.RedisError, RedisClusterException, OSError
            ):  # the lease runs out by itself
                self._client.eval(_RELEASE, 1, self._key("import-lock"), mine)
            self._client.close()

    # --- inside --------------------------------------------------------------------------

    def _key(self, name: str) -> str:
        return f"{{{self._prefix}}}:{name}"

    def _lock(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        name = self._key("import-lock")
        while not self._call(self._client.set, name, self._mine, nx=True, ex=LEASE_SECONDS):
            if self._call(self._client.get, name) == self._mine:
                break  # taken by a call whose answer was lost
            if time.monotonic() > deadline:
                raise StoreUnavailable("another import is running; wait for its end")
            time.sleep(0.05)
        self._renewed = time.monotonic()

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < _RENEW_SECONDS:
            return
        if self._call(self._client.get, self._key("import-lock")) != self._mine:
            raise Conflict("another import took over")
        self._call(self._client.expire, self._key("import-lock"), LEASE_SECONDS)
        self._renewed = time.monotonic()

    def _gone(self, values: Sequence[int], subjects: Sequence[int]) -> dict[str, list[bytes]]:
        """What an erasure deletes, by hash. Erasures are small."""
        gone: dict[str, list[bytes]] = {
            "value": [],
            "fingerprint": [],
            "subject": [],
            "records": [],
        }
        refs = [ref_bytes(ref) for ref in values]
        for ref, packed in zip(refs, self._many("value", refs), strict=True):
            if packed:
                gone["value"].append(ref)
                gone["fingerprint"].append(packed[1:17])
        for subject in subjects:
            gone["records"].append(ref_bytes(subject))
            gone["subject"] += self._source_keys(subject)
        return gone

    def _switch(self, gone: dict[str, list[bytes]]) -> None:
        names = ("version", "import-lock", "landing", "staging", *gone)
        counted = [part for fields in gone.values() for part in (len(fields), *fields)]
        keys = map(self._key, names)
        now = self._client.eval(_SWITCH, len(names), *keys, self.base_version, self._mine, *counted)
        if now == _LOST:
            raise Conflict("another import took over")
        if now != _DONE:
            raise Conflict(f"the directory is at {now}, not {self.base_version}")

    def _landed(self) -> bool:
        """Whether our switch was carried out although its answer was lost."""
        try:
            return bool(self._client.get(self._key("landing")) == self._mine)
        except (redis.RedisError, RedisClusterException, OSError):
            return False

    def _source_keys(self, ref: int) -> list[bytes]:
        return split_keys(self._merged("records", [ref_bytes(ref)])[0] or b"")

    def _merged(self, table: str, fields: Sequence[bytes]) -> list[bytes | None]:
        """What was added here, else what was there."""
        ours, theirs = self._many(f"staged-{table}", fields), self._many(table, fields)
        return [mine if mine is not None else old for mine, old in zip(ours, theirs, strict=True)]

    def _many(self, table: str, fields: Sequence[bytes]) -> list[bytes | None]:
        return list(many(self._client, self._key(table), fields, self._call))

    def _put(self, table: str, rows: dict[bytes, bytes]) -> None:
        pairs = list(rows.items())
        for start in range(0, len(pairs), CHUNK):
            chunk = dict(pairs[start : start + CHUNK])
            self._call(self._client.hset, self._key(table), mapping=chunk)


def land(client: Any, key: Callable[[str], str], call: Call) -> None:
    """Move what was committed into the directory's hashes, if that is still to be done."""
    if not call(client.exists, key("landing")):
        return
    for table in TABLES:
        for page in pages(client, key(f"staged-{table}"), call):
            call(client.hset, key(table), mapping=page)
    call(client.delete, key("landing"))
    call(client.unlink, *(key(f"staged-{table}") for table in TABLES))


def pages(client: Any, name: str, call: Call) -> Iterator[dict[bytes, bytes]]:
    """A hash, a page at a time."""
    cursor = 0
    while True:
        cursor, page = call(client.hscan, name, cursor, None, CHUNK)
        if page:
            yield page
        if cursor == 0:
            return


def many(client: Any, name: str, fields: Sequence[bytes], call: Call) -> Iterator[bytes | None]:
    """Fields of a hash, in the order asked."""
    for start in range(0, len(fields), CHUNK):
        yield from call(client.hmget, name, list(fields[start : start + CHUNK]))


def record_of(row: bytes | None) -> SubjectRecord | None:
    """A subject's record: its reference, then the rest."""
    return None if row is None else unpack_subject(int.from_bytes(row[:8]), row[8:])


def split_keys(keys: bytes) -> list[bytes]:
    """The source keys of a subject."""
    return [keys[at : at + _KEY_BYTES] for at in range(0, len(keys), _KEY_BYTES)]
