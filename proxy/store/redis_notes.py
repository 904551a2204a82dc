"""Notes in Redis: a hash a kind, a counter of versions, a short lock for merging."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proxy.errors import StoreUnavailable
from proxy.store.notes import Merge
from proxy.store.records import ref_bytes
from proxy.store.redis_staging import many, pages

_LEASE_SECONDS = 10
_WAIT_SECONDS = 5.0
_RELEASE = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end"
_WRITE = """
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
if ARGV[1] == '1' then redis.call('INCR', KEYS[2]) end
"""


class RedisNotes:
    """``Notes`` beside the hashes of the directory."""

    def __init__(self, client: Any, key: Callable[[str], str], call: Callable[..., Any]) -> None:
        self._client, self._key, self._call = client, key, call

    def version(self) -> int:
        """One GET."""
        return int(self._call(self._client.get, self._key("notes-version")) or 0)

    def get(self, kind: str, refs: Sequence[int]) -> list[bytes | None]:
        """A thousand a trip."""
        fields = list(map(ref_bytes, refs))
        return list(many(self._client, self._key(f"notes-{kind}"), fields, self._call))

    def every(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """A page at a time."""
        for page in pages(self._client, self._key(f"notes-{kind}"), self._call):
            yield from ((int.from_bytes(field), content) for field, content in page.items())

    def put(self, kind: str, rows: Mapping[int, bytes]) -> None:
        """One script: whole, in a Cluster too."""
        self._call(self._write, kind, rows, True)

    def merge(self, kind: str, refs: Sequence[int], merge: Merge) -> None:
        """Under a lock with a lease: two workers do not lose each other's figures."""
        mine, lock = secrets.token_bytes(16), self._key("notes-lock")
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self._call(self._client.set, lock, mine, nx=True, ex=_LEASE_SECONDS):
            if self._call(self._client.get, lock) == mine:
                break  # taken by a call whose answer was lost
            if time.monotonic() > deadline:
                raise StoreUnavailable("notes are being merged elsewhere")
            time.sleep(0.02)
        try:
            merged = merge(self.get(kind, refs))
            self._call(self._write, kind, dict(zip(refs, merged, strict=True)), False)
        finally:
            self._call(self._client.eval, _RELEASE, 1, lock, mine)

    def _write(self, kind: str, rows: Mapping[int, bytes], count: bool) -> None:
        keys = (self._key(f"notes-{kind}"), self._key("notes-version"))
        rows_as_words = [word for ref, row in rows.items() for word in (ref_bytes(ref), row or b"")]
        self._client.eval(_WRITE, 2, *keys, int(count), *rows_as_words)
