"""Notes that expire, in one hash: who said what last, by the server's own clock.

One hash, since keys of their own would have to be found by a scan of everybody's keys, which
no account of a shared server should need, and which a Cluster cannot do in one place.
"""

from __future__ import annotations

import struct
from typing import Any

_UNTIL = struct.Struct(">d")
_ANNOUNCE = """
local now = tonumber(redis.call('TIME')[1])
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  if struct.unpack('>d', rows[i + 1]) < now then redis.call('HDEL', KEYS[1], rows[i]) end
end
redis.call('HSET', KEYS[1], ARGV[1], struct.pack('>d', now + ARGV[3]) .. ARGV[2])
"""
_ANNOUNCED = "return {redis.call('TIME')[1], redis.call('HGETALL', KEYS[1])}"


def announce(client: Any, key: str, name: str, note: bytes, seconds: int) -> None:
    """Keep a note for so long; what has expired is removed on the way."""
    client.eval(_ANNOUNCE, 1, key, name, note, seconds)


def announced(client: Any, key: str) -> dict[str, bytes]:
    """The notes that have not expired."""
    now, rows = client.eval(_ANNOUNCED, 1, key)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return {
        name.decode("ascii"): row[_UNTIL.size :]
        for name, row in pairs
        if _UNTIL.unpack_from(row)[0] >= int(now)
    }
