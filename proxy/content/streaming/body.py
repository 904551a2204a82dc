"""A body that passes: codings undone, read, codings redone, all in pieces."""

from __future__ import annotations

from collections.abc import Callable

from proxy.content import compression
from proxy.content.streaming.passage import Passage, Reader
from proxy.content.streaming.reader import reader_of_long
from proxy.errors import Refused
from proxy.reasons import Reason


class StreamRewriter:
    """Rewrites one body. Call it with each piece, and with ``b""`` at the end.

    It gives a list of pieces to send on, empty while there is nothing to send, and never an
    empty piece. It may raise ``Refused``: the transfer must then be torn, and every later call
    raises too.
    """

    __slots__ = ("_came", "_failed", "_most", "_pack", "_packer", "_reader", "_unpacker")

    def __init__(
        self,
        passage: Passage,
        coding: str,
        *,
        make: Callable[[Passage], Reader] = reader_of_long,
        pack: bool = True,
    ) -> None:
        """``coding`` is the Content-Encoding. It is redone where ``pack``; where not, the body is
        a stream of events, which must not wait in a packer and may end anywhere.
        """
        names = compression.parse(coding, passage.limits) if coding else []
        most = passage.limits.streamed
        self._unpacker = compression.Unpacker(names, passage.limits, most) if names else None
        self._pack = pack
        self._packer: compression.Packer | None = None
        self._reader = make(passage)
        self._came, self._most = 0, most
        self._failed = False

    def __call__(self, chunk: bytes) -> list[bytes]:
        if self._failed:
            raise Refused(Reason.UNDECODABLE, "this body was refused")
        try:
            return self._feed(chunk) if chunk else self._end()
        except BaseException:
            self._failed = True
            raise

    def _feed(self, chunk: bytes) -> list[bytes]:
        self._came += len(chunk)
        if self._came > self._most:
            raise Refused(Reason.BODY_TOO_LARGE, "a body beyond the limit")
        if self._unpacker is None:
            written = self._reader.feed(chunk)
            return [written] if written else []
        read = self._reader.feed
        return self._packed([read(piece) for piece in self._unpacker.feed(chunk)])

    def _end(self) -> list[bytes]:
        if self._unpacker is not None and self._pack:
            self._unpacker.finish()
        out = self._packed([self._reader.end()])
        if self._packer is not None:
            rest = self._packer.finish()
            out += [rest] if rest else []
        return out

    def _packed(self, pieces: list[bytes]) -> list[bytes]:
        pieces = [piece for piece in pieces if piece]
        if not self._pack or not pieces or self._unpacker is None:
            return pieces
        if self._packer is None:  # by now it is known which deflate it was
            self._packer = compression.Packer(self._unpacker.exact())
        packed = [self._packer.feed(piece) for piece in pieces]
        return [piece for piece in packed if piece]
